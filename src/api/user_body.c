/* SPDX-License-Identifier: Apache-2.0 */
#include "api/user_body.h"

#include "api/objects.h"
#include "base/limits.h"
#include "base/text.h"

#define PASSWORD_CHARS_MIN 8
#define QUESTION_CHARS_MAX 100 /* as published */

struct hashing {
    struct call *call;
    const char *password; /* in call->body, which lives until the answer */
    char hash[PASSWORD_HASH_BYTES];
};

/* --- the password --------------------------------------------------------------------------------------------------
 */

static const char *given_password(const struct call *call)
{
    return jval_str(jval_path(call->body, "credentials.password.value"));
}

static void hash_on_worker(void *arg)
{
    struct hashing *hashing = arg;
    struct call *call = hashing->call;
    if (password_hash(hashing->password, hashing->hash) < 0) {
        (void)problem_set(&call->problem, E0000009, "%s", "");
        call_refuse(call);
        return;
    }
    call->prepared = hashing->hash;
    call_continue(call);
}

void user_body_prepare(struct call *call)
{
    const char *password = given_password(call);
    if (!password || !password_fits(password, PASSWORD_CHARS_MIN)) { /* the handler says what is wrong */
        call_continue(call);
        return;
    }
    struct hashing *hashing = arena_alloc(call->arena, sizeof(*hashing));
    hashing->call = call;
    hashing->password = password;
    if (worker_submit(api_worker(call->api), hash_on_worker, hashing) < 0) {
        (void)problem_set(&call->problem, E0000047, "%s", "");
        (void)problem_cause(&call->problem, "Too many passwords wait to be hashed; try again in a moment");
        call_refuse(call);
    }
}

static int read_password(struct call *call, const struct jval *password, struct user_body *ret)
{
    if (jval_type(password) == JVAL_NONE || jval_type(password) == JVAL_NULL)
        return 0;
    if (jval_type(password) != JVAL_OBJECT)
        return call_invalid(call, "credentials.password", "Give an object with the password as its value");
    if (jval_get(password, "hash") || jval_get(password, "hook"))
        return call_invalid(call, "credentials.password",
                            "Hashed passwords and password hooks are not supported; give the password as value");
    const struct jval *value = jval_get(password, "value");
    if (jval_type(value) == JVAL_NONE || jval_type(value) == JVAL_NULL)
        return 0; /* as it comes back from a GET */
    if (!jval_str(value))
        return call_invalid(call, "credentials.password.value", "The value must be a string");
    if (!password_fits(jval_str(value), PASSWORD_CHARS_MIN))
        return problem_invalid(&call->problem, "password",
                               "password: Password requirements were not met. Password requirements: %d to %d "
                               "characters, no control characters",
                               PASSWORD_CHARS_MIN, LIMIT_PASSWORD_CHARS);
    assert(call->prepared);
    ret->password_hash = call->prepared;
    return 0;
}

/* --- the other credentials -----------------------------------------------------------------------------------------
 */

static int read_provider(struct call *call, const struct jval *provider, struct user_body *ret)
{
    static const char *const types[] = {"OKTA", "FEDERATION", "SOCIAL", "ACTIVE_DIRECTORY", "LDAP", "IMPORT"};
    if (jval_type(provider) == JVAL_NONE || jval_type(provider) == JVAL_NULL)
        return 0;
    const char *type = jval_get_str(provider, "type");
    const char *name = jval_get_str(provider, "name");
    for (size_t i = 0; type && i < ARRAY_LEN(types); i++)
        if (strcmp(types[i], type) == 0)
            ret->provider = types[i];
    if (!ret->provider)
        return call_invalid(call, "credentials.provider.type",
                            "Give one of OKTA, FEDERATION, SOCIAL, ACTIVE_DIRECTORY, LDAP and IMPORT");
    if (name && (text_chars(name) > LIMIT_NAME_CHARS || text_has_control(name)))
        return call_invalid(call, "credentials.provider.name", "Give at most %d characters, no control characters",
                            LIMIT_NAME_CHARS);
    ret->provider_name = name;
    return 0;
}

static int read_question(struct call *call, const struct jval *recovery, struct user_body *ret)
{
    if (jval_type(recovery) == JVAL_NONE || jval_type(recovery) == JVAL_NULL || jval_len(recovery) == 0)
        return 0;
    const char *question = jval_get_str(recovery, "question");
    const char *answer = jval_get_str(recovery, "answer");
    if (!question || !question[0] || text_chars(question) > QUESTION_CHARS_MAX || text_has_control(question))
        return call_invalid(call, "credentials.recovery_question.question",
                            "Give a question of 1 to %d characters, no control characters", QUESTION_CHARS_MAX);
    if (jval_get(recovery, "answer") && (!answer || !answer[0] || text_chars(answer) > QUESTION_CHARS_MAX))
        return call_invalid(call, "credentials.recovery_question.answer", "Give an answer of 1 to %d characters",
                            QUESTION_CHARS_MAX);
    ret->question = question;
    ret->has_answer = answer != NULL;
    return 0;
}

static int read_fixed_fields(struct call *call, const struct jval *body)
{
    const struct jval *type = jval_path(body, "type.id");
    if (type && jval_type(type) != JVAL_NULL && !str_eq(jval_str(type), USER_TYPE_ID) &&
        !str_eq(jval_str(type), "default"))
        return call_invalid(call, "type.id", "There is one user type, %s; leave it out", USER_TYPE_ID);
    const struct jval *realm = jval_get(body, "realmId");
    if (realm && jval_type(realm) != JVAL_NULL)
        return call_invalid(call, "realmId", "Realms are not supported; leave it out");
    return 0;
}

int user_body_read(struct call *call, struct user_body *ret)
{
    const struct jval *body = NULL;
    *ret = (struct user_body){0};
    int r = call_body_object(call, &body);
    if (r < 0)
        return r;
    const struct jval *profile = jval_get(body, "profile");
    if (profile && jval_type(profile) != JVAL_NULL)
        ret->profile = profile;
    const struct jval *groups = jval_get(body, "groupIds");
    if (jval_type(groups) == JVAL_ARRAY)
        ret->group_ids = groups;
    else if (groups && jval_type(groups) != JVAL_NULL)
        return call_invalid(call, "groupIds", "Give an array of group ids");
    const struct jval *credentials = jval_get(body, "credentials");
    if (credentials && jval_type(credentials) != JVAL_NULL && jval_type(credentials) != JVAL_OBJECT)
        return call_invalid(call, "credentials", "Give an object");
    r = read_fixed_fields(call, body);
    if (r == 0)
        r = read_provider(call, jval_get(credentials, "provider"), ret);
    if (r == 0)
        r = read_question(call, jval_get(credentials, "recovery_question"), ret);
    if (r == 0)
        r = read_password(call, jval_get(credentials, "password"), ret);
    return r;
}
