// SPDX-License-Identifier: Apache-2.0
// The limits of this room, with unit and source.
#ifndef CONTROL_CERT_LIMITS_H
#define CONTROL_CERT_LIMITS_H

#include <stdint.h>

/** Validity of the fleet root, days: every node pins it, so it outlives the machines. */
#define FLEET_ROOT_DAYS 10950

/** Validity of what the fleet root certifies, days: the release key, control's TLS identity. */
#define FLEET_CERT_DAYS 3650

#endif
