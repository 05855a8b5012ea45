/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole store copied into another place, whatever engine is at either end. Nobody may write into either meanwhile.
 *
 * The tables are those of the source's catalogue. They are read by their keys, page by page, from one snapshot, and
 * written in the order in which they were made, so that what is referred to is there first. Then the copy is read back
 * and compared, table by table, by counts and checksums. Until the very end the destination says that it is unfinished,
 * and no store_open() takes it.
 */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "store/store.h"

struct store_copy {
    const char *from; /* locations, as in struct store_options */
    const char *to;   /* nothing may be there */
    const char *note; /* what the unfinished destination says of itself: "from ..., begun ..." */
    const struct env *env;
    const struct store_room *const *rooms;
    /* In the last transaction, after everything was compared: what the copy is to be told before anybody opens it. */
    tx_fn finish;
    void *finish_arg;
    /* May be NULL. `done` and `total` count rows; each row is counted twice, when it is written and when it is
     * compared. */
    void (*progress)(void *data, const char *table, int64_t done, int64_t total);
    /* May be NULL. A table that is there and the same, with the hexadecimal BLAKE2b of its rows. */
    void (*copied)(void *data, const char *table, int64_t rows, const char *checksum);
    void *data;
};

/*
 * 0, or with a sentence in `ret_why`: ERR_NOT_FOUND (no store to copy), ERR_EXISTS (the destination is not empty),
 * ERR_CORRUPT (the copy differs), ERR_UNSUPPORTED (the source's schema is older: start it once), or what the stores
 * say.
 */
int store_copy(const struct store_copy *copy, char *ret_why, size_t why_size) MUSTCHECK;

#endif
