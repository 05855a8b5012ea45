/* SPDX-License-Identifier: Apache-2.0 */
/* What the demonstration's story (demo.c) and its checks (demo_check.c) share. */
#ifndef CLI_DEMO_H
#define CLI_DEMO_H

#include "cli/cli.h"

#define DEMO_GROUPS 4

struct demo_group {
    const char *name;
    const char *id; /* in Muster */
};

struct practice_server;

struct demo {
    struct cli *cli;
    struct client *muster;
    struct client *target; /* base URL ends with /scim/v2 */
    int64_t people;
    struct demo_group groups[DEMO_GROUPS];
    const char *app_id;
    struct practice_server *practice;
    int checks, wrong;
    bool interrupted; /* Ctrl-C during the story */
};

/* Says whether something is as it should be, and counts. */
void demo_expect(struct demo *demo, bool good, const char *format, ...) PRINTF_LIKE(3, 4);
/*
 * Compares a pushed group with what Muster's API says of its members: the target must have one group of that name with
 * exactly the people who are active. The group's id in the target, or NULL.
 */
const char *demo_check_group(struct demo *demo, const struct demo_group *group);
/* A person's account in the target: its id (NULL: none), whether it is active, in how many groups it is. */
struct demo_account {
    const char *id;
    bool active;
    size_t groups;
};
int demo_read_account(struct demo *demo, const char *login, struct demo_account *ret) MUSTCHECK;
/*
 * What the target was asked since request `after` of its journal: was every group left alone once the account had been
 * changed? False also when neither was asked.
 */
bool demo_groups_before_account(struct demo *demo, uint64_t after, const char *account_id);
uint64_t demo_journal_last(struct demo *demo);
/* How many accounts are active in the target; negative after a complaint. */
int64_t demo_count_accounts(struct demo *demo);

#endif
