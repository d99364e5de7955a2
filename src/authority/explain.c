// SPDX-License-Identifier: Apache-2.0
// Explanations of answers. Runs on a worker's thread of control; shares nothing with a dns role.
#include "authority/explain.h"

#include "authority/health_file.h"
#include "authority/health_table.h"
#include "authority/limits.h"
#include "authority/response.h"
#include "base/alloc.h"
#include "base/check.h"
#include "dns/rdata.h"
#include "places/places.h"

#include <stdlib.h>

#define QUERY_MAX_BYTES 512

static uint8_t *put_u16(uint8_t *to, uint16_t value)
{
    *to++ = (uint8_t)(value >> 8);
    *to++ = (uint8_t)value;
    return to;
}

static struct slice make_query(uint8_t out[QUERY_MAX_BYTES], const struct explain_question *q)
{
    uint8_t *to = out;
    const uint16_t head[] = {1, 0, 1, 0, 0, 1}; /* id, flags, a question, an OPT */
    for (size_t i = 0; i < ARRAY_LEN(head); i++)
        to = put_u16(to, head[i]);
    memcpy(to, q->name.wire, q->name.len);
    to = put_u16(to + q->name.len, q->type);
    to = put_u16(to, DNS_CLASS_IN);
    *to++ = 0;
    to = put_u16(to, DNS_TYPE_OPT);
    to = put_u16(to, ANSWER_UDP_MAX_BYTES);
    to = put_u16(to, 0);
    to = put_u16(to, 0);
    if (!q->has_subnet)
        return slice_of(out, (size_t)(put_u16(to, 0) - out));
    uint8_t subnet[DNS_EDNS_SUBNET_MAX_BYTES];
    size_t len = dns_edns_subnet_write(&q->subnet, 0, subnet);
    to = put_u16(to, (uint16_t)(DNS_EDNS_OPTION_FIXED_BYTES + len));
    to = put_u16(to, DNS_EDNS_SUBNET);
    to = put_u16(to, (uint16_t)len);
    memcpy(to, subnet, len);
    return slice_of(out, (size_t)(to + len - out));
}

/* A view that shows the zone. */
static struct view view_for(const struct zone *zone, const struct explain_question *q)
{
    struct view view = {.local = {.len = 4}, .source = q->resolver};
    if (zone->address_count > 0)
        view.local = zone->addresses[0];
    return view;
}

/* The data of a record with its names written out, as dns_rdata_format reads it. */
static struct slice plain_rdata(struct arena *a, const struct response *r,
                                const struct response_record *record)
{
    bool is_compressible;
    size_t at = dns_rdata_name_offset(record->type, record->rdata, &is_compressible);
    if (!is_compressible)
        return record->rdata;
    AUTO_BUF struct buf b = {0};
    size_t start = (size_t)(record->rdata.data - r->message.data);
    buf_append(&b, slice_sub(record->rdata, 0, at));
    at += start;
    for (unsigned i = 0; i < (record->type == DNS_TYPE_SOA ? 2U : 1U); i++) {
        struct dns_name name;
        at = response_name(r->message, at, &name);
        buf_append(&b, dns_name_slice(&name));
    }
    buf_append(&b, slice_sub(record->rdata, at - start, record->rdata.len));
    return arena_copy(a, buf_slice(&b));
}

static void read_values(struct arena *a, struct slice message, struct explain_answer *out)
{
    struct response r;
    struct response_record record;
    size_t at = 0;
    unsigned index = 0;
    bool is_whole = response_parse(message, &r);
    CHECK(is_whole); /* it is our own answer */
    out->rcode = r.rcode;
    out->values = arena_array(a, r.counts[DNS_ANSWER], sizeof(*out->values));
    while (response_next(&r, &at, &index, &record)) {
        if (record.section != DNS_ANSWER)
            continue;
        struct slice text = dns_rdata_format(a, record.type, plain_rdata(a, &r, &record));
        out->values[out->value_count++] = arena_str(a, text);
    }
}

/* Where the client is taken to be. */
static void explain_client(struct explain_answer *out, const struct explain_question *q)
{
    const struct routing_client *client = &out->trace.client;
    const char *who =
        q->has_subnet && q->subnet.source_length > 0 ? "its subnet" : "the resolver's address";
    const char *place = "not asked for";
    if (client->has_place)
        place =
            client->place.place == PLACE_NOWHERE ? "unknown" : place_get(client->place.place)->name;
    trace_line(&out->trace, "client: %s, /%u; its place: %s; scope of the answer: /%u%s", who,
               client->network.length, place, client->scope,
               client->scope == 0 ? ", everybody" : "");
}

static enum err explain_in(struct arena *a, const struct scene *scene, const struct zone *zone,
                           const struct explain_question *q, struct explain_answer *out,
                           struct errctx *ec)
{
    uint8_t bytes[QUERY_MAX_BYTES];
    uint8_t *message = mem_alloc(DNS_MESSAGE_MAX_BYTES);
    struct answer_summary summary;
    out->trace.arena = a;
    const struct answer_request request = {.query = make_query(bytes, q),
                                           .view = view_for(zone, q),
                                           .is_tcp = true,
                                           .random = q->random,
                                           .trace = &out->trace};
    size_t len = answer(scene, &request, message, DNS_MESSAGE_MAX_BYTES, &summary);
    enum err e = world_failure(scene->world, ec);
    if (e == ERR_OK) {
        read_values(a, slice_of(message, len), out);
        explain_client(out, q);
    }
    free(message);
    return e;
}

/* A health table of the states; NULL where there are none. */
static enum err make_health(struct arena *a, struct slice states, struct registry *health,
                            struct health_table **out, struct errctx *ec)
{
    struct health_said *said;
    size_t said_count;
    size_t count = 0;
    enum err e = health_file_parse(a, states, health, &said, &said_count, ec);
    if (e != ERR_OK)
        return err_wrap(ec, "states of health checks");
    uint32_t *numbers = arena_array(a, said_count, sizeof(*numbers));
    for (size_t i = 0; i < said_count; i++) {
        if (!said[i].is_healthy)
            numbers[count++] = said[i].number;
    }
    *out = health_table_new(numbers, count);
    return ERR_OK;
}

enum err explain(struct arena *a, const struct role_root *root, const struct explain_parts *parts,
                 const struct explain_question *question, struct explain_answer *out,
                 struct errctx *ec)
{
    const struct world_registries registries = {
        .health = registry_new(), .outside = registry_new(), .locations = registry_new()};
    const struct world_source source = {
        .root = root->hash, .chunks = root->source, .registries = registries};
    struct world *world = NULL;
    struct health_table *health = NULL;
    *out = (struct explain_answer){0};
    enum err e = make_health(a, parts->health_states, registries.health, &health, ec);
    if (e == ERR_OK)
        e = world_open(&source, NULL, &world, ec);
    if (e == ERR_OK) {
        const struct scene scene = {.world = world, .atlas = parts->atlas, .health = health};
        uint64_t hash = trie_hash(&world->seed, slice_str(question->zone_id));
        const struct zone *zone = zone_table_by_hash(world->zones, hash);
        e = zone == NULL ? err_set(ec, ERR_NOT_FOUND, "no release has the zone yet")
                         : explain_in(a, &scene, zone, question, out, ec);
    }
    world_free(world);
    health_table_free(health);
    registry_free(registries.health);
    registry_free(registries.outside);
    registry_free(registries.locations);
    return e;
}
