// SPDX-License-Identifier: Apache-2.0
// Endpoints of tools. Called when a client is opened, on the main thread of a command.
#include "tool/endpoint.h"

#include <netdb.h>
#include <string.h>

/** Cuts "http://" or "https://" off the front; false where the URL begins otherwise. */
static bool take_scheme(struct slice *url, bool *out_is_tls)
{
    static const struct slice schemes[] = {SLICE_LIT("http://"), SLICE_LIT("https://")};
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        if (!slice_starts_with(*url, schemes[i]))
            continue;
        *url = slice_sub(*url, schemes[i].len, url->len);
        *out_is_tls = i == 1;
        return true;
    }
    return false;
}

/** Splits "host", "host:port", "[v6]" or "[v6]:port"; the port is empty where there is none. */
static bool split_authority(struct slice authority, struct slice *out_host, struct slice *out_port)
{
    bool is_bracketed = slice_starts_with(authority, SLICE_LIT("["));
    size_t host_end = slice_find(authority, is_bracketed ? ']' : ':');
    struct slice rest = slice_sub(authority, host_end + (is_bracketed ? 1 : 0), authority.len);
    if (is_bracketed && host_end == authority.len)
        return false;
    *out_host =
        is_bracketed ? slice_sub(authority, 1, host_end - 1) : slice_sub(authority, 0, host_end);
    *out_port = slice_sub(rest, 1, rest.len);
    bool is_port_wanted = rest.len > 0;
    uint64_t port = 0;
    if (out_host->len == 0 || (is_port_wanted && rest.data[0] != ':'))
        return false;
    return !is_port_wanted || (slice_parse_u64(*out_port, UINT16_MAX, &port) && port > 0);
}

static enum err resolve(const char *host, const char *port, struct net_address *out_address,
                        struct errctx *ec)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int result = getaddrinfo(host, port, &hints, &found);
    if (result != 0)
        return err_set(ec, ERR_UNAVAILABLE, "'%s': %s", host, gai_strerror(result));
    struct net_address address = {.len = found->ai_addrlen};
    bool is_fitting = found->ai_addrlen <= sizeof(address.in6);
    if (is_fitting)
        memcpy(&address.sa, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    if (!is_fitting)
        return err_set(ec, ERR_UNAVAILABLE, "'%s' has no IP address", host);
    *out_address = address;
    return ERR_OK;
}

enum err tool_endpoint_parse(struct arena *a, const char *url, struct tool_endpoint *out_endpoint,
                             struct errctx *ec)
{
    struct tool_endpoint endpoint = {0};
    struct slice host;
    struct slice port;
    struct slice rest = slice_str(url);
    bool is_url = take_scheme(&rest, &endpoint.is_tls);
    if (slice_ends_with(rest, SLICE_LIT("/")))
        rest.len--;
    if (!is_url || slice_find(rest, '/') < rest.len || !split_authority(rest, &host, &port))
        return err_set(ec, ERR_INVALID,
                       "'%s' is no endpoint: http://HOST:PORT or https://HOST:PORT is wanted", url);
    endpoint.authority = arena_str(a, rest);
    endpoint.host = arena_str(a, host);
    const char *standard_port = endpoint.is_tls ? "443" : "80";
    enum err e = resolve(endpoint.host, port.len > 0 ? arena_str(a, port) : standard_port,
                         &endpoint.address, ec);
    if (e == ERR_OK)
        *out_endpoint = endpoint;
    return e;
}
