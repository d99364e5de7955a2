// SPDX-License-Identifier: Apache-2.0
// Tests of the crash report of os/process.h: children crash, the test reads what they left.
#include "os/process.h"

#include "base/macros.h"
#include "child.h"
#include "os/sanitizer.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/** One crash and what is left of it. */
struct crash {
    void (*how)(void);
    int ends[2];
    char text[16384]; /* the report */
    int status;
};

static int crash_in_child(void *arg)
{
    const struct crash *crash = (const struct crash *)arg;
    crash_report_install(crash->ends[1], "dns");
    crash->how();
    return 0;
}

/** The report fits the pipe, so it is read after the child's end. */
static void crash_by(struct crash *crash, void (*how)(void))
{
    memset(crash, 0, sizeof(*crash));
    crash->how = how;
    assert_int_equal(pipe(crash->ends), 0);
    crash->status = child_run(crash_in_child, crash);
    close(crash->ends[1]);
    size_t len = 0;
    ssize_t got;
    while ((got = read(crash->ends[0], crash->text + len, sizeof(crash->text) - 1 - len)) > 0)
        len += (size_t)got;
    close(crash->ends[0]);
}

static unsigned line_count(const char *text)
{
    unsigned count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

static void abort_now(void)
{
    abort();
}

/** The address is a variable's, lest the compiler sees what comes. */
static volatile uintptr_t bad_address = 0x10;

static void write_to_a_bad_address(void)
{
    *(volatile int *)bad_address = 1;
}

static volatile int no_depth;

/* NOLINTNEXTLINE(misc-no-recursion): it is to exhaust the stack */
static int go_deeper(int depth)
{
    volatile char frame[4096];
    frame[0] = (char)depth;
    if (depth == no_depth)
        return 0;
    return go_deeper(depth + 1) + frame[0];
}

static void overflow_the_stack(void)
{
    no_depth = -1;
    _exit(go_deeper(1));
}

static void *overflow_on_a_thread(void *arg)
{
    crash_report_thread_start();
    overflow_the_stack();
    return arg;
}

static void overflow_the_stack_of_a_thread(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, overflow_on_a_thread, NULL) == 0)
        pthread_join(thread, NULL);
}

static void an_abort_leaves_a_line_and_a_backtrace(void **state)
{
    (void)state;
    struct crash crash;
    crash_by(&crash, abort_now);
    assert_true(WIFSIGNALED(crash.status));
    assert_int_equal(WTERMSIG(crash.status), SIGABRT);
    assert_true(process_status_is_crash(crash.status));
    assert_int_equal(strncmp(crash.text, "time_unix_s=", 12), 0);
    const char *line = strstr(crash.text, " level=error event=crash role=dns pid=");
    const char *name = strstr(crash.text, " signal=SIGABRT\n");
    assert_true(line != NULL && name != NULL && line < name);
    assert_true(line_count(crash.text) >= 4);
}

static void a_fault_names_its_address(void **state)
{
    (void)state;
    if (HAS_SANITIZER)
        skip();
    struct crash crash;
    crash_by(&crash, write_to_a_bad_address);
    assert_int_equal(WTERMSIG(crash.status), SIGSEGV);
    assert_non_null(strstr(crash.text, " signal=SIGSEGV address=0x10\n"));
    assert_true(line_count(crash.text) >= 4);
}

static void a_stack_overflow_is_reported_on_every_thread(void **state)
{
    (void)state;
    if (HAS_SANITIZER)
        skip();
    void (*const ways[])(void) = {overflow_the_stack, overflow_the_stack_of_a_thread};
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        struct crash crash;
        crash_by(&crash, ways[i]);
        assert_int_equal(WTERMSIG(crash.status), SIGSEGV);
        assert_non_null(strstr(crash.text, " signal=SIGSEGV address=0x"));
        assert_true(line_count(crash.text) >= 4);
    }
}

static void point_elsewhere_and_abort(void)
{
    crash_report_set_fd(-1);
    abort();
}

static void the_report_follows_a_reopened_log(void **state)
{
    (void)state;
    struct crash crash;
    crash_by(&crash, point_elsewhere_and_abort);
    assert_int_equal(WTERMSIG(crash.status), SIGABRT);
    assert_string_equal(crash.text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_abort_leaves_a_line_and_a_backtrace),
        cmocka_unit_test(a_fault_names_its_address),
        cmocka_unit_test(a_stack_overflow_is_reported_on_every_thread),
        cmocka_unit_test(the_report_follows_a_reopened_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
