/* SPDX-License-Identifier: Apache-2.0 */
/* What an event says to people when the one who writes it says nothing of his own. */
#include "record/inner.h"

static const struct {
    const char *type;
    const char *message;
} catalogue[] = {
    {"application.lifecycle.activate", "Activate application"},
    {"application.lifecycle.create", "Create application"},
    {"application.lifecycle.deactivate", "Deactivate application"},
    {"application.lifecycle.delete", "Delete application"},
    {"application.lifecycle.update", "Update application"},
    {"application.provision.user.deactivate", "Push user deactivation to external application"},
    {"application.provision.user.push", "Push new user to external application"},
    {"application.provision.user.push_profile", "Push user's profile to external application"},
    {"application.provision.user.reactivate", "Push user reactivation in external application"},
    {"application.provision.user.sync", "Sync user in external application"},
    {"application.user_membership.add", "Add user to application membership"},
    {"application.user_membership.change_username", "Change user's application username"},
    {"application.user_membership.remove", "Remove user's application membership"},
    {"application.user_membership.update", "Update user's application property"},
    {"event_hook.activated", "Activate event hook"},
    {"event_hook.created", "Create event hook"},
    {"event_hook.deactivated", "Deactivate event hook"},
    {"event_hook.deleted", "Delete event hook"},
    {"event_hook.delivery", "Deliver events to an event hook"},
    {"event_hook.updated", "Update event hook"},
    {"event_hook.verified", "Verify event hook"},
    {"group.application_assignment.add", "Add assigned application to group"},
    {"group.application_assignment.remove", "Remove assigned application from group"},
    {"group.application_assignment.update", "Update assigned application of group"},
    {"system.api_token.create", "Create API token"},
    {"system.api_token.revoke", "Revoke API token"},
    {"system.api_token.update", "Update API token"},
    {"user.account.privilege.grant", "Grant user privilege"},
    {"user.account.privilege.revoke", "Revoke user privilege"},
    {"user.account.reset_password", "User reset password"},
    {"user.account.update_password", "User update password"},
    {"user.session.end", "User logout from Muster"},
    {"user.session.start", "User login to Muster"},
};

const char *event_message(const char *type)
{
    for (size_t i = 0; i < ARRAY_LEN(catalogue); i++)
        if (str_eq(catalogue[i].type, type))
            return catalogue[i].message;
    return type;
}
