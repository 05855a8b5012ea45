/* SPDX-License-Identifier: Apache-2.0 */
/* Push mappings: what an administrator wishes. */
#include "base/limits.h"
#include "base/text.h"
#include "push/push_private.h"
#include "push/same_group.h"

#define COLUMNS                                                                                                        \
    "rid, id, app_rid, source_rid, target_rid, status, existing, follow_name, created, last_updated, last_push,"       \
    " rule_rid, members_wait"
#define SUBJECT "groupPushMapping"

SQL(MAPPING_BY_ID, "SELECT " COLUMNS " FROM push_mappings WHERE id = $1");
SQL(MAPPING_BY_RID, "SELECT " COLUMNS " FROM push_mappings WHERE rid = $1");
SQL(MAPPING_BY_TARGET, "SELECT " COLUMNS " FROM push_mappings WHERE target_rid = $1");
SQL(MAPPING_BY_SOURCE, "SELECT " COLUMNS " FROM push_mappings WHERE source_rid = $1 AND app_rid = $2");
SQL(MAPPINGS_OF_SOURCE_COUNT, "SELECT count(*) FROM push_mappings WHERE source_rid = $1");
SQL(MAPPINGS_ACTIVE_OF_SOURCE,
    "SELECT " COLUMNS " FROM push_mappings WHERE source_rid = $1 AND app_rid > $2 AND status = 1"
    " ORDER BY app_rid LIMIT $3");
SQL(MAPPINGS_OF_APP, "SELECT " COLUMNS " FROM push_mappings WHERE app_rid = $1 AND rid > $2 ORDER BY rid LIMIT $3");
SQL(MAPPINGS_OF_RULE, "SELECT " COLUMNS " FROM push_mappings WHERE rule_rid = $1 AND rid > $2 ORDER BY rid LIMIT $3");
SQL(APPS_OF_SOURCE,
    "SELECT app_rid FROM push_mappings WHERE source_rid = $1 AND app_rid > $2 ORDER BY app_rid LIMIT $3");
SQL(MAPPING_INSERT, "INSERT INTO push_mappings (id, app_rid, source_rid, target_rid, status, existing, follow_name,"
                    " created, last_updated, rule_rid, members_wait)"
                    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10) RETURNING rid");
SQL(MAPPING_MEMBERS_START, "UPDATE push_mappings SET members_wait = 0 WHERE rid = $1");
SQL(MAPPING_RELEASE, "UPDATE push_mappings SET rule_rid = 0 WHERE rid = $1");
SQL(MAPPING_UPDATE, "UPDATE push_mappings SET status = $2, existing = $3, last_updated = $4 WHERE rid = $1");
SQL(MAPPING_DELETE, "DELETE FROM push_mappings WHERE rid = $1");
SQL(MAPPING_PUSHED, "UPDATE push_mappings SET last_push = $2 WHERE target_rid = $1");
SQL(MEMBERS_KNOWN_COUNT,
    "SELECT count(*) FROM target_members WHERE target_rid = $1 AND known = 1 AND external_id IS NOT NULL");
SQL(MEMBERS_DIRTY_COUNT,
    "SELECT count(*) FROM target_members WHERE target_rid = $1 AND dirty = 1 AND error_class IS NULL");
SQL(MEMBERS_FAILED_COUNT, "SELECT count(*) FROM target_members WHERE target_rid = $1 AND error_class IS NOT NULL"
                          " AND error_class <> 'HELD'");
SQL(MEMBERS_COUNT, "SELECT count(*) FROM target_members WHERE target_rid = $1");
SQL(MEMBERS_FAILED_FIRST, "SELECT error, error_at FROM target_members WHERE target_rid = $1 AND error_class IS NOT NULL"
                          " AND error_class <> 'HELD'"
                          " ORDER BY rid LIMIT 1");
SQL(STRANGERS_COUNT, "SELECT count(*) FROM target_strangers WHERE target_rid = $1");
SQL(EXTRA_COUNT, "SELECT count(*) FROM target_members WHERE target_rid = $1 AND extra = 1");
SQL(MEMBERS_UNHOLD, "UPDATE target_members SET error_class = NULL, error = NULL"
                    " WHERE target_rid = $1 AND error_class = 'HELD'");
SQL(STRANGERS_UNHOLD, "UPDATE target_strangers SET remove_wanted = 1 WHERE target_rid = $1 AND remove_wanted = 2");
SQL(MEMBERS_RETRY,
    "UPDATE target_members SET error_class = NULL, error = NULL, dropped = 0, again = 0 WHERE target_rid = $1"
    " AND error_class IS NOT NULL");

static void read_row(struct tx *tx, const struct query *query, struct mapping *ret)
{
    *ret = (struct mapping){.rid = query_int(query, 0),
                            .id = push_text(tx, query, 1),
                            .app_rid = query_int(query, 2),
                            .source_rid = query_int(query, 3),
                            .target_rid = query_int(query, 4),
                            .status = (enum mapping_status)query_int(query, 5),
                            .existing = (enum existing_members)query_int(query, 6),
                            .follow_name = query_int(query, 7) != 0,
                            .created = query_int(query, 8),
                            .last_updated = query_int(query, 9),
                            .last_push = query_int(query, 10),
                            .rule_rid = query_int(query, 11),
                            .members_wait = query_int(query, 12) != 0};
}

/* Takes the row of a query that tx_query_row() started with result `r`. */
static int read_one(struct tx *tx, struct query *query, int r, struct mapping *ret)
{
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    read_row(tx, query, ret);
    query_close(query);
    return 0;
}

int mapping_by_id(struct tx *tx, int64_t app_rid, const char *id, struct mapping *ret)
{
    struct query query;
    int r = read_one(tx, &query, tx_query_row(tx, &query, &MAPPING_BY_ID, T(id)), ret);
    return r == 0 && ret->app_rid != app_rid ? ERR_NOT_FOUND : r;
}

int mapping_by_rid(struct tx *tx, int64_t rid, struct mapping *ret)
{
    struct query query;
    return read_one(tx, &query, tx_query_row(tx, &query, &MAPPING_BY_RID, I(rid)), ret);
}

int mapping_by_target(struct tx *tx, int64_t target_rid, struct mapping *ret)
{
    struct query query;
    return read_one(tx, &query, tx_query_row(tx, &query, &MAPPING_BY_TARGET, I(target_rid)), ret);
}

int mapping_by_source(struct tx *tx, int64_t app_rid, int64_t source_rid, struct mapping *ret)
{
    struct query query;
    return read_one(tx, &query, tx_query_row(tx, &query, &MAPPING_BY_SOURCE, I(source_rid), I(app_rid)), ret);
}

int64_t mapping_count_of_source(struct tx *tx, int64_t source_rid)
{
    int64_t count = 0;
    int r = tx_get_int(tx, &count, &MAPPINGS_OF_SOURCE_COUNT, I(source_rid));
    return r < 0 ? r : count;
}

int mapping_list(struct tx *tx, int64_t app_rid, const struct mapping_filter *filter, int64_t after,
                 struct mapping *ret, int limit)
{
    if (filter->source_rid) {
        int r = mapping_by_source(tx, app_rid, filter->source_rid, ret);
        if (r == ERR_NOT_FOUND)
            return 0;
        return r < 0 ? r : ret->rid > after && ret->last_updated >= filter->updated_since;
    }
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &MAPPINGS_OF_APP, I(app_rid), I(after), I(filter->updated_since ? INT32_MAX : limit));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        if (query_int(&query, 9) < filter->updated_since)
            continue;
        read_row(tx, &query, &ret[count++]);
        if (count == limit) {
            query_close(&query);
            return count;
        }
    }
    return r < 0 ? r : count;
}

int mapping_list_of_rule(struct tx *tx, int64_t rule_rid, int64_t after, struct mapping *ret, int limit)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &MAPPINGS_OF_RULE, I(rule_rid), I(after), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        read_row(tx, &query, &ret[count++]);
    return r < 0 ? r : count;
}

int mapping_apps_of_source(struct tx *tx, int64_t source_rid, int64_t after, int64_t *ret, int limit)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &APPS_OF_SOURCE, I(source_rid), I(after), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret[count++] = query_int(&query, 0);
    return r < 0 ? r : count;
}

int mapping_each_of_source(struct tx *tx, int64_t source_rid, int64_t app_rid,
                           int (*each)(struct tx *tx, const struct mapping *mapping, void *data), void *data)
{
    struct mapping mapping = {0};
    if (app_rid) {
        int r = mapping_by_source(tx, app_rid, source_rid, &mapping);
        if (r == ERR_NOT_FOUND || (r == 0 && mapping.status != MAPPING_ACTIVE))
            return 0;
        return r < 0 ? r : each(tx, &mapping, data);
    }
    for (int64_t after = 0;;) { /* one row at a time: each() writes what this reads */
        struct query query;
        int r = read_one(tx, &query,
                         tx_query_row(tx, &query, &MAPPINGS_ACTIVE_OF_SOURCE, I(source_rid), I(after), I(1)), &mapping);
        if (r == ERR_NOT_FOUND)
            return 0;
        if (r == 0)
            r = each(tx, &mapping, data);
        if (r < 0)
            return r;
        after = mapping.app_rid;
    }
}

/* --- events --------------------------------------------------------------------------------------------------------
 */

int mapping_report(struct tx *tx, const struct mapping *mapping, const char *type, const char *message)
{
    return mapping_report_of(tx, mapping, &(struct event){.type = type, .message = message});
}

int mapping_report_of(struct tx *tx, const struct mapping *mapping, const struct event *said)
{
    struct app app = {0};
    struct group source = {0};
    struct target_group target = {0};
    int r = app_by_rid(tx, mapping->app_rid, &app);
    if (r == 0)
        r = group_by_rid(tx, mapping->source_rid, &source);
    if (r == 0)
        r = target_group_get(tx, mapping->target_rid, &target);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    struct event event = {
        .type = said->type,
        .message = said->message,
        .severity = SEVERITY_INFO,
        .outcome = said->outcome,
        .reason = said->reason,
        .targets = {{.id = app.id, .type = "AppInstance", .alternate_id = app.label, .name = app.label},
                    {.id = source.id, .type = "UserGroup", .name = source.name},
                    {.id = mapping->id, .type = "GroupPushMapping", .name = target.name}},
        .target_count = 3};
    return record_event(tx, &event);
}

/* --- creating ------------------------------------------------------------------------------------------------------
 */

static int check_input(struct tx *tx, const struct app *app, const struct group *source,
                       const struct mapping_input *input, struct problem *problem)
{
    if ((input->target_group_id != NULL) == (input->target_group_name != NULL))
        return problem_invalid(
            problem, SUBJECT,
            "targetGroupId: Give exactly one of targetGroupId (link) and targetGroupName (create or link).");
    if (source->type != GROUP_OKTA)
        return problem_invalid(problem, SUBJECT,
                               "sourceGroupId: Only a group of type OKTA_GROUP can be pushed; %s is a %s.", source->id,
                               group_type_name(source->type));
    const char *name = input->target_group_name;
    if (name && (*name == '\0' || text_chars(name) > LIMIT_NAME_CHARS || text_has_control(name)))
        return problem_invalid(problem, SUBJECT,
                               "targetGroupName: Must have 1 to %d characters and no control characters.",
                               LIMIT_NAME_CHARS);
    struct mapping other = {0};
    int r = mapping_by_source(tx, app->rid, source->rid, &other);
    if (r == 0)
        return problem_invalid(problem, SUBJECT,
                               "sourceGroupId: The group is pushed to this app already by mapping %s.", other.id);
    return r == ERR_NOT_FOUND ? 0 : r;
}

static int target_by_public_id(struct tx *tx, const struct app *app, const char *id, struct target_group *ret,
                               struct problem *problem)
{
    struct group group = {0};
    int r = group_by_id(tx, id, &group);
    if (r == 0)
        r = target_group_by_group(tx, group.rid, ret);
    if (r == ERR_NOT_FOUND || (r == 0 && (ret->app_rid != app->rid || ret->delete_wanted)))
        return problem_invalid(
            problem, SUBJECT, "targetGroupId: %s is not a group of this app. Use targetGroupName to link by name.", id);
    return r;
}

static int find_target(struct tx *tx, const struct app *app, const struct mapping_input *input,
                       struct target_group *ret, struct problem *problem)
{
    int r = input->target_group_id ? target_by_public_id(tx, app, input->target_group_id, ret, problem)
                                   : target_group_by_name(tx, app->rid, input->target_group_name, ret);
    if (r == ERR_NOT_FOUND)
        return target_group_make(tx, app, input->target_group_name, ret);
    if (r < 0)
        return r;
    struct mapping other = {0};
    r = mapping_by_target(tx, ret->rid, &other);
    if (r == 0)
        return problem_invalid(problem, SUBJECT, "%s: The app's group \"%s\" is the target of mapping %s already.",
                               input->target_group_id ? "targetGroupId" : "targetGroupName", ret->name, other.id);
    return r == ERR_NOT_FOUND ? target_group_relink(tx, ret) : r;
}

int mapping_start_members(struct tx *tx, const struct mapping *mapping)
{
    int r = mapping->members_wait ? tx_exec(tx, &MAPPING_MEMBERS_START, I(mapping->rid)) : 0;
    return r < 0 ? r : work_add(tx, mapping->app_rid, WORK_EXPAND_MAPPING, mapping->rid, WORK_FRESH);
}

/* Work for a mapping that became ACTIVE: the group itself, and every member as an expansion. */
static int start_pushing(struct tx *tx, const struct mapping *mapping, bool members)
{
    int r = work_add(tx, mapping->app_rid, WORK_GROUP, mapping->target_rid, WORK_FRESH);
    return r < 0 || !members ? r : mapping_start_members(tx, mapping);
}

int mapping_create(struct tx *tx, const struct app *app, const struct group *source, const struct mapping_input *input,
                   struct mapping *ret, struct problem *problem)
{
    struct target_group target = {0};
    int r = check_input(tx, app, source, input, problem);
    if (r == 0)
        r = same_group_check(tx, app, source, true, problem);
    if (r == 0)
        r = find_target(tx, app, input, &target, problem);
    if (r < 0)
        return r;
    struct push_settings settings = {0};
    r = push_settings_get(tx, app->rid, &settings);
    /* Linked by id: renamed to match (the published default); by another name than the source's: that name was asked
     * for. */
    bool follow = input->target_group_id != NULL ||
                  str_eq(text_fold(tx_arena(tx), input->target_group_name), text_fold(tx_arena(tx), source->name));
    if (r >= 0 && follow && settings.rename_groups && !str_eq(target.name, source->name))
        r = target_group_rename_wanted(tx, &target, source->name);
    const char *id = tx_id(tx, "gPm");
    int64_t rid = 0;
    if (r >= 0)
        r = tx_get_int(tx, &rid, &MAPPING_INSERT, T(id), I(app->rid), I(source->rid), I(target.rid), I(input->status),
                       I(input->existing), I(follow), I(tx_now(tx)), I(input->rule_rid), I(input->members_wait));
    if (r >= 0)
        r = mapping_by_rid(tx, rid, ret);
    if (r >= 0)
        r = tx_change(tx, (struct change){.kind = CHANGE_MAPPING_CREATED, .subject = rid});
    if (r >= 0 && input->status == MAPPING_ACTIVE)
        r = start_pushing(tx, ret, !ret->members_wait);
    if (r >= 0)
        r = mapping_report(tx, ret, "application.provision.group_push.mapping.created", "Create group push mapping");
    return r < 0 ? r : 0;
}

/* --- changing ------------------------------------------------------------------------------------------------------
 */

static int change_status(struct tx *tx, struct mapping *mapping, enum mapping_status status)
{
    int r = tx_change(tx, (struct change){.kind = CHANGE_MAPPING_STATUS, .subject = mapping->rid, .detail = status});
    if (r < 0)
        return r;
    if (status == MAPPING_ACTIVE)
        return mapping_report(tx, mapping, "application.provision.group_push.activate_mapping",
                              "Activate group push mapping");
    return mapping_report(tx, mapping, "application.provision.group_push.deactivate_mapping",
                          "Deactivate group push mapping");
}

/* The mapping sends nothing from now on, so that nothing of it waits: what is due when it is ACTIVE again is weighed
 * then. */
static int forget_deletions(struct tx *tx, const struct mapping *mapping)
{
    int r = tx_exec(tx, &MEMBERS_UNHOLD, I(mapping->target_rid));
    if (r >= 0)
        r = tx_exec(tx, &STRANGERS_UNHOLD, I(mapping->target_rid));
    return r < 0 ? r : deletion_forget_group(tx, mapping->target_rid);
}

/* Stores the wish. `again`: a mapping that is ACTIVE already is pushed anew. */
static int set_status(struct tx *tx, struct mapping *mapping, enum mapping_status status, bool again)
{
    bool changed = status != mapping->status;
    mapping->status = status;
    mapping->last_updated = tx_now(tx);
    int r = tx_exec(tx, &MAPPING_UPDATE, I(mapping->rid), I(status), I(mapping->existing), I(tx_now(tx)));
    if (r >= 0 && changed)
        r = change_status(tx, mapping, status);
    if (r >= 0 && status == MAPPING_ACTIVE && (changed || again))
        r = start_pushing(tx, mapping, true);
    if (r >= 0 && changed && status == MAPPING_INACTIVE)
        r = work_delete(tx, mapping->app_rid, WORK_GROUP, mapping->target_rid);
    if (r >= 0 && changed && status == MAPPING_INACTIVE)
        r = forget_deletions(tx, mapping);
    return r < 0 ? r : 0;
}

int mapping_update(struct tx *tx, struct mapping *mapping, enum mapping_status status, enum existing_members existing,
                   struct problem *problem)
{
    struct mapping_state state = {0};
    int r = mapping_error(tx, mapping, &state);
    if (r < 0)
        return r;
    bool allows = existing != mapping->existing; /* the one act that an error of this kind waits for */
    if (state.in_error && !allows)
        return problem_set(problem, E0000027,
                           "The mapping is in error and its status cannot be changed: %s Retry or delete it.",
                           state.error);
    mapping->existing = existing;
    return set_status(tx, mapping, status, allows);
}

int mapping_switch(struct tx *tx, struct mapping *mapping, enum mapping_status status)
{
    return set_status(tx, mapping, status, true);
}

/* Forgets a mapping and leaves the target group; nothing is sent. */
static int mapping_forget(struct tx *tx, const struct mapping *mapping)
{
    int r = mapping_report(tx, mapping, "application.provision.group_push.removed", "Remove group push mapping");
    if (r >= 0)
        r = tx_exec(tx, &MAPPING_DELETE, I(mapping->rid));
    if (r >= 0)
        r = work_delete(tx, mapping->app_rid, WORK_GROUP, mapping->target_rid);
    if (r >= 0)
        r = work_delete(tx, mapping->app_rid, WORK_EXPAND_MAPPING, mapping->rid);
    if (r >= 0)
        r = forget_deletions(tx, mapping);
    if (r >= 0)
        r = tx_change(tx, (struct change){.kind = CHANGE_MAPPING_DELETED, .subject = mapping->rid});
    return r < 0 ? r : 0;
}

/* What Muster linked and did not create it deletes with the app's setting for that only (invariant 10). */
static int check_delete_target(struct tx *tx, const struct app *app, const struct mapping *mapping,
                               struct problem *problem)
{
    struct target_group target = {0};
    struct app_switches switches = {0};
    int r = target_group_get(tx, mapping->target_rid, &target);
    if (r == 0)
        r = app_switches_get(tx, app->rid, &switches);
    if (r < 0)
        return r;
    if (target.origin == ORIGIN_LINKED && !switches.delete_linked_groups)
        return problem_set(
            problem, E0000027,
            "The group \"%s\" existed in the app before Muster linked it, so it is not deleted there. Delete the "
            "mapping with deleteTargetGroup=false, or allow it with the setting deleteLinkedGroups.",
            target.name);
    return 0;
}

/* Asks for the group's deletion in the app. */
static int mapping_delete_target(struct tx *tx, const struct mapping *mapping)
{
    struct target_group target = {0};
    int r = target_group_get(tx, mapping->target_rid, &target);
    if (r == 0)
        r = target_group_want_deleted(tx, &target, mapping->source_rid);
    return r < 0 ? r : work_add(tx, mapping->app_rid, WORK_GROUP, mapping->target_rid, WORK_FRESH);
}

int mapping_unlink(struct tx *tx, const struct app *app, struct mapping *mapping, bool delete_target,
                   struct problem *problem)
{
    int r = delete_target ? check_delete_target(tx, app, mapping, problem) : 0;
    if (r == 0)
        r = mapping_forget(tx, mapping);
    return r < 0 || !delete_target ? r : mapping_delete_target(tx, mapping);
}

int mapping_take_back(struct tx *tx, struct mapping *mapping, bool delete_target)
{
    struct app app = {0};
    struct problem refused = {0};
    int r = app_by_rid(tx, mapping->app_rid, &app);
    if (r == 0)
        r = mapping_unlink(tx, &app, mapping, delete_target, &refused);
    if (r == ERR_PROBLEM)
        r = mapping_unlink(tx, &app, mapping, false, &refused);
    return r == ERR_NOT_FOUND ? 0 : r;
}

int mapping_delete(struct tx *tx, const struct app *app, struct mapping *mapping, bool delete_target,
                   struct problem *problem)
{
    struct mapping_state state = {0};
    int r = mapping_error(tx, mapping, &state);
    if (r == 0 && mapping->status == MAPPING_ACTIVE && !state.in_error)
        return problem_set(problem, E0000027,
                           "The mapping is ACTIVE. Set its status to INACTIVE first, then delete it.");
    return r < 0 ? r : mapping_unlink(tx, app, mapping, delete_target, problem);
}

int mapping_release_from_rule(struct tx *tx, const struct mapping *mapping)
{
    int r = tx_exec(tx, &MAPPING_RELEASE, I(mapping->rid));
    return r < 0 ? r : 0;
}

int target_group_pushed(struct tx *tx, int64_t target_rid)
{
    int r = tx_exec(tx, &MAPPING_PUSHED, I(target_rid), I(tx_now(tx)));
    return r < 0 ? r : 0;
}

/* --- state ---------------------------------------------------------------------------------------------------------
 */

/* 4211 as "4,211". */
static const char *count_text(struct arena *arena, int64_t count)
{
    if (count < 1000)
        return arena_printf(arena, "%lld", (long long)count);
    return arena_printf(arena, "%s,%03lld", count_text(arena, count / 1000), (long long)(count % 1000));
}

/* Nothing was refused, and removals are held. */
static const char *held_text(struct tx *tx, int64_t count)
{
    return arena_printf(tx_arena(tx),
                        "Muster holds %lld %s from the group back: a deletion limit is reached, or who is to go is "
                        "protected.",
                        (long long)count, count == 1 ? "removal" : "removals");
}

/* The group is fine and members of it were refused: said in `error`, while the mapping stays ACTIVE. */
static int read_member_errors(struct tx *tx, const struct mapping *mapping, struct mapping_state *ret)
{
    struct query query;
    ret->members_held = deletion_held_of_group(tx, mapping->target_rid);
    if (ret->members_held < 0)
        return (int)ret->members_held;
    if (ret->members_held > 0)
        ret->error = held_text(tx, ret->members_held);
    int r = tx_get_int(tx, &ret->members_failed, &MEMBERS_FAILED_COUNT, I(mapping->target_rid));
    if (r < 0 || ret->members_failed == 0)
        return r < 0 ? r : 0;
    int64_t members = 0;
    r = tx_get_int(tx, &members, &MEMBERS_COUNT, I(mapping->target_rid));
    if (r >= 0)
        r = tx_query_row(tx, &query, &MEMBERS_FAILED_FIRST, I(mapping->target_rid));
    if (r <= 0)
        return r;
    struct arena *arena = tx_arena(tx);
    const char *first = query_text(&query, 0);
    ret->error = arena_printf(arena, "%s of %s members could not be pushed. %s: %s",
                              count_text(arena, ret->members_failed), count_text(arena, members),
                              ret->members_failed == 1 ? "The reason" : "The first reason", first ? first : "unknown");
    ret->failed_at = query_int(&query, 1);
    query_close(&query);
    return 0;
}

int mapping_error(struct tx *tx, const struct mapping *mapping, struct mapping_state *ret)
{
    *ret = (struct mapping_state){0};
    struct work work = {0};
    int r = read_member_errors(tx, mapping, ret);
    if (r == 0)
        r = work_find(tx, mapping->app_rid, WORK_GROUP, mapping->target_rid, &work);
    if (r <= 0)
        return r;
    ret->waiting = true;
    ret->in_error = mapping->status == MAPPING_ACTIVE && work.held;
    ret->error = work.error_class ? work.error : ret->error;
    ret->error_class = work.error_class;
    ret->words = work.words;
    ret->status = work.status;
    ret->failed_at = work.error_class ? work.failed_at : ret->failed_at;
    ret->due = work.held ? 0 : work.due;
    ret->attempts = work.attempts;
    return 0;
}

int mapping_state(struct tx *tx, const struct mapping *mapping, struct mapping_state *ret)
{
    int r = mapping_error(tx, mapping, ret);
    if (r >= 0)
        r = tx_get_int(tx, &ret->members_known, &MEMBERS_KNOWN_COUNT, I(mapping->target_rid));
    if (r >= 0)
        r = tx_get_int(tx, &ret->members_pending, &MEMBERS_DIRTY_COUNT, I(mapping->target_rid));
    int64_t strangers = 0;
    if (r >= 0)
        r = tx_get_int(tx, &strangers, &STRANGERS_COUNT, I(mapping->target_rid));
    if (r >= 0)
        r = tx_get_int(tx, &ret->members_extra, &EXTRA_COUNT, I(mapping->target_rid));
    ret->members_extra += strangers;
    struct target_group target = {0};
    if (r >= 0)
        r = target_group_get(tx, mapping->target_rid, &target);
    if (r >= 0) {
        ret->verify_state = target.verify_state;
        ret->verified_at = target.verified_at;
    }
    return r < 0 ? r : 0;
}

/* 1: had an error and is due again, 0: had none. */
static int retry_one(struct tx *tx, const struct mapping *mapping)
{
    if (mapping->status != MAPPING_ACTIVE)
        return 0;
    struct mapping_state state = {0};
    int r = mapping_error(tx, mapping, &state);
    int members = r < 0 ? r : tx_exec(tx, &MEMBERS_RETRY, I(mapping->target_rid));
    if (members < 0)
        return members;
    if (!state.error_class && members == 0)
        return 0;
    r = work_add(tx, mapping->app_rid, WORK_GROUP, mapping->target_rid, WORK_FRESH);
    return r < 0 ? r : 1;
}

SQL(TARGET_OVERWRITE, "UPDATE target_groups SET overwrite_wanted = 1 WHERE rid = $1");

int mapping_push_now(struct tx *tx, const struct mapping *mapping, struct problem *problem)
{
    if (mapping->status != MAPPING_ACTIVE)
        return problem_set(problem, E0000027,
                           "The mapping is INACTIVE, so nothing is pushed. Set its status to ACTIVE.");
    int r = tx_exec(tx, &MEMBERS_RETRY, I(mapping->target_rid));
    if (r >= 0)
        r = tx_exec(tx, &TARGET_OVERWRITE, I(mapping->target_rid));
    if (r >= 0 && mapping->members_wait)
        r = tx_exec(tx, &MAPPING_MEMBERS_START, I(mapping->rid));
    if (r >= 0)
        r = work_add(tx, mapping->app_rid, WORK_EXPAND_MAPPING, mapping->rid, WORK_URGENT);
    if (r >= 0)
        r = work_add(tx, mapping->app_rid, WORK_GROUP, mapping->target_rid, WORK_URGENT);
    return r < 0 ? r : 0;
}

SQL(TARGETS_VERIFY, "UPDATE target_groups SET verify_wanted = 1, verify_state = 0 WHERE rid = $1");
SQL(TARGETS_UNVERIFIED, "SELECT count(*) FROM push_mappings AS m JOIN target_groups AS t ON t.rid = m.target_rid"
                        " WHERE m.app_rid = $1 AND m.status = 1 AND t.verify_state NOT IN (1, 4)");

SQL(TARGET_WANT_VERIFIED, "UPDATE target_groups SET verify_wanted = 1 WHERE rid = $1");

int target_group_want_verified(struct tx *tx, int64_t target_rid)
{
    int r = tx_exec(tx, &TARGET_WANT_VERIFIED, I(target_rid));
    return r < 0 ? r : 0;
}

static int verify_one(struct tx *tx, const struct mapping *mapping)
{
    if (mapping->status != MAPPING_ACTIVE)
        return 0;
    struct mapping_state state = {0};
    int r = mapping_error(tx, mapping, &state);
    if (r < 0)
        return r;
    r = tx_exec(tx, &TARGETS_VERIFY, I(mapping->target_rid));
    if (r >= 0 && !state.in_error) /* what is held stays held */
        r = work_add(tx, mapping->app_rid, WORK_GROUP, mapping->target_rid, WORK_FRESH);
    return r < 0 ? r : 1;
}

/* Calls each() for every mapping of an app and adds up what it returns. */
static int each_of_app(struct tx *tx, int64_t app_rid, int (*each)(struct tx *tx, const struct mapping *mapping))
{
    struct mapping *page = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*page));
    struct mapping_filter everything = {0};
    int64_t after = 0;
    int total = 0;
    for (;;) {
        int count = mapping_list(tx, app_rid, &everything, after, page, LIMIT_EXPAND_ROWS);
        for (int i = 0; i < count; i++) {
            int r = each(tx, &page[i]);
            if (r < 0)
                return r;
            total += r;
        }
        if (count < LIMIT_EXPAND_ROWS)
            return count < 0 ? count : total;
        after = page[count - 1].rid;
    }
}

int mapping_verify_all(struct tx *tx, int64_t app_rid)
{
    return each_of_app(tx, app_rid, verify_one);
}

int64_t mapping_unverified(struct tx *tx, int64_t app_rid)
{
    int64_t count = 0;
    int r = tx_get_int(tx, &count, &TARGETS_UNVERIFIED, I(app_rid));
    return r < 0 ? r : count;
}

int mapping_retry_all(struct tx *tx, int64_t app_rid)
{
    return each_of_app(tx, app_rid, retry_one);
}
