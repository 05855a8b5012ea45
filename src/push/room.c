/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of group push, and what it does when a fact of the directory or of an app changes. */
#include "base/limits.h"
#include "push/drift_private.h"
#include "push/import_private.h"
#include "push/push_private.h"
#include "push/separation_private.h"

#define RULES_AT_ONCE                                                                                                  \
    50 /* push rules that look at a changed group in its own transaction; more are left to an expansion */

static const struct migration migrations[] = {
    {1, "CREATE TABLE target_groups ("
        " rid INTEGER PRIMARY KEY,"
        " app_rid BIGINT NOT NULL,"
        " group_rid BIGINT NOT NULL UNIQUE,"
        " name TEXT NOT NULL,"
        " name_fold TEXT NOT NULL,"
        " external_id TEXT,"
        " origin INTEGER NOT NULL DEFAULT 0,"
        " known_name TEXT,"
        " link_pending INTEGER NOT NULL DEFAULT 0,"
        " delete_wanted INTEGER NOT NULL DEFAULT 0,"
        " source_rid BIGINT NOT NULL DEFAULT 0," /* the source whose members are there */
        " read_mark BIGINT NOT NULL DEFAULT 0,"
        " read_at BIGINT NOT NULL DEFAULT 0,"
        " verify_wanted INTEGER NOT NULL DEFAULT 0,"
        " overwrite_wanted INTEGER NOT NULL DEFAULT 0,"
        " verify_state INTEGER NOT NULL DEFAULT 0," /* enum verify_state */
        " verified_at BIGINT NOT NULL DEFAULT 0);"
        "CREATE INDEX target_groups_name ON target_groups (app_rid, name_fold);"
        "CREATE TABLE push_mappings ("
        " rid INTEGER PRIMARY KEY,"
        " id TEXT NOT NULL UNIQUE,"
        " app_rid BIGINT NOT NULL,"
        " source_rid BIGINT NOT NULL,"
        " target_rid BIGINT NOT NULL UNIQUE REFERENCES target_groups (rid),"
        " status INTEGER NOT NULL,"
        " existing INTEGER NOT NULL,"
        " follow_name INTEGER NOT NULL,"
        " created BIGINT NOT NULL,"
        " last_updated BIGINT NOT NULL,"
        " last_push BIGINT NOT NULL DEFAULT 0);"
        "CREATE UNIQUE INDEX push_mappings_source ON push_mappings (source_rid, app_rid);"
        "CREATE INDEX push_mappings_app ON push_mappings (app_rid, rid);"
        "CREATE TABLE target_members ("
        " rid INTEGER PRIMARY KEY,"
        " target_rid BIGINT NOT NULL,"
        " user_rid BIGINT NOT NULL,"
        " external_id TEXT," /* what was pushed */
        " known INTEGER NOT NULL DEFAULT 0,"
        " dirty INTEGER NOT NULL DEFAULT 0,"
        " urgency INTEGER NOT NULL DEFAULT 1,"
        " version BIGINT NOT NULL DEFAULT 0,"
        " since BIGINT NOT NULL DEFAULT 0,"
        " seen BIGINT NOT NULL DEFAULT 0,"     /* read_mark of the last read that found it */
        " dropped INTEGER NOT NULL DEFAULT 0," /* times that the app acknowledged it and did not hold it */
        " extra INTEGER NOT NULL DEFAULT 0,"   /* found by a link, not wanted, not put there by the same source */
        " error_class TEXT,"
        " error TEXT,"
        " error_at BIGINT NOT NULL DEFAULT 0,"
        " UNIQUE (target_rid, user_rid));"
        "CREATE INDEX target_members_user ON target_members (user_rid, target_rid);"
        "CREATE INDEX target_members_dirty ON target_members (target_rid, urgency, since, rid)"
        " WHERE dirty = 1 AND error_class IS NULL;"
        "CREATE INDEX target_members_failed ON target_members (target_rid, rid) WHERE error_class IS NOT NULL;"
        "CREATE INDEX target_members_known ON target_members (target_rid, rid) WHERE known = 1;"
        "CREATE INDEX target_members_extra ON target_members (target_rid, rid) WHERE extra = 1;"
        "CREATE TABLE target_strangers ("
        " target_rid BIGINT NOT NULL,"
        " external_id TEXT NOT NULL,"
        " seen BIGINT NOT NULL,"
        " remove_wanted INTEGER NOT NULL DEFAULT 0," /* 2: wanted, and held by a deletion limit */
        " PRIMARY KEY (target_rid, external_id));"},
    {2, "ALTER TABLE push_mappings ADD COLUMN rule_rid BIGINT NOT NULL DEFAULT 0;" /* 0: made by name */
        "ALTER TABLE push_mappings ADD COLUMN members_wait INTEGER NOT NULL DEFAULT 0;"
        "CREATE INDEX push_mappings_rule ON push_mappings (rule_rid, rid);"
        "CREATE TABLE push_settings ("
        " app_rid BIGINT PRIMARY KEY,"
        " rename_groups INTEGER NOT NULL,"
        " on_source_deleted INTEGER NOT NULL);" /* enum source_deleted */
        "CREATE TABLE push_rules ("
        " rid INTEGER PRIMARY KEY,"
        " id TEXT NOT NULL UNIQUE,"
        " app_rid BIGINT NOT NULL,"
        " name TEXT NOT NULL,"
        " name_key TEXT NOT NULL,"
        " status INTEGER NOT NULL,"      /* enum push_rule_status */
        " group_match INTEGER NOT NULL," /* enum match_kind, of the name and of the description */
        " group_value TEXT NOT NULL,"
        " text_match INTEGER NOT NULL,"
        " text_value TEXT NOT NULL,"
        " members_wait INTEGER NOT NULL,"
        " existing INTEGER NOT NULL," /* enum existing_groups */
        " retract INTEGER NOT NULL,"  /* enum retract */
        " gone INTEGER NOT NULL,"     /* enum rule_gone, while status is DELETED */
        " created BIGINT NOT NULL,"
        " last_updated BIGINT NOT NULL);"
        "CREATE UNIQUE INDEX push_rules_name ON push_rules (app_rid, name_key);"
        "CREATE INDEX push_rules_app ON push_rules (app_rid, rid);"
        "CREATE INDEX push_rules_status ON push_rules (status, rid);"},
    {3, import_tables},
    {4, deletion_tables},
    {5, "ALTER TABLE target_members ADD COLUMN again BIGINT NOT NULL DEFAULT 0;" /* ms: isolated until then; 0: for no
                                                                                    time; -1: its turn has come */
        "CREATE INDEX target_members_again ON target_members (again, rid) WHERE again > 0;"
        "CREATE INDEX target_members_again_now ON target_members (target_rid, rid) WHERE again < 0;"},
    {6, "ALTER TABLE target_groups ADD COLUMN full_wanted INTEGER NOT NULL DEFAULT 0;"},
    {7, "ALTER TABLE target_groups ADD COLUMN probing INTEGER NOT NULL DEFAULT 0;" /* enum probing */
        "ALTER TABLE target_members ADD COLUMN probe INTEGER NOT NULL DEFAULT 0;"  /* probe.c */
        "CREATE INDEX target_members_probe ON target_members (target_rid, probe, rid) WHERE probe > 0;"
        "CREATE INDEX target_members_changed ON target_members (target_rid, version) WHERE known = 1;"},
    {8, separation_tables},
    {9, drift_tables},
    {10, "ALTER TABLE import_runs ADD COLUMN scan INTEGER NOT NULL DEFAULT 0;" /* for drift, not for the directory */
         "CREATE INDEX import_runs_scan ON import_runs (app_rid, scan, rid);"},
    {11,
     "ALTER TABLE target_members ADD COLUMN known_at BIGINT NOT NULL DEFAULT 0;"    /* ms: known since; 0: not said */
     "ALTER TABLE target_groups ADD COLUMN repair_until BIGINT NOT NULL DEFAULT 0;" /* ms: if it is missing */
     "ALTER TABLE target_groups ADD COLUMN repaired_at BIGINT NOT NULL DEFAULT 0;"  /* ms: when it was missing last */
     "ALTER TABLE push_settings ADD COLUMN on_group_missing INTEGER NOT NULL DEFAULT 0;"}, /* enum group_missing */
    {12, "CREATE TABLE push_org ("
         " one INTEGER PRIMARY KEY CHECK (one = 1),"
         " same_group INTEGER NOT NULL);"}, /* enum same_group_policy */
    {13, drift_exception_index},
    {14, "CREATE INDEX deletion_holds_all ON deletion_holds (status, rid);"},
    {15, "ALTER TABLE import_settings ADD COLUMN match_attribute TEXT;"
         "ALTER TABLE import_settings ADD COLUMN match_app_attribute TEXT;"
         "CREATE INDEX import_settings_match ON import_settings (match_attribute) WHERE match_attribute IS NOT NULL;"},
};

const char *push_text(struct tx *tx, const struct query *query, int column)
{
    return arena_strdup(tx_arena(tx), query_text(query, column));
}

struct look {
    int64_t user_rid;
    enum work_class class;
    bool moved; /* the person came into the source group or left it */
    bool over;  /* LIMIT_REACTOR_ROWS is reached: the rest is left to an expansion */
};

static int look_at_mapping(struct tx *tx, const struct mapping *mapping, void *data)
{
    struct look *look = data;
    look->over |= tx_spend(tx, 1) > LIMIT_REACTOR_ROWS;
    if (!look->over && look->moved && mapping->members_wait) /* the change that the memberships waited for */
        return mapping_start_members(tx, mapping);
    return look->over ? 0 : member_look(tx, mapping, look->user_rid, look->class);
}

/* Every pushed group of a person, in one app or (0) in all. Too many are left to an expansion. */
static int look_at_person(struct tx *tx, int64_t user_rid, int64_t app_rid, enum work_class class)
{
    struct look look = {.user_rid = user_rid, .class = class};
    int64_t *groups = arena_array(tx_arena(tx), LIMIT_REACTOR_ROWS, sizeof(*groups));
    int count = user_group_rids(tx, user_rid, 0, groups, LIMIT_REACTOR_ROWS);
    if (count == LIMIT_REACTOR_ROWS)
        return work_add(tx, 0, WORK_EXPAND_USER_PUSHES, user_rid, class);
    int r = count;
    for (int i = 0; r >= 0 && !look.over && i < count; i++)
        r = mapping_each_of_source(tx, groups[i], app_rid, look_at_mapping, &look);
    return r < 0 || !look.over ? r : work_add(tx, 0, WORK_EXPAND_USER_PUSHES, user_rid, class);
}

/* One membership that came or went, in every app that the group is pushed to. */
static int look_at_membership(struct tx *tx, int64_t group_rid, int64_t user_rid, enum work_class class)
{
    struct look look = {.user_rid = user_rid, .class = class, .moved = true};
    int r = mapping_each_of_source(tx, group_rid, 0, look_at_mapping, &look);
    return r < 0 || !look.over ? r : work_add(tx, 0, WORK_EXPAND_USER_PUSHES, user_rid, class);
}

SQL(TARGETS_OF_PERSON, "SELECT target_rid FROM target_members WHERE user_rid = $1 AND target_rid > $2"
                       " ORDER BY target_rid LIMIT $3");

/* Groups that hold the person although the source group no longer names them, or that wait to. */
static int look_at_held(struct tx *tx, int64_t user_rid, int64_t app_rid, enum work_class class)
{
    int64_t *targets = arena_array(tx_arena(tx), LIMIT_REACTOR_ROWS, sizeof(*targets));
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &TARGETS_OF_PERSON, I(user_rid), I(0), I(LIMIT_REACTOR_ROWS));
    while (r >= 0 && (r = query_next(&query)) > 0)
        targets[count++] = query_int(&query, 0);
    if (r == 0 && count == LIMIT_REACTOR_ROWS)
        return work_add(tx, 0, WORK_EXPAND_USER_PUSHES, user_rid, class);
    for (int i = 0; r >= 0 && i < count; i++) {
        struct mapping mapping = {0};
        r = mapping_by_target(tx, targets[i], &mapping);
        if (r == ERR_NOT_FOUND) {
            r = 0;
            continue;
        }
        if (r < 0 || mapping.status != MAPPING_ACTIVE || (app_rid && mapping.app_rid != app_rid))
            continue;
        if (tx_spend(tx, 1) > LIMIT_REACTOR_ROWS)
            return work_add(tx, 0, WORK_EXPAND_USER_PUSHES, user_rid, class);
        r = member_look(tx, &mapping, user_rid, class);
    }
    return r;
}

/* Being suspended sends nothing; everything else that moves somebody in or out of eligibility does. */
static int react_to_status(struct tx *tx, const struct change *change)
{
    enum user_status old_status = (enum user_status)(change->detail / 256);
    enum user_status new_status = (enum user_status)(change->detail % 256);
    if (new_status == USER_SUSPENDED)
        return 0;
    if (user_status_is_eligible(old_status) == user_status_is_eligible(new_status) && old_status != USER_SUSPENDED)
        return 0;
    enum work_class class = user_status_is_eligible(new_status) ? WORK_FRESH : WORK_URGENT;
    int r = look_at_person(tx, change->subject, 0, class);
    return r < 0 ? r : look_at_held(tx, change->subject, 0, class);
}

/* A deactivation that is queued is a deletion from now on; who is wanted again is none any more. */
static int note_deletion(struct tx *tx, const struct account *account)
{
    struct work work = {0};
    if (account->wanted != WANT_INACTIVE)
        return deletion_forget_account(tx, account->rid);
    bool gone = !account->external_id || account->known == KNOWN_INACTIVE;
    int r = gone ? 0 : work_find(tx, account->app_rid, WORK_ACCOUNT, account->rid, &work);
    if (r <= 0)
        return r;
    struct deletion_key key = {
        .kind = DELETION_ACCOUNT, .object_rid = account->rid, .user_rid = account->user_rid, .external_id = ""};
    return deletion_add(tx, account->app_rid, &key);
}

static int react_to_account(struct tx *tx, const struct change *change)
{
    struct account account = {0};
    int r = account_by_rid(tx, change->subject, &account);
    if (r == ERR_NOT_FOUND)
        return 0;
    if (r == 0 && change->kind == CHANGE_ACCOUNT_WANTED)
        r = note_deletion(tx, &account);
    if (r < 0)
        return r;
    /* An account that was made in bulk brings memberships in bulk. */
    enum work_class class = tx_urgency(tx) == WORK_BULK ? WORK_BULK : WORK_FRESH;
    if (account.scope == SCOPE_NONE)
        class = WORK_URGENT;
    r = look_at_person(tx, account.user_rid, account.app_rid, class);
    return r < 0 ? r : look_at_held(tx, account.user_rid, account.app_rid, class);
}

SQL(MAPPINGS_OF_SOURCE, "SELECT rid FROM push_mappings WHERE source_rid = $1 ORDER BY app_rid LIMIT $2");

/* Mappings of a source group, ACTIVE or not. The count. */
static int mappings_of_source(struct tx *tx, int64_t source_rid, int64_t *ret_rids, int limit)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &MAPPINGS_OF_SOURCE, I(source_rid), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret_rids[count++] = query_int(&query, 0);
    return r < 0 ? r : count;
}

static int follow_name(struct tx *tx, const struct mapping *mapping, const char *name)
{
    struct target_group target = {0};
    struct push_settings settings = {0};
    int r = push_settings_get(tx, mapping->app_rid, &settings);
    if (r >= 0)
        r = mapping->follow_name && settings.rename_groups ? target_group_get(tx, mapping->target_rid, &target)
                                                           : ERR_NOT_FOUND;
    if (r == ERR_NOT_FOUND)
        return 0;
    if (r == 0)
        r = target_group_rename_wanted(tx, &target, name);
    return r < 0 ? r : work_add(tx, mapping->app_rid, WORK_GROUP, mapping->target_rid, WORK_FRESH);
}

/* The source is gone. Whether the app's group goes as well is the app's setting. */
static int lose_source(struct tx *tx, struct mapping *mapping)
{
    struct push_settings settings = {0};
    int r = push_settings_get(tx, mapping->app_rid, &settings);
    return r < 0 ? r : mapping_take_back(tx, mapping, settings.on_source_deleted == SOURCE_DELETED_DELETE);
}

static int react_to_group(struct tx *tx, const struct change *change)
{
    struct group group = {0};
    int r = group_by_rid(tx, change->subject, &group);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    int64_t *rids = arena_array(tx_arena(tx), LIMIT_REACTOR_ROWS, sizeof(*rids));
    int count = mappings_of_source(tx, group.rid, rids, LIMIT_REACTOR_ROWS);
    r = count < 0 ? count : 0;
    for (int i = 0; r == 0 && i < count; i++) {
        struct mapping mapping = {0};
        r = mapping_by_rid(tx, rids[i], &mapping);
        if (r == 0 && change->kind == CHANGE_GROUP_DELETED)
            r = lose_source(tx, &mapping);
        else if (r == 0)
            r = follow_name(tx, &mapping, group.name);
    }
    return r;
}

static int show_to_rules(struct tx *tx, int64_t group_rid)
{
    int64_t last = 0;
    int r = push_rules_look_at(tx, group_rid, 0, RULES_AT_ONCE, &last);
    return r <= 0 ? r : work_add(tx, 0, WORK_EXPAND_GROUP_RULES, group_rid, WORK_FRESH);
}

static int push_react(struct tx *tx, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_MEMBER_REMOVED:
    case CHANGE_MEMBER_ADDED: {
        enum work_class class = change->kind == CHANGE_MEMBER_REMOVED ? WORK_URGENT : WORK_FRESH;
        int r = look_at_membership(tx, change->subject, change->object, class);
        return r < 0 ? r : separations_mirror(tx, change);
    }
    case CHANGE_USER_STATUS:
        return react_to_status(tx, change);
    case CHANGE_ACCOUNT_WANTED:
    case CHANGE_ACCOUNT_KNOWN:
        return react_to_account(tx, change);
    case CHANGE_GROUP_CREATED:
        return show_to_rules(tx, change->subject);
    case CHANGE_USER_PROTECTED:
        return change->detail ? 0 : deletion_unprotected(tx, change->subject);
    case CHANGE_GROUP_PROTECTED:
        return change->detail ? 0 : deletion_unprotected(tx, 0);
    case CHANGE_GROUP_PROFILE: {
        int r = change->detail ? react_to_group(tx, change) : 0;
        return r < 0 ? r : show_to_rules(tx, change->subject);
    }
    case CHANGE_GROUP_DELETED: {
        int r = separations_lose(tx, change->subject);
        return r < 0 ? r : react_to_group(tx, change);
    }
    case CHANGE_APP_DELETED: {
        int r = import_delete_app(tx, change->subject);
        if (r >= 0)
            r = separations_delete_app(tx, change->subject);
        return r < 0 ? r : push_delete_app(tx, change->subject);
    }
    default:
        return 0;
    }
}

const struct store_room push_room = {
    .name = "push", .migrations = migrations, .migration_count = ARRAY_LEN(migrations), .react = push_react};

/* --- expansions ----------------------------------------------------------------------------------------------------
 */

SQL(HELD_AFTER,
    "SELECT user_rid FROM target_members WHERE target_rid = $1 AND user_rid > $2 ORDER BY user_rid LIMIT $3");

/*
 * Every member of the source, then everybody whom the app holds or may hold: also those whose add was on its way when
 * the mapping was switched off. The cursor is the user's rid in the first pass, minus that minus one in the second.
 */
static int expand_mapping(struct tx *tx, struct work *work)
{
    struct mapping mapping = {0};
    int r = mapping_by_rid(tx, work->object_rid, &mapping);
    if (r == ERR_NOT_FOUND || (r == 0 && mapping.status != MAPPING_ACTIVE))
        return 0;
    if (r < 0)
        return r;
    int64_t *users = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*users));
    int64_t cursor = -1;
    int count = 0;
    if (work->cursor >= 0) {
        count = group_member_rids(tx, mapping.source_rid, work->cursor, users, LIMIT_EXPAND_ROWS);
        if (count == LIMIT_EXPAND_ROWS)
            cursor = users[count - 1];
    } else {
        struct query query;
        r = tx_query(tx, &query, &HELD_AFTER, I(mapping.target_rid), I(-work->cursor - 1), I(LIMIT_EXPAND_ROWS));
        while (r >= 0 && (r = query_next(&query)) > 0) {
            users[count++] = query_int(&query, 0);
            cursor = -users[count - 1] - 1;
        }
    }
    if (count < 0 || r < 0)
        return MIN_OF(count, r);
    int dirty = 0;
    for (int i = 0; r >= 0 && i < count; i++) {
        r = member_mark(tx, &mapping, users[i], WORK_BULK);
        dirty += r > 0;
    }
    if (r >= 0 && dirty)
        r = work_add(tx, mapping.app_rid, WORK_GROUP, mapping.target_rid, WORK_BULK);
    if (r >= 0 && work->cursor >= 0 && count && !mapping.members_wait)
        r = mapping_report_left_out(tx, &mapping, work->cursor, users[count - 1]);
    if (r < 0)
        return r;
    if (work->cursor < 0 && count < LIMIT_EXPAND_ROWS)
        return 0;
    r = work_set_cursor(tx, work->rid, cursor);
    return r < 0 ? r : 1;
}

static int expand_at_mapping(struct tx *tx, const struct mapping *mapping, void *data)
{
    const struct look *look = data;
    (void)tx_spend(tx, 1);
    return member_look(tx, mapping, look->user_rid, look->class);
}

/* The person's groups, in every app that they are pushed to, until the chunk is full. Moves *cursor; -1 when there are
 * no more. */
static int expand_groups_of(struct tx *tx, struct look *look, int64_t *cursor)
{
    int64_t *groups = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*groups));
    int full = tx_spend(tx, 0) + LIMIT_EXPAND_ROWS;
    int count = user_group_rids(tx, look->user_rid, *cursor, groups, LIMIT_EXPAND_ROWS);
    int r = count;
    int i = 0;
    for (; r >= 0 && i < count && tx_spend(tx, 0) < full; i++) {
        r = mapping_each_of_source(tx, groups[i], 0, expand_at_mapping, look);
        *cursor = groups[i];
    }
    if (r >= 0 && i == count && count < LIMIT_EXPAND_ROWS)
        *cursor = -1;
    return r < 0 ? r : 0;
}

/* The groups that hold the person. 1: there may be more. */
static int expand_targets_of(struct tx *tx, const struct look *look, int64_t *cursor)
{
    int64_t *targets = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*targets));
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &TARGETS_OF_PERSON, I(look->user_rid), I(-*cursor - 1), I(LIMIT_EXPAND_ROWS));
    while (r >= 0 && (r = query_next(&query)) > 0)
        targets[count++] = query_int(&query, 0);
    for (int i = 0; r >= 0 && i < count; i++) {
        struct mapping mapping = {0};
        r = mapping_by_target(tx, targets[i], &mapping);
        if (r == 0 && mapping.status == MAPPING_ACTIVE)
            r = member_look(tx, &mapping, look->user_rid, look->class);
        r = r == ERR_NOT_FOUND ? 0 : r;
        *cursor = -targets[i] - 1;
    }
    (void)tx_spend(tx, count);
    return r < 0 ? r : count == LIMIT_EXPAND_ROWS;
}

static int expand_person(struct tx *tx, struct work *work)
{
    struct look look = {.user_rid = work->object_rid, .class = work->class};
    int64_t cursor = work->cursor;
    int r = cursor >= 0 ? expand_groups_of(tx, &look, &cursor) : expand_targets_of(tx, &look, &cursor);
    if (r < 0 || (r == 0 && work->cursor < 0))
        return r;
    r = work_set_cursor(tx, work->rid, cursor);
    return r < 0 ? r : 1;
}

static int target_gone_chunk(struct tx *tx, int64_t target_rid)
{
    int r = members_delete_chunk(tx, target_rid, LIMIT_EXPAND_ROWS);
    return r != 0 ? r : imported_members_delete_chunk(tx, target_rid, LIMIT_EXPAND_ROWS);
}

int push_expand(struct tx *tx, struct work *work)
{
    if (work->kind == WORK_EXPAND_MAPPING)
        return expand_mapping(tx, work);
    if (work->kind == WORK_EXPAND_HOLD)
        return hold_expand(tx, work);
    if (work->kind == WORK_EXPAND_SEPARATION)
        return separation_expand(tx, work);
    if (work->kind == WORK_EXPAND_DRIFT)
        return drift_expand(tx, work);
    if (work->kind == WORK_EXPAND_TARGET_GONE)
        return target_gone_chunk(tx, work->object_rid);
    if (work->kind == WORK_EXPAND_PUSH_RULE)
        return push_rule_expand(tx, work);
    if (work->kind == WORK_EXPAND_PUSH_RULE_GONE)
        return push_rule_gone_expand(tx, work);
    if (work->kind == WORK_EXPAND_GROUP_RULES)
        return push_group_rules_expand(tx, work);
    assert(work->kind == WORK_EXPAND_USER_PUSHES);
    return expand_person(tx, work);
}
