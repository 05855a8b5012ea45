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

/* Whether two of one name may be: by option, or by a fault that is then noted. */
static bool allows_twins(const struct practice *p, enum practice_kind kind)
{
    return (kind == PRACTICE_GROUP && p->options.duplicate_group_names) || bends(p, FAULT_DUPLICATES);
}

/* Another resource with that name; in that letter case, when a fault says so. */
static bool is_taken(struct call *call, enum practice_kind kind, const char *name, const struct resource *self)
{
    struct fault *exact = bent(call->p, FAULT_NAMES_EXACT);
    const struct index_node *node = index_find(&call->p->shelves[kind].by_name, name_fold(call->arena, name));
    for (; node; node = node->next) {
        const struct resource *other =
            (const struct resource *)(const void *)((const char *)node - offsetof(struct resource, by_name));
        if (other == self)
            continue;
        if (!exact || str_eq(jval_get_str(other->doc, kind_key(kind)), name))
            return true;
        fault_strike(exact);
    }
    return false;
}

int resource_check_name(struct call *call, enum practice_kind kind, const struct jval *doc, const struct resource *self)
{
    const char *name = jval_get_str(doc, kind_key(kind));
    if (!is_taken(call, kind, name, self) || allows_twins(call->p, kind))
        return 0;
    return refuse(&call->refusal, 409, "uniqueness", "A %s with the %s \"%.200s\" exists already.", kind_name(kind),
                  kind_key(kind), name);
}

/* --- what a fault makes of a body -----------------------------------------------------------------------------------
 */

static bool has_domain(const char *user_name, const char *domains)
{
    const char *at = strrchr(user_name, '@');
    return at && words_have(domains, at + 1, strlen(at + 1));
}

/* The first of the attributes in `words` that the object has, or lacks. */
static const char *find_attribute(struct call *call, const struct jval *object, const char *words, bool lacking)
{
    size_t n = 0;
    for (const char *w = words_next(&words, &n); w; w = words_next(&words, &n)) {
        const char *name = arena_strndup(call->arena, w, n);
        if (!schema_key(object, name) == lacking)
            return name;
    }
    return NULL;
}

int resource_bend_body(struct call *call, enum practice_kind kind, struct jval *doc, bool create)
{
    const struct practice *p = call->p;
    const char *name = NULL;
    if (!p->faults->bending)
        return 0;
    for (struct fault *f = bent(p, FAULT_ATTRIBUTE_REFUSED); f; f = f->same)
        if ((name = find_attribute(call, call->body, f->order.text, false)))
            return fault_refuse(f, &call->refusal, "%s cannot be set.", name);
    for (struct fault *f = create ? bent(p, FAULT_ATTRIBUTE_REQUIRED) : NULL; f; f = f->same)
        if ((name = find_attribute(call, call->body, f->order.text, true)))
            return fault_refuse(f, &call->refusal, "%s is required.", name);
    struct fault *domain = kind == PRACTICE_USER ? bent(p, FAULT_DOMAIN) : NULL;
    if (domain && !has_domain(jval_get_str(doc, "userName"), domain->order.text))
        return fault_refuse(domain, &call->refusal, "userName must be an address in a verified domain.");
    for (struct fault *f = bent(p, FAULT_ATTRIBUTE_LOST); f; f = f->same)
        while ((name = find_attribute(call, doc, f->order.text, false))) {
            jval_remove(doc, schema_key(doc, name));
            fault_strike(f);
        }
    return 0;
}

/* --- ids ------------------------------------------------------------------------------------------------------------
 */

#define ID_OF_NAME_BYTES 128 /* bytes of a name that an id keeps; a number may follow */

/* A name as an id: without slashes and controls, of bounded length, well-formed. */
static void id_of_name(const char *name, char ret[static RESOURCE_ID_BYTES])
{
    size_t n = strnlen(name, ID_OF_NAME_BYTES);
    while (name[n] && ((unsigned char)name[n] & 0xc0) == 0x80)
        n--;
    memcpy(ret, name, n);
    ret[n] = '\0';
    for (char *p = ret; *p; p++)
        if (*p == '/' || (unsigned char)*p < ' ')
            *p = '_';
    if (strcmp(ret, ".") == 0 || strcmp(ret, "..") == 0 || strcmp(ret, ".search") == 0)
        *ret = '_';
}

static void style_id(struct practice *p, const char *style, const char *id, char ret[static RESOURCE_ID_BYTES])
{
    const size_t size = RESOURCE_ID_BYTES;
    unsigned char r[16];
    if (words_have(style, "space", 5)) {
        (void)snprintf(ret, size, "%.3s %s", id, id + 3);
    } else if (words_have(style, "at", 2)) {
        (void)snprintf(ret, size, "%s@example.com", id);
    } else if (words_have(style, "percent", 7)) {
        (void)snprintf(ret, size, "100%%%s%%41", id); /* whoever decodes twice reads another id */
    } else if (words_have(style, "unicode", 7)) {
        (void)snprintf(ret, size, "\xc3\xa9%s\xe6\xbc\xa2", id);
    } else if (words_have(style, "mixed", 5)) {
        (void)snprintf(ret, size, "%.3s %s%%20@\xc3\xbc+&=?#", id, id + 3);
    } else if (words_have(style, "number", 6)) {
        (void)snprintf(ret, size, "%llu", (unsigned long long)++p->next_number);
    } else if (words_have(style, "uuid", 4)) {
        p->env->fill_random(p->env->data, r, sizeof(r));
        (void)snprintf(ret, size, "%02x%02x%02x%02x-%02x%02x-4%01x%02x-a%01x%02x-%02x%02x%02x%02x%02x%02x", r[0], r[1],
                       r[2], r[3], r[4], r[5], r[6] & 15u, r[7], r[8] & 15u, r[9], r[10], r[11], r[12], r[13], r[14],
                       r[15]);
    } else {
        (void)snprintf(ret, size, "%s", id);
    }
}

/* The id that the fault makes of a name or externalId; false when there is none to make it of. */
static bool name_id(const struct practice *p, const char *style, enum practice_kind kind, const struct jval *doc,
                    char ret[static RESOURCE_ID_BYTES])
{
    const char *name = words_have(style, "name", 4)          ? jval_get_str(doc, kind_key(kind))
                       : words_have(style, "externalId", 10) ? jval_get_str(doc, "externalId")
                                                             : NULL;
    if (!name || !*name)
        return false;
    id_of_name(name, ret);
    size_t n = strlen(ret);
    for (unsigned i = 2; hash_get(&p->by_id, ret) && i < 100000; i++)
        (void)snprintf(ret + n, RESOURCE_ID_BYTES - n, "-%u", i);
    return !hash_get(&p->by_id, ret);
}

static void new_id(struct practice *p, enum practice_kind kind, const struct jval *doc,
                   char ret[static RESOURCE_ID_BYTES])
{
    struct fault *ids = bent(p, FAULT_IDS);
    if (ids)
        fault_strike(ids);
    if (ids && name_id(p, ids->order.text, kind, doc, ret))
        return;
    do {
        char plain[ID_BYTES];
        id_new(p->env, kind == PRACTICE_USER ? "usr" : "grp", plain);
        style_id(p, ids ? ids->order.text : "", plain, ret);
    } while (hash_get(&p->by_id, ret));
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
    char id[RESOURCE_ID_BYTES];
    new_id(p, kind, owned, id);
    *ret = resource_insert(p, kind, id, TAKE_PTR(owned));
    lag_created(p, *ret);
    return 0;
}

struct resource *resource_insert(struct practice *p, enum practice_kind kind, const char *id, struct jval *doc)
{
    size_t n = strlen(id) + 1;
    struct resource *new = mem_new(sizeof(*new) + n);
    new->kind = kind;
    memcpy(new->id, id, n);
    new->seq = ++p->next_seq;
    new->version = 1;
    new->created_ms = new->modified_ms = env_now(p->env);
    new->doc = doc;
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
    return new;
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
    lag_changed(p, r);
}

void resource_delete(struct practice *p, struct resource *r)
{
    bool dangling = r->in_first && bends(p, FAULT_DANGLING);
    lag_deleted(p, r);
    resource_remove(p, r, dangling);
}

void resource_remove(struct practice *p, struct resource *r, bool dangling)
{
    struct shelf *shelf = &p->shelves[r->kind];
    members_forget(p, r, dangling);
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
