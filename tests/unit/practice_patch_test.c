/* SPDX-License-Identifier: Apache-2.0 */
/* PATCH: every form of path with every operation, what is refused and as what, and that a refusal changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "practice_client.h"

#define ANA                                                                                                            \
    "{'schemas':['" USER_URN "','" ENTERPRISE_URN                                                                      \
    "'],'userName':'ana','name':{'givenName':'Ana','familyName':'Diaz'},"                                              \
    "'emails':[{'value':'a@w','type':'work','primary':true},{'value':'a@h','type':'home'}],"                           \
    "'" ENTERPRISE_URN "':{'department':'Ops','manager':{'value':'m1'}}}"

/* The last answer's resource without what the server adds, keys sorted. */
static char *shown(struct client *client)
{
    static const char *const computed[] = {"schemas", "id", "meta"};
    struct buf out;
    struct jval *copy = jval_copy(client->json);
    for (size_t i = 0; i < ARRAY_LEN(computed); i++)
        jval_remove(copy, computed[i]);
    buf_init(&out, 1024 * 1024);
    jval_write(copy, &out, true);
    jval_free(copy);
    return buf_take(&out);
}

static const char *normal(const char *json, char *ret, size_t size)
{
    struct jval *value = NULL;
    struct buf out;
    (void)snprintf(ret, size, "%s", json);
    for (char *p = ret; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    assert_int_equal(jval_parse(&value, ret, strlen(ret), NULL), 0);
    buf_init(&out, size - 1);
    jval_write(value, &out, true);
    (void)snprintf(ret, size, "%s", buf_text(&out));
    buf_free(&out);
    jval_free(value);
    return ret;
}

static char *target_of(struct client *client, char *ret, size_t size)
{
    const char *id = NULL;
    assert_int_equal(ask(client, "POST", "/Users", ANA), 201);
    assert_true(practice_find_user(client->practice, "ana", &id, NULL));
    (void)snprintf(ret, size, "/Users/%s", id);
    return ret;
}

/* Applies the operations to Ana; the user must then be `expected`, in the answer and when read again. */
static void expect(const char *operations, const char *expected)
{
    struct client client = client_new(NULL);
    char target[128];
    char wanted[4096];
    normal(expected, wanted, sizeof(wanted));
    if (ask_patch(&client, target_of(&client, target, sizeof(target)), operations) != 200)
        fail_msg("%s: %d %s", operations, client.answer.status, answer_text(&client, "detail"));
    char *have = shown(&client);
    if (strcmp(have, wanted) != 0)
        fail_msg("%s gave\n%s, not\n%s", operations, have, wanted);
    free(have);
    assert_int_equal(ask(&client, "GET", target, NULL), 200);
    have = shown(&client);
    assert_string_equal(have, wanted);
    free(have);
    client_free(&client);
}

/* The operations, after one that would succeed, are refused as `scim_type`, and nothing is changed. */
static void refused(const char *operations, const char *scim_type)
{
    struct client client = client_new(NULL);
    char target[128];
    char all[4096];
    (void)snprintf(all, sizeof(all), "{'op':'replace','path':'title','value':'Boss'},%s", operations);
    int status = ask_patch(&client, target_of(&client, target, sizeof(target)), all);
    if (status != 400 || strcmp(answer_text(&client, "scimType"), scim_type) != 0)
        fail_msg("%s: %d %s %s, not 400 %s", operations, status, answer_text(&client, "scimType"),
                 answer_text(&client, "detail"), scim_type);
    assert_refused(&client, 400, scim_type);
    assert_int_equal(ask(&client, "GET", target, NULL), 200);
    assert_string_equal(client.answer.etag, "W/\"1\"");
    assert_null(jval_get(client.json, "title"));
    client_free(&client);
}

#define NAME "'name':{'givenName':'Ana','familyName':'Diaz'}"
#define EMAILS "'emails':[{'value':'a@w','type':'work','primary':true},{'value':'a@h','type':'home'}]"
#define ENTERPRISE "'" ENTERPRISE_URN "':{'department':'Ops','manager':{'value':'m1'}}"
#define BASE "'userName':'ana','active':true"

static void without_a_path(void **state)
{
    (void)state;
    expect("{'op':'replace','value':{'active':false}}",
           "{'userName':'ana','active':false," NAME "," EMAILS "," ENTERPRISE "}");
    expect("{'op':'add','value':{'title':'Boss','nickname':'An'}}",
           "{" BASE "," NAME "," EMAILS "," ENTERPRISE ",'title':'Boss','nickName':'An'}");
    expect("{'op':'add','value':{'emails':[{'value':'a@o','type':'other'}]}}",
           "{" BASE "," NAME "," ENTERPRISE ",'emails':[{'value':'a@w','type':'work','primary':true},"
           "{'value':'a@h','type':'home'},{'value':'a@o','type':'other'}]}");
    expect("{'op':'replace','value':{'emails':[{'value':'a@o'}]}}",
           "{" BASE "," NAME "," ENTERPRISE ",'emails':[{'value':'a@o'}]}");
    expect("{'op':'replace','value':{'name':{'givenName':'Anna'}}}",
           "{" BASE ",'name':{'givenName':'Anna','familyName':'Diaz'}," EMAILS "," ENTERPRISE "}");
    expect("{'op':'replace','value':{'name.givenName':'Anna','" ENTERPRISE_URN ":department':'IT'}}",
           "{" BASE ",'name':{'givenName':'Anna','familyName':'Diaz'}," EMAILS ",'" ENTERPRISE_URN
           "':{'department':'IT','manager':{'value':'m1'}}}");
    expect("{'op':'replace','value':{'name':null}}", "{" BASE "," EMAILS "," ENTERPRISE "}");
    expect("{'op':'add','value':{'" ENTERPRISE_URN "':{'costCenter':'7'}}}",
           "{" BASE "," NAME "," EMAILS ",'" ENTERPRISE_URN
           "':{'department':'Ops','manager':{'value':'m1'},'costCenter':'7'}}");
    expect("{'op':'add','value':{'" USER_URN "':{'title':'Boss'}}}",
           "{" BASE "," NAME "," EMAILS "," ENTERPRISE ",'title':'Boss'}");
}

static void whole_attribute(void **state)
{
    (void)state;
    expect("{'op':'add','path':'title','value':'Boss'}",
           "{" BASE "," NAME "," EMAILS "," ENTERPRISE ",'title':'Boss'}");
    expect("{'op':'replace','path':'active','value':false}",
           "{'userName':'ana','active':false," NAME "," EMAILS "," ENTERPRISE "}");
    expect("{'op':'replace','path':'USERNAME','value':'anna'}",
           "{'userName':'anna','active':true," NAME "," EMAILS "," ENTERPRISE "}");
    expect("{'op':'remove','path':'name'}", "{" BASE "," EMAILS "," ENTERPRISE "}");
    expect("{'op':'remove','path':'emails'}", "{" BASE "," NAME "," ENTERPRISE "}");
    expect("{'op':'remove','path':'title'}", "{" BASE "," NAME "," EMAILS "," ENTERPRISE "}");
    expect("{'op':'replace','path':'emails','value':[]}", "{" BASE "," NAME "," ENTERPRISE "}");
    expect("{'op':'replace','path':'emails','value':{'value':'a@x'}}",
           "{" BASE "," NAME "," ENTERPRISE ",'emails':[{'value':'a@x'}]}");
    expect("{'op':'add','path':'emails','value':{'value':'a@x'}}",
           "{" BASE "," NAME "," ENTERPRISE ",'emails':[{'value':'a@w','type':'work','primary':true},"
           "{'value':'a@h','type':'home'},{'value':'a@x'}]}");
    expect("{'op':'add','path':'emails','value':[{'value':'a@h','type':'home'}]}", /* there already */
           "{" BASE "," NAME "," EMAILS "," ENTERPRISE "}");
    expect("{'op':'remove','path':'emails','value':[{'value':'a@h'}]}",
           "{" BASE "," NAME "," ENTERPRISE ",'emails':[{'value':'a@w','type':'work','primary':true}]}");
    expect("{'op':'add','path':'name','value':{'middleName':'B'}}",
           "{" BASE ",'name':{'givenName':'Ana','familyName':'Diaz','middleName':'B'}," EMAILS "," ENTERPRISE "}");
    expect("{'op':'add','path':'shoeSize','value':42},{'op':'add','path':'tags','value':['a']},"
           "{'op':'add','path':'tags','value':['b']}",
           "{" BASE "," NAME "," EMAILS "," ENTERPRISE ",'shoeSize':42,'tags':['a','b']}");
}

static void sub_attribute(void **state)
{
    (void)state;
    expect("{'op':'replace','path':'name.givenName','value':'Anna'}",
           "{" BASE ",'name':{'givenName':'Anna','familyName':'Diaz'}," EMAILS "," ENTERPRISE "}");
    expect("{'op':'remove','path':'name.givenname'}",
           "{" BASE ",'name':{'familyName':'Diaz'}," EMAILS "," ENTERPRISE "}");
    expect("{'op':'remove','path':'name.givenName'},{'op':'remove','path':'name.familyName'}",
           "{" BASE "," EMAILS "," ENTERPRISE "}");
    expect("{'op':'remove','path':'name'},{'op':'add','path':'name.formatted','value':'Ana D'}",
           "{" BASE ",'name':{'formatted':'Ana D'}," EMAILS "," ENTERPRISE "}");
    expect("{'op':'replace','path':'emails.display','value':'x'}",
           "{" BASE "," NAME "," ENTERPRISE ",'emails':[{'value':'a@w','type':'work','primary':true,'display':'x'},"
           "{'value':'a@h','type':'home','display':'x'}]}");
    expect("{'op':'remove','path':'emails.type'}",
           "{" BASE "," NAME "," ENTERPRISE ",'emails':[{'value':'a@w','primary':true},{'value':'a@h'}]}");
}

static void selected_values(void **state)
{
    (void)state;
    expect("{'op':'remove','path':'emails[type eq \\'home\\']'}",
           "{" BASE "," NAME "," ENTERPRISE ",'emails':[{'value':'a@w','type':'work','primary':true}]}");
    expect("{'op':'remove','path':'emails[type pr]'}", "{" BASE "," NAME "," ENTERPRISE "}");
    expect("{'op':'remove','path':'emails[type eq \\'fax\\']'}", "{" BASE "," NAME "," EMAILS "," ENTERPRISE "}");
    expect("{'op':'replace','path':'emails[type eq \\'work\\']','value':{'value':'b@w','type':'work'}}",
           "{" BASE "," NAME "," ENTERPRISE ",'emails':[{'value':'b@w','type':'work'},"
           "{'value':'a@h','type':'home'}]}");
    expect("{'op':'add','path':'emails[type eq \\'home\\']','value':{'display':'Home'}}",
           "{" BASE "," NAME "," ENTERPRISE ",'emails':[{'value':'a@w','type':'work','primary':true},"
           "{'value':'a@h','type':'home','display':'Home'}]}");
    expect("{'op':'remove','path':'emails[type eq \\'work\\' or value ew \\'h\\']'}",
           "{" BASE "," NAME "," ENTERPRISE "}");
    expect("{'op':'remove','path':'emails[not (type eq \\'work\\')]'}",
           "{" BASE "," NAME "," ENTERPRISE ",'emails':[{'value':'a@w','type':'work','primary':true}]}");
}

static void sub_attribute_of_selected_values(void **state)
{
    (void)state;
    expect("{'op':'replace','path':'emails[type eq \\'WORK\\'].value','value':'b@w'}",
           "{" BASE "," NAME "," ENTERPRISE ",'emails':[{'value':'b@w','type':'work','primary':true},"
           "{'value':'a@h','type':'home'}]}");
    expect("{'op':'add','path':'emails[type eq \\'home\\' and value co \\'@\\'].display','value':'H'}",
           "{" BASE "," NAME "," ENTERPRISE ",'emails':[{'value':'a@w','type':'work','primary':true},"
           "{'value':'a@h','type':'home','display':'H'}]}");
    expect("{'op':'remove','path':'emails[type eq \\'work\\'].primary'}",
           "{" BASE "," NAME "," ENTERPRISE ",'emails':[{'value':'a@w','type':'work'},"
           "{'value':'a@h','type':'home'}]}");
}

static void primary_moves(void **state)
{
    (void)state;
    const char *moved = "{" BASE "," NAME "," ENTERPRISE ",'emails':[{'value':'a@w','type':'work','primary':false},"
                        "{'value':'a@h','type':'home','primary':true}]}";
    expect("{'op':'replace','path':'emails[type eq \\'home\\'].primary','value':true}", moved);
    expect("{'op':'add','path':'emails[type eq \\'home\\']','value':{'primary':true}}", moved);
    expect("{'op':'add','path':'emails','value':[{'value':'a@x','primary':true}]}",
           "{" BASE "," NAME "," ENTERPRISE ",'emails':[{'value':'a@w','type':'work','primary':false},"
           "{'value':'a@h','type':'home'},{'value':'a@x','primary':true}]}");
    refused("{'op':'replace','path':'emails','value':[{'value':'1','primary':true},{'value':'2','primary':true}]}",
            "invalidValue");
}

static void extension_paths(void **state)
{
    (void)state;
    expect("{'op':'replace','path':'" ENTERPRISE_URN ":department','value':'IT'}",
           "{" BASE "," NAME "," EMAILS ",'" ENTERPRISE_URN "':{'department':'IT','manager':{'value':'m1'}}}");
    expect("{'op':'replace','path':'" ENTERPRISE_URN ":manager.value','value':'m2'}",
           "{" BASE "," NAME "," EMAILS ",'" ENTERPRISE_URN "':{'department':'Ops','manager':{'value':'m2'}}}");
    expect("{'op':'remove','path':'" ENTERPRISE_URN ":manager'},{'op':'remove','path':'" ENTERPRISE_URN ":department'}",
           "{" BASE "," NAME "," EMAILS "}");
    expect("{'op':'remove','path':'" ENTERPRISE_URN "'}", "{" BASE "," NAME "," EMAILS "}");
    expect("{'op':'add','path':'" ENTERPRISE_URN "','value':{'division':'D'}}",
           "{" BASE "," NAME "," EMAILS ",'" ENTERPRISE_URN
           "':{'department':'Ops','manager':{'value':'m1'},'division':'D'}}");
    expect("{'op':'add','path':'urn:acme:2.0:Badge','value':{'number':7}},"
           "{'op':'replace','path':'urn:acme:2.0:Badge:colour','value':'red'}",
           "{" BASE "," NAME "," EMAILS "," ENTERPRISE ",'urn:acme:2.0:Badge':{'number':7,'colour':'red'}}");
    expect("{'op':'replace','path':'" USER_URN ":name.givenName','value':'Anna'}",
           "{" BASE ",'name':{'givenName':'Anna','familyName':'Diaz'}," EMAILS "," ENTERPRISE "}");
    expect("{'op':'replace','path':'" USER_URN ":emails[type eq \\'home\\'].value','value':'b@h'}",
           "{" BASE "," NAME "," ENTERPRISE ",'emails':[{'value':'a@w','type':'work','primary':true},"
           "{'value':'b@h','type':'home'}]}");
}

static void operations_in_any_case(void **state)
{
    (void)state;
    expect("{'op':'Replace','path':'active','value':false},{'op':'ADD','path':'title','value':'T'},"
           "{'Op':'Remove','Path':'name'}",
           "{'userName':'ana','active':false,'title':'T'," EMAILS "," ENTERPRISE "}");
}

static void refusals(void **state)
{
    (void)state;
    refused("{'op':'remove'}", "noTarget");
    refused("{'op':'replace','path':'emails[type eq \\'fax\\'].value','value':'1'}", "noTarget");
    refused("{'op':'add','path':'emails[type eq \\'fax\\']','value':{'value':'1'}}", "noTarget");
    refused("{'op':'replace','path':'phoneNumbers.type','value':'work'}", "noTarget");
    refused("{'op':'replace','path':'emails[type eq','value':'1'}", "invalidPath");
    refused("{'op':'replace','path':'','value':'1'}", "invalidPath");
    refused("{'op':'replace','path':7,'value':'1'}", "invalidPath");
    refused("{'op':'replace','path':'name[givenName eq \\'Ana\\']','value':{}}", "invalidPath");
    refused("{'op':'replace','path':'userName.x','value':'1'}", "invalidPath");
    refused("{'op':'replace','path':'id','value':'1'}", "mutability");
    refused("{'op':'replace','value':{'id':'other'}}", "mutability");
    refused("{'op':'replace','path':'meta.version','value':'1'}", "mutability");
    refused("{'op':'add','path':'groups','value':[{'value':'1'}]}", "mutability");
    refused("{'op':'remove','path':'userName'}", "mutability");
    refused("{'op':'replace','path':'active','value':'False'}", "invalidValue");
    refused("{'op':'replace','path':'userName','value':''}", "invalidValue");
    refused("{'op':'replace','path':'userName'}", "invalidValue");
    refused("{'op':'replace','path':'name','value':'Ana'}", "invalidValue");
    refused("{'op':'add','path':'emails','value':['a@b']}", "invalidValue");
    refused("{'op':'replace','path':'emails[primary gt \\'x\\']','value':{}}", "invalidFilter");
    refused("{'op':'add','value':'x'}", "invalidValue");
    refused("{'op':'move','path':'title','value':'x'}", "invalidSyntax");
    refused("{'path':'title','value':'x'}", "invalidSyntax");
}

static void the_envelope(void **state)
{
    (void)state;
    struct client client = client_new(NULL);
    char target[128];
    target_of(&client, target, sizeof(target));
    ask(&client, "PATCH", target, "{'Operations':[{'op':'remove','path':'title'}]}");
    assert_refused(&client, 400, "invalidSyntax");
    ask_patch(&client, target, "");
    assert_refused(&client, 400, "invalidSyntax");
    ask(&client, "PATCH", target, "[]");
    assert_refused(&client, 400, "invalidSyntax");
    ask_patch(&client, "/Users/nobody", "{'op':'remove','path':'title'}");
    assert_refused(&client, 404, NULL);
    /* a PATCH that changes nothing is no new version */
    assert_int_equal(ask_patch(&client, target, "{'op':'replace','path':'active','value':true}"), 200);
    assert_string_equal(client.answer.etag, "W/\"1\"");
    assert_int_equal(ask_patch(&client, target, "{'op':'replace','path':'active','value':false}"), 200);
    assert_string_equal(client.answer.etag, "W/\"2\"");
    /* the user's own id may be said, a password is never shown */
    char operations[256];
    (void)snprintf(operations, sizeof(operations), "{'op':'replace','value':{'id':'%s','password':'p','title':'T'}}",
                   target + strlen("/Users/"));
    assert_int_equal(ask_patch(&client, target, operations), 200);
    assert_string_equal(answer_text(&client, "title"), "T");
    assert_null(jval_get(client.json, "password"));
    client_free(&client);
}

static void renaming_keeps_names_unique(void **state)
{
    (void)state;
    struct client client = client_new(NULL);
    char target[128];
    target_of(&client, target, sizeof(target));
    new_user(&client, "bob");
    ask_patch(&client, target, "{'op':'replace','path':'userName','value':'BOB'}");
    assert_refused(&client, 409, "uniqueness");
    assert_int_equal(ask_patch(&client, target, "{'op':'replace','path':'userName','value':'ANA'}"), 200);
    assert_int_equal(ask_patch(&client, target, "{'op':'replace','path':'userName','value':'cy'}"), 200);
    assert_false(practice_find_user(client.practice, "ana", NULL, NULL));
    assert_true(practice_find_user(client.practice, "CY", NULL, NULL));
    client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_path),
        cmocka_unit_test(whole_attribute),
        cmocka_unit_test(sub_attribute),
        cmocka_unit_test(selected_values),
        cmocka_unit_test(sub_attribute_of_selected_values),
        cmocka_unit_test(primary_moves),
        cmocka_unit_test(extension_paths),
        cmocka_unit_test(operations_in_any_case),
        cmocka_unit_test(refusals),
        cmocka_unit_test(the_envelope),
        cmocka_unit_test(renaming_keeps_names_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
