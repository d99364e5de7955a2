// SPDX-License-Identifier: Apache-2.0
// Counters: slots of roles and threads, sums, memory shared over fork, the exported text.

#include "metrics/counters.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/** What a metric of a role rose by since `before`. */
static uint64_t rise(enum metrics_role role, enum metric m, uint64_t before)
{
    return metrics_read(role, m) - before;
}

static void an_unbound_thread_counts_for_the_supervisor(void **state)
{
    (void)state;
    uint64_t before = metrics_read(METRICS_SUPERVISOR, METRIC_PROCESS_STARTS);
    metrics_add(METRIC_PROCESS_STARTS, 3);
    assert_int_equal(rise(METRICS_SUPERVISOR, METRIC_PROCESS_STARTS, before), 3);
    assert_int_equal(metrics_read(METRICS_DNS, METRIC_PROCESS_STARTS), 0);
}

static void what_was_counted_before_the_shared_memory_goes_along(void **state)
{
    (void)state;
    metrics_add(METRIC_PROCESS_STARTS, 1);
    uint64_t before = metrics_read(METRICS_SUPERVISOR, METRIC_PROCESS_STARTS);
    metrics_init_shared();
    assert_int_equal(rise(METRICS_SUPERVISOR, METRIC_PROCESS_STARTS, before), 0);
    metrics_add(METRIC_PROCESS_STARTS, 1);
    assert_int_equal(rise(METRICS_SUPERVISOR, METRIC_PROCESS_STARTS, before), 1);
}

/** Counts in a child process as a thread of dns, then dies without a word. */
static void count_in_child(unsigned thread_index, uint64_t amount)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        metrics_bind_thread(METRICS_DNS, thread_index);
        metrics_add(METRIC_PROCESS_STARTS, amount);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
}

static void counters_outlive_the_process_that_counted(void **state)
{
    (void)state;
    uint64_t before = metrics_read(METRICS_DNS, METRIC_PROCESS_STARTS);
    count_in_child(0, 5);
    count_in_child(0, 6); /* its successor goes on in the same slot */
    count_in_child(1, 7);
    assert_int_equal(rise(METRICS_DNS, METRIC_PROCESS_STARTS, before), 18);
}

static void a_thread_too_many_shares_the_last_slot(void **state)
{
    (void)state;
    metrics_bind_thread(METRICS_CONTROL, METRICS_SLOTS_PER_ROLE - 2);
    _Atomic uint64_t *last_but_one = metrics_cells;
    metrics_bind_thread(METRICS_CONTROL, METRICS_SLOTS_PER_ROLE - 1);
    _Atomic uint64_t *last = metrics_cells;
    assert_ptr_not_equal(last, last_but_one);
    metrics_bind_thread(METRICS_CONTROL, METRICS_SLOTS_PER_ROLE);
    assert_ptr_equal(metrics_cells, last);
    assert_int_equal((uintptr_t)last % CACHE_LINE_BYTES, 0);
    metrics_bind_thread(METRICS_SUPERVISOR, 0);
}

static void what_others_count_for_a_role_adds_to_its_own(void **state)
{
    (void)state;
    uint64_t before = metrics_read(METRICS_AGENT, METRIC_PROCESS_CRASHES);
    metrics_add_for(METRICS_AGENT, METRIC_PROCESS_CRASHES, 2);
    metrics_bind_thread(METRICS_AGENT, METRICS_SLOTS_PER_ROLE);
    metrics_add(METRIC_PROCESS_CRASHES, 1);
    metrics_bind_thread(METRICS_SUPERVISOR, 0);
    assert_int_equal(rise(METRICS_AGENT, METRIC_PROCESS_CRASHES, before), 3);
}

enum { THREADS = 4, ROUNDS = 20000 };

static void *count_own_and_foreign(void *index_ptr)
{
    const unsigned *index = index_ptr;
    metrics_bind_thread(METRICS_DNS, *index);
    for (unsigned i = 0; i < ROUNDS; i++) {
        metrics_add(METRIC_PROCESS_STARTS, 1);
        metrics_add_for(METRICS_DNS, METRIC_PROCESS_STARTS, 1);
    }
    return NULL;
}

static void threads_with_slots_of_their_own_lose_nothing(void **state)
{
    (void)state;
    uint64_t before = metrics_read(METRICS_DNS, METRIC_PROCESS_STARTS);
    pthread_t threads[THREADS];
    unsigned indices[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        indices[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, count_own_and_foreign, &indices[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(rise(METRICS_DNS, METRIC_PROCESS_STARTS, before), 2 * THREADS * ROUNDS);
}

/** The exported text with a NUL behind it. */
static const char *exported(struct buf *out)
{
    buf_clear(out);
    metrics_export(out);
    buf_append_byte(out, '\0');
    return (const char *)buf_slice(out).data;
}

static void the_text_has_every_family_and_values_that_are_not_zero(void **state)
{
    (void)state;
    AUTO_BUF struct buf out = {0};
    metrics_set(METRIC_PROCESS_CRASHES, 4);
    const char *text = exported(&out);
    assert_non_null(strstr(text, "# HELP weir_process_crashes_total Ends of the role's process"));
    assert_non_null(strstr(text, "# TYPE weir_process_crashes_total counter\n"));
    assert_non_null(strstr(text, "\nweir_process_crashes_total{role=\"supervisor\"} 4\n"));
    assert_null(strstr(text, "weir_process_crashes_total{role=\"control\"}"));
    metrics_set(METRIC_PROCESS_CRASHES, 0);
    text = exported(&out);
    assert_non_null(strstr(text, "# TYPE weir_process_crashes_total counter\n"));
    assert_null(strstr(text, "weir_process_crashes_total{role=\"supervisor\"}"));
}

static void a_gauge_that_its_role_set_to_zero_is_exported(void **state)
{
    (void)state;
    AUTO_BUF struct buf out = {0};
    assert_null(strstr(exported(&out), "\nweir_health_checkers_fresh{"));
    metrics_bind_thread(METRICS_DNS, 0);
    metrics_set(METRIC_HEALTH_CHECKERS_FRESH, 0);
    metrics_bind_thread(METRICS_SUPERVISOR, 0);
    const char *text = exported(&out);
    assert_non_null(strstr(text, "\nweir_health_checkers_fresh{role=\"dns\"} 0\n"));
    assert_null(strstr(text, "weir_health_checkers_fresh{role=\"edge\"}"));
    assert_null(strstr(text, "\nweir_health_checks{"));
}

static void each_family_has_one_head(void **state)
{
    (void)state;
    AUTO_BUF struct buf out = {0};
    struct slice rest = slice_str(exported(&out));
    struct slice line;
    while (slice_split(&rest, '\n', &line)) {
        if (!slice_starts_with(line, SLICE_LIT("# TYPE ")))
            continue;
        struct slice later = rest;
        struct slice other;
        while (slice_split(&later, '\n', &other)) /* rows of a family stand together */
            assert_false(slice_equal(line, other));
    }
}

static void names_and_labels_are_well_formed(void **state)
{
    (void)state;
    static const struct {
        const char *family;
        const char *labels;
        const char *help;
    } rows[] = {
#define METRIC(id, type, family, labels, help) {family, labels, help},
#include "metrics/metrics.def"
#undef METRIC
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_memory_equal(rows[i].family, "weir_", 5);
        assert_int_equal(strspn(rows[i].family, "abcdefghijklmnopqrstuvwxyz0123456789_"),
                         strlen(rows[i].family));
        assert_null(strpbrk(rows[i].help, "\\\n"));
        size_t len = strlen(rows[i].labels);
        assert_true(len == 0 || rows[i].labels[len - 1] == '"');
        assert_null(strpbrk(rows[i].labels, "{}\n"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unbound_thread_counts_for_the_supervisor),
        cmocka_unit_test(what_was_counted_before_the_shared_memory_goes_along),
        cmocka_unit_test(counters_outlive_the_process_that_counted),
        cmocka_unit_test(a_thread_too_many_shares_the_last_slot),
        cmocka_unit_test(what_others_count_for_a_role_adds_to_its_own),
        cmocka_unit_test(threads_with_slots_of_their_own_lose_nothing),
        cmocka_unit_test(the_text_has_every_family_and_values_that_are_not_zero),
        cmocka_unit_test(a_gauge_that_its_role_set_to_zero_is_exported),
        cmocka_unit_test(each_family_has_one_head),
        cmocka_unit_test(names_and_labels_are_well_formed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
