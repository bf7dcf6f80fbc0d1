"""The catalogue of headings and values that real exports have (drgpay/headings), and how they compare.

Two headings are the same when they differ only in width, capitals, blanks, running titles such as
`13.` and a unit in brackets. Other brackets are part of a heading: they tell levels and accounts apart.
"""

import csv
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from drgpay.records.columns import VISIT_COLUMNS

FOLDER = Path(__file__).resolve().parents[1] / "headings"
FOREIGN = "x:"
"""What begins a column that is none of ours."""
PART = "part"
"""What begins the note of a heading that is an addend of its column."""
CERTAIN, LIKELY, GUESS = 1, 2, 3

_NUMBERED_TITLE = re.compile(r"^\d{1,2}[.、](?=\D)")
_CODE_AND_TITLE = re.compile(r"^([a-z]\d{1,3}(?:x\d+)?[a-z]?)(?=[^\x00-\x7f(])")
_CODE_AND_NAME = re.compile(r"^(\d{1,6})\s*[|:\-]?\s*\D")
CONFIRM = "?"
"""What stands behind a value that a person should confirm."""
_RUNNING = re.compile(r"\{n{1,2}\}")


class Heading(NamedTuple):
    """A heading as it is compared: its text, and a unit that is not the plain one."""

    text: str
    unit: str = ""


class Known(NamedTuple):
    """What the catalogue knows of a heading."""

    column: str
    heading: str
    kind: str
    confidence: int
    note: str

    @property
    def foreign(self) -> bool:
        """Whether it is known not to be one of our columns."""
        return self.column.startswith(FOREIGN)

    @property
    def part(self) -> bool:
        """Whether it is one of several addends of its column."""
        return self.note.startswith(PART)


@dataclass(frozen=True)
class Series:
    """Headings with a running number."""

    pattern: re.Pattern[str]
    known: Known


@dataclass(frozen=True)
class KnownHeadings:
    """The headings of one table, by how they compare; alike: with words that mean much the same."""

    exact: Mapping[Heading, tuple[Known, ...]]
    series: tuple[Series, ...]
    alike: Mapping[Heading, tuple[Known, ...]]

    @staticmethod
    def over(
        exact: Mapping[Heading, tuple[Known, ...]], series: tuple[Series, ...]
    ) -> "KnownHeadings":
        """With what is alike: never certain, and each column once."""
        alike: dict[Heading, dict[str, Known]] = defaultdict(dict)
        for said, several in exact.items():
            for one in several:
                likely = one._replace(confidence=max(one.confidence, LIKELY))
                alike[_alike(said)].setdefault(one.column, likely)
        sorted_ = {said: _surest(found.values()) for said, found in alike.items()}
        return KnownHeadings(exact, series, sorted_)

    def of(self, heading: str) -> tuple[Known, ...]:
        """What a heading may be, the surest first; nothing where the catalogue does not have it."""
        for said in _forms(heading):
            if found := self.exact.get(said):
                return found
            if found := tuple(one.known for one in self.series if one.pattern.fullmatch(said.text)):
                return found
        for said in _forms(heading):
            if found := self.alike.get(_alike(said)):
                return found
        return ()


def compared(heading: str) -> Heading:
    """A heading as it is compared with others."""
    text = "".join(unicodedata.normalize("NFKC", heading).split()).lower()
    text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    spellings = _spellings()
    for one, other in spellings.words:
        text = text.replace(one, other)
    found = spellings.unit.search(text)
    unit = spellings.units[found[1]] if found else ""
    text = spellings.unit.sub("", text) if found else text
    return Heading(_NUMBERED_TITLE.sub("", text), unit)


def _alike(said: Heading) -> Heading:
    """A heading with one word for those that mean much the same."""
    text = said.text
    for one, other in _spellings().alike:
        text = text.replace(one, other)
    return Heading(text, said.unit)


class _Spellings(NamedTuple):
    """units: that a heading may have in brackets, and what they are; the plain one is nothing.
    words, alike: of two spellings, or of two words, and the one that is compared.
    """

    unit: re.Pattern[str]
    units: Mapping[str, str]
    words: tuple[tuple[str, str], ...]
    alike: tuple[tuple[str, str], ...]


@cache
def _spellings() -> _Spellings:
    rows = _rows("spellings.csv")
    units = {row["written"]: row["meaning"] for row in rows if row["kind"] == "unit"}
    either = "|".join(re.escape(unit) for unit in sorted(units, key=len, reverse=True))
    words, alike = (
        tuple((row["written"], row["meaning"]) for row in rows if row["kind"] == kind)
        for kind in ("word", "alike")
    )
    return _Spellings(re.compile(rf"\(({either})\)"), units, words, alike)


def _forms(heading: str) -> tuple[Heading, ...]:
    """A heading, and where a code stands before its title the code and the title alone."""
    said = compared(heading)
    found = _CODE_AND_TITLE.match(said.text)
    if not found:
        return (said,)
    return (said, Heading(found[1]), Heading(said.text[found.end() :], said.unit))


_ALSO: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "visits": ("stays", {"case_id": "visit_id", **{name: name for name in VISIT_COLUMNS}}),
    "visit_items": ("visits", {"visit_id": "visit_id"}),
    **dict.fromkeys(("diagnoses", "procedures", "fees"), ("stays", {"case_id": "case_id"})),
}
"""Tables that have headings of another one too: its columns, and what they are called in the first."""


@cache
def known_headings(table: str) -> KnownHeadings:
    """The headings of a table: stays, diagnoses, fees, hospitals, visits, visit_items, weights …

    What a table has in common with another one is called alike: what its own rows do not say of
    a heading those of the other do.
    """
    own = _headings_of(table)
    if table not in _ALSO:
        return own
    other, columns = _ALSO[table]
    also = known_headings(other)
    exact = {
        said: found
        for said, known in also.exact.items()
        if (found := tuple(_common(one, columns) for one in known if _is_common(one, columns)))
    }
    series = tuple(
        Series(one.pattern, _common(one.known, columns))
        for one in also.series
        if _is_common(one.known, columns)
    )
    return KnownHeadings.over({**exact, **own.exact}, (*own.series, *series))


def _is_common(known: Known, columns: Mapping[str, str]) -> bool:
    return known.foreign or known.column in columns


def _common(known: Known, columns: Mapping[str, str]) -> Known:
    return known._replace(column=columns.get(known.column, known.column))


def _headings_of(table: str) -> KnownHeadings:
    """The headings that the catalogue has for a table itself."""
    exact: dict[Heading, list[Known]] = defaultdict(list)
    series: list[Series] = []
    for row in _rows("headings.csv"):
        if row["table"] != table:
            continue
        known = Known(
            row["column"], row["heading"], row["kind"], int(row["confidence"]), row["note"]
        )
        if _RUNNING.search(row["heading"]):
            series.append(Series(_pattern(row["heading"]), known))
            continue
        said = compared(row["heading"])
        if all(one.column != known.column for one in exact[said]):
            exact[said].append(known)
    return KnownHeadings.over(
        {said: _surest(found) for said, found in exact.items()}, tuple(series)
    )


def _surest(known: Iterable[Known]) -> tuple[Known, ...]:
    return tuple(sorted(known, key=lambda one: one.confidence))


def _pattern(heading: str) -> re.Pattern[str]:
    text = compared(heading).text
    number = _RUNNING.search(text)
    before, after = (text[: number.start()], text[number.end() :]) if number else (text, "")
    return re.compile(re.escape(before) + r"(\d{1,3})" + re.escape(after))


class KnownValue(NamedTuple):
    """What a code list says of a value; ours: empty where a person decides, `?` where one confirms."""

    ours: str
    source: str
    note: str


@cache
def known_values(column: str) -> Mapping[str, tuple[KnownValue, ...]]:
    """What the catalogue knows of the values of a column, by the value as it is compared."""
    found: dict[str, list[KnownValue]] = defaultdict(list)
    for row in _rows("values.csv"):
        if row["column"] == column:
            value = KnownValue(row["our_value"], row["source"], row["note"])
            found[compared_value(row["value"])].append(value)
    return {value: tuple(known) for value, known in found.items()}


def compared_value(value: str) -> str:
    """A value as it is compared: without blanks at its ends, of plain width."""
    return unicodedata.normalize("NFKC", value).strip().casefold()


def value_forms(value: str) -> tuple[str, ...]:
    """A value as it is compared, and where a code stands before its name the name and the code alone."""
    said = compared_value(value)
    found = _CODE_AND_NAME.match(said)
    if not found:
        return (said,)
    return (said, said[len(found[1]) :].lstrip(" |:-"), found[1])


@cache
def no_values() -> tuple[str, ...]:
    """The texts that mean that a cell has no value."""
    return tuple(row["value"] for row in _rows("values.csv") if row["column"] == "any column")


@cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))
