// SPDX-License-Identifier: Apache-2.0
// One owner name as it lies in memory: its record sets packed behind one another, each record with
// the very bytes that an answer copies. Written by the builder thread, read by all.
//
//     name:   owner length (1), owner in wire form, number of sets (2), sets sorted by type
//     set:    type (2), number of records (2; 0: a tree), bytes of the body (4), body
//     body:   records:  TYPE (2) CLASS (2) TTL (4) RDLENGTH (2) RDATA, in network order
//             a tree:   what an alias or a routing policy decides (tree_record.h)
//
// Sets of one type that share a routing policy are one set here.
//
// Integers but those of the records are in host order. Nothing is aligned.
#ifndef AUTHORITY_NAME_RECORD_H
#define AUTHORITY_NAME_RECORD_H

#include "authority/registry.h"
#include "base/buf.h"
#include "metrics/zones.h"
#include "release/objects.h"

#include <endian.h>

/** The key of a name in the trie, as numbers: they sort as its bytes do. */
struct name_key {
    uint64_t zone;  /* trie_hash of the zone's id */
    uint64_t owner; /* trie_hash of the owner in wire form */
};

/** The bits of the key that the trie splits by at `depth`, 0 to 31 from the top. */
static inline unsigned name_key_nibble(const struct name_key *key, unsigned depth)
{
    uint64_t half = depth < 16 ? key->zone : key->owner;
    return (unsigned)(half >> (60 - 4 * (depth & 15))) & 15;
}

/** A name as its readers see it; borrowed from the leaf. */
struct name_record {
    struct slice owner;
    const uint8_t *sets;
    unsigned set_count; /* 0: an empty non-terminal */
};

/** One record set; borrowed from the leaf. */
struct record_set {
    uint16_t type;
    uint16_t count; /* records; 0 for a tree */
    uint32_t body_bytes;
    const uint8_t *body;
};

#define RECORD_FIXED_BYTES 10 /* TYPE to RDLENGTH */

/** RDATA of the record at `record`. */
static inline struct slice record_rdata(const uint8_t *record)
{
    uint16_t len_be;
    memcpy(&len_be, record + 8, sizeof(len_be));
    return slice_of(record + RECORD_FIXED_BYTES, be16toh(len_be));
}

/** TTL of the record at `record`, seconds. */
static inline uint32_t record_ttl_s(const uint8_t *record)
{
    uint32_t ttl_be;
    memcpy(&ttl_be, record + 4, sizeof(ttl_be));
    return be32toh(ttl_be);
}

/** The record behind the one at `record`. */
static inline const uint8_t *record_next(const uint8_t *record)
{
    struct slice rdata = record_rdata(record);
    return rdata.data + rdata.len;
}

/** Whether an alias or a routing policy stands behind the set. */
static inline bool record_set_is_tree(const struct record_set *set)
{
    return set->count == 0;
}

/** Reads the name at `packed`. */
static inline struct name_record name_record_read(const uint8_t *packed)
{
    uint16_t set_count;
    size_t owner_bytes = packed[0];
    memcpy(&set_count, packed + 1 + owner_bytes, sizeof(set_count));
    return (struct name_record){.owner = slice_of(packed + 1, owner_bytes),
                                .sets = packed + 1 + owner_bytes + sizeof(set_count),
                                .set_count = set_count};
}

/** Reads the set at `at`; returns where the next one starts. */
static inline const uint8_t *record_set_read(const uint8_t *at, struct record_set *out)
{
    memcpy(&out->type, at, sizeof(out->type));
    memcpy(&out->count, at + 2, sizeof(out->count));
    memcpy(&out->body_bytes, at + 4, sizeof(out->body_bytes));
    out->body = at + 8;
    return out->body + out->body_bytes;
}

/** The name's set of the type; false where it has none. */
bool name_record_find(const struct name_record *name, uint16_t type, struct record_set *out);

/** Where packed sets get the numbers of what they refer to by name. Borrowed. */
struct world_registries {
    struct registry *health;    /* ids of health checks */
    struct registry *outside;   /* outside targets of aliases: type (2, network order), wire name */
    struct registry *locations; /* CIDR collections and their locations: location_key() */
    struct metrics_zones *zones; /* counters of zones; NULL: they are not counted */
};

/** What packing needs besides the name. */
struct name_packing {
    const struct trie_seed *seed;
    const struct world_registries *registries;
};

/** Appends a set of records. Errors: ERR_CORRUPT. */
enum err name_record_pack_records(const struct release_set *set, struct buf *out, struct errctx *ec)
    MUST_USE;

/**
 * Appends the packed form of a name. Errors: ERR_CORRUPT where a name or the data of a record is
 * not well-formed: nothing behind this point checks them again.
 */
enum err name_record_pack(const struct name_packing *packing, const struct release_name *name,
                          struct buf *out, struct errctx *ec) MUST_USE;

#endif
