/* SPDX-License-Identifier: Apache-2.0 */
/* What a tester asks of the practice target: the journal, the copies, the state, and faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "practice_client.h"

static void journal(void **state)
{
    (void)state;
    struct client client = client_new(&(struct practice_options){.journal_body_bytes = 20});
    struct practice_entry entry = {0};
    assert_false(practice_journal_next(client.practice, 0, &entry));
    new_user(&client, "ana");
    assert_int_equal(ask(&client, "GET", "/Users/nobody?attributes=id", NULL), 404);
    assert_int_equal(ask(&client, "GET", "//practice/state", NULL), 200); /* not counted */
    assert_true(practice_journal_next(client.practice, 0, &entry));
    assert_int_equal(entry.number, 1);
    assert_string_equal(entry.method, "POST");
    assert_string_equal(entry.path, "/scim/v2/Users");
    assert_null(entry.query);
    assert_int_equal(entry.status, 201);
    assert_true(entry.body_bytes > 60);
    assert_string_equal(entry.body, "{\"schemas\":[\"urn:iet");
    assert_null(entry.fault);
    assert_false(entry.dropped);
    assert_true(practice_journal_next(client.practice, entry.number, &entry));
    assert_string_equal(entry.query, "attributes=id");
    assert_int_equal(entry.status, 404);
    assert_int_equal(practice_journal_last(client.practice), 2);
    assert_false(practice_journal_next(client.practice, 2, &entry));
    assert_int_equal(practice_journal_count(client.practice, ""), 2);
    assert_int_equal(practice_journal_count(client.practice, "POST"), 1);
    assert_int_equal(practice_journal_count(client.practice, "PATCH"), 0);
    assert_int_equal(ask(&client, "GET", "//practice/journal?after=1", NULL), 200);
    assert_int_equal(jval_int(jval_get(client.json, "last"), 0), 2);
    assert_int_equal(jval_len(jval_get(client.json, "entries")), 1);
    const struct jval *last = jval_at(jval_get(client.json, "entries"), 0);
    assert_string_equal(jval_get_str(last, "path"), "/scim/v2/Users/nobody");
    assert_int_equal(jval_int(jval_get(last, "status"), 0), 404);
    ask(&client, "GET", "//practice/journal?after=x", NULL);
    assert_refused(&client, 400, "invalidValue");
    assert_int_equal(ask(&client, "DELETE", "//practice/journal", NULL), 204);
    assert_false(practice_journal_next(client.practice, 0, &entry));
    assert_int_equal(practice_journal_count(client.practice, ""), 0);
    assert_int_equal(ask(&client, "GET", "/Groups", NULL), 200);
    assert_true(practice_journal_next(client.practice, 0, &entry));
    assert_int_equal(entry.number, 3); /* numbers go on */
    client_free(&client);
}

static void the_journal_is_bounded(void **state)
{
    (void)state;
    struct client client = client_new(&(struct practice_options){.journal_entries = 4});
    struct practice_entry entry = {0};
    for (int i = 1; i <= 11; i++) {
        char target[64];
        (void)snprintf(target, sizeof(target), "/Users/%d", i);
        ask(&client, "GET", target, NULL);
        uint64_t expected = i > 4 ? (uint64_t)i - 3 : 1;
        uint64_t seen = 0;
        for (uint64_t after = 0; practice_journal_next(client.practice, after, &entry); after = entry.number) {
            (void)snprintf(target, sizeof(target), "/scim/v2/Users/%llu", (unsigned long long)entry.number);
            assert_string_equal(entry.path, target);
            assert_int_equal(entry.number, expected + seen++);
        }
        assert_int_equal(seen, MIN_OF(i, 4));
    }
    assert_int_equal(practice_journal_count(client.practice, ""), 11);
    client_free(&client);
}

/* Whatever bytes come, the journal and its JSON hold. */
static void hostile_bytes(void **state)
{
    (void)state;
    struct client client = client_new(NULL);
    char long_path[2000];
    memset(long_path, '\xff', sizeof(long_path));
    memcpy(long_path, "/Users/", 7);
    long_path[sizeof(long_path) - 1] = '\0';
    ask(&client, "GET", long_path, NULL);
    assert_refused(&client, 404, NULL);
    ask(&client, "POST", "/Users", "{'userName':'\xc3\x28'}");
    assert_refused(&client, 400, "invalidSyntax");
    ask(&client, "BR\xc3W", "/Users", NULL);
    assert_refused(&client, 405, NULL);
    ask(&client, "GET", "/Users?filter=%ff", NULL);
    assert_refused(&client, 400, "invalidValue");
    ask(&client, "GET", "/Users?attributes=%00", NULL);
    assert_refused(&client, 400, "invalidValue");
    assert_int_equal(ask(&client, "GET", "//practice/journal", NULL), 200);
    assert_int_equal(jval_len(jval_get(client.json, "entries")), 5);
    assert_int_equal(strlen(jval_get_str(jval_at(jval_get(client.json, "entries"), 0), "path")), PRACTICE_PATH_BYTES);
    assert_int_equal(ask(&client, "GET", "//practice/state", NULL), 200);
    assert_non_null(client.json);
    client_free(&client);
}

static void copies_and_state(void **state)
{
    (void)state;
    struct client client = client_new(NULL);
    const char *most = NULL;
    new_user(&client, "Ana");
    new_user(&client, "bob");
    assert_int_equal(ask(&client, "POST", "/Users", "{'schemas':['" USER_URN "'],'userName':'ANA'}"), 409);
    assert_int_equal(ask(&client, "POST", "/Users", "{'schemas':[],'UserName':'ana'}"), 400);
    new_group(&client, "Ana");
    assert_int_equal(practice_copies(client.practice, PRACTICE_USER, "ana"), 3);
    assert_int_equal(practice_copies(client.practice, PRACTICE_USER, "bob"), 1);
    assert_int_equal(practice_copies(client.practice, PRACTICE_USER, "cy"), 0);
    assert_int_equal(practice_copies(client.practice, PRACTICE_GROUP, "ANA"), 1);
    assert_int_equal(practice_copies_max(client.practice, PRACTICE_USER, &most), 3);
    assert_string_equal(most, "ana");
    assert_int_equal(ask(&client, "GET", "//practice/state", NULL), 200);
    assert_int_equal(jval_int(jval_get(client.json, "users"), 0), 2);
    assert_int_equal(jval_int(jval_get(client.json, "activeUsers"), 0), 2);
    assert_int_equal(jval_int(jval_get(client.json, "groups"), 0), 1);
    assert_int_equal(jval_int(jval_get(client.json, "requests"), 0), 5);
    assert_int_equal(jval_int(jval_path(client.json, "statuses.201"), 0), 3);
    assert_int_equal(jval_int(jval_path(client.json, "methods.POST"), 0), 5);
    assert_int_equal(jval_int(jval_path(client.json, "copies.Users.most"), 0), 3);
    assert_int_equal(ask(&client, "DELETE", "//practice/state", NULL), 204);
    assert_int_equal(practice_user_count(client.practice) + practice_group_count(client.practice), 0);
    char *text = practice_attribute(client.practice, "x", "userName");
    assert_null(text);
    const char *id = new_user(&client, "cy");
    text = practice_attribute(client.practice, id, "userName");
    assert_string_equal(text, "\"cy\"");
    free(text);
    assert_string_equal(practice_name(client.practice, id), "cy");
    client_free(&client);
}

static void order_fault(struct client *client, struct practice_fault fault)
{
    char text[256] = "";
    if (practice_set_fault(client->practice, &fault, text, sizeof(text)) < 0)
        fail_msg("%s", text);
}

static int post(struct client *client, int i)
{
    char body[256];
    (void)snprintf(body, sizeof(body), "{'schemas':['" USER_URN "'],'userName':'u%d'}", i);
    return ask(client, "POST", "/Users", body);
}

static void dropping(void **state)
{
    (void)state;
    struct client client = client_new(NULL);
    order_fault(&client, (struct practice_fault){.kind = FAULT_DROP_AFTER, .method = "POST", .every = 3});
    for (int i = 1; i <= 9; i++) {
        post(&client, i);
        assert_int_equal(client.answer.reset, i % 3 == 0);
        assert_int_equal(practice_user_count(client.practice), i); /* applied all the same */
        ask(&client, "GET", "/Users", NULL);
        assert_false(client.answer.reset);
    }
    assert_int_equal(practice_fault_strikes(client.practice, 0), 3);
    struct practice_entry entry = {0};
    assert_true(practice_journal_next(client.practice, 4, &entry));
    assert_true(entry.dropped);
    assert_string_equal(entry.fault, "drop_after");
    assert_int_equal(entry.status, 201);
    practice_clear_faults(client.practice);
    order_fault(&client, (struct practice_fault){.kind = FAULT_DROP_BEFORE, .method = "POST", .times = 2});
    for (int i = 10; i <= 12; i++) {
        post(&client, i);
        assert_int_equal(client.answer.reset, i < 12);
        assert_int_equal(practice_user_count(client.practice), i < 12 ? 9 : 10);
        assert_int_equal(practice_copies(client.practice, PRACTICE_USER, i == 10 ? "u10" : "u12"), i == 11 ? 0 : 1);
    }
    client_free(&client);
}

static void answering(void **state)
{
    (void)state;
    struct client client = client_new(NULL);
    order_fault(&client, (struct practice_fault){
                             .kind = FAULT_STATUS, .prefix = "/Users", .every = 2, .status = 429, .retry_after = 7});
    assert_int_equal(post(&client, 1), 201);
    assert_int_equal(ask(&client, "GET", "/Groups", NULL), 200); /* another path */
    post(&client, 2);
    assert_refused(&client, 429, NULL);
    assert_string_equal(client.answer.retry_after, "7");
    assert_int_equal(practice_user_count(client.practice), 1);
    practice_clear_faults(client.practice);
    order_fault(&client, (struct practice_fault){.kind = FAULT_STATUS_AFTER, .method = "POST", .status = 500});
    post(&client, 3);
    assert_refused(&client, 500, NULL);
    assert_string_equal(client.answer.retry_after, "");
    assert_int_equal(practice_user_count(client.practice), 2);
    practice_clear_faults(client.practice);
    order_fault(&client, (struct practice_fault){.kind = FAULT_TRUNCATE});
    order_fault(&client, (struct practice_fault){.kind = FAULT_LATENCY, .ms = 250});
    assert_int_equal(ask(&client, "GET", "/Users", NULL), 200);
    assert_null(client.json); /* half of it is no JSON */
    assert_int_equal(client.answer.delay_ms, 250);
    client_free(&client);
}

static void limiting_members(void **state)
{
    (void)state;
    struct client client = client_new(&(struct practice_options){.unknown_members = true});
    char target[128];
    (void)snprintf(target, sizeof(target), "/Groups/%s", new_group(&client, "G"));
    order_fault(&client, (struct practice_fault){.kind = FAULT_MEMBERS_MAX, .max = 2, .status = 413});
    assert_int_equal(ask_patch(&client, target, "{'op':'add','path':'members','value':[{'value':'1'},{'value':'2'}]}"),
                     204);
    static const char *const too_many[] = {
        "{'op':'add','path':'members','value':[{'value':'3'},{'value':'4'},{'value':'5'}]}",
        "{'op':'replace','value':{'members':[{'value':'3'},{'value':'4'},{'value':'5'}]}}",
        ("{'op':'remove','path':'members[value eq \\'1\\']'},{'op':'remove','path':'members[value eq \\'2\\']'},"
         "{'op':'remove','path':'members[value eq \\'3\\']'}"),
    };
    for (size_t i = 0; i < ARRAY_LEN(too_many); i++) {
        ask_patch(&client, target, too_many[i]);
        assert_refused(&client, 413, NULL);
    }
    assert_int_equal(practice_membership_count(client.practice), 2);
    assert_int_equal(practice_fault_strikes(client.practice, 0), ARRAY_LEN(too_many));
    client_free(&client);
}

static void faults_over_http(void **state)
{
    (void)state;
    struct client client = client_new(NULL);
    assert_int_equal(ask(&client, "PUT", "//practice/faults",
                         "{'faults':[{'name':'status','method':'PATCH','path':'/Groups','every':5,'status':503,"
                         "'retryAfter':3},{'name':'drop_after'}]}"),
                     200);
    assert_int_equal(jval_len(jval_get(client.json, "faults")), 2);
    struct buf shown;
    buf_init(&shown, 65536);
    jval_write(client.json, &shown, false);
    assert_int_equal(ask(&client, "GET", "//practice/faults", NULL), 200);
    struct buf again;
    buf_init(&again, 65536);
    jval_write(client.json, &again, false);
    assert_string_equal(buf_text(&again), buf_text(&shown));
    assert_int_equal(ask(&client, "PUT", "//practice/faults", buf_text(&shown)), 200); /* what is shown can be sent */
    buf_free(&shown);
    buf_free(&again);
    static const char *const wrong[] = {
        "{'faults':[{'name':'explode'}]}",
        "{'faults':[{'method':'GET'}]}",
        "{'faults':[{'name':'status'}]}",
        "{'faults':[{'name':'status','status':99}]}",
        "{'faults':[{'name':'latency','ms':0}]}",
        "{'faults':[{'name':'drop_after','evry':2}]}",
        "{'faults':[{'name':'drop_after','every':-1}]}",
        "{'faults':[{'name':'drop_after','method':7}]}",
        "{'faults':['drop_after']}",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        ask(&client, "PUT", "//practice/faults", wrong[i]);
        if (client.answer.status != 400)
            fail_msg("%s: %d", wrong[i], client.answer.status);
        assert_refused(&client, 400, "invalidValue");
    }
    ask(&client, "PUT", "//practice/faults", "{'faults':[{'name':'explode'}]}");
    assert_non_null(strstr(answer_text(&client, "detail"), "drop_before, drop_after, status"));
    ask(&client, "PUT", "//practice/faults", "[]");
    assert_refused(&client, 400, "invalidSyntax");
    assert_int_equal(ask(&client, "GET", "//practice/faults", NULL), 200);
    assert_int_equal(jval_len(jval_get(client.json, "faults")), 2); /* as before */
    assert_int_equal(ask(&client, "DELETE", "//practice/faults", NULL), 200);
    assert_int_equal(jval_len(jval_get(client.json, "faults")), 0);
    ask(&client, "GET", "//practice/other", NULL);
    assert_refused(&client, 404, NULL);
    struct practice_fault too_many = {.kind = FAULT_DROP_AFTER};
    for (int i = 0; i < PRACTICE_FAULTS; i++)
        order_fault(&client, too_many);
    assert_true(practice_set_fault(client.practice, &too_many, NULL, 0) < 0);
    client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(journal),          cmocka_unit_test(the_journal_is_bounded),
        cmocka_unit_test(hostile_bytes),    cmocka_unit_test(copies_and_state),
        cmocka_unit_test(dropping),         cmocka_unit_test(answering),
        cmocka_unit_test(limiting_members), cmocka_unit_test(faults_over_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
