// SPDX-License-Identifier: Apache-2.0
// The objects of a release as structs: what control compiles and what roles load. Decoding checks
// everything that a reader later relies on, so that a loaded object is well-formed.
#ifndef RELEASE_OBJECTS_H
#define RELEASE_OBJECTS_H

#include "release/root.h"

struct release_prefix {
    uint8_t address[16]; /* the first `bytes` count */
    uint8_t bytes;       /* 4 or 16 */
    uint8_t length;      /* bits */
};

struct release_zone {
    const char *id;
    struct slice apex; /* wire form */
    uint64_t order;
    struct slice *addresses; /* 4 or 16 bytes each */
    size_t address_count;
    bool is_private;
    struct release_prefix *sources;
    size_t source_count;
};

struct release_set {
    uint16_t type;
    uint32_t ttl_s;
    struct slice *rdata;
    size_t rdata_count;
    bool is_alias;
    const char *alias_zone_id;
    struct slice alias_name;
    bool alias_evaluate_health;
};

struct release_name {
    struct slice owner;
    struct release_set *sets; /* sorted by type, each type once */
    size_t set_count;         /* 0: empty non-terminal, which then has children */
    uint32_t child_count;     /* names that exist one label below, so that control can prune */
};

struct release_node {
    const char *id;
    uint8_t public_key[ED25519_PUBLIC_BYTES];
    bool is_draining; /* an operator asked it to leave service */
};

/** Canonical bytes in `a`; the same content, the same bytes. What they CHECK is what decoding asks.
 */
struct slice release_zone_encode(struct arena *a, const struct release_zone *z);
struct slice release_name_encode(struct arena *a, const struct release_name *n);
struct slice release_node_encode(struct arena *a, const struct release_node *n);

/** Errors: ERR_CORRUPT. Everything in `a` or borrowed from `bytes`. */
enum err release_zone_decode(struct arena *a, struct slice bytes, struct release_zone *out,
                             struct errctx *ec) MUST_USE;
enum err release_name_decode(struct arena *a, struct slice bytes, struct release_name *out,
                             struct errctx *ec) MUST_USE;
enum err release_node_decode(struct arena *a, struct slice bytes, struct release_node *out,
                             struct errctx *ec) MUST_USE;

/** The id of a name's trie entry: zone id, '/', owner. In `a`. */
struct slice release_name_id(struct arena *a, const char *zone_id, struct slice owner);

#endif
