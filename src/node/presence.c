// SPDX-License-Identifier: Apache-2.0
// The settings of a node that serves viewers, checked and parsed. Called by the supervisor before
// it starts anything, and by the agent.
#include "node/presence.h"

#include "net/address.h"
#include "node/limits.h"
#include "release/limits.h"

#include <arpa/inet.h>
#include <string.h>

static const char name_characters[] =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-";
static const char place_characters[] =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-+.,";

/** Only these characters, 1 to `max` of them. */
static bool is_text_of(const char *text, const char *characters, size_t max)
{
    size_t len = strlen(text);
    return len > 0 && len <= max && strspn(text, characters) == len;
}

/** Addresses of a node, as bytes. */
struct addresses {
    struct slice *items; /* with room for RELEASE_NODE_ADDRESSES_MAX */
    size_t count;
};

static enum err parse_address(const char *text, const char *flag, struct arena *a,
                              struct slice *out, struct errctx *ec)
{
    uint8_t *bytes = arena_alloc(a, sizeof(struct in6_addr));
    if (inet_pton(AF_INET, text, bytes) == 1)
        *out = slice_of(bytes, sizeof(struct in_addr));
    else if (inet_pton(AF_INET6, text, bytes) == 1)
        *out = slice_of(bytes, sizeof(struct in6_addr));
    else
        return err_set(ec, ERR_INVALID, "%s: '%s' is not an address without a port", flag, text);
    return ERR_OK;
}

/** Addresses alone, as a setting lists them. */
static enum err parse_addresses(const struct settings_list *list, const char *flag, struct arena *a,
                                struct addresses *out, struct errctx *ec)
{
    if (list->count > RELEASE_NODE_ADDRESSES_MAX)
        return err_set(ec, ERR_INVALID, "%s: more than %u addresses", flag,
                       RELEASE_NODE_ADDRESSES_MAX);
    enum err e = ERR_OK;
    out->items = arena_array(a, RELEASE_NODE_ADDRESSES_MAX, sizeof(*out->items));
    for (size_t i = 0; i < list->count && e == ERR_OK; i++)
        e = parse_address(list->items[i], flag, a, &out->items[out->count++], ec);
    return e;
}

/** The address of a listener, where it is no wildcard. A scope is of this machine alone. */
static void take_bound(const struct net_address *address, struct arena *a, struct addresses *out)
{
    char text[NET_ADDRESS_TEXT_SIZE];
    if (net_address_is_wildcard(address))
        return;
    net_address_format_ip(address, text);
    text[strcspn(text, "%")] = '\0';
    if (parse_address(text, "", a, &out->items[0], NULL) == ERR_OK)
        out->count = 1;
}

/** A listener that is none is found by the role that it belongs to. */
static void take_listener(const struct settings_list *http, struct arena *a, struct addresses *out)
{
    struct net_address address;
    if (http->count > 0 && net_address_parse(slice_str(http->items[0]), &address, NULL) == ERR_OK)
        take_bound(&address, a, out);
}

enum err presence_of(const struct settings *settings, struct arena *a, struct presence *out,
                     struct errctx *ec)
{
    struct presence p = {.pop = settings->pop,
                         .location = settings->location == NULL ? "" : settings->location};
    if (!is_text_of(p.pop, name_characters, NODE_POP_NAME_MAX_BYTES))
        return err_set(ec, ERR_INVALID, "--pop: '%s' is not of letters, digits and '-', %u at most",
                       p.pop, NODE_POP_NAME_MAX_BYTES);
    if (p.location[0] != '\0' &&
        !is_text_of(p.location, place_characters, RELEASE_LOCATION_MAX_BYTES))
        return err_set(ec, ERR_INVALID, "--location: '%s' is neither a region nor LAT,LON",
                       p.location);
    struct addresses own = {0};
    enum err e = parse_addresses(&settings->advertise, "--advertise", a, &own, ec);
    if (e != ERR_OK)
        return e;
    if (own.count == 0)
        take_listener(&settings->http, a, &own);
    p.addresses = own.items;
    p.address_count = own.count;
    *out = p;
    return ERR_OK;
}

/** The first that is of the family, else none. */
static struct slice first_of(const struct addresses *addresses, size_t len)
{
    for (size_t i = 0; i < addresses->count; i++) {
        if (addresses->items[i].len == len)
            return addresses->items[i];
    }
    return (struct slice){0};
}

/** Where votes are reached that are served at this address. An IPv6 wildcard takes IPv4, too. */
static struct slice reached_at(const struct addresses *bound, const struct addresses *advertised,
                               const struct net_address *votes)
{
    if (bound->count > 0)
        return bound->items[0];
    struct slice address = {0};
    if (votes->sa.sa_family == AF_INET6)
        address = first_of(advertised, sizeof(struct in6_addr));
    return address.len > 0 ? address : first_of(advertised, sizeof(struct in_addr));
}

enum err presence_checker_of(const struct settings *settings, const struct net_address *votes,
                             struct arena *a, struct presence_checker *out, struct errctx *ec)
{
    struct addresses advertised = {0};
    struct addresses sources = {0};
    struct addresses bound = {.items = arena_array(a, 1, sizeof(*bound.items))};
    enum err e = parse_addresses(&settings->advertise, "--advertise", a, &advertised, ec);
    if (e == ERR_OK)
        e = parse_addresses(&settings->check_source, "--check-source", a, &sources, ec);
    if (e != ERR_OK)
        return e;
    take_bound(votes, a, &bound);
    const struct addresses *probes = sources.count > 0      ? &sources
                                     : advertised.count > 0 ? &advertised
                                                            : &bound;
    *out = (struct presence_checker){.votes_address = reached_at(&bound, &advertised, votes),
                                     .probe_addresses = probes->items,
                                     .probe_address_count = probes->count};
    out->votes_port = out->votes_address.len > 0 ? net_address_port(votes) : 0;
    return ERR_OK;
}
