// SPDX-License-Identifier: Apache-2.0
// What UDP and TCP threads have in common. Runs on both.
#include "authority/service.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/time.h"
#include "dns/edns.h"
#include "dns/types.h"
#include "os/rcu.h"

#include <stdlib.h>

void service_init(struct dns_service *s)
{
    int result = pthread_mutex_init(&s->scene_lock, NULL);
    CHECK(result == 0);
}

void service_fini(struct dns_service *s)
{
    free(s->scene);
    (void)pthread_mutex_destroy(&s->scene_lock);
}

void scene_set_world(struct scene *scene, const void *world)
{
    scene->world = world;
}

void scene_set_settings(struct scene *scene, const void *settings)
{
    scene->settings = settings;
}

/* Under scene_lock: a scene of the parts that are there, once there is a world. */
static void renew_scene(struct dns_service *s, int64_t now_unix_s)
{
    if (s->next.world == NULL)
        return;
    const struct trie_seed *seed = &s->next.world->seed;
    cookie_keys_make(&s->next.cookies, slice_of(seed->bytes, sizeof(seed->bytes)), now_unix_s);
    s->next.number++;
    struct scene *scene = NEW(struct scene);
    *scene = s->next;
    struct scene *before = rcu_swap_ptr(&s->scene, scene);
    rcu_wait_readers();
    free(before);
}

void service_set_part(struct dns_service *s, scene_part_fn *set, const void *value)
{
    (void)pthread_mutex_lock(&s->scene_lock);
    set(&s->next, value);
    renew_scene(s, time_unix_ms() / MS_PER_S);
    (void)pthread_mutex_unlock(&s->scene_lock);
}

void service_tick(struct dns_service *s, int64_t now_unix_s)
{
    (void)pthread_mutex_lock(&s->scene_lock);
    if (!cookie_keys_are_current(&s->next.cookies, now_unix_s))
        renew_scene(s, now_unix_s);
    (void)pthread_mutex_unlock(&s->scene_lock);
}

void view_address_of(const struct net_address *address, struct view_address *out)
{
    *out = (struct view_address){.len = 0};
    if (address->sa.sa_family == AF_INET) {
        out->len = sizeof(address->in.sin_addr);
        memcpy(out->bytes, &address->in.sin_addr, sizeof(address->in.sin_addr));
    } else if (address->sa.sa_family == AF_INET6) {
        out->len = sizeof(address->in6.sin6_addr);
        memcpy(out->bytes, &address->in6.sin6_addr, sizeof(address->in6.sin6_addr));
    }
}

static enum metric metric_of(unsigned rcode)
{
    switch (rcode) {
    case DNS_RCODE_NOERROR:
        return METRIC_DNS_ANSWERS_NOERROR;
    case DNS_RCODE_NXDOMAIN:
        return METRIC_DNS_ANSWERS_NXDOMAIN;
    case DNS_RCODE_REFUSED:
        return METRIC_DNS_ANSWERS_REFUSED;
    case DNS_RCODE_FORMERR:
        return METRIC_DNS_ANSWERS_FORMERR;
    case DNS_RCODE_NOTAUTH:
        return METRIC_DNS_ANSWERS_NOTAUTH;
    case DNS_RCODE_NOTIMP:
        return METRIC_DNS_ANSWERS_NOTIMP;
    case DNS_RCODE_BADVERS:
        return METRIC_DNS_ANSWERS_BADVERS;
    case DNS_RCODE_BADCOOKIE:
        return METRIC_DNS_ANSWERS_BADCOOKIE;
    default:
        return METRIC_DNS_ANSWERS_SERVFAIL;
    }
}

static enum metric metric_of_type(uint16_t qtype)
{
    switch (qtype) {
    case DNS_TYPE_A:
        return METRIC_DNS_QTYPE_A;
    case DNS_TYPE_AAAA:
        return METRIC_DNS_QTYPE_AAAA;
    case DNS_TYPE_NS:
        return METRIC_DNS_QTYPE_NS;
    case DNS_TYPE_SOA:
        return METRIC_DNS_QTYPE_SOA;
    case DNS_TYPE_CNAME:
        return METRIC_DNS_QTYPE_CNAME;
    case DNS_TYPE_MX:
        return METRIC_DNS_QTYPE_MX;
    case DNS_TYPE_TXT:
        return METRIC_DNS_QTYPE_TXT;
    case DNS_TYPE_PTR:
        return METRIC_DNS_QTYPE_PTR;
    case DNS_TYPE_SRV:
        return METRIC_DNS_QTYPE_SRV;
    case DNS_TYPE_CAA:
        return METRIC_DNS_QTYPE_CAA;
    case DNS_TYPE_HTTPS:
        return METRIC_DNS_QTYPE_HTTPS;
    case DNS_TYPE_SVCB:
        return METRIC_DNS_QTYPE_SVCB;
    case DNS_TYPE_DS:
        return METRIC_DNS_QTYPE_DS;
    case DNS_TYPE_DNSKEY:
        return METRIC_DNS_QTYPE_DNSKEY;
    case DNS_TYPE_NAPTR:
        return METRIC_DNS_QTYPE_NAPTR;
    case DNS_TYPE_TLSA:
        return METRIC_DNS_QTYPE_TLSA;
    case DNS_TYPE_SSHFP:
        return METRIC_DNS_QTYPE_SSHFP;
    case DNS_TYPE_SPF:
        return METRIC_DNS_QTYPE_SPF;
    case DNS_TYPE_AXFR:
        return METRIC_DNS_QTYPE_AXFR;
    case DNS_TYPE_IXFR:
        return METRIC_DNS_QTYPE_IXFR;
    case DNS_TYPE_ANY:
        return METRIC_DNS_QTYPE_ANY;
    default:
        return METRIC_DNS_QTYPE_OTHER;
    }
}

static void count_cookie(enum answer_cookie cookie)
{
    static const enum metric metrics[] = {
        [ANSWER_COOKIE_CLIENT] = METRIC_DNS_COOKIES_CLIENT,
        [ANSWER_COOKIE_VALID] = METRIC_DNS_COOKIES_VALID,
        [ANSWER_COOKIE_INVALID] = METRIC_DNS_COOKIES_INVALID,
    };
    if (cookie != ANSWER_COOKIE_NONE)
        metrics_add(metrics[cookie], 1);
}

void service_count(size_t answer_bytes, const struct answer_summary *summary)
{
    if (answer_bytes == 0) {
        metrics_add(METRIC_DNS_DROPPED_MALFORMED, 1);
        return;
    }
    metrics_add(metric_of(summary->rcode), 1);
    if (summary->qtype != 0)
        metrics_add(metric_of_type(summary->qtype), 1);
    if (summary->zone_counter != METRICS_ZONE_NONE)
        metrics_zone_count(summary->zone_counter, summary->rcode == DNS_RCODE_NXDOMAIN);
    count_cookie(summary->cookie);
    if (summary->rcode == DNS_RCODE_REFUSED &&
        (summary->qtype == DNS_TYPE_AXFR || summary->qtype == DNS_TYPE_IXFR))
        metrics_add(METRIC_DNS_TRANSFERS_REFUSED, 1);
    if (summary->ede == DNS_EDE_PROHIBITED)
        metrics_add(METRIC_DNS_DENIED, 1);
    if (summary->is_truncated)
        metrics_add(METRIC_DNS_TRUNCATED, 1);
    if (summary->is_referral)
        metrics_add(METRIC_DNS_REFERRALS, 1);
}

void service_thread_done(struct dns_service *s)
{
    unsigned before = atomic_fetch_sub_explicit(&s->busy_threads, 1, memory_order_acq_rel);
    CHECK(before > 0);
    if (before == 1)
        loop_post(s->context->loop, s->on_drained, s->on_drained_arg);
}
