/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has an app, and what follows. Every change of a fact ends in account_look(): it finds out from the facts as they
 * are now who gives the person the app, compares with what was wanted before, and writes work if the switches that it
 * would need are on at this moment (invariant 11).
 */
#include "app/inner.h"
#include "app/profile.h"

#include "base/text.h"

#define COLUMNS                                                                                                        \
    "rid, app_rid, user_rid, scope, via_group_rid, wanted, user_name, user_name_is_own, profile, external_id, origin," \
    " known, sent_profile, activation_owed, disabled_there, leave_since, created, last_updated, status_changed,"       \
    " last_sync, refers_to"

SQL(ACCOUNT_STATE, "SELECT scope, external_id, activation_owed FROM accounts WHERE user_rid = $2 AND app_rid = $1");
SQL(ACCOUNT_GET, "SELECT " COLUMNS " FROM accounts WHERE user_rid = $2 AND app_rid = $1");
SQL(ACCOUNT_BY_RID, "SELECT " COLUMNS " FROM accounts WHERE rid = $1");
SQL(ACCOUNT_BY_EXTERNAL,
    "SELECT " COLUMNS " FROM accounts WHERE app_rid = $1 AND external_id = $2 ORDER BY rid LIMIT 1");
SQL(ACCOUNT_LIST, "SELECT " COLUMNS " FROM accounts WHERE app_rid = $1 AND rid > $2 ORDER BY rid LIMIT $3");
SQL(ACCOUNT_LIST_VIA, "SELECT " COLUMNS " FROM accounts WHERE app_rid = $1 AND via_group_rid = $2 AND rid > $3"
                      " ORDER BY rid LIMIT $4");
SQL(ACCOUNT_LIST_REFERRERS, "SELECT " COLUMNS " FROM accounts WHERE app_rid = $1 AND refers_to = $2 AND rid > $3"
                            " ORDER BY rid LIMIT $4");
SQL(ACCOUNT_REFERS, "SELECT 1 FROM accounts WHERE app_rid = $1 AND refers_to IS NOT NULL LIMIT 1");
SQL(ACCOUNT_LIST_OF_USER,
    "SELECT " COLUMNS " FROM accounts WHERE user_rid = $1 AND app_rid > $2 ORDER BY app_rid LIMIT $3");
SQL(APPS_OF_USER, "SELECT app_rid FROM accounts WHERE user_rid = $1 AND app_rid > $2 AND scope <> 0"
                  " ORDER BY app_rid LIMIT $3");
SQL(ACCOUNT_COUNT, "SELECT count(*) FROM accounts WHERE app_rid = $1 AND scope <> 0");
SQL(ACCOUNT_COUNT_ACTIVE,
    "SELECT count(*) FROM (SELECT 1 FROM accounts WHERE app_rid = $1 AND known = 1 LIMIT $2) AS counted");
SQL(ACCOUNT_INSERT, "INSERT INTO accounts (app_rid, user_rid, scope, wanted, user_name, profile, created, last_updated,"
                    " status_changed) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $7) RETURNING rid");
SQL(ACCOUNT_UPDATE,
    "UPDATE accounts SET scope = $2, via_group_rid = $3, wanted = $4, user_name = $5, user_name_is_own = $6,"
    " profile = $7, external_id = $8, origin = $9, known = $10, sent_profile = $11, activation_owed = $12,"
    " disabled_there = $13, leave_since = $14, last_updated = $15, status_changed = $16, last_sync = $17,"
    " refers_to = $18"
    " WHERE rid = $1");
SQL(LOOKUPS_PENDING, "SELECT 1 FROM work AS w JOIN accounts AS a ON a.rid = w.object_rid"
                     " WHERE w.app_rid = $1 AND w.kind = 1 AND w.held = 0 AND a.external_id IS NULL LIMIT 1");
SQL(ACCOUNT_DELETE, "DELETE FROM accounts WHERE rid = $1");

/* --- rows ----------------------------------------------------------------------------------------------------------
 */

static struct account account_row(struct tx *tx, const struct query *query)
{
    struct arena *arena = tx_arena(tx);
    return (struct account){
        .rid = query_int(query, 0),
        .app_rid = query_int(query, 1),
        .user_rid = query_int(query, 2),
        .scope = (enum account_scope)query_int(query, 3),
        .via_group_rid = query_int(query, 4),
        .wanted = (enum account_wanted)query_int(query, 5),
        .user_name = arena_strdup(arena, query_text(query, 6)),
        .user_name_is_own = query_int(query, 7) != 0,
        .profile = arena_strdup(arena, query_text(query, 8)),
        .external_id = arena_strdup(arena, query_text(query, 9)),
        .origin = (enum account_origin)query_int(query, 10),
        .known = (enum account_known)query_int(query, 11),
        .sent_profile = arena_strdup(arena, query_text(query, 12)),
        .activation_owed = query_int(query, 13) != 0,
        .disabled_there = query_int(query, 14) != 0,
        .leave_since = query_int(query, 15),
        .created = query_int(query, 16),
        .last_updated = query_int(query, 17),
        .status_changed = query_int(query, 18),
        .last_sync = query_int(query, 19),
        .refers_to = arena_strdup(arena, query_text(query, 20)),
    };
}

/* Takes the row of a query that tx_query_row() started with result `r`. */
static int account_take(struct tx *tx, struct query *query, int r, struct account *ret)
{
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    *ret = account_row(tx, query);
    query_close(query);
    return 0;
}

static int account_take_all(struct tx *tx, struct query *query, struct account *ret)
{
    int count = 0;
    int r;
    while ((r = query_next(query)) > 0)
        ret[count++] = account_row(tx, query);
    return r < 0 ? r : count;
}

int account_get(struct tx *tx, int64_t app_rid, int64_t user_rid, struct account *ret)
{
    struct query query;
    return account_take(tx, &query, tx_query_row(tx, &query, &ACCOUNT_GET, I(app_rid), I(user_rid)), ret);
}

int account_state(struct tx *tx, int64_t app_rid, int64_t user_rid, enum account_scope *ret_scope,
                  const char **ret_external_id, bool *ret_ready)
{
    struct query query;
    int r = tx_query_row(tx, &query, &ACCOUNT_STATE, I(app_rid), I(user_rid));
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    *ret_scope = (enum account_scope)query_int(&query, 0);
    *ret_external_id = arena_strdup(tx_arena(tx), query_text(&query, 1));
    /* Owed although it is known to be active: a deactivation may be on its way. */
    *ret_ready = *ret_external_id && !query_int(&query, 2);
    query_close(&query);
    return 0;
}

int account_by_rid(struct tx *tx, int64_t rid, struct account *ret)
{
    struct query query;
    return account_take(tx, &query, tx_query_row(tx, &query, &ACCOUNT_BY_RID, I(rid)), ret);
}

int account_lookups_pending(struct tx *tx, int64_t app_rid)
{
    int64_t one = 0;
    return tx_get_int(tx, &one, &LOOKUPS_PENDING, I(app_rid));
}

int account_by_external(struct tx *tx, int64_t app_rid, const char *external_id, struct account *ret)
{
    struct query query;
    return account_take(tx, &query, tx_query_row(tx, &query, &ACCOUNT_BY_EXTERNAL, I(app_rid), T(external_id)), ret);
}

int account_list(struct tx *tx, int64_t app_rid, int64_t after, struct account *ret, int limit)
{
    struct query query;
    int r = tx_query(tx, &query, &ACCOUNT_LIST, I(app_rid), I(after), I(limit));
    return r < 0 ? r : account_take_all(tx, &query, ret);
}

int account_list_via(struct tx *tx, int64_t app_rid, int64_t group_rid, int64_t after, struct account *ret, int limit)
{
    struct query query;
    int r = tx_query(tx, &query, &ACCOUNT_LIST_VIA, I(app_rid), I(group_rid), I(after), I(limit));
    return r < 0 ? r : account_take_all(tx, &query, ret);
}

int account_list_referrers(struct tx *tx, int64_t app_rid, const char *key, int64_t after, struct account *ret,
                           int limit)
{
    struct query query;
    int r = tx_query(tx, &query, &ACCOUNT_LIST_REFERRERS, I(app_rid), T(key), I(after), I(limit));
    return r < 0 ? r : account_take_all(tx, &query, ret);
}

int account_any_refers(struct tx *tx, int64_t app_rid)
{
    int64_t one = 0;
    return tx_get_int(tx, &one, &ACCOUNT_REFERS, I(app_rid));
}

int account_list_of_user(struct tx *tx, int64_t user_rid, int64_t after, struct account *ret, int limit)
{
    struct query query;
    int r = tx_query(tx, &query, &ACCOUNT_LIST_OF_USER, I(user_rid), I(after), I(limit));
    return r < 0 ? r : account_take_all(tx, &query, ret);
}

int app_rids_of_user(struct tx *tx, int64_t user_rid, int64_t after, int64_t *ret, int limit)
{
    struct query query;
    int r = tx_query(tx, &query, &APPS_OF_USER, I(user_rid), I(after), I(limit));
    if (r < 0)
        return r;
    int count = 0;
    while ((r = query_next(&query)) > 0)
        ret[count++] = query_int(&query, 0);
    return r < 0 ? r : count;
}

int64_t account_count(struct tx *tx, int64_t app_rid)
{
    int64_t count = 0;
    int r = tx_get_int(tx, &count, &ACCOUNT_COUNT, I(app_rid));
    return r < 0 ? r : count;
}

int64_t account_count_active(struct tx *tx, int64_t app_rid, int64_t limit)
{
    int64_t count = 0;
    int r = tx_get_int(tx, &count, &ACCOUNT_COUNT_ACTIVE, I(app_rid), I(limit));
    return r < 0 ? r : count;
}

int account_user(struct tx *tx, int64_t user_rid, struct user *ret)
{
    int r = user_by_rid(tx, user_rid, ret);
    if (r != ERR_NOT_FOUND)
        return r;
    const char *id = "";
    r = record_erased_person(tx, user_rid, &id);
    *ret = (struct user){
        .rid = user_rid, .id = id, .status = USER_DEPROVISIONED, .login = "", .profile = "{}", .deleted = true};
    return MIN_OF(r, 0);
}

static int account_insert(struct tx *tx, struct account *account)
{
    int r = tx_get_int(tx, &account->rid, &ACCOUNT_INSERT, I(account->app_rid), I(account->user_rid), I(account->scope),
                       I(account->wanted), T(account->user_name), T(account->profile), I(tx_now(tx)));
    account->created = account->status_changed = tx_now(tx);
    return r < 0 ? r : 0;
}

int account_store(struct tx *tx, struct account *a)
{
    a->last_updated = tx_now(tx);
    int r = tx_exec(tx, &ACCOUNT_UPDATE, I(a->rid), I(a->scope), I(a->via_group_rid), I(a->wanted), T(a->user_name),
                    I(a->user_name_is_own), T(a->profile), T(a->external_id), I(a->origin), I(a->known),
                    T(a->sent_profile), I(a->activation_owed), I(a->disabled_there), I(a->leave_since),
                    I(a->last_updated), I(a->status_changed), I(a->last_sync), T(a->refers_to));
    return r < 0 ? r : 0;
}

int account_delete(struct tx *tx, const struct account *account)
{
    int r = work_delete(tx, account->app_rid, WORK_ACCOUNT, account->rid);
    if (r == 0)
        r = tx_exec(tx, &ACCOUNT_DELETE, I(account->rid));
    return r < 0 ? r : 0;
}

int account_changed(struct tx *tx, int kind, const struct account *account)
{
    return tx_change(
        tx, (struct change){
                .kind = kind, .subject = account->rid, .object = account->user_rid, .detail = account->app_rid});
}

int account_event(struct tx *tx, const char *type, const struct app *app, const struct user *user,
                  const struct account *account)
{
    const struct event event = {
        .type = type,
        .severity = SEVERITY_INFO,
        .targets = {{.id = user->id, .type = "AppUser", .alternate_id = account->user_name, .name = account->user_name},
                    {.id = app->id, .type = "AppInstance", .alternate_id = app->label, .name = app->label},
                    {.id = user->id, .type = "User", .alternate_id = user->login, .name = user->login}},
        .target_count = 3,
    };
    return record_event(tx, &event);
}

/* --- what is wanted ------------------------------------------------------------------------------------------------
 */

enum account_wanted account_wanted(enum account_scope scope, enum user_status status, bool user_deleted)
{
    if (scope == SCOPE_NONE || user_deleted)
        return WANT_INACTIVE;
    if (status == USER_SUSPENDED)
        return WANT_NOTHING;
    return user_status_is_eligible(status) ? WANT_ACTIVE : WANT_INACTIVE;
}

/* What a look found. */
struct found {
    bool got;              /* the person has the app again, or for the first time */
    bool gained;           /* and is wanted there (or suspended), or became eligible */
    bool lost;             /* is not wanted there any more */
    bool moved;            /* any of these, or suspended and back */
    bool in_work;          /* a work row exists */
    struct jval *document; /* what the app should hold; NULL: not looked at. Freed by who looked */
    const char *error;     /* what is wrong with it; NULL */
};

/* Whether somebody must ask the app, given what just changed and the switches. 1, 0 or a negative error. */
static int needs_work(const struct account *a, const struct look *look, const struct found *found)
{
    const struct app_switches *switches = look->switches;
    if (a->wanted == WANT_INACTIVE)
        return found->lost && switches->deactivate && a->external_id && a->known != KNOWN_INACTIVE;
    if (a->wanted != WANT_ACTIVE)
        return 0;
    if ((found->moved || look->again) && a->activation_owed && switches->create)
        return 1;
    if (!found->document || !switches->update || !a->external_id)
        return 0;
    return found->error ? 1 : document_differs(a, found->document);
}

/*
 * Writes the work. What is on its way for the account already (a creation that was sent, say) is followed by another
 * look, whatever the switches say: its answer must not clear a row whose cause is newer.
 */
static int account_work(struct tx *tx, const struct account *a, const struct look *look, const struct found *found)
{
    int needed = found->in_work && (found->moved || look->profile) ? 1 : needs_work(a, look, found);
    if (needed <= 0)
        return needed;
    enum work_class class = a->wanted == WANT_INACTIVE ? WORK_URGENT : look->class;
    return work_add(tx, a->app_rid, WORK_ACCOUNT, a->rid, class);
}

/* What the app should hold, and whom that names. */
static int account_make(struct tx *tx, struct account *a, const struct user *user, struct found *found)
{
    const char *refers_to = NULL;
    int r = 0;
    if (a->scope != SCOPE_NONE)
        r = account_document_of(tx, a, user, &found->document, &found->error, &refers_to);
    a->refers_to = refers_to;
    if (r < 0 || !found->document || !a->sent_profile || found->error)
        return r;
    int differs = document_differs(a, found->document);
    if (differs == 0) /* but perhaps in what is never sent */
        a->sent_profile = jval_text(tx_arena(tx), found->document, true);
    return MIN_OF(differs, 0);
}

/* Owed is what is not known to be active, and what a deactivation on its way may make inactive. */
static bool owes_activation(const struct account *a, const struct look *look, const struct found *found)
{
    if (!look->switches->create)
        return false;
    return !a->external_id || a->known != KNOWN_ACTIVE || found->in_work;
}

static void account_move(struct tx *tx, struct account *a, const struct look *look, const struct found *found)
{
    if (found->gained) {
        a->leave_since = 0;
        a->activation_owed = owes_activation(a, look, found);
        if (a->known == KNOWN_INACTIVE) /* as it had to be: it is for us to activate, now or with the backlog */
            a->disabled_there = false;
    } else if (found->lost) {
        a->leave_since = tx_now(tx);
        a->activation_owed = false;
    }
    a->status_changed = tx_now(tx);
}

static bool account_is_same(const struct account *a, const struct account *b)
{
    return a->scope == b->scope && a->via_group_rid == b->via_group_rid && a->wanted == b->wanted &&
           strcmp(a->user_name, b->user_name) == 0 && a->user_name_is_own == b->user_name_is_own &&
           strcmp(a->profile, b->profile) == 0 && a->activation_owed == b->activation_owed &&
           a->leave_since == b->leave_since && a->status_changed == b->status_changed &&
           str_eq(a->refers_to, b->refers_to) && str_eq(a->sent_profile, b->sent_profile);
}

static int find_out(struct tx *tx, const struct account *before, const struct account *a, bool profile,
                    struct found *ret)
{
    struct found found = {.got = before->scope == SCOPE_NONE && a->scope != SCOPE_NONE,
                          .lost = before->wanted != WANT_INACTIVE && a->wanted == WANT_INACTIVE};
    found.gained =
        (found.got && a->wanted != WANT_INACTIVE) || (before->wanted == WANT_INACTIVE && a->wanted == WANT_ACTIVE);
    found.moved = found.got || found.gained || before->wanted != a->wanted;
    if (found.moved || profile) {
        struct work work;
        int r = work_find(tx, a->app_rid, WORK_ACCOUNT, a->rid, &work);
        if (r < 0)
            return r;
        found.in_work = r > 0;
    }
    *ret = found;
    return 0;
}

/*
 * Carries a scope that was decided into the row, the changes, the events and the work. `before` is the row as it was;
 * `a` may differ from it in what an administrator edited.
 */
static int account_apply(struct tx *tx, const struct app *app, const struct user *user, const struct account *before,
                         struct account *a, const struct look *asked)
{
    if (!a->user_name_is_own && !user->deleted)
        a->user_name = app_template_apply(tx, app, user);
    a->wanted = account_wanted(a->scope, user->status, user->deleted);
    struct look look = *asked;
    const struct app_profile *profile = NULL;
    int r = look.groups && a->scope == SCOPE_GROUP ? app_profile_load(tx, app->rid, &profile) : 0;
    if (r < 0)
        return r;
    look.profile |= profile && profile->combines;
    look.profile |= strcmp(before->user_name, a->user_name) != 0 || before->via_group_rid != a->via_group_rid ||
                    before->scope != a->scope || strcmp(before->profile, a->profile) != 0;
    struct found found;
    r = find_out(tx, before, a, look.profile, &found);
    if (r < 0)
        return r;
    if (found.moved)
        account_move(tx, a, &look, &found);
    if (found.moved || look.profile)
        r = account_make(tx, a, user, &found);
    if (r == 0 && !account_is_same(before, a))
        r = account_store(tx, a);
    if (r == 0)
        r = account_work(tx, a, &look, &found);
    if (r == 0 && found.moved)
        r = account_changed(tx, CHANGE_ACCOUNT_WANTED, a);
    if (r == 0 && found.got)
        r = account_event(tx, "application.user_membership.add", app, user, a);
    if (r == 0 && before->scope != SCOPE_NONE && a->scope == SCOPE_NONE)
        r = account_event(tx, "application.user_membership.remove", app, user, a);
    (void)jval_free(found.document);
    return r;
}

/* The row, made (of scope NONE) if there is none. */
static int account_open(struct tx *tx, const struct app *app, const struct user *user, struct account *ret)
{
    int r = account_get(tx, app->rid, user->rid, ret);
    if (r != ERR_NOT_FOUND)
        return r;
    *ret = (struct account){.app_rid = app->rid,
                            .user_rid = user->rid,
                            .scope = SCOPE_NONE,
                            .wanted = WANT_INACTIVE,
                            .user_name = app_template_apply(tx, app, user),
                            .profile = "{}"};
    return account_insert(tx, ret);
}

void account_imagine(struct tx *tx, const struct app *app, const struct user *user, int64_t via_group_rid,
                     struct account *ret)
{
    *ret = (struct account){.app_rid = app->rid,
                            .user_rid = user->rid,
                            .scope = via_group_rid ? SCOPE_GROUP : SCOPE_USER,
                            .via_group_rid = via_group_rid,
                            .user_name = app_template_apply(tx, app, user),
                            .profile = "{}"};
}

/* Who gives the person the app now. An assignment to the person ends with the person's deactivation (C9292). */
static int find_scope(struct tx *tx, const struct user *user, struct account *a)
{
    struct app_group group = {0};
    if (user->deleted || user->status == USER_DEPROVISIONED) {
        if (a->scope == SCOPE_USER) {
            a->profile = "{}";
            a->user_name_is_own = false;
        }
        a->scope = SCOPE_NONE;
    } else if (a->scope != SCOPE_USER) {
        int r = app_group_best(tx, a->app_rid, user->rid, &group);
        if (r < 0)
            return r;
        a->scope = r > 0 ? SCOPE_GROUP : SCOPE_NONE;
    }
    a->via_group_rid = group.group_rid;
    return 0;
}

static int read_switches(struct tx *tx, const struct app *app, struct look *look, struct app_switches *space)
{
    if (look->switches)
        return 0;
    look->switches = space;
    return app_switches_get(tx, app->rid, space);
}

int account_look(struct tx *tx, const struct app *app, const struct user *user, const struct look *look)
{
    struct account before = {0};
    struct account a = {.app_rid = app->rid};
    int r = account_get(tx, app->rid, user->rid, &a);
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    bool is_new = r == ERR_NOT_FOUND;
    before = a;
    r = find_scope(tx, user, &a);
    if (r < 0 || (is_new && a.scope == SCOPE_NONE))
        return r;
    if (is_new) {
        struct account found = a;
        r = account_open(tx, app, user, &before);
        if (r < 0)
            return r;
        a = before;
        a.scope = found.scope;
        a.via_group_rid = found.via_group_rid;
    }
    struct look full = *look;
    struct app_switches switches;
    r = read_switches(tx, app, &full, &switches);
    return r < 0 ? r : account_apply(tx, app, user, &before, &a, &full);
}

static int reconcile(struct tx *tx, int64_t app_rid, int64_t user_rid, enum work_class class)
{
    struct app app = {0};
    struct user user = {0};
    int r = app_by_rid(tx, app_rid, &app);
    if (r == ERR_NOT_FOUND)
        return 0;
    if (r == 0)
        r = account_user(tx, user_rid, &user);
    return r < 0 ? r : account_look(tx, &app, &user, &(struct look){.class = class});
}

int account_refresh(struct tx *tx, int64_t app_rid, int64_t user_rid, enum work_class class)
{
    struct account account = {0};
    struct app_group group = {0};
    int r = account_get(tx, app_rid, user_rid, &account);
    if (r < 0 || account.scope != SCOPE_GROUP)
        return r == ERR_NOT_FOUND ? 0 : MIN_OF(r, 0);
    r = app_group_get(tx, app_rid, account.via_group_rid, &group);
    if (r == 0)
        r = member_exists(tx, account.via_group_rid, user_rid);
    if (r > 0 || (r < 0 && r != ERR_NOT_FOUND))
        return MIN_OF(r, 0);
    r = reconcile(tx, app_rid, user_rid, class);
    return r < 0 ? r : 1;
}

/* --- administrators ------------------------------------------------------------------------------------------------
 */

static int refuse_inactive(const struct user *user, struct problem *problem)
{
    if (!user->deleted && user->status != USER_DEPROVISIONED)
        return 0;
    (void)problem_set(problem, E0000117, "%s", user->id);
    return problem_cause(problem, "id: '%s' is %s; activate the person first", user->login,
                         user_status_name(user->status));
}

/* Takes what was given over into the account. */
static int account_edit(struct tx *tx, struct account *a, const char *own_user_name, const struct jval *profile,
                        struct problem *problem)
{
    if (own_user_name) {
        size_t chars = text_chars(own_user_name);
        if (chars < 1 || chars > APP_USER_NAME_CHARS || text_has_control(own_user_name))
            return problem_invalid(problem, "userName",
                                   "credentials.userName: must have 1 to %d characters and no control characters",
                                   APP_USER_NAME_CHARS);
        a->user_name = arena_strdup(tx_arena(tx), own_user_name);
        a->user_name_is_own = true;
    }
    if (!profile)
        return 0;
    if (jval_type(profile) != JVAL_OBJECT)
        return problem_invalid(problem, "profile", "profile: must be an object");
    const char *text = jval_text(tx_arena(tx), profile, true);
    int r = strcmp(text, a->profile) == 0 ? 0 : app_overrides_check(tx, a->app_rid, profile, false, problem);
    if (r < 0)
        return r;
    a->profile = text;
    if (strlen(a->profile) > LIMIT_PROFILE_BYTES)
        return problem_invalid(problem, "profile", "profile: larger than %d bytes; shorten it", LIMIT_PROFILE_BYTES);
    return 0;
}

static int apply_edited(struct tx *tx, const struct app *app, const struct user *user, const struct account *before,
                        struct account *a)
{
    struct look look = {.class = WORK_FRESH, .profile = true};
    struct app_switches switches;
    int r = read_switches(tx, app, &look, &switches);
    return r < 0 ? r : account_apply(tx, app, user, before, a, &look);
}

int account_assign(struct tx *tx, const struct app *app, const struct user *user, const char *own_user_name,
                   const struct jval *profile, struct account *ret, struct problem *problem)
{
    int r = refuse_inactive(user, problem);
    if (r < 0)
        return r;
    struct account before = {0};
    r = account_open(tx, app, user, &before);
    if (r < 0)
        return r;
    struct account a = before;
    r = account_edit(tx, &a, own_user_name, profile, problem);
    if (r < 0)
        return r;
    a.scope = SCOPE_USER;
    a.via_group_rid = 0;
    r = apply_edited(tx, app, user, &before, &a);
    if (r == 0 && before.scope != SCOPE_NONE)
        r = account_event(tx, "application.user_membership.update", app, user, &a);
    if (r == 0)
        *ret = a;
    return r;
}

int account_update(struct tx *tx, const struct app *app, struct account *account, const char *own_user_name,
                   const struct jval *profile, struct problem *problem)
{
    struct user user = {0};
    int r = account_user(tx, account->user_rid, &user);
    if (r == 0)
        r = refuse_inactive(&user, problem);
    if (r < 0)
        return r;
    struct account a = *account;
    r = account_edit(tx, &a, own_user_name, profile, problem);
    if (r == 0)
        r = apply_edited(tx, app, &user, account, &a);
    if (r == 0)
        r = account_event(tx, "application.user_membership.update", app, &user, &a);
    if (r == 0 && strcmp(account->user_name, a.user_name) != 0)
        r = account_event(tx, "application.user_membership.change_username", app, &user, &a);
    if (r == 0)
        *account = a;
    return r;
}

static int refuse_given_by_group(struct tx *tx, const struct account *account, struct problem *problem)
{
    struct group group = {0};
    int r = group_by_rid(tx, account->via_group_rid, &group);
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    (void)problem_set(problem, E0000046, "%s", "scope");
    return problem_cause(problem,
                         "scope: the group '%.200s' gives the person the app; take the person out of the group, or the "
                         "app from the group",
                         r == 0 ? group.name : "");
}

int account_unassign(struct tx *tx, const struct app *app, struct account *account, struct problem *problem)
{
    if (account->scope == SCOPE_GROUP)
        return refuse_given_by_group(tx, account, problem);
    return account_end_individual(tx, app, account, false);
}

int account_end_individual(struct tx *tx, const struct app *app, struct account *account, bool keep_name)
{
    struct user user = {0};
    int r = account_user(tx, account->user_rid, &user);
    if (r < 0 || account->scope == SCOPE_NONE)
        return r;
    struct account a = *account;
    a.scope = SCOPE_NONE; /* unless a group gives it */
    a.profile = "{}";
    a.user_name_is_own &= keep_name;
    r = find_scope(tx, &user, &a);
    if (r == 0)
        r = apply_edited(tx, app, &user, account, &a);
    if (r == 0)
        *account = a;
    return r;
}
