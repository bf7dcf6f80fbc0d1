"""A year's responsibility computed a second time, from the specification alone, with fractions."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor
from typing import Any

Row = Mapping[str, Any]


def half(value: Fraction) -> int:
    """Half away from zero."""
    return floor(value + Fraction(1, 2)) if value >= 0 else -floor(-value + Fraction(1, 2))


def dealt(total: int, weights: Sequence[Fraction | int]) -> list[int]:
    """Largest remainder, ties to the first."""
    whole = sum(map(Fraction, weights))
    if not whole:
        return [0 for _ in weights]
    exact = [total * Fraction(one) / whole for one in weights]
    parts = [floor(one) for one in exact]
    order = sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))
    for at in order[: total - sum(parts)]:
        parts[at] += 1
    return parts


def brackets(amount: Fraction, budget: Fraction) -> Fraction:
    """20% to 3%, 40% to 8%, 60% above."""
    if amount <= 0:
        return Fraction(0)
    first, second = budget * Fraction("0.03"), budget * Fraction("0.08")
    return (
        min(amount, first) * Fraction("0.2")
        + max(min(amount, second) - first, Fraction(0)) * Fraction("0.4")
        + max(amount - second, Fraction(0)) * Fraction("0.6")
    )


def year(rows: Sequence[Row], about: Row) -> dict[str, Any]:
    """Shares, cascade, adjustment fund and rewards of an account; amounts in fen."""
    budgets = [row["budget"] for row in rows]
    if about["base"] == "expected":
        budgets = dealt(sum(budgets), [row["expected"] for row in rows])
    shares, pools, gaps, managements = [], [], [], []
    for row, budget in zip(rows, budgets, strict=True):
        income = row["collected"] + row["paid"] + row["other"]
        gap = row["spend"] - income
        management = row["spend"] - budget - row["approved"] - row["own"]
        collection = (
            row["premium"] - row["collected"] if about["premium_only"] else row["target"] - income
        )
        own = row["own"]
        if not about["signed"]:
            collection, own = max(collection, 0), max(own, 0)
        m = Fraction(1)
        if row["score"] is not None:
            m = min(max(1 + (80 - Fraction(row["score"])) / 100, Fraction("0.8")), Fraction("1.2"))
        paid = collection + own + half(brackets(Fraction(management), Fraction(budget)) * m)
        share = min(paid, half(Fraction("0.05") * row["budget"]))
        shares.append(share)
        gaps.append(gap)
        pools.append(gap - share)
        managements.append(management)
    need = max(sum(pools), 0)
    spend = sum(row["spend"] for row in rows)
    steps: dict[str, int] = {}
    left = need
    if about["own_first"]:
        mine = [max(min(row["before"], pool), 0) for row, pool in zip(rows, pools, strict=True)]
        steps["county_balance"] = min(sum(mine), left)
        left -= steps["county_balance"]
    free = max(floor(about["balance"] - Fraction(3) * spend / 12), 0)
    steps["pool_balance"] = min(free, left)
    left -= steps["pool_balance"]
    payouts: list[int] = []
    paid_in: list[int] = []
    if about["design"] == "after":
        full = [half(Fraction("0.05") * row["collected"]) for row in rows]
        room = max(half(Fraction(spend, 12)) - about["fund"], 0)
        paid_in = dealt(min(sum(full), room), full)
        counted = [
            min(max(pool, 0), half(Fraction("0.8") * max(gap, 0)))
            if row["collected"] >= Fraction("0.98") * row["premium"]
            and row["score"] is not None
            and Fraction(row["score"]) >= 60
            else 0
            for row, pool, gap in zip(rows, pools, gaps, strict=True)
        ]
        payouts = dealt(min(sum(counted), about["fund"] + sum(paid_in), left), counted)
        steps["adjustment"] = sum(payouts)
        left -= sum(payouts)
    steps["investments"] = min(about["investments"], left)
    left -= steps["investments"]
    city = half(left * Fraction("0.5"))
    counties = dealt(left - city, [max(gap, 0) for gap in gaps])
    limits = about["limits"]
    steps["city_fiscal"] = min(city, limits.get("city", city))
    steps["county_fiscal"] = sum(
        min(fen, limits.get(row["county"], fen)) for row, fen in zip(rows, counties, strict=True)
    )
    steps["unfunded"] = left - steps["city_fiscal"] - steps["county_fiscal"]
    alone = []
    for row, management in zip(rows, managements, strict=True):
        saving = min(-management, row["budget"] - row["spend"])
        score = row["score"]
        good = saving > 0 and score is not None and Fraction(score) >= 80
        alone.append(
            half(min(Fraction(saving, 2), Fraction("0.01") * row["budget"])) if good else 0
        )
    surplus = max(-sum(pools), 0)
    rewards = dealt(min(sum(alone), floor(Fraction("0.2") * surplus)), alone)
    return {
        "shares": shares,
        "pools": pools,
        "steps": steps,
        "contributions": paid_in,
        "payouts": payouts,
        "rewards": rewards,
        "closing": surplus - sum(rewards),
    }
