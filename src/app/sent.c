/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine reports back about accounts, and the names by which an account's state is published. */
#include "app/inner.h"

/* Writes the event for an account whose app and person may be gone by now. */
static int report(struct tx *tx, const char *type, const struct account *account)
{
    struct app app;
    struct user user;
    int r = app_by_rid(tx, account->app_rid, &app);
    if (r == ERR_NOT_FOUND)
        return 0;
    if (r == 0)
        r = account_user(tx, account->user_rid, &user);
    return r < 0 ? r : account_event(tx, type, &app, &user, account);
}

static void take_known(struct tx *tx, struct account *account, enum account_known known)
{
    if (account->known != known)
        account->status_changed = tx_now(tx);
    account->known = known;
    account->last_sync = tx_now(tx);
    if (known == KNOWN_ACTIVE) {
        account->activation_owed = false;
        account->disabled_there = false;
    }
}

int account_set_known(struct tx *tx, struct account *account, const char *external_id, enum account_origin origin,
                      enum account_known known)
{
    account->external_id = arena_strdup(tx_arena(tx), external_id);
    account->origin = origin;
    take_known(tx, account, known);
    int r = account_store(tx, account);
    if (r == 0)
        r = account_changed(tx, CHANGE_ACCOUNT_KNOWN, account);
    if (r < 0)
        return r;
    tx_wake(tx);
    return report(tx, origin == ORIGIN_CREATED ? "application.provision.user.push" : "application.provision.user.sync",
                  account);
}

int account_set_sent(struct tx *tx, struct account *account, const struct jval *sent_profile, enum account_known known)
{
    bool reactivated = account->known == KNOWN_INACTIVE && known == KNOWN_ACTIVE;
    bool owed = account->activation_owed;
    bool deactivated = account->known != KNOWN_INACTIVE && known == KNOWN_INACTIVE;
    /* The first profile of an account that was created went with its creation, which has an event of its own. */
    bool pushed = sent_profile && (account->sent_profile || account->origin != ORIGIN_CREATED);
    take_known(tx, account, known);
    if (sent_profile)
        account->sent_profile = jval_text(tx_arena(tx), sent_profile, true);
    int r = account_store(tx, account);
    if (r == 0 && pushed)
        r = report(tx, "application.provision.user.push_profile", account);
    if (r == 0 && (reactivated || (owed && !account->activation_owed)))
        r = account_changed(tx, CHANGE_ACCOUNT_KNOWN, account); /* its memberships may follow */
    if (r == 0 && reactivated)
        r = report(tx, "application.provision.user.reactivate", account);
    if (r == 0 && deactivated)
        r = report(tx, "application.provision.user.deactivate", account);
    return r;
}

int account_forget_known(struct tx *tx, struct account *account)
{
    account->external_id = NULL;
    account->sent_profile = NULL;
    account->disabled_there = false;
    if (account->known != KNOWN_NOTHING)
        account->status_changed = tx_now(tx);
    account->known = KNOWN_NOTHING;
    account->last_sync = tx_now(tx);
    int r = account_store(tx, account);
    return r < 0 ? r : account_changed(tx, CHANGE_ACCOUNT_KNOWN, account);
}

int account_set_document(struct tx *tx, struct account *account, const struct jval *document)
{
    const char *text = jval_text(tx_arena(tx), document, true);
    if (str_eq(text, account->sent_profile))
        return 0;
    account->sent_profile = text;
    return account_store(tx, account);
}

int account_settle(struct tx *tx, struct account *account)
{
    if (!account->activation_owed || account->known != KNOWN_ACTIVE)
        return 0;
    account->activation_owed = false;
    int r = account_store(tx, account);
    return r < 0 ? r : account_changed(tx, CHANGE_ACCOUNT_KNOWN, account); /* its memberships may follow */
}

int account_set_disabled_there(struct tx *tx, struct account *account, bool disabled)
{
    if (account->disabled_there == disabled)
        return 0;
    account->disabled_there = disabled;
    return account_store(tx, account);
}

#define CHECK_AGAIN_MS (10 * 60 * 1000) /* milliseconds between two looks at an account that is refused as a member */

SQL(ACCOUNT_CHECKED, "UPDATE accounts SET checked_at = $2 WHERE rid = $1 AND (checked_at < $3 OR checked_at > $2)");

int account_check_due(struct tx *tx, const struct account *account)
{
    int64_t now = tx_now(tx);
    return tx_exec(tx, &ACCOUNT_CHECKED, I(account->rid), I(now), I(now - CHECK_AGAIN_MS));
}

const char *account_status_name(const struct account *account, enum user_status user_status, bool provisioning_on)
{
    if (account->scope == SCOPE_NONE || user_status == USER_DEPROVISIONED)
        return "DEPROVISIONED";
    if (user_status == USER_SUSPENDED)
        return "SUSPENDED";
    if (account->disabled_there || account->known == KNOWN_INACTIVE)
        return "INACTIVE";
    if (account->external_id)
        return "PROVISIONED";
    return provisioning_on && account->activation_owed ? "STAGED" : "ACTIVE";
}

const char *account_sync_name(const struct account *account, const struct work *work_or_null, bool provisioning_on)
{
    if (!provisioning_on)
        return "DISABLED";
    if (work_or_null)
        return work_or_null->held || work_or_null->error_class ? "ERROR" : "SYNCING";
    return account->external_id && !account->disabled_there ? "SYNCHRONIZED" : "OUT_OF_SYNC";
}
