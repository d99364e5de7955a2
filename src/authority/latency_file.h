// SPDX-License-Identifier: Apache-2.0
// Latency tables (CSV): how far networks are from regions, into an atlas that is being made.
#ifndef AUTHORITY_LATENCY_FILE_H
#define AUTHORITY_LATENCY_FILE_H

#include "base/err.h"
#include "base/slice.h"
#include "routing/atlas.h"

/**
 * Adds each line "NETWORK,REGION,MILLISECONDS": "192.0.2.0/24,eu-central-1,12.5", an address
 * without a length stands for itself alone. Spaces around fields, empty lines, lines that start
 * with '#', and a first line "network,region,milliseconds" are fine. Milliseconds are rounded.
 * *out_unknown  lines left out because this version does not know their region
 * Errors: ERR_NOT_FOUND, ERR_DENIED, ERR_IO, ERR_LIMIT; ERR_INVALID, naming path, line and what is
 * wrong with it; the builder then holds a part of it.
 */
enum err latency_file_read(const char *path, struct atlas_builder *b, size_t *out_unknown,
                           struct errctx *ec) MUST_USE;

/** The same of a text; errors name the line. */
enum err latency_text_read(struct slice text, struct atlas_builder *b, size_t *out_unknown,
                           struct errctx *ec) MUST_USE;

#endif
