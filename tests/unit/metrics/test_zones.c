// SPDX-License-Identifier: Apache-2.0
// Counters of zones: slots that stay, that are given on, and that a later process takes over.

#include "metrics/zones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char text[16 << 20];

static const char *exported(void)
{
    AUTO_BUF struct buf out = {0};
    metrics_zones_export(&out);
    struct slice s = buf_slice(&out);
    assert_true(s.len < sizeof(text));
    memcpy(text, s.data, s.len);
    text[s.len] = '\0';
    return text;
}

static bool shows(const char *family, const char *zone, const char *id, unsigned value)
{
    char line[400];
    (void)snprintf(line, sizeof(line), "\n%s{role=\"dns\",zone=\"%s\",id=\"%s\"} %u\n", family,
                   zone, id, value);
    return strstr(exported(), line) != NULL;
}

static void a_zone_counts_in_its_slot_over_takes_and_processes(void **state)
{
    (void)state;
    struct metrics_zones *z = metrics_zones_new();
    metrics_zones_bind_thread(0);
    uint32_t a = metrics_zones_take(z, "ZA", "a.example.");
    uint32_t b = metrics_zones_take(z, "ZB", "\\052.example.");
    assert_int_not_equal(a, b);
    metrics_zone_count(a, false);
    metrics_zone_count(a, true);
    metrics_zone_count(b, true);
    assert_true(shows("weir_dns_zone_queries_total", "a.example.", "ZA", 2));
    assert_true(shows("weir_dns_zone_nxdomain_total", "a.example.", "ZA", 1));
    assert_true(shows("weir_dns_zone_queries_total", "\\\\052.example.", "ZB", 1));
    assert_int_equal(metrics_zones_take(z, "ZA", "a.example."), a); /* the next release */
    metrics_zones_give(z, a);
    metrics_zone_count(a, false);
    assert_true(shows("weir_dns_zone_queries_total", "a.example.", "ZA", 3));
    metrics_zones_free(z);

    z = metrics_zones_new(); /* the next process: with a new zone before the old one */
    assert_null(strstr(exported(), "ZA"));
    assert_int_not_equal(metrics_zones_take(z, "ZC", "c.example."), a);
    assert_int_equal(metrics_zones_take(z, "ZA", "a.example."), a);
    assert_true(shows("weir_dns_zone_queries_total", "a.example.", "ZA", 3));
    metrics_zones_give(z, a);
    assert_null(strstr(exported(), "ZA"));
    metrics_zones_free(z);
}

static void each_thread_counts_in_cells_of_its_own(void **state)
{
    (void)state;
    struct metrics_zones *z = metrics_zones_new();
    uint32_t slot = metrics_zones_take(z, "ZT", "threads.example.");
    for (unsigned i = 0; i < 5; i++) {
        metrics_zones_bind_thread(i);
        metrics_zone_count(slot, false);
    }
    assert_true(shows("weir_dns_zone_queries_total", "threads.example.", "ZT", 5));
    metrics_zones_free(z);
}

static void a_full_table_gives_on_what_was_given_back(void **state)
{
    (void)state;
    static uint32_t slots[METRICS_ZONES_MAX];
    struct metrics_zones *z = metrics_zones_new();
    char id[METRICS_ZONE_ID_MAX_BYTES];
    metrics_zones_bind_thread(0);
    for (unsigned i = 0; i < METRICS_ZONES_MAX - 1; i++) {
        (void)snprintf(id, sizeof(id), "Z%06u", i);
        slots[i] = metrics_zones_take(z, id, "many.example.");
        assert_int_not_equal(slots[i], METRICS_ZONE_OTHERS);
        metrics_zone_count(slots[i], true);
    }
    uint32_t beyond = metrics_zones_take(z, "ZBEYOND", "beyond.example.");
    assert_int_equal(beyond, METRICS_ZONE_OTHERS);
    metrics_zone_count(beyond, false);
    assert_true(shows("weir_dns_zone_queries_total", "", "", 1));
    metrics_zones_give(z, beyond);
    assert_true(shows("weir_dns_zone_queries_total", "many.example.", "Z010000", 1));
    metrics_zones_give(z, slots[10000]);
    assert_null(strstr(exported(), "\"Z010000\""));
    assert_int_equal(metrics_zones_take(z, "ZBEYOND", "beyond.example."), slots[10000]);
    assert_null(strstr(exported(), "ZBEYOND")); /* what the zone before counted is not its own */
    metrics_zone_count(slots[10000], true);
    assert_true(shows("weir_dns_zone_queries_total", "beyond.example.", "ZBEYOND", 1));
    assert_true(shows("weir_dns_zone_nxdomain_total", "beyond.example.", "ZBEYOND", 1));
    assert_int_equal(metrics_zones_take(z, "Z010000", "x."), METRICS_ZONE_OTHERS);
    metrics_zones_free(z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zone_counts_in_its_slot_over_takes_and_processes),
        cmocka_unit_test(each_thread_counts_in_cells_of_its_own),
        cmocka_unit_test(a_full_table_gives_on_what_was_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
