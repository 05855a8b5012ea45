/* SPDX-License-Identifier: Apache-2.0 */
/* Target groups: what an app holds of each pushed group, and its shape in the directory (the APP_GROUP). */
#include "base/limits.h"
#include "base/text.h"
#include "push/push_private.h"

#define COLUMNS                                                                                                        \
    "rid, app_rid, group_rid, name, external_id, origin, known_name, link_pending, delete_wanted, read_at,"            \
    " verify_wanted, verify_state, verified_at, overwrite_wanted, source_rid,"                                         \
    " full_wanted, probing"

SQL(TARGET_BY_RID, "SELECT " COLUMNS " FROM target_groups WHERE rid = $1");
SQL(TARGET_BY_GROUP, "SELECT " COLUMNS " FROM target_groups WHERE group_rid = $1");
SQL(TARGET_BY_NAME, "SELECT " COLUMNS " FROM target_groups WHERE app_rid = $1 AND name_fold = $2 AND delete_wanted = 0"
                    " ORDER BY rid LIMIT 1");
SQL(TARGETS_FREE,
    "SELECT rid FROM target_groups AS t WHERE app_rid = $1 AND name_fold = $2 AND delete_wanted = 0"
    " AND NOT EXISTS (SELECT 1 FROM push_mappings AS m WHERE m.target_rid = t.rid) ORDER BY rid LIMIT $3");
SQL(TARGET_GOING, "SELECT rid FROM target_groups WHERE app_rid = $1 AND external_id = $2 AND delete_wanted = 1"
                  " ORDER BY rid LIMIT 1");
SQL(TARGET_INSERT,
    "INSERT INTO target_groups (app_rid, group_rid, name, name_fold) VALUES ($1, $2, $3, $4) RETURNING rid");
SQL(TARGET_SET_KNOWN, "UPDATE target_groups SET external_id = $2, origin = $3, known_name = $4, link_pending = $5"
                      " WHERE rid = $1");
SQL(TARGET_SET_NAME, "UPDATE target_groups SET known_name = $2 WHERE rid = $1");
SQL(TARGET_RENAME, "UPDATE target_groups SET name = $2, name_fold = $3 WHERE rid = $1");
SQL(TARGET_RELINK, "UPDATE target_groups SET link_pending = CASE WHEN external_id IS NULL THEN 0 ELSE 1 END"
                   " WHERE rid = $1");
SQL(TARGET_WANT_DELETED, "UPDATE target_groups SET delete_wanted = 1, source_rid = $2 WHERE rid = $1");
SQL(TARGET_DELETE, "DELETE FROM target_groups WHERE rid = $1");
SQL(TARGET_LINKED, "UPDATE target_groups SET link_pending = 0, overwrite_wanted = 0, source_rid = $2, read_at = $3"
                   " WHERE rid = $1");
SQL(TARGET_MEMBERS_FORGET, "UPDATE target_members SET known = 0, dirty = 1, version = $2, since = $2,"
                           " error = CASE WHEN error_class = 'HELD' THEN NULL ELSE error END,"
                           " error_class = CASE WHEN error_class = 'HELD' THEN NULL ELSE error_class END"
                           " WHERE target_rid = $1 AND known = 1");
SQL(TARGETS_OF_APP, "SELECT rid, group_rid FROM target_groups WHERE app_rid = $1 ORDER BY rid");
SQL(APP_MAPPINGS_DELETE, "DELETE FROM push_mappings WHERE app_rid = $1");
SQL(STRANGERS_DELETE, "DELETE FROM target_strangers WHERE target_rid = $1");

/* Takes the row of a query that tx_query_row() started with result `r`. */
static int read_one(struct tx *tx, struct query *query, int r, struct target_group *ret)
{
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    *ret = (struct target_group){.rid = query_int(query, 0),
                                 .app_rid = query_int(query, 1),
                                 .group_rid = query_int(query, 2),
                                 .name = push_text(tx, query, 3),
                                 .external_id = push_text(tx, query, 4),
                                 .origin = (enum account_origin)query_int(query, 5),
                                 .known_name = push_text(tx, query, 6),
                                 .link_pending = query_int(query, 7) != 0,
                                 .delete_wanted = query_int(query, 8) != 0,
                                 .read_at = query_int(query, 9),
                                 .verify_wanted = query_int(query, 10) != 0,
                                 .verify_state = (enum verify_state)query_int(query, 11),
                                 .verified_at = query_int(query, 12),
                                 .overwrite_wanted = query_int(query, 13) != 0,
                                 .source_rid = query_int(query, 14),
                                 .full_wanted = query_int(query, 15) != 0,
                                 .probing = (enum probing)query_int(query, 16)};
    query_close(query);
    return 0;
}

int target_group_get(struct tx *tx, int64_t rid, struct target_group *ret)
{
    struct query query;
    return read_one(tx, &query, tx_query_row(tx, &query, &TARGET_BY_RID, I(rid)), ret);
}

int target_group_by_group(struct tx *tx, int64_t group_rid, struct target_group *ret)
{
    struct query query;
    return read_one(tx, &query, tx_query_row(tx, &query, &TARGET_BY_GROUP, I(group_rid)), ret);
}

int target_group_by_name(struct tx *tx, int64_t app_rid, const char *name, struct target_group *ret)
{
    struct query query;
    const char *fold = text_fold(tx_arena(tx), name);
    return read_one(tx, &query, tx_query_row(tx, &query, &TARGET_BY_NAME, I(app_rid), T(fold)), ret);
}

int target_group_candidates(struct tx *tx, int64_t app_rid, const char *name, struct target_group *ret, int limit)
{
    struct query query;
    int64_t *rids = arena_array(tx_arena(tx), (size_t)limit, sizeof(*rids));
    const char *fold = text_fold(tx_arena(tx), name);
    int count = 0;
    int r = tx_query(tx, &query, &TARGETS_FREE, I(app_rid), T(fold), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        rids[count++] = query_int(&query, 0);
    for (int i = 0; r >= 0 && i < count; i++)
        r = target_group_get(tx, rids[i], &ret[i]);
    return r < 0 ? r : count;
}

int target_group_make(struct tx *tx, const struct app *app, const char *name, struct target_group *ret)
{
    struct group group = {0};
    int r = group_app_create(tx, app->id, name, NULL, &group);
    if (r < 0)
        return r;
    int64_t rid = 0;
    r = tx_get_int(tx, &rid, &TARGET_INSERT, I(app->rid), I(group.rid), T(name), T(text_fold(tx_arena(tx), name)));
    return r < 0 ? r : target_group_get(tx, rid, ret);
}

int target_group_rename_wanted(struct tx *tx, struct target_group *group, const char *name)
{
    int r = tx_exec(tx, &TARGET_RENAME, I(group->rid), T(name), T(text_fold(tx_arena(tx), name)));
    if (r < 0)
        return r;
    group->name = name;
    return group_app_rename(tx, group->group_rid, name);
}

int target_group_relink(struct tx *tx, struct target_group *group)
{
    group->link_pending = group->external_id != NULL;
    int r = tx_exec(tx, &TARGET_RELINK, I(group->rid));
    return r < 0 ? r : 0;
}

int target_group_want_deleted(struct tx *tx, const struct target_group *group, int64_t source_rid)
{
    int r = tx_exec(tx, &TARGET_WANT_DELETED, I(group->rid), I(source_rid));
    struct deletion_key key = {.kind = DELETION_GROUP, .object_rid = group->rid, .external_id = ""};
    return r < 0 || !group->external_id ? MIN_OF(r, 0) : deletion_add(tx, group->app_rid, &key);
}

int target_group_set_known(struct tx *tx, struct target_group *group, const char *external_id,
                           enum account_origin origin, const char *known_name)
{
    group->external_id = external_id;
    group->origin = origin;
    group->known_name = known_name;
    group->link_pending = origin == ORIGIN_LINKED;
    int r =
        tx_exec(tx, &TARGET_SET_KNOWN, I(group->rid), T(external_id), I(origin), T(known_name), I(group->link_pending));
    return r < 0 ? r : 0;
}

int target_group_set_name(struct tx *tx, struct target_group *group, const char *known_name)
{
    group->known_name = known_name;
    int r = tx_exec(tx, &TARGET_SET_NAME, I(group->rid), T(known_name));
    return r < 0 ? r : 0;
}

int target_group_linked(struct tx *tx, struct target_group *group, int64_t source_rid)
{
    group->link_pending = false;
    group->overwrite_wanted = false;
    int r = tx_exec(tx, &TARGET_LINKED, I(group->rid), I(source_rid), I(tx_now(tx)));
    return r < 0 ? r : 0;
}

SQL(TARGET_WANT_FULL, "UPDATE target_groups SET full_wanted = $2 WHERE rid = $1");

int target_group_want_full(struct tx *tx, struct target_group *group, bool wanted)
{
    group->full_wanted = wanted;
    int r = tx_exec(tx, &TARGET_WANT_FULL, I(group->rid), I(wanted));
    return r < 0 ? r : 0;
}

int target_group_forget(struct tx *tx, struct target_group *group)
{
    group->external_id = NULL;
    group->known_name = NULL;
    group->link_pending = false;
    int r = tx_exec(tx, &TARGET_SET_KNOWN, I(group->rid), T(NULL), I(ORIGIN_UNKNOWN), T(NULL), I(0));
    int64_t number = r < 0 ? r : tx_change_number(tx);
    if (number < 0)
        return (int)number;
    r = tx_exec(tx, &TARGET_MEMBERS_FORGET, I(group->rid), I(number));
    if (r >= 0)
        r = tx_exec(tx, &STRANGERS_DELETE, I(group->rid));
    if (r >= 0)
        r = deletion_forget_group(tx, group->rid);
    if (r >= 0)
        r = work_poke_leavers(tx, group->app_rid); /* nobody has to leave it any more */
    return r < 0 ? r : 0;
}

int target_group_deleted(struct tx *tx, struct target_group *group)
{
    int r = tx_exec(tx, &TARGET_DELETE, I(group->rid));
    if (r >= 0)
        r = tx_exec(tx, &STRANGERS_DELETE, I(group->rid));
    if (r >= 0)
        r = deletion_forget_group(tx, group->rid);
    if (r >= 0)
        r = group_app_delete(tx, group->group_rid);
    if (r >= 0)
        r = work_add(tx, group->app_rid, WORK_EXPAND_TARGET_GONE, group->rid, WORK_BULK);
    return r < 0 ? r : 0;
}

int target_group_going(struct tx *tx, int64_t app_rid, const char *external_id, struct target_group *ret)
{
    int64_t rid = 0;
    int r = tx_get_int(tx, &rid, &TARGET_GOING, I(app_rid), T(external_id));
    return r < 0 ? r : target_group_get(tx, rid, ret);
}

int target_group_take_over(struct tx *tx, struct target_group *group, struct target_group *going)
{
    enum account_origin origin = going->origin;
    int r = target_group_set_known(tx, group, going->external_id, origin, going->known_name);
    if (r == 0)
        r = target_group_relink(tx, group);
    if (r == 0)
        r = target_group_deleted(tx, going);
    if (r == 0)
        r = work_delete(tx, going->app_rid, WORK_GROUP, going->rid);
    return r < 0 ? r : 0;
}

int push_delete_app(struct tx *tx, int64_t app_rid)
{
    int r = tx_exec(tx, &APP_MAPPINGS_DELETE, I(app_rid));
    if (r >= 0)
        r = push_settings_delete(tx, app_rid);
    if (r >= 0)
        r = push_rules_delete(tx, app_rid);
    if (r >= 0)
        r = deletions_delete_app(tx, app_rid);
    struct query query;
    if (r >= 0)
        r = tx_query(tx, &query, &TARGETS_OF_APP, I(app_rid));
    size_t count = 0;
    size_t size = 16;
    struct target_group *groups = arena_array(tx_arena(tx), size, sizeof(*groups));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        if (count == size) {
            struct target_group *bigger = arena_array(tx_arena(tx), size * 2, sizeof(*groups));
            memcpy(bigger, groups, size * sizeof(*groups));
            groups = bigger;
            size *= 2;
        }
        groups[count++] = (struct target_group){.rid = query_int(&query, 0), .group_rid = query_int(&query, 1)};
    }
    for (size_t i = 0; r >= 0 && i < count; i++) /* app_rid 0: the clean-up is nobody's work once the app is gone */
        r = target_group_deleted(tx, &groups[i]);
    return r < 0 ? r : 0;
}
