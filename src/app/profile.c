/* SPDX-License-Identifier: Apache-2.0 */
/* The profile that an app should hold of a person. */
#include "app/inner.h"

/* The attributes that are provisioned unless somebody maps more. userName is the account's own. */
static const char *const attributes[] = {
    "firstName",   "middleName", "lastName",     "honorificPrefix", "honorificSuffix", "email",
    "displayName", "nickName",   "profileUrl",   "title",           "userType",        "preferredLanguage",
    "locale",      "timezone",   "primaryPhone", "mobilePhone",     "secondEmail",     "streetAddress",
    "city",        "state",      "zipCode",      "countryCode",     "postalAddress",   "organization",
    "department",  "division",   "costCenter",   "employeeNumber",  "manager",         "managerId",
};

static bool is_empty(const struct jval *value)
{
    switch (jval_type(value)) {
    case JVAL_NONE:
    case JVAL_NULL:
        return true;
    case JVAL_STRING:
        return *jval_str(value) == '\0';
    case JVAL_ARRAY:
    case JVAL_OBJECT:
        return jval_len(value) == 0;
    case JVAL_INT:
    case JVAL_REAL:
    case JVAL_BOOL:
    default:
        return false;
    }
}

/* Lays the attributes that `text` names over the profile; null and empty ones clear. */
static int lay_over(struct jval *profile, const char *text)
{
    struct jval *over CLEANUP(jval_freep) = NULL;
    if (!text || jval_parse(&over, text, strlen(text), NULL) < 0)
        return text ? ERR_CORRUPT : 0;
    for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
        const struct jval *value = jval_get(over, attributes[i]);
        if (jval_type(value) == JVAL_NONE)
            continue;
        if (is_empty(value))
            jval_set(profile, attributes[i], jval_new_null());
        else
            jval_set(profile, attributes[i], jval_copy(value));
    }
    return 0;
}

/* "firstName lastName", unless a display name was given or cleared on purpose by an assignment. */
static void default_display_name(struct tx *tx, struct jval *profile, bool cleared)
{
    const char *first = jval_get_str(profile, "firstName");
    const char *last = jval_get_str(profile, "lastName");
    if (cleared || !is_empty(jval_get(profile, "displayName")) || (!first && !last))
        return;
    const char *gap = first && last ? " " : "";
    jval_set_str(profile, "displayName",
                 arena_printf(tx_arena(tx), "%s%s%s", first ? first : "", gap, last ? last : ""));
}

static void drop_empty(struct jval *profile)
{
    for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
        if (is_empty(jval_get(profile, attributes[i])))
            jval_remove(profile, attributes[i]);
}

int account_wanted_profile(struct tx *tx, const struct account *account, const struct user *user, struct jval **ret)
{
    struct jval *profile CLEANUP(jval_freep) = jval_new_object();
    int r = lay_over(profile, user->profile);
    if (r < 0)
        return r;
    drop_empty(profile);
    struct app_group group = {0};
    if (account->scope == SCOPE_GROUP) {
        r = app_group_get(tx, account->app_rid, account->via_group_rid, &group);
        if (r < 0 && r != ERR_NOT_FOUND) /* just unassigned: the expansion looks at the account again */
            return r;
    }
    r = lay_over(profile, group.profile);
    if (r == 0)
        r = lay_over(profile, account->profile);
    if (r < 0)
        return r;
    default_display_name(tx, profile, jval_type(jval_get(profile, "displayName")) == JVAL_NULL);
    drop_empty(profile);
    jval_set_str(profile, "userName", account->user_name);
    *ret = TAKE_PTR(profile);
    return 0;
}

int account_profile_differs(struct tx *tx, const struct account *account, const struct user *user)
{
    struct jval *wanted CLEANUP(jval_freep) = NULL;
    struct jval *sent CLEANUP(jval_freep) = NULL;
    int r = account_wanted_profile(tx, account, user, &wanted);
    if (r < 0)
        return r;
    if (!account->sent_profile)
        return 1;
    if (jval_parse(&sent, account->sent_profile, strlen(account->sent_profile), NULL) < 0)
        return ERR_CORRUPT;
    return !jval_equal(wanted, sent);
}
