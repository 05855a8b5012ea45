/* SPDX-License-Identifier: Apache-2.0 */
#include "base/scim_user.h"

#include "base/macros.h"

const struct scim_place scim_places[] = {
    {"userName", "userName", NULL, NULL, false},
    {"lastName", "name", "familyName", NULL, false},
    {"firstName", "name", "givenName", NULL, false},
    {"middleName", "name", "middleName", NULL, false},
    {"honorificPrefix", "name", "honorificPrefix", NULL, false},
    {"honorificSuffix", "name", "honorificSuffix", NULL, false},
    {"displayName", "displayName", NULL, NULL, false},
    {"nickName", "nickName", NULL, NULL, false},
    {"profileUrl", "profileUrl", NULL, NULL, false},
    {"title", "title", NULL, NULL, false},
    {"userType", "userType", NULL, NULL, false},
    {"preferredLanguage", "preferredLanguage", NULL, NULL, false},
    {"locale", "locale", NULL, NULL, false},
    {"timezone", "timezone", NULL, NULL, false},
    {"email", "emails", "value", "work", true},
    {"secondEmail", "emails", "value", "other", false},
    {"primaryPhone", "phoneNumbers", "value", "work", true},
    {"mobilePhone", "phoneNumbers", "value", "mobile", false},
    {"postalAddress", "addresses", "formatted", "work", false},
    {"streetAddress", "addresses", "streetAddress", "work", false},
    {"city", "addresses", "locality", "work", false},
    {"state", "addresses", "region", "work", false},
    {"zipCode", "addresses", "postalCode", "work", false},
    {"countryCode", "addresses", "country", "work", false},
    {"employeeNumber", SCIM_ENTERPRISE_USER ":employeeNumber", NULL, NULL, false},
    {"costCenter", SCIM_ENTERPRISE_USER ":costCenter", NULL, NULL, false},
    {"organization", SCIM_ENTERPRISE_USER ":organization", NULL, NULL, false},
    {"division", SCIM_ENTERPRISE_USER ":division", NULL, NULL, false},
    {"department", SCIM_ENTERPRISE_USER ":department", NULL, NULL, false},
    {"managerId", SCIM_ENTERPRISE_USER ":manager", "value", NULL, false},
    {"manager", SCIM_ENTERPRISE_USER ":manager", "displayName", NULL, false},
};

const size_t scim_place_count = ARRAY_LEN(scim_places);
