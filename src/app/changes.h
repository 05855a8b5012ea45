/* SPDX-License-Identifier: Apache-2.0 */
/* The facts of apps, assignments and accounts that change. Kinds 200 to 299 are this room's. */
#ifndef APP_CHANGES_H
#define APP_CHANGES_H

enum app_change {
    CHANGE_APP_CREATED = 200,      /* subject: app */
    CHANGE_APP_UPDATED = 201,      /* subject: app */
    CHANGE_APP_STATUS = 202,       /* subject: app; detail: enum app_status */
    CHANGE_APP_DELETED = 203,      /* subject: app */
    CHANGE_APP_SWITCHES = 204,     /* subject: app: features, connection status, pause */
    CHANGE_APP_CONNECTION = 205,   /* subject: app: base URL or credential */
    CHANGE_GROUP_ASSIGNED = 210,   /* subject: app, object: group */
    CHANGE_GROUP_UNASSIGNED = 211, /* subject: app, object: group */
    CHANGE_ACCOUNT_WANTED = 220,   /* subject: account, object: user; detail: app. The person got, lost or regained the
                                      app, or its wanted state */
    CHANGE_ACCOUNT_KNOWN = 221,    /* subject: account, object: user; detail: app. The app's id for the person became
                                      known, changed or went */
};

#endif
