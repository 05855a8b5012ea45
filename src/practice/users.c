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
    if (r == 0)
        r = resource_bend_body(call, PRACTICE_USER, doc, true);
    if (r < 0) {
        jval_free(doc);
        return r;
    }
    if (!jval_get(doc, "active"))
        jval_set(doc, "active", jval_new_bool(true));
    r = resource_create(call, PRACTICE_USER, doc, &user);
    if (r < 0)
        return r;
    render_answer(call, user, &projection, 201);
    if (bends(call->p, FAULT_SWALLOW))
        resource_delete(call->p, user);
    return 0;
}

/* Puts a checked document in place if it differs. True when it did. */
static bool take_doc(struct call *call, struct resource *user, struct jval *doc)
{
    if (jval_equal(doc, user->doc) || bends(call->p, FAULT_SWALLOW)) {
        jval_free(doc);
        return false;
    }
    resource_set_doc(call->p, user, doc);
    resource_touch(call->p, user);
    return true;
}

/* Refuses to change who is inactive and stays so. */
static int check_locked(struct call *call, const struct resource *user, const struct jval *doc)
{
    struct fault *locked = bent(call->p, FAULT_INACTIVE_LOCKED);
    if (!locked || resource_is_active(user) || jval_is_true(jval_get(doc, "active")) || jval_equal(doc, user->doc))
        return 0;
    return fault_refuse(locked, &call->refusal, "The user is not active and cannot be changed.");
}

/* Takes the checked document and answers with what has become of the user. */
static void finish(struct call *call, struct resource *user, struct jval *doc, const struct projection *projection)
{
    bool was_active = resource_is_active(user);
    bool is_patch = strcmp(call->method, "PATCH") == 0;
    bool changed = take_doc(call, user, doc);
    render_answer(call, user, projection, is_patch && bends(call->p, FAULT_PATCH_EMPTY) ? 204 : 200);
    if (changed && was_active && !resource_is_active(user) && bends(call->p, FAULT_DEACTIVATION_DELETES))
        resource_delete(call->p, user);
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
        r = resource_bend_body(call, PRACTICE_USER, doc, false);
    if (r == 0)
        r = resource_check_name(call, PRACTICE_USER, doc, user);
    if (r < 0)
        return r;
    /* Everything else that is left out is cleared; whether somebody may sign in is not decided by an omission. */
    if (!jval_get(doc, "active") && jval_get(user->doc, "active"))
        jval_set(doc, "active", jval_ref(jval_get(user->doc, "active")));
    r = check_locked(call, user, doc);
    if (r < 0)
        return r;
    finish(call, user, TAKE_PTR(doc), &projection);
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
        r = resource_bend_body(call, PRACTICE_USER, doc, false);
    if (r == 0)
        r = resource_check_name(call, PRACTICE_USER, doc, user);
    if (r == 0)
        r = check_locked(call, user, doc);
    if (r < 0)
        return r;
    finish(call, user, TAKE_PTR(doc), &projection);
    return 0;
}
