/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of a target, in SCIM 2.0: target_...() is the `standard` dialect, the subset that every server seen in
 * the field understands (docs/targets.md): lower-case operations with a path, `add` for missing members only, one
 * `remove members[value eq "id"]` per member, groups created without members, no `groups` and no password in a user.
 * Pure: builds method, path and body.
 */
#ifndef TARGET_REQUEST_H
#define TARGET_REQUEST_H

#include "base/jval.h"
#include "target/answer.h"

struct target_request {
    enum request_kind kind;
    enum answer_shape shape;
    const char *method;
    const char *path; /* to append to the base URL (before a query that the base URL may have): "/Users?filter=..." */
    const char *body; /* JSON, NULL for none */
};

/* `profile` is the flat object of account_wanted_profile() (app/account.h): attributes by name, and those that an
 * administrator added by their SCIM paths (app/profile.h). Everything is allocated in `arena`. */
struct target_request target_find_user(struct arena *arena, const char *user_name);
struct target_request target_create_user(struct arena *arena, const char *user_id, const struct jval *profile);
struct target_request target_read_user(struct arena *arena, const char *external_id);
/*
 * The difference between what the app acknowledged (`sent`, NULL: nothing is known) and `profile`, attribute by
 * attribute, and, when `active` is 1 or 0 (-1: not touched), the activation. False when there is nothing to send;
 * `*ret` is then untouched. An attribute is a top-level one ("name", "emails"), replaced as a whole; what is gone is
 * removed. Targets apply a PATCH as a whole: a deactivation that must not fail for a refused attribute is sent without
 * them
 * (`sent` equal to `profile`).
 */
bool target_update_user(struct arena *arena, const char *external_id, const struct jval *sent,
                        const struct jval *profile, int active, struct target_request *ret);

struct target_request target_find_group(struct arena *arena, const char *name);
/* The group, if it has this member: for apps that never show members. */
struct target_request target_find_member(struct arena *arena, const char *group_id, const char *member_id);
struct target_request target_create_group(struct arena *arena, const char *name);
struct target_request target_read_group(struct arena *arena, const char *external_id, bool with_members);
struct target_request target_rename_group(struct arena *arena, const char *external_id, const char *name);
/* Removals first, one operation each, then one add of all. At least one of the counts is positive; the caller bounds
 * them. */
struct target_request target_change_members(struct arena *arena, const char *external_id, const char *const *remove,
                                            size_t remove_count, const char *const *add, size_t add_count);
/*
 * The published client's requests, byte for byte as its public documents show them, for apps whose dialect is `catalog`
 * (users updated by PUT; activation, names and members by PATCH) or `custom` (everything by PUT). docs/targets.md names
 * what is dangerous in them. Updates write back the resource that was read just before.
 */
struct target_request published_find_user(struct arena *arena, const char *user_name);
struct target_request published_create_user(struct arena *arena, const char *user_id, const struct jval *profile,
                                            const char *password);
struct target_request published_read_user(struct arena *arena, const char *external_id); /* ANSWER_WHOLE */
/* `resource` as it was read, with the attributes of `profile` and without those that only `sent` has; `active` 1, 0, or
 * -1: as it was read. */
struct target_request published_put_user(struct arena *arena, const char *external_id, const struct jval *resource,
                                         const struct jval *sent, const struct jval *profile, int active);
struct target_request published_set_active(struct arena *arena, const char *external_id, bool active); /* no path */

struct target_member {
    const char *id;
    const char *display; /* user name; NULL when it is not known, and sent as null */
};
struct target_request published_find_group(struct arena *arena, const char *name);
struct target_request published_read_group(struct arena *arena, const char *external_id, bool with_members);
struct target_request published_create_group(struct arena *arena, const char *name);
struct target_request published_rename_group(struct arena *arena, const char *external_id, const char *name);
struct target_request published_change_members(struct arena *arena, const char *external_id, const char *const *remove,
                                               size_t remove_count, const struct target_member *add, size_t add_count);
/* The complete list: who is not in it is out. */
struct target_request published_replace_members(struct arena *arena, const char *external_id,
                                                const struct target_member *members, size_t count);
/* The whole group: `kind` says what it is sent for, REQUEST_MEMBERS or REQUEST_RENAME_GROUP. */
struct target_request published_put_group(struct arena *arena, enum request_kind kind, const char *external_id,
                                          const char *name, const struct target_member *members, size_t count);

/* One page of the app's users or groups. */
struct target_page {
    const char *cursor; /* by cursor (RFC 9865), "" for the first page; NULL: by index */
    int64_t start;      /* by index: from 1 */
    int count;          /* resources that are asked for */
};
struct target_request target_list_users(struct arena *arena, const struct target_page *page);
struct target_request target_list_groups(struct arena *arena, const struct target_page *page, bool with_members);

struct target_request target_delete_group(struct arena *arena, const char *external_id);
struct target_request target_probe(struct arena *arena);       /* GET /ServiceProviderConfig */
struct target_request target_probe_users(struct arena *arena); /* GET /Users?count=1 */

/* "base URL" + path, keeping a query that the base URL has: https://h/scim?tenant=7 + /Users?x=1 gives
 * https://h/scim/Users?x=1&tenant=7. */
const char *target_url(struct arena *arena, const char *base_url, const char *path) __attribute__((returns_nonnull));

/* Which of the found resources is the one asked for: compares the names itself, folded. The count of matches, 2 at
 * least when there were more resources than an answer keeps; `*ret` is the first, untouched when none was seen. */
size_t target_match_user(const struct answer *answer, const char *user_name, const struct found **ret);
size_t target_match_group(const struct answer *answer, const char *name, const struct found **ret);

/* The request and answer bodies as the journal may keep them: an allow-list (ids, user names, attribute names,
 * statuses); every other value appears as its type and length, a name that is not SCIM's own by its length. Text that
 * is no JSON gives "<N bytes, not JSON>". In `arena`; NULL gives NULL. */
const char *target_redact(struct arena *arena, const char *json, size_t n);
/* The same for a finished answer, whose body may be longer than its excerpt. NULL when there was no body. */
const char *target_redact_answer(struct arena *arena, const struct answer *answer);
/* A path with its query: in a filter, ids and user names stay, what else is compared with appears as type and length.
 */
const char *target_redact_path(struct arena *arena, const char *path) __attribute__((returns_nonnull));
/*
 * A failure's text as the system log may keep it. What the target said in it (behind "Errors reported by remote
 * server:" or "The answer is not SCIM:") is kept word by word: words of the trade, names of attributes, numbers of
 * three digits and `name` (may be NULL: what the request was about) stay, each other one appears as type and length.
 */
const char *target_redact_words(struct arena *arena, const char *text, const char *name)
    __attribute__((returns_nonnull));

/* For full capture: a body as it is, its first `most` bytes with a note when it is longer. NULL gives NULL. */
const char *target_body_shown(struct arena *arena, const char *body, size_t most);
/* The excerpt of a finished answer, with a note when the body was longer. NULL when there was no body. */
const char *target_answer_shown(struct arena *arena, const struct answer *answer);

#endif
