/* SPDX-License-Identifier: Apache-2.0 */
#include "target/request.h"

#include "base/text.h"
#include "base/url.h"
#include "target/inner.h"

#define BODY_MAX ((size_t)64 * 1024 * 1024) /* bytes; callers bound what they pass: this only ends a runaway */
/* No startIndex: the first page is what every server begins with, and some page by cursor alone (RFC 9865). */
#define FIND_PAGE "&count=100"

/* --- paths and bodies --------------------------------------------------------------------------------------------- */

static const char *resource_path(struct arena *arena, const char *endpoint, const char *id, const char *query)
{
    return arena_printf(arena, "/%s/%s%s", endpoint, url_encoded(arena, id), query);
}

/* A string of the filter language is a JSON string (RFC 7644 figure 1): quotes and backslashes are escaped. */
static const char *quoted(struct arena *arena, const char *text)
{
    struct jval *value = jval_new_str(text);
    const char *json = jval_text(arena, value, false);
    jval_free(value);
    return json;
}

static const char *filter_query(struct arena *arena, const char *attribute, const char *wanted)
{
    const char *filter = arena_printf(arena, "%s eq %s", attribute, quoted(arena, wanted));
    return arena_printf(arena, "filter=%s", url_encoded(arena, filter));
}

static const char *member_query(struct arena *arena, const char *group_id, const char *member_id)
{
    const char *filter =
        arena_printf(arena, "id eq %s and members eq %s", quoted(arena, group_id), quoted(arena, member_id));
    return arena_printf(arena, "filter=%s", url_encoded(arena, filter));
}

static struct target_request without_body(enum request_kind kind, enum answer_shape shape, const char *method,
                                          const char *path)
{
    return (struct target_request){.kind = kind, .shape = shape, .method = method, .path = path};
}

struct body {
    struct buf buf;
    struct jout out;
};

static void body_start(struct body *body)
{
    buf_init(&body->buf, BODY_MAX);
    jout_init(&body->out, &body->buf);
    jout_object(&body->out, NULL);
}

static const char *body_end(struct body *body, struct arena *arena)
{
    jout_end(&body->out);
    assert(!body->buf.overflowed);
    const char *text = arena_strndup(arena, buf_text(&body->buf), body->buf.len);
    buf_free(&body->buf);
    return text;
}

static void write_schema(struct jout *out, const char *schema)
{
    jout_array(out, "schemas");
    jout_str(out, NULL, schema);
    jout_end(out);
}

static void patch_start(struct body *body)
{
    body_start(body);
    write_schema(&body->out, SCIM_PATCH_OP);
    jout_array(&body->out, "Operations");
}

static const char *patch_end(struct body *body, struct arena *arena)
{
    jout_end(&body->out);
    return body_end(body, arena);
}

/* --- users -------------------------------------------------------------------------------------------------------- */

struct target_request target_find_user(struct arena *arena, const char *user_name)
{
    const char *path = arena_printf(arena, "/Users?%s" FIND_PAGE, filter_query(arena, "userName", user_name));
    return without_body(REQUEST_FIND_USER, ANSWER_LIST, "GET", path);
}

struct target_request target_create_user(struct arena *arena, const char *user_id, const struct jval *profile)
{
    struct jval *attributes CLEANUP(jval_freep) = user_attributes(profile);
    struct body body;
    body_start(&body);
    user_write_schemas(&body.out, attributes);
    jout_str(&body.out, "externalId", user_id);
    user_write_core(&body.out, attributes);
    jout_bool(&body.out, "active", true);
    user_write_extensions(&body.out, attributes);
    struct target_request request = without_body(REQUEST_CREATE_USER, ANSWER_RESOURCE, "POST", "/Users");
    request.body = body_end(&body, arena);
    return request;
}

struct target_request target_read_user(struct arena *arena, const char *external_id)
{
    return without_body(REQUEST_READ_USER, ANSWER_RESOURCE, "GET", resource_path(arena, "Users", external_id, ""));
}

bool target_update_user(struct arena *arena, const char *external_id, const struct jval *sent,
                        const struct jval *profile, int active, struct target_request *ret)
{
    struct jval *before CLEANUP(jval_freep) = user_attributes(sent);
    struct jval *after CLEANUP(jval_freep) = user_attributes(profile);
    struct body body;
    patch_start(&body);
    size_t count = user_write_difference(&body.out, before, after);
    if (active >= 0) {
        jout_object(&body.out, NULL);
        jout_str(&body.out, "op", "replace");
        jout_str(&body.out, "path", "active");
        jout_bool(&body.out, "value", active == 1);
        jout_end(&body.out);
        count++;
    }
    if (count == 0) {
        buf_free(&body.buf);
        return false;
    }
    *ret = without_body(REQUEST_UPDATE_USER, ANSWER_RESOURCE, "PATCH", resource_path(arena, "Users", external_id, ""));
    ret->body = patch_end(&body, arena);
    return true;
}

/* --- groups ------------------------------------------------------------------------------------------------------- */

struct target_request target_find_group(struct arena *arena, const char *name)
{
    const char *path = arena_printf(arena, "/Groups?excludedAttributes=members&%s" FIND_PAGE,
                                    filter_query(arena, "displayName", name));
    return without_body(REQUEST_FIND_GROUP, ANSWER_LIST, "GET", path);
}

struct target_request target_find_member(struct arena *arena, const char *group_id, const char *member_id)
{
    const char *path = arena_printf(arena, "/Groups?excludedAttributes=members&%s" FIND_PAGE,
                                    member_query(arena, group_id, member_id));
    return without_body(REQUEST_FIND_GROUP, ANSWER_LIST, "GET", path);
}

struct target_request target_create_group(struct arena *arena, const char *name)
{
    struct body body;
    body_start(&body);
    write_schema(&body.out, SCIM_CORE_GROUP);
    jout_str(&body.out, "displayName", name);
    struct target_request request = without_body(REQUEST_CREATE_GROUP, ANSWER_RESOURCE, "POST", "/Groups");
    request.body = body_end(&body, arena);
    return request;
}

struct target_request target_read_group(struct arena *arena, const char *external_id, bool with_members)
{
    const char *query = with_members ? "" : "?excludedAttributes=members";
    return without_body(REQUEST_READ_GROUP, with_members ? ANSWER_MEMBERS : ANSWER_RESOURCE, "GET",
                        resource_path(arena, "Groups", external_id, query));
}

struct target_request target_rename_group(struct arena *arena, const char *external_id, const char *name)
{
    struct body body;
    patch_start(&body);
    jout_object(&body.out, NULL);
    jout_str(&body.out, "op", "replace");
    jout_str(&body.out, "path", "displayName");
    jout_str(&body.out, "value", name);
    jout_end(&body.out);
    struct target_request request =
        without_body(REQUEST_RENAME_GROUP, ANSWER_RESOURCE, "PATCH", resource_path(arena, "Groups", external_id, ""));
    request.body = patch_end(&body, arena);
    return request;
}

struct target_request target_change_members(struct arena *arena, const char *external_id, const char *const *remove,
                                            size_t remove_count, const char *const *add, size_t add_count)
{
    assert(remove_count + add_count > 0);
    struct body body;
    patch_start(&body);
    for (size_t i = 0; i < remove_count; i++) {
        jout_object(&body.out, NULL);
        jout_str(&body.out, "op", "remove");
        jout_str(&body.out, "path", arena_printf(arena, "members[value eq %s]", quoted(arena, remove[i])));
        jout_end(&body.out);
    }
    if (add_count) {
        jout_object(&body.out, NULL);
        jout_str(&body.out, "op", "add");
        jout_str(&body.out, "path", "members");
        jout_array(&body.out, "value");
        for (size_t i = 0; i < add_count; i++) {
            jout_object(&body.out, NULL);
            jout_str(&body.out, "value", add[i]);
            jout_end(&body.out);
        }
        jout_end(&body.out);
        jout_end(&body.out);
    }
    struct target_request request =
        without_body(REQUEST_MEMBERS, ANSWER_RESOURCE, "PATCH", resource_path(arena, "Groups", external_id, ""));
    request.body = patch_end(&body, arena);
    return request;
}

struct target_request target_delete_group(struct arena *arena, const char *external_id)
{
    return without_body(REQUEST_DELETE_GROUP, ANSWER_RESOURCE, "DELETE",
                        resource_path(arena, "Groups", external_id, ""));
}

/* --- the published client's dialects -------------------------------------------------------------------------------
 */

#define PUBLISHED_PAGE "&startIndex=1&count=100"

struct target_request published_find_user(struct arena *arena, const char *user_name)
{
    const char *path = arena_printf(arena, "/Users?%s" PUBLISHED_PAGE, filter_query(arena, "userName", user_name));
    return without_body(REQUEST_FIND_USER, ANSWER_LIST, "GET", path);
}

struct target_request published_create_user(struct arena *arena, const char *user_id, const struct jval *profile,
                                            const char *password)
{
    struct jval *attributes CLEANUP(jval_freep) = user_attributes(profile);
    struct jval *rest CLEANUP(jval_freep) = NULL;
    struct body body;
    body_start(&body);
    user_write_schemas(&body.out, attributes);
    user_write_published(&body.out, attributes, &rest);
    user_write_core(&body.out, rest);
    jout_str(&body.out, "externalId", user_id);
    jout_array(&body.out, "groups");
    jout_end(&body.out);
    jout_str(&body.out, "password", password);
    jout_bool(&body.out, "active", true);
    user_write_extensions(&body.out, rest);
    struct target_request request = without_body(REQUEST_CREATE_USER, ANSWER_RESOURCE, "POST", "/Users");
    request.body = body_end(&body, arena);
    return request;
}

struct target_request published_read_user(struct arena *arena, const char *external_id)
{
    return without_body(REQUEST_READ_USER, ANSWER_WHOLE, "GET", resource_path(arena, "Users", external_id, ""));
}

struct target_request published_put_user(struct arena *arena, const char *external_id, const struct jval *resource,
                                         const struct jval *sent, const struct jval *profile, int active)
{
    struct jval *before CLEANUP(jval_freep) = user_attributes(sent);
    struct jval *after CLEANUP(jval_freep) = user_attributes(profile);
    struct jval *changed CLEANUP(jval_freep) = jval_copy(resource);
    user_merge(changed, before, after);
    if (active >= 0)
        jval_set(changed, key_any_case(changed, "active"), jval_new_bool(active == 1));
    struct target_request request =
        without_body(REQUEST_UPDATE_USER, ANSWER_RESOURCE, "PUT", resource_path(arena, "Users", external_id, ""));
    request.body = jval_text(arena, changed, false);
    return request;
}

struct target_request published_set_active(struct arena *arena, const char *external_id, bool active)
{
    struct body body;
    patch_start(&body);
    jout_object(&body.out, NULL);
    jout_str(&body.out, "op", "replace");
    jout_object(&body.out, "value");
    jout_bool(&body.out, "active", active);
    jout_end(&body.out);
    jout_end(&body.out);
    struct target_request request =
        without_body(REQUEST_UPDATE_USER, ANSWER_RESOURCE, "PATCH", resource_path(arena, "Users", external_id, ""));
    request.body = patch_end(&body, arena);
    return request;
}

struct target_request published_find_group(struct arena *arena, const char *name)
{
    const char *path = arena_printf(arena, "/Groups?%s" PUBLISHED_PAGE, filter_query(arena, "displayName", name));
    return without_body(REQUEST_FIND_GROUP, ANSWER_LIST, "GET", path);
}

struct target_request published_read_group(struct arena *arena, const char *external_id, bool with_members)
{
    return without_body(REQUEST_READ_GROUP, with_members ? ANSWER_MEMBERS : ANSWER_RESOURCE, "GET",
                        resource_path(arena, "Groups", external_id, ""));
}

struct target_request published_create_group(struct arena *arena, const char *name)
{
    struct body body;
    body_start(&body);
    write_schema(&body.out, SCIM_CORE_GROUP);
    jout_str(&body.out, "displayName", name);
    jout_array(&body.out, "members");
    jout_end(&body.out);
    struct target_request request = without_body(REQUEST_CREATE_GROUP, ANSWER_RESOURCE, "POST", "/Groups");
    request.body = body_end(&body, arena);
    return request;
}

struct target_request published_rename_group(struct arena *arena, const char *external_id, const char *name)
{
    struct body body;
    patch_start(&body);
    jout_object(&body.out, NULL);
    jout_str(&body.out, "op", "replace");
    jout_object(&body.out, "value");
    jout_str(&body.out, "id", external_id);
    jout_str(&body.out, "displayName", name);
    jout_end(&body.out);
    jout_end(&body.out);
    struct target_request request =
        without_body(REQUEST_RENAME_GROUP, ANSWER_RESOURCE, "PATCH", resource_path(arena, "Groups", external_id, ""));
    request.body = patch_end(&body, arena);
    return request;
}

static void write_members(struct jout *out, const char *key, const struct target_member *members, size_t count)
{
    jout_array(out, key);
    for (size_t i = 0; i < count; i++) {
        jout_object(out, NULL);
        jout_str(out, "value", members[i].id);
        jout_str(out, "display", members[i].display);
        jout_end(out);
    }
    jout_end(out);
}

struct target_request published_change_members(struct arena *arena, const char *external_id, const char *const *remove,
                                               size_t remove_count, const struct target_member *add, size_t add_count)
{
    assert(remove_count + add_count > 0);
    struct body body;
    patch_start(&body);
    for (size_t i = 0; i < remove_count; i++) {
        jout_object(&body.out, NULL);
        jout_str(&body.out, "op", "remove");
        jout_str(&body.out, "path", arena_printf(arena, "members[value eq %s]", quoted(arena, remove[i])));
        jout_end(&body.out);
    }
    if (add_count) {
        jout_object(&body.out, NULL);
        jout_str(&body.out, "op", "add");
        jout_str(&body.out, "path", "members");
        write_members(&body.out, "value", add, add_count);
        jout_end(&body.out);
    }
    struct target_request request =
        without_body(REQUEST_MEMBERS, ANSWER_RESOURCE, "PATCH", resource_path(arena, "Groups", external_id, ""));
    request.body = patch_end(&body, arena);
    return request;
}

struct target_request published_replace_members(struct arena *arena, const char *external_id,
                                                const struct target_member *members, size_t count)
{
    struct body body;
    patch_start(&body);
    jout_object(&body.out, NULL);
    jout_str(&body.out, "op", "replace");
    jout_str(&body.out, "path", "members");
    write_members(&body.out, "value", members, count);
    jout_end(&body.out);
    struct target_request request =
        without_body(REQUEST_MEMBERS, ANSWER_RESOURCE, "PATCH", resource_path(arena, "Groups", external_id, ""));
    request.body = patch_end(&body, arena);
    return request;
}

struct target_request published_put_group(struct arena *arena, enum request_kind kind, const char *external_id,
                                          const char *name, const struct target_member *members, size_t count)
{
    struct body body;
    body_start(&body);
    write_schema(&body.out, SCIM_CORE_GROUP);
    jout_str(&body.out, "id", external_id);
    jout_str(&body.out, "displayName", name);
    write_members(&body.out, "members", members, count);
    struct target_request request =
        without_body(kind, ANSWER_RESOURCE, "PUT", resource_path(arena, "Groups", external_id, ""));
    request.body = body_end(&body, arena);
    return request;
}

/* --- listings ----------------------------------------------------------------------------------------------------- */

static const char *page_query(struct arena *arena, const struct target_page *page)
{
    if (page->cursor)
        return arena_printf(arena, "cursor=%s&count=%d", url_encoded(arena, page->cursor), page->count);
    return arena_printf(arena, "startIndex=%lld&count=%d", (long long)page->start, page->count);
}

struct target_request target_list_users(struct arena *arena, const struct target_page *page)
{
    const char *path = arena_printf(arena, "/Users?%s", page_query(arena, page));
    return without_body(REQUEST_LIST_USERS, ANSWER_USERS, "GET", path);
}

struct target_request target_list_groups(struct arena *arena, const struct target_page *page, bool with_members)
{
    const char *path =
        arena_printf(arena, "/Groups?%s%s", with_members ? "" : "excludedAttributes=members&", page_query(arena, page));
    return without_body(REQUEST_LIST_GROUPS, ANSWER_GROUPS, "GET", path);
}

/* --- the app as a whole ------------------------------------------------------------------------------------------- */

struct target_request target_probe(struct arena *arena)
{
    (void)arena;
    return without_body(REQUEST_PROBE, ANSWER_RESOURCE, "GET", "/ServiceProviderConfig");
}

struct target_request target_probe_users(struct arena *arena)
{
    (void)arena;
    return without_body(REQUEST_PROBE, ANSWER_LIST, "GET", "/Users?count=1");
}

const char *target_url(struct arena *arena, const char *base_url, const char *path)
{
    size_t base_len = strcspn(base_url, "?");
    const char *base_query = base_url[base_len] ? base_url + base_len + 1 : "";
    while (base_len > 0 && base_url[base_len - 1] == '/')
        base_len--;
    const char *base = arena_strndup(arena, base_url, base_len);
    if (!*base_query)
        return arena_printf(arena, "%s%s", base, path);
    return arena_printf(arena, "%s%s%c%s", base, path, strchr(path, '?') ? '&' : '?', base_query);
}

/* --- matching ----------------------------------------------------------------------------------------------------- */

/*
 * The names are compared here, whatever the target found: servers were seen that take the filter's value for a regular
 * expression, or look elsewhere than asked.
 */
static size_t match(const struct answer *answer, const char *wanted, bool users, const struct found **ret)
{
    struct arena *arena CLEANUP(arena_freep) = arena_new();
    const char *folded = text_fold(arena, wanted);
    size_t count = 0;
    for (size_t i = 0; i < answer->found_count; i++) {
        const struct found *found = &answer->found[i];
        const char *name = users ? found->user_name : found->display_name;
        if (!name || strcmp(text_fold(arena, name), folded) != 0)
            continue;
        if (count++ == 0)
            *ret = found;
    }
    /* What was not kept may match as well: never a reason to choose, or to create a second one. */
    return answer->found_overflow && count < 2 ? 2 : count;
}

size_t target_match_user(const struct answer *answer, const char *user_name, const struct found **ret)
{
    return match(answer, user_name, true, ret);
}

size_t target_match_group(const struct answer *answer, const char *name, const struct found **ret)
{
    return match(answer, name, false, ret);
}
