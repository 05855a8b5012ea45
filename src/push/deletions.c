/* SPDX-License-Identifier: Apache-2.0 */
/* Deletion limits: what is wanted gone, what is counted, and what the planner is told. */
#include "push/deletions.h"

#include "base/limits.h"
#include "push/push_private.h"

SQL(DELETION_ADD, "INSERT INTO deletions (app_rid, kind, object_rid, user_rid, external_id, state, since)"
                  " VALUES ($1, $2, $3, $4, $5, 0, $6)"
                  " ON CONFLICT (kind, object_rid, user_rid, external_id) DO NOTHING");
SQL(DELETION_GET, "SELECT state, hold_rid FROM deletions"
                  " WHERE kind = $1 AND object_rid = $2 AND user_rid = $3 AND external_id = $4");
SQL(DELETION_SET_STATE, "UPDATE deletions SET state = $5, hold_rid = 0"
                        " WHERE kind = $1 AND object_rid = $2 AND user_rid = $3 AND external_id = $4");
SQL(DELETION_FORGET, "DELETE FROM deletions"
                     " WHERE kind = $1 AND object_rid = $2 AND user_rid = $3 AND external_id = $4");
SQL(DELETION_FORGET_ROW, "DELETE FROM deletions WHERE kind = 3 AND external_id = ''"
                         " AND object_rid = (SELECT target_rid FROM target_members WHERE rid = $1)"
                         " AND user_rid = (SELECT user_rid FROM target_members WHERE rid = $1)");
SQL(DELETION_FORGET_OBJECT, "DELETE FROM deletions WHERE kind = $1 AND object_rid = $2");
SQL(DELETIONS_OF_EXTRA,
    "INSERT INTO deletions (app_rid, kind, object_rid, user_rid, external_id, state, since)"
    " SELECT CAST($2 AS BIGINT), 3, target_rid, user_rid, '', 0, CAST($3 AS BIGINT) FROM target_members"
    " WHERE target_rid = $1 AND extra = 1" NOT_EXCEPTED(
        "2", "$1", "target_members.external_id") " ON CONFLICT (kind, object_rid, user_rid, external_id) DO NOTHING");
SQL(DELETIONS_OF_STRANGERS,
    "INSERT INTO deletions (app_rid, kind, object_rid, user_rid, external_id, state, since)"
    " SELECT CAST($2 AS BIGINT), 3, target_rid, 0, external_id, 0, CAST($3 AS BIGINT) FROM target_strangers"
    " WHERE target_rid = $1 AND remove_wanted = 1"
    " ON CONFLICT (kind, object_rid, user_rid, external_id) DO NOTHING");
SQL(DELETIONS_WITHOUT_STRANGER,
    "DELETE FROM deletions WHERE kind = 3 AND object_rid = $1 AND user_rid = 0 AND NOT EXISTS"
    " (SELECT 1 FROM target_strangers AS s WHERE s.target_rid = $1 AND s.external_id = deletions.external_id)");
SQL(DELETIONS_TAKE, "UPDATE deletions SET state = $4, hold_rid = $5"
                    " WHERE app_rid = $1 AND kind = $2 AND state = 0 AND object_rid = $3");
SQL(DELETIONS_TAKE_ALL, "UPDATE deletions SET state = $3, hold_rid = $4"
                        " WHERE app_rid = $1 AND kind = $2 AND state = 0");
SQL(DELETIONS_NEW_OBJECTS, "SELECT object_rid, count(*) FROM deletions WHERE app_rid = $1 AND kind = $2 AND state = 0"
                           " AND object_rid > $3 GROUP BY object_rid ORDER BY object_rid LIMIT $4");
SQL(DELETIONS_COUNT, "SELECT count(*) FROM (SELECT 1 FROM deletions"
                     " WHERE app_rid = $1 AND kind = $2 AND state = $3 LIMIT $4) AS counted");
SQL(DELETIONS_COUNT_OBJECT,
    "SELECT count(*) FROM (SELECT 1 FROM deletions"
    " WHERE app_rid = $1 AND kind = $2 AND state = $3 AND object_rid = $4 LIMIT $5) AS counted");
SQL(MEMBERS_HOLD_NEW, "UPDATE target_members SET error_class = 'HELD', error = $3, error_at = $4 WHERE target_rid = $1"
                      " AND user_rid IN (SELECT user_rid FROM deletions WHERE app_rid = $2 AND kind = 3 AND state = 0"
                      " AND object_rid = $1)");
SQL(STRANGERS_HOLD_NEW,
    "UPDATE target_strangers SET remove_wanted = 2 WHERE target_rid = $1"
    " AND external_id IN (SELECT external_id FROM deletions WHERE app_rid = $2 AND kind = 3 AND state = 0"
    " AND object_rid = $1)");
SQL(COUNT_ADD, "INSERT INTO deletion_counts (app_rid, kind, object_rid, bucket, n) VALUES ($1, $2, $3, $4, $5)"
               " ON CONFLICT (app_rid, kind, object_rid, bucket) DO UPDATE SET n = deletion_counts.n + excluded.n");
SQL(COUNT_USED, "SELECT coalesce(sum(n), 0) FROM deletion_counts"
                " WHERE app_rid = $1 AND kind = $2 AND object_rid = $3 AND bucket >= $4");
SQL(COUNT_EXPIRE, "DELETE FROM deletion_counts"
                  " WHERE app_rid = $1 AND kind = $2 AND object_rid = $3 AND bucket < $4");
SQL(LIMITS_OF_APP, "SELECT rule, off, percent, number FROM deletion_limits WHERE app_rid = $1");
SQL(LIMIT_PUT, "INSERT INTO deletion_limits (app_rid, rule, off, percent, number) VALUES ($1, $2, $3, $4, $5)"
               " ON CONFLICT (app_rid, rule) DO UPDATE SET off = excluded.off, percent = excluded.percent,"
               " number = excluded.number");
SQL(LIMIT_FORGET, "DELETE FROM deletion_limits WHERE app_rid = $1 AND rule = $2");
SQL(GROUPS_KNOWN, "SELECT count(*) FROM (SELECT 1 FROM target_groups"
                  " WHERE app_rid = $1 AND external_id IS NOT NULL LIMIT $2) AS counted");
SQL(MEMBERS_KNOWN, "SELECT count(*) FROM (SELECT 1 FROM target_members"
                   " WHERE target_rid = $1 AND known = 1 LIMIT $2) AS counted");
SQL(STRANGERS_KNOWN, "SELECT count(*) FROM (SELECT 1 FROM target_strangers"
                     " WHERE target_rid = $1 LIMIT $2) AS counted");
SQL(GROUPS_SIZES,
    "SELECT g.rid,"
    " (SELECT count(*) FROM (SELECT 1 FROM target_members AS m WHERE m.target_rid = g.rid AND m.known = 1 LIMIT $4) AS "
    "a)"
    " + (SELECT count(*) FROM (SELECT 1 FROM target_strangers AS s WHERE s.target_rid = g.rid LIMIT $4) AS b)"
    " FROM target_groups AS g WHERE g.app_rid = $1 AND g.rid > $2 ORDER BY g.rid LIMIT $3");
SQL(OVERDUE_COUNT, "SELECT count(*) FROM deletions WHERE app_rid = $1 AND kind = 1 AND since <= $2");

/* --- limits --------------------------------------------------------------------------------------------------------
 */

#define RULE_WINDOW (-1) /* in the table: the window, in `number` */

static const char *const rule_names[RULE_COUNT] = {
    [RULE_ACCOUNTS] = "deactivations",
    [RULE_GROUPS] = "groupDeletions",
    [RULE_MEMBERS_OF_GROUP] = "removalsPerGroup",
    [RULE_MEMBERS] = "removals",
};

const char *deletion_rule_name(enum deletion_rule rule)
{
    return rule_names[rule];
}

const char *deletion_kind_name(enum deletion_kind kind)
{
    static const char *const names[] = {
        [DELETION_ACCOUNT] = "DEACTIVATION", [DELETION_GROUP] = "GROUP_DELETION", [DELETION_MEMBER] = "REMOVAL"};
    return names[kind];
}

const char *deletion_state_name(enum deletion_state state)
{
    static const char *const names[] = {
        [DELETION_NEW] = "NEW",           [DELETION_COUNTED] = "COUNTED",   [DELETION_HELD] = "HELD",
        [DELETION_APPROVED] = "APPROVED", [DELETION_REJECTED] = "REJECTED", [DELETION_PROTECTED] = "PROTECTED"};
    return names[state];
}

static int limits_overlay(struct tx *tx, int64_t app_rid, struct deletion_limits *limits)
{
    enum deletion_source source = app_rid ? DELETION_OF_APP : DELETION_OF_ORG;
    struct query query;
    int r = tx_query(tx, &query, &LIMITS_OF_APP, I(app_rid));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        int64_t rule = query_int(&query, 0);
        if (rule == RULE_WINDOW) {
            limits->window_ms = query_int(&query, 3);
            limits->window_source = source;
        } else if (rule >= 0 && rule < RULE_COUNT) {
            limits->rules[rule] = (struct deletion_limit){.off = query_int(&query, 1) != 0,
                                                          .percent = query_int(&query, 2),
                                                          .number = query_int(&query, 3),
                                                          .source = source};
        }
    }
    return r < 0 ? r : 0;
}

int deletion_limits_get(struct tx *tx, int64_t app_rid, struct deletion_limits *ret)
{
    struct deletion_limits limits = {.window_ms = LIMIT_DELETION_WINDOW_MS};
    for (int i = 0; i < RULE_COUNT; i++)
        limits.rules[i] = (struct deletion_limit){.percent = LIMIT_DELETION_PERCENT, .number = LIMIT_DELETION_NUMBER};
    int r = limits_overlay(tx, 0, &limits);
    if (r == 0 && app_rid)
        r = limits_overlay(tx, app_rid, &limits);
    if (r == 0)
        *ret = limits;
    return r;
}

int deletion_limit_set(struct tx *tx, int64_t app_rid, enum deletion_rule rule, const struct deletion_limit *limit)
{
    int r = limit ? tx_exec(tx, &LIMIT_PUT, I(app_rid), I(rule), I(limit->off), I(limit->percent), I(limit->number))
                  : tx_exec(tx, &LIMIT_FORGET, I(app_rid), I(rule));
    return r < 0 ? r : 0;
}

int deletion_window_set(struct tx *tx, int64_t app_rid, int64_t window_ms)
{
    int r = window_ms ? tx_exec(tx, &LIMIT_PUT, I(app_rid), I(RULE_WINDOW), I(0), I(0), I(window_ms))
                      : tx_exec(tx, &LIMIT_FORGET, I(app_rid), I(RULE_WINDOW));
    return r < 0 ? r : 0;
}

/* --- weighing ------------------------------------------------------------------------------------------------------
 */

static enum deletion_kind kind_of(enum deletion_rule rule)
{
    switch (rule) {
    case RULE_ACCOUNTS:
        return DELETION_ACCOUNT;
    case RULE_GROUPS:
        return DELETION_GROUP;
    case RULE_MEMBERS_OF_GROUP:
    case RULE_MEMBERS:
    case RULE_COUNT:
    default:
        return DELETION_MEMBER;
    }
}

/* A bucket counts as long as any of it is within the window; one of the future (the clock was set back) too. */
static int64_t used_of(struct tx *tx, int64_t app_rid, enum deletion_kind kind, int64_t object_rid, int64_t window_ms)
{
    int64_t used = 0;
    int64_t first = (tx_now(tx) - window_ms) / LIMIT_DELETION_BUCKET_MS;
    int r = tx_get_int(tx, &used, &COUNT_USED, I(app_rid), I(kind), I(object_rid), I(first));
    return r < 0 ? r : used;
}

int64_t deletion_used(struct tx *tx, int64_t app_rid, enum deletion_rule rule, int64_t window_ms)
{
    return used_of(tx, app_rid, kind_of(rule), 0, window_ms);
}

int64_t deletion_overdue(struct tx *tx, int64_t app_rid)
{
    int64_t count = 0;
    int r = tx_get_int(tx, &count, &OVERDUE_COUNT, I(app_rid), I(tx_now(tx) - LIMIT_OVERDUE_MS));
    return r < 0 ? r : count;
}

/* Rows of one state, of a group (per-group rule) or of the app; counted up to `limit`. */
static int64_t count_state(struct tx *tx, const struct scope *scope, enum deletion_state state, int64_t limit)
{
    int64_t count = 0;
    enum deletion_kind kind = kind_of(scope->rule);
    int r = scope->target_rid
                ? tx_get_int(tx, &count, &DELETIONS_COUNT_OBJECT, I(scope->app_rid), I(kind), I(state),
                             I(scope->target_rid), I(limit))
                : tx_get_int(tx, &count, &DELETIONS_COUNT, I(scope->app_rid), I(kind), I(state), I(limit));
    return r < 0 ? r : count;
}

#define GROUPS_AT_ONCE 100

/* Memberships in all groups of an app, group by group until there are enough. */
static int64_t count_all_members(struct tx *tx, int64_t app_rid, int64_t limit)
{
    int64_t total = 0;
    int64_t after = 0;
    int count = GROUPS_AT_ONCE;
    while (count == GROUPS_AT_ONCE && total < limit) {
        struct query query;
        count = 0;
        int r = tx_query(tx, &query, &GROUPS_SIZES, I(app_rid), I(after), I(GROUPS_AT_ONCE), I(limit));
        for (; r >= 0 && (r = query_next(&query)) > 0; count++) {
            after = query_int(&query, 0);
            total += query_int(&query, 1);
        }
        if (r < 0)
            return r;
    }
    return total;
}

/* How many there are to lose by now; counted up to `limit`. */
static int64_t count_there(struct tx *tx, const struct scope *scope, int64_t limit)
{
    int64_t members = 0;
    int64_t strangers = 0;
    int r = 0;
    switch (scope->rule) {
    case RULE_ACCOUNTS:
        return account_count_active(tx, scope->app_rid, limit);
    case RULE_GROUPS:
        r = tx_get_int(tx, &members, &GROUPS_KNOWN, I(scope->app_rid), I(limit));
        break;
    case RULE_MEMBERS_OF_GROUP:
        r = tx_get_int(tx, &members, &MEMBERS_KNOWN, I(scope->target_rid), I(limit));
        if (r >= 0)
            r = tx_get_int(tx, &strangers, &STRANGERS_KNOWN, I(scope->target_rid), I(limit));
        break;
    case RULE_MEMBERS:
    case RULE_COUNT:
    default:
        return count_all_members(tx, scope->app_rid, limit);
    }
    return r < 0 ? r : members + strangers;
}

/*
 * Are `fresh` deletions more than the limit, with those in the window and those that are held? The per cent is of what
 * there was before the window: what is there now, and what the window took away. 1 over, 0 within.
 */
static int weigh(struct tx *tx, const struct deletion_limits *limits, const struct scope *scope, int64_t fresh,
                 struct weight *ret)
{
    const struct deletion_limit *limit = &limits->rules[scope->rule];
    *ret = (struct weight){.window_ms = limits->window_ms, .percent = limit->percent, .number = limit->number};
    if (limit->off)
        return 0;
    ret->used = used_of(tx, scope->app_rid, kind_of(scope->rule), scope->target_rid, limits->window_ms);
    int64_t held = ret->used < 0 ? ret->used : count_state(tx, scope, DELETION_HELD, LIMIT_DELETION_NUMBER_MAX);
    if (held < 0)
        return (int)held;
    ret->waiting = held + fresh;
    int64_t all = ret->used + ret->waiting;
    if (all <= limit->number)
        return 0;
    int64_t enough = limit->percent ? all * 100 / limit->percent + 1 : LIMIT_DELETION_NUMBER_MAX;
    int64_t counted = count_state(tx, scope, DELETION_COUNTED, ret->used + 1);
    int64_t there = counted < 0 ? counted : count_there(tx, scope, enough + counted);
    if (there < 0)
        return (int)there;
    ret->base = there + MAX_OF(ret->used - counted, (int64_t)0);
    return all * 100 > limit->percent * ret->base;
}

/* --- what follows --------------------------------------------------------------------------------------------------
 */

static int count_in(struct tx *tx, const struct scope *scope, const struct deletion_limits *limits, int64_t fresh)
{
    int64_t bucket = tx_now(tx) / LIMIT_DELETION_BUCKET_MS;
    int64_t window = MAX_OF(limits->window_ms, (int64_t)LIMIT_DELETION_WINDOW_HOURS_MAX * 3600 * 1000);
    int64_t first = (tx_now(tx) - window) / LIMIT_DELETION_BUCKET_MS;
    enum deletion_kind kind = kind_of(scope->rule);
    int r = tx_exec(tx, &COUNT_EXPIRE, I(scope->app_rid), I(kind), I(scope->target_rid), I(first));
    if (r >= 0)
        r = tx_exec(tx, &COUNT_ADD, I(scope->app_rid), I(kind), I(scope->target_rid), I(bucket), I(fresh));
    return r < 0 ? r : 0;
}

struct fresh {
    int64_t object_rid;
    int64_t count;
};

/* The objects (for removals: groups) that have something new, above `after`, and how much. The count. */
static int fresh_objects(struct tx *tx, const struct scope *scope, int64_t after, struct fresh *ret, int limit)
{
    struct query query;
    int count = 0;
    int r =
        tx_query(tx, &query, &DELETIONS_NEW_OBJECTS, I(scope->app_rid), I(kind_of(scope->rule)), I(after), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret[count++] = (struct fresh){.object_rid = query_int(&query, 0), .count = query_int(&query, 1)};
    return r < 0 ? r : count;
}

static const char *why_held(struct tx *tx, enum deletion_state state, const char *hold_id)
{
    switch (state) {
    case DELETION_REJECTED:
        return arena_printf(tx_arena(tx), "Rejected: hold %s was decided so, and nothing is sent", hold_id);
    case DELETION_PROTECTED:
        return "Protected: Muster takes nobody and nothing away that is marked so";
    case DELETION_NEW:
    case DELETION_COUNTED:
    case DELETION_HELD:
    case DELETION_APPROVED:
    default:
        return arena_printf(tx_arena(tx), "Held by a deletion limit: approve or reject hold %s, or release it alone",
                            hold_id);
    }
}

/* The new removals of one group join a hold. */
static int hold_members(struct tx *tx, int64_t app_rid, int64_t target_rid, const struct hold *hold)
{
    const char *why = why_held(tx, DELETION_HELD, hold->id);
    int r = tx_exec(tx, &MEMBERS_HOLD_NEW, I(target_rid), I(app_rid), T(why), I(tx_now(tx)));
    if (r >= 0)
        r = tx_exec(tx, &STRANGERS_HOLD_NEW, I(target_rid), I(app_rid));
    if (r >= 0)
        r = tx_exec(tx, &DELETIONS_TAKE, I(app_rid), I(DELETION_MEMBER), I(target_rid), I(DELETION_HELD), I(hold->rid));
    return r < 0 ? r : 0;
}

/* Everything new of the kind joins a hold of the app. */
static int hold_all(struct tx *tx, const struct scope *scope, const struct weight *weight)
{
    struct hold hold = {0};
    enum deletion_kind kind = kind_of(scope->rule);
    struct fresh *groups = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*groups));
    int r = hold_join(tx, scope, weight, &hold);
    int count = kind == DELETION_MEMBER && r == 0 ? LIMIT_EXPAND_ROWS : 0;
    while (r == 0 && count == LIMIT_EXPAND_ROWS) { /* those that joined are new no more */
        count = fresh_objects(tx, scope, 0, groups, LIMIT_EXPAND_ROWS);
        r = MIN_OF(count, 0);
        for (int i = 0; r == 0 && i < count; i++)
            r = hold_members(tx, scope->app_rid, groups[i].object_rid, &hold);
    }
    if (r == 0)
        r = tx_exec(tx, &DELETIONS_TAKE_ALL, I(scope->app_rid), I(kind), I(DELETION_HELD), I(hold.rid));
    return r < 0 ? r : 0;
}

/* Accounts and groups: one limit for the app. */
static int judge_app(struct tx *tx, const struct deletion_limits *limits, const struct scope *scope)
{
    struct weight weight = {0};
    int64_t fresh = count_state(tx, scope, DELETION_NEW, LIMIT_DELETION_NUMBER_MAX);
    int over = fresh <= 0 ? (int)fresh : weigh(tx, limits, scope, fresh, &weight);
    if (over < 0 || fresh == 0)
        return over;
    if (over)
        return hold_all(tx, scope, &weight);
    int r = tx_exec(tx, &DELETIONS_TAKE_ALL, I(scope->app_rid), I(kind_of(scope->rule)), I(DELETION_COUNTED), I(0));
    return r < 0 ? r : count_in(tx, scope, limits, fresh);
}

/* The new removals of one group, when those of the app are within its limit. */
static int judge_group(struct tx *tx, const struct deletion_limits *limits, const struct scope *app,
                       const struct fresh *fresh)
{
    struct scope scope = {.app_rid = app->app_rid, .rule = RULE_MEMBERS_OF_GROUP, .target_rid = fresh->object_rid};
    struct weight weight = {0};
    struct hold hold = {0};
    int r = weigh(tx, limits, &scope, fresh->count, &weight);
    if (r > 0) {
        r = hold_join(tx, &scope, &weight, &hold);
        return r < 0 ? r : hold_members(tx, scope.app_rid, scope.target_rid, &hold);
    }
    if (r == 0)
        r = tx_exec(tx, &DELETIONS_TAKE, I(scope.app_rid), I(DELETION_MEMBER), I(scope.target_rid), I(DELETION_COUNTED),
                    I(0));
    if (r >= 0)
        r = count_in(tx, &scope, limits, fresh->count);
    return r < 0 ? r : count_in(tx, app, limits, fresh->count);
}

static int judge_members(struct tx *tx, const struct deletion_limits *limits, const struct scope *scope)
{
    struct weight weight = {0};
    struct fresh *groups = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*groups));
    int64_t fresh = count_state(tx, scope, DELETION_NEW, LIMIT_DELETION_NUMBER_MAX);
    int over = fresh <= 0 ? (int)fresh : weigh(tx, limits, scope, fresh, &weight);
    if (over < 0 || fresh == 0)
        return over;
    if (over)
        return hold_all(tx, scope, &weight);
    int count = LIMIT_EXPAND_ROWS;
    while (count == LIMIT_EXPAND_ROWS) {
        count = fresh_objects(tx, scope, 0, groups, LIMIT_EXPAND_ROWS);
        for (int i = 0; i < count; i++) {
            int r = judge_group(tx, limits, scope, &groups[i]);
            if (r < 0)
                return r;
        }
    }
    return MIN_OF(count, 0);
}

int deletions_judge(struct tx *tx, int64_t app_rid, enum deletion_kind kind)
{
    struct deletion_limits limits;
    struct scope scope = {.app_rid = app_rid};
    int r = deletion_limits_get(tx, app_rid, &limits);
    if (r < 0)
        return r;
    scope.rule = kind == DELETION_ACCOUNT ? RULE_ACCOUNTS : kind == DELETION_GROUP ? RULE_GROUPS : RULE_MEMBERS;
    return kind == DELETION_MEMBER ? judge_members(tx, &limits, &scope) : judge_app(tx, &limits, &scope);
}

/* --- single deletions ----------------------------------------------------------------------------------------------
 */

int deletion_add(struct tx *tx, int64_t app_rid, const struct deletion_key *key)
{
    int r = tx_exec(tx, &DELETION_ADD, I(app_rid), I(key->kind), I(key->object_rid), I(key->user_rid),
                    T(key->external_id), I(tx_now(tx)));
    return r < 0 ? r : 0;
}

int deletion_forget(struct tx *tx, const struct deletion_key *key)
{
    int r = tx_exec(tx, &DELETION_FORGET, I(key->kind), I(key->object_rid), I(key->user_rid), T(key->external_id));
    return r < 0 ? r : 0;
}

int deletion_forget_member(struct tx *tx, int64_t member_rid)
{
    int r = tx_exec(tx, &DELETION_FORGET_ROW, I(member_rid));
    return r < 0 ? r : 0;
}

int deletion_forget_group(struct tx *tx, int64_t target_rid)
{
    int r = tx_exec(tx, &DELETION_FORGET_OBJECT, I(DELETION_MEMBER), I(target_rid));
    if (r >= 0)
        r = tx_exec(tx, &DELETION_FORGET_OBJECT, I(DELETION_GROUP), I(target_rid));
    return r < 0 ? r : 0;
}

int deletions_of_extra(struct tx *tx, int64_t app_rid, int64_t target_rid)
{
    int r = tx_exec(tx, &DELETIONS_OF_EXTRA, I(target_rid), I(app_rid), I(tx_now(tx)));
    return r < 0 ? r : 0;
}

int deletions_of_strangers(struct tx *tx, int64_t app_rid, int64_t target_rid)
{
    int r = tx_exec(tx, &DELETIONS_OF_STRANGERS, I(target_rid), I(app_rid), I(tx_now(tx)));
    if (r >= 0)
        r = tx_exec(tx, &DELETIONS_WITHOUT_STRANGER, I(target_rid));
    return r < 0 ? r : 0;
}

static int set_state(struct tx *tx, const struct deletion_key *key, enum deletion_state state)
{
    int r = tx_exec(tx, &DELETION_SET_STATE, I(key->kind), I(key->object_rid), I(key->user_rid), T(key->external_id),
                    I(state));
    return r < 0 ? r : 0;
}

int deletion_protect(struct tx *tx, const struct deletion_key *key)
{
    return set_state(tx, key, DELETION_PROTECTED);
}

/* 1 found, 0 not. */
static int get_state(struct tx *tx, const struct deletion_key *key, enum deletion_state *ret_state,
                     int64_t *ret_hold_rid)
{
    struct query query;
    int r = tx_query_row(tx, &query, &DELETION_GET, I(key->kind), I(key->object_rid), I(key->user_rid),
                         T(key->external_id));
    if (r <= 0)
        return r;
    *ret_state = (enum deletion_state)query_int(&query, 0);
    *ret_hold_rid = query_int(&query, 1);
    query_close(&query);
    return 1;
}

/* `*ret`: the state as it is now, NEW for what had none; what is protected is so before anything else. */
static int open_row(struct tx *tx, int64_t app_rid, const struct deletion_key *key, bool is_protected,
                    enum deletion_state *ret, int64_t *ret_hold_rid)
{
    int r = get_state(tx, key, ret, ret_hold_rid);
    if (r == 0) {
        *ret = DELETION_NEW;
        r = deletion_add(tx, app_rid, key);
    }
    if (r < 0 || is_protected == (*ret == DELETION_PROTECTED))
        return MIN_OF(r, 0);
    *ret = is_protected ? DELETION_PROTECTED : DELETION_NEW;
    return set_state(tx, key, *ret);
}

int deletion_may_go(struct tx *tx, int64_t app_rid, const struct deletion_key *key, bool is_protected,
                    const char **ret_why)
{
    enum deletion_state state = DELETION_NEW;
    int64_t hold_rid = 0;
    int r = open_row(tx, app_rid, key, is_protected, &state, &hold_rid);
    if (r == 0 && state == DELETION_NEW) {
        r = deletions_judge(tx, app_rid, key->kind);
        if (r >= 0)
            r = get_state(tx, key, &state, &hold_rid);
    }
    if (r < 0)
        return r;
    if (state == DELETION_COUNTED || state == DELETION_APPROVED)
        return 1;
    const char *hold_id = "";
    r = hold_rid ? hold_id_of(tx, hold_rid, &hold_id) : 0;
    *ret_why = why_held(tx, state, hold_id);
    return r < 0 ? r : 0;
}

int deletion_of_account(struct tx *tx, const struct account *account, const struct user *user, const char **ret_why)
{
    struct deletion_key key = {
        .kind = DELETION_ACCOUNT, .object_rid = account->rid, .user_rid = account->user_rid, .external_id = ""};
    return deletion_may_go(tx, account->app_rid, &key, user->is_protected, ret_why);
}

int deletion_forget_account(struct tx *tx, int64_t account_rid)
{
    int r = tx_exec(tx, &DELETION_FORGET_OBJECT, I(DELETION_ACCOUNT), I(account_rid));
    return r < 0 ? r : 0;
}

/* The group of the app, or the group of the directory whose members it has: either protects it. */
int deletion_group_is_protected(struct tx *tx, const struct target_group *target)
{
    struct group group = {0};
    int r = group_by_rid(tx, target->group_rid, &group);
    bool on = r == 0 && group.is_protected;
    if (r == 0 && !on) {
        r = group_by_rid(tx, target->source_rid, &group);
        on = r == 0 && group.is_protected;
    }
    return r < 0 && r != ERR_NOT_FOUND ? r : on;
}

int deletion_of_group(struct tx *tx, const struct target_group *group, const char **ret_why)
{
    struct deletion_key key = {.kind = DELETION_GROUP, .object_rid = group->rid, .external_id = ""};
    int is_protected = deletion_group_is_protected(tx, group);
    return is_protected < 0 ? is_protected : deletion_may_go(tx, group->app_rid, &key, is_protected > 0, ret_why);
}
