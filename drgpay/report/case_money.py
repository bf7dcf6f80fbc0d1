"""From the points of one case to money: its pool's value, its fen, its hospital's line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import FEN_PLACES, POINT_PLACES, apportion, scaled, unscaled
from drgpay.base.period import Period
from drgpay.policy.model import Policy
from drgpay.policy.settlement import Clearing
from drgpay.report.case_lines import CasePart, Lines, Value
from drgpay.report.explanation import (
    Rules,
    final_budget,
    line_of_month,
    line_of_year,
    value_of_pool,
)
from drgpay.report.wording import named
from drgpay.settle.bands import shared_by_bands
from drgpay.settle.budget import month_budget_fen
from drgpay.settle.lines import LINE
from drgpay.show.calculation import Calculation

Row = Mapping[str, Any]
_POOL_SUMS = ("total_cost", "patient_cost", "other_cost", "points", "deducted_points")
_LINE_SUMS = ("total_cost", "patient_cost", "other_cost", "fund_cost")


@dataclass(frozen=True)
class LineParts:
    """One statement line with all that shares its standard.

    parts: case_id, step (null for a case), points, and for cases _LINE_SUMS; each minus row after
    its case, which is the order of ties. pool: the row of values (or of a clearing's pools)
    with `available`, the budget that was shared out; pool_lines: its lines with in_pool, sorted.
    """

    line: Row
    pool: Row
    parts: pl.DataFrame
    pool_lines: pl.DataFrame

    @cached_property
    def pool_sums(self) -> dict[str, Decimal]:
        """What the lines of the pool add up to; local_fund_cost over its local lines."""
        outside = self.pool_lines.filter("out_of_area")
        local = self.pool_lines.filter(~pl.col("out_of_area"))
        return {
            **{name: _total(self.pool_lines, name) for name in _POOL_SUMS},
            "from_home_funds": _total(outside, "fund_cost"),
            "item_by_item": self.pool["item_by_item"],
            "local_fund_cost": _total(local, "fund_cost"),
        }

    @cached_property
    def distributed(self) -> Decimal:
        """What of the pool's remainder falls to the line, where the policy spreads it."""
        keys = [key_of(line) for line in self.pool_lines.iter_rows(named=True)]
        if key_of(self.line) not in keys:
            return Decimal(0)
        columns = ["standard_amount", "fund_amount", "kept", "distributed"]
        before = [
            tuple(scaled(amount, FEN_PLACES) for amount in (standard - more, fund - more, kept))
            for standard, fund, kept, more in self.pool_lines.select(columns).rows()
        ]
        available = scaled(self.pool["available"] + self.pool["from_home_funds"], FEN_PLACES)
        remainder = available - sum(fund + kept for _, fund, kept in before)
        weights = [max(standard + kept, 0) for standard, _, kept in before]
        place = keys.index(key_of(self.line))
        if remainder <= 0 or not any(weights) or before[place][0] <= 0:
            return Decimal(0)
        return unscaled(apportion(remainder, weights)[place], FEN_PLACES)

    @cached_property
    def sums(self) -> dict[str, Decimal]:
        """What the cases and minus rows of the line add up to."""
        minus = self.parts.filter(pl.col("step").is_not_null())
        cases = self.parts.filter(pl.col("step").is_null())
        return {
            **{name: _total(cases, name) for name in _LINE_SUMS},
            "points": _total(self.parts, "points"),
            "case_points": _total(cases, "points"),
            "minus_points": _total(minus, "points"),
        }

    @cached_property
    def shares(self) -> list[tuple[int, int]]:
        """Of each part the whole fen of its exact amount, and the remainder in a common unit.

        Counted in Python's whole numbers, which no product of points and amounts exceeds; one
        line's cases are few enough.
        """
        line = self.line
        if line["distributed"] > 0 and line["points"] > 0:
            times = Fraction(line["standard_amount"]) / Fraction(line["points"])
        else:
            times = Fraction(self.line["point_value"] or 0)
        in_fen = times * 10**FEN_PLACES / 10**POINT_PLACES  # of 1/10,000 point
        points = self.parts["points"].to_physical().to_list()
        return [divmod(n * in_fen.numerator, in_fen.denominator) for n in points]


@dataclass(frozen=True)
class Place:
    """Where one row stands among those that share a line's standard by largest remainder.

    left: how many fen the whole parts leave; rank: its place in the order of remainders, from 1;
    rows: how many share.
    """

    left: int
    rank: int
    rows: int

    @property
    def one_more(self) -> bool:
        """Whether the row gets one of the fen that are left."""
        return self.rank <= self.left


def place_of(shared: LineParts, case_id: str, step: int | None) -> Place:
    """The place of a case, or of its minus row of this step."""
    keys = zip(shared.parts["case_id"], shared.parts["step"], strict=True)
    place = next(n for n, key in enumerate(keys) if key == (case_id, step))
    mine = shared.shares[place][1]
    earlier = sum(
        rest > mine or (rest == mine and other < place)
        for other, (_, rest) in enumerate(shared.shares)
    )
    wholes = sum(whole for whole, _ in shared.shares)
    left = scaled(shared.line["standard_amount"], FEN_PLACES) - wholes
    return Place(left, earlier + 1, len(shared.shares))


def value_part(
    shared: LineParts, policy: Policy, period: str, rules: Rules, lines: Lines
) -> CasePart:
    """The point value of a month's pool."""
    pool = shared.pool
    dues: dict[str, Value] = {**shared.pool_sums, **_budget(pool, policy, period)}
    calculation = value_of_pool(pool, "budget", rules, lines.language)
    lines.of_calculation(calculation, pool, {}, dues)
    return lines.part("value", calculation.title)


def final_budget_part(shared: LineParts, clearing: Clearing, lines: Lines) -> CasePart:
    """How the year's surplus or overrun makes the final budget of a pool."""
    pool = shared.pool
    fen = {name: scaled(pool[name], FEN_PLACES) for name in ("budget", "surplus", "overrun")}
    retained = shared_by_bands(
        fen["surplus"], fen["budget"], clearing.surplus_retained, clearing.band_rule
    )
    borne = shared_by_bands(
        fen["overrun"], fen["budget"], clearing.overrun_shared, clearing.band_rule
    )
    if not clearing.overrun_beyond_reserve:
        borne = min(borne, scaled(pool["reserve"], FEN_PLACES))
    dues = {
        "fund_cost": shared.pool_sums["local_fund_cost"],
        "retained": unscaled(retained, FEN_PLACES),
        "shared": unscaled(borne, FEN_PLACES),
    }
    calculation = final_budget(pool, clearing, lines.language)
    lines.of_calculation(calculation, pool, {}, dues)
    return lines.part("final_budget", calculation.title)


def final_value_part(shared: LineParts, rules: Rules, lines: Lines) -> CasePart:
    """The final point value of a cleared pool."""
    calculation = value_of_pool(shared.pool, "budget_final", rules, lines.language)
    lines.of_calculation(calculation, shared.pool, {}, shared.pool_sums)
    return lines.part("value", calculation.title)


def rate_part(shared: LineParts, lines: Lines) -> CasePart:
    """The value of a line by the rate of its account and its hospital's level."""
    value = shared.line["point_value"] or Decimal(0)
    lines.given("rate", value * 100, lines.say("how_given_rate"))
    lines.reckoned("point_value", "{rate}/100", value)
    return lines.part("value", lines.say("part_rate"))


def _budget(pool: Row, policy: Policy, period: str) -> dict[str, Value]:
    """What the policy gives the pool in a month; nothing where it does not say."""
    month, budgets = Period.parse(period), []
    for account in pool["accounts"]:
        try:
            budgets.append(month_budget_fen(policy.budget, account, month))
        except DrgpayError:  # an account of the pool that had no case and has no budget
            continue
    given = unscaled(sum(budgets), FEN_PLACES)
    return {"budget_given": given, "budget": given}


def add_amounts(case: Row, shared: LineParts, policy: Policy, lines: Lines) -> None:
    """points x value, the case's fen, what the fund pays, and what it would pay item by item.

    lines: points and point_value are known.
    """
    if case["payment"] == "item_by_item":
        how = lines.say("how_paid_by_item")
        lines.given("total_cost", case["total_cost"], lines.say("how_record"))
        lines.reckoned("standard_amount", "{total_cost}", case["standard_amount"], how)
        lines.given("fund_cost", case["fund_cost"], lines.say("how_record"))
        lines.reckoned("fund_amount", "{fund_cost}", case["fund_amount"], how)
        return
    place = place_of(shared, case["case_id"], None)
    _add_share(shared, place, "points", lines)
    lines.reckoned("standard_amount", _SHARE, case["standard_amount"], _extra_said(place, lines))
    if policy.settlement.method == "fund_only":
        lines.reckoned("fund_amount", "{standard_amount}", case["fund_amount"])
    else:
        for name in ("patient_cost", "other_cost"):
            lines.given(name, case[name], lines.say("how_record"))
        residual = "{standard_amount}-{patient_cost}-{other_cost}"
        negative = case["fund_amount"] < 0
        how = lines.say("how_negative") if negative else ""
        lines.reckoned("fund_amount", residual, case["fund_amount"], how)
    lines.given("fund_cost", case["fund_cost"], lines.say("how_fund_cost"))
    lines.reckoned("difference", f"ROUND({{fund_amount}}-{{fund_cost}},{FEN_PLACES})")


def minus_part(row: Row, shared: LineParts, lines: Lines) -> CasePart:
    """The (negative) part of the line's standard that a hospital's minus row bears."""
    kind = named("kind", row["kind"], lines.language)
    lines.given("points", row["points"], label=lines.say("points_taken"))
    if row["points"] == 0 or row["waiting"]:
        lines.claimed("minus_amount", row["standard_amount"], 0)
    else:
        place = place_of(shared, row["case_id"], row["step"])
        _add_share(shared, place, "points", lines)
        how = _extra_said(place, lines)
        lines.reckoned("minus_amount", _SHARE, row["standard_amount"], how)
    title = lines.say("part_minus", step=row["step"], kind=kind)
    return lines.part(f"minus_{row['step']}", title)


_SHARE = "{cut_amount}+IF({rank}<={fen_left},0.01,0)"


def _add_share(shared: LineParts, place: Place, points: str, lines: Lines) -> None:
    line = shared.line
    if line["distributed"] > 0 and line["points"] > 0:
        lines.given("line_standard", line["standard_amount"], lines.say("how_line"))
        lines.given("line_points", line["points"], lines.say("how_line"))
        formula = f"{{line_standard}}*{{{points}}}/{{line_points}}"
        lines.reckoned("exact_amount", formula, how=lines.say("how_spread"))
    else:
        lines.reckoned("exact_amount", f"{{{points}}}*{{point_value}}")
    lines.reckoned("cut_amount", f"FLOOR({{exact_amount}},{FEN_PLACES})")
    how = lines.say("how_fen_left", rows=f"{place.rows:,}", standard=f"{line['standard_amount']:,}")
    lines.given("fen_left", place.left, how)
    lines.given("rank", place.rank, lines.say("how_rank"))


def _extra_said(place: Place, lines: Lines) -> str:
    key = "how_one_more" if place.one_more else "how_no_more"
    return lines.say(key, rank=f"{place.rank:,}", left=f"{place.left:,}")


def line_part(
    shared: LineParts, calculation_key: str, value: CasePart | None, rules: Rules, lines: Lines
) -> CasePart:
    """The statement line that the case is in: from its points to prepayment or clearing."""
    line, pool = shared.line, shared.pool
    of = line_of_year if "payable" in line else line_of_month
    calculation: Calculation = of(line, pool, rules, lines.language)
    parts = {calculation_key: value} if value else {}
    lines.of_calculation(calculation, line, parts, _sums_of_line(shared, rules))
    title = lines.say("part_line", hospital=line["name"] or line["hospital_id"])
    return lines.part("line", f"{title} · {calculation.title}")


def _sums_of_line(shared: LineParts, rules: Rules) -> dict[str, Value]:
    line = shared.line
    sums: dict[str, Value] = {**shared.sums}
    if rules.settlement.distribute_remainder == "all":
        sums["distributed"] = shared.distributed
    if line["payment"] == "item_by_item":
        sums["fund_amount"] = sums["fund_cost"]
    if "carried" in line:
        fund = line["fund_amount"] if rules.paid_here(line) else Decimal(0)
        sums["carried"] = min(fund, Decimal(0)) - line["deduction"] + line["deducted"]
    elif line["out_of_area"]:
        billed = "fund_cost" if rules.paid_here(line) else "fund_amount"
        sums["home_fund_bill"] = line[billed]
    return sums


def _total(frame: pl.DataFrame, column: str) -> Decimal:
    return sum(frame[column].drop_nulls().to_list(), Decimal(0))


def key_of(row: Row) -> tuple[Any, ...]:
    """The statement line of a case or minus row."""
    return tuple(row[column] for column in LINE)


def keys_of(case: Row, adjustments: Sequence[Row]) -> list[tuple[Any, ...]]:
    """The lines that a case and its hospital's minus rows are in."""
    minus = [key_of(row) for row in adjustments if row["applies_to"] == "hospital"]
    return list(dict.fromkeys([key_of(case), *minus]))
