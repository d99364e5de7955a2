// SPDX-License-Identifier: Apache-2.0
// CIDR collections between rows, objects and shapes. Private to control/api/.
#ifndef CONTROL_API_CIDR_PRIV_H
#define CONTROL_API_CIDR_PRIV_H

#include "aws/r53_change.h"
#include "aws/r53_cidr.h"
#include "base/map.h"
#include "control/api/api_priv.h"
#include "control/store/cidr.h"

/** A collection of the calling account; NoSuchCidrCollectionException. */
enum aws_error find_cidr_collection(struct api_call *c, const char *id,
                                    struct store_cidr_collection *out) MUST_USE;

/** Its locations and blocks, from the object. In the call's arena. */
enum err load_cidr_locations(struct api_call *c, const char *id, struct r53_cidr_locations *out,
                             struct errctx *ec) MUST_USE;

/** A collection as clients see it. */
struct r53_cidr_collection cidr_collection_shape(struct api_call *c,
                                                 const struct store_cidr_collection *row);

/** What batches look up of collections: each is read once. Owner: the handler, on its stack. */
struct cidr_lookup {
    struct api_call *call;
    struct map read; /* struct r53_cidr_locations by collection id */
};
void cidr_lookup_init(struct cidr_lookup *l, struct api_call *c);
void cidr_lookup_fini(struct cidr_lookup *l);
enum err cidr_lookup_find(struct cidr_lookup *l, const struct r53_cidr_routing_config *config,
                          enum r53_cidr_finding *out, struct errctx *ec) MUST_USE;

/** Notes which locations a changed name routes by now. */
enum err cidr_note_uses(struct api_call *c, const char *zone_id, const struct r53_owner *owner,
                        struct errctx *ec) MUST_USE;

#endif
