// SPDX-License-Identifier: Apache-2.0
// The program: subcommands, and the table of roles.
#include "authority/role.h"
#include "base/settings.h"
#include "check/role.h"
#include "cmd/control_role.h"
#include "edge/role.h"
#include "metrics/log.h"
#include "node/node.h"
#include "os/process.h"
#include "tool/tool.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct role *const roles[] = {&control_role, &dns_role, &edge_role, &check_role, NULL};

/** One subcommand; argv starts behind its name. */
struct command {
    const char *name;
    const char *arguments;
    const char *prose;
    int (*run)(int argc, char **argv);
};

static int run_up(int argc, char **argv);
static int run_help(int argc, char **argv);
static int run_version(int argc, char **argv);

static const struct command commands[] = {
    {"up", "[--SETTING VALUE]...", "run a node in the foreground", run_up},
    {"node", "list|admit|cordon|uncordon|drain|remove|pin|unpin", "the nodes of the fleet",
     tool_node},
    {"checker", "list|exclude|include", "the nodes that probe health checks", tool_checker},
    {"health", "list|set|hold", "health checks: their states, those that nobody probes, hold-down",
     tool_health},
    {"set", "list|addresses", "the delegation sets and their local addresses", tool_set},
    {"tsig", "generate", "keys of signed DNS messages", tool_tsig},
    {"zone", "import|export|test|transfer",
     "master files into hosted zones and back; what a client gets; secondary servers", tool_zone},
    {"drill", "NAME TYPE --zone ID|NAME",
     "a failover, made and measured: how long it takes, what clients lose", tool_drill},
    {"status", "[--data DIR]", "what the node on this machine does", tool_status},
    {"help", "[up|--man-options]", "this text, or the settings of `weir up`", run_help},
    {"version", "", "the version of this program", run_version},
};

/** The demo is a client like any other, in a process of its own that ends with the node. */
static void start_demo(const struct settings *settings)
{
    pid_t parent = getpid();
    fflush(NULL);
    if (fork() != 0)
        return;
    process_die_with_parent(parent);
    process_set_name("demo");
    exit(tool_demo(settings));
}

static int run_up(int argc, char **argv)
{
    static struct settings settings;
    static char health_file[PATH_MAX];
    struct errctx ec = {0};
    if (argc > 0 && strcmp(argv[0], "--help") == 0)
        return run_help(1, (char *[]){"up"});
    enum err e = settings_load(&settings, (const char *const *)argv, (size_t)argc, environ, &ec);
    if (e == ERR_OK)
        e = log_init(settings.log_file, log_format_named(settings.log_format),
                     log_level_named(settings.log_level), &ec);
    if (e != ERR_OK) {
        fprintf(stderr, "weir up: %s\n", ec.text);
        return EXIT_FAILURE;
    }
    if (settings.demo) {
        tool_demo_settings(&settings, health_file, sizeof(health_file));
        start_demo(&settings);
    }
    return node_supervise(&settings, roles);
}

static int run_help(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], "--man-options") == 0) {
        settings_print_man(stdout);
        return EXIT_SUCCESS;
    }
    if (argc > 0 && strcmp(argv[0], "up") == 0) {
        printf("usage: weir up [--SETTING VALUE]...\n\n");
        settings_print_help(stdout);
        return EXIT_SUCCESS;
    }
    printf("usage: weir NOUN [VERB] [argument]...\n\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        printf("  weir %s %s\n      %s\n", commands[i].name, commands[i].arguments,
               commands[i].prose);
    return EXIT_SUCCESS;
}

static int run_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("weir %s\n", WEIR_VERSION);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "help";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].run(argc > 2 ? argc - 2 : 0, argv + (argc > 2 ? 2 : argc));
    }
    fprintf(stderr, "weir: there is no command '%s'; see 'weir help'\n", name);
    return EXIT_FAILURE;
}
