"""Where a table stands among the rows of a sheet or a text: titles, headings, sums, notes.

Headings of several rows become one name a column: 支付标准 over 三级 is 支付标准（三级）.
"""

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from drgpay.records.meaning.texts import BLANKS, folded_word

Row = Sequence[str]
Merge = tuple[tuple[int, int], tuple[int, int]]
"""First and last (row, column) of cells that were made one, from 0."""

LOOKED_AT = 50
"""Rows at the beginning that show where a table begins."""
_MOST_TITLES = 30
_MOST_HEADING_ROWS = 4
_FIRST_CELLS = 3  # a sum may stand behind a running number and a hospital
_VALUE = re.compile(r"[-+0-9.,:/%年月日 TZ]*[0-9][-+0-9.,:/%年月日 TZ]*")
_WORDS_FILE = Path(__file__).with_suffix(".toml")


class Layout(NamedTuple):
    """headings: first and last row of the headings, from 0; names: one a column, "" without one."""

    headings: tuple[int, int]
    names: tuple[str, ...]

    @property
    def begins(self) -> int:
        """The first row below the headings."""
        return self.headings[1] + 1


def layout_of(rows: Sequence[Row], merges: Iterable[Merge] = ()) -> Layout | None:
    """Where the table stands; None where no cell is filled.

    rows: the first of the file, LOOKED_AT or more; merges: what Excel knows of them. Headings are
    the first row of words that is filled for more than half of the widest row; a row above that
    spans several of its columns, and words below it in columns that it spans, belong to them.
    """
    seen = [[cell.strip(BLANKS) for cell in row] for row in rows[:LOOKED_AT]]
    filled = [sum(map(bool, row)) for row in seen]
    if not any(filled):
        return None
    joined = [*merges]
    place = _place(seen, filled)
    first, last = place, place
    while last - first < _MOST_HEADING_ROWS and first > 0:
        if not _spans_below(seen[first - 1], seen[first], first - 1, joined):
            break
        first -= 1
    while last - first < _MOST_HEADING_ROWS and last + 1 < len(seen):
        if not _goes_on(seen[last], seen[last + 1], last, joined):
            break
        last += 1
    return Layout((first, last), names_of(seen[first : last + 1], first, joined))


def _place(rows: Sequence[Row], filled: Sequence[int]) -> int:
    """The row of headings: of words, and wide."""
    wide = [place for place, count in enumerate(filled) if count * 2 > max(filled)]
    for place in wide:
        if place <= _MOST_TITLES and _is_of_words(rows[place]):
            return place
    return wide[0]


def _is_of_words(row: Row) -> bool:
    cells = [cell for cell in row if cell]
    return sum(1 for cell in cells if _VALUE.fullmatch(cell)) * 5 <= len(cells)


def _spans_below(above: Row, row: Row, number: int, merges: Sequence[Merge]) -> bool:
    """Whether a row above the headings is of them: it names groups of their columns."""
    cells = [cell for cell in above if cell]
    # 统计期间：2026年10月 says something of the table and names no columns.
    told = any(sign in cell for cell in cells for sign in ":：")
    if len(cells) < 2 or told or not _is_of_words(above):
        return False
    width = max(len(above), len(row))
    spans = [
        last[1] - first[1] + 1
        for first, last in merges
        if first[0] == number and last[1] > first[1]
    ]
    if any(span * 5 < width * 4 for span in spans):
        return True
    names = [cell for cell in row if cell]
    fills = any(a and not b for a, b in zip(above, row, strict=False))
    return fills or len({*names}) < len(names)


def _goes_on(row: Row, below: Row, number: int, merges: Sequence[Merge]) -> bool:
    """Whether headings go on in the next row."""
    if any(first[0] <= number < last[0] for first, last in merges):
        return True
    places = [place for place, cell in enumerate(below) if cell]
    width = max((place + 1 for place, cell in enumerate(row) if cell), default=0)
    width = max([width, *(place + 1 for place in places)])
    gaps = [place for place in range(width) if place >= len(row) or not row[place]]
    words = all(not any("0" <= sign <= "9" for sign in below[place]) for place in places)
    # A row of data fills columns that headings leave open by chance, but others too.
    left_open = any(
        place < len(row) and row[place] and place not in places for place in range(width)
    )
    return (
        len(places) > 1
        and words
        and bool(gaps)
        and left_open
        and all(place in places for place in gaps)
    )


def names_of(rows: Sequence[Row], first_row: int, merges: Sequence[Merge]) -> tuple[str, ...]:
    """One name a column out of the rows of headings, the last row the lowest."""
    width = max(len(row) for row in rows)
    names = _spread(rows[0], first_row, width, merges, is_last=len(rows) == 1)
    for number, row in enumerate(rows[1:], start=1):
        is_last = number == len(rows) - 1
        below = _spread(row, first_row + number, width, merges, is_last)
        names = [_under(name, cell) for name, cell in zip(names, below, strict=True)]
    return tuple(name if (name := _on_one_line(cell)) else "" for cell in names)


def _spread(row: Row, number: int, width: int, merges: Sequence[Merge], is_last: bool) -> list[str]:
    """A row of headings, what spans several columns in each of them."""
    cells = [*row, *[""] * (width - len(row))]
    wide = [(first, last) for first, last in merges if first[0] <= number <= last[0]]
    if wide:
        for (top, left), (_, right) in wide:
            if top == number and left < width:
                cells[left : right + 1] = [cells[left]] * (min(right, width - 1) - left + 1)
        return cells
    if is_last:
        return cells
    spanning = ""
    for place, cell in enumerate(cells):
        spanning = cell or spanning
        cells[place] = spanning
    return cells


def _under(name: str, cell: str) -> str:
    if not cell or cell == name:
        return name
    return f"{name}（{cell}）" if name else cell


def _on_one_line(name: str) -> str:
    """Line breaks in a heading are no part of it."""
    return re.sub(r"[ \t]*[\r\n]+[ \t]*", "", name).strip(BLANKS)


# Rows below the headings.


class _Words(NamedTuple):
    totals: frozenset[str]
    ends: tuple[str, ...]
    notes: frozenset[str]
    marks: tuple[str, ...]
    note_marks: tuple[str, ...]


@cache
def _words() -> _Words:
    raw = tomllib.loads(_WORDS_FILE.read_text(encoding="utf-8"))
    return _Words(
        frozenset(map(_plain, raw["totals"])),
        tuple(map(_plain, raw["ends_of_totals"])),
        frozenset(map(_plain, raw["notes"])),
        tuple(raw["marks_of_totals"]),
        tuple(raw["marks_of_notes"]),
    )


def total_marks() -> tuple[str, ...]:
    """Texts of which every sum has one: what has none need not be looked at row by row."""
    return _words().marks


def note_marks() -> tuple[str, ...]:
    """Texts of which every line of notes has one."""
    return _words().note_marks


def _plain(text: str) -> str:
    return "".join(sign for sign in folded_word(text) if sign not in BLANKS).lower().rstrip(":")


def is_no_row(cells: Row) -> bool:
    """Whether a row below headings is a sum (合计, 小计), or a line of notes (制表人：…).

    Its first cell with a value says so: a row with an id before such a word is a row.
    """
    first = [cell for cell in cells if cell][:_FIRST_CELLS]
    if not first:
        return False
    words = _words()
    plain = [_plain(cell) for cell in first]
    if plain[0] in words.totals or plain[0].endswith(words.ends):
        return True
    head, colon, _ = plain[0].partition(":")
    return (bool(colon) or first[0][-1] in ":：") and head in words.notes
