/* SPDX-License-Identifier: Apache-2.0 */
/* Lists: every filter operator, indexes, paging, order, the choice of attributes, and POST .search. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "practice_client.h"

/* Three people who differ in everything that filters ask for. */
static struct client people(void)
{
    static const char *const bodies[] = {
        "{'schemas':['" USER_URN "'],'userName':'Ana','externalId':'E1','title':'Chef','age':30,"
        "'name':{'familyName':'Diaz'},'emails':[{'value':'ana@w.test','type':'work','primary':true},"
        "{'value':'ana@h.test','type':'home'}],'" ENTERPRISE_URN "':{'department':'Ops','manager':{'value':'m1'}}}",
        "{'schemas':['" USER_URN "'],'userName':'bob','externalId':'e1','active':false,'age':40,"
        "'name':{'familyName':'Adams'},'emails':[{'value':'bob@w.test','type':'work'}]}",
        "{'schemas':['" USER_URN "'],'userName':'Çelik','title':'cook \\\"a\\\"','profileUrl':'http://X',"
        "'emails':[{'value':'zz@h.test','type':'home'}],'roles':[{'value':'admin'}]}",
    };
    struct client client = client_new(NULL);
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
        assert_int_equal(ask(&client, "POST", "/Users", bodies[i]), 201);
    return client;
}

/* The first letters of the userNames in the last answer: "AbÇ" without its second byte. */
static const char *letters(struct client *client)
{
    static char text[64];
    const struct jval *resources = jval_get(client->json, "Resources");
    size_t n = 0;
    for (; n < jval_len(resources) && n < sizeof(text) - 1; n++) {
        const char *name = jval_get_str(jval_at(resources, n), "userName");
        text[n] = !name ? '?' : (unsigned char)name[0] == 0xc3 ? 'C' : name[0];
    }
    text[n] = '\0';
    return text;
}

static const struct {
    const char *filter;
    const char *found;
} filter_cases[] = {
    {"userName eq 'ANA'", "A"},
    {"userName eq 'çELIK'", "C"},
    {"USERNAME EQ 'bob'", "b"},
    {"userName ne 'ana'", "bC"},
    {"userName co 'N'", "A"},
    {"userName sw 'B'", "b"},
    {"userName ew 'lik'", "C"},
    {"userName sw ''", "AbC"},
    {"name.familyName gt 'Adams'", "A"},
    {"name.familyName ge 'adams'", "Ab"},
    {"name.familyName lt 'b'", "b"},
    {"name.familyName le 'Diaz'", "Ab"},
    {"age gt 30", "b"},
    {"age ge 30", "Ab"},
    {"age lt 30.5", "A"},
    {"age le 29", ""},
    {"age eq 40", "b"},
    {"title pr", "AC"},
    {"not (title pr)", "b"},
    {"title eq null", "b"},
    {"title ne null", "AC"},
    {"active eq true", "AC"},
    {"active ne true", "b"},
    {"active eq 'true'", ""},
    {"externalId eq 'e1'", "b"}, /* caseExact */
    {"externalId co 'E'", "A"},
    {"profileUrl eq 'http://x'", ""},
    {"profileUrl eq 'http://X'", "C"},
    {"title eq 'cook \\'A\\''", "C"},
    {"emails eq 'BOB@w.test'", "b"},
    {"emails co '@h.'", "AC"},
    {"emails.value ew 'w.test'", "Ab"},
    {"emails.type eq 'work' and emails.type eq 'home'", "A"},
    {"emails[type eq 'work' and value co 'ana']", "A"},
    {"emails[type eq 'home' and value co 'w.test']", ""},
    {"emails[type eq 'work'].value eq 'bob@w.test'", "b"},
    {"emails[not (type eq 'home')]", "Ab"},
    {"emails[primary eq true]", "A"},
    {"roles.value eq 'admin'", "C"},
    {"roles pr", "C"},
    {"userName eq 'ana' or userName eq 'bob'", "Ab"},
    {"userName eq 'ana' and active eq true", "A"},
    {"active eq true and userName eq 'bob'", ""},
    {"title pr and (age eq 30 or roles pr)", "AC"},
    {"title pr and age eq 30 or active eq false", "Ab"},
    {USER_URN ":userName eq 'bob'", "b"},
    {ENTERPRISE_URN ":department eq 'ops'", "A"},
    {ENTERPRISE_URN ":manager.value eq 'm1'", "A"},
    {ENTERPRISE_URN ":department pr", "A"},
    {"schemas eq '" ENTERPRISE_URN "'", "A"},
    {"meta.resourceType eq 'User'", "AbC"},
    {"meta.lastModified gt '2020-01-01T00:00:00Z'", "AbC"},
    {"meta.created lt '2026-03-25T00:00:00+00:00'", ""},
    {"id pr", "AbC"},
    {"id eq 'x'", ""},
    {"nothing pr", ""},
    {"nothing.at.all eq 'x'", ""},
};

static void filters(void **state)
{
    (void)state;
    struct client client = people();
    for (size_t i = 0; i < ARRAY_LEN(filter_cases); i++) {
        if (ask_filter(&client, "/Users", filter_cases[i].filter) != 200)
            fail_msg("%s: %s", filter_cases[i].filter, answer_text(&client, "detail"));
        if (strcmp(letters(&client), filter_cases[i].found) != 0)
            fail_msg("%s found \"%s\", not \"%s\"", filter_cases[i].filter, letters(&client), filter_cases[i].found);
        assert_int_equal(jval_int(jval_get(client.json, "totalResults"), -1), strlen(filter_cases[i].found));
    }
    client_free(&client);
}

static void refused_filters(void **state)
{
    (void)state;
    static const char *const wrong[] = {"userName",      "userName is 'x'",          "userName eq x",
                                        "(userName pr",  "active gt true",           "meta.created gt 'soon'",
                                        "active ge 'x'", "emails[primary lt false]", ""};
    struct client client = people();
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        ask_filter(&client, "/Users", wrong[i]);
        if (client.answer.status != 400)
            fail_msg("%s: %d", wrong[i], client.answer.status);
        assert_refused(&client, 400, "invalidFilter");
    }
    client_free(&client);
}

static void equality_is_looked_up(void **state)
{
    (void)state;
    struct client client = people();
    char filter[128];
    for (int i = 0; i < 500; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "user%d", i);
        new_user(&client, name);
    }
    const char *id = NULL;
    assert_true(practice_find_user(client.practice, "user250", &id, NULL));
    (void)snprintf(filter, sizeof(filter), "id eq '%s' and active eq true", id);
    const char *const fast[] = {"userName eq 'USER250'", "externalId eq 'E1'", "title pr and userName eq 'ana'",
                                filter};
    for (size_t i = 0; i < ARRAY_LEN(fast); i++) {
        uint64_t before = practice_steps(client.practice);
        assert_int_equal(ask_filter(&client, "/Users", fast[i]), 200);
        assert_int_equal(jval_int(jval_get(client.json, "totalResults"), -1), 1);
        assert_true(practice_steps(client.practice) - before <= 2);
    }
    client_free(&client);
}

static void paging(void **state)
{
    (void)state;
    struct client client = client_new(NULL);
    for (int i = 0; i < 250; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "u%03d", i);
        new_user(&client, name);
    }
    assert_int_equal(ask(&client, "GET", "/Users", NULL), 200);
    assert_int_equal(jval_int(jval_get(client.json, "itemsPerPage"), 0), PRACTICE_PAGE_DEFAULT);
    assert_int_equal(jval_int(jval_get(client.json, "totalResults"), 0), 250);
    /* pages of 7, in order, nobody twice, nobody missed; then the same backwards */
    for (int direction = 0; direction < 2; direction++) {
        uint64_t before = practice_steps(client.practice);
        int seen = 0;
        for (int page = 0; page < 36; page++) {
            char target[64];
            int start = 1 + 7 * (direction ? 35 - page : page);
            (void)snprintf(target, sizeof(target), "/Users?startIndex=%d&count=7", start);
            assert_int_equal(ask(&client, "GET", target, NULL), 200);
            const struct jval *resources = jval_get(client.json, "Resources");
            assert_int_equal(jval_int(jval_get(client.json, "startIndex"), 0), start);
            assert_int_equal(jval_len(resources), jval_int(jval_get(client.json, "itemsPerPage"), -1));
            for (size_t i = 0; i < jval_len(resources); i++, seen++) {
                char name[32];
                (void)snprintf(name, sizeof(name), "u%03d", start - 1 + (int)i);
                assert_string_equal(jval_get_str(jval_at(resources, i), "userName"), name);
            }
        }
        assert_int_equal(seen, 250);
        if (direction == 0)
            assert_true(practice_steps(client.practice) - before < 2 * 250 + 36);
    }
    static const struct {
        const char *query;
        int64_t items;
        int64_t start;
    } edges[] = {
        {"startIndex=0&count=3", 3, 1},
        {"startIndex=-5&count=3", 3, 1},
        {"startIndex=250&count=9", 1, 250},
        {"startIndex=251&count=9", 0, 251},
        {"count=0", 0, 1},
        {"count=-1", 0, 1},
        {"count=100000", 250, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
        char target[64];
        (void)snprintf(target, sizeof(target), "/Users?%s", edges[i].query);
        assert_int_equal(ask(&client, "GET", target, NULL), 200);
        assert_int_equal(jval_len(jval_get(client.json, "Resources")), edges[i].items);
        assert_int_equal(jval_int(jval_get(client.json, "startIndex"), 0), edges[i].start);
        assert_int_equal(jval_int(jval_get(client.json, "totalResults"), 0), 250);
    }
    ask(&client, "GET", "/Users?count=many", NULL);
    assert_refused(&client, 400, "invalidValue");
    ask(&client, "GET", "/Users?startIndex=", NULL);
    assert_refused(&client, 400, "invalidValue");
    client_free(&client);
}

/* Deleting what a page was left at does not derail the next page. */
static void paging_while_deleting(void **state)
{
    (void)state;
    struct client client = client_new(NULL);
    for (int i = 0; i < 30; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "u%02d", i);
        new_user(&client, name);
    }
    static const char *const leaving[] = {"u09", "u03", "u20"}; /* the last of the page, one before it, one behind */
    for (size_t i = 0; i < ARRAY_LEN(leaving); i++) {
        const char *id = NULL;
        char target[64];
        assert_int_equal(ask(&client, "GET", "/Users?startIndex=1&count=10", NULL), 200);
        assert_true(practice_find_user(client.practice, leaving[i], &id, NULL));
        (void)snprintf(target, sizeof(target), "/Users/%s", id);
        assert_int_equal(ask(&client, "DELETE", target, NULL), 204);
        assert_int_equal(ask(&client, "GET", "/Users?startIndex=11&count=1", NULL), 200);
        const char *expected[] = {"u11", "u12", "u12"};
        assert_string_equal(jval_get_str(jval_at(jval_get(client.json, "Resources"), 0), "userName"), expected[i]);
    }
    client_free(&client);
}

static void order(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        const char *order;
    } cases[] = {
        {"sortBy=userName", "AbC"},
        {"sortBy=userName&sortOrder=descending", "CbA"},
        {"sortBy=name.familyName", "bAC"},                      /* absent comes last */
        {"sortBy=name.familyName&sortOrder=Descending", "CAb"}, /* and first */
        {"sortBy=age&sortOrder=descending", "CbA"},
        {"sortBy=emails", "AbC"},
        {"sortBy=emails.type", "CAb"}, /* the primary one counts */
        {"sortBy=meta.created&sortOrder=descending", "CbA"},
        {"sortBy=active", "bAC"},
        {"sortBy=" ENTERPRISE_URN ":department", "AbC"},
        {"sortBy=userName&startIndex=2&count=1", "b"},
        {"sortOrder=ascending", "AbC"},
    };
    struct client client = people();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char target[256];
        (void)snprintf(target, sizeof(target), "/Users?%s", cases[i].query);
        assert_int_equal(ask(&client, "GET", target, NULL), 200);
        if (strcmp(letters(&client), cases[i].order) != 0)
            fail_msg("%s gave %s, not %s", cases[i].query, letters(&client), cases[i].order);
        assert_int_equal(jval_int(jval_get(client.json, "totalResults"), -1), 3);
    }
    ask(&client, "GET", "/Users?sortBy=userName&sortOrder=up", NULL);
    assert_refused(&client, 400, "invalidValue");
    ask(&client, "GET", "/Users?sortBy=emails%5Btype%20pr%5D", NULL);
    assert_refused(&client, 400, "invalidPath");
    client_free(&client);
}

/* The keys of the first resource, one letter... as JSON text, to compare whole answers. */
static void assert_first(struct client *client, const char *query, const char *expected)
{
    char target[512];
    char wanted[1024];
    struct buf out;
    (void)snprintf(target, sizeof(target), "/Users?startIndex=1&count=1&%s", query);
    if (ask(client, "GET", target, NULL) != 200)
        fail_msg("%s: %s", query, answer_text(client, "detail"));
    struct jval *first = jval_at(jval_get(client->json, "Resources"), 0);
    assert_non_null(jval_get(first, "schemas"));
    assert_non_null(jval_get(first, "id")); /* always returned */
    jval_remove(first, "schemas");
    jval_remove(first, "id");
    jval_remove(first, "meta");
    (void)snprintf(wanted, sizeof(wanted), "%s", expected);
    for (char *p = wanted; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    buf_init(&out, 65536);
    jval_write(first, &out, true);
    if (strcmp(buf_text(&out), wanted) != 0)
        fail_msg("%s gave %s, not %s", query, buf_text(&out), wanted);
    buf_free(&out);
}

static void attributes(void **state)
{
    (void)state;
    struct client client = people();
    assert_first(&client, "attributes=userName", "{'userName':'Ana'}");
    assert_first(&client, "attributes=USERNAME,%20name.familyName", "{'name':{'familyName':'Diaz'},'userName':'Ana'}");
    assert_first(&client, "attributes=emails.type", "{'emails':[{'type':'work'},{'type':'home'}]}");
    assert_first(&client, "attributes=" ENTERPRISE_URN ":department", "{'" ENTERPRISE_URN "':{'department':'Ops'}}");
    assert_first(&client, "attributes=" ENTERPRISE_URN,
                 "{'" ENTERPRISE_URN "':{'department':'Ops','manager':{'value':'m1'}}}");
    assert_first(&client, "attributes=" USER_URN ":title,id", "{'title':'Chef'}");
    assert_first(&client, "attributes=password", "{}");
    assert_first(&client, "excludedAttributes=emails,name,title,externalId," ENTERPRISE_URN ",id",
                 "{'active':true,'age':30,'userName':'Ana'}");
    assert_first(&client,
                 "excludedAttributes=emails.type,emails.primary,name,title,externalId," ENTERPRISE_URN ":manager",
                 "{'active':true,'age':30,'emails':[{'value':'ana@w.test'},{'value':'ana@h.test'}],"
                 "'" ENTERPRISE_URN "':{'department':'Ops'},'userName':'Ana'}");
    assert_int_equal(ask(&client, "GET", "/Users?count=1&attributes=meta.version", NULL), 200);
    const struct jval *first = jval_at(jval_get(client.json, "Resources"), 0);
    assert_int_equal(jval_len(jval_get(first, "meta")), 1);
    assert_int_equal(ask(&client, "GET", "/Users?count=1&excludedAttributes=meta", NULL), 200);
    first = jval_at(jval_get(client.json, "Resources"), 0);
    assert_null(jval_get(first, "meta"));
    assert_non_null(jval_get(first, "emails"));
    ask(&client, "GET", "/Users?attributes=id&excludedAttributes=name", NULL);
    assert_refused(&client, 400, "invalidValue");
    client_free(&client);
}

static void search(void **state)
{
    (void)state;
#define SEARCH "{'schemas':['urn:ietf:params:scim:api:messages:2.0:SearchRequest']"
    struct client client = people();
    new_group(&client, "Admins");
    assert_int_equal(ask(&client, "POST", "/Users/.search",
                         SEARCH ",'filter':'active eq true','sortBy':'userName','sortOrder':'descending',"
                                "'startIndex':2,'count':5,'attributes':['userName']}"),
                     200);
    assert_string_equal(letters(&client), "A");
    assert_int_equal(jval_int(jval_get(client.json, "totalResults"), 0), 2);
    assert_null(jval_get(jval_at(jval_get(client.json, "Resources"), 0), "emails"));
    assert_int_equal(ask(&client, "POST", "/Groups/.search", SEARCH ",'excludedAttributes':['members']}"), 200);
    assert_int_equal(jval_int(jval_get(client.json, "totalResults"), 0), 1);
    assert_null(jval_get(jval_at(jval_get(client.json, "Resources"), 0), "members"));
    assert_int_equal(ask(&client, "POST", "/.search", SEARCH ",'filter':'id pr'}"), 200);
    assert_int_equal(jval_int(jval_get(client.json, "totalResults"), 0), 4);
    assert_int_equal(ask(&client, "POST", "/.search", SEARCH ",'filter':'meta.resourceType eq \\'Group\\''}"), 200);
    assert_int_equal(jval_int(jval_get(client.json, "totalResults"), 0), 1);
    assert_int_equal(ask_filter(&client, "", "displayName eq 'ADMINS' or userName eq 'bob'"), 200);
    assert_int_equal(jval_int(jval_get(client.json, "totalResults"), 0), 2);
    ask(&client, "POST", "/Users/.search", "{'filter':'id pr'}");
    assert_refused(&client, 400, "invalidSyntax");
    ask(&client, "POST", "/Users/.search", SEARCH ",'count':'5'}");
    assert_refused(&client, 400, "invalidValue");
    ask(&client, "POST", "/Users/.search", SEARCH ",'filter':7}");
    assert_refused(&client, 400, "invalidValue");
    ask(&client, "GET", "/Users/.search", NULL);
    assert_refused(&client, 405, NULL);
    client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters),
        cmocka_unit_test(refused_filters),
        cmocka_unit_test(equality_is_looked_up),
        cmocka_unit_test(paging),
        cmocka_unit_test(paging_while_deleting),
        cmocka_unit_test(order),
        cmocka_unit_test(attributes),
        cmocka_unit_test(search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
