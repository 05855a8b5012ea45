/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a failure: when it is tried again, what an administrator reads, which events are published. */
#include "engine/inner.h"

#include "base/clock.h"
#include "base/jout.h"

int64_t backoff_ms(const struct env *env, int attempts)
{
    int64_t wait = LIMIT_BACKOFF_MIN_MS;
    for (int i = 0; i < attempts && wait < LIMIT_BACKOFF_MAX_MS; i++)
        wait *= 2;
    wait = MIN_OF(wait, (int64_t)LIMIT_BACKOFF_MAX_MS);
    return wait - wait / 10 + env_below(env, (uint32_t)(wait / 5) + 1); /* 90 to 110 % */
}

/* The published text form (as Okta's Push Groups tab words it). */
static const char *failure_text(struct tx *tx, const struct lane *lane, const struct flight *flight, const char *stage,
                                const char *words)
{
    char when[CLOCK_TEXT_BYTES];
    if (flight->work.kind == WORK_GROUP)
        return arena_printf(tx_arena(tx),
                            "Failed on %s: Unable to update Group Push mapping target App group %s: %s: %s",
                            clock_us(lane->now, when), flight->name, stage, words);
    return arena_printf(tx_arena(tx), "Automatic provisioning of user %s to app %s failed: %s: %s", flight->name,
                        lane->app.label, stage, words);
}

/* --- events --------------------------------------------------------------------------------------------------------
 */

static void add_target(struct event *event, struct event_target target)
{
    assert(event->target_count < EVENT_TARGETS);
    event->targets[event->target_count++] = target;
}

static int add_person(struct tx *tx, struct event *event, int64_t user_rid)
{
    struct user user = {0};
    int r = account_user(tx, user_rid, &user);
    if (r == 0)
        add_target(event, (struct event_target){
                              .id = user.id, .type = "User", .alternate_id = user.login, .name = user.login});
    return r == ERR_NOT_FOUND ? 0 : r;
}

/* The source group and its mapping, as published of a failed push (Okta's event types). */
static int add_mapping(struct tx *tx, struct event *event, int64_t target_rid, const char *name)
{
    struct mapping mapping = {0};
    struct group source = {0};
    int r = mapping_by_target(tx, target_rid, &mapping);
    if (r == 0)
        r = group_by_rid(tx, mapping.source_rid, &source);
    if (r == ERR_NOT_FOUND) { /* unlinked, and to be deleted in the app */
        add_target(event, (struct event_target){.type = "AppGroup", .name = name});
        return 0;
    }
    if (r < 0)
        return r;
    add_target(event, (struct event_target){.id = source.id, .type = "UserGroup", .name = source.name});
    add_target(event, (struct event_target){.id = mapping.id, .type = "GroupPushMapping", .name = name});
    return 0;
}

static const char *debug_text(struct tx *tx, enum error_class class, int status)
{
    return arena_printf(tx_arena(tx), "{\"errorClass\":\"%s\",\"errorCode\":\"%s\",\"httpStatus\":%d}",
                        error_class_name(class), error_class_code(class), status);
}

static struct event failure_event(struct tx *tx, const struct lane *lane, const struct flight *flight,
                                  enum error_class class, const char *text)
{
    bool held = error_class_action(class) == ERROR_ACTION_HOLD;
    return (struct event){.message = error_class_words(class),
                          .severity = held ? SEVERITY_ERROR : SEVERITY_WARN,
                          .outcome = "FAILURE",
                          .reason = target_redact_words(tx_arena(tx), text, flight->name),
                          .targets = {{.id = lane->app.id,
                                       .type = "AppInstance",
                                       .alternate_id = lane->app.label,
                                       .name = lane->app.label}},
                          .target_count = 1,
                          .debug = debug_text(tx, class, flight->answer ? flight->answer->status : 0)};
}

static const char *user_event_type(const struct flight *flight)
{
    if (flight->kind == REQUEST_CREATE_USER)
        return "application.provision.user.push";
    if (flight->kind != REQUEST_UPDATE_USER)
        return "application.provision.user.verify_exists";
    if (flight->active < 0)
        return "application.provision.user.push_profile";
    return flight->active ? "application.provision.user.reactivate" : "application.provision.user.deactivate";
}

static int tell_user(struct tx *tx, const struct flight *flight, struct event *event)
{
    struct account account = {0};
    int r = account_by_rid(tx, flight->work.object_rid, &account);
    if (r == 0)
        r = add_person(tx, event, account.user_rid);
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    add_target(event, (struct event_target){
                          .id = flight->person, .type = "AppUser", .alternate_id = flight->name, .name = flight->name});
    event->type = user_event_type(flight);
    return record_event(tx, event);
}

/* One says "will be retried", the other "cannot be retried"; beside it the one of the class, where it is one of groups.
 */
static int tell_group(struct tx *tx, const struct flight *flight, struct event *event, enum error_class class)
{
    static const char groups[] = "application.provision.group";
    const char *of_class = error_class_event(class);
    int r = add_mapping(tx, event, flight->work.object_rid, flight->name);
    event->type = error_class_action(class) == ERROR_ACTION_HOLD
                      ? "application.provision.group_push.mapping.update.or.delete.failed.with.error"
                      : "application.provision.group_push.mapping.update.or.delete.failed";
    if (r == 0)
        r = record_event(tx, event);
    event->type = of_class;
    if (r == 0 && strncmp(of_class, groups, strlen(groups)) == 0)
        r = record_event(tx, event);
    event->type = "application.provision.group_push.mapping.app.group.renamed.failed";
    if (r == 0 && flight->kind == REQUEST_RENAME_GROUP)
        r = record_event(tx, event);
    return r;
}

/* Told when the cause is new, not at each try. */
static int tell_failure(struct tx *tx, const struct lane *lane, const struct flight *flight, enum error_class class,
                        const char *text)
{
    if (str_eq(flight->work.error_class, error_class_name(class)))
        return 0;
    struct event event = failure_event(tx, lane, flight, class, text);
    return flight->work.kind == WORK_GROUP ? tell_group(tx, flight, &event, class) : tell_user(tx, flight, &event);
}

int tell_member_refused(struct tx *tx, const struct lane *lane, const struct flight *flight,
                        const struct flight_member *member, enum error_class class, const char *words)
{
    struct event event = failure_event(tx, lane, flight, class, words);
    event.type = member->add ? error_class_event(class) : "application.provision.group_membership.remove";
    int r = add_mapping(tx, &event, flight->work.object_rid, flight->name);
    if (r == 0)
        r = add_person(tx, &event, member->user_rid);
    return r < 0 ? r : record_event(tx, &event);
}

int tell_not_kept(struct tx *tx, const struct lane *lane, const struct flight *flight)
{
    struct event event = failure_event(tx, lane, flight, ERROR_NOT_KEPT,
                                       "Members that the app acknowledged are not there: they are pushed again");
    event.type = "application.provision.group_membership.update";
    event.severity = SEVERITY_WARN;
    int r = add_mapping(tx, &event, flight->work.object_rid, flight->name);
    return r < 0 ? r : record_event(tx, &event);
}

/* --- when it is tried again ----------------------------------------------------------------------------------------
 */

int lane_fail(struct tx *tx, struct lane *lane, const struct flight *flight, enum error_class class, const char *stage,
              const char *words)
{
    const char *text = failure_text(tx, lane, flight, stage, words);
    int attempts = flight->work.attempts;
    if (class == ERROR_RATE_LIMITED) { /* no failure: it goes on at the app's pace */
        int64_t when = rate_when(rates_find(lane->state->group->rates, rate_of(flight->kind)), lane->now);
        look_again(lane->core, when);
        int deferred = work_defer(tx, flight->work.rid, when);
        return deferred < 0 ? deferred : STEP_WAIT;
    }
    int64_t wait = backoff_ms(lane->core->options.env, attempts);
    if (error_class_action(class) == ERROR_ACTION_READ_BACK && attempts == 0)
        wait = 0; /* reading is safe at once; the back-off is for what keeps failing */
    if (flight->answer && flight->answer->retry_after_ms >= 0)
        wait = MAX_OF(wait, MIN_OF(flight->answer->retry_after_ms, (int64_t)LIMIT_BACKOFF_MAX_MS));
    int r = tell_failure(tx, lane, flight, class, text);
    if (r == 0)
        r = work_fail(tx, &flight->work,
                      &(struct work_failure){.error_class = error_class_name(class),
                                             .error = text,
                                             .words = words,
                                             .status = flight->answer ? flight->answer->status : 0,
                                             .due = lane->now + wait,
                                             .held = error_class_action(class) == ERROR_ACTION_HOLD});
    return r < 0 ? r : STEP_WAIT;
}
