/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever a target answers: reading, judging and wording end, the words are one line of valid UTF-8, the credential
 * is in none of what is kept, and the pieces in which a body arrives change nothing. The first byte gives the status,
 * the second the shape, the rest is the body.
 */
#include "fuzz.h"

#include "base/text.h"
#include "target/request.h"

#define SECRET "s3cr3t"

static struct answer *read_in_pieces(enum answer_shape shape, int status, const char *body, size_t n, uint32_t seed)
{
    struct answer *answer = answer_new(shape);
    answer_hide(answer, SECRET);
    for (size_t at = 0; at < n;) {
        size_t piece = fuzz_next(&seed) % (seed & 0x10000 ? 7 : 300);
        piece = MIN_OF(piece, n - at);
        answer_feed(answer, body + at, piece);
        at += piece;
    }
    answer_finish(answer, TRANSPORT_OK, status);
    return answer;
}

static void check_words(struct arena *arena, const struct answer *answer)
{
    const char *words = answer_words(arena, answer);
    size_t n = strlen(words);
    assert(n < 1200);
    assert(text_is_utf8(words, n));
    assert(!text_has_control(words));
    assert(!strstr(words, SECRET));
}

static void check_kept(struct arena *arena, const struct answer *answer)
{
    const char *redacted = target_redact_answer(arena, answer);
    const char *excerpt = answer->excerpt.data;
    assert(!redacted == !answer->bytes);
    assert(!redacted || text_is_utf8(redacted, strlen(redacted)));
    assert(!excerpt || !memmem(excerpt, answer->excerpt.len, SECRET, strlen(SECRET)));
}

static void check_same(const struct answer *a, const struct answer *b)
{
    assert(a->malformed == b->malformed);
    assert(a->bytes == b->bytes);
    assert(a->excerpt.len == b->excerpt.len);
    assert(a->found_count == b->found_count);
    assert(a->member_count == b->member_count);
    assert(a->has_members == b->has_members);
}

static void check_judged(const struct answer *a, const struct answer *b, int status)
{
    for (int kind = REQUEST_FIND_USER; kind <= REQUEST_PROBE; kind++) {
        enum error_class class = answer_judge(a, (enum request_kind)kind);
        assert(class == answer_judge(b, (enum request_kind)kind));
        assert(class != ERROR_NONE || status / 100 == 2 || status == 404);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const int statuses[] = {200, 201, 204, 302, 400, 401, 403, 404, 409, 413, 429, 500, 501, 503, 504, 0};
    if (n < 2)
        return 0;
    uint32_t seed = fuzz_seed(bytes, n);
    int status = statuses[bytes[0] % ARRAY_LEN(statuses)];
    enum answer_shape shape = (enum answer_shape)(bytes[1] % 3);
    const char *body = (const char *)bytes + 2;
    struct arena *arena = arena_new();
    struct answer *answer = read_in_pieces(shape, status, body, n - 2, seed);
    struct answer *again = read_in_pieces(shape, status, body, n - 2, seed ^ 0x55555554);
    const struct found *found = NULL;
    size_t matches = target_match_user(answer, "ann@x.org", &found);
    /* What was not kept counts as two. */
    assert(matches <= answer->found_count && (matches == 0 || found || answer->found_overflow));
    check_same(answer, again);
    check_judged(answer, again, status);
    check_words(arena, answer);
    check_kept(arena, answer);
    answer_free(answer);
    answer_free(again);
    arena_free(arena);
    return 0;
}
