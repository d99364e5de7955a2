// SPDX-License-Identifier: Apache-2.0
// Outside targets are resolved in the background, and what is good of them is kept: tests against a
// name server of their own, with limits of milliseconds.

#include "authority/outside_store.h"
#include "authority/outside_watch.h"
#include "base/time.h"
#include "dns/name.h"
#include "net/responder.h"
#include "os/file.h"
#include "shared/temp_dir.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/** A deadline for what must happen; a test that reaches it has failed. */
enum { WAIT_S = 20 };

/** A watch under test, and what it published last. */
struct bench {
    struct responder server;
    struct loop *loop;
    struct registry *registry;
    struct outside_watch *watch;
    const struct outside_table *table;
    struct arena arena;
    char dir[TEMP_DIR_SIZE];
    const char *path;
};

static void take(void *user, const struct outside_table *table)
{
    struct bench *b = user;
    b->table = table;
}

static void open_watch(struct bench *b, struct outside_watch_options options)
{
    b->loop = loop_new(false);
    options.loop = b->loop;
    options.registry = b->registry;
    options.servers = b->server.servers;
    options.path = b->path;
    options.publish = take;
    options.user = b;
    options.timeout_ns = 300 * NS_PER_MS;
    options.retry_ns = 20 * NS_PER_MS;
    b->table = NULL;
    assert_int_equal(outside_watch_new(&options, &b->watch, NULL), ERR_OK);
}

static void close_watch(struct bench *b)
{
    outside_watch_free(b->watch);
    loop_free(b->loop);
}

static void bench_start(struct bench *b, const struct responder_rule *rules)
{
    *b = (struct bench){.registry = registry_new()};
    arena_init(&b->arena);
    temp_dir_make(b->dir, "outside");
    b->path = arena_printf(&b->arena, "%s/outside", b->dir);
    responder_start(&b->server, rules);
    open_watch(b, (struct outside_watch_options){0});
}

static void bench_stop(struct bench *b)
{
    close_watch(b);
    responder_stop(&b->server);
    registry_free(b->registry);
    temp_dir_remove(b->dir);
    arena_fini(&b->arena);
}

/* The number of a target that a root refers to. */
static uint32_t hold(struct bench *b, uint16_t type, const char *text)
{
    struct dns_name name;
    assert_int_equal(dns_name_parse(slice_str(text), &name, NULL), ERR_OK);
    struct slice key = outside_key(&b->arena, type, dns_name_slice(&name));
    uint32_t number = registry_number(b->registry, key);
    registry_hold(b->registry, number);
    outside_watch_look(b->watch);
    return number;
}

/* "STATE TTL ADDRESS ...", "-" for what is unknown. */
static const char *described(struct bench *b, uint32_t number, uint16_t type)
{
    static const char *const states[] = {"unknown", "fresh", "kept", "absent", "failed"};
    char text[64];
    struct record_set set;
    const struct outside_entry *entry = outside_table_entry(b->table, number, type);
    if (entry == NULL)
        return "-";
    if (!outside_table_find(b->table, number, type, &set))
        return states[entry->state];
    const uint8_t *at = set.body;
    const char *all = arena_printf(&b->arena, "%s %u", states[entry->state], record_ttl_s(at));
    for (unsigned i = 0; i < set.count; i++, at = record_next(at)) {
        struct slice address = record_rdata(at);
        slice_hex(address, text);
        all = arena_printf(&b->arena, "%s %s", all, text);
    }
    return all;
}

/** What a test waits for. */
struct wish {
    struct bench *bench;
    struct loop_timer timer;
    uint32_t number;
    uint16_t type;
    const char *text;
    int64_t until_ns;
};

static void look_again(struct loop_timer *timer)
{
    struct wish *wish = timer->user;
    const char *is = described(wish->bench, wish->number, wish->type);
    if (strcmp(is, wish->text) == 0)
        loop_stop(wish->bench->loop);
    else if (time_monotonic_ns() > wish->until_ns)
        fail_msg("'%s' instead of '%s'", is, wish->text);
}

/* Runs the loop until the target is as described. */
static void await(struct bench *b, uint32_t number, uint16_t type, const char *text)
{
    struct wish wish = {.bench = b,
                        .number = number,
                        .type = type,
                        .text = text,
                        .until_ns = time_monotonic_ns() + WAIT_S * NS_PER_S};
    wish.timer = (struct loop_timer){.on_time = look_again, .user = &wish};
    loop_timer_set(b->loop, &wish.timer, NS_PER_MS, NS_PER_MS);
    loop_run(b->loop);
    loop_timer_stop(&wish.timer);
}

static const struct responder_rule good[] = {
    {"lb.test", RESPONDER_A, RESPONDER_ANSWER, 300, "192.0.2.1 192.0.2.2"},
    {"lb.test", RESPONDER_AAAA, RESPONDER_ANSWER, 20, "2001:db8::1"},
    {"short.test", RESPONDER_A, RESPONDER_ANSWER, 1, "192.0.2.7"},
    {"none.test", RESPONDER_A, RESPONDER_NXDOMAIN, 0, NULL},
    {0},
};
static const struct responder_rule moved[] = {
    {"short.test", RESPONDER_A, RESPONDER_ANSWER, 60, "192.0.2.8"},
    {0},
};
static const struct responder_rule failing[] = {
    {"lb.test", RESPONDER_A, RESPONDER_SERVFAIL, 0, NULL},
    {"short.test", RESPONDER_A, RESPONDER_SERVFAIL, 0, NULL},
    {0},
};
static const struct responder_rule gone[] = {
    {"short.test", RESPONDER_A, RESPONDER_NXDOMAIN, 0, NULL},
    {0},
};

static void addresses_come_with_their_ttl_but_60_s_at_most(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, good);
    uint32_t v4 = hold(&b, DNS_TYPE_A, "lb.test");
    uint32_t v6 = hold(&b, DNS_TYPE_AAAA, "lb.test");
    await(&b, v4, DNS_TYPE_A, "fresh 60 c0000201 c0000202");
    await(&b, v6, DNS_TYPE_AAAA, "fresh 20 20010db8000000000000000000000001");
    bench_stop(&b);
}

static void what_is_not_there_has_no_answer(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, good);
    uint32_t none = hold(&b, DNS_TYPE_A, "none.test");
    uint32_t no_host = hold(&b, DNS_TYPE_A, "a\\052b.test");
    await(&b, none, DNS_TYPE_A, "absent");
    await(&b, no_host, DNS_TYPE_A, "absent");
    bench_stop(&b);
}

static void a_name_is_asked_for_again_before_its_ttl_ends(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, good);
    uint32_t name = hold(&b, DNS_TYPE_A, "short.test");
    await(&b, name, DNS_TYPE_A, "fresh 1 c0000207");
    responder_set(&b.server, moved);
    await(&b, name, DNS_TYPE_A, "fresh 60 c0000208");
    bench_stop(&b);
}

static void good_addresses_are_kept_while_resolution_fails(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, good);
    uint32_t name = hold(&b, DNS_TYPE_A, "short.test");
    await(&b, name, DNS_TYPE_A, "fresh 1 c0000207");
    responder_set(&b.server, failing);
    await(&b, name, DNS_TYPE_A, "kept 1 c0000207");
    responder_set(&b.server, moved);
    await(&b, name, DNS_TYPE_A, "fresh 60 c0000208");
    bench_stop(&b);
}

static void but_not_once_there_is_no_such_name(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, good);
    uint32_t name = hold(&b, DNS_TYPE_A, "short.test");
    await(&b, name, DNS_TYPE_A, "fresh 1 c0000207");
    responder_set(&b.server, gone);
    await(&b, name, DNS_TYPE_A, "absent");
    bench_stop(&b);
}

static void nor_for_longer_than_they_may_be_kept(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, good);
    close_watch(&b);
    open_watch(&b, (struct outside_watch_options){.keep_s = 1});
    uint32_t name = hold(&b, DNS_TYPE_A, "short.test");
    await(&b, name, DNS_TYPE_A, "fresh 1 c0000207");
    responder_set(&b.server, failing);
    await(&b, name, DNS_TYPE_A, "failed");
    bench_stop(&b);
}

static void what_fails_from_the_start_is_asked_for_until_it_answers(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, failing);
    uint32_t name = hold(&b, DNS_TYPE_A, "lb.test");
    await(&b, name, DNS_TYPE_A, "failed");
    responder_set(&b.server, good);
    await(&b, name, DNS_TYPE_A, "fresh 60 c0000201 c0000202");
    bench_stop(&b);
}

static void a_restart_without_name_servers_has_the_last_good_addresses(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, good);
    uint32_t v4 = hold(&b, DNS_TYPE_A, "lb.test");
    uint32_t v6 = hold(&b, DNS_TYPE_AAAA, "lb.test");
    await(&b, v4, DNS_TYPE_A, "fresh 60 c0000201 c0000202");
    await(&b, v6, DNS_TYPE_AAAA, "fresh 20 20010db8000000000000000000000001");
    close_watch(&b);
    responder_set(&b.server, failing);
    open_watch(&b, (struct outside_watch_options){0});
    outside_watch_look(b.watch);
    await(&b, v4, DNS_TYPE_A, "kept 30 c0000201 c0000202");
    bench_stop(&b);
}

static void a_damaged_file_is_ignored(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, failing);
    close_watch(&b);
    static const struct slice damaged = SLICE_LIT("weir outside addresses 1\nA lb.test. 1 1 1.1");
    assert_int_equal(file_replace(b.path, damaged, 0600, NULL), ERR_OK);
    open_watch(&b, (struct outside_watch_options){0});
    uint32_t name = hold(&b, DNS_TYPE_A, "lb.test");
    await(&b, name, DNS_TYPE_A, "failed");
    bench_stop(&b);
}

static void names_that_nothing_refers_to_are_dropped(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, good);
    close_watch(&b);
    open_watch(&b, (struct outside_watch_options){.keep_unused_ns = NS_PER_MS});
    uint32_t name = hold(&b, DNS_TYPE_A, "short.test");
    await(&b, name, DNS_TYPE_A, "fresh 1 c0000207");
    registry_drop(b.registry, name);
    outside_watch_look(b.watch);
    await(&b, name, DNS_TYPE_A, "unknown");
    assert_int_equal(hold(&b, DNS_TYPE_A, "short.test"), name);
    await(&b, name, DNS_TYPE_A, "fresh 1 c0000207");
    bench_stop(&b);
}

/** A builder thread that waits for first addresses. */
struct settling {
    struct bench *bench;
    const struct outside_table *table; /* as it stood then */
    int64_t took_ns;
};

static void stop(void *loop)
{
    loop_stop(loop);
}

static void *settle(void *arg)
{
    struct settling *s = arg;
    int64_t start_ns = time_monotonic_ns();
    outside_watch_settle(s->bench->watch);
    s->took_ns = time_monotonic_ns() - start_ns;
    s->table = s->bench->table;
    loop_post(s->bench->loop, stop, s->bench->loop);
    return NULL;
}

static void give_up(struct loop_timer *timer)
{
    (void)timer;
    fail_msg("waited for too long");
}

static struct settling settled(struct bench *b)
{
    pthread_t thread;
    struct settling s = {.bench = b};
    struct loop_timer limit = {.on_time = give_up};
    assert_int_equal(pthread_create(&thread, NULL, settle, &s), 0);
    loop_timer_set(b->loop, &limit, WAIT_S * NS_PER_S, 0);
    loop_run(b->loop);
    loop_timer_stop(&limit);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return s;
}

static void a_new_root_waits_for_first_addresses(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, good);
    uint32_t name = hold(&b, DNS_TYPE_A, "lb.test");
    struct settling s = settled(&b);
    assert_non_null(s.table);
    assert_string_equal(described(&b, name, DNS_TYPE_A), "fresh 60 c0000201 c0000202");
    bench_stop(&b);
}

static void but_not_for_long(void **state)
{
    (void)state;
    static const struct responder_rule silent[] = {
        {"lb.test", RESPONDER_A, RESPONDER_SILENT, 0, NULL}, {0}};
    struct bench b;
    bench_start(&b, silent);
    (void)hold(&b, DNS_TYPE_A, "lb.test");
    struct settling s = settled(&b);
    assert_true(s.took_ns >= 200 * NS_PER_MS && s.took_ns < WAIT_S * NS_PER_S);
    bench_stop(&b);
}

static void the_file_gives_back_what_was_written(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    AUTO_BUF struct buf text = {0};
    struct dns_name name;
    struct outside_learned *items = NULL;
    size_t count = 0;
    static const uint8_t addresses[] = {192, 0, 2, 1, 192, 0, 2, 2};
    assert_int_equal(dns_name_parse(SLICE_LIT("l\\040b\\052.test"), &name, NULL), ERR_OK);
    const struct outside_learned learned = {.type = DNS_TYPE_A,
                                            .name = dns_name_slice(&name),
                                            .learned_unix_s = 1700000000,
                                            .ttl_s = 4294967295,
                                            .count = 2,
                                            .addresses = addresses};
    outside_store_begin(&text);
    outside_store_add(&text, &learned);
    outside_store_end(&text);
    assert_int_equal(outside_store_read(&a, buf_slice(&text), &items, &count, NULL), ERR_OK);
    assert_int_equal(count, 1);
    assert_true(slice_equal(items[0].name, learned.name));
    assert_int_equal(items[0].learned_unix_s, 1700000000);
    assert_int_equal(items[0].ttl_s, 4294967295);
    assert_int_equal(items[0].count, 2);
    assert_memory_equal(items[0].addresses, addresses, sizeof(addresses));
}

static void a_file_with_any_byte_changed_or_cut_is_refused(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    AUTO_BUF struct buf text = {0};
    struct outside_learned *items = NULL;
    size_t count = 0;
    static const uint8_t root[] = {0};
    static const uint8_t address[] = {192, 0, 2, 1};
    outside_store_begin(&text);
    outside_store_add(&text, &(struct outside_learned){.type = DNS_TYPE_A,
                                                       .name = slice_of(root, 1),
                                                       .count = 1,
                                                       .addresses = address});
    outside_store_end(&text);
    struct slice whole = buf_slice(&text);
    for (size_t i = 0; i < whole.len; i++) {
        uint8_t *copy = arena_array(&a, whole.len, 1);
        memcpy(copy, whole.data, whole.len);
        copy[i] ^= 1;
        struct slice changed = slice_of(copy, whole.len);
        assert_int_equal(outside_store_read(&a, changed, &items, &count, NULL), ERR_CORRUPT);
        struct slice cut = slice_sub(whole, 0, i);
        assert_int_equal(outside_store_read(&a, cut, &items, &count, NULL), ERR_CORRUPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_come_with_their_ttl_but_60_s_at_most),
        cmocka_unit_test(what_is_not_there_has_no_answer),
        cmocka_unit_test(a_name_is_asked_for_again_before_its_ttl_ends),
        cmocka_unit_test(good_addresses_are_kept_while_resolution_fails),
        cmocka_unit_test(but_not_once_there_is_no_such_name),
        cmocka_unit_test(nor_for_longer_than_they_may_be_kept),
        cmocka_unit_test(what_fails_from_the_start_is_asked_for_until_it_answers),
        cmocka_unit_test(a_restart_without_name_servers_has_the_last_good_addresses),
        cmocka_unit_test(a_damaged_file_is_ignored),
        cmocka_unit_test(names_that_nothing_refers_to_are_dropped),
        cmocka_unit_test(a_new_root_waits_for_first_addresses),
        cmocka_unit_test(but_not_for_long),
        cmocka_unit_test(the_file_gives_back_what_was_written),
        cmocka_unit_test(a_file_with_any_byte_changed_or_cut_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
