/* SPDX-License-Identifier: Apache-2.0 */
/* The app itself, as it was read a moment ago. */
#include "explain/inner.h"

static bool was_asked(const struct facts *f, enum live_answer answer, const char *failed, struct check *c)
{
    if (!f->live || answer == LIVE_NOT_ASKED) {
        check_skip(c, "The app was not asked");
        return false;
    }
    if (answer == LIVE_FAILED) {
        check_skip(c, arena_printf(f->arena, "The app was asked and did not tell: %s", failed ? failed : "no answer"));
        return false;
    }
    return true;
}

static void check_account(const struct facts *f, struct check *c)
{
    const struct live *live = f->live;
    if (!was_asked(f, live ? live->account : LIVE_NOT_ASKED, live ? live->account_words : NULL, c))
        return;
    bool active = live->account == LIVE_FOUND && live->account_active != 0;
    bool wanted = f->has_account && f->account.wanted == WANT_ACTIVE;
    if (f->has_account_drift) {
        check_pass(c, active ? "The app shows the account as active, which was accepted"
                             : "The app does not know the account, which was accepted");
        return;
    }
    if (live->account == LIVE_ABSENT && wanted) {
        check_fail(c, "LIVE_ACCOUNT_ABSENT", "The app does not know the account by the id that it gave");
        c->remedy = remedy_call("Push the person anew: the account is looked for and made again.", "POST",
                                arena_printf(f->arena, "/api/v1/users/%s/push", f->user.id), NULL);
        return;
    }
    if (wanted && !active) {
        check_fail(c, "LIVE_ACCOUNT_INACTIVE", "The app shows the account as inactive");
        c->remedy = remedy_words("Enable the account in the app: Muster never activates what somebody disabled there.");
        return;
    }
    if (!f->of_group && f->account.wanted == WANT_INACTIVE && active) {
        check_fail(c, "LIVE_ACCOUNT_ACTIVE", "The app shows the account as active");
        c->remedy = f->account.known == KNOWN_INACTIVE
                        ? remedy_call("Push the person anew: the account is looked at and deactivated again.", "POST",
                                      arena_printf(f->arena, "/api/v1/users/%s/push", f->user.id), NULL)
                        : remedy_call("Send what was decided and not done.", "POST", app_path(f, "/backlog"), NULL);
        return;
    }
    check_pass(c, active ? "The app shows the account as active" : "The app shows no active account");
}

static void check_group(const struct facts *f, struct check *c)
{
    const struct live *live = f->live;
    if (!was_asked(f, live ? live->group : LIVE_NOT_ASKED, live ? live->group_words : NULL, c))
        return;
    if (live->group == LIVE_FOUND) {
        check_pass(c, "The app shows the group");
        return;
    }
    check_fail(c, "LIVE_GROUP_ABSENT", "The app does not know the group by the id that it gave: it was deleted there");
    c->remedy = remedy_call("Make the group in the app again, or link one of the same name there; roles that the app "
                            "bound to the old group are not restored.",
                            "POST", mapping_path(f, "/repair"), NULL);
}

static void check_name(const struct facts *f, struct check *c)
{
    const struct live *live = f->live;
    if (!live || live->group != LIVE_FOUND || !live->group_name) {
        check_skip(c, "The app did not show a name");
        return;
    }
    if (!f->target.known_name || str_eq(live->group_name, f->target.known_name)) {
        check_pass(c, arena_printf(f->arena, "The group is called %s in the app", live->group_name));
        return;
    }
    /* Nobody is missing for that: told, and not the cause. */
    check_skip(c, arena_printf(f->arena, "The group is called %s in the app, and Muster knows it as %s",
                               live->group_name, f->target.known_name));
}

static bool were_members_read(const struct live *live, struct check *c)
{
    bool found = live && live->group == LIVE_FOUND;
    if (found && live->shows_members)
        return true;
    check_skip(c, found ? "The app does not show who is in the group" : "The members were not read");
    return false;
}

static const char push_words[] = "Read the group in the app and make it exactly the source's: Push Now.";

static void check_members(const struct facts *f, struct check *c)
{
    const struct live *live = f->live;
    if (!were_members_read(live, c))
        return;
    if (live->overtaken) {
        check_skip(c, "The group was pushed while it was read: ask again");
        return;
    }
    if (live->absent + live->unexpected == 0) {
        check_pass(c, "The app shows everybody whom it acknowledged, and nobody else");
        return;
    }
    check_fail(c, "LIVE_MEMBERS",
               arena_printf(f->arena,
                            "The app does not show %lld of them in the group, and shows %lld who should not "
                            "be there",
                            (long long)live->absent, (long long)live->unexpected));
    c->remedy = remedy_call(push_words, "POST", mapping_path(f, "/push"), NULL);
}

static void check_member(const struct facts *f, struct check *c)
{
    const struct live *live = f->live;
    if (!were_members_read(live, c))
        return;
    if (f->has_member_drift) {
        check_pass(c, live->has_member ? "The app shows the person in the group, which was accepted"
                                       : "The app does not show the person in the group, which was accepted");
        return;
    }
    struct remedy push = remedy_call(push_words, "POST", mapping_path(f, "/push"), NULL);
    if (f->should == SHOULD_BE && !live->has_member) {
        check_fail(c, "LIVE_MEMBER_ABSENT", "The app does not show the person in the group");
        c->remedy = push;
        return;
    }
    if (f->should == SHOULD_NOT_BE && live->has_member) {
        check_fail(c, "LIVE_MEMBER_PRESENT", "The app shows the person in the group");
        c->remedy = push;
        return;
    }
    check_pass(c, live->has_member ? "The app shows the person in the group"
                                   : "The app does not show the person in the group");
}

const struct check_row live_checks[] = {
    {"liveAccount", AREA_TARGET, OF_PERSON, check_account},
    {"liveGroup", AREA_TARGET, OF_GROUP, check_group},
    {"liveName", AREA_TARGET, OF_GROUP, check_name},
    {"liveMember", AREA_TARGET, OF_GROUP | OF_PERSON, check_member},
    {"liveMembers", AREA_TARGET, OF_GROUP | OF_WHOLE, check_members},
    {.name = NULL},
};
