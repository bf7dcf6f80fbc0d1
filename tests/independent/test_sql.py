"""DuckDB, with its own DECIMAL arithmetic, over the Parquet files of a run."""

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from drgpay.run.month_end import run_month

from .region import Region, job_with

MONEY_OF_CASES = (
    "total_cost",
    "standard_amount",
    "patient_cost",
    "other_cost",
    "fund_amount",
    "fund_cost",
)
POINT_COLUMNS = {
    "cases": ("base_points", "coefficient", "points_before", "adjustment_factor", "points"),
    "statements": ("points",),
    "values": ("points", "point_value"),
}
MONEY_COLUMNS = {
    "cases": ("mean_cost", "reference_mean", *MONEY_OF_CASES),
    "statements": (*MONEY_OF_CASES, "difference", "prepayment", "home_fund_bill", "carried"),
    "values": (
        "budget",
        "from_home_funds",
        "patient_cost",
        "other_cost",
        "fund_amount",
        "remainder",
    ),
}
RESULTS = ("cases", "statements", "values", "quarantine", "warnings")


@pytest.fixture(scope="module", params=["sample", "illustrative"])
def run(
    request: pytest.FixtureRequest, region: Region, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of a run: same_price without distribution, and pooled with it."""
    folder = tmp_path_factory.mktemp("sql")
    return run_month(job_with(region, folder, request.param)).folder


@pytest.fixture(scope="module")
def sql(run: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for name in RESULTS:
            path = (run / f"{name}.parquet").as_posix()
            connection.execute(f"CREATE VIEW {name}_of_run AS SELECT * FROM read_parquet('{path}')")
        yield connection


def types(sql: duckdb.DuckDBPyConnection, name: str) -> dict[str, str]:
    described = sql.execute(f"DESCRIBE {name}_of_run").fetchall()
    return {row[0]: row[1] for row in described}


def test_statements_are_sums_of_cases(sql: duckdb.DuckDBPyConnection) -> None:
    line = "hospital_id, account, out_of_area, payment"
    columns = ("points", *MONEY_OF_CASES)
    sums = ", ".join(f"sum({name}) AS {name}" for name in columns)
    cases = f"SELECT {line}, count(*) AS cases, {sums} FROM cases_of_run GROUP BY {line}"
    lines = f"SELECT {line}, cases, {', '.join(columns)} FROM statements_of_run"
    for one, other in ((cases, lines), (lines, cases)):
        assert sql.execute(f"({one}) EXCEPT ALL ({other})").fetchall() == []
    assert sql.execute("SELECT count(*) > 30 FROM statements_of_run").fetchone() == (True,)


def test_values_balance(sql: duckdb.DuckDBPyConnection) -> None:
    """B - sum of fund_h = remainder (docs/settlement.md), home funds' money included if pooled."""
    unbalanced = """
        SELECT * FROM values_of_run
        WHERE fund_amount + remainder <> budget + from_home_funds
    """
    assert sql.execute(unbalanced).fetchall() == []
    # Lines of the pool: by points, and of outside patients only where the policy pools them.
    pool = "payment = 'points' AND (NOT out_of_area OR v.from_home_funds > 0)"
    differing = f"""
        SELECT v.account, any_value(v.points), sum(s.points)
        FROM values_of_run v JOIN statements_of_run s ON s.account = v.account
        WHERE {pool}
        GROUP BY v.account
        HAVING any_value(v.points) <> sum(s.points)
            OR any_value(v.fund_amount) <> sum(s.fund_amount)
            OR any_value(v.patient_cost) <> sum(s.patient_cost)
            OR any_value(v.other_cost) <> sum(s.other_cost)
    """
    assert sql.execute(differing).fetchall() == []
    assert sql.execute("SELECT count(*) FROM values_of_run").fetchone() == (2,)


def test_value_is_the_largest_that_the_budget_bears(sql: duckdb.DuckDBPyConnection) -> None:
    """Rounded down at 4 places (C19), by multiplication: value x P <= B + S + O < next x P."""
    wrong = """
        WITH pools AS (
            SELECT points::DECIMAL(19, 4) AS points, point_value::DECIMAL(12, 4) AS value,
                (budget + from_home_funds + patient_cost + other_cost)::DECIMAL(30, 8) AS yuan
            FROM values_of_run
        )
        SELECT * FROM pools
        WHERE NOT (value * points <= yuan AND yuan < (value + 0.0001::DECIMAL(12, 4)) * points)
    """
    assert sql.execute(wrong).fetchall() == []


def test_residual_of_every_line_and_case(sql: duckdb.DuckDBPyConnection) -> None:
    """fund = standard - patient - other (E1), by points; item by item the fund's own cost."""
    for name in ("cases", "statements"):
        wrong = f"""
            SELECT * FROM {name}_of_run
            WHERE fund_amount <> CASE payment
                WHEN 'points' THEN standard_amount - patient_cost - other_cost
                ELSE fund_cost END
        """
        assert sql.execute(wrong).fetchall() == []


def test_a_line_is_its_points_at_the_value(sql: duckdb.DuckDBPyConnection) -> None:
    """standard_h = P_h x value to the fen, unless a remainder was distributed."""
    farthest = sql.execute("""
        SELECT max(abs(s.standard_amount - (s.points * v.point_value))), sum(v.remainder) > 0
        FROM (SELECT * REPLACE (points::DECIMAL(14, 4) AS points) FROM statements_of_run) s
        JOIN (SELECT * REPLACE (point_value::DECIMAL(12, 4) AS point_value) FROM values_of_run) v
            USING (account)
        WHERE s.payment = 'points'
    """).fetchone()
    assert farthest
    distance, kept = farthest
    assert distance <= (0.005 if kept else 100)


def test_types_and_persons(run: Path, sql: duckdb.DuckDBPyConnection) -> None:
    for name in RESULTS:
        columns = types(sql, name)
        assert not [column for column in columns if "person" in column]
        assert not [column for column, type_ in columns.items() if type_ in ("DOUBLE", "FLOAT")]
        for column in MONEY_COLUMNS.get(name, ()):
            assert columns[column] == "DECIMAL(18,2)", (name, column)
        for column in POINT_COLUMNS.get(name, ()):
            assert columns[column] == "DECIMAL(18,4)", (name, column)
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    counts = manifest["counts"]
    assert counts["read"] == counts["valid"] + counts["quarantined"]
    for name, count in (("cases", "valid"), ("quarantine", "quarantined")):
        assert sql.execute(f"SELECT count(*) FROM {name}_of_run").fetchone() == (counts[count],)


def test_no_person_in_any_cell(region: Region, run: Path, sql: duckdb.DuckDBPyConnection) -> None:
    """Person ids never appear in reports: not under another name either."""
    stays = region.job.stays.path.as_posix()
    persons = f"SELECT person_id FROM read_parquet('{stays}') WHERE person_id IS NOT NULL"
    for name in RESULTS:
        for column, type_ in types(sql, name).items():
            if type_ == "VARCHAR":
                found = f'SELECT count(*) FROM {name}_of_run WHERE "{column}" IN ({persons})'
                assert sql.execute(found).fetchone() == (0,), (name, column)
