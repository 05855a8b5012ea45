/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists: filter, order, page (RFC 7644 section 3.4.2), by GET or by POST .search. Without sortBy the order is that of
 * creation, which never changes, so that reading page by page misses nothing that stays. A filter that compares id, the
 * name, externalId or a member for equality is answered from the indexes.
 */
#include "practice/inner.h"

#include "base/clock.h"

#include <errno.h>

struct found {
    struct resource **items;
    size_t count;
    size_t size;
};

struct sort_key {
    struct resource *resource;
    bool absent;
    bool is_number;
    double number;
    const char *text;
};

struct list_query {
    const struct filter *filter; /* or NULL */
    const char *sort_urn;
    const char *sort_name; /* NULL: order of creation */
    const char *sort_sub;
    bool descending;
    bool blind; /* a fault: the filter finds nothing */
    struct page page;
};

static void found_freep(struct found *found)
{
    free(found->items);
}

static void found_add(struct found *found, struct resource *r)
{
    if (found->count == found->size) {
        found->size = found->size ? found->size * 2 : 64;
        found->items = mem_resize(found->items, found->size * sizeof(*found->items));
    }
    found->items[found->count++] = r;
}

/* --- what is asked
 * ---------------------------------------------------------------------------------------------------- */

static int read_text(struct call *call, const struct jval *search, const char *name, const char **ret)
{
    if (!search) {
        *ret = url_param(&call->params, name);
        return 0;
    }
    const char *key = schema_key(search, name);
    const struct jval *value = key ? jval_get(search, key) : NULL;
    if (value && jval_type(value) != JVAL_STRING && jval_type(value) != JVAL_NULL)
        return refuse_value(&call->refusal, "%s must be a string.", name);
    *ret = jval_str(value);
    return 0;
}

static int read_number(struct call *call, const struct jval *search, const char *name, int64_t otherwise, int64_t *ret)
{
    const char *key = search ? schema_key(search, name) : NULL;
    const struct jval *value = key ? jval_get(search, key) : NULL;
    const char *text = search ? NULL : url_param(&call->params, name);
    *ret = otherwise;
    if (value && jval_type(value) != JVAL_NULL) {
        if (jval_type(value) != JVAL_INT)
            return refuse_value(&call->refusal, "%s must be an integer.", name);
        *ret = jval_int(value, otherwise);
    } else if (text) {
        char *end = NULL;
        errno = 0;
        long long number = strtoll(text, &end, 10);
        if (errno || end == text || *end)
            return refuse_value(&call->refusal, "%s must be an integer, not \"%.100s\".", name, text);
        *ret = number;
    }
    return 0;
}

static int read_filter(struct call *call, unsigned kinds, const struct jval *search, const struct filter **ret,
                       bool *ret_blind)
{
    const char *text = NULL;
    int r = read_text(call, search, "filter", &text);
    if (r < 0 || !text)
        return r;
    struct filter_error error = {0};
    if (filter_parse(call->arena, text, FILTER_SCIM, ret, &error) < 0)
        return refuse(&call->refusal, 400, "invalidFilter", "filter: %s (at %zu).", error.text, error.offset);
    const struct schema_attr *attrs = kinds == 1u << PRACTICE_USER    ? schema_core(PRACTICE_USER)->attrs
                                      : kinds == 1u << PRACTICE_GROUP ? schema_core(PRACTICE_GROUP)->attrs
                                                                      : NULL;
    r = match_check(&call->refusal, *ret, attrs);
    return r < 0 ? r : filter_bend(call, ret, ret_blind);
}

static int read_sort(struct call *call, const struct jval *search, struct list_query *query)
{
    const char *by = NULL;
    const char *order = NULL;
    int r = read_text(call, search, "sortBy", &by);
    if (r == 0)
        r = read_text(call, search, "sortOrder", &order);
    if (r < 0)
        return r;
    if (order && *order && strcasecmp(order, "ascending") != 0 && strcasecmp(order, "descending") != 0)
        return refuse_value(&call->refusal, "sortOrder must be ascending or descending.");
    query->descending = order && strcasecmp(order, "descending") == 0;
    if (!by || !*by)
        return 0;
    struct filter_path path = {0};
    if (filter_parse_path(call->arena, by, &path, NULL) < 0 || path.where || !path.attribute)
        return refuse(&call->refusal, 400, "invalidPath", "sortBy must be an attribute, not \"%.200s\".", by);
    query->sort_urn = path.urn;
    query->sort_name = path.attribute;
    query->sort_sub = path.sub_attribute;
    return 0;
}

static int read_page(struct call *call, const struct jval *search, struct page *page)
{
    int64_t most = (int64_t)call->p->options.page_max;
    const char *cursor = NULL;
    const char *key = search ? schema_key(search, "startIndex") : NULL;
    const char *start = search ? key : url_param(&call->params, "startIndex");
    int r = read_number(call, search, "startIndex", 1, &page->start);
    if (r == 0)
        r = read_number(call, search, "count", MIN_OF(PRACTICE_PAGE_DEFAULT, most), &page->count);
    if (r == 0)
        r = read_text(call, search, "cursor", &cursor);
    if (r < 0)
        return r;
    page->start = page->from = MAX_OF(page->start, (int64_t)1);
    page->count = MAX_OF(page->count, (int64_t)0);
    r = cursor_read(call, cursor, start, page);
    page_bend(call->p, search ? schema_key(search, "count") != NULL : url_param(&call->params, "count") != NULL, page);
    page->count = MIN_OF(page->count, most);
    return r;
}

static int read_query(struct call *call, unsigned kinds, const struct jval *search, struct list_query *query)
{
    *query = (struct list_query){0};
    int r = read_filter(call, kinds, search, &query->filter, &query->blind);
    if (r == 0)
        r = read_sort(call, search, query);
    return r < 0 ? r : read_page(call, search, &query->page);
}

/* --- finding
 * ---------------------------------------------------------------------------------------------------------- */

static void add_nodes(struct found *found, const struct index_node *node, size_t offset)
{
    for (; node; node = node->next)
        found_add(found, (struct resource *)(void *)((char *)(uintptr_t)node - offset));
}

/* The groups that hold a member of that id; false when it must be searched (an id that nobody has). */
static bool add_groups_of(struct practice *p, struct found *found, const char *id)
{
    const struct resource *member = hash_get(&p->by_id, id);
    if (!member)
        return !p->options.unknown_members && !p->has_unknown;
    for (struct membership *m = member->in_first; m; m = m->in_next)
        found_add(found, m->group);
    return true;
}

/* Fills `found` with a superset of what one comparison selects; false when no index helps. */
static bool find_by_index(struct call *call, enum practice_kind kind, const struct filter *f, struct found *found)
{
    struct practice *p = call->p;
    const struct filter *in = f->op == FILTER_VALUE ? f->left : f;
    if (in->op != FILTER_EQ || in->type != FILTER_STRING || (f->urn && strcasecmp(f->urn, schema_core(kind)->urn) != 0))
        return false;
    struct shelf *shelf = &p->shelves[kind];
    if (bent(p, FAULT_FILTER_PATTERN))
        return false;
    if (f->op == FILTER_VALUE) {
        return kind == PRACTICE_GROUP && strcasecmp(f->attribute, "members") == 0 &&
               strcasecmp(in->attribute, "value") == 0 && add_groups_of(p, found, in->text);
    }
    if (strcasecmp(f->attribute, "id") == 0) {
        struct resource *r = resource_find(p, kind, f->text);
        if (r)
            found_add(found, r);
    } else if (strcasecmp(f->attribute, kind_key(kind)) == 0) {
        add_nodes(found, index_find(&shelf->by_name, name_fold(call->arena, f->text)),
                  offsetof(struct resource, by_name));
    } else if (strcasecmp(f->attribute, "externalId") == 0) {
        add_nodes(found, index_find(&shelf->by_external, f->text), offsetof(struct resource, by_external));
    } else if (kind == PRACTICE_GROUP &&
               (strcasecmp(f->attribute, "members") == 0 || strcasecmp(f->attribute, "members.value") == 0)) {
        return add_groups_of(p, found, f->text);
    } else {
        return false;
    }
    return true;
}

static bool find_candidates(struct call *call, enum practice_kind kind, const struct filter *f, struct found *found)
{
    if (f->op == FILTER_AND)
        return find_candidates(call, kind, f->left, found) || find_candidates(call, kind, f->right, found);
    return find_by_index(call, kind, f, found);
}

static int by_seq(const void *a, const void *b)
{
    const struct resource *x = *(struct resource *const *)a;
    const struct resource *y = *(struct resource *const *)b;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void find_kind(struct call *call, enum practice_kind kind, const struct filter *filter, struct found *found)
{
    size_t before = found->count;
    if (!filter || !find_candidates(call, kind, filter, found)) {
        for (struct resource *r = call->p->shelves[kind].first; r; r = r->next)
            if (!filter || match_resource(call->p, r, filter))
                found_add(found, r);
        return;
    }
    size_t kept = before;
    for (size_t i = before; i < found->count; i++)
        if (match_resource(call->p, found->items[i], filter))
            found->items[kept++] = found->items[i];
    found->count = kept;
    if (kept - before > 1)
        qsort(found->items + before, kept - before, sizeof(*found->items), by_seq);
}

/* One page of everything, from where the page before ended or from the nearest end. */
static void find_page(struct practice *p, enum practice_kind kind, const struct list_query *query, struct found *found)
{
    struct shelf *shelf = &p->shelves[kind];
    if (query->page.from > (int64_t)shelf->count)
        return;
    size_t start = (size_t)query->page.from;
    struct resource *r = shelf->first;
    size_t at = 1;
    if (shelf->cursor && shelf->cursor_at <= start) {
        r = shelf->cursor;
        at = shelf->cursor_at;
    }
    for (; at < start; at++, p->steps++)
        r = r->next;
    for (int64_t i = 0; r && i < query->page.count; i++, at++, p->steps++) {
        found_add(found, r);
        shelf->cursor = r;
        shelf->cursor_at = at;
        r = r->next;
    }
}

/* --- order
 * ------------------------------------------------------------------------------------------------------------ */

/* The value that counts for the order: of several the primary one, else the first; of an object its "value". */
static const struct jval *decisive(const struct jval *value, const char *sub)
{
    if (jval_type(value) == JVAL_ARRAY) {
        const struct jval *chosen = jval_at(value, 0);
        for (size_t i = 0; i < jval_len(value); i++)
            if (jval_is_true(jval_get(jval_at(value, i), "primary")))
                chosen = jval_at(value, i);
        value = chosen;
    }
    if (jval_type(value) != JVAL_OBJECT)
        return value;
    const char *key = schema_key(value, sub ? sub : "value");
    return key ? jval_get(value, key) : NULL;
}

static struct sort_key sort_key_of(struct call *call, struct resource *r, const struct list_query *query)
{
    struct sort_key sort = {.resource = r, .absent = true};
    CLEANUP(jval_freep) struct jval *value = match_attribute(call->p, r, query->sort_urn, query->sort_name);
    const struct jval *one = decisive(value, query->sort_sub);
    const struct schema_attr *attr = schema_attr_of(r->kind, query->sort_urn, query->sort_name);
    if (attr && attr->subs)
        attr = schema_attr_find(attr->subs, query->sort_sub ? query->sort_sub : "value");
    int64_t ms = 0;
    if (jval_str(one) && attr && attr->type == SCHEMA_DATETIME && clock_parse(jval_str(one), &ms) == 0) {
        sort.is_number = true;
        sort.number = (double)ms;
    } else if (jval_str(one)) {
        sort.text =
            attr && attr->case_exact ? arena_strdup(call->arena, jval_str(one)) : name_fold(call->arena, jval_str(one));
    } else if (jval_type(one) == JVAL_INT || jval_type(one) == JVAL_REAL || jval_type(one) == JVAL_BOOL) {
        sort.is_number = true;
        sort.number = jval_type(one) == JVAL_BOOL ? jval_is_true(one) : jval_number(one, 0);
    } else {
        return sort;
    }
    sort.absent = false;
    return sort;
}

/* Absent comes last, numbers before texts, equals in the order of creation. */
static int compare_keys(const void *a, const void *b)
{
    const struct sort_key *x = a;
    const struct sort_key *y = b;
    int order = x->absent - y->absent;
    if (!order && !x->absent)
        order = y->is_number - x->is_number;
    if (!order && !x->absent)
        order = x->is_number ? (x->number > y->number) - (x->number < y->number) : strcmp(x->text, y->text);
    return order ? order : by_seq(&x->resource, &y->resource);
}

static void sort_found(struct call *call, const struct list_query *query, struct found *found)
{
    if (!found->count)
        return;
    struct sort_key *keys = arena_array(call->arena, found->count, sizeof(*keys));
    for (size_t i = 0; i < found->count; i++)
        keys[i] = sort_key_of(call, found->items[i], query);
    qsort(keys, found->count, sizeof(*keys), compare_keys);
    for (size_t i = 0; i < found->count; i++)
        found->items[query->descending ? found->count - 1 - i : i] = keys[i].resource;
}

/* --- the answer
 * ------------------------------------------------------------------------------------------------------- */

/* Fills `found`; the answer has what stands from `*ret_from` on. Returns how much there is in all. */
static size_t find(struct call *call, unsigned kinds, struct list_query *query, struct found *found, size_t *ret_from)
{
    struct practice *p = call->p;
    if (query->blind)
        return 0;
    if (!query->filter && !query->sort_name && kinds != 3) {
        enum practice_kind kind = kinds == 1u << PRACTICE_USER ? PRACTICE_USER : PRACTICE_GROUP;
        size_t total = p->shelves[kind].count;
        if (query->page.from > (int64_t)total && bends(p, FAULT_PAGES_WRAP))
            query->page.from = 1;
        find_page(p, kind, query, found);
        return total;
    }
    for (unsigned kind = 0; kind < KINDS; kind++)
        if (kinds & 1u << kind)
            find_kind(call, (enum practice_kind)kind, query->filter, found);
    if (query->sort_name)
        sort_found(call, query, found);
    if (query->page.from > (int64_t)found->count && bends(p, FAULT_PAGES_WRAP))
        query->page.from = 1;
    *ret_from = (size_t)MIN_OF(query->page.from - 1, (int64_t)found->count);
    return found->count;
}

static void write_page(struct practice *p, const struct page *page, size_t total, size_t items, struct jout *out)
{
    int64_t said = page_total(p, page, (int64_t)total, (int64_t)items);
    if (said >= 0)
        jout_int(out, "totalResults", said);
    if (!page->by_cursor)
        jout_int(out, "startIndex", page->start);
    jout_int(out, "itemsPerPage", (int64_t)items);
    if (page->by_cursor && items && page->from - 1 + (int64_t)items < (int64_t)total) {
        char cursor[CURSOR_BYTES];
        cursor_write(p, page->from + (int64_t)items, cursor, sizeof(cursor));
        jout_str(out, "nextCursor", cursor);
    }
}

int list_answer(struct call *call, unsigned kinds, const struct jval *search)
{
    struct practice *p = call->p;
    struct list_query query = {0};
    struct projection projection = {0};
    CLEANUP(found_freep) struct found found = {0};
    int r = read_query(call, kinds, search, &query);
    if (r == 0)
        r = projection_parse(call, search, &projection);
    if (r < 0)
        return r;
    size_t from = 0;
    size_t total = find(call, kinds, &query, &found, &from);
    size_t items = MIN_OF(found.count - from, (size_t)query.page.count);
    struct jout out;
    jout_init(&out, &call->ret->body);
    jout_object(&out, NULL);
    jout_array(&out, "schemas");
    jout_str(&out, NULL, URN_LIST);
    jout_end(&out);
    write_page(p, &query.page, total, items, &out);
    jout_array(&out, bends(p, FAULT_RESOURCES_LOWER) ? "resources" : "Resources");
    for (size_t i = 0; i < items; i++) {
        if (i)
            buf_char(&call->ret->body, ',');
        render_resource(p, found.items[from + i], &projection, &call->ret->body);
    }
    jout_end(&out);
    jout_end(&out);
    call->ret->status = 200;
    call->ret->content_type = "application/scim+json";
    return 0;
}
