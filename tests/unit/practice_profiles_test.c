/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each named target shows the quirks that its source tells of, in a short exchange. A row is a request to a world of
 * four users and a group "G" that has the members 0 and 1 (rows of one profile follow each other in one world).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "practice/profiles.h"
#include "practice_world.h"

#define GROUP_BODY "{'schemas':['" GROUP_URN "'],'displayName':'G'"
#define USER_BODY "{'schemas':['" USER_URN "'],'userName':"
#define OPS(operations) "{'schemas':['urn:ietf:params:scim:api:messages:2.0:PatchOp'],'Operations':[" operations "]}"
#define ADD(n) "{'op':'add','path':'members','value':[{'value':'$" n "'}]}"
#define REMOVE(n) "{'op':'remove','path':'members[value eq \\'$" n "\\']'}"
#define GROUP "/Groups/$g"
#define SAME NULL

/* `members` of the group afterwards (SAME: not looked at); `has`, `lacks`: texts in the body of the answer (or NULL).
 */
struct row {
    const char *profile, *method, *target, *body;
    int status;
    const char *members, *has, *lacks;
};

static const struct row rows[] = {
    {"aws-iam-identity-center", "PUT", GROUP, GROUP_BODY "}", 501, "0 1", NULL, NULL},
    {"aws-iam-identity-center", "PATCH", GROUP, OPS(ADD("2")), 403, "0 1", "User-Agent", NULL},
    {"aws-iam-identity-center", "PATCH", GROUP, OPS(ADD("2") "," REMOVE("0")), 204, "1 2", NULL, NULL},
    {"aws-iam-identity-center", "PATCH", GROUP, OPS("{'op':'replace','path':'members','value':[{'value':'$3'}]}"), 400,
     "1 2", NULL, NULL},
    {"aws-iam-identity-center", "PATCH", GROUP, OPS("{'op':'remove','path':'members'}"), 400, "1 2", NULL, NULL},
    {"aws-iam-identity-center", "PATCH", GROUP, OPS("{'op':'add','path':'description','value':'x'}"), 400, SAME, NULL,
     NULL},
    {"aws-iam-identity-center", "PATCH", GROUP, OPS(ADD("g")), 400, "1 2", "is a group", NULL},
    {"aws-iam-identity-center", "GET", GROUP, NULL, 200, "1 2", "\"members\":[]", NULL},
    {"aws-iam-identity-center", "GET", "/Groups", NULL, 200, "1 2", "\"members\":[]", "$0"},
    {"aws-iam-identity-center", "GET", "/Groups?filter=externalId%20eq%20%22x%22", NULL, 200, SAME, NULL, NULL},
    {"aws-iam-identity-center", "GET", "/Users?filter=userName%20sw%20%22u%22", NULL, 400, SAME, NULL, NULL},
    {"aws-iam-identity-center", "GET", "/Users?cursor", NULL, 200, SAME, "\"itemsPerPage\":4", "startIndex"},
    {"aws-iam-identity-center", "GET", "/ServiceProviderConfig", NULL, 200, SAME, "\"cursor\":true", NULL},
    {"entra-id", "PUT", "/Users/$0", USER_BODY "'x'}", 501, SAME, NULL, NULL},
    {"entra-id", "PATCH", GROUP, OPS(REMOVE("0")), 204, "1", NULL, NULL},
    {"entra-id", "PATCH", GROUP, OPS(REMOVE("0") "," REMOVE("1")), 400, "1", NULL, NULL},
    {"entra-id", "PATCH", GROUP, OPS(REMOVE("1") "," ADD("2")), 400, "1", NULL, NULL},
    {"entra-id", "PATCH", GROUP, OPS(ADD("2") "," ADD("9")), 400, "1", NULL, NULL},
    {"entra-id", "GET", GROUP, NULL, 200, SAME, NULL, "members"},
    {"entra-id", "GET", "/Users?startIndex=1", NULL, 400, SAME, NULL, NULL},
    {"entra-id", "GET", "/Users?count=2", NULL, 200, SAME, "\"resources\":", "Resources"},
    {"entra-id", "GET", "/Users?count=2", NULL, 200, SAME, "nextCursor", "startIndex"},
    {"entra-id", "POST", "/Bulk", "{}", 501, SAME, NULL, NULL},
    {"slack", "DELETE", "/Users/$2", NULL, 204, SAME, NULL, NULL},
    {"slack", "GET", "/Users/$2", NULL, 200, SAME, "\"active\":false", NULL},
    {"slack", "GET", "/ServiceProviderConfig", NULL, 200, SAME, "\"filter\":{\"supported\":false", NULL},
    {"slack", "GET", "/Users?filter=userName%20eq%20%22u0@example.com%22", NULL, 200, SAME, "\"totalResults\":1", NULL},
    {"github-emu", "GET", "/Users", NULL, 403, SAME, "User-Agent", NULL},
    {"github-emu", "GET", "/Users?filter=userName%20eq%20%22u0@example.com%22", NULL, 200, SAME, "\"totalResults\":1",
     NULL},
    {"github-emu", "GET", "/Users?filter=title%20eq%20%22x%22", NULL, 400, SAME, NULL, NULL},
    {"gitlab", "PATCH", "/Users/$2", OPS("{'op':'replace','path':'name.givenName','value':'A'}"), 400, SAME, NULL,
     NULL},
    {"gitlab", "PATCH", "/Users/$2", OPS("{'op':'replace','path':'active','value':false}"), 200, SAME, NULL, NULL},
    {"gitlab", "GET", "/Users/$2", NULL, 404, SAME, NULL, NULL},
    {"gitlab", "POST", "/Users", USER_BODY "'x','externalId':'saml-name-id'}", 201, SAME, "\"id\":\"saml-name-id\"",
     NULL},
    {"gitlab", "PATCH", GROUP, OPS(ADD("3")), 204, "0 1 3", NULL, NULL},
    {"gitlab", "GET", GROUP, NULL, 200, SAME, "$1", "$3"}, /* not yet */
    {"gitlab", "GET", "/Users?startIndex=3&count=2", NULL, 200, SAME, "\"u1@example.com\"", NULL},
    {"atlassian", "POST", "/Users", USER_BODY "'x@elsewhere.test'}", 400, SAME, "verified domain", NULL},
    {"atlassian", "GET", "/Users?cursor&count=1", NULL, 200, SAME, "nextCursor", NULL},
    {"atlassian", "PATCH", GROUP, OPS(ADD("g")), 400, "0 1", NULL, NULL},
    {"databricks", "GET", "/Users", NULL, 200, SAME, "\"itemsPerPage\":4", NULL},
    {"databricks", "GET", "/ServiceProviderConfig", NULL, 200, SAME, "\"defaultPageSize\":100", NULL},
    {"salesforce", "PATCH", GROUP,
     OPS("{'op':'add','path':'members','value':{'members':[{'value':'$2'}]}},"
         "{'op':'remove','path':'members','value':{'members':[{'value':'$0'}]}}"),
     200, "1 2", "\"id\"", NULL},
    {"salesforce", "GET", "/ServiceProviderConfig", NULL, 404, SAME, NULL, NULL},
    {"salesforce", "GET", "/ServiceProviderConfigs", NULL, 200, SAME, "\"patch\"", NULL},
    {"salesforce", "POST", "/Users", USER_BODY "'x'}", 400, SAME, "entitlements", NULL},
    {"salesforce", "DELETE", "/Users/$1", NULL, 204, "1 2", NULL, NULL},
    {"snowflake", "GET", GROUP, NULL, 200, SAME, "displayName", "\"id\""},
    {"snowflake", "GET", "/Groups?filter=displayName%20eq%20%22G%22", NULL, 200, SAME, "\"totalResults\":1", "\"id\""},
    {"snowflake", "GET", "/Groups?filter=externalId%20eq%20%22G%22", NULL, 400, SAME, NULL, NULL},
    {"snowflake", "PUT", GROUP, GROUP_BODY "}", 501, "0 1", NULL, NULL},
    {"google-cloud", "GET", "/ServiceProviderConfig", NULL, 200, SAME, "\"bulk\":{\"supported\":false}", NULL},
    {"zoom", "PATCH", "/Users/$0", OPS("{'op':'replace','path':'title','value':'T'}"), 400, SAME, NULL, NULL},
    {"zoom", "PATCH", "/Users/$0", OPS("{'op':'replace','path':'active','value':false}"), 200, SAME, NULL, NULL},
    {"zoom", "PUT", "/Users/$0", USER_BODY "'u0@example.com','title':'T'}", 200, SAME, "\"T\"", NULL},
    {"zoom", "PATCH", GROUP, OPS(ADD("2")), 204, "0 1 2", NULL, NULL},
    {"miro", "PATCH", GROUP, OPS(ADD("2")), 204, "0 1 2", NULL, NULL},
    {"deel", "GET", "/Users", NULL, 200, SAME, NULL, NULL},
    {"peakon", "GET", "/Users", NULL, 200, SAME, NULL, NULL},
    {"fusionauth", "PATCH", GROUP, OPS(ADD("2")), 204, "0 1 2", NULL, NULL},
    {"wso2", "PATCH", GROUP, OPS(ADD("1")), 500, "0 1", NULL, NULL},
    {"polis", "GET", "/ServiceProviderConfig", NULL, 404, SAME, NULL, NULL},
    {"polis", "GET", "/Schemas", NULL, 404, SAME, NULL, NULL},
    {"polis", "PATCH", GROUP, OPS(ADD("2")), 200, "0 1 2", "\"members\":[]", "meta"},
    {"polis", "PATCH", GROUP, OPS(REMOVE("2")), 200, "0 1", NULL, NULL},
    {"polis", "PATCH", GROUP, OPS("{'op':'Add','path':'members','value':[{'value':'$2'}]}"), 200, "0 1", NULL, NULL},
    {"polis", "PATCH", GROUP, OPS("{'op':'replace','path':'members','value':[{'value':'$2'}]}"), 200, "0 1", NULL,
     NULL},
    {"polis", "PATCH", GROUP, OPS("{'op':'add','value':{'members':[{'value':'$2'}]}}"), 200, "0 1", NULL, NULL},
    {"polis", "PUT", GROUP, GROUP_BODY ",'members':[{'value':'$2'}]}", 200, "0 1", NULL, NULL},
    {"polis", "GET", "/Users?filter=externalId%20pr", NULL, 200, SAME, "\"totalResults\":0", NULL},
    {"polis", "POST", "/Groups", "{'schemas':['" GROUP_URN "'],'displayName':'H','externalId':'h'}", 201, SAME, NULL,
     "externalId"},
    {"scimmy", "PATCH", GROUP, OPS(ADD("1")), 200, "0 1", "$1", NULL},
    {"scimmy", "PATCH", GROUP, OPS("{'op':'replace','value':{'members':[{'value':'$3'}]}}"), 200, "0 1 3", NULL, NULL},
    {"scimmy", "PATCH", GROUP, OPS("{'op':'replace','path':'members','value':[{'value':'$2'},{'value':'$3'}]}"), 200,
     "3 2", NULL, NULL},
    {"scimmy", "PATCH", GROUP, OPS("{'op':'replace','path':'displayName','value':'G'}"), 204, "3 2", NULL, NULL},
    {"scimmy", "PATCH", GROUP, OPS("{'op':'add','path':'members','value':[{'value':'nobody'}]}"), 200, "3 2 ?", NULL,
     NULL},
    {"scimmy", "GET", "/Users?startIndex=5", NULL, 200, SAME, "\"startIndex\":5,\"itemsPerPage\":4", NULL},
    {"scimmy-express5", "GET", "/Users?startIndex=3&count=2", NULL, 200, SAME, "\"startIndex\":1", NULL},
    {"scimgateway", "POST", "/Users", USER_BODY "'ann+test@x'}", 201, SAME, "\"id\":\"ann+test@x\"", NULL},
    {"scimgateway", "GET", "/Users?filter=userName%20eq%20%22ann%2Btest@x%22", NULL, 200, SAME, "\"totalResults\":0",
     NULL},
    {"scimgateway", "GET", "/Users?filter=userName%20eq%20%22ann.test@x%22", NULL, 200, SAME, "\"totalResults\":1",
     NULL},
    {"scimgateway", "PATCH", GROUP, OPS("{'op':'remove','path':'members'}"), 204, "0 1", NULL, NULL},
    {"scimgateway", "PATCH", GROUP, OPS("{'op':'replace','path':'members','value':[{'value':'$2'},{'value':'$3'}]}"),
     204, "0 1 2 3", NULL, NULL},
    {"scimgateway", "PATCH", GROUP, OPS(REMOVE("0") ",{'op':'add','path':'members','value':[{'value':'nobody'}]}"), 500,
     "1 2 3", NULL, NULL},
    {"scimgateway", "PATCH", GROUP, OPS("{'op':'replace','path':'members','value':[]}"), 204, "", NULL, NULL},
    {"scim2-server", "PATCH", GROUP, OPS(ADD("2") "," REMOVE("2")), 204, "0 1", NULL, NULL},
    {"scim2-server", "PUT", GROUP, GROUP_BODY "}", 200, "0 1", NULL, NULL},
    {"scim2-server", "GET", "/Users?count=1", NULL, 200, SAME, "\"totalResults\":1", NULL},
    {"scim2-server", "POST", "/Groups", GROUP_BODY "}", 201, SAME, NULL, NULL},
    {"scim2-server", "PATCH", "/Users/$2", OPS("{'op':'replace','path':'title','value':'T'}"), 204, SAME, NULL, NULL},
    {"scim2-server", "DELETE", "/Users/$0", NULL, 204, "0 1", NULL, NULL},
    {"scim2-server", "PATCH", GROUP, OPS("{'op':'remove','path':'members','value':[{'value':'$0'}]}"), 204, "", NULL,
     NULL},
    {"scimserver", "POST", "/Users", USER_BODY "'x','groups':[]}", 400, SAME, "mutability", NULL},
    {"scimserver", "PATCH", GROUP, OPS("{'op':'add','value':{'members':[{'value':'$3'}]}}"), 400, "0 1", NULL, NULL},
    {"scimserver", "PATCH", GROUP, OPS("{'op':'remove','path':'members'}"), 400, "0 1", NULL, NULL},
    {"scimserver", "PATCH", GROUP, OPS(ADD("3")), 200, "0 1 3", NULL, NULL},
    {"scimserver", "DELETE", "/Users/$3", NULL, 204, "0 1 3", NULL, NULL},
    {"better-auth", "PATCH", GROUP, OPS("{'op':'remove','path':'members[value eq \\'$0\\' or value eq \\'$1\\']'}"),
     400, "0 1", NULL, NULL},
    {"better-auth", "GET", "/Users?filter=userName%20co%20%22u%22", NULL, 400, SAME, NULL, NULL},
    {"better-auth", "PATCH", GROUP, OPS(ADD("9")), 400, "0 1", "invalidValue", NULL},
};

static void set_profile(struct world *w, const char *name, double factor)
{
    char why[256] = "";
    const struct practice_profile *profile = practice_profile_find(name);
    assert_non_null(profile);
    practice_clear_faults(w->client.practice);
    if (practice_set_profile(w->client.practice, profile, factor, why, sizeof(why)) < 0)
        fail_msg("%s: %s", name, why);
}

static bool in_answer(const struct world *w, const char *text)
{
    char *wanted = world_text(w, text, false);
    bool is = strstr(buf_text(&w->client.answer.body), wanted) != NULL;
    free(wanted);
    return is;
}

static void play(struct world *w, const struct row *row)
{
    w->client.user_agent = str_eq(row->has, "User-Agent") ? NULL : "pusher/1";
    int status = send(w, row->method, row->target, row->body);
    if (status != row->status)
        fail_msg("%s: %s %s %s: %d %s", row->profile, row->method, row->target, row->body ? row->body : "", status,
                 buf_text(&w->client.answer.body));
    if (row->members && strcmp(members_of(w, w->group), row->members) != 0)
        fail_msg("%s: %s %s: members \"%s\"", row->profile, row->method, row->body, members_of(w, w->group));
    if (row->has && !in_answer(w, row->has))
        fail_msg("%s: %s %s lacks %s: %s", row->profile, row->method, row->target, row->has,
                 buf_text(&w->client.answer.body));
    if (row->lacks && in_answer(w, row->lacks))
        fail_msg("%s: %s %s has %s: %s", row->profile, row->method, row->target, row->lacks,
                 buf_text(&w->client.answer.body));
}

/* Bodies that name $9 or $g as a member: an id that nobody has, and the group's own. */
static void quirks(void **state)
{
    (void)state;
    struct world w = {0};
    const char *profile = "";
    size_t played = 0;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strcmp(rows[i].profile, profile) != 0) {
            if (*profile)
                world_free(&w);
            profile = rows[i].profile;
            played++;
            w = world_new();
            assert_int_equal(patch(&w, ADD("0") "," ADD("1")), 204);
            set_profile(&w, profile, 1);
        }
        play(&w, &rows[i]);
    }
    world_free(&w);
    size_t known = 0;
    while (practice_profiles[known].name)
        known++;
    assert_int_equal(played, known);
}

/* `count` members that nobody has, to be added. */
static int add_many(struct world *w, size_t count)
{
    struct buf out;
    buf_init(&out, 16u * 1024 * 1024);
    buf_str(&out, "{'op':'add','path':'members','value':[");
    for (size_t i = 0; i < count; i++)
        buf_printf(&out, "%s{'value':'m%zu'}", i ? "," : "", i);
    buf_str(&out, "]}");
    int status = patch(w, buf_text(&out));
    buf_free(&out);
    return status;
}

static void sizes(void **state)
{
    (void)state;
    static const struct {
        const char *profile;
        size_t most;
        int within, beyond;
        size_t stored; /* of a request that is one too large */
    } cases[] = {
        {"aws-iam-identity-center", 100, 204, 400, 0},
        {"entra-id", 20, 204, 400, 0},
        {"miro", 8000, 204, 413, 0},
        {"fusionauth", 100, 204, 204, 100},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct world w = world_fill(client_new(&(struct practice_options){.unknown_members = true}));
        w.client.user_agent = "pusher/1";
        set_profile(&w, cases[i].profile, 0);
        assert_int_equal(add_many(&w, cases[i].most + 1), cases[i].beyond);
        assert_int_equal(practice_group_size(w.client.practice, w.group), cases[i].stored);
        assert_int_equal(add_many(&w, cases[i].most), cases[i].within);
        assert_int_equal(practice_group_size(w.client.practice, w.group), cases[i].most);
        world_free(&w);
    }
}

/* How many of the requests pass at once, and after `ms`, at the published rate; and at ten times that. */
static void rates(void **state)
{
    (void)state;
    static const struct {
        const char *profile, *method, *target, *body;
        int at_once, ms, later;
    } cases[] = {
        {"slack", "DELETE", "/Users/nobody", NULL, 20, 60000, 20},
        {"slack", "GET", "/Users", NULL, 300, 1000, 5},
        {"slack", "PATCH", GROUP, OPS("{'op':'replace','path':'displayName','value':'G'}"), 80, 1000, 3},
        {"github-emu", "POST", "/Users", USER_BODY "'u0@example.com'}", 1000, 3600000, 1000},
        {"miro", "PATCH", GROUP, OPS("{'op':'replace','path':'displayName','value':'G'}"), 100, 30000, 100},
        {"miro", "GET", "/Groups", NULL, 5, 6000, 1},
        {"deel", "GET", "/Users", NULL, 5, 1000, 5},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        for (int factor = 1; factor <= 10; factor += 9) {
            struct world w = world_new();
            w.client.user_agent = "pusher/1";
            set_profile(&w, cases[i].profile, factor);
            int64_t start = the_clock.now;
            int passed[2] = {0};
            for (int turn = 0; turn < 2; turn++, start += cases[i].ms)
                for (the_clock.now = start; send(&w, cases[i].method, cases[i].target, cases[i].body) != 429;
                     the_clock.now = start)
                    passed[turn]++;
            assert_in_range(passed[0], cases[i].at_once * factor, cases[i].at_once * factor + 1);
            assert_in_range(passed[1], cases[i].later * factor, cases[i].later * factor + 1);
            world_free(&w);
        }
    struct world w = world_new();
    set_profile(&w, "deel", 0); /* left out */
    for (int i = 0; i < 100; i++)
        assert_int_equal(send(&w, "GET", "/Users", NULL), 200);
    world_free(&w);
}

/* The tests run in the build directory or are started by hand at the top. */
static void each_is_documented(void **state)
{
    (void)state;
    struct buf text;
    char piece[4096], cell[64];
    size_t n = 0;
    FILE *file = fopen("docs/practice.md", "r");
    if (!file)
        file = fopen("../docs/practice.md", "r");
    if (!file)
        fail_msg("docs/practice.md is not there");
    buf_init(&text, 1024 * 1024);
    while ((n = fread(piece, 1, sizeof(piece), file)))
        buf_add(&text, piece, n);
    (void)fclose(file);
    for (int kind = 1; kind < FAULT_KINDS; kind++) {
        (void)snprintf(cell, sizeof(cell), "| `%s` |", fault_name((enum fault_kind)kind));
        if (!strstr(buf_text(&text), cell))
            fail_msg("docs/practice.md does not list the fault %s", fault_name((enum fault_kind)kind));
    }
    for (const struct practice_profile *profile = practice_profiles; profile->name; profile++) {
        (void)snprintf(cell, sizeof(cell), "| `%s` |", profile->name);
        if (!strstr(buf_text(&text), cell))
            fail_msg("docs/practice.md does not list the profile %s", profile->name);
        if (strncmp(profile->source, "https://", 8) == 0 && !strstr(buf_text(&text), profile->source))
            fail_msg("docs/practice.md lacks the source of %s", profile->name);
    }
    buf_free(&text);
}

static void by_option_and_over_http(void **state)
{
    (void)state;
    struct world w = world_fill(client_new(&(struct practice_options){.profile = "entra-id"}));
    assert_int_equal(send(&w, "PUT", "/Users/$0", "{}"), 501);
    assert_int_equal(send(&w, "GET", "//practice/profiles", NULL), 200);
    const struct jval *all = jval_get(w.client.json, "profiles");
    for (size_t i = 0; i < jval_len(all); i++) {
        assert_non_null(practice_profile_find(jval_get_str(jval_at(all, i), "name")));
        assert_non_null(jval_get_str(jval_at(all, i), "source"));
        assert_true(jval_len(jval_get(jval_at(all, i), "faults")) > 0);
    }
    assert_true(jval_len(all) > 20);
    assert_int_equal(send(&w, "PUT", "//practice/faults",
                          "{'profile':'miro','rateFactor':0,'faults':[{'name':'status','status':503}]}"),
                     200);
    const struct jval *faults = jval_get(w.client.json, "faults");
    assert_string_equal(jval_get_str(jval_at(faults, 0), "name"), "bytes_max");
    assert_string_equal(jval_get_str(jval_at(faults, jval_len(faults) - 1), "name"), "status");
    assert_int_equal(send(&w, "PUT", "//practice/faults", "{'profile':'miro'}"), 200);
    assert_true(jval_len(jval_get(w.client.json, "faults")) > 6);
    send(&w, "PUT", "//practice/faults", "{'profile':'elsewhere'}");
    assert_refused(&w.client, 400, "invalidValue");
    send(&w, "PUT", "//practice/faults", "{'profile':'miro','rateFactor':-1}");
    assert_refused(&w.client, 400, "invalidValue");
    assert_int_equal(send(&w, "PUT", "//practice/faults", "{}"), 400);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quirks),
        cmocka_unit_test(sizes),
        cmocka_unit_test(rates),
        cmocka_unit_test(by_option_and_over_http),
        cmocka_unit_test(each_is_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
