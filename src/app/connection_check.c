/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a connection that is given, and which stored secrets may be kept for it (invariant 12). */
#include "app/inner.h"

#include "base/text.h"
#include "base/url.h"

#include <strings.h>

#define SCOPE_CHARS 1024    /* characters of the scopes of an access token */
#define NO_PROXY_CHARS 4096 /* characters of the list of exceptions */

/* --- the header ----------------------------------------------------------------------------------------------------
 */

/* Names that would change how a request is read, or that the client sets itself. */
static const char *const forbidden_headers[] = {
    "Accept",
    "Accept-Charset",
    "Accept-Encoding",
    "Accept-Language",
    "Age",
    "Allow",
    "Cache-Control",
    "Connection",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Location",
    "Content-Range",
    "Content-Type",
    "Cookie",
    "Cookie2",
    "Date",
    "Expect",
    "Forwarded",
    "From",
    "Host",
    "HTTP2-Settings",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Keep-Alive",
    "Max-Forwards",
    "Origin",
    "Pragma",
    "Prefer",
    "Proxy-Connection",
    "Range",
    "Referer",
    "Set-Cookie",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "User-Agent",
    "Via",
    "X-HTTP-Method-Override",
};

bool header_name_is_valid(const char *name)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return name && *name && strspn(name, token) == strlen(name) && strlen(name) <= APP_NAME_CHARS;
}

bool header_is_taken(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(forbidden_headers); i++)
        if (strcasecmp(name, forbidden_headers[i]) == 0)
            return true;
    return false;
}

static int check_header_name(const char *name, struct problem *problem)
{
    if (!header_name_is_valid(name))
        return problem_invalid(problem, "profile", "profile.headerName: must be the name of an HTTP header");
    if (header_is_taken(name))
        return problem_invalid(problem, "profile", "profile.headerName: '%s' cannot carry a credential", name);
    return 0;
}

/* --- what is given -------------------------------------------------------------------------------------------------
 */

static bool is_line(const char *text, size_t chars)
{
    return text && *text && !text_has_control(text) && text_chars(text) <= chars;
}

/* The name of the field that carries the credential. */
static const char *secret_field(const struct connection_input *input)
{
    if (input->scheme != CONNECTION_OAUTH2)
        return "token";
    return input->client_auth == CLIENT_AUTH_JWT ? "privateKey" : "clientSecret";
}

static int judge_secret(const struct connection_input *input, struct problem *problem)
{
    const char *algorithm = NULL;
    const char *why = NULL;
    size_t n = strlen(input->secret);
    if (input->scheme == CONNECTION_OAUTH2 && input->client_auth == CLIENT_AUTH_JWT) {
        int r = pem_signing_key_read(input->secret, &algorithm, &why);
        return r == ERR_SYNTAX ? problem_invalid(problem, "profile", "profile.privateKey: %s", why) : r;
    }
    if (n == 0 || n > APP_SECRET_BYTES || text_has_control(input->secret))
        return problem_invalid(problem, "profile",
                               "profile.%s: must have 1 to %d bytes and no line breaks or control characters",
                               secret_field(input), APP_SECRET_BYTES);
    return 0;
}

static int judge_client(const struct connection_input *input, struct problem *problem)
{
    int r = token_url_check(input->token_url, input->allow_plain_http, problem);
    if (r < 0)
        return r;
    if (!is_line(input->client_id, LIMIT_NAME_CHARS))
        return problem_invalid(problem, "profile",
                               "profile.clientId: is needed for the scheme OAUTH2, at most %d characters",
                               LIMIT_NAME_CHARS);
    if (input->scope && !is_line(input->scope, SCOPE_CHARS))
        return problem_invalid(problem, "profile",
                               "profile.scope: must be words with spaces between them, at most %d characters",
                               SCOPE_CHARS);
    if (input->key_id && !is_line(input->key_id, LIMIT_NAME_CHARS))
        return problem_invalid(problem, "profile", "profile.keyId: must be one line of at most %d characters",
                               LIMIT_NAME_CHARS);
    return 0;
}

static int judge_scheme(const struct connection_input *input, struct problem *problem)
{
    const char *user = input->user_name;
    if (input->scheme == CONNECTION_HEADER)
        return check_header_name(input->header_name, problem);
    if (input->scheme == CONNECTION_OAUTH2)
        return judge_client(input, problem);
    if (input->scheme == CONNECTION_BASIC && (!is_line(user, LIMIT_NAME_CHARS) || strchr(user, ':')))
        return problem_invalid(problem, "profile",
                               "profile.userName: is needed for the scheme BASIC, at most %d characters, without ':'",
                               LIMIT_NAME_CHARS);
    return 0;
}

static int judge_certificates(struct tx *tx, const struct connection_input *input, int64_t *ret_ends,
                              struct problem *problem)
{
    struct pem_certificate read = {0};
    const char *why = NULL;
    const char *field = "authorities";
    int r = input->authorities ? pem_certificates_read(tx_arena(tx), input->authorities, &read, &why) : 0;
    *ret_ends = 0;
    if (r == 0 && input->certificate) {
        field = "clientCertificate";
        r = pem_certificates_read(tx_arena(tx), input->certificate, &read, &why);
        *ret_ends = read.ends;
        if (r == 0 && read.ends <= tx_now(tx)) {
            why = "has ended; give one that is valid";
            r = ERR_SYNTAX;
        }
    }
    if (r == 0 && input->certificate) {
        field = "clientKey";
        r = pem_key_check(input->certificate, input->key, &why);
    }
    return r == ERR_SYNTAX ? problem_invalid(problem, "profile", "profile.%s: %s", field, why) : r;
}

static int judge_proxy(const struct connection_input *input, struct problem *problem)
{
    if (input->proxy && !str_eq(input->proxy, CONNECTION_DIRECT) && !proxy_url_is_valid(input->proxy))
        return problem_invalid(problem, "profile",
                               "profile.proxy: must be like http://proxy.example.com:3128, without user name, path and "
                               "query, or " CONNECTION_DIRECT);
    if (input->no_proxy && !is_line(input->no_proxy, NO_PROXY_CHARS))
        return problem_invalid(problem, "profile",
                               "profile.noProxy: must be hosts and networks with commas between them, at most %d "
                               "characters",
                               NO_PROXY_CHARS);
    const char *credential = input->proxy_credential;
    if (credential && (!is_line(credential, APP_SECRET_BYTES) || !strchr(credential, ':')))
        return problem_invalid(problem, "profile", "profile.proxyCredential: must be like user:password");
    if (credential && (!input->proxy || str_eq(input->proxy, CONNECTION_DIRECT)))
        return problem_invalid(problem, "profile", "profile.proxyCredential: goes with profile.proxy only; give both");
    return 0;
}

int connection_judge(struct tx *tx, const struct connection_input *input, int64_t *ret_ends, struct problem *problem)
{
    int r = connection_url_check(input->base_url, input->allow_plain_http, problem);
    if (r == 0)
        r = judge_scheme(input, problem);
    if (r == 0 && input->scheme != CONNECTION_NONE)
        r = judge_secret(input, problem);
    if (r == 0)
        r = judge_certificates(tx, input, ret_ends, problem);
    if (r == 0)
        r = judge_proxy(input, problem);
    if (r == 0 && input->expires > 0 && input->expires <= tx_now(tx))
        r = problem_invalid(problem, "profile", "profile.expires: lies in the past; give the end of this credential");
    return r;
}

/* --- what may be kept ----------------------------------------------------------------------------------------------
 */

bool url_is_same_place(struct arena *arena, const char *a, const char *b)
{
    struct url_target x;
    struct url_target y;
    if (!a || !b || url_parse(arena, a, &x) < 0 || url_parse(arena, b, &y) < 0)
        return false;
    return strcmp(x.scheme, y.scheme) == 0 && strcmp(x.host, y.host) == 0 && x.port == y.port;
}

static int needed_again(struct problem *problem, const char *field, const char *what)
{
    return problem_invalid(problem, "profile",
                           "profile.%s: is needed again, since %s: a stored credential is only sent where and as it "
                           "was given",
                           field, what);
}

/* What of an OAuth client changed that its secret is bound to; NULL: nothing. */
static const char *client_change(struct arena *arena, const struct connection *old, const struct connection_input *new)
{
    if (new->scheme != CONNECTION_OAUTH2)
        return NULL;
    if (!url_is_same_place(arena, old->token_url, new->token_url))
        return "the scheme, host or port of profile.tokenUrl changes";
    if (!str_eq(old->client_id, new->client_id))
        return "profile.clientId changes";
    if ((old->client_auth == CLIENT_AUTH_JWT) != (new->client_auth == CLIENT_AUTH_JWT))
        return "profile.clientAuth changes";
    return NULL;
}

static int may_keep_secret(struct tx *tx, const struct connection *old, const struct connection_input *new,
                           struct problem *problem)
{
    const char *field = secret_field(new);
    if (old->sealed_n == 0)
        return problem_invalid(problem, "profile", "profile.%s: The field cannot be left blank", field);
    if (old->scheme != new->scheme || !url_is_same_place(tx_arena(tx), old->base_url, new->base_url))
        return needed_again(problem, field, "the scheme, host or port changes");
    if (new->scheme == CONNECTION_BASIC && !str_eq(old->user_name, new->user_name))
        return needed_again(problem, field, "profile.userName changes");
    if (new->scheme == CONNECTION_HEADER &&
        (!old->header_name || !new->header_name || strcasecmp(old->header_name, new->header_name) != 0))
        return needed_again(problem, field, "profile.headerName changes");
    const char *change = client_change(tx_arena(tx), old, new);
    return change ? needed_again(problem, field, change) : 0;
}

static int may_keep_key(struct tx *tx, const struct connection *old, const struct connection_input *new,
                        struct problem *problem)
{
    if (old->key.n == 0)
        return problem_invalid(problem, "profile",
                               "profile.clientKey: is needed with profile.clientCertificate; give its private key");
    if (!str_eq(old->certificate, new->certificate))
        return needed_again(problem, "clientKey", "profile.clientCertificate changes");
    if (!url_is_same_place(tx_arena(tx), old->base_url, new->base_url))
        return needed_again(problem, "clientKey", "the scheme, host or port changes");
    return 0;
}

/* A rotation is another credential for the same place, under the same name. */
static int may_rotate(struct tx *tx, const struct connection *old, const struct connection_input *given,
                      const struct connection_input *new, struct problem *problem)
{
    if (!given->secret)
        return problem_invalid(problem, "profile", "profile.rotate: needs the new credential; give it in profile.%s",
                               secret_field(new));
    if (old->sealed_n == 0)
        return problem_invalid(problem, "profile",
                               "profile.rotate: there is no credential yet that could be kept; leave it out");
    struct problem why = {0};
    if (may_keep_secret(tx, old, new, &why) < 0)
        return problem_invalid(problem, "profile",
                               "profile.rotate: is for another credential at the same place and under the same name; "
                               "leave it out to replace the connection");
    return 0;
}

int connection_kept_check(struct tx *tx, const struct connection *old, const struct connection_input *given,
                          const struct connection_input *complete, struct problem *problem)
{
    int r = connection_url_check(complete->base_url, complete->allow_plain_http, problem);
    if (r == 0 && !given->secret && complete->scheme != CONNECTION_NONE)
        r = may_keep_secret(tx, old, complete, problem);
    if (r == 0 && complete->certificate && !given->key)
        r = may_keep_key(tx, old, complete, problem);
    if (r == 0 && complete->proxy && !given->proxy_credential && old->proxy_credential.n > 0 &&
        !url_is_same_place(tx_arena(tx), old->proxy, complete->proxy))
        r = needed_again(problem, "proxyCredential", "the scheme, host or port of profile.proxy changes (null: none)");
    if (r == 0 && given->rotate)
        r = may_rotate(tx, old, given, complete, problem);
    return r;
}
