/* SPDX-License-Identifier: Apache-2.0 */
/* Each fault of the catalogue that answers instead of or after a request: chance, time, limits, rates, broken answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "practice_world.h"

/* --- whom and when --------------------------------------------------------------------------------------------------
 */

/* The requests of a thousand that a fault of 30 % strikes, as text. */
static size_t roll(char *ret)
{
    struct world w = world_new();
    size_t struck = 0;
    order(&w, "status,status=500,percent=30,method=GET");
    for (int i = 0; i < 1000; i++) {
        bool is = send(&w, "GET", "/Users", NULL) == 500;
        ret[i] = is ? 'x' : '.';
        struck += is;
    }
    assert_int_equal(practice_fault_strikes(w.client.practice, 0), struck);
    world_free(&w);
    return struck;
}

static void by_chance(void **state)
{
    (void)state;
    char first[1001] = "", again[1001] = "";
    size_t struck = roll(first);
    assert_in_range(struck, 250, 350);
    assert_int_equal(roll(again), struck);
    assert_string_equal(again, first); /* chance comes from env alone */
}

static void by_condition(void **state)
{
    (void)state;
    struct world w = world_new();
    order(&w, "status,status=500,method=PUT PATCH");
    assert_int_equal(send(&w, "GET", "/Users", NULL), 200);
    assert_int_equal(send(&w, "PUT", "/Users/x", "{}"), 500);
    assert_int_equal(send(&w, "PATCH", "/Users/x", "{}"), 500);
    reorder(&w, "status,status=500,path=/Groups$");
    assert_int_equal(send(&w, "GET", "/Groups", NULL), 500);
    assert_int_equal(send(&w, "GET", "/Groups/", NULL), 500);
    assert_int_equal(send(&w, "GET", "/Groups/x", NULL), 404);
    reorder(&w, "status,status=500,overBytes=20");
    assert_int_equal(send(&w, "POST", "/Users", "{'a':'01234567890'}"), 400); /* 19 bytes */
    assert_int_equal(send(&w, "POST", "/Users", "{'a':'0123456789012'}"), 500);
    reorder(&w, "status,status=500,underBytes=20");
    assert_int_equal(send(&w, "POST", "/Users", "{'a':'01234567890'}"), 500);
    assert_int_equal(send(&w, "POST", "/Users", "{'a':'012345678901'}"), 400); /* 20 bytes */
    reorder(&w, "drop_before,afterMs=1000,forMs=3600000");
    assert_int_equal(send(&w, "GET", "/Users", NULL), 200);
    the_clock.now += 1000;
    send(&w, "GET", "/Users", NULL);
    assert_true(w.client.answer.reset);
    the_clock.now += 3600000;
    assert_int_equal(send(&w, "GET", "/Users", NULL), 200);
    assert_false(w.client.answer.reset);
    world_free(&w);
}

static void latencies(void **state)
{
    (void)state;
    struct world w = world_new();
    int64_t sum = 0;
    int least = INT32_MAX, most = 0;
    order(&w, "latency,spread=uniform,ms=10,msMax=20");
    for (int i = 0; i < 500; i++) {
        send(&w, "GET", "/Users", NULL);
        least = MIN_OF(least, w.client.answer.delay_ms);
        most = MAX_OF(most, w.client.answer.delay_ms);
    }
    assert_int_equal(least, 10);
    assert_int_equal(most, 20);
    reorder(&w, "latency,spread=exponential,ms=100,msMax=450");
    for (int i = most = 0; i < 2000; i++) {
        send(&w, "GET", "/Users", NULL);
        most = MAX_OF(most, w.client.answer.delay_ms);
        sum += w.client.answer.delay_ms;
    }
    assert_in_range(sum / 2000, 90, 110);
    assert_in_range(most, 400, 450);
    order(&w, "latency,ms=1000"); /* two add up */
    send(&w, "GET", "/Users", NULL);
    assert_true(w.client.answer.delay_ms >= 1000);
    world_free(&w);
}

static void broken_answers(void **state)
{
    (void)state;
    struct world w = world_new();
    order(&w, "not_json,status=502");
    assert_int_equal(send(&w, "GET", "/Users", NULL), 502);
    assert_null(w.client.json);
    assert_string_equal(w.client.answer.content_type, "text/html; charset=utf-8");
    reorder(&w, "slow,max=7,ms=20");
    assert_int_equal(send(&w, "GET", "/Users", NULL), 200);
    assert_int_equal(w.client.answer.step_bytes, 7);
    assert_int_equal(w.client.answer.step_ms, 20);
    reorder(&w, "plain_errors");
    order(&w, "plain_type");
    assert_int_equal(send(&w, "GET", "/Users/x", NULL), 404);
    assert_non_null(jval_get_str(w.client.json, "error"));
    assert_null(jval_get(w.client.json, "schemas"));
    assert_int_equal(send(&w, "GET", "/Users", NULL), 200);
    assert_string_equal(w.client.answer.content_type, "application/json");
    reorder(&w, "status,status=400,scimType=tooMany,text=Something else");
    send(&w, "GET", "/Users", NULL);
    assert_refused(&w.client, 400, "tooMany");
    assert_string_equal(answer_text(&w.client, "detail"), "Something else");
    world_free(&w);
}

/* --- rates -----------------------------------------------------------------------------------------------------------
 */

static const char *header(const struct world *w, const char *name)
{
    for (size_t i = 0; i < w->client.answer.header_count; i++)
        if (strcmp(w->client.answer.headers[i].name, name) == 0)
            return w->client.answer.headers[i].value;
    return "(none)";
}

static void buckets(void **state)
{
    (void)state;
    struct world w = world_new();
    order(&w, "rate_limit,rate=2,burst=3,method=GET,path=/Users");
    for (int i = 0; i < 3; i++)
        assert_int_equal(send(&w, "GET", "/Users", NULL), 200);
    send(&w, "GET", "/Users", NULL);
    assert_refused(&w.client, 429, NULL);
    assert_string_equal(w.client.answer.retry_after, "1");
    assert_int_equal(send(&w, "GET", "/Groups", NULL), 200);
    assert_int_equal(send(&w, "GET", "/Users", NULL), 429); /* a refused one costs nothing */
    the_clock.now += 500;
    assert_int_equal(send(&w, "GET", "/Users", NULL), 200);
    assert_int_equal(send(&w, "GET", "/Users", NULL), 429);
    the_clock.now += 3600000; /* it never holds more than the burst */
    for (int i = 0; i < 4; i++)
        assert_int_equal(send(&w, "GET", "/Users", NULL), i < 3 ? 200 : 429);
    assert_int_equal(practice_fault_strikes(w.client.practice, 0), 4);
    reorder(&w, "rate_limit,rate=5,perMs=30000,status=503,text=window");
    for (int i = 0; i < 6; i++)
        assert_int_equal(send(&w, "GET", "/Users", NULL), i < 5 ? 200 : 503);
    assert_string_equal(w.client.answer.retry_after, "30");
    the_clock.now += 29000;
    assert_int_equal(send(&w, "GET", "/Users", NULL), 503);
    assert_string_equal(w.client.answer.retry_after, "1");
    the_clock.now += 1000;
    for (int i = 0; i < 6; i++)
        assert_int_equal(send(&w, "GET", "/Users", NULL), i < 5 ? 200 : 503);
    world_free(&w);
}

/* Over an hour of seconds exactly the rate passes, however the requests fall. */
static void the_rate_is_exact(void **state)
{
    (void)state;
    struct world w = world_new();
    int passed = 0;
    order(&w, "rate_limit,rate=7,perMs=3000,burst=7");
    int64_t start = the_clock.now;
    for (int i = 0; i < 36000; i++) {
        the_clock.now = start + 2 + i * 100;
        passed += send(&w, "GET", "/Users", NULL) == 200;
    }
    assert_in_range(passed, 3600 * 7 / 3, 3600 * 7 / 3 + 8);
    world_free(&w);
}

static void forms_of_retry(void **state)
{
    (void)state;
    struct world w = world_new();
    order(&w, "rate_limit,rate=1,perMs=60000,headers=retry-after-date");
    send(&w, "GET", "/Users", NULL);
    the_clock.now = 1774418984000; /* 2026-03-25T06:09:44Z */
    assert_int_equal(send(&w, "GET", "/Users", NULL), 429);
    assert_string_equal(w.client.answer.retry_after, "Wed, 25 Mar 2026 06:10:45 GMT"); /* rounded up */
    reorder(&w, "rate_limit,rate=1,perMs=60000,headers=none");
    send(&w, "GET", "/Users", NULL);
    assert_int_equal(send(&w, "GET", "/Users", NULL), 429);
    assert_string_equal(w.client.answer.retry_after, "");
    assert_int_equal(w.client.answer.header_count, 0);
    the_clock.now = 1774418983990;
    reorder(&w, "rate_limit,rate=2,perMs=60000,headers=x-ratelimit x-rate-limit ratelimit,text=window");
    send(&w, "GET", "/Users", NULL);
    assert_int_equal(w.client.answer.header_count, 9); /* on what passes too */
    assert_string_equal(header(&w, "X-RateLimit-Limit"), "2");
    assert_string_equal(header(&w, "X-RateLimit-Remaining"), "1");
    assert_string_equal(header(&w, "X-Rate-Limit-Reset"), "1774419044");
    assert_string_equal(header(&w, "RateLimit-Reset"), "60");
    send(&w, "GET", "/Users", NULL);
    assert_int_equal(send(&w, "GET", "/Users", NULL), 429);
    assert_string_equal(header(&w, "RateLimit-Remaining"), "0");
    assert_string_equal(w.client.answer.retry_after, ""); /* not asked for */
    reorder(&w, "status,status=503,retryAfter=7,headers=retry-after-date");
    the_clock.now = 1774418984000 - 10;
    send(&w, "GET", "/Users", NULL);
    assert_string_equal(w.client.answer.retry_after, "Wed, 25 Mar 2026 06:09:51 GMT");
    world_free(&w);
}

static void members_can_be_what_is_counted(void **state)
{
    (void)state;
    struct world w = world_new();
    order(&w, "rate_limit,rate=3,perMs=3600000,text=adds,path=/Groups");
    assert_int_equal(patch(&w, "{'op':'add','path':'members','value':[{'value':'$0'},{'value':'$1'}]}"), 204);
    assert_int_equal(patch(&w, "{'op':'add','path':'members','value':[{'value':'$2'},{'value':'$3'}]}"), 429);
    assert_int_equal(patch(&w, "{'op':'remove','path':'members[value eq \\'$0\\']'}"), 204);
    assert_int_equal(patch(&w, "{'op':'add','path':'members','value':[{'value':'$2'}]}"), 204);
    assert_int_equal(patch(&w, "{'op':'add','path':'members','value':[{'value':'$3'}]}"), 429);
    assert_members(&w, "1 2");
    world_free(&w);
}

/* --- limits of one request -------------------------------------------------------------------------------------------
 */

#define ADD_2 "{'op':'add','path':'members','value':[{'value':'$0'},{'value':'$1'}]}"
#define ADD_3 "{'op':'add','path':'members','value':[{'value':'$0'},{'value':'$1'},{'value':'$2'}]}"
#define REMOVE(n) "{'op':'remove','path':'members[value eq \\'$" n "\\']'}"

static void limits(void **state)
{
    (void)state;
    static const struct {
        const char *fault, *operations;
        int status;
    } cases[] = {
        {"adds_max,max=2", ADD_2, 204},
        {"adds_max,max=2", ADD_3, 400},
        {"adds_max,max=2", "{'op':'add','value':{'members':[{'value':'$0'},{'value':'$1'},{'value':'$2'}]}}", 400},
        {"adds_max,max=1", REMOVE("0") "," REMOVE("1"), 204},
        {"removals_max,max=1", ADD_3, 204},
        {"removals_max,max=1", REMOVE("0"), 204},
        {"removals_max,max=1", REMOVE("0") "," REMOVE("1"), 400},
        {"removals_max,max=1", "{'op':'remove','path':'members[value eq \\'$0\\' or value eq \\'$1\\']'}", 400},
        {"removals_max,max=1", "{'op':'remove','path':'members','value':[{'value':'$0'},{'value':'$1'}]}", 400},
        {"mixed_refused", ADD_2, 204},
        {"mixed_refused", ADD_2 "," REMOVE("3"), 400},
        {"mixed_refused", ADD_2 ",{'op':'replace','path':'displayName','value':'H'}", 400},
        {"mixed_refused", "{'op':'replace','value':{'displayName':'H','externalId':'h'}}", 204},
        {"mixed_refused", "{'op':'replace','value':{'displayName':'H','members':[{'value':'$0'}]}}", 400},
        {"operations_max,max=1", ADD_3, 204},
        {"operations_max,max=1,status=413", REMOVE("0") "," REMOVE("1"), 413},
        {"bytes_max,max=150", REMOVE("0"), 204},
        {"bytes_max,max=150", ADD_3, 413},
        {"members_max,max=3,status=400", ADD_3, 204},
        {"members_max,max=3,status=400", ADD_3 "," REMOVE("3"), 400},
    };
    struct world w = world_new();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        reorder(&w, cases[i].fault);
        int status = patch(&w, cases[i].operations);
        if (status != cases[i].status)
            fail_msg("%s: %s: %d", cases[i].fault, cases[i].operations, status);
        assert_int_equal(practice_fault_strikes(w.client.practice, 0), status >= 400);
    }
    reorder(&w, "user_agent_required");
    assert_int_equal(send(&w, "GET", "/Users", NULL), 403);
    w.client.user_agent = "";
    assert_int_equal(send(&w, "GET", "/Users", NULL), 403);
    w.client.user_agent = "pusher/1";
    assert_int_equal(send(&w, "GET", "/Users", NULL), 200);
    world_free(&w);
}

/* --- ordering and reading back ---------------------------------------------------------------------------------------
 */

static void lines(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"", "not known"},
        {"nothing", "not known"},
        {"status", "status"},
        {"status,status=700", "200 to 599"},
        {"status,status=500,percent=101", "0 to 100"},
        {"status,status=500,every", "KEY=VALUE"},
        {"status,status=-1", "whole number"},
        {"latency,ms=5,spread=normal", "uniform"},
        {"latency,ms=5,spread=uniform", "msMax"},
        {"latency,ms=5,msMax=4", "msMax"},
        {"rate_limit", "rate"},
        {"rate_limit,rate=1,headers=retry-later", "ratelimit"},
        {"rate_limit,rate=1,text=steady", "window"},
        {"ids,text=emoji", "unicode"},
        {"ids", "text"},
        {"form_refused,text=add swap", "swap"},
        {"slow,max=1,ms=60001", "60000"},
        {"adds_max", "max"},
        {"{", "JSON object"},
        {"\xff", "UTF-8"},
    };
    struct practice_fault fault = {.kind = FAULT_TRUNCATE};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        char why[512] = "";
        if (fault_parse(wrong[i][0], &fault, why, sizeof(why)) == 0 || !strstr(why, wrong[i][1]))
            fail_msg("%s: %s", wrong[i][0], why);
        assert_int_equal(fault.kind, FAULT_TRUNCATE);
    }
    char why[512] = "";
    assert_int_equal(fault_parse("rate_limit,method=PUT PATCH,path=/Users,rate=25,perMs=500,burst=9,percent=12.5,"
                                 "headers=retry-after-date x-ratelimit",
                                 &fault, why, sizeof(why)),
                     0);
    assert_string_equal(fault.method, "PUT PATCH");
    assert_string_equal(fault.prefix, "/Users");
    assert_int_equal(fault.rate, 25);
    assert_int_equal(fault.per_ms, 500);
    assert_int_equal(fault.burst, 9);
    assert_true(fault.percent > 12.4 && fault.percent < 12.6);
    assert_int_equal(fault.headers, HEADER_RETRY_AFTER_DATE | HEADER_X_RATELIMIT);
    assert_int_equal(fault_parse("{\"name\":\"form_refused\",\"text\":\"add, replace\"}", &fault, why, sizeof(why)), 0);
    assert_string_equal(fault.text, "add, replace");
}

/* What GET shows of every key can be sent back and means the same. */
static void there_and_back(void **state)
{
    (void)state;
    struct world w = world_new();
    order(&w, "rate_limit,method=PUT PATCH,path=/Users,rate=25,perMs=500,burst=9,percent=12.5,headers=ratelimit none,"
              "overBytes=1,underBytes=900,afterMs=5,forMs=6,every=3,times=7,status=503,text=adds window,scimType=x");
    order(&w, "latency,ms=5,msMax=9,spread=exponential");
    order(&w, "status,status=429,retryAfter=2,headers=retry-after-date");
    assert_int_equal(send(&w, "GET", "//practice/faults", NULL), 200);
    CLEANUP(jval_freep) struct jval *first = jval_copy(jval_get(w.client.json, "faults"));
    assert_int_equal(jval_len(first), 3);
    struct buf body;
    buf_init(&body, 65536);
    jval_write(w.client.json, &body, false);
    assert_int_equal(send(&w, "PUT", "//practice/faults", buf_text(&body)), 200);
    buf_free(&body);
    assert_true(jval_equal(jval_get(w.client.json, "faults"), first));
    size_t known = jval_len(jval_get(w.client.json, "known"));
    assert_int_equal(known, FAULT_KINDS - 1);
    world_free(&w);
}

static void as_archive(void **state)
{
    (void)state;
    struct world w = world_new();
    w.client.user_agent = "pusher/1";
    assert_int_equal(send(&w, "DELETE", "//practice/journal", NULL), 204);
    w.client.authorization = "Bearer secret-of-the-target";
    send(&w, "POST", "/Users", "{'schemas':['" USER_URN "'],'userName':'har'}");
    order(&w, "drop_after");
    send(&w, "GET", "/Users?filter=userName%20eq%20%22har%22", NULL);
    assert_int_equal(send(&w, "GET", "//practice/har", NULL), 200);
    assert_null(strstr(w.client.answer.body.data, "secret-of-the-target"));
    const struct jval *log = jval_get(w.client.json, "log");
    assert_string_equal(jval_get_str(log, "version"), "1.2");
    const struct jval *entries = jval_get(log, "entries");
    assert_int_equal(jval_len(entries), 2);
    const struct jval *post = jval_at(entries, 0);
    assert_string_equal(jval_str(jval_path(post, "request.method")), "POST");
    assert_string_equal(jval_str(jval_path(post, "request.url")), "/scim/v2/Users");
    assert_non_null(strstr(jval_str(jval_path(post, "request.postData.text")), "\"har\""));
    assert_string_equal(jval_get_str(jval_at(jval_path(post, "request.headers"), 0), "value"), "pusher/1");
    assert_int_equal(jval_int(jval_path(post, "response.status"), 0), 201);
    assert_non_null(strstr(jval_str(jval_path(post, "response.content.text")), "\"userName\":\"har\""));
    assert_string_equal(jval_get_str(jval_at(jval_path(post, "response.headers"), 1), "name"), "Location");
    const struct jval *get = jval_at(entries, 1);
    const struct jval *query = jval_path(get, "request.queryString");
    assert_string_equal(jval_get_str(jval_at(query, 0), "value"), "userName eq \"har\"");
    assert_int_equal(jval_int(jval_path(get, "response.status"), -1), 0);
    assert_string_equal(jval_get_str(get, "comment"), "fault: drop_after");
    assert_null(jval_path(get, "response.content.text"));
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_chance),      cmocka_unit_test(by_condition),
        cmocka_unit_test(latencies),      cmocka_unit_test(broken_answers),
        cmocka_unit_test(buckets),        cmocka_unit_test(the_rate_is_exact),
        cmocka_unit_test(forms_of_retry), cmocka_unit_test(members_can_be_what_is_counted),
        cmocka_unit_test(limits),         cmocka_unit_test(lines),
        cmocka_unit_test(there_and_back), cmocka_unit_test(as_archive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
