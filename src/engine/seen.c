/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/seen.h"

/* The older half at half its density: of two marks the later number at the earlier time. The first one stays, since it
 * says what is not known. */
static void thin_out(struct seen *seen)
{
    int half = SEEN_MARKS / 2;
    int to = 1;
    for (int i = 1; i < SEEN_MARKS; i++) {
        seen->marks[to] = seen->marks[i];
        if (i + 1 < half && i % 2 == 1)
            seen->marks[to].number = seen->marks[++i].number;
        to++;
    }
    seen->count = to;
}

void seen_note(struct seen *seen, int64_t number, int64_t now)
{
    if (seen->count > 0 && seen->marks[seen->count - 1].number >= number)
        return;
    if (seen->count == SEEN_MARKS)
        thin_out(seen);
    seen->marks[seen->count].number = number;
    seen->marks[seen->count].at = now;
    seen->count++;
}

int64_t seen_at(const struct seen *seen, int64_t number)
{
    int low = 0;
    int high = seen->count;
    while (low < high) { /* the first mark at or behind the number */
        int middle = (low + high) / 2;
        if (seen->marks[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 || low == seen->count ? -1 : seen->marks[low].at;
}
