// SPDX-License-Identifier: Apache-2.0
// Processes: what a forked child sets right, limits, capabilities, and what a crash leaves in the
// log.
#ifndef OS_PROCESS_H
#define OS_PROCESS_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/**
 * Installs handlers for SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT that write one logfmt line
 * (role, signal, address) and a backtrace of symbols to `fd`, then die of the same signal. Uses an
 * alternate stack and only async-signal-safe calls. `role` is kept: static storage. May be called
 * again, as after fork. In a sanitizer build only SIGABRT: the others are the sanitizer's to
 * report.
 */
void crash_report_install(int fd, const char *role);

/**
 * Gives the calling thread an alternate stack, so that even a stack overflow is reported;
 * crash_report_install did it for its own thread, the pool does it for its workers.
 */
void crash_report_thread_start(void);

/** Points the crash report elsewhere (after the log was reopened). */
void crash_report_set_fd(int fd);

struct process_limits {
    size_t memory_bytes; /* address space beyond what is mapped now; 0 = no limit */
    unsigned cpu_s;      /* of the whole life of the process; 0 = no limit */
    bool deny_network;   /* no new socket or connection (EACCES); socketpair(2) still works */
};

/**
 * Limits the calling process and its children for good. Past memory_bytes allocations fail (not
 * limited in ASan and TSan builds, which reserve terabytes); past cpu_s it dies of SIGXCPU.
 * deny_network is a seccomp filter over all threads and sets no_new_privs. Descriptors that are
 * open already go on working.
 * Errors: ERR_UNSUPPORTED where the kernel refuses deny_network, ERR_IO.
 */
enum err process_limit(const struct process_limits *limits, struct errctx *ec) MUST_USE;

/**
 * Raises the number of descriptors that the process and its children may have to what an
 * administrator allows (the hard limit). Errors: as err_errno says.
 */
enum err process_raise_descriptors(struct errctx *ec) MUST_USE;

/**
 * Drops every capability but CAP_NET_BIND_SERVICE (keep_bind) and sets no_new_privs. Fine without
 * root, where there is nothing to drop. Before the first thread: it acts on the calling one.
 */
enum err process_drop_capabilities(bool keep_bind, struct errctx *ec) MUST_USE;

/** The child dies with SIGKILL when its parent does (PR_SET_PDEATHSIG). Call in the child. */
void process_die_with_parent(pid_t parent);

/**
 * Ends the signal mask that loop_signal_set made: for a forked child that watches no signals, else
 * SIGTERM would never end it.
 */
void process_unblock_signals(void);

/**
 * Closes what a forked child inherited to talk by: sockets and anonymous inodes (epoll, eventfd,
 * signalfd), but for 0 to 2 and `kept_fd` (-1: none). Files and pipes stay: who closes any
 * descriptor of a file gives up its process's locks on it, and the database's are not ours to know.
 * No loop of the parent's may be used afterwards. Errors: ERR_IO.
 */
enum err process_close_sockets(int kept_fd, struct errctx *ec) MUST_USE;

/** Resident memory of a process in bytes; 0 where it is gone. */
size_t process_resident_bytes(pid_t pid);

/** Names the process for ps, 15 bytes at most; log_set_role names it in the log. */
void process_set_name(const char *name);

/**
 * Whether this end of a child, as wait(2) reports it, counts as a crash (design, invariant 4):
 * SIGSEGV, SIGBUS, SIGILL, SIGFPE or SIGABRT; in sanitizer builds also SANITIZER_EXIT_CODE
 * (os/sanitizer.h).
 */
bool process_status_is_crash(int wait_status);

#endif
