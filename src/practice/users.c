/* SPDX-License-Identifier: Apache-2.0 */
/* Creating, replacing and patching a user. */
#include "practice/inner.h"

int user_post(struct call *call)
{
    struct projection projection = {0};
    struct jval *doc = NULL;
    struct resource *user = NULL;
    int r = call_body(call, URN_USER);
    if (r == 0)
        r = projection_parse(call, NULL, &projection);
    if (r == 0)
        r = schema_clean_body(PRACTICE_USER, call->body, &doc, &call->refusal);
    if (r < 0)
        return r;
    if (!jval_get(doc, "active"))
        jval_set(doc, "active", jval_new_bool(true));
    r = resource_create(call, PRACTICE_USER, doc, &user);
    if (r < 0)
        return r;
    render_answer(call, user, &projection, 201);
    return 0;
}

/* Puts a checked document in place if it differs. */
static void take_doc(struct call *call, struct resource *user, struct jval *doc)
{
    if (jval_equal(doc, user->doc)) {
        jval_free(doc);
        return;
    }
    resource_set_doc(call->p, user, doc);
    resource_touch(call->p, user);
}

int user_put(struct call *call, struct resource *user)
{
    struct projection projection = {0};
    CLEANUP(jval_freep) struct jval *doc = NULL;
    int r = call_body(call, URN_USER);
    if (r == 0)
        r = projection_parse(call, NULL, &projection);
    if (r == 0)
        r = schema_clean_body(PRACTICE_USER, call->body, &doc, &call->refusal);
    if (r == 0)
        r = resource_check_name(call, PRACTICE_USER, doc, user);
    if (r < 0)
        return r;
    /* Everything else that is left out is cleared; whether somebody may sign in is not decided by an omission. */
    if (!jval_get(doc, "active") && jval_get(user->doc, "active"))
        jval_set(doc, "active", jval_ref(jval_get(user->doc, "active")));
    take_doc(call, user, TAKE_PTR(doc));
    render_answer(call, user, &projection, 200);
    return 0;
}

int user_patch(struct call *call, struct resource *user)
{
    struct projection projection = {0};
    int r = call_body(call, URN_PATCH);
    if (r == 0)
        r = projection_parse(call, NULL, &projection);
    if (r < 0)
        return r;
    CLEANUP(jval_freep) struct jval *doc = jval_copy(user->doc);
    r = patch_apply(call, PRACTICE_USER, user->id, doc, NULL);
    if (r == 0)
        r = resource_check_name(call, PRACTICE_USER, doc, user);
    if (r < 0)
        return r;
    take_doc(call, user, TAKE_PTR(doc));
    render_answer(call, user, &projection, 200);
    return 0;
}
