/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of this room, and what all of its files need before their first use of libsodium. */
#include "auth/inner.h"

static const struct migration migrations[] = {
    {.number = 1,
     .sql = "CREATE TABLE api_token ("
            " rid INTEGER PRIMARY KEY,"
            " id TEXT NOT NULL UNIQUE,"
            " hash BLOB NOT NULL UNIQUE,"
            " name TEXT NOT NULL,"
            " role TEXT NOT NULL,"
            " created BIGINT NOT NULL,"
            " last_updated BIGINT NOT NULL,"
            " expires BIGINT NOT NULL);"
            "CREATE INDEX api_token_role ON api_token (role, expires);"
            /* One row per key that sealed something here: a known text under that key. */
            "CREATE TABLE seal_key ("
            " rid INTEGER PRIMARY KEY,"
            " key_id TEXT NOT NULL UNIQUE,"
            " check_value BLOB NOT NULL,"
            " created BIGINT NOT NULL);"},
};

const struct store_room auth_room = {
    .name = "auth",
    .migrations = migrations,
    .migration_count = ARRAY_LEN(migrations),
};

void auth_ready(void)
{
    if (sodium_init() < 0)
        abort();
}
