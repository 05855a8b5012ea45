/* SPDX-License-Identifier: Apache-2.0 */
/* Creating, replacing and patching a group. */
#include "practice/inner.h"

static const struct jval *body_members(const struct call *call)
{
    const char *key = schema_key(call->body, "members");
    return key ? jval_get(call->body, key) : NULL;
}

/* What could be stored is stored, and the answer is a refusal all the same. */
static int answer_late(struct call *call, const struct members_change *change)
{
    call->refusal = change->late;
    return ERR_PROBLEM;
}

int group_post(struct call *call)
{
    struct projection projection = {0};
    struct jval *doc = NULL;
    struct resource *group = NULL;
    int r = call_body(call, URN_GROUP);
    if (r == 0)
        r = projection_parse(call, NULL, &projection);
    if (r == 0)
        r = schema_clean_body(PRACTICE_GROUP, call->body, &doc, &call->refusal);
    if (r == 0)
        r = resource_bend_body(call, PRACTICE_GROUP, doc, true);
    if (r < 0) {
        jval_free(doc);
        return r;
    }
    r = resource_create(call, PRACTICE_GROUP, doc, &group);
    if (r < 0)
        return r;
    struct members_change change;
    members_begin(&change, call, group);
    r = members_put(&change, body_members(call), "post");
    if (r < 0) {
        members_rollback(&change);
        resource_delete(call->p, group);
        return r;
    }
    (void)members_commit(&change);
    if (change.late.status)
        return answer_late(call, &change);
    render_answer(call, group, &projection, 201);
    if (bends(call->p, FAULT_SWALLOW))
        resource_delete(call->p, group);
    return 0;
}

/* Ends a change for good: the document (taken over) and the members. True when something has changed. */
static bool commit(struct call *call, struct resource *group, struct jval *doc, struct members_change *change)
{
    if (bends(call->p, FAULT_SWALLOW)) {
        members_rollback(change);
        jval_free(doc);
        return false;
    }
    bool changed = members_commit(change);
    if (jval_equal(doc, group->doc)) {
        jval_free(doc);
    } else {
        resource_set_doc(call->p, group, doc);
        changed = true;
    }
    if (changed)
        resource_touch(call->p, group);
    return changed;
}

int group_put(struct call *call, struct resource *group)
{
    struct projection projection = {0};
    CLEANUP(jval_freep) struct jval *doc = NULL;
    int r = call_body(call, URN_GROUP);
    if (r == 0)
        r = projection_parse(call, NULL, &projection);
    if (r == 0)
        r = schema_clean_body(PRACTICE_GROUP, call->body, &doc, &call->refusal);
    if (r == 0)
        r = resource_bend_body(call, PRACTICE_GROUP, doc, false);
    if (r == 0)
        r = resource_check_name(call, PRACTICE_GROUP, doc, group);
    if (r < 0)
        return r;
    struct members_change change;
    members_begin(&change, call, group);
    r = members_put(&change, body_members(call), body_members(call) ? "put" : "put_absent");
    if (r < 0) {
        members_rollback(&change);
        return r;
    }
    (void)commit(call, group, TAKE_PTR(doc), &change);
    if (change.late.status)
        return answer_late(call, &change);
    render_answer(call, group, &projection, 200);
    return 0;
}

int group_patch(struct call *call, struct resource *group)
{
    struct projection projection = {0};
    int r = call_body(call, URN_PATCH);
    if (r == 0)
        r = projection_parse(call, NULL, &projection);
    if (r < 0)
        return r;
    CLEANUP(jval_freep) struct jval *doc = jval_copy(group->doc);
    struct members_change change;
    members_begin(&change, call, group);
    r = patch_apply(call, PRACTICE_GROUP, group->id, doc, &change);
    if (r == 0)
        r = resource_bend_body(call, PRACTICE_GROUP, doc, false);
    if (r == 0)
        r = resource_check_name(call, PRACTICE_GROUP, doc, group);
    if (r < 0) {
        members_rollback(&change);
        return r;
    }
    bool changed = commit(call, group, TAKE_PTR(doc), &change);
    if (change.late.status)
        return answer_late(call, &change);
    /* 204 unless asked for something: the answer to one more member does not list 100,000. */
    bool with_body = call->p->options.group_patch_body || projection.only || projection.count > 0;
    struct fault *body = bent(call->p, FAULT_PATCH_BODY);
    if (body && (changed || *body->order.text)) {
        fault_strike(body);
        with_body = true;
    }
    if (with_body && bends(call->p, FAULT_PATCH_EMPTY))
        with_body = false;
    render_answer(call, group, &projection, with_body ? 200 : 204);
    return 0;
}
