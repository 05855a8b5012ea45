/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast an app may be asked, one of these per app, method and resource. Pure: time is an argument.
 *
 * Unknown at first: nothing is held back until the app says "too many requests" (429). What it accepts from then on,
 * while it is asked for more than it gives, is its rate: after LEARN_MS (or enough answers) requests are paced just
 * below it. In pace, a 429 lowers the rate a little, several soon after each other measure anew, and a long time
 * without any raises it a little. A rate that an administrator set is kept as it is.
 */
#ifndef ENGINE_RATE_H
#define ENGINE_RATE_H

#include "base/macros.h"

enum rate_phase {
    RATE_FREE,     /* never limited */
    RATE_MEASURED, /* limited a moment ago: what is accepted is counted */
    RATE_PACED,
};

struct rate {
    enum rate_phase phase;
    bool told;             /* by an administrator */
    double per_ms;         /* RATE_PACED: requests per millisecond */
    double tokens;         /* RATE_PACED: requests that may be sent at once; below 0 after those that could not wait */
    int64_t filled;        /* ms: when tokens was true */
    int64_t blocked_until; /* ms */
    int64_t began;         /* RATE_MEASURED: ms */
    int64_t accepted;      /* since then */
    /*
     * Servers give in clumps (a window, a bucket that filled up during a pause). What was accepted from the start of
     * the first clump to the start of the last, by that time, is the rate; anything else depends on where the
     * measurement happened to end.
     */
    int64_t first_clump, last_clump; /* ms: their starts; 0: none yet */
    int64_t before_last;             /* accepted before the last clump */
    bool clump_ended;
    int64_t wait;         /* RATE_MEASURED: ms of the next pause when the app does not say how long */
    int64_t answered_at;  /* RATE_MEASURED: ms of the last answer */
    int allowed;          /* RATE_MEASURED: requests that may be out at once: one after a 429, twice as many after each
                             acceptance */
    int out;              /* RATE_MEASURED: requests that are */
    int64_t changed_at;   /* ms: when it changed */
    int64_t since_change; /* RATE_PACED: requests accepted since the rate changed */
    int64_t raise_ms;     /* RATE_PACED: how long without a 429 before the rate is raised */
    int64_t limited_at;   /* ms of the last 429 that counted, 0 never */
    int limited_soon;     /* 429s in pace, soon after each other */
    int64_t window_until; /* ms: until when `left` counts; 0: nobody said */
    int64_t left;         /* requests that the app still takes until then, by its own word */
    bool asks;            /* that time is over, and one request is out to hear what is left now */
    int with; /* its requests are counted by the rate of this number - 1, with which it shares a limit; 0: by itself */
};

/* When the next request may be sent: a time <= now means now. */
int64_t rate_when(const struct rate *rate, int64_t now);
/* A request is sent (also one that could not wait). */
void rate_sent(struct rate *rate, int64_t now);
/* A request that was counted and not sent after all, or whose answer was lost. */
void rate_returned(struct rate *rate, bool sent);
/* An answer that was not 429. True when a rate was learned: per_ms. */
bool rate_accepted(struct rate *rate, int64_t now);
/* 429 to a request that was sent at `sent`; retry_after_ms -1 when the app did not say. True when the rate changed. */
bool rate_limited(struct rate *rate, int64_t now, int64_t sent, int64_t retry_after_ms);
/*
 * What an answer said of the limit itself: so many requests are left until it is reset in `reset_ms`; -1 for what was
 * not said. `out` requests are on their way and not counted there. A reset within the next RATE_RESET_SHORT_MS says too
 * little, since it is told in whole seconds: such a limit is found by its 429s.
 */
#define RATE_RESET_SHORT_MS 2000
void rate_remaining(struct rate *rate, int64_t now, int64_t remaining, int64_t reset_ms, int out);
/* The administrator's word: requests per minute; 0 forgets. */
void rate_tell(struct rate *rate, int64_t per_minute, int64_t now);
/* What was learned earlier: requests per minute. */
void rate_restore(struct rate *rate, int64_t per_minute, int64_t now);
/* The clock was set: every remembered time is another. */
void rate_shift(struct rate *rate, int64_t by_ms);
/* Requests per minute, rounded; 0 unknown. */
int64_t rate_per_minute(const struct rate *rate);

/*
 * The rates of one app, by number. Some apps limit all requests together, others each kind: rates that are limited at
 * about the same time share a limit, which is measured and paced as one, until it has to be measured anew.
 */
#define RATE_COUNT 4

/* The rate that counts the requests of this number: its own, or that with which it shares a limit. */
struct rate *rates_find(struct rate rates[RATE_COUNT], int number);
/* How many share the limit of this number; 1: nobody else. */
int rates_sharing(struct rate rates[RATE_COUNT], int number);
/* rate_limited() for a request of this number. */
bool rates_limited(struct rate rates[RATE_COUNT], int number, int64_t now, int64_t sent, int64_t retry_after_ms);

#endif
