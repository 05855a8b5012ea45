/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power fails at every step of the engine and its store: while a turn is committed, between the commit and a
 * request, between a request and its answer. The target lives on. Nothing acknowledged is missing after the restart,
 * nobody is created twice, and the end is exact.
 */
#include "crash_rig.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PEOPLE 5
#define MINUTE_MS 60000
#define TURNS_MAX 300
#define CHECKPOINT_PAGES 48

enum fact { FACT_REMOVE, FACT_ADD, FACT_DEACTIVATE, FACT_RENAME, FACTS };

struct play {
    struct rig rig;
    const char *group;
    const char *mapping;
    const char *users[PEOPLE + 1];    /* the last comes later */
    int facts;                        /* done in this run */
    int facts_in[RIG_WRITES_MAX + 1]; /* the facts among so many writes, from the run without a failure */
    uint64_t requests;                /* of the run without a failure */
};

/* --- what changes, while the engine is at it ------------------------------------------------------------------------
 */

static int run_fact(struct tx *tx, void *arg)
{
    const struct play *play = arg;
    static const int subject[FACTS] = {[FACT_REMOVE] = 0, [FACT_ADD] = PEOPLE, [FACT_DEACTIVATE] = 1};
    CLEANUP(jval_freep) struct jval *profile = jval_new_object();
    jval_set_str(profile, "name", "Renamed");
    struct group group;
    struct user user;
    struct problem problem = {0};
    int r = group_by_id(tx, play->group, &group);
    if (r == 0)
        r = user_by_id(tx, play->users[subject[play->facts]], &user);
    if (r < 0)
        return r;
    switch ((enum fact)play->facts) {
    case FACT_REMOVE:
        return member_remove(tx, &group, &user, &problem);
    case FACT_ADD:
        return member_add(tx, &group, &user, &problem);
    case FACT_DEACTIVATE:
        return user_transition(tx, &user, USER_DEACTIVATE, &problem);
    case FACT_RENAME:
        return group_update(tx, &group, profile, &problem);
    case FACTS:
    default:
        return ERR_UNSUPPORTED;
    }
}

/* Notes how many facts are in after this write. */
static int write_and_note(struct play *play, tx_fn run, void *arg, bool fact)
{
    int r = rig_write(&play->rig, run, arg);
    if (r >= 0 && fact)
        play->facts++;
    if (play->rig.noting)
        play->facts_in[play->rig.noted] = play->facts;
    return r;
}

static void add_fact(struct play *play)
{
    if (crash_vfs_is_off())
        return;
    int r = write_and_note(play, run_fact, play, true);
    assert_true(r >= 0 || crash_vfs_is_off());
}

/* --- the shell, which can be killed around each request --------------------------------------------------------------
 */

static void exchange(struct world *world, const struct flight *flight)
{
    if (!crash_vfs_step())
        return; /* handed out, never sent */
    char *path = mem_strdup(flight->url + strlen("http://127.0.0.1:9"));
    char *query = strchr(path, '?');
    if (query)
        *query++ = '\0';
    struct practice_request request = {.method = flight->method,
                                       .path = path,
                                       .query = query,
                                       .authorization = "Bearer t0p-secret",
                                       .content_type = flight->body ? "application/scim+json" : NULL,
                                       .body = flight->body,
                                       .body_len = flight->body ? strlen(flight->body) : 0};
    struct practice_response response;
    practice_response_init(&response);
    practice_handle(world->practice, &request, &response);
    world->requests++;
    if (crash_vfs_step()) { /* else: done, and the answer never seen */
        struct answer *answer = answer_new(flight->shape);
        answer_feed(answer, buf_text(&response.body), response.body.len);
        answer_finish(answer, TRANSPORT_OK, response.status);
        core_answer(world->core, flight->number, answer);
    }
    practice_response_free(&response);
    free(path);
}

static bool turn(struct play *play)
{
    struct world *world = play->rig.world;
    int64_t due = 0;
    int r = write_and_note(play, core_turn, world->core, false);
    assert_true(r >= 0 || crash_vfs_is_off());
    if (r < 0) {
        core_rolled_back(world->core);
        return false;
    }
    struct flight *handed_out = core_committed(world->core, &due);
    for (const struct flight *flight = handed_out; flight; flight = flight->next)
        exchange(world, flight);
    return handed_out || due <= world->now;
}

static int read_next_due(struct tx *tx, void *arg)
{
    return work_next_due(tx, arg);
}

static void rest(struct play *play)
{
    struct world *world = play->rig.world;
    for (int turns = 0; turns < TURNS_MAX; turns++) {
        if (crash_vfs_is_off())
            return;
        if (turn(play))
            continue;
        int64_t due = 0;
        int r = store_read_wait(world->store, read_next_due, &due);
        if (r <= 0 || due - world->now > MINUTE_MS)
            return;
        world->now += MAX_OF(due - world->now, (int64_t)100);
    }
    fail_msg("the engine does not come to rest");
}

/* --- the play -------------------------------------------------------------------------------------------------------
 */

/* From the frozen world, before a first request, to the end or until the power fails. */
static void run_play(struct play *play, uint64_t fail_at)
{
    struct world *world = play->rig.world;
    core_free(world->core);
    practice_free(world->practice);
    rig_thaw(&play->rig);
    struct practice_options target = {.token = "t0p-secret", .base_url = "http://127.0.0.1:9/scim/v2"};
    world->practice = practice_new(&world->env, &target);
    struct core_options options = {.env = &world->env, .keyring = world->keyring, .node = "test"};
    world->core = core_new(&options);
    world->requests = 0;
    play->facts = 0;
    crash_vfs_fail_at(fail_at);
    rest(play);
    add_fact(play);
    add_fact(play);
    for (int i = 0; i < 2 && !crash_vfs_is_off(); i++)
        (void)turn(play);
    add_fact(play);
    add_fact(play);
    rest(play);
}

static void check_end(struct play *play)
{
    struct world *world = play->rig.world;
    const char *id = NULL;
    assert_int_equal(practice_find_group(world->practice, "Crowd", NULL), 0);
    assert_int_equal(practice_find_group(world->practice, "Renamed", &id), 1);
    assert_int_equal(practice_group_count(world->practice), 1);
    assert_int_equal(practice_copies_max(world->practice, PRACTICE_USER, NULL), 1);
    assert_int_equal(practice_copies_max(world->practice, PRACTICE_GROUP, NULL), 1);
    assert_int_equal(practice_group_size(world->practice, id), PEOPLE - 1);
    size_t accounts = 0;
    for (int i = 0; i <= PEOPLE; i++) {
        char login[32];
        (void)snprintf(login, sizeof(login), "person%d@example.com", i);
        int active = world_active(world, login);
        if (i >= 2) {
            assert_int_equal(active, 1);
            assert_int_equal(world_there(world, "Renamed", login), 1);
        } else { /* who had left before there was an account never gets one */
            assert_int_not_equal(active, 1);
            assert_int_not_equal(world_there(world, "Renamed", login), 1);
        }
        accounts += active >= 0;
    }
    assert_int_equal(practice_user_count(world->practice), accounts);
    struct mapping_state mapping = world_mapping_state(world, play->mapping);
    assert_null(mapping.error);
    assert_int_equal(mapping.members_known, PEOPLE - 1);
    assert_int_equal(mapping.members_pending, 0);
}

/* After the restart the client repeats what it got no answer for, and the engine goes on. */
static void go_on(struct play *play, size_t writes)
{
    struct world *world = play->rig.world;
    world_crash(world);
    for (play->facts = play->facts_in[writes]; play->facts < FACTS; play->facts++)
        assert_true(store_write_wait(world->store, NULL, run_fact, play) >= 0);
    world_settle(world, 60 * MINUTE_MS);
    check_end(play);
}

static void setup_play(struct play *play, struct world *world)
{
    *play = (struct play){.group = world_group(world, "Crowd")};
    for (int i = 0; i <= PEOPLE; i++) {
        char login[32];
        (void)snprintf(login, sizeof(login), "person%d@example.com", i);
        play->users[i] = world_user(world, login);
        if (i < PEOPLE)
            world_member(world, play->group, play->users[i], true);
    }
    world_assign_group(world, play->group, true);
    play->mapping = world_push(world, play->group, "Crowd");
    rig_freeze(&play->rig, world);
    play->rig.noting = true;
    run_play(play, 0);
    play->rig.noting = false;
    assert_int_equal(play->facts, FACTS);
    check_end(play);
    play->requests = world->requests;
}

static uint64_t count_steps(struct play *play)
{
    run_play(play, 0);
    assert_int_equal(play->rig.acknowledged, play->rig.noted);
    assert_true(rig_state(&play->rig) == play->rig.states[play->rig.noted]);
    assert_true(crash_vfs_written_back() > 0); /* the log was written back in between */
    return crash_vfs_steps();
}

static void test_power_fails_while_pushing(void **state)
{
    struct world *world = *state;
    struct play play;
    setup_play(&play, world);
    uint64_t steps = count_steps(&play);
    uint64_t stride = rig_is_full() ? 1 : 5;
    int cuts = 0;
    int64_t more = 0;
    for (uint64_t at = 1; at <= steps; at += stride) {
        for (int round = 0; round < (rig_is_full() ? 2 : 1); round++, cuts++) {
            enum crash_keep keep = (enum crash_keep)((at / stride + (uint64_t)round) % CRASH_KEEP_KINDS);
            run_play(&play, at);
            assert_true(crash_vfs_is_off());
            int64_t in_doubt = (int64_t)core_in_flight(world->core);
            size_t writes = 0;
            enum verdict verdict = rig_restart(&play.rig, keep, at * 10 + (uint64_t)round, at % 5, &writes);
            if (verdict != RIG_KEPT)
                fail_msg("step %d, keeping %d: verdict %d", (int)at, (int)keep, (int)verdict);
            go_on(&play, writes);
            int64_t extra = (int64_t)world->requests - (int64_t)play.requests;
            assert_true(extra <= 4 * in_doubt);
            more = MAX_OF(more, extra);
        }
    }
    print_message("%d cuts in %d steps and %d writes; at most %d requests more than the %d of a run without\n", cuts,
                  (int)steps, (int)play.rig.noted, (int)more, (int)play.requests);
    assert_true(cuts >= 100);
    rig_free(&play.rig);
}

static void test_synchronous_off_loses(void **state)
{
    struct play play;
    setup_play(&play, *state);
    crash_vfs_synchronous("OFF");
    uint64_t steps = count_steps(&play);
    int lost = 0;
    for (uint64_t at = 1; at <= steps; at += steps / 20) {
        run_play(&play, at);
        size_t writes = 0;
        lost += rig_restart(&play.rig, CRASH_KEEP_NOTHING, at, 0, &writes) == RIG_LOST;
    }
    crash_vfs_synchronous(NULL);
    assert_true(lost > 0);
    rig_free(&play.rig);
}

int main(void)
{
    crash_vfs_install();
    crash_vfs_checkpoint_pages(CHECKPOINT_PAGES);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_power_fails_while_pushing, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_synchronous_off_loses, world_setup, world_teardown),
    };
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    crash_vfs_clear();
    return r;
}
