// SPDX-License-Identifier: Apache-2.0
// The demo. Called by cmd in a process of its own beside the supervisor, which it may block. Where
// there is an edge it stays, because its origins live here; ends with the supervisor at the latest.
#include "aws/xml.h"
#include "base/time.h"
#include "os/file.h"
#include "tool/demo_cdn.h"
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
#include <string.h>
#include <time.h>
#include <unistd.h>

/* In the data directory: states of health checks, unless --health-file names another file. */
#define HEALTH_FILE "health"
#define HEALTH_FILE_HEAD "# a line each: ID healthy, or ID unhealthy\n"
#define HEALTH_FILE_MODE 0644

/* Record sets of a zone that holds nothing but what it was born with: SOA and NS. */
#define SETS_OF_EMPTY_ZONE 2

/** One start of the demo. */
struct demo {
    struct arena *arena;
    struct tool_ready ready;
    struct tool_client client;
    struct loop *loop; /* of the origins */
    struct demo_cdn cdn;
    struct demo_facts facts;
};

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

static enum err create_check(struct demo *d, struct errctx *ec)
{
    struct r53_create_health_check_request request;
    struct r53_create_health_check_response response;
    const char *reference = arena_printf(d->arena, "demo-%lld", (long long)time_unix_ms());
    demo_zone_check(d->arena, reference, &request);
    enum err e = tool_route53_create_check(&d->client, d->arena, &request, &response, ec);
    if (e == ERR_OK)
        d->facts.check_id = response.health_check->id;
    return e;
}

/** The health check of a zone that a former start filled; none where somebody took it away. */
static enum err find_check(struct demo *d, struct errctx *ec)
{
    struct r53_list_record_sets_response page;
    const struct tool_route53_from from = {
        .name = DEMO_CHECKED_NAME, .type = R53_TYPE_A, .identifier = DEMO_CHECKED_SET};
    enum err e = tool_route53_list_sets(&d->client, d->arena, d->facts.zone_id, &from, &page, ec);
    if (e != ERR_OK || page.resource_record_sets_count == 0)
        return e;
    const struct r53_record_set *set = &page.resource_record_sets[0];
    if (strcmp(set->name, DEMO_CHECKED_NAME) == 0)
        d->facts.check_id = set->health_check_id;
    return ERR_OK;
}

/** Fills the zone and waits until it is served. */
static enum err fill_zone(struct demo *d, struct errctx *ec)
{
    struct r53_change_record_sets_request request;
    struct r53_change_record_sets_response response;
    enum err e = create_check(d, ec);
    if (e != ERR_OK)
        return e;
    const struct demo_zone_ids ids = {
        .zone_id = d->facts.zone_id, .cdn_name = d->cdn.domain_name, .check_id = d->facts.check_id};
    demo_zone_batch(d->arena, &ids, &request);
    e = tool_route53_change(&d->client, d->arena, &request, &response, ec);
    if (e != ERR_OK)
        return e;
    d->facts.change_id = response.change_info->id;
    return wait_until_insync(&d->client, d->facts.change_id, ec);
}

static enum err create_zone(struct demo *d, struct errctx *ec)
{
    struct r53_hosted_zone_config config = {.comment = "Made by weir up --demo"};
    const struct r53_create_hosted_zone_request request = {
        .name = DEMO_ZONE ".",
        .caller_reference = arena_printf(d->arena, "demo-%lld", (long long)time_unix_ms()),
        .hosted_zone_config = &config,
    };
    struct r53_create_hosted_zone_response response;
    enum err e = tool_route53_create_zone(&d->client, d->arena, &request, &response, ec);
    if (e == ERR_OK)
        d->facts.zone_id = response.hosted_zone->id;
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
 * Finds or makes the demo zone; in an account with other zones alone none is made, and the zone's
 * id stays NULL. *out_is_empty: it must be filled, perhaps since a former start did not come to it.
 */
static enum err provide_zone(struct demo *d, bool *out_is_empty, struct errctx *ec)
{
    struct r53_list_hosted_zones_by_name_response list;
    enum err e = tool_route53_zones(&d->client, d->arena, DEMO_ZONE ".", &list, ec);
    if (e != ERR_OK)
        return e;
    const struct r53_hosted_zone *zone = first_if_demo(&list);
    if (zone != NULL) {
        d->facts.zone_id = zone->id;
        *out_is_empty = zone->resource_record_set_count <= SETS_OF_EMPTY_ZONE;
        return ERR_OK;
    }
    e = tool_route53_zones(&d->client, d->arena, NULL, &list, ec);
    if (e != ERR_OK || list.hosted_zones_count > 0)
        return e;
    *out_is_empty = true;
    return create_zone(d, ec);
}

/** Zone, and where there is an edge a distribution that names of the zone lead to. */
static enum err provide(struct demo *d, struct errctx *ec)
{
    bool is_empty = false;
    enum err e = provide_zone(d, &is_empty, ec);
    if (e != ERR_OK || d->facts.zone_id == NULL)
        return e;
    if (d->ready.http != NULL)
        e = demo_cdn_provide(&d->client, d->loop, d->arena, &d->cdn, ec);
    if (e == ERR_OK)
        e = is_empty ? fill_zone(d, ec) : find_check(d, ec);
    return e == ERR_OK && d->cdn.id != NULL ? demo_cdn_wait(&d->client, &d->cdn, ec) : e;
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

/**
 * Makes the demo's own file of states of health checks where it is missing; a file that somebody
 * else named is no fact of the demo.
 */
static enum err provide_health_file(struct arena *a, const struct settings *settings,
                                    struct demo_facts *facts, struct errctx *ec)
{
    const char *own = arena_printf(a, "%s/" HEALTH_FILE, settings->data);
    const struct file_stamp missing = {0};
    if (settings->health_file == NULL || strcmp(settings->health_file, own) != 0)
        return ERR_OK;
    struct file_stamp stamp = file_stamp_of(own);
    facts->health_file = arena_printf(a, "%s/" HEALTH_FILE, facts->data_dir);
    if (!file_stamp_equal(&stamp, &missing))
        return ERR_OK;
    return file_replace(own, SLICE_LIT(HEALTH_FILE_HEAD), HEALTH_FILE_MODE, ec);
}

static void gather_facts(struct demo *d)
{
    d->facts.dns = d->ready.dns;
    d->facts.api = d->ready.api;
    d->facts.admin = d->ready.admin;
    d->facts.http = d->ready.http;
    d->facts.https = d->ready.https;
    d->facts.has_other_key =
        tool_variable("AWS_ACCESS_KEY_ID") != NULL || tool_variable("AWS_PROFILE") != NULL;
}

static enum err run_demo(struct demo *d, const struct settings *settings, struct errctx *ec)
{
    const char *data_dir = settings->data;
    enum err e = wait_until_ready(d->arena, data_dir, &d->ready, ec);
    if (e == ERR_OK)
        e = find_paths(d->arena, data_dir, &d->facts, ec);
    if (e == ERR_OK)
        e = provide_health_file(d->arena, settings, &d->facts, ec);
    if (e == ERR_OK && d->ready.api == NULL)
        e = err_set(ec, ERR_UNAVAILABLE, "without the role control there is nothing to fill");
    if (e != ERR_OK)
        return e;
    gather_facts(d);
    const struct tool_client_options options = {.data_dir = data_dir, .is_of_node = true};
    e = tool_client_open(d->arena, &options, &d->client, ec);
    if (e == ERR_OK)
        e = provide(d, ec);
    d->facts.distribution_id = d->cdn.id;
    d->facts.distribution_name = d->cdn.domain_name;
    return e;
}

static bool print_text(const struct demo_facts *facts)
{
    AUTO_BUF struct buf text = {0};
    demo_text(&text, facts);
    (void)fwrite(buf_slice(&text).data, 1, buf_len(&text), stdout);
    return fflush(stdout) == 0;
}

void tool_demo_settings(struct settings *settings, char *path, size_t size)
{
    int length = snprintf(path, size, "%s/" HEALTH_FILE, settings->data);
    if (settings->health_file == NULL && length > 0 && (size_t)length < size)
        settings->health_file = path;
}

int tool_demo(const struct settings *settings)
{
    AUTO_ARENA struct arena a = {0};
    struct demo d = {.arena = &a, .loop = loop_new(true)};
    struct errctx ec = {0};
    bool is_told = false;
    aws_xml_init();
    if (run_demo(&d, settings, &ec) == ERR_OK)
        is_told = print_text(&d.facts);
    else
        fprintf(stderr, "weir demo: %s\n", ec.text);
    if (is_told && d.cdn.id != NULL)
        loop_run(d.loop); /* the origins answer until the node ends, and this process with it */
    demo_cdn_fini(&d.cdn);
    tool_client_close(&d.client);
    loop_free(d.loop);
    return is_told ? EXIT_SUCCESS : EXIT_FAILURE;
}
