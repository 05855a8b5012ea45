/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/rate.h"

#include "base/limits.h"

#define LEARN_MS 20000      /* measured at least so long, if there were answers enough */
#define LEARN_MOST_MS 60000 /* and no longer than that, */
#define LEARN_END_MS 120000 /* after that: no limit was met */
#define LEARN_ANSWERS 200   /* accepted requests that make a measurement after LEARN_MS */
#define MARGIN 0.975        /* paced so far below what was measured */
#define LOWER 0.98          /* after a 429 in pace */
#define LOWER_FIRST 0.93    /* after the first one: a full bucket at the app let some raises too many through */
#define RAISE_ANSWERS 50    /* accepted between two raises, at least */
#define RAISE 1.02          /* after RAISE_MS without one */
#define RAISE_MS 10000      /* at first, until a 429 shows where the limit is */
#define RAISE_SLOW_MS (10 * 60 * 1000) /* then; twice as long after each 429 in pace */
#define RAISE_MOST_MS (24 * 3600 * 1000)
#define ASK_MS 5000       /* how long one request that asks what is left holds back the others, at most */
#define ALLOWED_MOST 1024 /* requests out at once while measuring */
#define LOOK_MS 20        /* when to look again while as many are out as may be */
#define SOON_MS 60000     /* 429s in pace within this of each other ... */
#define SOON_MANY 5       /* ... so many: measure again */
#define TOGETHER_MS 5000  /* rates that are limited within this of each other share a limit */
#define WAIT_MIN_MS 250   /* the first pause while measuring */
#define WAIT_MAX_MS 4000
#define BURST_MS 250                /* milliseconds of rate that may be made up for: no turn comes to the millisecond */
#define IDLE_MS 2000                /* without an answer and without a reason to wait: nothing was to be asked */
#define PER_MS_MIN (1.0 / 600000.0) /* never slower than one request in ten minutes */

static double burst_of(const struct rate *rate)
{
    return 1.0 + rate->per_ms * BURST_MS;
}

static double tokens_at(const struct rate *rate, int64_t now)
{
    double passed = (double)MAX_OF(now - rate->filled, (int64_t)0);
    return MIN_OF(rate->tokens + passed * rate->per_ms, burst_of(rate));
}

int64_t rate_when(const struct rate *rate, int64_t now)
{
    int64_t when = rate->blocked_until;
    if (rate->window_until > now && rate->left <= 0)
        when = MAX_OF(when, rate->window_until);
    if (rate->phase == RATE_MEASURED && rate->out >= rate->allowed)
        return MAX_OF(when, now + LOOK_MS);
    if (rate->phase != RATE_PACED)
        return when;
    double tokens = tokens_at(rate, now);
    if (tokens >= 1.0 - 1e-9)
        return when;
    int64_t paced = now + (int64_t)((1.0 - tokens) / rate->per_ms) + 1;
    return MAX_OF(when, paced);
}

void rate_returned(struct rate *rate, bool sent)
{
    rate->left += !sent;
    if (rate->phase == RATE_MEASURED)
        rate->out = MAX_OF(rate->out - 1, 0);
    else if (rate->phase == RATE_PACED && !sent)
        rate->tokens += 1.0;
}

static void pace(struct rate *rate, double per_ms, int64_t now)
{
    rate->phase = RATE_PACED;
    rate->raise_ms = RAISE_MS;
    rate->changed_at = now;
    rate->since_change = 0;
    rate->per_ms = MAX_OF(per_ms, PER_MS_MIN);
    rate->tokens = MIN_OF(rate->tokens, 0.0);
    rate->filled = now;
}

static void measure(struct rate *rate, int64_t now)
{
    rate->phase = RATE_MEASURED;
    rate->began = now;
    rate->accepted = 0;
    rate->wait = WAIT_MIN_MS;
    rate->limited_soon = 0;
    rate->allowed = 1;
    rate->out = 0;
    rate->first_clump = 0;
    rate->last_clump = 0;
    rate->before_last = 0;
    rate->clump_ended = false;
    rate->answered_at = now;
}

/*
 * Nothing was to be asked for a while: what is accepted before and after says nothing of the time between. The
 * measurement begins anew, or ends when no limit was met for long.
 */
static void idled(struct rate *rate, int64_t now)
{
    int allowed = rate->allowed;
    if (now - rate->limited_at >= LEARN_END_MS) {
        rate->phase = RATE_FREE;
        return;
    }
    measure(rate, now);
    rate->allowed = allowed;
}

void rate_sent(struct rate *rate, int64_t now)
{
    int64_t awaited = MAX_OF(rate->answered_at, rate->blocked_until) + IDLE_MS;
    if (rate->window_until && now >= rate->window_until) {
        rate->asks = true;
        rate->left = 1;
        rate->window_until = now + ASK_MS;
    }
    rate->left--;
    if (rate->phase == RATE_MEASURED && rate->out == 0 && rate->answered_at && now > awaited)
        idled(rate, now);
    if (rate->phase == RATE_MEASURED)
        rate->out++;
    if (rate->phase != RATE_PACED)
        return;
    rate->tokens = tokens_at(rate, now) - 1.0;
    rate->filled = now;
}

static void change(struct rate *rate, double per_ms, int64_t now)
{
    rate->per_ms = MAX_OF(per_ms, PER_MS_MIN);
    rate->changed_at = now;
    rate->since_change = 0;
}

static void note_clump(struct rate *rate, int64_t now)
{
    if (rate->first_clump == 0)
        rate->first_clump = now;
    if (rate->first_clump == now || rate->clump_ended) {
        rate->last_clump = now;
        rate->before_last = rate->accepted;
    }
    rate->clump_ended = false;
}

/* Is what was accepted enough to tell the rate? Then it is paced from now on. */
static bool learned(struct rate *rate, int64_t now)
{
    int64_t passed = now - rate->began;
    bool clumps = rate->last_clump > rate->first_clump;
    bool enough = (passed >= LEARN_MS && rate->accepted >= LEARN_ANSWERS) || passed >= LEARN_MOST_MS;
    if (passed < LEARN_END_MS && !(enough && clumps))
        return false;
    /* Asked for little, or the clock was set: what was accepted is what was asked for, and says nothing of a limit. */
    if (!clumps || passed > 2 * LEARN_END_MS) {
        rate->phase = RATE_FREE;
        return false;
    }
    pace(rate, MARGIN * (double)rate->before_last / (double)(rate->last_clump - rate->first_clump), now);
    return true;
}

bool rate_accepted(struct rate *rate, int64_t now)
{
    if (rate->phase == RATE_MEASURED) {
        note_clump(rate, now);
        rate->answered_at = now;
        rate->accepted++;
        rate->wait = WAIT_MIN_MS;
        rate->out = MAX_OF(rate->out - 1, 0);
        rate->allowed = MIN_OF(rate->allowed * 2, ALLOWED_MOST);
        return learned(rate, now);
    }
    rate->since_change++;
    if (rate->phase == RATE_PACED && !rate->told && now - rate->changed_at > rate->raise_ms &&
        rate->since_change >= RAISE_ANSWERS)
        change(rate, rate->per_ms * RAISE, now);
    return false;
}

void rate_remaining(struct rate *rate, int64_t now, int64_t remaining, int64_t reset_ms, int out)
{
    if (rate->told)
        return;
    if (remaining < 0 || reset_ms < 0) {
        if (rate->asks) /* the app no longer says */
            rate->window_until = 0;
        rate->asks = false;
        return;
    }
    rate->asks = false;
    rate->window_until = reset_ms > RATE_RESET_SHORT_MS ? now + MIN_OF(reset_ms, (int64_t)LIMIT_RETRY_AFTER_MS) : 0;
    rate->left = remaining - out;
}

static int64_t pause_after(const struct rate *rate, int64_t retry_after_ms)
{
    int64_t wait = retry_after_ms;
    if (wait < 0 && rate->phase == RATE_PACED)
        wait = (int64_t)(1.0 / rate->per_ms);
    else if (wait < 0)
        wait = MAX_OF(rate->wait, (int64_t)WAIT_MIN_MS);
    return MIN_OF(wait, (int64_t)LIMIT_RETRY_AFTER_MS);
}

static void limited_while_measuring(struct rate *rate, int64_t now)
{
    rate->wait = MIN_OF(rate->wait * 2, (int64_t)WAIT_MAX_MS);
    rate->allowed = 1;
    rate->answered_at = now;
    rate->clump_ended = true;
}

static void limited_in_pace(struct rate *rate, int64_t now, bool soon)
{
    double lower = rate->raise_ms == RAISE_MS ? LOWER_FIRST : LOWER;
    rate->limited_soon = soon ? rate->limited_soon + 1 : 1;
    rate->raise_ms = MIN_OF(MAX_OF(rate->raise_ms * 2, (int64_t)RAISE_SLOW_MS), (int64_t)RAISE_MOST_MS);
    if (rate->limited_soon >= SOON_MANY)
        measure(rate, now);
    else
        change(rate, rate->per_ms * lower, now);
}

bool rate_limited(struct rate *rate, int64_t now, int64_t sent, int64_t retry_after_ms)
{
    bool stale = sent <= rate->limited_at; /* sent before the last 429 was known: it says nothing new */
    rate->blocked_until = MAX_OF(rate->blocked_until, now + pause_after(rate, retry_after_ms));
    if (rate->phase == RATE_MEASURED)
        rate->out = MAX_OF(rate->out - 1, 0);
    if (stale)
        return false;
    bool soon = rate->limited_at && now - rate->limited_at < SOON_MS;
    rate->limited_at = now;
    if (rate->phase == RATE_FREE)
        measure(rate, now);
    else if (rate->phase == RATE_MEASURED)
        limited_while_measuring(rate, now);
    else if (!rate->told)
        limited_in_pace(rate, now, soon);
    return rate->phase == RATE_PACED && !rate->told;
}

void rate_restore(struct rate *rate, int64_t per_minute, int64_t now)
{
    pace(rate, (double)per_minute / 60000.0, now);
    rate->tokens = 1.0;
}

void rate_tell(struct rate *rate, int64_t per_minute, int64_t now)
{
    if (per_minute == 0) {
        *rate = (struct rate){0};
        return;
    }
    rate_restore(rate, per_minute, now);
    rate->window_until = 0;
    rate->told = true;
}

static void shift(int64_t *time, int64_t by_ms)
{
    if (*time)
        *time += by_ms;
}

void rate_shift(struct rate *rate, int64_t by_ms)
{
    shift(&rate->filled, by_ms);
    shift(&rate->blocked_until, by_ms);
    shift(&rate->window_until, by_ms);
    shift(&rate->began, by_ms);
    shift(&rate->answered_at, by_ms);
    shift(&rate->first_clump, by_ms);
    shift(&rate->last_clump, by_ms);
    shift(&rate->changed_at, by_ms);
    shift(&rate->limited_at, by_ms);
}

int64_t rate_per_minute(const struct rate *rate)
{
    return rate->phase == RATE_PACED ? (int64_t)(rate->per_ms * 60000.0 + 0.5) : 0;
}

/* --- several rates -------------------------------------------------------------------------------------------------
 */

struct rate *rates_find(struct rate rates[RATE_COUNT], int number)
{
    struct rate *own = &rates[number];
    struct rate *other = own->with ? &rates[own->with - 1] : own;
    return own->told || other->told ? own : other;
}

int rates_sharing(struct rate rates[RATE_COUNT], int number)
{
    const struct rate *rate = rates_find(rates, number);
    int count = 0;
    for (int i = 0; i < RATE_COUNT; i++)
        count += rates_find(rates, i) == rate;
    return count;
}

/* A new measurement is about this number alone: who shared the limit is free until limited again. */
static struct rate *part_ways(struct rate rates[RATE_COUNT], int number)
{
    struct rate *own = &rates[number];
    struct rate measured = *rates_find(rates, number);
    int home = own->with ? own->with - 1 : number;
    for (int i = 0; i < RATE_COUNT; i++)
        if (i == home || rates[i].with == home + 1)
            rates[i] = (struct rate){0};
    *own = measured;
    return own;
}

bool rates_limited(struct rate rates[RATE_COUNT], int number, int64_t now, int64_t sent, int64_t retry_after_ms)
{
    struct rate *rate = rates_find(rates, number);
    enum rate_phase before = rate->phase;
    bool learned = rate_limited(rate, now, sent, retry_after_ms);
    if (rate->phase != RATE_MEASURED || before == RATE_MEASURED)
        return learned;
    rate = part_ways(rates, number);
    for (int i = 0; i < RATE_COUNT; i++) {
        struct rate *other = &rates[i];
        if (other == rate || other->phase != RATE_MEASURED || other->with || now - other->began > TOGETHER_MS)
            continue;
        int64_t blocked_until = MAX_OF(rate->blocked_until, other->blocked_until);
        measure(other, now);
        other->blocked_until = blocked_until;
        other->limited_at = now;
        *rate = (struct rate){.with = i + 1};
        break;
    }
    return learned;
}
