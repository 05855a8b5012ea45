/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of the practice target without a network. JSON is written with ' for " here, so that it can be read. Include
 * it after cmocka.h.
 */
#ifndef PRACTICE_CLIENT_H
#define PRACTICE_CLIENT_H

#include "base/jval.h"
#include "practice/practice.h"

#define USER_URN "urn:ietf:params:scim:schemas:core:2.0:User"
#define GROUP_URN "urn:ietf:params:scim:schemas:core:2.0:Group"
#define ENTERPRISE_URN "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

struct client {
    struct practice *practice;
    struct practice_response answer;
    struct jval *json; /* the body of the last answer; NULL when it had none */
    /* headers of the next request alone */
    const char *authorization;
    const char *if_match;
    const char *if_none_match;
    const char *content_type; /* NULL: application/scim+json */
    const char *user_agent;   /* of every request */
    bool body_too_large;
};

struct clock_of_tests {
    int64_t now;
    uint64_t chance;
};

static inline int64_t client_now(void *data)
{
    struct clock_of_tests *clock = data;
    return clock->now += 1;
}

static inline void client_random(void *data, void *bytes, size_t n)
{
    struct clock_of_tests *clock = data;
    for (size_t i = 0; i < n; i++) {
        clock->chance = clock->chance * 6364136223846793005u + 1442695040888963407u;
        ((unsigned char *)bytes)[i] = (unsigned char)(clock->chance >> 56);
    }
}

static struct clock_of_tests the_clock UNUSED;

static inline const struct env *client_env(void)
{
    static const struct env env = {.now_ms = client_now, .fill_random = client_random, .data = &the_clock};
    the_clock = (struct clock_of_tests){.now = 1774418984000, .chance = 7};
    return &env;
}

static inline struct client client_new(const struct practice_options *options)
{
    struct client client = {.practice = practice_new(client_env(), options)};
    practice_response_init(&client.answer);
    return client;
}

static inline void client_free(struct client *client)
{
    client->json = jval_free(client->json);
    practice_response_free(&client->answer);
    client->practice = practice_free(client->practice);
}

/* Sends; `target` is path and query below /scim/v2 (or a whole path that starts with "//"). Returns the status. */
static inline int ask(struct client *client, const char *method, const char *target, const char *body)
{
    char path[4096];
    char *json = body ? mem_strdup(body) : NULL;
    for (char *p = json; p && *p; p++)
        *p = *p == '\'' ? '"' : *p;
    (void)snprintf(path, sizeof(path), "%s%s", strncmp(target, "//", 2) == 0 ? "" : "/scim/v2",
                   strncmp(target, "//", 2) == 0 ? target + 1 : target);
    char *query = strchr(path, '?');
    if (query)
        *query++ = '\0';
    struct practice_request request = {.method = method,
                                       .path = path,
                                       .query = query,
                                       .authorization = client->authorization,
                                       .if_match = client->if_match,
                                       .if_none_match = client->if_none_match,
                                       .user_agent = client->user_agent,
                                       .content_type = client->content_type ? client->content_type
                                                       : json               ? "application/scim+json"
                                                                            : NULL,
                                       .body = json,
                                       .body_len = json ? strlen(json) : 0,
                                       .body_too_large = client->body_too_large};
    practice_handle(client->practice, &request, &client->answer);
    client->json = jval_free(client->json);
    if (client->answer.body.len &&
        jval_parse(&client->json, client->answer.body.data, client->answer.body.len, NULL) < 0)
        client->json = NULL;
    client->authorization = client->if_match = client->if_none_match = client->content_type = NULL;
    client->body_too_large = false;
    free(json);
    return client->answer.status;
}

/* Percent-encodes what a filter needs. */
static inline int ask_filter(struct client *client, const char *endpoint, const char *filter)
{
    struct arena *arena = arena_new();
    struct buf encoded;
    buf_init(&encoded, 65536);
    for (const char *p = filter; *p; p++)
        if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '.')
            buf_char(&encoded, *p);
        else
            buf_printf(&encoded, "%%%02X", *p == '\'' ? '"' : (unsigned char)*p);
    const char *target =
        arena_printf(arena, "%s%sfilter=%s", endpoint, strchr(endpoint, '?') ? "&" : "?", buf_text(&encoded));
    int status = ask(client, "GET", target, NULL);
    buf_free(&encoded);
    arena_free(arena);
    return status;
}

static inline const char *answer_text(const struct client *client, const char *dotted)
{
    const char *text = jval_str(jval_path(client->json, dotted));
    return text ? text : "(none)";
}

static inline const char *or_none(const char *text)
{
    return text ? text : "(none)";
}

/* Fails unless the answer is that SCIM error; `scim_type` NULL: none is expected. */
#define assert_refused(client, status_, scim_type)                                                                     \
    do {                                                                                                               \
        char status_text[16];                                                                                          \
        (void)snprintf(status_text, sizeof(status_text), "%d", (status_));                                             \
        assert_int_equal((client)->answer.status, (status_));                                                          \
        assert_string_equal(jval_str(jval_at(jval_get((client)->json, "schemas"), 0)),                                 \
                            "urn:ietf:params:scim:api:messages:2.0:Error");                                            \
        assert_string_equal(answer_text((client), "status"), status_text);                                             \
        assert_string_equal(answer_text((client), "scimType"), or_none(scim_type));                                    \
        assert_true(strlen(answer_text((client), "detail")) > 10);                                                     \
    } while (0)

/* Creates and returns the id, kept until the client is freed or the resource deleted. */
static inline const char *new_user(struct client *client, const char *user_name)
{
    char body[1024];
    const char *id = NULL;
    (void)snprintf(body, sizeof(body), "{'schemas':['" USER_URN "'],'userName':'%s'}", user_name);
    assert_int_equal(ask(client, "POST", "/Users", body), 201);
    assert_true(practice_find_user(client->practice, user_name, &id, NULL));
    return id;
}

static inline const char *new_group(struct client *client, const char *display_name)
{
    char body[1024];
    (void)snprintf(body, sizeof(body), "{'schemas':['" GROUP_URN "'],'displayName':'%s','members':[]}", display_name);
    assert_int_equal(ask(client, "POST", "/Groups", body), 201);
    const char *id = answer_text(client, "id");
    for (const char *each = NULL; (each = practice_next(client->practice, PRACTICE_GROUP, each));)
        if (strcmp(each, id) == 0)
            return each;
    fail_msg("the group is not there");
    return NULL;
}

/* PATCHes with these operations (JSON, with '). */
static inline int ask_patch(struct client *client, const char *target, const char *operations)
{
    struct buf body;
    buf_init(&body, (size_t)64 * 1024 * 1024);
    buf_printf(&body, "{'schemas':['urn:ietf:params:scim:api:messages:2.0:PatchOp'],'Operations':[%s]}", operations);
    int status = ask(client, "PATCH", target, buf_text(&body));
    buf_free(&body);
    return status;
}

#endif
