/* SPDX-License-Identifier: Apache-2.0 */
/* The account: who gives the person the app, and what does the app have of it? */
#include "explain/inner.h"

static const char *assignment_words(const struct facts *f)
{
    if (f->account.scope == SCOPE_USER)
        return "The app is assigned to the person individually";
    return arena_printf(f->arena, "The person has the app by the group %s, priority %d",
                        f->via_group.name ? f->via_group.name : "that was just deleted", f->via.priority);
}

static void check_assigned(const struct facts *f, struct check *c)
{
    if (f->has_account && f->account.scope != SCOPE_NONE) {
        check_pass(c, assignment_words(f));
        check_by(c, &f->person, TYPES("application.user_membership.add"), f->app.id);
        if (f->account.scope == SCOPE_GROUP && !c->by)
            check_by(c, &f->of_via, TYPES("group.application_assignment.add"), f->app.id);
        return;
    }
    c->since = f->has_account ? f->account.status_changed : 0;
    check_by(c, &f->person, TYPES("application.user_membership.remove"), f->app.id);
    c->against = true;
    if (f->leaving) {
        check_pass(c, "The app is not assigned to the person, and the account should be inactive");
        return;
    }
    check_fail(c, "NOT_ASSIGNED", "The app is not assigned to the person: being in a pushed group gives no account");
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(body, "id", f->user.id);
    jval_set_str(body, "scope", "USER");
    c->remedy = remedy_call("Assign the app to the person, or to a group that holds him.", "POST",
                            app_path(f, "/users"), jval_text(f->arena, body, true));
}

/* Should the account be made or activated? */
static bool needs_account(const struct facts *f)
{
    return f->has_account && f->account.wanted == WANT_ACTIVE &&
           (!f->account.external_id || f->account.known == KNOWN_INACTIVE || f->account.activation_owed);
}

static void check_creating(const struct facts *f, struct check *c)
{
    check_by(c, &f->of_app, TYPES("application.lifecycle.update"), NULL);
    if (f->switches.create) {
        check_pass(c, "Creating accounts is on");
        return;
    }
    if (!needs_account(f)) {
        check_skip(c, "Creating accounts is off, and nothing has to be created");
        return;
    }
    check_fail(c, "CREATE_OFF", "Creating and activating accounts is off for the app");
    c->remedy = remedy_call("Switch it on; then send the backlog, since a switch acts on later changes only.", "PUT",
                            app_path(f, "/features/USER_PROVISIONING"),
                            "{\"create\":{\"lifecycleCreate\":{\"status\":\"ENABLED\"}}}");
}

static void check_deactivating(const struct facts *f, struct check *c)
{
    check_by(c, &f->of_app, TYPES("application.lifecycle.update"), NULL);
    if (f->of_group || !f->leaving) {
        check_skip(c, "Nothing has to be deactivated");
        return;
    }
    if (f->switches.deactivate) {
        check_pass(c, "Deactivating accounts is on");
        return;
    }
    check_fail(c, "DEACTIVATE_OFF", "Deactivating accounts is off for the app");
    c->remedy = remedy_call("Switch it on; then send the backlog, since a switch acts on later changes only.", "PUT",
                            app_path(f, "/features/USER_PROVISIONING"),
                            "{\"update\":{\"lifecycleDeactivate\":{\"status\":\"ENABLED\"}}}");
}

static void check_held_account(const struct facts *f, struct check *c)
{
    bool waits = f->account_held && f->account_hold.state != DELETION_NEW &&
                 f->account_hold.state != DELETION_COUNTED && f->account_hold.state != DELETION_APPROVED;
    if (f->of_group || !f->leaving || !waits) {
        check_skip(c, "No deactivation is held");
        return;
    }
    check_held(f, &f->account_hold, "The deactivation", c);
}

static void check_error(const struct facts *f, struct check *c)
{
    const struct work *work = &f->account_work;
    if (!f->account_works || !work->error_class || str_eq(work->error_class, "HELD")) {
        check_pass(c, "No request for the account failed");
        return;
    }
    c->error_class = work->error_class;
    c->since = work->failed_at;
    c->next_try = work->held ? 0 : work->due;
    /* Somebody who is in the group stays there whatever becomes of the account's profile, and leaves it before. */
    if (f->of_group && (f->there || f->account.external_id) && !needs_account(f)) {
        check_pass(c, arena_printf(f->arena, "A request for the account failed, and the group does not wait for it: %s",
                                   work->error));
        return;
    }
    check_fail(c, "ACCOUNT_ERROR", work->error);
    c->remedy = remedy_retry(f, work->error_class);
}

/* Something is on its way for the account, or nobody asked for it while a switch was off. */
static void check_waits(const struct facts *f, const char *cause, const char *fact, struct check *c)
{
    if (f->account_works) {
        check_fail(c, cause, fact);
        c->next_try = f->account_work.due;
        c->remedy = remedy_wait(f);
        return;
    }
    check_fail(c, "ACCOUNT_NOT_QUEUED",
               arena_printf(f->arena, "%s, and nothing is queued: it was decided while a switch was off", fact));
    c->remedy = remedy_call("Send what was decided while switches were off.", "POST", app_path(f, "/backlog"), NULL);
}

static void check_provisioned(const struct facts *f, struct check *c)
{
    const struct account *a = &f->account;
    if (f->has_account && a->external_id) {
        const char *origin = a->origin == ORIGIN_LINKED ? "linked" : "created";
        check_pass(c, arena_printf(f->arena, "The account is in the app, %s, with the id %s", origin, a->external_id));
        c->since = a->last_sync;
        return;
    }
    if (!f->has_account || a->wanted != WANT_ACTIVE || a->scope == SCOPE_NONE) {
        check_skip(c, "There is no account in the app, and none is wanted");
        return;
    }
    check_waits(f, "ACCOUNT_WAITING", "The account is not in the app yet", c);
}

static void check_enabled(const struct facts *f, struct check *c)
{
    const struct account *a = &f->account;
    if (!f->has_account || !a->external_id) {
        check_skip(c, "There is no account in the app yet");
        return;
    }
    c->since = a->status_changed;
    if (a->wanted != WANT_ACTIVE) {
        bool done = a->known == KNOWN_INACTIVE; /* and who is leaving all the same was made active again there */
        if (f->of_group || !f->leaving || done) {
            check_pass(c, done && f->leaving ? "The account was deactivated in the app"
                          : done             ? "The account is inactive in the app, as it should be"
                                             : "The account is not to be activated");
            return;
        }
        check_waits(f, "ACCOUNT_LEAVING", "The account is still to be deactivated", c);
        return;
    }
    if (a->disabled_there) {
        check_fail(c, "ACCOUNT_DISABLED_THERE",
                   "Somebody disabled the account in the app; Muster reports that and never repairs it by itself");
        c->remedy = remedy_call("Enable the account in the app, then try again what was refused.", "POST",
                                app_path(f, "/group-push/retry"), NULL);
        return;
    }
    if (a->activation_owed || a->known == KNOWN_INACTIVE) {
        check_waits(f, "ACCOUNT_WAITING", "The account is not active in the app yet", c);
        return;
    }
    check_pass(c, "The account is active in the app");
}

static void check_profile(const struct facts *f, struct check *c)
{
    if (f->of_group || f->leaving) {
        check_skip(c, "The profile decides nothing here");
        return;
    }
    if (f->account_works && !f->account_work.error_class) {
        check_waits(f, "ACCOUNT_WAITING", "A change of the account is on its way", c);
        return;
    }
    check_pass(c, "Nothing waits for the account");
    c->since = f->account.last_sync;
}

const struct check_row account_checks[] = {
    {"assigned", AREA_ACCOUNT, OF_PERSON | DECIDES, check_assigned},
    {"creating", AREA_ACCOUNT, OF_PERSON, check_creating},
    {"deactivating", AREA_ACCOUNT, OF_PERSON, check_deactivating},
    {"accountHeld", AREA_ACCOUNT, OF_PERSON, check_held_account},
    {"accountError", AREA_ACCOUNT, OF_PERSON, check_error},
    {"provisioned", AREA_ACCOUNT, OF_PERSON, check_provisioned},
    {"accountDrift", AREA_ACCOUNT, OF_PERSON, check_account_drift},
    {"enabled", AREA_ACCOUNT, OF_PERSON, check_enabled},
    {"profile", AREA_ACCOUNT, OF_PERSON, check_profile},
    {.name = NULL},
};
