/* SPDX-License-Identifier: Apache-2.0 */
/* The facts of the directory that change (store.h: tx_change). Kinds 100 to 199 are this room's. */
#ifndef DIRECTORY_CHANGES_H
#define DIRECTORY_CHANGES_H

enum directory_change {
    CHANGE_USER_CREATED = 100,    /* subject: user */
    CHANGE_USER_PROFILE = 101,    /* subject: user */
    CHANGE_USER_STATUS = 102,     /* subject: user; detail: old status * 256 + new status (enum user_status) */
    CHANGE_USER_DELETED = 103,    /* subject: user; tombstone set, memberships still there: see user_purge_chunk() */
    CHANGE_USER_PROTECTED = 104,  /* subject: user; detail: 1 protected, 0 no longer */
    CHANGE_GROUP_CREATED = 110,   /* subject: group */
    CHANGE_GROUP_PROFILE = 111,   /* subject: group; detail: 1 when the name changed */
    CHANGE_GROUP_DELETED = 112,   /* subject: group; tombstone set, members still there: see group_purge_chunk() */
    CHANGE_GROUP_PROTECTED = 113, /* subject: group; detail: 1 protected, 0 no longer */
    /* subject: group, object: user; detail: how many group rules in a row led to it, 0 for a change of another cause */
    CHANGE_MEMBER_ADDED = 120,
    CHANGE_MEMBER_REMOVED = 121,
    CHANGE_RULE_ACTIVATED = 130, /* subject: rule; everybody has to be looked at: see rule_chunk() */
    CHANGE_RULE_DELETED = 131,   /* subject: rule; tombstone set, what it gave is still there: see rule_purge_chunk() */
    CHANGE_RULES_OF_USER = 132,  /* subject: user; too much for one change: see rules_of_user_chunk() */
    CHANGE_RULES_OF_GROUP =
        133, /* subject: group; its name changed, and rules read names: see rules_of_group_chunk() */
};

#endif
