/* SPDX-License-Identifier: Apache-2.0 */
/* Plays every file of the directories that are named through a fuzz target. */
#include "fuzz.h"

#include "base/buf.h"

#include <dirent.h>

#define FILE_BYTES_MAX (4 * 1024 * 1024)

static int play_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return -1;
    }
    struct buf bytes;
    char piece[4096];
    size_t n = 0;
    buf_init(&bytes, FILE_BYTES_MAX);
    while ((n = fread(piece, 1, sizeof(piece), file)) > 0)
        buf_add(&bytes, piece, n);
    (void)fclose(file);
    /* An exact copy, so that reading one byte too far is seen by the address sanitizer. */
    uint8_t *copy = malloc(bytes.len ? bytes.len : 1);
    assert(copy && !bytes.overflowed);
    memcpy(copy, buf_text(&bytes), bytes.len);
    (void)LLVMFuzzerTestOneInput(copy, bytes.len);
    free(copy);
    buf_free(&bytes);
    return 0;
}

static int play_directory(const char *path)
{
    DIR *directory = opendir(path);
    if (!directory) {
        perror(path);
        return -1;
    }
    int played = 0;
    struct dirent *entry = NULL;
    while ((entry = readdir(directory))) {
        char file[4096];
        if (entry->d_name[0] == '.')
            continue;
        int n = snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
        assert(n > 0 && (size_t)n < sizeof(file));
        if (play_file(file) < 0) {
            played = -1;
            break;
        }
        played++;
    }
    (void)closedir(directory);
    return played;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        int played = play_directory(argv[i]);
        if (played <= 0) {
            (void)fprintf(stderr, "%s: nothing to play\n", argv[i]);
            return 1;
        }
        (void)printf("%s: %d inputs\n", argv[i], played);
    }
    return argc > 1 ? 0 : 1;
}
