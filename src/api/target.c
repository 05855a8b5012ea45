/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of an app's habits: shown, and told by an administrator, whose word wins over what was learned. */
#include "api/app_objects.h"
#include "app/app.h"
#include "base/limits.h"
#include "engine/traits.h"

#define SUBJECT "target"
#define RATE_MOST 1000000 /* requests a minute that may be told */

static bool is_bool(int kind)
{
    return kind == TRAIT_MIX || kind == TRAIT_PROBES;
}

static int write_traits(struct tx *tx, struct call *call, const struct app *app)
{
    static const char *const sources[] = {"UNKNOWN", "LEARNED", "TOLD"};
    struct traits traits = {0};
    int r = traits_get(tx, app->rid, &traits);
    if (r < 0)
        return r;
    struct jout *out = &call->out;
    jout_object(out, NULL);
    for (int kind = 0; kind < TRAIT_COUNT; kind++) {
        const struct trait *trait = &traits.items[kind];
        jout_object(out, trait_name((enum trait_kind)kind));
        jout_str(out, "source", sources[trait->source]);
        if (trait->source && is_bool(kind))
            jout_bool(out, "value", trait->value != 0);
        else if (trait->source)
            jout_int(out, "value", trait->value);
        if (trait->source)
            jout_time(out, "since", trait->learned);
        jout_end(out);
    }
    jout_end(out);
    return 0;
}

static int get_target(struct tx *tx, struct call *call)
{
    struct app app = {0};
    int r = find_app(tx, call, &app);
    return r < 0 ? r : write_traits(tx, call, &app);
}

static int64_t most_of(int kind)
{
    if (kind == TRAIT_SECONDS)
        return LIMIT_REQUEST_TOLD_S;
    return kind < TRAIT_MIX ? LIMIT_MEMBERS_TOLD : RATE_MOST;
}

static int set_one(struct tx *tx, struct call *call, const struct app *app, int kind, const struct jval *value)
{
    const char *name = trait_name((enum trait_kind)kind);
    if (jval_type(value) == JVAL_NULL)
        return trait_set(tx, app->rid, (enum trait_kind)kind, 0, TRAIT_UNKNOWN);
    if (is_bool(kind)) {
        if (jval_type(value) != JVAL_BOOL)
            return call_invalid(call, name, "Must be true, false, or null to forget what is known.");
        return trait_set(tx, app->rid, (enum trait_kind)kind, jval_is_true(value), TRAIT_TOLD);
    }
    int64_t number = jval_int(value, 0);
    if (number < 1 || number > most_of(kind))
        return call_invalid(call, name, "Must be a whole number from 1 to %lld, or null to forget what is known.",
                            (long long)most_of(kind));
    return trait_set(tx, app->rid, (enum trait_kind)kind, number, TRAIT_TOLD);
}

static int kind_of(const char *name)
{
    for (int kind = 0; kind < TRAIT_COUNT; kind++)
        if (str_eq(name, trait_name((enum trait_kind)kind)))
            return kind;
    return -1;
}

/* Traits that are absent stay as they are. */
static int put_target(struct tx *tx, struct call *call)
{
    struct app app = {0};
    const struct jval *body = NULL;
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = call_body_object(call, &body);
    for (void *it = r == 0 ? jval_first(body) : NULL; it; it = jval_next(body, it)) {
        int kind = kind_of(jval_iter_key(it));
        if (kind < 0)
            return call_invalid(call, jval_iter_key(it),
                                "Is no trait of a target. GET the same path for those there are.");
        r = set_one(tx, call, &app, kind, jval_iter_value(it));
        if (r < 0)
            return r;
    }
    if (r == 0) /* the engine reads it in its next turn */
        r = tx_change(tx, (struct change){.kind = CHANGE_APP_SWITCHES, .subject = app.rid});
    return r < 0 ? r : write_traits(tx, call, &app);
}

const struct route target_routes[] = {
    {"GET", "/api/v1/apps/{appId}/target", ROUTE_READ, ROLE_READ_ONLY, get_target, "getApplicationTarget", NULL},
    {"PUT", "/api/v1/apps/{appId}/target", ROUTE_WRITE, ROLE_ADMIN, put_target, "updateApplicationTarget", NULL},
    {0},
};
