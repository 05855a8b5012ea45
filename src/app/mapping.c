/* SPDX-License-Identifier: Apache-2.0 */
/* The profile mapping of an app: which attribute gets what. Read, compiled, changed. */
#include "app/profile_inner.h"

#include "base/limits.h"
#include "directory/person.h"

#define MAPPING_PREFIX "prm"
#define APP_PREFIX "0oa"

/* --- reading -------------------------------------------------------------------------------------------------------
 */

/* "user.department" alone: the name of the attribute, in `arena`; else NULL. */
static const char *mapping_direct(struct arena *arena, const char *expression)
{
    static const char object[] = "user.";
    const char *name = expression + strlen(object);
    if (strncmp(expression, object, strlen(object)) != 0)
        return NULL;
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    return n > 0 && name[n] == '\0' ? arena_strdup(arena, name) : NULL;
}

static enum expr_type type_of(const struct app_attribute *attribute)
{
    static const enum expr_type types[] = {[ATTRIBUTE_STRING] = EXPR_STRING,
                                           [ATTRIBUTE_NUMBER] = EXPR_NUMBER,
                                           [ATTRIBUTE_INTEGER] = EXPR_INTEGER,
                                           [ATTRIBUTE_BOOLEAN] = EXPR_BOOLEAN,
                                           [ATTRIBUTE_ARRAY] = EXPR_ARRAY};
    return attribute->rules ? types[attribute->rules->type] : EXPR_STRING;
}

/* Compiles for an attribute. 0; ERR_SYNTAX with the reason; or another negative error. */
static int mapping_compile(struct mapping_reader *reader, const struct app_attribute *attribute, const char *expression,
                           const struct expr **ret, struct expr_error *ret_error)
{
    struct arena *arena = tx_arena(reader->tx);
    int r = reader->users ? 0 : schema_load(reader->tx, SCHEMA_USER, &reader->users);
    if (r < 0)
        return r;
    const struct expr_scope scope = {.attribute = person_attribute,
                                     .data = (void *)(uintptr_t)reader->users,
                                     .families = EXPR_CONVERT | EXPR_TIME,
                                     .place = arena_printf(arena, "the mapping of %s", attribute->name),
                                     .result = type_of(attribute)};
    return expr_compile(arena, expression, &scope, ret, ret_error);
}

/* What was good when it was saved may not be any more: the schema of users changes. */
static int compile_stored(struct mapping_reader *reader, struct app_attribute *attribute)
{
    struct expr_error error;
    if (attribute->direct)
        return 0;
    int r = mapping_compile(reader, attribute, attribute->expression, &attribute->expr, &error);
    if (r != ERR_SYNTAX)
        return r;
    attribute->error = arena_strdup(tx_arena(reader->tx), error.text);
    return 0;
}

int mapping_read(struct mapping_reader *reader, const struct jval *mapping, struct app_attribute *attribute)
{
    struct arena *arena = tx_arena(reader->tx);
    const struct jval *stored = jval_get(mapping, attribute->name);
    attribute->push = true;
    if (jval_type(stored) == JVAL_OBJECT) {
        attribute->expression = arena_strdup(arena, jval_get_str(stored, "expression"));
        attribute->push = !str_eq(jval_get_str(stored, "pushStatus"), "DONT_PUSH");
    } else if (!stored && !attribute->rules) {
        bool display_name = str_eq(attribute->name, "displayName");
        attribute->expression = display_name ? MAPPING_DISPLAY_NAME : arena_printf(arena, "user.%s", attribute->name);
    }
    if (!attribute->expression)
        return 0;
    attribute->direct = mapping_direct(arena, attribute->expression);
    if (str_eq(attribute->name, "displayName") && str_eq(attribute->expression, MAPPING_DISPLAY_NAME))
        return 0; /* made from the names as the app gets them: profile.c */
    return compile_stored(reader, attribute);
}

static bool attribute_reads(const struct app_attribute *attribute, const struct profile_change *changes)
{
    if (attribute->direct)
        return profile_change_has(changes, attribute->direct);
    if (!attribute->expr)
        return attribute->expression != NULL; /* the display name, or what cannot be told */
    struct arena *arena = arena_new();
    struct expr_reads reads;
    expr_reads(arena, attribute->expr, &reads);
    bool found = reads.property_count > 0;
    for (size_t i = 0; !found && i < reads.attribute_count; i++)
        found = profile_change_has(changes, strchr(reads.attributes[i], '.') + 1);
    (void)arena_free(arena);
    return found;
}

bool app_profile_reads(const struct app_profile *profile, const struct profile_change *changes)
{
    static const char *const names[] = {"login", "email", "displayName", "firstName", "lastName"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) /* the user name and the display name */
        if (profile_change_has(changes, names[i]))
            return true;
    for (size_t i = 0; i < profile->count; i++) {
        bool made_of_names = str_eq(profile->attributes[i].name, "displayName") && !profile->attributes[i].expr;
        if (!made_of_names && attribute_reads(&profile->attributes[i], changes))
            return true;
    }
    return false;
}

/* --- ids -----------------------------------------------------------------------------------------------------------
 */

const char *app_mapping_id(struct arena *arena, const struct app *app)
{
    return arena_printf(arena, MAPPING_PREFIX "%s", app->id + strlen(APP_PREFIX));
}

const char *app_of_mapping_id(struct arena *arena, const char *mapping_id)
{
    if (strncmp(mapping_id, MAPPING_PREFIX, strlen(MAPPING_PREFIX)) != 0)
        return NULL;
    return arena_printf(arena, APP_PREFIX "%s", mapping_id + strlen(MAPPING_PREFIX));
}

/* --- changing ------------------------------------------------------------------------------------------------------
 */

/* A text that depends on the time would differ at each look. */
static int check_reads(struct tx *tx, const struct expr *expr, bool push, struct expr_error *ret_error)
{
    struct expr_reads reads;
    expr_reads(tx_arena(tx), expr, &reads);
    if (push && reads.now) {
        *ret_error = (struct expr_error){.text = "the result depends on the time, so that it would be sent again and "
                                                 "again; give pushStatus DONT_PUSH, or take Time.now() out"};
        return ERR_SYNTAX;
    }
    for (size_t i = 0; i < reads.property_count; i++)
        if (strcmp(reads.properties[i], "lastUpdated") == 0) {
            *ret_error =
                (struct expr_error){.text = "lastUpdated changes with everything; a mapping cannot depend on it"};
            return ERR_SYNTAX;
        }
    return 0;
}

/* ERR_SYNTAX when the attribute cannot be mapped so. */
static int check_expression(struct mapping_reader *reader, const struct app_attribute *attribute,
                            const char *expression, bool push, struct expr_error *ret_error)
{
    const struct expr *expr = NULL;
    int r = mapping_compile(reader, attribute, expression, &expr, ret_error);
    return r < 0 ? r : check_reads(reader->tx, expr, push, ret_error);
}

/* `place`: of pushStatus in the body. */
static int read_push_status(const struct jval *given, const char *field, const char *place, bool old, bool *ret,
                            struct problem *problem)
{
    const struct jval *value = jval_get(given, "pushStatus");
    *ret = old;
    if (!value || jval_type(value) == JVAL_NULL)
        return 0;
    if (!str_eq(jval_str(value), "PUSH") && !str_eq(jval_str(value), "DONT_PUSH"))
        return problem_invalid(problem, field,
                               "%s: Give PUSH (on creation and later changes) or DONT_PUSH (on creation only)", place);
    *ret = str_eq(jval_str(value), "PUSH");
    return 0;
}

/* What is given of one property, checked: an object, or null for the end of the mapping. The caller frees it. */
static int read_property(struct mapping_reader *reader, const struct app_attribute *attribute, const struct jval *given,
                         struct jval **ret, struct problem *problem)
{
    struct tx *tx = reader->tx;
    const char *field = arena_printf(tx_arena(tx), "properties.%s", attribute->name);
    const struct jval *expression = jval_get(given, "expression");
    const char *text = attribute->expression;
    bool push = true;
    if (jval_type(given) == JVAL_NULL) {
        *ret = jval_new_null();
        return 0;
    }
    if (jval_type(given) != JVAL_OBJECT)
        return problem_invalid(problem, field, "%s: Give an object with expression and pushStatus, or null", field);
    int r = read_push_status(given, field, arena_printf(tx_arena(tx), "%s.pushStatus", field), attribute->push, &push,
                             problem);
    if (r < 0)
        return r;
    if (expression)
        text = jval_str(expression);
    if (!text || !*text)
        return problem_invalid(problem, field,
                               "%s.expression: The field cannot be left blank; give null for %s to end "
                               "the mapping",
                               field, attribute->name);
    struct expr_error error;
    r = check_expression(reader, attribute, text, push, &error);
    if (r == ERR_SYNTAX)
        return problem_invalid(problem, field, "%s.expression: %s", field, error.text);
    if (r < 0)
        return r;
    *ret = jval_new_object();
    jval_set_str(*ret, "expression", text);
    jval_set_str(*ret, "pushStatus", push ? "PUSH" : "DONT_PUSH");
    return 0;
}

/* The default is not stored, so that it stays what it is. */
static bool is_default(struct arena *arena, const struct app_attribute *attribute, const struct jval *property)
{
    if (attribute->rules)
        return jval_type(property) == JVAL_NULL;
    const char *expression =
        str_eq(attribute->name, "displayName") ? MAPPING_DISPLAY_NAME : arena_printf(arena, "user.%s", attribute->name);
    return str_eq(jval_get_str(property, "expression"), expression) &&
           str_eq(jval_get_str(property, "pushStatus"), "PUSH");
}

/* The attribute that a property of a mapping is about; NULL, with a problem, when there is none. */
static const struct app_attribute *find_property(const struct app_profile *profile, const char *name,
                                                 struct problem *problem)
{
    bool is_user_name = str_eq(name, "userName") || str_eq(name, "login");
    const struct app_attribute *attribute = is_user_name ? NULL : app_attribute_find(profile, name);
    if (is_user_name)
        (void)problem_invalid(problem, name,
                              "properties.%s: the user name comes from the app's credentials.userNameTemplate; set it "
                              "there",
                              name);
    else if (!attribute)
        (void)problem_invalid(problem, name,
                              "properties.%.100s: the app's users have no such attribute; add it to the schema first",
                              name);
    return attribute;
}

static int merge(struct tx *tx, const struct app_profile *profile, struct jval *json, const struct jval *properties,
                 struct problem *problem)
{
    struct mapping_reader reader = {.tx = tx};
    struct jval *mapping = jval_get(json, "mapping");
    if (jval_type(properties) != JVAL_OBJECT)
        return problem_invalid(problem, "properties", "properties: Give an object of attributes of the app's users");
    if (!mapping) {
        mapping = jval_new_object();
        jval_set(json, "mapping", mapping);
    }
    for (void *it = jval_first(properties); it; it = jval_next(properties, it)) {
        const char *name = jval_iter_key(it);
        const struct app_attribute *attribute = find_property(profile, name, problem);
        struct jval *property = NULL;
        int r = !attribute ? ERR_PROBLEM : read_property(&reader, attribute, jval_iter_value(it), &property, problem);
        if (r < 0)
            return r;
        if (is_default(tx_arena(tx), attribute, property)) {
            (void)jval_free(property);
            if (jval_get(mapping, name))
                jval_remove(mapping, name);
        } else {
            jval_set(mapping, name, property);
        }
    }
    if (jval_len(mapping) == 0)
        jval_remove(json, "mapping");
    return 0;
}

static int change(struct tx *tx, const struct app *app, const struct jval *properties, struct jval **ret_before,
                  struct profile_document *ret, struct problem *problem)
{
    *problem = (struct problem){0};
    const struct app_profile *profile = NULL;
    int r = app_profile_load(tx, app->rid, &profile);
    if (r == 0)
        r = profile_document_read(tx, app->rid, ret);
    if (r < 0)
        return r;
    *ret_before = jval_copy(ret->json);
    r = merge(tx, profile, ret->json, properties, problem);
    if (r == 0 && strlen(jval_text(tx_arena(tx), ret->json, false)) > LIMIT_BODY_BYTES)
        r = problem_invalid(problem, "properties",
                            "properties: schema and mapping together are larger than %d bytes; "
                            "shorten the expressions",
                            LIMIT_BODY_BYTES);
    return r;
}

int app_mapping_try(struct tx *tx, const struct app *app, const struct jval *properties, const struct app_profile **ret,
                    struct problem *problem)
{
    struct jval *before CLEANUP(jval_freep) = NULL;
    struct profile_document document = {0};
    int r = change(tx, app, properties, &before, &document, problem);
    document.is_new = false;
    if (r == 0)
        r = profile_from_document(tx, &document, ret);
    (void)jval_free(document.json);
    return r;
}

/* What no published type covers; ours are told by their first word. */
static int mapping_event(struct tx *tx, const struct app *app, const struct jval *properties)
{
    struct jval *names CLEANUP(jval_freep) = jval_new_array();
    struct jval *debug CLEANUP(jval_freep) = jval_new_object();
    for (void *it = jval_first(properties); it; it = jval_next(properties, it))
        jval_append(names, jval_new_str(jval_iter_key(it)));
    jval_set_str(debug, "changedAttributes", jval_text(tx_arena(tx), names, false));
    return record_event(
        tx, &(struct event){
                .type = "muster.profile_mapping.update",
                .message = "Update a profile mapping",
                .severity = SEVERITY_INFO,
                .targets = {{.id = app_mapping_id(tx_arena(tx), app), .type = "ProfileMapping", .name = app->label},
                            {.id = app->id, .type = "AppInstance", .alternate_id = app->label, .name = app->label}},
                .target_count = 2,
                .debug = jval_text(tx_arena(tx), debug, false)});
}

int app_mapping_update(struct tx *tx, const struct app *app, const struct jval *properties, struct problem *problem)
{
    struct jval *before CLEANUP(jval_freep) = NULL;
    struct profile_document document = {0};
    int r = change(tx, app, properties, &before, &document, problem);
    struct jval *json CLEANUP(jval_freep) = document.json;
    if (r < 0 || jval_equal(json, before))
        return r;
    r = profile_document_store(tx, app, json);
    return r < 0 ? r : mapping_event(tx, app, properties);
}

int app_mapping_check(struct tx *tx, const struct app *app, const char *name, const char *expression,
                      const struct jval *given, struct expr_error *ret_error, struct problem *problem)
{
    struct mapping_reader reader = {.tx = tx};
    const struct app_profile *profile = NULL;
    *problem = (struct problem){0};
    int r = app_profile_load(tx, app->rid, &profile);
    if (r < 0)
        return r;
    const struct app_attribute *attribute = find_property(profile, name, problem);
    if (!attribute)
        return ERR_PROBLEM;
    bool push = true;
    r = read_push_status(given, "pushStatus", "pushStatus", attribute->push, &push, problem);
    return r < 0 ? r : check_expression(&reader, attribute, expression, push, ret_error);
}
