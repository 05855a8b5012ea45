/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rate limits: a bucket of `burst` requests, filled by `rate` every `per_ms` steadily or (window) at once when each
 * per_ms ends, and what answers say of it. Counted in requests times per_ms, so that every number is whole.
 */
#include "practice/inner.h"

#include <time.h>

int rate_per_ms(const struct practice_fault *order)
{
    return order->per_ms ? order->per_ms : 1000;
}

static int64_t burst_of(const struct practice_fault *order)
{
    return order->burst ? order->burst : order->rate;
}

static bool is_window(const struct practice_fault *order)
{
    return words_have(order->text, "window", 6);
}

void rate_start(struct fault *fault)
{
    fault->filled_ms = fault->set_ms;
    fault->credit = burst_of(&fault->order) * rate_per_ms(&fault->order);
}

static void refill(struct fault *fault, int64_t now)
{
    const struct practice_fault *order = &fault->order;
    int64_t per = rate_per_ms(order);
    int64_t most = burst_of(order) * per;
    int64_t elapsed = MAX_OF(now - fault->filled_ms, (int64_t)0);
    if (is_window(order)) {
        fault->credit = elapsed >= per ? most : fault->credit;
        fault->filled_ms += elapsed / per * per;
        return;
    }
    fault->credit = elapsed >= (most - fault->credit) / order->rate + 1 ? most : fault->credit + elapsed * order->rate;
    fault->filled_ms = now;
}

bool rate_exceeded(struct fault *fault, const struct fault_request *asked, int64_t now)
{
    const struct practice_fault *order = &fault->order;
    int64_t per = rate_per_ms(order);
    int64_t cost = words_have(order->text, "adds", 4) ? (int64_t)asked->tally.adds * per : per;
    refill(fault, now);
    /* What costs more than the bucket holds passes when it is full, or it would never. */
    if (fault->credit < MIN_OF(cost, burst_of(order) * per))
        return true;
    fault->credit -= cost;
    return false;
}

/* Milliseconds until a request passes again (at least 1), or until the bucket is full. */
static int64_t wait_ms(const struct fault *fault, int64_t now, bool full)
{
    const struct practice_fault *order = &fault->order;
    int64_t per = rate_per_ms(order);
    if (is_window(order))
        return MAX_OF(fault->filled_ms + per - now, (int64_t)1);
    int64_t missing = (full ? burst_of(order) : 1) * per - fault->credit;
    return MAX_OF((missing + order->rate - 1) / order->rate, (int64_t)(full ? 0 : 1));
}

static void add_header(struct practice_response *ret, const char *name, int64_t value)
{
    if (ret->header_count == PRACTICE_HEADERS)
        return;
    ret->headers[ret->header_count].name = name;
    (void)snprintf(ret->headers[ret->header_count].value, sizeof(ret->headers[0].value), "%lld", (long long)value);
    ret->header_count++;
}

static void write_date(int64_t ms, char *ret, size_t size)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm tm = {0};
    time_t seconds = (time_t)(ms / 1000);
    (void)gmtime_r(&seconds, &tm);
    (void)snprintf(ret, size, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
                   tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void rate_retry_after(unsigned headers, int64_t seconds, int64_t now, struct practice_response *ret)
{
    if (headers & HEADER_RETRY_AFTER_DATE)
        write_date(now + 999 + seconds * 1000, ret->retry_after, sizeof(ret->retry_after));
    else if (!headers || (headers & HEADER_RETRY_AFTER))
        (void)snprintf(ret->retry_after, sizeof(ret->retry_after), "%lld", (long long)seconds);
}

void rate_headers(struct fault *fault, int64_t now, struct practice_response *ret)
{
    unsigned headers = fault->order.headers;
    int64_t per = rate_per_ms(&fault->order);
    int64_t left = MAX_OF(fault->credit, (int64_t)0) / per;
    int64_t limit = burst_of(&fault->order);
    int64_t full_ms = wait_ms(fault, now, true);
    if (fault->strikes_now)
        rate_retry_after(headers, (wait_ms(fault, now, false) + 999) / 1000, now, ret);
    if (headers & HEADER_X_RATELIMIT) {
        add_header(ret, "X-RateLimit-Limit", limit);
        add_header(ret, "X-RateLimit-Remaining", left);
        add_header(ret, "X-RateLimit-Reset", (now + full_ms + 999) / 1000);
    }
    if (headers & HEADER_X_RATE_LIMIT) {
        add_header(ret, "X-Rate-Limit-Limit", limit);
        add_header(ret, "X-Rate-Limit-Remaining", left);
        add_header(ret, "X-Rate-Limit-Reset", (now + full_ms + 999) / 1000);
    }
    if (headers & HEADER_RATELIMIT) {
        add_header(ret, "RateLimit-Limit", limit);
        add_header(ret, "RateLimit-Remaining", left);
        add_header(ret, "RateLimit-Reset", (full_ms + 999) / 1000);
    }
}
