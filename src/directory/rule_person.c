/* SPDX-License-Identifier: Apache-2.0 */
/* One person as expressions see them: the profile, what is known besides, and the groups, which are read when one asks.
 */
#include "directory/rule_inner.h"

#include "base/clock.h"

SQL(GROUPS_OF_PERSON, "SELECT g.id, g.name FROM memberships m JOIN groups g ON g.rid = m.group_rid"
                      " WHERE m.user_rid = $1 AND g.deleted = 0 ORDER BY m.group_rid");

struct person {
    struct arena *arena;
    struct tx *tx;
    struct user user;
    struct jval *profile;
    struct expr_group *groups;
    size_t group_count;
    bool groups_known;
};

struct person *person_new(struct tx *tx, const struct user *user)
{
    struct arena *arena = arena_new();
    struct person *person = arena_alloc(arena, sizeof(*person));
    *person = (struct person){.arena = arena, .tx = tx, .user = *user};
    return person;
}

struct person *person_free(struct person *person)
{
    if (!person)
        return NULL;
    struct arena *arena = person->arena;
    (void)jval_free(person->profile);
    (void)arena_free(arena);
    return NULL;
}

const struct user *person_user(const struct person *person)
{
    return &person->user;
}

bool person_attribute(void *schema, const char *object, const char *name, enum expr_type *ret_type,
                      enum expr_type *ret_items)
{
    static const enum expr_type types[] = {[ATTRIBUTE_STRING] = EXPR_STRING,
                                           [ATTRIBUTE_NUMBER] = EXPR_NUMBER,
                                           [ATTRIBUTE_INTEGER] = EXPR_INTEGER,
                                           [ATTRIBUTE_BOOLEAN] = EXPR_BOOLEAN,
                                           [ATTRIBUTE_ARRAY] = EXPR_ARRAY};
    if (strcmp(object, "user") != 0)
        return false;
    *ret_type = EXPR_ANY;
    const struct attribute *attribute = schema_attribute(schema, name);
    if (!attribute)
        return false;
    *ret_type = types[attribute->type];
    if (attribute->type == ATTRIBUTE_ARRAY)
        *ret_items = types[attribute->item_type];
    return true;
}

/* --- facts ---------------------------------------------------------------------------------------------------------
 */

static struct expr_value value_of(struct arena *arena, const struct jval *json)
{
    struct expr_value value = {.type = EXPR_NULL};
    switch (jval_type(json)) {
    case JVAL_STRING:
        return (struct expr_value){.type = EXPR_STRING, .text = jval_str(json)};
    case JVAL_INT:
        return (struct expr_value){.type = EXPR_INTEGER, .integer = jval_int(json, 0)};
    case JVAL_REAL:
        return (struct expr_value){.type = EXPR_NUMBER, .number = jval_number(json, 0)};
    case JVAL_BOOL:
        return (struct expr_value){.type = EXPR_BOOLEAN, .boolean = jval_is_true(json)};
    case JVAL_ARRAY: {
        size_t count = jval_len(json);
        struct expr_value *items = arena_array(arena, count + 1, sizeof(*items));
        for (size_t i = 0; i < count; i++)
            items[i] = value_of(arena, jval_at(json, i));
        return (struct expr_value){.type = EXPR_ARRAY, .array = {items, count}};
    }
    case JVAL_NONE:
    case JVAL_OBJECT:
    case JVAL_NULL:
    default:
        return value;
    }
}

static int give_attribute(void *data, const char *object, const char *name, struct expr_value *ret)
{
    struct person *person = data;
    (void)object; /* there is only "user" */
    if (!person->profile && jval_parse(&person->profile, person->user.profile, strlen(person->user.profile), NULL) < 0)
        return ERR_CORRUPT;
    *ret = value_of(person->arena, jval_get(person->profile, name));
    return 0;
}

static int give_property(void *data, const char *name, struct expr_value *ret)
{
    struct person *person = data;
    char text[CLOCK_TEXT_BYTES];
    const char *value = NULL;
    if (strcmp(name, "id") == 0)
        value = person->user.id;
    else if (strcmp(name, "status") == 0)
        value = user_status_name(person->user.status);
    else if (strcmp(name, "created") == 0)
        value = clock_iso(person->user.created, text);
    *ret = (struct expr_value){.type = value ? EXPR_STRING : EXPR_NULL, .text = arena_strdup(person->arena, value)};
    return 0;
}

static int read_groups(struct person *person)
{
    struct query query;
    size_t size = 0;
    int r = tx_query(person->tx, &query, &GROUPS_OF_PERSON, I(person->user.rid));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        if (person->group_count == size) {
            struct expr_group *bigger = arena_array(person->arena, size * 2 + 16, sizeof(*bigger));
            if (size)
                memcpy(bigger, person->groups, size * sizeof(*bigger));
            person->groups = bigger;
            size = size * 2 + 16;
        }
        person->groups[person->group_count++] =
            (struct expr_group){.id = arena_strdup(person->arena, query_text(&query, 0)),
                                .name = arena_strdup(person->arena, query_text(&query, 1))};
    }
    person->groups_known = r == 0;
    return r;
}

static int give_groups(void *data, const struct expr_group **ret, size_t *ret_count)
{
    struct person *person = data;
    int r = person->groups_known ? 0 : read_groups(person);
    *ret = person->groups;
    *ret_count = person->group_count;
    return r;
}

/* --- judging -------------------------------------------------------------------------------------------------------
 */

static bool has(const char *const *ids, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(ids[i], id) == 0)
            return true;
    return false;
}

/* 1 when the person is in one of the groups whose members are left out. */
static int is_excluded(struct person *person, const struct rule *rule)
{
    const struct expr_group *groups = NULL;
    size_t count = 0;
    if (has(rule->users, rule->user_count, person->user.id))
        return 1;
    int r = rule->group_count ? give_groups(person, &groups, &count) : 0;
    for (size_t i = 0; r == 0 && i < count; i++)
        if (has(rule->groups, rule->group_count, groups[i].id))
            return 1;
    return r;
}

struct expr_facts person_facts(struct person *person)
{
    return (struct expr_facts){.attribute = give_attribute,
                               .property = give_property,
                               .groups = give_groups,
                               .data = person,
                               .now = tx_now(person->tx)};
}

int person_matches(struct person *person, const struct rule *rule, const struct expr *expr,
                   struct expr_error *ret_error)
{
    const struct expr_facts facts = person_facts(person);
    int r = is_excluded(person, rule);
    if (r != 0)
        return r < 0 ? r : 0;
    return expr_is_true(expr, person->arena, &facts, ret_error);
}
