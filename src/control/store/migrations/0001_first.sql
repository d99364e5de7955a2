-- SPDX-License-Identifier: Apache-2.0
-- The first schema. Times are Unix milliseconds; booleans are 0 and 1. Rows of the fleet itself
-- (nodes, releases, lease, meta) belong to no account; objects belong to the account of their zone.

-- One row: the newest version, and the version up to which superseded rows were forgotten.
CREATE TABLE store_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL,
    forgotten_version INTEGER NOT NULL
) STRICT;
INSERT INTO store_state (id, version, forgotten_version) VALUES (1, 0, 0);

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE access_key (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    user_name TEXT NOT NULL,
    sealed_secret BLOB NOT NULL,
    is_active INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at_unix_ms INTEGER NOT NULL,
    account_id TEXT NOT NULL,
    access_key_id TEXT NOT NULL,
    action TEXT NOT NULL,
    resource TEXT NOT NULL,
    request_id TEXT NOT NULL,
    source_ip TEXT NOT NULL,
    detail BLOB NOT NULL
) STRICT;

-- account_id is empty for the sets of the fleet.
CREATE TABLE delegation_set (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL DEFAULT '',
    name_1 TEXT NOT NULL,
    name_2 TEXT NOT NULL,
    name_3 TEXT NOT NULL,
    name_4 TEXT NOT NULL,
    ordinal INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE delegation_set_address (
    delegation_set_id TEXT NOT NULL REFERENCES delegation_set (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (delegation_set_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE zone (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    name TEXT NOT NULL,
    sort_key BLOB NOT NULL,
    caller_reference TEXT NOT NULL,
    comment TEXT,
    delegation_set_id TEXT REFERENCES delegation_set (id),
    is_private INTEGER NOT NULL,
    created_version INTEGER NOT NULL,
    created_unix_ms INTEGER NOT NULL,
    set_count INTEGER NOT NULL CHECK (set_count >= 0)
) STRICT, WITHOUT ROWID;
CREATE INDEX zone_by_account ON zone (account_id, id);
CREATE INDEX zone_by_name ON zone (account_id, sort_key, id);
CREATE INDEX zone_by_set ON zone (delegation_set_id, name);

-- Caller references outlive their zones: a repeated call must not make a second zone.
CREATE TABLE zone_reference (
    account_id TEXT NOT NULL,
    caller_reference TEXT NOT NULL,
    zone_id TEXT NOT NULL,
    PRIMARY KEY (account_id, caller_reference)
) STRICT, WITHOUT ROWID;

-- A row is what its object was from `version` until `replaced_at`, the version of the object's
-- next row; NULL: it is the newest. So the content at version v is found without comparing rows:
-- version <= v AND (replaced_at IS NULL OR replaced_at > v).
CREATE TABLE object (
    kind INTEGER NOT NULL,
    group_id TEXT NOT NULL,
    member BLOB NOT NULL,
    version INTEGER NOT NULL,
    replaced_at INTEGER,
    is_deleted INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (kind, group_id, member, version)
) STRICT, WITHOUT ROWID;
-- The columns of the condition make it a covering index: a listing passes over deleted objects and
-- older rows without touching them.
CREATE INDEX object_live ON object (kind, group_id, member, replaced_at, is_deleted)
    WHERE replaced_at IS NULL AND is_deleted = 0;
CREATE INDEX object_by_version ON object (version);
CREATE INDEX object_replaced ON object (replaced_at) WHERE replaced_at IS NOT NULL;
CREATE INDEX object_deleted ON object (version) WHERE is_deleted = 1;

CREATE TABLE change_info (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    submitted_unix_ms INTEGER NOT NULL,
    comment TEXT,
    is_insync INTEGER NOT NULL,
    held_reason TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX change_info_pending ON change_info (version) WHERE is_insync = 0;

CREATE TABLE held (
    kind INTEGER NOT NULL,
    group_id TEXT NOT NULL,
    member BLOB NOT NULL,
    at_version INTEGER NOT NULL,
    change_version INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (kind, group_id, member, change_version)
) STRICT, WITHOUT ROWID;

CREATE TABLE node (
    id TEXT PRIMARY KEY,
    public_key BLOB NOT NULL,
    state INTEGER NOT NULL,
    address TEXT NOT NULL,
    first_seen_unix_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE lease (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    holder TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    expires_unix_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE rollout (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    stable_root BLOB NOT NULL,
    stable_version INTEGER NOT NULL,
    candidate_root BLOB NOT NULL,
    candidate_version INTEGER NOT NULL,
    signed_pointer BLOB NOT NULL
) STRICT;

-- `ordinal` rises with each row that is added, also of a root that was there before.
CREATE TABLE published_root (
    root BLOB PRIMARY KEY,
    version INTEGER NOT NULL,
    created_unix_ms INTEGER NOT NULL,
    note BLOB NOT NULL,
    ordinal INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
