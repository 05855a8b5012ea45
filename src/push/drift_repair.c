/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done about drift. A repair corrects what the app is known to hold and makes the object due; what is sent for
 * it the engine decides from what is wanted at that moment, so that a difference that is old by now does no harm.
 */
#include "push/drift_private.h"

#include "base/limits.h"

#define REPAIR_ROWS 200 /* differences of one transaction */

SQL(MEMBER_LOST,
    "UPDATE target_members SET known = 0, dirty = 1, urgency = 1, version = $3, since = $3, dropped = 0,"
    " error_class = NULL, error = NULL WHERE target_rid = $1 AND user_rid = $2 AND known = 1 AND dirty = 0");
SQL(MEMBER_AGAIN, "UPDATE target_members SET dirty = 1, version = $3, since = $3, dropped = 0, again = 0,"
                  " error_class = NULL, error = NULL WHERE target_rid = $1 AND user_rid = $2"
                  " AND error_class IS NOT NULL AND error_class <> 'HELD'");
SQL(MEMBER_FOUND, "INSERT INTO target_members (target_rid, user_rid, external_id, known, dirty, version, since)"
                  " VALUES ($1, $2, $3, 1, $5, $4, $4) ON CONFLICT (target_rid, user_rid) DO UPDATE SET known = 1,"
                  " dirty = excluded.dirty, extra = 0, external_id = excluded.external_id, version = excluded.version,"
                  " since = excluded.since, error_class = NULL, error = NULL");
SQL(FINDINGS_WANTED, "SELECT id FROM drift_findings WHERE app_rid = $1 AND state = 2 ORDER BY rid LIMIT $2");
SQL(FINDING_STATE, "UPDATE drift_findings SET state = $2, error = $3, repairs = repairs + $4, accepted_at = 0,"
                   " accepted_by = NULL, note = NULL WHERE rid = $1");
SQL(FINDING_ACCEPT, "UPDATE drift_findings SET state = 4, accepted_at = $2, accepted_by = $3, note = $4, error = NULL"
                    " WHERE rid = $1");
SQL(FINDING_DELETE, "DELETE FROM drift_findings WHERE rid = $1");
SQL(SCANS_DELETE, "DELETE FROM drift_scans WHERE app_rid = $1");
SQL(FINDINGS_DELETE, "DELETE FROM drift_findings WHERE app_rid = $1");
SQL(GROUPS_DELETE, "DELETE FROM drift_groups WHERE app_rid = $1");
SQL(SETTINGS_DELETE, "DELETE FROM drift_settings WHERE app_rid = $1");
SQL(STAGED_DELETE, "DELETE FROM drift_staged WHERE run_rid IN (SELECT run_rid FROM drift_scans WHERE app_rid = $1)");

/* --- one repair ----------------------------------------------------------------------------------------------------
 */

static int repair_extra(struct tx *tx, const struct mapping *mapping, const struct drift *drift)
{
    enum member_wanted wanted = MEMBER_AS_IS;
    const char *account_id = NULL;
    int64_t number = tx_change_number(tx);
    if (number < 0)
        return (int)number;
    struct deletion_key key = {.kind = DELETION_MEMBER,
                               .object_rid = drift->target_rid,
                               .user_rid = drift->user_rid,
                               .external_id = drift->user_rid ? "" : drift->external_id};
    if (!drift->user_rid) {
        int r = stranger_remove_wanted(tx, drift->target_rid, drift->external_id);
        return r < 0 ? r : deletion_add(tx, drift->app_rid, &key);
    }
    int r = member_facts(tx, mapping, drift->user_rid, &wanted, &account_id);
    if (r < 0 || wanted == MEMBER_AS_IS)
        return r;
    bool out = wanted == MEMBER_OUT; /* else the person belongs there by now */
    r = tx_exec(tx, &MEMBER_FOUND, I(drift->target_rid), I(drift->user_rid), T(drift->external_id), I(number), I(out));
    return r < 0 || !out ? MIN_OF(r, 0) : deletion_add(tx, drift->app_rid, &key);
}

static int repair_in_group(struct tx *tx, const struct mapping *mapping, const struct drift *drift)
{
    struct target_group group = {0};
    int64_t number = tx_change_number(tx);
    if (number < 0)
        return (int)number;
    int r = target_group_get(tx, drift->target_rid, &group);
    if (r == 0 && drift->cause == CAUSE_MUSTER && drift->user_rid)
        r = tx_exec(tx, &MEMBER_AGAIN, I(drift->target_rid), I(drift->user_rid), I(number));
    else if (r == 0 && drift->kind == DRIFT_MEMBER_MISSING)
        r = tx_exec(tx, &MEMBER_LOST, I(drift->target_rid), I(drift->user_rid), I(number));
    else if (r == 0 && drift->kind == DRIFT_MEMBER_EXTRA)
        r = repair_extra(tx, mapping, drift);
    else if (r == 0 && drift->kind == DRIFT_GROUP_RENAMED && drift->found)
        r = target_group_set_name(tx, &group, drift->found);
    else if (r == 0 && drift->kind == DRIFT_GROUP_MISSING && str_eq(group.external_id, drift->external_id))
        r = target_group_forget(tx, &group);
    return r < 0 ? r : work_add(tx, drift->app_rid, WORK_GROUP, drift->target_rid, WORK_FRESH);
}

static int repair_account(struct tx *tx, const struct drift *drift, const struct app_switches *switches,
                          const char **ret_why)
{
    struct account account = {0};
    int r = account_get(tx, drift->app_rid, drift->user_rid, &account);
    bool missing = drift->kind == DRIFT_ACCOUNT_MISSING;
    bool active = drift->kind == DRIFT_ACCOUNT_ACTIVE;
    bool on = missing ? switches->create : active ? switches->deactivate : switches->update;
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    if (!on) {
        *ret_why = arena_printf(tx_arena(tx), "The app's switch \"%s\" is off: turn it on, then repair again",
                                missing  ? "create"
                                : active ? "deactivate"
                                         : "update");
        return 0;
    }
    if (drift->cause == CAUSE_TARGET && missing && str_eq(account.external_id, drift->external_id))
        r = account_forget_known(tx, &account);
    else if (drift->cause == CAUSE_TARGET && active)
        r = account_found_active(tx, &account);
    else if (drift->cause == CAUSE_TARGET && drift->kind == DRIFT_ATTRIBUTE)
        r = account_found_attribute(tx, &account, drift->attribute, drift->found);
    return r < 0 ? r : work_add(tx, drift->app_rid, WORK_ACCOUNT, account.rid, active ? WORK_URGENT : WORK_FRESH);
}

/* Repairs one. 0, with `*ret_why` NULL: done; else why not. */
static int drift_repair_now(struct tx *tx, const struct app *app, const struct drift *drift, const char **ret_why)
{
    struct mapping mapping = {0};
    struct app_switches switches = {0};
    *ret_why = NULL;
    if (drift->kind == DRIFT_ACCOUNT_INACTIVE) {
        *ret_why = "An account that was made inactive in the app is never activated by a repair. Reactivate the "
                   "person's account, or accept it";
        return 0;
    }
    int r = app_switches_get(tx, app->rid, &switches);
    if (r < 0 || !drift->target_rid)
        return r < 0 ? r : repair_account(tx, drift, &switches, ret_why);
    r = mapping_by_target(tx, drift->target_rid, &mapping);
    if (r == ERR_NOT_FOUND || (r == 0 && mapping.status != MAPPING_ACTIVE)) {
        *ret_why = "The group is not pushed now: activate its mapping first";
        return 0;
    }
    return r < 0 ? r : repair_in_group(tx, &mapping, drift);
}

/* --- those that are wanted -----------------------------------------------------------------------------------------
 */

static int set_state(struct tx *tx, const struct drift *drift, enum drift_state state, const char *error, int repairs)
{
    int r = tx_exec(tx, &FINDING_STATE, I(drift->rid), I(state), T(error), I(repairs));
    return r < 0 ? r : 0;
}

static int repair_and_note(struct tx *tx, const struct app *app, const struct drift *drift, int *count)
{
    const char *why = NULL;
    int r = drift_repair_now(tx, app, drift, &why);
    (void)tx_spend(tx, 4);
    *count += r == 0 && !why;
    return r < 0 ? r : set_state(tx, drift, why ? DRIFT_OPEN : DRIFT_REPAIRING, why, why ? 0 : 1);
}

int drift_expand(struct tx *tx, struct work *work)
{
    struct app app = {0};
    struct query query;
    const char **ids = arena_array(tx_arena(tx), REPAIR_ROWS, sizeof(*ids));
    int found = 0;
    int repaired = 0;
    int r = app_by_rid(tx, work->object_rid, &app);
    if (r == ERR_NOT_FOUND)
        return 0;
    if (r == 0)
        r = tx_query(tx, &query, &FINDINGS_WANTED, I(app.rid), I(REPAIR_ROWS));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ids[found++] = push_text(tx, &query, 0);
    for (int i = 0; r >= 0 && i < found; i++) {
        struct drift drift = {0};
        r = drift_by_id(tx, app.rid, ids[i], &drift);
        if (r == 0)
            r = repair_and_note(tx, &app, &drift, &repaired);
    }
    if (r >= 0 && repaired)
        r = drift_event(tx, &app,
                        &(struct event){.type = "muster.drift.repair",
                                        .message = "Repair drift of an app",
                                        .severity = SEVERITY_WARN,
                                        .debug = arena_printf(tx_arena(tx), "{\"differences\":%d}", repaired)});
    return r < 0 ? r : found == REPAIR_ROWS;
}

/* The engine's own doing, or what somebody has to look at first. */
static const char *why_not(const struct drift *drift)
{
    if (drift->kind == DRIFT_ACCOUNT_INACTIVE)
        return "An account that was made inactive in the app is never activated by a repair. Reactivate the person's "
               "account, or accept it";
    if (drift->cause == CAUSE_DIRECTORY)
        return "The directory changed and the change is on its way, or held by a deletion limit";
    return NULL;
}

static bool is_chosen(const struct drift_filter *filter, const struct drift *drift)
{
    bool open = drift->state == DRIFT_OPEN || (filter->state && drift->state == filter->state);
    return open && !why_not(drift);
}

/* Calls each() for what the filter names, DRIFT_AT_ONCE of them at most. */
static int each_of(struct tx *tx, const struct app *app, const struct drift_filter *filter, bool repair,
                   int (*each)(struct tx *tx, const struct drift *drift, const void *data), const void *data,
                   int64_t *ret_count)
{
    struct drift *page = arena_array(tx_arena(tx), REPAIR_ROWS, sizeof(*page));
    int64_t after = 0;
    *ret_count = 0;
    do {
        int count = drift_list(tx, app->rid, filter, after, page, REPAIR_ROWS, &after);
        for (int i = 0; i < count && *ret_count < DRIFT_AT_ONCE; i++) {
            if (repair ? !is_chosen(filter, &page[i]) : page[i].state == DRIFT_ACCEPTED)
                continue;
            int r = each(tx, &page[i], data);
            if (r < 0)
                return r;
            (*ret_count)++;
        }
        if (count < 0)
            return count;
    } while (after && *ret_count < DRIFT_AT_ONCE);
    return after != 0;
}

static int want_one(struct tx *tx, const struct drift *drift, const void *data)
{
    (void)data;
    return set_state(tx, drift, DRIFT_WANTED, NULL, 0);
}

int drift_repair(struct tx *tx, const struct app *app, const struct drift_filter *filter, int64_t *ret_count)
{
    int more = each_of(tx, app, filter, true, want_one, NULL, ret_count);
    if (more < 0 || *ret_count == 0)
        return more;
    int r = work_add(tx, app->rid, WORK_EXPAND_DRIFT, app->rid, WORK_URGENT);
    if (r == 0)
        r = drift_event(
            tx, app,
            &(struct event){.type = "muster.drift.repair.request",
                            .message = "Ask that drift of an app be repaired",
                            .severity = SEVERITY_WARN,
                            .debug = arena_printf(tx_arena(tx), "{\"differences\":%lld}", (long long)*ret_count)});
    return r < 0 ? r : more;
}

int drift_repair_one(struct tx *tx, const struct app *app, struct drift *drift, struct problem *problem)
{
    const char *why = why_not(drift);
    if (why)
        return problem_invalid(problem, "id", "id: %s", why);
    int r = want_one(tx, drift, NULL);
    if (r == 0)
        r = work_add(tx, app->rid, WORK_EXPAND_DRIFT, app->rid, WORK_URGENT);
    drift->state = DRIFT_WANTED;
    drift->error = NULL;
    return r < 0 ? r
                 : drift_event(tx, app,
                               &(struct event){.type = "muster.drift.repair.request",
                                               .message = "Ask that drift of an app be repaired",
                                               .severity = SEVERITY_WARN,
                                               .debug = "{\"differences\":1}"});
}

/* --- exceptions ----------------------------------------------------------------------------------------------------
 */

static const char *actor(struct tx *tx)
{
    const struct origin *origin = tx_origin(tx);
    return origin->actor_name && *origin->actor_name ? origin->actor_name : "system";
}

static int accept_one(struct tx *tx, const struct drift *drift, const void *data)
{
    int r = tx_exec(tx, &FINDING_ACCEPT, I(drift->rid), I(tx_now(tx)), T(actor(tx)), T(data));
    return r < 0 ? r : 0;
}

static int tell_accepted(struct tx *tx, const struct app *app, int64_t count)
{
    return drift_event(
        tx, app,
        &(struct event){.type = "muster.drift.accept",
                        .message = "Accept drift of an app as an exception",
                        .severity = SEVERITY_WARN,
                        .debug = arena_printf(tx_arena(tx), "{\"differences\":%lld}", (long long)count)});
}

int drift_accept(struct tx *tx, const struct app *app, const struct drift_filter *filter, const char *note,
                 int64_t *ret_count)
{
    int more = each_of(tx, app, filter, false, accept_one, note, ret_count);
    if (more < 0 || *ret_count == 0)
        return more;
    int r = tell_accepted(tx, app, *ret_count);
    return r < 0 ? r : more;
}

int drift_accept_one(struct tx *tx, const struct app *app, struct drift *drift, const char *note)
{
    int r = accept_one(tx, drift, note);
    if (r == 0)
        r = tell_accepted(tx, app, 1);
    return r < 0 ? r : drift_by_id(tx, app->rid, drift->id, drift);
}

int drift_revoke(struct tx *tx, const struct app *app, struct drift *drift)
{
    struct import_run last = {0};
    int r = drift_last_scan(tx, app->rid, &last);
    bool there = r == 0 && drift->scan_rid == last.rid;
    if (r == 0 || r == ERR_NOT_FOUND)
        r = there ? set_state(tx, drift, DRIFT_OPEN, NULL, 0) : tx_exec(tx, &FINDING_DELETE, I(drift->rid));
    return r < 0 ? r
                 : drift_event(tx, app,
                               &(struct event){.type = "muster.drift.revoke",
                                               .message = "Take an exception for drift of an app back",
                                               .severity = SEVERITY_WARN});
}

int drift_delete_app(struct tx *tx, int64_t app_rid)
{
    static struct sql *const deletions[] = {&STAGED_DELETE, &SCANS_DELETE, &FINDINGS_DELETE, &GROUPS_DELETE,
                                            &SETTINGS_DELETE};
    int r = 0;
    for (size_t i = 0; r >= 0 && i < ARRAY_LEN(deletions); i++)
        r = tx_exec(tx, deletions[i], I(app_rid));
    return r < 0 ? r : 0;
}
