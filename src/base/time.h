// SPDX-License-Identifier: Apache-2.0
// Clocks, units and the time formats of the protocols. Pure code takes `now` as an argument; only
// loops and main functions read a clock.
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include "base/macros.h"
#include "base/slice.h"

#define NS_PER_S 1000000000LL
#define NS_PER_MS 1000000LL
#define MS_PER_S 1000LL
#define US_PER_S 1000000LL
#define NS_PER_US 1000LL

/** Nanoseconds of the monotonic clock; comparable within one boot of the machine only. */
int64_t time_monotonic_ns(void);

/** The same, but it also counts the time that the machine was suspended. */
int64_t time_boot_ns(void);

/** Milliseconds of Unix time. */
int64_t time_unix_ms(void);

/** The same clocks as of the kernel's last tick, some milliseconds ago, for a third of the cost:
 *  Unix time in milliseconds, monotonic time in microseconds. */
int64_t time_coarse_unix_ms(void);
int64_t time_coarse_us(void);

/** Length of "2026-01-31T12:00:00.000Z" with its NUL. */
#define TIME_ISO8601_SIZE 25
/** "2026-01-31T12:00:00.000Z", the form that the AWS APIs answer with. */
void time_format_iso8601(int64_t unix_ms, char out[TIME_ISO8601_SIZE]);

/** Length of "20260131T120000Z" with its NUL. */
#define TIME_BASIC_SIZE 17
/** "20260131T120000Z", the form of Signature Version 4. */
void time_format_basic(int64_t unix_s, char out[TIME_BASIC_SIZE]);
/** Parses exactly that form; false where it is none. */
bool time_parse_basic(struct slice text, int64_t *out_unix_s);

/** Length of "Sat, 31 Jan 2026 12:00:00 GMT" with its NUL. */
#define TIME_HTTP_SIZE 30
/** IMF-fixdate of RFC 9110 section 5.6.7. */
void time_format_http(int64_t unix_s, char out[TIME_HTTP_SIZE]);
/** Parses IMF-fixdate, and RFC 850 and asctime dates as RFC 9110 asks of recipients. */
bool time_parse_http(struct slice text, int64_t now_unix_s, int64_t *out_unix_s);

#endif
