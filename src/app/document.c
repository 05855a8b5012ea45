/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document of an app: what clients give and get back as it was (settings, visibility, credentials ...). The fields
 * that mean something here are judged and taken out; secrets are dropped, since nothing here ever uses them.
 */
#include "app/inner.h"

#include "base/text.h"

static const char *const sign_on_modes[] = {
    "AUTO_LOGIN",     "BASIC_AUTH", "BOOKMARK", "BROWSER_PLUGIN",        "CUSTOM",
    "OPENID_CONNECT", "SAML_1_1",   "SAML_2_0", "SECURE_PASSWORD_STORE", "WS_FEDERATION"};

/* Columns of their own, or made when answering. */
static const char *const own_fields[] = {"id",     "orn",         "name",     "label",     "status",    "created",
                                         "_links", "lastUpdated", "features", "_embedded", "signOnMode"};

/* Keys whose values are credentials, in any case and without underscores. */
static const char *const secret_keys[] = {"clientsecret", "token",     "apitoken",  "accesstoken",
                                          "refreshtoken", "secret",    "password",  "privatekey",
                                          "apikey",       "secretkey", "passphrase"};

static char lower(char c)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    if (c >= 'A' && c <= 'Z')
        return letters[c - 'A'];
    return c;
}

static bool is_secret_key(const char *key)
{
    char folded[32];
    size_t n = 0;
    for (; *key && n < sizeof(folded) - 1; key++)
        if (*key != '_' && *key != '-')
            folded[n++] = lower(*key);
    folded[n] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(secret_keys); i++)
        if (strcmp(folded, secret_keys[i]) == 0)
            return true;
    return false;
}

/* Takes the secrets out, in place. A password object stays as {}, as published. */
static void drop_secrets(struct jval *value)
{
    if (jval_type(value) == JVAL_ARRAY) {
        for (size_t i = 0; i < jval_len(value); i++)
            drop_secrets(jval_at(value, i));
        return;
    }
    if (jval_type(value) != JVAL_OBJECT)
        return;
    for (bool again = true; again;) {
        again = false;
        for (void *it = jval_first(value); it; it = jval_next(value, it)) {
            struct jval *child = jval_iter_value(it);
            if (!is_secret_key(jval_iter_key(it))) {
                drop_secrets(child);
            } else if (jval_type(child) == JVAL_OBJECT && jval_len(child) > 0) {
                jval_set(value, jval_iter_key(it), jval_new_object());
                again = true; /* the iterator does not outlive a change */
            } else if (jval_type(child) == JVAL_STRING || jval_type(child) == JVAL_ARRAY) {
                jval_remove(value, jval_iter_key(it));
                again = true;
            }
            if (again)
                break;
        }
    }
}

static int read_label(const struct jval *body, const char **ret, struct problem *problem)
{
    const char *label = jval_get_str(body, "label");
    if (!label || !*label || strspn(label, " ") == strlen(label))
        return problem_invalid(problem, "label", "label: The field cannot be left blank");
    if (text_chars(label) > LIMIT_NAME_CHARS)
        return problem_invalid(problem, "label", "label: longer than %d characters; shorten it", LIMIT_NAME_CHARS);
    if (text_has_control(label))
        return problem_invalid(problem, "label", "label: has control characters; take them out");
    *ret = label;
    return 0;
}

static int read_sign_on_mode(const struct jval *body, const char **ret, struct problem *problem)
{
    const struct jval *value = jval_get(body, "signOnMode");
    if (jval_type(value) == JVAL_NONE || jval_type(value) == JVAL_NULL)
        return 0;
    const char *mode = jval_str(value);
    for (size_t i = 0; mode && i < ARRAY_LEN(sign_on_modes); i++) {
        if (strcmp(mode, sign_on_modes[i]) == 0) {
            *ret = sign_on_modes[i];
            return 0;
        }
    }
    return problem_invalid(problem, "signOnMode",
                           "signOnMode: must be one of AUTO_LOGIN, BASIC_AUTH, BOOKMARK, "
                           "BROWSER_PLUGIN, OPENID_CONNECT, SAML_1_1, SAML_2_0, "
                           "SECURE_PASSWORD_STORE, WS_FEDERATION");
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
}

/* A catalogue key from a label: "My App" gives "my_app". */
static const char *name_from_label(struct arena *arena, const char *label)
{
    char *name = arena_alloc(arena, APP_NAME_CHARS + 1);
    size_t n = 0;
    for (const char *p = label; *p && n < APP_NAME_CHARS; p++) {
        char c = lower(*p);
        if (is_name_char(c) && c != '-' && c != '.')
            name[n++] = c;
        else if (n > 0 && name[n - 1] != '_')
            name[n++] = '_';
    }
    while (n > 0 && name[n - 1] == '_')
        n--;
    name[n] = '\0';
    return n > 0 ? name : "app";
}

static int read_name(struct tx *tx, const struct jval *body, const struct app *old, const char *label, const char **ret,
                     struct problem *problem)
{
    const char *name = jval_get_str(body, "name");
    assert(label);
    if (!name || !*name) {
        *ret = old ? old->name : name_from_label(tx_arena(tx), label);
        return 0;
    }
    for (const char *p = name; *p; p++)
        if (!is_name_char(*p) || p - name >= APP_NAME_CHARS)
            return problem_invalid(problem, "name", "name: at most %d letters, digits, '_', '-' and '.'",
                                   APP_NAME_CHARS);
    if (old && strcmp(old->name, name) != 0)
        return problem_invalid(problem, "name", "name: is '%s' and cannot be changed; change the label instead",
                               old->name);
    *ret = name;
    return 0;
}

static int check_parts(const struct jval *body, struct problem *problem)
{
    static const char *const objects[] = {"accessibility", "visibility", "credentials",
                                          "settings",      "licensing",  "profile"};
    for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
        enum jval_type type = jval_type(jval_get(body, objects[i]));
        if (type != JVAL_NONE && type != JVAL_NULL && type != JVAL_OBJECT)
            return problem_invalid(problem, objects[i], "%s: must be an object", objects[i]);
    }
    const struct jval *template = jval_path(body, "credentials.userNameTemplate.template");
    const char *suffix = jval_str(jval_path(body, "credentials.userNameTemplate.userSuffix"));
    if (suffix && *suffix)
        return problem_invalid(problem, "credentials.userNameTemplate",
                               "credentials.userNameTemplate.userSuffix: is not supported; leave it out");
    if (jval_type(template) == JVAL_NONE || jval_type(template) == JVAL_NULL)
        return 0;
    if (!jval_str(template))
        return problem_invalid(problem, "credentials.userNameTemplate",
                               "credentials.userNameTemplate.template: must be a text");
    return app_template_check(jval_str(template), problem);
}

int app_document_read(struct tx *tx, const struct jval *body, const struct app *old, struct app_document *ret,
                      struct problem *problem)
{
    struct app_document document = {.sign_on_mode = old ? old->sign_on_mode : "AUTO_LOGIN"};
    int r = read_label(body, &document.label, problem);
    if (r == 0)
        r = read_sign_on_mode(body, &document.sign_on_mode, problem);
    if (r == 0)
        r = read_name(tx, body, old, document.label, &document.name, problem);
    if (r == 0)
        r = check_parts(body, problem);
    if (r < 0)
        return r;
    assert(document.label && document.name);
    struct jval *rest CLEANUP(jval_freep) = jval_copy(body);
    for (size_t i = 0; i < ARRAY_LEN(own_fields); i++)
        jval_remove(rest, own_fields[i]);
    drop_secrets(rest);
    document.text = jval_text(tx_arena(tx), rest, false);
    if (strlen(document.text) > LIMIT_PROFILE_BYTES)
        return problem_invalid(problem, "app", "settings: the whole is larger than %d bytes; shorten it",
                               LIMIT_PROFILE_BYTES);
    document.label = arena_strdup(tx_arena(tx), document.label);
    document.name = arena_strdup(tx_arena(tx), document.name);
    *ret = document;
    return 0;
}
