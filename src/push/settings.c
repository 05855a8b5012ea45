/* SPDX-License-Identifier: Apache-2.0 */
/* Group Push settings of an app. */
#include "push/push_private.h"
#include "record/record.h"

SQL(PUSH_SETTINGS_GET,
    "SELECT rename_groups, on_source_deleted, on_group_missing FROM push_settings WHERE app_rid = $1");
SQL(PUSH_SETTINGS_PUT, "INSERT INTO push_settings (app_rid, rename_groups, on_source_deleted, on_group_missing)"
                       " VALUES ($1, $2, $3, $4)"
                       " ON CONFLICT (app_rid) DO UPDATE SET rename_groups = excluded.rename_groups,"
                       " on_source_deleted = excluded.on_source_deleted, on_group_missing = excluded.on_group_missing");
SQL(PUSH_SETTINGS_DELETE, "DELETE FROM push_settings WHERE app_rid = $1");

int push_settings_get(struct tx *tx, int64_t app_rid, struct push_settings *ret)
{
    struct query query;
    int r = tx_query_row(tx, &query, &PUSH_SETTINGS_GET, I(app_rid));
    if (r < 0)
        return r;
    *ret = (struct push_settings){.rename_groups = true, .on_source_deleted = SOURCE_DELETED_LEAVE};
    if (r == 0)
        return 0;
    ret->rename_groups = query_int(&query, 0) != 0;
    ret->on_source_deleted = (enum source_deleted)query_int(&query, 1);
    ret->on_group_missing = (enum group_missing)query_int(&query, 2);
    query_close(&query);
    return 0;
}

int push_settings_set(struct tx *tx, const struct app *app, const struct push_settings *settings)
{
    int r = tx_exec(tx, &PUSH_SETTINGS_PUT, I(app->rid), I(settings->rename_groups), I(settings->on_source_deleted),
                    I(settings->on_group_missing));
    if (r < 0)
        return r;
    bool delete = settings->on_source_deleted == SOURCE_DELETED_DELETE;
    struct event event = {
        .type = "application.lifecycle.update",
        .message = "Update group push settings",
        .severity = SEVERITY_INFO,
        .targets = {{.id = app->id, .type = "AppInstance", .alternate_id = app->label, .name = app->label}},
        .target_count = 1,
        .debug = arena_printf(tx_arena(tx),
                              "{\"renameAppGroups\":%s,\"onSourceGroupDeleted\":\"%s\",\"onGroupMissing\":\"%s\"}",
                              settings->rename_groups ? "true" : "false", delete ? "DELETE" : "LEAVE",
                              settings->on_group_missing == GROUP_MISSING_REPAIR ? "REPAIR" : "ALERT")};
    return record_event(tx, &event);
}

int push_settings_delete(struct tx *tx, int64_t app_rid)
{
    int r = tx_exec(tx, &PUSH_SETTINGS_DELETE, I(app_rid));
    return r < 0 ? r : 0;
}
