/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a change was committed, by its number, as the engine saw it: it is woken by every commit, so that the turn that
 * follows is within milliseconds of it. In memory, bounded: what is long ago is known less exactly, and what was there
 * before the process started not at all. Pure.
 */
#ifndef ENGINE_SEEN_H
#define ENGINE_SEEN_H

#include "base/macros.h"

#define SEEN_MARKS 512

struct seen {
    struct {
        int64_t number; /* of the newest change then; ascending */
        int64_t at;     /* ms */
    } marks[SEEN_MARKS];
    int count;
};

/* The newest change now. */
void seen_note(struct seen *seen, int64_t number, int64_t now);
/* When a change was seen first, at the latest: ms; -1: it was there before the first note, or was not seen yet. */
int64_t seen_at(const struct seen *seen, int64_t number);

#endif
