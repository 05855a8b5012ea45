/* SPDX-License-Identifier: Apache-2.0 */
/* The list of checks, run in order; and what they share. */
#include "explain/explain.h"

#include "explain/inner.h"
#include "target/answer.h"

const char *check_area_name(enum check_area area)
{
    static const char *const names[] = {"SOURCE", "APP", "ACCOUNT", "GROUP", "TARGET"};
    return names[area];
}

const char *check_result_name(enum check_result result)
{
    static const char *const names[] = {"PASS", "FAIL", "NOT_APPLICABLE"};
    return names[result];
}

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {"IN_STEP", "RIGHTLY_ABSENT", "MISSING", "EXTRA"};
    return names[verdict];
}

/* --- what the checks use -------------------------------------------------------------------------------------------
 */

static bool is_one_of(const char *type, const char *const *types)
{
    for (; *types; types++)
        if (str_eq(type, *types))
            return true;
    return false;
}

void check_by(struct check *check, const struct trail *trail, const char *const *types, const char *also)
{
    for (int i = 0; i < trail->count; i++) {
        const struct trail_event *event = &trail->events[i];
        if (!is_one_of(event->type, types) || (also && !trail_names(event, also)))
            continue;
        check->since = event->published;
        check->by = event->actor;
        check->event = event->id;
        return;
    }
}

void check_pass(struct check *check, const char *fact)
{
    check->result = CHECK_PASS;
    check->fact = fact;
}

void check_skip(struct check *check, const char *fact)
{
    check->result = CHECK_NOT_APPLICABLE;
    check->fact = fact;
}

void check_fail(struct check *check, const char *cause, const char *fact)
{
    check->result = CHECK_FAIL;
    check->cause = cause;
    check->fact = fact;
}

struct remedy remedy_call(const char *words, const char *method, const char *path, const char *body)
{
    return (struct remedy){.words = words, .method = method, .path = path, .body = body};
}

struct remedy remedy_words(const char *words)
{
    return (struct remedy){.words = words};
}

struct remedy remedy_wait(const struct facts *facts)
{
    return remedy_call("Nothing to do: Muster does it by itself. This call waits for it.", "GET",
                       app_path(facts, "/sync?wait=30s"), NULL);
}

struct remedy remedy_retry(const struct facts *facts, const char *error_class)
{
    enum error_class class = error_class_parse(error_class);
    const char *words = class == ERROR_NONE ? "Try again what failed in the app." : error_class_remedy(class);
    return remedy_call(words, "POST", app_path(facts, "/group-push/retry"), NULL);
}

void check_held(const struct facts *f, const struct held *held, const char *what, struct check *ret)
{
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    ret->since = held->since;
    if (held->state == DELETION_PROTECTED) {
        check_fail(ret, "PROTECTED", arena_printf(f->arena, "%s is not sent: the person is protected", what));
        ret->remedy =
            remedy_call("End the person's protection.", "PUT",
                        arena_printf(f->arena, "/api/v1/users/%s/protection", f->user.id), "{\"protected\":false}");
        return;
    }
    bool rejected = held->state == DELETION_REJECTED;
    jval_set_str(body, "userId", f->user.id);
    check_fail(ret, rejected ? "REJECTED" : "HELD",
               arena_printf(f->arena,
                            rejected ? "%s was rejected, with the list %s"
                                     : "%s is held by a deletion limit, on "
                                       "the list %s",
                            what, held->hold_id ? held->hold_id : "(gone)"));
    ret->remedy = held->hold_id
                      ? remedy_call("Release this person; the others on the list stay.", "POST",
                                    app_path(f, arena_printf(f->arena, "/group-push/holds/%s/release", held->hold_id)),
                                    jval_text(f->arena, body, true))
                      : remedy_words("Look at what is held: muster hold list.");
}

const char *app_path(const struct facts *facts, const char *rest)
{
    return arena_printf(facts->arena, "/api/v1/apps/%s%s", facts->app.id, rest);
}

const char *mapping_path(const struct facts *facts, const char *rest)
{
    return arena_printf(facts->arena, "/api/v1/apps/%s/group-push/mappings/%s%s", facts->app.id, facts->mapping.id,
                        rest);
}

/* --- the answer ----------------------------------------------------------------------------------------------------
 */

static bool is_there(const struct facts *f)
{
    const struct live *live = f->live;
    if (f->of_group && live && live->group == LIVE_FOUND && live->shows_members)
        return live->has_member;
    if (f->of_group && live && live->group == LIVE_ABSENT)
        return false;
    if (!f->of_group && live && live->account == LIVE_FOUND)
        return live->account_active != 0;
    if (!f->of_group && live && live->account == LIVE_ABSENT)
        return false;
    if (f->has_account_drift && f->account_drift.kind == DRIFT_ACCOUNT_MISSING)
        return false;
    if (f->of_group && f->has_member_drift)
        return f->member_drift.kind == DRIFT_MEMBER_EXTRA;
    if (f->of_group)
        return f->there && !f->has_group_drift && !(f->should == SHOULD_BE && f->row.dirty);
    if (f->has_account_drift)
        return true; /* DRIFT_ACCOUNT_ACTIVE */
    return f->there && !(f->should == SHOULD_BE && (f->account.activation_owed || f->account.disabled_there));
}

static enum verdict judge(const struct facts *f)
{
    bool there = is_there(f);
    if (f->should == SHOULD_NOT_BE)
        return there ? VERDICT_EXTRA : VERDICT_RIGHTLY_ABSENT;
    if (f->should == SHOULD_STAY)
        return there ? VERDICT_IN_STEP : VERDICT_RIGHTLY_ABSENT;
    return there ? VERDICT_IN_STEP : VERDICT_MISSING;
}

static const struct check_row *const areas[] = {source_checks, app_checks, account_checks, group_checks, live_checks};

static bool is_asked(const struct check_row *row, const struct facts *f)
{
    if ((row->of & OF_GROUP) && !f->of_group)
        return false;
    return f->user.rid ? !(row->of & OF_WHOLE) : !(row->of & OF_PERSON);
}

/* The first check that fails is the cause, where something is not as it should be; why somebody should not be there in
 * the first place, only what decides that tells. What the app itself shows otherwise counts also where the answer as a
 * whole is that all is well. */
static bool may_be_cause(const struct check_row *row, const struct diagnosis *d)
{
    if (d->first)
        return false;
    if (d->verdict == VERDICT_IN_STEP)
        return row->area == AREA_TARGET;
    return d->verdict != VERDICT_RIGHTLY_ABSENT || (row->of & DECIDES);
}

static void run_check(const struct check_row *row, const struct facts *f, struct diagnosis *ret)
{
    assert(ret->count < EXPLAIN_CHECKS_MAX);
    struct check *check = &ret->checks[ret->count++];
    *check = (struct check){.name = row->name, .area = row->area};
    row->run(f, check);
    assert(check->fact);
    if (check->result != CHECK_FAIL)
        return;
    assert(check->cause && check->remedy.words);
    if (may_be_cause(row, ret))
        ret->first = check;
}

static const char *say_group(struct arena *arena, const struct diagnosis *d)
{
    const char *who = d->user.login;
    const char *where = arena_printf(arena, "%s of %s", d->source.name, d->app.label);
    switch (d->verdict) {
    case VERDICT_IN_STEP:
        return arena_printf(arena, "%s is in %s, as it should be", who, where);
    case VERDICT_RIGHTLY_ABSENT:
        return arena_printf(arena, "%s is not in %s, and should not be", who, where);
    case VERDICT_MISSING:
        return arena_printf(arena, "%s should be in %s and is not", who, where);
    case VERDICT_EXTRA:
    default:
        return arena_printf(arena, "%s is in %s and should not be", who, where);
    }
}

static const char *say_account(struct arena *arena, const struct diagnosis *d)
{
    const char *who = d->user.login;
    const char *where = d->app.label;
    switch (d->verdict) {
    case VERDICT_IN_STEP:
        return arena_printf(arena, "The account of %s in %s is as it should be", who, where);
    case VERDICT_RIGHTLY_ABSENT:
        return arena_printf(arena, "%s has no active account in %s, and should have none", who, where);
    case VERDICT_MISSING:
        return arena_printf(arena, "%s should have an active account in %s and has none", who, where);
    case VERDICT_EXTRA:
    default:
        return arena_printf(arena, "%s has an active account in %s and should have none", who, where);
    }
}

static const char *say(struct arena *arena, const struct diagnosis *d)
{
    const char *text = d->of_group ? say_group(arena, d) : say_account(arena, d);
    const char *fact = d->first ? d->first->fact : "";
    const char *link = !d->first ? "" : d->verdict == VERDICT_IN_STEP ? ". But: " : ": ";
    size_t n = strlen(fact);
    return arena_printf(arena, "%s%s%s%s", text, link, fact, n && fact[n - 1] == '.' ? "" : ".");
}

const struct check *diagnosis_against(const struct diagnosis *diagnosis)
{
    const struct check *newest = NULL;
    for (int i = 0; i < diagnosis->count; i++) {
        const struct check *check = &diagnosis->checks[i];
        if (check->against && (!newest || check->since > newest->since))
            newest = check;
    }
    return newest;
}

static int64_t in_step_since(const struct facts *f)
{
    return f->of_group ? f->row.known_at : f->account.last_sync;
}

int explain(struct tx *tx, int64_t app_rid, int64_t user_rid, int64_t source_rid, const struct live *live,
            struct diagnosis *ret)
{
    struct facts f = {0};
    int r = facts_read(tx, app_rid, user_rid, source_rid, &f);
    if (r < 0)
        return r;
    f.live = live;
    facts_of_drift(&f);
    f.leaving = f.should == SHOULD_NOT_BE && is_there(&f);
    *ret = (struct diagnosis){.app = f.app,
                              .user = f.user,
                              .of_group = f.of_group,
                              .source = f.source,
                              .mapping = f.mapping,
                              .verdict = f.user.rid ? judge(&f) : VERDICT_MISSING};
    for (size_t i = 0; i < ARRAY_LEN(areas); i++)
        for (const struct check_row *row = areas[i]; row->name; row++)
            if (is_asked(row, &f))
                run_check(row, &f, ret);
    if (!f.user.rid) {
        ret->verdict = ret->first ? VERDICT_MISSING : VERDICT_IN_STEP;
        return 0;
    }
    ret->since = ret->verdict == VERDICT_IN_STEP ? in_step_since(&f) : 0;
    ret->words = say(tx_arena(tx), ret);
    return 0;
}
