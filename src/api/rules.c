/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/groups/rules (published; docs/published.md A20), and what Muster adds: who a rule would match. */
#include "api/objects.h"
#include "app/work.h"
#include "base/limits.h"
#include "directory/rule.h"

#define PAGE_RULES 50   /* rules of a page unless told otherwise, as published */
#define PAGE_PREVIEW 20 /* people that a preview shows unless told otherwise */
#define EXPRESSION_TYPE "urn:okta:expression:1.0"

static int find_rule(struct tx *tx, struct call *call, struct rule *ret)
{
    int r = rule_by_id(tx, call->params[0], ret);
    return r == ERR_NOT_FOUND ? call_not_found(call, call->params[0], "GroupRule") : r;
}

/* --- showing -------------------------------------------------------------------------------------------------------
 */

struct listing {
    struct tx *tx;
    struct call *call;
    bool names; /* expand=groupIdToGroupNameMap */
};

static void write_ids(struct jout *out, const char *key, const char *const *ids, size_t count)
{
    jout_object(out, key);
    jout_array(out, "exclude");
    for (size_t i = 0; i < count; i++)
        jout_str(out, NULL, ids[i]);
    jout_end(out);
    jout_end(out);
}

static void write_conditions(struct jout *out, const struct rule *rule)
{
    jout_object(out, "conditions");
    jout_object(out, "people");
    write_ids(out, "users", rule->users, rule->user_count);
    write_ids(out, "groups", rule->groups, rule->group_count);
    jout_end(out);
    jout_object(out, "expression");
    jout_str(out, "value", rule->expression);
    jout_str(out, "type", EXPRESSION_TYPE);
    jout_end(out);
    jout_end(out);
}

static void write_actions(struct jout *out, const struct rule *rule)
{
    jout_object(out, "actions");
    jout_object(out, "assignUserToGroups");
    jout_array(out, "groupIds");
    for (size_t i = 0; i < rule->target_count; i++)
        jout_str(out, NULL, rule->targets[i].id);
    jout_end(out);
    jout_end(out);
    jout_end(out);
}

static int write_names(struct listing *l, const struct rule *rule)
{
    struct jout *out = &l->call->out;
    jout_object(out, "_embedded");
    jout_object(out, "groupIdToGroupNameMap");
    for (size_t i = 0; i < rule->target_count; i++) {
        struct group group;
        int r = group_by_rid(l->tx, rule->targets[i].rid, &group);
        if (r == 0)
            jout_str(out, rule->targets[i].id, group.name);
        if (r < 0 && r != ERR_NOT_FOUND)
            return r;
    }
    jout_end(out);
    jout_end(out);
    return 0;
}

static int write_rule(const struct rule *rule, void *data)
{
    struct listing *l = data;
    struct jout *out = &l->call->out;
    jout_object(out, NULL);
    jout_str(out, "type", "group_rule");
    jout_str(out, "id", rule->id);
    jout_str(out, "status", rule_status_name(rule->status));
    jout_str(out, "name", rule->name);
    jout_time(out, "created", rule->created);
    jout_time(out, "lastUpdated", rule->last_updated);
    write_conditions(out, rule);
    write_actions(out, rule);
    jout_bool(out, "allGroupsValid", rule->status != RULE_INVALID);
    struct work work;
    int waits = work_find(l->tx, 0, WORK_EXPAND_RULE, rule->rid, &work);
    jout_bool(out, "evaluated", waits == 0); /* an addition: false while an activation goes through everybody */
    int r = waits < 0 ? waits : l->names ? write_names(l, rule) : 0;
    jout_end(out);
    return r;
}

static int read_expand(struct call *call, struct listing *ret)
{
    const char *text = call_query(call, "expand");
    if (text && *text && !str_eq(text, "groupIdToGroupNameMap"))
        return call_invalid(call, "expand", "The value \"%.40s\" is not groupIdToGroupNameMap", text);
    ret->names = text && *text;
    return 0;
}

/* groupId=, an addition: the rules that fill a group, on one page. */
static int list_filling(struct listing *l, const char *group_id)
{
    struct group group = {0};
    struct rule *rules = arena_array(l->call->arena, LIMIT_PAGE_RULES, sizeof(*rules));
    int r = group_by_id(l->tx, group_id, &group);
    if (r == ERR_NOT_FOUND)
        return call_not_found(l->call, group_id, "UserGroup");
    int count = r < 0 ? r : rules_filling(l->tx, &group, rules, LIMIT_PAGE_RULES);
    if (count < 0)
        return count;
    jout_array(&l->call->out, NULL);
    for (int i = 0; r == 0 && i < count; i++)
        r = write_rule(&rules[i], l);
    jout_end(&l->call->out);
    call_page_links(l->call, NULL);
    return r;
}

static int list_rules(struct tx *tx, struct call *call)
{
    struct listing l = {.tx = tx, .call = call};
    const char *group_id = call_query(call, "groupId");
    struct page page = {0};
    int64_t after = 0;
    int64_t next = 0;
    int r = read_expand(call, &l);
    if (r == 0 && group_id && *group_id)
        return list_filling(&l, group_id);
    if (r == 0)
        r = call_page(call, PAGE_RULES, LIMIT_PAGE_RULES, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &after);
    if (r < 0)
        return r;
    jout_array(&call->out, NULL);
    r = rule_list(tx, call_query(call, "search"), after, page.limit, write_rule, &l, &next);
    jout_end(&call->out);
    if (r == 0)
        call_page_links(call, next ? arena_printf(call->arena, "%lld", (long long)next) : NULL);
    return r;
}

static int get_rule(struct tx *tx, struct call *call)
{
    struct listing l = {.tx = tx, .call = call};
    struct rule rule = {0};
    int r = read_expand(call, &l);
    if (r == 0)
        r = find_rule(tx, call, &rule);
    return r < 0 ? r : write_rule(&rule, &l);
}

/* --- making and changing -------------------------------------------------------------------------------------------
 */

static int check_type(struct call *call, const struct jval *object, const char *key, const char *field,
                      const char *wanted)
{
    const struct jval *type = jval_get(object, key);
    if (!type || jval_type(type) == JVAL_NULL || str_eq(jval_str(type), wanted))
        return 0;
    return call_invalid(call, field, "The only type is %s", wanted);
}

/* What is not of its type counts as absent where that is refused with better words. */
static int read_input(struct call *call, struct rule_input *ret)
{
    const struct jval *body = NULL;
    int r = call_body_object(call, &body);
    if (r == 0)
        r = check_type(call, body, "type", "type", "group_rule");
    const struct jval *expression = jval_path(body, "conditions.expression");
    if (r == 0)
        r = check_type(call, expression, "type", "conditions.expression.type", EXPRESSION_TYPE);
    if (r < 0)
        return r;
    *ret = (struct rule_input){.name = jval_get_str(body, "name"),
                               .expression = jval_get_str(expression, "value"),
                               .users = jval_path(body, "conditions.people.users.exclude"),
                               .groups = jval_path(body, "conditions.people.groups.exclude"),
                               .targets = jval_path(body, "actions.assignUserToGroups.groupIds")};
    return 0;
}

static int create_rule(struct tx *tx, struct call *call)
{
    struct listing l = {.tx = tx, .call = call};
    struct rule_input input = {0};
    struct rule rule = {0};
    int r = read_input(call, &input);
    if (r == 0)
        r = rule_create(tx, &input, &rule, &call->problem);
    return r < 0 ? r : write_rule(&rule, &l);
}

static int replace_rule(struct tx *tx, struct call *call)
{
    struct listing l = {.tx = tx, .call = call};
    struct rule_input input = {0};
    struct rule rule = {0};
    int r = read_input(call, &input);
    if (r == 0)
        r = find_rule(tx, call, &rule);
    if (r == 0)
        r = rule_replace(tx, &rule, &input, &call->problem);
    return r < 0 ? r : write_rule(&rule, &l);
}

static int delete_rule(struct tx *tx, struct call *call)
{
    struct rule rule = {0};
    bool remove_users = false;
    int r = call_query_bool(call, "removeUsers", false, &remove_users);
    if (r == 0)
        r = find_rule(tx, call, &rule);
    if (r == 0)
        r = rule_delete(tx, &rule, remove_users);
    call->status = 202;
    return r;
}

static int activate_rule(struct tx *tx, struct call *call)
{
    struct rule rule = {0};
    int r = call_body_optional(call);
    if (r == 0)
        r = find_rule(tx, call, &rule);
    if (r == 0)
        r = rule_activate(tx, &rule, &call->problem);
    call->status = 204;
    return r;
}

static int deactivate_rule(struct tx *tx, struct call *call)
{
    struct rule rule = {0};
    int r = call_body_optional(call);
    if (r == 0)
        r = find_rule(tx, call, &rule);
    if (r == 0)
        r = rule_deactivate(tx, &rule);
    call->status = 204;
    return r;
}

/* --- trying out ----------------------------------------------------------------------------------------------------
 */

static int write_match(const struct user *user, void *data)
{
    struct call *call = data;
    jout_object(&call->out, NULL);
    jout_str(&call->out, "id", user->id);
    jout_str(&call->out, "login", user->login);
    jout_str(&call->out, "name", user->name);
    jout_str(&call->out, "status", user_status_name(user->status));
    jout_end(&call->out);
    return 0;
}

static int preview_rule(struct tx *tx, struct call *call)
{
    struct rule_input input = {0};
    struct rule_preview preview = {0};
    struct page page = {0};
    int64_t after = 0;
    int r = read_input(call, &input);
    input.trial = true;
    if (r == 0)
        r = call_page(call, PAGE_PREVIEW, LIMIT_PAGE_RULES, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &after);
    if (r < 0)
        return r;
    jout_object(&call->out, NULL);
    jout_array(&call->out, "users");
    r = rule_preview(tx, &input, after, page.limit, write_match, call, &preview, &call->problem);
    jout_end(&call->out);
    jout_int(&call->out, "looked", preview.looked);
    jout_int(&call->out, "matched", preview.matched);
    jout_int(&call->out, "failed", preview.failed);
    jout_bool(&call->out, "complete", preview.next == 0);
    jout_end(&call->out);
    if (r == 0)
        call_page_links(call, preview.next ? arena_printf(call->arena, "%lld", (long long)preview.next) : NULL);
    return r;
}

static int check_rule(struct tx *tx, struct call *call)
{
    const struct jval *body = NULL;
    struct expr_error error;
    int r = call_body_object(call, &body);
    if (r < 0)
        return r;
    const char *expression = jval_get_str(body, "expression");
    if (!expression)
        return call_invalid(call, "expression", "Give the expression as a text");
    return object_check(call, rule_check_expression(tx, expression, &error), &error);
}

#define RULES "/api/v1/groups/rules"
#define RULE "/api/v1/groups/rules/{groupRuleId}"

const struct route rule_routes[] = {
    {"GET", RULES, ROUTE_READ, ROLE_READ_ONLY, list_rules, "listGroupRules", NULL},
    {"POST", RULES, ROUTE_WRITE, ROLE_OPERATOR, create_rule, "createGroupRule", NULL},
    {"POST", RULES "/preview", ROUTE_READ, ROLE_READ_ONLY, preview_rule, "previewGroupRule", NULL},
    {"POST", RULES "/check", ROUTE_READ, ROLE_READ_ONLY, check_rule, "checkGroupRuleExpression", NULL},
    {"GET", RULE, ROUTE_READ, ROLE_READ_ONLY, get_rule, "getGroupRule", NULL},
    {"PUT", RULE, ROUTE_WRITE, ROLE_OPERATOR, replace_rule, "replaceGroupRule", NULL},
    {"DELETE", RULE, ROUTE_WRITE, ROLE_OPERATOR, delete_rule, "deleteGroupRule", NULL},
    {"POST", RULE "/lifecycle/activate", ROUTE_WRITE, ROLE_OPERATOR, activate_rule, "activateGroupRule", NULL},
    {"POST", RULE "/lifecycle/deactivate", ROUTE_WRITE, ROLE_OPERATOR, deactivate_rule, "deactivateGroupRule", NULL},
    {.method = NULL},
};
