// SPDX-License-Identifier: Apache-2.0
// The demo. Called by cmd in a process of its own beside the supervisor, which it may block; ends
// with the supervisor at the latest.
#include "aws/xml.h"
#include "base/time.h"
#include "tool/demo_text.h"
#include "tool/demo_zone.h"
#include "tool/environment.h"
#include "tool/limits.h"
#include "tool/ready.h"
#include "tool/route53.h"
#include "tool/tool.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Record sets of a zone that holds nothing but what it was born with: SOA and NS. */
#define SETS_OF_EMPTY_ZONE 2

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = TOOL_DEMO_POLL_NS}, NULL);
}

/**
 * Waits until ready.json is there, and of the supervisor that is our parent: one that was killed
 * leaves its own behind.
 */
static enum err wait_until_ready(struct arena *a, const char *data_dir, struct tool_ready *out,
                                 struct errctx *ec)
{
    int64_t deadline_ns = time_monotonic_ns() + TOOL_DEMO_READY_NS;
    for (;;) {
        struct tool_ready ready;
        enum err e = tool_ready_read(a, data_dir, &ready, ec);
        if (e == ERR_OK && ready.pid == getppid()) {
            *out = ready;
            return ERR_OK;
        }
        if (e != ERR_OK && e != ERR_UNAVAILABLE)
            return e;
        if (time_monotonic_ns() >= deadline_ns)
            return err_set(ec, ERR_TIMEOUT, "the node does not serve after %d s",
                           (int)(TOOL_DEMO_READY_NS / NS_PER_S));
        pause_briefly();
    }
}

static enum err wait_until_insync(const struct tool_client *client, const char *change_id,
                                  struct errctx *ec)
{
    int64_t deadline_ns = time_monotonic_ns() + TOOL_DEMO_INSYNC_NS;
    for (;;) {
        AUTO_ARENA struct arena a = {0};
        struct r53_get_change_response change;
        enum err e = tool_route53_get_change(client, &a, change_id, &change, ec);
        if (e != ERR_OK || change.change_info->status == R53_INSYNC)
            return e;
        if (time_monotonic_ns() >= deadline_ns)
            return err_set(ec, ERR_TIMEOUT, "change %s is not INSYNC after %d s", change_id,
                           (int)(TOOL_DEMO_INSYNC_NS / NS_PER_S));
        pause_briefly();
    }
}

/** Fills the zone and waits until it is served. */
static enum err fill_zone(const struct tool_client *client, struct arena *a,
                          struct demo_facts *facts, struct errctx *ec)
{
    struct r53_change_record_sets_request request;
    struct r53_change_record_sets_response response;
    demo_zone_batch(a, facts->zone_id, &request);
    enum err e = tool_route53_change(client, a, &request, &response, ec);
    if (e != ERR_OK)
        return e;
    facts->change_id = response.change_info->id;
    return wait_until_insync(client, facts->change_id, ec);
}

static enum err create_zone(const struct tool_client *client, struct arena *a,
                            struct demo_facts *facts, struct errctx *ec)
{
    struct r53_hosted_zone_config config = {.comment = "Made by weir up --demo"};
    const struct r53_create_hosted_zone_request request = {
        .name = DEMO_ZONE ".",
        .caller_reference = arena_printf(a, "demo-%lld", (long long)time_unix_ms()),
        .hosted_zone_config = &config,
    };
    struct r53_create_hosted_zone_response response;
    enum err e = tool_route53_create_zone(client, a, &request, &response, ec);
    if (e == ERR_OK)
        facts->zone_id = response.hosted_zone->id;
    return e;
}

/** The zone at the front of a listing, where it is the demo zone; else NULL. */
static const struct r53_hosted_zone *
first_if_demo(const struct r53_list_hosted_zones_by_name_response *list)
{
    bool is_demo = list->hosted_zones_count > 0 &&
                   slice_equal(slice_str(list->hosted_zones[0].name), SLICE_LIT(DEMO_ZONE "."));
    return is_demo ? &list->hosted_zones[0] : NULL;
}

/**
 * Finds or makes the demo zone. One that a former start made but did not fill is filled now; in an
 * account with other zones alone none is made, and facts->zone_id stays NULL.
 */
static enum err provide_zone(const struct tool_client *client, struct arena *a,
                             struct demo_facts *facts, struct errctx *ec)
{
    struct r53_list_hosted_zones_by_name_response list;
    enum err e = tool_route53_zones(client, a, DEMO_ZONE ".", &list, ec);
    if (e != ERR_OK)
        return e;
    const struct r53_hosted_zone *zone = first_if_demo(&list);
    if (zone != NULL) {
        facts->zone_id = zone->id;
        bool is_filled = zone->resource_record_set_count > SETS_OF_EMPTY_ZONE;
        return is_filled ? ERR_OK : fill_zone(client, a, facts, ec);
    }
    e = tool_route53_zones(client, a, NULL, &list, ec);
    if (e != ERR_OK || list.hosted_zones_count > 0)
        return e;
    e = create_zone(client, a, facts, ec);
    return e == ERR_OK ? fill_zone(client, a, facts, ec) : e;
}

/** The path of this program and that of the data directory, as they work from anywhere. */
static enum err find_paths(struct arena *a, const char *data_dir, struct demo_facts *facts,
                           struct errctx *ec)
{
    char program[PATH_MAX] = {0};
    if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0)
        return err_errno(ec, "path of the program");
    char *absolute = realpath(data_dir, NULL);
    if (absolute == NULL)
        return err_errno(ec, "'%s'", data_dir);
    facts->program = arena_strdup(a, program);
    facts->data_dir = arena_strdup(a, absolute);
    free(absolute);
    return ERR_OK;
}

static enum err run_demo(struct arena *a, const char *data_dir, struct demo_facts *facts,
                         struct errctx *ec)
{
    struct tool_ready ready = {0};
    AUTO_CLIENT struct tool_client client = {0};
    enum err e = wait_until_ready(a, data_dir, &ready, ec);
    if (e == ERR_OK)
        e = find_paths(a, data_dir, facts, ec);
    if (e == ERR_OK && ready.api == NULL)
        e = err_set(ec, ERR_UNAVAILABLE, "without the role control there is nothing to fill");
    if (e != ERR_OK)
        return e;
    facts->dns = ready.dns;
    facts->api = ready.api;
    facts->admin = ready.admin;
    facts->has_other_key =
        tool_variable("AWS_ACCESS_KEY_ID") != NULL || tool_variable("AWS_PROFILE") != NULL;
    const struct tool_client_options options = {.data_dir = data_dir, .is_of_node = true};
    e = tool_client_open(a, &options, &client, ec);
    return e == ERR_OK ? provide_zone(&client, a, facts, ec) : e;
}

int tool_demo(const struct settings *settings)
{
    AUTO_ARENA struct arena a = {0};
    AUTO_BUF struct buf text = {0};
    struct demo_facts facts = {0};
    struct errctx ec = {0};
    aws_xml_init();
    if (run_demo(&a, settings->data, &facts, &ec) != ERR_OK) {
        fprintf(stderr, "weir demo: %s\n", ec.text);
        return EXIT_FAILURE;
    }
    demo_text(&text, &facts);
    (void)fwrite(buf_slice(&text).data, 1, buf_len(&text), stdout);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
