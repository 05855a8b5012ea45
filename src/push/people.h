/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One person in a pushed group, and everybody by what becomes of him: read for those who explain, in a number of
 * statements that does not depend on the group's size.
 */
#ifndef PUSH_PEOPLE_H
#define PUSH_PEOPLE_H

#include "push/deletions.h"

/* What is held of somebody: the deletion and the list that it is on. */
struct held {
    enum deletion_state state;
    int64_t since;       /* ms: when it was wanted first */
    const char *hold_id; /* dlh..., NULL: on no list */
};
/* 1 found, 0 nothing is wanted gone. */
int deletion_find(struct tx *tx, enum deletion_kind kind, int64_t object_rid, int64_t user_rid,
                  struct held *ret) MUSTCHECK;

struct member_view {
    bool known;                      /* the app acknowledged it, or a read showed it */
    int64_t known_at;                /* ms: since when; 0: not known, or from before that was kept */
    bool dirty;                      /* the app may hold something else than is wanted */
    bool extra;                      /* found there by a read, and left there (existingMembers KEEP) */
    const char *error_class, *error; /* NULL: none; "HELD": its removal is held */
    int64_t error_at;                /* ms */
    int64_t again;                   /* ms: when it is tried again by itself; 0: not */
};
/* 1 found, 0 nothing is known of the person in this group. */
int member_view(struct tx *tx, int64_t target_rid, int64_t user_rid, struct member_view *ret) MUSTCHECK;

/* What becomes of a person in a pushed group. The first group are members of the source group, each in exactly one; the
 * second are in the app's group and should not be. */
enum person_kind {
    PERSON_MEMBER = 0, /* when asked for: anybody of the first group */
    PERSON_PUSHED = 1,
    PERSON_NOT_ASSIGNED,    /* does not have the app */
    PERSON_INACTIVE,        /* STAGED or DEPROVISIONED */
    PERSON_SUSPENDED,       /* and was not there before: stays as it is */
    PERSON_NOT_PROVISIONED, /* no account in the app yet, or not active there yet */
    PERSON_REFUSED,         /* the app refused the member */
    PERSON_WAITING,         /* is to be added */
    PERSON_LEAVING,         /* is to be removed */
    PERSON_HELD,            /* the removal is held, rejected or not allowed */
    PERSON_REMOVAL_REFUSED, /* the app refused to remove */
    PERSON_EXTRA,           /* was found there, and is left there */
    PERSON_KIND_COUNT,
};
#define PERSON_KIND_OUT PERSON_LEAVING               /* the first of the second group */
const char *person_kind_name(enum person_kind kind); /* "PUSHED"; "MEMBER" */
int person_kind_parse(const char *name, enum person_kind *ret) MUSTCHECK;

/* How many there are of each kind. */
int mapping_people_count(struct tx *tx, const struct mapping *mapping, int64_t ret[static PERSON_KIND_COUNT]) MUSTCHECK;
/* What the app shows of the group, against what is on record. What waits to be added or removed is neither. */
struct shown_members {
    int64_t absent;     /* acknowledged, and not shown */
    int64_t unexpected; /* shown, and neither acknowledged nor found before nor accepted as an exception */
};
/* `ids`: the members as the app shows them, in any order; they are put in order. */
int mapping_people_compare(struct tx *tx, const struct mapping *mapping, const char **ids, size_t count,
                           struct shown_members *ret) MUSTCHECK;
struct person {
    int64_t user_rid;
    enum person_kind kind;
};
/* The people of a kind in order of rid, those above `after`, at most `limit`. The count. */
int mapping_people(struct tx *tx, const struct mapping *mapping, enum person_kind kind, int64_t after,
                   struct person *ret, int limit) MUSTCHECK;

#endif
