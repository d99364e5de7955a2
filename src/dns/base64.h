// SPDX-License-Identifier: Apache-2.0
// Base64 with padding (RFC 4648 section 4): fields of record data, and secrets of keys.
// Pure, any thread.
#ifndef DNS_BASE64_H
#define DNS_BASE64_H

#include "base/arena.h"

/** Decodes into `a`; false for anything but whole, canonical groups of four. */
bool dns_base64_read(struct arena *a, struct slice text, struct slice *out);

/** Writes 4 characters for each 3 bytes begun, no NUL; returns the end. */
char *dns_base64_write(char *to, struct slice bytes);

#endif
