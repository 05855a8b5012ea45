/* SPDX-License-Identifier: Apache-2.0 */
/* What an import found of accounts: taken over, gone, or disabled there. Nothing is sent because of it. */
#include "app/inner.h"

static int refuse_other(struct problem *problem, const char *field, const char *text, const char *id)
{
    (void)problem_set(problem, E0000195, "%s", field);
    return problem_cause(problem, "%s: %s (%.200s)", field, text, id);
}

static int check_free(struct tx *tx, const struct app *app, const struct user *user, const char *external_id,
                      struct problem *problem)
{
    struct account other = {0};
    int r = account_by_external(tx, app->rid, external_id, &other);
    if (r == 0 && other.user_rid != user->rid)
        return refuse_other(problem, "externalId", "It is the account of another person already", external_id);
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    r = account_get(tx, app->rid, user->rid, &other);
    if (r == 0 && other.external_id && strcmp(other.external_id, external_id) != 0)
        return refuse_other(problem, "userId",
                            "The person has another account in the app; choose another person, or ignore this one",
                            other.external_id);
    return r == ERR_NOT_FOUND ? 0 : r;
}

int account_take_over(struct tx *tx, const struct app *app, const struct user *user, const char *external_id,
                      bool active, struct problem *problem)
{
    struct account a = {0};
    int r = check_free(tx, app, user, external_id, problem);
    if (r < 0)
        return r;
    r = account_get(tx, app->rid, user->rid, &a);
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    if (r == ERR_NOT_FOUND || a.scope == SCOPE_NONE)
        r = account_assign(tx, app, user, NULL, NULL, &a, problem);
    if (r == 0)
        r = account_get(tx, app->rid, user->rid, &a);
    if (r < 0 || (a.external_id && strcmp(a.external_id, external_id) == 0))
        return r;
    a.activation_owed = false;
    a.disabled_there = !active && a.wanted != WANT_INACTIVE;
    return account_set_known(tx, &a, external_id, ORIGIN_LINKED, active ? KNOWN_ACTIVE : KNOWN_INACTIVE);
}

int account_gone_there(struct tx *tx, const struct app *app, struct account *account)
{
    struct problem problem = {0};
    account->activation_owed = false;
    int r = account_forget_known(tx, account);
    if (r == 0 && account->scope == SCOPE_USER)
        r = account_unassign(tx, app, account, &problem);
    return r;
}

int account_seen_differs(const struct account *account, bool active)
{
    if (active)
        return account->disabled_there;
    return account->wanted == WANT_ACTIVE && account->known != KNOWN_INACTIVE && !account->activation_owed &&
           !account->disabled_there;
}

int account_seen(struct tx *tx, struct account *account, bool active)
{
    return account_seen_differs(account, active) ? account_set_disabled_there(tx, account, !active) : 0;
}

int account_found_active(struct tx *tx, struct account *account)
{
    if (account->known != KNOWN_INACTIVE)
        return 0;
    account->known = KNOWN_ACTIVE;
    account->status_changed = tx_now(tx);
    return account_store(tx, account);
}

int account_found_attribute(struct tx *tx, struct account *account, const char *name, const char *value)
{
    CLEANUP(jval_freep) struct jval *profile = NULL;
    if (!account->sent_profile)
        return 0;
    if (jval_parse(&profile, account->sent_profile, strlen(account->sent_profile), NULL) < 0)
        return ERR_CORRUPT;
    if (value && *value)
        jval_set_str(profile, name, value);
    else
        jval_remove(profile, name);
    account->sent_profile = jval_text(tx_arena(tx), profile, true);
    return account_store(tx, account);
}
