/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the directory's profile (flat, the directory's attribute names) to a SCIM user: core and enterprise attributes
 * of RFC 7643 sections 4.1 and 4.3, by the table below. An attribute that is not in the table is not sent.
 *
 * A second e-mail address is sent as type "other": it is where somebody can be reached besides work, and "home" would
 * claim more than the directory knows. `primary` stands on the work address and the work telephone only, never as
 * false.
 */
#include "target/inner.h"

struct mapping {
    const char *from;
    const char *path;
    const char *sub;  /* sub-attribute, NULL for a plain attribute */
    const char *type; /* of the element of a multi-valued attribute, NULL for single values */
    bool primary;
};

static const struct mapping mappings[] = {
    {"userName", "userName", NULL, NULL, false},
    {"lastName", "name", "familyName", NULL, false},
    {"firstName", "name", "givenName", NULL, false},
    {"middleName", "name", "middleName", NULL, false},
    {"honorificPrefix", "name", "honorificPrefix", NULL, false},
    {"honorificSuffix", "name", "honorificSuffix", NULL, false},
    {"displayName", "displayName", NULL, NULL, false},
    {"nickName", "nickName", NULL, NULL, false},
    {"profileUrl", "profileUrl", NULL, NULL, false},
    {"title", "title", NULL, NULL, false},
    {"userType", "userType", NULL, NULL, false},
    {"preferredLanguage", "preferredLanguage", NULL, NULL, false},
    {"locale", "locale", NULL, NULL, false},
    {"timezone", "timezone", NULL, NULL, false},
    {"email", "emails", "value", "work", true},
    {"secondEmail", "emails", "value", "other", false},
    {"primaryPhone", "phoneNumbers", "value", "work", true},
    {"mobilePhone", "phoneNumbers", "value", "mobile", false},
    {"postalAddress", "addresses", "formatted", "work", false},
    {"streetAddress", "addresses", "streetAddress", "work", false},
    {"city", "addresses", "locality", "work", false},
    {"state", "addresses", "region", "work", false},
    {"zipCode", "addresses", "postalCode", "work", false},
    {"countryCode", "addresses", "country", "work", false},
    {"employeeNumber", SCIM_ENTERPRISE_USER ":employeeNumber", NULL, NULL, false},
    {"costCenter", SCIM_ENTERPRISE_USER ":costCenter", NULL, NULL, false},
    {"organization", SCIM_ENTERPRISE_USER ":organization", NULL, NULL, false},
    {"division", SCIM_ENTERPRISE_USER ":division", NULL, NULL, false},
    {"department", SCIM_ENTERPRISE_USER ":department", NULL, NULL, false},
    {"managerId", SCIM_ENTERPRISE_USER ":manager", "value", NULL, false},
    {"manager", SCIM_ENTERPRISE_USER ":manager", "displayName", NULL, false},
};

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
static struct jval *element(struct jval *array, const struct mapping *mapping)
{
    size_t count = jval_len(array);
    struct jval *last = count ? jval_at(array, count - 1) : NULL;
    if (str_eq(jval_get_str(last, "type"), mapping->type))
        return last;
    struct jval *added = jval_new_object();
    jval_set_str(added, "type", mapping->type);
    if (mapping->primary)
        jval_set(added, "primary", jval_new_bool(true));
    jval_append(array, added);
    return added;
}

struct jval *user_attributes(const struct jval *profile)
{
    struct jval *attributes = jval_new_object();
    for (size_t i = 0; i < ARRAY_LEN(mappings); i++) {
        const struct mapping *m = &mappings[i];
        const char *value = jval_get_str(profile, m->from);
        if (!value || !*value)
            continue;
        struct jval *holder = attributes;
        if (m->type)
            holder = element(child(attributes, m->path, jval_new_array), m);
        else if (m->sub)
            holder = child(attributes, m->path, jval_new_object);
        jval_set_str(holder, m->sub ? m->sub : m->path, value);
    }
    return attributes;
}

/* The name inside of the extension, or NULL for a core attribute. */
static const char *extension_name(const char *path)
{
    size_t n = strlen(SCIM_ENTERPRISE_USER);
    return strncmp(path, SCIM_ENTERPRISE_USER, n) == 0 ? path + n + 1 : NULL;
}

bool user_has_extension(const struct jval *attributes)
{
    for (void *it = jval_first(attributes); it; it = jval_next(attributes, it)) {
        if (extension_name(jval_iter_key(it)))
            return true;
    }
    return false;
}

void user_write(struct jout *out, const struct jval *attributes, bool extension)
{
    for (void *it = jval_first(attributes); it; it = jval_next(attributes, it)) {
        const char *inside = extension_name(jval_iter_key(it));
        if (!!inside == extension)
            jout_val(out, inside ? inside : jval_iter_key(it), jval_iter_value(it));
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

/* A resource with attributes of the extension names it among its schemas. */
static void name_extension(struct jval *resource)
{
    struct jval *schemas = get_any_case(resource, "schemas");
    if (jval_type(schemas) != JVAL_ARRAY)
        return;
    for (size_t i = 0; i < jval_len(schemas); i++) {
        const char *schema = jval_str(jval_at(schemas, i));
        if (schema && strcasecmp(schema, SCIM_ENTERPRISE_USER) == 0)
            return;
    }
    jval_append(schemas, jval_new_str(SCIM_ENTERPRISE_USER));
}

void user_merge(struct jval *resource, const struct jval *before, const struct jval *after)
{
    for (void *it = jval_first(before); it; it = jval_next(before, it)) {
        const char *path = jval_iter_key(it);
        const char *inside = extension_name(path);
        struct jval *holder = inside ? get_any_case(resource, SCIM_ENTERPRISE_USER) : resource;
        if (!jval_get(after, path) && !str_eq(path, "userName"))
            remove_any_case(holder, inside ? inside : path);
    }
    for (void *it = jval_first(after); it; it = jval_next(after, it)) {
        const char *path = jval_iter_key(it);
        const char *inside = extension_name(path);
        struct jval *holder = inside ? part_any_case(resource, SCIM_ENTERPRISE_USER) : resource;
        merge_value(holder, inside ? inside : path, jval_get(before, path), jval_iter_value(it));
        if (inside)
            name_extension(resource);
    }
}

/* --- the other way -------------------------------------------------------------------------------------------------
 */

/* The element of that type; for what is primary in the table, else the primary one, else the first. */
static const struct jval *element_shown(const struct jval *array, const struct mapping *mapping)
{
    const struct jval *primary = NULL;
    size_t count = jval_type(array) == JVAL_ARRAY ? jval_len(array) : 0;
    for (size_t i = 0; i < count; i++) {
        const struct jval *each = jval_at(array, i);
        const char *type = jval_str(get_any_case(each, "type"));
        if (type && strcasecmp(type, mapping->type) == 0)
            return each;
        if (jval_is_true(get_any_case(each, "primary")))
            primary = each;
    }
    if (!mapping->primary)
        return NULL;
    return primary ? primary : jval_at(array, 0);
}

static const char *value_shown(const struct jval *resource, const struct mapping *mapping)
{
    const char *inside = extension_name(mapping->path);
    const struct jval *holder = inside ? get_any_case(resource, SCIM_ENTERPRISE_USER) : resource;
    const struct jval *value = get_any_case(holder, inside ? inside : mapping->path);
    if (mapping->type)
        value = element_shown(value, mapping);
    if (mapping->sub)
        value = get_any_case(value, mapping->sub);
    return jval_str(value);
}

struct jval *user_profile(const struct jval *resource)
{
    struct jval *profile = jval_new_object();
    for (size_t i = 0; i < ARRAY_LEN(mappings); i++) {
        const char *value = value_shown(resource, &mappings[i]);
        if (value && *value && strlen(value) <= ANSWER_VALUE_BYTES && !str_eq(mappings[i].from, "userName"))
            jval_set_str(profile, mappings[i].from, value);
    }
    return profile;
}
