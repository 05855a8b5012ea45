/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/import.h"

#include "directory/rows.h"

#include "base/text.h"

#define GROUP_SLOTS 256 /* chains of the table of groups seen in this transaction */

struct seen_group {
    const char *key; /* folded name */
    struct group group;
    struct seen_group *next;
};

struct directory_import {
    struct tx *tx;
    const struct schema *schema;
    struct seen_group *groups[GROUP_SLOTS];
};

int directory_import_begin(struct tx *tx, struct directory_import **ret)
{
    struct directory_import *import = arena_alloc(tx_arena(tx), sizeof(*import));
    import->tx = tx;
    int r = schema_load(tx, SCHEMA_USER, &import->schema);
    if (r >= 0)
        *ret = import;
    return r;
}

static int create_user(struct directory_import *import, const struct jval *profile, const char *password_hash,
                       bool activate, struct problem *problem)
{
    const struct user_input input = {.profile = profile,
                                     .has_password = password_hash != NULL,
                                     .password_hash = password_hash,
                                     .activate = activate,
                                     .imported = true};
    struct user user;
    return user_create_with(import->tx, import->schema, &input, &user, problem);
}

int directory_import_user(struct directory_import *import, const struct jval *profile, const char *password_hash,
                          bool activate, enum import_result *ret, struct problem *problem)
{
    *problem = (struct problem){0};
    const char *login = jval_get_str(profile, "login");
    struct user user;
    int r = login ? user_by_login(import->tx, login, &user) : ERR_NOT_FOUND;
    if (r == ERR_NOT_FOUND) {
        r = create_user(import, profile, password_hash, activate, problem);
        if (r >= 0)
            *ret = IMPORT_CREATED;
        return r < 0 ? r : 0;
    }
    if (r >= 0)
        r = user_update_with(import->tx, import->schema, &user, profile, false, problem);
    if (r < 0)
        return r;
    *ret = r > 0 ? IMPORT_UPDATED : IMPORT_SAME;
    return 0;
}

/* --- groups --------------------------------------------------------------------------------------------------------
 */

static size_t slot_of(const char *key)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const unsigned char *p = (const unsigned char *)key; *p; p++)
        hash = (hash ^ *p) * 16777619u;
    return hash % GROUP_SLOTS;
}

static struct group *remember(struct directory_import *import, const char *key, const struct group *group)
{
    struct seen_group *seen = arena_alloc(tx_arena(import->tx), sizeof(*seen));
    size_t slot = slot_of(key);
    *seen = (struct seen_group){.key = key, .group = *group, .next = import->groups[slot]};
    import->groups[slot] = seen;
    return &seen->group;
}

/* 1 found (seen before, or stored). 0: there is none. */
static int find_group(struct directory_import *import, const char *key, const char *name, struct group **ret)
{
    for (struct seen_group *seen = import->groups[slot_of(key)]; seen; seen = seen->next) {
        if (strcmp(seen->key, key) == 0) {
            *ret = &seen->group;
            return 1;
        }
    }
    struct group group;
    int r = group_by_name(import->tx, name, &group);
    if (r == ERR_NOT_FOUND)
        return 0;
    if (r < 0)
        return r;
    *ret = remember(import, key, &group);
    return 1;
}

static int create_group(struct directory_import *import, const char *key, const char *name, struct group **ret,
                        struct problem *problem)
{
    struct jval *profile CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(profile, "name", name);
    struct group group;
    int r = group_create(import->tx, profile, &group, problem);
    if (r >= 0)
        *ret = remember(import, key, &group);
    return r;
}

/* --- memberships ---------------------------------------------------------------------------------------------------
 */

static int find_member(struct directory_import *import, const char *login, struct user *ret, struct problem *problem)
{
    int r = user_by_login(import->tx, login, ret);
    if (r == ERR_NOT_FOUND)
        return problem_not_found(problem, login, "User");
    if (r == 0 && ret->status == USER_DEPROVISIONED) {
        (void)problem_set(problem, E0000038, "%s", "");
        return problem_cause(problem, "login: The user is deactivated; activate the user first");
    }
    return r;
}

int directory_import_membership(struct directory_import *import, const char *login, const char *group_name,
                                enum import_result *ret, struct problem *problem)
{
    *problem = (struct problem){0};
    struct user user;
    struct group *group = NULL;
    int r = find_member(import, login, &user, problem);
    if (r < 0)
        return r;
    const char *key = text_fold(tx_arena(import->tx), group_name);
    r = find_group(import, key, group_name, &group);
    if (r == 0)
        r = create_group(import, key, group_name, &group, problem);
    if (r >= 0)
        r = membership_insert(import->tx, group->rid, user.rid, true);
    if (r > 0) {
        r = membership_added(import->tx, group, &user, NULL);
        group->last_membership_updated = tx_now(import->tx); /* the row says so now: not again for the next member */
    }
    if (r < 0)
        return r;
    *ret = r > 0 ? IMPORT_CREATED : IMPORT_SAME;
    return 0;
}
