/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The API of apps as a client sees it, over loopback: apps, their users and groups, connection and features. The engine
 * is stood in for by a function that says whether a target would take the credential.
 */
#include "api/api.h"
#include "api_client.h"
#include "app/app.h"
#include "database.h"
#include "engine/engine.h"
#include "push/push.h"
#include "record/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

#include <cmocka.h>

/* The target takes one credential only. */
void engine_verify(UNUSED struct engine *engine, struct engine_verify *verify)
{
    bool ok = str_eq(verify->connection.secret, "right-token");
    verify->done(verify, ok, ok ? NULL : "401 Unauthorized: the app does not take the credential");
}

static const struct store_room *const rooms[] = {&record_room, &auth_room, &directory_room, &app_room, &push_room,
                                                 &api_room,    NULL};
static const struct route *const routes[] = {
    app_routes, app_user_routes, app_group_routes, schema_routes, connection_routes, feature_routes, NULL};

/* A clock that somebody may have run ahead at each look. */
static struct {
    struct env env;
    atomic_llong ahead, step; /* ms */
} watch;

static int64_t watch_steady(UNUSED void *data)
{
    return env_steady(env_real()) + atomic_fetch_add(&watch.ahead, atomic_load(&watch.step));
}

struct fixture {
    char dir[64];
    struct store *store;
    struct keyring *keyring;
    struct api *api;
    int port;
    char admin[128];
    char user[3][ID_BYTES];
    char group[2][ID_BYTES];
    char seen[1024 * 1024]; /* every answer, for what must never be in one */
    size_t seen_n;
};

static int make_user(struct tx *tx, const char *login, char id[static ID_BYTES])
{
    struct problem problem = {0};
    struct user user;
    struct jval *profile CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(profile, "login", arena_printf(tx_arena(tx), "%s@example.com", login));
    jval_set_str(profile, "email", arena_printf(tx_arena(tx), "%s@example.com", login));
    jval_set_str(profile, "firstName", login);
    jval_set_str(profile, "lastName", "Test");
    int r = user_create(tx, &(struct user_input){.profile = profile, .activate = true}, &user, &problem);
    if (r == 0)
        (void)snprintf(id, ID_BYTES, "%s", user.id);
    return r;
}

static int make_group(struct tx *tx, const char *name, char id[static ID_BYTES], const char *member)
{
    struct problem problem = {0};
    struct group group;
    struct user user;
    struct jval *profile CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(profile, "name", name);
    int r = group_create(tx, profile, &group, &problem);
    if (r == 0)
        (void)snprintf(id, ID_BYTES, "%s", group.id);
    if (r == 0)
        r = user_by_id(tx, member, &user);
    return r < 0 ? r : member_add(tx, &group, &user, &problem);
}

static int fill(struct tx *tx, void *arg)
{
    struct fixture *f = arg;
    struct api_token token;
    struct problem problem = {0};
    const char *secret;
    int r = token_create(tx, "test", ROLE_ADMIN, &token, &secret, &problem);
    if (r == 0)
        (void)snprintf(f->admin, sizeof(f->admin), "%s", secret);
    if (r == 0)
        r = make_user(tx, "ada", f->user[0]);
    if (r == 0)
        r = make_user(tx, "bob", f->user[1]);
    if (r == 0)
        r = make_user(tx, "eve", f->user[2]);
    if (r == 0)
        r = make_group(tx, "Admins", f->group[0], f->user[0]);
    return r < 0 ? r : make_group(tx, "Buyers", f->group[1], f->user[1]);
}

static int setup(void **state)
{
    struct fixture *f = NEW(struct fixture);
    char path[96];
    char why[256] = "";
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/muster-apps-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(path, sizeof(path), "%s/key", f->dir);
    assert_int_equal(keyring_load(&f->keyring, path, true, why, sizeof(why)), 0);
    (void)snprintf(path, sizeof(path), "%s/db", f->dir);
    watch.env = *env_real();
    watch.env.steady_ms = watch_steady;
    atomic_store(&watch.step, 0);
    const struct store_options options = {.path = test_location(path), .env = &watch.env, .rooms = rooms, .readers = 2};
    if (store_open(&f->store, &options, why, sizeof(why)) < 0)
        fail_msg("%s", why);
    assert_true(store_write_wait(f->store, NULL, fill, f) >= 0);
    const struct api_options api_options = {
        .host = "127.0.0.1", .routes = routes, .store = f->store, .keyring = f->keyring, .env = env_real()};
    if (api_start(&f->api, &api_options, why, sizeof(why)) < 0)
        fail_msg("%s", why);
    f->port = api_port(f->api);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    api_stop(f->api);
    store_close(f->store);
    keyring_free(f->keyring);
    static const char *const names[] = {"db", "db-wal", "db-shm", "key"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[96];
        (void)snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        (void)unlink(path);
    }
    int empty = rmdir(f->dir);
    free(f);
    return empty;
}

/* One request; the answer is to be freed with jval_free() and has the status that was expected. */
static struct jval *send_as(struct fixture *f, long status, const char *method, const char *target, const char *body)
{
    struct answer answer =
        ask(&(struct ask){.port = f->port, .method = method, .target = target, .token = f->admin, .body = body});
    if (answer.status != status)
        fail_msg("%s %s: %ld %s", method, target, answer.status, buf_text(&answer.body));
    if (f->seen_n + answer.body.len < sizeof(f->seen) && answer.body.len) {
        memcpy(f->seen + f->seen_n, answer.body.data, answer.body.len);
        f->seen_n += answer.body.len;
    }
    struct jval *json = TAKE_PTR(answer.json);
    answer_free(&answer);
    return json;
}

/* Target and body from formats. */
static const char *text(const char *format, ...) PRINTF_LIKE(1, 2);
static const char *text(const char *format, ...)
{
    static char buffers[64][512];
    static size_t next;
    char *buffer = buffers[next++ % ARRAY_LEN(buffers)];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(buffer, sizeof(buffers[0]), format, args);
    va_end(args);
    return buffer;
}

static void expect(struct fixture *f, long status, const char *method, const char *target, const char *body)
{
    struct jval *json = send_as(f, status, method, target, body);
    (void)jval_free(json);
}

/* The text at a dotted path of an answer. */
static const char *value_at(const struct jval *json, const char *path)
{
    const char *value = jval_str(jval_path(json, path));
    return value ? value : "(none)";
}

static void expect_error(struct fixture *f, long status, const char *code, const char *method, const char *target,
                         const char *body)
{
    struct jval *json = send_as(f, status, method, target, body);
    if (!str_eq(jval_get_str(json, "errorCode"), code))
        fail_msg("%s %s: %s", method, target, value_at(json, "errorCode"));
    assert_true(jval_len(jval_get(json, "errorCauses")) > 0 || str_eq(code, "E0000007"));
    (void)jval_free(json);
}

static const char *make_app(struct fixture *f, const char *label)
{
    static char id[4][ID_BYTES];
    static size_t next;
    struct jval *json = send_as(f, 200, "POST", "/api/v1/apps",
                                text("{\"label\":\"%s\",\"signOnMode\":\"SAML_2_0\",\"name\":\"scim2\","
                                     "\"settings\":{\"app\":{\"baseUrl\":\"https://app.example.com/scim\"}}}",
                                     label));
    char *mine = id[next++ % ARRAY_LEN(id)];
    (void)snprintf(mine, ID_BYTES, "%s", value_at(json, "id"));
    (void)jval_free(json);
    return mine;
}

static void apps_live(void **state)
{
    struct fixture *f = *state;
    const char *id = make_app(f, "One");
    const char *other = make_app(f, "Other");
    struct jval *app = send_as(f, 200, "GET", text("/api/v1/apps/%s", id), NULL);
    assert_string_equal(value_at(app, "status"), "ACTIVE");
    assert_string_equal(value_at(app, "signOnMode"), "SAML_2_0");
    assert_string_equal(value_at(app, "name"), "scim2");
    assert_string_equal(value_at(app, "settings.app.baseUrl"), "https://app.example.com/scim");
    assert_string_equal(value_at(app, "credentials.userNameTemplate.template"), "${source.login}");
    assert_int_equal(jval_len(jval_get(app, "features")), 0);
    assert_non_null(strstr(value_at(app, "_links.deactivate.href"), "/lifecycle/deactivate"));
    (void)jval_free(app);

    expect_error(f, 400, "E0000040", "POST", "/api/v1/apps", "{\"label\":\"one\"}");
    expect_error(f, 400, "E0000001", "POST", "/api/v1/apps", "{\"name\":\"x\"}");
    expect_error(f, 404, "E0000007", "GET", "/api/v1/apps/0oa00000000000000000", NULL);
    app =
        send_as(f, 200, "PUT", text("/api/v1/apps/%s", id), "{\"label\":\"Uno\",\"visibility\":{\"autoLaunch\":true}}");
    assert_string_equal(value_at(app, "label"), "Uno");
    assert_true(jval_is_true(jval_path(app, "visibility.autoLaunch")));
    assert_int_equal(jval_type(jval_path(app, "settings.app.baseUrl")), JVAL_NONE);
    (void)jval_free(app);

    expect_error(f, 403, "E0000056", "DELETE", text("/api/v1/apps/%s", id), NULL);
    app = send_as(f, 200, "POST", text("/api/v1/apps/%s/lifecycle/deactivate", id), NULL);
    assert_int_equal(jval_len(app), 0);
    assert_int_equal(jval_type(app), JVAL_OBJECT);
    (void)jval_free(app);
    struct jval *list = send_as(f, 200, "GET", "/api/v1/apps?filter=status%20eq%20%22INACTIVE%22", NULL);
    assert_int_equal(jval_len(list), 1);
    assert_string_equal(value_at(jval_at(list, 0), "id"), id);
    (void)jval_free(list);
    list = send_as(f, 200, "GET", "/api/v1/apps?q=OTH", NULL);
    assert_int_equal(jval_len(list), 1);
    assert_string_equal(value_at(jval_at(list, 0), "id"), other);
    (void)jval_free(list);
    expect_error(f, 400, "E0000031", "GET", "/api/v1/apps?filter=label%20eq%20%22x%22", NULL);
    expect_error(f, 400, "E0000053", "GET", "/api/v1/apps?filter=label%20eq", NULL);
    expect(f, 204, "DELETE", text("/api/v1/apps/%s", id), NULL);
    expect(f, 404, "GET", text("/api/v1/apps/%s", id), NULL);
}

static void people_are_assigned(void **state)
{
    struct fixture *f = *state;
    const char *app = make_app(f, "One");
    const char *users = text("/api/v1/apps/%s/users", app);
    expect_error(f, 400, "E0000001", "POST", users, "{\"scope\":\"USER\"}");
    expect_error(f, 404, "E0000007", "POST", users, "{\"id\":\"00u00000000000000000\"}");
    expect_error(f, 400, "E0000001", "POST", users, text("{\"id\":\"%s\",\"profile\":{\"x\":1}}", f->user[0]));
    (void)jval_free(
        send_as(f, 200, "POST", text("/api/v1/meta/schemas/apps/%s/default", app),
                "{\"definitions\":{\"custom\":{\"properties\":{\"x\":{\"title\":\"X\",\"type\":\"integer\"}}}}}"));
    struct jval *json = send_as(f, 200, "POST", users,
                                text("{\"id\":\"%s\",\"scope\":\"USER\",\"credentials\":{\"userName\":\"ada\","
                                     "\"password\":{\"value\":\"hunter2\"}},\"profile\":{\"title\":\"Dr\",\"x\":1}}",
                                     f->user[0]));
    assert_string_equal(value_at(json, "id"), f->user[0]);
    assert_string_equal(value_at(json, "scope"), "USER");
    assert_string_equal(value_at(json, "status"), "ACTIVE");
    assert_string_equal(value_at(json, "syncState"), "DISABLED");
    assert_string_equal(value_at(json, "credentials.userName"), "ada");
    assert_string_equal(value_at(json, "profile.title"), "Dr");
    assert_string_equal(value_at(json, "profile.firstName"), "ada");
    assert_int_equal(jval_int(jval_path(json, "profile.x"), 0), 1);
    (void)jval_free(json);
    expect(f, 200, "POST", users, text("{\"id\":\"%s\"}", f->user[2]));

    json = send_as(f, 200, "POST", text("/api/v1/apps/%s/users/%s", app, f->user[0]), "{\"profile\":{\"title\":null}}");
    assert_string_equal(value_at(json, "profile.title"), "(none)");
    assert_string_equal(value_at(json, "credentials.userName"), "ada");
    (void)jval_free(json);
    expect_error(f, 400, "E0000001", "POST", text("/api/v1/apps/%s/users/%s", app, f->user[0]), "{\"profile\":[]}");
    expect_error(f, 400, "E0000001", "POST", text("/api/v1/apps/%s/users/%s", app, f->user[0]),
                 "{\"scope\":\"GROUP\"}");

    json = send_as(f, 200, "GET", text("%s?limit=1&expand=user", users), NULL);
    assert_int_equal(jval_len(json), 1);
    assert_string_equal(value_at(jval_at(json, 0), "_embedded.user.profile.login"), "ada@example.com");
    (void)jval_free(json);
    json = send_as(f, 200, "GET", text("%s?q=EV", users), NULL);
    assert_int_equal(jval_len(json), 1);
    assert_string_equal(value_at(jval_at(json, 0), "id"), f->user[2]);
    (void)jval_free(json);
    json =
        send_as(f, 200, "GET",
                text("/api/v1/apps?filter=user.id%%20eq%%20%%22%s%%22&expand=user/%s", f->user[0], f->user[0]), NULL);
    assert_int_equal(jval_len(json), 1);
    assert_string_equal(value_at(jval_at(json, 0), "_embedded.user.id"), f->user[0]);
    (void)jval_free(json);
    json = send_as(f, 200, "GET", text("/api/v1/users/%s/appLinks", f->user[0]), NULL);
    assert_string_equal(value_at(jval_at(json, 0), "appInstanceId"), app);
    (void)jval_free(json);

    expect(f, 204, "DELETE", text("/api/v1/apps/%s/users/%s?sendEmail=false", app, f->user[0]), NULL);
    expect_error(f, 404, "E0000007", "GET", text("/api/v1/apps/%s/users/%s", app, f->user[0]), NULL);
    expect_error(f, 404, "E0000007", "DELETE", text("/api/v1/apps/%s/users/%s", app, f->user[0]), NULL);
}

#define CROWD 300 /* more than one transaction looks at: an expansion looks at them */

static int fill_crowd(struct tx *tx, void *arg)
{
    const struct fixture *f = arg;
    struct problem problem = {0};
    struct group group = {0};
    int r = group_by_id(tx, f->group[0], &group);
    for (int i = 0; r >= 0 && i < CROWD; i++) {
        char id[ID_BYTES];
        struct user user = {0};
        r = make_user(tx, arena_printf(tx_arena(tx), "crowd%03d", i), id);
        if (r == 0)
            r = user_by_id(tx, id, &user);
        if (r == 0)
            r = member_add(tx, &group, &user, &problem);
    }
    return MIN_OF(r, 0);
}

/* A plan that took too long says that it is not all, and neither it nor a whole one has done anything. */
static void a_plan_that_is_cut_says_so(void **state)
{
    struct fixture *f = *state;
    const char *app = make_app(f, "One");
    const char *group = text("/api/v1/apps/%s/groups/%s", app, f->group[0]);
    const char *plan = text("%s?dryRun=true", group);
    assert_int_equal(store_write_wait(f->store, NULL, fill_crowd, f), 0);
    for (int late = 0; late < 2; late++) {
        atomic_store(&watch.step, late ? 60000 : 0);
        struct jval *json = send_as(f, 200, "PUT", plan, "{}");
        atomic_store(&watch.step, 0);
        assert_true(jval_is_true(jval_get(json, "dryRun")));
        assert_int_equal(jval_is_true(jval_get(json, "complete")), !late);
        (void)jval_free(json);
        expect_error(f, 404, "E0000007", "GET", group, NULL);
    }
}

static void groups_are_assigned(void **state)
{
    struct fixture *f = *state;
    const char *app = make_app(f, "One");
    const char *groups = text("/api/v1/apps/%s/groups", app);
    struct jval *json = send_as(f, 200, "PUT", text("%s/%s", groups, f->group[0]), "{}");
    assert_string_equal(value_at(json, "id"), f->group[0]);
    assert_int_equal(jval_int(jval_get(json, "priority"), -1), 0);
    assert_int_equal(jval_type(jval_get(json, "profile")), JVAL_OBJECT);
    (void)jval_free(json);
    json = send_as(f, 200, "PUT", text("%s/%s", groups, f->group[1]),
                   "{\"profile\":{\"title\":\"Buyer\",\"city\":\"Rome\"}}");
    assert_int_equal(jval_int(jval_get(json, "priority"), -1), 1);
    (void)jval_free(json);

    json = send_as(f, 200, "GET", text("/api/v1/apps/%s/users/%s", app, f->user[1]), NULL);
    assert_string_equal(value_at(json, "scope"), "GROUP");
    assert_string_equal(value_at(json, "profile.title"), "Buyer");
    (void)jval_free(json);
    expect_error(f, 403, "E0000046", "DELETE", text("/api/v1/apps/%s/users/%s", app, f->user[1]), NULL);
    json = send_as(f, 200, "POST", text("/api/v1/apps/%s/users", app),
                   text("{\"id\":\"%s\",\"scope\":\"USER\"}", f->user[1]));
    assert_string_equal(value_at(json, "scope"), "USER");
    (void)jval_free(json);
    json = send_as(f, 200, "POST", text("/api/v1/apps/%s/users/%s", app, f->user[1]), "{\"scope\":\"GROUP\"}");
    assert_string_equal(value_at(json, "scope"), "GROUP");
    (void)jval_free(json);

    json = send_as(
        f, 200, "PATCH", text("%s/%s", groups, f->group[1]),
        "[{\"op\":\"replace\",\"path\":\"/profile/title\",\"value\":\"Chief\"},"
        "{\"op\":\"remove\",\"path\":\"/profile/city\"},{\"op\":\"replace\",\"path\":\"/priority\",\"value\":7}]");
    assert_string_equal(value_at(json, "profile.title"), "Chief");
    assert_int_equal(jval_len(jval_get(json, "profile")), 1);
    assert_int_equal(jval_int(jval_get(json, "priority"), -1), 7);
    (void)jval_free(json);
    static const char *const bad[] = {"{}",
                                      "[]",
                                      "[{\"op\":\"add\",\"path\":\"/profile/x\",\"value\":1}]",
                                      "[{\"op\":\"remove\",\"path\":\"/priority\"}]",
                                      "[{\"op\":\"replace\",\"path\":\"/profile/x\"}]",
                                      "[{\"op\":\"replace\",\"path\":\"/profile/a~1b\",\"value\":\"1\"}]",
                                      "[{\"op\":\"replace\",\"path\":\"/id\",\"value\":1}]",
                                      "[{\"op\":\"replace\",\"path\":\"/profile\",\"value\":1}]"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        expect_error(f, 400, "E0000001", "PATCH", text("%s/%s", groups, f->group[1]), bad[i]);

    json = send_as(f, 200, "GET", text("%s?q=buy&expand=group", groups), NULL);
    assert_int_equal(jval_len(json), 1);
    assert_string_equal(value_at(jval_at(json, 0), "_embedded.group.profile.name"), "Buyers");
    (void)jval_free(json);
    json = send_as(f, 200, "GET", text("/api/v1/groups/%s/apps", f->group[1]), NULL);
    assert_string_equal(value_at(jval_at(json, 0), "id"), app);
    (void)jval_free(json);
    expect(f, 204, "DELETE", text("%s/%s", groups, f->group[1]), NULL);
    expect_error(f, 404, "E0000007", "GET", text("%s/%s", groups, f->group[1]), NULL);
    expect_error(f, 404, "E0000007", "GET", text("/api/v1/apps/%s/users/%s", app, f->user[1]), NULL);
}

static void a_connection_is_asked_before_it_is_saved(void **state)
{
    struct fixture *f = *state;
    const char *app = make_app(f, "One");
    const char *connection = text("/api/v1/apps/%s/connections/default", app);
    struct jval *json = send_as(f, 200, "GET", connection, NULL);
    assert_string_equal(value_at(json, "status"), "UNKNOWN");
    (void)jval_free(json);
    json = send_as(f, 400, "GET", text("/api/v1/apps/%s/features", app), NULL);
    assert_string_equal(value_at(jval_at(jval_get(json, "errorCauses"), 0), "errorSummary"),
                        "Provisioning is not enabled for the app instance.");
    (void)jval_free(json);
    expect_error(f, 400, "E0000001", "POST", text("%s/lifecycle/activate", connection), NULL);

    expect_error(f, 400, "E0000059", "POST", text("%s?activate=true", connection),
                 "{\"profile\":{\"authScheme\":\"TOKEN\",\"token\":\"wrong-token\"}}");
    json = send_as(f, 200, "GET", connection, NULL);
    assert_string_equal(value_at(json, "status"), "UNKNOWN"); /* nothing stored */
    (void)jval_free(json);
    json = send_as(f, 200, "POST", connection, "{\"profile\":{\"authScheme\":\"TOKEN\",\"token\":\"wrong-token\"}}");
    assert_string_equal(value_at(json, "status"), "DISABLED");
    assert_string_equal(value_at(json, "baseUrl"), "https://app.example.com/scim"); /* of the app's settings */
    assert_non_null(strstr(value_at(json, "verifyError"), "401"));
    (void)jval_free(json);

    json = send_as(f, 200, "POST", text("%s?activate=true", connection),
                   "{\"baseUrl\":\"https://app.example.com/scim/v2/\",\"profile\":{\"authScheme\":\"TOKEN\","
                   "\"token\":\"right-token\"}}");
    assert_string_equal(value_at(json, "status"), "ENABLED");
    assert_string_equal(value_at(json, "authScheme"), "TOKEN");
    assert_string_equal(value_at(json, "profile.authScheme"), "TOKEN");
    assert_string_equal(value_at(json, "baseUrl"), "https://app.example.com/scim/v2");
    assert_string_equal(value_at(json, "verifyError"), "(none)");
    (void)jval_free(json);
    /* Kept for the same place, wanted again for another. */
    expect(f, 200, "POST", connection,
           "{\"baseUrl\":\"https://app.example.com/v3\",\"profile\":{\"authScheme\":\"TOKEN\"}}");
    json = send_as(f, 400, "POST", connection,
                   "{\"baseUrl\":\"https://elsewhere.example.com\",\"profile\":{\"authScheme\":\"TOKEN\"}}");
    assert_non_null(strstr(value_at(jval_at(jval_get(json, "errorCauses"), 0), "errorSummary"), "token"));
    (void)jval_free(json);
    expect_error(
        f, 400, "E0000001", "POST", connection,
        "{\"baseUrl\":\"http://169.254.169.254\",\"profile\":{\"authScheme\":\"TOKEN\",\"token\":\"right-token\"}}");
    expect_error(f, 400, "E0000001", "POST", connection, "{\"profile\":{\"authScheme\":\"OAUTH2\"}}");
    expect_error(f, 400, "E0000001", "POST", connection, "{\"baseUrl\":\"https://app.example.com\"}");
    expect(f, 204, "POST", text("%s/lifecycle/deactivate", connection), NULL);
    expect(f, 204, "POST", text("%s/lifecycle/activate", connection), NULL);
    expect(f, 200, "GET", "/api/v1/apps", NULL);
    assert_null(memmem(f->seen, f->seen_n, "right-token", 11));
    assert_null(memmem(f->seen, f->seen_n, "wrong-token", 11));
}

static void switches_are_set_in_part(void **state)
{
    struct fixture *f = *state;
    const char *app = make_app(f, "One");
    expect(f, 200, "POST", text("/api/v1/apps/%s/connections/default?activate=true", app),
           "{\"profile\":{\"authScheme\":\"TOKEN\",\"token\":\"right-token\"}}");
    const char *feature = text("/api/v1/apps/%s/features/USER_PROVISIONING", app);
    struct jval *json = send_as(f, 200, "PUT", feature,
                                "{\"create\":{\"lifecycleCreate\":{\"status\":\"ENABLED\"}},\"update\":{\"password\":"
                                "{\"status\":\"DISABLED\",\"seed\":\"OKTA\"}}}");
    assert_string_equal(value_at(json, "capabilities.create.lifecycleCreate.status"), "ENABLED");
    assert_string_equal(value_at(json, "capabilities.update.profile.status"), "DISABLED");
    assert_string_equal(value_at(json, "capabilities.update.password.seed"), "OKTA");
    (void)jval_free(json);
    json = send_as(f, 200, "PUT", feature, "{\"update\":{\"profile\":{\"status\":\"ENABLED\"}}}");
    assert_string_equal(value_at(json, "capabilities.create.lifecycleCreate.status"), "ENABLED");
    assert_string_equal(value_at(json, "capabilities.update.profile.status"), "ENABLED");
    (void)jval_free(json);
    json = send_as(f, 200, "GET", text("/api/v1/apps/%s/features", app), NULL);
    assert_int_equal(jval_len(json), 2);
    assert_string_equal(jval_get_str(jval_at(json, 1), "name"), "INBOUND_PROVISIONING");
    (void)jval_free(json);
    json = send_as(f, 200, "GET", text("/api/v1/apps/%s", app), NULL);
    assert_string_equal(jval_str(jval_at(jval_get(json, "features"), 1)), "PUSH_NEW_USERS");
    (void)jval_free(json);
    expect_error(f, 400, "E0000001", "PUT", feature, "{\"update\":{\"profile\":{\"status\":\"ON\"}}}");
    expect_error(f, 400, "E0000001", "PUT", feature, "{\"update\":{\"password\":{\"seed\":\"X\"}}}");
    expect_error(f, 404, "E0000007", "GET", text("/api/v1/apps/%s/features/NO_SUCH_FEATURE", app), NULL);

    json = send_as(f, 200, "POST", text("/api/v1/apps/%s/users", app), text("{\"id\":\"%s\"}", f->user[0]));
    assert_string_equal(value_at(json, "status"), "STAGED");
    assert_string_equal(value_at(json, "syncState"), "SYNCING");
    (void)jval_free(json);
}

static void pausing_and_the_backlog(void **state)
{
    struct fixture *f = *state;
    const char *app = make_app(f, "One");
    expect(f, 200, "POST", text("/api/v1/apps/%s/users", app), text("{\"id\":\"%s\"}", f->user[0]));
    expect(f, 200, "POST", text("/api/v1/apps/%s/connections/default?activate=true", app),
           "{\"profile\":{\"authScheme\":\"TOKEN\",\"token\":\"right-token\"}}");
    expect(f, 200, "PUT", text("/api/v1/apps/%s/features/USER_PROVISIONING", app),
           "{\"create\":{\"lifecycleCreate\":{\"status\":\"ENABLED\"}}}");
    struct jval *json = send_as(f, 200, "POST", text("/api/v1/apps/%s/backlog?dryRun=true", app), NULL);
    assert_int_equal(jval_int(jval_get(json, "create"), -1), 1);
    assert_false(jval_is_true(jval_get(json, "queued")));
    assert_true(jval_is_true(jval_get(json, "complete")));
    (void)jval_free(json);
    json = send_as(f, 200, "POST", text("/api/v1/apps/%s/backlog", app), NULL);
    assert_true(jval_is_true(jval_get(json, "queued")));
    (void)jval_free(json);
    expect_error(f, 404, "E0000007", "POST", "/api/v1/apps/nope/backlog", NULL);

    json = send_as(f, 200, "POST", text("/api/v1/apps/%s/lifecycle/pause", app), NULL);
    assert_true(jval_is_true(jval_get(json, "paused")));
    (void)jval_free(json);
    expect(f, 200, "POST", text("/api/v1/apps/%s/lifecycle/resume", app), "");
    json = send_as(f, 200, "POST", "/api/v1/org/pause", "{\"reason\":\"audit\"}");
    assert_string_equal(value_at(json, "reason"), "audit");
    (void)jval_free(json);
    json = send_as(f, 200, "POST", "/api/v1/org/resume", NULL);
    assert_false(jval_is_true(jval_get(json, "paused")));
    (void)jval_free(json);
    expect_error(f, 400, "E0000001", "POST", "/api/v1/org/pause", "{\"reason\":7}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(apps_live),
        TEST(people_are_assigned),
        TEST(groups_are_assigned),
        TEST(a_plan_that_is_cut_says_so),
        TEST(a_connection_is_asked_before_it_is_saved),
        TEST(switches_are_set_in_part),
        TEST(pausing_and_the_backlog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
