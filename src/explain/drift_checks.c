/* SPDX-License-Identifier: Apache-2.0 */
/* What the last complete scan for drift found of the account, the group and the member, where nothing newer is known.
 */
#include "explain/inner.h"

/* Somebody decided about it already, or it is to be repaired and that is on its way (the rows tell then). */
static bool stands(const struct drift *drift)
{
    return drift->state == DRIFT_OPEN || drift->state == DRIFT_WANTED || drift->state == DRIFT_ACCEPTED;
}

/* A read of the group since then told better; what was accepted is left as it is by such a read. */
static bool is_newest(const struct facts *f, const struct drift *drift)
{
    return drift->state == DRIFT_ACCEPTED || f->target.read_at < drift->seen;
}

static bool member_drifted(const struct facts *f)
{
    const struct drift *drift = &f->member_drift;
    if (!f->has_member_drift || !stands(drift) || !is_newest(f, drift))
        return false;
    if (drift->kind == DRIFT_MEMBER_MISSING)
        return f->should == SHOULD_BE && f->there && !f->row.dirty && f->row.known_at < drift->seen;
    return drift->kind == DRIFT_MEMBER_EXTRA && f->should == SHOULD_NOT_BE && (!f->there || f->row.extra);
}

static bool account_drifted(const struct facts *f)
{
    const struct drift *drift = &f->account_drift;
    const struct account *a = &f->account;
    if (!f->has_account_drift || !f->has_account || !stands(drift) || a->last_sync >= drift->seen)
        return false;
    if (drift->kind == DRIFT_ACCOUNT_MISSING)
        return a->wanted == WANT_ACTIVE && str_eq(a->external_id, drift->external_id);
    return drift->kind == DRIFT_ACCOUNT_ACTIVE && a->wanted == WANT_INACTIVE && a->known == KNOWN_INACTIVE;
}

static bool group_drifted(const struct facts *f)
{
    const struct drift *drift = &f->group_drift;
    return f->has_group_drift && stands(drift) && f->mapping.last_push < drift->seen &&
           str_eq(f->target.external_id, drift->external_id);
}

/* The app shows now what somebody accepted: that he did is the cause still, and a push would change nothing. */
static bool is_accepted_account(const struct facts *f)
{
    const struct live *live = f->live;
    bool active = live->account == LIVE_FOUND && live->account_active != 0;
    return f->account_drift.state == DRIFT_ACCEPTED &&
           (f->account_drift.kind == DRIFT_ACCOUNT_ACTIVE ? active : live->account == LIVE_ABSENT);
}

static bool is_accepted_member(const struct facts *f)
{
    return f->member_drift.state == DRIFT_ACCEPTED &&
           (f->member_drift.kind == DRIFT_MEMBER_EXTRA) == f->live->has_member;
}

void facts_of_drift(struct facts *f)
{
    const struct live *live = f->live;
    bool group_read = live && live->group != LIVE_NOT_ASKED && live->group != LIVE_FAILED;
    bool account_read = live && live->account != LIVE_NOT_ASKED && live->account != LIVE_FAILED;
    bool members_read = group_read && live->shows_members;
    f->has_account_drift = account_drifted(f) && (!account_read || is_accepted_account(f));
    f->has_group_drift = !group_read && group_drifted(f);
    f->has_member_drift = member_drifted(f) && (!members_read || is_accepted_member(f));
}

/* A difference that somebody accepted is as he wants it; another one can be repaired. */
static void fail(const struct facts *f, const struct drift *drift, const char *cause, const char *fact, struct check *c)
{
    if (drift->state == DRIFT_ACCEPTED) {
        check_fail(c, "ACCEPTED_DRIFT",
                   arena_printf(f->arena, "%s, and %s accepted that%s%s", fact,
                                str_eq(drift->accepted_by, "policy") ? "the app's setting" : drift->accepted_by,
                                drift->note ? ": " : "", drift->note ? drift->note : ""));
        c->since = drift->accepted_at;
        c->by = drift->accepted_by;
        c->remedy = remedy_call("Take the exception back; the next scan reports it, or repairs it.", "DELETE",
                                app_path(f, arena_printf(f->arena, "/drift/exceptions/%s", drift->id)), NULL);
        return;
    }
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(body, "differenceId", drift->id);
    check_fail(c, cause, fact);
    c->since = drift->since;
    c->remedy = remedy_call("Repair it.", "POST", app_path(f, "/drift/repair"), jval_text(f->arena, body, true));
}

void check_account_drift(const struct facts *f, struct check *c)
{
    if (!f->has_account_drift || (f->of_group && f->account_drift.kind == DRIFT_ACCOUNT_ACTIVE))
        check_skip(c, "No scan found the account otherwise");
    else if (f->account_drift.kind == DRIFT_ACCOUNT_MISSING)
        fail(f, &f->account_drift, "DRIFT_ACCOUNT_MISSING", "A scan did not find the account in the app", c);
    else
        fail(f, &f->account_drift, "DRIFT_ACCOUNT_ACTIVE", "A scan found the account active in the app", c);
}

void check_group_drift(const struct facts *f, struct check *c)
{
    if (f->has_group_drift)
        fail(f, &f->group_drift, "DRIFT_GROUP_MISSING", "A scan did not find the group in the app", c);
    else
        check_skip(c, "No scan found the group missing");
}

void check_member_drift(const struct facts *f, struct check *c)
{
    if (!f->has_member_drift)
        check_skip(c, "No scan found the membership otherwise");
    else if (f->member_drift.kind == DRIFT_MEMBER_MISSING)
        fail(f, &f->member_drift, "DRIFT_MEMBER_MISSING", "A scan did not find the person in the app's group", c);
    else
        fail(f, &f->member_drift, "DRIFT_MEMBER_EXTRA", "A scan found the person in the app's group", c);
}

void check_members_drift(const struct facts *f, struct check *c)
{
    const struct drift_members *found = &f->members_drift;
    if (f->live && f->live->group == LIVE_FOUND && f->live->shows_members) {
        check_skip(c, "The app was asked, which is newer than a scan");
        return;
    }
    c->since = found->seen;
    if (found->missing + found->extra == 0) {
        check_pass(c,
                   found->accepted
                       ? arena_printf(f->arena, "Of what a scan found of the members, %lld differences were accepted",
                                      (long long)found->accepted)
                       : "No scan found the members otherwise");
        return;
    }
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(body, "targetGroupId", f->source.id);
    check_fail(c, "DRIFT_MEMBERS",
               arena_printf(f->arena,
                            "A scan did not find %lld of them in the app's group, and found %lld who should "
                            "not be there",
                            (long long)found->missing, (long long)found->extra));
    c->remedy = remedy_call("Repair what the scan found of this group.", "POST", app_path(f, "/drift/repair"),
                            jval_text(f->arena, body, true));
}
