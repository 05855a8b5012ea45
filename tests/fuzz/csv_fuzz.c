/* SPDX-License-Identifier: Apache-2.0 */
/* CSV: however the source cuts its bytes, the same records come out; every field is clean text. */
#include "fuzz.h"

#include "base/csv.h"
#include "base/err.h"
#include "base/text.h"

struct source {
    const uint8_t *bytes;
    size_t n;
    uint32_t seed; /* 0: as much as fits */
};

static int source_read(void *data, char *bytes, size_t n)
{
    struct source *source = data;
    size_t some = MIN_OF(n, source->n);
    if (source->seed && some)
        some = 1 + fuzz_next(&source->seed) % MIN_OF(some, (size_t)9);
    if (some)
        memcpy(bytes, source->bytes, some);
    source->bytes += some;
    source->n -= some;
    return (int)some;
}

static uint32_t digest(const uint8_t *bytes, size_t n, uint32_t seed)
{
    struct source source = {bytes, n, seed};
    struct csv *csv = csv_new(source_read, &source);
    struct csv_record record = {0};
    int column = 0;
    int64_t line = 0;
    uint32_t hash = 1;
    int r = 0;
    while ((r = csv_next(csv, &record, &column)) != 0) {
        assert(r == 1 || ((r == ERR_SYNTAX || r == ERR_TOO_LARGE) && column >= 1 && csv_reason(csv)[0]));
        assert(record.line > line);
        line = record.line;
        hash = hash * 31 + (uint32_t)r + (uint32_t)line * 7;
        if (r < 0)
            continue;
        assert(record.count >= 1 && record.count <= CSV_FIELDS_MAX);
        for (size_t i = 0; i < record.count; i++) {
            size_t len = strlen(record.fields[i]);
            assert(text_is_utf8(record.fields[i], len));
            hash = hash * 31 + fuzz_seed((const uint8_t *)record.fields[i], len);
        }
    }
    assert(source.n == 0);
    csv_free(csv);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    uint32_t whole = digest(bytes, n, 0);
    uint32_t pieces = digest(bytes, n, fuzz_seed(bytes, n));
    assert(whole == pieces);
    return 0;
}
