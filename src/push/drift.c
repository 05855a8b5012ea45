/* SPDX-License-Identifier: Apache-2.0 */
/* Drift of an app: its settings, when it is scanned, and what was found. */
#include "push/drift_private.h"

#include "base/limits.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define AGAIN_MS (10 * 60 * 1000) /* before a scan whose time has come is tried again while the app is being read */
#define LOOK_AT_ONCE 1000         /* rows */

SQL(SETTINGS_GET, "SELECT every_hours, requests_per_hour, next_at, actions FROM drift_settings WHERE app_rid = $1");
SQL(SETTINGS_PUT,
    "INSERT INTO drift_settings (app_rid, every_hours, requests_per_hour, next_at, actions) VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT (app_rid) DO UPDATE SET every_hours = excluded.every_hours,"
    " requests_per_hour = excluded.requests_per_hour, next_at = excluded.next_at, actions = excluded.actions");
SQL(SETTINGS_OPEN, "INSERT INTO drift_settings (app_rid, every_hours, requests_per_hour, next_at, actions)"
                   " VALUES ($1, 0, $2, 0, '') ON CONFLICT (app_rid) DO NOTHING");
SQL(SETTINGS_NEXT, "UPDATE drift_settings SET next_at = $2 WHERE app_rid = $1");
SQL(SCHEDULE_DUE, "SELECT app_rid FROM drift_settings WHERE next_at > 0 AND next_at <= $1 ORDER BY next_at LIMIT $2");
SQL(SCHEDULE_NEXT, "SELECT next_at FROM drift_settings WHERE next_at > 0 ORDER BY next_at LIMIT 1");
SQL(BUDGET_GET, "SELECT requests_per_hour, budget_from, budget_used FROM drift_settings WHERE app_rid = $1");
SQL(BUDGET_BEGIN, "UPDATE drift_settings SET budget_from = $2, budget_used = 0 WHERE app_rid = $1");
SQL(BUDGET_USE, "UPDATE drift_settings SET budget_used = budget_used + 1 WHERE app_rid = $1");

#define COLUMNS                                                                                                        \
    "rid, id, app_rid, kind, cause, class, state, target_rid, user_rid, external_id, attribute, known, wanted, found," \
    " error, since, seen, scan_rid, repairs, accepted_at, accepted_by, note"
#define FINDINGS "SELECT " COLUMNS " FROM drift_findings WHERE app_rid = $1"

SQL(FINDING_BY_ID, "SELECT " COLUMNS " FROM drift_findings WHERE id = $1");
SQL(FINDINGS_OF_APP, FINDINGS " AND rid > $2 AND CAST($4 AS BIGINT) = 0 ORDER BY rid LIMIT $3");
SQL(FINDINGS_OF_KIND, FINDINGS " AND kind = $4 AND rid > $2 ORDER BY rid LIMIT $3");
SQL(FINDINGS_OF_TARGET, FINDINGS " AND target_rid = $4 AND target_rid > 0 AND rid > $2 ORDER BY rid LIMIT $3");
SQL(FINDINGS_OF_USER, FINDINGS " AND user_rid = $4 AND user_rid > 0 AND rid > $2 ORDER BY rid LIMIT $3");
SQL(FINDINGS_ACCEPTED, FINDINGS " AND accepted_at > 0 AND rid > $2 AND CAST($4 AS BIGINT) = 0 ORDER BY rid LIMIT $3");
SQL(FINDING_OF_PERSON, FINDINGS " AND user_rid = $2 AND user_rid > 0 AND target_rid = $3 AND kind IN (1, 2, 5, 7)"
                                " AND state <> 5 ORDER BY scan_rid DESC, rid LIMIT 1");
SQL(FINDING_OF_GROUP, FINDINGS " AND kind = 3 AND target_rid = $2 AND state <> 5 ORDER BY scan_rid DESC, rid LIMIT 1");
SQL(MEMBERS_FOUND, "SELECT f.kind, f.state, count(*), max(f.seen) FROM drift_findings AS f"
                   " LEFT JOIN target_members AS t ON t.target_rid = f.target_rid AND t.user_rid = f.user_rid"
                   " WHERE f.app_rid = $1 AND f.target_rid = $2 AND f.target_rid > 0 AND f.kind IN (1, 2)"
                   " AND f.state IN (1, 2, 4) AND f.scan_rid >= $3 AND (f.accepted_at > 0 OR f.seen > $4)"
                   " AND ((f.kind = 1 AND t.known = 1 AND t.dirty = 0 AND t.known_at < f.seen)"
                   " OR (f.kind = 2 AND coalesce(t.dirty, 0) = 0 AND (coalesce(t.known, 0) = 0 OR t.extra = 1)))"
                   " GROUP BY f.kind, f.state ORDER BY f.kind, f.state");
SQL(FINDINGS_COUNT, "SELECT kind, cause, state, count(*) FROM drift_findings WHERE app_rid = $1 AND state <> 5"
                    " GROUP BY kind, cause, state ORDER BY kind, cause, state");
SQL(GROUPS_OF_APP, "SELECT target_rid, state, members, in_step, checked FROM drift_groups"
                   " WHERE app_rid = $1 AND target_rid > $2 ORDER BY target_rid LIMIT $3");

static const char *const kind_names[DRIFT_KIND_END] = {
    [DRIFT_MEMBER_MISSING] = "MEMBER_MISSING",   [DRIFT_MEMBER_EXTRA] = "MEMBER_EXTRA",
    [DRIFT_GROUP_MISSING] = "GROUP_MISSING",     [DRIFT_GROUP_RENAMED] = "GROUP_RENAMED",
    [DRIFT_ACCOUNT_MISSING] = "ACCOUNT_MISSING", [DRIFT_ACCOUNT_INACTIVE] = "ACCOUNT_INACTIVE",
    [DRIFT_ACCOUNT_ACTIVE] = "ACCOUNT_ACTIVE",   [DRIFT_ATTRIBUTE] = "ATTRIBUTE_DIFFERS",
};

const char *drift_kind_name(enum drift_kind kind)
{
    return kind_names[kind];
}

const char *drift_cause_name(enum drift_cause cause)
{
    static const char *const names[CAUSE_END] = {
        [CAUSE_DIRECTORY] = "DIRECTORY", [CAUSE_MUSTER] = "MUSTER", [CAUSE_TARGET] = "TARGET"};
    return names[cause];
}

const char *drift_class_name(enum drift_class class)
{
    static const char *const names[EXTRA_END] = {
        [EXTRA_SAME_GROUP] = "SAME_GROUP", [EXTRA_INACTIVE] = "INACTIVE", [EXTRA_ADDED] = "ADDED",
        [EXTRA_UNKNOWN] = "UNKNOWN",       [EXTRA_REFUSED] = "REFUSED",   [EXTRA_HELD] = "HELD",
    };
    return names[class];
}

const char *drift_action_name(enum drift_action action)
{
    static const char *const names[DRIFT_ACTION_END] = {"ALERT", "REPAIR", "ACCEPT"};
    return names[action];
}

const char *drift_state_name(enum drift_state state)
{
    static const char *const names[DRIFT_STATE_END] = {[DRIFT_OPEN] = "OPEN",
                                                       [DRIFT_WANTED] = "REPAIRING",
                                                       [DRIFT_REPAIRING] = "REPAIRING",
                                                       [DRIFT_ACCEPTED] = "ACCEPTED"};
    return names[state];
}

const char *drift_group_state_name(enum drift_group_state state)
{
    static const char *const names[] = {[DRIFT_COMPARED] = "COMPARED",
                                        [DRIFT_PROBED] = "PROBED",
                                        [DRIFT_UNVERIFIABLE] = "NOT_VERIFIABLE",
                                        [DRIFT_BUSY] = "BUSY",
                                        [DRIFT_GONE] = "MISSING"};
    return names[state];
}

/* --- events --------------------------------------------------------------------------------------------------------
 */

int drift_event(struct tx *tx, const struct app *app, const struct event *event)
{
    struct event told = *event;
    told.targets[0] =
        (struct event_target){.id = app->id, .type = "AppInstance", .alternate_id = app->label, .name = app->label};
    told.target_count = 1;
    return record_event(tx, &told);
}

int drift_run_event(struct tx *tx, const struct import_run *run, const char *failure)
{
    struct app app = {0};
    struct drift_scan scan = {0};
    int r = app_by_rid(tx, run->app_rid, &app);
    if (r == 0)
        r = drift_scan_get(tx, run->rid, &scan);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    struct event event = {
        .type = failure ? "muster.drift.scan.failed" : "muster.drift.scan.complete",
        .message = failure ? "A scan for drift failed, and changed nothing" : "A scan for drift was completed",
        .severity = failure ? SEVERITY_ERROR : SEVERITY_INFO,
        .outcome = failure ? "FAILURE" : NULL,
        .reason = failure,
        .debug = arena_printf(
            tx_arena(tx),
            "{\"scanId\":\"%s\",\"members\":%lld,\"membersInStep\":%lld,\"differences\":%lld,\"new\":%lld}", run->id,
            (long long)scan.members, (long long)scan.members_in_step, (long long)scan.differences,
            (long long)scan.fresh)};
    r = drift_event(tx, &app, &event);
    if (r < 0 || failure || scan.fresh == 0)
        return r;
    event.type = "muster.drift.found";
    event.message = "Somebody changed the app: it holds something else than was acknowledged";
    event.severity = SEVERITY_WARN;
    event.reason =
        arena_printf(tx_arena(tx), "%lld %s found that %s not known before", (long long)scan.fresh,
                     scan.fresh == 1 ? "difference was" : "differences were", scan.fresh == 1 ? "was" : "were");
    return drift_event(tx, &app, &event);
}

/* --- settings ------------------------------------------------------------------------------------------------------
 */

int drift_settings_get(struct tx *tx, int64_t app_rid, struct drift_settings *ret)
{
    struct query query;
    *ret = (struct drift_settings){.requests_per_hour = DRIFT_REQUESTS_PER_HOUR};
    int r = tx_query_row(tx, &query, &SETTINGS_GET, I(app_rid));
    if (r <= 0)
        return r;
    ret->every_hours = query_int(&query, 0);
    ret->requests_per_hour = query_int(&query, 1);
    ret->next_at = query_int(&query, 2);
    const char *actions = query_text(&query, 3);
    for (size_t i = 0; actions && actions[i] && i < DRIFT_KIND_END; i++)
        ret->actions[i] = (enum drift_action)(actions[i] - '0');
    query_close(&query);
    return 0;
}

int drift_settings_set(struct tx *tx, const struct app *app, struct drift_settings *settings, struct problem *problem)
{
    char actions[DRIFT_KIND_END + 1] = {0};
    for (int kind = 0; kind < DRIFT_KIND_END; kind++)
        actions[kind] = (char)('0' + (int)settings->actions[kind]);
    if (settings->actions[DRIFT_ACCOUNT_INACTIVE] == DRIFT_REPAIR)
        return problem_invalid(problem, "actions",
                               "actions.ACCOUNT_INACTIVE: Must be ALERT or ACCEPT: an account that was made inactive "
                               "in the app is never activated by a repair. Reactivate the person's account instead");
    settings->next_at = settings->every_hours ? tx_now(tx) + settings->every_hours * HOUR_MS : 0;
    int r = tx_exec(tx, &SETTINGS_PUT, I(app->rid), I(settings->every_hours), I(settings->requests_per_hour),
                    I(settings->next_at), T(actions));
    if (r < 0)
        return r;
    tx_wake(tx);
    return drift_event(tx, app,
                       &(struct event){.type = "muster.drift.settings",
                                       .message = "Change what is done about drift of an app",
                                       .severity = SEVERITY_WARN});
}

/* An import or a scan that goes on is waited for; an app that is closed is left out until the next time. */
static int start_one(struct tx *tx, int64_t app_rid)
{
    struct app app = {0};
    struct import_run run = {0};
    struct drift_settings settings = {0};
    struct problem problem = {0};
    int r = app_by_rid(tx, app_rid, &app);
    if (r == ERR_NOT_FOUND)
        return drift_delete_app(tx, app_rid);
    if (r == 0)
        r = drift_settings_get(tx, app_rid, &settings);
    if (r == 0)
        r = import_start(tx, &app, IMPORT_SCAN, true, &run, &problem);
    if (r < 0 && r != ERR_PROBLEM)
        return r;
    int64_t wait = settings.every_hours * HOUR_MS;
    if (r < 0 && import_open_run(tx, app_rid, &run) == 0)
        wait = AGAIN_MS;
    else if (r < 0)
        r = drift_event(tx, &app,
                        &(struct event){.type = "muster.drift.scan.skipped",
                                        .message = "A scan for drift was left out",
                                        .severity = SEVERITY_WARN,
                                        .outcome = "SKIPPED",
                                        .reason = problem.causes[0]});
    if (r < 0 && r != ERR_PROBLEM)
        return r;
    r = tx_exec(tx, &SETTINGS_NEXT, I(app_rid), I(tx_now(tx) + wait));
    return r < 0 ? r : 0;
}

int drift_schedule_run(struct tx *tx, int64_t *ret_next)
{
    return apps_due_start(tx, &SCHEDULE_DUE, &SCHEDULE_NEXT, start_one, ret_next);
}

/* --- the budget ----------------------------------------------------------------------------------------------------
 */

int drift_may_ask(struct tx *tx, const struct import_run *run, int64_t *ret_when)
{
    struct query query;
    int r = tx_exec(tx, &SETTINGS_OPEN, I(run->app_rid), I(DRIFT_REQUESTS_PER_HOUR));
    if (r >= 0)
        r = tx_query_row(tx, &query, &BUDGET_GET, I(run->app_rid));
    if (r <= 0)
        return r;
    int64_t most = query_int(&query, 0);
    int64_t from = query_int(&query, 1);
    int64_t used = query_int(&query, 2);
    query_close(&query);
    int64_t now = tx_now(tx);
    if (from + HOUR_MS <= now || from > now) { /* or the clock was set back */
        r = tx_exec(tx, &BUDGET_BEGIN, I(run->app_rid), I(now));
        return r < 0 ? r : 1;
    }
    *ret_when = from + HOUR_MS;
    return used < most;
}

int drift_asked(struct tx *tx, const struct import_run *run)
{
    int r = tx_exec(tx, &BUDGET_USE, I(run->app_rid));
    return r < 0 ? r : drift_scan_asked(tx, run);
}

/* --- what was found ------------------------------------------------------------------------------------------------
 */

static void read_row(struct tx *tx, const struct query *q, struct drift *ret)
{
    *ret = (struct drift){.rid = query_int(q, 0),
                          .id = push_text(tx, q, 1),
                          .app_rid = query_int(q, 2),
                          .kind = (enum drift_kind)query_int(q, 3),
                          .cause = (enum drift_cause)query_int(q, 4),
                          .class = (enum drift_class)query_int(q, 5),
                          .state = (enum drift_state)query_int(q, 6),
                          .target_rid = query_int(q, 7),
                          .user_rid = query_int(q, 8),
                          .external_id = push_text(tx, q, 9),
                          .attribute = push_text(tx, q, 10),
                          .known = push_text(tx, q, 11),
                          .wanted = push_text(tx, q, 12),
                          .found = push_text(tx, q, 13),
                          .error = push_text(tx, q, 14),
                          .since = query_int(q, 15),
                          .seen = query_int(q, 16),
                          .scan_rid = query_int(q, 17),
                          .repairs = (int)query_int(q, 18),
                          .accepted_at = query_int(q, 19),
                          .accepted_by = push_text(tx, q, 20),
                          .note = push_text(tx, q, 21)};
}

int drift_by_id(struct tx *tx, int64_t app_rid, const char *id, struct drift *ret)
{
    struct query query;
    int r = tx_query_row(tx, &query, &FINDING_BY_ID, T(id));
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    read_row(tx, &query, ret);
    query_close(&query);
    return ret->app_rid == app_rid && ret->state != DRIFT_OVER ? 0 : ERR_NOT_FOUND;
}

/* 1, or 0: none. An exception whose difference the last scan did not find is none. */
static int newest(struct tx *tx, int64_t app_rid, struct query *query, int r, struct drift *ret)
{
    struct import_run last = {0};
    if (r <= 0)
        return r;
    read_row(tx, query, ret);
    query_close(query);
    if (!ret->accepted_at)
        return 1;
    r = drift_last_scan(tx, app_rid, &last);
    return r < 0 ? r : ret->scan_rid >= last.rid;
}

int drift_of_person(struct tx *tx, int64_t app_rid, int64_t target_rid, int64_t user_rid, struct drift *ret)
{
    struct query query;
    int r = tx_query_row(tx, &query, &FINDING_OF_PERSON, I(app_rid), I(user_rid), I(target_rid));
    return newest(tx, app_rid, &query, r, ret);
}

int drift_of_group(struct tx *tx, int64_t app_rid, int64_t target_rid, struct drift *ret)
{
    struct query query;
    return newest(tx, app_rid, &query, tx_query_row(tx, &query, &FINDING_OF_GROUP, I(app_rid), I(target_rid)), ret);
}

int drift_members_of_group(struct tx *tx, const struct target_group *group, struct drift_members *ret)
{
    static_assert(DRIFT_OPEN == 1 && DRIFT_WANTED == 2 && DRIFT_ACCEPTED == 4, "the statement says so");
    struct import_run last = {0};
    struct query query;
    *ret = (struct drift_members){0};
    int r = drift_last_scan(tx, group->app_rid, &last);
    if (r == 0)
        r = tx_query(tx, &query, &MEMBERS_FOUND, I(group->app_rid), I(group->rid), I(last.rid), I(group->read_at));
    else
        return r == ERR_NOT_FOUND ? 0 : r;
    while (r >= 0 && (r = query_next(&query)) > 0) {
        int64_t count = query_int(&query, 2);
        bool missing = query_int(&query, 0) == DRIFT_MEMBER_MISSING;
        *(query_int(&query, 1) == DRIFT_ACCEPTED ? &ret->accepted : missing ? &ret->missing : &ret->extra) += count;
        ret->seen = MAX_OF(ret->seen, query_int(&query, 3));
    }
    return r;
}

/* `scan_rid` of what is shown: an exception whose difference is gone by now is shown among the exceptions only. */
static bool is_meant(const struct drift_filter *filter, const struct drift *drift, int64_t last_scan)
{
    static_assert(DRIFT_OVER == 5, "the statement that counts says so");
    if (drift->state == DRIFT_OVER)
        return false;
    if (filter->accepted ? drift->accepted_at == 0 : drift->accepted_at && drift->scan_rid < last_scan)
        return false;
    bool repairing = drift->state == DRIFT_WANTED || drift->state == DRIFT_REPAIRING;
    if (filter->state && filter->state != drift->state && !(filter->state == DRIFT_REPAIRING && repairing))
        return false;
    return (!filter->kind || filter->kind == drift->kind) && (!filter->cause || filter->cause == drift->cause) &&
           (!filter->class || filter->class == drift->class) &&
           (!filter->target_rid || filter->target_rid == drift->target_rid) &&
           (!filter->user_rid || filter->user_rid == drift->user_rid) &&
           (!filter->external_id || str_eq(filter->external_id, drift->external_id));
}

static struct sql *statement_for(const struct drift_filter *filter, int64_t *ret_value)
{
    *ret_value = 0;
    if (filter->accepted)
        return &FINDINGS_ACCEPTED;
    *ret_value = filter->target_rid ? filter->target_rid : filter->user_rid ? filter->user_rid : (int64_t)filter->kind;
    return filter->target_rid ? &FINDINGS_OF_TARGET
           : filter->user_rid ? &FINDINGS_OF_USER
           : filter->kind     ? &FINDINGS_OF_KIND
                              : &FINDINGS_OF_APP;
}

int drift_list(struct tx *tx, int64_t app_rid, const struct drift_filter *filter, int64_t after, struct drift *ret,
               int limit, int64_t *ret_last)
{
    struct import_run last = {0};
    int64_t value = 0;
    struct sql *sql = statement_for(filter, &value);
    int count = 0;
    int looked = 0;
    int r = drift_last_scan(tx, app_rid, &last);
    r = r == ERR_NOT_FOUND ? 0 : r;
    *ret_last = after;
    while (r >= 0 && count < limit && looked < DRIFT_LOOK_MAX) {
        struct query query;
        int rows = 0;
        r = tx_query(tx, &query, sql, I(app_rid), I(*ret_last), I(LOOK_AT_ONCE), I(value));
        while (r >= 0 && count < limit && (r = query_next(&query)) > 0) {
            read_row(tx, &query, &ret[count]);
            *ret_last = ret[count].rid;
            count += is_meant(filter, &ret[count], last.rid);
            rows++;
        }
        if (r > 0) /* full: there may be more behind it */
            query_close(&query);
        looked += rows;
        if (r == 0) {
            *ret_last = rows < LOOK_AT_ONCE ? 0 : *ret_last;
            if (*ret_last == 0)
                break;
        }
    }
    return r < 0 ? r : count;
}

int drift_count(struct tx *tx, int64_t app_rid, struct drift_counts *ret)
{
    struct query query;
    *ret = (struct drift_counts){0};
    int r = tx_query(tx, &query, &FINDINGS_COUNT, I(app_rid));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        int64_t kind = query_int(&query, 0);
        int64_t cause = query_int(&query, 1);
        int64_t state = query_int(&query, 2);
        int64_t count = query_int(&query, 3);
        if (state == DRIFT_ACCEPTED)
            ret->accepted += count;
        else if (kind > 0 && kind < DRIFT_KIND_END && cause > 0 && cause < CAUSE_END)
            ret->kind[kind][cause] += count;
        ret->repairing += state == DRIFT_WANTED || state == DRIFT_REPAIRING ? count : 0;
    }
    return r < 0 ? r : 0;
}

int drift_group_list(struct tx *tx, int64_t app_rid, int64_t after, struct drift_group *ret, int limit)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &GROUPS_OF_APP, I(app_rid), I(after), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret[count++] = (struct drift_group){.rid = query_int(&query, 0),
                                            .state = (enum drift_group_state)query_int(&query, 1),
                                            .members = query_int(&query, 2),
                                            .in_step = query_int(&query, 3),
                                            .checked = query_int(&query, 4)};
    return r < 0 ? r : count;
}
