/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why: the situations of situations.txt, each played on the engine and a practice target, and what is said of them. The
 * file explains its own words.
 */
#include "world.h"

#include "directory/rule.h"
#include "engine/engine.h"
#include "explain/explain.h"
#include "push/deletions.h"
#include "push/drift.h"
#include "push/people.h"
#include "push/repair.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NAMES_MAX 32
#define WORDS_MAX 24
#define LINE_BYTES 512
#define SITUATIONS_LEAST 60

struct named {
    char name[64];
    const char *id;
};

struct situation {
    struct world *world;
    int number;
    int line;
    char title[LINE_BYTES];
    struct named names[NAMES_MAX];
    int name_count;
    int asked, failed;
    bool has_live;
    struct live live;
    /* the latest question */
    char person[64], group[64];
    int64_t user_rid, group_rid;
    struct diagnosis *answer;
    bool open; /* a question without an `expect` yet */
};

static void fail_here(struct situation *s, const char *format, ...) PRINTF_LIKE(2, 3);
static void fail_here(struct situation *s, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    print_error("situations.txt:%d: %s: %s\n", s->line, s->title, text);
    s->failed++;
}

/* --- names ---------------------------------------------------------------------------------------------------------
 */

static const char *id_of(struct situation *s, const char *name)
{
    for (int i = 0; i < s->name_count; i++)
        if (strcmp(s->names[i].name, name) == 0)
            return s->names[i].id;
    fail_msg("situations.txt:%d: nobody is called %s", s->line, name);
    return NULL;
}

static void name_it(struct situation *s, const char *name, const char *id)
{
    assert_true(s->name_count < NAMES_MAX);
    struct named *named = &s->names[s->name_count++];
    (void)snprintf(named->name, sizeof(named->name), "%s", name);
    named->id = arena_strdup(s->world->arena, id);
}

/* Names are each situation's own: the store is shared. */
static const char *own(struct situation *s, const char *name)
{
    return arena_printf(s->world->arena, "%s-%d", name, s->number);
}

static const char *login_of(struct situation *s, const char *name)
{
    return arena_printf(s->world->arena, "%s-%d@example.com", name, s->number);
}

/* A path with ids as names: "/api/v1/groups/{Engineering}/users/{ada}". */
static const char *with_names(struct situation *s, const char *path)
{
    struct arena *arena = s->world->arena;
    for (int i = 0; i < s->name_count; i++) {
        const char *at = strstr(path, s->names[i].id);
        if (at)
            path = arena_printf(arena, "%.*s{%s}%s", (int)(at - path), path, s->names[i].name,
                                at + strlen(s->names[i].id));
    }
    const char *hold = strstr(path, "/dlh");
    if (hold)
        return arena_printf(arena, "%.*s/{hold}%s", (int)(hold - path), path, hold + 21);
    const char *drift = strstr(path, "/dft");
    return drift ? arena_printf(arena, "%.*s/{difference}%s", (int)(drift - path), path, drift + 21) : path;
}

/* --- acts ----------------------------------------------------------------------------------------------------------
 */

struct act {
    struct situation *s;
    char **words;
    int count;
    struct problem problem;
    const char *id;
};

static bool has_word(const struct act *act, const char *word)
{
    for (int i = 0; i < act->count; i++)
        if (strcmp(act->words[i], word) == 0)
            return true;
    return false;
}

static void run(struct situation *s, tx_fn fn, struct act *act)
{
    act->s = s;
    int r = store_write_wait(s->world->store, NULL, fn, act);
    if (r < 0)
        fail_msg("situations.txt:%d: %s %s %s", s->line, err_text(r), act->problem.argument,
                 act->problem.cause_count ? act->problem.causes[0] : "");
}

static int act_new_app(struct tx *tx, void *arg)
{
    struct act *act = arg;
    struct world *world = act->s->world;
    CLEANUP(jval_freep) struct jval *body = jval_new_object();
    jval_set_str(body, "label", arena_printf(world->arena, "Practice %d%s", act->s->number, act->count ? "b" : ""));
    jval_set_str(body, "signOnMode", "SAML_2_0");
    struct connection_input input = {
        .base_url = "http://127.0.0.1:9/scim/v2", .scheme = CONNECTION_BEARER, .secret = "t0p-secret"};
    int r = app_create(tx, body, true, &world->app, &act->problem);
    if (r == 0 && act->count == 0)
        r = connection_save(tx, world->keyring, &world->app, &input, true, tx_now(tx), NULL, &act->problem);
    world->app.id = arena_strdup(world->arena, world->app.id);
    world->app.label = arena_strdup(world->arena, world->app.label);
    world->app.name = arena_strdup(world->arena, world->app.name);
    world->app.document = arena_strdup(world->arena, world->app.document);
    world->app.sign_on_mode = arena_strdup(world->arena, world->app.sign_on_mode);
    return r;
}

static int act_staged(struct tx *tx, void *arg)
{
    struct act *act = arg;
    CLEANUP(jval_freep) struct jval *profile = jval_new_object();
    const char *login = login_of(act->s, act->words[0]);
    jval_set_str(profile, "login", login);
    jval_set_str(profile, "email", login);
    jval_set_str(profile, "firstName", "Test");
    jval_set_str(profile, "lastName", "Person");
    struct user user;
    int r = user_create(tx, &(struct user_input){.profile = profile}, &user, &act->problem);
    act->id = r < 0 ? NULL : arena_strdup(act->s->world->arena, user.id);
    return r;
}

static int act_delete_user(struct tx *tx, void *arg)
{
    struct act *act = arg;
    struct user user;
    int r = user_by_id(tx, id_of(act->s, act->words[0]), &user);
    if (r == 0)
        r = user_delete(tx, &user, &act->problem);
    if (r == 0)
        r = user_by_id(tx, id_of(act->s, act->words[0]), &user);
    return r < 0 ? r : user_delete(tx, &user, &act->problem);
}

static int act_protect(struct tx *tx, void *arg)
{
    struct act *act = arg;
    struct user user;
    int r = user_by_id(tx, id_of(act->s, act->words[0]), &user);
    return r < 0 ? r : user_protect(tx, &user, true);
}

static int act_delete_group(struct tx *tx, void *arg)
{
    struct act *act = arg;
    struct group group;
    int r = group_by_id(tx, id_of(act->s, act->words[0]), &group);
    return r < 0 ? r : group_delete(tx, &group, &act->problem);
}

/* rule Staff ada Engineering: a rule that puts ada into Engineering. */
static int act_rule(struct tx *tx, void *arg)
{
    struct act *act = arg;
    struct situation *s = act->s;
    CLEANUP(jval_freep) struct jval *targets = jval_new_array();
    jval_append(targets, jval_new_str(id_of(s, act->words[2])));
    struct rule_input input = {.name = own(s, act->words[0]),
                               .expression =
                                   arena_printf(tx_arena(tx), "user.login==\"%s\"", login_of(s, act->words[1])),
                               .targets = targets};
    struct rule rule;
    int r = rule_create(tx, &input, &rule, &act->problem);
    return r < 0 ? r : rule_activate(tx, &rule, &act->problem);
}

static int act_push(struct tx *tx, void *arg)
{
    struct act *act = arg;
    struct situation *s = act->s;
    struct group source;
    struct mapping mapping;
    struct mapping_input input = {.target_group_name = act->words[0],
                                  .status = has_word(act, "inactive") ? MAPPING_INACTIVE : MAPPING_ACTIVE,
                                  .existing = has_word(act, "keep")     ? EXISTING_KEEP
                                              : has_word(act, "refuse") ? EXISTING_REFUSE
                                                                        : EXISTING_REMOVE,
                                  .members_wait = has_word(act, "later")};
    int r = group_by_id(tx, id_of(s, act->words[0]), &source);
    if (r == 0)
        r = mapping_create(tx, &s->world->app, &source, &input, &mapping, &act->problem);
    act->id = r < 0 ? NULL : arena_strdup(s->world->arena, mapping.id);
    return r;
}

static int find_mapping(struct tx *tx, struct act *act, struct mapping *ret)
{
    return mapping_by_id(tx, act->s->world->app.rid, id_of(act->s, "mapping"), ret);
}

static int act_mapping(struct tx *tx, void *arg)
{
    struct act *act = arg;
    struct mapping mapping;
    int r = find_mapping(tx, act, &mapping);
    if (r < 0 || has_word(act, "unlink"))
        return r < 0 ? r : mapping_unlink(tx, &act->s->world->app, &mapping, false, &act->problem);
    if (has_word(act, "repair"))
        return mapping_repair(tx, &mapping, &act->problem);
    if (has_word(act, "now"))
        return mapping_push_now(tx, &mapping, &act->problem);
    return mapping_switch(tx, &mapping, has_word(act, "inactive") ? MAPPING_INACTIVE : MAPPING_ACTIVE);
}

static int act_app(struct tx *tx, void *arg)
{
    struct act *act = arg;
    struct app *app = &act->s->world->app;
    if (has_word(act, "paused") || has_word(act, "running"))
        return app_set_paused(tx, app, has_word(act, "paused"), &act->problem);
    return app_set_status(tx, app, has_word(act, "inactive") ? APP_INACTIVE : APP_ACTIVE, &act->problem);
}

static int act_delete_app(struct tx *tx, void *arg)
{
    struct act *act = arg;
    return app_delete(tx, &act->s->world->app, &act->problem);
}

static int act_organisation(struct tx *tx, void *arg)
{
    struct act *act = arg;
    return org_set_paused(tx, has_word(act, "paused"), has_word(act, "paused") ? "maintenance" : NULL);
}

/* A connection whose test failed. */
static int act_untested(struct tx *tx, void *arg)
{
    struct act *act = arg;
    struct world *world = act->s->world;
    struct connection_input input = {
        .base_url = "http://127.0.0.1:9/scim/v2", .scheme = CONNECTION_BEARER, .secret = "t0p-secret"};
    int r = connection_save(tx, world->keyring, &world->app, &input, false, 0, "the certificate has expired",
                            &act->problem);
    return r < 0 ? r : connection_set_status(tx, &world->app, CONNECTION_ENABLED, &act->problem);
}

/* limit 1: more than one of each kind is held. */
static int act_limit(struct tx *tx, void *arg)
{
    struct act *act = arg;
    const struct deletion_limit limit = {.percent = 0, .number = strtoll(act->words[0], NULL, 10)};
    int r = 0;
    for (int rule = 0; r == 0 && rule < RULE_COUNT; rule++)
        r = deletion_limit_set(tx, act->s->world->app.rid, (enum deletion_rule)rule, &limit);
    return r;
}

static int act_decide(struct tx *tx, void *arg)
{
    struct act *act = arg;
    struct hold hold;
    int count = hold_list(tx, act->s->world->app.rid, HOLD_OPEN, 0, &hold, 1);
    if (count < 1)
        return count < 0 ? count : ERR_NOT_FOUND;
    return hold_decide(tx, &hold, has_word(act, "reject") ? HOLD_REJECTED : HOLD_APPROVED, hold.revision,
                       &act->problem);
}

static int act_retry(struct tx *tx, void *arg)
{
    struct act *act = arg;
    int r = mapping_retry_all(tx, act->s->world->app.rid);
    return r < 0 ? r : engine_retry(tx, act->s->world->app.rid);
}

static int act_verify(struct tx *tx, void *arg)
{
    struct act *act = arg;
    int r = mapping_verify_all(tx, act->s->world->app.rid);
    return MIN_OF(r, 0);
}

static int act_backlog(struct tx *tx, void *arg)
{
    struct act *act = arg;
    return app_backlog_start(tx, &act->s->world->app);
}

static int act_person_push(struct tx *tx, void *arg)
{
    struct act *act = arg;
    struct user user;
    struct account account;
    struct repush counts;
    int r = user_by_id(tx, id_of(act->s, act->words[0]), &user);
    if (r == 0)
        r = account_get(tx, act->s->world->app.rid, user.rid, &account);
    int again = r < 0 ? r : account.wanted == WANT_ACTIVE ? 1 : account_may_be_active(tx, &account);
    r = again > 0 ? engine_check_account(tx, &account) : again;
    return r < 0 ? r : person_push(tx, &user, &counts);
}

/* scan: a complete scan for drift, and what follows from it. */
static int act_scan(struct tx *tx, void *arg)
{
    struct act *act = arg;
    struct import_run run;
    return import_start(tx, &act->s->world->app, IMPORT_SCAN, false, &run, &act->problem);
}

static int act_drift(struct tx *tx, void *arg)
{
    struct act *act = arg;
    int64_t count = 0;
    const struct drift_filter all = {0};
    const struct app *app = &act->s->world->app;
    int r = has_word(act, "accept") ? drift_accept(tx, app, &all, "as agreed", &count)
                                    : drift_repair(tx, app, &all, &count);
    return r < 0 ? r : count > 0 ? 0 : ERR_NOT_FOUND;
}

static void scan(struct situation *s)
{
    struct act act = {0};
    s->world->now += 60000; /* reads lag no more */
    run(s, act_scan, &act);
    world_settle(s->world, 60000);
}

/* --- the target, by somebody else ------------------------------------------------------------------------------------
 */

static const char *there_id(struct situation *s, const char *name, bool group)
{
    const char *id = NULL;
    bool active = false;
    if (group ? practice_find_group(s->world->practice, name, &id) == 0
              : !practice_find_user(s->world->practice, login_of(s, name), &id, &active))
        fail_msg("situations.txt:%d: the target has no %s", s->line, name);
    return id;
}

static void there(struct situation *s, char **w, int count)
{
    struct arena *arena = s->world->arena;
    const char *what = w[0], *path = NULL, *body = "", *method = "PATCH";
    if (strcmp(what, "user") == 0) {
        method = "POST";
        path = "/scim/v2/Users";
        body = arena_printf(arena, "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"%s\"}",
                            login_of(s, w[1]));
    } else if (strcmp(what, "group") == 0) {
        method = "POST";
        path = "/scim/v2/Groups";
        const char *member = count > 2 ? arena_printf(arena, "{\"value\":\"%s\"}", there_id(s, w[2], false)) : "";
        body = arena_printf(arena,
                            "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"],\"displayName\":\"%s\","
                            "\"members\":[%s]}",
                            w[1], member);
    } else if (strcmp(what, "deletes") == 0) {
        method = "DELETE";
        bool user = strcmp(w[1], "user") == 0;
        path = arena_printf(arena, "/scim/v2/%s/%s", user ? "Users" : "Groups", there_id(s, w[2], !user));
    } else if (strcmp(what, "disables") == 0) {
        path = arena_printf(arena, "/scim/v2/Users/%s", there_id(s, w[1], false));
        body = "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],"
               "\"Operations\":[{\"op\":\"replace\",\"path\":\"active\",\"value\":false}]}";
    } else if (strcmp(what, "enables") == 0) {
        path = arena_printf(arena, "/scim/v2/Users/%s", there_id(s, w[1], false));
        body = "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],"
               "\"Operations\":[{\"op\":\"replace\",\"path\":\"active\",\"value\":true}]}";
    } else {
        bool adds = strcmp(what, "adds") == 0;
        const char *user = there_id(s, w[1], false);
        path = arena_printf(arena, "/scim/v2/Groups/%s", there_id(s, w[2], true));
        body = adds ? arena_printf(arena,
                                   "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":"
                                   "[{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}]}",
                                   user)
                    : arena_printf(arena,
                                   "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":"
                                   "[{\"op\":\"remove\",\"path\":\"members[value eq \\\"%s\\\"]\"}]}",
                                   user);
    }
    int status = world_request(s->world, method, path, body);
    if (status >= 300)
        fail_msg("situations.txt:%d: the target answers %d", s->line, status);
}

/* --- questions -------------------------------------------------------------------------------------------------------
 */

static int find_asked(struct tx *tx, void *arg)
{
    struct situation *s = arg;
    struct user user = {0};
    struct group group = {0};
    const char *id = id_of(s, s->person);
    int r = user_by_id(tx, id, &user);
    for (int64_t rid = 1; r == ERR_NOT_FOUND && rid < 10000; rid++) /* by id tombstones are not found */
        if (user_by_rid(tx, rid, &user) == 0 && strcmp(user.id, id) == 0)
            r = 0;
    if (r == 0 && *s->group)
        r = group_by_id(tx, id_of(s, s->group), &group);
    s->user_rid = user.rid;
    s->group_rid = group.rid;
    return r;
}

static int ask(struct tx *tx, void *arg)
{
    struct situation *s = arg;
    int r = explain(tx, s->world->app.rid, s->user_rid, s->group_rid, s->has_live ? &s->live : NULL, s->answer);
    if (r < 0)
        return r;
    struct arena *arena = s->world->arena;
    const struct check *first = s->answer->first;
    if (first) { /* what is looked at afterwards */
        struct check *copy = arena_alloc(arena, sizeof(*copy));
        *copy = *first;
        copy->fact = arena_strdup(arena, first->fact);
        copy->by = arena_strdup(arena, first->by);
        copy->remedy.method = arena_strdup(arena, first->remedy.method);
        copy->remedy.path = arena_strdup(arena, first->remedy.path);
        copy->remedy.body = arena_strdup(arena, first->remedy.body);
        s->answer->first = copy;
    }
    s->answer->words = arena_strdup(arena, s->answer->words);
    return 0;
}

static void why(struct situation *s, char **words, int count)
{
    (void)snprintf(s->person, sizeof(s->person), "%s", words[0]);
    (void)snprintf(s->group, sizeof(s->group), "%s", count > 2 ? words[2] : "");
    s->answer = arena_alloc(s->world->arena, sizeof(*s->answer));
    struct store_stats before, after;
    int r = store_read_wait(s->world->store, find_asked, s);
    store_stats(s->world->store, &before);
    if (r == 0)
        r = store_read_wait(s->world->store, ask, s);
    store_stats(s->world->store, &after);
    if (r < 0)
        fail_msg("situations.txt:%d: %s", s->line, err_text(r));
    if (after.statements - before.statements > EXPLAIN_STATEMENTS)
        fail_here(s, "%lld statements", (long long)(after.statements - before.statements));
    s->open = true;
    s->asked++;
}

/* expect VERDICT [CAUSE [METHOD PATH]]; without a method: no call mends it. */
static void expect(struct situation *s, char **words, int count)
{
    const struct check *first = s->answer->first;
    const char *cause = first ? first->cause : NULL;
    s->open = false;
    if (strcmp(verdict_name(s->answer->verdict), words[0]) != 0)
        fail_here(s, "%s instead of %s (%s)", verdict_name(s->answer->verdict), words[0], s->answer->words);
    if (!str_eq(cause, count > 1 ? words[1] : NULL) && (cause || count > 1))
        fail_here(s, "the cause is %s instead of %s (%s)", cause ? cause : "none", count > 1 ? words[1] : "none",
                  s->answer->words);
    else if (cause && first->remedy.method) {
        const char *path = with_names(s, first->remedy.path);
        if (count < 4 || strcmp(words[2], first->remedy.method) != 0 || strcmp(words[3], path) != 0)
            fail_here(s, "the remedy is %s %s", first->remedy.method, path);
    } else if (count > 2)
        fail_here(s, "there is no call");
}

/* live group found|absent|failed, live account active|inactive|absent, live member yes|no, live forget */
static void set_live(struct situation *s, char **words, int count)
{
    if (count == 1 && strcmp(words[0], "forget") == 0) {
        s->has_live = false;
        s->live = (struct live){0};
        return;
    }
    assert_int_equal(count, 2);
    s->has_live = true;
    bool absent = strcmp(words[1], "absent") == 0;
    if (strcmp(words[0], "group") == 0) {
        s->live.group = absent ? LIVE_ABSENT : strcmp(words[1], "failed") == 0 ? LIVE_FAILED : LIVE_FOUND;
        s->live.group_words = "the app is down";
    } else if (strcmp(words[0], "account") == 0) {
        s->live.account = absent ? LIVE_ABSENT : LIVE_FOUND;
        s->live.account_active = strcmp(words[1], "active") == 0;
    } else {
        s->live.group = LIVE_FOUND;
        s->live.shows_members = true;
        s->live.has_member = strcmp(words[1], "yes") == 0;
    }
}

/* --- the words of the file -------------------------------------------------------------------------------------------
 */

static void people(struct situation *s, char **words, int count)
{
    for (int i = 0; i < count; i++)
        name_it(s, words[i], world_user(s->world, login_of(s, words[i])));
}

static void group(struct situation *s, char **words, int count)
{
    name_it(s, words[0], world_group(s->world, own(s, words[0])));
    for (int i = 1; i < count; i++)
        world_member(s->world, id_of(s, words[0]), id_of(s, words[i]), true);
}

static void transition(struct situation *s, enum user_transition to, char **words, int count)
{
    for (int i = 0; i < count; i++)
        world_transition(s->world, id_of(s, words[i]), to);
}

static void order_fault(struct situation *s, const char *text)
{
    struct practice_fault fault;
    char reason[256];
    char *line = arena_strdup(s->world->arena, text);
    char *at = strstr(line, "PERSON:");
    if (at) { /* the user name of somebody */
        char name[64] = "";
        (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(at + 7, ",\n"), at + 7);
        line =
            arena_printf(s->world->arena, "%.*s%s%s", (int)(at - line), line, login_of(s, name), at + 7 + strlen(name));
    }
    if (fault_parse(line, &fault, reason, sizeof(reason)) < 0 ||
        practice_set_fault(s->world->practice, &fault, reason, sizeof(reason)) < 0)
        fail_msg("situations.txt:%d: %s", s->line, reason);
}

static bool word_of_directory(struct situation *s, const char *verb, char **w, int n)
{
    static const struct {
        const char *verb;
        enum user_transition to;
    } transitions[] = {{"deactivate", USER_DEACTIVATE},
                       {"activate", USER_ACTIVATE},
                       {"suspend", USER_SUSPEND},
                       {"unsuspend", USER_UNSUSPEND}};
    struct act act = {.words = w, .count = n};
    for (size_t i = 0; i < ARRAY_LEN(transitions); i++)
        if (strcmp(verb, transitions[i].verb) == 0) {
            transition(s, transitions[i].to, w, n);
            return true;
        }
    if (strcmp(verb, "people") == 0)
        people(s, w, n);
    else if (strcmp(verb, "staged") == 0) {
        run(s, act_staged, &act);
        name_it(s, w[0], act.id);
    } else if (strcmp(verb, "group") == 0)
        group(s, w, n);
    else if (strcmp(verb, "join") == 0 || strcmp(verb, "leave") == 0)
        for (int i = 1; i < n; i++)
            world_member(s->world, id_of(s, w[0]), id_of(s, w[i]), verb[0] == 'j');
    else if (strcmp(verb, "delete") == 0)
        run(s, act_delete_user, &act);
    else if (strcmp(verb, "delete-group") == 0)
        run(s, act_delete_group, &act);
    else if (strcmp(verb, "protect") == 0)
        run(s, act_protect, &act);
    else if (strcmp(verb, "rule") == 0)
        run(s, act_rule, &act);
    else
        return false;
    return true;
}

static bool word_of_app(struct situation *s, const char *verb, char **w, int n)
{
    struct act act = {.words = w, .count = n};
    static const struct {
        const char *verb;
        tx_fn run;
    } acts[] = {{"mapping", act_mapping},   {"app", act_app},         {"organisation", act_organisation},
                {"limit", act_limit},       {"hold", act_decide},     {"retry", act_retry},
                {"verify", act_verify},     {"backlog", act_backlog}, {"push-person", act_person_push},
                {"untested", act_untested}, {"drift", act_drift}};
    for (size_t i = 0; i < ARRAY_LEN(acts); i++)
        if (strcmp(verb, acts[i].verb) == 0) {
            run(s, acts[i].run, &act);
            return true;
        }
    if (strcmp(verb, "gives") == 0 || strcmp(verb, "takes") == 0)
        world_assign_group(s->world, id_of(s, w[0]), verb[0] == 'g');
    else if (strcmp(verb, "assign") == 0 || strcmp(verb, "unassign") == 0)
        for (int i = 0; i < n; i++)
            world_assign_user(s->world, id_of(s, w[i]), verb[0] == 'a');
    else if (strcmp(verb, "switches") == 0)
        world_switches(s->world, has_word(&act, "create"), has_word(&act, "update"), has_word(&act, "deactivate"));
    else if (strcmp(verb, "connection") == 0)
        world_connection(s->world, has_word(&act, "on"));
    else if (strcmp(verb, "bare-app") == 0) {
        act.count = 1; /* without a connection */
        run(s, act_new_app, &act);
        name_it(s, "app", s->world->app.id);
    } else if (strcmp(verb, "push") == 0) {
        run(s, act_push, &act);
        name_it(s, "mapping", act.id);
    } else
        return false;
    return true;
}

static void play(struct situation *s, char *line)
{
    char *w[WORDS_MAX + 1];
    char whole[LINE_BYTES];
    int n = 0;
    (void)snprintf(whole, sizeof(whole), "%.*s", (int)strcspn(line, "\n"), line);
    for (char *p = line; *p && n < WORDS_MAX;) {
        p += strspn(p, " \t\n");
        if (!*p)
            break;
        w[n++] = p;
        p += strcspn(p, " \t\n");
        if (*p)
            *p++ = '\0';
    }
    const char *verb = w[0];
    if (word_of_directory(s, verb, w + 1, n - 1) || word_of_app(s, verb, w + 1, n - 1))
        return;
    if (strcmp(verb, "there") == 0)
        there(s, w + 1, n - 1);
    else if (strcmp(verb, "fault") == 0)
        order_fault(s, whole + strspn(whole, " \t") + strlen("fault "));
    else if (strcmp(verb, "faults-end") == 0)
        practice_clear_faults(s->world->practice);
    else if (strcmp(verb, "settle") == 0)
        world_settle(s->world, n > 1 ? strtoll(w[1], NULL, 10) * 1000 : 120000);
    else if (strcmp(verb, "scan") == 0)
        scan(s);
    else if (strcmp(verb, "live") == 0)
        set_live(s, w + 1, n - 1);
    else if (strcmp(verb, "why") == 0)
        why(s, w + 1, n - 1);
    else if (strcmp(verb, "expect") == 0)
        expect(s, w + 1, n - 1);
    else
        fail_msg("situations.txt:%d: unknown word %s", s->line, verb);
}

static void begin(struct situation *s, const char *title)
{
    struct act act = {0};
    s->number++;
    s->name_count = 0;
    s->has_live = false;
    s->live = (struct live){0};
    (void)snprintf(s->title, sizeof(s->title), "%.*s", (int)strcspn(title, "\n"), title);
    practice_clear(s->world->practice);
    practice_clear_faults(s->world->practice);
    run(s, act_new_app, &act);
    name_it(s, "app", s->world->app.id);
    world_switches(s->world, true, true, true);
    world_crash(s->world); /* what the core remembers of the apps before */
}

/* What is left of a situation does not go on behind the next. */
static void end(struct situation *s)
{
    if (s->number == 0)
        return;
    char *inactive[] = {(char[]){"inactive"}};
    char *running[] = {(char[]){"running"}};
    struct act act = {.words = inactive, .count = 1};
    if (s->open)
        fail_here(s, "a question without an expectation");
    run(s, act_app, &act);
    act = (struct act){.words = running, .count = 1};
    run(s, act_organisation, &act);
    run(s, act_delete_app, &act);
}

static FILE *open_situations(void)
{
    static const char *const places[] = {"tests/unit/situations.txt", "../tests/unit/situations.txt"};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        FILE *file = fopen(places[i], "r");
        if (file)
            return file;
    }
    fail_msg("tests/unit/situations.txt is not there");
    return NULL;
}

static void test_situations(void **state)
{
    struct situation s = {.world = *state};
    FILE *file = open_situations();
    char line[LINE_BYTES];
    int played = 0;
    for (int number = 1; fgets(line, sizeof(line), file); number++) {
        s.line = number;
        const char *text = line + strspn(line, " \t\n");
        if (*text == '#' || *text == '\0')
            continue;
        if (strncmp(text, "situation ", 10) == 0) {
            end(&s);
            begin(&s, text + 10);
            played++;
            continue;
        }
        play(&s, line);
    }
    end(&s);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(s.failed, 0);
    assert_true(played >= SITUATIONS_LEAST);
    assert_true(s.asked >= played);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_situations, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
