/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a request: what was sent, who may, which handler, what went wrong, and the journal at the end. */
#include "practice/inner.h"

#include "base/text.h"

#include <sodium.h>
#include <stdarg.h>

/* --- refusals
 * --------------------------------------------------------------------------------------------------------- */

void utf8_repair(char *text)
{
    for (char *p = text; *p;) {
        unsigned char c = (unsigned char)*p;
        size_t n = c < 0x80 ? 1 : (c & 0xe0) == 0xc0 ? 2 : (c & 0xf0) == 0xe0 ? 3 : (c & 0xf8) == 0xf0 ? 4 : 0;
        bool whole = n == 1 || (n && strnlen(p, n) == n && text_is_utf8(p, n));
        if (!whole)
            *p = '?';
        p += whole ? n : 1;
    }
}

static int refuse_list(struct refusal *refusal, int status, const char *scim_type, const char *format, va_list args)
    PRINTF_LIKE(4, 0);
static int refuse_list(struct refusal *refusal, int status, const char *scim_type, const char *format, va_list args)
{
    refusal->status = status;
    refusal->scim_type = scim_type;
    (void)vsnprintf(refusal->detail, sizeof(refusal->detail), format, args);
    utf8_repair(refusal->detail); /* a quoted text may have been cut within a character */
    return ERR_PROBLEM;
}

int refuse(struct refusal *refusal, int status, const char *scim_type, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int r = refuse_list(refusal, status, scim_type, format, args);
    va_end(args);
    return r;
}

int refuse_value(struct refusal *refusal, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int r = refuse_list(refusal, 400, "invalidValue", format, args);
    va_end(args);
    return r;
}

int refuse_syntax(struct refusal *refusal, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int r = refuse_list(refusal, 400, "invalidSyntax", format, args);
    va_end(args);
    return r;
}

void refusal_write(const struct refusal *refusal, struct buf *buf)
{
    struct jout out;
    char status[16];
    (void)snprintf(status, sizeof(status), "%d", refusal->status);
    jout_init(&out, buf);
    jout_object(&out, NULL);
    jout_array(&out, "schemas");
    jout_str(&out, NULL, URN_ERROR);
    jout_end(&out);
    jout_str(&out, "status", status);
    jout_str_opt(&out, "scimType", refusal->scim_type);
    jout_str(&out, "detail", refusal->detail);
    jout_end(&out);
}

int call_refuse_method(struct call *call, const char *allow)
{
    call->ret->allow = allow;
    return refuse(&call->refusal, 405, NULL, "%.20s is not allowed here; allowed: %s.", call->method, allow);
}

int call_body(struct call *call, const char *urn)
{
    if (jval_type(call->body) != JVAL_OBJECT)
        return refuse_syntax(&call->refusal, "The body must be a JSON object.");
    const char *key = schema_key(call->body, "schemas");
    const struct jval *schemas = key ? jval_get(call->body, key) : NULL;
    for (size_t i = 0; jval_type(schemas) == JVAL_ARRAY && i < jval_len(schemas); i++)
        if (jval_str(jval_at(schemas, i)) && strcasecmp(jval_str(jval_at(schemas, i)), urn) == 0)
            return 0;
    return refuse_syntax(&call->refusal, "schemas must be an array that has \"%s\".", urn);
}

/* --- routes
 * ----------------------------------------------------------------------------------------------------------- */

static int one_get(struct call *call, struct resource *resource)
{
    struct projection projection = {0};
    int r = projection_parse(call, NULL, &projection);
    if (r < 0)
        return r;
    render_answer(call, resource, &projection, resource_not_modified(call, resource) ? 304 : 200);
    return 0;
}

static int one_delete(struct call *call, struct resource *resource)
{
    call->ret->status = 204;
    if (bends(call->p, FAULT_SWALLOW))
        return 0;
    if (resource->kind == PRACTICE_USER && bends(call->p, FAULT_DELETION_DEACTIVATES)) {
        struct jval *doc = jval_copy(resource->doc);
        jval_set(doc, "active", jval_new_bool(false));
        resource_set_doc(call->p, resource, doc);
        resource_touch(call->p, resource);
        return 0;
    }
    resource_delete(call->p, resource);
    return 0;
}

static int dispatch_one(struct call *call, enum practice_kind kind, const char *id)
{
    static const struct {
        const char *method;
        int (*handle[KINDS])(struct call *call, struct resource *resource);
    } routes[] = {
        {"GET", {one_get, one_get}},
        {"PUT", {user_put, group_put}},
        {"PATCH", {user_patch, group_patch}},
        {"DELETE", {one_delete, one_delete}},
    };
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        if (strcmp(routes[i].method, call->method) != 0)
            continue;
        struct resource *resource = resource_find(call->p, kind, id);
        if (!resource)
            return refuse(&call->refusal, 404, NULL, "%s \"%.200s\" not found.", kind_name(kind), id);
        int r = resource_check_match(call, resource);
        return r < 0 ? r : routes[i].handle[kind](call, resource);
    }
    return call_refuse_method(call, "GET, PUT, PATCH, DELETE");
}

static int dispatch_search(struct call *call, unsigned kinds)
{
    if (strcmp(call->method, "POST") != 0)
        return call_refuse_method(call, "POST");
    int r = call_body(call, URN_SEARCH);
    return r < 0 ? r : list_answer(call, kinds, call->body);
}

static int dispatch_kind(struct call *call, enum practice_kind kind)
{
    const char *id = call->path.count > 1 ? call->path.segments[1] : NULL;
    if (call->path.count > 2)
        return refuse(&call->refusal, 404, NULL, "There is nothing below /%s/%.200s.", kind_path(kind), id);
    if (id)
        return strcmp(id, ".search") == 0 ? dispatch_search(call, 1u << kind) : dispatch_one(call, kind, id);
    if (strcmp(call->method, "GET") == 0)
        return list_answer(call, 1u << kind, NULL);
    if (strcmp(call->method, "POST") == 0)
        return kind == PRACTICE_USER ? user_post(call) : group_post(call);
    return call_refuse_method(call, "GET, POST");
}

/* The name under which the configuration is found is one thing that faults bend. */
static bool is_config(const struct practice *p, const char *segment)
{
    struct fault *renamed = bent(p, FAULT_CONFIG_NAME);
    bool is = strcmp(segment, "ServiceProviderConfig") == 0;
    if (!renamed)
        return is;
    if (is)
        fault_strike(renamed);
    return strcmp(segment, renamed->order.text) == 0;
}

int call_dispatch(struct call *call)
{
    const unsigned both = 1u << PRACTICE_USER | 1u << PRACTICE_GROUP;
    if (call->path.count == 0)
        return strcmp(call->method, "GET") == 0 ? list_answer(call, both, NULL) : call_refuse_method(call, "GET");
    const char *first = call->path.segments[0];
    if (strcmp(first, "Users") == 0)
        return dispatch_kind(call, PRACTICE_USER);
    if (strcmp(first, "Groups") == 0)
        return dispatch_kind(call, PRACTICE_GROUP);
    if (is_config(call->p, first) || strcmp(first, "ResourceTypes") == 0 || strcmp(first, "Schemas") == 0)
        return discovery_answer(call);
    if (call->path.count == 1 && strcmp(first, ".search") == 0)
        return dispatch_search(call, both);
    if (call->path.count == 1 && strcmp(first, "Bulk") == 0)
        return bulk_post(call);
    if (strcmp(first, "Me") == 0)
        return refuse(&call->refusal, 501, NULL, "/Me is not offered: the token stands for no user.");
    return refuse(&call->refusal, 404, NULL, "There is no endpoint \"%.200s\".", first);
}

/* --- what every request goes through
 * ---------------------------------------------------------------------------------- */

static void token_hash(const char *token, size_t n, unsigned char ret[static 32])
{
    int r = crypto_generichash(ret, 32, (const unsigned char *)token, n, NULL, 0);
    assert(r == 0);
}

/* Hashes are compared, so that neither the length nor the beginning of the token shows in the time. */
static bool is_authorized(const struct practice *p, const char *authorization)
{
    if (!p->has_token)
        return true;
    if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0)
        return false;
    const char *token = authorization + 7;
    token += strspn(token, " ");
    size_t n = strlen(token);
    while (n && (token[n - 1] == ' ' || token[n - 1] == '\t'))
        n--;
    unsigned char hash[32];
    token_hash(token, n, hash);
    return sodium_memcmp(hash, p->token_hash, sizeof(hash)) == 0;
}

static bool has_body(const struct practice_request *request)
{
    return strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0 ||
           strcmp(request->method, "PATCH") == 0;
}

static bool is_json_type(const char *type)
{
    static const char *const known[] = {"application/scim+json", "application/json"};
    if (!type)
        return false;
    type += strspn(type, " \t");
    size_t n = strcspn(type, "; \t");
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (strlen(known[i]) == n && strncasecmp(type, known[i], n) == 0)
            return true;
    return false;
}

/* Reads the body into call->body. */
static int read_body(struct call *call, const struct practice_request *request)
{
    struct jval_error error = {0};
    if (request->body_too_large)
        return refuse(&call->refusal, 413, NULL, "The body is larger than %zu bytes.", practice_body_max(call->p));
    if (!has_body(request) || !request->body_len)
        return 0;
    if (!is_json_type(request->content_type))
        return refuse(&call->refusal, 415, NULL,
                      "Content-Type must be application/scim+json or application/json, not \"%.100s\".",
                      request->content_type ? request->content_type : "");
    if (jval_parse(&call->body, request->body, request->body_len, &error) < 0)
        return refuse_syntax(&call->refusal, "The body is not JSON: %s (line %d, column %d).", error.text, error.line,
                             error.column);
    return 0;
}

/* What follows `prefix` in the path, "/" at least; NULL when the path is another. */
static const char *path_below(const char *path, const char *prefix)
{
    size_t n = strlen(prefix);
    if (strncmp(path, prefix, n) != 0 || (path[n] && path[n] != '/'))
        return NULL;
    return path[n] ? path + n : "/";
}

static int read_target(struct call *call, const char *below, const struct practice_request *request)
{
    if (url_split(call->arena, below, &call->path) < 0)
        return refuse(&call->refusal, 404, NULL, "The path is malformed.");
    if (url_query(call->arena, request->query, &call->params) < 0)
        return refuse(&call->refusal, 400, "invalidValue", "The query string is malformed.");
    return 0;
}

void call_note_copy(struct call *call)
{
    if (call->path.count != 1)
        return;
    for (int kind = 0; kind < KINDS; kind++) {
        const char *key = schema_key(call->body, kind_key((enum practice_kind)kind));
        const char *name = key ? jval_get_str(call->body, key) : NULL;
        if (name && strcmp(call->path.segments[0], kind_path((enum practice_kind)kind)) == 0)
            journal_copy(call->p->journal, (enum practice_kind)kind, name_fold(call->arena, name));
    }
}

static void answer_refusal(const struct refusal *refusal, struct practice_response *ret)
{
    buf_clear(&ret->body);
    ret->status = refusal->status;
    ret->content_type = "application/scim+json";
    ret->location[0] = ret->etag[0] = '\0';
    refusal_write(refusal, &ret->body);
}

static int refuse_token(struct call *call, const struct practice_request *request)
{
    call->ret->authenticate = true;
    return refuse(&call->refusal, 401, NULL,
                  request->authorization ? "The token in Authorization is not the one of this server."
                                         : "Authorization: Bearer with the token of this server is missing.");
}

static void handle_control(struct call *call, const char *below, const struct practice_request *request)
{
    int r = read_body(call, request);
    if (!is_authorized(call->p, request->authorization))
        r = refuse_token(call, request);
    if (r == 0)
        r = read_target(call, below, request);
    if (r == 0)
        r = control_answer(call);
    if (r < 0)
        answer_refusal(&call->refusal, call->ret);
}

/* Decides which faults strike this request. */
static void count_faults(struct call *call, const char *below, const struct practice_request *request)
{
    struct fault_request asked = {.method = call->method,
                                  .path = below ? below : "",
                                  .user_agent = request->user_agent,
                                  .body_bytes = request->body_len};
    if (call->p->faults->count && call->body)
        tally_body(call->method, call->body, &asked.tally);
    faults_count(call->p->faults, call->p->env, &asked);
}

/* Applies the first half and answers that it went wrong. */
static int dispatch_half(struct call *call, struct fault *half)
{
    struct jval *whole = call->body;
    CLEANUP(jval_freep) struct jval *part = half_of(whole);
    call->body = part;
    int r = part ? call_dispatch(call) : 0;
    call->body = whole;
    return r < 0 ? r : fault_refuse(half, &call->refusal, "Something went wrong half-way.");
}

static bool is_read(const struct call *call)
{
    const char *last = call->path.count ? call->path.segments[call->path.count - 1] : "";
    return strcmp(call->method, "GET") == 0 || strcmp(last, ".search") == 0;
}

static int dispatch(struct call *call)
{
    struct practice *p = call->p;
    if (!p->faults->bending)
        return call_dispatch(call);
    struct fault *half = call->body && !is_read(call) ? bent(p, FAULT_HALF) : NULL;
    if (half)
        return dispatch_half(call, half);
    call->p = is_read(call) ? lag_view(p) : p;
    int r = call_dispatch(call);
    call->p = p;
    return r;
}

static void handle_scim(struct call *call, const char *below, const struct practice_request *request)
{
    struct practice *p = call->p;
    struct practice_response *ret = call->ret;
    /* Read before anything is decided: the faults count members, and a POST counts as received whatever comes of it. */
    int r = read_body(call, request);
    if (r == 0)
        r = below ? read_target(call, below, request)
                  : refuse(&call->refusal, 404, NULL, "The service is at %s.", SCIM_PREFIX);
    if (r == 0 && strcmp(call->method, "POST") == 0)
        call_note_copy(call);
    count_faults(call, below, request);
    lag_update(p);
    if (!faults_before(p->faults, p->env, ret)) {
        if (!is_authorized(p, request->authorization))
            r = refuse_token(call, request);
        if (r == 0)
            r = dispatch(call);
        if (r == 0 && ret->body.overflowed)
            r = refuse(&call->refusal, 500, NULL, "The answer is larger than %zu bytes.", PRACTICE_ANSWER_BYTES);
        if (r < 0)
            answer_refusal(&call->refusal, ret);
    }
    faults_after(p->faults, p->env, ret);
    journal_add(p->journal, env_now(p->env), request, ret, faults_struck(p->faults));
}

void practice_handle(struct practice *p, const struct practice_request *request, struct practice_response *ret)
{
    struct buf body = ret->body;
    buf_clear(&body);
    *ret = (struct practice_response){.body = body};
    struct call call = {.p = p,
                        .arena = p->arena,
                        .method = request->method,
                        .if_match = request->if_match,
                        .if_none_match = request->if_none_match,
                        .ret = ret};
    const char *control = path_below(request->path, "/practice");
    if (control)
        handle_control(&call, control, request);
    else
        handle_scim(&call, path_below(request->path, SCIM_PREFIX), request);
    jval_free(call.body);
    arena_reset(p->arena);
}

void practice_response_init(struct practice_response *response)
{
    *response = (struct practice_response){0};
    buf_init(&response->body, PRACTICE_ANSWER_BYTES);
}

void practice_response_free(struct practice_response *response)
{
    buf_free(&response->body);
}

/* --- the state
 * -------------------------------------------------------------------------------------------------------- */

/* What is in force from the start. Both were checked, or are written by programmers. */
static void init_faults(struct practice *p)
{
    const struct practice_options *options = &p->options;
    if (options->profile) {
        double factor = options->rate_factor < 0 ? 0 : options->rate_factor > 0 ? options->rate_factor : 1;
        const struct practice_profile *profile = practice_profile_find(options->profile);
        int r = profile ? practice_set_profile(p, profile, factor, NULL, 0) : ERR_NOT_FOUND;
        assert(r == 0);
    }
    for (size_t i = 0; i < options->fault_count; i++) {
        int r = practice_set_fault(p, &options->faults[i], NULL, 0);
        assert(r == 0);
    }
}

struct practice *practice_new(const struct env *env, const struct practice_options *options)
{
    static const struct practice_options none;
    struct practice *p = NEW(struct practice);
    p->env = env;
    p->options = options ? *options : none;
    p->options.body_max = p->options.body_max ? p->options.body_max : PRACTICE_BODY_BYTES;
    p->options.page_max = p->options.page_max ? p->options.page_max : PRACTICE_PAGE_MAX;
    if (p->options.token && *p->options.token) {
        p->has_token = true;
        token_hash(p->options.token, strlen(p->options.token), p->token_hash);
    }
    p->base_url = mem_strdup(p->options.base_url ? p->options.base_url : SCIM_PREFIX);
    env->fill_random(env->data, p->seed, sizeof(p->seed));
    hash_init(&p->by_id, p->seed);
    for (int kind = 0; kind < KINDS; kind++) {
        hash_init(&p->shelves[kind].by_name, p->seed);
        hash_init(&p->shelves[kind].by_external, p->seed);
    }
    p->arena = arena_new();
    p->scratch = arena_new();
    size_t entries = p->options.journal_entries ? p->options.journal_entries : PRACTICE_JOURNAL_ENTRIES;
    size_t bytes = p->options.journal_body_bytes ? p->options.journal_body_bytes : PRACTICE_JOURNAL_BODY_BYTES;
    p->journal = journal_new(p->seed, entries, bytes);
    p->faults = faults_new();
    init_faults(p);
    p->options.token = p->options.base_url = p->options.profile = NULL;
    p->options.faults = NULL;
    return p;
}

struct practice *practice_free(struct practice *p)
{
    if (!p)
        return NULL;
    lag_free(p);
    practice_clear(p);
    hash_clear(&p->by_id);
    for (int kind = 0; kind < KINDS; kind++) {
        hash_clear(&p->shelves[kind].by_name);
        hash_clear(&p->shelves[kind].by_external);
    }
    arena_free(p->arena);
    arena_free(p->scratch);
    journal_free(p->journal);
    faults_free(p->faults);
    name_pattern_free(p->pattern);
    free(p->base_url);
    free(p);
    return NULL;
}

void practice_clear(struct practice *p)
{
    for (int kind = KINDS - 1; kind >= 0; kind--)
        while (p->shelves[kind].last)
            resource_delete(p, p->shelves[kind].last);
}

void practice_set_base_url(struct practice *p, const char *base_url)
{
    free(p->base_url);
    p->base_url = mem_strdup(base_url);
}

size_t practice_body_max(const struct practice *p)
{
    return p->options.body_max;
}
