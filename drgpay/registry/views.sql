-- What is computed of the stored tables, and the documented views that are (docs/database.md); the others
-- are made of drgpay/tables/database.toml (views.py). Decimals stay decimals in every sum.

-- The sums of both parts, which views take apart.

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
