/* SPDX-License-Identifier: Apache-2.0 */
/* The directory: does it say that the person should be in the group? */
#include "explain/inner.h"

static void check_person(const struct facts *f, struct check *c)
{
    if (!f->user.deleted) {
        check_pass(c, arena_printf(f->arena, "%s is in the directory", f->user.login));
        c->since = f->user.created;
        check_by(c, &f->person, TYPES("user.lifecycle.create"), NULL);
        return;
    }
    const char *fact = "The person was deleted in the directory";
    c->against = true;
    if (f->leaving) {
        check_pass(c, fact);
        return;
    }
    check_fail(c, "PERSON_DELETED", fact);
    c->remedy = remedy_words("Create the person again: a deleted person does not come back.");
}

static void check_status(const struct facts *f, struct check *c)
{
    const char *status = user_status_name(f->user.status);
    c->since = f->user.status_changed;
    check_by(c, &f->person,
             TYPES("user.lifecycle.deactivate", "user.lifecycle.activate", "user.lifecycle.reactivate",
                   "user.lifecycle.suspend", "user.lifecycle.unsuspend", "user.lifecycle.create"),
             NULL);
    const char *fact = arena_printf(f->arena, "The person is %s", status);
    c->against = !user_status_is_eligible(f->user.status) && f->user.status != USER_SUSPENDED;
    if (user_status_is_eligible(f->user.status) || f->leaving || (f->should == SHOULD_STAY && f->there)) {
        check_pass(c, f->leaving && !user_status_is_eligible(f->user.status)
                          ? arena_printf(f->arena, "The person is %s, and should not be there", status)
                          : fact);
        return;
    }
    const char *lifecycle = arena_printf(f->arena, "/api/v1/users/%s/lifecycle/", f->user.id);
    if (f->user.status == USER_SUSPENDED) {
        check_fail(c, "PERSON_SUSPENDED",
                   arena_printf(f->arena, "%s: suspended people keep what they have and get nothing new", fact));
        c->remedy = remedy_call("End the suspension; the push follows by itself.", "POST",
                                arena_printf(f->arena, "%sunsuspend", lifecycle), NULL);
        return;
    }
    check_fail(c, "PERSON_INACTIVE", arena_printf(f->arena, "%s: inactive people are not pushed", fact));
    c->remedy = remedy_call("Activate the person; every group that holds him follows by itself.", "POST",
                            arena_printf(f->arena, "%sactivate?sendEmail=false", lifecycle), NULL);
}

static void check_group(const struct facts *f, struct check *c)
{
    if (!f->source.deleted) {
        check_pass(c, arena_printf(f->arena, "The group %s is in the directory", f->source.name));
        c->since = f->source.created;
        check_by(c, &f->of_group_trail, TYPES("group.lifecycle.create"), NULL);
        return;
    }
    const char *fact = arena_printf(f->arena, "The group %s was deleted in the directory", f->source.name);
    c->against = true;
    check_by(c, &f->of_group_trail, TYPES("group.lifecycle.delete"), NULL);
    if (f->leaving) {
        check_pass(c, fact);
        return;
    }
    check_fail(c, "GROUP_DELETED", fact);
    c->remedy = remedy_words("Create the group again and push it: a deleted group does not come back.");
}

/* "Ada is a member, by the rule Staff". */
static const char *membership_words(const struct facts *f)
{
    const struct membership *m = &f->membership;
    const char *how = "directly";
    if (m->rules == 1)
        how = arena_printf(f->arena, "%sby the rule %s", m->direct ? "directly and " : "", m->rule_name);
    if (m->rules > 1)
        how = arena_printf(f->arena, "%sby the rule %s and %d more", m->direct ? "directly and " : "", m->rule_name,
                           m->rules - 1);
    return arena_printf(f->arena, "The person is a member of %s, %s", f->source.name, how);
}

static void check_member(const struct facts *f, struct check *c)
{
    if (f->is_member) {
        check_pass(c, membership_words(f));
        c->since = f->membership.created;
        check_by(c, &f->person, TYPES("group.user_membership.add"), f->source.id);
        return;
    }
    check_by(c, &f->person, TYPES("group.user_membership.remove"), f->source.id);
    c->against = true;
    if (f->leaving) {
        check_pass(c,
                   arena_printf(f->arena, "The person is not a member of %s, and should not be there", f->source.name));
        return;
    }
    check_fail(c, "NOT_A_MEMBER", arena_printf(f->arena, "The person is not a member of %s", f->source.name));
    c->remedy = remedy_call("Add the person to the group.", "PUT",
                            arena_printf(f->arena, "/api/v1/groups/%s/users/%s", f->source.id, f->user.id), NULL);
}

const struct check_row source_checks[] = {
    {"person", AREA_SOURCE, OF_PERSON | DECIDES, check_person},
    {"status", AREA_SOURCE, OF_PERSON | DECIDES, check_status},
    {"group", AREA_SOURCE, OF_GROUP | DECIDES, check_group},
    {"member", AREA_SOURCE, OF_GROUP | OF_PERSON | DECIDES, check_member},
    {.name = NULL},
};
