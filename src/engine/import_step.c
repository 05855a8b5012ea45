/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Imports and scans for drift: one page of the app's users or groups after the other, then what no page showed by its
 * id, then what differs is taken over in chunks (push/import.h). Which of the known ones were seen is kept in memory
 * only, as a bit each: a run that finds everything as it was writes nothing but its own row. Whoever loses this memory
 * reads anew.
 */
#include "engine/inner.h"
#include "push/drift.h"

#define PAGE_COUNT 100          /* resources that a page is asked for: as the published client does */
#define PAGE_IDLE_MAX 3         /* pages in a row without anything new before a listing is given up */
#define READ_TRIES 5            /* failed requests in a row before a run is given up */
#define READ_ATTEMPTS 5         /* readings from the beginning before a run is given up */
#define TURN_ROWS 500           /* rows staged in one turn */
#define OBJECTS_MAX 2000000     /* users or groups of one listing: a listing without an end is given up */
#define SET_RID_MAX (1LL << 31) /* the highest rid that a set of bits holds: 256 MiB at the very most */

/* --- which were seen -----------------------------------------------------------------------------------------------
 */

struct rid_set {
    uint64_t *words;
    size_t size; /* words */
};

struct mark {
    bool user;
    int64_t rid;
};

struct import_memory {
    int64_t run_rid;
    int attempt;
    bool over; /* not needed any more, once the turn is committed */
    struct rid_set users, groups;
    struct mark *marks; /* of this turn */
    size_t mark_count, mark_size;
    struct import_memory *next;
};

static bool set_has(const struct rid_set *set, int64_t rid)
{
    size_t word = (size_t)rid / 64;
    return word < set->size && (set->words[word] >> ((size_t)rid % 64) & 1);
}

static void set_add(struct rid_set *set, int64_t rid)
{
    size_t word = (size_t)rid / 64;
    if (rid > SET_RID_MAX) /* counts as missed, and is asked for by its id */
        return;
    if (word >= set->size) {
        size_t size = MAX_OF(MAX_OF(set->size * 2, word + 1), (size_t)64);
        set->words = mem_resize(set->words, size * sizeof(*set->words));
        memset(set->words + set->size, 0, (size - set->size) * sizeof(*set->words));
        set->size = size;
    }
    set->words[word] |= 1ULL << ((size_t)rid % 64);
}

static struct import_memory *memory_of(struct core *core, const struct import_run *run)
{
    struct import_memory *memory = core->imports;
    while (memory && memory->run_rid != run->rid)
        memory = memory->next;
    return memory && memory->attempt == run->attempt ? memory : NULL;
}

/* An empty one for this attempt. */
static void memory_begin(struct core *core, const struct import_run *run)
{
    struct import_memory *memory = core->imports;
    while (memory && memory->run_rid != run->rid)
        memory = memory->next;
    if (!memory) {
        memory = NEW(struct import_memory);
        memory->run_rid = run->rid;
        memory->next = core->imports;
        core->imports = memory;
    }
    memory->attempt = run->attempt;
    memory->over = false;
    memory->mark_count = 0;
    if (memory->users.size)
        memset(memory->users.words, 0, memory->users.size * sizeof(*memory->users.words));
    if (memory->groups.size)
        memset(memory->groups.words, 0, memory->groups.size * sizeof(*memory->groups.words));
}

static void memory_mark(struct import_memory *memory, bool user, int64_t rid)
{
    if (memory->mark_count == memory->mark_size) {
        memory->mark_size = MAX_OF(memory->mark_size * 2, (size_t)128);
        memory->marks = mem_resize(memory->marks, memory->mark_size * sizeof(*memory->marks));
    }
    memory->marks[memory->mark_count++] = (struct mark){user, rid};
}

static void memory_free(struct import_memory *memory)
{
    free(memory->users.words);
    free(memory->groups.words);
    free(memory->marks);
    free(memory);
}

void imports_committed(struct core *core)
{
    for (struct import_memory **at = &core->imports; *at;) {
        struct import_memory *memory = *at;
        for (size_t i = 0; i < memory->mark_count; i++)
            set_add(memory->marks[i].user ? &memory->users : &memory->groups, memory->marks[i].rid);
        memory->mark_count = 0;
        if (!memory->over) {
            at = &memory->next;
            continue;
        }
        *at = memory->next;
        memory_free(memory);
    }
}

void imports_rolled_back(struct core *core)
{
    for (struct import_memory *memory = core->imports; memory; memory = memory->next) {
        memory->mark_count = 0;
        memory->over = false;
    }
}

void imports_free(struct core *core)
{
    while (core->imports) {
        struct import_memory *next = core->imports->next;
        memory_free(core->imports);
        core->imports = next;
    }
}

/* --- steps ---------------------------------------------------------------------------------------------------------
 */

/* There is more to do at once, in the next turn. */
static int go_on(struct tx *tx, struct lane *lane, const struct work *work)
{
    lane->core->more = true;
    int r = work_defer(tx, work->rid, lane->now);
    return r < 0 ? r : STEP_WAIT;
}

static bool is_scan(const struct import_run *run)
{
    return run->kind == IMPORT_SCAN;
}

/* A scan keeps to the requests that it may send in an hour. */
static int ask(struct tx *tx, struct lane *lane, const struct work *work, const struct import_run *run,
               const struct target_request *request, const struct flight *details)
{
    int64_t when = 0;
    int may = is_scan(run) ? drift_may_ask(tx, run, &when) : 1;
    if (may <= 0)
        return may < 0 ? may : lane_wait(tx, work, when);
    int r = lane_request(tx, lane, work, request, details);
    if (r != STEP_REQUEST || !is_scan(run))
        return r;
    r = drift_asked(tx, run);
    return r < 0 ? r : STEP_REQUEST;
}

static int ask_page(struct tx *tx, struct lane *lane, const struct work *work, const struct import_run *run)
{
    const struct target_page page = {.cursor = run->page_cursor, .start = run->page_start, .count = PAGE_COUNT};
    struct arena *arena = tx_arena(tx);
    struct target_request request = run->state == IMPORT_READING_USERS
                                        ? target_list_users(arena, &page)
                                        : target_list_groups(arena, &page, run->kind != IMPORT_GROUPS);
    return ask(tx, lane, work, run, &request, &(struct flight){.name = run->id});
}

/* From the beginning, after what an earlier attempt staged is gone. */
static int step_begin(struct tx *tx, struct lane *lane, const struct work *work, struct import_run *run)
{
    int more = import_clear(tx, run);
    if (more == 0)
        more = import_prepare(tx, run);
    if (more != 0)
        return more < 0 ? more : go_on(tx, lane, work);
    int r = import_begin(tx, run);
    if (r < 0)
        return r;
    if (run->attempt > READ_ATTEMPTS) {
        r = import_finish(tx, run, IMPORT_FAILED, error_class_name(ERROR_SERVER_ERROR),
                          "The reading was begun too often without coming to its end");
        return r < 0 ? r : STEP_DONE;
    }
    memory_begin(lane->core, run);
    return ask_page(tx, lane, work, run);
}

static int miss(struct tx *tx, const struct import_run *run, bool user, int64_t rid)
{
    if (is_scan(run))
        return user ? drift_miss_account(tx, run, rid) : drift_miss_group(tx, run, rid);
    return user ? import_miss_user(tx, run, rid) : import_miss_group(tx, run, rid);
}

/* A chunk of those that are known and were in no list. */
static int compare_chunk(struct tx *tx, const struct import_memory *memory, struct import_run *run, bool users)
{
    int64_t rids[LIMIT_EXPAND_ROWS];
    int64_t after = users ? run->walk : -run->walk - 1;
    int count = !users         ? import_known_groups(tx, run->app_rid, after, run->group_max, rids, LIMIT_EXPAND_ROWS)
                : is_scan(run) ? drift_known_accounts(tx, run->app_rid, after, rids, LIMIT_EXPAND_ROWS)
                               : import_known_users(tx, run->app_rid, after, run->user_max, rids, LIMIT_EXPAND_ROWS);
    for (int i = 0; i < count; i++) {
        if (set_has(users ? &memory->users : &memory->groups, rids[i]))
            continue;
        int r = miss(tx, run, users, rids[i]);
        if (r < 0)
            return r;
        run->to_apply += r;
    }
    if (count > 0)
        run->walk = users ? rids[count - 1] : -rids[count - 1] - 1;
    if (count == LIMIT_EXPAND_ROWS)
        return 1;
    if (count >= 0 && users)
        run->walk = -1;
    return count < 0 ? count : users;
}

static int step_compare(struct tx *tx, struct lane *lane, const struct work *work, struct import_run *run)
{
    struct import_memory *memory = memory_of(lane->core, run);
    const char *why = NULL;
    if (!memory)
        return step_begin(tx, lane, work, run);
    if (memory->mark_count) /* the last page is of this very turn */
        return go_on(tx, lane, work);
    struct import_settings settings = {0};
    int r = import_settings_get(tx, run->app_rid, &settings);
    bool groups = run->kind != IMPORT_ALL || settings.import_groups;
    if (r == 0 && run->kind == IMPORT_GROUPS && run->walk == 0)
        run->walk = -1;
    if (r == 0 && (run->walk >= 0 || groups))
        r = compare_chunk(tx, memory, run, run->walk >= 0);
    if (r > 0) {
        r = import_store(tx, run);
        return r < 0 ? r : go_on(tx, lane, work);
    }
    int held = r < 0 || run->approved || is_scan(run) ? r : import_safeguard_judge(tx, run, &why);
    memory->over = true;
    if (held > 0) {
        r = import_hold(tx, run, why);
        return r < 0 ? r : STEP_DONE;
    }
    run->state = IMPORT_CHECKING;
    r = held < 0 ? held : import_store(tx, run);
    return r < 0 ? r : go_on(tx, lane, work);
}

static int begin_applying(struct tx *tx, struct lane *lane, const struct work *work, struct import_run *run)
{
    run->state = IMPORT_APPLYING;
    int r = import_store(tx, run);
    return r < 0 ? r : go_on(tx, lane, work);
}

/* Not before a read shows what was acknowledged last. */
static int step_scan_check(struct tx *tx, struct lane *lane, const struct work *work, struct import_run *run)
{
    struct drift_ask next = {0};
    struct arena *arena = tx_arena(tx);
    int r = drift_next_ask(tx, run, &next);
    if (r <= 0)
        return r < 0 ? r : begin_applying(tx, lane, work, run);
    if (next.not_before > lane->now)
        return lane_wait(tx, work, next.not_before);
    struct flight_member one = {.external_id = next.member_id};
    struct flight details = {.name = next.external_id};
    struct target_request request = {0};
    if (next.what == ASK_ACCOUNT) {
        request = target_read_user(arena, next.external_id);
    } else if (next.what == ASK_GROUP) {
        request = target_read_group(arena, next.external_id, true);
    } else {
        request = target_find_member(arena, next.external_id, next.member_id);
        details.members = &one;
        details.member_count = 1;
        details.probe = true;
    }
    return ask(tx, lane, work, run, &request, &details);
}

static int step_check(struct tx *tx, struct lane *lane, const struct work *work, struct import_run *run)
{
    bool user = false;
    const char *id = NULL;
    if (is_scan(run))
        return step_scan_check(tx, lane, work, run);
    int r = import_next_missed(tx, run, &user, &id);
    if (r <= 0)
        return r < 0 ? r : begin_applying(tx, lane, work, run);
    struct target_request request =
        user ? target_read_user(tx_arena(tx), id) : target_read_group(tx_arena(tx), id, false);
    return ask(tx, lane, work, run, &request, &(struct flight){.name = id});
}

static int step_apply(struct tx *tx, struct lane *lane, const struct work *work, struct import_run *run)
{
    int r = is_scan(run) ? drift_apply(tx, &lane->app, run) : import_apply(tx, &lane->app, run);
    if (r != 0)
        return r < 0 ? r : go_on(tx, lane, work);
    r = import_finish(tx, run, IMPORT_COMPLETED, NULL, NULL);
    return r < 0 ? r : STEP_DONE;
}

static int step_state(struct tx *tx, struct lane *lane, const struct work *work)
{
    struct import_run run = {0};
    int r = import_by_rid(tx, work->object_rid, &run);
    if (r < 0)
        return r == ERR_NOT_FOUND ? STEP_DONE : r;
    switch (run.state) {
    case IMPORT_READING_USERS:
    case IMPORT_READING_GROUPS:
        if (memory_of(lane->core, &run))
            return ask_page(tx, lane, work, &run);
        return step_begin(tx, lane, work, &run);
    case IMPORT_QUEUED:
        return step_begin(tx, lane, work, &run);
    case IMPORT_COMPARING:
        return step_compare(tx, lane, work, &run);
    case IMPORT_CHECKING:
        return step_check(tx, lane, work, &run);
    case IMPORT_APPLYING:
        return step_apply(tx, lane, work, &run);
    case IMPORT_FAILED:
    case IMPORT_CANCELLED:
        r = import_clear(tx, &run);
        return r > 0 ? go_on(tx, lane, work) : r < 0 ? r : STEP_DONE;
    case IMPORT_HELD:
    case IMPORT_COMPLETED:
    default:
        return STEP_DONE;
    }
}

/* --- a page --------------------------------------------------------------------------------------------------------
 */

static int give_up(struct tx *tx, struct lane *lane, const struct work *work, struct import_run *run,
                   enum error_class class, const char *words)
{
    struct import_memory *memory = memory_of(lane->core, run);
    const char *text = arena_printf(tx_arena(tx), "%s (%s)", error_class_words(class), words);
    if (memory)
        memory->over = true;
    int r = import_finish(tx, run, IMPORT_FAILED, error_class_name(class), text);
    return r < 0 ? r : go_on(tx, lane, work);
}

static int take_user(struct tx *tx, const struct import_run *run, struct import_memory *memory,
                     const struct found *found, bool *ret_new)
{
    int64_t rid = 0;
    int known = is_scan(run) ? drift_find_account(tx, run->app_rid, found->id, &rid)
                             : import_find_user(tx, run->app_rid, found->id, &rid);
    if (known < 0 || (known && set_has(&memory->users, rid)))
        return MIN_OF(known, 0);
    const struct import_user user = {.external_id = found->id,
                                     .user_name = found->user_name ? found->user_name : "",
                                     .profile = found->profile,
                                     .active = found->active != 0};
    int r =
        is_scan(run) ? drift_take_user(tx, run, &user, rid, ret_new) : import_take_user(tx, run, &user, rid, ret_new);
    if (r >= 0 && known)
        memory_mark(memory, true, rid);
    return r;
}

static int take_group(struct tx *tx, const struct import_run *run, struct import_memory *memory,
                      const struct answer *answer, const struct found *found, bool *ret_new)
{
    int64_t rid = 0;
    int known = import_find_group(tx, run->app_rid, found->id, &rid);
    if (known < 0 || (known && set_has(&memory->groups, rid)))
        return MIN_OF(known, 0);
    bool shown = run->kind != IMPORT_GROUPS && found->has_members;
    static const char *const nobody[] = {NULL};
    const char *const *members = found->member_count ? answer->members + found->member_first : nobody;
    const struct import_group group = {.external_id = found->id,
                                       .name = found->display_name ? found->display_name : found->id,
                                       .members = shown ? members : NULL,
                                       .member_count = found->member_count};
    int r = is_scan(run) ? drift_take_group(tx, run, &group, rid, ret_new)
                         : import_take_group(tx, run, &group, rid, ret_new);
    if (r >= 0 && known)
        memory_mark(memory, false, rid);
    return r;
}

/* Takes resources from *at on, until the page is at its end or the turn has written enough. */
static int take_some(struct tx *tx, struct import_run *run, struct import_memory *memory, const struct answer *answer,
                     size_t *at)
{
    bool users = run->state == IMPORT_READING_USERS;
    for (int rows = 0; *at < answer->found_count && rows < TURN_ROWS; (*at)++) {
        const struct found *found = &answer->found[*at];
        bool fresh = false;
        if (!found->id) /* cannot be told from others, nor asked about: left out */
            continue;
        int r = users ? take_user(tx, run, memory, found, &fresh) : take_group(tx, run, memory, answer, found, &fresh);
        if (r < 0)
            return r;
        rows += r;
        run->to_apply += r;
        run->page_fresh += fresh;
        run->users_read += users && fresh;
        run->groups_read += !users && fresh;
        run->members_read += !users && fresh ? (int64_t)found->member_count : 0;
    }
    return 0;
}

static void listing_ends(struct import_run *run, bool groups)
{
    run->state = run->state == IMPORT_READING_USERS && groups ? IMPORT_READING_GROUPS : IMPORT_COMPARING;
    run->page_cursor = run->by_cursor ? "" : NULL;
    run->page_start = 1;
    run->page_idle = 0;
}

/*
 * Where the next page begins, if there is one. What totalResults says is believed only when it speaks against the end:
 * a page that is shorter than asked for is none, and a list ends with an empty page, or where nothing new comes.
 * ERR_EXISTS: the same again and again, and there should be more.
 */
static int turn_page(struct import_run *run, const struct answer *answer, bool groups)
{
    struct answer_page page = answer_page(answer);
    bool users = run->state == IMPORT_READING_USERS;
    int64_t seen = users ? run->users_read : run->groups_read;
    int64_t *total = users ? &run->users_total : &run->groups_total;
    bool fresh = run->page_fresh > 0;
    *total = page.total >= 0 ? page.total : *total;
    run->page_idle = fresh ? 0 : run->page_idle + 1;
    run->page_fresh = 0;
    if (seen > OBJECTS_MAX)
        return ERR_TOO_LARGE;
    if (answer->found_count == 0 || (run->page_cursor && !page.next_cursor) || (!fresh && seen >= page.total)) {
        listing_ends(run, groups);
        return 0;
    }
    if (run->page_idle >= PAGE_IDLE_MAX)
        return ERR_EXISTS;
    run->page_start += (int64_t)answer->found_count;
    run->page_cursor = page.next_cursor;
    return 0;
}

static int page_answer(struct tx *tx, struct lane *lane, struct flight *flight, struct import_run *run)
{
    struct import_memory *memory = memory_of(lane->core, run);
    const struct answer *answer = flight->answer;
    struct import_settings settings = {0};
    if (!memory)
        return STEP_DONE; /* begun anew */
    size_t at = flight->read_offset;
    run->asked = flight->sent;
    int r = import_settings_get(tx, run->app_rid, &settings);
    if (r == 0)
        r = take_some(tx, run, memory, answer, &at);
    if (r < 0)
        return r;
    run->tries = 0;
    run->error_class = run->error = NULL;
    flight->read_offset_next = at;
    if (at < answer->found_count) {
        r = import_store(tx, run);
        return r < 0 ? r : STEP_WAIT; /* its next part in the next turn */
    }
    const char *what = run->state == IMPORT_READING_USERS ? "users" : "groups";
    long long seen = (long long)(run->state == IMPORT_READING_USERS ? run->users_read : run->groups_read);
    r = turn_page(run, answer, settings.import_groups || is_scan(run));
    if (r == ERR_EXISTS)
        return give_up(tx, lane, &flight->work, run, ERROR_MALFORMED_ANSWER,
                       arena_printf(tx_arena(tx),
                                    "The same page comes again, whatever is asked for: %lld of %lld %s could be read",
                                    seen, (long long)answer_page(answer).total, what));
    if (r == ERR_TOO_LARGE)
        return give_up(
            tx, lane, &flight->work, run, ERROR_TOO_LARGE,
            arena_printf(tx_arena(tx), "More than %d %s came, and the list does not end", OBJECTS_MAX, what));
    r = r < 0 ? r : import_store(tx, run);
    return r < 0 ? r : STEP_DONE;
}

/* --- failures ------------------------------------------------------------------------------------------------------
 */

static bool is_listing(enum request_kind kind)
{
    return kind == REQUEST_LIST_USERS || kind == REQUEST_LIST_GROUPS;
}

/* A first page that is refused by index may be had by cursor, and the other way round (once); a cursor that has become
 * old costs a new beginning. */
static int other_way(struct tx *tx, struct lane *lane, const struct flight *flight, struct import_run *run)
{
    const char *type = answer_scim_type(flight->answer);
    if (!is_listing(flight->kind) || flight->answer->status != 400)
        return 0;
    bool first = run->page_start == 1 && run->page_fresh == 0 && !run->other_way;
    if (first && (!run->page_cursor || !*run->page_cursor)) {
        run->by_cursor = !run->by_cursor;
        run->page_cursor = run->by_cursor ? "" : NULL;
        run->other_way = true;
    } else if (type && (strcasecmp(type, "expiredCursor") == 0 || strcasecmp(type, "invalidCursor") == 0)) {
        struct import_memory *memory = memory_of(lane->core, run);
        if (memory)
            memory->attempt = -1;
    } else {
        return 0;
    }
    int r = import_store(tx, run);
    return r < 0 ? r : 1;
}

static int failed(struct tx *tx, struct lane *lane, struct flight *flight, struct import_run *run,
                  enum error_class class)
{
    const char *words = answer_words(tx_arena(tx), flight->answer);
    if (class == ERROR_RATE_LIMITED)
        return lane_fail(tx, lane, flight, class, "Error while importing", words);
    int r = other_way(tx, lane, flight, run);
    if (r != 0)
        return r < 0 ? r : STEP_DONE;
    bool hold = error_class_action(class) == ERROR_ACTION_HOLD;
    if (hold || run->tries + 1 >= READ_TRIES)
        return give_up(tx, lane, &flight->work, run, class, words);
    int64_t wait = backoff_ms(lane->core->options.env, run->tries);
    if (flight->answer->retry_after_ms >= 0)
        wait = MAX_OF(wait, MIN_OF(flight->answer->retry_after_ms, (int64_t)LIMIT_BACKOFF_MAX_MS));
    run->tries++;
    run->error_class = error_class_name(class);
    run->error = arena_printf(tx_arena(tx), "%s (%s)", error_class_words(class), words);
    r = import_store(tx, run);
    if (r == 0)
        r = work_defer(tx, flight->work.rid, lane->now + wait);
    return r < 0 ? r : STEP_WAIT;
}

static int check_answer(struct tx *tx, struct flight *flight, struct import_run *run, bool gone)
{
    int r = import_judge_missed(tx, run, flight->kind == REQUEST_READ_USER, flight->name, gone);
    if (r < 0)
        return r;
    run->to_apply -= !gone;
    run->tries = 0;
    run->error_class = run->error = NULL;
    r = import_store(tx, run);
    return r < 0 ? r : STEP_DONE;
}

/* The app, or its dialect, is known not to find a group by its member. */
static bool may_probe(const struct lane *lane)
{
    const struct trait *probes = &lane->traits.items[TRAIT_PROBES];
    return !probes->source || probes->value != 0;
}

static int there_answer(struct tx *tx, struct lane *lane, const struct flight *flight, struct import_run *run,
                        const struct drift_ask *asked)
{
    const struct answer *answer = flight->answer;
    static const char *const nobody[] = {NULL};
    if (asked->what == ASK_ACCOUNT)
        return drift_account_there(tx, run, asked, answer->resource.active);
    if (asked->what == ASK_GROUP) {
        const struct import_group group = {.external_id = asked->external_id,
                                           .name = answer->resource.display_name,
                                           .members = answer->member_count ? answer->members : nobody,
                                           .member_count = answer->member_count};
        return drift_group_there(tx, run, asked, &group, may_probe(lane));
    }
    bool this_one = answer->found_count == 1 && str_eq(answer->found[0].id, asked->external_id);
    bool any = answer->found_count > 0 || answer->found_overflow;
    return drift_probed(tx, run, asked, this_one ? 1 : any ? -1 : 0);
}

/* Is a question that the app does not take (and not a failure)? */
static bool is_no_answer(const struct flight *flight, enum error_class class)
{
    return flight->probe && error_class_scope(class) != ERROR_SCOPE_APP &&
           error_class_action(class) == ERROR_ACTION_HOLD;
}

static int scan_answer(struct tx *tx, struct lane *lane, struct flight *flight, struct import_run *run,
                       enum error_class class)
{
    struct drift_ask asked = {0};
    int r = drift_next_ask(tx, run, &asked);
    if (r <= 0)
        return r;
    if (!str_eq(asked.external_id, flight->name) ||
        (flight->probe && !str_eq(asked.member_id, flight->members[0].external_id)))
        return STEP_DONE; /* something else by now */
    run->asked = flight->sent;
    if (class == ERROR_NOT_FOUND || is_no_answer(flight, class))
        r = drift_gone(tx, run, &asked);
    else if (class != ERROR_NONE)
        return failed(tx, lane, flight, run, class);
    else
        r = there_answer(tx, lane, flight, run, &asked);
    run->tries = 0;
    run->error_class = run->error = NULL;
    if (r >= 0)
        r = import_store(tx, run);
    return r < 0 ? r : STEP_DONE;
}

static int take_answer(struct tx *tx, struct lane *lane, struct flight *flight)
{
    struct import_run run = {0};
    int r = import_by_rid(tx, flight->work.object_rid, &run);
    if (r < 0)
        return r == ERR_NOT_FOUND ? STEP_DONE : r;
    enum import_state asked_in = flight->kind == REQUEST_LIST_USERS    ? IMPORT_READING_USERS
                                 : flight->kind == REQUEST_LIST_GROUPS ? IMPORT_READING_GROUPS
                                                                       : IMPORT_CHECKING;
    if (run.state != asked_in)
        return STEP_DONE; /* cancelled meanwhile */
    enum error_class class = answer_judge(flight->answer, flight->kind);
    if (is_scan(&run) && !is_listing(flight->kind))
        return scan_answer(tx, lane, flight, &run, class);
    if (class == ERROR_NOT_FOUND && !is_listing(flight->kind))
        return check_answer(tx, flight, &run, true);
    if (class != ERROR_NONE)
        return failed(tx, lane, flight, &run, class);
    return is_listing(flight->kind) ? page_answer(tx, lane, flight, &run) : check_answer(tx, flight, &run, false);
}

/* --- both, so that what fails for a reason of ours ends the run and not only its row
 * ----------------------------------
 */

struct
try {
    struct lane *lane;
    const struct work *work;
    struct flight *flight; /* NULL: a step */
};

static int run_try(struct tx *tx, void *arg)
{
    const struct try *try = arg;
    return try->flight ? take_answer(tx, try->lane, try->flight) : step_state(tx, try->lane, try->work);
}

static int try_import(struct tx *tx, struct lane *lane, const struct work *work, struct flight *flight)
{
    struct import_run run = {0};
    struct try try = {.lane = lane, .work = work, .flight = flight};
    int r = tx_try(tx, run_try, &try);
    if (r >= 0 || is_of_store(r))
        return r;
    const char *words = err_text(r);
    r = import_by_rid(tx, work->object_rid, &run);
    if (r < 0)
        return r == ERR_NOT_FOUND ? STEP_DONE : r;
    return give_up(tx, lane, work, &run, ERROR_INTERNAL, words);
}

int import_step(struct tx *tx, struct lane *lane, const struct work *work)
{
    return try_import(tx, lane, work, NULL);
}

int import_answer(struct tx *tx, struct lane *lane, struct flight *flight)
{
    return try_import(tx, lane, &flight->work, flight);
}
