"""What moves points between two states over the same volumes, one cause after another.

The prices of groups, then the coefficients, the classes and the other point rules are replaced, and
after each the points of every case are found as a run finds them, its adjustments included.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from drgpay.base.exact import divide_half_up, wide
from drgpay.points.adjustments import Step, adjust
from drgpay.points.cases import adjustment_steps, places_of
from drgpay.points.catalogue import Catalogue
from drgpay.points.formulas import Choice, class_formulas
from drgpay.points.phase_in import former_cases
from drgpay.points.pricing import by_formula, classed_stays
from drgpay.policy.adjustment_rows import EARLIER_STAYS
from drgpay.policy.model import Policy
from drgpay.settle.lines import LINE, unpriced_accounts, with_bearing_line, with_payment
from drgpay.simulate.stages import Stages, State, persons_of

POINT_EFFECTS = ("volume", "grouping", "base_points", "coefficient", "case_class", "rules")
"""In the order of the path."""

SUMS = ("points", "paid_by_others", "by_item")
"""What of a line sets its fund amount: points in 1/10,000, money in fen."""

_CLASS = ("case_class", "payment_unit", "bed_day_class", "complete")
"""What the class is chosen by, beside prices."""
_OWNER = ("case_id", "hospital_id", "account", "out_of_area")
_SCHEMA: dict[str, pl.DataType] = {
    "hospital_id": pl.String(),
    "account": pl.String(),
    "out_of_area": pl.Boolean(),
    "payment": pl.String(),
    "effect": pl.String(),
    **dict.fromkeys(SUMS, pl.Int64()),
}


def point_effects(stages: Stages, middle: State, after: State) -> pl.DataFrame:
    """LINE, effect (of POINT_EFFECTS but volume) and SUMS: what each adds to a line of `middle`.

    An effect has rows only if its cause differs: scheme, catalogue or levels for the first three,
    these or the point rules for case_class, the point rules for rules.
    """
    causes = _Causes.of(middle, after)
    if not (causes.prices or causes.rules):
        return pl.DataFrame(schema=_SCHEMA)
    old, held, new = _cases(stages, middle, after, causes)
    parts = _minus_rows(old, held, new, causes)
    ids = old.cases["case_id"]
    if not all(other.cases["case_id"].equals(ids) for other in (held, new)):
        old, held, new = _of_both(old, held, new, parts, causes)
    if held is old:
        # Without other prices nothing moves a case that has the class, points and payment of before.
        old, held, new = _at((old, held, new), _differs(old.cases, new.cases))
    parts += _moves(old, held, new, causes)
    whole = pl.concat(parts)
    return whole.group_by(*LINE, "effect").agg(pl.col(SUMS).sum()).sort(*LINE, "effect")


def _of_both(
    old: "_Cases",
    held: "_Cases",
    new: "_Cases",
    parts: list[pl.DataFrame],
    causes: "_Causes",
) -> tuple["_Cases", "_Cases", "_Cases"]:
    """The cases that all have; what one state alone can pay goes to the parts."""
    ids = old.cases.select("case_id")
    for other in {id(one): one for one in (held, new)}.values():
        ids = ids.join(other.cases.select("case_id"), on="case_id", how="semi")
    for one, sign in ((old, -1), (new, 1)):
        rows = one.cases.join(ids, on="case_id", how="anti")
        parts.append(_rows(rows, rows["points"], sign, pl.lit(causes.of_validity)))
    known = ids["case_id"].implode()
    kept = {id(one): one.at(one.cases["case_id"].is_in(known)) for one in (old, held, new)}
    return kept[id(old)], kept[id(held)], kept[id(new)]


def _at(
    three: tuple["_Cases", "_Cases", "_Cases"], which: pl.Series
) -> tuple["_Cases", "_Cases", "_Cases"]:
    """Some of the cases of each; what was one stays one."""
    kept = {id(one): one.at(which) for one in three}
    old, held, new = (kept[id(one)] for one in three)
    return old, held, new


def _differs(one: pl.DataFrame, other: pl.DataFrame) -> pl.Series:
    columns = ("case_class", "points", "payment")
    differs = [one[column].ne_missing(other[column]) for column in columns]
    return differs[0] | differs[1] | differs[2]


@dataclass(frozen=True)
class _Causes:
    """What differs between two states; prices is any of the first three."""

    scheme: bool
    catalogue: bool
    levels: bool
    rules: bool

    @classmethod
    def of(cls, middle: State, after: State) -> "_Causes":
        one, other = middle.plan, after.plan
        return cls(
            scheme=one.compiled.scheme.content_hash != other.compiled.scheme.content_hash
            or one.compiled.exempt != other.compiled.exempt,
            catalogue=not _same_numbers(middle.catalogue, after.catalogue),
            levels=one.levels != other.levels,
            rules=one.policy.points != other.policy.points,
        )

    @property
    def prices(self) -> bool:
        return self.scheme or self.catalogue or self.levels

    @property
    def of_prices(self) -> str:
        """The effect of prices on a case that keeps its group."""
        return "base_points" if self.catalogue else "coefficient" if self.levels else "grouping"

    @property
    def of_validity(self) -> str:
        """The effect of stays that only one of the states can pay."""
        return "rules" if self.rules else "grouping" if self.scheme else "coefficient"


def _same_numbers(one: Catalogue, other: Catalogue) -> bool:
    return one is other or (
        one.all_mean_fen == other.all_mean_fen
        and one.groups.equals(other.groups)
        and one.coefficients.equals(other.coefficients)
        and one.bed_days.equals(other.bed_days)
    )


@dataclass(frozen=True)
class _Cases:
    """Cases under some rules: classed, with payment, points_before, points and person_id.

    formulas: what prices them. steps: their adjustments; minus: those of hospitals (LINE, case_id,
    points).
    """

    cases: pl.DataFrame
    formulas: Mapping[str, list[Choice]]
    steps: Sequence[Step]
    minus: pl.DataFrame

    def at(self, which: pl.Series) -> "_Cases":
        """Some of its cases."""
        return replace(self, cases=self.cases.filter(which))


def _cases(
    stages: Stages, middle: State, after: State, causes: _Causes
) -> tuple[_Cases, _Cases, _Cases]:
    """The cases of both states, and between them those with the new prices under the old rules."""
    lines = middle.plan.policy  # its settlement says on which line a case is paid, all along
    old, new = (_of_state(stages, state, lines) for state in (middle, after))
    if not causes.rules:
        return old, new, new
    if not causes.prices:
        return old, old, new
    rules = after.plan.policy.model_copy(update={"points": lines.points})
    stays, filings = stages.stays_of(replace(after.plan, policy=rules))
    formulas = class_formulas(after.catalogue, lines.points)
    cases = classed_stays(stays, after.catalogue, lines.points)
    exact = _exact(cases, formulas)
    cases = cases.with_columns(points_before=_rounded(exact))
    returns = stages.returns(replace(after.plan, policy=rules), stays, filings)
    before = stages.former(replace(after.plan, policy=rules))
    former = former_cases(cases, before.catalogue if before else None, lines.points)
    steps = adjustment_steps(cases, after.catalogue, lines.points, filings, returns, former)
    payable = with_payment(cases, lines)
    places = places_of(cases, steps)
    known = exact.with_columns(pl.col("numerator").fill_null(0), pl.col("denominator").fill_null(1))
    _, adjustments = adjust(cases.select(_OWNER).hstack(known)[places], steps)
    minus = _minus(adjustments, payable, lines)
    return old, _Cases(payable, formulas, steps, minus), new


def _of_state(stages: Stages, state: State, lines: Policy) -> _Cases:
    points, catalogue = state.plan.policy.points, state.catalogue
    cases = state.earned.cases
    cases = cases.with_columns(persons_of(cases, state.stays))
    returns = stages.returns(state.plan, state.stays, state.filings)
    before = stages.former(state.plan)
    former = former_cases(cases, before.catalogue if before else None, points)
    steps = adjustment_steps(cases, catalogue, points, state.filings, returns, former)
    payable = with_payment(cases, lines)
    minus = _minus(state.earned.adjustments, payable, lines)
    return _Cases(payable, class_formulas(catalogue, points), steps, minus)


def _minus(adjustments: pl.DataFrame, cases: pl.DataFrame, lines: Policy) -> pl.DataFrame:
    """What findings of this period take from hospitals, on the lines that bear it."""
    taken = adjustments.filter(
        (pl.col("applies_to") == "hospital") & ~pl.col("kind").is_in(EARLIER_STAYS)
    )
    outside = cases.filter(pl.col("out_of_area") & (pl.col("payment") == "item_by_item"))
    by_item = outside.join(taken, on="case_id", how="semi")["case_id"]
    borne = with_bearing_line(taken, by_item, unpriced_accounts(cases, lines), lines)
    return borne.select(*LINE, "case_id", "points")


def _minus_rows(old: _Cases, held: _Cases, new: _Cases, causes: _Causes) -> list[pl.DataFrame]:
    """The rows of hospitals: those that prices move, and those that rules move."""
    before, after = old.cases.select("case_id", "drg"), held.cases.select("case_id", "drg")
    both = before.join(after, on="case_id", suffix="_after")
    moved = both.filter(pl.col("drg").ne_missing(pl.col("drg_after")))["case_id"]
    of_prices = (
        pl.when(pl.col("case_id").is_in(moved.implode()))
        .then(pl.lit("grouping"))
        .otherwise(pl.lit(causes.of_prices))
    )
    rules = pl.lit("rules")
    zero = pl.lit(0, pl.Int64)
    return [
        one.minus.select(
            *(pl.col(name).cast(_SCHEMA[name]) for name in LINE),
            effect=effect,
            points=pl.col("points") * sign,
            paid_by_others=zero,
            by_item=zero,
        )
        for first, then, effect in ((old, held, of_prices), (held, new, rules))
        if first is not then
        for one, sign in ((first, -1), (then, 1))
    ]


def _moves(old: _Cases, held: _Cases, new: _Cases, causes: _Causes) -> list[pl.DataFrame]:
    """The effects of cases that all have, in the order of the path."""
    exact = _exact(old.cases, old.formulas)
    place = old.cases.select(*LINE, "patient_fen", "other_fen", "fund_fen", "points")
    parts = []

    def step(effect: pl.Expr | pl.Series, points: pl.Series, payment: pl.Series) -> None:
        nonlocal place
        now = place.with_columns(points.alias("points"), payment.alias("payment"))
        differs = (now["points"] != place["points"]) | (now["payment"] != place["payment"])
        for one, sign in ((place, -1), (now, 1)):
            kept = one.with_columns(effect.alias("effect")).filter(differs)
            parts.append(_rows(kept, kept["points"], sign, pl.col("effect")))
        place = now

    if held is not old:
        moved = old.cases["drg"].ne_missing(held.cases["drg"])
        of_prices = pl.select(
            pl.when(moved).then(pl.lit("grouping")).otherwise(pl.lit(causes.of_prices))
        ).to_series()
        as_before = [*_CLASS, "coefficient"]
        for effect, kept in (
            (of_prices, as_before),
            (pl.lit("coefficient"), list(_CLASS)),
            (pl.lit("case_class"), []),
        ):
            cases = held.cases.with_columns(old.cases.select(kept).get_columns())
            exact = _or(_exact(cases, held.formulas), exact)
            points = _final(held.cases, exact, held.steps)
            step(effect, points, (old if kept else held).cases["payment"])
    if new is not held:
        other = held.cases["case_class"] != new.cases["case_class"]
        theirs = _exact(new.cases, new.formulas)
        exact = _or(theirs.with_columns(pl.when(other).then(pl.col("numerator"))), exact)
        payment = new.cases["payment"].zip_with(other, held.cases["payment"])
        step(pl.lit("case_class"), _final(held.cases, exact, held.steps), payment)
    step(pl.lit("rules"), new.cases["points"], new.cases["payment"])
    return parts


def _rows(cases: pl.DataFrame, points: pl.Series, sign: int, effect: pl.Expr) -> pl.DataFrame:
    return cases.with_columns(points).select(
        *(pl.col(name).cast(_SCHEMA[name]) for name in LINE),
        effect=effect.cast(pl.String),
        points=pl.col("points") * sign,
        paid_by_others=(pl.col("patient_fen") + pl.col("other_fen")) * sign,
        by_item=pl.col("fund_fen") * sign,
    )


def _exact(cases: pl.DataFrame, formulas: Mapping[str, list[Choice]]) -> pl.DataFrame:
    """numerator, denominator of cases by the formula of their class; null where it lacks a number."""
    priced = [
        part.select(
            "row",
            numerator=formula.numerator.cast(pl.Int128),
            denominator=formula.denominator.cast(pl.Int128),
        )
        for part, formula in by_formula(cases, formulas)
    ]
    rows = cases.select(pl.row_index("row"))
    return rows.join(pl.concat(priced), on="row", how="left", maintain_order="left").drop("row")


def _or(exact: pl.DataFrame, otherwise: pl.DataFrame) -> pl.DataFrame:
    """Where a number is lacking (the stay left the groups of the catalogue), what it was before."""
    known = exact["numerator"].is_not_null() & exact["denominator"].is_not_null()
    return pl.DataFrame(
        {name: exact[name].zip_with(known, otherwise[name]) for name in exact.columns}
    )


def _rounded(exact: pl.DataFrame) -> pl.Series:
    return exact.select(
        divide_half_up(wide("numerator"), wide("denominator")).cast(pl.Int64).alias("points")
    ).to_series()


def _final(cases: pl.DataFrame, exact: pl.DataFrame, steps: Sequence[Step]) -> pl.Series:
    """The points of cases with their adjustments, from exact points."""
    points = _rounded(exact)
    if not steps:
        return points
    places = places_of(cases, steps)
    final, _ = adjust(cases.select(_OWNER).hstack(exact)[places], steps)
    return points.scatter(places, final).alias("points")
