/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What came back from a target: read as it arrives (bounded, members and list elements one by one), then judged. Pure:
 * no socket, no clock.
 */
#ifndef TARGET_ANSWER_H
#define TARGET_ANSWER_H

#include "base/jread.h"

enum error_class {
    ERROR_NONE,
#define X(name, scope, action, code, event, cause, remedy) ERROR_##name,
#include "target/errors.def"
#undef X
    ERROR_CLASS_COUNT,
};
enum error_scope { ERROR_SCOPE_OBJECT, ERROR_SCOPE_MEMBER, ERROR_SCOPE_APP };
enum error_action { ERROR_ACTION_RETRY, ERROR_ACTION_HOLD, ERROR_ACTION_RELOOK, ERROR_ACTION_READ_BACK };

const char *error_class_name(enum error_class class); /* "RATE_LIMITED"; NULL for ERROR_NONE */
enum error_class error_class_parse(const char *name); /* ERROR_NONE for NULL and unknown names */
enum error_scope error_class_scope(enum error_class class);
enum error_action error_class_action(enum error_class class);
const char *error_class_code(enum error_class class);  /* published, "E0000059" */
const char *error_class_event(enum error_class class); /* published event type */
/* What an administrator reads: the probable cause, what to do about it, and both. Sentences. */
const char *error_class_cause(enum error_class class);
const char *error_class_remedy(enum error_class class);
const char *error_class_words(enum error_class class);

/* How the exchange went below HTTP. */
enum transport {
    TRANSPORT_OK,            /* an HTTP status came */
    TRANSPORT_NOT_SENT,      /* failed before anything was sent: refused, reset while connecting */
    TRANSPORT_RESOLVE,       /* no address for the host name */
    TRANSPORT_TLS,           /* certificate or handshake */
    TRANSPORT_FORBIDDEN,     /* the name resolved to an address that is never connected to */
    TRANSPORT_TIMEOUT,       /* no whole answer in time, after (part of) the request was sent */
    TRANSPORT_UNKNOWN,       /* reset or cut after (part of) the request was sent */
    TRANSPORT_TOKEN_REFUSED, /* nothing was sent: the token endpoint takes the client's credential no more */
    TRANSPORT_TOKEN_FAILED,  /* nothing was sent: no access token could be had for now */
};

#define ANSWER_SECRETS_MAX 64     /* forms of the credential: at most 8 each of 6 texts */
#define ANSWER_EXCERPT_BYTES 4096 /* bytes of the body kept for the journal and for messages */

/* Which parts of a body are wanted. */
enum answer_shape {
    ANSWER_RESOURCE, /* one resource or an error; members dropped */
    ANSWER_LIST,     /* a ListResponse: its Resources, each without members */
    ANSWER_MEMBERS,  /* one group: the `value` of every member */
    ANSWER_USERS,    /* a page of a listing: its users, each with its profile */
    ANSWER_GROUPS,   /* a page of a listing: its groups, each with the `value` of its members */
    ANSWER_WHOLE,    /* one resource, all of it in `rest`, to be written back: LIMIT_ANSWER_BYTES at most */
};

struct found {                /* an element of Resources, or the resource itself */
    const char *id;           /* NULL when absent */
    const char *user_name;    /* users */
    const char *display_name; /* groups (and users) */
    const char *external_id;
    int active; /* 1, 0, -1 when absent; "False" as a string counts as 0 */
    /* ANSWER_USERS: JSON object of directory attribute names, keys sorted, without userName. NULL otherwise. */
    const char *profile;
    /* ANSWER_GROUPS: its part of answer->members; `has_members` as there. */
    size_t member_first, member_count;
    bool has_members;
};

struct answer {
    struct arena *arena; /* of the answer itself */
    enum answer_shape shape;
    enum transport transport;
    int status;
    int64_t retry_after_ms; /* milliseconds to wait, -1: not said */
    int64_t reset_ms;       /* the same from a rate limit's reset header; becomes retry_after_ms of a 429 without one */
    int64_t rate_remaining; /* requests left until then, -1: not said */
    int64_t _retry_at, _reset_at, _date; /* ms, by the app's clock: where a point in time was said; -1 */
    const char *transport_words; /* what the shell knows about a failure below HTTP; NULL takes the usual words */
    /* There is a body, but it is no JSON object, was cut, is over a limit, or (ANSWER_LIST) is no list. No body at all
     * is not malformed: bytes is 0. */
    bool malformed;
    bool id_too_long; /* an id over LIMIT_EXTERNAL_ID_BYTES was left out; the whole answer is malformed then */
    struct jread *reader;
    struct jval *rest;  /* the document without its long lists; NULL when there is none */
    struct buf excerpt; /* the first ANSWER_EXCERPT_BYTES of the body */
    size_t bytes;       /* of the body, all of them, without a byte order mark */
    size_t mark_bytes;
    char *secrets[ANSWER_SECRETS_MAX]; /* answer_hide(): what is hidden, the longest first */
    size_t secret_count;
    struct found resource; /* ANSWER_RESOURCE, ANSWER_MEMBERS: the resource */
    struct found *found;   /* ANSWER_LIST, ANSWER_USERS, ANSWER_GROUPS */
    size_t found_count, found_size;
    bool found_overflow;  /* more than ANSWER_FOUND_MAX matched: two matches at least */
    const char **members; /* ANSWER_MEMBERS, ANSWER_GROUPS: values, in order */
    size_t member_count, member_size;
    size_t members_taken; /* ANSWER_GROUPS: of those, how many belong to the groups that are complete */
    bool has_members;     /* the attribute was there as an array (maybe empty); null proves nothing */
};
#define ANSWER_FOUND_MAX 200       /* resources kept of one list answer */
#define ANSWER_PAGE_MAX 10000      /* resources of one page of a listing; more is malformed */
#define ANSWER_VALUE_BYTES 4096    /* bytes of an attribute of a profile in a listing; longer ones are left out */
#define ANSWER_MEMBERS_MAX 1000000 /* members kept of one group */

struct answer *answer_new(enum answer_shape shape);
struct answer *answer_free(struct answer *answer); /* accepts NULL, returns NULL */
/*
 * The credential as it was sent: the value of the header, with or without a scheme ("Basic", "Bearer") before it. Where
 * the target repeats it, or the user and password that a Basic one holds, or the password alone, each as it is, in
 * base64, percent-encoded or escaped as in JSON, the excerpt and the words show asterisks instead. At most twice per
 * answer, before answer_finish(); the copies are wiped by answer_free(). NULL and texts shorter than 4 bytes hide
 * nothing.
 */
void answer_hide(struct answer *answer, const char *secret);
/* Body bytes as they arrive, in pieces of any size. */
void answer_feed(struct answer *answer, const char *bytes, size_t n);
/*
 * Headers: Retry-After matters (seconds or an HTTP date), and what is told of a rate limit: RateLimit-Remaining and
 * -Reset with their older spellings X-RateLimit- and X-Rate-Limit- (the reset in seconds from now, or since the epoch),
 * and RateLimit in both drafts' forms: limit=100, remaining=50, reset=5 and "default";r=50;t=5, of several limits the
 * one of which the least is left. Points in time count from the answer's own Date, else from now_ms, our time.
 */
void answer_header(struct answer *answer, const char *name, const char *value, int64_t now_ms);
/* The exchange ended. `status` counts with TRANSPORT_OK only. Once per answer, which is complete from then on. */
void answer_finish(struct answer *answer, enum transport transport, int status);

/* What a page of a listing says of the listing. */
struct answer_page {
    int64_t total;           /* totalResults; -1 when absent or no number. Servers were seen that are wrong about it */
    const char *next_cursor; /* RFC 9865; NULL: none, or the last page. Lives as long as the answer */
};
struct answer_page answer_page(const struct answer *answer);

/* What a request was, for judging: a failed read has no unknown outcome, a 404 on delete is success ... */
enum request_kind {
    REQUEST_FIND_USER,
    REQUEST_CREATE_USER,
    REQUEST_READ_USER,
    REQUEST_UPDATE_USER, /* profile, activation, deactivation */
    REQUEST_FIND_GROUP,
    REQUEST_CREATE_GROUP,
    REQUEST_READ_GROUP,
    REQUEST_RENAME_GROUP,
    REQUEST_MEMBERS,
    REQUEST_DELETE_GROUP,
    REQUEST_PROBE, /* ServiceProviderConfig */
    REQUEST_LIST_USERS,
    REQUEST_LIST_GROUPS,
};
bool request_is_write(enum request_kind kind);

/*
 * ERROR_NONE: done as asked. REQUEST_FIND_*: 404 counts as "none found". REQUEST_DELETE_GROUP: 404 counts as done. A
 * create answered 2xx without an id, or with one over LIMIT_EXTERNAL_ID_BYTES, is ERROR_OUTCOME_UNKNOWN (look it up).
 * A 2xx whose body is malformed acknowledges nothing: ERROR_MALFORMED_ANSWER, of writes as well; one without a body
 * acknowledges a write that needs no id. A write with TRANSPORT_TIMEOUT, TRANSPORT_UNKNOWN, 408, 502, 504 or a
 * proxy's 52x is ERROR_OUTCOME_UNKNOWN; a read is TIMEOUT, CONNECTION_LOST, or (502, 52x) SERVER_ERROR. A create
 * answered 404 is UNSUPPORTED: there is nothing to look for again. 403 with Retry-After is RATE_LIMITED. A find
 * answered invalidFilter or tooMany is UNSUPPORTED: nothing is known. So is a list answered 404: there is no such
 * endpoint. A 400, 409 or 422 to REQUEST_MEMBERS is MEMBER_UNKNOWN whatever the number of members: who was the cause
 * shows when the batch is split.
 */
enum error_class answer_judge(const struct answer *answer, enum request_kind kind);
/* The scimType of a SCIM error ("uniqueness", "noTarget"), or NULL. Lives as long as the answer. */
const char *answer_scim_type(const struct answer *answer);
/*
 * The words of the target: "Conflict. Errors reported by remote server: A team with this slug already exists." (the
 * reference's text form: HTTP reason, then scim detail), or what happened below HTTP ("Read timed out"). In `arena`.
 */
const char *answer_words(struct arena *arena, const struct answer *answer) __attribute__((returns_nonnull));

#endif
