/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes that an administrator added to an app. The profile names them by their SCIM path in full:
 *     urn:example:1.0:User:badge                                                   a value or a list of values
 *     urn:ietf:params:scim:schemas:core:2.0:User:name.formatted                    a part of a complex attribute
 *     urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq "home"].value      elements of a multi-valued one
 * A list at a path with a part, or with a type, makes an element of each value. What does not fit to what is there is
 * left out; app/place.c refuses such paths when they are saved.
 */
#include "target/inner.h"

#include "base/filter.h"

struct place {
    const char *key; /* of user_attributes(): with the URN of an extension before it */
    const char *sub; /* NULL: a plain value */
    const char *type;
};

static bool read_place(struct arena *arena, const char *text, struct place *ret)
{
    struct filter_path path;
    if (filter_parse_path(arena, text, &path, NULL) < 0 || !path.attribute || !path.urn)
        return false;
    bool typed = path.where && path.where->op == FILTER_EQ && str_eq(path.where->attribute, "type");
    if (path.where && (!typed || path.where->type != FILTER_STRING))
        return false;
    bool core = strcasecmp(path.urn, SCIM_CORE_USER) == 0;
    *ret = (struct place){.key = core ? path.attribute : arena_printf(arena, "%s:%s", path.urn, path.attribute),
                          .sub = path.sub_attribute ? path.sub_attribute
                                 : path.where       ? "value"
                                                    : NULL,
                          .type = path.where ? path.where->text : NULL};
    return true;
}

/* The value below `key`, made when it is missing; NULL when there is something else. */
static struct jval *holder(struct jval *attributes, const char *key, enum jval_type type)
{
    struct jval *found = jval_get(attributes, key);
    if (!found) {
        found = type == JVAL_ARRAY ? jval_new_array() : jval_new_object();
        jval_set(attributes, key, found);
    }
    return jval_type(found) == type ? found : NULL;
}

/* The element of the type that does not have the part yet, or a new one. */
static struct jval *element_without(struct jval *array, const struct place *place)
{
    for (size_t i = 0; i < jval_len(array); i++) {
        struct jval *each = jval_at(array, i);
        if (place->type && str_eq(jval_get_str(each, "type"), place->type) && !jval_get(each, place->sub))
            return each;
    }
    struct jval *made = jval_new_object();
    if (place->type)
        jval_set_str(made, "type", place->type);
    jval_append(array, made);
    return made;
}

static void put(struct jval *attributes, const struct place *place, const struct jval *value)
{
    bool list = jval_type(value) == JVAL_ARRAY;
    if (!place->sub) {
        if (!jval_get(attributes, place->key))
            jval_set(attributes, place->key, jval_copy(value));
        return;
    }
    bool elements = list || place->type;
    struct jval *into = holder(attributes, place->key, elements ? JVAL_ARRAY : JVAL_OBJECT);
    if (!into)
        return;
    for (size_t i = 0; list && i < jval_len(value); i++)
        jval_set(element_without(into, place), place->sub, jval_copy(jval_at(value, i)));
    if (!list)
        jval_set(elements ? element_without(into, place) : into, place->sub, jval_copy(value));
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void custom_attributes(struct jval *attributes, const struct jval *profile)
{
    struct arena *arena = NULL;
    const char **paths = NULL;
    size_t count = 0;
    for (void *it = jval_first(profile); it; it = jval_next(profile, it)) {
        if (!strchr(jval_iter_key(it), ':'))
            continue;
        if (!arena) {
            arena = arena_new();
            paths = arena_array(arena, jval_len(profile), sizeof(*paths));
        }
        paths[count++] = jval_iter_key(it);
    }
    if (!arena)
        return;
    qsort(paths, count, sizeof(*paths), compare_texts); /* equal profiles give equal lists */
    for (size_t i = 0; i < count; i++) {
        struct place place = {0};
        if (read_place(arena, paths[i], &place))
            put(attributes, &place, jval_get(profile, paths[i]));
    }
    (void)arena_free(arena);
}
