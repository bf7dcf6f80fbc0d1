-- The stored tables. The views of views.sql are what docs/database.md promises; these may change
-- with the layout (LAYOUT in database.py counts its versions).
-- Those of runs, their rows and their sums are declared in drgpay/tables/database.toml.

CREATE SCHEMA stored;

CREATE TABLE stored.layout (version INTEGER NOT NULL);
