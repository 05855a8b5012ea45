/* SPDX-License-Identifier: Apache-2.0 */
/* The credential of an app's connection in a turn: what requests carry, and what answers say of it. */
#include "engine/inner.h"

#include "engine/dial.h"

/* What carries the credential, and how requests get there: the one place where the core has secrets in clear. */
static int open_connection(struct tx *tx, struct lane *lane, const char **ret_line)
{
    const struct connection *c = &lane->connection;
    struct connection_secrets secrets = {0};
    int r = connection_unseal(tx, lane->core->options.keyring, c, &secrets);
    if (r < 0)
        return r;
    const struct connection_input complete = {.scheme = c->scheme,
                                              .user_name = c->user_name,
                                              .header_name = c->header_name,
                                              .secret = secrets.credential,
                                              .client_auth = c->client_auth,
                                              .token_url = c->token_url,
                                              .client_id = c->client_id,
                                              .scope = c->scope,
                                              .key_id = c->key_id,
                                              .authorities = c->authorities,
                                              .certificate = c->certificate,
                                              .key = secrets.key,
                                              .proxy = c->proxy,
                                              .no_proxy = c->no_proxy,
                                              .proxy_credential = secrets.proxy_credential};
    *ret_line = credential_line(tx_arena(tx), &complete);
    lane->dial = dial_new(tx_arena(tx), &complete);
    connection_secrets_wipe(&secrets);
    return 0;
}

int lane_headers(struct tx *tx, struct lane *lane)
{
    if (lane->headers)
        return 0;
    const char *credential = NULL;
    int r = open_connection(tx, lane, &credential);
    if (r < 0)
        return r;
    const char **headers = arena_array(tx_arena(tx), 2, sizeof(*headers));
    headers[0] = credential;
    lane->headers = headers;
    return 0;
}

int lane_credential_answer(struct tx *tx, struct lane *lane, struct flight *flight, enum error_class class)
{
    if (class == ERROR_NONE)
        return connection_proven(tx, &lane->app, &lane->connection, flight->credential);
    if (class != ERROR_CREDENTIALS)
        return 0;
    int r = connection_fall_back(tx, lane->core->options.keyring, &lane->app, flight->credential,
                                 answer_words(tx_arena(tx), flight->answer));
    if (r > 0) {
        lane->headers = NULL;
        r = connection_get(tx, lane->app.rid, &lane->connection);
    }
    if (r < 0 || flight->credential == lane->connection.version)
        return r;
    struct work work = {0};
    r = flight->intent_rid ? intent_delete(tx, flight->intent_rid) : 0;
    if (r >= 0)
        r = work_find(tx, flight->app_rid, flight->work.kind, flight->work.object_rid, &work);
    if (r > 0)
        r = work_defer(tx, work.rid, lane->now);
    lane->core->more = true;
    return r < 0 ? r : 1;
}
