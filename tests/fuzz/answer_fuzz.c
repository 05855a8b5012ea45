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

static void check_texts(const struct answer *answer)
{
    struct arena *arena = arena_new();
    const char *words = answer_words(arena, answer);
    assert(text_is_utf8(words, strlen(words)) && !text_has_control(words) && strlen(words) < 1200);
    assert(!strstr(words, SECRET));
    assert(!answer->excerpt.data || !memmem(answer->excerpt.data, answer->excerpt.len, SECRET, strlen(SECRET)));
    const char *redacted = target_redact_answer(arena, answer);
    assert(!redacted == !answer->bytes);
    assert(!redacted || text_is_utf8(redacted, strlen(redacted)));
    arena_free(arena);
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
    struct answer *answer = read_in_pieces(shape, status, body, n - 2, seed);
    struct answer *again = read_in_pieces(shape, status, body, n - 2, seed ^ 0x55555554);
    assert(answer->malformed == again->malformed && answer->bytes == again->bytes);
    assert(answer->found_count == again->found_count && answer->member_count == again->member_count);
    assert(answer->excerpt.len == again->excerpt.len && answer->has_members == again->has_members);
    assert(!answer->malformed || !answer->has_members || answer->rest);
    for (int kind = REQUEST_FIND_USER; kind <= REQUEST_PROBE; kind++) {
        enum error_class class = answer_judge(answer, (enum request_kind)kind);
        assert(class == answer_judge(again, (enum request_kind)kind));
        assert(class != ERROR_NONE || status / 100 == 2 || status == 404);
    }
    const struct found *found = NULL;
    size_t matches = target_match_user(answer, "ann@x.org", &found);
    assert(matches <= answer->found_count && (matches == 0 || found));
    check_texts(answer);
    answer_free(answer);
    answer_free(again);
    return 0;
}
