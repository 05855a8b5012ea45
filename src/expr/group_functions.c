/* SPDX-License-Identifier: Apache-2.0 */
/* isMemberOf...: questions about the groups that the person is in. Names compare as they are written. */
#include "expr/inner.h"

enum test { TEST_ID, TEST_NAME, TEST_STARTS, TEST_CONTAINS, TEST_MATCHES };

static int test_group(struct evaluation *e, const struct expr *node, const struct expr_group *group, enum test test,
                      const char *text)
{
    switch (test) {
    case TEST_ID:
        return strcmp(group->id, text) == 0;
    case TEST_NAME:
        return strcmp(group->name, text) == 0;
    case TEST_STARTS:
        return strncmp(group->name, text, strlen(text)) == 0;
    case TEST_CONTAINS:
        return strstr(group->name, text) != NULL;
    case TEST_MATCHES:
    default:
        return evaluation_matches(e, node, group->name);
    }
}

static int any_group(struct evaluation *e, const struct expr *node, enum test test, const struct expr_value *argument,
                     struct expr_value *ret)
{
    if (ret->type == EXPR_BOOLEAN && ret->boolean)
        return 0;
    *ret = value_boolean(false);
    if (argument->type != EXPR_STRING)
        return 0;
    int r = evaluation_groups(e);
    for (size_t i = 0; r == 0 && i < e->group_count; i++) {
        r = evaluation_spend(e, node, strlen(e->groups[i].name));
        if (r == 0)
            r = test_group(e, node, &e->groups[i], test, argument->text);
    }
    *ret = value_boolean(r > 0);
    return r < 0 ? r : 0;
}

FUNCTION(group_any_function)
{
    *ret = value_boolean(false);
    int r = 0;
    for (size_t i = 0; r == 0 && i < node->count; i++)
        r = any_group(e, node, TEST_ID, &arguments[i], ret);
    return r;
}

FUNCTION(group_by_id_function)
{
    *ret = value_boolean(false);
    return any_group(e, node, TEST_ID, &arguments[0], ret);
}

FUNCTION(group_name_is)
{
    *ret = value_boolean(false);
    return any_group(e, node, TEST_NAME, &arguments[0], ret);
}

FUNCTION(group_name_starts)
{
    *ret = value_boolean(false);
    return any_group(e, node, TEST_STARTS, &arguments[0], ret);
}

FUNCTION(group_name_contains)
{
    *ret = value_boolean(false);
    return any_group(e, node, TEST_CONTAINS, &arguments[0], ret);
}

FUNCTION(group_name_matches)
{
    *ret = value_boolean(false);
    return any_group(e, node, TEST_MATCHES, &arguments[0], ret);
}
