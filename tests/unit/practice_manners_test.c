/* SPDX-License-Identifier: Apache-2.0 */
/* Each fault of the catalogue that bends how a request is applied or answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "practice_world.h"

#define ADD(n) "{'op':'add','path':'members','value':[{'value':'$" n "'}]}"
#define ADD_ALL "{'op':'add','path':'members','value':[{'value':'$0'},{'value':'$1'},{'value':'$2'},{'value':'$3'}]}"
#define REMOVE(n) "{'op':'remove','path':'members[value eq \\'$" n "\\']'}"
#define PUT_GROUP "{'schemas':['" GROUP_URN "'],'displayName':'G'"
#define POST_USER "{'schemas':['" USER_URN "'],'userName':"

static uint64_t strikes(const struct world *w)
{
    return practice_fault_strikes(w->client.practice, 0);
}

/* --- half, nothing, less ---------------------------------------------------------------------------------------------
 */

static void half_applied(void **state)
{
    (void)state;
    struct world w = world_new();
    order(&w, "half");
    assert_int_equal(patch(&w, ADD_ALL), 500);
    assert_members(&w, "0 1");
    assert_int_equal(patch(&w, REMOVE("0") "," REMOVE("1") "," ADD("3")), 500); /* three: one */
    assert_members(&w, "1");
    assert_int_equal(patch(&w, ADD("2")), 500);
    assert_members(&w, "1");
    assert_int_equal(patch(&w, "{'op':'add','value':{'members':[{'value':'$2'},{'value':'$3'}]}}"), 500);
    assert_members(&w, "1 2");
    assert_int_equal(send(&w, "POST", "/Groups",
                          "{'schemas':['" GROUP_URN "'],'displayName':'H','members':[{'value':'$0'},{'value':'$1'}]}"),
                     500);
    const char *id = NULL;
    assert_int_equal(practice_find_group(w.client.practice, "H", &id), 1);
    assert_string_equal(members_of(&w, id), "0");
    assert_int_equal(strikes(&w), 5);
    assert_int_equal(send(&w, "GET", "/Users", NULL), 200);
    assert_int_equal(patch(&w, "{'op':'nonsense'},{'op':'nonsense'}"), 400); /* that is no half */
    assert_int_equal(strikes(&w), 5);
    world_free(&w);
}

static void swallowed(void **state)
{
    (void)state;
    struct world w = world_new();
    assert_int_equal(patch(&w, ADD("0")), 204);
    order(&w, "swallow");
    assert_int_equal(patch(&w, ADD("1") "," REMOVE("0") ",{'op':'replace','path':'displayName','value':'H'}"), 204);
    assert_int_equal(send(&w, "PUT", "/Groups/$g", PUT_GROUP ",'members':[]}"), 200);
    assert_int_equal(send(&w, "DELETE", "/Groups/$g", NULL), 204);
    assert_members(&w, "0");
    assert_string_equal(practice_name(w.client.practice, w.group), "G");
    assert_int_equal(patch_user(&w, 0, "{'op':'replace','path':'active','value':false}"), 200);
    assert_int_equal(send(&w, "PUT", "/Users/$0", POST_USER "'u0@example.com','title':'x'}"), 200);
    assert_null(practice_attribute(w.client.practice, w.users[0], "title"));
    assert_int_equal(send(&w, "POST", "/Users", POST_USER "'new'}"), 201);
    char target[256];
    (void)snprintf(target, sizeof(target), "/Users/%s", answer_text(&w.client, "id"));
    assert_int_equal(send(&w, "GET", target, NULL), 404);
    assert_int_equal(practice_user_count(w.client.practice), WORLD_USERS);
    assert_int_equal(patch(&w, ADD("9")), 400); /* what is wrong is still refused */
    bool active = false;
    assert_true(practice_user_active(w.client.practice, w.users[0], &active) && active);
    assert_int_equal(strikes(&w), 6);
    world_free(&w);
}

static void members_dropped(void **state)
{
    (void)state;
    struct world w = world_new();
    order(&w, "members_beyond,max=3,method=PATCH");
    assert_int_equal(patch(&w, ADD_ALL), 204);
    assert_members(&w, "0 1 2");
    assert_int_equal(patch(&w, ADD("3")), 204);
    assert_members(&w, "0 1 2 3");
    assert_int_equal(strikes(&w), 1);
    reorder(&w, "members_lost,max=1");
    unsigned lost = 0;
    for (int i = 0; i < 200; i++) {
        assert_int_equal(patch(&w, "{'op':'replace','path':'members','value':[]}"), 204);
        assert_int_equal(patch(&w, i % 2 ? ADD_ALL : ADD("0") "," ADD("1") "," ADD("2") "," ADD("3")), 204);
        assert_int_equal(practice_group_size(w.client.practice, w.group), 3);
        for (unsigned user = 0; user < WORLD_USERS; user++)
            if (!practice_group_has(w.client.practice, w.group, w.users[user]))
                lost |= 1u << user;
    }
    assert_int_equal(lost, 15); /* each has been the one */
    world_free(&w);
}

/* --- members ---------------------------------------------------------------------------------------------------------
 */

static void members_hidden(void **state)
{
    (void)state;
    struct world w = world_new();
    assert_int_equal(patch(&w, ADD("0")), 204);
    order(&w, "members_empty");
    assert_int_equal(send(&w, "GET", "/Groups/$g", NULL), 200);
    assert_int_equal(jval_type(jval_get(w.client.json, "members")), JVAL_ARRAY);
    assert_int_equal(jval_len(jval_get(w.client.json, "members")), 0);
    assert_int_equal(ask_filter(&w.client, "/Groups", "displayName eq 'G'"), 200);
    assert_int_equal(jval_len(jval_get(jval_at(jval_get(w.client.json, "Resources"), 0), "members")), 0);
    reorder(&w, "members_absent");
    assert_int_equal(send(&w, "GET", "/Groups/$g", NULL), 200);
    assert_null(jval_get(w.client.json, "members"));
    char filter[512];
    (void)snprintf(filter, sizeof(filter), "members.value eq '%s'", w.users[0]);
    assert_int_equal(ask_filter(&w.client, "/Groups", filter), 200); /* a probe still finds it */
    assert_int_equal(jval_int(jval_get(w.client.json, "totalResults"), 0), 1);
    world_free(&w);
}

static void members_refused(void **state)
{
    (void)state;
    struct world w = world_new();
    order(&w, "group_max,max=2");
    assert_int_equal(patch(&w, ADD_ALL), 400);
    assert_members(&w, "");
    assert_int_equal(patch(&w, ADD("0") "," ADD("1")), 204);
    assert_int_equal(patch(&w, ADD("1")), 204); /* is there */
    assert_int_equal(patch(&w, ADD("2")), 400);
    assert_int_equal(patch(&w, REMOVE("0") "," ADD("2")), 204);
    reorder(&w, "member_refused,text=x u3@example.com U0@EXAMPLE.COM,status=422");
    assert_int_equal(patch(&w, ADD("1") "," ADD("3")), 422);
    assert_int_equal(patch(&w, ADD("0")), 422);
    assert_members(&w, "1 2");
    assert_int_equal(patch_user(&w, 0, "{'op':'replace','path':'active','value':false}"), 200);
    reorder(&w, "inactive_members_refused");
    assert_int_equal(patch(&w, ADD("0")), 400);
    assert_int_equal(patch(&w, ADD("3")), 204);
    reorder(&w, "nested_refused");
    char add[512];
    (void)snprintf(add, sizeof(add), "{'op':'add','path':'members','value':[{'value':'%s'}]}",
                   new_group(&w.client, "H"));
    assert_int_equal(patch(&w, add), 400);
    practice_clear_faults(w.client.practice);
    assert_int_equal(patch(&w, add), 204);
    world_free(&w);
}

static void members_unknown(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        int status;
        const char *members;
    } cases[] = {
        {"latency,ms=1", 400, ""},
        {"unknown_members,text=store", 204, "0 ? 1"},
        {"unknown_members,text=ignore", 204, "0 1"},
        {"unknown_members,text=refuse,status=404", 404, ""},
        {"unknown_members,text=partial,status=500", 500, "0 1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct world w = world_new();
        order(&w, cases[i].fault);
        assert_int_equal(patch(&w, ADD("0") ",{'op':'add','path':'members','value':[{'value':'nobody'}]}," ADD("1")),
                         cases[i].status);
        assert_members(&w, cases[i].members);
        assert_int_equal(send(&w, "PUT", "/Groups/$g", PUT_GROUP ",'members':[{'value':'$0'},{'value':'nobody'}]}"),
                         cases[i].status == 204 ? 200 : cases[i].status);
        assert_int_equal(ask_filter(&w.client, "/Groups", "members.value eq 'nobody'"), 200);
        assert_int_equal(jval_int(jval_get(w.client.json, "totalResults"), 9), i == 1);
        assert_int_equal(patch(&w, "{'op':'remove','path':'members[value eq \\'nobody\\']'}"), 204);
        world_free(&w);
    }
}

static void members_again(void **state)
{
    (void)state;
    struct world w = world_new();
    order(&w, "readd_duplicates");
    assert_int_equal(patch(&w, ADD("0") "," ADD("1")), 204);
    assert_int_equal(strikes(&w), 0);
    assert_int_equal(patch(&w, ADD("0") ",{'op':'add','path':'members','value':[{'value':'nobody'}]}"), 400);
    assert_int_equal(send(&w, "GET", "/Groups/$g", NULL), 200);
    assert_int_equal(jval_len(jval_get(w.client.json, "members")), 2); /* undone */
    assert_int_equal(patch(&w, ADD("0")), 204);
    assert_int_equal(send(&w, "GET", "/Groups/$g", NULL), 200);
    assert_int_equal(jval_len(jval_get(w.client.json, "members")), 3);
    assert_int_equal(patch(&w, REMOVE("0")), 204); /* all of it */
    assert_members(&w, "1");
    reorder(&w, "readd_refused");
    assert_int_equal(patch(&w, ADD("2") "," ADD("1")), 500);
    assert_members(&w, "1");
    reorder(&w, "dangling_members");
    assert_int_equal(patch(&w, ADD("2")), 204);
    assert_int_equal(send(&w, "DELETE", "/Users/$1", NULL), 204);
    assert_int_equal(practice_group_size(w.client.practice, w.group), 2);
    assert_int_equal(send(&w, "GET", "/Groups/$g", NULL), 200);
    assert_string_equal(jval_get_str(jval_at(jval_get(w.client.json, "members"), 0), "value"), w.users[1]);
    assert_int_equal(patch(&w, REMOVE("1")), 204);
    assert_members(&w, "2");
    reorder(&w, "members_wrapped");
    assert_int_equal(patch(&w, "{'op':'add','path':'members','value':{'members':[{'value':'$0'},{'value':'$3'}]}}"),
                     204);
    assert_int_equal(patch(&w, "{'op':'remove','path':'members','value':{'members':[{'value':'$0'}]}}"), 204);
    assert_members(&w, "2 3");
    world_free(&w);
}

/* --- forms -----------------------------------------------------------------------------------------------------------
 */

/* Every form, and what is left of the members 0 and 1 after it. */
static const struct {
    const char *word;
    const char *operation; /* of a PATCH, or the body of a PUT */
    const char *normal, *merged;
} forms[] = {
    {"add", ADD("2"), "0 1 2", NULL},
    {"add_no_path", "{'op':'add','value':{'members':[{'value':'$2'}]}}", "0 1 2", NULL},
    {"replace", "{'op':'replace','path':'members','value':[{'value':'$2'}]}", "2", "0 1 2"},
    {"replace_empty", "{'op':'replace','path':'members','value':[]}", "", "0 1"},
    {"replace_no_path", "{'op':'replace','value':{'members':[{'value':'$2'}]}}", "2", "0 1 2"},
    {"remove", "{'op':'remove','path':'members','value':[{'value':'$0'}]}", "1", NULL},
    {"remove_filter", REMOVE("0"), "1", NULL},
    {"remove_or", "{'op':'remove','path':'members[value eq \\'$0\\' or value eq \\'$1\\']'}", "", NULL},
    {"remove_all", "{'op':'remove','path':'members'}", "", NULL},
    {"rename_no_path", "{'op':'replace','value':{'displayName':'H'}}", "0 1", NULL},
    {"capital", "{'op':'Add','path':'members','value':[{'value':'$2'}]}", "0 1 2", NULL},
    {"put", PUT_GROUP ",'members':[{'value':'$2'}]}", "2", "0 1 2"},
    {"put_absent", PUT_GROUP "}", "", "0 1"},
};

static int apply(struct world *w, size_t i)
{
    bool is_put = strncmp(forms[i].word, "put", 3) == 0;
    return is_put ? send(w, "PUT", "/Groups/$g", forms[i].operation) : patch(w, forms[i].operation);
}

static void expect_form(size_t i, const char *kind, bool refused, const char *members)
{
    struct world w = world_new();
    char fault[128];
    assert_int_equal(patch(&w, ADD("0") "," ADD("1")), 204);
    (void)snprintf(fault, sizeof(fault), "%s,text=%s", kind, forms[i].word);
    order(&w, fault);
    int status = apply(&w, i);
    if ((refused ? status != 400 : status >= 300) || strcmp(members_of(&w, w.group), members) != 0)
        fail_msg("%s %s: %d, members \"%s\"", kind, forms[i].word, status, members_of(&w, w.group));
    assert_int_equal(strikes(&w), 1);
    /* and no other form is meant */
    for (size_t k = 0; k < ARRAY_LEN(forms); k++)
        if (k != i && strcmp(forms[i].word, "add") != 0 && strcmp(forms[k].word, "capital") != 0) {
            apply(&w, k);
            assert_int_equal(strikes(&w), 1);
        }
    world_free(&w);
}

static void forms_of_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct world w = world_new();
        assert_int_equal(patch(&w, ADD("0") "," ADD("1")), 204);
        assert_in_range(apply(&w, i), 200, 204);
        assert_members(&w, forms[i].normal);
        world_free(&w);
        expect_form(i, "form_refused", true, "0 1");
        expect_form(i, "form_ignored", false, "0 1");
        if (forms[i].merged)
            expect_form(i, "form_merges", false, forms[i].merged);
    }
    expect_form(5, "form_clears", false, ""); /* remove with a list */
    expect_form(9, "form_clears", false, ""); /* a rename without a path */
    struct world w = world_new();
    order(&w, "form_ignored,text=post");
    assert_int_equal(
        send(&w, "POST", "/Groups", "{'schemas':['" GROUP_URN "'],'displayName':'H','members':[{'value':'$0'}]}"), 201);
    assert_int_equal(practice_membership_count(w.client.practice), 0);
    reorder(&w, "patch_attributes,text=displayName members");
    assert_int_equal(patch(&w, ADD("0") ",{'op':'replace','path':'displayName','value':'I'}"), 204);
    assert_int_equal(patch(&w, "{'op':'replace','path':'externalId','value':'I'}"), 400);
    assert_int_equal(patch(&w, "{'op':'replace','value':{'displayName':'K','externalId':'I'}}"), 400);
    assert_int_equal(patch(&w, "{'op':'replace','path':'" GROUP_URN ":displayName','value':'L'}"), 204);
    world_free(&w);
}

/* --- users, names, ids -----------------------------------------------------------------------------------------------
 */

static void bodies(void **state)
{
    (void)state;
    struct world w = world_new();
    order(&w, "attribute_refused,text=groups title,scimType=mutability");
    assert_int_equal(send(&w, "POST", "/Users", POST_USER "'a','groups':[]}"), 400);
    assert_string_equal(answer_text(&w.client, "scimType"), "mutability");
    assert_int_equal(send(&w, "PUT", "/Users/$0", POST_USER "'a','title':'t'}"), 400);
    assert_int_equal(patch_user(&w, 0, "{'op':'add','path':'title','value':'t'}"), 400);
    assert_int_equal(send(&w, "POST", "/Users", POST_USER "'a'}"), 201);
    reorder(&w, "attribute_required,text=userName entitlements");
    assert_int_equal(send(&w, "POST", "/Users", POST_USER "'b'}"), 400);
    assert_non_null(strstr(answer_text(&w.client, "detail"), "entitlements"));
    assert_int_equal(send(&w, "POST", "/Users", POST_USER "'b','entitlements':[{'value':'x'}]}"), 201);
    assert_int_equal(patch_user(&w, 0, "{'op':'add','path':'title','value':'t'}"), 200);
    reorder(&w, "domain_required,text=a.example b.example,path=/Users");
    assert_int_equal(send(&w, "POST", "/Users", POST_USER "'c@example.com'}"), 400);
    assert_int_equal(send(&w, "POST", "/Users", POST_USER "'c'}"), 400);
    assert_int_equal(send(&w, "POST", "/Users", POST_USER "'c@B.example'}"), 201);
    reorder(&w, "attribute_lost,text=title externalId");
    assert_int_equal(send(&w, "POST", "/Users", POST_USER "'d','title':'t','externalId':'e','nickName':'n'}"), 201);
    assert_null(jval_get(w.client.json, "title"));
    assert_null(jval_get(w.client.json, "externalId"));
    assert_string_equal(answer_text(&w.client, "nickName"), "n");
    world_free(&w);
}

static void coming_and_going(void **state)
{
    (void)state;
    struct world w = world_new();
    order(&w, "deletion_deactivates");
    assert_int_equal(send(&w, "DELETE", "/Users/$0", NULL), 204);
    bool active = true;
    assert_true(practice_user_active(w.client.practice, w.users[0], &active) && !active);
    reorder(&w, "inactive_locked");
    assert_int_equal(patch_user(&w, 0, "{'op':'add','path':'title','value':'t'}"), 403);
    assert_int_equal(patch_user(&w, 0, "{'op':'replace','path':'active','value':false}"), 200); /* nothing changes */
    assert_int_equal(patch_user(&w, 0, "{'op':'replace','path':'active','value':true}"), 200);
    assert_int_equal(patch_user(&w, 0, "{'op':'add','path':'title','value':'t'}"), 200);
    reorder(&w, "deactivation_deletes");
    assert_int_equal(patch_user(&w, 0, "{'op':'replace','path':'active','value':false}"), 200);
    assert_int_equal(send(&w, "GET", "/Users/$0", NULL), 404);
    assert_int_equal(practice_user_count(w.client.practice), WORLD_USERS - 1);
    world_free(&w);
}

/* Ids of each style are found by their Location, as members, by filter, and are not the plain ones. */
static void ids(void **state)
{
    (void)state;
    static const struct {
        const char *style, *part; /* `part` is somewhere in the id */
    } styles[] = {{"space", " "}, {"at", "@"},    {"percent", "%"},        {"unicode", "\xc3\xa9"}, {"mixed", " "},
                  {"uuid", "-4"}, {"number", ""}, {"name", "example.com"}, {"externalId", "e"},     {"mixed", "+&=?#"}};
    for (size_t i = 0; i < ARRAY_LEN(styles); i++) {
        struct client client = client_new(NULL);
        struct practice_fault fault;
        char line[64], why[256];
        (void)snprintf(line, sizeof(line), "ids,text=%s", styles[i].style);
        assert_int_equal(fault_parse(line, &fault, why, sizeof(why)), 0);
        assert_int_equal(practice_set_fault(client.practice, &fault, NULL, 0), 0);
        assert_int_equal(ask(&client, "POST", "/Users", POST_USER "'first@example.com','externalId':'e/1 %'}"), 201);
        assert_non_null(strstr(answer_text(&client, "id"), styles[i].part));
        assert_null(strchr(answer_text(&client, "id"), '/'));
        char location[PRACTICE_LOCATION_BYTES + 1], id[256];
        (void)snprintf(id, sizeof(id), "%s", answer_text(&client, "id"));
        (void)snprintf(location, sizeof(location), "/%s", client.answer.location);
        assert_int_equal(ask(&client, "GET", location, NULL), 200);
        assert_string_equal(answer_text(&client, "id"), id);
        struct world w = world_fill(client);
        assert_int_equal(patch(&w, ADD_ALL), 204);
        assert_members(&w, "0 1 2 3");
        assert_int_equal(patch(&w, REMOVE("0")), 204);
        assert_members(&w, "1 2 3");
        assert_int_equal(send(&w, "GET", "/Users/$1", NULL), 200);
        world_free(&w);
    }
}

static void names(void **state)
{
    (void)state;
    struct world w = world_new();
    order(&w, "names_exact");
    assert_int_equal(send(&w, "POST", "/Users", POST_USER "'U0@example.com'}"), 201);
    assert_int_equal(send(&w, "POST", "/Users", POST_USER "'u0@example.com'}"), 409);
    assert_int_equal(ask_filter(&w.client, "/Users", "userName eq 'u0@example.com'"), 200);
    assert_int_equal(jval_int(jval_get(w.client.json, "totalResults"), 0), 1);
    assert_int_equal(ask_filter(&w.client, "/Groups", "displayName eq 'g'"), 200);
    assert_int_equal(jval_int(jval_get(w.client.json, "totalResults"), 9), 0);
    reorder(&w, "duplicates_allowed,path=/Groups");
    assert_int_equal(send(&w, "POST", "/Groups", PUT_GROUP "}"), 201);
    assert_int_equal(practice_find_group(w.client.practice, "G", NULL), 2);
    assert_int_equal(send(&w, "POST", "/Users", POST_USER "'u0@example.com'}"), 409);
    world_free(&w);
}

static void answers(void **state)
{
    (void)state;
    struct world w = world_new();
    order(&w, "created_without_id");
    assert_int_equal(send(&w, "POST", "/Users", POST_USER "'a'}"), 201);
    assert_null(jval_get(w.client.json, "id"));
    assert_string_equal(w.client.answer.location, "/scim/v2/Users/undefined");
    assert_true(practice_find_user(w.client.practice, "a", NULL, NULL));
    reorder(&w, "created_without_body");
    assert_int_equal(send(&w, "POST", "/Users", POST_USER "'b'}"), 201);
    assert_int_equal(w.client.answer.body.len, 0);
    assert_string_equal(w.client.answer.location, "");
    reorder(&w, "no_location");
    assert_int_equal(send(&w, "POST", "/Users", POST_USER "'c'}"), 201);
    assert_string_equal(w.client.answer.location, "");
    assert_non_null(jval_get(w.client.json, "id"));
    reorder(&w, "no_meta");
    assert_int_equal(send(&w, "GET", "/Users/$0", NULL), 200);
    assert_null(jval_get(w.client.json, "meta"));
    assert_string_equal(w.client.answer.etag, "");
    reorder(&w, "id_hidden,method=GET,path=/Groups");
    assert_int_equal(send(&w, "GET", "/Groups/$g", NULL), 200);
    assert_null(jval_get(w.client.json, "id"));
    assert_string_equal(answer_text(&w.client, "displayName"), "G");
    assert_int_equal(send(&w, "GET", "/Users/$0", NULL), 200);
    assert_non_null(jval_get(w.client.json, "id"));
    reorder(&w, "patch_with_body");
    assert_int_equal(patch(&w, ADD("0")), 200);
    assert_int_equal(patch(&w, ADD("0")), 204); /* nothing has changed */
    reorder(&w, "patch_without_body");
    assert_int_equal(patch_user(&w, 0, "{'op':'add','path':'title','value':'t'}"), 204);
    assert_int_equal(w.client.answer.body.len, 0);
    world_free(&w);
}

/* --- filters and pages -----------------------------------------------------------------------------------------------
 */

/* The userNames of the list answer, without what follows the @: "u0 u1". */
static const char *listed(const struct world *w)
{
    static char text[4096];
    size_t n = 0;
    text[0] = '\0';
    const struct jval *array = jval_get(w->client.json, "Resources");
    for (size_t i = 0; i < jval_len(array); i++) {
        const char *name = jval_get_str(jval_at(array, i), "userName");
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s", n ? " " : "", (int)strcspn(name, "@"), name);
    }
    return text;
}

static void filters(void **state)
{
    (void)state;
    static const struct {
        const char *fault, *filter;
        int status;
        int found;
    } cases[] = {
        {"filter_refused,status=403", "userName eq 'u0@example.com'", 403, 0},
        {"filter_refused,text=userName externalId", "userName eq 'u0@example.com'", 200, 1},
        {"filter_refused,text=userName externalId", "userName eq 'x' or title eq 'y'", 400, 0},
        {"filter_refused,text=emails", "emails.value eq 'x'", 200, 0},
        {"filter_eq_only", "userName sw 'u'", 400, 0},
        {"filter_eq_only", "userName eq 'x' and title eq 'y'", 400, 0},
        {"filter_eq_only,text=and", "userName eq 'u0@example.com' and active eq true", 200, 1},
        {"filter_eq_only,text=and", "userName eq 'x' or title eq 'y'", 400, 0},
        {"filter_terms_max,max=2,scimType=INVALID_FILTER", "title pr or userName pr", 200, 4},
        {"filter_terms_max,max=2,scimType=INVALID_FILTER", "title pr or userName pr or active pr", 400, 0},
        {"filter_ignored", "userName eq 'nobody'", 200, 4},
        {"filter_blind,text=externalId", "externalId eq 'x' or userName pr", 200, 0},
        {"filter_blind,text=externalId", "userName pr", 200, 4},
        {"filter_pattern", "userName eq 'u0@example.com'", 200, 1},
        {"filter_pattern", "userName eq 'u.@example.com'", 200, 4},
        {"filter_pattern", "userName eq '(u0@example.com'", 400, 0},
    };
    struct world w = world_new();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        reorder(&w, cases[i].fault);
        int status = ask_filter(&w.client, "/Users", cases[i].filter);
        int64_t found = jval_int(jval_get(w.client.json, "totalResults"), 0);
        if (status != cases[i].status || found != cases[i].found)
            fail_msg("%s: %s: %d, %d found", cases[i].fault, cases[i].filter, status, (int)found);
    }
    world_free(&w);
}

static void pages(void **state)
{
    (void)state;
    static const struct {
        const char *fault, *query;
        int total;
        const char *listed;
    } cases[] = {
        {"total_wrong,text=page", "count=2", 2, "u0 u1"},
        {"total_wrong,text=zero", "count=2", 0, "u0 u1"},
        {"total_wrong,text=more", "count=2&startIndex=3", 6, "u2 u3"},
        {"total_wrong,text=absent", "", -1, "u0 u1 u2 u3"},
        {"pages_endless", "count=3&startIndex=4", 4, "u0 u1 u2"},
        {"pages_wrap", "count=3&startIndex=4", 4, "u3"},
        {"pages_wrap", "count=3&startIndex=5", 4, "u0 u1 u2"},
        {"pages_overlap,max=1", "count=2&startIndex=3", 4, "u1 u2"},
        {"pages_overlap,max=1", "count=2&startIndex=1", 4, "u0 u1"},
        {"pages_skip,max=1", "count=2&startIndex=3", 4, "u3"},
        {"page_max,max=2", "count=3", 4, "u0 u1"},
        {"page_default,max=1", "", 4, "u0"},
        {"page_default,max=1", "count=3", 4, "u0 u1 u2"},
        {"pages_wrap", "count=3&startIndex=9&sortBy=userName&sortOrder=descending", 4, "u3 u2 u1"},
    };
    struct world w = world_new();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char target[256];
        reorder(&w, cases[i].fault);
        (void)snprintf(target, sizeof(target), "/Users?%s", cases[i].query);
        assert_int_equal(send(&w, "GET", target, NULL), 200);
        int64_t total = jval_int(jval_get(w.client.json, "totalResults"), -1);
        if (total != cases[i].total || strcmp(listed(&w), cases[i].listed) != 0)
            fail_msg("%s: %s: %d, %s", cases[i].fault, cases[i].query, (int)total, listed(&w));
    }
    reorder(&w, "resources_lowercase");
    assert_int_equal(send(&w, "GET", "/Users", NULL), 200);
    assert_int_equal(jval_len(jval_get(w.client.json, "resources")), 4);
    assert_null(jval_get(w.client.json, "Resources"));
    world_free(&w);
}

static void cursors(void **state)
{
    (void)state;
    struct world w = world_new();
    char target[256];
    order(&w, "cursor,max=3,ms=60000");
    assert_int_equal(send(&w, "GET", "/Users?count=2", NULL), 200); /* by index too */
    assert_null(jval_get(w.client.json, "nextCursor"));
    assert_int_equal(send(&w, "GET", "/Users?cursor&count=2", NULL), 200);
    assert_string_equal(listed(&w), "u0 u1");
    assert_null(jval_get(w.client.json, "startIndex"));
    (void)snprintf(target, sizeof(target), "/Users?count=2&cursor=%s", answer_text(&w.client, "nextCursor"));
    assert_int_equal(send(&w, "GET", target, NULL), 200);
    assert_string_equal(listed(&w), "u2 u3");
    assert_null(jval_get(w.client.json, "nextCursor"));
    the_clock.now += 60000;
    send(&w, "GET", target, NULL);
    assert_refused(&w.client, 400, "expiredCursor");
    send(&w, "GET", "/Users?cursor=1-2-3", NULL);
    assert_refused(&w.client, 400, "invalidCursor");
    assert_int_equal(send(&w, "GET", "/Users?cursor=", NULL), 200);
    assert_string_equal(listed(&w), "u0 u1 u2"); /* at most three */
    assert_int_equal(ask(&w.client, "POST", "/Users/.search",
                         "{'schemas':['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],'cursor':'','count':1}"),
                     200);
    assert_non_null(jval_get(w.client.json, "nextCursor"));
    reorder(&w, "cursor,text=only");
    assert_int_equal(send(&w, "GET", "/Users?startIndex=1", NULL), 400);
    assert_int_equal(send(&w, "GET", "/Users?count=3", NULL), 200);
    assert_non_null(jval_get(w.client.json, "nextCursor"));
    assert_int_equal(send(&w, "GET", "/ServiceProviderConfig", NULL), 200);
    assert_true(jval_is_true(jval_path(w.client.json, "pagination.cursor")));
    assert_false(jval_is_true(jval_path(w.client.json, "pagination.index")));
    world_free(&w);
}

static void configuration(void **state)
{
    (void)state;
    static const char *const said[][2] = {{"no-patch", "patch"},   {"no-bulk", "bulk"},
                                          {"no-filter", "filter"}, {"no-sort", "sort"},
                                          {"no-etag", "etag"},     {"no-password", "changePassword"}};
    struct world w = world_new();
    for (size_t i = 0; i < ARRAY_LEN(said); i++) {
        char line[64], dotted[64];
        (void)snprintf(dotted, sizeof(dotted), "%s.supported", said[i][1]);
        practice_clear_faults(w.client.practice);
        assert_int_equal(send(&w, "GET", "/ServiceProviderConfig", NULL), 200);
        assert_true(jval_is_true(jval_path(w.client.json, dotted)));
        (void)snprintf(line, sizeof(line), "config,text=%s", said[i][0]);
        order(&w, line);
        assert_int_equal(send(&w, "GET", "/ServiceProviderConfig", NULL), 200);
        assert_int_equal(jval_type(jval_path(w.client.json, dotted)), JVAL_BOOL);
        assert_false(jval_is_true(jval_path(w.client.json, dotted)));
    }
    reorder(&w, "config,text=bare-bulk no-pagination");
    assert_int_equal(send(&w, "GET", "/ServiceProviderConfig", NULL), 200);
    assert_int_equal(jval_len(jval_get(w.client.json, "bulk")), 1);
    assert_null(jval_get(w.client.json, "pagination"));
    reorder(&w, "config_name,text=ServiceProviderConfigs");
    assert_int_equal(send(&w, "GET", "/ServiceProviderConfig", NULL), 404);
    assert_int_equal(send(&w, "GET", "/ServiceProviderConfigs", NULL), 200);
    assert_non_null(jval_get(w.client.json, "patch"));
    world_free(&w);
}

/* --- reads that lag --------------------------------------------------------------------------------------------------
 */

static void lagging(void **state)
{
    (void)state;
    struct world w = world_new();
    assert_int_equal(patch(&w, ADD("0") "," ADD("1")), 204);
    order(&w, "lag,ms=10000");
    assert_int_equal(send(&w, "GET", "/Groups/$g", NULL), 200); /* what was before is there */
    assert_int_equal(jval_len(jval_get(w.client.json, "members")), 2);
    assert_int_equal(patch(&w, ADD("2") "," REMOVE("0") ",{'op':'replace','path':'displayName','value':'H'}"), 204);
    const char *later = new_user(&w.client, "later@example.com");
    assert_int_equal(send(&w, "DELETE", "/Users/$3", NULL), 204);
    assert_int_equal(send(&w, "GET", "/Groups/$g", NULL), 200);
    assert_string_equal(answer_text(&w.client, "displayName"), "G");
    assert_int_equal(jval_len(jval_get(w.client.json, "members")), 2);
    assert_string_equal(jval_get_str(jval_at(jval_get(w.client.json, "members"), 0), "value"), w.users[0]);
    assert_int_equal(ask_filter(&w.client, "/Groups", "displayName eq 'H'"), 200);
    assert_int_equal(jval_int(jval_get(w.client.json, "totalResults"), 9), 0);
    assert_int_equal(send(&w, "GET", "/Users/$3", NULL), 200);
    char target[128];
    (void)snprintf(target, sizeof(target), "/Users/%s", later);
    assert_int_equal(send(&w, "GET", target, NULL), 404);
    assert_int_equal(ask_filter(&w.client, "/Users", "userName sw 'later'"), 200);
    assert_int_equal(jval_int(jval_get(w.client.json, "totalResults"), 9), 0);
    assert_int_equal(send(&w, "DELETE", "/Users/$3", NULL), 404); /* writes see what is */
    the_clock.now += 10000;
    assert_int_equal(send(&w, "GET", "/Groups/$g", NULL), 200);
    assert_string_equal(answer_text(&w.client, "displayName"), "H");
    assert_string_equal(jval_get_str(jval_at(jval_get(w.client.json, "members"), 1), "value"), w.users[2]);
    assert_int_equal(jval_len(jval_get(w.client.json, "members")), 2);
    char etag[32];
    (void)snprintf(etag, sizeof(etag), "%s", w.client.answer.etag);
    assert_int_equal(send(&w, "GET", target, NULL), 200);
    assert_int_equal(send(&w, "GET", "/Users/$3", NULL), 404);
    practice_clear_faults(w.client.practice);
    assert_int_equal(send(&w, "GET", "/Groups/$g", NULL), 200);
    assert_string_equal(w.client.answer.etag, etag);
    world_free(&w);
}

/* Whatever is done, the past catches up with it. */
static void lag_catches_up(void **state)
{
    (void)state;
    struct world w = world_new();
    order(&w, "lag,ms=50");
    order(&w, "dangling_members,method=DELETE,every=2");
    order(&w, "unknown_members,text=store,every=2");
    order(&w, "readd_duplicates,every=3");
    for (int i = 0; i < 3000; i++) {
        char text[256];
        unsigned user = (unsigned)i * 7u % WORLD_USERS;
        (void)snprintf(text, sizeof(text), "{'op':'%s','path':'members','value':[{'value':'$%u'}]}",
                       i % 5 < 3 ? "add" : "remove", user);
        assert_true(patch(&w, text) < 500);
        if (i % 11 == 0) {
            (void)snprintf(text, sizeof(text), "/Users/$%u", user);
            assert_int_equal(send(&w, "DELETE", text, NULL), 204);
            (void)snprintf(text, sizeof(text), "x%d@example.com", i);
            (void)snprintf(w.users[user], sizeof(w.users[user]), "%s", new_user(&w.client, text));
        }
        assert_int_equal(send(&w, "GET", "/Groups/$g", NULL), 200);
    }
    the_clock.now += 50;
    assert_int_equal(send(&w, "GET", "/Groups/$g", NULL), 200);
    CLEANUP(jval_freep) struct jval *past = jval_ref(w.client.json);
    assert_int_equal(send(&w, "GET", "/Users", NULL), 200);
    CLEANUP(jval_freep) struct jval *users = jval_ref(w.client.json);
    practice_clear_faults(w.client.practice);
    assert_int_equal(send(&w, "GET", "/Groups/$g", NULL), 200);
    assert_true(jval_equal(past, w.client.json));
    assert_int_equal(send(&w, "GET", "/Users", NULL), 200);
    assert_true(jval_equal(users, w.client.json));
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_applied),
        cmocka_unit_test(swallowed),
        cmocka_unit_test(members_dropped),
        cmocka_unit_test(members_hidden),
        cmocka_unit_test(members_refused),
        cmocka_unit_test(members_unknown),
        cmocka_unit_test(members_again),
        cmocka_unit_test(forms_of_changes),
        cmocka_unit_test(bodies),
        cmocka_unit_test(coming_and_going),
        cmocka_unit_test(ids),
        cmocka_unit_test(names),
        cmocka_unit_test(answers),
        cmocka_unit_test(filters),
        cmocka_unit_test(pages),
        cmocka_unit_test(cursors),
        cmocka_unit_test(configuration),
        cmocka_unit_test(lagging),
        cmocka_unit_test(lag_catches_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
