// SPDX-License-Identifier: Apache-2.0
// Transfers: the walk over a zone's names, what names come to, differences between worlds, and the
// messages of AXFR and IXFR.
#include "authority/transfer.h"

#include "authority/name_cursor.h"
#include "authority/tsig.h"
#include "base/random.h"
#include "dns/name.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define KEY_NAME "\3key\0"

static struct slice keys[] = {{.data = (const uint8_t *)KEY_NAME, .len = 5}};

/* A transferred zone. */
static struct release_transfer *transferred(struct fixture *f, const char *id, const char *apex)
{
    struct release_zone *zone = fixture_whole_zone(f, id, apex);
    zone->transfer = ARENA_NEW(&f->arena, struct release_transfer);
    *zone->transfer = (struct release_transfer){.serial = 10, .keys = keys, .key_count = 1};
    return zone->transfer;
}

static struct world *load(struct fixture *f, const struct world *before)
{
    struct world *w = NULL;
    struct errctx ec = {0};
    struct chunk_hash root = fixture_build(f);
    if (world_load(fixture_source(f, &root), before, &w, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
    return w;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Records of a text as sorted lines, in hex but for the owner. */
static size_t lines_of(struct arena *a, struct slice text, const char *lines[4096])
{
    size_t count = 0;
    struct zone_text_record record;
    while (zone_text_next(&text, &record)) {
        char owner[DNS_NAME_TEXT_SIZE];
        char hex[1024];
        (void)dns_name_format(record.owner, owner);
        slice_hex(slice_of(record.record, (size_t)(record_next(record.record) - record.record)),
                  hex);
        assert_true(count < 4096);
        lines[count++] = arena_printf(a, "%s %s", owner, hex);
    }
    if (count > 1)
        qsort(lines, count, sizeof(lines[0]), compare_texts);
    return count;
}

/* All names of the zone as a text. */
static void whole(const struct world *w, const struct zone *zone, struct buf *out)
{
    struct name_run run;
    struct name_cursor cursor = name_cursor_of(&w->names, zone->hash);
    while (name_cursor_next(&cursor, &run)) {
        for (size_t i = 0; i < run.count; i++) {
            struct name_record name = name_run_record(&run, i);
            zone_text_name(w, &name, out);
        }
    }
}

static const struct zone *only_zone(const struct world *w, const char *apex)
{
    struct dns_name name;
    const struct question q = {0};
    struct view view = question_view(&q);
    assert_int_equal(dns_name_parse(slice_str(apex), &name, NULL), ERR_OK);
    return zone_table_find(w->zones, dns_name_slice(&name), &view);
}

static void the_walk_meets_each_name_of_the_zone_once(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    transferred(&f, "Z1", "example.com");
    fixture_whole_zone(&f, "Z2", "example.org");
    for (unsigned i = 0; i < 900; i++) {
        fixture_value(&f, "Z1", arena_printf(&f.arena, "n%u.example.com", i), "A", 60, "192.0.2.1");
        fixture_value(&f, "Z2", arena_printf(&f.arena, "n%u.example.org", i), "A", 60, "192.0.2.1");
    }
    struct world *w = load(&f, NULL);
    struct name_run run;
    size_t count = 0;
    uint64_t last = 0;
    const struct zone *zone = only_zone(w, "example.com");
    struct name_cursor cursor = name_cursor_of(&w->names, zone->hash);
    while (name_cursor_next(&cursor, &run)) {
        assert_true(count == 0 || run.leaf->keys[run.first].owner > last);
        last = run.leaf->keys[run.first].owner;
        count += run.count;
    }
    assert_int_equal(count, 901);
    cursor = name_cursor_of(&w->names, zone->hash + 1);
    assert_false(name_cursor_next(&cursor, &run));
    world_free(w);
    fixture_fini(&f);
}

/* Applies one delta of the book to sorted lines; what goes has to be there. */
static size_t apply(struct arena *a, const struct transfer_delta *delta, const char **lines,
                    size_t count)
{
    const char *parts[4096];
    struct slice text = buf_slice(&delta->text);
    struct zone_text_record record;
    unsigned soas = 0;
    while (zone_text_next(&text, &record)) {
        struct slice one = slice_of(record.owner.data - 1,
                                    (size_t)(record_next(record.record) - record.owner.data + 1));
        if (record.record[1] == DNS_TYPE_SOA && record.record[0] == 0) {
            soas++;
            continue;
        }
        assert_int_equal(lines_of(a, one, parts), 1);
        size_t at = 0;
        while (at < count && strcmp(lines[at], parts[0]) != 0)
            at++;
        if (soas == 1) {
            assert_true(at < count);
            lines[at] = lines[--count];
        } else {
            assert_int_equal(at, count);
            lines[count++] = parts[0];
        }
    }
    assert_int_equal(soas, 2);
    if (count > 1)
        qsort(lines, count, sizeof(lines[0]), compare_texts);
    return count;
}

static void change_at_random(struct fixture *f, struct prng *random)
{
    for (unsigned i = 0; i < 1 + prng_below(random, 5); i++) {
        const char *name =
            arena_printf(&f->arena, "n%u.example.com", (unsigned)prng_below(random, 40));
        const char *type = prng_below(random, 2) == 0 ? "A" : "TXT";
        if (prng_below(random, 8) == 0)
            fixture_alias(f, "Z1", name, "AAAA", "Z1", "n1.example.com");
        else if (prng_below(random, 3) == 0)
            fixture_remove(f, "Z1", name, type);
        else if (type[0] == 'A')
            fixture_set(f, "Z1", name, "A", 60 + (uint32_t)prng_below(random, 2),
                        (const char *const[]){"192.0.2.1",
                                              arena_printf(&f->arena, "192.0.2.%u",
                                                           2 + (unsigned)prng_below(random, 9)),
                                              NULL});
        else
            fixture_value(f, "Z1", name, "TXT", 60, "\"text\"");
    }
}

static void deltas_lead_from_each_serial_to_the_next(void **state)
{
    (void)state;
    struct fixture f;
    struct prng random;
    const char *lines[4096];
    const char *expected[4096];
    prng_init_fixed(&random, 5);
    fixture_init(&f);
    struct release_transfer *transfer = transferred(&f, "Z1", "example.com");
    for (unsigned i = 0; i < 40; i++) {
        fixture_value(&f, "Z1", arena_printf(&f.arena, "n%u.example.com", i), "A", 60, "192.0.2.1");
        fixture_value(&f, "Z1", arena_printf(&f.arena, "n%u.example.com", i), "TXT", 60, "\"t\"");
        if (i % 8 == 0) /* their records change although they do not */
            fixture_alias(&f, "Z1", arena_printf(&f.arena, "alias%u.example.com", i), "A", "Z1",
                          arena_printf(&f.arena, "n%u.example.com", i));
    }
    struct world *w = load(&f, NULL);
    AUTO_BUF struct buf first = {0};
    whole(w, only_zone(w, "example.com"), &first);
    size_t count = lines_of(&f.arena, buf_slice(&first), lines);
    for (unsigned turn = 0; turn < 40; turn++) {
        change_at_random(&f, &random);
        transfer->serial++;
        struct world *next = load(&f, w);
        world_free(w);
        w = next;
        AUTO_BUF struct buf now = {0};
        const struct zone *zone = only_zone(w, "example.com");
        const struct transfer_zone *page = transfer_book_find(w->book, zone->hash);
        assert_int_equal(page->delta_count, turn + 1);
        assert_int_equal(page->deltas[turn]->from, 10 + turn);
        assert_int_equal(page->deltas[turn]->to, 11 + turn);
        count = apply(&f.arena, page->deltas[turn], lines, count);
        whole(w, zone, &now);
        assert_int_equal(lines_of(&f.arena, buf_slice(&now), expected), count);
        for (size_t i = 0; i < count; i++)
            assert_string_equal(lines[i], expected[i]);
    }
    world_free(w);
    fixture_fini(&f);
}

/* 40,000 records, of which one changes: looking each up among all others took seconds. */
static void a_name_with_many_records_is_compared_in_one_pass(void **state)
{
    (void)state;
    struct fixture f;
    const char *values[401] = {NULL};
    struct timespec from;
    struct timespec to;
    fixture_init(&f);
    struct release_transfer *transfer = transferred(&f, "Z1", "example.com");
    for (unsigned type = 0; type < 100; type++) {
        for (unsigned i = 0; i < 400; i++)
            values[i] = arena_printf(&f.arena, "\\# 4 %08x", i);
        fixture_set(&f, "Z1", "www.example.com", arena_printf(&f.arena, "TYPE%u", 65000 + type), 60,
                    values);
    }
    struct world *w = load(&f, NULL);
    values[200] = "\\# 4 ffffffff";
    fixture_set(&f, "Z1", "www.example.com", "TYPE65050", 60, values);
    transfer->serial++;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    struct world *next = load(&f, w);
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    assert_true(to.tv_sec - from.tv_sec <= 1);
    struct arena a = {0};
    const char *lines[4096];
    const struct zone *zone = only_zone(next, "example.com");
    const struct transfer_zone *page = transfer_book_find(next->book, zone->hash);
    assert_int_equal(page->delta_count, 1);
    /* Both SOAs, the record that went, the one that came. */
    assert_int_equal(lines_of(&a, buf_slice(&page->deltas[0]->text), lines), 4);
    arena_fini(&a);
    world_free(w);
    world_free(next);
    fixture_fini(&f);
}

static enum dns_ede judge(const struct world *w, const char *apex, const char *key)
{
    struct dns_name signer = {0};
    const struct question q = {0};
    struct view view = question_view(&q);
    if (key != NULL)
        assert_int_equal(dns_name_parse(slice_str(key), &signer, NULL), ERR_OK);
    return transfer_judge(w, only_zone(w, apex), &view.source, key == NULL ? NULL : &signer);
}

static void key_and_network_both_have_to_fit(void **state)
{
    (void)state;
    struct fixture f;
    static struct release_prefix near[] = {{.address = {192, 0, 2}, .bytes = 4, .length = 24}};
    static struct release_prefix far[] = {{.address = {198, 51, 100}, .bytes = 4, .length = 24}};
    fixture_init(&f);
    struct release_transfer *transfer = transferred(&f, "Z1", "example.com");
    fixture_whole_zone(&f, "Z2", "example.org");
    struct world *w = load(&f, NULL);
    assert_int_equal(judge(w, "example.com", "key"), DNS_EDE_NONE);
    assert_int_equal(judge(w, "example.com", "other"), DNS_EDE_PROHIBITED);
    assert_int_equal(judge(w, "example.com", NULL), DNS_EDE_PROHIBITED);
    assert_int_equal(judge(w, "example.org", "key"), DNS_EDE_PROHIBITED);
    world_free(w);
    transfer->prefixes = far;
    transfer->prefix_count = 1;
    w = load(&f, NULL);
    assert_int_equal(judge(w, "example.com", "key"), DNS_EDE_PROHIBITED);
    world_free(w);
    transfer->prefixes = near;
    transfer->key_count = 0;
    w = load(&f, NULL);
    assert_int_equal(judge(w, "example.com", NULL), DNS_EDE_NONE);
    world_free(w);
    fixture_fini(&f);
}

static void what_leads_out_of_the_zone_is_never_offered(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct release_transfer *transfer = transferred(&f, "Z1", "example.com");
    fixture_whole_zone(&f, "Z2", "example.org");
    fixture_value(&f, "Z1", "www.example.com", "A", 60, "192.0.2.1");
    fixture_alias(&f, "Z1", "example.com", "A", "Z1", "www.example.com");
    struct world *w = load(&f, NULL);
    assert_int_equal(judge(w, "example.com", "key"), DNS_EDE_NONE);
    fixture_alias(&f, "Z1", "out.example.com", "A", "Z2", "www.example.org");
    transfer->is_flattened = true;
    transfer->serial++;
    struct world *next = load(&f, w);
    assert_int_equal(judge(next, "example.com", "key"), DNS_EDE_NOT_SUPPORTED);
    /* Counted from the difference: without the alias it is offered again. */
    fixture_remove(&f, "Z1", "out.example.com", "A");
    transfer->serial++;
    struct world *last = load(&f, next);
    assert_int_equal(judge(last, "example.com", "key"), DNS_EDE_NONE);
    world_free(w);
    world_free(next);
    world_free(last);
    fixture_fini(&f);
}

static void a_flattened_zone_has_what_a_tree_that_evaluates_comes_to(void **state)
{
    (void)state;
    struct fixture f;
    AUTO_BUF struct buf text = {0};
    fixture_init(&f);
    transferred(&f, "Z1", "example.com")->is_flattened = true;
    for (unsigned i = 0; i < 2; i++) {
        const char *id = i == 0 ? "a" : "b";
        struct release_set *set = fixture_branch(&f, "www.example.com", "A", RELEASE_FAILOVER, id);
        fixture_branch_alias(&f, set, "low.example.com", true);
        set->is_secondary = i == 1;
        set = fixture_branch(&f, "low.example.com", "A", RELEASE_FAILOVER, id);
        fixture_branch_value(&f, set, i == 0 ? "192.0.2.1" : "192.0.2.2");
        set->is_secondary = i == 1;
    }
    struct world *w = load(&f, NULL);
    whole(w, only_zone(w, "example.com"), &text);
    struct arena a = {0};
    const char *lines[4096];
    size_t count = lines_of(&a, buf_slice(&text), lines);
    unsigned found = 0;
    for (size_t i = 0; i < count; i++)
        found += strncmp(lines[i], "www.example.com. ", 17) == 0;
    assert_int_equal(found, 1);
    arena_fini(&a);
    world_free(w);
    fixture_fini(&f);
}

static void a_signed_transfer_is_signed_message_by_message(void **state)
{
    (void)state;
    struct fixture f;
    uint8_t query[600];
    static uint8_t out[DNS_MESSAGE_MAX_BYTES];
    struct tsig_keys *file = NULL;
    struct tsig_session client;
    fixture_init(&f);
    transferred(&f, "Z1", "example.com");
    for (unsigned i = 0; i < 3000; i++)
        fixture_value(&f, "Z1", arena_printf(&f.arena, "name-%u.example.com", i), "TXT", 60,
                      "\"a text that takes some room in a message of a transfer\"");
    struct world *w = load(&f, NULL);
    assert_int_equal(tsig_keys_parse(SLICE_LIT("key hmac-sha256 AAAAAAAA"), &file, NULL), ERR_OK);
    const struct question q = {.name = "example.com", .type = "AXFR"};
    struct slice asked = question_bytes(&q, query);
    tsig_begin_request(&client, &file->keys[0], (uint16_t)(query[0] << 8 | query[1]));
    size_t len = tsig_sign(&client, query, asked.len, ASK_NOW_UNIX_S);
    const struct scene scene = {.world = w, .offered = w, .tsig_keys = file};
    const struct answer_request request = {.query = slice_of(query, len),
                                           .view = question_view(&q),
                                           .is_tcp = true,
                                           .now_unix_s = ASK_NOW_UNIX_S};
    struct transfer *t = transfer_begin(&scene, &request);
    assert_non_null(t);
    assert_false(world_is_free(w));
    unsigned messages = 0;
    unsigned records = 0;
    while ((len = transfer_next(t, out, ASK_NOW_UNIX_S)) > 0) {
        struct slice message = slice_of(out, len);
        assert_true(dns_tsig_find(message) > 0);
        if (messages == 0)
            assert_true(tsig_check_response(&client, message, ASK_NOW_UNIX_S));
        messages++;
        records += (unsigned)(out[6] << 8 | out[7]);
    }
    assert_true(messages > 3);
    assert_int_equal(records, 3000 + 3); /* NS, and the SOA twice */
    transfer_free(t, 0);
    assert_true(world_is_free(w));
    tsig_keys_free(file);
    world_free(w);
    fixture_fini(&f);
}

static void a_transferred_zone_answers_with_its_serial(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    transferred(&f, "Z1", "example.com")->serial = 4000000000;
    struct world *w = load(&f, NULL);
    assert_non_null(strstr(ask_simply(w, "example.com", "SOA"), " 4000000000 "));
    assert_non_null(strstr(ask_simply(w, "none.example.com", "A"), " 4000000000 "));
    world_free(w);
    fixture_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_walk_meets_each_name_of_the_zone_once),
        cmocka_unit_test(deltas_lead_from_each_serial_to_the_next),
        cmocka_unit_test(key_and_network_both_have_to_fit),
        cmocka_unit_test(what_leads_out_of_the_zone_is_never_offered),
        cmocka_unit_test(a_name_with_many_records_is_compared_in_one_pass),
        cmocka_unit_test(a_flattened_zone_has_what_a_tree_that_evaluates_comes_to),
        cmocka_unit_test(a_signed_transfer_is_signed_message_by_message),
        cmocka_unit_test(a_transferred_zone_answers_with_its_serial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
