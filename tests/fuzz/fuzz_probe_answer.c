// SPDX-License-Identifier: Apache-2.0
// Answers of endpoints that are probed: the first byte says how long the string is that is looked
// for (0: none), which comes next; then the answer. However it is cut into pieces, it comes to the
// same, and what is kept of it stays within its limits.
#include "base/check.h"
#include "health/limits.h"
#include "health/probe_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** The outcome where the bytes come in pieces of this size and then end. */
static enum probe_outcome judge(struct slice search, struct slice bytes, size_t piece,
                                uint16_t *out_status)
{
    struct probe_http p = {0};
    enum probe_outcome outcome = PROBE_NONE;
    for (size_t at = 0; at < bytes.len && outcome == PROBE_NONE; at += piece) {
        outcome = probe_http_take(&p, search, slice_sub(bytes, at, piece));
        CHECK(buf_len(&p.body) <= PROBE_BODY_MAX_BYTES);
        CHECK(buf_len(&p.head) < PROBE_HEAD_MAX_BYTES || outcome != PROBE_NONE || p.status != 0);
    }
    CHECK(outcome == PROBE_NONE || outcome == PROBE_PASSED || outcome == PROBE_BAD_RESPONSE ||
          outcome == PROBE_BAD_STATUS || outcome == PROBE_NO_MATCH);
    if (outcome == PROBE_PASSED)
        CHECK(p.status >= 200 && p.status <= 399);
    if (outcome == PROBE_PASSED && search.len > 0)
        CHECK(memmem(p.body.data + p.body.start, buf_len(&p.body), search.data, search.len) !=
              NULL);
    if (outcome == PROBE_NONE)
        outcome = probe_http_close(&p);
    *out_status = p.status;
    probe_http_fini(&p);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || (size_t)data[0] + 1 > size)
        return 0;
    const struct slice search = slice_of(data + 1, data[0]);
    const struct slice bytes = slice_of(data + 1 + data[0], size - 1 - data[0]);
    uint16_t whole_status;
    uint16_t single_status;
    enum probe_outcome whole = judge(search, bytes, bytes.len + 1, &whole_status);
    enum probe_outcome single = judge(search, bytes, 1, &single_status);
    CHECK(whole == single && whole_status == single_status);
    return 0;
}
