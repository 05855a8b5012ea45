/* SPDX-License-Identifier: Apache-2.0 */
/* The attributes, as RFC 7643 sections 3.1, 4.1, 4.2, 4.3 and 8.7.1 have them. */
#include "practice/schema.h"

#define STRING(n, t)                                                                                                   \
    {                                                                                                                  \
        .name = (n), .type = SCHEMA_STRING, .text = (t)                                                                \
    }
#define EXACT(n, t)                                                                                                    \
    {                                                                                                                  \
        .name = (n), .type = SCHEMA_STRING, .case_exact = true, .text = (t)                                            \
    }
#define COMPLEX(n, s, t)                                                                                               \
    {                                                                                                                  \
        .name = (n), .type = SCHEMA_COMPLEX, .subs = (s), .text = (t)                                                  \
    }
#define MULTI(n, s, t)                                                                                                 \
    {                                                                                                                  \
        .name = (n), .type = SCHEMA_COMPLEX, .multi = true, .subs = (s), .text = (t)                                   \
    }
#define END                                                                                                            \
    {                                                                                                                  \
        .name = NULL                                                                                                   \
    }
/* The usual sub-attributes of a multi-valued attribute. */
#define PLURAL(kinds)                                                                                                  \
    {                                                                                                                  \
        STRING("value", "The value."), STRING("display", "For display."),                                              \
            {.name = "type", .type = SCHEMA_STRING, .canonical = (kinds), .text = "What it is for."},                  \
            {.name = "primary", .type = SCHEMA_BOOLEAN, .text = "The preferred one; at most one is."}, END             \
    }

static const struct schema_attr name_subs[] = {
    STRING("formatted", "The full name."),
    STRING("familyName", "The family name."),
    STRING("givenName", "The given name."),
    STRING("middleName", "The middle names."),
    STRING("honorificPrefix", "The title."),
    STRING("honorificSuffix", "The suffix."),
    END,
};
static const struct schema_attr email_subs[] = PLURAL("work home other");
static const struct schema_attr phone_subs[] = PLURAL("work home mobile fax pager other");
static const struct schema_attr im_subs[] = PLURAL("aim gtalk icq xmpp msn skype qq yahoo");
static const struct schema_attr plain_subs[] = PLURAL(NULL);
static const struct schema_attr photo_subs[] = {
    {.name = "value", .type = SCHEMA_REFERENCE, .case_exact = true, .references = "external", .text = "A URL."},
    STRING("display", "For display."),
    {.name = "type", .type = SCHEMA_STRING, .canonical = "photo thumbnail", .text = "What it is for."},
    {.name = "primary", .type = SCHEMA_BOOLEAN, .text = "The preferred one; at most one is."},
    END,
};
static const struct schema_attr certificate_subs[] = {
    {.name = "value", .type = SCHEMA_BINARY, .case_exact = true, .text = "The certificate, DER in base64."},
    STRING("display", "For display."),
    STRING("type", "What it is for."),
    {.name = "primary", .type = SCHEMA_BOOLEAN, .text = "The preferred one; at most one is."},
    END,
};
static const struct schema_attr address_subs[] = {
    STRING("formatted", "The whole address."),
    STRING("streetAddress", "Street and number."),
    STRING("locality", "The city."),
    STRING("region", "The state or region."),
    STRING("postalCode", "The postal code."),
    STRING("country", "The country, two letters."),
    {.name = "type", .type = SCHEMA_STRING, .canonical = "work home other", .text = "What it is for."},
    {.name = "primary", .type = SCHEMA_BOOLEAN, .text = "The preferred one; at most one is."},
    END,
};
static const struct schema_attr user_group_subs[] = {
    {.name = "value", .type = SCHEMA_STRING, .case_exact = true, .mutability = SCHEMA_READ_ONLY, .text = "The id."},
    {.name = "$ref",
     .type = SCHEMA_REFERENCE,
     .case_exact = true,
     .mutability = SCHEMA_READ_ONLY,
     .references = "Group",
     .text = "Its URI."},
    {.name = "display", .type = SCHEMA_STRING, .mutability = SCHEMA_READ_ONLY, .text = "The group's name."},
    {.name = "type",
     .type = SCHEMA_STRING,
     .mutability = SCHEMA_READ_ONLY,
     .canonical = "direct indirect",
     .text = "How the user is a member."},
    END,
};
static const struct schema_attr user_attrs[] = {
    {.name = "userName",
     .type = SCHEMA_STRING,
     .required = true,
     .unique = true,
     .text = "The name by which the user signs in; unique whatever the letter case."},
    COMPLEX("name", name_subs, "The parts of the name."),
    STRING("displayName", "The name to show."),
    STRING("nickName", "The casual name."),
    {.name = "profileUrl",
     .type = SCHEMA_REFERENCE,
     .case_exact = true,
     .references = "external",
     .text = "The URL of a profile page."},
    STRING("title", "The job title."),
    STRING("userType", "The relation to the organisation."),
    STRING("preferredLanguage", "As in Accept-Language."),
    STRING("locale", "As in RFC 5646."),
    STRING("timezone", "As in the time zone database."),
    {.name = "active", .type = SCHEMA_BOOLEAN, .text = "Whether the user may sign in."},
    {.name = "password",
     .type = SCHEMA_STRING,
     .case_exact = true,
     .mutability = SCHEMA_WRITE_ONLY,
     .returned = SCHEMA_NEVER,
     .text = "The password."},
    MULTI("emails", email_subs, "E-mail addresses."),
    MULTI("phoneNumbers", phone_subs, "Telephone numbers."),
    MULTI("ims", im_subs, "Instant messaging addresses."),
    MULTI("photos", photo_subs, "URLs of photos."),
    MULTI("addresses", address_subs, "Postal addresses."),
    {.name = "groups",
     .type = SCHEMA_COMPLEX,
     .multi = true,
     .mutability = SCHEMA_READ_ONLY,
     .subs = user_group_subs,
     .text = "The groups that the user is a member of."},
    MULTI("entitlements", plain_subs, "Entitlements."),
    MULTI("roles", plain_subs, "Roles."),
    MULTI("x509Certificates", certificate_subs, "Certificates."),
    END,
};

static const struct schema_attr member_subs[] = {
    {.name = "value",
     .type = SCHEMA_STRING,
     .case_exact = true,
     .required = true,
     .mutability = SCHEMA_IMMUTABLE,
     .text = "The id of the member."},
    {.name = "$ref",
     .type = SCHEMA_REFERENCE,
     .case_exact = true,
     .mutability = SCHEMA_IMMUTABLE,
     .references = "User Group",
     .text = "Its URI."},
    {.name = "type",
     .type = SCHEMA_STRING,
     .mutability = SCHEMA_IMMUTABLE,
     .canonical = "User Group",
     .text = "What the member is."},
    {.name = "display", .type = SCHEMA_STRING, .mutability = SCHEMA_IMMUTABLE, .text = "The member's name."},
    END,
};
static const struct schema_attr group_attrs[] = {
    {.name = "displayName", .type = SCHEMA_STRING, .required = true, .unique = true, .text = "The name of the group."},
    MULTI("members", member_subs, "Who is in the group."),
    END,
};

static const struct schema_attr manager_subs[] = {
    {.name = "value", .type = SCHEMA_STRING, .case_exact = true, .text = "The id of the manager."},
    {.name = "$ref", .type = SCHEMA_REFERENCE, .case_exact = true, .references = "User", .text = "The manager's URI."},
    STRING("displayName", "The manager's name."),
    END,
};
static const struct schema_attr enterprise_attrs[] = {
    STRING("employeeNumber", "The number of the employee."),
    STRING("costCenter", "The cost centre."),
    STRING("organization", "The organisation."),
    STRING("division", "The division."),
    STRING("department", "The department."),
    COMPLEX("manager", manager_subs, "The manager."),
    END,
};

static const struct schema_attr meta_subs[] = {
    {.name = "resourceType", .type = SCHEMA_STRING, .case_exact = true, .mutability = SCHEMA_READ_ONLY},
    {.name = "created", .type = SCHEMA_DATETIME, .mutability = SCHEMA_READ_ONLY},
    {.name = "lastModified", .type = SCHEMA_DATETIME, .mutability = SCHEMA_READ_ONLY},
    {.name = "location", .type = SCHEMA_REFERENCE, .case_exact = true, .mutability = SCHEMA_READ_ONLY},
    {.name = "version", .type = SCHEMA_STRING, .case_exact = true, .mutability = SCHEMA_READ_ONLY},
    END,
};
static const struct schema_attr common_attrs[] = {
    {.name = "id",
     .type = SCHEMA_STRING,
     .case_exact = true,
     .unique = true,
     .mutability = SCHEMA_READ_ONLY,
     .returned = SCHEMA_ALWAYS},
    EXACT("externalId", NULL),
    {.name = "schemas", .type = SCHEMA_REFERENCE, .multi = true, .returned = SCHEMA_ALWAYS},
    {.name = "meta", .type = SCHEMA_COMPLEX, .mutability = SCHEMA_READ_ONLY, .subs = meta_subs},
    END,
};

static const struct schema schemas[] = {
    {URN_USER, "User", "User Account", user_attrs},
    {URN_GROUP, "Group", "Group", group_attrs},
    {URN_ENTERPRISE, "EnterpriseUser", "Enterprise User", enterprise_attrs},
};

const struct schema *schema_all(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(schemas);
    return schemas;
}

const struct schema *schema_core(enum practice_kind kind)
{
    return &schemas[kind == PRACTICE_USER ? 0 : 1];
}

const struct schema_attr *schema_common(void)
{
    return common_attrs;
}
