// SPDX-License-Identifier: Apache-2.0
// Error contexts: codes from errno, words in front, the cut at the end.

#include "base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void words_gather_in_front(void **state)
{
    (void)state;
    struct errctx ec = {0};
    errno = ENOENT;
    assert_int_equal(err_errno(&ec, "open '%s'", "p"), ERR_NOT_FOUND);
    assert_int_equal(ec.sys_errno, ENOENT);
    assert_int_equal(err_wrap(&ec, "release %d", 7), ERR_NOT_FOUND);
    assert_string_equal(ec.text, "release 7: open 'p': No such file or directory");
    assert_int_equal(err_set(&ec, ERR_LIMIT, "%s", "new"), ERR_LIMIT);
    assert_string_equal(ec.text, "new");
    assert_int_equal(ec.sys_errno, 0);
}

static void a_context_is_optional(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, ERR_CORRUPT, "x"), ERR_CORRUPT);
    errno = EIO;
    assert_int_equal(err_errno(NULL, "x"), ERR_IO);
}

static void errno_maps_to_codes(void **state)
{
    (void)state;
    static const struct {
        int sys_errno;
        enum err code;
    } rows[] = {{ENOENT, ERR_NOT_FOUND}, {EEXIST, ERR_EXISTS},     {EACCES, ERR_DENIED},
                {EPERM, ERR_DENIED},     {ETIMEDOUT, ERR_TIMEOUT}, {EBADF, ERR_IO},
                {99999, ERR_IO}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct errctx ec = {0};
        errno = rows[i].sys_errno;
        assert_int_equal(err_errno(&ec, "f"), rows[i].code);
        assert_int_equal(ec.code, rows[i].code);
    }
}

static void a_text_that_just_fits_stays_and_one_more_is_cut(void **state)
{
    (void)state;
    char words[ERRCTX_TEXT_SIZE + 1];
    memset(words, 'a', sizeof(words));
    words[ERRCTX_TEXT_SIZE - 1] = '\0';
    struct errctx ec = {0};
    (void)err_set(&ec, ERR_IO, "%s", words);
    assert_string_equal(ec.text, words);
    words[ERRCTX_TEXT_SIZE - 1] = 'b';
    words[ERRCTX_TEXT_SIZE] = '\0';
    (void)err_set(&ec, ERR_IO, "%s", words);
    assert_int_equal(strlen(ec.text), ERRCTX_TEXT_SIZE - 1);
    (void)err_wrap(&ec, "front");
    assert_int_equal(strlen(ec.text), ERRCTX_TEXT_SIZE - 1);
    assert_memory_equal(ec.text, "front: aaa", 10);
    (void)err_wrap(&ec, "%s", words);
    assert_int_equal(ec.text[ERRCTX_TEXT_SIZE - 2], 'a');
}

static void a_cut_never_splits_a_character(void **state)
{
    (void)state;
    char words[ERRCTX_TEXT_SIZE + 2];
    memset(words, 'a', sizeof(words));
    memcpy(words + ERRCTX_TEXT_SIZE - 2, "\xc3\xa9!", 4);
    struct errctx ec = {0};
    (void)err_set(&ec, ERR_IO, "%s", words);
    assert_int_equal(strlen(ec.text), ERRCTX_TEXT_SIZE - 2);
    (void)err_set(&ec, ERR_IO, "%s", words + ERRCTX_TEXT_SIZE - 2);
    (void)err_wrap(&ec, "%.*s", ERRCTX_TEXT_SIZE - 4, words);
    assert_int_equal(strlen(ec.text), ERRCTX_TEXT_SIZE - 2);
}

static void every_code_has_a_name_and_prose(void **state)
{
    (void)state;
    assert_string_equal(err_name(ERR_NOT_FOUND), "NOT_FOUND");
    assert_string_equal(err_prose(ERR_NOT_FOUND), "there is no such thing");
    for (int code = ERR_OK; code <= ERR_INTERNAL; code++) {
        assert_non_null(err_name((enum err)code));
        assert_true(strlen(err_prose((enum err)code)) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_gather_in_front),
        cmocka_unit_test(a_context_is_optional),
        cmocka_unit_test(errno_maps_to_codes),
        cmocka_unit_test(a_text_that_just_fits_stays_and_one_more_is_cut),
        cmocka_unit_test(a_cut_never_splits_a_character),
        cmocka_unit_test(every_code_has_a_name_and_prose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
