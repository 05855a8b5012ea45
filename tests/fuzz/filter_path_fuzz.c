/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of PATCH operations. */
#include "fuzz.h"

#include "base/err.h"
#include "base/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena *arena = arena_new();
    const char *text = arena_strndup(arena, (const char *)bytes, n);
    struct filter_path path = {0};
    struct filter_error error = {0};
    int r = filter_parse_path(arena, text, &path, &error);
    if (r == 0) {
        assert(path.attribute || (path.urn && !path.where && !path.sub_attribute));
        assert(!path.attribute || !strpbrk(path.attribute, ".:[] "));
        assert(!path.sub_attribute || !strpbrk(path.sub_attribute, ".:[] "));
    } else {
        assert(r == ERR_SYNTAX && error.text[0] && error.offset <= strlen(text));
        assert(!path.attribute && !path.urn);
    }
    arena_free(arena);
    return 0;
}
