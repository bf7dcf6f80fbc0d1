"""The rows of a sheet, some megabytes at a time: how large a sheet is says nothing of the memory it takes.

A reader of workbooks takes a sheet as a whole. So a sheet is cut between its rows, and each run of
rows becomes a workbook of its own, in memory, with the texts and formats of the whole one.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from python_calamine import CalamineError, CalamineWorkbook

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.records.excel.archive import Archive, Sheet
from drgpay.records.layout import LOOKED_AT, Merge

_ERRORS = Sentences("errors/records")

RUN_BYTES = 16 * 1024**2
"""Of a sheet's XML: some ten thousand rows of a list of stays."""
_MOST_RUN_BYTES = 4 * RUN_BYTES
_SHARED = "xl/sharedStrings.xml"  # read again with each run

_BESIDE = re.compile(r"(?:xl/)?(?:_rels/[^/]+|[^/]+\.xml)")
_NOT_BESIDE = "xl/calcChain.xml"
_BEGINS = re.compile(rb"<(?:[A-Za-z0-9_]+:)?row[ />]")
_NUMBERED = re.compile(rb'<(?:[A-Za-z0-9_]+:)?row\s[^>]*?\br="([0-9]+)"')
_DATA = re.compile(rb"<([A-Za-z0-9_]+:)?sheetData\b")
_MERGED = re.compile(rb'mergeCell\s[^>]*?\bref="([A-Z]+)([0-9]+):([A-Z]+)([0-9]+)"')


@dataclass(frozen=True)
class Run:
    """Rows of a sheet that follow each other, as a sheet of their own. xml: of all of that sheet."""

    archive: Archive
    sheet: Sheet
    beside: dict[str, bytes]
    xml: bytes

    def cells(self) -> tuple[int, int, list[list[object]]]:
        """The first row with a value and the first column, from 0, and the cells from there on.

        What no reader shows is there too: errors as #N/A and its like, and numbers that are formatted
        as a time which no calendar has, as numbers. Raises DrgpayError for what is no sheet.
        """
        # The reader panics at a time that is out of all bounds, and says so on the console.
        xml = _STYLED.sub(_without_style, self.xml) if _HUGE.search(self.xml) else self.xml
        try:
            try:
                top, left, cells = self._cells_of(xml)
            except OverflowError:
                top, left, cells = self._cells_of(_STYLED.sub(_without_style, self.xml))
        except (CalamineError, OSError, ValueError, OverflowError):
            raise _broken(self.archive) from None
        for (row, column), error in self.unshown.errors.items():
            cells[row - top][column - left] = error
        return top, left, cells

    def _cells_of(self, xml: bytes) -> tuple[int, int, list[list[object]]]:
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as book:
            for part, content in {**self.beside, self.sheet.part: xml}.items():
                book.writestr(part, content)
        held.seek(0)
        with CalamineWorkbook.from_filelike(held) as opened:
            sheet = opened.get_sheet_by_name(self.sheet.name)
        if sheet.start is None:
            return 0, 0, []
        top, left = sheet.start
        return top, left, cast(list[list[object]], sheet.to_python())

    @cached_property
    def unshown(self) -> "Unshown":
        """Errors and formulas without a value, which a reader of values takes for empty cells."""
        errors: dict[tuple[int, int], str] = {}
        formulas: list[str] = []
        if any(sign in self.xml for sign in _SUSPECT):
            for cell in _CELL.finditer(self.xml):
                _note(cell, errors, formulas)
        return Unshown(errors, tuple(formulas))

    @property
    def last_row(self) -> int:
        """The last row with a value as Excel counts it; 0 where none has one, or rows have no numbers."""
        end = max(self.xml.rfind(b"v>"), self.xml.rfind(b"t>"))
        found = 0
        place = self.xml.rfind(b"row", 0, max(end, 0))
        while place >= 0 and not found:
            begins = self.xml.rfind(b"<", 0, place)
            match = _NUMBERED.match(self.xml, begins)
            found = int(match[1]) if match else 0
            place = self.xml.rfind(b"row", 0, begins)
        return found

    @property
    def merges(self) -> list[Merge]:
        """Cells made one at the top of the sheet; they stand behind its last row."""
        found = _MERGED.finditer(self.xml, max(self.xml.rfind(b"sheetData"), 0))
        return [
            ((int(one[2]) - 1, _column(one[1])), (int(one[4]) - 1, _column(one[3])))
            for one in found
            if int(one[2]) <= LOOKED_AT
        ]


def runs_of(archive: Archive, sheet: Sheet) -> Iterator[Run]:
    """A sheet cut before rows that have a number; a sheet without numbers is one run."""
    beside = {
        part: archive.content(part)
        for part in sorted(archive.parts)
        if _BESIDE.fullmatch(part) and part != _NOT_BESIDE
    }
    size = min(max(RUN_BYTES, 2 * len(beside.get(_SHARED, b""))), _MOST_RUN_BYTES)
    head, closing = b"", b""
    waiting: list[bytes] = []
    length = 0
    for chunk in archive.chunks(sheet.part):
        waiting.append(chunk)
        length += len(chunk)
        if length < size:
            continue
        held = b"".join(waiting)
        if not head:
            head, closing = _frame(held)
            held = held[len(head) :]
        cut = _last_numbered(held) if head else 0
        if cut:
            yield Run(archive, sheet, beside, head + held[:cut] + closing)
        rest = held[cut:] if head else held
        waiting, length = [rest], len(rest)
    yield Run(archive, sheet, beside, head + b"".join(waiting))


def _frame(xml: bytes) -> tuple[bytes, bytes]:
    """What stands before the rows of a sheet, and what closes it after them; nothing of other XML."""
    data, row = _DATA.search(xml), _BEGINS.search(xml)
    if data is None or row is None:
        return b"", b""
    prefix = data[1] or b""
    return xml[: row.start()], b"</%bsheetData></%bworksheet>" % (prefix, prefix)


def _last_numbered(xml: bytes) -> int:
    """Where the last row with a number begins; 0 where none does behind the first."""
    place = len(xml)
    while (place := xml.rfind(b"row ", 0, place)) > 0:
        begins = xml.rfind(b"<", 0, place)
        if _NUMBERED.match(xml, begins):
            return begins
    return 0


# What a reader of values does not show.


@dataclass(frozen=True)
class Unshown:
    """errors: (row, column) from 0 to #N/A and its like; formulas: cells of formulas without a
    value, as Excel names them.
    """

    errors: dict[tuple[int, int], str]
    formulas: tuple[str, ...]


_SUSPECT = (b't="e"', b"</f></c>", b"<v></v>", b"<v/>", b"/></c>")
_CELL = re.compile(
    rb'<c((?: [a-zA-Z:]+="[^"]*")+)>'
    rb"((?:<f[ >/](?:(?!</c>).)*?)?)(?:<v>([^<]*)</v>|<v/>)?</c>",
    re.DOTALL,
)
_STYLED = re.compile(
    rb'(<c(?: [a-zA-Z:]+="[^"]*")*?) s="[0-9]+"((?: [a-zA-Z:]+="[^"]*")*>(?:<f[^>]*>[^<]*</f>)?<v>)'
    rb"([^<]*)(?=</v>)"
)
_HUGE = re.compile(rb"<v>-?(?:[0-9]{12,}|[0-9.]+[eE]\+?[0-9]{2,})")
_LAST_DAY = 2_958_465
"""How Excel numbers the last day of the year 9999."""
_PLACE = re.compile(rb' r="([A-Z]+)([0-9]+)"')


def _note(cell: re.Match[bytes], errors: dict[tuple[int, int], str], formulas: list[str]) -> None:
    about, formula, value = cell.groups()
    place = _PLACE.search(about)
    if place is None:
        return
    if b't="e"' in about:
        told = (value or b"#N/A").decode(errors="replace")
        errors[int(place[2]) - 1, _column(place[1])] = told
    elif formula and not value and b't="str"' not in about:
        formulas.append((place[1] + place[2]).decode())


def _without_style(cell: re.Match[bytes]) -> bytes:
    """A cell, without its format where its number is no time of any calendar."""
    before, behind, value = cell.groups()
    try:
        in_calendar = abs(float(value)) <= _LAST_DAY
    except ValueError:
        return cell[0]
    return cell[0] if in_calendar else before + behind + value


def _column(letters: bytes) -> int:
    """A column as Excel names it, from 0: A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1


def _broken(archive: Archive) -> DrgpayError:
    return DrgpayError(*_ERRORS("broken_workbook", path=archive.path))
