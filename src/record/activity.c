/* SPDX-License-Identifier: Apache-2.0 */
/* How much went on, counted by the hour. */
#include "base/limits.h"
#include "record/inner.h"

const char activity_tables[] = "CREATE TABLE activity ("
                               " hour BIGINT NOT NULL,"  /* since 1970 */
                               " part INTEGER NOT NULL," /* who counted: nodes do not get in each other's way */
                               " what INTEGER NOT NULL," /* enum activity, then the time that a change took */
                               " n BIGINT NOT NULL,"
                               " PRIMARY KEY (hour, part, what))";

SQL(ACTIVITY_ADD, "INSERT INTO activity (hour, part, what, n) VALUES ($1, $2, $3, $4)"
                  " ON CONFLICT (hour, part, what) DO UPDATE SET n = activity.n + excluded.n");
SQL(ACTIVITY_READ, "SELECT hour, what, sum(n) FROM activity WHERE hour >= $1 AND hour <= $2"
                   " GROUP BY hour, what ORDER BY hour, what");
SQL(ACTIVITY_EXPIRE, "DELETE FROM activity WHERE hour < $1");

/* Upper ends of the classes of times, ms; the last class has none. */
static const int64_t delay_ends[ACTIVITY_DELAYS - 1] = {250,   500,    1000,   2000,   5000,    10000,    30000,
                                                        60000, 120000, 300000, 900000, 3600000, 21600000, 86400000};

/* What a job counted. */
struct counted {
    int64_t n[ACTIVITY_WHATS];
};

static struct counted *counted_of(struct tx *tx)
{
    void **memo = tx_memo(tx, activity_tables);
    if (!*memo) {
        struct counted *counted = arena_alloc(tx_arena(tx), sizeof(*counted));
        *counted = (struct counted){0};
        *memo = counted;
    }
    return *memo;
}

void record_activity(struct tx *tx, enum activity what)
{
    assert(what < ACTIVITY_DELAY);
    counted_of(tx)->n[what]++;
}

void record_delay(struct tx *tx, int64_t ms)
{
    int class = 0;
    while (class < ACTIVITY_DELAYS - 1 && ms > delay_ends[class])
        class ++;
    counted_of(tx)->n[ACTIVITY_DELAY + class]++;
}

int record_activity_write(struct tx *tx, int part)
{
    struct counted *counted = counted_of(tx);
    for (int what = 0; what < ACTIVITY_WHATS; what++) {
        if (counted->n[what] == 0)
            continue;
        int r = tx_exec(tx, &ACTIVITY_ADD, I(tx_now(tx) / ACTIVITY_HOUR_MS), I(part), I(what), I(counted->n[what]));
        if (r < 0)
            return r;
        counted->n[what] = 0;
    }
    return 0;
}

int record_activity_read(struct tx *tx, int64_t first, struct activity_hour *ret, int hours)
{
    struct query query;
    for (int i = 0; i < hours; i++)
        ret[i] = (struct activity_hour){.hour = first + i};
    int r = tx_query(tx, &query, &ACTIVITY_READ, I(first), I(first + hours - 1));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        int64_t hour = query_int(&query, 0);
        int64_t what = query_int(&query, 1);
        if (hour >= first && hour < first + hours && what >= 0 && what < ACTIVITY_WHATS)
            ret[hour - first].n[what] = query_int(&query, 2);
    }
    return r < 0 ? r : 0;
}

int64_t activity_done(const struct activity_hour *hour)
{
    int64_t sum = 0;
    for (int class = 0; class < ACTIVITY_DELAYS; class ++)
        sum += hour->n[ACTIVITY_DELAY + class];
    return sum;
}

int64_t activity_delay(const struct activity_hour *hour, int percent)
{
    int64_t wanted = (activity_done(hour) * percent + 99) / 100;
    if (wanted == 0)
        return -1;
    int64_t sum = 0;
    int class = 0;
    while ((sum += hour->n[ACTIVITY_DELAY + class]) < wanted)
        class ++;
    return delay_ends[MIN_OF(class, ACTIVITY_DELAYS - 2)];
}

int record_activity_expire(struct tx *tx)
{
    int r = tx_exec(tx, &ACTIVITY_EXPIRE, I(tx_now(tx) / ACTIVITY_HOUR_MS - LIMIT_ACTIVITY_HOURS));
    return MIN_OF(r, 0);
}
