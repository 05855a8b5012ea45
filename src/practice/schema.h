/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schemas of RFC 7643 (User, Group, the enterprise extension) as tables: from them come the names in any letter
 * case, the checks of types, the comparison of values, and /Schemas itself.
 */
#ifndef PRACTICE_SCHEMA_H
#define PRACTICE_SCHEMA_H

#include "base/jval.h"
#include "practice/practice.h"

#define URN_USER "urn:ietf:params:scim:schemas:core:2.0:User"
#define URN_GROUP "urn:ietf:params:scim:schemas:core:2.0:Group"
#define URN_ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

enum schema_type {
    SCHEMA_STRING,
    SCHEMA_BOOLEAN,
    SCHEMA_INTEGER,
    SCHEMA_DATETIME,
    SCHEMA_REFERENCE,
    SCHEMA_BINARY,
    SCHEMA_COMPLEX,
};
enum schema_mutability { SCHEMA_READ_WRITE, SCHEMA_READ_ONLY, SCHEMA_IMMUTABLE, SCHEMA_WRITE_ONLY };
enum schema_returned { SCHEMA_DEFAULT, SCHEMA_ALWAYS, SCHEMA_NEVER };

struct schema_attr {
    const char *name; /* NULL ends a table */
    enum schema_type type;
    bool multi;
    bool required;
    bool case_exact;
    bool unique;
    enum schema_mutability mutability;
    enum schema_returned returned;
    const struct schema_attr *subs; /* SCHEMA_COMPLEX */
    const char *canonical;          /* suggested values, separated by spaces; or NULL */
    const char *references;         /* SCHEMA_REFERENCE: types, separated by spaces */
    const char *text;               /* description */
};

struct schema {
    const char *urn;
    const char *name;
    const char *text;
    const struct schema_attr *attrs;
};

/* The schemas, `*ret_count` of them. */
const struct schema *schema_all(size_t *ret_count);
/* By urn, in any letter case; NULL for one that is not known. */
const struct schema *schema_find(const char *urn);
const struct schema *schema_core(enum practice_kind kind);
/* id, externalId, schemas and meta, which every resource has. */
const struct schema_attr *schema_common(void);
/* By name, in any letter case; NULL. `attrs` may be NULL. */
const struct schema_attr *schema_attr_find(const struct schema_attr *attrs, const char *name);
/* An attribute of a resource; `urn` NULL means the core schema. NULL for one that no schema has. */
const struct schema_attr *schema_attr_of(enum practice_kind kind, const char *urn, const char *name);
/* The key under which an object has this name (any letter case), or NULL. */
const char *schema_key(const struct jval *object, const char *name);

struct refusal;
/*
 * A value as it is stored: canonical names, without nulls, empty arrays and what is read-only. `name` is for messages.
 * 0 with `*ret` NULL when nothing is left (the attribute is unassigned); ERR_PROBLEM (400 invalidValue) when the type
 * is not that of the schema. `attr` NULL: no schema has it, anything goes.
 */
int schema_clean(const struct schema_attr *attr, const char *name, const struct jval *value, struct jval **ret,
                 struct refusal *refusal) MUSTCHECK;
/* One element of a multi-valued attribute (an array is refused). */
int schema_clean_one(const struct schema_attr *attr, const char *name, const struct jval *value, struct jval **ret,
                     struct refusal *refusal) MUSTCHECK;
/* The body of a POST or PUT as a document: without id, schemas, meta, groups, members, password. */
int schema_clean_body(enum practice_kind kind, const struct jval *body, struct jval **ret,
                      struct refusal *refusal) MUSTCHECK;
/* The required attributes are there. 400 invalidValue. */
int schema_check_required(enum practice_kind kind, const struct jval *doc, struct refusal *refusal) MUSTCHECK;

#endif
