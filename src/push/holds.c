/* SPDX-License-Identifier: Apache-2.0 */
/* Holds: lists of deletions that wait for somebody, what is decided about them, and what is raised again. */
#include "base/limits.h"
#include "push/push_private.h"
#include "record/record.h"

#define COLUMNS                                                                                                        \
    "rid, id, app_rid, kind, target_rid, status, opened, due, raised, revision, window_ms, used, waiting, base,"       \
    " percent, number, decided, decided_by"
#define DELETION_COLUMNS "rid, kind, state, object_rid, user_rid, external_id, hold_rid, since, app_rid"
#define TICK_ROWS 100 /* holds, and overdue deactivations, that one turn looks at */
#define SUBJECT "hold"

SQL(HOLD_OPEN_ONE, "SELECT " COLUMNS " FROM deletion_holds"
                   " WHERE app_rid = $1 AND kind = $2 AND target_rid = $3 AND status = 1");
SQL(HOLD_BY_ID, "SELECT " COLUMNS " FROM deletion_holds WHERE id = $1");
SQL(HOLD_BY_RID, "SELECT " COLUMNS " FROM deletion_holds WHERE rid = $1");
SQL(HOLDS_OF_APP, "SELECT " COLUMNS " FROM deletion_holds WHERE app_rid = $1 AND rid > $2 ORDER BY rid LIMIT $3");
SQL(HOLDS_OF_STATUS, "SELECT " COLUMNS " FROM deletion_holds"
                     " WHERE app_rid = $1 AND status = $4 AND rid > $2 ORDER BY rid LIMIT $3");
SQL(HOLDS_ALL, "SELECT " COLUMNS " FROM deletion_holds WHERE rid > $1 ORDER BY rid LIMIT $2");
SQL(HOLDS_ALL_OF_STATUS, "SELECT " COLUMNS " FROM deletion_holds WHERE status = $3 AND rid > $1 ORDER BY rid LIMIT $2");
SQL(HOLDS_DUE, "SELECT " COLUMNS " FROM deletion_holds WHERE due <= $1 ORDER BY due, rid LIMIT $2");
SQL(HOLD_INSERT, "INSERT INTO deletion_holds (id, app_rid, kind, target_rid, status, opened, due)"
                 " VALUES ($1, $2, $3, $4, 1, $5, $6) RETURNING rid");
SQL(HOLD_JOIN, "UPDATE deletion_holds SET revision = revision + 1, window_ms = $2, used = $3, waiting = $4, base = $5,"
               " percent = $6, number = $7 WHERE rid = $1");
SQL(HOLD_DECIDE, "UPDATE deletion_holds SET status = $2, decided = $3, decided_by = $4, due = $5 WHERE rid = $1");
SQL(HOLD_RAISE, "UPDATE deletion_holds SET raised = raised + $2, due = $3 WHERE rid = $1");
SQL(HOLD_DELETE, "DELETE FROM deletion_holds WHERE rid = $1");
SQL(HOLD_LEFT, "SELECT count(*) FROM deletions WHERE hold_rid = $1 AND state IN (2, 4)");
SQL(HOLD_ANY, "SELECT 1 FROM deletions WHERE hold_rid = $1 AND hold_rid > 0 LIMIT 1");
SQL(DELETIONS_OF_HOLD, "SELECT " DELETION_COLUMNS " FROM deletions"
                       " WHERE hold_rid = $1 AND rid > $2 AND state IN (2, 4) ORDER BY rid LIMIT $3");
SQL(DELETIONS_OF_HOLD_STATE, "SELECT " DELETION_COLUMNS " FROM deletions"
                             " WHERE hold_rid = $1 AND hold_rid > 0 AND state = $2 ORDER BY rid LIMIT $3");
SQL(DELETIONS_HELD, "SELECT " DELETION_COLUMNS " FROM deletions"
                    " WHERE app_rid = $1 AND rid > $2 AND state IN (2, 4, 5) ORDER BY rid LIMIT $3");
SQL(DELETIONS_OF_PERSON, "SELECT " DELETION_COLUMNS " FROM deletions"
                         " WHERE hold_rid = $1 AND hold_rid > 0 AND user_rid = $2 AND state IN (2, 4)"
                         " ORDER BY rid LIMIT $3");
SQL(DELETIONS_OF_STRANGER, "SELECT " DELETION_COLUMNS " FROM deletions WHERE hold_rid = $1 AND hold_rid > 0"
                           " AND user_rid = 0 AND external_id = $2 AND state IN (2, 4) ORDER BY rid LIMIT $3");
SQL(DELETIONS_OF_GROUP, "SELECT " DELETION_COLUMNS " FROM deletions WHERE kind = 2 AND object_rid = $2"
                        " AND hold_rid = $1 AND state IN (2, 4) ORDER BY rid LIMIT $3");
SQL(DELETIONS_PROTECTED, "SELECT " DELETION_COLUMNS " FROM deletions"
                         " WHERE state = 5 AND user_rid = $1 ORDER BY rid LIMIT $2");
SQL(DELETION_DECIDED, "UPDATE deletions SET state = $2 WHERE rid = $1");
SQL(DELETION_NEW_AGAIN, "UPDATE deletions SET state = 0, hold_rid = 0 WHERE rid = $1");
SQL(MEMBER_LET_GO, "UPDATE target_members SET error_class = NULL, error = NULL"
                   " WHERE target_rid = $1 AND user_rid = $2 AND error_class = 'HELD'");
SQL(MEMBER_TOLD, "UPDATE target_members SET error = $3"
                 " WHERE target_rid = $1 AND user_rid = $2 AND error_class = 'HELD'");
SQL(STRANGER_LET_GO, "UPDATE target_strangers SET remove_wanted = 1"
                     " WHERE target_rid = $1 AND external_id = $2 AND remove_wanted = 2");
SQL(OVERDUE, "SELECT rid, app_rid FROM deletions WHERE kind = 1 AND alerted = 0 AND since <= $1"
             " ORDER BY since LIMIT $2");
SQL(OVERDUE_TOLD, "UPDATE deletions SET alerted = 1 WHERE rid = $1");
SQL(HELD_OF_GROUP, "SELECT count(*) FROM target_members WHERE target_rid = $1 AND error_class = 'HELD'");
SQL(HELD_OF_APP, "SELECT count(*) FROM deletions WHERE app_rid = $1 AND kind = 3 AND state IN (2, 4, 5)");
SQL(STRANGERS_HELD, "SELECT count(*) FROM target_strangers WHERE target_rid = $1 AND remove_wanted = 2");
SQL(DELETIONS_DELETE_APP, "DELETE FROM deletions WHERE app_rid = $1");
SQL(HOLDS_DELETE_APP, "DELETE FROM deletion_holds WHERE app_rid = $1");
SQL(COUNTS_DELETE_APP, "DELETE FROM deletion_counts WHERE app_rid = $1");
SQL(LIMITS_DELETE_APP, "DELETE FROM deletion_limits WHERE app_rid = $1");

/* --- rows ----------------------------------------------------------------------------------------------------------
 */

static struct hold hold_row(struct tx *tx, const struct query *query)
{
    return (struct hold){.rid = query_int(query, 0),
                         .id = push_text(tx, query, 1),
                         .app_rid = query_int(query, 2),
                         .kind = (enum deletion_kind)query_int(query, 3),
                         .target_rid = query_int(query, 4),
                         .status = (enum hold_status)query_int(query, 5),
                         .opened = query_int(query, 6),
                         .due = query_int(query, 7),
                         .raised = query_int(query, 8),
                         .revision = query_int(query, 9),
                         .window_ms = query_int(query, 10),
                         .used = query_int(query, 11),
                         .waiting = query_int(query, 12),
                         .base = query_int(query, 13),
                         .percent = query_int(query, 14),
                         .number = query_int(query, 15),
                         .decided = query_int(query, 16),
                         .decided_by = push_text(tx, query, 17)};
}

/* Takes the row of a query that tx_query_row() started with result `r`. */
static int hold_take(struct tx *tx, struct query *query, int r, struct hold *ret)
{
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    *ret = hold_row(tx, query);
    query_close(query);
    return 0;
}

static int hold_count_left(struct tx *tx, struct hold *hold)
{
    int r = tx_get_int(tx, &hold->left, &HOLD_LEFT, I(hold->rid));
    return r < 0 ? r : 0;
}

int hold_by_id(struct tx *tx, int64_t app_rid, const char *id, struct hold *ret)
{
    struct query query;
    int r = hold_take(tx, &query, tx_query_row(tx, &query, &HOLD_BY_ID, T(id)), ret);
    if (r == 0 && ret->app_rid != app_rid)
        return ERR_NOT_FOUND;
    return r < 0 ? r : hold_count_left(tx, ret);
}

int hold_id_of(struct tx *tx, int64_t hold_rid, const char **ret_id)
{
    struct query query;
    struct hold hold = {.id = ""};
    int r = hold_take(tx, &query, tx_query_row(tx, &query, &HOLD_BY_RID, I(hold_rid)), &hold);
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    *ret_id = hold.id;
    return 0;
}

int hold_list(struct tx *tx, int64_t app_rid, int status, int64_t after, struct hold *ret, int limit)
{
    struct query query;
    int count = 0;
    int r;
    if (app_rid)
        r = status ? tx_query(tx, &query, &HOLDS_OF_STATUS, I(app_rid), I(after), I(limit), I(status))
                   : tx_query(tx, &query, &HOLDS_OF_APP, I(app_rid), I(after), I(limit));
    else
        r = status ? tx_query(tx, &query, &HOLDS_ALL_OF_STATUS, I(after), I(limit), I(status))
                   : tx_query(tx, &query, &HOLDS_ALL, I(after), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret[count++] = hold_row(tx, &query);
    for (int i = 0; r >= 0 && i < count; i++)
        r = hold_count_left(tx, &ret[i]);
    return r < 0 ? r : count;
}

static int deletion_rows(struct tx *tx, struct query *query, int r, struct deletion *ret)
{
    int count = 0;
    while (r >= 0 && (r = query_next(query)) > 0)
        ret[count++] = (struct deletion){.rid = query_int(query, 0),
                                         .kind = (enum deletion_kind)query_int(query, 1),
                                         .state = (enum deletion_state)query_int(query, 2),
                                         .object_rid = query_int(query, 3),
                                         .user_rid = query_int(query, 4),
                                         .external_id = push_text(tx, query, 5),
                                         .hold_rid = query_int(query, 6),
                                         .since = query_int(query, 7),
                                         .app_rid = query_int(query, 8)};
    return r < 0 ? r : count;
}

int deletion_list(struct tx *tx, int64_t app_rid, int64_t hold_rid, int64_t after, struct deletion *ret, int limit)
{
    struct query query;
    int r = hold_rid ? tx_query(tx, &query, &DELETIONS_OF_HOLD, I(hold_rid), I(after), I(limit))
                     : tx_query(tx, &query, &DELETIONS_HELD, I(app_rid), I(after), I(limit));
    int count = deletion_rows(tx, &query, r, ret);
    for (int i = 0; i < count; i++) { /* neighbours share a hold, mostly */
        bool same = i > 0 && ret[i].hold_rid == ret[i - 1].hold_rid;
        ret[i].hold_id = same ? ret[i - 1].hold_id : NULL;
        r = !same && ret[i].hold_rid ? hold_id_of(tx, ret[i].hold_rid, &ret[i].hold_id) : 0;
        if (r < 0)
            return r;
    }
    return count;
}

int64_t deletion_held_members(struct tx *tx, int64_t app_rid)
{
    int64_t count = 0;
    int r = tx_get_int(tx, &count, &HELD_OF_APP, I(app_rid));
    return r < 0 ? r : count;
}

int64_t deletion_held_of_group(struct tx *tx, int64_t target_rid)
{
    int64_t members = 0;
    int64_t strangers = 0;
    int r = tx_get_int(tx, &members, &HELD_OF_GROUP, I(target_rid));
    if (r >= 0)
        r = tx_get_int(tx, &strangers, &STRANGERS_HELD, I(target_rid));
    return r < 0 ? r : members + strangers;
}

/* --- opening and telling -------------------------------------------------------------------------------------------
 */

const char *hold_reason(struct tx *tx, const struct hold *hold)
{
    static const char *const what[] = {
        [DELETION_ACCOUNT] = "deactivations", [DELETION_GROUP] = "group deletions", [DELETION_MEMBER] = "removals"};
    static const char *const of[] = {
        [DELETION_ACCOUNT] = "active accounts", [DELETION_GROUP] = "groups", [DELETION_MEMBER] = "memberships"};
    return arena_printf(
        tx_arena(tx), "%lld %s wait and %lld were let go within %lld hours; of %lld %s %lld %% may go, or %lld",
        (long long)hold->waiting, what[hold->kind], (long long)hold->used, (long long)(hold->window_ms / 3600000),
        (long long)hold->base, hold->target_rid ? "members of the group" : of[hold->kind], (long long)hold->percent,
        (long long)hold->number);
}

static int tell(struct tx *tx, const struct hold *hold, const char *type, const char *message, enum severity severity,
                const char *reason)
{
    struct app app = {0};
    struct target_group target = {0};
    int r = app_by_rid(tx, hold->app_rid, &app);
    if (r == 0 && hold->target_rid)
        r = target_group_get(tx, hold->target_rid, &target);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    const char *debug = arena_printf(tx_arena(tx), "{\"holdId\":\"%s\",\"kind\":\"%s\",\"changes\":%lld}", hold->id,
                                     deletion_kind_name(hold->kind), (long long)hold->left);
    struct event event = {
        .type = type,
        .message = message,
        .severity = severity,
        .reason = reason,
        .targets = {{.id = app.id, .type = "AppInstance", .alternate_id = app.label, .name = app.label},
                    {.id = hold->id, .type = "DeletionHold", .name = target.name ? target.name : app.label}},
        .target_count = 2,
        .debug = debug};
    return record_event(tx, &event);
}

/* Told when it is opened, with what opened it; what joins later is shown by the hold, and told when it is raised. */
int hold_join(struct tx *tx, const struct scope *scope, const struct weight *weight, struct hold *ret)
{
    enum deletion_kind kind = scope->rule == RULE_ACCOUNTS ? DELETION_ACCOUNT
                              : scope->rule == RULE_GROUPS ? DELETION_GROUP
                                                           : DELETION_MEMBER;
    struct query query;
    int64_t rid = 0;
    int r = hold_take(tx, &query,
                      tx_query_row(tx, &query, &HOLD_OPEN_ONE, I(scope->app_rid), I(kind), I(scope->target_rid)), ret);
    bool is_new = r == ERR_NOT_FOUND;
    if (is_new)
        r = tx_get_int(tx, &rid, &HOLD_INSERT, T(tx_id(tx, "dlh")), I(scope->app_rid), I(kind), I(scope->target_rid),
                       I(tx_now(tx)), I(tx_now(tx) + LIMIT_HOLD_MS));
    if (r < 0)
        return r;
    r = tx_exec(tx, &HOLD_JOIN, I(is_new ? rid : ret->rid), I(weight->window_ms), I(weight->used), I(weight->waiting),
                I(weight->base), I(weight->percent), I(weight->number));
    if (r >= 0)
        r = hold_take(tx, &query, tx_query_row(tx, &query, &HOLD_BY_RID, I(is_new ? rid : ret->rid)), ret);
    if (r < 0 || !is_new)
        return r;
    ret->left = weight->waiting;
    return tell(tx, ret, "muster.deletion.hold", "Deletions are held: more than the deletion limit allows",
                SEVERITY_WARN, hold_reason(tx, ret));
}

/* --- deciding ------------------------------------------------------------------------------------------------------
 */

static int requeue_work(struct tx *tx, const struct deletion *deletion)
{
    bool account = deletion->kind == DELETION_ACCOUNT;
    return work_add(tx, deletion->app_rid, account ? WORK_ACCOUNT : WORK_GROUP, deletion->object_rid, WORK_URGENT);
}

/* It is looked at again: what the planner set aside is due. */
static int requeue(struct tx *tx, const struct deletion *deletion)
{
    int r = 0;
    if (deletion->kind == DELETION_MEMBER)
        r = deletion->user_rid ? tx_exec(tx, &MEMBER_LET_GO, I(deletion->object_rid), I(deletion->user_rid))
                               : tx_exec(tx, &STRANGER_LET_GO, I(deletion->object_rid), T(deletion->external_id));
    return r < 0 ? r : requeue_work(tx, deletion);
}

static int let_go(struct tx *tx, const struct deletion *deletion)
{
    int r = tx_exec(tx, &DELETION_DECIDED, I(deletion->rid), I(DELETION_APPROVED));
    return r < 0 ? r : requeue(tx, deletion);
}

/* Members carry the words themselves; an account or group gets them when it is looked at. */
static int set_aside(struct tx *tx, const struct hold *hold, const struct deletion *deletion)
{
    int r = tx_exec(tx, &DELETION_DECIDED, I(deletion->rid), I(DELETION_REJECTED));
    if (r < 0 || deletion->kind != DELETION_MEMBER)
        return r < 0 ? r : requeue_work(tx, deletion);
    const char *why = arena_printf(tx_arena(tx), "Rejected: hold %s was decided so, and nothing is sent", hold->id);
    r = tx_exec(tx, &MEMBER_TOLD, I(deletion->object_rid), I(deletion->user_rid), T(why));
    return r < 0 ? r : 0;
}

int hold_expand(struct tx *tx, struct work *work)
{
    struct query query;
    struct hold hold = {0};
    struct deletion *chunk = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*chunk));
    int r = hold_take(tx, &query, tx_query_row(tx, &query, &HOLD_BY_RID, I(work->object_rid)), &hold);
    if (r < 0 || hold.status == HOLD_OPEN)
        return r == ERR_NOT_FOUND ? 0 : MIN_OF(r, 0);
    r = tx_query(tx, &query, &DELETIONS_OF_HOLD_STATE, I(hold.rid), I(DELETION_HELD), I(LIMIT_EXPAND_ROWS));
    int count = deletion_rows(tx, &query, r, chunk);
    if (count == 0 && hold.status == HOLD_APPROVED) { /* it had been rejected before */
        r = tx_query(tx, &query, &DELETIONS_OF_HOLD_STATE, I(hold.rid), I(DELETION_REJECTED), I(LIMIT_EXPAND_ROWS));
        count = deletion_rows(tx, &query, r, chunk);
    }
    if (count < 0)
        return count;
    for (int i = 0; i < count; i++) {
        r = hold.status == HOLD_APPROVED ? let_go(tx, &chunk[i]) : set_aside(tx, &hold, &chunk[i]);
        if (r < 0)
            return r;
    }
    if (count == 0)
        return 0;
    r = work_set_cursor(tx, work->rid, work->cursor + 1);
    return r < 0 ? r : 1;
}

static int refuse_decision(const struct hold *hold, enum hold_status status, int64_t revision, struct problem *problem)
{
    bool again = hold->status == HOLD_REJECTED && status == HOLD_APPROVED;
    if (hold->status != HOLD_OPEN && !again)
        return problem_set(problem, E0000027, "The hold was %s already, by %s.",
                           hold->status == HOLD_APPROVED ? "approved" : "rejected",
                           hold->decided_by ? hold->decided_by : "somebody");
    if (revision != hold->revision)
        return problem_invalid(problem, SUBJECT,
                               "revision: More has joined the hold: it is at revision %lld now. Look at its changes "
                               "again, then decide with that.",
                               (long long)hold->revision);
    return 0;
}

int hold_decide(struct tx *tx, struct hold *hold, enum hold_status status, int64_t revision, struct problem *problem)
{
    int r = refuse_decision(hold, status, revision, problem);
    if (r < 0)
        return r;
    const struct origin *origin = tx_origin(tx);
    hold->status = status;
    hold->decided = tx_now(tx);
    hold->decided_by = origin->actor_name ? origin->actor_name : "system";
    hold->due = tx_now(tx) + LIMIT_HOLD_KEEP_MS;
    r = tx_exec(tx, &HOLD_DECIDE, I(hold->rid), I(status), I(hold->decided), T(hold->decided_by), I(hold->due));
    if (r >= 0)
        r = work_add(tx, hold->app_rid, WORK_EXPAND_HOLD, hold->rid, WORK_URGENT);
    if (r < 0)
        return r;
    bool approved = status == HOLD_APPROVED;
    return tell(tx, hold, approved ? "muster.deletion.approve" : "muster.deletion.reject",
                approved ? "Approve held deletions" : "Reject held deletions", SEVERITY_WARN, hold_reason(tx, hold));
}

int hold_release(struct tx *tx, struct hold *hold, int64_t user_rid, const char *external_id, int64_t target_rid,
                 struct problem *problem)
{
    struct query query;
    struct deletion *found = arena_array(tx_arena(tx), LIMIT_REACTOR_ROWS, sizeof(*found));
    int limit = LIMIT_REACTOR_ROWS;
    int r = 0;
    if (target_rid)
        r = tx_query(tx, &query, &DELETIONS_OF_GROUP, I(hold->rid), I(target_rid), I(limit));
    else if (user_rid)
        r = tx_query(tx, &query, &DELETIONS_OF_PERSON, I(hold->rid), I(user_rid), I(limit));
    else
        r = tx_query(tx, &query, &DELETIONS_OF_STRANGER, I(hold->rid), T(external_id), I(limit));
    int count = deletion_rows(tx, &query, r, found);
    if (count == 0)
        return problem_invalid(problem, SUBJECT,
                               "%s: The hold has nothing of it (any more). GET the hold's changes for those it has.",
                               target_rid ? "targetGroupId"
                               : user_rid ? "userId"
                                          : "externalId");
    r = MIN_OF(count, 0);
    for (int i = 0; r == 0 && i < count; i++)
        r = let_go(tx, &found[i]);
    if (r == 0)
        r = hold_count_left(tx, hold);
    return r < 0 ? r
                 : tell(tx, hold, "muster.deletion.release", "Release a held deletion", SEVERITY_WARN,
                        arena_printf(tx_arena(tx), "%d of the hold", count));
}

int deletion_unprotected(struct tx *tx, int64_t user_rid)
{
    struct query query;
    struct deletion *found = arena_array(tx_arena(tx), LIMIT_REACTOR_ROWS, sizeof(*found));
    int r = tx_query(tx, &query, &DELETIONS_PROTECTED, I(user_rid), I(LIMIT_REACTOR_ROWS));
    int count = deletion_rows(tx, &query, r, found);
    r = MIN_OF(count, 0);
    for (int i = 0; r == 0 && i < count; i++) {
        r = tx_exec(tx, &DELETION_NEW_AGAIN, I(found[i].rid));
        if (r >= 0)
            r = requeue(tx, &found[i]);
    }
    return r < 0 ? r : 0;
}

/* --- what time brings ----------------------------------------------------------------------------------------------
 */

/* A hold that nobody decided is told again; one that has nothing left goes. */
static int hold_raise(struct tx *tx, struct hold *hold)
{
    int64_t any = 0;
    int r = tx_get_int(tx, &any, &HOLD_ANY, I(hold->rid));
    if (r == 0) {
        r = tx_exec(tx, &HOLD_DELETE, I(hold->rid));
        return r < 0 ? r : 0;
    }
    bool open = hold->status == HOLD_OPEN;
    int64_t due = tx_now(tx) + (open ? LIMIT_HOLD_MS : LIMIT_HOLD_KEEP_MS);
    if (r >= 0)
        r = tx_exec(tx, &HOLD_RAISE, I(hold->rid), I(open), I(due));
    if (r >= 0)
        r = hold_count_left(tx, hold);
    if (r < 0 || !open)
        return r < 0 ? r : 0;
    return tell(tx, hold, "muster.deletion.hold.raise", "Held deletions still wait for a decision", SEVERITY_WARN,
                hold_reason(tx, hold));
}

static int raise_due(struct tx *tx)
{
    struct query query;
    struct hold *due = arena_array(tx_arena(tx), TICK_ROWS, sizeof(*due));
    int count = 0;
    int r = tx_query(tx, &query, &HOLDS_DUE, I(tx_now(tx)), I(TICK_ROWS));
    while (r >= 0 && (r = query_next(&query)) > 0)
        due[count++] = hold_row(tx, &query);
    for (int i = 0; r >= 0 && i < count; i++)
        r = hold_raise(tx, &due[i]);
    return r < 0 ? r : 0;
}

static int tell_overdue(struct tx *tx, int64_t app_rid)
{
    struct app app = {0};
    int r = app_by_rid(tx, app_rid, &app);
    int64_t count = r < 0 ? r : deletion_overdue(tx, app_rid);
    if (count < 0)
        return count == ERR_NOT_FOUND ? 0 : (int)count;
    struct event event = {
        .type = "muster.deactivation.overdue",
        .message = "Deactivations are overdue",
        .severity = SEVERITY_WARN,
        .reason = arena_printf(tx_arena(tx),
                               "%lld accounts that should be inactive are not known to be, for more than "
                               "an hour: look at holds, errors and pauses of the app",
                               (long long)count),
        .targets = {{.id = app.id, .type = "AppInstance", .alternate_id = app.label, .name = app.label}},
        .target_count = 1};
    return record_event(tx, &event);
}

/* Each overdue deactivation is told once; those of one app that are found together, together. */
static int tell_all_overdue(struct tx *tx)
{
    struct query query;
    int64_t rids[TICK_ROWS];
    int64_t apps[TICK_ROWS];
    int count = 0;
    int r = tx_query(tx, &query, &OVERDUE, I(tx_now(tx) - LIMIT_OVERDUE_MS), I(TICK_ROWS));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        rids[count] = query_int(&query, 0);
        apps[count++] = query_int(&query, 1);
    }
    for (int i = 0; r >= 0 && i < count; i++) {
        bool told = false;
        for (int j = 0; j < i; j++)
            told |= apps[j] == apps[i];
        r = tx_exec(tx, &OVERDUE_TOLD, I(rids[i]));
        if (r >= 0 && !told)
            r = tell_overdue(tx, apps[i]);
    }
    return r < 0 ? r : 0;
}

int deletion_tick(struct tx *tx)
{
    int r = raise_due(tx);
    return r < 0 ? r : tell_all_overdue(tx);
}

int deletions_delete_app(struct tx *tx, int64_t app_rid)
{
    static struct sql *const statements[] = {&DELETIONS_DELETE_APP, &HOLDS_DELETE_APP, &COUNTS_DELETE_APP,
                                             &LIMITS_DELETE_APP};
    int r = 0;
    for (size_t i = 0; r >= 0 && i < ARRAY_LEN(statements); i++)
        r = tx_exec(tx, statements[i], I(app_rid));
    return r < 0 ? r : 0;
}
