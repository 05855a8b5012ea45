/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key file: read, made, extended. It is always written as a whole under another name and then moved into place, so
 * that a crash leaves the old file or the new one. The store remembers, per key, a known text under that key: so a
 * wrong key file is noticed at start and not when the first credential is needed.
 */
#include "auth/inner.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_LINE_WORD "muster-key-1"
#define KEY_TEXT_BYTES                                                                                                 \
    sodium_base64_ENCODED_LEN(crypto_aead_xchacha20poly1305_ietf_KEYBYTES, sodium_base64_VARIANT_ORIGINAL)
#define CHECK_TABLE "seal_key"
#define CHECK_COLUMN "check_value"
#define CHECK_TEXT "muster seal check"

SQL_SCAN(SEAL_KEYS, "one row per key ever used, at most a handful",
         "SELECT key_id, check_value FROM seal_key ORDER BY rid");
SQL(SEAL_KEY_INSERT, "INSERT INTO seal_key (key_id, check_value, created) VALUES ($1, $2, $3)");
SQL_SCAN(SEAL_KEY_RETIRE, "one row per key ever used, at most a handful", "DELETE FROM seal_key WHERE key_id <> $1");

static int fail(int err, char *ret_why, size_t why_size, const char *format, ...) PRINTF_LIKE(4, 5);
static int fail(int err, char *ret_why, size_t why_size, const char *format, ...)
{
    if (ret_why && why_size) {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(ret_why, why_size, format, args);
        va_end(args);
    }
    return err;
}

const struct key *keyring_find(const struct keyring *keyring, const char *id, size_t n)
{
    for (size_t i = 0; i < keyring->count; i++) {
        if (strlen(keyring->keys[i].id) == n && memcmp(keyring->keys[i].id, id, n) == 0)
            return &keyring->keys[i];
    }
    return NULL;
}

const char *keyring_id(const struct keyring *keyring)
{
    return keyring->keys[0].id;
}

struct keyring *keyring_free(struct keyring *keyring)
{
    if (keyring) {
        sodium_memzero(keyring, sizeof(*keyring));
        free(keyring);
    }
    return NULL;
}

/* A new key in front of the others; the caller checked that there is room. */
static void put_new_key(struct keyring *keyring)
{
    static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    assert(keyring->count < KEYRING_KEYS);
    memmove(&keyring->keys[1], &keyring->keys[0], keyring->count * sizeof(struct key));
    keyring->count++;
    struct key *key = &keyring->keys[0];
    *key = (struct key){0};
    const struct env *env = env_real();
    for (size_t i = 0; i < KEY_ID_CHARS; i++)
        key->id[i] = alphabet[env_below(env, sizeof(alphabet) - 1)];
    env->fill_random(env->data, key->bytes, sizeof(key->bytes));
}

static bool read_line(char *line, struct key *ret)
{
    char word[sizeof(KEY_LINE_WORD)];
    char text[KEY_TEXT_BYTES];
    int end = 0;
    static_assert(KEY_ID_CHARS == 12 && sizeof(KEY_LINE_WORD) == 13 && KEY_TEXT_BYTES == 45, "the widths below");
    bool ok = sscanf(line, "%12s %12[0-9a-z] %44s %n", word, ret->id, text, &end) == 3 && line[end] == '\0' &&
              str_eq(word, KEY_LINE_WORD);
    size_t n = 0;
    ok = ok &&
         sodium_base642bin(ret->bytes, sizeof(ret->bytes), text, strlen(text), NULL, &n, NULL,
                           sodium_base64_VARIANT_ORIGINAL) == 0 &&
         n == sizeof(ret->bytes);
    sodium_memzero(text, sizeof(text));
    return ok;
}

static int parse_file(struct keyring *keyring, char *text, const char *path, char *ret_why, size_t why_size)
{
    int number = 0;
    for (char *line = text; line && *line;) {
        number++;
        char *end = strchr(line, '\n');
        if (end)
            *end++ = '\0';
        if (keyring->count == KEYRING_KEYS)
            return fail(ERR_KEY, ret_why, why_size, "%s holds more than %d keys", path, KEYRING_KEYS);
        struct key *key = &keyring->keys[keyring->count];
        if (!read_line(line, key))
            return fail(ERR_KEY, ret_why, why_size,
                        "line %d of the key file %s is not of the form \"" KEY_LINE_WORD " <key id> <base64>\"", number,
                        path);
        if (keyring_find(keyring, key->id, strlen(key->id)))
            return fail(ERR_KEY, ret_why, why_size, "line %d of the key file %s repeats the key id %s", number, path,
                        key->id);
        keyring->count++;
        line = end;
    }
    if (keyring->count == 0)
        return fail(ERR_KEY, ret_why, why_size, "the key file %s is empty", path);
    return 0;
}

/* Reads the whole file into `text`. ERR_NOT_FOUND, or ERR_KEY. */
static int read_file(const char *path, char text[static KEY_FILE_BYTES], char *ret_why, size_t why_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(errno == ENOENT ? ERR_NOT_FOUND : ERR_KEY, ret_why, why_size, "cannot open the key file %s: %s",
                    path, strerror(errno));
    struct stat status;
    int r = 0;
    size_t n = 0;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        r = fail(ERR_KEY, ret_why, why_size, "the key file %s is not a regular file", path);
    else if (status.st_mode & (S_IRWXG | S_IRWXO))
        r = fail(ERR_KEY, ret_why, why_size, "the key file %s can be read by others: chmod 600 %s", path, path);
    while (r == 0) {
        ssize_t got = read(fd, text + n, KEY_FILE_BYTES - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            r = fail(ERR_KEY, ret_why, why_size, "cannot read the key file %s: %s", path, strerror(errno));
        if (got <= 0)
            break;
        n += (size_t)got;
        if (n == KEY_FILE_BYTES)
            r = fail(ERR_KEY, ret_why, why_size, "the key file %s is larger than %d bytes", path, KEY_FILE_BYTES - 1);
    }
    (void)close(fd);
    if (r == 0 && memchr(text, '\0', n))
        r = fail(ERR_KEY, ret_why, why_size, "the key file %s is not a text file", path);
    if (r == 0)
        text[n] = '\0';
    return r;
}

static void file_text(const struct keyring *keyring, char text[static KEY_FILE_BYTES])
{
    size_t n = 0;
    for (size_t i = 0; i < keyring->count; i++) {
        char base64[KEY_TEXT_BYTES];
        (void)sodium_bin2base64(base64, sizeof(base64), keyring->keys[i].bytes, sizeof(keyring->keys[i].bytes),
                                sodium_base64_VARIANT_ORIGINAL);
        int added = snprintf(text + n, KEY_FILE_BYTES - n, KEY_LINE_WORD " %s %s\n", keyring->keys[i].id, base64);
        assert(added > 0 && (size_t)added < KEY_FILE_BYTES - n);
        n += (size_t)added;
        sodium_memzero(base64, sizeof(base64));
    }
}

static int sync_folder(const char *path)
{
    char *copy = mem_strdup(path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    if (fd < 0)
        return -1;
    int r = fsync(fd);
    (void)close(fd);
    return r;
}

static int write_temporary(int fd, const char *text)
{
    size_t n = strlen(text);
    for (size_t done = 0; done < n;) {
        ssize_t r = write(fd, text + done, n - done);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return -1;
        done += (size_t)r;
    }
    return fsync(fd);
}

/* Writes the file anew. `replace` false: never over an existing one. ERR_EXISTS, ERR_IO. */
static int write_file(const struct keyring *keyring, const char *path, bool replace, char *ret_why, size_t why_size)
{
    char text[KEY_FILE_BYTES];
    size_t name_size = strlen(path) + sizeof(".XXXXXX");
    char *name = mem_new(name_size);
    (void)snprintf(name, name_size, "%s.XXXXXX", path);
    int fd = mkostemp(name, O_CLOEXEC); /* mode 0600 */
    if (fd < 0) {
        int r = fail(ERR_IO, ret_why, why_size, "cannot write beside the key file %s: %s", path, strerror(errno));
        free(name);
        return r;
    }
    file_text(keyring, text);
    int r = write_temporary(fd, text);
    sodium_memzero(text, sizeof(text));
    (void)close(fd);
    if (r == 0)
        r = replace ? rename(name, path) : link(name, path);
    int error = errno;
    if (r != 0 || !replace)
        (void)unlink(name);
    if (r == 0) {
        r = sync_folder(path);
        error = errno;
    }
    free(name);
    if (r == 0)
        return 0;
    return fail(error == EEXIST ? ERR_EXISTS : ERR_IO, ret_why, why_size, "cannot write the key file %s: %s", path,
                strerror(error));
}

int keyring_load(struct keyring **ret, const char *path, bool create, char *ret_why, size_t why_size)
{
    auth_ready();
    char text[KEY_FILE_BYTES] = "";
    int r = read_file(path, text, ret_why, why_size);
    if (r == ERR_NOT_FOUND && create) {
        struct keyring *made = NEW(struct keyring);
        put_new_key(made);
        r = write_file(made, path, false, ret_why, why_size);
        if (r == 0) {
            *ret = made;
            return 0;
        }
        (void)keyring_free(made);
        if (r != ERR_EXISTS)
            return ERR_KEY;
        /* Another process made it at the same moment: its file is the one. */
        r = read_file(path, text, ret_why, why_size);
    }
    if (r < 0)
        return r;
    struct keyring *keyring = NEW(struct keyring);
    r = parse_file(keyring, text, path, ret_why, why_size);
    sodium_memzero(text, sizeof(text));
    if (r < 0) {
        (void)keyring_free(keyring);
        return r;
    }
    *ret = keyring;
    return 0;
}

int keyring_add(struct keyring *keyring, const char *path, char *ret_why, size_t why_size)
{
    if (keyring->count == KEYRING_KEYS)
        return fail(ERR_TOO_LARGE, ret_why, why_size,
                    "the key file %s holds %d keys already: remove those that nothing is sealed with any more", path,
                    KEYRING_KEYS);
    struct keyring wider = *keyring;
    put_new_key(&wider);
    int r = write_file(&wider, path, true, ret_why, why_size);
    if (r == 0)
        *keyring = wider;
    sodium_memzero(&wider, sizeof(wider));
    return r;
}

int keyring_trim(struct keyring *keyring, const char *path, size_t keep, char *ret_why, size_t why_size)
{
    assert(keep > 0);
    if (keyring->count <= keep)
        return 0;
    int dropped = (int)(keyring->count - keep);
    struct keyring narrower = *keyring;
    sodium_memzero(&narrower.keys[keep], (size_t)dropped * sizeof(struct key));
    narrower.count = keep;
    int r = write_file(&narrower, path, true, ret_why, why_size);
    if (r == 0)
        *keyring = narrower;
    sodium_memzero(&narrower, sizeof(narrower));
    return r < 0 ? r : dropped;
}

static int check_one(struct tx *tx, const struct keyring *keyring, struct query *query, char *ret_why, size_t why_size)
{
    const char *id = query_text(query, 0);
    size_t n;
    const void *sealed = query_blob(query, 1, &n);
    const char *plain;
    if (!keyring_find(keyring, id, strlen(id)))
        return fail(ERR_KEY, ret_why, why_size,
                    "the store's credentials are sealed with the key %s, which the key file does not hold: put back "
                    "the key file that belongs to this store",
                    id);
    if (unseal(keyring, tx_arena(tx), CHECK_TABLE, CHECK_COLUMN, 0, sealed, n, &plain) < 0 ||
        !str_eq(plain, CHECK_TEXT))
        return fail(ERR_KEY, ret_why, why_size,
                    "the key %s in the key file is not the one that the store was sealed with: put back the key file "
                    "that belongs to this store",
                    id);
    return 0;
}

int keyring_check(struct tx *tx, const struct keyring *keyring, char *ret_why, size_t why_size)
{
    struct query query;
    bool known = false;
    int r = tx_query(tx, &query, &SEAL_KEYS, NO_BINDS);
    if (r < 0)
        return fail(r, ret_why, why_size, "the store cannot be read: %s", err_text(r));
    while ((r = query_next(&query)) > 0) {
        known = known || str_eq(query_text(&query, 0), keyring_id(keyring));
        r = check_one(tx, keyring, &query, ret_why, why_size);
        if (r < 0)
            break;
    }
    query_close(&query);
    if (r == 0 && !known && tx_is_writing(tx)) {
        size_t n;
        const void *sealed = seal(keyring, tx_arena(tx), CHECK_TABLE, CHECK_COLUMN, 0, CHECK_TEXT, &n);
        r = tx_exec(tx, &SEAL_KEY_INSERT, T(keyring_id(keyring)), B(sealed, n), I(tx_now(tx)));
    }
    return MIN_OF(r, 0);
}

int keyring_wanted(struct tx *tx, const char **ret_id)
{
    struct query query;
    const char *id = NULL;
    int r = tx_query(tx, &query, &SEAL_KEYS, NO_BINDS);
    if (r < 0)
        return r;
    while ((r = query_next(&query)) > 0)
        id = arena_strdup(tx_arena(tx), query_text(&query, 0));
    if (r == 0)
        *ret_id = id;
    return r;
}

int keyring_retire(struct tx *tx, const struct keyring *keyring)
{
    return tx_exec(tx, &SEAL_KEY_RETIRE, T(keyring_id(keyring)));
}
