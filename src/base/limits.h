// SPDX-License-Identifier: Apache-2.0
// Every bound of the room base, with its unit and the reason for its size.
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* Blocks of an arena double from a page, so that a small request costs little, to 1 MiB, past
 * which a larger block saves no calls worth having. */
#define ARENA_BLOCK_MIN_BYTES ((size_t)4096)
#define ARENA_BLOCK_MAX_BYTES ((size_t)1048576)

/* First allocation of a buffer: most short texts fit. */
#define BUF_CAPACITY_MIN_BYTES ((size_t)256)

/* First table of a map, entries; a power of two. */
#define MAP_CAPACITY_MIN ((size_t)16)

/* Line that a failed CHECK writes, bytes; what is longer is cut. */
#define CHECK_LINE_MAX_BYTES 1024

/* weir.conf: some 60 settings of a line each, with room for comments. */
#define SETTINGS_FILE_MAX_BYTES ((size_t)65536)

/* Values of one list setting; more listeners or peers than any one machine has use for. */
#define SETTINGS_LIST_MAX_ITEMS ((size_t)64)

/* Columns of the --help text: a terminal's 80, less one. */
#define SETTINGS_HELP_WIDTH 79
#define SETTINGS_HELP_INDENT 30

/* The file that arms faults of a test build, bytes. */
#define FAULT_FILE_MAX_BYTES ((size_t)4096)

#endif
