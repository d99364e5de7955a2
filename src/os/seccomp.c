// SPDX-License-Identifier: Apache-2.0
// A filter in classic BPF (seccomp(2)) that keeps the trial off the network: it answers questions
// from data alone, so a call for a socket is a bug or worse. Called by process_limit, in a child.
#include "os/seccomp_priv.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
/* From here on a number is one of the x32 calls (or -1, from a tracer), which no build of ours
 * uses. */
#define FOREIGN_CALLS_FROM 0x40000000U
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#define FOREIGN_CALLS_FROM 0x80000000U
#endif

#ifdef NATIVE_ARCH

/** Jump to the instruction's end of this pair unless equal; a match is denied. */
#define DENY_CALL(number)                                                                          \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1),                                           \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES)

/* io_uring makes sockets and connections without the calls of those names. */
static const struct sock_filter deny_network[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FOREIGN_CALLS_FROM, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
    DENY_CALL(SYS_socket),
    DENY_CALL(SYS_connect),
    DENY_CALL(SYS_accept),
    DENY_CALL(SYS_accept4),
    DENY_CALL(SYS_io_uring_setup),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

enum err seccomp_deny_network(struct errctx *ec)
{
    struct sock_filter filter[ARRAY_LEN(deny_network)];
    memcpy(filter, deny_network, sizeof(filter));
    struct sock_fprog program = {.len = ARRAY_LEN(filter), .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_set(ec, ERR_UNSUPPORTED, "no_new_privs: %s", strerrordesc_np(errno));
    long refused =
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
    if (refused > 0)
        return err_set(ec, ERR_UNSUPPORTED, "seccomp filter: thread %ld cannot take it", refused);
    if (refused < 0)
        return err_set(ec, ERR_UNSUPPORTED, "seccomp filter: %s", strerrordesc_np(errno));
    return ERR_OK;
}

#else

enum err seccomp_deny_network(struct errctx *ec)
{
    return err_set(ec, ERR_UNSUPPORTED, "seccomp filter: not written for this machine");
}

#endif
