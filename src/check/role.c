// SPDX-License-Identifier: Apache-2.0
// The check role: it probes the health checks of the root that is served, and serves what it found.
// plan runs in the supervisor; load and apply on the builder thread of the role's process; try_root
// in a trial process; all else on its main thread.
#include "check/role.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/random.h"
#include "base/time.h"
#include "check/limits.h"
#include "check/readers.h"
#include "check/trial.h"
#include "crypto/hash.h"
#include "feed/feed.h"
#include "health/limits.h"
#include "health/prober.h"
#include "metrics/log.h"
#include "net/identity.h"
#include "net/resolver_channel.h"
#include "release/limits.h"

#include <stdatomic.h>
#include <stdlib.h>

_Static_assert(RELEASE_CHECKS_MAX <= VOTES_MAX, "one table holds the votes of a plan");

/* What a root says to a checker; node/ knows but its name. */
struct role_release {
    struct health_plan *plan;
    struct readers *readers;
};

struct check_state {
    struct role_context *context;
    struct net_identity identity;
    struct net_tls *tls;
    struct feed_server *server;
    struct prober *prober;
    struct role_release *applied;        /* builder thread */
    struct role_release *_Atomic coming; /* from the builder thread; NULL: nothing new */
    struct role_release *served;         /* NULL before the first root */

    struct loop_timer timer;  /* for each table */
    struct arena table_arena; /* of the newest table */
    struct slice table;       /* empty before the first */
    uint64_t run;
    uint64_t number;
    uint64_t lacks;      /* probes that this machine could not make, as the log has it */
    int64_t lack_log_ns; /* when it said so last; monotonic */
};

/* ---- settings */

static enum err read_sources(const struct settings *settings,
                             struct net_address out[CHECK_SOURCES_MAX], size_t *out_count,
                             struct errctx *ec)
{
    size_t count = 0;
    for (size_t i = 0; i < settings->check_source.count; i++) {
        struct net_address a;
        const char *text = settings->check_source.items[i];
        if (!net_address_parse_ip(slice_str(text), &a) || net_address_is_wildcard(&a))
            return err_set(ec, ERR_INVALID, "--check-source: '%s' is no address", text);
        if (count == CHECK_SOURCES_MAX || (count == 1 && out[0].sa.sa_family == a.sa.sa_family))
            return err_set(ec, ERR_INVALID, "--check-source: one address of each family");
        out[count++] = a;
    }
    *out_count = count;
    return ERR_OK;
}

/* The authorities that strict probes trust can be read: else the role would start over and over. */
static enum err check_authorities(const struct settings *settings, struct errctx *ec)
{
    struct net_tls *tls = NULL;
    const char *file = settings->origin_ca;
    if (!settings->check_strict)
        return ERR_OK;
    enum err e =
        net_tls_probe_client_new(file != NULL ? file : PROBER_SYSTEM_AUTHORITIES, true, &tls, ec);
    net_tls_free(tls);
    return e == ERR_OK ? ERR_OK : err_wrap(ec, "--check-strict");
}

static enum err check_plan(const struct settings *settings, struct role_socket **out_sockets,
                           size_t *out_count, unsigned *out_threads, struct errctx *ec)
{
    static struct role_socket socket; /* stays for good */
    struct net_address sources[CHECK_SOURCES_MAX];
    size_t source_count = 0;
    socket = (struct role_socket){.kind = ROLE_SOCKET_TCP, .label = "votes"};
    enum err e = net_address_parse(slice_str(settings->votes), &socket.wanted, ec);
    if (e != ERR_OK)
        return err_wrap(ec, "--votes");
    e = read_sources(settings, sources, &source_count, ec);
    if (e == ERR_OK)
        e = check_authorities(settings, ec);
    if (e == ERR_OK)
        e = resolver_servers_check(settings->resolver, ec);
    if (e != ERR_OK)
        return e;
    *out_sockets = &socket;
    *out_count = 1;
    *out_threads = 1;
    return ERR_OK;
}

/* ---- roots */

static void release_free(struct role_release *release)
{
    if (release == NULL)
        return;
    health_plan_unref(release->plan);
    readers_unref(release->readers);
    free(release);
}

static enum err load_parts(const struct role_root *root, const struct role_release *before,
                           struct role_release *out, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    struct slice bytes;
    struct release_root decoded;
    enum err e = root->source->get(root->source->user, &a, root->hash, &bytes, ec);
    if (e == ERR_OK)
        e = release_root_decode(&a, bytes, &decoded, ec);
    if (e != ERR_OK)
        return e;
    e = readers_load(&decoded.tries[RELEASE_NODE], root->source,
                     before == NULL ? NULL : before->readers, &out->readers, ec);
    if (e != ERR_OK)
        return e;
    return health_plan_load(&decoded, root->source, before == NULL ? NULL : before->plan,
                            &out->plan, ec);
}

static enum err check_load(void *role_state, const struct role_root *root,
                           struct role_release *before, struct role_release **out_loaded,
                           struct errctx *ec)
{
    (void)role_state;
    struct role_release *loaded = NEW(struct role_release);
    enum err e = load_parts(root, before, loaded, ec);
    if (e != ERR_OK) {
        release_free(loaded);
        return e;
    }
    *out_loaded = loaded;
    return ERR_OK;
}

static void take_coming(void *arg)
{
    struct check_state *s = arg;
    struct role_release *coming = atomic_exchange(&s->coming, NULL);
    if (coming == NULL)
        return;
    prober_set_plan(s->prober, coming->plan);
    release_free(s->served);
    s->served = coming;
}

/* The main thread gets references of its own, so that what is applied may be freed any time. */
static void check_apply(void *role_state, struct role_release *loaded)
{
    struct check_state *s = role_state;
    struct role_release *before = s->applied;
    struct role_release *coming = NEW(struct role_release);
    coming->plan = health_plan_ref(loaded->plan);
    coming->readers = readers_ref(loaded->readers);
    s->applied = loaded;
    release_free(atomic_exchange(&s->coming, coming));
    loop_post(s->context->loop, take_coming, s);
    release_free(before);
}

/* ---- votes */

static void count_votes(const struct vote_table *table)
{
    uint64_t counts[VOTE_UNHEALTHY + 1] = {0};
    for (size_t i = 0; i < table->count; i++)
        counts[table->votes[i].state]++;
    metrics_set(METRIC_VOTES_HEALTHY, counts[VOTE_HEALTHY]);
    metrics_set(METRIC_VOTES_UNHEALTHY, counts[VOTE_UNHEALTHY]);
    metrics_set(METRIC_VOTES_UNKNOWN, counts[VOTE_UNKNOWN]);
}

/* Says in the log that probes could not be made, but not over and over. */
static void log_lacks(struct check_state *s)
{
    uint64_t lacks = metrics_read(METRICS_CHECK, METRIC_PROBES_OWN_FAILURE);
    int64_t now_ns = time_monotonic_ns();
    if (lacks == s->lacks || (s->lack_log_ns != 0 && now_ns - s->lack_log_ns < CHECK_LACK_LOG_NS))
        return;
    LOG(LOG_WARNING, "probes not made: no descriptors, ports or memory of the kernel are left",
        LOG_U64("probes", lacks - s->lacks));
    s->lacks = lacks;
    s->lack_log_ns = now_ns;
}

/* A table each second, also of nothing: it is the sign of life that readers wait for. */
static void on_time(struct loop_timer *timer)
{
    struct check_state *s = timer->user;
    struct vote_table table = {.run = s->run, .number = ++s->number};
    arena_reset(&s->table_arena);
    prober_votes(s->prober, &s->table_arena, &table);
    table.made_ms = (uint64_t)(time_monotonic_ns() / NS_PER_MS);
    s->table = vote_table_encode(&s->table_arena, &table);
    count_votes(&table);
    feed_server_announce(s->server);
    log_lacks(s);
}

static bool is_admitted(void *user, const uint8_t public_key[ED25519_PUBLIC_BYTES])
{
    const struct check_state *s = user;
    return s->served != NULL && readers_has(s->served->readers, public_key);
}

static struct slice newest_votes(void *user, uint64_t *out_run, uint64_t *out_number)
{
    const struct check_state *s = user;
    *out_run = s->run;
    *out_number = s->number;
    return s->table;
}

/* ---- start and end */

static enum err start_prober(struct check_state *s, struct errctx *ec)
{
    const struct settings *settings = s->context->settings;
    struct net_address sources[CHECK_SOURCES_MAX];
    uint8_t hash[SHA256_BYTES];
    struct prober_options options = {
        .loop = s->context->loop,
        .servers = settings->resolver,
        .fast_interval_ns = (int64_t)settings->check_interval_ms * NS_PER_MS,
        .is_strict = settings->check_strict,
        .authorities = settings->origin_ca,
        .sources = sources,
    };
    sha256(slice_str(s->identity.node_id), hash);
    memcpy(options.salt, hash, sizeof(options.salt));
    enum err e = read_sources(settings, sources, &options.source_count, ec);
    return e == ERR_OK ? prober_new(&options, &s->prober, ec) : e;
}

static enum err start_server(struct check_state *s, struct errctx *ec)
{
    enum err e = net_tls_fleet_server_new(s->identity.cert_pem, s->identity.key_pem, &s->tls, ec);
    if (e != ERR_OK)
        return e;
    const struct feed_source source = {
        .is_admitted = is_admitted, .newest_votes = newest_votes, .user = s};
    s->server = feed_server_new(s->context->loop, s->tls, &source);
    CHECK(s->context->socket_count == 1);
    feed_server_listen(s->server, s->context->sockets[0].fds[0]);
    return ERR_OK;
}

static void check_stop(void *state)
{
    struct check_state *s = state;
    loop_timer_stop(&s->timer);
    if (s->server != NULL)
        feed_server_free(s->server);
    net_tls_free(s->tls);
    prober_free(s->prober);
    net_identity_fini(&s->identity);
    release_free(atomic_exchange(&s->coming, NULL));
    release_free(s->served);
    release_free(s->applied);
    arena_fini(&s->table_arena);
    free(s);
}

static enum err check_start(struct role_context *context, void **out_state, struct errctx *ec)
{
    struct check_state *s = NEW(struct check_state);
    s->context = context;
    random_bytes(&s->run, sizeof(s->run));
    enum err e =
        net_identity_open(context->settings->data, time_unix_ms() / MS_PER_S, &s->identity, ec);
    if (e == ERR_OK)
        e = start_prober(s, ec);
    if (e == ERR_OK)
        e = start_server(s, ec);
    if (e != ERR_OK) {
        check_stop(s);
        return e;
    }
    s->timer = (struct loop_timer){.on_time = on_time, .user = s};
    loop_timer_set(context->loop, &s->timer, 0, CHECK_VOTES_EVERY_NS);
    *out_state = s;
    return ERR_OK;
}

/* Votes stop with the process; until then they are as good as ever. */
static void check_drain(void *state)
{
    struct check_state *s = state;
    role_drained(s->context);
}

static const struct role_release_ops check_release_ops = {
    .load = check_load,
    .apply = check_apply,
    .try_root = check_trial_run,
};

const struct role check_role = {
    .name = "check",
    .metrics_role = METRICS_CHECK,
    .release = &check_release_ops,
    .kinds = RELEASE_KIND_BIT(RELEASE_HEALTH_CHECK) | RELEASE_KIND_BIT(RELEASE_CHECKER) |
             RELEASE_KIND_BIT(RELEASE_NODE),
    .plan = check_plan,
    .start = check_start,
    .drain = check_drain,
    .stop = check_stop,
};
