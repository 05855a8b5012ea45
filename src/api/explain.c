/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why: the diagnosis of a person in a pushed group, of an account, and of a whole group (explain/explain.h). With
 * live=true the engine reads the account and the group in the app before the store is looked at.
 */
#include "explain/explain.h"

#include "api/failure.h"
#include "api/push_objects.h"
#include "base/limits.h"
#include "base/text.h"
#include "engine/engine.h"
#include "push/people.h"
#include "push/rule.h"
#include "push/same_group.h"
#include "target/request.h"

#define PEOPLE_DEFAULT 50 /* people of a kind on a page... */
#define PEOPLE_MAX 100    /* ...and with limit=: each is diagnosed */
#define PEOPLE_CHUNK 200  /* people that are looked at in one statement */
#define ANSWERS_MAX 20    /* diagnoses of one person in one answer */
#define GROUPS_LOOKED_AT 200
#define ACCOUNTS_LOOKED_AT 200 /* of one person */

/* --- writing -------------------------------------------------------------------------------------------------------
 */

static void write_remedy(struct jout *out, const struct remedy *remedy)
{
    jout_object(out, "remedy");
    jout_str(out, "words", remedy->words);
    jout_str_opt(out, "method", remedy->method);
    jout_str_opt(out, "path", remedy->path);
    if (remedy->body)
        jout_raw(out, "body", remedy->body);
    jout_end(out);
}

static void write_check(struct jout *out, const char *key, const struct check *check)
{
    jout_object(out, key);
    jout_str(out, "check", check->name);
    jout_str(out, "area", check_area_name(check->area));
    jout_str(out, "result", check_result_name(check->result));
    jout_str(out, "fact", check->fact);
    if (check->since)
        jout_time(out, "since", check->since);
    jout_str_opt(out, "by", check->by);
    jout_str_opt(out, "eventId", check->event);
    jout_str_opt(out, "cause", check->cause);
    jout_str_opt(out, "errorClass", check->error_class);
    if (check->next_try)
        jout_time(out, "nextTry", check->next_try);
    if (check->result == CHECK_FAIL)
        write_remedy(out, &check->remedy);
    jout_end(out);
}

static void write_checks(struct jout *out, const struct diagnosis *diagnosis)
{
    jout_array(out, "checks");
    for (int i = 0; i < diagnosis->count; i++)
        write_check(out, NULL, &diagnosis->checks[i]);
    jout_end(out);
}

static void write_app(struct jout *out, const struct app *app)
{
    jout_object(out, "app");
    jout_str(out, "id", app->id);
    jout_str(out, "label", app->label);
    jout_end(out);
}

static void write_group(struct jout *out, const struct group *group)
{
    jout_object(out, "group");
    jout_str(out, "id", group->id);
    jout_str(out, "name", group->name);
    jout_end(out);
}

static void write_diagnosis(struct jout *out, const struct diagnosis *d)
{
    jout_object(out, NULL);
    jout_object(out, "user");
    jout_str(out, "id", d->user.id);
    jout_str(out, "login", d->user.login);
    jout_end(out);
    write_app(out, &d->app);
    if (d->of_group)
        write_group(out, &d->source);
    if (d->mapping.rid)
        jout_str(out, "mappingId", d->mapping.id);
    jout_str(out, "verdict", verdict_name(d->verdict));
    jout_str(out, "summary", d->words);
    if (d->since)
        jout_time(out, "since", d->since);
    if (d->first)
        write_check(out, "cause", d->first);
    write_checks(out, d);
    jout_end(out);
}

/* --- asking the app ------------------------------------------------------------------------------------------------
 */

struct asking {
    struct call *call;
    struct store_job job; /* reads what is asked for, and with which credential */
    struct engine_ask ask;
    struct connection_input connection;
    const char *account_path, *group_path; /* NULL: there is nothing to ask for */
    const char *member_id;
    const char **members; /* of a whole group, as the app shows them */
    size_t member_count;
    int64_t asked; /* ms */
    bool whole;    /* it is about a whole group */
    struct live live;
};

static void asking_release(struct call *call)
{
    struct asking *asking = call->prepared;
    connection_input_wipe(&asking->connection);
    asking->connection = (struct connection_input){0};
}

static const struct live *live_of(const struct call *call)
{
    const struct asking *asking = call->prepared;
    return asking ? &asking->live : NULL;
}

/* How the answer is to be taken: found, absent, or a sentence why it cannot be told. */
static enum live_answer take_answer(struct asking *asking, const struct answer *answer, enum request_kind kind,
                                    const char **ret_words)
{
    struct arena *arena = asking->call->arena;
    if (!answer) {
        *ret_words = "Muster is being stopped";
        return LIVE_FAILED;
    }
    enum error_class class = answer_judge(answer, kind);
    if (class == ERROR_NONE)
        return LIVE_FOUND;
    if (class == ERROR_NOT_FOUND)
        return LIVE_ABSENT;
    *ret_words = arena_printf(arena, "%s (%s)", error_class_cause(class), answer_words(arena, answer));
    return LIVE_FAILED;
}

static void keep_members(struct asking *asking, const struct answer *answer)
{
    struct arena *arena = asking->call->arena;
    asking->members = arena_array(arena, answer->member_count + 1, sizeof(*asking->members));
    asking->member_count = answer->member_count;
    for (size_t i = 0; i < answer->member_count; i++)
        asking->members[i] = arena_strdup(arena, answer->members[i]);
}

static void group_was_read(struct engine_ask *ask, const struct answer *answer)
{
    struct asking *asking = ask->data;
    struct live *live = &asking->live;
    live->group = take_answer(asking, answer, REQUEST_READ_GROUP, &live->group_words);
    if (live->group == LIVE_FOUND) {
        live->group_name = arena_strdup(asking->call->arena, answer->resource.display_name);
        live->shows_members = answer->has_members;
        for (size_t i = 0; asking->member_id && i < answer->member_count; i++)
            live->has_member |= str_eq(answer->members[i], asking->member_id);
        if (asking->whole)
            keep_members(asking, answer);
    }
    call_continue(asking->call);
}

static void ask_app(struct asking *asking, const char *path, enum answer_shape shape,
                    void (*done)(struct engine_ask *ask, const struct answer *answer))
{
    asking->ask = (struct engine_ask){.method = "GET",
                                      .url = target_url(asking->call->arena, asking->connection.base_url, path),
                                      .app = &asking->connection,
                                      .shape = shape,
                                      .done = done,
                                      .data = asking};
    engine_ask(api_engine(asking->call->api), &asking->ask);
}

static void ask_for_group(struct asking *asking)
{
    if (asking->group_path)
        ask_app(asking, asking->group_path, ANSWER_MEMBERS, group_was_read);
    else
        call_continue(asking->call);
}

static void account_was_read(struct engine_ask *ask, const struct answer *answer)
{
    struct asking *asking = ask->data;
    struct live *live = &asking->live;
    live->account = take_answer(asking, answer, REQUEST_READ_USER, &live->account_words);
    if (live->account == LIVE_FOUND)
        live->account_active = answer->resource.active;
    ask_for_group(asking);
}

/* The stored connection as it is. 1, or 0: the app may not be asked. */
static int read_connection(struct tx *tx, struct asking *asking, const struct app *app)
{
    struct call *call = asking->call;
    struct connection stored = {0};
    struct connection_input complete = {0};
    const char *why = NULL;
    int open = app_is_open(tx, app->rid, &why);
    if (open <= 0) {
        asking->live.account = asking->live.group = LIVE_FAILED;
        asking->live.account_words = asking->live.group_words = arena_strdup(call->arena, why);
        return open;
    }
    int r = connection_get(tx, app->rid, &stored);
    struct connection_input same = {.base_url = stored.base_url,
                                    .scheme = stored.scheme,
                                    .user_name = stored.user_name,
                                    .header_name = stored.header_name,
                                    .allow_plain_http = stored.allow_plain_http};
    if (r == 0)
        r = connection_complete(tx, api_keyring(call->api), app->rid, &same, &complete, &call->problem);
    if (r == 0)
        asking->connection = connection_input_copy(call->arena, &complete);
    connection_input_wipe(&complete);
    return r < 0 ? r : 1;
}

static int read_asked(struct tx *tx, struct asking *asking, const struct app *app, int64_t user_rid,
                      const struct mapping *mapping)
{
    struct arena *arena = asking->call->arena;
    struct account account = {0};
    struct target_group group = {0};
    int r = user_rid ? account_get(tx, app->rid, user_rid, &account) : ERR_NOT_FOUND;
    if (r == 0 && account.external_id) {
        asking->account_path = target_read_user(arena, account.external_id).path;
        asking->member_id = arena_strdup(arena, account.external_id);
    }
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    r = mapping->rid ? target_group_get(tx, mapping->target_rid, &group) : 0;
    if (r == 0 && group.external_id)
        asking->group_path = target_read_group(arena, group.external_id, true).path;
    return r;
}

/* The person of userId= or of the second path parameter; rid 0: none was named. */
static int find_person(struct tx *tx, struct call *call, const char *name, struct user *ret)
{
    *ret = (struct user){0};
    if (!name || !*name)
        return 0;
    int r = user_by_id_or_login(tx, name, ret);
    return r == ERR_NOT_FOUND ? call_not_found(call, name, "User") : r;
}

static bool is_of_mapping(const struct call *call)
{
    return str_eq(call->route->operation, "diagnoseGroupPushMapping");
}

static int find_subject(struct tx *tx, struct call *call, struct app *app, struct mapping *mapping, struct user *user)
{
    *mapping = (struct mapping){0};
    int r = is_of_mapping(call) ? find_mapping(tx, call, app, mapping) : find_app(tx, call, app);
    return r < 0 ? r : find_person(tx, call, is_of_mapping(call) ? call_query(call, "userId") : call->params[1], user);
}

static int asking_read(struct tx *tx, void *arg)
{
    struct asking *asking = arg;
    struct app app = {0};
    struct mapping mapping = {0};
    struct user user = {0};
    asking_release(asking->call);
    asking->account_path = asking->group_path = NULL;
    asking->asked = tx_now(tx);
    int r = find_subject(tx, asking->call, &app, &mapping, &user);
    asking->whole = is_of_mapping(asking->call) && !user.rid;
    int open = r < 0 ? r : read_connection(tx, asking, &app);
    return open <= 0 ? open : read_asked(tx, asking, &app, user.rid, &mapping);
}

static void asking_was_read(struct store_job *job, int result)
{
    struct asking *asking = CONTAINER_OF(job, struct asking, job);
    struct call *call = asking->call;
    if (result < 0) {
        if (result != ERR_PROBLEM)
            (void)problem_set(&call->problem, E0000009, "%s", "diagnosis");
        call_refuse(call);
        return;
    }
    if (asking->account_path)
        ask_app(asking, asking->account_path, ANSWER_RESOURCE, account_was_read);
    else
        ask_for_group(asking);
}

static void prepare_diagnosis(struct call *call)
{
    bool live = false;
    if (call_query_bool(call, "live", false, &live) < 0) {
        call_refuse(call);
        return;
    }
    if (!live) {
        call_continue(call);
        return;
    }
    struct asking *asking = arena_alloc(call->arena, sizeof(*asking));
    *asking = (struct asking){.call = call};
    call->prepared = asking;
    call->release = asking_release;
    asking->job = (struct store_job){.run = asking_read, .arg = asking, .done = asking_was_read};
    store_read(api_store(call->api), &asking->job);
}

/* --- a whole group -------------------------------------------------------------------------------------------------
 */

static const char *kind_words(enum person_kind kind)
{
    static const char *const words[PERSON_KIND_COUNT] = {
        [PERSON_PUSHED] = "are in the app's group",
        [PERSON_NOT_ASSIGNED] = "do not have the app: being in a pushed group gives nobody an account",
        [PERSON_INACTIVE] = "are STAGED or DEPROVISIONED: inactive people are not pushed",
        [PERSON_SUSPENDED] = "were suspended before they were pushed, and get nothing new",
        [PERSON_NOT_PROVISIONED] = "have no active account in the app yet",
        [PERSON_REFUSED] = "were refused by the app as members",
        [PERSON_WAITING] = "are about to be pushed",
        [PERSON_LEAVING] = "are about to be removed",
        [PERSON_HELD] = "are not removed: a deletion limit or a protection holds that",
        [PERSON_REMOVAL_REFUSED] = "are not removed: the app refused it",
        [PERSON_EXTRA] = "were in the app's group before it was linked, or are accepted there, and are left"};
    return words[kind];
}

static void write_counts(struct call *call, const struct app *app, const struct mapping *mapping,
                         const int64_t counts[static PERSON_KIND_COUNT])
{
    struct jout *out = &call->out;
    jout_array(out, "people");
    for (int kind = PERSON_PUSHED; kind < PERSON_KIND_COUNT; kind++) {
        jout_object(out, NULL);
        jout_str(out, "kind", person_kind_name((enum person_kind)kind));
        jout_bool(out, "wanted", kind < PERSON_KIND_OUT);
        jout_int(out, "count", counts[kind]);
        jout_str(out, "words", kind_words((enum person_kind)kind));
        jout_object(out, "_links");
        object_link(call, "people",
                    call_link(call, "/api/v1/apps/%s/group-push/mappings/%s/diagnosis?kind=%s", app->id, mapping->id,
                              person_kind_name((enum person_kind)kind)),
                    NULL);
        jout_end(out);
        jout_end(out);
    }
    jout_end(out);
}

/* Assigned and pushed, and what that means here. */
static int write_same_group(struct tx *tx, struct jout *out, const struct mapping *mapping)
{
    int same = same_group_is(tx, mapping->app_rid, mapping->source_rid);
    jout_bool(out, "assignedAndPushed", same > 0);
    if (same > 0)
        jout_str(out, "assignedAndPushedMeans", same_group_meaning());
    return MIN_OF(same, 0);
}

/* What the app showed, held against what is on record now. What was pushed since it was asked tells nothing. */
static int compare_live(struct tx *tx, const struct call *call, const struct mapping *mapping, struct live *ret)
{
    const struct asking *asking = call->prepared;
    struct shown_members shown = {0};
    *ret = asking->live;
    if (ret->group != LIVE_FOUND || !ret->shows_members)
        return 0;
    ret->overtaken = mapping->last_push >= asking->asked;
    if (ret->overtaken)
        return 0;
    int r = mapping_people_compare(tx, mapping, asking->members, asking->member_count, &shown);
    ret->absent = shown.absent;
    ret->unexpected = shown.unexpected;
    return r;
}

/* "2 of 3 members of Staff are in the group of Slack: all is well". What the app acknowledged, where something else was
 * found there. */
static const char *whole_words(struct arena *arena, const struct diagnosis *d, int64_t pushed, int64_t members,
                               bool all_in_step)
{
    const struct check *first = d->first;
    bool found = first && (strncmp(first->cause, "DRIFT_", 6) == 0 || strncmp(first->cause, "LIVE_", 5) == 0);
    if (found)
        return arena_printf(arena, "%s acknowledged %lld of %lld members of %s. But: %s", d->app.label,
                            (long long)pushed, (long long)members, d->source.name, first->fact);
    return arena_printf(arena, "%lld of %lld members of %s are in the group of %s%s%s", (long long)pushed,
                        (long long)members, d->source.name, d->app.label,
                        first         ? ": "
                        : all_in_step ? ": all is well"
                                      : "",
                        first ? first->fact : "");
}

static int write_whole_group(struct tx *tx, struct call *call, const struct app *app, const struct mapping *mapping)
{
    struct jout *out = &call->out;
    struct diagnosis diagnosis = {.count = 0};
    struct mapping_state state = {0};
    struct live live = {0};
    int64_t counts[PERSON_KIND_COUNT] = {0};
    int64_t members = 0, out_of_step = 0;
    int r = call->prepared ? compare_live(tx, call, mapping, &live) : 0;
    if (r == 0)
        r = explain(tx, app->rid, 0, mapping->source_rid, call->prepared ? &live : NULL, &diagnosis);
    if (r == 0)
        r = mapping_people_count(tx, mapping, counts);
    if (r == 0)
        r = mapping_state(tx, mapping, &state);
    if (r < 0)
        return r;
    for (int kind = PERSON_PUSHED; kind < PERSON_KIND_COUNT; kind++) {
        members += kind < PERSON_KIND_OUT ? counts[kind] : 0;
        out_of_step += kind == PERSON_PUSHED ? 0 : counts[kind];
    }
    jout_object(out, NULL);
    write_app(out, &diagnosis.app);
    write_group(out, &diagnosis.source);
    jout_str(out, "mappingId", mapping->id);
    jout_str(out, "status", mapping_status_name(mapping, &state));
    jout_int(out, "members", members);
    jout_int(out, "pushed", counts[PERSON_PUSHED]);
    jout_int(out, "unknownToTheDirectory", MAX_OF(state.members_extra - counts[PERSON_EXTRA], (int64_t)0));
    r = write_same_group(tx, out, mapping);
    jout_str(out, "summary", whole_words(call->arena, &diagnosis, counts[PERSON_PUSHED], members, out_of_step == 0));
    if (diagnosis.first)
        write_check(out, "cause", diagnosis.first);
    write_counts(call, app, mapping, counts);
    write_checks(out, &diagnosis);
    jout_end(out);
    return r;
}

static int write_one_of_people(struct tx *tx, struct call *call, const struct mapping *mapping,
                               const struct person *person)
{
    struct jout *out = &call->out;
    struct diagnosis diagnosis = {.count = 0};
    int r = explain(tx, mapping->app_rid, person->user_rid, mapping->source_rid, NULL, &diagnosis);
    if (r < 0)
        return r;
    jout_object(out, NULL);
    jout_str(out, "id", diagnosis.user.id);
    jout_str(out, "login", diagnosis.user.login);
    jout_str(out, "kind", person_kind_name(person->kind));
    jout_str(out, "summary", diagnosis.words);
    if (diagnosis.first)
        write_check(out, "cause", diagnosis.first);
    jout_end(out);
    return 0;
}

/* 1 when the person's names begin with `folded_q`. */
static int is_looked_for(struct tx *tx, const struct person *person, const char *folded_q)
{
    struct user user = {0};
    if (!folded_q)
        return 1;
    int r = user_by_rid(tx, person->user_rid, &user);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    return object_user_begins(tx_arena(tx), &user, folded_q);
}

static int write_people(struct tx *tx, struct call *call, const struct mapping *mapping, enum person_kind kind)
{
    struct page page = {0};
    struct person people[PEOPLE_CHUNK];
    int64_t after = 0, last = 0;
    int written = 0, count = PEOPLE_CHUNK;
    const char *q = call_query(call, "q");
    const char *folded_q = q && *q ? text_fold(call->arena, q) : NULL;
    int r = call_page(call, PEOPLE_DEFAULT, PEOPLE_MAX, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &after);
    if (r < 0)
        return r;
    jout_array(&call->out, NULL);
    while (count == PEOPLE_CHUNK && written <= page.limit) {
        count = mapping_people(tx, mapping, kind, after, people, PEOPLE_CHUNK);
        if (count < 0)
            return count;
        for (int i = 0; i < count && written <= page.limit; i++) {
            after = people[i].user_rid;
            r = is_looked_for(tx, &people[i], folded_q);
            if (r > 0 && written++ < page.limit) {
                r = write_one_of_people(tx, call, mapping, &people[i]);
                last = after;
            }
            if (r < 0)
                return r;
        }
    }
    jout_end(&call->out);
    call_page_links(call, written > page.limit ? arena_printf(call->arena, "%lld", (long long)last) : NULL);
    return 0;
}

/* --- the calls -----------------------------------------------------------------------------------------------------
 */

static int diagnose_mapping(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct mapping mapping = {0};
    struct user user = {0};
    struct diagnosis diagnosis = {.count = 0};
    enum person_kind kind = PERSON_PUSHED;
    const char *name = call_query(call, "kind");
    int r = find_subject(tx, call, &app, &mapping, &user);
    if (r < 0)
        return r;
    if (name && *name && person_kind_parse(name, &kind) < 0)
        return call_invalid(call, "kind",
                            "Must be MEMBER, or one of the kinds that the diagnosis of the group counts, such as "
                            "NOT_ASSIGNED.");
    if (name && *name && user.rid)
        return call_invalid(call, "kind", "Give kind or userId, not both.");
    if (name && *name)
        return write_people(tx, call, &mapping, kind);
    if (!user.rid)
        return write_whole_group(tx, call, &app, &mapping);
    r = explain(tx, app.rid, user.rid, mapping.source_rid, live_of(call), &diagnosis);
    if (r == 0)
        write_diagnosis(&call->out, &diagnosis);
    return r;
}

static int diagnose_account(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct mapping mapping = {0};
    struct user user = {0};
    struct diagnosis diagnosis = {.count = 0};
    int r = find_subject(tx, call, &app, &mapping, &user);
    if (r == 0)
        r = explain(tx, app.rid, user.rid, 0, live_of(call), &diagnosis);
    if (r == 0)
        write_diagnosis(&call->out, &diagnosis);
    return r;
}

/* What one person is asked about: the pairs of app and group (0: the account). */
struct pairs {
    int64_t app_rid[ANSWERS_MAX + 1];
    int64_t group_rid[ANSWERS_MAX + 1];
    int count;
};

static void add_pair(struct pairs *pairs, int64_t app_rid, int64_t group_rid)
{
    if (pairs->count > ANSWERS_MAX)
        return;
    pairs->app_rid[pairs->count] = app_rid;
    pairs->group_rid[pairs->count++] = group_rid;
}

static bool has_pair(const struct pairs *pairs, int64_t app_rid, int64_t group_rid)
{
    for (int i = 0; i < pairs->count; i++)
        if (pairs->app_rid[i] == app_rid && pairs->group_rid[i] == group_rid)
            return true;
    return false;
}

/* Groups of the person that are pushed to the app, and those that he left and is in there all the same. */
static int add_pushed(struct tx *tx, struct pairs *pairs, int64_t app_rid, int64_t user_rid)
{
    int64_t groups[GROUPS_LOOKED_AT];
    int count = user_group_rids(tx, user_rid, 0, groups, GROUPS_LOOKED_AT);
    for (int i = 0; i < count; i++) {
        struct mapping mapping = {0};
        int r = mapping_by_source(tx, app_rid, groups[i], &mapping);
        if (r == 0)
            add_pair(pairs, app_rid, groups[i]);
        if (r < 0 && r != ERR_NOT_FOUND)
            return r;
    }
    if (count < 0)
        return count;
    count = mapping_sources_holding(tx, app_rid, user_rid, groups, GROUPS_LOOKED_AT);
    for (int i = 0; i < count; i++)
        if (!has_pair(pairs, app_rid, groups[i]))
            add_pair(pairs, app_rid, groups[i]);
    return MIN_OF(count, 0);
}

/* Apps that the person has, and those that have an active account of him all the same. */
static int apps_of_person(struct tx *tx, int64_t user_rid, int64_t *ret, int limit)
{
    struct account *accounts = arena_array(tx_arena(tx), (size_t)ACCOUNTS_LOOKED_AT, sizeof(*accounts));
    int found = 0;
    int count = account_list_of_user(tx, user_rid, 0, accounts, ACCOUNTS_LOOKED_AT);
    for (int i = 0; i < count && found < limit; i++) {
        bool left_over = accounts[i].external_id && accounts[i].known != KNOWN_INACTIVE;
        if (accounts[i].scope != SCOPE_NONE || left_over)
            ret[found++] = accounts[i].app_rid;
    }
    return count < 0 ? count : found;
}

static int collect_pairs(struct tx *tx, struct pairs *pairs, const struct user *user, int64_t app_rid,
                         int64_t group_rid)
{
    int64_t apps[ANSWERS_MAX + 1];
    if (app_rid && group_rid) {
        add_pair(pairs, app_rid, group_rid);
        return 0;
    }
    if (app_rid) {
        add_pair(pairs, app_rid, 0);
        return add_pushed(tx, pairs, app_rid, user->rid);
    }
    int count = group_rid ? mapping_apps_of_source(tx, group_rid, 0, apps, ANSWERS_MAX + 1)
                          : apps_of_person(tx, user->rid, apps, ANSWERS_MAX + 1);
    for (int i = 0; i < count; i++) {
        add_pair(pairs, apps[i], group_rid);
        int r = group_rid ? 0 : add_pushed(tx, pairs, apps[i], user->rid);
        if (r < 0)
            return r;
    }
    return MIN_OF(count, 0);
}

static int find_asked(struct tx *tx, struct call *call, struct app *app, struct group *group)
{
    const char *app_id = call_query(call, "appId");
    const char *group_id = call_query(call, "groupId");
    int r = app_id && *app_id ? app_by_id(tx, app_id, app) : 0;
    if (r == ERR_NOT_FOUND)
        return call_not_found(call, app_id, "AppInstance");
    if (r == 0 && group_id && *group_id)
        r = group_by_id(tx, group_id, group);
    return r == ERR_NOT_FOUND ? call_not_found(call, group_id, "UserGroup") : r;
}

static int diagnose_person(struct tx *tx, struct call *call)
{
    struct user user = {0};
    struct app app = {0};
    struct group group = {0};
    struct pairs pairs = {.count = 0};
    int r = find_person(tx, call, call->params[0], &user);
    if (r == 0)
        r = find_asked(tx, call, &app, &group);
    if (r == 0)
        r = collect_pairs(tx, &pairs, &user, app.rid, group.rid);
    if (r < 0)
        return r;
    struct jout *out = &call->out;
    jout_object(out, NULL);
    jout_bool(out, "complete", pairs.count <= ANSWERS_MAX);
    jout_array(out, "diagnoses");
    for (int i = 0; r == 0 && i < MIN_OF(pairs.count, ANSWERS_MAX); i++) {
        struct diagnosis *diagnosis = arena_alloc(tx_arena(tx), sizeof(*diagnosis));
        r = explain(tx, pairs.app_rid[i], user.rid, pairs.group_rid[i], NULL, diagnosis);
        if (r == 0)
            write_diagnosis(out, diagnosis);
    }
    jout_end(out);
    jout_end(out);
    return r;
}

const struct route explain_routes[] = {
    {"GET", "/api/v1/apps/{appId}/group-push/mappings/{mappingId}/diagnosis", ROUTE_READ, ROLE_READ_ONLY,
     diagnose_mapping, "diagnoseGroupPushMapping", prepare_diagnosis},
    {"GET", "/api/v1/apps/{appId}/users/{userId}/diagnosis", ROUTE_READ, ROLE_READ_ONLY, diagnose_account,
     "diagnoseApplicationUser", prepare_diagnosis},
    {"GET", "/api/v1/users/{id}/diagnosis", ROUTE_READ, ROLE_READ_ONLY, diagnose_person, "diagnoseUser", NULL},
    {.method = NULL},
};
