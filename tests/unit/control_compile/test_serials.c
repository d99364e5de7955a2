// SPDX-License-Identifier: Apache-2.0
// Serials of transferred zones: they rise with each change of the zone, and with nothing else.
#include "aws/r53_sets.h"
#include "control/compile/compile.h"
#include "control/store/zones.h"
#include "dns/name.h"
#include "release/memory_store.h"
#include "release/objects.h"
#include "shared/temp_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct world {
    char dir[TEMP_DIR_SIZE];
    struct store *store;
    struct store_conn *conn;
    struct memory_store chunks;
    struct arena arena;
    struct errctx ec;
    struct chunk_hash root; /* compiled last, from `content` */
    struct compile_content content;
};

static void ok(struct world *w, enum err e)
{
    if (e != ERR_OK)
        fail_msg("%s", w->ec.text);
}

static uint64_t put(struct world *w, struct store_object object)
{
    ok(w, store_begin_write(w->conn, &w->ec));
    ok(w, store_take_version(w->conn, &object.version, &w->ec));
    ok(w, store_object_put(w->conn, &object, &w->ec));
    ok(w, store_commit(w->conn, &w->ec));
    return object.version;
}

static void put_zone(struct world *w, const char *id, bool is_transferred)
{
    const char *key = "key.";
    struct r53_zone_notify notify = {.address = "192.0.2.9", .has_port = true, .port = 5300};
    struct r53_zone_transfer transfer = {.has_keys = true,
                                         .keys = &key,
                                         .keys_count = 1,
                                         .has_notify = true,
                                         .notify = &notify,
                                         .notify_count = 1};
    struct r53_zone_body body = {.id = id, .name = "example.test.", .delegation_set_id = "NTEST"};
    body.has_order = true;
    body.transfer = is_transferred ? &transfer : NULL;
    put(w, (struct store_object){
               .kind = STORE_ZONE, .group = id, .body = r53_zone_body_encode(&w->arena, &body)});
}

static struct slice member_of(struct world *w, const char *name)
{
    struct dns_name owner;
    ok(w, dns_name_parse(slice_str(name), &owner, &w->ec));
    return dns_name_sort_key(&w->arena, dns_name_slice(&owner));
}

static uint64_t put_address(struct world *w, const char *zone, const char *name,
                            const char *address)
{
    struct r53_resource_record value = {.value = address};
    struct r53_record_set set = {.name = name,
                                 .type = R53_TYPE_A,
                                 .has_ttl = true,
                                 .ttl = 60,
                                 .has_resource_records = true,
                                 .resource_records = &value,
                                 .resource_records_count = 1};
    struct r53_sets sets = {.has_items = true, .items = &set, .items_count = 1};
    return put(w, (struct store_object){.kind = STORE_NAME,
                                        .group = zone,
                                        .member = member_of(w, name),
                                        .body = r53_sets_encode(&w->arena, &sets)});
}

/** Compiles what is there now, but for the held objects; the newest version. */
static uint64_t compile(struct world *w, const struct store_held *held, size_t held_count)
{
    struct compile_job job = {.conn = w->conn,
                              .seed = {.bytes = {7}},
                              .chunks = {.source = w->chunks.source, .sink = w->chunks.sink},
                              .before_root = w->root,
                              .before = w->content};
    ok(w, store_begin_read(w->conn, &w->ec));
    ok(w, store_version(w->conn, &job.after.version, &w->ec));
    job.after.held = held;
    job.after.held_count = held_count;
    ok(w, compile_release(&job, &w->root, &w->ec));
    store_rollback(w->conn);
    w->content = job.after;
    return w->content.version;
}

static struct release_zone zone_of(struct world *w, const char *id)
{
    struct slice bytes;
    struct release_root root;
    struct release_zone zone;
    ok(w, w->chunks.source.get(w->chunks.source.user, &w->arena, &w->root, &bytes, &w->ec));
    ok(w, release_root_decode(&w->arena, bytes, &root, &w->ec));
    struct trie_object object = {.key = trie_key_of(&root.seed, slice_str(id), slice_of(NULL, 0)),
                                 .id = slice_str(id)};
    ok(w,
       trie_get(&w->arena, &root.tries[RELEASE_ZONE], &object, &w->chunks.source, &bytes, &w->ec));
    ok(w, release_zone_decode(&w->arena, bytes, &zone, &w->ec));
    return zone;
}

static uint32_t serial_of(struct world *w, const char *id)
{
    struct release_zone zone = zone_of(w, id);
    assert_non_null(zone.transfer);
    return zone.transfer->serial;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    temp_dir_make(w->dir, "serials");
    ok(w, store_open("sqlite", w->dir, &w->store, &w->ec));
    ok(w, store_connect(w->store, &w->conn, &w->ec));
    memory_store_init(&w->chunks);
    put_zone(w, "ZONE", true);
    put_zone(w, "ZOTHER", false);
    put_address(w, "ZONE", "a.example.test.", "192.0.2.1");
    put_address(w, "ZOTHER", "a.example.test.", "192.0.2.1");
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

static void settings_travel_into_the_release(void **state)
{
    struct world *w = *state;
    compile(w, NULL, 0);
    struct release_zone zone = zone_of(w, "ZONE");
    assert_int_equal(zone.transfer->key_count, 1);
    assert_true(slice_equal(zone.transfer->keys[0], SLICE_LIT("\3key\0")));
    assert_int_equal(zone.transfer->notify_count, 1);
    assert_int_equal(zone.transfer->notify[0].port, 5300);
    assert_null(zone_of(w, "ZOTHER").transfer);
}

static void a_serial_is_the_version_at_which_the_zone_changed_last(void **state)
{
    struct world *w = *state;
    uint64_t first = compile(w, NULL, 0);
    assert_int_equal(serial_of(w, "ZONE"), first);
    put_address(w, "ZOTHER", "a.example.test.", "192.0.2.2");
    compile(w, NULL, 0);
    assert_int_equal(serial_of(w, "ZONE"), first);
    put_address(w, "ZONE", "a.example.test.", "192.0.2.2");
    put_address(w, "ZOTHER", "a.example.test.", "192.0.2.3");
    uint64_t second = compile(w, NULL, 0);
    assert_int_equal(serial_of(w, "ZONE"), second);
}

static void a_serial_rises_when_an_object_is_held_and_when_it_is_released(void **state)
{
    struct world *w = *state;
    uint64_t good = put_address(w, "ZONE", "held.example.test.", "192.0.2.1");
    compile(w, NULL, 0);
    put_address(w, "ZONE", "held.example.test.", "192.0.2.66");
    put_address(w, "ZONE", "free.example.test.", "192.0.2.2");
    const struct store_held held = {.kind = STORE_NAME,
                                    .group = "ZONE",
                                    .member = member_of(w, "held.example.test."),
                                    .at_version = good};
    uint64_t version = compile(w, &held, 1);
    assert_int_equal(serial_of(w, "ZONE"), version);
    /* What stays held is no change. */
    put_address(w, "ZOTHER", "a.example.test.", "192.0.2.4");
    compile(w, &held, 1);
    assert_int_equal(serial_of(w, "ZONE"), version);
    /* Released and held again at one version, the content differs each time. */
    uint64_t released = compile(w, NULL, 0);
    uint32_t serial = serial_of(w, "ZONE");
    assert_int_equal(serial, released);
    assert_int_equal(compile(w, &held, 1), released);
    assert_int_equal(serial_of(w, "ZONE"), serial + 1);
    compile(w, NULL, 0);
    assert_int_equal(serial_of(w, "ZONE"), serial + 2);
}

static void a_held_zone_keeps_its_settings_while_its_names_change(void **state)
{
    struct world *w = *state;
    uint64_t good = compile(w, NULL, 0);
    put_zone(w, "ZONE", false);
    const struct store_held held = {.kind = STORE_ZONE, .group = "ZONE", .at_version = good};
    compile(w, &held, 1);
    assert_non_null(zone_of(w, "ZONE").transfer);
    uint32_t serial = serial_of(w, "ZONE");
    put_address(w, "ZONE", "a.example.test.", "192.0.2.5");
    compile(w, &held, 1);
    assert_true(serial_of(w, "ZONE") > serial);
    compile(w, NULL, 0);
    assert_null(zone_of(w, "ZONE").transfer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(settings_travel_into_the_release, setup, teardown),
        cmocka_unit_test_setup_teardown(a_serial_is_the_version_at_which_the_zone_changed_last,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_serial_rises_when_an_object_is_held_and_when_it_is_released, setup, teardown),
        cmocka_unit_test_setup_teardown(a_held_zone_keeps_its_settings_while_its_names_change,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
