/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share. */
#ifndef RECORD_INNER_H
#define RECORD_INNER_H

#include "base/jval.h"
#include "record/record.h"

/* Types of targets that are a person; both carry the person's public id. */
#define TARGET_USER "User"
#define TARGET_APP_USER "AppUser"
#define ALTERNATE_UNKNOWN "unknown" /* as published, where there is no alternate id */

/* What stays of a text: "<string, 12 bytes>". NULL stays NULL. */
const char *erased_text(struct arena *arena, const char *text);

/* catalogue.c: the displayMessage of an event type; the type itself for one that is not listed. */
const char *event_message(const char *type);

/* trail.c: the id of what an event is about, which somebody decided: of its targets that are no person the most
 * particular one. NULL: none. */
const char *trail_object(const struct event *event);

/* activity.c: its table, and the end of what is older than LIMIT_ACTIVITY_HOURS. */
extern const char activity_tables[];
int record_activity_expire(struct tx *tx) MUSTCHECK;

/* match.c: a row of the log, and whether a query selects it. */
struct log_row {
    int64_t published;
    const char *type;
    int severity;
    const char *outcome;
    const char *text;      /* the LogEvent, JSON */
    struct jval *document; /* read when it is needed; NULL before and afterwards */
};
bool log_row_fits(struct log_row *row, const struct log_query *query);

#endif
