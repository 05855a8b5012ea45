/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a resource, or one element of an attribute, satisfy a filter (RFC 7644 section 3.4.2.2)? A multi-valued
 * attribute satisfies a comparison if one of its values does; a complex value without a sub-attribute is compared by
 * its "value". `ne` is the negation of `eq`, so an absent attribute is unequal to everything; `eq null` asks for
 * absence.
 */
#include "practice/inner.h"

#include "base/clock.h"

#define PATH_NAMES 4 /* levels of an attribute path: name.familyName has two */

/* What a filter is held against: a resource, or one element. */
struct subject {
    struct practice *p;
    struct arena *arena;
    const struct resource *resource; /* or NULL: */
    const struct jval *element;
    const struct schema_attr *attrs; /* of the element; or NULL */
};

static bool is_comparison(enum filter_op op)
{
    return op != FILTER_AND && op != FILTER_OR && op != FILTER_NOT && op != FILTER_VALUE;
}

static bool is_ordering(enum filter_op op)
{
    return op == FILTER_GT || op == FILTER_GE || op == FILTER_LT || op == FILTER_LE;
}

/* Splits "name.familyName" into the first name and the rest (NULL). */
static const char *split_path(struct arena *arena, const char *path, const char **ret_rest)
{
    const char *dot = strchr(path, '.');
    *ret_rest = dot ? dot + 1 : NULL;
    return dot ? arena_strndup(arena, path, (size_t)(dot - path)) : path;
}

/* --- checks before any resource is looked at ------------------------------------------------------------------------
 */

static int check_comparison(struct refusal *refusal, const struct filter *f, const struct schema_attr *attr)
{
    if (!attr || f->op == FILTER_PR)
        return 0;
    if (is_ordering(f->op) && (attr->type == SCHEMA_BOOLEAN || attr->type == SCHEMA_BINARY || f->type == FILTER_BOOL))
        return refuse(refusal, 400, "invalidFilter", "%s has no order: gt, ge, lt and le do not apply to it.",
                      attr->name);
    int64_t ms = 0;
    if (is_ordering(f->op) && attr->type == SCHEMA_DATETIME &&
        (f->type != FILTER_STRING || clock_parse(f->text, &ms) < 0))
        return refuse(refusal, 400, "invalidFilter", "%s is compared with a date and time in quotes (ISO 8601).",
                      attr->name);
    return 0;
}

/* The attribute that a comparison in a filter over a resource (core attributes) or over elements (`attrs`) names. */
static const struct schema_attr *attr_of(const struct filter *f, const struct schema_attr *attrs)
{
    char first[128];
    const struct schema_attr *attr = NULL;
    const char *name = f->attribute;
    const struct schema *schema = f->urn ? schema_find(f->urn) : NULL;
    const struct schema_attr *table = schema ? schema->attrs : attrs;
    for (int i = 0; name && i < PATH_NAMES; i++) {
        size_t n = strcspn(name, ".");
        if (n >= sizeof(first))
            return NULL;
        memcpy(first, name, n);
        first[n] = '\0';
        attr = schema_attr_find(table, first);
        if (!attr && i == 0)
            attr = schema_attr_find(schema_common(), first);
        if (!attr || !name[n])
            return attr;
        table = attr->subs;
        name += n + 1;
    }
    return attr;
}

int match_check(struct refusal *refusal, const struct filter *f, const struct schema_attr *attrs)
{
    if (is_comparison(f->op)) {
        const struct schema_attr *attr = attr_of(f, attrs);
        if (attr && attr->type == SCHEMA_COMPLEX)
            attr = schema_attr_find(attr->subs, "value");
        return check_comparison(refusal, f, attr);
    }
    if (f->op == FILTER_VALUE) {
        const struct schema_attr *attr = attr_of(f, attrs);
        return match_check(refusal, f->left, attr ? attr->subs : NULL);
    }
    int r = match_check(refusal, f->left, attrs);
    return r < 0 || !f->right ? r : match_check(refusal, f->right, attrs);
}

/* --- comparing one value --------------------------------------------------------------------------------------------
 */

static bool holds(enum filter_op op, int order)
{
    switch (op) {
    case FILTER_EQ:
        return order == 0;
    case FILTER_GT:
        return order > 0;
    case FILTER_GE:
        return order >= 0;
    case FILTER_LT:
        return order < 0;
    case FILTER_LE:
        return order <= 0;
    case FILTER_AND:
    case FILTER_OR:
    case FILTER_NOT:
    case FILTER_VALUE:
    case FILTER_NE:
    case FILTER_CO:
    case FILTER_SW:
    case FILTER_EW:
    case FILTER_PR:
    default:
        return false;
    }
}

/* eq of userName or displayName, which faults can bend. */
static bool equal_names(const struct subject *s, const struct filter *f, const char *text)
{
    bool same = strcmp(name_fold(s->arena, text), name_fold(s->arena, f->text)) == 0;
    struct fault *pattern = bent(s->p, FAULT_FILTER_PATTERN);
    struct fault *exact = bent(s->p, FAULT_NAMES_EXACT);
    bool answer = same;
    if (pattern)
        answer = filter_pattern_fits(s->p, f->text, text);
    else if (exact)
        answer = strcmp(text, f->text) == 0;
    if (answer != same)
        fault_strike(pattern ? pattern : exact);
    return answer;
}

static bool compare_text(const struct subject *s, const struct filter *f, const char *text,
                         const struct schema_attr *attr)
{
    int64_t have = 0, want = 0;
    if (attr && attr->type == SCHEMA_DATETIME && clock_parse(text, &have) == 0 && clock_parse(f->text, &want) == 0 &&
        f->op != FILTER_CO && f->op != FILTER_SW && f->op != FILTER_EW)
        return holds(f->op, have < want ? -1 : have > want);
    if (s->resource && s->p->faults->bending && f->op == FILTER_EQ && attr &&
        attr == schema_attr_of(s->resource->kind, NULL, kind_key(s->resource->kind)))
        return equal_names(s, f, text);
    bool exact = attr && attr->case_exact;
    const char *a = exact ? text : name_fold(s->arena, text);
    const char *b = exact ? f->text : name_fold(s->arena, f->text);
    size_t a_len = strlen(a), b_len = strlen(b);
    if (f->op == FILTER_CO)
        return strstr(a, b) != NULL;
    if (f->op == FILTER_SW)
        return a_len >= b_len && memcmp(a, b, b_len) == 0;
    if (f->op == FILTER_EW)
        return a_len >= b_len && memcmp(a + a_len - b_len, b, b_len) == 0;
    return holds(f->op, strcmp(a, b));
}

/* `f` is a comparison other than pr and ne; `value` is a simple value. */
static bool compare_simple(const struct subject *s, const struct filter *f, const struct jval *value,
                           const struct schema_attr *attr)
{
    switch (jval_type(value)) {
    case JVAL_STRING:
        return f->type == FILTER_STRING && compare_text(s, f, jval_str(value), attr);
    case JVAL_INT:
    case JVAL_REAL: {
        double have = jval_number(value, 0);
        return f->type == FILTER_NUMBER && holds(f->op, have < f->number ? -1 : have > f->number);
    }
    case JVAL_BOOL:
        return f->type == FILTER_BOOL && f->op == FILTER_EQ && jval_is_true(value) == f->boolean;
    case JVAL_NONE:
    case JVAL_OBJECT:
    case JVAL_ARRAY:
    case JVAL_NULL:
    default:
        return false;
    }
}

/* A value that counts as present: not an empty text, not an empty object or array. */
static bool is_present(const struct jval *value)
{
    enum jval_type type = jval_type(value);
    if (type == JVAL_OBJECT || type == JVAL_ARRAY)
        return jval_len(value) > 0;
    return type == JVAL_STRING ? jval_str(value)[0] != '\0' : type != JVAL_NONE && type != JVAL_NULL;
}

/* Goes down `rest` ("familyName", or NULL) and compares what is there; any value of an array will do. */
static bool compare_value(const struct subject *s, const struct filter *f, const struct jval *value, const char *rest,
                          const struct schema_attr *attr)
{
    if (jval_type(value) == JVAL_ARRAY) {
        for (size_t i = 0; i < jval_len(value); i++)
            if (compare_value(s, f, jval_at(value, i), rest, attr))
                return true;
        return false;
    }
    if (rest) {
        const char *name = split_path(s->arena, rest, &rest);
        if (jval_type(value) != JVAL_OBJECT)
            return strcasecmp(name, "value") == 0 && !rest && compare_value(s, f, value, NULL, attr);
        const char *key = schema_key(value, name);
        return key && compare_value(s, f, jval_get(value, key), rest, attr ? schema_attr_find(attr->subs, name) : NULL);
    }
    if (f->op == FILTER_PR)
        return is_present(value);
    if (jval_type(value) == JVAL_OBJECT) {
        const char *key = schema_key(value, "value");
        return key && compare_simple(s, f, jval_get(value, key), attr ? schema_attr_find(attr->subs, "value") : NULL);
    }
    return compare_simple(s, f, value, attr);
}

/* --- finding the attribute ------------------------------------------------------------------------------------------
 */

static struct jval *all_members(struct practice *p, const struct resource *r)
{
    if (!r->first)
        return NULL;
    struct jval *array = jval_new_array();
    for (const struct membership *m = r->first; m; m = m->next, p->steps++)
        jval_append(array, membership_value(p, m));
    return array;
}

struct jval *match_attribute(struct practice *p, const struct resource *r, const char *urn, const char *name)
{
    const struct schema *core = schema_core(r->kind);
    if (urn && strcasecmp(urn, core->urn) != 0) {
        const char *key = schema_key(r->doc, urn);
        const struct jval *extension = key ? jval_get(r->doc, key) : NULL;
        const char *inner = schema_key(extension, name);
        return inner ? jval_ref(jval_get(extension, inner)) : NULL;
    }
    if (strcasecmp(name, "id") == 0)
        return jval_new_str(r->id);
    if (strcasecmp(name, "meta") == 0)
        return render_meta(p, r);
    if (strcasecmp(name, "schemas") == 0)
        return render_schemas(r);
    if (r->kind == PRACTICE_USER && strcasecmp(name, "groups") == 0)
        return render_groups(p, r);
    if (r->kind == PRACTICE_GROUP && strcasecmp(name, "members") == 0)
        return all_members(p, r);
    const char *key = schema_key(r->doc, name);
    return key ? jval_ref(jval_get(r->doc, key)) : NULL;
}

static struct jval *subject_attribute(const struct subject *s, const struct filter *f, const char *name)
{
    if (s->resource)
        return match_attribute(s->p, s->resource, f->urn, name);
    /* An element that is no object ("schemas") has one attribute, its value. */
    if (jval_type(s->element) != JVAL_OBJECT)
        return strcasecmp(name, "value") == 0 ? jval_copy(s->element) : NULL;
    const char *key = schema_key(s->element, name);
    return key ? jval_ref(jval_get(s->element, key)) : NULL;
}

static const struct schema_attr *subject_attr(const struct subject *s, const struct filter *f, const char *name)
{
    return s->resource ? schema_attr_of(s->resource->kind, f->urn, name) : schema_attr_find(s->attrs, name);
}

/* members eq "x" and members.value eq "x" are looked up: the group may have 100,000. */
static bool is_member_lookup(const struct subject *s, const struct filter *f)
{
    return s->resource && s->resource->kind == PRACTICE_GROUP && f->op == FILTER_EQ && f->type == FILTER_STRING &&
           (strcasecmp(f->attribute, "members") == 0 || strcasecmp(f->attribute, "members.value") == 0);
}

static bool compare(const struct subject *s, const struct filter *f)
{
    if (is_member_lookup(s, f))
        return members_find(s->resource, f->text) != NULL;
    const char *rest = NULL;
    const char *name = split_path(s->arena, f->attribute, &rest);
    CLEANUP(jval_freep) struct jval *value = subject_attribute(s, f, name);
    const struct schema_attr *attr = subject_attr(s, f, name);
    if (f->op != FILTER_NE && !(f->op == FILTER_EQ && f->type == FILTER_NULL))
        return compare_value(s, f, value, rest, attr);
    struct filter positive = *f;
    positive.op = f->type == FILTER_NULL ? FILTER_PR : FILTER_EQ;
    bool is = compare_value(s, &positive, value, rest, attr);
    /* ne null: is present; eq null: is not present; ne value: is not equal. */
    return f->op == FILTER_NE && f->type == FILTER_NULL ? is : !is;
}

static bool match(const struct subject *s, const struct filter *f);

/* attribute[filter]: one of the values satisfies it. */
static bool match_path(const struct subject *s, const struct filter *f)
{
    const struct schema_attr *attr = subject_attr(s, f, f->attribute);
    const struct filter *in = f->left;
    if (s->resource && s->resource->kind == PRACTICE_GROUP && strcasecmp(f->attribute, "members") == 0 &&
        in->op == FILTER_EQ && in->type == FILTER_STRING && strcasecmp(in->attribute, "value") == 0)
        return members_find(s->resource, in->text) != NULL;
    CLEANUP(jval_freep) struct jval *value = subject_attribute(s, f, f->attribute);
    size_t count = jval_type(value) == JVAL_ARRAY ? jval_len(value) : value != NULL;
    for (size_t i = 0; i < count; i++) {
        struct subject inner = {.p = s->p,
                                .arena = s->arena,
                                .element = jval_type(value) == JVAL_ARRAY ? jval_at(value, i) : value,
                                .attrs = attr ? attr->subs : NULL};
        if (match(&inner, in))
            return true;
    }
    return false;
}

static bool match(const struct subject *s, const struct filter *f)
{
    switch (f->op) {
    case FILTER_AND:
        return match(s, f->left) && match(s, f->right);
    case FILTER_OR:
        return match(s, f->left) || match(s, f->right);
    case FILTER_NOT:
        return !match(s, f->left);
    case FILTER_VALUE:
        return match_path(s, f);
    case FILTER_EQ:
    case FILTER_NE:
    case FILTER_CO:
    case FILTER_SW:
    case FILTER_EW:
    case FILTER_GT:
    case FILTER_GE:
    case FILTER_LT:
    case FILTER_LE:
    case FILTER_PR:
    default:
        return compare(s, f);
    }
}

bool match_resource(struct practice *p, const struct resource *r, const struct filter *filter)
{
    struct subject s = {.p = p, .arena = p->scratch, .resource = r};
    p->steps++;
    bool matches = match(&s, filter);
    arena_reset(p->scratch);
    return matches;
}

bool match_element(struct arena *arena, const struct jval *element, const struct schema_attr *attrs,
                   const struct filter *where)
{
    struct subject s = {.arena = arena, .element = element, .attrs = attrs};
    return match(&s, where);
}
