/* SPDX-License-Identifier: Apache-2.0 */
#include "push/repair.h"

#include "base/limits.h"
#include "push/drift.h"
#include "push/push_private.h"

#define REPAIR_WANTED_MS ((int64_t)3600 * 1000) /* how long the wish is good for an app that cannot be asked now */

SQL(REPAIR_WANT, "UPDATE target_groups SET repair_until = $2 WHERE rid = $1");
SQL(REPAIR_GET, "SELECT repair_until, repaired_at FROM target_groups WHERE rid = $1");
SQL(REPAIR_BEGUN, "UPDATE target_groups SET repair_until = 0, repaired_at = $2 WHERE rid = $1");
SQL(MEMBERS_OF_GROUP_RETRY, "UPDATE target_members SET error_class = NULL, error = NULL, again = 0"
                            " WHERE target_rid = $1 AND error_class IS NOT NULL AND error_class <> 'HELD'");
SQL(FAILED_MEMBERS, "SELECT t.error_class, t.user_rid FROM push_mappings AS m"
                    " JOIN target_members AS t ON t.target_rid = m.target_rid"
                    " WHERE m.app_rid = $1 AND m.status = 1 AND t.error_class IS NOT NULL AND t.error_class <> 'HELD'"
                    " ORDER BY t.target_rid, t.rid LIMIT $2");

/* --- a group that was deleted in the app ---------------------------------------------------------------------------
 */

int mapping_repair(struct tx *tx, const struct mapping *mapping, struct problem *problem)
{
    if (mapping->status != MAPPING_ACTIVE)
        return problem_set(problem, E0000027,
                           "The mapping is INACTIVE, so nothing is pushed. Set its status to ACTIVE.");
    int r = tx_exec(tx, &REPAIR_WANT, I(mapping->target_rid), I(tx_now(tx) + REPAIR_WANTED_MS));
    if (r >= 0)
        r = tx_exec(tx, &MEMBERS_OF_GROUP_RETRY, I(mapping->target_rid));
    if (r >= 0)
        r = target_group_want_verified(tx, mapping->target_rid);
    if (r >= 0)
        r = work_add(tx, mapping->app_rid, WORK_EXPAND_MAPPING, mapping->rid, WORK_FRESH);
    if (r >= 0)
        r = work_add(tx, mapping->app_rid, WORK_GROUP, mapping->target_rid, WORK_FRESH);
    if (r >= 0)
        r = mapping_report(tx, mapping, "muster.group.repair", "Repair the group in the app");
    return r < 0 ? r : 0;
}

int target_group_may_repair(struct tx *tx, const struct target_group *group)
{
    struct query query;
    struct push_settings settings = {0};
    int64_t until = 0;
    int64_t repaired = 0;
    int r = push_settings_get(tx, group->app_rid, &settings);
    if (r == 0)
        r = tx_query(tx, &query, &REPAIR_GET, I(group->rid));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        until = query_int(&query, 0);
        repaired = query_int(&query, 1);
    }
    if (r < 0)
        return r;
    bool by_itself = settings.on_group_missing == GROUP_MISSING_REPAIR && tx_now(tx) - repaired >= REPAIR_AGAIN_MS;
    if (until < tx_now(tx) && !by_itself)
        return 0;
    r = tx_exec(tx, &REPAIR_BEGUN, I(group->rid), I(tx_now(tx)));
    return r < 0 ? r : 1;
}

/* --- a person ------------------------------------------------------------------------------------------------------
 */

struct pushing {
    int64_t user_rid;
    struct repush *counts;
};

static int push_into(struct tx *tx, const struct mapping *mapping, void *data)
{
    struct pushing *pushing = data;
    if (pushing->counts->later)
        return 0;
    pushing->counts->later = tx_spend(tx, 1) > LIMIT_REACTOR_ROWS;
    pushing->counts->groups++;
    int r = member_look(tx, mapping, pushing->user_rid, WORK_FRESH);
    if (r >= 0)
        r = target_group_want_verified(tx, mapping->target_rid);
    return r < 0 ? r : work_add(tx, mapping->app_rid, WORK_GROUP, mapping->target_rid, WORK_FRESH);
}

int person_push(struct tx *tx, const struct user *user, struct repush *ret)
{
    *ret = (struct repush){0};
    struct pushing pushing = {.user_rid = user->rid, .counts = ret};
    int64_t *groups = arena_array(tx_arena(tx), LIMIT_REACTOR_ROWS, sizeof(*groups));
    int count = user_group_rids(tx, user->rid, 0, groups, LIMIT_REACTOR_ROWS);
    int r = count;
    for (int i = 0; r >= 0 && i < count && !ret->later; i++)
        r = mapping_each_of_source(tx, groups[i], 0, push_into, &pushing);
    ret->later |= count == LIMIT_REACTOR_ROWS;
    if (r >= 0 && ret->later)
        r = work_add(tx, 0, WORK_EXPAND_USER_PUSHES, user->rid, WORK_FRESH);
    return MIN_OF(r, 0);
}

/* --- what failed ---------------------------------------------------------------------------------------------------
 */

struct planning {
    struct tx *tx;
    struct retry_plan *plan;
    int size;
    int looked;
};

static struct retry_cause *cause_of(struct planning *planning, const char *error_class)
{
    struct retry_plan *plan = planning->plan;
    const char *class = error_class ? error_class : "INTERNAL";
    for (int i = 0; i < plan->cause_count; i++)
        if (str_eq(plan->causes[i].error_class, class))
            return &plan->causes[i];
    assert(plan->cause_count < planning->size);
    plan->causes[plan->cause_count] = (struct retry_cause){.error_class = arena_strdup(tx_arena(planning->tx), class)};
    return &plan->causes[plan->cause_count++];
}

static void add_example(struct retry_cause *cause, const char *name)
{
    if (name && cause->example_count < RETRY_EXAMPLES)
        cause->examples[cause->example_count++] = name;
}

static int plan_row(const struct work *work, void *data)
{
    struct planning *planning = data;
    struct account account = {0};
    struct target_group group = {0};
    planning->looked++;
    if (str_eq(work->error_class, "HELD") || (work->kind != WORK_ACCOUNT && work->kind != WORK_GROUP))
        return 0;
    struct retry_cause *cause = cause_of(planning, work->error_class);
    if (work->kind == WORK_ACCOUNT) {
        planning->plan->accounts++;
        cause->accounts++;
        if (cause->example_count < RETRY_EXAMPLES && account_by_rid(planning->tx, work->object_rid, &account) == 0)
            add_example(cause, account.user_name);
        return 0;
    }
    planning->plan->groups++;
    cause->groups++;
    if (cause->example_count < RETRY_EXAMPLES && target_group_get(planning->tx, work->object_rid, &group) == 0)
        add_example(cause, group.name);
    return 0;
}

struct failed_member {
    const char *error_class;
    int64_t user_rid;
};

static int plan_members(struct planning *planning, int64_t app_rid)
{
    struct tx *tx = planning->tx;
    struct query query;
    struct failed_member *rows = arena_array(tx_arena(tx), RETRY_LOOKED_AT, sizeof(*rows));
    int count = 0;
    int r = tx_query(tx, &query, &FAILED_MEMBERS, I(app_rid), I(RETRY_LOOKED_AT));
    while (r >= 0 && (r = query_next(&query)) > 0)
        rows[count++] = (struct failed_member){push_text(tx, &query, 0), query_int(&query, 1)};
    for (int i = 0; r >= 0 && i < count; i++) {
        struct retry_cause *cause = cause_of(planning, rows[i].error_class);
        struct user user = {0};
        planning->plan->members++;
        cause->members++;
        if (cause->example_count < RETRY_EXAMPLES) {
            r = user_by_rid(tx, rows[i].user_rid, &user);
            add_example(cause, user.login);
            r = r == ERR_NOT_FOUND ? 0 : r;
        }
    }
    planning->plan->complete &= count < RETRY_LOOKED_AT;
    return MIN_OF(r, 0);
}

#define CAUSES_MAX 64 /* error classes; more than the table of errors has */

int retry_plan(struct tx *tx, int64_t app_rid, struct retry_plan *ret)
{
    *ret = (struct retry_plan){.complete = true, .causes = arena_array(tx_arena(tx), CAUSES_MAX, sizeof(*ret->causes))};
    struct planning planning = {.tx = tx, .plan = ret, .size = CAUSES_MAX};
    int r = work_each_failed(tx, app_rid, RETRY_LOOKED_AT, plan_row, &planning);
    ret->complete = planning.looked < RETRY_LOOKED_AT;
    return r < 0 ? r : plan_members(&planning, app_rid);
}

int account_may_be_active(struct tx *tx, const struct account *account)
{
    struct drift found = {0};
    if (account->wanted != WANT_INACTIVE || account->known != KNOWN_INACTIVE)
        return 0;
    int r = drift_of_person(tx, account->app_rid, 0, account->user_rid, &found);
    return r < 0 ? r : r == 0 || found.state != DRIFT_ACCEPTED;
}
