/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/administrators: who may sign in to the console, and as what. */
#include "api/inner.h"
#include "api/session.h"

#define ADMINISTRATORS "/api/v1/administrators"
#define ADMINISTRATOR ADMINISTRATORS "/{administratorId}"
#define PAGE_MAX 200

static void write_properties(struct call *call, const struct administrator *administrator)
{
    struct jout *out = &call->out;
    session_write_administrator(out, administrator);
    jout_str(out, "status", administrator->password_hash ? "ACTIVE" : "INVITED");
    jout_time(out, "created", administrator->created);
    jout_time(out, "lastUpdated", administrator->last_updated);
    if (administrator->last_sign_in)
        jout_time(out, "lastSignIn", administrator->last_sign_in);
    jout_object(out, "_links");
    jout_object(out, "self");
    jout_str(out, "href", call_link(call, ADMINISTRATORS "/%s", administrator->id));
    jout_end(out);
    jout_end(out);
}

static void write_administrator(struct call *call, const struct administrator *administrator)
{
    jout_object(&call->out, NULL);
    write_properties(call, administrator);
    jout_end(&call->out);
}

struct listing {
    struct call *call;
    int left;
    int64_t last;
    const char *cursor; /* of the next page */
};

static int write_each(const struct administrator *administrator, void *data)
{
    struct listing *listing = data;
    if (listing->left-- == 0) {
        listing->cursor = arena_printf(listing->call->arena, "%lld", (long long)listing->last);
        return 1;
    }
    listing->last = administrator->rid;
    write_administrator(listing->call, administrator);
    return 0;
}

static int list_administrators(struct tx *tx, struct call *call)
{
    struct page page;
    int r = call_page(call, PAGE_MAX, PAGE_MAX, &page);
    if (r < 0)
        return r;
    struct listing listing = {.call = call, .left = page.limit};
    jout_array(&call->out, NULL);
    r = administrator_each(tx, page.after ? strtoll(page.after, NULL, 10) : 0, page.limit + 1, write_each, &listing);
    jout_end(&call->out);
    call_page_links(call, listing.cursor);
    return MIN_OF(r, 0);
}

static int find(struct tx *tx, struct call *call, struct administrator *ret)
{
    int r = administrator_by_id(tx, call->params[0], ret);
    return r == ERR_NOT_FOUND ? call_not_found(call, call->params[0], "Administrator") : r;
}

static int get_administrator(struct tx *tx, struct call *call)
{
    struct administrator administrator = {0};
    int r = find(tx, call, &administrator);
    if (r == 0)
        write_administrator(call, &administrator);
    return r;
}

static int read_input(struct call *call, struct administrator_input *ret)
{
    static const char *const known[] = {"id",          "name",       "email",  "role", "status",   "created",
                                        "lastUpdated", "lastSignIn", "_links", "link", "expiresAt"};
    const struct jval *body;
    int r = call_body_object(call, &body);
    if (r < 0)
        return r;
    for (void *it = jval_first(body); it; it = jval_next(body, it)) {
        bool found = false;
        for (size_t i = 0; i < ARRAY_LEN(known); i++)
            found = found || str_eq(jval_iter_key(it), known[i]);
        if (!found)
            return call_invalid(call, jval_iter_key(it), "An administrator has no such field; leave it out");
    }
    *ret = (struct administrator_input){.name = jval_get_str(body, "name"), .email = jval_get_str(body, "email")};
    if (role_parse(jval_get_str(body, "role"), &ret->role) < 0)
        return call_invalid(call, "role", "The value must be READ_ONLY, OPERATOR or ADMIN");
    return 0;
}

/* An administrator and the link with which a password is set. */
static int write_with_link(struct tx *tx, struct call *call, const struct administrator *administrator)
{
    const char *secret;
    int r = sign_in_link_create(tx, administrator->rid, &secret);
    if (r < 0)
        return r;
    jout_object(&call->out, NULL);
    write_properties(call, administrator);
    session_write_link(call, secret, tx_now(tx));
    jout_end(&call->out);
    return 0;
}

static int create_administrator(struct tx *tx, struct call *call)
{
    struct administrator_input input = {0};
    struct administrator administrator = {0};
    int r = read_input(call, &input);
    if (r == 0)
        r = administrator_create(tx, &input, &administrator, &call->problem);
    if (r < 0)
        return r;
    call->status = 201;
    return write_with_link(tx, call, &administrator);
}

static int replace_administrator(struct tx *tx, struct call *call)
{
    struct administrator_input input = {0};
    struct administrator administrator = {0};
    int r = read_input(call, &input);
    if (r == 0)
        r = administrator_update(tx, call->params[0], &input, &administrator, &call->problem);
    if (r == 0)
        write_administrator(call, &administrator);
    return r;
}

static int delete_administrator(struct tx *tx, struct call *call)
{
    call->status = 204;
    return administrator_delete(tx, call->params[0], &call->problem);
}

/* The old password works until the link is used. */
static int reset_administrator(struct tx *tx, struct call *call)
{
    struct administrator administrator = {0};
    int r = find(tx, call, &administrator);
    if (r == 0)
        r = write_with_link(tx, call, &administrator);
    return r < 0 ? r : administrator_event(tx, &administrator, "user.account.reset_password", NULL, NULL);
}

const struct route administrator_routes[] = {
    {"GET", ADMINISTRATORS, ROUTE_READ, ROLE_ADMIN, list_administrators, "listAdministrators", NULL},
    {"POST", ADMINISTRATORS, ROUTE_WRITE, ROLE_ADMIN, create_administrator, "createAdministrator", NULL},
    {"GET", ADMINISTRATOR, ROUTE_READ, ROLE_ADMIN, get_administrator, "getAdministrator", NULL},
    {"PUT", ADMINISTRATOR, ROUTE_WRITE, ROLE_ADMIN, replace_administrator, "replaceAdministrator", NULL},
    {"DELETE", ADMINISTRATOR, ROUTE_WRITE, ROLE_ADMIN, delete_administrator, "deleteAdministrator", NULL},
    {"POST", ADMINISTRATOR "/reset", ROUTE_WRITE, ROLE_ADMIN, reset_administrator, "resetAdministrator", NULL},
    {.method = NULL},
};
