/* SPDX-License-Identifier: Apache-2.0 */
/* One group of an app: what to ask next, and what its answer means. One request at a time (invariant 7). */
#include "engine/inner.h"

#include "push/repair.h"

#define VERIFY_SAMPLE 10 /* one change of members in so many is read back when an app's verification is sampled */
#define MEMBER_AGAIN_MS (30 * 60 * 1000) /* before a member at which the app failed by itself is tried again */
#define PROBES_AGAIN_MS ((int64_t)24 * 3600 * 1000) /* before an app that cannot be probed is asked again */
#define PROBE_TRIES 5          /* failures of a probe before the app is taken for one that cannot be probed */
#define STRANGERS_WAIT_MS 1000 /* before it is looked again whether everybody's account is known */

struct facts {
    struct target_group group;
    struct mapping mapping;
    bool mapped;
    struct intent intent;
    bool in_doubt;
};

static int read_facts(struct tx *tx, const struct work *work, struct facts *ret)
{
    int r = target_group_get(tx, work->object_rid, &ret->group);
    if (r < 0)
        return r;
    r = mapping_by_target(tx, work->object_rid, &ret->mapping);
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    ret->mapped = r == 0;
    r = intent_find(tx, work->app_rid, WORK_GROUP, work->object_rid, &ret->intent);
    ret->in_doubt = r > 0;
    return r < 0 ? r : 0;
}

static int ask(struct tx *tx, struct lane *lane, const struct work *work, const struct facts *facts,
               const struct target_request *request, struct flight details)
{
    if (!details.name)
        details.name = facts->group.name;
    return lane_request(tx, lane, work, request, &details);
}

static bool is_published(const struct lane *lane)
{
    return lane->switches.dialect != DIALECT_STANDARD;
}

/* A group whose creation is in doubt is looked for by the name that it was given, whatever it should be called now. */
static const char *name_to_find(const struct facts *facts)
{
    bool given = facts->in_doubt && facts->intent.kind == REQUEST_CREATE_GROUP && facts->intent.detail;
    return given ? facts->intent.detail : facts->group.name;
}

static int find(struct tx *tx, struct lane *lane, const struct work *work, const struct facts *facts,
                bool after_conflict)
{
    const char *name = name_to_find(facts);
    struct target_request request =
        is_published(lane) ? published_find_group(tx_arena(tx), name) : target_find_group(tx_arena(tx), name);
    return ask(tx, lane, work, facts, &request, (struct flight){.after_conflict = after_conflict, .name = name});
}

static int read_group(struct tx *tx, struct lane *lane, const struct work *work, const struct facts *facts,
                      bool with_members, struct flight details)
{
    const char *id = facts->group.external_id;
    struct target_request request = is_published(lane) ? published_read_group(tx_arena(tx), id, with_members)
                                                       : target_read_group(tx_arena(tx), id, with_members);
    return ask(tx, lane, work, facts, &request, details);
}

/* Unlinked, and to be deleted in the app. */
static int step_delete(struct tx *tx, struct lane *lane, const struct work *work, struct facts *facts)
{
    if (!facts->group.external_id && facts->in_doubt)
        return find(tx, lane, work, facts, false); /* it may have been created after all */
    /* Found only after its deletion was asked for: it was there before Muster, and stays (invariant 10). */
    bool spared = facts->group.origin == ORIGIN_LINKED && !lane->switches.delete_linked_groups;
    if (!facts->group.external_id || spared) {
        int r = target_group_deleted(tx, &facts->group);
        return r < 0 ? r : STEP_DONE;
    }
    if (facts->in_doubt && may_lag(intent_asked(lane, &facts->intent), lane->now)) /* not there would prove nothing */
        return lane_wait(tx, work, intent_asked(lane, &facts->intent) + LIMIT_READ_LAG_MS);
    if (facts->in_doubt)
        return read_group(tx, lane, work, facts, false, (struct flight){0});
    const char *why = NULL;
    int may_go = deletion_of_group(tx, &facts->group, &why);
    if (may_go <= 0)
        return may_go < 0 ? may_go : lane_hold(tx, work, why);
    struct target_request request = target_delete_group(tx_arena(tx), facts->group.external_id);
    return ask(tx, lane, work, facts, &request, (struct flight){0});
}

static bool is_other_name(const struct target_group *group)
{
    if (!group->known_name || str_eq(group->known_name, group->name))
        return false;
    /* Found by name in another letter case: the app's spelling stays. */
    return group->origin != ORIGIN_LINKED || strcasecmp(group->known_name, group->name) != 0;
}

static struct flight_member as_flight(const struct member *member)
{
    return (struct flight_member){.rid = member->rid,
                                  .user_rid = member->user_rid,
                                  .version = member->version,
                                  .external_id = member->external_id,
                                  .add = member->wanted == MEMBER_IN,
                                  .again = member->again};
}

/* So many of each, in the order in which they are due, as long as their ids are not too long together. */
static void name_members(struct flight *details, const struct member *due, size_t due_count, const char **strangers,
                         size_t stranger_count, size_t removes, size_t adds)
{
    size_t bytes = 0; /* of ids: a first one always fits */
    for (size_t i = 0; i < due_count && bytes < LIMIT_BATCH_BYTES; i++) {
        size_t *left = due[i].wanted == MEMBER_IN ? &adds : &removes;
        if (*left == 0)
            continue;
        (*left)--;
        bytes += strlen(due[i].external_id);
        details->members[details->member_count++] = as_flight(&due[i]);
    }
    for (size_t i = 0; i < stranger_count && removes > 0 && bytes < LIMIT_BATCH_BYTES; i++, removes--) {
        bytes += strlen(strangers[i]);
        details->members[details->member_count++] = (struct flight_member){.external_id = strangers[i]};
    }
}

/* The removals and adds of the next request: as many as fit, in the order in which they are due. */
static int collect(struct tx *tx, struct lane *lane, struct facts *facts, struct flight *details,
                   enum work_class *ret_class, bool *ret_waits)
{
    struct member_limits limits = batch_limits(lane->core, &lane->traits, facts->group.rid, lane->now);
    if (details->full)
        limits = (struct member_limits){.adds = LIMIT_FULL_CHANGES, .removes = LIMIT_FULL_CHANGES, .mix = true};
    size_t most = MAX_OF(limits.adds, limits.removes);
    struct member *due = arena_array(tx_arena(tx), most, sizeof(*due));
    const char **strangers = arena_array(tx_arena(tx), most, sizeof(*strangers));
    bool more = false;
    int r = strangers_settle(tx, &facts->group);
    int count = r < 0 ? r : members_due(tx, &facts->group, due, (int)most, &more);
    int stranger_count = count < 0 ? count : strangers_due(tx, &facts->group, strangers, (int)most - count);
    int waits = stranger_count > 0 ? account_lookups_pending(tx, facts->group.app_rid) : stranger_count;
    if (waits < 0)
        return waits;
    if (waits) /* one of them may be somebody whose account is being looked up: removal needs proof (invariant 8) */
        stranger_count = 0;
    size_t removes = (size_t)stranger_count;
    for (int i = 0; i < count; i++)
        removes += due[i].wanted != MEMBER_IN;
    size_t adds = (size_t)(count + stranger_count) - removes;
    member_batch(&limits, removes, adds, &removes, &adds);
    details->members = arena_array(tx_arena(tx), removes + adds + 1, sizeof(*details->members));
    name_members(details, due, (size_t)count, strangers, (size_t)stranger_count, removes, adds);
    if (details->member_count == 0 && !more && count + stranger_count == 0) {
        int again = members_again(tx, &facts->group, &due[0]);
        if (again < 0)
            return again;
        if (again)
            details->members[details->member_count++] = as_flight(&due[0]);
    }
    *ret_class = count ? due[0].class : WORK_URGENT; /* they come in the order of work */
    *ret_waits = waits > 0;
    details->full &= !more && (size_t)count + (size_t)stranger_count == details->member_count;
    if (details->member_count == 0 && more)
        lane->core->more = true;
    return count + stranger_count + more;
}

/* Dialect custom. A read that may still show what was there before our last write would undo that write. */
static int read_whole(struct tx *tx, struct lane *lane, const struct work *work, const struct facts *facts)
{
    if (may_lag(facts->mapping.last_push, lane->now))
        return lane_wait(tx, work, facts->mapping.last_push + LIMIT_READ_LAG_MS);
    return read_group(tx, lane, work, facts, true, (struct flight){.rewrite = true});
}

static int rename_group(struct tx *tx, struct lane *lane, const struct work *work, const struct facts *facts)
{
    const char *id = facts->group.external_id;
    if (lane->switches.dialect == DIALECT_CUSTOM)
        return read_whole(tx, lane, work, facts);
    struct target_request request = is_published(lane) ? published_rename_group(tx_arena(tx), id, facts->group.name)
                                                       : target_rename_group(tx_arena(tx), id, facts->group.name);
    return ask(tx, lane, work, facts, &request, (struct flight){0});
}

/* The next request's removals and adds, apart. `add` has room for all. */
struct changes {
    const char **remove;
    size_t remove_count;
    struct target_member *add;
    size_t add_count;
};

static int member_shown(struct tx *tx, const struct facts *facts, int64_t user_rid, const char *external_id,
                        struct target_member *ret)
{
    struct account account = {0};
    int r = user_rid ? account_get(tx, facts->group.app_rid, user_rid, &account) : ERR_NOT_FOUND;
    *ret = (struct target_member){.id = external_id, .display = r == 0 ? account.user_name : NULL};
    return r == ERR_NOT_FOUND ? 0 : r;
}

static int split_changes(struct tx *tx, const struct lane *lane, const struct facts *facts,
                         const struct flight *details, struct changes *ret)
{
    struct arena *arena = tx_arena(tx);
    int r = 0;
    *ret = (struct changes){.remove = arena_array(arena, details->member_count + 1, sizeof(*ret->remove)),
                            .add = arena_array(arena, details->member_count + 1, sizeof(*ret->add))};
    for (size_t i = 0; r == 0 && i < details->member_count; i++) {
        const struct flight_member *member = &details->members[i];
        if (!member->add)
            ret->remove[ret->remove_count++] = member->external_id;
        else if (is_published(lane))
            r = member_shown(tx, facts, member->user_rid, member->external_id, &ret->add[ret->add_count++]);
        else
            ret->add[ret->add_count++].id = member->external_id;
    }
    return r;
}

static int compare_rids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct list {
    struct target_member *members;
    size_t count;
};

/*
 * The complete list as the store knows it: who is there, whoever he is and however he came there, without those whom
 * this request takes out, and with those whom it brings. 0; 1 when it is longer than LIMIT_FULL_MEMBERS.
 */
static int list_from_store(struct tx *tx, const struct facts *facts, const struct flight *details,
                           const struct changes *changes, struct list *ret)
{
    struct arena *arena = tx_arena(tx);
    struct member *there = arena_array(arena, LIMIT_FULL_MEMBERS + 1, sizeof(*there));
    int count = members_there(tx, &facts->group, there, LIMIT_FULL_MEMBERS + 1);
    if (count < 0 || count > LIMIT_FULL_MEMBERS)
        return count < 0 ? count : 1;
    int64_t *changed = arena_array(arena, details->member_count + 1, sizeof(*changed));
    size_t changed_count = 0;
    for (size_t i = 0; i < details->member_count; i++)
        if (details->members[i].rid)
            changed[changed_count++] = details->members[i].rid;
    qsort(changed, changed_count, sizeof(*changed), compare_rids);
    qsort(changes->remove, changes->remove_count, sizeof(*changes->remove), compare_ids);
    ret->members = arena_array(arena, (size_t)count + changes->add_count + 1, sizeof(*ret->members));
    int r = 0;
    for (int i = 0; r == 0 && i < count; i++) {
        bool is_changed = there[i].rid
                              ? bsearch(&there[i].rid, changed, changed_count, sizeof(*changed), compare_rids) != NULL
                              : bsearch(&there[i].external_id, changes->remove, changes->remove_count,
                                        sizeof(*changes->remove), compare_ids) != NULL;
        if (there[i].external_id && !is_changed)
            r = member_shown(tx, facts, there[i].user_rid, there[i].external_id, &ret->members[ret->count++]);
    }
    for (size_t i = 0; i < changes->add_count; i++)
        ret->members[ret->count++] = changes->add[i];
    return r;
}

/* Dialect catalog, after a read that showed who is there: the complete list. Else, and when it would be too long or too
 * much differs, the difference. */
static int may_be_full(struct tx *tx, const struct lane *lane, struct facts *facts)
{
    if (!facts->group.full_wanted)
        return 0;
    bool fresh = facts->group.read_at <= lane->now && lane->now < facts->group.read_at + LIMIT_FULL_PUSH_MS;
    if (lane->switches.dialect == DIALECT_CATALOG && fresh && !batch_is_split(lane->core, facts->group.rid))
        return 1;
    return target_group_want_full(tx, &facts->group, false);
}

/* STEP_DONE when there is nothing to do, or the difference is sent instead. */
static int send_full(struct tx *tx, struct lane *lane, const struct work *work, struct facts *facts)
{
    struct flight details = {.full = true};
    struct changes changes;
    struct list list = {0};
    enum work_class class = work->class;
    bool waits = false;
    int r = collect(tx, lane, facts, &details, &class, &waits);
    if (r >= 0)
        r = split_changes(tx, lane, facts, &details, &changes);
    if (r >= 0 && details.full)
        r = list_from_store(tx, facts, &details, &changes, &list);
    if (r < 0)
        return r;
    if (r > 0 || !details.full)
        return target_group_want_full(tx, &facts->group, false);
    struct target_request request =
        published_replace_members(tx_arena(tx), facts->group.external_id, list.members, list.count);
    return ask(tx, lane, work, facts, &request, details);
}

static struct target_request change_members(struct tx *tx, const struct lane *lane, const struct facts *facts,
                                            const struct changes *changes)
{
    struct arena *arena = tx_arena(tx);
    const char *id = facts->group.external_id;
    if (is_published(lane))
        return published_change_members(arena, id, changes->remove, changes->remove_count, changes->add,
                                        changes->add_count);
    const char **add = arena_array(arena, changes->add_count + 1, sizeof(*add));
    for (size_t i = 0; i < changes->add_count; i++)
        add[i] = changes->add[i].id;
    return target_change_members(arena, id, changes->remove, changes->remove_count, add, changes->add_count);
}

static int step_members(struct tx *tx, struct lane *lane, const struct work *work, struct facts *facts)
{
    struct flight details = {0};
    enum work_class class = work->class;
    bool waits = false;
    int r = may_be_full(tx, lane, facts);
    if (r > 0)
        r = send_full(tx, lane, work, facts);
    if (r != STEP_DONE)
        return r;
    r = collect(tx, lane, facts, &details, &class, &waits);
    if (r < 0)
        return r;
    if (class > work->class) { /* what was urgent is done, what is left may wait and grow into one request */
        r = work_reclass(tx, work, class);
        lane->core->more = true;
        return r < 0 ? r : STEP_WAIT;
    }
    if (details.member_count == 0) {
        batch_forget(lane->core, facts->group.rid);
        if (r == 0 && !waits)
            return STEP_DONE;
        r = work_defer(tx, work->rid,
                       lane->now + (waits ? STRANGERS_WAIT_MS : 0)); /* clean rows only so far: more in the next turn */
        return r < 0 ? r : STEP_WAIT;
    }
    if (lane->switches.dialect == DIALECT_CUSTOM)
        return read_whole(tx, lane, work, facts);
    struct changes changes;
    r = split_changes(tx, lane, facts, &details, &changes);
    if (r < 0)
        return r;
    struct target_request request = change_members(tx, lane, facts, &changes);
    return ask(tx, lane, work, facts, &request, details);
}

static int probes_refused(struct tx *tx, const struct lane *lane, struct target_group *group)
{
    int r = trait_set(tx, lane->app.rid, TRAIT_PROBES, 0, TRAIT_LEARNED);
    return r < 0 ? r : members_probe_stop(tx, group);
}

/* The end of the probes. What was dropped is pushed again: STEP_WAIT, the row is due. */
static int probes_end(struct tx *tx, struct lane *lane, const struct work *work, struct target_group *group)
{
    bool blind = false;
    int r = members_probe_end(tx, group, &blind);
    if (r == 0 && blind)
        r = trait_set(tx, lane->app.rid, TRAIT_PROBES, 0, TRAIT_LEARNED);
    else if (r == 0 && group->verify_state != VERIFY_UNREADABLE)
        r = trait_set(tx, lane->app.rid, TRAIT_PROBES, 1, TRAIT_LEARNED);
    if (r < 0 || group->verify_state != VERIFY_DROPPED)
        return r < 0 ? r : STEP_DONE;
    r = tell_not_kept(tx, lane, &(struct flight){.work = *work, .name = group->name});
    lane->core->more = true;
    return r < 0 ? r : lane_wait(tx, work, lane->now);
}

/* A group that shows no members: one member of the sample. */
static int step_probe(struct tx *tx, struct lane *lane, const struct work *work, struct facts *facts)
{
    struct flight_member one = {0};
    struct member member = {0};
    if (may_lag(facts->mapping.last_push, lane->now))
        return lane_wait(tx, work, facts->mapping.last_push + LIMIT_READ_LAG_MS);
    int r = facts->group.probing == PROBING_CONTROL ? members_probe_control(tx, &facts->group, &one.external_id)
                                                    : members_probe_next(tx, &facts->group, &member);
    if (r < 0)
        return r;
    if (r > 0)
        one = as_flight(&member);
    else if (facts->group.probing == PROBING_MEMBERS)
        return probes_end(tx, lane, work, &facts->group);
    struct target_request request = target_find_member(tx_arena(tx), facts->group.external_id, one.external_id);
    return ask(tx, lane, work, facts, &request, (struct flight){.probe = true, .members = &one, .member_count = 1});
}

static int step_again(struct tx *tx, struct lane *lane, const struct work *work, bool after_conflict)
{
    struct facts facts = {0};
    int r = read_facts(tx, work, &facts);
    if (r == ERR_NOT_FOUND)
        return STEP_DONE;
    if (r == 0 && facts.in_doubt)
        r = lane_await_intent(tx, lane, work, &facts.intent);
    if (r != STEP_DONE)
        return r;
    if (!facts.mapped && facts.group.delete_wanted)
        return step_delete(tx, lane, work, &facts);
    if (!facts.mapped || facts.mapping.status != MAPPING_ACTIVE)
        return STEP_DONE;
    if (!facts.group.external_id)
        return find(tx, lane, work, &facts, after_conflict);
    /* Not while a batch is being told apart: there the app said no, and is only asked what it took all the same. */
    if (facts.in_doubt && may_lag(facts.mapping.last_push, lane->now) && !batch_is_split(lane->core, facts.group.rid))
        return lane_wait(tx, work, facts.mapping.last_push + LIMIT_READ_LAG_MS);
    bool link = facts.group.link_pending && !facts.mapping.members_wait; /* until then its members are left alone */
    if (facts.in_doubt || link || facts.group.overwrite_wanted)
        return read_group(tx, lane, work, &facts, true, (struct flight){0});
    if (is_other_name(&facts.group))
        return rename_group(tx, lane, work, &facts);
    r = step_members(tx, lane, work, &facts);
    if (r == STEP_DONE && facts.group.probing)
        return step_probe(tx, lane, work, &facts);
    if (r != STEP_DONE || !facts.group.verify_wanted)
        return r;
    return read_group(tx, lane, work, &facts, true, (struct flight){.verify = true});
}

int group_step(struct tx *tx, struct lane *lane, const struct work *work)
{
    return step_again(tx, lane, work, false);
}

/* --- events --------------------------------------------------------------------------------------------------------
 */

static int tell(struct tx *tx, struct lane *lane, const struct facts *facts, const char *type, const char *message)
{
    struct group group = {0};
    int r = group_by_rid(tx, facts->group.group_rid, &group);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    struct event event = {
        .type = type,
        .message = message,
        .severity = SEVERITY_INFO,
        .targets =
            {{.id = lane->app.id, .type = "AppInstance", .alternate_id = lane->app.label, .name = lane->app.label},
             {.id = group.id, .type = "AppGroup", .alternate_id = facts->group.external_id, .name = group.name},
             {.id = facts->mapped ? facts->mapping.id : NULL, .type = "GroupPushMapping", .name = group.name}},
        .target_count = facts->mapped ? 3 : 2};
    return record_event(tx, &event);
}

/* --- answers -------------------------------------------------------------------------------------------------------
 */

static const char *stage_of(struct arena *arena, const struct flight *flight)
{
    switch (flight->kind) {
    case REQUEST_CREATE_GROUP:
        return arena_printf(arena, "Error while creating user group %s", flight->name);
    case REQUEST_RENAME_GROUP:
        return arena_printf(arena, "Error while renaming user group %s", flight->name);
    case REQUEST_MEMBERS:
        return arena_printf(arena, "Error while updating user group membership for group %s", flight->name);
    case REQUEST_DELETE_GROUP:
        return arena_printf(arena, "Error while deleting user group %s", flight->name);
    case REQUEST_FIND_USER:
    case REQUEST_CREATE_USER:
    case REQUEST_READ_USER:
    case REQUEST_UPDATE_USER:
    case REQUEST_FIND_GROUP:
    case REQUEST_READ_GROUP:
    case REQUEST_PROBE:
    case REQUEST_LIST_USERS:
    case REQUEST_LIST_GROUPS:
    default:
        return arena_printf(arena, "Error while trying to get the group %s", flight->name);
    }
}

static int fail(struct tx *tx, struct lane *lane, const struct flight *flight, enum error_class class,
                const char *words)
{
    return lane_fail(tx, lane, flight, class, stage_of(tx_arena(tx), flight), words);
}

/* Exactly one group has the name. It may be one whose deletion waits or is held: pushed again, it is not deleted; while
 * the deletion is under way, what comes of it decides. */
static int found_one(struct tx *tx, struct lane *lane, struct flight *flight, struct facts *facts,
                     const struct found *found, bool ours)
{
    struct target_group going = {0};
    struct intent intent = {0};
    int r = target_group_going(tx, lane->app.rid, found->id, &going);
    bool is_going = r == 0 && going.rid != facts->group.rid;
    if (is_going)
        r = intent_find(tx, lane->app.rid, WORK_GROUP, going.rid, &intent);
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    if (r > 0)
        return lane_wait(tx, &flight->work, lane->now + LIMIT_READ_LAG_MS);
    r = intent_delete_object(tx, lane->app.rid, WORK_GROUP, flight->work.object_rid);
    if (r < 0)
        return r;
    if (is_going)
        return target_group_take_over(tx, &facts->group, &going);
    return target_group_set_known(tx, &facts->group, found->id, ours ? ORIGIN_CREATED : ORIGIN_LINKED,
                                  found->display_name);
}

/* Not found, or the group itself; anything else is no answer to what was asked. */
static int probe_answer(struct tx *tx, const struct lane *lane, const struct flight *flight, struct target_group *group)
{
    const struct answer *answer = flight->answer;
    const struct flight_member *one = &flight->members[0];
    bool there = answer->found_count == 1 && str_eq(answer->found[0].id, group->external_id);
    if (group->probing == PROBING_NOT)
        return STEP_DONE;
    if ((answer->found_count > 0 || answer->found_overflow) && (!there || one->rid == 0))
        return probes_refused(tx, lane, group);
    return one->rid ? member_probed(tx, one->rid, one->version, there) : members_probe_trusted(tx, group);
}

/* What was learned may have changed after a day. */
static bool may_probe(const struct lane *lane)
{
    const struct trait *probes = &lane->traits.items[TRAIT_PROBES];
    bool no = probes->source && probes->value == 0;
    return !no || (probes->source == TRAIT_LEARNED && lane->now - probes->learned > PROBES_AGAIN_MS);
}

static int found_answer(struct tx *tx, struct lane *lane, struct flight *flight, struct facts *facts)
{
    const struct found *found = NULL;
    if (flight->probe)
        return probe_answer(tx, lane, flight, &facts->group);
    if (!str_eq(flight->name, name_to_find(facts)))
        return STEP_DONE; /* renamed meanwhile: the answer is about another name */
    size_t matches = target_match_group(flight->answer, flight->name, &found);
    if (matches > 1)
        return fail(tx, lane, flight, ERROR_TWO_MATCHES, "Two or more groups have this name");
    if (matches == 1 && !found->id)
        return fail(tx, lane, flight, ERROR_MALFORMED_ANSWER, "The group was returned without an id");
    bool ours = facts->in_doubt && facts->intent.kind == REQUEST_CREATE_GROUP;
    if (matches == 0 && ours &&
        may_lag(intent_asked(lane, &facts->intent), lane->now)) /* it may have been created all the same */
        return lane_wait(tx, &flight->work, intent_asked(lane, &facts->intent) + LIMIT_READ_LAG_MS);
    if (matches == 1)
        return found_one(tx, lane, flight, facts, found, ours);
    int r = intent_delete_object(tx, lane->app.rid, WORK_GROUP, flight->work.object_rid);
    if (r < 0)
        return r;
    if (flight->after_conflict)
        return fail(tx, lane, flight, ERROR_NAME_UNUSABLE, "Conflict, but no group of this name was found");
    if (!str_eq(flight->name, facts->group.name))
        return STEP_DONE; /* it was not created, and should have another name by now */
    if (!facts->mapped || facts->mapping.status != MAPPING_ACTIVE)
        return STEP_DONE;
    struct target_request request = is_published(lane) ? published_create_group(tx_arena(tx), facts->group.name)
                                                       : target_create_group(tx_arena(tx), facts->group.name);
    return ask(tx, lane, &flight->work, facts, &request, (struct flight){0});
}

static int created_answer(struct tx *tx, struct lane *lane, struct flight *flight, struct facts *facts)
{
    int r = intent_delete(tx, flight->intent_rid);
    if (r == 0)
        r = target_group_set_known(tx, &facts->group, flight->answer->resource.id, ORIGIN_CREATED, flight->name);
    if (r == 0)
        r = target_group_pushed(tx, facts->group.rid);
    return r < 0 ? r : tell(tx, lane, facts, "application.provision.group_push.pushed", "Push group to application");
}

static int renamed_answer(struct tx *tx, struct lane *lane, struct flight *flight, struct facts *facts)
{
    int r = intent_delete(tx, flight->intent_rid);
    if (r == 0)
        r = target_group_set_name(tx, &facts->group, flight->name);
    if (r == 0)
        r = target_group_pushed(tx, facts->group.rid);
    return r < 0 ? r
                 : tell(tx, lane, facts, "application.provision.group_push.mapping.app.group.renamed",
                        "Rename application group");
}

/* A removal that the app acknowledged may be what the person's deactivation waits for. */
static int poke_account(struct tx *tx, int64_t app_rid, int64_t user_rid)
{
    struct account account = {0};
    int r = account_get(tx, app_rid, user_rid, &account);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    return account.leave_since ? work_poke(tx, app_rid, WORK_ACCOUNT, account.rid) : 0;
}

static int member_is(struct tx *tx, const struct flight *flight, const struct flight_member *member, bool there)
{
    if (member->rid == 0)
        return there ? 0 : stranger_gone(tx, flight->work.object_rid, member->external_id);
    int r = member_acknowledged(tx, member->rid, there, member->external_id, member->version);
    return r < 0 || there ? r : poke_account(tx, flight->app_rid, member->user_rid);
}

/* By the app's setting: is what was just acknowledged read back? */
static bool is_verified(const struct lane *lane)
{
    return lane->switches.verify == VERIFY_MODE_ALWAYS ||
           (lane->switches.verify == VERIFY_MODE_SAMPLED && env_below(lane->core->options.env, VERIFY_SAMPLE) == 0);
}

/* LIMIT_EXPAND_ROWS members a turn. STEP_WAIT while there are more. */
static int members_answer(struct tx *tx, struct lane *lane, struct flight *flight, struct facts *facts)
{
    int r = 0;
    size_t end = MIN_OF(flight->member_count, flight->read_offset + LIMIT_EXPAND_ROWS);
    for (size_t i = flight->read_offset; r == 0 && i < end; i++)
        r = member_is(tx, flight, &flight->members[i], flight->members[i].add);
    flight->read_offset_next = end;
    if (r < 0 || end < flight->member_count)
        return r < 0 ? r : STEP_WAIT; /* the intent stays until everybody is noted */
    r = intent_delete(tx, flight->intent_rid);
    if (r == 0)
        r = target_group_pushed(tx, facts->group.rid);
    if (r == 0 && is_verified(lane))
        r = target_group_want_verified(tx, facts->group.rid);
    if (r == 0)
        r = members_advance(tx, &facts->group);
    if (r == 0 && flight->full)
        r = target_group_want_full(tx, &facts->group, false);
    if (r < 0)
        return r;
    r = flight->full ? 0 : batch_accepted(tx, lane, flight);
    if (r < 0)
        return r;
    return tell(tx, lane, facts, "application.provision.group_push.push_memberships", "Push memberships");
}

/* The members that the intent named, each as the app shows it now. What it does not show as asked stays dirty and is
 * sent again. */
static int settle_intent(struct tx *tx, struct lane *lane, struct flight *flight, struct facts *facts)
{
    struct answer *answer = flight->answer;
    CLEANUP(jval_freep) struct jval *detail = NULL;
    if (facts->intent.detail) {
        int r = jval_parse(&detail, facts->intent.detail, strlen(facts->intent.detail), NULL);
        if (r < 0)
            return ERR_CORRUPT;
    }
    size_t asked = jval_len(detail);
    if (answer->member_count)
        qsort(answer->members, answer->member_count, sizeof(*answer->members), compare_ids);
    int r = 0;
    for (size_t i = 0; r == 0 && i < asked; i++) {
        const struct jval *item = jval_at(detail, i);
        struct flight_member member = {.rid = jval_int(jval_get(item, "rid"), 0),
                                       .user_rid = jval_int(jval_get(item, "user"), 0),
                                       .version = jval_int(jval_get(item, "version"), 0),
                                       .external_id = jval_get_str(item, "id"),
                                       .add = jval_is_true(jval_get(item, "add"))};
        if (answer->member_count == 0) { /* proves nothing: many apps never show members (docs/targets.md) */
            r = member.rid ? member_unsure(tx, member.rid) : 0;
            continue;
        }
        bool there = bsearch(&member.external_id, answer->members, answer->member_count, sizeof(*answer->members),
                             compare_ids) != NULL;
        if (there != member.add) { /* not as asked, or not shown yet: it stays dirty */
            r = member.rid ? member_not_as_asked(tx, &facts->mapping, member.rid, member.user_rid, member.add) : 0;
            continue;
        }
        r = member_is(tx, flight, &member, there);
        batch_blurred(lane->core, facts->group.rid);
    }
    return r < 0 ? r : intent_delete_object(tx, flight->app_rid, WORK_GROUP, flight->work.object_rid);
}

/* For a link or a verification: LIMIT_EXPAND_ROWS members a turn. STEP_WAIT while there are more. */
static int read_chunk(struct tx *tx, struct lane *lane, struct flight *flight, struct facts *facts)
{
    struct answer *answer = flight->answer;
    int r = flight->read_offset == 0 ? members_read_begin(tx, &facts->group) : 0;
    size_t count = MIN_OF(answer->member_count - flight->read_offset, (size_t)LIMIT_EXPAND_ROWS);
    if (r == 0)
        r = members_read_chunk(tx, &facts->group, answer->members + flight->read_offset, count);
    if (r < 0)
        return r;
    flight->read_offset_next = flight->read_offset + count;
    if (flight->read_offset_next < answer->member_count)
        return STEP_WAIT;
    if (flight->verify) {
        r = members_verify_end(tx, &facts->group, answer->member_count);
        if (r == 0 && facts->group.verify_state == VERIFY_UNREADABLE && may_probe(lane))
            r = members_probe_begin(tx, &facts->group);
        return r < 0 || facts->group.verify_state != VERIFY_DROPPED ? r : tell_not_kept(tx, lane, flight);
    }
    int64_t extra = 0;
    bool shown = answer->member_count > 0; /* an app that shows nobody may hide strangers, which a list would remove */
    enum existing_members existing = facts->group.overwrite_wanted ? EXISTING_REMOVE : facts->mapping.existing;
    r = members_read_end(tx, &facts->group, existing, answer->member_count, &extra);
    if (r > 0 && shown && lane->switches.dialect == DIALECT_CATALOG)
        return target_group_want_full(tx, &facts->group, true);
    if (r != 0)
        return r < 0 ? r : STEP_DONE;
    const char *words = arena_printf(tx_arena(tx),
                                     "Linking would remove %lld of %zu members. Allow it with existingMembers REMOVE, "
                                     "keep them with KEEP, or unlink",
                                     (long long)extra, answer->member_count);
    return fail(tx, lane, flight, ERROR_LINK_WOULD_REMOVE, words);
}

/*
 * Dialect custom: who is in the group that was read, without those whom this request takes out, and with those whom it
 * brings. Strangers stay. An app that shows nobody is believed as long as Muster knows nobody there either; otherwise
 * what it acknowledged counts. 0; 1 when the list is too long.
 */
static int list_from_answer(struct tx *tx, const struct flight *flight, const struct facts *facts,
                            const struct flight *details, const struct changes *changes, struct list *ret)
{
    const struct answer *answer = flight->answer;
    if (answer->member_count == 0)
        return list_from_store(tx, facts, details, changes, ret);
    if (answer->member_count + changes->add_count > LIMIT_FULL_MEMBERS)
        return 1;
    ret->members = arena_array(tx_arena(tx), answer->member_count + changes->add_count, sizeof(*ret->members));
    const char **left_out = arena_array(tx_arena(tx), details->member_count + 1, sizeof(*left_out));
    for (size_t i = 0; i < details->member_count; i++) /* adds as well: each once, at the end */
        left_out[i] = details->members[i].external_id;
    qsort(left_out, details->member_count, sizeof(*left_out), compare_ids);
    int r = 0;
    for (size_t i = 0; r == 0 && i < answer->member_count; i++) {
        struct account account = {0};
        if (bsearch(&answer->members[i], left_out, details->member_count, sizeof(*left_out), compare_ids))
            continue;
        r = account_by_external(tx, facts->group.app_rid, answer->members[i], &account);
        ret->members[ret->count++] = (struct target_member){.id = arena_strdup(tx_arena(tx), answer->members[i]),
                                                            .display = r == 0 ? account.user_name : NULL};
        r = r == ERR_NOT_FOUND ? 0 : r;
    }
    for (size_t i = 0; i < changes->add_count; i++)
        ret->members[ret->count++] = changes->add[i];
    return r;
}

/*
 * A group that was there before Muster, and the app shows nobody in it: it may be empty, or the app may not show
 * members. Believed is an empty list alone, and only where a link may remove whom it finds.
 */
static bool may_hide_strangers(const struct answer *answer, const struct facts *facts)
{
    if (answer->member_count > 0 || facts->group.origin != ORIGIN_LINKED)
        return false;
    return !answer->has_members || facts->mapping.existing != EXISTING_REMOVE;
}

/* Dialect custom: the group was read to be written back, with its new name or with a change of its members. */
static int rewrite(struct tx *tx, struct lane *lane, struct flight *flight, struct facts *facts)
{
    const struct answer *answer = flight->answer;
    struct flight details = {.rewrite = true};
    struct changes changes;
    struct list list = {0};
    enum work_class class = flight->work.class;
    bool waits = false;
    bool rename = is_other_name(&facts->group);
    if (!facts->mapped || facts->mapping.status != MAPPING_ACTIVE || facts->group.link_pending ||
        facts->group.overwrite_wanted || lane->switches.dialect != DIALECT_CUSTOM)
        return STEP_DONE;
    int r = rename ? 0 : collect(tx, lane, facts, &details, &class, &waits);
    if (r < 0 || (!rename && details.member_count == 0))
        return r < 0 ? r : STEP_DONE;
    if (may_hide_strangers(answer, facts))
        return fail(
            tx, lane, flight, ERROR_UNSUPPORTED,
            "The app does not show who is in the group, which was there before Muster; a PUT would remove them. "
            "Choose the dialect STANDARD or CATALOG");
    r = split_changes(tx, lane, facts, &details, &changes);
    if (r == 0)
        r = list_from_answer(tx, flight, facts, &details, &changes, &list);
    if (r > 0)
        return fail(tx, lane, flight, ERROR_TOO_LARGE,
                    arena_printf(tx_arena(tx),
                                 "The group has more than %d members, too many for the complete list that a PUT needs. "
                                 "Choose the dialect STANDARD or CATALOG",
                                 LIMIT_FULL_MEMBERS));
    if (r < 0)
        return r;
    const char *shown = answer->resource.display_name;
    const char *name = rename || !shown ? facts->group.name : arena_strdup(tx_arena(tx), shown);
    struct target_request request = published_put_group(tx_arena(tx), rename ? REQUEST_RENAME_GROUP : REQUEST_MEMBERS,
                                                        facts->group.external_id, name, list.members, list.count);
    return ask(tx, lane, &flight->work, facts, &request, details);
}

static int read_answer(struct tx *tx, struct lane *lane, struct flight *flight, struct facts *facts)
{
    const struct found *found = &flight->answer->resource;
    int r = 0;
    if (facts->in_doubt) {
        r = settle_intent(tx, lane, flight, facts);
        if (r == 0 && facts->intent.kind == REQUEST_RENAME_GROUP && found->display_name)
            r = target_group_set_name(tx, &facts->group, found->display_name);
        return r;
    }
    if (flight->rewrite)
        return rewrite(tx, lane, flight, facts);
    if (facts->mapped && (facts->group.link_pending || facts->group.overwrite_wanted || flight->verify))
        return read_chunk(tx, lane, flight, facts);
    return r;
}

/* The app does not have the group: deleted there by somebody, or as we asked. */
static int gone_answer(struct tx *tx, struct lane *lane, struct flight *flight, struct facts *facts)
{
    bool early = flight->kind == REQUEST_READ_GROUP && facts->mapped && may_lag(facts->mapping.last_push, lane->now);
    if (early)
        return fail(tx, lane, flight, ERROR_NOT_FOUND, answer_words(tx_arena(tx), flight->answer));
    int r = intent_delete_object(tx, flight->app_rid, WORK_GROUP, flight->work.object_rid);
    if (r < 0)
        return r;
    if (!facts->mapped && facts->group.delete_wanted) {
        r = tell(tx, lane, facts, "application.provision.group_push.delete_appgroup", "Delete application group");
        return r < 0 ? r : target_group_deleted(tx, &facts->group);
    }
    r = target_group_forget(tx, &facts->group);
    int repair = r == 0 && facts->mapped ? target_group_may_repair(tx, &facts->group) : r;
    if (repair < 0)
        return repair;
    if (repair)
        return tell(tx, lane, facts, "application.provision.group.verify_exists",
                    "The group was deleted in the app: it is looked for by its name, or made anew");
    return fail(tx, lane, flight, ERROR_GROUP_MISSING, answer_words(tx_arena(tx), flight->answer));
}

/* Refused alone. The account may be gone there, and then it is made anew and pushed again; or it may be disabled. */
static int isolate(struct tx *tx, const struct lane *lane, const struct flight *flight,
                   const struct flight_member *member, enum error_class failure, const char *words)
{
    struct account account = {0};
    int r = account_get(tx, flight->app_rid, member->user_rid, &account);
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    bool inactive = account.disabled_there || account.known == KNOWN_INACTIVE;
    enum error_class class = inactive && member->add ? ERROR_MEMBER_INACTIVE : failure;
    int64_t again = class == ERROR_SERVER_ERROR ? lane->now + MEMBER_AGAIN_MS : 0;
    bool may_check = r == 0 && member->add && account.external_id;
    r = member_refused(tx, member->rid, member->version, error_class_name(class), words, again);
    if (r == 0 && !member->again)
        r = tell_member_refused(tx, lane, flight, member, class, words);
    int check = r == 0 && may_check ? account_check_due(tx, &account) : r;
    if (check <= 0)
        return check;
    struct work work = {.app_rid = flight->app_rid, .kind = WORK_ACCOUNT, .object_rid = account.rid};
    struct intent doubt = {.epoch = group_epoch(lane->state->group), .node = lane->core->self.name};
    int64_t intent_rid = 0;
    r = intent_add(tx, &work, REQUEST_READ_USER, &doubt, &intent_rid);
    return r < 0 ? r : work_add(tx, flight->app_rid, WORK_ACCOUNT, account.rid, WORK_FRESH);
}

/*
 * The app refused a batch: which of its members is told apart by halving. Some apps say 404 for an unknown member; the
 * group is read before one is blamed for that, since it may be the group that is gone.
 */
static int refused_answer(struct tx *tx, struct lane *lane, struct flight *flight, enum error_class class,
                          const char *words)
{
    const struct flight_member *only = &flight->members[0];
    if (flight->member_count > 1)
        batch_refused(lane->core, flight, false);
    if (!batch_is_refused_member(lane->core, flight, class != ERROR_NOT_FOUND))
        return STEP_DONE; /* the intent stays: what the app took of the batch is read before anything is repeated */
    int r = intent_delete(tx, flight->intent_rid);
    bool absent = !only->add && str_eq(answer_scim_type(flight->answer), "noTarget"); /* gone already */
    if (r == 0 && (absent || only->rid == 0))
        r = member_is(tx, flight, only, false);
    else if (r == 0)
        r = isolate(tx, lane, flight, only, ERROR_MEMBER_UNKNOWN, words);
    if (r == 0 && !only->add && only->rid)
        r = poke_account(tx, flight->app_rid, only->user_rid);
    return r < 0 ? r : batch_member_refused(tx, lane, flight);
}

/*
 * The app failed by itself (500), or nobody knows. The intent stays: what it took all the same is read before anything
 * is sent again. It may be one member at which it fails (batch.c).
 */
static int failed_answer(struct tx *tx, struct lane *lane, struct flight *flight, enum error_class class,
                         const char *words)
{
    int64_t suspects[BATCH_SUSPECTS];
    int count = 0;
    int r = 0;
    enum batch_failure failure = batch_failed(lane->core, flight, suspects, &count);
    for (int i = 0; r == 0 && i < count; i++)
        r = member_not_refused(tx, suspects[i]);
    if (r == 0 && (failure == BATCH_MEMBER || failure == BATCH_SUSPECT))
        r = isolate(tx, lane, flight, &flight->members[0], ERROR_SERVER_ERROR, words);
    if (r < 0)
        return r;
    if (failure == BATCH_AS_IT_IS || failure == BATCH_SUSPECT || flight->answer->retry_after_ms >= 0)
        return fail(tx, lane, flight, class, words);
    return lane_wait(tx, &flight->work, lane->now + LIMIT_BACKOFF_MIN_MS);
}

/* The filter is what the app does not like, or fails at. */
static bool is_probe_refused(const struct flight *flight, enum error_class class)
{
    if (error_class_scope(class) == ERROR_SCOPE_APP)
        return false;
    return error_class_action(class) == ERROR_ACTION_HOLD || class == ERROR_NOT_FOUND ||
           flight->work.attempts >= PROBE_TRIES;
}

/* The complete list was not taken: the difference tells which member is the cause. */
static bool is_full_given_up(const struct flight *flight, enum error_class class)
{
    bool fails_again = class == ERROR_SERVER_ERROR && flight->work.attempts > 0;
    return flight->full && (fails_again || error_class_action(class) != ERROR_ACTION_RETRY);
}

static int error_answer(struct tx *tx, struct lane *lane, struct flight *flight, struct facts *facts,
                        enum error_class class)
{
    const char *words = answer_words(tx_arena(tx), flight->answer);
    if (flight->probe && is_probe_refused(flight, class))
        return probes_refused(tx, lane, &facts->group);
    if (is_full_given_up(flight, class)) {
        int r = target_group_want_full(tx, &facts->group, false);
        bool again = class == ERROR_NOT_FOUND || class == ERROR_MEMBER_UNKNOWN || class == ERROR_TOO_LARGE;
        if (r < 0 || again)
            return r; /* the intent stays: the group is read before anything is repeated */
    }
    if (flight->kind == REQUEST_MEMBERS && (class == ERROR_NOT_FOUND || class == ERROR_MEMBER_UNKNOWN))
        return refused_answer(tx, lane, flight, class, words);
    if (flight->kind == REQUEST_MEMBERS && !flight->full &&
        (class == ERROR_SERVER_ERROR || class == ERROR_OUTCOME_UNKNOWN))
        return failed_answer(tx, lane, flight, class, words);
    if (class == ERROR_NOT_FOUND)
        return gone_answer(tx, lane, flight, facts);
    if (flight->intent_rid && error_class_action(class) != ERROR_ACTION_READ_BACK && class != ERROR_SERVER_ERROR) {
        int r = intent_delete(tx, flight->intent_rid); /* refused: the app did nothing */
        if (r < 0)
            return r;
    }
    if (class == ERROR_TOO_LARGE && flight->kind == REQUEST_MEMBERS && flight->member_count > 1) {
        batch_refused(lane->core, flight, true);
        return STEP_DONE;
    }
    if (class == ERROR_NAME_TAKEN && flight->kind == REQUEST_CREATE_GROUP)
        return step_again(tx, lane, &flight->work, true);
    return fail(tx, lane, flight, class, words);
}

int group_answer(struct tx *tx, struct lane *lane, struct flight *flight)
{
    struct facts facts = {0};
    int r = read_facts(tx, &flight->work, &facts);
    if (r < 0)
        return r == ERR_NOT_FOUND ? STEP_DONE : r;
    enum error_class class = answer_judge(flight->answer, flight->kind);
    if (class != ERROR_NONE)
        return error_answer(tx, lane, flight, &facts, class);
    switch (flight->kind) {
    case REQUEST_FIND_GROUP:
        return found_answer(tx, lane, flight, &facts);
    case REQUEST_CREATE_GROUP:
        return created_answer(tx, lane, flight, &facts);
    case REQUEST_READ_GROUP:
        return read_answer(tx, lane, flight, &facts);
    case REQUEST_RENAME_GROUP:
        return renamed_answer(tx, lane, flight, &facts);
    case REQUEST_MEMBERS:
        return members_answer(tx, lane, flight, &facts);
    case REQUEST_DELETE_GROUP:
        return gone_answer(tx, lane, flight, &facts);
    case REQUEST_FIND_USER:
    case REQUEST_CREATE_USER:
    case REQUEST_READ_USER:
    case REQUEST_UPDATE_USER:
    case REQUEST_PROBE:
    case REQUEST_LIST_USERS:
    case REQUEST_LIST_GROUPS:
    default:
        return ERR_CORRUPT;
    }
}
