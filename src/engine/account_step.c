/* SPDX-License-Identifier: Apache-2.0 */
/* One account: what to ask of the app next, and what its answer means. */
#include "engine/inner.h"

#define PASSWORD_LENGTH 32     /* characters */
#define EXPANSION_WAIT_MS 1000 /* before it is looked again whether a person's own expansion is done */

/* What a step needs to know. */
struct facts {
    struct account account;
    struct user user;
    struct intent intent;
    bool in_doubt; /* an intent is open: read before anything is repeated */
};

static int read_facts(struct tx *tx, const struct work *work, struct facts *ret)
{
    int r = account_by_rid(tx, work->object_rid, &ret->account);
    if (r == 0)
        r = account_user(tx, ret->account.user_rid, &ret->user); /* accounts outlive deleted people */
    if (r < 0)
        return r;
    r = intent_find(tx, work->app_rid, WORK_ACCOUNT, work->object_rid, &ret->intent);
    ret->in_doubt = r > 0;
    return r < 0 ? r : 0;
}

/* Somebody whose group was deleted or lost the app a moment ago, before the expansion came to him. 1: it is so. */
static int bring_up_to_date(struct tx *tx, struct lane *lane, const struct work *work, struct facts *facts)
{
    if (lane->takes_away < 0)
        lane->takes_away = work_takes_away(tx, work->app_rid);
    int r = lane->takes_away;
    if (r > 0)
        r = account_refresh(tx, work->app_rid, facts->account.user_rid, work->class);
    if (r <= 0)
        return r;
    r = read_facts(tx, work, facts);
    return r < 0 ? r : 1;
}

static int ask(struct tx *tx, struct lane *lane, const struct work *work, const struct facts *facts,
               const struct target_request *request, struct flight details)
{
    if (!details.name)
        details.name = facts->account.user_name;
    details.person = facts->user.id;
    return lane_request(tx, lane, work, request, &details);
}

/* An account whose creation is in doubt is looked for by the name that it was given, whatever it should be now. */
static const char *name_to_find(const struct facts *facts)
{
    bool given = facts->in_doubt && facts->intent.kind == REQUEST_CREATE_USER && facts->intent.detail;
    return given ? facts->intent.detail : facts->account.user_name;
}

static int find(struct tx *tx, struct lane *lane, const struct work *work, const struct facts *facts,
                bool after_conflict)
{
    const char *name = name_to_find(facts);
    struct target_request request = lane->switches.dialect == DIALECT_STANDARD
                                        ? target_find_user(tx_arena(tx), name)
                                        : published_find_user(tx_arena(tx), name);
    return ask(tx, lane, work, facts, &request,
               (struct flight){.active = -1, .after_conflict = after_conflict, .name = name});
}

/* --- failures ------------------------------------------------------------------------------------------------------
 */

static const char *stage_of(struct arena *arena, const struct flight *flight)
{
    switch (flight->kind) {
    case REQUEST_FIND_USER:
    case REQUEST_READ_USER:
        return arena_printf(arena, "Error while verifying if user %s exists", flight->name);
    case REQUEST_CREATE_USER:
        return arena_printf(arena, "Error while creating user %s", flight->name);
    case REQUEST_UPDATE_USER:
        if (flight->active == 0)
            return arena_printf(arena, "Error while deactivating user %s", flight->name);
        if (flight->active == 1)
            return arena_printf(arena, "Error while reactivating user %s", flight->name);
        return arena_printf(arena, "Error while updating user %s", flight->name);
    case REQUEST_FIND_GROUP:
    case REQUEST_CREATE_GROUP:
    case REQUEST_READ_GROUP:
    case REQUEST_RENAME_GROUP:
    case REQUEST_MEMBERS:
    case REQUEST_DELETE_GROUP:
    case REQUEST_PROBE:
    case REQUEST_LIST_USERS:
    case REQUEST_LIST_GROUPS:
    default:
        return "Error";
    }
}

static int fail(struct tx *tx, struct lane *lane, const struct flight *flight, enum error_class class,
                const char *words)
{
    struct arena *arena = tx_arena(tx);
    return lane_fail(tx, lane, flight, class, stage_of(arena, flight), words);
}

/* The caller frees both; `*ret_sent` stays NULL while nothing is known. `*ret_error`: of attributes that no value can
 * be made for, NULL for none; the document leaves them as the app has them. */
static int read_profiles(struct tx *tx, const struct facts *facts, struct jval **ret_wanted, struct jval **ret_sent,
                         const char **ret_error)
{
    const struct account *account = &facts->account;
    int r = account_document(tx, account, &facts->user, ret_wanted, ret_error);
    if (r == 0 && account->sent_profile)
        r = jval_parse(ret_sent, account->sent_profile, strlen(account->sent_profile), NULL);
    return r;
}

/* May `active: true` be sent, and is it owed (invariant 9)? */
static bool activates(const struct lane *lane, const struct account *account)
{
    return account->activation_owed && account->known != KNOWN_ACTIVE && lane->switches.create;
}

static enum account_known known_of(const struct found *found)
{
    return found->active == 0 ? KNOWN_INACTIVE : KNOWN_ACTIVE;
}

/* A deactivation of ours whose answer was lost: whoever is found inactive was made so by it, for all that is known. */
static bool may_be_our_deactivation(const struct facts *facts)
{
    return facts->in_doubt && facts->intent.kind == REQUEST_UPDATE_USER &&
           str_eq(facts->intent.detail, INTENT_DEACTIVATES);
}

/*
 * Found inactive, wanted active, nobody asked us to activate, and it was not us who deactivated the account (then the
 * backlog offers to activate it again): reported, not repaired (invariant 9). Before what was read becomes known.
 */
static int report_disabled(struct tx *tx, struct facts *facts, const struct found *found)
{
    struct account *account = &facts->account;
    bool wanted = account_wanted(account->scope, facts->user.status, facts->user.deleted) == WANT_ACTIVE;
    if (found->active != 0 || !wanted || may_be_our_deactivation(facts))
        return 0;
    return account_seen(tx, account, false);
}

/* --- the published client's dialects: what is written back was read just before ----------------------------------- */

/* A read that may still show what was there before our last write would undo that write. */
static int read_whole(struct tx *tx, struct lane *lane, const struct work *work, const struct facts *facts, int active)
{
    if (may_lag(facts->account.last_sync, lane->now))
        return lane_wait(tx, work, facts->account.last_sync + LIMIT_READ_LAG_MS);
    struct target_request request = published_read_user(tx_arena(tx), facts->account.external_id);
    return ask(tx, lane, work, facts, &request, (struct flight){.active = active, .rewrite = true});
}

static int set_active(struct tx *tx, struct lane *lane, const struct work *work, const struct facts *facts, int active)
{
    if (lane->switches.dialect == DIALECT_CUSTOM)
        return read_whole(tx, lane, work, facts, active);
    struct target_request request = published_set_active(tx_arena(tx), facts->account.external_id, active == 1);
    return ask(tx, lane, work, facts, &request, (struct flight){.active = active});
}

static bool differs(struct tx *tx, const struct lane *lane, const struct jval *sent, const struct jval *wanted)
{
    struct target_request unused;
    return lane->switches.update && target_update_user(tx_arena(tx), "", sent, wanted, -1, &unused);
}

/* Everything that can be sent was: what is left is for people to mend. */
static int refuse_attributes(struct tx *tx, struct lane *lane, const struct work *work, const struct facts *facts,
                             const char *words)
{
    bool is_new = !facts->account.external_id;
    const struct flight flight = {.app_rid = work->app_rid,
                                  .work = *work,
                                  .kind = is_new ? REQUEST_CREATE_USER : REQUEST_UPDATE_USER,
                                  .active = -1,
                                  .name = facts->account.user_name,
                                  .person = facts->user.id};
    return fail(tx, lane, &flight, ERROR_ATTRIBUTE_UNUSABLE, words);
}

/* Nothing has to be asked for. */
static int settle(struct tx *tx, struct lane *lane, const struct work *work, struct facts *facts,
                  const struct jval *wanted, const char *error)
{
    if (error)
        return refuse_attributes(tx, lane, work, facts, error);
    int r = lane->switches.update ? account_set_document(tx, &facts->account, wanted) : 0;
    return r < 0 ? r : account_settle(tx, &facts->account);
}

static int step_active_published(struct tx *tx, struct lane *lane, const struct work *work, struct facts *facts,
                                 const struct jval *sent, const struct jval *wanted, const char *error)
{
    if (activates(lane, &facts->account))
        return set_active(tx, lane, work, facts, 1);
    if (differs(tx, lane, sent, wanted))
        return read_whole(tx, lane, work, facts, -1);
    return settle(tx, lane, work, facts, wanted, error);
}

/*
 * The user was read to be written back. What is wanted is looked at again: it may have changed meanwhile. `active`
 * stays as it was read unless it is owed or the person leaves.
 */
static int rewrite(struct tx *tx, struct lane *lane, struct flight *flight, struct facts *facts)
{
    struct account *account = &facts->account;
    const struct found *found = &flight->answer->resource;
    CLEANUP(jval_freep) struct jval *wanted = NULL;
    CLEANUP(jval_freep) struct jval *sent = NULL;
    enum account_wanted want = account_wanted(account->scope, facts->user.status, facts->user.deleted);
    if (want != (flight->active == 0 ? WANT_INACTIVE : WANT_ACTIVE) || !account->external_id ||
        lane->switches.dialect == DIALECT_STANDARD)
        return STEP_DONE;
    const char *why = NULL;
    int r = flight->active == 0 ? deletion_of_account(tx, account, &facts->user, &why) : 1;
    if (r <= 0)
        return r < 0 ? r : lane_hold(tx, &flight->work, why);
    const char *error = NULL;
    r = read_profiles(tx, facts, &wanted, &sent, &error);
    if (r < 0)
        return r;
    if ((flight->active == 1 && !activates(lane, account)) ||
        (flight->active < 0 && !differs(tx, lane, sent, wanted)) || (flight->active == 0 && !lane->switches.deactivate))
        return STEP_DONE;
    r = report_disabled(tx, facts, found);
    if (r < 0)
        return r;
    bool profile = flight->active != 0 && lane->switches.update;
    struct target_request request = published_put_user(tx_arena(tx), account->external_id, flight->answer->rest,
                                                       profile ? sent : NULL, profile ? wanted : NULL, flight->active);
    struct flight details = {.active = flight->active, .rewrite = true, .profile = profile ? jval_ref(wanted) : NULL};
    return ask(tx, lane, &flight->work, facts, &request, details);
}

/* Wanted there and active: found or created, then brought to the wanted profile. */
static int step_active(struct tx *tx, struct lane *lane, const struct work *work, struct facts *facts,
                       bool after_conflict)
{
    struct account *account = &facts->account;
    if (!account->external_id && !lane->switches.create)
        return STEP_DONE;
    CLEANUP(jval_freep) struct jval *wanted = NULL;
    CLEANUP(jval_freep) struct jval *sent = NULL;
    const char *error = NULL;
    int r = read_profiles(tx, facts, &wanted, &sent, &error);
    if (r < 0)
        return r;
    if (!account->external_id)
        return error ? refuse_attributes(tx, lane, work, facts, error) : find(tx, lane, work, facts, after_conflict);
    if (lane->switches.dialect != DIALECT_STANDARD)
        return step_active_published(tx, lane, work, facts, sent, wanted, error);
    int active = activates(lane, account) ? 1 : -1;
    struct target_request request = {0};
    bool update = lane->switches.update;
    if (!target_update_user(tx_arena(tx), account->external_id, update ? sent : wanted, wanted, active, &request))
        return settle(tx, lane, work, facts, wanted, error);
    struct flight details = {.active = active, .profile = update ? jval_ref(wanted) : NULL};
    return ask(tx, lane, work, facts, &request, details);
}

/* Expansions that go on may yet find groups which the person has to leave: those of the app, which this node works off
 * in this very turn, and the person's own, which may be another node's. */
static int may_find_memberships(struct tx *tx, const struct lane *lane, const struct account *account,
                                int64_t *ret_again)
{
    struct work unused = {0};
    *ret_again = lane->now;
    int r = work_expands(tx, account->app_rid);
    if (r == 0) {
        *ret_again = lane->now + EXPANSION_WAIT_MS;
        r = work_find(tx, 0, WORK_EXPAND_USER_PUSHES, account->user_rid, &unused);
    }
    return r;
}

/*
 * Wanted gone: memberships first, the account afterwards (invariant 6). The wait is bounded, counted from when the
 * person stopped being wanted, while the app could be asked. Deletion limits come before both: what they hold waits for
 * as long as it takes (invariant 8).
 */
static int step_inactive(struct tx *tx, struct lane *lane, const struct work *work, const struct facts *facts)
{
    const struct account *account = &facts->account;
    if (!account->external_id || account->known == KNOWN_INACTIVE || !lane->switches.deactivate)
        return deletion_forget_account(tx, account->rid); /* STEP_DONE */
    const char *why = NULL;
    int may_go = deletion_of_account(tx, account, &facts->user, &why);
    if (may_go <= 0)
        return may_go < 0 ? may_go : lane_hold(tx, work, why);
    int64_t pending = member_removals_pending(tx, work->app_rid, account->user_rid);
    if (pending < 0)
        return (int)pending;
    int64_t left = account->leave_since <= lane->now ? account->leave_since : 0; /* the clock was set back */
    int64_t wait = LIMIT_DEACTIVATE_WAIT_MS - openings_since(&lane->state->open, left, lane->now);
    if (pending > 0 && wait > 0)
        return lane_wait(tx, work, lane->now + wait); /* the last removal's answer pokes it earlier */
    if (wait > 0) {
        int64_t again = 0;
        int waits = may_find_memberships(tx, lane, account, &again);
        if (waits)
            return waits < 0 ? waits : lane_wait(tx, work, again);
    }
    if (lane->switches.dialect != DIALECT_STANDARD)
        return set_active(tx, lane, work, facts, 0);
    struct target_request request = {0};
    CLEANUP(jval_freep) struct jval *nothing = jval_new_object();
    bool any = target_update_user(tx_arena(tx), account->external_id, nothing, nothing, 0, &request);
    assert(any);
    return ask(tx, lane, work, facts, &request, (struct flight){.active = 0});
}

int account_step(struct tx *tx, struct lane *lane, const struct work *work, bool after_conflict)
{
    struct facts facts = {0};
    int r = read_facts(tx, work, &facts);
    if (r == ERR_NOT_FOUND)
        return STEP_DONE;
    int newer = r == 0 ? bring_up_to_date(tx, lane, work, &facts) : r;
    if (newer > 0) { /* memberships that are to go are marked at the end of the turn */
        lane->core->more = true;
        return lane_wait(tx, work, lane->now);
    }
    r = newer;
    if (r == 0 && facts.in_doubt)
        r = lane_await_intent(tx, lane, work, &facts.intent);
    if (r != STEP_DONE)
        return r;
    if (facts.in_doubt && facts.account.external_id && may_lag(facts.account.last_sync, lane->now))
        return lane_wait(tx, work, facts.account.last_sync + LIMIT_READ_LAG_MS);
    if (facts.in_doubt && facts.account.external_id) {
        struct target_request request = target_read_user(tx_arena(tx), facts.account.external_id);
        return ask(tx, lane, work, &facts, &request, (struct flight){.active = -1});
    }
    if (facts.in_doubt) /* a create: did the app make it? Whatever is wanted by now, what is there must be known */
        return find(tx, lane, work, &facts, after_conflict);
    switch (account_wanted(facts.account.scope, facts.user.status, facts.user.deleted)) {
    case WANT_ACTIVE:
        return step_active(tx, lane, work, &facts, after_conflict);
    case WANT_INACTIVE:
        return step_inactive(tx, lane, work, &facts);
    case WANT_NOTHING:
    default:
        return STEP_DONE;
    }
}

/* --- answers -------------------------------------------------------------------------------------------------------
 */

/* The published client always sends one. Nobody is told it, and it is not kept. */
static const char *random_password(struct tx *tx, const struct lane *lane)
{
    static const char letters[] = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    char *password = arena_alloc(tx_arena(tx), PASSWORD_LENGTH + 1);
    for (int i = 0; i < PASSWORD_LENGTH; i++)
        password[i] = letters[env_below(lane->core->options.env, (uint32_t)strlen(letters))];
    return password;
}

static int create(struct tx *tx, struct lane *lane, struct flight *flight, const struct facts *facts)
{
    CLEANUP(jval_freep) struct jval *wanted = NULL;
    const char *error = NULL;
    int r = account_document(tx, &facts->account, &facts->user, &wanted, &error);
    if (r < 0)
        return r;
    if (error)
        return fail(tx, lane, flight, ERROR_ATTRIBUTE_UNUSABLE, error);
    struct target_request request =
        lane->switches.dialect == DIALECT_STANDARD
            ? target_create_user(tx_arena(tx), facts->user.id, wanted)
            : published_create_user(tx_arena(tx), facts->user.id, wanted, random_password(tx, lane));
    struct flight details = {.active = 1, .profile = jval_ref(wanted)};
    return ask(tx, lane, &flight->work, facts, &request, details);
}

/* The look-up by user name was answered. */
static int found_answer(struct tx *tx, struct lane *lane, struct flight *flight, struct facts *facts)
{
    const struct found *found = NULL;
    if (!str_eq(flight->name, name_to_find(facts)))
        return STEP_DONE; /* renamed meanwhile: the answer is about another name */
    size_t matches = target_match_user(flight->answer, flight->name, &found);
    if (matches > 1)
        return fail(tx, lane, flight, ERROR_TWO_MATCHES, "Two or more users have this user name");
    if (matches == 1 && !found->id)
        return fail(tx, lane, flight, ERROR_MALFORMED_ANSWER, "The user was returned without an id");
    bool ours = facts->in_doubt && facts->intent.kind == REQUEST_CREATE_USER;
    if (matches == 0 && ours &&
        may_lag(intent_asked(lane, &facts->intent), lane->now)) /* it may have been created all the same */
        return lane_wait(tx, &flight->work, intent_asked(lane, &facts->intent) + LIMIT_READ_LAG_MS);
    int r = intent_delete_object(tx, lane->app.rid, WORK_ACCOUNT, flight->work.object_rid);
    if (r < 0)
        return r;
    if (matches == 1)
        r = report_disabled(tx, facts, found);
    if (matches == 1 && r == 0)
        r = account_set_known(tx, &facts->account, found->id, ours ? ORIGIN_CREATED : ORIGIN_LINKED, known_of(found));
    if (matches == 1)
        return r;
    if (flight->after_conflict)
        return fail(tx, lane, flight, ERROR_NAME_UNUSABLE, "Conflict, but no user of this name was found");
    if (!str_eq(flight->name, facts->account.user_name))
        return STEP_DONE; /* it was not created, and should have another name by now */
    if (account_wanted(facts->account.scope, facts->user.status, facts->user.deleted) != WANT_ACTIVE ||
        !lane->switches.create)
        return STEP_DONE;
    return create(tx, lane, flight, facts);
}

static int created_answer(struct tx *tx, struct flight *flight, struct facts *facts)
{
    const struct found *made = &flight->answer->resource;
    int r = intent_delete(tx, flight->intent_rid);
    if (r == 0)
        r = account_set_known(tx, &facts->account, made->id, ORIGIN_CREATED, KNOWN_ACTIVE);
    if (r == 0)
        r = account_set_sent(tx, &facts->account, flight->profile, KNOWN_ACTIVE);
    return r;
}

static int updated_answer(struct tx *tx, struct lane *lane, struct flight *flight, struct facts *facts)
{
    enum account_known known = facts->account.known;
    if (flight->active >= 0)
        known = flight->active ? KNOWN_ACTIVE : KNOWN_INACTIVE;
    int r = intent_delete(tx, flight->intent_rid);
    if (r == 0)
        r = account_set_sent(tx, &facts->account, flight->profile, known);
    if (r < 0 || !flight->profile)
        return r;
    CLEANUP(jval_freep) struct jval *wanted = NULL;
    const char *error = NULL;
    r = account_document(tx, &facts->account, &facts->user, &wanted, &error);
    return r < 0 || !error ? r : fail(tx, lane, flight, ERROR_ATTRIBUTE_UNUSABLE, error);
}

/* The app refused it as a member, or somebody asked how it is: was it disabled there, or made active again? */
static int checked_answer(struct tx *tx, struct facts *facts, const struct found *found)
{
    struct account *account = &facts->account;
    bool gone = account_wanted(account->scope, facts->user.status, facts->user.deleted) == WANT_INACTIVE;
    if (gone && found->active == 1 && account->known == KNOWN_INACTIVE)
        return account_found_active(tx, account);
    int r = report_disabled(tx, facts, found);
    if (r < 0 || found->active != 0)
        return r;
    return members_refused_as(tx, facts->account.app_rid, facts->account.user_rid,
                              error_class_name(ERROR_MEMBER_UNKNOWN), error_class_name(ERROR_MEMBER_INACTIVE));
}

/* The account was read after a lost answer: what it is now is known, and the step decides anew. */
static int read_answer(struct tx *tx, struct lane *lane, struct flight *flight, struct facts *facts)
{
    if (flight->rewrite && !facts->in_doubt)
        return rewrite(tx, lane, flight, facts);
    int r = intent_delete_object(tx, flight->app_rid, WORK_ACCOUNT, flight->work.object_rid);
    const struct found *found = &flight->answer->resource;
    if (r < 0 || found->active < 0)
        return r;
    if (facts->in_doubt && facts->intent.kind == REQUEST_READ_USER)
        return checked_answer(tx, facts, found);
    r = report_disabled(tx, facts, found);
    return r < 0 ? r : account_set_sent(tx, &facts->account, NULL, known_of(found));
}

static int gone_answer(struct tx *tx, struct lane *lane, struct flight *flight, struct facts *facts)
{
    if (flight->kind == REQUEST_READ_USER && may_lag(facts->account.last_sync, lane->now))
        return fail(tx, lane, flight, ERROR_NOT_FOUND, answer_words(tx_arena(tx), flight->answer));
    int r = intent_delete_object(tx, flight->app_rid, WORK_ACCOUNT, flight->work.object_rid);
    return r < 0 ? r : account_forget_known(tx, &facts->account);
}

int account_answer(struct tx *tx, struct lane *lane, struct flight *flight)
{
    struct facts facts = {0};
    int r = read_facts(tx, &flight->work, &facts);
    if (r == 0)
        r = bring_up_to_date(tx, lane, &flight->work, &facts);
    if (r < 0)
        return r == ERR_NOT_FOUND ? STEP_DONE : r;
    enum error_class class = answer_judge(flight->answer, flight->kind);
    if (class == ERROR_NOT_FOUND)
        return gone_answer(tx, lane, flight, &facts);
    if (class == ERROR_NAME_TAKEN && flight->kind == REQUEST_CREATE_USER) {
        r = intent_delete(tx, flight->intent_rid);
        return r < 0 ? r : account_step(tx, lane, &flight->work, true);
    }
    bool checks = facts.in_doubt && facts.intent.kind == REQUEST_READ_USER && flight->kind == REQUEST_READ_USER;
    if (checks && error_class_scope(class) == ERROR_SCOPE_OBJECT && error_class_action(class) == ERROR_ACTION_HOLD)
        return intent_delete(tx, facts.intent.rid); /* it cannot be looked at, which is no failure of the account */
    if (class != ERROR_NONE) {
        if (flight->intent_rid && error_class_action(class) != ERROR_ACTION_READ_BACK && class != ERROR_SERVER_ERROR) {
            r = intent_delete(tx, flight->intent_rid); /* refused: the app did nothing */
            if (r < 0)
                return r;
        }
        return fail(tx, lane, flight, class, answer_words(tx_arena(tx), flight->answer));
    }
    switch (flight->kind) {
    case REQUEST_FIND_USER:
        return found_answer(tx, lane, flight, &facts);
    case REQUEST_CREATE_USER:
        return created_answer(tx, flight, &facts);
    case REQUEST_READ_USER:
        return read_answer(tx, lane, flight, &facts);
    case REQUEST_UPDATE_USER:
        return updated_answer(tx, lane, flight, &facts);
    case REQUEST_FIND_GROUP:
    case REQUEST_CREATE_GROUP:
    case REQUEST_READ_GROUP:
    case REQUEST_RENAME_GROUP:
    case REQUEST_MEMBERS:
    case REQUEST_DELETE_GROUP:
    case REQUEST_PROBE:
    case REQUEST_LIST_USERS:
    case REQUEST_LIST_GROUPS:
    default:
        return ERR_CORRUPT;
    }
}
