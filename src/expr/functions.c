/* SPDX-License-Identifier: Apache-2.0 */
/* The table of functions: names, arguments, results. docs/expressions.md describes the same ones, which a test
 * compares. */
#include "expr/inner.h"

#define MANY CALL_VARIADIC

const struct function expr_functions[] = {
    {"String.append", NULL, 0, 2, 2, "SS", EXPR_STRING, "String.append(text, suffix)", string_append},
    {"String.endsWith", NULL, 0, 2, 2, "SS", EXPR_BOOLEAN, "String.endsWith(text, end)", string_ends_with},
    {"String.join", NULL, 0, 1, MANY, "SS", EXPR_STRING, "String.join(separator, text, ...)", string_join},
    {"String.len", NULL, 0, 1, 1, "S", EXPR_INTEGER, "String.len(text)", string_len},
    {"String.removeSpaces", NULL, 0, 1, 1, "S", EXPR_STRING, "String.removeSpaces(text)", string_remove_spaces},
    {"String.replace", NULL, 0, 3, 3, "SSS", EXPR_STRING, "String.replace(text, match, replacement)", string_replace},
    {"String.replaceFirst", NULL, 0, 3, 3, "SSS", EXPR_STRING, "String.replaceFirst(text, match, replacement)",
     string_replace_first},
    {"String.startsWith", NULL, 0, 2, 2, "SS", EXPR_BOOLEAN, "String.startsWith(text, beginning)", string_starts_with},
    {"String.stringContains", NULL, 0, 2, 2, "SS", EXPR_BOOLEAN, "String.stringContains(text, part)", string_contains},
    {"String.stringSwitch", NULL, 0, 2, MANY, "SSS", EXPR_STRING,
     "String.stringSwitch(text, otherwise, part, value, ...)", string_switch},
    {"String.substring", "substring", 0, 2, 3, "SII", EXPR_STRING, "String.substring(text, start, end)",
     string_substring},
    {"String.substringAfter", "substringAfter", 0, 2, 2, "SS", EXPR_STRING, "String.substringAfter(text, part)",
     string_substring_after},
    {"String.substringBefore", "substringBefore", 0, 2, 2, "SS", EXPR_STRING, "String.substringBefore(text, part)",
     string_substring_before},
    {"String.toLowerCase", "toLowerCase", 0, 1, 1, "S", EXPR_STRING, "String.toLowerCase(text)", string_to_lower},
    {"String.toUpperCase", "toUpperCase", 0, 1, 1, "S", EXPR_STRING, "String.toUpperCase(text)", string_to_upper},
    {"String.trim", NULL, 0, 1, 1, "S", EXPR_STRING, "String.trim(text)", string_trim},

    {"Arrays.add", NULL, 0, 2, 2, "A*", EXPR_ARRAY, "Arrays.add(array, value)", arrays_add},
    {"Arrays.clear", NULL, 0, 1, 1, "A", EXPR_ARRAY, "Arrays.clear(array)", arrays_clear},
    {"Arrays.contains", NULL, 0, 2, 2, "A*", EXPR_BOOLEAN, "Arrays.contains(array, value)", arrays_contains},
    {"Arrays.flatten", NULL, 0, 0, MANY, "*", EXPR_ARRAY, "Arrays.flatten(value, ...)", arrays_flatten},
    {"Arrays.get", NULL, 0, 2, 2, "AI", EXPR_ANY, "Arrays.get(array, position from 0)", arrays_get},
    {"Arrays.isEmpty", NULL, 0, 1, 1, "A", EXPR_BOOLEAN, "Arrays.isEmpty(array)", arrays_is_empty},
    {"Arrays.remove", NULL, 0, 2, 2, "A*", EXPR_ARRAY, "Arrays.remove(array, value)", arrays_remove},
    {"Arrays.size", NULL, 0, 1, 1, "A", EXPR_INTEGER, "Arrays.size(array)", arrays_size},
    {"Arrays.toCsvString", NULL, 0, 1, 1, "A", EXPR_STRING, "Arrays.toCsvString(array)", arrays_to_csv},

    {"Convert.toInt", NULL, EXPR_CONVERT, 1, 1, "*", EXPR_INTEGER, "Convert.toInt(text or number)", convert_to_int},
    {"Convert.toNum", NULL, EXPR_CONVERT, 1, 1, "*", EXPR_NUMBER, "Convert.toNum(text or number)", convert_to_num},

    {"Time.fromIso8601ToString", NULL, EXPR_TIME, 2, 2, "SS", EXPR_STRING, "Time.fromIso8601ToString(time, format)",
     time_to_string},
    {"Time.fromIso8601ToUnix", NULL, EXPR_TIME, 1, 1, "S", EXPR_STRING, "Time.fromIso8601ToUnix(time)", time_to_unix},
    {"Time.fromIso8601ToWindows", NULL, EXPR_TIME, 1, 1, "S", EXPR_STRING, "Time.fromIso8601ToWindows(time)",
     time_to_windows},
    {"Time.fromStringToIso8601", NULL, EXPR_TIME, 2, 2, "SS", EXPR_STRING, "Time.fromStringToIso8601(time, format)",
     time_from_string},
    {"Time.fromUnixToIso8601", NULL, EXPR_TIME, 1, 1, "S", EXPR_STRING, "Time.fromUnixToIso8601(time)", time_from_unix},
    {"Time.fromWindowsToIso8601", NULL, EXPR_TIME, 1, 1, "S", EXPR_STRING, "Time.fromWindowsToIso8601(time)",
     time_from_windows},
    {"Time.now", NULL, EXPR_TIME, 0, 2, "SS", EXPR_STRING, "Time.now(\"UTC\", format)", time_now},

    {"isMemberOfAnyGroup", NULL, EXPR_GROUPS, 1, MANY, "S", EXPR_BOOLEAN, "isMemberOfAnyGroup(id, ...)",
     group_any_function},
    {"isMemberOfGroup", NULL, EXPR_GROUPS, 1, 1, "S", EXPR_BOOLEAN, "isMemberOfGroup(id)", group_by_id_function},
    {"isMemberOfGroupName", NULL, EXPR_GROUPS, 1, 1, "S", EXPR_BOOLEAN, "isMemberOfGroupName(name)", group_name_is},
    {"isMemberOfGroupNameContains", NULL, EXPR_GROUPS, 1, 1, "S", EXPR_BOOLEAN, "isMemberOfGroupNameContains(part)",
     group_name_contains},
    {"isMemberOfGroupNameRegex", NULL, EXPR_GROUPS, 1, 1, "G", EXPR_BOOLEAN, "isMemberOfGroupNameRegex(pattern)",
     group_name_matches},
    {"isMemberOfGroupNameStartsWith", NULL, EXPR_GROUPS, 1, 1, "S", EXPR_BOOLEAN,
     "isMemberOfGroupNameStartsWith(beginning)", group_name_starts},

    {"user.getInternalProperty", NULL, 0, 1, 1, "P", EXPR_STRING, "user.getInternalProperty(\"id\")", user_property},
};
const size_t expr_function_count = ARRAY_LEN(expr_functions);

const struct function *function_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(expr_functions); i++)
        if (strcmp(expr_functions[i].name, name) == 0 || str_eq(expr_functions[i].old_name, name))
            return &expr_functions[i];
    return NULL;
}

const char *function_absence(const char *name)
{
    static const struct {
        const char *name; /* with a * at the end: all that begin so */
        const char *why;
    } absent[] = {
        {"Iso3166Convert.*", "there is no table of countries; keep the code that you need in an attribute of its own"},
        {"Groups.*", "it belongs to the claims of tokens, which Muster does not issue"},
        {"getFilteredGroups", "it belongs to the claims of tokens, which Muster does not issue"},
        {"user.getLinkedObject", "there are no linked objects; keep the value in an attribute"},
        {"getManager*", "there is no Active Directory to ask; use user.manager or user.managerId"},
        {"getAssistant*", "there is no Active Directory to ask; keep the value in an attribute"},
        {"hasDirectoryUser", "there is no Active Directory to ask"},
        {"findDirectoryUser", "there is no Active Directory to ask"},
        {"hasWorkdayUser", "there is no Workday to ask"},
        {"findWorkdayUser", "there is no Workday to ask"},
    };
    for (size_t i = 0; i < ARRAY_LEN(absent); i++) {
        size_t n = strcspn(absent[i].name, "*");
        if (strncmp(name, absent[i].name, n) == 0 && (absent[i].name[n] == '*' || !name[n]))
            return absent[i].why;
    }
    return NULL;
}
