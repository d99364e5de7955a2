// SPDX-License-Identifier: Apache-2.0
// The demo. Called by cmd in a process of its own beside the supervisor.
#include "tool/ready.h"
#include "tool/tool.h"

#include "base/time.h"
#include "tool/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static enum err wait_until_ready(struct arena *a, const char *data_dir, struct tool_ready *out,
                                 struct errctx *ec)
{
    int64_t deadline_ns = time_monotonic_ns() + TOOL_DEMO_READY_NS;
    enum err e = tool_ready_read(a, data_dir, out, ec);
    while (e == ERR_UNAVAILABLE && time_monotonic_ns() < deadline_ns) {
        nanosleep(&(struct timespec){.tv_nsec = TOOL_DEMO_POLL_NS}, NULL);
        e = tool_ready_read(a, data_dir, out, ec);
    }
    return e;
}

int tool_demo(const struct settings *settings)
{
    AUTO_ARENA struct arena a = {0};
    struct tool_ready ready;
    struct errctx ec = {0};
    enum err e = wait_until_ready(&a, settings->data, &ready, &ec);
    if (e != ERR_OK) {
        fprintf(stderr, "weir demo: %s\n", ec.text);
        return EXIT_FAILURE;
    }
    printf("serving DNS on %s, the API on %s\n", ready.dns != NULL ? ready.dns : "no address",
           ready.api != NULL ? ready.api : "no address");
    return EXIT_SUCCESS;
}
