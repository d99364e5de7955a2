// SPDX-License-Identifier: Apache-2.0
// A plan in change batches that the API takes. Pure.
#ifndef TOOL_ZONE_BATCH_H
#define TOOL_ZONE_BATCH_H

#include "tool/zone_plan.h"

/**
 * The next batch of a plan, from its step *at on, which moves behind it; false where none is left.
 * Batches keep the limits of the API (R53_BATCH_MAX_RECORDS, R53_BATCH_MAX_CHARACTERS, an UPSERT
 * counts twice), and the steps of one owner together wherever they fit one.
 * comment      of the change
 * out_records  records in it, each once
 * Everything in `a`.
 */
bool zone_batch_next(struct arena *a, const struct zone_plan *plan, size_t *at, const char *comment,
                     struct r53_change_batch *out, size_t *out_records);

#endif
