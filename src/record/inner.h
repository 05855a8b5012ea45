/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share. */
#ifndef RECORD_INNER_H
#define RECORD_INNER_H

#include "record/record.h"

/* Types of targets that are a person; both carry the person's public id. */
#define TARGET_USER "User"
#define TARGET_APP_USER "AppUser"
#define ALTERNATE_UNKNOWN "unknown" /* as published, where there is no alternate id */

/* What stays of a text: "<string, 12 bytes>". NULL stays NULL. */
const char *erased_text(struct arena *arena, const char *text);

#endif
