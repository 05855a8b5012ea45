/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user name template of an app (credentials.userNameTemplate.template): which part of a person's profile is the
 * user name in the app. Known: ${source.login}, ${source.email}, and ${fn:substringBefore(X, "@")} of either.
 */
#include "app/inner.h"

struct template
{
    bool email; /* else the login */
    bool before_at;
};

static const char *skip_space(const char *p)
{
    while (*p == ' ' || *p == '\t')
        p++;
    return p;
}

/* Moves on behind `word` and the space around it, or gives NULL. */
static const char *expect(const char *p, const char *word)
{
    size_t n = strlen(word);
    if (!p)
        return NULL;
    p = skip_space(p);
    return strncmp(p, word, n) == 0 ? skip_space(p + n) : NULL;
}

static const char *read_source(const char *p, bool *ret_email)
{
    const char *after = expect(p, "source.email");
    *ret_email = after != NULL;
    return after ? after : expect(p, "source.login");
}

static bool template_parse(const char *text, struct template *ret)
{
    struct template template = {0};
    const char *p = expect(text, "${");
    const char *call = expect(p, "fn:substringBefore");
    template.before_at = call != NULL;
    if (call)
        p = expect(call, "(");
    p = read_source(p, &template.email);
    if (call)
        p = expect(expect(expect(p, ","), "\"@\""), ")");
    p = expect(p, "}");
    if (!p || *p)
        return false;
    *ret = template;
    return true;
}

int app_template_check(const char *text, struct problem *problem)
{
    struct template template;
    if (template_parse(text, &template))
        return 0;
    return problem_invalid(problem, "credentials.userNameTemplate",
                           "credentials.userNameTemplate.template: '%.200s' is not supported; use ${source.login}, "
                           "${source.email} or ${fn:substringBefore(source.login, \"@\")}",
                           text);
}

const char *app_template_apply(struct tx *tx, const struct app *app, const struct user *user)
{
    struct template template = {0};
    struct jval *document CLEANUP(jval_freep) = NULL;
    if (jval_parse(&document, app->document, strlen(app->document), NULL) == 0) {
        const char *text = jval_str(jval_path(document, "credentials.userNameTemplate.template"));
        if (text)
            (void)template_parse(text, &template); /* judged when it was saved; else the login */
    }
    const char *name = user->login;
    struct jval *profile CLEANUP(jval_freep) = NULL;
    if (template.email && jval_parse(&profile, user->profile, strlen(user->profile), NULL) == 0) {
        const char *email = jval_get_str(profile, "email");
        if (email && *email)
            name = email;
    }
    size_t n = template.before_at ? strcspn(name, "@") : strlen(name);
    return arena_strndup(tx_arena(tx), name, n);
}
