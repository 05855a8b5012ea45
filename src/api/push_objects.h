/* SPDX-License-Identifier: Apache-2.0 */
/* Push mappings as published, for the files that show them. */
#ifndef API_PUSH_OBJECTS_H
#define API_PUSH_OBJECTS_H

#include "api/app_objects.h"
#include "push/rule.h"

/* The app and the mapping of the first two path parameters; E0000007 when there is none. */
int find_mapping(struct tx *tx, struct call *call, struct app *ret_app, struct mapping *ret) MUSTCHECK;
/* "ACTIVE", "INACTIVE" or "ERROR". */
const char *mapping_status_name(const struct mapping *mapping, const struct mapping_state *state);
/* Writes a GroupPushMapping; `single`: with the counts and errors that a list leaves out. */
int object_mapping(struct tx *tx, struct call *call, const char *key, const struct app *app,
                   const struct mapping *mapping, bool single) MUSTCHECK;

#endif
