// SPDX-License-Identifier: Apache-2.0
// The edge role: its sockets and threads, and the swap of roots. plan runs in the supervisor;
// prepare in a short-lived process; load and apply on the builder thread of the role's process;
// start, drain and stop on its main thread; try_root in a trial process.
#include "edge/role.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/time.h"
#include "edge/invalidation_feed.h"
#include "edge/limits.h"
#include "edge/thread.h"
#include "edge/tls.h"
#include "edge/trial.h"
#include "edge/worlds.h"
#include "metrics/log.h"
#include "net/identity.h"
#include "net/resolver_channel.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* A loaded root; node/ knows but its name. */
struct role_release {
    struct edge_world *world;
};

struct edge_state {
    struct edge_service service;
    struct arena arena; /* of the identity's texts */
    struct net_tls *tls;
    struct net_tls *origin_tls;
    struct network_list *forbidden;
    struct edge_worlds *worlds;
    struct invalidation_feed *feed;
    struct role_release *applied;        /* builder thread */
    _Atomic uint64_t distribution_count; /* of what is applied */
    struct edge_thread **threads;
    size_t thread_count;
    struct loop_timer sweep;
};

/* Cores that this process may use. */
static unsigned core_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1;
    return (unsigned)CPU_COUNT(&set);
}

static enum err plan_sockets(const struct settings_list *addresses, const char *label,
                             struct role_socket *out, struct errctx *ec)
{
    if (addresses->count > EDGE_ADDRESSES_MAX)
        return err_set(ec, ERR_INVALID, "--%s: %d addresses at most", label, EDGE_ADDRESSES_MAX);
    for (size_t i = 0; i < addresses->count; i++) {
        out[i] = (struct role_socket){.kind = ROLE_SOCKET_TCP_THREAD, .label = label};
        enum err e = net_address_parse(slice_str(addresses->items[i]), &out[i].wanted, ec);
        if (e != ERR_OK)
            return err_wrap(ec, "--%s", label);
    }
    return ERR_OK;
}

/** So that a typing error ends the start and not, again and again, the role's process. */
static enum err check_forbidden(const struct settings_list *networks, struct errctx *ec)
{
    struct network_list *list = NULL;
    enum err e = network_list_new(networks->items, networks->count, &list, ec);
    network_list_free(list);
    return e == ERR_OK ? ERR_OK : err_wrap(ec, "--origin-forbidden");
}

static enum err edge_plan(const struct settings *settings, struct role_socket **out_sockets,
                          size_t *out_count, unsigned *out_threads, struct errctx *ec)
{
    static struct role_socket sockets[2 * EDGE_ADDRESSES_MAX]; /* stays for good */
    enum err e = plan_sockets(&settings->http, "http", sockets, ec);
    if (e == ERR_OK)
        e = plan_sockets(&settings->https, "https", sockets + settings->http.count, ec);
    if (e == ERR_OK && settings->cache_memory_mib >= settings->role_memory_mib)
        e = err_set(ec, ERR_INVALID,
                    "--cache-memory: %ju MiB do not lie within --role-memory, %ju MiB, past which "
                    "the process is ended",
                    (uintmax_t)settings->cache_memory_mib, (uintmax_t)settings->role_memory_mib);
    if (e == ERR_OK)
        e = check_forbidden(&settings->origin_forbidden, ec);
    if (e == ERR_OK)
        e = resolver_servers_check(settings->resolver, ec);
    if (e != ERR_OK)
        return e;
    unsigned threads =
        settings->edge_threads == 0 ? core_count() : (unsigned)settings->edge_threads;
    *out_sockets = sockets;
    *out_count = settings->http.count + settings->https.count;
    *out_threads = min_u32(threads, EDGE_THREADS_MAX);
    return ERR_OK;
}

/* ---- roots */

static enum err edge_load(void *role_state, const struct role_root *root,
                          struct role_release *before, struct role_release **out_loaded,
                          struct errctx *ec)
{
    (void)before; /* edge_worlds knows it */
    struct edge_state *s = role_state;
    struct edge_world *world;
    enum err e = edge_worlds_load(s->worlds, root->hash, root->source, &world, ec);
    if (e != ERR_OK)
        return e;
    struct role_release *loaded = NEW(struct role_release);
    loaded->world = world;
    *out_loaded = loaded;
    return ERR_OK;
}

static void edge_apply(void *role_state, struct role_release *loaded)
{
    struct edge_state *s = role_state;
    struct role_release *before = s->applied;
    s->applied = loaded;
    atomic_store(&s->distribution_count, edge_world_count(loaded->world));
    edge_worlds_serve(s->worlds, loaded->world);
    free(before);
    for (size_t i = 0; before == NULL && i < s->thread_count; i++)
        edge_thread_open(s->threads[i]);
}

static void sweep_due(struct loop_timer *timer)
{
    struct edge_state *s = timer->user;
    edge_worlds_sweep(s->worlds);
    metrics_set(METRIC_EDGE_RETIRED_ROOTS, edge_worlds_retired(s->worlds));
    metrics_set(METRIC_EDGE_DISTRIBUTIONS, atomic_load(&s->distribution_count));
}

/* ---- start */

/** Networks of the setting, and what this node itself listens on. */
static enum err open_forbidden(struct edge_state *s, struct errctx *ec)
{
    const struct role_context *context = s->service.context;
    const struct settings_list *networks = &context->settings->origin_forbidden;
    AUTO_ARENA struct arena a = {0};
    size_t count = 0;
    const char **texts =
        arena_array(&a, networks->count + context->listener_count, sizeof(const char *));
    for (size_t i = 0; i < networks->count; i++)
        texts[count++] = networks->items[i];
    for (size_t i = 0; i < context->listener_count; i++) {
        char text[NET_ADDRESS_TEXT_SIZE];
        net_address_format(&context->listeners[i], text);
        texts[count++] = arena_strdup(&a, text);
    }
    enum err e = network_list_new(texts, count, &s->forbidden, ec);
    return e == ERR_OK ? ERR_OK : err_wrap(ec, "--origin-forbidden");
}

static uint16_t https_port(const struct role_context *context)
{
    for (size_t i = 0; i < context->socket_count; i++) {
        if (strcmp(context->sockets[i].label, "https") == 0)
            return net_address_port(&context->sockets[i].bound);
    }
    return 0;
}

static enum err open_identity(struct edge_state *s, struct errctx *ec)
{
    const struct settings *settings = s->service.context->settings;
    struct net_identity node = {0};
    struct edge_tls_names names;
    enum err e = net_identity_open(settings->data, time_unix_ms() / MS_PER_S, &node, ec);
    if (e != ERR_OK)
        return e;
    s->service.identity = (struct edge_identity){
        .via = arena_printf(&s->arena, "1.1 %s.%s (Weir)", node.node_id, settings->cdn_domain),
        .pop = settings->pop,
        .says_cloudfront = strcmp(settings->cache_word, "cloudfront") == 0,
        .https_port = https_port(s->service.context),
    };
    net_identity_fini(&node);
    e = edge_tls_names(&s->arena, settings, &names, ec);
    if (e != ERR_OK)
        return e;
    s->service.identity.tls_names = names.items;
    s->service.identity.tls_name_count = names.count;
    return settings->https.count == 0 ? ERR_OK : edge_tls_open(settings, &s->tls, ec);
}

/** A system without authorities of its own still serves; its HTTPS origins are trusted by none. */
static enum err open_origin_tls(struct edge_state *s, struct errctx *ec)
{
    const char *file = s->service.context->settings->origin_ca;
    if (file != NULL) {
        enum err e = net_tls_origin_client_new(file, &s->origin_tls, ec);
        return e == ERR_OK ? ERR_OK : err_wrap(ec, "--origin-ca");
    }
    struct errctx missing = {0};
    if (net_tls_origin_client_new(EDGE_SYSTEM_AUTHORITIES, &s->origin_tls, &missing) == ERR_OK)
        return ERR_OK;
    LOG(LOG_WARNING, "no HTTPS origin can be trusted, see --origin-ca", LOG_ERR(&missing));
    return net_tls_origin_client_new(NULL, &s->origin_tls, ec);
}

static enum err open_origins(struct edge_state *s, struct errctx *ec)
{
    const struct settings *settings = s->service.context->settings;
    enum err e = open_forbidden(s, ec);
    if (e == ERR_OK)
        e = open_origin_tls(s, ec);
    s->service.origins = (struct origin_client_options){
        .resolver = {.servers = settings->resolver},
        .forbidden = s->forbidden,
        .tls = s->origin_tls,
    };
    return e;
}

static void open_cache(struct edge_state *s)
{
    const struct settings *settings = s->service.context->settings;
    const struct cache_options options = {
        .memory_bytes = settings->cache_memory_mib << 20,
        .slice_bytes = settings->cache_slice_kib << 10,
    };
    s->service.cache = cache_new(&options);
    s->service.rules = &cache_rules_cdn;
    const struct edge_worlds_options worlds = {.place = &s->service.world,
                                               .cache = s->service.cache};
    s->worlds = edge_worlds_new(&worlds);
}

/** The descriptors of one thread on all sockets of a label. */
static size_t fds_of(const struct role_context *context, const char *label, unsigned thread,
                     int out[EDGE_ADDRESSES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < context->socket_count; i++) {
        const struct role_socket *socket = &context->sockets[i];
        if (strcmp(socket->label, label) != 0)
            continue;
        CHECK(thread < socket->fd_count && count < EDGE_ADDRESSES_MAX);
        out[count++] = socket->fds[thread];
    }
    return count;
}

static enum err start_threads(struct edge_state *s, struct errctx *ec)
{
    const struct role_context *context = s->service.context;
    s->threads = mem_new(context->thread_count, sizeof(struct edge_thread *));
    atomic_store(&s->service.busy_threads, context->thread_count);
    for (unsigned i = 0; i < context->thread_count; i++) {
        int http_fds[EDGE_ADDRESSES_MAX];
        int https_fds[EDGE_ADDRESSES_MAX];
        const struct edge_thread_options options = {
            .service = &s->service,
            .index = i,
            .http_fds = http_fds,
            .http_count = fds_of(context, "http", i, http_fds),
            .https_fds = https_fds,
            .https_count = fds_of(context, "https", i, https_fds),
            .tls = s->tls,
        };
        enum err e = edge_thread_start(&options, &s->threads[i], ec);
        if (e != ERR_OK)
            return e;
        s->thread_count++;
    }
    return ERR_OK;
}

static void edge_stop(void *state)
{
    struct edge_state *s = state;
    loop_timer_stop(&s->sweep);
    for (size_t i = 0; i < s->thread_count; i++)
        edge_thread_free(s->threads[i]);
    invalidation_feed_free(s->feed);
    edge_worlds_free(s->worlds);
    cache_free(s->service.cache);
    network_list_free(s->forbidden);
    net_tls_free(s->tls);
    net_tls_free(s->origin_tls);
    arena_fini(&s->arena);
    free(s->applied);
    free(s->threads);
    free(s);
}

static void all_drained(void *arg)
{
    struct edge_state *s = arg;
    role_drained(s->service.context);
}

static enum err edge_start(struct role_context *context, void **out_state, struct errctx *ec)
{
    struct edge_state *s = NEW(struct edge_state);
    s->service.context = context;
    s->service.on_drained = all_drained;
    s->service.on_drained_arg = s;
    arena_init(&s->arena);
    open_cache(s);
    enum err e = open_identity(s, ec);
    if (e == ERR_OK)
        e = open_origins(s, ec);
    if (e == ERR_OK)
        e = invalidation_feed_new(context, s->service.cache, &s->feed, ec);
    if (e == ERR_OK)
        e = start_threads(s, ec);
    if (e != ERR_OK) {
        edge_stop(s);
        return e;
    }
    s->sweep.on_time = sweep_due;
    s->sweep.user = s;
    loop_timer_set(context->loop, &s->sweep, EDGE_RETIRED_SWEEP_NS, EDGE_RETIRED_SWEEP_NS);
    *out_state = s;
    return ERR_OK;
}

static void edge_drain(void *state)
{
    struct edge_state *s = state;
    edge_worlds_give_up(s->worlds);
    for (size_t i = 0; i < s->thread_count; i++)
        edge_thread_drain(s->threads[i]);
}

static const struct role_release_ops edge_release_ops = {
    .load = edge_load,
    .apply = edge_apply,
    .try_root = edge_trial_run,
};

const struct role edge_role = {
    .name = "edge",
    .metrics_role = METRICS_EDGE,
    .release = &edge_release_ops,
    .kinds = RELEASE_KIND_BIT(RELEASE_DISTRIBUTION),
    .plan = edge_plan,
    .prepare = edge_tls_prepare,
    .start = edge_start,
    .drain = edge_drain,
    .stop = edge_stop,
};
