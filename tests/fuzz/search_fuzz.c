/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search= and filter= of users and groups, compiled and run: whatever is accepted is SQL that the store takes, whatever
 * is refused says why. The first byte chooses the list, the grammar and the order.
 */
#include "fuzz.h"

#include "directory/schema.h"
#include "directory/search.h"
#include "record/record.h"

static struct store *store;

static int add_attributes(struct tx *tx, void *arg)
{
    static const char body[] = "{\"definitions\":{\"custom\":{\"properties\":{"
                               "\"n\":{\"title\":\"N\",\"type\":\"number\"},"
                               "\"i\":{\"title\":\"I\",\"type\":\"integer\"},"
                               "\"b\":{\"title\":\"B\",\"type\":\"boolean\"},"
                               "\"a\":{\"title\":\"A\",\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
                               "\"m\":{\"title\":\"M\",\"type\":\"array\",\"items\":{\"type\":\"number\"}}}}}}";
    (void)arg;
    struct problem problem;
    struct jval *json CLEANUP(jval_freep) = NULL;
    int r = jval_parse(&json, body, strlen(body), NULL);
    if (r == 0)
        r = schema_update(tx, SCHEMA_USER, json, &problem);
    if (r == 0)
        r = schema_update(tx, SCHEMA_GROUP, json, &problem);
    return r;
}

static void open_once(void)
{
    static const struct store_room *const rooms[] = {&record_room, &directory_room, NULL};
    const struct store_options options = {.path = ":memory:", .env = env_real(), .rooms = rooms};
    if (store)
        return;
    int r = store_open(&store, &options, NULL, 0);
    if (r == 0)
        r = store_write_wait(store, NULL, add_attributes, NULL);
    assert(r == 0);
}

struct input {
    unsigned char choice;
    const char *text;
};

static int see_user(const struct user *user, void *data)
{
    (void)user;
    (void)data;
    return 0;
}

static int see_group(const struct group *group, void *data)
{
    (void)group;
    (void)data;
    return 0;
}

static int list(struct tx *tx, void *arg)
{
    static const char *const orders[] = {NULL, "profile.i", "profile.name", "lastUpdated"};
    const struct input *input = arg;
    struct problem problem;
    const char *next = NULL;
    struct list_request request = {.limit = 5, .descending = (input->choice & 16) != 0};
    if (input->choice & 1)
        request.search = input->text;
    else
        request.filter = input->text;
    request.sort_by = orders[(input->choice >> 2) & 3];
    int r = input->choice & 2 ? user_list(tx, &request, see_user, NULL, &next, &problem)
                              : group_list(tx, &request, see_group, NULL, &next, &problem);
    assert(r == 0 || (r == ERR_PROBLEM && problem.code == E0000031 && problem.cause_count == 1));
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n == 0)
        return 0;
    open_once();
    struct arena *arena = arena_new();
    struct input input = {.choice = bytes[0], .text = arena_strndup(arena, (const char *)bytes + 1, n - 1)};
    (void)!store_read_wait(store, list, &input);
    arena_free(arena);
    return 0;
}
