-- The documented views (docs/database.md). Decimals stay decimals in every sum.

CREATE VIEW runs AS
SELECT
    r.* EXCLUDE (manifest_sha256),
    t.budget,
    t.points,
    t.fund_amount,
    t.remainder,
    r.manifest_sha256
FROM stored.runs AS r
LEFT JOIN (
    SELECT
        run,
        CAST(sum(budget) AS DECIMAL(18, 2)) AS budget,
        CAST(sum(points) AS DECIMAL(18, 4)) AS points,
        CAST(sum(fund_amount) AS DECIMAL(18, 2)) AS fund_amount,
        CAST(sum(remainder) AS DECIMAL(18, 2)) AS remainder
    FROM stored.run_values
    GROUP BY run
) AS t USING (run);

CREATE VIEW latest_month_runs AS
SELECT *
FROM runs
WHERE kind = 'month'
QUALIFY row_number() OVER (PARTITION BY region, period ORDER BY finished DESC, run DESC) = 1;

CREATE VIEW run_values AS SELECT * FROM stored.run_values;

CREATE VIEW run_statements AS SELECT * FROM stored.run_statements;

CREATE VIEW run_hospitals AS
SELECT
    run,
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
GROUP BY run, hospital_id, name, level;

CREATE VIEW run_classes AS SELECT * FROM stored.run_classes;

CREATE VIEW run_groups AS SELECT * FROM stored.run_groups;

CREATE VIEW run_adjustments AS SELECT * FROM stored.run_adjustments;

CREATE VIEW run_ledger AS SELECT * FROM stored.run_ledger;

CREATE VIEW run_balances AS
SELECT
    run,
    pool,
    account,
    CAST(sum(debit) AS DECIMAL(18, 2)) AS debit,
    CAST(sum(credit) AS DECIMAL(18, 2)) AS credit,
    CAST(sum(debit) - sum(credit) AS DECIMAL(18, 2)) AS balance
FROM (
    SELECT run, pool, debit AS account, amount AS debit, CAST(0 AS DECIMAL(18, 2)) AS credit
    FROM stored.run_ledger
    UNION ALL
    SELECT run, pool, credit AS account, CAST(0 AS DECIMAL(18, 2)) AS debit, amount AS credit
    FROM stored.run_ledger
) AS sides
GROUP BY run, pool, account;

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
