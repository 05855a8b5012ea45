/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster key rotate. The new key is in the file before anything is sealed with it, and an old one leaves it only after
 * everything is sealed with the new one: whenever this is interrupted, every credential can be read, and running it
 * again ends it.
 */
#include "app/app.h"
#include "app/hook.h"

#include "cli/datadir.h"

#include <unistd.h>

#define RESEAL_ROWS 100 /* credentials sealed in one transaction */
#define KEYS_KEPT 8     /* the current key and those that backups of late may need */

struct rotation {
    struct datadir *data;
    char why[512];
    int64_t sealed;
    int64_t forgotten;
};

static int remember_key(struct tx *tx, void *arg)
{
    struct rotation *rotation = arg;
    return keyring_check(tx, rotation->data->keyring, rotation->why, sizeof(rotation->why));
}

/* 1 while there is more. */
static int seal_some(struct tx *tx, void *arg)
{
    struct rotation *rotation = arg;
    int r = connection_reseal(tx, rotation->data->keyring, RESEAL_ROWS);
    if (r == 0)
        r = hook_reseal(tx, rotation->data->keyring);
    if (r != 0)
        return r;
    int forgotten = keyring_retire(tx, rotation->data->keyring);
    rotation->forgotten = forgotten;
    return MIN_OF(forgotten, 0);
}

/* Everything is sealed with the current key afterwards, and the file holds few others. */
static int seal_all(struct cli *cli, struct rotation *rotation)
{
    struct datadir *data = rotation->data;
    int r = store_write_wait(data->store, NULL, remember_key, rotation);
    while (r >= 0) {
        r = store_write_wait(data->store, NULL, seal_some, rotation);
        if (r <= 0)
            break;
        rotation->sealed += r;
    }
    if (r < 0)
        return cli_fail(cli, CLI_FAILED, "not everything is sealed with the newest key in %s yet (%s): run this again",
                        data->key_path, err_text(r));
    r = keyring_trim(data->keyring, data->key_path, KEYS_KEPT, rotation->why, sizeof(rotation->why));
    return r < 0 ? cli_fail(cli, CLI_FAILED, "%s", rotation->why) : CLI_OK;
}

static int rotate(struct cli *cli, struct rotation *rotation)
{
    struct datadir *data = rotation->data;
    int r = keyring_add(data->keyring, data->key_path, rotation->why, sizeof(rotation->why));
    if (r == ERR_TOO_LARGE) { /* of rotations that did not end: this ends them, and makes room */
        r = seal_all(cli, rotation);
        if (r)
            return r;
        rotation->sealed = 0;
        r = keyring_add(data->keyring, data->key_path, rotation->why, sizeof(rotation->why));
    }
    return r < 0 ? cli_fail(cli, CLI_FAILED, "%s", rotation->why) : seal_all(cli, rotation);
}

int cmd_key_rotate(struct cli *cli)
{
    struct datadir data;
    struct rotation rotation = {.data = &data};
    datadir_init(&data, cli, cli_option(cli, "data"), cli_option(cli, "key-file"));
    int r = datadir_database(&data, cli);
    if (r)
        return r;
    if (!datadir_has_store(&data))
        return cli_fail(cli, CLI_FAILED, "there is no store in %s (--data)", data.dir);
    r = datadir_lock(&data, cli, false);
    if (r == CLI_OK)
        r = datadir_open(&data, cli, 0, NULL, NULL);
    if (r == CLI_OK)
        /* Nodes have the key in files of their own, and could not read what is sealed with the new one. */
        r = datadir_refuse_nodes(&data, cli, data.store, "then give each the new key file");
    if (r == CLI_OK)
        r = rotate(cli, &rotation);
    if (r == CLI_OK) {
        struct jval *out = jval_new_object();
        jval_set_str(out, "key", keyring_id(data.keyring));
        jval_set(out, "sealed", jval_new_int(rotation.sealed));
        cli_print_json(cli, out);
        cli_say(cli, "the key is %s now; %lld credentials are sealed with it. Keep a copy of %s",
                keyring_id(data.keyring), (long long)rotation.sealed, data.key_path);
    }
    datadir_close(&data);
    return r;
}
