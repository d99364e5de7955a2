// SPDX-License-Identifier: Apache-2.0
// CIDR collections: named networks for IP-based routing. What a change makes of them, their texts,
// and the body of a STORE_CIDR_COLLECTION object. Pure; called by the API and the compiler.
// Source: Route 53 API Reference, ChangeCidrCollection, CreateCidrCollection.
#ifndef AWS_R53_CIDR_H
#define AWS_R53_CIDR_H

#include "aws/error.h"
#include "aws/route53.h"
#include "base/err.h"

/** The location of all clients that no block holds. */
#define R53_CIDR_DEFAULT_LOCATION "*"

struct r53_cidr_block {
    uint8_t address[16]; /* the first `bytes` count; no bit behind `length` is set */
    uint8_t bytes;       /* 4 or 16 */
    uint8_t length;      /* bits */
};

/** By family, address, length: negative, 0 or positive. */
int r53_cidr_compare(const struct r53_cidr_block *a, const struct r53_cidr_block *b);

/**
 * "192.0.2.0/24", "2001:db8::/32". Errors: ERR_INVALID with words for the client: no block, host
 * bits set, or a prefix outside of 1..24 bits (IPv6: 1..48).
 */
enum err r53_cidr_parse(struct slice text, struct r53_cidr_block *out, struct errctx *ec) MUST_USE;

/** The canonical text (RFC 5952). In `a`. */
const char *r53_cidr_format(struct arena *a, const struct r53_cidr_block *block);

/** Whether a text is [0-9A-Za-z_-]{1,longest}: the names of collections and locations. */
bool r53_cidr_name_is_valid(const char *name, size_t longest);
#define R53_CIDR_COLLECTION_NAME_MAX_CHARACTERS ((size_t)64)
#define R53_CIDR_LOCATION_NAME_MAX_CHARACTERS ((size_t)16)

struct r53_cidr_location {
    const char *name;
    struct r53_cidr_block *blocks; /* sorted by r53_cidr_compare; one at least */
    size_t block_count;
};
struct r53_cidr_locations {
    struct r53_cidr_location *items; /* sorted by name */
    size_t count;
};

/** The location of this name; NULL: none. */
const struct r53_cidr_location *r53_cidr_find(const struct r53_cidr_locations *locations,
                                              const char *name);

/**
 * Applies the changes one after the other; a location is there while it has blocks, and no block
 * stands in two locations afterwards. *out lives in the fault's arena and shares with `before`.
 * Errors: InvalidInput; CidrBlockInUseException for a block of two locations; LimitsExceeded.
 */
enum aws_error r53_cidr_apply(const struct r53_cidr_locations *before,
                              const struct r53_change_cidr_collection_request *request,
                              struct r53_cidr_locations *out, struct aws_fault *fault) MUST_USE;

/** The body of a STORE_CIDR_COLLECTION object. In `a`. */
struct slice r53_cidr_encode(struct arena *a, const struct r53_cidr_locations *locations);
/** Errors: ERR_CORRUPT. Everything in `a`. */
enum err r53_cidr_decode(struct arena *a, struct slice text, struct r53_cidr_locations *out,
                         struct errctx *ec) MUST_USE;

/** The distinct collections and locations that sets name; *out borrows from them, in `a`. */
size_t r53_cidr_uses(struct arena *a, const struct r53_sets *sets,
                     const struct r53_cidr_routing_config *const **out);

#endif
