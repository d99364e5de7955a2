// SPDX-License-Identifier: Apache-2.0
// Faults: armed by a file in test builds, constantly false in all others.

#include "base/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef WEIR_FAULTS
static const bool is_test_build = true;
#else
static const bool is_test_build = false;
#endif

static void a_fault_is_armed_only_while_the_file_names_it(void **state)
{
    (void)state;
    char path[] = "/tmp/weir-fault-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_false(FAULT("crash-answer"));
    assert_int_equal(setenv("WEIR_FAULTS_FILE", path, 1), 0);
    assert_false(FAULT("crash-answer"));
    assert_int_equal(dprintf(fd, "other, crash-answer\n"), 20);
    assert_int_equal(FAULT("crash-answer"), is_test_build);
    assert_int_equal(FAULT("other"), is_test_build);
    assert_false(FAULT("crash"));
    assert_int_equal(unlink(path), 0);
    assert_false(FAULT("crash-answer"));
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_is_armed_only_while_the_file_names_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
