/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What administrators do: random changes through the functions that the API uses, and the model of the facts. The
 * model is changed when the store has committed; nothing is read back from the rooms under test, but the status that a
 * person has after an operation, which is the directory's own affair.
 */
#include "sim.h"

#include "base/url.h"
#include "engine/engine.h"
#include "push/deletions.h"

#include <ctype.h>

struct act {
    struct sim *sim;
    struct sim_app *app;
    int user, group;
    int number;
    const char *text;
    bool flag;
    struct problem problem;
    int64_t ret_rid;
    char ret_id[ID_BYTES];
    enum user_status ret_status;
    int (*run)(struct tx *tx, struct act *act);
};

static int run_act(struct tx *tx, void *data)
{
    struct act *act = data;
    act->problem = (struct problem){0};
    return act->run(tx, act);
}

static const char *problem_words(const struct problem *problem)
{
    return problem->cause_count ? problem->causes[0] : problem->argument;
}

/* True when it was carried out. A refusal by the rules of the product is none of the simulator's business. */
static bool carry_out(struct sim *sim, struct act *act, const char *what)
{
    act->sim = sim;
    int r = sim->open_tx ? run_act(sim->open_tx, act) : store_write_wait(disk_store(sim->disk), NULL, run_act, act);
    sim_trace(sim, "change %s app %d user %d group %d number %d %s: %s", what,
              act->app ? (int)(act->app - sim->apps) : -1, act->user, act->group, act->number,
              act->text ? act->text : "",
              r == ERR_PROBLEM ? problem_words(&act->problem)
              : r < 0          ? err_text(r)
                               : "ok");
    if (r < 0 && r != ERR_PROBLEM && r != ERR_NOT_FOUND)
        sim_fail(sim, "a change is carried out or refused", "%s: %s", what, err_text(r));
    if (r < 0)
        sim->counts.refused++;
    return r >= 0;
}

static void changed(struct sim *sim)
{
    if (!sim->open_tx)
        oracle_changed(sim);
}

/* --- names -------------------------------------------------------------------------------------------------------- */

void generator_login(const struct sim *sim, int user, char ret[static SIM_NAME])
{
    (void)snprintf(ret, SIM_NAME, "u%d.%d@example.%s", user, sim->users[user].login_version,
                   sim->users[user].odd ? "net" : "org");
}

void generator_group_name(const struct sim *sim, int group, char ret[static SIM_NAME])
{
    (void)snprintf(ret, SIM_NAME, "g%d.%d team", group, sim->groups[group].name_version);
}

static int number_after(const char *name, char letter, int below)
{
    if (!name || tolower((unsigned char)name[0]) != letter || name[1] < '0' || name[1] > '9')
        return -1;
    long number = strtol(name + 1, NULL, 10);
    return number < below ? (int)number : -1;
}

int generator_user_of_name(const char *name)
{
    return number_after(name, 'u', SIM_USERS);
}

int generator_group_of_name(const char *name)
{
    return number_after(name, 'g', SIM_GROUPS);
}

/* --- people ------------------------------------------------------------------------------------------------------- */

static struct jval *user_profile(const struct sim *sim, int user)
{
    char login[SIM_NAME];
    char title[SIM_NAME];
    generator_login(sim, user, login);
    (void)snprintf(title, sizeof(title), "Title %d", sim->users[user].title_version);
    struct jval *profile = jval_new_object();
    jval_set_str(profile, "login", login);
    jval_set_str(profile, "email", login);
    jval_set_str(profile, "firstName", "Test");
    jval_set_str(profile, "lastName", "Person");
    jval_set_str(profile, "title", title);
    return profile;
}

static int act_add_user(struct tx *tx, struct act *act)
{
    CLEANUP(jval_freep) struct jval *profile = user_profile(act->sim, act->user);
    struct user_input input = {.profile = profile, .has_password = true, .password_hash = "x", .activate = !act->flag};
    struct user user;
    int r = user_create(tx, &input, &user, &act->problem);
    if (r < 0)
        return r;
    act->ret_rid = user.rid;
    act->ret_status = user.status;
    memcpy(act->ret_id, user.id, ID_BYTES);
    return 0;
}

static bool add_user(struct sim *sim)
{
    if (sim->user_count == SIM_USERS)
        return false;
    int user = sim->user_count;
    sim->users[user] = (struct sim_user){.odd = sim->profile->manners && chance_permille(&sim->choice, 80)};
    struct act act = {.user = user, .group = -1, .flag = chance_permille(&sim->choice, 100), .run = act_add_user};
    if (!carry_out(sim, &act, "add user"))
        return false;
    sim->users[user].rid = act.ret_rid;
    sim->users[user].status = act.ret_status;
    memcpy(sim->users[user].id, act.ret_id, ID_BYTES);
    sim->user_count++;
    return true;
}

static int act_transition(struct tx *tx, struct act *act)
{
    struct user user;
    int r = user_by_rid(tx, act->sim->users[act->user].rid, &user);
    if (r == 0)
        r = act->flag ? user_delete(tx, &user, &act->problem)
                      : user_transition(tx, &user, (enum user_transition)act->number, &act->problem);
    if (r < 0)
        return r;
    act->ret_status = user.status;
    return user.deleted;
}

static bool transition(struct sim *sim, int user, enum user_transition transition, bool delete)
{
    bool gone = delete &&sim->users[user].status == USER_DEPROVISIONED;
    struct act act = {.user = user, .group = -1, .number = (int)transition, .flag = delete, .run = act_transition};
    if (!carry_out(sim, &act, delete ? "delete user" : "transition"))
        return false;
    sim->users[user].status = act.ret_status;
    if (gone) {
        sim->users[user].deleted = true;
        for (int g = 0; g < sim->group_count; g++)
            sim->groups[g].members[user] = false;
    }
    for (int k = 0; k < sim->app_count && act.ret_status == USER_DEPROVISIONED; k++)
        sim->apps[k].user_assigned[user] = false; /* an assignment to a person ends with the person's deactivation */
    return true;
}

/* A person who was not deleted; -1. */
static int any_user(struct sim *sim)
{
    for (int i = 0; i < 20; i++) {
        int user = chance_below(&sim->choice, sim->user_count);
        if (!sim->users[user].deleted)
            return user;
    }
    return -1;
}

static bool change_status(struct sim *sim)
{
    static const enum user_transition usual[] = {USER_SUSPEND, USER_DEACTIVATE, USER_EXPIRE_PASSWORD,
                                                 USER_RESET_PASSWORD, USER_SUSPEND};
    int user = any_user(sim);
    if (user < 0)
        return false;
    enum user_status status = sim->users[user].status;
    if (status == USER_DEPROVISIONED)
        return chance_permille(&sim->choice, 250) ? transition(sim, user, USER_ACTIVATE, true)
                                                  : transition(sim, user, USER_ACTIVATE, false);
    if (status == USER_STAGED)
        return transition(sim, user, USER_ACTIVATE, false);
    if (status == USER_SUSPENDED)
        return transition(sim, user, chance_permille(&sim->choice, 300) ? USER_DEACTIVATE : USER_UNSUSPEND, false);
    return transition(sim, user, usual[chance_below(&sim->choice, (int)ARRAY_LEN(usual))], false);
}

static int act_profile(struct tx *tx, struct act *act)
{
    CLEANUP(jval_freep) struct jval *profile = user_profile(act->sim, act->user);
    struct user user;
    int r = user_by_rid(tx, act->sim->users[act->user].rid, &user);
    return r < 0 ? r : user_update(tx, &user, profile, false, &act->problem);
}

static bool change_profile(struct sim *sim)
{
    int user = any_user(sim);
    if (user < 0)
        return false;
    struct sim_user before = sim->users[user];
    bool unlinked = false; /* an account of the old name would stay behind, as it must */
    for (int k = 0; k < sim->app_count; k++)
        unlinked |= sim->apps[k].standing[user].was_there && !sim->apps[k].standing[user].found;
    if (chance_permille(&sim->choice, 250) && !unlinked && !sim->users[user].pinned)
        sim->users[user].login_version++;
    else
        sim->users[user].title_version++;
    struct act act = {.user = user, .group = -1, .run = act_profile};
    if (carry_out(sim, &act, "profile"))
        return true;
    sim->users[user] = before;
    return false;
}

/* --- groups ------------------------------------------------------------------------------------------------------- */

static int act_add_group(struct tx *tx, struct act *act)
{
    CLEANUP(jval_freep) struct jval *profile = jval_new_object();
    jval_set_str(profile, "name", act->text);
    struct group group;
    int r = group_create(tx, profile, &group, &act->problem);
    if (r < 0)
        return r;
    act->ret_rid = group.rid;
    memcpy(act->ret_id, group.id, ID_BYTES);
    return 0;
}

static bool add_group(struct sim *sim)
{
    if (sim->group_count == SIM_GROUPS)
        return false;
    int group = sim->group_count;
    sim->groups[group] = (struct sim_group){0};
    char name[SIM_NAME];
    generator_group_name(sim, group, name);
    struct act act = {.user = -1, .group = group, .text = name, .run = act_add_group};
    if (!carry_out(sim, &act, "add group"))
        return false;
    sim->groups[group].rid = act.ret_rid;
    memcpy(sim->groups[group].id, act.ret_id, ID_BYTES);
    sim->group_count++;
    return true;
}

static int any_group(struct sim *sim)
{
    for (int i = 0; i < 20 && sim->group_count; i++) {
        int group = chance_below(&sim->choice, sim->group_count);
        if (!sim->groups[group].deleted)
            return group;
    }
    return -1;
}

static int act_member(struct tx *tx, struct act *act)
{
    struct group group;
    struct user user;
    int r = group_by_rid(tx, act->sim->groups[act->group].rid, &group);
    if (r == 0)
        r = user_by_rid(tx, act->sim->users[act->user].rid, &user);
    if (r < 0)
        return r;
    return act->flag ? member_add(tx, &group, &user, &act->problem) : member_remove(tx, &group, &user, &act->problem);
}

static bool set_member(struct sim *sim, int group, int user, bool member)
{
    struct act act = {.user = user, .group = group, .flag = member, .run = act_member};
    if (!carry_out(sim, &act, member ? "join" : "leave"))
        return false;
    sim->groups[group].members[user] = member;
    return true;
}

static bool change_member(struct sim *sim)
{
    int group = any_group(sim);
    int user = any_user(sim);
    return group >= 0 && user >= 0 && set_member(sim, group, user, !sim->groups[group].members[user]);
}

static int act_rename(struct tx *tx, struct act *act)
{
    CLEANUP(jval_freep) struct jval *profile = jval_new_object();
    jval_set_str(profile, "name", act->text);
    struct group group;
    int r = group_by_rid(tx, act->sim->groups[act->group].rid, &group);
    return r < 0 ? r : group_update(tx, &group, profile, &act->problem);
}

static void add_spare(struct sim_app *app, int group, const char name[static SIM_NAME])
{
    if (app->spare_count[group] < SIM_SPARES)
        memmove(app->spares[group][app->spare_count[group]++].name, name, SIM_NAME);
}

/* The mapping goes, and its group stays in the target. */
static void leave_behind(struct sim_app *app, int group)
{
    struct sim_mapping *mapping = &app->mapping[group];
    if (mapping->exists)
        add_spare(app, group, mapping->name);
    *mapping = (struct sim_mapping){0};
}

/* A group of that name was left behind in some target: two of one name there would be the administrator's doing. */
static bool is_left_behind(const struct sim *sim, int group, const char *name)
{
    for (int k = 0; k < sim->app_count; k++)
        for (int i = 0; i < sim->apps[k].spare_count[group]; i++)
            if (strcasecmp(sim->apps[k].spares[group][i].name, name) == 0)
                return true;
    return false;
}

static bool rename_group(struct sim *sim)
{
    int group = any_group(sim);
    if (group < 0)
        return false;
    int before = sim->groups[group].name_version;
    char name[SIM_NAME];
    /* Sometimes back to an earlier name. */
    sim->groups[group].name_version = before && chance_permille(&sim->choice, 300) ? before - 1 : before + 1;
    for (generator_group_name(sim, group, name); is_left_behind(sim, group, name);) {
        sim->groups[group].name_version = MAX_OF(sim->groups[group].name_version, before) + 1;
        generator_group_name(sim, group, name);
    }
    struct act act = {.user = -1, .group = group, .text = name, .run = act_rename};
    if (!carry_out(sim, &act, "rename")) {
        sim->groups[group].name_version = before;
        return false;
    }
    for (int k = 0; k < sim->app_count; k++) {
        struct sim_mapping *mapping = &sim->apps[k].mapping[group];
        if (!mapping->exists || !mapping->follows)
            continue;
        if (mapping->adopted) /* perhaps it was not found yet, and stays what it was */
            add_spare(&sim->apps[k], group, mapping->name);
        mapping->adopted = false;
        memcpy(mapping->name, name, SIM_NAME);
    }
    return true;
}

static int act_delete_group(struct tx *tx, struct act *act)
{
    struct group group;
    int r = group_by_rid(tx, act->sim->groups[act->group].rid, &group);
    return r < 0 ? r : group_delete(tx, &group, &act->problem);
}

static bool delete_group(struct sim *sim)
{
    int group = any_group(sim);
    if (group < 0 || sim->group_count < 4)
        return false;
    struct act act = {.user = -1, .group = group, .run = act_delete_group};
    if (!carry_out(sim, &act, "delete group"))
        return false;
    sim->groups[group].deleted = true;
    memset(sim->groups[group].members, 0, sizeof(sim->groups[group].members));
    for (int k = 0; k < sim->app_count; k++) {
        sim->apps[k].group_assigned[group] = false;
        leave_behind(&sim->apps[k], group);
    }
    return true;
}

/* --- apps --------------------------------------------------------------------------------------------------------- */

/* What a run takes away is no accident: its rules are about what is sent, not about what is held. */
static int limits_off(struct tx *tx, int64_t app_rid)
{
    int r = 0;
    const struct deletion_limit off = {.off = true};
    for (int rule = 0; r == 0 && rule < RULE_COUNT; rule++)
        r = deletion_limit_set(tx, app_rid, (enum deletion_rule)rule, &off);
    return r;
}

static int act_add_app(struct tx *tx, struct act *act)
{
    struct app app;
    CLEANUP(jval_freep) struct jval *body = jval_new_object();
    jval_set_str(body, "label", act->text);
    jval_set_str(body, "signOnMode", "SAML_2_0");
    int r = app_create(tx, body, true, &app, &act->problem);
    struct connection_input input = {
        .base_url = act->app->base_url, .scheme = CONNECTION_BEARER, .secret = act->app->secret};
    if (r == 0)
        r = connection_save(tx, act->sim->keyring, &app, &input, true, tx_now(tx), NULL, &act->problem);
    struct app_switches switches;
    if (r == 0)
        r = app_switches_get(tx, app.rid, &switches);
    switches.create = switches.update = switches.deactivate = true;
    if (r == 0)
        r = app_switches_set(tx, &app, &switches, &act->problem);
    if (r == 0 && !act->sim->profile->limits)
        r = limits_off(tx, app.rid);
    if (r < 0)
        return r;
    act->ret_rid = app.rid;
    memcpy(act->ret_id, app.id, ID_BYTES);
    return 0;
}

static bool add_app(struct sim *sim)
{
    int number = sim->app_count;
    struct sim_app *app = &sim->apps[number];
    *app = (struct sim_app){.active = true, .batch = 100, .create = true, .update = true, .deactivate = true};
    for (int u = 0; u < SIM_USERS; u++)
        app->standing[u].left_at = -1;
    (void)snprintf(app->base_url, sizeof(app->base_url), "http://127.0.0.1:900%d/scim/v2", number);
    char label[SIM_NAME];
    (void)snprintf(label, sizeof(label), "Practice %d", number);
    (void)snprintf(app->secret, sizeof(app->secret), SIM_SECRET "-%d", number);
    struct act act = {.app = app, .user = -1, .group = -1, .text = label, .run = act_add_app};
    if (!carry_out(sim, &act, "add app"))
        return false;
    app->rid = act.ret_rid;
    memcpy(app->id, act.ret_id, ID_BYTES);
    struct practice_options options = {.token = app->secret,
                                       .base_url = app->base_url,
                                       .duplicate_group_names = !chance_permille(&sim->choice, 200),
                                       .group_patch_body = chance_permille(&sim->choice, 500),
                                       .journal_entries = 1,
                                       .journal_body_bytes = 1};
    app->practice = practice_new(&sim->target_env, &options);
    if (sim->profile->manners)
        manners_choose(sim, app);
    if (sim->profile->limits)
        holds_set_up(sim, app);
    sim->app_count++;
    return true;
}

static int act_assign_group(struct tx *tx, struct act *act)
{
    struct app app;
    struct group group;
    struct app_group ret;
    int r = app_by_rid(tx, act->app->rid, &app);
    if (r == 0)
        r = group_by_rid(tx, act->sim->groups[act->group].rid, &group);
    if (r < 0)
        return r;
    return act->flag ? app_group_put(tx, &app, &group, -1, NULL, &ret, &act->problem)
                     : app_group_remove(tx, &app, &group, &act->problem);
}

static bool assign_group(struct sim *sim, struct sim_app *app, int group, bool assign)
{
    struct act act = {.app = app, .user = -1, .group = group, .flag = assign, .run = act_assign_group};
    if (!carry_out(sim, &act, assign ? "assign group" : "unassign group"))
        return false;
    app->group_assigned[group] = assign;
    return true;
}

static int act_assign_user(struct tx *tx, struct act *act)
{
    struct app app;
    struct user user;
    struct account account;
    int r = app_by_rid(tx, act->app->rid, &app);
    if (r == 0)
        r = user_by_rid(tx, act->sim->users[act->user].rid, &user);
    if (r == 0 && act->flag)
        return account_assign(tx, &app, &user, NULL, NULL, &account, &act->problem);
    if (r == 0)
        r = account_get(tx, app.rid, user.rid, &account);
    return r < 0 ? r : account_unassign(tx, &app, &account, &act->problem);
}

static struct sim_app *any_app(struct sim *sim)
{
    return &sim->apps[chance_below(&sim->choice, sim->app_count)];
}

static bool change_assignment(struct sim *sim)
{
    struct sim_app *app = any_app(sim);
    int group = any_group(sim);
    int user = any_user(sim);
    if (group >= 0 && chance_permille(&sim->choice, 400))
        return assign_group(sim, app, group, !app->group_assigned[group]);
    if (user < 0)
        return false;
    bool assign = !app->user_assigned[user];
    struct act act = {.app = app, .user = user, .group = -1, .flag = assign, .run = act_assign_user};
    if (!carry_out(sim, &act, assign ? "assign user" : "unassign user"))
        return false;
    app->user_assigned[user] = assign;
    return true;
}

/* --- mappings ----------------------------------------------------------------------------------------------------- */

static int act_map(struct tx *tx, struct act *act)
{
    struct app app;
    struct group source;
    struct mapping mapping;
    struct mapping_input input = {
        .target_group_name = act->text, .status = MAPPING_ACTIVE, .existing = EXISTING_REMOVE};
    int r = app_by_rid(tx, act->app->rid, &app);
    if (r == 0)
        r = group_by_rid(tx, act->sim->groups[act->group].rid, &source);
    if (r == 0)
        r = mapping_create(tx, &app, &source, &input, &mapping, &act->problem);
    if (r < 0)
        return r;
    memcpy(act->ret_id, mapping.id, ID_BYTES);
    return 0;
}

static bool adopt(struct sim_app *app, int group, const char *name)
{
    for (int i = 0; i < app->spare_count[group]; i++) {
        if (strcasecmp(app->spares[group][i].name, name) != 0)
            continue;
        app->spares[group][i] = app->spares[group][--app->spare_count[group]];
        return true;
    }
    return false;
}

static bool map(struct sim *sim, struct sim_app *app, int group, bool own_name)
{
    char name[SIM_NAME];
    generator_group_name(sim, group, name);
    if (own_name)
        (void)snprintf(name, sizeof(name), "g%d own %d", group, app->mapping_serial++);
    struct act act = {.app = app, .user = -1, .group = group, .text = name, .run = act_map};
    if (!carry_out(sim, &act, "map"))
        return false;
    /* Also one that was left behind before it got the name that was wanted of it. */
    bool adopted = adopt(app, group, name) || practice_find_group(app->practice, name, NULL) > 0;
    sim->links += adopted;
    struct sim_mapping *mapping = &app->mapping[group];
    *mapping = (struct sim_mapping){
        .exists = true, .active = true, .follows = !own_name, .adopted = adopted, .unread = adopted, .linked = adopted};
    memcpy(mapping->id, act.ret_id, ID_BYTES);
    memcpy(mapping->name, name, SIM_NAME);
    return true;
}

static int act_mapping_status(struct tx *tx, struct act *act)
{
    struct app app;
    struct mapping mapping;
    int r = app_by_rid(tx, act->app->rid, &app);
    if (r == 0)
        r = mapping_by_id(tx, app.rid, act->text, &mapping);
    return r < 0 ? r
                 : mapping_update(tx, &mapping, act->flag ? MAPPING_ACTIVE : MAPPING_INACTIVE, EXISTING_REMOVE,
                                  &act->problem);
}

static bool set_mapping(struct sim *sim, struct sim_app *app, int group, bool active)
{
    struct act act = {.app = app,
                      .user = -1,
                      .group = group,
                      .text = app->mapping[group].id,
                      .flag = active,
                      .run = act_mapping_status};
    if (!carry_out(sim, &act, active ? "activate mapping" : "deactivate mapping"))
        return false;
    app->mapping[group].active = active;
    return true;
}

static int act_unmap(struct tx *tx, struct act *act)
{
    struct app app;
    struct mapping mapping;
    int r = app_by_rid(tx, act->app->rid, &app);
    if (r == 0)
        r = mapping_by_id(tx, app.rid, act->text, &mapping);
    return r < 0 ? r : mapping_delete(tx, &app, &mapping, act->flag, &act->problem);
}

static bool unmap(struct sim *sim, struct sim_app *app, int group, bool delete)
{
    struct act act = {
        .app = app, .user = -1, .group = group, .text = app->mapping[group].id, .flag = delete, .run = act_unmap};
    if (!carry_out(sim, &act, delete ? "delete mapping and group" : "delete mapping"))
        return false;
    if (delete) {
        if (app->mapping[group].adopted) /* perhaps it was not found yet, and is nobody's to delete */
            add_spare(app, group, app->mapping[group].name);
        app->leaving[group]++;
        app->mapping[group] = (struct sim_mapping){0};
    } else {
        leave_behind(app, group);
    }
    return true;
}

static bool change_mapping(struct sim *sim)
{
    struct sim_app *app = any_app(sim);
    int group = any_group(sim);
    if (group < 0)
        return false;
    struct sim_mapping *mapping = &app->mapping[group];
    if (!mapping
             ->exists) /* not while a group of this name is about to be deleted: that race has a profile of its own */
        return map(sim, app, group, app->leaving[group] || chance_permille(&sim->choice, 200));
    if (!mapping->active && chance_permille(&sim->choice, 500))
        return unmap(sim, app, group, chance_permille(&sim->choice, 400));
    return set_mapping(sim, app, group, !mapping->active);
}

/* --- switches ----------------------------------------------------------------------------------------------------- */

static int act_app(struct tx *tx, struct act *act)
{
    struct app app;
    struct app_switches switches;
    int r = app_by_rid(tx, act->app->rid, &app);
    if (r == 0 && (app.status == APP_ACTIVE) != act->app->active)
        r = app_set_status(tx, &app, act->app->active ? APP_ACTIVE : APP_INACTIVE, &act->problem);
    if (r == 0 && app.paused != act->app->paused)
        r = app_set_paused(tx, &app, act->app->paused, &act->problem);
    if (r == 0)
        r = app_switches_get(tx, app.rid, &switches);
    if (r < 0)
        return r;
    switches.create = act->app->create;
    switches.update = act->app->update;
    switches.deactivate = act->app->deactivate;
    r = app_switches_set(tx, &app, &switches, &act->problem);
    if (r == 0 && act->flag)
        r = app_backlog_start(tx, &app);
    return r;
}

static bool set_app(struct sim *sim, struct sim_app *app, const char *what, bool backlog)
{
    struct act act = {.app = app, .user = -1, .group = -1, .flag = backlog, .run = act_app};
    return carry_out(sim, &act, what);
}

static bool change_app(struct sim *sim)
{
    struct sim_app *app = any_app(sim);
    if (!sim->profile->switches)
        return false;
    switch (chance_below(&sim->choice, 6)) {
    case 0:
        app->active = !app->active;
        break;
    case 1:
    case 2:
        app->paused = !app->paused;
        break;
    case 3:
        app->create = !app->create;
        break;
    case 4:
        app->update = !app->update;
        break;
    default:
        app->deactivate = !app->deactivate;
    }
    if (!app->create || !app->update || !app->deactivate)
        app->disturbed = true;
    return set_app(sim, app, "switch app", false);
}

static int act_retry(struct tx *tx, struct act *act)
{
    return engine_retry(tx, act->app->rid);
}

static bool ask_retry(struct sim *sim)
{
    struct act act = {.app = any_app(sim), .user = -1, .group = -1, .run = act_retry};
    return carry_out(sim, &act, "retry");
}

/* --- what others do to the targets --------------------------------------------------------------------------------
 */

/* Somebody else deletes a pushed group there. It comes back when Muster has noticed and is asked to try again. */
static bool delete_behind(struct sim *sim)
{
    struct sim_app *app = any_app(sim);
    int group = any_group(sim);
    const char *id = NULL;
    if (!sim->profile->behind || group < 0 || !app->mapping[group].active ||
        practice_find_group(app->practice, app->mapping[group].name, &id) != 1)
        return false;
    struct arena *arena = arena_new();
    struct practice_response response;
    practice_response_init(&response);
    struct practice_request request = {.method = "DELETE",
                                       .path = arena_printf(arena, "/scim/v2/Groups/%s", url_encoded(arena, id)),
                                       .authorization = arena_printf(arena, "Bearer %s", app->secret)};
    practice_handle(app->practice, &request, &response);
    bool done = response.status == 204;
    practice_response_free(&response);
    arena_free(arena);
    if (!done)
        return false;
    app->mapping[group].adopted = app->mapping[group].unread = app->mapping[group].linked = false;
    sim->behind = true;
    sim_trace(sim, "somebody deletes %s in app %d", app->mapping[group].name, (int)(app - sim->apps));
    return true;
}

/* Somebody changes a target, or an administrator has it scanned. */
static bool drift(struct sim *sim)
{
    if (!sim->profile->drift)
        return false;
    return chance_permille(&sim->choice, 200) ? behind_scan(sim, any_app(sim)) : behind_edit(sim, any_app(sim));
}

static bool decide(struct sim *sim)
{
    return sim->profile->limits && holds_decide(sim, any_app(sim));
}

/* The target is away, for a second or an hour. */
static bool go_away(struct sim *sim)
{
    static const enum sim_fault ways[] = {SIM_FAULT_NOT_SENT, SIM_FAULT_TIMEOUT_BEFORE, SIM_FAULT_UNAVAILABLE,
                                          SIM_FAULT_CREDENTIALS};
    struct sim_app *app = any_app(sim);
    if (!sim->profile->outages || app->away_until > sim->now)
        return false;
    app->away = ways[chance_below(&sim->choice, (int)ARRAY_LEN(ways))];
    app->away_until = sim->now + chance_between(&sim->choice, 1, 3600) * (int64_t)1000;
    sim_trace(sim, "app %d is away until %lld", (int)(app - sim->apps), (long long)app->away_until);
    return true;
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

static const struct {
    int weight;
    bool (*change)(struct sim *sim);
} changes[] = {
    {30, change_member},  {20, change_status}, {15, change_assignment},
    {10, change_mapping}, {8, change_profile}, {6, rename_group},
    {3, add_user},        {2, delete_group},   {2, add_group},
    {12, change_app},     {1, ask_retry},      {6, delete_behind},
    {3, go_away},         {20, drift},         {10, decide},
};

void generator_change(struct sim *sim)
{
    int total = 0;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++)
        total += changes[i].weight;
    for (int tries = 0; tries < 50 && !sim->failed; tries++) {
        int at = chance_below(&sim->choice, total);
        size_t i = 0;
        while (at >= changes[i].weight)
            at -= changes[i++].weight;
        if (!changes[i].change(sim))
            continue;
        sim->counts.changes++;
        changed(sim);
        return;
    }
}

/* What the targets hold before Muster comes: accounts of some, groups with their own people in them. */
static void furnish(struct sim *sim, struct sim_app *app)
{
    char authorization[64];
    (void)snprintf(authorization, sizeof(authorization), "Bearer %s", app->secret);
    struct practice_response response;
    practice_response_init(&response);
    char body[512];
    for (int u = -4; u < sim->user_count; u++) {
        if (u >= 0 && !chance_permille(&sim->choice, 300))
            continue;
        bool active = u < 0 || !chance_permille(&sim->choice, 250);
        (void)snprintf(
            body, sizeof(body),
            "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"%c%d.0@example.org\","
            "\"active\":%s}",
            u < 0                                ? 's'
            : chance_permille(&sim->choice, 250) ? 'U' /* names are the same in any letter case */
                                                 : 'u',
            u < 0 ? -u : u, active ? "true" : "false");
        struct practice_request request = {.method = "POST",
                                           .path = "/scim/v2/Users",
                                           .authorization = authorization,
                                           .content_type = "application/scim+json",
                                           .body = body,
                                           .body_len = strlen(body)};
        practice_handle(app->practice, &request, &response);
        assert(response.status == 201);
        if (u >= 0)
            app->standing[u].was_there = true;
    }
    for (int g = 0; g < sim->group_count; g++) {
        if (!chance_permille(&sim->choice, 500))
            continue;
        char name[SIM_NAME];
        generator_group_name(sim, g, name);
        name[0] = chance_permille(&sim->choice, 250) ? 'G' : 'g';
        struct buf text;
        buf_init(&text, 65536);
        buf_printf(&text,
                   "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"],\"displayName\":\"%s\","
                   "\"members\":[",
                   name);
        const char *id = NULL;
        bool first = true;
        while ((id = practice_next(app->practice, PRACTICE_USER, id)))
            if (chance_permille(&sim->choice, 300)) {
                buf_printf(&text, "%s{\"value\":\"%s\"}", first ? "" : ",", id);
                first = false;
            }
        buf_str(&text, "]}");
        struct practice_request request = {.method = "POST",
                                           .path = "/scim/v2/Groups",
                                           .authorization = authorization,
                                           .content_type = "application/scim+json",
                                           .body = buf_text(&text),
                                           .body_len = text.len};
        practice_handle(app->practice, &request, &response);
        assert(response.status == 201);
        add_spare(app, g, name);
        if (practice_find_group(app->practice, name, &id))
            (void)snprintf(app->furnished[app->furnished_count++], SIM_ID, "%s", id);
        buf_free(&text);
    }
    practice_response_free(&response);
}

static int set_up(struct tx *tx, void *data)
{
    struct sim *sim = data;
    sim->open_tx = tx;
    struct chance *choice = &sim->choice;
    const struct profile *profile = sim->profile;
    int users = chance_between(choice, profile->users_min, profile->users_max);
    int groups = 2 + chance_below(choice, 5);
    int apps = chance_between(choice, 1, sim->profile->users_max > 100 ? 2 : SIM_APPS);
    for (int i = 0; i < users && !sim->failed; i++)
        (void)add_user(sim);
    for (int i = 0; i < groups && !sim->failed; i++)
        (void)add_group(sim);
    for (int i = 0; i < apps && !sim->failed; i++)
        (void)add_app(sim);
    int density = 100 + chance_below(choice, 500);
    for (int g = 0; g < sim->group_count && !sim->failed; g++)
        for (int u = 0; u < sim->user_count && !sim->failed; u++)
            if (chance_permille(choice, density))
                (void)set_member(sim, g, u, true);
    for (int k = 0; k < sim->app_count && !sim->failed; k++) {
        struct sim_app *app = &sim->apps[k];
        if (profile->before)
            furnish(sim, app);
        for (int g = 0; g < sim->group_count && !sim->failed; g++) {
            if (chance_permille(choice, 500))
                (void)assign_group(sim, app, g, true);
            if (chance_permille(choice, 500))
                (void)map(sim, app, g, chance_permille(choice, 150));
        }
    }
    sim->open_tx = NULL;
    return sim->failed ? ERR_CORRUPT : 0;
}

void generator_set_up(struct sim *sim)
{
    int r = store_write_wait(disk_store(sim->disk), NULL, set_up, sim);
    if (r < 0 && !sim->failed)
        sim_fail(sim, "a change is carried out or refused", "set up: %s", err_text(r));
    for (int k = 0; k < sim->app_count && !sim->failed && sim->profile->drift; k++)
        behind_set_up(sim, &sim->apps[k]);
    oracle_changed(sim);
}

void generator_finish(struct sim *sim)
{
    for (int k = 0; k < sim->app_count && !sim->failed; k++) {
        struct sim_app *app = &sim->apps[k];
        if (app->active && !app->paused && !app->disturbed)
            continue;
        app->active = true;
        app->paused = false;
        app->create = app->update = app->deactivate = true;
        (void)set_app(sim, app, "finish app", app->disturbed);
        for (int u = 0; u < sim->user_count && app->disturbed; u++) {
            struct standing *s = &app->standing[u];
            s->offered = !s->gained;
            s->gained = s->want == WANT_IN; /* the backlog is an administrator's act, worked off bit by bit */
        }
        changed(sim);
    }
}

static int act_verify(struct tx *tx, struct act *act)
{
    int r = mapping_verify_all(tx, act->app->rid);
    return r < 0 ? r : 0;
}

void generator_verify(struct sim *sim, struct sim_app *app)
{
    struct act act = {.app = app, .user = -1, .group = -1, .run = act_verify};
    (void)carry_out(sim, &act, "verify");
}

static int act_retry_all(struct tx *tx, struct act *act)
{
    int r = mapping_retry_all(tx, act->app->rid);
    return r < 0 ? r : engine_retry(tx, act->app->rid);
}

void generator_retry(struct sim *sim, struct sim_app *app)
{
    struct act act = {.app = app, .user = -1, .group = -1, .run = act_retry_all};
    (void)carry_out(sim, &act, "retry all");
}
