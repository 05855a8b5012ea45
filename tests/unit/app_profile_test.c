/* SPDX-License-Identifier: Apache-2.0 */
/* What an app is told of a person: schema, profile mapping, what assignments say, and who is looked at again. */
#include "app_fixture.h"

#include "app/profile.h"

#define BADGE "urn:example:2.0:User"

static int schema_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct app app;
    struct jval *body CLEANUP(jval_freep) = fx_json(s->json);
    int r = app_by_rid(tx, s->app, &app);
    return r < 0 ? r : app_schema_update(tx, &app, body, &s->problem);
}

static int mapping_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct app app;
    struct jval *body CLEANUP(jval_freep) = fx_json(s->json);
    int r = app_by_rid(tx, s->app, &app);
    return r < 0 ? r : app_mapping_update(tx, &app, body, &s->problem);
}

/* Adds or removes attributes: the inside of definitions.custom.properties. */
static struct step schema_try(struct fixture *f, int64_t app, const char *properties)
{
    char json[2048];
    (void)snprintf(json, sizeof(json), "{\"definitions\":{\"custom\":{\"properties\":{%s}}}}", properties);
    struct step s = {.app = app, .json = json};
    s.result = fx_try(f, schema_run, &s);
    return s;
}

static void schema(struct fixture *f, int64_t app, const char *properties)
{
    struct step s = schema_try(f, app, properties);
    if (s.result < 0)
        fail_msg("%s: %s", properties, s.problem.causes[0]);
}

static void refuse_schema(struct fixture *f, int64_t app, const char *properties, const char *cause)
{
    struct step s = schema_try(f, app, properties);
    assert_int_equal(s.result, ERR_PROBLEM);
    if (!strstr(s.problem.causes[0], cause))
        fail_msg("%s\ninstead of %s", s.problem.causes[0], cause);
}

static void map(struct fixture *f, int64_t app, const char *json)
{
    fx_do(f, mapping_run, &(struct step){.app = app, .json = json});
}

static void refuse_map(struct fixture *f, int64_t app, const char *json, const char *cause)
{
    struct step s = {.app = app, .json = json};
    assert_int_equal(fx_try(f, mapping_run, &s), ERR_PROBLEM);
    if (!strstr(s.problem.causes[0], cause))
        fail_msg("%s\ninstead of %s", s.problem.causes[0], cause);
}

/* One attribute of what the app should hold, as JSON; "-" when there is none. */
static const char *wanted(struct fixture *f, int64_t app, int64_t user, const char *key)
{
    struct jval *profile CLEANUP(jval_freep) = fx_json(fx_wanted(f, app, user));
    const struct jval *value = jval_get(profile, key);
    return value ? jval_text(f->arena, value, true) : "-";
}

#define expect_wanted(f, app, user, key, value) assert_string_equal(wanted(f, app, user, key), value)

static int work_count_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct work_counts counts;
    int r = work_count(tx, s->app, INT64_MAX, &counts);
    s->result = counts.pending;
    return r;
}

/* Accounts of the app that somebody has to ask about. */
static int in_work(struct fixture *f, int64_t app)
{
    struct step s = {.app = app};
    fx_do(f, work_count_run, &s);
    return (int)s.result;
}

static int64_t statements(struct fixture *f)
{
    struct store_stats stats;
    store_stats(f->store, &stats);
    return stats.statements;
}

/* A person with the app, whose account the app acknowledged. */
static int64_t settled(struct fixture *f, int64_t app, const char *login)
{
    int64_t user = fx_user(f, login, true);
    fx_assign(f, app, user);
    fx_ack(f, app, user);
    return user;
}

/* Every account that somebody has to ask about was made there as wanted. */
static int take_as_sent_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct account *accounts = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS * 2, sizeof(*accounts));
    int count = account_list(tx, s->app, 0, accounts, LIMIT_EXPAND_ROWS * 2);
    int r = MIN_OF(count, 0);
    for (int i = 0; r >= 0 && i < count; i++) {
        struct user user;
        struct account *a = &accounts[i];
        struct jval *profile CLEANUP(jval_freep) = NULL;
        struct work work;
        r = work_find(tx, s->app, WORK_ACCOUNT, a->rid, &work);
        if (r == 0)
            continue;
        if (r > 0)
            r = user_by_rid(tx, a->user_rid, &user);
        if (r == 0)
            r = account_wanted_profile(tx, a, &user, &profile);
        if (r == 0)
            r = account_set_known(tx, a, user.id, ORIGIN_CREATED, KNOWN_ACTIVE);
        if (r == 0)
            r = account_set_sent(tx, a, profile, KNOWN_ACTIVE);
        if (r == 0)
            r = work_delete(tx, s->app, WORK_ACCOUNT, a->rid);
    }
    return r;
}

static void made_by_expressions(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t ada = settled(f, app, "ada");
    int64_t bob = settled(f, app, "bob");
    fx_profile(f, ada, "{\"department\":\"Sales\",\"city\":\"Rome\"}");
    fx_ack(f, app, ada);
    map(f, app,
        "{\"title\":{\"expression\":\"user.department == 'Sales' ? 'Seller' : user.title\"},"
        "\"nickName\":{\"expression\":\"user.nickName ?: 'none'\",\"pushStatus\":\"PUSH\"}}");
    expect_wanted(f, app, ada, "title", "\"Seller\"");
    expect_wanted(f, app, bob, "title", "-");
    expect_wanted(f, app, bob, "nickName", "\"none\"");
    assert_int_equal(fx_expand(f), 1);
    assert_int_equal(in_work(f, app), 2);
    fx_ack(f, app, ada);
    fx_ack(f, app, bob);
    /* Only who gets another document is sent anything. */
    map(f, app, "{\"title\":{\"expression\":\"user.department == 'Sales' ? 'Vendor' : user.title\"}}");
    (void)fx_expand(f);
    assert_int_equal(in_work(f, app), 1);
    assert_int_equal(fx_class(f, app, ada), WORK_BULK);
    fx_ack(f, app, ada);
    /* The source is emptied: so is the attribute. */
    fx_profile(f, ada, "{\"department\":null}");
    expect_wanted(f, app, ada, "title", "-");
    assert_int_equal(fx_class(f, app, ada), WORK_FRESH);
    assert_int_equal(fx_events(f, "muster.profile_mapping.update"), 2);
    map(f, app, "{\"title\":{\"expression\":\"user.title\"}}"); /* as by default */
    map(f, app, "{\"title\":{\"expression\":\"user.title\"}}"); /* nothing changes */
    assert_int_equal(fx_events(f, "muster.profile_mapping.update"), 3);
}

static void bad_mappings_are_refused_by_name(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    schema(f, app, "\"level\":{\"title\":\"Level\",\"type\":\"integer\"}");
    refuse_map(f, app, "{\"title\":{\"expression\":\"user.titel\"}}", "properties.title.expression: position 1");
    refuse_map(f, app, "{\"title\":{\"expression\":\"String.len(user.title)\"}}",
               "the mapping of title must give a text");
    refuse_map(f, app, "{\"level\":{\"expression\":\"user.title\"}}", "properties.level.expression: position 1");
    refuse_map(f, app, "{\"title\":{\"expression\":\"isMemberOfGroupName('x') ? 'a' : 'b'\"}}", "properties.title");
    refuse_map(f, app, "{\"title\":{\"expression\":\"Time.now() + ''\"}}", "give pushStatus DONT_PUSH");
    refuse_map(f, app, "{\"title\":{\"expression\":\"user.getInternalProperty('lastUpdated')\"}}", "lastUpdated");
    refuse_map(f, app, "{\"title\":{\"expression\":\"\"}}", "give null for title to end the mapping");
    refuse_map(f, app, "{\"title\":{\"expression\":7}}", "properties.title.expression");
    refuse_map(f, app, "{\"title\":\"user.title\"}", "properties.title: Give an object");
    refuse_map(f, app, "{\"title\":{\"pushStatus\":\"MAYBE\"}}", "properties.title.pushStatus");
    refuse_map(f, app, "{\"userName\":{\"expression\":\"user.email\"}}", "userNameTemplate");
    refuse_map(f, app, "{\"shoeSize\":{\"expression\":\"user.title\"}}",
               "properties.shoeSize: the app's users have no");
    refuse_map(f, app, "[]", "properties: Give an object");
    assert_int_equal(fx_events(f, "muster.profile_mapping.update"), 0);
    map(f, app, "{\"level\":{\"expression\":\"String.len(user.title)\"}}");
}

static void only_on_create(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t ada = settled(f, app, "ada");
    map(f, app, "{\"title\":{\"expression\":\"'New'\",\"pushStatus\":\"DONT_PUSH\"}}");
    (void)fx_expand(f);
    assert_int_equal(in_work(f, app), 0); /* is there already */
    expect_wanted(f, app, ada, "title", "-");
    int64_t bob = fx_user(f, "bob", true);
    fx_assign(f, app, bob);
    expect_wanted(f, app, bob, "title", "\"New\"");
    fx_ack(f, app, bob);
    map(f, app, "{\"title\":{\"expression\":\"'Newer'\"}}"); /* pushStatus stays */
    (void)fx_expand(f);
    assert_int_equal(in_work(f, app), 0);
    expect_wanted(f, app, bob, "title", "\"New\"");
    /* An assignment says what is sent at any time; when it takes that back, it goes. */
    fx_do(f, fx_edit_run, &(struct step){.app = app, .user = bob, .json = "{\"title\":\"Own\"}"});
    expect_wanted(f, app, bob, "title", "\"Own\"");
    fx_ack(f, app, bob);
    fx_do(f, fx_edit_run, &(struct step){.app = app, .user = bob, .json = "{}"});
    expect_wanted(f, app, bob, "title", "-");
}

static void what_is_not_mapped_any_more_stays(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t ada = settled(f, app, "ada");
    fx_profile(f, ada, "{\"title\":\"Countess\"}");
    fx_ack(f, app, ada);
    map(f, app, "{\"title\":null}");
    (void)fx_expand(f);
    assert_int_equal(in_work(f, app), 0);
    fx_profile(f, ada, "{\"title\":\"Lady\"}");
    assert_int_equal(in_work(f, app), 0);
    expect_wanted(f, app, ada, "title", "\"Countess\"");
    int64_t bob = fx_user(f, "bob", true);
    fx_profile(f, bob, "{\"title\":\"Lord\"}");
    fx_assign(f, app, bob);
    expect_wanted(f, app, bob, "title", "-");
    map(f, app, "{\"title\":{\"expression\":\"user.title\"}}");
    expect_wanted(f, app, ada, "title", "\"Lady\"");
    expect_wanted(f, app, bob, "title", "\"Lord\"");
}

static void attributes_are_added_and_removed(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t ada = settled(f, app, "ada");
    schema(f, app,
           "\"badge\":{\"title\":\"Badge\",\"type\":\"integer\",\"externalNamespace\":\"" BADGE "\",\"default\":1},"
           "\"home\":{\"title\":\"Home\",\"type\":\"array\",\"items\":{\"type\":\"string\"},"
           "\"externalName\":\"emails.^[type==home].value\"},"
           "\"full\":{\"title\":\"Full\",\"type\":\"string\",\"externalName\":\"name.formatted\"}");
    map(f, app,
        "{\"home\":{\"expression\":\"{user.email, user.secondEmail ?: 'x@x'}\"},"
        "\"full\":{\"expression\":\"user.lastName + ', ' + user.firstName\"}}");
    (void)fx_expand(f);
    expect_wanted(f, app, ada, BADGE ":badge", "1");
    expect_wanted(f, app, ada, "urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq \"home\"].value",
                  "[\"ada@example.org\",\"x@x\"]");
    expect_wanted(f, app, ada, "urn:ietf:params:scim:schemas:core:2.0:User:name.formatted", "\"ada, First\"");
    fx_ack(f, app, ada);
    fx_do(f, fx_edit_run, &(struct step){.app = app, .user = ada, .json = "{\"badge\":7}"});
    expect_wanted(f, app, ada, BADGE ":badge", "7");
    struct step s = {.app = app, .user = ada, .json = "{\"badge\":\"seven\"}"};
    assert_int_equal(fx_try(f, fx_edit_run, &s), ERR_PROBLEM);
    assert_string_equal(s.problem.causes[0], "badge: The value must be of type integer");
    s = (struct step){.app = app, .user = ada, .json = "{\"shoeSize\":1}"};
    assert_int_equal(fx_try(f, fx_edit_run, &s), ERR_PROBLEM);
    assert_string_equal(s.problem.causes[0], "Property name 'shoeSize' is not defined in profile");
    fx_ack(f, app, ada);
    /* What is no longer in the schema stays in the app. */
    schema(f, app, "\"full\":null,\"badge\":null");
    (void)fx_expand(f);
    assert_int_equal(in_work(f, app), 0);
    expect_wanted(f, app, ada, BADGE ":badge", "7");
    assert_int_equal(fx_events(f, "muster.app_schema.update"), 2);
}

#define TEXT_AT(name, external) "\"" name "\":{\"title\":\"T\",\"type\":\"string\",\"externalName\":\"" external "\"}"

static void bad_schemas_are_refused_by_place(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    refuse_schema(f, app, TEXT_AT("title", "t"), "definitions.custom.properties.title: A base attribute has this name");
    refuse_schema(f, app, TEXT_AT("UserName", "t"), "A base attribute has this name");
    refuse_schema(f, app, TEXT_AT("x", "nickName"), "properties.x.externalName: the attribute 'nickName' stands there");
    refuse_schema(f, app, TEXT_AT("x", "emails.^[type==work].value"), "the attribute 'email' stands there");
    refuse_schema(f, app, TEXT_AT("x", "emails"), "stands there already, or in another form");
    refuse_schema(f, app, TEXT_AT("x", "name.familyName"), "the attribute 'lastName' stands there");
    refuse_schema(f, app, TEXT_AT("x", "active"), "'active' is not an attribute of a profile");
    refuse_schema(f, app, TEXT_AT("x", "emails.^[primary==true].value"), "told apart by their type alone");
    refuse_schema(f, app, TEXT_AT("x", "a b"), "is no place in a SCIM user");
    refuse_schema(f, app, TEXT_AT("x", "urn:a:b"), "without its URN");
    refuse_schema(f, app, "\"x\":{\"title\":\"T\",\"type\":\"string\",\"externalNamespace\":\"example\"}",
                  "x.externalNamespace: Give the URN");
    refuse_schema(f, app, "\"x\":{\"title\":\"T\",\"type\":\"text\"}", "x.type: Give one of string");
    refuse_schema(f, app, "\"x\":{\"type\":\"string\"}", "x.title: Give the attribute a title");
    refuse_schema(f, app, "\"x\":{\"title\":\"T\",\"type\":\"string\",\"union\":\"ENABLE\"}",
                  "x.union: Only the values");
    refuse_schema(f, app,
                  "\"x\":{\"title\":\"T\",\"type\":\"array\",\"items\":{\"type\":\"string\"},\"union\":\"ENABLE\","
                  "\"scope\":\"SELF\"}",
                  "x.union: Groups say nothing");
    refuse_schema(f, app, "\"x\":{\"title\":\"T\",\"type\":\"integer\",\"default\":\"a\"}", "x.default: ");
    refuse_schema(f, app, "\"x\":null", "There is no custom attribute of this name");
    schema(f, app, TEXT_AT("x", "y"));
    refuse_schema(f, app, "\"x\":{\"title\":\"T\",\"type\":\"integer\"}", "x.type: The type of an attribute cannot");
    refuse_schema(f, app, TEXT_AT("z", "Y"), "the attribute 'x' stands there");
    assert_int_equal(fx_events(f, "muster.app_schema.update"), 1);
}

#define ROLES                                                                                                          \
    "\"roles\":{\"title\":\"Roles\",\"type\":\"array\",\"items\":{\"type\":\"string\"},\"externalNamespace\":\"" BADGE \
    "\",\"union\":\"%s\"}"

static void groups_are_combined(void **state)
{
    struct fixture *f = *state;
    char json[512];
    int64_t app = fx_app(f, "App", "cud");
    int64_t ada = fx_user(f, "ada", true);
    int64_t one = fx_group(f, "One");
    int64_t two = fx_group(f, "Two");
    (void)snprintf(json, sizeof(json), ROLES, "DISABLE");
    schema(f, app, json);
    (void)fx_expand(f);
    fx_join(f, one, ada);
    fx_give(f, app, one, -1, "{\"roles\":[\"a\",\"b\"],\"title\":\"One\"}");
    fx_give(f, app, two, -1, "{\"roles\":[\"b\",\"c\"],\"title\":\"Two\"}");
    fx_ack(f, app, ada);
    expect_wanted(f, app, ada, BADGE ":roles", "[\"a\",\"b\"]");
    fx_join(f, two, ada); /* a worse priority: says nothing */
    assert_int_equal(in_work(f, app), 0);
    (void)snprintf(json, sizeof(json), ROLES, "ENABLE");
    schema(f, app, json);
    (void)fx_expand(f);
    assert_int_equal(in_work(f, app), 1);
    expect_wanted(f, app, ada, BADGE ":roles", "[\"a\",\"b\",\"c\"]");
    expect_wanted(f, app, ada, "title", "\"One\"");
    fx_ack(f, app, ada);
    fx_leave(f, two, ada); /* another group still gives the app */
    assert_int_equal(in_work(f, app), 1);
    expect_wanted(f, app, ada, BADGE ":roles", "[\"a\",\"b\"]");
    fx_ack(f, app, ada);
    fx_join(f, two, ada);
    assert_int_equal(in_work(f, app), 1);
    fx_ack(f, app, ada);
    fx_give(f, app, two, -1, "{\"roles\":[\"d\"]}");
    expect_wanted(f, app, ada, BADGE ":roles", "[\"a\",\"b\",\"d\"]");
    fx_ack(f, app, ada);
    fx_take(f, app, two);
    (void)fx_expand(f);
    assert_int_equal(in_work(f, app), 1);
    expect_wanted(f, app, ada, BADGE ":roles", "[\"a\",\"b\"]");
    fx_ack(f, app, ada);
    /* The person's own word is the last one, and an empty one takes all away. */
    fx_do(f, fx_edit_run, &(struct step){.app = app, .user = ada, .json = "{\"roles\":[]}"});
    expect_wanted(f, app, ada, BADGE ":roles", "-");
}

static void a_value_that_groups_took_back_goes(void **state)
{
    struct fixture *f = *state;
    char json[512];
    int64_t app = fx_app(f, "App", "cud");
    int64_t ada = fx_user(f, "ada", true);
    int64_t one = fx_group(f, "One");
    (void)snprintf(json, sizeof(json), ROLES, "ENABLE");
    schema(f, app, json);
    (void)fx_expand(f);
    fx_join(f, one, ada);
    fx_give(f, app, one, -1, "{\"roles\":[\"a\"]}");
    fx_ack(f, app, ada);
    fx_give(f, app, one, -1, "{}");
    expect_wanted(f, app, ada, BADGE ":roles", "-");
    assert_int_equal(in_work(f, app), 1);
}

static void a_change_looks_at_mappings_that_read_it(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t ada = settled(f, app, "ada");
    map(f, app, "{\"city\":null,\"state\":null,\"title\":{\"expression\":\"user.city + '!'\"}}");
    (void)fx_expand(f);
    fx_ack(f, app, ada);
    int64_t before = statements(f);
    fx_profile(f, ada, "{\"zipCode\":\"1\"}");
    int64_t read = statements(f) - before;
    fx_ack(f, app, ada);
    before = statements(f);
    fx_profile(f, ada, "{\"state\":\"x\"}");
    int64_t unread = statements(f) - before;
    assert_int_equal(in_work(f, app), 0);
    assert_true(unread + 3 <= read); /* the account is not even looked at */
    fx_profile(f, ada, "{\"city\":\"Rome\"}");
    expect_wanted(f, app, ada, "title", "\"Rome!\"");
    assert_int_equal(in_work(f, app), 1);
}

static void managers_are_known_by_their_accounts(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t ada = settled(f, app, "ada");
    int64_t bob = settled(f, app, "bob");
    fx_profile(f, ada, "{\"managerId\":\"Eve@Example.com\",\"manager\":\"Eve\"}");
    expect_wanted(f, app, ada, "managerId", "-");
    expect_wanted(f, app, ada, "manager", "\"Eve\"");
    fx_ack(f, app, ada);
    int64_t eve = fx_user(f, "eve", true);
    fx_assign(f, app, eve);
    assert_int_equal(fx_class(f, app, ada), -1);
    fx_ack(f, app, eve); /* her account is there */
    assert_int_equal(fx_class(f, app, ada), WORK_FRESH);
    const char *eve_there = fx_account(f, app, eve).external_id;
    expect_wanted(f, app, ada, "managerId", arena_printf(f->arena, "\"%s\"", eve_there));
    fx_ack(f, app, ada);
    fx_profile(f, ada, "{\"managerId\":\"bob@example.com\"}");
    expect_wanted(f, app, ada, "managerId", arena_printf(f->arena, "\"%s\"", fx_account(f, app, bob).external_id));
    fx_ack(f, app, ada);
    /* She is renamed: the name is nobody's any more, and then somebody else's. */
    fx_profile(f, bob, "{\"login\":\"bobby@example.com\"}");
    expect_wanted(f, app, ada, "managerId", "-");
    assert_int_equal(fx_class(f, app, ada), WORK_FRESH);
    fx_ack(f, app, ada);
    fx_profile(f, eve, "{\"login\":\"bob@example.com\"}");
    expect_wanted(f, app, ada, "managerId", arena_printf(f->arena, "\"%s\"", eve_there));
    assert_int_equal(fx_class(f, app, ada), WORK_FRESH);
    fx_ack(f, app, ada);
    fx_unassign(f, app, eve);
    expect_wanted(f, app, ada, "managerId", "-");
    assert_int_equal(fx_class(f, app, ada), WORK_FRESH);
    fx_ack(f, app, ada);
    fx_profile(f, ada, "{\"managerId\":null}");
    assert_null(fx_account(f, app, ada).refers_to);
}

static int convert_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct app app;
    struct account account;
    int r = app_by_rid(tx, s->app, &app);
    if (r == 0)
        r = account_get(tx, s->app, s->user, &account);
    return r < 0 ? r : account_convert(tx, &app, &account, SCOPE_USER, &s->problem);
}

/* What a group says of the manager is a name, not the app's id, also when it becomes the person's own. */
static void a_manager_that_a_group_names(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t eve = settled(f, app, "eve");
    int64_t ada = fx_user(f, "ada", true);
    int64_t team = fx_group(f, "Team");
    fx_join(f, team, ada);
    fx_give(f, app, team, -1, "{\"managerId\":\"eve@example.com\",\"lastName\":null}");
    const char *there = arena_printf(f->arena, "\"%s\"", fx_account(f, app, eve).external_id);
    expect_wanted(f, app, ada, "managerId", there);
    fx_do(f, convert_run, &(struct step){.app = app, .user = ada});
    assert_int_equal(fx_account(f, app, ada).scope, SCOPE_USER);
    assert_string_equal(fx_account(f, app, ada).profile, "{\"lastName\":null,\"managerId\":\"eve@example.com\"}");
    expect_wanted(f, app, ada, "managerId", there);
}

static void a_manager_of_many(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t all = fx_group(f, "All");
    int64_t eve = fx_user(f, "eve", true);
    int64_t users[120];
    for (size_t i = 0; i < ARRAY_LEN(users); i++) {
        char login[16];
        (void)snprintf(login, sizeof(login), "p%zu", i);
        int64_t user = users[i] = fx_user(f, login, true);
        fx_profile(f, user, i % 2 ? "{\"managerId\":\"eve@example.com\"}" : "{\"managerId\":\"EVE@example.com\"}");
        fx_join(f, all, user);
    }
    fx_give(f, app, all, -1, NULL);
    (void)fx_expand(f);
    assert_int_equal(in_work(f, app), 120);
    for (size_t i = 0; i < ARRAY_LEN(users); i++)
        fx_ack(f, app, users[i]);
    fx_assign(f, app, eve);
    assert_int_equal(fx_expand(f), 0);    /* she is not there yet */
    assert_int_equal(in_work(f, app), 1); /* her own account */
    fx_ack(f, app, eve);
    struct work work;
    assert_true(fx_find(f, app, WORK_EXPAND_REFERRERS, eve, &work));
    assert_int_equal(fx_expand(f), 2); /* one for each name of hers */
    assert_false(fx_find(f, app, WORK_EXPAND_REFERRERS, eve, &work));
    assert_int_equal(in_work(f, app), 120);
}

/* Two managers of 60 lose the app in one job: the people of the second one are left to an expansion. */
static void managers_of_many_in_one_job(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cu");
    int64_t bosses = fx_group(f, "Bosses");
    int64_t boss[] = {fx_user(f, "eve", true), fx_user(f, "kim", true)};
    for (size_t i = 0; i < ARRAY_LEN(boss); i++)
        fx_join(f, bosses, boss[i]);
    fx_give(f, app, bosses, -1, NULL);
    for (size_t i = 0; i < ARRAY_LEN(boss); i++)
        fx_ack(f, app, boss[i]);
    for (int i = 0; i < 120; i++) {
        char login[16];
        (void)snprintf(login, sizeof(login), "p%d", i);
        int64_t user = fx_user(f, login, true);
        fx_profile(f, user, i % 2 ? "{\"managerId\":\"eve@example.com\"}" : "{\"managerId\":\"kim@example.com\"}");
        fx_assign(f, app, user);
        fx_ack(f, app, user);
    }
    assert_int_equal(in_work(f, app), 0);
    fx_take(f, app, bosses);
    assert_int_equal(in_work(f, app), 60 + 1);
    fx_do(f, take_as_sent_run, &(struct step){.app = app});
    assert_int_equal(fx_expand(f), 2); /* one for each name */
    assert_int_equal(in_work(f, app), 60);
}

static int join_crowd_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct group group;
    int r = group_by_rid(tx, s->group, &group);
    for (int i = 0; r >= 0 && i < 500; i++) {
        struct user user;
        struct jval *profile CLEANUP(jval_freep) = jval_new_object();
        const char *login = arena_printf(tx_arena(tx), "crowd-%lld-%d@example.com", (long long)s->number, i);
        static const char *const names[] = {"login", "email", "firstName", "lastName"};
        for (size_t k = 0; k < ARRAY_LEN(names); k++)
            jval_set_str(profile, names[k], login);
        jval_set_str(profile, "city", i % 2 ? "Rome" : "Oslo");
        r = user_create(tx, &(struct user_input){.profile = profile, .activate = true}, &user, &s->problem);
        if (r == 0)
            r = member_add(tx, &group, &user, &s->problem);
    }
    return r;
}

/* 1,500 people: the expansion comes to them in two chunks, and to work only for those whose document changes. */
static void a_changed_mapping_goes_in_chunks(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t all = fx_group(f, "All");
    for (int i = 0; i < 3; i++)
        fx_do(f, join_crowd_run, &(struct step){.group = all, .number = i});
    fx_give(f, app, all, -1, NULL);
    for (int i = 0; i < 2; i++) {
        (void)fx_expand(f);
        fx_do(f, take_as_sent_run, &(struct step){.app = app});
    }
    assert_int_equal(in_work(f, app), 0);
    map(f, app, "{\"title\":{\"expression\":\"user.city == 'Rome' ? 'Roman' : user.title\"}}");
    assert_int_equal(fx_expand(f), 1); /* what came of it stands before the rest */
    assert_int_equal(in_work(f, app), 500 + 1);
    fx_do(f, take_as_sent_run, &(struct step){.app = app});
    assert_int_equal(fx_expand(f), 1);
    assert_int_equal(in_work(f, app), 250);
}

static int delete_app_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct app app;
    int r = app_by_rid(tx, s->app, &app);
    if (r == 0)
        r = app_set_status(tx, &app, APP_INACTIVE, &s->problem);
    return r < 0 ? r : app_delete(tx, &app, &s->problem);
}

static void an_app_goes_with_its_mapping(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    (void)settled(f, app, "ada");
    map(f, app, "{\"title\":null}");
    fx_do(f, delete_app_run, &(struct step){.app = app});
    assert_int_equal(fx_expand(f), 0);
}

static void what_does_not_fit_is_told(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t ada = settled(f, app, "ada");
    schema(f, app, "\"code\":{\"title\":\"Code\",\"type\":\"string\",\"maxLength\":3,\"required\":true}");
    map(f, app, "{\"code\":{\"expression\":\"user.city\"}}");
    (void)fx_expand(f);
    assert_int_equal(in_work(f, app), 1); /* to tell so */
    fx_profile(f, ada, "{\"city\":\"Rom\"}");
    expect_wanted(f, app, ada, "urn:ietf:params:scim:schemas:core:2.0:User:code", "\"Rom\"");
    fx_ack(f, app, ada);
    fx_profile(f, ada, "{\"city\":\"Rome\"}");
    expect_wanted(f, app, ada, "urn:ietf:params:scim:schemas:core:2.0:User:code", "\"Rom\""); /* stays */
    assert_int_equal(fx_class(f, app, ada), WORK_FRESH);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, fx_setup, fx_teardown)
    const struct CMUnitTest tests[] = {
        TEST(made_by_expressions),
        TEST(bad_mappings_are_refused_by_name),
        TEST(only_on_create),
        TEST(what_is_not_mapped_any_more_stays),
        TEST(attributes_are_added_and_removed),
        TEST(bad_schemas_are_refused_by_place),
        TEST(groups_are_combined),
        TEST(a_value_that_groups_took_back_goes),
        TEST(a_change_looks_at_mappings_that_read_it),
        TEST(managers_are_known_by_their_accounts),
        TEST(a_manager_that_a_group_names),
        TEST(a_manager_of_many),
        TEST(managers_of_many_in_one_job),
        TEST(a_changed_mapping_goes_in_chunks),
        TEST(an_app_goes_with_its_mapping),
        TEST(what_does_not_fit_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
