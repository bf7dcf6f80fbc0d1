"""What drgpay makes of stays and filings, as tables in yuan and points: its own pure functions."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

import polars as pl

from drgpay.base.period import Period
from drgpay.grouper.stay_rules import RuledStays, ruled_stays
from drgpay.points.cases import EarnedPoints, points_of_stays
from drgpay.points.catalogue import GROUP_SCHEMA, Catalogue
from drgpay.policy.model import Policy
from drgpay.records.filings import (
    DEDUCTION_SCHEMA,
    PAYMENT_SCHEMA,
    REVIEW_SCHEMA,
    TECHNOLOGY_SCHEMA,
    Filings,
)
from drgpay.results.columns import columns_of, written
from drgpay.results.results import pools_table
from drgpay.settle.clearing import YearBudget, clear_year
from drgpay.settle.month import settle_month
from drgpay.settle.settled import Settled

from . import in_buckets
from .recomputation.calibration import Catalogue as Recomputed
from .recomputation.records import Filed, HeldBack, Stay
from .recomputation.settlement import Case, Minus, Taken

_MONEY = {
    "total_cost": "total_fen",
    "fund_cost": "fund_fen",
    "patient_cost": "patient_fen",
    "other_cost": "other_fen",
}
_UNUSED = ("sex", "weight_g", "principal_diagnosis")


def frame_of(stays: list[Stay]) -> pl.DataFrame:
    """Stays as drgpay holds them after its checks."""
    frame = pl.DataFrame([asdict(stay) for stay in stays], infer_schema_length=None)
    fen = [
        pl.Series(short, [int(value * 100) for value in frame[name]], dtype=pl.Int64)
        for name, short in _MONEY.items()
    ]
    return frame.with_columns(
        *fen,
        pl.col("bed_day_class", "person_id").cast(pl.String),
        pl.col("complete").cast(pl.Boolean),
        pl.col("age", "age_days", "discharge_type").cast(pl.Float64),
        *[pl.lit(None).alias(name) for name in _UNUSED],
        mdc=pl.lit("MDCA"),
        adrg=pl.col("drg").str.slice(0, 3),
        severity=pl.lit("none"),
    ).drop(_MONEY)


def filings_of(filed: Filed) -> Filings:
    """Filings as drgpay reads them."""
    reviews = [
        {
            **asdict(review),
            "unreasonable_fen": int(review.unreasonable_cost * 100),
            "fixed_points": _scaled(review.fixed_points),
        }
        for review in filed.reviews
    ]
    return Filings(
        pl.DataFrame(reviews, REVIEW_SCHEMA).sort("case_id"),
        pl.DataFrame(
            [{**asdict(row), "clue_id": None} for row in filed.violations], DEDUCTION_SCHEMA
        ).sort("case_id", "kind"),
        pl.DataFrame(map(asdict, filed.technologies), TECHNOLOGY_SCHEMA).sort("case_id"),
        payments_of(filed.held_back),
    )


def payments_of(held_back: Iterable[HeldBack]) -> pl.DataFrame:
    """Money held back as drgpay reads it."""
    rows = [
        {**asdict(row), "amount_fen": int(row.amount * 100), "reason": None} for row in held_back
    ]
    return pl.DataFrame(rows, PAYMENT_SCHEMA)


def _scaled(points: Decimal | None) -> int | None:
    return None if points is None else int(points * 10_000)


def with_rows(catalogue: Catalogue, expected: Recomputed) -> Catalogue:
    """The catalogue with the stabilities and the rows by account of the recomputed one."""
    stability = {drg: group.stability for drg, group in expected.groups.items()}
    said = pl.col("drg").replace_strict(stability, return_dtype=pl.String)
    groups = catalogue.groups.with_columns(stability=said, stable=said == "stable")
    own = [
        {
            "drg": drg,
            "account": account,
            "mean_fen": int(group.mean_cost * 100),
            "base_points": _scaled(group.base_points),
            "stability": group.stability,
            "stable": group.stable,
        }
        for (drg, account), group in expected.of_account.items()
    ]
    rows = [{name: row.get(name) for name in GROUP_SCHEMA} for row in own]
    return replace(catalogue, groups=pl.concat([groups, pl.DataFrame(rows, GROUP_SCHEMA)]))


def ruled(stays: list[Stay], policy: Policy) -> RuledStays:
    """Stays as the rules of the policy make them."""
    return ruled_stays(frame_of(stays), policy.points)


def earned(
    stays: list[Stay],
    catalogue: Catalogue,
    policy: Policy,
    filed: Filed,
    exempt: Collection[str] = (),
) -> EarnedPoints:
    """Points and adjustments of stays, to which the rules of the policy are applied before."""
    frame, filings = ruled(stays, policy).stays, filings_of(filed)
    whole = points_of_stays(frame, catalogue, policy.points, filings, exempt=exempt)
    in_buckets.check_points(frame, catalogue, policy, filings, exempt, whole)
    return whole


def bare_points(cases: list[Case], minus: list[Minus], taken: Iterable[Taken] = ()) -> EarnedPoints:
    """Cases that already have their points, as settlement takes them."""
    ordered = sorted(cases, key=lambda case: case.case_id)
    columns: dict[str, tuple[pl.DataType, list[Any]]] = {
        "case_id": (pl.String(), [case.case_id for case in ordered]),
        "hospital_id": (pl.String(), [case.hospital_id for case in ordered]),
        "account": (pl.String(), [case.account for case in ordered]),
        "out_of_area": (pl.Boolean(), [case.out_of_area for case in ordered]),
        "case_class": (pl.String(), [case.case_class for case in ordered]),
        "points": (pl.Int64(), [int(case.points * 10_000) for case in ordered]),
    }
    for name, fen in _MONEY.items():
        columns[fen] = (pl.Int64(), [int(getattr(case, name) * 100) for case in ordered])
    frame = pl.DataFrame(
        {name: pl.Series(values, dtype=dtype) for name, (dtype, values) in columns.items()}
    )
    by_id = {case.case_id: case for case in ordered}
    every: list[Minus | Taken] = [*minus, *taken]
    rows = [
        {
            "case_id": row.case_id,
            **_place(row, by_id),
            "step": row.step,
            "applies_to": "hospital" if isinstance(row, Minus) else "case",
            "kind": _kind(row),
            "points": int(row.points * 10_000),
            **dict.fromkeys(("evidence", "paid_in", "deduction_kind", "return_in")),
        }
        for row in sorted(every, key=lambda row: (row.case_id, row.step))
    ]
    return EarnedPoints(frame, pl.DataFrame(rows, ADJUSTMENT_TYPES))


def _place(row: Minus | Taken, by_id: dict[str, Case]) -> dict[str, Any]:
    if isinstance(row, Minus) and row.earlier:
        return dict(zip(("hospital_id", "account", "out_of_area"), row.earlier, strict=True))
    case = by_id[row.case_id]
    return {
        "hospital_id": case.hospital_id,
        "account": case.account,
        "out_of_area": case.out_of_area,
    }


def _kind(row: Minus | Taken) -> str:
    if isinstance(row, Taken):
        return "fraud"
    if row.earlier:
        return "deduction_earlier" if row.deducted else "readmission_earlier"
    return "fraud" if row.deducted else "quota"


ADJUSTMENT_TYPES = {
    **dict.fromkeys(("case_id", "hospital_id", "account"), pl.String()),
    "out_of_area": pl.Boolean(),
    "step": pl.Int32(),
    **dict.fromkeys(("applies_to", "kind"), pl.String()),
    "points": pl.Int64(),
    **dict.fromkeys(("evidence", "paid_in", "deduction_kind", "return_in"), pl.String()),
}


def settled(
    points: EarnedPoints,
    policy: Policy,
    period: Period,
    held_back: Iterable[HeldBack] = (),
    levels: Mapping[str, str] | None = None,
) -> Settled:
    """A settled month."""
    payments = payments_of(held_back)
    whole = settle_month(points.cases, points.adjustments, policy, period, payments, levels)
    in_buckets.check_money(points, policy, period, payments, levels, whole)
    return whole


def cleared(
    points: EarnedPoints,
    months: list[Settled],
    policy: Policy,
    budgets: dict[str, tuple[Decimal, Decimal]],
    scores: dict[str, Decimal],
    held_back: Iterable[HeldBack] = (),
    levels: Mapping[str, str] | None = None,
) -> Settled:
    """A cleared year; budgets as (sum of the months', reserve)."""
    assessed = policy.clearing is not None and policy.clearing.assessment is not None
    table = pl.DataFrame(
        {
            "hospital_id": list(scores),
            "score": [int(score * 10_000) for score in scores.values()],
        }
    )
    return clear_year(
        points.cases,
        points.adjustments,
        pl.concat([month.lines for month in months]),
        {
            pool: YearBudget(int(budget * 100), int(reserve * 100))
            for pool, (budget, reserve) in budgets.items()
        },
        table if assessed else None,
        policy,
        2026,
        payments_of(held_back),
        levels,
    )


@dataclass(frozen=True)
class Tables:
    """Tables of a month or a year as they would be written."""

    cases: pl.DataFrame
    adjustments: pl.DataFrame
    statements: pl.DataFrame
    values: pl.DataFrame


def point_tables(points: EarnedPoints) -> Tables:
    """Points that are not settled yet."""
    cases, rows = (
        _written(points.cases, columns_of("cases")),
        _written(points.adjustments, columns_of("adjustments")),
    )
    return Tables(cases, rows, pl.DataFrame(), pl.DataFrame())


def month_tables(month: Settled, policy: Policy) -> Tables:
    """In yuan and points."""
    return Tables(
        _written(month.cases, columns_of("cases")),
        _written(month.adjustments, columns_of("adjustments")),
        written(month.lines, columns_of("statements", policy.settlement.value_places)),
        pools_table(month, policy.settlement.value_places),
    )


def year_tables(year: Settled, policy: Policy) -> Tables:
    """In yuan and points; `values` are the pools."""
    return Tables(
        _written(year.cases, columns_of("cases")),
        _written(year.adjustments, columns_of("adjustments")),
        written(year.lines, columns_of("cleared_statements", policy.settlement.value_places)),
        pools_table(year, policy.settlement.value_places),
    )


def _written(frame: pl.DataFrame, columns: list[Any]) -> pl.DataFrame:
    """Those of the columns that bare cases have, too."""
    return written(frame, [column for column in columns if column.scaled in frame.columns])


def entries_of(ledger: pl.DataFrame) -> list[dict[str, Any]]:
    """The entries of a ledger, in yuan."""
    return written(ledger, columns_of("ledger")).to_dicts()
