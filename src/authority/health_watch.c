// SPDX-License-Identifier: Apache-2.0
// The file with the states of health checks. Runs on the main thread of the role.
//
// A table names checks by their numbers, which the registry keeps for good, so a check whose sets
// come with a later root has its state already.
#include "authority/health_watch.h"

#include "authority/health_table.h"
#include "authority/limits.h"
#include "base/alloc.h"
#include "metrics/log.h"
#include "os/file.h"

#include <stdlib.h>

struct health_watch {
    struct dns_service *service;
    struct registry *health;
    const char *path;
    struct file_stamp stamp; /* of what was read last, well or not */
    struct loop_timer timer;
    struct health_table *table; /* in the scene; NULL: none was read yet */
};

/* Cuts the first word off the front of *rest. */
static struct slice take_word(struct slice *rest)
{
    size_t end = 0;
    *rest = slice_trim(*rest);
    while (end < rest->len && rest->data[end] != ' ' && rest->data[end] != '\t')
        end++;
    struct slice word = slice_sub(*rest, 0, end);
    *rest = slice_trim(slice_sub(*rest, end, rest->len));
    return word;
}

/* True: an id with its state; false: an empty line or a comment. */
static enum err parse_line(struct slice line, struct slice *out_id, bool *out_is_healthy,
                           struct errctx *ec)
{
    struct slice rest =
        line.len > 0 && line.data[line.len - 1] == '\r' ? slice_sub(line, 0, line.len - 1) : line;
    struct slice id = take_word(&rest);
    *out_id = slice_of(NULL, 0);
    if (id.len == 0 || id.data[0] == '#')
        return ERR_OK;
    bool is_healthy = slice_equal(rest, SLICE_LIT("healthy"));
    if (!is_healthy && !slice_equal(rest, SLICE_LIT("unhealthy")))
        return err_set(ec, ERR_INVALID, "want: ID healthy|unhealthy");
    if (id.len > HEALTH_ID_MAX_BYTES)
        return err_set(ec, ERR_INVALID, "an id of more than %zu bytes", HEALTH_ID_MAX_BYTES);
    *out_id = id;
    *out_is_healthy = is_healthy;
    return ERR_OK;
}

enum err health_file_parse(struct arena *a, struct slice text, struct registry *health,
                           struct slice *out_unhealthy, struct errctx *ec)
{
    AUTO_MAP struct map states = {0};
    AUTO_BUF struct buf unhealthy = {0};
    struct slice line;
    size_t line_number = 0;
    static char sick, well; /* their addresses are the states */
    map_init(&states);
    while (slice_split(&text, '\n', &line)) {
        struct slice id;
        bool is_healthy = false;
        line_number++;
        if (parse_line(line, &id, &is_healthy, ec) != ERR_OK)
            return err_wrap(ec, "line %zu", line_number);
        if (id.len > 0)
            (void)map_put(&states, id, is_healthy ? &well : &sick);
    }
    size_t cursor = 0;
    const struct map_entry *entry;
    while ((entry = map_next(&states, &cursor)) != NULL) {
        if (entry->value == &well)
            continue;
        uint32_t number = registry_number(health, entry->key);
        buf_append(&unhealthy, slice_of(&number, sizeof(number)));
    }
    *out_unhealthy = arena_copy(a, buf_slice(&unhealthy));
    return ERR_OK;
}

static void scene_set_health(struct scene *scene, const void *table)
{
    scene->health = table;
}

static void replace_table(struct health_watch *w, struct health_table *table)
{
    struct health_table *before = w->table;
    w->table = table;
    service_set_part(w->service, scene_set_health, table);
    health_table_free(before);
}

static enum err read_file(struct health_watch *w, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    struct slice text;
    struct slice unhealthy;
    enum err e = file_read(&a, w->path, HEALTH_FILE_MAX_BYTES, &text, ec);
    if (e == ERR_OK)
        e = health_file_parse(&a, text, w->health, &unhealthy, ec);
    if (e != ERR_OK)
        return e;
    size_t count = unhealthy.len / sizeof(uint32_t);
    uint32_t *numbers = arena_array(&a, count, sizeof(*numbers));
    if (count > 0)
        memcpy(numbers, unhealthy.data, unhealthy.len);
    replace_table(w, health_table_new(numbers, count));
    metrics_set(METRIC_DNS_HEALTH_UNHEALTHY, count);
    const struct log_field fields[] = {LOG_STR("file", w->path), LOG_U64("unhealthy", count)};
    log_write(LOG_INFO, "states of health checks read", fields, ARRAY_LEN(fields));
    return ERR_OK;
}

static void look(struct health_watch *w)
{
    struct errctx ec = {0};
    struct file_stamp stamp = file_stamp_of(w->path);
    if (file_stamp_equal(&stamp, &w->stamp))
        return;
    w->stamp = stamp;
    if (read_file(w, &ec) == ERR_OK)
        return;
    metrics_add(METRIC_DNS_HEALTH_FAILURES, 1);
    const struct log_field fields[] = {LOG_STR("file", w->path), LOG_ERR(&ec)};
    log_write(LOG_ERROR, "states of health checks not read", fields, ARRAY_LEN(fields));
}

static void on_time(struct loop_timer *timer)
{
    look(timer->user);
}

struct health_watch *health_watch_start(struct dns_service *service, struct registry *health)
{
    const char *path = service->context->settings->health_file;
    if (path == NULL)
        return NULL;
    struct health_watch *w = NEW(struct health_watch);
    *w = (struct health_watch){.service = service, .health = health, .path = path};
    w->timer = (struct loop_timer){.on_time = on_time, .user = w};
    look(w);
    if (file_stamp_equal(&w->stamp, &(struct file_stamp){0})) {
        const struct log_field fields[] = {LOG_STR("file", path)};
        log_write(LOG_WARNING, "no file of health checks yet: all are healthy", fields,
                  ARRAY_LEN(fields));
    }
    loop_timer_set(service->context->loop, &w->timer, HEALTH_WATCH_NS, HEALTH_WATCH_NS);
    return w;
}

void health_watch_free(struct health_watch *w)
{
    if (w == NULL)
        return;
    loop_timer_stop(&w->timer);
    replace_table(w, NULL);
    free(w);
}
