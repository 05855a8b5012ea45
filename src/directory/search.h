/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of users and groups: q=, filter=, search=, sorted and paged by keyset, so that a page costs the same wherever
 * it lies and stays right while rows come and go. What is supported is what is published (Okta's management API):
 * search takes eq sw co gt ge lt le pr, and, or, over id, status, dates and every attribute of the profile, co over
 * logins, e-mails and names only; filter takes few attributes and eq (and ranges of dates). Text is compared by folded
 * columns where there is one, else without ASCII case.
 */
#ifndef DIRECTORY_SEARCH_H
#define DIRECTORY_SEARCH_H

#include "directory/directory.h"
#include "directory/schema.h"

/* A condition over "u." (users) or "g." (groups), its values numbered from $1. */
struct search_sql {
    const char *where;
    struct bind *binds;
    size_t bind_count;
};

/* Compiles search= (or filter=, when `filter`). ERR_PROBLEM: E0000031 with a cause that names what is not supported. */
int search_compile(struct arena *arena, enum store_dialect dialect, const struct schema *schema, const char *text,
                   bool filter, struct search_sql *ret, struct problem *problem) MUSTCHECK;

struct list_request {
    const char *q; /* starts a name: no paging; each of these may be NULL or "" */
    const char *filter;
    const char *search;
    const char *sort_by; /* "profile.lastName", "created"; NULL: the order in which they were made */
    bool descending;     /* goes with sort_by */
    const char *after;   /* what an earlier call gave in `*ret_next` */
    int limit;           /* rows, at least 1 */
};

/*
 * Calls each() for at most `limit` rows; the texts of the row live during the call. `*ret_next` is NULL, or (in the
 * tx's arena) where the next page starts, only if it has at least one row. Users who are DEPROVISIONED are left out
 * unless there is a search or a filter. ERR_PROBLEM: E0000031, E0000033 (two of q, filter, search), E0000001 (after). A
 * negative result of each() ends the list and is returned.
 */
int user_list(struct tx *tx, const struct list_request *request, int (*each)(const struct user *user, void *data),
              void *data, const char **ret_next, struct problem *problem) MUSTCHECK;
int group_list(struct tx *tx, const struct list_request *request, int (*each)(const struct group *group, void *data),
               void *data, const char **ret_next, struct problem *problem) MUSTCHECK;

/* Living members of a group by rid, those above `after`; the groups of a user likewise. `*ret_next` is the rid to go on
 * with, 0 at the end. `q` (NULL or "": all) begins a name, an e-mail address or a login, in any letter case. */
int group_member_list(struct tx *tx, int64_t group_rid, const char *q, int64_t after, int limit,
                      int (*each)(const struct user *user, void *data), void *data, int64_t *ret_next) MUSTCHECK;
int user_group_list(struct tx *tx, int64_t user_rid, int64_t after, int limit,
                    int (*each)(const struct group *group, void *data), void *data, int64_t *ret_next) MUSTCHECK;

#endif
