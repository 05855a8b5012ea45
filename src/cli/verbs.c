/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of verbs: parser, --help and the manual page come from here. In texts an empty line ends a paragraph; an
 * example is a line "command   # what it does".
 */
#include "cli/cli.h"

#define ANY CLI_ARGS_MAX

#define OPTION_DATA                                                                                                    \
    {                                                                                                                  \
        "data", "DIR", "the data directory; ./muster-data if absent", false                                            \
    }
#define OPTION_KEY_FILE                                                                                                \
    {                                                                                                                  \
        "key-file", "FILE", "the file with the keys that seal credentials; DIR/muster.key if absent", false            \
    }
#define OPTIONS_DATABASE                                                                                               \
    {"database", "URL", "the store is in this database: postgresql://USER@HOST/DATABASE, as libpq takes it", false},   \
    {                                                                                                                  \
        "database-file", "FILE", "the same, with the URL in the first line of FILE (mode 600), for a password", false  \
    }
#define OPTION_LIMIT                                                                                                   \
    {                                                                                                                  \
        "limit", "N", "show at most N; all if absent", false                                                           \
    }

static const struct option_spec serve_options[] = {
    OPTION_DATA,
    OPTIONS_DATABASE,
    {"listen", "HOST:PORT", "where to answer; 127.0.0.1:8080 if absent, port 0 picks one", false},
    {"tls-cert", "FILE", "PEM file with the server's certificate and what it is signed by", false},
    {"tls-key", "FILE", "PEM file with the certificate's key", false},
    {"external-url", "URL", "what links start with, when it is not what clients connect to", false},
    {"behind-proxy", "CIDR", "believe X-Forwarded-* from this network, and listen beyond loopback without TLS", true},
    OPTION_KEY_FILE,
    {"paused", NULL, "start paused: changes wait, nothing is sent until `muster resume`", false},
    {"ca-file", "FILE", "PEM file of the authorities that apps' certificates are signed by; else the system's", false},
    {"proxy", "URL", "the HTTP proxy to apps and event hooks, as in http://proxy.example.com:3128; none if absent",
     false},
    {"no-proxy", "LIST", "with --proxy: hosts and networks asked directly, between commas; this machine if absent",
     false},
    {"proxy-credential-file", "FILE", "user:password for the proxy, in the first line of FILE", false},
    {"rate", "N", "requests of one token in a minute; 10000 if absent", false},
    {"node", "NAME", "with --database: this node's name, the machine's if absent; each node needs its own", false},
    {"lease", "SECONDS", "with --database: after how long others take over what a dead node did; 10 if absent", false},
    {"request-timeout", "SECONDS", "how long an app may take to answer; 60 if absent", false},
    {0},
};

static const struct option_spec practice_options[] = {
    {"listen", "HOST:PORT", "where to answer; 127.0.0.1:8081 if absent, port 0 picks one", false},
    {"token", "TOKEN", "the bearer token that is asked for; open to everybody if absent", false},
    {"tls-cert", "FILE", "PEM file with the server's certificate", false},
    {"tls-key", "FILE", "PEM file with the certificate's key", false},
    {"duplicate-group-names", NULL, "allow two groups of one name", false},
    {"unknown-members", NULL, "store members whose id is of no user", false},
    {"profile", "NAME", "behave as a target that exists: aws-iam-identity-center, entra-id, slack, ...", false},
    {"rate-factor", "N", "multiply the rate limits of the profile; 0 leaves them out", false},
    {"fault", "FAULT", "one fault from the start: NAME,KEY=VALUE,... or JSON, as for /practice/faults", true},
    {"bad-certificate", "FLAW",
     "HTTPS with a certificate made on the spot: self-signed, unknown-authority, expired, not-yet-valid, other-host",
     false},
    {"journal-entries", "N", "how many requests are remembered; 10000 if absent", false},
    {"journal-bytes", "N", "how many bytes of each body are remembered; 2048 if absent", false},
    {0},
};

static const struct option_spec demo_options[] = {
    {"exit", NULL, "end after the story: status 0 if the app holds what it should", false},
    {"data", "DIR", "keep the data in DIR, which must be new; a temporary directory if absent", false},
    {"people", "N", "how many people the organisation has; 40 if absent", false},
    {0},
};

static const struct option_spec import_options[] = {
    {"data", "DIR", "import into this data directory, without a server", false},
    OPTIONS_DATABASE,
    OPTION_KEY_FILE,
    {"strict", NULL, "look at every row first and import nothing if one is bad", false},
    {"dry-run", NULL, "change nothing, say what would happen", false},
    {"resume", NULL, "go on where an interrupted import of these files ended", false},
    {"authoritative", NULL, "end what earlier imports made and the files do not hold, after showing the plan", false},
    {"yes", NULL, "with --authoritative: agree to the plan", false},
    {"allow-missing", "PERCENT", "with --authoritative: how much may be missing from a file; 20 if absent", false},
    {0},
};

static const struct option_spec backup_options[] = {OPTION_DATA, OPTIONS_DATABASE, {0}};

static const struct option_spec restore_options[] = {
    OPTION_DATA,
    OPTIONS_DATABASE,
    {"key-file", "FILE", "the key file of the store that was backed up: checked and copied into DIR", false},
    {"force", NULL, "put it in the place of the store in DIR, which is kept beside it", false},
    {0},
};

static const struct option_spec key_options[] = {OPTION_DATA, OPTIONS_DATABASE, OPTION_KEY_FILE, {0}};

static const struct option_spec migrate_options[] = {
    {"from", "PLACE", "a data directory, or postgresql://USER@HOST/DATABASE", false},
    {"to", "PLACE", "likewise, with nothing in it", false},
    {"from-file", "FILE", "instead of --from: the URL is the first line of FILE (mode 600), for a password", false},
    {"to-file", "FILE", "the same for --to", false},
    {0},
};

static const struct option_spec pause_options[] = {
    {"reason", "TEXT", "why, for those who ask", false},
    {0},
};

static const struct option_spec why_options[] = {
    {"live", NULL, "ask the app itself too: the account, the group and who is in it"},
    {"kind", "KIND", "of everybody: list MEMBER (all of them), or one kind, such as NOT_ASSIGNED", false},
    OPTION_LIMIT,
    {0},
};
static const struct option_spec push_retry_options[] = {
    {"dry-run", NULL, "show what would be tried again, and why it failed; nothing is done"},
    {0},
};
static const struct option_spec wait_options[] = {
    {"app", "APP", "wait for this app only", false},
    {"verified", NULL, "until the app was read back, not only until it acknowledged", false},
    {"timeout", "TIME", "give up after this time, as in 90s or 5m; 5m if absent", false},
    {0},
};

static const struct option_spec token_create_options[] = {
    {"role", "ROLE", "read-only, operator or admin; operator if absent", false},
    {"data", "DIR", "without a server, in this data directory", false},
    OPTIONS_DATABASE,
    {0},
};

static const struct option_spec admin_reset_options[] = {
    OPTION_DATA,
    OPTIONS_DATABASE,
    OPTION_KEY_FILE,
    {"email", "ADDRESS", "whose password; somebody new becomes an administrator. Not needed for the first", false},
    {"url", "URL", "what the link starts with; http://127.0.0.1:8080 if absent", false},
    {0},
};

static const struct option_spec separate_options[] = {
    {"new-group-for", "WHAT", "assignment (if absent) or push: what the new group takes over", false},
    {"copy-once", NULL, "copy who is in the group now; group rules do not feed the new one", false},
    {"dry-run", NULL, "change nothing, say what would happen", false},
    {0},
};

static const struct option_spec list_options[] = {OPTION_LIMIT, {0}};

#define OPTIONS_DIFFERENCES                                                                                            \
    {"kind", "KIND", "MEMBER_MISSING, MEMBER_EXTRA, GROUP_MISSING, GROUP_RENAMED, ACCOUNT_MISSING, ...", false},       \
        {"cause", "CAUSE", "DIRECTORY, MUSTER or TARGET", false},                                                      \
        {"class", "CLASS", "of extra members: SAME_GROUP, INACTIVE, ADDED, UNKNOWN, REFUSED, HELD", false},            \
        {"status", "STATUS", "OPEN, REPAIRING or ACCEPTED", false},                                                    \
        {"group", "GROUP", "of this group of the app, or the group that is pushed to it", false},                      \
        {"user", "USER", "of this person", false},                                                                     \
    {                                                                                                                  \
        "external", "ID", "of this id in the app", false                                                               \
    }
#define OPTION_ALL                                                                                                     \
    {                                                                                                                  \
        "all", NULL, "all of them", false                                                                              \
    }

static const struct option_spec drift_list_options[] = {
    OPTIONS_DIFFERENCES,
    {"csv", NULL, "as CSV", false},
    OPTION_LIMIT,
    {0},
};
static const struct option_spec drift_repair_options[] = {
    OPTIONS_DIFFERENCES,
    OPTION_ALL,
    {0},
};
static const struct option_spec drift_accept_options[] = {
    OPTIONS_DIFFERENCES,
    OPTION_ALL,
    {"note", "TEXT", "why, for those who read the exceptions", false},
    {0},
};
static const struct option_spec drift_scan_options[] = {
    {"no-wait", NULL, "do not wait for its end", false},
    {"timeout", "TIME", "how long to wait, as in 90s or 5m; 1h if absent", false},
    {0},
};

static const struct option_spec hold_options[] = {
    {"revision", "N", "only if nothing has joined since this revision", false},
    {0},
};

static const struct option_spec hold_release_options[] = {
    {"external", NULL, "WHO is the app's id of a member whom the directory does not know", false},
    {0},
};

static const struct option_spec limits_options[] = {
    {"app", "APP", "of this app; of the organisation if absent", false},
    {0},
};

static const struct option_spec search_options[] = {
    {"q", "TEXT", "those whose name starts with TEXT", false},
    {"search", "EXPRESSION", "those that fit, as in: profile.department eq \"Sales\"", false},
    {"all", NULL, "also those that are left out otherwise (deactivated people, groups of apps)", false},
    OPTION_LIMIT,
    {0},
};

static const struct option_spec user_create_options[] = {
    {"inactive", NULL, "do not activate", false},
    {"password-file", "FILE", "set the password in the first line of FILE", false},
    {0},
};

static const struct option_spec deactivate_options[] = {
    {"deactivate", NULL, "deactivate first", false},
    {0},
};

static const struct option_spec group_options[] = {
    {"description", "TEXT", "the group's description", false},
    {0},
};

static const struct option_spec profile_mapping_options[] = {
    {"on-creation", NULL, "send it when an account is created only; afterwards the app keeps what it has", false},
    {0},
};
static const struct option_spec rule_list_options[] = {
    {"search", "TEXT", "those whose name has TEXT in it", false},
    OPTION_LIMIT,
    {0},
};

static const struct option_spec rule_create_options[] = {
    {"exclude-user", "USER", "never this person", true},
    {"exclude-group", "GROUP", "never members of this group", true},
    {0},
};

static const struct option_spec rule_delete_options[] = {
    {"remove-users", NULL, "take whom it put into groups out again, unless there is another reason", false},
    {0},
};

static const struct option_spec app_list_options[] = {
    {"q", "TEXT", "those whose name starts with TEXT", false},
    OPTION_LIMIT,
    {0},
};

static const struct option_spec app_create_options[] = {
    {"inactive", NULL, "do not activate", false},
    {"name", "KEY", "its key in the catalogue; made from the label if absent", false},
    {0},
};

static const struct option_spec app_connect_options[] = {
    {"secret-file", "FILE", "the credential is the first line of FILE (- for standard input)", false},
    {"basic-user", "NAME", "basic authentication with this name; the credential is the password", false},
    {"header", "NAME", "send the credential in this header", false},
    {"token-url", "URL", "OAuth 2: ask here for access tokens; the credential is the client's secret", false},
    {"client-id", "ID", "OAuth 2: the client", false},
    {"client-auth", "HOW", "OAuth 2: basic (if absent), post, or jwt, with the credential a private key in PEM", false},
    {"scope", "WORDS", "OAuth 2: the scopes to ask for", false},
    {"key-id", "ID", "OAuth 2, jwt: the key's id (kid)", false},
    {"private-key-file", "FILE", "OAuth 2, jwt: the private key, all of FILE", false},
    {"app-ca-file", "FILE|none", "PEM file of the authorities that this app's certificate is signed by", false},
    {"client-cert-file", "FILE|none", "PEM file of the certificate that the app is shown", false},
    {"client-key-file", "FILE", "PEM file of its private key", false},
    {"proxy", "URL|direct|none", "the HTTP proxy to this app; direct: none; none: what the server says", false},
    {"no-proxy", "LIST|none", "hosts and networks that are asked directly, between commas", false},
    {"proxy-credential-file", "FILE|none", "user:password for the proxy, in the first line of FILE", false},
    {"expires", "TIME|none", "when the credential ends, as in 2027-01-31T00:00:00Z: warned of before that", false},
    {"rotate", NULL, "keep the credential in use until the new one is proven", false},
    {"allow-plain-http", NULL, "allow http: to another machine; everything can be read on the way", false},
    {"off", NULL, "save it switched off", false},
    {0},
};

static const struct option_spec app_assign_options[] = {
    {"user", NULL, "WHO is a person, not a group", false},
    {"priority", "N", "of the group: 0 is best", false},
    {0},
};

static const struct option_spec app_unassign_options[] = {
    {"user", NULL, "WHO is a person, not a group", false},
    {0},
};

static const struct option_spec app_convert_options[] = {
    {"to", "group|user", "what they become: by group, or individual", false},
    {"all", NULL, "all of the app", false},
    {"dry-run", NULL, "with --all: count what would be converted, and do nothing", false},
    {0},
};

static const struct option_spec backlog_options[] = {
    {"send", NULL, "bring all of it to the app", false},
    {0},
};

static const struct option_spec capture_options[] = {
    {"for", "TIME", "how long, as in 30m or 2h; 1h if absent, 24h at most", false},
    {0},
};

static const struct option_spec run_import_options[] = {
    {"no-wait", NULL, "do not wait for its end", false},
    {"timeout", "TIME", "stop waiting after this time, as in 90s or 5m; an hour if absent", false},
    {0},
};

static const struct option_spec imported_options[] = {
    {"status", "STATUS", "UNCONFIRMED (if absent), CONFIRMED or IGNORED", false},
    OPTION_LIMIT,
    {0},
};

static const struct option_spec confirm_options[] = {
    {"person", "LOGIN", "whose it is", false},
    {"new", NULL, "make new people of them", false},
    {0},
};

static const struct option_spec push_list_options[] = {
    {"status", "STATUS", "only ACTIVE, INACTIVE or ERROR", false},
    OPTION_LIMIT,
    {0},
};

#define OPTIONS_EXISTING                                                                                               \
    {"remove-existing-members", NULL, "when linking: remove members that only the app's group has", false},            \
        {"keep-existing-members", NULL, "when linking: leave them there", false},                                      \
    {                                                                                                                  \
        "refuse-existing-members", NULL, "when linking: wait rather than remove anybody", false                        \
    }

static const struct option_spec push_create_options[] = {
    {"target-name", "NAME", "the group's name in the app; that of the group if absent", false},
    {"link", "ID", "link to the app's group with this id (00g...)", false},
    {"inactive", NULL, "send nothing yet", false},
    OPTIONS_EXISTING,
    {"members-later", NULL, "make the group now, and push its members when they change next", false},
    {0},
};

static const struct option_spec push_activate_options[] = {
    OPTIONS_EXISTING,
    {0},
};

static const struct option_spec push_unlink_options[] = {
    {"keep-group", NULL, "leave the group in the app as it is", false},
    {"delete-group", NULL, "delete the group in the app", false},
    {0},
};

#define OPTIONS_CRITERIA                                                                                               \
    {"name-starts-with", "TEXT", "groups whose name begins so", false},                                                \
        {"name-ends-with", "TEXT", "groups whose name ends so", false},                                                \
        {"name-contains", "TEXT", "groups whose name holds this", false},                                              \
        {"name-equals", "TEXT", "the group of this name", false},                                                      \
        {"name-regex", "PATTERN", "groups whose name matches this regular expression", false},                         \
        {"every-group", NULL, "every group", false},                                                                   \
        {"description-starts-with", "TEXT", "and whose description begins so", false},                                 \
        {"description-contains", "TEXT", "and whose description holds this", false},                                   \
        {"description-regex", "PATTERN", "and whose description matches this", false},                                 \
    {                                                                                                                  \
        "link-existing", NULL, "take over a group of that name that the app has; else such groups are left out", false \
    }

static const struct option_spec push_rule_create_options[] = {
    OPTIONS_CRITERIA,
    {"members-later", NULL, "make the groups now, and push their members when they change next", false},
    {"retract", "HOW", "when a group matches no longer: unlink, or delete the app's group too; else it stays", false},
    {"inactive", NULL, "do nothing yet", false},
    {0},
};

static const struct option_spec push_rule_preview_options[] = {OPTIONS_CRITERIA, {0}};

static const struct option_spec push_rule_delete_options[] = {
    {"keep-mappings", NULL, "its groups stay pushed, as if made by name", false},
    {"unlink", NULL, "its groups are no longer pushed; the app keeps them", false},
    {"delete-groups", NULL, "its groups are no longer pushed, and deleted in the app", false},
    {0},
};

static const struct option_spec push_delete_options[] = {
    {"keep-group", NULL, "leave the group in the app as it is", false},
    {"delete-group", NULL, "delete the group in the app", false},
    {"deactivate", NULL, "deactivate the mapping first", false},
    {0},
};

#define LIFECYCLE(word, what, more, flags)                                                                             \
    {                                                                                                                  \
        "user " word, "USER...", 1, ANY, what, more, "muster user " word " ada@example.com", NULL,                     \
            VERB_CLIENT | (flags), cmd_user_lifecycle                                                                  \
    }

const struct verb cli_verbs[] = {
    {"serve", "", 0, 0, "run the server",
     "Runs Muster: the management API, and the engine that keeps apps in step.\n\n"
     "DIR holds everything: the store (muster.db), the key that seals the apps' credentials (muster.key) and, after "
     "the "
     "first start, the first administrator's API token (admin.token), which is shown nowhere else. One process at a "
     "time "
     "uses DIR. Without the key the credentials in the store cannot be read: keep a copy, apart from the backups.\n\n"
     "With --database the store is in PostgreSQL instead, in a database with the encoding UTF8 that is Muster's own, "
     "and "
     "DIR holds the key and the token. Several hosts, TLS and time-outs are said in the URL, as libpq takes them. A "
     "password belongs into the file of --database-file, or where libpq looks for one (PGPASSWORD, ~/.pgpass).\n\n"
     "Beyond loopback the server wants TLS, or a proxy in front of it that is named with --behind-proxy. When it is "
     "ready it says so in one line. SIGTERM and SIGINT end it; what was acknowledged is on disk at any moment.",
     "muster serve   # on 127.0.0.1:8080, in ./muster-data\n"
     "muster serve --data /var/lib/muster --listen 0.0.0.0:443 --tls-cert cert.pem --tls-key key.pem\n"
     "muster serve --listen 10.0.0.5:8080 --behind-proxy 10.0.0.1 --external-url https://muster.example.com",
     serve_options, 0, cmd_serve},
    {"demo", "", 0, 0, "show what Muster does, in one minute",
     "Starts a server and a practice target in this process, makes an organisation, connects the two and pushes "
     "groups: "
     "people arrive, one leaves and comes back, a group is renamed. After each step the target is read and "
     "compared.\n\n"
     "Afterwards both stay up until Ctrl-C, so that you can look around; --exit ends instead, with a status that says "
     "whether the target held what it should.",
     "muster demo\nmuster demo --exit   # as a test of an installation", demo_options, 0, cmd_demo},
    {"practice", "", 0, 0, "run a SCIM server to practise with",
     "A complete SCIM 2.0 server in memory: Users, Groups, filters, PATCH, Bulk, ETags below /scim/v2. What it was "
     "asked "
     "is at /practice/journal (as HTTP Archive: /practice/har), what it holds at /practice/state, and /practice/faults "
     "makes it fail to order. Nothing is kept when it ends.\n\n"
     "docs/practice.md lists the faults and the profiles; so do /practice/faults and /practice/profiles.",
     "muster practice --token secret   # then: muster app connect APP http://127.0.0.1:8081/scim/v2 --secret-file "
     "FILE\n"
     "muster practice --profile miro --rate-factor 10\n"
     "muster practice --fault status,method=PATCH,percent=5,status=503,retryAfter=2",
     practice_options, 0, cmd_practice},
    {"import", "USERS.csv [MEMBERSHIPS.csv]", 1, 2, "bring people and memberships in from CSV files",
     "The first line of each file names the columns.\n\n"
     "USERS.csv: login (needed); email, firstName, lastName and any other attribute of the profile; status, ACTIVE "
     "(the "
     "default) or STAGED, for people who are new. An empty field leaves an attribute as it is. Lists are separated by "
     "semicolons. Passwords are not imported.\n\n"
     "MEMBERSHIPS.csv: login and group; a group that does not exist is made.\n\n"
     "A file is told by its columns: one that has a column group holds memberships. People are found by login, groups "
     "by "
     "name; nothing is taken away, so running it again is harmless. A bad row is named by line and column and does not "
     "stop the others; the status is 1 then. The rows travel 1,000 a transaction; FILE.muster-progress remembers how "
     "far "
     "an import came, for --resume.\n\n"
     "With --authoritative what an earlier import made and the files no longer hold ends: people are deactivated, "
     "memberships removed; of what there is no file for nothing is said. The files are read to their end first, must "
     "end "
     "with a line break and hold no bad row, and may end with a line #rows,NUMBER that tells how many rows they have. "
     "The "
     "plan is shown before anything is changed.\n\n"
     "With --data the import runs in this process, and no server may be using DIR.",
     "muster import users.csv memberships.csv\n"
     "muster import --dry-run users.csv   # what would happen\n"
     "muster import --data /var/lib/muster users.csv memberships.csv   # before the first start",
     import_options, VERB_CLIENT, cmd_import},
    {"backup", "FILE", 1, 1, "copy the store, while the server runs",
     "Writes a consistent copy of the store in DIR to FILE, which must not exist. Run it on the server's machine; the "
     "server may run. The copy holds credentials sealed with the key in DIR/muster.key: keep that key too, elsewhere.",
     "muster backup --data /var/lib/muster /backup/muster-monday.db", backup_options, 0, cmd_backup},
    {"restore", "FILE", 1, 1, "start over from a backup",
     "Puts a backup into DIR, where no server may be running. The restored store starts paused and says why: what "
     "happened since the backup is unknown to it, so look first, then `muster resume`. A new administrator's "
     "token is written to DIR/admin.token; the tokens of the backup work too. It needs the key file of the store that "
     "was backed up.",
     "muster restore /backup/muster-monday.db --data /var/lib/muster --key-file /safe/muster.key\n"
     "muster serve --data /var/lib/muster\nmuster resume   # when you have looked",
     restore_options, 0, cmd_restore},
    {"migrate", "", 0, 0, "move the store to PostgreSQL, or back",
     "Copies everything from one place to the other, and compares it table by table, by counts and checksums. No "
     "server "
     "may be running on either. The source stays as it is. The copy says of itself that it is unfinished until the "
     "very end: one that was interrupted is started by no server, and is to be removed before the next attempt.\n\n"
     "The copy starts paused. It needs the key file of the source, whose id is named at the end.",
     "muster migrate --from /var/lib/muster --to-file /etc/muster/database\n"
     "muster migrate --from postgresql://muster@db.example.com/muster --to /var/lib/muster",
     migrate_options, 0, cmd_migrate},
    {"key rotate", "", 0, 0, "seal all credentials with a new key",
     "Makes a new key, seals every credential with it and forgets the old keys in the store. No server may be using "
     "DIR, and no node the database. The seven keys before it stay in the key file, because older backups need them; "
     "keep a copy of the file "
     "with "
     "a backup that is older than that.",
     "muster key rotate --data /var/lib/muster", key_options, 0, cmd_key_rotate},
    {"pause", "[APP]", 0, 1, "send nothing to an app, or to any",
     "Changes are accepted and wait; `muster resume` sends what is still wanted then.",
     "muster pause --reason \"maintenance until 18:00\"\nmuster pause \"Sales tool\"   # this app only", pause_options,
     VERB_CLIENT, cmd_pause},
    {"resume", "[APP]", 0, 1, "end a pause", "Sends what waited and is still wanted.", "muster resume", NULL,
     VERB_CLIENT, cmd_resume},
    {"wait", "", 0, 0, "wait until apps hold what they should",
     "Ends with status 0 when all work that was caused up to now is done, with 1 and the names when something failed "
     "and "
     "will not be tried again by itself, with 5 when the time is up.",
     "muster group add Sales ada@example.com && muster wait --timeout 60s\nmuster wait --app \"Sales tool\" --verified",
     wait_options, VERB_CLIENT, cmd_wait},
    {"why", "PERSON [in GROUP] [of APP]", 1, 5, "tell why somebody is or is not in a group or an app",
     "PERSON is a login or an id. Each check says what it found, since when and who did it; the first one that fails "
     "is "
     "the cause, with the call that mends it. Without GROUP the account is meant, and every pushed group that holds "
     "the "
     "person, or should. `muster why everybody in GROUP of APP` counts the members of a pushed group by what becomes "
     "of "
     "them; with --kind it lists those of one kind, each with the cause. Ends with status 1 when something is not as "
     "it "
     "should be.",
     "muster why ada@example.com in Engineering of \"Sales tool\"\nmuster why ada@example.com of \"Sales tool\" "
     "--live\n"
     "muster why everybody in Engineering of \"Sales tool\"\n"
     "muster why everybody in Engineering of \"Sales tool\" --kind NOT_ASSIGNED",
     why_options, VERB_CLIENT, cmd_why},

    {"record keep", "[attempts=DAYS] [log=DAYS]", 0, 2, "say how long the journal and the system log are kept",
     "attempts: requests to apps and their answers, 30 days unless set. log: the system log, 90 days. What is older "
     "goes within an hour. Without DAYS: shows how it is.",
     "muster record keep\nmuster record keep attempts=14 log=365", NULL, VERB_CLIENT, cmd_record_keep},

    {"token create", "NAME", 1, 1, "make an API token",
     "The token is shown once, on standard output alone. Roles: read-only sees, operator changes the directory, "
     "assignments and pushes, admin also tokens, connections and the server. With --data no server is needed: the way "
     "back in when every token is lost.",
     "muster token create ci --role read-only\nmuster token create rescue --role admin --data /var/lib/muster",
     token_create_options, VERB_CLIENT, cmd_token_create},
    {"token list", "", 0, 0, "list API tokens", "Names, roles and ids; never the tokens themselves.",
     "muster token list", list_options, VERB_CLIENT, cmd_token_list},
    {"token revoke", "TOKEN", 1, 1, "end an API token", "TOKEN is its id (00T...) or its name.",
     "muster token revoke ci", NULL, VERB_CLIENT, cmd_token_revoke},

    {"admin reset", "", 0, 0, "make a link that sets an administrator's password",
     "For the console, without a server that runs: the way in for the first administrator, and back in when a password "
     "is lost. The link works once, within an hour; it is shown on standard output alone. While nobody can sign in, "
     "`muster serve` makes such a link by itself and writes it to DIR/first-administrator.link.",
     "muster admin reset --data /var/lib/muster --url https://muster.example.com\n"
     "muster admin reset --email ada@example.com",
     admin_reset_options, 0, cmd_admin_reset},

    {"user list", "", 0, 0, "list people", "Without an option everybody but deactivated people.",
     "muster user list --search 'profile.department eq \"Sales\"'\nmuster user list --q ada", search_options,
     VERB_CLIENT, cmd_user_list},
    {"user show", "USER", 1, 1, "show a person", "USER is a login or an id (00u...).",
     "muster user show ada@example.com", NULL, VERB_CLIENT, cmd_user_show},
    {"user create", "LOGIN [NAME=VALUE...]", 1, ANY, "make a person",
     "NAME=VALUE sets an attribute of the profile to a text, NAME:=JSON to any value. The login is the e-mail address "
     "too, if it looks like one.",
     "muster user create ada@example.com firstName=Ada lastName=Lovelace title=Engineer", user_create_options,
     VERB_CLIENT, cmd_user_create},
    {"user update", "USER NAME=VALUE...", 2, ANY, "change attributes of a person",
     "NAME=VALUE sets an attribute to a text, NAME:=JSON to any value, NAME:=null clears it. The others stay.",
     "muster user update ada@example.com title=Director nickName:=null", NULL, VERB_CLIENT | VERB_PLANS,
     cmd_user_update},
    {"user groups", "USER", 1, 1, "list the groups of a person", "", "muster user groups ada@example.com", list_options,
     VERB_CLIENT, cmd_user_groups},
    LIFECYCLE("activate", "activate people", "Also brings deactivated people back.", 0),
    LIFECYCLE("deactivate", "deactivate people",
              "They leave every group of every app and their accounts are deactivated, in that order.", VERB_PLANS),
    LIFECYCLE("reactivate", "start the activation of people anew", "For people who are PROVISIONED or in RECOVERY.", 0),
    LIFECYCLE("suspend", "suspend people", "Nothing is sent to apps: what is there stays.", 0),
    LIFECYCLE("unsuspend", "end a suspension", "", 0),
    LIFECYCLE("unlock", "unlock people", "", 0),
    LIFECYCLE("expire-password", "expire passwords", "No mail is sent.", 0),
    LIFECYCLE("reset-password", "reset passwords", "No mail is sent.", 0),
    {"user protect", "USER...", 1, ANY, "never take people away from apps",
     "Muster deactivates none of their accounts and removes them from no group in an app; what is wanted is held, and "
     "done "
     "when the protection ends.",
     "muster user protect ada@example.com", NULL, VERB_CLIENT, cmd_protect},
    {"user unprotect", "USER...", 1, ANY, "end the protection of people", "What was held because of it is done.",
     "muster user unprotect ada@example.com", NULL, VERB_CLIENT, cmd_protect},
    {"user delete", "USER", 1, 1, "delete a deactivated person", "Gone for good; memberships and accounts go with it.",
     "muster user delete ada@example.com --deactivate", deactivate_options, VERB_CLIENT | VERB_PLANS, cmd_user_delete},

    {"group list", "", 0, 0, "list groups", "Without an option the groups of the directory.",
     "muster group list --q Sales\nmuster group list --search 'profile.name sw \"Sales\"'", search_options, VERB_CLIENT,
     cmd_group_list},
    {"group show", "GROUP", 1, 1, "show a group", "GROUP is a name or an id (00g...).", "muster group show Sales", NULL,
     VERB_CLIENT, cmd_group_show},
    {"group create", "NAME", 1, 1, "make a group", "",
     "muster group create Sales --description \"Everybody who sells\"", group_options, VERB_CLIENT, cmd_group_create},
    {"group update", "GROUP [NEW-NAME] [NAME=VALUE...]", 1, ANY, "rename or describe a group",
     "NAME=VALUE sets an attribute of the profile to a text, NAME:=JSON to any value. A group that is pushed is "
     "renamed "
     "in the apps too.",
     "muster group update Sales \"Sales and Support\"\nmuster group update Sales name=\"Sales and Support\"\nmuster "
     "group update Sales --description \"Everybody who sells\"",
     group_options, VERB_CLIENT, cmd_group_rename},
    {"group protect", "GROUP...", 1, ANY, "never delete groups in apps",
     "The groups of apps to which GROUP is pushed are not deleted there.", "muster group protect Administrators", NULL,
     VERB_CLIENT, cmd_protect},
    {"group unprotect", "GROUP...", 1, ANY, "end the protection of groups", "What was held because of it is done.",
     "muster group unprotect Administrators", NULL, VERB_CLIENT, cmd_protect},
    {"group delete", "GROUP", 1, 1, "delete a group", "Its members lose what they had through it.",
     "muster group delete Sales", NULL, VERB_CLIENT | VERB_PLANS, cmd_group_delete},
    {"group members", "GROUP", 1, 1, "list the members of a group", "", "muster group members Sales", list_options,
     VERB_CLIENT, cmd_group_members},
    {"group add", "GROUP USER...", 2, ANY, "add people to a group", "Adding somebody twice is no error.",
     "muster group add Sales ada@example.com grace@example.com", NULL, VERB_CLIENT, cmd_group_add},
    {"group remove", "GROUP USER...", 2, ANY, "remove people from a group", "",
     "muster group remove Sales ada@example.com", NULL, VERB_CLIENT | VERB_PLANS, cmd_group_remove},

    {"rule list", "", 0, 0, "list the rules that put people into groups", "", "muster rule list", rule_list_options,
     VERB_CLIENT, cmd_rule_list},
    {"rule show", "RULE", 1, 1, "show a rule", "RULE is a name or an id (0pr...).", "muster rule show \"Sales people\"",
     NULL, VERB_CLIENT, cmd_rule_show},
    {"rule create", "NAME CONDITION GROUP...", 3, ANY, "make a rule that puts people into groups",
     "CONDITION is an expression over a person, as docs/expressions.md explains. The rule does nothing before it is "
     "activated.",
     "muster rule create \"Sales people\" 'user.department == \"Sales\"' Sales\nmuster rule create \"Sales people\" "
     "'user.department == \"Sales\"' Sales --exclude-group Contractors",
     rule_create_options, VERB_CLIENT, cmd_rule_create},
    {"rule preview", "RULE | CONDITION GROUP...", 1, ANY, "show whom a rule would match, and change nothing",
     "One argument names a rule that is there.",
     "muster rule preview \"Sales people\"\nmuster rule preview 'user.department == \"Sales\"' Sales",
     rule_create_options, VERB_CLIENT, cmd_rule_preview},
    {"rule activate", "RULE", 1, 1, "let a rule work", "Everybody is looked at, and then whoever changes.",
     "muster rule activate \"Sales people\"", NULL, VERB_CLIENT | VERB_PLANS, cmd_rule_activate},
    {"rule deactivate", "RULE", 1, 1, "stop a rule", "Whom it put into groups stays there.",
     "muster rule deactivate \"Sales people\"", NULL, VERB_CLIENT | VERB_PLANS, cmd_rule_deactivate},
    {"rule delete", "RULE", 1, 1, "delete a rule",
     "Whom it put into groups stays there, unless --remove-users is given.",
     "muster rule delete \"Sales people\" --remove-users", rule_delete_options, VERB_CLIENT | VERB_PLANS,
     cmd_rule_delete},

    {"app list", "", 0, 0, "list apps", "", "muster app list", app_list_options, VERB_CLIENT, cmd_app_list},
    {"app show", "APP", 1, 1, "show an app, its connection and switches", "APP is a label or an id (0oa...).",
     "muster app show \"Sales tool\"", NULL, VERB_CLIENT, cmd_app_show},
    {"app create", "LABEL", 1, 1, "make an app",
     "Then connect it, switch on what it may do, assign groups and push groups.",
     "muster app create \"Sales tool\"\n"
     "muster app connect \"Sales tool\" https://sales.example.com/scim/v2 --secret-file token\n"
     "muster app switch \"Sales tool\" all=on\nmuster app assign \"Sales tool\" Sales\nmuster push create \"Sales "
     "tool\" Sales",
     app_create_options, VERB_CLIENT, cmd_app_create},
    {"app connect", "APP URL", 2, 2, "tell an app's SCIM address and credential",
     "URL is the base URL, below which /Users and /Groups are. The app is asked before anything is saved. The "
     "credential "
     "is a bearer token unless --basic-user or --header says otherwise; it is stored sealed and shown nowhere. Without "
     "--secret-file the stored one is kept, unless scheme, host or port change; so is what other options say and are "
     "not "
     "given. With --rotate the credential in use is kept: it is used again if the app refuses the new one, and goes a "
     "day "
     "after the new one is proven, or by muster app forget-credential.",
     "muster app connect \"Sales tool\" https://sales.example.com/scim/v2 --secret-file token\n"
     "muster app connect \"Sales tool\" https://sales.example.com/scim/v2 --token-url https://login.example.com/token "
     "--client-id muster --secret-file secret\n"
     "muster app connect \"Sales tool\" https://sales.example.com/scim/v2 --secret-file new-token --rotate",
     app_connect_options, VERB_CLIENT, cmd_app_connect},
    {"app forget-credential", "APP", 1, 1, "forget the credential before the one in use",
     "After app connect --rotate, once the new credential is proven.", "muster app forget-credential \"Sales tool\"",
     NULL, VERB_CLIENT, cmd_app_forget_credential},
    {"app switch", "APP [SWITCH=on|off...]", 1, ANY, "show or turn what an app is told",
     "create: make accounts. update: send changed profiles. deactivate: deactivate the accounts of those who leave. "
     "all: "
     "these three. delete-linked-groups: groups in the app that were there before may be deleted too. Turning a switch "
     "on acts on changes made from then on. verify=always, sampled (one request in ten) or never (the default): are "
     "members read back after they were pushed? dialect=standard (the default), catalog or custom: how requests are "
     "written; the last two are for makers of SCIM apps, and have dangers (docs/targets.md).",
     "muster app switch \"Sales tool\" create=on update=on deactivate=on\nmuster app switch \"Sales tool\" "
     "verify=sampled\nmuster app switch \"Sales tool\" dialect=catalog",
     NULL, VERB_CLIENT, cmd_app_switch},
    {"app assign", "APP WHO", 2, 2, "give an app to a group or a person",
     "Everybody in the group, or the person, gets an account in the app.",
     "muster app assign \"Sales tool\" Sales\nmuster app assign \"Sales tool\" ada@example.com --user",
     app_assign_options, VERB_CLIENT, cmd_app_assign},
    {"app unassign", "APP WHO", 2, 2, "take an app from a group or a person",
     "Accounts of those who have the app through nothing else are deactivated.",
     "muster app unassign \"Sales tool\" Sales", app_unassign_options, VERB_CLIENT | VERB_PLANS, cmd_app_unassign},
    {"app convert", "APP [PERSON...]", 1, ANY, "convert assignments between individual and by group",
     "Nobody loses the app by this. Of those who have the app individually only who is in a group that has it too is "
     "converted with --to group; the group's values hold for him from then on. With --to user what the group's "
     "assignment said becomes his own. Without people, --all, after a look with --dry-run.",
     "muster app convert \"Sales tool\" --to group --all --dry-run\nmuster app convert \"Sales tool\" --to user "
     "ada@example.com",
     app_convert_options, VERB_CLIENT, cmd_app_convert},
    {"app order", "APP GROUP...", 2, ANY, "put the groups that have an app in order, the best first",
     "Whose values hold for somebody who is in several of them. Groups that are not named follow in the order that "
     "they "
     "have.",
     "muster app order \"Sales tool\" Managers Sales", NULL, VERB_CLIENT, cmd_app_order},
    {"app groups", "APP", 1, 1, "list the groups that have an app", "", "muster app groups \"Sales tool\"",
     list_options, VERB_CLIENT, cmd_app_groups},
    {"app accounts", "APP", 1, 1, "list the accounts of an app", "", "muster app accounts \"Sales tool\"", list_options,
     VERB_CLIENT, cmd_app_accounts},
    {"app backlog", "APP", 1, 1, "count what an app lacks, and send it",
     "Switches act on changes made from then on. What was there before is the backlog: this counts it, and --send "
     "brings "
     "it to the app.",
     "muster app backlog \"Sales tool\"\nmuster app backlog \"Sales tool\" --send", backlog_options, VERB_CLIENT,
     cmd_app_backlog},
    {"app capture", "APP [on|off]", 1, 2, "keep an app's requests and answers in full, for a time",
     "The journal shows ids, user names, names of attributes and statuses; other values appear as type and length. "
     "While capture is on, requests and answers are kept as they are, people's data included. It ends by itself; "
     "beginning and end are in the system log. Without on or off: says how it is.",
     "muster app capture \"Sales tool\" on --for 30m\nmuster app capture \"Sales tool\" off", capture_options,
     VERB_CLIENT, cmd_app_capture},
    {"app refresh", "APP", 1, 1, "read the groups of an app anew",
     "What the app has of groups becomes known, so that a push can link one. Nothing is changed in the app, and "
     "nothing "
     "here before everything was read.",
     "muster app refresh \"Sales tool\"", run_import_options, VERB_CLIENT, cmd_app_refresh},
    {"app import", "APP", 1, 1, "read the users, groups and memberships of an app",
     "Users of the app are matched with people; `muster app imported` shows those who are nobody's yet. Whoever is "
     "gone "
     "in the app loses it here, unless a group gives it. Nothing is changed in the app, and nothing here before "
     "everything was read.",
     "muster app import \"Sales tool\"", run_import_options, VERB_CLIENT, cmd_app_import},
    {"app imports", "APP", 1, 1, "list the imports of an app", "The newest first.", "muster app imports \"Sales tool\"",
     list_options, VERB_CLIENT, cmd_app_imports},
    {"app import-cancel", "APP", 1, 1, "end an import of an app", "Nothing was changed by it, and nothing will be.",
     "muster app import-cancel \"Sales tool\"", NULL, VERB_CLIENT, cmd_app_import_act},
    {"app import-approve", "APP", 1, 1, "let an import pass the import safeguard",
     "An import that would take the app from very many people waits until somebody has looked.",
     "muster app import-approve \"Sales tool\"", NULL, VERB_CLIENT | VERB_PLANS, cmd_app_import_act},
    {"app imported", "APP", 1, 1, "list the users that an app holds",
     "Those that are nobody's yet, with whom they may be; --status shows the others.",
     "muster app imported \"Sales tool\"\nmuster app imported \"Sales tool\" --status IGNORED", imported_options,
     VERB_CLIENT, cmd_app_imported},
    {"app confirm", "APP USER...", 2, ANY, "say whose an app's users are",
     "USER is the user name in the app, or an id (imu...). Without an option: as matched, and a new person where there "
     "is no match. The person has the app then, with this account.",
     "muster app confirm \"Sales tool\" ada\nmuster app confirm \"Sales tool\" al --person alan@example.com",
     confirm_options, VERB_CLIENT, cmd_app_confirm},
    {"app ignore", "APP USER...", 2, ANY, "leave users of an app alone", "They are asked about no more.",
     "muster app ignore \"Sales tool\" backup-robot", NULL, VERB_CLIENT, cmd_app_ignore},
    {"app unignore", "APP USER...", 2, ANY, "ask about ignored users of an app again", "",
     "muster app unignore \"Sales tool\" backup-robot", NULL, VERB_CLIENT, cmd_app_ignore},
    {"app activate", "APP", 1, 1, "activate an app", "", "muster app activate \"Sales tool\"", NULL, VERB_CLIENT,
     cmd_app_lifecycle},
    {"app deactivate", "APP", 1, 1, "deactivate an app", "Traffic stops; nothing is changed in the app.",
     "muster app deactivate \"Sales tool\"", NULL, VERB_CLIENT, cmd_app_lifecycle},
    {"app delete", "APP", 1, 1, "forget a deactivated app",
     "Nothing is sent: its accounts and groups stay as they are.", "muster app delete \"Sales tool\" --deactivate",
     deactivate_options, VERB_CLIENT, cmd_app_delete},

    {"profile-mapping show", "APP", 1, 1, "show which attribute of an app's users gets what", "",
     "muster profile-mapping show \"Sales tool\"", NULL, VERB_CLIENT, cmd_profile_mapping_show},
    {"profile-mapping set", "APP ATTRIBUTE=EXPRESSION...", 2, ANY, "say what attributes of an app's users get",
     "EXPRESSION is over a person, as docs/expressions.md explains; docs/mapping.md says what an app is told, and how "
     "attributes are added. Everybody who has the app is looked at again.",
     "muster profile-mapping set \"Sales tool\" 'title=user.title ?: \"Employee\"'\nmuster profile-mapping set \"Sales "
     "tool\" userType=user.userType --on-creation",
     profile_mapping_options, VERB_CLIENT, cmd_profile_mapping_set},
    {"profile-mapping unset", "APP ATTRIBUTE...", 2, ANY, "send attributes to an app no more",
     "The app keeps what it has.", "muster profile-mapping unset \"Sales tool\" costCenter", NULL, VERB_CLIENT,
     cmd_profile_mapping_unset},
    {"profile-mapping preview", "APP USER [ATTRIBUTE=EXPRESSION]...", 2, ANY,
     "show what an app would hold of a person, and change nothing",
     "With expressions: as if they were set. Ends with status 1 when there is no usable value for an attribute.",
     "muster profile-mapping preview \"Sales tool\" ada@example.com 'title=String.toUpperCase(user.title)'",
     profile_mapping_options, VERB_CLIENT, cmd_profile_mapping_preview},
    {"push list", "APP", 1, 1, "list the groups that are pushed to an app", "", "muster push list \"Sales tool\"",
     push_list_options, VERB_CLIENT, cmd_push_list},
    {"push show", "APP GROUP", 2, 2, "show one pushed group",
     "GROUP is the source group's name or id, or the id of the mapping (gPm...).",
     "muster push show \"Sales tool\" Sales", NULL, VERB_CLIENT, cmd_push_show},
    {"push create", "APP GROUP", 2, 2, "push a group to an app",
     "Makes the group in the app, or links to the one of that name, and keeps its members in step: those members of "
     "GROUP who have an account in the app. Members of the app's group who are not in GROUP are removed, unless "
     "--keep-existing-members or --refuse-existing-members says otherwise.",
     "muster push create \"Sales tool\" Sales\nmuster push create \"Sales tool\" Sales --target-name \"All of sales\"",
     push_create_options, VERB_CLIENT, cmd_push_create},
    {"push activate", "APP GROUP", 2, 2, "push a group again", "Brings the app's group up to date.",
     "muster push activate \"Sales tool\" Sales", push_activate_options, VERB_CLIENT | VERB_PLANS, cmd_push_status},
    {"push deactivate", "APP GROUP", 2, 2, "stop pushing a group", "The app's group stays as it is.",
     "muster push deactivate \"Sales tool\" Sales", NULL, VERB_CLIENT | VERB_PLANS, cmd_push_status},
    {"push delete", "APP GROUP", 2, 2, "unlink a pushed group",
     "One of --keep-group and --delete-group is needed. The mapping must be inactive or in error.",
     "muster push delete \"Sales tool\" Sales --deactivate --keep-group", push_delete_options, VERB_CLIENT | VERB_PLANS,
     cmd_push_delete},
    {"push unlink", "APP GROUP", 2, 2, "unlink a pushed group from any status, in one act",
     "One of --keep-group and --delete-group is needed. Works also when the mapping is active or in error.",
     "muster push unlink \"Sales tool\" Sales --delete-group", push_unlink_options, VERB_CLIENT | VERB_PLANS,
     cmd_push_unlink},
    {"push settings", "APP [NAME=VALUE...]", 1, ANY, "show or change an app's settings of group push",
     "rename=on (the default): the app's groups take the names of their sources; off: a linked group keeps its name. "
     "source-deleted=leave (the default): the app keeps its group when the source is deleted; delete: it goes too. "
     "group-missing=alert (the default): a group that was deleted in the app is held until somebody acts; repair: it "
     "is "
     "made anew, once an hour at most. Roles that the app bound to the old one are not restored.",
     "muster push settings \"Sales tool\" rename=off", NULL, VERB_CLIENT, cmd_push_settings},
    {"push now", "APP GROUP", 2, 2, "make a pushed group exactly its source",
     "Reads the group in the app and writes only the difference. Members whom Muster did not put there are removed.",
     "muster push now \"Sales tool\" Sales", NULL, VERB_CLIENT, cmd_push_now},
    {"push retry", "[APP]", 0, 1, "try again what failed in an app, or in all",
     "What failed is told by cause. What a deletion limit holds stays held.",
     "muster push retry \"Sales tool\" --dry-run\nmuster push retry", push_retry_options, VERB_CLIENT, cmd_push_retry},
    {"push repair", "APP GROUP", 2, 2, "make a group that was deleted in the app anew",
     "The group is looked for in the app. When it is gone, one of its name is linked, or made, and its members are "
     "pushed. Roles that the app bound to the old group are not restored.",
     "muster push repair \"Sales tool\" Engineering", NULL, VERB_CLIENT, cmd_push_repair},
    {"push person", "USER", 1, 1, "push somebody to every group of theirs in all apps anew",
     "The accounts are looked at in their apps, what was refused is tried again, and the groups are read back.",
     "muster push person ada@example.com", NULL, VERB_CLIENT, cmd_push_person},
    {"push same-group", "[allow|warn|refuse]", 0, 1, "say what happens when one group is for assignment and for push",
     "allow (the default): nothing, it is safe here. warn: an event of severity WARN. refuse: a group that an app is "
     "assigned to is not pushed to it, nor the other way round. Acts from then on. Without a word: shows how it is.",
     "muster push same-group\nmuster push same-group warn", NULL, VERB_CLIENT, cmd_push_same_group},
    {"push errors", "APP", 1, 1, "list what failed in an app", "Ends with status 1 when there is something.",
     "muster push errors \"Sales tool\"", NULL, VERB_CLIENT, cmd_push_errors},

    {"separate start", "APP GROUP NEW-NAME", 3, 3, "part a group that is used for assignment and push into two",
     "A new group takes over the assignment, or the push. It gets who has the app; group rules that feed the old group "
     "feed it too. Nobody loses the account or the membership for a moment, and the app sees nothing. Waits for the "
     "end; "
     "interrupted, it goes on in the server.",
     "muster separate start \"Sales tool\" Staff \"Staff with the tool\" --dry-run\n"
     "muster separate start \"Sales tool\" Staff \"Staff to push\" --new-group-for push",
     separate_options, VERB_CLIENT, cmd_separate_start},
    {"separate list", "[APP]", 0, 1, "list the groups that were parted, and how far that is",
     "Without APP those of all.", "muster separate list\nmuster separate list \"Sales tool\"", list_options,
     VERB_CLIENT, cmd_separate_list},
    {"separate undo", "APP ID", 2, 2, "take the parting of a group back, before its end",
     "ID is that of `muster separate list`. The old group has everything again before the new one goes.",
     "muster separate undo \"Sales tool\" sep0Vb3k2ix8T6pQwZ1aB", NULL, VERB_CLIENT, cmd_separate_undo},

    {"push-rule list", "APP", 1, 1, "list the rules by which groups are pushed to an app", "",
     "muster push-rule list \"Sales tool\"", list_options, VERB_CLIENT, cmd_push_rule_list},
    {"push-rule show", "APP RULE", 2, 2, "show one push rule", "RULE is its name or its id (gPr...).",
     "muster push-rule show \"Sales tool\" Regions", NULL, VERB_CLIENT, cmd_push_rule_show},
    {"push-rule create", "APP NAME", 2, 2, "push every group that matches",
     "Groups there are now are pushed at once, later ones when they are created or renamed. Letter case does not "
     "matter. A group that is pushed already is left as it is, and so is one whose name a group of the app has, unless "
     "--link-existing says to take that over.",
     "muster push-rule create \"Sales tool\" Regions --name-starts-with \"Sales \"", push_rule_create_options,
     VERB_CLIENT, cmd_push_rule_create},
    {"push-rule preview", "APP", 1, 1, "list the groups that a rule would mean, and what it would do", "",
     "muster push-rule preview \"Sales tool\" --name-regex '^(east|west)'", push_rule_preview_options, VERB_CLIENT,
     cmd_push_rule_preview},
    {"push-rule activate", "APP RULE", 2, 2, "let a push rule work", "",
     "muster push-rule activate \"Sales tool\" Regions", NULL, VERB_CLIENT | VERB_PLANS, cmd_push_rule_status},
    {"push-rule deactivate", "APP RULE", 2, 2, "stop a push rule", "What it pushed stays pushed.",
     "muster push-rule deactivate \"Sales tool\" Regions", NULL, VERB_CLIENT | VERB_PLANS, cmd_push_rule_status},
    {"push-rule delete", "APP RULE", 2, 2, "delete a push rule",
     "One of --keep-mappings, --unlink and --delete-groups is needed.",
     "muster push-rule delete \"Sales tool\" Regions --keep-mappings", push_rule_delete_options,
     VERB_CLIENT | VERB_PLANS, cmd_push_rule_delete},
    {"drift show", "APP", 1, 1, "tell how far an app is in step, as of the last scan",
     "Members in step of all members of pushed groups, accounts in step, and the differences by kind and cause.",
     "muster drift show \"Sales tool\"", NULL, VERB_CLIENT, cmd_drift_show},
    {"drift scan", "APP", 1, 1, "read what an app holds and compare it with what it should hold",
     "Reads the app's users and groups, page by page. A scan that cannot read everything changes nothing. What is done "
     "about differences is set with `muster drift settings`.",
     "muster drift scan \"Sales tool\"", drift_scan_options, VERB_CLIENT, cmd_drift_scan},
    {"drift list", "APP", 1, 1, "list the differences that the last scan found",
     "The cause is DIRECTORY (a change waits to be pushed, or is held), MUSTER (the app refused it) or TARGET "
     "(somebody "
     "changed the app).",
     "muster drift list \"Sales tool\" --cause TARGET\nmuster drift list \"Sales tool\" --group Staff --csv",
     drift_list_options, VERB_CLIENT, cmd_drift_list},
    {"drift repair", "APP [ID...]", 1, ANY, "make differences as they should be",
     "By their ids, or all that the options select. Removals go through the deletion limits. An account that was made "
     "inactive in the app is never activated by this.",
     "muster drift repair \"Sales tool\" --group Staff --kind MEMBER_EXTRA", drift_repair_options,
     VERB_CLIENT | VERB_PLANS, cmd_drift_repair},
    {"drift accept", "APP [ID...]", 1, ANY, "record differences as exceptions",
     "Changes nothing in the app or in the directory. An exception holds for the value that was found, until it is "
     "revoked.",
     "muster drift accept \"Sales tool\" --user ada@example.com --note \"as agreed\"", drift_accept_options,
     VERB_CLIENT, cmd_drift_accept},
    {"drift exceptions", "APP", 1, 1, "list what is accepted",
     "Also what the last scan did not find any more. `muster drift revoke` takes one back.",
     "muster drift exceptions \"Sales tool\"", drift_list_options, VERB_CLIENT, cmd_drift_exceptions},
    {"drift revoke", "APP ID...", 2, ANY, "take exceptions back", "What is still there is a difference again.",
     "muster drift revoke \"Sales tool\" dftNvqQV0CLYW0YfDn4p", NULL, VERB_CLIENT, cmd_drift_revoke},
    {"drift settings", "APP [SETTING=VALUE...]", 1, ANY, "show or set when an app is scanned, and what follows",
     "every=24h scans by itself, every=off does not. requests-per-hour=N is the most that scans send. KIND=alert lists "
     "differences of a kind and tells of new ones in the system log, KIND=repair repairs them, KIND=accept accepts "
     "them.",
     "muster drift settings \"Sales tool\" every=24h member-missing=repair", NULL, VERB_CLIENT, cmd_drift_settings},
    {"hold list", "[APP]", 0, 1, "list what was more than a deletion limit allows",
     "A hold is a list of deactivations, group deletions or removals that Muster keeps back until somebody decides. "
     "`muster hold show` lists the people. Without APP the holds of all apps.",
     "muster hold list\nmuster hold list \"Sales tool\"", list_options, VERB_CLIENT, cmd_hold_list},
    {"hold show", "APP [HOLD]", 1, 2, "list the people and groups of a hold",
     "Without HOLD everything that is held, rejected or protected in the app.",
     "muster hold show \"Sales tool\"\nmuster hold show \"Sales tool\" dlhNvqQV0CLYW0YfDn4p", list_options, VERB_CLIENT,
     cmd_hold_show},
    {"hold approve", "APP HOLD", 2, 2, "let go what a hold has",
     "Sends what the hold has at this moment, as far as it is still wanted. With --revision, as hold list shows it, it "
     "is "
     "refused when more has joined since.",
     "muster hold approve \"Sales tool\" dlhNvqQV0CLYW0YfDn4p --revision 3", hold_options, VERB_CLIENT,
     cmd_hold_decide},
    {"hold reject", "APP HOLD", 2, 2, "decide that what a hold has is not sent",
     "Nothing is sent, and the difference stays to be seen. A rejected hold can still be approved.",
     "muster hold reject \"Sales tool\" dlhNvqQV0CLYW0YfDn4p", hold_options, VERB_CLIENT, cmd_hold_decide},
    {"hold release", "APP HOLD WHO...", 3, ANY, "let single ones of a hold go at once",
     "WHO is a login or id of a person, or the id of a group in the app (00g...) that is to be deleted. With "
     "--external "
     "it is the app's id of a member whom the directory does not know.",
     "muster hold release \"Sales tool\" dlhNvqQV0CLYW0YfDn4p ada@example.com", hold_release_options, VERB_CLIENT,
     cmd_hold_release},
    {"limits", "[LIMIT=VALUE...]", 0, ANY, "show or set deletion limits",
     "What is over the per cent and over the number within the window is held. LIMIT is deactivations, "
     "group-deletions, "
     "removals-per-group, removals (from all groups of an app) or all; VALUE is PERCENT%,NUMBER or off, or default for "
     "what holds otherwise. window=24h sets the window. Without --app it is about all apps that have no limits of "
     "their "
     "own.",
     "muster limits --app \"Sales tool\"\nmuster limits deactivations=10%,5 window=48h\nmuster limits --app \"Sales "
     "tool\" all=off",
     limits_options, VERB_CLIENT, cmd_limits},

    {"help", "[VERB...]", 0, 2, "explain a verb, or exit-codes, or environment", "", "muster help import", NULL, 0,
     cmd_help},
    {"version", "", 0, 0, "print the version", "", "muster version", NULL, 0, cmd_version},
    {0},
};
