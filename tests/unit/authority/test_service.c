// SPDX-License-Identifier: Apache-2.0
// The role as node/ runs it, over real sockets on loopback: UDP and TCP answers, roots swapped
// under load, limits of connections, drain. What node/ itself gives a role is stood in for here.

#include "fixture.h"

#include "authority/limits.h"
#include "authority/role.h"
#include "authority/tcp.h"
#include "net/socket.h"
#include "shared/temp_dir.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_MS 10000 /* for what must happen; far more than it takes */

static _Atomic unsigned beats[DNS_THREADS_MAX];

void role_heartbeat(struct role_context *context, unsigned thread_index)
{
    (void)context;
    assert_true(thread_index < ARRAY_LEN(beats));
    atomic_fetch_add(&beats[thread_index], 1);
}

void role_drained(struct role_context *context)
{
    loop_stop(context->loop);
}

/* A running role. */
struct running {
    struct fixture f;
    struct settings settings;
    struct role_context context;
    void *state;
    struct role_release *applied;
    struct net_address address;
    char dir[TEMP_DIR_SIZE];
};

static void close_sockets(struct running *r)
{
    for (size_t i = 0; i < r->context.socket_count; i++) {
        for (unsigned k = 0; k < r->context.sockets[i].fd_count; k++)
            (void)close(r->context.sockets[i].fds[k]);
    }
}

/* All descriptors of one socket; those after the first on the port of the first. */
static enum err bind_socket(struct running *r, struct role_socket *s, struct net_address *address)
{
    struct errctx ec = {0};
    bool is_udp = s->kind == ROLE_SOCKET_UDP_THREAD;
    struct net_listen_options options = {.reuse_port = is_udp};
    unsigned wanted = is_udp ? r->context.thread_count : 1;
    s->fds = arena_array(&r->f.arena, wanted, sizeof(int));
    for (s->fd_count = 0; s->fd_count < wanted; s->fd_count++) {
        int *fd = &s->fds[s->fd_count];
        enum err e = is_udp ? net_bind_udp(address, &options, fd, &s->bound, &ec)
                            : net_listen_tcp(address, &options, fd, &s->bound, &ec);
        if (e != ERR_OK)
            return e;
        *address = s->bound;
    }
    return ERR_OK;
}

/* UDP and TCP on one port: one that is free for UDP may be taken for TCP, then another is tried. */
static void bind_sockets(struct running *r)
{
    enum err e = ERR_EXISTS;
    for (int tries = 0; tries < 50 && e != ERR_OK; tries++) {
        struct net_address address = r->context.sockets[0].wanted;
        e = ERR_OK;
        for (size_t i = 0; i < r->context.socket_count && e == ERR_OK; i++)
            e = bind_socket(r, &r->context.sockets[i], &address);
        r->address = address;
        if (e != ERR_OK)
            close_sockets(r);
    }
    assert_int_equal(e, ERR_OK);
}

static void start(struct running *r, const char *address)
{
    *r = (struct running){0};
    temp_dir_make(r->dir, "service");
    const char *args[] = {"--dns", address, "--dns-threads", "2", "--data", r->dir};
    char *no_environment[] = {NULL};
    struct errctx ec = {0};
    fixture_init(&r->f);
    fixture_whole_zone(&r->f, "Z1", "example.com");
    if (settings_load(&r->settings, args, ARRAY_LEN(args), no_environment, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
    r->context = (struct role_context){
        .settings = &r->settings, .loop = loop_new(false), .samples = sample_ring_new()};
    assert_int_equal(dns_role.plan(&r->settings, &r->context.sockets, &r->context.socket_count,
                                   &r->context.thread_count, &ec),
                     ERR_OK);
    bind_sockets(r);
    assert_int_equal(dns_role.start(&r->context, &r->state, &ec), ERR_OK);
}

static void apply(struct running *r)
{
    struct errctx ec = {0};
    struct chunk_hash hash = fixture_build(&r->f);
    struct role_root root = {.hash = &hash, .source = &r->f.source};
    struct role_release *loaded = NULL;
    if (dns_role.release->load(r->state, &root, r->applied, &loaded, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
    dns_role.release->apply(r->state, loaded);
    r->applied = loaded;
}

static void stop(struct running *r)
{
    dns_role.drain(r->state);
    loop_run(r->context.loop); /* until role_drained */
    dns_role.stop(r->state);
    close_sockets(r);
    loop_free(r->context.loop);
    settings_fini(&r->settings);
    temp_dir_remove(r->dir);
    fixture_fini(&r->f);
}

static int client_udp(const struct net_address *to)
{
    int fd = socket(to->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, &to->sa, to->len), 0);
    return fd;
}

static int client_tcp(const struct net_address *to)
{
    int fd = socket(to->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, &to->sa, to->len), 0);
    return fd;
}

static bool wait_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, WAIT_MS) == 1;
}

static void send_question(int fd, const struct question *q)
{
    uint8_t bytes[600];
    struct slice query = question_bytes(q, bytes);
    assert_int_equal(send(fd, query.data, query.len, 0), (ssize_t)query.len);
}

/* Receives an answer with the first record's data starting right behind the question's record. */
static size_t receive(int fd, uint8_t out[2048])
{
    assert_true(wait_readable(fd));
    ssize_t n = recv(fd, out, 2048, 0);
    assert_true(n > DNS_HEADER_BYTES);
    return (size_t)n;
}

static void udp_answers_from_the_address_asked(void **state)
{
    (void)state;
    struct running r;
    uint8_t out[2048];
    start(&r, "0.0.0.0:0");
    struct release_zone *other = fixture_whole_zone(&r.f, "Z2", "example.com");
    other->addresses = (struct slice[]){slice_of("\x7f\0\0\2", 4)};
    other->address_count = 1;
    other->order = 0;
    r.f.zones[0].addresses = (struct slice[]){slice_of("\x7f\0\0\1", 4)};
    r.f.zones[0].address_count = 1;
    r.f.zones[0].order = 1;
    fixture_value(&r.f, "Z1", "www.example.com", "A", 60, "192.0.2.1");
    fixture_value(&r.f, "Z2", "www.example.com", "A", 60, "192.0.2.2");
    apply(&r);
    for (uint8_t last = 1; last <= 2; last++) {
        struct net_address to = r.address;
        to.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1U + last);
        int fd = client_udp(&to); /* connected: an answer from elsewhere would not arrive */
        send_question(fd, &(struct question){.name = "www.example.com"});
        size_t len = receive(fd, out);
        assert_int_equal(out[len - 1], last);
        (void)close(fd);
    }
    stop(&r);
}

static void queries_that_come_before_the_first_root_wait_for_it(void **state)
{
    (void)state;
    struct running r;
    uint8_t out[2048];
    start(&r, "[::1]:0");
    fixture_value(&r.f, "Z1", "www.example.com", "AAAA", 60, "2001:db8::7");
    int udp = client_udp(&r.address);
    int tcp = client_tcp(&r.address);
    send_question(udp, &(struct question){.name = "www.example.com", .type = "AAAA"});
    apply(&r);
    size_t len = receive(udp, out);
    assert_int_equal(out[len - 1], 7);
    (void)close(udp);
    (void)close(tcp);
    stop(&r);
}

/* A client that asks all the time and counts answers that are not of one root. */
struct asker {
    pthread_t thread;
    struct net_address to;
    _Atomic bool is_over;
    _Atomic unsigned answers;
    _Atomic unsigned mixed;
};

static void *ask_all_the_time(void *arg)
{
    struct asker *a = arg;
    int fd = client_udp(&a->to);
    while (!atomic_load(&a->is_over)) {
        uint8_t out[2048];
        send_question(fd, &(struct question){.name = "www.example.com"});
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 1000) != 1)
            continue;
        ssize_t len = recv(fd, out, sizeof(out), 0);
        bool is_one_root = len > 32 && out[len - 1] == out[len - 17];
        atomic_fetch_add(is_one_root ? &a->answers : &a->mixed, 1);
    }
    (void)close(fd);
    return NULL;
}

static void roots_swap_under_load_and_every_answer_is_of_one(void **state)
{
    (void)state;
    struct running r;
    struct asker askers[2] = {0};
    start(&r, "127.0.0.1:0");
    for (unsigned i = 0; i < 300; i++)
        fixture_value(&r.f, "Z1", arena_printf(&r.f.arena, "name-%u.example.com", i), "TXT", 60,
                      "\"some text that fills the tree a little\"");
    for (unsigned version = 1; version <= 40; version++) {
        const char *first = arena_printf(&r.f.arena, "192.0.2.%u", version);
        const char *second = arena_printf(&r.f.arena, "198.51.100.%u", version);
        fixture_set(&r.f, "Z1", "www.example.com", "A", 60,
                    (const char *const[]){first, second, NULL});
        apply(&r);
        for (size_t i = 0; version == 1 && i < ARRAY_LEN(askers); i++) {
            askers[i].to = r.address;
            assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_all_the_time, &askers[i]),
                             0);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(askers); i++) {
        while (atomic_load(&askers[i].answers) < 100)
            (void)poll(NULL, 0, 1);
        atomic_store(&askers[i].is_over, true);
        assert_int_equal(pthread_join(askers[i].thread, NULL), 0);
        assert_int_equal(atomic_load(&askers[i].mixed), 0);
    }
    uint8_t sample[SAMPLE_MAX_BYTES];
    assert_true(sample_ring_get(r.context.samples, 0, sample) > 0);
    for (unsigned i = 0; i < 3; i++)
        assert_true(atomic_load(&beats[i]) > 0);
    stop(&r);
}

/* The question with its length before it. */
static struct slice framed(const struct question *q, uint8_t out[602])
{
    struct slice query = question_bytes(q, out + 2);
    out[0] = (uint8_t)(query.len >> 8);
    out[1] = (uint8_t)query.len;
    return slice_of(out, query.len + 2);
}

/* Reads one framed answer; its length, 0 at the end of the connection. */
static size_t receive_framed(int fd, uint8_t *out, size_t size)
{
    size_t have = 0;
    size_t wanted = 2;
    while (have < wanted) {
        assert_true(wait_readable(fd));
        ssize_t n = recv(fd, out + have, wanted - have, 0);
        if (n <= 0)
            return 0;
        have += (size_t)n;
        if (have == 2 && wanted == 2)
            wanted = 2 + ((size_t)out[0] << 8 | out[1]);
        assert_true(wanted <= size);
    }
    return have - 2;
}

static void tcp_answers_pipelined_and_trickling_queries_in_order(void **state)
{
    (void)state;
    struct running r;
    static uint8_t out[DNS_MESSAGE_MAX_BYTES + 2];
    uint8_t bytes[602];
    uint8_t batch[1800];
    size_t batch_len = 0;
    start(&r, "127.0.0.1:0");
    for (unsigned i = 1; i <= 3; i++)
        fixture_value(&r.f, "Z1", arena_printf(&r.f.arena, "h%u.example.com", i), "A", 60,
                      arena_printf(&r.f.arena, "192.0.2.%u", i));
    apply(&r);
    int fd = client_tcp(&r.address);
    for (unsigned i = 1; i <= 3; i++) {
        struct question q = {.name = arena_printf(&r.f.arena, "h%u.example.com", i)};
        struct slice query = framed(&q, bytes);
        memcpy(batch + batch_len, query.data, query.len);
        batch_len += query.len;
    }
    assert_int_equal(send(fd, batch, batch_len, 0), (ssize_t)batch_len);
    for (unsigned i = 1; i <= 3; i++) {
        size_t len = receive_framed(fd, out, sizeof(out));
        assert_int_equal(out[len + 1], i);
    }
    for (size_t i = 0; i < batch_len; i++)
        assert_int_equal(send(fd, batch + i, 1, 0), 1);
    for (unsigned i = 1; i <= 3; i++) {
        size_t len = receive_framed(fd, out, sizeof(out));
        assert_int_equal(out[len + 1], i);
    }
    /* A client that sends no more still gets what it asked for. */
    assert_int_equal(send(fd, batch, batch_len, 0), (ssize_t)batch_len);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    for (unsigned i = 1; i <= 3; i++)
        assert_true(receive_framed(fd, out, sizeof(out)) > 0);
    assert_int_equal(receive_framed(fd, out, sizeof(out)), 0);
    (void)close(fd);
    stop(&r);
}

static void a_client_that_does_not_read_is_answered_once_it_does(void **state)
{
    (void)state;
    struct running r;
    static uint8_t out[DNS_MESSAGE_MAX_BYTES + 2];
    uint8_t bytes[602];
    const char *values[101];
    start(&r, "127.0.0.1:0");
    for (unsigned i = 0; i < 100; i++)
        values[i] = arena_printf(&r.f.arena, "\"%0200u\"", i);
    values[100] = NULL;
    fixture_set(&r.f, "Z1", "big.example.com", "TXT", 60, values);
    apply(&r);
    int fd = client_tcp(&r.address);
    struct slice query =
        framed(&(struct question){.name = "big.example.com", .type = "TXT"}, bytes);
    /* 500 answers of 21 KB are more than all buffers take. */
    for (unsigned i = 0; i < 500; i++)
        assert_int_equal(send(fd, query.data, query.len, 0), (ssize_t)query.len);
    for (unsigned i = 0; i < 500; i++)
        assert_true(receive_framed(fd, out, sizeof(out)) > 20000);
    (void)close(fd);
    stop(&r);
}

static void junk_and_too_long_queries_end_a_connection(void **state)
{
    (void)state;
    static const uint8_t too_short[] = {0, 3, 1, 2, 3};
    static const uint8_t too_long[] = {0x10, 0x01, 1, 2, 3}; /* announces 4097 bytes */
    struct running r;
    uint8_t out[600];
    start(&r, "127.0.0.1:0");
    apply(&r);
    int fd = client_tcp(&r.address);
    assert_int_equal(send(fd, too_short, sizeof(too_short), 0), sizeof(too_short));
    assert_int_equal(receive_framed(fd, out, sizeof(out)), 0);
    (void)close(fd);
    fd = client_tcp(&r.address);
    assert_int_equal(send(fd, too_long, sizeof(too_long), 0), sizeof(too_long));
    assert_int_equal(receive_framed(fd, out, sizeof(out)), 0);
    (void)close(fd);
    stop(&r);
}

/* A client that asks more often than it may is answered up to there, and has to come back. */
static void expect_cut(const struct tcp_options *options, const struct net_address *bound,
                       struct slice query)
{
    struct tcp_server *server = NULL;
    uint8_t out[600];
    unsigned answers = 0;
    assert_int_equal(tcp_server_start(options, &server, NULL), ERR_OK);
    tcp_server_open(server);
    int fd = client_tcp(bound);
    for (unsigned i = 0; i < 20; i++)
        (void)send(fd, query.data, query.len, MSG_NOSIGNAL);
    while (receive_framed(fd, out, sizeof(out)) > 0)
        answers++;
    assert_in_range(answers, 5, 19);
    (void)close(fd);
    tcp_server_free(server);
}

/* A TCP server alone, with limits of a test. */
static void tcp_limits_close_idle_oldest_and_greedy_connections(void **state)
{
    (void)state;
    struct fixture f;
    uint8_t out[600];
    uint8_t bytes[602];
    int listen_fd;
    struct net_address wanted;
    struct net_address bound;
    struct role_context context = {.loop = loop_new(false)};
    struct dns_service service = {.context = &context, .busy_threads = 1};
    struct net_listen_options options = {0};
    struct tcp_server *server = NULL;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    struct world *world = fixture_world(&f);
    service_init(&service);
    service_set_part(&service, scene_set_world, world);
    assert_int_equal(net_address_parse(slice_str("127.0.0.1:0"), &wanted, NULL), ERR_OK);
    assert_int_equal(net_listen_tcp(&wanted, &options, &listen_fd, &bound, NULL), ERR_OK);
    struct tcp_options o = {.service = &service,
                            .listen_fds = &listen_fd,
                            .listen_count = 1,
                            .limits = {.connections = 3, .idle_ns = 300 * NS_PER_MS}};
    assert_int_equal(tcp_server_start(&o, &server, NULL), ERR_OK);
    tcp_server_open(server);
    struct slice query = framed(&(struct question){.name = "example.com", .type = "SOA"}, bytes);
    int fds[4];
    for (size_t i = 0; i < 4; i++) {
        fds[i] = client_tcp(&bound);
        assert_int_equal(send(fds[i], query.data, query.len, 0), (ssize_t)query.len);
        assert_true(receive_framed(fds[i], out, sizeof(out)) > 0);
    }
    assert_int_equal(receive_framed(fds[0], out, sizeof(out)), 0); /* the oldest made room */
    assert_int_equal(send(fds[3], query.data, query.len, 0), (ssize_t)query.len);
    assert_true(receive_framed(fds[3], out, sizeof(out)) > 0);
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(receive_framed(fds[i], out, sizeof(out)), 0); /* idle */
    for (size_t i = 0; i < 4; i++)
        (void)close(fds[i]);
    tcp_server_free(server);

    o.limits = (struct tcp_limits){.connections_per_client = 1};
    assert_int_equal(tcp_server_start(&o, &server, NULL), ERR_OK);
    tcp_server_open(server);
    fds[0] = client_tcp(&bound);
    assert_int_equal(send(fds[0], query.data, query.len, 0), (ssize_t)query.len);
    assert_true(receive_framed(fds[0], out, sizeof(out)) > 0);
    fds[1] = client_tcp(&bound);
    assert_int_equal(receive_framed(fds[1], out, sizeof(out)), 0);
    assert_int_equal(send(fds[0], query.data, query.len, 0), (ssize_t)query.len);
    assert_true(receive_framed(fds[0], out, sizeof(out)) > 0);
    (void)close(fds[0]);
    (void)close(fds[1]);
    tcp_server_free(server);

    o.limits = (struct tcp_limits){.queries_per_client_s = 5};
    expect_cut(&o, &bound, query);
    (void)close(listen_fd);
    service_fini(&service);
    world_free(world);
    loop_free(context.loop);
    fixture_fini(&f);
}

static void a_new_day_brings_new_secrets_of_cookies(void **state)
{
    (void)state;
    const int64_t day_s = 86400;
    struct fixture f;
    struct dns_service service = {0};
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    struct world *world = fixture_world(&f);
    service_init(&service);
    service_tick(&service, 0); /* nothing is served yet */
    assert_null(service.scene);
    service_set_part(&service, scene_set_world, world);
    int64_t now_unix_s = time_unix_ms() / MS_PER_S;
    assert_true(cookie_keys_are_current(&service.scene->cookies, now_unix_s));
    const struct scene *before = service.scene;
    service_tick(&service, now_unix_s);
    assert_ptr_equal(service.scene, before);
    service_tick(&service, now_unix_s + day_s);
    assert_true(cookie_keys_are_current(&service.scene->cookies, now_unix_s + day_s));
    assert_ptr_equal(service.scene->world, world);
    service_fini(&service);
    world_free(world);
    fixture_fini(&f);
}

static void a_drain_finishes_what_is_begun(void **state)
{
    (void)state;
    struct running r;
    uint8_t out[600];
    uint8_t bytes[602];
    start(&r, "127.0.0.1:0");
    apply(&r);
    struct slice query = framed(&(struct question){.name = "example.com", .type = "SOA"}, bytes);
    int idle = client_tcp(&r.address);
    int begun = client_tcp(&r.address);
    assert_int_equal(send(idle, query.data, query.len, 0), (ssize_t)query.len);
    assert_true(receive_framed(idle, out, sizeof(out)) > 0);
    assert_int_equal(send(begun, query.data, query.len, 0), (ssize_t)query.len);
    assert_true(receive_framed(begun, out, sizeof(out)) > 0);
    assert_int_equal(send(begun, query.data, 5, 0), 5);
    (void)poll(NULL, 0, 100); /* let the server read the five bytes */
    dns_role.drain(r.state);
    assert_int_equal(receive_framed(idle, out, sizeof(out)), 0);
    assert_int_equal(send(begun, query.data + 5, query.len - 5, 0), (ssize_t)query.len - 5);
    assert_true(receive_framed(begun, out, sizeof(out)) > 0);
    assert_int_equal(receive_framed(begun, out, sizeof(out)), 0);
    (void)close(idle);
    (void)close(begun);
    loop_run(r.context.loop);
    dns_role.stop(r.state);
    close_sockets(&r);
    loop_free(r.context.loop);
    settings_fini(&r.settings);
    fixture_fini(&r.f);
}

static void the_plan_refuses_what_it_cannot_serve(void **state)
{
    (void)state;
    static const char *const bad[][4] = {
        {"--dns", "localhost", "--dns-threads", "1"},
        {"--dns", "127.0.0.1:1,127.0.0.1:2", "--dns-threads", "128"},
    };
    for (size_t i = 0; i <= ARRAY_LEN(bad); i++) {
        const char *good[] = {"--dns", "127.0.0.1:1,127.0.0.1:2", "--dns-threads", "127"};
        char *no_environment[] = {NULL};
        struct settings settings;
        struct errctx ec = {0};
        struct role_socket *sockets;
        size_t count = 0;
        unsigned threads = 0;
        bool is_good = i == ARRAY_LEN(bad);
        assert_int_equal(settings_load(&settings, is_good ? (const char *const *)good : bad[i], 4,
                                       no_environment, &ec),
                         ERR_OK);
        enum err e = dns_role.plan(&settings, &sockets, &count, &threads, &ec);
        assert_int_equal(e, is_good ? ERR_OK : ERR_INVALID);
        if (is_good)
            assert_true(count == 4 && threads == 127);
        settings_fini(&settings);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(udp_answers_from_the_address_asked),
        cmocka_unit_test(queries_that_come_before_the_first_root_wait_for_it),
        cmocka_unit_test(roots_swap_under_load_and_every_answer_is_of_one),
        cmocka_unit_test(tcp_answers_pipelined_and_trickling_queries_in_order),
        cmocka_unit_test(a_client_that_does_not_read_is_answered_once_it_does),
        cmocka_unit_test(junk_and_too_long_queries_end_a_connection),
        cmocka_unit_test(tcp_limits_close_idle_oldest_and_greedy_connections),
        cmocka_unit_test(a_new_day_brings_new_secrets_of_cookies),
        cmocka_unit_test(a_drain_finishes_what_is_begun),
        cmocka_unit_test(the_plan_refuses_what_it_cannot_serve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
