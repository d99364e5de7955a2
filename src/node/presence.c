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

static enum err parse_address(const char *text, struct arena *a, struct slice *out,
                              struct errctx *ec)
{
    uint8_t *bytes = arena_alloc(a, sizeof(struct in6_addr));
    if (inet_pton(AF_INET, text, bytes) == 1)
        *out = slice_of(bytes, sizeof(struct in_addr));
    else if (inet_pton(AF_INET6, text, bytes) == 1)
        *out = slice_of(bytes, sizeof(struct in6_addr));
    else
        return err_set(ec, ERR_INVALID, "--advertise: '%s' is not an address without a port", text);
    return ERR_OK;
}

static enum err parse_advertised(const struct settings_list *list, struct arena *a,
                                 struct presence *out, struct errctx *ec)
{
    if (list->count > RELEASE_NODE_ADDRESSES_MAX)
        return err_set(ec, ERR_INVALID, "--advertise: more than %u addresses",
                       RELEASE_NODE_ADDRESSES_MAX);
    enum err e = ERR_OK;
    for (size_t i = 0; i < list->count && e == ERR_OK; i++)
        e = parse_address(list->items[i], a, &out->addresses[out->address_count++], ec);
    return e;
}

/** A listener that is none is found by the role that it belongs to. */
static void take_listener(const struct settings_list *http, struct arena *a, struct presence *out)
{
    struct net_address address;
    char text[NET_ADDRESS_TEXT_SIZE];
    if (http->count == 0 ||
        net_address_parse(slice_str(http->items[0]), &address, NULL) != ERR_OK ||
        net_address_is_wildcard(&address))
        return;
    net_address_format_ip(&address, text);
    text[strcspn(text, "%")] = '\0'; /* a scope is of this machine alone */
    if (parse_address(text, a, &out->addresses[0], NULL) == ERR_OK)
        out->address_count = 1;
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
    p.addresses = arena_array(a, RELEASE_NODE_ADDRESSES_MAX, sizeof(*p.addresses));
    enum err e = parse_advertised(&settings->advertise, a, &p, ec);
    if (e != ERR_OK)
        return e;
    if (p.address_count == 0)
        take_listener(&settings->http, a, &p);
    *out = p;
    return ERR_OK;
}
