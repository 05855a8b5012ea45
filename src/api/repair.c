/* SPDX-License-Identifier: Apache-2.0 */
/* Recoveries in one call (push/repair.h): a group deleted in the app, a person pushed anew, everything that failed. */
#include "push/repair.h"

#include "api/failure.h"
#include "api/push_objects.h"
#include "base/limits.h"
#include "engine/engine.h"

#define APPS_DEFAULT 50  /* apps of one call for all of them */
#define ACCOUNTS_MAX 200 /* accounts of a person that one call looks at */
#define NOTICE "Roles that the app bound to a group that was deleted there are not restored by a new one of its name."

static int repair_mapping(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct mapping mapping = {0};
    int r = call_body_optional(call);
    if (r == 0)
        r = find_mapping(tx, call, &app, &mapping);
    if (r == 0)
        r = mapping_repair(tx, &mapping, &call->problem);
    if (r < 0)
        return r;
    jout_object(&call->out, NULL);
    jout_str(&call->out, "notice", NOTICE);
    r = object_mapping(tx, call, "mapping", &app, &mapping, true);
    jout_end(&call->out);
    return r;
}

/* --- a person ------------------------------------------------------------------------------------------------------
 */

/* An account that failed is tried again; one that the app has is looked at there. 1 when there was something to do. */
static int check_account(struct tx *tx, const struct account *account)
{
    struct work work;
    int waits = work_find(tx, account->app_rid, WORK_ACCOUNT, account->rid, &work);
    bool failed = waits > 0 && (work.held || work.attempts > 0);
    int r = MIN_OF(waits, 0);
    if (failed)
        r = work_add(tx, account->app_rid, WORK_ACCOUNT, account->rid, WORK_FRESH);
    if (r >= 0 && account->external_id)
        r = engine_check_account(tx, account);
    return r < 0 ? r : failed || account->external_id;
}

/* The accounts that the person has or had are looked at in their apps. The count. */
static int check_accounts(struct tx *tx, const struct user *user)
{
    struct account *accounts = arena_array(tx_arena(tx), ACCOUNTS_MAX, sizeof(*accounts));
    int checked = 0;
    int count = account_list_of_user(tx, user->rid, 0, accounts, ACCOUNTS_MAX);
    for (int i = 0; i < count; i++) {
        int again = accounts[i].wanted == WANT_ACTIVE ? 1 : account_may_be_active(tx, &accounts[i]);
        int r = again > 0 ? check_account(tx, &accounts[i]) : again;
        if (r < 0)
            return r;
        checked += r;
    }
    return count < 0 ? count : checked;
}

static int push_person(struct tx *tx, struct call *call)
{
    struct user user = {0};
    struct repush counts = {0};
    int r = call_body_optional(call);
    if (r == 0)
        r = user_by_id_or_login(tx, call->params[0], &user);
    if (r == ERR_NOT_FOUND)
        return call_not_found(call, call->params[0], "User");
    int accounts = r < 0 ? r : check_accounts(tx, &user);
    r = accounts < 0 ? accounts : person_push(tx, &user, &counts);
    if (r < 0)
        return r;
    struct jout *out = &call->out;
    jout_object(out, NULL);
    jout_int(out, "accounts", accounts);
    jout_int(out, "groups", counts.groups);
    jout_bool(out, "complete", !counts.later);
    jout_end(out);
    return 0;
}

/* --- everything that failed ----------------------------------------------------------------------------------------
 */

static void write_plan(struct jout *out, const struct retry_plan *plan)
{
    jout_object(out, "failed");
    jout_int(out, "groups", plan->groups);
    jout_int(out, "accounts", plan->accounts);
    jout_int(out, "members", plan->members);
    jout_end(out);
    jout_bool(out, "complete", plan->complete);
    jout_array(out, "causes");
    for (int i = 0; i < plan->cause_count; i++) {
        const struct retry_cause *cause = &plan->causes[i];
        jout_object(out, NULL);
        jout_str(out, "errorClass", cause->error_class);
        failure_write_class(out, cause->error_class);
        jout_int(out, "groups", cause->groups);
        jout_int(out, "accounts", cause->accounts);
        jout_int(out, "members", cause->members);
        jout_array(out, "examples");
        for (int e = 0; e < cause->example_count; e++)
            jout_str(out, NULL, cause->examples[e]);
        jout_end(out);
        jout_end(out);
    }
    jout_end(out);
}

/* Tries again what failed in an app, unless it is a dry run: the count of mappings. */
static int retry_app(struct tx *tx, int64_t app_rid, bool dry_run)
{
    if (dry_run)
        return 0;
    int retried = mapping_retry_all(tx, app_rid);
    int r = retried < 0 ? retried : engine_retry(tx, app_rid);
    return r < 0 ? r : retried;
}

static int retry_one_app(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct retry_plan plan = {0};
    bool dry_run = false;
    int r = call_body_optional(call);
    if (r == 0)
        r = call_query_bool(call, "dryRun", false, &dry_run);
    if (r == 0)
        r = find_app(tx, call, &app);
    if (r == 0)
        r = retry_plan(tx, app.rid, &plan);
    int retried = r < 0 ? r : retry_app(tx, app.rid, dry_run);
    if (retried < 0)
        return retried;
    jout_object(&call->out, NULL);
    jout_int(&call->out, "retried", retried);
    jout_bool(&call->out, "dryRun", dry_run);
    write_plan(&call->out, &plan);
    jout_end(&call->out);
    return 0;
}

static int retry_listed(struct tx *tx, struct call *call, int64_t app_rid, bool dry_run)
{
    struct app app = {0};
    struct retry_plan plan = {0};
    int r = app_by_rid(tx, app_rid, &app);
    if (r == 0)
        r = retry_plan(tx, app_rid, &plan);
    if (r < 0 || plan.groups + plan.accounts + plan.members == 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    int retried = retry_app(tx, app_rid, dry_run);
    if (retried < 0)
        return retried;
    jout_object(&call->out, NULL);
    jout_str(&call->out, "appId", app.id);
    jout_str(&call->out, "appLabel", app.label);
    jout_int(&call->out, "retried", retried);
    write_plan(&call->out, &plan);
    jout_end(&call->out);
    return 0;
}

/* A page of apps: those in which something failed are shown and tried again. */
static int retry_everywhere(struct tx *tx, struct call *call)
{
    struct page page = {0};
    int64_t after = 0;
    bool dry_run = false;
    int r = call_body_optional(call);
    if (r == 0)
        r = call_query_bool(call, "dryRun", false, &dry_run);
    if (r == 0)
        r = call_page(call, APPS_DEFAULT, LIMIT_PAGE_APPS, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &after);
    if (r < 0)
        return r;
    int64_t *rids = arena_array(tx_arena(tx), (size_t)page.limit + 1, sizeof(*rids));
    int count = app_rids(tx, after, rids, page.limit + 1);
    int shown = MIN_OF(count, page.limit);
    jout_object(&call->out, NULL);
    jout_bool(&call->out, "dryRun", dry_run);
    jout_array(&call->out, "apps");
    for (int i = 0; r == 0 && i < shown; i++)
        r = retry_listed(tx, call, rids[i], dry_run);
    jout_end(&call->out);
    jout_end(&call->out);
    call_page_links(call, count > shown ? arena_printf(call->arena, "%lld", (long long)rids[shown - 1]) : NULL);
    return count < 0 ? count : r;
}

const struct route repair_routes[] = {
    {"POST", "/api/v1/apps/{appId}/group-push/mappings/{mappingId}/repair", ROUTE_WRITE, ROLE_OPERATOR, repair_mapping,
     "repairGroupPushMapping", NULL},
    {"POST", "/api/v1/users/{id}/push", ROUTE_WRITE, ROLE_OPERATOR, push_person, "pushUser", NULL},
    {"POST", "/api/v1/apps/{appId}/group-push/retry", ROUTE_WRITE, ROLE_OPERATOR, retry_one_app, "retryAllGroups", NULL,
     true},
    {"POST", "/api/v1/org/retry", ROUTE_WRITE, ROLE_OPERATOR, retry_everywhere, "retryEverything", NULL, true},
    {.method = NULL},
};
