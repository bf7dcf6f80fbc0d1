"""A catalogue of one group, a standard stay of it, and what changed stays earn."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from drgpay.base.exact import unscaled
from drgpay.points.cases import EarnedPoints, points_of_stays
from drgpay.points.catalogue import (
    BED_DAY_SCHEMA,
    COEFFICIENT_SCHEMA,
    GROUP_SCHEMA,
    Catalogue,
    CatalogueInfo,
)
from drgpay.policy.adjustment_rows import REASON_SCHEMA
from drgpay.policy.load import load_policy
from drgpay.policy.points import Points
from drgpay.records.filings import (
    DEDUCTION_SCHEMA,
    NO_FILINGS,
    REVIEW_SCHEMA,
    TECHNOLOGY_SCHEMA,
    Filings,
)
from drgpay.report.reasons import reason_said
from drgpay.results.columns import columns_of, written

CORE = load_policy("zhejiang-2019-core").policy
MEAN_20_000 = 2_000_000  # fen

GROUP: dict[str, Any] = {
    "drg": "G1",
    "cases": 10,
    "kept": 10,
    "mean_fen": MEAN_20_000,
    "median_fen": MEAN_20_000,
    "sd_fen": 0,
    "cv": 0,
    "stable": True,
    "base_points": 200_0000,
    "stability": "stable",
    "account": None,
}
OWN_COEFFICIENT: dict[str, Any] = {
    "drg": "G1",
    "level": "3A",
    "hospital_id": "H1",
    "coefficient": 1_1000,
}

STAY: dict[str, Any] = {
    "case_id": "1",
    "hospital_id": "H1",
    "level": "3A",
    "person_id": "P1",
    "account": "employee",
    "out_of_area": False,
    "admission_date": date(2026, 10, 1),
    "discharge_date": date(2026, 10, 9),
    "settlement_date": date(2026, 10, 9),
    "sex": 1.0,
    "age": 50.0,
    "age_days": None,
    "discharge_type": 1.0,
    "weight_g": None,
    "principal_diagnosis": "A",
    "length_of_stay": 8,
    "payment_unit": "drg",
    "bed_day_class": None,
    "complete": True,
    "status": "grouped",
    "drg": "G1",
    "total_fen": MEAN_20_000,
}


def catalogue(
    *groups: dict[str, Any],
    coefficients: list[dict[str, Any]] | None = None,
    bed_days: list[dict[str, Any]] | None = None,
) -> Catalogue:
    """Groups of mean 20,000 yuan where all cases have the mean 10,000: base points 200.

    Without more, the one group G1 and the coefficient 1.1 of the hospital H1.
    """
    info = CatalogueInfo(
        id="c",
        scheme="s",
        scheme_hash="",
        policy="p",
        source="",
        stays_read=0,
        stays_eligible=0,
        stays_trimmed=0,
        all_total_fen=1_000_000,
        all_cases=1,
        all_mean_yuan="10000.00",
    )
    found = [OWN_COEFFICIENT] if coefficients is None else coefficients
    return Catalogue(
        info,
        _table([_group(group) for group in groups or ({},)], GROUP_SCHEMA),
        _table(found, COEFFICIENT_SCHEMA),
        _table(bed_days or [], BED_DAY_SCHEMA),
    )


def _group(changed: dict[str, Any]) -> dict[str, Any]:
    """A group that is not stable has too few cases, unless its stability says otherwise."""
    stable = changed.get("stable", changed.get("stability", "stable") == "stable")
    return {**GROUP, "stability": "stable" if stable else "unstable_cases", **changed} | {
        "stable": stable
    }


def _table(rows: list[dict[str, Any]], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    full = [{column: row.get(column) for column in schema} for row in rows]
    return pl.DataFrame(full, schema=schema)


def stays(*changes: dict[str, Any]) -> pl.DataFrame:
    """The standard stay with changes, once for each; numbered from 0 where no case_id is given.

    Each is of another person unless person_id is given.
    """
    rows = [
        {**STAY, "case_id": str(n), "person_id": f"P{n}", **change}
        for n, change in enumerate(changes)
    ]
    texts = dict.fromkeys(("bed_day_class", "person_id", "drg"), pl.String)
    return pl.DataFrame(rows, schema_overrides={"age_days": pl.Float64, **texts})


def earned(
    *changes: dict[str, Any],
    points: Points = CORE.points,
    of: Catalogue | None = None,
    filings: Filings = NO_FILINGS,
    exempt: Collection[str] = (),
) -> EarnedPoints:
    """The points of some changed standard stays; of one unchanged stay if there are none."""
    return points_of_stays(
        stays(*(changes or ({},))), of or catalogue(), points, filings, exempt=exempt
    )


def one(
    points: Points = CORE.points, of: Catalogue | None = None, **change: Any
) -> tuple[str, str]:
    """Class and points of one changed standard stay."""
    row = earned(change, points=points, of=of).cases.row(0, named=True)
    return row["case_class"], str(unscaled(row["points"], 4))


def final(result: EarnedPoints) -> list[str]:
    """The points of all cases, as they are written."""
    return [str(unscaled(value, 4)) for value in result.cases["points"]]


def rows(result: EarnedPoints) -> list[tuple[str, str, str, str]]:
    """The adjustments: case_id, kind, what it applies to, points."""
    columns = result.adjustments.select("case_id", "kind", "applies_to", "points")
    return [(*row[:3], str(unscaled(row[3], 4))) for row in columns.iter_rows()]


def reasons(adjustments: pl.DataFrame) -> list[str]:
    """Why points change, in sentences, of adjustments as they are in memory."""
    columns = [column for column in columns_of("adjustments") if column.scaled in REASON_SCHEMA]
    return [reason_said(row, "en") for row in written(adjustments, columns).iter_rows(named=True)]


def with_(**change: Any) -> Points:
    """The points of Zhejiang 2019 with other keys."""
    return Points.model_validate({**CORE.points.model_dump(), **change})


def filings(
    reviews: list[dict[str, Any]] | None = None,
    deductions: list[dict[str, Any]] | None = None,
    technologies: list[dict[str, Any]] | None = None,
) -> Filings:
    """Filings as they are read; what a row leaves out has its default."""
    review = {"filed_at": date(2026, 11, 1), "approved": True, "unreasonable_fen": 0}
    return Filings(
        _table([{**review, **row} for row in reviews or []], REVIEW_SCHEMA),
        _table([{"serious": False, **row} for row in deductions or []], DEDUCTION_SCHEMA),
        _table(technologies or [], TECHNOLOGY_SCHEMA),
        NO_FILINGS.payments,
    )


def yuan(amount: str) -> int:
    """An amount in fen."""
    return int(Decimal(amount) * 100)
