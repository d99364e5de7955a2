// SPDX-License-Identifier: Apache-2.0
// Dictionaries as RFC 8941 section 4.2 reads them: what does not fit the grammar is an error, never
// repaired. Called by cache_control.c.
#include "cache/structured.h"

enum {
    INTEGER_MAX_DIGITS = 15,
    DECIMAL_MAX_DIGITS = 12, /* before the point */
    FRACTION_MAX_DIGITS = 3,
};

/* Bytes in front of a place; once something did not fit, all later steps do nothing. */
struct scan {
    struct slice rest;
    bool is_bad;
};

static uint8_t scan_peek(const struct scan *sc)
{
    return sc->is_bad || sc->rest.len == 0 ? '\0' : sc->rest.data[0];
}

static void scan_skip(struct scan *sc, size_t bytes)
{
    sc->rest = slice_sub(sc->rest, bytes, sc->rest.len);
}

static bool scan_take(struct scan *sc, uint8_t byte)
{
    if (sc->is_bad || sc->rest.len == 0 || sc->rest.data[0] != byte)
        return false;
    scan_skip(sc, 1);
    return true;
}

static void scan_want(struct scan *sc, uint8_t byte)
{
    sc->is_bad = !scan_take(sc, byte) || sc->is_bad;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_alpha(uint8_t c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool is_key_byte(uint8_t c)
{
    return is_lower(c) || is_digit(c) || (c != '\0' && strchr("_-.*", c) != NULL);
}

static bool is_token_byte(uint8_t c)
{
    return is_alpha(c) || is_digit(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~:/", c) != NULL);
}

static bool is_base64_byte(uint8_t c)
{
    return is_alpha(c) || is_digit(c) || (c != '\0' && strchr("+/=", c) != NULL);
}

/* The run of bytes of a class, taken. */
static struct slice scan_while(struct scan *sc, bool (*is_in)(uint8_t))
{
    size_t len = 0;
    while (!sc->is_bad && len < sc->rest.len && is_in(sc->rest.data[len]))
        len++;
    struct slice run = slice_sub(sc->rest, 0, len);
    scan_skip(sc, len);
    return run;
}

static struct slice scan_key(struct scan *sc)
{
    uint8_t first = scan_peek(sc);
    if (!is_lower(first) && first != '*')
        sc->is_bad = true;
    return scan_while(sc, is_key_byte);
}

static void scan_number(struct scan *sc, struct structured_member *out)
{
    bool is_negative = scan_take(sc, '-');
    struct slice digits = scan_while(sc, is_digit);
    bool is_decimal = scan_take(sc, '.');
    uint64_t value = 0;
    if (digits.len > (is_decimal ? DECIMAL_MAX_DIGITS : INTEGER_MAX_DIGITS) ||
        !slice_parse_u64(digits, INT64_MAX, &value))
        sc->is_bad = true;
    if (is_decimal) {
        size_t fraction = scan_while(sc, is_digit).len;
        if (fraction == 0 || fraction > FRACTION_MAX_DIGITS)
            sc->is_bad = true;
    }
    out->type = is_decimal ? STRUCTURED_DECIMAL : STRUCTURED_INTEGER;
    out->integer = is_negative ? -(int64_t)value : (int64_t)value;
}

/* What follows the opening quote, up to the closing one. */
static void scan_string(struct scan *sc, struct structured_member *out)
{
    size_t len = 0;
    while (len < sc->rest.len && sc->rest.data[len] != '"') {
        uint8_t c = sc->rest.data[len];
        if (c < ' ' || c > '~')
            sc->is_bad = true;
        if (c == '\\') {
            len++;
            if (len == sc->rest.len || (sc->rest.data[len] != '"' && sc->rest.data[len] != '\\'))
                sc->is_bad = true;
        }
        len++;
    }
    out->type = STRUCTURED_STRING;
    out->text = slice_sub(sc->rest, 0, len);
    scan_skip(sc, len);
    scan_want(sc, '"');
}

/* What follows the opening colon, up to the closing one. Its base64 does not matter here. */
static void scan_bytes(struct scan *sc, struct structured_member *out)
{
    (void)scan_while(sc, is_base64_byte);
    scan_want(sc, ':');
    out->type = STRUCTURED_BYTES;
}

static void scan_boolean(struct scan *sc, struct structured_member *out)
{
    out->type = STRUCTURED_BOOLEAN;
    out->integer = scan_take(sc, '1') ? 1 : 0;
    if (out->integer == 0)
        scan_want(sc, '0');
}

static void scan_bare_item(struct scan *sc, struct structured_member *out)
{
    uint8_t first = scan_peek(sc);
    if (first == '-' || is_digit(first)) {
        scan_number(sc, out);
    } else if (scan_take(sc, '"')) {
        scan_string(sc, out);
    } else if (scan_take(sc, ':')) {
        scan_bytes(sc, out);
    } else if (scan_take(sc, '?')) {
        scan_boolean(sc, out);
    } else if (is_alpha(first) || first == '*') {
        out->type = STRUCTURED_TOKEN;
        (void)scan_while(sc, is_token_byte);
    } else {
        sc->is_bad = true;
    }
}

static void skip_spaces(struct scan *sc)
{
    while (scan_take(sc, ' '))
        continue;
}

static void scan_parameters(struct scan *sc)
{
    while (scan_take(sc, ';')) {
        skip_spaces(sc);
        (void)scan_key(sc);
        struct structured_member ignored;
        if (scan_take(sc, '='))
            scan_bare_item(sc, &ignored);
    }
}

/* What follows the opening parenthesis, up to the closing one. */
static void scan_inner_list(struct scan *sc, struct structured_member *out)
{
    for (;;) {
        skip_spaces(sc);
        if (sc->is_bad || scan_take(sc, ')'))
            break;
        struct structured_member ignored;
        scan_bare_item(sc, &ignored);
        scan_parameters(sc);
        if (scan_peek(sc) != ' ' && scan_peek(sc) != ')')
            sc->is_bad = true;
    }
    out->type = STRUCTURED_LIST;
}

static void skip_blanks(struct scan *sc)
{
    while (scan_take(sc, ' ') || scan_take(sc, '\t'))
        continue;
}

/* The comma behind a member: the end, or one that another member follows. */
static void scan_separator(struct scan *sc)
{
    skip_blanks(sc);
    if (sc->rest.len == 0)
        return;
    scan_want(sc, ',');
    skip_blanks(sc);
    if (sc->rest.len == 0)
        sc->is_bad = true;
}

enum structured_next structured_dictionary_next(struct slice *rest, struct structured_member *out)
{
    struct scan sc = {.rest = *rest};
    if (rest->len == 0)
        return STRUCTURED_END;
    struct structured_member member = {.type = STRUCTURED_BOOLEAN, .integer = 1};
    member.key = scan_key(&sc);
    if (scan_take(&sc, '=')) {
        if (scan_take(&sc, '('))
            scan_inner_list(&sc, &member);
        else
            scan_bare_item(&sc, &member);
    }
    scan_parameters(&sc);
    scan_separator(&sc);
    if (sc.is_bad)
        return STRUCTURED_BAD;
    *out = member;
    *rest = sc.rest;
    return STRUCTURED_MEMBER;
}
