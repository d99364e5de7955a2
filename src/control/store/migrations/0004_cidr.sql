-- SPDX-License-Identifier: Apache-2.0
-- CIDR collections, and which names route by them. Locations and blocks are an object (kind 6).

-- revision is what the API calls the collection's version.
CREATE TABLE cidr_collection (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    name TEXT NOT NULL,
    caller_reference TEXT NOT NULL,
    revision INTEGER NOT NULL,
    UNIQUE (account_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX cidr_collection_by_account ON cidr_collection (account_id, id);

-- The names whose record sets route by a location; `*` is the default one.
CREATE TABLE cidr_use (
    zone_id TEXT NOT NULL,
    member BLOB NOT NULL,
    collection_id TEXT NOT NULL REFERENCES cidr_collection (id),
    location TEXT NOT NULL,
    PRIMARY KEY (zone_id, member, collection_id, location)
) STRICT, WITHOUT ROWID;
CREATE INDEX cidr_use_by_location ON cidr_use (collection_id, location);
