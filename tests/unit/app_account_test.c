/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets an account, who loses it, and what work that is: by person, by group, through the life of a person. */
#include "app_fixture.h"

static void what_is_wanted_of_each_status_and_scope(UNUSED void **state)
{
    static const struct {
        enum user_status status;
        enum account_wanted assigned;
    } table[] = {
        {USER_STAGED, WANT_INACTIVE},   {USER_PROVISIONED, WANT_ACTIVE},      {USER_ACTIVE, WANT_ACTIVE},
        {USER_RECOVERY, WANT_ACTIVE},   {USER_PASSWORD_EXPIRED, WANT_ACTIVE}, {USER_LOCKED_OUT, WANT_ACTIVE},
        {USER_SUSPENDED, WANT_NOTHING}, {USER_DEPROVISIONED, WANT_INACTIVE},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        assert_int_equal(account_wanted(SCOPE_USER, table[i].status, false), table[i].assigned);
        assert_int_equal(account_wanted(SCOPE_GROUP, table[i].status, false), table[i].assigned);
        assert_int_equal(account_wanted(SCOPE_NONE, table[i].status, false), WANT_INACTIVE);
        assert_int_equal(account_wanted(SCOPE_USER, table[i].status, true), WANT_INACTIVE);
    }
}

static void assigning_a_person_asks_for_an_account(void **state)
{
    struct fixture *f = *state;
    int64_t user = fx_user(f, "ada", true);
    int64_t app = fx_app(f, "App", "cud");
    fx_assign(f, app, user);
    struct account a = fx_account(f, app, user);
    assert_int_equal(a.scope, SCOPE_USER);
    assert_true(a.activation_owed);
    assert_string_equal(a.user_name, "ada@example.com");
    assert_int_equal(a.leave_since, 0);
    assert_int_equal(fx_class(f, app, user), WORK_FRESH);
    assert_int_equal(fx_events(f, "application.user_membership.add"), 1);
    fx_ack(f, app, user);
    a = fx_account(f, app, user);
    assert_false(a.activation_owed);
    assert_int_equal(a.known, KNOWN_ACTIVE);
    assert_int_equal(fx_class(f, app, user), -1);
    fx_assign(f, app, user); /* again: nothing to do */
    assert_int_equal(fx_class(f, app, user), -1);
}

static void a_person_who_is_not_active_is_refused(void **state)
{
    struct fixture *f = *state;
    int64_t user = fx_user(f, "ada", true);
    int64_t app = fx_app(f, "App", "cud");
    fx_transition(f, user, USER_DEACTIVATE);
    struct step s = {.app = app, .user = user};
    assert_int_equal(fx_try(f, fx_assign_run, &s), ERR_PROBLEM);
    assert_int_equal(s.problem.code, E0000117);
    assert_int_equal(fx_account(f, app, user).rid, 0);
}

static void with_the_switches_off_there_is_no_work(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "");
    int64_t group = fx_group(f, "G");
    int64_t user = fx_user(f, "ada", true);
    int64_t other = fx_user(f, "bob", true);
    fx_join(f, group, user);
    fx_give(f, app, group, -1, NULL);
    fx_assign(f, app, other);
    assert_int_equal(fx_account(f, app, user).scope, SCOPE_GROUP);
    assert_int_equal(fx_class(f, app, user), -1);
    assert_int_equal(fx_class(f, app, other), -1);
    assert_string_equal(account_status_name(&(struct account){.scope = SCOPE_USER}, USER_ACTIVE, false), "ACTIVE");
    fx_profile(f, user, "{\"title\":\"Countess\"}");
    fx_unassign(f, app, other);
    assert_int_equal(fx_class(f, app, user), -1);
    assert_int_equal(fx_class(f, app, other), -1);
    fx_switch(f, app, "cud"); /* acts on what happens from now on */
    fx_expand(f);
    assert_int_equal(fx_class(f, app, user), -1);
    fx_profile(f, user, "{\"title\":\"Lady\"}");
    assert_int_equal(fx_class(f, app, user), -1);
    int64_t second = fx_group(f, "H");
    fx_join(f, second, user);
    fx_give(f, app, second, -1, NULL); /* had the app already */
    assert_int_equal(fx_class(f, app, user), -1);
    int64_t late = fx_user(f, "eve", true);
    fx_join(f, group, late);
    assert_int_equal(fx_class(f, app, late), WORK_FRESH);
}

static void leaving_is_urgent_and_coming_back_keeps_the_id(void **state)
{
    struct fixture *f = *state;
    int64_t user = fx_user(f, "ada", true);
    int64_t app = fx_app(f, "App", "cud");
    fx_assign(f, app, user);
    fx_ack(f, app, user);
    f->now += 5000;
    fx_unassign(f, app, user);
    struct account gone = fx_account(f, app, user);
    assert_int_equal(gone.scope, SCOPE_NONE);
    assert_int_equal(gone.leave_since, f->now);
    assert_int_equal(fx_class(f, app, user), WORK_URGENT);
    assert_int_equal(fx_events(f, "application.user_membership.remove"), 1);
    fx_ack(f, app, user);
    assert_int_equal(fx_account(f, app, user).known, KNOWN_INACTIVE);
    fx_assign(f, app, user);
    struct account back = fx_account(f, app, user);
    assert_int_equal(back.rid, gone.rid);
    assert_string_equal(back.external_id, gone.external_id);
    assert_int_equal(back.leave_since, 0);
    assert_true(back.activation_owed);
    fx_ack(f, app, user);
    assert_int_equal(fx_account(f, app, user).known, KNOWN_ACTIVE);
    assert_int_equal(fx_events(f, "application.provision.user.deactivate"), 1);
    assert_int_equal(fx_events(f, "application.provision.user.reactivate"), 1);
}

static void coming_back_before_the_deactivation_was_answered_owes_an_activation(void **state)
{
    struct fixture *f = *state;
    int64_t user = fx_user(f, "ada", true);
    int64_t app = fx_app(f, "App", "cud");
    fx_assign(f, app, user);
    fx_ack(f, app, user);
    fx_unassign(f, app, user);
    fx_assign(f, app, user);
    assert_true(fx_account(f, app, user).activation_owed);
    assert_int_equal(fx_class(f, app, user), WORK_URGENT); /* the more urgent of the two causes */
    fx_ack(f, app, user);
    fx_switch(f, app, "c"); /* without `deactivate` nothing is on its way */
    fx_unassign(f, app, user);
    fx_assign(f, app, user);
    assert_false(fx_account(f, app, user).activation_owed);
    assert_int_equal(fx_class(f, app, user), -1);
}

static void leaving_while_the_creation_is_on_its_way_is_looked_at_again(void **state)
{
    struct fixture *f = *state;
    int64_t user = fx_user(f, "ada", true);
    int64_t app = fx_app(f, "App", "cud");
    fx_assign(f, app, user);
    struct work sent;
    assert_true(fx_find(f, app, WORK_ACCOUNT, fx_account(f, app, user).rid, &sent));
    fx_unassign(f, app, user);
    struct work now;
    assert_true(fx_find(f, app, WORK_ACCOUNT, fx_account(f, app, user).rid, &now));
    assert_true(now.version > sent.version);
    assert_int_equal(now.class, WORK_URGENT);
    assert_false(fx_account(f, app, user).activation_owed);
}

static void a_group_gives_and_takes(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t one = fx_group(f, "One");
    int64_t two = fx_group(f, "Two");
    int64_t ada = fx_user(f, "ada", true);
    int64_t bob = fx_user(f, "bob", true);
    fx_join(f, one, ada);
    fx_join(f, one, bob);
    fx_join(f, two, bob);
    assert_int_equal(fx_give(f, app, one, -1, NULL), 0);
    assert_int_equal(fx_give(f, app, two, -1, NULL), 1);
    assert_int_equal(fx_account(f, app, ada).scope, SCOPE_GROUP);
    assert_int_equal(fx_account(f, app, bob).via_group_rid, one);
    assert_int_equal(fx_class(f, app, ada), WORK_FRESH);
    fx_ack(f, app, ada);
    fx_ack(f, app, bob);
    fx_take(f, app, one);
    assert_int_equal(fx_account(f, app, ada).scope, SCOPE_NONE);
    assert_int_equal(fx_class(f, app, ada), WORK_URGENT);
    assert_int_equal(fx_account(f, app, bob).via_group_rid, two);
    assert_int_equal(fx_class(f, app, bob), -1);
    fx_leave(f, two, bob);
    assert_int_equal(fx_account(f, app, bob).scope, SCOPE_NONE);
    assert_int_equal(fx_class(f, app, bob), WORK_URGENT);
    assert_int_equal(fx_events(f, "group.application_assignment.add"), 2);
    assert_int_equal(fx_events(f, "group.application_assignment.remove"), 1);
}

static void individual_falls_back_to_group(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t group = fx_group(f, "One");
    int64_t ada = fx_user(f, "ada", true);
    fx_join(f, group, ada);
    fx_give(f, app, group, -1, NULL);
    fx_ack(f, app, ada);
    struct step refused = {.app = app, .user = ada};
    assert_int_equal(fx_try(f, fx_unassign_run, &refused), ERR_PROBLEM);
    assert_int_equal(refused.problem.code, E0000046);
    assert_non_null(strstr(refused.problem.causes[0], "One"));
    fx_assign(f, app, ada);
    assert_int_equal(fx_account(f, app, ada).scope, SCOPE_USER);
    fx_unassign(f, app, ada);
    assert_int_equal(fx_account(f, app, ada).scope, SCOPE_GROUP);
    assert_int_equal(fx_class(f, app, ada), -1);
}

static void big_groups_are_expanded_in_chunks(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t group = fx_group(f, "Big");
    int64_t users[150];
    for (size_t i = 0; i < ARRAY_LEN(users); i++) {
        char login[32];
        (void)snprintf(login, sizeof(login), "user%zu", i);
        users[i] = fx_user(f, login, true);
        fx_join(f, group, users[i]);
    }
    fx_give(f, app, group, -1, NULL);
    assert_int_equal(fx_account(f, app, users[0]).rid, 0);
    assert_int_equal(fx_expand(f), 1);
    for (size_t i = 0; i < ARRAY_LEN(users); i++) {
        assert_int_equal(fx_class(f, app, users[i]), WORK_BULK);
        fx_ack(f, app, users[i]);
    }
    fx_take(f, app, group);
    fx_leave(f, group, users[7]); /* between the fact and its expansion */
    assert_int_equal(fx_account(f, app, users[7]).scope, SCOPE_GROUP);
    assert_int_equal(fx_expand(f), 1);
    for (size_t i = 0; i < ARRAY_LEN(users); i++)
        assert_int_equal(fx_class(f, app, users[i]), WORK_URGENT);
}

static void a_person_through_life(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t group = fx_group(f, "One");
    int64_t ada = fx_user(f, "ada", false);
    int64_t bob = fx_user(f, "bob", true);
    fx_join(f, group, ada);
    fx_give(f, app, group, -1, NULL);
    fx_assign(f, app, bob);
    assert_int_equal(fx_account(f, app, ada).scope, SCOPE_GROUP); /* staged: assigned, nothing sent */
    assert_false(fx_account(f, app, ada).activation_owed);
    assert_int_equal(fx_class(f, app, ada), -1);
    fx_transition(f, ada, USER_ACTIVATE);
    assert_true(fx_account(f, app, ada).activation_owed);
    assert_int_equal(fx_class(f, app, ada), WORK_FRESH);
    fx_ack(f, app, ada);
    fx_ack(f, app, bob);
    const char *id = fx_account(f, app, ada).external_id;

    fx_transition(f, ada, USER_DEACTIVATE); /* C9292 */
    fx_transition(f, bob, USER_DEACTIVATE);
    assert_int_equal(fx_account(f, app, ada).scope, SCOPE_NONE);
    assert_int_equal(fx_account(f, app, bob).scope, SCOPE_NONE);
    assert_int_equal(fx_class(f, app, ada), WORK_URGENT);
    assert_int_equal(fx_class(f, app, bob), WORK_URGENT);
    assert_int_equal(fx_account(f, app, bob).leave_since, f->now);
    fx_ack(f, app, ada);
    fx_ack(f, app, bob);

    fx_transition(f, ada, USER_ACTIVATE); /* C9293 */
    fx_transition(f, bob, USER_ACTIVATE);
    assert_int_equal(fx_account(f, app, ada).scope, SCOPE_GROUP);
    assert_true(fx_account(f, app, ada).activation_owed);
    assert_string_equal(fx_account(f, app, ada).external_id, id);
    assert_int_equal(fx_class(f, app, ada), WORK_FRESH);
    assert_int_equal(fx_account(f, app, bob).scope, SCOPE_NONE);
    assert_int_equal(fx_class(f, app, bob), -1);
    fx_assign(f, app, bob);
    assert_int_equal(fx_class(f, app, bob), WORK_FRESH);
}

static int password_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct user user;
    int r = user_by_rid(tx, s->user, &user);
    return r < 0 ? r : user_set_password(tx, &user, "$argon2id$none", &s->problem);
}

static void suspending_sends_nothing_and_changes_nothing(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t ada = fx_user(f, "ada", true);
    fx_do(f, password_run, &(struct step){.user = ada});
    fx_assign(f, app, ada);
    fx_ack(f, app, ada);
    struct account before = fx_account(f, app, ada);
    fx_transition(f, ada, USER_SUSPEND); /* C9295 */
    struct account held = fx_account(f, app, ada);
    assert_int_equal(held.scope, before.scope);
    assert_int_equal(held.last_updated, before.last_updated);
    assert_int_equal(fx_class(f, app, ada), -1);
    fx_profile(f, ada, "{\"title\":\"Countess\"}");
    assert_int_equal(fx_class(f, app, ada), -1);
    fx_transition(f, ada, USER_UNSUSPEND); /* C9300: what changed meanwhile is looked at */
    assert_int_equal(fx_class(f, app, ada), WORK_FRESH);
    assert_false(fx_account(f, app, ada).activation_owed);
    fx_ack(f, app, ada);
    fx_transition(f, ada, USER_SUSPEND);
    fx_transition(f, ada, USER_UNSUSPEND);
    assert_int_equal(fx_class(f, app, ada), -1);
    fx_transition(f, ada, USER_SUSPEND);
    fx_unassign(f, app, ada); /* a fact of its own */
    assert_int_equal(fx_class(f, app, ada), WORK_URGENT);
}

static void assigned_while_suspended_waits_for_the_end_of_it(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t group = fx_group(f, "One");
    int64_t ada = fx_user(f, "ada", true);
    fx_do(f, password_run, &(struct step){.user = ada});
    fx_give(f, app, group, -1, NULL);
    fx_transition(f, ada, USER_SUSPEND);
    fx_join(f, group, ada);
    assert_int_equal(fx_account(f, app, ada).scope, SCOPE_GROUP);
    assert_int_equal(fx_class(f, app, ada), -1);
    fx_transition(f, ada, USER_UNSUSPEND);
    assert_int_equal(fx_class(f, app, ada), WORK_FRESH);
}

static void statuses_that_sign_in_differently_change_nothing(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t with = fx_user(f, "ada", true);
    int64_t without = fx_user(f, "bob", true); /* PROVISIONED: no password yet */
    fx_do(f, password_run, &(struct step){.user = with});
    fx_assign(f, app, with);
    fx_assign(f, app, without);
    assert_int_equal(fx_class(f, app, without), WORK_FRESH);
    fx_ack(f, app, with);
    fx_ack(f, app, without);
    fx_transition(f, with, USER_EXPIRE_PASSWORD);
    fx_transition(f, with, USER_RESET_PASSWORD);
    fx_do(f, password_run, &(struct step){.user = without});
    assert_int_equal(fx_class(f, app, with), -1);
    assert_int_equal(fx_class(f, app, without), -1);
}

static void a_profile_change_asks_for_an_update_if_it_matters(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t ada = fx_user(f, "ada", true);
    fx_assign(f, app, ada);
    fx_ack(f, app, ada);
    fx_profile(f, ada, "{\"title\":\"Countess\"}");
    assert_int_equal(fx_class(f, app, ada), WORK_FRESH);
    fx_ack(f, app, ada);
    assert_int_equal(fx_events(f, "application.provision.user.push_profile"), 1);
    fx_profile(f, ada, "{\"title\":\"Countess\"}");
    assert_int_equal(fx_class(f, app, ada), -1);
    fx_profile(f, ada, "{\"login\":\"lovelace@example.com\"}");
    assert_string_equal(fx_account(f, app, ada).user_name, "lovelace@example.com");
    assert_int_equal(fx_class(f, app, ada), WORK_FRESH);
    fx_ack(f, app, ada);
    fx_do(f, fx_edit_run, &(struct step){.app = app, .user = ada, .text = "own"});
    fx_ack(f, app, ada);
    fx_profile(f, ada, "{\"login\":\"ada@example.com\"}");
    assert_string_equal(fx_account(f, app, ada).user_name, "own");
    assert_int_equal(fx_class(f, app, ada), -1);
    fx_switch(f, app, "cd");
    fx_profile(f, ada, "{\"title\":\"Lady\"}");
    assert_int_equal(fx_class(f, app, ada), -1);
}

static void profiles_are_laid_over_each_other(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t one = fx_group(f, "One");
    int64_t two = fx_group(f, "Two");
    int64_t ada = fx_user(f, "ada", true);
    fx_profile(f, ada, "{\"title\":\"Countess\",\"city\":\"London\"}");
    fx_join(f, one, ada);
    fx_join(f, two, ada);
    fx_give(f, app, one, -1, "{\"department\":\"One\",\"title\":\"From one\"}");
    fx_give(f, app, two, -1, "{\"department\":\"Two\"}");
    assert_string_equal(fx_wanted(f, app, ada),
                        "{\"city\":\"London\",\"department\":\"One\",\"displayName\":\"First ada\",\"email\":"
                        "\"ada@example.org\",\"firstName\":\"First\",\"lastName\":\"ada\",\"title\":\"From one\","
                        "\"userName\":\"ada@example.com\"}");
    fx_ack(f, app, ada);
    fx_give(f, app, one, 5, NULL); /* now the second is better */
    assert_int_equal(fx_account(f, app, ada).via_group_rid, two);
    assert_non_null(strstr(fx_wanted(f, app, ada), "\"department\":\"Two\""));
    assert_non_null(strstr(fx_wanted(f, app, ada), "\"title\":\"Countess\""));
    assert_int_equal(fx_class(f, app, ada), WORK_FRESH);
    fx_ack(f, app, ada);
    fx_do(f, fx_edit_run, &(struct step){.app = app, .user = ada, .json = "{\"title\":null,\"city\":\"\"}"});
    assert_null(strstr(fx_wanted(f, app, ada), "title"));
    assert_null(strstr(fx_wanted(f, app, ada), "city"));
    assert_int_equal(fx_class(f, app, ada), WORK_FRESH);
    fx_do(f, fx_edit_run, &(struct step){.app = app, .user = ada, .json = "{\"displayName\":null}"});
    assert_null(strstr(fx_wanted(f, app, ada), "displayName"));
}

static int backlog_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct app app;
    struct app_backlog backlog;
    int r = app_by_rid(tx, s->app, &app);
    if (r == 0)
        r = app_backlog_count(tx, &app, &backlog);
    if (r < 0)
        return r;
    assert_true(backlog.complete);
    assert_int_equal(backlog.reactivate, s->number / 1000);
    assert_int_equal(backlog.create, s->number / 100 % 10);
    assert_int_equal(backlog.update, s->number / 10 % 10);
    assert_int_equal(backlog.deactivate, s->number % 10);
    return s->flag ? app_backlog_start(tx, &app) : 0;
}

static void the_backlog_is_counted_and_then_queued(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t leaves = fx_user(f, "ada", true);
    int64_t changes = fx_user(f, "bob", true);
    int64_t comes = fx_user(f, "eve", true);
    fx_assign(f, app, leaves);
    fx_assign(f, app, changes);
    fx_ack(f, app, leaves);
    fx_ack(f, app, changes);
    fx_switch(f, app, "");
    fx_unassign(f, app, leaves);
    fx_profile(f, changes, "{\"title\":\"x\"}");
    fx_assign(f, app, comes);
    fx_do(f, backlog_run, &(struct step){.app = app, .number = 0});
    fx_switch(f, app, "cud");
    fx_do(f, backlog_run, &(struct step){.app = app, .number = 111});
    assert_int_equal(fx_class(f, app, comes), -1);
    fx_do(f, backlog_run, &(struct step){.app = app, .number = 111, .flag = true});
    assert_int_equal(fx_expand(f), 1);
    assert_int_equal(fx_class(f, app, leaves), WORK_URGENT);
    assert_int_equal(fx_class(f, app, changes), WORK_BULK);
    assert_int_equal(fx_class(f, app, comes), WORK_BULK);
    assert_true(fx_account(f, app, comes).activation_owed);
    fx_do(f, backlog_run, &(struct step){.app = app, .number = 0}); /* what has work is not from before */
    fx_ack(f, app, leaves);
    fx_ack(f, app, changes);
    fx_ack(f, app, comes);
    fx_do(f, backlog_run, &(struct step){.app = app, .number = 0});
}

/* Work for a person who came back while the switch was off does not activate him: that is the backlog's. */
static void the_backlog_counts_an_activation_that_no_work_makes(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t ada = fx_user(f, "ada", true);
    fx_assign(f, app, ada);
    fx_ack(f, app, ada);
    fx_unassign(f, app, ada);
    fx_ack(f, app, ada);
    fx_switch(f, app, "");
    fx_assign(f, app, ada);
    assert_false(fx_account(f, app, ada).activation_owed);
    fx_switch(f, app, "cud");
    fx_profile(f, ada, "{\"title\":\"x\"}");
    assert_int_not_equal(fx_class(f, app, ada), -1);
    fx_do(f, backlog_run, &(struct step){.app = app, .number = 1000, .flag = true});
    assert_int_equal(fx_expand(f), 1);
    assert_true(fx_account(f, app, ada).activation_owed);
    fx_do(f, backlog_run, &(struct step){.app = app, .number = 0});
}

static void deleting_a_group_takes_what_it_gave(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t group = fx_group(f, "One");
    int64_t ada = fx_user(f, "ada", true);
    fx_join(f, group, ada);
    fx_give(f, app, group, -1, NULL);
    fx_ack(f, app, ada);
    fx_do(f, fx_delete_group_run, &(struct step){.group = group});
    assert_int_equal(fx_account(f, app, ada).scope, SCOPE_NONE);
    assert_int_equal(fx_class(f, app, ada), WORK_URGENT);
    assert_true(fx_expand(f) >= 1);
    assert_int_equal(fx_events(f, "group.application_assignment.remove"), 1);
}

static void deleting_a_person_keeps_the_apps_id_and_sends_nothing(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t other = fx_app(f, "Other", "");
    int64_t ada = fx_user(f, "ada", true);
    fx_assign(f, app, ada);
    fx_assign(f, other, ada);
    fx_ack(f, app, ada);
    fx_do(f, fx_delete_user_run, &(struct step){.user = ada}); /* deactivates */
    fx_ack(f, app, ada);
    fx_do(f, fx_delete_user_run, &(struct step){.user = ada});
    fx_expand(f);
    assert_non_null(fx_account(f, app, ada).external_id);
    assert_int_equal(fx_class(f, app, ada), -1);
    assert_int_equal(fx_account(f, other, ada).rid, 0);
}

static int forget_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct account account;
    int r = account_get(tx, s->app, s->user, &account);
    if (r == 0 && s->flag)
        r = account_set_disabled_there(tx, &account, true);
    else if (r == 0)
        r = account_forget_known(tx, &account);
    return r;
}

static void what_is_found_disabled_is_reported_and_never_activated_by_a_profile_change(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t ada = fx_user(f, "ada", true);
    fx_assign(f, app, ada);
    fx_ack(f, app, ada);
    fx_do(f, forget_run, &(struct step){.app = app, .user = ada, .flag = true});
    struct account account = fx_account(f, app, ada);
    assert_true(account.disabled_there);
    assert_string_equal(account_status_name(&account, USER_ACTIVE, true), "INACTIVE");
    fx_profile(f, ada, "{\"title\":\"x\"}");
    assert_false(fx_account(f, app, ada).activation_owed);
    fx_do(f, forget_run, &(struct step){.app = app, .user = ada});
    account = fx_account(f, app, ada);
    assert_null(account.external_id);
    assert_null(account.sent_profile);
    assert_int_equal(account.known, KNOWN_NOTHING);
}

static void published_names(UNUSED void **state)
{
    struct account a = {.scope = SCOPE_GROUP, .activation_owed = true};
    assert_string_equal(account_status_name(&a, USER_ACTIVE, true), "STAGED");
    assert_string_equal(account_sync_name(&a, &(struct work){0}, true), "SYNCING");
    assert_string_equal(account_sync_name(&a, &(struct work){.held = true}, true), "ERROR");
    assert_string_equal(account_sync_name(&a, NULL, false), "DISABLED");
    assert_string_equal(account_sync_name(&a, NULL, true), "OUT_OF_SYNC");
    a.external_id = "x";
    a.known = KNOWN_ACTIVE;
    assert_string_equal(account_status_name(&a, USER_ACTIVE, true), "PROVISIONED");
    assert_string_equal(account_status_name(&a, USER_SUSPENDED, true), "SUSPENDED");
    assert_string_equal(account_status_name(&a, USER_DEPROVISIONED, true), "DEPROVISIONED");
    assert_string_equal(account_sync_name(&a, NULL, true), "SYNCHRONIZED");
    a.scope = SCOPE_NONE;
    assert_string_equal(account_status_name(&a, USER_ACTIVE, true), "DEPROVISIONED");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wanted_of_each_status_and_scope),
        TEST(assigning_a_person_asks_for_an_account),
        TEST(a_person_who_is_not_active_is_refused),
        TEST(with_the_switches_off_there_is_no_work),
        TEST(leaving_is_urgent_and_coming_back_keeps_the_id),
        TEST(coming_back_before_the_deactivation_was_answered_owes_an_activation),
        TEST(leaving_while_the_creation_is_on_its_way_is_looked_at_again),
        TEST(a_group_gives_and_takes),
        TEST(individual_falls_back_to_group),
        TEST(big_groups_are_expanded_in_chunks),
        TEST(a_person_through_life),
        TEST(suspending_sends_nothing_and_changes_nothing),
        TEST(assigned_while_suspended_waits_for_the_end_of_it),
        TEST(statuses_that_sign_in_differently_change_nothing),
        TEST(a_profile_change_asks_for_an_update_if_it_matters),
        TEST(profiles_are_laid_over_each_other),
        TEST(the_backlog_is_counted_and_then_queued),
        TEST(the_backlog_counts_an_activation_that_no_work_makes),
        TEST(deleting_a_group_takes_what_it_gave),
        TEST(deleting_a_person_keeps_the_apps_id_and_sends_nothing),
        TEST(what_is_found_disabled_is_reported_and_never_activated_by_a_profile_change),
        cmocka_unit_test(published_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
