"""Settlement once more, slowly: one case at a time in plain decimals of yuan and points.

Nothing of drgpay.settle is used, so that both can only agree where both are right.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

import polars as pl

from drgpay.policy.model import Policy
from drgpay.policy.settlement import SharingBand

Key = tuple[str, str, bool, str]
FEN = Decimal("0.01")


@dataclass
class SlowLine:
    """A statement line in yuan."""

    points: Decimal = Decimal(0)
    deducted: Decimal = Decimal(0)
    kept: Decimal = Decimal(0)
    waiting: Decimal = Decimal(0)
    cases: int = 0
    total: Decimal = Decimal(0)
    fund_cost: Decimal = Decimal(0)
    others: Decimal = Decimal(0)
    standard: Decimal = Decimal(0)
    fund: Decimal = Decimal(0)
    payable: Decimal = Decimal(0)
    bill: Decimal = Decimal(0)
    taken: Decimal = Decimal(0)
    entries: list[tuple[str, Decimal]] = field(default_factory=list)
    parts: dict[str, Decimal] = field(default_factory=dict)


@dataclass
class SlowPool:
    """A pool in yuan; value None where nothing is paid by points."""

    final_budget: Decimal
    value: Decimal | None
    remainder: Decimal
    lines: dict[Key, SlowLine]


def rounded(value: Fraction) -> Decimal:
    """Half-up to fen, away from zero."""
    with localcontext(prec=60):
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        return exact.quantize(FEN, ROUND_HALF_UP)


def slow_lines(
    cases: pl.DataFrame, adjustments: pl.DataFrame, policy: Policy
) -> dict[Key, SlowLine]:
    """The lines of a region, each with its cases and minus rows in order."""
    rules = policy.settlement
    rows = cases.rows(named=True)
    pool_of = pools_by_account(policy)
    local = {
        pool_of[row["account"]]
        for row in rows
        if row["case_class"] != "fee" and not row["out_of_area"]
    }
    lines: dict[Key, SlowLine] = {}
    minus = [row for row in adjustments.rows(named=True) if row["applies_to"] == "hospital"]
    for row in rows:
        outside = row["out_of_area"]
        by_item = row["case_class"] == "fee"
        by_item |= outside and rules.out_of_area == "excluded"
        by_item |= (
            outside and rules.out_of_area == "same_price" and (pool_of[row["account"]] not in local)
        )
        payment = "item_by_item" if by_item else "points"
        line = lines.setdefault((row["hospital_id"], row["account"], outside, payment), SlowLine())
        points = Decimal(row["points"]) / 10_000
        line.cases += 1
        line.points += points
        line.total += Decimal(row["total_fen"]) / 100
        line.fund_cost += Decimal(row["fund_fen"]) / 100
        line.others += Decimal(row["patient_fen"] + row["other_fen"]) / 100
        line.entries.append((row["case_id"], points))
        for number, taken in enumerate(m for m in minus if m["case_id"] == row["case_id"]):
            bearing = (row["hospital_id"], row["account"], outside and not by_item, "points")
            at = lines.setdefault(bearing, SlowLine())
            at.points += Decimal(taken["points"]) / 10_000
            at.deducted -= Decimal(taken["points"]) / 10_000
            at.taken += Decimal(taken["points"]) / 10_000
            at.entries.append(
                (f"{row['case_id']} minus {number}", Decimal(taken["points"]) / 10_000)
            )
    return lines


def pools_by_account(policy: Policy) -> dict[str, str]:
    """Account -> the name of its pool."""
    names = {account: account for account in policy.records.accounts}
    for merged in policy.settlement.merged_accounts:
        names |= dict.fromkeys(merged, "+".join(merged))
    return names


def slow_price(lines: dict[Key, SlowLine], budget: Decimal, policy: Policy) -> SlowPool:
    """Price the lines of one pool with its budget."""
    rules = policy.settlement
    inside = [key for key in sorted(lines) if in_pool(key, policy)]
    home = sum((lines[key].fund_cost for key in inside if key[2]), Decimal(0))
    keeps = rules.deducted_points == "fund"
    if not any(lines[key].cases for key in inside):  # nothing has a price: rows of hospitals wait
        for line in lines.values():
            line.waiting, line.points, line.deducted = (
                line.taken,
                line.points - line.taken,
                Decimal(0),
            )
            waiting = [name for name, _ in line.entries if " minus " in name]
            line.parts = dict.fromkeys(waiting, Decimal(0))
            line.entries = [entry for entry in line.entries if entry[0] not in waiting]
    points = sum((lines[key].points for key in inside), Decimal(0))
    if keeps:
        points += sum((lines[key].deducted for key in inside), Decimal(0))
    others = sum((lines[key].others for key in inside), Decimal(0))
    total = sum((lines[key].total for key in inside), Decimal(0))
    money = {"residual": budget + home + others, "fund_only": budget + home, "cost": total}
    value = None
    if any(lines[key].cases for key in inside):
        exact = Fraction(money[rules.method]) / Fraction(points)
        with localcontext(prec=60):
            quotient = Decimal(exact.numerator) / Decimal(exact.denominator)
            value = quotient.quantize(Decimal(1).scaleb(-rules.value_places), ROUND_FLOOR)
    remainder = budget + home
    for key, line in lines.items():
        if key[3] == "item_by_item":
            line.standard, line.fund = line.total, line.fund_cost
        else:
            line.standard = rounded(Fraction(line.points) * Fraction(value or 0))
            deducted = Decimal(0) if rules.method == "fund_only" else line.others
            line.fund = line.standard - deducted
            if keeps and key in inside:
                whole = Fraction(line.points + line.deducted) * Fraction(value or 0)
                line.kept = rounded(whole) - line.standard
        remainder -= line.fund + line.kept if key in inside else 0
    spread = {key: Decimal(0) for key in inside}
    weights = {key: max(lines[key].standard + lines[key].kept, Decimal(0)) for key in inside}
    if rules.distribute_remainder == "all" and remainder > 0 and any(weights.values()):
        shares = in_proportion(remainder, weights)
        spread = {key: share for key, share in shares.items() if lines[key].standard > 0}
        remainder -= sum(spread.values(), Decimal(0))
    for key, line in lines.items():
        if key[3] == "item_by_item":
            continue
        exact_parts = {
            name: Fraction(earned) * Fraction(value or 0) for name, earned in line.entries
        }
        if spread.get(key):
            line.standard += spread[key]
            line.fund += spread[key]
            exact_parts = {
                name: Fraction(line.standard) * Fraction(earned) / Fraction(line.points)
                for name, earned in line.entries
            }
        line.parts |= by_largest_remainder(line.standard, exact_parts)
    return SlowPool(budget, value, remainder, lines)


def in_pool(key: Key, policy: Policy) -> bool:
    """Paid by points out of the budget."""
    return key[3] == "points" and paid_here(key, policy)


def paid_here(key: Key, policy: Policy) -> bool:
    """Local patients, and outside ones where they are pooled."""
    return not key[2] or policy.settlement.out_of_area == "pooled"


def in_proportion(total: Decimal, weights: Mapping[Any, Decimal]) -> dict[Any, Decimal]:
    """Largest remainder in proportion to weights."""
    whole = sum((Fraction(weight) for weight in weights.values()), Fraction(0))
    exact = {key: Fraction(total) * Fraction(weight) / whole for key, weight in weights.items()}
    return by_largest_remainder(total, exact)


def by_largest_remainder(total: Decimal, exact: Mapping[Any, Fraction]) -> dict[Any, Decimal]:
    """Whole fen for all; the missing fen to the largest cut-off parts, earlier keys first."""
    floors = {key: part * 100 // 1 for key, part in exact.items()}
    missing = int(total * 100) - sum(floors.values())
    order = sorted(exact, key=lambda key: floors[key] - exact[key] * 100)
    return {key: Decimal(floors[key] + (key in order[:missing])) / 100 for key in exact}


def slow_share(
    amount: Decimal, budget: Decimal, bands: tuple[SharingBand, ...], rule: str
) -> Decimal:
    """What bands share of an amount: fen by band, walked from below."""
    ratio = Fraction(amount) / Fraction(budget)
    limits = [Fraction(0), *(Fraction(b.up_to) for b in bands if b.up_to is not None)]
    share = Fraction(0)
    for number, band in enumerate(bands):
        top = None if band.up_to is None else Fraction(band.up_to)
        if rule == "whole":
            if top is None or ratio <= top:
                return rounded(Fraction(amount) * Fraction(band.share))
            continue
        upper = ratio if top is None else min(ratio, top)
        if upper > limits[number]:
            share += (upper - limits[number]) * Fraction(budget) * Fraction(band.share)
    return rounded(share)


def slow_clear(
    lines: dict[Key, SlowLine],
    budget: Decimal,
    reserve: Decimal,
    scores: Mapping[str, Decimal],
    deductions: Mapping[Key, Decimal],
    policy: Policy,
) -> SlowPool:
    """The final budget, price and payable amounts of one pool."""
    sharing = policy.clearing
    assert sharing is not None
    spent = sum(
        (line.fund_cost for key, line in lines.items() if in_pool(key, policy) and not key[2]),
        Decimal(0),
    )
    if spent <= budget:
        kept = slow_share(budget - spent, budget, sharing.surplus_retained, sharing.band_rule)
        final = spent + kept
    else:
        borne = slow_share(spent - budget, budget, sharing.overrun_shared, sharing.band_rule)
        if not sharing.overrun_beyond_reserve:
            borne = min(borne, reserve)
        final = budget + borne
    pool = slow_price(lines, final, policy)
    left: dict[Key, Decimal] = {}
    for key in sorted(lines):
        line = lines[key]
        line.payable = line.fund if paid_here(key, policy) else Decimal(0)
        line.bill = Decimal(0)
        if key[2]:
            line.bill = line.fund_cost if paid_here(key, policy) else line.fund
        if sharing.assessment and in_pool(key, policy) and key[0] in scores:
            if line.fund > 0:
                factor = next(
                    band.factor
                    for band in sharing.assessment.bands
                    if scores[key[0]] >= band.score_from
                )
                line.payable = rounded(Fraction(line.fund) * Fraction(factor))
            left[key] = max(line.payable, Decimal(0))
    if sharing.assessment and sharing.assessment.withheld == "redistribute" and any(left.values()):
        withheld = sum((lines[key].fund - lines[key].payable for key in left), Decimal(0))
        for key, share in in_proportion(withheld, left).items():
            lines[key].payable += share
    for key, amount in deductions.items():
        lines[key].payable -= amount
    return pool
