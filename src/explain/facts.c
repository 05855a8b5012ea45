/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what the checks look at. Each fact is read once, whatever the answer. */
#include "explain/inner.h"

/* 0 for "there is none" as for success; `ret_found` tells which. */
static int found(int r, bool *ret_found)
{
    *ret_found = r >= 0;
    return r == ERR_NOT_FOUND ? 0 : r;
}

/* The same for those that return 1 or 0. */
static int yes(int r, bool *ret)
{
    *ret = r > 0;
    return MIN_OF(r, 0);
}

static int read_trail(struct tx *tx, const char *id, bool person, struct trail *ret)
{
    if (!id)
        return 0;
    ret->events = arena_array(tx_arena(tx), TRAIL_LOOKED_AT, sizeof(*ret->events));
    int count = person ? record_trail_of_person(tx, id, ret->events, TRAIL_LOOKED_AT)
                       : record_trail_of_object(tx, id, ret->events, TRAIL_LOOKED_AT);
    ret->count = MAX_OF(count, 0);
    return MIN_OF(count, 0);
}

static int read_app(struct tx *tx, struct facts *f)
{
    int64_t app = f->app.rid;
    int r = found(connection_get(tx, app, &f->connection), &f->has_connection);
    if (r == 0)
        r = app_switches_get(tx, app, &f->switches);
    if (r == 0)
        r = yes(org_paused(tx, &f->org_reason), &f->org_paused);
    if (r == 0)
        r = yes(quarantine_get(tx, app, &f->quarantine), &f->quarantined);
    if (r == 0)
        r = read_trail(tx, f->app.id, false, &f->of_app);
    if (r == 0 && f->org_paused)
        r = read_trail(tx, TRAIL_ORGANISATION, false, &f->of_org);
    return r;
}

static int read_account(struct tx *tx, struct facts *f)
{
    bool via = false;
    int r = found(account_get(tx, f->app.rid, f->user.rid, &f->account), &f->has_account);
    if (r < 0 || !f->has_account)
        return r;
    if (f->account.scope == SCOPE_GROUP) {
        r = found(app_group_get(tx, f->app.rid, f->account.via_group_rid, &f->via), &via);
        if (r == 0)
            r = found(group_by_rid(tx, f->account.via_group_rid, &f->via_group), &via);
        if (r == 0)
            r = read_trail(tx, f->via_group.id, false, &f->of_via);
    }
    if (r == 0)
        r = yes(work_find(tx, f->app.rid, WORK_ACCOUNT, f->account.rid, &f->account_work), &f->account_works);
    if (r == 0)
        r = yes(deletion_find(tx, DELETION_ACCOUNT, f->account.rid, f->user.rid, &f->account_hold), &f->account_held);
    if (r == 0)
        r = yes(drift_of_person(tx, f->app.rid, 0, f->user.rid, &f->account_drift), &f->has_account_drift);
    return r;
}

static int read_mapping(struct tx *tx, struct facts *f)
{
    int r = found(mapping_by_source(tx, f->app.rid, f->source.rid, &f->mapping), &f->mapped);
    if (r < 0 || !f->mapped)
        return r;
    struct work work = {0};
    r = target_group_get(tx, f->mapping.target_rid, &f->target);
    if (r == 0)
        r = mapping_error(tx, &f->mapping, &f->state);
    if (r >= 0)
        r = yes(work_find(tx, f->app.rid, WORK_EXPAND_MAPPING, f->mapping.rid, &work), &f->expands);
    if (r == 0)
        r = yes(member_view(tx, f->target.rid, f->user.rid, &f->row), &f->has_row);
    if (r == 0)
        r = yes(deletion_find(tx, DELETION_MEMBER, f->target.rid, f->user.rid, &f->member_hold), &f->member_held);
    if (r == 0)
        r = yes(drift_of_group(tx, f->app.rid, f->target.rid, &f->group_drift), &f->has_group_drift);
    if (r == 0 && f->user.rid)
        r = yes(drift_of_person(tx, f->app.rid, f->target.rid, f->user.rid, &f->member_drift), &f->has_member_drift);
    if (r == 0 && !f->user.rid)
        r = drift_members_of_group(tx, &f->target, &f->members_drift);
    if (r == 0)
        r = read_trail(tx, f->mapping.id, false, &f->of_mapping);
    return r;
}

static int read_source(struct tx *tx, int64_t source_rid, struct facts *f)
{
    f->of_group = source_rid != 0;
    if (!f->of_group)
        return 0;
    int r = group_by_rid(tx, source_rid, &f->source);
    if (r == 0)
        r = yes(member_find(tx, source_rid, f->user.rid, &f->membership), &f->is_member);
    if (r == 0)
        r = read_trail(tx, f->source.id, false, &f->of_group_trail);
    return r;
}

/* What should be, and what is as far as the app acknowledged it. */
static void decide(struct facts *f)
{
    enum account_scope scope = f->has_account ? f->account.scope : SCOPE_NONE;
    enum account_wanted account = account_wanted(scope, f->user.status, f->user.deleted);
    bool in_source = !f->of_group || (f->is_member && !f->source.deleted);
    f->should = SHOULD_NOT_BE;
    if (in_source && account == WANT_ACTIVE)
        f->should = SHOULD_BE;
    if (in_source && account == WANT_NOTHING)
        f->should = SHOULD_STAY;
    f->there = f->of_group ? f->has_row && f->row.known
                           : f->has_account && f->account.external_id && f->account.known != KNOWN_INACTIVE;
}

int facts_read(struct tx *tx, int64_t app_rid, int64_t user_rid, int64_t source_rid, struct facts *ret)
{
    struct facts *f = ret;
    *f = (struct facts){.arena = tx_arena(tx)};
    int r = app_by_rid(tx, app_rid, &f->app);
    if (r == 0 && user_rid)
        r = user_by_rid(tx, user_rid, &f->user);
    if (r == 0)
        r = read_source(tx, source_rid, f);
    if (r == 0)
        r = read_app(tx, f);
    if (r == 0)
        r = read_account(tx, f);
    if (r == 0 && f->of_group)
        r = read_mapping(tx, f);
    if (r == 0)
        r = read_trail(tx, f->user.id, true, &f->person);
    if (r == 0)
        decide(f);
    return r;
}
