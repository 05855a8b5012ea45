/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dryRun=true: what an act would take away from apps. The act itself is run, with everything that follows from it in
 * the rooms (reactors, expansions), and always taken back: what it would do is what it did. It is rehearsed where it
 * would be carried out, by the writer, for PLAN_MS at most; what could not be looked at by then is said (`complete`
 * false).
 */
#include "api/app_objects.h"
#include "api/deletion_objects.h"
#include "api/inner.h"
#include "api/user_body.h"
#include "app/work.h"
#include "engine/engine.h"

#include <strings.h>

#define PLAN_MS 3000 /* milliseconds that a rehearsal may take, while others wait to write */
#define PLAN_APPS 1000
#define PLAN_ROWS 1000 /* rows of work looked at for one app and lane */
#define PAGE_PLAN 200
#define PAGE_PLAN_MAX 1000

struct rehearsal {
    struct call *call;
    struct page page;
    int64_t skip;     /* changes that were shown before */
    int64_t deadline; /* ms, steady */
    int64_t mark;
    bool complete;
};

/* --- what follows --------------------------------------------------------------------------------------------------
 */

/* The expansions of an app that this act has caused: what others wait for is none of its doing. 1: there were some. */
static int expand_app(struct tx *tx, struct rehearsal *rehearsal, int64_t app_rid)
{
    struct work *rows = arena_array(tx_arena(tx), PLAN_ROWS, sizeof(*rows));
    int64_t own = tx_change_number_taken(tx);
    bool any = false;
    for (int lane = LANE_EXPAND_URGENT; lane <= LANE_EXPAND_BULK; lane++) {
        int count = work_due_lane(tx, app_rid, (enum work_lane)lane, tx_now(tx), rows, PLAN_ROWS);
        for (int i = 0; i < count; i++) {
            if (rows[i].version != own)
                continue;
            any = true;
            if (env_steady(tx_env(tx)) >= rehearsal->deadline) {
                rehearsal->complete = false;
                return 0;
            }
            int r = engine_expand(tx, &rows[i]);
            if (r >= 0)
                r = tx_react_now(tx);
            if (r < 0)
                return r;
        }
        if (count < 0)
            return count;
    }
    return any;
}

static int expand_all(struct tx *tx, struct rehearsal *rehearsal)
{
    int64_t apps[PLAN_APPS];
    bool any = true;
    while (any && rehearsal->complete) {
        int count = work_apps_due(tx, tx_now(tx), -1, apps, PLAN_APPS);
        any = false;
        for (int i = 0; i < count && rehearsal->complete; i++) {
            int r = expand_app(tx, rehearsal, apps[i]);
            if (r < 0)
                return r;
            any |= r > 0;
        }
        rehearsal->complete &= count < PLAN_APPS;
        if (count < 0)
            return count;
    }
    return 0;
}

/* --- what is said --------------------------------------------------------------------------------------------------
 */

static int write_app(struct tx *tx, struct jout *out, const struct deletion_plan *plan)
{
    struct app app = {0};
    int r = app_by_rid(tx, plan->app_rid, &app);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    jout_object(out, NULL);
    jout_str(out, "appId", app.id);
    jout_str(out, "appLabel", app.label);
    jout_int(out, "deactivations", plan->count[DELETION_ACCOUNT]);
    jout_int(out, "removals", plan->count[DELETION_MEMBER]);
    jout_int(out, "groupDeletions", plan->count[DELETION_GROUP]);
    jout_int(out, "held", plan->held);
    jout_int(out, "protected", plan->protected);
    jout_end(out);
    return 0;
}

static int write_apps(struct tx *tx, struct rehearsal *rehearsal)
{
    struct jout *out = &rehearsal->call->out;
    struct deletion_plan *plans = arena_array(tx_arena(tx), PLAN_APPS, sizeof(*plans));
    struct deletion_plan all = {0};
    int count = deletion_plan_count(tx, rehearsal->mark, plans, PLAN_APPS);
    int r = MIN_OF(count, 0);
    for (int i = 0; i < count; i++) {
        for (int kind = DELETION_ACCOUNT; kind <= DELETION_MEMBER; kind++)
            all.count[kind] += plans[i].count[kind];
        all.held += plans[i].held;
        all.protected += plans[i].protected;
    }
    jout_int(out, "deactivations", all.count[DELETION_ACCOUNT]);
    jout_int(out, "removals", all.count[DELETION_MEMBER]);
    jout_int(out, "groupDeletions", all.count[DELETION_GROUP]);
    jout_int(out, "held", all.held);
    jout_int(out, "protected", all.protected);
    jout_array(out, "apps");
    for (int i = 0; r == 0 && i < count; i++)
        r = write_app(tx, out, &plans[i]);
    jout_end(out);
    return r;
}

/* The people and groups, from where the page before ended. */
static int write_changes(struct tx *tx, struct rehearsal *rehearsal)
{
    struct jout *out = &rehearsal->call->out;
    struct deletion *page = arena_array(tx_arena(tx), PLAN_ROWS, sizeof(*page));
    int64_t after = rehearsal->mark;
    int64_t number = 0;
    int64_t shown = 0;
    int count = PLAN_ROWS;
    int r = 0;
    jout_array(out, "changes");
    while (r == 0 && count == PLAN_ROWS && shown <= rehearsal->page.limit) {
        count = deletion_plan_list(tx, after, page, PLAN_ROWS);
        for (int i = 0; r == 0 && i < count && shown <= rehearsal->page.limit; i++, number++) {
            after = page[i].rid;
            if (number < rehearsal->skip)
                continue;
            if (shown++ < rehearsal->page.limit)
                r = deletion_write(tx, rehearsal->call, &page[i], DELETION_APP);
        }
        r = MIN_OF(count, r);
    }
    jout_end(out);
    bool more = shown > rehearsal->page.limit;
    int64_t skip = rehearsal->skip + rehearsal->page.limit;
    const char *next = arena_printf(rehearsal->call->arena, "%lld", (long long)skip);
    call_page_links(rehearsal->call, more ? next : NULL);
    return r;
}

static int rehearse(struct tx *tx, void *arg)
{
    struct rehearsal *rehearsal = arg;
    struct call *call = rehearsal->call;
    call->rehearsed = true;
    call->rehearsed_in_part = false;
    int r = deletion_plan_begin(tx, &rehearsal->mark);
    if (r == 0)
        r = call->route->handle(tx, call);
    call->rehearsed = false;
    if (r >= 0)
        r = tx_react_now(tx);
    if (r >= 0)
        r = expand_all(tx, rehearsal);
    if (r >= 0)
        r = deletion_plan_judge(tx, rehearsal->mark);
    if (r < 0)
        return r;
    call_empty(call);
    jout_object(&call->out, NULL);
    jout_bool(&call->out, "dryRun", true);
    jout_bool(&call->out, "complete", rehearsal->complete && !call->rehearsed_in_part);
    r = write_apps(tx, rehearsal);
    if (r == 0)
        r = write_changes(tx, rehearsal);
    jout_end(&call->out);
    return r;
}

/* Whoever asks what would happen must not make it happen by a slip: given once, and spelled as it is. */
static int check_spelling(struct call *call)
{
    int given = 0;
    for (size_t i = 0; i < call->query.count; i++) {
        const char *name = call->query.items[i].name;
        given += str_eq(name, "dryRun");
        if (strcasecmp(name, "dryRun") == 0 && !str_eq(name, "dryRun"))
            return call_invalid(call, "dryRun", "The parameter is spelled dryRun; nothing was done");
    }
    return given > 1 ? call_invalid(call, "dryRun", "The parameter is given twice; nothing was done") : 0;
}

int call_is_rehearsal(struct call *call, bool *ret)
{
    *ret = false;
    if (call->route->kind != ROUTE_WRITE)
        return 0;
    int spelling = check_spelling(call);
    if (spelling < 0 || call->route->own_plan)
        return spelling;
    int r = call_query_bool(call, "dryRun", false, ret);
    if (r == 0 && *ret && !route_is_planned(call->route))
        return call_invalid(call, "dryRun", "There is no plan for this operation: leave it out.");
    return r;
}

int call_rehearse(struct tx *tx, struct call *call)
{
    struct rehearsal rehearsal = {.call = call, .complete = true, .deadline = env_steady(tx_env(tx)) + PLAN_MS};
    int r = call_page(call, PAGE_PLAN, PAGE_PLAN_MAX, &rehearsal.page);
    if (r == 0)
        r = object_after_rid(call, &rehearsal.page, &rehearsal.skip);
    return r < 0 ? r : MIN_OF(tx_rehearse(tx, rehearse, &rehearsal), 0);
}
