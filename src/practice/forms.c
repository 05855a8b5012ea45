/* SPDX-License-Identifier: Apache-2.0 */
/* What a request wants to change and in which form it says so: servers differ in the forms that they understand. */
#include "practice/inner.h"

static const struct jval *get(const struct jval *object, const char *name)
{
    const char *key = jval_type(object) == JVAL_OBJECT ? schema_key(object, name) : NULL;
    return key ? jval_get(object, key) : NULL;
}

enum op { OP_NONE, OP_ADD, OP_REPLACE, OP_REMOVE };

/* An operation, taken apart. */
struct parts {
    enum op op;
    bool capital;
    const char *path; /* without the urn of groups; NULL: none */
    const struct jval *value;
    const struct jval *members; /* the list of members in the value, in whatever wrapping; NULL: none */
};

static enum op op_of(const char *name)
{
    static const char *const names[] = {[OP_ADD] = "add", [OP_REPLACE] = "replace", [OP_REMOVE] = "remove"};
    for (size_t i = 1; name && i < ARRAY_LEN(names); i++)
        if (strcasecmp(names[i], name) == 0)
            return (enum op)i;
    return OP_NONE;
}

static bool is_members_path(const char *path)
{
    return path && (strcasecmp(path, "members") == 0 || strncasecmp(path, "members[", 8) == 0);
}

static struct parts parts_of(const struct jval *operation)
{
    struct parts parts = {0};
    const char *op = jval_str(get(operation, "op"));
    size_t urn = strlen(URN_GROUP);
    parts.op = op_of(op);
    parts.capital = op && *op >= 'A' && *op <= 'Z';
    parts.path = jval_str(get(operation, "path"));
    if (parts.path && strncasecmp(parts.path, URN_GROUP ":", urn + 1) == 0)
        parts.path += urn + 1;
    parts.value = get(operation, "value");
    const struct jval *inner = get(parts.value, "members");
    if (!parts.path || (is_members_path(parts.path) && inner))
        parts.members = inner;
    else if (is_members_path(parts.path))
        parts.members = parts.value;
    return parts;
}

static size_t count_of(const struct jval *value)
{
    enum jval_type type = jval_type(value);
    return type == JVAL_ARRAY ? jval_len(value) : type == JVAL_OBJECT;
}

/* How many comparisons a filter in brackets joins by `or`. */
static size_t alternatives(const char *path)
{
    size_t count = 1;
    for (const char *p = path; (p = strcasestr(p, " or ")); p += 4)
        count++;
    return count;
}

static const char *form_of(const struct parts *parts)
{
    static const char *const without_path[] = {
        [OP_ADD] = "add_no_path", [OP_REPLACE] = "replace_no_path", [OP_REMOVE] = NULL};
    bool is_remove = parts->op == OP_REMOVE;
    if (!parts->path && !parts->members)
        return parts->op == OP_REPLACE ? "rename_no_path" : NULL;
    if (!parts->path)
        return without_path[parts->op];
    if (!is_members_path(parts->path))
        return NULL;
    if (parts->path[7] == '[')
        return !is_remove ? NULL : alternatives(parts->path) > 1 ? "remove_or" : "remove_filter";
    size_t count = count_of(parts->members);
    if (is_remove)
        return count ? "remove" : "remove_all";
    if (parts->op == OP_REPLACE)
        return count ? "replace" : "replace_empty";
    return parts->op == OP_ADD ? "add" : NULL;
}

void forms_of_operation(const struct jval *operation, struct forms *ret)
{
    struct parts parts = parts_of(operation);
    const char *form = form_of(&parts);
    *ret = (struct forms){0};
    if (!form)
        return;
    ret->words[ret->count++] = form;
    if (parts.capital)
        ret->words[ret->count++] = "capital";
}

struct fault *forms_bent(const struct practice *p, enum fault_kind kind, const struct forms *forms)
{
    for (struct fault *fault = bent(p, kind); fault; fault = fault->same)
        for (size_t i = 0; i < forms->count; i++)
            if (words_have(fault->order.text, forms->words[i], strlen(forms->words[i])))
                return fault;
    return NULL;
}

/* --- how much -------------------------------------------------------------------------------------------------------
 */

static void tally_operation(const struct jval *operation, struct tally *ret)
{
    struct parts parts = parts_of(operation);
    if (!parts.path) {
        ret->adds += count_of(parts.members);
        ret->others += jval_type(parts.value) == JVAL_OBJECT ? jval_len(parts.value) - (parts.members != NULL) : 0;
    } else if (!is_members_path(parts.path)) {
        ret->others++;
    } else if (parts.op == OP_REMOVE) {
        ret->removals += parts.path[7] == '[' ? alternatives(parts.path) : MAX_OF(count_of(parts.members), (size_t)1);
    } else {
        ret->adds += count_of(parts.members);
    }
}

void tally_body(const char *method, const struct jval *body, struct tally *ret)
{
    const struct jval *operations = get(body, "Operations");
    *ret = (struct tally){0};
    if (strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0)
        ret->adds = count_of(get(body, "members"));
    if (jval_type(operations) != JVAL_ARRAY)
        return;
    ret->operations = jval_len(operations);
    for (size_t i = 0; strcmp(method, "PATCH") == 0 && i < ret->operations; i++)
        tally_operation(jval_at(operations, i), ret);
}

/* --- half of it -----------------------------------------------------------------------------------------------------
 */

static struct jval *half_array(const struct jval *array)
{
    struct jval *half = jval_new_array();
    for (size_t i = 0; i < jval_len(array) / 2; i++)
        jval_append(half, jval_ref(jval_at(array, i)));
    return half;
}

/* A copy of the object in which `name` (any case) is half of what it was. */
static struct jval *with_half(const struct jval *object, const char *name)
{
    struct jval *copy = jval_new_object();
    for (void *it = jval_first(object); it; it = jval_next(object, it))
        jval_set(copy, jval_iter_key(it),
                 strcasecmp(jval_iter_key(it), name) == 0 ? half_array(jval_iter_value(it))
                                                          : jval_ref(jval_iter_value(it)));
    return copy;
}

/* One operation with half of its members, or NULL when it has fewer than two. */
static struct jval *half_operation(const struct jval *operation)
{
    struct parts parts = parts_of(operation);
    if (jval_type(parts.members) != JVAL_ARRAY || jval_len(parts.members) < 2)
        return NULL;
    if (parts.members == parts.value)
        return with_half(operation, "value");
    struct jval *copy = jval_new_object();
    for (void *it = jval_first(operation); it; it = jval_next(operation, it))
        jval_set(copy, jval_iter_key(it),
                 strcasecmp(jval_iter_key(it), "value") == 0 ? with_half(parts.value, "members")
                                                             : jval_ref(jval_iter_value(it)));
    return copy;
}

struct jval *half_of(const struct jval *body)
{
    const struct jval *operations = get(body, "Operations");
    const struct jval *members = get(body, "members");
    if (jval_type(members) == JVAL_ARRAY && jval_len(members) > 1)
        return with_half(body, "members");
    if (jval_type(operations) != JVAL_ARRAY || !jval_len(operations))
        return NULL;
    if (jval_len(operations) > 1)
        return with_half(body, "Operations");
    struct jval *operation = half_operation(jval_at(operations, 0));
    if (!operation)
        return NULL;
    struct jval *array = jval_new_array();
    jval_append(array, operation);
    struct jval *copy = with_half(body, "Operations");
    jval_set(copy, schema_key(body, "Operations"), array);
    return copy;
}
