/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an app user's profile (flat) to a SCIM user. Attributes that every app has go by their names: core and
 * enterprise attributes of RFC 7643 sections 4.1 and 4.3, by the table in base/scim_user.c. What an administrator added
 * goes by its SCIM path, which has a ':' in it (custom.c). Anything else is not sent.
 */
#include "target/inner.h"

static struct jval *child(struct jval *object, const char *key, struct jval *(*make)(void))
{
    struct jval *found = jval_get(object, key);
    if (!found) {
        found = make();
        jval_set(object, key, found);
    }
    return found;
}

/* The element of a multi-valued attribute with this type; the table names the elements of a type in a row. */
static struct jval *element(struct jval *array, const struct scim_place *place)
{
    size_t count = jval_len(array);
    struct jval *last = count ? jval_at(array, count - 1) : NULL;
    if (str_eq(jval_get_str(last, "type"), place->type))
        return last;
    struct jval *added = jval_new_object();
    jval_set_str(added, "type", place->type);
    if (place->primary)
        jval_set(added, "primary", jval_new_bool(true));
    jval_append(array, added);
    return added;
}

struct jval *user_attributes(const struct jval *profile)
{
    struct jval *attributes = jval_new_object();
    for (size_t i = 0; i < scim_place_count; i++) {
        const struct scim_place *m = &scim_places[i];
        const char *value = jval_get_str(profile, m->name);
        if (!value || !*value)
            continue;
        struct jval *holder = attributes;
        if (m->type)
            holder = element(child(attributes, m->path, jval_new_array), m);
        else if (m->sub)
            holder = child(attributes, m->path, jval_new_object);
        jval_set_str(holder, m->sub ? m->sub : m->path, value);
    }
    custom_attributes(attributes, profile);
    return attributes;
}

/* The name inside of an extension, or NULL for a core attribute. */
static const char *extension_name(const char *path)
{
    const char *colon = strrchr(path, ':');
    return colon ? colon + 1 : NULL;
}

/* Is it an attribute of the extension, whose URN has `n` bytes? */
static bool is_of(const char *path, const char *urn, size_t n)
{
    const char *inside = extension_name(path);
    return inside && (size_t)(inside - path) == n + 1 && strncmp(path, urn, n) == 0;
}

/* The first attribute of each extension, one after the other: begin with NULL. */
static void *next_extension(const struct jval *attributes, void *it)
{
    for (it = it ? jval_next(attributes, it) : jval_first(attributes); it; it = jval_next(attributes, it)) {
        const char *path = jval_iter_key(it);
        const char *inside = extension_name(path);
        void *first = inside ? jval_first(attributes) : NULL;
        while (first && first != it && !is_of(jval_iter_key(first), path, (size_t)(inside - path - 1)))
            first = jval_next(attributes, first);
        if (inside && first == it)
            return it;
    }
    return NULL;
}

/* The caller frees. */
static char *extension_urn(const char *path)
{
    char *urn = mem_strdup(path);
    urn[extension_name(path) - path - 1] = '\0';
    return urn;
}

void user_write_schemas(struct jout *out, const struct jval *attributes)
{
    jout_array(out, "schemas");
    jout_str(out, NULL, SCIM_CORE_USER);
    for (void *it = next_extension(attributes, NULL); it; it = next_extension(attributes, it)) {
        char *urn = extension_urn(jval_iter_key(it));
        jout_str(out, NULL, urn);
        free(urn);
    }
    jout_end(out);
}

void user_write_core(struct jout *out, const struct jval *attributes)
{
    for (void *it = jval_first(attributes); it; it = jval_next(attributes, it))
        if (!extension_name(jval_iter_key(it)))
            jout_val(out, jval_iter_key(it), jval_iter_value(it));
}

void user_write_extensions(struct jout *out, const struct jval *attributes)
{
    for (void *each = next_extension(attributes, NULL); each; each = next_extension(attributes, each)) {
        char *urn = extension_urn(jval_iter_key(each));
        jout_object(out, urn);
        for (void *it = jval_first(attributes); it; it = jval_next(attributes, it))
            if (is_of(jval_iter_key(it), urn, strlen(urn)))
                jout_val(out, extension_name(jval_iter_key(it)), jval_iter_value(it));
        jout_end(out);
        free(urn);
    }
}

static void write_remove(struct jout *out, const char *path, const char *sub)
{
    jout_object(out, NULL);
    jout_str(out, "op", "remove");
    if (sub) {
        struct buf joined;
        buf_init(&joined, 512);
        buf_printf(&joined, "%s.%s", path, sub);
        jout_str(out, "path", buf_text(&joined));
        buf_free(&joined);
    } else {
        jout_str(out, "path", path);
    }
    jout_end(out);
}

/* A replaced complex value leaves the sub-attributes that it does not name as they are (RFC 7644 section 3.5.2.3):
 * those that are gone are removed by name first. */
static size_t write_gone_parts(struct jout *out, const char *path, const struct jval *before, const struct jval *after)
{
    size_t count = 0;
    if (jval_type(before) != JVAL_OBJECT)
        return 0;
    for (void *it = jval_first(before); it; it = jval_next(before, it)) {
        if (!jval_get(after, jval_iter_key(it))) {
            write_remove(out, path, jval_iter_key(it));
            count++;
        }
    }
    return count;
}

size_t user_write_difference(struct jout *out, const struct jval *before, const struct jval *after)
{
    size_t count = 0;
    for (void *it = jval_first(before); it; it = jval_next(before, it)) {
        const char *path = jval_iter_key(it);
        /* A user without a user name is nothing that SCIM knows: the name there stays. */
        if (jval_get(after, path) || str_eq(path, "userName"))
            continue;
        write_remove(out, path, NULL);
        count++;
    }
    for (void *it = jval_first(after); it; it = jval_next(after, it)) {
        const char *path = jval_iter_key(it);
        const struct jval *value = jval_iter_value(it);
        const struct jval *old = jval_get(before, path);
        if (old && jval_equal(old, value))
            continue;
        count += write_gone_parts(out, path, old, value) + 1;
        jout_object(out, NULL);
        jout_str(out, "op", "replace");
        jout_str(out, "path", path);
        jout_val(out, "value", value);
        jout_end(out);
    }
    return count;
}

/* --- the published client's dialects -------------------------------------------------------------------------------
 */

static void write_ordered(struct jout *out, const char *key, const struct jval *value, const char *const *order,
                          size_t count)
{
    jout_object(out, key);
    for (size_t i = 0; i < count; i++)
        if (jval_get(value, order[i]))
            jout_val(out, order[i], jval_get(value, order[i]));
    for (void *it = jval_first(value); it; it = jval_next(value, it)) {
        bool written = false;
        for (size_t i = 0; i < count; i++)
            written |= str_eq(order[i], jval_iter_key(it));
        if (!written)
            jout_val(out, jval_iter_key(it), jval_iter_value(it));
    }
    jout_end(out);
}

void user_write_published(struct jout *out, const struct jval *attributes, struct jval **ret_rest)
{
    static const char *const order[] = {"userName", "name", "emails", "displayName", "locale"};
    static const char *const name_order[] = {"givenName", "familyName"};
    static const char *const email_order[] = {"primary", "value", "type"};
    struct jval *rest = jval_copy(attributes);
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        const struct jval *value = jval_get(attributes, order[i]);
        if (!value)
            continue;
        jval_remove(rest, order[i]);
        if (str_eq(order[i], "name")) {
            write_ordered(out, order[i], value, name_order, ARRAY_LEN(name_order));
        } else if (str_eq(order[i], "emails")) {
            jout_array(out, order[i]);
            for (size_t e = 0; e < jval_len(value); e++)
                write_ordered(out, NULL, jval_at(value, e), email_order, ARRAY_LEN(email_order));
            jout_end(out);
        } else {
            jout_val(out, order[i], value);
        }
    }
    *ret_rest = rest;
}

const char *key_any_case(const struct jval *object, const char *key)
{
    if (jval_get(object, key))
        return key;
    for (void *it = jval_first(object); it; it = jval_next(object, it)) {
        if (strcasecmp(jval_iter_key(it), key) == 0)
            return jval_iter_key(it);
    }
    return key;
}

static void set_any_case(struct jval *object, const char *key, struct jval *value)
{
    jval_set(object, key_any_case(object, key), value);
}

static void remove_any_case(struct jval *object, const char *key)
{
    if (get_any_case(object, key))
        jval_remove(object, key_any_case(object, key));
}

/* The object below `key`, made when it is missing. */
static struct jval *part_any_case(struct jval *object, const char *key)
{
    struct jval *part = get_any_case(object, key);
    if (jval_type(part) != JVAL_OBJECT) {
        part = jval_new_object();
        set_any_case(object, key, part);
    }
    return part;
}

/* A complex value keeps the sub-attributes that Muster does not know; a list is replaced as a whole. */
static void merge_value(struct jval *holder, const char *key, const struct jval *before, const struct jval *after)
{
    if (jval_type(after) != JVAL_OBJECT) {
        set_any_case(holder, key, jval_copy(after));
        return;
    }
    struct jval *part = part_any_case(holder, key);
    for (void *it = jval_first(before); it && jval_type(before) == JVAL_OBJECT; it = jval_next(before, it))
        if (!jval_get(after, jval_iter_key(it)))
            remove_any_case(part, jval_iter_key(it));
    for (void *it = jval_first(after); it; it = jval_next(after, it))
        set_any_case(part, jval_iter_key(it), jval_copy(jval_iter_value(it)));
}

/* A resource with attributes of an extension names it among its schemas. */
static void name_extension(struct jval *resource, const char *urn)
{
    struct jval *schemas = get_any_case(resource, "schemas");
    if (jval_type(schemas) != JVAL_ARRAY)
        return;
    for (size_t i = 0; i < jval_len(schemas); i++) {
        const char *schema = jval_str(jval_at(schemas, i));
        if (schema && strcasecmp(schema, urn) == 0)
            return;
    }
    jval_append(schemas, jval_new_str(urn));
}

static void merge_gone(struct jval *resource, const char *path)
{
    const char *inside = extension_name(path);
    char *urn = inside ? extension_urn(path) : NULL;
    remove_any_case(urn ? get_any_case(resource, urn) : resource, inside ? inside : path);
    free(urn);
}

static void merge_attribute(struct jval *resource, const char *path, const struct jval *before,
                            const struct jval *after)
{
    const char *inside = extension_name(path);
    if (!inside) {
        merge_value(resource, path, before, after);
        return;
    }
    char *urn = extension_urn(path);
    merge_value(part_any_case(resource, urn), inside, before, after);
    name_extension(resource, urn);
    free(urn);
}

void user_merge(struct jval *resource, const struct jval *before, const struct jval *after)
{
    for (void *it = jval_first(before); it; it = jval_next(before, it)) {
        const char *path = jval_iter_key(it);
        if (!jval_get(after, path) && !str_eq(path, "userName"))
            merge_gone(resource, path);
    }
    for (void *it = jval_first(after); it; it = jval_next(after, it))
        merge_attribute(resource, jval_iter_key(it), jval_get(before, jval_iter_key(it)), jval_iter_value(it));
}

/* --- the other way -------------------------------------------------------------------------------------------------
 */

/* The element of that type; for what is primary in the table, else the primary one, else the first. */
static const struct jval *element_shown(const struct jval *array, const struct scim_place *place)
{
    const struct jval *primary = NULL;
    size_t count = jval_type(array) == JVAL_ARRAY ? jval_len(array) : 0;
    for (size_t i = 0; i < count; i++) {
        const struct jval *each = jval_at(array, i);
        const char *type = jval_str(get_any_case(each, "type"));
        if (type && strcasecmp(type, place->type) == 0)
            return each;
        if (jval_is_true(get_any_case(each, "primary")))
            primary = each;
    }
    if (!place->primary)
        return NULL;
    return primary ? primary : jval_at(array, 0);
}

static const char *value_shown(const struct jval *resource, const struct scim_place *place)
{
    const char *inside = extension_name(place->path);
    const struct jval *holder = inside ? get_any_case(resource, SCIM_ENTERPRISE_USER) : resource;
    const struct jval *value = get_any_case(holder, inside ? inside : place->path);
    if (place->type)
        value = element_shown(value, place);
    if (place->sub)
        value = get_any_case(value, place->sub);
    return jval_str(value);
}

struct jval *user_profile(const struct jval *resource)
{
    struct jval *profile = jval_new_object();
    for (size_t i = 0; i < scim_place_count; i++) {
        const char *value = value_shown(resource, &scim_places[i]);
        if (value && *value && strlen(value) <= ANSWER_VALUE_BYTES && !str_eq(scim_places[i].name, "userName"))
            jval_set_str(profile, scim_places[i].name, value);
    }
    return profile;
}
