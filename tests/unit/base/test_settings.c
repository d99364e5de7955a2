// SPDX-License-Identifier: Apache-2.0
// Settings: precedence of the sources, each kind's valid and broken values, what errors name.

#include "base/alloc.h"
#include "base/limits.h"
#include "base/settings.h"
#include "shared/temp_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/** A data directory of one test, and what was read last. */
struct fixture {
    char directory[TEMP_DIR_SIZE];
    char data_variable[80]; /* "WEIR_DATA=<directory>" */
    struct settings s;
    struct errctx ec;
};

static void write_file(const struct fixture *f, const char *content)
{
    AUTO_FREE char *path = mem_printf("%s/weir.conf", f->directory);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    struct fixture *f = NEW(struct fixture);
    temp_dir_make(f->directory, "settings");
    (void)snprintf(f->data_variable, sizeof(f->data_variable), "WEIR_DATA=%s", f->directory);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    temp_dir_remove(f->directory);
    settings_fini(&f->s);
    free(f);
    return 0;
}

/** Loads with one further variable (or NULL) and flags that end with NULL. */
static enum err load(struct fixture *f, char *variable, const char *const *flags)
{
    size_t count = 0;
    while (flags[count] != NULL)
        count++;
    settings_fini(&f->s);
    char path_variable[] = "PATH=/bin";
    char *environment[] = {path_variable, f->data_variable, variable, NULL};
    return settings_load(&f->s, flags, count, environment, &f->ec);
}

#define FLAGS(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void assert_refused(struct fixture *f, enum err err, const char *words)
{
    assert_int_equal(err, ERR_INVALID);
    if (strstr(f->ec.text, words) == NULL)
        fail_msg("'%s' does not say '%s'", f->ec.text, words);
}

static void without_any_source_the_defaults_hold(void **state)
{
    (void)state;
    struct settings s;
    struct errctx ec = {0};
    char *environment[] = {NULL};
    assert_int_equal(settings_load(&s, NULL, 0, environment, &ec), ERR_OK);
    assert_string_equal(s.data, "./weir-data");
    assert_string_equal(s.api, "127.0.0.1:5380");
    assert_null(s.api_https);
    assert_int_equal(s.roles.count, 4);
    assert_string_equal(s.roles.items[0], "control");
    assert_string_equal(s.roles.items[1], "dns");
    assert_int_equal(s.peer.count, 0);
    assert_false(s.demo);
    assert_int_equal(s.watchdog_ms, 10000);
    assert_string_equal(s.log_format, "logfmt");
    settings_fini(&s);
}

static void flag_beats_variable_beats_file_beats_default(void **state)
{
    struct fixture *f = *state;
    char variable[] = "WEIR_LOG_LEVEL=warning";
    assert_int_equal(load(f, NULL, FLAGS()), ERR_OK);
    assert_string_equal(f->s.log_level, "info");
    write_file(f, "# comment\n\n  log-level =  debug \r\ndemo=true\n");
    assert_int_equal(load(f, NULL, FLAGS()), ERR_OK);
    assert_string_equal(f->s.log_level, "debug");
    assert_true(f->s.demo);
    assert_int_equal(load(f, variable, FLAGS()), ERR_OK);
    assert_string_equal(f->s.log_level, "warning");
    assert_int_equal(load(f, variable, FLAGS("--log-level", "error")), ERR_OK);
    assert_string_equal(f->s.log_level, "error");
    assert_int_equal(load(f, variable, FLAGS("--log-level=error", "--demo=false")), ERR_OK);
    assert_string_equal(f->s.log_level, "error");
    assert_false(f->s.demo);
}

static void lists_gather_within_a_source_and_replace_across(void **state)
{
    struct fixture *f = *state;
    write_file(f, "dns = 10.0.0.1:53\ndns = 10.0.0.2:53\n");
    assert_int_equal(load(f, NULL, FLAGS()), ERR_OK);
    assert_int_equal(f->s.dns.count, 2);
    assert_int_equal(load(f, NULL, FLAGS("--dns", "a:1, b:2", "--dns=c:3")), ERR_OK);
    assert_int_equal(f->s.dns.count, 3);
    assert_string_equal(f->s.dns.items[1], "b:2");
    assert_string_equal(f->s.dns.items[2], "c:3");
}

static void of_a_flag_given_twice_the_last_counts(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(load(f, NULL, FLAGS("--api", "a:1", "--api", "b:2")), ERR_OK);
    assert_string_equal(f->s.api, "b:2");
}

static void numbers_are_held_to_their_range(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(load(f, NULL, FLAGS("--control-workers", "1")), ERR_OK);
    assert_int_equal(f->s.control_workers, 1);
    assert_int_equal(load(f, NULL, FLAGS("--control-workers", "64")), ERR_OK);
    assert_int_equal(f->s.control_workers, 64);
    assert_refused(f, load(f, NULL, FLAGS("--control-workers", "0")), "--control-workers: '0'");
    assert_refused(f, load(f, NULL, FLAGS("--control-workers", "65")), "from 1 to 64 (threads)");
    assert_refused(f, load(f, NULL, FLAGS("--control-workers=")), "--control-workers: ''");
    assert_refused(f, load(f, NULL, FLAGS("--control-workers=4x")), "'4x'");
}

static void errors_name_the_flag(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, load(f, NULL, FLAGS("--no-such", "x")), "--no-such: there is no such flag");
    assert_refused(f, load(f, NULL, FLAGS("api")), "'api' is not expected here");
    assert_refused(f, load(f, NULL, FLAGS("--")), "'--' is not expected here");
    assert_refused(f, load(f, NULL, FLAGS("--api")), "--api: needs a value");
    assert_refused(f, load(f, NULL, FLAGS("--api=")), "--api: needs a value");
    assert_refused(f, load(f, NULL, FLAGS("--roles=,")), "--roles: needs a value");
    assert_refused(f, load(f, NULL, FLAGS("--demo=maybe")), "--demo: 'maybe' is neither");
    assert_refused(f, load(f, NULL, FLAGS("--log-format=xml")), "is not one of logfmt|json");
    assert_refused(f, load(f, NULL, FLAGS("--log-format=log")), "is not one of logfmt|json");
}

static void errors_name_the_variable(void **state)
{
    struct fixture *f = *state;
    char broken[] = "WEIR_DRAIN=soon";
    assert_refused(f, load(f, broken, FLAGS()), "WEIR_DRAIN: 'soon'");
    /* A value that a flag beats is judged all the same. */
    assert_refused(f, load(f, broken, FLAGS("--drain=5")), "WEIR_DRAIN: 'soon'");
    char unknown[] = "WEIR_SERVICE_HOST=10.0.0.1";
    assert_int_equal(load(f, unknown, FLAGS()), ERR_OK);
}

static void errors_name_file_and_line(void **state)
{
    struct fixture *f = *state;
    write_file(f, "api = a:1\nnonsense\n");
    assert_refused(f, load(f, NULL, FLAGS()), "/weir.conf:2: a line is 'name = value'");
    write_file(f, "\nno-such = 1");
    assert_refused(f, load(f, NULL, FLAGS()), "/weir.conf:2: no-such: there is no such setting");
    write_file(f, "data = /elsewhere\n");
    assert_refused(f, load(f, NULL, FLAGS()), "/weir.conf:1: data: is set by --data");
    write_file(f, "drain = 700000\n");
    assert_refused(f, load(f, NULL, FLAGS("--drain=5")), "/weir.conf:1: drain: '700000'");
}

static void an_empty_value_switches_off_what_has_no_default(void **state)
{
    struct fixture *f = *state;
    write_file(f, "log-file = x\npeer = https://p:1\n");
    assert_int_equal(load(f, NULL, FLAGS("--log-file=", "--peer=")), ERR_OK);
    assert_null(f->s.log_file);
    assert_int_equal(f->s.peer.count, 0);
}

static void a_list_has_a_limit(void **state)
{
    struct fixture *f = *state;
    AUTO_FREE char *flag = mem_alloc(2 * SETTINGS_LIST_MAX_ITEMS + 16);
    (void)strcpy(flag, "--peer=");
    for (size_t i = 0; i < SETTINGS_LIST_MAX_ITEMS; i++)
        (void)strcat(flag, i == 0 ? "x" : ",x");
    assert_int_equal(load(f, NULL, FLAGS(flag)), ERR_OK);
    assert_int_equal(f->s.peer.count, SETTINGS_LIST_MAX_ITEMS);
    assert_refused(f, load(f, NULL, FLAGS(flag, "--peer=y")), "--peer: more than 64 values");
}

static void a_file_that_cannot_be_read_is_an_error(void **state)
{
    struct fixture *f = *state;
    AUTO_FREE char *path = mem_printf("%s/weir.conf", f->directory);
    assert_int_equal(mkdir(path, 0700), 0);
    enum err err = load(f, NULL, FLAGS());
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(err, ERR_IO);
    assert_non_null(strstr(f->ec.text, "/weir.conf"));
}

static void a_file_too_long_is_refused(void **state)
{
    struct fixture *f = *state;
    AUTO_FREE char *text = mem_new(SETTINGS_FILE_MAX_BYTES + 1, 1);
    memset(text, '#', SETTINGS_FILE_MAX_BYTES);
    text[SETTINGS_FILE_MAX_BYTES - 1] = '\0';
    write_file(f, text);
    assert_int_equal(load(f, NULL, FLAGS()), ERR_OK);
    text[SETTINGS_FILE_MAX_BYTES - 1] = '#';
    write_file(f, text);
    assert_refused(f, load(f, NULL, FLAGS()), "is not below 65536 bytes");
}

static void a_failure_leaves_the_output_alone(void **state)
{
    (void)state;
    struct settings s;
    memset(&s, 0x5a, sizeof(s));
    struct settings before;
    memcpy(&before, &s, sizeof(s));
    struct errctx ec = {0};
    char *environment[] = {NULL};
    const char *const flags[] = {"--api=x:1", "--bad"};
    assert_int_equal(settings_load(&s, flags, 2, environment, &ec), ERR_INVALID);
    assert_memory_equal(&s, &before, sizeof(s));
}

/** What a printer writes, in fresh memory. */
static char *printed_by(void (*print)(FILE *out))
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    print(out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void help_and_man_page_name_every_setting(void **state)
{
    (void)state;
    AUTO_FREE char *help = printed_by(settings_print_help);
    AUTO_FREE char *man = printed_by(settings_print_man);
    static const char *const names[] = {
#define SETTING_TEXT(field, name, fallback, metavar, prose) name,
#define SETTING_LIST(field, name, fallback, metavar, prose) name,
#define SETTING_FLAG(field, name, prose) name,
#define SETTING_NUMBER(field, name, fallback, min, max, unit, prose) name,
#define SETTING_CHOICE(field, name, fallback, choices, prose) name,
#include "base/settings.def"
#undef SETTING_TEXT
#undef SETTING_LIST
#undef SETTING_FLAG
#undef SETTING_NUMBER
#undef SETTING_CHOICE
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        AUTO_FREE char *in_help = mem_printf("  --%s", names[i]);
        AUTO_FREE char *in_man = mem_printf(".It Fl -%s", names[i]);
        assert_non_null(strstr(help, in_help));
        assert_non_null(strstr(man, in_man));
    }
    struct slice rest = slice_str(help);
    struct slice line;
    while (slice_split(&rest, '\n', &line))
        assert_true(line.len <= SETTINGS_HELP_WIDTH);
    assert_non_null(strstr(help, "[./weir-data]"));
    assert_non_null(strstr(man, ".It Fl -control-workers Ar N\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_any_source_the_defaults_hold),
        TEST(flag_beats_variable_beats_file_beats_default),
        TEST(lists_gather_within_a_source_and_replace_across),
        TEST(of_a_flag_given_twice_the_last_counts),
        TEST(numbers_are_held_to_their_range),
        TEST(errors_name_the_flag),
        TEST(errors_name_the_variable),
        TEST(errors_name_file_and_line),
        TEST(an_empty_value_switches_off_what_has_no_default),
        TEST(a_list_has_a_limit),
        TEST(a_file_that_cannot_be_read_is_an_error),
        TEST(a_file_too_long_is_refused),
        cmocka_unit_test(a_failure_leaves_the_output_alone),
        cmocka_unit_test(help_and_man_page_name_every_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
