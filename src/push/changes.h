/* SPDX-License-Identifier: Apache-2.0 */
/* The facts of group push that change. Kinds 300 to 399 are this room's. */
#ifndef PUSH_CHANGES_H
#define PUSH_CHANGES_H

enum push_change {
    CHANGE_MAPPING_CREATED = 300, /* subject: push mapping */
    CHANGE_MAPPING_STATUS = 301,  /* subject: push mapping; detail: enum mapping_status */
    CHANGE_MAPPING_DELETED = 302, /* subject: push mapping */
};

#endif
