/* SPDX-License-Identifier: Apache-2.0 */
#include "api/app_objects.h"
#include "app/profile.h"

#include "api/failure.h"

#define WAIT_MAX_S 60 /* seconds that a call may wait for an import or a scan */

int find_app(struct tx *tx, struct call *call, struct app *ret)
{
    int r = app_by_id(tx, call->params[0], ret);
    return r == ERR_NOT_FOUND ? call_not_found(call, call->params[0], "AppInstance") : r;
}

int field_object(struct call *call, const struct jval *body, const char *name, const struct jval **ret)
{
    const struct jval *value = jval_get(body, name);
    switch (jval_type(value)) {
    case JVAL_NONE:
    case JVAL_NULL:
        return 0;
    case JVAL_OBJECT:
        *ret = value;
        return 1;
    case JVAL_ARRAY:
    case JVAL_STRING:
    case JVAL_INT:
    case JVAL_REAL:
    case JVAL_BOOL:
    default:
        return call_invalid(call, name, "must be an object");
    }
}

int field_string(struct call *call, const struct jval *body, const char *name, const char **ret)
{
    const struct jval *value = jval_get(body, name);
    if (jval_type(value) == JVAL_NONE || jval_type(value) == JVAL_NULL)
        return 0;
    if (!jval_str(value))
        return call_invalid(call, name, "must be a text");
    *ret = jval_str(value);
    return 1;
}

int field_bool(struct call *call, const struct jval *body, const char *name, bool *ret)
{
    const struct jval *value = jval_get(body, name);
    if (jval_type(value) == JVAL_NONE || jval_type(value) == JVAL_NULL)
        return 0;
    if (jval_type(value) != JVAL_BOOL)
        return call_invalid(call, name, "must be true or false");
    *ret = jval_is_true(value);
    return 1;
}

int field_choice(struct call *call, const struct jval *body, const char *name, const char *const *names, size_t count,
                 int *ret)
{
    const char *text = NULL;
    int r = field_string(call, body, name, &text);
    if (r <= 0)
        return r;
    assert(text);
    struct buf all;
    buf_init(&all, PROBLEM_TEXT);
    for (size_t i = 0; i < count; i++) {
        if (names[i] && strcmp(names[i], text) == 0) {
            buf_free(&all);
            *ret = (int)i;
            return 1;
        }
        if (names[i])
            buf_printf(&all, "%s%s", all.len ? ", " : "", names[i]);
    }
    r = call_invalid(call, name, "must be one of %s", buf_text(&all));
    buf_free(&all);
    return r;
}

int call_wait_seconds(struct call *call, int64_t *ret_ms)
{
    const char *text = call_query(call, "wait");
    char *end = NULL;
    long long seconds = text && *text ? strtoll(text, &end, 10) : 0;
    *ret_ms = seconds * 1000;
    if (text && *text && (end == text || !(str_eq(end, "") || str_eq(end, "s")) || seconds < 0 || seconds > WAIT_MAX_S))
        return call_invalid(call, "wait", "Must be a number of seconds from 0 to %d, such as 30s.", WAIT_MAX_S);
    return 0;
}

void answer_empty_object(struct call *call)
{
    jout_object(&call->out, NULL);
    jout_end(&call->out);
}

/* --- apps ----------------------------------------------------------------------------------------------------------
 */

static void write_features(struct jout *out, bool connected, const struct app_switches *switches)
{
    jout_array(out, "features");
    if (connected) {
        jout_str(out, NULL, "GROUP_PUSH");
        if (switches->create)
            jout_str(out, NULL, "PUSH_NEW_USERS");
        if (switches->update)
            jout_str(out, NULL, "PUSH_PROFILE_UPDATES");
        if (switches->deactivate)
            jout_str(out, NULL, "PUSH_USER_DEACTIVATION");
        if (switches->create)
            jout_str(out, NULL, "REACTIVATE_USERS");
        jout_str(out, NULL, "SCIM_PROVISIONING");
    }
    jout_end(out);
}

static void write_app_links(struct call *call, const struct app *app)
{
    struct jout *out = &call->out;
    jout_object(out, "_links");
    jout_array(out, "appLinks");
    jout_end(out);
    object_link(call, "groups", call_link(call, "/api/v1/apps/%s/groups", app->id), NULL);
    jout_array(out, "logo");
    jout_end(out);
    object_link(call, "users", call_link(call, "/api/v1/apps/%s/users", app->id), NULL);
    const char *verb = app->status == APP_ACTIVE ? "deactivate" : "activate";
    object_link(call, verb, call_link(call, "/api/v1/apps/%s/lifecycle/%s", app->id, verb), NULL);
    object_link(call, "self", call_link(call, "/api/v1/apps/%s", app->id), NULL);
    jout_end(out);
}

/* The parts that clients expect to be there, where nobody gave them. */
static void write_defaults(struct jout *out, const struct jval *document)
{
    static const struct {
        const char *name;
        const char *json;
    } defaults[] = {
        {"accessibility", "{\"selfService\":false}"},
        {"visibility", "{\"autoSubmitToolbar\":false,\"hide\":{\"iOS\":false,\"web\":false}}"},
        {"credentials", "{\"userNameTemplate\":{\"template\":\"${source.login}\",\"type\":\"BUILT_IN\"}}"},
        {"settings", "{\"app\":{}}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
        enum jval_type type = jval_type(jval_get(document, defaults[i].name));
        if (type == JVAL_NONE || type == JVAL_NULL)
            jout_raw(out, defaults[i].name, defaults[i].json);
    }
    for (void *it = jval_first(document); it; it = jval_next(document, it))
        if (jval_type(jval_iter_value(it)) != JVAL_NULL)
            jout_val(out, jval_iter_key(it), jval_iter_value(it));
}

static int write_embedded_user(struct tx *tx, struct call *call, const struct app *app, const struct user *user)
{
    struct account account = {0};
    int r = account_get(tx, app->rid, user->rid, &account);
    if (r == ERR_NOT_FOUND || (r == 0 && account.scope == SCOPE_NONE))
        return 0;
    struct app_user_view view = {0};
    if (r == 0)
        r = app_user_view(tx, call, app, &view);
    if (r)
        return r;
    view.expand_user = false;
    jout_object(&call->out, "_embedded");
    r = object_app_user(tx, call, "user", &view, &account, user);
    jout_end(&call->out);
    return r;
}

int object_app(struct tx *tx, struct call *call, const char *key, const struct app *app, const struct user *embed_user)
{
    struct app_switches switches = {0};
    struct connection connection = {0};
    struct jval *document CLEANUP(jval_freep) = NULL;
    int r = app_switches_get(tx, app->rid, &switches);
    if (r < 0)
        return r;
    r = connection_get(tx, app->rid, &connection);
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    bool connected = r == 0;
    if (jval_parse(&document, app->document, strlen(app->document), NULL) < 0)
        return ERR_CORRUPT;
    struct jout *out = &call->out;
    jout_object(out, key);
    jout_str(out, "id", app->id);
    jout_str(out, "name", app->name);
    jout_str(out, "label", app->label);
    jout_str(out, "status", app->status == APP_ACTIVE ? "ACTIVE" : "INACTIVE");
    jout_bool(out, "paused", app->paused);
    jout_time(out, "lastUpdated", app->last_updated);
    jout_time(out, "created", app->created);
    jout_str(out, "signOnMode", app->sign_on_mode);
    write_features(out, connected, &switches);
    write_defaults(out, document);
    write_app_links(call, app);
    r = embed_user ? write_embedded_user(tx, call, app, embed_user) : 0;
    jout_end(out);
    return r;
}

/* --- app users -----------------------------------------------------------------------------------------------------
 */

int app_user_view(struct tx *tx, struct call *call, const struct app *app, struct app_user_view *ret)
{
    const char *expand = call_query(call, "expand");
    *ret = (struct app_user_view){.app = app, .expand_user = str_eq(expand, "user")};
    return app_switches_get(tx, app->rid, &ret->switches);
}

/* The profile as the app should hold it. */
static int write_profile(struct tx *tx, struct jout *out, const struct account *account, const struct user *user)
{
    struct made_profile made;
    int r = profile_make(tx, NULL, account, user, &made);
    if (r < 0)
        return r;
    jout_val(out, "profile", made.values);
    made_profile_free(&made);
    return 0;
}

static int write_failure(struct tx *tx, struct jout *out, const struct account *account, const struct work *work)
{
    jout_str_opt(out, "errorSummary", work->error);
    return failure_write(tx, out, "errorDetails",
                         &(struct failure){.error_class = work->error_class,
                                           .words = work->words,
                                           .status = work->status,
                                           .failed_at = work->failed_at,
                                           .attempts = work->attempts,
                                           .next_try = work->held ? 0 : work->due,
                                           .app_rid = account->app_rid,
                                           .work_kind = WORK_ACCOUNT,
                                           .object_rid = account->rid});
}

int object_app_user(struct tx *tx, struct call *call, const char *key, const struct app_user_view *view,
                    const struct account *a, const struct user *user)
{
    static const char *const origins[] = {NULL, "CREATED", "LINKED"};
    bool provisioning = view->switches.create || view->switches.update || view->switches.deactivate;
    struct work work;
    int in_work = work_find(tx, a->app_rid, WORK_ACCOUNT, a->rid, &work);
    if (in_work < 0)
        return in_work;
    struct jout *out = &call->out;
    jout_object(out, key);
    jout_str(out, "id", user->id);
    jout_str_opt(out, "externalId", a->external_id);
    jout_time(out, "created", a->created);
    jout_time(out, "lastUpdated", a->last_updated);
    jout_str(out, "scope", a->scope == SCOPE_GROUP ? "GROUP" : "USER");
    jout_str(out, "status", account_status_name(a, user->status, provisioning));
    jout_time(out, "statusChanged", a->status_changed);
    jout_null(out, "passwordChanged");
    jout_str(out, "syncState", account_sync_name(a, in_work > 0 ? &work : NULL, provisioning));
    if (a->last_sync)
        jout_time(out, "lastSync", a->last_sync);
    jout_str_opt(out, "origin", origins[a->origin]);
    if (a->disabled_there)
        jout_bool(out, "disabledInApp", true);
    int r = in_work > 0 && work.error_class ? write_failure(tx, out, a, &work) : 0;
    jout_object(out, "credentials");
    jout_str(out, "userName", a->user_name);
    jout_end(out);
    if (r == 0)
        r = write_profile(tx, out, a, user);
    jout_object(out, "_links");
    object_link(call, "app", call_link(call, "/api/v1/apps/%s", view->app->id), NULL);
    object_link(call, "user", call_link(call, "/api/v1/users/%s", user->id), NULL);
    if (a->scope == SCOPE_GROUP && r == 0) {
        struct group group = {0};
        r = group_by_rid(tx, a->via_group_rid, &group);
        if (r == 0)
            object_link(call, "group", call_link(call, "/api/v1/groups/%s", group.id), NULL);
        r = r == ERR_NOT_FOUND ? 0 : r;
    }
    jout_end(out);
    if (view->expand_user) {
        jout_object(out, "_embedded");
        object_user(call, "user", user, false);
        jout_end(out);
    }
    jout_end(out);
    return r;
}
