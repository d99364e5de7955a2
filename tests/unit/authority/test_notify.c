// SPDX-License-Identifier: Apache-2.0
// NOTIFY to a socket of the test: said until it is answered, and again when the serial rises.
#include "authority/notify.h"

#include "authority/limits.h"
#include "dns/message.h"
#include "fixture.h"
#include "net/socket.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_NS (5 * NS_PER_MS)
#define QUIET_NS (100 * NS_PER_MS)

/* The secondary: counts what it is told, and answers where it is asked to. */
struct secondary {
    struct loop *loop;
    struct loop_io io;
    struct loop_timer quiet; /* nothing came for a while: the loop ends */
    int fd;
    uint16_t port;
    unsigned heard;
    bool answers;
    uint8_t last[512];
};

static void end_of_quiet(struct loop_timer *timer)
{
    loop_stop(((struct secondary *)timer->user)->loop);
}

static void on_message(struct loop_io *io, unsigned events)
{
    struct secondary *s = io->user;
    struct net_address from = {.len = sizeof(from.in6)};
    (void)events;
    ssize_t len = recvfrom(s->fd, s->last, sizeof(s->last), 0, &from.sa, &from.len);
    if (len < DNS_HEADER_BYTES)
        return;
    s->heard++;
    loop_timer_set(s->loop, &s->quiet, QUIET_NS, 0);
    if (!s->answers)
        return;
    uint8_t answer[512];
    memcpy(answer, s->last, (size_t)len);
    answer[2] |= 0x80;
    assert_int_equal(sendto(s->fd, answer, (size_t)len, 0, &from.sa, from.len), len);
}

static void open_secondary(struct secondary *s)
{
    struct net_address any = {.in = {.sin_family = AF_INET}, .len = sizeof(any.in)};
    struct net_address bound;
    *s = (struct secondary){.loop = loop_new(false)};
    any.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const struct net_listen_options options = {0};
    assert_int_equal(net_bind_udp(&any, &options, &s->fd, &bound, NULL), ERR_OK);
    s->port = net_address_port(&bound);
    s->io = (struct loop_io){.on_ready = on_message, .user = s};
    s->quiet = (struct loop_timer){.on_time = end_of_quiet, .user = s};
    loop_io_set(s->loop, &s->io, s->fd, LOOP_READ);
}

static void close_secondary(struct secondary *s)
{
    loop_io_stop(&s->io);
    loop_timer_stop(&s->quiet);
    (void)close(s->fd);
    loop_free(s->loop);
}

/* Runs until nothing was heard for a while; how much was. */
static unsigned run(struct secondary *s)
{
    s->heard = 0;
    loop_timer_set(s->loop, &s->quiet, QUIET_NS, 0);
    loop_run(s->loop);
    return s->heard;
}

struct zone_of_test {
    struct fixture f;
    struct release_transfer *transfer;
    struct release_notify target;
};

static void make_zone(struct zone_of_test *z, uint16_t port)
{
    static struct release_prefix everyone[] = {{.bytes = 4}};
    fixture_init(&z->f);
    struct release_zone *zone = fixture_whole_zone(&z->f, "Z1", "example.com");
    z->target = (struct release_notify){.address = {127, 0, 0, 1}, .bytes = 4, .port = port};
    z->transfer = ARENA_NEW(&z->f.arena, struct release_transfer);
    *z->transfer = (struct release_transfer){.serial = 1,
                                             .prefixes = everyone,
                                             .prefix_count = 1,
                                             .notify = &z->target,
                                             .notify_count = 1};
    zone->transfer = z->transfer;
}

static void update(struct zone_of_test *z, struct notify *n)
{
    struct world *w = fixture_world(&z->f);
    notify_update(n, notify_list_of(w));
    world_free(w);
}

static void a_secondary_that_answers_is_told_once_for_each_serial(void **state)
{
    (void)state;
    struct secondary s;
    struct zone_of_test z;
    open_secondary(&s);
    s.answers = true;
    make_zone(&z, s.port);
    const struct notify_options options = {.loop = s.loop, .wait_ns = WAIT_NS};
    struct notify *n = notify_new(&options);
    update(&z, n);
    assert_int_equal(run(&s), 1);
    assert_int_equal(s.last[2] >> 3, DNS_OPCODE_NOTIFY);
    assert_memory_equal(s.last + DNS_HEADER_BYTES, "\7example\3com\0\0\6\0\1", 17);
    update(&z, n);
    assert_int_equal(run(&s), 0);
    z.transfer->serial++;
    update(&z, n);
    assert_int_equal(run(&s), 1);
    z.transfer->notify_count = 0;
    z.transfer->serial++;
    update(&z, n);
    assert_int_equal(run(&s), 0);
    notify_free(n);
    fixture_fini(&z.f);
    close_secondary(&s);
}

static void a_silent_one_is_told_again_a_few_times(void **state)
{
    (void)state;
    struct secondary s;
    struct zone_of_test z;
    open_secondary(&s);
    make_zone(&z, s.port);
    const struct notify_options options = {.loop = s.loop, .wait_ns = WAIT_NS / 5};
    struct notify *n = notify_new(&options);
    update(&z, n);
    assert_int_equal(run(&s), NOTIFY_TRIES);
    s.answers = true;
    update(&z, n); /* it is left alone until the serial is another one */
    assert_int_equal(run(&s), 0);
    z.transfer->serial++;
    update(&z, n);
    assert_int_equal(run(&s), 1);
    notify_free(n);
    fixture_fini(&z.f);
    close_secondary(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secondary_that_answers_is_told_once_for_each_serial),
        cmocka_unit_test(a_silent_one_is_told_again_a_few_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
