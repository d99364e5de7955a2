// SPDX-License-Identifier: Apache-2.0
// A stub resolver for names of origins, by c-ares, with a cache of its own: TTLs are held to
// 5..300 s, names in use are refreshed ahead, and the last good addresses are kept for an hour
// while resolution fails. One loop thread each.
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include "net/address.h"
#include "os/loop.h"

struct resolver;

struct resolver_options {
    const char *servers; /* "127.0.0.1:53,[::1]:53"; NULL: those of /etc/resolv.conf. Borrowed. */
    int64_t min_ttl_ns;  /* 0: 5 s */
    int64_t max_ttl_ns;  /* 0: 300 s */
    int64_t keep_ns;     /* 0: 1 h; how long last good addresses serve after failures */
    int64_t timeout_ns;  /* 0: 5 s; of one question with all its tries */
    size_t name_limit;   /* 0: 4096 names; the least recently asked goes first */
};

enum err resolver_new(struct loop *loop, const struct resolver_options *options,
                      struct resolver **out, struct errctx *ec) MUST_USE;
/** Questions under way are dropped without a callback. NULL is fine. */
void resolver_free(struct resolver *r);

/** Addresses of a name; ports are 0. Borrowed until the callback returns. */
struct resolver_answer {
    const struct net_address *addresses; /* IPv4 first, then IPv6, each in the order received */
    size_t count;                        /* 0: failed; `why` says so */
    const struct errctx *why;            /* ERR_NOT_FOUND: no such name or no address; ERR_TIMEOUT;
                                            ERR_UNAVAILABLE */
};

/** A question; embedded by the asker, zeroed before use. */
struct resolver_query {
    void (*on_answer)(struct resolver_query *q, const struct resolver_answer *answer);
    void *user;
    void *impl[4]; /* the resolver's */
};

/**
 * Asks for the addresses of a name; IP literals are answered as they are. A fresh answer is given
 * before the call returns; true: on_answer was called already. At most one query of the network
 * for one name at a time. The name is borrowed until return.
 */
bool resolver_ask(struct resolver *r, struct resolver_query *q, const char *name);
/** No callback any more. Harmless on a query that was answered. */
void resolver_cancel(struct resolver_query *q);

#endif
