-- Views that are not made of declarations alone (tables/published.toml says what their columns are).
-- {schema} is the schema of the tables; a statement that names {part} is made for each part of a run, of
-- which {ledger} is what its ledger is called. Each statement ends in a line of its own.

-- The runs of a period that no correction of the same part replaces; of them the one that finished last.
CREATE VIEW {schema}.latest_runs AS
WITH parts AS (
    SELECT region, period, 'stays' AS part, run, kind, corrects, finished
    FROM {schema}.runs
    WHERE scheme IS NOT NULL
    UNION ALL
    SELECT region, period, 'visits' AS part, run, kind, corrects, finished
    FROM {schema}.runs
    WHERE visit_scheme IS NOT NULL
)
SELECT DISTINCT ON (region, period, part)
    region, period, CAST(part AS varchar) AS part, run, kind, finished
FROM parts
WHERE NOT EXISTS (
    SELECT 1
    FROM parts AS newer
    WHERE newer.corrects = parts.run AND newer.part = parts.part
)
ORDER BY region, period, part, finished DESC, run DESC
;

-- UNION leaves every run once, by whichever way it is reached.
CREATE VIEW {schema}.run_chain AS
WITH RECURSIVE chain AS (
    SELECT region, period, part, run, run AS earlier
    FROM {schema}.latest_runs
    UNION
    SELECT chain.region, chain.period, chain.part, chain.run, before.earlier
    FROM chain
    JOIN {schema}.earlier_runs AS before ON before.run = chain.earlier
)
SELECT region, period, part, run, earlier FROM chain
;

CREATE VIEW {schema}.{ledger}_balances AS
WITH sides AS (
    SELECT run, pool, debit AS account, amount AS debit, 0 AS credit FROM {schema}.run_{ledger}
    UNION ALL
    SELECT run, pool, credit AS account, 0 AS debit, amount AS credit FROM {schema}.run_{ledger}
)
SELECT
    chain.region,
    chain.period,
    chain.run,
    sides.pool,
    sides.account,
    CAST(sum(sides.debit) AS numeric(18, 2)) AS debit,
    CAST(sum(sides.credit) AS numeric(18, 2)) AS credit,
    CAST(sum(sides.debit) - sum(sides.credit) AS numeric(18, 2)) AS balance
FROM {schema}.run_chain AS chain
JOIN sides ON sides.run = chain.earlier
WHERE chain.part = '{part}'
GROUP BY chain.region, chain.period, chain.run, sides.pool, sides.account
;
