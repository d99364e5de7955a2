// SPDX-License-Identifier: Apache-2.0
// `weir drill`: a failover, made and measured. Called by cmd on the main thread.
#include "os/file.h"
#include "tool/drill_report.h"
#include "tool/drill_run.h"
#include "tool/options.h"
#include "tool/ready.h"
#include "tool/tool.h"

#include <stdio.h>
#include <string.h>

#define USAGE                                                                                      \
    "usage: weir drill [--data DIR] [--endpoint URL] NAME TYPE --zone ID|NAME [--set IDENTIFIER] " \
    "[--by override|wait] [--server ADDR:PORT] [--http PORT [--path PATH] [--host HOST] | "        \
    "--no-http] [--objective-rto SECONDS] [--objective-rpo REQUESTS] [--interval-ms MS] "          \
    "[--lease SECONDS] [--out DIR]"

/* How it ends. */
enum { DRILL_EXIT_MET = 0, DRILL_EXIT_NOT_MET = 1, DRILL_EXIT_FAILED = 2 };

enum { FILE_MODE = 0644, DIR_MODE = 0755, HTTP_PORT = 80 };

/* One drill of the command line. */
struct drill {
    struct arena *arena;
    const struct tool_options *options;
    struct tool_client client;
    struct drill_target target;
    struct drill_timeline timeline;
    struct drill_report report;
};

/* ---- options */

/* A whole number within bounds; `value` stays where the option was not given. */
static enum err take_number(const char *name, const char *text, uint64_t least, uint64_t most,
                            uint64_t *value, struct errctx *ec)
{
    if (text == NULL)
        return ERR_OK;
    uint64_t number;
    if (!slice_parse_u64(slice_str(text), most, &number) || number < least)
        return err_set(ec, ERR_INVALID, "%s is a number from %llu to %llu", name,
                       (unsigned long long)least, (unsigned long long)most);
    *value = number;
    return ERR_OK;
}

static enum err take_numbers(struct drill *d, struct errctx *ec)
{
    const struct tool_drill_options *o = &d->options->drill;
    uint64_t interval_ms = TOOL_DRILL_INTERVAL_MS;
    uint64_t lease_s = TOOL_DRILL_LEASE_MAX_S;
    uint64_t rto_s = 0;
    enum err e = take_number("--interval-ms", o->interval_ms, TOOL_DRILL_INTERVAL_MIN_MS,
                             TOOL_DRILL_INTERVAL_MAX_MS, &interval_ms, ec);
    if (e == ERR_OK)
        e = take_number("--lease", o->lease, TOOL_DRILL_LEASE_MIN_S, TOOL_DRILL_LEASE_MAX_S,
                        &lease_s, ec);
    if (e == ERR_OK)
        e = take_number("--objective-rto", o->objective_rto, 1, TOOL_DRILL_RTO_MAX_S, &rto_s, ec);
    if (e == ERR_OK)
        e = take_number("--objective-rpo", o->objective_rpo, 0, TOOL_DRILL_RPO_MAX,
                        &d->report.objective.rpo, ec);
    d->report.interval_ns = (int64_t)interval_ms * NS_PER_MS;
    d->report.lease_s = (unsigned)lease_s;
    d->report.objective.has_rto = o->objective_rto != NULL;
    d->report.objective.rto_ns = (int64_t)rto_s * NS_PER_S;
    d->report.objective.has_rpo = o->objective_rpo != NULL;
    return e;
}

/* Requests go where the health check probes, where that is plain HTTP; options say otherwise. */
static enum err take_http(struct drill *d, struct errctx *ec)
{
    const struct tool_drill_options *o = &d->options->drill;
    const struct r53_health_check_config *check = d->target.check;
    bool is_probed = check->type == R53_CHECK_HTTP || check->type == R53_CHECK_HTTP_STR_MATCH;
    bool is_asked = o->http != NULL || o->path != NULL || o->host != NULL;
    uint64_t port = is_probed && check->has_port ? (uint64_t)check->port : HTTP_PORT;
    if (o->is_without_http && (is_asked || o->objective_rpo != NULL))
        return err_set(ec, ERR_INVALID, "--no-http leaves no requests that could be lost");
    enum err e = take_number("--http", o->http, 1, UINT16_MAX, &port, ec);
    if (e != ERR_OK)
        return e;
    const char *path = is_probed && check->resource_path != NULL ? check->resource_path : "/";
    const char *host = is_probed ? check->fully_qualified_domain_name : NULL;
    struct drill_http *http = &d->report.http;
    http->is_on = !o->is_without_http && (is_probed || is_asked);
    http->port = (uint16_t)port;
    http->path = o->path != NULL ? o->path : path;
    http->host = o->host != NULL ? o->host : host;
    if (http->host == NULL)
        http->host = d->target.title;
    if (http->path[0] != '/' || strpbrk(http->path, " \t\r\n") != NULL)
        return err_set(ec, ERR_INVALID, "--path starts with '/' and has no spaces");
    if (d->report.objective.has_rpo && !http->is_on)
        return err_set(ec, ERR_INVALID, "--objective-rpo takes requests: give --http");
    return ERR_OK;
}

static enum err take_server(struct drill *d, struct errctx *ec)
{
    const char *text = d->options->drill.server;
    struct tool_ready ready;
    if (text == NULL) {
        enum err e = tool_ready_read(d->arena, d->options->data_dir, &ready, ec);
        if (e != ERR_OK)
            return e;
        if (ready.dns == NULL)
            return err_set(ec, ERR_UNAVAILABLE, "the node of '%s' answers no DNS: give --server",
                           d->options->data_dir);
        text = ready.dns;
    }
    return net_address_parse(slice_str(text), &d->report.server, ec);
}

static enum err take_way(struct drill *d, struct errctx *ec)
{
    const char *by = d->options->drill.by;
    bool is_wait = by != NULL && strcmp(by, "wait") == 0;
    if (by != NULL && !is_wait && strcmp(by, "override") != 0)
        return err_set(ec, ERR_INVALID, "--by is override or wait");
    d->timeline.is_override = !is_wait;
    return ERR_OK;
}

/* ---- the drill */

static enum err find_target(struct drill *d, struct errctx *ec)
{
    const struct tool_options *o = d->options;
    const struct tool_client_options where = {.data_dir = o->data_dir, .endpoint = o->endpoint};
    const struct drill_wanted wanted = {
        .zone = o->zone, .name = o->words[0], .type = o->words[1], .set = o->drill.set};
    enum err e = tool_client_open(d->arena, &where, &d->client, ec);
    if (e == ERR_OK)
        e = drill_target_find(&d->client, d->arena, &wanted, &d->target, ec);
    return e;
}

static enum err prepare(struct drill *d, struct errctx *ec)
{
    enum err e = take_way(d, ec);
    if (e == ERR_OK)
        e = take_numbers(d, ec);
    if (e == ERR_OK)
        e = find_target(d, ec);
    if (e == ERR_OK)
        e = take_http(d, ec);
    if (e == ERR_OK)
        e = take_server(d, ec);
    if (e == ERR_OK && !d->timeline.is_override && !d->report.http.is_on && !d->target.is_exclusive)
        e = err_set(ec, ERR_INVALID,
                    "an outage of one of several sets shows by requests alone: give --http");
    if (e == ERR_OK && d->options->drill.out != NULL)
        e = dir_make(d->options->drill.out, DIR_MODE, ec);
    d->report.target = &d->target;
    d->report.timeline = &d->timeline;
    d->report.endpoint =
        arena_printf(d->arena, "%s://%s", d->client.endpoint.is_tls ? "https" : "http",
                     d->client.endpoint.authority);
    return e;
}

static enum err run(struct drill *d, struct errctx *ec)
{
    const struct drill_run_options options = {.client = &d->client,
                                              .target = &d->target,
                                              .server = d->report.server,
                                              .http = d->report.http,
                                              .interval_ns = d->report.interval_ns,
                                              .lease_s = d->report.lease_s,
                                              .rto_ns = d->report.objective.rto_ns};
    d->report.started_unix_ms = time_unix_ms();
    return drill_run(&options, &d->timeline, &d->report.cut_short, ec);
}

static enum err write_file(const struct drill *d, const char *name,
                           void (*write)(const struct drill_report *report, struct buf *out),
                           struct errctx *ec)
{
    AUTO_BUF struct buf text = {0};
    write(&d->report, &text);
    const char *path = arena_printf(d->arena, "%s/%s", d->options->drill.out, name);
    return file_replace(path, buf_slice(&text), FILE_MODE, ec);
}

static enum err tell(const struct drill *d, struct errctx *ec)
{
    AUTO_BUF struct buf text = {0};
    drill_write_summary(&d->report, &text);
    (void)putchar('\n');
    (void)fwrite(buf_slice(&text).data, 1, buf_len(&text), stdout);
    if (d->options->drill.out == NULL)
        return ERR_OK;
    enum err e = write_file(d, "report.md", drill_write_markdown, ec);
    if (e == ERR_OK)
        e = write_file(d, "report.html", drill_write_html, ec);
    if (e == ERR_OK)
        e = write_file(d, "runbook.md", drill_write_runbook, ec);
    if (e == ERR_OK)
        (void)printf("\n%s has report.md, report.html and runbook.md\n", d->options->drill.out);
    return e;
}

static int exit_status(const struct drill *d)
{
    struct drill_measures measures;
    struct drill_judgement judgement;
    drill_measure(&d->timeline, &measures);
    drill_judge(&d->report, &measures, &judgement);
    if (d->report.cut_short != NULL)
        return DRILL_EXIT_FAILED;
    return judgement.is_met ? DRILL_EXIT_MET : DRILL_EXIT_NOT_MET;
}

/* What was seen of a failure is told, even where the drill did not end well. */
static enum err drill(struct drill *d, struct errctx *ec)
{
    enum err e = prepare(d, ec);
    if (e != ERR_OK)
        return e;
    enum err result = run(d, ec);
    if (result == ERR_OK)
        return tell(d, ec);
    struct errctx untold = {0};
    if (d->timeline.failed_ns != 0) {
        d->report.cut_short = arena_strdup(d->arena, ec->text);
        if (tell(d, &untold) != ERR_OK)
            (void)fprintf(stderr, "weir drill: %s\n", untold.text);
    }
    return result;
}

int tool_drill(int argc, char **argv)
{
    AUTO_ARENA struct arena a = {0};
    struct tool_options options;
    struct errctx ec = {0};
    if (argc > 0 && strcmp(argv[0], "--help") == 0) {
        puts(USAGE);
        return DRILL_EXIT_MET;
    }
    enum err e =
        tool_options_parse(argc, argv, TOOL_OPTION_ENDPOINT | TOOL_OPTION_DRILL, &options, &ec);
    if (e == ERR_OK && (options.word_count != 2 || options.zone == NULL))
        e = err_set(&ec, ERR_INVALID, USAGE);
    struct drill d = {.arena = &a, .options = &options};
    if (e == ERR_OK)
        e = drill(&d, &ec);
    int status = e == ERR_OK ? exit_status(&d) : DRILL_EXIT_FAILED;
    if (e != ERR_OK)
        (void)fprintf(stderr, "weir drill: %s\n", ec.text);
    else if (d.report.cut_short != NULL)
        (void)fprintf(stderr, "weir drill: not whole: %s\n", d.report.cut_short);
    tool_client_close(&d.client);
    drill_timeline_fini(&d.timeline);
    return status;
}
