/* SPDX-License-Identifier: Apache-2.0 */
/* Which apps' requests and answers are kept in full, and until when. */
#include "record/inner.h"

SQL(CAPTURE_GET, "SELECT started, until, started_by FROM capture WHERE app_rid = $1 AND until > $2");
SQL(CAPTURE_SET, "INSERT INTO capture (app_rid, started, until, started_by) VALUES ($1, $2, $3, $4)"
                 " ON CONFLICT (app_rid) DO UPDATE SET until = excluded.until, started_by = excluded.started_by");
SQL(CAPTURE_REMOVE, "DELETE FROM capture WHERE app_rid = $1");
SQL(CAPTURE_ENDED, "SELECT app_rid FROM capture WHERE until <= $1 ORDER BY until LIMIT 1");

int record_capture_get(struct tx *tx, int64_t app_rid, struct capture *ret)
{
    struct query query;
    int r = tx_query_row(tx, &query, &CAPTURE_GET, I(app_rid), I(tx_now(tx)));
    if (r <= 0)
        return r;
    *ret = (struct capture){.started = query_int(&query, 0),
                            .until = query_int(&query, 1),
                            .by = arena_strdup(tx_arena(tx), query_text(&query, 2))};
    query_close(&query);
    return 1;
}

int record_capture_set(struct tx *tx, int64_t app_rid, int64_t until)
{
    const char *by = tx_origin(tx)->actor_name;
    int r = tx_exec(tx, &CAPTURE_SET, I(app_rid), I(tx_now(tx)), I(until), T(by ? by : "system"));
    return r < 0 ? r : 0;
}

int record_capture_remove(struct tx *tx, int64_t app_rid)
{
    int r = tx_exec(tx, &CAPTURE_REMOVE, I(app_rid));
    return r > 0 ? 1 : r;
}

int record_capture_ended(struct tx *tx, int64_t *ret_app_rid)
{
    return tx_get_int(tx, ret_app_rid, &CAPTURE_ENDED, I(tx_now(tx)));
}
