/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bulk (RFC 7644 section 3.7). Operations run in the order given, but one that refers to a bulkId ("bulkId:qwerty", in
 * its path or anywhere in its data) waits until the POST of that bulkId has run. Groups that refer to each other in a
 * circle are created without the members that are not there yet, and get them when they are (section 3.7.1).
 */
#include "practice/inner.h"

#define BULK_ID_PREFIX "bulkId:"

enum outcome { WAITING, DONE, FAILED };

struct operation {
    const char *method;
    const char *path;
    const char *bulk_id; /* or NULL */
    const char *version; /* or NULL */
    struct jval *data;   /* lent by the body */
    enum outcome outcome;
    int status;
    char *response; /* JSON of the error; NULL when there is none */
    char *location;
    char *etag;
    const char *made_id;   /* of the resource that a POST has created */
    struct jval *leftover; /* members to be added when the circle is closed; owned */
};

struct bulk {
    struct call *call;
    struct operation *operations;
    size_t count;
    size_t errors;
    size_t errors_max; /* failOnErrors; SIZE_MAX without */
};

/* --- bulkIds
 * ---------------------------------------------------------------------------------------------------------- */

static bool is_reference(const char *text)
{
    return text && strncmp(text, BULK_ID_PREFIX, strlen(BULK_ID_PREFIX)) == 0;
}

static const struct operation *find_bulk_id(const struct bulk *bulk, const char *id)
{
    for (size_t i = 0; i < bulk->count; i++)
        if (str_eq(bulk->operations[i].bulk_id, id) && strcmp(bulk->operations[i].method, "POST") == 0)
            return &bulk->operations[i];
    return NULL;
}

struct resolution {
    const struct bulk *bulk;
    size_t waiting;      /* references to what has not run yet */
    const char *unknown; /* a reference to nothing, or to what has failed */
};

/* The id that a reference stands for; NULL (and a note) when there is none yet. */
static const char *resolve(struct resolution *resolution, const char *reference)
{
    const struct operation *made = find_bulk_id(resolution->bulk, reference + strlen(BULK_ID_PREFIX));
    if (!made || made->outcome == FAILED)
        resolution->unknown = reference;
    else if (made->outcome == WAITING)
        resolution->waiting++;
    return made ? made->made_id : NULL;
}

/* A copy of the data in which references are ids. */
static struct jval *resolve_data(struct resolution *resolution, const struct jval *value)
{
    if (jval_type(value) == JVAL_OBJECT) {
        struct jval *object = jval_new_object();
        for (void *it = jval_first(value); it; it = jval_next(value, it))
            jval_set(object, jval_iter_key(it), resolve_data(resolution, jval_iter_value(it)));
        return object;
    }
    if (jval_type(value) == JVAL_ARRAY) {
        struct jval *array = jval_new_array();
        for (size_t i = 0; i < jval_len(value); i++)
            jval_append(array, resolve_data(resolution, jval_at(value, i)));
        return array;
    }
    const char *id = is_reference(jval_str(value)) ? resolve(resolution, jval_str(value)) : NULL;
    return id ? jval_new_str(id) : jval_copy(value);
}

/* The path with "/Groups/bulkId:g1" resolved. */
static const char *resolve_path(struct resolution *resolution, const char *path)
{
    const char *reference = strstr(path, "/" BULK_ID_PREFIX);
    const char *id = reference ? resolve(resolution, reference + 1) : NULL;
    return id ? arena_printf(resolution->bulk->call->arena, "%.*s/%s", (int)(reference - path), path, id) : path;
}

/* --- running one
 * ------------------------------------------------------------------------------------------------------ */

static void note_answer(struct bulk *bulk, struct operation *operation, int r, const struct refusal *refusal,
                        const struct practice_response *answer, const char *made_id)
{
    struct arena *arena = bulk->call->arena;
    operation->outcome = r < 0 ? FAILED : DONE;
    operation->status = r < 0 ? refusal->status : answer->status;
    if (answer->location[0])
        operation->location = arena_strdup(arena, answer->location);
    if (answer->etag[0] && r == 0)
        operation->etag = arena_strdup(arena, answer->etag);
    if (r == 0)
        operation->made_id = made_id;
    if (r < 0) {
        struct buf out;
        buf_init(&out, PRACTICE_ANSWER_BYTES);
        refusal_write(refusal, &out);
        operation->response = arena_strdup(arena, buf_text(&out));
        buf_free(&out);
        bulk->errors++;
    }
}

static bool is_bulk_method(const char *method)
{
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0 ||
           strcmp(method, "DELETE") == 0;
}

static void run(struct bulk *bulk, struct operation *operation, const char *path, struct jval *data)
{
    struct practice_response answer;
    practice_response_init(&answer);
    struct call call = {.p = bulk->call->p,
                        .arena = bulk->call->arena,
                        .method = operation->method,
                        .if_match = operation->version,
                        .body = data,
                        .in_bulk = true,
                        .ret = &answer};
    int r = 0;
    if (!is_bulk_method(operation->method))
        r = refuse_syntax(&call.refusal, "method must be POST, PUT, PATCH or DELETE.");
    else if (url_split(call.arena, path, &call.path) < 0 || call.path.count == 0 ||
             (strcmp(call.path.segments[0], "Users") != 0 && strcmp(call.path.segments[0], "Groups") != 0) ||
             (call.path.count == 2 && strcmp(call.path.segments[1], ".search") == 0))
        r = refuse_syntax(&call.refusal, "path must be /Users, /Groups or one resource below, not \"%.200s\".", path);
    else if (strcmp(operation->method, "POST") == 0 && !operation->bulk_id)
        r = refuse_syntax(&call.refusal, "bulkId is required for POST.");
    else
        r = call_dispatch(&call);
    if (strcmp(operation->method, "POST") == 0)
        call_note_copy(&call);
    note_answer(bulk, operation, r, &call.refusal, &answer, call.made_id);
    practice_response_free(&answer);
}

/* Refuses an operation that refers to what does not exist. */
static void fail_reference(struct bulk *bulk, struct operation *operation, const char *reference)
{
    struct refusal refusal = {0};
    struct practice_response none = {0};
    int r = refuse(&refusal, 409, "invalidValue", "%.200s: no operation has created it.", reference);
    note_answer(bulk, operation, r, &refusal, &none, NULL);
}

/* Runs the first operation that can run; false when there is none. What has waited goes before what comes after it. */
static bool run_ready(struct bulk *bulk)
{
    for (size_t i = 0; i < bulk->count && bulk->errors < bulk->errors_max; i++) {
        struct operation *operation = &bulk->operations[i];
        if (operation->outcome != WAITING)
            continue;
        struct resolution resolution = {.bulk = bulk};
        const char *path = resolve_path(&resolution, operation->path);
        CLEANUP(jval_freep) struct jval *data = operation->data ? resolve_data(&resolution, operation->data) : NULL;
        if (!resolution.unknown && resolution.waiting)
            continue;
        if (resolution.unknown)
            fail_reference(bulk, operation, resolution.unknown);
        else
            run(bulk, operation, path, data);
        return true;
    }
    return false;
}

/* --- circles
 * ---------------------------------------------------------------------------------------------------------- */

/* Takes the members that are still references out of the data of a group; NULL when there are none. */
static struct jval *take_leftover(struct jval *data)
{
    const char *key = schema_key(data, "members");
    const struct jval *members = key ? jval_get(data, key) : NULL;
    struct jval *rest = jval_new_array();
    CLEANUP(jval_freep) struct jval *taken = jval_new_array();
    for (size_t i = 0; i < jval_len(members); i++) {
        struct jval *member = jval_at(members, i);
        jval_append(is_reference(jval_get_str(member, "value")) ? taken : rest, jval_ref(member));
    }
    if (jval_len(taken)) {
        jval_set(data, key, rest);
        return TAKE_PTR(taken);
    }
    jval_free(rest);
    return NULL;
}

/* Creates the first group that waits for other groups, without the members that are not there yet. */
static bool break_circle(struct bulk *bulk)
{
    for (size_t i = 0; i < bulk->count && bulk->errors < bulk->errors_max; i++) {
        struct operation *operation = &bulk->operations[i];
        if (operation->outcome != WAITING || strcmp(operation->method, "POST") != 0 ||
            strcmp(operation->path, "/Groups") != 0)
            continue;
        struct resolution resolution = {.bulk = bulk};
        CLEANUP(jval_freep) struct jval *data = resolve_data(&resolution, operation->data);
        struct jval *leftover = jval_type(data) == JVAL_OBJECT ? take_leftover(data) : NULL;
        if (!leftover)
            continue;
        operation->leftover = leftover;
        run(bulk, operation, operation->path, data);
        return true;
    }
    return false;
}

static void add_leftover(struct bulk *bulk, struct operation *operation)
{
    struct practice *p = bulk->call->p;
    struct resource *group = operation->made_id ? resource_find(p, PRACTICE_GROUP, operation->made_id) : NULL;
    if (!operation->leftover || !group)
        return;
    struct resolution resolution = {.bulk = bulk};
    CLEANUP(jval_freep) struct jval *members = resolve_data(&resolution, operation->leftover);
    struct call call = {.p = p, .arena = bulk->call->arena};
    struct members_change change;
    members_begin(&change, &call, group);
    if (resolution.unknown || resolution.waiting || members_add(&change, members) < 0) {
        members_rollback(&change);
        fail_reference(bulk, operation, resolution.unknown ? resolution.unknown : BULK_ID_PREFIX);
        return;
    }
    if (members_commit(&change))
        resource_touch(p, group);
    char tag[32];
    resource_etag(group, tag, sizeof(tag));
    operation->etag = arena_strdup(bulk->call->arena, tag);
}

/* --- the request
 * ------------------------------------------------------------------------------------------------------ */

static const char *text_of(const struct jval *object, const char *name)
{
    const char *key = schema_key(object, name);
    return key ? jval_get_str(object, key) : NULL;
}

static int read_operations(struct bulk *bulk)
{
    struct call *call = bulk->call;
    const char *key = schema_key(call->body, "Operations");
    const struct jval *array = key ? jval_get(call->body, key) : NULL;
    if (jval_type(array) != JVAL_ARRAY || !jval_len(array))
        return refuse_syntax(&call->refusal, "Operations must be an array of at least one operation.");
    if (jval_len(array) > PRACTICE_BULK_OPERATIONS)
        return refuse(&call->refusal, 413, "tooMany", "At most %d operations in one bulk request (maxOperations).",
                      PRACTICE_BULK_OPERATIONS);
    bulk->count = jval_len(array);
    bulk->operations = arena_array(call->arena, bulk->count, sizeof(*bulk->operations));
    for (size_t i = 0; i < bulk->count; i++) {
        const struct jval *object = jval_at(array, i);
        struct operation *operation = &bulk->operations[i];
        operation->method = text_of(object, "method");
        operation->path = text_of(object, "path");
        operation->bulk_id = text_of(object, "bulkId");
        operation->version = text_of(object, "version");
        if (!operation->method || !operation->path)
            return refuse_syntax(&call->refusal, "Operations[%zu] needs a method and a path.", i);
        key = schema_key(object, "data");
        operation->data = key ? jval_get(object, key) : NULL;
        if (operation->bulk_id && find_bulk_id(bulk, operation->bulk_id) != operation &&
            strcmp(operation->method, "POST") == 0)
            return refuse_syntax(&call->refusal, "bulkId \"%.100s\" is used twice.", operation->bulk_id);
    }
    key = schema_key(call->body, "failOnErrors");
    int64_t errors = key ? jval_int(jval_get(call->body, key), -1) : 0;
    if (errors < 0)
        return refuse_value(&call->refusal, "failOnErrors must be a whole number.");
    bulk->errors_max = errors ? (size_t)errors : SIZE_MAX;
    return 0;
}

static void write_answer(struct bulk *bulk)
{
    struct jout out;
    jout_init(&out, &bulk->call->ret->body);
    jout_object(&out, NULL);
    jout_array(&out, "schemas");
    jout_str(&out, NULL, URN_BULK_RESPONSE);
    jout_end(&out);
    jout_array(&out, "Operations");
    for (size_t i = 0; i < bulk->count; i++) {
        const struct operation *operation = &bulk->operations[i];
        if (operation->outcome == WAITING)
            continue;
        char status[16];
        (void)snprintf(status, sizeof(status), "%d", operation->status);
        jout_object(&out, NULL);
        jout_str(&out, "method", operation->method);
        jout_str_opt(&out, "bulkId", operation->bulk_id);
        jout_str_opt(&out, "version", operation->etag);
        jout_str_opt(&out, "location", operation->location);
        jout_str(&out, "status", status);
        if (operation->response)
            jout_raw(&out, "response", operation->response);
        jout_end(&out);
    }
    jout_end(&out);
    jout_end(&out);
}

int bulk_post(struct call *call)
{
    struct bulk bulk = {.call = call};
    if (strcmp(call->method, "POST") != 0)
        return call_refuse_method(call, "POST");
    int r = call_body(call, URN_BULK_REQUEST);
    if (r == 0)
        r = read_operations(&bulk);
    if (r < 0)
        return r;
    while (run_ready(&bulk) || break_circle(&bulk))
        ;
    for (size_t i = 0; i < bulk.count; i++) {
        struct operation *operation = &bulk.operations[i];
        /* What refers to itself in a way that cannot be resolved: a path, or data that is no member. */
        if (operation->outcome == WAITING && bulk.errors < bulk.errors_max)
            fail_reference(&bulk, operation, "A bulkId that waits for this operation itself");
        add_leftover(&bulk, operation);
        operation->leftover = jval_free(operation->leftover);
    }
    write_answer(&bulk);
    call->ret->status = 200;
    call->ret->content_type = "application/scim+json";
    return 0;
}
