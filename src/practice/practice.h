/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The practice target: a complete SCIM 2.0 server (RFC 7643, RFC 7644) in memory, with faults to order and a journal of
 * what it was asked. Makers of pushers test against it; so do Muster's own tests and its simulator.
 *
 * The room in one paragraph. practice_handle() is a function of the state and one request: no socket, clock or thread
 * inside; time and ids come from the injected env. server.c puts it behind HTTP. A request travels handle.c (token,
 * routing, faults, journal) -> users.c, groups.c, list.c, bulk.c, discovery.c -> patch.c (paths of PATCH), match.c
 * (filters), members.c (memberships with undo), schema.c (names and types) -> render.c (the answer). Resources are
 * found by hash (id, folded name, externalId); a change to one member costs the same in a group of three and of
 * 100,000.
 *
 * Served: /scim/v2/{Users,Groups,Bulk,.search,ServiceProviderConfig,Schemas,ResourceTypes} and the controls
 * /practice/{journal,har,state,faults,profiles}.
 *
 * What it can be told to do wrong is listed in faults.h (faults.c, rate.c, and where each thing is bent); profiles.c
 * composes targets that exist from it. A request that no fault bends pays one comparison for all of this.
 *
 * Where the RFC leaves a choice this server answers as strict servers do: attribute values have the types of the
 * schema, `schemas` is required, a member must exist (option), a group name is unique (option), a filter in a PATCH
 * path that selects nothing is 400 noTarget for add and replace. Removing a member that is not there is no error, so
 * that a repeated request stays harmless.
 */
#ifndef PRACTICE_PRACTICE_H
#define PRACTICE_PRACTICE_H

#include "base/buf.h"
#include "base/env.h"
#include "practice/faults.h"

/* --- limits ------------------------------------------------------------------------------------------------------- */
#define PRACTICE_BODY_BYTES ((size_t)16 * 1024 * 1024)    /* bytes of a request body, unless options say otherwise */
#define PRACTICE_ANSWER_BYTES ((size_t)512 * 1024 * 1024) /* bytes of an answer */
#define PRACTICE_PAGE_DEFAULT 100                         /* resources of a list answer when `count` is absent */
#define PRACTICE_PAGE_MAX 1000                            /* resources of a list answer; a larger `count` gives this */
#define PRACTICE_BULK_OPERATIONS 1000                     /* operations of a bulk request */
#define PRACTICE_PATCH_OPERATIONS 200000                  /* operations of a PATCH */
#define PRACTICE_RESOURCES 4000000                        /* users and groups in all */
#define PRACTICE_JOURNAL_ENTRIES 10000                    /* requests remembered, unless options say otherwise */
#define PRACTICE_JOURNAL_BODY_BYTES 2048                  /* bytes of each body remembered, unless options say so */
#define PRACTICE_COPIES 4000000                           /* names for which POSTs are counted */
#define PRACTICE_PATH_BYTES 512                           /* bytes of path and of query remembered */
#define PRACTICE_HEADER_BYTES 256                         /* bytes of a header value remembered */
#define PRACTICE_LOCATION_BYTES 768                       /* bytes of a location */
#define PRACTICE_HEADERS 9                                /* further headers of an answer */
#define PRACTICE_LAG_EFFECTS 4000000                      /* changes that a lagging read has not seen yet */

struct practice;

enum practice_kind { PRACTICE_USER, PRACTICE_GROUP };

struct practice_options {
    const char *token;    /* the bearer token; NULL or "" leaves the server open */
    const char *base_url; /* before /Users/ID in locations: "http://127.0.0.1:8081/scim/v2"; NULL: the path alone */
    bool duplicate_group_names; /* allowed; off: 409 uniqueness */
    bool unknown_members;       /* members whose id is unknown are stored; off: 400 invalidValue, nothing applied */
    bool group_patch_body;      /* PATCH of a group answers 200 with the group; off: 204 */
    size_t body_max;            /* bytes; 0: PRACTICE_BODY_BYTES */
    size_t page_max;            /* 0: PRACTICE_PAGE_MAX */
    size_t journal_entries;     /* 0: PRACTICE_JOURNAL_ENTRIES */
    size_t journal_body_bytes;  /* 0: PRACTICE_JOURNAL_BODY_BYTES; 1 keeps next to nothing */
    const struct practice_fault *faults; /* in force from the start */
    size_t fault_count;
    const char *profile; /* a name of profiles.h whose faults go before these; NULL: none */
    double rate_factor;  /* its rate limits are multiplied by this; 0: 1; negative: they are left out */
};

/* `env` must live as long as the state. `options` may be NULL; what it points to is copied. */
struct practice *practice_new(const struct env *env, const struct practice_options *options);
struct practice *practice_free(struct practice *practice); /* accepts NULL, returns NULL */
/* Deletes every user and group. */
void practice_clear(struct practice *practice);
/* For a server that learns its port late; copied. */
void practice_set_base_url(struct practice *practice, const char *base_url);
size_t practice_body_max(const struct practice *practice);

/* --- one request -------------------------------------------------------------------------------------------------- */
struct practice_request {
    const char *method;
    const char *path;          /* as sent, not decoded: "/scim/v2/Users/2819" */
    const char *query;         /* as sent, without '?', or NULL */
    const char *authorization; /* header values; NULL when absent */
    const char *if_match;
    const char *if_none_match;
    const char *content_type;
    const char *body;
    size_t body_len;        /* bytes */
    bool body_too_large;    /* the body was longer than practice_body_max() and is not here: 413 */
    const char *user_agent; /* header value; NULL when absent */
};

struct practice_response {
    int status;
    struct buf body;
    const char *content_type;               /* of the body; NULL when there is none */
    char location[PRACTICE_LOCATION_BYTES]; /* header values; "" means no such header */
    char etag[32];
    char retry_after[40];
    const char *allow; /* NULL: no such header */
    bool authenticate; /* send WWW-Authenticate: Bearer */
    bool reset;        /* close the connection and answer nothing */
    int delay_ms;      /* answer this much later */
    size_t step_bytes; /* send the body so many bytes at a time; 0: at once */
    int step_ms;       /* and so many milliseconds apart */
    size_t header_count;
    struct {
        const char *name;
        char value[32];
    } headers[PRACTICE_HEADERS]; /* further headers */
};
/* Once before the first use; the response can then be used for any number of requests, and is freed at the end. */
void practice_response_init(struct practice_response *response);
void practice_response_free(struct practice_response *response);

/* Never fails: what is wrong with a request is in the answer. */
void practice_handle(struct practice *practice, const struct practice_request *request, struct practice_response *ret);

/* --- faults: practice/faults.h says which there are -----------------------------------------------------------------
 */
/* Adds one to those in force. ERR_SYNTAX or ERR_TOO_LARGE with a sentence in `ret_why` (may be NULL). */
int practice_set_fault(struct practice *practice, const struct practice_fault *fault, char *ret_why,
                       size_t why_size) MUSTCHECK;
void practice_clear_faults(struct practice *practice);
/* How often the fault at that place (in the order of setting) has struck; 0 beyond the last. */
uint64_t practice_fault_strikes(const struct practice *practice, size_t index);

/* --- what is there: for oracles, no request is counted ---------------------------------------------------------------
 */
size_t practice_user_count(const struct practice *practice);
size_t practice_group_count(const struct practice *practice);
size_t practice_membership_count(const struct practice *practice);
/* By userName in any case. False when there is none; else its id (valid until it is deleted) and whether it is active.
 */
bool practice_find_user(const struct practice *practice, const char *user_name, const char **ret_id, bool *ret_active);
/* How many groups have this displayName (any case), and the id of the oldest (`ret_id` may be NULL, untouched for 0).
 */
size_t practice_find_group(const struct practice *practice, const char *display_name, const char **ret_id);
/* False when there is no user of that id. */
bool practice_user_active(const struct practice *practice, const char *user_id, bool *ret_active);
/* One attribute of a user or group as JSON text ("name.givenName", "displayName"), freed by the caller; NULL: absent.
 */
char *practice_attribute(const struct practice *practice, const char *id, const char *dotted);
/* The members of a group, 0 when there is no such group. */
size_t practice_group_size(const struct practice *practice, const char *group_id);
bool practice_group_has(const struct practice *practice, const char *group_id, const char *member_id);
/* The member after `previous` (NULL: the first) in the order of joining; NULL at the end. Not during changes. */
struct membership;
const struct membership *practice_group_members(const struct practice *practice, const char *group_id,
                                                const struct membership *previous);
const char *practice_member_id(const struct membership *membership);
/* Steps through users or groups in the order of creation: the resource after `previous_id` (NULL: the first), or NULL.
 */
const char *practice_next(const struct practice *practice, enum practice_kind kind, const char *previous_id);
/* The userName or displayName of a resource; NULL when there is none. */
const char *practice_name(const struct practice *practice, const char *id);

/* --- the journal ----------------------------------------------------------------------------------------------------
 */
struct practice_entry {
    uint64_t number; /* from 1, without gaps; counts forgotten requests too */
    int64_t time_ms; /* env's time */
    const char *method;
    const char *path;  /* as sent, cut at PRACTICE_PATH_BYTES */
    const char *query; /* NULL when there was none */
    size_t body_bytes; /* the size of the whole body */
    const char *body;  /* its beginning, cut at journal_body_bytes, NUL-terminated */
    int status; /* as answered; when the connection was dropped, what would have been answered, 0 if nothing was done */
    const char *fault; /* the name of the fault that struck, or NULL */
    bool dropped;
    const char *user_agent;   /* NULL when absent */
    const char *content_type; /* of the request; NULL when absent */
    size_t answer_bytes;      /* the size of the whole body of the answer */
    const char *answer;       /* its beginning, cut at journal_body_bytes, NUL-terminated */
    const char *answer_type;  /* its Content-Type, or NULL */
    const char *location;     /* header values of the answer; "" means no such header */
    const char *retry_after;
    int delay_ms; /* how late it was answered */
};
/* The oldest remembered request whose number is greater than `after`; false when there is none. */
bool practice_journal_next(const struct practice *practice, uint64_t after, struct practice_entry *ret);
/* The number of the last request, 0 before the first. Requests to /practice/ are not in the journal. */
uint64_t practice_journal_last(const struct practice *practice);
/* Forgets the entries and the copies; numbers go on. */
void practice_journal_clear(struct practice *practice);
/* Requests received since the start or the last clear; "" counts every method. */
uint64_t practice_journal_count(const struct practice *practice, const char *method);
/*
 * How many POSTs that would create a user of this userName (a group of this displayName) have been received, in
 * whatever letter case, answered or not, applied or not: more than one is a repeated create.
 */
uint64_t practice_copies(const struct practice *practice, enum practice_kind kind, const char *name);
/* The largest such number of all names of that kind; `ret_name` (may be NULL) gets the (folded) name, or NULL. */
uint64_t practice_copies_max(const struct practice *practice, enum practice_kind kind, const char **ret_name);
/* Elements looked at (resources compared with a filter, members visited or moved): the measure of cost for tests. */
uint64_t practice_steps(const struct practice *practice);

#endif
