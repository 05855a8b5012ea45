/* SPDX-License-Identifier: Apache-2.0 */
/* The practice target behind HTTP: headers arrive and leave, faults of the connection are real. */
#include "practice/server.h"

#include <curl/curl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BODY "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"%s\"}"

struct fetched {
    CURLcode result;
    long status;
    char headers[4096];
    char body[8192];
};

static size_t keep(char *bytes, size_t size, size_t n, void *data)
{
    char *text = data;
    size_t have = strlen(text);
    if (have + size * n < 4096) {
        memcpy(text + have, bytes, size * n);
        text[have + size * n] = '\0';
    }
    return size * n;
}

static struct fetched fetch(const char *url, const char *method, const char *header, const char *body)
{
    struct fetched got = {0};
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/scim+json");
    headers = curl_slist_append(headers, "Authorization: Bearer t");
    if (header)
        headers = curl_slist_append(headers, header);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, got.body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, got.headers);
    if (body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    got.result = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &got.status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return got;
}

static struct practice_server *start(const struct practice_options *options)
{
    struct practice_server *server = NULL;
    char why[256] = "";
    struct practice_server_options all = {.host = "127.0.0.1", .practice = *options};
    if (practice_server_start(&server, &all, why, sizeof(why)) < 0)
        fail_msg("%s", why);
    return server;
}

static struct fetched fetch_below(struct practice_server *server, const char *method, const char *path,
                                  const char *header, const char *body)
{
    char url[1024];
    (void)snprintf(url, sizeof(url), "%s%s", practice_server_url(server), path);
    return fetch(url, method, header, body);
}

static struct fetched post(struct practice_server *server, const char *name)
{
    char body[256];
    (void)snprintf(body, sizeof(body), BODY, name);
    return fetch_below(server, "POST", "/Users", NULL, body);
}

static size_t users(struct practice_server *server)
{
    size_t count = practice_user_count(practice_server_lock(server));
    practice_server_unlock(server);
    return count;
}

static void headers(void **state)
{
    (void)state;
    struct practice_server *server = start(&(struct practice_options){.token = "t", .body_max = 4000});
    struct fetched got = post(server, "ana");
    assert_int_equal(got.status, 201);
    char line[256];
    (void)snprintf(line, sizeof(line), "Location: http://127.0.0.1:%d/scim/v2/Users/usr", practice_server_port(server));
    assert_non_null(strstr(got.headers, line));
    assert_non_null(strstr(got.headers, "ETag: W/\"1\"\r\n"));
    assert_non_null(strstr(got.headers, "Content-Type: application/scim+json\r\n"));
    assert_non_null(strstr(got.body, "\"userName\":\"ana\""));
    got = fetch_below(server, "GET", "/Users?filter=userName%20eq%20%22ANA%22", NULL, NULL);
    assert_int_equal(got.status, 200);
    assert_non_null(strstr(got.body, "\"totalResults\":1"));
    const char *id = NULL;
    char path[128];
    assert_true(practice_find_user(practice_server_lock(server), "ana", &id, NULL));
    (void)snprintf(path, sizeof(path), "/Users/%s", id);
    practice_server_unlock(server);
    assert_int_equal(fetch_below(server, "GET", path, "If-None-Match: W/\"1\"", NULL).status, 304);
    assert_int_equal(fetch_below(server, "DELETE", path, "If-Match: W/\"2\"", NULL).status, 412);
    got = fetch_below(server, "PUT", "/Users", NULL, "{}");
    assert_int_equal(got.status, 405);
    assert_non_null(strstr(got.headers, "Allow: GET, POST\r\n"));
    char large[5000];
    memset(large, ' ', sizeof(large));
    large[sizeof(large) - 1] = '\0';
    got = fetch_below(server, "POST", "/Users", NULL, large);
    assert_int_equal(got.status, 413);
    assert_non_null(strstr(got.body, "\"status\":\"413\""));
    assert_int_equal(fetch_below(server, "DELETE", path, "If-Match: W/\"1\"", NULL).status, 204);
    assert_int_equal(users(server), 0);
    practice_server_stop(server);
}

static void dropped_connections(void **state)
{
    (void)state;
    const struct practice_fault faults[] = {{.kind = FAULT_DROP_AFTER, .method = "POST", .every = 2}};
    struct practice_server *server = start(&(struct practice_options){.faults = faults, .fault_count = 1});
    assert_int_equal(post(server, "a").status, 201);
    struct fetched got = post(server, "b");
    assert_true(got.result == CURLE_GOT_NOTHING || got.result == CURLE_RECV_ERROR);
    assert_int_equal(users(server), 2);
    assert_int_equal(practice_copies(practice_server_lock(server), PRACTICE_USER, "b"), 1);
    practice_server_unlock(server);
    practice_server_stop(server);
}

static void *post_in_background(void *data)
{
    struct fetched got = post(data, "late");
    return (void *)(intptr_t)got.status;
}

/* A delayed answer holds nobody else up, and stopping sends it. */
static void late_answers(void **state)
{
    (void)state;
    const struct practice_fault faults[] = {
        {.kind = FAULT_LATENCY, .method = "POST", .ms = 600000, .times = 1},
        {.kind = FAULT_LATENCY, .method = "PUT", .ms = 10},
    };
    struct practice_server *server = start(&(struct practice_options){.faults = faults, .fault_count = 2});
    pthread_t thread;
    void *status = NULL;
    assert_int_equal(pthread_create(&thread, NULL, post_in_background, server), 0);
    while (users(server) == 0)
        ;
    assert_int_equal(fetch_below(server, "GET", "/Users", NULL, NULL).status, 200);
    assert_int_equal(fetch_below(server, "PUT", "/Users/nobody", NULL, "{}").status, 404); /* 10 ms late, in between */
    assert_int_equal(post(server, "next").status, 201);
    practice_server_stop(server);
    assert_int_equal(pthread_join(thread, &status), 0);
    assert_int_equal((intptr_t)status, 201);
}

/* A body comes byte by byte, holds nobody else up, and comes at once when the server stops. */
static void slow_answers(void **state)
{
    (void)state;
    const struct practice_fault faults[] = {
        {.kind = FAULT_SLOW, .method = "POST", .max = 1, .ms = 60000, .times = 1},
        {.kind = FAULT_SLOW, .method = "GET", .max = 5, .ms = 1},
    };
    struct practice_server *server = start(&(struct practice_options){.faults = faults, .fault_count = 2});
    pthread_t thread;
    void *status = NULL;
    assert_int_equal(pthread_create(&thread, NULL, post_in_background, server), 0);
    while (users(server) == 0)
        ;
    struct fetched got = fetch_below(server, "GET", "/Users", NULL, NULL);
    assert_int_equal(got.status, 200);
    assert_int_equal(got.result, CURLE_OK);
    assert_non_null(strstr(got.body, "\"late\""));
    assert_true(got.body[strlen(got.body) - 1] == '}');
    assert_int_equal(fetch_below(server, "DELETE", "/Users/nobody", NULL, NULL).status, 404);
    practice_server_stop(server);
    assert_int_equal(pthread_join(thread, &status), 0);
    assert_int_equal((intptr_t)status, 201);
}

static void bad_certificates(void **state)
{
    (void)state;
    static const char *const flaws[] = {"self-signed", "unknown-authority", "expired", "not-yet-valid", "other-host"};
    for (size_t i = 0; i < ARRAY_LEN(flaws); i++) {
        struct practice_server *server = NULL;
        struct practice_server_options options = {.host = "127.0.0.1", .bad_certificate = flaws[i]};
        char why[256] = "";
        if (practice_server_start(&server, &options, why, sizeof(why)) < 0)
            fail_msg("%s: %s", flaws[i], why);
        assert_int_equal(strncmp(practice_server_url(server), "https://", 8), 0);
        assert_int_equal(fetch_below(server, "GET", "/Users", NULL, NULL).result, CURLE_PEER_FAILED_VERIFICATION);
        assert_int_equal(practice_journal_last(practice_server_lock(server)), 0);
        practice_server_unlock(server);
        practice_server_stop(server);
    }
    struct practice_server *server = NULL;
    struct practice_server_options options = {.host = "127.0.0.1", .bad_certificate = "good"};
    char why[256] = "";
    assert_true(practice_server_start(&server, &options, why, sizeof(why)) < 0);
    assert_non_null(strstr(why, "self-signed"));
}

static void further_headers(void **state)
{
    (void)state;
    const struct practice_fault faults[] = {
        {.kind = FAULT_RATE_LIMIT, .rate = 1, .per_ms = 3600000, .headers = HEADER_RETRY_AFTER | HEADER_X_RATELIMIT},
        {.kind = FAULT_USER_AGENT, .prefix = "/Groups"},
    };
    struct practice_server *server = start(&(struct practice_options){.faults = faults, .fault_count = 2});
    struct fetched got = fetch_below(server, "GET", "/Users", NULL, NULL);
    assert_int_equal(got.status, 200);
    assert_non_null(strstr(got.headers, "X-RateLimit-Remaining: 0\r\n"));
    got = fetch_below(server, "GET", "/Users", NULL, NULL);
    assert_int_equal(got.status, 429);
    assert_non_null(strstr(got.headers, "Retry-After: 36"));
    practice_clear_faults(practice_server_lock(server));
    practice_server_unlock(server);
    assert_int_equal(fetch_below(server, "GET", "/Groups", "User-Agent: pusher/1", NULL).status, 200);
    struct practice_entry entry = {0};
    assert_true(practice_journal_next(practice_server_lock(server), 2, &entry));
    assert_string_equal(entry.user_agent, "pusher/1");
    practice_server_unlock(server);
    practice_server_stop(server);
}

static void an_address_that_is_taken(void **state)
{
    (void)state;
    struct practice_server *server = start(&(struct practice_options){0});
    struct practice_server *second = NULL;
    char why[256] = "";
    struct practice_server_options options = {.host = "127.0.0.1", .port = practice_server_port(server)};
    assert_true(practice_server_start(&second, &options, why, sizeof(why)) < 0);
    assert_null(second);
    assert_non_null(strstr(why, "127.0.0.1"));
    practice_server_stop(server);
    practice_server_stop(NULL);
}

int main(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers),
        cmocka_unit_test(dropped_connections),
        cmocka_unit_test(late_answers),
        cmocka_unit_test(slow_answers),
        cmocka_unit_test(bad_certificates),
        cmocka_unit_test(further_headers),
        cmocka_unit_test(an_address_that_is_taken),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
