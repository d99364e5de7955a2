// SPDX-License-Identifier: Apache-2.0
// `weir status`: what the node on this machine does. Called by cmd on the main thread.
#include "tool/options.h"
#include "tool/ready.h"
#include "tool/tool.h"

#include <stdio.h>
#include <stdlib.h>

static enum err print_status(const struct tool_options *o, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    struct tool_ready ready;
    enum err e = tool_ready_read(&a, o->data_dir, &ready, ec);
    if (e != ERR_OK)
        return e;
    printf("serves, admin on %s\n", ready.admin != NULL ? ready.admin : "no address");
    return ERR_OK;
}

int tool_status(int argc, char **argv)
{
    struct tool_options options;
    struct errctx ec = {0};
    enum err e = tool_options_parse(argc, argv, TOOL_OPTION_JSON, &options, &ec);
    if (e == ERR_OK && options.word_count != 0)
        e = err_set(&ec, ERR_INVALID, "usage: weir status [--data DIR] [--json]");
    if (e == ERR_OK)
        e = print_status(&options, &ec);
    if (e == ERR_OK)
        return EXIT_SUCCESS;
    fprintf(stderr, "weir status: %s\n", ec.text);
    return EXIT_FAILURE;
}
