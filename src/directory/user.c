/* SPDX-License-Identifier: Apache-2.0 */
/* Users: finding, making, changing and taking away. The life cycle is in user_status.c. */
#include "directory/rows.h"
#include "directory/rule_inner.h"

#include "base/limits.h"
#include "base/text.h"

SQL(USER_BY_ID, "SELECT " USER_COLUMNS " FROM users u WHERE u.id = $1 AND u.deleted = 0");
SQL(USER_BY_RID, "SELECT " USER_COLUMNS " FROM users u WHERE u.rid = $1");
SQL(USER_STATE, "SELECT status, deleted FROM users WHERE rid = $1");
SQL(USER_PROTECTED, "SELECT protected FROM users WHERE rid = $1");
SQL(USER_SET_PROTECTED, "UPDATE users SET protected = $2 WHERE rid = $1");
SQL(USER_BY_LOGIN, "SELECT " USER_COLUMNS " FROM users u WHERE u.login_key = $1 AND u.deleted = 0");
SQL(USERS_BY_LOGIN_RANGE, "SELECT " USER_COLUMNS " FROM users u"
                          " WHERE u.login_key >= $1 AND u.login_key < $2 AND u.deleted = 0"
                          " ORDER BY u.login_key LIMIT 2");
SQL(USER_RID_BY_LOGIN, "SELECT rid FROM users WHERE login_key = $1 AND deleted = 0");
SQL(USER_INSERT,
    "INSERT INTO users (id, status, login, login_key, email_key, first_key, last_key, name, profile,"
    " password_hash, provider, provider_name, recovery_question, created, activated, status_changed,"
    " last_login, last_updated, password_changed, imported, version, deleted) VALUES ($1, $2, $3, $4, $5, $6, $7,"
    " $8, $9, $10, $11, $12, $13, $14, $15, $16, 0, $17, $18, $19, 1, 0) RETURNING rid");
SQL(USER_SET_PROFILE, "UPDATE users SET login = $2, login_key = $3, email_key = $4, first_key = $5, last_key = $6,"
                      " name = $7, profile = $8, last_updated = $9, version = version + 1 WHERE rid = $1");
SQL(USER_SET_PASSWORD, "UPDATE users SET password_hash = $2, password_changed = $3, last_updated = $4, status = $5,"
                       " status_changed = $6, activated = $7, version = version + 1 WHERE rid = $1");
SQL(USER_SET_QUESTION, "UPDATE users SET recovery_question = $2, last_updated = $3, version = version + 1"
                       " WHERE rid = $1");
SQL(USER_BURY, "UPDATE users SET deleted = $2, last_updated = $3, version = version + 1 WHERE rid = $1");
SQL(USER_REMOVE, "DELETE FROM users WHERE rid = $1 AND deleted > 0");
SQL(USER_MEMBERSHIPS, "SELECT group_rid FROM memberships WHERE user_rid = $1 ORDER BY group_rid LIMIT $2");
SQL(USER_MEMBERSHIPS_REMOVE, "DELETE FROM memberships WHERE user_rid = $1 AND group_rid <= $2");

/* --- rows ----------------------------------------------------------------------------------------------------------
 */

void user_from_row(const struct query *query, struct user *ret)
{
    *ret = (struct user){.rid = query_int(query, 0),
                         .id = query_text(query, 1),
                         .status = (enum user_status)query_int(query, 2),
                         .login = query_text(query, 3),
                         .name = query_text(query, 4),
                         .profile = query_text(query, 5),
                         .has_password = query_int(query, 6) != 0,
                         .deleted = query_int(query, 7) != 0,
                         .created = query_int(query, 8),
                         .activated = query_int(query, 9),
                         .status_changed = query_int(query, 10),
                         .last_login = query_int(query, 11),
                         .last_updated = query_int(query, 12),
                         .password_changed = query_int(query, 13),
                         .version = query_int(query, 14),
                         .provider = query_text(query, 15),
                         .provider_name = query_text(query, 16),
                         .recovery_question = query_text(query, 17),
                         .is_protected = query_int(query, 18) != 0};
}

void user_keep(struct arena *arena, struct user *user)
{
    user->id = arena_strdup(arena, user->id);
    user->login = arena_strdup(arena, user->login);
    user->name = arena_strdup(arena, user->name);
    user->profile = arena_strdup(arena, user->profile);
    user->provider = arena_strdup(arena, user->provider);
    user->provider_name = arena_strdup(arena, user->provider_name);
    user->recovery_question = arena_strdup(arena, user->recovery_question);
}

struct event_target user_target(const struct user *user)
{
    return (struct event_target){.id = user->id, .type = "User", .alternate_id = user->login, .name = user->name};
}

/* Takes the row of a query that tx_query_row() started with result `r`. */
static int take_user(struct tx *tx, struct query *query, int r, struct user *ret)
{
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    user_from_row(query, ret);
    user_keep(tx_arena(tx), ret);
    query_close(query);
    return 0;
}

int user_by_id(struct tx *tx, const char *id, struct user *ret)
{
    struct query query;
    return take_user(tx, &query, tx_query_row(tx, &query, &USER_BY_ID, T(id)), ret);
}

int user_by_rid(struct tx *tx, int64_t rid, struct user *ret)
{
    struct query query;
    return take_user(tx, &query, tx_query_row(tx, &query, &USER_BY_RID, I(rid)), ret);
}

int user_state(struct tx *tx, int64_t rid, enum user_status *ret_status, bool *ret_deleted)
{
    struct query query;
    int r = tx_query_row(tx, &query, &USER_STATE, I(rid));
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    *ret_status = (enum user_status)query_int(&query, 0);
    *ret_deleted = query_int(&query, 1) != 0;
    query_close(&query);
    return 0;
}

int user_is_protected(struct tx *tx, int64_t rid)
{
    int64_t on = 0;
    int r = tx_get_int(tx, &on, &USER_PROTECTED, I(rid));
    return r < 0 ? r : on != 0;
}

int user_by_login(struct tx *tx, const char *login, struct user *ret)
{
    struct query query;
    return take_user(tx, &query, tx_query_row(tx, &query, &USER_BY_LOGIN, T(text_fold(tx_arena(tx), login))), ret);
}

/* The only login that is `name` followed by @; ERR_NOT_FOUND when there are several. */
static int user_by_short_name(struct tx *tx, const char *name, struct user *ret)
{
    const char *from = arena_printf(tx_arena(tx), "%s@", text_fold(tx_arena(tx), name));
    struct query query;
    int r = tx_query_row(tx, &query, &USERS_BY_LOGIN_RANGE, T(from), T(text_prefix_end(tx_arena(tx), from)));
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    struct user first;
    user_from_row(&query, &first);
    user_keep(tx_arena(tx), &first);
    r = query_next(&query);
    query_close(&query);
    if (r != 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    *ret = first;
    return 0;
}

int user_by_id_or_login(struct tx *tx, const char *text, struct user *ret)
{
    if (id_is_valid(text, "00u")) {
        int r = user_by_id(tx, text, ret);
        if (r != ERR_NOT_FOUND)
            return r;
    }
    int r = user_by_login(tx, text, ret);
    if (r == ERR_NOT_FOUND && text[0] && !strchr(text, '@'))
        r = user_by_short_name(tx, text, ret);
    return r;
}

/* --- making and changing -------------------------------------------------------------------------------------------
 */

struct user_keys {
    const char *login;
    const char *login_key;
    const char *email_key;
    const char *first_key;
    const char *last_key;
    const char *name;
};

static const char *folded(struct arena *arena, const struct jval *profile, const char *attribute)
{
    const char *text = jval_get_str(profile, attribute);
    return text ? text_fold(arena, text) : "";
}

static struct user_keys keys_of(struct arena *arena, const struct jval *profile)
{
    const char *first = jval_get_str(profile, "firstName");
    const char *last = jval_get_str(profile, "lastName");
    bool has_first = first && first[0];
    bool has_last = last && last[0];
    struct user_keys keys = {.login = arena_strdup(arena, jval_get_str(profile, "login")),
                             .login_key = folded(arena, profile, "login"),
                             .email_key = folded(arena, profile, "email"),
                             .first_key = folded(arena, profile, "firstName"),
                             .last_key = folded(arena, profile, "lastName")};
    assert(keys.login); /* required by every schema */
    if (has_first && has_last)
        keys.name = arena_printf(arena, "%s %s", first, last);
    else if (has_first || has_last)
        keys.name = arena_strdup(arena, has_first ? first : last);
    else
        keys.name = keys.login;
    return keys;
}

static int check_login_is_free(struct tx *tx, const char *login_key, int64_t own_rid, struct problem *problem)
{
    int64_t rid = 0;
    int r = tx_get_int(tx, &rid, &USER_RID_BY_LOGIN, T(login_key));
    if (r < 0)
        return r;
    if (r == 1 && rid != own_rid)
        return problem_invalid(problem, "login",
                               "login: An object with this field already exists in the current organization");
    return 0;
}

static enum user_status first_status(const struct user_input *input, const char *provider)
{
    if (!input->activate)
        return USER_STAGED;
    if (strcmp(provider, "OKTA") != 0)
        return USER_ACTIVE; /* another system holds the password: there is nothing left to set */
    if (!input->has_password)
        return USER_PROVISIONED;
    return input->expire_password ? USER_PASSWORD_EXPIRED : USER_ACTIVE;
}

static int insert_user(struct tx *tx, const struct user_input *input, const struct user_keys *keys, struct user *user)
{
    return tx_get_int(tx, &user->rid, &USER_INSERT, T(user->id), I(user->status), T(user->login), T(keys->login_key),
                      T(keys->email_key), T(keys->first_key), T(keys->last_key), T(user->name), T(user->profile),
                      T(input->has_password ? input->password_hash : NULL), T(user->provider), T(user->provider_name),
                      T(user->recovery_question), I(user->created), I(user->activated), I(user->status_changed),
                      I(user->last_updated), I(user->password_changed), I(input->imported));
}

int user_create_with(struct tx *tx, const struct schema *schema, const struct user_input *input, struct user *ret,
                     struct problem *problem)
{
    struct arena *arena = tx_arena(tx);
    struct jval *profile CLEANUP(jval_freep) = NULL;
    int r = profile_merge(arena, schema, NULL, input->profile, true, "newUser", &profile, problem);
    if (r < 0)
        return r;
    struct user_keys keys = keys_of(arena, profile);
    r = check_login_is_free(tx, keys.login_key, 0, problem);
    if (r < 0)
        return r;
    const char *provider = input->provider ? input->provider : "OKTA";
    int64_t now = tx_now(tx);
    struct user user = {.id = tx_id(tx, "00u"),
                        .status = first_status(input, provider),
                        .login = keys.login,
                        .name = keys.name,
                        .profile = jval_text(arena, profile, false),
                        .provider = provider,
                        .provider_name = input->provider_name ? input->provider_name : provider,
                        .recovery_question = input->recovery_question,
                        .has_password = input->has_password,
                        .created = now,
                        .activated = input->activate ? now : 0,
                        .status_changed = input->activate ? now : 0,
                        .last_updated = now,
                        .password_changed = input->has_password ? now : 0,
                        .version = 1};
    r = insert_user(tx, input, &keys, &user);
    if (r >= 0)
        r = user_values_note(tx, user.rid, NULL, profile);
    if (r >= 0)
        r = tx_change(tx, (struct change){.kind = CHANGE_USER_CREATED, .subject = user.rid});
    if (r >= 0)
        r = directory_event(tx, "user.lifecycle.create", "Create Okta user", user_target(&user), NULL);
    if (r >= 0 && input->activate)
        r = directory_event(tx, "user.lifecycle.activate", "Activate Okta user", user_target(&user), NULL);
    if (r < 0)
        return r;
    *ret = user;
    return 0;
}

int user_create(struct tx *tx, const struct user_input *input, struct user *ret, struct problem *problem)
{
    const struct schema *schema = NULL;
    int r = schema_load(tx, SCHEMA_USER, &schema);
    return r < 0 ? r : user_create_with(tx, schema, input, ret, problem);
}

static const char profile_changes; /* the address is the key of the job's list */

static struct profile_change *find_changes(struct arena *arena, const struct jval *old, const struct jval *new)
{
    struct profile_change *change = arena_alloc(arena, sizeof(*change));
    *change = (struct profile_change){.old_login = arena_strdup(arena, jval_get_str(old, "login")),
                                      .names = arena_array(arena, jval_len(old) + jval_len(new) + 1, sizeof(char *))};
    for (void *it = jval_first(new); it; it = jval_next(new, it))
        if (!jval_equal(jval_iter_value(it), jval_get(old, jval_iter_key(it))))
            change->names[change->count++] = arena_strdup(arena, jval_iter_key(it));
    for (void *it = jval_first(old); it; it = jval_next(old, it))
        if (!jval_get(new, jval_iter_key(it)))
            change->names[change->count++] = arena_strdup(arena, jval_iter_key(it));
    return change;
}

/* People whose profile a job changes: few, or each in a part of its own; the list of one person is what is looked for.
 */
struct changed_person {
    int64_t user_rid;
    const struct profile_change *changes;
    struct changed_person *next;
};

static struct changed_person *find_person(struct tx *tx, int64_t user_rid)
{
    struct changed_person *person = *tx_memo(tx, &profile_changes);
    while (person && person->user_rid != user_rid)
        person = person->next;
    return person;
}

const struct profile_change *user_profile_changes(struct tx *tx, int64_t user_rid)
{
    const struct changed_person *person = find_person(tx, user_rid);
    return person ? person->changes : NULL;
}

bool profile_change_has(const struct profile_change *changes, const char *name)
{
    for (; changes; changes = changes->next)
        for (size_t i = 0; i < changes->count; i++)
            if (strcmp(changes->names[i], name) == 0)
                return true;
    return false;
}

static void note_change(struct tx *tx, int64_t user_rid, struct profile_change *change)
{
    struct changed_person *person = find_person(tx, user_rid);
    if (!person) {
        void **list = tx_memo(tx, &profile_changes);
        person = arena_alloc(tx_arena(tx), sizeof(*person));
        *person = (struct changed_person){.user_rid = user_rid, .next = *list};
        *list = person;
    }
    change->user_rid = user_rid;
    change->next = person->changes;
    person->changes = change;
}

/* The names of the attributes that differ, as debug data of the event. */
static const char *changed_attributes(struct arena *arena, const struct profile_change *change)
{
    struct buf names;
    buf_init(&names, LIMIT_PROFILE_BYTES);
    buf_str(&names, "{\"changedAttributes\":\"");
    for (size_t i = 0; i < change->count; i++)
        buf_printf(&names, "%s%s", i ? "," : "", change->names[i]);
    buf_str(&names, "\"}");
    const char *text = names.overflowed ? NULL : arena_strdup(arena, buf_text(&names));
    buf_free(&names);
    return text;
}

int user_store_profile(struct tx *tx, struct user *user, const struct jval *profile)
{
    struct arena *arena = tx_arena(tx);
    struct user_keys keys = keys_of(arena, profile);
    struct jval *old CLEANUP(jval_freep) = NULL;
    if (jval_parse(&old, user->profile, strlen(user->profile), NULL) < 0)
        return ERR_CORRUPT;
    const char *text = jval_text(arena, profile, false);
    int r = tx_exec(tx, &USER_SET_PROFILE, I(user->rid), T(keys.login), T(keys.login_key), T(keys.email_key),
                    T(keys.first_key), T(keys.last_key), T(keys.name), T(text), I(tx_now(tx)));
    if (r >= 0)
        r = user_values_note(tx, user->rid, old, profile);
    if (r < 0)
        return r;
    user->login = keys.login;
    user->name = keys.name;
    user->profile = text;
    user->last_updated = tx_now(tx);
    user->version++;
    struct profile_change *change = find_changes(arena, old, profile);
    note_change(tx, user->rid, change);
    r = tx_change(tx, (struct change){.kind = CHANGE_USER_PROFILE, .subject = user->rid});
    if (r >= 0)
        r = rules_on_profile(tx, user, old, profile);
    if (r < 0)
        return r;
    return record_event(tx, &(struct event){.type = "user.account.update_profile",
                                            .message = "Update user profile for Okta",
                                            .severity = SEVERITY_INFO,
                                            .targets = {user_target(user)},
                                            .target_count = 1,
                                            .debug = changed_attributes(arena, change)});
}

int user_update_with(struct tx *tx, const struct schema *schema, struct user *user, const struct jval *profile,
                     bool replace, struct problem *problem)
{
    if (user->status == USER_DEPROVISIONED || user->deleted) {
        (void)problem_set(problem, E0000038, "%s", "");
        return problem_cause(problem, "profile: The user is deactivated; activate the user first");
    }
    struct jval *old CLEANUP(jval_freep) = NULL;
    struct jval *merged CLEANUP(jval_freep) = NULL;
    if (jval_parse(&old, user->profile, strlen(user->profile), NULL) < 0)
        return ERR_CORRUPT;
    int r = profile_merge(tx_arena(tx), schema, old, profile, replace, "user", &merged, problem);
    if (r < 0)
        return r;
    if (jval_equal(old, merged))
        return 0;
    r = check_login_is_free(tx, text_fold(tx_arena(tx), jval_get_str(merged, "login")), user->rid, problem);
    if (r == 0)
        r = user_store_profile(tx, user, merged);
    return r < 0 ? r : 1;
}

int user_update(struct tx *tx, struct user *user, const struct jval *profile, bool replace, struct problem *problem)
{
    const struct schema *schema = NULL;
    int r = schema_load(tx, SCHEMA_USER, &schema);
    if (r >= 0)
        r = user_update_with(tx, schema, user, profile, replace, problem);
    return r < 0 ? r : 0;
}

/* --- credentials ---------------------------------------------------------------------------------------------------
 */

static int refuse_password(struct problem *problem, const char *cause)
{
    (void)problem_set(problem, E0000014, "%s", "");
    return problem_cause(problem, "password: %s", cause);
}

static int status_after_password(const struct user *user, enum user_status *ret, struct problem *problem)
{
    if (strcmp(user->provider, "OKTA") != 0)
        return refuse_password(problem, "The password is kept by the user's credential provider; change it there");
    switch (user->status) {
    case USER_STAGED:
        *ret = USER_STAGED;
        return 0;
    case USER_PROVISIONED:
    case USER_ACTIVE:
    case USER_PASSWORD_EXPIRED:
    case USER_RECOVERY:
        *ret = USER_ACTIVE;
        return 0;
    case USER_LOCKED_OUT:
        return refuse_password(problem, "The user is locked out; unlock the user first");
    case USER_SUSPENDED:
        return refuse_password(problem, "The user is suspended; unsuspend the user first");
    case USER_DEPROVISIONED:
    default:
        return refuse_password(problem, "The user is deactivated; activate the user first");
    }
}

int user_set_password(struct tx *tx, struct user *user, const char *password_hash, struct problem *problem)
{
    enum user_status status = user->status;
    int r = status_after_password(user, &status, problem);
    if (r < 0)
        return r;
    int64_t now = tx_now(tx);
    int64_t detail = user->status * 256 + (int64_t)status;
    bool changed = status != user->status;
    user->status_changed = changed ? now : user->status_changed;
    r = tx_exec(tx, &USER_SET_PASSWORD, I(user->rid), T(password_hash), I(now), I(now), I(status),
                I(user->status_changed), I(user->activated));
    if (r < 0)
        return r;
    user->has_password = true;
    user->password_changed = now;
    user->last_updated = now;
    user->status = status;
    user->version++;
    if (changed)
        r = tx_change(tx, (struct change){.kind = CHANGE_USER_STATUS, .subject = user->rid, .detail = detail});
    if (r >= 0)
        r = directory_event(tx, "user.account.update_password", "User update password for Okta", user_target(user),
                            NULL);
    return r < 0 ? r : 0;
}

int user_set_recovery_question(struct tx *tx, struct user *user, const char *question)
{
    const char *kept = question && question[0] ? question : NULL;
    if ((!kept && !user->recovery_question) || str_eq(kept, user->recovery_question))
        return 0;
    int r = tx_exec(tx, &USER_SET_QUESTION, I(user->rid), T(kept), I(tx_now(tx)));
    if (r < 0)
        return r;
    user->recovery_question = kept;
    user->last_updated = tx_now(tx);
    user->version++;
    return 0;
}

/* --- taking away ---------------------------------------------------------------------------------------------------
 */

int user_protect(struct tx *tx, struct user *user, bool on)
{
    if (user->is_protected == on)
        return 0;
    int r = tx_exec(tx, &USER_SET_PROTECTED, I(user->rid), I(on));
    if (r >= 0)
        r = tx_change(tx, (struct change){.kind = CHANGE_USER_PROTECTED, .subject = user->rid, .detail = on});
    if (r < 0)
        return r;
    user->is_protected = on;
    return directory_event(tx, on ? "muster.user.protect" : "muster.user.unprotect",
                           on ? "Protect user from deactivation and removal in apps"
                              : "End protection of user from deactivation and removal in apps",
                           user_target(user), NULL);
}

int user_delete(struct tx *tx, struct user *user, struct problem *problem)
{
    if (user->status != USER_DEPROVISIONED)
        return user_transition(tx, user, USER_DEACTIVATE, problem);
    int r = tx_exec(tx, &USER_BURY, I(user->rid), I(MAX_OF(tx_now(tx), (int64_t)1)), I(tx_now(tx)));
    if (r >= 0)
        r = user_values_drop(tx, user->rid);
    if (r < 0)
        return r;
    user->deleted = true;
    user->version++;
    r = tx_change(tx, (struct change){.kind = CHANGE_USER_DELETED, .subject = user->rid});
    if (r >= 0)
        r = record_erase(tx, user->id, user->rid);
    if (r >= 0)
        r = directory_event(tx, "user.lifecycle.delete.initiated", "Delete Okta user initiated", user_target(user),
                            NULL);
    return r < 0 ? r : 0;
}

static int remove_user_row(struct tx *tx, const struct user *user)
{
    int r = tx_exec(tx, &USER_REMOVE, I(user->rid));
    if (r <= 0)
        return r;
    r = directory_event(tx, "user.lifecycle.delete.completed", "Delete Okta user completed", user_target(user), NULL);
    return r < 0 ? r : 0;
}

int user_purge_chunk(struct tx *tx, int64_t user_rid, int limit)
{
    struct user user;
    int r = user_by_rid(tx, user_rid, &user);
    if (r == ERR_NOT_FOUND || (r == 0 && !user.deleted))
        return 0; /* nothing to take away (any more) */
    struct query query = {0};
    if (r == 0)
        r = tx_query(tx, &query, &USER_MEMBERSHIPS, I(user_rid), I(limit));
    int64_t last = 0;
    int count = 0;
    while (r >= 0 && (r = query_next(&query)) > 0) {
        last = query_int(&query, 0);
        count++;
        r = tx_change(tx, (struct change){.kind = CHANGE_MEMBER_REMOVED, .subject = last, .object = user_rid});
    }
    query_close(&query);
    if (r >= 0 && count > 0)
        r = tx_exec(tx, &USER_MEMBERSHIPS_REMOVE, I(user_rid), I(last));
    if (r < 0)
        return r;
    return count == limit ? 1 : remove_user_row(tx, &user);
}
