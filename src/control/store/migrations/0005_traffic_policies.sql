-- SPDX-License-Identifier: Apache-2.0
-- Traffic policies, their versions and instances. The names of an instance's tree are objects
-- (kind 7), the instance's own record set is one of its zone.

-- last_version is the number that was given last; it is never given again.
CREATE TABLE traffic_policy (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    name TEXT NOT NULL,
    last_version INTEGER NOT NULL,
    UNIQUE (account_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX traffic_policy_by_account ON traffic_policy (account_id, id);

CREATE TABLE traffic_policy_version (
    policy_id TEXT NOT NULL REFERENCES traffic_policy (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    type TEXT NOT NULL,
    document TEXT NOT NULL,
    comment TEXT,
    PRIMARY KEY (policy_id, version)
) STRICT, WITHOUT ROWID;

-- change_id names the change of the last create or update, whose row says whether it is applied.
CREATE TABLE traffic_instance (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    zone_id TEXT NOT NULL,
    name TEXT NOT NULL,
    sort_key BLOB NOT NULL,
    type TEXT NOT NULL,
    ttl_s INTEGER NOT NULL,
    policy_id TEXT NOT NULL,
    policy_version INTEGER NOT NULL,
    change_id TEXT NOT NULL,
    is_update INTEGER NOT NULL,
    FOREIGN KEY (policy_id, policy_version)
        REFERENCES traffic_policy_version (policy_id, version)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX traffic_instance_by_name ON traffic_instance (zone_id, sort_key, type);
CREATE INDEX traffic_instance_by_account
    ON traffic_instance (account_id, zone_id, sort_key, type);
CREATE INDEX traffic_instance_by_policy
    ON traffic_instance (policy_id, policy_version, zone_id, sort_key, type);
