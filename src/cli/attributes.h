/* SPDX-License-Identifier: Apache-2.0 */
/* Profile attributes on the command line. */
#ifndef CLI_ATTRIBUTES_H
#define CLI_ATTRIBUTES_H

#include "cli/cli.h"

/*
 * Reads the arguments from `first` on, each "NAME=TEXT" or "NAME:=JSON" (numbers, true, lists, null to clear), into
 * `profile`. CLI_OK, or CLI_USAGE after a complaint.
 */
int attributes_read(const struct cli *cli, size_t first, struct jval *profile) MUSTCHECK;

#endif
