// SPDX-License-Identifier: Apache-2.0
// The owner name that a STORE_NAME object's member stands for.
#ifndef CONTROL_COMPILE_MEMBER_PRIV_H
#define CONTROL_COMPILE_MEMBER_PRIV_H

#include "dns/name.h"

/**
 * The name behind a sort key (dns_name_sort_key: "com.example.www."). Pure.
 * Errors: ERR_CORRUPT where it is no sort key.
 */
enum err member_owner(struct slice member, struct dns_name *out_owner, struct errctx *ec) MUST_USE;

#endif
