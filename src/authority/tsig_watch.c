// SPDX-License-Identifier: Apache-2.0
// The file of TSIG keys, read when it changes: it is short, so the main loop reads it itself.
#include "authority/tsig_watch.h"

#include "authority/tsig_keys.h"
#include "base/alloc.h"
#include "metrics/log.h"
#include "os/file.h"

#include <stdlib.h>

struct tsig_watch {
    struct dns_service *service;
    const char *path;
    struct file_stamp stamp; /* of the file before it was read last */
    struct tsig_keys *keys;  /* in the scene */
    struct loop_timer timer;
};

static void scene_set_tsig_keys(struct scene *scene, const void *keys)
{
    scene->tsig_keys = keys;
}

/* Reads the file and puts its keys in place of those before; on failure those stay. */
static enum err read_keys(struct tsig_watch *w, struct errctx *ec)
{
    struct tsig_keys *keys;
    struct tsig_keys *before = w->keys;
    w->stamp = file_stamp_of(w->path);
    enum err e = tsig_keys_read(w->path, &keys, ec);
    if (e != ERR_OK)
        return e;
    w->keys = keys;
    service_set_part(w->service, scene_set_tsig_keys, keys);
    tsig_keys_free(before);
    return ERR_OK;
}

static void look(struct loop_timer *timer)
{
    struct tsig_watch *w = timer->user;
    struct file_stamp stamp = file_stamp_of(w->path);
    struct errctx ec = {0};
    if (file_stamp_equal(&stamp, &w->stamp))
        return;
    if (read_keys(w, &ec) == ERR_OK)
        LOG(LOG_INFO, "TSIG keys read", LOG_STR("file", w->path), LOG_U64("keys", w->keys->count));
    else
        LOG(LOG_ERROR, "TSIG keys stay as they were", LOG_ERR(&ec));
}

enum err tsig_watch_start(struct dns_service *service, struct tsig_watch **out, struct errctx *ec)
{
    const char *path = service->context->settings->tsig_keys;
    if (path == NULL)
        return ERR_OK;
    struct tsig_watch *w = NEW(struct tsig_watch);
    w->service = service;
    w->path = path;
    enum err e = read_keys(w, ec);
    if (e != ERR_OK) {
        free(w);
        return e;
    }
    w->timer = (struct loop_timer){.on_time = look, .user = w};
    loop_timer_set(service->context->loop, &w->timer, TSIG_WATCH_NS, TSIG_WATCH_NS);
    *out = w;
    return ERR_OK;
}

void tsig_watch_free(struct tsig_watch *w)
{
    if (w == NULL)
        return;
    loop_timer_stop(&w->timer);
    service_set_part(w->service, scene_set_tsig_keys, NULL);
    tsig_keys_free(w->keys);
    free(w);
}

const struct tsig_keys *tsig_watch_keys(const struct tsig_watch *w)
{
    return w == NULL ? NULL : w->keys;
}
