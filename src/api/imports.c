/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Imports, beside the published API and in its style: what an app holds is read (Import Now, Refresh App Groups), its
 * users are confirmed or ignored. Published are unconfirmed-users and the feature INBOUND_PROVISIONING (features.c).
 */
#include "api/runs.h"

#include "base/limits.h"

#define PAGE_IMPORTED 100
#define PAGE_IMPORTED_MAX 200
#define BULK_MAX 200        /* imported users of one bulk call */
#define CANDIDATES_SHOWN 20 /* groups of the app that bear the same name */

/* --- runs ----------------------------------------------------------------------------------------------------------
 */

static void write_count(struct jout *out, const char *name, int64_t value)
{
    if (value >= 0)
        jout_int(out, name, value);
    else
        jout_null(out, name);
}

static void write_counts(struct jout *out, const struct import_run *run)
{
    jout_object(out, "users");
    jout_int(out, "read", run->users_read);
    write_count(out, "total", run->users_total);
    jout_int(out, "created", run->users_created);
    jout_int(out, "updated", run->users_updated);
    jout_int(out, "removed", run->users_removed);
    jout_int(out, "confirmed", run->users_confirmed);
    jout_end(out);
    jout_object(out, "groups");
    jout_int(out, "read", run->groups_read);
    write_count(out, "total", run->groups_total);
    jout_int(out, "created", run->groups_created);
    jout_int(out, "updated", run->groups_updated);
    jout_int(out, "removed", run->groups_removed);
    jout_end(out);
    jout_object(out, "memberships");
    jout_int(out, "read", run->members_read);
    jout_int(out, "added", run->members_added);
    jout_int(out, "removed", run->members_removed);
    jout_end(out);
    jout_object(out, "differences");
    jout_int(out, "found", run->to_apply);
    jout_int(out, "applied", run->applied);
    jout_end(out);
}

static int write_run(struct tx *tx, struct call *call, const struct app *app, const struct import_run *run)
{
    struct jout *out = &call->out;
    jout_object(out, NULL);
    jout_str(out, "id", run->id);
    jout_str(out, "type", run->kind == IMPORT_ALL ? "ALL" : "GROUPS");
    int r = run_write_state(tx, call, app, run);
    if (r < 0)
        return r;
    write_counts(out, run);
    jout_str_opt(out, "errorClass", run->error_class);
    jout_str_opt(out, "error", run->error);
    jout_object(out, "_links");
    const char *self = call_link(call, "/api/v1/apps/%s/imports/%s", app->id, run->id);
    object_link(call, "self", self, NULL);
    object_link(call, "app", call_link(call, "/api/v1/apps/%s", app->id), NULL);
    if (run->state < IMPORT_APPLYING)
        object_link(call, "cancel", arena_printf(call->arena, "%s/cancel", self), "POST");
    if (run->state == IMPORT_HELD)
        object_link(call, "approve", arena_printf(call->arena, "%s/approve", self), "POST");
    jout_end(out);
    jout_end(out);
    return 0;
}

static const struct run_resource imports = {.type = "Import", .list = import_list, .write = write_run};

static int start_import(struct tx *tx, struct call *call)
{
    return runs_start(tx, call, &imports, IMPORT_ALL);
}

static int refresh_groups(struct tx *tx, struct call *call)
{
    return runs_start(tx, call, &imports, IMPORT_GROUPS);
}

static int list_imports(struct tx *tx, struct call *call)
{
    return runs_list(tx, call, &imports);
}

static int get_import(struct tx *tx, struct call *call)
{
    return runs_get(tx, call, &imports);
}

static int cancel_import(struct tx *tx, struct call *call)
{
    return runs_act(tx, call, &imports, import_cancel);
}

/* What it would take away is told only by taking it over: the plan does that at once. */
static int approve_import(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct import_run run = {0};
    int r = runs_act(tx, call, &imports, import_approve);
    if (r < 0 || !call->rehearsed)
        return r;
    r = runs_find(tx, call, &imports, &app, &run);
    if (r == 0)
        r = import_rehearse(tx, &app, &run);
    call->rehearsed_in_part |= r > 0;
    return MIN_OF(r, 0);
}

/* --- what pushing by name would do ---------------------------------------------------------------------------------
 */

static int write_candidate(struct tx *tx, struct call *call, const struct target_group *target)
{
    struct group group = {0};
    int r = group_by_rid(tx, target->group_rid, &group);
    if (r < 0)
        return r;
    jout_object(&call->out, NULL);
    jout_str(&call->out, "id", group.id);
    jout_str(&call->out, "name", group.name);
    jout_str_opt(&call->out, "externalId", target->external_id);
    jout_end(&call->out);
    return 0;
}

static int find_source(struct tx *tx, struct call *call, struct group *ret)
{
    const char *id = call_query(call, "sourceGroupId");
    if (!id || !*id)
        return call_invalid(call, "sourceGroupId", "Give the id of the group that is to be pushed.");
    int r = group_by_id(tx, id, ret);
    return r == ERR_NOT_FOUND ? call_not_found(call, id, "UserGroup") : r;
}

/* LINK when exactly one group of the app has the name and is free; with several an administrator has to choose. */
static int match_group(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct group source = {0};
    struct mapping mapping = {0};
    struct target_group *found = arena_array(call->arena, CANDIDATES_SHOWN, sizeof(*found));
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = find_source(tx, call, &source);
    if (r < 0)
        return r;
    int mapped = mapping_by_source(tx, app.rid, source.rid, &mapping);
    if (mapped < 0 && mapped != ERR_NOT_FOUND)
        return mapped;
    const char *name = call_query(call, "targetGroupName");
    name = name && *name ? name : source.name;
    int count = target_group_candidates(tx, app.rid, name, found, CANDIDATES_SHOWN);
    if (count < 0)
        return count;
    struct jout *out = &call->out;
    jout_object(out, NULL);
    jout_str(out, "sourceGroupId", source.id);
    jout_str(out, "targetGroupName", name);
    jout_str(out, "action", mapped == 0 ? "NONE" : count == 0 ? "CREATE" : count == 1 ? "LINK" : "CHOOSE");
    if (mapped == 0)
        jout_str(out, "mappingId", mapping.id);
    jout_array(out, "candidates");
    for (int i = 0; r == 0 && i < count; i++)
        r = write_candidate(tx, call, &found[i]);
    jout_end(out);
    jout_end(out);
    return r;
}

/* --- the app's users -----------------------------------------------------------------------------------------------
 */

static int write_imported(struct tx *tx, struct call *call, const struct app *app, const struct imported_user *imported)
{
    struct jout *out = &call->out;
    struct user user = {0};
    int r = imported->match_user_rid ? user_by_rid(tx, imported->match_user_rid, &user) : ERR_NOT_FOUND;
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    jout_object(out, NULL);
    jout_str(out, "id", imported->id);
    jout_str(out, "externalId", imported->external_id);
    jout_str(out, "status", imported_state_name(imported->state));
    jout_str(out, "match", imported_match_name(imported->match));
    if (r == 0) { /* who it is, or may be */
        jout_object(out, "user");
        jout_str(out, "id", user.id);
        jout_str(out, "login", user.login);
        jout_end(out);
    }
    jout_bool(out, "active", imported->active);
    jout_object(out, "credentials");
    jout_str(out, "userName", imported->user_name);
    jout_end(out);
    jout_raw(out, "profile", imported->profile);
    jout_str_opt(out, "error", imported->error);
    jout_time(out, "created", imported->created);
    jout_time(out, "lastUpdated", imported->last_updated);
    jout_object(out, "_links");
    object_link(call, "app", call_link(call, "/api/v1/apps/%s", app->id), NULL);
    jout_end(out);
    jout_end(out);
    return 0;
}

static int read_state(struct call *call, enum imported_state *ret)
{
    const char *text = call_query(call, "status");
    *ret = IMPORTED_UNCONFIRMED;
    if (!text || !*text)
        return 0;
    for (int state = IMPORTED_UNCONFIRMED; state <= IMPORTED_IGNORED; state++)
        if (str_eq(text, imported_state_name((enum imported_state)state))) {
            *ret = (enum imported_state)state;
            return 0;
        }
    return call_invalid(call, "status", "Must be UNCONFIRMED, CONFIRMED or IGNORED.");
}

/* A page of imported users into the open array: each() writes one. */
static int write_page(struct tx *tx, struct call *call, const struct app *app, enum imported_state state,
                      int (*each)(struct tx *tx, struct call *call, const struct app *app,
                                  const struct imported_user *imported))
{
    struct page page = {0};
    int64_t after = 0;
    int r = call_page(call, PAGE_IMPORTED, PAGE_IMPORTED_MAX, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &after);
    if (r < 0)
        return r;
    struct imported_user *list = arena_array(call->arena, (size_t)page.limit + 1, sizeof(*list));
    int count = imported_user_list(tx, app->rid, state, after, list, page.limit + 1);
    for (int i = 0; r == 0 && i < MIN_OF(count, page.limit); i++)
        r = each(tx, call, app, &list[i]);
    bool more = count > page.limit;
    call_page_links(call, more ? arena_printf(call->arena, "%lld", (long long)list[page.limit - 1].rid) : NULL);
    return count < 0 ? count : r;
}

static int list_imported(struct tx *tx, struct call *call)
{
    struct app app = {0};
    enum imported_state state = IMPORTED_UNCONFIRMED;
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = read_state(call, &state);
    if (r < 0)
        return r;
    jout_array(&call->out, NULL);
    r = write_page(tx, call, &app, state, write_imported);
    jout_end(&call->out);
    return r;
}

static int write_published(struct tx *tx, struct call *call, const struct app *app,
                           const struct imported_user *imported)
{
    struct jout *out = &call->out;
    (void)tx;
    (void)app;
    jout_object(out, NULL);
    jout_str(out, "externalId", imported->external_id);
    jout_object(out, "credentials");
    jout_str(out, "userName", imported->user_name);
    jout_end(out);
    jout_raw(out, "profile", imported->profile);
    jout_end(out);
    return 0;
}

static int list_unconfirmed(struct tx *tx, struct call *call)
{
    struct app app = {0};
    int r = find_app(tx, call, &app);
    if (r < 0)
        return r;
    jout_object(&call->out, NULL);
    jout_array(&call->out, "users");
    r = write_page(tx, call, &app, IMPORTED_UNCONFIRMED, write_published);
    jout_end(&call->out);
    jout_end(&call->out);
    return r;
}

/* What is to be done with imported users. */
struct decision {
    enum { DECIDE_CONFIRM, DECIDE_IGNORE, DECIDE_UNIGNORE } what;
    const char *user_id; /* DECIDE_CONFIRM: whose it is; NULL: as matched */
    bool create;         /* DECIDE_CONFIRM: a new person */
    bool activate;
};

static int confirm_one(struct tx *tx, struct call *call, const struct app *app, const struct decision *decision,
                       struct imported_user *imported, struct problem *problem)
{
    struct user user = {0};
    if (decision->create || (!decision->user_id && imported->match == MATCH_NONE))
        return imported_user_create(tx, app, imported, decision->activate, problem);
    if (!decision->user_id && !imported->match_user_rid)
        return problem_invalid(problem, "userId",
                               "userId: Several people fit \"%.100s\"; say which, or \"create\": true",
                               imported->user_name);
    int r =
        decision->user_id ? user_by_id(tx, decision->user_id, &user) : user_by_rid(tx, imported->match_user_rid, &user);
    if (r == ERR_NOT_FOUND)
        return problem_not_found(problem, decision->user_id ? decision->user_id : "", "User");
    (void)call;
    return r < 0 ? r : imported_user_confirm(tx, app, imported, &user, problem);
}

static int decide(struct tx *tx, struct call *call, const struct app *app, const struct decision *decision,
                  struct imported_user *imported, struct problem *problem)
{
    if (decision->what == DECIDE_CONFIRM)
        return confirm_one(tx, call, app, decision, imported, problem);
    return imported_user_ignore(tx, app, imported, decision->what == DECIDE_IGNORE, problem);
}

/* userId, create and activate of a body that may be absent. */
static int read_decision(struct tx *tx, struct call *call, const struct app *app, struct decision *ret)
{
    struct import_settings settings = {0};
    int r = call_body_optional(call);
    if (r == 0)
        r = import_settings_get(tx, app->rid, &settings);
    ret->activate = settings.activate_new;
    if (r == 0)
        r = field_string(call, call->body, "userId", &ret->user_id);
    if (r >= 0)
        r = field_bool(call, call->body, "create", &ret->create);
    if (r >= 0)
        r = field_bool(call, call->body, "activate", &ret->activate);
    if (r >= 0 && ret->create && ret->user_id)
        return call_invalid(call, "userId", "Does not go together with create; give one of the two.");
    return MIN_OF(r, 0);
}

static int decide_one(struct tx *tx, struct call *call, int what)
{
    struct app app = {0};
    struct imported_user imported = {0};
    struct decision decision = {.what = what};
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = read_decision(tx, call, &app, &decision);
    if (r >= 0)
        r = imported_user_by_id(tx, app.rid, call->params[1], &imported);
    if (r == ERR_NOT_FOUND)
        return call_not_found(call, call->params[1], "ImportedUser");
    if (r >= 0)
        r = decide(tx, call, &app, &decision, &imported, &call->problem);
    return r < 0 ? r : write_imported(tx, call, &app, &imported);
}

static int confirm_imported(struct tx *tx, struct call *call)
{
    return decide_one(tx, call, DECIDE_CONFIRM);
}

static int ignore_imported(struct tx *tx, struct call *call)
{
    return decide_one(tx, call, DECIDE_IGNORE);
}

static int unignore_imported(struct tx *tx, struct call *call)
{
    return decide_one(tx, call, DECIDE_UNIGNORE);
}

/* --- in bulk -------------------------------------------------------------------------------------------------------
 */

struct bulk {
    struct call *call;
    const struct app *app;
    const struct decision *decision;
    struct imported_user imported;
    struct problem problem;
};

static int decide_part(struct tx *tx, void *arg)
{
    struct bulk *bulk = arg;
    return decide(tx, bulk->call, bulk->app, bulk->decision, &bulk->imported, &bulk->problem);
}

static void write_refusal(struct jout *out, const char *id, const struct problem *problem)
{
    char text[PROBLEM_TEXT * 2];
    problem_summary(problem, text, sizeof(text));
    jout_object(out, NULL);
    jout_str(out, "id", id);
    jout_str(out, "error", problem->cause_count ? problem->causes[0] : text);
    jout_end(out);
}

/* Each by itself: what is refused is named, and stops nobody else. */
static int decide_all(struct tx *tx, struct bulk *bulk, const struct jval *ids)
{
    struct jout *out = &bulk->call->out;
    int64_t done = 0;
    jout_object(out, NULL);
    jout_array(out, "refused");
    for (size_t i = 0; i < jval_len(ids); i++) {
        const char *id = jval_str(jval_at(ids, i));
        bulk->problem = (struct problem){0};
        int r = imported_user_by_id(tx, bulk->app->rid, id, &bulk->imported);
        if (r == ERR_NOT_FOUND)
            r = problem_not_found(&bulk->problem, id, "ImportedUser");
        if (r == 0)
            r = tx_try(tx, decide_part, bulk);
        if (r < 0 && r != ERR_PROBLEM)
            return r;
        done += r >= 0;
        if (r < 0)
            write_refusal(out, id, &bulk->problem);
    }
    jout_end(out);
    jout_int(out, "done", done);
    jout_end(out);
    return 0;
}

static int read_action(struct call *call, struct decision *ret)
{
    const char *action = NULL;
    int r = field_string(call, call->body, "action", &action);
    if (r < 0)
        return r;
    if (str_eq(action, "CONFIRM"))
        ret->what = DECIDE_CONFIRM;
    else if (str_eq(action, "IGNORE"))
        ret->what = DECIDE_IGNORE;
    else if (str_eq(action, "UNIGNORE"))
        ret->what = DECIDE_UNIGNORE;
    else
        return call_invalid(call, "action", "Must be CONFIRM, IGNORE or UNIGNORE.");
    return 0;
}

static int check_ids(struct call *call, const struct jval *ids)
{
    size_t count = jval_type(ids) == JVAL_ARRAY ? jval_len(ids) : 0;
    if (count < 1 || count > BULK_MAX)
        return call_invalid(call, "ids", "Must be a list of 1 to %d ids of the app's users, such as imu....", BULK_MAX);
    for (size_t i = 0; i < count; i++)
        if (!jval_str(jval_at(ids, i)))
            return call_invalid(call, "ids", "Must hold texts only.");
    return 0;
}

static int decide_bulk(struct tx *tx, struct call *call)
{
    const struct jval *body = NULL;
    struct app app = {0};
    struct decision decision = {0};
    int r = call_body_object(call, &body);
    if (r == 0)
        r = find_app(tx, call, &app);
    if (r == 0)
        r = read_decision(tx, call, &app, &decision);
    if (r >= 0)
        r = read_action(call, &decision);
    if (r == 0 && decision.user_id)
        return call_invalid(call, "userId", "Is for one user at a time; confirm each where it is.");
    if (r == 0)
        r = check_ids(call, jval_get(body, "ids"));
    struct bulk bulk = {.call = call, .app = &app, .decision = &decision};
    return r < 0 ? r : decide_all(tx, &bulk, jval_get(body, "ids"));
}

/* --- the import safeguard ------------------------------------------------------------------------------------------
 */

static void write_guard(struct jout *out, const char *name, bool on, int percent)
{
    jout_object(out, name);
    jout_str(out, "status", on ? "ENABLED" : "DISABLED");
    jout_int(out, "percent", percent);
    jout_end(out);
}

static int get_safeguard(struct tx *tx, struct call *call)
{
    struct import_safeguard safeguard = {0};
    int r = import_safeguard_get(tx, &safeguard);
    if (r < 0)
        return r;
    jout_object(&call->out, NULL);
    write_guard(&call->out, "app", safeguard.app_on, safeguard.app_percent);
    write_guard(&call->out, "organization", safeguard.org_on, safeguard.org_percent);
    jout_end(&call->out);
    return 0;
}

static int read_guard(struct call *call, const char *name, bool *on, int *percent)
{
    const struct jval *part = NULL;
    const char *status = NULL;
    int r = field_object(call, call->body, name, &part);
    if (r > 0)
        r = field_string(call, part, "status", &status);
    if (r < 0)
        return r;
    if (status && !str_eq(status, "ENABLED") && !str_eq(status, "DISABLED"))
        return call_invalid(call, name, "status must be ENABLED or DISABLED");
    if (status)
        *on = str_eq(status, "ENABLED");
    if (jval_get(part, "percent"))
        *percent = (int)MAX_OF(MIN_OF(jval_int(jval_get(part, "percent"), 0), (int64_t)1000), (int64_t)0);
    return 0;
}

/* What is absent stays. */
static int put_safeguard(struct tx *tx, struct call *call)
{
    const struct jval *body = NULL;
    struct import_safeguard safeguard = {0};
    int r = call_body_object(call, &body);
    if (r == 0)
        r = import_safeguard_get(tx, &safeguard);
    if (r == 0)
        r = read_guard(call, "app", &safeguard.app_on, &safeguard.app_percent);
    if (r == 0)
        r = read_guard(call, "organization", &safeguard.org_on, &safeguard.org_percent);
    if (r == 0)
        r = import_safeguard_set(tx, &safeguard, &call->problem);
    return r < 0 ? r : get_safeguard(tx, call);
}

#define APP "/api/v1/apps/{appId}"
#define IMPORTS APP "/imports"
#define IMPORTED IMPORTS "/users/{importedUserId}"

const struct route imports_routes[] = {
    {"POST", APP "/group-push/refresh", ROUTE_WRITE, ROLE_OPERATOR, refresh_groups, "refreshAppGroups", NULL},
    {"GET", APP "/group-push/match", ROUTE_READ, ROLE_READ_ONLY, match_group, "matchAppGroup", NULL},
    {"POST", IMPORTS, ROUTE_WRITE, ROLE_OPERATOR, start_import, "startImport", NULL},
    {"GET", IMPORTS, ROUTE_READ, ROLE_READ_ONLY, list_imports, "listImports", NULL},
    {"GET", IMPORTS "/{importId}", ROUTE_READ, ROLE_READ_ONLY, get_import, "getImport", NULL},
    {"POST", IMPORTS "/{importId}/cancel", ROUTE_WRITE, ROLE_OPERATOR, cancel_import, "cancelImport", NULL},
    {"POST", IMPORTS "/{importId}/approve", ROUTE_WRITE, ROLE_ADMIN, approve_import, "approveImport", NULL},
    {"GET", IMPORTS "/users", ROUTE_READ, ROLE_READ_ONLY, list_imported, "listImportedUsers", NULL},
    {"POST", IMPORTS "/users/bulk", ROUTE_WRITE, ROLE_OPERATOR, decide_bulk, "decideImportedUsers", NULL},
    {"POST", IMPORTED "/confirm", ROUTE_WRITE, ROLE_OPERATOR, confirm_imported, "confirmImportedUser", NULL},
    {"POST", IMPORTED "/ignore", ROUTE_WRITE, ROLE_OPERATOR, ignore_imported, "ignoreImportedUser", NULL},
    {"POST", IMPORTED "/unignore", ROUTE_WRITE, ROLE_OPERATOR, unignore_imported, "unignoreImportedUser", NULL},
    {"GET", APP "/unconfirmed-users", ROUTE_READ, ROLE_READ_ONLY, list_unconfirmed, "listUnconfirmedUsers", NULL},
    {"GET", "/api/v1/org/import-safeguard", ROUTE_READ, ROLE_READ_ONLY, get_safeguard, "getImportSafeguard", NULL},
    {"PUT", "/api/v1/org/import-safeguard", ROUTE_WRITE, ROLE_ADMIN, put_safeguard, "replaceImportSafeguard", NULL},
    {.method = NULL},
};
