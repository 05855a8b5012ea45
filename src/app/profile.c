/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The profile that an app should hold of a person (profile.h says what comes before what).
 *
 * Besides attributes, a document may have a member "$given": the names of attributes that an assignment gave although
 * their mapping does not push. It is never sent. By it a value that an assignment took back is told from one that stays
 * in the app because nobody maps it any more.
 */
#include "app/profile_inner.h"

#include "base/limits.h"
#include "base/text.h"
#include "directory/person.h"

#define GIVEN "$given"
#define COMBINED_MAX 1000 /* values of all assigned groups together */

/* Null, an empty text, or an empty list. */
static bool value_is_empty(const struct jval *value)
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

const char *value_source_name(enum value_source source)
{
    static const char *const names[] = {
        [FROM_NOWHERE] = "NONE",      [FROM_MAPPING] = "MAPPING",   [FROM_DEFAULT] = "DEFAULT", [FROM_GROUP] = "GROUP",
        [FROM_GROUPS] = "ALL_GROUPS", [FROM_PERSON] = "INDIVIDUAL", [FROM_APP] = "APP",
    };
    return names[source];
}

/* One document being made. */
struct maker {
    struct tx *tx;
    const struct app_profile *profile;
    const struct account *account;
    const struct user *user;
    struct made_profile *made;
    struct person *person;   /* for expressions; made when one asks */
    struct jval *own;        /* the person's profile in the directory */
    struct jval *individual; /* what the assignment says */
    struct jval *group;      /* what the group with the best priority says; NULL */
    struct jval *combined;   /* {attribute: values of all groups}; NULL */
    struct jval *sent;       /* what the app acknowledged; NULL */
    struct jval *given;      /* names for "$given" */
};

static int parse(struct jval **ret, const char *text)
{
    return text && jval_parse(ret, text, strlen(text), NULL) < 0 ? ERR_CORRUPT : 0;
}

static int fail(struct maker *m, const struct app_attribute *a, const char *text)
{
    m->made->errors[m->made->error_count++] = (struct profile_error){.name = a->name, .text = text};
    return 0;
}

/* --- the groups ----------------------------------------------------------------------------------------------------
 */

static bool contains(const struct jval *list, const struct jval *value)
{
    for (size_t i = 0; i < jval_len(list); i++)
        if (jval_equal(jval_at(list, i), value))
            return true;
    return false;
}

static void combine(struct maker *m, const struct app_attribute *a, const struct jval *values)
{
    struct jval *list = jval_get(m->combined, a->name);
    if (!list) {
        list = jval_new_array();
        jval_set(m->combined, a->name, list);
    }
    for (size_t i = 0; jval_type(values) == JVAL_ARRAY && i < jval_len(values); i++)
        if (jval_len(list) <= COMBINED_MAX && !contains(list, jval_at(values, i)))
            jval_append(list, jval_copy(jval_at(values, i)));
}

static int combine_group(struct maker *m, const struct app_group *group)
{
    struct jval *says CLEANUP(jval_freep) = NULL;
    int r = parse(&says, group->profile);
    for (size_t i = 0; r == 0 && i < m->profile->count; i++) {
        const struct app_attribute *a = &m->profile->attributes[i];
        if (a->combine && jval_get(says, a->name))
            combine(m, a, jval_get(says, a->name));
    }
    return r;
}

static int read_groups(struct maker *m)
{
    struct app_group *groups = NULL;
    if (m->account->scope != SCOPE_GROUP)
        return 0;
    struct app_group best = {0};
    int r = app_group_get(m->tx, m->account->app_rid, m->account->via_group_rid, &best);
    if (r == ERR_NOT_FOUND) /* just unassigned: the expansion looks at the account again */
        r = 0;
    if (r == 0)
        r = parse(&m->group, best.profile);
    if (r < 0 || !m->profile->combines)
        return r;
    m->combined = jval_new_object();
    int count = app_groups_of_user(m->tx, m->account->app_rid, m->account->user_rid, &groups);
    for (int i = 0; i < count && r == 0; i++)
        r = combine_group(m, &groups[i]);
    return count < 0 ? count : r;
}

/* --- one attribute -------------------------------------------------------------------------------------------------
 */

static struct jval *json_of(const struct expr_value *value)
{
    switch (value->type) {
    case EXPR_BOOLEAN:
        return jval_new_bool(value->boolean);
    case EXPR_INTEGER:
        return jval_new_int(value->integer);
    case EXPR_NUMBER:
        return jval_new_real(value->number);
    case EXPR_STRING:
        return jval_new_str(value->text);
    case EXPR_ARRAY: {
        struct jval *list = jval_new_array();
        for (size_t i = 0; i < value->array.count; i++)
            jval_append(list, json_of(&value->array.items[i]));
        return list;
    }
    case EXPR_NULL:
    case EXPR_ANY:
    default:
        return jval_new_null();
    }
}

/* The value that the mapping gives, which the caller frees; NULL after fail(). */
static int evaluate(struct maker *m, const struct app_attribute *a, struct jval **ret)
{
    struct expr_value value;
    struct expr_error error;
    if (a->direct) {
        const struct jval *own = jval_get(m->own, a->direct);
        *ret = own ? jval_copy(own) : NULL;
        return 0;
    }
    if (!a->expr)
        return fail(m, a, a->error ? a->error : "the expression cannot be read");
    if (!m->person)
        m->person = person_new(m->tx, m->user);
    const struct expr_facts facts = person_facts(m->person);
    struct arena *arena = arena_new();
    int r = expr_evaluate(a->expr, arena, &facts, &value, &error);
    if (r == ERR_TOO_LARGE)
        r = fail(m, a, arena_strdup(tx_arena(m->tx), error.text));
    else if (r == 0)
        *ret = json_of(&value);
    (void)arena_free(arena);
    return r;
}

/* "firstName lastName" as the app gets them, unless the person has a display name. */
static struct jval *display_name(struct maker *m)
{
    const struct jval *own = jval_get(m->own, "displayName");
    if (!value_is_empty(own))
        return jval_copy(own);
    const char *first = jval_get_str(m->made->values, "firstName");
    const char *last = jval_get_str(m->made->values, "lastName");
    const char *gap = first && last ? " " : "";
    return jval_new_str(arena_printf(tx_arena(m->tx), "%s%s%s", first ? first : "", gap, last ? last : ""));
}

static bool makes_display_name(const struct app_attribute *a)
{
    return str_eq(a->name, "displayName") && !a->direct && !a->expr && !a->error && a->expression;
}

/* A person's value is the app's id of the account of whom it names, or nothing yet. */
static int resolve(struct maker *m, struct jval **value)
{
    struct user named = {0};
    enum account_scope scope = SCOPE_NONE;
    const char *external_id = NULL;
    bool ready = false;
    const char *name = jval_str(*value);
    if (!name || !*name)
        return 0;
    m->made->names = arena_strdup(tx_arena(m->tx), name);
    m->made->refers_to = text_fold(tx_arena(m->tx), name);
    int r = user_by_id(m->tx, name, &named);
    if (r == ERR_NOT_FOUND)
        r = user_by_login(m->tx, name, &named);
    if (r == 0)
        r = account_state(m->tx, m->account->app_rid, named.rid, &scope, &external_id, &ready);
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    *value = jval_free(*value);
    if (r == 0 && scope != SCOPE_NONE && external_id)
        *value = jval_new_str(external_id);
    return 0;
}

static const struct jval *given_value(const struct maker *m, const struct app_attribute *a, enum value_source *ret)
{
    const struct jval *value = jval_get(m->individual, a->name);
    *ret = FROM_PERSON;
    if (value || a->personal)
        return value;
    *ret = a->combine ? FROM_GROUPS : FROM_GROUP;
    return jval_get(a->combine ? m->combined : m->group, a->name);
}

/* Nobody says anything of it: it stays as the app acknowledged it, unless an assignment gave it then. */
static const struct jval *kept_value(const struct maker *m, const struct app_attribute *a)
{
    const struct jval *given = jval_get(m->sent, GIVEN);
    for (size_t i = 0; i < jval_len(given); i++)
        if (str_eq(jval_str(jval_at(given, i)), a->name))
            return NULL;
    return jval_get(m->sent, a->path);
}

static void keep(struct maker *m, const struct app_attribute *a, enum value_source *ret_source, struct jval **ret)
{
    const struct jval *kept = kept_value(m, a);
    if (kept) {
        *ret = jval_copy(kept);
        *ret_source = FROM_APP;
    }
}

static int map_value(struct maker *m, const struct app_attribute *a, enum value_source *ret_source, struct jval **ret)
{
    size_t errors = m->made->error_count;
    bool is_late = a->expression && !a->push && m->account->external_id;
    int r = 0;
    if (is_late || (!a->expression && !a->preset)) {
        keep(m, a, ret_source, ret);
    } else if (!a->expression) {
        *ret = NULL;
    } else if (makes_display_name(a)) {
        *ret = display_name(m);
        *ret_source = FROM_MAPPING;
    } else {
        r = evaluate(m, a, ret);
        *ret_source = FROM_MAPPING;
    }
    if (r == 0 && m->made->error_count == errors && value_is_empty(*ret) && a->preset && !is_late) {
        *ret = jval_free(*ret);
        r = parse(ret, a->preset);
        *ret_source = FROM_DEFAULT;
    }
    return r;
}

/* What does not fit is left as it is there. */
static int check(struct maker *m, const struct app_attribute *a, const struct jval *value)
{
    struct problem problem = {0};
    if (a->combine && jval_len(value) > COMBINED_MAX)
        return fail(m, a, "the groups give more than 1000 values together; take some away");
    if (!a->rules)
        return jval_type(value) == JVAL_STRING || value_is_empty(value)
                   ? 0
                   : fail(m, a, "the value must be a text; change the mapping");
    if (value_is_empty(value))
        return a->rules->required ? fail(m, a,
                                         "the app requires a value, and there is none: give the person one, or "
                                         "the attribute a default")
                                  : 0;
    int r = attribute_check(tx_arena(m->tx), a->rules, value, &problem);
    if (r == ERR_PROBLEM)
        return fail(m, a, arena_strdup(tx_arena(m->tx), problem.cause_count ? problem.causes[0] : "does not fit"));
    return r;
}

static void take(struct maker *m, const struct app_attribute *a, struct jval *value)
{
    if (value_is_empty(value)) {
        (void)jval_free(value);
        return;
    }
    jval_set(m->made->values, a->name, jval_ref(value));
    jval_set(m->made->document, a->path, value);
}

static int make_attribute(struct maker *m, const struct app_attribute *a, enum value_source *ret_source)
{
    struct jval *value = NULL;
    size_t errors = m->made->error_count;
    enum value_source source = FROM_NOWHERE;
    const struct jval *given = given_value(m, a, &source);
    int r = 0;
    if (given)
        value = jval_copy(given);
    else
        r = map_value(m, a, &source, &value);
    if (given && !(a->expression && a->push))
        jval_append(m->given, jval_new_str(a->name));
    if (r == 0 && a->reference && source != FROM_APP)
        r = resolve(m, &value);
    if (r == 0 && m->made->error_count == errors && source != FROM_APP)
        r = check(m, a, value);
    if (r == 0 && m->made->error_count > errors) {
        value = jval_free(value);
        keep(m, a, &source, &value);
    }
    if (r < 0) {
        (void)jval_free(value);
        return r;
    }
    *ret_source = value_is_empty(value) && !given ? FROM_NOWHERE : source;
    take(m, a, value);
    return 0;
}

/* --- the whole -----------------------------------------------------------------------------------------------------
 */

/* What an attribute that is no longer in the schema left in the app is not taken away. */
static void keep_forgotten(struct maker *m)
{
    for (void *it = jval_first(m->sent); it; it = jval_next(m->sent, it)) {
        const char *path = jval_iter_key(it);
        bool known = !strchr(path, ':');
        for (size_t i = 0; !known && i < m->profile->count; i++)
            known = strcmp(m->profile->attributes[i].path, path) == 0;
        if (!known)
            jval_set(m->made->document, path, jval_copy(jval_iter_value(it)));
    }
}

static int make(struct maker *m)
{
    size_t last = 0;
    int r = parse(&m->own, m->user->profile);
    if (r == 0)
        r = parse(&m->individual, m->account->profile);
    if (r == 0)
        r = read_groups(m);
    if (r == 0)
        r = parse(&m->sent, m->profile->is_plain ? NULL : m->account->sent_profile);
    for (size_t i = 0; r == 0 && i < m->profile->count; i++) {
        const struct app_attribute *a = &m->profile->attributes[i];
        if (str_eq(a->name, "displayName"))
            last = i; /* is made of others */
        else
            r = make_attribute(m, a, &m->made->source[i]);
    }
    if (r == 0)
        r = make_attribute(m, &m->profile->attributes[last], &m->made->source[last]);
    if (r < 0)
        return r;
    keep_forgotten(m);
    if (jval_len(m->given))
        jval_set(m->made->document, GIVEN, jval_ref(m->given));
    jval_set_str(m->made->document, "userName", m->account->user_name);
    return 0;
}

void made_profile_free(struct made_profile *made)
{
    made->document = jval_free(made->document);
    made->values = jval_free(made->values);
}

int profile_make(struct tx *tx, const struct app_profile *profile, const struct account *account,
                 const struct user *user, struct made_profile *ret)
{
    int r = profile ? 0 : app_profile_load(tx, account->app_rid, &profile);
    if (r < 0)
        return r;
    struct arena *arena = tx_arena(tx);
    struct made_profile made = {.document = jval_new_object(),
                                .values = jval_new_object(),
                                .source = arena_array(arena, profile->count, sizeof(*made.source)),
                                .errors = arena_array(arena, profile->count, sizeof(*made.errors))};
    struct maker m = {
        .tx = tx, .profile = profile, .account = account, .user = user, .made = &made, .given = jval_new_array()};
    r = make(&m);
    (void)person_free(m.person);
    struct jval **parts[] = {&m.own, &m.individual, &m.group, &m.combined, &m.sent, &m.given};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        *parts[i] = jval_free(*parts[i]);
    if (r < 0)
        made_profile_free(&made);
    else
        *ret = made;
    return r;
}

int account_wanted_profile(struct tx *tx, const struct account *account, const struct user *user, struct jval **ret)
{
    const char *ignored = NULL;
    return account_document(tx, account, user, ret, &ignored);
}

int account_document(struct tx *tx, const struct account *account, const struct user *user, struct jval **ret,
                     const char **ret_error)
{
    const char *ignored = NULL;
    return account_document_of(tx, account, user, ret, ret_error, &ignored);
}

int account_document_of(struct tx *tx, const struct account *account, const struct user *user, struct jval **ret,
                        const char **ret_error, const char **ret_refers_to)
{
    struct made_profile made;
    int r = profile_make(tx, NULL, account, user, &made);
    if (r < 0)
        return r;
    const char *text = NULL;
    for (size_t i = 0; i < made.error_count; i++)
        text = arena_printf(tx_arena(tx), "%s%s%s: %s", text ? text : "", text ? "; " : "", made.errors[i].name,
                            made.errors[i].text);
    *ret_error = text;
    *ret_refers_to = made.refers_to;
    *ret = jval_ref(made.document);
    made_profile_free(&made);
    return 0;
}

static size_t sendable(const struct jval *document)
{
    return jval_len(document) - (jval_get(document, GIVEN) != NULL);
}

int document_differs(const struct account *account, const struct jval *document)
{
    struct jval *sent CLEANUP(jval_freep) = NULL;
    if (!account->sent_profile)
        return 1;
    if (jval_parse(&sent, account->sent_profile, strlen(account->sent_profile), NULL) < 0)
        return ERR_CORRUPT;
    bool differs = sendable(document) != sendable(sent);
    for (void *it = jval_first(document); it && !differs; it = jval_next(document, it))
        differs = strcmp(jval_iter_key(it), GIVEN) != 0 &&
                  !jval_equal(jval_iter_value(it), jval_get(sent, jval_iter_key(it)));
    return differs;
}

int account_profile_differs(struct tx *tx, const struct account *account, const struct user *user)
{
    struct jval *wanted CLEANUP(jval_freep) = NULL;
    const char *error = NULL;
    int r = account_document(tx, account, user, &wanted, &error);
    if (r < 0)
        return r;
    return error ? 1 : document_differs(account, wanted);
}

/* --- what an assignment says ---------------------------------------------------------------------------------------
 */

/*
 * Names that the published SCIM app gives attributes which have other names here. Its clients send them when they
 * assign, as a copy of the person's own values, which the mapping pushes anyway: taken, and without effect.
 */
static bool is_published_copy(const char *name)
{
    static const char *const names[] = {"givenName",   "familyName", "emailType",    "primaryPhoneType",
                                        "addressType", "locality",   "region",       "postalCode",
                                        "country",     "formatted",  "managerValue", "managerDisplayName"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static int check_override(struct tx *tx, const struct app_attribute *a, const struct jval *value, bool of_group,
                          struct problem *problem)
{
    if (of_group && a->personal)
        return problem_invalid(problem, a->name,
                               "%s: The attribute is personal (scope SELF); give it to each person instead", a->name);
    if (value_is_empty(value))
        return 0;
    if (a->rules)
        return attribute_check(tx_arena(tx), a->rules, value, problem);
    if (jval_type(value) == JVAL_STRING)
        return 0;
    return problem_invalid(problem, a->name, "%s: The value must be of type string", a->name);
}

int app_overrides_check(struct tx *tx, int64_t app_rid, const struct jval *profile, bool of_group,
                        struct problem *problem)
{
    const struct app_profile *schema = NULL;
    int r = app_profile_load(tx, app_rid, &schema);
    for (void *it = jval_first(profile); r == 0 && it; it = jval_next(profile, it)) {
        const struct app_attribute *a = app_attribute_find(schema, jval_iter_key(it));
        if (a)
            r = check_override(tx, a, jval_iter_value(it), of_group, problem);
        else if (!is_published_copy(jval_iter_key(it)))
            r = problem_invalid(problem, "profile", "Property name '%.200s' is not defined in profile",
                                jval_iter_key(it));
    }
    return r;
}
