"""A correction against the month that was paid: cases and statements, before and now."""

from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from drgpay.settle.lines import LINE
from drgpay.settle.narrow import AMOUNTS
from drgpay.settle.settled import Settled
from drgpay.tables.schemas import calculated_schema


@dataclass(frozen=True)
class PaidMonth:
    """What of a paid run is compared, in scaled integers.

    statements: LINE, points, standard_fen, fund_amount_fen, prepayment_fen, home_fund_bill_fen.
    cases: case_id, LINE, points, total_fen, fund_fen, patient_fen, other_fen, standard_fen,
    case_fund_fen.
    adjustments: as Settled.adjustments: case_id, LINE, applies_to, points, standard_fen, waiting.
    """

    statements: pl.DataFrame
    cases: pl.DataFrame
    adjustments: pl.DataFrame


@dataclass(frozen=True)
class Differences:
    """What a correction changes, in scaled integers; X below is points, standard_fen and
    fund_amount_fen, each as paid, now and difference (points_paid, points_now, points_difference;
    standard_paid_fen, standard_now_fen, standard_difference_fen; fund_amount_paid_fen ...).

    cases: a row for each case and LINE that differs, sorted by case_id and LINE: case_id, LINE,
    change, X. X hold the case with its minus rows (applies_to hospital) that do
    not wait for the clearing. change: `late` (not in
    the paid run), `withdrawn` (no longer there), `changed` (its costs, points or line), `repriced`
    (only the point value or a fen of the rounding). A case that moved to another line has a row
    in each.
    statements: a row for every LINE of either run, sorted: LINE, X, and prepayment_fen and
    home_fund_bill_fen in the same three columns.
    For each line the case differences of X add up to the statement's.
    """

    cases: pl.DataFrame
    statements: pl.DataFrame


def differences_of(paid: PaidMonth, settled: Settled) -> Differences:
    """Compare a correction with the paid run."""
    return Differences(_of_cases(paid, settled), _of_statements(paid, settled))


_MEASURES = ["points", "standard_fen", "fund_amount_fen"]
_OF_STATEMENTS = [*_MEASURES, "prepayment_fen", "home_fund_bill_fen"]
_CASE_LINE = ["case_id", *LINE]
_AT_ONCE = 1_000_000
"""Cases that are compared at a time: both sides of all of them would be the month three times."""


def _of_cases(paid: PaidMonth, settled: Settled) -> pl.DataFrame:
    before = _with_minus(paid.cases, paid.adjustments)
    now = _with_minus(settled.cases, settled.adjustments)
    ends = now["case_id"].sort().gather_every(_AT_ONCE)[1:].to_list()
    bounds = [None, *ends, None]
    parts = [_changed(_between(before, *ends), _between(now, *ends)) for ends in pairwise(bounds)]
    return pl.concat(parts)


def _between(cases: pl.DataFrame, first: str | None, end: str | None) -> pl.DataFrame:
    """The cases from an id to before another; None is no bound."""
    if first is not None:
        cases = cases.filter(pl.col("case_id") >= first)
    return cases if end is None else cases.filter(pl.col("case_id") < end)


def _changed(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """The cases that differ, each whole on both sides."""
    both = _side_by_side(before, now, _CASE_LINE, [*_MEASURES, *AMOUNTS])
    differs = pl.any_horizontal(pl.col(_difference(name)) != 0 for name in _MEASURES)
    recorded = pl.any_horizontal(pl.col(_difference(name)) != 0 for name in ["points", *AMOUNTS])
    in_paid = pl.col("case_id").is_in(before["case_id"].implode())
    in_now = pl.col("case_id").is_in(now["case_id"].implode())
    one_sided = ~(pl.col("in_before") & pl.col("in_now"))
    return (
        both.filter(differs | recorded | one_sided)
        .with_columns(
            change=pl.when(~in_paid)
            .then(pl.lit("late"))
            .when(~in_now)
            .then(pl.lit("withdrawn"))
            .when(recorded | one_sided)
            .then(pl.lit("changed"))
            .otherwise(pl.lit("repriced"))
        )
        .select(*_CASE_LINE, "change", *_columns(_MEASURES))
        .sort(_CASE_LINE)
    )


def _of_statements(paid: PaidMonth, settled: Settled) -> pl.DataFrame:
    both = _side_by_side(paid.statements, settled.lines, LINE, _OF_STATEMENTS)
    return both.select(*LINE, *_columns(_OF_STATEMENTS)).sort(LINE)


def _with_minus(cases: pl.DataFrame, adjustments: pl.DataFrame) -> pl.DataFrame:
    """Each case with what its minus rows take from the line that bears them."""
    types = calculated_schema("statements")
    of_cases = cases.select(
        "case_id",
        *(pl.col(name).cast(types[name]) for name in LINE),
        *("points", "standard_fen", *AMOUNTS),
        fund_amount_fen="case_fund_fen",
    )
    minus = adjustments.filter(
        (pl.col("applies_to") == "hospital") & (pl.col("points") != 0) & ~pl.col("waiting")
    ).select(
        *_CASE_LINE,
        "points",
        "standard_fen",
        *(pl.lit(0, pl.Int64).alias(name) for name in AMOUNTS),
        fund_amount_fen="standard_fen",
    )
    if minus.is_empty():
        return of_cases
    return (
        pl.concat([of_cases, minus.select(of_cases.columns)])
        .group_by(_CASE_LINE)
        .agg(pl.col(*_MEASURES, *AMOUNTS).sum())
    )


def _side_by_side(
    before: pl.DataFrame, now: pl.DataFrame, keys: list[str], names: list[str]
) -> pl.DataFrame:
    """Both sides of each key, and their difference; where one lacks the key it has 0."""
    return (
        before.select(*keys, *(pl.col(name).alias(_paid(name)) for name in names), in_before=True)
        .join(
            now.select(*keys, *(pl.col(name).alias(_now(name)) for name in names), in_now=True),
            on=keys,
            how="full",
            coalesce=True,
        )
        .with_columns(
            *(pl.col(_paid(name), _now(name)).fill_null(0) for name in names),
            pl.col("in_before", "in_now").fill_null(False),
        )
        .with_columns(
            (pl.col(_now(name)) - pl.col(_paid(name))).alias(_difference(name)) for name in names
        )
    )


def _columns(names: list[str]) -> list[str]:
    return [column(name) for name in names for column in (_paid, _now, _difference)]


def _paid(name: str) -> str:
    return _named(name, "paid")


def _now(name: str) -> str:
    return _named(name, "now")


def _difference(name: str) -> str:
    return _named(name, "difference")


def _named(name: str, which: str) -> str:
    """standard_fen -> standard_paid_fen."""
    return f"{name.removesuffix('_fen')}_{which}" + ("_fen" if name.endswith("_fen") else "")
