// SPDX-License-Identifier: Apache-2.0
// The classes of failure of calls to origins: what viewers are told, what is counted. Pure but for
// the counters; any thread.
#include "edge/origin_priv.h"

#include "base/check.h"
#include "metrics/counters.h"

#include <errno.h>

static const struct {
    unsigned status;
    enum metric metric;
    const char *text;
} classes[ORIGIN_FAILURE_COUNT] = {
    [ORIGIN_OK] = {200, METRIC_COUNT, "the origin answered"},
    [ORIGIN_NO_ADDRESS] = {502, METRIC_ORIGIN_NO_ADDRESS,
                           "the name of the origin could not be resolved"},
    [ORIGIN_FORBIDDEN] = {502, METRIC_ORIGIN_FORBIDDEN,
                          "the origin is at an address that origins must not have"},
    [ORIGIN_REFUSED] = {502, METRIC_ORIGIN_REFUSED, "the origin refused the connection"},
    [ORIGIN_TLS] = {502, METRIC_ORIGIN_TLS, "no secure connection to the origin could be made"},
    [ORIGIN_CONNECT_TIMEOUT] = {504, METRIC_ORIGIN_CONNECT_TIMEOUT,
                                "no connection to the origin could be made in time"},
    [ORIGIN_RESPONSE_TIMEOUT] = {504, METRIC_ORIGIN_RESPONSE_TIMEOUT,
                                 "the origin did not answer in time"},
    [ORIGIN_MALFORMED] = {502, METRIC_ORIGIN_MALFORMED,
                          "the answer of the origin is no valid HTTP"},
    [ORIGIN_CLOSED] = {502, METRIC_ORIGIN_CLOSED,
                       "the origin closed the connection before it had answered"},
    [ORIGIN_BUSY] = {503, METRIC_ORIGIN_BUSY, "too many requests wait for the origin"},
};

unsigned origin_failure_status(enum origin_failure failure)
{
    CHECK(failure < ORIGIN_FAILURE_COUNT);
    return classes[failure].status;
}

const char *origin_failure_text(enum origin_failure failure)
{
    CHECK(failure < ORIGIN_FAILURE_COUNT);
    return classes[failure].text;
}

void origin_failure_count(enum origin_failure failure)
{
    CHECK(failure < ORIGIN_FAILURE_COUNT);
    if (failure != ORIGIN_OK)
        metrics_add(classes[failure].metric, 1);
}

/* This machine has run out of something: the origin is not to blame. */
static bool is_exhausted(int sys_errno)
{
    return sys_errno == EMFILE || sys_errno == ENFILE || sys_errno == ENOBUFS ||
           sys_errno == ENOMEM || sys_errno == EADDRNOTAVAIL;
}

static enum origin_failure connect_failure(const struct http_call_end *end)
{
    if (end->result == ERR_TIMEOUT || end->why->sys_errno == ETIMEDOUT)
        return ORIGIN_CONNECT_TIMEOUT;
    if (end->result == ERR_INVALID) /* the request cannot be sent */
        return ORIGIN_MALFORMED;
    return is_exhausted(end->why->sys_errno) ? ORIGIN_BUSY : ORIGIN_REFUSED;
}

enum origin_failure origin_failure_of(const struct http_call_end *end)
{
    if (end->result == ERR_OK)
        return ORIGIN_OK;
    if (end->stage == HTTP_STAGE_CONNECT)
        return connect_failure(end);
    if (end->stage == HTTP_STAGE_TLS)
        return end->result == ERR_TIMEOUT ? ORIGIN_CONNECT_TIMEOUT : ORIGIN_TLS;
    if (end->result == ERR_TIMEOUT)
        return ORIGIN_RESPONSE_TIMEOUT;
    return end->result == ERR_CLOSED ? ORIGIN_CLOSED : ORIGIN_MALFORMED;
}
