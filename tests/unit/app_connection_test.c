/* SPDX-License-Identifier: Apache-2.0 */
/* Apps and their connections: what is refused, where a credential may go, and that it is never stored in clear. */
#include "app_fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>

static int check(const char *url, bool plain)
{
    struct problem problem = {0};
    int r = connection_url_check(url, plain, &problem);
    assert_true(r == 0 || (r == ERR_PROBLEM && strncmp(problem.causes[0], "baseUrl: ", 9) == 0));
    return r;
}

static void base_urls_that_are_taken(UNUSED void **state)
{
    static const char *const good[] = {
        "https://app.example.com/scim/v2",
        "https://app.example.com:8443",
        "HTTPS://App.Example.com/",
        "https://10.1.2.3/scim",
        "https://192.168.1.10:9443/v2",
        "https://[2001:db8::1]/scim",
        "https://[fd12::1]:8443/",
        "https://[2002:c000:201::1]/",
        "https://[64:ff9b:1::c000:201]/",
        "https://[64:ff9b:1:c0a8:1:200::]/",
        "https://[64:ff9b:1:a00:1:200::]/",
        "https://168.63.129.17/",
        "http://127.0.0.1:8080/scim",
        "http://127.9.9.9/",
        "http://localhost:3000/scim/v2",
        "http://localhost./",
        "http://app.localhost/",
        "http://[::1]:8080/",
        "http://[::ffff:127.0.0.1]/",
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        if (check(good[i], false) != 0)
            fail_msg("%s", good[i]);
    assert_int_equal(check("http://app.example.com/scim", true), 0);
    assert_int_equal(check("http://10.1.2.3/scim", true), 0);
}

static void base_urls_that_are_refused(UNUSED void **state)
{
    static const char *const bad[] = {
        "",
        "app.example.com",
        "ftp://app.example.com/",
        "file:///etc/passwd",
        "https://user:secret@app.example.com/",
        "https://app.example.com@evil.example.com/",
        "https://app.example.com/?token=x",
        "https://app.example.com/?",
        "https://app.example.com/#top",
        "https://app.example.com/a b",
        "https://app.example.com\\@evil.example.com/",
        "https://app.example.com/\r\nHost: x",
        "https://:443/",
        "https://app.example.com:0/",
        "https://app.example.com:70000/",
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.169.254/",
        "https://169.254.169.254./",
        "https://2852039166/",
        "https://0xa9fea9fe/",
        "https://0251.0376.0251.0376/",
        "https://169.254.43518/",
        "https://[fe80::1]/",
        "https://[fe80::1%25eth0]/",
        "https://168.63.129.16/",
        "https://[::ffff:168.63.129.16]/",
        "https://[2002:a9fe:a9fe::1]/",
        "https://[64:ff9b:1::a9fe:a9fe]/",
        "https://[64:ff9b:1:a9fe:a9:fe00::]/",
        "https://[::ffff:169.254.169.254]/",
        "https://[::169.254.169.254]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[fd00:ec2::254]/",
        "https://[::]/",
        "https://[ff02::1]/",
        "https://0.0.0.0/",
        "https://0/",
        "https://100.100.100.200/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://metadata.google.internal/",
        "https://metadata.google.internal./",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (check(bad[i], true) != ERR_PROBLEM)
            fail_msg("%s", bad[i]);
    assert_int_equal(check("http://app.example.com/scim", false), ERR_PROBLEM);
    assert_int_equal(check("HTTP://app.example.com/scim", false), ERR_PROBLEM);
    assert_int_equal(check("http://[::ffff:10.0.0.1]/", false), ERR_PROBLEM);
    assert_int_equal(check("http://[2002:7f00:1::]/", false), ERR_PROBLEM);
    assert_int_equal(check("http://localhost.example.com/", false), ERR_PROBLEM);
    assert_int_equal(check("http://128.0.0.1/", false), ERR_PROBLEM);
}

static void addresses_that_names_lead_to_are_judged_too(UNUSED void **state)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    assert_int_equal(inet_pton(AF_INET, "169.254.169.254", &four.sin_addr), 1);
    assert_non_null(connection_address_refused((struct sockaddr *)&four));
    assert_int_equal(inet_pton(AF_INET, "192.0.2.1", &four.sin_addr), 1);
    assert_null(connection_address_refused((struct sockaddr *)&four));
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    assert_int_equal(inet_pton(AF_INET6, "::ffff:169.254.1.1", &six.sin6_addr), 1);
    assert_non_null(connection_address_refused((struct sockaddr *)&six));
    assert_non_null(connection_address_refused(&(struct sockaddr){.sa_family = AF_UNIX}));
}

/* The URL and the address that its name led to are judged alike. */
static void loopback_is_the_same_in_both_checks(UNUSED void **state)
{
    static const struct {
        const char *address;
        bool loopback;
    } cases[] = {{"::1", true},          {"::ffff:127.0.0.1", true}, {"::ffff:128.0.0.1", false},
                 {"::127.0.0.1", false}, {"64:ff9b::7f00:1", false}, {"2002:7f00:1::", false}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char url[80];
        struct sockaddr_in6 six = {.sin6_family = AF_INET6};
        assert_int_equal(inet_pton(AF_INET6, cases[i].address, &six.sin6_addr), 1);
        (void)snprintf(url, sizeof(url), "http://[%s]/", cases[i].address);
        assert_int_equal(connection_address_is_loopback((struct sockaddr *)&six), cases[i].loopback);
        assert_int_equal(check(url, false), cases[i].loopback ? 0 : ERR_PROBLEM);
    }
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f090909)};
    assert_true(connection_address_is_loopback((struct sockaddr *)&four));
    four.sin_addr.s_addr = htonl(0x80000001);
    assert_false(connection_address_is_loopback((struct sockaddr *)&four));
    assert_false(connection_address_is_loopback(&(struct sockaddr){.sa_family = AF_UNIX}));
}

/* --- saving --------------------------------------------------------------------------------------------------------
 */

struct saving {
    struct step step;
    struct keyring *keyring;
    struct connection_input input;
    bool activate;
    const char *error;
    struct connection connection;
    char secret[64];
    struct problem problem;
};

static struct keyring *key(struct fixture *f)
{
    char path[96];
    char why[256] = "";
    struct keyring *keyring = NULL;
    (void)snprintf(path, sizeof(path), "%s/key", f->dir);
    if (keyring_load(&keyring, path, true, why, sizeof(why)) < 0)
        fail_msg("%s", why);
    return keyring;
}

static int save_run(struct tx *tx, void *arg)
{
    struct saving *s = arg;
    struct app app;
    int r = app_by_rid(tx, s->step.app, &app);
    return r < 0 ? r
                 : connection_save(tx, s->keyring, &app, &s->input, s->activate, s->error ? 0 : tx_now(tx), s->error,
                                   &s->problem);
}

static int save(struct fixture *f, struct saving *s)
{
    s->problem = (struct problem){0};
    return store_write_wait(f->store, NULL, save_run, s);
}

static int secret_run(struct tx *tx, void *arg)
{
    struct saving *s = arg;
    struct connection_secrets secrets = {0};
    int r = connection_get(tx, s->step.app, &s->connection);
    if (r == 0)
        r = connection_unseal(tx, s->keyring, &s->connection, &secrets);
    if (r == 0)
        (void)snprintf(s->secret, sizeof(s->secret), "%s", secrets.credential ? secrets.credential : "");
    return r;
}

static void assert_secret(struct fixture *f, struct saving *s, const char *expected)
{
    assert_int_equal(store_write_wait(f->store, NULL, secret_run, s), 0);
    assert_string_equal(s->secret, expected);
}

static void a_credential_goes_only_where_it_was_given_for(void **state)
{
    struct fixture *f = *state;
    struct saving s = {.step.app = fx_app(f, "App", ""), .keyring = key(f)};
    s.input = (struct connection_input){.base_url = "https://app.example.com/scim/v2/", .scheme = CONNECTION_BEARER};
    assert_int_equal(save(f, &s), ERR_PROBLEM); /* none yet */
    assert_non_null(strstr(s.problem.causes[0], "token"));
    s.input.secret = "s3cret-token";
    assert_int_equal(save(f, &s), 0);
    assert_secret(f, &s, "s3cret-token");
    assert_int_equal(s.connection.status, CONNECTION_DISABLED);

    s.input.secret = NULL;
    s.input.base_url = "https://APP.example.com:443/other";
    assert_int_equal(save(f, &s), 0); /* the same place */
    assert_secret(f, &s, "s3cret-token");
    static const char *const elsewhere[] = {"https://app.example.com:8443/scim", "https://app.example.org/scim",
                                            "http://127.0.0.1/scim"};
    for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++) {
        s.input.base_url = elsewhere[i];
        assert_int_equal(save(f, &s), ERR_PROBLEM);
        assert_int_equal(s.problem.code, E0000001);
        assert_non_null(strstr(s.problem.causes[0], "token"));
    }
    s.input.base_url = "https://app.example.com/";
    s.input.scheme = CONNECTION_BASIC;
    s.input.user_name = "svc";
    assert_int_equal(save(f, &s), ERR_PROBLEM);
    s.input.secret = "other";
    assert_int_equal(save(f, &s), 0);
    assert_secret(f, &s, "other");
    assert_string_equal(s.connection.user_name, "svc");

    /* Nor under another name than it was given with. */
    s.input.secret = NULL;
    assert_int_equal(save(f, &s), 0);
    s.input.user_name = "root";
    assert_int_equal(save(f, &s), ERR_PROBLEM);
    assert_non_null(strstr(s.problem.causes[0], "userName changes"));
    s.input = (struct connection_input){
        .base_url = "https://app.example.com/", .scheme = CONNECTION_HEADER, .header_name = "X-Key", .secret = "third"};
    assert_int_equal(save(f, &s), 0);
    s.input.secret = NULL;
    s.input.header_name = "x-key";
    assert_int_equal(save(f, &s), 0);
    s.input.header_name = "X-Trace";
    assert_int_equal(save(f, &s), ERR_PROBLEM);
    assert_non_null(strstr(s.problem.causes[0], "headerName changes"));
    assert_secret(f, &s, "third");
    keyring_free(s.keyring);
}

static void bad_credentials_are_refused(void **state)
{
    struct fixture *f = *state;
    struct saving s = {.step.app = fx_app(f, "App", ""), .keyring = key(f)};
    static const struct connection_input bad[] = {
        {.base_url = "https://a.example.com", .scheme = CONNECTION_BEARER, .secret = ""},
        {.base_url = "https://a.example.com", .scheme = CONNECTION_BEARER, .secret = "a\r\nX: y"},
        {.base_url = "https://a.example.com", .scheme = CONNECTION_BASIC, .secret = "x"},
        {.base_url = "https://a.example.com", .scheme = CONNECTION_BASIC, .secret = "x", .user_name = "a:b"},
        {.base_url = "https://a.example.com", .scheme = CONNECTION_HEADER, .secret = "x"},
        {.base_url = "https://a.example.com", .scheme = CONNECTION_HEADER, .secret = "x", .header_name = "X: y"},
        {.base_url = "https://a.example.com", .scheme = CONNECTION_HEADER, .secret = "x", .header_name = "host"},
        {.base_url = "https://a.example.com",
         .scheme = CONNECTION_HEADER,
         .secret = "x",
         .header_name = "accept-ENCODING"},
        {.base_url = "https://a.example.com", .scheme = CONNECTION_HEADER, .secret = "x", .header_name = "If-Match"},
        {.base_url = "https://a.example.com", .scheme = CONNECTION_HEADER, .secret = "x", .header_name = "Referer"},
        {.base_url = "http://a.example.com", .scheme = CONNECTION_BEARER, .secret = "x"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        s.input = bad[i];
        if (save(f, &s) != ERR_PROBLEM)
            fail_msg("case %zu", i);
    }
    keyring_free(s.keyring);
}

static int open_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    const char *why = NULL;
    s->result = app_is_open(tx, s->app, &why);
    s->text = why; /* static texts */
    return 0;
}

static void assert_open(struct fixture *f, int64_t app, const char *why)
{
    struct step s = {.app = app};
    fx_do(f, open_run, &s);
    assert_int_equal(s.result, why == NULL);
    if (why)
        assert_non_null(strstr(s.text, why));
}

static int pause_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct app app;
    int r = app_by_rid(tx, s->app, &app);
    if (r < 0)
        return r;
    if (s->text)
        return org_set_paused(tx, s->flag, "restored");
    if (s->number)
        return app_set_status(tx, &app, (enum app_status)s->number, &s->problem);
    return app_set_paused(tx, &app, s->flag, &s->problem);
}

static int status_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct app app;
    int r = app_by_rid(tx, s->app, &app);
    return r < 0 ? r : connection_set_status(tx, &app, (enum connection_status)s->number, &s->problem);
}

static void an_app_is_open_when_nothing_is_off(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "");
    assert_open(f, app, "no connection");
    struct step none = {.app = app, .number = CONNECTION_ENABLED};
    assert_int_equal(fx_try(f, status_run, &none), ERR_PROBLEM);
    struct saving s = {.step.app = app, .keyring = key(f), .error = "refused the credential"};
    s.input = (struct connection_input){
        .base_url = "https://app.example.com", .scheme = CONNECTION_BEARER, .secret = "s3cret-token"};
    assert_int_equal(save(f, &s), 0);
    assert_open(f, app, "connection is off");
    assert_secret(f, &s, "s3cret-token");
    assert_string_equal(s.connection.verify_error, "refused the credential");
    assert_int_equal(s.connection.verified, 0);
    s.error = NULL;
    s.activate = true;
    assert_int_equal(save(f, &s), 0);
    assert_open(f, app, NULL);
    s.activate = false;
    assert_int_equal(save(f, &s), 0); /* still works: stays on */
    assert_open(f, app, NULL);
    s.error = "no answer";
    assert_int_equal(save(f, &s), 0);
    assert_open(f, app, "connection is off");
    fx_do(f, status_run, &(struct step){.app = app, .number = CONNECTION_ENABLED});
    assert_open(f, app, NULL);
    fx_do(f, pause_run, &(struct step){.app = app, .flag = true});
    assert_open(f, app, "paused");
    fx_do(f, pause_run, &(struct step){.app = app});
    fx_do(f, pause_run, &(struct step){.app = app, .number = APP_INACTIVE});
    assert_open(f, app, "inactive");
    fx_do(f, pause_run, &(struct step){.app = app, .number = APP_ACTIVE});
    fx_do(f, pause_run, &(struct step){.app = app, .text = "org", .flag = true});
    assert_open(f, app, "all traffic");
    fx_do(f, pause_run, &(struct step){.app = app, .text = "org"});
    assert_open(f, app, NULL);
    keyring_free(s.keyring);
}

/* The database file holds no credential in clear, not even in its log. */
static void the_credential_is_sealed_on_disk(void **state)
{
    struct fixture *f = *state;
    struct saving s = {.step.app = fx_app(f, "App", ""), .keyring = key(f)};
    s.input = (struct connection_input){
        .base_url = "https://app.example.com", .scheme = CONNECTION_BEARER, .secret = "find-me-if-you-can"};
    assert_int_equal(save(f, &s), 0);
    keyring_free(s.keyring);
    if (test_on_postgresql()) {
        char path[96];
        (void)snprintf(path, sizeof(path), "%s/db", f->dir);
        assert_int_equal(test_rows_with(test_location(path), "app_connections", "find-me-if-you-can"), 0);
        assert_int_equal(test_rows_with(test_location(path), "app_connections", "https://app.example.com"), 1);
        return;
    }
    static const char *const names[] = {"db", "db-wal"};
    int64_t seen = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[96];
        (void)snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        static char bytes[8 * 1024 * 1024];
        size_t n = fread(bytes, 1, sizeof(bytes), file);
        (void)fclose(file);
        assert_null(memmem(bytes, n, "find-me-if-you-can", 18));
        seen += memmem(bytes, n, "https://app.example.com", 23) != NULL;
    }
    assert_true(seen > 0); /* what is not secret is found, so the search works */
}

static int reseal_run(struct tx *tx, void *arg)
{
    struct saving *s = arg;
    s->step.result = connection_reseal(tx, s->keyring, 1);
    return (int)s->step.result;
}

static void a_new_key_reseals_in_chunks(void **state)
{
    struct fixture *f = *state;
    struct saving s = {.keyring = key(f)};
    int64_t apps[3];
    s.input = (struct connection_input){.base_url = "https://app.example.com", .scheme = CONNECTION_BEARER};
    for (size_t i = 0; i < ARRAY_LEN(apps); i++) {
        char label[16];
        (void)snprintf(label, sizeof(label), "App %zu", i);
        apps[i] = s.step.app = fx_app(f, label, "");
        s.input.secret = label;
        assert_int_equal(save(f, &s), 0);
    }
    assert_int_equal(store_write_wait(f->store, NULL, reseal_run, &s), 0);
    char path[96];
    char why[256] = "";
    (void)snprintf(path, sizeof(path), "%s/key", f->dir);
    assert_int_equal(keyring_add(s.keyring, path, why, sizeof(why)), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(store_write_wait(f->store, NULL, reseal_run, &s), 1);
    assert_int_equal(store_write_wait(f->store, NULL, reseal_run, &s), 0);
    s.step.app = apps[1];
    assert_secret(f, &s, "App 1");
    keyring_free(s.keyring);
}

/* --- apps ----------------------------------------------------------------------------------------------------------
 */

static int try_app(struct fixture *f, const char *json, struct problem *ret)
{
    struct step s = {.json = json};
    int r = fx_try(f, fx_app_run, &s);
    *ret = s.problem;
    return r;
}

static void apps_that_are_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *json;
        const char *names;
    } bad[] = {
        {"{}", "label"},
        {"{\"label\":\"  \"}", "label"},
        {"{\"label\":\"a\\nb\"}", "label"},
        {"{\"label\":\"x\",\"signOnMode\":\"MAGIC\"}", "signOnMode"},
        {"{\"label\":\"x\",\"name\":\"a b\"}", "name"},
        {"{\"label\":\"x\",\"settings\":[]}", "settings"},
        {"{\"label\":\"x\",\"credentials\":{\"userNameTemplate\":{\"template\":\"${user.login}\"}}}", "template"},
        {"{\"label\":\"x\",\"credentials\":{\"userNameTemplate\":{\"template\":7}}}", "template"},
        {"{\"label\":\"x\",\"credentials\":{\"userNameTemplate\":{\"userSuffix\":\"-x\"}}}", "userSuffix"},
    };
    struct problem problem;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(try_app(f, bad[i].json, &problem), ERR_PROBLEM);
        assert_int_equal(problem.code, E0000001);
        if (!strstr(problem.causes[0], bad[i].names))
            fail_msg("%s: %s", bad[i].json, problem.causes[0]);
    }
    assert_int_equal(try_app(f,
                             "{\"label\":\"Stra\xc3\x9f"
                             "e\"}",
                             &problem),
                     0);
    assert_int_equal(try_app(f, "{\"label\":\"STRASSE\"}", &problem), ERR_PROBLEM);
    assert_int_equal(problem.code, E0000040);
}

static int document_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct app app;
    int r = app_by_rid(tx, s->app, &app);
    if (r == 0)
        s->text = arena_printf(s->f->arena, "%s %s %s", app.name, app.sign_on_mode, app.document);
    return r;
}

static void documents_keep_what_was_given_but_secrets(void **state)
{
    struct fixture *f = *state;
    struct step s = {.json = "{\"label\":\"My App!\",\"status\":\"INACTIVE\",\"visibility\":{\"hide\":{\"web\":true}},"
                             "\"credentials\":{\"password\":{\"value\":\"hunter2\"},\"scheme\":\"X\","
                             "\"oauthClient\":{\"client_secret\":\"hunter2\",\"client_id\":\"me\"}},"
                             "\"settings\":{\"app\":{\"baseUrl\":\"https://a.example\",\"apiToken\":\"hunter2\","
                             "\"list\":[{\"token\":\"hunter2\"},1]}}}"};
    fx_do(f, fx_app_run, &s);
    struct step read = {.app = s.result};
    fx_do(f, document_run, &read);
    assert_string_equal(read.text, "my_app AUTO_LOGIN {\"visibility\":{\"hide\":{\"web\":true}},"
                                   "\"credentials\":{\"password\":{},\"scheme\":\"X\","
                                   "\"oauthClient\":{\"client_id\":\"me\"}},"
                                   "\"settings\":{\"app\":{\"baseUrl\":\"https://a.example\",\"list\":[{},1]}}}");
}

static void user_names_come_from_the_template(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *template;
        const char *name;
    } table[] = {
        {"${source.login}", "ada@example.com"},
        {"${source.email}", "ada@example.org"},
        {"${fn:substringBefore(source.login, \\\"@\\\")}", "ada"},
        {"${ fn:substringBefore( source.email,\\\"@\\\" ) }", "ada"},
    };
    int64_t user = fx_user(f, "ada", true);
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        char json[256];
        (void)snprintf(json, sizeof(json),
                       "{\"label\":\"App %zu\",\"credentials\":{\"userNameTemplate\":{\"template\":\"%s\"}}}", i,
                       table[i].template);
        struct step s = {.json = json};
        fx_do(f, fx_app_run, &s);
        fx_assign(f, s.result, user);
        assert_string_equal(fx_account(f, s.result, user).user_name, table[i].name);
    }
}

static int delete_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct app app;
    int r = app_by_rid(tx, s->app, &app);
    return r < 0 ? r : app_delete(tx, &app, &s->problem);
}

static void deleting_an_app_forgets_everything_and_sends_nothing(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "App", "cud");
    int64_t other = fx_app(f, "Other", "cud");
    int64_t group = fx_group(f, "One");
    int64_t ada = fx_user(f, "ada", true);
    fx_join(f, group, ada);
    fx_give(f, app, group, -1, NULL);
    fx_assign(f, other, ada);
    int64_t account = fx_account(f, app, ada).rid;
    struct step s = {.app = app};
    assert_int_equal(fx_try(f, delete_run, &s), ERR_PROBLEM);
    assert_int_equal(s.problem.code, E0000056);
    fx_do(f, pause_run, &(struct step){.app = app, .number = APP_INACTIVE});
    fx_do(f, delete_run, &s);
    assert_int_equal(fx_account(f, app, ada).rid, 0);
    assert_false(fx_find(f, app, WORK_ACCOUNT, account, NULL));
    assert_int_equal(fx_class(f, other, ada), WORK_FRESH);
    assert_int_equal(fx_events(f, "application.lifecycle.delete"), 1);
    fx_leave(f, group, ada);                   /* the group is assigned nowhere */
    assert_true(fx_app(f, "App", "") > other); /* the label is free; the rid is new */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base_urls_that_are_taken),
        cmocka_unit_test(base_urls_that_are_refused),
        cmocka_unit_test(addresses_that_names_lead_to_are_judged_too),
        cmocka_unit_test(loopback_is_the_same_in_both_checks),
        TEST(a_credential_goes_only_where_it_was_given_for),
        TEST(bad_credentials_are_refused),
        TEST(an_app_is_open_when_nothing_is_off),
        TEST(the_credential_is_sealed_on_disk),
        TEST(a_new_key_reseals_in_chunks),
        TEST(apps_that_are_refused),
        TEST(documents_keep_what_was_given_but_secrets),
        TEST(user_names_come_from_the_template),
        TEST(deleting_an_app_forgets_everything_and_sends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
