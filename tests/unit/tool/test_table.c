// SPDX-License-Identifier: Apache-2.0
// Aligned columns.
#include "tool/table.h"

#include "base/macros.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static char *printed(const struct tool_table *t)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    tool_table_print(t, out);
    fclose(out);
    return text;
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
    (void)state;
    static const char *const titles[] = {"ID", "STATE", "WHY"};
    AUTO_TABLE struct tool_table t;
    tool_table_init(&t, titles, 3);
    tool_table_add(&t, (const char *[]){"node-one", "up", "a long last cell"});
    tool_table_add(&t, (const char *[]){"n", NULL, ""});
    char *text = printed(&t);
    assert_string_equal(text, "ID        STATE  WHY\n"
                              "node-one  up     a long last cell\n"
                              "n         -      -\n");
    free(text);
}

static void a_table_without_rows_is_its_titles(void **state)
{
    (void)state;
    static const char *const titles[] = {"A", "B"};
    AUTO_TABLE struct tool_table t;
    tool_table_init(&t, titles, 2);
    char *text = printed(&t);
    assert_string_equal(text, "A  B\n");
    free(text);
    tool_table_init(&t, NULL, 2);
    text = printed(&t);
    assert_string_equal(text, "");
    free(text);
}

static void nothing_in_a_cell_steers_the_terminal(void **state)
{
    (void)state;
    AUTO_TABLE struct tool_table t;
    tool_table_init(&t, NULL, 1);
    tool_table_add(&t, (const char *[]){"a\x1b[2J\n\x7f\xc3\xa4"});
    char *text = printed(&t);
    assert_string_equal(text, "a?[2J??\xc3\xa4\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(a_table_without_rows_is_its_titles),
        cmocka_unit_test(nothing_in_a_cell_steers_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
