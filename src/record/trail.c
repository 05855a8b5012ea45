/* SPDX-License-Identifier: Apache-2.0 */
/* Who made something so: the newest events of one person or object. */
#include "record/inner.h"

#include "base/clock.h"

SQL(TRAIL_OF_PERSON, "SELECT id, published, event_type, event FROM system_log"
                     " WHERE person = $1 AND erased = 0 ORDER BY rid DESC LIMIT $2");
SQL(TRAIL_OF_OBJECT, "SELECT id, published, event_type, event FROM system_log"
                     " WHERE object = $1 ORDER BY rid DESC LIMIT $2");

/* From the least to the most particular. */
static int rank_of(const char *type)
{
    static const char *const types[] = {"AppInstance", "AppGroup", "UserGroup", "GroupPushMapping"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (str_eq(type, types[i]))
            return (int)i + 1;
    return 0;
}

/* What somebody decided; not what followed from it with every push. */
static bool is_of_trail(const char *type)
{
    static const char *const prefixes[] = {"application.lifecycle.",
                                           "group.",
                                           "application.provision.group_push.mapping.created",
                                           "application.provision.group_push.activate_mapping",
                                           "application.provision.group_push.deactivate_mapping",
                                           "muster."};
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
        if (strncmp(type, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

const char *trail_object(const struct event *event)
{
    const char *object = NULL;
    int best = 0;
    if (!is_of_trail(event->type))
        return NULL;
    if (event->target_count == 0)
        return TRAIL_ORGANISATION;
    for (size_t i = 0; i < event->target_count; i++) {
        int rank = event->targets[i].id ? rank_of(event->targets[i].type) : 0;
        if (rank <= best)
            continue;
        best = rank;
        object = event->targets[i].id;
    }
    return object;
}

static void take_event(struct arena *arena, const struct query *query, struct trail_event *ret)
{
    struct jval *event CLEANUP(jval_freep) = NULL;
    const char *text = query_text(query, 3);
    *ret = (struct trail_event){.id = arena_strdup(arena, query_text(query, 0)),
                                .published = query_int(query, 1),
                                .type = arena_strdup(arena, query_text(query, 2)),
                                .actor = "Muster"};
    if (!text || jval_parse(&event, text, strlen(text), NULL) < 0)
        return;
    const char *actor = jval_str(jval_path(event, "actor.displayName"));
    const struct jval *targets = jval_get(event, "target");
    if (actor)
        ret->actor = arena_strdup(arena, actor);
    for (size_t i = 0; i < jval_len(targets) && i < EVENT_TARGETS; i++)
        ret->targets[i] = arena_strdup(arena, jval_get_str(jval_at(targets, i), "id"));
}

static int take_events(struct tx *tx, struct query *query, int r, struct trail_event *ret)
{
    int count = 0;
    while (r >= 0 && (r = query_next(query)) > 0)
        take_event(tx_arena(tx), query, &ret[count++]);
    return r < 0 ? r : count;
}

int record_trail_of_person(struct tx *tx, const char *person, struct trail_event *ret, int limit)
{
    struct query query;
    return take_events(tx, &query, tx_query(tx, &query, &TRAIL_OF_PERSON, T(person), I(limit)), ret);
}

int record_trail_of_object(struct tx *tx, const char *object, struct trail_event *ret, int limit)
{
    struct query query;
    return take_events(tx, &query, tx_query(tx, &query, &TRAIL_OF_OBJECT, T(object), I(limit)), ret);
}

bool trail_names(const struct trail_event *event, const char *id)
{
    for (size_t i = 0; i < EVENT_TARGETS; i++)
        if (id && str_eq(event->targets[i], id))
            return true;
    return false;
}
