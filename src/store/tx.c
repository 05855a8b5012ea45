/* SPDX-License-Identifier: Apache-2.0 */
/* What a job sees of its transaction: who, when, numbers, changes and the reactors that answer them. */
#include "store/store_private.h"

/* More changes than this in one job means that a room forgot to write an expand row. */
#define CHANGES_MAX 1000000

struct origin *tx_origin(struct tx *tx)
{
    return &tx->origin;
}

int64_t tx_now(const struct tx *tx)
{
    return tx->now;
}

const struct env *tx_env(const struct tx *tx)
{
    return tx->env;
}

struct arena *tx_arena(struct tx *tx)
{
    return tx->arena;
}

bool tx_is_writing(const struct tx *tx)
{
    return tx->writing;
}

const char *tx_id(struct tx *tx, const char prefix[static 3])
{
    char *id = arena_alloc(tx->arena, ID_BYTES);
    id_new(tx->env, prefix, id);
    return id;
}

int64_t tx_change_number(struct tx *tx)
{
    assert(tx->writing);
    if (tx->change_number == 0) {
        int64_t number = 0;
        int r = tx_get_int(tx, &number, dialect_take_change(tx_dialect(tx)), NO_BINDS);
        if (r < 0)
            return r;
        assert(r == 1);
        tx->change_number = number;
    }
    return tx->change_number;
}

int tx_database_now(struct tx *tx, int64_t *ret_ms)
{
    struct sql *sql = dialect_now(tx_dialect(tx));
    if (!sql || tx->env != env_real()) { /* a test that moves its clock moves this one too */
        *ret_ms = env_now(tx->env);
        return 0;
    }
    int r = tx->database_now ? 0 : tx_get_int(tx, &tx->database_now, sql, NO_BINDS);
    *ret_ms = tx->database_now;
    return r < 0 ? r : 0;
}

int tx_database_warning(struct tx *tx, const char **ret)
{
    struct sql *sql = dialect_async_standbys(tx_dialect(tx));
    int64_t standbys = 0;
    int r = sql ? tx_get_int(tx, &standbys, sql, NO_BINDS) : 0;
    if (r < 0)
        return r;
    *ret = standbys ? "A standby of the database follows asynchronously: if the primary is lost, what was acknowledged "
                      "last may be lost with it. Name it in synchronous_standby_names."
                    : NULL;
    return 0;
}

int tx_change_latest(struct tx *tx, int64_t *ret_number)
{
    int r = tx_get_int(tx, ret_number, dialect_latest_change(tx_dialect(tx)), NO_BINDS);
    return r < 0 ? r : 0;
}

int64_t tx_change_number_taken(const struct tx *tx)
{
    return tx->change_number;
}

int tx_change(struct tx *tx, struct change change)
{
    int64_t number = tx_change_number(tx);
    if (number < 0)
        return (int)number;
    assert(tx->change_count < CHANGES_MAX);
    if (tx->change_count == tx->change_size) {
        size_t size = MAX_OF(tx->change_size * 2, (size_t)16);
        struct change *bigger = arena_array(tx->arena, size, sizeof(*bigger));
        if (tx->change_count)
            memcpy(bigger, tx->changes, tx->change_count * sizeof(*bigger));
        tx->changes = bigger;
        tx->change_size = size;
    }
    change._continued = tx->continued;
    change._urgency = tx->urgency;
    tx->changes[tx->change_count++] = change;
    return 0;
}

void tx_continue(struct tx *tx, int64_t since)
{
    tx->continued = since;
}

int64_t tx_continued(const struct tx *tx)
{
    return tx->continued;
}

void tx_set_urgency(struct tx *tx, int urgency)
{
    tx->urgency = urgency;
}

int tx_urgency(const struct tx *tx)
{
    return tx->urgency;
}

void **tx_memo(struct tx *tx, const void *key)
{
    size_t i = 0;
    while (i < TX_MEMOS && tx->memos[i].key && tx->memos[i].key != key)
        i++;
    assert(i < TX_MEMOS);
    tx->memos[i].key = key;
    return &tx->memos[i].value;
}

int tx_spend(struct tx *tx, int rows)
{
    tx->spent += rows;
    return tx->spent;
}

int tx_try(struct tx *tx, tx_fn run, void *arg)
{
    assert(tx->writing);
    struct handle *c = tx->handle;
    int r = c->broken ? c->broken : c->backend->frame(c, FRAME_PART);
    if (r < 0)
        return r;
    struct tx before = *tx;
    int result = run(tx, arg);
    if (result < 0) {
        r = c->backend->frame(c, FRAME_PART_UNDO);
        if (r == 0)
            r = c->backend->frame(c, FRAME_PART_KEEP);
        bool changed = tx->changed;
        *tx = before; /* the changes that it appended lie behind change_count: forgotten */
        tx->changed = changed;
    } else {
        r = c->backend->frame(c, FRAME_PART_KEEP);
    }
    return r < 0 ? r : result;
}

int tx_rehearse(struct tx *tx, tx_fn run, void *arg)
{
    assert(tx->writing);
    struct handle *c = tx->handle;
    int r = c->broken ? c->broken : c->backend->frame(c, FRAME_PART);
    if (r < 0)
        return r;
    struct tx before = *tx;
    int result = run(tx, arg);
    r = c->backend->frame(c, FRAME_PART_UNDO);
    if (r == 0)
        r = c->backend->frame(c, FRAME_PART_KEEP);
    *tx = before;
    return r < 0 ? r : result;
}

void tx_wake(struct tx *tx)
{
    tx->wake = true;
}

int tx_react(struct tx *tx, const struct store_room *const *rooms)
{
    for (size_t i = 0; i < tx->change_count; i++) {
        struct change change = tx->changes[i]; /* a reactor may append, which moves the array */
        tx->continued = change._continued;
        tx->urgency = change._urgency;
        for (size_t room = 0; rooms[room]; room++) {
            int r = rooms[room]->react ? rooms[room]->react(tx, &change) : 0;
            if (r < 0)
                return r;
        }
    }
    return 0;
}
