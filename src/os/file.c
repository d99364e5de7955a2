// SPDX-License-Identifier: Apache-2.0
// Durable files, for keys, identities, ready.json and the like. Blocking: called at the start of a
// process or on pool workers, never on a loop thread that serves.
#include "os/file.h"

#include "base/alloc.h"
#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

void fd_cleanup(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

int fd_take(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

/** Reads `size` bytes, or less where the file ends before. */
static enum err read_all(int fd, uint8_t *data, size_t size, size_t *out_len, struct errctx *ec)
{
    size_t len = 0;
    while (len < size) {
        ssize_t got = read(fd, data + len, size - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(ec, "read");
        if (got == 0)
            break;
        len += (size_t)got;
    }
    *out_len = len;
    return ERR_OK;
}

static enum err write_all(int fd, struct slice content, struct errctx *ec)
{
    size_t done = 0;
    while (done < content.len) {
        ssize_t written = write(fd, content.data + done, content.len - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return err_errno(ec, "write");
        done += (size_t)written;
    }
    return ERR_OK;
}

static int64_t ns_of(struct timespec t)
{
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

struct file_stamp file_stamp_of(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return (struct file_stamp){0};
    return (struct file_stamp){
        .device = st.st_dev,
        .inode = st.st_ino,
        .size_bytes = (uint64_t)st.st_size,
        .modified_ns = ns_of(st.st_mtim),
        .changed_ns = ns_of(st.st_ctim),
    };
}

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size_bytes == b->size_bytes &&
           a->modified_ns == b->modified_ns && a->changed_ns == b->changed_ns;
}

/** Makes the names in the directory of `path` durable. */
static enum err sync_directory_of(const char *path, struct errctx *ec)
{
    AUTO_FREE char *dir = mem_strdup(path);
    char *slash = strrchr(dir, '/');
    const char *name = dir;
    if (slash == NULL)
        name = ".";
    else if (slash == dir)
        name = "/";
    else
        *slash = '\0';
    AUTO_FD int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(ec, "open directory '%s'", name);
    if (fsync(fd) != 0)
        return err_errno(ec, "fsync directory '%s'", name);
    return ERR_OK;
}

enum err file_read(struct arena *a, const char *path, size_t limit, struct slice *out_content,
                   struct errctx *ec)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hang us */
    if (fd < 0)
        return err_errno(ec, "open '%s'", path);
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_errno(ec, "stat '%s'", path);
    if (!S_ISREG(st.st_mode))
        return err_set(ec, ERR_INVALID, "'%s': not a regular file", path);
    if ((uint64_t)st.st_size > limit)
        return err_set(ec, ERR_LIMIT, "'%s': %lld bytes, at most %zu", path, (long long)st.st_size,
                       limit);
    uint8_t *data = (uint8_t *)arena_alloc(a, (size_t)st.st_size + 1);
    size_t len = 0;
    if (read_all(fd, data, (size_t)st.st_size, &len, ec) != ERR_OK)
        return err_wrap(ec, "'%s'", path);
    *out_content = slice_of(data, len);
    return ERR_OK;
}

/** Makes `path`, which must not exist, with the content on the disk's platter. */
static enum err write_new(const char *path, struct slice content, mode_t mode, struct errctx *ec)
{
    AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(ec, "create '%s'", path);
    if (fchmod(fd, mode) != 0)
        return err_errno(ec, "chmod '%s'", path);
    if (write_all(fd, content, ec) != ERR_OK)
        return err_wrap(ec, "'%s'", path);
    if (fsync(fd) != 0)
        return err_errno(ec, "fsync '%s'", path);
    return ERR_OK;
}

enum err file_replace(const char *path, struct slice content, mode_t mode, struct errctx *ec)
{
    AUTO_FREE char *fresh = mem_printf("%s.tmp-%d", path, getpid());
    (void)unlink(fresh); /* left by a process of the same number that was killed */
    enum err e = write_new(fresh, content, mode, ec);
    if (e == ERR_OK && rename(fresh, path) != 0)
        e = err_errno(ec, "rename '%s'", fresh);
    if (e != ERR_OK) {
        (void)unlink(fresh);
        return e;
    }
    return sync_directory_of(path, ec);
}

enum err file_remove(const char *path, struct errctx *ec)
{
    if (unlink(path) == 0)
        return sync_directory_of(path, ec);
    return errno == ENOENT ? ERR_OK : err_errno(ec, "remove '%s'", path);
}

/** What dir_make answers where the name is taken. */
static enum err check_is_directory(const char *path, struct errctx *ec)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return err_errno(ec, "stat '%s'", path);
    if (!S_ISDIR(st.st_mode))
        return err_set(ec, ERR_EXISTS, "'%s': not a directory", path);
    return ERR_OK;
}

enum err dir_make(const char *path, mode_t mode, struct errctx *ec)
{
    if (mkdir(path, 0700) != 0) {
        if (errno == EEXIST)
            return check_is_directory(path, ec);
        return err_errno(ec, "make directory '%s'", path);
    }
    if (chmod(path, mode) != 0)
        return err_errno(ec, "chmod '%s'", path);
    return sync_directory_of(path, ec);
}

enum err file_lock(const char *path, int *out_fd, struct errctx *ec)
{
    AUTO_FD int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(ec, "open '%s'", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return err_set(ec, ERR_CONFLICT, "'%s': another process holds the lock", path);
        return err_errno(ec, "lock '%s'", path);
    }
    *out_fd = fd_take(&fd);
    return ERR_OK;
}
