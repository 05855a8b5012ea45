/* SPDX-License-Identifier: Apache-2.0 */
/* Leases and nodes in the store. */
#include "engine/lease.h"

#include "engine/nodes.h"

#define NODE_KEPT_MS (7 * INT64_C(86400000)) /* for how long a node that is gone is still shown */

SQL(LEASE_TAKE, "INSERT INTO leases (rate_group, holder, node, epoch, taken, expires) VALUES ($1, $2, $3, 1, $4, $5)"
                " ON CONFLICT (rate_group) DO UPDATE SET holder = excluded.holder, node = excluded.node,"
                " epoch = leases.epoch + 1, taken = excluded.taken, expires = excluded.expires"
                " WHERE leases.expires <= $4 OR leases.holder = $2 OR CAST($6 AS BIGINT) = 1 RETURNING epoch");
SQL(LEASE_EXPIRES, "SELECT expires FROM leases WHERE rate_group = $1");
SQL(LEASE_FOREIGN, "SELECT expires FROM leases WHERE rate_group = $1 AND holder <> $2 AND expires > $3");
SQL(LEASE_CHECK, "SELECT epoch FROM leases WHERE rate_group = $1 AND holder = $2");
SQL(LEASE_GIVE_BACK, "UPDATE leases SET expires = 0 WHERE rate_group = $1 AND holder = $2");
SQL(LEASES_GIVE_BACK, "UPDATE leases SET expires = 0 WHERE holder = $1");
SQL(LEASES_RENEW, "UPDATE leases SET expires = $2 WHERE holder = $1 AND expires > $3");
SQL(LEASES_FREE, "SELECT rate_group FROM leases WHERE expires <= $1 ORDER BY expires, rate_group LIMIT $2");
SQL(LEASES_MINE, "SELECT rate_group, epoch FROM leases WHERE holder = $1 AND expires > $2 ORDER BY rate_group");
SQL(LEASES_HELD, "SELECT count(*) FROM leases WHERE holder = $1 AND expires > $2");
SQL_SCAN(LEASES_ALL, "one row a rate group, once in some seconds", "SELECT count(*) FROM leases");
SQL_SCAN(
    LEASES_FEWEST, "one row a node",
    "SELECT min(held.n) FROM (SELECT count(leases.rate_group) AS n FROM nodes LEFT JOIN leases"
    " ON leases.holder = nodes.instance AND leases.expires > $1 WHERE nodes.expires > $1 GROUP BY nodes.name) AS held");
SQL(LEASE_FORGET, "DELETE FROM leases WHERE rate_group = $1");
SQL(LEASES_END, "UPDATE leases SET expires = 0 WHERE expires > 0");
SQL(NODES_END, "DELETE FROM nodes WHERE name >= ''");
SQL(NODE_BEGIN, "INSERT INTO nodes (name, instance, version, started, seen, expires) VALUES ($1, $2, $3, $4, $4, $5)"
                " ON CONFLICT (name) DO UPDATE SET instance = excluded.instance, version = excluded.version,"
                " started = excluded.started, seen = excluded.seen, expires = excluded.expires"
                " WHERE nodes.expires <= $4");
SQL_SCAN(NODES_FORGET, "one row a node", "DELETE FROM nodes WHERE expires < $1");
SQL(NODE_SEEN, "UPDATE nodes SET seen = $3, expires = $4 WHERE name = $1 AND instance = $2");
SQL(NODE_END, "DELETE FROM nodes WHERE name = $1 AND instance = $2");
SQL_SCAN(NODES_ALIVE, "one row a node", "SELECT count(*) FROM nodes WHERE expires > $1");
SQL_SCAN(NODES_ALL, "one row a node",
         "SELECT name, instance, version, started, seen, expires FROM nodes ORDER BY name");

int node_now(struct tx *tx, int64_t *ret_ms)
{
    return tx_database_now(tx, ret_ms);
}

int node_begin(struct tx *tx, const struct node *self)
{
    int64_t now = 0;
    int r = node_now(tx, &now);
    if (r >= 0)
        r = tx_exec(tx, &NODES_FORGET, I(now - NODE_KEPT_MS));
    if (r >= 0)
        r = tx_exec(tx, &NODE_BEGIN, T(self->name), T(self->instance), T(MUSTER_VERSION), I(now),
                    I(now + self->lease_ms));
    return r < 0 ? r : r == 0 ? ERR_EXISTS : 0;
}

int node_end(struct tx *tx, const struct node *self)
{
    int r = tx_exec(tx, &LEASES_GIVE_BACK, T(self->instance));
    if (r >= 0)
        r = tx_exec(tx, &NODE_END, T(self->name), T(self->instance));
    tx_wake(tx);
    return r < 0 ? r : 0;
}

int nodes_write(struct tx *tx, struct jout *out)
{
    struct query query;
    int64_t now = 0;
    int r = node_now(tx, &now);
    if (r >= 0)
        r = tx_query(tx, &query, &NODES_ALL, NO_BINDS);
    while (r >= 0 && (r = query_next(&query)) > 0) {
        int64_t held = 0;
        int counted = tx_get_int(tx, &held, &LEASES_HELD, T(query_text(&query, 1)), I(now));
        if (counted < 0) {
            query_close(&query);
            return counted;
        }
        jout_object(out, NULL);
        jout_str(out, "name", query_text(&query, 0));
        jout_str(out, "status", query_int(&query, 5) > now ? "ALIVE" : "LOST");
        jout_str(out, "version", query_text(&query, 2));
        jout_time(out, "started", query_int(&query, 3));
        jout_time(out, "lastSeen", query_int(&query, 4));
        jout_int(out, "leases", held);
        jout_end(out);
    }
    return r < 0 ? r : 0;
}

int nodes_alive(struct tx *tx, const char **ret_name)
{
    struct query query;
    int64_t now = 0;
    int count = 0;
    int r = node_now(tx, &now);
    if (r >= 0)
        r = tx_query(tx, &query, &NODES_ALL, NO_BINDS);
    while (r >= 0 && (r = query_next(&query)) > 0) {
        if (query_int(&query, 5) <= now)
            continue;
        if (count++ == 0)
            *ret_name = arena_strdup(tx_arena(tx), query_text(&query, 0));
    }
    return r < 0 ? r : count;
}

int lease_take(struct tx *tx, const struct node *self, const char *rate_group, int64_t *ret_epoch, int64_t *ret_wait)
{
    int64_t now = 0;
    int64_t expires = 0;
    int r = node_now(tx, &now);
    /* Read first: to write would wait for a turn of its holder that prolongs it, and then fail. */
    if (r >= 0 && self->lease_ms)
        r = tx_get_int(tx, &expires, &LEASE_FOREIGN, T(rate_group), T(self->instance), I(now));
    if (r > 0 && self->lease_ms) {
        *ret_wait = expires - now;
        return 0;
    }
    if (r >= 0)
        r = tx_get_int(tx, ret_epoch, &LEASE_TAKE, T(rate_group), T(self->instance), T(self->name), I(now),
                       I(self->lease_ms ? now + self->lease_ms : LEASE_NO_END), I(self->lease_ms == 0));
    if (r != 0)
        return r;
    r = tx_get_int(tx, &expires, &LEASE_EXPIRES, T(rate_group));
    *ret_wait = MAX_OF(expires - now, (int64_t)0);
    return r < 0 ? r : 0;
}

int lease_check(struct tx *tx, const struct node *self, const char *rate_group, int64_t epoch)
{
    int64_t current = 0;
    int r = tx_get_int(tx, &current, &LEASE_CHECK, T(rate_group), T(self->instance));
    if (r < 0)
        return r;
    return r == 1 && current == epoch ? 0 : ERR_STALE;
}

int lease_give_back(struct tx *tx, const struct node *self, const char *rate_group)
{
    int r = tx_exec(tx, &LEASE_GIVE_BACK, T(rate_group), T(self->instance));
    tx_wake(tx);
    return r < 0 ? r : 0;
}

int leases_renew(struct tx *tx, const struct node *self, struct lease_census *ret)
{
    int64_t now = 0;
    int r = node_now(tx, &now);
    if (r >= 0)
        r = tx_exec(tx, &NODE_SEEN, T(self->name), T(self->instance), I(now), I(now + self->lease_ms));
    if (r == 0) /* it was thought dead, and its row taken or gone */
        r = node_begin(tx, self);
    if (r >= 0)
        r = tx_exec(tx, &LEASES_RENEW, T(self->instance), I(now + self->lease_ms), I(now));
    ret->mine = r;
    if (r >= 0)
        r = tx_get_int(tx, &ret->all, &LEASES_ALL, NO_BINDS);
    if (r >= 0)
        r = tx_get_int(tx, &ret->nodes, &NODES_ALIVE, I(now));
    if (r >= 0)
        r = tx_get_int(tx, &ret->fewest, &LEASES_FEWEST, I(now));
    return r < 0 ? r : 0;
}

int leases_free(struct tx *tx, const char **ret, int limit)
{
    struct query query;
    int64_t now = 0;
    int count = 0;
    int r = node_now(tx, &now);
    if (r >= 0)
        r = tx_query(tx, &query, &LEASES_FREE, I(now), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret[count++] = arena_strdup(tx_arena(tx), query_text(&query, 0));
    return r < 0 ? r : count;
}

int leases_each_mine(struct tx *tx, const struct node *self, int (*each)(const char *rate_group, int64_t epoch, void *),
                     void *data)
{
    struct query query;
    int64_t now = 0;
    int r = node_now(tx, &now);
    if (r >= 0)
        r = tx_query(tx, &query, &LEASES_MINE, T(self->instance), I(now));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        r = each(query_text(&query, 0), query_int(&query, 1), data);
        if (r < 0)
            query_close(&query);
    }
    return r < 0 ? r : 0;
}

int lease_forget(struct tx *tx, const char *rate_group)
{
    int r = tx_exec(tx, &LEASE_FORGET, T(rate_group));
    return r < 0 ? r : 0;
}

int leases_end(struct tx *tx)
{
    int r = tx_exec(tx, &LEASES_END, NO_BINDS);
    if (r >= 0)
        r = tx_exec(tx, &NODES_END, NO_BINDS);
    return r < 0 ? r : 0;
}
