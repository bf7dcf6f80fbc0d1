"""What the database has of a run: every view, exactly, once, also of older runs."""

import shutil
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.registry.database import reading
from drgpay.registry.queries import select
from drgpay.registry.registration import rebuild, register

from .conftest import MakeRun

VIEWS = (
    *("runs", "latest_month_runs", "run_values", "run_statements", "run_hospitals", "run_classes"),
    *("run_groups", "run_adjustments", "run_ledger", "run_balances", "latest_visit_runs"),
    *("run_visit_values", "run_visit_statements", "run_visit_hospitals", "run_visit_classes"),
    *("run_visit_groups", "run_entries", "run_capitation", "run_capitation_apart"),
    *("run_capitation_tie_out", "run_visit_ledger", "run_visit_balances"),
)


def content(output: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every view and of every stored table."""
    with reading(output) as connection:
        stored = connection.execute(
            "SELECT 'stored.' || table_name FROM duckdb_tables() WHERE schema_name = 'stored'"
        ).fetchall()
        return {
            name: sorted(connection.execute(f"FROM {name}").fetchall(), key=repr)
            for name in (*VIEWS, *(table for (table,) in stored))
        }


def test_views_of_a_run(output: Path, make_run: MakeRun) -> None:
    register(make_run("2026-10-aa"))
    run = select(output, "FROM runs").row(0, named=True)
    assert (run["kind"], run["period"], run["region"]) == ("month", "2026-10", "云泽市")
    assert (run["valid"], run["value_places"], run["seconds"]) == (10, 4, Decimal("0.750"))
    assert (run["points"], run["fund_amount"]) == (Decimal("20.2468"), Decimal("2000.80"))
    assert isinstance(run["finished"], datetime)
    values = select(output, "FROM run_values ORDER BY pool")
    assert values["pool"].to_list() == ["employee", "resident"]
    assert values["point_value"].to_list() == [Decimal("118.5")] * 2
    lines = select(output, "FROM run_statements WHERE hospital_id = 'H2'")
    assert lines["minus_points"].to_list() == [Decimal("0.5")] * 2
    assert lines["payable"].to_list() == [None, None]
    hospitals = select(output, "FROM run_hospitals ORDER BY hospital_id")
    assert hospitals["fund_amount"].to_list() == [Decimal("1600.40"), Decimal("-0.20")]
    adjustments = select(output, "FROM run_adjustments").row(0, named=True)
    assert (adjustments["adjustments"], adjustments["points"]) == (2, Decimal("-0.7500"))
    balances = select(output, "SELECT account, balance FROM run_balances ORDER BY account").rows()
    assert balances == [
        ("fund", Decimal("-1000.40")),
        ("hospital", Decimal("850.25")),
        ("withheld", Decimal("150.15")),
    ]


@pytest.mark.parametrize(("view", "key"), [("run_classes", "case_class"), ("run_groups", "drg")])
def test_cases_are_added_up(output: Path, make_run: MakeRun, view: str, key: str) -> None:
    folder = make_run("2026-10-aa", factor=7)
    register(folder)
    stored = select(output, f"SELECT {key}, cases, days, points, fund_cost FROM {view} ORDER BY 1")
    expected = (
        pl.read_parquet(folder / "cases.parquet", glob=False)
        .group_by(key)
        .agg(pl.len(), pl.col("length_of_stay", "points", "fund_cost").sum())
        .sort(key)
    )
    assert stored.rows() == expected.rows()


def test_views_of_visits_are_apart_from_those_of_stays(output: Path, make_run: MakeRun) -> None:
    register(make_run("2026-10-aa"))
    of_stays = content(output)
    assert all(not rows for name, rows in of_stays.items() if "visit" in name)
    register(make_run("2026-10-aa", visits=True, counts={"valid": 11}))
    both = content(output)
    for name in ("run_values", "run_statements", "run_hospitals", "run_balances", "run_groups"):
        assert both[name] == of_stays[name], name
    for name in ("values", "ledger", "balances"):
        assert both[f"run_visit_{name}"] == both[f"run_{name}"], name
    run = select(output, "FROM runs").row(0, named=True)
    assert (run["kind"], run["points"], run["visit_points"]) == ("month", *[Decimal("20.2468")] * 2)
    statements = select(output, "FROM run_visit_statements")
    assert statements.rename({"visits": "cases"}).equals(select(output, "FROM run_statements"))


def test_views_of_visits(output: Path, make_run: MakeRun) -> None:
    register(make_run("2026-10-vv", visits=True, stays=False))
    run = select(output, "FROM runs").row(0, named=True)
    assert (run["kind"], run["scheme"], run["visit_scheme"]) == ("visits", None, "open-apg-1")
    assert (run["method"], run["visit_method"], run["value_places"]) == (None, "fund_only", None)
    assert (run["visit_value_places"], run["visits_valid"], run["lines_read"]) == (4, 12, 40)
    assert (run["valid"], run["fund_amount"]) == (None, None)
    assert run["visit_fund_amount"] == Decimal("2000.80")
    assert run["enrolment_sha256"] == "f2" * 32
    assert (len(run["visits_sha256"]), len(run["lines_sha256"])) == (64, 64)
    classes = select(output, "SELECT visit_type, class, visits FROM run_visit_classes ORDER BY ALL")
    assert classes.rows() == [
        ("ordinary", "MED", 3),
        ("ordinary", "PROC", 3),
        ("ordinary", "unpaid", 3),
        ("special", "fee", 3),
    ]
    groups = select(output, "SELECT apg, visits, points FROM run_visit_groups ORDER BY ALL")
    visits = pl.read_parquet(output / "2026-10-vv" / "visits.parquet", glob=False)
    fee = pl.col("payment") == "item_by_item"
    expected = (
        visits.group_by("apg", fee=fee, maintain_order=False)
        .agg(pl.len(), pl.col("points").sum())
        .sort(pl.col("apg").fill_null("–"), "len", "points")
    )
    assert groups["visits"].sum() == expected["len"].sum() == 12
    assert groups["points"].sum() == expected["points"].sum()
    assert groups["apg"].null_count() == 0
    entries = select(output, "SELECT reason, entries, points FROM run_entries ORDER BY reason")
    assert entries.rows() == [
        ("packaged_medical", 5, Decimal("0.0000")),
        ("payable", 10, Decimal("25.0000")),
    ]
    account = select(output, "FROM run_capitation").row(0, named=True)
    assert (account["charged"], account["balance"]) == (Decimal("400.00"), Decimal("600.00"))
    assert select(output, "FROM run_capitation_apart").height == 1
    assert select(output, "FROM run_capitation_tie_out")["pool"].to_list() == ["employee"]
    rows = select(output, "SELECT visit_id FROM run_visits('2026-10-vv') ORDER BY 1")
    assert rows["visit_id"].to_list()[0] == "V0001"
    assert select(output, "FROM run_visit_entries('*')")["run"].to_list() == ["2026-10-vv"]


def test_latest_runs_of_visits(output: Path, make_run: MakeRun) -> None:
    import os

    both = make_run("2026-10-both", visits=True)
    alone = make_run("2026-10-alone", visits=True, stays=False)
    corrected = make_run("2026-10-late", visits=True, stays=False, corrects="2026-10-alone")
    stays = make_run("2026-10-stays")
    for seconds, folder in enumerate((both, alone, corrected, stays)):
        os.utime(folder / "manifest.json", (seconds, seconds))
    rebuild(output)
    assert select(output, "SELECT run FROM latest_visit_runs").rows() == [("2026-10-alone",)]
    assert select(output, "SELECT run FROM latest_month_runs").rows() == [("2026-10-stays",)]


def test_every_column_is_decimal_or_no_number(output: Path, make_run: MakeRun) -> None:
    register(make_run("2026-10-aa"))
    with reading(output) as connection:
        floats = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE data_type IN ('DOUBLE', 'FLOAT')"
        ).fetchall()
    assert floats == []


def test_older_run(output: Path, make_run: MakeRun) -> None:
    """Values by account instead of pool, no minus points, neither adjustments nor ledger."""
    register(make_run("2026-10-old", older=True))
    assert select(output, "FROM run_values")["pool"].sort().to_list() == ["employee", "resident"]
    assert select(output, "FROM run_statements")["minus_points"].null_count() == 4
    assert select(output, "FROM run_ledger").is_empty()
    assert select(output, "FROM run_adjustments").is_empty()


def test_registering_again_changes_nothing(output: Path, make_run: MakeRun) -> None:
    folder = make_run("2026-10-aa")
    register(folder)
    register(make_run("2026-11-bb", "2026-11", factor=2))
    before, written = content(output), (output / "drgpay.duckdb").stat()
    register(folder)
    assert (output / "drgpay.duckdb").stat().st_ino == written.st_ino
    assert content(output) == before


def test_a_run_made_anew_replaces_the_old_one(output: Path, make_run: MakeRun) -> None:
    register(make_run("2026-11-bb", "2026-11"))
    register(make_run("2026-10-aa"))
    register(make_run("2026-10-aa", factor=3, counts={"valid": 30}))
    again = content(output)
    assert {row[0]: row[13] for row in again["stored.runs"]} == {"2026-10-aa": 30, "2026-11-bb": 10}
    (output / "drgpay.duckdb").unlink()
    rebuild(output)
    assert content(output) == again


def test_rebuild_is_what_registering_gives(output: Path, make_run: MakeRun) -> None:
    folders = [make_run(f"2026-{month:02}-aa", f"2026-{month:02}") for month in (10, 9, 12)]
    for folder in folders:
        register(folder)
    before = content(output)
    rebuilt = rebuild(output)
    assert rebuilt.runs == ("2026-09-aa", "2026-10-aa", "2026-12-aa")
    assert rebuilt.skipped == ()
    assert content(output) == before


def test_rebuild_passes_over_what_is_no_run(output: Path, make_run: MakeRun) -> None:
    make_run("2026-10-aa")
    (output / "notes").mkdir()
    (output / "readme.txt").write_text("no folder")
    shutil.copytree(make_run("2026-11-bb"), output / ".2026-12-cc.partial")
    shutil.copytree(output / "2026-11-bb", output / "copy of it")
    (make_run("2026-12-dd") / "manifest.json").write_text('{"run": "2026-12-dd"}')
    (make_run("2026-12-ee") / "cases.parquet").write_bytes(b"PAR1 not really PAR1")
    rebuilt = rebuild(output)
    assert rebuilt.runs == ("2026-10-aa", "2026-11-bb")
    reasons = [str(error) for error in rebuilt.skipped]
    for reason, words in zip(
        reasons,
        ("2026-12-dd", "2026-12-ee cannot be read", "copy of it holds the run", "notes is not"),
        strict=True,
    ):
        assert words in reason, reasons
    assert [row[0] for row in content(output)["runs"]] == ["2026-10-aa", "2026-11-bb"]


def test_rebuild_without_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match="there is no folder"):
        rebuild(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("manifest", "kind", "corrects"),
    [
        ({}, "month", None),
        ({"corrects": {"run": "2026-10-aa", "evidence": "00"}}, "correction", "2026-10-aa"),
        ({"period": "2026"}, "clearing", None),
        ({"kind": "visits", "outpatient": None}, "visits", None),
    ],
)
def test_kinds_of_runs(
    output: Path,
    make_run: MakeRun,
    manifest: dict[str, Any],
    kind: str,
    corrects: str | None,
) -> None:
    register(make_run("x", **manifest))
    assert select(output, "SELECT kind, corrects FROM runs").rows() == [(kind, corrects)]


def test_latest_month_runs(output: Path, make_run: MakeRun) -> None:
    import os

    first, second = make_run("2026-10-zz"), make_run("2026-10-aa")
    correction = make_run("2026-10-late", corrects="2026-10-aa")
    for seconds, folder in enumerate((first, second, correction)):
        os.utime(folder / "manifest.json", (seconds, seconds))
    make_run("2026-11-bb", "2026-11")
    rebuild(output)
    latest = select(output, "SELECT period, run FROM latest_month_runs ORDER BY period").rows()
    assert latest == [("2026-10", "2026-10-aa"), ("2026-11", "2026-11-bb")]


def test_single_rows_are_read_in_place(output: Path, make_run: MakeRun) -> None:
    register(make_run("2026-10-aa"))
    register(make_run("2026-11-bb", "2026-11", factor=2))
    count = "SELECT run, count(*) FROM {} GROUP BY run ORDER BY run"
    one = select(output, count.format("run_cases('2026-10-aa')"))
    assert one.rows() == [("2026-10-aa", 10)]
    both = select(output, count.format("run_cases('2026-*')"))
    assert both.rows() == [("2026-10-aa", 10), ("2026-11-bb", 20)]
    rows = select(output, "SELECT case_id FROM run_case_adjustments('2026-10-aa') ORDER BY 1")
    assert rows["case_id"].to_list() == ["C0001", "C0002"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("manifest.json", None, "is not the folder of a run"),
        ("manifest.json", "{", "is damaged"),
        ("manifest.json", '{"run": "2026-10-bb"}', "lacks basis_sha256"),
        ("values.parquet", "text", "cannot be read"),
    ],
)
def test_what_is_no_run_is_refused(
    output: Path, make_run: MakeRun, name: str, text: str | None, words: str
) -> None:
    register(make_run("2026-10-aa"))
    before = content(output)
    folder = make_run("2026-10-bb")
    (folder / name).unlink() if text is None else (folder / name).write_text(text)
    with pytest.raises(DrgpayError, match=words):
        register(folder)
    assert content(output) == before


def test_missing_duckdb_is_one_sentence(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(DrgpayError, match="install duckdb"):
        register(make_run("2026-10-aa"))
