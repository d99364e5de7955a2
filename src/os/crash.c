// SPDX-License-Identifier: Apache-2.0
// What a crash leaves in the log: one logfmt line and a backtrace of symbols, written by a signal
// handler on whichever thread crashed, with async-signal-safe calls alone. Installed by every
// process of a node at its start, and again after fork.
#include "base/macros.h"
#include "os/crash_priv.h"
#include "os/limits.h"
#include "os/process.h"
#include "os/sanitizer.h"

#include <execinfo.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static atomic_int report_fd = STDERR_FILENO;
static _Atomic(const char *) report_role = "weir";

/** A line under construction; what does not fit is cut. */
struct crash_line {
    char text[CRASH_LINE_BYTES];
    size_t len;
};

static void put(struct crash_line *line, const char *text)
{
    size_t len = min_size(strlen(text), sizeof(line->text) - line->len);
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static void put_number(struct crash_line *line, uint64_t value, unsigned base)
{
    char digits[24]; /* 20 decimal digits of 2^64 and the NUL */
    char *at = digits + sizeof(digits) - 1;
    *at = '\0';
    do {
        *--at = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0);
    put(line, at);
}

/** strsignal(3) is not async-signal-safe, sigabbrev_np(3) reads a constant table. */
static void describe(struct crash_line *line, int signo, const siginfo_t *info)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    put(line, "time_unix_s=");
    put_number(line, (uint64_t)now.tv_sec, 10);
    put(line, " level=error event=crash role=");
    put(line, atomic_load(&report_role));
    put(line, " pid=");
    put_number(line, (uint64_t)getpid(), 10);
    put(line, " thread=");
    put_number(line, (uint64_t)gettid(), 10);
    put(line, " signal=SIG");
    put(line, sigabbrev_np(signo));
    if (signo != SIGABRT) {
        put(line, " address=0x");
        put_number(line, (uint64_t)(uintptr_t)info->si_addr, 16);
    }
    put(line, "\n");
}

static void report_crash(int signo, siginfo_t *info, void *context)
{
    (void)context;
    struct crash_line line = {.len = 0};
    describe(&line, signo, info);
    int fd = atomic_load(&report_fd);
    ssize_t written = write(fd, line.text, line.len);
    (void)written; /* nobody is left to tell */
    void *frames[CRASH_FRAMES_MAX];
    int count = backtrace(frames, CRASH_FRAMES_MAX);
    backtrace_symbols_fd(frames, count, fd);
    /* SA_RESETHAND brought the default back: this kills, as soon as the handler returns. */
    (void)raise(signo);
}

void crash_report_set_fd(int fd)
{
    atomic_store(&report_fd, fd);
}

void crash_report_thread_start(void)
{
#if !HAS_SANITIZER /* a sanitizer has a stack of its own, and unmaps what it finds at the end */
    static _Thread_local char stack[CRASH_STACK_BYTES];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
    (void)sigaltstack(&alternate, NULL);
#endif
}

void crash_report_install(int fd, const char *role)
{
    crash_report_set_fd(fd);
    atomic_store(&report_role, role);
    crash_report_thread_start();

    /* The first backtrace loads the unwinder, with malloc: now, not in the handler. */
    void *frame[1];
    (void)backtrace(frame, ARRAY_LEN(frame));

    struct sigaction action = {.sa_sigaction = report_crash};
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < ARRAY_LEN(crash_signals); i++) {
        if (!HAS_SANITIZER || crash_signals[i] == SIGABRT)
            (void)sigaction(crash_signals[i], &action, NULL);
    }
}

bool process_status_is_crash(int wait_status)
{
    if (HAS_SANITIZER && WIFEXITED(wait_status))
        return WEXITSTATUS(wait_status) == SANITIZER_EXIT_CODE;
    if (!WIFSIGNALED(wait_status))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(crash_signals); i++) {
        if (WTERMSIG(wait_status) == crash_signals[i])
            return true;
    }
    return false;
}
