-- The stored tables. The views of views.sql are what docs/database.md promises; these may change
-- with the layout (LAYOUT in database.py counts its versions).
-- A table that is filled from a Parquet file of a run takes the columns of its name; a column that
-- the file lacks stays empty. `part` tells the stays of a run from its visits, where both have files
-- of the same columns: no sum may run over both, since their points have values of their own.

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

CREATE TABLE stored.run_values (
    run VARCHAR NOT NULL,
    part VARCHAR NOT NULL,
    pool VARCHAR,
    budget DECIMAL(18, 2),
    from_home_funds DECIMAL(18, 2),
    patient_cost DECIMAL(18, 2),
    other_cost DECIMAL(18, 2),
    points DECIMAL(18, 4),
    -- up to 18 digits, and up to 8 of them behind the point (settlement.value_places)
    point_value DECIMAL(26, 8),
    fund_amount DECIMAL(18, 2),
    kept DECIMAL(18, 2),
    remainder DECIMAL(18, 2)
);

CREATE TABLE stored.run_statements (
    run VARCHAR NOT NULL,
    part VARCHAR NOT NULL,
    hospital_id VARCHAR,
    name VARCHAR,
    level VARCHAR,
    account VARCHAR,
    out_of_area BOOLEAN,
    payment VARCHAR,
    cases BIGINT,
    points DECIMAL(18, 4),
    minus_points DECIMAL(18, 4),
    total_cost DECIMAL(18, 2),
    standard_amount DECIMAL(18, 2),
    patient_cost DECIMAL(18, 2),
    other_cost DECIMAL(18, 2),
    fund_amount DECIMAL(18, 2),
    fund_cost DECIMAL(18, 2),
    difference DECIMAL(18, 2),
    deducted DECIMAL(18, 2),
    prepayment DECIMAL(18, 2),
    home_fund_bill DECIMAL(18, 2),
    carried DECIMAL(18, 2),
    assessment DECIMAL(18, 2),
    redistributed DECIMAL(18, 2),
    payable DECIMAL(18, 2),
    withheld DECIMAL(18, 2),
    prepaid DECIMAL(18, 2),
    clearing DECIMAL(18, 2)
);

CREATE TABLE stored.run_classes (
    run VARCHAR NOT NULL,
    case_class VARCHAR,
    cases BIGINT,
    days BIGINT,
    points DECIMAL(18, 4),
    total_cost DECIMAL(18, 2),
    standard_amount DECIMAL(18, 2),
    patient_cost DECIMAL(18, 2),
    other_cost DECIMAL(18, 2),
    fund_amount DECIMAL(18, 2),
    fund_cost DECIMAL(18, 2)
);

CREATE TABLE stored.run_groups (
    run VARCHAR NOT NULL,
    mdc VARCHAR,
    adrg VARCHAR,
    drg VARCHAR,
    cases BIGINT,
    days BIGINT,
    points DECIMAL(18, 4),
    total_cost DECIMAL(18, 2),
    standard_amount DECIMAL(18, 2),
    patient_cost DECIMAL(18, 2),
    other_cost DECIMAL(18, 2),
    fund_amount DECIMAL(18, 2),
    fund_cost DECIMAL(18, 2)
);

CREATE TABLE stored.run_adjustments (
    run VARCHAR NOT NULL,
    hospital_id VARCHAR,
    account VARCHAR,
    out_of_area BOOLEAN,
    applies_to VARCHAR,
    kind VARCHAR,
    adjustments BIGINT,
    points DECIMAL(18, 4),
    standard_amount DECIMAL(18, 2)
);

CREATE TABLE stored.run_ledger (
    run VARCHAR NOT NULL,
    part VARCHAR NOT NULL,
    entry INTEGER,
    period VARCHAR,
    pool VARCHAR,
    kind VARCHAR,
    hospital_id VARCHAR,
    debit VARCHAR,
    credit VARCHAR,
    amount DECIMAL(18, 2),
    text VARCHAR
);

CREATE TABLE stored.run_visit_classes (
    run VARCHAR NOT NULL,
    visit_type VARCHAR,
    class VARCHAR,
    visits BIGINT,
    points DECIMAL(18, 4),
    total_cost DECIMAL(18, 2),
    standard_amount DECIMAL(18, 2),
    patient_cost DECIMAL(18, 2),
    other_cost DECIMAL(18, 2),
    fund_amount DECIMAL(18, 2),
    fund_cost DECIMAL(18, 2)
);

CREATE TABLE stored.run_visit_groups (
    run VARCHAR NOT NULL,
    class VARCHAR,
    family VARCHAR,
    apg VARCHAR,
    visits BIGINT,
    points DECIMAL(18, 4),
    total_cost DECIMAL(18, 2),
    standard_amount DECIMAL(18, 2),
    patient_cost DECIMAL(18, 2),
    other_cost DECIMAL(18, 2),
    fund_amount DECIMAL(18, 2),
    fund_cost DECIMAL(18, 2)
);

CREATE TABLE stored.run_entries (
    run VARCHAR NOT NULL,
    class VARCHAR,
    family VARCHAR,
    apg VARCHAR,
    reason VARCHAR,
    entries BIGINT,
    quantity BIGINT,
    lines_cost DECIMAL(18, 2),
    points DECIMAL(18, 4)
);

CREATE TABLE stored.run_capitation (
    run VARCHAR NOT NULL,
    contractor_id VARCHAR,
    name VARCHAR,
    account VARCHAR,
    heads BIGINT,
    capitation DECIMAL(18, 2),
    visits BIGINT,
    charged DECIMAL(18, 2),
    charged_elsewhere DECIMAL(18, 2),
    balance DECIMAL(18, 2),
    retained DECIMAL(18, 2),
    shared DECIMAL(18, 2),
    settled DECIMAL(18, 2)
);

CREATE TABLE stored.run_capitation_apart (
    run VARCHAR NOT NULL,
    reason VARCHAR,
    contractor_id VARCHAR,
    account VARCHAR,
    visits BIGINT,
    fund_amount DECIMAL(18, 2)
);

CREATE TABLE stored.run_capitation_tie_out (
    run VARCHAR NOT NULL,
    pool VARCHAR,
    budget DECIMAL(18, 2),
    from_home_funds DECIMAL(18, 2),
    contracted DECIMAL(18, 2),
    uncontracted DECIMAL(18, 2),
    fund_amount DECIMAL(18, 2),
    kept DECIMAL(18, 2),
    remainder DECIMAL(18, 2),
    item_contracted DECIMAL(18, 2),
    item_uncontracted DECIMAL(18, 2),
    item_fund_amount DECIMAL(18, 2),
    home_funds DECIMAL(18, 2)
);
