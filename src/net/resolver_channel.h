// SPDX-License-Identifier: Apache-2.0
// Questions of a stub resolver, one by one, by c-ares: the addresses of one family of a name, with
// their TTL, and nothing kept. resolver.h keeps them. All on the loop's thread.
#ifndef NET_RESOLVER_CHANNEL_H
#define NET_RESOLVER_CHANNEL_H

#include "base/err.h"
#include "net/address.h"
#include "os/loop.h"

enum resolver_family { RESOLVER_V4, RESOLVER_V6, RESOLVER_FAMILIES };

/** What came of one question. */
struct resolver_reply {
    enum err result; /* ERR_OK; ERR_NOT_FOUND: no such name, or no address of this family; else a
                        failure: ERR_TIMEOUT, ERR_UNAVAILABLE */
    const char *why; /* of anything but ERR_OK; static */
    const struct net_address *addresses; /* borrowed until return; ports are 0 */
    size_t count;                        /* RESOLVER_ADDRESSES_MAX (net/limits.h) at most */
    uint32_t ttl_s; /* the least of the records, those of CNAMEs on the way included */
};

/** A question for the addresses of one family; embedded by the asker. */
struct resolver_question {
    void (*on_reply)(struct resolver_question *q, const struct resolver_reply *reply);
    struct resolver_channel *channel; /* the channel's */
    enum resolver_family family;      /* the channel's */
};

/** Questions to the network over one set of servers. */
struct resolver_channel;

/**
 * Whether a channel can be made with these servers, for who reads settings; on any thread.
 * Errors: ERR_INVALID where `servers` is no list of ADDR:PORT; NULL is fine.
 */
enum err resolver_servers_check(const char *servers, struct errctx *ec) MUST_USE;

/**
 * servers     "127.0.0.1:53,[::1]:53"; NULL: those of /etc/resolv.conf. Borrowed.
 * timeout_ns  of one question with all its tries
 * Errors: ERR_INVALID where `servers` is no list of ADDR:PORT.
 */
enum err resolver_channel_new(struct loop *loop, const char *servers, int64_t timeout_ns,
                              struct resolver_channel **out, struct errctx *ec) MUST_USE;
/** Questions under way are dropped without a reply. NULL is fine. */
void resolver_channel_free(struct resolver_channel *c);

/** Asks; on_reply comes exactly once, perhaps before this returns. The name is borrowed. */
void resolver_channel_ask(struct resolver_channel *c, struct resolver_question *q, const char *name,
                          enum resolver_family family);

/**
 * Addresses of the name in /etc/hosts, where the system's servers are used: at most `size`, their
 * number is returned. Reads the file.
 */
size_t resolver_channel_hosts(struct resolver_channel *c, const char *name,
                              enum resolver_family family, struct net_address *out, size_t size);

/** The address of 4 or 16 bytes, with port 0. */
struct net_address resolver_address(enum resolver_family family, const void *bytes);

#endif
