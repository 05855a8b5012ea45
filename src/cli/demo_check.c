/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the target over SCIM, as anybody could, and comparing it with what Muster's API says. */
#include "cli/demo.h"

#include "base/limits.h"
#include "base/url.h"
#include "practice/server.h"

#include <stdarg.h>

#define SCIM_PAGE 500

void demo_expect(struct demo *demo, bool good, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    demo->checks++;
    demo->wrong += good ? 0 : 1;
    cli_say(demo->cli, "   %s %s", good ? "ok:" : "WRONG:", text);
}

/* A set of texts, sorted when it is compared. */
struct names {
    struct arena *arena;
    size_t count, size;
    const char **items;
};

static void add_name(struct names *names, const char *name)
{
    if (names->count == names->size) {
        size_t size = names->size ? names->size * 2 : 64;
        const char **items = arena_array(names->arena, size, sizeof(*items));
        if (names->count)
            memcpy(items, names->items, names->count * sizeof(*items));
        names->items = items;
        names->size = size;
    }
    names->items[names->count++] = arena_strdup(names->arena, name);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool same_names(struct names *a, struct names *b)
{
    if (a->count != b->count)
        return false;
    if (a->count == 0)
        return true;
    qsort(a->items, a->count, sizeof(*a->items), compare_names);
    qsort(b->items, b->count, sizeof(*b->items), compare_names);
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    return true;
}

static int scim_get(struct demo *demo, const char *path, struct answer *ret)
{
    int r = client_try(demo->target, "GET", path, NULL, ret);
    return r ? cli_fail(demo->cli, CLI_FAILED, "the practice target does not answer %s (status %d)", path, ret->status)
             : CLI_OK;
}

/* Every resource of a list, page by page. */
static int scim_each(struct demo *demo, const char *list, int (*each)(const struct jval *resource, void *data),
                     void *data)
{
    int64_t total = 1;
    for (int64_t start = 1; start <= total;) {
        struct answer answer;
        const char *path = arena_printf(demo->cli->arena, "%s%sstartIndex=%lld&count=%d", list,
                                        strchr(list, '?') ? "&" : "?", (long long)start, SCIM_PAGE);
        int r = scim_get(demo, path, &answer);
        if (r)
            return r;
        const struct jval *resources = jval_get(answer.body, "Resources");
        total = jval_int(jval_get(answer.body, "totalResults"), 0);
        for (size_t i = 0; i < jval_len(resources); i++)
            (void)each(jval_at(resources, i), data);
        if (jval_len(resources) == 0)
            break;
        start += (int64_t)jval_len(resources);
    }
    return CLI_OK;
}

static const char *equals_filter(struct demo *demo, const char *list, const char *attribute, const char *value)
{
    struct jval *quoted CLEANUP(jval_freep) = jval_new_str(value);
    const char *filter =
        arena_printf(demo->cli->arena, "%s eq %s", attribute, jval_text(demo->cli->arena, quoted, false));
    return arena_printf(demo->cli->arena, "%s?filter=%s", list, url_encoded(demo->cli->arena, filter));
}

/* --- accounts --------------------------------------------------------------------------------------------------------
 */

int demo_read_account(struct demo *demo, const char *login, struct demo_account *ret)
{
    struct answer answer;
    int r = scim_get(demo, equals_filter(demo, "/Users", "userName", login), &answer);
    if (r)
        return r;
    const struct jval *user = jval_at(jval_get(answer.body, "Resources"), 0);
    const char *id = jval_get_str(user, "id");
    *ret = (struct demo_account){.id = id ? arena_strdup(demo->cli->arena, id) : NULL,
                                 .active = jval_is_true(jval_get(user, "active")),
                                 .groups = jval_len(jval_get(user, "groups"))};
    return CLI_OK;
}

static int count_active(const struct jval *user, void *data)
{
    *(int64_t *)data += jval_is_true(jval_get(user, "active")) ? 1 : 0;
    return 0;
}

int64_t demo_count_accounts(struct demo *demo)
{
    int64_t count = 0;
    int r = scim_each(demo, "/Users", count_active, &count);
    return r ? -r : count;
}

/* --- the order of requests
 * --------------------------------------------------------------------------------------------- */

uint64_t demo_journal_last(struct demo *demo)
{
    uint64_t last = practice_journal_last(practice_server_lock(demo->practice));
    practice_server_unlock(demo->practice);
    return last;
}

bool demo_groups_before_account(struct demo *demo, uint64_t after, const char *account_id)
{
    const char *account = arena_printf(demo->cli->arena, "/scim/v2/Users/%s", account_id);
    uint64_t last_group = 0, first_account = 0;
    struct practice_entry entry;
    const struct practice *practice = practice_server_lock(demo->practice);
    for (; practice_journal_next(practice, after, &entry); after = entry.number) {
        if (strcmp(entry.method, "PATCH") != 0 && strcmp(entry.method, "PUT") != 0)
            continue;
        if (strncmp(entry.path, "/scim/v2/Groups/", strlen("/scim/v2/Groups/")) == 0)
            last_group = entry.number;
        else if (strcmp(entry.path, account) == 0 && first_account == 0)
            first_account = entry.number;
    }
    practice_server_unlock(demo->practice);
    return last_group && first_account && last_group < first_account;
}

/* --- groups ----------------------------------------------------------------------------------------------------------
 */

static int add_wanted(const struct jval *user, void *data)
{
    const char *login = jval_str(jval_path(user, "profile.login")), *status = jval_get_str(user, "status");
    if (login && (str_eq(status, "ACTIVE") || str_eq(status, "PROVISIONED")))
        add_name(data, login);
    return 0;
}

struct found_group {
    struct demo *demo;
    size_t count;
    const char *id;
    struct jval *members; /* the first one's */
};

static int take_group(const struct jval *group, void *data)
{
    struct found_group *found = data;
    if (found->count++ == 0) {
        found->id = arena_strdup(found->demo->cli->arena, jval_get_str(group, "id"));
        found->members = jval_ref(jval_get(group, "members"));
    }
    return 0;
}

struct lookup {
    struct names held;
    const struct jval *members;
};

/* The members of the target's group as user names. */
static int add_held(const struct jval *user, void *data)
{
    struct lookup *lookup = data;
    const char *id = jval_get_str(user, "id");
    for (size_t i = 0; i < jval_len(lookup->members); i++)
        if (str_eq(jval_get_str(jval_at(lookup->members, i), "value"), id))
            add_name(&lookup->held, jval_get_str(user, "userName"));
    return 0;
}

const char *demo_check_group(struct demo *demo, const struct demo_group *group)
{
    struct found_group found = {.demo = demo};
    struct names wanted = {.arena = demo->cli->arena};
    struct lookup lookup = {.held.arena = demo->cli->arena};
    int r = client_each(demo->cli, client_path(demo->cli, "/api/v1/groups/%s/users?limit=1000", group->id), add_wanted,
                        &wanted);
    if (r == CLI_OK)
        r = scim_each(demo, equals_filter(demo, "/Groups", "displayName", group->name), take_group, &found);
    lookup.members = found.members;
    if (r == CLI_OK)
        r = scim_each(demo, "/Users", add_held, &lookup);
    bool same =
        r == CLI_OK && found.count == 1 && jval_len(found.members) == wanted.count && same_names(&wanted, &lookup.held);
    if (found.count == 1)
        demo_expect(demo, same, "the target's group %s holds %zu people, exactly the %zu who should be in it",
                    group->name, jval_len(found.members), wanted.count);
    else
        demo_expect(demo, false, "the target has %zu groups called %s instead of one", found.count, group->name);
    (void)jval_free(found.members);
    return found.id;
}
