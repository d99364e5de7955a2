-- SPDX-License-Identifier: Apache-2.0
-- Run at every start, on the file of the chunks: it is derived data, so an operator may delete it,
-- and a later form of it gets a table of another name instead of a migration.
CREATE TABLE IF NOT EXISTS chunks.chunk (
    hash BLOB NOT NULL UNIQUE,
    touched_unix_ms INTEGER NOT NULL,
    packed BLOB NOT NULL
) STRICT;
