/* SPDX-License-Identifier: Apache-2.0 */
/* Group rules: what is refused, who is put where and why, exclusions, chains, chunks, and what a change costs. */
#include "directory_fixture.h"

#include "base/limits.h"
#include "directory/rule.h"

/* What a membership makes rules ask: whether any reads groups. */
#define MEMBER_REACTION 1
#define PEOPLE_OF_TEST 700 /* more than a chunk looks at */

static struct rule_input input_of(const char *name, const char *expression, struct jval *targets)
{
    return (struct rule_input){.name = name, .expression = expression, .targets = targets};
}

static struct group make_group(struct tx *tx, const char *name)
{
    struct group group;
    struct problem problem;
    assert_int_equal(fixture_group(tx, arena_printf(tx_arena(tx), "{\"name\":\"%s\"}", name), &group, &problem), 0);
    return group;
}

static struct rule make_rule(struct tx *tx, const char *name, const char *expression, const struct group *target)
{
    struct rule rule;
    struct problem problem;
    struct jval *targets CLEANUP(jval_freep) = jval_new_array();
    jval_append(targets, jval_new_str(target->id));
    const struct rule_input input = input_of(name, expression, targets);
    if (rule_create(tx, &input, &rule, &problem) < 0)
        fail_msg("%s: %s", name, problem.causes[0]);
    return rule;
}

static struct rule make_active(struct tx *tx, const char *name, const char *expression, const struct group *target)
{
    struct problem problem;
    struct rule rule = make_rule(tx, name, expression, target);
    if (rule_activate(tx, &rule, &problem) < 0)
        fail_msg("%s: %s", name, problem.causes[0]);
    return rule;
}

static void set_profile(struct tx *tx, const char *name, const char *json)
{
    struct user user;
    struct problem problem;
    struct jval *profile CLEANUP(jval_freep) = fixture_json(json);
    assert_int_equal(user_by_login(tx, arena_printf(tx_arena(tx), "%s@example.com", name), &user), 0);
    if (user_update(tx, &user, profile, false, &problem) < 0)
        fail_msg("%s: %s", name, problem.causes[0]);
}

static bool is_member(struct tx *tx, const char *group_name, const char *name)
{
    struct user user;
    struct group group;
    assert_int_equal(user_by_login(tx, arena_printf(tx_arena(tx), "%s@example.com", name), &user), 0);
    assert_int_equal(group_by_name(tx, group_name, &group), 0);
    return member_exists(tx, group.rid, user.rid) == 1;
}

static struct rule rule_of(struct tx *tx, const struct rule *rule)
{
    struct rule now;
    assert_int_equal(rule_by_id(tx, rule->id, &now), 0);
    return now;
}

/* A step of a test that runs in a transaction of its own, so that reactors are done with the one before. */
static void step(void **state, tx_fn run, const void *arg)
{
    assert_int_equal(fixture_write(*state, run, (void *)(uintptr_t)arg), 0);
}

/* --- what is refused -----------------------------------------------------------------------------------------------
 */

static void expect_refused(struct tx *tx, const struct rule_input *input, const char *cause)
{
    struct rule rule;
    struct problem problem;
    assert_int_equal(rule_create(tx, input, &rule, &problem), ERR_PROBLEM);
    assert_int_equal(problem.code, E0000001);
    assert_string_equal(problem.causes[0], cause);
}

static struct jval *ids(const char *id, int count)
{
    struct jval *list = jval_new_array();
    for (int i = 0; i < count; i++)
        jval_append(list, jval_new_str(id));
    return list;
}

static int refusals(struct tx *tx, void *arg)
{
    (void)arg;
    struct group group = make_group(tx, "Sales");
    struct group app_group;
    assert_int_equal(group_app_create(tx, "0oa1", "In an app", NULL, &app_group), 0);
    struct jval *targets CLEANUP(jval_freep) = ids(group.id, 1);
    struct jval *none CLEANUP(jval_freep) = jval_new_array();
    struct jval *gone CLEANUP(jval_freep) = ids("00gnone", 1);
    struct jval *many CLEANUP(jval_freep) = ids("00unone", LIMIT_RULE_EXCLUDED + 1);
    struct jval *of_app CLEANUP(jval_freep) = ids(app_group.id, 1);
    const char *good = "user.department == \"Sales\"";
    struct rule_input input = input_of("", good, targets);
    expect_refused(tx, &input, "name: The field cannot be left blank");
    input = input_of("012345678901234567890123456789012345678901234567890", good, targets);
    expect_refused(tx, &input, "name: The field is too long (at most 50 characters)");
    input = input_of("r", NULL, targets);
    expect_refused(tx, &input, "conditions.expression.value: The field cannot be left blank");
    input = input_of("r", "user.department", targets);
    expect_refused(tx, &input,
                   "conditions.expression.value: position 1: a group rule must give true or false; this gives a text");
    input = input_of("r", "user.nothing == 1", targets);
    expect_refused(tx, &input,
                   "conditions.expression.value: position 1: user has no attribute nothing; add it to the schema, or "
                   "mend the name (letter case counts)");
    input = input_of("r", "user.getInternalProperty(\"lastUpdated\") != null", targets);
    expect_refused(
        tx, &input,
        "conditions.expression.value: lastUpdated changes with everything; a group rule cannot depend on it");
    input = input_of("r", "isMemberOfGroup(\"00gnone\")", targets);
    expect_refused(tx, &input, "conditions.expression.value: There is no group with the id 00gnone");
    struct expr_error error; /* the check says the same */
    assert_int_equal(rule_check_expression(tx, input.expression, &error), ERR_SYNTAX);
    assert_string_equal(error.text, "There is no group with the id 00gnone");
    assert_int_equal(error.position, 0);
    const char *itself = arena_printf(tx_arena(tx), "isMemberOfGroup(\"%s\")", group.id);
    assert_int_equal(rule_check_expression(tx, itself, &error), 0);
    input = input_of("r", itself, targets);
    expect_refused(tx, &input,
                   arena_printf(tx_arena(tx),
                                "conditions.expression.value: The condition asks for members of %s, which the rule "
                                "itself fills; use another group",
                                group.id));
    input = input_of("r", good, none);
    expect_refused(tx, &input, "actions.assignUserToGroups.groupIds: Name one group at least");
    input = input_of("r", good, gone);
    expect_refused(tx, &input, "actions.assignUserToGroups.groupIds: There is no group with the id 00gnone");
    input = input_of("r", good, of_app);
    expect_refused(tx, &input,
                   arena_printf(tx_arena(tx),
                                "actions.assignUserToGroups.groupIds: The group %s is of type APP_GROUP; rules put "
                                "people into groups of type OKTA_GROUP only",
                                app_group.id));
    input = (struct rule_input){.name = "r", .expression = good, .targets = targets, .users = many};
    expect_refused(tx, &input, "conditions.people.users.exclude: There are 101; at most 100 are possible");
    input.users = gone;
    expect_refused(tx, &input, "conditions.people.users.exclude: There is no user with the id 00gnone");
    struct rule rule = make_rule(tx, "Sales people", good, &group);
    assert_int_equal(rule.status, RULE_INACTIVE);
    input = input_of("SALES people", good, targets);
    expect_refused(tx, &input, "name: An object with this field already exists in the current organization");
    return 0;
}

static void test_what_is_refused(void **state)
{
    step(state, refusals, NULL);
}

static int changes_of_a_rule(struct tx *tx, void *arg)
{
    (void)arg;
    struct problem problem;
    struct group group = make_group(tx, "A");
    struct group other = make_group(tx, "B");
    struct jval *targets CLEANUP(jval_freep) = ids(group.id, 1);
    struct jval *others CLEANUP(jval_freep) = ids(other.id, 1);
    struct rule rule = make_active(tx, "r", "true", &group);
    struct rule_input input = input_of("s", "false", targets);
    assert_int_equal(rule_replace(tx, &rule, &input, &problem), ERR_PROBLEM);
    assert_string_equal(problem.causes[0], "status: The rule is ACTIVE; deactivate it first");
    assert_int_equal(rule_deactivate(tx, &rule), 0);
    input.targets = others;
    assert_int_equal(rule_replace(tx, &rule, &input, &problem), ERR_PROBLEM);
    assert_string_equal(problem.causes[0],
                        "actions.assignUserToGroups.groupIds: The groups of a rule cannot be changed;"
                        " make another rule");
    input.targets = targets;
    assert_int_equal(rule_replace(tx, &rule, &input, &problem), 0);
    struct rule now = rule_of(tx, &rule);
    assert_string_equal(now.name, "s");
    assert_string_equal(now.expression, "false");
    return 0;
}

static void test_changing_a_rule(void **state)
{
    step(state, changes_of_a_rule, NULL);
}

/* --- who is put where ----------------------------------------------------------------------------------------------
 */

static int sales_rule(struct tx *tx, void *arg)
{
    struct group group = make_group(tx, "Sales");
    (void)fixture_person(tx, "ada", true);
    *(struct rule *)arg = make_active(tx, "r", "user.department == \"Sales\"", &group);
    struct rule *rule = arg;
    rule->id = mem_strdup(rule->id); /* beyond the transaction */
    return 0;
}

static int ada_sells(struct tx *tx, void *arg)
{
    (void)arg;
    set_profile(tx, "ada", "{\"department\":\"Sales\"}");
    return 0;
}

static int ada_builds(struct tx *tx, void *arg)
{
    (void)arg;
    set_profile(tx, "ada", "{\"department\":\"Engineering\"}");
    return 0;
}

static int expect_in(struct tx *tx, void *arg)
{
    assert_true(is_member(tx, arg, "ada"));
    return 0;
}

static int expect_out(struct tx *tx, void *arg)
{
    assert_false(is_member(tx, arg, "ada"));
    return 0;
}

static int add_by_hand(struct tx *tx, void *arg)
{
    struct problem problem;
    struct user user;
    struct group group;
    assert_int_equal(user_by_login(tx, "ada@example.com", &user), 0);
    assert_int_equal(group_by_name(tx, arg, &group), 0);
    int r = member_add(tx, &group, &user, &problem);
    return r < 0 ? r : 0;
}

static int remove_by_hand(struct tx *tx, void *arg)
{
    struct problem problem;
    struct user user;
    struct group group;
    assert_int_equal(user_by_login(tx, "ada@example.com", &user), 0);
    assert_int_equal(group_by_name(tx, arg, &group), 0);
    assert_int_equal(member_remove(tx, &group, &user, &problem), 1);
    return 0;
}

static void test_profiles_decide(void **state)
{
    struct rule rule;
    step(state, sales_rule, &rule);
    step(state, expect_out, "Sales");
    fixture_forget();
    step(state, ada_sells, NULL);
    step(state, expect_in, "Sales");
    assert_int_equal(fixture_changes(CHANGE_MEMBER_ADDED), 1);
    step(state, ada_builds, NULL);
    step(state, expect_out, "Sales");
    assert_int_equal(fixture_changes(CHANGE_MEMBER_REMOVED), 1);
    free((void *)(uintptr_t)rule.id);
}

static void test_a_rule_takes_only_what_it_gave(void **state)
{
    struct rule rule;
    step(state, sales_rule, &rule);
    step(state, ada_sells, NULL);
    step(state, add_by_hand, "Sales"); /* another reason */
    fixture_forget();
    step(state, ada_builds, NULL);
    step(state, expect_in, "Sales");
    assert_int_equal(fixture_changes(CHANGE_MEMBER_REMOVED), 0);
    free((void *)(uintptr_t)rule.id);
}

static int second_rule(struct tx *tx, void *arg)
{
    struct group group;
    (void)arg;
    assert_int_equal(group_by_name(tx, "Sales", &group), 0);
    (void)make_active(tx, "second", "String.startsWith(user.department, \"S\") OR user.title == \"Rep\"", &group);
    return 0;
}

static int ada_is_rep(struct tx *tx, void *arg)
{
    (void)arg;
    set_profile(tx, "ada", "{\"title\":\"Rep\"}");
    return 0;
}

static void test_two_rules_are_two_reasons(void **state)
{
    struct rule rule;
    step(state, sales_rule, &rule);
    step(state, second_rule, NULL);
    step(state, ada_is_rep, NULL);
    step(state, ada_sells, NULL);
    fixture_forget();
    step(state, ada_builds, NULL); /* the first ends, the second goes on */
    step(state, expect_in, "Sales");
    assert_int_equal(fixture_changes(CHANGE_MEMBER_REMOVED), 0);
    free((void *)(uintptr_t)rule.id);
}

static int ada_is_excluded(struct tx *tx, void *arg)
{
    struct rule now = rule_of(tx, arg);
    struct user user;
    assert_int_equal(user_by_login(tx, "ada@example.com", &user), 0);
    assert_int_equal(now.user_count, 1);
    assert_string_equal(now.users[0], user.id);
    return 0;
}

static void test_removing_by_hand_excludes(void **state)
{
    struct rule rule;
    step(state, sales_rule, &rule);
    step(state, ada_sells, NULL);
    step(state, remove_by_hand, "Sales");
    step(state, expect_out, "Sales");
    step(state, ada_is_excluded, &rule);
    step(state, ada_builds, NULL);
    step(state, ada_sells, NULL);
    step(state, expect_out, "Sales");
    free((void *)(uintptr_t)rule.id);
}

static int fill_the_list(struct tx *tx, void *arg)
{
    struct problem problem;
    struct rule rule = rule_of(tx, arg);
    assert_int_equal(rule_deactivate(tx, &rule), 0);
    struct jval *users CLEANUP(jval_freep) = jval_new_array();
    struct jval *targets CLEANUP(jval_freep) = ids(rule.targets[0].id, 1);
    for (int i = 0; i < LIMIT_RULE_EXCLUDED; i++)
        jval_append(users, jval_new_str(fixture_person(tx, arena_printf(tx_arena(tx), "p%04d", i), true).id));
    const struct rule_input input = {.name = "r", .expression = rule.expression, .users = users, .targets = targets};
    assert_int_equal(rule_replace(tx, &rule, &input, &problem), 0);
    return rule_activate(tx, &rule, &problem);
}

static int full_list_refuses(struct tx *tx, void *arg)
{
    (void)arg;
    struct problem problem;
    struct user user;
    struct group group;
    assert_int_equal(user_by_login(tx, "ada@example.com", &user), 0);
    assert_int_equal(group_by_name(tx, "Sales", &group), 0);
    assert_int_equal(member_remove(tx, &group, &user, &problem), ERR_PROBLEM);
    assert_string_equal(problem.causes[0],
                        "userId: The rule \"r\" gives this membership and excludes 100 people already, which is the "
                        "most; deactivate the rule and shorten its list, or change its condition");
    return 0;
}

static void test_a_full_list_of_exclusions_refuses(void **state)
{
    struct rule rule;
    step(state, sales_rule, &rule);
    step(state, fill_the_list, &rule);
    step(state, ada_sells, NULL);
    step(state, full_list_refuses, NULL);
    step(state, expect_in, "Sales");
    free((void *)(uintptr_t)rule.id);
}

static int people_come_and_go(struct tx *tx, void *arg)
{
    (void)arg;
    struct problem problem;
    struct user user;
    const char *profile = "{\"login\":\"new@example.com\",\"email\":\"new@example.com\",\"firstName\":\"N\","
                          "\"lastName\":\"N\",\"department\":\"Sales\"}";
    assert_int_equal(fixture_user(tx, profile, NULL, true, &user, &problem), 0);
    return 0;
}

static int deactivate(struct tx *tx, void *arg)
{
    struct problem problem;
    struct user user;
    assert_int_equal(user_by_login(tx, "new@example.com", &user), 0);
    return user_transition(tx, &user, *(enum user_transition *)arg, &problem);
}

static int new_is(struct tx *tx, void *arg)
{
    assert_int_equal(is_member(tx, "Sales", "new"), *(bool *)arg);
    return 0;
}

static int rule_off(struct tx *tx, void *arg)
{
    struct rule rule = rule_of(tx, arg);
    return rule_deactivate(tx, &rule);
}

static int rule_on(struct tx *tx, void *arg)
{
    struct problem problem;
    struct rule rule = rule_of(tx, arg);
    return rule_activate(tx, &rule, &problem);
}

static void test_new_and_returning_people(void **state)
{
    struct rule rule;
    bool yes = true;
    enum user_transition off = USER_DEACTIVATE;
    enum user_transition on = USER_ACTIVATE;
    step(state, sales_rule, &rule);
    step(state, people_come_and_go, NULL);
    step(state, new_is, &yes);
    step(state, deactivate, &off);
    step(state, new_is, &yes); /* left as they are */
    step(state, rule_off, &rule);
    step(state, deactivate, &on);
    step(state, new_is, &yes);
    step(state, deactivate, &off);
    step(state, second_rule, NULL); /* made while the person is away */
    fixture_forget();
    step(state, deactivate, &on);
    step(state, rule_on, &rule);
    step(state, new_is, &yes);
    assert_int_equal(fixture_changes(CHANGE_RULE_ACTIVATED), 1);
    free((void *)(uintptr_t)rule.id);
}

/* --- groups that rules read ----------------------------------------------------------------------------------------
 */

static int chain_of_rules(struct tx *tx, void *arg)
{
    (void)arg;
    struct group first = make_group(tx, "First");
    struct group second = make_group(tx, "Second");
    struct group third = make_group(tx, "Third");
    (void)fixture_person(tx, "ada", true);
    (void)make_active(tx, "one", "user.department == \"Sales\"", &first);
    (void)make_active(tx, "two", arena_printf(tx_arena(tx), "isMemberOfGroup(\"%s\")", first.id), &second);
    (void)make_active(tx, "three", "isMemberOfGroupNameStartsWith(\"Seco\")", &third);
    return 0;
}

static void test_rules_cause_rules(void **state)
{
    step(state, chain_of_rules, NULL);
    step(state, ada_sells, NULL);
    step(state, expect_in, "Third");
    step(state, ada_builds, NULL);
    step(state, expect_out, "Second");
    step(state, expect_out, "Third");
}

static int contradiction(struct tx *tx, void *arg)
{
    (void)arg;
    struct group group = make_group(tx, "Odd");
    (void)make_group(tx, "Other");
    (void)fixture_person(tx, "ada", true);
    (void)make_active(tx, "odd", "!isMemberOfGroupName(\"Odd\")", &group);
    return 0;
}

static int count_errors(struct tx *tx, void *arg)
{
    struct buf text;
    struct jout out;
    int64_t last = 0;
    buf_init(&text, 1 << 22);
    jout_init(&out, &text);
    jout_array(&out, NULL);
    assert_true(record_events_write(tx, &out, 0, 1000, &last) > 0);
    jout_end(&out);
    int *count = arg;
    *count = 0;
    for (const char *at = buf_text(&text); (at = strstr(at, "\"eventType\":\"group.user_membership.rule.error")); at++)
        (*count)++;
    buf_free(&text);
    return 0;
}

static void test_a_contradiction_ends(void **state)
{
    int errors = 0;
    step(state, contradiction, NULL);
    fixture_forget();
    step(state, add_by_hand, "Other");
    assert_int_equal(fixture_changes(CHANGE_MEMBER_ADDED) + fixture_changes(CHANGE_MEMBER_REMOVED),
                     1 + LIMIT_RULE_CHAIN);
    step(state, count_errors, &errors);
    assert_int_equal(errors, 2); /* once when ada was made, once now */
}

static int rename_first(struct tx *tx, void *arg)
{
    struct group group;
    struct problem problem;
    (void)arg;
    struct jval *profile CLEANUP(jval_freep) = fixture_json("{\"name\":\"Seconds\"}");
    assert_int_equal(group_by_name(tx, "First", &group), 0);
    return group_update(tx, &group, profile, &problem);
}

static int look_at_renamed(struct tx *tx, void *arg)
{
    (void)arg;
    int64_t cursor = 0;
    for (size_t i = 0; i < fixture_seen_count; i++)
        if (fixture_seen[i].kind == CHANGE_RULES_OF_GROUP)
            return rules_of_group_chunk(tx, fixture_seen[i].subject, &cursor);
    fail_msg("nobody asks that its members be looked at");
    return 0;
}

static int only_names(struct tx *tx, void *arg)
{
    (void)arg;
    (void)make_group(tx, "First");
    struct group third = make_group(tx, "Third");
    (void)fixture_person(tx, "ada", true);
    (void)make_active(tx, "three", "isMemberOfGroupNameStartsWith(\"Seco\")", &third);
    return 0;
}

static void test_a_renamed_group_is_another(void **state)
{
    step(state, only_names, NULL);
    step(state, add_by_hand, "First");
    step(state, expect_out, "Third");
    fixture_forget();
    step(state, rename_first, NULL);
    step(state, look_at_renamed, NULL);
    step(state, expect_in, "Third");
}

static int exclude_members(struct tx *tx, void *arg)
{
    (void)arg;
    struct problem problem;
    struct rule rule;
    struct group group = make_group(tx, "Sales");
    struct group left_out = make_group(tx, "Contractors");
    (void)fixture_person(tx, "ada", true);
    struct jval *targets CLEANUP(jval_freep) = ids(group.id, 1);
    struct jval *groups CLEANUP(jval_freep) = ids(left_out.id, 1);
    const struct rule_input input = {
        .name = "r", .expression = "user.department == \"Sales\"", .targets = targets, .groups = groups};
    assert_int_equal(rule_create(tx, &input, &rule, &problem), 0);
    return rule_activate(tx, &rule, &problem);
}

static void test_members_of_a_group_are_left_out(void **state)
{
    step(state, exclude_members, NULL);
    step(state, ada_sells, NULL);
    step(state, expect_in, "Sales");
    step(state, add_by_hand, "Contractors");
    step(state, expect_out, "Sales");
    step(state, remove_by_hand, "Contractors");
    step(state, expect_in, "Sales");
}

static int delete_sales(struct tx *tx, void *arg)
{
    struct problem problem;
    struct group group;
    (void)arg;
    assert_int_equal(group_by_name(tx, "Sales", &group), 0);
    return group_delete(tx, &group, &problem);
}

static int is_invalid(struct tx *tx, void *arg)
{
    struct problem problem;
    struct rule now = rule_of(tx, arg);
    assert_int_equal(now.status, RULE_INVALID);
    assert_int_equal(rule_activate(tx, &now, &problem), ERR_PROBLEM);
    assert_non_null(strstr(problem.causes[0], "There is no group with the id"));
    return 0;
}

static void test_invalid_without_its_group(void **state)
{
    struct rule rule;
    step(state, sales_rule, &rule);
    step(state, delete_sales, NULL);
    step(state, is_invalid, &rule);
    step(state, ada_sells, NULL); /* and harms nothing */
    free((void *)(uintptr_t)rule.id);
}

/* --- in chunks -----------------------------------------------------------------------------------------------------
 */

static int many_people(struct tx *tx, void *arg)
{
    (void)arg;
    (void)make_group(tx, "Sales");
    for (int i = 0; i < PEOPLE_OF_TEST; i++) {
        (void)fixture_person(tx, arena_printf(tx_arena(tx), "p%04d", i), true);
        if (i % 2 == 0)
            set_profile(tx, arena_printf(tx_arena(tx), "p%04d", i), "{\"department\":\"Sales\"}");
    }
    return 0;
}

/* In a job after the one that made the people, who would else be looked at as they are made. */
static int rule_over_many(struct tx *tx, void *arg)
{
    struct group group;
    struct rule *rule = arg;
    assert_int_equal(group_by_name(tx, "Sales", &group), 0);
    *rule = make_active(tx, "r", "user.department == \"Sales\"", &group);
    rule->id = mem_strdup(rule->id);
    return 0;
}

struct walk {
    struct rule *rule;
    int64_t cursor;
    int more;
};

static int chunk(struct tx *tx, void *arg)
{
    struct walk *walk = arg;
    walk->more = rule_chunk(tx, walk->rule->rid, &walk->cursor);
    return walk->more;
}

static int purge(struct tx *tx, void *arg)
{
    struct walk *walk = arg;
    walk->more = rule_purge_chunk(tx, walk->rule->rid);
    return walk->more;
}

/* Runs chunks to the end; how many there were. No chunk changes more than it may. */
static int walk(void **state, tx_fn run, struct walk *w)
{
    int chunks = 0;
    do {
        fixture_forget();
        assert_true(fixture_write(*state, run, w) >= 0);
        assert_in_range(fixture_changes(CHANGE_MEMBER_ADDED) + fixture_changes(CHANGE_MEMBER_REMOVED), 0,
                        LIMIT_RULE_WRITES);
        chunks++;
    } while (w->more);
    return chunks;
}

static int members_are(struct tx *tx, void *arg)
{
    struct group group;
    assert_int_equal(group_by_name(tx, "Sales", &group), 0);
    assert_int_equal(group_member_count(tx, group.rid), *(int *)arg);
    return 0;
}

static int delete_rule(struct tx *tx, void *arg)
{
    struct walk *walk = arg;
    struct rule rule = rule_of(tx, walk->rule);
    return rule_delete(tx, &rule, walk->cursor != 0);
}

static int rule_is_gone(struct tx *tx, void *arg)
{
    struct rule *rule = arg;
    struct rule now;
    assert_int_equal(rule_by_id(tx, rule->id, &now), ERR_NOT_FOUND);
    return 0;
}

static void test_activation_goes_in_chunks(void **state)
{
    struct rule rule;
    int half = PEOPLE_OF_TEST / 2;
    step(state, many_people, NULL);
    step(state, rule_over_many, &rule);
    step(state, members_are, &(int){0});
    struct walk w = {.rule = &rule};
    assert_int_equal(walk(state, chunk, &w), 2);
    step(state, members_are, &half);
    w = (struct walk){.rule = &rule};
    assert_int_equal(walk(state, chunk, &w), 2); /* looked at again, nothing is different */
    assert_int_equal(fixture_changes(CHANGE_MEMBER_ADDED), 0);
    /* deleted without its people: they stay, and are nobody's but their own */
    w = (struct walk){.rule = &rule};
    step(state, delete_rule, &w);
    step(state, rule_is_gone, &rule);
    assert_int_equal(walk(state, purge, &w), 2);
    step(state, members_are, &half);
    free((void *)(uintptr_t)rule.id);
}

static void test_a_rule_goes_with_its_people(void **state)
{
    struct rule rule;
    int none = 0;
    step(state, many_people, NULL);
    step(state, rule_over_many, &rule);
    step(state, members_are, &(int){0});
    struct walk w = {.rule = &rule};
    (void)walk(state, chunk, &w);
    w = (struct walk){.rule = &rule, .cursor = 1};
    step(state, delete_rule, &w);
    assert_int_equal(walk(state, purge, &w), 2);
    step(state, members_are, &none);
    free((void *)(uintptr_t)rule.id);
}

static int very_many_groups(struct tx *tx, void *arg)
{
    (void)arg;
    (void)fixture_person(tx, "ada", true);
    for (int i = 0; i < 3; i++) {
        struct jval *targets CLEANUP(jval_freep) = jval_new_array();
        for (int k = 0; k < LIMIT_RULE_GROUPS; k++)
            jval_append(targets, jval_new_str(make_group(tx, arena_printf(tx_arena(tx), "G%d-%d", i, k)).id));
        struct rule rule;
        struct problem problem;
        const struct rule_input input =
            input_of(arena_printf(tx_arena(tx), "r%d", i), "user.department == \"Sales\"", targets);
        assert_int_equal(rule_create(tx, &input, &rule, &problem), 0);
        assert_int_equal(rule_activate(tx, &rule, &problem), 0);
    }
    return 0;
}

static int rest_of_user(struct tx *tx, void *arg)
{
    int64_t *cursor = arg;
    for (size_t i = 0; i < fixture_seen_count; i++)
        if (fixture_seen[i].kind == CHANGE_RULES_OF_USER)
            return rules_of_user_chunk(tx, fixture_seen[i].subject, cursor);
    fail_msg("nobody asks for the rest");
    return 0;
}

static void test_a_person_of_very_many_groups(void **state)
{
    int64_t cursor = 0;
    step(state, very_many_groups, NULL);
    fixture_forget();
    step(state, ada_sells, NULL);
    assert_int_equal(fixture_changes(CHANGE_MEMBER_ADDED), LIMIT_RULE_WRITES);
    assert_int_equal(fixture_write(*state, rest_of_user, &cursor), 0);
    assert_int_equal(fixture_changes(CHANGE_MEMBER_ADDED), 3 * LIMIT_RULE_GROUPS);
}

/* --- what it costs -------------------------------------------------------------------------------------------------
 */

static int two_hundred_rules(struct tx *tx, void *arg)
{
    (void)arg;
    struct group group = make_group(tx, "Sales");
    for (int i = 0; i < 200; i++) {
        const char *name = arena_printf(tx_arena(tx), "r%d", i);
        const char *attribute = i % 4 == 0 ? "department" : i % 4 == 1 ? "city" : i % 4 == 2 ? "title" : "division";
        (void)make_active(tx, name, arena_printf(tx_arena(tx), "user.%s == \"x%d\"", attribute, i), &group);
    }
    return 0;
}

static int ada_becomes(struct tx *tx, void *arg)
{
    set_profile(tx, "ada", arg);
    return 0;
}

static int only_ada(struct tx *tx, void *arg)
{
    (void)arg;
    (void)fixture_person(tx, "ada", true);
    return 0;
}

static int64_t statements(void **state)
{
    struct fixture *f = *state;
    struct store_stats stats;
    store_stats(f->store, &stats);
    return stats.statements;
}

/* The statements of one profile change. */
static int64_t cost(void **state, const char *profile)
{
    int64_t before = statements(state);
    step(state, ada_becomes, profile);
    return statements(state) - before;
}

/* Of 200 rules, 50 read the department: nothing is looked up or evaluated for the others. */
static void test_a_profile_change_costs_what_reads_it(void **state)
{
    step(state, only_ada, NULL);
    (void)cost(state, "{\"nickName\":\"A\",\"department\":\"A\"}"); /* frames and the like are prepared */
    int64_t without = cost(state, "{\"nickName\":\"B\"}");
    step(state, two_hundred_rules, NULL);
    /* the schema, and the rules with that key: none */
    assert_int_equal(cost(state, "{\"nickName\":\"C\"}"), without + 2);
    /* 50 rules are evaluated: once more what rules give to the person, whatever their number */
    assert_int_equal(cost(state, "{\"department\":\"B\"}"), without + 3);
    /* two attributes that changed are two look-ups */
    assert_int_equal(cost(state, "{\"department\":\"C\",\"city\":\"C\"}"), without + 4);
    /* one of them matches: the group, the membership, the grant, the event and the forgotten names of its person */
    assert_int_equal(cost(state, "{\"department\":\"x0\"}"), without + 3 + 5 + MEMBER_REACTION);
    /* and another instead: each reads its group; the membership stays, one grant comes and one goes */
    fixture_forget();
    assert_int_equal(cost(state, "{\"department\":\"x4\"}"), without + 3 + 3 + 3);
    assert_int_equal(fixture_changes(CHANGE_MEMBER_ADDED) + fixture_changes(CHANGE_MEMBER_REMOVED), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_refused, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_changing_a_rule, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_profiles_decide, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_rule_takes_only_what_it_gave, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_two_rules_are_two_reasons, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_removing_by_hand_excludes, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_full_list_of_exclusions_refuses, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_new_and_returning_people, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_rules_cause_rules, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_contradiction_ends, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_renamed_group_is_another, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_members_of_a_group_are_left_out, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_invalid_without_its_group, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_activation_goes_in_chunks, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_rule_goes_with_its_people, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_person_of_very_many_groups, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_profile_change_costs_what_reads_it, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
