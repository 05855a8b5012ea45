/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which query parameters an operation takes, for the description of the API. tests/unit/api_openapi_test.c reads the
 * handlers and compares: a parameter that a handler asks for and that has no line here fails the build.
 */
#include "api/inner.h"

/* What all operations mean by a name; those that mean something else have a line of their own below. */
static const struct query_parameter parameters[] = {
    {"activate", "boolean", "activate what is made; default true"},
    {"after", "string", "a cursor, from the link rel=\"next\" of the page before"},
    {"appId", "string", "only this app"},
    {"cause", "string", "only differences of this cause"},
    {"class", "string", "only differences of this class"},
    {"deleteTargetGroup", "boolean", "delete the group in the app as well; default false"},
    {"dryRun", "boolean", "change nothing; answer with what the call would do"},
    {"errors", "boolean", "only those that have an error"},
    {"expand", "string", "what to put into _embedded"},
    {"externalId", "string", "only this id in the app"},
    {"failed", "boolean", "only requests that failed"},
    {"filter", "string", "a filter expression"},
    {"format", "string", "json (default) or csv"},
    {"groupId", "string", "only this group"},
    {"hours", "integer", "so many hours back"},
    {"kind", "string", "only differences of this kind"},
    {"lastUpdated", "string", "only what was changed at this time or later"},
    {"limit", "integer", "the most entries of one page"},
    {"live", "boolean", "ask the app as well; default false"},
    {"mappings", "string", "of the rule: KEEP (default), DELETE, or DELETE_WITH_APP_GROUPS"},
    {"nextLogin", "string", "changePassword: the password expires at once"},
    {"provider", "boolean", "the body names a credential provider"},
    {"q", "string", "a text that is looked for"},
    {"removeUsers", "boolean", "take away the memberships that the rule gave; default false"},
    {"revokeSessions", "boolean", "end the person's sessions; default false"},
    {"ruleId", "string", "only mappings of this push rule; none: those that were made by name"},
    {"search", "string", "a search expression"},
    {"sendEmail", "boolean", "taken and without effect: Muster sends no mail"},
    {"since", "string", "a time: only what happened then or later"},
    {"sortBy", "string", "the property to sort by"},
    {"sortOrder", "string", "asc (default) or desc"},
    {"sourceGroupId", "string", "only this group of the directory"},
    {"sourceId", "string", "only mappings from this source"},
    {"status", "string", "only what has this status"},
    {"strict", "boolean", "hold the password against the policy; default false"},
    {"targetGroupId", "string", "only this group of the app"},
    {"targetGroupName", "string", "the name to look for in the app; default: the group's"},
    {"targetId", "string", "only mappings to this target"},
    {"tempPassword", "boolean", "make a password that is valid once; default false"},
    {"until", "string", "a time: only what happened before"},
    {"userId", "string", "only this person"},
    {"verified", "boolean", "wait until what was pushed has been read back as well"},
    {"wait", "string", "wait so many seconds for the end, as in 30s"},
};

/* The operation's own meaning of a name. */
static const struct {
    const char *operation;
    struct query_parameter parameter;
} own[] = {
    {"createApplication", {"expand", "string", "user/{userId}: the person's assignment into _embedded"}},
    {"diagnoseGroupPushMapping", {"kind", "string", "instead of one person: the people of this kind"}},
    {"diagnoseGroupPushMapping", {"q", "string", "with kind: only people with this text in their name"}},
    {"diagnoseGroupPushMapping", {"userId", "string", "the person, by id, login or short login"}},
    {"getApplication", {"expand", "string", "user/{userId}: the person's assignment into _embedded"}},
    {"getApplicationGroupAssignment", {"expand", "string", "group: the group into _embedded"}},
    {"getApplicationSync", {"after", "integer", "a change number, from X-Muster-Change; default: the latest"}},
    {"getApplicationUser", {"expand", "string", "user: the person into _embedded"}},
    {"getGroup", {"expand", "string", "stats, app, or both between commas, into _embedded"}},
    {"getGroupPushMapping", {"expand", "string", "groups: the names of both groups into _embedded"}},
    {"getGroupRule", {"expand", "string", "groupIdToGroupNameMap: the names of the groups into _embedded"}},
    {"getGroupSeparation", {"wait", "boolean", "wait for the next step; default false"}},
    {"getUser", {"expand", "string", "blocks: taken and without effect"}},
    {"listApplicationGroupAssignments", {"expand", "string", "group: the groups into _embedded"}},
    {"listApplicationUsers", {"expand", "string", "user: the people into _embedded"}},
    {"listApplications", {"expand", "string", "user/{userId}: the person's assignments into _embedded"}},
    {"listDeletionHoldChanges", {"expand", "string", "reason: why each change is wanted"}},
    {"listGroupPushMappings", {"expand", "string", "groups: the names of both groups into _embedded"}},
    {"listGroupRules", {"expand", "string", "groupIdToGroupNameMap: the names of the groups into _embedded"}},
    {"listGroups", {"expand", "string", "stats, app, or both between commas, into _embedded"}},
    {"listHeldChanges", {"expand", "string", "reason: why each change is wanted"}},
    {"listLogEvents", {"sortOrder", "string", "ASCENDING (default) or DESCENDING"}},
    {"matchAppGroup", {"sourceGroupId", "string", "the group of the directory that would be pushed"}},
    {"streamChanges", {"after", "string", "the id of the last event that was seen"}},
    {"updateDefaultProvisioningConnectionForApplication", {"activate", "boolean", "switch the connection on too"}},
};

static const struct {
    const char *operation;
    const char *names; /* between spaces */
} taken[] = {
    {"activateUser", "sendEmail"},
    {"assignGroupToApplication", "expand"},
    {"assignUserToApplication", "expand"},
    {"bulkGroupPushMappings", "expand"},
    {"convertApplicationAssignments", "dryRun"},
    {"createApplication", "activate expand"},
    {"createGroupPushMapping", "expand"},
    {"createUser", "activate nextLogin provider sendEmail tempPassword"},
    {"deactivateUser", "sendEmail"},
    {"deleteGroupPushMapping", "deleteTargetGroup"},
    {"deleteGroupPushRule", "mappings"},
    {"deleteGroupRule", "removeUsers"},
    {"deleteUser", "sendEmail"},
    {"diagnoseApplicationUser", "live"},
    {"diagnoseGroupPushMapping", "kind live q userId limit after"},
    {"diagnoseUser", "appId groupId"},
    {"expirePassword", "sendEmail tempPassword"},
    {"getApplication", "expand"},
    {"getApplicationGroupAssignment", "expand"},
    {"getApplicationSync", "verified wait after"},
    {"getApplicationUser", "expand"},
    {"getDriftScan", "wait"},
    {"getGroup", "expand"},
    {"getGroupPushMapping", "expand"},
    {"getGroupRule", "expand"},
    {"getGroupSeparation", "wait"},
    {"getImport", "wait"},
    {"getOverviewActivity", "hours"},
    {"getUser", "expand"},
    {"importRows", "dryRun"},
    {"listAdministrators", "limit after"},
    {"listAllDeletionHolds", "status limit after"},
    {"listAllGroupSeparations", "limit after"},
    {"listAllSameGroups", "limit after"},
    {"listApplicationAttempts", "failed since until limit after"},
    {"listApplicationGroupAssignments", "expand q limit after"},
    {"listApplicationUsers", "expand q limit after"},
    {"listApplications", "expand filter q limit after"},
    {"listAssignedApplicationsForGroup", "expand limit after"},
    {"listDeletionHoldChanges", "expand limit after"},
    {"listDeletionHolds", "status limit after"},
    {"listDriftDifferences", "cause class externalId format kind status targetGroupId userId limit after"},
    {"listDriftExceptions", "cause class externalId format kind status targetGroupId userId limit after"},
    {"listDriftGroups", "limit after"},
    {"listDriftScans", "limit after"},
    {"listEventHookDeliveries", "limit after"},
    {"listGroupPushMappings", "errors expand lastUpdated q ruleId sourceGroupId status limit after"},
    {"listGroupPushRules", "limit after"},
    {"listGroupPushes", "expand limit after"},
    {"listGroupRules", "expand groupId search limit after"},
    {"listGroupSeparations", "limit after"},
    {"listGroupUsers", "q limit after"},
    {"listGroups", "expand filter q search sortBy sortOrder limit after"},
    {"listHeldChanges", "expand limit after"},
    {"listImportedMemberships", "after"},
    {"listImportedPeople", "after"},
    {"listImportedUsers", "status limit after"},
    {"listImports", "limit after"},
    {"listLogEvents", "filter q since sortOrder until limit after"},
    {"listMappingAttempts", "limit after"},
    {"listOverviewApps", "limit after"},
    {"listProfileMappings", "sourceId targetId limit after"},
    {"listProtectedGroups", "limit after"},
    {"listProtectedUsers", "limit after"},
    {"listSameGroups", "limit after"},
    {"listUnconfirmedUsers", "limit after"},
    {"listUserGroups", "limit after"},
    {"listUsers", "filter q search sortBy sortOrder limit after"},
    {"matchAppGroup", "sourceGroupId targetGroupName"},
    {"pauseApplication", "expand"},
    {"previewGroupPushRule", "limit after"},
    {"previewGroupRule", "limit after"},
    {"pushMappingNow", "expand"},
    {"queueApplicationBacklog", "dryRun"},
    {"reactivateUser", "sendEmail"},
    {"repairGroupPushMapping", "expand"},
    {"replaceApplication", "expand"},
    {"replaceUser", "strict"},
    {"resetPassword", "revokeSessions sendEmail"},
    {"resumeApplication", "expand"},
    {"retryAllGroups", "dryRun"},
    {"retryEverything", "dryRun limit after"},
    {"startGroupSeparation", "dryRun"},
    {"streamChanges", "after"},
    {"suspendUser", "sendEmail"},
    {"unlockUser", "sendEmail"},
    {"unsuspendUser", "sendEmail"},
    {"updateApplicationUser", "expand"},
    {"updateDefaultProvisioningConnectionForApplication", "activate"},
    {"updateGroupAssignmentToApplication", "expand"},
    {"updateGroupPushMapping", "expand"},
    {"updateUser", "strict"},
};

static const struct query_parameter *find_parameter(const char *operation, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        if (str_eq(own[i].operation, operation) && str_eq(own[i].parameter.name, name))
            return &own[i].parameter;
    for (size_t i = 0; i < ARRAY_LEN(parameters); i++)
        if (str_eq(parameters[i].name, name))
            return &parameters[i];
    return NULL;
}

static const char *names_of(const char *operation)
{
    for (size_t i = 0; i < ARRAY_LEN(taken); i++)
        if (str_eq(taken[i].operation, operation))
            return taken[i].names;
    return "";
}

/* The `n`th word of the operation's names; false behind the last. */
static bool name_at(const char *operation, size_t n, char ret[static PARAMETER_NAME_BYTES])
{
    const char *at = names_of(operation);
    for (; n && *at; n--) {
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    (void)snprintf(ret, PARAMETER_NAME_BYTES, "%.*s", (int)strcspn(at, " "), at);
    return *at;
}

bool route_is_planned(const struct route *route)
{
    return route->kind == ROUTE_WRITE && !route->own_plan && (!route->prepare || route->prepare == user_body_prepare);
}

const struct query_parameter *route_parameter(const struct route *route, size_t n)
{
    static const char *const of_plans[] = {"dryRun", "limit", "after"};
    char name[PARAMETER_NAME_BYTES];
    size_t own_count = 0;
    while (own_count <= n && name_at(route->operation, own_count, name))
        own_count++;
    if (n < own_count)
        return find_parameter(route->operation, name);
    if (!route_is_planned(route) || n - own_count >= ARRAY_LEN(of_plans))
        return NULL;
    return find_parameter(route->operation, of_plans[n - own_count]);
}

bool route_takes(const struct route *route, const char *name)
{
    const struct query_parameter *parameter;
    for (size_t n = 0; (parameter = route_parameter(route, n)); n++)
        if (str_eq(parameter->name, name))
            return true;
    return false;
}
