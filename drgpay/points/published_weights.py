"""A catalogue from weights or prices that a city publishes (docs/weights.md).

base points = weight x 100; the mean cost of a group is weight x the mean over all, which the table
does not know and the caller gives. Prices and weights by level become coefficients of the levels.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.errors import DrgpayError
from drgpay.exact import FEN_PLACES, POINT_PLACES, POINT_SCALE, half_up, unscaled
from drgpay.grouper.scheme import Scheme
from drgpay.points.calibration_report import group_names
from drgpay.points.catalogue import (
    COEFFICIENT_SCHEMA,
    GROUP_SCHEMA,
    Catalogue,
    CatalogueInfo,
)
from drgpay.points.weight_columns import WeightColumns, weight_columns
from drgpay.points.weight_marks import (
    MEANINGS,
    ONE_COEFFICIENT,
    STABLE,
    STAND_IN,
    Mark,
    marks_of,
    stability_in,
)
from drgpay.points.weight_table import Line, WeightTable, plain, read_weight_table
from drgpay.points.weight_values import number_of, says_nothing

MOST_WEIGHT = 100_000
_NAMED_UNKNOWN = 5
_FIRST = 5


@dataclass(frozen=True)
class WeightOptions:
    """How a table is read.

    columns: name -> heading (weight_columns.NAMES). base: None, "mean" or a level: which number by
    level is the base points' (None: the weight where there is one, else the mean of the levels).
    drop: headings that are not read. marks: word of a mark -> its meaning (weight_marks.MEANINGS).
    no_weight: texts of a cell that say that the group has no weight, beside an empty one.
    skip_unknown: leave out groups that the scheme does not have, instead of refusing the table.
    encoding: of a CSV; None finds UTF-8 or GB18030.
    """

    columns: Mapping[str, str]
    base: str | None = None
    drop: Collection[str] = ()
    marks: Mapping[str, str] = field(default_factory=dict)
    no_weight: Collection[str] = ()
    skip_unknown: bool = False
    encoding: str | None = None


@dataclass(frozen=True)
class PublishedCatalogue:
    """The catalogue, and what of the table went into it and what did not.

    columns: COLUMN_SCHEMA, every column of the table. marks: MARK_SCHEMA. marked: mark, drg.
    rounded: ROUNDED_SCHEMA. rates: heading, rate. notes: line, drg, note. skipped: SKIPPED_SCHEMA,
    lines that are no group of the catalogue. without_weight: groups of the scheme (drg, name).
    ones: groups with a weight of exactly 1 that no mark calls a stand-in. gaps: coefficients that
    count as 1 because their cell is empty.
    """

    catalogue: Catalogue
    columns: pl.DataFrame
    marks: pl.DataFrame
    marked: pl.DataFrame
    rounded: pl.DataFrame
    rates: pl.DataFrame
    notes: pl.DataFrame
    skipped: pl.DataFrame
    without_weight: pl.DataFrame
    ones: int
    gaps: int


COLUMN_SCHEMA: dict[str, pl.DataType] = {
    "heading": pl.String(),
    "read_as": pl.String(),
    "filled_cells": pl.Int64(),
    "example": pl.String(),
}
MARK_SCHEMA: dict[str, pl.DataType] = {
    "heading": pl.String(),
    "mark": pl.String(),
    "meaning": pl.String(),
    "groups": pl.Int64(),
    "first_groups": pl.String(),
}
ROUNDED_SCHEMA: dict[str, pl.DataType] = {
    "what": pl.String(),
    "values": pl.Int64(),
    "rounded_values": pl.Int64(),
    "example": pl.String(),
}
SKIPPED_SCHEMA: dict[str, pl.DataType] = {
    "line": pl.Int64(),
    "drg": pl.String(),
    "reason": pl.String(),
    "text": pl.String(),
}


@dataclass(frozen=True)
class _Group:
    """A weighted group: weight 1 is the mean over all; of_accounts: the weights of accounts."""

    line: int
    drg: str
    weight: Fraction | None
    of_accounts: Mapping[str, Fraction]
    coefficients: Mapping[str, Fraction]
    stability: str


def published_catalogue(
    path: Path, scheme: Scheme, all_mean_yuan: Decimal, catalogue_id: str, options: WeightOptions
) -> PublishedCatalogue:
    """Make a catalogue from a table of groups with weights or prices, also by level or account.

    `all_mean_yuan` is the mean cost over all cases, in yuan. Raises DrgpayError for a column that
    is missing or neither read nor dropped though it may carry money, a cell that is no positive
    number, a group that is listed twice or that the scheme does not have.
    """
    table = read_weight_table(path, options.encoding, options.columns.get("drg"))
    _refuse_repeated(table)
    columns = weight_columns(table, options.columns, options.drop, options.base)
    all_mean_fen = Fraction(all_mean_yuan) * 100
    names = group_names(scheme)
    unknown = _unknown(table, columns, set(names["drg"]), scheme, options)
    reader = _Reader(table, columns, all_mean_fen, options)
    left_out = {
        line.number: (line.number, None, line.reason, line.text) for line in table.left_out
    } | {
        row.number: (row.number, reader.drg(row), unknown[row.number], reader.shown(row))
        for row in table.rows
        if row.number in unknown
    }
    rows = [row for row in table.rows if row.number not in left_out]
    marks = reader.marks(rows)
    groups = []
    for row in rows:
        group = reader.group(row, marks)
        if group.weight is None and not group.of_accounts:
            left_out[row.number] = (row.number, group.drg, "no_weight", reader.shown(row))
        else:
            groups.append(group)
    if not groups:
        raise DrgpayError(f"{path}: no group of {scheme.info.id} has a weight", "see --column")
    catalogue = _catalogue(groups, scheme, all_mean_fen, catalogue_id, path.name)
    drgs = {row.number: reader.drg(row) for row in rows}
    return PublishedCatalogue(
        catalogue=catalogue,
        columns=_columns(table, columns),
        marks=_marks(marks, drgs),
        marked=_marked(marks, drgs),
        rounded=_rounded(groups, all_mean_fen),
        rates=reader.rates(),
        notes=reader.notes(rows),
        skipped=pl.DataFrame(
            [left_out[line] for line in sorted(left_out)], SKIPPED_SCHEMA, orient="row"
        ),
        without_weight=names.join(catalogue.groups, on="drg", how="anti", maintain_order="left"),
        ones=sum(group.weight == 1 and group.stability == STABLE for group in groups),
        gaps=sum(
            len(reader.levels) - len(group.coefficients)
            for group in groups
            if not marks.one_coefficient(group.line)
        ),
    )


def _refuse_repeated(table: WeightTable) -> None:
    first: dict[str, int] = {}
    for line, drg in table.cells(table.group_heading):
        if drg in first:
            raise DrgpayError(
                f"{table.at(line)}: the group {drg} stands in {table.unit} {first[drg]} too",
                "keep one of the rows",
            )
        first[drg] = line


def _unknown(
    table: WeightTable,
    columns: WeightColumns,
    known: set[str],
    scheme: Scheme,
    options: WeightOptions,
) -> dict[int, str]:
    """The rows that the scheme has no group for, and why; they are refused or skipped.

    Ambiguous groups are paid by the policy and have no points in a catalogue.
    """
    ambiguous = {group.code for _, group in scheme.groups()} - known
    rows = [(line, drg) for line, drg in table.cells(columns.drg) if drg not in known]
    if rows and not options.skip_unknown:
        unknown = [drg for _, drg in rows if drg not in ambiguous]
        named = unknown or [drg for _, drg in rows]
        line = next(line for line, drg in rows if drg == named[0])
        listed = ", ".join(named[:_NAMED_UNKNOWN])
        more = f" and {len(named) - _NAMED_UNKNOWN} more" * (len(named) > _NAMED_UNKNOWN)
        problem = f"{scheme.info.id} has no groups {listed}{more}"
        if not unknown:
            problem = f"{listed}{more} are ambiguous groups, which have no points in a catalogue"
        raise DrgpayError(
            f"{table.at(line)}: {problem}",
            "name the scheme of the table, or leave them out with --skip-unknown",
        )
    return {line: "ambiguous_group" if drg in ambiguous else "not_in_scheme" for line, drg in rows}


@dataclass(frozen=True)
class _Marks:
    """The marks of a table, and the stability of lines that a column of it gives."""

    found: tuple[Mark, ...]
    given: Mapping[int, str]

    def stability(self, line: int) -> str:
        """A group that any mark calls a stand-in is one."""
        said = {mark.meaning for mark in self.found if line in mark.lines}
        return STAND_IN if STAND_IN in said else self.given.get(line, STABLE)

    def one_coefficient(self, line: int) -> bool:
        return any(mark.meaning == ONE_COEFFICIENT and line in mark.lines for mark in self.found)


class _Reader:
    """The numbers of a table, row by row."""

    def __init__(
        self,
        table: WeightTable,
        columns: WeightColumns,
        all_mean_fen: Fraction,
        options: WeightOptions,
    ) -> None:
        self._table, self._columns, self._options = table, columns, options
        self._all_mean_fen = all_mean_fen
        self._places = {heading: place for place, heading in enumerate(table.headings)}
        self._no_weight = {plain(text) for text in options.no_weight}
        self.levels = {*columns.weights, *columns.prices, *columns.coefficients}

    def drg(self, row: Line) -> str:
        return row.cells[self._places[self._columns.drg]]

    def shown(self, row: Line) -> str:
        """What the row says where its weight should be."""
        columns = self._columns
        heading = columns.weight or columns.price
        return row.cells[self._places[heading]] if heading else ""

    def group(self, row: Line, marks: _Marks) -> _Group:
        columns = self._columns
        prices = self._by(row, columns.prices)
        weights = self._by(row, columns.weights)
        of_prices = {level: self._of_price(price) for level, price in prices.items()}
        if columns.weight:
            weight = self._number(row, columns.weight)
        elif columns.price:
            price = self._number(row, columns.price)
            weight = None if price is None else self._of_price(price)
        else:
            weight = _base(weights or of_prices, self._options.base)
        drg = self.drg(row)
        of_accounts = {
            account: self._of_price(price)
            for account, price in self._by(row, columns.account_prices).items()
        }
        for one in (weight, *of_accounts.values()):
            self._refuse_out_of_range(row, one)
        coefficients = self._by(row, columns.coefficients)
        if weight:
            coefficients |= {level: one / weight for level, one in (of_prices | weights).items()}
        if marks.one_coefficient(row.number):
            coefficients = {}
        stability = marks.stability(row.number)
        return _Group(row.number, drg, weight, of_accounts, coefficients, stability)

    def marks(self, rows: list[Line]) -> _Marks:
        """The marks of the groups that are read."""
        said = dict(self._said())
        numbers = {
            row.number: {plain(row.cells[self._places[heading]]) for heading in self._by_level()}
            for row in rows
        }
        different = frozenset(line for line, found in numbers.items() if len(found) > 1)
        lines = {row.number for row in rows}
        found = tuple(
            Mark(mark.heading, mark.word, mark.meaning, tuple(lines.intersection(mark.lines)))
            for heading in self._columns.marks
            for mark in marks_of(self._table, heading, said, different)
        )
        stable = self._columns.stable
        given = stability_in(self._table, stable, said) if stable else {}
        self._refuse_unused(said, found, stable)
        return _Marks(found, given)

    def _said(self) -> Iterator[tuple[str, str]]:
        for word, meaning in self._options.marks.items():
            if meaning not in MEANINGS:
                raise DrgpayError(
                    f"--mark {word}={meaning}: there is no meaning {meaning}", ", ".join(MEANINGS)
                )
            yield plain(word), meaning

    def _refuse_unused(
        self, said: Mapping[str, str], found: tuple[Mark, ...], stable: str | None
    ) -> None:
        used = {plain(mark.word) for mark in found}
        if stable:
            used |= {plain(text) for _, text in self._table.cells(stable)}
        unused = [word for word in self._options.marks if plain(word) not in used]
        if unused:
            words = ", ".join(dict.fromkeys(mark.word for mark in found)) or "none"
            raise DrgpayError(
                f"--mark {unused[0]}: {self._table.path} has no such mark",
                f"its marks are: {words}",
            )

    def _by_level(self) -> list[str]:
        columns = self._columns
        return [*columns.weights.values(), *columns.prices.values(), *columns.coefficients.values()]

    def rates(self) -> pl.DataFrame:
        """The rates of the table, each one number in all rows: they belong to the settlement."""
        rates = []
        for heading in self._columns.rates:
            found: dict[Fraction, tuple[int, str]] = {}
            for line, text in self._table.cells(heading):
                if text:
                    number = self._positive(line, heading, text, percent=False)
                    found.setdefault(number, (line, text))
            if len(found) > 1:
                (one, first), (other, second) = list(found.values())[:2]
                raise DrgpayError(
                    f"{self._table.at(other)}: {heading} is {second}, in {self._table.unit} {one} "
                    f"it is {first}",
                    f"a rate is one number; drop the column with --drop {heading} or take prices",
                )
            rates += [(heading, text) for _, text in found.values()]
        return pl.DataFrame(rates, {"heading": pl.String, "rate": pl.String}, orient="row")

    def notes(self, rows: list[Line]) -> pl.DataFrame:
        """What the table remarks of groups: line, drg, note."""
        notes = [
            (row.number, self.drg(row), row.cells[self._places[heading]])
            for row in rows
            for heading in self._columns.notes
            if row.cells[self._places[heading]]
        ]
        schema = {"line": pl.Int64, "drg": pl.String, "note": pl.String}
        return pl.DataFrame(notes, schema, orient="row")

    def _by(self, row: Line, headings: Mapping[str, str]) -> dict[str, Fraction]:
        numbers = {level: self._number(row, heading) for level, heading in headings.items()}
        return {level: found for level, found in numbers.items() if found is not None}

    def _of_price(self, price: Fraction) -> Fraction:
        return price * 100 / self._all_mean_fen

    def _number(self, row: Line, heading: str) -> Fraction | None:
        text = row.cells[self._places[heading]]
        if not text or plain(text) in self._no_weight or says_nothing(text):
            return None
        is_price = heading in {
            self._columns.price,
            *self._columns.prices.values(),
            *self._columns.account_prices.values(),
        }
        return self._positive(row.number, heading, text, percent=not is_price, drg=self.drg(row))

    def _positive(
        self, line: int, heading: str, text: str, percent: bool, drg: str | None = None
    ) -> Fraction:
        found = number_of(text, percent)
        if found is None or found <= 0:
            of = f" of {drg}" if drg else ""
            raise DrgpayError(
                f"{self._table.at(line)}: {heading}{of} is '{text}', not a number above 0",
                f"correct it, leave the cell empty, or say --no-weight '{text}' if that means no "
                "weight",
            )
        return found

    def _refuse_out_of_range(self, row: Line, weight: Fraction | None) -> None:
        if weight is None:
            return
        what = f"{self._table.at(row.number)}: the weight of {self.drg(row)}"
        if weight > MOST_WEIGHT:
            raise DrgpayError(
                f"{what} is above {MOST_WEIGHT:,}", "correct it, or the mean over all"
            )
        if not half_up(weight * 100 * POINT_SCALE) or not half_up(weight * self._all_mean_fen):
            raise DrgpayError(f"{what} is next to nothing", "correct it, or the mean over all")


def _base(numbers: Mapping[str, Fraction], base: str | None) -> Fraction | None:
    if base and base != "mean":
        return numbers.get(base)
    return sum(numbers.values(), Fraction(0)) / len(numbers) if numbers else None


# The catalogue, and what is told of it.


def _catalogue(
    groups: list[_Group], scheme: Scheme, all_mean_fen: Fraction, catalogue_id: str, source: str
) -> Catalogue:
    mean = all_mean_fen
    info = CatalogueInfo(
        id=catalogue_id,
        kind="published",
        scheme=scheme.info.id,
        scheme_hash=scheme.content_hash,
        policy=None,
        source=source,
        stays_read=0,
        stays_eligible=0,
        stays_trimmed=0,
        **_mean_as_total(mean),
        all_mean_yuan=str(unscaled(half_up(mean), FEN_PLACES)),
    )
    rows = [
        {
            "drg": group.drg,
            "mean_fen": half_up(weight * mean),
            "stable": group.stability == STABLE,
            "stability": group.stability,
            "base_points": half_up(weight * 100 * POINT_SCALE),
            "account": account,
        }
        for group in groups
        for account, weight in _weights(group)
    ]
    coefficients = [
        {"drg": group.drg, "level": level, "coefficient": half_up(coefficient * POINT_SCALE)}
        for group in groups
        for level, coefficient in group.coefficients.items()
    ]
    return Catalogue(
        info,
        _frame(rows, GROUP_SCHEMA).sort("drg", "account", nulls_last=False),
        _frame(coefficients, COEFFICIENT_SCHEMA).sort("drg", "level"),
    )


def _weights(group: _Group) -> list[tuple[str | None, Fraction]]:
    """Account (None: every one) and weight of each row of a group."""
    every = [] if group.weight is None else [(None, group.weight)]
    return [*every, *group.of_accounts.items()]


def _mean_as_total(mean: Fraction) -> dict[str, int]:
    """all_total_fen and all_cases: cases are as many as make the total whole."""
    cases = 1
    while (mean * cases).denominator != 1:
        cases *= 10
    return {"all_total_fen": int(mean * cases), "all_cases": cases}


def _frame(rows: list[dict[str, Any]], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame([{column: row.get(column) for column in schema} for row in rows], schema)


def _columns(table: WeightTable, columns: WeightColumns) -> pl.DataFrame:
    rows = []
    for heading, name in columns.read_as.items():
        texts = [text for _, text in table.cells(heading) if text]
        rows.append((heading, name, len(texts), texts[0] if texts else ""))
    return pl.DataFrame(rows, COLUMN_SCHEMA, orient="row")


def _marks(marks: _Marks, drgs: Mapping[int, str]) -> pl.DataFrame:
    rows = []
    for mark in marks.found:
        marked = [drgs[line] for line in sorted(mark.lines)]
        first = ", ".join(marked[:_FIRST]) + " …" * (len(marked) > _FIRST)
        rows.append((mark.heading, mark.word, mark.meaning, len(marked), first))
    return pl.DataFrame(rows, MARK_SCHEMA, orient="row")


def _marked(marks: _Marks, drgs: Mapping[int, str]) -> pl.DataFrame:
    rows = [(mark.word, drgs[line]) for mark in marks.found for line in sorted(mark.lines)]
    return pl.DataFrame(rows, {"mark": pl.String, "drg": pl.String}, orient="row")


def _rounded(groups: list[_Group], all_mean_fen: Fraction) -> pl.DataFrame:
    """What was rounded, half-up and once: values, how many of them changed by it, the first."""
    weights = [(group.drg, weight) for group in groups for _, weight in _weights(group)]
    coefficients = [
        (group.drg, coefficient) for group in groups for coefficient in group.coefficients.values()
    ]
    exact = {
        "base_points": ([(drg, weight * 100) for drg, weight in weights], POINT_PLACES),
        "mean_cost": ([(drg, weight * all_mean_fen / 100) for drg, weight in weights], FEN_PLACES),
        "coefficient": (coefficients, POINT_PLACES),
    }
    rows = []
    for what, (values, places) in exact.items():
        changed = [(drg, one) for drg, one in values if (one * 10**places).denominator != 1]
        example = ""
        if changed:
            drg, one = changed[0]
            example = f"{drg}: {_said(one)} → {unscaled(half_up(one * 10**places), places)}"
        if values:
            rows.append((what, len(values), len(changed), example))
    return pl.DataFrame(rows, ROUNDED_SCHEMA, orient="row")


def _said(exact: Fraction, places: int = 10) -> str:
    """A number as it is, cut after some places."""
    whole = exact * 10**places
    text = f"{unscaled(int(whole), places):f}"
    return text.rstrip("0").rstrip(".") if whole.denominator == 1 else f"{text}…"
