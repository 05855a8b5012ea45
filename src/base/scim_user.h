/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the attributes that every app has stand in a SCIM user (RFC 7643 sections 4.1 and 4.3): by the names that a
 * profile gives them. Used by what makes documents, and by what lets administrators add places of their own.
 */
#ifndef BASE_SCIM_USER_H
#define BASE_SCIM_USER_H

#include <stdbool.h>
#include <stddef.h>

#define SCIM_CORE_USER "urn:ietf:params:scim:schemas:core:2.0:User"
#define SCIM_ENTERPRISE_USER "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

struct scim_place {
    const char *name; /* in the profile: "lastName" */
    const char *path; /* "name"; attributes of the enterprise extension with its URN before them */
    const char *sub;  /* sub-attribute, NULL for a plain attribute */
    const char *type; /* of the element of a multi-valued attribute, NULL for single values */
    bool primary;     /* that element is */
};

/*
 * A second e-mail address is of type "other": it is where somebody can be reached besides work, and "home" would claim
 * more than the directory knows. `primary` stands on the work address and the work telephone only, never as false.
 * Elements of one type stand in a row.
 */
extern const struct scim_place scim_places[];
extern const size_t scim_place_count;

#endif
