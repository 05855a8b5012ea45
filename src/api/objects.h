/* SPDX-License-Identifier: Apache-2.0 */
/* The published objects that several verticals show. */
#ifndef API_OBJECTS_H
#define API_OBJECTS_H

#include "api/call.h"
#include "directory/directory.h"
#include "expr/expr.h"

/* The id of the only user type. */
#define USER_TYPE_ID "oty0defaultuser00000"

/* Writes a User: in a list (key NULL), as a member, or as the whole answer. `details`: with the links to what can be
 * done with the user now, as published for a single user; without them, the link to itself. */
void object_user(struct call *call, const char *key, const struct user *user, bool details);
/* Opens a Group object and writes all of it but `_embedded`; the caller adds that and ends the object. */
void object_group_open(struct call *call, const char *key, const struct group *group);
/* A whole Group. */
void object_group(struct call *call, const char *key, const struct group *group);
/* "name": {"href": ...}, with "method" unless that is NULL. `href` from call_link(). */
void object_link(struct call *call, const char *name, const char *href, const char *method);

/* Begins `text` (NULL: no) with what text_fold() made? */
bool object_begins(struct arena *arena, const char *text, const char *folded);
/* Begins the person's login, first name, last name or e-mail with `folded_q` (text_fold(); NULL: everybody)? */
bool object_user_begins(struct arena *arena, const struct user *user, const char *folded_q);

/* Rid from a cursor that this API made of one: call_page()'s `after`. 0 for NULL. ERR_PROBLEM for anything else. */
int object_after_rid(struct call *call, const struct page *page, int64_t *ret) MUSTCHECK;

/* The answer whether an expression is right: {"valid": true}, or with what is wrong and where (characters from 1; left
 * out when it is not one place). `r` is 0 or ERR_SYNTAX with `error`; other errors are returned. */
int object_check(struct call *call, int r, const struct expr_error *error) MUSTCHECK;

#endif
