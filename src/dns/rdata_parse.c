// SPDX-License-Identifier: Apache-2.0
// The text of values, as Route 53 takes it, to record data. Called by the API for each value of a
// change and by the compiler, on any thread.
#include "dns/rdata.h"

#include "base/check.h"
#include "dns/rdata_priv.h"
#include "dns/svc_params_priv.h"
#include "dns/wire_priv.h"

#include <arpa/inet.h>

/* A value on its way to wire form. */
struct rdata_builder {
    struct arena *arena;
    uint8_t *data;
    size_t len;
    size_t size;
};

static void add_bytes(struct rdata_builder *b, const void *bytes, size_t len)
{
    CHECK(b->size - b->len >= len);
    memcpy(b->data + b->len, bytes, len);
    b->len += len;
}

static void add_byte(struct rdata_builder *b, uint8_t byte)
{
    add_bytes(b, &byte, 1);
}

/* ---- fields separated by spaces */

static enum dns_problem parse_address(struct rdata_builder *b, int family, struct slice text)
{
    enum dns_problem refused = family == AF_INET ? DNS_PROBLEM_IPV4 : DNS_PROBLEM_IPV6;
    char buffer[INET6_ADDRSTRLEN];
    uint8_t address[sizeof(struct in6_addr)];
    if (text.len == 0 || text.len >= sizeof(buffer) || slice_find(text, '\0') < text.len)
        return refused;
    memcpy(buffer, text.data, text.len);
    buffer[text.len] = '\0';
    if (inet_pton(family, buffer, address) != 1)
        return refused;
    add_bytes(b, address, family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr));
    return DNS_PROBLEM_NONE;
}

static enum dns_problem parse_u8(struct rdata_builder *b, struct slice text)
{
    uint64_t number;
    if (!slice_parse_u64(text, UINT8_MAX, &number))
        return DNS_PROBLEM_U8;
    add_byte(b, (uint8_t)number);
    return DNS_PROBLEM_NONE;
}

static enum dns_problem parse_u16(struct rdata_builder *b, struct slice text)
{
    uint64_t number;
    uint8_t wire[sizeof(uint16_t)];
    if (!slice_parse_u64(text, UINT16_MAX, &number))
        return DNS_PROBLEM_U16;
    dns_put_u16(wire, (uint16_t)number);
    add_bytes(b, wire, sizeof(wire));
    return DNS_PROBLEM_NONE;
}

static enum dns_problem parse_u32(struct rdata_builder *b, struct slice text)
{
    uint64_t number;
    uint8_t wire[sizeof(uint32_t)];
    if (!slice_parse_u64(text, UINT32_MAX, &number))
        return DNS_PROBLEM_U32;
    dns_put_u32(wire, (uint32_t)number);
    add_bytes(b, wire, sizeof(wire));
    return DNS_PROBLEM_NONE;
}

static enum dns_problem parse_name(struct rdata_builder *b, struct slice text)
{
    struct dns_name name;
    enum dns_problem problem = dns_name_parse_text(text, &name);
    if (problem == DNS_PROBLEM_NONE)
        add_bytes(b, name.wire, name.len);
    return problem;
}

static enum dns_problem parse_tag(struct rdata_builder *b, struct slice text)
{
    if (!rdata_is_tag(text))
        return DNS_PROBLEM_CAA_TAG;
    add_byte(b, (uint8_t)text.len);
    add_bytes(b, text.data, text.len);
    return DNS_PROBLEM_NONE;
}

static int hex_value(uint8_t c)
{
    uint8_t lower = dns_lower[c];
    if (lower >= 'a' && lower <= 'f')
        return lower - 'a' + 10;
    return c >= '0' && c <= '9' ? c - '0' : -1;
}

/* Spaces may stand between any digits (RFC 4034 section 5.3). */
static enum dns_problem parse_hex(struct rdata_builder *b, struct slice text)
{
    unsigned digits = 0;
    int byte = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = hex_value(text.data[i]);
        if (rdata_is_space(text.data[i]))
            continue;
        if (value < 0)
            return DNS_PROBLEM_HEX;
        byte = (byte << 4 | value) & 0xff;
        if (++digits % 2 == 0)
            add_byte(b, (uint8_t)byte);
    }
    return digits % 2 == 0 ? DNS_PROBLEM_NONE : DNS_PROBLEM_HEX;
}

static enum dns_problem parse_params(struct rdata_builder *b, struct slice text)
{
    struct slice params;
    enum dns_problem problem = svc_params_parse(b->arena, text, &params);
    if (problem == DNS_PROBLEM_NONE)
        add_bytes(b, params.data, params.len);
    return problem;
}

/* ---- text in quotes */

enum dns_problem rdata_read_quoted_byte(struct slice text, size_t *at, uint8_t *out_byte)
{
    uint8_t c = text.data[(*at)++];
    if (c < ' ' || c > '~')
        return DNS_PROBLEM_CHARACTER;
    *out_byte = c;
    if (c != '\\')
        return DNS_PROBLEM_NONE;
    struct slice rest = slice_of(text.data + *at, text.len - *at);
    if (dns_octal_read(rest, out_byte)) {
        *at += 3;
        return DNS_PROBLEM_NONE;
    }
    /* RFC 1035 section 5.1: a backslash and no digit is that character itself. */
    bool is_escape = rest.len > 0 && rest.data[0] >= ' ' && rest.data[0] <= '~' &&
                     !(rest.data[0] >= '0' && rest.data[0] <= '9');
    if (!is_escape)
        return DNS_PROBLEM_ESCAPE;
    *out_byte = rest.data[0];
    *at += 1;
    return DNS_PROBLEM_NONE;
}

/* Adds the content of the quoted string at text[*at], and moves *at behind its closing quote. */
static enum dns_problem parse_quoted(struct rdata_builder *b, struct slice text, size_t *at)
{
    size_t start = b->len;
    if (*at >= text.len || text.data[*at] != '"')
        return DNS_PROBLEM_STRING_QUOTES;
    *at += 1;
    while (*at < text.len && text.data[*at] != '"') {
        uint8_t byte = 0;
        enum dns_problem problem = rdata_read_quoted_byte(text, at, &byte);
        if (problem != DNS_PROBLEM_NONE)
            return problem;
        if (b->len - start == DNS_STRING_MAX_BYTES)
            return DNS_PROBLEM_STRING_LENGTH;
        add_byte(b, byte);
    }
    if (*at == text.len)
        return DNS_PROBLEM_STRING_QUOTES;
    *at += 1;
    return DNS_PROBLEM_NONE;
}

/* One string in quotes behind its length; moves *at behind it. */
static enum dns_problem parse_string_at(struct rdata_builder *b, struct slice text, size_t *at)
{
    size_t length_at = b->len;
    add_byte(b, 0);
    enum dns_problem problem = parse_quoted(b, text, at);
    if (problem == DNS_PROBLEM_NONE)
        b->data[length_at] = (uint8_t)(b->len - length_at - 1);
    return problem;
}

static enum dns_problem parse_string(struct rdata_builder *b, struct slice text)
{
    size_t at = 0;
    enum dns_problem problem = parse_string_at(b, text, &at);
    if (problem == DNS_PROBLEM_NONE && at != text.len)
        problem = DNS_PROBLEM_STRING_QUOTES;
    return problem;
}

/* Strings in quotes, with or without spaces between them ("a""b" is how some tools split). */
static enum dns_problem parse_strings(struct rdata_builder *b, struct slice text)
{
    if (text.len > DNS_TXT_TEXT_MAX_CHARS)
        return DNS_PROBLEM_TXT_LENGTH;
    size_t at = 0;
    do {
        enum dns_problem problem = parse_string_at(b, text, &at);
        if (problem != DNS_PROBLEM_NONE)
            return problem;
        while (at < text.len && rdata_is_space(text.data[at]))
            at++;
    } while (at < text.len);
    return DNS_PROBLEM_NONE;
}

static enum dns_problem parse_value(struct rdata_builder *b, struct slice text)
{
    size_t at = 0;
    enum dns_problem problem = parse_quoted(b, text, &at);
    if (problem == DNS_PROBLEM_NONE && at != text.len)
        problem = DNS_PROBLEM_CAA_VALUE;
    return problem;
}

/* ---- whole values */

static enum dns_problem parse_field(struct rdata_builder *b, enum rdata_field field,
                                    struct slice text)
{
    switch (field) {
    case RDATA_IPV4:
        return parse_address(b, AF_INET, text);
    case RDATA_IPV6:
        return parse_address(b, AF_INET6, text);
    case RDATA_U8:
        return parse_u8(b, text);
    case RDATA_U16:
        return parse_u16(b, text);
    case RDATA_U32:
        return parse_u32(b, text);
    case RDATA_NAME:
        return parse_name(b, text);
    case RDATA_STRING:
        return parse_string(b, text);
    case RDATA_STRINGS:
        return parse_strings(b, text);
    case RDATA_TAG:
        return parse_tag(b, text);
    case RDATA_VALUE:
        return parse_value(b, text);
    case RDATA_HEX:
        return parse_hex(b, text);
    case RDATA_PARAMS:
        return parse_params(b, text);
    }
    CHECK_MSG(false, "no field %d", (int)field);
    return DNS_PROBLEM_NONE;
}

/* Characters of the string in quotes at the front, the quotes included. */
static size_t quoted_length(struct slice text)
{
    size_t at = 1;
    while (at < text.len && text.data[at] != '"')
        at += text.data[at] == '\\' ? 2 : 1;
    return min_size(at + 1, text.len);
}

static struct slice cut(struct slice *rest, size_t len)
{
    struct slice field = slice_of(rest->data, len);
    *rest = slice_trim(slice_sub(*rest, len, rest->len));
    return field;
}

/* Cuts the text before the next space off the front, and the spaces behind it. */
static struct slice cut_field(struct slice *rest)
{
    size_t len = 0;
    while (len < rest->len && !rdata_is_space(rest->data[len]))
        len++;
    return cut(rest, len);
}

/* The same of a string in quotes, which may hold spaces. */
static struct slice cut_string(struct slice *rest)
{
    size_t len = rest->len > 0 && rest->data[0] == '"' ? quoted_length(*rest) : 0;
    while (len < rest->len && !rdata_is_space(rest->data[len]))
        len++;
    return cut(rest, len);
}

/* Whether a field of this kind is all that is left of the text. */
static bool takes_the_rest(enum rdata_field field)
{
    return field == RDATA_STRINGS || field == RDATA_VALUE || field == RDATA_HEX ||
           field == RDATA_PARAMS;
}

static enum dns_problem parse_fields(struct rdata_builder *b, const struct rdata_shape *shape,
                                     struct slice text)
{
    struct slice rest = slice_trim(text);
    struct slice fields[DNS_RDATA_FIELD_MAX_COUNT];
    for (size_t i = 0; i < shape->field_count; i++) {
        if (rest.len == 0 && shape->field_count > 1 && shape->fields[i] != RDATA_PARAMS)
            return shape->field_error;
        if (takes_the_rest(shape->fields[i])) {
            fields[i] = rest;
            rest = slice_of(NULL, 0);
        } else {
            fields[i] = shape->fields[i] == RDATA_STRING ? cut_string(&rest) : cut_field(&rest);
        }
    }
    if (rest.len > 0)
        return shape->field_error;
    for (size_t i = 0; i < shape->field_count; i++) {
        enum dns_problem problem = parse_field(b, shape->fields[i], fields[i]);
        if (problem != DNS_PROBLEM_NONE)
            return problem;
    }
    return DNS_PROBLEM_NONE;
}

/* ---- any type as bytes (RFC 3597 section 5) */

static bool is_generic(struct slice text)
{
    struct slice mark = SLICE_LIT("\\#");
    return slice_starts_with(text, mark) &&
           (text.len == mark.len || rdata_is_space(text.data[mark.len]));
}

/* Behind the mark: the length, then as many bytes in words of hexadecimal digits. */
static enum dns_problem parse_generic(struct rdata_builder *b, uint16_t type, struct slice text)
{
    struct slice rest = slice_trim(text);
    (void)cut_field(&rest);
    uint64_t length;
    if (!slice_parse_u64(cut_field(&rest), DNS_RDATA_MAX_BYTES, &length))
        return DNS_PROBLEM_GENERIC;
    while (rest.len > 0) {
        size_t bytes = 0;
        struct slice word = cut_field(&rest);
        if (!slice_unhex(word, b->data + b->len, b->size - b->len, &bytes))
            return DNS_PROBLEM_GENERIC;
        b->len += bytes;
    }
    if (b->len != length)
        return DNS_PROBLEM_GENERIC_LENGTH;
    if (dns_rdata_check(type, slice_of(b->data, b->len), NULL) != ERR_OK)
        return DNS_PROBLEM_GENERIC_DATA;
    const struct rdata_shape *shape = rdata_shape_of(type);
    if (shape != NULL)
        rdata_fold_names(shape, b->data, b->len);
    return DNS_PROBLEM_NONE;
}

static enum dns_problem parse_typed(struct rdata_builder *b, uint16_t type, struct slice text)
{
    const struct rdata_shape *shape = rdata_shape_of(type);
    enum dns_problem problem = rdata_hosting_problem(type);
    if (problem != DNS_PROBLEM_NONE)
        return problem;
    if (is_generic(slice_trim(text)))
        return parse_generic(b, type, text);
    if (shape == NULL)
        return DNS_PROBLEM_GENERIC;
    problem = parse_fields(b, shape, text);
    return problem == DNS_PROBLEM_NONE ? rdata_broken_rule(type, slice_of(b->data, b->len))
                                       : problem;
}

/*
 * Wire form takes at most a byte per character of text, besides these for lengths and numbers; of
 * service parameters 16 bytes for the 3 characters of "::,".
 */
enum { WIRE_MAX_EXTRA_BYTES = 64, PARAMS_MAX_BYTES_PER_CHAR = 6 };

enum err dns_rdata_parse(struct arena *a, uint16_t type, struct slice text, struct slice *out_rdata,
                         struct errctx *ec)
{
    bool has_params = type == DNS_TYPE_SVCB || type == DNS_TYPE_HTTPS;
    size_t size = text.len * (has_params ? PARAMS_MAX_BYTES_PER_CHAR : 1) + WIRE_MAX_EXTRA_BYTES;
    struct rdata_builder b = {.arena = a, .data = arena_alloc(a, size), .size = size};
    enum dns_problem problem = parse_typed(&b, type, text);
    if (problem != DNS_PROBLEM_NONE)
        return dns_problem_of_value(ec, problem, text);
    *out_rdata = slice_of(b.data, b.len);
    return ERR_OK;
}
