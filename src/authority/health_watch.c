// SPDX-License-Identifier: Apache-2.0
// The file with an operator's states of health checks. Runs on the main thread of the role.
#include "authority/health_watch.h"

#include "authority/limits.h"
#include "base/alloc.h"
#include "metrics/counters.h"
#include "metrics/log.h"
#include "os/file.h"

#include <stdlib.h>

struct health_watch {
    struct health_watch_options options;
    struct file_stamp stamp; /* of what was read last, well or not */
    struct loop_timer timer;
};

static enum err read_file(struct health_watch *w, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    struct slice text;
    struct health_said *said;
    size_t count;
    size_t unhealthy = 0;
    enum err e = file_read(&a, w->options.path, HEALTH_FILE_MAX_BYTES, &text, ec);
    if (e == ERR_OK)
        e = health_file_parse(&a, text, w->options.health, &said, &count, ec);
    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < count; i++)
        unhealthy += !said[i].is_healthy;
    w->options.on_said(w->options.user, said, count);
    metrics_set(METRIC_DNS_HEALTH_UNHEALTHY, unhealthy);
    const struct log_field fields[] = {LOG_STR("file", w->options.path), LOG_U64("checks", count),
                                       LOG_U64("unhealthy", unhealthy)};
    log_write(LOG_INFO, "states of health checks read", fields, ARRAY_LEN(fields));
    return ERR_OK;
}

static void look(struct health_watch *w)
{
    struct errctx ec = {0};
    struct file_stamp stamp = file_stamp_of(w->options.path);
    if (file_stamp_equal(&stamp, &w->stamp))
        return;
    w->stamp = stamp;
    if (read_file(w, &ec) == ERR_OK)
        return;
    metrics_add(METRIC_DNS_HEALTH_FAILURES, 1);
    const struct log_field fields[] = {LOG_STR("file", w->options.path), LOG_ERR(&ec)};
    log_write(LOG_ERROR, "states of health checks not read", fields, ARRAY_LEN(fields));
}

static void on_time(struct loop_timer *timer)
{
    look(timer->user);
}

struct health_watch *health_watch_start(const struct health_watch_options *options)
{
    struct health_watch *w = NEW(struct health_watch);
    w->options = *options;
    w->timer = (struct loop_timer){.on_time = on_time, .user = w};
    look(w);
    if (file_stamp_equal(&w->stamp, &(struct file_stamp){0})) {
        const struct log_field fields[] = {LOG_STR("file", options->path)};
        log_write(LOG_WARNING, "no file of health checks yet: it says nothing", fields,
                  ARRAY_LEN(fields));
    }
    loop_timer_set(options->loop, &w->timer, HEALTH_WATCH_NS, HEALTH_WATCH_NS);
    return w;
}

void health_watch_free(struct health_watch *w)
{
    if (w == NULL)
        return;
    loop_timer_stop(&w->timer);
    free(w);
}
