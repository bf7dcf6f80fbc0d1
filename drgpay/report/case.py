"""One case from its codes to its money, as a person checks it by hand.

Everything that is shown was recomputed from its inputs and compared with what the run holds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from drgpay.base.language import Language
from drgpay.base.shown import Shown
from drgpay.explain.trace import Trace
from drgpay.points.catalogue import Catalogue
from drgpay.policy.model import Policy
from drgpay.report.case_catalogue import add_all_mean, add_group, prices_of
from drgpay.report.case_class import add_bounds, add_conditions, has_group
from drgpay.report.case_lines import CaseLine, CasePart, Lines, Row, Value, decimal_at
from drgpay.report.case_money import (
    LineParts,
    add_amounts,
    final_budget_part,
    final_value_part,
    key_of,
    line_part,
    minus_part,
    rate_part,
    value_part,
)
from drgpay.report.case_points import Formulas, add_adjustments, add_formula
from drgpay.report.case_wording import severity_said, status_said, word
from drgpay.report.explanation import Rules, pool_key
from drgpay.report.group_tables import difference_said
from drgpay.report.wording import level_name


@dataclass(frozen=True)
class PaidCase:
    """A case of a finished run with all that paid it. Amounts are decimals, as in the files.

    kind: `month` or `clearing`. case: its row of cases.parquet; adjustments: its rows by step.
    lines: by key_of, of the case and of its hospital's minus rows. formulas: of each class, as
    class_formulas gives them for the catalogue and policy. names: of MDCs, ADRGs and DRGs. trace:
    how it was grouped, where its stay was read. groups: its row of case_groups.parquet, where the
    month was given official groups.
    """

    run_id: str
    kind: str
    period: str
    case: Row
    adjustments: tuple[Row, ...]
    lines: Mapping[tuple[Any, ...], LineParts]
    policy: Policy
    catalogue: Catalogue
    formulas: Formulas
    names: Mapping[str, str]
    trace: Trace | None = None
    groups: Row | None = None


@dataclass(frozen=True, repr=False)
class ExplainedCase(Shown):
    """The parts of a case in their order."""

    paid: PaidCase
    parts: tuple[CasePart, ...]

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What is printed of it."""
        yield "run", self.paid.run_id
        yield "period", self.paid.period
        yield "parts", self.parts
        yield "differing", self.differing

    @property
    def differing(self) -> list[tuple[CasePart, CaseLine]]:
        """The lines of which the run holds something else than follows from the inputs."""
        return [(part, line) for part in self.parts for line in part.lines if not line.agrees]


def explain_case(paid: PaidCase, language: Language) -> ExplainedCase:
    """Take a case from its facts to the statement of its hospital."""
    return ExplainedCase(paid, tuple(_parts(paid, language)))


def _parts(paid: PaidCase, language: Language) -> Iterator[CasePart]:
    case, policy = paid.case, paid.policy
    yield _facts(paid, language)
    yield _group(paid, language)
    prices = prices_of(case, paid.catalogue, policy)
    lines = Lines(language, {"total_cost": case["total_cost"]})
    add_all_mean(paid.catalogue, lines)
    grouped = has_group(case, prices)
    if grouped:
        add_group(case, prices, paid.catalogue, policy, lines)
    yield lines.part("catalogue", word("part_catalogue", language))

    lines = Lines(language, lines.values)
    if grouped:
        add_bounds(case, prices, policy.points, lines)
    add_conditions(case, prices, policy.points, lines)
    yield lines.part("class", word("part_class", language))

    lines = Lines(language, {**lines.values, "length_of_stay": case["length_of_stay"]})
    add_formula(case, paid.formulas, lines)
    add_adjustments(case, paid.adjustments, lines)
    yield lines.part("points", word("part_points", language))
    yield from _money(paid, language)


def _facts(paid: PaidCase, language: Language) -> CasePart:
    case, lines = paid.case, Lines(language)
    line = paid.lines[key_of(case)].line
    lines.given("case_id", case["case_id"])
    hospital = f"{line['name']} {case['hospital_id']}" if line["name"] else case["hospital_id"]
    lines.given("name", hospital)
    lines.given("level", level_name(case["level"], language))
    lines.given("account", word(case["account"], language))
    lines.given("place", word("outside" if case["out_of_area"] else "local", language))
    lines.given("payment_unit", word(f"unit_{case['payment_unit']}", language))
    if case["bed_day_class"] is not None:
        lines.given("bed_day_class", case["bed_day_class"])
    lines.given("complete", case["complete"])
    for name in ("admission_date", "discharge_date", "settlement_date", "length_of_stay"):
        lines.given(name, case[name])
    for name in ("total_cost", "patient_cost", "other_cost", "fund_cost"):
        lines.given(name, case[name], lines.say("how_record"))
    return lines.part("facts", word("part_facts", language))


def _group(paid: PaidCase, language: Language) -> CasePart:
    """Groups and severity; where the stay was read, compared with how it is grouped now.

    A group that an official grouper gave follows from no rule: the own one beside it is compared.
    """
    case, lines = paid.case, Lines(language)
    answer = paid.trace.answer if paid.trace else None
    official = paid.groups is not None and paid.groups["group_source"] == "official"
    for level in ("mdc", "adrg", "drg"):
        found = getattr(answer, level) if answer and not official else None
        due = _named(found.code, paid.names) if found else None
        lines.claimed(level, _named(case[level], paid.names), due)
    if paid.groups is not None:
        _add_both_groups(paid.groups, paid, lines, language)
    due = severity_said(answer.severity, language) if answer and answer.severity else None
    lines.claimed("severity", severity_said(case["severity"], language), due)
    due = status_said(answer.status, language) if answer and not official else None
    lines.claimed("status", status_said(case["status"], language), due)
    return lines.part("group", word("part_group", language))


def _add_both_groups(groups: Row, paid: PaidCase, lines: Lines, language: Language) -> None:
    """Which group pays, the other one, and why they differ."""
    lines.given("group_source", word(f"paid_by_{groups['group_source']}", language))
    lines.given("official_group", _named(groups["official_group"], paid.names))
    found = paid.trace.answer.drg if paid.trace else None
    due = _named(found.code, paid.names) if found else None
    lines.claimed("own_group", _named(groups["own_group"], paid.names), due)
    if groups["group_difference"] is not None:
        lines.given("group_difference", difference_said(groups["group_difference"], language))
    for name in ("rule_group", "facts"):
        if groups[name] is not None:
            lines.given(name, groups[name])
    lines.given("official_points", groups["official_points"])
    lines.given("own_points", groups["own_points"])


def _named(code: str | None, names: Mapping[str, str]) -> str | None:
    if code is None:
        return None
    return f"{code} {names[code]}" if names.get(code) else code


def _money(paid: PaidCase, language: Language) -> Iterator[CasePart]:
    case, policy = paid.case, paid.policy
    rules = Rules(policy.settlement, paid.names, paid.catalogue.all_mean_fen)
    shared = paid.lines[key_of(case)]
    borne = [row for row in paid.adjustments if row["applies_to"] == "hospital"]
    known: dict[str, Value] = {"points": case["points"]}
    price: dict[str, Value] = {}
    value = None
    if case["payment"] == "points" or borne:
        lines = Lines(language)
        if paid.kind == "clearing" and policy.clearing:
            budget = Lines(language)
            yield final_budget_part(shared, policy.clearing, budget)
        if policy.settlement.method == "rate":
            yield rate_part(shared, lines)
        elif paid.kind == "clearing" and policy.clearing:
            value = final_value_part(shared, rules, lines)
        else:
            value = value_part(shared, policy, paid.period, rules, lines)
        if value:
            yield value
        known["point_value"] = price["point_value"] = shared.line["point_value"] or 0
    lines = Lines(language, known)
    add_amounts(case, shared, policy, lines)
    yield lines.part("amounts", word("part_amounts", language))
    for row in borne:
        yield minus_part(row, paid.lines[key_of(row)], Lines(language, price))
    for each in paid.lines.values():
        yield line_part(each, pool_key(each.pool["pool"]), value, rules, Lines(language))


def case_json(explained: ExplainedCase) -> dict[str, Any]:
    """The same parts as data: amounts as texts, so that they stay exact."""
    paid = explained.paid
    return {
        "run": paid.run_id,
        "kind": paid.kind,
        "period": paid.period,
        "case_id": paid.case["case_id"],
        "agrees": not explained.differing,
        "grouping": asdict(paid.trace) if paid.trace else None,
        "parts": [
            {
                "part": part.key,
                "title": part.title,
                "lines": [_line_json(line) for line in part.lines],
            }
            for part in explained.parts
        ],
    }


def _line_json(line: CaseLine) -> dict[str, Any]:
    return {
        "name": line.name,
        "label": line.label,
        "value": plain_value(line.value),
        "stored": plain_value(line.stored),
        "recomputed": plain_value(line.due),
        "agrees": line.agrees,
        "formula": line.formula,
        "inputs": {name: plain_value(value) for name, value in line.inputs.items()},
        "how": line.how,
    }


def case_lines(explained: ExplainedCase) -> pl.DataFrame:
    """The lines of all parts as texts, a row a line: part, name, label, value, stored, recomputed,
    formula, how; and agrees.
    """
    rows = [
        {"part": part.key, **_line_json(line)} for part in explained.parts for line in part.lines
    ]
    texts = {
        name: [None if row[name] is None else str(row[name]) for row in rows] for name in _TEXTS
    }
    agrees = pl.Series("agrees", [row["agrees"] for row in rows], pl.Boolean)
    return pl.DataFrame(texts, schema=dict.fromkeys(_TEXTS, pl.String)).with_columns(agrees)


_TEXTS = ("part", "name", "label", "value", "stored", "recomputed", "formula", "how")


def plain_value(value: Value | None) -> str | int | bool | None:
    """A value for machines; a number that no decimal writes is a fraction, 1/3."""
    if isinstance(value, Fraction):
        return _plain_fraction(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    return value


def _plain_fraction(value: Fraction) -> str:
    """All digits of a decimal that ends, else the fraction."""
    rest, places = value.denominator, 0
    for prime in (2, 5):
        count = 0
        while rest % prime == 0:
            rest //= prime
            count += 1
        places = max(places, count)
    return f"{decimal_at(value, places):f}" if rest == 1 else str(value)
