// SPDX-License-Identifier: Apache-2.0
// The file of outside addresses, as text. Written and read on the main loop of the role.
#include "authority/outside_store.h"

#include "crypto/sealed_text.h"
#include "dns/name.h"
#include "dns/types.h"
#include "net/address.h"
#include "net/limits.h"

#include <arpa/inet.h>

static const struct slice first_line = SLICE_LIT("weir outside addresses 1\n");

static size_t address_bytes(uint16_t type)
{
    return type == DNS_TYPE_AAAA ? sizeof(struct in6_addr) : sizeof(struct in_addr);
}

void outside_store_begin(struct buf *out)
{
    buf_append(out, first_line);
}

void outside_store_add(struct buf *out, const struct outside_learned *learned)
{
    char name[DNS_NAME_TEXT_SIZE];
    int family = learned->type == DNS_TYPE_AAAA ? AF_INET6 : AF_INET;
    (void)dns_name_format(learned->name, name);
    buf_printf(out, "%s %s %lld %u", family == AF_INET6 ? "AAAA" : "A", name,
               (long long)learned->learned_unix_s, learned->ttl_s);
    for (unsigned i = 0; i < learned->count; i++) {
        char text[INET6_ADDRSTRLEN];
        const uint8_t *bytes = learned->addresses + i * address_bytes(learned->type);
        buf_printf(out, " %s", inet_ntop(family, bytes, text, sizeof(text)));
    }
    buf_append_byte(out, '\n');
}

void outside_store_end(struct buf *out)
{
    sealed_text_end(out);
}

/* The addresses of a line, all that is left of it. */
static bool read_addresses(struct arena *a, struct slice rest, struct outside_learned *out)
{
    struct slice word;
    size_t bytes = address_bytes(out->type);
    uint8_t *addresses = arena_array(a, RESOLVER_ADDRESSES_MAX, bytes);
    out->count = 0;
    while (slice_split(&rest, ' ', &word)) {
        struct net_address address;
        if (out->count == RESOLVER_ADDRESSES_MAX || !net_address_parse_ip(word, &address))
            return false;
        bool is_v6 = address.sa.sa_family == AF_INET6;
        if (is_v6 != (out->type == DNS_TYPE_AAAA))
            return false;
        memcpy(addresses + out->count * bytes,
               is_v6 ? (void *)&address.in6.sin6_addr : (void *)&address.in.sin_addr, bytes);
        out->count++;
    }
    out->addresses = addresses;
    return out->count > 0;
}

static bool read_line(struct arena *a, struct slice line, struct outside_learned *out)
{
    struct slice type;
    struct slice text;
    struct slice learned;
    struct slice ttl;
    uint64_t learned_unix_s;
    uint64_t ttl_s;
    struct dns_name *name = ARENA_NEW(a, struct dns_name);
    bool is_whole = slice_split(&line, ' ', &type) && slice_split(&line, ' ', &text) &&
                    slice_split(&line, ' ', &learned) && slice_split(&line, ' ', &ttl);
    if (!is_whole || dns_name_parse(text, name, NULL) != ERR_OK ||
        !slice_parse_u64(learned, INT64_MAX, &learned_unix_s) ||
        !slice_parse_u64(ttl, UINT32_MAX, &ttl_s))
        return false;
    if (!slice_equal(type, SLICE_LIT("A")) && !slice_equal(type, SLICE_LIT("AAAA")))
        return false;
    *out = (struct outside_learned){.type = type.len == 1 ? DNS_TYPE_A : DNS_TYPE_AAAA,
                                    .name = dns_name_slice(name),
                                    .learned_unix_s = (int64_t)learned_unix_s,
                                    .ttl_s = (uint32_t)ttl_s};
    return read_addresses(a, line, out);
}

static size_t count_lines(struct slice lines)
{
    size_t count = 0;
    for (size_t i = 0; i < lines.len; i++)
        count += lines.data[i] == '\n';
    return count;
}

enum err outside_store_read(struct arena *a, struct slice text, struct outside_learned **out_items,
                            size_t *out_count, struct errctx *ec)
{
    struct slice lines;
    struct slice line;
    if (!sealed_text_open(text, first_line, &lines))
        return err_set(ec, ERR_CORRUPT, "outside addresses: not what was written");
    size_t count = count_lines(lines);
    struct outside_learned *items = arena_array(a, count, sizeof(*items));
    for (size_t i = 0; i < count; i++) {
        if (!slice_split(&lines, '\n', &line) || !read_line(a, line, &items[i]))
            return err_set(ec, ERR_CORRUPT, "outside addresses: line %zu", i + 2);
    }
    *out_items = items;
    *out_count = count;
    return ERR_OK;
}
