/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/openings.h"

void openings_begin(struct openings *openings, int64_t now)
{
    if (openings->since == 0)
        openings->since = now;
}

/* As one piece that begins where the older began: who left after that waits a little longer, and nobody less. */
static void draw_together(struct openings *openings)
{
    struct opening *oldest = &openings->kept[0];
    oldest->to += openings->kept[1].to - openings->kept[1].from;
    openings->count--;
    memmove(&openings->kept[1], &openings->kept[2], sizeof(*oldest) * (size_t)(openings->count - 1));
}

void openings_end(struct openings *openings, int64_t now)
{
    struct opening last = {.from = openings->since, .to = now};
    openings->since = 0;
    if (last.from == 0 || last.to <= last.from)
        return;
    if (openings->count == OPENINGS_KEPT)
        draw_together(openings);
    openings->kept[openings->count++] = last;
}

static int64_t part_since(const struct opening *opening, int64_t left)
{
    return MAX_OF(opening->to - MAX_OF(opening->from, left), (int64_t)0);
}

int64_t openings_since(const struct openings *openings, int64_t left, int64_t now)
{
    int64_t open = 0;
    for (int i = 0; i < openings->count; i++)
        open += part_since(&openings->kept[i], left);
    if (openings->since)
        open += part_since(&(struct opening){.from = openings->since, .to = now}, left);
    return open;
}

void openings_shift(struct openings *openings, int64_t by)
{
    openings->since += openings->since ? by : 0;
    for (int i = 0; i < openings->count; i++) {
        openings->kept[i].from += by;
        openings->kept[i].to += by;
    }
}
