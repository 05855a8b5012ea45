/* SPDX-License-Identifier: Apache-2.0 */
#include "base/jval.h"

#include "base/err.h"
#include "base/limits.h"

#include <jansson.h>

static json_t *real(const struct jval *value)
{
    return (json_t *)(uintptr_t)value; /* jansson's readers are not const-correct throughout */
}

static struct jval *wrap(json_t *value)
{
    return (struct jval *)value;
}

static struct jval *made(json_t *value)
{
    if (!value) {
        (void)fputs("muster: out of memory (json)\n", stderr);
        abort();
    }
    return wrap(value);
}

/* jansson recurses; its own limit is 2048 levels. This looks at brackets outside strings only. */
static bool nests_too_deep(const char *bytes, size_t n)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < n; i++) {
        char c = bytes[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > LIMIT_JSON_DEPTH)
                return true;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return false;
}

/* In our own words: what is wrong, and what to do about it. */
static const char *words_of(const json_error_t *e)
{
    static const struct {
        enum json_error_code code;
        const char *words;
    } errors[] = {
        {json_error_premature_end_of_input, "the document ends too early; close what was opened"},
        {json_error_end_of_input_expected, "something follows after the end of the document; send one JSON value"},
        {json_error_invalid_utf8, "this is not UTF-8; send the text in that encoding"},
        {json_error_duplicate_key, "a name is given twice in one object; give it once"},
        {json_error_numeric_overflow, "the number is too large; make it smaller, or a text"},
        {json_error_null_character, "a text has the character U+0000; leave it out"},
        {json_error_null_byte_in_key, "a text has the character U+0000; leave it out"},
    };
    for (size_t i = 0; i < ARRAY_LEN(errors); i++)
        if (errors[i].code == json_error_code(e))
            return errors[i].words;
    return "this is not JSON; look for a comma, a quotation mark or a bracket that is missing or too much";
}

static int fail(struct jval_error *ret_error, const json_error_t *e, const char *text)
{
    if (ret_error) {
        *ret_error = (struct jval_error){.offset = e && e->position > 0 ? (size_t)e->position : 0,
                                         .line = e ? e->line : 0,
                                         .column = e ? e->column : 0};
        (void)snprintf(ret_error->text, sizeof(ret_error->text), "%.159s", text);
    }
    return ERR_SYNTAX;
}

int jval_parse(struct jval **ret, const char *bytes, size_t n, struct jval_error *ret_error)
{
    if (nests_too_deep(bytes, n)) {
        char text[64];
        (void)snprintf(text, sizeof(text), "nested more than %d deep; make it flatter", LIMIT_JSON_DEPTH);
        return fail(ret_error, NULL, text);
    }
    json_error_t e = {0};
    json_t *value = json_loadb(bytes ? bytes : "", n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
    if (!value) {
        const char *near = strstr(e.text, " near ");
        const char *byte = json_error_code(&e) == json_error_invalid_utf8 ? strstr(e.text, "0x") : NULL;
        char text[sizeof(e.text) + 128];
        if (!near || strcmp(near, " near end of file") == 0)
            near = "";
        (void)snprintf(text, sizeof(text), "%s%s%.4s%s", words_of(&e), byte ? ": byte " : "", byte ? byte : "", near);
        return fail(ret_error, &e, text);
    }
    *ret = wrap(value);
    return 0;
}

struct jval *jval_ref(struct jval *value)
{
    return wrap(json_incref(real(value)));
}

struct jval *jval_free(struct jval *value)
{
    json_decref(real(value));
    return NULL;
}

enum jval_type jval_type(const struct jval *value)
{
    if (!value)
        return JVAL_NONE;
    switch (json_typeof(real(value))) {
    case JSON_OBJECT:
        return JVAL_OBJECT;
    case JSON_ARRAY:
        return JVAL_ARRAY;
    case JSON_STRING:
        return JVAL_STRING;
    case JSON_INTEGER:
        return JVAL_INT;
    case JSON_REAL:
        return JVAL_REAL;
    case JSON_TRUE:
    case JSON_FALSE:
        return JVAL_BOOL;
    case JSON_NULL:
    default:
        return JVAL_NULL;
    }
}

struct jval *jval_get(const struct jval *object, const char *key)
{
    return wrap(json_object_get(real(object), key));
}

struct jval *jval_at(const struct jval *array, size_t index)
{
    return wrap(json_array_get(real(array), index));
}

struct jval *jval_path(const struct jval *object, const char *dotted)
{
    struct jval *value = (struct jval *)(uintptr_t)object;
    char key[256];
    while (value && *dotted) {
        size_t n = strcspn(dotted, ".");
        if (n >= sizeof(key))
            return NULL;
        memcpy(key, dotted, n);
        key[n] = '\0';
        value = jval_get(value, key);
        dotted += n + (dotted[n] == '.');
    }
    return value;
}

size_t jval_len(const struct jval *value)
{
    return jval_type(value) == JVAL_OBJECT ? json_object_size(real(value)) : json_array_size(real(value));
}

const char *jval_str(const struct jval *value)
{
    return json_string_value(real(value));
}

const char *jval_get_str(const struct jval *object, const char *key)
{
    return jval_str(jval_get(object, key));
}

bool jval_is_true(const struct jval *value)
{
    return value && json_is_true(real(value));
}

int64_t jval_int(const struct jval *value, int64_t otherwise)
{
    return jval_type(value) == JVAL_INT ? json_integer_value(real(value)) : otherwise;
}

double jval_number(const struct jval *value, double otherwise)
{
    return value && json_is_number(real(value)) ? json_number_value(real(value)) : otherwise;
}

void *jval_first(const struct jval *object)
{
    return object ? json_object_iter(real(object)) : NULL;
}

void *jval_next(const struct jval *object, void *it)
{
    return json_object_iter_next(real(object), it);
}

const char *jval_iter_key(void *it)
{
    return json_object_iter_key(it);
}

struct jval *jval_iter_value(void *it)
{
    return wrap(json_object_iter_value(it));
}

struct jval *jval_new_object(void)
{
    return made(json_object());
}

struct jval *jval_new_array(void)
{
    return made(json_array());
}

struct jval *jval_new_str(const char *text)
{
    return text ? made(json_string(text)) : jval_new_null();
}

struct jval *jval_new_int(int64_t value)
{
    return made(json_integer(value));
}

struct jval *jval_new_real(double value)
{
    json_t *number = json_real(value);
    return number ? wrap(number) : jval_new_null();
}

struct jval *jval_new_bool(bool value)
{
    return made(json_boolean(value));
}

struct jval *jval_new_null(void)
{
    return made(json_null());
}

void jval_set(struct jval *object, const char *key, struct jval *value)
{
    int r = json_object_set_new(real(object), key, real(value));
    assert(r == 0);
}

void jval_set_str(struct jval *object, const char *key, const char *text)
{
    jval_set(object, key, jval_new_str(text));
}

void jval_remove(struct jval *object, const char *key)
{
    (void)json_object_del(real(object), key); /* absent already is fine */
}

void jval_append(struct jval *array, struct jval *value)
{
    int r = json_array_append_new(real(array), real(value));
    assert(r == 0);
}

struct jval *jval_copy(const struct jval *value)
{
    return made(json_deep_copy(real(value)));
}

bool jval_equal(const struct jval *a, const struct jval *b)
{
    return a && b ? json_equal(real(a), real(b)) : a == b;
}

static int write_chunk(const char *bytes, size_t n, void *data)
{
    buf_add(data, bytes, n);
    return 0;
}

void jval_write(const struct jval *value, struct buf *out, bool sorted)
{
    (void)json_dump_callback(real(value), write_chunk, out,
                             JSON_COMPACT | JSON_ENCODE_ANY | (sorted ? JSON_SORT_KEYS : 0));
}

char *jval_text(struct arena *arena, const struct jval *value, bool sorted)
{
    struct buf out;
    buf_init(&out, SIZE_MAX / 4); /* bounded by the value, which was bounded when it was read */
    jval_write(value, &out, sorted);
    char *text = arena_strndup(arena, buf_text(&out), out.len);
    buf_free(&out);
    return text;
}
