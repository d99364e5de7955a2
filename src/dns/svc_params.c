// SPDX-License-Identifier: Apache-2.0
// Parameters of service bindings (RFC 9460 sections 2.1, 2.2, 7, 8 and appendix A), in two layers
// as the RFC has them: a value is a character string with escapes, and some values are lists whose
// items are separated by commas and have escapes of their own. Called for each value of a change
// and each listing, on any thread.
#include "dns/svc_params_priv.h"

#include "base/check.h"
#include "dns/base64.h"
#include "dns/limits.h"
#include "dns/rdata_priv.h"
#include "dns/wire_priv.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

/* RFC 9460 section 14.3.2. */
enum svc_key {
    SVC_MANDATORY,
    SVC_ALPN,
    SVC_NO_DEFAULT_ALPN,
    SVC_PORT,
    SVC_IPV4HINT,
    SVC_ECH,
    SVC_IPV6HINT,
    SVC_KEY_RESERVED = 65535,
};

static const char *const key_names[] = {
    [SVC_MANDATORY] = "mandatory",
    [SVC_ALPN] = "alpn",
    [SVC_NO_DEFAULT_ALPN] = "no-default-alpn",
    [SVC_PORT] = "port",
    [SVC_IPV4HINT] = "ipv4hint",
    [SVC_ECH] = "ech",
    [SVC_IPV6HINT] = "ipv6hint",
};

struct svc_param {
    uint16_t key;
    struct slice value; /* in wire form */
};

enum { PARAM_HEAD_BYTES = 4, IPV4_BYTES = 4, IPV6_BYTES = 16, KEY_BYTES = 2 };

/* ---- wire form */

/* Cuts the first parameter off; false where the rest is none. */
static bool cut_param(struct slice *rest, struct svc_param *out)
{
    if (rest->len < PARAM_HEAD_BYTES)
        return false;
    size_t len = dns_get_u16(rest->data + 2);
    if (rest->len - PARAM_HEAD_BYTES < len)
        return false;
    out->key = dns_get_u16(rest->data);
    out->value = slice_of(rest->data + PARAM_HEAD_BYTES, len);
    *rest = slice_sub(*rest, PARAM_HEAD_BYTES + len, rest->len);
    return true;
}

/* Section 8: keys in rising order, not itself among them. */
static bool is_key_list(struct slice value)
{
    uint16_t last = SVC_MANDATORY;
    for (size_t at = 0; at + KEY_BYTES <= value.len; at += KEY_BYTES) {
        uint16_t key = dns_get_u16(value.data + at);
        if (key <= last)
            return false;
        last = key;
    }
    return value.len > 0 && value.len % KEY_BYTES == 0;
}

/* Section 7.1.1: protocol identifiers, each behind its length, none empty. */
static bool is_alpn(struct slice value)
{
    size_t at = 0;
    while (at < value.len) {
        if (value.data[at] == 0)
            return false;
        at += 1U + value.data[at];
    }
    return value.len > 0 && at == value.len;
}

static bool is_value(uint16_t key, struct slice value)
{
    switch (key) {
    case SVC_MANDATORY:
        return is_key_list(value);
    case SVC_ALPN:
        return is_alpn(value);
    case SVC_NO_DEFAULT_ALPN:
        return value.len == 0;
    case SVC_PORT:
        return value.len == sizeof(uint16_t);
    case SVC_IPV4HINT:
        return value.len > 0 && value.len % IPV4_BYTES == 0;
    case SVC_ECH:
        return value.len > 0;
    case SVC_IPV6HINT:
        return value.len > 0 && value.len % IPV6_BYTES == 0;
    default:
        return key != SVC_KEY_RESERVED;
    }
}

bool svc_params_are_formed(struct slice params)
{
    struct svc_param param;
    int last = -1;
    for (unsigned count = 0; params.len > 0; count++) {
        if (count == DNS_SVC_PARAM_MAX_COUNT || !cut_param(&params, &param) || param.key <= last ||
            !is_value(param.key, param.value))
            return false;
        last = param.key;
    }
    return true;
}

static bool has_key(struct slice params, uint16_t key)
{
    struct svc_param param;
    while (cut_param(&params, &param))
        if (param.key == key)
            return true;
    return false;
}

enum dns_problem svc_params_broken_rule(struct slice params)
{
    struct svc_param param;
    if (has_key(params, SVC_NO_DEFAULT_ALPN) && !has_key(params, SVC_ALPN))
        return DNS_PROBLEM_SVC_ALPN;
    struct slice rest = params;
    if (!cut_param(&rest, &param) || param.key != SVC_MANDATORY)
        return DNS_PROBLEM_NONE;
    for (size_t at = 0; at < param.value.len; at += KEY_BYTES)
        if (!has_key(params, dns_get_u16(param.value.data + at)))
            return DNS_PROBLEM_SVC_MANDATORY;
    return DNS_PROBLEM_NONE;
}

/* ---- from text */

/* A key by its name or as "key65000". */
static bool parse_key(struct slice text, uint16_t *out)
{
    struct slice prefix = SLICE_LIT("key");
    struct slice digits = slice_sub(text, prefix.len, text.len);
    uint64_t number;
    for (size_t key = 0; key < ARRAY_LEN(key_names); key++) {
        if (slice_equal(text, slice_str(key_names[key]))) {
            *out = (uint16_t)key;
            return true;
        }
    }
    bool has_leading_zero = digits.len > 1 && digits.data[0] == '0';
    if (!slice_starts_with(text, prefix) || has_leading_zero ||
        !slice_parse_u64(digits, SVC_KEY_RESERVED - 1, &number))
        return false;
    *out = (uint16_t)number;
    return true;
}

/* The character string at text[*at], in quotes or up to a space; moves *at behind it. */
static enum dns_problem read_string(struct arena *a, struct slice text, size_t *at,
                                    struct slice *out)
{
    uint8_t *bytes = arena_alloc(a, text.len + 1);
    size_t len = 0;
    bool is_quoted = *at < text.len && text.data[*at] == '"';
    *at += is_quoted ? 1 : 0;
    while (*at < text.len && text.data[*at] != '"' &&
           (is_quoted || !rdata_is_space(text.data[*at]))) {
        enum dns_problem problem = rdata_read_quoted_byte(text, at, &bytes[len]);
        if (problem != DNS_PROBLEM_NONE)
            return problem;
        len++;
    }
    bool has_quote = *at < text.len && text.data[*at] == '"';
    if (has_quote != is_quoted)
        return DNS_PROBLEM_STRING_QUOTES;
    *at += is_quoted ? 1 : 0;
    *out = slice_of(bytes, len);
    return DNS_PROBLEM_NONE;
}

/*
 * Cuts the next item of a list off, its escapes resolved in place (appendix A.1); false where it is
 * empty or ends in a lone backslash. The comma behind the item goes, too, and `*out_is_last` tells
 * that there was none.
 */
static bool cut_item(struct slice *rest, uint8_t *to, struct slice *out, bool *out_is_last)
{
    size_t at = 0;
    size_t len = 0;
    while (at < rest->len && rest->data[at] != ',') {
        if (rest->data[at] == '\\' && ++at == rest->len)
            return false;
        to[len++] = rest->data[at++];
    }
    *out_is_last = at == rest->len;
    *rest = slice_sub(*rest, at + 1, rest->len);
    *out = slice_of(to, len);
    return len > 0;
}

/* Writes one item of a list as the key wants it and returns its bytes; 0 where it does not fit. */
static size_t put_item(uint16_t key, struct slice item, uint8_t *to)
{
    char text[INET6_ADDRSTRLEN] = {0};
    uint16_t listed;
    switch (key) {
    case SVC_ALPN:
        if (item.len > DNS_STRING_MAX_BYTES)
            return 0;
        *to = (uint8_t)item.len;
        memcpy(to + 1, item.data, item.len);
        return 1 + item.len;
    case SVC_MANDATORY:
        if (!parse_key(item, &listed))
            return 0;
        dns_put_u16(to, listed);
        return KEY_BYTES;
    default:
        if (item.len >= sizeof(text) || slice_find(item, '\0') < item.len)
            return 0;
        memcpy(text, item.data, item.len);
        if (inet_pton(key == SVC_IPV4HINT ? AF_INET : AF_INET6, text, to) != 1)
            return 0;
        return key == SVC_IPV4HINT ? IPV4_BYTES : IPV6_BYTES;
    }
}

static int compare_keys(const void *one, const void *other)
{
    return memcmp(one, other, KEY_BYTES);
}

/* An item of one character ("::" has two) takes at most so many bytes per character with comma. */
enum { LIST_MAX_BYTES_PER_CHAR = IPV6_BYTES };

static bool parse_list(struct arena *a, uint16_t key, struct slice text, struct slice *out)
{
    uint8_t *item_bytes = arena_alloc(a, text.len + 1);
    uint8_t *wire = arena_alloc(a, (text.len + 1) * LIST_MAX_BYTES_PER_CHAR);
    size_t len = 0;
    bool is_last = false;
    while (!is_last) {
        struct slice item;
        size_t bytes =
            cut_item(&text, item_bytes, &item, &is_last) ? put_item(key, item, wire + len) : 0;
        if (bytes == 0)
            return false;
        len += bytes;
    }
    if (key == SVC_MANDATORY)
        qsort(wire, len / KEY_BYTES, KEY_BYTES, compare_keys);
    *out = slice_of(wire, len);
    return true;
}

static bool parse_port(struct arena *a, struct slice text, struct slice *out)
{
    uint64_t port;
    uint8_t *wire = arena_alloc(a, sizeof(uint16_t));
    if (!slice_parse_u64(text, UINT16_MAX, &port))
        return false;
    dns_put_u16(wire, (uint16_t)port);
    *out = slice_of(wire, sizeof(uint16_t));
    return true;
}

/* The decoded string of a key to its wire form. */
static bool parse_value(struct arena *a, uint16_t key, struct slice text, struct slice *out)
{
    switch (key) {
    case SVC_MANDATORY:
    case SVC_ALPN:
    case SVC_IPV4HINT:
    case SVC_IPV6HINT:
        return parse_list(a, key, text, out);
    case SVC_PORT:
        return parse_port(a, text, out);
    case SVC_ECH:
        return dns_base64_read(a, text, out);
    default:
        *out = text;
        return true;
    }
}

/* Reads `key=value` or `key` at text[*at], and moves *at behind it. */
static enum dns_problem parse_param(struct arena *a, struct slice text, size_t *at,
                                    struct svc_param *out)
{
    size_t start = *at;
    while (*at < text.len && text.data[*at] != '=' && !rdata_is_space(text.data[*at]))
        *at += 1;
    struct slice name = slice_of(text.data + start, *at - start);
    if (!parse_key(name, &out->key))
        return DNS_PROBLEM_SVC_KEY;
    bool is_by_number = slice_starts_with(name, SLICE_LIT("key"));
    struct slice value = slice_of(NULL, 0);
    if (*at < text.len && text.data[*at] == '=') {
        *at += 1;
        enum dns_problem problem = read_string(a, text, at, &value);
        if (problem != DNS_PROBLEM_NONE)
            return problem;
    }
    out->value = value;
    if ((!is_by_number && !parse_value(a, out->key, value, &out->value)) ||
        out->value.len > UINT16_MAX)
        return DNS_PROBLEM_SVC_VALUE;
    if (is_value(out->key, out->value))
        return DNS_PROBLEM_NONE;
    return out->key == SVC_MANDATORY ? DNS_PROBLEM_SVC_MANDATORY : DNS_PROBLEM_SVC_VALUE;
}

static int compare_params(const void *one, const void *other)
{
    const struct svc_param *a = one;
    const struct svc_param *b = other;
    return (int)a->key - (int)b->key;
}

static struct slice join(struct arena *a, const struct svc_param *params, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += PARAM_HEAD_BYTES + params[i].value.len;
    uint8_t *wire = arena_alloc(a, size + 1);
    uint8_t *to = wire;
    for (size_t i = 0; i < count; i++) {
        dns_put_u16(to, params[i].key);
        dns_put_u16(to + 2, (uint16_t)params[i].value.len);
        to += PARAM_HEAD_BYTES;
        if (params[i].value.len > 0)
            memcpy(to, params[i].value.data, params[i].value.len);
        to += params[i].value.len;
    }
    return slice_of(wire, size);
}

enum dns_problem svc_params_parse(struct arena *a, struct slice text, struct slice *out)
{
    struct svc_param params[DNS_SVC_PARAM_MAX_COUNT];
    size_t count = 0;
    size_t at = 0;
    for (;;) {
        while (at < text.len && rdata_is_space(text.data[at]))
            at++;
        if (at == text.len)
            break;
        if (count == ARRAY_LEN(params))
            return DNS_PROBLEM_SVC_COUNT;
        enum dns_problem problem = parse_param(a, text, &at, &params[count++]);
        if (problem == DNS_PROBLEM_NONE && at < text.len && !rdata_is_space(text.data[at]))
            problem = DNS_PROBLEM_STRING_QUOTES;
        if (problem != DNS_PROBLEM_NONE)
            return problem;
    }
    qsort(params, count, sizeof(params[0]), compare_params);
    for (size_t i = 1; i < count; i++)
        if (params[i - 1].key == params[i].key)
            return DNS_PROBLEM_SVC_REPEATED;
    *out = join(a, params, count);
    return DNS_PROBLEM_NONE;
}

/* ---- to text */

static char *put_text(char *to, const char *text)
{
    while (*text != '\0')
        *to++ = *text++;
    return to;
}

static char *put_key(char *to, uint16_t key)
{
    char number[sizeof("key65535")];
    if (key < ARRAY_LEN(key_names))
        return put_text(to, key_names[key]);
    int len = snprintf(number, sizeof(number), "key%u", key);
    CHECK(len > 0 && (size_t)len < sizeof(number));
    return put_text(to, number);
}

static char *format_keys(char *to, struct slice value)
{
    for (size_t at = 0; at < value.len; at += KEY_BYTES) {
        if (at > 0)
            *to++ = ',';
        to = put_key(to, dns_get_u16(value.data + at));
    }
    return to;
}

/* Commas and backslashes of an identifier are escaped as of an item, and again as of a string. */
static char *format_alpn(char *to, struct slice value)
{
    *to++ = '"';
    for (size_t at = 0; at < value.len; at += 1U + value.data[at]) {
        if (at > 0)
            *to++ = ',';
        for (size_t i = 1; i <= value.data[at]; i++) {
            uint8_t c = value.data[at + i];
            if (c == ',' || c == '\\')
                to = put_text(to, "\\\\");
            to = rdata_write_quoted_byte(to, c, DNS_TEXT_API);
        }
    }
    *to++ = '"';
    return to;
}

static char *format_hints(char *to, int family, struct slice value)
{
    size_t bytes = family == AF_INET ? IPV4_BYTES : IPV6_BYTES;
    for (size_t at = 0; at < value.len; at += bytes) {
        char text[INET6_ADDRSTRLEN];
        if (at > 0)
            *to++ = ',';
        CHECK(inet_ntop(family, value.data + at, text, sizeof(text)) != NULL);
        to = put_text(to, text);
    }
    return to;
}

static char *format_port(char *to, struct slice value)
{
    char text[sizeof("65535")];
    int len = snprintf(text, sizeof(text), "%u", dns_get_u16(value.data));
    CHECK(len > 0 && (size_t)len < sizeof(text));
    return put_text(to, text);
}

static char *format_value(char *to, const struct svc_param *param)
{
    switch (param->key) {
    case SVC_MANDATORY:
        return format_keys(to, param->value);
    case SVC_ALPN:
        return format_alpn(to, param->value);
    case SVC_PORT:
        return format_port(to, param->value);
    case SVC_IPV4HINT:
        return format_hints(to, AF_INET, param->value);
    case SVC_IPV6HINT:
        return format_hints(to, AF_INET6, param->value);
    case SVC_ECH:
        *to++ = '"';
        to = dns_base64_write(to, param->value);
        *to++ = '"';
        return to;
    default:
        *to++ = '"';
        for (size_t i = 0; i < param->value.len; i++)
            to = rdata_write_quoted_byte(to, param->value.data[i], DNS_TEXT_API);
        *to++ = '"';
        return to;
    }
}

char *svc_params_format(char *to, struct slice params)
{
    struct svc_param param;
    for (bool is_first = true; cut_param(&params, &param); is_first = false) {
        if (!is_first)
            *to++ = ' ';
        to = put_key(to, param.key);
        if (param.value.len == 0)
            continue;
        *to++ = '=';
        to = format_value(to, &param);
    }
    return to;
}
