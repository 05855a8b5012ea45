/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about app profiles share. */
#ifndef APP_PROFILE_INNER_H
#define APP_PROFILE_INNER_H

#include "app/inner.h"
#include "app/profile.h"

/* place.c: how the external name of a base attribute is shown; untouched when there is none of that name. */
void place_show_base(struct arena *arena, const char *name, const char **ret_name, const char **ret_namespace);
/* Judges where a custom attribute is to stand, beside the base ones and `custom` (which may hold it already). */
int place_check(struct arena *arena, const char *field, const char *name, const struct jval *definition,
                const struct jval *custom, struct problem *problem) MUSTCHECK;
/* Its SCIM path in full. */
const char *place_path(struct arena *arena, const char *name, const struct jval *definition)
    __attribute__((returns_nonnull));

/*
 * app_schema.c: what is stored of an app's profile, one document:
 *     {"custom": {name: definition as published}, "mapping": {name: {"expression", "pushStatus"} or null}}
 * `mapping` has only what differs from the default: base attributes as the person's own, custom ones not at all.
 */
struct profile_document {
    struct jval *json; /* never NULL. Freed by who read it */
    int64_t created, last_updated;
    bool is_new; /* nothing was ever stored */
};
int profile_document_read(struct tx *tx, int64_t app_rid, struct profile_document *ret) MUSTCHECK;
/* Stores it, forgets what this job knew, and has everybody who has the app looked at again. */
int profile_document_store(struct tx *tx, const struct app *app, const struct jval *json) MUSTCHECK;
/* From a document to what it means. Expressions that do not compile any more carry their error. */
int profile_from_document(struct tx *tx, const struct profile_document *document,
                          const struct app_profile **ret) MUSTCHECK;

/* mapping.c */
#define MAPPING_DISPLAY_NAME "user.displayName ?: String.join(\" \", user.firstName, user.lastName)"
/* Fills in expression, push, direct, expr and error of an attribute. */
struct mapping_reader {
    struct tx *tx;
    const struct schema *users; /* read when it is needed; NULL */
};
int mapping_read(struct mapping_reader *reader, const struct jval *mapping, struct app_attribute *attribute) MUSTCHECK;

#endif
