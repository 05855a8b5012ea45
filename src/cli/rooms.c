/* SPDX-License-Identifier: Apache-2.0 */
/* The rooms that keep something in the store, in room order: the order of migrations and reactors. */
#include "cli/datadir.h"

#include "api/api.h"
#include "app/app.h"
#include "directory/directory.h"
#include "engine/engine.h"
#include "push/push.h"
#include "record/record.h"

const struct store_room *const cli_rooms[] = {
    &record_room, &auth_room, &directory_room, &app_room, &push_room, &engine_room, &api_room, NULL,
};
