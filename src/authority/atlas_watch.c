// SPDX-License-Identifier: Apache-2.0
// The files of the atlas: a timer on the main thread looks at them, a worker reads them.
//
// Invariants:
//   1. One job at most is under way (is_busy); what it reads and finds is the worker's until
//      on_done, then the main thread's.
//   2. The stamps are those of the files before a job read them: what is written meanwhile changes
//      them, and is read by the next job.
//   3. An atlas of a file that was damaged is never served, not even in part.
#include "authority/atlas_watch.h"

#include "authority/geo_file.h"
#include "authority/latency_file.h"
#include "authority/limits.h"
#include "base/alloc.h"
#include "base/check.h"
#include "metrics/counters.h"
#include "metrics/log.h"
#include "os/file.h"
#include "os/pool.h"

#include <stdlib.h>
#include <time.h>

enum atlas_source { SOURCE_GEO, SOURCE_LATENCY, SOURCE_COUNT };

struct source {
    const char *path; /* NULL: not set */
    struct file_stamp stamp;
    bool is_read; /* of the last job */
    struct errctx ec;
};

struct atlas_watch {
    struct pool_job job; /* first: the pool gives back its address */
    struct dns_service *service;
    struct pool *pool;
    struct loop_timer timer;
    struct source sources[SOURCE_COUNT];
    struct atlas *atlas;    /* in the scene; the worker's */
    size_t unknown_regions; /* lines of the last job's table */
    bool is_busy;
    bool is_changed; /* the last job made a new atlas */

    pthread_mutex_t lock;
    pthread_cond_t is_first_done;
    bool has_first; /* under lock */
};

static void scene_set_atlas(struct scene *scene, const void *atlas)
{
    scene->atlas = atlas;
}

/* --- worker --- */

static bool read_source(struct atlas_watch *w, enum atlas_source source, struct atlas_builder *b)
{
    struct source *s = &w->sources[source];
    s->ec = (struct errctx){0};
    enum err e = source == SOURCE_GEO ? geo_file_read(s->path, b, &s->ec)
                                      : latency_file_read(s->path, b, &w->unknown_regions, &s->ec);
    s->is_read = e == ERR_OK;
    return s->is_read;
}

/* An atlas of the files but those of `without`, bits; NULL where one cannot be read, which is then
 * added to *without. */
static struct atlas *build(struct atlas_watch *w, unsigned *without)
{
    struct atlas_builder *b = atlas_builder_new();
    struct atlas *atlas = NULL;
    bool is_whole = true;
    for (unsigned i = 0; i < SOURCE_COUNT && is_whole; i++) {
        if (w->sources[i].path == NULL || (*without >> i & 1) != 0)
            continue;
        is_whole = read_source(w, i, b);
        if (!is_whole)
            *without |= 1U << i;
    }
    if (is_whole)
        atlas = atlas_builder_finish(b);
    atlas_builder_free(b);
    return atlas;
}

static void run(struct pool_job *job, void *worker_state)
{
    (void)worker_state;
    struct atlas_watch *w = CONTAINER_OF(job, struct atlas_watch, job);
    w->unknown_regions = 0;
    unsigned without = 0;
    struct atlas *atlas = build(w, &without);
    /* Nothing to keep: whatever can be read, which ends once all files are left out. */
    for (unsigned i = 0; atlas == NULL && w->atlas == NULL && i < SOURCE_COUNT; i++)
        atlas = build(w, &without);
    w->is_changed = atlas != NULL;
    if (atlas != NULL) {
        struct atlas *before = w->atlas;
        w->atlas = atlas;
        service_set_part(w->service, scene_set_atlas, atlas);
        atlas_free(before);
    }
    (void)pthread_mutex_lock(&w->lock);
    w->has_first = true;
    (void)pthread_cond_broadcast(&w->is_first_done);
    (void)pthread_mutex_unlock(&w->lock);
}

/* --- main thread --- */

static void report(const struct atlas_watch *w)
{
    static const enum metric failures[] = {METRIC_DNS_GEO_FAILURES, METRIC_DNS_LATENCY_FAILURES};
    static const enum metric stamps[] = {METRIC_DNS_GEO_MODIFIED, METRIC_DNS_LATENCY_MODIFIED};
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        const struct source *s = &w->sources[i];
        if (s->path == NULL)
            continue;
        if (!s->is_read) {
            metrics_add(failures[i], 1);
            LOG(LOG_ERROR, "file of networks not taken", LOG_STR("path", s->path), LOG_ERR(&s->ec));
        } else if (w->is_changed) {
            metrics_set(stamps[i], (uint64_t)(s->stamp.modified_ns / NS_PER_S));
        }
    }
    if (!w->is_changed)
        return;
    metrics_set(METRIC_DNS_GEO_NETWORKS, atlas_place_count(w->atlas));
    metrics_set(METRIC_DNS_LATENCY_NETWORKS, atlas_latency_count(w->atlas));
    metrics_set(METRIC_DNS_LATENCY_UNKNOWN, w->unknown_regions);
    metrics_set(METRIC_DNS_ATLAS_BYTES, atlas_bytes(w->atlas));
    LOG(LOG_INFO, "networks loaded", LOG_U64("places", atlas_place_count(w->atlas)),
        LOG_U64("latencies", atlas_latency_count(w->atlas)),
        LOG_U64("unknown_regions", w->unknown_regions), LOG_U64("bytes", atlas_bytes(w->atlas)));
}

static void on_done(struct pool_job *job)
{
    struct atlas_watch *w = CONTAINER_OF(job, struct atlas_watch, job);
    w->is_busy = false;
    report(w);
}

static void submit(struct atlas_watch *w)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        w->sources[i].is_read = true; /* a file that a job does not come to did not fail */
        if (w->sources[i].path != NULL)
            w->sources[i].stamp = file_stamp_of(w->sources[i].path);
    }
    w->is_busy = pool_submit(w->pool, &w->job);
}

static void look(struct loop_timer *timer)
{
    struct atlas_watch *w = timer->user;
    bool is_changed = false;
    for (size_t i = 0; i < SOURCE_COUNT && !w->is_busy; i++) {
        const struct source *s = &w->sources[i];
        if (s->path == NULL)
            continue;
        struct file_stamp now = file_stamp_of(s->path);
        is_changed = is_changed || !file_stamp_equal(&now, &s->stamp);
    }
    if (is_changed)
        submit(w);
}

struct atlas_watch *atlas_watch_start(struct dns_service *service)
{
    const struct settings *settings = service->context->settings;
    if (settings->geo_db == NULL && settings->latency_table == NULL)
        return NULL;
    struct atlas_watch *w = NEW(struct atlas_watch);
    w->service = service;
    w->sources[SOURCE_GEO].path = settings->geo_db;
    w->sources[SOURCE_LATENCY].path = settings->latency_table;
    int result = pthread_mutex_init(&w->lock, NULL);
    CHECK(result == 0);
    result = pthread_cond_init(&w->is_first_done, NULL);
    CHECK(result == 0);
    w->job.run = run;
    w->job.on_done = on_done;
    struct loop *loop = service->context->loop;
    w->pool = pool_new(loop, &(struct pool_options){.thread_count = 1, .queue_limit = 1});
    w->timer = (struct loop_timer){.on_time = look, .user = w};
    loop_timer_set(loop, &w->timer, ATLAS_WATCH_NS, ATLAS_WATCH_NS);
    submit(w);
    return w;
}

void atlas_watch_free(struct atlas_watch *w)
{
    if (w == NULL)
        return;
    loop_timer_stop(&w->timer);
    pool_free(w->pool);
    service_set_part(w->service, scene_set_atlas, NULL);
    atlas_free(w->atlas);
    (void)pthread_cond_destroy(&w->is_first_done);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}

void atlas_watch_wait_first(struct atlas_watch *w)
{
    if (w == NULL)
        return;
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ATLAS_FIRST_WAIT_S;
    int result = 0;
    (void)pthread_mutex_lock(&w->lock);
    while (!w->has_first && result == 0)
        result = pthread_cond_timedwait(&w->is_first_done, &w->lock, &until);
    (void)pthread_mutex_unlock(&w->lock);
}
