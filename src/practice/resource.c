/* SPDX-License-Identifier: Apache-2.0 */
/* Users and groups: how they come, are found, change and go. */
#include "practice/inner.h"

#include "base/text.h"

const char *kind_path(enum practice_kind kind)
{
    return kind == PRACTICE_USER ? "Users" : "Groups";
}

const char *kind_name(enum practice_kind kind)
{
    return kind == PRACTICE_USER ? "User" : "Group";
}

const char *kind_key(enum practice_kind kind)
{
    return kind == PRACTICE_USER ? "userName" : "displayName";
}

const char *name_fold(struct arena *arena, const char *name)
{
    size_t n = strlen(name);
    char *folded = arena_alloc(arena, n + 1);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c >= 0x80)
            return text_fold(arena, name);
        folded[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    return folded;
}

struct resource *resource_find(const struct practice *p, enum practice_kind kind, const char *id)
{
    struct resource *r = hash_get(&p->by_id, id);
    return r && r->kind == kind ? r : NULL;
}

bool resource_is_active(const struct resource *r)
{
    return jval_is_true(jval_get(r->doc, "active"));
}

const char *resource_display(const struct resource *r)
{
    const char *display = jval_get_str(r->doc, "displayName");
    return display ? display : jval_get_str(r->doc, kind_key(r->kind));
}

static bool allows_twins(const struct practice *p, enum practice_kind kind)
{
    return kind == PRACTICE_GROUP && p->options.duplicate_group_names;
}

int resource_check_name(struct call *call, enum practice_kind kind, const struct jval *doc, const struct resource *self)
{
    if (allows_twins(call->p, kind))
        return 0;
    const char *name = jval_get_str(doc, kind_key(kind));
    const struct index_node *node = index_find(&call->p->shelves[kind].by_name, name_fold(call->arena, name));
    if (node && node != (self ? &self->by_name : NULL))
        return refuse(&call->refusal, 409, "uniqueness", "A %s with the %s \"%.200s\" exists already.", kind_name(kind),
                      kind_key(kind), name);
    return 0;
}

/* Puts the resource into the indexes by what its document says, out of those where it was. */
static void reindex(struct practice *p, struct resource *r)
{
    struct shelf *shelf = &p->shelves[r->kind];
    const char *name = name_fold(p->scratch, jval_get_str(r->doc, kind_key(r->kind)));
    if (!r->by_name.key || strcmp(r->by_name.key, name) != 0) {
        index_remove(&shelf->by_name, &r->by_name);
        index_add(&shelf->by_name, &r->by_name, mem_strdup(name));
    }
    arena_reset(p->scratch);
    const char *external = jval_get_str(r->doc, "externalId");
    if (r->by_external.key && !str_eq(r->by_external.key, external))
        index_remove(&shelf->by_external, &r->by_external);
    if (external && !r->by_external.key)
        index_add(&shelf->by_external, &r->by_external, mem_strdup(external));
}

int resource_create(struct call *call, enum practice_kind kind, struct jval *doc, struct resource **ret)
{
    struct practice *p = call->p;
    CLEANUP(jval_freep) struct jval *owned = doc;
    int r = resource_check_name(call, kind, owned, NULL);
    if (r < 0)
        return r;
    if (p->by_id.count >= PRACTICE_RESOURCES)
        return refuse(&call->refusal, 507, NULL, "The practice target holds %d resources; delete some.",
                      PRACTICE_RESOURCES);
    struct resource *new = NEW(struct resource);
    new->kind = kind;
    do {
        id_new(p->env, kind == PRACTICE_USER ? "usr" : "grp", new->id);
    } while (hash_get(&p->by_id, new->id));
    new->seq = ++p->next_seq;
    new->version = 1;
    new->created_ms = new->modified_ms = env_now(p->env);
    new->doc = TAKE_PTR(owned);
    hash_init(&new->members, p->seed);
    hash_put(&p->by_id, new->id, new);
    struct shelf *shelf = &p->shelves[kind];
    new->prev = shelf->last;
    if (shelf->last)
        shelf->last->next = new;
    else
        shelf->first = new;
    shelf->last = new;
    shelf->count++;
    reindex(p, new);
    *ret = new;
    return 0;
}

void resource_set_doc(struct practice *p, struct resource *r, struct jval *doc)
{
    jval_free(r->doc);
    r->doc = doc;
    free(r->text);
    r->text = NULL;
    reindex(p, r);
}

void resource_touch(struct practice *p, struct resource *r)
{
    r->version++;
    r->modified_ms = env_now(p->env);
}

void resource_delete(struct practice *p, struct resource *r)
{
    struct shelf *shelf = &p->shelves[r->kind];
    members_forget(p, r);
    index_remove(&shelf->by_name, &r->by_name);
    index_remove(&shelf->by_external, &r->by_external);
    (void)hash_remove(&p->by_id, r->id);
    if (r->prev)
        r->prev->next = r->next;
    else
        shelf->first = r->next;
    if (r->next)
        r->next->prev = r->prev;
    else
        shelf->last = r->prev;
    shelf->count--;
    if (shelf->cursor == r)
        shelf->cursor = NULL;
    else if (shelf->cursor && shelf->cursor->seq > r->seq)
        shelf->cursor_at--;
    jval_free(r->doc);
    free(r->text);
    free(r);
}

void resource_etag(const struct resource *r, char *ret, size_t size)
{
    (void)snprintf(ret, size, "W/\"%llu\"", (unsigned long long)r->version);
}

/* Whether one of the comma-separated tags of If-Match or If-None-Match is this version; weak comparison. */
static bool etag_matches(const char *header, const struct resource *r)
{
    char tag[32];
    resource_etag(r, tag, sizeof(tag));
    const char *mine = tag + 2; /* without W/ */
    size_t n = strlen(mine);
    for (const char *p = header; *p;) {
        p += strspn(p, " \t,");
        if (*p == '*')
            return true;
        if (strncmp(p, "W/", 2) == 0)
            p += 2;
        size_t length = strcspn(p, ", \t");
        if (length == n && strncmp(p, mine, n) == 0)
            return true;
        p += length;
    }
    return false;
}

int resource_check_match(struct call *call, const struct resource *r)
{
    if (!call->if_match || etag_matches(call->if_match, r))
        return 0;
    char tag[32];
    resource_etag(r, tag, sizeof(tag));
    return refuse(&call->refusal, 412, NULL, "If-Match does not fit: the version is %s.", tag);
}

bool resource_not_modified(const struct call *call, const struct resource *r)
{
    return call->if_none_match && etag_matches(call->if_none_match, r);
}
