/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clients see of a resource, whole or by `attributes` and `excludedAttributes` (RFC 7644 section 3.9). The whole
 * document of a resource is kept as text, so that most answers are a copy; members are written only when they are asked
 * for.
 */
#include "practice/inner.h"

#include "base/clock.h"

/* --- which attributes -----------------------------------------------------------------------------------------------
 */

static int add_item(struct call *call, struct projection *projection, const char *text)
{
    if (projection->count == PROJECTION_ITEMS)
        return refuse_value(&call->refusal, "At most %d attributes can be listed.", PROJECTION_ITEMS);
    const char *urn = NULL;
    const char *name = text;
    if (strncasecmp(text, "urn:", 4) == 0) {
        const char *colon = strrchr(text, ':');
        urn = schema_find(text) ? text : arena_strndup(call->arena, text, (size_t)(colon - text));
        name = urn == text ? NULL : colon + 1;
    }
    const char *dot = name ? strchr(name, '.') : NULL;
    projection->items[projection->count].urn = urn;
    projection->items[projection->count].name = dot ? arena_strndup(call->arena, name, (size_t)(dot - name)) : name;
    projection->items[projection->count++].sub = dot ? dot + 1 : NULL;
    return 0;
}

static int add_list(struct call *call, struct projection *projection, const char *list)
{
    while (*list) {
        list += strspn(list, ", ");
        size_t n = strcspn(list, ", ");
        if (n == 0)
            break;
        int r = add_item(call, projection, arena_strndup(call->arena, list, n));
        if (r < 0)
            return r;
        list += n;
    }
    return 0;
}

static int add_array(struct call *call, struct projection *projection, const char *name, const struct jval *array)
{
    for (size_t i = 0; i < jval_len(array); i++) {
        const char *text = jval_str(jval_at(array, i));
        if (!text)
            return refuse_value(&call->refusal, "%s must be an array of attribute names.", name);
        int r = add_list(call, projection, text);
        if (r < 0)
            return r;
    }
    return 0;
}

int projection_parse(struct call *call, const struct jval *search, struct projection *ret)
{
    static const char *const names[] = {"attributes", "excludedAttributes"};
    bool given[2] = {false, false};
    *ret = (struct projection){0};
    for (size_t i = 0; i < 2; i++) {
        const char *key = search ? schema_key(search, names[i]) : NULL;
        const struct jval *array = key ? jval_get(search, key) : NULL;
        const char *list = search ? NULL : url_param(&call->params, names[i]);
        given[i] = jval_type(array) == JVAL_ARRAY || (list && *list);
        if (given[0] && given[1] && i == 1)
            return refuse_value(&call->refusal, "attributes and excludedAttributes exclude each other.");
        int r = list ? add_list(call, ret, list) : add_array(call, ret, names[i], array);
        if (r < 0)
            return r;
    }
    ret->only = given[0];
    return 0;
}

/* How much of an attribute an answer has. */
enum extent { NOTHING, PART, ALL };

static bool same_schema(enum practice_kind kind, const char *item_urn, const char *urn)
{
    const char *core = schema_core(kind)->urn;
    return strcasecmp(item_urn ? item_urn : core, urn ? urn : core) == 0;
}

/* The items that name this attribute, `*ret_subs` of them with a sub-attribute. */
static size_t named(const struct projection *projection, enum practice_kind kind, const char *urn, const char *name,
                    size_t *ret_subs)
{
    size_t whole = 0;
    *ret_subs = 0;
    for (size_t i = 0; i < projection->count; i++) {
        if (!same_schema(kind, projection->items[i].urn, urn))
            continue;
        if (projection->items[i].name && strcasecmp(projection->items[i].name, name) != 0)
            continue;
        if (projection->items[i].sub)
            ++*ret_subs;
        else
            whole++;
    }
    return whole;
}

static enum extent extent_of(const struct projection *projection, enum practice_kind kind, const char *urn,
                             const char *name)
{
    if (!projection->count)
        return projection->only ? NOTHING : ALL;
    size_t subs = 0;
    size_t whole = named(projection, kind, urn, name, &subs);
    if (projection->only)
        return whole ? ALL : subs ? PART : NOTHING;
    return whole ? NOTHING : subs ? PART : ALL;
}

static bool has_sub(const struct projection *projection, enum practice_kind kind, const char *urn, const char *name,
                    const char *sub)
{
    for (size_t i = 0; i < projection->count; i++)
        if (projection->items[i].sub && same_schema(kind, projection->items[i].urn, urn) &&
            strcasecmp(projection->items[i].name, name) == 0 && strcasecmp(projection->items[i].sub, sub) == 0)
            return projection->only;
    return !projection->only;
}

/* A copy of an object (or an array of them) with the sub-attributes that were asked for. */
static struct jval *part_of(const struct projection *projection, enum practice_kind kind, const char *urn,
                            const char *name, const struct jval *value)
{
    if (jval_type(value) == JVAL_ARRAY) {
        struct jval *array = jval_new_array();
        for (size_t i = 0; i < jval_len(value); i++)
            jval_append(array, part_of(projection, kind, urn, name, jval_at(value, i)));
        return array;
    }
    if (jval_type(value) != JVAL_OBJECT)
        return jval_copy(value);
    struct jval *object = jval_new_object();
    for (void *it = jval_first(value); it; it = jval_next(value, it))
        if (has_sub(projection, kind, urn, name, jval_iter_key(it)))
            jval_set(object, jval_iter_key(it), jval_ref(jval_iter_value(it)));
    return object;
}

/* --- what is computed -----------------------------------------------------------------------------------------------
 */

void render_location(const struct practice *p, const struct resource *r, char *ret, size_t size)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    if (!r->id[strspn(r->id, plain)]) {
        (void)snprintf(ret, size, "%.280s/%s/%s", p->base_url, kind_path(r->kind), r->id);
        return;
    }
    struct buf encoded;
    buf_init(&encoded, PRACTICE_LOCATION_BYTES);
    url_encode(&encoded, r->id);
    (void)snprintf(ret, size, "%.280s/%s/%s", p->base_url, kind_path(r->kind), buf_text(&encoded));
    buf_free(&encoded);
}

struct jval *render_schemas(const struct resource *r)
{
    struct jval *array = jval_new_array();
    jval_append(array, jval_new_str(schema_core(r->kind)->urn));
    for (void *it = jval_first(r->doc); it; it = jval_next(r->doc, it))
        if (strncasecmp(jval_iter_key(it), "urn:", 4) == 0)
            jval_append(array, jval_new_str(jval_iter_key(it)));
    return array;
}

struct jval *render_meta(const struct practice *p, const struct resource *r)
{
    struct jval *meta = jval_new_object();
    char text[PRACTICE_LOCATION_BYTES];
    jval_set_str(meta, "resourceType", kind_name(r->kind));
    jval_set_str(meta, "created", clock_iso(r->created_ms, text));
    jval_set_str(meta, "lastModified", clock_iso(r->modified_ms, text));
    render_location(p, r, text, sizeof(text));
    jval_set_str(meta, "location", text);
    resource_etag(r, text, sizeof(text));
    jval_set_str(meta, "version", text);
    return meta;
}

struct jval *render_groups(const struct practice *p, const struct resource *r)
{
    if (!r->in_first)
        return NULL;
    struct jval *array = jval_new_array();
    for (const struct membership *m = r->in_first; m; m = m->in_next) {
        struct jval *group = jval_new_object();
        char location[PRACTICE_LOCATION_BYTES];
        render_location(p, m->group, location, sizeof(location));
        jval_set_str(group, "value", m->group->id);
        jval_set_str(group, "$ref", location);
        jval_set_str(group, "display", resource_display(m->group));
        jval_set_str(group, "type", "direct");
        jval_append(array, group);
    }
    return array;
}

/* --- writing --------------------------------------------------------------------------------------------------------
 */

/* The document as text without its braces, for answers that have all of it. */
static const char *document_text(const struct resource *r)
{
    /* The cache is no part of what the resource is: filling it is no change. */
    struct resource *cache = (struct resource *)(uintptr_t)r;
    if (!r->text) {
        struct buf out;
        buf_init(&out, PRACTICE_ANSWER_BYTES);
        jval_write(r->doc, &out, false);
        cache->text_len = out.len > 2 ? out.len - 2 : 0;
        cache->text = mem_new(cache->text_len + 1);
        memcpy(cache->text, buf_text(&out) + 1, cache->text_len);
        buf_free(&out);
    }
    return r->text;
}

static void write_value(struct jout *out, const struct projection *projection, enum practice_kind kind, const char *urn,
                        const char *name, const struct jval *value)
{
    enum extent extent = extent_of(projection, kind, urn, name);
    if (!value || extent == NOTHING)
        return;
    if (extent == ALL) {
        jout_val(out, name, value);
        return;
    }
    CLEANUP(jval_freep) struct jval *part = part_of(projection, kind, urn, name, value);
    jout_val(out, name, part);
}

static void write_extension(struct jout *out, const struct projection *projection, enum practice_kind kind,
                            const char *urn, const struct jval *extension)
{
    bool begun = false;
    for (void *it = jval_first(extension); it; it = jval_next(extension, it)) {
        if (extent_of(projection, kind, urn, jval_iter_key(it)) == NOTHING)
            continue;
        if (!begun)
            jout_object(out, urn);
        begun = true;
        write_value(out, projection, kind, urn, jval_iter_key(it), jval_iter_value(it));
    }
    if (begun)
        jout_end(out);
}

static void write_member(const struct practice *p, const struct membership *m, struct jout *out)
{
    jout_object(out, NULL);
    jout_str(out, "value", membership_id(m));
    if (m->member) {
        char location[PRACTICE_LOCATION_BYTES];
        render_location(p, m->member, location, sizeof(location));
        jout_str(out, "$ref", location);
        jout_str(out, "type", kind_name(m->member->kind));
        jout_str_opt(out, "display", resource_display(m->member));
    }
    jout_end(out);
}

static void write_members(struct practice *p, const struct resource *r, struct jout *out)
{
    jout_array(out, "members");
    for (const struct membership *m = r->first; m; m = m->next) {
        p->steps++;
        for (unsigned i = 0; i <= m->extra; i++)
            write_member(p, m, out);
    }
    jout_end(out);
}

static void write_members_part(struct practice *p, const struct resource *r, const struct projection *projection,
                               struct jout *out)
{
    jout_array(out, "members");
    for (const struct membership *m = r->first; m; m = m->next) {
        p->steps++;
        CLEANUP(jval_freep) struct jval *whole = membership_value(p, m);
        CLEANUP(jval_freep) struct jval *part = part_of(projection, r->kind, NULL, "members", whole);
        for (unsigned i = 0; i <= m->extra; i++)
            jout_val(out, NULL, part);
    }
    jout_end(out);
}

static void write_meta(struct practice *p, const struct resource *r, struct jout *out)
{
    char text[PRACTICE_LOCATION_BYTES];
    jout_object(out, "meta");
    jout_str(out, "resourceType", kind_name(r->kind));
    jout_time(out, "created", r->created_ms);
    jout_time(out, "lastModified", r->modified_ms);
    render_location(p, r, text, sizeof(text));
    jout_str(out, "location", text);
    resource_etag(r, text, sizeof(text));
    jout_str(out, "version", text);
    jout_end(out);
}

/* Whether every attribute of the document is in the answer: only what is computed can be left out. */
static bool wants_whole_document(const struct projection *projection)
{
    if (projection->only)
        return false;
    for (size_t i = 0; i < projection->count; i++) {
        const char *name = projection->items[i].urn ? NULL : projection->items[i].name;
        if (!name || (strcasecmp(name, "members") != 0 && strcasecmp(name, "groups") != 0 &&
                      strcasecmp(name, "meta") != 0 && strcasecmp(name, "schemas") != 0 && strcasecmp(name, "id") != 0))
            return false;
    }
    return true;
}

static void write_document(const struct resource *r, const struct projection *projection, struct jout *out)
{
    if (wants_whole_document(projection)) {
        const char *text = document_text(r);
        if (r->text_len) {
            buf_char(out->buf, ','); /* after schemas */
            buf_add(out->buf, text, r->text_len);
        }
        return;
    }
    for (void *it = jval_first(r->doc); it; it = jval_next(r->doc, it)) {
        const char *key = jval_iter_key(it);
        if (strncasecmp(key, "urn:", 4) == 0 && jval_type(jval_iter_value(it)) == JVAL_OBJECT)
            write_extension(out, projection, r->kind, key, jval_iter_value(it));
        else
            write_value(out, projection, r->kind, NULL, key, jval_iter_value(it));
    }
}

static void write_all_members(struct practice *p, const struct resource *r, const struct projection *projection,
                              struct jout *out)
{
    enum extent extent = extent_of(projection, r->kind, NULL, "members");
    if (extent == NOTHING || bends(p, FAULT_MEMBERS_ABSENT))
        return;
    if (bends(p, FAULT_MEMBERS_EMPTY)) {
        jout_array(out, "members");
        jout_end(out);
    } else if (extent == ALL) {
        write_members(p, r, out);
    } else {
        write_members_part(p, r, projection, out);
    }
}

void render_resource(struct practice *p, const struct resource *r, const struct projection *projection, struct buf *buf)
{
    struct jout out;
    jout_init(&out, buf);
    jout_object(&out, NULL);
    jout_array(&out, "schemas");
    jout_str(&out, NULL, schema_core(r->kind)->urn);
    for (void *it = jval_first(r->doc); it; it = jval_next(r->doc, it))
        if (strncasecmp(jval_iter_key(it), "urn:", 4) == 0)
            jout_str(&out, NULL, jval_iter_key(it));
    jout_end(&out);
    if (!projection->without_id && !bends(p, FAULT_ID_HIDDEN))
        jout_str(&out, "id", r->id);
    write_document(r, projection, &out);
    if (r->kind == PRACTICE_USER && r->in_first && extent_of(projection, r->kind, NULL, "groups") != NOTHING) {
        CLEANUP(jval_freep) struct jval *groups = render_groups(p, r);
        write_value(&out, projection, r->kind, NULL, "groups", groups);
    }
    if (r->kind == PRACTICE_GROUP)
        write_all_members(p, r, projection, &out);
    enum extent extent = extent_of(projection, r->kind, NULL, "meta");
    if (extent != NOTHING && bends(p, FAULT_NO_META))
        extent = NOTHING;
    if (extent == ALL) {
        write_meta(p, r, &out);
    } else if (extent == PART) {
        CLEANUP(jval_freep) struct jval *meta = render_meta(p, r);
        write_value(&out, projection, r->kind, NULL, "meta", meta);
    }
    jout_end(&out);
}

/* What a fault makes of the answer to a create; true when it has no body. */
static bool bend_created(const struct practice *p, struct projection *projection, struct practice_response *ret)
{
    if (bends(p, FAULT_CREATED_NO_ID)) {
        projection->without_id = true;
        char *slash = strrchr(ret->location, '/');
        if (slash)
            (void)snprintf(slash, sizeof(ret->location) - (size_t)(slash - ret->location), "/undefined");
    }
    if (!bends(p, FAULT_CREATED_NO_BODY))
        return false;
    ret->location[0] = ret->etag[0] = '\0';
    return true;
}

void render_answer(struct call *call, const struct resource *r, const struct projection *projection, int status)
{
    struct practice *p = call->p;
    struct practice_response *ret = call->ret;
    struct projection shown = *projection;
    bool empty = status == 304 || status == 204 || call->in_bulk;
    ret->status = status;
    if (status == 201)
        call->made_id = arena_strdup(call->arena, r->id);
    if (!bends(p, FAULT_NO_META))
        resource_etag(r, ret->etag, sizeof(ret->etag));
    if (!bends(p, FAULT_NO_LOCATION))
        render_location(p, r, ret->location, sizeof(ret->location));
    if (status == 201 && p->faults->bending)
        empty = bend_created(p, &shown, ret) || empty;
    if (empty)
        return;
    ret->content_type = "application/scim+json";
    render_resource(p, r, &shown, &ret->body);
}
