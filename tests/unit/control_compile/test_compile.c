// SPDX-License-Identifier: Apache-2.0
// The compiler over a real store: content decides the root, whichever way led to it.
#include "aws/cf_distribution.h"
#include "aws/r53_cidr.h"
#include "aws/r53_ids.h"
#include "aws/r53_sets.h"
#include "base/random.h"
#include "control/compile/compile.h"
#include "control/compile/member_priv.h"
#include "control/store/zones.h"
#include "release/distribution.h"
#include "release/limits.h"
#include "release/memory_store.h"
#include "release/objects.h"
#include "shared/temp_dir.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ZONE "ZTEST"
#define APEX "example.test."

struct world {
    char dir[TEMP_DIR_SIZE];
    struct store *store;
    struct store_conn *conn;
    struct memory_store chunks;
    struct arena arena;
    struct errctx ec;
    struct trie_seed seed;
};

static void ok(struct world *w, enum err e)
{
    if (e != ERR_OK)
        fail_msg("%s", w->ec.text);
}

static uint64_t put(struct world *w, enum store_kind kind, const char *group, struct slice member,
                    struct slice body)
{
    struct store_object object = {.kind = kind, .group = group, .member = member, .body = body};
    object.is_deleted = body.len == 0;
    ok(w, store_begin_write(w->conn, &w->ec));
    ok(w, store_take_version(w->conn, &object.version, &w->ec));
    ok(w, store_object_put(w->conn, &object, &w->ec));
    ok(w, store_commit(w->conn, &w->ec));
    return object.version;
}

static struct slice member_of(struct world *w, const char *name)
{
    struct dns_name owner;
    ok(w, dns_name_parse(slice_str(name), &owner, &w->ec));
    return dns_name_sort_key(&w->arena, dns_name_slice(&owner));
}

/** One A record, or nothing where address is NULL. */
static uint64_t put_address_as(struct world *w, enum store_kind kind, const char *group,
                               const char *name, const char *address)
{
    struct slice body = {0};
    if (address != NULL) {
        struct r53_resource_record value = {.value = address};
        struct r53_record_set set = {.name = name, .type = R53_TYPE_A};
        set.has_ttl = true;
        set.ttl = 60;
        set.has_resource_records = true;
        set.resource_records = &value;
        set.resource_records_count = 1;
        struct r53_sets sets = {.has_items = true, .items = &set, .items_count = 1};
        body = r53_sets_encode(&w->arena, &sets);
    }
    return put(w, kind, group, member_of(w, name), body);
}

static uint64_t put_address(struct world *w, const char *name, const char *address)
{
    return put_address_as(w, STORE_NAME, ZONE, name, address);
}

/** The zone's object, served on these addresses. */
static uint64_t put_zone_on(struct world *w, const char *const *addresses, size_t count)
{
    struct r53_zone_body body = {.id = ZONE, .name = APEX, .delegation_set_id = "NTEST"};
    body.has_order = true;
    r53_zone_body_set_addresses(&w->arena, &body, addresses, count);
    return put(w, STORE_ZONE, ZONE, slice_of(NULL, 0), r53_zone_body_encode(&w->arena, &body));
}

static void put_zone(struct world *w)
{
    struct store_delegation_set set = {.id = "NTEST"};
    for (int i = 0; i < STORE_SET_NAMES; i++)
        set.names[i] = arena_printf(&w->arena, "ns-%d.weir.test.", i + 1);
    ok(w, store_begin_write(w->conn, &w->ec));
    ok(w, store_delegation_set_add(w->conn, &set, &w->ec));
    ok(w, store_commit(w->conn, &w->ec));
    put_zone_on(w, NULL, 0);
    put_address(w, APEX, "192.0.2.53");
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    temp_dir_make(w->dir, "compile");
    ok(w, store_open("sqlite", w->dir, &w->store, &w->ec));
    ok(w, store_connect(w->store, &w->conn, &w->ec));
    memory_store_init(&w->chunks);
    memset(w->seed.bytes, 7, sizeof(w->seed.bytes));
    put_zone(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    store_disconnect(w->conn);
    store_close(w->store);
    memory_store_fini(&w->chunks);
    arena_fini(&w->arena);
    temp_dir_remove(w->dir);
    free(w);
    return 0;
}

/** One compile; `before` NULL: from nothing. */
struct compiled {
    struct chunk_hash root;
    struct compile_content content;
};

static struct compiled compile(struct world *w, const struct compiled *before,
                               const struct compile_content *after)
{
    struct compile_job job = {.conn = w->conn, .seed = w->seed, .after = *after};
    job.chunks.source = w->chunks.source;
    job.chunks.sink = w->chunks.sink;
    if (before != NULL) {
        job.before_root = before->root;
        job.before = before->content;
    }
    struct compiled done = {.content = *after};
    ok(w, store_begin_read(w->conn, &w->ec));
    ok(w, compile_release(&job, &done.root, &w->ec));
    store_rollback(w->conn);
    return done;
}

static struct compiled compile_newest(struct world *w, const struct compiled *before)
{
    struct compile_content after = {0};
    ok(w, store_version(w->conn, &after.version, &w->ec));
    return compile(w, before, &after);
}

static struct release_root root_of(struct world *w, const struct compiled *release)
{
    struct slice bytes;
    struct release_root root;
    ok(w, w->chunks.source.get(w->chunks.source.user, &w->arena, &release->root, &bytes, &w->ec));
    ok(w, release_root_decode(&w->arena, bytes, &root, &w->ec));
    return root;
}

/** A zone as the release has it. */
static struct release_zone zone_in(struct world *w, const struct compiled *release, const char *id)
{
    struct release_root root = root_of(w, release);
    struct trie_object object = {
        .key = trie_key_of(&root.seed, slice_str(id), slice_of(NULL, 0)),
        .id = slice_str(id),
    };
    struct slice value;
    struct release_zone zone;
    ok(w,
       trie_get(&w->arena, &root.tries[RELEASE_ZONE], &object, &w->chunks.source, &value, &w->ec));
    ok(w, release_zone_decode(&w->arena, value, &zone, &w->ec));
    return zone;
}

/** A distribution or point of presence as the release has it; false where it does not exist. */
static bool find_value(struct world *w, const struct compiled *release, enum release_kind kind,
                       const char *id, struct slice *out)
{
    struct release_root root = root_of(w, release);
    struct trie_object object = {
        .key = trie_key_of(&root.seed, slice_str(id), slice_of(NULL, 0)),
        .id = slice_str(id),
    };
    enum err e = trie_get(&w->arena, &root.tries[kind], &object, &w->chunks.source, out, &w->ec);
    if (e != ERR_NOT_FOUND)
        ok(w, e);
    return e == ERR_OK;
}

static bool has_feature(struct world *w, const struct compiled *release, const char *feature)
{
    struct release_root root = root_of(w, release);
    for (size_t i = 0; i < root.feature_count; i++) {
        if (strcmp(root.features[i], feature) == 0)
            return true;
    }
    return false;
}

/** The name of a zone as the release has it; false where it does not exist. */
static bool find_in(struct world *w, const struct compiled *release, const char *zone,
                    const char *name, struct release_name *out)
{
    struct release_root root = root_of(w, release);
    struct dns_name owner;
    ok(w, dns_name_parse(slice_str(name), &owner, &w->ec));
    struct trie_object object = {
        .key = trie_key_of(&root.seed, slice_str(zone), dns_name_slice(&owner)),
        .id = release_name_id(&w->arena, zone, dns_name_slice(&owner)),
    };
    struct slice value;
    enum err e =
        trie_get(&w->arena, &root.tries[RELEASE_NAME], &object, &w->chunks.source, &value, &w->ec);
    if (e == ERR_NOT_FOUND)
        return false;
    ok(w, e);
    ok(w, release_name_decode(&w->arena, value, out, &w->ec));
    return true;
}

/** The same in the test's zone. */
static bool find(struct world *w, const struct compiled *release, const char *name,
                 struct release_name *out)
{
    return find_in(w, release, ZONE, name, out);
}

static void empty_non_terminals_come_and_go_with_what_is_below(void **state)
{
    struct world *w = *state;
    struct release_name name;
    put_address(w, "a.b.c.example.test.", "192.0.2.1");
    struct compiled with = compile_newest(w, NULL);
    assert_true(find(w, &with, "b.c.example.test.", &name));
    assert_int_equal(name.set_count, 0);
    assert_int_equal(name.child_count, 1);
    assert_true(find(w, &with, APEX, &name));
    assert_int_equal(name.child_count, 1);
    put_address(w, "x.b.c.example.test.", "192.0.2.2");
    put_address(w, "a.b.c.example.test.", NULL);
    struct compiled one_left = compile_newest(w, &with);
    assert_true(find(w, &one_left, "b.c.example.test.", &name));
    put_address(w, "x.b.c.example.test.", NULL);
    struct compiled none_left = compile_newest(w, &one_left);
    assert_false(find(w, &none_left, "b.c.example.test.", &name));
    assert_false(find(w, &none_left, "c.example.test.", &name));
    assert_true(find(w, &none_left, APEX, &name));
    assert_int_equal(name.child_count, 0);
}

static void the_same_content_has_the_same_root_whichever_way_led_to_it(void **state)
{
    struct world *w = *state;
    struct prng random;
    prng_init_fixed(&random, 11);
    struct compiled step = compile_newest(w, NULL);
    for (int round = 0; round < 60; round++) {
        char name[64];
        char address[32];
        unsigned depth = 1 + prng_below(&random, 3);
        int len = 0;
        for (unsigned i = 0; i < depth; i++)
            len += snprintf(name + len, sizeof(name) - (size_t)len, "n%u.", prng_below(&random, 4));
        snprintf(name + len, sizeof(name) - (size_t)len, "%s", APEX);
        snprintf(address, sizeof(address), "192.0.2.%u", prng_below(&random, 250));
        put_address(w, name, prng_below(&random, 3) == 0 ? NULL : address);
        if (prng_below(&random, 2) == 0)
            continue; /* several versions in one step, too */
        step = compile_newest(w, &step);
        struct compiled fresh = compile_newest(w, NULL);
        assert_memory_equal(step.root.bytes, fresh.root.bytes, sizeof(fresh.root.bytes));
    }
}

static void a_held_object_stays_at_its_version_until_it_is_released(void **state)
{
    struct world *w = *state;
    struct release_name name;
    uint64_t good = put_address(w, "held.example.test.", "192.0.2.1");
    struct compiled before = compile_newest(w, NULL);
    uint64_t bad = put_address(w, "held.example.test.", "192.0.2.66");
    put_address(w, "free.example.test.", "192.0.2.2");
    struct store_held held = {.kind = STORE_NAME,
                              .group = ZONE,
                              .member = member_of(w, "held.example.test."),
                              .at_version = good};
    struct compile_content after = {.held = &held, .held_count = 1};
    ok(w, store_version(w->conn, &after.version, &w->ec));
    assert_true(after.version > bad);
    struct compiled holding = compile(w, &before, &after);
    assert_true(find(w, &holding, "held.example.test.", &name));
    assert_int_equal(name.sets[0].rdata[0].data[3], 1);
    assert_true(find(w, &holding, "free.example.test.", &name));
    /* Released at the same version: its newest row comes in although no row is newer. */
    struct compiled released = compile_newest(w, &holding);
    assert_true(find(w, &released, "held.example.test.", &name));
    assert_int_equal(name.sets[0].rdata[0].data[3], 66);
    struct compiled fresh = compile_newest(w, NULL);
    assert_memory_equal(released.root.bytes, fresh.root.bytes, sizeof(fresh.root.bytes));
}

static void an_object_held_at_nothing_is_left_out(void **state)
{
    struct world *w = *state;
    struct release_name name;
    struct compiled before = compile_newest(w, NULL);
    put_address(w, "new.example.test.", "192.0.2.1");
    struct store_held held = {
        .kind = STORE_NAME, .group = ZONE, .member = member_of(w, "new.example.test.")};
    struct compile_content after = {.held = &held, .held_count = 1};
    ok(w, store_version(w->conn, &after.version, &w->ec));
    struct compiled holding = compile(w, &before, &after);
    assert_false(find(w, &holding, "new.example.test.", &name));
    assert_memory_equal(holding.root.bytes, before.root.bytes, sizeof(before.root.bytes));
}

static void a_deleted_zone_takes_its_names_along(void **state)
{
    struct world *w = *state;
    struct release_name name;
    struct compiled before = compile_newest(w, NULL);
    put_address(w, APEX, NULL);
    put(w, STORE_ZONE, ZONE, slice_of(NULL, 0), slice_of(NULL, 0));
    struct compiled after = compile_newest(w, &before);
    assert_false(find(w, &after, APEX, &name));
}

static void a_zone_that_came_and_went_between_two_releases_leaves_nothing(void **state)
{
    struct world *w = *state;
    put_address(w, APEX, NULL);
    put(w, STORE_ZONE, ZONE, slice_of(NULL, 0), slice_of(NULL, 0));
    struct compiled after = compile_newest(w, NULL);
    struct compiled nothing = compile(w, NULL, &(struct compile_content){0});
    assert_memory_equal(after.root.bytes, nothing.root.bytes, sizeof(after.root.bytes));
}

static void a_body_that_is_none_is_corrupt_and_names_the_object(void **state)
{
    struct world *w = *state;
    put(w, STORE_NAME, ZONE, member_of(w, "bad.example.test."), SLICE_LIT("<no sets"));
    struct compile_job job = {.conn = w->conn, .seed = w->seed};
    job.chunks.source = w->chunks.source;
    job.chunks.sink = w->chunks.sink;
    ok(w, store_version(w->conn, &job.after.version, &w->ec));
    struct chunk_hash root = {{0}};
    ok(w, store_begin_read(w->conn, &w->ec));
    assert_int_equal(compile_release(&job, &root, &w->ec), ERR_CORRUPT);
    store_rollback(w->conn);
    assert_non_null(strstr(w->ec.text, "test.example.bad."));
}

static void a_zone_is_served_on_the_addresses_that_its_version_names(void **state)
{
    struct world *w = *state;
    static const char *const addresses[] = {"192.0.2.1", "2001:db8::1"};
    struct compiled everywhere = compile_newest(w, NULL);
    assert_int_equal(zone_in(w, &everywhere, ZONE).address_count, 0);
    put_zone_on(w, addresses, 2);
    struct compiled on_two = compile_newest(w, &everywhere);
    struct release_zone zone = zone_in(w, &on_two, ZONE);
    assert_int_equal(zone.address_count, 2);
    assert_true(slice_equal(zone.addresses[0], slice_of("\xc0\0\2\1", 4)));
    assert_int_equal(zone.addresses[1].len, 16);
    /* The content before compiles as it was, and without addresses its root comes back. */
    struct compiled again = compile(w, NULL, &everywhere.content);
    assert_memory_equal(again.root.bytes, everywhere.root.bytes, sizeof(again.root.bytes));
    put_zone_on(w, NULL, 0);
    struct compiled back = compile_newest(w, &on_two);
    assert_memory_equal(back.root.bytes, everywhere.root.bytes, sizeof(back.root.bytes));
}

static void a_zone_on_more_addresses_than_a_release_takes_is_refused(void **state)
{
    struct world *w = *state;
    const char *addresses[RELEASE_ADDRESSES_MAX + 1];
    for (unsigned i = 0; i < ARRAY_LEN(addresses); i++)
        addresses[i] = arena_printf(&w->arena, "10.0.%u.%u", i / 256, i % 256);
    put_zone_on(w, addresses, RELEASE_ADDRESSES_MAX);
    struct compiled full = compile_newest(w, NULL);
    assert_int_equal(zone_in(w, &full, ZONE).address_count, RELEASE_ADDRESSES_MAX);
    put_zone_on(w, addresses, RELEASE_ADDRESSES_MAX + 1);
    struct compile_job job = {.conn = w->conn, .seed = w->seed};
    job.chunks.source = w->chunks.source;
    job.chunks.sink = w->chunks.sink;
    ok(w, store_version(w->conn, &job.after.version, &w->ec));
    struct chunk_hash root = {{0}};
    ok(w, store_begin_read(w->conn, &w->ec));
    assert_int_equal(compile_release(&job, &root, &w->ec), ERR_CORRUPT);
    store_rollback(w->conn);
}

static void built_in_zones_follow_the_addresses_of_the_sets(void **state)
{
    struct world *w = *state;
    static const char *const addresses[] = {"192.0.2.1", "2001:db8::1"};
    const char *own = "192.0.2.99";
    struct compile_builtin builtin = {
        .platform = "weir.test", .cdn_domain = "cdn.weir.test", .addresses = &own};
    bool is_changed = false;
    builtin.address_count = 1;
    for (size_t count = 0; count <= 2; count++) {
        ok(w, store_begin_write(w->conn, &w->ec));
        ok(w, store_delegation_set_put_addresses(w->conn, "NTEST", addresses, count, &w->ec));
        ok(w, compile_builtin_zones(w->conn, &builtin, &is_changed, &w->ec));
        ok(w, store_commit(w->conn, &w->ec));
        assert_true(is_changed);
        struct compiled release = compile_newest(w, NULL);
        assert_int_equal(zone_in(w, &release, "Z0PLATFORM").address_count, count);
    }
    struct store_object which = {
        .kind = STORE_NAME, .group = "Z0PLATFORM", .member = member_of(w, "ns-3.weir.test.")};
    struct store_object name;
    ok(w, store_object_get(w->conn, &w->arena, &which, &name, &w->ec));
    const char *body = arena_str(&w->arena, name.body);
    assert_non_null(strstr(body, addresses[0]));
    assert_non_null(strstr(body, addresses[1]));
    assert_null(strstr(body, own));
}

static void built_in_zones_are_written_once_and_follow_the_address(void **state)
{
    struct world *w = *state;
    const char *address = "192.0.2.99";
    struct compile_builtin builtin = {
        .platform = "weir.test",
        .cdn_domain = "cdn.weir.test",
        .addresses = &address,
        .address_count = 1,
    };
    bool is_changed[3];
    for (int i = 0; i < 3; i++) {
        if (i == 2)
            address = "2001:db8::1";
        ok(w, store_begin_write(w->conn, &w->ec));
        ok(w, compile_builtin_zones(w->conn, &builtin, &is_changed[i], &w->ec));
        ok(w, store_commit(w->conn, &w->ec));
    }
    assert_true(is_changed[0]);
    assert_false(is_changed[1]);
    assert_true(is_changed[2]);
}

/* ---- distributions */

static uint64_t put_distribution(struct world *w, const char *id, bool is_enabled)
{
    struct cf_origin origin = {.id = "o", .domain_name = "Origin.example.com"};
    struct cf_origins origins = {.has_items = true, .items_count = 1, .items = &origin};
    struct cf_cache_behavior behavior = {
        .target_origin_id = "o",
        .viewer_protocol_policy = CF_VIEWER_ALLOW_ALL,
        .cache_policy_id = "658327ea-f89d-4fab-a63d-7e88639e58f6",
    };
    struct cf_distribution_config config = {
        .caller_reference = "r",
        .origins = &origins,
        .default_cache_behavior = &behavior,
        .comment = "",
        .has_enabled = true,
        .enabled = is_enabled,
    };
    struct cf_distribution_body body = {
        .id = id, .domain_name = "e1.cdn.weir.test", .config = &config};
    return put(w, STORE_DISTRIBUTION, id, slice_of(NULL, 0),
               cf_distribution_body_encode(&w->arena, &body));
}

static uint64_t put_pop(struct world *w, const char *name, const char *ip)
{
    uint8_t *address = arena_alloc(&w->arena, 4);
    assert_int_equal(inet_pton(AF_INET, ip, address), 1);
    struct slice addresses[] = {slice_of(address, 4)};
    struct release_pop_node node = {.node_id = "n-1", .addresses = addresses, .address_count = 1};
    struct release_pop pop = {.name = name, .location = "", .nodes = &node, .node_count = 1};
    return put(w, STORE_POP, name, slice_of(NULL, 0), release_pop_encode(&w->arena, &pop));
}

static void a_distribution_is_in_the_release_while_it_exists(void **state)
{
    struct world *w = *state;
    struct compiled without = compile_newest(w, NULL);
    assert_false(has_feature(w, &without, RELEASE_FEATURE_DISTRIBUTIONS));
    put_distribution(w, "E1", true);
    struct compiled with = compile_newest(w, &without);
    assert_true(has_feature(w, &with, RELEASE_FEATURE_DISTRIBUTIONS));
    assert_false(has_feature(w, &with, RELEASE_FEATURE_POPS));
    struct slice value;
    struct release_distribution d;
    assert_true(find_value(w, &with, RELEASE_DISTRIBUTION, "E1", &value));
    ok(w, release_distribution_decode(&w->arena, value, &d, &w->ec));
    assert_true(d.is_enabled);
    assert_string_equal(d.domain_name, "e1.cdn.weir.test");
    put_distribution(w, "E1", false);
    struct compiled disabled = compile_newest(w, &with);
    assert_true(find_value(w, &disabled, RELEASE_DISTRIBUTION, "E1", &value));
    ok(w, release_distribution_decode(&w->arena, value, &d, &w->ec));
    assert_false(d.is_enabled);
    put(w, STORE_DISTRIBUTION, "E1", slice_of(NULL, 0), slice_of(NULL, 0));
    struct compiled after = compile_newest(w, &disabled);
    assert_true(chunk_hash_equal(&after.root, &without.root)); /* the feature, too, is gone */
}

static void a_point_of_presence_is_in_the_release_and_in_dns(void **state)
{
    struct world *w = *state;
    struct compile_builtin builtin = {.platform = "weir.test", .cdn_domain = "cdn.weir.test"};
    bool is_changed = false;
    put_pop(w, "ZRH50-P1", "192.0.2.80");
    put_pop(w, "FRA50-P1", "192.0.2.80");
    put_pop(w, "GVA50-P1", "192.0.2.81");
    ok(w, store_begin_write(w->conn, &w->ec));
    ok(w, compile_builtin_zones(w->conn, &builtin, &is_changed, &w->ec));
    ok(w, store_commit(w->conn, &w->ec));
    struct compiled release = compile_newest(w, NULL);
    assert_true(has_feature(w, &release, RELEASE_FEATURE_POPS));
    struct slice value;
    struct release_pop pop;
    assert_true(find_value(w, &release, RELEASE_POP, "ZRH50-P1", &value));
    ok(w, release_pop_decode(&w->arena, value, &pop, &w->ec));
    assert_string_equal(pop.nodes[0].node_id, "n-1");
    struct release_name pops;
    assert_true(find_in(w, &release, R53_CDN_ZONE_ID, "pops.cdn.weir.test", &pops));
    assert_int_equal(pops.set_count, 2); /* each address once */
    assert_int_equal(pops.sets[0].ttl_s, 60);
    assert_int_equal(pops.sets[1].policy, RELEASE_MULTIVALUE);
    for (const char *const *name = (const char *const[]){"ZRH50-P1", "FRA50-P1", "GVA50-P1", NULL};
         *name != NULL; name++)
        put(w, STORE_POP, *name, slice_of(NULL, 0), slice_of(NULL, 0));
    ok(w, store_begin_write(w->conn, &w->ec));
    ok(w, compile_builtin_zones(w->conn, &builtin, &is_changed, &w->ec));
    ok(w, store_commit(w->conn, &w->ec));
    release = compile_newest(w, &release);
    assert_false(find_in(w, &release, R53_CDN_ZONE_ID, "pops.cdn.weir.test", &pops));
    assert_false(has_feature(w, &release, RELEASE_FEATURE_POPS));
}

static void a_cidr_collection_is_in_the_release_while_it_exists(void **state)
{
    struct world *w = *state;
    const struct r53_cidr_locations none = {0};
    struct slice value;
    struct compiled without = compile_newest(w, NULL);
    put(w, STORE_CIDR_COLLECTION, "c-1", slice_of(NULL, 0), r53_cidr_encode(&w->arena, &none));
    struct compiled with = compile_newest(w, &without);
    assert_true(find_value(w, &with, RELEASE_CIDR_COLLECTION, "c-1", &value));
    put(w, STORE_CIDR_COLLECTION, "c-1", slice_of(NULL, 0), slice_of(NULL, 0));
    struct compiled after = compile_newest(w, &with);
    assert_true(chunk_hash_equal(&after.root, &without.root));
}

static void the_tree_of_an_instance_is_names_without_a_zone(void **state)
{
    struct world *w = *state;
    struct r53_record_set set = {
        .name = APEX, .type = R53_TYPE_AAAA, .traffic_policy_instance_id = "i-1-"};
    struct r53_sets sets = {.has_items = true, .items = &set, .items_count = 1};
    put_address_as(w, STORE_TRAFFIC_RULES, "i1", "start.", "192.0.2.1");
    put_address_as(w, STORE_TRAFFIC_RULES, "i1", "1-more.", "192.0.2.2");
    put(w, STORE_NAME, ZONE, member_of(w, "www." APEX), r53_sets_encode(&w->arena, &sets));
    struct compiled with = compile_newest(w, NULL);
    struct release_name name;
    assert_true(find_in(w, &with, "i1", "start.", &name));
    assert_int_equal(name.sets[0].ttl_s, 60);
    assert_int_equal(name.child_count, 0);
    assert_true(find_in(w, &with, "i1", "1-more.", &name));
    assert_false(find_in(w, &with, "i1", ".", &name));
    assert_true(find_in(w, &with, ZONE, "www." APEX, &name));
    assert_true(name.sets[0].is_alias && name.sets[0].alias_evaluate_health);
    assert_string_equal(name.sets[0].alias_zone_id, "i1");
    assert_memory_equal(name.sets[0].alias_name.data, "\5start", 7);
    struct slice value;
    assert_false(find_value(w, &with, RELEASE_ZONE, "i1", &value));
    put_address_as(w, STORE_TRAFFIC_RULES, "i1", "1-more.", NULL);
    struct compiled after = compile_newest(w, &with);
    assert_false(find_in(w, &after, "i1", "1-more.", &name));
}

/** Writes the built-in zones for these domains; true where that went well. */
static bool write_builtin(struct world *w, const char *platform, const char *cdn_domain)
{
    struct compile_builtin builtin = {.platform = platform, .cdn_domain = cdn_domain};
    bool is_changed = false;
    ok(w, store_begin_write(w->conn, &w->ec));
    enum err e = compile_builtin_zones(w->conn, &builtin, &is_changed, &w->ec);
    if (e == ERR_OK) {
        ok(w, store_commit(w->conn, &w->ec));
        return true;
    }
    assert_int_equal(e, ERR_INVALID);
    store_rollback(w->conn);
    return false;
}

/** The name of a distribution, as the API writes it. */
static void put_distribution_name(struct world *w, const char *domain_name, const char *cdn_domain)
{
    const struct r53_distribution_name name = {.domain_name = domain_name,
                                               .cdn_domain = cdn_domain};
    struct r53_sets sets;
    r53_distribution_sets(&w->arena, &name, &sets);
    put(w, STORE_NAME, R53_CDN_ZONE_ID, member_of(w, domain_name),
        r53_sets_encode(&w->arena, &sets));
}

static void the_names_of_distributions_stay_when_built_in_zones_are_written(void **state)
{
    struct world *w = *state;
    struct release_name name;
    assert_true(write_builtin(w, "weir.test", "cdn.weir.test"));
    put_distribution_name(w, "e1.cdn.weir.test", "cdn.weir.test");
    assert_true(write_builtin(w, "weir.test", "cdn.weir.test"));
    assert_true(write_builtin(w, "other.test", "cdn.weir.test"));
    struct compiled release = compile_newest(w, NULL);
    assert_true(find_in(w, &release, R53_CDN_ZONE_ID, "e1.cdn.weir.test", &name));
    assert_true(name.sets[0].is_alias);
    assert_string_equal(name.sets[0].alias_zone_id, R53_CDN_ZONE_ID);
    assert_false(write_builtin(w, "other.test", "cdn.other.test"));
    assert_non_null(strstr(w->ec.text, "delete those first"));
}

static void the_zone_of_distributions_moves_while_it_is_empty(void **state)
{
    struct world *w = *state;
    struct release_name name;
    assert_true(write_builtin(w, "weir.test", "cdn.weir.test"));
    struct compiled release = compile_newest(w, NULL);
    /* Whoever asks for DS asks the zone above. */
    assert_true(find_in(w, &release, "Z0PLATFORM", "cdn.weir.test", &name));
    assert_int_equal(name.set_count, 1);
    assert_int_equal(name.sets[0].type, DNS_TYPE_NS);
    assert_true(write_builtin(w, "weir.test", "cdn.other.test"));
    struct compiled moved = compile_newest(w, &release);
    assert_false(find_in(w, &moved, R53_CDN_ZONE_ID, "cdn.weir.test", &name));
    assert_false(find_in(w, &moved, "Z0PLATFORM", "cdn.weir.test", &name));
    assert_true(find_in(w, &moved, R53_CDN_ZONE_ID, "cdn.other.test", &name));
    struct compiled scratch = compile_newest(w, NULL);
    assert_true(chunk_hash_equal(&moved.root, &scratch.root));
}

static void sort_keys_and_names_agree(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    const char *const names[] = {"test.", "a.b.test.", "\\052.x.test.", "a\\056b.test."};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct dns_name name;
        struct dns_name back;
        assert_int_equal(dns_name_parse(slice_str(names[i]), &name, NULL), ERR_OK);
        struct slice key = dns_name_sort_key(&a, dns_name_slice(&name));
        assert_int_equal(member_owner(key, &back, NULL), ERR_OK);
        assert_true(slice_equal(dns_name_slice(&name), dns_name_slice(&back)));
    }
    struct dns_name out;
    assert_int_equal(member_owner(SLICE_LIT("test.a"), &out, NULL), ERR_CORRUPT);
    assert_int_equal(member_owner(SLICE_LIT(""), &out, NULL), ERR_CORRUPT);
    assert_int_equal(member_owner(SLICE_LIT("test..a."), &out, NULL), ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
        WITH_WORLD(empty_non_terminals_come_and_go_with_what_is_below),
        WITH_WORLD(the_same_content_has_the_same_root_whichever_way_led_to_it),
        WITH_WORLD(a_held_object_stays_at_its_version_until_it_is_released),
        WITH_WORLD(an_object_held_at_nothing_is_left_out),
        WITH_WORLD(a_deleted_zone_takes_its_names_along),
        WITH_WORLD(a_zone_that_came_and_went_between_two_releases_leaves_nothing),
        WITH_WORLD(a_body_that_is_none_is_corrupt_and_names_the_object),
        WITH_WORLD(a_zone_is_served_on_the_addresses_that_its_version_names),
        WITH_WORLD(a_zone_on_more_addresses_than_a_release_takes_is_refused),
        WITH_WORLD(built_in_zones_are_written_once_and_follow_the_address),
        WITH_WORLD(built_in_zones_follow_the_addresses_of_the_sets),
        WITH_WORLD(a_distribution_is_in_the_release_while_it_exists),
        WITH_WORLD(a_point_of_presence_is_in_the_release_and_in_dns),
        WITH_WORLD(a_cidr_collection_is_in_the_release_while_it_exists),
        WITH_WORLD(the_tree_of_an_instance_is_names_without_a_zone),
        WITH_WORLD(the_names_of_distributions_stay_when_built_in_zones_are_written),
        WITH_WORLD(the_zone_of_distributions_moves_while_it_is_empty),
        cmocka_unit_test(sort_keys_and_names_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
