/* SPDX-License-Identifier: Apache-2.0 */
/* Users: what a published test of SCIM servers expects step by step, then types, versions, errors and discovery. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "practice_client.h"

#define LIST_URN "urn:ietf:params:scim:api:messages:2.0:ListResponse"
#define BO                                                                                                             \
    "{'schemas':['" USER_URN "'],'userName':'bo@example.com','name':{'givenName':'Bo','familyName':'Li'},"             \
    "'emails':[{'primary':true,'value':'bo@example.com','type':'work'}],'displayName':'Bo Li','active':true}"

static void assert_list(struct client *client, int64_t total)
{
    assert_string_equal(jval_str(jval_at(jval_get(client->json, "schemas"), 0)), LIST_URN);
    assert_int_equal(jval_int(jval_get(client->json, "totalResults"), -1), total);
    assert_int_equal(jval_type(jval_get(client->json, "itemsPerPage")), JVAL_INT);
    assert_int_equal(jval_type(jval_get(client->json, "startIndex")), JVAL_INT);
    assert_int_equal(jval_type(jval_get(client->json, "Resources")), JVAL_ARRAY);
}

/* The steps of the specification test that servers are put through before a pusher is connected to them. */
static void what_servers_are_tested_for(void **state)
{
    (void)state;
    struct client client = client_new(&(struct practice_options){.token = "secret"});
#define AS(method, target, body) (client.authorization = "Bearer secret", ask(&client, method, target, body))
    assert_int_equal(AS("POST", "/Users", BO), 201);
    assert_int_equal(AS("GET", "/Users?count=1&startIndex=1", NULL), 200);
    assert_list(&client, 1);
    const struct jval *first = jval_at(jval_get(client.json, "Resources"), 0);
    assert_non_null(jval_get_str(first, "id"));
    assert_string_equal(jval_str(jval_path(first, "name.familyName")), "Li");
    assert_true(jval_is_true(jval_get(first, "active")));
    assert_string_equal(jval_get_str(jval_at(jval_get(first, "emails"), 0), "value"), "bo@example.com");
    char target[128];
    (void)snprintf(target, sizeof(target), "/Users/%s", jval_get_str(first, "id"));
    assert_int_equal(AS("GET", target, NULL), 200);
    assert_string_equal(answer_text(&client, "id"), target + 7);
    assert_string_equal(answer_text(&client, "name.givenName"), "Bo");
    client.authorization = "Bearer secret";
    assert_int_equal(ask_filter(&client, "/Users", "userName eq 'nobody@example.com'"), 200);
    assert_list(&client, 0);
    AS("GET", "/Users/00919288221112222", NULL);
    assert_refused(&client, 404, NULL);
    client.content_type = "application/json";
    assert_int_equal(AS("POST", "/Users", BO), 409);
    assert_refused(&client, 409, "uniqueness");
    client.authorization = "Bearer secret";
    assert_int_equal(ask_filter(&client, "/Users", "userName eq 'BO@EXAMPLE.COM'"), 200);
    assert_list(&client, 1);
    assert_int_equal(AS("GET", "/Groups", NULL), 200);
    assert_list(&client, 0);
    client.authorization = "non-token";
    ask(&client, "GET", "/Users", NULL);
    assert_refused(&client, 401, NULL);
    assert_true(client.answer.authenticate);
    client_free(&client);
}

static void token(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        NULL, "", "Bearer", "Bearer ", "Bearer secre", "Bearer secrets", "Basic secret", "secret", "Bearer SECRET"};
    struct client client = client_new(&(struct practice_options){.token = "secret"});
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        client.authorization = wrong[i];
        ask(&client, "POST", "/Users", BO);
        assert_refused(&client, 401, NULL);
        client.authorization = wrong[i];
        assert_int_equal(ask(&client, "GET", "//practice/state", NULL), 401);
    }
    assert_int_equal(practice_user_count(client.practice), 0);
    client.authorization = "bearer  secret ";
    assert_int_equal(ask(&client, "POST", "/Users", BO), 201);
    client_free(&client);
}

static void creating(void **state)
{
    (void)state;
    struct client client = client_new(&(struct practice_options){.base_url = "https://t.test/scim/v2"});
    const char *id = NULL;
    bool active = false;
    assert_int_equal(ask(&client, "POST", "/Users",
                         "{'schemas':['" USER_URN "','urn:acme:1.0:X'],'USERNAME':'Zoë','id':'mine','meta':{'version':"
                         "'9'},'groups':[],'password':'p','nickName':null,'emails':[],'shoeSize':42,"
                         "'Name':{'GivenName':'Z'},'urn:acme:1.0:X':{'a':1}}"),
                     201);
    assert_true(practice_find_user(client.practice, "ZOË", &id, &active));
    assert_true(active); /* unless said otherwise */
    assert_string_equal(answer_text(&client, "id"), id);
    assert_string_not_equal(id, "mine");
    assert_string_equal(answer_text(&client, "userName"), "Zoë");
    assert_string_equal(answer_text(&client, "name.givenName"), "Z");
    assert_int_equal(jval_int(jval_get(client.json, "shoeSize"), 0), 42);
    assert_int_equal(jval_int(jval_get(jval_get(client.json, "urn:acme:1.0:X"), "a"), 0), 1);
    assert_string_equal(jval_str(jval_at(jval_get(client.json, "schemas"), 1)), "urn:acme:1.0:X");
    static const char *const absent[] = {"password", "nickName", "emails", "groups"};
    for (size_t i = 0; i < ARRAY_LEN(absent); i++)
        assert_null(jval_get(client.json, absent[i]));
    char location[256];
    (void)snprintf(location, sizeof(location), "https://t.test/scim/v2/Users/%s", id);
    assert_string_equal(client.answer.location, location);
    assert_string_equal(answer_text(&client, "meta.location"), location);
    assert_string_equal(answer_text(&client, "meta.resourceType"), "User");
    assert_string_equal(answer_text(&client, "meta.version"), client.answer.etag);
    assert_int_equal(strlen(answer_text(&client, "meta.created")), strlen("2026-03-25T06:09:44.000Z"));
    assert_string_equal(client.answer.content_type, "application/scim+json");
    client_free(&client);
}

static void types(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "'active':'true'",
        "'active':1",
        "'name':'Bo'",
        "'name':[]  ,'title':7",
        "'emails':'a@b'",
        "'emails':['a@b']",
        "'emails':[{'value':7}]",
        "'displayName':{}",
        "'externalId':5",
        "'userName':'x','name':{'givenName':false}",
        "'emails':[{'value':'a','primary':'yes'}]",
        "'emails':[{'value':'a','primary':true},{'value':'b','primary':true}]",
        "'" ENTERPRISE_URN "':'x'",
        "'" ENTERPRISE_URN "':{'manager':'x'}",
    };
    struct client client = client_new(NULL);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        char body[512];
        (void)snprintf(body, sizeof(body), "{'schemas':['" USER_URN "'],%s%s}",
                       strstr(wrong[i], "userName") ? "" : "'userName':'x',", wrong[i]);
        ask(&client, "POST", "/Users", body);
        if (client.answer.status != 400)
            fail_msg("%s: %d", wrong[i], client.answer.status);
        assert_refused(&client, 400, "invalidValue");
    }
    ask(&client, "POST", "/Users", "{'schemas':['" USER_URN "']}");
    assert_refused(&client, 400, "invalidValue");
    ask(&client, "POST", "/Users", "{'schemas':['" USER_URN "'],'userName':''}");
    assert_refused(&client, 400, "invalidValue");
    static const char *const malformed[] = {"{'userName':'x'}",
                                            "{'schemas':['" GROUP_URN "'],'userName':'x'}",
                                            "{'schemas':'" USER_URN "','userName':'x'}",
                                            "[1]",
                                            "{",
                                            "{'schemas':['" USER_URN "'],'userName':'x','userName':'y'}",
                                            ""};
    for (size_t i = 0; i < ARRAY_LEN(malformed); i++) {
        ask(&client, "POST", "/Users", malformed[i]);
        assert_refused(&client, 400, "invalidSyntax");
    }
    assert_int_equal(practice_user_count(client.practice), 0);
    client_free(&client);
}

static void replacing(void **state)
{
    (void)state;
    struct client client = client_new(NULL);
    char target[128];
    bool active = true;
    assert_int_equal(ask(&client, "POST", "/Users", BO), 201);
    (void)snprintf(target, sizeof(target), "/Users/%s", answer_text(&client, "id"));
    assert_int_equal(ask(&client, "PUT", target,
                         "{'schemas':['" USER_URN "'],'id':'other','userName':'bo2','active':false,'meta':{},"
                         "'groups':[{'value':'g'}]}"),
                     200);
    assert_string_equal(answer_text(&client, "id"), target + 7);
    assert_string_equal(client.answer.etag, "W/\"2\"");
    assert_null(jval_get(client.json, "name"));
    assert_true(practice_find_user(client.practice, "bo2", NULL, &active));
    assert_false(active);
    assert_false(practice_find_user(client.practice, "bo@example.com", NULL, NULL));
    /* leaving `active` out is no decision about it */
    assert_int_equal(ask(&client, "PUT", target, "{'schemas':['" USER_URN "'],'userName':'bo3'}"), 200);
    assert_true(practice_user_active(client.practice, target + 7, &active));
    assert_false(active);
    assert_int_equal(ask(&client, "PUT", target, "{'schemas':['" USER_URN "'],'userName':'bo3','active':false}"), 200);
    assert_string_equal(client.answer.etag, "W/\"3\""); /* the same again is no new version */
    new_user(&client, "eve");
    ask(&client, "PUT", target, "{'schemas':['" USER_URN "'],'userName':'EVE'}");
    assert_refused(&client, 409, "uniqueness");
    ask(&client, "PUT", "/Users/nobody", BO);
    assert_refused(&client, 404, NULL);
    client_free(&client);
}

static void deleting(void **state)
{
    (void)state;
    struct client client = client_new(NULL);
    char target[128];
    (void)snprintf(target, sizeof(target), "/Users/%s", new_user(&client, "bo"));
    assert_int_equal(ask(&client, "DELETE", target, NULL), 204);
    assert_int_equal(client.answer.body.len, 0);
    assert_null(client.answer.content_type);
    ask(&client, "DELETE", target, NULL);
    assert_refused(&client, 404, NULL);
    new_user(&client, "BO"); /* the name is free again */
    assert_int_equal(practice_user_count(client.practice), 1);
    client_free(&client);
}

static void versions(void **state)
{
    (void)state;
    struct client client = client_new(NULL);
    char target[128];
    (void)snprintf(target, sizeof(target), "/Users/%s", new_user(&client, "bo"));
    const char *put = "{'schemas':['" USER_URN "'],'userName':'bo','title':'T'}";
    client.if_match = "W/\"7\"";
    ask(&client, "PUT", target, put);
    assert_refused(&client, 412, NULL);
    client.if_match = "W/\"7\", W/\"1\"";
    assert_int_equal(ask(&client, "PUT", target, put), 200);
    assert_string_equal(client.answer.etag, "W/\"2\"");
    client.if_match = "W/\"1\"";
    ask_patch(&client, target, "{'op':'remove','path':'title'}");
    assert_refused(&client, 412, NULL);
    client.if_none_match = "W/\"2\"";
    assert_int_equal(ask(&client, "GET", target, NULL), 304);
    assert_int_equal(client.answer.body.len, 0);
    assert_string_equal(client.answer.etag, "W/\"2\"");
    client.if_none_match = "W/\"1\"";
    assert_int_equal(ask(&client, "GET", target, NULL), 200);
    client.if_match = "W/\"1\"";
    assert_int_equal(ask(&client, "DELETE", target, NULL), 412);
    client.if_match = "*";
    assert_int_equal(ask(&client, "DELETE", target, NULL), 204);
    client_free(&client);
}

static void wrong_requests(void **state)
{
    (void)state;
    struct client client = client_new(NULL);
    const char *id = new_user(&client, "x");
    char target[128];
    (void)snprintf(target, sizeof(target), "/Users/%s", id);
    client.content_type = "text/plain";
    ask(&client, "POST", "/Users", BO);
    assert_refused(&client, 415, NULL);
    client.content_type = "application/scim+json; charset=utf-8";
    assert_int_equal(ask(&client, "POST", "/Users", BO), 201);
    client.body_too_large = true;
    ask(&client, "POST", "/Users", NULL);
    assert_refused(&client, 413, NULL);
    ask(&client, "POST", target, BO);
    assert_refused(&client, 405, NULL);
    assert_string_equal(client.answer.allow, "GET, PUT, PATCH, DELETE");
    ask(&client, "DELETE", "/Users", NULL);
    assert_refused(&client, 405, NULL);
    assert_string_equal(client.answer.allow, "GET, POST");
    static const char *const nowhere[] = {"/users", "/Users/a/b", "/Nothing",   "//scim/v1/Users",
                                          "//",     "/Users/%2F", "/Users/%zz", "//scim/v2x"};
    for (size_t i = 0; i < ARRAY_LEN(nowhere); i++) {
        ask(&client, "GET", nowhere[i], NULL);
        assert_refused(&client, 404, NULL);
    }
    ask(&client, "GET", "/Me", NULL);
    assert_refused(&client, 501, NULL);
    ask(&client, "GET", "/Groups/x", NULL);
    assert_refused(&client, 404, NULL);
    (void)snprintf(target, sizeof(target), "/Groups/%s", id); /* a user's id is no group's */
    ask(&client, "GET", target, NULL);
    assert_refused(&client, 404, NULL);
    client_free(&client);
}

static void discovery(void **state)
{
    (void)state;
    struct client client = client_new(NULL);
    assert_int_equal(ask(&client, "GET", "/ServiceProviderConfig", NULL), 200);
    static const char *const supported[] = {"patch", "bulk", "filter", "sort", "etag", "changePassword"};
    for (size_t i = 0; i < ARRAY_LEN(supported); i++)
        assert_true(jval_is_true(jval_get(jval_get(client.json, supported[i]), "supported")));
    assert_int_equal(jval_int(jval_path(client.json, "bulk.maxOperations"), 0), 1000);
    assert_int_equal(jval_type(jval_get(client.json, "authenticationSchemes")), JVAL_ARRAY);
    assert_int_equal(ask(&client, "GET", "/ResourceTypes", NULL), 200);
    assert_list(&client, 2);
    assert_int_equal(ask(&client, "GET", "/ResourceTypes/User", NULL), 200);
    assert_string_equal(answer_text(&client, "endpoint"), "/Users");
    assert_int_equal(ask(&client, "GET", "/Schemas", NULL), 200);
    assert_list(&client, 3);
    assert_int_equal(ask(&client, "GET", "/Schemas/" GROUP_URN, NULL), 200);
    assert_string_equal(answer_text(&client, "name"), "Group");
    assert_int_equal(jval_len(jval_get(client.json, "attributes")), 2);
    assert_int_equal(ask(&client, "GET", "/Schemas/" ENTERPRISE_URN, NULL), 200);
    ask(&client, "GET", "/Schemas/urn:none", NULL);
    assert_refused(&client, 404, NULL);
    ask(&client, "GET", "/ResourceTypes/Dog", NULL);
    assert_refused(&client, 404, NULL);
    ask(&client, "GET", "/ServiceProviderConfig/x", NULL);
    assert_refused(&client, 404, NULL);
    ask(&client, "POST", "/Schemas", "{}");
    assert_refused(&client, 405, NULL);
    ask(&client, "GET", "/Schemas?filter=id%20pr", NULL);
    assert_refused(&client, 403, NULL);
    client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_servers_are_tested_for),
        cmocka_unit_test(token),
        cmocka_unit_test(creating),
        cmocka_unit_test(types),
        cmocka_unit_test(replacing),
        cmocka_unit_test(deleting),
        cmocka_unit_test(versions),
        cmocka_unit_test(wrong_requests),
        cmocka_unit_test(discovery),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
