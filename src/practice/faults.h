/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults to order: what the practice target does wrong, to whom and how often. The catalogue is the table below; a new
 * fault is a line there and, unless what an old one does fits, a case where its phase is played: faults.c for those
 * that answer instead of or after the request, the file whose business is bent for the others.
 *
 * Most of the catalogue is no fault in the strict sense but the manners of real targets; profiles.c composes named
 * targets from them.
 */
#ifndef PRACTICE_FAULTS_H
#define PRACTICE_FAULTS_H

#include "base/macros.h"

#define PRACTICE_FAULTS 64 /* faults in force at once */

/* When a fault acts on the request that it strikes. */
enum fault_phase {
    FAULT_BEFORE, /* instead of applying the request */
    FAULT_AFTER,  /* after the request was applied */
    FAULT_DURING, /* bends how the request is applied or answered; strikes when that makes a difference */
};

/* What a fault of that name must be given. */
#define FAULT_NEEDS_NOTHING 0
#define FAULT_NEEDS_STATUS 1
#define FAULT_NEEDS_MS 2
#define FAULT_NEEDS_MAX 4
#define FAULT_NEEDS_TEXT 8
#define FAULT_NEEDS_RATE 16

/* X(symbol, name, phase, needs, status unless told otherwise, what it does) */
#define FAULT_LIST(X)                                                                                                  \
    /* the connection and the answer */                                                                                \
    X(FAULT_DROP_BEFORE, "drop_before", FAULT_BEFORE, FAULT_NEEDS_NOTHING, 0,                                          \
      "closes the connection without applying the request")                                                            \
    X(FAULT_DROP_AFTER, "drop_after", FAULT_AFTER, FAULT_NEEDS_NOTHING, 0,                                             \
      "applies the request, then closes the connection without an answer")                                             \
    X(FAULT_STATUS, "status", FAULT_BEFORE, FAULT_NEEDS_STATUS, 0,                                                     \
      "answers `status` without applying the request; `text` is the detail")                                           \
    X(FAULT_STATUS_AFTER, "status_after", FAULT_AFTER, FAULT_NEEDS_STATUS, 0,                                          \
      "applies the request, then answers `status`; `text` is the detail")                                              \
    X(FAULT_LATENCY, "latency", FAULT_AFTER, FAULT_NEEDS_MS, 0,                                                        \
      "answers `ms` milliseconds late: `spread` fixed; uniform, from `ms` to `msMax`; exponential, `ms` on average "   \
      "and at most `msMax`")                                                                                           \
    X(FAULT_RATE_LIMIT, "rate_limit", FAULT_BEFORE, FAULT_NEEDS_RATE, 429,                                             \
      "a bucket of `burst` requests that is filled by `rate` every `perMs`; an empty one answers `status`. "           \
      "`headers`: "                                                                                                    \
      "none, or some of retry-after, retry-after-date, x-ratelimit, x-rate-limit, ratelimit. `text`: window (the "     \
      "bucket is filled at once when each perMs ends), adds (each member that is added counts)")                       \
    X(FAULT_TRUNCATE, "truncate", FAULT_AFTER, FAULT_NEEDS_NOTHING, 0, "cuts the body of the answer in half")          \
    X(FAULT_NOT_JSON, "not_json", FAULT_AFTER, FAULT_NEEDS_NOTHING, 0,                                                 \
      "answers with a page of HTML instead of the body; `status` instead of the status, if given")                     \
    X(FAULT_SLOW, "slow", FAULT_AFTER, FAULT_NEEDS_MS | FAULT_NEEDS_MAX, 0,                                            \
      "sends the body `max` bytes at a time, `ms` milliseconds apart")                                                 \
    X(FAULT_PLAIN_ERRORS, "plain_errors", FAULT_AFTER, FAULT_NEEDS_NOTHING, 0,                                         \
      "errors are {\"error\": ...} instead of SCIM errors")                                                            \
    X(FAULT_PLAIN_TYPE, "plain_type", FAULT_AFTER, FAULT_NEEDS_NOTHING, 0,                                             \
      "answers are application/json, or what `text` says, instead of application/scim+json")                           \
    /* limits of one request */                                                                                        \
    X(FAULT_USER_AGENT, "user_agent_required", FAULT_BEFORE, FAULT_NEEDS_NOTHING, 403,                                 \
      "refuses requests without User-Agent")                                                                           \
    X(FAULT_MEMBERS_MAX, "members_max", FAULT_BEFORE, FAULT_NEEDS_MAX | FAULT_NEEDS_STATUS, 0,                         \
      "answers `status` when a request to a group names more than `max` members")                                      \
    X(FAULT_ADDS_MAX, "adds_max", FAULT_BEFORE, FAULT_NEEDS_MAX, 400,                                                  \
      "refuses to add more than `max` members in one request")                                                         \
    X(FAULT_REMOVALS_MAX, "removals_max", FAULT_BEFORE, FAULT_NEEDS_MAX, 400,                                          \
      "refuses to remove more than `max` members in one request")                                                      \
    X(FAULT_MIXED, "mixed_refused", FAULT_BEFORE, FAULT_NEEDS_NOTHING, 400,                                            \
      "refuses a PATCH that has more than one of: members to add, members to remove, other attributes")                \
    X(FAULT_OPERATIONS_MAX, "operations_max", FAULT_BEFORE, FAULT_NEEDS_MAX, 400,                                      \
      "refuses more than `max` operations in one PATCH or Bulk")                                                       \
    X(FAULT_BYTES_MAX, "bytes_max", FAULT_BEFORE, FAULT_NEEDS_MAX, 413, "refuses bodies of more than `max` bytes")     \
    /* what is applied, and what is only said to be */                                                                 \
    X(FAULT_HALF, "half", FAULT_DURING, FAULT_NEEDS_NOTHING, 500,                                                      \
      "applies the first half of the operations (of one operation: of its members; rounded down), then answers "       \
      "`status`")                                                                                                      \
    X(FAULT_SWALLOW, "swallow", FAULT_DURING, FAULT_NEEDS_NOTHING, 0,                                                  \
      "answers a write as if it had been applied, and stores nothing")                                                 \
    X(FAULT_MEMBERS_BEYOND, "members_beyond", FAULT_DURING, FAULT_NEEDS_MAX, 0,                                        \
      "silently drops the members that a request adds beyond the first `max`")                                         \
    X(FAULT_MEMBERS_LOST, "members_lost", FAULT_DURING, FAULT_NEEDS_MAX, 0,                                            \
      "silently drops `max` of the members that a request adds, those by chance")                                      \
    X(FAULT_LAG, "lag", FAULT_DURING, FAULT_NEEDS_MS, 0,                                                               \
      "reads show what was there `ms` milliseconds ago (as far back as the fault is in force)")                        \
    /* members */                                                                                                      \
    X(FAULT_MEMBERS_EMPTY, "members_empty", FAULT_DURING, FAULT_NEEDS_NOTHING, 0, "shows every group without members") \
    X(FAULT_MEMBERS_ABSENT, "members_absent", FAULT_DURING, FAULT_NEEDS_NOTHING, 0,                                    \
      "shows groups without the attribute members")                                                                    \
    X(FAULT_GROUP_MAX, "group_max", FAULT_DURING, FAULT_NEEDS_MAX, 400,                                                \
      "refuses what would make a group larger than `max` members")                                                     \
    X(FAULT_UNKNOWN_MEMBERS, "unknown_members", FAULT_DURING, FAULT_NEEDS_TEXT, 400,                                   \
      "members whose id nobody has, by `text`: store, ignore, refuse (with `status`), partial (the others are "        \
      "stored, the answer is `status`)")                                                                               \
    X(FAULT_MEMBER_REFUSED, "member_refused", FAULT_DURING, FAULT_NEEDS_TEXT, 400,                                     \
      "refuses to add the members whose ids or user names are in `text`, and everything that comes with them")         \
    X(FAULT_INACTIVE_MEMBERS, "inactive_members_refused", FAULT_DURING, FAULT_NEEDS_NOTHING, 400,                      \
      "refuses to add users that are not active")                                                                      \
    X(FAULT_NESTED, "nested_refused", FAULT_DURING, FAULT_NEEDS_NOTHING, 400, "refuses groups as members")             \
    X(FAULT_READD_DUPLICATES, "readd_duplicates", FAULT_DURING, FAULT_NEEDS_NOTHING, 0,                                \
      "a member that is added again is listed twice")                                                                  \
    X(FAULT_READD_REFUSED, "readd_refused", FAULT_DURING, FAULT_NEEDS_NOTHING, 500,                                    \
      "answers `status` when a member is added that is there already")                                                 \
    X(FAULT_DANGLING, "dangling_members", FAULT_DURING, FAULT_NEEDS_NOTHING, 0,                                        \
      "the ids of users that are deleted stay in their groups")                                                        \
    X(FAULT_WRAPPED, "members_wrapped", FAULT_DURING, FAULT_NEEDS_NOTHING, 0,                                          \
      "takes {\"members\": [...]} as the value of the path members too")                                               \
    /* forms of changes: forms.c says which there are */                                                               \
    X(FAULT_FORM_REFUSED, "form_refused", FAULT_DURING, FAULT_NEEDS_TEXT, 400,                                         \
      "refuses changes of members in the forms of `text`")                                                             \
    X(FAULT_FORM_IGNORED, "form_ignored", FAULT_DURING, FAULT_NEEDS_TEXT, 0,                                           \
      "answers changes of members in the forms of `text` as if they had been applied, and ignores them")               \
    X(FAULT_FORM_MERGES, "form_merges", FAULT_DURING, FAULT_NEEDS_TEXT, 0,                                             \
      "a replacement in the forms of `text` adds, and removes nobody")                                                 \
    X(FAULT_FORM_CLEARS, "form_clears", FAULT_DURING, FAULT_NEEDS_TEXT, 0,                                             \
      "a change in the forms of `text` removes every member first")                                                    \
    X(FAULT_PATCH_ATTRIBUTES, "patch_attributes", FAULT_DURING, FAULT_NEEDS_TEXT, 400,                                 \
      "refuses a PATCH of attributes that are not in `text`")                                                          \
    /* users, names and ids */                                                                                         \
    X(FAULT_ATTRIBUTE_REFUSED, "attribute_refused", FAULT_DURING, FAULT_NEEDS_TEXT, 400,                               \
      "refuses bodies that have one of the attributes in `text`")                                                      \
    X(FAULT_ATTRIBUTE_REQUIRED, "attribute_required", FAULT_DURING, FAULT_NEEDS_TEXT, 400,                             \
      "refuses to create what lacks one of the attributes in `text`")                                                  \
    X(FAULT_DOMAIN, "domain_required", FAULT_DURING, FAULT_NEEDS_TEXT, 400,                                            \
      "refuses users whose userName is no address in one of the domains in `text`")                                    \
    X(FAULT_INACTIVE_LOCKED, "inactive_locked", FAULT_DURING, FAULT_NEEDS_NOTHING, 403,                                \
      "refuses changes of a user that is not active, unless they make it active")                                      \
    X(FAULT_DEACTIVATION_DELETES, "deactivation_deletes", FAULT_DURING, FAULT_NEEDS_NOTHING, 0,                        \
      "a user that is made inactive is deleted")                                                                       \
    X(FAULT_DELETION_DEACTIVATES, "deletion_deactivates", FAULT_DURING, FAULT_NEEDS_NOTHING, 0,                        \
      "a user that is deleted is made inactive instead")                                                               \
    X(FAULT_IDS, "ids", FAULT_DURING, FAULT_NEEDS_TEXT, 0,                                                             \
      "new ids are of the style of `text`: space, at, percent, unicode, mixed, uuid, number, name (userName or "       \
      "displayName), externalId")                                                                                      \
    X(FAULT_NAMES_EXACT, "names_exact", FAULT_DURING, FAULT_NEEDS_NOTHING, 0,                                          \
      "userName and displayName in another letter case are another name, in filters too")                              \
    X(FAULT_DUPLICATES, "duplicates_allowed", FAULT_DURING, FAULT_NEEDS_NOTHING, 0,                                    \
      "creates what has the name of another")                                                                          \
    X(FAULT_CREATED_NO_ID, "created_without_id", FAULT_DURING, FAULT_NEEDS_NOTHING, 0,                                 \
      "a 201 has no id, and a Location that ends in /undefined")                                                       \
    X(FAULT_CREATED_NO_BODY, "created_without_body", FAULT_DURING, FAULT_NEEDS_NOTHING, 0,                             \
      "a 201 has neither body nor Location")                                                                           \
    X(FAULT_NO_LOCATION, "no_location", FAULT_DURING, FAULT_NEEDS_NOTHING, 0, "answers have no Location")              \
    X(FAULT_NO_META, "no_meta", FAULT_DURING, FAULT_NEEDS_NOTHING, 0, "resources have no meta, answers no ETag")       \
    X(FAULT_ATTRIBUTE_LOST, "attribute_lost", FAULT_DURING, FAULT_NEEDS_TEXT, 0,                                       \
      "does not store the attributes in `text`, and says nothing")                                                     \
    X(FAULT_ID_HIDDEN, "id_hidden", FAULT_DURING, FAULT_NEEDS_NOTHING, 0, "reads show no id")                          \
    X(FAULT_PATCH_BODY, "patch_with_body", FAULT_DURING, FAULT_NEEDS_NOTHING, 0,                                       \
      "a PATCH of a group that changes something (`text` always: any) answers 200 with the group")                     \
    X(FAULT_PATCH_EMPTY, "patch_without_body", FAULT_DURING, FAULT_NEEDS_NOTHING, 0, "every PATCH answers 204")        \
    /* filters and pages */                                                                                            \
    X(FAULT_FILTER_REFUSED, "filter_refused", FAULT_DURING, FAULT_NEEDS_NOTHING, 400,                                  \
      "refuses filters; with `text`: those on other attributes than these")                                            \
    X(FAULT_FILTER_EQ_ONLY, "filter_eq_only", FAULT_DURING, FAULT_NEEDS_NOTHING, 400,                                  \
      "refuses filters of anything but eq; `text` can allow and, or")                                                  \
    X(FAULT_FILTER_TERMS, "filter_terms_max", FAULT_DURING, FAULT_NEEDS_MAX, 400,                                      \
      "refuses filters of more than `max` comparisons")                                                                \
    X(FAULT_FILTER_IGNORED, "filter_ignored", FAULT_DURING, FAULT_NEEDS_NOTHING, 0, "lists everything, filter or not") \
    X(FAULT_FILTER_BLIND, "filter_blind", FAULT_DURING, FAULT_NEEDS_TEXT, 0,                                           \
      "a filter on one of the attributes in `text` finds nothing")                                                     \
    X(FAULT_FILTER_PATTERN, "filter_pattern", FAULT_DURING, FAULT_NEEDS_NOTHING, 400,                                  \
      "userName eq takes its value as a regular expression; refuses what is none")                                     \
    X(FAULT_TOTAL, "total_wrong", FAULT_DURING, FAULT_NEEDS_TEXT, 0,                                                   \
      "totalResults by `text`: page (the resources of this page), zero, more (one page more than there is), absent")   \
    X(FAULT_PAGES_ENDLESS, "pages_endless", FAULT_DURING, FAULT_NEEDS_NOTHING, 0,                                      \
      "startIndex is ignored: every page is the first")                                                                \
    X(FAULT_PAGES_WRAP, "pages_wrap", FAULT_DURING, FAULT_NEEDS_NOTHING, 0,                                            \
      "the page behind the last is the first again, with the startIndex that was asked for")                           \
    X(FAULT_PAGES_OVERLAP, "pages_overlap", FAULT_DURING, FAULT_NEEDS_MAX, 0,                                          \
      "a page begins with the last `max` resources of the one before")                                                 \
    X(FAULT_PAGES_SKIP, "pages_skip", FAULT_DURING, FAULT_NEEDS_MAX, 0,                                                \
      "`max` resources are missing between a page and the one before")                                                 \
    X(FAULT_PAGE_MAX, "page_max", FAULT_DURING, FAULT_NEEDS_MAX, 0, "a page has at most `max` resources")              \
    X(FAULT_PAGE_DEFAULT, "page_default", FAULT_DURING, FAULT_NEEDS_MAX, 0,                                            \
      "a page has `max` resources when no count is given")                                                             \
    X(FAULT_CURSOR, "cursor", FAULT_DURING, FAULT_NEEDS_NOTHING, 400,                                                  \
      "pages by cursor (RFC 9865) too; `text` only: startIndex is refused; `max`: resources of a page by cursor; "     \
      "`ms`: a cursor expires after so many milliseconds")                                                             \
    X(FAULT_RESOURCES_LOWER, "resources_lowercase", FAULT_DURING, FAULT_NEEDS_NOTHING, 0,                              \
      "lists say resources instead of Resources")                                                                      \
    /* what the target says about itself */                                                                            \
    X(FAULT_CONFIG, "config", FAULT_DURING, FAULT_NEEDS_TEXT, 0,                                                       \
      "ServiceProviderConfig says, by `text`: no-patch, no-bulk, bare-bulk (without limits), no-filter, no-sort, "     \
      "no-etag, no-password, no-pagination")                                                                           \
    X(FAULT_CONFIG_NAME, "config_name", FAULT_DURING, FAULT_NEEDS_TEXT, 0,                                             \
      "ServiceProviderConfig is found under the name in `text` alone")

enum fault_kind {
    FAULT_NONE,
#define X(symbol, name, phase, needs, status, text) symbol,
    FAULT_LIST(X)
#undef X
        FAULT_KINDS
};

enum fault_spread { SPREAD_FIXED, SPREAD_UNIFORM, SPREAD_EXPONENTIAL };

/* What a rate limit says of itself. The second group is on every answer that it counts. */
enum fault_header {
    HEADER_NONE = 1,
    HEADER_RETRY_AFTER = 2,      /* Retry-After: 7 */
    HEADER_RETRY_AFTER_DATE = 4, /* Retry-After: Wed, 25 Mar 2026 06:09:51 GMT */
    HEADER_X_RATELIMIT = 8,      /* X-RateLimit-Limit, -Remaining, -Reset (seconds since the epoch) */
    HEADER_X_RATE_LIMIT = 16,    /* X-Rate-Limit-..., the same */
    HEADER_RATELIMIT = 32,       /* RateLimit-Limit, -Remaining, -Reset (seconds from now) */
};

#define FAULT_TEXT_BYTES 256

struct practice_fault {
    enum fault_kind kind;
    char method[32];  /* one or some, separated by spaces or commas: "PUT PATCH"; "" for every method */
    char prefix[128]; /* of the path below /scim/v2, "/Groups"; "/Groups$" is that path alone; "" for every path */
    unsigned every;   /* strikes each Nth request that fits; 0 means 1 */
    unsigned times;   /* strikes at most this often; 0: without end */
    int status;       /* 0: what the catalogue says */
    int ms;
    unsigned max;
    int retry_after; /* seconds in a Retry-After header of `status`; 0: none */
    /* Further conditions. */
    double percent;              /* strikes that share of the requests that fit, by chance; 0 means 100 */
    unsigned over_bytes;         /* fits bodies of more bytes than this; 0: any */
    unsigned under_bytes;        /* fits bodies of fewer bytes than this; 0: any */
    int after_ms;                /* in force so many milliseconds after it was set */
    int for_ms;                  /* and so many milliseconds long; 0: without end */
    char text[FAULT_TEXT_BYTES]; /* words, separated by spaces or commas, or a sentence */
    char scim_type[32];          /* of the error that is answered; "": none */
    int ms_max;                  /* of FAULT_LATENCY; 0: ten times `ms` */
    enum fault_spread spread;
    unsigned rate;    /* of FAULT_RATE_LIMIT: requests... */
    int per_ms;       /* ...in so many milliseconds; 0: 1000 */
    unsigned burst;   /* 0: as `rate` */
    unsigned headers; /* of enum fault_header; 0: HEADER_RETRY_AFTER; also the form of `retry_after` */
};

/* The name of a kind; NULL for FAULT_NONE. */
const char *fault_name(enum fault_kind kind);
/* FAULT_NONE for a name that is not in the table. */
enum fault_kind fault_by_name(const char *name);

/*
 * Reads a fault from a line: the name, then ",key=value" with the keys of /practice/faults
 * ("status,method=PATCH,percent=5,status=500"), or the JSON object itself. 0, or ERR_SYNTAX with a sentence in
 * `ret_why`.
 */
int fault_parse(const char *text, struct practice_fault *ret, char *ret_why, size_t why_size) MUSTCHECK;

#endif
