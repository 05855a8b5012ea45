/* SPDX-License-Identifier: Apache-2.0 */
/* /practice/...: what a tester asks of the practice target itself. None of it is counted or journaled. */
#include "practice/inner.h"

#include <errno.h>

static void begin(struct call *call, struct jout *out)
{
    jout_init(out, &call->ret->body);
    call->ret->status = 200;
    call->ret->content_type = "application/json";
}

static int answer_journal(struct call *call)
{
    struct jout out;
    const char *text = url_param(&call->params, "after");
    uint64_t after = 0;
    if (strcmp(call->method, "DELETE") == 0) {
        practice_journal_clear(call->p);
        call->ret->status = 204;
        return 0;
    }
    if (strcmp(call->method, "GET") != 0)
        return call_refuse_method(call, "GET, DELETE");
    if (text) {
        char *end = NULL;
        errno = 0;
        after = strtoull(text, &end, 10);
        if (errno || end == text || *end || *text == '-')
            return refuse_value(&call->refusal, "after must be the number of an entry, not \"%.100s\".", text);
    }
    begin(call, &out);
    journal_write(call->p->journal, after, &out);
    return 0;
}

static int answer_state(struct call *call)
{
    struct practice *p = call->p;
    struct jout out;
    if (strcmp(call->method, "DELETE") == 0) {
        practice_clear(p);
        call->ret->status = 204;
        return 0;
    }
    if (strcmp(call->method, "GET") != 0)
        return call_refuse_method(call, "GET, DELETE");
    size_t active = 0;
    for (const struct resource *r = p->shelves[PRACTICE_USER].first; r; r = r->next)
        active += resource_is_active(r);
    begin(call, &out);
    jout_object(&out, NULL);
    jout_int(&out, "users", (int64_t)practice_user_count(p));
    jout_int(&out, "activeUsers", (int64_t)active);
    jout_int(&out, "groups", (int64_t)practice_group_count(p));
    jout_int(&out, "memberships", (int64_t)practice_membership_count(p));
    journal_write_counts(p->journal, &out);
    jout_end(&out);
    return 0;
}

static int answer_faults(struct call *call)
{
    struct jout out;
    if (strcmp(call->method, "DELETE") == 0) {
        practice_clear_faults(call->p);
    } else if (strcmp(call->method, "PUT") == 0) {
        int r = faults_read(call->p->faults, call->p->env, call->body, &call->refusal);
        if (r < 0)
            return r;
    } else if (strcmp(call->method, "GET") != 0) {
        return call_refuse_method(call, "GET, PUT, DELETE");
    }
    begin(call, &out);
    faults_write(call->p->faults, &out);
    return 0;
}

static int answer_har(struct call *call)
{
    struct jout out;
    if (strcmp(call->method, "GET") != 0)
        return call_refuse_method(call, "GET");
    begin(call, &out);
    har_write(call->p, &out);
    return 0;
}

static int answer_profiles(struct call *call)
{
    struct jout out;
    if (strcmp(call->method, "GET") != 0)
        return call_refuse_method(call, "GET");
    begin(call, &out);
    profiles_write(&out);
    return 0;
}

int control_answer(struct call *call)
{
    const char *what = call->path.count == 1 ? call->path.segments[0] : "";
    if (strcmp(what, "journal") == 0)
        return answer_journal(call);
    if (strcmp(what, "state") == 0)
        return answer_state(call);
    if (strcmp(what, "faults") == 0)
        return answer_faults(call);
    if (strcmp(what, "profiles") == 0)
        return answer_profiles(call);
    if (strcmp(what, "har") == 0)
        return answer_har(call);
    return refuse(&call->refusal, 404, NULL, "Known are /practice/journal, har, state, faults and profiles.");
}
