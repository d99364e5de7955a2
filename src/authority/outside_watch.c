// SPDX-License-Identifier: Apache-2.0
// The life of outside targets. Everything runs on the main loop of the role, but for what other
// threads ask for under the lock, and the writing of the file, which a worker does.
//
//                 reply: addresses             refresh before the TTL ends
//     UNKNOWN ----------------------> FRESH <------------------------------+
//        |  \                        ^  |  \ reply: a failure              |
//        |   \ reply: no address     |  |   +------------> KEPT -- retry --+
//        |    +----------------> ABSENT                     | kept for too long
//        +-- reply: a failure ---------------> FAILED <-----+
//
// 1. A name is queued, or it is being asked for, or its timer runs: exactly one of these.
// 2. At most OUTSIDE_QUESTIONS_MAX questions are under way.
// 3. A published table never changes, and is freed after the next one took its place.
// 4. What the file had is used once: by the name that appears first with its key.
#include "authority/outside_watch.h"

#include "authority/limits.h"
#include "authority/outside_store.h"
#include "base/alloc.h"
#include "base/check.h"
#include "base/list.h"
#include "base/map.h"
#include "base/random.h"
#include "dns/name.h"
#include "metrics/counters.h"
#include "metrics/log.h"
#include "net/limits.h"
#include "net/resolver_channel.h"
#include "os/file.h"
#include "os/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define FILE_MODE 0600
#define ADDRESS_MAX_BYTES 16

/** One outside target. */
struct outside_name {
    struct resolver_question question;
    struct outside_watch *watch;
    struct list node;        /* in watch.due while queued */
    struct loop_timer timer; /* until it is asked for again */
    uint16_t type;
    struct dns_name name;
    struct outside_learned learned; /* count 0: nothing; its name and addresses are below */
    uint8_t addresses[RESOLVER_ADDRESSES_MAX * ADDRESS_MAX_BYTES];
    enum outside_state state;
    unsigned failures;  /* in a row */
    bool is_settled;    /* was asked for once, or the file had it */
    bool is_held;       /* a root refers to it */
    int64_t dropped_ns; /* when the last root that did was freed; monotonic */
};

/** What of the names other threads wait for; under the lock. */
struct outside_progress {
    uint64_t looks_asked;
    uint64_t looks_done;
    size_t unsettled; /* names that were never asked for */
    bool is_dirty;    /* something is to be published */
};

/** The writing of the file, one at a time. */
struct outside_save {
    struct pool_job job;
    struct outside_watch *watch;
    struct buf text;
    enum err result;
    struct errctx failure;
    bool is_under_way;
};

struct outside_watch {
    struct outside_watch_options options;
    char *path;
    struct resolver_channel *channel;
    struct pool *pool;           /* of one worker */
    struct outside_name **names; /* by number; NULL: none */
    uint32_t name_slots;
    size_t name_count;
    struct list due; /* of struct outside_name */
    size_t question_count;
    bool is_asking; /* ask_due is on the stack */
    struct prng prng;

    struct arena saved_arena; /* what the file had, until the first names came */
    struct map saved;         /* key of a name to struct outside_learned */

    struct outside_table *table; /* published last */
    struct loop_timer publish_timer;
    int64_t published_ns;
    struct loop_timer save_timer;
    struct outside_save save;
    size_t logged_kept; /* what the last line of the log said */
    size_t logged_unresolved;
    bool has_refused;

    pthread_mutex_t lock;
    pthread_cond_t cond;
    struct outside_progress progress;
    _Atomic bool is_look_posted;
};

static int64_t now_unix_s(void)
{
    return time_unix_ms() / MS_PER_S;
}

static size_t address_bytes(uint16_t type)
{
    return type == DNS_TYPE_AAAA ? 16 : 4;
}

/* Progress in steps: `unsettled` more names, and whether there is something to publish. */
static void progress_note(struct outside_watch *w, int unsettled, bool is_dirty)
{
    (void)pthread_mutex_lock(&w->lock);
    w->progress.unsettled = (size_t)((int64_t)w->progress.unsettled + unsettled);
    w->progress.is_dirty = is_dirty;
    (void)pthread_cond_broadcast(&w->cond);
    (void)pthread_mutex_unlock(&w->lock);
}

static struct outside_answer answer_of(const struct outside_name *n)
{
    uint32_t most_s = n->state == OUTSIDE_KEPT ? OUTSIDE_KEPT_TTL_MAX_S : OUTSIDE_TTL_MAX_S;
    return (struct outside_answer){.type = n->type,
                                   .state = n->state,
                                   .ttl_s = min_u32(n->learned.ttl_s, most_s),
                                   .addresses = n->addresses,
                                   .count = n->learned.count};
}

/* Says in the log when another number of names fails than before. */
static void log_state(struct outside_watch *w, size_t kept, size_t unresolved)
{
    if (kept == w->logged_kept && unresolved == w->logged_unresolved)
        return;
    w->logged_kept = kept;
    w->logged_unresolved = unresolved;
    const struct log_field fields[] = {LOG_U64("names", w->name_count), LOG_U64("kept", kept),
                                       LOG_U64("unresolved", unresolved)};
    log_write(kept + unresolved > 0 ? LOG_WARNING : LOG_INFO, "outside names", fields,
              ARRAY_LEN(fields));
}

static void publish(struct outside_watch *w)
{
    size_t kept = 0;
    size_t unresolved = 0;
    struct outside_answer *answers = mem_new(w->name_slots, sizeof(*answers));
    for (uint32_t i = 0; i < w->name_slots; i++) {
        const struct outside_name *n = w->names[i];
        if (n == NULL)
            continue;
        answers[i] = answer_of(n);
        kept += n->state == OUTSIDE_KEPT;
        unresolved += n->learned.count == 0;
    }
    struct outside_table *before = w->table;
    w->table = outside_table_new(answers, w->name_slots);
    free(answers);
    w->options.publish(w->options.user, w->table);
    outside_table_free(before);
    w->published_ns = time_monotonic_ns();
    metrics_set(METRIC_DNS_OUTSIDE_NAMES, w->name_count);
    metrics_set(METRIC_DNS_OUTSIDE_KEPT, kept);
    metrics_set(METRIC_DNS_OUTSIDE_UNRESOLVED, unresolved);
    log_state(w, kept, unresolved);
    progress_note(w, 0, false);
}

static void on_publish_time(struct loop_timer *timer)
{
    publish(timer->user);
}

static void arm_save(struct outside_watch *w)
{
    if (w->save_timer.loop == NULL && !w->save.is_under_way)
        loop_timer_set(w->options.loop, &w->save_timer, OUTSIDE_SAVE_APART_NS, 0);
}

/* Something that queries see changed; `settled` names were settled by it. */
static void note_change(struct outside_watch *w, int settled)
{
    progress_note(w, -settled, true);
    arm_save(w);
    if (w->publish_timer.loop != NULL)
        return;
    int64_t wait_ns = w->published_ns + OUTSIDE_PUBLISH_APART_NS - time_monotonic_ns();
    wait_ns = wait_ns > OUTSIDE_PUBLISH_SOON_NS ? wait_ns : OUTSIDE_PUBLISH_SOON_NS;
    loop_timer_set(w->options.loop, &w->publish_timer, wait_ns, 0);
}

static void write_text(const struct outside_watch *w, struct buf *out)
{
    outside_store_begin(out);
    for (uint32_t i = 0; i < w->name_slots; i++) {
        if (w->names[i] != NULL && w->names[i]->learned.count > 0)
            outside_store_add(out, &w->names[i]->learned);
    }
    outside_store_end(out);
}

/* On the worker. */
static void save_run(struct pool_job *job, void *worker_state)
{
    struct outside_save *save = CONTAINER_OF(job, struct outside_save, job);
    (void)worker_state;
    save->failure = (struct errctx){0};
    save->result =
        file_replace(save->watch->path, buf_slice(&save->text), FILE_MODE, &save->failure);
}

static void save_done(struct pool_job *job)
{
    struct outside_save *save = CONTAINER_OF(job, struct outside_save, job);
    const struct log_field fields[] = {LOG_ERR(&save->failure)};
    if (save->result != ERR_OK)
        log_write(LOG_WARNING, "outside addresses not saved", fields, ARRAY_LEN(fields));
    save->is_under_way = false;
}

static void on_save_time(struct loop_timer *timer)
{
    struct outside_watch *w = timer->user;
    CHECK(!w->save.is_under_way);
    buf_clear(&w->save.text);
    write_text(w, &w->save.text);
    w->save.is_under_way = pool_submit(w->pool, &w->save.job);
}

/* Forgets addresses that stood for too long after their TTL. */
static void expire(struct outside_name *n)
{
    int64_t until_s = n->learned.learned_unix_s + n->learned.ttl_s + n->watch->options.keep_s;
    if (now_unix_s() >= until_s)
        n->learned.count = 0;
}

static void learn(struct outside_name *n, const struct resolver_reply *reply)
{
    size_t bytes = address_bytes(n->type);
    n->learned.learned_unix_s = now_unix_s();
    n->learned.ttl_s = reply->ttl_s;
    n->learned.count = (unsigned)reply->count;
    for (size_t i = 0; i < reply->count; i++) {
        const struct net_address *address = &reply->addresses[i];
        const void *from = n->type == DNS_TYPE_AAAA ? (const void *)&address->in6.sin6_addr
                                                    : (const void *)&address->in.sin_addr;
        memcpy(n->addresses + i * bytes, from, bytes);
    }
}

/* A share of the time, at random later, so that names do not stay together. */
static int64_t jittered(struct outside_watch *w, int64_t time_ns)
{
    int64_t percent = OUTSIDE_REFRESH_PERCENT + prng_below(&w->prng, OUTSIDE_JITTER_PERCENT + 1);
    return time_ns / 100 * percent;
}

/* Takes the outcome; returns after how long the name is asked for again. */
static int64_t take_reply(struct outside_name *n, const struct resolver_reply *reply)
{
    struct outside_watch *w = n->watch;
    if (reply->result == ERR_OK) {
        learn(n, reply);
        n->state = OUTSIDE_FRESH;
        n->failures = 0;
        int64_t wait_ns = jittered(w, (int64_t)reply->ttl_s * NS_PER_S);
        wait_ns = wait_ns < OUTSIDE_REFRESH_MAX_NS ? wait_ns : OUTSIDE_REFRESH_MAX_NS;
        return wait_ns > OUTSIDE_REFRESH_MIN_NS ? wait_ns : OUTSIDE_REFRESH_MIN_NS;
    }
    if (reply->result == ERR_NOT_FOUND) {
        n->learned.count = 0;
        n->state = OUTSIDE_ABSENT;
        n->failures = 0;
        return jittered(w, OUTSIDE_ABSENT_RETRY_NS);
    }
    metrics_add(METRIC_DNS_OUTSIDE_FAILURES, 1);
    expire(n);
    n->state = n->learned.count > 0 ? OUTSIDE_KEPT : OUTSIDE_FAILED;
    unsigned doublings = min_u32(n->failures, OUTSIDE_RETRY_DOUBLINGS);
    n->failures++;
    return jittered(w, w->options.retry_ns << doublings);
}

static void ask_due(struct outside_watch *w);

static void on_reply(struct resolver_question *q, const struct resolver_reply *reply)
{
    struct outside_name *n = CONTAINER_OF(q, struct outside_name, question);
    struct outside_watch *w = n->watch;
    bool was_settled = n->is_settled;
    w->question_count--;
    int64_t wait_ns = take_reply(n, reply);
    n->is_settled = true;
    loop_timer_set(w->options.loop, &n->timer, wait_ns, 0);
    note_change(w, was_settled ? 0 : 1);
    ask_due(w);
}

/* Host names have letters, digits, hyphens and underscores; a resolver is asked for no other. */
static bool is_host_name(const struct dns_name *name)
{
    char text[DNS_NAME_TEXT_SIZE];
    size_t len = dns_name_format(dns_name_slice(name), text);
    return len > 1 && memchr(text, '\\', len) == NULL;
}

static void ask(struct outside_name *n)
{
    static const struct resolver_reply no_host = {.result = ERR_NOT_FOUND, .why = "no host name"};
    char text[DNS_NAME_TEXT_SIZE];
    struct outside_watch *w = n->watch;
    w->question_count++;
    if (!is_host_name(&n->name)) {
        on_reply(&n->question, &no_host);
        return;
    }
    (void)dns_name_format(dns_name_slice(&n->name), text);
    metrics_add(METRIC_DNS_OUTSIDE_QUESTIONS, 1);
    resolver_channel_ask(w->channel, &n->question, text,
                         n->type == DNS_TYPE_AAAA ? RESOLVER_V6 : RESOLVER_V4);
}

/* Asks for what is queued, as far as questions may be under way; a reply may come at once. */
static void ask_due(struct outside_watch *w)
{
    if (w->is_asking)
        return;
    w->is_asking = true;
    while (w->question_count < OUTSIDE_QUESTIONS_MAX && !list_is_empty(&w->due)) {
        struct outside_name *n = LIST_FIRST(&w->due, struct outside_name, node);
        list_remove(&n->node);
        ask(n);
    }
    w->is_asking = false;
}

static void name_drop(struct outside_watch *w, uint32_t number)
{
    struct outside_name *n = w->names[number];
    w->names[number] = NULL;
    w->name_count--;
    loop_timer_stop(&n->timer);
    free(n);
}

static uint32_t number_of(const struct outside_name *n)
{
    for (uint32_t i = 0; i < n->watch->name_slots; i++) {
        if (n->watch->names[i] == n)
            return i;
    }
    CHECK(false);
    return 0;
}

static void on_name_time(struct loop_timer *timer)
{
    struct outside_name *n = timer->user;
    struct outside_watch *w = n->watch;
    int64_t unused_ns = time_monotonic_ns() - n->dropped_ns;
    if (!n->is_held && unused_ns >= w->options.keep_unused_ns) {
        name_drop(w, number_of(n));
        note_change(w, 0);
        return;
    }
    list_push_back(&w->due, &n->node);
    ask_due(w);
}

/* What the file had of the name. */
static void take_saved(struct outside_name *n, struct slice key)
{
    const struct outside_learned *saved = map_remove(&n->watch->saved, key);
    if (saved == NULL)
        return;
    n->learned.learned_unix_s =
        saved->learned_unix_s < now_unix_s() ? saved->learned_unix_s : now_unix_s();
    n->learned.ttl_s = saved->ttl_s;
    n->learned.count = saved->count;
    memcpy(n->addresses, saved->addresses, saved->count * address_bytes(n->type));
    expire(n);
    n->state = n->learned.count > 0 ? OUTSIDE_KEPT : OUTSIDE_UNKNOWN;
    n->is_settled = n->learned.count > 0;
}

/* A name that a root refers to for the first time. */
static void name_add(struct outside_watch *w, uint32_t number)
{
    AUTO_ARENA struct arena a = {0};
    struct slice key = registry_name(w->options.registry, &a, number);
    uint16_t type_be;
    memcpy(&type_be, key.data, sizeof(type_be));
    struct slice wire = slice_sub(key, sizeof(type_be), key.len - sizeof(type_be));
    struct outside_name *n = NEW(struct outside_name);
    CHECK(wire.len <= sizeof(n->name.wire));
    n->watch = w;
    n->type = be16toh(type_be);
    n->name.len = (uint8_t)wire.len;
    memcpy(n->name.wire, wire.data, wire.len);
    n->learned = (struct outside_learned){
        .type = n->type, .name = dns_name_slice(&n->name), .addresses = n->addresses};
    n->question.on_reply = on_reply;
    n->timer = (struct loop_timer){.on_time = on_name_time, .user = n};
    n->is_held = true;
    take_saved(n, key);
    w->names[number] = n;
    w->name_count++;
    list_push_back(&w->due, &n->node);
    if (n->is_settled)
        note_change(w, 0);
    else
        progress_note(w, 1, true);
}

static void refuse(struct outside_watch *w)
{
    const struct log_field fields[] = {LOG_U64("limit", OUTSIDE_NAMES_MAX)};
    metrics_add(METRIC_DNS_OUTSIDE_REFUSED, 1);
    if (!w->has_refused)
        log_write(LOG_ERROR, "too many outside names", fields, ARRAY_LEN(fields));
    w->has_refused = true;
}

/* Whether the number is held as it was before, and what follows from that. */
static void look_at(struct outside_watch *w, uint32_t number, bool is_held)
{
    struct outside_name *n = w->names[number];
    if (n == NULL) {
        if (is_held && w->name_count < OUTSIDE_NAMES_MAX)
            name_add(w, number);
        else if (is_held)
            refuse(w);
        return;
    }
    if (n->is_held && !is_held)
        n->dropped_ns = time_monotonic_ns();
    n->is_held = is_held;
}

static void grow(struct outside_watch *w, uint32_t slots)
{
    struct outside_name **names = mem_new(slots, sizeof(*names));
    if (w->name_slots > 0)
        memcpy(names, w->names, w->name_slots * sizeof(*names));
    free(w->names);
    w->names = names;
    w->name_slots = slots;
}

/* Looks at all numbers of the registry. */
static void look(void *arg)
{
    struct outside_watch *w = arg;
    atomic_store(&w->is_look_posted, false);
    (void)pthread_mutex_lock(&w->lock);
    uint64_t asked = w->progress.looks_asked;
    (void)pthread_mutex_unlock(&w->lock);
    uint32_t count = registry_count(w->options.registry);
    if (count > w->name_slots)
        grow(w, count);
    bool *is_held = mem_new(count, sizeof(*is_held));
    registry_held(w->options.registry, is_held, count);
    for (uint32_t i = 0; i < count; i++)
        look_at(w, i, is_held[i]);
    free(is_held);
    ask_due(w);
    (void)pthread_mutex_lock(&w->lock);
    w->progress.looks_done = asked;
    (void)pthread_cond_broadcast(&w->cond);
    (void)pthread_mutex_unlock(&w->lock);
}

static uint64_t ask_for_look(struct outside_watch *w)
{
    (void)pthread_mutex_lock(&w->lock);
    uint64_t asked = ++w->progress.looks_asked;
    (void)pthread_mutex_unlock(&w->lock);
    if (!atomic_exchange(&w->is_look_posted, true))
        loop_post(w->options.loop, look, w);
    return asked;
}

void outside_watch_look(struct outside_watch *w)
{
    (void)ask_for_look(w);
}

void outside_watch_settle(struct outside_watch *w)
{
    struct timespec until;
    const struct outside_progress *p = &w->progress;
    uint64_t asked = ask_for_look(w);
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t until_ns = until.tv_sec * NS_PER_S + until.tv_nsec + OUTSIDE_FIRST_WAIT_NS;
    until = (struct timespec){.tv_sec = until_ns / NS_PER_S, .tv_nsec = until_ns % NS_PER_S};
    (void)pthread_mutex_lock(&w->lock);
    int result = 0;
    while (result != ETIMEDOUT && (p->looks_done < asked || p->unsettled > 0 || p->is_dirty))
        result = pthread_cond_timedwait(&w->cond, &w->lock, &until);
    (void)pthread_mutex_unlock(&w->lock);
}

static void log_file(const struct outside_watch *w, const char *event, const struct errctx *ec)
{
    const struct log_field fields[] = {LOG_STR("file", w->path), LOG_ERR(ec)};
    log_write(LOG_WARNING, event, fields, ARRAY_LEN(fields));
}

/* Takes what the file has; none is fine. */
static void read_file(struct outside_watch *w)
{
    struct slice text;
    struct outside_learned *items = NULL;
    size_t count = 0;
    struct errctx ec = {0};
    enum err e = file_read(&w->saved_arena, w->path, OUTSIDE_FILE_MAX_BYTES, &text, &ec);
    if (e == ERR_NOT_FOUND)
        return;
    if (e == ERR_OK)
        e = outside_store_read(&w->saved_arena, text, &items, &count, &ec);
    if (e != ERR_OK)
        log_file(w, "outside addresses not read", &ec);
    for (size_t i = 0; i < count; i++) {
        struct slice key = outside_key(&w->saved_arena, items[i].type, items[i].name);
        (void)map_put(&w->saved, key, &items[i]);
    }
}

static void init_sync(struct outside_watch *w)
{
    pthread_condattr_t attributes;
    CHECK(pthread_mutex_init(&w->lock, NULL) == 0);
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&w->cond, &attributes) == 0);
    (void)pthread_condattr_destroy(&attributes);
}

static void set_defaults(struct outside_watch_options *o)
{
    o->timeout_ns = o->timeout_ns == 0 ? OUTSIDE_TIMEOUT_NS : o->timeout_ns;
    o->retry_ns = o->retry_ns == 0 ? OUTSIDE_RETRY_NS : o->retry_ns;
    o->keep_s = o->keep_s == 0 ? OUTSIDE_KEEP_S : o->keep_s;
    o->keep_unused_ns = o->keep_unused_ns == 0 ? OUTSIDE_KEEP_UNUSED_NS : o->keep_unused_ns;
}

enum err outside_watch_new(const struct outside_watch_options *options, struct outside_watch **out,
                           struct errctx *ec)
{
    struct outside_watch *w = NEW(struct outside_watch);
    w->options = *options;
    set_defaults(&w->options);
    enum err e = resolver_channel_new(options->loop, options->servers, w->options.timeout_ns,
                                      &w->channel, ec);
    if (e != ERR_OK) {
        free(w);
        return e;
    }
    w->path = mem_strdup(options->path);
    list_init(&w->due);
    prng_init(&w->prng);
    map_init(&w->saved);
    init_sync(w);
    w->publish_timer = (struct loop_timer){.on_time = on_publish_time, .user = w};
    w->save_timer = (struct loop_timer){.on_time = on_save_time, .user = w};
    w->save.watch = w;
    w->save.job = (struct pool_job){.run = save_run, .on_done = save_done};
    const struct pool_options pool = {.thread_count = 1, .queue_limit = 1};
    w->pool = pool_new(options->loop, &pool);
    read_file(w);
    *out = w;
    return ERR_OK;
}

/* The file once more, where something changed since it was written. */
static void save_last(struct outside_watch *w)
{
    if (w->save_timer.loop == NULL)
        return;
    loop_timer_stop(&w->save_timer);
    buf_clear(&w->save.text);
    write_text(w, &w->save.text);
    save_run(&w->save.job, NULL);
    save_done(&w->save.job);
}

void outside_watch_free(struct outside_watch *w)
{
    if (w == NULL)
        return;
    resolver_channel_free(w->channel);
    pool_free(w->pool);
    loop_timer_stop(&w->publish_timer);
    save_last(w);
    for (uint32_t i = 0; i < w->name_slots; i++) {
        if (w->names[i] != NULL)
            name_drop(w, i);
    }
    outside_table_free(w->table);
    buf_fini(&w->save.text);
    map_fini(&w->saved);
    arena_fini(&w->saved_arena);
    (void)pthread_cond_destroy(&w->cond);
    (void)pthread_mutex_destroy(&w->lock);
    free(w->names);
    free(w->path);
    free(w);
}
