/* SPDX-License-Identifier: Apache-2.0 */
/* Who and what is protected: people from deactivation and removal in apps, groups from deletion there. */
#include "api/objects.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX 1000

static int write_user(struct tx *tx, struct jout *out, int64_t rid)
{
    struct user user = {0};
    int r = user_by_rid(tx, rid, &user);
    if (r < 0)
        return r;
    jout_object(out, NULL);
    jout_str(out, "id", user.id);
    jout_str(out, "login", user.login);
    jout_str(out, "name", user.name);
    jout_str(out, "status", user_status_name(user.status));
    jout_end(out);
    return 0;
}

static int write_group(struct tx *tx, struct jout *out, int64_t rid)
{
    struct group group = {0};
    int r = group_by_rid(tx, rid, &group);
    if (r < 0)
        return r;
    jout_object(out, NULL);
    jout_str(out, "id", group.id);
    jout_str(out, "name", group.name);
    jout_end(out);
    return 0;
}

static int list(struct tx *tx, struct call *call,
                int (*rids)(struct tx *tx, int64_t after, int64_t *ret_rids, int limit),
                int (*write)(struct tx *tx, struct jout *out, int64_t rid))
{
    struct page page = {0};
    int64_t after = 0;
    int r = call_page(call, PAGE_DEFAULT, PAGE_MAX, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &after);
    if (r < 0)
        return r;
    int64_t *found = arena_array(tx_arena(tx), (size_t)page.limit + 1, sizeof(*found));
    int count = rids(tx, after, found, page.limit + 1);
    int shown = MIN_OF(count, page.limit);
    jout_array(&call->out, NULL);
    for (int i = 0; r == 0 && i < shown; i++)
        r = write(tx, &call->out, found[i]);
    jout_end(&call->out);
    call_page_links(call, count > shown ? arena_printf(call->arena, "%lld", (long long)found[shown - 1]) : NULL);
    return count < 0 ? count : r;
}

static int list_users(struct tx *tx, struct call *call)
{
    return list(tx, call, user_rids_protected, write_user);
}

static int list_groups(struct tx *tx, struct call *call)
{
    return list(tx, call, group_rids_protected, write_group);
}

const struct route protected_routes[] = {
    {"GET", "/api/v1/org/protected-users", ROUTE_READ, ROLE_READ_ONLY, list_users, "listProtectedUsers", NULL},
    {"GET", "/api/v1/org/protected-groups", ROUTE_READ, ROLE_READ_ONLY, list_groups, "listProtectedGroups", NULL},
    {.method = NULL},
};
