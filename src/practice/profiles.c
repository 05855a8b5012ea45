/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of named targets. docs/practice.md has a line for each; what is published of one and is not here is named
 * there. Where no source says that a target offers Bulk, the profile does not.
 */
#include "practice/profiles.h"

#include "practice/inner.h"

#define END                                                                                                            \
    {                                                                                                                  \
        .kind = FAULT_NONE                                                                                             \
    }
#define NO_BULK                                                                                                        \
    {.kind = FAULT_CONFIG, .text = "no-bulk"},                                                                         \
    {                                                                                                                  \
        .kind = FAULT_STATUS, .prefix = "/Bulk", .status = 501                                                         \
    }
#define NO_PUT(path)                                                                                                   \
    {                                                                                                                  \
        .kind = FAULT_STATUS, .method = "PUT", .prefix = (path), .status = 501                                         \
    }
#define FILTER_ON(path, attributes)                                                                                    \
    {                                                                                                                  \
        .kind = FAULT_FILTER_REFUSED, .prefix = (path), .text = (attributes)                                           \
    }

/* Domains that everybody may use for examples (RFC 2606). */
#define EXAMPLE_DOMAINS "example.com example.org example.net"

static const struct practice_fault aws[] = {
    {.kind = FAULT_USER_AGENT, .method = "PATCH"},
    {.kind = FAULT_MEMBERS_MAX,
     .method = "POST PATCH",
     .prefix = "/Groups",
     .max = 100,
     .status = 400,
     .text = "The request cannot be parsed."},
    NO_PUT("/Groups/"),
    {.kind = FAULT_PATCH_ATTRIBUTES, .prefix = "/Groups/", .text = "displayName members externalId"},
    {.kind = FAULT_FORM_REFUSED, .prefix = "/Groups/", .text = "replace replace_empty replace_no_path remove_all"},
    {.kind = FAULT_MEMBERS_EMPTY, .prefix = "/Groups"},
    {.kind = FAULT_NESTED, .prefix = "/Groups"},
    {.kind = FAULT_FILTER_EQ_ONLY, .text = "and"},
    FILTER_ON("/Groups", "displayName externalId id members"),
    {.kind = FAULT_PAGE_DEFAULT, .max = 50},
    {.kind = FAULT_PAGE_MAX, .max = 50},
    {.kind = FAULT_CURSOR, .max = 100},
    NO_BULK,
    END,
};

static const struct practice_fault entra[] = {
    NO_PUT(""),
    {.kind = FAULT_ADDS_MAX, .method = "PATCH", .prefix = "/Groups/", .max = 20},
    {.kind = FAULT_REMOVALS_MAX, .method = "PATCH", .prefix = "/Groups/", .max = 1},
    {.kind = FAULT_MIXED, .prefix = "/Groups/"},
    {.kind = FAULT_MEMBERS_ABSENT, .prefix = "/Groups"},
    {.kind = FAULT_FILTER_EQ_ONLY, .text = "and"},
    FILTER_ON("/Users", "userName externalId id groups"),
    {.kind = FAULT_CURSOR, .text = "only", .max = 100},
    {.kind = FAULT_PAGE_DEFAULT, .max = 10},
    {.kind = FAULT_RESOURCES_LOWER},
    NO_BULK,
    END,
};

static const struct practice_fault slack[] = {
    {.kind = FAULT_RATE_LIMIT, .method = "POST PUT PATCH DELETE", .rate = 600, .per_ms = 60000, .burst = 180},
    {.kind = FAULT_RATE_LIMIT, .method = "GET", .rate = 1000, .per_ms = 60000},
    {.kind = FAULT_RATE_LIMIT,
     .method = "POST PUT PATCH DELETE",
     .prefix = "/Users",
     .rate = 180,
     .per_ms = 60000,
     .burst = 20},
    {.kind = FAULT_RATE_LIMIT, .method = "POST", .prefix = "/Groups", .rate = 180, .per_ms = 60000, .burst = 20},
    {.kind = FAULT_RATE_LIMIT, .method = "PATCH", .prefix = "/Groups", .rate = 180, .per_ms = 60000, .burst = 80},
    {.kind = FAULT_RATE_LIMIT, .method = "GET", .prefix = "/Users", .rate = 300, .per_ms = 60000},
    {.kind = FAULT_RATE_LIMIT, .method = "GET", .prefix = "/Groups", .rate = 300, .per_ms = 60000},
    {.kind = FAULT_DELETION_DEACTIVATES, .prefix = "/Users"},
    {.kind = FAULT_CONFIG, .text = "no-filter"},
    {.kind = FAULT_FILTER_EQ_ONLY},
    {.kind = FAULT_NESTED, .prefix = "/Groups"},
    NO_BULK,
    END,
};

static const struct practice_fault github[] = {
    {.kind = FAULT_USER_AGENT},
    {.kind = FAULT_RATE_LIMIT, .method = "POST", .prefix = "/Users", .rate = 1000, .per_ms = 3600000},
    {.kind = FAULT_RATE_LIMIT,
     .method = "POST PUT PATCH",
     .prefix = "/Groups",
     .rate = 1000,
     .per_ms = 3600000,
     .text = "adds"},
    FILTER_ON("", "userName externalId id displayName"),
    {.kind = FAULT_FILTER_EQ_ONLY},
    {.kind = FAULT_NESTED, .prefix = "/Groups"},
    NO_BULK,
    END,
};

static const struct practice_fault gitlab[] = {
    {.kind = FAULT_IDS, .method = "POST", .prefix = "/Users", .text = "externalId"},
    NO_PUT(""),
    {.kind = FAULT_ATTRIBUTE_REFUSED, .method = "PATCH", .prefix = "/Users/", .text = "name emails userName"},
    {.kind = FAULT_DEACTIVATION_DELETES, .prefix = "/Users/"},
    {.kind = FAULT_LAG, .prefix = "/Groups", .ms = 5000},
    FILTER_ON("/Users", "id externalId userName"),
    {.kind = FAULT_FILTER_EQ_ONLY},
    {.kind = FAULT_PAGES_OVERLAP, .max = 1},
    {.kind = FAULT_NESTED, .prefix = "/Groups"},
    NO_BULK,
    END,
};

static const struct practice_fault atlassian[] = {
    {.kind = FAULT_DOMAIN, .prefix = "/Users", .text = EXAMPLE_DOMAINS},
    {.kind = FAULT_GROUP_MAX, .prefix = "/Groups", .max = 290000},
    {.kind = FAULT_CURSOR},
    {.kind = FAULT_FILTER_EQ_ONLY},
    {.kind = FAULT_NESTED, .prefix = "/Groups"},
    NO_BULK,
    END,
};

static const struct practice_fault databricks[] = {
    {.kind = FAULT_FILTER_TERMS, .max = 200, .scim_type = "INVALID_FILTER"},
    {.kind = FAULT_PAGE_DEFAULT, .max = 100},
    NO_BULK,
    END,
};

static const struct practice_fault salesforce[] = {
    {.kind = FAULT_WRAPPED, .prefix = "/Groups/"},
    {.kind = FAULT_PATCH_BODY, .prefix = "/Groups/", .text = "always"},
    {.kind = FAULT_CONFIG_NAME, .text = "ServiceProviderConfigs"},
    {.kind = FAULT_ATTRIBUTE_REQUIRED, .method = "POST", .prefix = "/Users", .text = "entitlements"},
    {.kind = FAULT_DELETION_DEACTIVATES, .prefix = "/Users"},
    {.kind = FAULT_FILTER_EQ_ONLY},
    NO_BULK,
    END,
};

static const struct practice_fault snowflake[] = {
    {.kind = FAULT_ID_HIDDEN, .method = "GET", .prefix = "/Groups"},
    NO_PUT("/Groups/"),
    FILTER_ON("/Users", "userName"),
    FILTER_ON("/Groups", "displayName"),
    {.kind = FAULT_FILTER_EQ_ONLY},
    {.kind = FAULT_NESTED, .prefix = "/Groups"},
    NO_BULK,
    END,
};

static const struct practice_fault google[] = {
    {.kind = FAULT_CONFIG, .text = "bare-bulk"},
    {.kind = FAULT_STATUS, .prefix = "/Bulk", .status = 501},
    {.kind = FAULT_FILTER_EQ_ONLY},
    END,
};

static const struct practice_fault zoom[] = {
    {.kind = FAULT_PATCH_ATTRIBUTES, .prefix = "/Users/", .text = "active"},
    {.kind = FAULT_DOMAIN, .prefix = "/Users", .text = EXAMPLE_DOMAINS},
    FILTER_ON("/Users", "userName"),
    {.kind = FAULT_FILTER_EQ_ONLY, .prefix = "/Users"},
    {.kind = FAULT_NESTED, .prefix = "/Groups"},
    NO_BULK,
    END,
};

static const struct practice_fault miro[] = {
    {.kind = FAULT_BYTES_MAX, .method = "PATCH", .prefix = "/Groups/", .max = 800000},
    {.kind = FAULT_MEMBERS_MAX, .method = "PATCH", .prefix = "/Groups/", .max = 8000, .status = 413},
    {.kind = FAULT_RATE_LIMIT, .prefix = "/Users", .rate = 200, .per_ms = 30000},
    {.kind = FAULT_RATE_LIMIT, .method = "PATCH", .prefix = "/Groups/", .over_bytes = 500, .rate = 5, .per_ms = 30000},
    {.kind = FAULT_RATE_LIMIT,
     .method = "PATCH",
     .prefix = "/Groups/",
     .under_bytes = 501,
     .rate = 100,
     .per_ms = 30000},
    {.kind = FAULT_RATE_LIMIT, .method = "GET", .prefix = "/Groups$", .rate = 5, .per_ms = 30000},
    NO_BULK,
    END,
};

static const struct practice_fault deel[] = {
    {.kind = FAULT_RATE_LIMIT, .rate = 5},
    NO_BULK,
    END,
};

static const struct practice_fault peakon[] = {
    {.kind = FAULT_RATE_LIMIT, .rate = 25000, .per_ms = 3600000},
    END,
};

static const struct practice_fault fusionauth[] = {
    {.kind = FAULT_MEMBERS_BEYOND, .method = "PATCH", .prefix = "/Groups/", .max = 100},
    END,
};

static const struct practice_fault wso2[] = {
    {.kind = FAULT_READD_REFUSED, .prefix = "/Groups/"},
    END,
};

static const struct practice_fault polis[] = {
    {.kind = FAULT_STATUS, .prefix = "/ServiceProviderConfig", .status = 404},
    {.kind = FAULT_STATUS, .prefix = "/Schemas", .status = 404},
    {.kind = FAULT_STATUS, .prefix = "/ResourceTypes", .status = 404},
    {.kind = FAULT_STATUS, .prefix = "/Bulk", .status = 404},
    {.kind = FAULT_PLAIN_TYPE},
    {.kind = FAULT_NO_META},
    {.kind = FAULT_NO_LOCATION},
    {.kind = FAULT_MEMBERS_EMPTY, .prefix = "/Groups"},
    {.kind = FAULT_FORM_IGNORED,
     .prefix = "/Groups",
     .text = "capital post put put_absent replace replace_empty replace_no_path add_no_path remove_or"},
    {.kind = FAULT_PATCH_BODY, .prefix = "/Groups/", .text = "always"},
    {.kind = FAULT_ATTRIBUTE_LOST, .prefix = "/Groups", .text = "externalId"},
    {.kind = FAULT_FILTER_BLIND, .text = "externalId"},
    {.kind = FAULT_UNKNOWN_MEMBERS, .prefix = "/Groups", .text = "store"},
    END,
};

static const struct practice_fault scimmy[] = {
    {.kind = FAULT_READD_DUPLICATES, .prefix = "/Groups/"},
    {.kind = FAULT_FORM_MERGES, .prefix = "/Groups/", .text = "replace_no_path"},
    {.kind = FAULT_UNKNOWN_MEMBERS, .prefix = "/Groups", .text = "store"},
    {.kind = FAULT_PATCH_BODY, .prefix = "/Groups/"},
    {.kind = FAULT_NO_LOCATION},
    {.kind = FAULT_PAGE_DEFAULT, .max = 20},
    {.kind = FAULT_PAGES_WRAP},
    END,
};

static const struct practice_fault scimmy_express5[] = {
    {.kind = FAULT_READD_DUPLICATES, .prefix = "/Groups/"},
    {.kind = FAULT_FORM_MERGES, .prefix = "/Groups/", .text = "replace_no_path"},
    {.kind = FAULT_UNKNOWN_MEMBERS, .prefix = "/Groups", .text = "store"},
    {.kind = FAULT_PATCH_BODY, .prefix = "/Groups/"},
    {.kind = FAULT_NO_LOCATION},
    {.kind = FAULT_PAGE_DEFAULT, .max = 20},
    {.kind = FAULT_PAGE_MAX, .max = 20},
    {.kind = FAULT_PAGES_ENDLESS},
    END,
};

static const struct practice_fault scimgateway[] = {
    {.kind = FAULT_IDS, .method = "POST", .text = "name"},
    {.kind = FAULT_FILTER_PATTERN, .prefix = "/Users"},
    {.kind = FAULT_FORM_IGNORED, .prefix = "/Groups/", .text = "remove_or remove_all"},
    {.kind = FAULT_FORM_MERGES, .prefix = "/Groups/", .text = "replace replace_no_path"},
    {.kind = FAULT_UNKNOWN_MEMBERS, .prefix = "/Groups", .text = "partial", .status = 500},
    END,
};

static const struct practice_fault scim2_server[] = {
    {.kind = FAULT_FORM_CLEARS, .prefix = "/Groups/", .text = "remove"},
    {.kind = FAULT_FORM_IGNORED, .prefix = "/Groups/", .text = "put_absent"},
    {.kind = FAULT_READD_DUPLICATES, .prefix = "/Groups/"},
    {.kind = FAULT_UNKNOWN_MEMBERS, .prefix = "/Groups", .text = "store"},
    {.kind = FAULT_DANGLING, .method = "DELETE", .prefix = "/Users/"},
    {.kind = FAULT_DUPLICATES, .prefix = "/Groups"},
    {.kind = FAULT_TOTAL, .text = "page"},
    {.kind = FAULT_PATCH_EMPTY},
    {.kind = FAULT_STATUS, .prefix = "/Bulk", .status = 500},
    END,
};

static const struct practice_fault scimserver[] = {
    {.kind = FAULT_FORM_REFUSED, .prefix = "/Groups/", .text = "remove_or remove_all add_no_path"},
    {.kind = FAULT_UNKNOWN_MEMBERS, .prefix = "/Groups", .text = "store"},
    {.kind = FAULT_DANGLING, .method = "DELETE", .prefix = "/Users/"},
    {.kind = FAULT_ATTRIBUTE_REFUSED,
     .method = "POST",
     .prefix = "/Users",
     .text = "groups",
     .scim_type = "mutability"},
    {.kind = FAULT_PATCH_BODY, .prefix = "/Groups/", .text = "always"},
    END,
};

static const struct practice_fault better_auth[] = {
    {.kind = FAULT_FORM_REFUSED, .prefix = "/Groups/", .text = "remove_or"},
    {.kind = FAULT_FILTER_EQ_ONLY},
    {.kind = FAULT_PAGE_MAX, .max = 100},
    {.kind = FAULT_PATCH_BODY, .prefix = "/Groups/", .text = "always"},
    NO_BULK,
    END,
};

#define SEEN "seen by running it"

const struct practice_profile practice_profiles[] = {
    {"aws-iam-identity-center", "AWS IAM Identity Center",
     "https://docs.aws.amazon.com/singlesignon/latest/developerguide/limitations.html", aws},
    {"entra-id", "Microsoft Entra ID as the target",
     "https://learn.microsoft.com/entra/identity/app-provisioning/entra-id-scim-api-reference", entra},
    {"slack", "Slack", "https://docs.slack.dev/reference/scim-api/rate-limits", slack},
    {"github-emu", "GitHub Enterprise Managed Users",
     "https://docs.github.com/en/enterprise-cloud@latest/admin/managing-iam/provisioning-user-accounts-with-scim/"
     "provisioning-users-and-groups-with-scim-using-the-rest-api",
     github},
    {"gitlab", "GitLab, and what behaves like it", "https://docs.gitlab.com/development/internal_api/", gitlab},
    {"atlassian", "Atlassian", "https://support.atlassian.com/provisioning-users/docs/users-and-groups-limits",
     atlassian},
    {"databricks", "Databricks account SCIM", "https://docs.databricks.com/aws/en/reference/scim-2-1", databricks},
    {"salesforce", "Salesforce", "https://help.salesforce.com/s/articleView?id=xcloud.identity_scim_manage_groups.htm",
     salesforce},
    {"snowflake", "Snowflake", "https://docs.snowflake.com/user-guide/scim-group-api-reference", snowflake},
    {"google-cloud", "Google Cloud Workforce Identity",
     "https://docs.cloud.google.com/iam/docs/workforce-identity-federation-scim", google},
    {"zoom", "Zoom", "https://developers.zoom.us/docs/api/scim2/", zoom},
    {"miro", "Miro", "https://developers.miro.com/reference/rate-limits", miro},
    {"deel", "Deel", "https://developer.deel.com/docs/rate-limits", deel},
    {"peakon", "Peakon", "https://developer.peakon.com/reference/rate-limiting-1.md", peakon},
    {"fusionauth", "FusionAuth, before its fix", "https://github.com/FusionAuth/fusionauth-issues/issues/2784",
     fusionauth},
    {"wso2", "WSO2 Identity Server", "https://github.com/wso2/product-is/issues/8589", wso2},
    {"polis", "Ory Polis (was BoxyHQ Jackson)", SEEN, polis},
    {"scimmy", "scimmy-routers with Express 4", SEEN, scimmy},
    {"scimmy-express5", "scimmy-routers with Express 5", SEEN, scimmy_express5},
    {"scimgateway", "scimgateway with its loki plug-in", SEEN, scimgateway},
    {"scim2-server", "scim2-server", SEEN, scim2_server},
    {"scimserver", "SCIMServer", SEEN, scimserver},
    {"better-auth", "better-auth", SEEN, better_auth},
    {0},
};

const struct practice_profile *practice_profile_find(const char *name)
{
    for (const struct practice_profile *profile = practice_profiles; profile->name; profile++)
        if (strcmp(profile->name, name) == 0)
            return profile;
    return NULL;
}

static unsigned scaled(unsigned number, double factor)
{
    double product = number * factor;
    return number == 0 ? 0 : product < 1 ? 1 : product > INT32_MAX ? INT32_MAX : (unsigned)product;
}

int profile_add(struct faults *faults, const struct env *env, const struct practice_profile *profile,
                double rate_factor, char *ret_why, size_t why_size)
{
    for (const struct practice_fault *fault = profile->faults; fault->kind != FAULT_NONE; fault++) {
        struct practice_fault order = *fault;
        if (order.kind == FAULT_RATE_LIMIT && rate_factor <= 0)
            continue;
        order.rate = scaled(order.rate, rate_factor);
        order.burst = scaled(order.burst, rate_factor);
        int r = faults_add(faults, env, &order, ret_why, why_size);
        if (r < 0)
            return r;
    }
    return 0;
}

int practice_set_profile(struct practice *practice, const struct practice_profile *profile, double rate_factor,
                         char *ret_why, size_t why_size)
{
    return profile_add(practice->faults, practice->env, profile, rate_factor, ret_why, why_size);
}
