/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PATCH (RFC 7644 section 3.5.2). The operations are applied one after another to a copy of the document, and to the
 * memberships through an undoable change, so that a request is applied as a whole or not at all. Every form of path:
 *
 *     none             the value is an object of attributes
 *     attr             the whole attribute
 *     attr.sub         one sub-attribute; of every value when the attribute is multi-valued
 *     attr[filter]     the values that the filter selects
 *     attr[filter].sub one sub-attribute of those
 *     urn:attr...      the same in an extension (or, with the core urn, in the core)
 *     urn              a whole extension
 *
 * Setting `primary` of one value to true makes the others false. A value of null unassigns.
 */
#include "practice/inner.h"

#define VALUES_MAX 10000 /* values of a multi-valued attribute (members apart) */

enum op { OP_ADD, OP_REPLACE, OP_REMOVE };

struct patch {
    struct call *call;
    enum practice_kind kind;
    const char *id;
    struct jval *doc;
    struct members_change *members; /* NULL for a user */
    bool merges;                    /* a replacement of members adds (FAULT_FORM_MERGES) */
};

/* Where an operation acts: `name` in `object`, as `attr` describes it (NULL: no schema has it). */
struct place {
    struct jval *object;
    const char *name;
    const struct schema_attr *attr;
    const struct filter *where;
    const char *sub; /* canonical when the schema knows it */
    const struct schema_attr *sub_attr;
};

static struct refusal *why(struct patch *patch)
{
    return &patch->call->refusal;
}

static bool is_nothing(const struct jval *value)
{
    enum jval_type type = jval_type(value);
    return type == JVAL_NONE || type == JVAL_NULL || (type == JVAL_ARRAY && jval_len(value) == 0);
}

static bool is_multi(const struct place *place)
{
    return place->attr ? place->attr->multi : jval_type(jval_get(place->object, place->name)) == JVAL_ARRAY;
}

static int refuse_mutability(struct patch *patch, const char *name, const char *text)
{
    return refuse(why(patch), 400, "mutability", "%s %s.", name, text);
}

/* --- values of an array ------------------------------------------------------------------------------------------- */

/* `winner` has become primary: nobody else is. */
static void settle_primary(struct jval *array, const struct jval *winner)
{
    if (!jval_is_true(jval_get(winner, "primary")))
        return;
    for (size_t i = 0; i < jval_len(array); i++) {
        struct jval *other = jval_at(array, i);
        if (other != winner && jval_is_true(jval_get(other, "primary")))
            jval_set(other, "primary", jval_new_bool(false));
    }
}

static bool array_has(const struct jval *array, const struct jval *value)
{
    for (size_t i = 0; i < jval_len(array); i++)
        if (jval_equal(jval_at(array, i), value))
            return true;
    return false;
}

/* The value as an array of cleaned elements; one element alone stands for an array of one. NULL when nothing is left.
 */
static int clean_values(struct patch *patch, const struct place *place, struct jval *value, struct jval **ret)
{
    if (jval_type(value) == JVAL_ARRAY)
        return schema_clean(place->attr, place->name, value, ret, why(patch));
    CLEANUP(jval_freep) struct jval *array = jval_new_array();
    jval_append(array, jval_ref(value));
    return schema_clean(place->attr, place->name, array, ret, why(patch));
}

static int add_values(struct patch *patch, const struct place *place, struct jval *value)
{
    CLEANUP(jval_freep) struct jval *values = NULL;
    int r = clean_values(patch, place, value, &values);
    if (r < 0 || !values)
        return r;
    struct jval *array = jval_get(place->object, place->name);
    if (jval_type(array) != JVAL_ARRAY) {
        array = jval_new_array();
        jval_set(place->object, place->name, array);
    }
    if (jval_len(array) + jval_len(values) > VALUES_MAX)
        return refuse_value(why(patch), "%s: at most %d values.", place->name, VALUES_MAX);
    for (size_t i = 0; i < jval_len(values); i++) {
        struct jval *element = jval_at(values, i);
        if (array_has(array, element))
            continue;
        jval_append(array, jval_ref(element));
        settle_primary(array, element);
    }
    return 0;
}

/* Puts `array` in the place, or unassigns the attribute when it is empty. */
static void put_array(const struct place *place, struct jval *array)
{
    if (jval_len(array)) {
        jval_set(place->object, place->name, array);
    } else {
        jval_free(array);
        jval_remove(place->object, place->name);
    }
}

/* remove with a value: the elements that are equal, or whose "value" is. */
static void remove_values(const struct place *place, const struct jval *value)
{
    const struct jval *array = jval_get(place->object, place->name);
    struct jval *rest = jval_new_array();
    for (size_t i = 0; i < jval_len(array); i++) {
        struct jval *element = jval_at(array, i);
        bool named = false;
        size_t count = jval_type(value) == JVAL_ARRAY ? jval_len(value) : 1;
        for (size_t k = 0; k < count && !named; k++) {
            const struct jval *wanted = jval_type(value) == JVAL_ARRAY ? jval_at(value, k) : value;
            const struct jval *a = jval_type(element) == JVAL_OBJECT ? jval_get(element, "value") : element;
            const struct jval *b = jval_type(wanted) == JVAL_OBJECT ? jval_get(wanted, "value") : wanted;
            named = jval_equal(element, wanted) || (a && b && jval_equal(a, b));
        }
        if (!named)
            jval_append(rest, jval_ref(element));
    }
    put_array(place, rest);
}

/* --- one sub-attribute -------------------------------------------------------------------------------------------- */

/* Sets (NULL: deletes) the sub-attribute in one object. */
static void set_sub(const struct place *place, struct jval *object, const struct jval *cleaned)
{
    const char *key = schema_key(object, place->sub);
    if (cleaned)
        jval_set(object, key ? key : place->sub, jval_copy(cleaned));
    else if (key)
        jval_remove(object, key);
}

static int clean_sub(struct patch *patch, enum op op, const struct place *place, const struct jval *value,
                     struct jval **ret)
{
    char full[256];
    (void)snprintf(full, sizeof(full), "%s.%s", place->name, place->sub);
    if (place->sub_attr && place->sub_attr->mutability == SCHEMA_READ_ONLY)
        return refuse_mutability(patch, full, "is read-only");
    if (op == OP_REMOVE)
        return 0;
    return schema_clean(place->sub_attr, full, value, ret, why(patch));
}

static int apply_sub(struct patch *patch, enum op op, const struct place *place, const struct jval *value)
{
    if (place->attr && place->attr->type != SCHEMA_COMPLEX)
        return refuse(why(patch), 400, "invalidPath", "%s has no sub-attributes.", place->name);
    CLEANUP(jval_freep) struct jval *cleaned = NULL;
    int r = clean_sub(patch, op, place, value, &cleaned);
    if (r < 0)
        return r;
    struct jval *present = jval_get(place->object, place->name);
    if (is_multi(place)) {
        if (!jval_len(present) && op != OP_REMOVE)
            return refuse(why(patch), 400, "noTarget", "%s has no value whose %s could be set.", place->name,
                          place->sub);
        for (size_t i = 0; i < jval_len(present); i++)
            if (jval_type(jval_at(present, i)) == JVAL_OBJECT)
                set_sub(place, jval_at(present, i), cleaned);
        if (jval_len(present))
            settle_primary(present, jval_at(present, 0));
        return 0;
    }
    if (jval_type(present) != JVAL_OBJECT) {
        if (op == OP_REMOVE || !cleaned)
            return 0;
        present = jval_new_object();
        jval_set(place->object, place->name, present);
    }
    set_sub(place, present, cleaned);
    if (!jval_len(present))
        jval_remove(place->object, place->name);
    return 0;
}

/* --- the values that a filter selects ----------------------------------------------------------------------------- */

/* The sub-attributes of `value` into the object; null deletes one. */
static int merge(struct patch *patch, const struct place *place, struct jval *object, const struct jval *value)
{
    if (jval_type(value) != JVAL_OBJECT)
        return refuse_value(why(patch), "%s must be an object.", place->name);
    for (void *it = jval_first(value); it; it = jval_next(value, it)) {
        struct place inner = *place;
        inner.sub_attr = place->attr ? schema_attr_find(place->attr->subs, jval_iter_key(it)) : NULL;
        inner.sub = inner.sub_attr ? inner.sub_attr->name : jval_iter_key(it);
        if (inner.sub_attr && inner.sub_attr->mutability == SCHEMA_READ_ONLY)
            continue;
        CLEANUP(jval_freep) struct jval *cleaned = NULL;
        int r = clean_sub(patch, OP_REPLACE, &inner, jval_iter_value(it), &cleaned);
        if (r < 0)
            return r;
        set_sub(&inner, object, cleaned);
    }
    return 0;
}

/* What becomes of a selected element: `*ret` NULL when it goes. */
static int change_selected(struct patch *patch, enum op op, const struct place *place, struct jval *element,
                           const struct jval *value, struct jval **ret)
{
    if (place->sub && jval_type(element) == JVAL_OBJECT) {
        CLEANUP(jval_freep) struct jval *cleaned = NULL;
        int r = clean_sub(patch, op, place, value, &cleaned);
        if (r < 0)
            return r;
        set_sub(place, element, cleaned);
        *ret = jval_len(element) ? jval_ref(element) : NULL;
        return 0;
    }
    if (op == OP_REMOVE) {
        *ret = NULL;
        return 0;
    }
    if (op == OP_ADD && jval_type(element) == JVAL_OBJECT) {
        int r = merge(patch, place, element, value);
        if (r == 0)
            *ret = jval_ref(element);
        return r;
    }
    return schema_clean_one(place->attr, place->name, value, ret, why(patch));
}

static int apply_selected(struct patch *patch, enum op op, const struct place *place, const struct jval *value)
{
    const struct schema_attr *subs = place->attr ? place->attr->subs : NULL;
    const struct jval *present = is_multi(place) ? jval_get(place->object, place->name) : NULL;
    if (place->attr && !place->attr->multi)
        return refuse(why(patch), 400, "invalidPath", "%s has one value: a filter does not apply to it.", place->name);
    int r = match_check(why(patch), place->where, subs);
    if (r < 0)
        return r;
    CLEANUP(jval_freep) struct jval *array = jval_new_array();
    size_t selected = 0;
    struct jval *winner = NULL;
    for (size_t i = 0; i < jval_len(present); i++) {
        struct jval *element = jval_at(present, i);
        bool is_selected = match_element(patch->call->p->scratch, element, subs, place->where);
        arena_reset(patch->call->p->scratch);
        if (!is_selected) {
            jval_append(array, jval_ref(element));
            continue;
        }
        selected++;
        struct jval *changed = NULL;
        r = change_selected(patch, op, place, element, value, &changed);
        if (r < 0)
            return r;
        if (!changed)
            continue;
        jval_append(array, changed);
        if (!winner && jval_is_true(jval_get(changed, "primary")))
            winner = changed;
    }
    if (!selected)
        return op == OP_REMOVE ? 0
                               : refuse(why(patch), 400, "noTarget", "The filter selects no value of %s.", place->name);
    settle_primary(array, winner);
    put_array(place, TAKE_PTR(array));
    return 0;
}

/* --- a whole attribute ----------------------------------------------------------------------------------------------
 */

static int unassign(struct patch *patch, const struct place *place)
{
    if (place->attr && place->attr->required)
        return refuse_mutability(patch, place->name, "is required and cannot be removed");
    jval_remove(place->object, place->name);
    return 0;
}

static int apply_whole(struct patch *patch, enum op op, const struct place *place, struct jval *value)
{
    struct jval *present = jval_get(place->object, place->name);
    bool multi = is_multi(place);
    if (op == OP_REMOVE && multi && !is_nothing(value)) {
        remove_values(place, value);
        return 0;
    }
    if (op == OP_REMOVE || (op == OP_REPLACE && is_nothing(value)))
        return unassign(patch, place);
    if (is_nothing(value))
        return 0;
    if (multi && op == OP_ADD)
        return add_values(patch, place, value);
    CLEANUP(jval_freep) struct jval *cleaned = NULL;
    if (multi) {
        int r = clean_values(patch, place, value, &cleaned);
        if (r < 0)
            return r;
        put_array(place, cleaned ? TAKE_PTR(cleaned) : jval_new_array());
        return 0;
    }
    bool complex = place->attr ? place->attr->type == SCHEMA_COMPLEX : op == OP_ADD && jval_type(value) == JVAL_OBJECT;
    if (complex && jval_type(present) == JVAL_OBJECT) {
        int r = merge(patch, place, present, value);
        if (r == 0 && !jval_len(present))
            jval_remove(place->object, place->name);
        return r;
    }
    int r = schema_clean(place->attr, place->name, value, &cleaned, why(patch));
    if (r < 0)
        return r;
    if (cleaned)
        jval_set(place->object, place->name, TAKE_PTR(cleaned));
    return 0;
}

static int apply_place(struct patch *patch, enum op op, const struct place *place, struct jval *value)
{
    if (op != OP_REMOVE && jval_type(value) == JVAL_NONE)
        return refuse_value(why(patch), "The operation on %s needs a \"value\".", place->name);
    if (place->where)
        return apply_selected(patch, op, place, value);
    if (place->sub)
        return apply_sub(patch, op, place, value);
    return apply_whole(patch, op, place, value);
}

/* --- members, and what cannot be written ----------------------------------------------------------------------------
 */

static int apply_members(struct patch *patch, enum op op, const struct filter_path *path, const struct jval *value)
{
    struct members_change *change = patch->members;
    if (op != OP_REMOVE && jval_type(value) == JVAL_NONE)
        return refuse_value(why(patch), "The operation on members needs a \"value\".");
    const struct jval *wrapped = jval_type(value) == JVAL_OBJECT ? jval_get(value, "members") : NULL;
    if (wrapped && bends(patch->call->p, FAULT_WRAPPED))
        value = wrapped;
    if (path->sub_attribute || (path->where && op == OP_ADD))
        return refuse_mutability(patch, "members", "are added and removed as a whole; a member cannot be changed");
    if (path->where || (op == OP_REMOVE && is_nothing(value) && jval_type(value) != JVAL_ARRAY)) {
        int r = members_remove_where(change, path->where);
        if (r < 0 || op == OP_REMOVE)
            return r < 0 ? r : 0;
        if (r == 0)
            return refuse(why(patch), 400, "noTarget", "The filter selects no member.");
        return members_add(change, value);
    }
    if (op == OP_ADD)
        return members_add(change, value);
    if (op == OP_REPLACE && patch->merges)
        return jval_len(value) ? members_add(change, value) : 0;
    if (op == OP_REPLACE)
        return members_replace(change, value);
    return members_remove(change, value);
}

/* id, meta, groups, schemas: what they are already may be said again, nothing else. */
static int apply_read_only(struct patch *patch, enum op op, const struct schema_attr *attr,
                           const struct filter_path *path, const struct jval *value)
{
    if (op != OP_REMOVE && !path->where && str_eq(attr->name, "id") && str_eq(jval_str(value), patch->id))
        return 0;
    if (op != OP_REMOVE && str_eq(attr->name, "schemas"))
        return 0;
    return refuse_mutability(patch, attr->name, "is read-only");
}

static int apply_password(struct patch *patch, enum op op, const struct schema_attr *attr, const struct jval *value)
{
    struct jval *cleaned = NULL;
    if (op == OP_REMOVE)
        return 0;
    int r = schema_clean(attr, attr->name, value, &cleaned, why(patch));
    jval_free(cleaned);
    return r;
}

/* --- paths ----------------------------------------------------------------------------------------------------------
 */

static int apply_in(struct patch *patch, enum op op, const char *urn, struct jval *object,
                    const struct filter_path *path, struct jval *value)
{
    const struct schema_attr *attr = schema_attr_of(patch->kind, urn, path->attribute);
    if (attr && (attr->mutability == SCHEMA_READ_ONLY || str_eq(attr->name, "schemas")))
        return apply_read_only(patch, op, attr, path, value);
    if (attr && attr->mutability == SCHEMA_WRITE_ONLY)
        return apply_password(patch, op, attr, value);
    if (attr && patch->members && !urn && str_eq(attr->name, "members"))
        return apply_members(patch, op, path, value);
    const char *key = schema_key(object, path->attribute);
    struct place place = {.object = object,
                          .name = arena_strdup(patch->call->arena, attr  ? attr->name
                                                                   : key ? key
                                                                         : path->attribute),
                          .attr = attr,
                          .where = path->where,
                          .sub = path->sub_attribute};
    if (place.sub && attr) {
        place.sub_attr = schema_attr_find(attr->subs, place.sub);
        place.sub = place.sub_attr ? place.sub_attr->name : place.sub;
    }
    return apply_place(patch, op, &place, value);
}

/* The extension's object under its proper key; made when `create`, else NULL when absent. */
static struct jval *extension_of(struct patch *patch, const char *urn, bool create, const char **ret_key)
{
    const struct schema *schema = schema_find(urn);
    const char *key = schema_key(patch->doc, urn);
    *ret_key = arena_strdup(patch->call->arena, key ? key : schema ? schema->urn : urn);
    struct jval *extension = key ? jval_get(patch->doc, key) : NULL;
    if (jval_type(extension) != JVAL_OBJECT && create) {
        extension = jval_new_object();
        jval_set(patch->doc, *ret_key, extension);
    }
    return jval_type(extension) == JVAL_OBJECT ? extension : NULL;
}

static int apply_in_extension(struct patch *patch, enum op op, const struct filter_path *path, struct jval *value)
{
    const char *key = NULL;
    struct jval *extension = extension_of(patch, path->urn, op != OP_REMOVE, &key);
    if (!extension)
        return 0;
    int r = apply_in(patch, op, key, extension, path, value);
    if (!jval_len(extension))
        jval_remove(patch->doc, key);
    return r;
}

static int apply_extension(struct patch *patch, enum op op, const char *urn, struct jval *value)
{
    const char *key = NULL;
    if (op == OP_REMOVE || (op == OP_REPLACE && jval_type(value) == JVAL_NULL)) {
        if (extension_of(patch, urn, false, &key))
            jval_remove(patch->doc, key);
        return 0;
    }
    if (jval_type(value) != JVAL_OBJECT)
        return refuse_value(why(patch), "%.200s must be an object of its attributes.", urn);
    for (void *it = jval_first(value); it; it = jval_next(value, it)) {
        const struct filter_path path = {.urn = urn, .attribute = jval_iter_key(it)};
        int r = apply_in_extension(patch, op, &path, jval_iter_value(it));
        if (r < 0)
            return r;
    }
    return 0;
}

static int apply_object(struct patch *patch, enum op op, struct jval *value);

static int apply_path(struct patch *patch, enum op op, const struct filter_path *path, struct jval *value)
{
    const char *core = schema_core(patch->kind)->urn;
    if (!path->urn || (path->attribute && strcasecmp(path->urn, core) == 0))
        return apply_in(patch, op, NULL, patch->doc, path, value);
    bool narrow = path->where || path->sub_attribute; /* then it is no schema that the path names */
    const char *whole = narrow            ? ""
                        : path->attribute ? arena_printf(patch->call->arena, "%s:%s", path->urn, path->attribute)
                                          : path->urn;
    if (strcasecmp(whole, core) == 0) {
        if (op == OP_REMOVE)
            return refuse(why(patch), 400, "noTarget", "remove needs a path that names an attribute.");
        return apply_object(patch, op, value);
    }
    /* Where a urn ends and an attribute begins only the schemas know, or what is stored. */
    if (!path->attribute || schema_find(whole) || jval_type(jval_get(patch->doc, whole)) == JVAL_OBJECT)
        return apply_extension(patch, op, whole, value);
    return apply_in_extension(patch, op, path, value);
}

static int apply_text(struct patch *patch, enum op op, const char *text, struct jval *value)
{
    struct filter_path path = {0};
    struct filter_error error = {0};
    if (filter_parse_path(patch->call->arena, text, &path, &error) < 0)
        return refuse(why(patch), 400, "invalidPath", "path \"%.200s\": %s (at %zu).", text, error.text, error.offset);
    return apply_path(patch, op, &path, value);
}

/* Without a path: each key is an attribute. Keys that are paths themselves ("name.givenName") are what Entra sends. */
static int apply_object(struct patch *patch, enum op op, struct jval *value)
{
    if (jval_type(value) != JVAL_OBJECT)
        return refuse_value(why(patch), "An operation without a path needs an object of attributes as its \"value\".");
    for (void *it = jval_first(value); it; it = jval_next(value, it)) {
        const char *key = jval_iter_key(it);
        struct jval *inner = jval_iter_value(it);
        int r = 0;
        if (strncasecmp(key, "urn:", 4) == 0 && (schema_find(key) || jval_type(inner) == JVAL_OBJECT))
            r = strcasecmp(key, schema_core(patch->kind)->urn) == 0 ? apply_text(patch, op, key, inner)
                                                                    : apply_extension(patch, op, key, inner);
        else if (strncasecmp(key, "urn:", 4) == 0 || strpbrk(key, ".["))
            r = apply_text(patch, op, key, inner);
        else
            r = apply_path(patch, op, &(struct filter_path){.attribute = key}, inner);
        if (r < 0)
            return r;
    }
    return 0;
}

static int apply_operation(struct patch *patch, const struct jval *operation)
{
    static const char *const names[] = {[OP_ADD] = "add", [OP_REPLACE] = "replace", [OP_REMOVE] = "remove"};
    const char *key = schema_key(operation, "op");
    const char *name = key ? jval_get_str(operation, key) : NULL;
    int op = -1;
    for (size_t i = 0; name && i < ARRAY_LEN(names); i++)
        if (strcasecmp(name, names[i]) == 0)
            op = (int)i;
    if (op < 0)
        return refuse_syntax(why(patch), "Each of Operations needs an \"op\": add, replace or remove.");
    key = schema_key(operation, "value");
    struct jval *value = key ? jval_get(operation, key) : NULL;
    key = schema_key(operation, "path");
    const struct jval *path = key ? jval_get(operation, key) : NULL;
    if (jval_type(path) == JVAL_STRING)
        return apply_text(patch, (enum op)op, jval_str(path), value);
    if (path && jval_type(path) != JVAL_NULL)
        return refuse(why(patch), 400, "invalidPath", "path must be a string.");
    if (op == OP_REMOVE)
        return refuse(why(patch), 400, "noTarget", "remove needs a path that names an attribute.");
    return apply_object(patch, (enum op)op, value);
}

/* --- what a fault makes of an operation -----------------------------------------------------------------------------
 */

/* Refuses an attribute that this target does not patch. `path` is a path, or a key of a value. */
static int bend_attribute(struct patch *patch, const char *path)
{
    const struct practice *p = patch->call->p;
    const char *core = schema_core(patch->kind)->urn;
    size_t urn = strlen(core);
    if (strncasecmp(path, core, urn) == 0 && path[urn] == ':')
        path += urn + 1;
    size_t n = strncasecmp(path, "urn:", 4) == 0 ? strlen(path) : strcspn(path, ".[");
    for (struct fault *f = bent(p, FAULT_PATCH_ATTRIBUTES); f; f = f->same)
        if (!words_have(f->order.text, path, n))
            return fault_refuse(f, why(patch), "%.*s cannot be changed by PATCH.", (int)MIN_OF(n, (size_t)200), path);
    for (struct fault *f = bent(p, FAULT_ATTRIBUTE_REFUSED); f; f = f->same)
        if (words_have(f->order.text, path, n))
            return fault_refuse(f, why(patch), "%.*s cannot be set.", (int)MIN_OF(n, (size_t)200), path);
    return 0;
}

static int bend_attributes(struct patch *patch, const struct jval *operation)
{
    const char *key = schema_key(operation, "path");
    const char *path = key ? jval_get_str(operation, key) : NULL;
    if (path)
        return bend_attribute(patch, path);
    key = schema_key(operation, "value");
    const struct jval *value = key ? jval_get(operation, key) : NULL;
    int r = 0;
    for (void *it = jval_type(value) == JVAL_OBJECT ? jval_first(value) : NULL; it && r == 0; it = jval_next(value, it))
        r = bend_attribute(patch, jval_iter_key(it));
    return r;
}

/* `*ret_done` when nothing is left to be applied. */
static int bend_operation(struct patch *patch, const struct jval *operation, bool *ret_done)
{
    const struct practice *p = patch->call->p;
    struct forms forms;
    int r = jval_type(operation) == JVAL_OBJECT ? bend_attributes(patch, operation) : 0;
    patch->merges = false;
    if (r < 0 || !patch->members || jval_type(operation) != JVAL_OBJECT)
        return r;
    forms_of_operation(operation, &forms);
    if (!forms.count)
        return 0;
    struct fault *fault = forms_bent(p, FAULT_FORM_REFUSED, &forms);
    if (fault)
        return fault_refuse(fault, why(patch), "This form of operation is not supported (%s).", forms.words[0]);
    fault = forms_bent(p, FAULT_FORM_IGNORED, &forms);
    if (fault) {
        fault_strike(fault);
        *ret_done = true;
        return 0;
    }
    fault = forms_bent(p, FAULT_FORM_MERGES, &forms);
    if (fault) {
        fault_strike(fault);
        patch->merges = true;
    }
    fault = forms_bent(p, FAULT_FORM_CLEARS, &forms);
    if (!fault)
        return 0;
    fault_strike(fault);
    r = members_remove_where(patch->members, NULL);
    return r < 0 ? r : 0;
}

int patch_apply(struct call *call, enum practice_kind kind, const char *id, struct jval *doc,
                struct members_change *members)
{
    struct patch patch = {.call = call, .kind = kind, .id = id, .doc = doc, .members = members};
    const char *key = schema_key(call->body, "Operations");
    const struct jval *operations = key ? jval_get(call->body, key) : NULL;
    if (jval_type(operations) != JVAL_ARRAY || !jval_len(operations))
        return refuse_syntax(&call->refusal, "Operations must be an array of at least one operation.");
    if (jval_len(operations) > PRACTICE_PATCH_OPERATIONS)
        return refuse(&call->refusal, 413, "tooMany", "At most %d operations in one PATCH.", PRACTICE_PATCH_OPERATIONS);
    for (size_t i = 0; i < jval_len(operations); i++) {
        bool done = false;
        int r = call->p->faults->bending ? bend_operation(&patch, jval_at(operations, i), &done) : 0;
        if (r == 0 && !done)
            r = apply_operation(&patch, jval_at(operations, i));
        if (r < 0)
            return r;
    }
    return schema_check_required(kind, doc, &call->refusal);
}
