/* SPDX-License-Identifier: Apache-2.0 */
/* The app as a whole: may anything be sent, and does it get through? */
#include "explain/inner.h"

#include "target/answer.h"

static void check_active(const struct facts *f, struct check *c)
{
    check_by(c, &f->of_app, TYPES("application.lifecycle.activate", "application.lifecycle.deactivate"), NULL);
    if (f->app.status == APP_ACTIVE) {
        check_pass(c, arena_printf(f->arena, "The app %s is active", f->app.label));
        return;
    }
    check_fail(c, "APP_INACTIVE",
               arena_printf(f->arena, "The app %s is inactive: nothing is sent to it", f->app.label));
    c->remedy = remedy_call("Activate the app; what waits for it is sent then.", "POST",
                            app_path(f, "/lifecycle/activate"), NULL);
}

static void check_organisation(const struct facts *f, struct check *c)
{
    if (!f->org_paused) {
        check_pass(c, "The traffic to all apps is not paused");
        return;
    }
    check_by(c, &f->of_org, TYPES("muster.org.pause"), NULL);
    check_fail(c, "ALL_PAUSED",
               arena_printf(f->arena, "The traffic to all apps is paused%s%s", f->org_reason ? ": " : "",
                            f->org_reason ? f->org_reason : ""));
    c->remedy = remedy_call("Go on with all apps.", "POST", "/api/v1/org/resume", NULL);
}

static void check_running(const struct facts *f, struct check *c)
{
    if (!f->app.paused) {
        check_pass(c, "The app is not paused");
        return;
    }
    check_by(c, &f->of_app, TYPES("application.lifecycle.update"), NULL);
    check_fail(c, "APP_PAUSED", "The app is paused: its work is kept, and nothing is sent");
    c->remedy = remedy_call("Go on with the app.", "POST", app_path(f, "/lifecycle/resume"), NULL);
}

static void check_connection(const struct facts *f, struct check *c)
{
    if (!f->has_connection) {
        check_fail(c, "NO_CONNECTION", "Provisioning is not set up: the app has no connection");
        c->remedy = remedy_words("Connect the app with its base URL and credential: muster app connect, or POST "
                                 "connections/default.");
        return;
    }
    check_by(c, &f->of_app, TYPES("application.lifecycle.update"), NULL);
    if (f->connection.status == CONNECTION_ENABLED) {
        check_pass(c, arena_printf(f->arena, "Provisioning is on, to %s", f->connection.base_url));
        return;
    }
    check_fail(c, "CONNECTION_OFF", "Provisioning is switched off: the app's connection is not enabled");
    c->remedy =
        remedy_call("Switch the connection on.", "POST", app_path(f, "/connections/default/lifecycle/activate"), NULL);
}

/* The stored connection again; the credential is kept. */
static const char *connection_body(const struct facts *f)
{
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    struct jval *profile = jval_new_object();
    jval_set_str(profile, "authScheme", f->connection.scheme == CONNECTION_OAUTH2 ? "OAUTH2" : "TOKEN");
    if (f->connection.scheme == CONNECTION_BASIC) {
        jval_set_str(profile, "scheme", "BASIC");
        jval_set_str(profile, "userName", f->connection.user_name);
    } else if (f->connection.scheme == CONNECTION_HEADER) {
        jval_set_str(profile, "scheme", "HEADER");
        jval_set_str(profile, "headerName", f->connection.header_name);
    }
    jval_set(profile, "allowPlainHttp", jval_new_bool(f->connection.allow_plain_http));
    jval_set(body, "profile", profile);
    return jval_text(f->arena, body, true);
}

static void check_tested(const struct facts *f, struct check *c)
{
    if (!f->has_connection) {
        check_skip(c, "There is no connection to test");
        return;
    }
    if (!f->connection.verify_error) {
        check_pass(c, f->connection.verified ? "The connection was tested" : "The connection was not tested yet");
        c->since = f->connection.verified;
        return;
    }
    check_fail(c, "CONNECTION_UNTESTED",
               arena_printf(f->arena, "The last test of the connection failed: %s", f->connection.verify_error));
    c->remedy = remedy_call("Mend what the test says, then test and enable the stored connection again.", "POST",
                            app_path(f, "/connections/default?activate=true"), connection_body(f));
}

static void check_quarantine(const struct facts *f, struct check *c)
{
    if (!f->quarantined) {
        check_pass(c, "Nothing is known to keep requests from the app");
        return;
    }
    check_fail(c, "QUARANTINED", arena_printf(f->arena, "Nothing gets through to the app: %s", f->quarantine.words));
    c->since = f->quarantine.since;
    c->by = NULL;
    c->error_class = f->quarantine.error_class;
    c->next_try = f->quarantine.next_try;
    c->remedy = remedy_retry(f, f->quarantine.error_class);
}

const struct check_row app_checks[] = {
    {"app", AREA_APP, 0, check_active},
    {"organisation", AREA_APP, 0, check_organisation},
    {"running", AREA_APP, 0, check_running},
    {"connection", AREA_APP, 0, check_connection},
    {"connectionTest", AREA_APP, 0, check_tested},
    {"quarantine", AREA_APP, 0, check_quarantine},
    {.name = NULL},
};
