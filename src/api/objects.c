/* SPDX-License-Identifier: Apache-2.0 */
#include "api/objects.h"

#include "base/text.h"

void object_link(struct call *call, const char *name, const char *href, const char *method)
{
    jout_object(&call->out, name);
    jout_str(&call->out, "href", href);
    jout_str_opt(&call->out, "method", method);
    jout_end(&call->out);
}

/* --- users ---------------------------------------------------------------------------------------------------------
 */

static void write_user_links(struct call *call, const struct user *user, bool details)
{
    static const struct {
        enum user_transition transition;
        const char *name;
        const char *operation;
    } links[] = {
        {USER_ACTIVATE, "activate", "activate"},
        {USER_DEACTIVATE, "deactivate", "deactivate"},
        {USER_REACTIVATE, "reactivate", "reactivate"},
        {USER_SUSPEND, "suspend", "suspend"},
        {USER_UNSUSPEND, "unsuspend", "unsuspend"},
        {USER_UNLOCK, "unlock", "unlock"},
        {USER_EXPIRE_PASSWORD, "expirePassword", "expire_password"},
        {USER_RESET_PASSWORD, "resetPassword", "reset_password"},
    };
    jout_object(&call->out, "_links");
    for (size_t i = 0; details && i < ARRAY_LEN(links); i++)
        if (user_transition_is_open(user, links[i].transition))
            object_link(call, links[i].name,
                        call_link(call, "/api/v1/users/%s/lifecycle/%s", user->id, links[i].operation), "POST");
    if (details)
        object_link(call, "schema", call_link(call, "/api/v1/meta/schemas/user/default"), NULL);
    object_link(call, "self", call_link(call, "/api/v1/users/%s", user->id), NULL);
    jout_end(&call->out);
}

static void write_credentials(struct jout *out, const struct user *user)
{
    jout_object(out, "credentials");
    if (user->has_password) {
        jout_object(out, "password");
        jout_end(out);
    }
    if (user->recovery_question) {
        jout_object(out, "recovery_question");
        jout_str(out, "question", user->recovery_question);
        jout_end(out);
    }
    jout_object(out, "provider");
    jout_str(out, "type", user->provider);
    jout_str(out, "name", user->provider_name);
    jout_end(out);
    jout_end(out);
}

void object_user(struct call *call, const char *key, const struct user *user, bool details)
{
    struct jout *out = &call->out;
    jout_object(out, key);
    jout_str(out, "id", user->id);
    jout_str(out, "status", user_status_name(user->status));
    jout_time(out, "created", user->created);
    jout_time(out, "activated", user->activated);
    jout_time(out, "statusChanged", user->status_changed);
    jout_time(out, "lastLogin", user->last_login);
    jout_time(out, "lastUpdated", user->last_updated);
    jout_time(out, "passwordChanged", user->password_changed);
    jout_object(out, "type");
    jout_str(out, "id", USER_TYPE_ID);
    jout_end(out);
    jout_raw(out, "profile", user->profile);
    write_credentials(out, user);
    write_user_links(call, user, details);
    jout_end(out);
}

bool object_begins(struct arena *arena, const char *text, const char *folded)
{
    return text && strncmp(text_fold(arena, text), folded, strlen(folded)) == 0;
}

bool object_user_begins(struct arena *arena, const struct user *user, const char *folded_q)
{
    static const char *const fields[] = {"firstName", "lastName", "email"};
    if (!folded_q || object_begins(arena, user->login, folded_q))
        return true;
    struct jval *profile CLEANUP(jval_freep) = NULL;
    if (jval_parse(&profile, user->profile, strlen(user->profile), NULL) < 0)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (object_begins(arena, jval_get_str(profile, fields[i]), folded_q))
            return true;
    return false;
}

/* --- groups --------------------------------------------------------------------------------------------------------
 */

void object_group_open(struct call *call, const char *key, const struct group *group)
{
    struct jout *out = &call->out;
    jout_object(out, key);
    jout_str(out, "id", group->id);
    jout_time(out, "created", group->created);
    jout_time(out, "lastUpdated", group->last_updated);
    jout_time(out, "lastMembershipUpdated", group->last_membership_updated);
    jout_array(out, "objectClass");
    jout_str(out, NULL, "okta:user_group");
    jout_end(out);
    jout_str(out, "type", group_type_name(group->type));
    jout_raw(out, "profile", group->profile);
    if (group->source_id) {
        jout_object(out, "source");
        jout_str(out, "id", group->source_id);
        jout_end(out);
    }
    jout_object(out, "_links");
    object_link(call, "self", call_link(call, "/api/v1/groups/%s", group->id), NULL);
    object_link(call, "users", call_link(call, "/api/v1/groups/%s/users", group->id), NULL);
    object_link(call, "apps", call_link(call, "/api/v1/groups/%s/apps", group->id), NULL);
    if (group->source_id)
        object_link(call, "source", call_link(call, "/api/v1/apps/%s", group->source_id), NULL);
    jout_end(out);
}

void object_group(struct call *call, const char *key, const struct group *group)
{
    object_group_open(call, key, group);
    jout_end(&call->out);
}

int object_after_rid(struct call *call, const struct page *page, int64_t *ret)
{
    *ret = 0;
    if (!page->after)
        return 0;
    char *end = NULL;
    long long rid = strtoll(page->after, &end, 10);
    if (end == page->after || *end || rid < 0)
        return call_invalid(call, "after", "This is not a cursor of this list; leave it out to start anew");
    *ret = rid;
    return 0;
}

int object_check(struct call *call, int r, const struct expr_error *error)
{
    struct jout *out = &call->out;
    if (r < 0 && r != ERR_SYNTAX)
        return r;
    jout_object(out, NULL);
    jout_bool(out, "valid", r == 0);
    if (r < 0 && error->position > 0)
        jout_int(out, "position", error->position);
    if (r < 0)
        jout_str(out, "errorSummary", error->text);
    jout_end(out);
    return 0;
}
