/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share and nobody else sees: the state, a call in progress, and who does what. */
#ifndef PRACTICE_INNER_H
#define PRACTICE_INNER_H

#include "base/err.h"
#include "base/filter.h"
#include "base/jout.h"
#include "base/url.h"
#include "practice/hash.h"
#include "practice/practice.h"
#include "practice/profiles.h"
#include "practice/schema.h"

#include <stdarg.h>

#define SCIM_PREFIX "/scim/v2"
#define URN_LIST "urn:ietf:params:scim:api:messages:2.0:ListResponse"
#define URN_SEARCH "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
#define URN_PATCH "urn:ietf:params:scim:api:messages:2.0:PatchOp"
#define URN_BULK_REQUEST "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
#define URN_BULK_RESPONSE "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
#define URN_ERROR "urn:ietf:params:scim:api:messages:2.0:Error"

#define KINDS 2

/* --- the state ------------------------------------------------------------------------------------------------------
 */

/* A user or a group. What clients wrote is in `doc` (canonical names, without id, schemas, meta, groups, members). */
struct resource {
    enum practice_kind kind;
    uint64_t seq; /* grows with every creation: the order of lists */
    uint64_t version;
    int64_t created_ms;
    int64_t modified_ms;
    struct jval *doc;
    char *text; /* `doc` as JSON without its braces, made when first needed; NULL after a change */
    size_t text_len;
    struct resource *prev; /* of its kind, in the order of creation */
    struct resource *next;
    struct index_node by_name;     /* folded userName or displayName */
    struct index_node by_external; /* externalId */
    struct membership *in_first;   /* the memberships that others' groups have of it */
    /* groups alone */
    struct hash members; /* member id -> struct membership */
    struct membership *first;
    struct membership *last;
    uint64_t stamp; /* of the last replacement of all members */
    char id[];
};

struct membership {
    struct resource *group;
    struct resource *member; /* NULL: an id that nobody has (options.unknown_members) */
    char *unknown;           /* that id, owned; NULL otherwise */
    struct membership *prev; /* in the group, in the order of joining */
    struct membership *next;
    struct membership *in_prev; /* of the member */
    struct membership *in_next;
    uint64_t stamp;
    unsigned extra; /* how often it is listed beyond once (FAULT_READD_DUPLICATES) */
};

/* The users or the groups. */
struct shelf {
    struct hash by_name;
    struct hash by_external;
    struct resource *first;
    struct resource *last;
    size_t count;
    /* Where the last page ended: reading a list page by page does not walk it from the start each time. */
    struct resource *cursor;
    size_t cursor_at; /* its place, from 1 */
};

struct journal;
struct faults;
struct lag;

struct practice {
    const struct env *env;
    struct practice_options options; /* the pointers in it are not used: */
    char *base_url;
    bool has_token;
    unsigned char token_hash[32];
    unsigned char seed[HASH_SEED_BYTES];
    struct hash by_id;
    struct shelf shelves[KINDS];
    size_t membership_count;
    bool has_unknown; /* some member may be an id that nobody has */
    uint64_t next_seq;
    uint64_t next_stamp;
    uint64_t next_number; /* of ids that are numbers */
    uint64_t steps;
    struct arena *arena;   /* of the request; reset when it ends */
    struct arena *scratch; /* of one comparison */
    struct journal *journal;
    struct faults *faults;        /* shared with the past */
    struct lag *lag;              /* NULL as long as no read is to lag */
    struct name_pattern *pattern; /* of the latest filter that was taken for one; NULL: none yet */
};

/* --- a call
 * ----------------------------------------------------------------------------------------------------------- */

/* Why a request is refused; becomes the SCIM error. */
struct refusal {
    int status;
    const char *scim_type; /* NULL: none */
    char detail[512];
};

/* Fills in the refusal; always returns ERR_PROBLEM. */
int refuse(struct refusal *refusal, int status, const char *scim_type, const char *format, ...) PRINTF_LIKE(4, 5);
/* 400 invalidValue. */
int refuse_value(struct refusal *refusal, const char *format, ...) PRINTF_LIKE(2, 3);
/* 400 invalidSyntax. */
int refuse_syntax(struct refusal *refusal, const char *format, ...) PRINTF_LIKE(2, 3);

/* One operation on the resources: an HTTP request, or one line of a bulk request. */
struct call {
    struct practice *p;
    struct arena *arena;
    const char *method;
    struct url_path path; /* below SCIM_PREFIX: {"Users", "2819"} */
    struct url_params params;
    const char *if_match;
    const char *if_none_match;
    struct jval *body; /* NULL when there is none; owned by whoever made the call */
    bool in_bulk;
    const char *made_id; /* of the resource that a POST has created */
    struct refusal refusal;
    struct practice_response *ret;
};

/* Routes below SCIM_PREFIX. 0 with call->ret filled in, or ERR_PROBLEM with call->refusal. (handle.c) */
int call_dispatch(struct call *call) MUSTCHECK;
/* 405 with an Allow header. */
int call_refuse_method(struct call *call, const char *allow);
/* The body is there and names `urn` in its `schemas`. */
int call_body(struct call *call, const char *urn) MUSTCHECK;
/* Counts the POST of a user or group in the journal. */
void call_note_copy(struct call *call);
/* Overwrites every byte that is no part of well-formed UTF-8 with '?'. */
void utf8_repair(char *text);
/* The SCIM error as a body. */
void refusal_write(const struct refusal *refusal, struct buf *out);

/* --- resources (resource.c)
 * ------------------------------------------------------------------------------------------- */
const char *kind_path(enum practice_kind kind); /* "Users" */
const char *kind_name(enum practice_kind kind); /* "User" */
const char *kind_key(enum practice_kind kind);  /* "userName": the name by which it is found */
struct resource *resource_find(const struct practice *p, enum practice_kind kind, const char *id);
/* The folded form of a name, in the arena. */
const char *name_fold(struct arena *arena, const char *name);
/*
 * Creates a resource that has `doc` (taken over, also on failure). 409 for a name that is taken, 507 when full.
 */
int resource_create(struct call *call, enum practice_kind kind, struct jval *doc, struct resource **ret) MUSTCHECK;
/* 409 when another resource has the name of `doc`. `self` may be NULL. */
int resource_check_name(struct call *call, enum practice_kind kind, const struct jval *doc,
                        const struct resource *self) MUSTCHECK;
/* Gives it another document (taken over); the name was checked. */
void resource_set_doc(struct practice *p, struct resource *r, struct jval *doc);
/* A new version, now. */
void resource_touch(struct practice *p, struct resource *r);
/* Out of its groups, the indexes and the memory. */
void resource_delete(struct practice *p, struct resource *r);
/* The same, without a word about FAULT_DANGLING: `dangling` leaves its id in the groups where it is. */
void resource_remove(struct practice *p, struct resource *r, bool dangling);
/* Puts a resource of that id and document (taken over) into the state. */
struct resource *resource_insert(struct practice *p, enum practice_kind kind, const char *id, struct jval *doc);
/* What a user body may not have, must have, and what happens to it on the way. (resource.c) */
int resource_bend_body(struct call *call, enum practice_kind kind, struct jval *doc, bool create) MUSTCHECK;
#define ID_STYLES "space at percent unicode mixed uuid number name externalId"
#define RESOURCE_ID_BYTES 136 /* of an id with its NUL */
bool resource_is_active(const struct resource *r);
/* 412 when If-Match names other versions. */
int resource_check_match(struct call *call, const struct resource *r) MUSTCHECK;
/* If-None-Match names the present version: 304. */
bool resource_not_modified(const struct call *call, const struct resource *r);
void resource_etag(const struct resource *r, char *ret, size_t size);

/* --- memberships (members.c)
 * ------------------------------------------------------------------------------------------ */

/* What one request has changed so far: undone as a whole when a later part of it is refused. */
struct members_change {
    struct call *call;
    struct resource *group;
    struct {
        struct membership *membership;
        enum { MEMBER_ADDED, MEMBER_REMOVED, MEMBER_REPEATED } what;
    } * done;
    size_t count;
    size_t size;
    size_t adds;         /* members that the request has asked to add so far */
    size_t to_lose;      /* FAULT_MEMBERS_LOST: how many more are lost... */
    size_t to_come;      /* ...of how many that are to come */
    struct refusal late; /* status 0: none. The answer although what could be stored is stored */
};
void members_begin(struct members_change *change, struct call *call, struct resource *group);
/* `value`: one {"value": id} or an array of them. 400 for what is no member. */
int members_add(struct members_change *change, const struct jval *value) MUSTCHECK;
/* Adds what is missing and removes what is not named; NULL and [] empty the group. */
int members_replace(struct members_change *change, const struct jval *value) MUSTCHECK;
/* What a request to a group with the body's members does to them: in the form `word` of a POST or PUT. */
int members_put(struct members_change *change, const struct jval *members, const char *word) MUSTCHECK;
/* Removes those named in `value`; those that are not there are passed over. */
int members_remove(struct members_change *change, const struct jval *value) MUSTCHECK;
/* Removes those that a filter selects (NULL: all); returns how many. ERR_PROBLEM for a filter that cannot be applied.
 */
int members_remove_where(struct members_change *change, const struct filter *where) MUSTCHECK;
/* Ends the change; true when something differs from before. */
bool members_commit(struct members_change *change);
void members_rollback(struct members_change *change);
struct membership *members_find(const struct resource *group, const char *id);
/* Links a membership for lag.c, which checks nothing and notes nothing. */
void members_link(struct practice *p, struct resource *group, const char *member_id);
void members_unlink(struct practice *p, struct membership *m);
const char *membership_id(const struct membership *m);
/* A member's or group's "display". */
const char *resource_display(const struct resource *r);
/* One element of `members` as clients see it; the caller frees it. */
struct jval *membership_value(const struct practice *p, const struct membership *m);
/* Removes every membership of the resource, as a member (or leaves its id there: `dangling`) and as a group. */
void members_forget(struct practice *p, struct resource *r, bool dangling);

/* --- filters (match.c)
 * ------------------------------------------------------------------------------------------------ */

/* Checks what can be checked without a resource. 400 invalidFilter. */
int match_check(struct refusal *refusal, const struct filter *filter, const struct schema_attr *attrs) MUSTCHECK;
bool match_resource(struct practice *p, const struct resource *r, const struct filter *filter);
/* Whether one element of a multi-valued attribute is selected. `attrs` describe it (may be NULL). */
bool match_element(struct arena *arena, const struct jval *element, const struct schema_attr *attrs,
                   const struct filter *where);
/* The value of a top-level attribute, those that are computed too; owned by the caller; NULL when absent. */
struct jval *match_attribute(struct practice *p, const struct resource *r, const char *urn, const char *name);

/* --- PATCH (patch.c)
 * -------------------------------------------------------------------------------------------------- */

/* Applies the operations of a PatchOp to a copy of a document, which the caller owns afterwards also on failure. */
int patch_apply(struct call *call, enum practice_kind kind, const char *id, struct jval *doc,
                struct members_change *members) MUSTCHECK;

/* --- answers (render.c)
 * ----------------------------------------------------------------------------------------------- */
#define PROJECTION_ITEMS 64

/* Which attributes an answer has. */
struct projection {
    bool only;       /* `attributes`; otherwise `excludedAttributes` */
    bool without_id; /* a fault hides it */
    size_t count;
    struct {
        const char *urn;  /* or NULL */
        const char *name; /* NULL: the whole schema of the urn */
        const char *sub;  /* or NULL */
    } items[PROJECTION_ITEMS];
};
/* From the parameters, or from the body of a search (`search`). */
int projection_parse(struct call *call, const struct jval *search, struct projection *ret) MUSTCHECK;
void render_resource(struct practice *p, const struct resource *r, const struct projection *projection,
                     struct buf *out);
/* Answers with the resource: status, body, ETag and (201) Location. */
void render_answer(struct call *call, const struct resource *r, const struct projection *projection, int status);
struct jval *render_meta(const struct practice *p, const struct resource *r);
struct jval *render_groups(const struct practice *p, const struct resource *r);
struct jval *render_schemas(const struct resource *r);
void render_location(const struct practice *p, const struct resource *r, char *ret, size_t size);

/* --- handlers: 0 or ERR_PROBLEM
 * ---------------------------------------------------------------------------------------- */
int user_post(struct call *call) MUSTCHECK;
int user_put(struct call *call, struct resource *r) MUSTCHECK;
int user_patch(struct call *call, struct resource *r) MUSTCHECK;
int group_post(struct call *call) MUSTCHECK;
int group_put(struct call *call, struct resource *r) MUSTCHECK;
int group_patch(struct call *call, struct resource *r) MUSTCHECK;
/* `kinds` is a set of 1 << kind. `search` is the body of POST .search, or NULL for a GET. */
int list_answer(struct call *call, unsigned kinds, const struct jval *search) MUSTCHECK;
int bulk_post(struct call *call) MUSTCHECK;
int discovery_answer(struct call *call) MUSTCHECK;
/* /practice/...; `path` is what follows. */
int control_answer(struct call *call) MUSTCHECK;

/* --- the journal (journal.c)
 * -------------------------------------------------------------------------------------------- */
struct journal *journal_new(const unsigned char *seed, size_t entries, size_t body_bytes);
struct journal *journal_free(struct journal *journal);
void journal_add(struct journal *journal, int64_t now_ms, const struct practice_request *request,
                 const struct practice_response *response, const char *fault);
/* A POST for that name has been received. */
void journal_copy(struct journal *journal, enum practice_kind kind, const char *folded);
void journal_write(const struct journal *journal, uint64_t after, struct jout *out);
void journal_write_counts(const struct journal *journal, struct jout *out);

/* Every remembered request in HTTP Archive form (har.c). */
void har_write(const struct practice *p, struct jout *out);

/* --- faults (faults.c)
 * ---------------------------------------------------------------------------------------------------- */

/* How much a request to a group or user wants to change (forms.c). */
struct tally {
    size_t adds;     /* members */
    size_t removals; /* members that are named */
    size_t others;   /* other attributes, in a PATCH */
    size_t operations;
};

/* What is known of a request when it is decided which faults strike it. */
struct fault_request {
    const char *method;
    const char *path; /* below /scim/v2, raw */
    const char *user_agent;
    size_t body_bytes;
    struct tally tally;
};

struct fault {
    struct practice_fault order;
    uint64_t seen;    /* requests that fit */
    uint64_t strikes; /* requests that were struck */
    bool fits_now;
    bool strikes_now;
    struct fault *same; /* the next of its kind that bends this request */
    int64_t set_ms;
    /* FAULT_RATE_LIMIT (rate.c) */
    int64_t filled_ms;
    int64_t credit;
};

struct faults {
    size_t count;
    struct tally tally;              /* of this request */
    bool bending;                    /* some fault of FAULT_DURING is on for this request: */
    struct fault *bent[FAULT_KINDS]; /* the first of each kind */
    struct fault items[PRACTICE_FAULTS];
};

/*
 * The fault of that kind that bends this request, or NULL; more follow ->same. Whoever lets it make a difference calls
 * fault_strike().
 */
static inline struct fault *bent(const struct practice *p, enum fault_kind kind)
{
    return p->faults->bending ? p->faults->bent[kind] : NULL;
}
/* The same for what always makes a difference where it is asked for. */
static inline bool bends(const struct practice *p, enum fault_kind kind);

struct faults *faults_new(void);
struct faults *faults_free(struct faults *faults);
int faults_add(struct faults *faults, const struct env *env, const struct practice_fault *order, char *ret_why,
               size_t why_size) MUSTCHECK;
int fault_check(const struct practice_fault *order, char *ret_why, size_t why_size) MUSTCHECK;
const char *fault_text(enum fault_kind kind);
/* The status of the order, or that of its kind. */
int fault_status(const struct practice_fault *order);
/* Counts each request against every fault and notes which strike. Call once per request, then the two below. */
void faults_count(struct faults *faults, const struct env *env, const struct fault_request *asked);
/* True when a fault answered (or dropped) instead: the request must not be applied. */
bool faults_before(struct faults *faults, const struct env *env, struct practice_response *ret);
void faults_after(struct faults *faults, const struct env *env, struct practice_response *ret);
/* The fault makes a difference to this request. */
void fault_strike(struct fault *fault);
/* Refuses in the name of the fault, with its status. Always returns ERR_PROBLEM. */
int fault_refuse(struct fault *fault, struct refusal *refusal, const char *format, ...) PRINTF_LIKE(3, 4);
/* The name of a fault that struck this request, or NULL. */
const char *faults_struck(const struct faults *faults);

static inline bool bends(const struct practice *p, enum fault_kind kind)
{
    struct fault *fault = bent(p, kind);
    if (fault)
        fault_strike(fault);
    return fault != NULL;
}

/* The next word of a list (spaces and commas between), of `*ret_n` bytes; NULL at the end. */
const char *words_next(const char **io_words, size_t *ret_n);
/* Any letter case. */
bool words_have(const char *words, const char *word, size_t n);

/* faults_json.c */
void faults_write(const struct faults *faults, struct jout *out);
/* Replaces all faults by those of a {"faults": [...]}; nothing changes on failure. */
int faults_read(struct faults *faults, const struct env *env, const struct jval *body,
                struct refusal *refusal) MUSTCHECK;
void profiles_write(struct jout *out);
/* profiles.c */
int profile_add(struct faults *faults, const struct env *env, const struct practice_profile *profile,
                double rate_factor, char *ret_why, size_t why_size) MUSTCHECK;

/* rate.c: a bucket is made full, asked for room (taken if there is), and says in headers how it stands. */
void rate_start(struct fault *fault);
bool rate_exceeded(struct fault *fault, const struct fault_request *asked, int64_t now);
void rate_headers(struct fault *fault, int64_t now, struct practice_response *ret);
int rate_per_ms(const struct practice_fault *order);
/* `headers` of enum fault_header. */
void rate_retry_after(unsigned headers, int64_t seconds, int64_t now, struct practice_response *ret);

/* --- forms of changes (forms.c)
 * ------------------------------------------------------------------------------------- */

/*
 * In how many ways members can be changed, as real servers tell them apart:
 *
 *     add, replace, remove            path members, value a list. replace_empty: the list is empty
 *     add_no_path, replace_no_path    no path, value {"members": [...]}
 *     remove_filter, remove_or        path members[value eq "x"]; members[value eq "x" or ...]
 *     remove_all                      path members, no value
 *     rename_no_path                  no path, and no members in the value
 *     capital                         any of these with Add, Remove or Replace
 *     post, put, put_absent           members in the body of a POST or PUT; a PUT without members
 */
#define FORM_WORDS                                                                                                     \
    "add replace replace_empty remove add_no_path replace_no_path remove_filter remove_or remove_all rename_no_path "  \
    "capital post put put_absent"
#define FORMS_MAX 3 /* words that fit one operation */

struct forms {
    size_t count;
    const char *words[FORMS_MAX];
};
/* Which forms an operation of a PATCH of a group has; none when it is not about members (rename_no_path apart). */
void forms_of_operation(const struct jval *operation, struct forms *ret);
/* The fault of that kind that is about one of these forms, or NULL. */
struct fault *forms_bent(const struct practice *p, enum fault_kind kind, const struct forms *forms);
/* What a request to a group or user wants. */
void tally_body(const char *method, const struct jval *body, struct tally *ret);
/* A copy of the body with the first half of its operations, or members; owned by the caller. */
struct jval *half_of(const struct jval *body);

/* --- filters and pages (pages.c)
 * ------------------------------------------------------------------------------------ */

struct page {
    int64_t start; /* as the answer says it, from 1 */
    int64_t from;  /* where it really begins */
    int64_t count;
    bool by_cursor;
};

/* Refuses or forgets a filter; `*ret_blind` when it is to find nothing. */
int filter_bend(struct call *call, const struct filter **io_filter, bool *ret_blind) MUSTCHECK;
/* Compiled once for all the resources that a filter is compared with. */
bool filter_pattern_fits(struct practice *p, const char *pattern, const char *text);
struct name_pattern *name_pattern_free(struct name_pattern *pattern); /* accepts NULL, returns NULL */
void page_bend(struct practice *p, bool count_given, struct page *page);
/* The totalResults that the answer tells; negative: none. */
int64_t page_total(const struct practice *p, const struct page *page, int64_t total, int64_t items);
/* Reads `cursor` (NULL: absent), if this target has cursors. `start_index` NULL: absent. */
int cursor_read(struct call *call, const char *cursor, const char *start_index, struct page *page) MUSTCHECK;
#define CURSOR_BYTES 64
/* The cursor of the page that starts there. */
void cursor_write(struct practice *p, int64_t start, char *ret, size_t size);

/* --- reads that lag (lag.c)
 * ----------------------------------------------------------------------------------------- */
/* Notes what has changed, when there is a past that has to follow. */
void lag_created(struct practice *p, const struct resource *r);
void lag_changed(struct practice *p, const struct resource *r);
void lag_deleted(struct practice *p, const struct resource *r);
void lag_member(struct practice *p, const struct membership *m, bool added);
/* Called before each request: keeps a past as long as a fault wants one. */
void lag_update(struct practice *p);
/* What a read of this request sees: the past, or the state itself. */
struct practice *lag_view(struct practice *p);
void lag_free(struct practice *p);

#endif
