// SPDX-License-Identifier: Apache-2.0
// Names and their addresses: kept, refreshed, and kept on while name servers fail. Called by the
// clients of origins on the loop's thread; the network is resolver_channel.c's.
//
//              asked                      all replies, or one family's and
//   (unknown) ------> ASKING, nothing yet --- a moment for the other ---> FRESH
//                          ^                                               |  |
//                          | asked              refresh ahead, if in use:  |  | TTL over
//                          +---- EXPIRED <---------- ASKING beside --------+  |
//                                   ^-----------------------------------------+
//
// 1. At most one question for each family of a name is under way.
// 2. While a name is fresh its outcome stands, a failure too; nobody waits and nobody is asked.
// 3. A family whose last question failed keeps its addresses until keep_ns after their TTL. Once
//    that has happened, whoever asks gets them at once, while the network is asked again.
// 4. "No such name" is an answer: it ends what was kept.
// 5. on_answer runs when the name is settled: it may ask and cancel, but not free the resolver.
#include "net/resolver.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/list.h"
#include "base/map.h"
#include "base/random.h"
#include "base/time.h"
#include "metrics/counters.h"
#include "net/limits.h"
#include "net/resolver_channel.h"

#include <stdlib.h>

/** Addresses of one family of a name. */
struct kept {
    struct resolver_question question;
    struct resolver_name *name;
    struct net_address *addresses; /* `count` of them; NULL for none */
    size_t count;
    int64_t keep_until_ns; /* after failures */
    int64_t ttl_ns;        /* of the last answer */
    enum err result;       /* of the last question; ERR_OK before the first */
    const char *why;       /* of a result that is not ERR_OK; static */
    bool is_asking;
};

struct resolver_name {
    struct resolver *resolver;
    char *text;       /* lower-case, without a final dot */
    struct list node; /* in resolver.names */
    struct kept families[RESOLVER_FAMILIES];
    struct list waiters;     /* of struct waiter */
    struct loop_timer timer; /* while asking: the wait for the other family; else the refresh */
    int64_t fresh_until_ns;
    bool is_in_use; /* was asked for since it was settled */
};

/** What resolver_query.impl holds. */
struct waiter {
    struct list node;           /* in name.waiters */
    struct resolver_name *name; /* NULL: does not wait */
};
_Static_assert(sizeof(struct waiter) <= sizeof(((struct resolver_query *)NULL)->impl),
               "a waiter fits");

struct resolver {
    struct loop *loop;
    struct resolver_options options;
    struct resolver_channel *channel;
    struct map by_text;
    struct list names; /* of struct resolver_name, the least recently asked first */
    struct prng prng;
};

static struct waiter *waiter_of(struct resolver_query *q)
{
    return (struct waiter *)(void *)q->impl;
}

static bool is_asking(const struct resolver_name *n)
{
    return n->families[RESOLVER_V4].is_asking || n->families[RESOLVER_V6].is_asking;
}

static bool has_failed(const struct kept *k)
{
    return k->result != ERR_OK && k->result != ERR_NOT_FOUND;
}

/* Whether the last question of either family failed. */
static bool is_failing(const struct resolver_name *n)
{
    return has_failed(&n->families[RESOLVER_V4]) || has_failed(&n->families[RESOLVER_V6]);
}

static void kept_clear(struct kept *k)
{
    free(k->addresses);
    k->addresses = NULL;
    k->count = 0;
}

/* Forgets addresses that were kept for too long while their family failed. */
static void name_expire(struct resolver_name *n)
{
    for (int f = 0; f < RESOLVER_FAMILIES; f++) {
        struct kept *k = &n->families[f];
        if (has_failed(k) && time_monotonic_ns() >= k->keep_until_ns)
            kept_clear(k);
    }
}

/* Whether all that is known of the name are addresses of families that fail by now. */
static bool has_stale_only(const struct resolver_name *n)
{
    size_t stale = 0;
    for (int f = 0; f < RESOLVER_FAMILIES; f++) {
        const struct kept *k = &n->families[f];
        if (!has_failed(k) && k->count > 0)
            return false;
        stale += k->count;
    }
    return stale > 0;
}

/* Why a name has no addresses: a failure rather than that there are none. */
static enum err name_error(const struct resolver_name *n, struct errctx *ec)
{
    const struct kept *k = &n->families[RESOLVER_V4];
    const struct kept *other = &n->families[RESOLVER_V6];
    if (k->result == ERR_OK || (!has_failed(k) && has_failed(other)))
        k = other;
    return err_set(ec, k->result, "resolve '%s': %s", n->text, k->why == NULL ? "" : k->why);
}

/** What is told to who asks, by value: a name may go while it is told. */
struct outcome {
    struct net_address addresses[RESOLVER_FAMILIES * RESOLVER_ADDRESSES_MAX];
    size_t count;
    struct errctx why;
    bool is_stale;
};

static void outcome_make(const struct resolver_name *n, struct outcome *out)
{
    out->count = 0;
    out->why = (struct errctx){0};
    out->is_stale = false;
    for (int f = 0; f < RESOLVER_FAMILIES; f++) {
        const struct kept *k = &n->families[f];
        for (size_t i = 0; i < k->count; i++)
            out->addresses[out->count++] = k->addresses[i];
        out->is_stale = out->is_stale || (has_failed(k) && k->count > 0);
    }
    if (out->count == 0)
        (void)name_error(n, &out->why);
}

static void outcome_tell(const struct outcome *o, struct resolver_query *q)
{
    if (o->is_stale)
        metrics_add(METRIC_RESOLVER_STALE, 1);
    q->on_answer(
        q, &(struct resolver_answer){.addresses = o->addresses, .count = o->count, .why = &o->why});
}

/* Tells all who wait. The name may be gone afterwards. */
static void waiters_answer(struct resolver_name *n)
{
    struct outcome outcome;
    struct list batch; /* so that who asks anew meanwhile is not among them */
    outcome_make(n, &outcome);
    list_push_back(&n->waiters, &batch);
    list_remove(&n->waiters);
    while (!list_is_empty(&batch)) {
        struct waiter *w = LIST_FIRST(&batch, struct waiter, node);
        list_remove(&w->node);
        w->name = NULL;
        outcome_tell(&outcome, CONTAINER_OF(w, struct resolver_query, impl));
    }
}

/* For how long the outcome stands. */
static int64_t name_ttl_ns(const struct resolver_name *n)
{
    const struct resolver_options *options = &n->resolver->options;
    int64_t ttl_ns = options->max_ttl_ns;
    bool has_answer = false;
    for (int f = 0; f < RESOLVER_FAMILIES; f++) {
        const struct kept *k = &n->families[f];
        if (k->result != ERR_OK || k->count == 0)
            continue;
        has_answer = true;
        ttl_ns = k->ttl_ns < ttl_ns ? k->ttl_ns : ttl_ns;
    }
    int64_t retry_ns = RESOLVER_RETRY_MS * NS_PER_MS;
    if (!has_answer && is_failing(n) && retry_ns < options->min_ttl_ns)
        return retry_ns;
    return has_answer && !is_failing(n) ? ttl_ns : options->min_ttl_ns;
}

/* Refreshes a name in use before its TTL is over; not all names at the same time. */
static void refresh_arm(struct resolver_name *n, int64_t ttl_ns)
{
    struct resolver *r = n->resolver;
    if (is_failing(n) || n->families[RESOLVER_V4].count + n->families[RESOLVER_V6].count == 0) {
        loop_timer_stop(&n->timer);
        return;
    }
    int64_t jitter = prng_below(&r->prng, RESOLVER_JITTER_PERCENT + 1);
    loop_timer_set(r->loop, &n->timer, ttl_ns / 100 * (RESOLVER_REFRESH_PERCENT + jitter), 0);
}

/* What is known now is the outcome: those who wait are told. The name may be gone afterwards. */
static void name_settle(struct resolver_name *n)
{
    name_expire(n);
    int64_t ttl_ns = name_ttl_ns(n);
    n->fresh_until_ns = time_monotonic_ns() + ttl_ns;
    n->is_in_use = false;
    if (is_asking(n))
        loop_timer_stop(&n->timer);
    else
        refresh_arm(n, ttl_ns);
    waiters_answer(n);
}

/* The addresses of an answer take the place of those that were kept. */
static void kept_take(struct kept *k, const struct resolver_reply *reply)
{
    const struct resolver_options *options = &k->name->resolver->options;
    int64_t ttl_ns = reply->ttl_s * NS_PER_S;
    ttl_ns = ttl_ns < options->min_ttl_ns ? options->min_ttl_ns : ttl_ns;
    k->ttl_ns = ttl_ns < options->max_ttl_ns ? ttl_ns : options->max_ttl_ns;
    k->keep_until_ns = time_monotonic_ns() + k->ttl_ns + options->keep_ns;
    kept_clear(k);
    k->addresses = (struct net_address *)mem_new(reply->count, sizeof(struct net_address));
    memcpy(k->addresses, reply->addresses, reply->count * sizeof(struct net_address));
    k->count = reply->count;
}

static void on_reply(struct resolver_question *q, const struct resolver_reply *reply)
{
    struct kept *k = CONTAINER_OF(q, struct kept, question);
    struct resolver_name *n = k->name;
    k->is_asking = false;
    k->result = reply->result;
    k->why = reply->why;
    if (reply->result == ERR_OK)
        kept_take(k, reply);
    else if (reply->result == ERR_NOT_FOUND)
        kept_clear(k);
    else
        metrics_add(METRIC_RESOLVER_FAILURES, 1);
    const struct kept *other = &n->families[k == &n->families[RESOLVER_V4]];
    if (!other->is_asking || (reply->result == ERR_OK && has_failed(other)))
        name_settle(n);
    else if (reply->result == ERR_OK)
        loop_timer_set(n->resolver->loop, &n->timer, RESOLVER_OTHER_FAMILY_MS * NS_PER_MS, 0);
}

/* Takes what /etc/hosts says of the name; false where it says nothing. */
static bool hosts_take(struct resolver_name *n)
{
    struct net_address addresses[RESOLVER_FAMILIES][RESOLVER_ADDRESSES_MAX];
    size_t counts[RESOLVER_FAMILIES];
    size_t total = 0;
    for (int f = 0; f < RESOLVER_FAMILIES; f++) {
        counts[f] = resolver_channel_hosts(n->resolver->channel, n->text, (enum resolver_family)f,
                                           addresses[f], RESOLVER_ADDRESSES_MAX);
        total += counts[f];
    }
    for (int f = 0; f < RESOLVER_FAMILIES && total > 0; f++) {
        struct kept *k = &n->families[f];
        k->result = counts[f] > 0 ? ERR_OK : ERR_NOT_FOUND;
        k->why = "the name has no address";
        kept_clear(k);
        if (counts[f] > 0)
            kept_take(k, &(struct resolver_reply){.addresses = addresses[f], .count = counts[f]});
    }
    return total > 0;
}

/* Asks for both families. */
static void name_ask(struct resolver_name *n)
{
    CHECK(!is_asking(n));
    loop_timer_stop(&n->timer);
    if (hosts_take(n)) {
        name_settle(n);
        return;
    }
    for (int f = 0; f < RESOLVER_FAMILIES; f++)
        n->families[f].is_asking = true; /* of both, before the first may be answered */
    for (int f = 0; f < RESOLVER_FAMILIES; f++) {
        metrics_add(METRIC_RESOLVER_QUESTIONS, 1);
        resolver_channel_ask(n->resolver->channel, &n->families[f].question, n->text,
                             (enum resolver_family)f);
    }
}

static void on_name_time(struct loop_timer *timer)
{
    struct resolver_name *n = (struct resolver_name *)timer->user;
    if (is_asking(n))
        name_settle(n); /* without the other family */
    else if (n->is_in_use)
        name_ask(n);
}

static void name_free(struct resolver_name *n)
{
    struct resolver *r = n->resolver;
    CHECK(map_remove(&r->by_text, slice_str(n->text)) == n);
    list_remove(&n->node);
    loop_timer_stop(&n->timer);
    for (int f = 0; f < RESOLVER_FAMILIES; f++)
        kept_clear(&n->families[f]);
    free(n->text);
    free(n);
    metrics_set(METRIC_RESOLVER_NAMES, r->by_text.count);
}

/* Makes room for one more name; false where each is being asked for. */
static bool names_make_room(struct resolver *r)
{
    if (r->by_text.count < r->options.name_limit)
        return true;
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &r->names) {
        struct resolver_name *n = LIST_ENTRY(node, struct resolver_name, node);
        if (!is_asking(n)) {
            name_free(n);
            return true;
        }
    }
    return false;
}

static struct resolver_name *name_new(struct resolver *r, const char *text)
{
    struct resolver_name *n = NEW(struct resolver_name);
    n->resolver = r;
    n->text = mem_strdup(text);
    list_init(&n->waiters);
    n->timer.on_time = on_name_time;
    n->timer.user = n;
    for (int f = 0; f < RESOLVER_FAMILIES; f++) {
        n->families[f].name = n;
        n->families[f].question.on_reply = on_reply;
    }
    list_push_back(&r->names, &n->node);
    CHECK(map_put(&r->by_text, slice_str(text), n) == NULL);
    metrics_set(METRIC_RESOLVER_NAMES, r->by_text.count);
    return n;
}

/* The name in one form; false where it cannot be one. */
static bool name_normalise(const char *name, char out[RESOLVER_NAME_BYTES + 1])
{
    size_t len = strlen(name);
    if (len > 0 && name[len - 1] == '.')
        len--;
    if (len == 0 || len > RESOLVER_NAME_BYTES)
        return false;
    for (size_t i = 0; i < len; i++)
        out[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 0x20) : name[i];
    out[len] = '\0';
    return true;
}

/* Addresses of what needs no name server: IP literals, and localhost (RFC 6761 section 6.3). */
static size_t literal_addresses(const char *name, struct net_address out[2])
{
    static const uint8_t loopback[] = {127, 0, 0, 1};
    struct slice text = slice_str(name);
    if (text.len > 1 && text.data[0] == '[' && text.data[text.len - 1] == ']')
        text = slice_sub(text, 1, text.len - 2);
    if (net_address_parse_ip(text, &out[0]))
        return 1;
    if (!slice_equal_nocase(text, SLICE_LIT("localhost")))
        return 0;
    out[0] = resolver_address(RESOLVER_V4, loopback);
    out[1] = resolver_address(RESOLVER_V6, &in6addr_loopback);
    return 2;
}

static bool query_fail(struct resolver_query *q, enum err code, const char *name, const char *why)
{
    struct errctx ec = {0};
    (void)err_set(&ec, code, "resolve '%s': %s", name, why);
    q->on_answer(q, &(struct resolver_answer){.why = &ec});
    return true;
}

/* The name, as the most recently asked one; NULL: no room for it. */
static struct resolver_name *name_use(struct resolver *r, const char *text)
{
    struct resolver_name *n = (struct resolver_name *)map_get(&r->by_text, slice_str(text));
    if (n == NULL)
        return names_make_room(r) ? name_new(r, text) : NULL;
    list_remove(&n->node);
    list_push_back(&r->names, &n->node);
    return n;
}

bool resolver_ask(struct resolver *r, struct resolver_query *q, const char *name)
{
    char text[RESOLVER_NAME_BYTES + 1];
    struct net_address literals[2];
    struct errctx none = {0};
    CHECK(waiter_of(q)->name == NULL);
    size_t count = literal_addresses(name, literals);
    if (count > 0) {
        q->on_answer(
            q, &(struct resolver_answer){.addresses = literals, .count = count, .why = &none});
        return true;
    }
    if (!name_normalise(name, text))
        return query_fail(q, ERR_NOT_FOUND, name, "this is no name");
    struct resolver_name *n = name_use(r, text);
    if (n == NULL) {
        metrics_add(METRIC_RESOLVER_REFUSED, 1);
        return query_fail(q, ERR_UNAVAILABLE, text, "too many names are being resolved");
    }
    if (time_monotonic_ns() >= n->fresh_until_ns && !is_asking(n))
        name_ask(n);
    n->is_in_use = true;
    name_expire(n);
    if (time_monotonic_ns() < n->fresh_until_ns || has_stale_only(n)) {
        struct outcome outcome;
        outcome_make(n, &outcome);
        outcome_tell(&outcome, q);
        return true;
    }
    waiter_of(q)->name = n;
    list_push_back(&n->waiters, &waiter_of(q)->node);
    return false;
}

void resolver_cancel(struct resolver_query *q)
{
    struct waiter *w = waiter_of(q);
    if (w->name == NULL)
        return;
    list_remove(&w->node);
    w->name = NULL;
}

/* Sets what the options leave at 0. */
static void options_fill(struct resolver_options *o)
{
    o->min_ttl_ns = o->min_ttl_ns > 0 ? o->min_ttl_ns : RESOLVER_MIN_TTL_S * NS_PER_S;
    o->max_ttl_ns = o->max_ttl_ns > 0 ? o->max_ttl_ns : RESOLVER_MAX_TTL_S * NS_PER_S;
    o->keep_ns = o->keep_ns > 0 ? o->keep_ns : RESOLVER_KEEP_S * NS_PER_S;
    o->timeout_ns = o->timeout_ns > 0 ? o->timeout_ns : RESOLVER_TIMEOUT_S * NS_PER_S;
    o->name_limit = o->name_limit > 0 ? o->name_limit : RESOLVER_NAMES;
    o->servers = NULL; /* the channel has them */
}

enum err resolver_new(struct loop *loop, const struct resolver_options *options,
                      struct resolver **out, struct errctx *ec)
{
    struct resolver *r = NEW(struct resolver);
    r->loop = loop;
    r->options = *options;
    options_fill(&r->options);
    enum err e =
        resolver_channel_new(loop, options->servers, r->options.timeout_ns, &r->channel, ec);
    if (e != ERR_OK) {
        free(r);
        return e;
    }
    map_init(&r->by_text);
    list_init(&r->names);
    prng_init(&r->prng);
    *out = r;
    return ERR_OK;
}

static void waiters_drop(struct resolver_name *n)
{
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &n->waiters) {
        struct waiter *w = LIST_ENTRY(node, struct waiter, node);
        resolver_cancel(CONTAINER_OF(w, struct resolver_query, impl));
    }
}

void resolver_free(struct resolver *r)
{
    if (r == NULL)
        return;
    resolver_channel_free(r->channel);
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &r->names) {
        struct resolver_name *n = LIST_ENTRY(node, struct resolver_name, node);
        waiters_drop(n);
        name_free(n);
    }
    map_fini(&r->by_text);
    free(r);
}
