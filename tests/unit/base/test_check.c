// SPDX-License-Identifier: Apache-2.0
// A failed CHECK ends the process by SIGABRT after one line that names the place.

#include "base/check.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/** Runs `body` in a child; gives what it wrote to standard error and how it ended. */
static int output_of(void (*body)(void), char *out_text, size_t size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit no_core = {0};
        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)signal(SIGABRT, SIG_DFL);
        (void)dup2(ends[1], STDERR_FILENO);
        body();
        _exit(0);
    }
    (void)close(ends[1]);
    size_t used = 0;
    ssize_t got = 0;
    while ((got = read(ends[0], out_text + used, size - 1 - used)) > 0)
        used += (size_t)got;
    out_text[used] = '\0';
    (void)close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void pass(void)
{
    CHECK(1 + 1 == 2);
    CHECK_MSG(sizeof(int) > 0, "never seen");
}

static void fail_plain(void)
{
    CHECK(sizeof(char) == 2);
}

static void fail_with_words(void)
{
    CHECK_MSG(sizeof(char) == 2, "a char has %d byte", 1);
}

static void fail_at_length(void)
{
    char words[4096];
    memset(words, 'w', sizeof(words) - 1);
    words[sizeof(words) - 1] = '\0';
    CHECK_MSG(sizeof(char) == 2, "%s", words);
}

static void a_true_check_does_nothing(void **state)
{
    (void)state;
    char text[256];
    int status = output_of(pass, text, sizeof(text));
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_string_equal(text, "");
}

static void a_false_check_names_its_place_and_aborts(void **state)
{
    (void)state;
    char text[256];
    int status = output_of(fail_plain, text, sizeof(text));
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(text, "test_check.c:"));
    assert_non_null(strstr(text, ": fail_plain: CHECK failed: sizeof(char) == 2\n"));
}

static void a_check_may_have_words_of_its_own(void **state)
{
    (void)state;
    char text[256];
    int status = output_of(fail_with_words, text, sizeof(text));
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(text, ": fail_with_words: CHECK failed: a char has 1 byte\n"));
}

static void a_long_line_is_cut(void **state)
{
    (void)state;
    char text[8192];
    int status = output_of(fail_at_length, text, sizeof(text));
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_int_equal(strlen(text), 1024);
    assert_int_equal(text[1023], '\n');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_true_check_does_nothing),
        cmocka_unit_test(a_false_check_names_its_place_and_aborts),
        cmocka_unit_test(a_check_may_have_words_of_its_own),
        cmocka_unit_test(a_long_line_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
