"""`drgpay explain --visit`: the entries that grouping gives, each with its reason, and its points."""

import json
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.grouper.scheme import load_scheme
from drgpay.points.catalogue import (
    BED_DAY_SCHEMA,
    COEFFICIENT_SCHEMA,
    GROUP_SCHEMA,
    Catalogue,
    CatalogueInfo,
    save_catalogue,
)
from drgpay.records.visits.finding import find_visit
from drgpay.records.visits.tables import VisitInput, open_visits
from drgpay.report.entry_reasons import entry_reason
from drgpay.run.explained_visit import explained_visit
from drgpay.run.visit_entries import VisitGrouping, write_entries
from drgpay.visits.columns import REASONS
from tests.cli.in_process import Run
from tests.small_apg import write_small_apg
from tests.visits.rules import rules

BASE = {"P12": "90.0000", "P90": "40.5000", "M11": "10.0000", "A10": "5.0000", "D10": "7.0000"}
VISIT = {
    "hospital_id": "H1",
    "person_id": "P1",
    "account": "employee",
    "visit_date": date(2026, 3, 2),
    "visit_type": "chronic",
    "principal_diagnosis": "I10.x02",
    "age": 60,
    "fund_cost": Decimal("50.00"),
    "patient_cost": Decimal("50.00"),
    "other_cost": Decimal("0.00"),
    "total_cost": Decimal("100.00"),
}
LINES = [
    ("V1", "310902001", "procedure", "300.00"),
    ("V1", "310901001", "procedure", "80.00"),
    ("V1", "250101", "lab", "20.00"),
    ("V1", "250102", "lab", "20.00"),
    ("V1", "250102", "lab", "-20.00"),
    ("V1", "XA10", "drug", "11.00"),
    ("V1", "1101", "fee", "6.00"),
    ("V2", "XA10", "drug", "11.00"),
    ("V2", "1101", "fee", "6.00"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Visits V2 and V1, their lines, a small scheme, a catalogue and a table of hospitals."""
    scheme = load_scheme(str(write_small_apg(tmp_path / "small")))
    visits = pl.DataFrame([{"visit_id": "V2", **VISIT}, {"visit_id": "V1", **VISIT}])
    visits.cast({"^.*_cost$": pl.Decimal(18, 2)}).write_parquet(tmp_path / "visits.parquet")
    items = pl.DataFrame(
        LINES, schema=["visit_id", "item_code", "item_kind", "amount"], orient="row"
    )
    items.cast({"amount": pl.Decimal(18, 2)}).write_parquet(tmp_path / "items.parquet")
    (tmp_path / "hospitals.csv").write_text("hospital_id,name,level\nH1,医院,3A\n", "utf-8")
    info = CatalogueInfo(
        id="c",
        kind="apg",
        scheme=scheme.info.id,
        scheme_hash=scheme.content_hash,
        policy="p",
        source="s",
        stays_read=1,
        stays_eligible=1,
        stays_trimmed=0,
        all_total_fen=1,
        all_cases=1,
        all_mean_yuan="0.01",
    )
    groups = [
        {"drg": apg, "base_points": int(Decimal(points) * 10_000), "mean_fen": 1, "stable": True}
        | {"cases": 1, "kept": 1, "median_fen": 1}
        for apg, points in sorted(BASE.items())
    ]
    coefficients: list[dict[str, Any]] = [{"level": "3A", "coefficient": 12_000, "clamped": False}]
    catalogue = Catalogue(
        info,
        pl.DataFrame(groups, schema=GROUP_SCHEMA),
        pl.DataFrame(coefficients, schema=COEFFICIENT_SCHEMA),
        pl.DataFrame(schema=BED_DAY_SCHEMA),
    )
    (tmp_path / "catalogue").mkdir()
    save_catalogue(catalogue, tmp_path / "catalogue")
    return tmp_path


def given(folder: Path) -> VisitInput:
    return VisitInput(folder / "visits.parquet", folder / "items.parquet")


def grouping(folder: Path) -> VisitGrouping:
    return VisitGrouping(
        str(folder / "small"), "illustrative", folder / "catalogue", folder / "hospitals.csv"
    )


@pytest.fixture
def explain(monkeypatch: pytest.MonkeyPatch, drgpay: Run, folder: Path) -> Run:
    """Run `drgpay explain` with the visits: exit status, standard output, standard error."""
    monkeypatch.setenv("COLUMNS", "200")
    return partial(drgpay, "explain-visit", folder / "visits.parquet")


def options(folder: Path) -> list[object]:
    return [
        *("--items", folder / "items.parquet", "--scheme", folder / "small"),
        *("--catalogue", folder / "catalogue", "--hospitals", folder / "hospitals.csv"),
    ]


def test_refunds_are_netted_out(folder: Path) -> None:
    found = find_visit(open_visits(given(folder)), "V1")
    assert found.visit["principal_diagnosis"].to_list() == ["I10.x02"]
    assert found.items["item_code"].to_list() == [
        "1101",
        "250101",
        "310901001",
        "310902001",
        "XA10",
    ]
    assert found.items["amount_fen"].sum() == 41_700


def test_entries_and_points_are_those_of_grouping(folder: Path) -> None:
    out = folder / "entries.parquet"
    write_entries(given(folder), grouping(folder), out, folder / "points.parquet")
    grouped = pl.read_parquet(out).with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
    points = pl.read_parquet(folder / "points.parquet")
    for visit in ("V1", "V2"):
        found = explained_visit(given(folder), visit, grouping(folder))
        entries = found.entries.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
        assert entries.rows() == grouped.filter(pl.col("visit_id") == visit).rows()
        assert found.points is not None
        shown = points.filter(pl.col("visit_id") == visit)["points"].item()
        assert Decimal(found.points).scaleb(-4) == shown


def test_what_it_tells(folder: Path, explain: Run) -> None:
    status, out, _ = explain("--visit", "V1", *options(folder), "--lang", "en")
    assert status == 0
    assert "P12 has" in out
    for text in ("Where the service lines go", "packaged:", "incidental"):
        assert text in out
    # (90 + 40.5 x 0.5 + 7) x 1.2: the test is on the packaging list, the drug is not
    assert "140.7000" in out
    status, out, _ = explain("--visit", "V1", *options(folder), "--lang", "zh")
    assert status == 0
    assert "就诊点数" in out
    assert "次要操作折扣" in out


def test_json(folder: Path, explain: Run) -> None:
    status, out, _ = explain("--visit", "V2", *options(folder), "--json")
    assert status == 0
    told = json.loads(out)
    assert told["points"] == "20.4000"  # (10 + 7) x 1.2
    reasons = {entry["apg"]: entry["reason"] for entry in told["entries"]}
    assert reasons == {"M11": "payable", "D10": "payable", "I10": "packaged_incidental"}
    assert all(entry["why"] for entry in told["entries"])
    assert told["medical"]["apg"]["code"] == "M11"


def test_mistakes(folder: Path, explain: Run) -> None:
    items = ("--items", folder / "items.parquet")
    scheme = ("--scheme", folder / "small")
    status, _, err = explain("--visit", "V9", *items, *scheme)
    assert (status, "has no visit_id 'V9'" in err) == (2, True)
    for wrong in (("--visit", "V1"), ("--visit", "V1", *items), (*items, *scheme)):
        status, _, err = explain(*wrong)
        assert (status, "drgpay explain-visit lacks --" in err) == (2, True)
    status, _, err = explain("--visit", "V1", *items, *scheme, "--age", "3")
    assert (status, "drgpay explain-visit has no option --age" in err) == (2, True)


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_a_sentence(reason: str) -> None:
    row = {"class": "ANC", "family": "A", "apg": "A1", "quantity": 3, "factor": 2, "reason": reason}
    row |= {"lines_cost": Decimal("5.00"), "paid_cost": Decimal("7.00")}
    sentences = {entry_reason(row, [row], rules(), language) for language in ("zh", "en")}
    assert len(sentences) == 2
    assert not any("{" in sentence for sentence in sentences)
