// SPDX-License-Identifier: Apache-2.0
// Record sets into an answer: each whole or not at all, so that a truncated answer ends on the
// boundary of a set (RFC 2181 section 9). Runs on the UDP and TCP threads and in the trial.
#include "authority/answer_priv.h"

#include "authority/zone_text.h"
#include "base/fault.h"
#include "dns/rdata.h"

/* A compression pointer to the question's name, which always starts right behind the header. */
#define POINTER_TO_QUESTION_BYTES 2
static const uint8_t pointer_to_question[POINTER_TO_QUESTION_BYTES] = {0xc0, DNS_HEADER_BYTES};

#ifdef WEIR_FAULTS
bool answer_is_trial;

/* Injected faults of test builds: a value that crashes the code that answers it. */
static void crash_on_value(const struct record_set *set)
{
    static const struct slice value = SLICE_LIT("weir-fault-crash");
    if (set->type != DNS_TYPE_TXT)
        return;
    struct slice body = slice_of(set->body, set->body_bytes);
    if (memmem(body.data, body.len, value.data, value.len) == NULL)
        return;
    volatile int *volatile nowhere = NULL; /* a store that no compiler leaves out */
    if (FAULT("dns-crash-value") || (!answer_is_trial && FAULT("dns-crash-hidden-from-trial")))
        *nowhere = 0;
}
#endif

/* A number below `count`, even enough for turning a set. */
static unsigned pick(uint64_t random, unsigned count)
{
    return (unsigned)((random & UINT32_MAX) * count >> 32);
}

/* Types whose data holds a name that answers compress (RFC 3597 section 4): all below 16. */
static bool is_compressible(uint16_t type)
{
    static const uint32_t types = 1U << DNS_TYPE_NS | 1U << DNS_TYPE_CNAME | 1U << DNS_TYPE_SOA |
                                  1U << DNS_TYPE_PTR | 1U << DNS_TYPE_MX;
    return type < 32 && (types >> type & 1) != 0;
}

/*
 * The quick way for the commonest answers: records under the question's name, their bytes copied
 * as they lie in memory. The writer's own fields are moved on, as dns_writer_record would.
 */
static bool copy_records(struct dns_writer *w, enum dns_section section,
                         const struct record_set *set, const uint8_t *record)
{
    size_t bytes = set->body_bytes + (size_t)set->count * POINTER_TO_QUESTION_BYTES;
    if (w->is_full || w->limit - w->len < bytes)
        return false;
    const uint8_t *end = set->body + set->body_bytes;
    uint8_t *to = w->data + w->len;
    for (unsigned i = 0; i < set->count; i++) {
        const uint8_t *next = record_next(record);
        memcpy(to, pointer_to_question, POINTER_TO_QUESTION_BYTES);
        memcpy(to + POINTER_TO_QUESTION_BYTES, record, (size_t)(next - record));
        to += POINTER_TO_QUESTION_BYTES + (next - record);
        record = next == end ? set->body : next;
    }
    w->len += bytes;
    dns_writer_count(w, section, set->count);
    return true;
}

/* What a record set is written as. */
struct manner {
    enum dns_section section;
    struct slice owner;
    uint32_t ttl_max_s;
};

/* The record that chance picks. */
static const uint8_t *first_record(const struct answering *a, const struct record_set *set)
{
    const uint8_t *record = set->body;
    unsigned first = set->count > 1 ? pick(a->request->random, set->count) : 0;
    for (unsigned i = 0; i < first; i++)
        record = record_next(record);
    return record;
}

/* A transferred zone's SOA has the serial of transfers; called right behind the record. */
static void set_serial(struct dns_writer *w, const struct zone *zone, uint16_t type)
{
    if (type == DNS_TYPE_SOA && zone->transfer != NULL && !w->is_full)
        zone_soa_set_serial(w->data + w->len, zone->transfer->serial);
}

static void write_records(struct answering *a, const struct manner *manner,
                          const struct record_set *set)
{
    struct dns_writer *w = a->w;
    const uint8_t *record = first_record(a, set);
    const uint8_t *end = set->body + set->body_bytes;
    for (unsigned i = 0; i < set->count && !w->is_full; i++) {
        const uint8_t *next = record_next(record);
        uint32_t ttl_s = min_u32(record_ttl_s(record), manner->ttl_max_s);
        dns_writer_record(w, manner->section, manner->owner, set->type, ttl_s,
                          record_rdata(record));
        set_serial(w, a->zone, set->type);
        record = next == end ? set->body : next;
    }
}

/* The smallest TTL of the sets; records of one set have one. */
static uint32_t smallest_ttl_s(const struct resolution *records)
{
    uint32_t ttl_s = UINT32_MAX;
    for (unsigned i = 0; i < records->count; i++)
        ttl_s = min_u32(ttl_s, record_ttl_s(records->sets[i].body));
    return ttl_s;
}

bool answer_put_records(struct answering *a, enum dns_section section, struct slice owner,
                        const struct resolution *records)
{
    const struct record_set *set = &records->sets[0];
#ifdef WEIR_FAULTS
    crash_on_value(set);
#endif
    bool is_question = owner.data == a->query->qname.wire;
    if (records->count == 1 && is_question && !is_compressible(set->type))
        return copy_records(a->w, section, set, first_record(a, set));
    struct dns_writer_mark mark = dns_writer_mark(a->w);
    const struct manner manner = {
        .section = section, .owner = owner, .ttl_max_s = smallest_ttl_s(records)};
    for (unsigned i = 0; i < records->count && !a->w->is_full; i++)
        write_records(a, &manner, &records->sets[i]);
    if (!a->w->is_full)
        return true;
    dns_writer_rewind(a->w, mark);
    return false;
}

enum resolved answer_find(struct answering *a, const struct name_record *record, uint16_t type,
                          struct resolution *out)
{
    if (!name_record_find(record, type, &out->sets[0]))
        return RESOLVED_NOTHING;
    out->count = 1;
    if (!record_set_is_tree(&out->sets[0]))
        return RESOLVED;
    enum resolved resolved = resolve(a->resolver, &out->sets[0], out);
    if (resolved == RESOLVED_NO_MATCH)
        a->is_absence_short = true;
    if (resolved == RESOLVED_UNUSABLE) {
        a->rcode = DNS_RCODE_SERVFAIL;
        a->ede = DNS_EDE_NO_REACHABLE_AUTHORITY;
    }
    return resolved;
}

/* What a name has of a type for this client, where it has some; false where it does not fit. */
static bool put_further(struct answering *a, const struct name_record *record, uint16_t type)
{
    struct record_set set;
    struct resolution records;
    return !name_record_find(record, type, &set) ||
           resolve(a->resolver, &set, &records) != RESOLVED ||
           answer_put_records(a, DNS_ADDITIONAL, record->owner, &records);
}

/* Address sets of a name; false where one does not fit. */
static bool put_addresses(struct answering *a, const struct name_record *record)
{
    return put_further(a, record, DNS_TYPE_A) && put_further(a, record, DNS_TYPE_AAAA);
}

/* The name in a record's data; empty where the data holds none. */
static struct slice target_of(uint16_t type, const uint8_t *record)
{
    bool is_compressible_name;
    struct slice rdata = record_rdata(record);
    size_t at = dns_rdata_name_offset(type, rdata, &is_compressible_name);
    struct slice rest = slice_of(rdata.data + at, rdata.len - at);
    return slice_of(rest.data, dns_name_measure(rest));
}

/*
 * Glue. Servers named below the delegation can be reached by it alone, so what of it does not fit
 * sets TC (RFC 9471); the addresses of others in this zone only save a query.
 */
void answer_put_referral(struct answering *a, const struct name_record *delegation)
{
    struct resolution servers;
    if (answer_find(a, delegation, DNS_TYPE_NS, &servers) != RESOLVED) {
        a->rcode = DNS_RCODE_SERVFAIL;
        return;
    }
    if (!answer_put_records(a, DNS_AUTHORITY, delegation->owner, &servers)) {
        a->is_truncated = true;
        return;
    }
    const struct record_set *ns = &servers.sets[0]; /* no multivalue set has name servers */
    const uint8_t *at = ns->body;
    for (unsigned i = 0; i < ns->count; i++, at = record_next(at)) {
        struct name_record server;
        struct slice target = target_of(DNS_TYPE_NS, at);
        bool is_ours = dns_name_is_within(target, a->zone->apex) &&
                       world_find(a->world, a->zone, target, &server);
        if (!is_ours || put_addresses(a, &server))
            continue;
        if (dns_name_is_within(target, delegation->owner))
            a->is_truncated = true;
    }
}

/* The apex's SOA record; NULL, and SERVFAIL, where there is none. */
static const uint8_t *find_soa(struct answering *a)
{
    struct name_record apex;
    struct record_set soa;
    if (world_find(a->world, a->zone, a->zone->apex, &apex) &&
        name_record_find(&apex, DNS_TYPE_SOA, &soa) && !record_set_is_tree(&soa))
        return soa.body;
    a->rcode = DNS_RCODE_SERVFAIL;
    return NULL;
}

static void put_soa(struct answering *a, enum dns_section section, const uint8_t *soa,
                    uint32_t ttl_s)
{
    struct dns_writer_mark mark = dns_writer_mark(a->w);
    dns_writer_record(a->w, section, a->zone->apex, DNS_TYPE_SOA, ttl_s, record_rdata(soa));
    if (a->w->is_full) {
        dns_writer_rewind(a->w, mark);
        a->is_truncated = true;
        return;
    }
    set_serial(a->w, a->zone, DNS_TYPE_SOA);
}

void answer_put_soa(struct answering *a)
{
    const uint8_t *soa = find_soa(a);
    if (soa != NULL)
        put_soa(a, DNS_ANSWER, soa, record_ttl_s(soa));
}

void answer_put_absence(struct answering *a)
{
    struct dns_soa fields;
    const uint8_t *soa = find_soa(a);
    if (soa == NULL)
        return;
    dns_soa_read(record_rdata(soa), &fields);
    uint32_t ttl_s = min_u32(record_ttl_s(soa), fields.minimum_s);
    if (a->is_absence_short)
        ttl_s = min_u32(ttl_s, NO_MATCH_TTL_MAX_S);
    put_soa(a, DNS_AUTHORITY, soa, ttl_s);
}

/* What follows a record: a name, and a set of it before its addresses. */
struct further {
    struct slice name; /* empty: nothing */
    uint16_t type;     /* 0: addresses alone */
    bool has_addresses;
};

/* RFC 9460 section 2.5: a target "." is the owner itself, but of an alias, which then has none. */
static struct further further_of_service(const struct answering *a, uint16_t type,
                                         const uint8_t *record)
{
    struct slice rdata = record_rdata(record);
    bool is_alias = rdata.data[0] == 0 && rdata.data[1] == 0;
    struct further further = {.name = target_of(type, record), .has_addresses = true};
    if (is_alias)
        further.type = type;
    if (further.name.len == 1)
        further.name = is_alias ? slice_of(NULL, 0) : answering_name(a);
    return further;
}

/* RFC 3404 section 4.3: "a" leads to addresses, "s" to SRV records, no flag to NAPTR again. */
static struct further further_of_rewriting(const uint8_t *record)
{
    enum { FLAGS_AT = 4 };
    struct slice rdata = record_rdata(record);
    struct further further = {.name = target_of(DNS_TYPE_NAPTR, record)};
    uint8_t flag = rdata.data[FLAGS_AT] == 1 ? rdata.data[FLAGS_AT + 1] : 0;
    if (rdata.data[FLAGS_AT] == 0)
        further.type = DNS_TYPE_NAPTR;
    else if (flag == 's' || flag == 'S')
        further.type = DNS_TYPE_SRV;
    else if (flag == 'a' || flag == 'A')
        further.has_addresses = true;
    else
        further.name = slice_of(NULL, 0);
    return further;
}

static struct further further_of(const struct answering *a, uint16_t type, const uint8_t *record)
{
    if (type == DNS_TYPE_SVCB || type == DNS_TYPE_HTTPS)
        return further_of_service(a, type, record);
    if (type == DNS_TYPE_NAPTR)
        return further_of_rewriting(record);
    return (struct further){.name = target_of(type, record), .has_addresses = true};
}

/* Whether an earlier record led to the same. */
static bool is_known(const struct further *known, unsigned count, const struct further *further)
{
    for (unsigned i = 0; i < count; i++)
        if (known[i].type == further->type && dns_name_equal(known[i].name, further->name))
            return true;
    return false;
}

/* Whether what lies behind the record fits, all of it. */
static bool put_behind(struct answering *a, const struct further *further)
{
    struct name_record host;
    struct name_key key = world_key(a->world, a->zone, further->name);
    bool is_found =
        lookup_name(a->world, a->zone, further->name, &key, DNS_TYPE_A, &host) == LOOKUP_NAME &&
        slice_equal(host.owner, further->name);
    if (!is_found)
        return true;
    if (further->type != 0 && !put_further(a, &host, further->type))
        return false;
    return !further->has_addresses || put_addresses(a, &host);
}

void answer_put_targets(struct answering *a, const struct resolution *records)
{
    struct further known[ADDITIONAL_TARGETS_MAX];
    const struct record_set *set = &records->sets[0];
    const uint8_t *at = set->body;
    unsigned count = min_u32(set->count, ADDITIONAL_TARGETS_MAX);
    for (unsigned i = 0; i < count; i++, at = record_next(at)) {
        known[i] = further_of(a, set->type, at);
        bool is_ours = known[i].name.len > 0 && dns_name_is_within(known[i].name, a->zone->apex);
        if (is_ours && !is_known(known, i, &known[i]) && !put_behind(a, &known[i]))
            return;
    }
}
