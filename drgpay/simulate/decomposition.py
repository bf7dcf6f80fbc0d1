"""The change of what each hospital gets, taken apart along a fixed path; docs/scenarios.md.

One thing after another is replaced, base by scenario, and the hospital's lines are priced again in
whole fen after each. The effects add up to the change exactly, whatever the scenario.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from drgpay.exact import FEN_PLACES, POINT_PLACES, divide_half_up, half_up
from drgpay.points.formulas import Choice, class_formulas
from drgpay.points.prices import RATIO_COLUMNS, reference_mean
from drgpay.settle.lines import LINE
from drgpay.simulate.plan import Plan
from drgpay.simulate.settling import ClearedYear, Settling, hospital_amounts
from drgpay.simulate.small_month import added_up
from drgpay.simulate.stages import State

POINT_EFFECTS = ("volume", "grouping", "base_points", "coefficient", "case_class", "rules")
EFFECTS = (*POINT_EFFECTS, "budget", "value", "settlement")
"""In the order of the path."""

YEAR_EFFECTS = (*EFFECTS[:-1], "assessment", "settlement")
"""Those of a cleared year, in the order of the path."""

LineKey = tuple[str, str, bool, str]
_COMPARED = (
    "drg",
    "case_class",
    "base_points",
    "coefficient",
    "mean_fen",
    "points_before",
    "points",
)
_FORMULA = (
    *("case_class", "level", "bed_day_class", "length_of_stay", "total_fen", "high_ratio"),
    *("stability", "age_times", "age_divide"),
)


def decomposition(before: State, middle: State, after: State, settling: Settling) -> pl.DataFrame:
    """The effects of each hospital, in fen.

    middle: the base's rules over the scenario's volumes (`before` itself where they are the same).
    Returns hospital_id, before_fen, one column <effect>_fen for each of EFFECTS (of a year of
    YEAR_EFFECTS), after_fen, sorted by hospital: before + effects = after.
    """
    year = isinstance(before.settled, ClearedYear)
    all_effects = YEAR_EFFECTS if year else EFFECTS
    points = _point_effects(middle, after)
    lines = _lines(before, middle, points)
    values = [
        _values(before.plan, before.settled.values),
        _values(before.plan, _with_budget(before, after, settling)),
        _values(after.plan, after.settled.values),
    ]
    fund_only = before.plan.policy.settlement.method == "fund_only"
    effects: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(all_effects, 0))
    for key, line in lines.items():
        hospital, account = key[0], key[1]
        priced = line.before.fund(key, values[0](hospital, account), fund_only)
        place = line.before
        for effect in POINT_EFFECTS:
            place = line.volume if effect == "volume" else place.plus(line.points[effect])
            now = place.fund(key, values[0](hospital, account), fund_only)
            effects[hospital][effect] += now - priced
            priced = now
        for effect, value in (("budget", values[1]), ("value", values[2])):
            now = place.fund(key, value(hospital, account), fund_only)
            effects[hospital][effect] += now - priced
            priced = now
    if year:
        for sign, state in ((-1, before), (1, after)):
            for hospital, fen in _assessed(state).items():
                effects[hospital]["assessment"] += sign * fen
    first, last = _amounts(before, settling.amount), _amounts(after, settling.amount)
    rows = []
    for hospital in sorted({*first, *last, *effects}):
        was, is_, found = first.get(hospital, 0), last.get(hospital, 0), effects[hospital]
        # What the path does not price: the remainder that is spread, another method or treatment
        # of outside stays, and in a year another deduction.
        found["settlement"] = is_ - was - sum(found.values())
        rows.append(
            {
                "hospital_id": hospital,
                "before_fen": was,
                **{f"{effect}_fen": found[effect] for effect in all_effects},
                "after_fen": is_,
            }
        )
    return pl.DataFrame(rows, schema=decomposition_schema(all_effects))


def decomposition_schema(effects: Sequence[str]) -> dict[str, pl.DataType]:
    """The columns of `decomposition`."""
    names = ("before_fen", *(f"{effect}_fen" for effect in effects), "after_fen")
    return {"hospital_id": pl.String(), **{name: pl.Int64() for name in names}}


@dataclass(frozen=True)
class _Sums:
    """What of a line sets its fund amount."""

    points: int = 0
    paid_by_others: int = 0
    by_item: int = 0

    def plus(self, points: int) -> "_Sums":
        return _Sums(self.points + points, self.paid_by_others, self.by_item)

    def fund(self, key: LineKey, value: Fraction | None, fund_only: bool) -> int:
        """The fund amount in fen at a value in fen a 1/10,000 point."""
        if key[3] == "item_by_item":
            return self.by_item
        standard = half_up(self.points * (value or Fraction(0)))
        return standard if fund_only else standard - self.paid_by_others


@dataclass
class _Line:
    before: _Sums
    volume: _Sums
    points: dict[str, int]


def _lines(before: State, middle: State, effects: pl.DataFrame) -> dict[LineKey, _Line]:
    lines: dict[LineKey, _Line] = {}

    def line(key: LineKey) -> _Line:
        return lines.setdefault(key, _Line(_Sums(), _Sums(), dict.fromkeys(POINT_EFFECTS, 0)))

    for key, sums in _sums(before).items():
        line(key).before = sums
    for key, sums in _sums(middle).items():
        line(key).volume = sums
    for row in effects.iter_rows(named=True):
        found = line((row["hospital_id"], row["account"], row["out_of_area"], row["payment"]))
        found.points = {effect: row[effect] for effect in POINT_EFFECTS}
        more = _Sums(
            found.volume.points + row["volume"],
            found.volume.paid_by_others + row["paid_by_others"],
            found.volume.by_item + row["by_item"],
        )
        found.volume = more
    return lines


def _sums(state: State) -> dict[LineKey, _Sums]:
    rows = state.settled.statements.select(
        *LINE, "points", pl.col("patient_fen") + pl.col("other_fen"), "fund_fen"
    )
    return {
        (hospital, account, outside, payment): _Sums(points, others, by_item)
        for hospital, account, outside, payment, points, others, by_item in rows.iter_rows()
    }


def _amounts(state: State, amount: str) -> dict[str, int]:
    return dict(hospital_amounts(state.settled, amount).iter_rows())


def _assessed(state: State) -> dict[str, int]:
    """What the assessment gives to each hospital, or takes from it."""
    rows = state.settled.statements.group_by("hospital_id").agg(
        pl.col("redistributed_fen").sum() - pl.col("assessment_fen").sum()
    )
    return dict(rows.iter_rows())


_LineValue = Callable[[str, str], Fraction | None]
"""The value of a hospital and account in fen a 1/10,000 point; None where there is none."""


def _values(plan: Plan, values: pl.DataFrame) -> _LineValue:
    """What a point is worth: the value of the pool, or the rate of account and level."""
    rules = plan.policy.settlement
    scale = 10 ** (POINT_PLACES + rules.value_places - FEN_PLACES)
    if rules.method == "rate":
        levels = plan.levels
        rates = {
            (rate.account, rate.level): Fraction(rate.yuan) / 10**POINT_PLACES
            for rate in rules.rates
        }
        return lambda hospital, account: rates.get((account, levels.get(hospital, "")))
    of_account = {
        account: Fraction(value, scale)
        for accounts, value in values.select("accounts", "point_value").iter_rows()
        if value is not None
        for account in accounts
    }
    return lambda _hospital, account: of_account.get(account)


def _with_budget(before: State, after: State, settling: Settling) -> pl.DataFrame:
    """The values of the base with the scenario's budget and, in a year, its sharing bands."""
    policy, other = before.plan.policy, after.plan.policy
    clearing = other.clearing if isinstance(before.settled, ClearedYear) else policy.clearing
    if other.budget == policy.budget and clearing == policy.clearing:
        return before.settled.values
    settlement = policy.settlement.model_copy(update={"may_exceed_budget": True})
    changed = {"budget": other.budget, "clearing": clearing, "settlement": settlement}
    cases = added_up(before.earned.cases, before.earned.adjustments)
    return settling.settle(
        cases,
        before.earned.adjustments,
        policy.model_copy(update=changed),
        levels=before.plan.levels,
    ).values


def _point_effects(middle: State, after: State) -> pl.DataFrame:
    """By LINE of the middle state the points of each effect, in 1/10,000.

    `volume`, paid_by_others and by_item are of cases that only one of the states has.
    """
    old, new = middle.settled.cases, after.settled.cases
    parts = [_minus_rows(middle, after)]
    if old is new:
        return _by_line(parts)
    if not old["case_id"].equals(new["case_id"]):
        ids = old.select("case_id").join(new.select("case_id"), on="case_id", how="semi")
        parts += [_alone(old, ids, -1), _alone(new, ids, 1)]
        old = old.join(ids, on="case_id", how="semi", maintain_order="left")
        new = new.join(ids, on="case_id", how="semi", maintain_order="left")
    differs = pl.any_horizontal(
        pl.col(column).ne_missing(pl.col(f"{column}_after")) for column in _COMPARED
    )
    here = old.select(_COMPARED).hstack(
        new.select(pl.col(column).alias(f"{column}_after") for column in _COMPARED)
    )
    places = here.select(differs).to_series().arg_true()
    if len(places):
        parts.append(_of_changed(old[places], new[places], middle, after))
    return _by_line(parts)


_EFFECT_COLUMNS = (*LINE, *POINT_EFFECTS, "paid_by_others", "by_item")


def _part(frame: pl.DataFrame, effects: Mapping[str, pl.Expr]) -> pl.DataFrame:
    zero = pl.lit(0, pl.Int64)
    return frame.select(
        *LINE,
        *(
            effects.get(name, zero).cast(pl.Int64).alias(name)
            for name in (*POINT_EFFECTS, "paid_by_others", "by_item")
        ),
    )


def _by_line(parts: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(parts).group_by(LINE).agg(pl.all().sum()).sort(LINE).select(_EFFECT_COLUMNS)


def _alone(cases: pl.DataFrame, shared: pl.DataFrame, sign: int) -> pl.DataFrame:
    rows = cases.join(shared, on="case_id", how="anti")
    return _part(
        rows,
        {
            "volume": pl.col("points") * sign,
            "paid_by_others": (pl.col("patient_fen") + pl.col("other_fen")) * sign,
            "by_item": pl.col("fund_fen") * sign,
        },
    )


def _minus_rows(middle: State, after: State) -> pl.DataFrame:
    """What findings take from hospitals now and did not before."""
    rows = [
        state.settled.adjustments.filter(
            (pl.col("applies_to") == "hospital") & ~pl.col("waiting")
        ).with_columns(points=pl.col("points") * sign)
        for state, sign in ((middle, -1), (after, 1))
    ]
    return _part(pl.concat(rows), {"rules": pl.col("points")})


def _of_changed(old: pl.DataFrame, new: pl.DataFrame, middle: State, after: State) -> pl.DataFrame:
    """The effects of cases that both states have, in the order of the path.

    The class of the base is held while base points, mean and then the coefficient are replaced;
    where its formula has no such number (the stay left the groups of the catalogue), the points
    stay until the class is replaced.
    """
    ratios = [column for column in RATIO_COLUMNS if column in old.columns]
    both = old.select(*LINE, *_COMPARED, *_FORMULA[1:], *ratios).hstack(
        new.select(pl.col(column).alias(f"{column}_after") for column in _COMPARED)
    )
    priced = both.with_columns(
        base_points=pl.col("base_points_after"), mean_fen=pl.col("mean_fen_after")
    )
    if ratios:
        measured_by = reference_mean(after.plan.policy.points)
        now = new.select(ratio_total=measured_by[0], ratio_cases=measured_by[1])
        priced = priced.with_columns(now.get_columns())
    formulas = class_formulas(after.catalogue, middle.plan.policy.points)
    grouped = _points(priced, formulas).fill_null(both["points_before"])
    priced = priced.with_columns(coefficient=pl.col("coefficient_after"))
    with_coefficient = _points(priced, formulas)
    with_coefficient = with_coefficient.zip_with(with_coefficient.is_not_null(), grouped)
    moved = pl.col("drg").ne_missing(pl.col("drg_after"))
    reclassed = pl.col("case_class") != pl.col("case_class_after")
    groups = pl.col("grouped") - pl.col("points_before")
    classes = pl.col("points_before_after") - pl.col("with_coefficient")
    adjusted = (pl.col("points_after") - pl.col("points_before_after")) - (
        pl.col("points") - pl.col("points_before")
    )
    nothing = pl.lit(0, pl.Int64)
    return _part(
        both.with_columns(grouped=grouped, with_coefficient=with_coefficient),
        {
            "grouping": pl.when(moved).then(groups).otherwise(nothing),
            "base_points": pl.when(moved).then(nothing).otherwise(groups),
            "coefficient": pl.col("with_coefficient") - pl.col("grouped"),
            "case_class": pl.when(reclassed).then(classes).otherwise(nothing),
            "rules": adjusted + pl.when(reclassed).then(nothing).otherwise(classes),
        },
    )


def _points(cases: pl.DataFrame, formulas: Mapping[str, list[Choice]]) -> pl.Series:
    """The points of cases by the formula of their class, null where it lacks a number."""
    rows = cases.with_row_index("row")
    parts = [rows.select("row").clear().with_columns(points=pl.lit(None, pl.Int64))]
    for name, choices in formulas.items():
        rest = rows.filter(pl.col("case_class") == name)
        for choice in choices:
            points = divide_half_up(choice.formula.numerator, choice.formula.denominator)
            fitting = rest.filter(choice.applies)
            parts.append(fitting.select("row", points=points.cast(pl.Int64)))
            rest = rest.filter(~choice.applies)
    found = pl.concat(parts)
    return rows.select("row").join(found, on="row", how="left", maintain_order="left")["points"]
