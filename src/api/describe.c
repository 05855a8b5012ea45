/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The description of the API (OpenAPI 3.0), made from the route tables and one line per operation here. A test fails
 * when an operation has no line, or when docs/openapi.json differs from what this writes.
 */
#include "api/inner.h"

static const struct {
    const char *operation;
    const char *tag;
    const char *summary;
} summaries[] = {
    {"listUsers", "User", "List users; search, filter or q select"},
    {"createUser", "User", "Create a user, activated unless activate=false"},
    {"getUser", "User", "Read a user by id, login or short login"},
    {"updateUser", "User", "Change the given fields of a user"},
    {"replaceUser", "User", "Replace a user's profile"},
    {"deleteUser", "User", "Deactivate a user, or delete one that is deactivated"},
    {"activateUser", "User", "Activate a user"},
    {"deactivateUser", "User", "Deactivate a user and end its app assignments"},
    {"reactivateUser", "User", "Reactivate a user that waits for its activation"},
    {"suspendUser", "User", "Suspend an active user"},
    {"unsuspendUser", "User", "Make a suspended user active again"},
    {"unlockUser", "User", "Unlock a locked-out user"},
    {"expirePassword", "User", "Expire a user's password"},
    {"resetPassword", "User", "Start a password reset"},
    {"listUserGroups", "User", "List the groups of a user"},
    {"listAppLinks", "User", "List the apps that a user can open"},
    {"listGroups", "Group", "List groups; search, filter or q select"},
    {"addGroup", "Group", "Create a group"},
    {"getGroup", "Group", "Read a group"},
    {"replaceGroup", "Group", "Replace a group's profile"},
    {"deleteGroup", "Group", "Delete a group"},
    {"listGroupUsers", "Group", "List the members of a group"},
    {"assignUserToGroup", "Group", "Add a user to a group"},
    {"unassignUserFromGroup", "Group", "Remove a user from a group"},
    {"listAssignedApplicationsForGroup", "Group", "List the apps that a group is assigned to"},
    {"listGroupRules", "GroupRule", "List group rules; search selects by a part of the name"},
    {"createGroupRule", "GroupRule", "Create a group rule, INACTIVE"},
    {"previewGroupRule", "GroupRule", "Show whom a group rule would match; nothing is changed"},
    {"checkGroupRuleExpression", "GroupRule",
     "Tell whether a group rule could have an expression, or where it is wrong"},
    {"getGroupRule", "GroupRule", "Read a group rule"},
    {"replaceGroupRule", "GroupRule", "Replace a group rule that is not ACTIVE"},
    {"deleteGroupRule", "GroupRule", "Delete a group rule, and with removeUsers=true what it gave"},
    {"activateGroupRule", "GroupRule", "Activate a group rule: everybody is looked at"},
    {"deactivateGroupRule", "GroupRule", "Deactivate a group rule: what it gave stays"},
    {"listApplications", "Application", "List apps"},
    {"createApplication", "Application", "Create an app"},
    {"getApplication", "Application", "Read an app"},
    {"replaceApplication", "Application", "Replace an app's settings"},
    {"deleteApplication", "Application", "Delete an inactive app"},
    {"activateApplication", "Application", "Activate an app"},
    {"deactivateApplication", "Application", "Deactivate an app: nothing more is sent to it"},
    {"pauseApplication", "Application", "Pause an app: its work is kept and nothing is sent"},
    {"resumeApplication", "Application", "Send what an app waits for again"},
    {"countApplicationBacklog", "Application", "Count what switching on would send, without sending it"},
    {"queueApplicationBacklog", "Application", "Queue what came before a switch was turned on"},
    {"refreshAppGroups", "GroupPushMapping", "Read the app's groups anew: Refresh App Groups"},
    {"matchAppGroup", "GroupPushMapping", "Tell whether pushing a group would create one in the app or link one"},
    {"startImport", "Import", "Read the app's users, groups and memberships: Import Now"},
    {"listImports", "Import", "List an app's imports, newest first"},
    {"getImport", "Import", "Read an import and its progress, or wait for its end"},
    {"cancelImport", "Import", "End an import before anything is applied"},
    {"approveImport", "Import", "Let an import pass the import safeguard"},
    {"listImportedUsers", "Import", "List the app's users by whether they are confirmed"},
    {"decideImportedUsers", "Import", "Confirm or ignore many of the app's users"},
    {"confirmImportedUser", "Import", "Say whose account an app's user is, or make a new person of it"},
    {"ignoreImportedUser", "Import", "Ask about an app's user no more"},
    {"unignoreImportedUser", "Import", "Ask about an ignored user again"},
    {"listUnconfirmedUsers", "Import", "List the app's users that nobody has confirmed"},
    {"getImportSafeguard", "Import", "Read how much an import may take away without an administrator"},
    {"replaceImportSafeguard", "Import", "Set how much an import may take away without an administrator"},
    {"getApplicationTarget", "Application", "Read what is known of an app's habits: request sizes and rates"},
    {"updateApplicationTarget", "Application", "Tell what an app takes; null forgets what is known"},
    {"getApplicationSync", "Application", "Read how much of what was caused has reached an app, or wait for it"},
    {"listApplicationAttempts", "Application", "List the newest requests to an app and their answers"},
    {"getApplicationCapture", "Application", "Read whether requests to an app and its answers are kept in full"},
    {"startApplicationCapture", "Application", "Keep requests to an app and its answers in full, for some minutes"},
    {"endApplicationCapture", "Application", "Redact requests to an app and its answers again"},
    {"listApplicationUsers", "ApplicationUsers", "List the people an app is assigned to"},
    {"convertApplicationAssignments", "ApplicationUsers",
     "Convert assignments of people between individual and by group: those named, or all"},
    {"orderApplicationGroupAssignments", "ApplicationGroups",
     "Put the groups that have an app in order, the best first"},
    {"assignUserToApplication", "ApplicationUsers", "Assign an app to a person"},
    {"getApplicationUser", "ApplicationUsers", "Read a person's assignment to an app"},
    {"updateApplicationUser", "ApplicationUsers", "Change a person's profile in an app"},
    {"unassignUserFromApplication", "ApplicationUsers", "Take an app from a person"},
    {"listApplicationGroupAssignments", "ApplicationGroups", "List the groups an app is assigned to"},
    {"getApplicationGroupAssignment", "ApplicationGroups", "Read a group's assignment to an app"},
    {"assignGroupToApplication", "ApplicationGroups", "Assign an app to a group"},
    {"updateGroupAssignmentToApplication", "ApplicationGroups", "Change a group's assignment with a JSON Patch"},
    {"unassignApplicationFromGroup", "ApplicationGroups", "Take an app from a group"},
    {"listFeaturesForApplication", "ApplicationFeatures", "List an app's provisioning features"},
    {"getFeatureForApplication", "ApplicationFeatures", "Read one provisioning feature of an app"},
    {"updateFeatureForApplication", "ApplicationFeatures", "Switch parts of a provisioning feature on or off"},
    {"getDefaultProvisioningConnectionForApplication", "ApplicationConnections", "Read an app's connection"},
    {"updateDefaultProvisioningConnectionForApplication", "ApplicationConnections", "Set an app's URL and credentials"},
    {"activateDefaultProvisioningConnectionForApplication", "ApplicationConnections", "Switch an app's connection on"},
    {"deletePreviousCredentialOfProvisioningConnection", "ApplicationConnections",
     "Forget the credential before the one in use, after a rotation"},
    {"deactivateDefaultProvisioningConnectionForApplication", "ApplicationConnections",
     "Switch an app's connection off"},
    {"listGroupPushMappings", "GroupPushMapping", "List an app's group push mappings"},
    {"createGroupPushMapping", "GroupPushMapping", "Push a group to an app, creating or linking its group there"},
    {"getGroupPushMapping", "GroupPushMapping", "Read a group push mapping"},
    {"updateGroupPushMapping", "GroupPushMapping", "Activate or deactivate a group push mapping"},
    {"deleteGroupPushMapping", "GroupPushMapping", "Delete an inactive mapping, and on request the app's group"},
    {"listMappingAttempts", "GroupPushMapping", "List the newest requests for a mapping and their answers"},
    {"pushMappingNow", "GroupPushMapping", "Make the membership in the app exactly the source's (Push Now)"},
    {"verifyAllGroups", "GroupPushMapping", "Read every pushed group of an app back and push again what it dropped"},
    {"retryAllGroups", "GroupPushMapping", "Try everything that failed in an app again; dryRun=true shows it by cause"},
    {"getSameGroupPolicy", "Org", "Read what happens when one group is for assignment and for push"},
    {"replaceSameGroupPolicy", "Org", "Allow, warn of or refuse one group for assignment and for push"},
    {"listSameGroups", "GroupPushMapping", "List the groups that give an app and are pushed to it"},
    {"listAllSameGroups", "Org", "List the groups of all apps that give an app and are pushed to it"},
    {"retryEverything", "Org", "Try what failed in all apps again, page by page; dryRun=true shows it by cause"},
    {"repairGroupPushMapping", "GroupPushMapping", "Make a group that was deleted in the app anew, or link its name"},
    {"pushUser", "User", "Push a person to every group of theirs in all apps anew"},
    {"diagnoseGroupPushMapping", "GroupPushMapping",
     "Tell why somebody is (not) in a pushed group, or count all by kind"},
    {"diagnoseApplicationUser", "ApplicationUser", "Tell why somebody has an account in an app, or has none"},
    {"diagnoseUser", "User", "Tell why somebody is or is not in the groups and apps asked about"},
    {"unlinkGroupPushMapping", "GroupPushMapping", "Delete a mapping from any status, and the app's group or not"},
    {"bulkGroupPushMappings", "GroupPushMapping", "Activate, deactivate, unlink or push many mappings, all or none"},
    {"listGroupPushes", "GroupPushMapping", "List the apps that a group is assigned to and pushed to, with status"},
    {"listGroupPushRules", "GroupPushRule", "List the push rules of an app"},
    {"createGroupPushRule", "GroupPushRule", "Create a push rule; while ACTIVE, every matching group is pushed"},
    {"previewGroupPushRule", "GroupPushRule", "List the groups that a rule would mean, and what it would do"},
    {"getGroupPushRule", "GroupPushRule", "Read a push rule"},
    {"replaceGroupPushRule", "GroupPushRule", "Change a push rule; mappings that it made stay"},
    {"deleteGroupPushRule", "GroupPushRule", "Delete a push rule, and its mappings and their groups as chosen"},
    {"activateGroupPushRule", "GroupPushRule", "Activate a push rule"},
    {"deactivateGroupPushRule", "GroupPushRule", "Deactivate a push rule; mappings that it made stay"},
    {"getGroupPushSettings", "GroupPushMapping", "Read an app's settings of group push"},
    {"replaceGroupPushSettings", "GroupPushMapping", "Change an app's settings of group push"},
    {"listGroupSeparations", "GroupPushMapping", "List the groups of an app that were parted into two, newest first"},
    {"listAllGroupSeparations", "Org", "List the groups of all apps that were parted into two, newest first"},
    {"startGroupSeparation", "GroupPushMapping",
     "Part a group that is used for assignment and push into two; dryRun=true gives the plan"},
    {"getGroupSeparation", "GroupPushMapping", "Read how far the parting of a group is, or wait for its end"},
    {"undoGroupSeparation", "GroupPushMapping", "Take the parting of a group back, before its end"},
    {"getSession", "Session", "Read who is signed in, and what changes have to bring"},
    {"signIn", "Session", "Sign in with an e-mail address and a password"},
    {"signOut", "Session", "Sign out"},
    {"useSignInLink", "Session", "Set a password with a link that works once, and sign in"},
    {"changeOwnPassword", "Session", "Change one's own password; other sessions end"},
    {"listAdministrators", "Administrator", "List who may sign in to the console"},
    {"createAdministrator", "Administrator", "Invite an administrator: the answer has the link that sets a password"},
    {"getAdministrator", "Administrator", "Read an administrator"},
    {"replaceAdministrator", "Administrator", "Replace an administrator's name, e-mail address and role"},
    {"deleteAdministrator", "Administrator", "Delete an administrator and end the sessions"},
    {"resetAdministrator", "Administrator", "Make a link with which an administrator sets another password"},
    {"streamChanges", "System", "Wait for changes, as server-sent events"},
    {"getDeletionLimits", "DeletionLimits", "Read an app's deletion limits, and how much of them is used"},
    {"updateDeletionLimits", "DeletionLimits", "Change an app's deletion limits; null takes the organisation's"},
    {"getOrgDeletionLimits", "DeletionLimits", "Read the deletion limits of apps that have none of their own"},
    {"updateOrgDeletionLimits", "DeletionLimits", "Change the deletion limits of apps that have none of their own"},
    {"listHeldChanges", "DeletionLimits", "List what is held, rejected or protected in an app, with the people"},
    {"getDrift", "Drift", "Read how far an app is in step with what it should hold"},
    {"getDriftSettings", "Drift", "Read when an app is scanned for drift, and what is done about each kind"},
    {"replaceDriftSettings", "Drift", "Set when an app is scanned for drift, and what is done about each kind"},
    {"startDriftScan", "Drift", "Scan an app for drift now"},
    {"listDriftScans", "Drift", "List an app's scans, newest first"},
    {"getDriftScan", "Drift", "Read a scan, or wait for its end"},
    {"cancelDriftScan", "Drift", "Cancel a scan"},
    {"listDriftGroups", "Drift", "List an app's groups as the last scan saw them"},
    {"listDriftDifferences", "Drift", "List what an app holds otherwise than it should, as JSON or CSV"},
    {"getDriftDifference", "Drift", "Read a difference"},
    {"repairDrift", "Drift", "Repair differences: one, those of a group or person, or of a kind"},
    {"acceptDrift", "Drift", "Accept differences as exceptions"},
    {"listDriftExceptions", "Drift", "List accepted differences"},
    {"revokeDriftException", "Drift", "Take an exception back"},
    {"listDeletionHolds", "DeletionLimits", "List an app's holds: what was more than a deletion limit allows"},
    {"listAllDeletionHolds", "DeletionLimits", "List the holds of all apps"},
    {"getDeletionHold", "DeletionLimits", "Read a hold"},
    {"listDeletionHoldChanges", "DeletionLimits", "List what a hold has, with the people"},
    {"approveDeletionHold", "DeletionLimits", "Let go what a hold has at the given revision, as far as still wanted"},
    {"rejectDeletionHold", "DeletionLimits", "Decide that what a hold has is not sent"},
    {"releaseHeldChange", "DeletionLimits", "Let one person or group of a hold go at once"},
    {"getUserProtection", "User", "Read whether a user is protected from deactivation and removal in apps"},
    {"setUserProtection", "User", "Protect a user from deactivation and removal in apps, or no longer"},
    {"getGroupProtection", "Group", "Read whether a group is protected from deletion in apps"},
    {"setGroupProtection", "Group", "Protect a group from deletion in apps, or no longer"},
    {"listProtectedUsers", "User", "List the users that are protected from deactivation and removal in apps"},
    {"listProtectedGroups", "Group", "List the groups that are protected from deletion in apps"},
    {"getOverview", "Overview", "Read what needs attention, over all apps"},
    {"getOverviewActivity", "Overview", "Read what was pushed and what failed, and how long changes took, by the hour"},
    {"listOverviewApps", "Overview", "List how many members of its pushed groups each app has in step"},
    {"getApplicationUserSchema", "Schema", "Read the profile schema of an app's users"},
    {"updateApplicationUserProfile", "Schema", "Add, change or remove custom attributes of an app's users"},
    {"listProfileMappings", "ProfileMapping", "List the profile mappings: one for each app"},
    {"getProfileMapping", "ProfileMapping", "Read a profile mapping"},
    {"updateProfileMapping", "ProfileMapping", "Change or end mappings of attributes; those not named stay"},
    {"previewProfileMapping", "ProfileMapping", "Show what a mapping, saved or not, gives for a person"},
    {"checkProfileMappingExpression", "ProfileMapping",
     "Tell whether an attribute could have an expression, or where it is wrong"},
    {"getGroupSchema", "Schema", "Read the profile schema of groups"},
    {"updateGroupSchema", "Schema", "Change the profile schema of groups"},
    {"getUserSchema", "Schema", "Read the profile schema of users"},
    {"updateUserProfile", "Schema", "Change the profile schema of users"},
    {"listApiTokens", "ApiToken", "List API tokens, without their secrets"},
    {"createApiToken", "ApiToken", "Create an API token; the answer shows its secret once"},
    {"getApiToken", "ApiToken", "Read an API token, without its secret"},
    {"upsertApiToken", "ApiToken", "Rename an API token"},
    {"revokeApiToken", "ApiToken", "Revoke an API token"},
    {"revokeCurrentApiToken", "ApiToken", "Revoke the token that the request is made with"},
    {"listEventHooks", "EventHook", "List event hooks"},
    {"createEventHook", "EventHook",
     "Create an event hook; the answer shows the secret that deliveries are signed with, once"},
    {"getEventHook", "EventHook", "Read an event hook"},
    {"replaceEventHook", "EventHook", "Replace an event hook; another address has to be verified again"},
    {"deleteEventHook", "EventHook", "Delete an inactive event hook"},
    {"activateEventHook", "EventHook", "Activate an event hook: it is told of what happens from then on"},
    {"deactivateEventHook", "EventHook", "Deactivate an event hook"},
    {"verifyEventHook", "EventHook", "Ask an event hook's address for the challenge"},
    {"listEventHookDeliveries", "EventHook", "List the newest deliveries to an event hook"},
    {"newEventHookSigningSecret", "EventHook", "Make a new secret that deliveries are signed with; shown once"},
    {"listLogEvents", "SystemLog", "List the system log: between two times, or polling; filter and q select"},
    {"listImportedPeople", "Import", "List the people whom imports made, and who are not deactivated"},
    {"listImportedMemberships", "Import", "List the memberships that imports made"},
    {"importRows", "Import", "Bring in many users or memberships in one transaction; dryRun=true changes nothing"},
    {"getWellknownOrgMetadata", "OrgSetting", "Read the organisation's id"},
    {"getOrgState", "Org", "Read whether sending is paused everywhere"},
    {"pauseOrg", "Org", "Pause all sending"},
    {"resumeOrg", "Org", "Send again"},
    {"importRows", "Import", "Create or change people, groups and memberships from rows"},
    {"getRecordSettings", "Org", "Read how many days the journal and the system log are kept"},
    {"replaceRecordSettings", "Org", "Set how many days the journal and the system log are kept"},
    {"getLiveness", "Health", "Answer while the process runs"},
    {"getReadiness", "Health", "Answer whether the store can be read"},
    {"listNodes", "Health", "List the nodes that share the database, and how many rate groups of apps each asks"},
    {"getApiDescription", "Health", "Read this description"},
};

static size_t find_operation(const char *operation)
{
    size_t i = 0;
    while (i < ARRAY_LEN(summaries) && !str_eq(summaries[i].operation, operation))
        i++;
    return i;
}

const char *api_summary(const char *operation)
{
    size_t i = find_operation(operation);
    return i < ARRAY_LEN(summaries) ? summaries[i].summary : NULL;
}

static int compare_routes(const void *a, const void *b)
{
    const struct route *const *left = a;
    const struct route *const *right = b;
    int r = strcmp((*left)->path, (*right)->path);
    return r ? r : strcmp((*left)->method, (*right)->method);
}

static size_t collect(const struct route *const *tables, const struct route *list[static LIMIT_ROUTES])
{
    size_t count = 0;
    for (; *tables; tables++) {
        for (const struct route *route = *tables; route->method && count < LIMIT_ROUTES; route++)
            list[count++] = route;
    }
    qsort(list, count, sizeof(list[0]), compare_routes);
    return count;
}

static void write_parameter(struct jout *out, const char *name, const char *in, const char *description,
                            const char *type)
{
    jout_object(out, NULL);
    jout_str(out, "name", name);
    jout_str(out, "in", in);
    if (description)
        jout_str(out, "description", description);
    else
        jout_bool(out, "required", true);
    jout_object(out, "schema");
    jout_str(out, "type", type);
    jout_end(out);
    jout_end(out);
}

static void write_parameters(struct jout *out, const struct route *route)
{
    const char *p = strchr(route->path, '{');
    const struct query_parameter *parameter;
    if (!p && !route_parameter(route, 0))
        return;
    jout_array(out, "parameters");
    for (; p; p = strchr(p + 1, '{')) {
        char name[PARAMETER_NAME_BYTES];
        (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(p + 1, "}"), p + 1);
        write_parameter(out, name, "path", NULL, "string");
    }
    for (size_t n = 0; (parameter = route_parameter(route, n)); n++)
        write_parameter(out, parameter->name, "query", parameter->description, parameter->type);
    jout_end(out);
}

static void write_responses(struct jout *out)
{
    jout_object(out, "responses");
    jout_object(out, "2XX");
    jout_str(out, "description", "Done");
    jout_end(out);
    jout_object(out, "default");
    jout_str(out, "description", "Refused or failed");
    jout_object(out, "content");
    jout_object(out, "application/json");
    jout_object(out, "schema");
    jout_str(out, "$ref", "#/components/schemas/Error");
    for (int i = 0; i < 5; i++)
        jout_end(out);
}

static void write_operation(struct jout *out, const struct route *route)
{
    char method[8];
    size_t n = 0;
    for (; route->method[n] && n < sizeof(method) - 1; n++)
        method[n] = (char)(route->method[n] | 0x20);
    method[n] = '\0';
    size_t at = find_operation(route->operation);
    jout_object(out, method);
    jout_str(out, "operationId", route->operation);
    if (at < ARRAY_LEN(summaries)) {
        jout_str(out, "summary", summaries[at].summary);
        jout_array(out, "tags");
        jout_str(out, NULL, summaries[at].tag);
        jout_end(out);
    }
    if (route->kind == ROUTE_OPEN || route->kind == ROUTE_SIGN_IN) {
        jout_array(out, "security");
        jout_end(out);
    } else {
        jout_str(out, "x-muster-role", role_name(route->role));
    }
    write_parameters(out, route);
    write_responses(out);
    jout_end(out);
}

static void write_components(struct jout *out)
{
    static const char *const fields[] = {"errorCode", "errorSummary", "errorLink", "errorId"};
    jout_object(out, "components");
    jout_object(out, "securitySchemes");
    jout_object(out, "apiToken");
    jout_str(out, "type", "apiKey");
    jout_str(out, "in", "header");
    jout_str(out, "name", "Authorization");
    jout_str(out, "description", "SSWS <token>, or Bearer <token>");
    jout_end(out);
    jout_object(out, "session");
    jout_str(out, "type", "apiKey");
    jout_str(out, "in", "cookie");
    jout_str(out, "name", SESSION_COOKIE);
    jout_str(out, "description", "of somebody who signed in; what changes something sends X-Muster-Csrf as well");
    jout_end(out);
    jout_end(out);
    jout_object(out, "schemas");
    jout_object(out, "Error");
    jout_str(out, "type", "object");
    jout_object(out, "properties");
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        jout_object(out, fields[i]);
        jout_str(out, "type", "string");
        jout_end(out);
    }
    jout_raw(
        out, "errorCauses",
        "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"errorSummary\":{\"type\":\"string\"}}}}");
    for (int i = 0; i < 4; i++)
        jout_end(out);
}

void api_describe(struct jout *out, const struct route *const *tables)
{
    const struct route *list[LIMIT_ROUTES];
    size_t count = collect(tables, list);
    jout_object(out, NULL);
    jout_str(out, "openapi", "3.0.3");
    jout_object(out, "info");
    jout_str(out, "title", "Muster management API");
    jout_str(out, "version", MUSTER_VERSION);
    jout_end(out);
    jout_array(out, "security");
    jout_object(out, NULL);
    jout_array(out, "apiToken");
    jout_end(out);
    jout_end(out);
    jout_object(out, NULL);
    jout_array(out, "session");
    jout_end(out);
    jout_end(out);
    jout_end(out);
    jout_object(out, "paths");
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(list[i - 1]->path, list[i]->path) != 0)
            jout_object(out, list[i]->path);
        write_operation(out, list[i]);
        if (i + 1 == count || strcmp(list[i + 1]->path, list[i]->path) != 0)
            jout_end(out);
    }
    jout_end(out);
    write_components(out);
    jout_end(out);
}
