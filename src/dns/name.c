// SPDX-License-Identifier: Apache-2.0
// Domain names: text to wire form and back, comparison, parents. Called by every reader and
// writer of names, on any thread; nothing here keeps state.
#include "dns/name.h"

#include "base/check.h"
#include "dns/name_priv.h"

#define ROW(n)                                                                                     \
    (n), (n) + 1, (n) + 2, (n) + 3, (n) + 4, (n) + 5, (n) + 6, (n) + 7, (n) + 8, (n) + 9,          \
        (n) + 10, (n) + 11, (n) + 12, (n) + 13, (n) + 14, (n) + 15

/* Rows of 16; from 'A' (65) to 'Z' (90) each entry is 32 more than its index. */
const uint8_t dns_lower[256] = {
    ROW(0),   ROW(16),  ROW(32),  ROW(48),  64,       'a',      'b',      'c',
    'd',      'e',      'f',      'g',      'h',      'i',      'j',      'k',
    'l',      'm',      'n',      'o',      'p',      'q',      'r',      's',
    't',      'u',      'v',      'w',      'x',      'y',      'z',      91,
    92,       93,       94,       95,       ROW(96),  ROW(112), ROW(128), ROW(144),
    ROW(160), ROW(176), ROW(192), ROW(208), ROW(224), ROW(240),
};

#undef ROW

/* A name being built from text, label by label. */
struct name_builder {
    struct dns_name name;
    size_t label_at; /* where the length byte of the open label stands */
    size_t len;      /* bytes so far, that length byte included */
};

static bool is_octal_digit(uint8_t c)
{
    return c >= '0' && c <= '7';
}

static bool is_printable(uint8_t c)
{
    return c > ' ' && c < 0x7f;
}

bool dns_octal_read(struct slice text, uint8_t *out_byte)
{
    if (text.len < 3 || !is_octal_digit(text.data[0]) || !is_octal_digit(text.data[1]) ||
        !is_octal_digit(text.data[2]) || text.data[0] > '3')
        return false;
    *out_byte =
        (uint8_t)((text.data[0] - '0') * 64 + (text.data[1] - '0') * 8 + (text.data[2] - '0'));
    return true;
}

char *dns_escape_write(char *out, uint8_t byte, enum dns_text style)
{
    unsigned base = style == DNS_TEXT_API ? 8 : 10;
    *out++ = '\\';
    *out++ = (char)('0' + byte / (base * base));
    *out++ = (char)('0' + byte / base % base);
    *out++ = (char)('0' + byte % base);
    return out;
}

static enum dns_problem builder_add(struct name_builder *b, uint8_t byte)
{
    if (b->len - b->label_at - 1 == DNS_LABEL_MAX_BYTES)
        return DNS_PROBLEM_LABEL_LENGTH;
    /* One byte stays free for the root label. */
    if (b->len + 1 >= DNS_NAME_MAX_BYTES)
        return DNS_PROBLEM_NAME_LENGTH;
    b->name.wire[b->len++] = dns_lower[byte];
    return DNS_PROBLEM_NONE;
}

/* Writes the open label's length and opens the next. */
static enum dns_problem builder_close_label(struct name_builder *b)
{
    size_t label_bytes = b->len - b->label_at - 1;
    if (label_bytes == 0)
        return DNS_PROBLEM_LABEL_EMPTY;
    b->name.wire[b->label_at] = (uint8_t)label_bytes;
    b->label_at = b->len++;
    return DNS_PROBLEM_NONE;
}

/* Reads the byte at text[*at], which is no bare dot, and moves *at behind it. */
static enum dns_problem read_byte(struct slice text, size_t *at, uint8_t *out_byte)
{
    uint8_t c = text.data[(*at)++];
    if (c != '\\') {
        *out_byte = c;
        return is_printable(c) ? DNS_PROBLEM_NONE : DNS_PROBLEM_CHARACTER;
    }
    struct slice rest = slice_of(text.data + *at, text.len - *at);
    if (rest.len > 0 && (rest.data[0] == '.' || rest.data[0] == '\\')) {
        *out_byte = rest.data[0];
        *at += 1;
        return DNS_PROBLEM_NONE;
    }
    if (!dns_octal_read(rest, out_byte))
        return DNS_PROBLEM_ESCAPE;
    *at += 3;
    return DNS_PROBLEM_NONE;
}

/* All labels of the text, whose final dot is gone. */
static enum dns_problem build_labels(struct name_builder *b, struct slice text)
{
    for (size_t at = 0; at < text.len;) {
        enum dns_problem problem;
        if (text.data[at] == '.') {
            problem = builder_close_label(b);
            at++;
        } else {
            uint8_t byte = 0;
            problem = read_byte(text, &at, &byte);
            if (problem == DNS_PROBLEM_NONE)
                problem = builder_add(b, byte);
        }
        if (problem != DNS_PROBLEM_NONE)
            return problem;
    }
    return builder_close_label(b);
}

/* Whether the text ends with a dot that no backslash escapes. */
static bool has_final_dot(struct slice text)
{
    if (text.len == 0 || text.data[text.len - 1] != '.')
        return false;
    size_t backslashes = 0;
    while (backslashes + 1 < text.len && text.data[text.len - 2 - backslashes] == '\\')
        backslashes++;
    return backslashes % 2 == 0;
}

enum dns_problem dns_name_parse_text(struct slice text, struct dns_name *out)
{
    struct name_builder b = {.len = 1};
    if (!slice_equal(text, SLICE_LIT("."))) {
        if (has_final_dot(text))
            text.len--;
        enum dns_problem problem = build_labels(&b, text);
        if (problem != DNS_PROBLEM_NONE)
            return problem;
    }
    CHECK(b.label_at + 1 == b.len && b.len <= DNS_NAME_MAX_BYTES);
    b.name.wire[b.label_at] = 0;
    b.name.len = (uint8_t)b.len;
    *out = b.name;
    return DNS_PROBLEM_NONE;
}

enum err dns_name_parse(struct slice text, struct dns_name *out, struct errctx *ec)
{
    enum dns_problem problem = dns_name_parse_text(text, out);
    return problem == DNS_PROBLEM_NONE ? ERR_OK : dns_problem_of_name(ec, problem, text);
}

static bool is_plain(uint8_t c)
{
    uint8_t lower = dns_lower[c];
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* The text of one label and its dot; `label` points at the length byte. Returns the end. */
static char *format_label(const uint8_t *label, char *out, enum dns_text style)
{
    for (size_t i = 1; i <= label[0]; i++) {
        if (is_plain(label[i]) || (label[i] == '*' && style == DNS_TEXT_MASTER))
            *out++ = (char)label[i];
        else
            out = dns_escape_write(out, label[i], style);
    }
    *out++ = '.';
    return out;
}

static size_t format_name(struct slice wire, char *out, enum dns_text style)
{
    CHECK(wire.len > 0 && wire.len <= DNS_NAME_MAX_BYTES);
    char *end = out;
    for (size_t at = 0; wire.data[at] != 0; at += 1U + wire.data[at]) {
        CHECK(at + 1 + wire.data[at] < wire.len);
        end = format_label(wire.data + at, end, style);
    }
    if (end == out)
        *end++ = '.';
    *end = '\0';
    return (size_t)(end - out);
}

size_t dns_name_format(struct slice wire, char out[DNS_NAME_TEXT_SIZE])
{
    return format_name(wire, out, DNS_TEXT_API);
}

size_t dns_name_format_master(struct slice wire, char out[DNS_NAME_TEXT_SIZE])
{
    return format_name(wire, out, DNS_TEXT_MASTER);
}

size_t dns_name_measure(struct slice bytes)
{
    size_t at = 0;
    while (at < bytes.len && at < DNS_NAME_MAX_BYTES) {
        uint8_t label_bytes = bytes.data[at];
        if (label_bytes == 0)
            return at + 1;
        if (label_bytes > DNS_LABEL_MAX_BYTES)
            return 0;
        at += 1U + label_bytes;
    }
    return 0;
}

bool dns_name_equal(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (dns_lower[a.data[i]] != dns_lower[b.data[i]])
            return false;
    }
    return true;
}

bool dns_name_is_within(struct slice name, struct slice ancestor)
{
    /* Only a suffix that starts at a label is a parent. */
    size_t at = 0;
    while (name.len - at > ancestor.len) {
        CHECK(at + 1 + name.data[at] < name.len);
        at += 1U + name.data[at];
    }
    return dns_name_equal(slice_of(name.data + at, name.len - at), ancestor);
}

unsigned dns_name_label_count(struct slice wire)
{
    unsigned count = 0;
    for (size_t at = 0; wire.data[at] != 0; at += 1U + wire.data[at]) {
        CHECK(at + 1 + wire.data[at] < wire.len);
        count++;
    }
    return count;
}

struct slice dns_name_parent(struct slice wire, unsigned count)
{
    size_t at = 0;
    for (unsigned i = 0; i < count; i++) {
        CHECK(wire.data[at] != 0 && at + 1 + wire.data[at] < wire.len);
        at += 1U + wire.data[at];
    }
    return slice_of(wire.data + at, wire.len - at);
}

bool dns_name_wildcard_of(struct slice wire, struct dns_name *out)
{
    if (wire.len + 2 > DNS_NAME_MAX_BYTES)
        return false;
    memmove(out->wire + 2, wire.data, wire.len); /* `wire` may be the name in `out` */
    out->wire[0] = 1;
    out->wire[1] = '*';
    out->len = (uint8_t)(wire.len + 2);
    return true;
}

bool dns_name_is_wildcard(struct slice wire)
{
    return wire.len >= 2 && wire.data[0] == 1 && wire.data[1] == '*';
}

struct slice dns_name_sort_key(struct arena *a, struct slice wire)
{
    size_t starts[DNS_LABEL_MAX_COUNT];
    size_t count = 0;
    for (size_t at = 0; wire.data[at] != 0; at += 1U + wire.data[at]) {
        CHECK(count < ARRAY_LEN(starts) && at + 1 + wire.data[at] < wire.len);
        starts[count++] = at;
    }
    char text[DNS_NAME_TEXT_SIZE];
    char *end = text;
    while (count > 0)
        end = format_label(wire.data + starts[--count], end, DNS_TEXT_API);
    return arena_copy(a, slice_of(text, (size_t)(end - text)));
}
