/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Named targets: what is published, or was seen, of real SCIM servers, as faults. A profile claims no more than its
 * source says; what the source leaves open the practice target does its own way.
 */
#ifndef PRACTICE_PROFILES_H
#define PRACTICE_PROFILES_H

#include "practice/practice.h"

struct practice_profile {
    const char *name; /* NULL ends the table */
    const char *text; /* half a line */
    const char *source;
    const struct practice_fault *faults; /* ends with FAULT_NONE */
};

extern const struct practice_profile practice_profiles[];

/* NULL when there is none of that name. */
const struct practice_profile *practice_profile_find(const char *name);
/*
 * Adds the faults of a profile to those in force. Its rate limits are multiplied by `rate_factor`; 0 leaves them out.
 * ERR_TOO_LARGE with a sentence in `ret_why` (may be NULL).
 */
int practice_set_profile(struct practice *practice, const struct practice_profile *profile, double rate_factor,
                         char *ret_why, size_t why_size) MUSTCHECK;

#endif
