/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine PostgreSQL, through libpq in pipeline mode. What needs no answer of its own (BEGIN, SAVEPOINT, RELEASE,
 * preparing a statement) waits and travels with the next statement: a job costs a round trip for each of its
 * statements and none for what is around it. Values go as text, so that whatever type the server infers takes them,
 * except bytes; results come in binary.
 */
#include "store/pg_connect.h"
#include "store/store_private.h"

#include "base/limits.h"
#include "base/text.h"

#include <endian.h>
#include <libpq-fe.h>

#define CONNECT_S "5"               /* seconds to connect to one host, unless the location says otherwise */
#define IDLE_IN_TRANSACTION_MS 5000 /* milliseconds after which the server ends a transaction that its node forgot */
#define LOCK_KEY 0x4d737472         /* "Mstr": of the advisory lock around migrations */
#define PENDING_MAX 8               /* statements that wait for the next one */
#define ERROR_BYTES 512
#define LOAD_COLUMNS_MAX 64
#define COPY_BYTES ((size_t)64 * 1024)             /* sent at once */
#define COPY_BYTES_MAX ((size_t)256 * 1024 * 1024) /* one row with all its documents */
#define ANALYZE_ROWS_MIN 256                /* rows written before the statistics are looked at for the first time */
#define ANALYZE_ROWS_MAX ((int64_t)1 << 20) /* and between two looks later on, at most */
#define SERVER_VERSION_MIN 120000           /* PostgreSQL 12 */
#define PLAN_PARAMETERS_MAX 64

/* Type numbers of PostgreSQL's catalogue (pg_type). */
enum pg_type { PG_BOOL = 16, PG_INT8 = 20, PG_INT2 = 21, PG_INT4 = 23, PG_FLOAT8 = 701, PG_NUMERIC = 1700 };

struct pg {
    PGconn *conn;
    bool *prepared; /* by sql->number */
    size_t prepared_count;
    const char *pending[PENDING_MAX];
    int pending_count;
    int owed;            /* pipelines that were sent and whose results nobody has read yet */
    int good;            /* statements of the last pipeline that went well */
    bool begun;          /* the server knows of a transaction */
    bool writing;        /* the transaction may write */
    bool notifies;       /* other processes are told of commits */
    bool turns;          /* tables can be locked: who has to be alone can be */
    char last[ID_BYTES]; /* the batch that was committed last, whose row the next one takes away */
    int64_t changes;     /* rows written since the connection was made */
    int64_t analyze_at;  /* the statistics are looked at when there are so many */
    char error[ERROR_BYTES];
};

/* --- errors --------------------------------------------------------------------------------------------------------
 */

static void keep_text(struct pg *pg, const char *text)
{
    (void)snprintf(pg->error, sizeof(pg->error), "%s", text ? text : "");
    size_t n = strcspn(pg->error, "\n");
    pg->error[n] = '\0';
}

static bool is_class(const char *state, const char *class)
{
    return strncmp(state, class, 2) == 0;
}

static int error_of_state(const struct pg *pg, const char *state)
{
    /* serialization failure, deadlock, a lock that was not to be had in time, no room for locks or none in memory: all
     * of them depend on what others do just then */
    if (str_eq(state, "40001") || str_eq(state, "40P01") || str_eq(state, "55P03") || str_eq(state, "53200"))
        return ERR_BUSY;
    if (str_eq(state, "57014")) /* the statement's time-out */
        return ERR_TIMEOUT;
    /* The server goes away or has become a standby, or has no room for one more connection. */
    if (is_class(state, "08") || is_class(state, "57") || str_eq(state, "25P03") || str_eq(state, "53300") ||
        (str_eq(state, "25006") && pg->writing))
        return ERR_UNAVAILABLE;
    if (is_class(state, "23"))
        return ERR_CONSTRAINT;
    if (is_class(state, "54"))
        return ERR_TOO_LARGE;
    return ERR_IO;
}

/* Notes what a failed result says; its error. */
static int take_error(struct handle *c, const PGresult *result)
{
    struct pg *pg = c->pg;
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    int r = ERR_UNAVAILABLE;
    if (PQstatus(pg->conn) == CONNECTION_BAD)
        keep_text(pg, PQerrorMessage(pg->conn));
    else
        keep_text(pg, result ? PQresultErrorMessage(result) : PQerrorMessage(pg->conn));
    if (state && PQstatus(pg->conn) != CONNECTION_BAD)
        r = error_of_state(pg, state);
    if (r == ERR_UNAVAILABLE || r == ERR_BUSY)
        c->broken = r;
    return r;
}

static int lost(struct handle *c)
{
    keep_text(c->pg, PQerrorMessage(c->pg->conn));
    c->broken = ERR_UNAVAILABLE;
    return ERR_UNAVAILABLE;
}

/* --- pipelines -----------------------------------------------------------------------------------------------------
 */

static bool sync_and_flush(struct pg *pg)
{
    return PQpipelineSync(pg->conn) == 1 && PQflush(pg->conn) >= 0;
}

/* Reads the results of pipelines that nobody waited for. 0, or ERR_UNAVAILABLE. */
static int collect_owed(struct handle *c)
{
    struct pg *pg = c->pg;
    while (pg->owed > 0) {
        PGresult *result = PQgetResult(pg->conn);
        if (PQstatus(pg->conn) == CONNECTION_BAD) {
            PQclear(result);
            return lost(c);
        }
        pg->owed -= PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        PQclear(result);
    }
    return 0;
}

static int send_text(struct handle *c, const char *text)
{
    return PQsendQueryParams(c->pg->conn, text, 0, NULL, NULL, NULL, NULL, 1) == 1 ? 0 : lost(c);
}

static int send_pending(struct handle *c, int *ret_sent)
{
    struct pg *pg = c->pg;
    int r = collect_owed(c);
    for (int i = 0; r == 0 && i < pg->pending_count; i++)
        r = send_text(c, pg->pending[i]);
    *ret_sent = pg->pending_count;
    pg->begun |= pg->pending_count > 0;
    pg->pending_count = 0;
    return r;
}

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/*
 * Reads the results of `count` statements and of the sync behind them. The last result is handed out if every one was
 * good; else the first error.
 */
static int collect(struct handle *c, int count, PGresult **ret_last)
{
    struct pg *pg = c->pg;
    int r = 0;
    PGresult *last = NULL;
    pg->good = 0;
    for (bool synced = false; !synced;) {
        PGresult *result = PQgetResult(pg->conn);
        if (PQstatus(pg->conn) == CONNECTION_BAD) {
            PQclear(result);
            PQclear(last);
            return lost(c);
        }
        if (!result)
            continue; /* between the results of two statements */
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            synced = true;
        } else if (is_good(result)) {
            pg->good++;
            if (pg->good == count) {
                last = result;
                continue;
            }
        } else if (PQresultStatus(result) != PGRES_PIPELINE_ABORTED && r == 0) {
            r = take_error(c, result);
        }
        PQclear(result);
    }
    if (r == 0 && !last)
        r = ERR_IO;
    if (r < 0) {
        PQclear(last);
        return r;
    }
    *ret_last = last;
    return 0;
}

/* Lets a statement wait for the next one. */
static int defer(struct handle *c, const char *text)
{
    struct pg *pg = c->pg;
    if (c->broken)
        return c->broken;
    if (pg->pending_count == PENDING_MAX) {
        int sent = 0;
        PGresult *result = NULL;
        int r = send_pending(c, &sent);
        if (r == 0)
            r = sync_and_flush(pg) ? collect(c, sent, &result) : lost(c);
        PQclear(result);
        if (r < 0)
            return r;
    }
    pg->pending[pg->pending_count++] = text;
    return 0;
}

/* Runs one statement now, with what waits before it. The caller frees the result. */
static int run_now(struct handle *c, const char *text, PGresult **ret)
{
    int sent = 0;
    int r = send_pending(c, &sent);
    if (r == 0)
        r = send_text(c, text);
    if (r == 0)
        r = sync_and_flush(c->pg) ? collect(c, sent + 1, ret) : lost(c);
    return r;
}

/* --- connecting ----------------------------------------------------------------------------------------------------
 */

static void ignore_notice(void *data, const PGresult *result)
{
    (void)data;
    (void)result;
}

static void pg_close(struct handle *c)
{
    struct pg *pg = c->pg;
    PQfinish(pg->conn);
    free(pg->prepared);
    free(pg);
    c->pg = NULL;
}

/* What the location leaves open. */
static const struct {
    const char *keyword;
    const char *value;
} connection_defaults[] = {
    {"application_name", "muster"},
    {"connect_timeout", CONNECT_S},
    {"target_session_attrs", "read-write"},
    /* A host that vanished without a word is noticed in half a minute. */
    {"keepalives_idle", "10"},
    {"keepalives_interval", "5"},
    {"keepalives_count", "3"},
    {"tcp_user_timeout", "30000"},
};

PGconn *pg_connect(const char *location, char *ret_why, size_t why_size)
{
    char *complaint = NULL;
    PQconninfoOption *options = PQconninfoParse(location, &complaint);
    if (!options) {
        (void)snprintf(ret_why, why_size, "the database's address is not as libpq takes it: %s",
                       complaint ? complaint : "out of memory");
        PQfreemem(complaint);
        return NULL;
    }
    const char *keywords[64] = {NULL};
    const char *values[64] = {NULL};
    size_t count = 0;
    for (const PQconninfoOption *option = options; option->keyword && count < ARRAY_LEN(keywords) - 2; option++) {
        const char *value = option->val;
        for (size_t i = 0; !value && i < ARRAY_LEN(connection_defaults); i++)
            if (strcmp(option->keyword, connection_defaults[i].keyword) == 0)
                value = connection_defaults[i].value;
        if (!value)
            continue;
        keywords[count] = option->keyword;
        values[count++] = value;
    }
    keywords[count] = "client_encoding";
    values[count] = "UTF8";
    PGconn *conn = PQconnectdbParams(keywords, values, 0);
    PQconninfoFree(options);
    return conn;
}

/*
 * Index scans where there is an index, and joins that follow them: the statements are made for that, and conflicts
 * between nodes are then about rows, not tables. Plans are made once. A COMMIT waits for the disk, whatever the
 * database's default is.
 */
static int configure(struct handle *c, char *ret_why, size_t why_size)
{
    struct pg *pg = c->pg;
    char text[768];
    (void)snprintf(text, sizeof(text),
                   "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET "
                   "plan_cache_mode = force_generic_plan; SET jit = off;"
                   "SET bytea_output = 'hex'; SET idle_in_transaction_session_timeout = %d; SET statement_timeout = %d;"
                   "SELECT CASE WHEN current_setting('synchronous_commit') IN ('off', 'local')"
                   " THEN set_config('synchronous_commit', 'on', false) END",
                   c->options->read_only ? 0 : IDLE_IN_TRANSACTION_MS, c->reader ? LIMIT_READ_MS : 0);
    PGresult *result = PQexec(pg->conn, text);
    bool good = is_good(result);
    if (!good)
        (void)snprintf(ret_why, why_size, "the database refuses our settings: %s", PQresultErrorMessage(result));
    PQclear(result);
    /* Databases that only resemble PostgreSQL may not have what follows. */
    if (good && c->options->shared && !c->reader) {
        result = PQexec(pg->conn, "UNLISTEN " LISTEN_CHANNEL);
        pg->notifies = is_good(result);
        PQclear(result);
    }
    if (good && !c->reader) {
        result = PQexec(pg->conn, "BEGIN; LOCK TABLE pg_class IN ACCESS SHARE MODE");
        pg->turns = is_good(result);
        PQclear(result);
        PQclear(PQexec(pg->conn, "ROLLBACK"));
    }
    if (good && !c->reader && !c->options->read_only) /* what processes that were killed left; of no use to anybody */
        PQclear(PQexec(pg->conn,
                       "DO $$ BEGIN IF to_regclass('store_batch') IS NOT NULL THEN"
                       " PERFORM set_config('lock_timeout', '300', true);" /* milliseconds */
                       " DELETE FROM store_batch WHERE made < CAST(extract(epoch FROM now()) * 1000 AS BIGINT)"
                       " - 86400000; END IF; END $$")); /* a day */
    if (good && PQenterPipelineMode(pg->conn) != 1) {
        (void)snprintf(ret_why, why_size, "the database connection cannot be pipelined");
        good = false;
    }
    return good ? 0 : ERR_UNAVAILABLE;
}

static int check_server(struct pg *pg, char *ret_why, size_t why_size)
{
    if (PQserverVersion(pg->conn) < SERVER_VERSION_MIN) {
        (void)snprintf(ret_why, why_size, "the database is PostgreSQL %d; 12 or later is needed",
                       PQserverVersion(pg->conn) / 10000);
        return ERR_UNSUPPORTED;
    }
    const char *encoding = PQparameterStatus(pg->conn, "server_encoding");
    if (!str_eq(encoding, "UTF8")) {
        (void)snprintf(ret_why, why_size,
                       "the database has the encoding %s; make one with UTF8: CREATE DATABASE muster ENCODING 'UTF8' "
                       "TEMPLATE template0",
                       encoding ? encoding : "unknown");
        return ERR_UNSUPPORTED;
    }
    return 0;
}

static int pg_open(struct handle *c, char *ret_why, size_t why_size)
{
    struct pg *pg = NEW(struct pg);
    c->pg = pg;
    pg->analyze_at = ANALYZE_ROWS_MIN;
    pg->prepared_count = sql_all() ? (size_t)sql_all()->number : 0;
    pg->prepared = mem_new(pg->prepared_count + 1);
    pg->conn = pg_connect(c->options->path, ret_why, why_size);
    int r = pg->conn ? 0 : ERR_SYNTAX;
    if (r == 0 && PQstatus(pg->conn) != CONNECTION_OK) {
        keep_text(pg, PQerrorMessage(pg->conn));
        (void)snprintf(ret_why, why_size, "the database cannot be reached: %s", pg->error);
        r = ERR_UNAVAILABLE;
    }
    if (r == 0)
        (void)PQsetNoticeReceiver(pg->conn, ignore_notice, NULL);
    if (r == 0)
        r = check_server(pg, ret_why, why_size);
    if (r == 0)
        r = configure(c, ret_why, why_size);
    if (r < 0)
        pg_close(c);
    return r;
}

/* --- the schema ----------------------------------------------------------------------------------------------------
 */

static int64_t number_at(const PGresult *result, int row, int column)
{
    const char *bytes = PQgetvalue(result, row, column);
    uint64_t eight;
    uint32_t four;
    if (PQgetisnull(result, row, column))
        return 0;
    switch ((enum pg_type)PQftype(result, column)) {
    case PG_BOOL:
        return bytes[0] != 0;
    case PG_INT2:
        return (int16_t)(((unsigned char)bytes[0] << 8) | (unsigned char)bytes[1]);
    case PG_INT4:
        memcpy(&four, bytes, sizeof(four));
        return (int32_t)be32toh(four);
    case PG_INT8:
        memcpy(&eight, bytes, sizeof(eight));
        return (int64_t)be64toh(eight);
    case PG_FLOAT8: {
        double number;
        memcpy(&eight, bytes, sizeof(eight));
        eight = be64toh(eight);
        memcpy(&number, &eight, sizeof(number));
        return number >= -9e18 && number <= 9e18 ? (int64_t)number : 0;
    }
    case PG_NUMERIC: { /* what sum() makes of BIGINT: digits of base 10,000, whole numbers only */
        uint16_t head[4];
        int64_t value = 0;
        memcpy(head, bytes, sizeof(head));
        int digits = be16toh(head[0]);
        int weight = (int16_t)be16toh(head[1]);
        for (int i = 0; i <= weight; i++) {
            uint16_t digit = 0;
            if (i < digits)
                memcpy(&digit, bytes + sizeof(head) + (size_t)i * 2, sizeof(digit));
            value = value * 10000 + be16toh(digit);
        }
        return be16toh(head[2]) == 0x4000 ? -value : value;
    }
    default:
        return strtoll(bytes, NULL, 10);
    }
}

static int get_number(struct handle *c, const char *text, int64_t *ret)
{
    PGresult *result = NULL;
    int r = run_now(c, text, &result);
    if (r == 0 && PQntuples(result) == 1)
        *ret = number_at(result, 0, 0);
    PQclear(result);
    return r;
}

static int pg_inspect(struct handle *c, char *ret_why, size_t why_size)
{
    int64_t ours = 0;
    int64_t tables = 0;
    int64_t has_schema = 0;
    int r = get_number(c, "SELECT CASE WHEN current_schema() IS NULL THEN 0 ELSE 1 END", &has_schema);
    if (r == 0)
        r = get_number(c, "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()", &tables);
    if (r == 0)
        r = get_number(c,
                       "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = "
                       "'store_schema'",
                       &ours);
    if (r == 0 && !has_schema) {
        (void)snprintf(ret_why, why_size, "no schema of the role's search_path is there: CREATE SCHEMA first");
        r = ERR_CORRUPT;
    } else if (r == 0 && tables > 0 && !ours) {
        (void)snprintf(ret_why, why_size,
                       "the schema holds tables of another program; give Muster a database or a schema of its own");
        r = ERR_CORRUPT;
    }
    return r < 0 ? r : ours > 0;
}

static int schema_lock(struct handle *c, const char *function)
{
    char text[160];
    PGresult *result = NULL;
    (void)snprintf(text, sizeof(text), "SELECT %s(%d, hashtext(coalesce(current_schema(), '')))", function, LOCK_KEY);
    int r = run_now(c, text, &result);
    PQclear(result);
    return r;
}

static int pg_lock_schema(struct handle *c)
{
    return schema_lock(c, "pg_advisory_lock");
}

/* The lock ends with the session in any case. */
static void pg_unlock_schema(struct handle *c)
{
    if (!c->broken)
        (void)schema_lock(c, "pg_advisory_unlock");
}

static int pg_script(struct handle *c, const char *text)
{
    struct pg *pg = c->pg;
    PGresult *result = NULL;
    int r = run_now(c, "SELECT 1", &result); /* what waits goes first */
    PQclear(result);
    if (r < 0)
        return r;
    if (PQexitPipelineMode(pg->conn) != 1)
        return lost(c);
    result = PQexec(pg->conn, text);
    if (!is_good(result) && PQresultStatus(result) != PGRES_EMPTY_QUERY)
        r = take_error(c, result);
    PQclear(result);
    if (r != ERR_UNAVAILABLE && PQenterPipelineMode(pg->conn) != 1)
        return lost(c);
    return r;
}

/* --- transactions --------------------------------------------------------------------------------------------------
 */

/*
 * Who is overtaken by others again and again, because they are faster, has to be alone once. Each batch holds a lock
 * that goes well with itself and that he needs for himself: he waits for those that are at it, and those that come wait
 * behind him. A lock is no query: what the transaction sees is fixed after it. Nobody waits for long, as one of those
 * that are at it may stand still.
 */
#define BATCH_LOCK "LOCK TABLE store_batch IN ROW EXCLUSIVE MODE"
#define ALONE_LOCK "LOCK TABLE store_batch IN EXCLUSIVE MODE"
#define ALONE_WAIT "SET LOCAL lock_timeout = 300" /* milliseconds */
#define ALONE_WAITED "SET LOCAL lock_timeout TO DEFAULT"

static int pg_frame(struct handle *c, enum frame frame)
{
    static const char *const texts[FRAME_COUNT] = {
        [FRAME_BEGIN] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        [FRAME_BEGIN_WRITE] = "BEGIN ISOLATION LEVEL SERIALIZABLE",
        [FRAME_BEGIN_BATCH] = "BEGIN ISOLATION LEVEL SERIALIZABLE",
        [FRAME_BEGIN_ALONE] = "BEGIN ISOLATION LEVEL SERIALIZABLE",
        [FRAME_JOB] = "SAVEPOINT job",
        [FRAME_JOB_KEEP] = "RELEASE SAVEPOINT job",
        [FRAME_JOB_UNDO] = "ROLLBACK TO SAVEPOINT job",
        [FRAME_PART] = "SAVEPOINT part",
        [FRAME_PART_KEEP] = "RELEASE SAVEPOINT part",
        [FRAME_PART_UNDO] = "ROLLBACK TO SAVEPOINT part",
    };
    struct pg *pg = c->pg;
    if (frame <= FRAME_BEGIN_ALONE) {
        pg->pending_count = 0;
        pg->begun = false;
        pg->writing = frame != FRAME_BEGIN;
    }
    int r = defer(c, texts[frame]);
    if (r == 0 && frame == FRAME_BEGIN_BATCH && pg->turns)
        r = defer(c, BATCH_LOCK);
    if (r == 0 && frame == FRAME_BEGIN_ALONE && pg->turns) {
        r = defer(c, ALONE_WAIT);
        if (r == 0)
            r = defer(c, ALONE_LOCK);
        if (r == 0)
            r = defer(c, ALONE_WAITED);
    }
    return r;
}

/* The row by which the outcome of this commit can be found; that of the commit before is needed no longer. */
static int send_batch_row(struct handle *c, const char *batch, int *sent)
{
    static const char add[] = "INSERT INTO store_batch (id, made) VALUES ($1, CAST(extract(epoch FROM now()) * 1000 AS "
                              "BIGINT))";
    static const char drop[] = "DELETE FROM store_batch WHERE id = $1";
    struct pg *pg = c->pg;
    const char *last = pg->last;
    if (PQsendQueryParams(pg->conn, add, 1, NULL, &batch, NULL, NULL, 1) != 1)
        return lost(c);
    (*sent)++;
    if (!*last)
        return 0;
    if (PQsendQueryParams(pg->conn, drop, 1, NULL, &last, NULL, NULL, 1) != 1)
        return lost(c);
    (*sent)++;
    return 0;
}

/*
 * The server's own look at its statistics comes once a minute at best: a table that was empty when its statements were
 * planned has many thousand rows by then, and an index that looked as good as any other is read from end to end. So the
 * tables that have grown are looked at when the rows written have doubled.
 */
static void look_at_growth(struct handle *c)
{
    static const char text[] = "DO $$ DECLARE t regclass; BEGIN"
                               " FOR t IN SELECT oid FROM pg_class WHERE relkind = 'r'"
                               "  AND relnamespace = CAST(current_schema() AS regnamespace)"
                               "  AND pg_relation_size(oid) > (relpages * 1.2 + 1) * 8192"
                               " LOOP EXECUTE 'ANALYZE ' || t; END LOOP; END $$";
    struct pg *pg = c->pg;
    if (pg->changes < pg->analyze_at)
        return;
    pg->analyze_at = pg->changes + MIN_OF(pg->changes, ANALYZE_ROWS_MAX);
    PGresult *result = NULL;
    (void)run_now(c, text, &result); /* without it everything is right, and slow */
    PQclear(result);
    if (c->broken == ERR_BUSY) /* of this alone */
        c->broken = 0;
}

/* Tells the other processes of this commit; they leave out what is their own by the name of the opening. */
static int send_notify(struct handle *c, int *sent)
{
    const char *name = c->options->_instance;
    if (PQsendQueryParams(c->pg->conn, "SELECT pg_notify('" LISTEN_CHANNEL "', $1)", 1, NULL, &name, NULL, NULL, 1) !=
        1)
        return lost(c);
    (*sent)++;
    return 0;
}

static int pg_commit(struct handle *c, const struct commit *commit)
{
    struct pg *pg = c->pg;
    if (c->broken)
        return c->broken;
    if (!pg->begun) { /* no statement was run: the server never heard of this transaction */
        pg->pending_count = 0;
        return 0;
    }
    int sent = 0;
    int r = send_pending(c, &sent);
    if (r == 0 && commit->batch)
        r = send_batch_row(c, commit->batch, &sent);
    if (r == 0 && commit->wake && pg->notifies)
        r = send_notify(c, &sent);
    if (r == 0)
        r = send_text(c, "COMMIT");
    PGresult *result = NULL;
    if (r == 0)
        r = sync_and_flush(pg) ? collect(c, sent + 1, &result) : lost(c);
    if (r == 0 && strcmp(PQcmdStatus(result), "COMMIT") != 0) /* of a failed transaction it says ROLLBACK */
        r = ERR_IO;
    PQclear(result);
    if (r == 0) {
        pg->begun = false;
        if (commit->batch)
            memcpy(pg->last, commit->batch, sizeof(pg->last));
        look_at_growth(c);
    }
    return r;
}

/* Nobody waits for it: what it says is read before the next statement. */
static void pg_rollback(struct handle *c)
{
    struct pg *pg = c->pg;
    bool begun = pg->begun;
    pg->pending_count = 0;
    pg->begun = false;
    if (c->broken == ERR_UNAVAILABLE)
        return;
    c->broken = 0;
    if (!begun)
        return;
    if (send_text(c, "ROLLBACK") == 0 && sync_and_flush(pg))
        pg->owed++;
    else
        (void)lost(c);
}

/*
 * Writes the row of the batch itself: that waits for a commit that is still under way, fails to write if it succeeded,
 * and makes it fail if it has not begun.
 */
static int pg_settle(struct handle *c, const char *batch)
{
    struct pg *pg = c->pg;
    int r = collect_owed(c);
    static const char text[] =
        "INSERT INTO store_batch (id, made) VALUES ($1, CAST(extract(epoch FROM now()) * 1000 AS "
        "BIGINT)) ON CONFLICT (id) DO NOTHING";
    PGresult *result = NULL;
    if (r == 0 && PQsendQueryParams(pg->conn, text, 1, NULL, &batch, NULL, NULL, 1) != 1)
        r = lost(c);
    if (r == 0)
        r = sync_and_flush(pg) ? collect(c, 1, &result) : lost(c);
    bool written = r == 0 && strcmp(PQcmdTuples(result), "1") == 0;
    PQclear(result);
    if (r < 0) { /* whatever it is: asked again on a new connection */
        c->broken = ERR_UNAVAILABLE;
        return ERR_UNAVAILABLE;
    }
    memcpy(pg->last, batch, sizeof(pg->last));
    return written ? 0 : 1;
}

/* --- statements ----------------------------------------------------------------------------------------------------
 */

struct values {
    const char **bytes;
    int *lengths;
    int *formats;
    int count;
};

static struct values values_of(struct arena *arena, const struct bind *binds, size_t count)
{
    struct values v = {.bytes = arena_array(arena, count + 1, sizeof(*v.bytes)),
                       .lengths = arena_array(arena, count + 1, sizeof(*v.lengths)),
                       .formats = arena_array(arena, count + 1, sizeof(*v.formats))};
    for (size_t i = 0; i < count; i++) {
        const struct bind *bind = &binds[i];
        switch (bind->type) {
        case BIND_INT:
            v.bytes[i] = arena_printf(arena, "%lld", (long long)bind->integer);
            break;
        case BIND_TEXT:
            v.bytes[i] = bind->bytes ? text_mended(arena, bind->bytes) : NULL;
            break;
        case BIND_BLOB:
            v.bytes[i] = bind->bytes;
            v.lengths[i] = (int)bind->n;
            v.formats[i] = 1;
            break;
        case BIND_NONE:
        default:
            continue;
        }
        v.count = (int)i + 1;
    }
    return v;
}

static int send_statement(struct handle *c, const struct sql *sql, const char *text, const struct values *v, int *sent,
                          bool *ret_prepares)
{
    struct pg *pg = c->pg;
    const char *const *bytes = v->bytes;
    if (!sql)
        return PQsendQueryParams(pg->conn, text, v->count, NULL, bytes, v->lengths, v->formats, 1) == 1 ? 0 : lost(c);
    assert(sql->number > 0 && (size_t)sql->number <= pg->prepared_count);
    char name[24];
    (void)snprintf(name, sizeof(name), "s%d", sql->number);
    *ret_prepares = !pg->prepared[sql->number - 1];
    if (*ret_prepares) {
        if (PQsendPrepare(pg->conn, name, text, 0, NULL) != 1)
            return lost(c);
        (*sent)++;
    }
    return PQsendQueryPrepared(pg->conn, name, v->count, bytes, v->lengths, v->formats, 1) == 1 ? 0 : lost(c);
}

static bool changes_rows(PGresult *result)
{
    const char *tag = PQcmdStatus(result);
    return strncmp(tag, "INSERT", 6) == 0 || strncmp(tag, "UPDATE", 6) == 0 || strncmp(tag, "DELETE", 6) == 0;
}

static int pg_query(struct handle *c, struct query *query, const struct sql *sql, const char *text,
                    const struct bind *binds, size_t count)
{
    struct pg *pg = c->pg;
    pg->good = 0;
    if (c->read_deadline && monotonic_ms() > c->read_deadline)
        return ERR_TIMEOUT;
    struct values v = values_of(query->tx->arena, binds, count);
    int sent = 0;
    bool prepares = false;
    PGresult *result = NULL;
    int r = send_pending(c, &sent);
    if (r == 0)
        r = send_statement(c, sql, text, &v, &sent, &prepares);
    if (r == 0)
        r = sync_and_flush(pg) ? collect(c, sent + 1, &result) : lost(c);
    if (prepares && pg->good >= sent) /* also when the statement itself failed */
        pg->prepared[sql->number - 1] = true;
    if (r < 0)
        return r;
    if (changes_rows(result)) {
        query->tx->changed = true;
        pg->changes += strtoll(PQcmdTuples(result), NULL, 10);
    }
    query->statement = result;
    query->row = -1;
    return 0;
}

static void pg_close_query(struct query *query)
{
    PQclear(query->statement);
    query->statement = NULL;
}

static int pg_next(struct query *query)
{
    PGresult *result = query->statement;
    query->row++;
    if (query->row < PQntuples(result))
        return 1;
    query->tx->handle->rows_changed = strtoll(PQcmdTuples(result), NULL, 10);
    pg_close_query(query);
    return 0;
}

static int64_t pg_int(const struct query *query, int column)
{
    return number_at(query->statement, query->row, column);
}

static bool pg_is_null(const struct query *query, int column)
{
    return PQgetisnull(query->statement, query->row, column);
}

static const char *pg_text(const struct query *query, int column)
{
    return pg_is_null(query, column) ? NULL : PQgetvalue(query->statement, query->row, column);
}

static const void *pg_blob(const struct query *query, int column, size_t *ret_n)
{
    *ret_n = (size_t)PQgetlength(query->statement, query->row, column);
    return pg_text(query, column);
}

/* --- the rest ------------------------------------------------------------------------------------------------------
 */

static const char *pg_error(const struct handle *c)
{
    return c->pg ? c->pg->error : "the database cannot be reached";
}

/* --- COPY ----------------------------------------------------------------------------------------------------------
 */

static void add_copied_text(struct buf *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '\\':
            buf_str(out, "\\\\");
            break;
        case '\n':
            buf_str(out, "\\n");
            break;
        case '\r':
            buf_str(out, "\\r");
            break;
        case '\t':
            buf_str(out, "\\t");
            break;
        default:
            buf_char(out, *text);
        }
    }
}

static void add_copied_value(struct buf *out, const struct bind *value)
{
    const unsigned char *bytes = value->bytes;
    if (value->type == BIND_INT) {
        buf_printf(out, "%lld", (long long)value->integer);
    } else if (!bytes) {
        buf_str(out, "\\N");
    } else if (value->type == BIND_BLOB) {
        buf_str(out, "\\\\x");
        for (size_t i = 0; i < value->n; i++)
            buf_printf(out, "%02x", bytes[i]);
    } else {
        add_copied_text(out, value->bytes);
    }
}

static int copy_rows(struct handle *c, size_t count, int (*next)(void *data, struct bind *values), void *data)
{
    struct bind values[LOAD_COLUMNS_MAX];
    struct buf out;
    int r = 0;
    assert(count <= LOAD_COLUMNS_MAX);
    buf_init(&out, COPY_BYTES_MAX);
    while ((r = next(data, values)) > 0) {
        for (size_t i = 0; i < count; i++) {
            if (i)
                buf_char(&out, '\t');
            add_copied_value(&out, &values[i]);
        }
        buf_char(&out, '\n');
        if (out.overflowed)
            r = ERR_TOO_LARGE;
        else if (out.len >= COPY_BYTES && PQputCopyData(c->pg->conn, buf_text(&out), (int)out.len) != 1)
            r = lost(c);
        if (r < 0)
            break;
        if (out.len >= COPY_BYTES)
            buf_clear(&out);
    }
    if (r == 0 && out.len && PQputCopyData(c->pg->conn, buf_text(&out), (int)out.len) != 1)
        r = lost(c);
    buf_free(&out);
    return r;
}

static int copy_in(struct handle *c, const char *text, size_t count, int (*next)(void *data, struct bind *values),
                   void *data)
{
    struct pg *pg = c->pg;
    PGresult *result = PQexec(pg->conn, text);
    int r = PQresultStatus(result) == PGRES_COPY_IN ? 0 : take_error(c, result);
    PQclear(result);
    if (r < 0)
        return r;
    r = copy_rows(c, count, next, data);
    if (PQputCopyEnd(pg->conn, r < 0 ? "given up" : NULL) != 1)
        return lost(c);
    while ((result = PQgetResult(pg->conn))) {
        if (!is_good(result) && r == 0)
            r = take_error(c, result);
        PQclear(result);
        if (PQstatus(pg->conn) == CONNECTION_BAD)
            return lost(c);
    }
    return r;
}

static int pg_load(struct handle *c, const char *table, const char *const *columns, size_t count,
                   int (*next)(void *data, struct bind *values), void *data)
{
    struct buf sql;
    int r = collect_owed(c);
    if (r == 0 && PQexitPipelineMode(c->pg->conn) != 1)
        r = lost(c);
    if (r < 0)
        return r;
    buf_init(&sql, (size_t)64 * 1024);
    buf_printf(&sql, "COPY %s (", table);
    for (size_t i = 0; i < count; i++)
        buf_printf(&sql, "%s%s", i ? ", " : "", columns[i]);
    buf_str(&sql, ") FROM STDIN");
    r = copy_in(c, buf_text(&sql), count, next, data);
    buf_free(&sql);
    if (c->broken != ERR_UNAVAILABLE && PQenterPipelineMode(c->pg->conn) != 1)
        return lost(c);
    return r;
}

static int parameters_in(const char *text)
{
    int count = 0;
    for (const char *p = strchr(text, '$'); p; p = strchr(p + 1, '$'))
        count = MAX_OF(count, (int)strtol(p + 1, NULL, 10));
    return count;
}

static int add_rows(struct handle *c, const char *text, const char *before, struct buf *out)
{
    PGresult *result = NULL;
    int r = run_now(c, text, &result);
    for (int row = 0; r == 0 && row < PQntuples(result); row++)
        buf_printf(out, "%s%s\n", before, PQgetvalue(result, row, 0));
    PQclear(result);
    return r;
}

/* The generic plan, and in a first line the types that the server gave to the placeholders. */
static int pg_explain(struct handle *c, const char *text, struct buf *ret_plan)
{
    struct buf sql;
    PGresult *result = NULL;
    int count = parameters_in(text);
    assert(count <= PLAN_PARAMETERS_MAX);
    buf_init(&sql, (size_t)256 * 1024);
    buf_printf(&sql, "PREPARE explained AS %s", text);
    int r = run_now(c, buf_text(&sql), &result);
    PQclear(result);
    if (r == 0)
        r = add_rows(c, "SELECT CAST(parameter_types AS text) FROM pg_prepared_statements WHERE name = 'explained'",
                     "Parameters ", ret_plan);
    buf_clear(&sql);
    buf_str(&sql, "EXPLAIN EXECUTE explained");
    for (int i = 0; i < count; i++)
        buf_str(&sql, i == 0 ? "(NULL" : ", NULL");
    if (count)
        buf_char(&sql, ')');
    if (r == 0)
        r = add_rows(c, buf_text(&sql), "", ret_plan);
    result = NULL;
    if (r == 0)
        r = run_now(c, "DEALLOCATE explained", &result);
    PQclear(result);
    buf_free(&sql);
    return r;
}

const struct backend postgresql_backend = {
    .dialect = DIALECT_POSTGRESQL,
    .open = pg_open,
    .close = pg_close,
    .inspect = pg_inspect,
    .lock_schema = pg_lock_schema,
    .unlock_schema = pg_unlock_schema,
    .frame = pg_frame,
    .commit = pg_commit,
    .rollback = pg_rollback,
    .settle = pg_settle,
    .script = pg_script,
    .query = pg_query,
    .next = pg_next,
    .close_query = pg_close_query,
    .get_int = pg_int,
    .get_text = pg_text,
    .get_blob = pg_blob,
    .is_null = pg_is_null,
    .load = pg_load,
    .error = pg_error,
    .explain = pg_explain,
};
