// SPDX-License-Identifier: Apache-2.0
// A directory of one test, under /tmp, and gone after it. Called on the test's main thread, while
// no other runs.
#ifndef TEST_SHARED_TEMP_DIR_H
#define TEST_SHARED_TEMP_DIR_H

/** Bytes of its path with the NUL. */
#define TEMP_DIR_SIZE 64

/** Makes it; its name holds `word`. The test fails where that cannot be. */
void temp_dir_make(char out_path[TEMP_DIR_SIZE], const char *word);

/** Removes it with all that lies in it. */
void temp_dir_remove(const char *path);

/** The path of a file in it, until the next call. */
const char *temp_dir_file(const char *path, const char *name);

#endif
