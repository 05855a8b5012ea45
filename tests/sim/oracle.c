/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold. Written from the rules alone: who has an app, who belongs into a group and what may be sent follow
 * from the model of the generator; what is there is read from the target's state. A request is judged at the moment in
 * which its turn was committed, since the facts of that moment are what it was planned from.
 */
#include "sim.h"

#include "base/limits.h"

#define WAIT_MS 30000 /* a deactivation waits so long for removals */
#define SLACK_MS 5000 /* for turns that failed and answers that take their time */
#define PACED_MS 2000 /* for each leaver, where the target takes few requests a second */
#define ASKED_MS 4000 /* how long a 429 without Retry-After is obeyed at most */
#define PICTURE_GROUPS 64
#define DAY_MS INT64_C(86400000)

/* --- who is wanted -------------------------------------------------------------------------------------------------
 */

static bool may_have_accounts(enum user_status status)
{
    return status == USER_PROVISIONED || status == USER_ACTIVE || status == USER_RECOVERY ||
           status == USER_PASSWORD_EXPIRED || status == USER_LOCKED_OUT;
}

static bool has_app(const struct sim *sim, const struct sim_app *app, int user)
{
    const struct sim_user *u = &sim->users[user];
    if (u->deleted || u->status == USER_DEPROVISIONED)
        return false;
    if (app->user_assigned[user])
        return true;
    for (int g = 0; g < sim->group_count; g++)
        if (app->group_assigned[g] && !sim->groups[g].deleted && sim->groups[g].members[user])
            return true;
    return false;
}

static enum want want_account(const struct sim *sim, int user, bool has)
{
    if (!has)
        return WANT_OUT;
    enum user_status status = sim->users[user].status;
    if (status == USER_SUSPENDED)
        return WANT_AS_IS;
    return may_have_accounts(status) ? WANT_IN : WANT_OUT;
}

static enum want want_member(const struct sim *sim, const struct sim_app *app, int group, int user)
{
    return sim->groups[group].members[user] ? app->standing[user].want : WANT_OUT;
}

bool oracle_is_open(const struct sim_app *app)
{
    return app->active && !app->paused;
}

static void set_leaving(struct sim_app *app, struct standing *s, bool leaving)
{
    app->leavers += leaving - s->leaving;
    s->waited = leaving && s->leaving ? s->waited : 0;
    s->leaving = leaving;
}

void oracle_changed(struct sim *sim)
{
    for (int k = 0; k < sim->app_count; k++) {
        struct sim_app *app = &sim->apps[k];
        for (int u = 0; u < sim->user_count; u++) {
            struct standing *s = &app->standing[u];
            bool has = has_app(sim, app, u);
            enum want want = want_account(sim, u, has);
            bool gains = (has && !s->has_app && want != WANT_OUT) || (want == WANT_IN && s->want == WANT_OUT);
            if (gains) {
                app->out[u] = false;
                s->gained = app->create;
                s->gained_at = sim->now;
                s->offered = false;
            }
            if (want == WANT_OUT)
                s->gained = false;
            if (want != WANT_OUT)
                s->left_at = -1;
            else if (s->want != WANT_OUT)
                s->left_at = sim_wall(sim);
            set_leaving(app, s, want == WANT_OUT && s->found && (s->leaving || s->want != WANT_OUT));
            s->has_app = has;
            s->want = want;
        }
    }
}

/* --- reading requests ----------------------------------------------------------------------------------------------
 */

static bool is_write(const struct sim_request *request)
{
    return strcmp(request->method, "GET") != 0;
}

static int hex_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* What follows /scim/v2/KIND/ in the path, decoded; NULL when nothing does or it is another kind. Valid until the next
 * call. */
static const char *id_below(const struct sim_request *request, const char *kind)
{
    static char id[SIM_ID];
    const char *path = request->path + strlen("/scim/v2/");
    size_t n = strlen(kind);
    if (strncmp(path, kind, n) != 0 || path[n] != '/')
        return NULL;
    size_t length = 0;
    for (const char *at = path + n + 1; *at && length < SIM_ID - 1; at++) {
        bool encoded = *at == '%' && hex_of(at[1]) >= 0 && hex_of(at[2]) >= 0;
        id[length++] = encoded ? (char)(hex_of(at[1]) * 16 + hex_of(at[2])) : *at;
        at += encoded ? 2 : 0;
    }
    id[length] = '\0';
    return id;
}

static bool is_collection(const struct sim_request *request, const char *kind)
{
    return strcmp(request->path + strlen("/scim/v2/"), kind) == 0;
}

static int user_of_id(const struct sim *sim, int app, const char *id)
{
    return generator_user_of_name(practice_name(sim->apps[app].practice, id));
}

/* The member in a path of the form members[value eq "ID"]; "" when it is none. */
static void member_of_path(const char *path, char ret[static SIM_ID])
{
    ret[0] = '\0';
    const char *quote = path ? strchr(path, '"') : NULL;
    if (!quote || strncmp(path, "members[value eq ", 17) != 0)
        return;
    size_t n = strcspn(quote + 1, "\"");
    if (n < SIM_ID)
        (void)snprintf(ret, SIM_ID, "%.*s", (int)n, quote + 1);
}

static const char *login_of(const struct sim *sim, int user, char text[static SIM_NAME])
{
    generator_login(sim, user, text);
    return text;
}

/* --- rules of a request --------------------------------------------------------------------------------------------
 */

static void check_add(struct sim *sim, const struct sim_request *request, const char *id)
{
    char login[SIM_NAME];
    struct sim_app *app = &sim->apps[request->app];
    int user = user_of_id(sim, request->app, id);
    bool active = false;
    if (user >= 0) {
        app->mapping[request->group].asked[user] = true;
        app->mapping[request->group].out[user] = false;
    }
    if (user >= 0 && app->standing[user].gained && !app->standing[user].offered &&
        practice_user_active(app->practice, id, &active) && !active)
        sim_fail(sim, "the account before its memberships", "#%llu adds %s, who is to be activated first",
                 (unsigned long long)request->number, login_of(sim, user, login));
    if (user < 0)
        sim_fail(sim, "nobody ineligible or unassigned is added", "#%llu adds %s, who is nobody of ours",
                 (unsigned long long)request->number, id);
    else if (want_member(sim, app, request->group, user) != WANT_IN)
        sim_fail(sim, "nobody ineligible or unassigned is added", "#%llu adds %s (%s, %s the app, %s the group) to %s",
                 (unsigned long long)request->number, login_of(sim, user, login),
                 user_status_name(sim->users[user].status), app->standing[user].has_app ? "has" : "does not have",
                 sim->groups[request->group].members[user] ? "in" : "not in", app->mapping[request->group].name);
}

static void check_remove(struct sim *sim, const struct sim_request *request, const char *id)
{
    char login[SIM_NAME];
    const struct sim_mapping *mapping = &sim->apps[request->app].mapping[request->group];
    int user = user_of_id(sim, request->app, id);
    if (user >= 0)
        holds_removes(sim, &sim->apps[request->app], request->group, user, request->number);
    /* Whom Muster put there itself it may take back. */
    if (mapping->unread && (user < 0 || !mapping->asked[user]))
        sim_fail(sim, "a removal never follows from a failed read",
                 "#%llu removes %s from %s, whose members were not read", (unsigned long long)request->number, id,
                 mapping->name);
    /* Nobody looks for the account of somebody who was suspended before it was found: a stranger, for all we know. */
    bool unknown =
        user >= 0 && sim->users[user].status == USER_SUSPENDED && !sim->apps[request->app].standing[user].found;
    if (user >= 0 && !unknown && want_member(sim, &sim->apps[request->app], request->group, user) != WANT_OUT)
        sim_fail(sim, "nobody who belongs there is removed", "#%llu removes %s (%s) from %s",
                 (unsigned long long)request->number, login_of(sim, user, login),
                 user_status_name(sim->users[user].status), sim->apps[request->app].mapping[request->group].name);
}

/* Nothing is told here, and what is learned is less; larger requests are tried once a day. */
static void check_size(struct sim *sim, const struct sim_request *request, const struct jval *body)
{
    size_t members = 0;
    const struct jval *operations = jval_get(body, "Operations");
    for (size_t i = 0; i < jval_len(operations); i++) {
        const struct jval *value = jval_get(jval_at(operations, i), "value");
        members += jval_type(value) == JVAL_ARRAY ? jval_len(value) : 1;
    }
    bool may_try = sim->profile->clock_steps || sim->now >= DAY_MS;
    if (members > LIMIT_MEMBERS_PER_REQUEST && !may_try)
        sim_fail(sim, "so many members are in a request", "#%llu names %zu", (unsigned long long)request->number,
                 members);
}

static void check_group_patch(struct sim *sim, const struct sim_request *request, const struct jval *body)
{
    const struct sim_mapping *mapping = &sim->apps[request->app].mapping[request->group];
    check_size(sim, request, body);
    if (!mapping->exists || !mapping->active) {
        sim_fail(sim, "only ACTIVE mappings send", "#%llu to a group without an ACTIVE mapping",
                 (unsigned long long)request->number);
        return;
    }
    const struct jval *operations = jval_get(body, "Operations");
    for (size_t i = 0; i < jval_len(operations); i++) {
        const struct jval *operation = jval_at(operations, i);
        const char *op = jval_get_str(operation, "op");
        const char *path = jval_get_str(operation, "path");
        const struct jval *value = jval_get(operation, "value");
        char member[SIM_ID];
        member_of_path(path, member);
        if (str_eq(op, "remove") && member[0])
            check_remove(sim, request, member);
        else if (str_eq(op, "add") && str_eq(path, "members"))
            for (size_t j = 0; j < jval_len(value); j++)
                check_add(sim, request, jval_get_str(jval_at(value, j), "value"));
        else if (!str_eq(op, "replace") || !str_eq(path, "displayName"))
            sim_fail(sim, "the safe subset of PATCH", "%s %s", op ? op : "(no op)", path ? path : "(no path)");
        else if (!str_eq(jval_str(value), mapping->name))
            sim_fail(sim, "a group is renamed to the wanted name", "#%llu: %s, wanted %s",
                     (unsigned long long)request->number, jval_str(value), mapping->name);
    }
}

/* Memberships go before the deactivation, unless the wait is over. */
static void check_order(struct sim *sim, const struct sim_request *request, const char *id)
{
    char login[SIM_NAME];
    struct sim_app *app = &sim->apps[request->app];
    const struct standing *s = &app->standing[request->user];
    int64_t waited = sim_wall(sim) - s->left_at;
    if (waited >= WAIT_MS || waited < 0) /* below 0: the clock was set back, and nobody knows */
        return;
    const char *group = NULL;
    while ((group = practice_next(app->practice, PRACTICE_GROUP, group))) {
        const char *name = practice_name(app->practice, group);
        int source = generator_group_of_name(name);
        if (source < 0 || !app->mapping[source].active || app->mapping[source].unread ||
            app->mapping[source].theirs[request->user] || (app->mapping[source].linked && s->was_there) ||
            !practice_group_has(app->practice, group, id) || holds_member(sim, app, source, request->user))
            continue;
        bool left_behind =
            (app->spare_count[source] || app->leaving[source]) && strcmp(app->mapping[source].name, name) != 0;
        if (!left_behind)
            sim_fail(sim, "memberships go before the account", "#%llu deactivates %s after %lld ms, who is still in %s",
                     (unsigned long long)request->number, login_of(sim, request->user, login), (long long)waited, name);
    }
}

static void check_active(struct sim *sim, const struct sim_request *request, const char *id)
{
    char login[SIM_NAME];
    struct sim_app *app = &sim->apps[request->app];
    const struct standing *s = &app->standing[request->user];
    (void)login_of(sim, request->user, login);
    if (request->says_active == 1 && s->want != WANT_IN)
        sim_fail(sim, "nobody ineligible or unassigned is activated", "#%llu: %s", (unsigned long long)request->number,
                 login);
    else if (request->says_active == 1 && id && !s->gained)
        sim_fail(sim, "active:true only on assignment or reactivation", "#%llu: %s",
                 (unsigned long long)request->number, login);
    else if (request->says_active == 1 && !app->create)
        sim_fail(sim, "switches hold", "#%llu activates %s and creating is off", (unsigned long long)request->number,
                 login);
    else if (request->says_active == 0 && s->want != WANT_OUT)
        sim_fail(sim, "nobody who has the app is deactivated", "#%llu: %s", (unsigned long long)request->number, login);
    else if (request->says_active == 0 && !app->deactivate)
        sim_fail(sim, "switches hold", "#%llu deactivates %s and deactivating is off",
                 (unsigned long long)request->number, login);
    if (request->says_active == 0 && id) {
        holds_deactivates(sim, app, request->user, request->number);
        check_order(sim, request, id);
        set_leaving(app, &app->standing[request->user], false);
    }
}

static void read_active(struct sim_request *request, const struct jval *body)
{
    const struct jval *active = jval_get(body, "active");
    const struct jval *operations = jval_get(body, "Operations");
    for (size_t i = 0; i < jval_len(operations); i++)
        if (str_eq(jval_get_str(jval_at(operations, i), "path"), "active"))
            active = jval_get(jval_at(operations, i), "value");
    if (jval_type(active) == JVAL_BOOL)
        request->says_active = jval_is_true(active);
}

static void check_user(struct sim *sim, struct sim_request *request, const struct jval *body)
{
    const char *id = id_below(request, "Users");
    request->user = id ? user_of_id(sim, request->app, id) : generator_user_of_name(jval_get_str(body, "userName"));
    if (request->user < 0) {
        sim_fail(sim, "only accounts of ours are written", "#%llu", (unsigned long long)request->number);
        return;
    }
    read_active(request, body);
    check_active(sim, request, id);
    if (strcmp(request->method, "DELETE") == 0)
        sim_fail(sim, "accounts are never deleted", "#%llu", (unsigned long long)request->number);
}

static void check_group(struct sim *sim, struct sim_request *request, const struct jval *body)
{
    const char *id = id_below(request, "Groups");
    struct sim_app *app = &sim->apps[request->app];
    const char *name = id ? practice_name(app->practice, id) : jval_get_str(body, "displayName");
    request->group = generator_group_of_name(name);
    if (id && !name)
        return; /* it is gone: the target will say so */
    if (request->group < 0) {
        sim_fail(sim, "only groups of ours are written", "#%llu %s", (unsigned long long)request->number,
                 name ? name : "");
        return;
    }
    const struct sim_mapping *mapping = &app->mapping[request->group];
    if (strcmp(request->method, "DELETE") == 0) {
        for (int i = 0; i < app->furnished_count; i++)
            if (strcmp(app->furnished[i], id) == 0)
                sim_fail(sim, "what Muster did not create it does not delete", "#%llu %s",
                         (unsigned long long)request->number, name);
        holds_deletes(sim, app, id, request->number);
        if (app->leaving[request->group] == 0)
            sim_fail(sim, "a group is deleted on order only", "#%llu %s", (unsigned long long)request->number, name);
    } else if (id) {
        check_group_patch(sim, request, body);
    } else if (!mapping->exists || !mapping->active || strcmp(mapping->name, name) != 0) {
        sim_fail(sim, "a group is created for an ACTIVE mapping only", "#%llu %s", (unsigned long long)request->number,
                 name);
    }
}

/* No write is handed out beside one of `others` to the same object; `within`: that was handed out less than that ago.
 */
static void check_beside(struct sim *sim, const struct sim_request *others, int64_t within,
                         const struct sim_request *request)
{
    for (const struct sim_request *other = others; other; other = other->next) {
        if (other->app != request->app || !is_write(other) || sim->now - other->handed_at >= within)
            continue;
        bool same_path = strcmp(other->path, request->path) == 0 && strcmp(request->method, "POST") != 0;
        bool same_new = strcmp(request->method, "POST") == 0 && strcmp(other->method, "POST") == 0 &&
                        str_eq(request->body, other->body);
        if (same_path || same_new)
            sim_fail(sim, "writes to one object never overlap", "#%llu and #%llu: %s",
                     (unsigned long long)other->number, (unsigned long long)request->number, request->path);
    }
}

/*
 * One writer per object: no write is handed out while another to the same object has no answer. What another node
 * handed out counts until its time to be answered is over, whether that node still waits, stands still or is gone.
 */
static void check_overlap(struct sim *sim, const struct sim_request *own, const struct sim_request *request)
{
    check_beside(sim, own, INT64_MAX, request);
    for (int i = 0; i < sim->node_count; i++)
        if (sim->nodes[i].requests != own)
            check_beside(sim, sim->nodes[i].requests, LIMIT_REQUEST_MS, request);
    check_beside(sim, sim->wire, LIMIT_REQUEST_MS, request);
}

/* A credential goes to the app that it was given for, in its header, and nowhere else. */
static void check_credential(struct sim *sim, const struct sim_request *request)
{
    const struct sim_app *app = &sim->apps[request->app];
    bool right = request->authorization && strncmp(request->authorization, "Bearer ", 7) == 0 &&
                 strcmp(request->authorization + 7, app->secret) == 0;
    if (!right)
        sim_fail(sim, "a credential goes where it was given for", "#%llu to app %d carries another one",
                 (unsigned long long)request->number, request->app);
    if (strstr(request->path, SIM_SECRET) || (request->query && strstr(request->query, SIM_SECRET)) ||
        (request->body && strstr(request->body, SIM_SECRET)))
        sim_fail(sim, "a credential is in its header only", "#%llu to app %d", (unsigned long long)request->number,
                 request->app);
}

/* What one process has in flight, this request included. */
static void check_in_flight(struct sim *sim, const struct sim_request *own, const struct sim_request *request)
{
    int all = 1;
    int of_app = 1;
    for (const struct sim_request *other = own; other; other = other->next) {
        all++;
        of_app += other->app == request->app;
    }
    if (of_app > LIMIT_APP_IN_FLIGHT || all > LIMIT_IN_FLIGHT)
        sim_fail(sim, "so many requests are in flight", "#%llu: %d to app %d, %d in all",
                 (unsigned long long)request->number, of_app, request->app, all);
}

void oracle_handed_out(struct sim *sim, const struct sim_request *own, struct sim_request *request)
{
    request->user = request->group = request->says_active = -1;
    if (!oracle_is_open(&sim->apps[request->app]))
        sim_fail(sim, "nothing is sent to an app that is off", "#%llu", (unsigned long long)request->number);
    check_credential(sim, request);
    check_in_flight(sim, own, request);
    if (!is_write(request))
        return;
    CLEANUP(jval_freep) struct jval *body = NULL;
    if (request->body && jval_parse(&body, request->body, strlen(request->body), NULL) < 0)
        sim_fail(sim, "requests are JSON", "#%llu", (unsigned long long)request->number);
    check_overlap(sim, own, request);
    if (id_below(request, "Users") || is_collection(request, "Users"))
        check_user(sim, request, body);
    else if (id_below(request, "Groups") || is_collection(request, "Groups"))
        check_group(sim, request, body);
    else
        sim_fail(sim, "only users and groups are written", "#%llu %s", (unsigned long long)request->number,
                 request->path);
}

/* Others read back what a node left in doubt once its time to be answered is over: it must not leave after that. */
void oracle_sent(struct sim *sim, const struct sim_request *request)
{
    if (is_write(request) && sim->now - request->handed_at >= LIMIT_REQUEST_MS)
        sim_fail(sim, "a node that was late sends nothing", "#%llu of node %d leaves after %lld ms",
                 (unsigned long long)request->number, request->from, (long long)(sim->now - request->handed_at));
}

/* --- rules of the state --------------------------------------------------------------------------------------------
 */

static int groups_of_source(const struct sim_app *app, int source)
{
    int count = 0;
    const char *id = NULL;
    while ((id = practice_next(app->practice, PRACTICE_GROUP, id)))
        count += generator_group_of_name(practice_name(app->practice, id)) == source;
    return count;
}

static int accounts_of_user(const struct sim_app *app, int user, const char **ret_id)
{
    int count = 0;
    const char *id = NULL;
    while ((id = practice_next(app->practice, PRACTICE_USER, id)))
        if (generator_user_of_name(practice_name(app->practice, id)) == user) {
            *ret_id = id;
            count++;
        }
    return count;
}

void oracle_applied(struct sim *sim, const struct sim_request *request)
{
    struct sim_app *app = &sim->apps[request->app];
    int status = request->response.status;
    if (status < 200 || status > 299)
        return;
    if (strcmp(request->method, "DELETE") == 0 && request->group >= 0)
        app->leaving[request->group]--;
    if (strcmp(request->method, "POST") == 0 && request->group >= 0) {
        int most = app->spare_count[request->group] + app->leaving[request->group] +
                   (app->mapping[request->group].exists ? 1 : 0);
        int count = groups_of_source(app, request->group);
        if (count > most)
            sim_fail(sim, "no group exists twice", "#%llu: %d groups of source %d in app %d, %d may be there",
                     (unsigned long long)request->number, count, request->group, request->app, most);
        struct sim_mapping *mapping = &app->mapping[request->group];
        mapping->adopted = mapping->unread = mapping->linked = false; /* there was none to take over */
    }
    const char *id = NULL;
    if (strcmp(request->method, "POST") == 0 && request->user >= 0 && accounts_of_user(app, request->user, &id) > 1)
        sim_fail(sim, "no account exists twice", "#%llu: person %d in app %d", (unsigned long long)request->number,
                 request->user, request->app);
}

/* The person whose user name a look-up names, "u7.2" after the last quote; the answer told that the account is there.
 */
static int user_looked_up(const struct sim_request *request)
{
    const char *at = request->query ? strstr(request->query, "userName%20eq%20%22u") : NULL;
    return at ? generator_user_of_name(at + strlen("userName%20eq%20%22")) : -1;
}

/* What an answer means for those who wait to be deactivated: whether the target would take a request. */
static void note_acceptance(struct sim *sim, struct sim_app *app, const struct sim_request *request)
{
    int status = request->response.status;
    bool answered = request->transport == TRANSPORT_OK;
    const char *seconds = request->response.retry_after;
    if (request->transport == TRANSPORT_NOT_SENT || (answered && (status == 401 || status == 503)))
        app->mute = true;
    else if (answered)
        app->mute = false;
    if (answered && status == 429) {
        bool told = seconds[0] >= '0' && seconds[0] <= '9';
        int64_t wait = told ? strtol(seconds, NULL, 10) * 1000 : seconds[0] ? 31000 : ASKED_MS;
        app->excused_until = MAX_OF(app->excused_until, sim->now + wait);
    }
    const char *id = id_below(request, "Users");
    int user = id ? user_of_id(sim, request->app, id) : -1;
    if (user >= 0 && (!answered || status / 100 != 2 || request->fault != SIM_FAULT_NONE))
        set_leaving(app, &app->standing[user], false); /* the account's own request failed: it is tried again later */
}

static bool names_user(const struct sim *sim, const struct sim_request *requests, int k, int user)
{
    for (const struct sim_request *request = requests; request; request = request->next) {
        const char *id = request->app == k ? id_below(request, "Users") : NULL;
        if (id && user_of_id(sim, k, id) == user)
            return true;
    }
    return false;
}

static bool is_asked_about(const struct sim *sim, int k, int user)
{
    for (int i = 0; i < sim->node_count; i++)
        if (names_user(sim, sim->nodes[i].requests, k, user))
            return true;
    return false;
}

static int accounts_of_user(const struct sim_app *app, int user, const char **ret_id);

static void check_waiting(struct sim *sim, int k, int user, int64_t ms)
{
    char login[SIM_NAME];
    struct sim_app *app = &sim->apps[k];
    struct standing *s = &app->standing[user];
    const char *id = NULL;
    bool active = false;
    int64_t most = WAIT_MS + SLACK_MS + sim->latency_min + sim->latency_span;
    if (sim->profile->rate)
        most += PACED_MS * app->leavers;
    s->waited += ms;
    if (s->waited <= most || is_asked_about(sim, k, user))
        return;
    if (accounts_of_user(app, user, &id) != 1 || !practice_user_active(app->practice, id, &active) || !active)
        set_leaving(app, s, false);
    else
        sim_fail(sim, "a deactivation keeps its bound",
                 "app %d: %s waits for %lld ms in which the target took requests", k, login_of(sim, user, login),
                 (long long)s->waited);
}

/* Where the clock is set nobody can tell how long something waited; where a switch was off, since when. */
void oracle_passed(struct sim *sim, int64_t ms)
{
    /* A target that refuses at random has no rate that could be kept; what a crash forgot nobody can tell; what a limit
     * holds waits for somebody. */
    if ((sim->faults & FAULT_BIT(RATE)) || sim->counts.crashes || sim->profile->limits)
        return;
    for (int k = 0; k < sim->app_count; k++) {
        const struct sim_app *app = &sim->apps[k];
        if (app->leavers == 0 || sim->profile->clock_steps || app->disturbed || !oracle_is_open(app) || app->mute ||
            sim->now < app->excused_until)
            continue;
        for (int u = 0; u < sim->user_count && !sim->failed; u++)
            if (app->standing[u].leaving)
                check_waiting(sim, k, u, ms);
    }
}

/* A process that has just started asks one thing at a time until something gets through. */
void oracle_started(struct sim *sim)
{
    for (int k = 0; k < sim->app_count; k++)
        sim->apps[k].mute = true;
}

/* Leases have to end and be shared out anew, and what was in doubt may be read once it cannot arrive any more. */
void oracle_unattended(struct sim *sim, int64_t until)
{
    oracle_started(sim);
    for (int k = 0; k < sim->app_count; k++) {
        struct sim_app *app = &sim->apps[k];
        app->excused_until = MAX_OF(app->excused_until, until + 3 * sim->lease_ms + LIMIT_REQUEST_MS + SLACK_MS);
    }
}

void oracle_delivered(struct sim *sim, const struct sim_request *request)
{
    struct sim_app *app = &sim->apps[request->app];
    bool good = request->transport == TRANSPORT_OK && request->response.status / 100 == 2;
    note_acceptance(sim, app, request);
    if (!good)
        return;
    const char *id = NULL;
    if (strcmp(request->method, "GET") == 0) {
        int user = user_looked_up(request);
        bool whole = request->fault == SIM_FAULT_NONE && !request->query;
        const char *group = whole ? id_below(request, "Groups") : NULL;
        int source = group ? generator_group_of_name(practice_name(app->practice, group)) : -1;
        if (source >= 0)
            app->mapping[source].unread = false;
        if (user >= 0 && request->fault == SIM_FAULT_NONE && accounts_of_user(app, user, &id))
            app->standing[user].found = true;
        return;
    }
    bool told = id_below(request, "Users") || strstr(buf_text(&request->response.body), "\"id\":");
    if (request->user >= 0 && told && request->fault == SIM_FAULT_NONE)
        app->standing[request->user].found = true;
    /* What a node that stood still was told of an earlier activation, nobody takes from it any more. */
    bool late = request->user >= 0 && sim->lease_ms && request->handed_at < app->standing[request->user].gained_at;
    if (request->user >= 0 && request->says_active == 1 && !late && request->fault != SIM_FAULT_TRUNCATED &&
        request->fault != SIM_FAULT_NOT_JSON)
        app->standing[request->user].gained = false;
}

/* --- the end -------------------------------------------------------------------------------------------------------
 */

static bool account_is_refused(const struct sim *sim, const struct sim_app *app, int user)
{
    return (app->flags & MANNER_REFUSES_ACCOUNTS) && sim->users[user].odd;
}

/* Somebody whom the target refuses has no account there, and an error that says so. */
static void check_refused_account(struct sim *sim, int k, int user, bool there)
{
    char login[SIM_NAME];
    char sql[400];
    struct sim_app *app = &sim->apps[k];
    (void)login_of(sim, user, login);
    if (there)
        sim_fail(sim, "the oracle knows whom a target refuses", "app %d: %s is there", k, login);
    if (app->standing[user].want != WANT_IN)
        return;
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM work AS w JOIN accounts AS a ON a.rid = w.object_rid WHERE w.kind = 1 AND"
                   " w.app_rid = %lld AND a.user_rid = %lld AND w.held = 1 AND w.error_class = 'ATTRIBUTE_REFUSED'",
                   (long long)app->rid, (long long)sim->users[user].rid);
    if (disk_number(sim->disk, sql) != 1)
        sim_fail(sim, "what is refused carries its error", "app %d: %s has no account, and nothing says why", k, login);
}

static void check_account_at_rest(struct sim *sim, int k, int user)
{
    char login[SIM_NAME];
    struct sim_app *app = &sim->apps[k];
    const struct standing *s = &app->standing[user];
    (void)login_of(sim, user, login);
    const char *id = NULL;
    bool active = false;
    int count = accounts_of_user(app, user, &id);
    bool there = count && practice_user_active(app->practice, id, &active);
    if (count > 1)
        sim_fail(sim, "no account exists twice", "app %d: %s has %d", k, login, count);
    if (account_is_refused(sim, app, user)) {
        check_refused_account(sim, k, user, there);
        return;
    }
    if (s->want == WANT_IN && (!there || !active))
        sim_fail(sim, "everybody who is wanted has an account", "app %d: %s is %s", k, login,
                 there ? "inactive" : "not there");
    if (s->want == WANT_OUT && active && (s->found || !s->was_there))
        sim_fail(sim, "nobody else has an account", "app %d: %s is active", k, login);
    if (s->want != WANT_IN || !there)
        return;
    /* An account that was found keeps the letter case of its name. */
    if (s->was_there ? strcasecmp(practice_name(app->practice, id), login) != 0
                     : !str_eq(practice_name(app->practice, id), login))
        sim_fail(sim, "accounts have the wanted profile", "app %d: %s, wanted %s", k, practice_name(app->practice, id),
                 login);
    char wanted[SIM_NAME];
    (void)snprintf(wanted, sizeof(wanted), "\"Title %d\"", sim->users[user].title_version);
    char *title = practice_attribute(app->practice, id, "title");
    if (!str_eq(title, wanted))
        sim_fail(sim, "accounts have the wanted profile", "app %d: %s has title %s, wanted %s", k, login,
                 title ? title : "none", wanted);
    free(title);
}

/* Somebody who belongs there and is not there: it may be that the target refuses or loses him, and then it is shown. */
static bool carries_error(struct sim *sim, int k, int group, int user)
{
    char login[SIM_NAME];
    char sql[400];
    struct sim_app *app = &sim->apps[k];
    if (account_is_refused(sim, app, user))
        return true; /* without an account there is no membership; the account carries the error */
    bool refused = (app->flags & MANNER_REFUSES_MEMBERS) && app->refused[user];
    if (!refused && !(app->flags & MANNER_DROPS))
        return false;
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM target_members AS t JOIN push_mappings AS m ON m.target_rid = t.target_rid"
                   " WHERE m.id = '%s' AND t.user_rid = %lld AND t.error_class = '%s' AND t.error IS NOT NULL",
                   app->mapping[group].id, (long long)sim->users[user].rid, refused ? "MEMBER_UNKNOWN" : "NOT_KEPT");
    bool shown = disk_number(sim->disk, sql) == 1;
    const char *id = NULL;
    if (!shown && !refused && practice_find_group(app->practice, app->mapping[group].name, &id) == 1 &&
        practice_group_size(app->practice, id) == 0) { /* an empty group proves nothing: it cannot be verified, */
        (void)snprintf(sql, sizeof(sql),
                       "SELECT t.verify_state FROM target_groups AS t JOIN push_mappings AS m ON m.target_rid = t.rid"
                       " WHERE m.id = '%s'",
                       app->mapping[group].id);
        shown = disk_number(sim->disk, sql) == VERIFY_UNREADABLE; /* which is shown */
    }
    if (!shown)
        sim_fail(sim, refused ? "what is refused carries its error" : "what is silently dropped is shown",
                 "app %d: %s lacks %s, and nothing says why", k, app->mapping[group].name, login_of(sim, user, login));
    return true;
}

static void check_members_at_rest(struct sim *sim, int k, int group, const char *id)
{
    char login[SIM_NAME];
    struct sim_app *app = &sim->apps[k];
    const char *name = app->mapping[group].name;
    for (int u = 0; u < sim->user_count; u++) {
        const char *account = NULL;
        bool there = accounts_of_user(app, u, &account) && practice_group_has(app->practice, id, account);
        enum want want = want_member(sim, app, group, u);
        if (want == WANT_IN && !there && app->mapping[group].edited[u] && behind_unverifiable(sim, app, group))
            continue;
        if (want == WANT_IN && !there && carries_error(sim, k, group, u))
            continue;
        if (want == WANT_IN && !there)
            sim_fail(sim, "groups hold everybody who is wanted", "app %d: %s lacks %s", k, name,
                     login_of(sim, u, login));
        if (want == WANT_OUT && there && !(app->mapping[group].linked && (app->flags & MANNER_HIDES)))
            sim_fail(sim, "groups hold nobody else", "app %d: %s still has %s", k, name, login_of(sim, u, login));
    }
    /* Who was in a group that was taken over stays where the target shows nobody: nothing may be concluded. */
    bool unknown = app->mapping[group].linked && (app->flags & MANNER_HIDES);
    for (const struct membership *m = NULL; !unknown && (m = practice_group_members(app->practice, id, m));)
        if (user_of_id(sim, k, practice_member_id(m)) < 0)
            sim_fail(sim, "groups hold nobody else", "app %d: %s still has the stranger %s", k, name,
                     practice_name(app->practice, practice_member_id(m)));
}

static void check_group_at_rest(struct sim *sim, int k, int group)
{
    struct sim_app *app = &sim->apps[k];
    const struct sim_mapping *mapping = &app->mapping[group];
    int count = groups_of_source(app, group);
    int most = app->spare_count[group] + (mapping->exists ? 1 : 0);
    if (count > most)
        sim_fail(sim, "no group exists twice", "app %d: %d groups of source %d, %d may be there", k, count, group,
                 most);
    if (!mapping->exists || !mapping->active)
        return;
    const char *id = NULL;
    size_t named = practice_find_group(app->practice, mapping->name, &id);
    if (named != 1)
        sim_fail(sim, "every pushed group is there", "app %d: %zu groups are called %s", k, named, mapping->name);
    else
        check_members_at_rest(sim, k, group, id);
}

/* What was acknowledged is in the store: as many people and memberships as the model has. */
static void check_facts_at_rest(struct sim *sim)
{
    int64_t users = 0;
    int64_t memberships = 0;
    for (int u = 0; u < sim->user_count; u++)
        users += !sim->users[u].deleted;
    for (int g = 0; g < sim->group_count; g++)
        for (int u = 0; u < sim->user_count; u++)
            memberships += sim->groups[g].members[u];
    int64_t users_kept = disk_number(sim->disk, "SELECT count(*) FROM users");
    int64_t memberships_kept = disk_number(sim->disk, "SELECT count(*) FROM memberships");
    if (users != users_kept || memberships != memberships_kept)
        sim_fail(sim, "no change is lost", "%lld people and %lld memberships, the store has %lld and %lld",
                 (long long)users, (long long)memberships, (long long)users_kept, (long long)memberships_kept);
}

/* What is kept of requests, answers, errors and events shows no credential, and of profiles no value. */
static void check_record_at_rest(struct sim *sim)
{
    static const struct {
        const char *where, *sql;
    } places[] = {
        {"the journal", "SELECT count(*) FROM attempt WHERE path LIKE '%" SIM_SECRET "%' OR request LIKE '%" SIM_SECRET
                        "%' OR answer LIKE '%" SIM_SECRET "%' OR path LIKE '%" SIM_VALUE
                        "%' OR request LIKE '%" SIM_VALUE "%' OR answer LIKE '%" SIM_VALUE "%'"},
        {"the system log", "SELECT count(*) FROM system_log WHERE event LIKE '%" SIM_SECRET "%'"},
        {"what failed",
         "SELECT count(*) FROM work WHERE error LIKE '%" SIM_SECRET "%' OR words LIKE '%" SIM_SECRET "%'"},
        {"the intents", "SELECT count(*) FROM intent WHERE detail LIKE '%" SIM_SECRET "%'"},
        {"the connections", "SELECT count(*) FROM app_connections WHERE base_url LIKE '%" SIM_SECRET
                            "%' OR header_name LIKE '%" SIM_SECRET "%' OR user_name LIKE '%" SIM_SECRET "%'"},
    };
    for (size_t i = 0; i < ARRAY_LEN(places) && !sim->failed; i++) {
        int64_t rows = disk_number(sim->disk, places[i].sql);
        if (rows)
            sim_fail(sim, "what is kept shows no secret", "%lld rows of %s", (long long)rows, places[i].where);
    }
}

void oracle_at_rest(struct sim *sim)
{
    check_record_at_rest(sim);
    for (int k = 0; k < sim->app_count; k++) {
        for (int u = 0; u < sim->user_count && !sim->failed; u++)
            check_account_at_rest(sim, k, u);
        for (int g = 0; g < sim->group_count && !sim->failed; g++)
            check_group_at_rest(sim, k, g);
    }
    check_facts_at_rest(sim);
    /* The accounts that a target refuses wait for somebody, and were looked at above. */
    int64_t work = disk_number(sim->disk, "SELECT count(*) FROM work WHERE NOT (kind = 1 AND held = 1 AND"
                                          " error_class = 'ATTRIBUTE_REFUSED')");
    /* What an INACTIVE or deleted mapping left in doubt stays so: nothing is sent for it, not even a question. */
    int64_t intents = disk_number(sim->disk, "SELECT count(*) FROM intent WHERE work_kind = 1 OR EXISTS (SELECT 1 FROM"
                                             " push_mappings AS m WHERE m.target_rid = object_rid AND m.status = 1)");
    if (work)
        sim_fail(sim, "nothing is held or left over", "%lld rows of work", (long long)work);
    if (intents)
        sim_fail(sim, "nothing is held or left over", "%lld intents", (long long)intents);
}

/* --- pictures ------------------------------------------------------------------------------------------------------
 */

struct group_picture {
    char id[SIM_ID];
    char name[SIM_NAME];
    bool members[SIM_USERS];
};

struct app_picture {
    struct {
        bool there, active;
        char name[SIM_NAME];
        char title[SIM_NAME];
    } users[SIM_USERS];
    struct group_picture groups[PICTURE_GROUPS];
    int group_count;
    int user_count;
};

struct picture {
    struct app_picture apps[SIM_APPS];
};

static void picture_users(const struct sim *sim, int k, struct app_picture *ret)
{
    const struct practice *practice = sim->apps[k].practice;
    const char *id = NULL;
    ret->user_count = sim->user_count;
    while ((id = practice_next(practice, PRACTICE_USER, id))) {
        int user = user_of_id(sim, k, id);
        if (user < 0)
            continue;
        ret->users[user].there = true;
        (void)practice_user_active(practice, id, &ret->users[user].active);
        (void)snprintf(ret->users[user].name, SIM_NAME, "%s", practice_name(practice, id));
        char *title = practice_attribute(practice, id, "title");
        (void)snprintf(ret->users[user].title, SIM_NAME, "%s", title ? title : "");
        free(title);
    }
}

static void picture_groups(const struct sim *sim, int k, struct app_picture *ret)
{
    const struct practice *practice = sim->apps[k].practice;
    const char *id = NULL;
    while ((id = practice_next(practice, PRACTICE_GROUP, id)) && ret->group_count < PICTURE_GROUPS) {
        struct group_picture *group = &ret->groups[ret->group_count++];
        (void)snprintf(group->id, SIM_ID, "%s", id);
        (void)snprintf(group->name, SIM_NAME, "%s", practice_name(practice, id));
        for (const struct membership *m = NULL; (m = practice_group_members(practice, id, m));) {
            int user = user_of_id(sim, k, practice_member_id(m));
            if (user >= 0)
                group->members[user] = true;
        }
    }
}

struct picture *oracle_picture(const struct sim *sim)
{
    struct picture *picture = NEW(struct picture);
    for (int k = 0; k < sim->app_count; k++) {
        picture_users(sim, k, &picture->apps[k]);
        picture_groups(sim, k, &picture->apps[k]);
    }
    return picture;
}

struct picture *oracle_picture_free(struct picture *picture)
{
    free(picture);
    return NULL;
}

static int minimum_of_users(const struct app_picture *before, const struct app_picture *after, int *ret_created)
{
    int minimum = 0;
    for (int u = 0; u < after->user_count; u++) {
        if (!before->users[u].there && after->users[u].there) {
            minimum += 2; /* look up, create */
            (*ret_created)++;
        } else if (memcmp(&before->users[u], &after->users[u], sizeof(after->users[u])) != 0) {
            minimum++;
            *ret_created += after->users[u].active && !before->users[u].active;
        }
    }
    return minimum;
}

static const struct group_picture *same_group(const struct app_picture *app, const char *id)
{
    for (int i = 0; i < app->group_count; i++)
        if (strcmp(app->groups[i].id, id) == 0)
            return &app->groups[i];
    return NULL;
}

static int minimum_of_group(const struct group_picture *before, const struct group_picture *after, int users, int batch,
                            int *ret_different)
{
    int different = 0;
    for (int u = 0; u < users; u++)
        different += after->members[u] != (before && before->members[u]);
    *ret_different = different;
    int minimum = (different + batch - 1) / batch;
    if (!before)
        return minimum + 2; /* look up, create */
    return minimum + (strcmp(before->name, after->name) != 0);
}

int oracle_minimum(const struct sim *sim, const struct picture *before, const struct picture *after, int *ret_batches)
{
    int minimum = 0;
    *ret_batches = 0;
    for (int k = 0; k < sim->app_count; k++) {
        const struct app_picture *old = &before->apps[k];
        const struct app_picture *new = &after->apps[k];
        int created = 0;
        minimum += minimum_of_users(old, new, &created);
        for (int i = 0; i < new->group_count; i++) {
            int different = 0;
            minimum += minimum_of_group(same_group(old, new->groups[i].id), &new->groups[i], new->user_count,
                                        sim->apps[k].batch, &different);
            *ret_batches += MAX_OF(MIN_OF(created, different - 1), 0);
        }
        for (int i = 0; i < old->group_count; i++)
            minimum += same_group(new, old->groups[i].id) == NULL;
    }
    return minimum;
}
