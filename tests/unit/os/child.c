// SPDX-License-Identifier: Apache-2.0
// Forked children of the tests of os/.
#include "child.h"

#include "base/check.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int child_run(int (*fn)(void *arg), void *arg)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        const struct rlimit no_core = {0};
        CHECK(setrlimit(RLIMIT_CORE, &no_core) == 0);
        _exit(fn(arg));
    }
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    return status;
}
