/* SPDX-License-Identifier: Apache-2.0 */
/* The schema of an app's users: what every app has, and what an administrator added. Stored, read, shown, changed. */
#include "app/profile_inner.h"

#include "base/limits.h"

SQL(PROFILE_READ, "SELECT document, created, last_updated FROM app_profiles WHERE app_rid = $1");
SQL(PROFILE_STORE, "INSERT INTO app_profiles (app_rid, document, created, last_updated) VALUES ($1, $2, $3, $3)"
                   " ON CONFLICT (app_rid) DO UPDATE SET document = excluded.document,"
                   " last_updated = excluded.last_updated");

/* In the published order, the person's own name first. */
static const char *const base_names[] = {
    "firstName",   "middleName", "lastName",     "honorificPrefix", "honorificSuffix", "email",
    "displayName", "nickName",   "profileUrl",   "title",           "userType",        "preferredLanguage",
    "locale",      "timezone",   "primaryPhone", "mobilePhone",     "secondEmail",     "streetAddress",
    "city",        "state",      "zipCode",      "countryCode",     "postalAddress",   "organization",
    "department",  "division",   "costCenter",   "employeeNumber",  "managerId",       "manager",
};

#define REFERENCE "managerId" /* is sent as the app's id of the account */

/* --- reading -------------------------------------------------------------------------------------------------------
 */

int profile_document_read(struct tx *tx, int64_t app_rid, struct profile_document *ret)
{
    struct query query;
    int r = tx_query_row(tx, &query, &PROFILE_READ, I(app_rid));
    if (r < 0)
        return r;
    *ret = (struct profile_document){.is_new = r == 0};
    if (r == 0) {
        ret->json = jval_new_object();
        return 0;
    }
    const char *text = query_text(&query, 0);
    ret->created = query_int(&query, 1);
    ret->last_updated = query_int(&query, 2);
    r = jval_parse(&ret->json, text, strlen(text), NULL) < 0 ? ERR_CORRUPT : 0;
    query_close(&query);
    return r;
}

/* What a job read of profiles: one of each app that it looked at. */
static const char loaded_key;

struct loaded {
    int64_t app_rid;
    const struct app_profile *profile;
    struct loaded *next;
};

static int compare_attributes(const void *a, const void *b)
{
    return strcmp(((const struct app_attribute *)a)->name, ((const struct app_attribute *)b)->name);
}

static struct app_attribute custom_attribute(struct arena *arena, const char *name, const struct jval *definition)
{
    struct attribute *rules = arena_alloc(arena, sizeof(*rules));
    attribute_read(arena, name, definition, rules);
    const struct jval *preset = jval_get(definition, "default");
    return (struct app_attribute){.name = rules->name,
                                  .path = place_path(arena, name, definition),
                                  .rules = rules,
                                  .preset = preset ? jval_text(arena, preset, false) : NULL,
                                  .combine = str_eq(jval_get_str(definition, "union"), "ENABLE"),
                                  .personal = str_eq(jval_get_str(definition, "scope"), "SELF")};
}

int profile_from_document(struct tx *tx, const struct profile_document *document, const struct app_profile **ret)
{
    struct arena *arena = tx_arena(tx);
    const struct jval *custom = jval_get(document->json, "custom");
    const struct jval *mapping = jval_get(document->json, "mapping");
    struct app_profile *profile = arena_alloc(arena, sizeof(*profile));
    size_t count = ARRAY_LEN(base_names);
    struct app_attribute *attributes = arena_array(arena, count + jval_len(custom), sizeof(*attributes));
    for (size_t i = 0; i < count; i++)
        attributes[i] = (struct app_attribute){
            .name = base_names[i], .path = base_names[i], .reference = str_eq(base_names[i], REFERENCE)};
    for (void *it = jval_first(custom); it; it = jval_next(custom, it))
        attributes[count++] = custom_attribute(arena, jval_iter_key(it), jval_iter_value(it));
    if (count > ARRAY_LEN(base_names))
        qsort(attributes + ARRAY_LEN(base_names), count - ARRAY_LEN(base_names), sizeof(*attributes),
              compare_attributes);
    *profile = (struct app_profile){.attributes = attributes,
                                    .count = count,
                                    .is_plain = document->is_new,
                                    .created = document->created,
                                    .last_updated = document->last_updated};
    struct mapping_reader reader = {.tx = tx};
    int r = 0;
    for (size_t i = 0; r == 0 && i < count; i++) {
        profile->combines |= attributes[i].combine;
        r = mapping_read(&reader, mapping, &attributes[i]);
    }
    *ret = profile;
    return r;
}

int app_profile_load(struct tx *tx, int64_t app_rid, const struct app_profile **ret)
{
    for (const struct loaded *each = *tx_memo(tx, &loaded_key); each; each = each->next) {
        if (each->app_rid == app_rid) {
            *ret = each->profile;
            return 0;
        }
    }
    struct profile_document document;
    struct loaded *loaded = arena_alloc(tx_arena(tx), sizeof(*loaded));
    int r = profile_document_read(tx, app_rid, &document);
    if (r < 0)
        return r;
    r = profile_from_document(tx, &document, &loaded->profile);
    (void)jval_free(document.json);
    if (r < 0)
        return r;
    void **memo = tx_memo(tx, &loaded_key);
    loaded->app_rid = app_rid;
    loaded->next = *memo;
    *memo = loaded;
    *ret = loaded->profile;
    return 0;
}

int profile_document_store(struct tx *tx, const struct app *app, const struct jval *json)
{
    int r = tx_exec(tx, &PROFILE_STORE, I(app->rid), T(jval_text(tx_arena(tx), json, false)), I(tx_now(tx)));
    *tx_memo(tx, &loaded_key) = NULL;
    return r < 0 ? r : work_add(tx, app->rid, WORK_EXPAND_PROFILE, app->rid, WORK_BULK);
}

const struct app_attribute *app_attribute_find(const struct app_profile *profile, const char *name)
{
    for (size_t i = 0; i < profile->count; i++)
        if (strcmp(profile->attributes[i].name, name) == 0)
            return &profile->attributes[i];
    return NULL;
}

/* --- showing -------------------------------------------------------------------------------------------------------
 */

static const char *base_title(const char *name)
{
    const struct attribute *attribute = schema_attribute(schema_plain(SCHEMA_USER), name);
    return attribute ? attribute->title : name;
}

/* As published, the user name included. */
static struct jval *base_definition(struct arena *arena, const char *name)
{
    bool user_name = str_eq(name, "userName");
    const char *external_name = name;
    const char *external_namespace = "";
    place_show_base(arena, name, &external_name, &external_namespace);
    struct jval *given CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(given, "title", user_name ? "Username" : base_title(name));
    jval_set_str(given, "type", "string");
    if (user_name) {
        jval_set(given, "required", jval_new_bool(true));
        jval_set(given, "maxLength", jval_new_int(APP_USER_NAME_CHARS));
    }
    jval_set_str(given, "externalName", external_name);
    jval_set_str(given, "externalNamespace", external_namespace);
    return attribute_definition_kept(given);
}

static void write_base(struct arena *arena, struct jout *out)
{
    jout_object(out, "base");
    jout_str(out, "id", "#base");
    jout_str(out, "type", "object");
    jout_object(out, "properties");
    for (size_t i = 0; i <= ARRAY_LEN(base_names); i++) {
        const char *name = i ? base_names[i - 1] : "userName";
        struct jval *definition CLEANUP(jval_freep) = base_definition(arena, name);
        jout_val(out, name, definition);
    }
    jout_end(out);
    jout_array(out, "required");
    jout_str(out, NULL, "userName");
    jout_end(out);
    jout_end(out);
}

int app_schema_write(struct tx *tx, const struct app *app, const char *self, struct jout *out)
{
    struct profile_document document;
    int r = profile_document_read(tx, app->rid, &document);
    if (r < 0)
        return r;
    struct jval *json CLEANUP(jval_freep) = document.json;
    jout_object(out, NULL);
    jout_str(out, "id", self);
    jout_str(out, "$schema", "http://json-schema.org/draft-04/schema#");
    jout_str(out, "name", app->name);
    jout_str(out, "title", arena_printf(tx_arena(tx), "%s User", app->label));
    jout_str(out, "type", "object");
    jout_time(out, "created", document.is_new ? app->created : document.created);
    jout_time(out, "lastUpdated", document.is_new ? app->created : document.last_updated);
    jout_object(out, "definitions");
    schema_write_custom(out, jval_get(json, "custom"));
    write_base(tx_arena(tx), out);
    jout_end(out);
    jout_raw(out, "properties",
             "{\"profile\":{\"allOf\":[{\"$ref\":\"#/definitions/custom\"},{\"$ref\":\"#/definitions/base\"}]}}");
    jout_object(out, "_links");
    jout_object(out, "self");
    jout_str(out, "rel", "self");
    jout_str(out, "href", self);
    jout_str(out, "method", "GET");
    jout_end(out);
    jout_end(out);
    jout_end(out);
    return 0;
}

/* --- changing ------------------------------------------------------------------------------------------------------
 */

struct edit {
    struct arena *arena;
    struct jval *custom; /* being changed */
    struct jval *mapping;
    struct problem *problem;
};

static int refuse(const struct edit *edit, const char *place, const char *text)
{
    return problem_invalid(edit->problem, place, "%s: %s", place, text);
}

/* An option of arrays, as published. */
static int check_union(const struct edit *edit, const char *place, const struct jval *definition)
{
    const struct jval *value = jval_get(definition, "union");
    if (!value || jval_type(value) == JVAL_NULL || str_eq(jval_str(value), "DISABLE"))
        return 0;
    if (!str_eq(jval_str(value), "ENABLE"))
        return refuse(edit, arena_printf(edit->arena, "%s.union", place), "Give ENABLE or DISABLE");
    if (!str_eq(jval_get_str(definition, "type"), "array"))
        return refuse(edit, arena_printf(edit->arena, "%s.union", place),
                      "Only the values of an attribute of type array can be combined; leave it out");
    if (str_eq(jval_get_str(definition, "scope"), "SELF"))
        return refuse(edit, arena_printf(edit->arena, "%s.union", place),
                      "Groups say nothing of a personal attribute (scope SELF); leave it out, or give scope NONE");
    return 0;
}

static int check_scope(const struct edit *edit, const char *place, const struct jval *definition)
{
    const struct jval *scope = jval_get(definition, "scope");
    if (!scope || jval_type(scope) == JVAL_NULL || str_eq(jval_str(scope), "NONE") || str_eq(jval_str(scope), "SELF"))
        return 0;
    return refuse(edit, arena_printf(edit->arena, "%s.scope", place), "Give NONE or SELF");
}

static int check_name_is_free(const struct edit *edit, const char *place, const char *name)
{
    if (attribute_names_equal(name, "userName"))
        return refuse(edit, place, "A base attribute has this name; choose another");
    for (size_t i = 0; i < ARRAY_LEN(base_names); i++)
        if (attribute_names_equal(base_names[i], name))
            return refuse(edit, place, "A base attribute has this name; choose another");
    for (void *it = jval_first(edit->custom); it; it = jval_next(edit->custom, it))
        if (strcmp(jval_iter_key(it), name) != 0 && attribute_names_equal(jval_iter_key(it), name))
            return refuse(edit, place, "Another attribute differs from this name in letter case only; choose another");
    return 0;
}

static int put_custom(const struct edit *edit, const char *place, const char *name, const struct jval *definition)
{
    const struct jval *before = jval_get(edit->custom, name);
    if (before && jval_equal(before, definition))
        return 0;
    int r = attribute_definition_check(edit->arena, place, name, before, definition, edit->problem);
    if (r == 0)
        r = check_name_is_free(edit, place, name);
    if (r == 0)
        r = check_scope(edit, place, definition);
    if (r == 0)
        r = check_union(edit, place, definition);
    if (r == 0)
        r = place_check(edit->arena, place, name, definition, edit->custom, edit->problem);
    if (r < 0)
        return r;
    if (!before && jval_len(edit->custom) >= LIMIT_SCHEMA_ATTRIBUTES)
        return refuse(edit, place, "The schema has 500 custom attributes, the most there can be; remove one first");
    jval_set(edit->custom, name, attribute_definition_kept(definition));
    return 0;
}

static int remove_custom(const struct edit *edit, const char *place, const char *name)
{
    if (!jval_get(edit->custom, name))
        return refuse(edit, place, "There is no custom attribute of this name to remove");
    jval_remove(edit->custom, name);
    if (jval_get(edit->mapping, name))
        jval_remove(edit->mapping, name);
    return 0;
}

static int edit_custom(const struct edit *edit, const struct jval *properties)
{
    static const char where[] = "definitions.custom.properties";
    if (jval_type(properties) == JVAL_NONE || jval_type(properties) == JVAL_NULL)
        return 0;
    if (jval_type(properties) != JVAL_OBJECT)
        return refuse(edit, where, "Give an object of attributes");
    for (void *it = jval_first(properties); it; it = jval_next(properties, it)) {
        const char *name = jval_iter_key(it);
        const char *place = arena_printf(edit->arena, "%s.%.100s", where, name);
        const struct jval *value = jval_iter_value(it);
        int r = jval_type(value) == JVAL_NULL ? remove_custom(edit, place, name) : put_custom(edit, place, name, value);
        if (r < 0)
            return r;
    }
    return 0;
}

/* What is given of base attributes must be what they are: the whole schema can be sent back. */
static int check_base(const struct edit *edit, const struct jval *properties)
{
    for (void *it = jval_first(properties); it; it = jval_next(properties, it)) {
        const char *name = jval_iter_key(it);
        const char *place = arena_printf(edit->arena, "definitions.base.properties.%.100s", name);
        bool known = str_eq(name, "userName");
        for (size_t i = 0; !known && i < ARRAY_LEN(base_names); i++)
            known = str_eq(base_names[i], name);
        if (!known)
            return refuse(edit, place, "There is no base attribute of this name; add it under definitions.custom");
        struct jval *now CLEANUP(jval_freep) = base_definition(edit->arena, name);
        const struct jval *given = jval_iter_value(it);
        if (jval_type(given) != JVAL_OBJECT)
            return refuse(edit, place, "A base attribute cannot be removed; end its mapping instead");
        for (void *key = jval_first(given); key; key = jval_next(given, key)) {
            const struct jval *value = jval_iter_value(key);
            const struct jval *is = jval_get(now, jval_iter_key(key));
            bool absent =
                !is && (jval_type(value) == JVAL_NULL || (jval_type(value) == JVAL_BOOL && !jval_is_true(value)));
            if (!absent && !jval_equal(value, is))
                return refuse(edit, arena_printf(edit->arena, "%s.%.100s", place, jval_iter_key(key)),
                              "This cannot be changed for a base attribute; leave it out");
        }
    }
    return 0;
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

/* What no published type covers; ours are told by their first word. */
static int schema_event(struct tx *tx, const struct app *app)
{
    return record_event(
        tx, &(struct event){
                .type = "muster.app_schema.update",
                .message = "Update the schema of an app's users",
                .severity = SEVERITY_INFO,
                .targets = {{.id = app->id, .type = "AppInstance", .alternate_id = app->label, .name = app->label}},
                .target_count = 1});
}

int app_schema_update(struct tx *tx, const struct app *app, const struct jval *body, struct problem *problem)
{
    *problem = (struct problem){0};
    struct profile_document document;
    int r = profile_document_read(tx, app->rid, &document);
    if (r < 0)
        return r;
    struct jval *json CLEANUP(jval_freep) = document.json;
    struct jval *before CLEANUP(jval_freep) = jval_copy(json);
    const struct edit edit = {.arena = tx_arena(tx),
                              .custom = section(json, "custom"),
                              .mapping = jval_get(json, "mapping"),
                              .problem = problem};
    r = check_base(&edit, jval_path(body, "definitions.base.properties"));
    if (r == 0)
        r = edit_custom(&edit, jval_path(body, "definitions.custom.properties"));
    if (r < 0)
        return r;
    if (jval_len(edit.custom) == 0)
        jval_remove(json, "custom");
    if (jval_equal(json, before))
        return 0;
    r = profile_document_store(tx, app, json);
    return r < 0 ? r : schema_event(tx, app);
}
