// SPDX-License-Identifier: Apache-2.0
// Transfer settings of a zone: their texts. Pure; called by the API and the compiler.
#ifndef AWS_R53_TRANSFER_H
#define AWS_R53_TRANSFER_H

#include "aws/r53_cidr.h"

/**
 * "192.0.2.0/24", "2001:db8::/32", or an address alone, which is a network of one. Bits behind the
 * prefix are cleared. Errors: ERR_INVALID with words for the client.
 */
enum err r53_transfer_network_parse(struct arena *a, struct slice text, struct r53_cidr_block *out,
                                    struct errctx *ec) MUST_USE;

/** The canonical text: "192.0.2.0/24". In `a`. */
const char *r53_transfer_network_format(struct arena *a, const struct r53_cidr_block *network);

/** The same of its address alone. */
const char *r53_transfer_address_format(struct arena *a, const struct r53_cidr_block *network);

#endif
