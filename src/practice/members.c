/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is in which group. A membership is linked three times: in its group's hash, in its group's list (order of
 * joining) and in its member's list, so that joining, leaving and the deletion of a user cost the same however large
 * the group.
 *
 * A request changes memberships through a members_change, which notes each step; when a later part of the request is
 * refused, the steps are undone backwards. A membership that was unlinked keeps its pointers, so that undoing puts it
 * back exactly where it was.
 */
#include "practice/inner.h"

const char *membership_id(const struct membership *m)
{
    return m->member ? m->member->id : m->unknown;
}

struct membership *members_find(const struct resource *group, const char *id)
{
    return hash_get(&group->members, id);
}

static void link_membership(struct practice *p, struct membership *m)
{
    struct resource *group = m->group;
    *(m->prev ? &m->prev->next : &group->first) = m;
    *(m->next ? &m->next->prev : &group->last) = m;
    if (m->member) {
        *(m->in_prev ? &m->in_prev->in_next : &m->member->in_first) = m;
        if (m->in_next)
            m->in_next->in_prev = m;
    }
    hash_put(&group->members, membership_id(m), m);
    p->membership_count++;
}

static void unlink_membership(struct practice *p, struct membership *m)
{
    struct resource *group = m->group;
    (void)hash_remove(&group->members, membership_id(m));
    *(m->prev ? &m->prev->next : &group->first) = m->next;
    *(m->next ? &m->next->prev : &group->last) = m->prev;
    if (m->member) {
        *(m->in_prev ? &m->in_prev->in_next : &m->member->in_first) = m->in_next;
        if (m->in_next)
            m->in_next->in_prev = m->in_prev;
    }
    p->membership_count--;
}

static void free_membership(struct membership *m)
{
    free(m->unknown);
    free(m);
}

void members_begin(struct members_change *change, struct call *call, struct resource *group)
{
    *change = (struct members_change){.call = call, .group = group};
    struct fault *lost = bent(call->p, FAULT_MEMBERS_LOST);
    if (lost) {
        change->to_lose = lost->order.max;
        change->to_come = call->p->faults->tally.adds;
    }
}

static void note(struct members_change *change, struct membership *m, int what)
{
    if (change->count == change->size) {
        change->size = change->size ? change->size * 2 : 16;
        change->done = mem_resize(change->done, change->size * sizeof(*change->done));
    }
    change->done[change->count].membership = m;
    change->done[change->count++].what = what;
    change->call->p->steps++;
}

static void remove_one(struct members_change *change, struct membership *m)
{
    unlink_membership(change->call->p, m);
    note(change, m, MEMBER_REMOVED);
}

/* The id that an element of `members` names. */
static int member_id(struct members_change *change, const struct jval *element, const char **ret_id)
{
    const char *key = schema_key(element, "value");
    const char *id = jval_type(element) == JVAL_OBJECT ? (key ? jval_get_str(element, key) : NULL) : NULL;
    if (!id || !*id)
        return refuse_value(&change->call->refusal,
                            "members: each must be an object with a \"value\" (the id, a string).");
    *ret_id = id;
    return 0;
}

static struct membership *join(struct practice *p, struct resource *group, struct resource *member, const char *id)
{
    struct membership *m = NEW(struct membership);
    m->group = group;
    m->member = member;
    m->unknown = member ? NULL : mem_strdup(id);
    p->has_unknown = p->has_unknown || !member;
    m->prev = group->last;
    m->in_next = member ? member->in_first : NULL;
    link_membership(p, m);
    return m;
}

void members_link(struct practice *p, struct resource *group, const char *member_id)
{
    struct membership *present = members_find(group, member_id);
    if (present)
        present->extra++;
    else
        (void)join(p, group, hash_get(&p->by_id, member_id), member_id);
}

void members_unlink(struct practice *p, struct membership *m)
{
    unlink_membership(p, m);
    free_membership(m);
}

/* --- what a fault makes of a member that is to be added ----------------------------------------------------------- */

/* Whether the member is one of those that the target silently drops. */
static bool is_dropped(struct members_change *change)
{
    struct practice *p = change->call->p;
    struct fault *beyond = bent(p, FAULT_MEMBERS_BEYOND);
    struct fault *lost = bent(p, FAULT_MEMBERS_LOST);
    bool drop = false;
    change->adds++;
    if (beyond && change->adds > beyond->order.max) {
        fault_strike(beyond);
        drop = true;
    }
    if (lost && change->to_lose) {
        bool by_chance = change->to_come <= change->to_lose ||
                         env_below(p->env, (uint32_t)change->to_come) < (uint32_t)change->to_lose;
        change->to_lose -= by_chance;
        if (by_chance)
            fault_strike(lost);
        drop = drop || by_chance;
    }
    change->to_come -= change->to_come > 0;
    return drop;
}

/* An id that nobody has: `*ret_skip` when it is not stored. */
static int bend_unknown(struct members_change *change, struct fault *fault, const char *id, bool *ret_skip)
{
    const char *mode = fault->order.text;
    fault_strike(fault);
    *ret_skip = !words_have(mode, "store", 5);
    if (!*ret_skip || words_have(mode, "ignore", 6))
        return 0;
    struct refusal refusal = {0};
    int r = fault_refuse(fault, &refusal, "members: there is no user or group with the id \"%.200s\".", id);
    if (words_have(mode, "partial", 7)) {
        change->late = refusal;
        return 0;
    }
    change->call->refusal = refusal;
    return r;
}

static int bend_member(struct members_change *change, const struct resource *member, const char *id)
{
    const struct practice *p = change->call->p;
    struct refusal *refusal = &change->call->refusal;
    const char *name = member ? jval_get_str(member->doc, kind_key(member->kind)) : NULL;
    for (struct fault *fault = bent(p, FAULT_MEMBER_REFUSED); fault; fault = fault->same)
        if (words_have(fault->order.text, id, strlen(id)) ||
            (name && words_have(fault->order.text, name, strlen(name))))
            return fault_refuse(fault, refusal, "members: \"%.200s\" cannot be a member.", id);
    struct fault *fault = bent(p, FAULT_INACTIVE_MEMBERS);
    if (fault && member && member->kind == PRACTICE_USER && !resource_is_active(member))
        return fault_refuse(fault, refusal, "members: the user \"%.200s\" is not active.", id);
    fault = bent(p, FAULT_NESTED);
    if (fault && member && member->kind == PRACTICE_GROUP)
        return fault_refuse(fault, refusal, "members: \"%.200s\" is a group, and groups cannot be members.", id);
    fault = bent(p, FAULT_GROUP_MAX);
    if (fault && !members_find(change->group, id) && change->group->members.count >= fault->order.max)
        return fault_refuse(fault, refusal, "members: a group has at most %u.", fault->order.max);
    return 0;
}

/* A member that is there already. */
static int bend_present(struct members_change *change, struct membership *present)
{
    struct fault *fault = bent(change->call->p, FAULT_READD_REFUSED);
    if (fault)
        return fault_refuse(fault, &change->call->refusal, "members: \"%.200s\" is a member already.",
                            membership_id(present));
    if (bends(change->call->p, FAULT_READD_DUPLICATES)) {
        present->extra++;
        note(change, present, MEMBER_REPEATED);
    }
    return 0;
}

/* `*ret` is NULL for a member that a fault drops. */
static int add_one(struct members_change *change, const struct jval *element, struct membership **ret)
{
    struct practice *p = change->call->p;
    struct resource *group = change->group;
    const char *id = NULL;
    int r = member_id(change, element, &id);
    *ret = NULL;
    if (r < 0 || (p->faults->bending && is_dropped(change)))
        return r;
    p->steps++;
    struct membership *present = members_find(group, id);
    struct resource *member = hash_get(&p->by_id, id);
    struct fault *unknown = member || present ? NULL : bent(p, FAULT_UNKNOWN_MEMBERS);
    bool skip = false;
    if (unknown)
        r = bend_unknown(change, unknown, id, &skip);
    else if (!member && !present && !p->options.unknown_members)
        return refuse_value(&change->call->refusal, "members: there is no user or group with the id \"%.200s\".", id);
    if (r == 0 && p->faults->bending && !skip)
        r = bend_member(change, member, id);
    if (r < 0 || skip)
        return r;
    *ret = present;
    if (present)
        return bend_present(change, present);
    if (member == group)
        return refuse_value(&change->call->refusal, "members: a group cannot be a member of itself.");
    *ret = join(p, group, member, id);
    note(change, *ret, MEMBER_ADDED);
    return 0;
}

int members_add(struct members_change *change, const struct jval *value)
{
    struct membership *m = NULL;
    if (jval_type(value) != JVAL_ARRAY)
        return add_one(change, value, &m);
    for (size_t i = 0; i < jval_len(value); i++) {
        int r = add_one(change, jval_at(value, i), &m);
        if (r < 0)
            return r;
    }
    return 0;
}

int members_replace(struct members_change *change, const struct jval *value)
{
    enum jval_type type = jval_type(value);
    if (type != JVAL_ARRAY && type != JVAL_NULL && type != JVAL_NONE && type != JVAL_OBJECT)
        return refuse_value(&change->call->refusal, "members must be an array.");
    uint64_t stamp = ++change->call->p->next_stamp;
    size_t count = type == JVAL_ARRAY ? jval_len(value) : type == JVAL_OBJECT;
    for (size_t i = 0; i < count; i++) {
        struct membership *m = NULL;
        int r = add_one(change, type == JVAL_ARRAY ? jval_at(value, i) : value, &m);
        if (r < 0)
            return r;
        if (m)
            m->stamp = stamp;
    }
    for (struct membership *m = change->group->first; m; m = m->next)
        if (m->stamp != stamp)
            remove_one(change, m);
    return 0;
}

int members_put(struct members_change *change, const struct jval *members, const char *word)
{
    const struct practice *p = change->call->p;
    const struct forms forms = {.count = 1, .words = {word}};
    struct fault *fault = forms_bent(p, FAULT_FORM_REFUSED, &forms);
    if (fault)
        return fault_refuse(fault, &change->call->refusal, "Members cannot be changed this way here (%s).", word);
    fault = forms_bent(p, FAULT_FORM_IGNORED, &forms);
    if (fault) {
        fault_strike(fault);
        return 0;
    }
    fault = forms_bent(p, FAULT_FORM_MERGES, &forms);
    if (!fault)
        return members_replace(change, members);
    fault_strike(fault);
    return jval_len(members) ? members_add(change, members) : 0;
}

int members_remove(struct members_change *change, const struct jval *value)
{
    enum jval_type type = jval_type(value);
    size_t count = type == JVAL_ARRAY ? jval_len(value) : 1;
    for (size_t i = 0; i < count; i++) {
        const struct jval *element = type == JVAL_ARRAY ? jval_at(value, i) : value;
        const char *id = NULL;
        int r = member_id(change, element, &id);
        if (r < 0)
            return r;
        change->call->p->steps++;
        struct membership *m = members_find(change->group, id);
        if (m)
            remove_one(change, m);
    }
    return 0;
}

/* The id in a filter that selects by id alone (value eq "x"), or NULL. */
static const char *id_of_filter(const struct filter *where)
{
    bool by_id = where && where->op == FILTER_EQ && where->type == FILTER_STRING && where->attribute &&
                 strcasecmp(where->attribute, "value") == 0;
    return by_id ? where->text : NULL;
}

int members_remove_where(struct members_change *change, const struct filter *where)
{
    struct practice *p = change->call->p;
    const struct schema_attr *subs = schema_attr_of(PRACTICE_GROUP, NULL, "members")->subs;
    if (where) {
        int r = match_check(&change->call->refusal, where, subs);
        if (r < 0)
            return r;
    }
    const char *id = id_of_filter(where);
    if (id) {
        p->steps++;
        struct membership *m = members_find(change->group, id);
        if (m)
            remove_one(change, m);
        return m ? 1 : 0;
    }
    int count = 0;
    for (struct membership *m = change->group->first; m; m = m->next) {
        p->steps++;
        if (where) {
            CLEANUP(jval_freep) struct jval *element = membership_value(p, m);
            bool selected = match_element(p->scratch, element, subs, where);
            arena_reset(p->scratch);
            if (!selected)
                continue;
        }
        count++;
        remove_one(change, m); /* an unlinked membership keeps its next */
    }
    return count;
}

bool members_commit(struct members_change *change)
{
    bool changed = change->count > 0;
    for (size_t i = 0; i < change->count; i++) {
        struct membership *m = change->done[i].membership;
        lag_member(change->call->p, m, change->done[i].what != MEMBER_REMOVED);
        if (change->done[i].what == MEMBER_REMOVED)
            free_membership(m);
    }
    free(change->done);
    *change = (struct members_change){.call = change->call, .group = change->group, .late = change->late};
    return changed;
}

void members_rollback(struct members_change *change)
{
    while (change->count > 0) {
        struct membership *m = change->done[--change->count].membership;
        switch (change->done[change->count].what) {
        case MEMBER_ADDED:
            unlink_membership(change->call->p, m);
            free_membership(m);
            break;
        case MEMBER_REPEATED:
            m->extra--;
            break;
        case MEMBER_REMOVED:
        default:
            link_membership(change->call->p, m);
        }
    }
    free(change->done);
    *change = (struct members_change){.call = change->call, .group = change->group};
}

struct jval *membership_value(const struct practice *p, const struct membership *m)
{
    struct jval *value = jval_new_object();
    jval_set_str(value, "value", membership_id(m));
    if (m->member) {
        char location[PRACTICE_LOCATION_BYTES];
        render_location(p, m->member, location, sizeof(location));
        jval_set_str(value, "$ref", location);
        jval_set_str(value, "type", kind_name(m->member->kind));
        jval_set_str(value, "display", resource_display(m->member));
    }
    return value;
}

/* The member is gone and its id stays. */
static void leave_dangling(struct practice *p, struct membership *m)
{
    p->has_unknown = true;
    m->unknown = mem_strdup(m->member->id);
    (void)hash_remove(&m->group->members, m->member->id);
    hash_put(&m->group->members, m->unknown, m);
    m->member = NULL;
    m->in_prev = m->in_next = NULL;
}

void members_forget(struct practice *p, struct resource *r, bool dangling)
{
    struct membership *next = NULL;
    for (struct membership *m = r->in_first; m; m = next, p->steps++) {
        next = m->in_next;
        if (dangling) {
            leave_dangling(p, m);
        } else {
            resource_touch(p, m->group);
            members_unlink(p, m);
        }
    }
    r->in_first = NULL;
    for (struct membership *m = r->first; m; m = next, p->steps++) {
        next = m->next;
        members_unlink(p, m);
    }
    hash_clear(&r->members);
}
