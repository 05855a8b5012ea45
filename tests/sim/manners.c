/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What targets are like, from the first request to the last and also when the faults have stopped. The practice target
 * does it; the flags tell the oracle what may be asked of such a target.
 */
#include "sim.h"

#define BATCH 100 /* members in a request to a target that says nothing else */

/* clang-format off */
static const struct manner manners[] = {
    {"ids with spaces", {"ids,text=space"}, 0, 0, 0},
    {"ids that look like addresses", {"ids,text=at"}, 0, 0, 0},
    {"ids that look encoded", {"ids,text=percent"}, 0, 0, 0},
    {"ids beyond ASCII", {"ids,text=unicode"}, 0, 0, 0},
    {"ids of everything", {"ids,text=mixed"}, 0, 0, 0},
    {"ids that are numbers", {"ids,text=number"}, 0, 0, 0},
    {"ids made of names", {"ids,method=POST,text=name"}, 0, 0, 0},
    {"no id in a 201", {"created_without_id"}, MANNER_COUNTS, MANNER_LAGS, 0},
    {"no body in a 201", {"created_without_body"}, MANNER_COUNTS, MANNER_LAGS, 0},
    {"members always empty", {"members_empty,path=/Groups"}, MANNER_HIDES, MANNER_DROPS | MANNER_LAGS, 0},
    {"members never shown", {"members_absent,path=/Groups"}, MANNER_HIDES, MANNER_DROPS | MANNER_LAGS, 0},
    {"few members in a request, 400", {"members_max,method=PATCH,path=/Groups,max=3,status=400"}, MANNER_COUNTS, 0, 2},
    {"few members in a request, 413", {"members_max,method=PATCH,path=/Groups,max=3,status=413"}, MANNER_COUNTS, 0, 2},
    {"short bodies", {"bytes_max,method=PATCH,path=/Groups,max=420"}, MANNER_COUNTS, 0, 1},
    {"adds and removals apart",
     {"adds_max,method=PATCH,path=/Groups/,max=5", "removals_max,method=PATCH,path=/Groups/,max=1",
      "mixed_refused,path=/Groups/"}, MANNER_COUNTS, 0, 1},
    {"refuses some members", {"member_refused,path=/Groups,text=%s"}, MANNER_REFUSES_MEMBERS, MANNER_DROPS, 0},
    {"refuses members that are inactive", {"inactive_members_refused,path=/Groups"}, 0, MANNER_LAGS, 0},
    {"refuses people of another domain", {"domain_required,path=/Users,text=example.org"}, MANNER_REFUSES_ACCOUNTS, 0, 0},
    {"refuses unknown members after storing the others", {"unknown_members,path=/Groups,text=partial,status=500"}, 0, 0, 0},
    {"loses members", {"members_lost,method=PATCH,path=/Groups,max=1,percent=30"}, MANNER_DROPS | MANNER_COUNTS, MANNER_HIDES | MANNER_LAGS, 0},
    {"keeps the first members of a request", {"members_beyond,method=PATCH,path=/Groups,max=2"}, MANNER_DROPS | MANNER_COUNTS, MANNER_HIDES | MANNER_LAGS, 0},
    {"takes nobody twice", {"readd_refused,path=/Groups/"}, MANNER_COUNTS, MANNER_HIDES | MANNER_DROPS | MANNER_LAGS, 0},
    {"lists those twice who are added twice", {"readd_duplicates,path=/Groups/"}, 0, 0, 0},
    {"reads lag behind", {"lag,ms=3000"}, MANNER_LAGS, MANNER_HIDES | MANNER_DROPS, 0},
    {"totals are zero", {"total_wrong,text=zero"}, 0, 0, 0},
    {"totals are too large", {"total_wrong,text=more"}, 0, 0, 0},
    {"totals of the page", {"total_wrong,text=page"}, 0, 0, 0},
    {"no totals", {"total_wrong,text=absent"}, 0, 0, 0},
    {"pages without end", {"pages_endless"}, 0, 0, 0},
    {"names by their letters", {"names_exact"}, 0, 0, 0},
    {"resources, not Resources", {"resources_lowercase"}, 0, 0, 0},
    {"no locations, no meta", {"no_location", "no_meta"}, 0, 0, 0},
    {"an answer to each PATCH", {"patch_with_body,path=/Groups/,text=always"}, 0, 0, 0},
    {"errors of its own", {"plain_errors", "plain_type"}, 0, 0, 0},
};
/* clang-format on */

/* Up to three people whom the target takes into no group. */
static void choose_refused(struct sim *sim, struct sim_app *app, char logins[static 3 * SIM_NAME])
{
    size_t n = 0;
    int many = 1 + chance_below(&sim->choice, 3);
    for (int i = 0; i < many; i++) {
        int user = chance_below(&sim->choice, sim->user_count);
        if (app->refused[user])
            continue;
        app->refused[user] = sim->users[user].pinned = true;
        char login[SIM_NAME];
        generator_login(sim, user, login);
        n += (size_t)snprintf(logins + n, 3 * SIM_NAME - n, "%s%s", n ? " " : "", login);
    }
}

static void set_faults(struct sim *sim, struct sim_app *app, const struct manner *manner)
{
    char logins[3 * SIM_NAME] = "";
    if (manner->flags & MANNER_REFUSES_MEMBERS)
        choose_refused(sim, app, logins);
    for (size_t i = 0; i < ARRAY_LEN(manner->faults) && manner->faults[i]; i++) {
        const char *rest = strstr(manner->faults[i], "%s");
        char line[512];
        char why[256];
        int most = rest ? (int)(rest - manner->faults[i]) : (int)strlen(manner->faults[i]);
        (void)snprintf(line, sizeof(line), "%.*s%s", most, manner->faults[i], rest ? logins : "");
        struct practice_fault fault;
        if (fault_parse(line, &fault, why, sizeof(why)) < 0 ||
            practice_set_fault(app->practice, &fault, why, sizeof(why)) < 0) {
            (void)fprintf(stderr, "sim: %s: %s\n", line, why);
            exit(2);
        }
    }
}

void manners_choose(struct sim *sim, struct sim_app *app)
{
    int many = 1 + chance_below(&sim->choice, SIM_MANNERS);
    unsigned unless = 0;
    app->batch = BATCH;
    for (int i = 0; i < many; i++) {
        const struct manner *manner = &manners[chance_below(&sim->choice, (int)ARRAY_LEN(manners))];
        bool twice = false;
        for (int j = 0; j < app->manner_count; j++)
            twice |= app->manners[j] == manner;
        /* What was lost silently is removed in vain later, what is shown late is found: no minimum can be told. */
        bool uncountable = sim->profile->calm && (manner->flags & (MANNER_DROPS | MANNER_LAGS));
        if (twice || uncountable || (app->flags & manner->unless) || (unless & manner->flags))
            continue;
        unless |= manner->unless;
        app->flags |= manner->flags;
        if (manner->batch)
            app->batch = MIN_OF(app->batch, manner->batch);
        app->manners[app->manner_count++] = manner;
        sim_trace(sim, "app %d: %s", (int)(app - sim->apps), manner->name);
        set_faults(sim, app, manner);
    }
}

int64_t manners_strikes(const struct sim *sim, unsigned flag)
{
    uint64_t strikes = 0;
    for (int k = 0; k < sim->app_count; k++) {
        size_t index = 0;
        for (int i = 0; i < sim->apps[k].manner_count; i++) {
            const struct manner *manner = sim->apps[k].manners[i];
            for (size_t j = 0; j < ARRAY_LEN(manner->faults) && manner->faults[j]; j++, index++)
                if (manner->flags & flag)
                    strikes += practice_fault_strikes(sim->apps[k].practice, index);
        }
    }
    return (int64_t)strikes;
}
