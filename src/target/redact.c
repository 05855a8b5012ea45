/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a body may be kept. Everything is decided by its place: a value is shown where the table below names its
 * place and its form fits, a name where it is one of SCIM's own. All else is shown as type and length, so that what a
 * target invents, echoes or misplaces stays out of the journal.
 */
#include "base/jout.h"
#include "target/inner.h"
#include "target/request.h"

#include <ctype.h>

#define ID_SHOWN_MAX 256                 /* bytes of an id or a user name that are shown */
#define ELEMENTS_SHOWN_MAX 100           /* elements of one array */
#define DEPTH_SHOWN_MAX 12               /* nested arrays and objects */
#define REDACTED_MAX ((size_t)64 * 1024) /* bytes; what is longer ends with "..." */
#define PLACE_BYTES 128                  /* bytes of a place */
#define PLACE_UNKNOWN "?"

enum form { FORM_ID, FORM_NUMBER, FORM_BOOL, FORM_STATUS, FORM_SCHEMA, FORM_WORD, FORM_PATH };

/* Places are the names on the way, in lower case, without "resources."; arrays are no step. */
static const struct {
    const char *place;
    enum form form;
} shown[] = {
    {"schemas", FORM_SCHEMA},
    {"id", FORM_ID},
    {"externalid", FORM_ID},
    {"username", FORM_ID},
    {"active", FORM_BOOL},
    {"meta.resourcetype", FORM_WORD},
    {"members.value", FORM_ID},
    {"members.type", FORM_WORD},
    {"groups.value", FORM_ID},
    {"emails.type", FORM_WORD},
    {"emails.primary", FORM_BOOL},
    {"phonenumbers.type", FORM_WORD},
    {"phonenumbers.primary", FORM_BOOL},
    {"addresses.type", FORM_WORD},
    {"addresses.primary", FORM_BOOL},
    {"totalresults", FORM_NUMBER},
    {"startindex", FORM_NUMBER},
    {"itemsperpage", FORM_NUMBER},
    {"status", FORM_STATUS},
    {"scimtype", FORM_WORD},
    {"operations.op", FORM_WORD},
    {"operations.path", FORM_PATH},
    {"patch.supported", FORM_BOOL},
    {"bulk.supported", FORM_BOOL},
    {"bulk.maxoperations", FORM_NUMBER},
    {"bulk.maxpayloadsize", FORM_NUMBER},
    {"filter.supported", FORM_BOOL},
    {"filter.maxresults", FORM_NUMBER},
    {"etag.supported", FORM_BOOL},
    {"sort.supported", FORM_BOOL},
    {"changepassword.supported", FORM_BOOL},
};

static const char *const names[] = {
    "schemas", "id", "externalId", "meta", "resourceType", "created", "lastModified", "location", "version",
    /* users and groups, RFC 7643 sections 4.1 to 4.3 */
    "userName", "name", "formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix",
    "displayName", "nickName", "profileUrl", "title", "userType", "preferredLanguage", "locale", "timezone", "active",
    "password", "emails", "phoneNumbers", "ims", "photos", "addresses", "groups", "entitlements", "roles",
    "x509Certificates", "value", "type", "primary", "display", "$ref", "streetAddress", "locality", "region",
    "postalCode", "country", "members", "employeeNumber", "costCenter", "organization", "division", "department",
    "manager", SCIM_ENTERPRISE_USER,
    /* messages, RFC 7644 */
    "Operations", "op", "path", "Resources", "totalResults", "startIndex", "itemsPerPage", "nextCursor",
    "previousCursor", "status", "scimType", "detail",
    /* configuration, RFC 7643 section 5 */
    "documentationUri", "patch", "bulk", "filter", "changePassword", "sort", "etag", "authenticationSchemes",
    "pagination", "supported", "maxOperations", "maxPayloadSize", "maxResults", "description", "specUri"};

static const char *const words[] = {
    "add",           "remove",      "replace",    "work",       "home",          "other",       "mobile",
    "fax",           "pager",       "User",       "Group",      "direct",        "indirect",    "ServiceProviderConfig",
    "invalidFilter", "tooMany",     "uniqueness", "mutability", "invalidSyntax", "invalidPath", "noTarget",
    "invalidValue",  "invalidVers", "sensitive"};

static bool is_listed(const char *const *list, size_t count, const char *text, size_t n)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(list[i]) == n && strncasecmp(list[i], text, n) == 0)
            return true;
    }
    return false;
}

bool redact_is_name(const char *text, size_t n)
{
    return is_listed(names, ARRAY_LEN(names), text, n);
}

/* --- forms -------------------------------------------------------------------------------------------------------- */

/* An attribute, with or without a sub-attribute or the extension before it, or the members with one id. */
static bool is_path(const char *text)
{
    static const char open[] = "members[value eq \"";
    size_t n = strlen(text);
    size_t open_len = strlen(open);
    if (n > open_len + 2 && n < ID_SHOWN_MAX && strncmp(text, open, open_len) == 0)
        return strcmp(text + n - 2, "\"]") == 0;
    if (redact_is_name(text, n))
        return true;
    size_t urn = strlen(SCIM_ENTERPRISE_USER ":");
    if (strncmp(text, SCIM_ENTERPRISE_USER ":", urn) == 0)
        text += urn;
    size_t first = strcspn(text, ".");
    return redact_is_name(text, first) && (!text[first] || redact_is_name(text + first + 1, strlen(text + first + 1)));
}

static bool is_schema(const char *text)
{
    static const char *const schemas[] = {SCIM_CORE_USER,
                                          SCIM_CORE_GROUP,
                                          SCIM_ENTERPRISE_USER,
                                          SCIM_PATCH_OP,
                                          "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig",
                                          "urn:ietf:params:scim:api:messages:2.0:ListResponse",
                                          "urn:ietf:params:scim:api:messages:2.0:Error"};
    return is_listed(schemas, ARRAY_LEN(schemas), text, strlen(text));
}

static bool is_status(const char *text)
{
    return strlen(text) == 3 && strspn(text, "0123456789") == 3;
}

static bool text_fits(enum form form, const char *text)
{
    switch (form) {
    case FORM_ID:
        return strlen(text) <= ID_SHOWN_MAX;
    case FORM_BOOL:
        return strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0;
    case FORM_STATUS:
        return is_status(text);
    case FORM_SCHEMA:
        return is_schema(text);
    case FORM_WORD:
        return is_listed(words, ARRAY_LEN(words), text, strlen(text));
    case FORM_PATH:
        return is_path(text);
    case FORM_NUMBER:
    default:
        return false;
    }
}

static bool fits(enum form form, const struct jval *value)
{
    switch (jval_type(value)) {
    case JVAL_STRING:
        return text_fits(form, jval_str(value));
    case JVAL_INT:
        return form == FORM_NUMBER || form == FORM_ID ||
               (form == FORM_STATUS && jval_int(value, 0) > 99 && jval_int(value, 0) < 600);
    case JVAL_BOOL:
        return form == FORM_BOOL;
    case JVAL_REAL:
    case JVAL_NULL:
    case JVAL_NONE:
    case JVAL_OBJECT:
    case JVAL_ARRAY:
    default:
        return false;
    }
}

static bool is_shown(const char *place, const struct jval *value)
{
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
        if (strcmp(shown[i].place, place) == 0)
            return fits(shown[i].form, value);
    }
    return false;
}

/* --- walking ------------------------------------------------------------------------------------------------------ */

struct walk {
    struct arena *arena;
    struct jout out;
    int depth;
};

static void write_value(struct walk *walk, const char *key, const char *place, const struct jval *value);

/* "place.key" in lower case; "?" for what has a name that is not SCIM's. */
static void place_below(char ret[static PLACE_BYTES], const char *place, const char *key)
{
    bool at_top = !*place || strcmp(place, "resources") == 0;
    int n = redact_is_name(key, strlen(key))
                ? snprintf(ret, PLACE_BYTES, "%s%s%s", at_top ? "" : place, at_top ? "" : ".", key)
                : PLACE_BYTES;
    if (n >= PLACE_BYTES)
        n = snprintf(ret, PLACE_BYTES, PLACE_UNKNOWN);
    for (int i = 0; i < n; i++)
        ret[i] = (char)tolower((unsigned char)ret[i]);
}

/* The value of a PATCH operation stands at the place that its path names. */
static void place_of_operation(char ret[static PLACE_BYTES], const struct jval *operation)
{
    const struct jval *path = get_any_case(operation, "path");
    ret[0] = '\0';
    if (path)
        place_below(ret, "", jval_str(path) ? jval_str(path) : PLACE_UNKNOWN);
}

static void write_object(struct walk *walk, const char *key, const char *place, const struct jval *object)
{
    jout_object(&walk->out, key);
    for (void *it = jval_first(object); it; it = jval_next(object, it)) {
        const char *name = jval_iter_key(it);
        char below[PLACE_BYTES];
        if (strcmp(place, "operations") == 0 && strcasecmp(name, "value") == 0)
            place_of_operation(below, object);
        else
            place_below(below, place, name);
        if (!redact_is_name(name, strlen(name)))
            name = arena_printf(walk->arena, "<name, %zu bytes>", strlen(name));
        write_value(walk, name, below, jval_iter_value(it));
    }
    jout_end(&walk->out);
}

static void write_array(struct walk *walk, const char *key, const char *place, const struct jval *array)
{
    size_t count = jval_len(array);
    jout_array(&walk->out, key);
    for (size_t i = 0; i < count && i < ELEMENTS_SHOWN_MAX; i++)
        write_value(walk, NULL, place, jval_at(array, i));
    if (count > ELEMENTS_SHOWN_MAX)
        jout_str(&walk->out, NULL, arena_printf(walk->arena, "<%zu more>", count - ELEMENTS_SHOWN_MAX));
    jout_end(&walk->out);
}

static const char *type_and_length(struct arena *arena, const struct jval *value)
{
    switch (jval_type(value)) {
    case JVAL_STRING:
        return arena_printf(arena, "<string, %zu bytes>", strlen(jval_str(value)));
    case JVAL_INT:
    case JVAL_REAL:
        return arena_printf(arena, "<number, %zu characters>", strlen(jval_text(arena, value, false)));
    case JVAL_BOOL:
        return "<boolean>";
    case JVAL_OBJECT:
        return arena_printf(arena, "<object, %zu names>", jval_len(value));
    case JVAL_ARRAY:
        return arena_printf(arena, "<array, %zu elements>", jval_len(value));
    case JVAL_NULL:
    case JVAL_NONE:
    default:
        return "<null>";
    }
}

static void write_value(struct walk *walk, const char *key, const char *place, const struct jval *value)
{
    enum jval_type type = jval_type(value);
    if ((type == JVAL_OBJECT || type == JVAL_ARRAY) && walk->depth < DEPTH_SHOWN_MAX) {
        walk->depth++;
        if (type == JVAL_OBJECT)
            write_object(walk, key, place, value);
        else
            write_array(walk, key, place, value);
        walk->depth--;
    } else if (type == JVAL_NULL || is_shown(place, value)) {
        jout_val(&walk->out, key, value);
    } else {
        jout_str(&walk->out, key, type_and_length(walk->arena, value));
    }
}

static const char *redact_value(struct arena *arena, const struct jval *value)
{
    struct buf buf;
    struct walk walk = {.arena = arena};
    buf_init(&buf, REDACTED_MAX);
    jout_init(&walk.out, &buf);
    write_value(&walk, NULL, "", value);
    const char *text = arena_printf(arena, "%s%s", buf_text(&buf), buf.overflowed ? "..." : "");
    buf_free(&buf);
    return text;
}

static const char *not_json(struct arena *arena, size_t n)
{
    return arena_printf(arena, "<%zu bytes, not JSON>", n);
}

const char *target_redact(struct arena *arena, const char *json, size_t n)
{
    struct jval *value CLEANUP(jval_freep) = NULL;
    if (!json)
        return NULL;
    if (n == 0)
        return "";
    if (jval_parse(&value, json, n, NULL) < 0)
        return not_json(arena, n);
    return redact_value(arena, value);
}

const char *target_redact_answer(struct arena *arena, const struct answer *answer)
{
    if (answer->bytes == 0)
        return NULL;
    if (answer->bytes == answer->excerpt.len)
        return target_redact(arena, answer->excerpt.data, answer->excerpt.len);
    if (!answer->rest)
        return not_json(arena, answer->bytes);
    return arena_printf(arena, "<%zu bytes; long lists are left out> %s", answer->bytes,
                        redact_value(arena, answer->rest));
}
