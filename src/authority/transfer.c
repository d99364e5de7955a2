// SPDX-License-Identifier: Apache-2.0
// Transfers under way. A transfer is a row of texts (zone_text.h), of which those of names are made
// one name at a time:
//
//     AXFR:  SOA, names one after the other, SOA
//     IXFR:  SOA, deltas one after the other, SOA
//
// Invariants:
//   1. The world is pinned from transfer_begin to transfer_free: what texts point to stays.
//   2. A record that did not fit into a message begins the next one.
#include "authority/transfer.h"

#include "authority/answer_settings.h"
#include "authority/name_cursor.h"
#include "authority/tsig.h"
#include "base/alloc.h"
#include "base/check.h"
#include "dns/edns.h"
#include "metrics/counters.h"
#include "metrics/log.h"
#include "net/address.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define OPT_BYTES 11

enum phase { PHASE_FIRST, PHASE_MIDDLE, PHASE_LAST, PHASE_OVER };

struct transfer {
    const struct world *world; /* pinned */
    const struct zone *zone;
    const struct transfer_zone *page;
    struct dns_query query; /* its slices point into query_bytes */
    uint8_t query_bytes[DNS_NAME_MAX_BYTES + 4];
    struct tsig_session session;
    bool is_signed;
    bool is_whole; /* AXFR, or IXFR answered by all of the zone */
    enum phase phase;
    struct buf soa;
    struct name_cursor cursor; /* of names */
    size_t delta;              /* the next one */
    struct buf made;           /* the text that `rest` is of, where it was made */
    struct slice rest;         /* of the present text */
    struct view_address client;
    int64_t begun_ns;
    uint64_t bytes;
    uint64_t messages;
    uint64_t records;
};

enum dns_ede transfer_judge(const struct world *w, const struct zone *zone,
                            const struct view_address *client, const struct dns_name *signer)
{
    if (zone == NULL)
        return DNS_EDE_NOT_AUTHORITATIVE;
    const struct release_transfer *rules = zone->transfer;
    const struct transfer_zone *page = transfer_book_find(w->book, zone->hash);
    if (rules == NULL || page == NULL)
        return DNS_EDE_PROHIBITED;
    bool has_key = rules->key_count == 0;
    for (size_t i = 0; i < rules->key_count && signer != NULL; i++)
        has_key |= slice_equal(rules->keys[i], dns_name_slice(signer));
    bool is_near = rules->prefix_count == 0 ||
                   view_address_is_in(client, rules->prefixes, rules->prefix_count);
    if (!has_key || !is_near)
        return DNS_EDE_PROHIBITED;
    bool is_plain = page->outsides == 0 && (page->policies == 0 || rules->is_flattened);
    return is_plain ? DNS_EDE_NONE : DNS_EDE_NOT_SUPPORTED;
}

const struct zone *transfer_zone_asked(const struct world *w, const struct dns_query *query,
                                       const struct view *view)
{
    struct slice name = dns_name_slice(&query->qname);
    const struct zone *zone = zone_table_find(w->zones, name, view);
    return zone != NULL && slice_equal(zone->apex, name) ? zone : NULL;
}

bool transfer_is_current(const struct zone *zone, const struct answer_request *request,
                         const struct dns_query *query)
{
    uint32_t serial;
    return !dns_query_ixfr_serial(request->query, query, &serial) ||
           (int32_t)(zone->transfer->serial - serial) <= 0; /* RFC 1982 */
}

/* Cheap: every query over TCP passes here. */
static bool is_asked(struct slice message)
{
    if (message.len < DNS_HEADER_BYTES)
        return false;
    struct slice rest = slice_sub(message, DNS_HEADER_BYTES, message.len);
    size_t name_bytes = dns_name_measure(rest);
    if (name_bytes == 0 || rest.len - name_bytes < 4 || rest.data[name_bytes] != 0)
        return false;
    uint8_t type = rest.data[name_bytes + 1];
    return type == DNS_TYPE_AXFR || type == DNS_TYPE_IXFR;
}

/*
 * Where in the deltas a client's serial lies, the last time: a candidate that was taken back left
 * it there twice. False where the whole zone has to be sent.
 */
static bool find_delta(const struct transfer_zone *page, uint32_t serial, size_t *out)
{
    for (size_t i = page->delta_count; i > 0; i--) {
        if (page->deltas[i - 1]->from == serial) {
            *out = i - 1;
            return true;
        }
    }
    return false;
}

static struct transfer *start(const struct scene *scene, const struct answer_request *request,
                              const struct dns_query *query, const struct zone *zone)
{
    struct transfer *t = NEW(struct transfer);
    uint32_t serial;
    if (!zone_text_soa(scene->offered, zone, &t->soa)) {
        free(t);
        return NULL;
    }
    t->world = scene->offered;
    t->zone = zone;
    t->page = transfer_book_find(t->world->book, zone->hash);
    t->query = *query;
    memcpy(t->query_bytes, query->question.data, query->question.len);
    t->query.question = slice_of(t->query_bytes, query->question.len);
    t->query.qname_sent = slice_of(t->query_bytes, query->qname_sent.len);
    t->query.edns_options = slice_of(NULL, 0);
    t->client = request->view.source;
    t->begun_ns = time_monotonic_ns();
    t->is_whole = query->qtype == DNS_TYPE_AXFR ||
                  !dns_query_ixfr_serial(request->query, query, &serial) ||
                  !find_delta(t->page, serial, &t->delta);
    t->cursor = name_cursor_of(&t->world->names, zone->hash);
    t->rest = buf_slice(&t->soa);
    world_pin(t->world);
    return t;
}

struct transfer *transfer_begin(const struct scene *scene, const struct answer_request *request)
{
    struct dns_query query;
    struct tsig_session session;
    if (!is_asked(request->query) || scene->offered == NULL ||
        dns_query_parse(request->query, &query) != DNS_PARSE_OK ||
        query.opcode != DNS_OPCODE_QUERY || query.qclass != DNS_CLASS_IN ||
        (query.has_edns && query.edns_version > 0) ||
        !answer_settings_allow(scene->settings, &request->view.source))
        return NULL;
    bool is_signed = query.tsig_at != 0;
    if (is_signed && tsig_check_query(scene->tsig_keys, request->query, query.tsig_at,
                                      request->now_unix_s, &session) != TSIG_GOOD)
        return NULL;
    const struct zone *zone = transfer_zone_asked(scene->offered, &query, &request->view);
    const struct dns_name *signer = is_signed ? &session.key.name : NULL;
    if (transfer_judge(scene->offered, zone, &request->view.source, signer) != DNS_EDE_NONE ||
        (query.qtype == DNS_TYPE_IXFR && transfer_is_current(zone, request, &query)))
        return NULL;
    struct transfer *t = start(scene, request, &query, zone);
    if (t != NULL && is_signed) {
        t->session = session;
        t->is_signed = true;
    }
    return t;
}

/* The next text of the middle; false where there is none. */
static bool next_text(struct transfer *t)
{
    struct name_run run;
    if (!t->is_whole) {
        if (t->delta == t->page->delta_count)
            return false;
        t->rest = buf_slice(&t->page->deltas[t->delta++]->text);
        return true;
    }
    if (!name_cursor_next(&t->cursor, &run))
        return false;
    buf_clear(&t->made);
    for (size_t i = 0; i < run.count; i++) {
        struct name_record name = name_run_record(&run, i);
        zone_text_name(t->world, &name, &t->made);
    }
    t->rest = buf_slice(&t->made);
    return true;
}

/* Moves on to the next text with a record; false at the end. */
static bool next_phase(struct transfer *t)
{
    while (t->rest.len == 0) { /* ends: names, deltas and phases do */
        if (t->phase == PHASE_MIDDLE && next_text(t))
            continue;
        if (t->phase == PHASE_OVER)
            return false;
        t->phase++;
        if (t->phase == PHASE_LAST)
            t->rest = buf_slice(&t->soa);
    }
    return true;
}

static uint16_t type_of(const uint8_t *record)
{
    return (uint16_t)(record[0] << 8 | record[1]);
}

/* Writes records until the message is full; false where not even one fits. */
static bool fill(struct transfer *t, struct dns_writer *w)
{
    struct zone_text_record record;
    while (next_phase(t)) {
        struct slice after = t->rest;
        bool is_there = zone_text_next(&after, &record);
        CHECK(is_there);
        dns_writer_record(w, DNS_ANSWER, record.owner, type_of(record.record),
                          record_ttl_s(record.record), record_rdata(record.record));
        if (w->is_full)
            break;
        t->rest = after;
        t->records++;
        if (w->counts[DNS_ANSWER] == UINT16_MAX)
            break;
    }
    w->is_full = false;
    return w->counts[DNS_ANSWER] > 0;
}

size_t transfer_next(struct transfer *t, uint8_t *out, int64_t now_unix_s)
{
    struct dns_writer w;
    if (!next_phase(t))
        return 0;
    size_t limit = DNS_MESSAGE_MAX_BYTES - (t->is_signed ? tsig_bytes(&t->session) : 0);
    dns_writer_start(&w, out, limit, &t->query);
    if (t->query.has_edns)
        dns_writer_reserve(&w, OPT_BYTES);
    if (!fill(t, &w)) {
        t->phase = PHASE_FIRST; /* broken off */
        return 0;
    }
    if (t->query.has_edns)
        dns_writer_opt(&w, ANSWER_UDP_MAX_BYTES, DNS_RCODE_NOERROR, t->query.dnssec_ok,
                       slice_of(NULL, 0));
    dns_writer_finish(&w, DNS_FLAG_AA, DNS_RCODE_NOERROR);
    size_t len = t->is_signed ? tsig_sign(&t->session, out, w.len, now_unix_s) : w.len;
    t->bytes += len;
    t->messages++;
    return len;
}

static void note_end(const struct transfer *t, int64_t now_ns)
{
    char zone[DNS_NAME_TEXT_SIZE];
    char client[INET6_ADDRSTRLEN] = "";
    bool is_done = t->phase == PHASE_OVER && t->rest.len == 0;
    (void)dns_name_format(t->zone->apex, zone);
    (void)inet_ntop(t->client.len == 16 ? AF_INET6 : AF_INET, t->client.bytes, client,
                    sizeof(client));
    LOG(is_done ? LOG_INFO : LOG_WARNING, is_done ? "zone transferred" : "zone transfer broken off",
        LOG_STR("zone", zone), LOG_STR("peer", client),
        LOG_STR("kind", t->is_whole ? "axfr" : "ixfr"),
        LOG_U64("serial", t->zone->transfer->serial), LOG_U64("records", t->records),
        LOG_U64("bytes", t->bytes), LOG_INT("ms", (now_ns - t->begun_ns) / NS_PER_MS));
    metrics_add(METRIC_DNS_TRANSFER_BYTES, t->bytes);
    if (!is_done)
        metrics_add(METRIC_DNS_TRANSFERS_BROKEN, 1);
    else
        metrics_add(t->is_whole ? METRIC_DNS_TRANSFERS_AXFR : METRIC_DNS_TRANSFERS_IXFR, 1);
}

void transfer_free(struct transfer *t, int64_t now_ns)
{
    if (t == NULL)
        return;
    note_end(t, now_ns);
    world_unpin(t->world);
    buf_fini(&t->soa);
    buf_fini(&t->made);
    free(t);
}
