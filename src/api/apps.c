/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/apps, the apps of a group, and pausing an app or everything (published: Okta's management API). */
#include "api/app_objects.h"

#include "base/filter.h"
#include "base/limits.h"
#include "base/text.h"

#define APPS_CHUNK 64
#define PAGE_GROUP_APPS 20   /* apps of a group in a page unless told otherwise, as published */
#define REASON_CHARS_MAX 255 /* characters of the reason of a pause */

/* --- listing -------------------------------------------------------------------------------------------------------
 */

/* What a list of apps is narrowed to; NULL or 0: not. */
struct wanted {
    const char *q; /* folded */
    const char *id;
    const char *name;
    const char *status;
    const struct user *user;
    int64_t group_rid;
    bool nothing; /* names a person or group that does not exist */
};

struct narrowing {
    struct tx *tx;
    struct call *call;
    struct wanted wanted;
    struct user user;
};

static int refuse_filter(struct call *call, const char *attribute)
{
    (void)problem_set(&call->problem, E0000031, "%s", "filter");
    return problem_cause(&call->problem,
                         "filter: '%.100s' cannot be filtered by; use id, status, name, user.id or group.id with eq, "
                         "joined by and",
                         attribute);
}

static int narrow_to_person(struct narrowing *n, const char *id)
{
    int r = user_by_id(n->tx, id, &n->user);
    if (r == 0)
        n->wanted.user = &n->user;
    n->wanted.nothing |= r == ERR_NOT_FOUND;
    return r == ERR_NOT_FOUND ? 0 : r;
}

static int narrow_to_group(struct narrowing *n, const char *id)
{
    struct group group = {0};
    int r = group_by_id(n->tx, id, &group);
    if (r == 0)
        n->wanted.group_rid = group.rid;
    n->wanted.nothing |= r == ERR_NOT_FOUND;
    return r == ERR_NOT_FOUND ? 0 : r;
}

static int narrow(struct narrowing *n, const struct filter *filter)
{
    if (filter->op == FILTER_AND) {
        int r = narrow(n, filter->left);
        return r < 0 ? r : narrow(n, filter->right);
    }
    if (filter->op != FILTER_EQ || filter->type != FILTER_STRING)
        return refuse_filter(n->call, filter->attribute ? filter->attribute : "or");
    if (str_eq(filter->attribute, "user.id"))
        return narrow_to_person(n, filter->text);
    if (str_eq(filter->attribute, "group.id"))
        return narrow_to_group(n, filter->text);
    const char **field = str_eq(filter->attribute, "id")       ? &n->wanted.id
                         : str_eq(filter->attribute, "name")   ? &n->wanted.name
                         : str_eq(filter->attribute, "status") ? &n->wanted.status
                                                               : NULL;
    if (!field)
        return refuse_filter(n->call, filter->attribute);
    n->wanted.nothing |= *field && strcmp(*field, filter->text) != 0;
    *field = filter->text;
    return 0;
}

static int read_narrowing(struct narrowing *n)
{
    const char *q = call_query(n->call, "q");
    const char *text = call_query(n->call, "filter");
    if (q && *q)
        n->wanted.q = text_fold(n->call->arena, q);
    if (!text || !*text)
        return 0;
    const struct filter *filter;
    struct filter_error error;
    if (filter_parse(n->call->arena, text, FILTER_API, &filter, &error) < 0) {
        (void)problem_set(&n->call->problem, E0000053, "%s", "filter");
        return problem_cause(&n->call->problem, "filter: at character %zu: %s", error.offset + 1, error.text);
    }
    return narrow(n, filter);
}

/* 1 when the app is one of those wanted. */
static int is_wanted(struct narrowing *n, const struct app *app)
{
    const struct wanted *w = &n->wanted;
    struct arena *arena = tx_arena(n->tx);
    if (w->nothing || (w->id && strcmp(w->id, app->id) != 0) || (w->name && strcmp(w->name, app->name) != 0) ||
        (w->status && strcmp(w->status, app->status == APP_ACTIVE ? "ACTIVE" : "INACTIVE") != 0) ||
        (w->q && !object_begins(arena, app->label, w->q) && !object_begins(arena, app->name, w->q)))
        return 0;
    struct app_group assignment = {0};
    int r = w->group_rid ? app_group_get(n->tx, app->rid, w->group_rid, &assignment) : 0;
    struct account account = {.scope = SCOPE_USER};
    if (r == 0 && w->user)
        r = account_get(n->tx, app->rid, w->user->rid, &account);
    if (r == ERR_NOT_FOUND)
        return 0;
    return r < 0 ? r : account.scope != SCOPE_NONE;
}

static int next_candidates(struct narrowing *n, int64_t after, int64_t *ret)
{
    if (n->wanted.user)
        return app_rids_of_user(n->tx, n->wanted.user->rid, after, ret, APPS_CHUNK);
    if (n->wanted.group_rid)
        return app_rids_of_group(n->tx, n->wanted.group_rid, after, ret, APPS_CHUNK);
    return app_rids(n->tx, after, ret, APPS_CHUNK);
}

/* Writes the page; whose app user is shown with each app: `embed`, or NULL. */
static int write_apps(struct narrowing *n, const struct page *page, int64_t after, const struct user *embed)
{
    struct call *call = n->call;
    int64_t rids[APPS_CHUNK];
    int64_t last = 0;
    int written = 0;
    int count = APPS_CHUNK;
    jout_array(&call->out, NULL);
    while (count == APPS_CHUNK && written <= page->limit) {
        count = next_candidates(n, after, rids);
        for (int i = 0; i < count && written <= page->limit; i++) {
            struct app app = {0};
            after = rids[i];
            int r = app_by_rid(n->tx, after, &app);
            if (r == 0)
                r = is_wanted(n, &app);
            if (r > 0 && written++ < page->limit) {
                r = object_app(n->tx, call, NULL, &app, embed);
                last = after;
            }
            if (r < 0)
                return r;
        }
        if (count < 0)
            return count;
    }
    jout_end(&call->out);
    call_page_links(call, written > page->limit ? arena_printf(call->arena, "%lld", (long long)last) : NULL);
    return 0;
}

static int read_page(struct call *call, int limit, struct page *page, int64_t *ret_after)
{
    int r = call_page(call, limit, LIMIT_PAGE_APPS, page);
    return r ? r : object_after_rid(call, page, ret_after);
}

/* expand=user/{id}: the person, or NULL. */
static int read_expand(struct tx *tx, struct call *call, struct user *space, const struct user **ret)
{
    const char *expand = call_query(call, "expand");
    if (!expand || !*expand)
        return 0;
    if (strncmp(expand, "user/", 5) != 0)
        return call_invalid(call, "expand", "must be user/{userId}");
    int r = user_by_id(tx, expand + 5, space);
    if (r == 0)
        *ret = space;
    return r == ERR_NOT_FOUND ? call_not_found(call, expand + 5, "User") : r;
}

static int list_apps(struct tx *tx, struct call *call)
{
    struct narrowing n = {.tx = tx, .call = call};
    struct page page = {0};
    struct user embedded = {0};
    const struct user *embed = NULL;
    int64_t after = 0;
    int r = read_page(call, LIMIT_PAGE_APPS, &page, &after);
    if (r == 0)
        r = read_narrowing(&n);
    if (r == 0)
        r = read_expand(tx, call, &embedded, &embed);
    return r ? r : write_apps(&n, &page, after, embed);
}

static int list_group_apps(struct tx *tx, struct call *call)
{
    struct narrowing n = {.tx = tx, .call = call};
    struct page page = {0};
    struct group group = {0};
    int64_t after = 0;
    int r = read_page(call, PAGE_GROUP_APPS, &page, &after);
    if (r == 0)
        r = group_by_id(tx, call->params[0], &group);
    if (r == ERR_NOT_FOUND)
        return call_not_found(call, call->params[0], "UserGroup");
    n.wanted.group_rid = group.rid;
    return r ? r : write_apps(&n, &page, after, NULL);
}

/* --- one app -------------------------------------------------------------------------------------------------------
 */

static int get_app(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct user embedded = {0};
    const struct user *embed = NULL;
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = read_expand(tx, call, &embedded, &embed);
    return r ? r : object_app(tx, call, NULL, &app, embed);
}

static int create_app(struct tx *tx, struct call *call)
{
    const struct jval *body;
    bool activate = true;
    struct app app = {0};
    int r = call_body_object(call, &body);
    if (r == 0)
        r = call_query_bool(call, "activate", true, &activate);
    if (r == 0)
        r = app_create(tx, body, activate, &app, &call->problem);
    return r ? r : object_app(tx, call, NULL, &app, NULL);
}

static int replace_app(struct tx *tx, struct call *call)
{
    const struct jval *body;
    struct app app = {0};
    int r = call_body_object(call, &body);
    if (r == 0)
        r = find_app(tx, call, &app);
    if (r == 0)
        r = app_update(tx, &app, body, &call->problem);
    return r ? r : object_app(tx, call, NULL, &app, NULL);
}

static int delete_app(struct tx *tx, struct call *call)
{
    struct app app = {0};
    call->status = 204;
    int r = find_app(tx, call, &app);
    return r ? r : app_delete(tx, &app, &call->problem);
}

static int set_status(struct tx *tx, struct call *call, enum app_status status)
{
    struct app app = {0};
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = app_set_status(tx, &app, status, &call->problem);
    if (r == 0)
        answer_empty_object(call);
    return r;
}

static int activate_app(struct tx *tx, struct call *call)
{
    return set_status(tx, call, APP_ACTIVE);
}

static int deactivate_app(struct tx *tx, struct call *call)
{
    return set_status(tx, call, APP_INACTIVE);
}

/* --- pausing -------------------------------------------------------------------------------------------------------
 */

static int set_paused(struct tx *tx, struct call *call, bool paused)
{
    struct app app = {0};
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = app_set_paused(tx, &app, paused, &call->problem);
    return r ? r : object_app(tx, call, NULL, &app, NULL);
}

static int pause_app(struct tx *tx, struct call *call)
{
    return set_paused(tx, call, true);
}

static int resume_app(struct tx *tx, struct call *call)
{
    return set_paused(tx, call, false);
}

static int get_org(struct tx *tx, struct call *call)
{
    const char *reason = NULL;
    int paused = org_paused(tx, &reason);
    if (paused < 0)
        return paused;
    jout_object(&call->out, NULL);
    jout_bool(&call->out, "paused", paused > 0);
    if (paused > 0)
        jout_str(&call->out, "reason", reason);
    jout_end(&call->out);
    return 0;
}

static int pause_org(struct tx *tx, struct call *call)
{
    const char *reason = "paused by an administrator";
    if (call->body) {
        const struct jval *body;
        int r = call_body_object(call, &body);
        if (r == 0)
            r = field_string(call, body, "reason", &reason);
        if (r < 0)
            return r;
    }
    if (text_chars(reason) > REASON_CHARS_MAX || text_has_control(reason))
        return call_invalid(call, "reason", "must have at most %d characters and no control characters",
                            REASON_CHARS_MAX);
    int r = org_set_paused(tx, true, reason);
    return r < 0 ? r : get_org(tx, call);
}

static int resume_org(struct tx *tx, struct call *call)
{
    int r = org_set_paused(tx, false, NULL);
    return r < 0 ? r : get_org(tx, call);
}

/* --- the backlog ---------------------------------------------------------------------------------------------------
 */

static void write_backlog(struct call *call, const struct app_backlog *backlog, bool queued)
{
    struct jout *out = &call->out;
    jout_object(out, NULL);
    jout_bool(out, "queued", queued);
    jout_int(out, "looked", backlog->looked);
    jout_bool(out, "complete", backlog->complete);
    jout_int(out, "create", backlog->create);
    jout_int(out, "reactivate", backlog->reactivate);
    jout_int(out, "update", backlog->update);
    jout_int(out, "deactivate", backlog->deactivate);
    jout_end(out);
}

static int count_backlog(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct app_backlog backlog = {0};
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = app_backlog_count(tx, &app, &backlog);
    if (r == 0)
        write_backlog(call, &backlog, false);
    return r;
}

/* Counting reads many rows, which the writer must not wait for: it is done on a reader beforehand. */
struct counting {
    struct store_job job;
    struct call *call;
    struct app_backlog backlog;
};

static int count_beforehand(struct tx *tx, void *arg)
{
    struct counting *counting = arg;
    struct app app = {0};
    int r = find_app(tx, counting->call, &app);
    return r ? r : app_backlog_count(tx, &app, &counting->backlog);
}

static void counted(struct store_job *job, int result)
{
    struct counting *counting = CONTAINER_OF(job, struct counting, job);
    struct call *call = counting->call;
    if (result >= 0) {
        call_continue(call);
        return;
    }
    if (result == ERR_TIMEOUT)
        (void)problem_set(&call->problem, E0000100, "%s", "backlog");
    else if (result != ERR_PROBLEM)
        (void)problem_set(&call->problem, E0000009, "%s", "backlog");
    call_refuse(call);
}

static void prepare_backlog(struct call *call)
{
    if (call_body_optional(call) < 0) {
        call_refuse(call);
        return;
    }
    struct counting *counting = arena_alloc(call->arena, sizeof(*counting));
    *counting = (struct counting){.job = {.run = count_beforehand, .arg = counting, .done = counted}, .call = call};
    call->prepared = counting;
    store_read(api_store(call->api), &counting->job);
}

/* dryRun=true only counts. */
static int queue_backlog(struct tx *tx, struct call *call)
{
    const struct counting *counting = call->prepared;
    bool dry = false;
    struct app app = {0};
    int r = call_query_bool(call, "dryRun", false, &dry);
    if (r == 0)
        r = find_app(tx, call, &app);
    if (r == 0 && !dry)
        r = app_backlog_start(tx, &app);
    if (r == 0)
        write_backlog(call, &counting->backlog, !dry);
    return r;
}

const struct route app_routes[] = {
    {"GET", "/api/v1/apps", ROUTE_READ, ROLE_READ_ONLY, list_apps, "listApplications", NULL},
    {"POST", "/api/v1/apps", ROUTE_WRITE, ROLE_ADMIN, create_app, "createApplication", NULL},
    {"GET", "/api/v1/apps/{appId}", ROUTE_READ, ROLE_READ_ONLY, get_app, "getApplication", NULL},
    {"PUT", "/api/v1/apps/{appId}", ROUTE_WRITE, ROLE_ADMIN, replace_app, "replaceApplication", NULL},
    {"DELETE", "/api/v1/apps/{appId}", ROUTE_WRITE, ROLE_ADMIN, delete_app, "deleteApplication", NULL},
    {"POST", "/api/v1/apps/{appId}/lifecycle/activate", ROUTE_WRITE, ROLE_ADMIN, activate_app, "activateApplication",
     NULL},
    {"POST", "/api/v1/apps/{appId}/lifecycle/deactivate", ROUTE_WRITE, ROLE_ADMIN, deactivate_app,
     "deactivateApplication", NULL},
    {"POST", "/api/v1/apps/{appId}/lifecycle/pause", ROUTE_WRITE, ROLE_OPERATOR, pause_app, "pauseApplication", NULL},
    {"POST", "/api/v1/apps/{appId}/lifecycle/resume", ROUTE_WRITE, ROLE_OPERATOR, resume_app, "resumeApplication",
     NULL},
    {"GET", "/api/v1/apps/{appId}/backlog", ROUTE_READ, ROLE_READ_ONLY, count_backlog, "countApplicationBacklog", NULL},
    {"POST", "/api/v1/apps/{appId}/backlog", ROUTE_WRITE, ROLE_OPERATOR, queue_backlog, "queueApplicationBacklog",
     prepare_backlog, true},
    {"GET", "/api/v1/groups/{groupId}/apps", ROUTE_READ, ROLE_READ_ONLY, list_group_apps,
     "listAssignedApplicationsForGroup", NULL},
    {"GET", "/api/v1/org", ROUTE_READ, ROLE_READ_ONLY, get_org, "getOrgState", NULL},
    {"POST", "/api/v1/org/pause", ROUTE_WRITE, ROLE_OPERATOR, pause_org, "pauseOrg", NULL},
    {"POST", "/api/v1/org/resume", ROUTE_WRITE, ROLE_OPERATOR, resume_org, "resumeOrg", NULL},
    {.method = NULL},
};
