/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drift: somebody else changes accounts and groups in the targets, Muster is asked to scan them, and repairs what it
 * finds. Each membership and title is changed once: what comes back after two repairs is left to people.
 */
#include "sim.h"

#include "base/limits.h"
#include "base/url.h"
#include "push/drift.h"

#define TRIES 30       /* at finding somebody who fits */
#define LAST_EDITS 12  /* of each target, when the faults have stopped */
#define SCAN_ROUNDS 2  /* the second finds nothing more */
#define TEXT_BYTES 400 /* of a request */

struct job {
    struct sim_app *app;
    struct problem problem;
};

static int run_settings(struct tx *tx, void *data)
{
    struct job *job = data;
    struct app app;
    struct drift_settings settings;
    int r = app_by_rid(tx, job->app->rid, &app);
    if (r == 0)
        r = drift_settings_get(tx, app.rid, &settings);
    for (int kind = DRIFT_MEMBER_MISSING; kind < DRIFT_KIND_END; kind++)
        settings.actions[kind] = kind == DRIFT_ACCOUNT_INACTIVE ? DRIFT_ALERT : DRIFT_REPAIR;
    return r < 0 ? r : drift_settings_set(tx, &app, &settings, &job->problem);
}

static int run_scan(struct tx *tx, void *data)
{
    struct job *job = data;
    struct app app;
    struct import_run run;
    int r = app_by_rid(tx, job->app->rid, &app);
    return r < 0 ? r : import_start(tx, &app, IMPORT_SCAN, false, &run, &job->problem);
}

/* A refusal is none of the simulator's business: another scan is going on, or the app is off. */
static bool carry_out(struct sim *sim, struct sim_app *app, const char *what, int (*run)(struct tx *, void *))
{
    struct job job = {.app = app};
    int r = store_write_wait(disk_store(sim->disk), NULL, run, &job);
    sim_trace(sim, "change %s app %d: %s", what, (int)(app - sim->apps), r < 0 ? err_text(r) : "ok");
    if (r < 0 && r != ERR_PROBLEM)
        sim_fail(sim, "a change is carried out or refused", "%s: %s", what, err_text(r));
    return r >= 0;
}

void behind_set_up(struct sim *sim, struct sim_app *app)
{
    (void)carry_out(sim, app, "drift is repaired", run_settings);
}

bool behind_scan(struct sim *sim, struct sim_app *app)
{
    return carry_out(sim, app, "scan", run_scan);
}

/* --- what somebody does there --------------------------------------------------------------------------------------
 */

static bool ask(struct sim *sim, struct sim_app *app, const char *kind, const char *id, const char *operation)
{
    char encoded[TEXT_BYTES];
    struct arena *arena = arena_new();
    struct practice_response response;
    practice_response_init(&response);
    (void)snprintf(encoded, sizeof(encoded),
                   "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[%s]}", operation);
    struct practice_request request = {.method = "PATCH",
                                       .path = arena_printf(arena, "/scim/v2/%s/%s", kind, url_encoded(arena, id)),
                                       .authorization = arena_printf(arena, "Bearer %s", app->secret),
                                       .content_type = "application/scim+json",
                                       .body = encoded,
                                       .body_len = strlen(encoded)};
    practice_handle(app->practice, &request, &response);
    bool done = response.status / 100 == 2;
    practice_response_free(&response);
    sim_trace(sim, "somebody in app %d: %s %s %s: %s", (int)(app - sim->apps), kind, practice_name(app->practice, id),
              operation, done ? "done" : "refused");
    arena_free(arena);
    return done;
}

static const char *account_of(const struct sim_app *app, int user, bool *ret_active)
{
    const char *id = NULL;
    while ((id = practice_next(app->practice, PRACTICE_USER, id)))
        if (generator_user_of_name(practice_name(app->practice, id)) == user)
            return practice_user_active(app->practice, id, ret_active) ? id : NULL;
    return NULL;
}

/* A member comes or goes. */
static bool edit_member(struct sim *sim, struct sim_app *app, bool add)
{
    for (int i = 0; i < TRIES; i++) {
        char operation[256];
        bool active = false;
        int group = chance_below(&sim->choice, sim->group_count);
        int user = chance_below(&sim->choice, sim->user_count);
        struct sim_mapping *mapping = &app->mapping[group];
        const char *account = account_of(app, user, &active);
        const char *id = NULL;
        if (!mapping->active || mapping->edited[user] || !account ||
            practice_find_group(app->practice, mapping->name, &id) != 1 ||
            practice_group_has(app->practice, id, account) == add ||
            (!add && practice_group_size(app->practice, id) < 2))
            continue; /* not the last one: an empty group proves nothing */
        mapping->edited[user] = true;
        mapping->theirs[user] |= add;
        (void)snprintf(operation, sizeof(operation),
                       add ? "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}"
                           : "{\"op\":\"remove\",\"path\":\"members[value eq \\\"%s\\\"]\"}",
                       account);
        return ask(sim, app, "Groups", id, operation);
    }
    return false;
}

static bool edit_title(struct sim *sim, struct sim_app *app)
{
    for (int i = 0; i < TRIES; i++) {
        bool active = false;
        int user = chance_below(&sim->choice, sim->user_count);
        const char *account = account_of(app, user, &active);
        if (app->retitled[user] || !account || app->standing[user].want != WANT_IN)
            continue;
        app->retitled[user] = true;
        return ask(sim, app, "Users", account, "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"Somebody else's\"}");
    }
    return false;
}

/* At the end only: a group that is left behind meanwhile would go by a name that the model does not know. */
static bool edit_name(struct sim *sim, struct sim_app *app)
{
    char operation[128];
    const char *id = NULL;
    int group = chance_below(&sim->choice, sim->group_count);
    struct sim_mapping *mapping = &app->mapping[group];
    if (!mapping->active || mapping->renamed || practice_find_group(app->practice, mapping->name, &id) != 1)
        return false;
    mapping->renamed = true;
    (void)snprintf(operation, sizeof(operation),
                   "{\"op\":\"replace\",\"path\":\"displayName\",\"value\":\"g%d theirs\"}", group);
    return ask(sim, app, "Groups", id, operation);
}

/* The account of somebody who left: that was in time, and this is found by a scan. */
static bool edit_active(struct sim *sim, struct sim_app *app)
{
    bool active = false;
    int user = chance_below(&sim->choice, sim->user_count);
    const char *account = account_of(app, user, &active);
    struct standing *standing = &app->standing[user];
    if (app->revived[user] || !account || active || standing->want != WANT_OUT || !standing->found)
        return false;
    app->revived[user] = true;
    app->leavers -= standing->leaving;
    standing->leaving = false;
    return ask(sim, app, "Users", account, "{\"op\":\"replace\",\"path\":\"active\",\"value\":true}");
}

bool behind_edit(struct sim *sim, struct sim_app *app)
{
    int kind = chance_below(&sim->choice, 4);
    return kind == 0 ? edit_title(sim, app) : edit_member(sim, app, kind == 1);
}

/* --- the end -------------------------------------------------------------------------------------------------------
 */

/* Reads may lag behind what was just written, so that it proves nothing: some time passes. */
static void let_pass(struct sim *sim, int64_t ms)
{
    int64_t until = sim->now + ms;
    while (!sim->failed && shell_step(sim, until))
        continue;
}

void behind_finish(struct sim *sim, void (*settle)(struct sim *sim))
{
    for (int k = 0; k < sim->app_count; k++)
        for (int i = 0; i < LAST_EDITS; i++) {
            int kind = chance_below(&sim->choice, 4);
            (void)(kind == 0   ? edit_name(sim, &sim->apps[k])
                   : kind == 1 ? edit_active(sim, &sim->apps[k])
                               : behind_edit(sim, &sim->apps[k]));
        }
    for (int round = 0; round < SCAN_ROUNDS && !sim->failed; round++) {
        let_pass(sim, 2L * LIMIT_READ_LAG_MS);
        for (int k = 0; k < sim->app_count && !sim->failed; k++)
            (void)behind_scan(sim, &sim->apps[k]);
        settle(sim);
    }
    char sql[200];
    (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM drift_findings WHERE state IN (%d, %d, %d)", DRIFT_OPEN,
                   DRIFT_WANTED, DRIFT_REPAIRING);
    int64_t found = sim->failed ? 0 : disk_number(sim->disk, sql);
    if (found)
        sim_fail(sim, "what was repaired is not found again", "%lld differences", (long long)found);
}

bool behind_unverifiable(struct sim *sim, const struct sim_app *app, int group)
{
    char sql[300];
    const char *id = NULL;
    if (!sim->profile->drift || practice_find_group(app->practice, app->mapping[group].name, &id) != 1 ||
        practice_group_size(app->practice, id) > 0)
        return false;
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM drift_groups AS d JOIN push_mappings AS m ON m.target_rid = d.target_rid"
                   " WHERE m.id = '%s' AND d.state = %d",
                   app->mapping[group].id, DRIFT_UNVERIFIABLE);
    return disk_number(sim->disk, sql) == 1;
}
