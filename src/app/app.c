/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app.h"

#include "app/inner.h"
#include "base/text.h"

/* Rids are never used again (AUTOINCREMENT): the journal, tombstones and answers on their way go by them. */
static const struct migration migrations[] = {
    {1, "CREATE TABLE apps ("
        " rid INTEGER PRIMARY KEY AUTOINCREMENT,"
        " id TEXT NOT NULL UNIQUE,"
        " name TEXT NOT NULL,"
        " label TEXT NOT NULL,"
        " label_folded TEXT NOT NULL UNIQUE,"
        " status INTEGER NOT NULL,"
        " paused INTEGER NOT NULL DEFAULT 0,"
        " sign_on_mode TEXT NOT NULL,"
        " document TEXT NOT NULL,"
        " created BIGINT NOT NULL,"
        " last_updated BIGINT NOT NULL);"
        "CREATE TABLE app_connections ("
        " app_rid INTEGER PRIMARY KEY REFERENCES apps (rid),"
        " base_url TEXT NOT NULL,"
        " scheme INTEGER NOT NULL,"
        " user_name TEXT,"
        " header_name TEXT,"
        " sealed BLOB NOT NULL,"
        " key_id TEXT NOT NULL,"
        " allow_plain_http INTEGER NOT NULL,"
        " status INTEGER NOT NULL,"
        " verified BIGINT NOT NULL,"
        " verify_error TEXT);"
        "CREATE TABLE app_switches ("
        " app_rid INTEGER PRIMARY KEY REFERENCES apps (rid),"
        " do_create INTEGER NOT NULL,"
        " do_update INTEGER NOT NULL,"
        " do_deactivate INTEGER NOT NULL,"
        " do_password INTEGER NOT NULL,"
        " password_seed TEXT NOT NULL,"
        " password_change TEXT NOT NULL,"
        " delete_linked_groups INTEGER NOT NULL);"
        "CREATE TABLE app_groups ("
        " rid INTEGER PRIMARY KEY AUTOINCREMENT,"
        " app_rid BIGINT NOT NULL REFERENCES apps (rid),"
        " group_rid BIGINT NOT NULL,"
        " priority BIGINT NOT NULL,"
        " profile TEXT NOT NULL,"
        " last_updated BIGINT NOT NULL,"
        " UNIQUE (group_rid, app_rid));"
        "CREATE INDEX app_groups_by_priority ON app_groups (app_rid, priority, rid);"
        "CREATE INDEX app_groups_by_app ON app_groups (app_rid, rid);"
        "CREATE TABLE accounts ("
        " rid INTEGER PRIMARY KEY AUTOINCREMENT,"
        " app_rid BIGINT NOT NULL REFERENCES apps (rid),"
        " user_rid BIGINT NOT NULL,"
        " scope INTEGER NOT NULL,"
        " via_group_rid BIGINT NOT NULL DEFAULT 0," /* the group that gives the app, for scope GROUP */
        " wanted INTEGER NOT NULL,"                 /* enum account_wanted when it was looked at last */
        " user_name TEXT NOT NULL,"
        " user_name_is_own INTEGER NOT NULL DEFAULT 0,"
        " profile TEXT NOT NULL,"
        " external_id TEXT,"
        " origin INTEGER NOT NULL DEFAULT 0,"
        " known INTEGER NOT NULL DEFAULT 0,"
        " sent_profile TEXT,"
        " activation_owed INTEGER NOT NULL DEFAULT 0,"
        " disabled_there INTEGER NOT NULL DEFAULT 0,"
        " leave_since BIGINT NOT NULL DEFAULT 0,"
        " created BIGINT NOT NULL,"
        " last_updated BIGINT NOT NULL,"
        " status_changed BIGINT NOT NULL,"
        " last_sync BIGINT NOT NULL DEFAULT 0,"
        " UNIQUE (user_rid, app_rid));"
        "CREATE INDEX accounts_by_app ON accounts (app_rid, rid);"
        "CREATE INDEX accounts_by_via ON accounts (app_rid, via_group_rid, rid);"
        "CREATE INDEX accounts_by_external ON accounts (app_rid, external_id);"
        "CREATE TABLE work ("
        " rid INTEGER PRIMARY KEY AUTOINCREMENT,"
        " app_rid BIGINT NOT NULL," /* 0: of no app */
        " kind INTEGER NOT NULL,"
        " object_rid BIGINT NOT NULL,"
        " class INTEGER NOT NULL,"
        " lane INTEGER NOT NULL," /* enum work_lane, from class and kind */
        " version BIGINT NOT NULL,"
        " since BIGINT NOT NULL,"
        " due BIGINT NOT NULL,"
        " attempts INTEGER NOT NULL DEFAULT 0,"
        " next_rid BIGINT NOT NULL DEFAULT 0,"
        " error_class TEXT,"
        " error TEXT,"
        " held INTEGER NOT NULL DEFAULT 0,"
        " failed INTEGER NOT NULL DEFAULT 0,"
        " carried BIGINT NOT NULL DEFAULT 0,"
        " carried_version BIGINT NOT NULL DEFAULT 0,"
        " UNIQUE (app_rid, kind, object_rid));"
        "CREATE INDEX work_by_due ON work (app_rid, lane, due, rid) WHERE held = 0;"
        "CREATE INDEX work_by_due_alone ON work (due) WHERE held = 0;"
        "CREATE INDEX work_by_since ON work (app_rid, since);"
        "CREATE INDEX work_by_failure ON work (app_rid, rid) WHERE failed = 1;"
        "CREATE TABLE org_state ("
        " one INTEGER PRIMARY KEY CHECK (one = 1),"
        " paused INTEGER NOT NULL,"
        " reason TEXT,"
        " changed BIGINT NOT NULL);"},
    {2, "ALTER TABLE work ADD COLUMN words TEXT;" /* the target's own */
        "ALTER TABLE work ADD COLUMN http_status INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE work ADD COLUMN failed_at BIGINT NOT NULL DEFAULT 0;"
        "ALTER TABLE accounts ADD COLUMN checked_at BIGINT NOT NULL DEFAULT 0;"
        "ALTER TABLE app_switches ADD COLUMN verify INTEGER NOT NULL DEFAULT 0;"},
    {3, "ALTER TABLE app_connections ADD COLUMN rate_group TEXT;" /* NULL: from before; the app is alone in its own */
        "CREATE INDEX app_connections_rate_group ON app_connections (rate_group, app_rid);"},
    {4, "CREATE INDEX accounts_active ON accounts (app_rid, rid) WHERE known = 1;"}, /* KNOWN_ACTIVE */
    {5, "CREATE TABLE event_hooks ("
        " rid INTEGER PRIMARY KEY AUTOINCREMENT,"
        " id TEXT NOT NULL UNIQUE,"
        " document TEXT NOT NULL," /* name, description, events, channel, as published, without secrets */
        " uri TEXT NOT NULL,"
        " active INTEGER NOT NULL,"
        " verified INTEGER NOT NULL,"
        " auth_key TEXT,"
        " auth_sealed BLOB NOT NULL,"
        " signing_sealed BLOB NOT NULL,"
        " key_id TEXT NOT NULL,"
        " created BIGINT NOT NULL,"
        " created_by TEXT NOT NULL,"
        " last_updated BIGINT NOT NULL,"
        " version BIGINT NOT NULL DEFAULT 1,"   /* of what is sent where */
        " position BIGINT NOT NULL,"            /* number of the last event that is done with */
        " batch_end BIGINT NOT NULL DEFAULT 0," /* number of the last event of a delivery that is tried again */
        " attempts INTEGER NOT NULL DEFAULT 0,"
        " due BIGINT NOT NULL DEFAULT 0,"
        " error TEXT,"
        " deliveries BIGINT NOT NULL DEFAULT 0,"
        " holder TEXT,"                           /* process that has a delivery under way */
        " held_until BIGINT NOT NULL DEFAULT 0);" /* ms, by the database's clock */
        "CREATE TABLE hook_deliveries ("
        " hook_rid BIGINT NOT NULL,"
        " number BIGINT NOT NULL," /* from 1 for each hook */
        " event_id TEXT NOT NULL,"
        " sent BIGINT NOT NULL,"
        " duration_ms BIGINT NOT NULL,"
        " attempt INTEGER NOT NULL,"
        " events INTEGER NOT NULL,"
        " status INTEGER NOT NULL,"
        " outcome TEXT NOT NULL,"
        " error TEXT,"
        " next_try BIGINT NOT NULL,"
        " PRIMARY KEY (hook_rid, number));"},
    {6, "ALTER TABLE app_switches ADD COLUMN dialect INTEGER NOT NULL DEFAULT 0;"},      /* enum app_dialect */
    {7, "ALTER TABLE app_connections ADD COLUMN client_auth INTEGER NOT NULL DEFAULT 0;" /* enum client_auth */
        "ALTER TABLE app_connections ADD COLUMN token_url TEXT;"
        "ALTER TABLE app_connections ADD COLUMN client_id TEXT;"
        "ALTER TABLE app_connections ADD COLUMN scope TEXT;"
        "ALTER TABLE app_connections ADD COLUMN jwt_key_id TEXT;"
        "ALTER TABLE app_connections ADD COLUMN authorities TEXT;" /* PEM, as the next */
        "ALTER TABLE app_connections ADD COLUMN certificate TEXT;"
        "ALTER TABLE app_connections ADD COLUMN key_sealed BLOB;" /* of the certificate */
        "ALTER TABLE app_connections ADD COLUMN proxy TEXT;"
        "ALTER TABLE app_connections ADD COLUMN no_proxy TEXT;"
        "ALTER TABLE app_connections ADD COLUMN proxy_sealed BLOB;" /* "user:password" */
        "ALTER TABLE app_connections ADD COLUMN expires BIGINT NOT NULL DEFAULT 0;"
        "ALTER TABLE app_connections ADD COLUMN certificate_expires BIGINT NOT NULL DEFAULT 0;"
        "ALTER TABLE app_connections ADD COLUMN ends BIGINT NOT NULL DEFAULT 0;"      /* the first of the two */
        "ALTER TABLE app_connections ADD COLUMN rotation INTEGER NOT NULL DEFAULT 0;" /* enum credential_rotation */
        "ALTER TABLE app_connections ADD COLUMN rotation_since BIGINT NOT NULL DEFAULT 0;"
        "ALTER TABLE app_connections ADD COLUMN rotation_reason TEXT;"
        "ALTER TABLE app_connections ADD COLUMN old_sealed BLOB;" /* the credential before */
        "ALTER TABLE app_connections ADD COLUMN old_jwt_key_id TEXT;"
        "ALTER TABLE app_connections ADD COLUMN version BIGINT NOT NULL DEFAULT 0;" /* of what is sent */
        "ALTER TABLE app_connections ADD COLUMN look_at BIGINT NOT NULL DEFAULT 0;" /* connection_time.c */
        "CREATE INDEX app_connections_look ON app_connections (look_at) WHERE look_at > 0;"
        "CREATE INDEX app_connections_ends ON app_connections (ends) WHERE ends > 0;"},
    /* For other rooms, that join it: what decides whether somebody can be pushed. */
    {8, "CREATE VIEW account_people AS SELECT app_rid, user_rid, scope, external_id, activation_owed FROM accounts;"},
    {9, "CREATE TABLE app_profiles (" /* apps whose schema or mapping was changed */
        " app_rid INTEGER PRIMARY KEY REFERENCES apps (rid),"
        " document TEXT NOT NULL,"
        " created BIGINT NOT NULL,"
        " last_updated BIGINT NOT NULL);"
        "ALTER TABLE accounts ADD COLUMN refers_to TEXT;" /* the person that its document names */
        "CREATE INDEX accounts_by_reference ON accounts (app_rid, refers_to, rid) WHERE refers_to IS NOT NULL;"},
    {10, "CREATE VIEW assigned_groups AS SELECT app_rid, group_rid FROM app_groups;"}, /* likewise */
};

const struct store_room app_room = {
    .name = "app", .migrations = migrations, .migration_count = ARRAY_LEN(migrations), .react = app_react};

#define COLUMNS "rid, id, name, label, status, paused, sign_on_mode, document, created, last_updated"

SQL(APP_BY_ID, "SELECT " COLUMNS " FROM apps WHERE id = $1");
SQL(APP_BY_RID, "SELECT " COLUMNS " FROM apps WHERE rid = $1");
SQL(APP_BY_LABEL, "SELECT " COLUMNS " FROM apps WHERE label_folded = $1");
SQL(APP_RIDS, "SELECT rid FROM apps WHERE rid > $1 ORDER BY rid LIMIT $2");
SQL(APP_INSERT, "INSERT INTO apps (id, name, label, label_folded, status, sign_on_mode, document, created,"
                " last_updated) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) RETURNING rid");
SQL(APP_UPDATE, "UPDATE apps SET name = $2, label = $3, label_folded = $4, sign_on_mode = $5, document = $6,"
                " last_updated = $7 WHERE rid = $1");
SQL(APP_SET_STATUS, "UPDATE apps SET status = $2, last_updated = $3 WHERE rid = $1");
SQL(APP_SET_PAUSED, "UPDATE apps SET paused = $2, last_updated = $3 WHERE rid = $1");
SQL(APP_DELETE_ACCOUNTS, "DELETE FROM accounts WHERE app_rid = $1");
SQL(APP_DELETE_GROUPS, "DELETE FROM app_groups WHERE app_rid = $1");
SQL(APP_DELETE_CONNECTION, "DELETE FROM app_connections WHERE app_rid = $1");
SQL(APP_DELETE_SWITCHES, "DELETE FROM app_switches WHERE app_rid = $1");
SQL(APP_DELETE_PROFILE, "DELETE FROM app_profiles WHERE app_rid = $1");
SQL(APP_DELETE, "DELETE FROM apps WHERE rid = $1");
SQL(ORG_PAUSED, "SELECT paused, reason FROM org_state WHERE one = 1");
SQL(ORG_SET_PAUSED, "INSERT INTO org_state (one, paused, reason, changed) VALUES (1, $1, $2, $3)"
                    " ON CONFLICT (one) DO UPDATE SET paused = excluded.paused, reason = excluded.reason,"
                    " changed = excluded.changed");

/* Takes the row, COLUMNS, of a query that tx_query_row() started with result `r`. */
static int app_take(struct tx *tx, struct query *query, int r, struct app *ret)
{
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    struct arena *arena = tx_arena(tx);
    *ret = (struct app){
        .rid = query_int(query, 0),
        .id = arena_strdup(arena, query_text(query, 1)),
        .name = arena_strdup(arena, query_text(query, 2)),
        .label = arena_strdup(arena, query_text(query, 3)),
        .status = (enum app_status)query_int(query, 4),
        .paused = query_int(query, 5) != 0,
        .sign_on_mode = arena_strdup(arena, query_text(query, 6)),
        .document = arena_strdup(arena, query_text(query, 7)),
        .created = query_int(query, 8),
        .last_updated = query_int(query, 9),
    };
    query_close(query);
    return 0;
}

int app_by_id(struct tx *tx, const char *id, struct app *ret)
{
    struct query query;
    return app_take(tx, &query, tx_query_row(tx, &query, &APP_BY_ID, T(id)), ret);
}

int app_by_rid(struct tx *tx, int64_t rid, struct app *ret)
{
    struct query query;
    return app_take(tx, &query, tx_query_row(tx, &query, &APP_BY_RID, I(rid)), ret);
}

int app_by_label(struct tx *tx, const char *label, struct app *ret)
{
    struct query query;
    return app_take(tx, &query, tx_query_row(tx, &query, &APP_BY_LABEL, T(text_fold(tx_arena(tx), label))), ret);
}

int app_rids(struct tx *tx, int64_t after, int64_t *ret, int limit)
{
    struct query query;
    int r = tx_query(tx, &query, &APP_RIDS, I(after), I(limit));
    if (r < 0)
        return r;
    int count = 0;
    while ((r = query_next(&query)) > 0)
        ret[count++] = query_int(&query, 0);
    return r < 0 ? r : count;
}

int app_event(struct tx *tx, const char *type, const struct app *app, const char *debug)
{
    const struct event event = {
        .type = type,
        .severity = SEVERITY_INFO,
        .targets = {{.id = app->id, .type = "AppInstance", .alternate_id = app->label, .name = app->label}},
        .target_count = 1,
        .debug = debug,
    };
    return record_event(tx, &event);
}

static int app_changed(struct tx *tx, int kind, const struct app *app, int64_t detail)
{
    return tx_change(tx, (struct change){.kind = kind, .subject = app->rid, .detail = detail});
}

static int refuse_taken_label(struct tx *tx, const char *label, int64_t own_rid, struct problem *problem)
{
    struct app other;
    int r = app_by_label(tx, label, &other);
    if (r == ERR_NOT_FOUND || (r == 0 && other.rid == own_rid))
        return 0;
    if (r < 0)
        return r;
    (void)problem_set(problem, E0000040, "%s", "label");
    return problem_cause(problem, "label: '%s' is the label of app %s already; choose another", other.label, other.id);
}

int app_create(struct tx *tx, const struct jval *body, bool activate, struct app *ret, struct problem *problem)
{
    struct app_document document;
    int r = app_document_read(tx, body, NULL, &document, problem);
    if (r == 0)
        r = refuse_taken_label(tx, document.label, 0, problem);
    if (r < 0)
        return r;
    int64_t now = tx_now(tx);
    int64_t rid = 0;
    r = tx_get_int(tx, &rid, &APP_INSERT, T(tx_id(tx, "0oa")), T(document.name), T(document.label),
                   T(text_fold(tx_arena(tx), document.label)), I(activate ? APP_ACTIVE : APP_INACTIVE),
                   T(document.sign_on_mode), T(document.text), I(now));
    if (r < 0)
        return r;
    struct app app;
    r = app_by_rid(tx, rid, &app);
    if (r == 0)
        r = app_changed(tx, CHANGE_APP_CREATED, &app, 0);
    if (r == 0)
        r = app_event(tx, "application.lifecycle.create", &app, NULL);
    if (r == 0)
        *ret = app;
    return r;
}

int app_update(struct tx *tx, struct app *app, const struct jval *body, struct problem *problem)
{
    struct app_document document;
    int r = app_document_read(tx, body, app, &document, problem);
    if (r == 0)
        r = refuse_taken_label(tx, document.label, app->rid, problem);
    if (r < 0)
        return r;
    r = tx_exec(tx, &APP_UPDATE, I(app->rid), T(document.name), T(document.label),
                T(text_fold(tx_arena(tx), document.label)), T(document.sign_on_mode), T(document.text), I(tx_now(tx)));
    if (r < 0)
        return r;
    r = app_changed(tx, CHANGE_APP_UPDATED, app, 0);
    if (r < 0)
        return r;
    r = app_by_rid(tx, app->rid, app);
    return r < 0 ? r : app_event(tx, "application.lifecycle.update", app, NULL);
}

int app_set_status(struct tx *tx, struct app *app, enum app_status status, UNUSED struct problem *problem)
{
    if (app->status == status)
        return 0;
    int r = tx_exec(tx, &APP_SET_STATUS, I(app->rid), I(status), I(tx_now(tx)));
    if (r < 0)
        return r;
    app->status = status;
    app->last_updated = tx_now(tx);
    r = app_changed(tx, CHANGE_APP_STATUS, app, status);
    if (r < 0)
        return r;
    tx_wake(tx);
    const char *type = status == APP_ACTIVE ? "application.lifecycle.activate" : "application.lifecycle.deactivate";
    return app_event(tx, type, app, NULL);
}

int app_set_paused(struct tx *tx, struct app *app, bool paused, UNUSED struct problem *problem)
{
    if (app->paused == paused)
        return 0;
    int r = tx_exec(tx, &APP_SET_PAUSED, I(app->rid), I(paused), I(tx_now(tx)));
    if (r < 0)
        return r;
    app->paused = paused;
    app->last_updated = tx_now(tx);
    r = app_changed(tx, CHANGE_APP_SWITCHES, app, 0);
    if (r < 0)
        return r;
    tx_wake(tx);
    return app_event(tx, "application.lifecycle.update", app, paused ? "{\"paused\":true}" : "{\"paused\":false}");
}

int app_delete(struct tx *tx, struct app *app, struct problem *problem)
{
    if (app->status != APP_INACTIVE) {
        (void)problem_set(problem, E0000056, "%s", "app");
        return problem_cause(problem, "status: the app is ACTIVE; deactivate it first");
    }
    int r = app_changed(tx, CHANGE_APP_DELETED, app, 0);
    if (r == 0)
        r = work_delete_app(tx, app->rid);
    if (r >= 0)
        r = app_capture_end(tx, app);
    static struct sql *const deletions[] = {&APP_DELETE_ACCOUNTS, &APP_DELETE_GROUPS,  &APP_DELETE_CONNECTION,
                                            &APP_DELETE_SWITCHES, &APP_DELETE_PROFILE, &APP_DELETE};
    for (size_t i = 0; r >= 0 && i < ARRAY_LEN(deletions); i++)
        r = tx_exec(tx, deletions[i], I(app->rid));
    return r < 0 ? r : app_event(tx, "application.lifecycle.delete", app, NULL);
}

int org_paused(struct tx *tx, const char **ret_reason)
{
    struct query query;
    int r = tx_query_row(tx, &query, &ORG_PAUSED, NO_BINDS);
    if (r <= 0)
        return r;
    int paused = query_int(&query, 0) != 0;
    if (paused && ret_reason)
        *ret_reason = arena_strdup(tx_arena(tx), query_text(&query, 1));
    query_close(&query);
    return paused;
}

int org_set_paused(struct tx *tx, bool paused, const char *reason)
{
    int r = tx_exec(tx, &ORG_SET_PAUSED, I(paused), T(paused ? reason : NULL), I(tx_now(tx)));
    if (r < 0)
        return r;
    tx_wake(tx);
    /* No published type covers this; ours are told by their first word. */
    const struct event event = {
        .type = paused ? "muster.org.pause" : "muster.org.resume",
        .message = paused ? "Pause all traffic to apps" : "Resume traffic to apps",
        .severity = SEVERITY_WARN,
        .reason = paused ? reason : NULL,
    };
    return record_event(tx, &event);
}
