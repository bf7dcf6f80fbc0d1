"""Why one case has its class: the bounds with their numbers, and each condition in its order."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from drgpay.base.exact import FEN_PLACES, POINT_PLACES, unscaled
from drgpay.points.catalogue import MEASURED
from drgpay.policy.points import HighBand, Points
from drgpay.report.case_catalogue import GroupPrices, mean_of
from drgpay.report.case_lines import CaseLine, Lines
from drgpay.report.wording import level_name, named

Row = Mapping[str, Any]


def has_group(case: Row, prices: GroupPrices) -> bool:
    """Whether a group of the catalogue prices the case: what the records say, not its class."""
    grouped = case["payment_unit"] == "drg" and case["status"] == "grouped"
    return grouped and prices.group is not None


def add_bounds(case: Row, prices: GroupPrices, points: Points, lines: Lines) -> None:
    """The two means, cost ratio and the costs at which a case becomes low or high."""
    divisor, bounds = _add_means(case, prices, points, lines)
    lines.reckoned(
        "cost_ratio", f"ROUND({{total_cost}}/{{{divisor}}},{POINT_PLACES})", case["cost_ratio"]
    )
    lines.given("low_ratio", points.low_ratio, lines.say("how_policy"))
    lines.reckoned("low_bound", f"{{{bounds}}}*{{low_ratio}}")
    band = _high_band(case, points.high_bands, _base_of(case))
    ratio = None if band is None else unscaled(int(band.ratio * 10**POINT_PLACES), POINT_PLACES)
    how = lines.say("how_no_band") if band is None else _band_said(band, lines)
    lines.claimed("high_ratio", case["high_ratio"], ratio, how)
    if case["high_ratio"] is not None:
        lines.reckoned("high_bound", f"{{{bounds}}}*{{high_ratio}}")


def _add_means(case: Row, prices: GroupPrices, points: Points, lines: Lines) -> tuple[str, str]:
    """The mean that formulas divide by, and that of the bounds: exact, and rounded as the run
    shows them. Returns the names of the exact ones.
    """
    needs_level = points.reference_mean != "region" or points.bounds_mean == "level"
    level = _add_mean(prices.of_level, "level", lines) if needs_level else None
    of_level = f"{{{level}}}" if level else "{mean_cost}"
    exact = of_level if points.reference_mean != "region" else "{mean_cost}"
    if points.reference_mean == "own_and_level":
        own = _add_mean(prices.own, "hospital", lines)
        if own:
            weight = points.own_mean_weight
            lines.given("own_mean_weight", weight, lines.say("how_policy"))
            exact = f"{{{own}}}*{{own_mean_weight}}+{exact}*(1-{{own_mean_weight}})"
    ratio = "mean_cost"
    how = lines.say(f"how_reference_{points.reference_mean}")
    if points.reference_mean != "region":
        ratio = "ratio_mean"
        lines.reckoned(ratio, exact, how=how)
    lines.reckoned(
        "reference_mean", f"ROUND({{{ratio}}},{FEN_PLACES})", case["reference_mean"], how
    )
    bounds, how = ratio, lines.say(f"how_bounds_{points.bounds_mean}")
    if points.bounds_mean == "level":
        bounds = "exact_bounds_mean"
        lines.reckoned(bounds, of_level, how=how)
    lines.reckoned("bounds_mean", f"ROUND({{{bounds}}},{FEN_PLACES})", case["bounds_mean"], how)
    return ratio, bounds


def _add_mean(row: Row | None, kind: str, lines: Lines) -> str | None:
    """The mean of the level or hospital in the group; None where the catalogue has none."""
    found = mean_of(row, kind)
    if found is None:
        return None
    total, cases = found
    names = f"{kind}_group_total", f"{kind}_group_cases", f"{kind}_mean"
    lines.given(names[0], unscaled(int(total * 100), FEN_PLACES), lines.say("how_catalogue"))
    lines.given(names[1], cases, lines.say("how_catalogue"))
    lines.reckoned(names[2], f"{{{names[0]}}}/{{{names[1]}}}")
    return names[2]


def _base_of(case: Row) -> Fraction | None:
    """The base points of the case with its factor by age."""
    if case["base_points"] is None:
        return None
    base = Fraction(case["base_points"])
    return base * Fraction(case["age_times"] or 1) / Fraction(case["age_divide"] or 1)


def _high_band(case: Row, bands: tuple[HighBand, ...], base: Fraction | None) -> HighBand | None:
    if base is None:
        return None
    return next(
        (
            band
            for band in bands
            if base >= Fraction(band.base_points_from)
            and (not band.levels or case["level"] in band.levels)
            and (not band.accounts or case["account"] in band.accounts)
        ),
        None,
    )


def _band_said(band: HighBand, lines: Lines) -> str:
    limits = [lines.say("band_from", base=band.base_points_from)] if band.base_points_from else []
    if band.levels:
        limits.append("/".join(level_name(level, lines.language) for level in band.levels))
    if band.accounts:
        limits.append("/".join(lines.say(account) for account in band.accounts))
    return lines.say("how_band", limits=" · ".join(limits) or lines.say("band_all"))


def add_conditions(case: Row, prices: GroupPrices, points: Points, lines: Lines) -> None:
    """The conditions in their order, down to the first that holds, and the class it makes."""
    due = "normal"
    for name in _conditions(case, prices, points, lines):
        if lines.taken[-1].value is True:
            due = name
            break
    due_said, said = (named("class", one, lines.language) for one in (due, case["case_class"]))
    how = lines.say("how_class" if due != "normal" else "how_class_normal")
    lines.claimed("case_class", said, due_said, how)


def _conditions(case: Row, prices: GroupPrices, points: Points, lines: Lines) -> Iterator[str]:
    """Adds one condition a step and yields its class."""
    group = prices.group
    for name, holds in (
        ("fee", case["payment_unit"] == "fee"),
        ("bed_day", case["payment_unit"] == "bed_day"),
        ("ambiguous", case["status"] == "ambiguous"),
        ("ungrouped", case["status"] != "grouped" or group is None),
        ("incomplete", not case["complete"]),
    ):
        _condition(name, holds, lines)
        yield name
    assert group is not None, "a case without a group is ungrouped"
    below, above = ("<=", ">=") if points.bounds == "inclusive" else ("<", ">")
    if group["stability"] not in MEASURED or group["base_points"] is None:
        _condition("low", False, lines, "how_not_measured")
    elif case["drg"] in points.always_low_groups:
        _condition("low", True, lines, "how_always_low")
    else:
        _compared("low", f"{{total_cost}}{below}{{low_bound}}", lines)
    yield "low"
    few = group["stability"] != "stable" or group["base_points"] is None
    _condition("few_cases", few, lines)
    yield "few_cases"
    if case["high_ratio"] is None:
        _condition("high", False, lines, "how_no_band")
    else:
        _compared("high", f"{{total_cost}}{above}{{high_bound}}", lines)
    yield "high"


def _condition(name: str, holds: bool, lines: Lines, how: str = "") -> None:
    label = lines.say("condition", case_class=named("class", name, lines.language))
    said = lines.say(how or f"condition_{name}")
    lines.taken.append(CaseLine(f"is_{name}", label, None, holds, how=said))


def _compared(name: str, formula: str, lines: Lines) -> None:
    label = lines.say("condition", case_class=named("class", name, lines.language))
    lines.reckoned(f"is_{name}", formula, label=label)
