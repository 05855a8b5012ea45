/* SPDX-License-Identifier: Apache-2.0 */
/* Starting and stopping, and the calls that wait for a commit. */
#include "api/inner.h"

#include <sodium.h>

#define AGAIN_MS 20 /* milliseconds between two runs of a parked call */

int64_t api_monotonic_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- parked calls ------------------------------------------------------------------------------------------------- */

void api_park(struct call *call)
{
    struct api *api = call->api;
    (void)pthread_mutex_lock(&api->lock);
    call->_private->next_parked = api->parked;
    api->parked = call;
    (void)pthread_cond_signal(&api->changed);
    (void)pthread_mutex_unlock(&api->lock);
}

void api_wake(struct api *api)
{
    if (!api)
        return;
    (void)pthread_mutex_lock(&api->lock);
    api->generation++;
    if (api->parked)
        (void)pthread_cond_signal(&api->changed);
    (void)pthread_mutex_unlock(&api->lock);
}

uint64_t api_generation(struct api *api)
{
    (void)pthread_mutex_lock(&api->lock);
    uint64_t generation = api->generation;
    (void)pthread_mutex_unlock(&api->lock);
    return generation;
}

static int64_t due_at(const struct api *api, const struct call *call)
{
    const struct call_private *p = call->_private;
    if (api->stopping)
        return 0;
    return p->generation == api->generation ? p->wait_until : MIN_OF(p->wait_until, p->last_run + AGAIN_MS);
}

/* Takes the calls that are due out of the list; `*ret_next` is when the next one is, INT64_MAX for none. */
static struct call *take_due(struct api *api, int64_t now, int64_t *ret_next)
{
    struct call *due = NULL;
    *ret_next = INT64_MAX;
    for (struct call **at = &api->parked; *at;) {
        struct call *call = *at;
        int64_t when = due_at(api, call);
        if (when > now) {
            *ret_next = MIN_OF(*ret_next, when);
            at = &call->_private->next_parked;
            continue;
        }
        *at = call->_private->next_parked;
        call->_private->next_parked = due;
        due = call;
    }
    return due;
}

static void *waiter_main(void *arg)
{
    struct api *api = arg;
    (void)pthread_mutex_lock(&api->lock);
    while (!api->finished) {
        int64_t next;
        struct call *due = take_due(api, api_monotonic_ms(), &next);
        if (due) {
            (void)pthread_mutex_unlock(&api->lock);
            while (due) {
                struct call *call = due;
                due = call->_private->next_parked;
                serve_run(call); /* the call may be answered and gone at once */
            }
            (void)pthread_mutex_lock(&api->lock);
        } else if (next == INT64_MAX) {
            (void)pthread_cond_wait(&api->changed, &api->lock);
        } else {
            struct timespec until = {.tv_sec = (time_t)(next / 1000), .tv_nsec = (long)(next % 1000) * 1000000};
            (void)pthread_cond_timedwait(&api->changed, &api->lock, &until);
        }
    }
    (void)pthread_mutex_unlock(&api->lock);
    return NULL;
}

/* --- starting and stopping ---------------------------------------------------------------------------------------- */

static int check_external_url(struct api *api, char *ret_why, size_t why_size)
{
    const char *url = api->options.external_url;
    if (!url)
        return 0;
    struct url_target target;
    if (url_parse(api->arena, url, &target) < 0 || target.query || strpbrk(url, "<>\"\\ ")) {
        (void)snprintf(ret_why, why_size, "the external URL \"%s\" is not of the form https://host[:port][/path]", url);
        return ERR_SYNTAX;
    }
    size_t n = strlen(url);
    while (n && url[n - 1] == '/')
        n--;
    api->options.external_url = arena_strndup(api->arena, url, n);
    return 0;
}

static void copy_options(struct api *api, const struct api_options *options)
{
    api->options = *options;
    api->options.host = arena_strdup(api->arena, options->host);
    api->options.tls_cert_file = arena_strdup(api->arena, options->tls_cert_file);
    api->options.tls_key_file = arena_strdup(api->arena, options->tls_key_file);
    api->options.external_url = arena_strdup(api->arena, options->external_url);
    api->options.proxies = NULL;
}

static int prepare_parts(struct api *api, const struct api_options *options, char *ret_why, size_t why_size)
{
    int r = check_external_url(api, ret_why, why_size);
    if (r == 0)
        r = proxies_parse(&api->proxies, options->proxies, ret_why, why_size);
    if (r == 0)
        r = router_new(&api->router, options->routes, ret_why, why_size);
    if (r < 0)
        return r;
    api->throttle = throttle_new(options->env);
    id_new(options->env, "str", api->stream_id);
    api->limiter = limiter_new(options->rate_per_minute > 0 ? options->rate_per_minute : LIMIT_RATE_PER_MINUTE);
    r = store_write_wait(options->store, NULL, org_load, api);
    if (r < 0)
        (void)snprintf(ret_why, why_size, "the organisation's row cannot be read or written: %s", err_text(r));
    return r;
}

static void free_parts(struct api *api)
{
    (void)router_free(api->router);
    (void)limiter_free(api->limiter);
    (void)throttle_free(api->throttle);
    (void)arena_free(api->arena);
    (void)pthread_cond_destroy(&api->changed);
    (void)pthread_mutex_destroy(&api->lock);
    free(api);
}

static void stop_waiter(struct api *api)
{
    (void)pthread_mutex_lock(&api->lock);
    api->finished = true;
    (void)pthread_cond_signal(&api->changed);
    (void)pthread_mutex_unlock(&api->lock);
    (void)pthread_join(api->waiter, NULL);
}

static int start_threads(struct api *api, char *ret_why, size_t why_size)
{
    if (pthread_create(&api->waiter, NULL, waiter_main, api) != 0) {
        (void)snprintf(ret_why, why_size, "cannot start a thread for the API");
        return ERR_IO;
    }
    const struct httpd_options options = {
        .host = api->options.host,
        .port = api->options.port,
        .tls_cert_file = api->options.tls_cert_file,
        .tls_key_file = api->options.tls_key_file,
        .body_max = LIMIT_BODY_BYTES,
        .handle = serve,
        .data = api,
    };
    int r = httpd_start(&api->httpd, &options, ret_why, why_size);
    if (r < 0)
        stop_waiter(api);
    return r;
}

int api_start(struct api **ret, const struct api_options *options, char *ret_why, size_t why_size)
{
    char nowhere[256];
    if (!ret_why) {
        ret_why = nowhere;
        why_size = sizeof(nowhere);
    }
    if (sodium_init() < 0)
        return ERR_IO;
    struct api *api = NEW(struct api);
    api->arena = arena_new();
    copy_options(api, options);
    pthread_condattr_t attr;
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&api->changed, &attr);
    (void)pthread_condattr_destroy(&attr);
    (void)pthread_mutex_init(&api->lock, NULL);
    options->env->fill_random(options->env->data, api->known_key, sizeof(api->known_key));
    int r = prepare_parts(api, options, ret_why, why_size);
    if (r == 0)
        r = start_threads(api, ret_why, why_size);
    if (r < 0) {
        free_parts(api);
        return r;
    }
    *ret = api;
    return 0;
}

int api_port(const struct api *api)
{
    return httpd_port(api->httpd);
}

void api_stop(struct api *api)
{
    if (!api)
        return;
    (void)pthread_mutex_lock(&api->lock);
    api->stopping = true;
    (void)pthread_cond_signal(&api->changed);
    (void)pthread_mutex_unlock(&api->lock);
    httpd_stop(api->httpd);
    stop_waiter(api);
    free_parts(api);
}
