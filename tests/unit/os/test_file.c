// SPDX-License-Identifier: Apache-2.0
// Tests of os/file.h, in a directory of their own.
#include "os/file.h"

#include "base/alloc.h"
#include "child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/** Each test starts in an empty directory and leaves it empty but for "file", "sub", "lock". */
static int enter_directory(void **state)
{
    char *dir = mem_strdup(P_tmpdir "/weir-file-XXXXXX");
    *state = dir;
    return mkdtemp(dir) != NULL && chdir(dir) == 0 ? 0 : -1;
}

static int leave_directory(void **state)
{
    AUTO_FREE char *dir = (char *)*state;
    (void)unlink("file");
    (void)unlink("lock");
    (void)rmdir("sub");
    return chdir("/") == 0 && rmdir(dir) == 0 ? 0 : -1;
}

static struct slice content_of(struct arena *a, const char *path)
{
    struct slice content = {0};
    struct errctx ec = {0};
    assert_int_equal(file_read(a, path, 100, &content, &ec), ERR_OK);
    return content;
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int files_here(void)
{
    struct dirent **entries = NULL;
    int count = scandir(".", &entries, is_visible, NULL);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    return count;
}

static void a_replaced_file_has_the_new_content_and_mode(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a;
    arena_init(&a);
    mode_t before = umask(077);
    assert_int_equal(file_replace("file", SLICE_LIT("old"), 0600, NULL), ERR_OK);
    assert_int_equal(mode_of("file"), 0600);
    assert_int_equal(file_replace("./file", SLICE_LIT("newer"), 0644, NULL), ERR_OK);
    umask(before);
    assert_int_equal(mode_of("file"), 0644);
    struct slice content = content_of(&a, "file");
    assert_true(slice_equal(content, SLICE_LIT("newer")));
    assert_int_equal(content.data[content.len], 0);
    assert_int_equal(files_here(), 1);
    assert_int_equal(file_replace("file", SLICE_LIT(""), 0644, NULL), ERR_OK);
    assert_int_equal(content_of(&a, "file").len, 0);
}

static void a_temporary_file_of_a_killed_process_is_no_hindrance(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a;
    arena_init(&a);
    AUTO_FREE char *left = mem_printf("file.tmp-%d", getpid());
    assert_int_equal(symlink("/dev/full", left), 0); /* nor is it followed */
    assert_int_equal(file_replace("file", SLICE_LIT("x"), 0600, NULL), ERR_OK);
    assert_true(slice_equal(content_of(&a, "file"), SLICE_LIT("x")));
    assert_int_equal(files_here(), 1);
}

static void reading_stops_at_the_limit(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a;
    arena_init(&a);
    struct slice content = SLICE_LIT("untouched");
    struct errctx ec = {0};
    assert_int_equal(file_replace("file", SLICE_LIT("12345"), 0600, NULL), ERR_OK);
    assert_int_equal(file_read(&a, "file", 4, &content, &ec), ERR_LIMIT);
    assert_true(slice_equal(content, SLICE_LIT("untouched")));
    assert_int_equal(file_read(&a, "file", 5, &content, &ec), ERR_OK);
    assert_true(slice_equal(content, SLICE_LIT("12345")));
}

static void reading_what_is_no_file_says_so(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a;
    arena_init(&a);
    struct slice content;
    struct errctx ec = {0};
    assert_int_equal(file_read(&a, "missing", 10, &content, &ec), ERR_NOT_FOUND);
    assert_non_null(strstr(ec.text, "'missing'"));
    assert_int_equal(file_read(&a, ".", 10, &content, &ec), ERR_INVALID);
    assert_int_equal(mkfifo("file", 0600), 0);
    assert_int_equal(file_read(&a, "file", 10, &content, &ec), ERR_INVALID);
}

static void a_failed_replace_leaves_nothing_behind(void **state)
{
    (void)state;
    struct errctx ec = {0};
    assert_int_equal(file_replace("missing/file", SLICE_LIT("x"), 0600, &ec), ERR_NOT_FOUND);
    assert_int_equal(dir_make("sub", 0700, NULL), ERR_OK);
    assert_int_equal(file_replace("sub", SLICE_LIT("x"), 0600, &ec), ERR_IO); /* a directory */
    assert_int_equal(files_here(), 1);
    assert_int_equal(rmdir("sub"), 0);
}

/** In the child: the disk is full after four bytes. */
static int replace_on_a_full_disk(void *arg)
{
    (void)arg;
    const struct rlimit four = {.rlim_cur = 4, .rlim_max = 4};
    (void)signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &four) != 0)
        return 1;
    struct errctx ec = {0};
    if (file_replace("file", SLICE_LIT("fits"), 0600, &ec) != ERR_OK)
        return 2;
    return file_replace("file", SLICE_LIT("too long"), 0600, &ec) == ERR_IO ? 0 : 3;
}

static void a_write_that_fails_keeps_the_old_content(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a;
    arena_init(&a);
    assert_int_equal(child_run(replace_on_a_full_disk, NULL), 0);
    assert_true(slice_equal(content_of(&a, "file"), SLICE_LIT("fits")));
    assert_int_equal(files_here(), 1);
}

/** In the child: an ordinary user in a directory that it may not write. */
static int write_without_right(void *arg)
{
    (void)arg;
    struct errctx ec = {0};
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 1;
    if (file_replace("sub/file", SLICE_LIT("x"), 0600, &ec) != ERR_DENIED)
        return 2;
    return dir_make("sub/sub", 0700, &ec) == ERR_DENIED ? 0 : 3;
}

static void a_directory_without_write_permission_denies(void **state)
{
    (void)state;
    assert_int_equal(dir_make("sub", 0555, NULL), ERR_OK);
    assert_int_equal(chmod(".", 0755), 0);
    assert_int_equal(child_run(write_without_right, NULL), 0);
}

static void removing_twice_is_fine(void **state)
{
    (void)state;
    assert_int_equal(file_replace("file", SLICE_LIT("x"), 0600, NULL), ERR_OK);
    assert_int_equal(file_remove("file", NULL), ERR_OK);
    assert_int_equal(files_here(), 0);
    assert_int_equal(file_remove("file", NULL), ERR_OK);
    assert_int_equal(dir_make("sub", 0700, NULL), ERR_OK);
    struct errctx ec = {0};
    assert_int_equal(file_remove("sub", &ec), ERR_IO);
}

static void a_directory_is_made_once_with_its_mode(void **state)
{
    (void)state;
    mode_t before = umask(077);
    assert_int_equal(dir_make("sub", 0755, NULL), ERR_OK);
    umask(before);
    assert_int_equal(mode_of("sub"), 0755);
    assert_int_equal(dir_make("sub", 0700, NULL), ERR_OK);
    assert_int_equal(mode_of("sub"), 0755);
    struct errctx ec = {0};
    assert_int_equal(file_replace("file", SLICE_LIT("x"), 0600, NULL), ERR_OK);
    assert_int_equal(dir_make("file", 0700, &ec), ERR_EXISTS);
    assert_int_equal(dir_make("missing/sub", 0700, &ec), ERR_NOT_FOUND);
}

static int try_lock(void *arg)
{
    (void)arg;
    int fd = -1;
    struct errctx ec = {0};
    return (int)file_lock("lock", &fd, &ec);
}

static void a_lock_has_one_holder_at_a_time(void **state)
{
    (void)state;
    int fd = -1;
    assert_int_equal(file_lock("lock", &fd, NULL), ERR_OK);
    assert_int_equal(child_run(try_lock, NULL), ERR_CONFLICT << 8);
    close(fd);
    assert_int_equal(child_run(try_lock, NULL), ERR_OK);
}

static void put_file(const char *content)
{
    struct errctx ec = {0};
    assert_int_equal(file_replace("file", slice_str(content), 0644, &ec), ERR_OK);
}

static void a_stamp_tells_one_content_from_the_next(void **state)
{
    (void)state;
    struct file_stamp none = {0};
    struct file_stamp before = file_stamp_of("file");
    assert_true(file_stamp_equal(&before, &none));
    put_file("one");
    struct file_stamp first = file_stamp_of("file");
    struct file_stamp again = file_stamp_of("file");
    assert_false(file_stamp_equal(&first, &none));
    assert_true(file_stamp_equal(&first, &again));
    assert_int_equal(first.size_bytes, 3);
    put_file("two");
    struct file_stamp second = file_stamp_of("file");
    assert_false(file_stamp_equal(&first, &second));
    assert_true(second.modified_ns >= first.modified_ns);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter_directory, leave_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_replaced_file_has_the_new_content_and_mode),
        TEST(a_temporary_file_of_a_killed_process_is_no_hindrance),
        TEST(reading_stops_at_the_limit),
        TEST(reading_what_is_no_file_says_so),
        TEST(a_failed_replace_leaves_nothing_behind),
        TEST(a_write_that_fails_keeps_the_old_content),
        TEST(a_directory_without_write_permission_denies),
        TEST(removing_twice_is_fine),
        TEST(a_directory_is_made_once_with_its_mode),
        TEST(a_lock_has_one_holder_at_a_time),
        TEST(a_stamp_tells_one_content_from_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
