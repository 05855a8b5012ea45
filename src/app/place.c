/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places in a SCIM user that administrators name: an external name and its namespace become one path, which the target
 * room reads (target/custom.c). The published form emails.^[type==home].value and the one of SCIM,
 * emails[type eq "home"].value, are both taken.
 */
#include "app/profile_inner.h"

#include "base/filter.h"
#include "base/scim_user.h"
#include "base/text.h"

#define PLACE_BYTES 400 /* of a namespace and a name together */

enum shape { SHAPE_VALUE, SHAPE_PART, SHAPE_ELEMENTS };

struct place {
    const char *urn;
    const char *attribute;
    const char *sub;
    const char *type;
    enum shape shape;
};

static const char *shown_name(struct arena *arena, const char *attribute, const char *type, const char *sub)
{
    const char *where = type ? arena_printf(arena, ".^[type==%s]", type) : "";
    return arena_printf(arena, "%s%s%s%s", attribute, where, sub ? "." : "", sub ? sub : "");
}

/* The part of a table's path behind the URN. */
static const char *name_in(const struct scim_place *place)
{
    const char *colon = strrchr(place->path, ':');
    return colon ? colon + 1 : place->path;
}

static struct place place_of_base(const struct scim_place *base)
{
    bool core = strchr(base->path, ':') == NULL;
    return (struct place){.urn = core ? SCIM_CORE_USER : SCIM_ENTERPRISE_USER,
                          .attribute = name_in(base),
                          .sub = base->sub,
                          .type = base->type,
                          .shape = base->type  ? SHAPE_ELEMENTS
                                   : base->sub ? SHAPE_PART
                                               : SHAPE_VALUE};
}

void place_show_base(struct arena *arena, const char *name, const char **ret_name, const char **ret_namespace)
{
    for (size_t i = 0; i < scim_place_count; i++) {
        if (strcmp(scim_places[i].name, name) != 0)
            continue;
        const struct place place = place_of_base(&scim_places[i]);
        *ret_name = shown_name(arena, place.attribute, place.type, place.sub);
        *ret_namespace = place.urn;
    }
}

/* "emails.^[type==home].value" becomes "emails[type eq \"home\"].value"; another form stays. */
static const char *scim_name(struct arena *arena, const char *name)
{
    const char *open = strstr(name, ".^[");
    const char *equal = open ? strstr(open, "==") : NULL;
    const char *close = equal ? strchr(equal, ']') : NULL;
    if (!close)
        return name;
    const char *value = equal + 2;
    size_t n = (size_t)(close - value);
    bool quoted = n >= 2 && (value[0] == '\'' || value[0] == '"') && value[n - 1] == value[0];
    return arena_printf(arena, "%.*s[%.*s eq \"%.*s\"%s", (int)(open - name), name, (int)(equal - open - 3), open + 3,
                        (int)(quoted ? n - 2 : n), quoted ? value + 1 : value, close);
}

static bool is_urn(const char *text)
{
    size_t n = strlen(text);
    return strncasecmp(text, "urn:", 4) == 0 && n > 5 && text[n - 1] != ':' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:._-") == n;
}

static bool is_type(const char *text)
{
    return *text && text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] == '\0';
}

static int parse(struct arena *arena, const char *name, const char *urn, bool list, const char *field,
                 struct place *ret, struct problem *problem)
{
    struct filter_path path = {0};
    struct filter_error error = {0};
    if (!is_urn(urn))
        return problem_invalid(problem, field,
                               "%s.externalNamespace: Give the URN of a SCIM schema, such as " SCIM_CORE_USER
                               " or one of your own",
                               field);
    if (strlen(urn) + strlen(name) > PLACE_BYTES || text_has_control(name) || strchr(name, ':'))
        return problem_invalid(problem, field,
                               "%s.externalName: Give the name of an attribute in SCIM, without its URN, of at most %d "
                               "bytes together with the namespace",
                               field, PLACE_BYTES);
    const char *text = arena_printf(arena, "%s:%s", urn, scim_name(arena, name));
    if (filter_parse_path(arena, text, &path, &error) < 0 || !path.attribute || !str_eq(path.urn, urn))
        return problem_invalid(problem, field,
                               "%s.externalName: '%.100s' is no place in a SCIM user; give one like nickName, "
                               "name.formatted or emails.^[type==home].value",
                               field, name);
    bool typed = path.where && path.where->op == FILTER_EQ && str_eq(path.where->attribute, "type") &&
                 path.where->type == FILTER_STRING && is_type(path.where->text);
    if (path.where && !typed)
        return problem_invalid(problem, field,
                               "%s.externalName: elements are told apart by their type alone, as in "
                               "emails.^[type==home].value",
                               field);
    *ret = (struct place){.urn = urn,
                          .attribute = path.attribute,
                          .sub = path.sub_attribute ? path.sub_attribute
                                 : typed            ? "value"
                                                    : NULL,
                          .type = typed ? path.where->text : NULL,
                          .shape = typed || (list && path.sub_attribute) ? SHAPE_ELEMENTS
                                   : path.sub_attribute                  ? SHAPE_PART
                                                                         : SHAPE_VALUE};
    return 0;
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcasecmp(a, b) == 0);
}

/* Both cannot be in one document: they are the same, or need another form of value. */
static bool collide(const struct place *a, const struct place *b)
{
    if (!same(a->urn, b->urn) || !same(a->attribute, b->attribute))
        return false;
    return a->shape != b->shape || a->shape == SHAPE_VALUE || (same(a->sub, b->sub) && same(a->type, b->type));
}

/* What Muster itself writes, and what the app alone does. */
static bool is_taken_by_scim(const struct place *place)
{
    static const char *const names[] = {"id", "externalId", "meta", "schemas", "active", "groups", "password"};
    for (size_t i = 0; i < ARRAY_LEN(names) && same(place->urn, SCIM_CORE_USER); i++)
        if (same(place->attribute, names[i]))
            return true;
    return false;
}

static int refuse_taken(const char *field, const char *name, struct problem *problem)
{
    return problem_invalid(problem, field,
                           "%s.externalName: the attribute '%.63s' stands there already, or in another form; choose "
                           "another place, or change the mapping of that one",
                           field, name);
}

static const char *or_else(const char *text, const char *otherwise)
{
    return text && *text ? text : otherwise;
}

static bool is_list(const struct jval *definition)
{
    return str_eq(jval_get_str(definition, "type"), "array");
}

/* From a definition that was judged before. */
static int read_definition(struct arena *arena, const char *field, const char *name, const struct jval *definition,
                           struct place *ret, struct problem *problem)
{
    return parse(arena, or_else(jval_get_str(definition, "externalName"), name),
                 or_else(jval_get_str(definition, "externalNamespace"), SCIM_CORE_USER), is_list(definition), field,
                 ret, problem);
}

int place_check(struct arena *arena, const char *field, const char *name, const struct jval *definition,
                const struct jval *custom, struct problem *problem)
{
    struct place place = {0};
    int r = read_definition(arena, field, name, definition, &place, problem);
    if (r < 0)
        return r;
    if (is_taken_by_scim(&place))
        return problem_invalid(problem, field,
                               "%s.externalName: '%.63s' is not an attribute of a profile; choose "
                               "another place",
                               field, place.attribute);
    for (size_t i = 0; i < scim_place_count; i++) {
        const struct place base = place_of_base(&scim_places[i]);
        if (collide(&place, &base))
            return refuse_taken(field, scim_places[i].name, problem);
    }
    for (void *it = jval_first(custom); it; it = jval_next(custom, it)) {
        struct place other = {0};
        struct problem ignored = {0};
        if (strcmp(jval_iter_key(it), name) == 0 ||
            read_definition(arena, field, jval_iter_key(it), jval_iter_value(it), &other, &ignored) < 0)
            continue;
        if (collide(&place, &other))
            return refuse_taken(field, jval_iter_key(it), problem);
    }
    return 0;
}

const char *place_path(struct arena *arena, const char *name, const struct jval *definition)
{
    struct place place = {0};
    struct problem ignored = {0};
    if (read_definition(arena, "", name, definition, &place, &ignored) < 0)
        return arena_printf(arena, "%s:%s", SCIM_CORE_USER, name);
    const char *where = place.type ? arena_printf(arena, "[type eq \"%s\"]", place.type) : "";
    return arena_printf(arena, "%s:%s%s%s%s", place.urn, place.attribute, where, place.sub ? "." : "",
                        place.sub ? place.sub : "");
}
