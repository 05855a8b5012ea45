/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schemas of profiles: the attributes that the service defines (base) and those that an administrator added
 * (custom). A schema is read once per transaction that needs it; the base attributes are constants, only what was
 * changed is stored.
 */
#ifndef DIRECTORY_SCHEMA_H
#define DIRECTORY_SCHEMA_H

#include "base/jout.h"
#include "base/problem.h"
#include "store/store.h"

enum schema_kind { SCHEMA_USER = 1, SCHEMA_GROUP = 2 };

enum attribute_type {
    ATTRIBUTE_STRING = 1,
    ATTRIBUTE_NUMBER,
    ATTRIBUTE_INTEGER,
    ATTRIBUTE_BOOLEAN,
    ATTRIBUTE_ARRAY,
};

enum attribute_format {
    FORMAT_NONE,
    FORMAT_EMAIL,
    FORMAT_URI,
    FORMAT_COUNTRY,
    FORMAT_LANGUAGE,
    FORMAT_LOCALE,
    FORMAT_TIMEZONE,
    FORMAT_DATE_TIME,
};

struct attribute {
    const char *name;
    const char *title;
    int64_t min;                /* characters of a string that is not empty */
    int64_t max;                /* characters; 0: no maximum of its own */
    const char *const *choices; /* the allowed values as JSON texts (of the elements, for an array); NULL: any */
    size_t choice_count;
    enum attribute_type type;
    enum attribute_type item_type; /* of the values of an ATTRIBUTE_ARRAY */
    enum attribute_format format;
    bool required;
    bool lines; /* line breaks are allowed */
};

struct schema {
    enum schema_kind kind;
    const struct attribute *base;
    size_t base_count;
    const struct attribute *custom; /* sorted by name */
    size_t custom_count;
};

/* The schema as it stands, in the tx's arena. 0 or a negative error. */
int schema_load(struct tx *tx, enum schema_kind kind, const struct schema **ret) MUSTCHECK;
/* The schema without custom attributes: for tests and fuzzing without a store. */
const struct schema *schema_plain(enum schema_kind kind);
/* NULL when there is none of that name; names are case-sensitive. */
const struct attribute *schema_attribute(const struct schema *schema, const char *name);

const char *attribute_type_name(enum attribute_type type); /* "string" */

/* --- attributes of other schemas than these two (of apps) --- */
/* Judges the published definition of a custom attribute, as schema_update() does; a default value may be given.
 * `before`: its definition so far, whose type stays; NULL for a new one. ERR_PROBLEM naming `place`. */
int attribute_definition_check(struct arena *arena, const char *place, const char *name, const struct jval *before,
                               const struct jval *definition, struct problem *problem) MUSTCHECK;
/* The definition as it is kept and shown: what is known, and the published defaults. The caller frees it. */
struct jval *attribute_definition_kept(const struct jval *given);
/* An attribute from its definition, which was judged; in `arena`. */
void attribute_read(struct arena *arena, const char *name, const struct jval *definition, struct attribute *ret);
/* One value against its attribute. 0, or ERR_PROBLEM (E0000001) naming the attribute. */
int attribute_check(struct arena *arena, const struct attribute *attribute, const struct jval *value,
                    struct problem *problem) MUSTCHECK;
/* The same but for ASCII case. */
bool attribute_names_equal(const char *a, const char *b);

/*
 * Checks what was given for a profile and merges it with what was there. `old` is NULL for a new one. Attributes given
 * as null are cleared; with `replace` those not given are cleared too. The result (the caller frees it) holds no nulls.
 * ERR_PROBLEM: E0000001; an unknown attribute has the subject `subject` and the published cause, all others their own
 * name; at most PROBLEM_CAUSES are listed.
 */
int profile_merge(struct arena *arena, const struct schema *schema, const struct jval *old, const struct jval *given,
                  bool replace, const char *subject, struct jval **ret, struct problem *problem) MUSTCHECK;

/* Writes the published UserSchema or GroupSchema as an object into an open array or as the whole answer. `self` is the
 * absolute link to it. */
int schema_write(struct tx *tx, enum schema_kind kind, const char *self, struct jout *out) MUSTCHECK;
/* The definition "custom" of a published schema into an open object: `custom` has a definition for each attribute, as
 * stored; NULL: none. Of an app's schema too. */
void schema_write_custom(struct jout *out, const struct jval *custom);
/*
 * Adds, changes and (given as null) removes custom attributes, from a body in the published form. Of base attributes,
 * firstName and lastName can be made optional, titles, descriptions, permissions and masters can be changed.
 * Removing an attribute clears it in all profiles, a change for each; when more than LIMIT_EXPAND_ROWS have it, this is
 * refused. ERR_PROBLEM: E0000001 naming the place in the body.
 */
int schema_update(struct tx *tx, enum schema_kind kind, const struct jval *body, struct problem *problem) MUSTCHECK;

#endif
