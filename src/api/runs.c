/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of imports and of scans for drift, which are runs of the same reader (push/import.h). */
#include "api/runs.h"

#define PAGE_RUNS 20
#define PAGE_RUNS_MAX 50

int run_write_state(struct tx *tx, struct call *call, const struct app *app, const struct import_run *run)
{
    struct jout *out = &call->out;
    const char *why = NULL;
    int open = run->finished ? 1 : app_is_open(tx, app->rid, &why);
    if (open < 0)
        return open;
    jout_str(out, "status", import_state_name(run->state));
    jout_bool(out, "scheduled", run->scheduled);
    jout_time(out, "created", run->created);
    jout_time(out, "started", run->started);
    jout_time(out, "finished", run->finished);
    if (why) /* nothing can be read now */
        jout_str(out, "waitingBecause", why);
    return 0;
}

int runs_start(struct tx *tx, struct call *call, const struct run_resource *resource, enum import_kind kind)
{
    struct app app = {0};
    struct import_run run = {0};
    int r = call_body_optional(call);
    if (r == 0)
        r = find_app(tx, call, &app);
    if (r == 0)
        r = import_start(tx, &app, kind, false, &run, &call->problem);
    call->status = 201;
    return r < 0 ? r : resource->write(tx, call, &app, &run);
}

int runs_list(struct tx *tx, struct call *call, const struct run_resource *resource)
{
    struct app app = {0};
    struct page page = {0};
    int64_t before = 0;
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = call_page(call, PAGE_RUNS, PAGE_RUNS_MAX, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &before);
    if (r < 0)
        return r;
    struct import_run *runs = arena_array(call->arena, (size_t)page.limit + 1, sizeof(*runs));
    int count = resource->list(tx, app.rid, before, runs, page.limit + 1);
    if (count < 0)
        return count;
    jout_array(&call->out, NULL);
    for (int i = 0; r == 0 && i < MIN_OF(count, page.limit); i++)
        r = resource->write(tx, call, &app, &runs[i]);
    jout_end(&call->out);
    bool more = count > page.limit;
    call_page_links(call, more ? arena_printf(call->arena, "%lld", (long long)runs[page.limit - 1].rid) : NULL);
    return r;
}

int runs_find(struct tx *tx, struct call *call, const struct run_resource *resource, struct app *ret_app,
              struct import_run *ret)
{
    int r = find_app(tx, call, ret_app);
    if (r < 0)
        return r;
    r = import_by_id(tx, ret_app->rid, call->params[1], ret);
    if (r == 0 && (ret->kind == IMPORT_SCAN) != resource->scans)
        r = ERR_NOT_FOUND;
    return r == ERR_NOT_FOUND ? call_not_found(call, call->params[1], resource->type) : r;
}

int runs_get(struct tx *tx, struct call *call, const struct run_resource *resource)
{
    struct app app = {0};
    struct import_run run = {0};
    int64_t wait_ms = 0;
    int r = call_wait_seconds(call, &wait_ms);
    if (r == 0)
        r = runs_find(tx, call, resource, &app, &run);
    if (r < 0)
        return r;
    if (!run.finished && run.state != IMPORT_HELD && call_may_wait(call, wait_ms))
        return CALL_AGAIN;
    return resource->write(tx, call, &app, &run);
}

int runs_act(struct tx *tx, struct call *call, const struct run_resource *resource,
             int (*act)(struct tx *tx, struct import_run *run, struct problem *problem))
{
    struct app app = {0};
    struct import_run run = {0};
    int r = call_body_optional(call);
    if (r == 0)
        r = runs_find(tx, call, resource, &app, &run);
    if (r == 0)
        r = act(tx, &run, &call->problem);
    return r < 0 ? r : resource->write(tx, call, &app, &run);
}
