/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads that lag writes. As long as a fault asks for it there is a second state, the past, to which every change is
 * repeated when it is old enough; reads that the fault bends are answered from there. Documents are shared, not copied:
 * a document never changes, it is replaced.
 */
#include "practice/inner.h"

enum what { CREATED, CHANGED, DELETED, JOINED, LEFT };

struct effect {
    struct effect *next;
    enum what what;
    enum practice_kind kind;
    int64_t time_ms;
    char *id;
    char *member;     /* JOINED, LEFT */
    struct jval *doc; /* CREATED, CHANGED */
    uint64_t version;
    int64_t created_ms;
    int64_t modified_ms;
    bool dangling; /* DELETED: the id stays in groups */
};

struct lag {
    struct practice *past;
    struct effect *first; /* not yet in the past */
    struct effect **end;
    size_t count;
};

/* --- the past -------------------------------------------------------------------------------------------------------
 */

static struct resource *copy_resource(struct practice *past, enum practice_kind kind, const char *id, struct jval *doc)
{
    return resource_insert(past, kind, id, jval_ref(doc));
}

static void copy_stamps(struct resource *r, uint64_t version, int64_t created_ms, int64_t modified_ms)
{
    r->version = version;
    r->created_ms = created_ms;
    r->modified_ms = modified_ms;
}

static struct practice *past_new(struct practice *p)
{
    struct practice *past = NEW(struct practice);
    past->env = p->env;
    past->options = p->options;
    past->base_url = p->base_url;
    memcpy(past->seed, p->seed, sizeof(past->seed));
    past->arena = p->arena;
    past->scratch = p->scratch;
    past->journal = p->journal;
    past->faults = p->faults;
    hash_init(&past->by_id, past->seed);
    for (int kind = 0; kind < KINDS; kind++) {
        hash_init(&past->shelves[kind].by_name, past->seed);
        hash_init(&past->shelves[kind].by_external, past->seed);
    }
    for (int kind = 0; kind < KINDS; kind++)
        for (const struct resource *r = p->shelves[kind].first; r; r = r->next)
            copy_stamps(copy_resource(past, (enum practice_kind)kind, r->id, r->doc), r->version, r->created_ms,
                        r->modified_ms);
    for (const struct resource *r = p->shelves[PRACTICE_GROUP].first; r; r = r->next)
        for (const struct membership *m = r->first; m; m = m->next)
            for (unsigned i = 0; i <= m->extra; i++)
                members_link(past, resource_find(past, PRACTICE_GROUP, r->id), membership_id(m));
    return past;
}

static void past_free(struct practice *past)
{
    practice_clear(past);
    hash_clear(&past->by_id);
    for (int kind = 0; kind < KINDS; kind++) {
        hash_clear(&past->shelves[kind].by_name);
        hash_clear(&past->shelves[kind].by_external);
    }
    free(past);
}

/* --- effects --------------------------------------------------------------------------------------------------------
 */

static struct effect *note(struct practice *p, enum what what, const struct resource *r)
{
    struct effect *effect = NEW(struct effect);
    effect->what = what;
    effect->kind = r->kind;
    effect->time_ms = env_now(p->env);
    effect->id = mem_strdup(r->id);
    effect->doc = what == CREATED || what == CHANGED ? jval_ref(r->doc) : NULL;
    effect->version = r->version;
    effect->created_ms = r->created_ms;
    effect->modified_ms = r->modified_ms;
    *p->lag->end = effect;
    p->lag->end = &effect->next;
    p->lag->count++;
    return effect;
}

void lag_created(struct practice *p, const struct resource *r)
{
    if (p->lag)
        (void)note(p, CREATED, r);
}

void lag_changed(struct practice *p, const struct resource *r)
{
    if (p->lag)
        (void)note(p, CHANGED, r);
}

void lag_deleted(struct practice *p, const struct resource *r)
{
    if (p->lag)
        note(p, DELETED, r)->dangling = bent(p, FAULT_DANGLING) != NULL;
}

void lag_member(struct practice *p, const struct membership *m, bool added)
{
    if (p->lag)
        note(p, added ? JOINED : LEFT, m->group)->member = mem_strdup(membership_id(m));
}

static void apply_change(struct practice *past, struct resource *r, struct effect *effect)
{
    struct membership *m = NULL;
    switch (effect->what) {
    case CHANGED:
        if (r->doc != effect->doc)
            resource_set_doc(past, r, jval_ref(effect->doc));
        copy_stamps(r, effect->version, effect->created_ms, effect->modified_ms);
        break;
    case DELETED:
        resource_remove(past, r, effect->dangling);
        break;
    case JOINED:
        members_link(past, r, effect->member);
        break;
    case LEFT:
        m = members_find(r, effect->member);
        if (m)
            members_unlink(past, m);
        break;
    case CREATED:
    default:
        assert(false);
    }
}

/* Repeats the oldest effect in the past. */
static void apply_first(struct lag *lag)
{
    struct effect *effect = lag->first;
    lag->first = effect->next;
    lag->count--;
    if (!lag->first)
        lag->end = &lag->first;
    struct resource *r = resource_find(lag->past, effect->kind, effect->id);
    if (effect->what == CREATED)
        copy_stamps(copy_resource(lag->past, effect->kind, effect->id, effect->doc), effect->version,
                    effect->created_ms, effect->modified_ms);
    else if (r)
        apply_change(lag->past, r, effect);
    jval_free(effect->doc);
    free(effect->id);
    free(effect->member);
    free(effect);
}

/* --- when -----------------------------------------------------------------------------------------------------------
 */

/* The longest lag that is ordered, in milliseconds; 0 when none is. */
static int wanted_ms(const struct faults *faults)
{
    int ms = 0;
    for (size_t i = 0; i < faults->count; i++)
        if (faults->items[i].order.kind == FAULT_LAG)
            ms = MAX_OF(ms, faults->items[i].order.ms);
    return ms;
}

void lag_free(struct practice *p)
{
    if (!p->lag)
        return;
    while (p->lag->first)
        apply_first(p->lag);
    past_free(p->lag->past);
    free(p->lag);
    p->lag = NULL;
}

void lag_update(struct practice *p)
{
    if (!p->lag && !p->faults->count)
        return;
    int ms = wanted_ms(p->faults);
    if (!ms) {
        lag_free(p);
        return;
    }
    if (!p->lag) {
        p->lag = NEW(struct lag);
        p->lag->end = &p->lag->first;
        p->lag->past = past_new(p);
    }
    int64_t now = env_now(p->env);
    while (p->lag->first && (p->lag->first->time_ms + ms <= now || p->lag->count > PRACTICE_LAG_EFFECTS))
        apply_first(p->lag);
}

struct practice *lag_view(struct practice *p)
{
    struct fault *fault = bent(p, FAULT_LAG);
    if (!fault || !p->lag)
        return p;
    if (p->lag->first)
        fault_strike(fault);
    p->lag->past->base_url = p->base_url;
    return p->lag->past;
}
