/* SPDX-License-Identifier: Apache-2.0 */
/* Bulk: references in any order and in circles, errors and their limit, versions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "practice_client.h"

static int bulk(struct client *client, const char *more, const char *operations)
{
    struct buf body;
    buf_init(&body, 1024 * 1024);
    buf_printf(&body, "{'schemas':['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],%s'Operations':[%s]}", more,
               operations);
    int status = ask(client, "POST", "/Bulk", buf_text(&body));
    buf_free(&body);
    return status;
}

static const struct jval *operation(const struct client *client, size_t i)
{
    return jval_at(jval_get(client->json, "Operations"), i);
}

/* The statuses of the answer: "201 201 409". */
static const char *statuses(const struct client *client)
{
    static char text[256];
    text[0] = '\0';
    for (size_t i = 0, n = 0; i < jval_len(jval_get(client->json, "Operations")); i++) {
        const char *status = jval_get_str(operation(client, i), "status");
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i ? " " : "", status ? status : "none");
    }
    return text;
}

#define POST_USER(id, name)                                                                                            \
    "{'method':'POST','path':'/Users','bulkId':'" id "','data':{'schemas':['" USER_URN "'],'userName':'" name "'}}"
#define POST_GROUP(id, name, members)                                                                                  \
    "{'method':'POST','path':'/Groups','bulkId':'" id "','data':{'schemas':['" GROUP_URN "'],'displayName':'" name     \
    "','members':[" members "]}}"
#define REF(id) "{'value':'bulkId:" id "'}"
#define PATCH_DATA(operation)                                                                                          \
    "'data':{'schemas':['urn:ietf:params:scim:api:messages:2.0:PatchOp'],'Operations':[" operation "]}"

static void references(void **state)
{
    (void)state;
    struct client client = client_new(NULL);
    const char *group = NULL;
    const char *user = NULL;
    /* the group is created before the users that it names: it waits for them */
    assert_int_equal(
        bulk(&client, "",
             POST_GROUP("g", "Team", REF("a") "," REF("b")) "," POST_USER("a", "ana") "," POST_USER(
                 "b",
                 "bob") ",{'method':'PATCH','path':'/Groups/bulkId:g'," PATCH_DATA("{'op':'remove','path':'members','"
                                                                                   "value':[" REF("b") "]}") "},"
                                                                                                             "{'method'"
                                                                                                             ":'DELETE'"
                                                                                                             ",'path':"
                                                                                                             "'/Users/"
                                                                                                             "bulkId:b'"
                                                                                                             "}"),
        200);
    assert_string_equal(statuses(&client), "201 201 201 204 204");
    assert_string_equal(jval_str(jval_at(jval_get(client.json, "schemas"), 0)),
                        "urn:ietf:params:scim:api:messages:2.0:BulkResponse");
    assert_string_equal(jval_get_str(operation(&client, 0), "bulkId"), "g");
    assert_int_equal(practice_find_group(client.practice, "Team", &group), 1);
    assert_true(practice_find_user(client.practice, "ana", &user, NULL));
    assert_false(practice_find_user(client.practice, "bob", NULL, NULL));
    assert_true(practice_group_has(client.practice, group, user));
    assert_int_equal(practice_group_size(client.practice, group), 1);
    char location[128];
    (void)snprintf(location, sizeof(location), "/scim/v2/Users/%s", user);
    assert_string_equal(jval_get_str(operation(&client, 1), "location"), location);
    assert_string_equal(jval_get_str(operation(&client, 1), "version"), "W/\"1\"");
    assert_int_equal(practice_copies(client.practice, PRACTICE_USER, "ANA"), 1);
    client_free(&client);
}

static void circles(void **state)
{
    (void)state;
    struct client client = client_new(NULL);
    const char *ids[3];
    assert_int_equal(bulk(&client, "",
                          POST_GROUP("a", "A", REF("b")) "," POST_GROUP("b", "B", REF("c") "," REF("u")) "," POST_GROUP(
                              "c", "C", REF("a")) "," POST_USER("u", "ana")),
                     200);
    assert_string_equal(statuses(&client), "201 201 201 201");
    for (int i = 0; i < 3; i++)
        assert_int_equal(practice_find_group(client.practice, (const char *[]){"A", "B", "C"}[i], &ids[i]), 1);
    assert_true(practice_group_has(client.practice, ids[0], ids[1]));
    assert_true(practice_group_has(client.practice, ids[1], ids[2]));
    assert_true(practice_group_has(client.practice, ids[2], ids[0]));
    assert_int_equal(practice_membership_count(client.practice), 4);
    client_free(&client);
}

static void errors(void **state)
{
    (void)state;
    struct client client = client_new(NULL);
    const char *taken =
        POST_USER("a", "ana") "," POST_USER("b", "ANA") "," POST_GROUP("g", "G", REF("b")) "," POST_USER(
            "c", "cy") ",{'method':'PATCH','path':'/Users/bulkId:nobody'," PATCH_DATA("{'op':'remove','path':'title'"
                                                                                      "}") "},"
                                                                                           "{'method':'GET','path':'"
                                                                                           "/Users'},{'method':'"
                                                                                           "POST','path':'/"
                                                                                           "Users','data':{}},"
                                                                                           "{'method':'DELETE','"
                                                                                           "path':'/"
                                                                                           "Bulk'},{'method':'"
                                                                                           "DELETE','path':'/Users/"
                                                                                           "none'}";
    assert_int_equal(bulk(&client, "", taken), 200);
    assert_string_equal(statuses(&client), "201 409 409 201 409 400 400 400 404");
    const struct jval *response = jval_get(operation(&client, 1), "response");
    assert_string_equal(jval_get_str(response, "scimType"), "uniqueness");
    assert_string_equal(jval_get_str(response, "status"), "409");
    assert_int_equal(practice_user_count(client.practice), 2);
    assert_int_equal(practice_group_count(client.practice), 0);
    assert_int_equal(practice_copies(client.practice, PRACTICE_USER, "ana"), 2);
    client_free(&client);
}

static void fail_on_errors(void **state)
{
    (void)state;
    struct client client = client_new(NULL);
    const char *operations = POST_USER("a", "ana") "," POST_USER("b", "ANA") "," POST_USER("c", "cy");
    assert_int_equal(bulk(&client, "'failOnErrors':1,", operations), 200);
    assert_string_equal(statuses(&client), "201 409"); /* what was not tried is not in the answer */
    assert_int_equal(practice_user_count(client.practice), 1);
    assert_int_equal(bulk(&client, "'failOnErrors':3,", operations), 200);
    assert_string_equal(statuses(&client), "409 409 201");
    bulk(&client, "'failOnErrors':'1',", operations);
    assert_refused(&client, 400, "invalidValue");
    client_free(&client);
}

static void versions(void **state)
{
    (void)state;
    struct client client = client_new(NULL);
    char operations[512];
    const char *id = new_user(&client, "ana");
    (void)snprintf(operations, sizeof(operations),
                   "{'method':'PATCH','path':'/Users/%s','version':'W/\\'9\\''," PATCH_DATA(
                       "{'op':'add','path':'title','value':'T'}") "},"
                                                                  "{'method':'PATCH','path':'/Users/%s','version':'W/"
                                                                  "\\'1\\''," PATCH_DATA(
                                                                      "{'op':'add','path':'title','value':'T'}") "}",
                   id, id);
    assert_int_equal(bulk(&client, "", operations), 200);
    assert_string_equal(statuses(&client), "412 200");
    assert_string_equal(jval_get_str(operation(&client, 1), "version"), "W/\"2\"");
    client_free(&client);
}

static void malformed(void **state)
{
    (void)state;
    struct client client = client_new(NULL);
    bulk(&client, "", "");
    assert_refused(&client, 400, "invalidSyntax");
    bulk(&client, "", "{'method':'DELETE'}");
    assert_refused(&client, 400, "invalidSyntax");
    bulk(&client, "", POST_USER("a", "x") "," POST_USER("a", "y"));
    assert_refused(&client, 400, "invalidSyntax");
    ask(&client, "POST", "/Bulk", "{'Operations':[]}");
    assert_refused(&client, 400, "invalidSyntax");
    ask(&client, "GET", "/Bulk", NULL);
    assert_refused(&client, 405, NULL);
    struct buf many;
    buf_init(&many, 1024 * 1024);
    for (int i = 0; i <= PRACTICE_BULK_OPERATIONS; i++)
        buf_printf(&many, "%s{'method':'DELETE','path':'/Users/x'}", i ? "," : "");
    bulk(&client, "", buf_text(&many));
    assert_refused(&client, 413, "tooMany");
    buf_free(&many);
    /* a reference to itself cannot be resolved, and is no endless wait */
    assert_int_equal(bulk(&client, "",
                          "{'method':'POST','path':'/Users','bulkId':'a','data':{'schemas':['" USER_URN "'],"
                          "'userName':'bulkId:a'}}"),
                     200);
    assert_string_equal(statuses(&client), "409");
    assert_int_equal(practice_user_count(client.practice), 0);
    client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references),     cmocka_unit_test(circles),  cmocka_unit_test(errors),
        cmocka_unit_test(fail_on_errors), cmocka_unit_test(versions), cmocka_unit_test(malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
