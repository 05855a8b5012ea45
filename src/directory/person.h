/* SPDX-License-Identifier: Apache-2.0 */
/* One person as expressions see them: user.* is the profile. For rules and for profile mappings. */
#ifndef DIRECTORY_PERSON_H
#define DIRECTORY_PERSON_H

#include "directory/directory.h"
#include "directory/schema.h"
#include "expr/expr.h"

struct person; /* what an expression asks for is read once */

/* In an arena of its own. */
struct person *person_new(struct tx *tx, const struct user *user);
struct person *person_free(struct person *person); /* accepts NULL, returns NULL */
static inline void person_freep(struct person **person)
{
    *person = person_free(*person);
}
const struct user *person_user(const struct person *person);
/* What an expression is evaluated against. Texts of the values live as long as the person. */
struct expr_facts person_facts(struct person *person);
/* For struct expr_scope, with a struct schema of users as data. */
bool person_attribute(void *schema, const char *object, const char *name, enum expr_type *ret_type,
                      enum expr_type *ret_items);

#endif
