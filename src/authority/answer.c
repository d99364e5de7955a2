// SPDX-License-Identifier: Apache-2.0
// The stages of an answer, in order: parse, refuse what is not ours, find the zone, follow the
// name to its end, close the message. Runs on the UDP and TCP threads and in the trial.
#include "authority/answer_priv.h"

#include "authority/answer_settings.h"
#include "authority/transfer.h"
#include "authority/tsig.h"
#include "base/check.h"

#define OPT_BYTES 11 /* root owner, TYPE, CLASS, TTL, RDLENGTH; no options */

/* Bytes that the answer may take, `reserved_bytes` not counted. RFC 6891 section 6.2.3; the cap is
 * ours. */
static size_t answer_limit(const struct answer_request *request, const struct dns_query *query,
                           size_t out_bytes)
{
    if (request->is_tcp)
        return min_size(out_bytes, DNS_MESSAGE_MAX_BYTES) - request->reserved_bytes;
    size_t offered = query->has_edns ? query->edns_udp_bytes : 0;
    offered = max_size(offered, DNS_UDP_PLAIN_BYTES);
    return min_size(out_bytes, min_size(offered, ANSWER_UDP_MAX_BYTES)) - request->reserved_bytes;
}

static void refuse(struct answering *a, enum dns_ede ede)
{
    a->rcode = DNS_RCODE_REFUSED;
    a->ede = (uint16_t)ede;
}

/* What is answered without looking at the question; NOERROR: go on. */
static enum dns_rcode refuse_early(struct answering *a)
{
    const struct dns_query *query = a->query;
    if (!answer_settings_allow(a->scene->settings, &a->request->view.source)) {
        refuse(a, DNS_EDE_PROHIBITED);
        return a->rcode;
    }
    if (query->has_edns && query->edns_version > 0)
        return DNS_RCODE_BADVERS;
    enum dns_rcode rcode = answer_edns_read(a->scene, a->request, query, &a->edns);
    if (rcode != DNS_RCODE_NOERROR) {
        a->edns = (struct answer_edns){0}; /* what was not understood is not echoed */
        return rcode;
    }
    if (query->question.len > 0)
        return DNS_RCODE_NOERROR;
    if (!a->edns.has_cookie)
        return DNS_RCODE_FORMERR;
    /* The client has come for a cookie (RFC 7873 section 5.4). */
    return a->edns.cookie == ANSWER_COOKIE_INVALID ? DNS_RCODE_BADCOOKIE : DNS_RCODE_NOERROR;
}

/* DS at an apex is the parent's to answer, where we host it (RFC 4035 section 3.1.4.1). */
static const struct zone *find_zone(const struct zone_table *zones, const struct view *view,
                                    const struct dns_query *query, const struct zone *guess)
{
    struct slice name = dns_name_slice(&query->qname);
    bool is_guessed = guess != NULL && zone_is_certain(guess, name);
    const struct zone *zone = is_guessed ? guess : zone_table_find(zones, name, view);
    bool is_apex = zone != NULL && zone->apex.len == name.len && name.len > 1;
    if (!is_apex || query->qtype != DNS_TYPE_DS)
        return zone;
    const struct zone *parent = zone_table_find(zones, dns_name_parent(name, 1), view);
    return parent == NULL ? zone : parent;
}

static void put_any_hinfo(struct answering *a)
{
    static const uint8_t rfc8482[] = {7, 'R', 'F', 'C', '8', '4', '8', '2', 0};
    dns_writer_record(a->w, DNS_ANSWER, answering_name(a), DNS_TYPE_HINFO, ANY_HINFO_TTL_S,
                      slice_of(rfc8482, sizeof(rfc8482)));
}

/* ANY over UDP gives one set that fits, else HINFO (RFC 8482); over TCP all sets. */
static void answer_any(struct answering *a, const struct name_record *record)
{
    const uint8_t *at = record->sets;
    bool has_set = false;
    for (unsigned i = 0; i < record->set_count; i++) {
        struct record_set set;
        struct resolution records;
        at = record_set_read(at, &set);
        if (resolve(a->resolver, &set, &records) != RESOLVED)
            continue;
        has_set = true;
        bool is_put = answer_put_records(a, DNS_ANSWER, answering_name(a), &records);
        if (a->request->is_tcp && !is_put)
            a->is_truncated = true;
        if (a->request->is_tcp ? !is_put : is_put)
            return;
    }
    if (!has_set)
        answer_put_absence(a);
    else if (!a->request->is_tcp)
        put_any_hinfo(a);
}

/* Whether the search goes on at the CNAME's target: in this zone, not seen before, not too far. */
static bool follow_cname(struct answering *a, const struct record_set *cname)
{
    struct slice target = record_rdata(cname->body);
    if (a->name_count == ANSWER_NAMES_MAX || !dns_name_is_within(target, a->zone->apex))
        return false;
    for (unsigned i = 0; i < a->name_count; i++) {
        if (slice_equal(a->names[i], target))
            return false;
    }
    a->names[a->name_count++] = target;
    return true;
}

/* Answers from a name that exists. True: a CNAME leads on. */
static bool answer_from_name(struct answering *a, const struct name_record *record)
{
    struct resolution records;
    uint16_t qtype = a->query->qtype;
    if (qtype == DNS_TYPE_ANY) {
        answer_any(a, record);
        return false;
    }
    enum resolved found = RESOLVED_NOTHING;
    if (qtype != DNS_TYPE_CNAME)
        found = answer_find(a, record, DNS_TYPE_CNAME, &records);
    bool is_cname = found == RESOLVED;
    if (found == RESOLVED_NOTHING)
        found = answer_find(a, record, qtype, &records);
    if (found != RESOLVED) {
        answer_put_absence(a);
        return false;
    }
    if (!answer_put_records(a, DNS_ANSWER, answering_name(a), &records)) {
        a->is_truncated = true;
        return false;
    }
    if (is_cname)
        return follow_cname(a, &records.sets[0]);
    if (answer_has_targets(qtype))
        answer_put_targets(a, &records);
    return false;
}

/*
 * What the rate limit counts together: answers of one name, so that a wildcard counts once for all
 * names below it; of all missing names of a zone. Where they lie in memory tells them apart.
 */
static uint64_t kind_of(const struct answering *a, enum lookup_found found,
                        const struct name_record *record)
{
    bool is_name = found != LOOKUP_NXDOMAIN && record->sets != NULL;
    return (uintptr_t)(is_name ? (const void *)record->sets : (const void *)a->zone);
}

/* The words of an explanation for what a name led to. */
static void explain_name(const struct answering *a, enum lookup_found found,
                         const struct name_record *record)
{
    char name[DNS_NAME_TEXT_SIZE];
    char owner[DNS_NAME_TEXT_SIZE];
    (void)dns_name_format(answering_name(a), name);
    if (found == LOOKUP_NXDOMAIN) {
        trace_line(a->request->trace, "%s: no such name in the zone", name);
        return;
    }
    (void)dns_name_format(record->owner, owner);
    if (found == LOOKUP_DELEGATION)
        trace_line(a->request->trace, "%s: delegated at %s", name, owner);
    else if (!dns_name_equal(record->owner, answering_name(a)))
        trace_line(a->request->trace, "%s: the wildcard %s stands for it", name, owner);
    else if (record->set_count == 0)
        trace_line(a->request->trace, "%s: exists for the names below it alone", name);
    else
        trace_line(a->request->trace, "%s: found", name);
}

/* Looks the question up, and each name that a CNAME leads to; the last one decides the RCODE. */
static void answer_from_zone(struct answering *a)
{
    bool goes_on = true;
    struct name_key key = a->begun->key;
    while (goes_on) { /* ends: names[] has room for a bounded number */
        struct name_record record;
        struct slice name = answering_name(a);
        enum lookup_found found =
            lookup_name(a->world, a->zone, name, &key, a->query->qtype, &record);
        if (a->request->trace != NULL)
            explain_name(a, found, &record);
        if (a->kind == 0)
            a->kind = kind_of(a, found, &record);
        goes_on = false;
        switch (found) {
        case LOOKUP_NAME:
            goes_on = answer_from_name(a, &record);
            if (goes_on)
                key = world_key(a->world, a->zone, answering_name(a));
            break;
        case LOOKUP_DELEGATION:
            a->is_referral = true;
            answer_put_referral(a, &record);
            break;
        case LOOKUP_NXDOMAIN:
            a->rcode = DNS_RCODE_NXDOMAIN;
            answer_put_absence(a);
            break;
        }
    }
}

/* What a server says about itself (RFC 4892), where that is switched on. */
static void answer_chaos(struct answering *a)
{
    const struct answer_settings *settings = a->scene->settings;
    struct slice name = dns_name_slice(&a->query->qname);
    struct slice text = slice_of(NULL, 0);
    if (slice_equal(name, SLICE_LIT("\7version\4bind\0")) ||
        slice_equal(name, SLICE_LIT("\7version\6server\0")))
        text = settings == NULL ? text : settings->chaos_version;
    else if (slice_equal(name, SLICE_LIT("\10hostname\4bind\0")) ||
             slice_equal(name, SLICE_LIT("\2id\6server\0")))
        text = settings == NULL ? text : settings->chaos_host;
    bool is_txt = a->query->qtype == DNS_TYPE_TXT || a->query->qtype == DNS_TYPE_ANY;
    if (text.len == 0 || !is_txt) {
        refuse(a, DNS_EDE_NOT_AUTHORITATIVE);
        return;
    }
    dns_writer_record(a->w, DNS_ANSWER, name, DNS_TYPE_TXT, 0, text);
}

/*
 * A transfer that is none: refused; or the SOA alone, to a client of IXFR that has the zone as it
 * is, and to one that asks over UDP (RFC 1995 section 2: it comes again by TCP).
 */
static void answer_transfer(struct answering *a)
{
    const struct dns_query *query = a->query;
    const struct answer_request *request = a->request;
    const struct world *offered = a->scene->offered;
    const struct zone *zone =
        offered == NULL ? NULL : transfer_zone_asked(offered, query, &request->view);
    enum dns_ede ede = DNS_EDE_PROHIBITED;
    if (offered != NULL)
        ede = transfer_judge(offered, zone, &request->view.source, request->signer);
    bool is_soa_enough = query->qtype == DNS_TYPE_IXFR && ede == DNS_EDE_NONE &&
                         (!request->is_tcp || transfer_is_current(zone, request, query));
    if (!is_soa_enough) {
        refuse(a, ede == DNS_EDE_NONE ? DNS_EDE_NOT_SUPPORTED : ede);
        return;
    }
    a->world = offered;
    a->zone = zone;
    answer_put_soa(a);
}

/* Sections of an answer to a question; sets rcode and what else the header tells. */
static void fill(struct answering *a)
{
    const struct dns_query *query = a->query;
    if (query->qclass == DNS_CLASS_CH) {
        answer_chaos(a);
        return;
    }
    if (query->qclass != DNS_CLASS_IN) {
        refuse(a, DNS_EDE_NOT_SUPPORTED);
        return;
    }
    if (query->qtype == DNS_TYPE_AXFR || query->qtype == DNS_TYPE_IXFR) {
        answer_transfer(a);
        return;
    }
    struct tree_verdicts verdicts;
    verdicts.count = 0;
    answer_edns_client(&a->edns, a->request, a->scene, &a->client);
    struct resolver_state resolver = {.scene = a->scene,
                                      .client = &a->client,
                                      .random = a->request->random,
                                      .targets_left = ALIAS_VISITS_MAX,
                                      .levels_left = TREE_LEVELS_MAX,
                                      .branch = a->request->branch,
                                      .verdicts = &verdicts,
                                      .trace = a->request->trace};
    a->resolver = &resolver;
    a->zone = a->begun->zone;
    if (a->zone == NULL) {
        refuse(a, DNS_EDE_NOT_AUTHORITATIVE);
        return;
    }
    if (a->request->trace != NULL)
        trace_line(a->request->trace, "zone: %s", a->zone->id);
    answer_from_zone(a);
    if (a->request->trace != NULL)
        a->request->trace->client = a->client;
}

/* The answer beyond the rate of its kind, which is no larger than its query. */
static void limit(struct answering *a)
{
    if (a->rcode != DNS_RCODE_NOERROR)
        return;
    a->is_truncated = a->edns.cookie_bytes == 0;
    if (!a->is_truncated)
        a->rcode = DNS_RCODE_BADCOOKIE;
}

/* AA: what the first owner in the answer section says is ours to say (RFC 1035 section 4.1.1). */
static uint16_t header_flags(const struct answering *a)
{
    bool is_of_zone = a->rcode == DNS_RCODE_NOERROR || a->rcode == DNS_RCODE_NXDOMAIN;
    bool is_pure_referral = a->is_referral && a->w->counts[DNS_ANSWER] == 0;
    uint16_t flags = is_of_zone && !is_pure_referral ? DNS_FLAG_AA : 0;
    return a->is_truncated ? flags | DNS_FLAG_TC : flags;
}

/* Starts the message, or starts it anew. */
static void start(struct answering *a, uint8_t *out, size_t limit)
{
    dns_writer_start(a->w, out, limit, a->query);
    if (!a->query->has_edns)
        return;
    if (a->w->limit - a->w->len < OPT_BYTES + answer_edns_bytes(&a->edns))
        a->edns = (struct answer_edns){0}; /* a long name and a signature leave no room */
    dns_writer_reserve(a->w, OPT_BYTES + answer_edns_bytes(&a->edns));
}

static void put_opt(struct answering *a)
{
    uint8_t options[EDNS_OUT_MAX_BYTES];
    const struct dns_writer *w = a->w;
    const struct answer_edns_late late = {
        .client = &a->client,
        .ede = a->ede,
        .room_bytes = w->limit + w->reserved_bytes - w->len - OPT_BYTES,
    };
    struct slice written = answer_edns_write(&a->edns, &late, options);
    dns_writer_opt(a->w, ANSWER_UDP_MAX_BYTES, a->rcode, a->query->dnssec_ok, written);
}

/* An answer that is a response code alone. */
static size_t answer_error(const struct dns_query *query, unsigned rcode, uint8_t *out,
                           size_t limit_bytes, struct answer_summary *out_summary)
{
    *out_summary = (struct answer_summary){
        .rcode = rcode, .kind = rcode, .qtype = query->qtype, .zone_counter = METRICS_ZONE_NONE};
    return dns_write_error(out, limit_bytes, query, rcode);
}

static size_t answer_parsed(const struct scene *scene, const struct answer_request *request,
                            const struct answer_begun *begun, uint8_t *out, size_t out_bytes,
                            struct answer_summary *out_summary)
{
    struct dns_writer w;
    const struct dns_query *query = &begun->query;
    struct slice names[ANSWER_NAMES_MAX];
    names[0] = dns_name_slice(&query->qname);
    struct answering a = {.scene = scene,
                          .world = scene->world,
                          .request = request,
                          .begun = begun,
                          .query = query,
                          .w = &w,
                          .names = names,
                          .name_count = 1};
    size_t limit_bytes = answer_limit(request, query, out_bytes);
    a.rcode = refuse_early(&a);
    start(&a, out, limit_bytes);
    if (request->is_limited)
        limit(&a);
    else if (a.rcode == DNS_RCODE_NOERROR && query->question.len > 0)
        fill(&a);
    if (a.rcode == DNS_RCODE_SERVFAIL)
        start(&a, out, limit_bytes); /* nothing of what was found so far can be relied on */
    if (query->has_edns)
        put_opt(&a);
    dns_writer_finish(&w, header_flags(&a), a.rcode);
    *out_summary = (struct answer_summary){.rcode = a.rcode,
                                           .cookie = a.edns.cookie,
                                           .ede = a.ede,
                                           .qtype = query->qtype,
                                           .zone_counter =
                                               a.zone == NULL ? METRICS_ZONE_NONE : a.zone->counter,
                                           .kind = a.kind == 0 ? a.rcode : a.kind,
                                           .is_truncated = a.is_truncated,
                                           .is_referral = a.is_referral};
    return w.len;
}

/* A query with TSIG: checked first, and whatever its answer is, that is signed (RFC 8945). */
static size_t answer_signed(const struct scene *scene, const struct answer_request *request,
                            const struct answer_begun *begun, uint8_t *out, size_t out_bytes,
                            struct answer_summary *out_summary)
{
    struct tsig_session session;
    const struct dns_query *query = &begun->query;
    struct answer_request within = *request;
    enum tsig_verdict verdict = tsig_check_query(scene->tsig_keys, request->query, query->tsig_at,
                                                 request->now_unix_s, &session);
    size_t limit_bytes = answer_limit(request, query, out_bytes);
    if (verdict == TSIG_FORMERR)
        return answer_error(query, DNS_RCODE_FORMERR, out, limit_bytes, out_summary);
    size_t signature_bytes = tsig_bytes(&session);
    if (limit_bytes < DNS_HEADER_BYTES + signature_bytes) /* names that only an unknown key has */
        return answer_error(query, DNS_RCODE_NOTAUTH, out, limit_bytes, out_summary);
    within.reserved_bytes = signature_bytes;
    within.signer = &session.key.name;
    size_t len = verdict == TSIG_GOOD
                     ? answer_parsed(scene, &within, begun, out, out_bytes, out_summary)
                     : answer_error(query, DNS_RCODE_NOTAUTH, out, limit_bytes - signature_bytes,
                                    out_summary);
    return tsig_sign(&session, out, len, request->now_unix_s);
}

void answer_begin(const struct scene *scene, const struct answer_request *request,
                  const struct zone *guess, struct answer_begun *out)
{
    const struct world *world = scene->world;
    out->parsed = dns_query_parse(request->query, &out->query);
    out->zone = NULL;
    if (out->parsed != DNS_PARSE_OK || out->query.question.len == 0)
        return;
    out->zone = find_zone(world->zones, &request->view, &out->query, guess);
    if (out->zone != NULL)
        out->key = world_key(world, out->zone, dns_name_slice(&out->query.qname));
}

void answer_fetch(const struct scene *scene, const struct answer_begun *begun, unsigned count)
{
    const struct name_key *keys[NAME_FETCH_MAX];
    unsigned key_count = 0;
    CHECK(count <= NAME_FETCH_MAX);
    if (scene->world->name_count < NAME_FETCH_LEAST)
        return;
    for (unsigned i = 0; i < count; i++)
        if (begun[i].zone != NULL)
            keys[key_count++] = &begun[i].key;
    name_tree_fetch(&scene->world->names, keys, key_count);
}

size_t answer_finish(const struct scene *scene, const struct answer_request *request,
                     const struct answer_begun *begun, uint8_t *out, size_t out_bytes,
                     struct answer_summary *out_summary)
{
    const struct dns_query *query = &begun->query;
    CHECK(out_bytes >= DNS_UDP_PLAIN_BYTES);
    if (begun->parsed == DNS_PARSE_DROP)
        return 0;
    if (begun->parsed == DNS_PARSE_FORMERR || query->opcode != DNS_OPCODE_QUERY) {
        unsigned rcode = begun->parsed == DNS_PARSE_FORMERR ? DNS_RCODE_FORMERR : DNS_RCODE_NOTIMP;
        return answer_error(query, rcode, out, out_bytes, out_summary);
    }
    if (UNLIKELY(query->tsig_at != 0))
        return answer_signed(scene, request, begun, out, out_bytes, out_summary);
    return answer_parsed(scene, request, begun, out, out_bytes, out_summary);
}

size_t answer(const struct scene *scene, const struct answer_request *request, uint8_t *out,
              size_t out_bytes, struct answer_summary *out_summary)
{
    struct answer_begun begun;
    answer_begin(scene, request, NULL, &begun);
    return answer_finish(scene, request, &begun, out, out_bytes, out_summary);
}
