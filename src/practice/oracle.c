/* SPDX-License-Identifier: Apache-2.0 */
/* What is really there, for tests that must not trust answers. */
#include "practice/inner.h"

size_t practice_user_count(const struct practice *p)
{
    return p->shelves[PRACTICE_USER].count;
}

size_t practice_group_count(const struct practice *p)
{
    return p->shelves[PRACTICE_GROUP].count;
}

size_t practice_membership_count(const struct practice *p)
{
    return p->membership_count;
}

uint64_t practice_steps(const struct practice *p)
{
    return p->steps;
}

/* The oldest resource of that name; `*ret_count` of them (may be NULL). */
static const struct resource *by_name(const struct practice *p, enum practice_kind kind, const char *name,
                                      size_t *ret_count)
{
    struct arena *arena = arena_new();
    const struct index_node *node = index_find(&p->shelves[kind].by_name, name_fold(arena, name));
    const struct resource *oldest = NULL;
    size_t count = 0;
    for (; node; node = node->next, count++) {
        const struct resource *r =
            (const struct resource *)(const void *)((const char *)node - offsetof(struct resource, by_name));
        if (!oldest || r->seq < oldest->seq)
            oldest = r;
    }
    arena_free(arena);
    if (ret_count)
        *ret_count = count;
    return oldest;
}

bool practice_find_user(const struct practice *p, const char *user_name, const char **ret_id, bool *ret_active)
{
    const struct resource *user = by_name(p, PRACTICE_USER, user_name, NULL);
    if (!user)
        return false;
    if (ret_id)
        *ret_id = user->id;
    if (ret_active)
        *ret_active = resource_is_active(user);
    return true;
}

size_t practice_find_group(const struct practice *p, const char *display_name, const char **ret_id)
{
    size_t count = 0;
    const struct resource *group = by_name(p, PRACTICE_GROUP, display_name, &count);
    if (group && ret_id)
        *ret_id = group->id;
    return count;
}

bool practice_user_active(const struct practice *p, const char *user_id, bool *ret_active)
{
    const struct resource *user = resource_find(p, PRACTICE_USER, user_id);
    if (user)
        *ret_active = resource_is_active(user);
    return user != NULL;
}

char *practice_attribute(const struct practice *p, const char *id, const char *dotted)
{
    const struct resource *r = hash_get(&p->by_id, id);
    const struct jval *value = r ? jval_path(r->doc, dotted) : NULL;
    if (!value)
        return NULL;
    struct buf out;
    buf_init(&out, PRACTICE_ANSWER_BYTES);
    jval_write(value, &out, true);
    return buf_take(&out);
}

size_t practice_group_size(const struct practice *p, const char *group_id)
{
    const struct resource *group = resource_find(p, PRACTICE_GROUP, group_id);
    return group ? group->members.count : 0;
}

bool practice_group_has(const struct practice *p, const char *group_id, const char *member_id)
{
    const struct resource *group = resource_find(p, PRACTICE_GROUP, group_id);
    return group && members_find(group, member_id);
}

const struct membership *practice_group_members(const struct practice *p, const char *group_id,
                                                const struct membership *previous)
{
    if (previous)
        return previous->next;
    const struct resource *group = resource_find(p, PRACTICE_GROUP, group_id);
    return group ? group->first : NULL;
}

const char *practice_member_id(const struct membership *membership)
{
    return membership_id(membership);
}

const char *practice_next(const struct practice *p, enum practice_kind kind, const char *previous_id)
{
    const struct resource *previous = previous_id ? resource_find(p, kind, previous_id) : NULL;
    const struct resource *r = previous_id ? (previous ? previous->next : NULL) : p->shelves[kind].first;
    return r ? r->id : NULL;
}

const char *practice_name(const struct practice *p, const char *id)
{
    const struct resource *r = hash_get(&p->by_id, id);
    return r ? jval_get_str(r->doc, kind_key(r->kind)) : NULL;
}
