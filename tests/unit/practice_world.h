/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A practice target with four users ("u0@example.com" to "u3@example.com") and the group "G", for tests of faults. In
 * paths and bodies $0 to $3 are the ids of the users, $g that of the group and ' is ". Include it after cmocka.h.
 */
#ifndef PRACTICE_WORLD_H
#define PRACTICE_WORLD_H

#include "base/arena.h"
#include "base/url.h"
#include "practice_client.h"

#define WORLD_USERS 4

struct world {
    struct client client;
    char users[WORLD_USERS][256];
    char group[256];
};

static inline struct world world_fill(struct client client)
{
    struct world w = {.client = client};
    for (int i = 0; i < WORLD_USERS; i++) {
        char name[64];
        (void)snprintf(name, sizeof(name), "u%d@example.com", i);
        (void)snprintf(w.users[i], sizeof(w.users[i]), "%s", new_user(&w.client, name));
    }
    (void)snprintf(w.group, sizeof(w.group), "%s", new_group(&w.client, "G"));
    return w;
}

static inline struct world world_new(void)
{
    return world_fill(client_new(NULL));
}

static inline void world_free(struct world *w)
{
    client_free(&w->client);
}

static inline void order(struct world *w, const char *line)
{
    struct practice_fault fault;
    char why[512] = "";
    if (fault_parse(line, &fault, why, sizeof(why)) < 0 ||
        practice_set_fault(w->client.practice, &fault, why, sizeof(why)) < 0)
        fail_msg("%s: %s", line, why);
}

/* That fault alone. */
static inline void reorder(struct world *w, const char *line)
{
    practice_clear_faults(w->client.practice);
    order(w, line);
}

/* The text with $0 to $3 and $g filled in; freed by the caller. */
static inline char *world_text(const struct world *w, const char *text, bool in_path)
{
    struct buf out;
    buf_init(&out, 16u * 1024 * 1024);
    for (; *text; text++) {
        const char *id = *text != '$'                                    ? NULL
                         : text[1] == 'g'                                ? w->group
                         : text[1] >= '0' && text[1] < '0' + WORLD_USERS ? w->users[text[1] - '0']
                                                                         : NULL;
        if (id && in_path)
            url_encode(&out, id);
        else if (id)
            buf_str(&out, id);
        else
            buf_char(&out, *text);
        text += id != NULL;
    }
    return buf_take(&out);
}

static inline int send(struct world *w, const char *method, const char *target, const char *body)
{
    char *path = world_text(w, target, true);
    char *json = body ? world_text(w, body, false) : NULL;
    int status = ask(&w->client, method, path, json);
    free(path);
    free(json);
    return status;
}

/* PATCHes the group with these operations. In them \' is a quote inside a filter. */
static inline int patch(struct world *w, const char *operations)
{
    struct buf body;
    buf_init(&body, 16u * 1024 * 1024);
    buf_printf(&body, "{'schemas':['urn:ietf:params:scim:api:messages:2.0:PatchOp'],'Operations':[%s]}", operations);
    int status = send(w, "PATCH", "/Groups/$g", buf_text(&body));
    buf_free(&body);
    return status;
}

static inline int patch_user(struct world *w, int user, const char *operations)
{
    char target[64];
    struct buf body;
    buf_init(&body, 65536);
    (void)snprintf(target, sizeof(target), "/Users/$%d", user);
    buf_printf(&body, "{'schemas':['urn:ietf:params:scim:api:messages:2.0:PatchOp'],'Operations':[%s]}", operations);
    int status = send(w, "PATCH", target, buf_text(&body));
    buf_free(&body);
    return status;
}

/* The members that are really there, as the numbers of the users in order ("0 2"); others are '?'. */
static inline const char *members_of(const struct world *w, const char *group)
{
    static char text[256];
    size_t n = 0;
    text[0] = '\0';
    for (const struct membership *m = NULL; (m = practice_group_members(w->client.practice, group, m));) {
        int user = 0;
        while (user < WORLD_USERS && strcmp(w->users[user], practice_member_id(m)) != 0)
            user++;
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%c", n ? " " : "", user < WORLD_USERS ? '0' + user : '?');
    }
    return text;
}

#define assert_members(w, expected) assert_string_equal(members_of((w), (w)->group), expected)

#endif
