// SPDX-License-Identifier: Apache-2.0
// What the fields of an answer say about its caching: Cache-Control, CDN-Cache-Control, Expires,
// Date, Age. Readings only; judge.c decides. Pure; any thread.
// Source: RFC 9111 sections 4.2 and 5, RFC 9213, RFC 5861.
#ifndef CACHE_CACHE_CONTROL_H
#define CACHE_CACHE_CONTROL_H

#include "http/message.h"

/** The largest number of seconds; what is larger counts as this (RFC 9111 section 1.2.2). */
#define CACHE_SECONDS_MAX ((uint32_t)1 << 31)

/** Directives as bits. */
enum cache_directive {
    DIRECTIVE_NO_STORE = 1 << 0,
    DIRECTIVE_NO_CACHE = 1 << 1, /* of the whole answer, or of fields other than Set-Cookie */
    DIRECTIVE_PRIVATE = 1 << 2,  /* of the whole answer, or of fields */
    DIRECTIVE_PUBLIC = 1 << 3,
    DIRECTIVE_MUST_REVALIDATE = 1 << 4,
    DIRECTIVE_PROXY_REVALIDATE = 1 << 5,
    DIRECTIVE_MUST_UNDERSTAND = 1 << 6,
    DIRECTIVE_NO_CACHE_SET_COOKIE = 1 << 7, /* no-cache="Set-Cookie", perhaps among other fields */
    DIRECTIVE_MAX_AGE = 1 << 8,
    DIRECTIVE_S_MAXAGE = 1 << 9,
    DIRECTIVE_STALE_WHILE_REVALIDATE = 1 << 10,
    DIRECTIVE_STALE_IF_ERROR = 1 << 11,
};

/** Numbers of seconds are 0 where they are malformed: then the answer counts as stale. */
struct cache_control {
    unsigned has; /* bits of enum cache_directive */
    uint32_t max_age_s;
    uint32_t s_maxage_s;
    uint32_t stale_while_revalidate_s;
    uint32_t stale_if_error_s;
};

/**
 * Cache-Control, leniently: names in any case, all lines, what is unknown passed over, the first
 * of equal directives. What stands in quotes is the argument of one directive, never another.
 */
void cache_control_read(const struct http_fields *fields, struct cache_control *out);

/**
 * CDN-Cache-Control, a strict dictionary that replaces Cache-Control and Expires. False: there is
 * none, it is empty or does not parse.
 */
bool cache_control_read_targeted(struct arena *a, const struct http_fields *fields,
                                 struct cache_control *out);

/** The Date of an answer, or `response_unix_s` where it has none that parses. */
int64_t cache_date_unix_s(const struct http_fields *fields, int64_t response_unix_s);

/** Age as the sender says, seconds: the first value; 0 where it is not a number. */
uint32_t cache_age_value_s(const struct http_fields *fields);

/**
 * Freshness lifetime by Expires: false without the field. 0 where it is malformed, repeated or not
 * after `date_unix_s`.
 */
bool cache_expires_s(const struct http_fields *fields, int64_t date_unix_s, uint32_t *out_seconds);

/** All lines of a field, joined by ", "; in `a` or borrowed. Empty: there is none. */
struct slice cache_joined(struct arena *a, const struct http_fields *fields, const char *name);

#endif
