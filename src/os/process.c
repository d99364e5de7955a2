// SPDX-License-Identifier: Apache-2.0
// What a process does to itself: limits, capabilities, its name, its tie to the parent. Called by
// the supervisor and by forked children, right after fork and before their first thread.
#include "os/process.h"

#include "base/check.h"
#include "base/slice.h"
#include "os/file.h"
#include "os/limits.h"
#include "os/sanitizer.h"
#include "os/seccomp_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/** Columns of /proc/PID/statm, in pages (proc(5)). */
enum statm_column { STATM_SIZE = 0, STATM_RESIDENT = 1 };

/** One column of /proc/PID/statm in bytes; 0 where the process is gone. */
static size_t statm_bytes(const char *pid, enum statm_column column)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%s/statm", pid);
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    char text[256];
    ssize_t len = read(fd, text, sizeof(text) - 1);
    if (len <= 0)
        return 0;
    text[len] = '\0';
    size_t pages[2] = {0, 0};
    if (sscanf(text, "%zu %zu", &pages[0], &pages[1]) != 2)
        return 0;
    return pages[column] * (size_t)sysconf(_SC_PAGESIZE);
}

/** Sets soft and hard limit, where they are not tighter already. */
static enum err tighten(int resource, rlim_t soft, rlim_t hard, struct errctx *ec)
{
    struct rlimit now;
    CHECK(getrlimit((__rlimit_resource_t)resource, &now) == 0);
    now.rlim_max = hard < now.rlim_max ? hard : now.rlim_max;
    now.rlim_cur = soft < now.rlim_cur ? soft : now.rlim_cur;
    if (now.rlim_cur > now.rlim_max)
        now.rlim_cur = now.rlim_max;
    if (setrlimit((__rlimit_resource_t)resource, &now) != 0)
        return err_errno(ec, "setrlimit %d to %" PRIu64, resource, (uint64_t)soft);
    return ERR_OK;
}

static enum err limit_memory(size_t more_bytes, struct errctx *ec)
{
    size_t mapped_bytes = statm_bytes("self", STATM_SIZE);
    if (mapped_bytes == 0)
        return err_set(ec, ERR_IO, "/proc/self/statm: not readable");
    rlim_t bytes = (rlim_t)mapped_bytes + more_bytes;
    return tighten(RLIMIT_AS, bytes, bytes, ec);
}

enum err process_limit(const struct process_limits *limits, struct errctx *ec)
{
    enum err e = ERR_OK;
    if (limits->memory_bytes > 0 && !HAS_SANITIZER)
        e = limit_memory(limits->memory_bytes, ec);
    if (e == ERR_OK && limits->cpu_s > 0)
        e = tighten(RLIMIT_CPU, limits->cpu_s, (rlim_t)limits->cpu_s + CPU_GRACE_S, ec);
    if (e == ERR_OK && limits->deny_network)
        e = seccomp_deny_network(ec);
    return e;
}

enum err process_raise_descriptors(struct errctx *ec)
{
    struct rlimit now;
    CHECK(getrlimit(RLIMIT_NOFILE, &now) == 0);
    now.rlim_cur = now.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &now) == 0 ? ERR_OK : err_errno(ec, "setrlimit of descriptors");
}

static void cap_cleanup(cap_t *caps)
{
    if (*caps != NULL)
        (void)cap_free(*caps);
}

enum err process_drop_capabilities(bool keep_bind, struct errctx *ec)
{
    const cap_value_t bind_value = CAP_NET_BIND_SERVICE;
    CLEANUP(cap_cleanup) cap_t held = cap_get_proc();
    CLEANUP(cap_cleanup) cap_t kept = cap_init(); /* empty */
    if (held == NULL || kept == NULL)
        return err_errno(ec, "read capabilities");
    cap_flag_value_t has_bind = CAP_CLEAR;
    CHECK(cap_get_flag(held, bind_value, CAP_PERMITTED, &has_bind) == 0);
    if (keep_bind && has_bind == CAP_SET) {
        CHECK(cap_set_flag(kept, CAP_PERMITTED, 1, &bind_value, CAP_SET) == 0);
        CHECK(cap_set_flag(kept, CAP_EFFECTIVE, 1, &bind_value, CAP_SET) == 0);
    }
    if (cap_set_proc(kept) != 0)
        return err_errno(ec, "drop capabilities");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_errno(ec, "no_new_privs");
    return ERR_OK;
}

void process_die_with_parent(pid_t parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent) /* it died before the call: no signal will come */
        (void)raise(SIGKILL);
}

void process_unblock_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    CHECK(pthread_sigmask(SIG_SETMASK, &none, NULL) == 0);
}

/** Whether /proc/self/fd/`name` is a socket or an anonymous inode. */
static bool is_channel(int dir_fd, const char *name)
{
    char target[32];
    ssize_t len = readlinkat(dir_fd, name, target, sizeof(target));
    struct slice text = slice_of((const uint8_t *)target, len > 0 ? (size_t)len : 0);
    return slice_starts_with(text, SLICE_LIT("socket:")) ||
           slice_starts_with(text, SLICE_LIT("anon_inode:"));
}

enum err process_close_sockets(int kept_fd, struct errctx *ec)
{
    DIR *dir = opendir("/proc/self/fd");
    if (dir == NULL)
        return err_errno(ec, "/proc/self/fd");
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) { /* one for each open descriptor */
        uint64_t fd;                         /* "." and ".." are none */
        bool is_number = slice_parse_u64(slice_str(entry->d_name), INT_MAX, &fd);
        if (is_number && fd > STDERR_FILENO && (int)fd != kept_fd &&
            is_channel(dirfd(dir), entry->d_name))
            (void)close((int)fd);
    }
    (void)closedir(dir);
    return ERR_OK;
}

size_t process_resident_bytes(pid_t pid)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "%d", pid);
    return statm_bytes(text, STATM_RESIDENT);
}

void process_set_name(const char *name)
{
    (void)prctl(PR_SET_NAME, name, 0, 0, 0);
}
