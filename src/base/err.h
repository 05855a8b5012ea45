/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error numbers of the whole program. Functions return 0 (or a count) on success and one of these on failure; all
 * are negative and lie in a range of their own, so that a stray errno or SQLite code is recognised as a bug.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define ERR_BASE (-0x4d00)

/* X(name, offset, text for the log) */
#define ERR_LIST(X)                                                                                                    \
    X(ERR_PROBLEM, 1, "refused, see the problem that was filled in")                                                   \
    X(ERR_NOT_FOUND, 2, "not found")                                                                                   \
    X(ERR_EXISTS, 3, "exists already")                                                                                 \
    X(ERR_SYNTAX, 4, "syntax error")                                                                                   \
    X(ERR_TOO_LARGE, 5, "larger than the limit")                                                                       \
    X(ERR_IO, 6, "input or output failed")                                                                             \
    X(ERR_CORRUPT, 7, "stored data is not as it should be")                                                            \
    X(ERR_BUSY, 8, "busy")                                                                                             \
    X(ERR_TIMEOUT, 9, "timed out")                                                                                     \
    X(ERR_CANCELLED, 10, "cancelled")                                                                                  \
    X(ERR_KEY, 11, "the key does not fit")                                                                             \
    X(ERR_STALE, 12, "the lease was taken over")                                                                       \
    X(ERR_UNSUPPORTED, 13, "not supported")                                                                            \
    X(ERR_CONSTRAINT, 14, "a constraint of the store was violated")                                                    \
    X(ERR_NOMEM, 15, "out of memory")                                                                                  \
    X(ERR_UNAVAILABLE, 16, "the database cannot be reached")

enum err {
#define X(name, offset, text) name = ERR_BASE - (offset),
    ERR_LIST(X)
#undef X
};

/* The log text of an error number; never NULL. Unknown numbers (0 and positives too) read "unknown error". */
const char *err_text(int err);

#endif
