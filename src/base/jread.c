/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte automaton knows where it stands in the grammar (state, levels) and in which array that matches a pattern
 * (frames). What is worth keeping goes, token by token, into the buffer of the innermost frame, or into the rest when
 * there is none; a completed element is parsed by jval_parse(), which is what judges numbers, escapes, UTF-8 and
 * duplicate keys. The automaton alone judges brackets, commas and colons, also where nothing is kept. White space
 * outside strings is not kept: tokens cannot run together, because the automaton allows no two values side by side.
 */
#include "base/jread.h"

#include "base/err.h"
#include "base/limits.h"

#define PATTERNS_MAX 8
#define KEY_BYTES_MAX 256 /* bytes of a key as written; a longer one matches no pattern */
#define NO_MATCH (-1)

enum state {
    WANT_VALUE,
    WANT_ELEMENT_OR_END, /* after [ */
    WANT_KEY_OR_END,     /* after { */
    WANT_KEY,            /* after , in an object */
    WANT_COLON,
    WANT_COMMA_OR_END,
    IN_STRING,
    IN_STRING_ESCAPE,
    IN_SCALAR,
    WANT_NOTHING, /* the document is complete */
};

struct level {
    char closer;
    /* Per pattern: how much of its path the keys down to the current value have matched, in bytes, or NO_MATCH. */
    int matched[PATTERNS_MAX];
};

struct frame {
    size_t pattern;
    int depth; /* of the levels, inside the array */
    struct buf element;
};

struct jread {
    const struct jread_pattern *patterns;
    size_t pattern_count;
    size_t element_max;
    enum state state;
    bool string_is_key;
    bool direct_value; /* the value that comes stands after a key, or is the document: it may match a pattern */
    bool finished;
    bool ended;
    int error;
    int depth;
    struct level levels[LIMIT_JSON_DEPTH + 1]; /* [0] is outside of the document */
    int frame_count;
    struct frame frames[PATTERNS_MAX];
    struct buf rest;
    struct buf key;
    struct buf input;
    size_t input_at;
    size_t before; /* bytes of the pieces before this one */
};

struct jread *jread_new(const struct jread_pattern *patterns, size_t count, size_t element_max, size_t rest_max)
{
    assert(count <= PATTERNS_MAX);
    struct jread *r = NEW(struct jread);
    r->patterns = patterns;
    r->pattern_count = count;
    r->element_max = element_max;
    r->direct_value = true;
    buf_init(&r->rest, rest_max);
    buf_init(&r->key, KEY_BYTES_MAX);
    buf_init(&r->input, SIZE_MAX / 4); /* one piece at a time, as large as the caller hands over */
    return r;
}

struct jread *jread_free(struct jread *r)
{
    if (!r)
        return NULL;
    for (size_t i = 0; i < PATTERNS_MAX; i++)
        buf_free(&r->frames[i].element);
    buf_free(&r->rest);
    buf_free(&r->key);
    buf_free(&r->input);
    free(r);
    return NULL;
}

void jread_feed(struct jread *r, const char *bytes, size_t n)
{
    assert(!r->finished);
    if (r->error < 0)
        return;
    assert(r->input_at == r->input.len); /* events are still waiting: call jread_next() until JREAD_MORE */
    r->before += r->input.len;
    buf_clear(&r->input);
    r->input_at = 0;
    buf_add(&r->input, bytes, n);
}

/* --- where bytes go ----------------------------------------------------------------------------------------------- */

static struct frame *innermost(struct jread *r)
{
    return r->frame_count ? &r->frames[r->frame_count - 1] : NULL;
}

static bool drops(const struct jread *r, const struct frame *frame)
{
    return r->patterns[frame->pattern].drop;
}

static void keep(struct jread *r, const char *bytes, size_t n)
{
    struct frame *frame = innermost(r);
    struct buf *sink = frame ? &frame->element : &r->rest;
    if (frame && drops(r, frame))
        return;
    buf_add(sink, bytes, n);
    if (sink->overflowed)
        r->error = ERR_TOO_LARGE;
}

static void keep_char(struct jread *r, char c)
{
    keep(r, &c, 1);
}

/* True directly inside an array that is streamed, where commas are nobody's. */
static bool between_elements(struct jread *r)
{
    struct frame *frame = innermost(r);
    return frame && frame->depth == r->depth;
}

/* --- paths -------------------------------------------------------------------------------------------------------- */

/* The key as it reads; NULL when it is too long or malformed to match anything. */
static struct jval *read_key(struct jread *r)
{
    struct jval *value = NULL;
    if (r->key.overflowed || jval_parse(&value, buf_text(&r->key), r->key.len, NULL) < 0)
        return NULL;
    return value;
}

/* The part of `path` after `matched` bytes and the name `key`, or NO_MATCH. */
static int match_component(const char *path, int matched, const char *key, size_t key_len)
{
    const char *component = path + matched;
    if (matched > 0) {
        if (*component != '.')
            return NO_MATCH;
        component++;
    }
    if (key_len == 0 || strcspn(component, ".") != key_len || strncasecmp(component, key, key_len) != 0)
        return NO_MATCH;
    return (int)(component - path) + (int)key_len;
}

static void note_key(struct jread *r)
{
    struct level *level = &r->levels[r->depth];
    const struct level *above = &r->levels[r->depth - 1];
    const char *key = buf_text(&r->key) + 1;
    size_t n = r->key.len >= 2 ? r->key.len - 2 : 0;
    struct jval *unescaped = NULL;
    if (r->key.overflowed) {
        n = 0;
    } else if (memchr(key, '\\', n)) {
        unescaped = read_key(r);
        key = jval_str(unescaped);
        n = key ? strlen(key) : 0;
    }
    for (size_t i = 0; i < r->pattern_count; i++)
        level->matched[i] =
            above->matched[i] == NO_MATCH ? NO_MATCH : match_component(r->patterns[i].path, above->matched[i], key, n);
    jval_free(unescaped);
}

/* The pattern that an array which starts here matches, or -1. */
static int find_pattern(const struct jread *r)
{
    if (!r->direct_value)
        return -1;
    for (size_t i = 0; i < r->pattern_count; i++) {
        int matched = r->levels[r->depth].matched[i];
        if (matched != NO_MATCH && r->patterns[i].path[matched] == '\0')
            return (int)i;
    }
    return -1;
}

/* --- the automaton ------------------------------------------------------------------------------------------------ */

static int syntax(struct jread *r)
{
    r->error = ERR_SYNTAX;
    return r->error;
}

static int emit_element(struct jread *r, struct frame *frame, struct jval **ret_value, size_t *ret_pattern)
{
    struct jval *value = NULL;
    int e = jval_parse(&value, buf_text(&frame->element), frame->element.len, NULL);
    if (e < 0) {
        r->error = e;
        return e;
    }
    buf_clear(&frame->element);
    *ret_value = value;
    if (ret_pattern)
        *ret_pattern = frame->pattern;
    return JREAD_ELEMENT;
}

/* A value has ended at the current depth; it may have been an element. */
static int value_ended(struct jread *r, struct jval **ret_value, size_t *ret_pattern)
{
    r->state = r->depth ? WANT_COMMA_OR_END : WANT_NOTHING;
    r->direct_value = false;
    if (r->error < 0)
        return r->error;
    if (!between_elements(r) || drops(r, innermost(r)))
        return JREAD_MORE;
    return emit_element(r, innermost(r), ret_value, ret_pattern);
}

static int open_level(struct jread *r, char opener)
{
    if (r->depth == LIMIT_JSON_DEPTH)
        return syntax(r);
    int pattern = opener == '[' ? find_pattern(r) : -1;
    keep_char(r, opener);
    struct level *level = &r->levels[r->depth + 1];
    *level = r->levels[r->depth]; /* an array is not a step of a path */
    level->closer = opener == '[' ? ']' : '}';
    r->depth++;
    r->direct_value = false;
    r->state = opener == '[' ? WANT_ELEMENT_OR_END : WANT_KEY_OR_END;
    /* Inside of what is dropped nothing is streamed. A path can match again inside of itself only when it is "". */
    if (pattern >= 0 && r->frame_count < PATTERNS_MAX && !(r->frame_count && drops(r, innermost(r)))) {
        struct frame *frame = &r->frames[r->frame_count++];
        buf_free(&frame->element);
        buf_init(&frame->element, r->element_max);
        frame->pattern = (size_t)pattern;
        frame->depth = r->depth;
    }
    return r->error < 0 ? r->error : JREAD_MORE;
}

static int close_level(struct jread *r, char closer, struct jval **ret_value, size_t *ret_pattern)
{
    if (r->depth == 0 || r->levels[r->depth].closer != closer)
        return syntax(r);
    if (between_elements(r))
        buf_free(&r->frames[--r->frame_count].element);
    r->depth--;
    keep_char(r, closer);
    return value_ended(r, ret_value, ret_pattern);
}

static int start_value(struct jread *r, char c)
{
    if (c == '{' || c == '[')
        return open_level(r, c);
    if (strchr("}],:", c) && c)
        return syntax(r);
    keep_char(r, c);
    r->string_is_key = false;
    r->state = c == '"' ? IN_STRING : IN_SCALAR;
    return r->error < 0 ? r->error : JREAD_MORE;
}

static int start_key(struct jread *r, char c)
{
    if (c != '"')
        return syntax(r);
    keep_char(r, c);
    buf_clear(&r->key);
    buf_char(&r->key, c);
    r->string_is_key = true;
    r->state = IN_STRING;
    return r->error < 0 ? r->error : JREAD_MORE;
}

static int after_value(struct jread *r, char c, struct jval **ret_value, size_t *ret_pattern)
{
    if (c == '}' || c == ']')
        return close_level(r, c, ret_value, ret_pattern);
    if (c != ',')
        return syntax(r);
    if (!between_elements(r))
        keep_char(r, c);
    r->state = r->levels[r->depth].closer == '}' ? WANT_KEY : WANT_VALUE;
    return r->error < 0 ? r->error : JREAD_MORE;
}

static int string_ended(struct jread *r, struct jval **ret_value, size_t *ret_pattern)
{
    if (!r->string_is_key)
        return value_ended(r, ret_value, ret_pattern);
    note_key(r);
    r->state = WANT_COLON;
    return r->error < 0 ? r->error : JREAD_MORE;
}

/* The run of bytes from `bytes` that ends neither the string nor the scalar which is being read. */
static size_t plain_run(const struct jread *r, const char *bytes, size_t n)
{
    size_t i = 0;
    if (r->state == IN_STRING) {
        while (i < n && bytes[i] != '"' && bytes[i] != '\\')
            i++;
    } else if (r->state == IN_SCALAR) {
        while (i < n && !(bytes[i] && strchr(" \t\r\n{}[],:\"", bytes[i])))
            i++;
    }
    return i;
}

static int step_string(struct jread *r, char c, struct jval **ret_value, size_t *ret_pattern)
{
    keep_char(r, c);
    if (r->string_is_key)
        buf_char(&r->key, c);
    if (r->error < 0)
        return r->error;
    if (r->state == IN_STRING_ESCAPE) {
        r->state = IN_STRING;
    } else if (c == '\\') {
        r->state = IN_STRING_ESCAPE;
    } else {
        assert(c == '"');
        return string_ended(r, ret_value, ret_pattern);
    }
    return JREAD_MORE;
}

static int step(struct jread *r, char c, struct jval **ret_value, size_t *ret_pattern)
{
    if (r->state == IN_STRING || r->state == IN_STRING_ESCAPE)
        return step_string(r, c, ret_value, ret_pattern);
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
        return JREAD_MORE;
    switch (r->state) {
    case WANT_ELEMENT_OR_END:
        if (c == ']')
            return close_level(r, c, ret_value, ret_pattern);
        return start_value(r, c);
    case WANT_VALUE:
        return start_value(r, c);
    case WANT_KEY_OR_END:
        if (c == '}')
            return close_level(r, c, ret_value, ret_pattern);
        return start_key(r, c);
    case WANT_KEY:
        return start_key(r, c);
    case WANT_COLON:
        if (c != ':')
            return syntax(r);
        keep_char(r, c);
        r->state = WANT_VALUE;
        r->direct_value = true;
        return r->error < 0 ? r->error : JREAD_MORE;
    case WANT_COMMA_OR_END:
        return after_value(r, c, ret_value, ret_pattern);
    case IN_STRING:
    case IN_STRING_ESCAPE:
    case IN_SCALAR:
    case WANT_NOTHING:
    default:
        return syntax(r);
    }
}

static int finish(struct jread *r, struct jval **ret_value, size_t *ret_pattern)
{
    struct jval *value = NULL;
    if (r->state == IN_SCALAR && r->depth == 0)
        (void)value_ended(r, ret_value, ret_pattern);
    if (r->state != WANT_NOTHING)
        return syntax(r);
    int e = jval_parse(&value, buf_text(&r->rest), r->rest.len, NULL);
    if (e < 0) {
        r->error = e;
        return e;
    }
    r->ended = true;
    *ret_value = value;
    return JREAD_END;
}

int jread_next(struct jread *r, struct jval **ret_value, size_t *ret_pattern)
{
    assert(!r->ended);
    while (r->error == 0 && r->input_at < r->input.len) {
        const char *bytes = r->input.data + r->input_at;
        size_t run = plain_run(r, bytes, r->input.len - r->input_at);
        if (run > 0) {
            keep(r, bytes, run);
            if (r->state == IN_STRING && r->string_is_key)
                buf_add(&r->key, bytes, run);
            r->input_at += run;
            continue;
        }
        int event = JREAD_MORE;
        if (r->state == IN_SCALAR) { /* what ends a scalar is not part of it */
            event = value_ended(r, ret_value, ret_pattern);
        } else {
            event = step(r, bytes[0], ret_value, ret_pattern);
            r->input_at++;
        }
        if (event != JREAD_MORE)
            return event;
    }
    if (r->error < 0)
        return r->error;
    return r->finished ? finish(r, ret_value, ret_pattern) : JREAD_MORE;
}

void jread_finish(struct jread *r)
{
    r->finished = true;
}

size_t jread_offset(const struct jread *r)
{
    return r->before + r->input_at;
}
