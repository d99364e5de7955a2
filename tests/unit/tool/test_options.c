// SPDX-License-Identifier: Apache-2.0
// Command lines of the tools.
#include "tool/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct tool_options options;
static struct errctx ec;

/** Parses words separated by spaces; arguments live until the next call. */
static enum err parse(unsigned known, const char *line)
{
    static char text[1024];
    static char *argv[TOOL_WORDS_MAX + 8];
    int argc = 0;
    char *rest = NULL;
    snprintf(text, sizeof(text), "%s", line);
    for (char *w = strtok_r(text, " ", &rest); w != NULL; w = strtok_r(NULL, " ", &rest))
        argv[argc++] = w;
    options = (struct tool_options){0};
    ec = (struct errctx){0};
    return tool_options_parse(argc, argv, known, &options, &ec);
}

static int without_weir_data(void **state)
{
    (void)state;
    unsetenv("WEIR_DATA");
    return 0;
}

static void words_and_options_come_in_any_order(void **state)
{
    (void)state;
    unsigned known = TOOL_OPTION_ENDPOINT | TOOL_OPTION_JSON;
    assert_int_equal(parse(known, "--json admit --data /d abc --endpoint=http://[::1]:1"), ERR_OK);
    assert_true(options.is_json);
    assert_string_equal(options.data_dir, "/d");
    assert_string_equal(options.endpoint, "http://[::1]:1");
    assert_int_equal(options.word_count, 2);
    assert_string_equal(options.words[0], "admit");
    assert_string_equal(options.words[1], "abc");
}

static void the_data_directory_is_flag_then_environment_then_default(void **state)
{
    (void)state;
    assert_int_equal(parse(0, ""), ERR_OK);
    assert_string_equal(options.data_dir, "./weir-data");
    setenv("WEIR_DATA", "", 1);
    assert_int_equal(parse(0, ""), ERR_OK);
    assert_string_equal(options.data_dir, "./weir-data");
    setenv("WEIR_DATA", "/env", 1);
    assert_int_equal(parse(0, ""), ERR_OK);
    assert_string_equal(options.data_dir, "/env");
    assert_int_equal(parse(0, "--data=/flag"), ERR_OK);
    assert_string_equal(options.data_dir, "/flag");
}

static void an_option_that_the_command_does_not_know_is_refused(void **state)
{
    (void)state;
    assert_int_equal(parse(TOOL_OPTION_JSON, "--json"), ERR_OK);
    assert_int_equal(parse(0, "--json"), ERR_INVALID);
    assert_int_equal(parse(TOOL_OPTION_JSON, "--endpoint http://x"), ERR_INVALID);
    assert_int_equal(parse(0, "--dat /d"), ERR_INVALID);
    assert_int_equal(parse(0, "--data-dir /d"), ERR_INVALID);
    assert_string_equal(ec.text, "there is no option --data-dir here");
}

static void values_are_neither_missing_nor_unwanted(void **state)
{
    (void)state;
    assert_int_equal(parse(0, "--data"), ERR_INVALID);
    assert_string_equal(ec.text, "--data needs a value");
    assert_int_equal(parse(0, "--data="), ERR_INVALID);
    assert_int_equal(parse(TOOL_OPTION_JSON, "--json=yes"), ERR_INVALID);
    assert_string_equal(ec.text, "--json takes no value");
}

static void behind_two_dashes_all_are_words(void **state)
{
    (void)state;
    assert_int_equal(parse(0, "pin -- --data -- x"), ERR_OK);
    assert_int_equal(options.word_count, 4);
    assert_string_equal(options.words[1], "--data");
    assert_string_equal(options.words[2], "--");
}

static void words_have_a_limit(void **state)
{
    (void)state;
    char line[2 * TOOL_WORDS_MAX + 3] = "";
    for (size_t i = 0; i < TOOL_WORDS_MAX; i++)
        memcpy(line + 2 * i, "w ", 3);
    assert_int_equal(parse(0, line), ERR_OK);
    assert_int_equal(options.word_count, TOOL_WORDS_MAX);
    memcpy(line + 2 * TOOL_WORDS_MAX, "w ", 3);
    assert_int_equal(parse(0, line), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(words_and_options_come_in_any_order, without_weir_data),
        cmocka_unit_test_setup(the_data_directory_is_flag_then_environment_then_default,
                               without_weir_data),
        cmocka_unit_test_setup(an_option_that_the_command_does_not_know_is_refused,
                               without_weir_data),
        cmocka_unit_test(values_are_neither_missing_nor_unwanted),
        cmocka_unit_test(behind_two_dashes_all_are_words),
        cmocka_unit_test(words_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
