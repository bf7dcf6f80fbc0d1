"""Rows on stays that an earlier run paid: returns and deductions that are known only later.

docs/points.md, "Earlier months". Of such a stay it is compared what one run over all known stays would
take from it with what its own run and the rows of the runs since took; the difference is a row of the
run that sees it, on the line of the stay. So months and their clearing take away what one run over
all of them does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import polars as pl

from drgpay.exact import divide_half_up, wide
from drgpay.points.adjustments import ADJUSTMENT_SCHEMA, no_adjustments
from drgpay.points.deductions import EARLIER_DEDUCTION, EARLIER_READMISSION, EARLIER_STAYS
from drgpay.points.known_returns import RETURNS, KnownStays, Regroup, known_returns
from drgpay.points.paid_again import PaidAgain, PaidStays
from drgpay.points.readmission import readmission_reason


@dataclass(frozen=True)
class LookingBack:
    """What a run finds when it knows the stays of earlier runs too.

    returns: of the run's own stays, as `points_of_stays` takes them. rows: ADJUSTMENT_SCHEMA, those on
    stays of the earlier runs, sorted by case_id and step.
    """

    returns: pl.DataFrame
    rows: pl.DataFrame


def look_back(paid: Sequence[PaidStays], now: KnownStays, regroup: Regroup) -> LookingBack:
    """Compare the stays of earlier runs, the oldest first, with what is known now.

    Raises DrgpayError where what an earlier run paid does not come out again.
    """
    runs = [*(one.known for one in paid), now]
    returns = known_returns(runs, regroup)
    booked = _booked(paid)
    out_of_sight = _returns_out_of_sight(paid, runs, booked)
    followed = pl.concat([returns, out_of_sight.join(returns, on="case_id", how="anti")])
    brought = _brought(runs)
    rows = [_rows_on(paid, number, runs, followed, booked, brought) for number in range(len(paid))]
    return LookingBack(
        returns.filter(pl.col("run") == len(paid)).select("case_id", "readmission_case_id"),
        pl.concat([no_adjustments(), *rows]).sort("case_id", "step"),
    )


def _booked(paid: Sequence[PaidStays]) -> pl.DataFrame:
    """The rows of the earlier runs on stays paid before them: ADJUSTMENT_SCHEMA and `by`, whose."""
    columns = [pl.col(name).cast(dtype) for name, dtype in ADJUSTMENT_SCHEMA.items()]
    return pl.concat(
        one.adjustments.filter(pl.col("kind").is_in(EARLIER_STAYS)).select(
            *columns, by=pl.lit(number, pl.Int32)
        )
        for number, one in enumerate(paid)
    )


def _returns_out_of_sight(
    paid: Sequence[PaidStays], runs: Sequence[KnownStays], booked: pl.DataFrame
) -> pl.DataFrame:
    """Reductions whose return lies in a run that is not named (RETURNS): they stay as they are."""
    seen = pl.concat(run.stays.select(pl.col("case_id").cast(pl.String)) for run in runs)
    homes = pl.concat(
        one.known.stays.select(pl.col("case_id").cast(pl.String), run=pl.lit(number, pl.Int32))
        for number, one in enumerate(paid)
    )
    later = (
        booked.filter(pl.col("kind") == EARLIER_READMISSION)
        .sort("by")
        .group_by("case_id", maintain_order=True)
        .agg(pl.col("evidence").last(), pl.col("points").sum(), pl.col("by").last())
        .filter(pl.col("points") < 0)  # what was given back again is no reduction
        .join(homes, on="case_id")
        .select("case_id", readmission_case_id="evidence", run="run", rule="by")
    )
    own = [one.own_returns(number) for number, one in enumerate(paid)]
    return (
        pl.concat([*own, later])
        .join(seen, left_on="readmission_case_id", right_on="case_id", how="anti")
        .unique("case_id", keep="first", maintain_order=True)
        .cast(RETURNS)  # type: ignore[arg-type]
    )


def _brought(runs: Sequence[KnownStays]) -> pl.DataFrame:
    """The deductions of all lists, each once: DEDUCTION_SCHEMA and `by`, the run that had it first.

    Whether it is serious, and its document, are those of the last list.
    """
    lists = pl.concat(
        run.filings.deductions.with_columns(by=pl.lit(number, pl.Int32))
        for number, run in enumerate(runs)
    )
    return (
        lists.sort("by")
        .group_by("case_id", "kind", maintain_order=True)
        .agg(pl.exclude("by").last(), by=pl.col("by").first())
        .sort("case_id", "kind")
    )


def _rows_on(
    paid: Sequence[PaidStays],
    number: int,
    runs: Sequence[KnownStays],
    followed: pl.DataFrame,
    booked: pl.DataFrame,
    brought: pl.DataFrame,
) -> pl.DataFrame:
    """The rows on the stays of one earlier run."""
    one = paid[number]
    ids = one.known.stays.select(pl.col("case_id").cast(pl.String))
    followed = followed.filter(pl.col("run") == number)
    booked = booked.join(ids, on="case_id", how="semi")
    brought = brought.join(ids, on="case_id", how="semi")
    later = brought.filter(pl.col("by") != number)
    concerned = pl.concat(
        frame["case_id"] for frame in (followed, one.own_returns(number), booked, later)
    ).unique()
    if not concerned.len():
        return no_adjustments()
    again = PaidAgain.of(one, concerned, runs)
    stays = again.as_paid(number)
    due = _due(again, stays, followed, brought)
    return _rows(_less_booked(due, booked, stays, paid, number), one.known.period)


_KEY = ["case_id", "kind", "deduction_kind"]
_DUE = {
    **dict.fromkeys(_KEY, pl.String),
    "points": pl.Int64,
    "reason": pl.String,
    "evidence": pl.String,
}


def _due(
    again: PaidAgain, stays: pl.DataFrame, followed: pl.DataFrame, brought: pl.DataFrame
) -> pl.DataFrame:
    """What one run would take from each case and its hospital beyond what its own run took (_DUE).

    points: negative where more is due. stays: of `PaidAgain.as_paid`. A stay paid item by item has
    only the minus of its hospital.
    """
    steps = again.deduction_steps(brought)
    returned, _ = again.points(followed)
    final, rows = again.points(followed, steps)
    by_points = stays.with_columns(returned=returned, final=final).filter(
        pl.col("payment") == "points"
    )
    taken = rows.filter(pl.col("kind").is_in({step.kind for step in steps}))
    of_case = (
        taken.filter(pl.col("applies_to") == "case")
        .group_by("case_id")
        .agg(pl.col("reason").str.join("; "), pl.col("evidence").first())
    )
    nothing = pl.lit(None, pl.String)
    readmission = by_points.select(
        "case_id",
        kind=pl.lit(EARLIER_READMISSION),
        deduction_kind=nothing,
        points=pl.col("returned") - pl.col("own"),
    ).join(_said_of(followed, again.runs), on="case_id", how="left")
    case = by_points.select(
        "case_id",
        kind=pl.lit(EARLIER_DEDUCTION),
        deduction_kind=nothing,
        points=(pl.col("final") - pl.col("returned")) - (pl.col("own_final") - pl.col("own")),
    ).join(of_case, on="case_id", how="left")
    minus = _minus_due(again, stays, taken.filter(pl.col("applies_to") == "hospital"))
    return pl.concat(
        frame.select(pl.col(n).cast(t) for n, t in _DUE.items())
        for frame in (readmission, case, minus)
    )


def _minus_due(again: PaidAgain, stays: pl.DataFrame, due: pl.DataFrame) -> pl.DataFrame:
    """The minus of hospitals for each deduction, less what the run took."""
    took = again.paid.adjustments.filter(
        (pl.col("applies_to") == "hospital") & ~pl.col("kind").is_in(EARLIER_STAYS)
    ).join(stays.select("case_id"), on="case_id", how="semi")
    named = ["case_id", "kind", "points"]
    changes = pl.concat([due.select(named), took.select(named).with_columns(-pl.col("points"))])
    return (
        changes.group_by("case_id", "kind")
        .agg(pl.col("points").sum())
        .join(
            due.select("case_id", "kind", "reason", "evidence"), on=["case_id", "kind"], how="left"
        )
        .with_columns(kind=pl.lit(EARLIER_DEDUCTION), deduction_kind="kind")
    )


def _said_of(returns: pl.DataFrame, runs: Sequence[KnownStays]) -> pl.DataFrame:
    """case_id, reason and evidence of the returns."""
    return pl.concat(
        returns.filter(pl.col("rule") == number).select(
            "case_id",
            reason=readmission_reason(run.points.readmission),
            evidence="readmission_case_id",
        )
        for number, run in enumerate(runs)
    )


def _less_booked(
    due: pl.DataFrame,
    booked: pl.DataFrame,
    stays: pl.DataFrame,
    paid: Sequence[PaidStays],
    number: int,
) -> pl.DataFrame:
    """What is due less the rows that runs have booked, in points of the run that looks back.

    Rounded once. Returns _DUE with the line of the stay; rows of nothing are left out.
    """
    changes = pl.concat(
        [
            due.select(*_KEY, "points", by=pl.lit(number, pl.Int32)),
            booked.select(*_KEY, points=-pl.col("points"), by="by"),
        ]
    ).join(stays, on="case_id")
    weights = _weights(paid, stays["account"].unique().sort())
    summed = (
        changes.join(weights, on=["account", "by"])
        .group_by(*_KEY, "hospital_id", "account", "out_of_area", "payment")
        .agg((wide("points") * wide("weight")).sum().alias("weighted"), pl.col("whole").first())
        .with_columns(points=divide_half_up(pl.col("weighted"), wide("whole")).cast(pl.Int64))
        .filter(pl.col("points") != 0)
    )
    said = due.select(*_KEY, "reason", "evidence").filter(pl.col("reason").is_not_null())
    before = booked.sort("by").unique(_KEY, keep="last").select(*_KEY, was="evidence")
    own = (
        paid[number]
        .own_returns(number)
        .select("case_id", kind=pl.lit(EARLIER_READMISSION), had="readmission_case_id")
    )
    return (
        summed.join(said, on=_KEY, how="left", nulls_equal=True)
        .join(before, on=_KEY, how="left", nulls_equal=True)
        .join(own, on=["case_id", "kind"], how="left")
        .with_columns(evidence=pl.coalesce("evidence", "was", "had"))
    )


def _weights(paid: Sequence[PaidStays], accounts: pl.Series) -> pl.DataFrame:
    """By account and run the whole numbers weight / whole = 1 / k: points of the run -> points now."""
    rows = []
    for account in accounts:
        worth = [1 / Fraction(one.factors.get(account, 1)) for one in paid]
        whole = lcm(*(part.denominator for part in worth))
        rows += [(account, number, int(part * whole), whole) for number, part in enumerate(worth)]
    schema = {"account": pl.String, "by": pl.Int32, "weight": pl.Int64, "whole": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _rows(due: pl.DataFrame, period: str) -> pl.DataFrame:
    """ADJUSTMENT_SCHEMA; the minus for an outside stay paid item by item is on the local line."""
    given_back = pl.when(pl.col("points") > 0).then(pl.lit("given back"))
    reason = pl.format("stay of {}: {}", pl.lit(period), pl.coalesce(given_back, "reason"))
    order = ["case_id", "kind", "deduction_kind"]
    rows = due.sort(order, descending=[False, True, False], nulls_last=False).with_columns(
        out_of_area=pl.col("out_of_area") & (pl.col("payment") == "points"),
        step=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("case_id"),
        applies_to=pl.lit("hospital"),
        reason=reason,
    )
    return rows.select(pl.col(name).cast(dtype) for name, dtype in ADJUSTMENT_SCHEMA.items())
