/* SPDX-License-Identifier: Apache-2.0 */
/* The life cycle of a user: which operation is allowed in which status, what it leads to, and how it is refused. */
#include "directory/rows.h"

SQL(USER_SET_STATUS, "UPDATE users SET status = $2, status_changed = $3, activated = $4, last_updated = $5,"
                     " version = version + 1 WHERE rid = $1");

static const char *const status_names[] = {
    [USER_STAGED] = "STAGED",       [USER_PROVISIONED] = "PROVISIONED",           [USER_ACTIVE] = "ACTIVE",
    [USER_RECOVERY] = "RECOVERY",   [USER_PASSWORD_EXPIRED] = "PASSWORD_EXPIRED", [USER_LOCKED_OUT] = "LOCKED_OUT",
    [USER_SUSPENDED] = "SUSPENDED", [USER_DEPROVISIONED] = "DEPROVISIONED",
};

const char *user_status_name(enum user_status status)
{
    assert(status >= USER_STAGED && status <= USER_DEPROVISIONED);
    return status_names[status];
}

int user_status_parse(const char *name, enum user_status *ret)
{
    for (int i = USER_STAGED; i <= USER_DEPROVISIONED; i++) {
        if (strcmp(status_names[i], name) == 0) {
            *ret = (enum user_status)i;
            return 0;
        }
    }
    return ERR_SYNTAX;
}

bool user_status_is_eligible(enum user_status status)
{
    return status == USER_PROVISIONED || status == USER_ACTIVE || status == USER_RECOVERY ||
           status == USER_PASSWORD_EXPIRED || status == USER_LOCKED_OUT;
}

#define IN(status) (1u << (status))
/* Those who were activated and can do what active users do: activating them again is refused in words of its own. */
#define ACTIVATED                                                                                                      \
    (IN(USER_PROVISIONED) | IN(USER_ACTIVE) | IN(USER_RECOVERY) | IN(USER_PASSWORD_EXPIRED) | IN(USER_LOCKED_OUT))

static const struct rule {
    unsigned from;             /* statuses in which it is allowed */
    enum user_status to;       /* 0: stays, or as transition_target() says */
    bool needs_password;       /* there must be one that Muster keeps */
    enum published refusal;    /* in every other status */
    const char *refusal_where; /* what E0000001 is about */
    const char *cause;
    const char *event;
    const char *message;
} rules[] = {
    [USER_ACTIVATE] = {.from = IN(USER_STAGED) | IN(USER_DEPROVISIONED),
                       .refusal = E0000038,
                       .cause = "Only a user who is STAGED or DEPROVISIONED can be activated",
                       .event = "user.lifecycle.activate",
                       .message = "Activate Okta user"},
    [USER_DEACTIVATE] = {.from = IN(USER_STAGED) | ACTIVATED | IN(USER_SUSPENDED),
                         .to = USER_DEPROVISIONED,
                         .refusal = E0000038,
                         .cause = "The user is deactivated already",
                         .event = "user.lifecycle.deactivate",
                         .message = "Deactivate Okta user"},
    [USER_REACTIVATE] = {.from = IN(USER_PROVISIONED) | IN(USER_RECOVERY),
                         .refusal = E0000038,
                         .cause = "Only a user who is PROVISIONED or in RECOVERY can be reactivated; to bring back a "
                                  "deactivated user, activate",
                         .event = "user.lifecycle.reactivate",
                         .message = "Reactivate Okta user"},
    [USER_SUSPEND] = {.from = IN(USER_ACTIVE),
                      .to = USER_SUSPENDED,
                      .refusal = E0000001,
                      .refusal_where = "suspendUser",
                      .cause = "Cannot suspend a user that is not active",
                      .event = "user.lifecycle.suspend",
                      .message = "Suspend Okta user"},
    [USER_UNSUSPEND] = {.from = IN(USER_SUSPENDED),
                        .to = USER_ACTIVE,
                        .refusal = E0000001,
                        .refusal_where = "unsuspendUser",
                        .cause = "Cannot unsuspend a user that is not suspended",
                        .event = "user.lifecycle.unsuspend",
                        .message = "Unsuspend Okta user"},
    [USER_UNLOCK] = {.from = IN(USER_LOCKED_OUT),
                     .to = USER_ACTIVE,
                     .refusal = E0000038,
                     .cause = "Only a user who is LOCKED_OUT can be unlocked",
                     .event = "user.account.unlock_by_admin",
                     .message = "Admin unlocks user account"},
    [USER_EXPIRE_PASSWORD] = {.from = IN(USER_ACTIVE) | IN(USER_RECOVERY) | IN(USER_PASSWORD_EXPIRED),
                              .to = USER_PASSWORD_EXPIRED,
                              .needs_password = true,
                              .refusal = E0000038,
                              .cause = "Only the password of a user who is ACTIVE, in RECOVERY or PASSWORD_EXPIRED can "
                                       "be expired",
                              .event = "user.account.expire_password",
                              .message = "Expire password of user"},
    [USER_RESET_PASSWORD] = {.from =
                                 IN(USER_ACTIVE) | IN(USER_RECOVERY) | IN(USER_PASSWORD_EXPIRED) | IN(USER_LOCKED_OUT),
                             .to = USER_RECOVERY,
                             .needs_password = true,
                             .refusal = E0000038,
                             .cause = "Only the password of a user who is ACTIVE, in RECOVERY, PASSWORD_EXPIRED or "
                                      "LOCKED_OUT can be reset",
                             .event = "user.account.reset_password",
                             .message = "User reset password for Okta"},
};

static bool has_own_password(const struct user *user)
{
    return user->has_password && strcmp(user->provider, "OKTA") == 0;
}

static int refuse(const struct user *user, enum user_transition transition, struct problem *problem)
{
    const struct rule *rule = &rules[transition];
    if (transition == USER_ACTIVATE && (ACTIVATED & IN(user->status)))
        return problem_set(problem, E0000016, "%s", "");
    (void)problem_set(problem, rule->refusal, "%s", rule->refusal_where ? rule->refusal_where : "");
    if (rule->refusal_where)
        return problem_cause(problem, "%s", rule->cause);
    return problem_cause(problem, "%s (the user is %s)", rule->cause, user_status_name(user->status));
}

static enum user_status transition_target(const struct user *user, enum user_transition transition)
{
    if (transition == USER_ACTIVATE)
        return user->has_password || strcmp(user->provider, "OKTA") != 0 ? USER_ACTIVE : USER_PROVISIONED;
    return rules[transition].to ? rules[transition].to : user->status;
}

static int set_status(struct tx *tx, struct user *user, enum user_status status, bool activates)
{
    int64_t now = tx_now(tx);
    int64_t detail = user->status * 256 + (int64_t)status;
    int r =
        tx_exec(tx, &USER_SET_STATUS, I(user->rid), I(status), I(now), I(activates ? now : user->activated), I(now));
    if (r < 0)
        return r;
    user->status = status;
    user->status_changed = now;
    user->activated = activates ? now : user->activated;
    user->last_updated = now;
    user->version++;
    return tx_change(tx, (struct change){.kind = CHANGE_USER_STATUS, .subject = user->rid, .detail = detail});
}

bool user_transition_is_open(const struct user *user, enum user_transition transition)
{
    const struct rule *rule = &rules[transition];
    return (rule->from & IN(user->status)) && (!rule->needs_password || has_own_password(user));
}

int user_transition(struct tx *tx, struct user *user, enum user_transition transition, struct problem *problem)
{
    const struct rule *rule = &rules[transition];
    *problem = (struct problem){0};
    if (!(rule->from & IN(user->status)))
        return refuse(user, transition, problem);
    if (rule->needs_password && !has_own_password(user)) {
        (void)problem_set(problem, E0000038, "%s", "");
        return problem_cause(problem, "The user has no password here; set one first");
    }
    enum user_status to = transition_target(user, transition);
    int r = 0;
    if (to != user->status)
        r = set_status(tx, user, to, transition == USER_ACTIVATE);
    if (r >= 0)
        r = directory_event(tx, rule->event, rule->message, user_target(user), NULL);
    return r < 0 ? r : 0;
}
