// SPDX-License-Identifier: Apache-2.0
// Releases in memory, and answers as text. What must hold is CHECKed rather than asserted, because
// a fuzz target uses this file, too.

#include "fixture.h"

#include "dns/edns_subnet.h"

#include "authority/limits.h"
#include "base/alloc.h"
#include "base/check.h"
#include "dns/rdata.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

static enum err get_chunk(void *user, struct arena *a, const struct chunk_hash *hash,
                          struct slice *out, struct errctx *ec)
{
    struct fixture *f = user;
    const struct slice *bytes = map_get(&f->chunks, slice_of(hash->bytes, sizeof(hash->bytes)));
    f->reads++;
    if (bytes == NULL)
        return err_set(ec, ERR_NOT_FOUND, "chunk is not there");
    *out = arena_copy(a, *bytes);
    return ERR_OK;
}

static enum err put_chunk(void *user, const struct chunk_hash *hash, struct slice bytes,
                          struct errctx *ec)
{
    (void)ec;
    struct fixture *f = user;
    struct slice *copy = ARENA_NEW(&f->arena, struct slice);
    *copy = arena_copy(&f->arena, bytes);
    (void)map_put(&f->chunks, slice_of(hash->bytes, sizeof(hash->bytes)), copy);
    return ERR_OK;
}

void fixture_init(struct fixture *f)
{
    *f = (struct fixture){0};
    arena_init(&f->arena);
    map_init(&f->chunks);
    f->sets = mem_new(FIXTURE_SETS_MAX, sizeof(*f->sets));
    f->source = (struct chunk_source){.get = get_chunk, .user = f};
    f->registries.health = registry_new();
    f->registries.outside = registry_new();
    f->registries.locations = registry_new();
}

const struct world_source *fixture_source(struct fixture *f, const struct chunk_hash *root)
{
    f->world_source =
        (struct world_source){.root = root, .chunks = &f->source, .registries = f->registries};
    return &f->world_source;
}

void fixture_fini(struct fixture *f)
{
    free(f->sets);
    registry_free(f->registries.health);
    registry_free(f->registries.outside);
    registry_free(f->registries.locations);
    map_fini(&f->chunks);
    arena_fini(&f->arena);
}

static struct dns_name name_of(const char *text)
{
    struct dns_name name;
    CHECK(dns_name_parse(slice_str(text), &name, NULL) == ERR_OK);
    return name;
}

static uint16_t type_of(const char *text)
{
    uint16_t type;
    CHECK(dns_type_parse(slice_str(text), &type));
    return type;
}

struct release_zone *fixture_zone(struct fixture *f, const char *id, const char *apex)
{
    CHECK(f->zone_count < FIXTURE_ZONES_MAX);
    struct dns_name name = name_of(apex);
    struct release_zone *zone = &f->zones[f->zone_count];
    *zone = (struct release_zone){
        .id = id, .apex = arena_copy(&f->arena, dns_name_slice(&name)), .order = f->zone_count};
    f->zone_count++;
    return zone;
}

struct release_zone *fixture_whole_zone(struct fixture *f, const char *id, const char *apex)
{
    struct release_zone *zone = fixture_zone(f, id, apex);
    fixture_value(f, id, apex, "SOA", 900, "ns-1.weir.test. hostmaster.weir.test. 1 2 3 4 60");
    fixture_value(f, id, apex, "NS", 172800, "ns-1.weir.test.");
    return zone;
}

/* The place of a set: the one that is there, or a new one. */
static struct fixture_set *place_of(struct fixture *f, const char *zone_id, const char *owner,
                                    const char *type)
{
    struct dns_name name = name_of(owner);
    struct fixture_set wanted = {.zone_id = zone_id, .owner = name, .set = {.type = type_of(type)}};
    for (size_t i = 0; i < f->set_count; i++) {
        struct fixture_set *s = &f->sets[i];
        bool is_it = strcmp(s->zone_id, zone_id) == 0 && s->set.type == wanted.set.type &&
                     dns_name_equal(dns_name_slice(&s->owner), dns_name_slice(&name));
        if (is_it) {
            *s = wanted;
            return s;
        }
    }
    CHECK(f->set_count < FIXTURE_SETS_MAX);
    f->sets[f->set_count] = wanted;
    return &f->sets[f->set_count++];
}

void fixture_set(struct fixture *f, const char *zone_id, const char *owner, const char *type,
                 uint32_t ttl_s, const char *const *values)
{
    struct fixture_set *s = place_of(f, zone_id, owner, type);
    size_t count = 0;
    while (values[count] != NULL)
        count++;
    s->set.ttl_s = ttl_s;
    s->set.rdata_count = count;
    s->set.rdata = arena_array(&f->arena, count, sizeof(*s->set.rdata));
    for (size_t i = 0; i < count; i++) {
        struct errctx ec = {0};
        enum err e =
            dns_rdata_parse(&f->arena, s->set.type, slice_str(values[i]), &s->set.rdata[i], &ec);
        if (e != ERR_OK)
            CHECK_MSG(false, "%s: %s", values[i], ec.text);
    }
}

void fixture_value(struct fixture *f, const char *zone_id, const char *owner, const char *type,
                   uint32_t ttl_s, const char *value)
{
    fixture_set(f, zone_id, owner, type, ttl_s, (const char *const[]){value, NULL});
}

void fixture_alias(struct fixture *f, const char *zone_id, const char *owner, const char *type,
                   const char *target_zone_id, const char *target)
{
    struct dns_name name = name_of(target);
    struct fixture_set *s = place_of(f, zone_id, owner, type);
    s->set.is_alias = true;
    s->set.alias_zone_id = target_zone_id;
    s->set.alias_name = arena_copy(&f->arena, dns_name_slice(&name));
}

struct release_set *fixture_branch(struct fixture *f, const char *owner, const char *type,
                                   enum release_policy policy, const char *identifier)
{
    CHECK(f->set_count < FIXTURE_SETS_MAX);
    struct fixture_set *s = &f->sets[f->set_count++];
    *s = (struct fixture_set){.zone_id = "Z1", .owner = name_of(owner)};
    s->set = (struct release_set){
        .type = type_of(type), .ttl_s = 60, .policy = policy, .identifier = identifier};
    return &s->set;
}

void fixture_branch_value(struct fixture *f, struct release_set *set, const char *value)
{
    set->rdata = arena_array(&f->arena, 1, sizeof(*set->rdata));
    set->rdata_count = 1;
    CHECK(dns_rdata_parse(&f->arena, set->type, slice_str(value), &set->rdata[0], NULL) == ERR_OK);
}

void fixture_branch_alias(struct fixture *f, struct release_set *set, const char *target,
                          bool evaluates)
{
    struct dns_name name = name_of(target);
    set->ttl_s = 0;
    set->is_alias = true;
    set->alias_zone_id = "Z1";
    set->alias_name = arena_copy(&f->arena, dns_name_slice(&name));
    set->alias_evaluate_health = evaluates;
}

void fixture_remove(struct fixture *f, const char *zone_id, const char *owner, const char *type)
{
    place_of(f, zone_id, owner, type)->is_removed = true;
}

/* The changes that make a trie of nothing. */
struct changes {
    struct trie_change *items;
    size_t count;
    size_t capacity;
};

static void add_change(struct changes *c, struct trie_change change)
{
    if (c->count == c->capacity) {
        c->capacity = c->capacity == 0 ? 64 : 2 * c->capacity;
        c->items = mem_resize(c->items, c->capacity, sizeof(*c->items));
    }
    c->items[c->count++] = change;
}

static const struct trie_seed seed = {.bytes = "sixteen bytes!!"};

static int compare_sets(const void *a, const void *b)
{
    const struct release_set *left = a;
    const struct release_set *right = b;
    if (left->type != right->type || left->identifier == NULL)
        return (left->type > right->type) - (left->type < right->type);
    return strcmp(left->identifier, right->identifier);
}

/* Adds the name with all its sets once; an empty non-terminal has none. */
static void add_name(struct fixture *f, struct changes *c, const char *zone_id, struct slice owner)
{
    struct trie_key key = trie_key_of(&seed, slice_str(zone_id), owner);
    for (size_t i = 0; i < c->count; i++) {
        if (memcmp(&c->items[i].key, &key, sizeof(key)) == 0)
            return;
    }
    struct release_name name = {.owner = owner};
    name.sets = arena_array(&f->arena, FIXTURE_NAME_SETS_MAX, sizeof(*name.sets));
    for (size_t i = 0; i < f->set_count; i++) {
        const struct fixture_set *s = &f->sets[i];
        if (!s->is_removed && strcmp(s->zone_id, zone_id) == 0 &&
            dns_name_equal(dns_name_slice(&s->owner), owner))
            name.sets[name.set_count++] = s->set;
        CHECK(name.set_count < FIXTURE_NAME_SETS_MAX);
    }
    qsort(name.sets, name.set_count, sizeof(*name.sets), compare_sets);
    add_change(c, (struct trie_change){.key = key,
                                       .id = release_name_id(&f->arena, zone_id, owner),
                                       .value = release_name_encode(&f->arena, &name)});
}

static void add_names(struct fixture *f, struct changes *c)
{
    for (size_t i = 0; i < f->set_count; i++) {
        const struct fixture_set *s = &f->sets[i];
        const struct release_zone *zone = NULL;
        for (size_t k = 0; k < f->zone_count; k++)
            zone = strcmp(f->zones[k].id, s->zone_id) == 0 ? &f->zones[k] : zone;
        CHECK(zone != NULL);
        struct slice owner = dns_name_slice(&s->owner);
        while (!s->is_removed && owner.len >= zone->apex.len) {
            add_name(f, c, s->zone_id, arena_copy(&f->arena, owner));
            if (owner.len == zone->apex.len)
                break;
            owner = dns_name_parent(owner, 1);
        }
    }
}

static struct trie_ref build_trie(struct fixture *f, struct changes *c)
{
    struct trie_ref nothing = {0};
    struct trie_ref out = {0};
    const struct chunk_sink sink = {.put = put_chunk, .user = f};
    const struct trie_io io = {.source = &f->source, .sink = &sink};
    if (c->count > 0)
        CHECK(trie_update(&nothing, c->items, c->count, &io, &out, NULL) == ERR_OK);
    free(c->items);
    return out;
}

const struct slice fixture_check_id = SLICE_LIT("0191f1a2-b3c4-d5e6-f708-090a0b0c0d0e");

struct chunk_hash fixture_build(struct fixture *f)
{
    struct chunk_hash hash;
    struct changes zones = {0};
    struct changes names = {0};
    struct release_root root = {.seed = seed};
    for (size_t i = 0; i < f->zone_count; i++) {
        struct slice id = slice_str(f->zones[i].id);
        add_change(&zones,
                   (struct trie_change){.key = trie_key_of(&seed, id, slice_of("", 0)),
                                        .id = id,
                                        .value = release_zone_encode(&f->arena, &f->zones[i])});
    }
    add_names(f, &names);
    struct changes collections = {0};
    for (size_t i = 0; i < f->collection_count; i++) {
        const struct release_cidr_collection *c = &f->collections[i];
        add_change(&collections, (struct trie_change){
                                     .key = trie_key_of(&seed, slice_str(c->id), slice_of("", 0)),
                                     .id = slice_str(c->id),
                                     .value = release_cidr_collection_encode(&f->arena, c)});
    }
    struct changes checks = {0};
    if (f->health_check.len > 0)
        add_change(&checks, (struct trie_change){
                                .key = trie_key_of(&seed, fixture_check_id, slice_of("", 0)),
                                .id = fixture_check_id,
                                .value = f->health_check});
    root.tries[RELEASE_HEALTH_CHECK] = build_trie(f, &checks);
    root.tries[RELEASE_CIDR_COLLECTION] = build_trie(f, &collections);
    root.tries[RELEASE_ZONE] = build_trie(f, &zones);
    root.tries[RELEASE_NAME] = build_trie(f, &names);
    struct slice bytes = release_root_encode(&f->arena, &root, &hash);
    CHECK(put_chunk(f, &hash, bytes, NULL) == ERR_OK);
    return hash;
}

struct world *fixture_world(struct fixture *f)
{
    struct world *w = NULL;
    struct errctx ec = {0};
    struct chunk_hash root = fixture_build(f);
    if (world_load(fixture_source(f, &root), NULL, &w, &ec) != ERR_OK)
        CHECK_MSG(false, "%s", ec.text);
    return w;
}

void fixture_lose(struct fixture *f, const struct chunk_hash *hash)
{
    CHECK(map_remove(&f->chunks, slice_of(hash->bytes, sizeof(hash->bytes))) != NULL);
}

static void put_u16(struct buf *b, unsigned value)
{
    buf_append_byte(b, (uint8_t)(value >> 8));
    buf_append_byte(b, (uint8_t)value);
}

/* The whole option of a client subnet, until the next call. */
static struct slice subnet_option(const char *text)
{
    static uint8_t bytes[DNS_EDNS_OPTION_FIXED_BYTES + DNS_EDNS_SUBNET_MAX_BYTES];
    char address[INET6_ADDRSTRLEN] = "";
    size_t address_chars = strcspn(text, "/");
    CHECK(address_chars < sizeof(address) && text[address_chars] == '/');
    memcpy(address, text, address_chars);
    struct dns_edns_subnet subnet = {.source_length = (uint8_t)atoi(text + address_chars + 1)};
    subnet.family = strchr(address, ':') == NULL ? 1 : 2;
    CHECK(inet_pton(subnet.family == 1 ? AF_INET : AF_INET6, address, subnet.address) == 1);
    for (unsigned bit = subnet.source_length; bit < 128; bit++)
        subnet.address[bit / 8] &= (uint8_t) ~(0x80U >> (bit % 8));
    size_t len = dns_edns_subnet_write(&subnet, 0, bytes + DNS_EDNS_OPTION_FIXED_BYTES);
    const uint8_t head[] = {0, DNS_EDNS_SUBNET, 0, (uint8_t)len};
    memcpy(bytes, head, sizeof(head));
    return slice_of(bytes, sizeof(head) + len);
}

struct slice question_bytes(const struct question *q, uint8_t out[600])
{
    AUTO_BUF struct buf b = {0};
    struct dns_name name = name_of(q->name);
    /* dns_name_parse makes letters small; the question keeps those of the text. */
    for (size_t i = 0, at = 1; q->name[i] != '\0' && at < name.len; i++, at++) {
        if (q->name[i] >= 'A' && q->name[i] <= 'Z')
            name.wire[at] = (uint8_t)q->name[i];
    }
    put_u16(&b, 0x1234);
    put_u16(&b, q->flags);
    put_u16(&b, 1);
    put_u16(&b, 0);
    put_u16(&b, 0);
    bool has_edns = q->has_edns || q->subnet != NULL;
    put_u16(&b, has_edns ? 1 : 0);
    buf_append(&b, dns_name_slice(&name));
    put_u16(&b, strcmp(q->type == NULL ? "A" : q->type, "ANY") == 0
                    ? DNS_TYPE_ANY
                    : type_of(q->type == NULL ? "A" : q->type));
    put_u16(&b, q->class == 0 ? DNS_CLASS_IN : q->class);
    if (has_edns) {
        struct slice options = q->subnet == NULL ? slice_of(NULL, 0) : subnet_option(q->subnet);
        buf_append_byte(&b, 0);
        put_u16(&b, DNS_TYPE_OPT);
        put_u16(&b, q->edns_bytes);
        put_u16(&b, q->edns_version);
        put_u16(&b, q->dnssec_ok ? 0x8000 : 0);
        put_u16(&b, (uint16_t)options.len);
        buf_append(&b, options);
    }
    struct slice bytes = buf_slice(&b);
    CHECK(bytes.data != NULL && bytes.len <= 600);
    memcpy(out, bytes.data, bytes.len);
    return slice_of(out, bytes.len);
}

static struct view_address address_of(const char *text)
{
    struct view_address a = {.len = 4};
    if (inet_pton(AF_INET, text, a.bytes) == 1)
        return a;
    a.len = 16;
    CHECK(inet_pton(AF_INET6, text, a.bytes) == 1);
    return a;
}

struct view question_view(const struct question *q)
{
    return (struct view){.local = address_of(q->local == NULL ? "192.0.2.1" : q->local),
                         .source = address_of(q->source == NULL ? "192.0.2.1" : q->source)};
}

/* The data with its names written out. */
static struct slice plain_rdata(struct arena *a, const struct response *r,
                                const struct response_record *record)
{
    struct buf b = {0};
    bool is_compressible;
    size_t skip = dns_rdata_name_offset(record->type, record->rdata, &is_compressible);
    if (!is_compressible)
        return record->rdata;
    size_t start = (size_t)(record->rdata.data - r->message.data);
    size_t at = start + skip;
    buf_append(&b, slice_sub(record->rdata, 0, skip));
    for (unsigned i = 0; i < (record->type == DNS_TYPE_SOA ? 2U : 1U); i++) {
        struct dns_name name;
        at = response_name(r->message, at, &name);
        buf_append(&b, dns_name_slice(&name));
    }
    buf_append(&b, slice_sub(record->rdata, at - start, record->rdata.len));
    struct slice plain = arena_copy(a, buf_slice(&b));
    buf_fini(&b);
    return plain;
}

/* " scope 24" of OPT data with a client subnet. */
static const char *scope_text(struct arena *a, struct slice options)
{
    struct dns_edns_option option;
    while (dns_edns_next(&options, &option)) {
        if (option.code == DNS_EDNS_SUBNET)
            return arena_printf(a, " scope %u", option.data.data[3]);
    }
    return "";
}

static char *render_record(struct arena *a, const struct response *r,
                           const struct response_record *record)
{
    static const char *const sections[] = {"QD", "AN", "NS", "AR"};
    char owner[DNS_NAME_TEXT_SIZE];
    char type[DNS_TYPE_TEXT_SIZE];
    if (record->type == DNS_TYPE_OPT)
        return arena_printf(a, "OPT %u%s%s\n", record->class,
                            (record->ttl_s & 0x8000) != 0 ? " do" : "",
                            scope_text(a, record->rdata));
    (void)dns_name_format(dns_name_slice(&record->owner), owner);
    struct slice value = SLICE_LIT("?");
    if (dns_type_is_hosted(record->type))
        value = dns_rdata_format(a, record->type, plain_rdata(a, r, record));
    return arena_printf(a, "%s %s %u %s %.*s\n", sections[record->section], owner, record->ttl_s,
                        dns_type_text(record->type, type), SLICE_FMT(value));
}

static int compare_lines(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

static int section_order(const char *line)
{
    return line[0] == 'O' ? 4 : line[0] == 'N' ? 2 : line[1] == 'N' ? 1 : 3;
}

static const char *render(const struct response *r)
{
    static char text[ANSWER_TEXT_SIZE];
    AUTO_ARENA struct arena a = {0};
    char *lines[4096];
    size_t count = 0;
    size_t at = 0;
    unsigned index = 0;
    struct response_record record;
    while (response_next(r, &at, &index, &record)) {
        CHECK(count < ARRAY_LEN(lines));
        lines[count++] = render_record(&a, r, &record);
    }
    qsort(lines, count, sizeof(lines[0]), compare_lines);
    int len = snprintf(text, sizeof(text), "%s%s%s%s\n", dns_rcode_text(r->rcode),
                       (r->flags & DNS_FLAG_AA) != 0 ? " aa" : "",
                       (r->flags & DNS_FLAG_TC) != 0 ? " tc" : "",
                       (r->flags & DNS_FLAG_RD) != 0 ? " rd" : "");
    for (int section = 1; section <= 4; section++) {
        for (size_t i = 0; i < count; i++) {
            if (section_order(lines[i]) == section)
                len += snprintf(text + len, sizeof(text) - (size_t)len, "%s", lines[i]);
        }
    }
    return text;
}

const struct answer_settings *ask_settings;
struct scene ask_parts;

const char *ask_bytes(const struct world *w, const struct answer_request *request)
{
    static uint8_t out[DNS_MESSAGE_MAX_BYTES];
    struct answer_summary summary;
    struct response r;
    size_t limit = request->is_tcp ? sizeof(out) : ANSWER_UDP_MAX_BYTES;
    struct scene scene = ask_parts;
    scene.world = w;
    scene.settings = ask_settings;
    if (ask_settings != NULL)
        cookie_keys_make(&scene.cookies, SLICE_LIT("seed"), ASK_NOW_UNIX_S);
    size_t len = answer(&scene, request, out, limit, &summary);
    if (len == 0)
        return NULL;
    CHECK(len <= limit);
    if (!response_parse(slice_of(out, len), &r))
        CHECK_MSG(false, "the answer does not parse");
    CHECK(r.rcode == summary.rcode);
    CHECK(((r.flags & DNS_FLAG_TC) != 0) == summary.is_truncated);
    if (r.question.len > 0)
        CHECK(memcmp(r.question.data, request->query.data + DNS_HEADER_BYTES, r.question.len) == 0);
    CHECK(r.id == (request->query.data[0] << 8 | request->query.data[1]));
    return render(&r);
}

const char *ask(const struct world *w, const struct question *q)
{
    uint8_t bytes[600];
    struct answer_request request = {.query = question_bytes(q, bytes),
                                     .view = question_view(q),
                                     .is_tcp = q->is_tcp,
                                     .random = q->random};
    const char *text = ask_bytes(w, &request);
    CHECK(text != NULL);
    return text;
}

const char *ask_simply(const struct world *w, const char *name, const char *type)
{
    return ask(w, &(struct question){.name = name, .type = type});
}
