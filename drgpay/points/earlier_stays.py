"""Rows on stays that an earlier run paid: returns and deductions that are known only later.

docs/points.md, "Earlier months". Of such a stay it is compared what one run over all known stays would
take from it with what its own run and the rows of the runs since took; the difference is a row of the
run that sees it, on the line of the stay. So months and their clearing take away what one run over
all of them does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm, prod

import polars as pl

from drgpay.base.exact import POINT_SCALE, divide_half_up, wide
from drgpay.points.known_returns import KnownStays, Regroup, known_returns
from drgpay.points.paid_again import PaidAgain, PaidStays
from drgpay.points.readmission import readmission_reason
from drgpay.points.reasons import reason
from drgpay.policy.adjustment_rows import (
    ADJUSTMENT_SCHEMA,
    EARLIER_DEDUCTION,
    EARLIER_READMISSION,
    EARLIER_STAYS,
    REASON_SCHEMA,
    no_adjustments,
)


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
    brought = _brought(runs)
    periods = [run.period for run in runs]
    rows = [
        _rows_on(paid, number, periods, returns, booked, brought) for number in range(len(paid))
    ]
    own = returns.filter(pl.col("run") == len(paid))
    return LookingBack(
        _with_periods(own, periods).select("case_id", "readmission_case_id", "return_in"),
        pl.concat([no_adjustments(), *rows]).sort("case_id", "step"),
    )


def _with_periods(returns: pl.DataFrame, periods: Sequence[str]) -> pl.DataFrame:
    """The returns with return_in, the period of the run that has them; null for the last of all."""
    others = dict(enumerate(periods[:-1]))
    in_other = pl.col("again").replace_strict(others, default=None, return_dtype=pl.String)
    return returns.with_columns(return_in=in_other)


def _booked(paid: Sequence[PaidStays]) -> pl.DataFrame:
    """The rows of the earlier runs on stays paid before them.

    ADJUSTMENT_SCHEMA, by: the number of the run that booked the row, home: of that which has the stay
    now, else of that which paid it; null where no named run does.
    """
    columns = [pl.col(name).cast(dtype) for name, dtype in ADJUSTMENT_SCHEMA.items()]
    rows = pl.concat(
        one.adjustments.filter(pl.col("kind").is_in(EARLIER_STAYS)).select(
            *columns, by=pl.lit(number, pl.Int32)
        )
        for number, one in enumerate(paid)
    )
    homes = pl.concat(
        one.known.stays.select(pl.col("case_id").cast(pl.String), home=pl.lit(number, pl.Int32))
        for number, one in enumerate(paid)
    )
    paid_in = pl.lit(None, pl.Int32)
    for number, one in enumerate(paid):
        paid_in = (
            pl.when(_lies_in(pl.col("paid_in"), one.known.period)).then(number).otherwise(paid_in)
        )
    return rows.join(homes, on="case_id", how="left").with_columns(
        home=pl.coalesce("home", paid_in)
    )


def _lies_in(period: pl.Expr, run: str) -> pl.Expr:
    """Whether a period is that of a run: a month, or the year that it lies in."""
    return (period == run) | (period.str.slice(0, 4) == run)


def _still_followed(one: PaidStays, booked: pl.DataFrame, periods: Sequence[str]) -> pl.DataFrame:
    """Reductions whose return lies in a run that is not named: they stay as they are.

    case_id, readmission_case_id, return_in. booked: the rows on the stays of this run.
    """
    later = (
        booked.filter(pl.col("kind") == EARLIER_READMISSION)
        .sort("by")
        .group_by("case_id", maintain_order=True)
        .agg(
            pl.col("return_in").last(),
            pl.col("evidence").last().alias("readmission_case_id"),
            pl.col("points").sum(),
        )
    )
    own = one.own_returns.join(later, on="case_id", how="anti")
    seen = pl.col("return_in").is_null()  # by a run that is named, in its own stays
    for period in periods:
        seen |= _lies_in(pl.col("return_in"), period)
    # What was given back again is no reduction.
    reduced = later.filter(pl.col("points") < 0).select(own.columns)
    return pl.concat([own, reduced]).filter(~seen)


def _brought(runs: Sequence[KnownStays]) -> pl.DataFrame:
    """The deductions of all lists, each as it came first: DEDUCTION_SCHEMA and `by`, whose list."""
    lists = pl.concat(
        run.filings.deductions.with_columns(by=pl.lit(number, pl.Int32))
        for number, run in enumerate(runs)
    )
    first = lists.sort("by").unique(["case_id", "kind"], keep="first", maintain_order=True)
    return first.sort("case_id", "kind")


def _rows_on(
    paid: Sequence[PaidStays],
    number: int,
    periods: Sequence[str],
    returns: pl.DataFrame,
    booked: pl.DataFrame,
    brought: pl.DataFrame,
) -> pl.DataFrame:
    """The rows on the stays of one earlier run."""
    one = paid[number]
    ids = one.known.stays.select(pl.col("case_id").cast(pl.String))
    booked = booked.filter(pl.col("home") == number)
    brought = brought.join(ids, on="case_id", how="semi")
    known = _with_periods(returns.filter(pl.col("run") == number), periods)
    kept = _still_followed(one, booked, periods).join(known, on="case_id", how="anti")
    followed = pl.concat([known.select(kept.columns), kept])
    later = brought.filter(pl.col("by") != number)
    concerned = pl.concat(
        frame.select("case_id") for frame in (followed, one.own_returns, booked, later)
    ).unique()
    if not concerned.height:
        return no_adjustments()
    again = PaidAgain.of(one, concerned.join(ids, on="case_id", how="semi")["case_id"])
    due = _due(again, again.as_paid(), followed, brought.drop("by"))
    return _rows(_less_booked(due, booked, paid, number), one.known.period)


_LINE = ["hospital_id", "account", "out_of_area"]
_KEY = ["case_id", *_LINE, "kind", "deduction_kind"]
_DUE: dict[str, pl.DataType] = {
    **dict.fromkeys(_KEY, pl.String()),
    "out_of_area": pl.Boolean(),
    "points": pl.Int64(),
    **REASON_SCHEMA,
    "evidence": pl.String(),
    "return_in": pl.String(),
}


def _due(
    again: PaidAgain, stays: pl.DataFrame, followed: pl.DataFrame, brought: pl.DataFrame
) -> pl.DataFrame:
    """What one run would take from each case and its hospital beyond what its own run took (_DUE).

    points: negative where more is due. stays: of `PaidAgain.as_paid`. A stay paid item by item has
    only the minus of its hospital, on the local line.
    """
    steps = again.deduction_steps(brought)
    returned, _ = again.points(followed)
    final, rows = again.points(followed, steps)
    by_points = stays.with_columns(returned=returned, final=final).filter(
        pl.col("payment") == "points"
    )
    taken = rows.filter(pl.col("kind").is_in({step.kind for step in steps}))
    of_case = _in_one(taken.filter(pl.col("applies_to") == "case"), brought)
    nothing = pl.lit(None, pl.String)
    rule = again.paid.known.points.readmission
    returns = followed.select(
        "case_id", "return_in", *readmission_reason(rule), evidence="readmission_case_id"
    )
    readmission = by_points.select(
        "case_id",
        *_LINE,
        kind=pl.lit(EARLIER_READMISSION),
        deduction_kind=nothing,
        points=pl.col("returned") - pl.col("own"),
    ).join(returns, on="case_id", how="left")
    case = by_points.select(
        "case_id",
        *_LINE,
        kind=pl.lit(EARLIER_DEDUCTION),
        deduction_kind=nothing,
        points=(pl.col("final") - pl.col("returned")) - (pl.col("own_final") - pl.col("own")),
    ).join(of_case, on="case_id", how="left")
    minus = _minus_due(again, stays, taken.filter(pl.col("applies_to") == "hospital"))
    columns = [pl.col(name).cast(dtype) for name, dtype in _DUE.items()]
    deductions = pl.concat([case, minus], how="diagonal").with_columns(return_in=nothing)
    return pl.concat([readmission.select(columns), deductions.select(columns)])


def _in_one(deductions: pl.DataFrame, brought: pl.DataFrame) -> pl.DataFrame:
    """The deductions of each case as one: case_id, REASON_SCHEMA, the first evidence, and that of those that
    a clue led to (07).

    brought: case_id, kind, clue_id, one row each. factor: of all, null where four places do not write it.
    """
    clues = brought.select("case_id", "kind", "clue_id").drop_nulls("clue_id")
    told = deductions.join(clues, on=["case_id", "kind"], how="left", maintain_order="left")
    is_first = pl.int_range(pl.len()) == 0
    return (
        told.group_by("case_id")
        .agg(
            pl.col("factor"),
            pl.col("evidence")
            .filter(is_first | pl.col("clue_id").is_not_null())
            .drop_nulls()
            .unique(maintain_order=True),
            number=pl.len(),
        )
        .with_columns(
            pl.when(pl.col("evidence").list.len() > 0).then(pl.col("evidence").list.join("; ")),
            pl.col("factor").map_elements(_product, return_dtype=pl.Int64),
            several=pl.col("number") > 1,
        )
        .select(
            "case_id",
            *reason(
                pl.when("several").then(pl.lit("deductions")).otherwise(pl.lit("deduction")),
                factor=pl.col("factor"),
                number=pl.when("several").then("number"),
            ),
            "evidence",
        )
    )


def _product(factors: pl.Series) -> int | None:
    """The product of factors in 1/10,000; None where it has more than four places."""
    whole = prod(factors.to_list())
    scale: int = POINT_SCALE ** (len(factors) - 1)
    return None if whole % scale else whole // scale


def _minus_due(again: PaidAgain, stays: pl.DataFrame, due: pl.DataFrame) -> pl.DataFrame:
    """The minus of hospitals for each deduction, less what the run took."""
    took = again.paid.adjustments.filter(
        (pl.col("applies_to") == "hospital") & ~pl.col("kind").is_in(EARLIER_STAYS)
    ).join(stays.select("case_id"), on="case_id", how="semi")
    named = ["case_id", "kind", "points"]
    local = pl.col("out_of_area") & (pl.col("payment") == "points")
    lines = stays.select("case_id", "hospital_id", "account", out_of_area=local)
    changes = pl.concat([due.select(named), took.select(named).with_columns(-pl.col("points"))])
    return (
        changes.group_by("case_id", "kind")
        .agg(pl.col("points").sum())
        .join(
            due.select("case_id", "kind", *REASON_SCHEMA, "evidence"),
            on=["case_id", "kind"],
            how="left",
        )
        .join(lines, on="case_id")
        .with_columns(kind=pl.lit(EARLIER_DEDUCTION), deduction_kind="kind")
    )


def _less_booked(
    due: pl.DataFrame, booked: pl.DataFrame, paid: Sequence[PaidStays], number: int
) -> pl.DataFrame:
    """What is due on each line less the rows that runs have booked there (_DUE).

    In points of the run that looks back, rounded once; what comes to nothing is left out. What was
    booked on a stay that its month has withdrawn, or has on another line since, is given back.
    """
    changes = pl.concat(
        [
            due.select(*_KEY, "points", by=pl.lit(number, pl.Int32)),
            booked.select(*_KEY, points=-pl.col("points"), by="by"),
        ]
    )
    weights = _weights(paid, changes["account"].unique().sort())
    summed = (
        changes.join(weights, on=["account", "by"])
        .group_by(_KEY)
        .agg((wide("points") * wide("weight")).sum().alias("weighted"), pl.col("whole").first())
        .with_columns(points=divide_half_up(pl.col("weighted"), wide("whole")).cast(pl.Int64))
        .filter(pl.col("points") != 0)
    )
    words = [*REASON_SCHEMA, "evidence", "return_in"]
    said = due.filter(pl.col("code").is_not_null()).select(*_KEY, *words)
    # What is given back was said when it was taken: by a row, or by the run itself.
    before = booked.sort("by").unique(_KEY, keep="last").select(*_KEY, was="evidence")
    own = paid[number].own_returns.select(
        "case_id", kind=pl.lit(EARLIER_READMISSION), had="readmission_case_id"
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
    """ADJUSTMENT_SCHEMA of what is due: of a case returns first, then deductions."""
    taken = pl.col("points") < 0
    why = {name: pl.when(taken).then(name) for name in REASON_SCHEMA}
    # Taken without a reason: what was given back of a stay that lies elsewhere since, or was
    # withdrawn.
    code = (
        pl.when(~taken).then(pl.lit("given_back")).otherwise(pl.col("code").fill_null("put_right"))
    )
    returns = pl.col("kind") == EARLIER_READMISSION
    rows = due.sort("case_id", ~returns, "deduction_kind", *_LINE, nulls_last=False).with_columns(
        step=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("case_id"),
        applies_to=pl.lit("hospital"),
        **why | {"code": code},
        paid_in=pl.lit(period),
    )
    return rows.select(pl.col(name).cast(dtype) for name, dtype in ADJUSTMENT_SCHEMA.items())
