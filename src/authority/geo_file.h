// SPDX-License-Identifier: Apache-2.0
// Geography files (MMDB): where networks are, into an atlas that is being made.
#ifndef AUTHORITY_GEO_FILE_H
#define AUTHORITY_GEO_FILE_H

#include "base/err.h"
#include "routing/atlas.h"

/**
 * Adds every network of the file whose record names a location or coordinates (geo_record.h). The
 * file is read from a copy in memory, so that it may be rewritten meanwhile. Takes seconds for a
 * large file; any thread that serves nothing.
 * Errors: ERR_NOT_FOUND, ERR_DENIED, ERR_IO, ERR_LIMIT, ERR_CORRUPT, naming the path; the builder
 * then holds a part of it.
 * Source: MaxMind DB File Format Specification 2.0.
 */
enum err geo_file_read(const char *path, struct atlas_builder *b, struct errctx *ec) MUST_USE;

#endif
