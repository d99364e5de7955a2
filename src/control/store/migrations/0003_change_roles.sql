-- SPDX-License-Identifier: Apache-2.0
-- Which roles a change concerns, as bits: 1 dns, 2 edge. It is in sync once nodes of all of them
-- have it. Changes before this were of records.
ALTER TABLE change_info ADD COLUMN roles INTEGER NOT NULL DEFAULT 1;
