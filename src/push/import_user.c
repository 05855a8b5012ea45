/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users of an app: compared when they are read, matched with the directory and taken over when everything was read.
 * Whoever is known by the app's id is himself, whatever his name there.
 */
#include "push/import_private.h"

#include "base/limits.h"

#define COLUMNS                                                                                                        \
    "rid, id, app_rid, external_id, user_name, profile, active, state, match, match_user_rid, error, created,"         \
    " last_updated"

SQL(IMPORTED_FIND, "SELECT rid FROM imported_users WHERE app_rid = $1 AND external_id = $2");
SQL(IMPORTED_BY_RID, "SELECT " COLUMNS " FROM imported_users WHERE rid = $1");
SQL(IMPORTED_BY_ID, "SELECT " COLUMNS " FROM imported_users WHERE id = $1");
SQL(IMPORTED_KNOWN,
    "SELECT rid FROM imported_users WHERE app_rid = $1 AND rid > $2 AND rid <= $3 ORDER BY rid LIMIT $4");
SQL(IMPORTED_LIST, "SELECT " COLUMNS " FROM imported_users WHERE app_rid = $1 AND state = $2 AND rid > $3"
                   " ORDER BY rid LIMIT $4");
SQL(IMPORTED_INSERT, "INSERT INTO imported_users (id, app_rid, external_id, user_name, profile, active, state, created,"
                     " last_updated) VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7) RETURNING rid");
SQL(IMPORTED_UPDATE, "UPDATE imported_users SET user_name = $2, profile = $3, active = $4, state = $5, match = $6,"
                     " match_user_rid = $7, error = $8, last_updated = $9 WHERE rid = $1");
SQL(IMPORTED_DELETE, "DELETE FROM imported_users WHERE rid = $1");

const char *imported_state_name(enum imported_state state)
{
    return state == IMPORTED_UNCONFIRMED ? "UNCONFIRMED" : state == IMPORTED_CONFIRMED ? "CONFIRMED" : "IGNORED";
}

const char *imported_match_name(enum imported_match match)
{
    return match == MATCH_NONE ? "NEW" : match == MATCH_PARTIAL ? "PARTIAL" : "EXACT";
}

/* --- rows ----------------------------------------------------------------------------------------------------------
 */

static void read_row(struct tx *tx, const struct query *query, struct imported_user *ret)
{
    *ret = (struct imported_user){.rid = query_int(query, 0),
                                  .id = push_text(tx, query, 1),
                                  .app_rid = query_int(query, 2),
                                  .external_id = push_text(tx, query, 3),
                                  .user_name = push_text(tx, query, 4),
                                  .profile = push_text(tx, query, 5),
                                  .active = query_int(query, 6) != 0,
                                  .state = (enum imported_state)query_int(query, 7),
                                  .match = (enum imported_match)query_int(query, 8),
                                  .match_user_rid = query_int(query, 9),
                                  .error = push_text(tx, query, 10),
                                  .created = query_int(query, 11),
                                  .last_updated = query_int(query, 12)};
}

/* Takes the row of a query that tx_query_row() started with result `r`. */
static int read_one(struct tx *tx, struct query *query, int r, struct imported_user *ret)
{
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    read_row(tx, query, ret);
    query_close(query);
    return 0;
}

static int imported_by_rid(struct tx *tx, int64_t rid, struct imported_user *ret)
{
    struct query query;
    return read_one(tx, &query, tx_query_row(tx, &query, &IMPORTED_BY_RID, I(rid)), ret);
}

int imported_user_by_id(struct tx *tx, int64_t app_rid, const char *id, struct imported_user *ret)
{
    struct query query;
    int r = read_one(tx, &query, tx_query_row(tx, &query, &IMPORTED_BY_ID, T(id)), ret);
    return r == 0 && ret->app_rid != app_rid ? ERR_NOT_FOUND : r;
}

int imported_user_list(struct tx *tx, int64_t app_rid, enum imported_state state, int64_t after,
                       struct imported_user *ret, int limit)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &IMPORTED_LIST, I(app_rid), I(state), I(after), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        read_row(tx, &query, &ret[count++]);
    return r < 0 ? r : count;
}

static int imported_store(struct tx *tx, const struct imported_user *user)
{
    int r = tx_exec(tx, &IMPORTED_UPDATE, I(user->rid), T(user->user_name), T(user->profile), I(user->active),
                    I(user->state), I(user->match), I(user->match_user_rid), T(user->error), I(tx_now(tx)));
    return r < 0 ? r : 0;
}

int import_find_user(struct tx *tx, int64_t app_rid, const char *external_id, int64_t *ret_rid)
{
    return tx_get_int(tx, ret_rid, &IMPORTED_FIND, I(app_rid), T(external_id));
}

int import_known_users(struct tx *tx, int64_t app_rid, int64_t after, int64_t max, int64_t *ret, int limit)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &IMPORTED_KNOWN, I(app_rid), I(after), I(max), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret[count++] = query_int(&query, 0);
    return r < 0 ? r : count;
}

/* --- matching ------------------------------------------------------------------------------------------------------
 */

struct match {
    enum imported_match match;
    int64_t user_rid;
    const char *undecided; /* why nothing can be said of who it is; NULL */
};

#define UNDECIDED "People cannot be found by the attribute %s; see exactMatchAttribute in the app's import rules"

static struct match match_of(enum imported_match match, const int64_t *rids, int count)
{
    if (count == 0)
        return (struct match){.match = MATCH_NONE};
    return (struct match){.match = count == 1 ? match : MATCH_PARTIAL, .user_rid = count == 1 ? rids[0] : 0}; /* never
                                                                                                              choose */
}

static int match_attribute(struct tx *tx, const struct import_settings *settings, const char *user_name,
                           const struct jval *profile, int64_t *ret_rids, int limit)
{
    const char *there = settings->match_app_attribute ? settings->match_app_attribute : settings->match_attribute;
    const char *value = str_eq(there, "userName") ? user_name : jval_get_str(profile, there);
    return value && *value ? user_rids_by_value(tx, settings->match_attribute, value, ret_rids, limit) : 0;
}

static int match_exactly(struct tx *tx, const struct import_settings *settings, const char *user_name,
                         const struct jval *profile, struct match *ret)
{
    int64_t rids[2] = {0};
    const char *email = jval_get_str(profile, "email");
    int count = 0;
    if (settings->criterion == CRITERION_EMAIL && email) {
        count = user_rids_by_email(tx, email, rids, 2);
    } else if (settings->criterion == CRITERION_USERNAME && *user_name) {
        struct user user = {0};
        int r = user_by_login(tx, user_name, &user);
        if (r < 0 && r != ERR_NOT_FOUND)
            return r;
        count = r == 0 && user.status != USER_DEPROVISIONED;
        rids[0] = user.rid;
    } else if (settings->criterion == CRITERION_ATTRIBUTE) {
        count = match_attribute(tx, settings, user_name, profile, rids, 2);
    }
    if (count == ERR_NOT_FOUND) {
        *ret = (struct match){.undecided = arena_printf(tx_arena(tx), UNDECIDED, settings->match_attribute)};
        return 0;
    }
    if (count >= 0)
        *ret = match_of(MATCH_EXACT, rids, count);
    return count < 0 ? count : 0;
}

static int match_user(struct tx *tx, const struct import_settings *settings, const char *user_name,
                      const char *profile_text, struct match *ret)
{
    CLEANUP(jval_freep) struct jval *profile = NULL;
    if (jval_parse(&profile, profile_text, strlen(profile_text), NULL) < 0)
        return ERR_CORRUPT;
    int r = match_exactly(tx, settings, user_name, profile, ret);
    const char *first = jval_get_str(profile, "firstName");
    const char *last = jval_get_str(profile, "lastName");
    if (r < 0 || ret->undecided || ret->match != MATCH_NONE || !settings->allow_partial || !first || !last)
        return r;
    int64_t rids[2] = {0};
    int count = user_rids_by_name(tx, first, last, rids, 2);
    if (count >= 0)
        *ret = match_of(MATCH_PARTIAL, rids, count);
    return count < 0 ? count : 0;
}

static bool confirms_itself(const struct import_settings *settings, const struct match *match)
{
    if (match->undecided)
        return false;
    switch (match->match) {
    case MATCH_EXACT:
        return settings->confirm_exact;
    case MATCH_PARTIAL:
        return settings->confirm_partial && match->user_rid;
    case MATCH_NONE:
    default:
        return settings->confirm_new;
    }
}

/* --- comparing -----------------------------------------------------------------------------------------------------
 */

/* Something was asked of the account since the reading began: what was read may be older than what is known. */
static int is_moving(struct tx *tx, const struct import_run *run, const struct account *account)
{
    struct work work = {0};
    if (account->last_sync >= run->started)
        return 1;
    return work_find(tx, account->app_rid, WORK_ACCOUNT, account->rid, &work);
}

/* Nothing is to be done about one whose texts are as before: 1 or 0. */
static int is_settled(struct tx *tx, const struct import_run *run, const struct imported_user *known)
{
    struct account account = {0};
    struct import_settings settings = {0};
    struct match match = {0};
    int r = account_by_external(tx, run->app_rid, known->external_id, &account);
    if (r == 0) {
        int moving = is_moving(tx, run, &account);
        bool told = moving || !account_seen_differs(&account, known->active);
        return moving < 0 ? moving : known->state == IMPORTED_CONFIRMED && told;
    }
    if (r != ERR_NOT_FOUND || known->state == IMPORTED_IGNORED)
        return r == ERR_NOT_FOUND ? 1 : r;
    r = import_settings_get(tx, run->app_rid, &settings);
    if (r == 0)
        r = match_user(tx, &settings, known->user_name, known->profile, &match);
    if (r < 0)
        return r;
    if (match.undecided)
        return known->state == IMPORTED_UNCONFIRMED && str_eq(known->error, match.undecided);
    bool same = match.match == known->match && match.user_rid == known->match_user_rid;
    return known->state == IMPORTED_UNCONFIRMED && same && (known->error || !confirms_itself(&settings, &match));
}

int import_take_user(struct tx *tx, const struct import_run *run, const struct import_user *found, int64_t rid,
                     bool *ret_new)
{
    struct imported_user known = {0};
    int same = 0;
    int staged = 0;
    if (rid) {
        int r = imported_by_rid(tx, rid, &known);
        if (r < 0)
            return r;
        same = strcmp(known.user_name, found->user_name) == 0 && strcmp(known.profile, found->profile) == 0 &&
               known.active == found->active;
        if (same)
            same = is_settled(tx, run, &known);
    }
    if (same == 0) {
        const struct staged row = {.kind = STAGED_USER,
                                   .external_id = found->external_id,
                                   .member_id = "",
                                   .name = found->user_name,
                                   .profile = found->profile,
                                   .active = found->active};
        staged = staged_add(tx, run, &row);
    }
    *ret_new = same > 0 || staged > 0;
    return same < 0 ? same : staged;
}

int import_miss_user(struct tx *tx, const struct import_run *run, int64_t rid)
{
    struct imported_user known = {0};
    int r = imported_by_rid(tx, rid, &known);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    const struct staged row = {.kind = STAGED_USER,
                               .external_id = known.external_id,
                               .member_id = "",
                               .name = known.user_name,
                               .profile = known.profile,
                               .active = known.active,
                               .fate = STAGED_MISSED};
    return staged_add(tx, run, &row);
}

/* --- confirming ----------------------------------------------------------------------------------------------------
 */

static int tell_user(struct tx *tx, const struct app *app, const struct imported_user *imported, const char *type,
                     const char *message)
{
    const struct event event = {
        .type = type,
        .message = message,
        .severity = SEVERITY_INFO,
        .targets = {{.id = imported->id, .type = "AppUser", .alternate_id = imported->user_name},
                    {.id = app->id, .type = "AppInstance", .alternate_id = app->label, .name = app->label}},
        .target_count = 2};
    return record_event(tx, &event);
}

static int check_open(const struct imported_user *imported, struct problem *problem)
{
    if (imported->state != IMPORTED_CONFIRMED)
        return 0;
    (void)problem_set(problem, E0000107, "%s", "importedUser");
    return problem_cause(problem, "id: The app's user \"%.100s\" is confirmed already", imported->user_name);
}

int imported_user_confirm(struct tx *tx, const struct app *app, struct imported_user *imported, const struct user *user,
                          struct problem *problem)
{
    int r = check_open(imported, problem);
    if (r == 0)
        r = account_take_over(tx, app, user, imported->external_id, imported->active, problem);
    if (r < 0)
        return r;
    imported->state = IMPORTED_CONFIRMED;
    imported->match_user_rid = user->rid;
    imported->error = NULL;
    r = imported_store(tx, imported);
    return r < 0 ? r
                 : tell_user(tx, app, imported, "system.import.user_match.confirm",
                             "Import user matching assignment confirmed");
}

int imported_user_create(struct tx *tx, const struct app *app, struct imported_user *imported, bool activate,
                         struct problem *problem)
{
    struct import_settings settings = {0};
    CLEANUP(jval_freep) struct jval *profile = NULL;
    int r = check_open(imported, problem);
    if (r == 0)
        r = import_settings_get(tx, app->rid, &settings);
    if (r == 0 && jval_parse(&profile, imported->profile, strlen(imported->profile), NULL) < 0)
        r = ERR_CORRUPT;
    if (r < 0)
        return r;
    const char *from = settings.login_attribute ? settings.login_attribute : "email";
    const char *login = str_eq(from, "userName") ? imported->user_name : jval_get_str(profile, from);
    if (!login || !*login)
        return problem_invalid(problem, "importedUser",
                               "profile.%s: The app shows none for \"%.100s\", and a new person's login is made of it; "
                               "choose another one in importSettings.username, or link it to somebody",
                               from, imported->user_name);
    jval_set_str(profile, "login", arena_strdup(tx_arena(tx), login));
    struct user user = {0};
    const struct user_input input = {.profile = profile, .activate = activate};
    r = user_create(tx, &input, &user, problem);
    if (r == 0)
        r = tell_user(tx, app, imported, "system.import.user.create", "Create user triggered by import process");
    return r < 0 ? r : imported_user_confirm(tx, app, imported, &user, problem);
}

int imported_user_ignore(struct tx *tx, const struct app *app, struct imported_user *imported, bool ignore,
                         struct problem *problem)
{
    int r = check_open(imported, problem);
    enum imported_state state = ignore ? IMPORTED_IGNORED : IMPORTED_UNCONFIRMED;
    if (r < 0 || imported->state == state)
        return r;
    imported->state = state;
    r = imported_store(tx, imported);
    return r < 0 ? r
                 : tell_user(tx, app, imported,
                             ignore ? "system.import.user_match.update" : "system.import.user_match.unignore",
                             ignore ? "Assignment was ignored" : "Assignment was unignored");
}

/* --- applying ------------------------------------------------------------------------------------------------------
 */

struct confirming {
    const struct app *app;
    struct imported_user *imported;
    const struct import_settings *settings;
    struct problem problem;
};

static int confirm(struct tx *tx, void *arg)
{
    struct confirming *c = arg;
    struct user user = {0};
    if (c->imported->match == MATCH_NONE)
        return imported_user_create(tx, c->app, c->imported, c->settings->activate_new, &c->problem);
    int r = user_by_rid(tx, c->imported->match_user_rid, &user);
    return r < 0 ? r : imported_user_confirm(tx, c->app, c->imported, &user, &c->problem);
}

/* Whoever may be confirmed without an administrator is; a refusal is shown beside the unconfirmed user. */
static int settle_unknown(struct tx *tx, const struct app *app, struct import_run *run, struct imported_user *imported)
{
    struct import_settings settings = {0};
    struct match match = {0};
    int r = import_settings_get(tx, app->rid, &settings);
    if (r == 0)
        r = match_user(tx, &settings, imported->user_name, imported->profile, &match);
    if (r < 0)
        return r;
    imported->match = match.match;
    imported->match_user_rid = match.user_rid;
    imported->error = match.undecided;
    if (imported->state == IMPORTED_CONFIRMED) /* whose account it was is gone */
        imported->state = IMPORTED_UNCONFIRMED;
    if (imported->state == IMPORTED_IGNORED || !confirms_itself(&settings, &match))
        return imported_store(tx, imported);
    struct confirming confirming = {.app = app, .imported = imported, .settings = &settings};
    struct imported_user before = *imported;
    (void)tx_spend(tx, 8);
    r = tx_try(tx, confirm, &confirming);
    if (r >= 0) {
        run->users_confirmed++;
        return 0;
    }
    if (r != ERR_PROBLEM)
        return r;
    *imported = before;
    imported->error = confirming.problem.cause_count ? arena_strdup(tx_arena(tx), confirming.problem.causes[0])
                                                     : "It could not be confirmed";
    return imported_store(tx, imported);
}

static int settle_known(struct tx *tx, struct import_run *run, struct imported_user *imported, struct account *account)
{
    int moving = is_moving(tx, run, account);
    if (moving < 0)
        return moving;
    imported->state = IMPORTED_CONFIRMED;
    imported->match_user_rid = account->user_rid;
    imported->error = NULL;
    int r = imported_store(tx, imported);
    return r < 0 || moving ? r : account_seen(tx, account, imported->active);
}

static int apply_gone(struct tx *tx, const struct app *app, struct import_run *run, int64_t rid,
                      const char *external_id)
{
    struct account account = {0};
    int r = account_by_external(tx, app->rid, external_id, &account);
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    if (r == 0) {
        int moving = is_moving(tx, run, &account); /* it will find out itself */
        r = moving < 0 ? moving : moving ? 0 : account_gone_there(tx, app, &account);
        (void)tx_spend(tx, 6);
    }
    if (r == ERR_NOT_FOUND || r == 0)
        r = tx_exec(tx, &IMPORTED_DELETE, I(rid));
    run->users_removed++;
    return r < 0 ? r : 0;
}

int import_apply_user(struct tx *tx, const struct app *app, struct import_run *run, const struct staged *row)
{
    struct imported_user imported = {0};
    struct account account = {0};
    int64_t rid = 0;
    (void)tx_spend(tx, 2);
    int known = import_find_user(tx, app->rid, row->external_id, &rid);
    if (known < 0 || (!known && row->fate != STAGED_FOUND))
        return known;
    if (row->fate != STAGED_FOUND)
        return apply_gone(tx, app, run, rid, row->external_id);
    int r = 0;
    if (!known)
        r = tx_get_int(tx, &rid, &IMPORTED_INSERT, T(tx_id(tx, "imu")), I(app->rid), T(row->external_id), T(row->name),
                       T(row->profile), I(row->active), I(tx_now(tx)));
    if (r >= 0)
        r = imported_by_rid(tx, rid, &imported);
    if (r < 0)
        return r;
    run->users_created += !known;
    run->users_updated += known;
    imported.user_name = row->name;
    imported.profile = row->profile;
    imported.active = row->active;
    r = account_by_external(tx, app->rid, row->external_id, &account);
    if (r == 0)
        return settle_known(tx, run, &imported, &account);
    return r == ERR_NOT_FOUND ? settle_unknown(tx, app, run, &imported) : r;
}
