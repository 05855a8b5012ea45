/* SPDX-License-Identifier: Apache-2.0 */
/* Push rules: stored, and turned into push mappings. */
#include "push/rule.h"

#include "base/limits.h"
#include "base/text.h"
#include "push/push_private.h"
#include "record/record.h"

#define SUBJECT "groupPushRule"
#define COLUMNS                                                                                                        \
    "rid, id, app_rid, name, status, group_match, group_value, text_match, text_value, members_wait, existing,"        \
    " retract, gone, created, last_updated"

SQL(RULE_BY_ID, "SELECT " COLUMNS " FROM push_rules WHERE id = $1");
SQL(RULE_BY_RID, "SELECT " COLUMNS " FROM push_rules WHERE rid = $1");
SQL(RULE_BY_NAME, "SELECT rid FROM push_rules WHERE app_rid = $1 AND name_key = $2");
SQL(RULES_OF_APP, "SELECT " COLUMNS " FROM push_rules WHERE app_rid = $1 AND rid > $2 AND status < 3"
                  " ORDER BY rid LIMIT $3");
SQL(RULES_OF_APP_COUNT, "SELECT count(*) FROM push_rules WHERE app_rid = $1");
SQL(RULES_ACTIVE, "SELECT " COLUMNS " FROM push_rules WHERE status = 1 AND rid > $1 ORDER BY rid LIMIT $2");
SQL(RULE_MAPPINGS, "SELECT count(*) FROM push_mappings WHERE rule_rid = $1");
SQL(RULE_INSERT, "INSERT INTO push_rules (id, app_rid, name, name_key, status, group_match, group_value, text_match,"
                 " text_value, members_wait, existing, retract, gone, created, last_updated)"
                 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $13) RETURNING rid");
SQL(RULE_UPDATE, "UPDATE push_rules SET name = $2, name_key = $3, status = $4, group_match = $5, group_value = $6,"
                 " text_match = $7, text_value = $8, members_wait = $9, existing = $10, retract = $11,"
                 " last_updated = $12 WHERE rid = $1");
SQL(RULE_SET_STATUS, "UPDATE push_rules SET status = $2, last_updated = $3 WHERE rid = $1");
/* The name is free again at once. */
SQL(RULE_BURY, "UPDATE push_rules SET status = 3, gone = $2, name_key = id WHERE rid = $1");
SQL(RULE_DELETE, "DELETE FROM push_rules WHERE rid = $1");
SQL(RULES_DELETE, "DELETE FROM push_rules WHERE app_rid = $1");

static void read_row(struct tx *tx, const struct query *query, struct push_rule *ret)
{
    *ret = (struct push_rule){
        .rid = query_int(query, 0),
        .id = push_text(tx, query, 1),
        .app_rid = query_int(query, 2),
        .name = push_text(tx, query, 3),
        .status = (enum push_rule_status)query_int(query, 4),
        .group = {.kind = (enum match_kind)query_int(query, 5), .value = push_text(tx, query, 6)},
        .description = {.kind = (enum match_kind)query_int(query, 7), .value = push_text(tx, query, 8)},
        .members_wait = query_int(query, 9) != 0,
        .existing = (enum existing_groups)query_int(query, 10),
        .retract = (enum retract)query_int(query, 11),
        .gone = (enum rule_gone)query_int(query, 12),
        .created = query_int(query, 13),
        .last_updated = query_int(query, 14)};
}

/* Takes the row of a query that tx_query_row() started with result `r`. */
static int read_one(struct tx *tx, struct query *query, int r, struct push_rule *ret)
{
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    read_row(tx, query, ret);
    query_close(query);
    return 0;
}

static int read_rows(struct tx *tx, struct query *query, int r, struct push_rule *ret)
{
    int count = 0;
    while (r >= 0 && (r = query_next(query)) > 0)
        read_row(tx, query, &ret[count++]);
    return r < 0 ? r : count;
}

int push_rule_by_id(struct tx *tx, int64_t app_rid, const char *id, struct push_rule *ret)
{
    struct query query;
    int r = read_one(tx, &query, tx_query_row(tx, &query, &RULE_BY_ID, T(id)), ret);
    return r == 0 && (ret->app_rid != app_rid || ret->status == PUSH_RULE_DELETED) ? ERR_NOT_FOUND : r;
}

int push_rule_by_rid(struct tx *tx, int64_t rid, struct push_rule *ret)
{
    struct query query;
    return read_one(tx, &query, tx_query_row(tx, &query, &RULE_BY_RID, I(rid)), ret);
}

int push_rule_list(struct tx *tx, int64_t app_rid, int64_t after, struct push_rule *ret, int limit)
{
    struct query query;
    return read_rows(tx, &query, tx_query(tx, &query, &RULES_OF_APP, I(app_rid), I(after), I(limit)), ret);
}

int64_t push_rule_mapping_count(struct tx *tx, int64_t rule_rid)
{
    int64_t count = 0;
    int r = tx_get_int(tx, &count, &RULE_MAPPINGS, I(rule_rid));
    return r < 0 ? r : count;
}

int push_rules_delete(struct tx *tx, int64_t app_rid)
{
    int r = tx_exec(tx, &RULES_DELETE, I(app_rid));
    return r < 0 ? r : 0;
}

/* --- events --------------------------------------------------------------------------------------------------------
 */

static int tell(struct tx *tx, const struct push_rule *rule, const struct group *group, const char *type,
                const char *message, enum severity severity)
{
    struct app app = {0};
    int r = app_by_rid(tx, rule->app_rid, &app);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    struct event event = {
        .type = type,
        .message = message,
        .severity = severity,
        .outcome = severity == SEVERITY_INFO ? NULL : "SKIPPED",
        .targets = {{.id = app.id, .type = "AppInstance", .alternate_id = app.label, .name = app.label},
                    {.id = rule->id, .type = "GroupPushRule", .name = rule->name}},
        .target_count = 2};
    if (group)
        event.targets[event.target_count++] =
            (struct event_target){.id = group->id, .type = "UserGroup", .name = group->name};
    return record_event(tx, &event);
}

/* What the log says of a group that got no mapping. `upsert`: the group changed, and not the rule (reference 5.1). */
static int tell_skipped(struct tx *tx, const struct push_rule *rule, const struct group *group,
                        enum rule_outcome outcome, bool upsert)
{
    if (outcome == RULE_MAPPED)
        return tell(tx, rule, group, "app.user_management.grouppush.mapping.created.from.rule.error.duplicate",
                    "Push rule made no mapping: the group is pushed already", SEVERITY_WARN);
    if (outcome == RULE_SAME_GROUP)
        return tell(tx, rule, group, "app.user_management.grouppush.mapping.created.from.rule.error.validation",
                    "Push rule made no mapping: the group is assigned to the app, and one group for both is refused",
                    SEVERITY_WARN);
    return tell(tx, rule, group,
                upsert ? "application.provision.group_push.mapping.created.from.rule.warning.upsertGroup.duplicate.name"
                       : "application.provision.group_push.mapping.created.from.rule.warning.duplicate.name",
                "Push rule made no mapping: the app has a group of this name", SEVERITY_WARN);
}

/* --- what an administrator does ------------------------------------------------------------------------------------
 */

static int check_criterion(const struct criterion *criterion, const char *field, struct problem *problem)
{
    bool none = criterion->kind == MATCH_NONE || criterion->kind == MATCH_EVERYTHING;
    if (none && *criterion->value)
        return problem_invalid(problem, SUBJECT, "%s.value: Must be left out with this operator.", field);
    if (!none && *criterion->value == '\0')
        return problem_invalid(problem, SUBJECT, "%s.value: The field cannot be left blank.", field);
    if (text_chars(criterion->value) > PUSH_RULE_VALUE_CHARS)
        return problem_invalid(problem, SUBJECT, "%s.value: Must have at most %d characters.", field,
                               PUSH_RULE_VALUE_CHARS);
    return 0;
}

static int check_rule(struct tx *tx, const struct app *app, int64_t own_rid, const struct push_rule *input,
                      struct problem *problem)
{
    if (*input->name == '\0' || text_chars(input->name) > PUSH_RULE_NAME_CHARS || text_has_control(input->name))
        return problem_invalid(problem, SUBJECT, "name: Must have 1 to %d characters and no control characters.",
                               PUSH_RULE_NAME_CHARS);
    if (input->group.kind == MATCH_NONE && input->description.kind == MATCH_NONE)
        return problem_invalid(problem, SUBJECT,
                               "groupName: Give groupName, groupDescription or both. For every group: groupName with "
                               "the operator EVERYTHING.");
    int r = check_criterion(&input->group, "groupName", problem);
    if (r == 0)
        r = check_criterion(&input->description, "groupDescription", problem);
    struct matcher *matcher = NULL;
    if (r == 0)
        r = matcher_new(&matcher, input, problem);
    matcher_free(matcher);
    int64_t other = 0;
    if (r == 0)
        r = tx_get_int(tx, &other, &RULE_BY_NAME, I(app->rid), T(text_fold(tx_arena(tx), input->name)));
    if (r == 1 && other != own_rid)
        return problem_invalid(problem, SUBJECT, "name: The app has a push rule of this name already.");
    return r < 0 ? r : 0;
}

/* Every group is looked at, and with `retract` every mapping of the rule. */
static int start_rule(struct tx *tx, const struct push_rule *rule)
{
    return work_add(tx, rule->app_rid, WORK_EXPAND_PUSH_RULE, rule->rid, WORK_FRESH);
}

int push_rule_create(struct tx *tx, const struct app *app, const struct push_rule *input, struct push_rule *ret,
                     struct problem *problem)
{
    int64_t rid = 0;
    int64_t count = 0;
    int r = check_rule(tx, app, 0, input, problem);
    if (r == 0)
        r = tx_get_int(tx, &count, &RULES_OF_APP_COUNT, I(app->rid));
    if (r >= 0 && count >= PUSH_RULES_PER_APP)
        return problem_invalid(problem, SUBJECT, "name: An app has at most %d push rules. Delete one first.",
                               PUSH_RULES_PER_APP);
    if (r >= 0)
        r = tx_get_int(tx, &rid, &RULE_INSERT, T(tx_id(tx, "gPr")), I(app->rid), T(input->name),
                       T(text_fold(tx_arena(tx), input->name)), I(input->status), I(input->group.kind),
                       T(input->group.value), I(input->description.kind), T(input->description.value),
                       I(input->members_wait), I(input->existing), I(input->retract), I(tx_now(tx)));
    if (r >= 0)
        r = push_rule_by_rid(tx, rid, ret);
    if (r >= 0 && ret->status == PUSH_RULE_ACTIVE)
        r = start_rule(tx, ret);
    return r < 0 ? r : tell(tx, ret, NULL, "application.lifecycle.update", "Create group push rule", SEVERITY_INFO);
}

int push_rule_replace(struct tx *tx, const struct app *app, struct push_rule *rule, const struct push_rule *input,
                      struct problem *problem)
{
    int r = check_rule(tx, app, rule->rid, input, problem);
    if (r >= 0)
        r = tx_exec(tx, &RULE_UPDATE, I(rule->rid), T(input->name), T(text_fold(tx_arena(tx), input->name)),
                    I(input->status), I(input->group.kind), T(input->group.value), I(input->description.kind),
                    T(input->description.value), I(input->members_wait), I(input->existing), I(input->retract),
                    I(tx_now(tx)));
    if (r >= 0)
        r = push_rule_by_rid(tx, rule->rid, rule);
    if (r >= 0 && rule->status == PUSH_RULE_ACTIVE)
        r = start_rule(tx, rule);
    return r < 0 ? r : tell(tx, rule, NULL, "application.lifecycle.update", "Update group push rule", SEVERITY_INFO);
}

int push_rule_set_status(struct tx *tx, struct push_rule *rule, enum push_rule_status status)
{
    bool changed = rule->status != status;
    rule->status = status;
    rule->last_updated = tx_now(tx);
    int r = tx_exec(tx, &RULE_SET_STATUS, I(rule->rid), I(status), I(tx_now(tx)));
    if (r >= 0 && status == PUSH_RULE_ACTIVE)
        r = start_rule(tx, rule);
    if (r < 0 || !changed)
        return r < 0 ? r : 0;
    return tell(tx, rule, NULL, "application.lifecycle.update",
                status == PUSH_RULE_ACTIVE ? "Activate group push rule" : "Deactivate group push rule", SEVERITY_INFO);
}

int push_rule_delete(struct tx *tx, struct push_rule *rule, enum rule_gone gone)
{
    int r = tx_exec(tx, &RULE_BURY, I(rule->rid), I(gone));
    if (r >= 0)
        r = work_delete(tx, rule->app_rid, WORK_EXPAND_PUSH_RULE, rule->rid);
    if (r >= 0)
        r = work_add(tx, rule->app_rid, WORK_EXPAND_PUSH_RULE_GONE, rule->rid, WORK_FRESH);
    if (r < 0)
        return r;
    if (gone == RULE_GONE_DELETE_GROUPS)
        return tell(tx, rule, NULL, "application.provision.group_push.mapping.and.groups.deleted.rule.deleted",
                    "Delete group push rule, its mappings and their groups in the app", SEVERITY_INFO);
    return tell(tx, rule, NULL, "application.lifecycle.update", "Delete group push rule", SEVERITY_INFO);
}

/* --- what a rule does ----------------------------------------------------------------------------------------------
 */

static int make_mapping(struct tx *tx, const struct push_rule *rule, const struct group *group)
{
    struct app app = {0};
    struct mapping mapping = {0};
    struct problem refused = {0};
    struct mapping_input input = {.target_group_name = group->name,
                                  .status = MAPPING_ACTIVE,
                                  .existing = EXISTING_DEFAULT,
                                  .rule_rid = rule->rid,
                                  .members_wait = rule->members_wait};
    int r = app_by_rid(tx, rule->app_rid, &app);
    if (r == 0)
        r = mapping_create(tx, &app, group, &input, &mapping, &refused);
    if (r == ERR_PROBLEM)
        return tell(tx, rule, group, "app.user_management.grouppush.mapping.created.from.rule.error.validation",
                    "Push rule made no mapping: it was refused", SEVERITY_WARN);
    if (r < 0)
        return r;
    return tell(tx, rule, group, "app.user_management.grouppush.mapping.created.from.rule",
                "Push rule made a group push mapping", SEVERITY_INFO);
}

static int apply(struct tx *tx, const struct push_rule *rule, const struct matcher *matcher, const struct group *group,
                 bool upsert)
{
    enum rule_outcome outcome = RULE_NO_MATCH;
    int r = matcher_judge(tx, matcher, group, &outcome);
    if (r < 0 || outcome == RULE_NO_MATCH || outcome == RULE_HAS_MAPPING)
        return r;
    if (outcome == RULE_CREATES || outcome == RULE_LINKS)
        return make_mapping(tx, rule, group);
    return tell_skipped(tx, rule, group, outcome, upsert);
}

/* The group of a mapping of the rule matches no longer: the mapping goes, if the rule says so. */
static int retract(struct tx *tx, const struct push_rule *rule, const struct matcher *matcher,
                   const struct group *group, struct mapping *mapping)
{
    enum rule_outcome outcome = RULE_NO_MATCH;
    if (rule->retract == RETRACT_NO)
        return 0;
    int r = matcher_judge(tx, matcher, group, &outcome);
    if (r < 0 || outcome != RULE_NO_MATCH)
        return r;
    return mapping_take_back(tx, mapping, rule->retract == RETRACT_DELETE);
}

static int look_at_group(struct tx *tx, const struct push_rule *rule, const struct group *group)
{
    struct matcher *matcher = NULL;
    struct mapping mapping = {0};
    struct problem refused = {0};
    int r = matcher_new(&matcher, rule, &refused); /* was checked when it was stored */
    if (r < 0)
        return r == ERR_PROBLEM ? ERR_CORRUPT : r;
    r = mapping_by_source(tx, rule->app_rid, group->rid, &mapping);
    if (r == 0 && mapping.rule_rid == rule->rid)
        r = retract(tx, rule, matcher, group, &mapping);
    else if (r == 0 || r == ERR_NOT_FOUND)
        r = apply(tx, rule, matcher, group, true);
    matcher_free(matcher);
    return r;
}

int push_rules_look_at(struct tx *tx, int64_t group_rid, int64_t after, int limit, int64_t *ret_last)
{
    struct push_rule *rules = arena_array(tx_arena(tx), (size_t)limit, sizeof(*rules));
    struct group group = {0};
    struct query query;
    int r = group_by_rid(tx, group_rid, &group);
    if (r < 0 || group.deleted || group.type != GROUP_OKTA)
        return r == ERR_NOT_FOUND || r == 0 ? 0 : r;
    int count = read_rows(tx, &query, tx_query(tx, &query, &RULES_ACTIVE, I(after), I(limit)), rules);
    for (int i = 0; i < count; i++) {
        r = look_at_group(tx, &rules[i], &group);
        if (r < 0)
            return r;
        *ret_last = rules[i].rid;
        (void)tx_spend(tx, 1);
    }
    return count < 0 ? count : count == limit;
}

/* --- expansions ----------------------------------------------------------------------------------------------------
 */

static int apply_chunk(struct tx *tx, const struct push_rule *rule, const struct matcher *matcher, struct work *work)
{
    int64_t *rids = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*rids));
    int count = group_rids(tx, GROUP_OKTA, work->cursor, rids, LIMIT_EXPAND_ROWS);
    int r = count;
    for (int i = 0; r >= 0 && i < count; i++) {
        struct group group = {0};
        r = group_by_rid(tx, rids[i], &group);
        if (r == 0)
            r = apply(tx, rule, matcher, &group, false);
        (void)tx_spend(tx, 1);
    }
    if (r < 0)
        return r;
    r = work_set_cursor(tx, work->rid, count == LIMIT_EXPAND_ROWS ? rids[count - 1] : -1);
    return r < 0 ? r : 1;
}

static int retract_chunk(struct tx *tx, const struct push_rule *rule, const struct matcher *matcher, struct work *work)
{
    struct mapping *mappings = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*mappings));
    int count = mapping_list_of_rule(tx, rule->rid, -work->cursor - 1, mappings, LIMIT_EXPAND_ROWS);
    int r = count;
    for (int i = 0; r >= 0 && i < count; i++) {
        struct group group = {0};
        r = group_by_rid(tx, mappings[i].source_rid, &group);
        if (r == 0)
            r = retract(tx, rule, matcher, &group, &mappings[i]);
        (void)tx_spend(tx, 1);
    }
    if (r < 0 || count < LIMIT_EXPAND_ROWS)
        return r < 0 ? r : 0;
    r = work_set_cursor(tx, work->rid, -mappings[count - 1].rid - 1);
    return r < 0 ? r : 1;
}

/* The cursor is a group's rid in the first pass, minus a mapping's rid minus one in the second. */
int push_rule_expand(struct tx *tx, struct work *work)
{
    struct push_rule rule = {0};
    struct matcher *matcher = NULL;
    struct problem refused = {0};
    int r = push_rule_by_rid(tx, work->object_rid, &rule);
    if (r < 0 || rule.status != PUSH_RULE_ACTIVE)
        return r == ERR_NOT_FOUND || r == 0 ? 0 : r;
    r = matcher_new(&matcher, &rule, &refused);
    if (r < 0)
        return r == ERR_PROBLEM ? ERR_CORRUPT : r;
    r = work->cursor >= 0 ? apply_chunk(tx, &rule, matcher, work) : retract_chunk(tx, &rule, matcher, work);
    matcher_free(matcher);
    return r;
}

int push_rule_gone_expand(struct tx *tx, struct work *work)
{
    struct push_rule rule = {0};
    struct mapping *mappings = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*mappings));
    int r = push_rule_by_rid(tx, work->object_rid, &rule);
    if (r < 0 || rule.status != PUSH_RULE_DELETED)
        return r == ERR_NOT_FOUND || r == 0 ? 0 : r;
    int count = mapping_list_of_rule(tx, rule.rid, 0, mappings, LIMIT_EXPAND_ROWS);
    r = count;
    for (int i = 0; r >= 0 && i < count; i++) {
        (void)tx_spend(tx, 1);
        if (rule.gone == RULE_GONE_KEEP)
            r = mapping_release_from_rule(tx, &mappings[i]);
        else
            r = mapping_take_back(tx, &mappings[i], rule.gone == RULE_GONE_DELETE_GROUPS);
    }
    if (r < 0 || count == LIMIT_EXPAND_ROWS)
        return r < 0 ? r : 1;
    r = tx_exec(tx, &RULE_DELETE, I(rule.rid));
    return r < 0 ? r : 0;
}

int push_group_rules_expand(struct tx *tx, struct work *work)
{
    int64_t last = work->cursor;
    int r = push_rules_look_at(tx, work->object_rid, work->cursor, LIMIT_EXPAND_ROWS, &last);
    if (r <= 0)
        return r;
    r = work_set_cursor(tx, work->rid, last);
    return r < 0 ? r : 1;
}
