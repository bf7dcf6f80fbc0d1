-- The documented views (docs/database.md). Decimals stay decimals in every sum.

-- The sums of both parts, which the views below take apart.

CREATE VIEW stored.run_totals AS
SELECT
    run,
    part,
    CAST(sum(budget) AS DECIMAL(18, 2)) AS budget,
    CAST(sum(points) AS DECIMAL(18, 4)) AS points,
    CAST(sum(fund_amount) AS DECIMAL(18, 2)) AS fund_amount,
    CAST(sum(remainder) AS DECIMAL(18, 2)) AS remainder
FROM stored.run_values
GROUP BY run, part;

CREATE VIEW stored.run_hospitals AS
SELECT
    run,
    part,
    hospital_id,
    name,
    level,
    CAST(sum(cases) AS BIGINT) AS cases,
    CAST(sum(points) AS DECIMAL(18, 4)) AS points,
    CAST(sum(total_cost) AS DECIMAL(18, 2)) AS total_cost,
    CAST(sum(standard_amount) AS DECIMAL(18, 2)) AS standard_amount,
    CAST(sum(patient_cost) AS DECIMAL(18, 2)) AS patient_cost,
    CAST(sum(other_cost) AS DECIMAL(18, 2)) AS other_cost,
    CAST(sum(fund_amount) AS DECIMAL(18, 2)) AS fund_amount,
    CAST(sum(fund_cost) AS DECIMAL(18, 2)) AS fund_cost,
    CAST(sum(difference) AS DECIMAL(18, 2)) AS difference,
    CAST(sum(prepayment) AS DECIMAL(18, 2)) AS prepayment
FROM stored.run_statements
GROUP BY run, part, hospital_id, name, level;

CREATE VIEW stored.run_balances AS
SELECT
    run,
    part,
    pool,
    account,
    CAST(sum(debit) AS DECIMAL(18, 2)) AS debit,
    CAST(sum(credit) AS DECIMAL(18, 2)) AS credit,
    CAST(sum(debit) - sum(credit) AS DECIMAL(18, 2)) AS balance
FROM (
    SELECT run, part, pool, debit AS account, amount AS debit, CAST(0 AS DECIMAL(18, 2)) AS credit
    FROM stored.run_ledger
    UNION ALL
    SELECT run, part, pool, credit AS account, CAST(0 AS DECIMAL(18, 2)) AS debit, amount AS credit
    FROM stored.run_ledger
) AS sides
GROUP BY run, part, pool, account;

CREATE VIEW runs AS
SELECT
    r.* EXCLUDE (manifest_sha256),
    t.* EXCLUDE (run, part),
    v.budget AS visit_budget,
    v.points AS visit_points,
    v.fund_amount AS visit_fund_amount,
    v.remainder AS visit_remainder,
    r.manifest_sha256
FROM stored.runs AS r
LEFT JOIN (FROM stored.run_totals WHERE part = 'stays') AS t USING (run)
LEFT JOIN (FROM stored.run_totals WHERE part = 'visits') AS v USING (run);

CREATE VIEW latest_month_runs AS
SELECT *
FROM runs
WHERE kind = 'month'
QUALIFY row_number() OVER (PARTITION BY region, period ORDER BY finished DESC, run DESC) = 1;

CREATE VIEW latest_visit_runs AS
SELECT *
FROM runs
WHERE kind IN ('month', 'visits') AND visits_valid IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY region, period ORDER BY finished DESC, run DESC) = 1;

-- Of stays.

CREATE VIEW run_values AS
SELECT * EXCLUDE (part) FROM stored.run_values WHERE part = 'stays';

CREATE VIEW run_statements AS
SELECT * EXCLUDE (part) FROM stored.run_statements WHERE part = 'stays';

CREATE VIEW run_hospitals AS
SELECT * EXCLUDE (part) FROM stored.run_hospitals WHERE part = 'stays';

CREATE VIEW run_classes AS SELECT * FROM stored.run_classes;

CREATE VIEW run_groups AS SELECT * FROM stored.run_groups;

CREATE VIEW run_adjustments AS SELECT * FROM stored.run_adjustments;

CREATE VIEW run_ledger AS
SELECT * EXCLUDE (part) FROM stored.run_ledger WHERE part = 'stays';

CREATE VIEW run_balances AS
SELECT * EXCLUDE (part) FROM stored.run_balances WHERE part = 'stays';

-- Of visits.

CREATE VIEW run_visit_values AS
SELECT * EXCLUDE (part) FROM stored.run_values WHERE part = 'visits';

CREATE VIEW run_visit_statements AS
SELECT * EXCLUDE (part) RENAME (cases AS visits)
FROM stored.run_statements
WHERE part = 'visits';

CREATE VIEW run_visit_hospitals AS
SELECT * EXCLUDE (part) RENAME (cases AS visits)
FROM stored.run_hospitals
WHERE part = 'visits';

CREATE VIEW run_visit_classes AS SELECT * FROM stored.run_visit_classes;

CREATE VIEW run_visit_groups AS SELECT * FROM stored.run_visit_groups;

CREATE VIEW run_entries AS SELECT * FROM stored.run_entries;

CREATE VIEW run_capitation AS SELECT * FROM stored.run_capitation;

CREATE VIEW run_capitation_apart AS SELECT * FROM stored.run_capitation_apart;

CREATE VIEW run_capitation_tie_out AS SELECT * FROM stored.run_capitation_tie_out;

CREATE VIEW run_visit_ledger AS
SELECT * EXCLUDE (part) FROM stored.run_ledger WHERE part = 'visits';

CREATE VIEW run_visit_balances AS
SELECT * EXCLUDE (part) FROM stored.run_balances WHERE part = 'visits';

-- The single rows of a run, or of all runs that fit a pattern such as '2026-*', are read in place.
-- The path is relative to the folder of the database, which drgpay puts in `runs_folder`.

CREATE MACRO run_cases(run) AS TABLE
SELECT parse_path(filename)[-2] AS run, * EXCLUDE (filename)
FROM read_parquet(
    coalesce(getvariable('runs_folder') || '/', '') || run || '/cases.parquet',
    filename = true,
    union_by_name = true
);

CREATE MACRO run_case_adjustments(run) AS TABLE
SELECT parse_path(filename)[-2] AS run, * EXCLUDE (filename)
FROM read_parquet(
    coalesce(getvariable('runs_folder') || '/', '') || run || '/adjustments.parquet',
    filename = true,
    union_by_name = true
);

CREATE MACRO run_visits(run) AS TABLE
SELECT parse_path(filename)[-2] AS run, * EXCLUDE (filename)
FROM read_parquet(
    coalesce(getvariable('runs_folder') || '/', '') || run || '/visits.parquet',
    filename = true,
    union_by_name = true
);

CREATE MACRO run_visit_entries(run) AS TABLE
SELECT parse_path(filename)[-2] AS run, * EXCLUDE (filename)
FROM read_parquet(
    coalesce(getvariable('runs_folder') || '/', '') || run || '/entries.parquet',
    filename = true,
    union_by_name = true
);
