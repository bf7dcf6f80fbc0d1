"""A correction against the month that was paid: cases and statements, before and now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from .prepayment import Month, Prepaid
from .settlement import NOTHING, Case, Line, LineKey

Three = dict[str, Decimal]


@dataclass(frozen=True)
class Paid:
    """A settled month with the cases that it was settled from."""

    cases: Mapping[str, Case]
    month: Month


def of_statements(paid: Paid, now: Paid) -> dict[LineKey, Three]:
    """Every line of either run."""
    rows: dict[LineKey, Three] = {}
    for key in {*paid.month.settled.lines, *now.month.settled.lines}:
        before, after = _of_line(paid.month, key), _of_line(now.month, key)
        rows[key] = three(before, after)
    return rows


def _of_line(month: Month, key: LineKey) -> dict[str, Decimal]:
    line = month.settled.lines.get(key, Line("", False, False))
    prepaid = month.prepaid.get(key, Prepaid())
    return {
        "points": line.points,
        "standard": line.standard_amount,
        "fund_amount": line.fund_amount,
        "prepayment": prepaid.prepayment,
        "home_fund_bill": prepaid.home_fund_bill,
    }


def three(before: Mapping[str, Decimal], now: Mapping[str, Decimal]) -> Three:
    """Each amount as it was paid, as it is now, and the difference."""
    row: Three = {}
    for name in before:
        row[f"{name}_paid"], row[f"{name}_now"] = before[name], now[name]
        row[f"{name}_difference"] = now[name] - before[name]
    return row


def of_cases(paid: Paid, now: Paid) -> dict[tuple[str, LineKey], dict[str, str | Decimal]]:
    """Each case and line that differs, with the minus rows of the case."""
    found: dict[tuple[str, LineKey], dict[str, str | Decimal]] = {}
    before, after = _by_case_and_line(paid), _by_case_and_line(now)
    for place in sorted({*before, *after}):
        case_id = place[0]
        one, other = before.get(place, _NOTHING), after.get(place, _NOTHING)
        if case_id not in paid.cases:
            change = "late"
        elif case_id not in now.cases:
            change = "withdrawn"
        elif _made_of(one) != _made_of(other) or (place in before) != (place in after):
            change = "changed"
        elif one != other:
            change = "repriced"
        else:
            continue
        row = three({n: one[n] for n in _SHOWN}, {n: other[n] for n in _SHOWN})
        found[place] = {"change": change, **row}
    return found


_COSTS = ("total_cost", "fund_cost", "patient_cost", "other_cost")
_SHOWN = ("points", "standard", "fund_amount")
_NOTHING = dict.fromkeys((*_SHOWN, *_COSTS), NOTHING)


def _made_of(row: Mapping[str, Decimal]) -> list[Decimal]:
    return [row[name] for name in ("points", *_COSTS)]


def _by_case_and_line(run: Paid) -> dict[tuple[str, LineKey], dict[str, Decimal]]:
    """A case with its minus rows; a minus row can be on another line than its case."""
    rows: dict[tuple[str, LineKey], dict[str, Decimal]] = {}
    settled = run.month.settled
    for key, line in settled.lines.items():
        for case in line.members:
            amounts = settled.cases[case.case_id]
            row = rows.setdefault((case.case_id, key), dict(_NOTHING))
            row["points"] += case.points
            row["standard"] += amounts.standard_amount
            row["fund_amount"] += amounts.fund_amount
            for name in _COSTS:
                row[name] += getattr(case, name)
        for minus in line.minus:
            if not minus.points:
                continue
            standard = settled.minus[minus.case_id, minus.step].standard_amount
            row = rows.setdefault((minus.case_id, key), dict(_NOTHING))
            row["points"] += minus.points
            row["standard"] += standard
            row["fund_amount"] += standard
    return rows


def paid_with(cases: Iterable[Case], month: Month) -> Paid:
    """A month and its cases."""
    return Paid({case.case_id: case for case in cases}, month)
