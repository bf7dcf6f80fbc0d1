"""Which columns are the total cost and its parts: those that add up, row by row, to the fen.

total = fund + patient + other. Every reading of the headings is tried; the surest one that adds up
in nearly every row is it. A total of all funds is never the pooled fund's: what fits only with it is
left open.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

import polars as pl

from drgpay.base.language import Words
from drgpay.base.words import Wording
from drgpay.start.content import fen_of
from drgpay.start.found import Candidate, Form, Found, Sureness
from drgpay.start.given import Given
from drgpay.start.headings import CERTAIN

WORDS = Wording("start")
_ENOUGH = 0.95
_SCALED = "10k"
"""The unit of headings with amounts in 10,000 yuan."""
_SMALL_YUAN = 10
"""A median cost of a stay below it is no amount in yuan."""
COSTS = ("total_cost", "fund_cost", "patient_cost", "other_cost")


_SUREST = 2
"""The rank of one heading that is certain."""


class _Reading(NamedTuple):
    """One way to read some headings as one cost. rank: the surest is the smallest."""

    headings: tuple[str, ...]
    rank: int
    all_funds: bool = False


class _Fit(NamedTuple):
    total: _Reading
    fund: _Reading
    patient: _Reading
    other: _Reading
    share: float

    @property
    def rank(self) -> int:
        return sum(one.rank for one in self[:4])


Candidates = Mapping[str, Sequence[Candidate]]


def costs_of(
    given: Given, candidates: Candidates, fees: tuple[str, ...] = ()
) -> tuple[dict[str, Found], list[Words]]:
    """Where the four costs come from, and what is remarkable about them.

    fees: the headings that are all fees of a stay, which may be its total together.
    """
    readings = _readings(candidates, fees)
    remarks = [
        WORDS.words("remark.scaled", heading=one.heading)
        for column in COSTS
        for one in candidates.get(column, ())
        if one.unit == _SCALED
    ]
    if not readings["total_cost"]:
        return _by_headings(readings, None), remarks
    fits = list(_fits(given, readings))
    best = max(fits, key=lambda fit: (fit.share > _ENOUGH, -fit.rank, fit.share), default=None)
    remarks += _about_units(given, readings["total_cost"][0].headings)
    if best is None:
        return _by_headings(readings, None), remarks
    if best.share <= _ENOUGH:
        closest = max(fits, key=lambda fit: fit.share)
        remarks.append(WORDS.words("remark.no_sum", share=f"{closest.share:.1%}"))
        return _by_headings(readings, closest.share), remarks
    if best.fund.all_funds:
        remarks.append(WORDS.words("remark.all_funds", heading=best.fund.headings[0]))
    return _added_up(best), remarks


def _added_up(fit: _Fit) -> dict[str, Found]:
    why = WORDS.words(
        "why.adds_up",
        total=" + ".join(fit.total.headings),
        parts=" + ".join((*fit.fund.headings, *fit.patient.headings, *fit.other.headings)),
        share=f"{fit.share:.1%}",
    )
    found = {}
    for column, reading in zip(COSTS, fit[:4], strict=True):
        sureness = Sureness.OPEN if reading.all_funds else Sureness.CERTAIN
        one = _found(column, reading, sureness, why)
        if column == "other_cost":
            found[column] = one or Found(column, (), Form.ONE, sureness, why, default="0")
        elif one:
            found[column] = one
    return found


def _by_headings(readings: Mapping[str, list[_Reading]], share: float | None) -> dict[str, Found]:
    """Costs by their headings alone: certain where one is known and there is nothing to add up."""
    key = "why.heading_alone" if share is None else "why.does_not_add_up"
    why = WORDS.words(key, **({} if share is None else {"share": f"{share:.1%}"}))
    found = {}
    for column in COSTS:
        usable = [one for one in readings[column] if one.headings and not one.all_funds]
        sure = share is None and [reading.rank for reading in usable].count(_SUREST) == 1
        sureness = Sureness.CERTAIN if sure else Sureness.LIKELY
        one = _found(column, usable[0], sureness, why) if usable else None
        if one:
            found[column] = one
    return found


def _found(column: str, reading: _Reading, sureness: Sureness, why: Words) -> Found | None:
    if not reading.headings:
        return None
    form = Form.ONE if len(reading.headings) == 1 else Form.SUM
    return Found(column, reading.headings, form, sureness, why)


def _readings(candidates: Candidates, fees: tuple[str, ...]) -> dict[str, list[_Reading]]:
    """The ways to read each cost, the surest first."""

    def usable(column: str) -> list[Candidate]:
        return [one for one in candidates.get(column, ()) if one.unit != _SCALED]

    def alone(column: str) -> list[_Reading]:
        return [_Reading((one.heading,), one.known.confidence * 2) for one in usable(column)]

    all_funds = [
        _Reading((one.heading,), 20 + one.known.confidence, all_funds=True)
        for one in usable("x:fund_total")
    ]
    patient = [
        *alone("patient_cost"),
        *_sums([usable("x:personal_account"), usable("x:cash")], 8),
        *_sum_of_all(usable("x:patient_part"), 10),
    ]
    parts = usable("other_cost")
    sure = [one for one in parts if one.known.confidence == CERTAIN]
    other = [
        *_sum_of_all(sure, 2),
        *(_sum_of_all(parts, 3) if len(parts) > len(sure) else []),
        _Reading((), 4),
    ]
    return {
        "total_cost": [*alone("total_cost"), *([_Reading(fees, 8)] if fees else [])],
        "fund_cost": [*alone("fund_cost"), *all_funds],
        "patient_cost": patient,
        "other_cost": other,
    }


def _sums(groups: Sequence[Sequence[Candidate]], rank: int) -> list[_Reading]:
    """One heading of each group, added up."""
    if not all(groups):
        return []
    return [_Reading(tuple(one.heading for one in chosen), rank) for chosen in product(*groups)]


def _sum_of_all(candidates: Sequence[Candidate], rank: int) -> list[_Reading]:
    return [_Reading(tuple(one.heading for one in candidates), rank)] if candidates else []


_MOST_WAYS = 400


def _fits(given: Given, readings: Mapping[str, list[_Reading]]) -> Iterator[_Fit]:
    """How well each combination adds up."""
    amounts: dict[str, pl.Series] = {}

    def amount(reading: _Reading) -> pl.Series:
        for heading in reading.headings:
            if heading not in amounts:
                amounts[heading] = fen_of("total_cost", given.sample(heading)).fill_null(0)
        if not reading.headings:
            return pl.Series([0], dtype=pl.Int64)
        total = amounts[reading.headings[0]]
        for heading in reading.headings[1:]:
            total = total + amounts[heading]
        return total

    ways = product(*(readings[column] for column in COSTS))
    for number, (total, fund, patient, other) in enumerate(ways):
        if number >= _MOST_WAYS:
            return
        used = [*total.headings, *fund.headings, *patient.headings, *other.headings]
        if len(used) != len(set(used)):
            continue
        rest = amount(total) - amount(fund) - amount(patient) - amount(other)
        yield _Fit(
            total, fund, patient, other, int((rest.abs() <= 1).sum() or 0) / max(len(rest), 1)
        )


def _about_units(given: Given, headings: Sequence[str]) -> list[Words]:
    if len(headings) > 1:
        return []
    middle = fen_of("total_cost", given.sample(headings[0])).median()
    if isinstance(middle, int | float) and middle < _SMALL_YUAN * 100:
        return [WORDS.words("remark.small_amounts", heading=headings[0])]
    return []
