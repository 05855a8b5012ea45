/* SPDX-License-Identifier: Apache-2.0 */
#include "base/filter.h"

#include "base/err.h"
#include "base/limits.h"
#include "base/text.h"

#include <math.h>
#include <stdarg.h>

struct parser {
    struct arena *arena;
    const char *text;
    size_t pos;
    enum filter_dialect dialect;
    int depth;
    int terms;
    bool in_value_path;
    struct filter_error error;
};

struct word {
    size_t start;
    size_t n;
};

struct name {
    const char *urn;
    const char *attribute;
};

static const struct {
    const char *text;
    enum filter_op op;
} operators[] = {
    {"eq", FILTER_EQ}, {"ne", FILTER_NE}, {"co", FILTER_CO}, {"sw", FILTER_SW}, {"ew", FILTER_EW},
    {"gt", FILTER_GT}, {"ge", FILTER_GE}, {"lt", FILTER_LT}, {"le", FILTER_LE}, {"pr", FILTER_PR},
};

static int parse_or(struct parser *p, const struct filter **ret);

static int fail_at(struct parser *p, size_t offset, const char *format, ...) PRINTF_LIKE(3, 4);
static int fail_at(struct parser *p, size_t offset, const char *format, ...)
{
    p->error.offset = offset;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(p->error.text, sizeof(p->error.text), format, args);
    va_end(args);
    return ERR_SYNTAX;
}

/* A few words of the filter for an error text; cut between characters. */
static const char *excerpt(struct parser *p, size_t start, size_t n)
{
    bool cut = n > 40;
    if (cut) {
        n = 40;
        while (n && ((unsigned char)p->text[start + n] & 0xc0) == 0x80)
            n--;
    }
    return arena_printf(p->arena, "%.*s%s", (int)n, p->text + start, cut ? "..." : "");
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
    return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '$';
}

static bool is_urn_char(char c)
{
    return is_name_char(c) || (c && strchr(".:/+%~", c));
}

static void skip_space(struct parser *p)
{
    while (p->text[p->pos] == ' ' || p->text[p->pos] == '\t')
        p->pos++;
}

/* The run of characters at the position up to a space, bracket or quote: what a person would call a word. */
static struct word peek_word(const struct parser *p)
{
    struct word word = {.start = p->pos, .n = strcspn(p->text + p->pos, " \t()[]\"")};
    return word;
}

static bool word_is(const struct parser *p, struct word word, const char *keyword)
{
    return word.n == strlen(keyword) && strncasecmp(p->text + word.start, keyword, word.n) == 0;
}

static bool take_keyword(struct parser *p, const char *keyword)
{
    skip_space(p);
    struct word word = peek_word(p);
    if (!word_is(p, word, keyword))
        return false;
    p->pos += word.n;
    return true;
}

/* --- values ------------------------------------------------------------------------------------------------------- */

static int parse_hex4(const char *text, uint32_t *ret)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = text[i];
        if (is_digit(c))
            value = value * 16 + (uint32_t)(c - '0');
        else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
            value = value * 16 + (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return ERR_SYNTAX;
    }
    *ret = value;
    return 0;
}

static size_t put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | (c >> 6));
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | (c >> 12));
        out[1] = (char)(0x80 | ((c >> 6) & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | (c >> 18));
    out[1] = (char)(0x80 | ((c >> 12) & 0x3f));
    out[2] = (char)(0x80 | ((c >> 6) & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* At the 'u' of an escape; consumes it and, for a surrogate, its other half. */
static int parse_unicode_escape(struct parser *p, char *out, size_t *io_len)
{
    size_t at = p->pos - 1;
    uint32_t c = 0;
    if (parse_hex4(p->text + p->pos + 1, &c) < 0)
        return fail_at(p, at, "expected four hexadecimal digits after \\u");
    p->pos += 5;
    if (c == 0)
        return fail_at(p, at, "a string cannot hold the NUL character \\u0000");
    if (c >= 0xd800 && c < 0xdc00) {
        uint32_t low = 0;
        if (p->text[p->pos] != '\\' || p->text[p->pos + 1] != 'u' || parse_hex4(p->text + p->pos + 2, &low) < 0 ||
            low < 0xdc00 || low > 0xdfff)
            return fail_at(p, at, "the surrogate \\u%04x needs its other half \\udc00 to \\udfff after it", c);
        p->pos += 6;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    } else if (c >= 0xdc00 && c < 0xe000) {
        return fail_at(p, at, "the surrogate \\u%04x needs its other half before it", c);
    }
    *io_len += put_utf8(out + *io_len, c);
    return 0;
}

static int parse_escape(struct parser *p, char *out, size_t *io_len)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    p->pos++;
    char c = p->text[p->pos];
    if (c == 'u')
        return parse_unicode_escape(p, out, io_len);
    const char *known = c ? strchr(from, c) : NULL;
    if (!known)
        return fail_at(p, p->pos - 1, "unknown escape in a string: write a backslash as \\\\");
    out[(*io_len)++] = to[known - from];
    p->pos++;
    return 0;
}

static int parse_string(struct parser *p, const char **ret)
{
    size_t start = p->pos++;
    /* Every escape is at least as long as what it stands for. */
    char *out = arena_alloc(p->arena, strlen(p->text + start) + 1);
    size_t len = 0;
    for (;;) {
        unsigned char c = (unsigned char)p->text[p->pos];
        if (c == '\0')
            return fail_at(p, start, "the string that starts here has no closing double quote");
        if (c < 0x20)
            return fail_at(p, p->pos, "a control character in a string: write it as \\u%04x", c);
        if (c == '"')
            break;
        if (c == '\\') {
            int r = parse_escape(p, out, &len);
            if (r < 0)
                return r;
            continue;
        }
        out[len++] = (char)c;
        p->pos++;
    }
    p->pos++;
    out[len] = '\0';
    *ret = out;
    return 0;
}

/* JSON's grammar of numbers; the length of the number at the start of `s`, 0 when there is none. */
static size_t number_length(const char *s)
{
    size_t i = s[0] == '-';
    if (!is_digit(s[i]))
        return 0;
    if (s[i] == '0')
        i++;
    else
        while (is_digit(s[i]))
            i++;
    if (s[i] == '.') {
        i++;
        if (!is_digit(s[i]))
            return 0;
        while (is_digit(s[i]))
            i++;
    }
    if (s[i] == 'e' || s[i] == 'E') {
        i++;
        i += s[i] == '+' || s[i] == '-';
        if (!is_digit(s[i]))
            return 0;
        while (is_digit(s[i]))
            i++;
    }
    return i;
}

static int parse_number(struct parser *p, struct word word, struct filter *node)
{
    node->text = arena_strndup(p->arena, p->text + word.start, word.n);
    if (number_length(node->text) != word.n)
        return fail_at(p, word.start, "'%s' is not a number: write text in double quotes",
                       excerpt(p, word.start, word.n));
    node->type = FILTER_NUMBER;
    node->number = strtod(node->text, NULL);
    if (!isfinite(node->number))
        return fail_at(p, word.start, "the number %s is too large", excerpt(p, word.start, word.n));
    p->pos += word.n;
    return 0;
}

static int parse_compare_value(struct parser *p, struct word op, struct filter *node)
{
    skip_space(p);
    if (p->text[p->pos] == '"') {
        node->type = FILTER_STRING;
        return parse_string(p, &node->text);
    }
    struct word word = peek_word(p);
    if (word.n == 0)
        return fail_at(p, p->pos, "expected a value after '%s', such as \"text\", 12, true or null",
                       excerpt(p, op.start, op.n));
    if (is_digit(p->text[word.start]) || p->text[word.start] == '-')
        return parse_number(p, word, node);
    if (word_is(p, word, "true") || word_is(p, word, "false")) {
        node->type = FILTER_BOOL;
        node->boolean = word_is(p, word, "true");
    } else if (word_is(p, word, "null")) {
        node->type = FILTER_NULL;
    } else {
        return fail_at(p, word.start, "write the value %s in double quotes", excerpt(p, word.start, word.n));
    }
    if (node->op != FILTER_EQ && node->op != FILTER_NE)
        return fail_at(p, word.start, "'%s' cannot be used with %s: use eq or ne", excerpt(p, op.start, op.n),
                       excerpt(p, word.start, word.n));
    p->pos += word.n;
    return 0;
}

/* --- names -------------------------------------------------------------------------------------------------------- */

/* Checks "name" or "name.sub.sub"; `$` may start a name because of `$ref`. */
static int check_attribute(struct parser *p, size_t start, size_t n)
{
    bool at_start = true;
    for (size_t i = start; i < start + n; i++) {
        char c = p->text[i];
        if (at_start && !is_letter(c) && c != '$')
            return fail_at(p, i, "'%s' is not an attribute name: names start with a letter", excerpt(p, start, n));
        if (!at_start && c != '.' && !is_name_char(c))
            return fail_at(p, i, "'%s' is not an attribute name: use letters, digits, '_', '-' and '.'",
                           excerpt(p, start, n));
        at_start = c == '.';
    }
    if (at_start)
        return fail_at(p, start + n, "expected a sub-attribute after the '.'");
    return 0;
}

static int parse_name(struct parser *p, struct name *ret)
{
    struct word word = peek_word(p);
    size_t attribute = word.start;
    *ret = (struct name){0};
    if (word.n >= 4 && strncasecmp(p->text + word.start, "urn:", 4) == 0) {
        size_t urn = 0;
        for (size_t i = 0; i < word.n; i++) {
            char c = p->text[word.start + i];
            if (!is_urn_char(c))
                return fail_at(p, word.start + i, "a schema name (urn:...) cannot hold this character");
            if (c == ':')
                urn = i;
        }
        if (urn <= 3)
            return fail_at(p, word.start, "expected urn:...:schema:attribute");
        ret->urn = arena_strndup(p->arena, p->text + word.start, urn);
        attribute += urn + 1;
    }
    size_t n = word.start + word.n - attribute;
    if (n == 0)
        return fail_at(p, attribute,
                       ret->urn ? "expected an attribute after the schema name" : "expected an attribute");
    int r = check_attribute(p, attribute, n);
    if (r < 0)
        return r;
    ret->attribute = arena_strndup(p->arena, p->text + attribute, n);
    p->pos += word.n;
    return 0;
}

/* --- expressions -------------------------------------------------------------------------------------------------- */

static struct filter *node_new(struct parser *p, enum filter_op op)
{
    struct filter *node = arena_alloc(p->arena, sizeof(*node));
    node->op = op;
    return node;
}

static const struct filter *node_join(struct parser *p, enum filter_op op, const struct filter *left,
                                      const struct filter *right)
{
    struct filter *node = node_new(p, op);
    node->left = left;
    node->right = right;
    return node;
}

static int enter(struct parser *p)
{
    if (p->depth == LIMIT_FILTER_DEPTH)
        return fail_at(p, p->pos, "nested deeper than %d levels", LIMIT_FILTER_DEPTH);
    p->depth++;
    return 0;
}

/* operator [value], after the name that stands at `name_word`. */
static int parse_comparison(struct parser *p, const struct name *name, struct word name_word, const struct filter **ret)
{
    skip_space(p);
    struct word word = peek_word(p);
    if (word.n == 0)
        return fail_at(p, p->pos, "expected an operator such as eq after '%s'",
                       excerpt(p, name_word.start, name_word.n));
    const enum filter_op *op = NULL;
    for (size_t i = 0; i < ARRAY_LEN(operators); i++)
        if (word_is(p, word, operators[i].text))
            op = &operators[i].op;
    if (!op)
        return fail_at(p, word.start,
                       "expected an operator after '%s', not '%s': eq, ne, co, sw, ew, gt, ge, lt, le or pr",
                       excerpt(p, name_word.start, name_word.n), excerpt(p, word.start, word.n));
    if (++p->terms > LIMIT_FILTER_TERMS)
        return fail_at(p, name_word.start, "more than %d comparisons in one filter", LIMIT_FILTER_TERMS);
    p->pos += word.n;
    struct filter *node = node_new(p, *op);
    node->attribute = name->attribute;
    node->urn = name->urn;
    node->type = FILTER_NULL;
    if (*op != FILTER_PR) {
        int r = parse_compare_value(p, word, node);
        if (r < 0)
            return r;
    }
    *ret = node;
    return 0;
}

/* At the '['; reads up to and with the ']'. */
static int parse_brackets(struct parser *p, const struct filter **ret)
{
    size_t open = p->pos;
    if (p->dialect == FILTER_API)
        return fail_at(p, open, "brackets are not supported here: name the attribute with dots");
    if (p->in_value_path)
        return fail_at(p, open, "brackets cannot stand inside brackets");
    int r = enter(p);
    if (r < 0)
        return r;
    p->pos++;
    p->in_value_path = true;
    r = parse_or(p, ret);
    if (r < 0)
        return r;
    skip_space(p);
    if (p->text[p->pos] != ']')
        return fail_at(p, p->pos, "expected 'and', 'or' or the ']' that closes the '[' at offset %zu", open);
    p->pos++;
    p->in_value_path = false;
    p->depth--;
    return 0;
}

/* attribute[filter], or attribute[filter].sub operator value, which means attribute[filter and sub operator value]. */
static int parse_value_path(struct parser *p, const struct name *name, const struct filter **ret)
{
    const struct filter *inner = NULL;
    int r = parse_brackets(p, &inner);
    if (r < 0)
        return r;
    if (p->text[p->pos] == '.') {
        p->pos++;
        struct word word = peek_word(p);
        struct name sub = {0};
        const struct filter *comparison = NULL;
        r = parse_name(p, &sub);
        if (r == 0 && sub.urn)
            r = fail_at(p, word.start, "expected a sub-attribute after the '.'");
        if (r == 0)
            r = parse_comparison(p, &sub, word, &comparison);
        if (r < 0)
            return r;
        inner = node_join(p, FILTER_AND, inner, comparison);
    }
    struct filter *node = node_new(p, FILTER_VALUE);
    node->attribute = name->attribute;
    node->urn = name->urn;
    node->left = inner;
    *ret = node;
    return 0;
}

static int parse_group(struct parser *p, const struct filter **ret)
{
    size_t open = p->pos;
    int r = enter(p);
    if (r < 0)
        return r;
    p->pos++;
    r = parse_or(p, ret);
    if (r < 0)
        return r;
    skip_space(p);
    if (p->text[p->pos] != ')')
        return fail_at(p, p->pos, "expected 'and', 'or' or the ')' that closes the '(' at offset %zu", open);
    p->pos++;
    p->depth--;
    return 0;
}

static int parse_unary(struct parser *p, const struct filter **ret)
{
    skip_space(p);
    if (p->text[p->pos] == '(')
        return parse_group(p, ret);
    struct word word = peek_word(p);
    if (word.n == 0)
        return fail_at(p, p->pos, "expected an attribute, such as in: userName eq \"ana@example.com\"");
    if (word_is(p, word, "not")) {
        size_t after = word.start + word.n;
        after += strspn(p->text + after, " \t");
        if (p->text[after] != '(')
            return fail_at(p, after, "expected '(' after 'not'");
        p->pos = after;
        const struct filter *inner = NULL;
        int r = parse_group(p, &inner);
        if (r == 0)
            *ret = node_join(p, FILTER_NOT, inner, NULL);
        return r;
    }
    struct name name = {0};
    int r = parse_name(p, &name);
    if (r < 0)
        return r;
    if (p->text[p->pos] == '[')
        return parse_value_path(p, &name, ret);
    return parse_comparison(p, &name, word, ret);
}

static int parse_and(struct parser *p, const struct filter **ret)
{
    const struct filter *left = NULL;
    int r = parse_unary(p, &left);
    while (r == 0 && take_keyword(p, "and")) {
        const struct filter *right = NULL;
        r = parse_unary(p, &right);
        left = node_join(p, FILTER_AND, left, right);
    }
    if (r == 0)
        *ret = left;
    return r;
}

static int parse_or(struct parser *p, const struct filter **ret)
{
    const struct filter *left = NULL;
    int r = parse_and(p, &left);
    while (r == 0 && take_keyword(p, "or")) {
        const struct filter *right = NULL;
        r = parse_and(p, &right);
        left = node_join(p, FILTER_OR, left, right);
    }
    if (r == 0)
        *ret = left;
    return r;
}

static int check_text(struct parser *p)
{
    size_t n = strlen(p->text);
    if (n > LIMIT_SEARCH_BYTES)
        return fail_at(p, LIMIT_SEARCH_BYTES, "longer than %d bytes", LIMIT_SEARCH_BYTES);
    if (!text_is_utf8(p->text, n))
        return fail_at(p, 0, "not valid UTF-8");
    return 0;
}

int filter_parse(struct arena *arena, const char *text, enum filter_dialect dialect, const struct filter **ret,
                 struct filter_error *ret_error)
{
    struct parser p = {.arena = arena, .text = text, .dialect = dialect};
    const struct filter *tree = NULL;
    int r = check_text(&p);
    if (r == 0)
        r = parse_or(&p, &tree);
    skip_space(&p);
    if (r == 0 && text[p.pos])
        r = fail_at(&p, p.pos, "expected 'and', 'or' or the end, not '%s'",
                    excerpt(&p, p.pos, MAX_OF(peek_word(&p).n, (size_t)1)));
    if (r == 0)
        *ret = tree;
    else if (ret_error)
        *ret_error = p.error;
    return r;
}

/* --- paths of PATCH ----------------------------------------------------------------------------------------------- */

/* "2.0", "1.0": the last part of a URN before the name of the schema itself. */
static bool is_version(const char *text, size_t n)
{
    bool dot = false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '.')
            dot = true;
        else if (!is_digit(text[i]))
            return false;
    }
    return dot && is_digit(text[0]);
}

/* True for "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": what follows the version names the schema. */
static bool is_schema_alone(const char *text)
{
    const char *last = strrchr(text, ':');
    if (strncasecmp(text, "urn:", 4) != 0 || !last || !last[1] || strpbrk(text, " \t[]()\""))
        return false;
    const char *before = last;
    while (before > text && before[-1] != ':')
        before--;
    return is_version(before, (size_t)(last - before));
}

static int parse_path(struct parser *p, struct filter_path *path)
{
    if (p->text[0] == '\0')
        return fail_at(p, 0, "the path is empty: name an attribute, or leave the path out");
    if (is_schema_alone(p->text)) {
        path->urn = arena_strdup(p->arena, p->text);
        return 0;
    }
    struct name name = {0};
    int r = parse_name(p, &name);
    if (r < 0 || !name.attribute)
        return r;
    path->urn = name.urn;
    path->attribute = name.attribute;
    const char *dot = strchr(name.attribute, '.');
    if (dot) {
        path->attribute = arena_strndup(p->arena, name.attribute, (size_t)(dot - name.attribute));
        path->sub_attribute = dot + 1;
        if (strchr(dot + 1, '.'))
            return fail_at(p, 0, "a path has at most one sub-attribute: attribute.sub");
    }
    if (p->text[p->pos] != '[')
        return 0;
    if (dot)
        return fail_at(p, p->pos, "the brackets belong after the attribute, before the '.'");
    r = parse_brackets(p, &path->where);
    if (r < 0 || p->text[p->pos] != '.')
        return r;
    p->pos++;
    size_t start = p->pos;
    struct name sub = {0};
    r = parse_name(p, &sub);
    if (r < 0 || !sub.attribute)
        return r;
    path->sub_attribute = sub.attribute;
    if (sub.urn || strchr(sub.attribute, '.'))
        return fail_at(p, start, "expected one sub-attribute after the ']'");
    return 0;
}

int filter_parse_path(struct arena *arena, const char *text, struct filter_path *ret, struct filter_error *ret_error)
{
    struct parser p = {.arena = arena, .text = text, .dialect = FILTER_SCIM};
    struct filter_path path = {0};
    int r = check_text(&p);
    if (r == 0)
        r = parse_path(&p, &path);
    if (r == 0 && !path.attribute)
        p.pos = strlen(text);
    if (r == 0 && text[p.pos])
        r = fail_at(&p, p.pos, "expected the end of the path, not '%s'", excerpt(&p, p.pos, strlen(text + p.pos)));
    if (r == 0)
        *ret = path;
    else if (ret_error)
        *ret_error = p.error;
    return r;
}
