"""Why one case has its class: the bounds with their numbers, and each condition in its order."""

from collections.abc import Iterator, Mapping
from typing import Any

from drgpay.exact import FEN_PLACES, POINT_PLACES, unscaled
from drgpay.policy.points import HighBand, Points
from drgpay.report.case_catalogue import GroupPrices, mean_of
from drgpay.report.case_lines import CaseLine, Lines
from drgpay.report.case_wording import class_name
from drgpay.report.wording import level_name

Row = Mapping[str, Any]


def has_group(case: Row, prices: GroupPrices) -> bool:
    """Whether a group of the catalogue prices the case: what the records say, not its class."""
    grouped = case["payment_unit"] == "drg" and case["status"] == "grouped"
    return grouped and prices.group is not None


def add_bounds(case: Row, prices: GroupPrices, points: Points, lines: Lines) -> None:
    """Reference mean, cost ratio and the costs at which a case becomes low or high."""
    _add_reference(case, prices, points, lines)
    lines.reckoned(
        "cost_ratio", f"ROUND({{total_cost}}/{{mean_cost}},{POINT_PLACES})", case["cost_ratio"]
    )
    bounds = "bounds_mean"
    lines.given("low_ratio", points.low_ratio, lines.say("how_policy"))
    lines.reckoned("low_bound", f"{{{bounds}}}*{{low_ratio}}")
    band = _high_band(case, points.high_bands)
    ratio = None if band is None else unscaled(int(band.ratio * 10**POINT_PLACES), POINT_PLACES)
    how = lines.say("how_no_band") if band is None else _band_said(band, lines)
    lines.claimed("high_ratio", case["high_ratio"], ratio, how)
    if case["high_ratio"] is not None:
        lines.reckoned("high_bound", f"{{{bounds}}}*{{high_ratio}}")


def _add_reference(case: Row, prices: GroupPrices, points: Points, lines: Lines) -> None:
    """The mean that the case is measured by, exact, and rounded as the run shows it."""
    needs_level = points.reference_mean != "region" or points.bounds_mean == "level"
    level = _add_mean(prices.of_level, "level", lines) if needs_level else None
    exact = f"{{{level}}}" if level and points.reference_mean != "region" else "{mean_cost}"
    if points.reference_mean == "own_and_level":
        own = _add_mean(prices.own, "hospital", lines)
        if own:
            weight = points.own_mean_weight
            lines.given("own_mean_weight", weight, lines.say("how_policy"))
            exact = f"{{{own}}}*{{own_mean_weight}}+{exact}*(1-{{own_mean_weight}})"
    how = lines.say(f"how_reference_{points.reference_mean}")
    lines.reckoned("reference_mean", f"ROUND({exact},{FEN_PLACES})", case["reference_mean"], how)
    if points.bounds_mean == "level":
        exact = f"{{{level}}}" if level else "{mean_cost}"
    lines.reckoned("bounds_mean", exact, how=lines.say(f"how_bounds_{points.bounds_mean}"))


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


def _high_band(case: Row, bands: tuple[HighBand, ...]) -> HighBand | None:
    base = case["base_points"]
    if base is None:
        return None
    return next(
        (
            band
            for band in bands
            if base >= band.base_points_from
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
    due_said, said = class_name(due, lines.language), class_name(case["case_class"], lines.language)
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
        ("few_cases", group is not None and not group["stable"]),
        ("incomplete", not case["complete"]),
    ):
        _condition(name, holds, lines)
        yield name
    below, above = ("<=", ">=") if points.bounds == "inclusive" else ("<", ">")
    if case["drg"] in points.always_low_groups:
        _condition("low", True, lines, "how_always_low")
    else:
        _compared("low", f"{{total_cost}}{below}{{low_bound}}", lines)
    yield "low"
    if case["high_ratio"] is None:
        _condition("high", False, lines, "how_no_band")
    else:
        _compared("high", f"{{total_cost}}{above}{{high_bound}}", lines)
    yield "high"


def _condition(name: str, holds: bool, lines: Lines, how: str = "") -> None:
    label = lines.say("condition", case_class=class_name(name, lines.language))
    said = lines.say(how or f"condition_{name}")
    lines.taken.append(CaseLine(f"is_{name}", label, None, holds, how=said))


def _compared(name: str, formula: str, lines: Lines) -> None:
    label = lines.say("condition", case_class=class_name(name, lines.language))
    lines.reckoned(f"is_{name}", formula, label=label)
