/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room `target`: what is asked of an app, in SCIM 2.0, and what its answers mean. A dialect of pure functions: no
 * socket, no clock, no store. request.c builds requests, user.c maps profiles, answer.c reads answers as they arrive,
 * judge.c says what they mean, words.c puts them into words, redact.c makes bodies fit to be kept,
 * redact_text.c paths and words, secret.c hides the credential. Shared inside of the room only.
 */
#ifndef TARGET_INNER_H
#define TARGET_INNER_H

#include "base/jout.h"
#include "base/scim_user.h"
#include "target/answer.h"

#define SCIM_CORE_GROUP "urn:ietf:params:scim:schemas:core:2.0:Group"
#define SCIM_PATCH_OP "urn:ietf:params:scim:api:messages:2.0:PatchOp"

#define SECRET_MIN 4 /* bytes: a shorter text is no secret that could be told from the words around it */

/* The attributes of a SCIM user that a profile gives, as an object of PATCH paths: "userName", "emails",
 * SCIM_ENTERPRISE_USER ":department". The caller frees. NULL profile gives an empty object. */
struct jval *user_attributes(const struct jval *profile);
/* custom.c: adds what the profile holds by SCIM path to the attributes. */
void custom_attributes(struct jval *attributes, const struct jval *profile);
/* Writes the attributes of user_attributes() into the open object of a resource: "schemas" with the extensions that are
 * used, what belongs into the resource itself, and an object for each extension. */
void user_write_schemas(struct jout *out, const struct jval *attributes);
void user_write_core(struct jout *out, const struct jval *attributes);
void user_write_extensions(struct jout *out, const struct jval *attributes);
/* The other way round: the flat profile that a SCIM user shows, in the directory's attribute names. The caller frees.
 */
struct jval *user_profile(const struct jval *resource);
/* Writes into the open Operations array what leads from the attributes `before` to `after`. The count of operations. */
size_t user_write_difference(struct jout *out, const struct jval *before, const struct jval *after);

/* What the published client sends of a user first, in its order; `*ret_rest` (the caller frees) is what is left for
 * user_write_core() and user_write_extensions(). */
void user_write_published(struct jout *out, const struct jval *attributes, struct jval **ret_rest);
/* Changes a resource that was read so that it has the attributes `after`, and no more those that only `before` has;
 * everything else in it stays. */
void user_merge(struct jval *resource, const struct jval *before, const struct jval *after);
/* The own spelling of `key` in the object, or `key`. */
const char *key_any_case(const struct jval *object, const char *key);
/* The member of an object whose name is `key` but for ASCII case; NULL when there is none. */
struct jval *get_any_case(const struct jval *object, const char *key);
/* Puts asterisks where the credential stands; `cut`: the text may end in the middle of it. */
void answer_hide_in(const struct answer *answer, char *text, size_t n, bool cut);
/* Wipes the copies of the credential. */
void answer_forget(struct answer *answer);
/* A name that SCIM itself gives, in any case. */
bool redact_is_name(const char *text, size_t n);

#endif
