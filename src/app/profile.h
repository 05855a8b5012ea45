/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an app is told of a person: its schema (which attributes an app user has, and where they stand in SCIM), the
 * profile mapping (which attribute gets what, by expression), and what an assignment says instead.
 *
 * An attribute has, the first that there is of:
 *   1. what the assignment of the person says (individual override; for scope GROUP too)
 *   2. for scope GROUP, what the group with the best priority says; or all values of all assigned groups together, when
 *      the attribute combines them
 *   3. what its mapping gives, when the mapping pushes (PUSH), or while the app has no account yet (DONT_PUSH)
 *   4. its default
 * null and empty ones of the first two clear it in the app, as does a mapping that gives nothing. An attribute without
 * a mapping, and one that is mapped for the creation alone, stay in the app as they are.
 */
#ifndef APP_PROFILE_H
#define APP_PROFILE_H

#include "app/account.h"
#include "base/jout.h"
#include "directory/schema.h"
#include "expr/expr.h"

struct app_attribute {
    const char *name;
    const char *path;              /* its key in account_wanted_profile(): the name, or the SCIM path of a custom one */
    const struct attribute *rules; /* NULL for a base attribute: any text */
    const char *preset;            /* JSON; NULL: none */
    bool combine;                  /* an array: the values of all assigned groups together ("union") */
    bool personal;                 /* scope SELF: groups say nothing of it */
    bool reference;                /* names a person of the directory, and is sent as the app's id of the account */
    const char *expression;        /* of the mapping; NULL: not mapped */
    bool push;                     /* else for the creation alone */
    const char *direct;            /* the expression is this attribute of the person; NULL: it is not */
    const struct expr *expr;       /* compiled; NULL for a direct one, and while `error` says why not */
    const char *error;
};

struct app_profile {
    const struct app_attribute *attributes; /* base ones in the published order, then custom ones by name */
    size_t count;
    bool is_plain; /* nothing was ever changed */
    bool combines; /* an attribute of it does */
    int64_t created, last_updated;
};

/* The schema and mapping of an app, in the tx's arena; read once a job. 0 or a negative error. */
int app_profile_load(struct tx *tx, int64_t app_rid, const struct app_profile **ret) MUSTCHECK;
const struct app_attribute *app_attribute_find(const struct app_profile *profile, const char *name);
/* Do the mapping and the user name read one of the attributes that changed in a person's profile? */
bool app_profile_reads(const struct app_profile *profile, const struct profile_change *changes);

/* Writes the published schema. `self` is the absolute link to it. */
int app_schema_write(struct tx *tx, const struct app *app, const char *self, struct jout *out) MUSTCHECK;
/* Adds, changes and (given as null) removes custom attributes, from a body in the published form. Everybody who has the
 * app is looked at again. ERR_PROBLEM: E0000001 naming the place in the body. */
int app_schema_update(struct tx *tx, const struct app *app, const struct jval *body, struct problem *problem) MUSTCHECK;

/* The public id of the app's mapping, "prm...", and back: an id of an app, or NULL. */
const char *app_mapping_id(struct arena *arena, const struct app *app);
const char *app_of_mapping_id(struct arena *arena, const char *mapping_id);
/* Changes what `properties` names ({name: {"expression", "pushStatus"}}; null ends a mapping). Everybody who has the
 * app is looked at again. ERR_PROBLEM: E0000001 naming the property. */
int app_mapping_update(struct tx *tx, const struct app *app, const struct jval *properties,
                       struct problem *problem) MUSTCHECK;
/* What the mapping would be then; nothing is stored. */
int app_mapping_try(struct tx *tx, const struct app *app, const struct jval *properties, const struct app_profile **ret,
                    struct problem *problem) MUSTCHECK;
/* Whether the attribute `name` could be mapped so: 0; ERR_SYNTAX with what is wrong (position 0: not at one place);
 * ERR_PROBLEM when there is no such attribute, or the pushStatus in `given` is none; absent, it stays as it is. */
int app_mapping_check(struct tx *tx, const struct app *app, const char *name, const char *expression,
                      const struct jval *given, struct expr_error *ret_error, struct problem *problem) MUSTCHECK;

/* What an assignment is to say of attributes: each must be in the schema and fit, or be null or empty. `of_group`: said
 * by a group. ERR_PROBLEM. */
int app_overrides_check(struct tx *tx, int64_t app_rid, const struct jval *profile, bool of_group,
                        struct problem *problem) MUSTCHECK;

/* Where a value comes from. */
enum value_source { FROM_NOWHERE, FROM_MAPPING, FROM_DEFAULT, FROM_GROUP, FROM_GROUPS, FROM_PERSON, FROM_APP };
const char *value_source_name(enum value_source source); /* "MAPPING" ...; FROM_APP: left as the app has it */

struct profile_error {
    const char *name; /* of the attribute */
    const char *text; /* what is wrong, and the remedy */
};

/* What an app should hold of a person. */
struct made_profile {
    struct jval *document;     /* as account_wanted_profile() gives it */
    struct jval *values;       /* by attribute name, without the user name */
    enum value_source *source; /* of each attribute, in the order of the schema */
    struct profile_error *errors;
    size_t error_count;
    const char *names;     /* whom the reference names, as it was said; NULL */
    const char *refers_to; /* the same as a key (account.h) */
};
/* `profile` NULL: as stored. The caller frees with made_profile_free(). Errors are of single attributes, which stay in
 * the app as they are. */
int profile_make(struct tx *tx, const struct app_profile *profile, const struct account *account,
                 const struct user *user, struct made_profile *ret) MUSTCHECK;
void made_profile_free(struct made_profile *made);

#endif
