/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts that a scan reads: compared with what the app acknowledged and with what is wanted of them. */
#include "push/drift_private.h"

#include "base/limits.h"

bool drift_may_lag(int64_t changed, int64_t asked)
{
    return changed + LIMIT_READ_LAG_MS > asked;
}

struct facts {
    struct account account;
    struct user user;
    struct work work;
    enum account_wanted wanted;
    bool waits;   /* there is work for the account */
    bool refused; /* which failed; what a deletion limit holds did not */
};

static int read_facts(struct tx *tx, int64_t account_rid, struct facts *ret)
{
    int r = account_by_rid(tx, account_rid, &ret->account);
    if (r == 0)
        r = account_user(tx, ret->account.user_rid, &ret->user);
    int waits = r < 0 ? r : work_find(tx, ret->account.app_rid, WORK_ACCOUNT, account_rid, &ret->work);
    if (waits < 0)
        return waits;
    ret->waits = waits > 0;
    ret->refused = ret->waits && ret->work.error_class && !str_eq(ret->work.error_class, "HELD");
    ret->wanted = account_wanted(ret->account.scope, ret->user.status, ret->user.deleted);
    return 0;
}

static int cause_of_work(const struct facts *facts)
{
    return facts->refused ? CAUSE_MUSTER : CAUSE_DIRECTORY;
}

static int stage(struct tx *tx, const struct import_run *run, const struct facts *facts, struct drift_row row)
{
    row.user_rid = facts->account.user_rid;
    row.external_id = facts->account.external_id;
    row.read_at = run->asked;
    if (row.cause != CAUSE_TARGET && facts->waits)
        row.error = facts->work.error;
    return drift_stage(tx, run, &row);
}

int drift_find_account(struct tx *tx, int64_t app_rid, const char *external_id, int64_t *ret_rid)
{
    struct account account = {0};
    int r = account_by_external(tx, app_rid, external_id, &account);
    if (r == 0)
        *ret_rid = account.rid;
    return r == 0 ? 1 : r == ERR_NOT_FOUND ? 0 : r;
}

int drift_known_accounts(struct tx *tx, int64_t app_rid, int64_t after, int64_t *ret, int limit)
{
    struct account *accounts = arena_array(tx_arena(tx), (size_t)limit, sizeof(*accounts));
    int count = account_list(tx, app_rid, after, accounts, limit);
    for (int i = 0; i < count; i++)
        ret[i] = accounts[i].rid;
    return count;
}

/* --- active or not -------------------------------------------------------------------------------------------------
 */

/* Nothing else is compared where this differs. 1 staged, 0 no difference. */
static int compare_active(struct tx *tx, const struct import_run *run, const struct facts *facts, bool active)
{
    const struct account *account = &facts->account;
    bool left_so = account->known == KNOWN_INACTIVE && !account->disabled_there && !account->activation_owed;
    if (!active && facts->wanted == WANT_ACTIVE && left_so) /* by us, and the switch says that nobody is activated */
        return 0;
    if (!active && facts->wanted == WANT_ACTIVE)
        return stage(tx, run, facts,
                     (struct drift_row){.kind = DRIFT_ACCOUNT_INACTIVE,
                                        .cause = account->activation_owed ? cause_of_work(facts) : CAUSE_TARGET});
    if (!active || facts->wanted != WANT_INACTIVE)
        return 0;
    if (account->known == KNOWN_INACTIVE)
        return stage(tx, run, facts, (struct drift_row){.kind = DRIFT_ACCOUNT_ACTIVE, .cause = CAUSE_TARGET});
    if (!facts->waits) /* the app's switch says that nobody is deactivated */
        return 0;
    return stage(tx, run, facts, (struct drift_row){.kind = DRIFT_ACCOUNT_ACTIVE, .cause = cause_of_work(facts)});
}

/* --- attributes ----------------------------------------------------------------------------------------------------
 */

struct profiles {
    struct jval *known, *wanted, *found;
};

static void profiles_free(struct profiles *profiles)
{
    jval_free(profiles->known);
    jval_free(profiles->wanted);
    jval_free(profiles->found);
}

static bool is_same(const char *name, const char *one, const char *other)
{
    if (!one || !other)
        return (!one || !*one) && (!other || !*other);
    return str_eq(name, "userName") ? strcasecmp(one, other) == 0 : strcmp(one, other) == 0;
}

/* One attribute: what the app acknowledged against what it shows; where those agree, against what waits to be sent. */
static int compare_attribute(struct tx *tx, const struct import_run *run, const struct facts *facts,
                             const struct profiles *profiles, const char *name)
{
    const char *known = jval_get_str(profiles->known, name);
    const char *wanted = jval_get_str(profiles->wanted, name);
    const char *found = jval_get_str(profiles->found, name);
    if (is_same(name, found, wanted))
        return 0;
    bool as_known = is_same(name, found, known);
    if (as_known && !facts->waits)
        return 0;
    struct arena *arena = tx_arena(tx);
    return stage(tx, run, facts,
                 (struct drift_row){.kind = DRIFT_ATTRIBUTE,
                                    .attribute = arena_strdup(arena, name),
                                    .cause = as_known ? cause_of_work(facts) : CAUSE_TARGET,
                                    .known = arena_strdup(arena, known),
                                    .wanted = arena_strdup(arena, wanted),
                                    .found = arena_strdup(arena, found)});
}

/* What administrators added to the schema is in no listing that is kept, and what begins with '$' is never sent. */
static bool is_shown(const char *name)
{
    return !strchr(name, ':') && name[0] != '$';
}

static int compare_each(struct tx *tx, const struct import_run *run, const struct facts *facts,
                        const struct profiles *profiles)
{
    int staged = 0;
    int r = 0;
    for (void *it = jval_first(profiles->known); r >= 0 && it; it = jval_next(profiles->known, it)) {
        if (!is_shown(jval_iter_key(it)))
            continue;
        r = compare_attribute(tx, run, facts, profiles, jval_iter_key(it));
        staged += r > 0;
    }
    for (void *it = jval_first(profiles->wanted); r >= 0 && it; it = jval_next(profiles->wanted, it)) {
        if (!is_shown(jval_iter_key(it)) || jval_get(profiles->known, jval_iter_key(it)))
            continue;
        r = compare_attribute(tx, run, facts, profiles, jval_iter_key(it));
        staged += r > 0;
    }
    return r < 0 ? r : staged;
}

static int compare_profile(struct tx *tx, const struct import_run *run, const struct facts *facts,
                           const struct import_user *found)
{
    struct profiles profiles = {0};
    const struct account *account = &facts->account;
    if (!found->profile || !account->sent_profile || facts->wanted != WANT_ACTIVE)
        return 0;
    int r = jval_parse(&profiles.found, found->profile, strlen(found->profile), NULL);
    if (r == 0)
        r = jval_parse(&profiles.known, account->sent_profile, strlen(account->sent_profile), NULL);
    if (r == 0)
        r = account_wanted_profile(tx, account, &facts->user, &profiles.wanted);
    if (r == 0)
        r = drift_shown(tx, run, profiles.found);
    if (r == 0) {
        jval_set_str(profiles.found, "userName", found->user_name);
        r = compare_each(tx, run, facts, &profiles);
    }
    profiles_free(&profiles);
    return r;
}

/* --- taken ---------------------------------------------------------------------------------------------------------
 */

int drift_take_user(struct tx *tx, const struct import_run *run, const struct import_user *found, int64_t rid,
                    bool *ret_new)
{
    struct facts facts = {0};
    *ret_new = true;
    if (rid == 0) /* nobody's account: imports tell of those */
        return 0;
    int r = read_facts(tx, rid, &facts);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    if (drift_may_lag(facts.account.last_sync, run->asked))
        return 0;
    int staged = compare_active(tx, run, &facts, found->active);
    if (staged == 0)
        staged = compare_profile(tx, run, &facts, found);
    if (staged < 0)
        return staged;
    bool counts = facts.wanted == WANT_ACTIVE;
    r = drift_accounts_add(tx, run, counts, counts && staged == 0);
    return r < 0 ? r : staged;
}

int drift_miss_account(struct tx *tx, const struct import_run *run, int64_t rid)
{
    struct facts facts = {0};
    int r = read_facts(tx, rid, &facts);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    if (facts.wanted != WANT_ACTIVE || drift_may_lag(facts.account.last_sync, tx_now(tx)))
        return 0;
    if (facts.account.external_id)
        return drift_stage(tx, run,
                           &(struct drift_row){.kind = STAGED_ASK + ASK_ACCOUNT,
                                               .user_rid = facts.account.user_rid,
                                               .external_id = facts.account.external_id});
    if (!facts.waits) /* nobody is created there: the app's switch says so */
        return 0;
    r = drift_accounts_add(tx, run, 1, 0);
    return r < 0 ? r
                 : drift_stage(tx, run,
                               &(struct drift_row){.kind = DRIFT_ACCOUNT_MISSING,
                                                   .user_rid = facts.account.user_rid,
                                                   .cause = cause_of_work(&facts),
                                                   .error = facts.work.error,
                                                   .read_at = tx_now(tx)});
}

/* In no list, and asked for by its id. What it looks like is not said then. `active` -1: not said. */
int drift_account_there(struct tx *tx, const struct import_run *run, const struct drift_ask *ask, int active)
{
    int64_t rid = 0;
    bool fresh = false;
    int r = drift_staged_delete(tx, ask->rid);
    int found = r < 0 ? r : drift_find_account(tx, run->app_rid, ask->external_id, &rid);
    if (found <= 0)
        return found;
    const struct import_user user = {.external_id = ask->external_id, .user_name = "", .active = active != 0};
    r = drift_take_user(tx, run, &user, rid, &fresh);
    return MIN_OF(r, 0);
}

int drift_account_gone(struct tx *tx, const struct import_run *run, const struct drift_ask *ask)
{
    struct facts facts = {0};
    int64_t rid = 0;
    int r = drift_staged_delete(tx, ask->rid);
    int found = r < 0 ? r : drift_find_account(tx, run->app_rid, ask->external_id, &rid);
    r = found > 0 ? read_facts(tx, rid, &facts) : found;
    if (found <= 0 || r < 0 || drift_may_lag(facts.account.last_sync, run->asked))
        return MIN_OF(r, 0);
    r = drift_accounts_add(tx, run, 1, 0);
    if (r == 0)
        r = stage(tx, run, &facts, (struct drift_row){.kind = DRIFT_ACCOUNT_MISSING, .cause = CAUSE_TARGET});
    return MIN_OF(r, 0);
}
