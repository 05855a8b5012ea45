/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /api/v1/apps/{appId}/group-push/separations: one group for assignment and push becomes two. Our own: the published
 * product describes both solutions and leaves the work to the administrator.
 */
#include "push/separation.h"

#include "api/app_objects.h"
#include "api/objects.h"
#include "base/limits.h"

#define SEPARATIONS "/api/v1/apps/{appId}/group-push/separations"
#define SEPARATION SEPARATIONS "/{separationId}"
#define PAGE_DEFAULT 20
#define PAGE_MAX 200
#define LEFT_OUT_SHOWN 200 /* people without the app whom a plan names */
#define WAIT_MS 30000      /* milliseconds that ?wait=true waits */

static const char *const solution_names[] = {
    [0] = NULL, [SOLUTION_ASSIGNMENT] = "ASSIGNMENT", [SOLUTION_PUSH] = "PUSH"};
static const char *const rules_names[] = {"COPY_ONCE", "CARRY_OVER"};

static void write_group(struct call *call, const char *key, const struct group *group)
{
    struct jout *out = &call->out;
    jout_object(out, key);
    jout_str(out, "id", group->id);
    jout_str(out, "name", group->name);
    jout_end(out);
}

static int write_separation(struct tx *tx, struct call *call, const struct app *app, const struct separation *what)
{
    struct jout *out = &call->out;
    struct group source = {0};
    struct group new = {0};
    bool ended = what->ended != 0;
    jout_object(out, NULL);
    jout_str(out, "id", what->id);
    jout_str(out, "appId", app->id);
    jout_str(out, "appLabel", app->label);
    jout_str(out, "status", separation_status_name(what->status));
    jout_str(out, "step", separation_step_name(what->step));
    jout_str(out, "solution", separation_solution_name(what->solution));
    jout_str(out, "rules", rules_names[what->carry_rules]);
    int r = group_by_rid(tx, what->source_rid, &source);
    if (r == 0)
        write_group(call, "group", &source);
    if (r == 0 || r == ERR_NOT_FOUND)
        r = group_by_rid(tx, what->new_rid, &new);
    if (r == 0)
        write_group(call, "newGroup", &new);
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    jout_int(out, "copied", what->copied);
    jout_str_opt(out, "error", what->error);
    jout_time(out, "created", what->created);
    if (ended)
        jout_time(out, "ended", what->ended);
    const char *self = call_link(call, "/api/v1/apps/%s/group-push/separations/%s", app->id, what->id);
    jout_object(out, "_links");
    object_link(call, "self", self, NULL);
    if (!ended && what->status != SEPARATION_UNDOING)
        object_link(call, "undo", arena_printf(call->arena, "%s/undo", self), "POST");
    jout_end(out);
    jout_end(out);
    return 0;
}

/* --- the plan ------------------------------------------------------------------------------------------------------
 */

static void write_steps(struct jout *out, const struct separation_input *input, const struct separation_plan *plan,
                        struct arena *arena)
{
    jout_array(out, "steps");
    jout_str(out, NULL, arena_printf(arena, "Create the group \"%s\"", input->name));
    if (input->carry_rules && plan->rule_count)
        jout_str(
            out, NULL,
            arena_printf(arena, "Let %d group rule%s feed it too", plan->rule_count, plan->rule_count == 1 ? "" : "s"));
    jout_str(out, NULL,
             arena_printf(arena, "Add %lld member%s to it who %s the app", (long long)plan->copied,
                          plan->copied == 1 ? "" : "s", plan->copied == 1 ? "has" : "have"));
    if (input->solution == SOLUTION_ASSIGNMENT) {
        jout_str(out, NULL, "Assign the app to it, with the same priority and profile");
        jout_str(out, NULL, "Wait until that has reached every account");
        jout_str(out, NULL, "End the app's assignment to the old group, which stays pushed");
    } else {
        jout_str(out, NULL, "Make it the source of the push mapping; the app's group keeps its name and members");
        jout_str(out, NULL, "The old group stays assigned to the app");
    }
    jout_end(out);
}

static void write_left_out(struct jout *out, const struct separation_plan *plan)
{
    jout_array(out, "leftOut");
    for (int i = 0; i < plan->left_count; i++) {
        jout_object(out, NULL);
        jout_str(out, "userId", plan->left[i].id);
        jout_str(out, "login", plan->left[i].login);
        jout_str(out, "status", user_status_name(plan->left[i].status));
        jout_end(out);
    }
    jout_end(out);
}

static void write_rules(struct jout *out, const struct separation_plan *plan)
{
    jout_array(out, "groupRules");
    for (int i = 0; i < plan->rule_count; i++) {
        jout_object(out, NULL);
        jout_str(out, "id", plan->rules[i].id);
        jout_str(out, "name", plan->rules[i].name);
        jout_str(out, "status", rule_status_name(plan->rules[i].status));
        jout_end(out);
    }
    jout_end(out);
}

/* What the target will see: nothing. What waits for it already is told, so that nobody takes it for a part of this. */
static int write_target(struct tx *tx, struct jout *out, const struct separation_plan *plan)
{
    struct mapping_state state = {0};
    int r = plan->is_pushed ? mapping_state(tx, &plan->mapping, &state) : 0;
    if (r < 0)
        return r;
    jout_object(out, "target");
    static const char *const kinds[] = {"activations", "deactivations", "additions", "removals", "profileChanges"};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        jout_int(out, kinds[i], 0);
    jout_int(out, "waitingAlready", state.members_pending);
    jout_end(out);
    return 0;
}

static int write_plan(struct tx *tx, struct call *call, const struct group *group, const struct separation_input *input,
                      const struct separation_plan *plan)
{
    struct jout *out = &call->out;
    jout_object(out, NULL);
    jout_bool(out, "dryRun", true);
    jout_str(out, "solution", separation_solution_name(input->solution));
    jout_str(out, "rules", rules_names[input->carry_rules]);
    write_group(call, "group", group);
    jout_object(out, "newGroup");
    jout_str(out, "name", input->name);
    jout_end(out);
    write_steps(out, input, plan, call->arena);
    jout_object(out, "members");
    jout_int(out, "total", plan->members);
    jout_int(out, "copied", plan->copied);
    jout_int(out, "byRules", plan->by_rules);
    jout_int(out, "leftOut", plan->left_out);
    jout_end(out);
    write_left_out(out, plan);
    write_rules(out, plan);
    if (plan->is_assigned) {
        jout_object(out, "assignment");
        jout_int(out, "priority", plan->assignment.priority);
        jout_raw(out, "profile", plan->assignment.profile);
        jout_end(out);
    }
    if (plan->is_pushed) {
        jout_object(out, "mapping");
        jout_str(out, "mappingId", plan->mapping.id);
        jout_end(out);
    }
    int r = write_target(tx, out, plan);
    jout_end(out);
    return r;
}

/* --- handlers ----------------------------------------------------------------------------------------------------- */

static int read_input(struct tx *tx, struct call *call, struct group *ret_group, struct separation_input *ret)
{
    const struct jval *body;
    const char *group_id = NULL;
    int solution = 0;
    int rules = 1;
    int r = call_body_object(call, &body);
    if (r == 0)
        r = field_string(call, body, "groupId", &group_id);
    if (r >= 0)
        r = field_string(call, body, "name", &ret->name);
    if (r >= 0)
        r = field_choice(call, body, "solution", solution_names, ARRAY_LEN(solution_names), &solution);
    if (r >= 0)
        r = field_choice(call, body, "rules", rules_names, ARRAY_LEN(rules_names), &rules);
    if (r < 0)
        return r;
    if (!solution)
        return call_invalid(call, "solution",
                            "Give ASSIGNMENT (a new group for the assignment) or PUSH (a new group "
                            "for the push mapping)");
    if (!group_id)
        return call_invalid(call, "groupId", "The field cannot be left blank; name the group that is used for both");
    ret->solution = (enum separation_solution)solution;
    ret->carry_rules = rules == 1;
    r = group_by_id(tx, group_id, ret_group);
    return r == ERR_NOT_FOUND ? call_not_found(call, group_id, "UserGroup") : r;
}

static int start(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct group group = {0};
    struct separation_input input = {0};
    struct separation_plan plan = {0};
    struct separation separation = {0};
    bool dry = false;
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = call_query_bool(call, "dryRun", false, &dry);
    if (r == 0)
        r = read_input(tx, call, &group, &input);
    if (r == 0 && dry) {
        r = separation_plan(tx, &app, &group, &input, LEFT_OUT_SHOWN, &plan, &call->problem);
        return r < 0 ? r : write_plan(tx, call, &group, &input, &plan);
    }
    if (r == 0)
        r = separation_start(tx, &app, &group, &input, &separation, &call->problem);
    if (r < 0)
        return r;
    call->status = 201;
    return write_separation(tx, call, &app, &separation);
}

/* `app` NULL: of all apps. */
static int write_separations(struct tx *tx, struct call *call, const struct app *app)
{
    struct page page = {0};
    struct separation found[PAGE_MAX + 1];
    int r = call_page(call, PAGE_DEFAULT, PAGE_MAX, &page);
    if (r < 0)
        return r;
    int64_t before = page.after ? strtoll(page.after, NULL, 10) : INT64_MAX;
    int count = separation_list(tx, app ? app->rid : 0, before, found, page.limit + 1);
    jout_array(&call->out, NULL);
    r = MIN_OF(count, 0);
    for (int i = 0; r == 0 && i < MIN_OF(count, page.limit); i++) {
        struct app of = app ? *app : (struct app){0};
        r = app ? 0 : app_by_rid(tx, found[i].app_rid, &of);
        if (r == 0)
            r = write_separation(tx, call, &of, &found[i]);
    }
    jout_end(&call->out);
    call_page_links(call, count > page.limit ? arena_printf(call->arena, "%lld", (long long)found[page.limit - 1].rid)
                                             : NULL);
    return r;
}

static int list(struct tx *tx, struct call *call)
{
    struct app app = {0};
    int r = find_app(tx, call, &app);
    return r < 0 ? r : write_separations(tx, call, &app);
}

static int list_all(struct tx *tx, struct call *call)
{
    return write_separations(tx, call, NULL);
}

static int find(struct tx *tx, struct call *call, struct app *ret_app, struct separation *ret)
{
    int r = find_app(tx, call, ret_app);
    if (r == 0)
        r = separation_by_id(tx, ret_app->rid, call->params[1], ret);
    return r == ERR_NOT_FOUND ? call_not_found(call, call->params[1], "GroupSeparation") : r;
}

static int get(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct separation separation = {0};
    bool wait = false;
    int r = call_query_bool(call, "wait", false, &wait);
    if (r == 0)
        r = find(tx, call, &app, &separation);
    if (r < 0)
        return r;
    bool goes_on = separation.status == SEPARATION_RUNNING || separation.status == SEPARATION_UNDOING;
    if (wait && goes_on && call_may_wait(call, WAIT_MS))
        return CALL_AGAIN;
    return write_separation(tx, call, &app, &separation);
}

static int undo(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct separation separation = {0};
    int r = call_body_optional(call);
    if (r == 0)
        r = find(tx, call, &app, &separation);
    if (r == 0)
        r = separation_undo(tx, &separation, &call->problem);
    return r < 0 ? r : write_separation(tx, call, &app, &separation);
}

const struct route separation_routes[] = {
    {"GET", SEPARATIONS, ROUTE_READ, ROLE_READ_ONLY, list, "listGroupSeparations", NULL},
    {"GET", "/api/v1/org/separations", ROUTE_READ, ROLE_READ_ONLY, list_all, "listAllGroupSeparations", NULL},
    {"POST", SEPARATIONS, ROUTE_WRITE, ROLE_OPERATOR, start, "startGroupSeparation", NULL, true},
    {"GET", SEPARATION, ROUTE_READ, ROLE_READ_ONLY, get, "getGroupSeparation", NULL},
    {"POST", SEPARATION "/undo", ROUTE_WRITE, ROLE_OPERATOR, undo, "undoGroupSeparation", NULL},
    {.method = NULL},
};
