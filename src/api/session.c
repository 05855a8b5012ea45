/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /api/v1/session: signing in to the console and out of it. Passwords are compared and hashed on the worker, after a
 * read has found what to compare with and before the transaction that makes the session.
 */
#include "api/session.h"

#include "api/inner.h"
#include "base/text.h"

#define SESSION "/api/v1/session"
#define PASSWORD_CHARS_MIN 12
#define COOKIE_S ((long)(LIMIT_SESSION_MS / 1000))

/* What is under way between the request and the transaction that answers it; in the call's arena. */
struct sign_in {
    struct call *call;
    struct store_job job;
    const char *email;        /* who says to be it; NULL: not asked */
    const char *link;         /* the secret of a link; NULL: none */
    const char *password;     /* to be compared; NULL: nothing is */
    const char *new_password; /* to be hashed; NULL: none */
    const char *stored;       /* the hash to compare with; NULL: nobody's */
    int64_t administrator;    /* rid, 0: nobody */
    bool matches;
    bool any;                       /* a link was used, and somebody can sign in now */
    char hash[PASSWORD_HASH_BYTES]; /* of new_password */
};

/* --- the answer --------------------------------------------------------------------------------------------------- */

void session_write_administrator(struct jout *out, const struct administrator *administrator)
{
    jout_str(out, "id", administrator->id);
    jout_str(out, "name", administrator->name);
    jout_str(out, "email", administrator->email);
    jout_str(out, "role", role_name(administrator->role));
}

void session_write_link(struct call *call, const char *secret, int64_t now)
{
    /* Behind '#', which browsers send to nobody and servers therefore do not log. */
    jout_str(&call->out, "link", call_link(call, "/welcome#%s", secret));
    jout_time(&call->out, "expiresAt", now + LIMIT_SIGN_IN_LINK_MS);
    call_answer_is_secret(call);
}

static void set_cookie(struct call *call, const char *secret)
{
    bool tls = strncmp(call_link(call, "%s", ""), "https:", 6) == 0;
    call_header(call, "Set-Cookie",
                arena_printf(call->arena, SESSION_COOKIE "=%s; Path=/; Max-Age=%ld; HttpOnly; SameSite=Strict%s",
                             secret ? secret : "", secret ? COOKIE_S : 0, tls ? "; Secure" : ""));
}

static void write_session(struct call *call, const struct session *session, const char *secret)
{
    char csrf[SESSION_CSRF_BYTES];
    session_csrf(secret, csrf);
    jout_object(&call->out, NULL);
    session_write_administrator(&call->out, &session->administrator);
    jout_str(&call->out, "csrf", csrf);
    jout_time(&call->out, "created", session->created);
    jout_time(&call->out, "expiresAt", session->expires);
    jout_str(&call->out, "stream", stream_position(call));
    jout_end(&call->out);
}

/* Begins a session and answers with it. */
static int begin_session(struct tx *tx, struct call *call, int64_t administrator_rid)
{
    struct administrator administrator;
    struct session session;
    const char *secret;
    int r = administrator_by_rid(tx, administrator_rid, &administrator);
    if (r < 0)
        return r;
    struct origin *origin = tx_origin(tx);
    origin->actor_id = administrator.id;
    origin->actor_name = administrator.email;
    r = session_create(tx, &administrator, &session, &secret);
    if (r < 0)
        return r;
    set_cookie(call, secret);
    write_session(call, &session, secret);
    return 0;
}

/* --- failures ------------------------------------------------------------------------------------------------------
 */

static const char *key_of(const struct sign_in *in, bool as, bool from)
{
    return arena_printf(in->call->arena, "%s|%s", as ? text_fold(in->call->arena, in->email) : "",
                        from ? call_client(in->call) : "");
}

/* Counts, or takes back, a failure under each of the keys. */
static void count_failure(const struct sign_in *in, void (*count)(const struct sign_in *in, const char *key))
{
    count(in, key_of(in, false, true));
    if (!in->email)
        return;
    count(in, key_of(in, true, true));
    count(in, key_of(in, true, false));
}

static void add_failure(const struct sign_in *in, const char *key)
{
    throttle_failed(in->call->api->throttle, key, env_now(in->call->api->options.env));
}

static void forgive_failure(const struct sign_in *in, const char *key)
{
    throttle_forgive(in->call->api->throttle, key);
}

/* Counted as a failure until it succeeds, so that many at once are not all let through before the first has failed. */
static bool may_try(const struct sign_in *in)
{
    struct throttle *throttle = in->call->api->throttle;
    int64_t now = env_now(in->call->api->options.env);
    bool open = throttle_open(throttle, key_of(in, false, true), LIMIT_SIGN_IN_FAILURES_FROM, now) &&
                (!in->email || (throttle_open(throttle, key_of(in, true, true), LIMIT_SIGN_IN_FAILURES, now) &&
                                throttle_open(throttle, key_of(in, true, false), LIMIT_SIGN_IN_FAILURES_AS, now)));
    if (open)
        count_failure(in, add_failure);
    return open;
}

/* Calls that are refused roll back, so that the event of the failure has a job of its own. */
static int record_failure(struct tx *tx, void *arg)
{
    const struct sign_in *in = arg;
    struct administrator who = {.id = "unknown", .name = "unknown", .email = in->email};
    if (in->administrator) {
        int r = administrator_by_rid(tx, in->administrator, &who);
        if (r < 0 && r != ERR_NOT_FOUND)
            return r;
    }
    return administrator_event(tx, &who, "user.session.start", "FAILURE", "INVALID_CREDENTIALS");
}

static void refuse_recorded(struct store_job *job, int result)
{
    struct sign_in *in = job->arg;
    (void)result; /* the refusal stands, whether it could be logged or not */
    call_refuse(in->call);
}

static void refuse_password(struct sign_in *in)
{
    struct call *call = in->call;
    (void)problem_set(&call->problem, E0000004, "%s", "");
    (void)problem_cause(&call->problem, "The e-mail address or the password is wrong");
    in->job = (struct store_job){.run = record_failure,
                                 .arg = in,
                                 .done = refuse_recorded,
                                 .origin = {.actor_id = "unknown",
                                            .actor_type = "User",
                                            .actor_name = in->email,
                                            .request_id = call->_private->request_id,
                                            .client_ip = call->_private->client_ip,
                                            .user_agent = call->_private->user_agent}};
    store_write(api_store(call->api), &in->job);
}

static void refuse_link(struct call *call)
{
    (void)problem_invalid(&call->problem, "token",
                          "token: The link was used, has expired, or was replaced by a newer one; ask for another one "
                          "(`muster admin reset` makes one for the first administrator)");
}

/* --- before the transaction --------------------------------------------------------------------------------------- */

static void burn(void *arg)
{
    struct sign_in *in = arg;
    struct call *call = in->call;
    in->matches = !in->password || password_matches(in->stored, in->password);
    if (!in->matches) {
        refuse_password(in);
        return;
    }
    count_failure(in, forgive_failure);
    if (in->new_password && password_hash(in->new_password, in->hash) < 0) {
        (void)problem_set(&call->problem, E0000009, "%s", "");
        call_refuse(call);
        return;
    }
    call->prepared = in;
    call_continue(call);
}

static int find_what_to_compare(struct tx *tx, void *arg)
{
    struct sign_in *in = arg;
    struct administrator administrator = {0};
    in->stored = NULL;
    in->administrator = 0;
    int r = in->link ? sign_in_link_find(tx, in->link, &in->administrator)
                     : administrator_by_email(tx, in->email, &administrator);
    if (in->link || r < 0)
        return !in->link && r == ERR_NOT_FOUND ? 0 : r;
    in->administrator = administrator.rid;
    in->stored = administrator.password_hash ? arena_strdup(in->call->arena, administrator.password_hash) : NULL;
    return 0;
}

static void found_what_to_compare(struct store_job *job, int result)
{
    struct sign_in *in = job->arg;
    struct call *call = in->call;
    if (result == ERR_NOT_FOUND) {
        refuse_link(call);
        call_refuse(call);
    } else if (result < 0) {
        call_answer(call, result);
    } else if (worker_submit(api_worker(call->api), burn, in) < 0) {
        (void)problem_set(&call->problem, E0000047, "%s", "");
        (void)problem_cause(&call->problem, "Too many passwords wait to be looked at; try again in a moment");
        call_refuse(call);
    }
}

static void begin_sign_in(struct sign_in *in)
{
    struct call *call = in->call;
    if (!may_try(in)) {
        (void)problem_set(&call->problem, E0000047, "%s", "");
        (void)problem_cause(&call->problem, "Too many failures to sign in; wait %d minutes",
                            LIMIT_SIGN_IN_WAIT_MS / 60000);
        call_refuse(call);
        return;
    }
    in->job = (struct store_job){.run = find_what_to_compare, .arg = in, .done = found_what_to_compare};
    store_read(api_store(call->api), &in->job);
}

static struct sign_in *new_sign_in(struct call *call)
{
    struct sign_in *in = arena_alloc(call->arena, sizeof(*in));
    *in = (struct sign_in){.call = call};
    return in;
}

/* A text of the body, or NULL. */
static const char *given(const struct call *call, const char *name, size_t chars_max)
{
    const char *text = jval_type(call->body) == JVAL_OBJECT ? jval_get_str(call->body, name) : NULL;
    return text && *text && text_chars(text) <= chars_max ? text : NULL;
}

/* What is missing or wrong of a body is said by the handler: then nothing is prepared. */
static void prepare_sign_in(struct call *call)
{
    struct sign_in *in = new_sign_in(call);
    in->email = given(call, "email", LIMIT_LOGIN_CHARS);
    in->password = given(call, "password", LIMIT_PASSWORD_CHARS);
    if (in->email && in->password)
        begin_sign_in(in);
    else
        call_continue(call);
}

static void prepare_claim(struct call *call)
{
    struct sign_in *in = new_sign_in(call);
    in->link = given(call, "token", LIMIT_SECRET_BYTES);
    in->new_password = given(call, "password", LIMIT_PASSWORD_CHARS);
    if (in->link && in->new_password && password_fits(in->new_password, PASSWORD_CHARS_MIN))
        begin_sign_in(in);
    else
        call_continue(call);
}

static void prepare_password(struct call *call)
{
    struct sign_in *in = new_sign_in(call);
    in->password = given(call, "currentPassword", LIMIT_PASSWORD_CHARS);
    in->new_password = given(call, "newPassword", LIMIT_PASSWORD_CHARS);
    if (call->session && in->password && in->new_password && password_fits(in->new_password, PASSWORD_CHARS_MIN)) {
        in->email = call->session->administrator.email;
        begin_sign_in(in);
    } else {
        call_continue(call);
    }
}

/* --- handlers ----------------------------------------------------------------------------------------------------- */

static int need_text(struct call *call, const char *name)
{
    const struct jval *body;
    int r = call_body_object(call, &body);
    if (r < 0)
        return r;
    const char *text = jval_get_str(body, name);
    return text && *text ? 0 : call_invalid(call, name, "The field cannot be left blank");
}

static int need_password(struct call *call, const char *name)
{
    int r = need_text(call, name);
    if (r < 0 || password_fits(jval_get_str(call->body, name), PASSWORD_CHARS_MIN))
        return r;
    return call_invalid(call, name, "Give %d to %d characters, without control characters", PASSWORD_CHARS_MIN,
                        LIMIT_PASSWORD_CHARS);
}

static int need_session(struct call *call)
{
    if (call->session)
        return 0;
    (void)problem_set(&call->problem, E0000005, "%s", "");
    return problem_cause(&call->problem, "This call was made with a token; sign in with POST " SESSION);
}

static int get_session(struct tx *tx, struct call *call)
{
    (void)tx;
    int r = need_session(call);
    if (r == 0)
        write_session(call, call->session, call_secret(call));
    return r;
}

static int sign_in(struct tx *tx, struct call *call)
{
    const struct sign_in *in = call->prepared;
    int r = need_text(call, "email");
    if (r == 0)
        r = need_text(call, "password");
    if (r < 0)
        return r;
    struct administrator now = {0};
    r = in ? administrator_by_rid(tx, in->administrator, &now) : ERR_NOT_FOUND;
    if (r == ERR_NOT_FOUND || (r == 0 && !str_eq(now.password_hash, in->stored))) {
        /* Longer than any is; or the password was changed since it was compared. */
        (void)problem_set(&call->problem, E0000004, "%s", "");
        return problem_cause(&call->problem, "The e-mail address or the password is wrong");
    }
    return r < 0 ? r : begin_session(tx, call, now.rid);
}

/* At the end of the call. */
static void tell_claimed(struct call *call)
{
    const struct sign_in *in = call->prepared;
    const struct api_options *options = &call->api->options;
    if (in->any && call->problem.code == PUBLISHED_NONE && options->first_signed_in)
        options->first_signed_in(options->first_data);
}

/* Whoever has the first link names himself. */
static int create_first(struct tx *tx, struct call *call, int64_t *ret_rid)
{
    const struct administrator_input input = {
        .name = jval_get_str(call->body, "name"), .email = jval_get_str(call->body, "email"), .role = ROLE_ADMIN};
    struct administrator first;
    int r = administrator_any(tx);
    if (r > 0)
        refuse_link(call);
    if (r != 0)
        return r > 0 ? ERR_PROBLEM : r;
    r = administrator_create(tx, &input, &first, &call->problem);
    if (r == 0)
        *ret_rid = first.rid;
    return r;
}

static int claim(struct tx *tx, struct call *call)
{
    struct sign_in *in = call->prepared;
    int64_t rid = 0;
    int r = need_text(call, "token");
    if (r == 0)
        r = need_password(call, "password");
    if (r < 0)
        return r;
    r = in ? sign_in_link_take(tx, in->link, &rid) : ERR_NOT_FOUND;
    if (r == ERR_NOT_FOUND) {
        refuse_link(call);
        return ERR_PROBLEM;
    }
    if (r == 0 && rid == 0)
        r = create_first(tx, call, &rid);
    if (r == 0)
        r = administrator_set_password(tx, rid, in->hash);
    int any = r < 0 ? r : administrator_any(tx);
    if (any < 0)
        return any;
    in->any = any > 0;
    call->release = tell_claimed;
    return begin_session(tx, call, rid);
}

static int change_password(struct tx *tx, struct call *call)
{
    const struct sign_in *in = call->prepared;
    int r = need_session(call);
    if (r == 0)
        r = need_text(call, "currentPassword");
    if (r == 0)
        r = need_password(call, "newPassword");
    if (r < 0)
        return r;
    if (!in)
        return call_invalid(call, "currentPassword", "The password is wrong");
    struct administrator now = {0};
    r = administrator_by_rid(tx, call->session->administrator.rid, &now);
    if (r == 0 && !str_eq(now.password_hash, in->stored)) /* it was changed since it was compared */
        return call_invalid(call, "currentPassword", "The password is wrong");
    if (r == 0)
        r = administrator_set_password(tx, now.rid, in->hash);
    return r < 0 ? r : begin_session(tx, call, now.rid);
}

static int sign_out(struct tx *tx, struct call *call)
{
    int r = need_session(call);
    if (r == 0)
        r = session_end(tx, call_secret(call));
    set_cookie(call, NULL);
    call->status = 204;
    return r;
}

const struct route session_routes[] = {
    {"GET", SESSION, ROUTE_READ, ROLE_READ_ONLY, get_session, "getSession", NULL},
    {"POST", SESSION, ROUTE_SIGN_IN, ROLE_NONE, sign_in, "signIn", prepare_sign_in},
    {"DELETE", SESSION, ROUTE_WRITE, ROLE_READ_ONLY, sign_out, "signOut", NULL},
    {"POST", SESSION "/claim", ROUTE_SIGN_IN, ROLE_NONE, claim, "useSignInLink", prepare_claim},
    {"POST", SESSION "/password", ROUTE_WRITE, ROLE_READ_ONLY, change_password, "changeOwnPassword", prepare_password},
    {.method = NULL},
};
