/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many members go into one request, and what refusals teach.
 *
 * A refused batch is halved until the refused part is one member or every part was accepted. The parts that are still
 * to be tried stand on a stack; members come in the same order each time, so that sizes are enough. A split teaches
 * nothing until it ends: only if every part was accepted was size the cause, and the largest accepted size is
 * remembered for the app; if a single member was refused, the member was the cause and the limit is left alone. 413
 * always teaches. A batch of removals and adds is first split by kind: if both parts are accepted whole, the app does
 * not take them together. Once a day one larger request is tried.
 *
 * Errors of the app's own (500, a broken connection) may come from one member too. After BATCH_FAILURES of them in a
 * row the batch is told apart in the same way, but nothing is learned of it, and a single member is to blame only once
 * the app took something else: one that fails at everything is left to the back-off.
 */
#include "engine/inner.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

/* --- what is known of an app ---------------------------------------------------------------------------------------
 */

SQL(TRAITS_OF_APP, "SELECT name, value, source, learned FROM target_traits WHERE app_rid = $1");
SQL(TRAIT_SET, "INSERT INTO target_traits (app_rid, name, value, source, learned) VALUES ($1, $2, $3, $4, $5)"
               " ON CONFLICT (app_rid, name) DO UPDATE SET value = excluded.value, source = excluded.source,"
               " learned = excluded.learned WHERE target_traits.source <= excluded.source");
SQL(TRAIT_FORGET, "DELETE FROM target_traits WHERE app_rid = $1 AND name = $2");

static const char *const trait_names[] = {
    [TRAIT_ADDS] = "membersAddedPerRequest",
    [TRAIT_REMOVES] = "membersRemovedPerRequest",
    [TRAIT_MIX] = "addsAndRemovalsTogether",
    [TRAIT_RATE_USERS_READ] = "usersReadPerMinute",
    [TRAIT_RATE_USERS_WRITTEN] = "usersWrittenPerMinute",
    [TRAIT_RATE_GROUPS_READ] = "groupsReadPerMinute",
    [TRAIT_RATE_GROUPS_WRITTEN] = "groupsWrittenPerMinute",
    [TRAIT_SECONDS] = "secondsToAnswer",
    [TRAIT_PROBES] = "groupsFoundByMember",
};

const char *trait_name(enum trait_kind kind)
{
    return trait_names[kind];
}

int traits_get(struct tx *tx, int64_t app_rid, struct traits *ret)
{
    *ret = (struct traits){0};
    struct query query;
    int r = tx_query(tx, &query, &TRAITS_OF_APP, I(app_rid));
    while (r >= 0 && (r = query_next(&query)) > 0)
        for (int kind = 0; kind < TRAIT_COUNT; kind++)
            if (str_eq(query_text(&query, 0), trait_names[kind]))
                ret->items[kind] = (struct trait){.value = query_int(&query, 1),
                                                  .source = (enum trait_source)query_int(&query, 2),
                                                  .learned = query_int(&query, 3)};
    return r < 0 ? r : 0;
}

int trait_set(struct tx *tx, int64_t app_rid, enum trait_kind kind, int64_t value, enum trait_source source)
{
    if (source == TRAIT_UNKNOWN) {
        int r = tx_exec(tx, &TRAIT_FORGET, I(app_rid), T(trait_names[kind]));
        return r < 0 ? r : 0;
    }
    int r = tx_exec(tx, &TRAIT_SET, I(app_rid), T(trait_names[kind]), I(value), I(source), I(tx_now(tx)));
    return r < 0 ? r : 0;
}

/* --- splits --------------------------------------------------------------------------------------------------------
 */

#define SPLIT_DEPTH 40
#define BATCH_FAILURES 3     /* server errors of a group's changes in a row before they are told apart */
#define WHOLE (SIZE_MAX / 2) /* a part that limits nothing */

struct split {
    int64_t target_rid;
    size_t parts[SPLIT_DEPTH]; /* sizes still to be tried, the next one last */
    int depth;
    bool by_kind;                     /* removals and adds apart */
    bool halved;                      /* beyond that */
    bool member_cause;                /* a single member was refused */
    bool too_large;                   /* the app said so (413) */
    bool blurred;                     /* what happened to a part was read back: its size proves nothing */
    bool failing;                     /* the app reports errors of its own, which say nothing of the cause */
    bool proven;                      /* and took a part since they began: it is not the app as a whole */
    int failures;                     /* such errors since the app took something */
    int64_t suspects[BATCH_SUSPECTS]; /* members that were set aside before it was proven */
    int suspect_count;
    bool asked_alone; /* the one member that is left was tried once already (404: read in between) */
    size_t largest_adds, largest_removes; /* accepted parts */
    struct split *next;
};

static struct split *split_of(const struct core *core, int64_t target_rid)
{
    for (struct split *split = core->splits; split; split = split->next)
        if (split->target_rid == target_rid)
            return split;
    return NULL;
}

bool batch_is_split(const struct core *core, int64_t target_rid)
{
    const struct split *split = split_of(core, target_rid);
    return split && !split->failing;
}

static void split_end(struct core *core, const struct split *ended)
{
    for (struct split **at = &core->splits; *at; at = &(*at)->next)
        if (*at == ended) {
            struct split *gone = *at;
            *at = gone->next;
            free(gone);
            return;
        }
}

struct split *splits_free(struct split *list)
{
    while (list) {
        struct split *next = list->next;
        free(list);
        list = next;
    }
    return NULL;
}

struct split *splits_copy(const struct split *list)
{
    struct split *first = NULL;
    struct split **end = &first;
    for (; list; list = list->next) {
        *end = NEW(struct split);
        **end = *list;
        (*end)->next = NULL;
        end = &(*end)->next;
    }
    return first;
}

static void push_halves(struct split *split, size_t size)
{
    assert(size > 1 && split->depth + 2 <= SPLIT_DEPTH);
    split->parts[split->depth++] = size - size / 2;
    split->parts[split->depth++] = size / 2;
    split->halved = true;
}

/* So many members may the next request name: all requests in flight together hold so much memory. */
static size_t members_left(const struct core *core)
{
    size_t named = 0;
    for (const struct flight *flight = core->flights; flight; flight = flight->next)
        named += flight->member_count;
    for (const struct flight *flight = core->fresh; flight; flight = flight->next)
        named += flight->member_count;
    size_t left = named < LIMIT_MEMBERS_IN_FLIGHT ? LIMIT_MEMBERS_IN_FLIGHT - named : 0;
    return MAX_OF(MIN_OF(left, (size_t)LIMIT_MEMBERS_TOLD), (size_t)LIMIT_MEMBERS_PER_REQUEST);
}

struct member_limits batch_limits(const struct core *core, const struct traits *traits, int64_t target_rid, int64_t now)
{
    struct member_limits limits = member_limits_default();
    const struct trait *adds = &traits->items[TRAIT_ADDS];
    const struct trait *removes = &traits->items[TRAIT_REMOVES];
    const struct trait *mix = &traits->items[TRAIT_MIX];
    if (adds->source)
        limits.adds = (size_t)adds->value;
    if (removes->source)
        limits.removes = (size_t)removes->value;
    if (mix->source)
        limits.mix = mix->value != 0;
    const struct split *split = split_of(core, target_rid);
    if (!split) { /* a learned limit may have been lifted: one careful trial a day */
        if (adds->source == TRAIT_LEARNED && now - adds->learned > DAY_MS)
            limits.adds *= 2;
        if (removes->source == TRAIT_LEARNED && now - removes->learned > DAY_MS)
            limits.removes *= 2;
        size_t most = members_left(core);
        limits.adds = MIN_OF(limits.adds, most);
        limits.removes = MIN_OF(limits.removes, most);
        return limits;
    }
    size_t part = split->parts[split->depth - 1];
    limits.adds = MIN_OF(limits.adds, part);
    limits.removes = MIN_OF(limits.removes, part);
    limits.mix = limits.mix && !split->by_kind;
    return limits;
}

static void count_kinds(const struct flight *flight, size_t *ret_adds, size_t *ret_removes)
{
    *ret_adds = 0;
    for (size_t i = 0; i < flight->member_count; i++)
        *ret_adds += flight->members[i].add;
    *ret_removes = flight->member_count - *ret_adds;
}

static struct split *split_begin(struct core *core, int64_t target_rid)
{
    struct split *split = NEW(struct split);
    split->target_rid = target_rid;
    split->next = core->splits;
    core->splits = split;
    return split;
}

bool batch_is_refused_member(struct core *core, const struct flight *flight, bool sure)
{
    struct split *split = split_of(core, flight->work.object_rid);
    if (flight->member_count > 1)
        return false;
    if (sure || (split && split->asked_alone))
        return true;
    if (!split) {
        split = split_begin(core, flight->work.object_rid);
        split->parts[split->depth++] = 1;
    }
    split->asked_alone = true;
    return false;
}

void batch_refused(struct core *core, const struct flight *flight, bool too_large)
{
    assert(flight->member_count > 1);
    size_t adds = 0;
    size_t removes = 0;
    count_kinds(flight, &adds, &removes);
    struct split *split = split_of(core, flight->work.object_rid);
    if (!split) {
        split = split_begin(core, flight->work.object_rid);
    } else {
        split->depth--;
    }
    split->too_large |= too_large;
    if (adds && removes && !too_large) {
        split->by_kind = true;
        split->parts[split->depth++] = adds;
        split->parts[split->depth++] = removes; /* removals go first */
    } else {
        push_halves(split, flight->member_count);
    }
}

/* One member is left of what fails: is it to blame? */
static enum batch_failure one_failed(struct core *core, struct split *split, int64_t member_rid,
                                     int64_t ret_suspects[BATCH_SUSPECTS], int *ret_count)
{
    if (member_rid && split->proven) {
        if (--split->depth == 0)
            split_end(core, split);
        return BATCH_MEMBER;
    }
    if (member_rid && split->depth > 1 && split->suspect_count < BATCH_SUSPECTS) {
        split->suspects[split->suspect_count++] = member_rid;
        split->depth--;
        return BATCH_SUSPECT;
    }
    *ret_count = split->suspect_count;
    memcpy(ret_suspects, split->suspects, sizeof(split->suspects));
    split->suspect_count = 0;
    split->depth = 1;
    split->parts[0] = WHOLE; /* who comes later goes along, and shows whether it is the member */
    split->failures = *ret_count ? 0 : split->failures;
    return BATCH_AS_IT_IS;
}

enum batch_failure batch_failed(struct core *core, const struct flight *flight, int64_t ret_suspects[BATCH_SUSPECTS],
                                int *ret_count)
{
    *ret_count = 0;
    if (flight->member_count == 1 && flight->members[0].again)
        return BATCH_MEMBER;
    struct split *split = split_of(core, flight->work.object_rid);
    if (!split) {
        split = split_begin(core, flight->work.object_rid);
        split->parts[split->depth++] = WHOLE;
    }
    split->failing = true;
    split->blurred = true;
    if (++split->failures < BATCH_FAILURES)
        return BATCH_AS_IT_IS;
    if (flight->member_count == 1)
        return one_failed(core, split, flight->members[0].rid, ret_suspects, ret_count);
    batch_refused(core, flight, false);
    return split->proven ? BATCH_APART : BATCH_AS_IT_IS;
}

/* The lane goes on with it in this very turn. */
static int learned(struct tx *tx, struct lane *lane, enum trait_kind kind, size_t value)
{
    int r = trait_set(tx, lane->app.rid, kind, (int64_t)value, TRAIT_LEARNED);
    return r < 0 ? r : traits_get(tx, lane->app.rid, &lane->traits);
}

static int learn(struct tx *tx, struct lane *lane, const struct split *split)
{
    if (split->blurred || (split->member_cause && !split->too_large))
        return 0;
    if (split->by_kind && !split->halved)
        return learned(tx, lane, TRAIT_MIX, 0);
    int r = 0;
    if (split->halved && split->largest_adds)
        r = learned(tx, lane, TRAIT_ADDS, split->largest_adds);
    if (r == 0 && split->halved && split->largest_removes)
        r = learned(tx, lane, TRAIT_REMOVES, split->largest_removes);
    return r;
}

/* A larger request than was known to be possible was accepted: the daily trial. */
static int learn_more(struct tx *tx, struct lane *lane, size_t adds, size_t removes)
{
    const struct trait *known_adds = &lane->traits.items[TRAIT_ADDS];
    const struct trait *known_removes = &lane->traits.items[TRAIT_REMOVES];
    int r = 0;
    if (known_adds->source == TRAIT_LEARNED && (int64_t)adds > known_adds->value)
        r = learned(tx, lane, TRAIT_ADDS, adds);
    if (r == 0 && known_removes->source == TRAIT_LEARNED && (int64_t)removes > known_removes->value)
        r = learned(tx, lane, TRAIT_REMOVES, removes);
    return r;
}

int batch_accepted(struct tx *tx, struct lane *lane, const struct flight *flight)
{
    struct core *core = lane->core;
    size_t adds = 0;
    size_t removes = 0;
    count_kinds(flight, &adds, &removes);
    struct split *split = split_of(core, flight->work.object_rid);
    if (!split)
        return learn_more(tx, lane, adds, removes);
    split->largest_adds = MAX_OF(split->largest_adds, adds);
    split->largest_removes = MAX_OF(split->largest_removes, removes);
    split->asked_alone = false;
    split->proven = true;
    if (--split->depth > 0)
        return 0;
    int r = learn(tx, lane, split);
    split_end(core, split);
    return r;
}

int batch_member_refused(struct tx *tx, struct lane *lane, const struct flight *flight)
{
    struct core *core = lane->core;
    struct split *split = split_of(core, flight->work.object_rid);
    if (!split)
        return 0;
    split->member_cause = true;
    split->asked_alone = false;
    if (--split->depth > 0)
        return 0;
    int r = learn(tx, lane, split);
    split_end(core, split);
    return r;
}

void batch_blurred(struct core *core, int64_t target_rid)
{
    struct split *split = split_of(core, target_rid);
    if (split)
        split->blurred = split->proven = true;
}

void batch_forget(struct core *core, int64_t target_rid)
{
    split_end(core, split_of(core, target_rid));
}
