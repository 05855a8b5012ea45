/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has a value of an attribute: an index of the attributes that somebody asked for, and no others. Every change of a
 * profile keeps it; people who were there before are added chunk by chunk, and until that is done nothing is found by
 * it. One that nobody asks for any more goes the same way.
 */
#include "directory/rows.h"

#include "base/text.h"
#include "directory/schema.h"

SQL(ATTRIBUTES, "SELECT rid, attribute, filled, going FROM user_value_attributes WHERE rid > 0 ORDER BY rid");
SQL(ATTRIBUTE_ADD, "INSERT INTO user_value_attributes (attribute, filled, going) VALUES ($1, 0, 0)");
SQL(ATTRIBUTE_GOES, "UPDATE user_value_attributes SET going = 1 WHERE rid = $1");
SQL(ATTRIBUTE_FILLED, "UPDATE user_value_attributes SET filled = $2 WHERE rid = $1");
SQL(ATTRIBUTE_DELETE, "DELETE FROM user_value_attributes WHERE rid = $1");
SQL(VALUE_PUT, "INSERT INTO user_values (user_rid, attribute_rid, value_key) VALUES ($1, $2, $3)"
               " ON CONFLICT (user_rid, attribute_rid) DO UPDATE SET value_key = excluded.value_key");
SQL(VALUE_DROP, "DELETE FROM user_values WHERE user_rid = $1 AND attribute_rid = $2");
SQL(VALUES_OF_USER_DROP, "DELETE FROM user_values WHERE user_rid = $1");
SQL(VALUES_CHUNK_DROP,
    "DELETE FROM user_values WHERE attribute_rid = $1 AND user_rid IN (SELECT user_rid FROM user_values"
    " WHERE attribute_rid = $1 ORDER BY value_key, user_rid LIMIT $2)");
SQL(USERS_AFTER, "SELECT rid, profile FROM users WHERE rid > $1 AND deleted = 0 ORDER BY rid LIMIT $2");
SQL(USERS_BY_VALUE, "SELECT v.user_rid FROM user_values AS v JOIN users AS u ON u.rid = v.user_rid"
                    " WHERE v.attribute_rid = $1 AND v.value_key = $2 AND u.deleted = 0 AND u.status <> 8"
                    " ORDER BY v.user_rid LIMIT $3");

#define FILLED (-1) /* everybody is in it; else the rid of the last one who is */

struct valued {
    int64_t rid;
    const char *name;
    int64_t filled;
    bool going;
};

struct valued_list {
    int count;
    struct valued items[VALUE_ATTRIBUTES_MAX * 2]; /* with those that are going */
};

static const char memo_key; /* the address is the key of the job's list */

static int load(struct tx *tx, struct valued_list **ret)
{
    void **memo = tx_memo(tx, &memo_key);
    if (!*memo) {
        struct valued_list *list = arena_alloc(tx_arena(tx), sizeof(*list));
        struct query query;
        *list = (struct valued_list){0};
        int r = tx_query(tx, &query, &ATTRIBUTES, NO_BINDS);
        while (r >= 0 && list->count < (int)ARRAY_LEN(list->items) && (r = query_next(&query)) > 0)
            list->items[list->count++] = (struct valued){.rid = query_int(&query, 0),
                                                         .name = arena_strdup(tx_arena(tx), query_text(&query, 1)),
                                                         .filled = query_int(&query, 2),
                                                         .going = query_int(&query, 3) != 0};
        if (r > 0)
            query_close(&query);
        if (r < 0)
            return r;
        *memo = list;
    }
    *ret = *memo;
    return 0;
}

static void forget_list(struct tx *tx)
{
    *tx_memo(tx, &memo_key) = NULL;
}

static struct valued *find(struct valued_list *list, const char *attribute)
{
    for (int i = 0; i < list->count; i++)
        if (!list->items[i].going && str_eq(list->items[i].name, attribute))
            return &list->items[i];
    return NULL;
}

/* --- kept ----------------------------------------------------------------------------------------------------------
 */

static int put(struct tx *tx, int64_t user_rid, int64_t attribute_rid, const char *value)
{
    int r = value && *value ? tx_exec(tx, &VALUE_PUT, I(user_rid), I(attribute_rid), T(text_fold(tx_arena(tx), value)))
                            : tx_exec(tx, &VALUE_DROP, I(user_rid), I(attribute_rid));
    return MIN_OF(r, 0);
}

int user_values_note(struct tx *tx, int64_t user_rid, const struct jval *old, const struct jval *new)
{
    struct valued_list *list = NULL;
    int r = load(tx, &list);
    for (int i = 0; r == 0 && i < list->count; i++) {
        const char *name = list->items[i].name;
        bool differs = !str_eq(jval_get_str(old, name), jval_get_str(new, name));
        r = differs && !list->items[i].going ? put(tx, user_rid, list->items[i].rid, jval_get_str(new, name)) : 0;
    }
    return r;
}

int user_values_drop(struct tx *tx, int64_t user_rid)
{
    return MIN_OF(tx_exec(tx, &VALUES_OF_USER_DROP, I(user_rid)), 0);
}

/* --- asked for -----------------------------------------------------------------------------------------------------
 */

int user_values_want(struct tx *tx, const char *attribute)
{
    struct valued_list *list = NULL;
    int r = load(tx, &list);
    if (r < 0 || find(list, attribute))
        return r;
    int wanted = 0;
    for (int i = 0; i < list->count; i++)
        wanted += !list->items[i].going;
    if (wanted >= VALUE_ATTRIBUTES_MAX || list->count == (int)ARRAY_LEN(list->items))
        return ERR_TOO_LARGE;
    forget_list(tx);
    return MIN_OF(tx_exec(tx, &ATTRIBUTE_ADD, T(attribute)), 0);
}

int user_values_forget(struct tx *tx, const char *attribute)
{
    struct valued_list *list = NULL;
    int r = load(tx, &list);
    const struct valued *one = r < 0 ? NULL : find(list, attribute);
    if (!one)
        return r;
    forget_list(tx);
    return MIN_OF(tx_exec(tx, &ATTRIBUTE_GOES, I(one->rid)), 0);
}

/* The next people are added. 1 while there are more. */
static int fill(struct tx *tx, const struct valued *one, int limit)
{
    struct query query;
    int64_t *rids = arena_array(tx_arena(tx), (size_t)limit, sizeof(*rids));
    const char **profiles = arena_array(tx_arena(tx), (size_t)limit, sizeof(*profiles));
    int count = 0;
    int r = tx_query(tx, &query, &USERS_AFTER, I(one->filled), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        rids[count] = query_int(&query, 0);
        profiles[count++] = arena_strdup(tx_arena(tx), query_text(&query, 1));
    }
    for (int i = 0; r >= 0 && i < count; i++) {
        CLEANUP(jval_freep) struct jval *profile = NULL;
        if (jval_parse(&profile, profiles[i], strlen(profiles[i]), NULL) < 0)
            return ERR_CORRUPT;
        const char *value = jval_get_str(profile, one->name);
        r = value && *value ? put(tx, rids[i], one->rid, value) : 0;
    }
    bool more = count == limit;
    if (r >= 0)
        r = tx_exec(tx, &ATTRIBUTE_FILLED, I(one->rid), I(more ? rids[count - 1] : FILLED));
    return r < 0 ? r : more;
}

static int remove_some(struct tx *tx, const struct valued *one, int limit)
{
    int r = tx_exec(tx, &VALUES_CHUNK_DROP, I(one->rid), I(limit));
    if (r >= 0 && r < limit)
        return MIN_OF(tx_exec(tx, &ATTRIBUTE_DELETE, I(one->rid)), 0);
    return r < 0 ? r : 1;
}

int user_values_work(struct tx *tx, int limit)
{
    struct valued_list *list = NULL;
    int r = load(tx, &list);
    for (int i = 0; r == 0 && i < list->count; i++) {
        const struct valued *one = &list->items[i];
        if (!one->going && one->filled == FILLED)
            continue;
        r = one->going ? remove_some(tx, one, limit) : fill(tx, one, limit);
        forget_list(tx);
        return r < 0 ? r : 1; /* what is left is looked for anew */
    }
    return r;
}

int user_rids_by_value(struct tx *tx, const char *attribute, const char *value, int64_t *ret_rids, int limit)
{
    static_assert(USER_DEPROVISIONED == 8, "the statement above says so");
    struct valued_list *list = NULL;
    const struct schema *schema = NULL;
    struct query query;
    int r = load(tx, &list);
    if (r < 0)
        return r;
    const struct valued *one = find(list, attribute);
    if (!one || one->filled != FILLED)
        return ERR_NOT_FOUND;
    int count = 0;
    r = tx_query(tx, &query, &USERS_BY_VALUE, I(one->rid), T(text_fold(tx_arena(tx), value)), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret_rids[count++] = query_int(&query, 0);
    if (r < 0 || count)
        return r < 0 ? r : count;
    r = schema_load(tx, SCHEMA_USER, &schema); /* nobody has an attribute that is gone: that says nothing */
    return r < 0 ? r : schema_attribute(schema, attribute) ? 0 : ERR_NOT_FOUND;
}
