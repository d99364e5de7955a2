// SPDX-License-Identifier: Apache-2.0
// A query and its response: the input is a query; names for the response's records are taken from
// its EDNS options. The response stays within its limit, echoes the question byte for byte, and an
// independent reader finds in it every record that was accepted.
#include "../unit/dns/reader.h"
#include "base/check.h"
#include "dns/edns.h"
#include "dns/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECORD_MAX_COUNT = 64, OPT_BYTES = 11, FILLER_BYTES = 3000 };

/* A record that the writer accepted. */
struct expected {
    struct dns_name owner;
    uint16_t type;
    uint8_t rdata[2 * DNS_NAME_MAX_BYTES + FILLER_BYTES];
    size_t rdata_len;
};

static struct expected expected[RECORD_MAX_COUNT];
static size_t expected_count;
static struct dns_writer writer;
static uint8_t message[DNS_MESSAGE_MAX_BYTES];
static struct reader_record record;

/* Writes a record whose data is `before` bytes, `names` times the name, and `after` bytes. */
static void write_record(struct slice owner, uint16_t type, struct slice name, size_t before,
                         unsigned names, size_t after)
{
    if (expected_count == RECORD_MAX_COUNT)
        return;
    struct expected *e = &expected[expected_count];
    memset(e->rdata, 0, before);
    e->rdata_len = before;
    for (unsigned i = 0; i < names; i++) {
        memcpy(e->rdata + e->rdata_len, name.data, name.len);
        e->rdata_len += name.len;
    }
    memset(e->rdata + e->rdata_len, 0, after);
    e->rdata_len += after;
    memcpy(e->owner.wire, owner.data, owner.len);
    e->owner.len = (uint8_t)owner.len;
    e->type = type;
    struct dns_writer_mark mark = dns_writer_mark(&writer);
    dns_writer_record(&writer, DNS_ANSWER, owner, type, 1, slice_of(e->rdata, e->rdata_len));
    if (writer.is_full) {
        CHECK(writer.len == mark.len);
        dns_writer_rewind(&writer, mark);
        return;
    }
    expected_count++;
}

static void write_records(const struct dns_query *query)
{
    struct slice qname = dns_name_slice(&query->qname);
    write_record(qname, DNS_TYPE_A, qname, 4, 0, 0);
    if (qname.len > 1)
        write_record(dns_name_parent(qname, 1), DNS_TYPE_SOA, qname, 0, 2, 20);
    struct slice rest = query->edns_options;
    struct dns_edns_option option;
    while (dns_edns_next(&rest, &option)) {
        size_t len = dns_name_measure(option.data);
        if (len == 0)
            continue;
        struct slice name = slice_of(option.data.data, len);
        write_record(name, DNS_TYPE_MX, qname, 2, 1, 0);
        write_record(qname, DNS_TYPE_SRV, name, 6, 1, 0);
        write_record(name, DNS_TYPE_TXT, name, option.code % FILLER_BYTES, 0, 0);
        write_record(dns_name_parent(name, len > 1), DNS_TYPE_NS, name, 0, 1, 0);
    }
}

static bool is_same_text(const uint8_t *a, const uint8_t *b, size_t len)
{
    return dns_name_equal(slice_of(a, len), slice_of(b, len));
}

static void read_back(const struct dns_query *query, size_t limit)
{
    CHECK(writer.len <= limit);
    struct reader r = {.data = message, .len = writer.len, .at = DNS_HEADER_BYTES};
    CHECK(reader_u16(&r, 0) == query->id);
    CHECK((reader_u16(&r, 2) & DNS_FLAG_QR) != 0);
    if (reader_u16(&r, 4) == 1) {
        CHECK(memcmp(message + r.at, query->question.data, query->question.len) == 0);
        r.at += query->question.len;
    }
    CHECK(reader_u16(&r, 6) == expected_count);
    uint16_t class = query->qclass == DNS_CLASS_CH ? DNS_CLASS_CH : DNS_CLASS_IN;
    for (size_t i = 0; i < expected_count; i++) {
        const struct expected *e = &expected[i];
        CHECK(reader_record(&r, &record));
        CHECK(record.type == e->type && record.class == class && record.ttl == 1);
        CHECK(record.owner_len == e->owner.len && record.rdata_len == e->rdata_len);
        CHECK(is_same_text(record.owner, e->owner.wire, e->owner.len));
        CHECK(is_same_text(record.rdata, e->rdata, e->rdata_len));
    }
    for (unsigned i = 0; i < reader_u16(&r, 10); i++)
        CHECK(reader_record(&r, &record) && record.type == DNS_TYPE_OPT);
    CHECK(r.at == r.len);
}

static void respond(const struct dns_query *query, size_t limit)
{
    expected_count = 0;
    dns_writer_start(&writer, message, limit, query);
    if (!writer.is_full) {
        dns_writer_reserve(&writer, OPT_BYTES);
        bool has_room = !writer.is_full;
        write_records(query);
        dns_writer_opt(&writer, 1232, DNS_RCODE_BADVERS, query->dnssec_ok, slice_of(NULL, 0));
        CHECK(writer.is_full == !has_room);
    }
    dns_writer_finish(&writer, DNS_FLAG_AA, DNS_RCODE_NOERROR);
    read_back(query, limit);
}

static void respond_error(const struct dns_query *query, size_t limit)
{
    size_t len = dns_write_error(message, limit, query, DNS_RCODE_FORMERR);
    bool fits = DNS_HEADER_BYTES + query->question.len <= limit;
    CHECK(len == DNS_HEADER_BYTES + (fits ? query->question.len : 0));
    if (fits && query->question.len > 0)
        CHECK(memcmp(message + DNS_HEADER_BYTES, query->question.data, query->question.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dns_query query;
    enum dns_parse parse = dns_query_parse(slice_of(data, size), &query);
    if (parse == DNS_PARSE_DROP)
        return 0;
    size_t limits[] = {512, DNS_MESSAGE_MAX_BYTES, DNS_HEADER_BYTES + query.id % 1500U};
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        if (parse == DNS_PARSE_OK && query.question.len > 0)
            respond(&query, limits[i]);
        respond_error(&query, limits[i]);
    }
    return 0;
}
