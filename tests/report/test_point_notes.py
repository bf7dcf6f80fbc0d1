"""What a run says beside its tables: unverified figures, missing documents, what the year takes back."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from drgpay.policy.adjustment_rows import ADJUSTMENT_SCHEMA
from drgpay.policy.load import LoadedPolicy, Provenance, load_policy
from drgpay.records.filings import DEDUCTION_SCHEMA
from drgpay.report.point_notes import point_notes, taken_back_note
from tests.points.standard_stay import catalogue

CORE = load_policy("zhejiang-2019-core")
PLAIN = LoadedPolicy(CORE.policy, {}, Path("p.toml"))
VERIFIED = replace(
    PLAIN, provenance={"points.deductions": Provenance(source="the measure", verified=True)}
)
INFO = catalogue().info


def deductions(*documents: str | None) -> pl.DataFrame:
    rows = [{"case_id": str(n), "document": text} for n, text in enumerate(documents)]
    full = [{name: row.get(name) for name in DEDUCTION_SCHEMA} for row in rows]
    return pl.DataFrame(full, schema=DEDUCTION_SCHEMA)


@pytest.mark.parametrize("loaded", [CORE, PLAIN])
def test_deductions_by_unverified_figures_are_named(loaded: LoadedPolicy) -> None:
    notes = point_notes(loaded, INFO, deductions("D 1", None), "en")
    assert notes[0].startswith("2 deductions are booked by figures of points.deductions that are")
    assert ("2021" in notes[0]) == (loaded is CORE)
    assert notes[1] == "1 of the deductions carry no document"
    assert len(point_notes(loaded, INFO, deductions("D 1"), "en")) == 1
    assert point_notes(loaded, INFO, deductions(), "en") == ()


def test_verified_figures_need_no_note() -> None:
    assert point_notes(VERIFIED, INFO, deductions("D 1"), "en") == ()


def test_a_published_catalogue_has_no_rules_to_compare() -> None:
    points = CORE.policy.points.model_copy(update={"incomplete_if": "ZYTS < 1"})
    ruled = replace(CORE, policy=CORE.policy.model_copy(update={"points": points}))
    assert len(point_notes(ruled, INFO, deductions(), "zh")) == 1
    published = INFO.model_copy(update={"kind": "published"})
    assert point_notes(ruled, published, deductions(), "zh") == ()


def adjustments(*rows: tuple[str, str, str]) -> pl.DataFrame:
    full = [
        {**dict.fromkeys(ADJUSTMENT_SCHEMA), "case_id": case, "kind": kind, "code": code}
        for case, kind, code in rows
    ]
    return pl.DataFrame(full, schema=ADJUSTMENT_SCHEMA)


def test_the_clearing_says_how_many_reviews_it_takes_back() -> None:
    months = adjustments(
        ("a", "review", "review_fixed"),
        ("b", "review", "review_at_cost"),
        ("c", "review", "review_rejected"),
    )
    year = adjustments(
        ("a", "review_over_quota", "review_over_quota"),
        ("b", "review_over_quota", "review_over_quota_paid"),
        ("c", "review_over_quota", "review_over_share"),
    )
    assert taken_back_note(months, year, "en") == (
        "the year's quota takes back 1 special reviews that months have paid",
    )
    assert taken_back_note(months, adjustments(), "en") == ()
