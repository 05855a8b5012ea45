/* SPDX-License-Identifier: Apache-2.0 */
/* What search.c (conditions) and list.c (order and pages) share. */
#ifndef DIRECTORY_SEARCH_PRIVATE_H
#define DIRECTORY_SEARCH_PRIVATE_H

#include "directory/search.h"

enum field_kind {
    FIELD_EXACT,      /* a text compared as it is */
    FIELD_STATUS,     /* enum user_status */
    FIELD_GROUP_TYPE, /* enum group_type */
    FIELD_TIME,       /* milliseconds, 0: never */
    FIELD_KEY,        /* a folded text */
    FIELD_PROFILE,    /* inside the profile document */
};

struct field {
    const char *name;
    const char *column;
    const struct attribute *attribute; /* FIELD_PROFILE */
    enum field_kind kind;
    bool in_filter; /* may be used in filter= */
    bool contains;  /* takes co */
};

/* ERR_NOT_FOUND: no such field for the kind of the schema. */
int search_field(struct arena *arena, const struct schema *schema, const char *name, struct field *ret) MUSTCHECK;

#endif
