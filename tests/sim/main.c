/* SPDX-License-Identifier: Apache-2.0 */
/* Options, processes, and what is printed. */
#include "sim.h"

#include <errno.h>
#include <getopt.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS_MAX 16
#define FAILURES_MAX 5 /* told in full by each process; the rest is counted */

struct options {
    uint64_t seed;
    int64_t runs;
    int64_t seconds; /* 0: by the number of runs */
    const struct profile *profile;
    int steps;
    int jobs;
    int64_t twice; /* every how manieth seed is run twice; 0: none */
    bool trace, tap, stop;
};

static const char usage_text[] =
    "usage: sim [OPTION...]\n"
    "\n"
    "  --seed N       the first seed (1)\n"
    "  --runs N       how many seeds, one after the other (1000; 1 with --seed)\n"
    "  --seconds N    as many seeds as fit into so many seconds\n"
    "  --profile P    one of those below for every seed, instead of the one that belongs to the seed\n"
    "  --steps N      at most so many changes in a run, to find a shorter run that fails\n"
    "  --trace        write everything that happens to standard error\n"
    "  --jobs N       processes (2)\n"
    "  --twice N      run every Nth seed twice and compare the traces (1; 0: none)\n"
    "  --stop         end at the first run that fails\n"
    "  --tap          print results in the TAP format\n"
    "\n"
    "profiles:\n";

static void usage(FILE *to)
{
    (void)fputs(usage_text, to);
    for (const struct profile *profile = profiles; profile->name; profile++)
        (void)fprintf(to, "  %-14s %s\n", profile->name, profile->text);
}

static int64_t number_of(const char *text)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno || end == text || *end || number < 0) {
        (void)fprintf(stderr, "sim: %s is not a number\n", text);
        exit(2);
    }
    return number;
}

static struct options read_options(int argc, char **argv)
{
    static const struct option known[] = {
        {"seed", required_argument, NULL, 's'},    {"runs", required_argument, NULL, 'r'},
        {"profile", required_argument, NULL, 'p'}, {"steps", required_argument, NULL, 'n'},
        {"jobs", required_argument, NULL, 'j'},    {"seconds", required_argument, NULL, 'd'},
        {"trace", no_argument, NULL, 't'},         {"tap", no_argument, NULL, 'a'},
        {"twice", required_argument, NULL, 'o'},   {"stop", no_argument, NULL, 'x'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};
    struct options options = {.seed = 1, .runs = -1, .steps = -1, .jobs = 2, .twice = 1};
    bool one = false;
    int c;
    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (c) {
        case 's':
            options.seed = (uint64_t)number_of(optarg);
            one = true;
            break;
        case 'r':
            options.runs = number_of(optarg);
            break;
        case 'd':
            options.seconds = number_of(optarg);
            break;
        case 'p':
            options.profile = profile_by_name(optarg);
            if (!options.profile) {
                (void)fprintf(stderr, "sim: there is no profile %s\n", optarg);
                exit(2);
            }
            break;
        case 'n':
            options.steps = (int)MIN_OF(number_of(optarg), (int64_t)100000);
            break;
        case 'j':
            options.jobs = (int)MAX_OF(MIN_OF(number_of(optarg), (int64_t)JOBS_MAX), (int64_t)1);
            break;
        case 't':
            options.trace = true;
            break;
        case 'a':
            options.tap = true;
            break;
        case 'o':
            options.twice = number_of(optarg);
            break;
        case 'x':
            options.stop = true;
            break;
        case 'h':
            usage(stdout);
            exit(0);
        default:
            usage(stderr);
            exit(2);
        }
    }
    if (options.runs < 0)
        options.runs = options.seconds ? INT64_MAX : one ? 1 : 1000;
    return options;
}

/* --- one seed ------------------------------------------------------------------------------------------------------
 */

/* Everything but what outlives a run. */
static void clear(struct sim *sim)
{
    struct disk *disk = sim->disk;
    struct keyring *keyring = sim->keyring;
    struct env env = sim->env;
    memset(sim, 0, sizeof(*sim));
    sim->disk = disk;
    sim->keyring = keyring;
    sim->env = env;
}

static void run_once(struct sim *sim, const struct options *options, uint64_t seed, bool trace)
{
    clear(sim);
    sim->seed = seed;
    sim->profile = options->profile ? options->profile : profile_of_seed(seed);
    sim->steps_max = options->steps;
    sim->trace = trace;
    sim_run(sim);
}

static void run_seed(struct sim *sim, const struct options *options, uint64_t seed)
{
    run_once(sim, options, seed, options->trace);
    if (sim->failed || options->twice == 0 || seed % (uint64_t)options->twice != 0)
        return;
    uint64_t hash = sim->hash;
    uint64_t lines = sim->line_count;
    run_once(sim, options, seed, false);
    if (hash != sim->hash || lines != sim->line_count)
        sim_fail(sim, "a seed decides everything", "the second run had %llu lines, the first %llu, or other ones",
                 (unsigned long long)sim->line_count, (unsigned long long)lines);
}

static void tell_failure(const struct sim *sim, const struct options *options, uint64_t seed)
{
    char steps[32] = "";
    if (options->steps >= 0)
        (void)snprintf(steps, sizeof(steps), " --steps %d", options->steps);
    uint64_t first = sim->line_count > SIM_TRACE_LINES ? sim->line_count - SIM_TRACE_LINES : 0;
    (void)printf("# seed %llu, profile %s: violated: %s\n#   %s\n", (unsigned long long)seed, sim->profile->name,
                 sim->rule, sim->why);
    for (uint64_t i = first; i < sim->line_count; i++)
        (void)printf("#   %s\n", sim->lines[i % SIM_TRACE_LINES]);
    (void)printf("# again: ./dev sim --seed %llu --profile %s%s --trace\n", (unsigned long long)seed,
                 sim->profile->name, steps);
    (void)fflush(stdout);
}

/* --- processes -----------------------------------------------------------------------------------------------------
 */

struct total {
    struct sim_counts counts;
    int64_t failures;
    int64_t runs_of[SIM_PROFILES], failures_of[SIM_PROFILES]; /* by profile */
};

static void add_numbers(int64_t *to, const int64_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] += from[i];
}

#define NUMBERS(of) (sizeof(of) / sizeof(int64_t))

static int64_t seconds_now(void)
{
    struct timespec ts = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec;
}

static void work(const struct options *options, int job, struct total *ret)
{
    struct sim *sim = NEW(struct sim);
    char dir[] = "/tmp/muster-sim-XXXXXX";
    char path[64];
    char why[256];
    if (!mkdtemp(dir))
        exit(2);
    (void)snprintf(path, sizeof(path), "%s/key", dir);
    if (keyring_load(&sim->keyring, path, true, why, sizeof(why)) < 0) {
        (void)fprintf(stderr, "sim: %s\n", why);
        exit(2);
    }
    sim->env = *env_real(); /* until the first run sets its own */
    sim->disk = disk_new(&sim->env);
    int64_t end = seconds_now() + options->seconds;
    for (int64_t i = job; i < options->runs && (!options->seconds || seconds_now() < end); i += options->jobs) {
        uint64_t seed = options->seed + (uint64_t)i;
        run_seed(sim, options, seed);
        if (sim->failed && ret->failures++ < FAILURES_MAX)
            tell_failure(sim, options, seed);
        add_numbers((int64_t *)&ret->counts, (const int64_t *)&sim->counts, NUMBERS(sim->counts));
        ret->runs_of[sim->profile - profiles]++;
        ret->failures_of[sim->profile - profiles] += sim->failed;
        if (sim->failed && options->stop)
            break;
    }
    sim->disk = disk_free(sim->disk);
    keyring_free(sim->keyring);
    free(sim);
    (void)unlink(path);
    (void)rmdir(dir);
}

static void child(const struct options *options, int job, int out)
{
    struct total total = {0};
    work(options, job, &total);
    (void)fflush(stdout);
    bool written = write(out, &total, sizeof(total)) == (ssize_t)sizeof(total);
    exit(written ? 0 : 2);
}

static int run_jobs(const struct options *options, struct total *ret)
{
    int broken = 0;
    int ends[JOBS_MAX];
    pid_t pids[JOBS_MAX];
    for (int job = 0; job < options->jobs; job++) {
        int fds[2];
        if (pipe(fds) < 0)
            return 1;
        pids[job] = fork();
        if (pids[job] < 0)
            return 1;
        if (pids[job] == 0) {
            (void)close(fds[0]);
            child(options, job, fds[1]);
        }
        (void)close(fds[1]);
        ends[job] = fds[0];
    }
    for (int job = 0; job < options->jobs; job++) {
        struct total total = {0};
        int status = 0;
        bool whole = read(ends[job], &total, sizeof(total)) == (ssize_t)sizeof(total);
        (void)close(ends[job]);
        (void)waitpid(pids[job], &status, 0);
        if (!whole || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
            broken++;
        add_numbers((int64_t *)ret, (const int64_t *)&total, NUMBERS(total));
    }
    return broken;
}

static void tell_total(const struct total *total, int64_t seconds)
{
    const struct sim_counts *c = &total->counts;
    (void)printf("# %lld runs, %lld failed, %lld s (%lld runs a second); %lld simulated hours\n", (long long)c->runs,
                 (long long)total->failures, (long long)seconds, (long long)(c->runs / MAX_OF(seconds, (int64_t)1)),
                 (long long)(c->simulated_ms / 3600000));
    (void)printf("# %lld changes (%lld refused), %lld requests (%lld writes), %lld faults, %lld crashes, %lld turns"
                 " (%lld rolled back)\n",
                 (long long)c->changes, (long long)c->refused, (long long)c->requests, (long long)c->writes,
                 (long long)c->faults, (long long)c->crashes, (long long)c->turns, (long long)c->rollbacks);
    if (c->stills + c->ends)
        (void)printf("# nodes: stood still %lld times, ended %lld times; %lld requests withdrawn, %lld leases found in"
                     " other hands\n",
                     (long long)c->stills, (long long)c->ends, (long long)c->withdrawn, (long long)c->taken_over);
    if (c->minimum)
        (void)printf("# calm runs: %lld requests are needed, %lld more were sent (memberships that come in parts)\n",
                     (long long)c->minimum, (long long)c->excess);
}

/* A line for each profile. */
static void tell_results(const struct total *total, int broken)
{
    int number = 0;
    for (int i = 0; profiles[i].name; i++) {
        if (total->runs_of[i] == 0)
            continue;
        (void)printf("%s %d - %s: %s: %lld runs\n", total->failures_of[i] ? "not ok" : "ok", ++number, profiles[i].name,
                     profiles[i].text, (long long)total->runs_of[i]);
    }
    if (broken)
        (void)printf("not ok %d - every process ends by itself\n", ++number);
    (void)printf("1..%d\n", number);
}

int main(int argc, char **argv)
{
    struct options options = read_options(argc, argv);
    if (options.trace)
        options.jobs = 1;
    options.jobs = (int)MIN_OF((int64_t)options.jobs, MAX_OF(options.runs, (int64_t)1));
    struct total total = {0};
    int64_t start = seconds_now();
    int broken = run_jobs(&options, &total);
    tell_total(&total, seconds_now() - start);
    bool good = broken == 0 && total.failures == 0 && total.counts.runs > 0;
    if (broken)
        (void)printf("# %d processes ended before their time\n", broken);
    if (options.tap)
        tell_results(&total, broken);
    return good ? 0 : 1;
}
