"""The points of one case: its formula with numbers, each adjustment, the final points."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from drgpay.base.exact import POINT_PLACES
from drgpay.points.age_factors import with_factor_of
from drgpay.points.formulas import Choice
from drgpay.points.reasons import ADDS, MINUS, reason_formula
from drgpay.report.case_lines import Lines
from drgpay.report.reasons import reason_said
from drgpay.report.wording import formula_said, named
from drgpay.show.calculation import point_formula

Row = Mapping[str, Any]
Formulas = Mapping[str, Sequence[Choice]]


def add_formula(case: Row, formulas: Formulas, lines: Lines) -> None:
    """The formula of the class, and the points that it gives before any adjustment.

    A line exact_0 holds them unrounded: rounding comes once, after the adjustments.
    """
    words = formula_of_class(case, formulas)
    if words is not None:
        words = with_factor_of(case, words)
    said = None if words is None else formula_said(words, lines.language)
    stored = formula_said(case["formula"] or "", lines.language)
    lines.claimed("formula", stored, said, lines.say("how_formula"))
    used = words or case["formula"] or ""
    if "length_of_stay" in used:
        lines.given("length_of_stay", case["length_of_stay"], lines.say("how_record"))
    if used == "item by item":
        lines.claimed("exact_0", None, 0, lines.say("how_item_by_item"), lines.say("exact_before"))
        lines.claimed("points_before", case["points_before"], 0)
        return
    floored = _FLOORED.fullmatch(used) if case["case_class"] == "high" else None
    if floored:
        lines.reckoned("formula_alone", _live(floored[1], lines), how=lines.say("how_floor"))
        used = used.replace(floored[1], "formula_alone", 1)
    lines.reckoned("exact_0", _live(used, lines), label=lines.say("exact_before"))
    lines.reckoned("points_before", _rounded("exact_0"), case["points_before"])


_FLOORED = re.compile(r"max\((.+), (?:base_points|\(base_points [*/] [\d.]+\)) \* coefficient\)")
"""A formula of high stays with high_floor = "normal", and what it would give alone."""


def formula_of_class(case: Row, formulas: Formulas) -> str | None:
    """The formula that the policy has for the class of the case, in the words of results."""
    choices = formulas.get(case["case_class"], [])
    if len(choices) == 1 and case["case_class"] != "bed_day":
        return choices[0].formula.words
    asked = {
        **dict.fromkeys(("bed_day_class", "level", "stability"), pl.String()),
        "base_points": pl.Decimal(18, POINT_PLACES),
    }
    frame = pl.DataFrame({name: [case[name]] for name in asked}, schema=asked)
    fitting = (choice for choice in choices if frame.select(choice.applies).item())
    found = next(fitting, None)
    return found.formula.words if found else None


def add_adjustments(case: Row, adjustments: Sequence[Row], lines: Lines) -> None:
    """Each adjustment: the exact points after it, and its row as the difference of roundings.

    adjustments: rows of the case and of its hospital, by step.
    """
    before, terms = "exact_0", ["points_before"]
    for row in adjustments:
        step, kind = row["step"], named("kind", row["kind"], lines.language)
        texts = (reason_said(row, lines.language), row["evidence"])
        how = " · ".join(text for text in texts if text)
        if row["applies_to"] == "hospital":
            _add_minus(case, row, kind, how, lines)
            continue
        after, name = f"exact_{step}", f"adjustment_{step}"
        label = lines.say("exact_after", step=step, kind=kind)
        lines.reckoned(after, _changed(row, before, lines), how=how, label=label)
        lines.reckoned(
            name,
            f"{_rounded(after)}-{_rounded(before)}",
            row["points"],
            label=lines.say("adjustment", step=step, kind=kind),
        )
        before = after
        terms.append(name)
    total = "+".join(f"{{{name}}}" for name in terms)
    lines.reckoned("points", total, case["points"], lines.say("how_final_points"))


def _add_minus(case: Row, row: Row, kind: str, how: str, lines: Lines) -> None:
    """Points that the hospital loses beside those of the case: a multiple of base points."""
    name = f"hospital_minus_{row['step']}"
    label = lines.say("hospital_minus", step=row["step"], kind=kind)
    taken = reason_formula(row) if row["code"] in MINUS else ""
    formula = point_formula(taken, frozenset(lines.values))
    if formula is None:
        lines.given(name, row["points"], how, label)
        return
    lines.reckoned(name, f"ROUND(-({formula}),{POINT_PLACES})", row["points"], how, label)


def _changed(row: Row, before: str, lines: Lines) -> str:
    """The formula of the exact points after an adjustment; `points` in it are those before."""
    points, formula = f"{{{before}}}", reason_formula(row)
    if not formula:
        return points
    after = _live(formula, lines).replace("{points}", points)
    return f"{points}+{after}" if row["code"] in ADDS else after


def _live(words: str, lines: Lines) -> str:
    """The formula of a result as that of a step; a plain number stands for itself."""
    return point_formula(words, frozenset({*lines.values, "points"})) or words


def _rounded(name: str) -> str:
    return f"ROUND({{{name}}},{POINT_PLACES})"
