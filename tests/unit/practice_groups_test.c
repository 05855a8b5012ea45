/* SPDX-License-Identifier: Apache-2.0 */
/* Groups and members: each form that pushers send, undoing, the reverse index, and the cost of one change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "practice_client.h"

#define USERS 6

struct group {
    struct client client;
    const char *users[USERS];
    const char *id;
    char target[64];
};

static void leave(struct group *g)
{
    client_free(&g->client);
}

/* A text in which $0 to $5 are the ids of the users and $g is the group's. */
static char *with_ids(const struct group *g, const char *text)
{
    struct buf out;
    buf_init(&out, 1024 * 1024);
    for (; *text; text++) {
        if (*text == '$' && text[1] == 'g')
            buf_str(&out, g->id);
        else if (*text == '$' && text[1] >= '0' && text[1] < '0' + USERS)
            buf_str(&out, g->users[text[1] - '0']);
        else {
            buf_char(&out, *text);
            continue;
        }
        text++;
    }
    return buf_take(&out);
}

static int change(struct group *g, const char *operations)
{
    char *text = with_ids(g, operations);
    int status = ask_patch(&g->client, g->target, text);
    free(text);
    return status;
}

/* Who is a member, by number, in the order of joining; '?' for an id of nobody. */
static const char *who(const struct group *g)
{
    static char text[64];
    size_t n = 0;
    for (const struct membership *m = NULL; (m = practice_group_members(g->client.practice, g->id, m));) {
        text[n] = '?';
        for (int i = 0; i < USERS; i++)
            if (strcmp(g->users[i], practice_member_id(m)) == 0)
                text[n] = (char)('0' + i);
        n++;
    }
    text[n] = '\0';
    assert_int_equal(practice_group_size(g->client.practice, g->id), n);
    return text;
}

/* A group that holds users 0, 1 and 2 of six. */
static struct group enter(const struct practice_options *options)
{
    struct group g = {.client = client_new(options)};
    for (int i = 0; i < USERS; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "user%d", i);
        g.users[i] = new_user(&g.client, name);
    }
    g.id = new_group(&g.client, "Team");
    (void)snprintf(g.target, sizeof(g.target), "/Groups/%s", g.id);
    assert_int_equal(change(&g, "{'op':'add','path':'members','value':[{'value':'$0'},{'value':'$1'},{'value':'$2'}]}"),
                     options && options->group_patch_body ? 200 : 204);
    assert_string_equal(who(&g), "012");
    return g;
}

static void every_form(void **state)
{
    (void)state;
    static const struct {
        const char *operations;
        const char *members;
    } cases[] = {
        {"{'op':'remove','path':'members[value eq \\'$0\\']'}", "12"},
        {"{'op':'remove','path':'members[value eq \\'$0\\']'},{'op':'remove','path':'members[value eq \\'$2\\']'}",
         "1"},
        {"{'op':'Remove','path':'members','value':[{'value':'$0'}]}", "12"}, /* Entra */
        {"{'op':'remove','path':'members','value':{'value':'$1'}}", "02"},
        {"{'op':'remove','path':'members','value':[]}", "012"},
        {"{'op':'remove','path':'members[value eq \\'$0\\' or value eq \\'$1\\']'}", "2"},
        {"{'op':'remove','path':'members[display eq \\'USER1\\']'}", "02"},
        {"{'op':'remove','path':'members[type eq \\'User\\']'}", ""},
        {"{'op':'remove','path':'members[value eq \\'$5\\']'}", "012"}, /* not there: harmless */
        {"{'op':'remove','path':'members'}", ""},
        {"{'op':'replace','path':'members','value':[{'value':'$2'},{'value':'$3'}]}", "23"},
        {"{'op':'replace','path':'members','value':[]}", ""},
        {"{'op':'replace','value':{'members':[{'value':'$3'}]}}", "3"},
        {"{'op':'replace','value':{'members':[],'id':'$g','displayName':'Team'}}", ""},
        {"{'op':'replace','value':{'members':null}}", ""},
        {"{'op':'replace','path':'members[value eq \\'$1\\']','value':{'value':'$4'}}", "024"},
        {"{'op':'add','path':'members','value':[{'value':'$3','display':'x'}]}", "0123"},
        {"{'op':'Add','path':'members','value':[{'value':'$3','type':'User','ref':'x'}]}", "0123"},
        {"{'op':'add','value':{'members':[{'value':'$3'}]}}", "0123"},
        {"{'op':'add','path':'members','value':{'VALUE':'$3'}}", "0123"},
        {"{'op':'add','path':'members','value':[{'value':'$1'},{'value':'$1'}]}", "012"}, /* there already */
        {"{'op':'add','path':'members','value':[{'value':'$3'},{'value':'$3'}]}", "0123"},
        {"{'op':'remove','path':'members[value eq \\'$0\\']'},{'op':'add','path':'members','value':[{'value':'$3'}]}",
         "123"},
        {"{'op':'remove','path':'members[value eq \\'$0\\']'},{'op':'add','path':'members','value':[{'value':'$0'}]}",
         "120"},
        {"{'op':'add','path':'" GROUP_URN ":members','value':[{'value':'$3'}]}", "0123"},
        {"{'op':'add','path':'externalId','value':'x'}", "012"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct group g = enter(NULL);
        if (change(&g, cases[i].operations) != 204)
            fail_msg("%s: %d %s", cases[i].operations, g.client.answer.status, answer_text(&g.client, "detail"));
        assert_int_equal(g.client.answer.body.len, 0);
        if (strcmp(who(&g), cases[i].members) != 0)
            fail_msg("%s left %s, not %s", cases[i].operations, who(&g), cases[i].members);
        assert_int_equal(practice_membership_count(g.client.practice), strlen(cases[i].members));
        leave(&g);
    }
}

/* A request that is refused in its last operation has changed nothing: not who, not the order, not the version. */
static void all_or_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *operation;
        const char *scim_type;
    } cases[] = {
        {"{'op':'add','path':'members','value':[{'value':'$4'},{'value':'nobody'}]}", "invalidValue"},
        {"{'op':'add','path':'members','value':[{'display':'x'}]}", "invalidValue"},
        {"{'op':'add','path':'members','value':['$4']}", "invalidValue"},
        {"{'op':'add','path':'members','value':[{'value':'$g'}]}", "invalidValue"}, /* itself */
        {"{'op':'add','path':'members'}", "invalidValue"},
        {"{'op':'replace','path':'members','value':'$4'}", "invalidValue"},
        {"{'op':'replace','path':'members.display','value':'x'}", "mutability"},
        {"{'op':'replace','path':'members[value eq \\'$1\\'].value','value':'$4'}", "mutability"},
        {"{'op':'replace','path':'members[value eq \\'$5\\']','value':{'value':'$4'}}", "noTarget"},
        {"{'op':'remove','path':'members[value eq]'}", "invalidPath"},
        {"{'op':'remove','path':'displayName'}", "mutability"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct group g = enter(NULL);
        char operations[1024];
        (void)snprintf(operations, sizeof(operations),
                       "{'op':'remove','path':'members[value eq \\'$1\\']'},"
                       "{'op':'add','path':'members','value':[{'value':'$3'}]},{'op':'remove','path':'members'},"
                       "{'op':'add','path':'members','value':[{'value':'$1'}]},"
                       "{'op':'replace','path':'displayName','value':'Crew'},%s",
                       cases[i].operation);
        change(&g, operations);
        if (g.client.answer.status != 400)
            fail_msg("%s: %d", cases[i].operation, g.client.answer.status);
        assert_refused(&g.client, 400, cases[i].scim_type);
        assert_string_equal(who(&g), "012");
        assert_int_equal(practice_membership_count(g.client.practice), 3);
        assert_int_equal(practice_find_group(g.client.practice, "Team", NULL), 1);
        assert_int_equal(ask(&g.client, "GET", g.target, NULL), 200);
        assert_string_equal(g.client.answer.etag, "W/\"2\"");
        leave(&g);
    }
}

static void creating_and_replacing(void **state)
{
    (void)state;
    struct group g = enter(NULL);
    char *body = with_ids(&g, "{'schemas':['" GROUP_URN "'],'displayName':'Other','externalId':'x','members':"
                              "[{'value':'$3'},{'value':'$4','display':null},{'value':'$3'},{'value':'$g'}]}");
    assert_int_equal(ask(&g.client, "POST", "/Groups", body), 201);
    free(body);
    assert_int_equal(jval_len(jval_get(g.client.json, "members")), 3);
    const struct jval *member = jval_at(jval_get(g.client.json, "members"), 0);
    assert_string_equal(jval_get_str(member, "value"), g.users[3]);
    assert_string_equal(jval_get_str(member, "display"), "user3");
    assert_string_equal(jval_get_str(member, "type"), "User");
    assert_string_equal(jval_get_str(jval_at(jval_get(g.client.json, "members"), 2), "type"), "Group");
    body =
        with_ids(&g, "{'schemas':['" GROUP_URN "'],'displayName':'Third','members':[{'value':'$3'},{'value':'no'}]}");
    ask(&g.client, "POST", "/Groups", body);
    assert_refused(&g.client, 400, "invalidValue");
    free(body);
    assert_int_equal(practice_group_count(g.client.practice), 2);
    assert_int_equal(practice_find_group(g.client.practice, "Third", NULL), 0);
    assert_int_equal(practice_membership_count(g.client.practice), 6);
    ask(&g.client, "POST", "/Groups", "{'schemas':['" GROUP_URN "'],'displayName':'TEAM'}");
    assert_refused(&g.client, 409, "uniqueness");
    body = with_ids(&g, "{'schemas':['" GROUP_URN "'],'displayName':'Crew','members':[{'value':'$5'},{'value':'$1'}]}");
    assert_int_equal(ask(&g.client, "PUT", g.target, body), 200);
    assert_string_equal(who(&g), "15");
    assert_string_equal(g.client.answer.etag, "W/\"3\"");
    assert_int_equal(ask(&g.client, "PUT", g.target, body), 200);
    assert_string_equal(g.client.answer.etag, "W/\"3\"");
    free(body);
    assert_int_equal(ask(&g.client, "PUT", g.target, "{'schemas':['" GROUP_URN "'],'displayName':'Crew'}"), 200);
    assert_string_equal(who(&g), "");
    assert_int_equal(practice_find_group(g.client.practice, "team", NULL), 0);
    leave(&g);
}

static void options(void **state)
{
    (void)state;
    struct group g = enter(
        &(struct practice_options){.duplicate_group_names = true, .unknown_members = true, .group_patch_body = true});
    const char *oldest = NULL;
    assert_int_equal(ask(&g.client, "POST", "/Groups", "{'schemas':['" GROUP_URN "'],'displayName':'team'}"), 201);
    assert_int_equal(practice_find_group(g.client.practice, "TEAM", &oldest), 2);
    assert_string_equal(oldest, g.id);
    assert_int_equal(change(&g, "{'op':'add','path':'members','value':[{'value':'ghost'}]}"), 200);
    assert_int_equal(jval_len(jval_get(g.client.json, "members")), 4);
    assert_string_equal(who(&g), "012?");
    assert_true(practice_group_has(g.client.practice, g.id, "ghost"));
    assert_int_equal(ask_filter(&g.client, "/Groups", "members eq 'ghost'"), 200);
    assert_int_equal(jval_int(jval_get(g.client.json, "totalResults"), 0), 1);
    assert_int_equal(change(&g, "{'op':'remove','path':'members[value eq \\'ghost\\']'}"), 200);
    assert_string_equal(who(&g), "012");
    assert_int_equal(change(&g, "{'op':'add','path':'members','value':[{'value':'ghost'}]}"), 200);
    assert_int_equal(ask(&g.client, "DELETE", g.target, NULL), 204);
    assert_int_equal(practice_membership_count(g.client.practice), 0);
    leave(&g);
}

static void reading(void **state)
{
    (void)state;
    struct group g = enter(NULL);
    char target[128];
    (void)snprintf(target, sizeof(target), "%s?excludedAttributes=members", g.target);
    uint64_t before = practice_steps(g.client.practice);
    assert_int_equal(ask(&g.client, "GET", target, NULL), 200);
    assert_null(jval_get(g.client.json, "members"));
    assert_string_equal(answer_text(&g.client, "displayName"), "Team");
    assert_true(practice_steps(g.client.practice) == before); /* members were not even visited */
    (void)snprintf(target, sizeof(target), "%s?attributes=members.value", g.target);
    assert_int_equal(ask(&g.client, "GET", target, NULL), 200);
    assert_int_equal(jval_len(jval_get(g.client.json, "members")), 3);
    assert_int_equal(jval_len(jval_at(jval_get(g.client.json, "members"), 0)), 1);
    (void)snprintf(target, sizeof(target), "/Users/%s", g.users[1]);
    assert_int_equal(ask(&g.client, "GET", target, NULL), 200);
    const struct jval *group = jval_at(jval_get(g.client.json, "groups"), 0);
    assert_string_equal(jval_get_str(group, "value"), g.id);
    assert_string_equal(jval_get_str(group, "display"), "Team");
    char *filter = with_ids(&g, "id eq '$g' and members eq '$1'"); /* how servers without readable members are probed */
    assert_int_equal(ask_filter(&g.client, "/Groups?excludedAttributes=members", filter), 200);
    assert_int_equal(jval_int(jval_get(g.client.json, "totalResults"), -1), 1);
    free(filter);
    filter = with_ids(&g, "members[value eq '$5']");
    assert_int_equal(ask_filter(&g.client, "/Groups", filter), 200);
    assert_int_equal(jval_int(jval_get(g.client.json, "totalResults"), -1), 0);
    free(filter);
    filter = with_ids(&g, "groups.value eq '$g' and userName eq 'user2'");
    assert_int_equal(ask_filter(&g.client, "/Users", filter), 200);
    assert_int_equal(jval_int(jval_get(g.client.json, "totalResults"), -1), 1);
    free(filter);
    assert_int_equal(ask_filter(&g.client, "/Groups", "members pr"), 200);
    assert_int_equal(jval_int(jval_get(g.client.json, "totalResults"), -1), 1);
    leave(&g);
}

static void deleting(void **state)
{
    (void)state;
    struct group g = enter(NULL);
    char target[128];
    char *body = with_ids(&g, "{'schemas':['" GROUP_URN "'],'displayName':'Other','members':[{'value':'$1'},"
                              "{'value':'$g'}]}");
    assert_int_equal(ask(&g.client, "POST", "/Groups", body), 201);
    free(body);
    (void)snprintf(target, sizeof(target), "/Users/%s", g.users[1]);
    assert_int_equal(ask(&g.client, "DELETE", target, NULL), 204);
    g.users[1] = "gone";
    assert_string_equal(who(&g), "02");
    assert_int_equal(practice_membership_count(g.client.practice), 3);
    assert_int_equal(ask(&g.client, "GET", g.target, NULL), 200);
    assert_string_equal(g.client.answer.etag, "W/\"3\"");
    assert_int_equal(ask(&g.client, "DELETE", g.target, NULL), 204);
    assert_int_equal(practice_membership_count(g.client.practice), 0);
    assert_int_equal(practice_user_count(g.client.practice), USERS - 1);
    leave(&g);
}

/* --- cost
 * ------------------------------------------------------------------------------------------------------------- */

static uint64_t cost(struct client *client, const char *method, const char *target, const char *operations, int status)
{
    uint64_t before = practice_steps(client->practice);
    int got = operations ? ask_patch(client, target, operations) : ask(client, method, target, NULL);
    assert_int_equal(got, status);
    return practice_steps(client->practice) - before;
}

/* Steps that five kinds of changes cost in a group of n members. */
static void measure(int n, uint64_t ret_costs[static 5])
{
    struct client client = client_new(NULL);
    struct buf adds;
    buf_init(&adds, (size_t)16 * 1024 * 1024);
    buf_str(&adds, "{'op':'add','path':'members','value':[");
    for (int i = 0; i < n; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "m%d", i);
        buf_printf(&adds, "%s{'value':'%s'}", i ? "," : "", new_user(&client, name));
    }
    buf_str(&adds, "]}");
    const char *id = new_group(&client, "Big");
    char target[128];
    char operations[256];
    (void)snprintf(target, sizeof(target), "/Groups/%s", id);
    assert_int_equal(ask_patch(&client, target, buf_text(&adds)), 204);
    buf_free(&adds);
    assert_int_equal(practice_group_size(client.practice, id), n);
    const char *other = new_user(&client, "other");
    (void)snprintf(operations, sizeof(operations), "{'op':'add','path':'members','value':[{'value':'%s'}]}", other);
    ret_costs[0] = cost(&client, "PATCH", target, operations, 204);
    (void)snprintf(operations, sizeof(operations), "{'op':'remove','path':'members[value eq \\'%s\\']'}", other);
    ret_costs[1] = cost(&client, "PATCH", target, operations, 204);
    ret_costs[2] = cost(&client, "PATCH", target, "{'op':'replace','path':'displayName','value':'Large'}", 204);
    (void)snprintf(operations, sizeof(operations), "%s?excludedAttributes=members", target);
    ret_costs[3] = cost(&client, "GET", operations, NULL, 200);
    const char *first = NULL;
    assert_true(practice_find_user(client.practice, "m7", &first, NULL));
    (void)snprintf(operations, sizeof(operations), "/Users/%s", first);
    ret_costs[4] = cost(&client, "DELETE", operations, NULL, 204);
    client_free(&client);
}

static void one_change_costs_the_same_in_any_group(void **state)
{
    (void)state;
    uint64_t small[5];
    uint64_t large[5];
    measure(10, small);
    measure(20000, large);
    for (size_t i = 0; i < ARRAY_LEN(small); i++) {
        assert_int_equal(large[i], small[i]);
        assert_true(large[i] <= 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form),
        cmocka_unit_test(all_or_nothing),
        cmocka_unit_test(creating_and_replacing),
        cmocka_unit_test(options),
        cmocka_unit_test(reading),
        cmocka_unit_test(deleting),
        cmocka_unit_test(one_change_costs_the_same_in_any_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
