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
    /* People who sign in to the console: not people of the directory. No password: invited. */
    {.number = 2,
     .sql = "CREATE TABLE administrators ("
            " rid INTEGER PRIMARY KEY,"
            " id TEXT NOT NULL UNIQUE,"
            " name TEXT NOT NULL,"
            " email TEXT NOT NULL,"
            " email_key TEXT NOT NULL UNIQUE," /* folded */
            " role TEXT NOT NULL,"
            " password_hash TEXT,"
            " created BIGINT NOT NULL,"
            " last_updated BIGINT NOT NULL,"
            " last_sign_in BIGINT NOT NULL);"
            "CREATE TABLE sessions ("
            " rid INTEGER PRIMARY KEY,"
            " hash BLOB NOT NULL UNIQUE,"
            " administrator BIGINT NOT NULL,"
            " created BIGINT NOT NULL,"
            " expires BIGINT NOT NULL);"
            "CREATE INDEX sessions_administrator ON sessions (administrator);"
            "CREATE INDEX sessions_expires ON sessions (expires);"
            /* Links that set a password once; administrator 0: whoever uses it becomes the first. */
            "CREATE TABLE sign_in_links ("
            " rid INTEGER PRIMARY KEY,"
            " hash BLOB NOT NULL UNIQUE,"
            " administrator BIGINT NOT NULL UNIQUE,"
            " expires BIGINT NOT NULL);"},
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
