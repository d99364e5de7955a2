// SPDX-License-Identifier: Apache-2.0
// NOTIFY. Everything here but notify_list_of runs on the main loop of the role.
//
//     IDLE ---- the serial rose ----> DUE ---- a place is free ----> ASKING -- answered --> IDLE
//                                      ^                               |
//                                      +-- the serial rose meanwhile --+-- no answer --> IDLE
//
// Invariants:
//   1. At most NOTIFY_PENDING_MAX targets are ASKING; each of these has a socket and a timer.
//   2. A target that was told, or could not be, is left alone until the serial changes.
#include "authority/notify.h"

#include "authority/limits.h"
#include "authority/tsig.h"
#include "authority/tsig_watch.h"
#include "base/alloc.h"
#include "base/check.h"
#include "base/map.h"
#include "base/random.h"
#include "dns/message.h"
#include "metrics/counters.h"
#include "metrics/log.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define RESPONSE_MAX_BYTES 4096

/** One row of a list: a zone and somebody who is told of it. */
struct notify_row {
    struct dns_name apex;
    uint32_t serial;
    struct net_address address;
    struct dns_name key; /* len 0: unsigned */
};

struct notify_list {
    size_t count;
    struct notify_row rows[];
};

/** A target over all worlds. */
struct target {
    struct notify *notify;
    struct notify_row row; /* as the newest world says */
    bool is_wanted;        /* the newest world has it */
    bool is_told;          /* of told_serial, or nobody answered */
    uint32_t told_serial;
    bool is_asking;
    uint32_t asked_serial;
    unsigned tries;
    uint16_t id;
    int fd;
    struct loop_io io;
    struct loop_timer timer;
    struct tsig_session session;
    bool is_signed;
};

struct notify {
    struct notify_options options;
    struct map targets; /* struct target by zone and address */
    unsigned asking;
    struct prng prng;
};

static struct net_address address_of(const struct release_notify *from)
{
    struct net_address to = {.len = 0};
    if (from->bytes == 4) {
        to.in.sin_family = AF_INET;
        memcpy(&to.in.sin_addr, from->address, 4);
        to.len = sizeof(to.in);
    } else {
        to.in6.sin6_family = AF_INET6;
        memcpy(&to.in6.sin6_addr, from->address, 16);
        to.len = sizeof(to.in6);
    }
    net_address_set_port(&to, from->port);
    return to;
}

static struct dns_name name_of(struct slice wire)
{
    struct dns_name name = {.len = (uint8_t)wire.len};
    if (wire.len > 0)
        memcpy(name.wire, wire.data, wire.len);
    return name;
}

static void add_rows(const struct zone *zone, struct notify_list *list)
{
    const struct release_transfer *transfer = zone->transfer;
    for (size_t i = 0; i < transfer->notify_count && list->count < NOTIFY_TARGETS_MAX; i++)
        list->rows[list->count++] = (struct notify_row){.apex = name_of(zone->apex),
                                                        .serial = transfer->serial,
                                                        .address = address_of(&transfer->notify[i]),
                                                        .key = name_of(transfer->notify[i].key)};
}

struct notify_list *notify_list_of(const struct world *w)
{
    size_t count = 0;
    const struct zone_table *zones = w->zones;
    for (size_t i = 0; i < zones->zone_count; i++)
        count += zones->zones[i]->transfer == NULL ? 0 : zones->zones[i]->transfer->notify_count;
    struct notify_list *list = mem_new(1, sizeof(*list) + count * sizeof(struct notify_row));
    for (size_t i = 0; i < zones->zone_count; i++) {
        if (zones->zones[i]->transfer != NULL)
            add_rows(zones->zones[i], list);
    }
    return list;
}

void notify_list_free(struct notify_list *list)
{
    free(list);
}

/* --- one message --- */

/* Header, question SOA, and the SOA's owner is enough: the serial is asked for (section 3.7). */
static size_t write_request(struct target *t, uint8_t out[DNS_UDP_PLAIN_BYTES * 2])
{
    const uint8_t flags_high = DNS_OPCODE_NOTIFY << 3 | DNS_FLAG_AA >> 8;
    const uint8_t header[DNS_HEADER_BYTES] = {
        (uint8_t)(t->id >> 8), (uint8_t)t->id, flags_high, 0, 0, 1};
    const uint8_t question[] = {0, DNS_TYPE_SOA, 0, DNS_CLASS_IN};
    size_t len = sizeof(header);
    memcpy(out, header, sizeof(header));
    memcpy(out + len, t->row.apex.wire, t->row.apex.len);
    len += t->row.apex.len;
    memcpy(out + len, question, sizeof(question));
    len += sizeof(question);
    const struct tsig_key *key =
        tsig_keys_find(tsig_watch_keys(t->notify->options.keys), dns_name_slice(&t->row.key));
    t->is_signed = key != NULL;
    if (key == NULL)
        return len;
    tsig_begin_request(&t->session, key, t->id);
    return tsig_sign(&t->session, out, len, time_unix_ms() / MS_PER_S);
}

static void log_target(enum log_level level, const char *event, const struct target *t)
{
    char zone[DNS_NAME_TEXT_SIZE];
    char address[NET_ADDRESS_TEXT_SIZE];
    (void)dns_name_format(dns_name_slice(&t->row.apex), zone);
    net_address_format(&t->row.address, address);
    LOG(level, event, LOG_STR("zone", zone), LOG_STR("target", address),
        LOG_U64("serial", t->asked_serial));
}

static void start_due(struct notify *n);

/* Stops asking; the target is left alone until its serial is another one. */
static void finish(struct target *t, bool is_acknowledged)
{
    loop_io_stop(&t->io);
    loop_timer_stop(&t->timer);
    if (t->fd >= 0)
        (void)close(t->fd);
    t->fd = -1;
    t->is_asking = false;
    t->is_told = true;
    t->told_serial = t->asked_serial;
    t->notify->asking--;
    metrics_add(is_acknowledged ? METRIC_DNS_NOTIFY_ACKNOWLEDGED : METRIC_DNS_NOTIFY_FAILED, 1);
    log_target(is_acknowledged ? LOG_DEBUG : LOG_WARNING,
               is_acknowledged ? "secondary notified" : "secondary does not answer NOTIFY", t);
}

static void send_request(struct target *t)
{
    uint8_t message[DNS_UDP_PLAIN_BYTES * 2];
    size_t len = write_request(t, message);
    int64_t wait_ns = t->notify->options.wait_ns << t->tries;
    t->tries++;
    metrics_add(METRIC_DNS_NOTIFY_SENT, 1);
    (void)send(t->fd, message, len, MSG_NOSIGNAL | MSG_DONTWAIT); /* a loss is made up by tries */
    loop_timer_set(t->notify->options.loop, &t->timer, wait_ns, 0);
}

static void on_timeout(struct loop_timer *timer)
{
    struct target *t = timer->user;
    if (t->tries < NOTIFY_TRIES) {
        send_request(t);
        return;
    }
    finish(t, false);
    start_due(t->notify);
}

/* Whether the bytes answer the request; who signs asks for a signature. */
static bool is_answer(const struct target *t, struct slice bytes)
{
    if (bytes.len < DNS_HEADER_BYTES)
        return false;
    bool is_ours = (bytes.data[0] << 8 | bytes.data[1]) == t->id && (bytes.data[2] & 0x80) != 0 &&
                   (bytes.data[2] >> 3 & 15) == DNS_OPCODE_NOTIFY;
    return is_ours &&
           (!t->is_signed || tsig_check_response(&t->session, bytes, time_unix_ms() / MS_PER_S));
}

static void on_ready(struct loop_io *io, unsigned events)
{
    (void)events;
    struct target *t = io->user;
    uint8_t bytes[RESPONSE_MAX_BYTES];
    ssize_t len = recv(t->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (len < 0 || !is_answer(t, slice_of(bytes, (size_t)len)))
        return;
    bool is_good = (bytes[3] & 15) == DNS_RCODE_NOERROR;
    finish(t, is_good);
    start_due(t->notify);
}

static const struct net_address *source_for(const struct notify *n, const struct net_address *to)
{
    for (size_t i = 0; i < n->options.source_count; i++) {
        const struct net_address *source = &n->options.sources[i];
        if (source->sa.sa_family == to->sa.sa_family && !net_address_is_wildcard(source))
            return source;
    }
    return NULL;
}

/* A socket that only this target answers, from the address that it knows as its primary. */
static int open_socket(const struct notify *n, const struct net_address *to)
{
    const struct net_address *source = source_for(n, to);
    int fd = socket(to->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (source != NULL) {
        struct net_address from = *source;
        net_address_set_port(&from, 0);
        (void)bind(fd, &from.sa, from.len); /* else from where the route leads */
    }
    if (connect(fd, &to->sa, to->len) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static void ask(struct target *t)
{
    struct notify *n = t->notify;
    t->fd = open_socket(n, &t->row.address);
    t->is_asking = true;
    t->asked_serial = t->row.serial;
    t->tries = 0;
    t->id = (uint16_t)prng_next(&n->prng);
    n->asking++;
    if (t->fd < 0) {
        finish(t, false);
        return;
    }
    loop_io_set(n->options.loop, &t->io, t->fd, LOOP_READ);
    send_request(t);
}

static bool is_due(const struct target *t)
{
    return t->is_wanted && !t->is_asking && (!t->is_told || t->told_serial != t->row.serial);
}

static void start_due(struct notify *n)
{
    size_t cursor = 0;
    const struct map_entry *entry;
    while (n->asking < NOTIFY_PENDING_MAX && (entry = map_next(&n->targets, &cursor)) != NULL) {
        if (is_due(entry->value))
            ask(entry->value);
    }
}

static struct slice key_of(const struct notify_row *row, struct buf *out)
{
    buf_append(out, dns_name_slice(&row->apex));
    buf_append(out, dns_name_slice(&row->key));
    buf_append(out, slice_of(&row->address, row->address.len));
    return buf_slice(out);
}

static struct target *target_of(struct notify *n, const struct notify_row *row)
{
    AUTO_BUF struct buf key = {0};
    struct slice bytes = key_of(row, &key);
    struct target *t = map_get(&n->targets, bytes);
    if (t != NULL)
        return t;
    t = NEW(struct target);
    t->notify = n;
    t->fd = -1;
    t->io = (struct loop_io){.on_ready = on_ready, .user = t};
    t->timer = (struct loop_timer){.on_time = on_timeout, .user = t};
    map_put(&n->targets, bytes, t);
    return t;
}

/* Forgets whom no world names any more, once they are not being asked. */
static void forget_unwanted(struct notify *n)
{
    AUTO_BUF struct buf key = {0};
    size_t cursor = 0;
    const struct map_entry *entry = map_next(&n->targets, &cursor);
    while (entry != NULL) {
        struct target *t = entry->value;
        if (t->is_wanted || t->is_asking) {
            entry = map_next(&n->targets, &cursor);
            continue;
        }
        buf_clear(&key);
        map_remove(&n->targets, key_of(&t->row, &key));
        free(t);
        cursor = 0; /* a removal moves entries */
        entry = map_next(&n->targets, &cursor);
    }
}

void notify_update(struct notify *n, struct notify_list *list)
{
    size_t cursor = 0;
    const struct map_entry *entry;
    while ((entry = map_next(&n->targets, &cursor)) != NULL)
        ((struct target *)entry->value)->is_wanted = false;
    for (size_t i = 0; i < list->count; i++) {
        struct target *t = target_of(n, &list->rows[i]);
        t->row = list->rows[i];
        t->is_wanted = true;
    }
    notify_list_free(list);
    forget_unwanted(n);
    start_due(n);
}

struct notify *notify_new(const struct notify_options *options)
{
    struct notify *n = NEW(struct notify);
    n->options = *options;
    if (n->options.wait_ns == 0)
        n->options.wait_ns = NOTIFY_WAIT_NS;
    map_init(&n->targets);
    prng_init(&n->prng);
    return n;
}

void notify_free(struct notify *n)
{
    if (n == NULL)
        return;
    size_t cursor = 0;
    const struct map_entry *entry;
    while ((entry = map_next(&n->targets, &cursor)) != NULL) {
        struct target *t = entry->value;
        loop_io_stop(&t->io);
        loop_timer_stop(&t->timer);
        if (t->fd >= 0)
            (void)close(t->fd);
        free(t);
    }
    map_fini(&n->targets);
    free(n);
}
