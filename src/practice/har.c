/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal as an HTTP Archive (HAR 1.2), which browsers and proxies read. Bodies are as long as the journal keeps
 * them (journal_body_bytes); the token is never in it.
 */
#include "practice/inner.h"

static void write_text(struct jout *out, const char *key, const char *text)
{
    char *copy = mem_strdup(text);
    utf8_repair(copy);
    jout_str(out, key, copy);
    free(copy);
}

static void write_header(struct jout *out, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    jout_object(out, NULL);
    jout_str(out, "name", name);
    write_text(out, "value", value);
    jout_end(out);
}

static void write_query(const struct practice *p, const struct practice_entry *entry, struct jout *out)
{
    struct url_params params = {0};
    jout_array(out, "queryString");
    if (entry->query && url_query(p->arena, entry->query, &params) == 0)
        for (size_t i = 0; i < params.count; i++) {
            jout_object(out, NULL);
            write_text(out, "name", params.items[i].name);
            write_text(out, "value", params.items[i].value);
            jout_end(out);
        }
    jout_end(out);
}

static void write_request(const struct practice *p, const struct practice_entry *entry, struct jout *out)
{
    /* The base ends in /scim/v2, and so begins the path. */
    size_t n = strlen(p->base_url);
    size_t suffix = strlen(SCIM_PREFIX);
    n -= n >= suffix && strcmp(p->base_url + n - suffix, SCIM_PREFIX) == 0 ? suffix : 0;
    jout_object(out, "request");
    jout_str(out, "method", entry->method);
    write_text(out, "url",
               arena_printf(p->arena, "%.*s%s%s%s", (int)n, p->base_url, entry->path, entry->query ? "?" : "",
                            entry->query ? entry->query : ""));
    jout_str(out, "httpVersion", "HTTP/1.1");
    jout_array(out, "cookies");
    jout_end(out);
    jout_array(out, "headers");
    write_header(out, "User-Agent", entry->user_agent);
    write_header(out, "Content-Type", entry->content_type);
    jout_end(out);
    write_query(p, entry, out);
    if (*entry->body) {
        jout_object(out, "postData");
        write_text(out, "mimeType", entry->content_type ? entry->content_type : "");
        write_text(out, "text", entry->body);
        if (strlen(entry->body) < entry->body_bytes)
            jout_str(out, "comment", "cut");
        jout_end(out);
    }
    jout_int(out, "headersSize", -1);
    jout_int(out, "bodySize", (int64_t)entry->body_bytes);
    jout_end(out);
}

static void write_response(const struct practice_entry *entry, struct jout *out)
{
    jout_object(out, "response");
    jout_int(out, "status", entry->dropped ? 0 : entry->status);
    jout_str(out, "statusText", entry->dropped ? "connection closed without an answer" : "");
    jout_str(out, "httpVersion", "HTTP/1.1");
    jout_array(out, "cookies");
    jout_end(out);
    jout_array(out, "headers");
    if (!entry->dropped) {
        write_header(out, "Content-Type", entry->answer_type);
        write_header(out, "Location", entry->location);
        write_header(out, "Retry-After", entry->retry_after);
    }
    jout_end(out);
    jout_object(out, "content");
    jout_int(out, "size", entry->dropped ? 0 : (int64_t)entry->answer_bytes);
    jout_str(out, "mimeType", entry->answer_type ? entry->answer_type : "");
    if (!entry->dropped && *entry->answer)
        write_text(out, "text", entry->answer);
    jout_end(out);
    jout_str(out, "redirectURL", "");
    jout_int(out, "headersSize", -1);
    jout_int(out, "bodySize", entry->dropped ? 0 : (int64_t)entry->answer_bytes);
    jout_end(out);
}

static void write_entry(const struct practice *p, const struct practice_entry *entry, struct jout *out)
{
    jout_object(out, NULL);
    jout_time(out, "startedDateTime", entry->time_ms);
    jout_int(out, "time", entry->delay_ms);
    write_request(p, entry, out);
    write_response(entry, out);
    jout_object(out, "cache");
    jout_end(out);
    jout_object(out, "timings");
    jout_int(out, "send", 0);
    jout_int(out, "wait", entry->delay_ms);
    jout_int(out, "receive", 0);
    jout_end(out);
    if (entry->fault) {
        char comment[64];
        (void)snprintf(comment, sizeof(comment), "fault: %s", entry->fault);
        jout_str(out, "comment", comment);
    }
    jout_end(out);
}

void har_write(const struct practice *p, struct jout *out)
{
    struct practice_entry entry = {0};
    jout_object(out, NULL);
    jout_object(out, "log");
    jout_str(out, "version", "1.2");
    jout_object(out, "creator");
    jout_str(out, "name", "muster practice");
    jout_str(out, "version", MUSTER_VERSION);
    jout_end(out);
    jout_array(out, "entries");
    while (practice_journal_next(p, entry.number, &entry))
        write_entry(p, &entry, out);
    jout_end(out);
    jout_end(out);
    jout_end(out);
}
