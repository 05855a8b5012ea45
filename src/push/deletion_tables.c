/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of deletion limits (deletions.h). */
#include "push/push_private.h"

const char deletion_tables[] =
    "CREATE TABLE deletions ("
    " rid INTEGER PRIMARY KEY,"
    " app_rid BIGINT NOT NULL,"
    " kind INTEGER NOT NULL,"      /* enum deletion_kind */
    " object_rid BIGINT NOT NULL," /* account; target group */
    " user_rid BIGINT NOT NULL,"   /* 0: a group, or a stranger */
    " external_id TEXT NOT NULL,"  /* of a stranger */
    " state INTEGER NOT NULL,"     /* enum deletion_state */
    " hold_rid BIGINT NOT NULL DEFAULT 0,"
    " since BIGINT NOT NULL,"
    " alerted INTEGER NOT NULL DEFAULT 0,"
    " UNIQUE (kind, object_rid, user_rid, external_id));"
    "CREATE INDEX deletions_state ON deletions (app_rid, kind, state, object_rid);"
    "CREATE INDEX deletions_held ON deletions (app_rid, rid) WHERE state IN (2, 4, 5);"
    "CREATE INDEX deletions_hold ON deletions (hold_rid, state, rid) WHERE hold_rid > 0;"
    "CREATE INDEX deletions_hold_list ON deletions (hold_rid, rid) WHERE state IN (2, 4);"
    "CREATE INDEX deletions_person ON deletions (hold_rid, user_rid, external_id, rid) WHERE hold_rid > 0;"
    "CREATE INDEX deletions_protected ON deletions (user_rid, rid) WHERE state = 5;"
    "CREATE INDEX deletions_overdue ON deletions (since) WHERE kind = 1 AND alerted = 0;"
    "CREATE INDEX deletions_since ON deletions (app_rid, since) WHERE kind = 1;"
    "CREATE TABLE deletion_holds ("
    " rid INTEGER PRIMARY KEY AUTOINCREMENT,"
    " id TEXT NOT NULL UNIQUE,"
    " app_rid BIGINT NOT NULL,"
    " kind INTEGER NOT NULL,"
    " target_rid BIGINT NOT NULL,"
    " status INTEGER NOT NULL," /* enum hold_status */
    " opened BIGINT NOT NULL,"
    " due BIGINT NOT NULL,"
    " raised BIGINT NOT NULL DEFAULT 0,"
    " revision BIGINT NOT NULL DEFAULT 0,"
    " window_ms BIGINT NOT NULL DEFAULT 0,"
    " used BIGINT NOT NULL DEFAULT 0,"
    " waiting BIGINT NOT NULL DEFAULT 0,"
    " base BIGINT NOT NULL DEFAULT 0,"
    " percent BIGINT NOT NULL DEFAULT 0,"
    " number BIGINT NOT NULL DEFAULT 0,"
    " decided BIGINT NOT NULL DEFAULT 0,"
    " decided_by TEXT);"
    "CREATE UNIQUE INDEX deletion_holds_open ON deletion_holds (app_rid, kind, target_rid) WHERE status = 1;"
    "CREATE INDEX deletion_holds_app ON deletion_holds (app_rid, rid);"
    "CREATE INDEX deletion_holds_status ON deletion_holds (app_rid, status, rid);"
    "CREATE INDEX deletion_holds_due ON deletion_holds (due, rid);"
    "CREATE TABLE deletion_counts ("
    " app_rid BIGINT NOT NULL,"
    " kind INTEGER NOT NULL,"
    " object_rid BIGINT NOT NULL," /* target group; 0: the app */
    " bucket BIGINT NOT NULL,"     /* time / LIMIT_DELETION_BUCKET_MS */
    " n BIGINT NOT NULL,"
    " PRIMARY KEY (app_rid, kind, object_rid, bucket));"
    "CREATE TABLE deletion_limits ("
    " app_rid BIGINT NOT NULL," /* 0: the organisation */
    " rule INTEGER NOT NULL,"   /* enum deletion_rule; -1: the window, in number (ms) */
    " off INTEGER NOT NULL,"
    " percent BIGINT NOT NULL,"
    " number BIGINT NOT NULL,"
    " PRIMARY KEY (app_rid, rule));"
    "CREATE INDEX target_groups_known ON target_groups (app_rid, rid) WHERE external_id IS NOT NULL;"
    "CREATE INDEX target_members_held ON target_members (target_rid) WHERE error_class = 'HELD';";
