/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a push rule means a group, and what it would do about it. Writes nothing. */
#include "base/pattern.h"
#include "base/text.h"
#include "push/push_private.h"
#include "push/rule.h"
#include "push/same_group.h"

static const char *const kind_names[MATCH_COUNT] = {
    [MATCH_STARTS_WITH] = "STARTS_WITH", [MATCH_ENDS_WITH] = "ENDS_WITH", [MATCH_CONTAINS] = "CONTAINS",
    [MATCH_EQUALS] = "EQUALS",           [MATCH_REGEX] = "REGEX",         [MATCH_EVERYTHING] = "EVERYTHING",
};

const char *match_kind_name(enum match_kind kind)
{
    return kind_names[kind];
}

const char *rule_outcome_name(enum rule_outcome outcome)
{
    static const char *const names[] = {
        [RULE_NO_MATCH] = "NO_MATCH",       [RULE_CREATES] = "CREATE",        [RULE_LINKS] = "LINK",
        [RULE_HAS_MAPPING] = "HAS_MAPPING", [RULE_MAPPED] = "ALREADY_MAPPED", [RULE_NAME_TAKEN] = "NAME_TAKEN",
        [RULE_SAME_GROUP] = "SAME_GROUP"};
    return names[outcome];
}

struct ready {
    struct criterion criterion;
    const char *fold; /* of the value */
    struct pattern *pattern;
};

struct matcher {
    struct arena *arena;
    int64_t app_rid, rule_rid;
    enum existing_groups existing;
    struct ready group, description;
};

static int make_ready(struct arena *arena, const struct criterion *criterion, const char *field, struct ready *ret,
                      struct problem *problem)
{
    char why[200] = "";
    *ret = (struct ready){.criterion = *criterion, .fold = text_fold(arena, criterion->value)};
    if (criterion->kind != MATCH_REGEX)
        return 0;
    int r = pattern_compile(&ret->pattern, criterion->value, why, sizeof(why));
    return r < 0 ? problem_invalid(problem, "groupPushRule", "%s: The regular expression is not valid: %s", field, why)
                 : 0;
}

struct matcher *matcher_free(struct matcher *matcher)
{
    if (!matcher)
        return NULL;
    pattern_free(matcher->group.pattern);
    pattern_free(matcher->description.pattern);
    arena_free(matcher->arena);
    return NULL;
}

int matcher_new(struct matcher **ret, const struct push_rule *rule, struct problem *problem)
{
    struct arena *arena = arena_new();
    struct matcher *matcher = arena_alloc(arena, sizeof(*matcher));
    *matcher =
        (struct matcher){.arena = arena, .app_rid = rule->app_rid, .rule_rid = rule->rid, .existing = rule->existing};
    int r = make_ready(arena, &rule->group, "groupName.value", &matcher->group, problem);
    if (r == 0)
        r = make_ready(arena, &rule->description, "groupDescription.value", &matcher->description, problem);
    if (r < 0)
        matcher_free(matcher);
    else
        *ret = matcher;
    return r;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text);
    size_t m = strlen(end);
    return m <= n && memcmp(text + n - m, end, m) == 0;
}

static bool fits(const struct ready *ready, struct arena *scratch, const char *text)
{
    const char *value = text ? text : "";
    const char *fold = text_fold(scratch, value);
    switch (ready->criterion.kind) {
    case MATCH_STARTS_WITH:
        return strncmp(fold, ready->fold, strlen(ready->fold)) == 0;
    case MATCH_ENDS_WITH:
        return ends_with(fold, ready->fold);
    case MATCH_CONTAINS:
        return strstr(fold, ready->fold) != NULL;
    case MATCH_EQUALS:
        return strcmp(fold, ready->fold) == 0;
    case MATCH_REGEX:
        return pattern_matches(ready->pattern, value);
    case MATCH_NONE:
    case MATCH_EVERYTHING:
    case MATCH_COUNT:
    default:
        return true;
    }
}

/* Assigned to the app, where one group for both is refused. 1 or 0. */
static int is_refused(struct tx *tx, int64_t app_rid, int64_t group_rid)
{
    enum same_group_policy policy = SAME_GROUP_ALLOW;
    struct app_group assigned = {0};
    int r = same_group_policy_get(tx, &policy);
    if (r < 0 || policy != SAME_GROUP_REFUSE)
        return r;
    r = app_group_get(tx, app_rid, group_rid, &assigned);
    return r == ERR_NOT_FOUND ? 0 : r < 0 ? r : 1;
}

int matcher_judge(struct tx *tx, const struct matcher *matcher, const struct group *group, enum rule_outcome *ret)
{
    struct arena *scratch = tx_arena(tx);
    struct mapping mapping = {0};
    struct target_group target = {0};
    *ret = RULE_NO_MATCH;
    if (group->type != GROUP_OKTA || group->deleted || !fits(&matcher->group, scratch, group->name) ||
        !fits(&matcher->description, scratch, group->description))
        return 0;
    int r = mapping_by_source(tx, matcher->app_rid, group->rid, &mapping);
    if (r == 0)
        *ret = matcher->rule_rid && mapping.rule_rid == matcher->rule_rid ? RULE_HAS_MAPPING : RULE_MAPPED;
    if (r != ERR_NOT_FOUND)
        return r;
    r = is_refused(tx, matcher->app_rid, group->rid);
    if (r > 0)
        *ret = RULE_SAME_GROUP;
    if (r != 0)
        return MIN_OF(r, 0);
    r = target_group_by_name(tx, matcher->app_rid, group->name, &target);
    if (r == ERR_NOT_FOUND)
        *ret = RULE_CREATES;
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    r = mapping_by_target(tx, target.rid, &mapping);
    bool links = r == ERR_NOT_FOUND && matcher->existing == EXISTING_GROUPS_LINK;
    *ret = links ? RULE_LINKS : RULE_NAME_TAKEN;
    return r == ERR_NOT_FOUND ? 0 : r;
}
