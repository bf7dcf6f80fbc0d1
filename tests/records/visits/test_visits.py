"""Visits and lines: each finding, counts that add up, refunds, the same buckets from any order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from drgpay.base.errors import DrgpayError
from drgpay.policy.load import load_policy
from drgpay.records.origin import ORIGIN_SCHEMA
from drgpay.records.visits import ranges
from drgpay.records.visits.checks import VisitBucket, VisitCounts, VisitRules
from drgpay.records.visits.enrolment import read_enrolment
from drgpay.records.visits.ranges import id_ranges
from drgpay.records.visits.reading import visit_buckets
from drgpay.records.visits.refunds import lines_left, refunded
from drgpay.records.visits.tables import VisitInput, VisitRecords, open_visits
from tests.independent.recomputation.visits import Charge, left_of
from tests.spread import spread

HOSPITALS = pl.DataFrame({"hospital_id": ["H1", "H2"], "level": ["3A", "1"]})
ENROLMENT = pl.DataFrame({"contractor_id": ["H2"], "account": ["employee"], "heads": [900]})
OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))
RULES = VisitRules(load_policy("illustrative").policy, HOSPITALS, OCTOBER, ENROLMENT)
KNOWN = {"I10.x00", "E11.900"}

VISIT: dict[str, Any] = {
    "visit_id": "v1",
    "hospital_id": "H1",
    "person_id": "P1",
    "account": "employee",
    "out_of_area": False,
    "visit_date": date(2026, 10, 2),
    "department": "内科",
    "visit_type": "chronic",
    "principal_diagnosis": "I10.x00",
    "other_diagnoses": ["E11.900"],
    "contractor_id": "H2",
    "sex": 1,
    "age": 60,
    "total_cost": Decimal("30.00"),
    "fund_cost": Decimal("20.00"),
    "patient_cost": Decimal("10.00"),
    "other_cost": Decimal("0.00"),
}
LINE: dict[str, Any] = {
    "visit_id": "v1",
    "item_code": "25040300101",
    "item_kind": "lab",
    "quantity": 1.0,
    "amount": Decimal("30.00"),
}
_MONEY = pl.Decimal(18, 2)
_VISIT_TYPES: dict[str, Any] = {
    **dict.fromkeys(("total_cost", "fund_cost", "patient_cost", "other_cost"), _MONEY),
    "visit_id": pl.String,
    "contractor_id": pl.String,
    "principal_diagnosis": pl.String,
    "other_diagnoses": pl.List(pl.String),
}
_LINE_TYPES: dict[str, Any] = {"amount": _MONEY, "item_code": pl.String, "visit_id": pl.String}

Rows = list[dict[str, Any]]


def written(folder: Path, visits: Rows, lines: Rows, **options: Any) -> VisitRecords:
    pl.DataFrame([{**VISIT, **row} for row in visits], schema_overrides=_VISIT_TYPES).write_parquet(
        folder / "visits.parquet", **options
    )
    pl.DataFrame(
        [{**LINE, **row} for row in lines] or None,
        schema=dict.fromkeys(LINE, pl.String) | _LINE_TYPES | {"quantity": pl.Float64},
    ).write_parquet(folder / "items.parquet", **options)
    return open_visits(VisitInput(folder / "visits.parquet", folder / "items.parquet"))


def checked(folder: Path, visits: Rows, lines: Rows, **severities: str) -> VisitBucket:
    changed = RULES.policy.records.with_severities(severities)
    rules = replace(RULES, policy=RULES.policy.model_copy(update={"records": changed}))
    records = written(folder, visits, lines)
    (bucket,) = visit_buckets(records, rules, KNOWN, folder, language="en")
    return bucket


def test_a_good_visit_is_valid(tmp_path: Path) -> None:
    bucket = checked(tmp_path, [{}], [{}])
    assert bucket.counts == VisitCounts(1, 1, 0, 1, 1, 0, 0)
    visit = bucket.visits.row(0, named=True)
    assert (visit["visit_id"], visit["level"], visit["fund_fen"]) == ("v1", "3A", 2000)
    assert visit["other_diagnoses"] == ["E11.900"]
    assert bucket.items.rows() == [("v1", "25040300101", "lab", 1.0, 3000)]
    assert bucket.warnings.is_empty()
    assert bucket.line_warnings.is_empty()


VISIT_FINDINGS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"principal_diagnosis": None}, "missing_required", "principal_diagnosis", "is missing"),
    ({"visit_id": None}, "missing_required", "visit_id", "is missing"),
    ({"account": "army"}, "bad_value", "account", "account is army, not employee or resident"),
    ({"visit_type": "vip"}, "bad_value", "visit_type", "visit_type is vip"),
    ({"sex": 3}, "bad_value", "sex", "sex is 3"),
    ({"hospital_id": "H9"}, "unknown_hospital", "hospital_id", "hospital H9"),
    (
        {"visit_date": date(2026, 9, 30)},
        "outside_period",
        "visit_date",
        "the visit of 2026-09-30 is outside 2026-10-01 to 2026-10-31",
    ),
    ({"fund_cost": Decimal(5)}, "cost_identity", "total_cost", "30.00 is not fund_cost 5.00"),
    ({"other_cost": Decimal(-1)}, "cost_negative", "other_cost", "other_cost is -1.00"),
]


@pytest.mark.parametrize(("change", "code", "column", "words"), VISIT_FINDINGS)
def test_findings_of_visits(
    tmp_path: Path, change: dict[str, Any], code: str, column: str, words: str
) -> None:
    bucket = checked(tmp_path, [change, {"visit_id": "v2"}], [{}, {"visit_id": "v2"}])
    assert bucket.visits["visit_id"].to_list() == ["v2"]
    finding = bucket.quarantine.row(0, named=True)
    assert (finding["code"], finding["column"]) == (code, column)
    assert words in finding["message"]
    # Its line goes with it, as a line of a refused visit or of none.
    assert bucket.line_quarantine["code"].to_list() == [
        "visit_refused" if change.get("visit_id", "v1") else "line_without_visit"
    ]


LINE_FINDINGS: list[tuple[dict[str, Any], str, str]] = [
    ({"item_code": None}, "missing_required", "item_code"),
    ({"visit_id": None}, "missing_required", "visit_id"),
    ({"amount": None}, "missing_required", "amount"),
    ({"item_kind": "gift"}, "bad_value", "item_kind"),
    ({"visit_id": "v0"}, "line_without_visit", "visit_id"),
    ({"visit_id": "v9"}, "line_without_visit", "visit_id"),
    ({"item_code": "other", "amount": Decimal(-5)}, "cost_negative", "amount"),
]


@pytest.mark.parametrize(("change", "code", "column"), LINE_FINDINGS)
def test_findings_of_lines(tmp_path: Path, change: dict[str, Any], code: str, column: str) -> None:
    bucket = checked(tmp_path, [{}], [{}, change])
    assert bucket.counts == VisitCounts(1, 1, 0, 2, 1, 1, 0)
    finding = bucket.line_quarantine.row(0, named=True)
    assert (finding["code"], finding["column"]) == (code, column)


def test_warnings_refuse_nothing(tmp_path: Path) -> None:
    visits: Rows = [
        {"visit_id": "a", "principal_diagnosis": "Z99", "contractor_id": "H1"},
        {"visit_id": "b", "other_diagnoses": ["I10.x00", "Q99"], "account": "resident"},
        {"visit_id": "c", "contractor_id": None, "other_diagnoses": None},
    ]
    lines: Rows = [
        {"visit_id": "a"},
        {"visit_id": "b", "amount": Decimal(29)},
        {"visit_id": "c", "amount": Decimal(15)},
        {"visit_id": "c", "amount": Decimal(15)},
        {"visit_id": "c", "amount": Decimal(0)},
    ]
    bucket = checked(tmp_path, visits, lines)
    assert bucket.visits.height == 3
    assert sorted(bucket.warnings.select("visit_id", "code").rows()) == [
        ("a", "unknown_contractor"),
        ("a", "unknown_diagnosis"),
        ("b", "lines_differ_from_cost"),
        ("b", "repeated_principal"),
        ("b", "unknown_contractor"),
        ("b", "unknown_diagnosis"),
    ]
    # A contractor that the enrolment does not name keeps its id.
    assert bucket.visits["contractor_id"].to_list() == ["H1", "H2", None]
    assert bucket.line_warnings["code"].to_list() == ["zero_amount", "duplicate_line"]
    refused = checked(tmp_path, visits, lines, duplicate_line="reject")
    assert refused.line_quarantine["code"].to_list() == ["duplicate_line"]
    assert refused.counts.lines_valid == 4


def test_visits_without_lines_and_repeated_visits(tmp_path: Path) -> None:
    visits: Rows = [{}, {"visit_id": "v2"}, {"visit_id": "v2"}]
    bucket = checked(tmp_path, visits, [{"visit_id": "v2"}], duplicate_id="reject")
    assert bucket.quarantine["code"].to_list() == [
        "visit_without_lines",
        "duplicate_id",
        "duplicate_id",
    ]
    assert bucket.line_quarantine["code"].to_list() == ["visit_refused"]
    bucket = checked(tmp_path, [{}], [], visit_without_lines="warn")
    assert bucket.warnings["code"].to_list() == ["visit_without_lines"]
    assert bucket.visits.height == 1
    with pytest.raises(DrgpayError, match=r"items\.parquet: line of visit v7: no visit has"):
        checked(tmp_path, [{}], [{}, {"visit_id": "v7"}], line_without_visit="stop")


def test_refunds_net_out(tmp_path: Path) -> None:
    charge, refund = {"amount": Decimal(30)}, {"amount": Decimal(-30)}
    partly = {"amount": Decimal(-10), "quantity": 0.5}
    bucket = checked(tmp_path, [{}], [charge, charge, refund])
    assert bucket.items["amount_fen"].to_list() == [3000]
    assert bucket.counts == VisitCounts(1, 1, 0, 3, 3, 0, 2)
    # One line is lowered and counts as one; quantities stay what they were.
    bucket = checked(tmp_path, [{}], [charge, charge, partly, {"item_code": "x"}])
    assert bucket.items.select("quantity", "amount_fen").rows() == [
        (1.0, 2000),
        (1.0, 3000),
        (1.0, 3000),
    ]


def test_a_refund_takes_the_line_of_its_amount_with_the_largest_quantity(tmp_path: Path) -> None:
    lines: Rows = [
        {"amount": Decimal(10), "quantity": 1.0},
        {"amount": Decimal(10), "quantity": 3.0},
        {"amount": Decimal(20), "quantity": 2.0},
        {"amount": Decimal(-10), "quantity": -1.0},
    ]
    bucket = checked(tmp_path, [{}], lines)
    assert bucket.items.select("quantity", "amount_fen").rows() == [(1.0, 1000), (2.0, 2000)]


def test_what_is_left_of_refunds_lowers_the_dearest_lines_first(tmp_path: Path) -> None:
    lines: Rows = [
        *({"amount": Decimal(amount)} for amount in (10, 20, 30)),
        *({"amount": Decimal(amount)} for amount in (-15, -25)),
    ]
    bucket = checked(tmp_path, [{}], lines)
    assert bucket.items["amount_fen"].to_list() == [1000, 1000]


def test_a_refund_is_of_its_item_kind(tmp_path: Path) -> None:
    lines: Rows = [
        {"amount": Decimal(30)},
        {"amount": Decimal(30), "item_kind": "drug"},
        {"amount": Decimal(-30), "item_kind": "drug"},
    ]
    bucket = checked(tmp_path, [{}], lines)
    assert bucket.items.select("item_kind", "amount_fen").rows() == [("lab", 3000)]


def test_a_visit_that_is_refunded_whole_stays_valid(tmp_path: Path) -> None:
    nothing = dict.fromkeys(("total_cost", "fund_cost", "patient_cost"), Decimal(0))
    lines: Rows = [
        {"amount": Decimal(30)},
        {"amount": Decimal(-30)},
        {"amount": Decimal(0), "item_code": "x"},
    ]
    bucket = checked(tmp_path, [nothing], lines, visit_without_lines="reject")
    assert bucket.visits.height == 1
    assert bucket.items.is_empty()
    assert bucket.warnings.is_empty()
    assert bucket.counts == VisitCounts(1, 1, 0, 3, 3, 0, 3)


def test_an_item_below_zero_goes_and_its_sum_is_told_from_the_total(tmp_path: Path) -> None:
    lines: Rows = [
        {"amount": Decimal(50)},
        {"amount": Decimal(5), "item_code": "x"},
        {"amount": Decimal(-25), "item_code": "x"},
    ]
    bucket = checked(tmp_path, [{}], lines)  # 50 is 30 less -20
    assert bucket.line_quarantine["code"].to_list() == ["cost_negative", "cost_negative"]
    assert "with its refunds the item comes to -20.00" in bucket.line_quarantine["message"][0]
    assert bucket.items["amount_fen"].to_list() == [5000]
    assert bucket.warnings.is_empty()
    assert bucket.counts == VisitCounts(1, 1, 0, 3, 1, 2, 0)
    other = checked(tmp_path, [{}], [{"amount": Decimal(30)}, *lines[1:]])
    assert other.warnings["code"].to_list() == ["lines_differ_from_cost"]
    assert "30.00 is not the sum of lines 10.00" in other.warnings["message"][0]


def test_pharmacies_are_known_by_their_kind(tmp_path: Path) -> None:
    assert checked(tmp_path, [{}], [{}]).visits["pharmacy"].to_list() == [False]
    kinds = HOSPITALS.with_columns(kind=pl.Series(["pharmacy", None]))
    records = written(
        tmp_path, [{}, {"visit_id": "v2", "hospital_id": "H2"}], [{}, {"visit_id": "v2"}]
    )
    (bucket,) = visit_buckets(records, replace(RULES, hospitals=kinds), KNOWN, tmp_path)
    assert bucket.visits["pharmacy"].to_list() == [True, False]


amounts = st.lists(
    st.tuples(st.sampled_from([-300, -200, -100, 0, 100, 200, 300]), st.integers(0, 3)),
    min_size=1,
    max_size=9,
)


@given(st.lists(amounts, min_size=1, max_size=4))
def test_what_refunds_leave_is_what_they_leave_one_by_one(
    items: list[list[tuple[int, int]]],
) -> None:
    charged = [
        Charge(str(n), "lab", Decimal(quantity), Decimal(fen) / 100)
        for n, lines in enumerate(items)
        for fen, quantity in sorted(lines)
    ]
    lines = pl.DataFrame(
        [
            (0, line.item_code, "lab", float(line.quantity), int(line.amount * 100))
            for line in charged
        ],
        schema={
            "no": pl.UInt32,
            "item_code": pl.String,
            "item_kind": pl.String,
            "quantity": pl.Float64,
            "amount_fen": pl.Int64,
        },
        orient="row",
    )
    expected = left_of(charged)
    found = lines_left(lines).select("item_code", "quantity", "amount_fen").rows()
    assert sorted(found) == sorted(
        (line.item_code, float(line.quantity), int(line.amount * 100)) for line in expected.lines
    )
    netted = refunded(lines)
    below = int((netted.net_fen < 0).sum()) if netted else 0
    assert below == len(expected.refused)


def many(count: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Visits v000... of which some lack lines, and lines of which some lack a visit."""
    numbers = range(count)
    visits = pl.DataFrame(
        [
            {**VISIT, "visit_id": f"v{n:05}", "person_id": f"P{n}", "age": n % 90}
            for n in numbers
            if n % 17
        ],
        schema_overrides=_VISIT_TYPES,
    )
    lines = [
        {**LINE, "visit_id": f"v{n:05}", "item_code": f"c{(n * 7 + k) % 13}", "quantity": float(k)}
        for n in numbers
        for k in range(n % 6)
    ]
    return visits, pl.DataFrame(lines, schema_overrides=_LINE_TYPES)


def buckets(
    visits: Path, items: Path, folder: Path, threads: int | None = None
) -> list[VisitBucket]:
    records = open_visits(VisitInput(visits, items))
    return list(visit_buckets(records, RULES, KNOWN, folder, threads, bucket_ids=150))


def same(found: list[VisitBucket], expected: list[VisitBucket]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.counts == other.counts
        for name in (
            "visits",
            "items",
            "quarantine",
            "warnings",
            "line_quarantine",
            "line_warnings",
        ):
            tables = [getattr(bucket, name) for bucket in (one, other)]
            assert_frame_equal(*(table.drop(*ORIGIN_SCHEMA, strict=False) for table in tables))


def stands_where_it_says(findings: pl.DataFrame, folder: Path, columns: dict[str, str]) -> None:
    """Rows of files have what findings say of them, by columns of the findings."""
    assert findings.height
    for finding in findings.to_dicts():
        path, row = folder / finding["source_file"], finding["source_row"]
        if path.suffix == ".csv":
            heading, cells = (path.read_text("utf-8").splitlines()[n] for n in (0, row - 1))
            found = dict(zip(heading.split(","), cells.split(","), strict=True))
        else:
            found = pl.read_parquet(path, hive_partitioning=False).row(row - 1, named=True)
        for name, its in columns.items():
            assert str(found[its]) == str(finding[name])
        assert finding["source_column"] == finding["column"]


def as_files(frame: pl.DataFrame, folder: Path) -> None:
    folder.mkdir()
    half = frame.height // 2
    frame.slice(0, half).write_parquet(folder / "b.parquet", row_group_size=40)
    frame.slice(half).write_parquet(folder / "a.parquet", row_group_size=300, statistics=False)


def as_partitions(frame: pl.DataFrame, folder: Path) -> None:
    for number, part in enumerate([frame.gather_every(2), frame.gather_every(2, 1)]):
        below = folder / f"part={number}"
        below.mkdir(parents=True)
        part.write_parquet(below / "x.parquet", row_group_size=64)


def as_csv(frame: pl.DataFrame, folder: Path) -> None:
    folder.mkdir()
    if "other_diagnoses" in frame.columns:
        frame = frame.with_columns(pl.col("other_diagnoses").list.join("|"))
    frame.write_csv(folder / "all.csv")


FORMS = [as_files, as_partitions, as_csv]


@pytest.mark.parametrize("write", spread(FORMS, 1))
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("open_rows", [0, 4_000_000])
def test_the_same_buckets_from_any_order(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[pl.DataFrame, Path], None],
    threads: int,
    open_rows: int,
) -> None:
    visits, lines = many(400)
    monkeypatch.setattr(ranges, "RANGE_ROWS", 300)
    monkeypatch.setattr(ranges, "MAX_OPEN_ROWS", open_rows)
    for name, frame in (("visits", visits), ("items", lines)):
        frame.write_parquet(tmp_path / f"{name}.parquet", row_group_size=100)
        write(frame.sample(fraction=1, shuffle=True, seed=4), tmp_path / name)
    expected = buckets(tmp_path / "visits.parquet", tmp_path / "items.parquet", tmp_path)
    ids = [name for bucket in expected for name in bucket.visits["visit_id"]]
    assert ids == sorted(ids)
    assert len(expected) == 3
    found = buckets(tmp_path / "visits", tmp_path / "items", tmp_path, threads)
    same(found, expected)
    refused, of_lines = (
        pl.concat(getattr(bucket, name) for bucket in found)
        for name in ("quarantine", "line_quarantine")
    )
    stands_where_it_says(refused, tmp_path / "visits", {"visit_id": "visit_id"})
    stands_where_it_says(
        of_lines, tmp_path / "items", {"visit_id": "visit_id", "item_code": "item_code"}
    )
    assert not list(tmp_path.glob(".drgpay-*.partial"))
    total = sum((bucket.counts for bucket in expected), VisitCounts())
    assert total.visits_read == visits.height == total.visits_valid + total.visits_quarantined
    assert total.lines_read == lines.height == total.lines_valid + total.lines_quarantined


def test_sorted_input_is_streamed_and_other_spilled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits, lines = many(400)
    monkeypatch.setattr(ranges, "RANGE_ROWS", 300)
    for shuffled in (False, True):
        for name, frame in (("visits", visits), ("items", lines)):
            rows = frame.sample(fraction=1, shuffle=True, seed=4) if shuffled else frame
            rows.write_parquet(tmp_path / f"{name}.parquet", row_group_size=50)
        records = open_visits(VisitInput(tmp_path / "visits.parquet", tmp_path / "items.parquet"))
        parts = id_ranges(records, tmp_path, 1, lambda rows: None, max_open_rows=500)
        first = next(parts)
        assert first.visits.height < 300
        assert len(list(tmp_path.glob(".drgpay-*.partial"))) == shuffled
        parts.close()  # type: ignore[attr-defined]
        assert not list(tmp_path.glob(".drgpay-*.partial"))


def test_a_full_disk_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    visits, lines = many(100)
    visits.write_parquet(tmp_path / "visits.parquet", statistics=False)
    lines.write_parquet(tmp_path / "items.parquet", statistics=False)
    monkeypatch.setattr(ranges, "MAX_OPEN_ROWS", 0)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("drgpay.records.spill.Spill.write", full)
    with pytest.raises(DrgpayError, match=r"No space left on device.*free about 1 MB"):
        buckets(tmp_path / "visits.parquet", tmp_path / "items.parquet", tmp_path)
    assert not list(tmp_path.glob(".drgpay-*.partial"))


def test_bad_files(tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match="lacks the column amount"):
        pl.DataFrame([{"visit_id": "1", "item_code": "2", "item_kind": "lab"}]).write_parquet(
            tmp_path / "bad.parquet"
        )
        written(tmp_path, [{}], [{}])
        open_visits(VisitInput(tmp_path / "visits.parquet", tmp_path / "bad.parquet"))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("H1,employee,,0\n", "row 2 gives the contractor H1 heads of 0"),
        ("H1,employee,,-5\n", "row 2 has '-5' as heads"),
        ("H1,employee,,\n", "row 2 has no heads"),
        ("H1,army,,5\n", "row 2 has the account army"),
        ("H1,employee,,5\nH1,employee,,6\n", "has the account employee and age band .none. twice"),
        ("H1,employee,0-6,5\nH1,employee,,6\n", "with an age band and without"),
    ],
)
def test_wrong_enrolment(tmp_path: Path, rows: str, words: str) -> None:
    path = tmp_path / "enrolment.csv"
    path.write_text("contractor_id,account,age_band,heads\n" + rows, encoding="utf-8")
    with pytest.raises(DrgpayError, match=words):
        read_enrolment(path, ("employee", "resident"))


def test_enrolment(tmp_path: Path) -> None:
    path = tmp_path / "enrolment.csv"
    path.write_text("contractor_id,account,heads\nH2,resident,7\nH1,employee,5\n", encoding="utf-8")
    assert read_enrolment(path, ("employee", "resident")).rows() == [
        ("H1", "employee", None, 5),
        ("H2", "resident", None, 7),
    ]


def test_a_range_that_turns_out_too_big_is_cut_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "RANGE_ROWS", 100)
    visits, lines = many(400)
    visits.write_parquet(tmp_path / "visits.parquet", statistics=False)
    lines.write_parquet(tmp_path / "items.parquet", statistics=False)
    monkeypatch.setattr(ranges, "MAX_OPEN_ROWS", 0)
    fine = buckets(tmp_path / "visits.parquet", tmp_path / "items.parquet", tmp_path)
    # A sample that knows nothing: all rows fall into one range.
    monkeypatch.setattr(ranges, "_sampled", lambda *_: [])
    same(buckets(tmp_path / "visits.parquet", tmp_path / "items.parquet", tmp_path), fine)
    records = open_visits(VisitInput(tmp_path / "visits.parquet", tmp_path / "items.parquet"))
    sizes = [
        part.visits.height + part.lines.height
        for part in id_ranges(records, tmp_path, 1, lambda rows: None)
    ]
    assert len(sizes) > 5
    assert max(sizes) <= 400
