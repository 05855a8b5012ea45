/* SPDX-License-Identifier: Apache-2.0 */
/* Changing a schema: checking what is asked for, clearing removed attributes, storing the document. */
#include "directory/rows.h"
#include "directory/schema_private.h"

#include "base/limits.h"

#define NAME_CHARS_MAX 63 /* characters of an attribute's name */

SQL(SCHEMA_STORE, "INSERT INTO schemas (kind, document, created, last_updated) VALUES ($1, $2, $3, $3)"
                  " ON CONFLICT (kind) DO UPDATE SET document = excluded.document,"
                  " last_updated = excluded.last_updated");

struct edit {
    struct tx *tx;
    enum schema_kind kind;
    struct jval *document; /* being changed */
    const char *place;     /* "definitions.custom.properties.x" */
    const char *name;
    const struct jval *before; /* its definition so far; NULL: a new one */
    bool presets;              /* default values are kept */
    struct problem *problem;
};

static int refuse(const struct edit *edit, const char *key, const char *text)
{
    return problem_invalid(edit->problem, edit->place, "%s%s%s: %s", edit->place, key ? "." : "", key ? key : "", text);
}

static struct jval *section(struct jval *document, const char *name)
{
    struct jval *object = jval_get(document, name);
    if (!object) {
        object = jval_new_object();
        jval_set(document, name, object);
    }
    return object;
}

/* --- checks of a custom attribute ----------------------------------------------------------------------------------
 */

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static bool same_name(const char *a, const char *b)
{
    while (*a && lower((unsigned char)*a) == lower((unsigned char)*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

static int check_name(const struct edit *edit)
{
    const char *name = edit->name;
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    if (name[0] == '\0' || name[n] || n > NAME_CHARS_MAX || strspn(name, "0123456789"))
        return refuse(edit, NULL,
                      "The name must start with a letter or underscore and hold at most 63 letters, digits and "
                      "underscores");
    return 0;
}

static int check_name_is_free(const struct edit *edit)
{
    const char *name = edit->name;
    const struct schema *base = schema_plain(edit->kind);
    for (size_t i = 0; i < base->base_count; i++)
        if (same_name(base->base[i].name, name))
            return refuse(edit, NULL, "A base attribute has this name; choose another");
    const struct jval *custom = jval_get(edit->document, "custom");
    for (void *it = jval_first(custom); it; it = jval_next(custom, it))
        if (strcmp(jval_iter_key(it), name) != 0 && same_name(jval_iter_key(it), name))
            return refuse(edit, NULL, "Another attribute differs from this name in letter case only; choose another");
    return 0;
}

static bool is_type(const struct jval *value, enum attribute_type type)
{
    enum jval_type have = jval_type(value);
    if (type == ATTRIBUTE_STRING)
        return have == JVAL_STRING;
    if (type == ATTRIBUTE_INTEGER)
        return have == JVAL_INT;
    return type == ATTRIBUTE_NUMBER && (have == JVAL_INT || have == JVAL_REAL);
}

static int check_choices(const struct edit *edit, const struct jval *holder, enum attribute_type type)
{
    static const char *const keys[] = {"enum", "oneOf"};
    for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
        const struct jval *list = jval_get(holder, keys[k]);
        if (jval_type(list) == JVAL_NONE || jval_type(list) == JVAL_NULL)
            continue;
        if (jval_type(list) != JVAL_ARRAY || jval_len(list) == 0)
            return refuse(edit, keys[k], "Give a list of at least one value, or leave it out");
        for (size_t i = 0; i < jval_len(list); i++) {
            const struct jval *item = jval_at(list, i);
            if (k == 1 && !jval_get_str(item, "title"))
                return refuse(edit, keys[k], "Every element needs a const and a title");
            if (!is_type(k == 1 ? jval_get(item, "const") : item, type))
                return refuse(edit, keys[k],
                              "Every value must be of the attribute's type, which must be string, number or integer");
        }
    }
    return 0;
}

static int check_length(const struct edit *edit, const struct jval *definition, const char *key,
                        enum attribute_type type)
{
    const struct jval *value = jval_get(definition, key);
    if (jval_type(value) == JVAL_NONE || jval_type(value) == JVAL_NULL)
        return 0;
    if (type != ATTRIBUTE_STRING)
        return refuse(edit, key, "Only attributes of type string have a length; leave it out");
    if (jval_int(value, -1) < 0 || jval_int(value, -1) > LIMIT_PROFILE_BYTES)
        return refuse(edit, key, "Give a number of characters from 0 to 65536");
    return 0;
}

static int check_lengths(const struct edit *edit, const struct jval *definition, enum attribute_type type)
{
    int r = check_length(edit, definition, "minLength", type);
    if (r == 0)
        r = check_length(edit, definition, "maxLength", type);
    int64_t max = jval_int(jval_get(definition, "maxLength"), 0);
    if (r == 0 && max > 0 && jval_int(jval_get(definition, "minLength"), 0) > max)
        r = refuse(edit, "minLength", "The least length is greater than maxLength");
    return r;
}

static int check_type(const struct edit *edit, const struct jval *definition, enum attribute_type *ret)
{
    enum attribute_type type = ATTRIBUTE_STRING;
    enum attribute_type item = ATTRIBUTE_STRING;
    if (attribute_type_parse(jval_get_str(definition, "type"), &type) < 0)
        return refuse(edit, "type", "Give one of string, number, integer, boolean and array");
    const struct jval *items = jval_get(definition, "items");
    if (type == ATTRIBUTE_ARRAY) {
        if (attribute_type_parse(jval_get_str(items, "type"), &item) < 0 || item == ATTRIBUTE_BOOLEAN ||
            item == ATTRIBUTE_ARRAY)
            return refuse(edit, "items.type", "Give string, number or integer: the type of the elements");
        int r = check_choices(edit, items, item);
        if (r < 0)
            return r;
    } else if (jval_type(items) != JVAL_NONE && jval_type(items) != JVAL_NULL) {
        return refuse(edit, "items", "Only attributes of type array have items; leave it out");
    }
    const struct jval *before = edit->before;
    if (before && strcmp(jval_get_str(before, "type"), attribute_type_name(type)) != 0)
        return refuse(edit, "type", "The type of an attribute cannot be changed; remove the attribute and add it anew");
    if (before && type == ATTRIBUTE_ARRAY &&
        strcmp(jval_get_str(jval_get(before, "items"), "type"), attribute_type_name(item)) != 0)
        return refuse(edit, "items.type",
                      "The type of the elements cannot be changed; remove the attribute and add it anew");
    *ret = type;
    return 0;
}

/* What would be accepted without effect is refused instead. */
static int check_unsupported(const struct edit *edit, const struct jval *definition)
{
    const struct jval *unique = jval_get(definition, "unique");
    if (jval_is_true(unique) || (jval_str(unique) && strcmp(jval_str(unique), "NOT_UNIQUE") != 0))
        return refuse(edit, "unique", "Unique custom attributes are not supported; leave it out or give false");
    if (jval_get_str(definition, "pattern"))
        return refuse(edit, "pattern", "Patterns are not supported; leave it out");
    const struct jval *preset = jval_get(definition, "default");
    if (!edit->presets && preset && jval_type(preset) != JVAL_NULL)
        return refuse(edit, "default", "Default values are not supported; leave it out");
    const char *mutability = jval_get_str(definition, "mutability");
    if (mutability && strcmp(mutability, "READ_WRITE") != 0)
        return refuse(edit, "mutability", "Only READ_WRITE is supported");
    const struct jval *required = jval_get(definition, "required");
    if (required && jval_type(required) != JVAL_BOOL && jval_type(required) != JVAL_NULL)
        return refuse(edit, "required", "Give true or false");
    return 0;
}

static int check_format(const struct edit *edit, const struct jval *definition, enum attribute_type type)
{
    const struct jval *value = jval_get(definition, "format");
    if (jval_type(value) == JVAL_NONE || jval_type(value) == JVAL_NULL)
        return 0;
    enum attribute_format format = FORMAT_NONE;
    if (type != ATTRIBUTE_STRING || attribute_format_parse(jval_str(value), &format) < 0)
        return refuse(edit, "format",
                      "Give one of email, uri, country-code, language-code, locale, timezone and date-time for an "
                      "attribute of type string, or leave it out");
    return 0;
}

/* --- edits ---------------------------------------------------------------------------------------------------------
 */

/* The definition as it is kept: without nulls and what only other services write, with the published defaults. */
struct jval *attribute_definition_kept(const struct jval *given)
{
    static const char *const keys[] = {"title",    "description", "type",    "items",        "format",
                                       "enum",     "oneOf",       "default", "minLength",    "maxLength",
                                       "required", "unique",      "union",   "externalName", "externalNamespace",
                                       "scope",    "permissions", "master"};
    struct jval *kept = jval_new_object();
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const struct jval *value = jval_get(given, keys[i]);
        if (value && jval_type(value) != JVAL_NULL && jval_type(value) != JVAL_BOOL)
            jval_set(kept, keys[i], jval_copy(value));
        else if (jval_is_true(value))
            jval_set(kept, keys[i], jval_new_bool(true));
    }
    jval_set_str(kept, "mutability", "READ_WRITE");
    if (!jval_get(kept, "scope"))
        jval_set_str(kept, "scope", "NONE");
    if (!jval_get(kept, "permissions")) {
        struct jval *permission = jval_new_object();
        jval_set_str(permission, "principal", "SELF");
        jval_set_str(permission, "action", "READ_ONLY");
        struct jval *list = jval_new_array();
        jval_append(list, permission);
        jval_set(kept, "permissions", list);
    }
    if (!jval_get(kept, "master")) {
        struct jval *master = jval_new_object();
        jval_set_str(master, "type", "PROFILE_MASTER");
        jval_set(kept, "master", master);
    }
    return kept;
}

static int check_definition(const struct edit *edit, const struct jval *definition)
{
    enum attribute_type type = ATTRIBUTE_STRING;
    if (jval_type(definition) != JVAL_OBJECT)
        return refuse(edit, NULL, "Give the definition of the attribute as an object, or null to remove it");
    int r = check_name(edit);
    if (r == 0 && (!jval_get_str(definition, "title") || jval_get_str(definition, "title")[0] == '\0'))
        r = refuse(edit, "title", "Give the attribute a title");
    if (r == 0)
        r = check_type(edit, definition, &type);
    if (r == 0)
        r = check_unsupported(edit, definition);
    if (r == 0)
        r = check_format(edit, definition, type);
    if (r == 0)
        r = check_lengths(edit, definition, type);
    if (r == 0)
        r = type == ATTRIBUTE_ARRAY ? 0 : check_choices(edit, definition, type);
    return r;
}

/* A default is a value that the attribute allows. */
static int check_preset(const struct edit *edit, struct arena *arena, const struct jval *definition)
{
    const struct jval *preset = jval_get(definition, "default");
    if (!edit->presets || !preset || jval_type(preset) == JVAL_NULL)
        return 0;
    struct attribute attribute;
    struct problem why = {0};
    attribute_read(arena, edit->name, definition, &attribute);
    if (attribute_check(arena, &attribute, preset, &why) < 0)
        return refuse(edit, "default", why.cause_count ? why.causes[0] : "The value does not fit");
    return 0;
}

int attribute_definition_check(struct arena *arena, const char *place, const char *name, const struct jval *before,
                               const struct jval *definition, struct problem *problem)
{
    const struct edit edit = {.place = place, .name = name, .before = before, .presets = true, .problem = problem};
    int r = check_definition(&edit, definition);
    return r < 0 ? r : check_preset(&edit, arena, definition);
}

bool attribute_names_equal(const char *a, const char *b)
{
    return same_name(a, b);
}

static int put_custom(struct edit *edit, const struct jval *definition)
{
    edit->before = jval_get(jval_get(edit->document, "custom"), edit->name);
    int r = check_definition(edit, definition);
    if (r == 0)
        r = check_name_is_free(edit);
    if (r < 0)
        return r;
    struct jval *custom = section(edit->document, "custom");
    if (!jval_get(custom, edit->name) && jval_len(custom) >= LIMIT_SCHEMA_ATTRIBUTES)
        return refuse(edit, NULL, "The schema has 500 custom attributes, the most there can be; remove one first");
    jval_set(custom, edit->name, attribute_definition_kept(definition));
    return 0;
}

/* The rids of those whose profile has the attribute, at most `limit`. */
static int find_holders(const struct edit *edit, int64_t *ret_rids, int limit)
{
    struct buf sql;
    buf_init(&sql, 1024);
    buf_printf(&sql, "SELECT rid FROM %s WHERE ", edit->kind == SCHEMA_USER ? "users" : "groups");
    dialect_json_text(tx_dialect(edit->tx), &sql, "profile", edit->name);
    buf_printf(&sql, " IS NOT NULL ORDER BY rid LIMIT $1");
    struct query query;
    int r = tx_query_text(edit->tx, &query, buf_text(&sql), BINDS_(I(limit)));
    int count = 0;
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret_rids[count++] = query_int(&query, 0);
    buf_free(&sql);
    return r < 0 ? r : count;
}

static int clear_attribute(const struct edit *edit, int64_t rid)
{
    struct user user;
    struct group group;
    bool of_user = edit->kind == SCHEMA_USER;
    int r = of_user ? user_by_rid(edit->tx, rid, &user) : group_by_rid(edit->tx, rid, &group);
    if (r < 0)
        return r;
    const char *text = of_user ? user.profile : group.profile;
    struct jval *profile CLEANUP(jval_freep) = NULL;
    if (jval_parse(&profile, text, strlen(text), NULL) < 0)
        return ERR_CORRUPT;
    jval_remove(profile, edit->name);
    return of_user ? user_store_profile(edit->tx, &user, profile) : group_store_profile(edit->tx, &group, profile);
}

static int remove_custom(const struct edit *edit)
{
    struct jval *custom = jval_get(edit->document, "custom");
    if (!jval_get(custom, edit->name))
        return refuse(edit, NULL, "There is no custom attribute of this name to remove");
    int64_t *rids = arena_array(tx_arena(edit->tx), LIMIT_EXPAND_ROWS + 1, sizeof(*rids));
    int count = find_holders(edit, rids, LIMIT_EXPAND_ROWS + 1);
    if (count < 0)
        return count;
    if (count > LIMIT_EXPAND_ROWS)
        return refuse(edit, NULL,
                      "More than 1000 profiles have a value for this attribute; clear it there before removing it");
    for (int i = 0; i < count; i++) {
        int r = clear_attribute(edit, rids[i]);
        if (r < 0)
            return r;
    }
    jval_remove(custom, edit->name);
    return 0;
}

static bool may_change_base(const struct edit *edit, const char *key)
{
    static const char *const open[] = {"title", "description", "permissions", "master"};
    for (size_t i = 0; i < ARRAY_LEN(open); i++)
        if (strcmp(open[i], key) == 0)
            return true;
    return strcmp(key, "required") == 0 && edit->kind == SCHEMA_USER &&
           (strcmp(edit->name, "firstName") == 0 || strcmp(edit->name, "lastName") == 0);
}

static int change_base(const struct edit *edit, const struct jval *given)
{
    struct jval *now CLEANUP(jval_freep) = schema_base_definition(edit->kind, edit->name, edit->document);
    if (!now)
        return refuse(edit, NULL, "There is no base attribute of this name; add it under definitions.custom");
    if (jval_type(given) != JVAL_OBJECT)
        return refuse(edit, NULL, "A base attribute cannot be removed; leave it out");
    for (void *it = jval_first(given); it; it = jval_next(given, it)) {
        const char *key = jval_iter_key(it);
        const struct jval *value = jval_iter_value(it);
        if (jval_equal(value, jval_get(now, key)) || jval_type(value) == JVAL_NULL)
            continue;
        if (jval_type(value) == JVAL_BOOL && !jval_is_true(value) && !jval_get(now, key))
            continue; /* false is what absent means */
        bool fits = strcmp(key, "required") != 0 || jval_type(value) == JVAL_BOOL;
        if (!fits || !may_change_base(edit, key))
            return refuse(edit, key, "This cannot be changed for a base attribute; leave it out");
        struct jval *changes = section(section(edit->document, "base"), edit->name);
        jval_set(changes, key, jval_copy(value));
    }
    return 0;
}

static int edit_section(struct edit *edit, const struct jval *properties, bool custom)
{
    const char *where = custom ? "definitions.custom.properties" : "definitions.base.properties";
    if (jval_type(properties) == JVAL_NONE || jval_type(properties) == JVAL_NULL)
        return 0;
    edit->place = where;
    if (jval_type(properties) != JVAL_OBJECT)
        return refuse(edit, NULL, "Give an object of attributes");
    for (void *it = jval_first(properties); it; it = jval_next(properties, it)) {
        edit->name = jval_iter_key(it);
        edit->place = arena_printf(tx_arena(edit->tx), "%s.%.100s", where, edit->name);
        const struct jval *value = jval_iter_value(it);
        int r = 0;
        if (!custom)
            r = change_base(edit, value);
        else if (jval_type(value) == JVAL_NULL)
            r = remove_custom(edit);
        else
            r = put_custom(edit, value);
        if (r < 0)
            return r;
    }
    return 0;
}

int schema_update(struct tx *tx, enum schema_kind kind, const struct jval *body, struct problem *problem)
{
    *problem = (struct problem){0};
    struct schema_document before;
    int r = schema_read(tx, kind, &before);
    if (r < 0)
        return r;
    struct jval *document CLEANUP(jval_freep) = before.json ? before.json : jval_new_object();
    struct jval *original CLEANUP(jval_freep) = jval_copy(document);
    struct edit edit = {.tx = tx, .kind = kind, .document = document, .problem = problem};
    r = edit_section(&edit, jval_path(body, "definitions.custom.properties"), true);
    if (r == 0)
        r = edit_section(&edit, jval_path(body, "definitions.base.properties"), false);
    if (r < 0)
        return r;
    if (jval_equal(document, original))
        return 0;
    r = tx_exec(tx, &SCHEMA_STORE, I(kind), T(jval_text(tx_arena(tx), document, false)), I(tx_now(tx)));
    return r < 0 ? r : 0;
}
