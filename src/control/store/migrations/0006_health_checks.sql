-- SPDX-License-Identifier: Apache-2.0
-- Health checks. What one looks at is an object (kind 8).

-- revision is what the API calls the check's version.
CREATE TABLE health_check (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    caller_reference TEXT NOT NULL,
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX health_check_by_account ON health_check (account_id, id);

-- Caller references outlive their checks: a repeated call must not make a second one.
CREATE TABLE health_check_reference (
    account_id TEXT NOT NULL,
    caller_reference TEXT NOT NULL,
    health_check_id TEXT NOT NULL,
    PRIMARY KEY (account_id, caller_reference)
) STRICT, WITHOUT ROWID;

-- The checks that a calculated one is made of.
CREATE TABLE health_check_child (
    parent_id TEXT NOT NULL REFERENCES health_check (id) ON DELETE CASCADE,
    child_id TEXT NOT NULL REFERENCES health_check (id),
    PRIMARY KEY (parent_id, child_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX health_check_child_by_child ON health_check_child (child_id);
