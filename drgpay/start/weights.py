"""How a published table of weights is read: which headings are weights, prices, coefficients of levels.

What the table's reader finds by itself (marks of groups, names, notes) is left to it; prices beside a
weight are not read, but tell what weight 1 costs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from statistics import median

from drgpay.base.language import Words
from drgpay.base.words import Wording
from drgpay.grouper.scheme import load_scheme
from drgpay.grouper.scheme_files import shipped_schemes
from drgpay.points.weight_columns import weight_columns
from drgpay.points.weight_rows import WeightOptions
from drgpay.points.weight_table import WeightTable, read_weight_table
from drgpay.points.weight_values import number_of
from drgpay.records.places import Places, left_out_of
from drgpay.start.headings import Known, compared, known_headings

WORDS = Wording("start")
_EVERY_LEVEL = ("3A", "3B", "2A", "2B", "1", "0")
_NO_WEIGHT = ("price", "x:threshold", "x:mean_cost", "x:cap", "x:price_total", "x:rate")
_COEFFICIENT = "coefficient_"
_PRICE = "price_"
_YUAN_FROM = 1000
"""The median of a score from which it is an amount in yuan and no score near 100."""
_MOST_SPREAD = Fraction(1, 100)
_ENOUGH = 0.95
_SKIPPED_AT_MOST = 0.05
_PRIMARY_CARE = "with primary care"


@dataclass(frozen=True)
class WeightsPlan:
    """options: for the reader of the table. all_mean: what weight 1 costs in yuan, where it is known.

    read_as: each heading, and what it is. unknown_groups: codes that the scheme does not have.
    """

    path: Path
    scheme: str
    options: WeightOptions
    all_mean: Decimal | None
    read_as: Mapping[str, str]
    unknown_groups: int
    remarks: tuple[Words, ...]


def weights_plan(
    path: Path, scheme: str | None, levels: Sequence[str], all_mean: Decimal | None = None
) -> WeightsPlan:
    """How to read a table of weights for hospitals of some levels.

    scheme: None finds the shipped one that has most of its groups. Raises DrgpayError where the
    table cannot be read or a column that may carry money is not understood.
    """
    table = read_weight_table(path, None, None)
    columns, drop, remarks = _columns(table, levels or _EVERY_LEVEL)
    weight_columns(table, columns, drop, None)
    groups = {row.cells[table.headings.index(table.group_heading)] for row in table.rows}
    name, unknown = _scheme(groups, scheme)
    if unknown:
        remarks.append(WORDS.words("remark.unknown_groups", count=unknown, scheme=name))
    options = WeightOptions(
        columns=columns,
        drop=tuple(drop),
        skip_unknown=unknown <= _SKIPPED_AT_MOST * len(groups),
    )
    remarks += _left_out(table)
    mean, why = (all_mean, None) if all_mean else _all_mean(table, columns)
    if why:
        remarks.append(why)
    read = weight_columns(table, columns, drop, None).read_as
    return WeightsPlan(path, name, options, mean, read, unknown, tuple(remarks))


def _left_out(table: WeightTable) -> list[Words]:
    """Titles, sums and notes of the table, as they are said of every table."""
    first, last = table.heading_lines[0], table.heading_lines[-1]
    sums = [
        line.number - last - 1 for line in table.left_out if line.reason in ("total", "note_line")
    ]
    return left_out_of(table.path.name, Places((first - 1, last - 1)), sums)


def _columns(
    table: WeightTable, levels: Sequence[str]
) -> tuple[dict[str, str], list[str], list[Words]]:
    """Name -> heading for the reader, headings that are not read, and what to say of them."""
    known = known_headings("weights")
    meant: dict[str, Known] = {}
    for heading in table.headings:
        if found := known.of(heading):
            meant[heading] = found[0]
    columns: dict[str, str] = {}
    drop: list[str] = []
    remarks: list[Words] = []
    for heading, one in meant.items():
        if one.column == "weight":
            columns.setdefault("weight", heading)
    for heading, one in meant.items():
        if one.column == "base_points" and "weight" not in columns and _is_yuan(table, heading):
            columns["price"] = heading
            remarks.append(WORDS.words("remark.score_in_yuan", heading=heading))
        elif one.column.startswith(_COEFFICIENT):
            continue
        elif one.column == "x:rate":
            if len(_numbers(table, heading)) and len(set(_numbers(table, heading).values())) > 1:
                drop.append(heading)
        elif one.column.startswith((*_NO_WEIGHT, _PRICE)) and _has_text(table, heading):
            if one.column == "price" and not {"weight", "price"} & columns.keys():
                columns["price"] = heading
            else:
                drop.append(heading)
    columns |= _coefficients(table, meant, levels)
    if drop:
        remarks.append(WORDS.words("remark.not_read", headings=", ".join(drop)))
    return columns, drop, remarks


def _coefficients(
    table: WeightTable, meant: Mapping[str, Known], levels: Sequence[str]
) -> dict[str, str]:
    """The coefficient of each level of hospitals: of its own class, else of its grade.

    A heading of a level that another one has already keeps its own words as a level of the city.
    """
    headings = {
        heading: one
        for heading, one in meant.items()
        if one.column.startswith(_COEFFICIENT) and one.column != f"{_COEFFICIENT}LEVEL"
    }
    exact: dict[str, list[str]] = {}
    for heading, one in headings.items():
        exact.setdefault(one.column.removeprefix(_COEFFICIENT), []).append(heading)
    chosen: dict[str, str] = {}
    for level in levels:
        grade = level[:1]
        if level in exact:
            chosen[f"{_COEFFICIENT}{level}"] = exact[level][-1]
        elif grade in exact:
            chosen[f"{_COEFFICIENT}{level}"] = exact[grade][-1]
        elif level == "0" and "1" in exact and _of_primary_care(headings, exact["1"]):
            chosen[f"{_COEFFICIENT}{level}"] = exact["1"][-1]
    return chosen


def _of_primary_care(headings: Mapping[str, Known], of_level: Sequence[str]) -> bool:
    return headings[of_level[-1]].note.startswith(_PRIMARY_CARE)


def _numbers(table: WeightTable, heading: str) -> dict[int, Fraction]:
    """The numbers of a column, by line."""
    found = {line: number_of(text) for line, text in table.cells(heading) if text}
    return {line: number for line, number in found.items() if number is not None}


def _has_text(table: WeightTable, heading: str) -> bool:
    return any(text for _, text in table.cells(heading))


def _is_yuan(table: WeightTable, heading: str) -> bool:
    numbers = _numbers(table, heading).values()
    return bool(numbers) and median(numbers) > _YUAN_FROM


def _scheme(groups: set[str], given: str | None) -> tuple[str, int]:
    """The scheme that has most of the groups, the latest of several; and how many it lacks."""
    lacking = []
    for name in [given] if given else shipped_schemes():
        scheme = load_scheme(name)
        if scheme.info.kind != "drg":
            continue
        has = {drg.code for _, _, drg in scheme.paths()}
        lacking.append((len(groups - has), str(scheme.info.effective_from or ""), name))
    fewest = min(one[0] for one in lacking)
    _, _, name = max(one for one in lacking if one[0] == fewest)
    return name, fewest


def _all_mean(
    table: WeightTable, columns: Mapping[str, str]
) -> tuple[Decimal | None, Words | None]:
    """What weight 1 costs: a rate that all groups have, or price by weight where it is always the same."""
    known = known_headings("weights")
    weight = columns.get("weight")
    if weight is None:
        return None, None
    weights = _numbers(table, weight)
    of = {heading: found[0].column for heading in table.headings if (found := known.of(heading))}
    rates = [heading for heading, column in of.items() if column == "x:rate"]
    if len(rates) == 1 and len(numbers := set(_numbers(table, rates[0]).values())) == 1:
        rate = numbers.pop()
        return _decimal(rate), WORDS.words(
            "remark.mean_of_rate", heading=rates[0], yuan=_decimal(rate)
        )
    for heading, column in of.items():
        if column != "price" or "(" in compared(heading).text:
            continue
        prices = _numbers(table, heading)
        both = [line for line in prices if weights.get(line) and prices[line]]
        if not both:
            continue
        ratios = [prices[line] / weights[line] for line in both]
        middle = median(ratios)
        near = sum(abs(ratio - middle) <= middle * _MOST_SPREAD for ratio in ratios)
        if near >= _ENOUGH * len(ratios):
            mean = sum((prices[line] for line in both), Fraction(0)) / sum(
                (weights[line] for line in both), Fraction(0)
            )
            return _decimal(mean), WORDS.words(
                "remark.mean_of_price", price=heading, weight=weight, yuan=_decimal(mean)
            )
    return None, None


def _decimal(number: Fraction) -> Decimal:
    return (Decimal(number.numerator) / Decimal(number.denominator)).quantize(Decimal("0.0001"))
