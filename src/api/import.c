/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /api/v1/import, an addition of Muster: many users or memberships in one transaction. With dryRun=true the
 * transaction is rolled back: it is a job of its own, run before the call's, which then only answers.
 */
#include "api/import.h"

#include "api/call.h"
#include "base/limits.h"
#include "directory/import.h"
#include "directory/schema.h"

#define COLUMN_BYTES 128 /* bytes of the name of a column in an error */
#define NUMBER_DIGITS 18 /* digits of an integer that cannot overflow */

/* --- values as CSV has them ------------------------------------------------------------------------------------------
 */

static struct jval *read_number(const char *text, bool integer)
{
    struct jval *value = NULL;
    size_t digits = strspn(text + (*text == '-'), "0123456789");
    bool whole = digits && digits <= NUMBER_DIGITS && !text[(*text == '-') + digits];
    if ((whole || !integer) && jval_parse(&value, text, strlen(text), NULL) < 0)
        return NULL;
    enum jval_type type = jval_type(value);
    return type == JVAL_INT || (type == JVAL_REAL && !integer) ? value : jval_free(value);
}

/* The value that the text stands for; the text itself when it stands for none, which the profile's check refuses. */
static struct jval *read_scalar(const char *text, enum attribute_type type)
{
    struct jval *value = NULL;
    if (type == ATTRIBUTE_BOOLEAN && (str_eq(text, "true") || str_eq(text, "false")))
        value = jval_new_bool(*text == 't');
    else if (type == ATTRIBUTE_INTEGER || type == ATTRIBUTE_NUMBER)
        value = read_number(text, type == ATTRIBUTE_INTEGER);
    return value ? value : jval_new_str(text);
}

static struct jval *read_list(struct arena *arena, const char *text, enum attribute_type type)
{
    struct jval *list = jval_new_array();
    for (;;) {
        size_t n = strcspn(text, ";");
        if (n)
            jval_append(list, read_scalar(arena_strndup(arena, text, n), type));
        if (!text[n])
            return list;
        text += n + 1;
    }
}

/* A copy of the profile with values of the attributes' types. */
static struct jval *typed_profile(struct arena *arena, const struct schema *schema, const struct jval *profile)
{
    struct jval *typed = jval_new_object();
    for (void *it = jval_first(profile); it; it = jval_next(profile, it)) {
        const char *name = jval_iter_key(it), *text = jval_str(jval_iter_value(it));
        const struct attribute *attribute = schema_attribute(schema, name);
        struct jval *value;
        if (!text || !attribute || attribute->type == ATTRIBUTE_STRING)
            value = jval_ref(jval_iter_value(it));
        else if (attribute->type == ATTRIBUTE_ARRAY)
            value = read_list(arena, text, attribute->item_type);
        else
            value = read_scalar(text, attribute->type);
        jval_set(typed, name, value);
    }
    return typed;
}

/* --- rows ------------------------------------------------------------------------------------------------------------
 */

struct chunk {
    struct tx *tx;
    struct directory_import *import;
    const struct schema *schema;
    struct jout *out;
    int64_t counts[3]; /* by enum import_result */
};

static int refuse(struct problem *problem, const char *column, const char *remedy)
{
    *problem = (struct problem){0};
    return problem_invalid(problem, column, "%s: %s", column, remedy);
}

static int run_user(struct chunk *chunk, const struct jval *row, enum import_result *ret, struct problem *problem)
{
    const struct jval *profile = jval_get(row, "profile"), *activate = jval_get(row, "activate");
    if (jval_type(profile) != JVAL_OBJECT)
        return refuse(problem, "profile", "must be an object with the attributes of the user");
    if (!jval_get_str(profile, "login"))
        return refuse(problem, "login", "The field cannot be left blank");
    if (activate && jval_type(activate) != JVAL_BOOL)
        return refuse(problem, "activate", "must be true or false");
    struct jval *typed CLEANUP(jval_freep) = typed_profile(tx_arena(chunk->tx), chunk->schema, profile);
    return directory_import_user(chunk->import, typed, NULL, !activate || jval_is_true(activate), ret, problem);
}

static int run_membership(struct chunk *chunk, const struct jval *row, enum import_result *ret, struct problem *problem)
{
    const char *login = jval_get_str(row, "login"), *group = jval_get_str(row, "group");
    if (!login || !*login)
        return refuse(problem, "login", "The field cannot be left blank");
    if (!group || !*group)
        return refuse(problem, "group", "The field cannot be left blank");
    return directory_import_membership(chunk->import, login, group, ret, problem);
}

/* "email: ..." names a column; what has no such beginning names none. */
static bool column_of(const char *cause, char ret_column[static COLUMN_BYTES])
{
    size_t n = strcspn(cause, ": ");
    if (n == 0 || cause[n] != ':' || n >= COLUMN_BYTES)
        return false;
    (void)snprintf(ret_column, COLUMN_BYTES, "%.*s", (int)n, cause);
    return true;
}

static void write_error(struct jout *out, size_t row, bool membership, const struct problem *problem)
{
    char column[COLUMN_BYTES], summary[PROBLEM_TEXT];
    problem_summary(problem, summary, sizeof(summary));
    jout_object(out, NULL);
    jout_int(out, "row", (int64_t)row);
    if (problem->cause_count && column_of(problem->causes[0], column))
        jout_str(out, "column", column);
    else if (problem->code == E0000007)
        jout_str(out, "column", "login");
    else if (membership && str_eq(problem->argument, "name"))
        jout_str(out, "column", "group");
    jout_str(out, "errorCode", published_name(problem->code));
    jout_str(out, "errorSummary", summary);
    jout_array(out, "errorCauses");
    for (size_t i = 0; i < problem->cause_count; i++) {
        jout_object(out, NULL);
        jout_str(out, "errorSummary", problem->causes[i]);
        jout_end(out);
    }
    jout_end(out);
    jout_end(out);
}

static int run_gone_user(struct chunk *chunk, const struct jval *row, enum import_result *ret, struct problem *problem)
{
    const char *login = jval_get_str(row, "login");
    if (!login || !*login)
        return refuse(problem, "login", "The field cannot be left blank");
    return import_user_gone(chunk->tx, login, ret, problem);
}

static int run_gone_membership(struct chunk *chunk, const struct jval *row, enum import_result *ret,
                               struct problem *problem)
{
    const char *login = jval_get_str(row, "login"), *group = jval_get_str(row, "group");
    if (!login || !*login)
        return refuse(problem, "login", "The field cannot be left blank");
    if (!group || !*group)
        return refuse(problem, "group", "The field cannot be left blank");
    return import_membership_gone(chunk->tx, login, group, ret, problem);
}

/* What a chunk holds, by the name of its array. */
static const struct kind {
    const char *name;
    bool memberships;
    size_t rows; /* at most: what ends has more to be done for it than what is brought in */
    int (*run)(struct chunk *chunk, const struct jval *row, enum import_result *ret, struct problem *problem);
} kinds[] = {{"users", false, LIMIT_IMPORT_ROWS, run_user},
             {"memberships", true, LIMIT_IMPORT_ROWS, run_membership},
             {"goneUsers", false, LIMIT_IMPORT_GONE, run_gone_user},
             {"goneMemberships", true, LIMIT_IMPORT_GONE, run_gone_membership}};

static int run_rows(struct chunk *chunk, const struct jval *rows, const struct kind *kind)
{
    jout_array(chunk->out, "errors");
    for (size_t i = 0; i < jval_len(rows); i++) {
        struct problem problem = {0};
        enum import_result result = IMPORT_SAME;
        const struct jval *row = jval_at(rows, i);
        int r = kind->run(chunk, row, &result, &problem);
        if (r == ERR_PROBLEM)
            write_error(chunk->out, i, kind->memberships, &problem);
        else if (r < 0)
            return r;
        else
            chunk->counts[result]++;
    }
    jout_end(chunk->out);
    return 0;
}

static int check_body(const struct jval *body, const struct kind **ret_kind, struct problem *problem)
{
    const struct kind *kind = NULL;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (!jval_get(body, kinds[i].name))
            continue;
        if (kind)
            return problem_invalid(problem, "body", "%s: give either %s or %s", kind->name, kind->name, kinds[i].name);
        kind = &kinds[i];
    }
    if (!kind)
        return problem_invalid(problem, "body", "users: give either users or memberships");
    const struct jval *rows = jval_get(body, kind->name);
    if (jval_type(rows) != JVAL_ARRAY)
        return problem_invalid(problem, kind->name, "%s: must be an array", kind->name);
    if (jval_len(rows) > kind->rows)
        return problem_invalid(problem, kind->name, "%s: has %zu rows; send at most %zu at once", kind->name,
                               jval_len(rows), kind->rows);
    *ret_kind = kind;
    return 0;
}

int import_chunk(struct tx *tx, const struct jval *body, struct jout *out, struct problem *problem)
{
    const struct kind *kind = NULL;
    struct chunk chunk = {.tx = tx, .out = out};
    int r = check_body(body, &kind, problem);
    if (r == 0)
        r = directory_import_begin(tx, &chunk.import);
    if (r >= 0)
        r = schema_load(tx, SCHEMA_USER, &chunk.schema);
    if (r < 0)
        return r;
    assert(kind);
    jout_object(out, NULL);
    r = run_rows(&chunk, jval_get(body, kind->name), kind);
    if (r < 0)
        return r;
    jout_int(out, "created", chunk.counts[IMPORT_CREATED]);
    jout_int(out, "updated", chunk.counts[IMPORT_UPDATED]);
    jout_int(out, "unchanged", chunk.counts[IMPORT_SAME]);
    jout_end(out);
    return 0;
}

/* --- what imports made ---------------------------------------------------------------------------------------------
 */

static int write_users_made(struct tx *tx, int64_t after, struct jout *out, const char **ret_next)
{
    struct imported_user *users = arena_array(tx_arena(tx), LIMIT_IMPORT_ROWS, sizeof(*users));
    int count = imported_users(tx, after, users, LIMIT_IMPORT_ROWS);
    for (int i = 0; i < count; i++) {
        jout_object(out, NULL);
        jout_str(out, "id", users[i].id);
        jout_str(out, "login", users[i].login);
        jout_end(out);
    }
    if (count == LIMIT_IMPORT_ROWS)
        *ret_next = arena_printf(tx_arena(tx), "%lld", (long long)users[count - 1].rid);
    return MIN_OF(count, 0);
}

static int write_members_made(struct tx *tx, int64_t group, int64_t user, struct jout *out, const char **ret_next)
{
    struct imported_member *members = arena_array(tx_arena(tx), LIMIT_IMPORT_ROWS, sizeof(*members));
    int count = imported_members(tx, group, user, members, LIMIT_IMPORT_ROWS);
    for (int i = 0; i < count; i++) {
        jout_object(out, NULL);
        jout_str(out, "login", members[i].login);
        jout_str(out, "group", members[i].group);
        jout_end(out);
    }
    if (count == LIMIT_IMPORT_ROWS)
        *ret_next = arena_printf(tx_arena(tx), "%lld.%lld", (long long)members[count - 1].group_rid,
                                 (long long)members[count - 1].user_rid);
    return MIN_OF(count, 0);
}

int import_made_write(struct tx *tx, bool memberships, const char *after, struct jout *out, const char **ret_next)
{
    char *end = NULL;
    int64_t first = after ? strtoll(after, &end, 10) : 0;
    int64_t second = end && *end == '.' ? strtoll(end + 1, &end, 10) : 0;
    if (after && (!end || *end || end == after))
        return ERR_SYNTAX;
    *ret_next = NULL;
    jout_array(out, NULL);
    int r =
        memberships ? write_members_made(tx, first, second, out, ret_next) : write_users_made(tx, first, out, ret_next);
    jout_end(out);
    return r;
}

static int list_made(struct tx *tx, struct call *call, bool memberships)
{
    const char *after = NULL;
    const char *next = NULL;
    int r = call_cursor(call, &after);
    if (r == 0)
        r = import_made_write(tx, memberships, after, &call->out, &next);
    if (r == ERR_SYNTAX)
        return call_invalid(call, "after", "is no cursor of this list; take it from the link next");
    if (r == 0)
        call_page_links(call, next);
    return r;
}

static int list_users_made(struct tx *tx, struct call *call)
{
    return list_made(tx, call, false);
}

static int list_members_made(struct tx *tx, struct call *call)
{
    return list_made(tx, call, true);
}

/* --- the call --------------------------------------------------------------------------------------------------------
 */

struct dry_run {
    struct call *call;
    struct store_job job;
    struct buf answer;
    struct problem problem;
    int result;
};

static int run_dry(struct tx *tx, void *arg)
{
    struct dry_run *dry = arg;
    struct jout out;
    buf_clear(&dry->answer);
    jout_init(&out, &dry->answer);
    dry->problem = (struct problem){0};
    dry->result = import_chunk(tx, dry->call->body, &out, &dry->problem);
    return ERR_CANCELLED; /* rolls back */
}

static void dry_done(struct store_job *job, int result)
{
    struct dry_run *dry = CONTAINER_OF(job, struct dry_run, job);
    if (result != ERR_CANCELLED)
        dry->result = result < 0 ? result : ERR_IO;
    call_continue(dry->call);
}

static void free_dry(struct call *call)
{
    struct dry_run *dry = call->prepared;
    buf_free(&dry->answer);
}

static void prepare_import(struct call *call)
{
    bool dry_run;
    if (call_query_bool(call, "dryRun", false, &dry_run) < 0) {
        call_refuse(call);
        return;
    }
    if (!dry_run) {
        call_continue(call);
        return;
    }
    struct dry_run *dry = arena_alloc(call->arena, sizeof(*dry));
    *dry = (struct dry_run){.call = call, .job = {.run = run_dry, .arg = dry, .done = dry_done}};
    buf_init(&dry->answer, LIMIT_API_ANSWER_BYTES);
    call->prepared = dry;
    call->release = free_dry;
    store_write(api_store(call->api), &dry->job);
}

static int import_rows(struct tx *tx, struct call *call)
{
    const struct jval *body;
    int r = call_body_object(call, &body);
    if (r < 0)
        return r;
    const struct dry_run *dry = call->prepared;
    if (!dry)
        return import_chunk(tx, body, &call->out, &call->problem);
    call->problem = dry->problem;
    if (dry->result < 0)
        return dry->result;
    jout_raw(&call->out, NULL, buf_text(&dry->answer));
    return 0;
}

const struct route import_routes[] = {
    {"POST", "/api/v1/import", ROUTE_WRITE, ROLE_ADMIN, import_rows, "importRows", prepare_import, true},
    {"GET", "/api/v1/import/users", ROUTE_READ, ROLE_READ_ONLY, list_users_made, "listImportedPeople", NULL},
    {"GET", "/api/v1/import/memberships", ROUTE_READ, ROLE_READ_ONLY, list_members_made, "listImportedMemberships",
     NULL},
    {.method = NULL},
};
