"""Points against members of staff: sums of a year, measures, what they concern (S14)."""

import random
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.supervise.decided import DECIDED, EVIDENCE
from drgpay.supervise.file import SuperviseJob, load_supervise
from drgpay.supervise.rulebook import PersonPoints, Rulebook
from drgpay.supervise.staff import (
    SERVICE_SCHEMA,
    checked_entries,
    staff_of,
    standings,
    with_services,
)
from drgpay.supervise.staff_output import staff_table, write_staff
from tests.cli.in_process import run_in_process


@pytest.fixture
def rules(rulebook: Rulebook) -> PersonPoints:
    return rulebook.person_points


def entries(*rows: tuple[str, date, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["staff_id", "date", "points"], orient="row")


S14 = (("d1", date(2026, 3, 10), 3), ("d1", date(2026, 6, 15), 6))
NOVEMBER = ("d1", date(2026, 11, 20), 4)
SHOWN = ("staff_id", "year", "points", "standing", "since", "until_first", "until_last")


def test_s14_nine_in_june_is_suspended(rules: PersonPoints) -> None:
    june, suspended = date(2026, 6, 15), (date(2026, 7, 15), date(2026, 12, 15))
    assert standings(entries(*S14), rules).select(SHOWN).rows() == [
        ("d1", 2026, 9, "suspended", june, *suspended)
    ]


def test_s14_thirteen_in_november_is_ended_for_one_year(rules: PersonPoints) -> None:
    rows = standings(entries(*S14, NOVEMBER), rules).select(SHOWN).rows()
    year = date(2027, 11, 20)
    assert [row[3] for row in rows] == ["suspended", "ended"]
    assert rows[1] == ("d1", 2026, 13, "ended", date(2026, 11, 20), year, year)


def test_a_single_entry_of_twelve_ends_for_three_years_and_suspends_nobody(
    rules: PersonPoints,
) -> None:
    rows = standings(entries(("d1", date(2026, 2, 1), 12)), rules).select(SHOWN).rows()
    years = date(2029, 2, 1)
    assert rows == [("d1", 2026, 12, "ended", date(2026, 2, 1), years, years)]


def test_both_sides_of_each_threshold(rules: PersonPoints) -> None:
    day, next_day = date(2026, 2, 1), date(2026, 2, 2)

    def found(*points: int) -> list[str]:
        rows = [("d1", one, value) for one, value in zip((day, next_day), points, strict=False)]
        return standings(entries(*rows), rules)["standing"].to_list()

    assert found(8) == ["counted"]
    assert found(9) == ["suspended"]
    assert found(9, 2) == ["suspended"]
    assert found(9, 3) == ["suspended", "ended"]


def test_each_year_starts_from_zero_and_the_order_of_rows_means_nothing(
    rules: PersonPoints,
) -> None:
    rows = [
        ("d1", date(2026, 12, 31), 8),
        ("d1", date(2027, 1, 1), 8),
        ("d2", date(2026, 5, 1), 5),
        ("d2", date(2026, 5, 1), 4),
    ]
    found = standings(entries(*rows), rules)
    assert found.select("staff_id", "year", "points", "standing").rows() == [
        ("d1", 2026, 8, "counted"),
        ("d1", 2027, 8, "counted"),
        ("d2", 2026, 9, "suspended"),
    ]
    random.Random(4).shuffle(rows)
    assert standings(entries(*rows), rules).equals(found)


def services(*rows: tuple[date, str | None, int]) -> pl.DataFrame:
    full = [("d1", *row) for row in rows]
    return pl.DataFrame(full, schema=SERVICE_SCHEMA, orient="row")


def test_a_measure_concerns_the_stays_admitted_in_it_but_those_of_a_rescue(
    rules: PersonPoints,
) -> None:
    of = services(
        (date(2026, 6, 15), "outpatient", 1),  # the day itself
        (date(2026, 6, 16), "outpatient", 10),
        (date(2026, 7, 14), None, 100),
        (date(2026, 7, 15), "outpatient", 1_000),  # beyond the shortest term
        (date(2026, 8, 1), "emergency", 10_000),
        (date(2026, 11, 20), "outpatient", 100_000),  # the day of the end
        (date(2026, 11, 21), "outpatient", 1_000_000),
        (date(2027, 11, 20), "outpatient", 10_000_000),  # the year is over
    )
    found = with_services(standings(entries(*S14, NOVEMBER), rules), of, rules)
    columns = ("standing", "stays", "fund_first_fen", "fund_last_fen")
    assert found.select(columns).rows() == [
        ("suspended", 4, 110, 101_110),
        ("ended", 1, 1_000_000, 1_000_000),
    ]


def test_without_a_table_of_doctors_nothing_is_said_of_stays(rules: PersonPoints) -> None:
    found = with_services(standings(entries(*S14), rules), None, rules)
    assert found["stays"].to_list() == [None]


DECIDED_ON = date(2026, 3, 1)


def given(**changed: Any) -> pl.DataFrame:
    row: dict[str, Any] = {
        "row": 2,
        "staff_id": "d1",
        "date": date(2026, 3, 10),
        "clue_id": "c1",
        "points": 3,
        "duty": "main",
    }
    schema = {"row": pl.Int64, "date": pl.Date, "points": pl.Int64, "duty": pl.String}
    return pl.DataFrame([{**row, **changed}], schema_overrides=schema)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"points": 0}, "bad_points"),
        ({"points": 13}, "bad_points"),
        ({"duty": "none"}, "unknown_duty"),
        ({"clue_id": "c2"}, "no_decision"),  # rejected
        ({"clue_id": "c9"}, "no_decision"),
        ({"date": date(2026, 2, 28)}, "before_decision"),
    ],
)
def test_an_entry_follows_a_decision_against_the_institution(
    changed: dict[str, Any], code: str, rules: PersonPoints
) -> None:
    decided = pl.DataFrame(
        {
            "clue_id": ["c1", "c2"],
            "result": ["confirmed", "rejected"],
            "decided_on": [DECIDED_ON, DECIDED_ON],
        }
    )
    good = pl.concat([given(), given(row=3, points=12, duty=None, date=DECIDED_ON)])
    counted, refused = checked_entries(good, decided, rules)
    assert (counted.height, refused.height) == (2, 0)
    counted, refused = checked_entries(given(**changed), decided, rules)
    assert (counted.height, refused["code"].to_list()) == (0, [code])
    counted, refused = checked_entries(pl.concat([given(), given(row=3)]), decided, rules)
    assert (counted.height, refused.rows()) == (1, [(3, "c1", "repeated")])


@pytest.fixture
def job(file: Path, tmp_path: Path) -> SuperviseJob:
    """The file of a supervision with a decided clue and an entry against a doctor of the region."""
    ext = pl.read_csv(file.with_name("stays_ext.csv"), infer_schema=False)
    doctor = ext.filter(pl.col("admission_route") != "emergency")["doctor_id"].drop_nulls()[0]
    decided = tmp_path / "decided"
    decided.mkdir()
    clue = {
        "clue_id": "c1",
        "evidence_hash": "-",
        "rule": "overlap",
        "hospital_id": "H1",
        "result": "confirmed",
        "deduction_kind": "other",
        "serious": False,
        "decided_on": date(2026, 1, 1),
        "decided_by": "zhao",
        "note": None,
    }
    pl.DataFrame([clue], schema_overrides={"note": pl.String}).write_parquet(
        decided / f"{DECIDED}.parquet"
    )
    names = ("clue_id", "fact", "source_table", "key", "source_column", "value", "limit")
    pl.DataFrame(schema=dict.fromkeys(names, pl.String)).write_parquet(
        decided / f"{EVIDENCE}.parquet"
    )
    table = tmp_path / "points.csv"
    table.write_text(
        f"staff_id,date,clue_id,points,duty\n{doctor},2026-08-31,c1,9,main\n", encoding="utf-8"
    )
    job = load_supervise(file)
    tables = {**job.tables, "person_points": table}
    return replace(job, tables=tables, decided=(decided,))


def test_a_suspended_doctor_and_the_money_of_the_runs(job: SuperviseJob, tmp_path: Path) -> None:
    status = staff_table(staff_of(job))
    row = status.row(0, named=True)
    ext = pl.read_csv(job.tables["stays_ext"], infer_schema=False).with_columns(
        pl.col("admission_route").fill_null("")
    )
    mine = ext.filter(
        (pl.col("doctor_id") == row["staff_id"]) & (pl.col("admission_route") != "emergency")
    )["case_id"]
    cases = pl.read_parquet(job.runs[0].run / "cases.parquet").filter(
        pl.col("case_id").cast(pl.String).is_in(mine.implode())
        & (pl.col("admission_date") > date(2026, 8, 31))
    )
    assert row["stays"] == cases.height > 0
    assert row["fund_last"] == cases["fund_amount"].sum()
    out = tmp_path / "staff.csv"
    write_staff(staff_of(job), out)
    assert out.stat().st_mode & 0o777 == 0o600
    assert row["staff_id"] in out.read_text(encoding="utf-8-sig")


def test_it_is_never_part_of_a_result(job: SuperviseJob, folder: Path) -> None:
    with pytest.raises(DrgpayError):
        write_staff(staff_of(job), folder / "staff.csv")


def test_refused_entries_stop_or_are_left_out(job: SuperviseJob) -> None:
    with job.tables["person_points"].open("a", encoding="utf-8") as table:
        table.write("d9,2026-08-31,c7,3,main\n")
    with pytest.raises(DrgpayError, match="c7"):
        staff_of(job)
    found = staff_of(job, accept_refused=True)
    assert (found.entries.height, found.refused.height) == (1, 1)


def test_a_file_without_the_table_is_told(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended, _, said = run_in_process(monkeypatch, capsys)("supervise-staff", file)
    assert ended == 2
    assert "person_points" in said
