/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions: what parses is printed as something that parses to an equal tree; what is refused says where and why;
 * what compiles evaluates within its limits to a value of the type that the check promised. The type of an attribute is
 * chosen by the first letter of its name.
 */
#include "fuzz.h"

#include "base/text.h"
#include "expr/inner.h"

static bool find_attribute(void *data, const char *object, const char *name, enum expr_type *ret_type,
                           enum expr_type *ret_items)
{
    static const enum expr_type types[] = {EXPR_STRING, EXPR_INTEGER, EXPR_NUMBER, EXPR_BOOLEAN, EXPR_ARRAY};
    (void)data;
    if (strcmp(object, "user") != 0)
        return false;
    *ret_type = types[(unsigned char)name[0] % ARRAY_LEN(types)];
    *ret_items = types[(unsigned char)name[0] % 4];
    return true;
}

/* A value that is nearly always of the type; else null, or one of another type. */
static int give_attribute(void *data, const char *object, const char *name, struct expr_value *ret)
{
    static const struct expr_value items[] = {{.type = EXPR_STRING, .text = "a"}, {.type = EXPR_INTEGER, .integer = 1}};
    enum expr_type type = EXPR_NULL;
    enum expr_type ignored = EXPR_NULL;
    (void)data;
    (void)find_attribute(NULL, object, name, &type, &ignored);
    *ret = (struct expr_value){.type = strlen(name) % 5 == 4 ? EXPR_NULL : strlen(name) % 5 == 3 ? EXPR_STRING : type};
    if (ret->type == EXPR_STRING)
        ret->text = "S\xc3\xa3o Paulo, \"x\" 12";
    else if (ret->type == EXPR_INTEGER)
        ret->integer = INT64_MAX - (int64_t)strlen(name) + 1;
    else if (ret->type == EXPR_NUMBER)
        ret->number = 1e308;
    else if (ret->type == EXPR_BOOLEAN)
        ret->boolean = true;
    else if (ret->type == EXPR_ARRAY) {
        ret->array.items = items;
        ret->array.count = ARRAY_LEN(items);
    }
    return 0;
}

static int give_property(void *data, const char *name, struct expr_value *ret)
{
    (void)data;
    *ret = (struct expr_value){.type = EXPR_STRING, .text = name};
    return 0;
}

static int give_groups(void *data, const struct expr_group **ret, size_t *ret_count)
{
    static const struct expr_group groups[] = {{"00g1", "Sales"}, {"00g2", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"}};
    (void)data;
    *ret = groups;
    *ret_count = ARRAY_LEN(groups);
    return 0;
}

static void check_value(const struct expr_value *value, enum expr_type type)
{
    assert(value->type == EXPR_NULL || type == EXPR_ANY || value->type == type ||
           (type == EXPR_NUMBER && value->type == EXPR_INTEGER));
    if (value->type == EXPR_STRING)
        assert(strlen(value->text) <= EXPR_TEXT_BYTES && text_is_utf8(value->text, strlen(value->text)));
    for (size_t i = 0; value->type == EXPR_ARRAY && i < value->array.count; i++)
        assert(value->array.items[i].type != EXPR_ARRAY);
}

static void check_error(const struct expr_error *error)
{
    assert(error->position >= 1 && strncmp(error->text, "position ", 9) == 0);
}

static void check_print(struct arena *arena, const struct expr *expr)
{
    const struct expr *again = NULL;
    struct expr_error error;
    struct buf first;
    struct buf second;
    buf_init(&first, (size_t)16 * EXPR_SOURCE_BYTES);
    buf_init(&second, (size_t)16 * EXPR_SOURCE_BYTES);
    expr_print(expr, &first);
    if (first.len <= EXPR_SOURCE_BYTES) {
        int r = expr_parse(arena, buf_text(&first), &again, &error);
        assert(r == 0 && expr_equal(expr, again));
        expr_print(again, &second);
        assert(strcmp(buf_text(&first), buf_text(&second)) == 0);
    }
    buf_free(&first);
    buf_free(&second);
}

static void check_evaluation(struct arena *arena, const struct expr *expr)
{
    const struct expr_facts facts = {
        .attribute = give_attribute, .property = give_property, .groups = give_groups, .now = 1438363117979};
    struct expr_error error;
    struct expr_value value;
    struct expr_reads reads;
    expr_reads(arena, expr, &reads);
    size_t before = arena_used(arena);
    int r = expr_evaluate(expr, arena, &facts, &value, &error);
    assert(r == 0 || r == ERR_TOO_LARGE);
    assert(arena_used(arena) - before < (size_t)8 * EXPR_WORK_BYTES);
    if (r == 0)
        check_value(&value, expr->type);
    else
        check_error(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const struct expr_scope scope = {.attribute = find_attribute,
                                     .families = EXPR_CONVERT | EXPR_TIME | EXPR_GROUPS,
                                     .place = "a test",
                                     .result = EXPR_ANY};
    struct arena *arena = arena_new();
    const char *source = arena_strndup(arena, (const char *)bytes, n);
    const struct expr *expr = NULL;
    struct expr_error error;
    if (expr_parse(arena, source, &expr, &error) == 0)
        check_print(arena, expr);
    else
        check_error(&error);
    if (expr_compile(arena, source, &scope, &expr, &error) == 0)
        check_evaluation(arena, expr);
    else
        check_error(&error);
    arena_free(arena);
    return 0;
}
