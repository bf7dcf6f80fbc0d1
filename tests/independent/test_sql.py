"""DuckDB, with its own DECIMAL arithmetic, over the Parquet files of runs and of a clearing."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from tests.spread import spread

from .region import POLICIES, MonthRun
from .sample_year import SampleYear

MONEY = ("total_cost", "standard_amount", "patient_cost", "other_cost", "fund_amount", "fund_cost")
LINE = "hospital_id, account, out_of_area, payment"
NOT_EXACT = ("DOUBLE", "FLOAT")
RESULTS = ("cases", "adjustments", "statements", "values", "ledger", "quarantine", "warnings")
CLEARED = ("cases", "adjustments", "statements", "pools", "ledger", "assessment")
# What cases and minus rows make of a line.
PARTS = f"""
    SELECT {LINE}, 1 AS cases, points, 0 AS minus_points, {", ".join(MONEY)} FROM cases
    UNION ALL
    SELECT {LINE}, 0, points, points, 0, standard_amount, 0, 0, standard_amount, 0
    FROM adjustments WHERE applies_to = 'hospital' AND points <> 0 AND NOT waiting
"""


def opened(folder: Path, tables: tuple[str, ...]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for name in tables:
        path = (folder / f"{name}.parquet").as_posix()
        connection.execute(f"CREATE VIEW \"{name}\" AS SELECT * FROM read_parquet('{path}')")
    return connection


@pytest.fixture(scope="module", params=POLICIES)
def run(request: pytest.FixtureRequest, month_runs: dict[str, MonthRun]) -> MonthRun:
    return month_runs[request.param]


@pytest.fixture(scope="module")
def sql(run: MonthRun) -> Iterator[duckdb.DuckDBPyConnection]:
    with opened(run.folder, RESULTS) as connection:
        yield connection


@pytest.fixture(scope="module")
def cleared(year: SampleYear) -> Iterator[duckdb.DuckDBPyConnection]:
    with opened(year.cleared, CLEARED) as connection:
        yield connection


@dataclass(frozen=True)
class Results:
    """The tables of a run or a clearing, and where its stays came from."""

    sql: duckdb.DuckDBPyConnection
    tables: tuple[str, ...]
    values: str
    budget: str
    stays: str


@pytest.fixture(scope="module", params=spread([*POLICIES, "year"], 1))
def results(request: pytest.FixtureRequest, month_runs: dict[str, MonthRun]) -> Iterator[Results]:
    if request.param == "year":
        year: SampleYear = request.getfixturevalue("year")
        stays = (year.cleared.parents[1] / "stays" / "*.parquet").as_posix()
        with opened(year.cleared, CLEARED) as connection:
            yield Results(connection, CLEARED, '"pools"', "budget_final", stays)
    else:
        run = month_runs[request.param]
        with opened(run.folder, RESULTS) as connection:
            yield Results(connection, RESULTS, '"values"', "budget", run.job.stays.path.as_posix())


def types(sql: duckdb.DuckDBPyConnection, name: str) -> dict[str, str]:
    return {row[0]: row[1] for row in sql.execute(f"DESCRIBE {name}").fetchall()}


def no_row(sql: duckdb.DuckDBPyConnection, query: str) -> None:
    assert sql.execute(query).fetchall() == []


def one_row(sql: duckdb.DuckDBPyConnection, query: str) -> None:
    assert sql.execute(query).fetchone() == (True,)


def test_statements_are_sums_of_cases_and_minus_rows(results: Results) -> None:
    sql = results.sql
    columns = ("cases", "points", "minus_points", *MONEY)
    sums = ", ".join(f"sum({name}) AS {name}" for name in columns)
    # A line may have no part: what is held back from a hospital, or a case that was withdrawn.
    parts = f"""
        SELECT {LINE}, {sums} FROM ({PARTS}) GROUP BY {LINE}
        HAVING sum(cases) > 0 OR sum(points) <> 0
    """
    lines = f"""
        SELECT {LINE}, {", ".join(columns)} FROM statements WHERE cases > 0 OR points <> 0
    """
    for one, other in ((parts, lines), (lines, parts)):
        no_row(sql, f"({one}) EXCEPT ALL ({other})")
    one_row(sql, "SELECT count(*) > 20 FROM statements")
    one_row(sql, "SELECT count(*) > 0 FROM statements WHERE minus_points < 0")


def test_adjustments_lead_from_points_before_to_points(sql: duckdb.DuckDBPyConnection) -> None:
    no_row(
        sql,
        """
        SELECT case_id FROM cases LEFT JOIN adjustments USING (case_id)
        GROUP BY case_id
        HAVING any_value(cases.points) <> any_value(points_before)
            + coalesce(sum(adjustments.points) FILTER (applies_to = 'case'), 0)
        """,
    )


def test_values_balance(results: Results) -> None:
    """B - sum of fund_h - kept = remainder (docs/settlement.md), with home funds' money if pooled."""
    sql, values, budget = results.sql, results.values, results.budget
    no_row(
        sql,
        f"SELECT * FROM {values} WHERE fund_amount + kept + remainder <> {budget} + from_home_funds",
    )
    compared = [
        *("points", "deducted_points", "fund_amount", "kept", "total_cost"),
        *("patient_cost", "other_cost"),
    ]
    differing = " OR ".join(f"any_value(v.{name}) <> sum(s.{name})" for name in compared)
    no_row(
        sql,
        f"""
        SELECT pool FROM {values} v JOIN statements s USING (pool)
        WHERE in_pool GROUP BY pool HAVING {differing}
        """,
    )
    one_row(sql, f"SELECT count(*) = 2 FROM {values}")
    # The largest value that the budget bears (C19), by multiplication.
    no_row(
        sql,
        f"""
        WITH pools AS (
            SELECT (points + deducted_points)::DECIMAL(19, 4) AS points,
                point_value::DECIMAL(12, 4) AS value,
                ({budget} + from_home_funds + patient_cost + other_cost)::DECIMAL(30, 8) AS yuan
            FROM {values}
        )
        SELECT * FROM pools
        WHERE NOT (value * points <= yuan AND yuan < (value + 0.0001::DECIMAL(12, 4)) * points)
        """,
    )


def test_residual_of_every_line_and_case(sql: duckdb.DuckDBPyConnection) -> None:
    """fund = standard - patient - other (E1), by points; item by item the fund's own cost."""
    for name in ("cases", "statements"):
        no_row(
            sql,
            f"""
            SELECT * FROM {name}
            WHERE fund_amount <> CASE payment
                WHEN 'points' THEN standard_amount - patient_cost - other_cost
                ELSE fund_cost END
            """,
        )


def test_a_line_is_its_points_at_the_value(sql: duckdb.DuckDBPyConnection) -> None:
    """standard_h = P_h x value to the fen, beside a distributed part of the remainder."""
    no_row(
        sql,
        """
        SELECT * FROM statements s JOIN "values" v USING (pool)
        WHERE payment = 'points' AND standard_amount - distributed
            <> round(s.points::DECIMAL(19, 4) * v.point_value::DECIMAL(12, 4), 2)
        """,
    )
    no_row(
        sql,
        """
        SELECT * FROM statements WHERE kept <> CASE WHEN in_pool THEN
            round((points + deducted_points)::DECIMAL(19, 4) * point_value::DECIMAL(12, 4), 2)
            - round(points::DECIMAL(19, 4) * point_value::DECIMAL(12, 4), 2) ELSE 0 END
        """,
    )
    one_row(sql, "SELECT sum(kept) > 0 FROM statements")


@pytest.mark.slow
def test_the_year_pays_its_final_budget(cleared: duckdb.DuckDBPyConnection) -> None:
    no_row(
        cleared,
        "SELECT * FROM pools "
        "WHERE payable + withheld + kept + remainder <> budget_final + from_home_funds",
    )
    no_row(
        cleared,
        """
        SELECT * FROM statements
        WHERE clearing <> payable - prepaid OR withheld <> assessment - redistributed + deduction
            OR (paid_here AND payable <> fund_amount - withheld)
        """,
    )
    sums = " OR ".join(
        f"any_value(p.{name}) <> sum(s.{name})"
        for name in ("assessment", "redistributed", "deduction", "payable", "prepaid", "clearing")
    )
    no_row(
        cleared,
        f"""
        SELECT pool FROM pools p JOIN statements s USING (pool) WHERE in_pool
        GROUP BY pool HAVING {sums}
        """,
    )


def test_no_float_and_no_person(results: Results) -> None:
    """Person ids never appear in results: not under another name either."""
    sql, stays = results.sql, results.stays
    persons = f"SELECT person_id FROM read_parquet('{stays}') WHERE person_id IS NOT NULL"
    for name in results.tables:
        columns = types(sql, f'"{name}"')
        assert not [column for column in columns if "person" in column]
        assert not [column for column, type_ in columns.items() if type_ in NOT_EXACT]
        money = [column for column in columns if column.endswith(("_cost", "_amount", "payable"))]
        assert all(columns[column] == "DECIMAL(18,2)" for column in money)
        points = [column for column in columns if column in ("points", "base_points", "factor")]
        assert all(columns[column] == "DECIMAL(18,4)" for column in points)
        texts = [column for column, type_ in columns.items() if type_ == "VARCHAR"]
        for column in texts:
            one_row(sql, f'SELECT count(*) = 0 FROM "{name}" WHERE "{column}" IN ({persons})')


def test_counts(run: MonthRun, sql: duckdb.DuckDBPyConnection) -> None:
    counts = json.loads((run.folder / "manifest.json").read_text(encoding="utf-8"))["counts"]
    assert counts["read"] == counts["valid"] + counts["quarantined"]
    for name, count in (("cases", "valid"), ("quarantine", "quarantined")):
        assert sql.execute(f"SELECT count(*) FROM {name}").fetchone() == (counts[count],)
