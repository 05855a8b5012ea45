/* SPDX-License-Identifier: Apache-2.0 */
/* Deletions as the API shows them. */
#ifndef API_DELETION_OBJECTS_H
#define API_DELETION_OBJECTS_H

#include "api/call.h"
#include "push/deletions.h"

enum deletion_view {
    DELETION_PLAIN = 0,
    DELETION_APP = 1,    /* names its app too */
    DELETION_REASON = 2, /* and why the person is to go, and who caused it: costs a diagnosis */
};
/* One, with the person or group that it is about. */
int deletion_write(struct tx *tx, struct call *call, const struct deletion *deletion,
                   enum deletion_view view) MUSTCHECK;

#endif
