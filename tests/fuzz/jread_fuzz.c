/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pull reader against the whole-document parser: the same documents are accepted, however they are cut; and with
 * the arrays put back where they were taken out, a streamed document has as many elements as the whole one.
 */
#include "fuzz.h"

#include "base/err.h"
#include "base/jread.h"

#define PLENTY ((size_t)16 * 1024 * 1024)

static int read_in_pieces(const struct jread_pattern *patterns, size_t count, const uint8_t *bytes, size_t n,
                          uint32_t seed, size_t *ret_elements, struct jval **ret_rest)
{
    struct jread *reader = jread_new(patterns, count, PLENTY, PLENTY);
    size_t at = 0;
    int r = 0;
    *ret_elements = 0;
    for (;;) {
        struct jval *value = NULL;
        size_t pattern = SIZE_MAX;
        r = jread_next(reader, &value, &pattern);
        if (r == JREAD_ELEMENT) {
            assert(value && pattern < count && !patterns[pattern].drop);
            (*ret_elements)++;
            jval_free(value);
        } else if (r == JREAD_MORE && at < n) {
            size_t piece = fuzz_next(&seed) % (seed & 0x10000 ? 7 : 300);
            piece = MIN_OF(piece, n - at);
            jread_feed(reader, (const char *)bytes + at, piece);
            at += piece;
        } else if (r == JREAD_MORE) {
            jread_finish(reader);
        } else {
            assert(r < 0 || value);
            *ret_rest = value;
            break;
        }
    }
    assert(jread_offset(reader) <= n);
    jread_free(reader);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const struct jread_pattern keep[] = {{.path = "Resources"}, {.path = "Resources.members"}, {.path = "m"}};
    static const struct jread_pattern drop[] = {
        {.path = "Resources"}, {.path = "Resources.members", .drop = true}, {.path = "m", .drop = true}, {.path = ""}};
    uint32_t seed = fuzz_seed(bytes, n);
    struct jval *whole = NULL;
    struct jval *rest = NULL;
    size_t elements = 0;
    int verdict = jval_parse(&whole, (const char *)bytes, n, NULL);

    int r = read_in_pieces(NULL, 0, bytes, n, seed, &elements, &rest);
    assert((r == JREAD_END) == (verdict == 0) && (r == JREAD_END || r == ERR_SYNTAX));
    assert(verdict < 0 || jval_equal(whole, rest));
    rest = jval_free(rest);

    r = read_in_pieces(keep, ARRAY_LEN(keep), bytes, n, seed, &elements, &rest);
    assert((r == JREAD_END) == (verdict == 0) && (r == JREAD_END || r == ERR_SYNTAX));
    rest = jval_free(rest);
    size_t again = 0;
    int r2 = read_in_pieces(keep, ARRAY_LEN(keep), bytes, n, seed ^ 0x55555554, &again, &rest);
    assert(r2 == r && again == elements);
    rest = jval_free(rest);

    r = read_in_pieces(drop, ARRAY_LEN(drop), bytes, n, seed, &elements, &rest);
    assert(verdict < 0 || r == JREAD_END);
    jval_free(rest);
    jval_free(whole);
    return 0;
}
