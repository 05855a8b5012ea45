/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What group rules do. Rules are looked up by what changed (group_rule_keys), so that a change costs what concerns it:
 * a statement for each thing that changed, one for what rules give the person, one for the person's groups if a rule
 * asks, and then those of the memberships that really change. What was read of rules is kept for the job.
 */
#include "directory/rule_inner.h"

#include "base/limits.h"

SQL(RULE_ANY_ACTIVE, "SELECT 1 FROM group_rules WHERE status = 2 LIMIT 1");
SQL(RULE_ANY_READER, "SELECT 1 FROM group_rule_keys k JOIN group_rules r ON r.rid = k.rule_rid"
                     " WHERE k.key >= $1 AND k.key < $2 AND r.status = 2 LIMIT 1");
SQL(RULES_ACTIVE, "SELECT " RULE_COLUMNS " FROM group_rules r WHERE r.status = 2 ORDER BY r.rid");
SQL(RULES_BY_KEY, "SELECT " RULE_COLUMNS " FROM group_rule_keys k JOIN group_rules r ON r.rid = k.rule_rid"
                  " WHERE k.key = $1 AND r.status = 2 ORDER BY r.rid");
SQL(RULES_NAMING, "SELECT " RULE_COLUMNS " FROM group_rule_keys k JOIN group_rules r ON r.rid = k.rule_rid"
                  " WHERE k.key = $1 AND r.status <> 3 ORDER BY r.rid");
SQL(GRANTS_OF_USER, "SELECT rule_rid, user_rid, group_rid FROM membership_rules WHERE user_rid = $1"
                    " ORDER BY rule_rid, group_rid");
SQL(GRANTS_OF_RULE, "SELECT rule_rid, user_rid, group_rid FROM membership_rules WHERE rule_rid = $1 AND user_rid > $2"
                    " AND user_rid <= $3 ORDER BY user_rid, group_rid");
SQL(GRANTS_FIRST, "SELECT rule_rid, user_rid, group_rid FROM membership_rules WHERE rule_rid = $1"
                  " ORDER BY user_rid, group_rid LIMIT $2");
SQL(GRANTS_OF_MEMBERSHIP, "SELECT rule_rid, user_rid, group_rid FROM membership_rules WHERE group_rid = $1"
                          " AND user_rid = $2 ORDER BY rule_rid");
SQL(GRANT_ADD, "INSERT INTO membership_rules (group_rid, user_rid, rule_rid) VALUES ($1, $2, $3)");
SQL(GRANT_DROP, "DELETE FROM membership_rules WHERE group_rid = $1 AND user_rid = $2 AND rule_rid = $3");
SQL(MEMBERSHIP_BY_RULE, "INSERT INTO memberships (group_rid, user_rid, created, direct) VALUES ($1, $2, $3, 0)"
                        " ON CONFLICT (group_rid, user_rid) DO NOTHING");
SQL(MEMBERSHIP_UNREASONED,
    "DELETE FROM memberships WHERE group_rid = $1 AND user_rid = $2 AND direct = 0 AND NOT EXISTS"
    " (SELECT 1 FROM membership_rules g WHERE g.group_rid = $1 AND g.user_rid = $2)");
SQL(MEMBERSHIP_KEEP, "UPDATE memberships SET direct = 1 WHERE group_rid = $1 AND user_rid = $2");
SQL(RULE_REMOVE, "DELETE FROM group_rules WHERE rid = $1 AND deleted > 0");
SQL(USERS_FOR_RULE, "SELECT " USER_COLUMNS " FROM users u WHERE u.rid > $1 AND u.deleted = 0 AND u.status <> 8"
                    " ORDER BY u.rid LIMIT $2");

/* A rule as this job knows it. */
struct loaded {
    struct rule rule;
    const struct expr *expr; /* NULL: does not compile any more */
    const char *why;         /* then: the reason */
    struct group *groups;    /* of its targets; rid 0 until read */
    uint64_t seen;           /* the last list that it was put into */
    struct loaded *next;     /* of its slot */
};

struct loaded_list {
    const char *key;
    struct loaded **rules;
    size_t count;
    size_t size;
    struct loaded_list *next;
};

#define RULE_SLOTS 256
#define KEY_ALL "*" /* not the key of a rule: all that are ACTIVE */

struct memo {
    const struct schema *schema;
    struct loaded *slots[RULE_SLOTS];
    struct loaded_list *lists;
    uint64_t lists_made;
    int any_active; /* -1: not asked yet */
    int any_reader; /* -1: not asked yet */
};

struct grant {
    int64_t rule_rid;
    int64_t user_rid;
    int64_t group_rid;
};

struct grants {
    struct grant *items;
    size_t count;
};

/* --- what a job knows of rules -------------------------------------------------------------------------------------
 */

static const char memo_key;

static struct memo *memo_of(struct tx *tx)
{
    void **memo = tx_memo(tx, &memo_key);
    if (!*memo) {
        struct memo *new = arena_alloc(tx_arena(tx), sizeof(*new));
        new->any_active = -1;
        new->any_reader = -1;
        *memo = new;
    }
    return *memo;
}

void rules_forget(struct tx *tx)
{
    *tx_memo(tx, &memo_key) = NULL;
}

/* The usual case, that no rule is ACTIVE, costs one statement a job. */
static int any_active(struct tx *tx)
{
    struct memo *memo = memo_of(tx);
    int64_t one = 0;
    if (memo->any_active < 0) {
        int r = tx_get_int(tx, &one, &RULE_ANY_ACTIVE, NO_BINDS);
        if (r < 0)
            return r;
        memo->any_active = r;
    }
    return memo->any_active;
}

static int any_reader(struct tx *tx)
{
    struct memo *memo = memo_of(tx);
    int64_t one = 0;
    int r = memo->any_reader < 0 ? any_active(tx) : 0;
    if (r > 0)
        r = tx_get_int(tx, &one, &RULE_ANY_READER, T(RULE_KEY_GROUP), T(RULE_KEY_GROUPS_END));
    if (r < 0)
        return r;
    if (memo->any_reader < 0)
        memo->any_reader = r;
    return memo->any_reader;
}

static struct loaded *load(struct tx *tx, struct memo *memo, const struct rule *rule)
{
    struct loaded **slot = &memo->slots[rule->rid % RULE_SLOTS];
    for (struct loaded *known = *slot; known; known = known->next)
        if (known->rule.rid == rule->rid)
            return known;
    struct arena *arena = tx_arena(tx);
    struct loaded *new = arena_alloc(arena, sizeof(*new));
    struct problem problem = {0};
    *new = (struct loaded){.rule = *rule, .next = *slot};
    new->groups = arena_array(arena, rule->target_count + 1, sizeof(*new->groups));
    if (rule_compile(tx, memo->schema, rule->expression, &new->expr, &problem) < 0) {
        new->expr = NULL;
        new->why = arena_strdup(arena, problem.causes[0]);
    }
    *slot = new;
    return new;
}

static void append(struct arena *arena, struct loaded_list *list, struct loaded *loaded)
{
    if (list->count == list->size) {
        struct loaded **bigger = arena_array(arena, list->size * 2 + 16, sizeof(*bigger));
        if (list->size)
            memcpy(bigger, list->rules, list->size * sizeof(*bigger));
        list->rules = bigger;
        list->size = list->size * 2 + 16;
    }
    list->rules[list->count++] = loaded;
}

/* The ACTIVE rules with a key (KEY_ALL: all), by rid. */
static int list_of(struct tx *tx, const char *key, const struct loaded_list **ret)
{
    struct memo *memo = memo_of(tx);
    for (const struct loaded_list *list = memo->lists; list; list = list->next) {
        if (strcmp(list->key, key) == 0) {
            *ret = list;
            return 0;
        }
    }
    struct arena *arena = tx_arena(tx);
    struct loaded_list *list = arena_alloc(arena, sizeof(*list));
    struct query query;
    int r = memo->schema ? 0 : schema_load(tx, SCHEMA_USER, &memo->schema);
    if (r == 0)
        r = strcmp(key, KEY_ALL) == 0 ? tx_query(tx, &query, &RULES_ACTIVE, NO_BINDS)
                                      : tx_query(tx, &query, &RULES_BY_KEY, T(key));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        struct rule rule;
        r = rule_from_row(arena, &query, &rule);
        if (r == 0)
            append(arena, list, load(tx, memo, &rule));
        else
            query_close(&query);
    }
    if (r < 0)
        return r;
    list->key = arena_strdup(arena, key);
    list->next = memo->lists;
    memo->lists = list;
    *ret = list;
    return 0;
}

/* A list to which add_key() adds the rules of several keys, each rule once. */
static struct loaded_list begin_list(struct tx *tx)
{
    memo_of(tx)->lists_made++;
    return (struct loaded_list){0};
}

static int add_key(struct tx *tx, const char *key, struct loaded_list *list)
{
    const struct loaded_list *found = NULL;
    uint64_t number = memo_of(tx)->lists_made;
    int r = list_of(tx, key, &found);
    for (size_t i = 0; r == 0 && i < found->count; i++) {
        if (found->rules[i]->seen != number)
            append(tx_arena(tx), list, found->rules[i]);
        found->rules[i]->seen = number;
    }
    return r;
}

/* --- grants --------------------------------------------------------------------------------------------------------
 */

static int read_grants(struct arena *arena, struct query *query, int r, struct grants *ret)
{
    size_t size = 0;
    *ret = (struct grants){0};
    while (r >= 0 && (r = query_next(query)) > 0) {
        if (ret->count == size) {
            struct grant *bigger = arena_array(arena, size * 2 + 16, sizeof(*bigger));
            if (size)
                memcpy(bigger, ret->items, size * sizeof(*bigger));
            ret->items = bigger;
            size = size * 2 + 16;
        }
        ret->items[ret->count++] = (struct grant){
            .rule_rid = query_int(query, 0), .user_rid = query_int(query, 1), .group_rid = query_int(query, 2)};
    }
    return r;
}

static bool has_grant(const struct grants *grants, int64_t rule_rid, int64_t user_rid, int64_t group_rid)
{
    for (size_t i = 0; i < grants->count; i++)
        if (grants->items[i].rule_rid == rule_rid && grants->items[i].user_rid == user_rid &&
            grants->items[i].group_rid == group_rid)
            return true;
    return false;
}

/* The group of a target, read once a job; its time stamp is kept true for the next member. */
static int target_group(struct tx *tx, struct loaded *loaded, size_t i, struct group **ret)
{
    *ret = &loaded->groups[i];
    return loaded->groups[i].rid ? 0 : group_by_rid(tx, loaded->rule.targets[i].rid, &loaded->groups[i]);
}

/* 1 when the person was no member yet. */
static int give(struct tx *tx, const struct rule *rule, struct group *group, const struct user *user, int depth)
{
    if (group->deleted)
        return 0;
    int added = tx_exec(tx, &MEMBERSHIP_BY_RULE, I(group->rid), I(user->rid), I(tx_now(tx)));
    int r = added < 0 ? added : tx_exec(tx, &GRANT_ADD, I(group->rid), I(user->rid), I(rule->rid));
    if (r >= 0 && added > 0)
        r = membership_added(tx, group, user, &(struct membership_cause){.rule_id = rule->id, .depth = depth + 1});
    group->last_membership_updated = added > 0 ? tx_now(tx) : group->last_membership_updated;
    return r < 0 ? r : added > 0;
}

/* 1 when the person is no member any more. */
static int withdraw(struct tx *tx, const struct rule *rule, struct group *group, const struct user *user, int depth)
{
    int r = tx_exec(tx, &GRANT_DROP, I(group->rid), I(user->rid), I(rule->rid));
    if (r > 0)
        r = tx_exec(tx, &MEMBERSHIP_UNREASONED, I(group->rid), I(user->rid));
    if (r <= 0)
        return r;
    r = membership_removed(tx, group, user, &(struct membership_cause){.rule_id = rule->id, .depth = depth + 1});
    group->last_membership_updated = tx_now(tx);
    return r < 0 ? r : 1;
}

/* --- applying ------------------------------------------------------------------------------------------------------
 */

struct pass {
    struct tx *tx;
    int depth;  /* rules in a row that led here */
    int writes; /* memberships that were changed */
};

static int rule_failed(struct tx *tx, const struct rule *rule, const struct user *user, const char *reason)
{
    return record_event(tx, &(struct event){.type = "group.user_membership.rule.error",
                                            .message = "Group membership rule is in error state",
                                            .severity = SEVERITY_WARN,
                                            .outcome = "FAILURE",
                                            .reason = reason,
                                            .targets = {rule_target(rule), user_target(user)},
                                            .target_count = 2});
}

/* 1 when the rule applies to the person, 0 when not, UNKNOWN when nobody can say: then nothing is changed. */
#define UNKNOWN 2

static int judge(struct tx *tx, const struct loaded *loaded, struct person *person)
{
    struct expr_error error;
    if (!loaded->expr)
        return UNKNOWN;
    int wanted = person_matches(person, &loaded->rule, loaded->expr, &error);
    if (wanted != ERR_TOO_LARGE)
        return wanted;
    int r = rule_failed(tx, &loaded->rule, person_user(person), error.text);
    return r < 0 ? r : UNKNOWN;
}

/* Gives what a rule that applies has not given, or takes what one that does not apply has. */
static int settle(struct pass *pass, struct loaded *loaded, const struct user *user, const struct grants *grants,
                  bool wanted)
{
    for (size_t i = 0; i < loaded->rule.target_count; i++) {
        int64_t group_rid = loaded->rule.targets[i].rid;
        struct group *group = NULL;
        if (has_grant(grants, loaded->rule.rid, user->rid, group_rid) == wanted)
            continue;
        int r = target_group(pass->tx, loaded, i, &group);
        if (r == ERR_NOT_FOUND)
            continue;
        if (r == 0)
            r = wanted ? give(pass->tx, &loaded->rule, group, user, pass->depth)
                       : withdraw(pass->tx, &loaded->rule, group, user, pass->depth);
        if (r < 0)
            return r;
        pass->writes++;
    }
    return 0;
}

static int invalidate_broken(struct tx *tx, const struct loaded_list *list)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < list->count; i++)
        if (!list->rules[i]->expr)
            r = rule_invalidate(tx, &list->rules[i]->rule, list->rules[i]->why);
    return r;
}

/* First what rules give, then what they take: who comes from one rule to another stays a member meanwhile. */
static int apply_in_order(struct pass *pass, const struct loaded_list *list, const struct user *user,
                          const struct grants *grants, int64_t *cursor)
{
    struct person *person = person_new(pass->tx, user);
    int *wanted = arena_array(tx_arena(pass->tx), list->count, sizeof(*wanted));
    size_t first = 0;
    while (first < list->count && list->rules[first]->rule.rid <= *cursor)
        first++;
    size_t end = first;
    bool full = false;
    int r = 0;
    for (; r == 0 && !full && end < list->count; end++) {
        wanted[end] = judge(pass->tx, list->rules[end], person);
        r = wanted[end] < 0 ? wanted[end] : wanted[end] == 1 ? settle(pass, list->rules[end], user, grants, true) : 0;
        full = pass->writes >= LIMIT_RULE_WRITES && pass->depth == 0 && end + 1 < list->count;
    }
    for (size_t i = first; r == 0 && i < end; i++)
        if (wanted[i] == 0)
            r = settle(pass, list->rules[i], user, grants, false);
    if (r == 0 && full)
        *cursor = list->rules[end - 1]->rule.rid;
    (void)person_free(person);
    return r < 0 ? r : full;
}

/*
 * Applies rules with a rid above `*cursor` to one person. 1 when it stopped after LIMIT_RULE_WRITES, with `*cursor` at
 * the last rule that was applied (never in a chain, which ends by itself); 0 when it came to the end.
 */
static int apply_all(struct pass *pass, const struct loaded_list *list, const struct user *user, int64_t *cursor)
{
    struct tx *tx = pass->tx;
    if (list->count == 0 || user->deleted || user->status == USER_DEPROVISIONED)
        return 0;
    struct query query;
    struct grants grants;
    int r = invalidate_broken(tx, list);
    if (r == 0)
        r = read_grants(tx_arena(tx), &query, tx_query(tx, &query, &GRANTS_OF_USER, I(user->rid)), &grants);
    if (r < 0)
        return r;
    return apply_in_order(pass, list, user, &grants, cursor);
}

/* The same within the change that caused it; what is too much goes on in chunks. */
static int apply_now(struct tx *tx, const struct loaded_list *list, const struct user *user, int depth)
{
    struct pass pass = {.tx = tx, .depth = depth};
    int64_t cursor = 0;
    int r = apply_all(&pass, list, user, &cursor);
    return r <= 0 ? r : tx_change(tx, (struct change){.kind = CHANGE_RULES_OF_USER, .subject = user->rid});
}

static int apply_key(struct tx *tx, const char *key, int64_t user_rid)
{
    const struct loaded_list *list = NULL;
    struct user user;
    int r = any_active(tx);
    if (r > 0)
        r = list_of(tx, key, &list);
    if (r < 0 || !list || list->count == 0)
        return r < 0 ? r : 0;
    r = user_by_rid(tx, user_rid, &user);
    return r < 0 ? r : apply_now(tx, list, &user, 0);
}

int rules_on_profile(struct tx *tx, const struct user *user, const struct jval *old, const struct jval *new)
{
    int r = any_active(tx);
    if (r <= 0)
        return r;
    struct loaded_list list = begin_list(tx);
    const struct jval *sides[] = {old, new};
    for (size_t side = 0; r >= 0 && side < ARRAY_LEN(sides); side++) {
        for (void *it = jval_first(sides[side]); r >= 0 && it; it = jval_next(sides[side], it)) {
            const char *name = jval_iter_key(it);
            const struct jval *other = jval_get(sides[1 - side], name);
            if ((side == 1 && other) || (other && jval_equal(other, jval_iter_value(it))))
                continue; /* seen from the other side, or the same */
            r = add_key(tx, arena_printf(tx_arena(tx), RULE_KEY_ATTRIBUTE "%s", name), &list);
        }
    }
    return r < 0 ? r : apply_now(tx, &list, user, 0);
}

/* --- reacting ------------------------------------------------------------------------------------------------------
 */

static int chain_is_too_long(struct tx *tx, const struct loaded_list *list, const struct user *user)
{
    return rule_failed(
        tx, &list->rules[0]->rule, user,
        "Rules that cause one another came to the limit of 5 in a row; see to it that no rule depends on "
        "what it changes itself");
}

static int on_member(struct tx *tx, const struct change *change)
{
    struct group group;
    struct user user;
    int r = any_reader(tx);
    if (r <= 0)
        return r;
    r = group_by_rid(tx, change->subject, &group);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    struct loaded_list list = begin_list(tx);
    r = add_key(tx, RULE_KEY_GROUP "*", &list);
    if (r == 0)
        r = add_key(tx, arena_printf(tx_arena(tx), RULE_KEY_GROUP "%s", group.id), &list);
    if (r < 0 || list.count == 0)
        return r;
    r = user_by_rid(tx, change->object, &user);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    if (change->detail >= LIMIT_RULE_CHAIN)
        return chain_is_too_long(tx, &list, &user);
    return apply_now(tx, &list, &user, (int)change->detail);
}

static int on_status(struct tx *tx, const struct change *change)
{
    enum user_status was = (enum user_status)(change->detail / 256);
    enum user_status is = (enum user_status)(change->detail % 256);
    if (is == USER_DEPROVISIONED)
        return 0;
    return apply_key(tx, was == USER_DEPROVISIONED ? KEY_ALL : RULE_KEY_PROPERTY "status", change->subject);
}

static int invalidate_naming(struct tx *tx, const char *key, const char *reason)
{
    struct query query;
    struct rule *rules = arena_array(tx_arena(tx), LIMIT_RULES, sizeof(*rules));
    int count = 0;
    int r = tx_query(tx, &query, &RULES_NAMING, T(key));
    while (r >= 0 && count < LIMIT_RULES && (r = query_next(&query)) > 0)
        r = rule_from_row(tx_arena(tx), &query, &rules[count++]);
    query_close(&query);
    for (int i = 0; r >= 0 && i < count; i++)
        r = rule_invalidate(tx, &rules[i], reason);
    return r < 0 ? r : 0;
}

static int on_group_deleted(struct tx *tx, const struct change *change)
{
    struct group group;
    int r = group_by_rid(tx, change->subject, &group);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    const char *reason = arena_printf(tx_arena(tx), "The group %s (%s) was deleted", group.name, group.id);
    r = invalidate_naming(tx, arena_printf(tx_arena(tx), RULE_KEY_TARGET "%s", group.id), reason);
    return r < 0 ? r : invalidate_naming(tx, arena_printf(tx_arena(tx), RULE_KEY_GROUP "%s", group.id), reason);
}

/* Its members are looked at again only if a rule reads names. */
static int on_group_renamed(struct tx *tx, const struct change *change)
{
    const struct loaded_list *list = NULL;
    int r = any_reader(tx);
    if (r > 0)
        r = list_of(tx, RULE_KEY_GROUP "*", &list);
    if (r < 0 || !list || list->count == 0)
        return r < 0 ? r : 0;
    return tx_change(tx, (struct change){.kind = CHANGE_RULES_OF_GROUP, .subject = change->subject});
}

int rules_react(struct tx *tx, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_USER_CREATED:
        return apply_key(tx, KEY_ALL, change->subject);
    case CHANGE_USER_STATUS:
        return on_status(tx, change);
    case CHANGE_MEMBER_ADDED:
    case CHANGE_MEMBER_REMOVED:
        return on_member(tx, change);
    case CHANGE_GROUP_DELETED:
        return on_group_deleted(tx, change);
    case CHANGE_GROUP_PROFILE:
        return change->detail ? on_group_renamed(tx, change) : 0;
    default:
        return 0;
    }
}

/* --- by hand -------------------------------------------------------------------------------------------------------
 */

static int exclude(struct tx *tx, struct rule *rule, const struct user *user, struct problem *problem)
{
    if (rule->user_count >= LIMIT_RULE_EXCLUDED)
        return problem_invalid(problem, "userId",
                               "userId: The rule \"%s\" gives this membership and excludes %d people already, which is "
                               "the most; deactivate the rule and shorten its list, or change its condition",
                               rule->name, LIMIT_RULE_EXCLUDED);
    const char **users = arena_array(tx_arena(tx), rule->user_count + 1, sizeof(char *));
    for (size_t i = 0; i < rule->user_count; i++)
        users[i] = rule->users[i];
    users[rule->user_count++] = user->id;
    rule->users = users;
    int r = rule_store_document(tx, rule);
    if (r < 0)
        return r;
    return directory_event(tx, "group.user_membership.rule.add_exclusion",
                           "Add user to group membership exclusion rule", user_target(user),
                           &(struct event_target){.id = rule->id, .type = "GroupRule", .name = rule->name});
}

/* What an ACTIVE rule gives besides goes at once: it does not apply to the person any more. */
static int withdraw_others(struct tx *tx, const struct rule *rule, const struct group *but, const struct user *user)
{
    for (size_t i = 0; i < rule->target_count; i++) {
        struct group group;
        if (rule->targets[i].rid == but->rid)
            continue;
        int r = group_by_rid(tx, rule->targets[i].rid, &group);
        if (r == 0)
            r = withdraw(tx, rule, &group, user, 0);
        if (r < 0 && r != ERR_NOT_FOUND)
            return r;
    }
    return 0;
}

int rule_exclude_by_hand(struct tx *tx, const struct group *group, const struct user *user, struct problem *problem)
{
    struct query query;
    struct grants grants;
    int r = tx_query(tx, &query, &GRANTS_OF_MEMBERSHIP, I(group->rid), I(user->rid));
    r = read_grants(tx_arena(tx), &query, r, &grants);
    for (size_t i = 0; r >= 0 && i < grants.count; i++) {
        struct rule rule;
        r = rule_by_rid(tx, grants.items[i].rule_rid, &rule);
        if (r < 0 || rule.deleted)
            continue;
        r = exclude(tx, &rule, user, problem);
        if (r == 0 && rule.status == RULE_ACTIVE)
            r = withdraw_others(tx, &rule, group, user);
    }
    return r;
}

/* --- chunks --------------------------------------------------------------------------------------------------------
 */

/* A chunk of people in rid order, in `arena`. */
static int read_users(struct tx *tx, struct arena *arena, int64_t after, struct user *ret, int limit)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &USERS_FOR_RULE, I(after), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        user_from_row(&query, &ret[count]);
        user_keep(arena, &ret[count++]);
    }
    return r < 0 ? r : count;
}

static int apply_to_chunk(struct pass *pass, struct loaded *loaded, struct arena *arena, int64_t *cursor)
{
    struct tx *tx = pass->tx;
    struct user *users = arena_array(arena, LIMIT_RULE_USERS, sizeof(*users));
    struct grants grants;
    struct query query;
    int count = read_users(tx, arena, *cursor, users, LIMIT_RULE_USERS);
    if (count <= 0)
        return count;
    int r = tx_query(tx, &query, &GRANTS_OF_RULE, I(loaded->rule.rid), I(*cursor), I(users[count - 1].rid));
    r = read_grants(arena, &query, r, &grants);
    size_t passed = 0; /* grants of people before this one */
    int i = 0;
    for (; r == 0 && i < count && pass->writes < LIMIT_RULE_WRITES; i++) {
        while (passed < grants.count && grants.items[passed].user_rid < users[i].rid)
            passed++;
        struct grants own = {.items = grants.items + passed};
        while (passed + own.count < grants.count && own.items[own.count].user_rid == users[i].rid)
            own.count++;
        struct person *person = person_new(tx, &users[i]);
        int wanted = judge(tx, loaded, person);
        r = wanted < 0 ? wanted : wanted == UNKNOWN ? 0 : settle(pass, loaded, &users[i], &own, wanted == 1);
        (void)person_free(person);
        *cursor = users[i].rid;
    }
    return r < 0 ? r : i < count || count == LIMIT_RULE_USERS;
}

int rule_chunk(struct tx *tx, int64_t rule_rid, int64_t *cursor)
{
    struct rule rule;
    struct pass pass = {.tx = tx};
    int r = rule_by_rid(tx, rule_rid, &rule);
    if (r == ERR_NOT_FOUND || (r == 0 && rule.status != RULE_ACTIVE))
        return 0; /* what is left is looked at when it becomes ACTIVE again */
    struct memo *memo = memo_of(tx);
    if (r == 0 && !memo->schema)
        r = schema_load(tx, SCHEMA_USER, &memo->schema);
    if (r < 0)
        return r;
    struct loaded *loaded = load(tx, memo, &rule);
    if (!loaded->expr)
        return rule_invalidate(tx, &rule, loaded->why);
    struct arena *arena = arena_new();
    r = apply_to_chunk(&pass, loaded, arena, cursor);
    (void)arena_free(arena);
    if (r == 0)
        r = directory_event(tx, "group.user_membership.rule.evaluation", "Evaluate group membership rule",
                            rule_target(&rule), NULL);
    return r;
}

static int end_grant(struct tx *tx, const struct rule *rule, const struct grant *grant)
{
    struct group group;
    struct user user;
    if (rule->keep_users) {
        int r = tx_exec(tx, &MEMBERSHIP_KEEP, I(grant->group_rid), I(grant->user_rid));
        return r < 0 ? r : tx_exec(tx, &GRANT_DROP, I(grant->group_rid), I(grant->user_rid), I(rule->rid));
    }
    int r = group_by_rid(tx, grant->group_rid, &group);
    if (r == 0)
        r = user_by_rid(tx, grant->user_rid, &user);
    return r < 0 ? r : withdraw(tx, rule, &group, &user, 0);
}

int rule_purge_chunk(struct tx *tx, int64_t rule_rid)
{
    struct rule rule;
    struct grants grants = {0};
    struct query query;
    int r = rule_by_rid(tx, rule_rid, &rule);
    if (r == ERR_NOT_FOUND || (r == 0 && !rule.deleted))
        return 0;
    if (r == 0)
        r = read_grants(tx_arena(tx), &query, tx_query(tx, &query, &GRANTS_FIRST, I(rule_rid), I(LIMIT_RULE_WRITES)),
                        &grants);
    if (r < 0)
        return r;
    for (size_t i = 0; r >= 0 && i < grants.count; i++)
        r = end_grant(tx, &rule, &grants.items[i]);
    if (r < 0 || grants.count == LIMIT_RULE_WRITES)
        return r < 0 ? r : 1;
    r = tx_exec(tx, &RULE_REMOVE, I(rule_rid));
    return r < 0 ? r : 0;
}

int rules_of_user_chunk(struct tx *tx, int64_t user_rid, int64_t *cursor)
{
    const struct loaded_list *list = NULL;
    struct pass pass = {.tx = tx};
    struct user user;
    int r = user_by_rid(tx, user_rid, &user);
    if (r == ERR_NOT_FOUND)
        return 0;
    if (r == 0)
        r = list_of(tx, KEY_ALL, &list);
    return r < 0 || !list ? r : apply_all(&pass, list, &user, cursor);
}

int rules_of_group_chunk(struct tx *tx, int64_t group_rid, int64_t *cursor)
{
    const struct loaded_list *list = NULL;
    int64_t *rids = arena_array(tx_arena(tx), LIMIT_RULE_USERS, sizeof(*rids));
    int count = group_member_rids(tx, group_rid, *cursor, rids, LIMIT_RULE_USERS);
    int r = count < 0 ? count : list_of(tx, RULE_KEY_GROUP "*", &list);
    for (int i = 0; r == 0 && i < count; i++) {
        struct user user;
        r = user_by_rid(tx, rids[i], &user);
        if (r == 0)
            r = apply_now(tx, list, &user, 0);
        *cursor = rids[i];
    }
    return r < 0 ? r : count == LIMIT_RULE_USERS;
}

/* --- trying out ----------------------------------------------------------------------------------------------------
 */

struct trial {
    const struct rule *rule;
    const struct expr *expr;
    int limit;
    int (*each)(const struct user *user, void *data);
    void *data;
    struct rule_preview *ret;
};

static int try_one(struct tx *tx, const struct trial *trial, const struct user *user)
{
    struct expr_error error;
    struct person *person = person_new(tx, user);
    int r = person_matches(person, trial->rule, trial->expr, &error);
    (void)person_free(person);
    trial->ret->looked++;
    if (r == ERR_TOO_LARGE) {
        trial->ret->failed++;
        return 0;
    }
    if (r <= 0)
        return r;
    trial->ret->matched++;
    return trial->ret->matched <= trial->limit ? trial->each(user, trial->data) : 0;
}

static int try_chunk(struct tx *tx, const struct trial *trial, int64_t *after)
{
    struct arena *arena = arena_new();
    struct user *users = arena_array(arena, LIMIT_RULE_USERS, sizeof(*users));
    int count = read_users(tx, arena, *after, users, LIMIT_RULE_USERS);
    int r = 0;
    for (int i = 0; r >= 0 && i < count; i++) {
        r = try_one(tx, trial, &users[i]);
        *after = users[i].rid;
    }
    (void)arena_free(arena);
    return r < 0 ? r : count;
}

int rule_preview(struct tx *tx, const struct rule_input *input, int64_t after, int limit,
                 int (*each)(const struct user *user, void *data), void *data, struct rule_preview *ret,
                 struct problem *problem)
{
    struct rule rule = {0};
    const struct expr *expr = NULL;
    *ret = (struct rule_preview){0};
    int r = rule_read_input(tx, input, NULL, &rule, &expr, problem);
    const struct trial trial = {.rule = &rule, .expr = expr, .limit = limit, .each = each, .data = data, .ret = ret};
    int count = LIMIT_RULE_USERS;
    while (r >= 0 && count == LIMIT_RULE_USERS && ret->looked < LIMIT_RULE_PREVIEW) {
        r = try_chunk(tx, &trial, &after);
        count = r;
    }
    ret->next = count == LIMIT_RULE_USERS ? after : 0;
    return r < 0 ? r : 0;
}
