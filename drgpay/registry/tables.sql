-- The stored tables. The views of views.sql are what docs/database.md promises; these may change
-- with the layout (LAYOUT in database.py counts its versions).
-- Those of rows and sums of runs are declared in drgpay/tables/database.toml.

CREATE SCHEMA stored;

CREATE TABLE stored.layout (version INTEGER NOT NULL);

CREATE TABLE stored.runs (
    run VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    period VARCHAR NOT NULL,
    region VARCHAR,
    policy VARCHAR,
    scheme VARCHAR,
    catalogue VARCHAR,
    program VARCHAR,
    language VARCHAR,
    method VARCHAR,
    value_places INTEGER,
    corrects VARCHAR,
    read BIGINT,
    valid BIGINT,
    quarantined BIGINT,
    warnings BIGINT,
    seconds DECIMAL(12, 3),
    finished TIMESTAMP,
    policy_sha256 VARCHAR,
    scheme_sha256 VARCHAR,
    catalogue_sha256 VARCHAR,
    stays_sha256 VARCHAR,
    hospitals_sha256 VARCHAR,
    visit_scheme VARCHAR,
    visit_catalogue VARCHAR,
    visit_method VARCHAR,
    visit_value_places INTEGER,
    visits_read BIGINT,
    visits_valid BIGINT,
    visits_quarantined BIGINT,
    visit_warnings BIGINT,
    lines_read BIGINT,
    lines_valid BIGINT,
    lines_quarantined BIGINT,
    line_warnings BIGINT,
    visit_scheme_sha256 VARCHAR,
    visit_catalogue_sha256 VARCHAR,
    visits_sha256 VARCHAR,
    lines_sha256 VARCHAR,
    enrolment_sha256 VARCHAR,
    manifest_sha256 VARCHAR NOT NULL
);
