/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays.*: an array that is null counts as empty. */
#include "expr/inner.h"

static int give(struct evaluation *e, const struct expr *node, const struct expr_value *items, size_t count,
                struct expr_value *ret)
{
    *ret = (struct expr_value){.type = EXPR_ARRAY, .array = {items, count}};
    return evaluation_spend(e, node, count * sizeof(*items));
}

/* Room for `count` values. */
static int make(struct evaluation *e, const struct expr *node, size_t count, struct expr_value **ret)
{
    if (count > EXPR_ARRAY_ITEMS) {
        (void)evaluation_limit(e, node, "an array becomes longer than 10000 values");
        return ERR_TOO_LARGE;
    }
    int r = evaluation_spend(e, node, count * sizeof(**ret));
    if (r == 0)
        *ret = arena_array(e->arena, count + 1, sizeof(**ret));
    return r;
}

static size_t count_of(const struct expr_value *value)
{
    return value->type == EXPR_ARRAY ? value->array.count : 0;
}

static size_t copy(struct expr_value *to, const struct expr_value *array)
{
    size_t count = count_of(array);
    if (count)
        memcpy(to, array->array.items, count * sizeof(*to));
    return count;
}

FUNCTION(arrays_add)
{
    struct expr_value *items = NULL;
    int r = make(e, node, count_of(&arguments[0]) + 1, &items);
    if (!items)
        return r;
    size_t count = copy(items, &arguments[0]);
    if (arguments[1].type != EXPR_ARRAY) /* arrays hold no arrays */
        items[count++] = arguments[1];
    return give(e, node, items, count, ret);
}

FUNCTION(arrays_remove)
{
    struct expr_value *items = NULL;
    size_t count = 0;
    int r = make(e, node, count_of(&arguments[0]), &items);
    for (size_t i = 0; items && i < count_of(&arguments[0]); i++)
        if (!value_equal(&arguments[0].array.items[i], &arguments[1]))
            items[count++] = arguments[0].array.items[i];
    return r < 0 ? r : give(e, node, items, count, ret);
}

FUNCTION(arrays_clear)
{
    (void)arguments;
    return give(e, node, NULL, 0, ret);
}

FUNCTION(arrays_get)
{
    (void)e;
    (void)node;
    int64_t at = arguments[1].type == EXPR_INTEGER ? arguments[1].integer : -1;
    *ret = at >= 0 && (size_t)at < count_of(&arguments[0]) ? arguments[0].array.items[at]
                                                           : (struct expr_value){.type = EXPR_NULL};
    return 0;
}

/* Values and the values of arrays, in order; nulls are left out. */
FUNCTION(arrays_flatten)
{
    size_t count = 0;
    for (size_t i = 0; i < node->count; i++)
        count += arguments[i].type == EXPR_ARRAY ? arguments[i].array.count : 1;
    struct expr_value *items = NULL;
    int r = make(e, node, count, &items);
    if (!items)
        return r;
    count = 0;
    for (size_t i = 0; i < node->count; i++) {
        if (arguments[i].type == EXPR_ARRAY)
            count += copy(items + count, &arguments[i]);
        else if (arguments[i].type != EXPR_NULL)
            items[count++] = arguments[i];
    }
    return give(e, node, items, count, ret);
}

FUNCTION(arrays_contains)
{
    bool found = false;
    size_t bytes = 0;
    for (size_t i = 0; !found && i < count_of(&arguments[0]); i++) {
        const struct expr_value *item = &arguments[0].array.items[i];
        bytes += sizeof(*item) + (item->type == EXPR_STRING ? strlen(item->text) : 0);
        found = value_equal(item, &arguments[1]);
    }
    *ret = value_boolean(found);
    return evaluation_spend(e, node, bytes);
}

FUNCTION(arrays_size)
{
    (void)e;
    (void)node;
    *ret = value_integer((int64_t)count_of(&arguments[0]));
    return 0;
}

FUNCTION(arrays_is_empty)
{
    (void)e;
    (void)node;
    *ret = value_boolean(count_of(&arguments[0]) == 0);
    return 0;
}

FUNCTION(arrays_to_csv)
{
    struct buf out;
    buf_init(&out, EXPR_TEXT_BYTES);
    int r = 0;
    for (size_t i = 0; r == 0 && i < count_of(&arguments[0]); i++) {
        const char *text = "";
        r = value_as_text(e, node, &arguments[0].array.items[i], &text);
        buf_str(&out, i ? "," : "");
        buf_str(&out, text);
    }
    char *text = NULL;
    if (r == 0)
        r = out.overflowed ? evaluation_limit(e, node, "a text becomes longer than 65536 bytes")
                           : evaluation_text(e, node, out.len, &text);
    if (text)
        memcpy(text, buf_text(&out), out.len);
    *ret = value_text(text);
    buf_free(&out);
    return r;
}
