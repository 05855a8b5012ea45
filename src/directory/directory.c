/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's tables. Names are compared by folded columns (text_fold) with binary collation. Tombstones (deleted > 0)
 * give up their names at once: the unique indexes cover the living only. AUTOINCREMENT, because rids are cursors and
 * references in other rooms: the rid of a person who is gone must never become that of another.
 */
#include "directory/rows.h"
#include "directory/rule_inner.h"

static const struct migration migrations[] = {
    {1, "CREATE TABLE users ("
        " rid INTEGER PRIMARY KEY AUTOINCREMENT,"
        " id TEXT NOT NULL UNIQUE,"
        " status INTEGER NOT NULL,"
        " login TEXT NOT NULL,"
        " login_key TEXT NOT NULL,"
        " email_key TEXT NOT NULL,"
        " first_key TEXT NOT NULL,"
        " last_key TEXT NOT NULL,"
        " name TEXT NOT NULL,"
        " profile TEXT NOT NULL,"
        " password_hash TEXT,"
        " provider TEXT NOT NULL,"
        " provider_name TEXT NOT NULL,"
        " recovery_question TEXT,"
        " created BIGINT NOT NULL,"
        " activated BIGINT NOT NULL,"
        " status_changed BIGINT NOT NULL,"
        " last_login BIGINT NOT NULL,"
        " last_updated BIGINT NOT NULL,"
        " password_changed BIGINT NOT NULL,"
        " version BIGINT NOT NULL,"
        " deleted BIGINT NOT NULL);"
        "CREATE UNIQUE INDEX users_login ON users (login_key) WHERE deleted = 0;"
        "CREATE INDEX users_email ON users (email_key, rid);"
        "CREATE INDEX users_first ON users (first_key, rid);"
        "CREATE INDEX users_last ON users (last_key, rid);"
        "CREATE INDEX users_status ON users (status, rid);"
        "CREATE INDEX users_updated ON users (last_updated, rid);"
        "CREATE TABLE groups ("
        " rid INTEGER PRIMARY KEY AUTOINCREMENT,"
        " id TEXT NOT NULL UNIQUE,"
        " type INTEGER NOT NULL,"
        " name TEXT NOT NULL,"
        " name_key TEXT NOT NULL,"
        " description TEXT,"
        " description_key TEXT NOT NULL,"
        " profile TEXT NOT NULL,"
        " source_id TEXT,"
        " created BIGINT NOT NULL,"
        " last_updated BIGINT NOT NULL,"
        " last_membership_updated BIGINT NOT NULL,"
        " deleted BIGINT NOT NULL);"
        "CREATE UNIQUE INDEX groups_okta_name ON groups (name_key) WHERE type = 1 AND deleted = 0;"
        "CREATE INDEX groups_name ON groups (name_key, rid);"
        "CREATE INDEX groups_source ON groups (source_id, rid);"
        "CREATE INDEX groups_updated ON groups (last_updated, rid);"
        "CREATE TABLE memberships ("
        " group_rid BIGINT NOT NULL,"
        " user_rid BIGINT NOT NULL,"
        " created BIGINT NOT NULL,"
        " PRIMARY KEY (group_rid, user_rid));"
        "CREATE INDEX memberships_user ON memberships (user_rid, group_rid);"
        "CREATE TABLE schemas ("
        " kind INTEGER PRIMARY KEY,"
        " document TEXT NOT NULL,"
        " created BIGINT NOT NULL,"
        " last_updated BIGINT NOT NULL);"},
    {2, "ALTER TABLE users ADD COLUMN protected INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE groups ADD COLUMN protected INTEGER NOT NULL DEFAULT 0;"},
    /* direct > 0: there is a reason besides rules. A grant says that a rule gives a membership; it goes with it. */
    {3, "ALTER TABLE memberships ADD COLUMN direct INTEGER NOT NULL DEFAULT 1;"
        "CREATE TABLE group_rules ("
        " rid INTEGER PRIMARY KEY AUTOINCREMENT,"
        " id TEXT NOT NULL UNIQUE,"
        " name TEXT NOT NULL,"
        " name_key TEXT NOT NULL,"
        " status INTEGER NOT NULL,"
        " expression TEXT NOT NULL,"
        " document TEXT NOT NULL,"
        " created BIGINT NOT NULL,"
        " last_updated BIGINT NOT NULL,"
        " deleted BIGINT NOT NULL,"
        " keep_users INTEGER NOT NULL);"
        "CREATE UNIQUE INDEX group_rules_name ON group_rules (name_key) WHERE deleted = 0;"
        "CREATE INDEX group_rules_status ON group_rules (status, rid);"
        "CREATE TABLE group_rule_keys ("
        " key TEXT NOT NULL,"
        " rule_rid BIGINT NOT NULL REFERENCES group_rules (rid) ON DELETE CASCADE,"
        " PRIMARY KEY (key, rule_rid));"
        "CREATE INDEX group_rule_keys_rule ON group_rule_keys (rule_rid);"
        "CREATE TABLE membership_rules ("
        " group_rid BIGINT NOT NULL,"
        " user_rid BIGINT NOT NULL,"
        " rule_rid BIGINT NOT NULL REFERENCES group_rules (rid),"
        " PRIMARY KEY (group_rid, user_rid, rule_rid),"
        " FOREIGN KEY (group_rid, user_rid) REFERENCES memberships (group_rid, user_rid) ON DELETE CASCADE);"
        "CREATE INDEX membership_rules_user ON membership_rules (user_rid, rule_rid, group_rid);"
        "CREATE INDEX membership_rules_rule ON membership_rules (rule_rid, user_rid, group_rid);"},
    /* For other rooms, that join it: who is in which group, and what decides whether they are pushed. */
    {4, "CREATE VIEW group_people AS SELECT m.group_rid, m.user_rid, u.status, u.deleted"
        " FROM memberships AS m JOIN users AS u ON u.rid = m.user_rid;"},
    /* 1: an import made it (import_gone.c). */
    {5, "ALTER TABLE users ADD COLUMN imported INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE memberships ADD COLUMN imported INTEGER NOT NULL DEFAULT 0;"
        "CREATE INDEX users_imported ON users (rid) WHERE imported = 1;"
        "CREATE INDEX memberships_imported ON memberships (group_rid, user_rid) WHERE imported = 1;"},
    {6, "CREATE INDEX users_protected ON users (rid) WHERE protected = 1;"
        "CREATE INDEX groups_protected ON groups (rid) WHERE protected = 1;"},
    /* values.c */
    {7, "CREATE TABLE user_value_attributes ("
        " rid INTEGER PRIMARY KEY AUTOINCREMENT,"
        " attribute TEXT NOT NULL,"
        " filled BIGINT NOT NULL," /* everybody up to this rid is in user_values; -1: all are */
        " going INTEGER NOT NULL);"
        "CREATE TABLE user_values ("
        " user_rid BIGINT NOT NULL,"
        " attribute_rid BIGINT NOT NULL,"
        " value_key TEXT NOT NULL,"
        " PRIMARY KEY (user_rid, attribute_rid));"
        "CREATE INDEX user_values_key ON user_values (attribute_rid, value_key, user_rid);"},
};

const struct store_room directory_room = {
    .name = "directory", .migrations = migrations, .migration_count = ARRAY_LEN(migrations), .react = rules_react};

int directory_event(struct tx *tx, const char *type, const char *message, struct event_target first,
                    const struct event_target *second)
{
    struct event event = {
        .type = type, .message = message, .severity = SEVERITY_INFO, .targets = {first}, .target_count = 1};
    if (second)
        event.targets[event.target_count++] = *second;
    return record_event(tx, &event);
}
