/* SPDX-License-Identifier: Apache-2.0 */
/* Users, groups and schemas as a client of the API sees them, over loopback. */
#include "api/api.h"
#include "api_client.h"
#include "app/app.h"
#include "base/limits.h"
#include "database.h"
#include "directory/directory.h"
#include "push/push.h"
#include "record/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static const struct route *const routes[] = {user_routes, group_routes, schema_routes, NULL};
static const struct store_room *const rooms[] = {&record_room, &auth_room, &directory_room, &app_room, &push_room,
                                                 &api_room,    NULL};

struct fixture {
    char dir[64];
    struct store *store;
    struct worker *worker;
    struct api *api;
    int port;
    char token[128];
    struct answer answer; /* to the last request */
    char path[256];
};

static int make_token(struct tx *tx, void *arg)
{
    struct fixture *f = arg;
    struct api_token token;
    struct problem problem = {0};
    const char *secret = NULL;
    int r = token_create(tx, "test", ROLE_ADMIN, &token, &secret, &problem);
    if (r == 0)
        (void)snprintf(f->token, sizeof(f->token), "%s", secret);
    return r;
}

static int setup(void **state)
{
    struct fixture *f = NEW(struct fixture);
    char path[96];
    char why[256] = "";
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/muster-api-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(path, sizeof(path), "%s/db", f->dir);
    const struct store_options options = {.path = test_location(path), .env = env_real(), .rooms = rooms, .readers = 1};
    if (store_open(&f->store, &options, why, sizeof(why)) < 0)
        fail_msg("%s", why);
    f->worker = worker_new(8);
    assert_int_equal(store_write_wait(f->store, NULL, make_token, f), 0);
    const struct api_options api_options = {
        .host = "127.0.0.1", .routes = routes, .store = f->store, .worker = f->worker, .env = env_real()};
    if (api_start(&f->api, &api_options, why, sizeof(why)) < 0)
        fail_msg("%s", why);
    f->port = api_port(f->api);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    answer_free(&f->answer);
    api_stop(f->api);
    worker_free(f->worker);
    store_close(f->store);
    static const char *const names[] = {"db", "db-wal", "db-shm"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[96];
        (void)snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(f->dir);
    free(f);
    return 0;
}

/* Sends a request below /api/v1 and checks the status; the answer is in f->answer until the next. */
static const struct jval *call(struct fixture *f, long status, const char *method, const char *path, const char *body)
{
    char target[512];
    answer_free(&f->answer);
    (void)snprintf(target, sizeof(target), "/api/v1%s", path);
    f->answer =
        ask(&(struct ask){.port = f->port, .method = method, .target = target, .token = f->token, .body = body});
    if (f->answer.status != status)
        fail_msg("%s %s: %ld %s", method, path, f->answer.status, buf_text(&f->answer.body));
    return f->answer.json;
}

static const char *path_of(struct fixture *f, const char *format, ...) PRINTF_LIKE(2, 3);
static const char *path_of(struct fixture *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(f->path, sizeof(f->path), format, args);
    va_end(args);
    return f->path;
}

static void expect_problem(const struct fixture *f, const char *code, const char *cause)
{
    assert_string_equal(jval_get_str(f->answer.json, "errorCode"), code);
    const char *text = jval_get_str(jval_at(jval_get(f->answer.json, "errorCauses"), 0), "errorSummary");
    if (cause)
        assert_string_equal(text, cause);
}

/* Makes a user NAME@example.com and keeps the id. */
static void make_user(struct fixture *f, const char *name, char ret_id[static ID_BYTES])
{
    char body[512];
    (void)snprintf(body, sizeof(body),
                   "{\"profile\":{\"login\":\"%s@example.com\",\"email\":\"%s@example.com\",\"firstName\":\"%s\","
                   "\"lastName\":\"Last\"}}",
                   name, name, name);
    (void)snprintf(ret_id, ID_BYTES, "%s", jval_get_str(call(f, 200, "POST", "/users", body), "id"));
}

static void make_group(struct fixture *f, const char *name, char ret_id[static ID_BYTES])
{
    char body[512];
    (void)snprintf(body, sizeof(body), "{\"profile\":{\"name\":\"%s\"}}", name);
    (void)snprintf(ret_id, ID_BYTES, "%s", jval_get_str(call(f, 200, "POST", "/groups", body), "id"));
}

#define ADA                                                                                                            \
    "\"profile\":{\"login\":\"ada@example.com\",\"email\":\"ada@example.com\",\"firstName\":\"Ada\",\"lastName\":"     \
    "\"L\"}"

static void test_user(void **state)
{
    struct fixture *f = *state;
    char id[ID_BYTES];
    const struct jval *user = call(f, 200, "POST", "/users?activate=true",
                                   "{" ADA ",\"credentials\":{\"password\":{\"value\":\"correct horse\"},"
                                   "\"recovery_question\":{\"question\":\"Q?\",\"answer\":\"secret\"}}}");
    (void)snprintf(id, sizeof(id), "%s", jval_get_str(user, "id"));
    assert_string_equal(jval_get_str(user, "status"), "ACTIVE");
    assert_string_equal(jval_str(jval_path(user, "credentials.provider.type")), "OKTA");
    assert_string_equal(jval_str(jval_path(user, "credentials.recovery_question.question")), "Q?");
    assert_int_equal(jval_len(jval_path(user, "credentials.password")), 0);
    assert_int_equal(jval_type(jval_get(user, "lastLogin")), JVAL_NULL);
    assert_int_equal(strlen(jval_get_str(user, "created")), 24);
    assert_null(strstr(buf_text(&f->answer.body), "correct horse"));
    assert_non_null(jval_path(user, "_links.suspend"));
    assert_null(jval_path(user, "_links.activate"));
    assert_string_equal(answer_header(&f->answer, "ETag"), "W/\"1\"");

    user = call(f, 200, "GET", "/users/ada%40example.com", NULL);
    assert_string_equal(jval_get_str(user, "id"), id);
    assert_string_equal(jval_get_str(call(f, 200, "GET", "/users/ada", NULL), "id"), id);
    (void)call(f, 404, "GET", "/users/me", NULL);
    (void)call(f, 404, "GET", "/users/nobody", NULL);
    expect_problem(f, "E0000007", NULL);
    (void)call(f, 400, "POST", "/users", "{" ADA "}");
    expect_problem(f, "E0000001", "login: An object with this field already exists in the current organization");

    user = call(f, 200, "POST", path_of(f, "/users/%s", id), "{\"profile\":{\"title\":\"Countess\"},\"id\":\"x\"}");
    assert_string_equal(jval_str(jval_path(user, "profile.title")), "Countess");
    user = call(f, 200, "PUT", path_of(f, "/users/%s", id), "{" ADA "}");
    assert_null(jval_path(user, "profile.title"));
    assert_string_equal(answer_header(&f->answer, "ETag"), "W/\"3\"");
    user = call(f, 200, "POST", path_of(f, "/users/%s", id),
                "{\"credentials\":{\"password\":{\"value\":\"another horse\"}}}");
    assert_string_equal(jval_get_str(user, "status"), "ACTIVE");
    (void)call(f, 400, "POST", path_of(f, "/users/%s", id), "{\"credentials\":{\"password\":{\"value\":\"short\"}}}");
    (void)call(f, 400, "POST", path_of(f, "/users/%s", id), "{\"credentials\":{\"password\":{\"hash\":{}}}}");
    (void)call(f, 400, "POST", path_of(f, "/users/%s", id), "{\"profile\":7}");
}

static void test_refused_users(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *query;
        const char *body;
        const char *code;
        const char *cause; /* NULL: any */
    } cases[] = {
        {"", "{}", "E0000001", NULL},
        {"", "[]", "E0000003", NULL},
        {"?activate=yes", "{" ADA "}", "E0000001", "activate: The value \"yes\" is neither true nor false"},
        {"?nextLogin=changePassword", "{" ADA "}", "E0000063", NULL},
        {"?nextLogin=x", "{" ADA "}", "E0000001", NULL},
        {"?provider=true", "{" ADA "}", "E0000001", NULL},
        {"", "{" ADA ",\"credentials\":{\"provider\":{\"type\":\"FEDERATION\"}}}", "E0000001", NULL},
        {"", "{" ADA ",\"credentials\":{\"provider\":{\"type\":\"X\"}}}", "E0000001", NULL},
        {"", "{" ADA ",\"groupIds\":[\"00g00000000000000000\"]}", "E0000001",
         "groupIds: There is no group 00g00000000000000000"},
        {"", "{" ADA ",\"type\":{\"id\":\"other\"}}", "E0000001", NULL},
        {"", "{\"profile\":{\"notValid\":1}}", "E0000001", "Property name 'notValid' is not defined in profile"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "/users%s", cases[i].query);
        (void)call(f, 400, "POST", path, cases[i].body);
        expect_problem(f, cases[i].code, cases[i].cause);
    }
    assert_int_equal(jval_len(call(f, 200, "GET", "/users", NULL)), 0); /* nothing of any of them was kept */
}

static void test_statuses(void **state)
{
    struct fixture *f = *state;
    char id[ID_BYTES];
    const char *body = "{" ADA ",\"credentials\":{\"password\":{\"value\":\"correct horse\"}}}";
    const struct jval *user = call(f, 200, "POST", "/users?activate=false", body);
    (void)snprintf(id, sizeof(id), "%s", jval_get_str(user, "id"));
    assert_string_equal(jval_get_str(user, "status"), "STAGED");
    static const struct {
        long status;
        const char *operation;
        const char *now;
    } steps[] = {
        {200, "activate?sendEmail=false", "ACTIVE"},
        {403, "activate", "ACTIVE"},
        {200, "suspend", "SUSPENDED"},
        {400, "suspend", "SUSPENDED"},
        {200, "unsuspend", "ACTIVE"},
        {200, "expire_password", "PASSWORD_EXPIRED"},
        {400, "expire_password?tempPassword=true", "PASSWORD_EXPIRED"},
        {400, "reset_password", "PASSWORD_EXPIRED"},
        {200, "reset_password?sendEmail=true", "RECOVERY"},
        {200, "reactivate", "RECOVERY"},
        {403, "unlock", "RECOVERY"},
        {200, "deactivate", "DEPROVISIONED"},
        {403, "deactivate", "DEPROVISIONED"},
        {200, "activate", "ACTIVE"},
        {404, "fly", "ACTIVE"},
    };
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        (void)call(f, steps[i].status, "POST", path_of(f, "/users/%s/lifecycle/%s", id, steps[i].operation), NULL);
        user = call(f, 200, "GET", path_of(f, "/users/%s", id), NULL);
        assert_string_equal(jval_get_str(user, "status"), steps[i].now);
    }
    (void)call(f, 204, "DELETE", path_of(f, "/users/%s", id), NULL);
    user = call(f, 200, "GET", path_of(f, "/users/%s", id), NULL);
    assert_string_equal(jval_get_str(user, "status"), "DEPROVISIONED");
    assert_int_equal(jval_len(call(f, 200, "GET", "/users", NULL)), 0);
    assert_int_equal(jval_len(call(f, 200, "GET", "/users?filter=status%20eq%20%22DEPROVISIONED%22", NULL)), 1);
    (void)call(f, 204, "DELETE", path_of(f, "/users/%s", id), NULL);
    (void)call(f, 404, "GET", path_of(f, "/users/%s", id), NULL);
    (void)call(f, 404, "DELETE", path_of(f, "/users/%s", id), NULL);
}

static void test_if_match(void **state)
{
    struct fixture *f = *state;
    char id[ID_BYTES];
    char target[64];
    make_user(f, "ada", id);
    (void)snprintf(target, sizeof(target), "/api/v1/users/%s", id);
    struct ask q = {.port = f->port,
                    .method = "POST",
                    .target = target,
                    .token = f->token,
                    .headers = {"If-Match: W/\"9\""},
                    .body = "{\"profile\":{\"title\":\"x\"}}"};
    answer_free(&f->answer);
    f->answer = ask(&q);
    assert_int_equal(f->answer.status, 412);
    expect_problem(f, "E0000231", NULL);
    q.headers[0] = "If-Match: W/\"1\"";
    answer_free(&f->answer);
    f->answer = ask(&q);
    assert_int_equal(f->answer.status, 200);
}

/* Follows rel="next" and counts what comes. */
static int walk(struct fixture *f, const char *path)
{
    char next[512];
    int total = 0;
    (void)snprintf(next, sizeof(next), "%s", path);
    for (int pages = 0; pages < 20; pages++) {
        const struct jval *page = call(f, 200, "GET", next, NULL);
        assert_true(jval_len(page) > 0);
        total += (int)jval_len(page);
        const char *link = strstr(buf_text(&f->answer.headers), ">; rel=\"next\"");
        if (!link)
            return total;
        const char *start = link;
        while (*start != '<')
            start--;
        const char *at = strstr(start, "/api/v1");
        assert_non_null(at);
        (void)snprintf(next, sizeof(next), "%.*s", (int)(link - at - 7), at + 7);
    }
    fail_msg("%s does not end", path);
    return 0;
}

static void test_lists(void **state)
{
    struct fixture *f = *state;
    char id[ID_BYTES];
    char group[ID_BYTES];
    char other[ID_BYTES];
    make_group(f, "Engineers", group);
    make_group(f, "Others", other);
    for (int i = 0; i < 7; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "user%d", i);
        make_user(f, name, id);
        (void)call(f, 204, "PUT", path_of(f, "/groups/%s/users/%s", group, id), NULL);
    }
    assert_int_equal(walk(f, "/users?limit=3"), 7);
    assert_int_equal(walk(f, "/users?limit=2&sortBy=profile.lastName&sortOrder=desc&search=status%20pr"), 7);
    assert_int_equal(walk(f, "/users?q=user&limit=5"), 5); /* q does not page */
    assert_int_equal(walk(f, path_of(f, "/groups/%s/users?limit=3", group)), 7);
    assert_int_equal(walk(f, "/groups?limit=1"), 2);
    assert_int_equal(walk(f, path_of(f, "/users/%s/groups", id)), 1);
    const struct jval *groups = call(f, 200, "GET", "/groups?q=eng&expand=stats,app", NULL);
    assert_int_equal(jval_len(groups), 1);
    assert_int_equal(jval_int(jval_path(jval_at(groups, 0), "_embedded.stats.usersCount"), -1), 7);
    assert_int_equal(jval_int(jval_path(jval_at(groups, 0), "_embedded.stats.appsCount"), -1), 0);
    assert_int_equal(jval_int(jval_path(jval_at(groups, 0), "_embedded.stats.groupPushMappingsCount"), -1), 0);
    static const char *const refused[] = {"/users?limit=201",
                                          "/users?sortOrder=up",
                                          "/users?after=x",
                                          "/users?q=a&search=status%20pr",
                                          "/users?search=status",
                                          "/users?fields=id",
                                          "/groups?expand=everything",
                                          "/groups?limit=10001",
                                          "/groups?filter=profile.name%20eq%20%22a%22"};
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        (void)call(f, 400, "GET", refused[i], NULL);
}

static void test_group(void **state)
{
    struct fixture *f = *state;
    char id[ID_BYTES];
    char user[ID_BYTES];
    make_group(f, "Engineers", id);
    make_user(f, "ada", user);
    const struct jval *group = call(f, 200, "GET", path_of(f, "/groups/%s", id), NULL);
    assert_string_equal(jval_get_str(group, "type"), "OKTA_GROUP");
    assert_string_equal(jval_str(jval_at(jval_get(group, "objectClass"), 0)), "okta:user_group");
    (void)call(f, 400, "POST", "/groups", "{\"profile\":{\"name\":\"ENGINEERS\"}}");
    expect_problem(f, "E0000001", "name: An object with this field already exists in the current organization");
    (void)call(f, 400, "POST", "/groups", "{\"name\":\"x\"}");
    group =
        call(f, 200, "PUT", path_of(f, "/groups/%s", id), "{\"profile\":{\"name\":\"Makers\",\"description\":\"d\"}}");
    assert_string_equal(jval_str(jval_path(group, "profile.description")), "d");
    (void)call(f, 204, "PUT", path_of(f, "/groups/%s/users/%s", id, user), NULL);
    (void)call(f, 204, "PUT", path_of(f, "/groups/%s/users/%s", id, user), NULL);
    (void)call(f, 204, "DELETE", path_of(f, "/groups/%s/users/%s", id, user), NULL);
    (void)call(f, 204, "DELETE", path_of(f, "/groups/%s/users/%s", id, user), NULL);
    (void)call(f, 404, "PUT", path_of(f, "/groups/%s/users/%s", id, "00u00000000000000000"), NULL);
    (void)call(f, 404, "PUT", path_of(f, "/groups/%s/users/%s", "00g00000000000000000", user), NULL);
    (void)call(f, 204, "DELETE", path_of(f, "/groups/%s", id), NULL);
    (void)call(f, 404, "GET", path_of(f, "/groups/%s", id), NULL);
}

static void test_schema(void **state)
{
    struct fixture *f = *state;
    const struct jval *schema = call(f, 200, "GET", "/meta/schemas/user/default", NULL);
    assert_int_equal(jval_len(jval_path(schema, "definitions.base.properties")), 31);
    (void)call(f, 404, "GET", "/meta/schemas/user/other", NULL);
    schema = call(f, 200, "POST", "/meta/schemas/user/default",
                  "{\"definitions\":{\"custom\":{\"id\":\"#custom\",\"type\":\"object\",\"properties\":{\"shoe\":"
                  "{\"title\":\"Shoe\",\"type\":\"integer\"}},\"required\":[]}}}");
    assert_non_null(jval_path(schema, "definitions.custom.properties.shoe"));
    (void)call(f, 200, "POST", "/users",
               "{\"profile\":{\"login\":\"a@example.com\",\"email\":\"a@example.com\",\"firstName\":\"A\","
               "\"lastName\":\"B\",\"shoe\":42}}");
    assert_int_equal(jval_len(call(f, 200, "GET", "/users?search=profile.shoe%20gt%2041", NULL)), 1);
    (void)call(f, 400, "POST", "/meta/schemas/group/default",
               "{\"definitions\":{\"custom\":{\"properties\":{\"name\":{\"title\":\"N\",\"type\":\"string\"}}}}}");
    schema = call(f, 200, "POST", "/meta/schemas/user/default",
                  "{\"definitions\":{\"custom\":{\"properties\":{\"shoe\":null}}}}");
    assert_null(jval_path(schema, "definitions.custom.properties.shoe"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_user, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused_users, setup, teardown),
        cmocka_unit_test_setup_teardown(test_statuses, setup, teardown),
        cmocka_unit_test_setup_teardown(test_if_match, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lists, setup, teardown),
        cmocka_unit_test_setup_teardown(test_group, setup, teardown),
        cmocka_unit_test_setup_teardown(test_schema, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
