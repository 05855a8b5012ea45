/* SPDX-License-Identifier: Apache-2.0 */
/* Groups that a scan reads, and their members: compared with what the app acknowledged and with what is wanted. */
#include "push/drift_private.h"

#include "base/limits.h"
#include "base/text.h"

#define SAMPLE 20 /* members of a group that shows none that are asked for one by one */

SQL(ROWS, "SELECT user_rid, external_id, known, dirty, extra, error_class, error FROM target_members"
          " WHERE target_rid = $1 ORDER BY user_rid");
SQL(SAMPLE_OF, "SELECT user_rid, external_id, dirty FROM target_members WHERE target_rid = $1 AND known = 1"
               " ORDER BY version DESC LIMIT $2");
SQL(RESULT_COUNT, "UPDATE drift_staged SET in_step = in_step + 1 WHERE run_rid = $1 AND kind = 20 AND target_rid = $2");
SQL(RESULT_STATE, "UPDATE drift_staged SET cause = $3 WHERE run_rid = $1 AND kind = 20 AND target_rid = $2");
SQL(ASK_AGAIN, "UPDATE drift_staged SET tries = tries + 1 WHERE rid = $1");

/* What Muster has on a member of a target group. */
struct row {
    int64_t user_rid;
    const char *external_id; /* "" when it is not known */
    const char *found_id;    /* by which the app shows him, where that is another one; NULL */
    const char *error_class, *error;
    bool known, dirty, extra;
    bool seen; /* the app shows him */
};

struct compare {
    const struct import_run *run;
    struct target_group group;
    struct mapping mapping;
    struct row *rows; /* by user_rid */
    struct row **by_id;
    size_t count;
    int64_t members, in_step;
    int staged;
    int lookups; /* accounts are being looked up: an id that nobody is known by may be theirs. -1: not asked yet */
};

/* --- what is on record ---------------------------------------------------------------------------------------------
 */

static int by_external_id(const void *a, const void *b)
{
    return strcmp((*(struct row *const *)a)->external_id, (*(struct row *const *)b)->external_id);
}

static int by_user(const void *a, const void *b)
{
    int64_t x = ((const struct row *)a)->user_rid, y = ((const struct row *)b)->user_rid;
    return (x > y) - (x < y);
}

static int load_rows(struct tx *tx, struct compare *c)
{
    struct arena *arena = tx_arena(tx);
    struct query query;
    size_t size = 0;
    int r = tx_query(tx, &query, &ROWS, I(c->group.rid));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        if (c->count == size) {
            size = MAX_OF(size * 2, (size_t)64);
            struct row *bigger = arena_array(arena, size, sizeof(*bigger));
            if (c->count)
                memcpy(bigger, c->rows, c->count * sizeof(*bigger));
            c->rows = bigger;
        }
        const char *id = query_text(&query, 1);
        c->rows[c->count++] = (struct row){.user_rid = query_int(&query, 0),
                                           .external_id = arena_strdup(arena, id ? id : ""),
                                           .known = query_int(&query, 2) != 0,
                                           .dirty = query_int(&query, 3) != 0,
                                           .extra = query_int(&query, 4) != 0,
                                           .error_class = push_text(tx, &query, 5),
                                           .error = push_text(tx, &query, 6)};
    }
    if (r < 0)
        return r;
    c->by_id = arena_array(arena, c->count + 1, sizeof(struct row *));
    for (size_t i = 0; i < c->count; i++)
        c->by_id[i] = &c->rows[i];
    qsort(c->by_id, c->count, sizeof(struct row *), by_external_id);
    return 0;
}

static struct row *row_of_id(const struct compare *c, const char *external_id)
{
    struct row key = {.external_id = external_id};
    struct row *at = &key;
    struct row **found = bsearch(&at, c->by_id, c->count, sizeof(struct row *), by_external_id);
    return found ? *found : NULL;
}

static struct row *row_of_user(const struct compare *c, int64_t user_rid)
{
    struct row key = {.user_rid = user_rid};
    return c->count ? bsearch(&key, c->rows, c->count, sizeof(struct row), by_user) : NULL;
}

/* --- one member ----------------------------------------------------------------------------------------------------
 */

static int stage(struct tx *tx, struct compare *c, struct drift_row row)
{
    row.target_rid = c->group.rid;
    row.read_at = c->run->asked;
    int r = drift_stage(tx, c->run, &row);
    c->staged += r > 0;
    return MIN_OF(r, 0);
}

static int missing(struct tx *tx, struct compare *c, const struct row *row, const char *account_id)
{
    enum drift_cause cause = row->error_class            ? CAUSE_MUSTER
                             : row->known && !row->dirty ? CAUSE_TARGET
                                                         : CAUSE_DIRECTORY;
    return stage(tx, c,
                 (struct drift_row){.kind = DRIFT_MEMBER_MISSING,
                                    .user_rid = row->user_rid,
                                    .external_id = account_id ? account_id : row->external_id,
                                    .cause = cause,
                                    .error = row->error});
}

/* Whose membership nobody at Muster is about to end: how did he come there? */
static int class_of(struct tx *tx, const struct compare *c, int64_t user_rid, enum drift_class *ret)
{
    struct account account = {0};
    struct user user = {0};
    struct app_group assigned = {0};
    int r = account_get(tx, c->mapping.app_rid, user_rid, &account);
    if (r == 0)
        r = account_user(tx, user_rid, &user);
    if (r < 0)
        return r;
    *ret = EXTRA_ADDED;
    if (account.scope != SCOPE_NONE && account.known != KNOWN_INACTIVE && user_status_is_eligible(user.status))
        return 0;
    r = app_group_get(tx, c->mapping.app_rid, c->mapping.source_rid, &assigned);
    *ret = r == 0 ? EXTRA_SAME_GROUP : EXTRA_INACTIVE;
    return r == ERR_NOT_FOUND ? 0 : r;
}

/* There, and should not be. `row` NULL: Muster knows nothing of it. */
static int extra(struct tx *tx, struct compare *c, const struct row *row, int64_t user_rid, const char *external_id)
{
    struct drift_row drift = {
        .kind = DRIFT_MEMBER_EXTRA, .user_rid = user_rid, .external_id = external_id, .cause = CAUSE_TARGET};
    if (row && row->error_class && !str_eq(row->error_class, "HELD")) {
        drift.cause = CAUSE_MUSTER;
        drift.class = EXTRA_REFUSED;
        drift.error = row->error;
    } else if (row && ((row->known && !row->extra) || row->dirty)) {
        drift.cause = CAUSE_DIRECTORY;
        drift.class = EXTRA_HELD;
        drift.error = row->error;
    } else {
        enum drift_class class = EXTRA_ADDED;
        int r = class_of(tx, c, user_rid, &class);
        if (r < 0)
            return r;
        drift.class = (int)class;
    }
    return stage(tx, c, drift);
}

/* A row that is not simply acknowledged and found, or a person without one (`known` false and so on). */
static int judge(struct tx *tx, struct compare *c, const struct row *row, bool has_row)
{
    enum member_wanted wanted = MEMBER_AS_IS;
    const char *account_id = NULL;
    int r = member_facts(tx, &c->mapping, row->user_rid, &wanted, &account_id);
    if (r < 0)
        return r;
    bool belongs = wanted == MEMBER_IN || (wanted == MEMBER_AS_IS && row->known);
    c->members += belongs;
    c->in_step += belongs && row->seen;
    if (row->seen && wanted == MEMBER_OUT)
        return extra(tx, c, has_row ? row : NULL, row->user_rid, row->found_id ? row->found_id : row->external_id);
    return belongs && !row->seen ? missing(tx, c, row, account_id) : 0;
}

/* Found, and no row has this id. */
static int judge_unknown(struct tx *tx, struct compare *c, const char *external_id)
{
    struct account account = {0};
    int r = account_by_external(tx, c->mapping.app_rid, external_id, &account);
    if (r == ERR_NOT_FOUND) {
        c->lookups = c->lookups < 0 ? account_lookups_pending(tx, c->mapping.app_rid) : c->lookups;
        if (c->lookups)
            return MIN_OF(c->lookups, 0);
        return stage(
            tx, c,
            (struct drift_row){
                .kind = DRIFT_MEMBER_EXTRA, .external_id = external_id, .cause = CAUSE_TARGET, .class = EXTRA_UNKNOWN});
    }
    if (r < 0)
        return r;
    struct row *row = row_of_user(c, account.user_rid);
    if (row) { /* it is looked at with the others */
        row->seen = true;
        row->found_id = external_id;
        return 0;
    }
    const struct row nobody = {.user_rid = account.user_rid, .external_id = external_id, .seen = true};
    return judge(tx, c, &nobody, false);
}

static int compare_members(struct tx *tx, struct compare *c, const struct import_group *found)
{
    int r = load_rows(tx, c);
    c->lookups = -1;
    for (size_t i = 0; r >= 0 && i < found->member_count; i++) {
        struct row *row = row_of_id(c, found->members[i]);
        if (row)
            row->seen = true;
        else
            r = judge_unknown(tx, c, arena_strdup(tx_arena(tx), found->members[i]));
    }
    for (size_t i = 0; r >= 0 && i < c->count; i++) {
        const struct row *row = &c->rows[i];
        bool plain = row->known && !row->dirty && !row->extra && !row->error_class && row->seen;
        c->members += plain;
        c->in_step += plain;
        if (!plain)
            r = judge(tx, c, row, true);
    }
    return r;
}

/* --- the group -----------------------------------------------------------------------------------------------------
 */

/* The ACTIVE mapping whose group it is: 1, 0 none. */
static int find_mapping(struct tx *tx, int64_t target_rid, struct compare *ret)
{
    int r = target_group_get(tx, target_rid, &ret->group);
    if (r == 0)
        r = mapping_by_target(tx, target_rid, &ret->mapping);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    return ret->mapping.status == MAPPING_ACTIVE && !ret->group.delete_wanted;
}

static int work_of(struct tx *tx, const struct compare *c, struct drift_row *row)
{
    struct work work = {0};
    int r = work_find(tx, c->mapping.app_rid, WORK_GROUP, c->group.rid, &work);
    bool failed = r > 0 && work.error_class;
    row->cause = failed ? CAUSE_MUSTER : CAUSE_DIRECTORY;
    row->error = failed ? work.error : NULL;
    return MIN_OF(r, 0);
}

static int compare_name(struct tx *tx, struct compare *c, const char *found)
{
    const struct target_group *group = &c->group;
    struct drift_row row = {.kind = DRIFT_GROUP_RENAMED,
                            .external_id = group->external_id,
                            .cause = CAUSE_TARGET,
                            .known = group->known_name,
                            .wanted = group->name,
                            .found = found};
    bool linked = group->origin == ORIGIN_LINKED; /* the app's spelling stays */
    if (!found || str_eq(found, group->name) || (linked && strcasecmp(found, group->name) == 0))
        return 0;
    int r = str_eq(found, group->known_name) ? work_of(tx, c, &row) : 0;
    return r < 0 ? r : stage(tx, c, row);
}

static int result(struct tx *tx, struct compare *c, enum drift_group_state state)
{
    int r = drift_stage(tx, c->run,
                        &(struct drift_row){.kind = STAGED_RESULT,
                                            .target_rid = c->group.rid,
                                            .cause = (int)state,
                                            .members = c->members,
                                            .in_step = c->in_step,
                                            .read_at = c->run->asked});
    return MIN_OF(r, 0);
}

static int ask_group(struct tx *tx, const struct import_run *run, const struct target_group *group)
{
    return drift_stage(tx, run,
                       &(struct drift_row){.kind = STAGED_ASK + ASK_GROUP,
                                           .target_rid = group->rid,
                                           .external_id = group->external_id});
}

static bool is_moving(const struct compare *c)
{
    return c->group.link_pending || c->group.overwrite_wanted || drift_may_lag(c->mapping.last_push, c->run->asked);
}

static bool has_acknowledged(const struct compare *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->rows[i].known)
            return true;
    return false;
}

/* Shows nobody although the app acknowledged somebody: emptied by somebody, or the app does not show members. An app
 * that showed members of another group shows them. */
static bool is_hidden(const struct import_run *run, const struct compare *c, const struct import_group *found)
{
    return found->member_count == 0 && run->members_read == 0 && has_acknowledged(c);
}

int drift_take_group(struct tx *tx, const struct import_run *run, const struct import_group *found, int64_t rid,
                     bool *ret_new)
{
    struct compare c = {.run = run};
    *ret_new = true;
    int r = rid ? find_mapping(tx, rid, &c) : 0;
    if (r <= 0)
        return r;
    if (is_moving(&c) || !found->members || found->member_count == 0)
        return ask_group(tx, run, &c.group);
    r = compare_name(tx, &c, found->name);
    if (r == 0)
        r = compare_members(tx, &c, found);
    if (r >= 0)
        r = result(tx, &c, DRIFT_COMPARED);
    return r < 0 ? r : c.staged + 1;
}

int drift_miss_group(struct tx *tx, const struct import_run *run, int64_t rid)
{
    struct compare c = {.run = run};
    int r = find_mapping(tx, rid, &c);
    if (r <= 0)
        return r;
    if (c.group.external_id)
        return ask_group(tx, run, &c.group);
    struct drift_row row = {.kind = DRIFT_GROUP_MISSING, .wanted = c.group.name};
    r = work_of(tx, &c, &row);
    if (r == 0)
        r = stage(tx, &c, row);
    if (r == 0)
        r = result(tx, &c, DRIFT_GONE);
    return r < 0 ? r : c.staged;
}

/* --- asked for by its id -------------------------------------------------------------------------------------------
 */

int drift_next_ask(struct tx *tx, const struct import_run *run, struct drift_ask *ret)
{
    for (int kind = STAGED_ASK_FIRST; kind <= STAGED_ASK_LAST; kind++) {
        struct drift_row row = {0};
        int count = drift_staged_next(tx, run, kind, &row, 1);
        if (count < 0)
            return count;
        if (count == 0)
            continue;
        *ret = (struct drift_ask){.what = kind - STAGED_ASK,
                                  .rid = row.rid,
                                  .target_rid = row.target_rid,
                                  .external_id = row.external_id,
                                  .member_id = row.attribute};
        struct mapping mapping = {0};
        int r = row.target_rid ? mapping_by_target(tx, row.target_rid, &mapping) : ERR_NOT_FOUND;
        if (r == 0)
            ret->not_before = mapping.last_push + LIMIT_READ_LAG_MS;
        return r < 0 && r != ERR_NOT_FOUND ? r : 1;
    }
    return 0;
}

static int stage_sample(struct tx *tx, struct compare *c)
{
    struct query query;
    struct drift_row rows[SAMPLE];
    const char *control = NULL;
    int count = 0;
    int r = members_probe_control(tx, &c->group, &control);
    if (r == 0)
        r = tx_query(tx, &query, &SAMPLE_OF, I(c->group.rid), I(SAMPLE));
    while (r >= 0 && (r = query_next(&query)) > 0)
        if (query_int(&query, 2) == 0 && query_text(&query, 1))
            rows[count++] = (struct drift_row){.kind = STAGED_ASK + ASK_MEMBER,
                                               .user_rid = query_int(&query, 0),
                                               .attribute = push_text(tx, &query, 1)};
    if (r >= 0 && count)
        r = drift_stage(tx, c->run,
                        &(struct drift_row){.kind = STAGED_ASK + ASK_CONTROL,
                                            .target_rid = c->group.rid,
                                            .external_id = c->group.external_id,
                                            .attribute = control});
    for (int i = 0; r >= 0 && i < count; i++) {
        rows[i].target_rid = c->group.rid;
        rows[i].external_id = c->group.external_id;
        r = drift_stage(tx, c->run, &rows[i]);
    }
    return r < 0 ? r : count;
}

/* The app does not show who is in it. */
static int take_hidden(struct tx *tx, struct compare *c, bool may_probe)
{
    for (size_t i = 0; i < c->count; i++)
        c->members += c->rows[i].known && !c->rows[i].extra;
    int sample = may_probe ? stage_sample(tx, c) : 0;
    return sample < 0 ? sample : result(tx, c, sample ? DRIFT_PROBED : DRIFT_UNVERIFIABLE);
}

/* It is being pushed: read again, a few times. */
static int ask_again(struct tx *tx, struct compare *c, const struct drift_ask *ask)
{
    struct drift_row row = {0};
    int r = drift_staged_next(tx, c->run, STAGED_ASK + ASK_GROUP, &row, 1);
    if (r > 0 && row.rid == ask->rid && row.tries < DRIFT_TRIES_MAX)
        return MIN_OF(tx_exec(tx, &ASK_AGAIN, I(ask->rid)), 0);
    r = r < 0 ? r : drift_staged_delete(tx, ask->rid);
    return r < 0 ? r : result(tx, c, DRIFT_BUSY);
}

int drift_group_there(struct tx *tx, struct import_run *run, const struct drift_ask *ask,
                      const struct import_group *found, bool may_probe)
{
    struct compare c = {.run = run};
    int r = find_mapping(tx, ask->target_rid, &c);
    if (r <= 0 || !str_eq(c.group.external_id, ask->external_id))
        return r < 0 ? r : drift_staged_delete(tx, ask->rid);
    if (is_moving(&c))
        return ask_again(tx, &c, ask);
    run->members_read += (int64_t)found->member_count;
    r = drift_staged_delete(tx, ask->rid);
    if (r == 0)
        r = compare_name(tx, &c, found->name);
    if (r == 0 && found->member_count == 0)
        r = load_rows(tx, &c);
    if (r < 0)
        return r;
    if (is_hidden(run, &c, found))
        return take_hidden(tx, &c, may_probe);
    c.count = 0;
    r = compare_members(tx, &c, found);
    return r < 0 ? r : result(tx, &c, DRIFT_COMPARED);
}

static int group_gone(struct tx *tx, const struct import_run *run, const struct drift_ask *ask)
{
    struct compare c = {.run = run};
    int r = find_mapping(tx, ask->target_rid, &c);
    if (r > 0 && is_moving(&c))
        return ask_again(tx, &c, ask);
    int deleted = r < 0 ? r : drift_staged_delete(tx, ask->rid);
    if (deleted < 0 || r == 0 || !str_eq(c.group.external_id, ask->external_id))
        return MIN_OF(deleted, 0);
    struct drift_row row = {.kind = DRIFT_GROUP_MISSING,
                            .external_id = c.group.external_id,
                            .cause = CAUSE_TARGET,
                            .known = c.group.known_name,
                            .wanted = c.group.name};
    r = load_rows(tx, &c);
    for (size_t i = 0; i < c.count; i++)
        c.members += c.rows[i].known && !c.rows[i].extra;
    if (r == 0)
        r = stage(tx, &c, row);
    return r < 0 ? r : result(tx, &c, DRIFT_GONE);
}

/* --- probed --------------------------------------------------------------------------------------------------------
 */

static int give_up_probing(struct tx *tx, const struct import_run *run, int64_t target_rid)
{
    int r = drift_staged_delete_of(tx, run, STAGED_ASK + ASK_MEMBER, target_rid);
    if (r == 0)
        r = drift_staged_delete_of(tx, run, DRIFT_MEMBER_MISSING, target_rid);
    if (r == 0)
        r = tx_exec(tx, &RESULT_STATE, I(run->rid), I(target_rid), I(DRIFT_UNVERIFIABLE));
    return MIN_OF(r, 0);
}

static int member_absent(struct tx *tx, const struct import_run *run, const struct drift_ask *ask)
{
    struct compare c = {.run = run};
    struct account account = {0};
    int r = find_mapping(tx, ask->target_rid, &c);
    if (r <= 0 || is_moving(&c))
        return MIN_OF(r, 0);
    r = account_by_external(tx, run->app_rid, ask->member_id, &account);
    if (r == 0)
        r = load_rows(tx, &c);
    const struct row *row = r == 0 ? row_of_user(&c, account.user_rid) : NULL;
    return row && row->known && !row->dirty ? missing(tx, &c, row, ask->member_id) : r == ERR_NOT_FOUND ? 0 : r;
}

int drift_probed(struct tx *tx, const struct import_run *run, const struct drift_ask *ask, int there)
{
    bool control = ask->what == ASK_CONTROL;
    int r = drift_staged_delete(tx, ask->rid);
    if (r < 0 || (control && there == 0))
        return r;
    if (control || there < 0) /* the answer does not depend on the question */
        return give_up_probing(tx, run, ask->target_rid);
    if (there == 0)
        return member_absent(tx, run, ask);
    r = tx_exec(tx, &RESULT_COUNT, I(run->rid), I(ask->target_rid));
    return MIN_OF(r, 0);
}

int drift_gone(struct tx *tx, const struct import_run *run, const struct drift_ask *ask)
{
    switch (ask->what) {
    case ASK_ACCOUNT:
        return drift_account_gone(tx, run, ask);
    case ASK_GROUP:
        return group_gone(tx, run, ask);
    case ASK_CONTROL:
    case ASK_MEMBER:
    default:
        return drift_probed(tx, run, ask, -1);
    }
}
