// SPDX-License-Identifier: Apache-2.0
// Durable files: what was written and acknowledged survives a power cut.
#ifndef OS_FILE_H
#define OS_FILE_H

#include "base/arena.h"
#include "base/err.h"

#include <sys/types.h>

/** For CLEANUP on an int: closes it unless negative. */
void fd_cleanup(int *fd);
#define AUTO_FD CLEANUP(fd_cleanup)

/** Takes the descriptor out of the variable, which is negative from then on: to hand it out. */
int fd_take(int *fd) MUST_USE;

/**
 * The whole file, at most `limit` bytes, with a NUL behind it that the slice does not count.
 * Errors: ERR_NOT_FOUND, ERR_DENIED, ERR_LIMIT where it is longer, ERR_INVALID where it is no
 * regular file, ERR_IO.
 */
enum err file_read(struct arena *a, const char *path, size_t limit, struct slice *out_content,
                   struct errctx *ec) MUST_USE;

/** What tells one content of a file from the next without reading it. Zeroed: no file. */
struct file_stamp {
    uint64_t device;
    uint64_t inode;
    uint64_t size_bytes;
    int64_t modified_ns; /* since 1970 */
    int64_t changed_ns;
};

/** The stamp of what is at the path now; zeroed where there is nothing, or it may not be seen. */
struct file_stamp file_stamp_of(const char *path);
bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b);

/**
 * Replaces the file atomically: writes PATH.tmp-<pid>, fsync, rename, fsync of the directory.
 * `mode` applies to the new file whatever the umask is. After a failure before the rename the old
 * file is as it was and the temporary one is gone; where only the last fsync fails, the new file
 * stands but may not survive a power cut. One thread at a time for one path.
 */
enum err file_replace(const char *path, struct slice content, mode_t mode, struct errctx *ec)
    MUST_USE;

/** Removes the file and syncs its directory; a missing file is fine. */
enum err file_remove(const char *path, struct errctx *ec) MUST_USE;

/**
 * Makes the directory (one level) with the mode, whatever the umask is, and syncs its parent; an
 * existing one is left as it is. Errors: ERR_EXISTS where something else has the name, ...
 */
enum err dir_make(const char *path, mode_t mode, struct errctx *ec) MUST_USE;

/**
 * Takes an exclusive lock on PATH (made when missing) for the life of the returned descriptor.
 * A forked child that keeps the descriptor open keeps the lock.
 * Errors: ERR_CONFLICT when another process holds it.
 */
enum err file_lock(const char *path, int *out_fd, struct errctx *ec) MUST_USE;

#endif
