// SPDX-License-Identifier: Apache-2.0
#include "shared/temp_dir.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define OPEN_DIRS_MAX 8 /* descriptors of one walk */

void temp_dir_make(char out_path[TEMP_DIR_SIZE], const char *word)
{
    int len = snprintf(out_path, TEMP_DIR_SIZE, "/tmp/weir-%s-XXXXXX", word);
    assert_in_range(len, 1, TEMP_DIR_SIZE - 1);
    assert_non_null(mkdtemp(out_path));
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void temp_dir_remove(const char *path)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs */
    assert_int_equal(nftw(path, remove_entry, OPEN_DIRS_MAX, FTW_DEPTH | FTW_PHYS), 0);
}

const char *temp_dir_file(const char *path, const char *name)
{
    static char file[512];
    int len = snprintf(file, sizeof(file), "%s/%s", path, name);
    assert_in_range(len, 1, sizeof(file) - 1);
    return file;
}
