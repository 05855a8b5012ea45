/* SPDX-License-Identifier: Apache-2.0 */
/* Group rules: what they are, how they are made, changed, activated and deleted. What they do is in rule_apply.c. */
#include "directory/rule_inner.h"

#include "base/limits.h"
#include "base/text.h"

SQL(RULE_BY_ID, "SELECT " RULE_COLUMNS " FROM group_rules r WHERE r.id = $1 AND r.deleted = 0");
SQL(RULE_BY_RID, "SELECT " RULE_COLUMNS " FROM group_rules r WHERE r.rid = $1");
SQL(RULES_AFTER, "SELECT " RULE_COLUMNS " FROM group_rules r WHERE r.deleted = 0 AND r.rid > $1 ORDER BY r.rid"
                 " LIMIT $2");
SQL(RULE_BY_NAME, "SELECT rid FROM group_rules WHERE name_key = $1 AND deleted = 0");
SQL_SCAN(RULE_COUNT, "at most LIMIT_RULES rows", "SELECT count(*) FROM group_rules WHERE deleted = 0");
SQL(RULE_INSERT, "INSERT INTO group_rules (id, name, name_key, status, expression, document, created, last_updated,"
                 " deleted, keep_users) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0) RETURNING rid");
SQL(RULE_UPDATE, "UPDATE group_rules SET name = $2, name_key = $3, status = $4, expression = $5, document = $6,"
                 " last_updated = $7 WHERE rid = $1");
SQL(RULE_SET_STATUS, "UPDATE group_rules SET status = $2, last_updated = $3 WHERE rid = $1");
SQL(RULE_SET_DOCUMENT, "UPDATE group_rules SET document = $2, last_updated = $3 WHERE rid = $1");
SQL(RULE_BURY, "UPDATE group_rules SET status = 1, deleted = $2, keep_users = $3, last_updated = $4 WHERE rid = $1");
SQL(RULE_KEY_ADD, "INSERT INTO group_rule_keys (key, rule_rid) VALUES ($1, $2) ON CONFLICT (key, rule_rid) DO NOTHING");
SQL(RULE_KEYS_DROP, "DELETE FROM group_rule_keys WHERE rule_rid = $1");
SQL(RULE_KEY_DROP, "DELETE FROM group_rule_keys WHERE rule_rid = $1 AND key = $2");
SQL(RULES_FILLING, "SELECT " RULE_COLUMNS " FROM group_rule_keys k JOIN group_rules r ON r.rid = k.rule_rid"
                   " WHERE k.key = $1 AND r.deleted = 0 ORDER BY r.rid LIMIT $2");
SQL(RULE_USER_EXISTS, "SELECT rid FROM users WHERE id = $1 AND deleted = 0");

const char *rule_status_name(enum rule_status status)
{
    return status == RULE_ACTIVE ? "ACTIVE" : status == RULE_INVALID ? "INVALID" : "INACTIVE";
}

struct event_target rule_target(const struct rule *rule)
{
    return (struct event_target){.id = rule->id, .type = "GroupRule", .name = rule->name};
}

/* --- rows ----------------------------------------------------------------------------------------------------------
 */

static const char **read_ids(struct arena *arena, const struct jval *list, size_t *ret_count)
{
    size_t count = jval_len(list);
    const char **ids = arena_array(arena, count + 1, sizeof(char *));
    for (size_t i = 0; i < count; i++)
        ids[i] = arena_strdup(arena, jval_str(jval_at(list, i)));
    *ret_count = count;
    return ids;
}

static int read_document(struct arena *arena, const char *text, struct rule *ret)
{
    struct jval *document CLEANUP(jval_freep) = NULL;
    if (jval_parse(&document, text, strlen(text), NULL) < 0)
        return ERR_CORRUPT;
    ret->users = read_ids(arena, jval_get(document, "users"), &ret->user_count);
    ret->groups = read_ids(arena, jval_get(document, "groups"), &ret->group_count);
    const struct jval *targets = jval_get(document, "targets");
    ret->target_count = jval_len(targets);
    ret->targets = arena_array(arena, ret->target_count + 1, sizeof(*ret->targets));
    for (size_t i = 0; i < ret->target_count; i++) {
        const struct jval *target = jval_at(targets, i);
        ret->targets[i] = (struct rule_group){.id = arena_strdup(arena, jval_get_str(target, "id")),
                                              .rid = jval_int(jval_get(target, "rid"), 0)};
    }
    return 0;
}

static struct jval *ids_json(const char *const *ids, size_t count)
{
    struct jval *list = jval_new_array();
    for (size_t i = 0; i < count; i++)
        jval_append(list, jval_new_str(ids[i]));
    return list;
}

static const char *document_text(struct arena *arena, const struct rule *rule)
{
    struct jval *document CLEANUP(jval_freep) = jval_new_object();
    struct jval *targets = jval_new_array();
    for (size_t i = 0; i < rule->target_count; i++) {
        struct jval *target = jval_new_object();
        jval_set_str(target, "id", rule->targets[i].id);
        jval_set(target, "rid", jval_new_int(rule->targets[i].rid));
        jval_append(targets, target);
    }
    jval_set(document, "targets", targets);
    jval_set(document, "users", ids_json(rule->users, rule->user_count));
    jval_set(document, "groups", ids_json(rule->groups, rule->group_count));
    return jval_text(arena, document, false);
}

int rule_from_row(struct arena *arena, const struct query *query, struct rule *ret)
{
    *ret = (struct rule){.rid = query_int(query, 0),
                         .id = arena_strdup(arena, query_text(query, 1)),
                         .name = arena_strdup(arena, query_text(query, 2)),
                         .status = (enum rule_status)query_int(query, 3),
                         .expression = arena_strdup(arena, query_text(query, 4)),
                         .created = query_int(query, 6),
                         .last_updated = query_int(query, 7),
                         .deleted = query_int(query, 8) != 0,
                         .keep_users = query_int(query, 9) != 0};
    return read_document(arena, query_text(query, 5), ret);
}

/* Takes the row of a query that tx_query_row() started with result `r`. */
static int take_rule(struct tx *tx, struct query *query, int r, struct rule *ret)
{
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    r = rule_from_row(tx_arena(tx), query, ret);
    query_close(query);
    return r;
}

int rule_by_id(struct tx *tx, const char *id, struct rule *ret)
{
    struct query query;
    return take_rule(tx, &query, tx_query_row(tx, &query, &RULE_BY_ID, T(id)), ret);
}

int rule_by_rid(struct tx *tx, int64_t rid, struct rule *ret)
{
    struct query query;
    return take_rule(tx, &query, tx_query_row(tx, &query, &RULE_BY_RID, I(rid)), ret);
}

/* There are few enough to look through them for a part of a name. */
int rule_list(struct tx *tx, const char *search, int64_t after, int limit,
              int (*each)(const struct rule *rule, void *data), void *data, int64_t *ret_next)
{
    const char *part = search ? text_fold(tx_arena(tx), search) : "";
    struct rule *found = arena_array(tx_arena(tx), (size_t)limit + 1, sizeof(*found));
    int count = 0;
    struct query query;
    int r = tx_query(tx, &query, &RULES_AFTER, I(after), I(LIMIT_RULES));
    while (r >= 0 && count <= limit && (r = query_next(&query)) > 0) {
        if (!*part || strstr(text_fold(tx_arena(tx), query_text(&query, 2)), part))
            r = rule_from_row(tx_arena(tx), &query, &found[count++]);
    }
    query_close(&query);
    *ret_next = count > limit ? found[limit - 1].rid : 0;
    for (int i = 0; r >= 0 && i < MIN_OF(count, limit); i++)
        r = each(&found[i], data);
    return r < 0 ? r : 0;
}

/* --- checking ------------------------------------------------------------------------------------------------------
 */

#define FIELD_EXPRESSION "conditions.expression.value"
#define FIELD_USERS "conditions.people.users.exclude"
#define FIELD_GROUPS "conditions.people.groups.exclude"
#define FIELD_TARGETS "actions.assignUserToGroups.groupIds"

static int compile(struct tx *tx, const struct schema *schema, const char *expression, const struct expr **ret,
                   struct expr_error *ret_error)
{
    const struct expr_scope scope = {.attribute = person_attribute,
                                     .data = (void *)(uintptr_t)schema,
                                     .families = EXPR_GROUPS,
                                     .place = "a group rule",
                                     .result = EXPR_BOOLEAN};
    struct expr_reads reads;
    int r = expr_compile(tx_arena(tx), expression, &scope, ret, ret_error);
    if (r < 0)
        return r;
    expr_reads(tx_arena(tx), *ret, &reads);
    for (size_t i = 0; i < reads.property_count; i++)
        if (strcmp(reads.properties[i], "lastUpdated") == 0) {
            *ret_error =
                (struct expr_error){.text = "lastUpdated changes with everything; a group rule cannot depend on it"};
            return ERR_SYNTAX;
        }
    return 0;
}

int rule_compile(struct tx *tx, const struct schema *schema, const char *expression, const struct expr **ret,
                 struct problem *problem)
{
    struct expr_error error;
    int r = compile(tx, schema, expression, ret, &error);
    return r == ERR_SYNTAX ? problem_invalid(problem, FIELD_EXPRESSION, FIELD_EXPRESSION ": %s", error.text) : r;
}

static bool is_listed(const char *const *ids, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(ids[i], id) == 0)
            return true;
    return false;
}

/* The texts of a list, each once. */
static int read_list(struct tx *tx, const struct jval *list, const char *field, size_t max, const char ***ret,
                     size_t *ret_count, struct problem *problem)
{
    size_t count = jval_len(list);
    const char **ids = arena_array(tx_arena(tx), count + 1, sizeof(char *));
    *ret_count = 0;
    *ret = ids;
    if (list && jval_type(list) != JVAL_ARRAY)
        return problem_invalid(problem, field, "%s: Give a list of ids", field);
    if (count > max)
        return problem_invalid(problem, field, "%s: There are %zu; at most %zu are possible", field, count, max);
    for (size_t i = 0; i < count; i++) {
        const char *id = jval_str(jval_at(list, i));
        if (!id)
            return problem_invalid(problem, field, "%s: Each value must be an id, as a text", field);
        if (!is_listed(ids, *ret_count, id))
            ids[(*ret_count)++] = arena_strdup(tx_arena(tx), id);
    }
    return 0;
}

/* People who were excluded before may be gone by now. */
static int check_users(struct tx *tx, const struct rule *rule, const struct rule *old, struct problem *problem)
{
    for (size_t i = 0; i < rule->user_count; i++) {
        int64_t rid = 0;
        if (old && is_listed(old->users, old->user_count, rule->users[i]))
            continue;
        int r = tx_get_int(tx, &rid, &RULE_USER_EXISTS, T(rule->users[i]));
        if (r == 0)
            return problem_invalid(problem, FIELD_USERS, FIELD_USERS ": There is no user with the id %.40s",
                                   rule->users[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

static int find_group(struct tx *tx, const char *id, const char *field, struct group *ret, struct problem *problem)
{
    int r = group_by_id(tx, id, ret);
    return r == ERR_NOT_FOUND ? problem_invalid(problem, field, "%s: There is no group with the id %.40s", field, id)
                              : r;
}

static int check_excluded_groups(struct tx *tx, const struct rule *rule, struct problem *problem)
{
    struct group group;
    int r = 0;
    for (size_t i = 0; r == 0 && i < rule->group_count; i++)
        r = find_group(tx, rule->groups[i], FIELD_GROUPS, &group, problem);
    return r;
}

static int read_targets(struct tx *tx, const struct rule_input *input, struct rule *ret, struct problem *problem)
{
    const char **ids = NULL;
    int r = read_list(tx, input->targets, FIELD_TARGETS, LIMIT_RULE_GROUPS, &ids, &ret->target_count, problem);
    if (r == 0 && ret->target_count == 0 && !input->trial)
        return problem_invalid(problem, FIELD_TARGETS, FIELD_TARGETS ": Name one group at least");
    ret->targets = arena_array(tx_arena(tx), ret->target_count + 1, sizeof(*ret->targets));
    for (size_t i = 0; r == 0 && i < ret->target_count; i++) {
        struct group group;
        r = find_group(tx, ids[i], FIELD_TARGETS, &group, problem);
        if (r == 0 && group.type != GROUP_OKTA)
            return problem_invalid(problem, FIELD_TARGETS,
                                   FIELD_TARGETS ": The group %s is of type %s; rules put people into groups of type "
                                                 "OKTA_GROUP only",
                                   ids[i], group_type_name(group.type));
        if (r == 0)
            ret->targets[i] = (struct rule_group){.id = ids[i], .rid = group.rid};
    }
    return r;
}

/* The groups that the condition names must be there, and be none of those that the rule fills. */
static int check_read_groups(struct tx *tx, const struct rule *rule, const struct expr *expr, struct problem *problem)
{
    struct expr_reads reads;
    expr_reads(tx_arena(tx), expr, &reads);
    for (size_t i = 0; i < reads.group_id_count; i++) {
        struct group group;
        int r = find_group(tx, reads.group_ids[i], FIELD_EXPRESSION, &group, problem);
        for (size_t k = 0; r == 0 && k < rule->target_count; k++)
            if (rule->targets[k].rid == group.rid)
                return problem_invalid(problem, FIELD_EXPRESSION,
                                       FIELD_EXPRESSION ": The condition asks for members of %s, which the rule itself "
                                                        "fills; use another group",
                                       reads.group_ids[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

int rule_check_expression(struct tx *tx, const char *expression, struct expr_error *ret_error)
{
    const struct rule fills_none = {0};
    const struct schema *schema = NULL;
    const struct expr *expr = NULL;
    struct problem problem = {0};
    int r = schema_load(tx, SCHEMA_USER, &schema);
    if (r == 0)
        r = compile(tx, schema, expression, &expr, ret_error);
    if (r == 0)
        r = check_read_groups(tx, &fills_none, expr, &problem);
    if (r != ERR_PROBLEM)
        return r;
    *ret_error = (struct expr_error){0};
    (void)snprintf(ret_error->text, sizeof(ret_error->text), "%.300s",
                   problem.causes[0] + strlen(FIELD_EXPRESSION ": "));
    return ERR_SYNTAX;
}

int rule_read_input(struct tx *tx, const struct rule_input *input, const struct rule *old, struct rule *ret,
                    const struct expr **ret_expr, struct problem *problem)
{
    const struct schema *schema = NULL;
    *problem = (struct problem){0};
    if (!input->expression)
        return problem_invalid(problem, FIELD_EXPRESSION, FIELD_EXPRESSION ": The field cannot be left blank");
    int r = schema_load(tx, SCHEMA_USER, &schema);
    if (r == 0)
        r = rule_compile(tx, schema, input->expression, ret_expr, problem);
    if (r == 0)
        r = read_list(tx, input->users, FIELD_USERS, LIMIT_RULE_EXCLUDED, &ret->users, &ret->user_count, problem);
    if (r == 0)
        r = check_users(tx, ret, old, problem);
    if (r == 0)
        r = read_list(tx, input->groups, FIELD_GROUPS, LIMIT_RULE_GROUPS, &ret->groups, &ret->group_count, problem);
    if (r == 0)
        r = check_excluded_groups(tx, ret, problem);
    if (r == 0)
        r = read_targets(tx, input, ret, problem);
    if (r == 0)
        r = check_read_groups(tx, ret, *ret_expr, problem);
    ret->expression = input->expression;
    return r;
}

static int check_name(struct tx *tx, const char *name, int64_t own_rid, struct problem *problem)
{
    int64_t rid = 0;
    if (!name || !name[0])
        return problem_invalid(problem, "name", "name: The field cannot be left blank");
    if (text_chars(name) > LIMIT_RULE_NAME_CHARS)
        return problem_invalid(problem, "name", "name: The field is too long (at most %d characters)",
                               LIMIT_RULE_NAME_CHARS);
    if (text_has_control(name))
        return problem_invalid(problem, "name", "name: Control characters are not allowed");
    int r = tx_get_int(tx, &rid, &RULE_BY_NAME, T(text_fold(tx_arena(tx), name)));
    if (r < 0 || r == 0 || rid == own_rid)
        return r < 0 ? r : 0;
    return problem_invalid(problem, "name",
                           "name: An object with this field already exists in the current organization");
}

/* --- making and changing -------------------------------------------------------------------------------------------
 */

static int add_key(struct tx *tx, const struct rule *rule, const char *kind, const char *value)
{
    int r = tx_exec(tx, &RULE_KEY_ADD, T(arena_printf(tx_arena(tx), "%s%s", kind, value)), I(rule->rid));
    return r < 0 ? r : 0;
}

static int store_keys(struct tx *tx, const struct rule *rule, const struct expr *expr)
{
    struct expr_reads reads;
    expr_reads(tx_arena(tx), expr, &reads);
    int r = tx_exec(tx, &RULE_KEYS_DROP, I(rule->rid));
    for (size_t i = 0; r >= 0 && i < reads.attribute_count; i++)
        r = add_key(tx, rule, "", reads.attributes[i]); /* "user.department" as it is */
    for (size_t i = 0; r >= 0 && i < reads.property_count; i++)
        r = add_key(tx, rule, RULE_KEY_PROPERTY, reads.properties[i]);
    for (size_t i = 0; r >= 0 && i < reads.group_id_count; i++)
        r = add_key(tx, rule, RULE_KEY_GROUP, reads.group_ids[i]);
    for (size_t i = 0; r >= 0 && i < rule->group_count; i++)
        r = add_key(tx, rule, RULE_KEY_GROUP, rule->groups[i]);
    if (r >= 0 && reads.group_names)
        r = add_key(tx, rule, RULE_KEY_GROUP, "*");
    for (size_t i = 0; r >= 0 && i < rule->target_count; i++)
        r = add_key(tx, rule, RULE_KEY_TARGET, rule->targets[i].id);
    rules_forget(tx);
    return r < 0 ? r : 0;
}

/* What administrators do to a rule itself has no published event. */
static int rule_event(struct tx *tx, const struct rule *rule, const char *type, const char *message)
{
    return directory_event(tx, type, message, rule_target(rule), NULL);
}

int rule_create(struct tx *tx, const struct rule_input *input, struct rule *ret, struct problem *problem)
{
    struct arena *arena = tx_arena(tx);
    const struct expr *expr = NULL;
    int64_t count = 0;
    struct rule rule = {.id = tx_id(tx, "0pr"),
                        .name = input->name,
                        .status = RULE_INACTIVE,
                        .created = tx_now(tx),
                        .last_updated = tx_now(tx)};
    int r = rule_read_input(tx, input, NULL, &rule, &expr, problem);
    if (r == 0)
        r = check_name(tx, input->name, 0, problem);
    if (r == 0)
        r = tx_get_int(tx, &count, &RULE_COUNT, NO_BINDS);
    if (r < 0)
        return r;
    if (count >= LIMIT_RULES)
        return problem_invalid(problem, "name", "name: There are %d rules, which is the most; delete one first",
                               LIMIT_RULES);
    r = tx_get_int(tx, &rule.rid, &RULE_INSERT, T(rule.id), T(rule.name), T(text_fold(arena, rule.name)),
                   I(rule.status), T(rule.expression), T(document_text(arena, &rule)), I(rule.created),
                   I(rule.last_updated));
    if (r >= 0)
        r = store_keys(tx, &rule, expr);
    if (r >= 0)
        r = rule_event(tx, &rule, "muster.group_rule.create", "Create group membership rule");
    if (r < 0)
        return r;
    *ret = rule;
    return 0;
}

static bool same_targets(const struct rule *a, const struct rule *b)
{
    size_t found = 0;
    for (size_t i = 0; i < a->target_count; i++)
        for (size_t k = 0; k < b->target_count; k++)
            found += a->targets[i].rid == b->targets[k].rid;
    return a->target_count == b->target_count && found == a->target_count;
}

int rule_replace(struct tx *tx, struct rule *rule, const struct rule_input *input, struct problem *problem)
{
    const struct expr *expr = NULL;
    struct rule new = *rule;
    *problem = (struct problem){0};
    if (rule->status == RULE_ACTIVE)
        return problem_invalid(problem, "status", "status: The rule is ACTIVE; deactivate it first");
    int r = rule_read_input(tx, input, rule, &new, &expr, problem);
    if (r == 0)
        r = check_name(tx, input->name, rule->rid, problem);
    if (r < 0)
        return r;
    if (!same_targets(rule, &new))
        return problem_invalid(problem, FIELD_TARGETS,
                               FIELD_TARGETS ": The groups of a rule cannot be changed; make another rule");
    new.name = input->name;
    new.status = RULE_INACTIVE;
    new.last_updated = tx_now(tx);
    r = tx_exec(tx, &RULE_UPDATE, I(new.rid), T(new.name), T(text_fold(tx_arena(tx), new.name)), I(new.status),
                T(new.expression), T(document_text(tx_arena(tx), &new)), I(new.last_updated));
    if (r >= 0)
        r = store_keys(tx, &new, expr);
    if (r >= 0)
        r = rule_event(tx, &new, "muster.group_rule.update", "Update group membership rule");
    if (r < 0)
        return r;
    *rule = new;
    return 0;
}

int rule_store_document(struct tx *tx, const struct rule *rule)
{
    rules_forget(tx);
    int r = tx_exec(tx, &RULE_SET_DOCUMENT, I(rule->rid), T(document_text(tx_arena(tx), rule)), I(tx_now(tx)));
    return r < 0 ? r : 0;
}

static const char *target_key(struct tx *tx, const struct group *group)
{
    return arena_printf(tx_arena(tx), RULE_KEY_TARGET "%s", group->id);
}

int rules_filling(struct tx *tx, const struct group *group, struct rule *ret, int limit)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &RULES_FILLING, T(target_key(tx, group)), I(limit));
    while (r >= 0 && count < limit && (r = query_next(&query)) > 0)
        r = rule_from_row(tx_arena(tx), &query, &ret[count++]);
    query_close(&query);
    return r < 0 ? r : count;
}

int rule_add_target(struct tx *tx, struct rule *rule, const struct group *group, struct problem *problem)
{
    if (rule->target_count >= LIMIT_RULE_GROUPS)
        return problem_invalid(problem, FIELD_TARGETS,
                               FIELD_TARGETS ": The rule \"%s\" fills %d groups, which is the most", rule->name,
                               LIMIT_RULE_GROUPS);
    struct rule_group *targets = arena_array(tx_arena(tx), rule->target_count + 1, sizeof(*targets));
    for (size_t i = 0; i < rule->target_count; i++)
        targets[i] = rule->targets[i];
    targets[rule->target_count++] = (struct rule_group){.id = group->id, .rid = group->rid};
    rule->targets = targets;
    int r = rule_store_document(tx, rule);
    if (r == 0)
        r = tx_exec(tx, &RULE_KEY_ADD, T(target_key(tx, group)), I(rule->rid));
    if (r >= 0 && rule->status == RULE_ACTIVE)
        r = tx_change(tx, (struct change){.kind = CHANGE_RULE_ACTIVATED, .subject = rule->rid});
    return r < 0 ? r : rule_event(tx, rule, "muster.group_rule.update", "Update group membership rule");
}

int rule_drop_target(struct tx *tx, struct rule *rule, const struct group *group)
{
    size_t kept = 0;
    for (size_t i = 0; i < rule->target_count; i++)
        if (rule->targets[i].rid != group->rid)
            rule->targets[kept++] = rule->targets[i];
    if (kept == rule->target_count)
        return 0;
    rule->target_count = kept;
    int r = rule_store_document(tx, rule);
    if (r == 0)
        r = tx_exec(tx, &RULE_KEY_DROP, I(rule->rid), T(target_key(tx, group)));
    return r < 0 ? r : rule_event(tx, rule, "muster.group_rule.update", "Update group membership rule");
}

static int set_status(struct tx *tx, struct rule *rule, enum rule_status status)
{
    rules_forget(tx);
    int r = tx_exec(tx, &RULE_SET_STATUS, I(rule->rid), I(status), I(tx_now(tx)));
    rule->status = status;
    rule->last_updated = tx_now(tx);
    return r < 0 ? r : 0;
}

/* What an INVALID rule names may be there again, or not. */
int rule_activate(struct tx *tx, struct rule *rule, struct problem *problem)
{
    const struct schema *schema = NULL;
    const struct expr *expr = NULL;
    *problem = (struct problem){0};
    if (rule->status == RULE_ACTIVE)
        return 0;
    int r = schema_load(tx, SCHEMA_USER, &schema);
    if (r == 0)
        r = rule_compile(tx, schema, rule->expression, &expr, problem);
    for (size_t i = 0; r == 0 && i < rule->target_count; i++) {
        struct group group;
        r = find_group(tx, rule->targets[i].id, FIELD_TARGETS, &group, problem);
    }
    if (r == 0)
        r = check_excluded_groups(tx, rule, problem);
    if (r == 0)
        r = check_read_groups(tx, rule, expr, problem);
    if (r == 0)
        r = set_status(tx, rule, RULE_ACTIVE);
    if (r == 0)
        r = tx_change(tx, (struct change){.kind = CHANGE_RULE_ACTIVATED, .subject = rule->rid});
    return r < 0 ? r : rule_event(tx, rule, "group.user_membership.rule.trigger", "Trigger group membership rule");
}

int rule_deactivate(struct tx *tx, struct rule *rule)
{
    if (rule->status != RULE_ACTIVE)
        return 0;
    int r = set_status(tx, rule, RULE_INACTIVE);
    return r < 0 ? r
                 : rule_event(tx, rule, "group.user_membership.rule.deactivated", "Deactivate group membership rule");
}

int rule_invalidate(struct tx *tx, const struct rule *rule, const char *reason)
{
    struct rule invalid = *rule;
    int r = set_status(tx, &invalid, RULE_INVALID);
    if (r < 0)
        return r;
    return record_event(tx, &(struct event){.type = "group.user_membership.rule.invalidate",
                                            .message = "Invalidate group membership rule",
                                            .severity = SEVERITY_WARN,
                                            .reason = reason,
                                            .targets = {rule_target(rule)},
                                            .target_count = 1});
}

int rule_delete(struct tx *tx, struct rule *rule, bool remove_users)
{
    rules_forget(tx);
    int r = tx_exec(tx, &RULE_BURY, I(rule->rid), I(MAX_OF(tx_now(tx), (int64_t)1)), I(!remove_users), I(tx_now(tx)));
    if (r >= 0)
        r = tx_exec(tx, &RULE_KEYS_DROP, I(rule->rid));
    if (r >= 0)
        r = tx_change(tx, (struct change){.kind = CHANGE_RULE_DELETED, .subject = rule->rid});
    rule->deleted = true;
    return r < 0 ? r : rule_event(tx, rule, "muster.group_rule.delete", "Delete group membership rule");
}
