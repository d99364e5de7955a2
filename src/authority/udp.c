// SPDX-License-Identifier: Apache-2.0
// DNS over UDP. Each thread owns its socket and its buffers, and repeats:
//
//     wait in recvmmsg (RCU offline) -> online: answer the whole batch -> offline -> sendmmsg
//
// so that one query sees one scene, and a builder does not wait for a thread that waits. A busy
// thread stays online and only says between two batches that it holds nothing, because that costs
// no barrier. Nothing is allocated or locked after the start, and no other system call is made.
// Within a batch a few queries at a time take each step together: begin, answer, count. What one
// step of them reads of memory is asked for in the step before, so that they wait for it at once,
// not one by one.
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

/* A query while its group is answered. */
struct udp_turn {
    struct answer_request request;
    struct answer_summary summary;
    size_t answer_bytes; /* 0: no answer */
    bool is_limited;     /* the rate limit counts it */
    struct rate_key rate_key;
};

struct udp_thread {
    struct udp_options options;
    pthread_t thread;
    bool has_local; /* bound to one address; else each datagram tells its own */
    struct view_address local;
    struct prng prng;
    uint64_t batches;
    bool is_online;               /* for RCU */
    int64_t now_unix_ms;          /* of the batch */
    int64_t now_us;               /* of the same, monotonic */
    const struct zone *last_zone; /* of the last scene, that a query was for; NULL: none yet */
    uint64_t last_scene;          /* its number */
    struct rate_limit *rate;      /* NULL: no limit */
    struct mmsghdr in[UDP_BATCH];
    struct iovec in_io[UDP_BATCH];
    struct mmsghdr out[UDP_BATCH];
    struct iovec out_io[UDP_BATCH];
    struct udp_place places[UDP_BATCH];
    struct udp_turn turns[UDP_GROUP];
    struct answer_begun begun[UDP_GROUP]; /* of the same */
};

/* The address that a datagram was sent to; the information is turned around for the answer. */
static void take_local(struct msghdr *m, struct view_address *out)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            out->len = sizeof(info.ipi_addr);
            memcpy(out->bytes, &info.ipi_addr, sizeof(info.ipi_addr));
            info = (struct in_pktinfo){.ipi_spec_dst = info.ipi_addr};
            memcpy(CMSG_DATA(c), &info, sizeof(info));
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            out->len = sizeof(info.ipi6_addr);
            memcpy(out->bytes, &info.ipi6_addr, sizeof(info.ipi6_addr));
            if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
                info.ipi6_ifindex = 0; /* routing decides where the answer leaves */
            memcpy(CMSG_DATA(c), &info, sizeof(info));
        }
    }
}

/* Whether an answer goes out; who is exempt is looked up only where it would not. */
static enum rate_verdict judge(struct udp_thread *t, const struct scene *scene,
                               const struct udp_turn *turn)
{
    if (!turn->is_limited)
        return RATE_PASS;
    enum rate_verdict verdict = rate_limit_check(t->rate, turn->rate_key, t->now_us);
    if (verdict == RATE_PASS || answer_settings_exempt(scene->settings, &turn->request.view.source))
        return RATE_PASS;
    return verdict;
}

/* What goes out beyond the limit. */
static void answer_limited(const struct scene *scene, const struct answer_begun *begun,
                           struct udp_place *place, struct udp_turn *turn,
                           enum rate_verdict verdict)
{
    if (verdict == RATE_DROP) {
        metrics_add(METRIC_DNS_RATE_DROPPED, 1);
        turn->answer_bytes = 0;
        return;
    }
    turn->request.is_limited = true;
    turn->answer_bytes = answer_finish(scene, &turn->request, begun, place->answer,
                                       sizeof(place->answer), &turn->summary);
    bool is_cookie = turn->summary.rcode == DNS_RCODE_BADCOOKIE;
    metrics_add(is_cookie ? METRIC_DNS_RATE_BADCOOKIE : METRIC_DNS_RATE_TRUNCATED, 1);
}

static void tap(struct udp_thread *t, const struct udp_place *place, const struct udp_turn *turn)
{
    const struct dnstap_query query = {.query = turn->request.query,
                                       .answer = slice_of(place->answer, turn->answer_bytes),
                                       .view = &turn->request.view,
                                       .source_port = net_address_port(&place->source),
                                       .local_port = net_address_port(&t->options.bound),
                                       .now_unix_ms = t->now_unix_ms};
    dnstap_put(t->options.service->dnstap, t->options.index, &query);
}

/* The first step of the datagram in a place. Its zone is probably that of the one before. */
static void begin_turn(struct udp_thread *t, const struct scene *scene, unsigned index,
                       unsigned turn_index)
{
    struct msghdr *m = &t->in[index].msg_hdr;
    struct udp_place *place = &t->places[index];
    struct udp_turn *turn = &t->turns[turn_index];
    place->source.len = m->msg_namelen;
    turn->request = (struct answer_request){
        .query = slice_of(place->query, t->in[index].msg_len),
        .random = prng_next(&t->prng),
        .now_unix_s = t->now_unix_ms / MS_PER_S,
    };
    view_address_of(&place->source, &turn->request.view.source);
    if (t->has_local)
        turn->request.view.local = t->local;
    else
        take_local(m, &turn->request.view.local);
    answer_begin(scene, &turn->request, t->last_zone, &t->begun[turn_index]);
    t->last_zone = t->begun[turn_index].zone;
}

/* The second: its answer, as it goes out within the limit. */
static void answer_turn(struct udp_thread *t, const struct scene *scene, unsigned index,
                        unsigned turn_index)
{
    struct udp_place *place = &t->places[index];
    struct udp_turn *turn = &t->turns[turn_index];
    bool has_port = net_address_port(&place->source) != 0; /* no client sends from port 0 */
    turn->answer_bytes = !has_port
                             ? 0
                             : answer_finish(scene, &turn->request, &t->begun[turn_index],
                                             place->answer, sizeof(place->answer), &turn->summary);
    turn->is_limited =
        turn->answer_bytes > 0 && t->rate != NULL && turn->summary.cookie != ANSWER_COOKIE_VALID;
    if (turn->is_limited)
        turn->rate_key = rate_limit_key(t->rate, &turn->request.view.source, turn->summary.kind);
}

/* The last: what of it is allowed, and all that counts it. */
static void end_turn(struct udp_thread *t, const struct scene *scene, unsigned index,
                     unsigned turn_index)
{
    struct udp_place *place = &t->places[index];
    struct udp_turn *turn = &t->turns[turn_index];
    enum rate_verdict verdict = judge(t, scene, turn);
    if (verdict != RATE_PASS)
        answer_limited(scene, &t->begun[turn_index], place, turn, verdict);
    if (verdict != RATE_DROP)
        service_count(turn->answer_bytes, &turn->summary);
    if (t->options.service->dnstap != NULL)
        tap(t, place, turn);
    bool is_sampled =
        index == 0 && (t->batches < SAMPLE_EAGER_BATCHES || t->batches % SAMPLE_BATCH_STEP == 0);
    if (is_sampled && t->options.service->context->samples != NULL)
        sample_query_put(t->options.service->context->samples, &turn->request);
}

/* Makes the answer in a place the next one to be sent. */
static void make_ready(struct udp_thread *t, unsigned index, size_t answer_bytes, unsigned ready)
{
    const struct msghdr *from = &t->in[index].msg_hdr;
    t->out_io[ready] = (struct iovec){.iov_base = t->places[index].answer, .iov_len = answer_bytes};
    t->out[ready].msg_hdr = (struct msghdr){
        .msg_name = from->msg_name,
        .msg_namelen = from->msg_namelen,
        .msg_iov = &t->out_io[ready],
        .msg_iovlen = 1,
        .msg_control = t->has_local ? NULL : from->msg_control,
        .msg_controllen = t->has_local ? 0 : from->msg_controllen,
    };
}

/* Answers `count` datagrams from `first` on together; returns how many answers are ready, with
 * those that were before. */
static unsigned answer_group(struct udp_thread *t, const struct scene *scene, unsigned first,
                             unsigned count, unsigned ready)
{
    for (unsigned i = 0; i < count; i++)
        begin_turn(t, scene, first + i, i);
    answer_fetch(scene, t->begun, count);
    for (unsigned i = 0; i < count; i++)
        answer_turn(t, scene, first + i, i);
    for (unsigned i = 0; i < count; i++) {
        end_turn(t, scene, first + i, i);
        if (t->turns[i].answer_bytes > 0)
            make_ready(t, first + i, t->turns[i].answer_bytes, ready++);
    }
    return ready;
}

static void go_offline(struct udp_thread *t)
{
    if (t->is_online)
        rcu_offline();
    t->is_online = false;
}

/* The batch is answered: the thread holds nothing. `waited_ms`: from the batch before to it. */
static void leave_scene(struct udp_thread *t, int64_t waited_ms)
{
    if (waited_ms >= 0 && waited_ms <= UDP_BUSY_MS)
        rcu_quiescent();
    else
        go_offline(t);
}

/* Answers a batch from one scene; returns how many answers are ready to be sent. */
static unsigned answer_batch(struct udp_thread *t, unsigned count)
{
    unsigned ready = 0;
    int64_t before_ms = t->now_unix_ms;
    if (!t->is_online)
        rcu_online();
    t->is_online = true;
    t->now_unix_ms = time_coarse_unix_ms();
    t->now_us = t->rate == NULL ? 0 : time_coarse_us();
    const struct scene *scene = rcu_read_ptr(&t->options.service->scene);
    if (scene->number != t->last_scene)
        t->last_zone = NULL;
    t->last_scene = scene->number;
    for (unsigned first = 0; first < count; first += UDP_GROUP)
        ready = answer_group(t, scene, first, min_u32(count - first, UDP_GROUP), ready);
    t->batches++;
    metrics_add(METRIC_DNS_QUERIES_UDP, count);
    leave_scene(t, t->now_unix_ms - before_ms);
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
        if (count == 0) {
            go_offline(t);
            continue;
        }
        unsigned ready = answer_batch(t, count);
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
    view_address_of(&options->bound, &t->local);
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
