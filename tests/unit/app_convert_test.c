/* SPDX-License-Identifier: Apache-2.0 */
/* Assignments that become individual, or by group, and groups that are put in order. */
#include "app_fixture.h"

struct converting {
    struct step step;
    enum account_scope scope;
    struct app_convert counted;
    const char *ids[8];
    int count;
    struct problem problem;
    struct account account;
};

static int convert_run(struct tx *tx, void *arg)
{
    struct converting *c = arg;
    struct app app;
    int r = app_by_rid(tx, c->step.app, &app);
    if (r == 0)
        r = account_get(tx, c->step.app, c->step.user, &c->account);
    if (r == 0)
        r = account_convert(tx, &app, &c->account, c->scope, &c->problem);
    c->step.result = r;
    return MIN_OF(r, 0);
}

static int convert(struct fixture *f, int64_t app, int64_t user, enum account_scope scope)
{
    struct converting c = {.step = {.app = app, .user = user}, .scope = scope};
    assert_int_equal(store_write_wait(f->store, NULL, convert_run, &c), 0);
    return (int)c.step.result;
}

static int all_run(struct tx *tx, void *arg)
{
    struct converting *c = arg;
    struct app app;
    int r = app_by_rid(tx, c->step.app, &app);
    if (r == 0)
        r = app_convert_count(tx, &app, c->scope, &c->counted);
    return r < 0 ? r : app_convert_start(tx, &app, c->scope);
}

static int chunk_run(struct tx *tx, void *arg)
{
    struct converting *c = arg;
    struct work work;
    enum work_kind kind = (enum work_kind)c->step.number;
    int r = work_find(tx, c->step.app, kind, c->step.app, &work);
    c->step.flag = r > 0;
    if (r <= 0)
        return r;
    r = app_expand(tx, &work);
    return r == 0 ? work_done(tx, work.rid, work.version) : r;
}

/* How many transactions it took. */
static int run_expansion(struct fixture *f, int64_t app, enum work_kind kind)
{
    struct converting c = {.step = {.app = app, .number = kind}};
    for (int chunks = 0;; chunks++) {
        assert_true(store_write_wait(f->store, NULL, chunk_run, &c) >= 0);
        if (!c.step.flag)
            return chunks;
    }
}

static int read_run(struct tx *tx, void *arg)
{
    struct converting *c = arg;
    int r = account_get(tx, c->step.app, c->step.user, &c->account);
    if (r < 0)
        return r;
    struct user user;
    struct jval *profile CLEANUP(jval_freep) = NULL;
    struct arena *arena = c->step.f->arena;
    c->account.profile = arena_strdup(arena, c->account.profile);
    c->account.user_name = arena_strdup(arena, c->account.user_name);
    r = account_user(tx, c->step.user, &user);
    if (r == 0)
        r = account_wanted_profile(tx, &c->account, &user, &profile);
    if (r == 0)
        c->step.text = arena_strdup(arena, jval_get_str(profile, "title"));
    struct work work;
    c->step.flag = r == 0 && work_find(tx, c->step.app, WORK_ACCOUNT, c->account.rid, &work) > 0;
    return r;
}

static struct converting look(struct fixture *f, int64_t app, int64_t user)
{
    struct converting c = {.step = {.f = f, .app = app, .user = user}};
    assert_int_equal(store_read_wait(f->store, read_run, &c), 0);
    return c;
}

/* An account that the app holds, as it should be. */
static int known_run(struct tx *tx, void *arg)
{
    struct converting *c = arg;
    struct user user;
    struct jval *profile CLEANUP(jval_freep) = NULL;
    int r = account_get(tx, c->step.app, c->step.user, &c->account);
    if (r == 0)
        r = account_user(tx, c->step.user, &user);
    if (r == 0)
        r = account_set_known(tx, &c->account, arena_printf(tx_arena(tx), "id-%lld", (long long)c->account.rid),
                              ORIGIN_CREATED, KNOWN_ACTIVE);
    if (r == 0)
        r = account_wanted_profile(tx, &c->account, &user, &profile);
    if (r == 0)
        r = account_set_sent(tx, &c->account, profile, KNOWN_ACTIVE);
    return r == 0 ? work_delete(tx, c->step.app, WORK_ACCOUNT, c->account.rid) : r;
}

static void make_known(struct fixture *f, int64_t app, int64_t user)
{
    struct converting c = {.step = {.app = app, .user = user}};
    assert_true(store_write_wait(f->store, NULL, known_run, &c) >= 0);
}

static void one_is_converted_and_back(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t group = fx_group(f, "Sales");
    int64_t user = fx_user(f, "ada", true);
    fx_join(f, group, user);
    (void)fx_give(f, app, group, 0, "{\"title\":\"Seller\"}");
    make_known(f, app, user);
    struct converting c = look(f, app, user);
    assert_int_equal(c.account.scope, SCOPE_GROUP);
    assert_string_equal(c.step.text, "Seller");

    assert_int_equal(convert(f, app, user, SCOPE_GROUP), CONVERT_UNCHANGED);
    assert_int_equal(convert(f, app, user, SCOPE_USER), CONVERT_DONE);
    c = look(f, app, user);
    assert_int_equal(c.account.scope, SCOPE_USER);
    assert_int_equal(c.account.wanted, WANT_ACTIVE);
    assert_string_equal(c.step.text, "Seller"); /* what the group said is his own now */
    assert_false(c.step.flag);                  /* nothing to send */
    assert_false(c.account.activation_owed);

    assert_int_equal(convert(f, app, user, SCOPE_GROUP), CONVERT_DONE);
    c = look(f, app, user);
    assert_int_equal(c.account.scope, SCOPE_GROUP);
    assert_int_equal(c.account.via_group_rid, group);
    assert_string_equal(c.account.profile, "{}");
    assert_int_equal(c.account.wanted, WANT_ACTIVE);
    assert_int_equal(c.account.leave_since, 0);
    assert_false(c.account.activation_owed);
}

/* What stands over the group's values ends with the individual assignment; a name of his own stays. */
static void a_name_stays_and_values_go(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t group = fx_group(f, "Sales");
    int64_t user = fx_user(f, "ada", true);
    fx_join(f, group, user);
    (void)fx_give(f, app, group, 0, "{\"title\":\"Seller\"}");
    fx_do(f, fx_assign_run,
          &(struct step){.app = app, .user = user, .text = "ada.l", .json = "{\"title\":\"Countess\"}"});
    make_known(f, app, user);
    assert_int_equal(convert(f, app, user, SCOPE_GROUP), CONVERT_DONE);
    struct converting c = look(f, app, user);
    assert_string_equal(c.account.user_name, "ada.l");
    assert_string_equal(c.step.text, "Seller");
    assert_true(c.step.flag); /* the title is to be sent */
}

/* A password makes somebody ACTIVE, who can be suspended. */
static int password_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct user user;
    int r = user_by_rid(tx, s->user, &user);
    return r < 0 ? r : user_set_password(tx, &user, "$argon2id$none", &s->problem);
}

static void who_cannot_be_converted_stays(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t group = fx_group(f, "Sales");
    int64_t alone = fx_user(f, "alone", true);
    int64_t suspended = fx_user(f, "suspended", true);
    fx_assign(f, app, alone);
    assert_int_equal(convert(f, app, alone, SCOPE_GROUP), CONVERT_NO_GROUP);
    assert_int_equal(look(f, app, alone).account.scope, SCOPE_USER);
    (void)fx_give(f, app, group, 0, NULL);
    assert_int_equal(convert(f, app, alone, SCOPE_GROUP), CONVERT_NO_GROUP); /* not in it */
    fx_join(f, group, suspended);
    fx_do(f, password_run, &(struct step){.user = suspended});
    fx_transition(f, suspended, USER_SUSPEND);
    assert_int_equal(convert(f, app, suspended, SCOPE_USER), CONVERT_DONE);
    assert_int_equal(look(f, app, suspended).account.wanted, WANT_NOTHING); /* suspended people stay as they are */
    fx_leave(f, group, suspended);
    assert_int_equal(look(f, app, suspended).account.scope, SCOPE_USER);
}

#define MANY 450

static void all_are_converted_in_chunks(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t group = fx_group(f, "Sales");
    int64_t users[MANY];
    for (int i = 0; i < MANY; i++) {
        char login[16];
        (void)snprintf(login, sizeof(login), "user-%d", i);
        users[i] = fx_user(f, login, true);
        fx_assign(f, app, users[i]);
        if (i % 3)
            fx_join(f, group, users[i]);
    }
    (void)fx_give(f, app, group, 0, NULL);
    struct converting c = {.step = {.app = app}, .scope = SCOPE_GROUP};
    assert_int_equal(store_write_wait(f->store, NULL, all_run, &c), 0);
    assert_int_equal(c.counted.looked, MANY);
    assert_int_equal(c.counted.converted, MANY - MANY / 3);
    assert_int_equal(c.counted.no_group, MANY / 3);
    assert_true(c.counted.complete);
    assert_int_equal(run_expansion(f, app, WORK_EXPAND_TO_GROUP), 3);
    for (int i = 0; i < MANY; i++) {
        c = look(f, app, users[i]);
        assert_int_equal(c.account.scope, i % 3 ? SCOPE_GROUP : SCOPE_USER);
        assert_int_equal(c.account.wanted, WANT_ACTIVE);
    }
    /* The later of two wishes counts. */
    c = (struct converting){.step = {.app = app}, .scope = SCOPE_GROUP};
    assert_int_equal(store_write_wait(f->store, NULL, all_run, &c), 0);
    c.scope = SCOPE_USER;
    assert_int_equal(store_write_wait(f->store, NULL, all_run, &c), 0);
    assert_int_equal(c.counted.converted, MANY - MANY / 3);
    assert_int_equal(run_expansion(f, app, WORK_EXPAND_TO_GROUP), 0);
    assert_int_equal(run_expansion(f, app, WORK_EXPAND_TO_USER), 3);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(look(f, app, users[i]).account.scope, SCOPE_USER);
    /* Individual assignments are a reason to stay. */
    fx_take(f, app, group);
    (void)run_expansion(f, app, WORK_EXPAND_GROUP_UNASSIGNED);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(look(f, app, users[i]).account.wanted, WANT_ACTIVE);
}

/* --- order ---------------------------------------------------------------------------------------------------------
 */

static int order_run(struct tx *tx, void *arg)
{
    struct converting *c = arg;
    struct app app;
    c->problem = (struct problem){0};
    int r = app_by_rid(tx, c->step.app, &app);
    return r < 0 ? r : app_groups_order(tx, &app, c->ids, c->count, &c->problem);
}

static int id_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct group group;
    int r = group_by_rid(tx, s->group, &group);
    s->text = r == 0 ? arena_strdup(s->f->arena, group.id) : NULL;
    return r;
}

static const char *id_of(struct fixture *f, int64_t group)
{
    struct step s = {.group = group};
    fx_do(f, id_run, &s);
    return s.text;
}

static int priority_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct app_group assignment;
    int r = app_group_get(tx, s->app, s->group, &assignment);
    s->number = assignment.priority;
    s->result = assignment.rid;
    return r;
}

static int priority_of(struct fixture *f, int64_t app, int64_t group, int64_t *ret_rid)
{
    struct step s = {.app = app, .group = group};
    fx_do(f, priority_run, &s);
    *ret_rid = s.result;
    return (int)s.number;
}

static int expand_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct work work;
    int r = work_find(tx, s->app, WORK_EXPAND_GROUP_ASSIGNED, s->number, &work);
    s->flag = r > 0;
    if (r > 0)
        r = app_expand(tx, &work);
    return r == 0 && s->flag ? work_done(tx, work.rid, work.version) : MIN_OF(r, 0);
}

static void groups_are_put_in_order(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t user = fx_user(f, "ada", true);
    int64_t groups[3];
    static const char *const titles[] = {"{\"title\":\"A\"}", "{\"title\":\"B\"}", "{\"title\":\"C\"}"};
    struct converting c = {.step = {.app = app}, .count = 3};
    for (int i = 0; i < 3; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "Group %d", i);
        groups[i] = fx_group(f, name);
        (void)fx_give(f, app, groups[i], -1, titles[i]);
        if (i)
            fx_join(f, groups[i], user);
    }
    make_known(f, app, user);
    assert_string_equal(look(f, app, user).step.text, "B");
    int64_t other = fx_group(f, "Other");
    const char *const bad[][3] = {{id_of(f, groups[0]), id_of(f, groups[1]), id_of(f, groups[1])},
                                  {id_of(f, groups[0]), id_of(f, groups[1]), id_of(f, other)},
                                  {id_of(f, groups[0]), id_of(f, groups[1]), "00gnobody"}};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        memcpy(c.ids, bad[i], sizeof(bad[i]));
        assert_int_equal(store_write_wait(f->store, NULL, order_run, &c), ERR_PROBLEM);
        assert_non_null(strstr(c.problem.causes[0], "groupIds: '"));
    }
    c.count = 2;
    assert_int_equal(store_write_wait(f->store, NULL, order_run, &c), ERR_PROBLEM);
    assert_non_null(strstr(c.problem.causes[0], "names 2 groups, but the app is assigned to 3"));
    c.count = 3;
    for (int i = 0; i < 3; i++)
        c.ids[i] = id_of(f, groups[2 - i]);
    assert_int_equal(store_write_wait(f->store, NULL, order_run, &c), 0);
    int expansions = 0;
    for (int i = 0; i < 3; i++) {
        struct step s = {.app = app};
        assert_int_equal(priority_of(f, app, groups[i], &s.number), 2 - i);
        fx_do(f, expand_run, &s);
        expansions += s.flag;
    }
    assert_int_equal(expansions, 2); /* the one in the middle has the place that it had */
    struct converting after = look(f, app, user);
    assert_string_equal(after.step.text, "C");
    assert_int_equal(after.account.wanted, WANT_ACTIVE);
    assert_true(after.step.flag);
    assert_false(after.account.activation_owed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_is_converted_and_back),   TEST(a_name_stays_and_values_go), TEST(who_cannot_be_converted_stays),
        TEST(all_are_converted_in_chunks), TEST(groups_are_put_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
