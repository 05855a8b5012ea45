/* SPDX-License-Identifier: Apache-2.0 */
/* One chunk of an import: what POST /api/v1/import does in its transaction, for whoever has a transaction. */
#ifndef API_IMPORT_H
#define API_IMPORT_H

#include "base/jout.h"
#include "base/problem.h"
#include "store/store.h"

/*
 * `body`: {"users": [{"profile": {"login": ...}, "activate": true}]} or {"memberships": [{"login": ..., "group":
 * ...}]}, at most LIMIT_IMPORT_ROWS of them. Texts for attributes that are no texts are read as CSV has them: 42, true,
 * a;b;c. Writes {"created", "updated", "unchanged", "errors": [{"row" (from 0), "column", "errorCode",
 * "errorSummary"}]} to `out`; a refused row changes nothing and stops no other. ERR_PROBLEM: the body is not of that
 * shape, nothing was done. {"goneUsers": [{"login": ...}]} and {"goneMemberships": [{"login", "group"}]}, at most
 * LIMIT_IMPORT_GONE, end what an import made: "updated" counts it, "unchanged" what is no import's or is gone already.
 */
int import_chunk(struct tx *tx, const struct jval *body, struct jout *out, struct problem *problem) MUSTCHECK;

/* A page of what imports made and is still there, as an array: {"id", "login"} or {"login", "group"}. `*ret_next`:
 * where the next page begins (NULL: nowhere). ERR_SYNTAX: `after` is none of these. */
int import_made_write(struct tx *tx, bool memberships, const char *after, struct jout *out,
                      const char **ret_next) MUSTCHECK;

#endif
