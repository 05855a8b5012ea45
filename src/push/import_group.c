/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of an app and their members: compared when they are read, taken over when everything was read. */
#include "push/import_private.h"

#include "base/limits.h"
#include "base/text.h"

SQL(GROUP_FIND, "SELECT rid FROM target_groups WHERE app_rid = $1 AND external_id = $2 ORDER BY rid LIMIT 1");
SQL(GROUPS_KNOWN, "SELECT rid FROM target_groups WHERE app_rid = $1 AND rid > $2 AND rid <= $3 ORDER BY rid LIMIT $4");
/* A group that is about to be made or found by push: the answer to that tells its id. */
SQL(GROUP_AWAITED, "SELECT 1 FROM target_groups WHERE app_rid = $1 AND name_fold = $2 AND external_id IS NULL"
                   " AND delete_wanted = 0 LIMIT 1");
SQL(MEMBERS_FOUND, "SELECT external_id FROM imported_members WHERE target_rid = $1 ORDER BY external_id");
SQL(MEMBER_FOUND_ADD, "INSERT INTO imported_members (target_rid, external_id) VALUES ($1, $2)"
                      " ON CONFLICT (target_rid, external_id) DO NOTHING");
SQL(MEMBER_FOUND_DELETE, "DELETE FROM imported_members WHERE target_rid = $1 AND external_id = $2");
SQL(MEMBERS_FOUND_CHUNK, "DELETE FROM imported_members WHERE target_rid = $1 AND external_id IN"
                         " (SELECT external_id FROM imported_members WHERE target_rid = $1 ORDER BY external_id"
                         " LIMIT $2)");
SQL(GROUP_MEMBERS_PUSHED, "SELECT user_rid FROM target_members WHERE target_rid = $1 AND user_rid > $2 AND known = 1"
                          " ORDER BY user_rid LIMIT $3");

int import_find_group(struct tx *tx, int64_t app_rid, const char *external_id, int64_t *ret_rid)
{
    return tx_get_int(tx, ret_rid, &GROUP_FIND, I(app_rid), T(external_id));
}

int import_known_groups(struct tx *tx, int64_t app_rid, int64_t after, int64_t max, int64_t *ret, int limit)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &GROUPS_KNOWN, I(app_rid), I(after), I(max), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret[count++] = query_int(&query, 0);
    return r < 0 ? r : count;
}

static int is_mapped(struct tx *tx, int64_t target_rid)
{
    struct mapping mapping = {0};
    int r = mapping_by_target(tx, target_rid, &mapping);
    return r == ERR_NOT_FOUND ? 0 : r < 0 ? r : 1;
}

/* --- comparing -----------------------------------------------------------------------------------------------------
 */

/* Is the group known as it was found, or is it push's to say? 1 or 0. */
static int is_as_known(struct tx *tx, const struct import_run *run, const struct import_group *found, int64_t rid)
{
    if (rid == 0) {
        int64_t one = 0;
        return tx_get_int(tx, &one, &GROUP_AWAITED, I(run->app_rid), T(text_fold(tx_arena(tx), found->name)));
    }
    struct target_group group = {0};
    int r = target_group_get(tx, rid, &group);
    if (r < 0)
        return r;
    if (group.delete_wanted || str_eq(group.known_name, found->name))
        return 1;
    return is_mapped(tx, rid); /* a group that is pushed is owned by its source */
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The ids that were found, sorted, each once. */
static size_t sort_ids(const char **ids, size_t count)
{
    size_t kept = 0;
    qsort(ids, count, sizeof(*ids), compare_ids);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || strcmp(ids[kept - 1], ids[i]) != 0)
            ids[kept++] = ids[i];
    return kept;
}

static int stage_member(struct tx *tx, const struct import_run *run, const char *group_id, const char *member_id,
                        bool gone)
{
    const struct staged row = {.kind = STAGED_MEMBER,
                               .external_id = group_id,
                               .member_id = member_id,
                               .fate = gone ? STAGED_GONE : STAGED_FOUND};
    return staged_add(tx, run, &row);
}

/* Both lists are sorted: what stands in one of them only is a difference. */
static int stage_difference(struct tx *tx, const struct import_run *run, const char *group_id, const char **found,
                            size_t found_count, const char **known, size_t known_count)
{
    int staged = 0;
    for (size_t f = 0, k = 0; f < found_count || k < known_count;) {
        int order = f == found_count ? 1 : k == known_count ? -1 : strcmp(found[f], known[k]);
        if (order != 0) {
            int r = stage_member(tx, run, group_id, order < 0 ? found[f] : known[k], order > 0);
            if (r < 0)
                return r;
            staged += r;
        }
        f += order <= 0;
        k += order >= 0;
    }
    return staged;
}

struct ids {
    const char **items;
    size_t count, size;
};

static void ids_add(struct arena *arena, struct ids *ids, const char *id)
{
    if (ids->count == ids->size) {
        size_t size = MAX_OF(ids->size * 2, (size_t)64);
        const char **bigger = arena_array(arena, size, sizeof(*bigger));
        if (ids->count)
            memcpy(bigger, ids->items, ids->count * sizeof(*bigger));
        ids->items = bigger;
        ids->size = size;
    }
    ids->items[ids->count++] = arena_strdup(arena, id);
}

static int compare_members(struct tx *tx, const struct import_run *run, const struct import_group *found, int64_t rid)
{
    struct arena *arena = tx_arena(tx);
    const char **ids = arena_array(arena, found->member_count + 1, sizeof(*ids));
    if (found->member_count)
        memcpy(ids, found->members, found->member_count * sizeof(*ids));
    size_t count = sort_ids(ids, found->member_count);
    struct ids known = {0};
    struct query query;
    int r = rid ? tx_query(tx, &query, &MEMBERS_FOUND, I(rid)) : 0;
    while (rid && r >= 0 && (r = query_next(&query)) > 0)
        ids_add(arena, &known, query_text(&query, 0));
    return r < 0 ? r : stage_difference(tx, run, found->external_id, ids, count, known.items, known.count);
}

int import_take_group(struct tx *tx, const struct import_run *run, const struct import_group *found, int64_t rid,
                      bool *ret_new)
{
    int same = is_as_known(tx, run, found, rid);
    int staged = 0;
    if (same == 0) {
        const struct staged row = {
            .kind = STAGED_GROUP, .external_id = found->external_id, .member_id = "", .name = found->name};
        staged = staged_add(tx, run, &row);
    }
    *ret_new = staged > 0 || same > 0;
    if (same < 0 || staged < 0 || !*ret_new || !found->members || (same && !rid))
        return same < 0 ? same : staged;
    int members = compare_members(tx, run, found, rid);
    return members < 0 ? members : staged + members;
}

int import_miss_group(struct tx *tx, const struct import_run *run, int64_t rid)
{
    struct target_group group = {0};
    int r = target_group_get(tx, rid, &group);
    if (r == ERR_NOT_FOUND || (r == 0 && (!group.external_id || group.delete_wanted)))
        return 0;
    int mapped = r < 0 ? r : is_mapped(tx, rid);
    if (mapped != 0) /* push looks after its own, and says so when one is missing */
        return MIN_OF(mapped, 0);
    const struct staged row = {.kind = STAGED_GROUP,
                               .external_id = group.external_id,
                               .member_id = "",
                               .name = group.name,
                               .fate = STAGED_MISSED};
    return staged_add(tx, run, &row);
}

/* --- applying ------------------------------------------------------------------------------------------------------
 */

static int tell_group(struct tx *tx, const struct import_run *run, const char *type, const char *message,
                      const struct target_group *target)
{
    struct group group = {0};
    int r = group_by_rid(tx, target->group_rid, &group);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    const struct event_target about = {
        .id = group.id, .type = "AppGroup", .alternate_id = target->external_id, .name = group.name};
    return import_event(tx, run, type, message, NULL, &about);
}

static int make_group(struct tx *tx, const struct app *app, struct import_run *run, const struct staged *row)
{
    struct target_group target = {0};
    int64_t one = 0;
    int r = tx_get_int(tx, &one, &GROUP_AWAITED, I(app->rid), T(text_fold(tx_arena(tx), row->name)));
    if (r != 0) /* a mapping asked for it meanwhile */
        return r < 0 ? r : 0;
    r = target_group_make(tx, app, row->name, &target);
    if (r == 0)
        r = target_group_set_known(tx, &target, row->external_id, ORIGIN_LINKED, row->name);
    if (r < 0)
        return r;
    run->groups_created++;
    return tell_group(tx, run, "system.import.group.create", "Create group triggered by import process", &target);
}

static int rename_group(struct tx *tx, struct import_run *run, struct target_group *target, const struct staged *row)
{
    if (str_eq(target->known_name, row->name))
        return 0;
    int r = target_group_rename_wanted(tx, target, row->name);
    if (r == 0)
        r = target_group_set_name(tx, target, row->name);
    if (r < 0)
        return r;
    run->groups_updated++;
    return tell_group(tx, run, "system.import.group.update", "Update group triggered from import process", target);
}

/* A group that an app is assigned to stays until that is undone. */
static int drop_group(struct tx *tx, struct import_run *run, struct target_group *target)
{
    int64_t app_rid = 0;
    int assigned = app_rids_of_group(tx, target->group_rid, 0, &app_rid, 1);
    if (assigned != 0)
        return MIN_OF(assigned, 0);
    int r = tell_group(tx, run, "system.import.group.delete", "Remove group triggered by import process", target);
    run->groups_removed++;
    return r < 0 ? r : target_group_deleted(tx, target);
}

int import_apply_group(struct tx *tx, const struct app *app, struct import_run *run, const struct staged *row)
{
    int64_t rid = 0;
    (void)tx_spend(tx, 4);
    int found = import_find_group(tx, app->rid, row->external_id, &rid);
    if (found < 0)
        return found;
    if (!found)
        return row->fate == STAGED_FOUND ? make_group(tx, app, run, row) : 0;
    struct target_group target = {0};
    int r = target_group_get(tx, rid, &target);
    int mapped = r < 0 ? r : is_mapped(tx, rid);
    if (mapped != 0 || target.delete_wanted)
        return MIN_OF(mapped, 0);
    return row->fate == STAGED_FOUND ? rename_group(tx, run, &target, row) : drop_group(tx, run, &target);
}

int import_apply_member(struct tx *tx, struct import_run *run, const struct staged *row)
{
    int64_t rid = 0;
    struct target_group target = {0};
    (void)tx_spend(tx, 1);
    int found = import_find_group(tx, run->app_rid, row->external_id, &rid);
    if (found <= 0)
        return found;
    bool gone = row->fate == STAGED_GONE;
    int changed = tx_exec(tx, gone ? &MEMBER_FOUND_DELETE : &MEMBER_FOUND_ADD, I(rid), T(row->member_id));
    if (changed <= 0)
        return changed;
    run->members_added += !gone;
    run->members_removed += gone;
    if (run->touched == rid) /* they come group by group */
        return 0;
    run->touched = rid;
    int r = target_group_get(tx, rid, &target);
    return r < 0 ? r : group_app_touch(tx, target.group_rid);
}

int imported_members_delete_chunk(struct tx *tx, int64_t target_rid, int limit)
{
    int r = tx_exec(tx, &MEMBERS_FOUND_CHUNK, I(target_rid), I(limit));
    return r < 0 ? r : r == limit;
}

/* --- who is in a group ---------------------------------------------------------------------------------------------
 */

static int compare_rids(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Imported members are known by their id in the app: the accounts say whose that is. */
static int imported_member_rids(struct tx *tx, const struct target_group *group, int64_t after, int64_t *ret, int limit)
{
    struct arena *arena = tx_arena(tx);
    struct query query;
    struct ids ids = {0};
    int64_t *all = NULL;
    size_t count = 0;
    int r = tx_query(tx, &query, &MEMBERS_FOUND, I(group->rid));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ids_add(arena, &ids, query_text(&query, 0));
    all = arena_array(arena, ids.count + 1, sizeof(*all));
    for (size_t i = 0; r >= 0 && i < ids.count; i++) {
        struct account account = {0};
        r = account_by_external(tx, group->app_rid, ids.items[i], &account);
        if (r == 0 && account.user_rid > after)
            all[count++] = account.user_rid;
        r = r == ERR_NOT_FOUND ? 0 : r;
    }
    if (r < 0)
        return r;
    qsort(all, count, sizeof(*all), compare_rids);
    int kept = 0;
    for (size_t i = 0; i < count && kept < limit; i++)
        if (kept == 0 || ret[kept - 1] != all[i])
            ret[kept++] = all[i];
    return kept;
}

int app_group_member_rids(struct tx *tx, const struct target_group *group, int64_t after, int64_t *ret, int limit)
{
    int mapped = is_mapped(tx, group->rid);
    if (mapped < 0)
        return mapped;
    if (!mapped)
        return imported_member_rids(tx, group, after, ret, limit);
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &GROUP_MEMBERS_PUSHED, I(group->rid), I(after), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret[count++] = query_int(&query, 0);
    return r < 0 ? r : count;
}

int64_t app_group_member_count(struct tx *tx, const struct group *group)
{
    struct target_group target = {0};
    int64_t *rids = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*rids));
    int64_t total = 0;
    int64_t after = 0;
    int r = target_group_by_group(tx, group->rid, &target);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    for (int count = LIMIT_EXPAND_ROWS; count == LIMIT_EXPAND_ROWS; after = rids[LIMIT_EXPAND_ROWS - 1]) {
        count = app_group_member_rids(tx, &target, after, rids, LIMIT_EXPAND_ROWS);
        if (count < 0)
            return count;
        total += count;
    }
    return total;
}

int app_group_forget(struct tx *tx, const struct group *group, struct problem *problem)
{
    struct target_group target = {0};
    int r = target_group_by_group(tx, group->rid, &target);
    int mapped = r == ERR_NOT_FOUND ? 0 : r < 0 ? r : is_mapped(tx, target.rid);
    if (mapped < 0)
        return mapped;
    if (mapped || target.delete_wanted) {
        (void)problem_set(problem, E0000111, "%s", group_type_name(group->type));
        return problem_cause(problem, "groupId: You can't remove groups of type APP_GROUP if they are used in a group "
                                      "push mapping. Delete the mapping with deleteTargetGroup instead");
    }
    return r == ERR_NOT_FOUND ? group_app_delete(tx, group->rid) : target_group_deleted(tx, &target);
}
