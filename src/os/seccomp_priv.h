// SPDX-License-Identifier: Apache-2.0
// The system call filter behind process_limit.
#ifndef OS_SECCOMP_PRIV_H
#define OS_SECCOMP_PRIV_H

#include "base/err.h"

/**
 * From now on, in all threads and for good, calls that make a socket or a connection fail with
 * EACCES. Sets no_new_privs. Errors: ERR_UNSUPPORTED where the kernel or the machine cannot.
 */
enum err seccomp_deny_network(struct errctx *ec) MUST_USE;

#endif
