/* SPDX-License-Identifier: Apache-2.0 */
/* The key file, what it seals, what the store remembers of it; password hashes. */
#include "auth/auth.h"
#include "database.h"
#include "record/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct store_room *const rooms[] = {&record_room, &auth_room, NULL};

struct fixture {
    char dir[64];
    char key_path[96];
    struct arena *arena;
    struct keyring *keyring;
    char why[512];
};

static int setup(void **state)
{
    struct fixture *f = NEW(struct fixture);
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/muster-key-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->key_path, sizeof(f->key_path), "%s/key", f->dir);
    f->arena = arena_new();
    assert_int_equal(keyring_load(&f->keyring, f->key_path, true, f->why, sizeof(f->why)), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    keyring_free(f->keyring);
    arena_free(f->arena);
    static const char *const names[] = {"key", "other", "db", "db-wal", "db-shm"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[96];
        (void)snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        (void)unlink(path);
    }
    int empty = rmdir(f->dir); /* no temporary file is left behind */
    free(f);
    return empty;
}

static void a_key_file_is_made_once_and_read_again(void **state)
{
    struct fixture *f = *state;
    struct stat status;
    assert_int_equal(stat(f->key_path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    struct keyring *again;
    assert_int_equal(keyring_load(&again, f->key_path, true, f->why, sizeof(f->why)), 0);
    assert_string_equal(keyring_id(again), keyring_id(f->keyring));
    keyring_free(again);

    char other[96];
    (void)snprintf(other, sizeof(other), "%s/other", f->dir);
    assert_int_equal(keyring_load(&again, other, false, f->why, sizeof(f->why)), ERR_NOT_FOUND);
    assert_non_null(strstr(f->why, other));
}

static void write_key_file(struct fixture *f, const char *text, mode_t mode)
{
    FILE *file = fopen(f->key_path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(f->key_path, mode), 0);
}

static void bad_key_files_are_refused_with_a_reason(void **state)
{
    struct fixture *f = *state;
    static const char good[] = "muster-key-1 abcdefghijkl AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
    static const struct {
        const char *text;
        mode_t mode;
        const char *reason;
    } cases[] = {
        {good, 0644, "chmod 600"},
        {good, 0640, "chmod 600"},
        {"", 0600, "empty"},
        {"hello\n", 0600, "line 1"},
        {"muster-key-1 abcdefghijkl AAECAwQ=\n", 0600, "line 1"},
        {"muster-key-1 abcdefghijkl !!!\n", 0600, "line 1"},
        {"muster-key-2 abcdefghijkl AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n", 0600, "line 1"},
        {"muster-key-1 abcdefghijkl AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= more\n", 0600, "line 1"},
        {"muster-key-1 abcdefghijkl AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
         "muster-key-1 abcdefghijkl AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
         0600, "repeats"},
    };
    struct keyring *keyring;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        write_key_file(f, cases[i].text, cases[i].mode);
        assert_int_equal(keyring_load(&keyring, f->key_path, false, f->why, sizeof(f->why)), ERR_KEY);
        if (!strstr(f->why, cases[i].reason))
            fail_msg("case %zu: \"%s\" does not say \"%s\"", i, f->why, cases[i].reason);
    }
    write_key_file(f, good, 0600);
    assert_int_equal(keyring_load(&keyring, f->key_path, false, f->why, sizeof(f->why)), 0);
    assert_string_equal(keyring_id(keyring), "abcdefghijkl");
    keyring_free(keyring);
}

static void what_is_sealed_opens_in_its_place_only(void **state)
{
    struct fixture *f = *state;
    const char *plain = NULL;
    size_t n;
    unsigned char *sealed = seal(f->keyring, f->arena, "app_secret", "token", 7, "hunter2", &n);
    assert_null(memmem(sealed, n, "hunter2", 7));
    assert_int_equal(unseal(f->keyring, f->arena, "app_secret", "token", 7, sealed, n, &plain), 0);
    assert_string_equal(plain, "hunter2");
    seal_wipe(plain);
    assert_string_equal(plain, "");

    assert_int_equal(unseal(f->keyring, f->arena, "app_secret", "token", 8, sealed, n, &plain), ERR_KEY);
    assert_int_equal(unseal(f->keyring, f->arena, "app_secret", "other", 7, sealed, n, &plain), ERR_KEY);
    assert_int_equal(unseal(f->keyring, f->arena, "app_secre", "ttoken", 7, sealed, n, &plain), ERR_KEY);
    for (size_t i = 0; i < n; i++) {
        sealed[i] ^= 1;
        assert_int_equal(unseal(f->keyring, f->arena, "app_secret", "token", 7, sealed, n, &plain), ERR_KEY);
        sealed[i] ^= 1;
    }
    for (size_t cut = 0; cut < n; cut++)
        assert_int_equal(unseal(f->keyring, f->arena, "app_secret", "token", 7, sealed, cut, &plain), ERR_KEY);
    size_t second_n;
    void *second = seal(f->keyring, f->arena, "app_secret", "token", 7, "hunter2", &second_n);
    assert_int_equal(second_n, n);
    assert_memory_not_equal(second, sealed, n);
}

static void a_new_key_seals_and_the_old_one_still_opens(void **state)
{
    struct fixture *f = *state;
    const char *old_id = arena_strdup(f->arena, keyring_id(f->keyring));
    size_t n;
    const void *sealed = seal(f->keyring, f->arena, "t", "c", 1, "x", &n);
    assert_int_equal(keyring_add(f->keyring, f->key_path, f->why, sizeof(f->why)), 0);
    assert_string_not_equal(keyring_id(f->keyring), old_id);
    struct keyring *loaded;
    assert_int_equal(keyring_load(&loaded, f->key_path, false, f->why, sizeof(f->why)), 0);
    assert_string_equal(keyring_id(loaded), keyring_id(f->keyring));
    const char *text;
    assert_int_equal(unseal(loaded, f->arena, "t", "c", 1, sealed, n, &text), 0);
    assert_string_equal(text, "x");
    assert_int_equal(seal_key_id(f->arena, sealed, n, &text), 0);
    assert_string_equal(text, old_id);
    sealed = seal(loaded, f->arena, "t", "c", 1, "x", &n);
    assert_int_equal(seal_key_id(f->arena, sealed, n, &text), 0);
    assert_string_equal(text, keyring_id(f->keyring));
    keyring_free(loaded);
    int added = 2;
    while (keyring_add(f->keyring, f->key_path, f->why, sizeof(f->why)) == 0)
        added++;
    assert_int_equal(added, 16);
    assert_non_null(strstr(f->why, "16 keys"));
}

static int check_keys(struct tx *tx, void *arg)
{
    struct fixture *f = arg;
    return keyring_check(tx, f->keyring, f->why, sizeof(f->why));
}

static int retire_keys(struct tx *tx, void *arg)
{
    struct fixture *f = arg;
    return keyring_retire(tx, f->keyring);
}

static void a_store_knows_its_keys(void **state)
{
    struct fixture *f = *state;
    char path[96];
    (void)snprintf(path, sizeof(path), "%s/db", f->dir);
    struct store_options options = {.path = test_location(path), .env = env_real(), .rooms = rooms};
    struct store *store;
    assert_int_equal(store_open(&store, &options, f->why, sizeof(f->why)), 0);
    assert_int_equal(store_write_wait(store, NULL, check_keys, f), 0);
    assert_int_equal(store_write_wait(store, NULL, check_keys, f), 0);
    assert_int_equal(store_read_wait(store, check_keys, f), 0);

    char first_id[32];
    (void)snprintf(first_id, sizeof(first_id), "%s", keyring_id(f->keyring));
    assert_int_equal(keyring_add(f->keyring, f->key_path, f->why, sizeof(f->why)), 0);
    assert_int_equal(store_write_wait(store, NULL, check_keys, f), 0);

    struct keyring *right = f->keyring;
    char other[96];
    (void)snprintf(other, sizeof(other), "%s/other", f->dir);
    assert_int_equal(keyring_load(&f->keyring, other, true, f->why, sizeof(f->why)), 0);
    assert_int_equal(store_write_wait(store, NULL, check_keys, f), ERR_KEY);
    assert_non_null(strstr(f->why, first_id));
    /* The right id with other bytes is noticed too. */
    keyring_free(f->keyring);
    write_key_file(f, "", 0600);
    FILE *file = fopen(f->key_path, "w");
    assert_non_null(file);
    (void)fprintf(file, "muster-key-1 %s AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n", first_id);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(keyring_load(&f->keyring, f->key_path, false, f->why, sizeof(f->why)), 0);
    assert_int_equal(store_write_wait(store, NULL, check_keys, f), ERR_KEY);
    assert_non_null(strstr(f->why, "not the one"));
    keyring_free(f->keyring);

    f->keyring = right;
    assert_int_equal(store_write_wait(store, NULL, check_keys, f), 0);
    assert_int_equal(store_write_wait(store, NULL, retire_keys, f), 1);
    assert_int_equal(store_write_wait(store, NULL, check_keys, f), 0);
    store_close(store);
}

static void passwords_match_their_hash_only(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_BYTES];
    char again[PASSWORD_HASH_BYTES];
    assert_int_equal(password_hash("Correct horse 1", hash), 0);
    assert_int_equal(password_hash("Correct horse 1", again), 0);
    assert_int_equal(strncmp(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31), 0);
    assert_string_not_equal(hash, again);
    assert_true(password_matches(hash, "Correct horse 1"));
    assert_false(password_matches(hash, "Correct horse 2"));
    assert_false(password_matches(hash, ""));
    assert_false(password_matches("", "Correct horse 1"));
    assert_false(password_matches("nonsense", "Correct horse 1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_file_is_made_once_and_read_again, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_key_files_are_refused_with_a_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_sealed_opens_in_its_place_only, setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_key_seals_and_the_old_one_still_opens, setup, teardown),
        cmocka_unit_test_setup_teardown(a_store_knows_its_keys, setup, teardown),
        cmocka_unit_test(passwords_match_their_hash_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
