/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base attributes, reading the stored schema and showing it. What is stored is one JSON document a kind:
 *     {"custom": {name: attribute as published}, "base": {name: what was changed of it}}
 */
#include "directory/schema.h"

#include "base/clock.h"
#include "base/limits.h"
#include "directory/schema_private.h"

#define TEXT(attribute, label, ...)                                                                                    \
    {                                                                                                                  \
        .name = attribute, .title = label, .type = ATTRIBUTE_STRING, __VA_ARGS__                                       \
    }

/* The 31 base attributes with the published limits, in the published order. */
static const struct attribute user_base[] = {
    TEXT("login", "Username", .min = LIMIT_LOGIN_CHARS_MIN, .max = LIMIT_LOGIN_CHARS, .required = true,
         .format = FORMAT_EMAIL),
    TEXT("firstName", "First name", .min = 1, .max = 50, .required = true),
    TEXT("lastName", "Last name", .min = 1, .max = 50, .required = true),
    TEXT("middleName", "Middle name"),
    TEXT("honorificPrefix", "Honorific prefix"),
    TEXT("honorificSuffix", "Honorific suffix"),
    TEXT("email", "Primary email", .min = 5, .max = 100, .required = true, .format = FORMAT_EMAIL),
    TEXT("title", "Title"),
    TEXT("displayName", "Display name"),
    TEXT("nickName", "Nickname"),
    TEXT("profileUrl", "Profile Url", .format = FORMAT_URI),
    TEXT("secondEmail", "Secondary email", .min = 5, .max = 100, .format = FORMAT_EMAIL),
    TEXT("mobilePhone", "Mobile phone", .max = 100),
    TEXT("primaryPhone", "Primary phone", .max = 100),
    TEXT("streetAddress", "Street address", .max = 1024, .lines = true),
    TEXT("city", "City", .max = 128),
    TEXT("state", "State", .max = 128),
    TEXT("zipCode", "Zip code", .max = 50),
    TEXT("countryCode", "Country code", .max = 2, .format = FORMAT_COUNTRY),
    TEXT("postalAddress", "Postal Address", .max = 4096, .lines = true),
    TEXT("preferredLanguage", "Preferred language", .format = FORMAT_LANGUAGE),
    TEXT("locale", "Locale", .format = FORMAT_LOCALE),
    TEXT("timezone", "Time zone", .format = FORMAT_TIMEZONE),
    TEXT("userType", "User type"),
    TEXT("employeeNumber", "Employee number"),
    TEXT("costCenter", "Cost center"),
    TEXT("organization", "Organization"),
    TEXT("division", "Division"),
    TEXT("department", "Department"),
    TEXT("managerId", "ManagerId"),
    TEXT("manager", "Manager"),
};

static const struct attribute group_base[] = {
    TEXT("name", "Name", .min = 1, .max = 255, .required = true),
    TEXT("description", "Description", .max = LIMIT_DESCRIPTION_CHARS, .lines = true),
};

static const struct schema plain[] = {
    [SCHEMA_USER] = {.kind = SCHEMA_USER, .base = user_base, .base_count = ARRAY_LEN(user_base)},
    [SCHEMA_GROUP] = {.kind = SCHEMA_GROUP, .base = group_base, .base_count = ARRAY_LEN(group_base)},
};

SQL(SCHEMA_READ, "SELECT document, created, last_updated FROM schemas WHERE kind = $1");

static const char *const type_names[] = {
    [ATTRIBUTE_STRING] = "string",   [ATTRIBUTE_NUMBER] = "number", [ATTRIBUTE_INTEGER] = "integer",
    [ATTRIBUTE_BOOLEAN] = "boolean", [ATTRIBUTE_ARRAY] = "array",
};
static const char *const format_names[] = {
    [FORMAT_EMAIL] = "email",         [FORMAT_URI] = "uri",           [FORMAT_COUNTRY] = "country-code",
    [FORMAT_LOCALE] = "locale",       [FORMAT_TIMEZONE] = "timezone", [FORMAT_LANGUAGE] = "language-code",
    [FORMAT_DATE_TIME] = "date-time",
};

const struct schema *schema_plain(enum schema_kind kind)
{
    return &plain[kind];
}

const char *attribute_type_name(enum attribute_type type)
{
    return type_names[type];
}

int attribute_type_parse(const char *name, enum attribute_type *ret)
{
    for (size_t i = ATTRIBUTE_STRING; name && i < ARRAY_LEN(type_names); i++) {
        if (strcmp(type_names[i], name) == 0) {
            *ret = (enum attribute_type)i;
            return 0;
        }
    }
    return ERR_SYNTAX;
}

int attribute_format_parse(const char *name, enum attribute_format *ret)
{
    for (size_t i = FORMAT_EMAIL; name && i < ARRAY_LEN(format_names); i++) {
        if (strcmp(format_names[i], name) == 0) {
            *ret = (enum attribute_format)i;
            return 0;
        }
    }
    return ERR_SYNTAX;
}

static int compare_names(const void *a, const void *b)
{
    const struct attribute *x = a;
    const struct attribute *y = b;
    return strcmp(x->name, y->name);
}

const struct attribute *schema_attribute(const struct schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->base_count; i++)
        if (strcmp(schema->base[i].name, name) == 0)
            return &schema->base[i];
    const struct attribute key = {.name = name};
    return schema->custom_count ? bsearch(&key, schema->custom, schema->custom_count, sizeof(key), compare_names)
                                : NULL;
}

/* --- reading -------------------------------------------------------------------------------------------------------
 */

int schema_read(struct tx *tx, enum schema_kind kind, struct schema_document *ret)
{
    *ret = (struct schema_document){0};
    struct query query;
    int r = tx_query_row(tx, &query, &SCHEMA_READ, I(kind));
    if (r > 0) {
        const char *text = query_text(&query, 0);
        ret->created = query_int(&query, 1);
        ret->last_updated = query_int(&query, 2);
        r = jval_parse(&ret->json, text, strlen(text), NULL) < 0 ? ERR_CORRUPT : 0;
        query_close(&query);
    }
    return r;
}

static void read_choices(struct arena *arena, const struct jval *definition, struct attribute *attribute)
{
    const struct jval *holder = attribute->type == ATTRIBUTE_ARRAY ? jval_get(definition, "items") : definition;
    const struct jval *list = jval_get(holder, "enum");
    bool titled = !list;
    if (titled)
        list = jval_get(holder, "oneOf");
    size_t count = jval_len(list);
    if (count == 0)
        return;
    const char **choices = arena_array(arena, count, sizeof(*choices));
    for (size_t i = 0; i < count; i++) {
        const struct jval *item = jval_at(list, i);
        choices[i] = jval_text(arena, titled ? jval_get(item, "const") : item, true);
    }
    attribute->choices = choices;
    attribute->choice_count = count;
}

void attribute_read(struct arena *arena, const char *name, const struct jval *definition, struct attribute *ret)
{
    *ret = (struct attribute){.name = arena_strdup(arena, name),
                              .title = arena_strdup(arena, jval_get_str(definition, "title")),
                              .type = ATTRIBUTE_STRING,
                              .item_type = ATTRIBUTE_STRING,
                              .min = jval_int(jval_get(definition, "minLength"), 0),
                              .max = jval_int(jval_get(definition, "maxLength"), 0),
                              .required = jval_is_true(jval_get(definition, "required"))};
    /* Absent or unknown leaves the default: what is stored was checked when it came in. */
    (void)!attribute_type_parse(jval_get_str(definition, "type"), &ret->type);
    (void)!attribute_type_parse(jval_get_str(jval_get(definition, "items"), "type"), &ret->item_type);
    (void)!attribute_format_parse(jval_get_str(definition, "format"), &ret->format);
    read_choices(arena, definition, ret);
}

static const struct attribute *read_base(struct arena *arena, const struct schema *from, const struct jval *changes)
{
    if (jval_len(changes) == 0)
        return from->base;
    struct attribute *base = arena_array(arena, from->base_count, sizeof(*base));
    for (size_t i = 0; i < from->base_count; i++) {
        base[i] = from->base[i];
        const struct jval *required = jval_get(jval_get(changes, base[i].name), "required");
        if (jval_type(required) == JVAL_BOOL)
            base[i].required = jval_is_true(required);
    }
    return base;
}

int schema_load(struct tx *tx, enum schema_kind kind, const struct schema **ret)
{
    struct schema_document document;
    int r = schema_read(tx, kind, &document);
    if (r < 0)
        return r;
    struct arena *arena = tx_arena(tx);
    struct schema *schema = arena_alloc(arena, sizeof(*schema));
    *schema = plain[kind];
    schema->base = read_base(arena, &plain[kind], jval_get(document.json, "base"));
    const struct jval *custom = jval_get(document.json, "custom");
    schema->custom_count = jval_len(custom);
    if (schema->custom_count) {
        struct attribute *list = arena_array(arena, schema->custom_count, sizeof(*list));
        size_t i = 0;
        for (void *it = jval_first(custom); it; it = jval_next(custom, it))
            attribute_read(arena, jval_iter_key(it), jval_iter_value(it), &list[i++]);
        qsort(list, schema->custom_count, sizeof(*list), compare_names);
        schema->custom = list;
    }
    (void)jval_free(document.json);
    *ret = schema;
    return 0;
}

/* --- showing -------------------------------------------------------------------------------------------------------
 */

static void write_defaults(struct jout *out, const char *action)
{
    jout_str(out, "mutability", "READ_WRITE");
    jout_str(out, "scope", "NONE");
    jout_array(out, "permissions");
    jout_object(out, NULL);
    jout_str(out, "principal", "SELF");
    jout_str(out, "action", action);
    jout_end(out);
    jout_end(out);
    jout_object(out, "master");
    jout_str(out, "type", "PROFILE_MASTER");
    jout_end(out);
}

/* A base attribute as published, before changes. */
static struct jval *base_definition(const struct attribute *attribute)
{
    struct buf text;
    buf_init(&text, 4096);
    struct jout out;
    jout_init(&out, &text);
    jout_object(&out, NULL);
    jout_str(&out, "title", attribute->title);
    jout_str(&out, "type", type_names[attribute->type]);
    if (attribute->format)
        jout_str(&out, "format", format_names[attribute->format]);
    jout_bool(&out, "required", attribute->required);
    if (attribute->min)
        jout_int(&out, "minLength", attribute->min);
    if (attribute->max)
        jout_int(&out, "maxLength", attribute->max);
    write_defaults(&out, "READ_ONLY");
    jout_end(&out);
    struct jval *definition = NULL;
    int r = jval_parse(&definition, buf_text(&text), text.len, NULL);
    assert(r == 0);
    buf_free(&text);
    return definition;
}

struct jval *schema_base_definition(enum schema_kind kind, const char *name, const struct jval *document)
{
    for (size_t i = 0; i < plain[kind].base_count; i++) {
        const struct attribute *attribute = &plain[kind].base[i];
        if (strcmp(attribute->name, name) != 0)
            continue;
        struct jval *definition = base_definition(attribute);
        const struct jval *changes = jval_get(jval_get(document, "base"), name);
        for (void *it = jval_first(changes); it; it = jval_next(changes, it))
            jval_set(definition, jval_iter_key(it), jval_copy(jval_iter_value(it)));
        return definition;
    }
    return NULL;
}

static void write_base(struct jout *out, enum schema_kind kind, const struct jval *document)
{
    jout_object(out, "base");
    jout_str(out, "id", "#base");
    jout_str(out, "type", "object");
    const char *required[ARRAY_LEN(user_base)];
    size_t count = 0;
    jout_object(out, "properties");
    for (size_t i = 0; i < plain[kind].base_count; i++) {
        const char *name = plain[kind].base[i].name;
        struct jval *definition CLEANUP(jval_freep) = schema_base_definition(kind, name, document);
        jout_val(out, name, definition);
        if (jval_is_true(jval_get(definition, "required")))
            required[count++] = name;
    }
    jout_end(out);
    jout_array(out, "required");
    for (size_t i = 0; i < count; i++)
        jout_str(out, NULL, required[i]);
    jout_end(out);
    jout_end(out);
}

void schema_write_custom(struct jout *out, const struct jval *custom)
{
    jout_object(out, "custom");
    jout_str(out, "id", "#custom");
    jout_str(out, "type", "object");
    jout_object(out, "properties");
    for (void *it = jval_first(custom); it; it = jval_next(custom, it))
        jout_val(out, jval_iter_key(it), jval_iter_value(it));
    jout_end(out);
    jout_array(out, "required");
    for (void *it = jval_first(custom); it; it = jval_next(custom, it))
        if (jval_is_true(jval_get(jval_iter_value(it), "required")))
            jout_str(out, NULL, jval_iter_key(it));
    jout_end(out);
    jout_end(out);
}

static void write_reference(struct jout *out, const char *place)
{
    jout_object(out, NULL);
    jout_str(out, "$ref", place);
    jout_end(out);
}

int schema_write(struct tx *tx, enum schema_kind kind, const char *self, struct jout *out)
{
    struct schema_document document;
    int r = schema_read(tx, kind, &document);
    if (r < 0)
        return r;
    jout_object(out, NULL);
    jout_str(out, "id", self);
    jout_str(out, "$schema", "http://json-schema.org/draft-04/schema#");
    jout_str(out, "name", kind == SCHEMA_USER ? "user" : "group");
    jout_str(out, "title", kind == SCHEMA_USER ? "User" : "Okta group");
    jout_str(out, "type", "object");
    if (document.created) {
        jout_time(out, "created", document.created);
        jout_time(out, "lastUpdated", document.last_updated);
    }
    jout_object(out, "definitions");
    schema_write_custom(out, jval_get(document.json, "custom"));
    write_base(out, kind, document.json);
    jout_end(out);
    jout_object(out, "properties");
    jout_object(out, "profile");
    jout_array(out, "allOf");
    write_reference(out, "#/definitions/custom");
    write_reference(out, "#/definitions/base");
    jout_end(out);
    jout_end(out);
    jout_end(out);
    jout_object(out, "_links");
    jout_object(out, "self");
    jout_str(out, "rel", "self");
    jout_str(out, "href", self);
    jout_str(out, "method", "GET");
    jout_end(out);
    jout_end(out);
    jout_end(out);
    (void)jval_free(document.json);
    return 0;
}
