// SPDX-License-Identifier: Apache-2.0
// DNS over UDP. Each thread owns its socket and its buffers, and repeats:
//
//     wait in recvmmsg (RCU offline) -> online: answer the whole batch -> offline -> sendmmsg
//
// so that one query sees one scene, and a builder never waits for a thread that waits. Nothing is
// allocated or locked after the start, and no other system call is made.
#include "authority/udp.h"

#include "authority/answer_settings.h"
#include "authority/limits.h"
#include "authority/sample_query.h"
#include "base/alloc.h"
#include "base/check.h"
#include "base/random.h"
#include "dns/types.h"
#include "os/process.h"
#include "os/rcu.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

/* Room for the packet information of either family. */
#define CONTROL_BYTES CMSG_SPACE(sizeof(struct in6_pktinfo))

/* One place of a batch: a query, where it came from, and its answer. */
struct udp_place {
    struct net_address source;
    _Alignas(struct cmsghdr) uint8_t control[CONTROL_BYTES];
    uint8_t query[UDP_QUERY_MAX_BYTES];
    uint8_t answer[ANSWER_UDP_MAX_BYTES];
};

struct udp_thread {
    struct udp_options options;
    pthread_t thread;
    bool has_local; /* bound to one address; else each datagram tells its own */
    struct view_address local;
    struct prng prng;
    uint64_t batches;
    int64_t now_unix_ms;     /* of the batch */
    int64_t now_us;          /* of the same, monotonic */
    struct rate_limit *rate; /* NULL: no limit */
    struct mmsghdr in[UDP_BATCH];
    struct iovec in_io[UDP_BATCH];
    struct mmsghdr out[UDP_BATCH];
    struct iovec out_io[UDP_BATCH];
    struct udp_place places[UDP_BATCH];
};

/* The address that a datagram was sent to; the information is turned around for the answer. */
static struct view_address take_local(struct msghdr *m)
{
    struct view_address local = {.len = 0};
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            local.len = sizeof(info.ipi_addr);
            memcpy(local.bytes, &info.ipi_addr, local.len);
            info = (struct in_pktinfo){.ipi_spec_dst = info.ipi_addr};
            memcpy(CMSG_DATA(c), &info, sizeof(info));
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            local.len = sizeof(info.ipi6_addr);
            memcpy(local.bytes, &info.ipi6_addr, local.len);
            if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
                info.ipi6_ifindex = 0; /* routing decides where the answer leaves */
            memcpy(CMSG_DATA(c), &info, sizeof(info));
        }
    }
    return local;
}

/* Whether an answer goes out; who is exempt is looked up only where it would not. */
static enum rate_verdict judge(struct udp_thread *t, const struct scene *scene,
                               const struct answer_request *request,
                               const struct answer_summary *summary)
{
    const struct view_address *source = &request->view.source;
    enum rate_verdict verdict = rate_limit_check(t->rate, source, summary->kind, t->now_us);
    if (verdict == RATE_PASS || answer_settings_exempt(scene->settings, source))
        return RATE_PASS;
    return verdict;
}

/* What goes out beyond the limit; the answer's length, 0 for none. */
static size_t answer_limited(struct udp_place *place, const struct scene *scene,
                             struct answer_request *request, enum rate_verdict verdict,
                             struct answer_summary *summary)
{
    if (verdict == RATE_DROP) {
        metrics_add(METRIC_DNS_RATE_DROPPED, 1);
        return 0;
    }
    request->is_limited = true;
    size_t len = answer(scene, request, place->answer, sizeof(place->answer), summary);
    bool is_cookie = summary->rcode == DNS_RCODE_BADCOOKIE;
    metrics_add(is_cookie ? METRIC_DNS_RATE_BADCOOKIE : METRIC_DNS_RATE_TRUNCATED, 1);
    return len;
}

static void tap(struct udp_thread *t, const struct udp_place *place,
                const struct answer_request *request, size_t answer_bytes)
{
    const struct dnstap_query query = {.query = request->query,
                                       .answer = slice_of(place->answer, answer_bytes),
                                       .view = &request->view,
                                       .source_port = net_address_port(&place->source),
                                       .local_port = net_address_port(&t->options.bound),
                                       .now_unix_ms = t->now_unix_ms};
    dnstap_put(t->options.service->dnstap, t->options.index, &query);
}

/* Answers the datagram at `index`; the answer's length, 0 for none. */
static size_t answer_one(struct udp_thread *t, const struct scene *scene, unsigned index)
{
    struct msghdr *m = &t->in[index].msg_hdr;
    struct udp_place *place = &t->places[index];
    struct answer_summary summary;
    place->source.len = m->msg_namelen;
    if (net_address_port(&place->source) == 0)
        return 0; /* no client sends from there */
    struct answer_request request = {
        .query = slice_of(place->query, t->in[index].msg_len),
        .view = {.local = t->has_local ? t->local : take_local(m),
                 .source = view_address_of(&place->source)},
        .random = prng_next(&t->prng),
        .now_unix_s = t->now_unix_ms / MS_PER_S,
    };
    size_t len = answer(scene, &request, place->answer, sizeof(place->answer), &summary);
    bool is_limited = len > 0 && t->rate != NULL && summary.cookie != ANSWER_COOKIE_VALID;
    enum rate_verdict verdict = is_limited ? judge(t, scene, &request, &summary) : RATE_PASS;
    if (verdict != RATE_PASS)
        len = answer_limited(place, scene, &request, verdict, &summary);
    if (verdict != RATE_DROP)
        service_count(len, &summary);
    if (t->options.service->dnstap != NULL)
        tap(t, place, &request, len);
    bool is_sampled =
        index == 0 && (t->batches < SAMPLE_EAGER_BATCHES || t->batches % SAMPLE_BATCH_STEP == 0);
    if (is_sampled && t->options.service->context->samples != NULL)
        sample_query_put(t->options.service->context->samples, &request);
    return len;
}

/* Answers a batch from one scene; returns how many answers are ready to be sent. */
static unsigned answer_batch(struct udp_thread *t, unsigned count)
{
    unsigned ready = 0;
    t->now_unix_ms = time_coarse_unix_ms();
    t->now_us = t->rate == NULL ? 0 : time_coarse_us();
    const struct scene *scene = rcu_read_ptr(&t->options.service->scene);
    for (unsigned i = 0; i < count; i++) {
        size_t len = answer_one(t, scene, i);
        if (len == 0)
            continue;
        const struct msghdr *from = &t->in[i].msg_hdr;
        t->out_io[ready] = (struct iovec){.iov_base = t->places[i].answer, .iov_len = len};
        t->out[ready].msg_hdr = (struct msghdr){
            .msg_name = from->msg_name,
            .msg_namelen = from->msg_namelen,
            .msg_iov = &t->out_io[ready],
            .msg_iovlen = 1,
            .msg_control = t->has_local ? NULL : from->msg_control,
            .msg_controllen = t->has_local ? 0 : from->msg_controllen,
        };
        ready++;
    }
    t->batches++;
    metrics_add(METRIC_DNS_QUERIES_UDP, count);
    return ready;
}

/* Sends the answers; one that the kernel refuses is dropped and counted. */
static void send_batch(struct udp_thread *t, unsigned count)
{
    unsigned done = 0;
    while (done < count) { /* each turn sends or drops one at least */
        int sent = sendmmsg(t->options.fd, &t->out[done], count - done, 0);
        if (sent > 0) {
            done += (unsigned)sent;
            continue;
        }
        if (errno == EINTR)
            continue;
        metrics_add(METRIC_DNS_DROPPED_SEND, 1);
        done++;
    }
}

/* What the kernel changed in the headers of the last batch. */
static void reset_places(struct udp_thread *t, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        t->in[i].msg_hdr.msg_namelen = sizeof(struct sockaddr_in6);
        t->in[i].msg_hdr.msg_controllen = t->has_local ? 0 : CONTROL_BYTES;
    }
}

/* Receives a batch: waits for the first datagram (not while draining), takes what else is there. */
static unsigned receive_batch(struct udp_thread *t, bool is_draining)
{
    int flags = is_draining ? MSG_DONTWAIT : MSG_WAITFORONE;
    int count = recvmmsg(t->options.fd, t->in, UDP_BATCH, flags, NULL);
    if (count > 0)
        return (unsigned)count;
    if (count < 0 && errno != EAGAIN && errno != EINTR)
        (void)poll(NULL, 0, (int)(UDP_WAIT_NS / NS_PER_MS)); /* an error that stays must not spin */
    return 0;
}

/* Queries wait in the socket until there is something to answer them from. */
static void wait_for_scene(struct udp_thread *t)
{
    struct dns_service *s = t->options.service;
    while (rcu_read_ptr(&s->scene) == NULL && !service_is_draining(s)) {
        role_heartbeat(s->context, t->options.index);
        (void)poll(NULL, 0, (int)(WORLD_WAIT_NS / NS_PER_MS));
    }
}

static void serve(struct udp_thread *t)
{
    struct dns_service *s = t->options.service;
    bool is_over = false;
    while (!is_over) { /* until the service drains and the socket is empty */
        bool is_draining = service_is_draining(s);
        unsigned count = receive_batch(t, is_draining);
        if (count == 0 || t->batches % HEARTBEAT_BATCH_STEP == 0)
            role_heartbeat(s->context, t->options.index);
        is_over = is_draining && count == 0;
        if (count == 0)
            continue;
        rcu_online();
        unsigned ready = answer_batch(t, count);
        rcu_offline();
        send_batch(t, ready);
        reset_places(t, count);
    }
}

static void *udp_thread_run(void *arg)
{
    struct udp_thread *t = arg;
    crash_report_thread_start();
    metrics_bind_thread(METRICS_DNS, t->options.index + 1);
    metrics_zones_bind_thread(t->options.index);
    rcu_thread_register();
    rcu_offline();
    wait_for_scene(t);
    if (rcu_read_ptr(&t->options.service->scene) != NULL)
        serve(t);
    rcu_online();
    rcu_thread_unregister();
    service_thread_done(t->options.service);
    return NULL;
}

static void init_places(struct udp_thread *t)
{
    for (unsigned i = 0; i < UDP_BATCH; i++) {
        struct udp_place *place = &t->places[i];
        t->in_io[i] = (struct iovec){.iov_base = place->query, .iov_len = sizeof(place->query)};
        t->in[i].msg_hdr = (struct msghdr){.msg_name = &place->source.sa,
                                           .msg_iov = &t->in_io[i],
                                           .msg_iovlen = 1,
                                           .msg_control = t->has_local ? NULL : place->control};
    }
    reset_places(t, UDP_BATCH);
}

/* Blocking, with a limit; and no packet information where the address is known anyway. */
static enum err set_socket(const struct udp_thread *t, struct errctx *ec)
{
    int fd = t->options.fd;
    struct timeval wait = {.tv_sec = 0, .tv_usec = UDP_WAIT_NS / 1000};
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
        return err_errno(ec, "udp: fcntl");
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) < 0)
        return err_errno(ec, "udp: timeout");
    if (!t->has_local)
        return ERR_OK;
    int off = 0;
    bool is_v6 = t->options.bound.sa.sa_family == AF_INET6;
    int result = is_v6 ? setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &off, sizeof(off))
                       : setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &off, sizeof(off));
    return result < 0 ? err_errno(ec, "udp: packet information") : ERR_OK;
}

enum err udp_thread_start(const struct udp_options *options, struct udp_thread **out,
                          struct errctx *ec)
{
    struct udp_thread *t = NEW(struct udp_thread);
    t->options = *options;
    t->has_local = !net_address_is_wildcard(&options->bound);
    t->local = view_address_of(&options->bound);
    prng_init(&t->prng);
    t->rate = rate_limit_new(&options->rate);
    init_places(t);
    enum err e = set_socket(t, ec);
    if (e == ERR_OK) {
        errno = pthread_create(&t->thread, NULL, udp_thread_run, t);
        e = errno == 0 ? ERR_OK : err_errno(ec, "udp: thread");
    }
    if (e != ERR_OK) {
        rate_limit_free(t->rate);
        free(t);
        return e;
    }
    *out = t;
    return ERR_OK;
}

void udp_thread_join(struct udp_thread *t)
{
    (void)pthread_join(t->thread, NULL);
    rate_limit_free(t->rate);
    free(t);
}
