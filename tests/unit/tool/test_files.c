// SPDX-License-Identifier: Apache-2.0
// The files of a data directory that tools read and write: ready.json, credentials, pin.
#include "tool/credentials.h"
#include "tool/pin.h"
#include "tool/ready.h"

#include "os/file.h"
#include "shared/temp_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[TEMP_DIR_SIZE];
static struct arena arena;
static struct errctx ec;

#define ROOT "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define NOT_HEX "g0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static int make_dir(void **state)
{
    (void)state;
    temp_dir_make(dir, "tool");
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    arena_fini(&arena);
    temp_dir_remove(dir);
    return 0;
}

static const char *path_of(const char *name)
{
    return arena_printf(&arena, "%s/%s", dir, name);
}

static void write_file(const char *name, const char *text)
{
    assert_int_equal(file_replace(path_of(name), slice_str(text), 0600, &ec), ERR_OK);
}

static void ready_tells_addresses_and_what_does_not_run(void **state)
{
    (void)state;
    struct tool_ready ready;
    write_file("ready.json", "{\"dns\": [\"127.0.0.1:5300\", \"[::1]:5300\"], "
                             "\"api\": \"127.0.0.1:5380\", \"pid\": 4711}\n");
    assert_int_equal(tool_ready_read(&arena, dir, &ready, &ec), ERR_OK);
    assert_string_equal(ready.dns, "127.0.0.1:5300");
    assert_string_equal(ready.api, "127.0.0.1:5380");
    assert_null(ready.api_https);
    assert_null(ready.admin);
    assert_int_equal(ready.pid, 4711);
    unlink(path_of("ready.json"));
}

static void a_node_that_does_not_serve_is_unavailable(void **state)
{
    (void)state;
    struct tool_ready ready;
    assert_int_equal(tool_ready_read(&arena, dir, &ready, &ec), ERR_UNAVAILABLE);
    assert_non_null(strstr(ec.text, dir));
}

static void a_damaged_ready_is_corrupt(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "{\"dns\": ", "[]", "{} x"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct tool_ready ready;
        write_file("ready.json", texts[i]);
        assert_int_equal(tool_ready_read(&arena, dir, &ready, &ec), ERR_CORRUPT);
    }
    unlink(path_of("ready.json"));
}

static void the_key_of_the_profile_is_found(void **state)
{
    (void)state;
    static const char text[] = "# comment\n"
                               "aws_access_key_id = before any profile\n"
                               "[other]\r\n"
                               "aws_access_key_id=AKIAOTHER\r\n"
                               "aws_secret_access_key = a/b+c==\r\n"
                               "[default]\n"
                               "  aws_access_key_id = AKIADEFAULT  \n"
                               "; comment\n"
                               "region = x\n"
                               "aws_secret_access_key = secret\n"
                               "aws_session_token = token";
    struct tool_credentials c;
    assert_int_equal(tool_credentials_parse(&arena, slice_str(text), "default", &c, &ec), ERR_OK);
    assert_string_equal(c.key_id, "AKIADEFAULT");
    assert_string_equal(c.secret, "secret");
    assert_string_equal(c.session_token, "token");
    assert_int_equal(tool_credentials_parse(&arena, slice_str(text), "other", &c, &ec), ERR_OK);
    assert_string_equal(c.key_id, "AKIAOTHER");
    assert_string_equal(c.secret, "a/b+c==");
    assert_null(c.session_token);
    assert_int_equal(tool_credentials_parse(&arena, slice_str(text), "none", &c, &ec),
                     ERR_NOT_FOUND);
}

static void half_a_key_is_none(void **state)
{
    (void)state;
    static const char text[] = "[default]\naws_access_key_id = A\naws_secret_access_key =\n";
    struct tool_credentials c;
    assert_int_equal(tool_credentials_parse(&arena, slice_str(text), "default", &c, &ec),
                     ERR_NOT_FOUND);
}

static void the_environment_comes_before_files(void **state)
{
    (void)state;
    struct tool_credentials c;
    write_file("credentials", "[default]\naws_access_key_id = N\naws_secret_access_key = n\n");
    write_file("shared", "[default]\naws_access_key_id = S\naws_secret_access_key = s\n"
                         "[p]\naws_access_key_id = P\naws_secret_access_key = p\n");
    clearenv();
    assert_int_equal(tool_credentials_find(&arena, dir, &c, &ec), ERR_OK);
    assert_string_equal(c.key_id, "N");
    setenv("AWS_SHARED_CREDENTIALS_FILE", path_of("shared"), 1);
    assert_int_equal(tool_credentials_find(&arena, dir, &c, &ec), ERR_OK);
    assert_string_equal(c.key_id, "S");
    setenv("AWS_PROFILE", "p", 1);
    assert_int_equal(tool_credentials_find(&arena, dir, &c, &ec), ERR_OK);
    assert_string_equal(c.key_id, "P");
    setenv("AWS_ACCESS_KEY_ID", "E", 1);
    assert_int_equal(tool_credentials_find(&arena, dir, &c, &ec), ERR_INVALID);
    setenv("AWS_SECRET_ACCESS_KEY", "e", 1);
    assert_int_equal(tool_credentials_find(&arena, dir, &c, &ec), ERR_OK);
    assert_string_equal(c.key_id, "E");
    assert_int_equal(tool_credentials_of_node(&arena, dir, &c, &ec), ERR_OK);
    assert_string_equal(c.key_id, "N");
    unlink(path_of("credentials"));
    unlink(path_of("shared"));
    clearenv();
    assert_int_equal(tool_credentials_find(&arena, dir, &c, &ec), ERR_NOT_FOUND);
}

static void a_pin_is_the_hash_and_a_newline(void **state)
{
    (void)state;
    struct slice content;
    assert_int_equal(tool_pin_write(dir, ROOT, &ec), ERR_OK);
    assert_int_equal(file_read(&arena, path_of("pin"), 100, &content, &ec), ERR_OK);
    assert_true(slice_equal(content, SLICE_LIT(ROOT "\n")));
    assert_int_equal(tool_pin_remove(dir, &ec), ERR_OK);
    assert_int_equal(tool_pin_remove(dir, &ec), ERR_OK);
    assert_int_equal(access(path_of("pin"), F_OK), -1);
}

static void what_is_no_hash_is_not_pinned(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "00", ROOT "00", ROOT "0", NOT_HEX};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        assert_int_equal(tool_pin_write(dir, texts[i], &ec), ERR_INVALID);
    assert_int_equal(access(path_of("pin"), F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ready_tells_addresses_and_what_does_not_run),
        cmocka_unit_test(a_node_that_does_not_serve_is_unavailable),
        cmocka_unit_test(a_damaged_ready_is_corrupt),
        cmocka_unit_test(the_key_of_the_profile_is_found),
        cmocka_unit_test(half_a_key_is_none),
        cmocka_unit_test(the_environment_comes_before_files),
        cmocka_unit_test(a_pin_is_the_hash_and_a_newline),
        cmocka_unit_test(what_is_no_hash_is_not_pinned),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
