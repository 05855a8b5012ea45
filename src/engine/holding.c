/* SPDX-License-Identifier: Apache-2.0 */
/* Which rate groups this node holds: taken, looked after, given back. lease.h says why. */
#include "engine/inner.h"

#define MARGIN 5         /* this part of a lease's length before its end nothing is sent any more */
#define KEEPS 3          /* times that a lease is looked after in its length */
#define FREE_AT_ONCE 64  /* leases taken in one turn */
#define APPS_AT_ONCE 256 /* apps of a rate group read at once */
#define NO_APP_GROUP "app/0"

static size_t slot_of(const char *key) /* FNV-1a */
{
    uint64_t hash = 0xcbf29ce484222325ULL;
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 0x100000001b3ULL;
    return (size_t)(hash % CORE_SLOTS);
}

struct rate_group *group_by_key(struct core *core, const char *key)
{
    struct rate_group **slot = &core->group_slots[slot_of(key)];
    for (struct rate_group *group = *slot; group; group = group->beside)
        if (strcmp(group->key, key) == 0)
            return group;
    struct rate_group *group = NEW(struct rate_group);
    (void)snprintf(group->key, sizeof(group->key), "%s", key);
    group->beside = *slot;
    *slot = group;
    group->next = core->groups;
    core->groups = group;
    return group;
}

int64_t group_epoch(const struct rate_group *group)
{
    return group->epoch_next ? group->epoch_next : group->epoch;
}

static int64_t own_end(const struct core *core)
{
    int64_t length = core->self.lease_ms;
    return length ? core->turn_steady + length - length / MARGIN : LEASE_NO_END;
}

/* Rows that waited for answers to another node wait for nobody now. 1; 0 when no app is in the group any more. */
static int start_apps(struct tx *tx, const char *key)
{
    int64_t rids[APPS_AT_ONCE];
    int found = 0;
    if (strcmp(key, NO_APP_GROUP) == 0)
        return work_hasten_app(tx, 0) < 0 ? ERR_IO : 1;
    for (int64_t after = 0;;) {
        int count = app_rids_of_rate_group(tx, key, after, rids, APPS_AT_ONCE);
        int r = count;
        for (int i = 0; r >= 0 && i < count; i++)
            r = work_hasten_app(tx, rids[i]);
        if (r < 0)
            return r;
        found |= count > 0;
        if (count < APPS_AT_ONCE)
            return found;
        after = rids[count - 1];
    }
}

static int take(struct tx *tx, struct core *core, struct rate_group *group)
{
    int64_t wait = 0;
    int r = lease_take(tx, &core->self, group->key, &group->epoch_next, &wait);
    if (r < 0)
        return r;
    if (r == 0) {
        group->foreign_until = core->turn_steady + MAX_OF(wait, (int64_t)1);
        return 0;
    }
    group->until_next = own_end(core);
    group->give_back = false;
    if (core->self.lease_ms == 0)
        return 1;
    core->more = true;
    r = start_apps(tx, group->key);
    if (r != 0)
        return r;
    group->epoch_next = 0;
    return lease_forget(tx, group->key);
}

int group_hold(struct tx *tx, struct core *core, struct rate_group *group)
{
    if (group->epoch_next)
        return 1;
    if (group->epoch && group->until <= core->turn_steady) /* too late to send: what is in flight is forgotten */
        group->epoch = 0;
    if (group->epoch) {
        int r = lease_check(tx, &core->self, group->key, group->epoch);
        if (r == 0)
            return 1;
        if (r != ERR_STALE)
            return r;
        core->stale++;
        group->epoch = 0;
    }
    return group->foreign_until > core->turn_steady ? 0 : take(tx, core, group);
}

int app_hold(struct tx *tx, struct core *core, struct app_state *state)
{
    char key[RATE_GROUP_BYTES];
    if (core->self.lease_ms == 0)
        return 1;
    int r = connection_rate_group(tx, state->app_rid, key);
    if (r < 0)
        return r;
    if (!state->group || strcmp(state->group->key, key) != 0)
        state->group = group_by_key(core, key);
    r = group_hold(tx, core, state->group);
    return r > 0 && state->group->give_back ? 0 : r;
}

/* --- looking after them --------------------------------------------------------------------------------------------
 */

static bool is_idle(const struct core *core, const struct rate_group *group)
{
    for (const struct flight *flight = core->flights; flight; flight = flight->next)
        if (!flight->processed && flight->group == group)
            return false;
    for (const struct flight *flight = core->fresh; flight; flight = flight->next)
        if (flight->group == group)
            return false;
    return true;
}

/* After a gap nothing is known of a lease that is ours in the store: what was in flight under it was withdrawn. */
static int adopt(const char *key, int64_t epoch, void *data)
{
    struct core *core = data;
    struct rate_group *group = group_by_key(core, key);
    if (group_epoch(group) == epoch && group->until > core->turn_steady)
        group->until_next = own_end(core);
    else
        group->again = true;
    return 0;
}

/* Takes such leases anew: the rows whose requests were withdrawn wait for no answer any more. */
static int take_again(struct tx *tx, struct core *core)
{
    int r = 0;
    for (struct rate_group *group = core->groups; group && r >= 0; group = group->next) {
        if (!group->again)
            continue;
        group->again = false;
        group->epoch = 0;
        r = take(tx, core, group);
    }
    return r < 0 ? r : 0;
}

/* What the store does not say is ours has been taken over. */
static void drop_lost(struct core *core)
{
    for (struct rate_group *group = core->groups; group; group = group->next)
        if (group->epoch && group->until_next == 0) {
            group->epoch = 0;
            core->stale++;
        }
}

static int give_back(struct tx *tx, struct core *core, int64_t surplus)
{
    for (struct rate_group *group = core->groups; group && surplus > 0; group = group->next) {
        if (!group->epoch || group->epoch_next)
            continue;
        surplus--;
        group->give_back = true;
        if (!is_idle(core, group))
            continue;
        int r = lease_give_back(tx, &core->self, group->key);
        if (r < 0)
            return r;
        group->epoch = 0; /* also when the turn is rolled back: then it is taken again */
        group->until_next = 0;
        group->give_back = false;
        group->foreign_until = core->turn_steady + core->self.lease_ms / KEEPS;
    }
    return 0;
}

static int take_free(struct tx *tx, struct core *core, int64_t share)
{
    const char *keys[FREE_AT_ONCE];
    int count = leases_free(tx, keys, (int)MIN_OF(share, (int64_t)FREE_AT_ONCE));
    int r = count;
    for (int i = 0; r >= 0 && i < count; i++) {
        struct rate_group *group = group_by_key(core, keys[i]);
        group->foreign_until = 0;
        r = group_hold(tx, core, group);
    }
    return r < 0 ? r : 0;
}

int groups_keep(struct tx *tx, struct core *core)
{
    struct lease_census census = {0};
    if (core->self.lease_ms == 0 || core->turn_steady < core->keep_at)
        return 0;
    int r = leases_renew(tx, &core->self, &census);
    if (r >= 0)
        r = leases_each_mine(tx, &core->self, adopt, core);
    if (r >= 0)
        r = take_again(tx, core);
    if (r < 0)
        return r;
    drop_lost(core);
    int64_t share = (census.all + census.nodes - 1) / MAX_OF(census.nodes, (int64_t)1);
    for (struct rate_group *group = core->groups; group; group = group->next)
        group->give_back = false;
    int64_t surplus = MAX_OF(census.mine - share, (int64_t)(census.mine > census.fewest + 1));
    r = surplus > 0 ? give_back(tx, core, surplus) : take_free(tx, core, share - census.mine);
    core->keep_next = core->turn_steady + core->self.lease_ms / KEEPS;
    return r;
}

void groups_committed(struct core *core)
{
    for (struct rate_group *group = core->groups; group; group = group->next) {
        if (group->epoch_next)
            group->epoch = group->epoch_next;
        if (group->until_next)
            group->until = group->until_next;
        group->epoch_next = group->until_next = 0;
        memcpy(group->rates_committed, group->rates, sizeof(group->rates));
        memcpy(group->told_by_committed, group->told_by, sizeof(group->told_by));
    }
    if (core->keep_next)
        core->keep_at = core->keep_next;
    core->keep_next = 0;
}

void groups_rolled_back(struct core *core)
{
    for (struct rate_group *group = core->groups; group; group = group->next) {
        group->epoch_next = group->until_next = 0;
        memcpy(group->rates, group->rates_committed, sizeof(group->rates));
        memcpy(group->told_by, group->told_by_committed, sizeof(group->told_by));
    }
    core->keep_next = 0;
}

bool turn_is_long(const struct core *core)
{
    int64_t length = core->self.lease_ms;
    return length && env_steady(core->options.env) - core->turn_steady > length / KEEPS;
}

/* --- for the shell -------------------------------------------------------------------------------------------------
 */

bool core_keep_due(const struct core *core)
{
    return core->self.lease_ms && !core->closed && env_steady(core->options.env) >= core->keep_at;
}

int core_keep(struct tx *tx, void *data)
{
    struct core *core = data;
    core_rolled_back(core); /* what an earlier run of this job left in memory */
    core->turn_steady = env_steady(core->options.env);
    return groups_keep(tx, core);
}

void core_kept(struct core *core)
{
    groups_committed(core);
}

int core_begin(struct tx *tx, void *data)
{
    struct core *core = data;
    return core->self.lease_ms ? node_begin(tx, &core->self) : 0;
}

int core_end(struct tx *tx, void *data)
{
    struct core *core = data;
    return core->self.lease_ms ? node_end(tx, &core->self) : 0;
}

static const struct flight *find_flight(const struct core *core, uint64_t number)
{
    for (const struct flight *flight = core->flights; flight; flight = flight->next)
        if (flight->number == number)
            return flight;
    return NULL;
}

bool core_may_send(const struct core *core, uint64_t number)
{
    const struct flight *flight = find_flight(core, number);
    return flight && flight->group->epoch == flight->epoch && flight->group->until > env_steady(core->options.env);
}

int64_t core_take_stale(struct core *core)
{
    int64_t count = core->stale;
    core->stale = 0;
    return count;
}
