// SPDX-License-Identifier: Apache-2.0
// EDNS options of queries and answers. Runs on the UDP and TCP threads and in the trial.
#include "authority/answer_edns.h"

#include "authority/answer_settings.h"
#include "base/check.h"

#define KEEPALIVE_BYTES 2 /* of a time in tenths of a second */

/* The options of one query while they are read. */
struct edns_reading {
    const struct scene *scene;
    const struct answer_request *request;
    struct answer_edns *edns;
    struct slice cookie; /* as sent */
};

/* A server's cookie has 8 to 32 bytes behind the client's own (RFC 7873 section 4). */
#define COOKIE_SERVER_LEAST_BYTES 8
#define COOKIE_SERVER_MOST_BYTES 32

static bool is_cookie_length(size_t len)
{
    return len == COOKIE_CLIENT_BYTES || (len >= COOKIE_CLIENT_BYTES + COOKIE_SERVER_LEAST_BYTES &&
                                          len <= COOKIE_CLIENT_BYTES + COOKIE_SERVER_MOST_BYTES);
}

/* False: FORMERR. Of an option that comes twice the first one counts; what this server does not
 * know is passed over. */
static bool read_option(struct edns_reading *r, const struct dns_edns_option *option)
{
    struct answer_edns *edns = r->edns;
    const struct answer_settings *settings = r->scene->settings;
    switch (option->code) {
    case DNS_EDNS_SUBNET:
        if (!edns->has_subnet)
            edns->has_subnet = dns_edns_subnet_read(option->data, &edns->subnet);
        return edns->has_subnet;
    case DNS_EDNS_COOKIE:
        if (edns->has_cookie)
            return true;
        edns->has_cookie = is_cookie_length(option->data.len);
        r->cookie = option->data;
        return edns->has_cookie;
    case DNS_EDNS_NSID:
        if (settings != NULL)
            edns->nsid = settings->nsid;
        return true;
    case DNS_EDNS_KEEPALIVE: /* not over UDP, where it is ignored (RFC 7828 section 3.2.1) */
        edns->idle_ds = r->request->is_tcp ? r->request->idle_ds : 0;
        return !r->request->is_tcp || option->data.len == 0;
    default:
        return true;
    }
}

/* Checks the cookie that was sent, and makes what the answer carries. */
static void read_cookie(const struct edns_reading *r)
{
    struct answer_edns *edns = r->edns;
    const struct cookie_keys *keys = &r->scene->cookies;
    const struct cookie_client client = {.cookie = r->cookie.data,
                                         .source = &r->request->view.source,
                                         .now_unix_s = r->request->now_unix_s};
    bool is_fresh = false;
    if (!keys->are_there || r->cookie.data == NULL)
        return;
    struct slice server = slice_sub(r->cookie, COOKIE_CLIENT_BYTES, r->cookie.len);
    if (server.len == 0)
        edns->cookie = ANSWER_COOKIE_CLIENT;
    else if (cookie_verify(keys, &client, server, &is_fresh))
        edns->cookie = ANSWER_COOKIE_VALID;
    else
        edns->cookie = ANSWER_COOKIE_INVALID;
    uint8_t *to = edns->cookies;
    memcpy(to, r->cookie.data, COOKIE_CLIENT_BYTES);
    if (is_fresh)
        memcpy(to + COOKIE_CLIENT_BYTES, server.data, COOKIE_SERVER_BYTES);
    else if (!cookie_make(keys, &client, to + COOKIE_CLIENT_BYTES))
        return;
    edns->cookie_bytes = sizeof(edns->cookies);
}

enum dns_rcode answer_edns_read(const struct scene *scene, const struct answer_request *request,
                                const struct dns_query *query, struct answer_edns *out)
{
    struct edns_reading r = {.scene = scene, .request = request, .edns = out};
    struct slice rest = query->edns_options;
    struct dns_edns_option option;
    for (unsigned i = 0; i < EDNS_OPTIONS_MAX && dns_edns_next(&rest, &option); i++) {
        if (!read_option(&r, &option))
            return DNS_RCODE_FORMERR;
    }
    if (rest.len > 0)
        return DNS_RCODE_FORMERR;
    if (out->has_cookie)
        read_cookie(&r);
    return DNS_RCODE_NOERROR;
}

void answer_edns_client(const struct answer_edns *edns, const struct answer_request *request,
                        const struct scene *scene, struct routing_client *out)
{
    *out = (struct routing_client){.atlas = scene->atlas};
    const struct view_address *source = &request->view.source;
    if (edns->has_subnet && edns->subnet.source_length > 0)
        out->network = net_key_of(edns->subnet.address, edns->subnet.family == 1 ? 4 : 16,
                                  edns->subnet.source_length);
    else if (source->len > 0)
        out->network = net_key_of(source->bytes, source->len, 8U * source->len);
}

static size_t subnet_bytes(const struct answer_edns *edns)
{
    size_t address_bytes = (edns->subnet.source_length + 7U) / 8;
    return edns->has_subnet ? DNS_EDNS_OPTION_FIXED_BYTES + 4 + address_bytes : 0;
}

static size_t option_bytes(size_t data_bytes)
{
    return data_bytes == 0 ? 0 : DNS_EDNS_OPTION_FIXED_BYTES + data_bytes;
}

size_t answer_edns_bytes(const struct answer_edns *edns)
{
    return subnet_bytes(edns) + option_bytes(edns->cookie_bytes) + option_bytes(edns->nsid.len) +
           option_bytes(edns->idle_ds > 0 ? KEEPALIVE_BYTES : 0);
}

static uint8_t *put_head(uint8_t *at, uint16_t code, size_t len)
{
    at[0] = (uint8_t)(code >> 8);
    at[1] = (uint8_t)code;
    at[2] = (uint8_t)(len >> 8);
    at[3] = (uint8_t)len;
    return at + DNS_EDNS_OPTION_FIXED_BYTES;
}

static uint8_t *put_option(uint8_t *at, uint16_t code, struct slice data)
{
    if (data.len == 0)
        return at;
    at = put_head(at, code, data.len);
    memcpy(at, data.data, data.len);
    return at + data.len;
}

/* A few words with the code, for whoever reads them in a resolver's log. */
static struct slice ede_text(uint16_t ede)
{
    switch (ede) {
    case DNS_EDE_PROHIBITED:
        return SLICE_LIT("client network not allowed");
    case DNS_EDE_NOT_AUTHORITATIVE:
        return SLICE_LIT("no zone of this name here");
    case DNS_EDE_NO_REACHABLE_AUTHORITY:
    case DNS_EDE_NETWORK_ERROR:
        return SLICE_LIT("alias target not resolved");
    default:
        return slice_of("", 0);
    }
}

/* The extended error; without its words, or not at all, where there is no room. */
static uint8_t *put_ede(uint8_t *at, uint16_t ede, size_t room_bytes)
{
    size_t least_bytes = DNS_EDNS_OPTION_FIXED_BYTES + sizeof(ede);
    if (ede == DNS_EDE_NONE || room_bytes < least_bytes)
        return at;
    struct slice text = ede_text(ede);
    if (room_bytes - least_bytes < text.len)
        text.len = 0;
    at = put_head(at, DNS_EDNS_ERROR, sizeof(ede) + text.len);
    *at++ = (uint8_t)(ede >> 8);
    *at++ = (uint8_t)ede;
    if (text.len > 0)
        memcpy(at, text.data, text.len);
    return at + text.len;
}

struct slice answer_edns_write(const struct answer_edns *edns, const struct answer_edns_late *late,
                               uint8_t out[EDNS_OUT_MAX_BYTES])
{
    uint8_t *at = out;
    const struct routing_client *client = late->client;
    if (edns->has_subnet) {
        /* A client that wants its address left out gets an answer for everybody. */
        uint8_t scope = edns->subnet.source_length == 0 ? 0 : client->scope;
        uint8_t *data = at + DNS_EDNS_OPTION_FIXED_BYTES;
        size_t len = dns_edns_subnet_write(&edns->subnet, scope, data);
        at = put_head(at, DNS_EDNS_SUBNET, len) + len;
    }
    at = put_option(at, DNS_EDNS_COOKIE, slice_of(edns->cookies, edns->cookie_bytes));
    at = put_option(at, DNS_EDNS_NSID, edns->nsid);
    if (edns->idle_ds > 0) {
        const uint8_t idle_be[KEEPALIVE_BYTES] = {(uint8_t)(edns->idle_ds >> 8),
                                                  (uint8_t)edns->idle_ds};
        at = put_option(at, DNS_EDNS_KEEPALIVE, slice_of(idle_be, sizeof(idle_be)));
    }
    size_t bytes = (size_t)(at - out);
    CHECK(bytes == answer_edns_bytes(edns) && bytes <= late->room_bytes);
    at = put_ede(at, late->ede, min_size(late->room_bytes, EDNS_OUT_MAX_BYTES) - bytes);
    return slice_of(out, (size_t)(at - out));
}
