// SPDX-License-Identifier: Apache-2.0
// Latency tables. Called by atlas_watch.c on its worker.
#include "authority/latency_file.h"

#include "authority/limits.h"
#include "base/check.h"
#include "net/address.h"
#include "os/file.h"

#define MICROSECONDS_DIGITS 3

/* "192.0.2.0/24", "2001:db8::/32", "192.0.2.1". */
static enum err parse_network(struct slice text, struct net_key *out, struct errctx *ec)
{
    size_t slash = slice_find(text, '/');
    struct net_address address;
    if (!net_address_parse_ip(slice_sub(text, 0, slash), &address))
        return err_set(ec, ERR_INVALID, "'%.*s' is no network", SLICE_FMT(text));
    bool is_v6 = address.sa.sa_family == AF_INET6;
    const uint8_t *bytes =
        is_v6 ? (const uint8_t *)&address.in6.sin6_addr : (const uint8_t *)&address.in.sin_addr;
    size_t byte_count = is_v6 ? sizeof(address.in6.sin6_addr) : sizeof(address.in.sin_addr);
    /* A client is known by 64 bits of an IPv6 address: a longer network cannot be told apart. */
    uint64_t most = is_v6 ? 64 : 32;
    uint64_t length = most;
    if (slash < text.len && !slice_parse_u64(slice_sub(text, slash + 1, text.len), most, &length))
        return err_set(ec, ERR_INVALID, "'%.*s': the length is a number up to %u", SLICE_FMT(text),
                       (unsigned)most);
    *out = net_key_of(bytes, byte_count, (unsigned)length);
    struct net_key whole = net_key_of(bytes, byte_count, (unsigned)most);
    bool has_more = whole.bits != out->bits;
    for (size_t i = most / 8; i < byte_count; i++)
        has_more = has_more || bytes[i] != 0;
    if (slash < text.len && has_more)
        return err_set(ec, ERR_INVALID, "'%.*s' has bits behind its length", SLICE_FMT(text));
    return ERR_OK;
}

/* Whole milliseconds, or with a fraction of any length, of which three digits count. */
static enum err parse_latency(struct slice text, uint16_t *out_ms, struct errctx *ec)
{
    size_t dot = slice_find(text, '.');
    uint64_t whole = 0;
    uint64_t thousandths = 0;
    bool is_number = slice_parse_u64(slice_sub(text, 0, dot), LATENCY_MAX_MS, &whole);
    struct slice fraction = slice_sub(text, dot + 1, text.len);
    for (size_t i = 0; dot < text.len && i < MICROSECONDS_DIGITS; i++) {
        uint8_t digit = i < fraction.len ? fraction.data[i] : '0';
        is_number = is_number && digit >= '0' && digit <= '9';
        thousandths = 10 * thousandths + (uint64_t)(digit - '0');
    }
    uint64_t ignored = 0;
    is_number = is_number && (dot == text.len || slice_parse_u64(fraction, UINT64_MAX, &ignored));
    if (!is_number || whole + (thousandths >= 500) > LATENCY_MAX_MS)
        return err_set(ec, ERR_INVALID, "'%.*s' are no milliseconds from 0 to %u", SLICE_FMT(text),
                       (unsigned)LATENCY_MAX_MS);
    *out_ms = (uint16_t)(whole + (thousandths >= 500));
    return ERR_OK;
}

static enum err read_line(struct slice line, struct atlas_builder *b, size_t *unknown,
                          struct errctx *ec)
{
    struct slice fields[3];
    struct slice rest = line;
    size_t count = 0;
    struct slice field;
    while (slice_split(&rest, ',', &field)) {
        if (count < ARRAY_LEN(fields))
            fields[count] = slice_trim(field);
        count++;
    }
    if (count != ARRAY_LEN(fields))
        return err_set(ec, ERR_INVALID, "network,region,milliseconds is what a line has");
    struct net_key network;
    uint16_t latency_ms = 0;
    enum err e = parse_network(fields[0], &network, ec);
    if (e == ERR_OK)
        e = parse_latency(fields[2], &latency_ms, ec);
    if (e != ERR_OK)
        return e;
    const struct region *region = region_find(fields[1]);
    if (region == NULL)
        (*unknown)++;
    else
        atlas_builder_add_latency(b, &network, region_number(region), latency_ms);
    return ERR_OK;
}

enum err latency_text_read(struct slice text, struct atlas_builder *b, size_t *out_unknown,
                           struct errctx *ec)
{
    size_t unknown = 0;
    size_t number = 0;
    struct slice line;
    while (slice_split(&text, '\n', &line)) {
        number++;
        if (line.len > 0 && line.data[line.len - 1] == '\r')
            line.len--;
        line = slice_trim(line);
        if (line.len == 0 || line.data[0] == '#')
            continue;
        if (number == 1 && slice_equal_nocase(line, SLICE_LIT("network,region,milliseconds")))
            continue;
        enum err e = read_line(line, b, &unknown, ec);
        if (e != ERR_OK)
            return err_wrap(ec, "line %zu", number);
    }
    *out_unknown = unknown;
    return ERR_OK;
}

enum err latency_file_read(const char *path, struct atlas_builder *b, size_t *out_unknown,
                           struct errctx *ec)
{
    struct arena arena AUTO_ARENA;
    arena_init(&arena);
    struct slice text;
    enum err e = file_read(&arena, path, LATENCY_FILE_MAX_BYTES, &text, ec);
    if (e == ERR_OK)
        e = latency_text_read(text, b, out_unknown, ec);
    return e == ERR_OK ? ERR_OK : err_wrap(ec, "latency table '%s'", path);
}
