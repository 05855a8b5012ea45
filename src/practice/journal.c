/* SPDX-License-Identifier: Apache-2.0 */
/* The journal: the last requests, how many of each method and answer there were, and who was asked to be created twice.
 */
#include "practice/inner.h"

struct entry {
    struct practice_entry shown;
    char *text; /* path, query, bodies and headers, one after another */
    size_t size;
    char method[16];
};

struct copies {
    uint64_t count;
    char name[]; /* folded; the key */
};

struct counter {
    char name[16];
    uint64_t count;
};

#define TEXT_STEP 256 /* bytes by which the memory of an entry grows: entries are used again */
#define COUNTERS 24   /* methods, and statuses, that are told apart; what comes after shares the last */

struct journal {
    struct entry *entries; /* a ring */
    size_t size;
    size_t body_bytes;
    uint64_t last;   /* number of the newest entry */
    uint64_t oldest; /* number of the oldest that is remembered; > last when there is none */
    uint64_t requests;
    uint64_t dropped;
    struct counter methods[COUNTERS];
    struct counter statuses[COUNTERS];
    struct hash copies[KINDS];
    size_t copies_lost; /* names beyond PRACTICE_COPIES */
};

struct journal *journal_new(const unsigned char *seed, size_t entries, size_t body_bytes)
{
    struct journal *journal = NEW(struct journal);
    journal->size = entries;
    journal->entries = mem_new(entries * sizeof(*journal->entries));
    journal->body_bytes = body_bytes;
    journal->oldest = 1;
    for (int kind = 0; kind < KINDS; kind++)
        hash_init(&journal->copies[kind], seed);
    return journal;
}

static void clear(struct journal *journal)
{
    for (size_t i = 0; i < journal->size; i++) {
        free(journal->entries[i].text);
        journal->entries[i] = (struct entry){0};
    }
    for (int kind = 0; kind < KINDS; kind++) {
        struct hash *copies = &journal->copies[kind];
        for (size_t i = 0; i < copies->size; i++)
            free(copies->slots[i].value);
        hash_clear(copies);
    }
    journal->oldest = journal->last + 1;
    journal->requests = journal->dropped = 0;
    journal->copies_lost = 0;
    memset(journal->methods, 0, sizeof(journal->methods));
    memset(journal->statuses, 0, sizeof(journal->statuses));
}

struct journal *journal_free(struct journal *journal)
{
    if (!journal)
        return NULL;
    clear(journal);
    free(journal->entries);
    free(journal);
    return NULL;
}

static void count_up(struct counter *counters, const char *name)
{
    size_t i = 0;
    while (i < COUNTERS - 1 && counters[i].count && strcmp(counters[i].name, name) != 0)
        i++;
    if (!counters[i].count)
        (void)snprintf(counters[i].name, sizeof(counters[i].name), "%s", i < COUNTERS - 1 ? name : "other");
    counters[i].count++;
}

/* One text of an entry: how long it is as it is kept, and who points to it. */
struct kept {
    const char *text; /* NULL: none */
    size_t n;
    const char **place;
};

/* Copies the texts into one piece of memory. */
static void store_texts(struct entry *entry, const struct kept *kept, size_t count)
{
    size_t n = count;
    for (size_t i = 0; i < count; i++)
        n += kept[i].text ? kept[i].n : 0;
    if (n > entry->size) {
        entry->size = (n + TEXT_STEP - 1) / TEXT_STEP * TEXT_STEP;
        entry->text = mem_resize(entry->text, entry->size);
    }
    char *p = entry->text;
    for (size_t i = 0; i < count; i++) {
        size_t length = kept[i].text ? kept[i].n : 0;
        if (length)
            memcpy(p, kept[i].text, length);
        p[length] = '\0';
        *kept[i].place = p;
        p += length + 1;
    }
}

static struct kept keep(const char *text, size_t most, const char **place)
{
    return (struct kept){.text = text, .n = text ? strnlen(text, most) : 0, .place = place};
}

static void keep_all(struct journal *journal, struct entry *entry, const struct practice_request *request,
                     const struct practice_response *response)
{
    struct practice_entry *shown = &entry->shown;
    size_t body = request->body ? MIN_OF(request->body_len, journal->body_bytes) : 0;
    const struct kept kept[] = {
        keep(request->path, PRACTICE_PATH_BYTES, &shown->path),
        keep(request->query, PRACTICE_PATH_BYTES, &shown->query),
        {request->body, body, &shown->body},
        {response->body.data, MIN_OF(response->body.len, journal->body_bytes), &shown->answer},
        keep(request->user_agent, PRACTICE_HEADER_BYTES, &shown->user_agent),
        keep(request->content_type, PRACTICE_HEADER_BYTES, &shown->content_type),
        {response->location, strlen(response->location), &shown->location},
        {response->retry_after, strlen(response->retry_after), &shown->retry_after},
    };
    store_texts(entry, kept, ARRAY_LEN(kept));
    if (!request->query)
        shown->query = NULL;
    if (!request->user_agent)
        shown->user_agent = NULL;
    if (!request->content_type)
        shown->content_type = NULL;
}

/* The type of an answer may be the text of a fault, which does not last. */
static const char *answer_type(const char *type)
{
    static const char *const known[] = {"application/scim+json", "application/json", "text/html; charset=utf-8"};
    for (size_t i = 0; type && i < ARRAY_LEN(known); i++)
        if (strcmp(known[i], type) == 0)
            return known[i];
    return type ? "application/octet-stream" : NULL;
}

void journal_add(struct journal *journal, int64_t now_ms, const struct practice_request *request,
                 const struct practice_response *response, const char *fault)
{
    uint64_t number = ++journal->last;
    struct entry *entry = &journal->entries[number % journal->size];
    if (number - journal->oldest >= journal->size)
        journal->oldest = number - journal->size + 1;
    size_t method = strnlen(request->method, sizeof(entry->method) - 1);
    memcpy(entry->method, request->method, method);
    entry->method[method] = '\0';
    utf8_repair(entry->method);
    entry->shown = (struct practice_entry){.number = number,
                                           .time_ms = now_ms,
                                           .method = entry->method,
                                           .body_bytes = request->body_len,
                                           .status = response->status,
                                           .fault = fault,
                                           .dropped = response->reset,
                                           .answer_bytes = response->body.len,
                                           .answer_type = answer_type(response->content_type),
                                           .delay_ms = response->delay_ms};
    keep_all(journal, entry, request, response);
    int code = response->status; /* of three digits, or 0 */
    const char status[4] = {(char)('0' + code / 100 % 10), (char)('0' + code / 10 % 10), (char)('0' + code % 10), '\0'};
    count_up(journal->methods, entry->method);
    count_up(journal->statuses, response->reset ? "dropped" : code ? status : "0");
    journal->requests++;
    journal->dropped += response->reset;
}

void journal_copy(struct journal *journal, enum practice_kind kind, const char *folded)
{
    struct hash *index = &journal->copies[kind];
    struct copies *copies = hash_get(index, folded);
    if (!copies) {
        if (index->count >= PRACTICE_COPIES) {
            journal->copies_lost++;
            return;
        }
        size_t n = strlen(folded) + 1;
        copies = mem_new(sizeof(*copies) + n);
        memcpy(copies->name, folded, n);
        hash_put(index, copies->name, copies);
    }
    copies->count++;
}

/* --- reading --------------------------------------------------------------------------------------------------------
 */

static const struct entry *entry_after(const struct journal *journal, uint64_t after)
{
    uint64_t number = MAX_OF(after + 1, journal->oldest);
    return after < journal->last && number <= journal->last ? &journal->entries[number % journal->size] : NULL;
}

bool practice_journal_next(const struct practice *practice, uint64_t after, struct practice_entry *ret)
{
    const struct entry *entry = entry_after(practice->journal, after);
    if (entry)
        *ret = entry->shown;
    return entry != NULL;
}

uint64_t practice_journal_last(const struct practice *practice)
{
    return practice->journal->last;
}

void practice_journal_clear(struct practice *practice)
{
    clear(practice->journal);
}

uint64_t practice_journal_count(const struct practice *practice, const char *method)
{
    const struct journal *journal = practice->journal;
    if (!*method)
        return journal->requests;
    for (size_t i = 0; i < COUNTERS; i++)
        if (journal->methods[i].count && strcmp(journal->methods[i].name, method) == 0)
            return journal->methods[i].count;
    return 0;
}

uint64_t practice_copies(const struct practice *practice, enum practice_kind kind, const char *name)
{
    struct arena *arena = arena_new();
    const struct copies *copies = hash_get(&practice->journal->copies[kind], name_fold(arena, name));
    arena_free(arena);
    return copies ? copies->count : 0;
}

static const struct copies *most_copies(const struct journal *journal, enum practice_kind kind)
{
    const struct copies *most = NULL;
    const struct hash *index = &journal->copies[kind];
    for (size_t i = 0; i < index->size; i++) {
        const struct copies *copies = index->slots[i].value;
        if (copies && (!most || copies->count > most->count))
            most = copies;
    }
    return most;
}

uint64_t practice_copies_max(const struct practice *practice, enum practice_kind kind, const char **ret_name)
{
    const struct copies *most = most_copies(practice->journal, kind);
    if (ret_name)
        *ret_name = most ? most->name : NULL;
    return most ? most->count : 0;
}

/* --- as JSON --------------------------------------------------------------------------------------------------------
 */

static void write_text(struct jout *out, const char *key, const char *text)
{
    char *copy = mem_strdup(text);
    utf8_repair(copy);
    jout_str(out, key, copy);
    free(copy);
}

static void write_entry(const struct entry *entry, struct jout *out)
{
    const struct practice_entry *shown = &entry->shown;
    jout_object(out, NULL);
    jout_int(out, "number", (int64_t)shown->number);
    jout_time(out, "time", shown->time_ms);
    write_text(out, "method", shown->method);
    write_text(out, "path", shown->path);
    if (shown->query)
        write_text(out, "query", shown->query);
    jout_int(out, "bodyBytes", (int64_t)shown->body_bytes);
    if (*shown->body)
        write_text(out, "body", shown->body);
    jout_int(out, "status", shown->status);
    jout_str_opt(out, "fault", shown->fault);
    jout_bool(out, "dropped", shown->dropped);
    if (shown->user_agent)
        write_text(out, "userAgent", shown->user_agent);
    jout_int(out, "answerBytes", (int64_t)shown->answer_bytes);
    if (*shown->answer)
        write_text(out, "answer", shown->answer);
    jout_end(out);
}

void journal_write(const struct journal *journal, uint64_t after, struct jout *out)
{
    jout_object(out, NULL);
    jout_int(out, "last", (int64_t)journal->last);
    jout_int(out, "oldest", (int64_t)journal->oldest);
    jout_array(out, "entries");
    for (const struct entry *e = entry_after(journal, after); e; e = entry_after(journal, e->shown.number))
        write_entry(e, out);
    jout_end(out);
    jout_end(out);
}

static void write_counters(const struct counter *counters, const char *key, struct jout *out)
{
    jout_object(out, key);
    for (size_t i = 0; i < COUNTERS && counters[i].count; i++)
        jout_int(out, counters[i].name, (int64_t)counters[i].count);
    jout_end(out);
}

void journal_write_counts(const struct journal *journal, struct jout *out)
{
    jout_int(out, "requests", (int64_t)journal->requests);
    jout_int(out, "dropped", (int64_t)journal->dropped);
    write_counters(journal->methods, "methods", out);
    write_counters(journal->statuses, "statuses", out);
    jout_object(out, "copies");
    for (int kind = 0; kind < KINDS; kind++) {
        const struct copies *most = most_copies(journal, (enum practice_kind)kind);
        jout_object(out, kind_path((enum practice_kind)kind));
        jout_int(out, "names", (int64_t)journal->copies[kind].count);
        jout_int(out, "most", most ? (int64_t)most->count : 0);
        jout_str_opt(out, "mostName", most ? most->name : NULL);
        jout_end(out);
    }
    jout_int(out, "notCounted", (int64_t)journal->copies_lost);
    jout_end(out);
}
