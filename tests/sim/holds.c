/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deletion limits: small ones, whose window is longer than a run; what they hold is approved or rejected now and then,
 * and approved at the end. What was taken away is counted here by what is sent, and is never more than the limit and
 * what was approved.
 */
#include "sim.h"

#include "push/deletions.h"

#define LIMIT_MOST 4     /* of each kind; of removals from all groups three times as many */
#define HOLDS_AT_ONCE 64 /* of an app */
#define DECIDE_ROUNDS 20 /* what was approved may lead to more that is held */

static const char *const words[] = {"", "deactivated", "deleted as groups", "removed from groups"};

struct job {
    struct sim_app *app;
    enum hold_status status;
    int nth; /* of the open holds; -1: every one that is not approved */
    int64_t number;
    int64_t allowed[DELETION_MEMBER + 1];
    int decided;
    struct problem problem;
};

static int run_limits(struct tx *tx, void *data)
{
    struct job *job = data;
    int r = 0;
    for (int rule = 0; r == 0 && rule < RULE_COUNT; rule++) {
        struct deletion_limit limit = {.number = rule == RULE_MEMBERS ? 3 * job->number : job->number};
        r = deletion_limit_set(tx, job->app->rid, (enum deletion_rule)rule, &limit);
    }
    return r;
}

void holds_set_up(struct sim *sim, struct sim_app *app)
{
    struct job job = {.app = app, .number = 1 + chance_below(&sim->choice, LIMIT_MOST)};
    int r =
        sim->open_tx ? run_limits(sim->open_tx, &job) : store_write_wait(disk_store(sim->disk), NULL, run_limits, &job);
    if (r < 0)
        sim_fail(sim, "a change is carried out or refused", "limits: %s", err_text(r));
    app->may_take[DELETION_ACCOUNT] = app->may_take[DELETION_GROUP] = job.number;
    app->may_take[DELETION_MEMBER] = 3 * job.number;
    sim_trace(sim, "app %d: limits of %lld", (int)(app - sim->apps), (long long)job.number);
}

static int decide(struct tx *tx, struct job *job, struct hold *hold)
{
    int64_t left = hold->left;
    int r = hold_decide(tx, hold, job->status, hold->revision, &job->problem);
    if (r < 0)
        return r;
    job->decided++;
    if (job->status == HOLD_APPROVED)
        job->allowed[hold->kind] += left;
    return 0;
}

static int run_decide(struct tx *tx, void *data)
{
    struct job *job = data;
    struct hold holds[HOLDS_AT_ONCE];
    job->decided = 0;
    memset(job->allowed, 0, sizeof(job->allowed));
    int count = hold_list(tx, job->app->rid, job->nth < 0 ? 0 : HOLD_OPEN, 0, holds, HOLDS_AT_ONCE);
    int r = count;
    for (int i = 0; r >= 0 && i < count; i++)
        if (job->nth < 0 ? holds[i].left > 0 && holds[i].status != HOLD_APPROVED : i == job->nth % count)
            r = decide(tx, job, &holds[i]);
    return r < 0 ? r : 0;
}

static bool carry_out(struct sim *sim, struct job *job)
{
    int r = store_write_wait(disk_store(sim->disk), NULL, run_decide, job);
    sim_trace(sim, "change %s holds app %d: %s, %d", job->status == HOLD_APPROVED ? "approve" : "reject",
              (int)(job->app - sim->apps), r < 0 ? err_text(r) : "ok", job->decided);
    if (r < 0)
        sim_fail(sim, "a change is carried out or refused", "holds: %s", err_text(r));
    for (int kind = DELETION_ACCOUNT; r == 0 && kind <= DELETION_MEMBER; kind++)
        job->app->may_take[kind] += job->allowed[kind];
    return r == 0 && job->decided > 0;
}

bool holds_decide(struct sim *sim, struct sim_app *app)
{
    struct job job = {.app = app,
                      .status = chance_permille(&sim->choice, 600) ? HOLD_APPROVED : HOLD_REJECTED,
                      .nth = chance_below(&sim->choice, HOLDS_AT_ONCE)};
    return carry_out(sim, &job);
}

void holds_finish(struct sim *sim, void (*settle)(struct sim *sim))
{
    bool any = true;
    for (int round = 0; any && round < DECIDE_ROUNDS && !sim->failed; round++) {
        any = false;
        for (int k = 0; k < sim->app_count && !sim->failed; k++) {
            struct job job = {.app = &sim->apps[k], .status = HOLD_APPROVED, .nth = -1};
            any |= carry_out(sim, &job);
        }
        settle(sim);
    }
}

/* --- what is sent --------------------------------------------------------------------------------------------------
 */

static void take(struct sim *sim, struct sim_app *app, enum deletion_kind kind, uint64_t number)
{
    app->taken[kind]++;
    if (sim->profile->limits && app->taken[kind] > app->may_take[kind])
        sim_fail(sim, "no more is taken away than limits and people allow", "#%llu: app %d: %lld are %s, %lld may be",
                 (unsigned long long)number, (int)(app - sim->apps), (long long)app->taken[kind], words[kind],
                 (long long)app->may_take[kind]);
}

void holds_deactivates(struct sim *sim, struct sim_app *app, int user, uint64_t number)
{
    if (!app->out[user])
        take(sim, app, DELETION_ACCOUNT, number);
    app->out[user] = true;
}

void holds_removes(struct sim *sim, struct sim_app *app, int group, int user, uint64_t number)
{
    if (!app->mapping[group].out[user])
        take(sim, app, DELETION_MEMBER, number);
    app->mapping[group].out[user] = true;
}

void holds_deletes(struct sim *sim, struct sim_app *app, const char *id, uint64_t number)
{
    for (int i = 0; i < app->gone_count; i++)
        if (strcmp(app->gone[i], id) == 0)
            return;
    if (app->gone_count < SIM_SPARES)
        (void)snprintf(app->gone[app->gone_count++], SIM_ID, "%s", id);
    take(sim, app, DELETION_GROUP, number);
}

bool holds_member(struct sim *sim, const struct sim_app *app, int group, int user)
{
    char sql[400];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM target_members AS t JOIN push_mappings AS m ON m.target_rid = t.target_rid"
                   " WHERE m.id = '%s' AND t.user_rid = %lld AND t.error_class = 'HELD'",
                   app->mapping[group].id, (long long)sim->users[user].rid);
    return sim->profile->limits && disk_number(sim->disk, sql) > 0;
}
