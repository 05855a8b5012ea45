/* SPDX-License-Identifier: Apache-2.0 */
/* Creating, replacing and patching a group. */
#include "practice/inner.h"

static const struct jval *body_members(const struct call *call)
{
    const char *key = schema_key(call->body, "members");
    return key ? jval_get(call->body, key) : NULL;
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
        r = resource_create(call, PRACTICE_GROUP, doc, &group);
    if (r < 0)
        return r;
    struct members_change change;
    members_begin(&change, call, group);
    r = members_replace(&change, body_members(call));
    if (r < 0) {
        members_rollback(&change);
        resource_delete(call->p, group);
        return r;
    }
    (void)members_commit(&change);
    render_answer(call, group, &projection, 201);
    return 0;
}

/* Ends a change for good: the document (taken over) and the members. */
static void commit(struct call *call, struct resource *group, struct jval *doc, struct members_change *change)
{
    bool changed = members_commit(change);
    if (jval_equal(doc, group->doc)) {
        jval_free(doc);
    } else {
        resource_set_doc(call->p, group, doc);
        changed = true;
    }
    if (changed)
        resource_touch(call->p, group);
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
        r = resource_check_name(call, PRACTICE_GROUP, doc, group);
    if (r < 0)
        return r;
    struct members_change change;
    members_begin(&change, call, group);
    r = members_replace(&change, body_members(call));
    if (r < 0) {
        members_rollback(&change);
        return r;
    }
    commit(call, group, TAKE_PTR(doc), &change);
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
        r = resource_check_name(call, PRACTICE_GROUP, doc, group);
    if (r < 0) {
        members_rollback(&change);
        return r;
    }
    commit(call, group, TAKE_PTR(doc), &change);
    /* 204 unless asked for something: the answer to one more member does not list 100,000. */
    bool with_body = call->p->options.group_patch_body || projection.only || projection.count > 0;
    render_answer(call, group, &projection, with_body ? 200 : 204);
    return 0;
}
