/* SPDX-License-Identifier: Apache-2.0 */
/* The link with which the first administrator of the console sets a password. */
#ifndef CLI_ADMIN_H
#define CLI_ADMIN_H

#include "cli/datadir.h"

/*
 * While nobody can sign in: makes a link below `url` and writes it to DIR/first-administrator.link (mode 0600);
 * `*ret_path` is that file, in the arena. Otherwise removes what is left of such a file, and `*ret_path` is NULL.
 * CLI_OK or CLI_FAILED.
 */
int admin_first_link(const struct datadir *data, const struct cli *cli, const char *url,
                     const char **ret_path) MUSTCHECK;
/* Prints the link of such a file to a terminal; to anything else, which may be kept, only where the file is. */
void admin_show_link(const struct cli *cli, const char *path);

#endif
