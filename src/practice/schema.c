/* SPDX-License-Identifier: Apache-2.0 */
#include "practice/schema.h"

#include "base/clock.h"
#include "practice/inner.h"

const struct schema *schema_find(const char *urn)
{
    size_t count = 0;
    const struct schema *all = schema_all(&count);
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(all[i].urn, urn) == 0)
            return &all[i];
    return NULL;
}

const struct schema_attr *schema_attr_find(const struct schema_attr *attrs, const char *name)
{
    for (; attrs && attrs->name; attrs++)
        if (strcasecmp(attrs->name, name) == 0)
            return attrs;
    return NULL;
}

const struct schema_attr *schema_attr_of(enum practice_kind kind, const char *urn, const char *name)
{
    const struct schema *core = schema_core(kind);
    if (urn && strcasecmp(urn, core->urn) != 0) {
        const struct schema *schema = schema_find(urn);
        return schema ? schema_attr_find(schema->attrs, name) : NULL;
    }
    const struct schema_attr *attr = schema_attr_find(core->attrs, name);
    return attr ? attr : schema_attr_find(schema_common(), name);
}

const char *schema_key(const struct jval *object, const char *name)
{
    if (jval_type(object) != JVAL_OBJECT)
        return NULL;
    if (jval_get(object, name))
        return name;
    for (void *it = jval_first(object); it; it = jval_next(object, it))
        if (strcasecmp(jval_iter_key(it), name) == 0)
            return jval_iter_key(it);
    return NULL;
}

static bool is_nothing(const struct jval *value)
{
    enum jval_type type = jval_type(value);
    return type == JVAL_NONE || type == JVAL_NULL || (type == JVAL_ARRAY && jval_len(value) == 0);
}

static int clean_simple(const struct schema_attr *attr, const char *name, const struct jval *value, struct jval **ret,
                        struct refusal *refusal)
{
    const char *want = NULL;
    int64_t ms = 0;
    switch (attr->type) {
    case SCHEMA_BOOLEAN:
        want = jval_type(value) == JVAL_BOOL ? NULL : "true or false";
        break;
    case SCHEMA_INTEGER:
        want = jval_type(value) == JVAL_INT ? NULL : "an integer";
        break;
    case SCHEMA_DATETIME:
        want = jval_str(value) && clock_parse(jval_str(value), &ms) == 0 ? NULL : "a date and time (ISO 8601)";
        break;
    case SCHEMA_STRING:
    case SCHEMA_REFERENCE:
    case SCHEMA_BINARY:
    case SCHEMA_COMPLEX:
    default:
        want = jval_str(value) ? NULL : "a string";
        break;
    }
    if (want)
        return refuse_value(refusal, "%s must be %s.", name, want);
    *ret = jval_copy(value);
    return 0;
}

static int clean_object(const struct schema_attr *attrs, const char *name, const struct jval *value, struct jval **ret,
                        struct refusal *refusal)
{
    if (jval_type(value) != JVAL_OBJECT)
        return refuse_value(refusal, "%s must be an object.", name);
    CLEANUP(jval_freep) struct jval *object = jval_new_object();
    for (void *it = jval_first(value); it; it = jval_next(value, it)) {
        const char *key = jval_iter_key(it);
        const struct schema_attr *sub = schema_attr_find(attrs, key);
        char full[256];
        (void)snprintf(full, sizeof(full), "%s.%s", name, sub ? sub->name : key);
        struct jval *cleaned = NULL;
        int r = schema_clean(sub, full, jval_iter_value(it), &cleaned, refusal);
        if (r < 0)
            return r;
        if (cleaned)
            jval_set(object, sub ? sub->name : key, cleaned);
    }
    *ret = jval_len(object) ? TAKE_PTR(object) : NULL;
    return 0;
}

int schema_clean_one(const struct schema_attr *attr, const char *name, const struct jval *value, struct jval **ret,
                     struct refusal *refusal)
{
    struct jval *cleaned = NULL;
    int r = 0;
    if (is_nothing(value))
        cleaned = NULL;
    else if (!attr)
        cleaned = jval_copy(value);
    else if (attr->type == SCHEMA_COMPLEX)
        r = clean_object(attr->subs, name, value, &cleaned, refusal);
    else
        r = clean_simple(attr, name, value, &cleaned, refusal);
    if (r < 0)
        return r;
    *ret = cleaned;
    return 0;
}

static int clean_multi(const struct schema_attr *attr, const char *name, const struct jval *value, struct jval **ret,
                       struct refusal *refusal)
{
    if (jval_type(value) != JVAL_ARRAY)
        return refuse_value(refusal, "%s must be an array.", name);
    CLEANUP(jval_freep) struct jval *array = jval_new_array();
    size_t primaries = 0;
    for (size_t i = 0; i < jval_len(value); i++) {
        struct jval *cleaned = NULL;
        int r = schema_clean_one(attr, name, jval_at(value, i), &cleaned, refusal);
        if (r < 0)
            return r;
        primaries += jval_is_true(jval_get(cleaned, "primary"));
        if (cleaned)
            jval_append(array, cleaned);
    }
    if (primaries > 1)
        return refuse_value(refusal, "%s: at most one value may be primary.", name);
    *ret = jval_len(array) ? TAKE_PTR(array) : NULL;
    return 0;
}

int schema_clean(const struct schema_attr *attr, const char *name, const struct jval *value, struct jval **ret,
                 struct refusal *refusal)
{
    if (is_nothing(value) || (attr && attr->mutability == SCHEMA_READ_ONLY)) {
        *ret = NULL;
        return 0;
    }
    if (attr && attr->multi)
        return clean_multi(attr, name, value, ret, refusal);
    return schema_clean_one(attr, name, value, ret, refusal);
}

/* The attributes of an extension (object) as they are stored; an unknown extension is stored as given. */
static int schema_clean_extension(const struct schema *schema, const char *urn, const struct jval *value,
                                  struct jval **ret, struct refusal *refusal)
{
    if (is_nothing(value)) {
        *ret = NULL;
        return 0;
    }
    return clean_object(schema ? schema->attrs : NULL, urn, value, ret, refusal);
}

/* Kept elsewhere (members), computed, or never shown again. */
static bool is_stored(enum practice_kind kind, const struct schema_attr *attr)
{
    if (!attr)
        return true;
    if (attr->mutability == SCHEMA_READ_ONLY || attr->mutability == SCHEMA_WRITE_ONLY || str_eq(attr->name, "schemas"))
        return false;
    return kind != PRACTICE_GROUP || !str_eq(attr->name, "members");
}

static int clean_entry(enum practice_kind kind, const char *key, const struct jval *value, struct jval *doc,
                       struct refusal *refusal)
{
    struct jval *cleaned = NULL;
    const char *name = key;
    int r = 0;
    if (strncasecmp(key, "urn:", 4) == 0) {
        const struct schema *schema = schema_find(key);
        name = schema ? schema->urn : key;
        r = schema_clean_extension(schema, name, value, &cleaned, refusal);
    } else {
        const struct schema_attr *attr = schema_attr_of(kind, NULL, key);
        name = attr ? attr->name : key;
        struct jval *checked = NULL;
        r = schema_clean(attr, name, value, &checked, refusal);
        if (is_stored(kind, attr))
            cleaned = checked;
        else
            jval_free(checked);
    }
    if (r < 0)
        return r;
    if (cleaned)
        jval_set(doc, name, cleaned);
    return 0;
}

int schema_clean_body(enum practice_kind kind, const struct jval *body, struct jval **ret, struct refusal *refusal)
{
    CLEANUP(jval_freep) struct jval *doc = jval_new_object();
    for (void *it = jval_first(body); it; it = jval_next(body, it)) {
        /* A group's members may be 100,000: members.c reads them where they are. */
        if (kind == PRACTICE_GROUP && strcasecmp(jval_iter_key(it), "members") == 0)
            continue;
        int r = clean_entry(kind, jval_iter_key(it), jval_iter_value(it), doc, refusal);
        if (r < 0)
            return r;
    }
    int r = schema_check_required(kind, doc, refusal);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(doc);
    return 0;
}

int schema_check_required(enum practice_kind kind, const struct jval *doc, struct refusal *refusal)
{
    const char *name = jval_get_str(doc, kind_key(kind));
    if (!name || !*name)
        return refuse_value(refusal, "%s is required.", kind_key(kind));
    return 0;
}
