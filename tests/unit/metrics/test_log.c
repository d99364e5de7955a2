// SPDX-License-Identifier: Apache-2.0
// The log: both forms of a line, quoting, hostile texts, the cut, levels, reopening.

#include "base/alloc.h"
#include "metrics/counters.h"
#include "metrics/limits.h"
#include "metrics/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/** A log file of one test. */
struct fixture {
    char path[64];
    char text[16384]; /* what was read of it last */
};

static int set_up(void **state)
{
    struct fixture *f = NEW(struct fixture);
    (void)strcpy(f->path, "/tmp/weir-log-XXXXXX");
    int fd = mkstemp(f->path);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    log_set_role("dns");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    struct errctx ec = {0};
    assert_int_equal(log_init(NULL, LOG_LOGFMT, LOG_INFO, &ec), ERR_OK);
    (void)unlink(f->path);
    free(f);
    return 0;
}

static void start(struct fixture *f, enum log_format format)
{
    struct errctx ec = {0};
    assert_int_equal(truncate(f->path, 0), 0);
    assert_int_equal(log_init(f->path, format, LOG_INFO, &ec), ERR_OK);
}

/** The content of a file, in f->text. */
static const char *content_of(struct fixture *f, const char *path)
{
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t len = fread(f->text, 1, sizeof(f->text) - 1, file);
    assert_int_equal(fclose(file), 0);
    f->text[len] = '\0';
    return f->text;
}

/** The one line of the log behind its time, which differs each time. */
static const char *rest_of_line(struct fixture *f)
{
    const char *text = content_of(f, f->path);
    const char *newline = strchr(text, '\n');
    assert_non_null(newline);
    assert_int_equal(newline[1], '\0');
    const char *level = strstr(text, "level");
    assert_non_null(level);
    return level;
}

static void a_logfmt_line_has_time_level_role_event_and_fields(void **state)
{
    struct fixture *f = *state;
    start(f, LOG_LOGFMT);
    LOG(LOG_INFO, "release applied", LOG_STR("root", "ab12"), LOG_U64("sequence", UINT64_MAX),
        LOG_INT("delta", INT64_MIN), LOG_BOOL("fast", true), LOG_BOOL("slow", false));
    assert_string_equal(rest_of_line(f),
                        "level=info role=dns event=\"release applied\" root=ab12 "
                        "sequence=18446744073709551615 delta=-9223372036854775808 fast=true "
                        "slow=false\n");
    unsigned year = 0;
    char rest[32];
    assert_int_equal(sscanf(f->text, "time=%4u-%30[0-9]", &year, rest), 2);
    assert_int_equal(f->text[5 + 23], 'Z');
}

static void a_json_line_has_the_same(void **state)
{
    struct fixture *f = *state;
    start(f, LOG_JSON);
    struct errctx ec = {.code = ERR_IO, .text = "disk \"a\": gone"};
    LOG(LOG_ERROR, "stopped", LOG_ERR(&ec), LOG_INT("n", -1), LOG_BOOL("b", true));
    assert_memory_equal(content_of(f, f->path), "{\"time\":\"", 9);
    assert_string_equal(rest_of_line(f),
                        "level\":\"error\",\"role\":\"dns\",\"event\":\"stopped\","
                        "\"error\":\"disk \\\"a\\\": gone\",\"n\":-1,\"b\":true}\n");
}

static void a_line_needs_neither_fields_nor_role(void **state)
{
    struct fixture *f = *state;
    log_set_role(NULL);
    start(f, LOG_LOGFMT);
    LOG(LOG_WARNING, "alone");
    assert_string_equal(rest_of_line(f), "level=warning event=alone\n");
    start(f, LOG_JSON);
    LOG(LOG_WARNING, "alone");
    assert_string_equal(rest_of_line(f), "level\":\"warning\",\"event\":\"alone\"}\n");
}

static void texts_are_quoted_when_needed(void **state)
{
    struct fixture *f = *state;
    static const char *const rows[][2] = {
        {"plain/1.2:3", "v=plain/1.2:3"},
        {"", "v=\"\""},
        {"a b", "v=\"a b\""},
        {"a=b", "v=\"a=b\""},
        {"a\"b", "v=\"a\\\"b\""},
        {"a\\b", "v=\"a\\\\b\""},
        {"a\nlevel=error", "v=\"a\\nlevel=error\""}, /* no text forges a line */
        {"\r\t\x01\x1b\x7f", "v=\"\\r\\t\\u0001\\u001b\\u007f\""},
        {"\xc3\xa9", "v=\"\xc3\xa9\""},
        {"\xc2\x9b", "v=\"\\u009b\""}, /* terminals obey it */
        {"\xc2\xa0", "v=\"\xc2\xa0\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        start(f, LOG_LOGFMT);
        LOG(LOG_INFO, "e", LOG_STR("v", rows[i][0]));
        AUTO_FREE char *expected = mem_printf("level=info role=dns event=e %s\n", rows[i][1]);
        assert_string_equal(rest_of_line(f), expected);
    }
}

static void what_is_no_utf8_becomes_a_replacement(void **state)
{
    struct fixture *f = *state;
    static const char *const rows[][2] = {
        {"a\xff", "a\\ufffd"},
        {"\xc3", "\\ufffd"},
        {"\xc3(", "\\ufffd("},
        {"\xc0\xaf", "\\ufffd\\ufffd"},            /* overlong '/' */
        {"\xe0\x80\x80", "\\ufffd\\ufffd\\ufffd"}, /* overlong NUL */
        {"\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"}, /* surrogate */
        {"\xed\x9f\xbf", "\xed\x9f\xbf"},          /* last before them */
        {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},  /* U+10FFFF */
        {"\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"},
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        start(f, LOG_JSON);
        LOG(LOG_INFO, "e", LOG_STR("v", rows[i][0]));
        AUTO_FREE char *expected = mem_printf(",\"v\":\"%s\"}\n", rows[i][1]);
        assert_non_null(strstr(content_of(f, f->path), expected));
    }
    start(f, LOG_LOGFMT);
    LOG(LOG_INFO, "e", LOG_SLICE("v", SLICE_LIT("a\0b")));
    assert_non_null(strstr(content_of(f, f->path), "v=\"a\\u0000b\""));
}

static void a_line_too_long_is_cut_and_says_so(void **state)
{
    struct fixture *f = *state;
    char words[6000];
    memset(words, ' ', sizeof(words));
    struct slice text = slice_of(words, sizeof(words));
    start(f, LOG_LOGFMT);
    LOG(LOG_INFO, "e", LOG_SLICE("v", text), LOG_INT("after", 1));
    assert_non_null(strstr(rest_of_line(f), "  \" truncated=true\n"));
    assert_true(strlen(f->text) <= LOG_LINE_MAX_BYTES);
    start(f, LOG_JSON);
    LOG(LOG_INFO, "e", LOG_SLICE("v", text), LOG_INT("after", 1));
    assert_non_null(strstr(rest_of_line(f), "  \",\"truncated\":true}\n"));
    assert_null(strstr(f->text, "after"));
    assert_true(strlen(f->text) <= LOG_LINE_MAX_BYTES);
}

/** Any length of the text before it, the line stays whole: a sweep over the edge. */
static void the_cut_never_breaks_a_line(void **state)
{
    struct fixture *f = *state;
    char words[4200];
    memset(words, ' ', sizeof(words));
    for (size_t len = 3900; len < 4080; len++) {
        for (unsigned form = LOG_LOGFMT; form <= LOG_JSON; form++) {
            start(f, (enum log_format)form);
            LOG(LOG_INFO, "e", LOG_SLICE("v", slice_of(words, len)), LOG_U64("number", 1234567890),
                LOG_STR("w", "x y"));
            const char *line = rest_of_line(f);
            size_t size = strlen(f->text);
            assert_true(size <= LOG_LINE_MAX_BYTES);
            const char *end = form == LOG_JSON ? "}\n" : "\n";
            assert_string_equal(f->text + size - strlen(end), end);
            const char *number = strstr(line, "number");
            assert_true(number == NULL || strstr(number, "1234567890") != NULL);
            size_t quotes = 0;
            for (const char *c = f->text; *c != '\0'; c++)
                quotes += *c == '"';
            assert_int_equal(quotes % 2, 0);
        }
    }
}

static void lesser_levels_are_dropped(void **state)
{
    struct fixture *f = *state;
    struct errctx ec = {0};
    assert_int_equal(log_init(f->path, LOG_LOGFMT, LOG_WARNING, &ec), ERR_OK);
    LOG(LOG_DEBUG, "no");
    LOG(LOG_INFO, "no");
    LOG(LOG_WARNING, "yes");
    assert_string_equal(rest_of_line(f), "level=warning role=dns event=yes\n");
}

static void reopening_writes_to_the_new_file_under_the_same_descriptor(void **state)
{
    struct fixture *f = *state;
    struct errctx ec = {0};
    start(f, LOG_LOGFMT);
    int fd = log_fd();
    LOG(LOG_INFO, "before");
    AUTO_FREE char *moved = mem_printf("%s.1", f->path);
    assert_int_equal(rename(f->path, moved), 0);
    LOG(LOG_INFO, "between");
    assert_int_equal(log_reopen(&ec), ERR_OK);
    assert_int_equal(log_fd(), fd);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    LOG(LOG_INFO, "after");
    assert_string_equal(rest_of_line(f), "level=info role=dns event=after\n");
    const char *old = content_of(f, moved);
    assert_non_null(strstr(old, "event=before\n"));
    assert_non_null(strstr(old, "event=between\n"));
    assert_int_equal(unlink(moved), 0);
}

static void where_reopening_fails_the_old_file_stays(void **state)
{
    struct fixture *f = *state;
    struct errctx ec = {0};
    start(f, LOG_LOGFMT);
    AUTO_FREE char *moved = mem_printf("%s.1", f->path);
    assert_int_equal(rename(f->path, moved), 0);
    assert_int_equal(mkdir(f->path, 0700), 0);
    assert_int_equal(log_reopen(&ec), ERR_IO);
    assert_non_null(strstr(ec.text, f->path));
    LOG(LOG_INFO, "on");
    assert_non_null(strstr(content_of(f, moved), "event=on\n"));
    assert_int_equal(rmdir(f->path), 0);
    assert_int_equal(rename(moved, f->path), 0);
}

static void a_file_that_cannot_be_opened_is_an_error(void **state)
{
    (void)state;
    struct errctx ec = {0};
    assert_int_equal(log_init("/nowhere/weir.log", LOG_LOGFMT, LOG_INFO, &ec), ERR_NOT_FOUND);
    assert_non_null(strstr(ec.text, "/nowhere/weir.log"));
    assert_int_equal(log_fd(), STDERR_FILENO);
    assert_int_equal(log_reopen(&ec), ERR_OK);
}

static void a_lost_line_is_counted(void **state)
{
    (void)state;
    struct errctx ec = {0};
    assert_int_equal(log_init("/dev/full", LOG_LOGFMT, LOG_INFO, &ec), ERR_OK);
    uint64_t before = metrics_read(METRICS_SUPERVISOR, METRIC_LOG_LINES_LOST);
    LOG(LOG_INFO, "e");
    assert_int_equal(metrics_read(METRICS_SUPERVISOR, METRIC_LOG_LINES_LOST) - before, 1);
}

static void names_of_the_settings_are_known(void **state)
{
    (void)state;
    assert_int_equal(log_level_named("debug"), LOG_DEBUG);
    assert_int_equal(log_level_named("info"), LOG_INFO);
    assert_int_equal(log_level_named("warning"), LOG_WARNING);
    assert_int_equal(log_level_named("error"), LOG_ERROR);
    assert_int_equal(log_format_named("logfmt"), LOG_LOGFMT);
    assert_int_equal(log_format_named("json"), LOG_JSON);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_logfmt_line_has_time_level_role_event_and_fields),
        TEST(a_json_line_has_the_same),
        TEST(a_line_needs_neither_fields_nor_role),
        TEST(texts_are_quoted_when_needed),
        TEST(what_is_no_utf8_becomes_a_replacement),
        TEST(a_line_too_long_is_cut_and_says_so),
        TEST(the_cut_never_breaks_a_line),
        TEST(lesser_levels_are_dropped),
        TEST(reopening_writes_to_the_new_file_under_the_same_descriptor),
        TEST(where_reopening_fails_the_old_file_stays),
        TEST(a_file_that_cannot_be_opened_is_an_error),
        TEST(a_lost_line_is_counted),
        TEST(names_of_the_settings_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
