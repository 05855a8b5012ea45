/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads an answer as it arrives. Lists come out of the pull reader element by element and only what is asked for is
 * kept of each, so that memory follows the number of ids, not the size of the body.
 */
#include "target/answer.h"

#include "base/clock.h"
#include "base/limits.h"
#include "target/inner.h"

#include <ctype.h>

#define RETRY_AFTER_MAX_S 86400    /* seconds: a longer wait that a target asks for counts as this one */
#define EPOCH_SECONDS 1000000000LL /* a reset of so many seconds is a time, not a distance */

static const struct jread_pattern resource_patterns[] = {{"members", true}, {"groups", true}};
static const struct jread_pattern list_patterns[] = {
    {"Resources", false}, {"Resources.members", true}, {"Resources.groups", true}};
static const struct jread_pattern group_patterns[] = {
    {"Resources", false}, {"Resources.members", false}, {"Resources.groups", true}};
static const struct jread_pattern member_patterns[] = {{"members", false}};

static struct jread *reader_new(enum answer_shape shape)
{
    const struct jread_pattern *patterns = resource_patterns;
    size_t count = ARRAY_LEN(resource_patterns);
    if (shape == ANSWER_GROUPS) {
        patterns = group_patterns;
        count = ARRAY_LEN(group_patterns);
    } else if (shape == ANSWER_LIST || shape == ANSWER_USERS) {
        patterns = list_patterns;
        count = ARRAY_LEN(list_patterns);
    } else if (shape == ANSWER_WHOLE) {
        count = 0;
    } else if (shape == ANSWER_MEMBERS) {
        patterns = member_patterns;
        count = ARRAY_LEN(member_patterns);
    }
    return jread_new(patterns, count, LIMIT_ELEMENT_BYTES, LIMIT_ANSWER_BYTES);
}

struct answer *answer_new(enum answer_shape shape)
{
    struct answer *answer = NEW(struct answer);
    answer->arena = arena_new();
    answer->shape = shape;
    answer->retry_after_ms = -1;
    answer->reset_ms = -1;
    answer->_retry_at = answer->_reset_at = answer->_date = -1;
    answer->rate_remaining = -1;
    answer->resource.active = -1;
    answer->reader = reader_new(shape);
    buf_init(&answer->excerpt, ANSWER_EXCERPT_BYTES);
    return answer;
}

struct answer *answer_free(struct answer *answer)
{
    if (!answer)
        return NULL;
    jread_free(answer->reader);
    jval_free(answer->rest);
    buf_free(&answer->excerpt);
    free(answer->found);
    free(answer->members);
    answer_forget(answer);
    arena_free(answer->arena);
    free(answer);
    return NULL;
}

/* --- what is kept ------------------------------------------------------------------------------------------------- */

struct jval *get_any_case(const struct jval *object, const char *key)
{
    struct jval *exact = jval_get(object, key);
    if (exact || jval_type(object) != JVAL_OBJECT)
        return exact;
    for (void *it = jval_first(object); it; it = jval_next(object, it)) {
        if (strcasecmp(jval_iter_key(it), key) == 0)
            return jval_iter_value(it);
    }
    return NULL;
}

/* The text of an id: a string that can stand in a path, or an integer; NULL otherwise. In `arena`. */
static const char *id_text(struct arena *arena, const struct jval *value)
{
    if (jval_type(value) == JVAL_INT)
        return arena_printf(arena, "%lld", (long long)jval_int(value, 0));
    const char *text = jval_str(value);
    /* "." and ".." cannot be a segment of a path: on the way to the target they would name something else. */
    bool usable = text && *text && !str_eq(text, ".") && !str_eq(text, "..");
    return usable ? arena_strdup(arena, text) : NULL;
}

/* Some servers write the truth value as a string, with a capital. */
static int read_active(const struct jval *value)
{
    if (jval_type(value) == JVAL_BOOL)
        return jval_is_true(value);
    const char *text = jval_str(value);
    if (!text)
        return -1;
    return strcasecmp(text, "true") == 0 ? 1 : strcasecmp(text, "false") == 0 ? 0 : -1;
}

/* The text of an id of the target's own; NULL, and noted, for one that is too long to be kept. */
static const char *read_id(struct answer *answer, const struct jval *value)
{
    const char *text = jval_str(value);
    if (text && strlen(text) > LIMIT_EXTERNAL_ID_BYTES) {
        answer->id_too_long = true;
        return NULL;
    }
    return id_text(answer->arena, value);
}

static struct found read_found(struct answer *answer, const struct jval *resource)
{
    struct arena *arena = answer->arena;
    return (struct found){
        .id = read_id(answer, get_any_case(resource, "id")),
        .user_name = arena_strdup(arena, jval_str(get_any_case(resource, "userName"))),
        .display_name = arena_strdup(arena, jval_str(get_any_case(resource, "displayName"))),
        .external_id = id_text(arena, get_any_case(resource, "externalId")),
        .active = read_active(get_any_case(resource, "active")),
    };
}

static bool is_page(const struct answer *answer)
{
    return answer->shape == ANSWER_USERS || answer->shape == ANSWER_GROUPS;
}

/* What only listings are read for. */
static void read_listed(struct answer *answer, const struct jval *resource, struct found *found)
{
    if (answer->shape == ANSWER_USERS) {
        struct jval *profile CLEANUP(jval_freep) = user_profile(resource);
        found->profile = jval_text(answer->arena, profile, true);
    }
    found->member_first = answer->members_taken;
    found->member_count = answer->member_count - answer->members_taken;
    found->has_members = jval_type(get_any_case(resource, "members")) == JVAL_ARRAY;
    answer->members_taken = answer->member_count;
}

static void keep_found(struct answer *answer, const struct jval *resource)
{
    if (jval_type(resource) != JVAL_OBJECT)
        return;
    if (answer->found_count == (is_page(answer) ? ANSWER_PAGE_MAX : ANSWER_FOUND_MAX)) {
        answer->found_overflow = true;
        answer->malformed |= is_page(answer);
        return;
    }
    if (answer->found_count == answer->found_size) {
        answer->found_size = answer->found_size ? answer->found_size * 2 : 4;
        answer->found = mem_resize(answer->found, answer->found_size * sizeof(*answer->found));
    }
    struct found found = read_found(answer, resource);
    if (is_page(answer))
        read_listed(answer, resource, &found);
    answer->found[answer->found_count++] = found;
}

/* A member without a value cannot be asked about or removed: it is left out. Servers were seen that list plain ids. */
static void keep_member(struct answer *answer, const struct jval *member)
{
    const struct jval *value = jval_type(member) == JVAL_OBJECT ? get_any_case(member, "value") : member;
    const char *id = read_id(answer, value);
    if (!id)
        return;
    if (answer->member_count == ANSWER_MEMBERS_MAX) {
        answer->malformed = true;
        return;
    }
    if (answer->member_count == answer->member_size) {
        answer->member_size = answer->member_size ? answer->member_size * 2 : 64;
        answer->members = mem_resize(answer->members, answer->member_size * sizeof(*answer->members));
    }
    answer->members[answer->member_count++] = id;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static void read_events(struct answer *answer)
{
    for (;;) {
        struct jval *value CLEANUP(jval_freep) = NULL;
        size_t pattern = 0;
        int event = jread_next(answer->reader, &value, &pattern);
        if (event == JREAD_ELEMENT) {
            if (answer->shape != ANSWER_MEMBERS && pattern == 0)
                keep_found(answer, value);
            else
                keep_member(answer, value);
        } else if (event == JREAD_END) {
            answer->rest = TAKE_PTR(value);
            return;
        } else {
            if (event < 0)
                answer->malformed = true;
            return;
        }
    }
}

void answer_feed(struct answer *answer, const char *bytes, size_t n)
{
    static const char mark[] = "\xef\xbb\xbf";
    /* A byte order mark is no JSON, but servers write it. It may arrive in pieces. */
    while (n > 0 && answer->bytes == 0 && answer->mark_bytes < 3 && *bytes == mark[answer->mark_bytes]) {
        answer->mark_bytes++;
        bytes++;
        n--;
    }
    if (n == 0)
        return;
    answer->bytes += n;
    buf_add(&answer->excerpt, bytes, MIN_OF(n, ANSWER_EXCERPT_BYTES - answer->excerpt.len));
    if (answer->malformed)
        return;
    jread_feed(answer->reader, bytes, n);
    read_events(answer);
}

/* --- headers ------------------------------------------------------------------------------------------------------ */

/* Whole seconds, rounded up; -1 for anything else. */
static int64_t read_seconds(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    int64_t seconds = 0;
    if (digits == 0 || digits > 15)
        return -1;
    for (size_t i = 0; i < digits; i++)
        seconds = seconds * 10 + (text[i] - '0');
    if (text[digits] == '.') {
        size_t fraction = strspn(text + digits + 1, "0123456789");
        seconds += strspn(text + digits + 1, "0") < fraction;
        digits += 1 + fraction;
    }
    return text[digits + strspn(text + digits, " \t\r\n")] ? -1 : seconds;
}

static int64_t bounded_wait(int64_t ms)
{
    return ms < 0 ? 0 : MIN_OF(ms, RETRY_AFTER_MAX_S * 1000LL);
}

static int64_t seconds_to_wait(int64_t seconds)
{
    return bounded_wait(MIN_OF(seconds, RETRY_AFTER_MAX_S) * 1000);
}

/* -1 when it is none. */
static int64_t read_date(const char *value)
{
    int64_t at_ms = 0;
    char trimmed[64];
    size_t n = strlen(value);
    while (n > 0 && isspace((unsigned char)value[n - 1]))
        n--;
    (void)snprintf(trimmed, sizeof(trimmed), "%.*s", (int)MIN_OF(n, sizeof(trimmed)), value);
    return clock_parse_http(trimmed, &at_ms) == 0 ? at_ms : -1;
}

static void read_retry_after(struct answer *answer, const char *value)
{
    int64_t seconds = read_seconds(value);
    answer->_retry_at = seconds < 0 ? read_date(value) : -1;
    answer->retry_after_ms = seconds < 0 ? -1 : seconds_to_wait(seconds);
}

static void read_reset(struct answer *answer, const char *value)
{
    int64_t seconds = read_seconds(value);
    answer->_reset_at = seconds >= EPOCH_SECONDS ? seconds * 1000 : -1;
    answer->reset_ms = seconds < 0 ? -1 : seconds_to_wait(seconds);
}

/* Points in time are the app's, whose clock may be another one than ours: its Date, wherever it stands, says what it
 * shows. */
static void judge_times(struct answer *answer, int64_t now_ms)
{
    int64_t now = answer->_date >= 0 ? answer->_date : now_ms;
    if (answer->_retry_at >= 0)
        answer->retry_after_ms = bounded_wait(answer->_retry_at - now);
    if (answer->_reset_at >= 0)
        answer->reset_ms = bounded_wait(answer->_reset_at - now);
}

/* The value of a parameter in one item of a RateLimit field: "r=50" in "\"default\";r=50;t=5". -1 when it has none. */
static int64_t item_number(const char *item, size_t n, const char *name)
{
    size_t length = strlen(name);
    for (size_t at = 0; at < n; at++) {
        bool begins = at == 0 || strchr(";, \t", item[at - 1]);
        if (!begins || n - at <= length || strncasecmp(item + at, name, length) != 0 || item[at + length] != '=')
            continue;
        char digits[20];
        size_t from = at + length + 1;
        size_t count = strspn(item + from, "0123456789");
        if (count == 0 || count >= sizeof(digits) || from + count > n)
            return -1;
        (void)snprintf(digits, sizeof(digits), "%.*s", (int)count, item + from);
        return read_seconds(digits);
    }
    return -1;
}

static void take_remaining(struct answer *answer, int64_t remaining, int64_t seconds)
{
    if (remaining < 0 || seconds < 0 || (answer->rate_remaining >= 0 && answer->rate_remaining <= remaining))
        return;
    answer->rate_remaining = remaining;
    answer->reset_ms = seconds_to_wait(seconds);
    answer->_reset_at = -1;
}

/* The field RateLimit: a dictionary of one limit, or a list of limits with parameters. */
static void read_rate_limit(struct answer *answer, const char *value)
{
    size_t whole = strlen(value);
    take_remaining(answer, item_number(value, whole, "remaining"), item_number(value, whole, "reset"));
    while (*value) {
        size_t n = strcspn(value, ",");
        take_remaining(answer, item_number(value, n, "r"), item_number(value, n, "t"));
        value += n + (value[n] == ',');
    }
}

void answer_header(struct answer *answer, const char *name, const char *value, int64_t now_ms)
{
    value += strspn(value, " \t");
    if (strcasecmp(name, "Retry-After") == 0)
        read_retry_after(answer, value);
    else if (strcasecmp(name, "Date") == 0)
        answer->_date = read_date(value);
    else if (strcasecmp(name, "RateLimit-Reset") == 0 || strcasecmp(name, "X-RateLimit-Reset") == 0 ||
             strcasecmp(name, "X-Rate-Limit-Reset") == 0)
        read_reset(answer, value);
    else if (strcasecmp(name, "RateLimit-Remaining") == 0 || strcasecmp(name, "X-RateLimit-Remaining") == 0 ||
             strcasecmp(name, "X-Rate-Limit-Remaining") == 0)
        answer->rate_remaining = read_seconds(value);
    else if (strcasecmp(name, "RateLimit") == 0)
        read_rate_limit(answer, value);
    judge_times(answer, now_ms);
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

/* A list has Resources, or says how many there are: 0. Anything else (a login page in JSON, say) proves nothing. */
static bool is_list(const struct jval *document)
{
    const struct jval *resources = get_any_case(document, "Resources");
    enum jval_type type = jval_type(resources);
    if (type == JVAL_ARRAY)
        return true;
    return (type == JVAL_NONE || type == JVAL_NULL) && jval_int(get_any_case(document, "totalResults"), -1) == 0;
}

/* No SCIM body is blank, but an empty one may come as a line end. */
static bool is_blank(const struct answer *answer)
{
    const char *text = buf_text(&answer->excerpt);
    return answer->bytes <= ANSWER_EXCERPT_BYTES && strspn(text, " \t\r\n") == strlen(text) &&
           strlen(text) == answer->excerpt.len;
}

void answer_finish(struct answer *answer, enum transport transport, int status)
{
    answer->transport = transport;
    answer->status = transport == TRANSPORT_OK ? status : 0;
    if (is_blank(answer)) {
        answer->malformed = false;
        answer->bytes = 0;
        buf_clear(&answer->excerpt);
    } else if (!answer->malformed) {
        jread_finish(answer->reader);
        read_events(answer);
        bool listed = answer->shape == ANSWER_LIST || is_page(answer);
        if (jval_type(answer->rest) != JVAL_OBJECT || (listed && !is_list(answer->rest)))
            answer->malformed = true;
    }
    if (answer->status / 100 == 2 && answer->rest && answer->shape != ANSWER_LIST && !is_page(answer))
        answer->resource = read_found(answer, answer->rest);
    if (answer->id_too_long) /* not before: what is read must not depend on the pieces in which it came */
        answer->malformed = true;
    answer->has_members =
        answer->shape == ANSWER_MEMBERS && jval_type(get_any_case(answer->rest, "members")) == JVAL_ARRAY;
    if (answer->status == 429 && answer->retry_after_ms < 0)
        answer->retry_after_ms = answer->reset_ms;
    if (answer->excerpt.len)
        answer_hide_in(answer, answer->excerpt.data, answer->excerpt.len, true);
}

struct answer_page answer_page(const struct answer *answer)
{
    const char *cursor = jval_str(get_any_case(answer->rest, "nextCursor"));
    int64_t total = jval_int(get_any_case(answer->rest, "totalResults"), -1);
    return (struct answer_page){.total = total < 0 ? -1 : total, .next_cursor = cursor && *cursor ? cursor : NULL};
}
