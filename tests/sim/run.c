/* SPDX-License-Identifier: Apache-2.0 */
/* One run, from the seed to the verdict. */
#include "sim.h"

#include "base/limits.h"

#define WALL_MS INT64_C(1790000000000) /* where the wall clock of every run begins */
/* Once the faults stopped: the longest that anything may take. A target whose clock is another may ask for the longest
 * wait that is taken, an hour. */
#define REST_MS INT64_C(4500000)
#define REST_STEPS 60000
#define VERIFY_ROUNDS 4 /* what a target lost is pushed again once, then it is an error */
#define REQUESTS_PER_FAULT 4
#define REFUSED_MEMBERS "SELECT count(*) FROM target_members WHERE error_class = 'MEMBER_UNKNOWN'"
#define REFUSED_BATCH_LOG 5 /* log2 of the largest batch of the calm profiles */

/* --- chance --------------------------------------------------------------------------------------------------------
 */

void chance_seed(struct chance *chance, uint64_t seed, uint64_t stream)
{
    chance->state = (seed + 1) * 0x9e3779b97f4a7c15ULL ^ (stream + 1) * 0xd1342543de82ef95ULL;
    if (!chance->state)
        chance->state = 1;
    for (int i = 0; i < 4; i++)
        (void)chance_next(chance);
}

uint64_t chance_next(struct chance *chance) /* splitmix64 */
{
    uint64_t z = (chance->state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

int chance_below(struct chance *chance, int below)
{
    assert(below > 0);
    return (int)((chance_next(chance) >> 33) % (uint64_t)below);
}

int chance_between(struct chance *chance, int least, int most)
{
    int range = chance_below(chance, most - least + 1);
    range = chance_below(chance, range + 1);
    return least + (chance_permille(chance, 500) ? range : chance_below(chance, range + 1));
}

bool chance_permille(struct chance *chance, int permille)
{
    return permille > 0 && chance_below(chance, 1000) < permille;
}

/* --- profiles ------------------------------------------------------------------------------------------------------
 */

#define FAULTS_LOST                                                                                                    \
    (FAULT_BIT(LOST_BEFORE) | FAULT_BIT(LOST_AFTER) | FAULT_BIT(BLIND) | FAULT_BIT(TIMEOUT_BEFORE) |                   \
     FAULT_BIT(TIMEOUT_AFTER))

const struct profile profiles[] = {
    {.name = "calm",
     .text = "no faults, one change at a time: the requests are counted",
     .weight = 10,
     .calm = true,
     .users_min = 5,
     .users_max = 25,
     .changes_min = 10,
     .changes_max = 50},
    {.name = "busy",
     .text = "no faults, many changes at once",
     .weight = 9,
     .users_min = 5,
     .users_max = 40,
     .changes_min = 10,
     .changes_max = 150},
    {.name = "counted",
     .text = "faults and manners, one change at a time: the requests are counted",
     .weight = 8,
     .calm = true,
     .users_min = 5,
     .users_max = 25,
     .changes_min = 10,
     .changes_max = 40,
     .faults = FAULTS_ALL,
     .fault_permille_max = 100,
     .manners = true},
    {.name = "manners",
     .text = "what real targets are like: odd ids, small requests, members refused, lost or hidden, reads that lag",
     .weight = 12,
     .users_min = 5,
     .users_max = 30,
     .changes_min = 10,
     .changes_max = 90,
     .faults = FAULTS_ALL,
     .fault_permille_max = 60,
     .manners = true},
    {.name = "behind",
     .text = "groups are deleted in the targets by somebody else, and targets are away for a second or an hour",
     .weight = 5,
     .users_min = 5,
     .users_max = 30,
     .changes_min = 10,
     .changes_max = 90,
     .faults = FAULTS_ALL,
     .fault_permille_max = 60,
     .behind = true,
     .outages = true},
    {.name = "lost",
     .text = "answers are lost",
     .weight = 7,
     .users_min = 5,
     .users_max = 30,
     .changes_min = 10,
     .changes_max = 90,
     .faults = FAULTS_LOST,
     .fault_permille_max = 300},
    {.name = "faults",
     .text = "every fault",
     .weight = 8,
     .users_min = 5,
     .users_max = 40,
     .changes_min = 10,
     .changes_max = 150,
     .faults = FAULTS_ALL,
     .fault_permille_max = 250,
     .rollback_permille = 10},
    {.name = "crash",
     .text = "the process dies",
     .weight = 8,
     .users_min = 5,
     .users_max = 30,
     .changes_min = 10,
     .changes_max = 100,
     .faults = FAULTS_LOST,
     .fault_permille_max = 60,
     .crash_permille = 4,
     .rollback_permille = 10},
    {.name = "rates",
     .text = "targets that take few requests a second, and say so in several ways",
     .weight = 7,
     .users_min = 5,
     .users_max = 30,
     .changes_min = 10,
     .changes_max = 60,
     .faults = FAULT_BIT(UNAVAILABLE),
     .fault_permille_max = 50,
     .rate = 5},
    {.name = "switches",
     .text = "apps are paused and switched off and on, and the clock is set",
     .weight = 8,
     .users_min = 5,
     .users_max = 30,
     .changes_min = 10,
     .changes_max = 150,
     .faults = FAULTS_ALL,
     .fault_permille_max = 60,
     .clock_steps = true,
     .switches = true},
    {.name = "before",
     .text = "targets that hold accounts and groups already",
     .weight = 5,
     .users_min = 5,
     .users_max = 30,
     .changes_min = 10,
     .changes_max = 90,
     .faults = FAULTS_ALL,
     .fault_permille_max = 60,
     .before = true},
    {.name = "crowd",
     .text = "groups that need several requests, and expansions",
     .weight = 1,
     .users_min = 120,
     .users_max = 260,
     .changes_min = 5,
     .changes_max = 30,
     .faults = FAULTS_ALL,
     .fault_permille_max = 30},
    {.name = "nodes",
     .text = "several nodes on one store: they die, stand still for longer than their leases, end and come back",
     .weight = 4,
     .users_min = 5,
     .users_max = 30,
     .changes_min = 10,
     .changes_max = 90,
     .faults = FAULTS_LOST,
     .fault_permille_max = 60,
     .crash_permille = 1,
     .rollback_permille = 10,
     .nodes = SIM_NODES,
     .still_permille = 8,
     .end_permille = 3},
    {.name = "drift",
     .text = "somebody changes accounts and groups in the targets; scans find it, and it is repaired",
     .weight = 4,
     .users_min = 5,
     .users_max = 30,
     .changes_min = 10,
     .changes_max = 90,
     .faults = FAULTS_ALL,
     .fault_permille_max = 40,
     .behind = true,
     .drift = true},
    {.name = "limits",
     .text = "deletion limits hold what is too much, until somebody decides",
     .weight = 4,
     .users_min = 5,
     .users_max = 30,
     .changes_min = 10,
     .changes_max = 90,
     .faults = FAULTS_ALL,
     .fault_permille_max = 60,
     .limits = true},
    {.name = NULL},
};

const struct profile *profile_by_name(const char *name)
{
    for (const struct profile *profile = profiles; profile->name; profile++)
        if (strcmp(profile->name, name) == 0)
            return profile;
    return NULL;
}

const struct profile *profile_of_seed(uint64_t seed)
{
    int at = (int)(seed * 37 % 100); /* neighbours differ */
    const struct profile *profile = profiles;
    for (; profile->name && at >= profile->weight; profile++)
        at -= profile->weight;
    assert(profile->name); /* the weights add up to a hundred */
    return profile;
}

/* --- telling -------------------------------------------------------------------------------------------------------
 */

void sim_hash(struct sim *sim, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sim->hash = (sim->hash ^ (unsigned char)bytes[i]) * 0x100000001b3ULL;
}

void sim_trace(struct sim *sim, const char *format, ...)
{
    char *line = sim->lines[sim->line_count++ % SIM_TRACE_LINES];
    int n = snprintf(line, SIM_TRACE_BYTES, "%9lld ", (long long)sim->now);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line + n, SIM_TRACE_BYTES - (size_t)n, format, args);
    va_end(args);
    sim_hash(sim, line, strlen(line));
    if (sim->trace)
        (void)fprintf(stderr, "%s\n", line);
}

void sim_fail(struct sim *sim, const char *rule, const char *format, ...)
{
    if (sim->failed)
        return;
    sim->failed = true;
    (void)snprintf(sim->rule, sizeof(sim->rule), "%s", rule);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(sim->why, sizeof(sim->why), format, args);
    va_end(args);
    sim_trace(sim, "VIOLATED %s: %s", sim->rule, sim->why);
}

/* --- the environment -----------------------------------------------------------------------------------------------
 */

int64_t sim_wall(const struct sim *sim)
{
    return WALL_MS + sim->now + sim->skew;
}

static int64_t env_wall(void *data)
{
    return sim_wall(data);
}

static void fill(struct chance *chance, unsigned char *to, size_t n)
{
    for (size_t i = 0; i < n; i += sizeof(uint64_t)) {
        uint64_t bits = chance_next(chance);
        memcpy(to + i, &bits, MIN_OF(n - i, sizeof(bits)));
    }
}

static void fill_random(void *data, void *bytes, size_t n)
{
    fill(&((struct sim *)data)->ids, bytes, n);
}

static void fill_target(void *data, void *bytes, size_t n)
{
    fill(&((struct sim *)data)->target_ids, bytes, n);
}

/* --- the run -------------------------------------------------------------------------------------------------------
 */

static void choose_weather(struct sim *sim)
{
    static const int latencies[][2] = {{1, 2}, {5, 45}, {50, 400}, {10, 3000}};
    static const int gaps[] = {1, 20, 300, 5000, 40000};
    const struct profile *profile = sim->profile;
    const int *pair = latencies[chance_below(&sim->choice, (int)ARRAY_LEN(latencies))];
    sim->latency_min = pair[0];
    sim->latency_span = pair[1];
    sim->tail_permille = chance_permille(&sim->choice, 300) ? 20 : 0;
    sim->gap_ms = gaps[chance_below(&sim->choice, (int)ARRAY_LEN(gaps))];
    sim->changes_planned = chance_between(&sim->choice, profile->changes_min, profile->changes_max);
    if (sim->steps_max >= 0)
        sim->changes_planned = MIN_OF(sim->changes_planned, sim->steps_max);
    sim->faults = profile->faults & (unsigned)chance_next(&sim->choice);
    if (!sim->faults)
        sim->faults = profile->faults;
    sim->node_count = 1;
    if (profile->nodes) {
        sim->node_count = 2 + chance_below(&sim->choice, profile->nodes - 1);
        sim->lease_ms = INT64_C(1000) * (3 + chance_below(&sim->choice, 13));
    }
    sim->fault_permille = profile->fault_permille_max ? 1 + chance_below(&sim->choice, profile->fault_permille_max) : 0;
}

static void step_clock(struct sim *sim)
{
    if (!sim->profile->clock_steps || !chance_permille(&sim->net, 30))
        return;
    int64_t hours = 1 + chance_below(&sim->net, 48);
    sim->skew += (chance_permille(&sim->net, 500) ? 1 : -1) * hours * 3600000;
    sim_trace(sim, "the clock is set by %lld ms", (long long)sim->skew);
}

/* Until nothing moves any more. */
static void settle(struct sim *sim)
{
    int64_t end = sim->now + REST_MS;
    for (int64_t last = sim->counts.steps + REST_STEPS; !sim->failed && !shell_is_quiet(sim);) {
        if (!shell_step(sim, end) || sim->counts.steps > last)
            sim_fail(sim, "everything is done in time", "after %lld s without a fault there is still work: %lld rows",
                     (long long)(REST_MS / 1000), (long long)disk_number(sim->disk, "SELECT count(*) FROM work"));
    }
}

struct trouble {
    int64_t faults;            /* and refusals of what was too large */
    int64_t members, accounts; /* refusals of people */
};

static struct trouble trouble_met(const struct sim *sim)
{
    return (struct trouble){.faults = sim->counts.faults + manners_strikes(sim, MANNER_COUNTS),
                            .members = manners_strikes(sim, MANNER_REFUSES_MEMBERS),
                            .accounts = manners_strikes(sim, MANNER_REFUSES_ACCOUNTS)};
}

/*
 * What may be sent beyond the minimum: four requests for each fault; for each member that the target refuses what it
 * takes to find it in a batch by halves, 2 log2; for each account that it refuses the look-up and the attempt. It may
 * come later: a membership that the target refused when it showed no members is in doubt, and is removed when the
 * person leaves.
 */
static void add_credit(struct sim *sim, const struct trouble *before)
{
    struct trouble now = trouble_met(sim);
    sim->credit += (int)(now.faults - before->faults) * REQUESTS_PER_FAULT;
    sim->credit += (int)(now.accounts - before->accounts) * 2;
    if (now.members > before->members)
        sim->credit += (int)disk_number(sim->disk, REFUSED_MEMBERS) * 2 * REFUSED_BATCH_LOG;
}

/* A change, settled: the requests that it took against those that the difference needs. */
static void change_calmly(struct sim *sim)
{
    struct picture *before = oracle_picture(sim);
    int64_t requests = sim->counts.requests;
    struct trouble trouble = trouble_met(sim);
    generator_change(sim);
    settle(sim);
    struct picture *after = oracle_picture(sim);
    int batches = 0;
    int minimum = oracle_minimum(sim, before, after, &batches);
    batches += sim->links; /* a group that was taken over is read first */
    sim->links = 0;
    int64_t sent = sim->counts.requests - requests;
    add_credit(sim, &trouble);
    int over = (int)sent - minimum - batches;
    if (!sim->failed && over > sim->credit)
        sim_fail(sim, "no request more than is needed",
                 "%lld were sent, %d are needed, %d may come in parts, faults may still cost %d", (long long)sent,
                 minimum, batches, sim->credit);
    sim->credit -= MAX_OF(over, 0);
    oracle_picture_free(before);
    oracle_picture_free(after);
}

static void let_things_happen(struct sim *sim)
{
    for (int i = 0; i < sim->changes_planned && !sim->failed; i++) {
        step_clock(sim);
        if (sim->profile->calm) {
            change_calmly(sim);
            continue;
        }
        generator_change(sim);
        int64_t next = sim->now + chance_below(&sim->choice, (int)sim->gap_ms * 2);
        while (!sim->failed && shell_step(sim, next))
            if (sim->now >= next)
                break;
    }
}

/* What Muster was told wrongly, or not at all, it learns by reading; a group that is gone is pushed again on order. */
static void look_behind(struct sim *sim)
{
    bool dropped = false;
    bool gone = sim->behind;
    for (int k = 0; k < sim->app_count; k++) {
        dropped |= (sim->apps[k].flags & MANNER_DROPS) != 0;
        gone |= (sim->apps[k].flags & MANNER_LAGS) != 0; /* a group that was deleted may have been found again */
    }
    for (int round = 0; round < VERIFY_ROUNDS && !sim->failed && (dropped || (gone && round == 0)); round++) {
        for (int k = 0; k < sim->app_count && !sim->failed; k++)
            generator_verify(sim, &sim->apps[k]);
        settle(sim);
        for (int k = 0; k < sim->app_count && !sim->failed && gone && round == 0; k++)
            generator_retry(sim, &sim->apps[k]);
        settle(sim);
    }
}

void sim_run(struct sim *sim)
{
    chance_seed(&sim->choice, sim->seed, 1);
    chance_seed(&sim->net, sim->seed, 2);
    chance_seed(&sim->ids, sim->seed, 3);
    chance_seed(&sim->target_ids, sim->seed, 4);
    sim->env = (struct env){.now_ms = env_wall, .fill_random = fill_random, .data = sim};
    sim->target_env = (struct env){.now_ms = env_wall, .fill_random = fill_target, .data = sim};
    sim->hash = 0xcbf29ce484222325ULL;
    disk_reset(sim->disk);
    choose_weather(sim);
    generator_set_up(sim);
    if (!sim->failed)
        shell_start(sim);
    if (!sim->failed && sim->profile->calm) {
        settle(sim);
        add_credit(sim, &(struct trouble){0});
    }
    let_things_happen(sim);
    sim->finishing = true;
    sim_trace(sim, "the faults stop");
    if (!sim->failed)
        generator_finish(sim);
    settle(sim);
    look_behind(sim);
    if (!sim->failed && sim->profile->drift)
        behind_finish(sim, settle);
    if (!sim->failed && sim->profile->limits)
        holds_finish(sim, settle);
    if (!sim->failed)
        oracle_at_rest(sim);
    sim->counts.runs = 1;
    sim->counts.simulated_ms = sim->now;
    shell_stop(sim);
    for (int k = 0; k < sim->app_count; k++)
        practice_free(sim->apps[k].practice);
}
