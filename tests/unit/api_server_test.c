/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The API as a client sees it, over loopback: who may call, what strangers send, the headers of every answer, pages,
 * waiting, repeats under one key. The routes are the room's own and a few that stand for a vertical.
 */
#include "api/api.h"
#include "api_client.h"
#include "base/limits.h"
#include "database.h"
#include "record/record.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

/* --- a room and a vertical of the test ---------------------------------------------------------------------------- */

static const struct migration thing_migrations[] = {
    {1, "CREATE TABLE thing (rid INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)"},
};
static const struct store_room thing_room = {
    .name = "thing", .migrations = thing_migrations, .migration_count = ARRAY_LEN(thing_migrations)};

SQL(THING_ADD, "INSERT INTO thing (name) VALUES ($1) RETURNING rid");
SQL(THINGS_AFTER, "SELECT rid, name FROM thing WHERE rid > $1 ORDER BY rid LIMIT $2");
SQL_SCAN(THINGS_COUNT, "a test", "SELECT count(*) FROM thing");

static int list_things(struct tx *tx, struct call *call)
{
    struct page page;
    bool loud;
    int r = call_page(call, 2, 5, &page);
    if (r == 0)
        r = call_query_bool(call, "loud", false, &loud);
    if (r < 0)
        return r;
    struct query query;
    r = tx_query(tx, &query, &THINGS_AFTER, I(page.after ? strtoll(page.after, NULL, 10) : 0), I(page.limit + 1));
    if (r < 0)
        return r;
    const char *cursor = NULL;
    int64_t last = 0;
    jout_array(&call->out, NULL);
    for (int n = 0; (r = query_next(&query)) > 0; n++) {
        if (n == page.limit) {
            cursor = arena_printf(call->arena, "%lld", (long long)last);
            break;
        }
        last = query_int(&query, 0);
        jout_str(&call->out, NULL, query_text(&query, 1));
    }
    query_close(&query);
    jout_end(&call->out);
    call_page_links(call, cursor);
    return r < 0 ? r : 0;
}

static int add_thing(struct tx *tx, struct call *call)
{
    const struct jval *body;
    int r = call_body_object(call, &body);
    if (r < 0)
        return r;
    const char *name = jval_get_str(body, "name");
    if (!name)
        return call_invalid(call, "name", "The value must be a string");
    int64_t rid;
    r = tx_get_int(tx, &rid, &THING_ADD, T(name));
    if (r < 0)
        return r;
    r = tx_change(tx, (struct change){.kind = 1, .subject = rid});
    if (r < 0)
        return r;
    jout_object(&call->out, NULL);
    jout_int(&call->out, "rid", rid);
    jout_str(&call->out, "name", name);
    jout_str_opt(&call->out, "prepared", call->prepared);
    jout_end(&call->out);
    if (strlen(name) < 100)
        call_header(call, "X-Thing", name);
    return 0;
}

static int get_thing(struct tx *tx, struct call *call)
{
    (void)tx;
    return call_not_found(call, call->params[0], "Thing");
}

static int delete_thing(struct tx *tx, struct call *call)
{
    (void)tx;
    call->status = 204;
    return 0;
}

static int wait_for_things(struct tx *tx, struct call *call)
{
    int64_t count = 0;
    int r = tx_get_int(tx, &count, &THINGS_COUNT, NO_BINDS);
    if (r < 0)
        return r;
    const char *wanted = call_query(call, "count");
    const char *wait = call_query(call, "wait");
    bool enough = count >= strtoll(wanted, NULL, 10);
    if (!enough && call_may_wait(call, strtoll(wait, NULL, 10)))
        return CALL_AGAIN;
    jout_object(&call->out, NULL);
    jout_bool(&call->out, "enough", enough);
    jout_end(&call->out);
    return 0;
}

static int fail_badly(struct tx *tx, struct call *call)
{
    (void)tx;
    (void)call;
    jout_object(&call->out, NULL); /* half an answer, which must not be seen */
    return ERR_IO;
}

static int take_too_long(struct tx *tx, struct call *call)
{
    (void)tx;
    (void)call;
    return ERR_TIMEOUT;
}

static int wait_without_leave(struct tx *tx, struct call *call)
{
    (void)tx;
    (void)call;
    return CALL_AGAIN;
}

static int released;

static void release(struct call *call)
{
    (void)call;
    __atomic_add_fetch(&released, 1, __ATOMIC_SEQ_CST);
}

static void *prepare_elsewhere(void *arg)
{
    struct call *call = arg;
    call->release = release;
    call->prepared = arena_strdup(call->arena, "by another thread");
    if (call_query(call, "refuse")) {
        (void)call_invalid(call, "baseUrl", "Nobody answers there");
        call_refuse(call);
    } else {
        call_continue(call);
    }
    return NULL;
}

static void prepare(struct call *call)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, prepare_elsewhere, call), 0);
    (void)pthread_detach(thread);
}

static const struct route thing_routes[] = {
    {"GET", "/api/v1/things", ROUTE_READ, ROLE_READ_ONLY, list_things, "listThings", NULL},
    {"POST", "/api/v1/things", ROUTE_WRITE, ROLE_OPERATOR, add_thing, "addThing", NULL},
    {"GET", "/api/v1/things/wait", ROUTE_READ, ROLE_READ_ONLY, wait_for_things, "waitForThings", NULL},
    {"POST", "/api/v1/things/prepared", ROUTE_WRITE, ROLE_OPERATOR, add_thing, "addPrepared", prepare},
    {"GET", "/api/v1/things/{thingId}", ROUTE_READ, ROLE_READ_ONLY, get_thing, "getThing", NULL},
    {"DELETE", "/api/v1/things/{thingId}", ROUTE_WRITE, ROLE_ADMIN, delete_thing, "deleteThing", NULL},
    {"GET", "/api/v1/broken", ROUTE_READ, ROLE_READ_ONLY, fail_badly, "getBroken", NULL},
    {"GET", "/api/v1/slow", ROUTE_READ, ROLE_READ_ONLY, take_too_long, "getSlow", NULL},
    {"GET", "/api/v1/impatient", ROUTE_READ, ROLE_READ_ONLY, wait_without_leave, "getImpatient", NULL},
    {.method = NULL},
};
static const struct route *const routes[] = {thing_routes, token_routes, system_routes, log_routes, NULL};
static const struct store_room *const rooms[] = {&record_room, &auth_room, &thing_room, &api_room, NULL};

/* --- the fixture -------------------------------------------------------------------------------------------------- */

struct fixture {
    char dir[64];
    struct store *store;
    struct api *api;
    int port;
    char admin[128];
    char operator[128];
    char reader[128];
    char admin_id[ID_BYTES];
};

static void on_commit(void *data, bool wake)
{
    struct fixture *f = data;
    (void)wake;
    api_wake(f->api);
}

static void make_token(struct tx *tx, enum role role, char secret[static 128], char *id)
{
    struct api_token token;
    struct problem problem = {0};
    const char *text;
    assert_int_equal(token_create(tx, role_name(role), role, &token, &text, &problem), 0);
    (void)snprintf(secret, 128, "%s", text);
    if (id)
        (void)snprintf(id, ID_BYTES, "%s", token.id);
}

static int make_tokens(struct tx *tx, void *arg)
{
    struct fixture *f = arg;
    make_token(tx, ROLE_ADMIN, f->admin, f->admin_id);
    make_token(tx, ROLE_OPERATOR, f->operator, NULL);
    make_token(tx, ROLE_READ_ONLY, f->reader, NULL);
    return 0;
}

static struct fixture *start(const char *external_url, const char *proxies, int rate)
{
    struct fixture *f = NEW(struct fixture);
    char path[96];
    char why[256] = "";
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/muster-api-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(path, sizeof(path), "%s/db", f->dir);
    struct store_options options = {.path = test_location(path),
                                    .env = env_real(),
                                    .rooms = rooms,
                                    .readers = 2,
                                    .on_commit = on_commit,
                                    .on_commit_data = f};
    if (store_open(&f->store, &options, why, sizeof(why)) < 0)
        fail_msg("%s", why);
    assert_int_equal(store_write_wait(f->store, NULL, make_tokens, f), 0);
    struct api_options api_options = {
        .host = "127.0.0.1",
        .external_url = external_url,
        .proxies = proxies,
        .rate_per_minute = rate,
        .routes = routes,
        .store = f->store,
        .env = env_real(),
    };
    if (api_start(&f->api, &api_options, why, sizeof(why)) < 0)
        fail_msg("%s", why);
    f->port = api_port(f->api);
    return f;
}

static int setup(void **state)
{
    *state = start(NULL, NULL, 0);
    return 0;
}

static int setup_few_requests(void **state)
{
    *state = start(NULL, NULL, 3);
    return 0;
}

static int setup_behind_proxy(void **state)
{
    *state = start(NULL, "127.0.0.0/8", 0);
    return 0;
}

static int setup_external_url(void **state)
{
    *state = start("https://muster.example.com/x/", "127.0.0.0/8", 0);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    api_stop(f->api);
    f->api = NULL;
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

static struct answer get(struct fixture *f, const char *target)
{
    return ask(&(struct ask){.port = f->port, .method = "GET", .target = target, .token = f->reader});
}

static struct answer post(struct fixture *f, const char *target, const char *body)
{
    return ask(&(struct ask){.port = f->port, .method = "POST", .target = target, .token = f->operator, .body = body});
}

static void expect(struct answer *answer, int status, const char *code, const char *cause)
{
    if (answer->status != status)
        fail_msg("status %ld instead of %d: %s", answer->status, status, buf_text(&answer->body));
    if (code) {
        assert_string_equal(jval_get_str(answer->json, "errorCode"), code);
        assert_string_equal(jval_get_str(answer->json, "errorLink"), code);
        assert_int_equal(strncmp(jval_get_str(answer->json, "errorId"), "oae", 3), 0);
        assert_non_null(jval_get_str(answer->json, "errorSummary"));
        assert_int_equal(jval_type(jval_get(answer->json, "errorCauses")), JVAL_ARRAY);
    }
    if (cause) {
        const char *text = jval_get_str(jval_at(jval_get(answer->json, "errorCauses"), 0), "errorSummary");
        if (!text || !strstr(text, cause))
            fail_msg("the cause \"%s\" does not say \"%s\"", text ? text : "(none)", cause);
    }
    /* On every answer, whatever it is. */
    assert_int_equal(strncmp(answer_header(answer, "X-Okta-Request-Id"), "req", 3), 0);
    assert_non_null(answer_header(answer, "X-Rate-Limit-Limit"));
    assert_non_null(answer_header(answer, "X-Rate-Limit-Remaining"));
    assert_true(strtoll(answer_header(answer, "X-Rate-Limit-Reset"), NULL, 10) > 1700000000);
    assert_non_null(answer_header(answer, "Date"));
    assert_string_equal(answer_header(answer, "Cache-Control"), "no-store");
    if (answer->body.len)
        assert_string_equal(answer_header(answer, "Content-Type"), "application/json");
}

/* --- who may call ------------------------------------------------------------------------------------------------- */

static void only_a_token_opens(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {"SSWS", "SSWS nonsense", "Basic dTpw", "Token x", "SSWS a b", ""};
    struct answer a = ask(&(struct ask){.port = f->port, .method = "GET", .target = "/api/v1/things"});
    expect(&a, 401, "E0000011", NULL);
    answer_free(&a);
    char line[256];
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        (void)snprintf(line, sizeof(line), "Authorization: %s", bad[i]);
        a = ask(&(struct ask){.port = f->port, .method = "POST", .target = "/api/v1/things", .headers = {line}});
        expect(&a, 401, "E0000011", NULL);
        answer_free(&a);
    }
    static const char *const schemes[] = {"SSWS", "ssws", "Bearer", "BEARER"};
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        (void)snprintf(line, sizeof(line), "Authorization: %s  %s", schemes[i], f->reader);
        a = ask(&(struct ask){.port = f->port, .method = "GET", .target = "/api/v1/things", .headers = {line}});
        expect(&a, 200, NULL, NULL);
        answer_free(&a);
    }
}

/* Requests with an unknown token never reach the one writer. */
static void strangers_do_not_reach_the_writer(void **state)
{
    struct fixture *f = *state;
    struct store_stats before;
    struct store_stats after;
    store_stats(f->store, &before);
    for (int i = 0; i < 5; i++) {
        struct answer a = ask(&(struct ask){.port = f->port,
                                            .method = "POST",
                                            .target = "/api/v1/things",
                                            .token = "muster_stranger",
                                            .body = "{\"name\":\"x\"}"});
        expect(&a, 401, "E0000011", NULL);
        answer_free(&a);
    }
    store_stats(f->store, &after);
    assert_int_equal(after.jobs, before.jobs);
    struct answer a = post(f, "/api/v1/things", "{\"name\":\"y\"}");
    expect(&a, 200, NULL, NULL);
    answer_free(&a);
    store_stats(f->store, &after);
    assert_int_equal(after.jobs, before.jobs + 1);
}

static void a_role_allows_what_it_allows(void **state)
{
    struct fixture *f = *state;
    struct answer a = ask(&(struct ask){
        .port = f->port, .method = "POST", .target = "/api/v1/things", .token = f->reader, .body = "{\"name\":\"x\"}"});
    expect(&a, 403, "E0000006", "OPERATOR");
    answer_free(&a);
    a = ask(&(struct ask){.port = f->port, .method = "DELETE", .target = "/api/v1/things/1", .token = f->operator});
    expect(&a, 403, "E0000006", "ADMIN");
    answer_free(&a);
    a = ask(&(struct ask){.port = f->port, .method = "DELETE", .target = "/api/v1/things/1", .token = f->admin});
    expect(&a, 204, NULL, NULL);
    assert_int_equal(a.body.len, 0);
    assert_null(answer_header(&a, "Content-Type"));
    answer_free(&a);
}

static void too_many_requests_wait(void **state)
{
    struct fixture *f = *state;
    /* The minute may end in between: then the next one is counted. */
    for (int minute = 0; minute < 2; minute++) {
        struct answer first = get(f, "/api/v1/things");
        expect(&first, 200, NULL, NULL);
        assert_string_equal(answer_header(&first, "X-Rate-Limit-Limit"), "3");
        char reset[32];
        (void)snprintf(reset, sizeof(reset), "%.31s", answer_header(&first, "X-Rate-Limit-Reset"));
        answer_free(&first);
        for (int i = 0; i < 2; i++) {
            struct answer more = get(f, "/api/v1/things/1");
            expect(&more, 404, "E0000007", NULL);
            answer_free(&more);
        }
        struct answer last = get(f, "/api/v1/things");
        bool same_minute = strcmp(answer_header(&last, "X-Rate-Limit-Reset"), reset) == 0;
        if (same_minute) {
            expect(&last, 429, "E0000047", "3 requests a minute");
            assert_string_equal(answer_header(&last, "X-Rate-Limit-Remaining"), "0");
            struct answer other = post(f, "/api/v1/things", "{\"name\":\"another token\"}");
            expect(&other, 200, NULL, NULL);
            answer_free(&other);
        }
        answer_free(&last);
        if (same_minute)
            return;
    }
    fail();
}

/* --- what strangers send ------------------------------------------------------------------------------------------ */

static void paths_that_are_not_ours(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *method;
        const char *target;
        int status;
        const char *code;
        const char *cause;
    } cases[] = {
        {"GET", "/api/v1/nothing", 404, "E0000008", "/api/v1/nothing"},
        {"GET", "/", 404, "E0000008", NULL},
        {"GET", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14", 404, "E0000008", NULL},
        {"PATCH", "/api/v1/things", 405, "E0000022", "GET, HEAD, POST"},
        {"GET", "/api/v1/things/a%2Fb", 400, "E0000001", "path"},
        {"GET", "/api/v1/things/a%00b", 400, "E0000001", "path"},
        {"GET", "/api/v1/things/a%ffb", 400, "E0000001", "path"},
        {"GET", "/api/v1/things/a%zz", 400, "E0000001", "path"},
        {"GET", "/api/v1//things", 400, "E0000001", "path"},
        {"GET", "/api/v1/things/../things", 400, "E0000001", "path"},
        {"GET", "/api/v1/things?limit=%ff", 400, "E0000001", "query"},
        {"GET", "/api/v1/things?limit=%00", 400, "E0000001", "query"},
        {"GET", "/api/v1/things?limit=0", 400, "E0000001", "limit"},
        {"GET", "/api/v1/things?limit=6", 400, "E0000001", "1 to 5"},
        {"GET", "/api/v1/things?limit=x", 400, "E0000001", "limit"},
        {"GET", "/api/v1/things?limit=99999999999999", 400, "E0000001", "limit"},
        {"GET", "/api/v1/things?after=nonsense", 400, "E0000001", "after"},
        {"GET", "/api/v1/things?loud=maybe", 400, "E0000001", "loud"},
        {"GET", "/api/v1/things/00unothing", 404, "E0000007", NULL},
        {"GET", "/api/v1/broken", 500, "E0000009", NULL},
        {"GET", "/api/v1/slow", 503, "E0000100", "10 seconds"},
        {"GET", "/api/v1/impatient", 500, "E0000009", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct answer a = ask(
            &(struct ask){.port = f->port, .method = cases[i].method, .target = cases[i].target, .token = f->reader});
        expect(&a, cases[i].status, cases[i].code, cases[i].cause);
        if (cases[i].status == 405)
            assert_string_equal(answer_header(&a, "Allow"), "GET, HEAD, POST");
        answer_free(&a);
    }
}

static void long_queries_are_refused(void **state)
{
    struct fixture *f = *state;
    struct buf target;
    buf_init(&target, 64 * 1024);
    buf_str(&target, "/api/v1/things?search=");
    for (int i = 0; i < 17 * 1024; i++)
        buf_char(&target, 'x');
    struct answer a = get(f, buf_text(&target));
    expect(&a, 400, "E0000001", "search: The value is longer than 16384 bytes");
    answer_free(&a);
    for (int i = 0; i < 17 * 1024; i++)
        buf_char(&target, 'x');
    a = get(f, buf_text(&target));
    expect(&a, 400, "E0000001", "query");
    answer_free(&a);
    buf_free(&target);
}

static char *repeated(const char *before, const char *piece, size_t count, const char *after)
{
    struct buf text;
    buf_init(&text, 4 * 1024 * 1024);
    buf_str(&text, before);
    for (size_t i = 0; i < count; i++)
        buf_str(&text, piece);
    buf_str(&text, after);
    return buf_take(&text);
}

static void bodies_that_are_not_ours(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *body;
        const char *type;
        int status;
        const char *code;
        const char *cause;
    } cases[] = {
        {NULL, NULL, 400, "E0000003", "needs a JSON object"},
        {"[]", NULL, 400, "E0000003", "not a JSON object"},
        {"\"x\"", NULL, 400, "E0000003", "not a JSON object"},
        {"{\"name\":\n 1,}", NULL, 400, "E0000003", "line 2"},
        {"{\"name\":\"a\",\"name\":\"b\"}", NULL, 400, "E0000003", "name"},
        {"{\"name\":\"\xff\"}", NULL, 400, "E0000003", "0xff"},
        {"{\"name\":\"a\"} x", NULL, 400, "E0000003", "line 1"},
        {"{\"name\":7}", NULL, 400, "E0000001", "name: The value must be a string"},
        {"{\"name\":null}", NULL, 400, "E0000001", "name"},
        {"{}", NULL, 400, "E0000001", "name"},
        {"name=x", "application/x-www-form-urlencoded", 400, "E0000021", "application/json"},
        {"{\"name\":\"a\"}", "application/json; charset=utf-16", 400, "E0000021", "UTF-8"},
        {"{\"name\":\"a\"}", "text/plain", 400, "E0000021", "application/json"},
        {"{\"name\":\"a1\"}", "", 200, NULL, NULL},
        {"{\"name\":\"a2\"}", "application/json; charset=\"UTF-8\"", 200, NULL, NULL},
        {"{\"name\":\"a3\"}", "application/json-patch+json", 200, NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct answer a = ask(&(struct ask){.port = f->port,
                                            .method = "POST",
                                            .target = "/api/v1/things",
                                            .token = f->operator,
                                            .body = cases[i].body,
                                            .content_type = cases[i].type});
        expect(&a, cases[i].status, cases[i].code, cases[i].cause);
        answer_free(&a);
    }
}

static void deep_and_large_bodies(void **state)
{
    struct fixture *f = *state;
    char *deep = repeated("{\"name\":", "[", 100, "");
    char *name = repeated("{\"name\":\"", "x", 100 * 1000, "\"}");
    char *bad = repeated("{\"name\":\"", "x", 100 * 1000, "\"");
    char *huge = repeated("{\"name\":\"", "x", LIMIT_BODY_BYTES, "\"}");
    struct answer a = post(f, "/api/v1/things", deep);
    expect(&a, 400, "E0000003", NULL);
    answer_free(&a);
    a = post(f, "/api/v1/things", name); /* read on a reader thread */
    expect(&a, 200, NULL, NULL);
    assert_int_equal(strlen(jval_get_str(a.json, "name")), 100 * 1000);
    answer_free(&a);
    a = post(f, "/api/v1/things", bad);
    expect(&a, 400, "E0000003", "line 1");
    answer_free(&a);
    a = post(f, "/api/v1/things", huge);
    expect(&a, 413, "E0000001", "1048576 bytes");
    answer_free(&a);
    /* Without a token nobody learns what was wrong with the body. */
    const char *const bodies[] = {deep, name, huge};
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        a = ask(&(struct ask){
            .port = f->port, .method = "POST", .target = "/api/v1/things", .token = "wrong", .body = bodies[i]});
        expect(&a, 401, "E0000011", NULL);
        answer_free(&a);
    }
    free(deep);
    free(name);
    free(bad);
    free(huge);
}

static void an_absolute_target_is_understood(void **state)
{
    struct fixture *f = *state;
    struct answer a = get(f, "http://127.0.0.1/api/v1/things?limit=1");
    expect(&a, 200, NULL, NULL);
    answer_free(&a);
    a = get(f, "/api/v1/things/"); /* a slash at the end is tolerated */
    expect(&a, 200, NULL, NULL);
    answer_free(&a);
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

static void a_change_has_a_number(void **state)
{
    struct fixture *f = *state;
    struct answer a = post(f, "/api/v1/things", "{\"name\":\"one\"}");
    expect(&a, 200, NULL, NULL);
    int64_t first = strtoll(answer_header(&a, "X-Muster-Change"), NULL, 10);
    assert_true(first > 0);
    assert_string_equal(answer_header(&a, "X-Thing"), "one");
    answer_free(&a);
    a = post(f, "/api/v1/things", "{\"name\":\"two\"}");
    assert_true(strtoll(answer_header(&a, "X-Muster-Change"), NULL, 10) > first);
    answer_free(&a);
    a = get(f, "/api/v1/things");
    expect(&a, 200, NULL, NULL);
    assert_null(answer_header(&a, "X-Muster-Change"));
    assert_int_equal(jval_len(a.json), 2);
    answer_free(&a);
    a = post(f, "/api/v1/things", "{\"name\":\"two\"}"); /* a constraint of the store that no handler foresaw */
    expect(&a, 409, "E0000195", NULL);
    assert_null(answer_header(&a, "X-Muster-Change"));
    answer_free(&a);
    a = ask(&(struct ask){.port = f->port, .method = "HEAD", .target = "/api/v1/things", .token = f->reader});
    expect(&a, 200, NULL, NULL);
    assert_int_equal(a.body.len, 0);
    answer_free(&a);
}

/* The target of the link with that rel, into `ret`, without the base; "" when there is none. */
static void link_of(const struct answer *answer, const char *base, const char *rel, char ret[static 1024])
{
    ret[0] = '\0';
    char end[32];
    (void)snprintf(end, sizeof(end), ">; rel=\"%s\"", rel);
    for (const char *p = buf_text(&answer->headers); (p = strstr(p, "Link: <")) != NULL;) {
        p += 7;
        size_t n = strcspn(p, ">\r\n");
        if (strncmp(p + n, end, strlen(end)) != 0)
            continue;
        assert_int_equal(strncmp(p, base, strlen(base)), 0);
        (void)snprintf(ret, 1024, "%.*s", (int)(n - strlen(base)), p + strlen(base));
    }
}

static void pages_are_linked(void **state)
{
    struct fixture *f = *state;
    char body[64];
    char base[64];
    char next[1024] = "/api/v1/things?limit=2&after=&loud=true";
    (void)snprintf(base, sizeof(base), "http://127.0.0.1:%d", f->port);
    for (int i = 0; i < 5; i++) {
        (void)snprintf(body, sizeof(body), "{\"name\":\"thing %d\"}", i);
        struct answer a = post(f, "/api/v1/things", body);
        expect(&a, 200, NULL, NULL);
        answer_free(&a);
    }
    size_t seen = 0;
    for (int pages = 0; *next; pages++) {
        assert_true(pages < 3);
        struct answer a = get(f, next);
        expect(&a, 200, NULL, NULL);
        for (size_t i = 0; i < jval_len(a.json); i++, seen++) {
            (void)snprintf(body, sizeof(body), "thing %zu", seen);
            assert_string_equal(jval_str(jval_at(a.json, i)), body);
        }
        char self[1024];
        link_of(&a, base, "self", self);
        assert_non_null(strstr(self, "limit=2"));
        link_of(&a, base, "next", next);
        if (*next) {
            assert_non_null(strstr(next, "limit=2"));
            assert_non_null(strstr(next, "loud=true"));
        }
        answer_free(&a);
    }
    assert_int_equal(seen, 5);
}

static void a_proxy_is_believed(void **state)
{
    struct fixture *f = *state;
    char self[1024];
    struct answer a = ask(&(struct ask){.port = f->port,
                                        .method = "GET",
                                        .target = "/api/v1/things",
                                        .token = f->reader,
                                        .headers = {"X-Forwarded-Proto: https", "X-Forwarded-Host: m.example.com"}});
    expect(&a, 200, NULL, NULL);
    link_of(&a, "https://m.example.com", "self", self);
    assert_string_equal(self, "/api/v1/things");
    answer_free(&a);
    a = ask(
        &(struct ask){.port = f->port,
                      .method = "POST",
                      .target = "/api/v1/api-tokens",
                      .token = f->admin,
                      .body = "{\"name\":\"n\",\"role\":\"READ_ONLY\"}",
                      .headers = {"X-Forwarded-For: 203.0.113.5", "X-Forwarded-For: 198.51.100.7", "User-Agent: x/1"}});
    expect(&a, 200, NULL, NULL);
    answer_free(&a);
    a = get(f, "/api/v1/logs");
    expect(&a, 200, NULL, NULL);
    const struct jval *event = jval_at(a.json, jval_len(a.json) - 1);
    assert_string_equal(jval_str(jval_path(event, "client.ipAddress")), "198.51.100.7");
    assert_string_equal(jval_str(jval_path(event, "client.userAgent.rawUserAgent")), "x/1");
    assert_string_equal(jval_str(jval_path(event, "actor.id")), f->admin_id);
    assert_string_equal(jval_str(jval_path(event, "transaction.detail.requestApiTokenId")), f->admin_id);
    answer_free(&a);
}

static void nobody_else_is_believed(void **state)
{
    struct fixture *f = *state;
    char self[1024];
    char base[64];
    (void)snprintf(base, sizeof(base), "http://127.0.0.1:%d", f->port);
    struct answer a = ask(&(struct ask){.port = f->port,
                                        .method = "GET",
                                        .target = "/api/v1/things",
                                        .token = f->reader,
                                        .headers = {"X-Forwarded-Proto: https", "X-Forwarded-Host: m.example.com"}});
    expect(&a, 200, NULL, NULL);
    link_of(&a, base, "self", self);
    assert_string_equal(self, "/api/v1/things");
    answer_free(&a);
}

static void the_external_url_wins(void **state)
{
    struct fixture *f = *state;
    char self[1024];
    struct answer a = ask(&(struct ask){.port = f->port,
                                        .method = "GET",
                                        .target = "/api/v1/things?limit=1",
                                        .token = f->reader,
                                        .headers = {"X-Forwarded-Host: m.example.com"}});
    link_of(&a, "https://muster.example.com/x", "self", self);
    assert_string_equal(self, "/api/v1/things?limit=1");
    answer_free(&a);
}

/* --- waiting, preparing, repeating -------------------------------------------------------------------------------- */

struct waiter {
    struct fixture *f;
    const char *target;
    struct answer answer;
};

static void *wait_main(void *arg)
{
    struct waiter *w = arg;
    w->answer = get(w->f, w->target);
    return NULL;
}

static void a_call_waits_for_a_commit(void **state)
{
    struct fixture *f = *state;
    struct waiter w = {.f = f, .target = "/api/v1/things/wait?count=2&wait=200000"};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wait_main, &w), 0);
    struct answer a = post(f, "/api/v1/things", "{\"name\":\"first\"}");
    expect(&a, 200, NULL, NULL);
    answer_free(&a);
    a = post(f, "/api/v1/things", "{\"name\":\"second\"}");
    expect(&a, 200, NULL, NULL);
    answer_free(&a);
    (void)pthread_join(thread, NULL);
    expect(&w.answer, 200, NULL, NULL);
    assert_true(jval_is_true(jval_get(w.answer.json, "enough")));
    answer_free(&w.answer);
}

static void a_wait_ends_at_its_deadline(void **state)
{
    struct fixture *f = *state;
    struct store_stats before;
    store_stats(f->store, &before);
    struct answer a = get(f, "/api/v1/things/wait?count=1&wait=200");
    expect(&a, 200, NULL, NULL);
    assert_false(jval_is_true(jval_get(a.json, "enough")));
    answer_free(&a);
    struct store_stats after;
    store_stats(f->store, &after);
    /* Run once at first and once at the deadline, not in between: the token and the count each time. */
    assert_true(after.statements - before.statements <= 4);
}

static void stopping_answers_who_waits(void **state)
{
    struct fixture *f = *state;
    struct waiter w = {.f = f, .target = "/api/v1/things/wait?count=1&wait=60000"};
    struct store_stats before;
    struct store_stats now;
    store_stats(f->store, &before);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wait_main, &w), 0);
    do { /* until the call was run once */
        (void)usleep(1000);
        store_stats(f->store, &now);
    } while (now.statements < before.statements + 2);
    api_stop(f->api);
    f->api = NULL;
    (void)pthread_join(thread, NULL);
    expect(&w.answer, 200, NULL, NULL);
    assert_false(jval_is_true(jval_get(w.answer.json, "enough")));
    answer_free(&w.answer);
}

static void a_call_is_prepared_elsewhere(void **state)
{
    struct fixture *f = *state;
    released = 0;
    struct answer a = post(f, "/api/v1/things/prepared", "{\"name\":\"p\"}");
    expect(&a, 200, NULL, NULL);
    assert_string_equal(jval_get_str(a.json, "prepared"), "by another thread");
    answer_free(&a);
    a = post(f, "/api/v1/things/prepared?refuse=1", "{\"name\":\"q\"}");
    expect(&a, 400, "E0000001", "baseUrl: Nobody answers there");
    answer_free(&a);
    assert_int_equal(__atomic_load_n(&released, __ATOMIC_SEQ_CST), 2);
    a = ask(&(struct ask){.port = f->port,
                          .method = "POST",
                          .target = "/api/v1/things/prepared",
                          .token = f->reader,
                          .body = "{\"name\":\"r\"}"});
    expect(&a, 403, "E0000006", NULL); /* before anything was prepared */
    answer_free(&a);
    assert_int_equal(__atomic_load_n(&released, __ATOMIC_SEQ_CST), 2);
}

static struct answer post_with_key(struct fixture *f, const char *token, const char *target, const char *body,
                                   const char *key)
{
    return ask(&(struct ask){
        .port = f->port, .method = "POST", .target = target, .token = token, .body = body, .headers = {key}});
}

static void a_key_makes_a_request_happen_once(void **state)
{
    struct fixture *f = *state;
    static const char key[] = "Idempotency-Key: k-1";
    struct answer a = post_with_key(f, f->operator, "/api/v1/things", "{\"name\":\"once\"}", key);
    expect(&a, 200, NULL, NULL);
    assert_null(answer_header(&a, "Idempotency-Replayed"));
    char change[32];
    (void)snprintf(change, sizeof(change), "%.31s", answer_header(&a, "X-Muster-Change"));
    struct answer again = post_with_key(f, f->operator, "/api/v1/things", "{\"name\":\"once\"}", key);
    expect(&again, 200, NULL, NULL);
    assert_string_equal(answer_header(&again, "Idempotency-Replayed"), "true");
    assert_string_equal(answer_header(&again, "X-Muster-Change"), change);
    assert_string_equal(answer_header(&again, "X-Thing"), "once");
    assert_string_equal(buf_text(&again.body), buf_text(&a.body));
    answer_free(&again);
    answer_free(&a);

    a = post_with_key(f, f->operator, "/api/v1/things", "{\"name\":\"other\"}", key);
    expect(&a, 409, "E0000195", "Idempotency-Key: This key was used for another request");
    answer_free(&a);
    a = post_with_key(f, f->admin, "/api/v1/things", "{\"name\":\"of another token\"}", key);
    expect(&a, 200, NULL, NULL);
    assert_null(answer_header(&a, "Idempotency-Replayed"));
    answer_free(&a);
    a = get(f, "/api/v1/things?limit=5");
    assert_int_equal(jval_len(a.json), 2);
    answer_free(&a);
    /* A refusal is not kept: the same key works once the request is right. */
    a = post_with_key(f, f->operator, "/api/v1/things", "{}", "Idempotency-Key: k-2");
    expect(&a, 400, "E0000001", NULL);
    answer_free(&a);
    a = post_with_key(f, f->operator, "/api/v1/things", "{\"name\":\"right\"}", "Idempotency-Key: k-2");
    expect(&a, 200, NULL, NULL);
    answer_free(&a);
    char *long_key = repeated("Idempotency-Key: ", "k", LIMIT_IDEMPOTENCY_KEY_BYTES + 1, "");
    a = post_with_key(f, f->operator, "/api/v1/things", "{\"name\":\"long\"}", long_key);
    expect(&a, 400, "E0000001", "Idempotency-Key");
    answer_free(&a);
    free(long_key);
}

/* --- tokens and the system ---------------------------------------------------------------------------------------- */

static void tokens_are_made_and_revoked(void **state)
{
    struct fixture *f = *state;
    static const char path[] = "/api/v1/api-tokens";
    static const char key[] = "Idempotency-Key: token";
    struct answer a = post_with_key(f, f->admin, path, "{\"name\":\"ci\",\"role\":\"READ_ONLY\"}", key);
    expect(&a, 200, NULL, NULL);
    char secret[128];
    char one[64];
    (void)snprintf(secret, sizeof(secret), "%s", jval_get_str(a.json, "token"));
    (void)snprintf(one, sizeof(one), "%s/%s", path, jval_get_str(a.json, "id"));
    answer_free(&a);
    /* The secret was shown once and is not kept for a repeat. */
    a = post_with_key(f, f->admin, path, "{\"name\":\"ci\",\"role\":\"READ_ONLY\"}", key);
    expect(&a, 409, "E0000195", "secret");
    answer_free(&a);

    a = ask(&(struct ask){.port = f->port, .method = "GET", .target = one, .token = f->admin});
    expect(&a, 200, NULL, NULL);
    assert_string_equal(jval_get_str(a.json, "name"), "ci");
    assert_null(jval_get(a.json, "token"));
    /* What was read can be sent back. */
    struct answer b = ask(
        &(struct ask){.port = f->port, .method = "PUT", .target = one, .token = f->admin, .body = buf_text(&a.body)});
    expect(&b, 200, NULL, NULL);
    answer_free(&b);
    answer_free(&a);
    static const struct {
        const char *body;
        const char *cause;
    } bad[] = {
        {"{\"role\":\"ADMIN\",\"name\":\"ci\"}", "role"},
        {"{\"name\":7}", "name"},
        {"{\"name\":\"\"}", "name"},
        {"{\"name\":\"a\",\"userId\":\"00u1\"}", "userId"},
        {"{\"nmae\":\"a\"}", "nmae"},
        {"{\"name\":\"a\",\"network\":{\"connection\":\"ZONE\"}}", "network"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        a = ask(&(struct ask){.port = f->port, .method = "PUT", .target = one, .token = f->admin, .body = bad[i].body});
        expect(&a, 400, "E0000001", bad[i].cause);
        answer_free(&a);
    }
    a = ask(&(struct ask){.port = f->port, .method = "GET", .target = path, .token = f->admin});
    expect(&a, 200, NULL, NULL);
    assert_int_equal(jval_len(a.json), 4);
    assert_null(strstr(buf_text(&a.body), secret));
    answer_free(&a);
    a = get(f, path);
    expect(&a, 403, "E0000006", NULL);
    answer_free(&a);

    a = ask(
        &(struct ask){.port = f->port, .method = "DELETE", .target = "/api/v1/api-tokens/current", .token = secret});
    expect(&a, 204, NULL, NULL);
    answer_free(&a);
    a = ask(&(struct ask){.port = f->port, .method = "GET", .target = "/api/v1/things", .token = secret});
    expect(&a, 401, "E0000011", NULL);
    answer_free(&a);
    a = ask(&(struct ask){.port = f->port, .method = "DELETE", .target = one, .token = f->admin});
    expect(&a, 404, "E0000007", NULL);
    answer_free(&a);
    a = ask(
        &(struct ask){.port = f->port, .method = "DELETE", .target = "/api/v1/api-tokens/current", .token = f->admin});
    expect(&a, 400, "E0000001", "last token");
    answer_free(&a);
}

static void the_log_is_polled(void **state)
{
    struct fixture *f = *state;
    char base[64];
    char next[1024];
    (void)snprintf(base, sizeof(base), "http://127.0.0.1:%d", f->port);
    struct answer a = get(f, "/api/v1/logs?limit=2");
    expect(&a, 200, NULL, NULL);
    assert_int_equal(jval_len(a.json), 2);
    assert_string_equal(jval_get_str(jval_at(a.json, 0), "eventType"), "system.api_token.create");
    link_of(&a, base, "next", next);
    answer_free(&a);
    for (size_t expected = 1; expected < 2; expected--) { /* the third token, then nothing, and still a next link */
        a = get(f, next);
        expect(&a, 200, NULL, NULL);
        assert_int_equal(jval_len(a.json), expected);
        link_of(&a, base, "next", next);
        assert_true(*next);
        answer_free(&a);
    }
    a = post_with_key(f, f->admin, "/api/v1/api-tokens", "{\"name\":\"later\",\"role\":\"OPERATOR\"}", NULL);
    expect(&a, 200, NULL, NULL);
    answer_free(&a);
    a = get(f, next);
    assert_int_equal(jval_len(a.json), 1);
    answer_free(&a);
    static const char *const bad[] = {"since=yesterday",
                                      "until=x",
                                      "sortOrder=UP",
                                      "limit=1001",
                                      "after=x",
                                      "since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z",
                                      "q=a%20b%20c%20d%20e%20f%20g%20h%20i%20j%20k"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char target[128];
        (void)snprintf(target, sizeof(target), "/api/v1/logs?%s", bad[i]);
        a = get(f, target);
        expect(&a, 400, "E0000001", NULL);
        answer_free(&a);
    }
}

static void what_is_open_needs_no_token(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *target;
        const char *field;
        const char *value;
    } cases[] = {
        {"/.well-known/okta-organization", "pipeline", "v1"},
        {"/livez", "status", "alive"},
        {"/readyz", "status", "ready"},
        {"/openapi.json", "openapi", "3.0.3"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct answer a = ask(&(struct ask){.port = f->port, .method = "GET", .target = cases[i].target});
        expect(&a, 200, NULL, NULL);
        assert_string_equal(jval_get_str(a.json, cases[i].field), cases[i].value);
        if (i == 0)
            assert_int_equal(strncmp(jval_get_str(a.json, "id"), "00o", 3), 0);
        if (i == 3) {
            const struct jval *paths = jval_get(a.json, "paths");
            const struct jval *get_thing_too = jval_get(jval_get(paths, "/api/v1/things/{thingId}"), "get");
            assert_string_equal(jval_get_str(get_thing_too, "operationId"), "getThing");
        }
        answer_free(&a);
    }
}

static void a_bad_setting_is_refused(void **state)
{
    struct fixture *f = *state;
    char why[256];
    struct api *api;
    struct api_options options = {.host = "127.0.0.1", .routes = routes, .store = f->store, .env = env_real()};
    options.external_url = "muster.example.com";
    assert_int_equal(api_start(&api, &options, why, sizeof(why)), ERR_SYNTAX);
    assert_non_null(strstr(why, "muster.example.com"));
    options.external_url = NULL;
    options.proxies = "somewhere";
    assert_int_equal(api_start(&api, &options, why, sizeof(why)), ERR_SYNTAX);
    assert_non_null(strstr(why, "somewhere"));
    options.proxies = NULL;
    options.port = f->port;
    assert_int_equal(api_start(&api, &options, why, sizeof(why)), ERR_IO);
    api_wake(NULL);
    api_stop(NULL);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    const struct CMUnitTest tests[] = {
        TEST(only_a_token_opens),
        TEST(strangers_do_not_reach_the_writer),
        TEST(a_role_allows_what_it_allows),
        cmocka_unit_test_setup_teardown(too_many_requests_wait, setup_few_requests, teardown),
        TEST(paths_that_are_not_ours),
        TEST(long_queries_are_refused),
        TEST(bodies_that_are_not_ours),
        TEST(deep_and_large_bodies),
        TEST(an_absolute_target_is_understood),
        TEST(a_change_has_a_number),
        TEST(pages_are_linked),
        cmocka_unit_test_setup_teardown(a_proxy_is_believed, setup_behind_proxy, teardown),
        TEST(nobody_else_is_believed),
        cmocka_unit_test_setup_teardown(the_external_url_wins, setup_external_url, teardown),
        TEST(a_call_waits_for_a_commit),
        TEST(a_wait_ends_at_its_deadline),
        TEST(stopping_answers_who_waits),
        TEST(a_call_is_prepared_elsewhere),
        TEST(a_key_makes_a_request_happen_once),
        TEST(tokens_are_made_and_revoked),
        TEST(the_log_is_polled),
        TEST(what_is_open_needs_no_token),
        TEST(a_bad_setting_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
