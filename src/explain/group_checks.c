/* SPDX-License-Identifier: Apache-2.0 */
/* The pushed group: what is known of it in the app, and of this member. */
#include "explain/inner.h"

#include "target/answer.h"

static void check_mapped(const struct facts *f, struct check *c)
{
    if (f->mapped) {
        check_pass(c, arena_printf(f->arena, "The group is pushed to the app as %s", f->target.name));
        c->since = f->mapping.created;
        check_by(c, &f->of_mapping, TYPES("application.provision.group_push.mapping.created"), NULL);
        return;
    }
    check_fail(c, "NOT_PUSHED", arena_printf(f->arena, "%s is not pushed to %s", f->source.name, f->app.label));
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(body, "sourceGroupId", f->source.id);
    jval_set_str(body, "targetGroupName", f->source.name);
    c->remedy =
        remedy_call("Push the group.", "POST", app_path(f, "/group-push/mappings"), jval_text(f->arena, body, true));
}

static void check_pushing(const struct facts *f, struct check *c)
{
    if (!f->mapped) {
        check_skip(c, "The group is not pushed");
        return;
    }
    check_by(c, &f->of_mapping,
             TYPES("application.provision.group_push.activate_mapping",
                   "application.provision.group_push.deactivate_mapping"),
             NULL);
    if (f->mapping.status == MAPPING_ACTIVE) {
        check_pass(c, "The push mapping is active");
        return;
    }
    check_fail(c, "MAPPING_INACTIVE", "The push mapping is inactive: the app keeps its group and is told nothing");
    c->remedy = remedy_call("Activate it; what changed meanwhile is pushed then.", "PATCH", mapping_path(f, ""),
                            "{\"status\":\"ACTIVE\"}");
}

static void check_first_push(const struct facts *f, struct check *c)
{
    if (!f->mapped || !f->mapping.members_wait) {
        check_skip(c, "No memberships wait for a first push");
        return;
    }
    check_fail(c, "MEMBERS_WAIT",
               "The group was pushed without its members, who wait for the next change of them or for Push Now");
    c->since = f->mapping.created;
    c->remedy = remedy_call("Push the members now.", "POST", mapping_path(f, "/push"), NULL);
}

static struct remedy group_remedy(const struct facts *f)
{
    enum error_class class = error_class_parse(f->state.error_class);
    if (class == ERROR_GROUP_MISSING)
        return remedy_call("Make the group in the app again, or link one of the same name there; roles that the app "
                           "bound to the old group are not restored.",
                           "POST", mapping_path(f, "/repair"), NULL);
    if (class == ERROR_LINK_WOULD_REMOVE)
        return remedy_call("Allow the link to remove who is there and not in the group.", "PATCH", mapping_path(f, ""),
                           "{\"existingMembers\":\"REMOVE\"}");
    return remedy_retry(f, f->state.error_class);
}

static void check_group_error(const struct facts *f, struct check *c)
{
    if (!f->mapped) {
        check_skip(c, "The group is not pushed");
        return;
    }
    if (!f->state.error_class) {
        check_pass(c, f->mapping.last_push ? "The last push of the group succeeded" : "No push of the group failed");
        c->since = f->mapping.last_push;
        return;
    }
    bool missing = error_class_parse(f->state.error_class) == ERROR_GROUP_MISSING;
    check_fail(c, missing ? "GROUP_MISSING" : "GROUP_ERROR", f->state.error);
    c->error_class = f->state.error_class;
    c->since = f->state.failed_at;
    c->next_try = f->state.due;
    c->remedy = group_remedy(f);
}

static void check_present(const struct facts *f, struct check *c)
{
    if (!f->mapped || f->mapping.status != MAPPING_ACTIVE || f->target.external_id) {
        check_pass(c, f->mapped && f->target.external_id
                          ? arena_printf(f->arena, "The group is in the app with the id %s", f->target.external_id)
                          : "The group is not looked for");
        if (!f->mapped || !f->target.external_id)
            c->result = CHECK_NOT_APPLICABLE;
        return;
    }
    check_fail(c, "GROUP_WAITING", "The group is not in the app yet");
    c->next_try = f->state.due;
    c->remedy = remedy_wait(f);
}

static void check_linked(const struct facts *f, struct check *c)
{
    if (!f->mapped || !f->target.external_id || !f->target.link_pending) {
        check_skip(c, "No link waits for a read");
        return;
    }
    check_fail(c, "LINK_WAITING", "The group was linked, and its members in the app were not read yet");
    c->next_try = f->state.due;
    c->remedy = remedy_wait(f);
}

static void check_refused(const struct facts *f, struct check *c)
{
    bool refused = f->has_row && f->row.error_class && !str_eq(f->row.error_class, "HELD");
    if (!refused) {
        check_pass(c, "The app did not refuse this member");
        return;
    }
    check_fail(c, "MEMBER_REFUSED", f->row.error ? f->row.error : "The app refused this member");
    c->error_class = f->row.error_class;
    c->since = f->row.error_at;
    c->next_try = f->row.again;
    c->remedy = remedy_retry(f, f->row.error_class);
}

static void check_member_held(const struct facts *f, struct check *c)
{
    bool waits = f->member_held && f->member_hold.state >= DELETION_HELD && f->member_hold.state != DELETION_APPROVED;
    if (!f->leaving || !waits) {
        check_skip(c, "No removal is held");
        return;
    }
    check_held(f, &f->member_hold, "The removal", c);
}

static void check_left(const struct facts *f, struct check *c)
{
    if (!f->leaving || !f->row.extra) {
        check_skip(c, "The person was not found there as somebody else's doing");
        return;
    }
    check_fail(c, "LEFT_THERE",
               "The person was in the app's group before Muster linked it, and such members are left there");
    c->since = f->row.known_at;
    c->remedy =
        remedy_call("Make the membership exactly the source's: Push Now.", "POST", mapping_path(f, "/push"), NULL);
}

static void check_step(const struct facts *f, struct check *c)
{
    bool settled = f->should == SHOULD_STAY || (f->should == SHOULD_BE) == f->there;
    if (!f->mapped || (settled && !f->row.dirty)) {
        check_pass(c, f->there ? "The app acknowledged the member" : "Nothing waits for this member");
        c->since = f->there ? f->row.known_at : 0;
        return;
    }
    if (f->row.dirty || f->expands || f->state.waiting) {
        check_fail(c, f->leaving ? "REMOVAL_WAITING" : "MEMBER_WAITING",
                   f->leaving ? "The removal is on its way" : "The member is to be pushed");
        c->next_try = f->state.due;
        c->remedy = remedy_wait(f);
        return;
    }
    check_fail(c, "MEMBER_NOT_QUEUED", "The membership differs from what it should be, and nothing is queued");
    c->remedy = remedy_call("Read the group in the app and make it exactly the source's: Push Now.", "POST",
                            mapping_path(f, "/push"), NULL);
}

static void check_verified(const struct facts *f, struct check *c)
{
    static const char *const words[] = {
        [VERIFY_NONE] = "The group was not read back",
        [VERIFY_OK] = "The group was read back, and the app held everybody whom it acknowledged",
        [VERIFY_DROPPED] = "The app had dropped members that it acknowledged; they are pushed again",
        [VERIFY_UNREADABLE] = "The app shows no members, so that nothing can be verified",
        [VERIFY_PROBED] = "The app shows no members; it found the group by a sample of them"};
    struct target_group target = f->target;
    bool proven = f->mapped && (target.verify_state == VERIFY_OK || target.verify_state == VERIFY_PROBED);
    check_pass(c, f->mapped ? words[target.verify_state] : "The group is not pushed");
    c->since = target.verified_at;
    if (!proven)
        c->result = CHECK_NOT_APPLICABLE;
}

const struct check_row group_checks[] = {
    {"mapping", AREA_GROUP, OF_GROUP, check_mapped},
    {"mappingActive", AREA_GROUP, OF_GROUP, check_pushing},
    {"firstPush", AREA_GROUP, OF_GROUP, check_first_push},
    {"groupError", AREA_GROUP, OF_GROUP, check_group_error},
    {"groupThere", AREA_GROUP, OF_GROUP, check_present},
    {"groupDrift", AREA_GROUP, OF_GROUP, check_group_drift},
    {"groupLinked", AREA_GROUP, OF_GROUP, check_linked},
    {"memberError", AREA_GROUP, OF_GROUP | OF_PERSON, check_refused},
    {"memberHeld", AREA_GROUP, OF_GROUP | OF_PERSON, check_member_held},
    {"memberDrift", AREA_GROUP, OF_GROUP | OF_PERSON, check_member_drift},
    {"membersDrift", AREA_GROUP, OF_GROUP | OF_WHOLE, check_members_drift},
    {"memberLeft", AREA_GROUP, OF_GROUP | OF_PERSON, check_left},
    {"memberPushed", AREA_GROUP, OF_GROUP | OF_PERSON, check_step},
    {"verified", AREA_GROUP, OF_GROUP, check_verified},
    {.name = NULL},
};
