/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of separations: rows, what is refused, the plan, beginning and taking back. */
#include "push/separation.h"

#include "base/limits.h"
#include "base/text.h"
#include "push/push_private.h"
#include "push/rule.h"
#include "push/separation_private.h"

#define COLUMNS                                                                                                        \
    "rid, id, app_rid, source_rid, new_rid, solution, carry_rules, status, step, position, copied, created, ended,"    \
    " error, priority, profile, follow_name"

const char separation_tables[] = "CREATE TABLE separations ("
                                 " rid INTEGER PRIMARY KEY,"
                                 " id TEXT NOT NULL UNIQUE,"
                                 " app_rid BIGINT NOT NULL,"
                                 " source_rid BIGINT NOT NULL,"
                                 " new_rid BIGINT NOT NULL,"
                                 " solution INTEGER NOT NULL," /* enum separation_solution */
                                 " carry_rules INTEGER NOT NULL,"
                                 " status INTEGER NOT NULL," /* enum separation_status */
                                 " step INTEGER NOT NULL,"   /* enum separation_step */
                                 " position BIGINT NOT NULL DEFAULT 0,"
                                 " copied BIGINT NOT NULL DEFAULT 0,"
                                 " created BIGINT NOT NULL,"
                                 " ended BIGINT NOT NULL DEFAULT 0,"
                                 " error TEXT,"
                                 " priority INTEGER NOT NULL DEFAULT 0,"     /* of the assignment of the old group */
                                 " profile TEXT,"                            /* likewise; NULL: it was not assigned */
                                 " follow_name INTEGER NOT NULL DEFAULT 0);" /* of the mapping */
                                 "CREATE INDEX separations_app ON separations (app_rid, rid);"
                                 "CREATE INDEX separations_open ON separations (source_rid, rid) WHERE ended = 0;"
                                 "CREATE INDEX separations_open_new ON separations (new_rid, rid) WHERE ended = 0;";

SQL(SEPARATION_BY_ID, "SELECT " COLUMNS " FROM separations WHERE id = $1 AND app_rid = $2");
SQL(SEPARATION_BY_RID, "SELECT " COLUMNS " FROM separations WHERE rid = $1");
SQL(SEPARATIONS_OF_APP,
    "SELECT " COLUMNS " FROM separations WHERE app_rid = $1 AND rid < $2 ORDER BY rid DESC LIMIT $3");
SQL(SEPARATIONS_ALL, "SELECT " COLUMNS " FROM separations WHERE rid < $1 ORDER BY rid DESC LIMIT $2");
SQL(SEPARATIONS_OPEN, "SELECT " COLUMNS " FROM separations WHERE source_rid = $1 AND ended = 0 AND rid > $2"
                      " ORDER BY rid LIMIT 1");
SQL(SEPARATIONS_OPEN_NEW, "SELECT " COLUMNS " FROM separations WHERE new_rid = $1 AND ended = 0 AND rid > $2"
                          " ORDER BY rid LIMIT 1");
SQL(SEPARATION_INSERT, "INSERT INTO separations (id, app_rid, source_rid, new_rid, solution, carry_rules, status, step,"
                       " created, priority, profile, follow_name)"
                       " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING rid");
SQL(SEPARATION_UPDATE,
    "UPDATE separations SET status = $2, step = $3, position = $4, copied = $5, ended = $6, error = $7"
    " WHERE rid = $1");
SQL(SEPARATIONS_DELETE, "DELETE FROM separations WHERE app_rid = $1");

const char *separation_solution_name(enum separation_solution solution)
{
    return solution == SOLUTION_PUSH ? "PUSH" : "ASSIGNMENT";
}

const char *separation_status_name(enum separation_status status)
{
    static const char *const names[] = {[SEPARATION_RUNNING] = "RUNNING",
                                        [SEPARATION_UNDOING] = "UNDOING",
                                        [SEPARATION_DONE] = "DONE",
                                        [SEPARATION_UNDONE] = "UNDONE",
                                        [SEPARATION_FAILED] = "FAILED"};
    return names[status];
}

const char *separation_step_name(enum separation_step step)
{
    static const char *const names[] = {
        [STEP_RULES] = "RULES",     [STEP_COPY] = "COPY",     [STEP_SWITCH] = "SWITCH",    [STEP_SPREAD] = "SPREAD",
        [STEP_LEAVE] = "LEAVE",     [STEP_SETTLE] = "SETTLE", [STEP_BACK] = "BACK",        [STEP_BACK_SPREAD] = "BACK",
        [STEP_BACK_LEAVE] = "BACK", [STEP_REMOVE] = "REMOVE", [STEP_BACK_SETTLE] = "BACK", [STEP_END] = "END"};
    return names[step];
}

/* --- rows ----------------------------------------------------------------------------------------------------------
 */

static void read_row(struct tx *tx, const struct query *query, struct kept_separation *ret)
{
    ret->what = (struct separation){.rid = query_int(query, 0),
                                    .id = push_text(tx, query, 1),
                                    .app_rid = query_int(query, 2),
                                    .source_rid = query_int(query, 3),
                                    .new_rid = query_int(query, 4),
                                    .solution = (enum separation_solution)query_int(query, 5),
                                    .carry_rules = query_int(query, 6) != 0,
                                    .status = (enum separation_status)query_int(query, 7),
                                    .step = (enum separation_step)query_int(query, 8),
                                    .cursor = query_int(query, 9),
                                    .copied = query_int(query, 10),
                                    .created = query_int(query, 11),
                                    .ended = query_int(query, 12),
                                    .error = push_text(tx, query, 13)};
    ret->priority = (int)query_int(query, 14);
    ret->profile = push_text(tx, query, 15);
    ret->follow_name = query_int(query, 16) != 0;
}

/* Takes the row of a query that tx_query_row() started with result `r`. */
static int read_one(struct tx *tx, struct query *query, int r, struct kept_separation *ret)
{
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    read_row(tx, query, ret);
    query_close(query);
    return 0;
}

int separation_by_id(struct tx *tx, int64_t app_rid, const char *id, struct separation *ret)
{
    struct query query;
    struct kept_separation kept;
    int r = read_one(tx, &query, tx_query_row(tx, &query, &SEPARATION_BY_ID, T(id), I(app_rid)), &kept);
    if (r == 0)
        *ret = kept.what;
    return r;
}

int separation_read(struct tx *tx, int64_t rid, struct kept_separation *ret)
{
    struct query query;
    return read_one(tx, &query, tx_query_row(tx, &query, &SEPARATION_BY_RID, I(rid)), ret);
}

int separation_open(struct tx *tx, int64_t group_rid, bool as_new, int64_t after, struct kept_separation *ret)
{
    struct query query;
    struct sql *sql = as_new ? &SEPARATIONS_OPEN_NEW : &SEPARATIONS_OPEN;
    return read_one(tx, &query, tx_query_row(tx, &query, sql, I(group_rid), I(after)), ret);
}

int separation_list(struct tx *tx, int64_t app_rid, int64_t before, struct separation *ret, int limit)
{
    struct query query;
    int count = 0;
    int r = app_rid ? tx_query(tx, &query, &SEPARATIONS_OF_APP, I(app_rid), I(before), I(limit))
                    : tx_query(tx, &query, &SEPARATIONS_ALL, I(before), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        struct kept_separation kept;
        read_row(tx, &query, &kept);
        ret[count++] = kept.what;
    }
    return r < 0 ? r : count;
}

int separation_store(struct tx *tx, const struct separation *separation)
{
    int r = tx_exec(tx, &SEPARATION_UPDATE, I(separation->rid), I(separation->status), I(separation->step),
                    I(separation->cursor), I(separation->copied), I(separation->ended), T(separation->error));
    return MIN_OF(r, 0);
}

int separations_delete_app(struct tx *tx, int64_t app_rid)
{
    int r = tx_exec(tx, &SEPARATIONS_DELETE, I(app_rid));
    return MIN_OF(r, 0);
}

int separation_event(struct tx *tx, const struct separation *separation, const char *type, const char *message,
                     const char *reason)
{
    struct app app = {0};
    struct group source = {0};
    struct group new = {0};
    int r = app_by_rid(tx, separation->app_rid, &app);
    if (r == 0)
        r = group_by_rid(tx, separation->source_rid, &source);
    if (r == 0)
        r = group_by_rid(tx, separation->new_rid, &new);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    const struct event event = {
        .type = type,
        .message = message,
        .severity = reason ? SEVERITY_WARN : SEVERITY_INFO,
        .outcome = reason ? "FAILURE" : NULL,
        .reason = reason,
        .targets = {{.id = app.id, .type = "AppInstance", .alternate_id = app.label, .name = app.label},
                    {.id = source.id, .type = "UserGroup", .name = source.name},
                    {.id = new.id, .type = "UserGroup", .name = new.name}},
        .target_count = 3};
    return record_event(tx, &event);
}

/* --- what is refused -----------------------------------------------------------------------------------------------
 */

/* Would an ACTIVE push rule of the app push a group like this one? 1: `*ret` is the rule. */
static int find_push_rule(struct tx *tx, int64_t app_rid, const struct group *group, struct push_rule *ret,
                          struct problem *problem)
{
    struct push_rule *rules = arena_array(tx_arena(tx), SEPARATION_RULES, sizeof(*rules));
    for (int64_t after = 0;;) {
        int count = push_rule_list(tx, app_rid, after, rules, SEPARATION_RULES);
        for (int i = 0; i < count; i++) {
            struct matcher *matcher = NULL;
            enum rule_outcome outcome = RULE_NO_MATCH;
            after = rules[i].rid;
            if (rules[i].status != PUSH_RULE_ACTIVE)
                continue;
            int r = matcher_new(&matcher, &rules[i], problem);
            if (r == 0)
                r = matcher_judge(tx, matcher, group, &outcome);
            matcher_free(matcher);
            *ret = rules[i];
            if (r < 0 || outcome != RULE_NO_MATCH)
                return r < 0 ? r : 1;
        }
        if (count < SEPARATION_RULES)
            return MIN_OF(count, 0);
    }
}

/* A push rule that matches the new group would push it by itself, and an app would see something after all. */
static int check_push_rules(struct tx *tx, const struct group *group, const char *name, struct problem *problem)
{
    const struct group new = {.type = GROUP_OKTA, .name = name, .description = group->description};
    struct push_rule rule = {0};
    struct app app = {0};
    int64_t app_rid = 0;
    for (;;) {
        int r = app_rids(tx, app_rid, &app_rid, 1);
        if (r <= 0)
            return r;
        r = find_push_rule(tx, app_rid, &new, &rule, problem);
        if (r > 0)
            r = app_by_rid(tx, app_rid, &app);
        else if (r == 0)
            continue;
        return r < 0 ? r
                     : problem_invalid(problem, "name",
                                       "name: The push rule \"%s\" of the app \"%s\" would push a group of this name "
                                       "and description by itself; choose a name that it does not match, or deactivate "
                                       "the rule",
                                       rule.name, app.label);
    }
}

static int check_name(struct tx *tx, const char *name, struct problem *problem)
{
    struct group other;
    if (!name || !*name)
        return problem_invalid(problem, "name", "name: The field cannot be left blank; name the new group");
    if (text_has_control(name) || text_chars(name) > LIMIT_NAME_CHARS)
        return problem_invalid(problem, "name", "name: Give 1 to %d characters, without control characters",
                               LIMIT_NAME_CHARS);
    int r = group_by_name(tx, name, &other);
    if (r == 0)
        return problem_invalid(problem, "name", "name: There is a group of this name already (%s)", other.id);
    return r == ERR_NOT_FOUND ? 0 : r;
}

static int check_open(struct tx *tx, const struct group *group, struct problem *problem)
{
    struct kept_separation other;
    int r = separation_open(tx, group->rid, false, 0, &other);
    if (r == ERR_NOT_FOUND)
        r = separation_open(tx, group->rid, true, 0, &other);
    if (r == ERR_NOT_FOUND)
        return 0;
    return r < 0 ? r
                 : problem_invalid(problem, "groupId",
                                   "groupId: The group is being parted already (%s); wait for its end, or undo it",
                                   other.what.id);
}

static int check_group(const struct group *group, const struct separation_input *input, struct problem *problem)
{
    if (group->type == GROUP_APP)
        return problem_invalid(problem, "groupId", "groupId: %s is a group of an app; name the group of the directory",
                               group->id);
    if (group->type == GROUP_BUILT_IN && input->carry_rules)
        return problem_invalid(
            problem, "rules",
            "rules: No rule fills %s; with COPY_ONCE the new group gets who is in it now, and nobody "
            "who comes later",
            group->name);
    return 0;
}

static int check_use(const struct group *group, const struct separation_input *input,
                     const struct separation_plan *plan, struct problem *problem)
{
    if (input->solution == SOLUTION_ASSIGNMENT && !plan->is_assigned)
        return problem_invalid(problem, "groupId", "groupId: The app is not assigned to %s; there is nothing to move",
                               group->name);
    if (input->solution == SOLUTION_PUSH && !plan->is_pushed)
        return problem_invalid(problem, "groupId", "groupId: %s is not pushed to the app; there is nothing to move",
                               group->name);
    if (input->solution == SOLUTION_PUSH && plan->mapping.rule_rid)
        return problem_invalid(
            problem, "groupId",
            "groupId: %s is pushed by a push rule, which would push it again; change the rule, or use "
            "the solution ASSIGNMENT",
            group->name);
    return 0;
}

/* --- the plan ------------------------------------------------------------------------------------------------------
 */

int separation_has_app(struct tx *tx, int64_t app_rid, int64_t user_rid)
{
    enum account_scope scope = SCOPE_NONE;
    const char *external_id = NULL;
    bool ready = false;
    enum user_status status = USER_DEPROVISIONED;
    bool deleted = true;
    int r = user_state(tx, user_rid, &status, &deleted);
    if (r == 0 && !deleted && status != USER_DEPROVISIONED)
        r = account_state(tx, app_rid, user_rid, &scope, &external_id, &ready);
    return r == ERR_NOT_FOUND ? 0 : r < 0 ? r : scope != SCOPE_NONE;
}

static bool any_active(const struct separation_plan *plan)
{
    for (int i = 0; i < plan->rule_count; i++)
        if (plan->rules[i].status == RULE_ACTIVE)
            return true;
    return false;
}

static int plan_member(struct tx *tx, const struct app *app, const struct group *group, int64_t user_rid, bool rules,
                       int left_max, struct separation_plan *plan)
{
    plan->members++;
    int r = separation_has_app(tx, app->rid, user_rid);
    if (r > 0) {
        int direct = rules ? member_is_direct(tx, group->rid, user_rid) : 1;
        plan->copied += direct > 0;
        plan->by_rules += direct == 0;
        return MIN_OF(direct, 0);
    }
    if (r < 0)
        return r;
    if (plan->left_out++ >= left_max)
        return 0;
    r = account_user(tx, user_rid, &plan->left[plan->left_count]);
    plan->left_count += r == 0;
    return r;
}

static int plan_members(struct tx *tx, const struct app *app, const struct group *group, bool rules, int left_max,
                        struct separation_plan *plan)
{
    int64_t *users = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*users));
    plan->left = arena_array(tx_arena(tx), (size_t)left_max + 1, sizeof(*plan->left));
    for (int64_t after = 0;;) {
        int count = group_member_rids(tx, group->rid, after, users, LIMIT_EXPAND_ROWS);
        for (int i = 0; i < count; i++) {
            int r = plan_member(tx, app, group, users[i], rules, left_max, plan);
            if (r < 0)
                return r;
            after = users[i];
        }
        if (count < LIMIT_EXPAND_ROWS)
            return MIN_OF(count, 0);
    }
}

/* Everything but who is in the group. */
static int look(struct tx *tx, const struct app *app, const struct group *group, const struct separation_input *input,
                struct separation_plan *ret, struct problem *problem)
{
    *ret = (struct separation_plan){0};
    int r = check_group(group, input, problem);
    if (r == 0)
        r = check_open(tx, group, problem);
    if (r < 0)
        return r;
    r = app_group_get(tx, app->rid, group->rid, &ret->assignment);
    ret->is_assigned = r == 0;
    if (r == 0 || r == ERR_NOT_FOUND)
        r = mapping_by_source(tx, app->rid, group->rid, &ret->mapping);
    ret->is_pushed = r == 0;
    if (r == 0 || r == ERR_NOT_FOUND)
        r = check_use(group, input, ret, problem);
    if (r < 0)
        return r;
    r = check_name(tx, input->name, problem);
    if (r == 0)
        r = check_push_rules(tx, group, input->name, problem);
    if (r < 0)
        return r;
    ret->rules = arena_array(tx_arena(tx), SEPARATION_RULES + 1, sizeof(*ret->rules));
    ret->rule_count = rules_filling(tx, group, ret->rules, SEPARATION_RULES + 1);
    if (ret->rule_count > SEPARATION_RULES)
        return problem_invalid(problem, "groupId",
                               "groupId: More than %d rules fill the group; at most so many are "
                               "carried over",
                               SEPARATION_RULES);
    return MIN_OF(ret->rule_count, 0);
}

int separation_plan(struct tx *tx, const struct app *app, const struct group *group,
                    const struct separation_input *input, int left_max, struct separation_plan *ret,
                    struct problem *problem)
{
    int r = look(tx, app, group, input, ret, problem);
    return r < 0 ? r : plan_members(tx, app, group, input->carry_rules && any_active(ret), left_max, ret);
}

/* --- beginning and taking back --------------------------------------------------------------------------------------
 */

static int make_group(struct tx *tx, const struct group *group, const char *name, struct group *ret,
                      struct problem *problem)
{
    struct jval *profile CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(profile, "name", name);
    if (group->description)
        jval_set_str(profile, "description", group->description);
    return group_create(tx, profile, ret, problem);
}

int separation_start(struct tx *tx, const struct app *app, const struct group *group,
                     const struct separation_input *input, struct separation *ret, struct problem *problem)
{
    struct separation_plan plan;
    struct kept_separation kept;
    struct group new = {0};
    int64_t rid = 0;
    int r = look(tx, app, group, input, &plan, problem);
    if (r == 0)
        r = make_group(tx, group, input->name, &new, problem);
    for (int i = 0; r == 0 && input->carry_rules && i < plan.rule_count; i++)
        r = rule_add_target(tx, &plan.rules[i], &new, problem);
    if (r < 0)
        return r;
    bool assigned = input->solution == SOLUTION_ASSIGNMENT;
    r = tx_get_int(tx, &rid, &SEPARATION_INSERT, T(tx_id(tx, "sep")), I(app->rid), I(group->rid), I(new.rid),
                   I(input->solution), I(input->carry_rules), I(SEPARATION_RUNNING), I(STEP_RULES), I(tx_now(tx)),
                   I(assigned ? plan.assignment.priority : 0), T(assigned ? plan.assignment.profile : NULL),
                   I(!assigned && plan.mapping.follow_name));
    if (r >= 0)
        r = separation_read(tx, rid, &kept);
    if (r >= 0)
        r = work_add(tx, 0, WORK_EXPAND_SEPARATION, rid, WORK_FRESH);
    if (r < 0)
        return r;
    *ret = kept.what;
    return separation_event(tx, ret, "muster.group.separation.start", "Begin to part a group into two", NULL);
}

int separation_undo(struct tx *tx, struct separation *separation, struct problem *problem)
{
    if (separation->status == SEPARATION_UNDOING)
        return 0;
    if (separation->ended)
        return problem_invalid(problem, "separationId",
                               "separationId: It has ended (%s); part the new group, or assign and push the old one "
                               "again by hand",
                               separation_status_name(separation->status));
    separation->status = SEPARATION_UNDOING;
    separation->step = STEP_BACK;
    separation->cursor = 0;
    separation->ended = 0;
    int r = separation_store(tx, separation);
    if (r == 0)
        r = work_add(tx, 0, WORK_EXPAND_SEPARATION, separation->rid, WORK_FRESH);
    return r < 0 ? r
                 : separation_event(tx, separation, "muster.group.separation.undo", "Take the parting of a group back",
                                    NULL);
}
