/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One CSV file in chunks. A chunk is at most LIMIT_IMPORT_ROWS rows and CHUNK_BYTES of JSON; what was sent is noted in
 * FILE.muster-progress after each, with size and time of the file and the name of whom it went to, so that --resume
 * never skips rows of another file or for another organisation.
 */
#include "cli/import.h"

#include "base/csv.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/datadir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)900 * 1024) /* bytes of JSON in a chunk: below LIMIT_BODY_BYTES */
#define LOGIN_SLOTS 65536                /* chains of the table of logins */
#define TRAILER "#rows"                  /* first field of a last line that tells how many rows there are */
#define PROGRESS_BYTES 16384             /* bytes of a progress file */

enum file_kind { FILE_USERS, FILE_MEMBERSHIPS };

struct reader {
    struct import *import;
    const char *path;
    const char *name; /* for messages */
    int fd;
    struct stat stat;
    int64_t bytes; /* read so far */
    bool read_failed;
    enum file_kind kind;
    size_t columns;
    const char **headings;
    int login_at, group_at, status_at; /* columns from 0; -1: none */
    int64_t skip_to;                   /* rows up to this line were sent earlier */
    int64_t bad_since;                 /* bad rows behind the last row of the chunk */
    struct import_totals *totals;
    /* the chunk */
    struct arena *arena;
    struct jval *rows;
    int64_t lines[LIMIT_IMPORT_ROWS];
    const char *logins[LIMIT_IMPORT_ROWS];
    size_t chunk_bytes;
    /* wholeness */
    char last_byte;
    int64_t records; /* behind the first line, without the trailer */
    int64_t trailer; /* the number of rows that the last line tells; -1: there is none */
};

/* --- what was seen --------------------------------------------------------------------------------------------------
 */

struct login {
    struct login *next;
    char key[];
};

struct logins {
    struct arena *arena;
    struct login *slots[LOGIN_SLOTS];
};

static size_t login_slot(const char *key)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 16777619u;
    return hash % LOGIN_SLOTS;
}

static bool key_is_there(const struct logins *table, const char *key)
{
    for (const struct login *l = table ? table->slots[login_slot(key)] : NULL; l; l = l->next)
        if (strcmp(l->key, key) == 0)
            return true;
    return false;
}

static void note_key(struct logins **table, const char *key)
{
    if (!*table) {
        *table = NEW(struct logins);
        **table = (struct logins){.arena = arena_new()};
    }
    struct login *l = arena_alloc((*table)->arena, sizeof(*l) + strlen(key) + 1);
    memcpy(l->key, key, strlen(key) + 1);
    l->next = (*table)->slots[login_slot(key)];
    (*table)->slots[login_slot(key)] = l;
}

static bool login_seen(const struct import *import, struct arena *scratch, const char *login)
{
    return key_is_there(import->seen, text_fold(scratch, login));
}

static void login_note(struct import *import, struct arena *scratch, const char *login)
{
    note_key(&import->seen, text_fold(scratch, login));
}

/* A person, or a membership. */
static const char *row_key(struct arena *scratch, const char *login, const char *group)
{
    const char *person = text_fold(scratch, login);
    return group ? arena_printf(scratch, "%s\n%s", person, text_fold(scratch, group)) : person;
}

bool import_holds(const struct import *import, const char *login, const char *group)
{
    struct arena *scratch CLEANUP(arena_freep) = arena_new();
    return key_is_there(import->held, row_key(scratch, login, group));
}

int64_t import_rows(const struct import *import)
{
    const struct import_totals *u = &import->users, *m = &import->memberships;
    return u->created + u->updated + u->unchanged + m->created + m->updated + m->unchanged;
}

static void table_free(struct logins **table)
{
    if (*table)
        (void)arena_free((*table)->arena);
    free(*table);
    *table = NULL;
}

void import_end(struct import *import)
{
    table_free(&import->seen);
    table_free(&import->held);
}

/* --- bad rows --------------------------------------------------------------------------------------------------------
 */

static void bad_row(struct reader *reader, int64_t line, const char *column, const char *text)
{
    struct import *import = reader->import;
    reader->totals->bad++;
    if (jval_len(import->errors) >= IMPORT_ERRORS_SHOWN)
        return;
    struct jval *error = jval_new_object();
    jval_set_str(error, "file", reader->path);
    jval_set(error, "line", jval_new_int(line));
    jval_set_str(error, "column", column);
    jval_set_str(error, "text", text);
    jval_append(import->errors, error);
    if (import->cli->json)
        return;
    progress_clear(&import->progress);
    struct arena *arena = import->cli->arena;
    (void)fprintf(stderr, "%s:%lld: %s%s%s%s\n", cli_clean(arena, reader->name), (long long)line,
                  column ? "column " : "", column ? cli_clean(arena, column) : "", column ? ": " : "",
                  cli_clean(arena, text));
    if (jval_len(import->errors) == IMPORT_ERRORS_SHOWN)
        (void)fprintf(stderr, "(further bad rows are counted only)\n");
}

/* A row that is bad before anybody was asked. */
static void unsent_row(struct reader *reader, int64_t line, const char *column, const char *text)
{
    reader->bad_since++;
    bad_row(reader, line, column, text);
}

/* --- the progress file -----------------------------------------------------------------------------------------------
 */

static const char *progress_path(const struct reader *reader)
{
    return arena_printf(reader->import->cli->arena, "%s.muster-progress", reader->path);
}

/* Whom this state is of: the file as it is, and where it goes. */
static void add_identity(const struct reader *reader, struct jval *object)
{
    jval_set(object, "size", jval_new_int(reader->stat.st_size));
    jval_set(object, "seconds", jval_new_int(reader->stat.st_mtim.tv_sec));
    jval_set(object, "nanoseconds", jval_new_int(reader->stat.st_mtim.tv_nsec));
    jval_set_str(object, "target", reader->import->sink->target);
}

static void write_progress(const struct reader *reader, int64_t line)
{
    if (!reader->import->keep_progress || reader->import->dry_run)
        return;
    const struct import_totals *t = reader->totals;
    struct jval *state CLEANUP(jval_freep) = jval_new_object();
    struct jval *identity = jval_new_object();
    add_identity(reader, identity);
    jval_set(state, "import", identity);
    jval_set(state, "line", jval_new_int(line));
    jval_set(state, "created", jval_new_int(t->created));
    jval_set(state, "updated", jval_new_int(t->updated));
    jval_set(state, "unchanged", jval_new_int(t->unchanged));
    jval_set(state, "bad", jval_new_int(t->bad - reader->bad_since));
    const char *text = jval_text(reader->arena, state, false);
    /* Only a convenience: without it an import starts again from the beginning, which is harmless. */
    (void)(file_write_atomically(progress_path(reader), text, strlen(text)) < 0);
}

static struct jval *load_progress(const char *path)
{
    char text[PROGRESS_BYTES];
    struct jval *state = NULL;
    FILE *file = fopen(path, "re");
    size_t n = file ? fread(text, 1, sizeof(text), file) : 0;
    if (file)
        (void)fclose(file);
    return n && jval_parse(&state, text, n, NULL) == 0 ? state : NULL;
}

static int read_progress(struct reader *reader)
{
    struct import *import = reader->import;
    const char *path = progress_path(reader);
    if (!import->keep_progress || import->dry_run || access(path, F_OK) != 0)
        return CLI_OK;
    if (!import->resume) {
        cli_say(import->cli, "%s: an earlier import of this file did not end; starting over (--resume goes on)",
                reader->name);
        return CLI_OK;
    }
    struct jval *state CLEANUP(jval_freep) = load_progress(path);
    struct jval *identity CLEANUP(jval_freep) = jval_new_object();
    add_identity(reader, identity);
    if (!state || !jval_equal(identity, jval_get(state, "import")))
        return cli_fail(import->cli, CLI_FAILED,
                        "%s was written for another state of %s, or for another server: import without --resume, which "
                        "starts over and is harmless",
                        path, reader->name);
    reader->skip_to = jval_int(jval_get(state, "line"), 0);
    *reader->totals = (struct import_totals){.there = true,
                                             .created = jval_int(jval_get(state, "created"), 0),
                                             .updated = jval_int(jval_get(state, "updated"), 0),
                                             .unchanged = jval_int(jval_get(state, "unchanged"), 0),
                                             .bad = jval_int(jval_get(state, "bad"), 0)};
    return CLI_OK;
}

/* --- chunks ----------------------------------------------------------------------------------------------------------
 */

/* In a dry run nobody of this import is there yet. */
static bool is_only_dry(const struct reader *reader, const struct jval *error, size_t row)
{
    return reader->import->dry_run && reader->kind == FILE_MEMBERSHIPS &&
           str_eq(jval_get_str(error, "errorCode"), "E0000007") &&
           login_seen(reader->import, reader->arena, reader->logins[row]);
}

static void take_answer(struct reader *reader, const struct jval *answer)
{
    const struct jval *errors = jval_get(answer, "errors");
    bool bad[LIMIT_IMPORT_ROWS] = {0};
    for (size_t i = 0; i < jval_len(errors); i++) {
        const struct jval *error = jval_at(errors, i);
        int64_t row = jval_int(jval_get(error, "row"), -1);
        if (row < 0 || row >= (int64_t)jval_len(reader->rows))
            continue;
        if (is_only_dry(reader, error, (size_t)row)) {
            reader->totals->created++;
            continue;
        }
        bad[row] = true;
        const char *cause = jval_get_str(jval_at(jval_get(error, "errorCauses"), 0), "errorSummary");
        const char *column = jval_get_str(error, "column"), *text = cause ? cause : jval_get_str(error, "errorSummary");
        size_t n = column ? strlen(column) : 0;
        if (cause && n && strncmp(cause, column, n) == 0 && cause[n] == ':')
            text = cause + n + 1 + strspn(cause + n + 1, " ");
        bad_row(reader, reader->lines[row], column, text ? text : "refused");
    }
    for (size_t i = 0; reader->import->dry_run && reader->kind == FILE_USERS && i < jval_len(reader->rows); i++)
        if (!bad[i])
            login_note(reader->import, reader->arena, reader->logins[i]);
    reader->totals->created += jval_int(jval_get(answer, "created"), 0);
    reader->totals->updated += jval_int(jval_get(answer, "updated"), 0);
    reader->totals->unchanged += jval_int(jval_get(answer, "unchanged"), 0);
}

static void empty_chunk(struct reader *reader)
{
    (void)jval_free(reader->rows);
    reader->rows = jval_new_array();
    reader->chunk_bytes = 0;
    arena_reset(reader->arena);
}

static int send_chunk(struct reader *reader)
{
    struct import *import = reader->import;
    size_t count = jval_len(reader->rows);
    if (count == 0)
        return CLI_OK;
    int64_t last = reader->lines[count - 1];
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    struct jval *answer CLEANUP(jval_freep) = NULL;
    jval_set(body, reader->kind == FILE_USERS ? "users" : "memberships", jval_ref(reader->rows));
    int r = import->sink->send(import->sink->data, body, import->dry_run, &answer);
    if (r)
        return r;
    take_answer(reader, answer);
    write_progress(reader, last);
    empty_chunk(reader);
    progress_set(&import->progress, reader->bytes, reader->stat.st_size);
    return CLI_OK;
}

/* Takes the row over. */
static int add_row(struct reader *reader, struct jval *row, int64_t line, const char *login)
{
    struct buf text;
    buf_init(&text, CHUNK_BYTES);
    jval_write(row, &text, false);
    size_t bytes = text.overflowed ? CHUNK_BYTES + 1 : text.len + 1;
    buf_free(&text);
    if (bytes > CHUNK_BYTES / 2) {
        (void)jval_free(row);
        unsent_row(reader, line, NULL, "the row is too large; shorten its fields");
        return CLI_OK;
    }
    int r = CLI_OK;
    if (reader->chunk_bytes + bytes > CHUNK_BYTES || jval_len(reader->rows) == LIMIT_IMPORT_ROWS)
        r = send_chunk(reader);
    if (r) {
        (void)jval_free(row);
        return r;
    }
    size_t at = jval_len(reader->rows);
    reader->lines[at] = line;
    reader->logins[at] = arena_strdup(reader->arena, login);
    reader->chunk_bytes += bytes;
    reader->bad_since = 0;
    jval_append(reader->rows, row);
    return CLI_OK;
}

/* --- rows ------------------------------------------------------------------------------------------------------------
 */

static struct jval *user_row(struct reader *reader, const struct csv_record *record)
{
    struct jval *row = jval_new_object(), *profile = jval_new_object();
    for (size_t i = 0; i < record->count; i++)
        if (record->fields[i][0] && (int)i != reader->status_at)
            jval_set_str(profile, reader->headings[i], record->fields[i]);
    const char *status = reader->status_at >= 0 ? record->fields[reader->status_at] : "";
    jval_set(row, "profile", profile);
    jval_set(row, "activate", jval_new_bool(strcmp(status, "STAGED") != 0));
    return row;
}

static struct jval *membership_row(const struct reader *reader, const struct csv_record *record)
{
    struct jval *row = jval_new_object();
    jval_set_str(row, "login", record->fields[reader->login_at]);
    jval_set_str(row, "group", record->fields[reader->group_at]);
    return row;
}

/* "#rows,1234": how many rows stood before it. Spreadsheets fill it up with empty fields. */
static int take_trailer(struct reader *reader, const struct csv_record *record)
{
    char *end = NULL;
    bool plain = record->count >= 2 && record->fields[1][0] >= '0' && record->fields[1][0] <= '9';
    int64_t rows = plain ? strtoll(record->fields[1], &end, 10) : -1;
    for (size_t i = 2; i < record->count; i++)
        plain &= record->fields[i][0] == '\0';
    if (!plain || *end)
        return cli_fail(reader->import->cli, CLI_FAILED, "%s:%lld: the last line must be " TRAILER ",NUMBER",
                        reader->name, (long long)record->line);
    reader->trailer = rows;
    return CLI_OK;
}

static int take_record(struct reader *reader, const struct csv_record *record)
{
    if (reader->trailer >= 0)
        return cli_fail(reader->import->cli, CLI_FAILED, "%s:%lld: nothing may stand behind the line " TRAILER,
                        reader->name, (long long)record->line);
    if (record->count > 0 && strcmp(record->fields[0], TRAILER) == 0)
        return take_trailer(reader, record);
    reader->records++;
    if (record->line <= reader->skip_to)
        return CLI_OK;
    if (record->count != reader->columns) {
        char text[128];
        (void)snprintf(text, sizeof(text), "the row has %zu fields, the first line has %zu; quote fields with commas",
                       record->count, reader->columns);
        unsent_row(reader, record->line, NULL, text);
        return CLI_OK;
    }
    const char *login = record->fields[reader->login_at];
    if (!login[0]) {
        unsent_row(reader, record->line, "login", "is empty; it says who the row is about");
        return CLI_OK;
    }
    if (reader->kind == FILE_MEMBERSHIPS && !record->fields[reader->group_at][0]) {
        unsent_row(reader, record->line, "group", "is empty; name the group");
        return CLI_OK;
    }
    const char *status = reader->status_at >= 0 ? record->fields[reader->status_at] : "";
    if (status[0] && strcmp(status, "ACTIVE") != 0 && strcmp(status, "STAGED") != 0) {
        unsent_row(reader, record->line, "status", "must be ACTIVE, STAGED or empty");
        return CLI_OK;
    }
    if (reader->import->whole)
        note_key(&reader->import->held,
                 row_key(reader->arena, login, reader->group_at >= 0 ? record->fields[reader->group_at] : NULL));
    struct jval *row = reader->kind == FILE_USERS ? user_row(reader, record) : membership_row(reader, record);
    return add_row(reader, row, record->line, login);
}

/* --- the first line --------------------------------------------------------------------------------------------------
 */

static int refuse_column(const struct reader *reader, size_t column, const char *text)
{
    return cli_fail(reader->import->cli, CLI_FAILED, "%s:1: column %zu (%s): %s", reader->name, column + 1,
                    cli_clean(reader->import->cli->arena, reader->headings[column]), text);
}

static int check_columns(struct reader *reader)
{
    const struct import_sink *sink = reader->import->sink;
    for (size_t i = 0; i < reader->columns; i++) {
        const char *name = reader->headings[i];
        for (size_t k = 0; k < i; k++)
            if (strcmp(name, reader->headings[k]) == 0)
                return refuse_column(reader, i, "is there twice; keep one");
        if ((int)i == reader->login_at || (int)i == reader->group_at || (int)i == reader->status_at)
            continue;
        if (reader->kind == FILE_MEMBERSHIPS)
            return refuse_column(reader, i, "a file of memberships has the columns login and group only");
        if (strncmp(name, "password", 8) == 0)
            return refuse_column(reader, i, "passwords are not imported; take the column out");
        int has = sink->has_attribute(sink->data, name);
        if (has < 0)
            return -has;
        if (!has)
            return refuse_column(reader, i, "users have no such attribute; add it to the schema, or rename the column");
    }
    return CLI_OK;
}

static int take_header(struct reader *reader, const struct csv_record *record)
{
    struct cli *cli = reader->import->cli;
    reader->columns = record->count;
    reader->headings = arena_array(cli->arena, record->count, sizeof(*reader->headings));
    reader->login_at = reader->group_at = reader->status_at = -1;
    for (size_t i = 0; i < record->count; i++) {
        reader->headings[i] = arena_strdup(cli->arena, record->fields[i]);
        if (strcmp(record->fields[i], "login") == 0)
            reader->login_at = (int)i;
        else if (strcmp(record->fields[i], "group") == 0)
            reader->group_at = (int)i;
        else if (strcmp(record->fields[i], "status") == 0)
            reader->status_at = (int)i;
    }
    if (reader->login_at < 0)
        return cli_fail(cli, CLI_FAILED, "%s:1: there is no column login; the first line must name the columns",
                        reader->name);
    reader->kind = reader->group_at >= 0 ? FILE_MEMBERSHIPS : FILE_USERS;
    if (reader->kind == FILE_MEMBERSHIPS)
        reader->status_at = -1;
    reader->totals = reader->kind == FILE_USERS ? &reader->import->users : &reader->import->memberships;
    reader->totals->there = true;
    int r = check_columns(reader);
    return r ? r : read_progress(reader);
}

/* --- the file --------------------------------------------------------------------------------------------------------
 */

static int read_bytes(void *data, char *bytes, size_t n)
{
    struct reader *reader = data;
    for (;;) {
        ssize_t got = read(reader->fd, bytes, MIN_OF(n, (size_t)1 << 20));
        if (got < 0 && errno == EINTR)
            continue;
        reader->bytes += MAX_OF(got, 0);
        if (got > 0)
            reader->last_byte = bytes[got - 1];
        return (int)got;
    }
}

/* A file that was cut must not pass for one from which people are missing. */
static int check_whole(struct reader *reader)
{
    struct cli *cli = reader->import->cli;
    if (reader->trailer >= 0 && reader->trailer != reader->records)
        return cli_fail(cli, CLI_FAILED, "%s holds %lld rows, but its last line tells of %lld: it is not whole",
                        reader->name, (long long)reader->records, (long long)reader->trailer);
    if (!reader->import->whole)
        return CLI_OK;
    if (reader->last_byte != '\n')
        return cli_fail(cli, CLI_FAILED, "%s does not end with a line break: its last line may have been cut",
                        reader->name);
    if (reader->trailer < 0 && !reader->import->uncounted)
        reader->import->uncounted = arena_strdup(cli->arena, reader->name);
    if (reader->records == 0)
        return cli_fail(cli, CLI_FAILED, "%s holds no rows: an authoritative import never follows an empty file",
                        reader->name);
    return CLI_OK;
}

static int read_records(struct reader *reader, struct csv *csv)
{
    struct csv_record record = {0};
    int column = 0, r = CLI_OK, got;
    while (r == CLI_OK && (got = csv_next(csv, &record, &column)) != 0) {
        if (got == ERR_IO)
            return cli_fail(reader->import->cli, CLI_FAILED, "%s: cannot be read: %s", reader->name, strerror(errno));
        if (got < 0 && !reader->headings)
            return cli_fail(reader->import->cli, CLI_FAILED, "%s:%lld: column %d: %s", reader->name,
                            (long long)record.line, column, csv_reason(csv));
        if (got < 0) {
            char text[16];
            (void)snprintf(text, sizeof(text), "%d", column);
            if (record.line > reader->skip_to)
                unsent_row(reader, record.line, text, csv_reason(csv));
        } else {
            r = reader->headings ? take_record(reader, &record) : take_header(reader, &record);
        }
    }
    if (r == CLI_OK && !reader->headings)
        return cli_fail(reader->import->cli, CLI_FAILED, "%s is empty; the first line must name the columns",
                        reader->name);
    if (r == CLI_OK)
        r = check_whole(reader);
    return r ? r : send_chunk(reader);
}

int import_file(struct import *import, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct reader *reader = NEW(struct reader);
    *reader = (struct reader){.import = import, .path = path, .name = slash ? slash + 1 : path, .trailer = -1};
    reader->fd = open(path, O_RDONLY | O_CLOEXEC);
    int r = CLI_OK;
    if (reader->fd < 0 || fstat(reader->fd, &reader->stat) != 0)
        r = cli_fail(import->cli, CLI_FAILED, "cannot open %s: %s", path, strerror(errno));
    if (r == CLI_OK) {
        struct csv *csv = csv_new(read_bytes, reader);
        reader->arena = arena_new();
        reader->rows = jval_new_array();
        progress_start(&import->progress, import->cli, reader->name);
        r = read_records(reader, csv);
        progress_clear(&import->progress);
        (void)csv_free(csv);
        (void)jval_free(reader->rows);
        (void)arena_free(reader->arena);
    }
    if (r == CLI_OK && import->keep_progress && !import->dry_run)
        (void)unlink(progress_path(reader));
    if (reader->fd >= 0)
        (void)close(reader->fd);
    free(reader);
    return r;
}
