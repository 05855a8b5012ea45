/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of a separation. Each looks at the facts and does what is missing, so that it may be run again; it ends in
 * the next step, in waiting for work of others, or in failure.
 */
#include "base/limits.h"
#include "push/push_private.h"
#include "push/separation_private.h"

#define WAIT_MS 200 /* milliseconds between two looks at work that is waited for */

SQL(MAPPING_SET_SOURCE, "UPDATE push_mappings SET source_rid = $2, follow_name = $3, last_updated = $4 WHERE rid = $1");
SQL(TARGET_SET_SOURCE, "UPDATE target_groups SET source_rid = $2 WHERE rid = $1 AND source_rid <> 0");
SQL(SEPARATION_SET_ASSIGNMENT, "UPDATE separations SET priority = $2, profile = $3 WHERE rid = $1");
SQL_SCAN(SEPARATION_ANY_OPEN, "of an index that holds what has not ended alone",
         "SELECT 1 FROM separations WHERE ended = 0 LIMIT 1");

/* What a step works with. */
struct scene {
    struct kept_separation kept;
    struct app app;
    struct group source;
    struct group new;
    struct problem problem; /* why the last call refused */
};

enum outcome { STEP_WAITS = 1, STEP_GOES_ON = 2 }; /* of a step; negative: an error, ERR_PROBLEM fails the separation */

static int go(struct scene *scene, enum separation_step next)
{
    scene->kept.what.step = next;
    scene->kept.what.cursor = 0;
    return STEP_GOES_ON;
}

/* Waits as long as there is such work. */
static int after_work(struct tx *tx, struct scene *scene, int64_t app_rid, enum work_kind kind, int64_t object_rid,
                      enum separation_step next)
{
    struct work work;
    int r = work_find(tx, app_rid, kind, object_rid, &work);
    return r < 0 ? r : r > 0 ? STEP_WAITS : go(scene, next);
}

static int await_rules(struct tx *tx, struct scene *scene)
{
    struct rule *rules = arena_array(tx_arena(tx), SEPARATION_RULES + 1, sizeof(*rules));
    int count = rules_filling(tx, &scene->new, rules, SEPARATION_RULES + 1);
    for (int i = 0; i < count; i++) {
        struct work work;
        int r = work_find(tx, 0, WORK_EXPAND_RULE, rules[i].rid, &work);
        if (r != 0)
            return r < 0 ? r : STEP_WAITS;
    }
    return count < 0 ? count : go(scene, STEP_COPY);
}

/* Puts somebody into the new group for the reasons that are not rules' of it. 1: put there. */
static int copy_member(struct tx *tx, struct scene *scene, int64_t user_rid)
{
    struct user user = {0};
    int has = separation_has_app(tx, scene->app.rid, user_rid);
    if (has <= 0)
        return has;
    int direct = member_is_direct(tx, scene->source.rid, user_rid);
    int there = direct < 0 ? direct : member_exists(tx, scene->new.rid, user_rid);
    if (there < 0)
        return there;
    /* A rule that was carried over gives it for as long as it gives it in the old group. */
    if (there && scene->kept.what.carry_rules && !direct)
        return 0;
    int r = user_by_rid(tx, user_rid, &user);
    return r < 0 ? r : member_add(tx, &scene->new, &user, &scene->problem);
}

static int copy(struct tx *tx, struct scene *scene)
{
    struct separation *what = &scene->kept.what;
    int64_t *users = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*users));
    int count = group_member_rids(tx, scene->source.rid, what->cursor, users, LIMIT_EXPAND_ROWS / 4);
    for (int i = 0; i < count; i++) {
        int r = copy_member(tx, scene, users[i]);
        if (r < 0)
            return r;
        what->copied += r > 0;
        what->cursor = users[i];
    }
    if (count < 0)
        return count;
    return count == LIMIT_EXPAND_ROWS / 4 ? STEP_GOES_ON : go(scene, STEP_SWITCH);
}

/* --- the mapping ---------------------------------------------------------------------------------------------------
 */

/* The app's group and what is known of its members stay; everybody is looked at again. */
static int move_mapping(struct tx *tx, const struct mapping *mapping, const struct group *to, bool follow_name)
{
    int r = tx_exec(tx, &MAPPING_SET_SOURCE, I(mapping->rid), I(to->rid), I(follow_name), I(tx_now(tx)));
    if (r >= 0)
        r = tx_exec(tx, &TARGET_SET_SOURCE, I(mapping->target_rid), I(to->rid));
    if (r >= 0)
        r = tx_change(
            tx, (struct change){.kind = CHANGE_MAPPING_STATUS, .subject = mapping->rid, .detail = mapping->status});
    if (r >= 0 && mapping->status == MAPPING_ACTIVE)
        r = mapping_start_members(tx, mapping);
    return MIN_OF(r, 0);
}

static int find_mapping(struct tx *tx, struct scene *scene, struct mapping *ret)
{
    int r = mapping_by_source(tx, scene->app.rid, scene->new.rid, ret);
    if (r == ERR_NOT_FOUND)
        r = mapping_by_source(tx, scene->app.rid, scene->source.rid, ret);
    return r == ERR_NOT_FOUND ? problem_invalid(&scene->problem, "groupId", "The group is no longer pushed to the app")
                              : r;
}

/* --- there ---------------------------------------------------------------------------------------------------------
 */

static int assign(struct tx *tx, struct scene *scene, const struct group *group)
{
    struct app_group ignored;
    struct jval *profile CLEANUP(jval_freep) = NULL;
    const char *text = scene->kept.profile;
    if (jval_parse(&profile, text, strlen(text), NULL) < 0)
        return ERR_CORRUPT;
    return app_group_put(tx, &scene->app, group, scene->kept.priority, profile, &ignored, &scene->problem);
}

static int switch_over(struct tx *tx, struct scene *scene)
{
    struct mapping mapping = {0};
    struct app_group old;
    int r;
    if (scene->kept.what.solution == SOLUTION_PUSH) {
        r = find_mapping(tx, scene, &mapping);
        if (r == 0 && mapping.source_rid != scene->new.rid)
            r = move_mapping(tx, &mapping, &scene->new, false);
        return r < 0 ? r : go(scene, STEP_SPREAD);
    }
    r = app_group_get(tx, scene->app.rid, scene->source.rid, &old);
    if (r == ERR_NOT_FOUND)
        return problem_invalid(&scene->problem, "groupId", "The app is no longer assigned to the group");
    if (r == 0) {
        scene->kept.priority = old.priority; /* as it is now */
        scene->kept.profile = old.profile;
        r = tx_exec(tx, &SEPARATION_SET_ASSIGNMENT, I(scene->kept.what.rid), I(old.priority), T(old.profile));
    }
    if (r >= 0)
        r = assign(tx, scene, &scene->new);
    return r < 0 ? r : go(scene, STEP_SPREAD);
}

/* Until every account that the new group gives was looked at, or every member of the mapping. */
static int spread(struct tx *tx, struct scene *scene, const struct group *group, enum separation_step next)
{
    struct mapping mapping = {0};
    struct app_group assignment;
    if (scene->kept.what.solution == SOLUTION_PUSH) {
        int r = find_mapping(tx, scene, &mapping);
        return r < 0 ? r : after_work(tx, scene, scene->app.rid, WORK_EXPAND_MAPPING, mapping.rid, next);
    }
    int r = app_group_get(tx, scene->app.rid, group->rid, &assignment);
    if (r == ERR_NOT_FOUND)
        return problem_invalid(&scene->problem, "groupId", "The app is no longer assigned to the group %s",
                               group->name);
    return r < 0 ? r : after_work(tx, scene, scene->app.rid, WORK_EXPAND_GROUP_ASSIGNED, assignment.rid, next);
}

static int leave(struct tx *tx, struct scene *scene, const struct group *group, enum separation_step next)
{
    int r = app_group_remove(tx, &scene->app, group, &scene->problem);
    if (r == ERR_PROBLEM && scene->problem.code == E0000007) /* not assigned any more */
        r = 0;
    return r < 0 ? r : go(scene, next);
}

static int end(struct tx *tx, struct scene *scene, enum separation_status status)
{
    struct separation *what = &scene->kept.what;
    what->status = status;
    what->step = STEP_END;
    what->ended = MAX_OF(tx_now(tx), (int64_t)1);
    return separation_event(
        tx, what, "muster.group.separation.end",
        status == SEPARATION_DONE ? "A group was parted into two" : "The parting of a group was taken back", NULL);
}

/* --- and back ------------------------------------------------------------------------------------------------------
 */

static int back(struct tx *tx, struct scene *scene)
{
    struct mapping mapping = {0};
    struct app_group assignment;
    int r = 0;
    if (scene->kept.what.solution == SOLUTION_PUSH) {
        r = find_mapping(tx, scene, &mapping);
        if (r == 0 && mapping.source_rid == scene->new.rid)
            r = move_mapping(tx, &mapping, &scene->source, scene->kept.follow_name);
        if (r == ERR_PROBLEM) /* unlinked meanwhile: nothing of it has to go back */
            return go(scene, STEP_REMOVE);
        return r < 0 ? r : go(scene, STEP_BACK_SPREAD);
    }
    r = app_group_get(tx, scene->app.rid, scene->new.rid, &assignment);
    if (r == ERR_NOT_FOUND)
        return go(scene, STEP_REMOVE); /* it did not come so far */
    if (r == 0)
        r = app_group_get(tx, scene->app.rid, scene->source.rid, &assignment);
    if (r == ERR_NOT_FOUND)
        r = assign(tx, scene, &scene->source);
    return r < 0 ? r : go(scene, STEP_BACK_SPREAD);
}

static int remove_new(struct tx *tx, struct scene *scene)
{
    struct rule *rules = arena_array(tx_arena(tx), SEPARATION_RULES + 1, sizeof(*rules));
    int count = rules_filling(tx, &scene->new, rules, SEPARATION_RULES + 1);
    int r = MIN_OF(count, 0);
    for (int i = 0; r == 0 && i < count; i++)
        r = rule_drop_target(tx, &rules[i], &scene->new);
    if (r == 0)
        r = end(tx, scene, SEPARATION_UNDONE); /* before the group goes: what it loses then is no loss */
    if (r == 0)
        r = separation_store(tx, &scene->kept.what);
    return r < 0 || scene->new.deleted ? r : group_delete(tx, &scene->new, &scene->problem);
}

/* --- one step ------------------------------------------------------------------------------------------------------
 */

static int take_step(struct tx *tx, struct scene *scene)
{
    bool push = scene->kept.what.solution == SOLUTION_PUSH;
    switch (scene->kept.what.step) {
    case STEP_RULES:
        return await_rules(tx, scene);
    case STEP_COPY:
        return copy(tx, scene);
    case STEP_SWITCH:
        return switch_over(tx, scene);
    case STEP_SPREAD:
        return spread(tx, scene, &scene->new, push ? STEP_END : STEP_LEAVE);
    case STEP_LEAVE:
        return leave(tx, scene, &scene->source, STEP_SETTLE);
    case STEP_SETTLE:
        return after_work(tx, scene, scene->app.rid, WORK_EXPAND_GROUP_UNASSIGNED, scene->source.rid, STEP_END);
    case STEP_BACK:
        return back(tx, scene);
    case STEP_BACK_SPREAD:
        return spread(tx, scene, &scene->source, push ? STEP_REMOVE : STEP_BACK_LEAVE);
    case STEP_BACK_LEAVE:
        return leave(tx, scene, &scene->new, STEP_BACK_SETTLE);
    case STEP_BACK_SETTLE:
        return after_work(tx, scene, scene->app.rid, WORK_EXPAND_GROUP_UNASSIGNED, scene->new.rid, STEP_REMOVE);
    case STEP_REMOVE:
        return remove_new(tx, scene);
    case STEP_END:
        return end(tx, scene, SEPARATION_DONE);
    }
    return ERR_CORRUPT;
}

static int set_scene(struct tx *tx, int64_t rid, struct scene *ret)
{
    *ret = (struct scene){0};
    int r = separation_read(tx, rid, &ret->kept);
    if (r == 0)
        r = app_by_rid(tx, ret->kept.what.app_rid, &ret->app);
    if (r == 0)
        r = group_by_rid(tx, ret->kept.what.source_rid, &ret->source);
    if (r == 0)
        r = group_by_rid(tx, ret->kept.what.new_rid, &ret->new);
    return r;
}

static int fail(struct tx *tx, struct separation *what, const char *why)
{
    what->status = SEPARATION_FAILED;
    what->error = why;
    int r = separation_store(tx, what);
    return r < 0
               ? r
               : separation_event(tx, what, "muster.group.separation.end", "A group could not be parted into two", why);
}

static const char *words_of(struct tx *tx, const struct problem *problem)
{
    char summary[PROBLEM_TEXT * 2];
    problem_summary(problem, summary, sizeof(summary));
    return arena_strdup(tx_arena(tx), problem->cause_count ? problem->causes[0] : summary);
}

int separation_expand(struct tx *tx, struct work *work)
{
    struct scene scene;
    int r = set_scene(tx, work->object_rid, &scene);
    struct separation *what = &scene.kept.what;
    if (r == ERR_NOT_FOUND) /* with the app, or with one of the groups: separations_lose() has said so */
        return 0;
    if (r < 0 || what->ended || what->status == SEPARATION_FAILED)
        return MIN_OF(r, 0);
    r = take_step(tx, &scene);
    if (r == ERR_PROBLEM)
        return fail(tx, what, words_of(tx, &scene.problem));
    if (r < 0 || what->ended) {
        int stored = r < 0 ? r : separation_store(tx, what);
        return stored;
    }
    int stored = separation_store(tx, what);
    if (stored == 0 && r == STEP_WAITS)
        stored = work_defer(tx, work->rid, tx_now(tx) + WAIT_MS);
    return stored < 0 ? stored : 1;
}

/* --- what happens meanwhile ----------------------------------------------------------------------------------------
 */

/* The usual case, that no group is being parted, costs one statement a job. */
static int any_open(struct tx *tx)
{
    static const char memo_key;
    static const char none;
    static const char some;
    void **memo = tx_memo(tx, &memo_key);
    int64_t one = 0;
    if (!*memo) {
        int r = tx_get_int(tx, &one, &SEPARATION_ANY_OPEN, NO_BINDS);
        if (r < 0)
            return r;
        *memo = (void *)(uintptr_t)(r > 0 ? &some : &none);
    }
    return *memo == &some;
}

static int mirror_one(struct tx *tx, struct scene *scene, const struct change *change)
{
    struct user user = {0};
    int r = user_by_rid(tx, change->object, &user);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    if (change->kind == CHANGE_MEMBER_ADDED) {
        bool by_carried = scene->kept.what.carry_rules && change->detail > 0;
        r = by_carried || user.status == USER_DEPROVISIONED || user.deleted
                ? 0
                : member_add(tx, &scene->new, &user, &scene->problem);
    } else {
        r = member_exists(tx, scene->new.rid, user.rid);
        if (r > 0)
            r = member_remove(tx, &scene->new, &user, &scene->problem);
    }
    return r == ERR_PROBLEM ? fail(tx, &scene->kept.what, words_of(tx, &scene->problem)) : MIN_OF(r, 0);
}

int separations_mirror(struct tx *tx, const struct change *change)
{
    struct kept_separation kept;
    int r = any_open(tx);
    for (int64_t after = 0; r > 0;) {
        struct scene scene;
        r = separation_open(tx, change->subject, false, after, &kept);
        if (r == ERR_NOT_FOUND)
            return 0;
        if (r < 0)
            return r;
        after = kept.what.rid;
        r = kept.what.status == SEPARATION_RUNNING ? set_scene(tx, kept.what.rid, &scene) : ERR_NOT_FOUND;
        if (r == 0 && !scene.source.deleted && !scene.new.deleted)
            r = mirror_one(tx, &scene, change);
        r = r < 0 && r != ERR_NOT_FOUND ? r : 1;
    }
    return MIN_OF(r, 0);
}

int separations_lose(struct tx *tx, int64_t group_rid)
{
    for (int as_new = 0; as_new < 2; as_new++) {
        for (int64_t after = 0;;) {
            struct kept_separation kept;
            int r = separation_open(tx, group_rid, as_new, after, &kept);
            if (r == ERR_NOT_FOUND)
                break;
            if (r < 0)
                return r;
            after = kept.what.rid;
            kept.what.ended = MAX_OF(tx_now(tx), (int64_t)1);
            r = fail(tx, &kept.what, as_new ? "The new group was deleted" : "The group was deleted");
            if (r < 0)
                return r;
        }
    }
    return 0;
}
