"""The rows of a published table of weights: the numbers and the marks of its groups."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import POINT_SCALE, half_up
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.points.weight_columns import WeightColumns
from drgpay.points.weight_marks import (
    MEANINGS,
    ONE_COEFFICIENT,
    STABLE,
    STAND_IN,
    Mark,
    marks_of,
    stability_in,
)
from drgpay.points.weight_table import Line, WeightTable, plain
from drgpay.points.weight_values import number_of, says_nothing

_ERRORS = Sentences("errors/points")

MOST_WEIGHT = 100_000


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
class WeightedGroup:
    """A weighted group: weight 1 is the mean over all; of_accounts: the weights of accounts."""

    line: int
    drg: str
    weight: Fraction | None
    of_accounts: Mapping[str, Fraction]
    coefficients: Mapping[str, Fraction]
    stability: str

    @property
    def weights(self) -> list[tuple[str | None, Fraction]]:
        """Account (None: every one) and weight of each row of the group in the catalogue."""
        every = [] if self.weight is None else [(None, self.weight)]
        return [*every, *self.of_accounts.items()]


@dataclass(frozen=True)
class TableMarks:
    """The marks of a table, and the stability of lines that a column of it gives."""

    found: tuple[Mark, ...]
    given: Mapping[int, str]

    def stability(self, line: int) -> str:
        """A group that any mark calls a stand-in is one."""
        said = {mark.meaning for mark in self.found if line in mark.lines}
        return STAND_IN if STAND_IN in said else self.given.get(line, STABLE)

    def one_coefficient(self, line: int) -> bool:
        return any(mark.meaning == ONE_COEFFICIENT and line in mark.lines for mark in self.found)


class RowReader:
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

    def group(self, row: Line, marks: TableMarks) -> WeightedGroup:
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
        return WeightedGroup(row.number, drg, weight, of_accounts, coefficients, stability)

    def marks(self, rows: list[Line]) -> TableMarks:
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
        return TableMarks(found, given)

    def _said(self) -> Iterator[tuple[str, str]]:
        for word, meaning in self._options.marks.items():
            if meaning not in MEANINGS:
                meanings = listed(MEANINGS)
                raise DrgpayError(
                    *_ERRORS("no_meaning", word=word, meaning=meaning, meanings=meanings)
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
            words = dict.fromkeys(mark.word for mark in found)
            marks = listed(words) if words else _ERRORS.words("mark.none")
            path = self._table.path
            raise DrgpayError(*_ERRORS("no_mark", word=unused[0], path=path, marks=marks))

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
                place, numbered = self._table.at(other), self._table.numbered(one)
                said = {"heading": heading, "first": first, "second": second}
                raise DrgpayError(*_ERRORS("two_rates", place=place, one=numbered, **said))
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
            key = "no_number_of_group" if drg else "no_number"
            place = self._table.at(line)
            raise DrgpayError(*_ERRORS(key, place=place, heading=heading, drg=drg, text=text))
        return found

    def _refuse_out_of_range(self, row: Line, weight: Fraction | None) -> None:
        if weight is None:
            return
        place, drg = self._table.at(row.number), self.drg(row)
        if weight > MOST_WEIGHT:
            raise DrgpayError(*_ERRORS("large_weight", place=place, drg=drg, most=MOST_WEIGHT))
        if not half_up(weight * 100 * POINT_SCALE) or not half_up(weight * self._all_mean_fen):
            raise DrgpayError(*_ERRORS("small_weight", place=place, drg=drg))


def _base(numbers: Mapping[str, Fraction], base: str | None) -> Fraction | None:
    if base and base != "mean":
        return numbers.get(base)
    return sum(numbers.values(), Fraction(0)) / len(numbers) if numbers else None
