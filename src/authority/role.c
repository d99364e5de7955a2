// SPDX-License-Identifier: Apache-2.0
// The dns role: its sockets and threads, and the swap of roots. plan runs in the supervisor; load
// and apply on the builder thread of the role's process; start, drain and stop on its main thread;
// try_root in a trial process.
#include "authority/role.h"

#include "authority/answer_settings.h"
#include "authority/atlas_watch.h"
#include "authority/health_board.h"
#include "authority/limits.h"
#include "authority/notify.h"
#include "authority/outside_watch.h"
#include "authority/tcp.h"
#include "authority/trial.h"
#include "authority/tsig_keys.h"
#include "authority/tsig_watch.h"
#include "authority/udp.h"
#include "base/alloc.h"
#include "net/resolver_channel.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

/* A loaded root; node/ knows but its name. */
struct role_release {
    struct world *world;
    struct health_plan *plan;
    struct role_release *next; /* once retired */
};

struct dns_state {
    struct dns_service service;
    struct role_release *applied; /* builder thread; its world is the scene's */
    struct role_release *offered; /* builder thread; NULL, or what transfers are of */
    struct role_release *retired; /* builder thread; served no more, but a transfer may read it */
    struct udp_thread **udp;
    size_t udp_count;
    struct tcp_server *tcp;
    struct world_registries registries; /* of all roots that are loaded */
    struct outside_watch *outside;
    struct answer_settings *settings; /* a part of every scene */
    struct health_board *health;
    struct atlas_watch *atlas; /* NULL: no file of networks is set */
    struct tsig_watch *tsig;   /* NULL: no file of keys is set */
    struct notify *notify;
    struct notify_list *_Atomic told_next;         /* from the builder thread; NULL: nothing new */
    struct net_address sources[DNS_ADDRESSES_MAX]; /* that UDP is served on */
    size_t source_count;
    struct loop_timer tick;
};

/* Cores that this process may use. */
static unsigned core_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1;
    return (unsigned)CPU_COUNT(&set);
}

/* Each address has as many UDP threads; one more thread serves TCP on all. */
static enum err plan_threads(const struct settings *settings, unsigned *out, struct errctx *ec)
{
    size_t most = (DNS_THREADS_MAX - 1) / settings->dns.count;
    if (settings->dns_threads > most)
        return err_set(ec, ERR_INVALID, "--dns-threads: at most %zu with %zu addresses", most,
                       settings->dns.count);
    uint64_t wanted = settings->dns_threads == 0 ? core_count() : settings->dns_threads;
    *out = (unsigned)(wanted < most ? wanted : most);
    return ERR_OK;
}

/* What the role's process could only find when it starts, over and over. */
static enum err check_settings(const struct settings *settings, struct errctx *ec)
{
    struct answer_settings *made = NULL;
    enum err e = answer_settings_new(settings, &made, ec);
    answer_settings_free(made);
    if (e == ERR_OK && settings->dnstap != NULL)
        e = dnstap_check(settings->dnstap, ec);
    struct tsig_keys *keys = NULL;
    if (e == ERR_OK && settings->tsig_keys != NULL)
        e = tsig_keys_read(settings->tsig_keys, &keys, ec);
    tsig_keys_free(keys);
    return e == ERR_OK ? resolver_servers_check(settings->resolver, ec) : e;
}

static enum err dns_plan(const struct settings *settings, struct role_socket **out_sockets,
                         size_t *out_count, unsigned *out_threads, struct errctx *ec)
{
    /* A UDP and a TCP socket for each address that the setting may list; stays for good. */
    static struct role_socket sockets[2 * DNS_ADDRESSES_MAX];
    if (settings->dns.count == 0 || settings->dns.count > DNS_ADDRESSES_MAX)
        return err_set(ec, ERR_INVALID, "--dns: 1 to %d addresses", DNS_ADDRESSES_MAX);
    unsigned threads = 0;
    enum err e = check_settings(settings, ec);
    if (e == ERR_OK)
        e = plan_threads(settings, &threads, ec);
    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < settings->dns.count; i++) {
        struct net_address address;
        e = net_address_parse(slice_str(settings->dns.items[i]), &address, ec);
        if (e != ERR_OK)
            return err_wrap(ec, "--dns");
        sockets[2 * i] =
            (struct role_socket){.kind = ROLE_SOCKET_UDP_THREAD, .label = "dns", .wanted = address};
        sockets[2 * i + 1] =
            (struct role_socket){.kind = ROLE_SOCKET_TCP, .label = "dns", .wanted = address};
    }
    *out_sockets = sockets;
    *out_count = 2 * settings->dns.count;
    *out_threads = threads;
    return ERR_OK;
}

/* The health checks of a root. */
static enum err load_plan(const struct role_root *root, struct health_plan *before,
                          struct health_plan **out, struct errctx *ec)
{
    AUTO_ARENA struct arena scratch = {0};
    struct release_root decoded;
    enum err e = world_read_root(&scratch, root->hash, root->source, &decoded, ec);
    return e == ERR_OK ? health_plan_load(&decoded, root->source, before, out, ec) : e;
}

static enum err dns_load(void *role_state, const struct role_root *root,
                         struct role_release *before, struct role_release **out_loaded,
                         struct errctx *ec)
{
    struct dns_state *d = role_state;
    const struct world_source source = {
        .root = root->hash, .chunks = root->source, .registries = d->registries};
    struct world *world;
    enum err e = world_load(&source, before == NULL ? NULL : before->world, &world, ec);
    if (e != ERR_OK)
        return e;
    struct health_plan *plan;
    e = load_plan(root, before == NULL ? NULL : before->plan, &plan, ec);
    if (e != ERR_OK) {
        world_free(world);
        return e;
    }
    if (registry_count(d->registries.outside) > 0)
        outside_watch_settle(d->outside);
    struct role_release *loaded = NEW(struct role_release);
    loaded->world = world;
    loaded->plan = plan;
    *out_loaded = loaded;
    return ERR_OK;
}

static void release_free(struct role_release *release)
{
    if (release == NULL)
        return;
    world_free(release->world);
    health_plan_unref(release->plan);
    free(release);
}

/* Frees what was served before, but for worlds that a transfer still reads: those next time. */
static void free_retired(struct dns_state *d)
{
    struct role_release **at = &d->retired;
    while (*at != NULL) { /* each turn moves on or takes one out */
        struct role_release *release = *at;
        if (release == d->offered || !world_is_free(release->world)) {
            at = &release->next;
            continue;
        }
        *at = release->next;
        release_free(release);
    }
}

static void retire(struct dns_state *d, struct role_release *release)
{
    if (release != NULL) {
        release->next = d->retired;
        d->retired = release;
    }
    free_retired(d);
}

static void take_notify_list(void *arg)
{
    struct dns_state *d = arg;
    struct notify_list *list = atomic_exchange(&d->told_next, NULL);
    if (list != NULL)
        notify_update(d->notify, list);
}

static void tell_secondaries(struct dns_state *d, const struct world *w)
{
    struct notify_list *list = notify_list_of(w);
    notify_list_free(atomic_exchange(&d->told_next, list));
    loop_post(d->service.context->loop, take_notify_list, d);
}

static void dns_apply(void *role_state, struct role_release *loaded)
{
    struct dns_state *d = role_state;
    struct role_release *before = d->applied;
    if (before == NULL)
        atlas_watch_wait_first(d->atlas);
    if (before == NULL || before->plan != loaded->plan)
        health_board_settle(d->health, loaded->plan);
    d->applied = loaded;
    service_set_part(&d->service, scene_set_world, loaded->world);
    retire(d, before);
    if (registry_count(d->registries.outside) > 0)
        outside_watch_look(d->outside);
    if (before == NULL)
        tcp_server_open(d->tcp);
}

static void scene_set_offered(struct scene *scene, const void *world)
{
    scene->offered = world;
}

/* What is served is stable: from now on secondaries get it, and are told. */
static void dns_settle(void *role_state)
{
    struct dns_state *d = role_state;
    bool has_book = d->applied->world->book != NULL;
    if (d->offered == d->applied || (d->offered == NULL && !has_book))
        return;
    d->offered = has_book ? d->applied : NULL;
    service_set_part(&d->service, scene_set_offered, has_book ? d->applied->world : NULL);
    tell_secondaries(d, d->applied->world);
    free_retired(d);
}

static void all_drained(void *arg)
{
    struct dns_state *d = arg;
    role_drained(d->service.context);
}

static unsigned count_udp(const struct role_context *context)
{
    unsigned count = 0;
    for (size_t i = 0; i < context->socket_count; i++) {
        if (context->sockets[i].kind == ROLE_SOCKET_UDP_THREAD)
            count += context->sockets[i].fd_count;
    }
    return count;
}

static enum err start_udp(struct dns_state *d, const struct role_socket *socket, struct errctx *ec)
{
    for (unsigned i = 0; i < socket->fd_count; i++) {
        struct udp_options options = {.service = &d->service,
                                      .fd = socket->fds[i],
                                      .bound = socket->bound,
                                      .rate = {.answers_per_s = d->settings->rate_per_s,
                                               .slip = d->settings->rate_slip,
                                               .threads = socket->fd_count},
                                      .index = (unsigned)d->udp_count};
        enum err e = udp_thread_start(&options, &d->udp[d->udp_count], ec);
        if (e != ERR_OK)
            return e;
        d->udp_count++;
    }
    return ERR_OK;
}

static enum err start_tcp(struct dns_state *d, unsigned index, struct errctx *ec)
{
    const struct role_context *context = d->service.context;
    int fds[DNS_ADDRESSES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < context->socket_count; i++) {
        if (context->sockets[i].kind == ROLE_SOCKET_TCP && count < ARRAY_LEN(fds))
            fds[count++] = context->sockets[i].fds[0];
    }
    struct tcp_options options = {
        .service = &d->service, .listen_fds = fds, .listen_count = count, .index = index};
    return tcp_server_start(&options, &d->tcp, ec);
}

static enum err start_dnstap(struct dns_state *d, struct errctx *ec)
{
    const struct role_context *context = d->service.context;
    const struct dnstap_options options = {.target = context->settings->dnstap,
                                           .identity = d->settings->identity,
                                           .threads = count_udp(context) + 1};
    if (options.target == NULL)
        return ERR_OK;
    return dnstap_new(&options, &d->service.dnstap, ec);
}

static void start_notify(struct dns_state *d)
{
    const struct role_context *context = d->service.context;
    for (size_t i = 0; i < context->socket_count && d->source_count < ARRAY_LEN(d->sources); i++) {
        if (context->sockets[i].kind == ROLE_SOCKET_UDP_THREAD)
            d->sources[d->source_count++] = context->sockets[i].bound;
    }
    const struct notify_options options = {.loop = context->loop,
                                           .keys = d->tsig,
                                           .sources = d->sources,
                                           .source_count = d->source_count};
    d->notify = notify_new(&options);
}

static enum err start_threads(struct dns_state *d, struct errctx *ec)
{
    const struct role_context *context = d->service.context;
    unsigned udp_count = count_udp(context);
    d->udp = mem_new(udp_count, sizeof(struct udp_thread *));
    atomic_store(&d->service.busy_threads, udp_count + 1);
    enum err e = start_tcp(d, udp_count, ec);
    for (size_t i = 0; e == ERR_OK && i < context->socket_count; i++) {
        if (context->sockets[i].kind == ROLE_SOCKET_UDP_THREAD)
            e = start_udp(d, &context->sockets[i], ec);
    }
    return e;
}

static void dns_stop(void *state)
{
    struct dns_state *d = state;
    atomic_store_explicit(&d->service.is_draining, true, memory_order_release);
    for (size_t i = 0; i < d->udp_count; i++)
        udp_thread_join(d->udp[i]);
    if (d->tcp != NULL)
        tcp_server_free(d->tcp);
    loop_timer_stop(&d->tick);
    outside_watch_free(d->outside);
    dnstap_free(d->service.dnstap);
    atlas_watch_free(d->atlas);
    health_board_free(d->health);
    notify_free(d->notify);
    notify_list_free(atomic_exchange(&d->told_next, NULL));
    tsig_watch_free(d->tsig);
    service_fini(&d->service);
    answer_settings_free(d->settings);
    d->offered = NULL;
    free_retired(d);
    release_free(d->applied);
    metrics_zones_free(d->registries.zones);
    registry_free(d->registries.health);
    registry_free(d->registries.outside);
    registry_free(d->registries.locations);
    free(d->udp);
    free(d);
}

static void tick(struct loop_timer *timer)
{
    struct dns_state *d = timer->user;
    service_tick(&d->service, time_unix_ms() / MS_PER_S);
}

static void scene_set_outside(struct scene *scene, const void *table)
{
    scene->outside = table;
}

static void publish_outside(void *user, const struct outside_table *table)
{
    struct dns_state *d = user;
    service_set_part(&d->service, scene_set_outside, table);
}

static enum err start_outside(struct dns_state *d, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    const struct settings *settings = d->service.context->settings;
    const struct outside_watch_options options = {
        .loop = d->service.context->loop,
        .registry = d->registries.outside,
        .servers = settings->resolver,
        .path = arena_printf(&a, "%s/dns-outside", settings->data),
        .publish = publish_outside,
        .user = d,
    };
    return outside_watch_new(&options, &d->outside, ec);
}

static enum err dns_start(struct role_context *context, void **out_state, struct errctx *ec)
{
    struct dns_state *d = NEW(struct dns_state);
    service_init(&d->service);
    d->service.context = context;
    d->service.on_drained = all_drained;
    d->registries.health = registry_new();
    d->registries.zones = metrics_zones_new();
    d->registries.outside = registry_new();
    d->registries.locations = registry_new();
    d->service.on_drained_arg = d;
    enum err e = answer_settings_new(context->settings, &d->settings, ec);
    if (e == ERR_OK)
        e = start_outside(d, ec);
    if (e == ERR_OK)
        e = start_dnstap(d, ec);
    if (e == ERR_OK)
        e = tsig_watch_start(&d->service, &d->tsig, ec);
    if (e == ERR_OK)
        start_notify(d);
    if (e == ERR_OK)
        e = health_board_start(&d->service, d->registries.health, &d->health, ec);
    if (e == ERR_OK) {
        service_set_part(&d->service, scene_set_settings, d->settings);
        d->atlas = atlas_watch_start(&d->service);
        e = start_threads(d, ec);
    }
    if (e != ERR_OK) {
        dns_stop(d);
        return e;
    }
    d->tick = (struct loop_timer){.on_time = tick, .user = d};
    loop_timer_set(context->loop, &d->tick, SERVICE_TICK_NS, SERVICE_TICK_NS);
    *out_state = d;
    return ERR_OK;
}

static void dns_drain(void *state)
{
    struct dns_state *d = state;
    atomic_store_explicit(&d->service.is_draining, true, memory_order_release);
    tcp_server_drain(d->tcp);
}

static const struct role_release_ops dns_release_ops = {
    .load = dns_load,
    .apply = dns_apply,
    .settle = dns_settle,
    .try_root = trial_run,
};

const struct role dns_role = {
    .name = "dns",
    .metrics_role = METRICS_DNS,
    .release = &dns_release_ops,
    .kinds = RELEASE_KIND_BIT(RELEASE_ZONE) | RELEASE_KIND_BIT(RELEASE_NAME) |
             RELEASE_KIND_BIT(RELEASE_CIDR_COLLECTION) | RELEASE_KIND_BIT(RELEASE_HEALTH_CHECK) |
             RELEASE_KIND_BIT(RELEASE_CHECKER),
    .plan = dns_plan,
    .start = dns_start,
    .drain = dns_drain,
    .stop = dns_stop,
};
