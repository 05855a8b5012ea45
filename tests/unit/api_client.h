/* SPDX-License-Identifier: Apache-2.0 */
/* A small HTTP client for tests of the API: one request, its answer whole. */
#ifndef TESTS_API_CLIENT_H
#define TESTS_API_CLIENT_H

#include "base/buf.h"
#include "base/jval.h"

#include <curl/curl.h>

struct answer {
    long status;
    struct buf headers; /* as received, lines */
    struct buf body;
    struct jval *json; /* NULL when there is no body, or it is not JSON */
};

static inline size_t answer_add(char *bytes, size_t size, size_t n, void *data)
{
    buf_add(data, bytes, size * n);
    return size * n;
}

static inline void answer_free(struct answer *answer)
{
    buf_free(&answer->headers);
    buf_free(&answer->body);
    answer->json = jval_free(answer->json);
}

struct ask {
    int port;
    const char *method;
    const char *target;       /* sent as it is: path and query, or an absolute form */
    const char *token;        /* NULL sends none */
    const char *headers[4];   /* "Name: value" */
    const char *body;         /* NULL sends none */
    size_t body_n;            /* 0: strlen(body) */
    const char *content_type; /* NULL: application/json with a body; "" sends none */
};

/* The value of a header of the answer, into a buffer of its own that the next call overwrites; NULL when absent. */
static inline const char *answer_header(const struct answer *answer, const char *name)
{
    static char value[1024];
    size_t name_n = strlen(name);
    for (const char *line = buf_text(&answer->headers); line && *line;) {
        if (strncasecmp(line, name, name_n) == 0 && line[name_n] == ':') {
            line += name_n + 1;
            line += strspn(line, " ");
            (void)snprintf(value, sizeof(value), "%.*s", (int)strcspn(line, "\r\n"), line);
            return value;
        }
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return NULL;
}

static inline struct answer ask(const struct ask *q)
{
    struct answer answer = {0};
    buf_init(&answer.headers, 64 * 1024);
    buf_init(&answer.body, 16 * 1024 * 1024);
    char url[64];
    char line[1024];
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/", q->port);
    CURL *curl = curl_easy_init();
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    if (q->token) {
        (void)snprintf(line, sizeof(line), "Authorization: SSWS %s", q->token);
        list = curl_slist_append(list, line);
    }
    for (size_t i = 0; i < 4 && q->headers[i]; i++)
        list = curl_slist_append(list, q->headers[i]);
    if (q->body) {
        (void)snprintf(line, sizeof(line), "Content-Type:%s%s", q->content_type && !*q->content_type ? "" : " ",
                       q->content_type ? q->content_type : "application/json");
        list = curl_slist_append(list, line);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)(q->body_n ? q->body_n : strlen(q->body)));
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, q->body);
    }
    if (strcmp(q->method, "HEAD") == 0)
        (void)curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_REQUEST_TARGET, q->target);
    (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, q->method);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 20000L);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, answer_add);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, answer_add);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer.headers);
    if (curl_easy_perform(curl) == CURLE_OK)
        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_slist_free_all(list);
    curl_easy_cleanup(curl);
    if (answer.body.len && jval_parse(&answer.json, answer.body.data, answer.body.len, NULL) < 0)
        answer.json = NULL;
    return answer;
}

#endif
