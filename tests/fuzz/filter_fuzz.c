/* SPDX-License-Identifier: Apache-2.0 */
/* The filter language in both dialects: every tree is well-formed and bounded, every refusal says where and why. */
#include "fuzz.h"

#include "base/err.h"
#include "base/filter.h"
#include "base/limits.h"
#include "base/text.h"

static int count_terms(const struct filter *f, int depth)
{
    assert(f && depth <= LIMIT_FILTER_TERMS + 2 * LIMIT_FILTER_DEPTH);
    switch (f->op) {
    case FILTER_AND:
    case FILTER_OR:
        return count_terms(f->left, depth + 1) + count_terms(f->right, depth + 1);
    case FILTER_NOT:
        assert(!f->right && !f->attribute);
        return count_terms(f->left, depth + 1);
    case FILTER_VALUE:
        assert(!f->right && f->attribute[0]);
        return count_terms(f->left, depth + 1);
    case FILTER_EQ:
    case FILTER_NE:
    case FILTER_CO:
    case FILTER_SW:
    case FILTER_EW:
    case FILTER_GT:
    case FILTER_GE:
    case FILTER_LT:
    case FILTER_LE:
    case FILTER_PR:
    default:
        assert(!f->left && !f->right && f->attribute[0]);
        assert(f->type != FILTER_STRING || f->op == FILTER_PR || text_is_utf8(f->text, strlen(f->text)));
        return 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena *arena = arena_new();
    const char *text = arena_strndup(arena, (const char *)bytes, n);
    const enum filter_dialect dialects[] = {FILTER_SCIM, FILTER_API};
    int results[2] = {0};
    for (size_t i = 0; i < ARRAY_LEN(dialects); i++) {
        const struct filter *f = NULL;
        struct filter_error error = {0};
        results[i] = filter_parse(arena, text, dialects[i], &f, &error);
        if (results[i] == 0) {
            int terms = count_terms(f, 0);
            assert(terms > 0 && terms <= LIMIT_FILTER_TERMS);
        } else {
            assert(results[i] == ERR_SYNTAX && error.text[0] && error.offset <= strlen(text));
            assert(!text_is_utf8(text, strlen(text)) || !f);
        }
    }
    assert(results[0] == 0 || results[1] != 0); /* the API's dialect is a part of SCIM's */
    arena_free(arena);
    return 0;
}
