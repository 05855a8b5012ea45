/* SPDX-License-Identifier: Apache-2.0 */
/* The table of errors, and which of them an answer is. */
#include "target/answer.h"
#include "target/inner.h"

static const struct {
    const char *name;
    const char *code;
    const char *event;
    const char *cause;
    const char *remedy;
    const char *words;
    enum error_scope scope;
    enum error_action action;
} classes[ERROR_CLASS_COUNT] = {
#define X(name_, scope_, action_, code_, event_, cause_, remedy_)                                                      \
    [ERROR_##name_] = {                                                                                                \
        #name_, code_, event_, cause_, remedy_, cause_ " " remedy_, ERROR_SCOPE_##scope_, ERROR_ACTION_##action_},
#include "target/errors.def"
#undef X
};

const char *error_class_name(enum error_class class)
{
    assert(class < ERROR_CLASS_COUNT);
    return classes[class].name;
}

enum error_class error_class_parse(const char *name)
{
    for (int i = ERROR_NONE + 1; i < ERROR_CLASS_COUNT; i++) {
        if (str_eq(classes[i].name, name))
            return (enum error_class)i;
    }
    return ERROR_NONE;
}

enum error_scope error_class_scope(enum error_class class)
{
    assert(class < ERROR_CLASS_COUNT);
    return classes[class].scope;
}

enum error_action error_class_action(enum error_class class)
{
    assert(class < ERROR_CLASS_COUNT);
    return classes[class].action;
}

const char *error_class_code(enum error_class class)
{
    assert(class < ERROR_CLASS_COUNT);
    return classes[class].code;
}

const char *error_class_cause(enum error_class class)
{
    assert(class < ERROR_CLASS_COUNT);
    return classes[class].cause;
}

const char *error_class_remedy(enum error_class class)
{
    assert(class < ERROR_CLASS_COUNT);
    return classes[class].remedy;
}

const char *error_class_event(enum error_class class)
{
    assert(class < ERROR_CLASS_COUNT);
    return classes[class].event;
}

const char *error_class_words(enum error_class class)
{
    assert(class < ERROR_CLASS_COUNT);
    return classes[class].words;
}

/* --- requests ----------------------------------------------------------------------------------------------------- */

bool request_is_write(enum request_kind kind)
{
    switch (kind) {
    case REQUEST_CREATE_USER:
    case REQUEST_UPDATE_USER:
    case REQUEST_CREATE_GROUP:
    case REQUEST_RENAME_GROUP:
    case REQUEST_MEMBERS:
    case REQUEST_DELETE_GROUP:
        return true;
    case REQUEST_FIND_USER:
    case REQUEST_READ_USER:
    case REQUEST_FIND_GROUP:
    case REQUEST_READ_GROUP:
    case REQUEST_PROBE:
    case REQUEST_LIST_USERS:
    case REQUEST_LIST_GROUPS:
    default:
        return false;
    }
}

static bool is_create(enum request_kind kind)
{
    return kind == REQUEST_CREATE_USER || kind == REQUEST_CREATE_GROUP;
}

static bool is_find(enum request_kind kind)
{
    return kind == REQUEST_FIND_USER || kind == REQUEST_FIND_GROUP;
}

static bool is_listing(enum request_kind kind)
{
    return kind == REQUEST_LIST_USERS || kind == REQUEST_LIST_GROUPS;
}

/* Kinds that give an object a name: the only ones that can find it taken. */
static bool gives_name(enum request_kind kind)
{
    return is_create(kind) || kind == REQUEST_UPDATE_USER || kind == REQUEST_RENAME_GROUP;
}

/* --- judging ------------------------------------------------------------------------------------------------------ */

/* No answer that counts: of a write nobody knows what it did; a read may be asked again, for the reason `of_read`. */
static enum error_class lost(enum request_kind kind, enum error_class of_read)
{
    return request_is_write(kind) ? ERROR_OUTCOME_UNKNOWN : of_read;
}

static enum error_class judge_success(const struct answer *answer, enum request_kind kind)
{
    if (is_create(kind) && answer->id_too_long)
        return ERROR_OUTCOME_UNKNOWN;
    if (answer->malformed) /* a login page is no acknowledgement of a write either */
        return ERROR_MALFORMED_ANSWER;
    if (request_is_write(kind) && !is_create(kind))
        return ERROR_NONE;
    if (is_create(kind))
        return answer->resource.id ? ERROR_NONE : ERROR_OUTCOME_UNKNOWN;
    return answer->bytes ? ERROR_NONE : ERROR_MALFORMED_ANSWER;
}

static enum error_class judge_absent(enum request_kind kind)
{
    if (is_find(kind) || kind == REQUEST_DELETE_GROUP)
        return ERROR_NONE;
    return is_create(kind) || is_listing(kind) ? ERROR_UNSUPPORTED : ERROR_NOT_FOUND;
}

static enum error_class judge_conflict(enum request_kind kind)
{
    if (kind == REQUEST_MEMBERS)
        return ERROR_MEMBER_UNKNOWN;
    return gives_name(kind) ? ERROR_NAME_TAKEN : ERROR_SERVER_ERROR;
}

static enum error_class judge_refusal(const struct answer *answer, enum request_kind kind)
{
    const char *scim_type = answer_scim_type(answer);
    if (kind == REQUEST_MEMBERS)
        return ERROR_MEMBER_UNKNOWN;
    if (gives_name(kind) && scim_type && strcasecmp(scim_type, "uniqueness") == 0)
        return ERROR_NAME_TAKEN;
    /* The question could not be put to this app, whatever the value is worth. */
    if (is_find(kind) && scim_type &&
        (strcasecmp(scim_type, "invalidFilter") == 0 || strcasecmp(scim_type, "tooMany") == 0))
        return ERROR_UNSUPPORTED;
    return ERROR_ATTRIBUTE_REFUSED;
}

static enum error_class judge_client_error(const struct answer *answer, enum request_kind kind)
{
    switch (answer->status) {
    case 401:
        return ERROR_CREDENTIALS;
    case 403: /* with Retry-After: how GitHub says that its secondary limits were reached */
        return answer->retry_after_ms >= 0 ? ERROR_RATE_LIMITED : ERROR_FORBIDDEN;
    case 402:
    case 451:
        return ERROR_FORBIDDEN;
    case 404:
    case 410:
        return judge_absent(kind);
    case 405:
    case 406:
    case 415:
        return ERROR_UNSUPPORTED;
    case 407: /* a proxy on the way wants a credential: nothing gets through */
        return ERROR_UNAVAILABLE;
    case 408: /* also written by gateways that passed the request on */
        return lost(kind, ERROR_TIMEOUT);
    case 409:
        return judge_conflict(kind);
    case 412:
    case 423:
    case 424:
    case 425:
        return ERROR_SERVER_ERROR;
    case 413:
    case 414:
    case 431:
        return ERROR_TOO_LARGE;
    case 429:
        return ERROR_RATE_LIMITED;
    default:
        return judge_refusal(answer, kind);
    }
}

static enum error_class judge_server_error(int status, enum request_kind kind)
{
    if (status == 501)
        return ERROR_UNSUPPORTED;
    if (status == 503)
        return ERROR_UNAVAILABLE;
    if (status == 504 || status == 524)
        return lost(kind, ERROR_TIMEOUT);
    if (status == 502 || (status >= 520 && status <= 529))
        return lost(kind, ERROR_SERVER_ERROR);
    return ERROR_SERVER_ERROR;
}

static enum error_class judge_status(const struct answer *answer, enum request_kind kind)
{
    switch (answer->status / 100) {
    case 2:
        return judge_success(answer, kind);
    case 3:
        return ERROR_REDIRECT;
    case 4:
        return judge_client_error(answer, kind);
    case 5:
        return judge_server_error(answer->status, kind);
    default:
        return ERROR_MALFORMED_ANSWER;
    }
}

enum error_class answer_judge(const struct answer *answer, enum request_kind kind)
{
    switch (answer->transport) {
    case TRANSPORT_OK:
        return judge_status(answer, kind);
    case TRANSPORT_NOT_SENT:
        return ERROR_REFUSED_CONNECTION;
    case TRANSPORT_RESOLVE:
        return ERROR_NAME_RESOLUTION;
    case TRANSPORT_TLS:
        return ERROR_TLS;
    case TRANSPORT_FORBIDDEN:
        return ERROR_FORBIDDEN_ADDRESS;
    case TRANSPORT_TOKEN_REFUSED:
        return ERROR_CREDENTIALS;
    case TRANSPORT_TOKEN_FAILED:
        return ERROR_TOKEN_UNAVAILABLE;
    case TRANSPORT_TIMEOUT:
        return lost(kind, ERROR_TIMEOUT);
    case TRANSPORT_UNKNOWN:
    default:
        return lost(kind, ERROR_CONNECTION_LOST);
    }
}
