// SPDX-License-Identifier: Apache-2.0
// The trial of a root. Runs on the one thread of a trial process.
//
// Every question goes to the new root first. The old root is asked only where the new one answers
// badly, to tell what became worse from what always was: so a root that takes a crashing value
// away is not crashed by that very value.
#include "authority/trial.h"

#include "authority/limits.h"
#include "authority/name_diff.h"
#include "authority/outside_table.h"
#include "authority/response.h"
#include "authority/sample_query.h"
#include "authority/tree_record.h"
#include "base/check.h"
#include "health/plan.h"

#include <endian.h>
#include <stdlib.h>

#define QUERY_MAX_BYTES 512
#define OPT_BYTES 11
#define SUBNET_MAX_BYTES 24

/* A type that no record has, for the question whose answer must be that there is none. */
#define TYPE_MISSING 65280 /* private use: RFC 6895 section 3.1 */

/* The ways in which each question is asked. */
static const struct {
    bool is_tcp;
    bool has_edns;
    bool dnssec_ok;
    struct slice subnet; /* a whole client subnet option (RFC 7871), or nothing */
} manners[] = {
    {.is_tcp = false, .has_edns = false},
    {.is_tcp = false, .has_edns = true, .dnssec_ok = true},
    {.is_tcp = true, .has_edns = true},
    {.has_edns = true, .subnet = SLICE_LIT("\0\10\0\7\0\1\30\0\300\0\2")},      /* 192.0.2.0/24 */
    {.has_edns = true, .subnet = SLICE_LIT("\0\10\0\10\0\2\40\0\40\1\15\270")}, /* 2001:db8::/32 */
};

struct trial {
    struct world *before; /* NULL: a first root */
    struct world *after;
    struct world_registries registries; /* of both */
    struct view view;                   /* of the zone in question */
    uint64_t random;
    uint8_t answer[DNS_MESSAGE_MAX_BYTES];
};

static uint8_t *put_u16(uint8_t *to, uint16_t value)
{
    uint16_t value_be = htobe16(value);
    memcpy(to, &value_be, sizeof(value_be));
    return to + sizeof(value_be);
}

/* Writes the query for a question in one of the manners. */
static struct slice make_query(uint8_t out[QUERY_MAX_BYTES], struct slice name, uint16_t type,
                               size_t manner)
{
    bool has_edns = manners[manner].has_edns;
    uint8_t *to = put_u16(out, type); /* the id: anything */
    to = put_u16(to, 0);
    to = put_u16(to, 1);
    to = put_u16(to, 0);
    to = put_u16(to, 0);
    to = put_u16(to, has_edns ? 1 : 0);
    memcpy(to, name.data, name.len);
    to = put_u16(to + name.len, type);
    to = put_u16(to, DNS_CLASS_IN);
    if (has_edns) {
        *to++ = 0;
        to = put_u16(to, DNS_TYPE_OPT);
        to = put_u16(to, ANSWER_UDP_MAX_BYTES);
        to = put_u16(to, 0);
        to = put_u16(to, manners[manner].dnssec_ok ? 0x8000 : 0);
        struct slice subnet = manners[manner].subnet;
        to = put_u16(to, (uint16_t)subnet.len);
        if (subnet.len > 0)
            memcpy(to, subnet.data, subnet.len);
        to += subnet.len;
    }
    _Static_assert(DNS_HEADER_BYTES + DNS_NAME_MAX_BYTES + 4 + OPT_BYTES + SUBNET_MAX_BYTES <=
                       QUERY_MAX_BYTES,
                   "the longest question fits");
    return slice_of(out, (size_t)(to - out));
}

/* Whether an answer is one that no query should get from zones of ours. */
static bool is_bad_rcode(unsigned rcode)
{
    return rcode == DNS_RCODE_SERVFAIL || rcode == DNS_RCODE_FORMERR;
}

/* The finding about a query, in words: "www.example.com. TXT: answer became SERVFAIL". */
static enum err report(struct slice query, const char *what, struct errctx *ec)
{
    struct dns_query q;
    char name[DNS_NAME_TEXT_SIZE];
    char type[DNS_TYPE_TEXT_SIZE];
    if (dns_query_parse(query, &q) != DNS_PARSE_OK || q.question.len == 0)
        return err_set(ec, ERR_INVALID, "malformed query of the sample: %s", what);
    (void)dns_name_format(dns_name_slice(&q.qname), name);
    return err_set(ec, ERR_INVALID, "%s %s: %s", name, dns_type_text(q.qtype, type), what);
}

/* Whether the old root answers the request as badly. Its unreadable chunks count as that. */
static bool was_as_bad(struct trial *t, const struct answer_request *request)
{
    struct answer_summary summary;
    if (t->before == NULL)
        return false;
    const struct scene before = {.world = t->before, .outside = &outside_assumed};
    size_t len = answer(&before, request, t->answer, sizeof(t->answer), &summary);
    return len == 0 || is_bad_rcode(summary.rcode) || world_failure(t->before, NULL) != ERR_OK;
}

/* Answers one request from the new root and judges the answer. */
static enum err ask(struct trial *t, struct answer_request *request, struct errctx *ec)
{
    struct answer_summary summary;
    struct response response;
    request->random = t->random;
    t->random = t->random * 6364136223846793005U + 1442695040888963407U; /* Knuth, MMIX */
    const struct scene after = {.world = t->after, .outside = &outside_assumed};
    size_t limit = request->is_tcp ? sizeof(t->answer) : ANSWER_UDP_MAX_BYTES;
    size_t len = answer(&after, request, t->answer, limit, &summary);
    enum err e = world_failure(t->after, ec);
    if (e != ERR_OK)
        return e;
    if (len == 0)
        return ERR_OK; /* a response among the samples */
    if (!response_parse(slice_of(t->answer, len), &response) || response.rcode != summary.rcode)
        return report(request->query, "malformed answer", ec);
    if (!is_bad_rcode(summary.rcode) || was_as_bad(t, request))
        return ERR_OK;
    bool is_formerr = summary.rcode == DNS_RCODE_FORMERR;
    return report(request->query, is_formerr ? "answer became FORMERR" : "answer became SERVFAIL",
                  ec);
}

static enum err ask_in_all_manners(struct trial *t, struct slice name, uint16_t type,
                                   struct errctx *ec)
{
    for (size_t i = 0; i < ARRAY_LEN(manners); i++) {
        uint8_t bytes[QUERY_MAX_BYTES];
        struct answer_request request = {.query = make_query(bytes, name, type, i),
                                         .view = t->view,
                                         .is_tcp = manners[i].is_tcp};
        enum err e = ask(t, &request, ec);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* Asks for each branch of a group, whatever its policy would choose. */
static enum err ask_branches(struct trial *t, struct slice name, const struct record_set *set,
                             struct errctx *ec)
{
    if (!record_set_is_tree(set) || tree_record_kind(set) != TREE_GROUP)
        return ERR_OK;
    unsigned count = min_u32(group_record_read(set).head.count, TRIAL_BRANCHES_MAX);
    for (unsigned i = 1; i <= count; i++) {
        uint8_t bytes[QUERY_MAX_BYTES];
        struct answer_request request = {.query = make_query(bytes, name, set->type, 0),
                                         .view = t->view,
                                         .is_tcp = true,
                                         .branch = (uint16_t)i};
        enum err e = ask(t, &request, ec);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* Asks `name` for each type that the record holds. */
static enum err ask_types(struct trial *t, struct slice name, const struct name_record *record,
                          struct errctx *ec)
{
    const uint8_t *at = record->sets;
    unsigned count = min_u32(record->set_count, TRIAL_TYPES_MAX);
    for (unsigned i = 0; i < count; i++) {
        struct record_set set;
        at = record_set_read(at, &set);
        enum err e = ask_in_all_manners(t, name, set.type, ec);
        if (e == ERR_OK)
            e = ask_branches(t, name, &set, ec);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* "weir-trial." before the name; false where that is too long. */
static bool name_below(struct slice parent, struct dns_name *out)
{
    static const uint8_t label[] = {10, 'w', 'e', 'i', 'r', '-', 't', 'r', 'i', 'a', 'l'};
    if (sizeof(label) + parent.len > DNS_NAME_MAX_BYTES)
        return false;
    memcpy(out->wire, label, sizeof(label));
    memcpy(out->wire + sizeof(label), parent.data, parent.len);
    out->len = (uint8_t)(sizeof(label) + parent.len);
    return true;
}

/* What any name is asked: a type that it lacks, ANY, and a name below it. */
static enum err ask_around(struct trial *t, struct slice owner, struct errctx *ec)
{
    struct dns_name below;
    enum err e = ask_in_all_manners(t, owner, TYPE_MISSING, ec);
    if (e == ERR_OK)
        e = ask_in_all_manners(t, owner, DNS_TYPE_ANY, ec);
    if (e != ERR_OK || !name_below(owner, &below))
        return e;
    return ask_in_all_manners(t, dns_name_slice(&below), DNS_TYPE_A, ec);
}

/* A name that the wildcard stands for, as far as there is no closer one. */
static enum err ask_covered(struct trial *t, const struct name_record *wildcard, struct errctx *ec)
{
    struct dns_name covered;
    if (!name_below(dns_name_parent(wildcard->owner, 1), &covered))
        return ERR_OK;
    return ask_types(t, dns_name_slice(&covered), wildcard, ec);
}

/* A client that sees the zone: one of its networks, or at one of its addresses. */
static struct view view_of(const struct zone *zone)
{
    static const struct view_address nobody = {.len = 4};
    struct view view = {.local = nobody, .source = nobody};
    if (zone != NULL && zone->address_count > 0)
        view.local = zone->addresses[0];
    if (zone != NULL && zone->source_count > 0) {
        memcpy(view.source.bytes, zone->sources[0].address, sizeof(view.source.bytes));
        view.source.len = zone->sources[0].bytes;
    }
    return view;
}

static const struct zone *zone_of(const struct trial *t, uint64_t hash)
{
    const struct zone *zone = zone_table_by_hash(t->after->zones, hash);
    if (zone == NULL && t->before != NULL)
        zone = zone_table_by_hash(t->before->zones, hash);
    return zone;
}

/* A name that is new, changed or gone: the types it holds there, and what surrounds it. */
static enum err try_name(void *user, const struct name_key *key, const struct name_record *record,
                         struct errctx *ec)
{
    struct trial *t = user;
    t->view = view_of(zone_of(t, key->zone));
    enum err e = ask_types(t, record->owner, record, ec);
    if (e == ERR_OK && dns_name_is_wildcard(record->owner))
        e = ask_covered(t, record, ec);
    return e == ERR_OK ? ask_around(t, record->owner, ec) : e;
}

static enum err try_names(struct trial *t, struct errctx *ec)
{
    static const struct name_tree nothing = {.top = NULL};
    const struct name_diff_visitor visitor = {.on_name = try_name, .user = t};
    const struct name_tree *before = t->before == NULL ? &nothing : &t->before->names;
    enum err e = name_diff(&t->after->names, before, TRIAL_NAMES_MAX, &visitor, ec);
    return e == ERR_OK ? name_diff(before, &t->after->names, TRIAL_NAMES_MAX, &visitor, ec) : e;
}

static enum err try_zone(struct trial *t, const struct zone *zone, struct errctx *ec)
{
    t->view = view_of(zone);
    enum err e = ask_in_all_manners(t, zone->apex, DNS_TYPE_SOA, ec);
    if (e == ERR_OK)
        e = ask_in_all_manners(t, zone->apex, DNS_TYPE_NS, ec);
    return e == ERR_OK ? ask_around(t, zone->apex, ec) : e;
}

/* Zones of one table that the other holds differently or not at all, evenly spaced if many. */
static enum err try_zones_of(struct trial *t, const struct zone_table *table,
                             const struct zone_table *other, struct errctx *ec)
{
    size_t step = 1 + table->zone_count / TRIAL_ZONES_MAX;
    size_t differing = 0;
    for (size_t i = 0; i < table->zone_count; i++) {
        const struct zone *zone = table->zones[i];
        const struct zone *twin = other == NULL ? NULL : zone_table_by_hash(other, zone->hash);
        if (twin != NULL && slice_equal(twin->encoded, zone->encoded))
            continue;
        if (differing++ >= TRIAL_ZONES_MAX && i % step != 0)
            continue;
        enum err e = try_zone(t, zone, ec);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static enum err try_zones(struct trial *t, struct errctx *ec)
{
    const struct zone_table *before = t->before == NULL ? NULL : t->before->zones;
    if (before == t->after->zones)
        return ERR_OK;
    enum err e = try_zones_of(t, t->after->zones, before, ec);
    if (e != ERR_OK || before == NULL)
        return e;
    return try_zones_of(t, before, t->after->zones, ec);
}

static enum err try_samples(struct trial *t, const struct sample_ring *samples, struct errctx *ec)
{
    for (unsigned i = 0; i < SAMPLE_COUNT; i++) {
        uint8_t bytes[SAMPLE_MAX_BYTES];
        struct answer_request request;
        if (!sample_query_get(samples, i, bytes, &request))
            continue;
        enum err e = ask(t, &request, ec);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static enum err try_all(struct trial *t, const struct sample_ring *samples, struct errctx *ec)
{
    enum err e = try_zones(t, ec);
    if (e == ERR_OK)
        e = try_names(t, ec);
    /* A first root has no traffic to compare with. */
    if (e == ERR_OK && samples != NULL && t->before != NULL)
        e = try_samples(t, samples, ec);
    return e;
}

static enum err open_worlds(struct trial *t, const struct role_root *before,
                            const struct role_root *after, struct errctx *ec)
{
    /* An old root that cannot be read is as none: it must not keep a new one out. */
    struct errctx old_ec = {0};
    bool has_before = before != NULL && before->hash != NULL;
    const struct world_source new = {
        .root = after->hash, .chunks = after->source, .registries = t->registries};
    if (has_before) {
        const struct world_source old = {
            .root = before->hash, .chunks = before->source, .registries = t->registries};
        if (world_open(&old, NULL, &t->before, &old_ec) != ERR_OK)
            t->before = NULL;
    }
    return world_open(&new, t->before, &t->after, ec);
}

static bool is_same_trie(const struct trie_ref *a, const struct trie_ref *b)
{
    return memcmp(a->chunk.bytes, b->chunk.bytes, sizeof(a->chunk.bytes)) == 0;
}

/* Reads the health checks and checkers of the new root, where the old one does not have them. */
static enum err try_plan(const struct role_root *before, const struct role_root *after,
                         struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    struct release_root old = {0};
    struct release_root new;
    struct health_plan *plan;
    struct errctx old_ec = {0};
    bool has_before = before != NULL && before->hash != NULL &&
                      world_read_root(&a, before->hash, before->source, &old, &old_ec) == ERR_OK;
    enum err e = world_read_root(&a, after->hash, after->source, &new, ec);
    if (e != ERR_OK)
        return e;
    if (has_before &&
        is_same_trie(&old.tries[RELEASE_HEALTH_CHECK], &new.tries[RELEASE_HEALTH_CHECK]) &&
        is_same_trie(&old.tries[RELEASE_CHECKER], &new.tries[RELEASE_CHECKER]))
        return ERR_OK;
    e = health_plan_load(&new, after->source, NULL, &plan, ec);
    if (e == ERR_OK)
        health_plan_unref(plan);
    return e;
}

enum err trial_run(const struct role_root *before, const struct role_root *after,
                   const struct sample_ring *samples, struct errctx *ec)
{
    static struct trial t; /* one trial a process; a whole TCP answer is no thing for a stack */
    CHECK(t.before == NULL && t.after == NULL);
    t.random = 0;
    t.registries = (struct world_registries){
        .health = registry_new(), .outside = registry_new(), .locations = registry_new()};
#ifdef WEIR_FAULTS
    answer_is_trial = true;
#endif
    enum err e = open_worlds(&t, before, after, ec);
    if (e == ERR_OK)
        e = try_plan(before, after, ec);
    if (e == ERR_OK)
        e = try_all(&t, samples, ec);
    world_free(t.after);
    world_free(t.before);
    registry_free(t.registries.health);
    registry_free(t.registries.outside);
    registry_free(t.registries.locations);
    t.before = NULL;
    t.after = NULL;
    return e;
}
