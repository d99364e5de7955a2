-- SPDX-License-Identifier: Apache-2.0
-- Distributions, their alternate names, tags of resources, invalidations. The configuration of a
-- distribution is an object (kind 4).

-- change_id names the change of the last create or update, whose row says whether it is deployed.
CREATE TABLE distribution (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    caller_reference TEXT NOT NULL,
    domain_name TEXT NOT NULL,
    etag TEXT NOT NULL,
    change_id TEXT NOT NULL,
    created_unix_ms INTEGER NOT NULL,
    modified_unix_ms INTEGER NOT NULL,
    is_enabled INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX distribution_by_account ON distribution (account_id, id);

-- Caller references outlive their distributions: a repeated call must not make a second one.
CREATE TABLE distribution_reference (
    account_id TEXT NOT NULL,
    caller_reference TEXT NOT NULL,
    distribution_id TEXT NOT NULL,
    PRIMARY KEY (account_id, caller_reference)
) STRICT, WITHOUT ROWID;

-- A name belongs to one distribution of the whole store.
CREATE TABLE distribution_alias (
    alias TEXT PRIMARY KEY,
    distribution_id TEXT NOT NULL REFERENCES distribution (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX distribution_alias_by_distribution ON distribution_alias (distribution_id);

-- By ARN.
CREATE TABLE tag (
    resource TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT,
    PRIMARY KEY (resource, name)
) STRICT, WITHOUT ROWID;

-- `paths` holds each path with a NUL behind it; wildcard_count of them end in `*`.
CREATE TABLE invalidation (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    distribution_id TEXT NOT NULL REFERENCES distribution (id) ON DELETE CASCADE,
    caller_reference TEXT NOT NULL,
    created_unix_ms INTEGER NOT NULL,
    path_count INTEGER NOT NULL,
    wildcard_count INTEGER NOT NULL,
    paths BLOB NOT NULL,
    is_completed INTEGER NOT NULL,
    UNIQUE (distribution_id, caller_reference)
) STRICT;
CREATE INDEX invalidation_by_distribution ON invalidation (distribution_id, number);
CREATE INDEX invalidation_pending ON invalidation (number) WHERE is_completed = 0;

-- One row: the last number that was given, never given again; the number up to which rows of
-- distributions that still exist were dropped; and the epoch of the numbers, which is the time at
-- which the store was made.
CREATE TABLE invalidation_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    forgotten_number INTEGER NOT NULL
) STRICT;
INSERT INTO invalidation_state (id, epoch, number, forgotten_number)
    SELECT 1, applied_unix_ms, 0, 0 FROM migration WHERE number = 1;
