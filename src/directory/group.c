/* SPDX-License-Identifier: Apache-2.0 */
/* Groups: of the directory (OKTA_GROUP), of apps (APP_GROUP) and built in. */
#include "directory/rows.h"

#include "base/limits.h"
#include "base/text.h"

#include <unictype.h>
#include <unistr.h>

SQL(GROUP_BY_ID, "SELECT " GROUP_COLUMNS " FROM groups g WHERE g.id = $1 AND g.deleted = 0");
SQL(GROUP_BY_RID, "SELECT " GROUP_COLUMNS " FROM groups g WHERE g.rid = $1");
SQL(GROUP_BY_NAME, "SELECT " GROUP_COLUMNS " FROM groups g WHERE g.name_key = $1 AND g.type = 1 AND g.deleted = 0");
SQL(GROUP_RID_BY_NAME, "SELECT rid FROM groups WHERE name_key = $1 AND type = 1 AND deleted = 0");
SQL(GROUP_RIDS, "SELECT rid FROM groups WHERE type = $1 AND deleted = 0 AND rid > $2 ORDER BY rid LIMIT $3");
SQL(GROUP_INSERT, "INSERT INTO groups (id, type, name, name_key, description, description_key, profile, source_id,"
                  " created, last_updated, last_membership_updated, deleted)"
                  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0) RETURNING rid");
SQL(GROUP_SET_PROFILE, "UPDATE groups SET name = $2, name_key = $3, description = $4, description_key = $5,"
                       " profile = $6, last_updated = $7 WHERE rid = $1");
SQL(GROUP_SET_PROTECTED, "UPDATE groups SET protected = $2 WHERE rid = $1");
SQL(GROUP_BURY, "UPDATE groups SET deleted = $2, last_updated = $3 WHERE rid = $1");
SQL(GROUP_REMOVE, "DELETE FROM groups WHERE rid = $1 AND deleted > 0");
SQL(GROUP_APP_REMOVE, "DELETE FROM groups WHERE rid = $1 AND type = 2");
SQL(GROUP_MEMBERSHIPS, "SELECT user_rid FROM memberships WHERE group_rid = $1 ORDER BY user_rid LIMIT $2");
SQL(GROUP_MEMBERSHIPS_REMOVE, "DELETE FROM memberships WHERE group_rid = $1 AND user_rid <= $2");

const char *group_type_name(enum group_type type)
{
    switch (type) {
    case GROUP_APP:
        return "APP_GROUP";
    case GROUP_BUILT_IN:
        return "BUILT_IN";
    case GROUP_OKTA:
    default:
        return "OKTA_GROUP";
    }
}

/* --- rows ----------------------------------------------------------------------------------------------------------
 */

void group_from_row(const struct query *query, struct group *ret)
{
    *ret = (struct group){.rid = query_int(query, 0),
                          .id = query_text(query, 1),
                          .type = (enum group_type)query_int(query, 2),
                          .name = query_text(query, 3),
                          .description = query_text(query, 4),
                          .profile = query_text(query, 5),
                          .source_id = query_text(query, 6),
                          .deleted = query_int(query, 7) != 0,
                          .created = query_int(query, 8),
                          .last_updated = query_int(query, 9),
                          .last_membership_updated = query_int(query, 10),
                          .is_protected = query_int(query, 11) != 0};
}

void group_keep(struct arena *arena, struct group *group)
{
    group->id = arena_strdup(arena, group->id);
    group->name = arena_strdup(arena, group->name);
    group->description = arena_strdup(arena, group->description);
    group->profile = arena_strdup(arena, group->profile);
    group->source_id = arena_strdup(arena, group->source_id);
}

struct event_target group_target(const struct group *group)
{
    return (struct event_target){.id = group->id, .type = "UserGroup", .name = group->name};
}

/* Takes the row of a query that tx_query_row() started with result `r`. */
static int take_group(struct tx *tx, struct query *query, int r, struct group *ret)
{
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    group_from_row(query, ret);
    group_keep(tx_arena(tx), ret);
    query_close(query);
    return 0;
}

int group_by_id(struct tx *tx, const char *id, struct group *ret)
{
    struct query query;
    return take_group(tx, &query, tx_query_row(tx, &query, &GROUP_BY_ID, T(id)), ret);
}

int group_by_rid(struct tx *tx, int64_t rid, struct group *ret)
{
    struct query query;
    return take_group(tx, &query, tx_query_row(tx, &query, &GROUP_BY_RID, I(rid)), ret);
}

int group_by_name(struct tx *tx, const char *name, struct group *ret)
{
    struct query query;
    return take_group(tx, &query, tx_query_row(tx, &query, &GROUP_BY_NAME, T(text_fold(tx_arena(tx), name))), ret);
}

int group_rids(struct tx *tx, enum group_type type, int64_t after, int64_t *ret_rids, int limit)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &GROUP_RIDS, I(type), I(after), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret_rids[count++] = query_int(&query, 0);
    return r < 0 ? r : count;
}

/* --- making and changing -------------------------------------------------------------------------------------------
 */

/* Fills in name, description and profile of `group` from a profile that was checked. */
static void take_profile(struct arena *arena, const struct jval *profile, struct group *group)
{
    group->name = arena_strdup(arena, jval_get_str(profile, "name"));
    group->description = arena_strdup(arena, jval_get_str(profile, "description"));
    group->profile = jval_text(arena, profile, false);
    assert(group->name); /* required by every schema */
}

static const char *description_key(struct arena *arena, const struct group *group)
{
    return group->description ? text_fold(arena, group->description) : "";
}

/* A letter, a digit or another sign that can be seen. */
static bool has_visible(const char *text)
{
    const uint8_t *p = (const uint8_t *)text;
    ucs4_t c = 0;
    while ((p = u8_next(&c, p)))
        if (!uc_is_property_white_space(c) && !uc_is_property_default_ignorable_code_point(c) &&
            !uc_is_general_category_withtable(c, UC_CATEGORY_MASK_C))
            return true;
    return false;
}

static int check_name_is_free(struct tx *tx, const char *name, int64_t own_rid, struct problem *problem)
{
    int64_t rid = 0;
    int r = tx_get_int(tx, &rid, &GROUP_RID_BY_NAME, T(text_fold(tx_arena(tx), name)));
    if (r < 0)
        return r;
    if (r == 1 && rid != own_rid)
        return problem_invalid(problem, "name",
                               "name: An object with this field already exists in the current organization");
    return 0;
}

static int check_name(struct tx *tx, const char *name, int64_t own_rid, struct problem *problem)
{
    if (!has_visible(name))
        return problem_invalid(problem, "name",
                               "name: Must have a character that can be seen; white space alone names no group");
    return check_name_is_free(tx, name, own_rid, problem);
}

static int insert_group(struct tx *tx, struct group *group)
{
    struct arena *arena = tx_arena(tx);
    group->created = tx_now(tx);
    group->last_updated = tx_now(tx);
    group->last_membership_updated = tx_now(tx);
    int r = tx_get_int(tx, &group->rid, &GROUP_INSERT, T(group->id), I(group->type), T(group->name),
                       T(text_fold(arena, group->name)), T(group->description), T(description_key(arena, group)),
                       T(group->profile), T(group->source_id), I(group->created), I(group->last_updated),
                       I(group->last_membership_updated));
    return r < 0 ? r : 0;
}

int group_create(struct tx *tx, const struct jval *profile, struct group *ret, struct problem *problem)
{
    const struct schema *schema = NULL;
    struct jval *merged CLEANUP(jval_freep) = NULL;
    int r = schema_load(tx, SCHEMA_GROUP, &schema);
    if (r >= 0)
        r = profile_merge(tx_arena(tx), schema, NULL, profile, true, "profile", &merged, problem);
    if (r < 0)
        return r;
    struct group group = {.id = tx_id(tx, "00g"), .type = GROUP_OKTA};
    take_profile(tx_arena(tx), merged, &group);
    r = check_name(tx, group.name, 0, problem);
    if (r >= 0)
        r = insert_group(tx, &group);
    if (r >= 0)
        r = tx_change(tx, (struct change){.kind = CHANGE_GROUP_CREATED, .subject = group.rid});
    if (r >= 0)
        r = directory_event(tx, "group.lifecycle.create", "Create Okta group", group_target(&group), NULL);
    if (r < 0)
        return r;
    *ret = group;
    return 0;
}

static int refuse_read_only(const struct group *group, struct problem *problem)
{
    (void)problem_set(problem, E0000111, "%s", group_type_name(group->type));
    if (group->type == GROUP_APP)
        return problem_cause(problem, "id: The group belongs to an app; change it through its push mapping or in the "
                                      "app");
    return problem_cause(problem, "id: The group is built in");
}

int group_store_profile(struct tx *tx, struct group *group, const struct jval *profile)
{
    struct arena *arena = tx_arena(tx);
    const char *old_name = group->name;
    take_profile(arena, profile, group);
    group->last_updated = tx_now(tx);
    int r = tx_exec(tx, &GROUP_SET_PROFILE, I(group->rid), T(group->name), T(text_fold(arena, group->name)),
                    T(group->description), T(description_key(arena, group)), T(group->profile), I(group->last_updated));
    if (r >= 0)
        r = tx_change(tx, (struct change){.kind = CHANGE_GROUP_PROFILE,
                                          .subject = group->rid,
                                          .detail = strcmp(old_name, group->name) != 0});
    if (r >= 0)
        r = directory_event(tx, "group.profile.update", "Okta group profile updated", group_target(group), NULL);
    return r < 0 ? r : 0;
}

int group_update(struct tx *tx, struct group *group, const struct jval *profile, struct problem *problem)
{
    *problem = (struct problem){0};
    if (group->type != GROUP_OKTA)
        return refuse_read_only(group, problem);
    const struct schema *schema = NULL;
    struct jval *old CLEANUP(jval_freep) = NULL;
    struct jval *merged CLEANUP(jval_freep) = NULL;
    if (jval_parse(&old, group->profile, strlen(group->profile), NULL) < 0)
        return ERR_CORRUPT;
    int r = schema_load(tx, SCHEMA_GROUP, &schema);
    if (r >= 0)
        r = profile_merge(tx_arena(tx), schema, old, profile, true, "profile", &merged, problem);
    if (r < 0)
        return r;
    if (jval_equal(old, merged))
        return 0;
    r = check_name(tx, jval_get_str(merged, "name"), group->rid, problem);
    return r < 0 ? r : group_store_profile(tx, group, merged);
}

/* --- taking away ---------------------------------------------------------------------------------------------------
 */

int group_protect(struct tx *tx, struct group *group, bool on)
{
    if (group->is_protected == on)
        return 0;
    int r = tx_exec(tx, &GROUP_SET_PROTECTED, I(group->rid), I(on));
    if (r >= 0)
        r = tx_change(tx, (struct change){.kind = CHANGE_GROUP_PROTECTED, .subject = group->rid, .detail = on});
    if (r < 0)
        return r;
    group->is_protected = on;
    return directory_event(tx, on ? "muster.group.protect" : "muster.group.unprotect",
                           on ? "Protect group from deletion in apps" : "End protection of group from deletion in apps",
                           group_target(group), NULL);
}

int group_delete(struct tx *tx, struct group *group, struct problem *problem)
{
    *problem = (struct problem){0};
    if (group->type == GROUP_BUILT_IN)
        return refuse_read_only(group, problem);
    int r = tx_exec(tx, &GROUP_BURY, I(group->rid), I(MAX_OF(tx_now(tx), (int64_t)1)), I(tx_now(tx)));
    if (r < 0)
        return r;
    group->deleted = true;
    r = tx_change(tx, (struct change){.kind = CHANGE_GROUP_DELETED, .subject = group->rid});
    if (r >= 0)
        r = directory_event(tx, "group.lifecycle.delete", "Delete Okta group", group_target(group), NULL);
    return r < 0 ? r : 0;
}

int group_purge_chunk(struct tx *tx, int64_t group_rid, int limit)
{
    struct group group;
    int r = group_by_rid(tx, group_rid, &group);
    if (r == ERR_NOT_FOUND || (r == 0 && !group.deleted))
        return 0; /* nothing to take away (any more) */
    struct query query = {0};
    if (r == 0)
        r = tx_query(tx, &query, &GROUP_MEMBERSHIPS, I(group_rid), I(limit));
    int64_t last = 0;
    int count = 0;
    while (r >= 0 && (r = query_next(&query)) > 0) {
        last = query_int(&query, 0);
        count++;
        r = tx_change(tx, (struct change){.kind = CHANGE_MEMBER_REMOVED, .subject = group_rid, .object = last});
    }
    query_close(&query);
    if (r >= 0 && count > 0)
        r = tx_exec(tx, &GROUP_MEMBERSHIPS_REMOVE, I(group_rid), I(last));
    if (r >= 0 && count < limit)
        r = tx_exec(tx, &GROUP_REMOVE, I(group_rid));
    return r < 0 ? r : count == limit;
}

/* --- groups of apps ------------------------------------------------------------------------------------------------
 */

static const char *app_group_profile(struct arena *arena, const char *name, const char *description)
{
    struct jval *profile CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(profile, "name", name);
    if (description)
        jval_set_str(profile, "description", description);
    return jval_text(arena, profile, false);
}

int group_app_create(struct tx *tx, const char *app_id, const char *name, const char *description, struct group *ret)
{
    struct arena *arena = tx_arena(tx);
    struct group group = {.id = tx_id(tx, "00g"),
                          .type = GROUP_APP,
                          .name = arena_strdup(arena, name),
                          .description = arena_strdup(arena, description),
                          .profile = app_group_profile(arena, name, description),
                          .source_id = arena_strdup(arena, app_id)};
    int r = insert_group(tx, &group);
    if (r >= 0)
        *ret = group;
    return r;
}

int group_app_rename(struct tx *tx, int64_t rid, const char *name)
{
    struct arena *arena = tx_arena(tx);
    struct group group;
    int r = group_by_rid(tx, rid, &group);
    if (r < 0)
        return r;
    if (group.type != GROUP_APP)
        return ERR_NOT_FOUND;
    if (strcmp(group.name, name) == 0)
        return 0;
    r = tx_exec(tx, &GROUP_SET_PROFILE, I(rid), T(name), T(text_fold(arena, name)), T(group.description),
                T(description_key(arena, &group)), T(app_group_profile(arena, name, group.description)), I(tx_now(tx)));
    return r < 0 ? r : 0;
}

SQL(GROUP_APP_TOUCH, "UPDATE groups SET last_membership_updated = $2 WHERE rid = $1 AND type = 2");

int group_app_touch(struct tx *tx, int64_t rid)
{
    int r = tx_exec(tx, &GROUP_APP_TOUCH, I(rid), I(tx_now(tx)));
    return r < 0 ? r : 0;
}

int group_app_delete(struct tx *tx, int64_t rid)
{
    int r = tx_exec(tx, &GROUP_APP_REMOVE, I(rid));
    return r < 0 ? r : 0;
}
