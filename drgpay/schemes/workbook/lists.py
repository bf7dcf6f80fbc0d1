"""The lists published beside the workbook: diagnoses that cannot be principal and others.

A list is a sheet of a workbook or a CSV. Which one it is and where its codes stand is told by its
title and its headings, which lists.toml has. A scheme keeps a list as a table of its own or, like
the robot-assisted procedures, as a set.
"""

import csv
import io
import tomllib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError, shortened
from drgpay.base.language import Words, listed
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Sentences
from drgpay.schemes.workbook.cleaning import cleaned
from drgpay.schemes.workbook.layout import LAST_HEADER_ROW, SCHEME_SHEET, SHEETS
from drgpay.schemes.workbook.notes import WORDS, Notes
from drgpay.schemes.workbook.reading import open_book, plain_header, sheet_rows, text_of

_ERRORS = Sentences("errors/schemes")

_CSV_ENCODINGS = ("utf-8-sig", "gb18030")


@dataclass(frozen=True)
class ListKind:
    """A kind of list, as lists.toml describes it; `codes`: diagnoses, procedures or groups."""

    name: str
    sheet: str
    titles: tuple[str, ...]
    codes: str
    headings: tuple[str, ...]
    set: str = ""
    set_headings: tuple[str, ...] = ()

    def called_in(self, texts: Iterable[str]) -> bool:
        """Whether one of the texts says that something is this list."""
        return any(plain_header(title) in text for title in self.titles for text in texts)


@dataclass(frozen=True)
class CodeList:
    """A list as it was read; `rows` has row (as Excel counts), set (or empty) and code.

    `numeric`: rows whose code was stored as a number.
    """

    kind: ListKind
    path: Path
    sheet: str
    rows: pl.DataFrame
    numeric: frozenset[int]

    @property
    def place(self) -> Words:
        """The file, and the sheet if it has any."""
        if self.sheet == self.path.name:
            return _ERRORS.words("place.file", path=self.path)
        return _ERRORS.words("place.sheet", path=self.path, sheet=self.sheet)


@cache
def list_kinds() -> tuple[ListKind, ...]:
    """The kinds of lists that are known."""
    text = files("drgpay.schemes.workbook").joinpath("lists.toml").read_text(encoding="utf-8")
    kinds = tomllib.loads(text)
    return tuple(_list_kind(name, keys) for name, keys in kinds.items())


def _list_kind(name: str, keys: dict[str, Any]) -> ListKind:
    texts: dict[str, Any] = {
        key: tuple(said) if isinstance(said, list) else said for key, said in keys.items()
    }
    return ListKind(name=name, **texts)


def read_lists(path: Path) -> list[CodeList]:
    """The lists of a workbook or a CSV.

    Raises DrgpayError for a file that cannot be read, one that has no list, a list without a column
    of codes and one without codes.
    """
    sheets = [(path.name, _csv_rows(path))] if path.suffix.lower() == ".csv" else _sheets(path)
    alone = plain_header(path.stem) if len(sheets) == 1 else ""
    found = [(kind, *sheet) for sheet in sheets if (kind := _kind(*sheet, alone))]
    if not found:
        known = listed(kind.sheet for kind in list_kinds())
        said = {"path": path, "sheets": listed(name for name, _ in sheets), "known": known}
        raise DrgpayError(*_ERRORS("no_list", **said))
    return [_code_list(path, *one) for one in found]


def lists_inside(path: Path) -> list[CodeList]:
    """The lists that a configuration workbook has as sheets of its own, named as lists.toml says."""
    names = {plain_header(kind.sheet): kind for kind in list_kinds()}
    return [
        _code_list(path, names[plain_header(name)], name, rows)
        for name, rows in _sheets(path)
        if plain_header(name) in names
    ]


def known_codes(found: CodeList, known: Collection[str], system: str, notes: Notes) -> pl.DataFrame:
    """The rows of a list whose codes are known, each code once; the others are noted.

    A code that Excel kept as a number gets back the zeros with which it is known. Raises
    DrgpayError if no code of the list is known.
    """
    codes = [
        _made_whole(code, known) if row in found.numeric else code
        for row, code in found.rows.select("row", "code").iter_rows()
    ]
    rows = found.rows.with_columns(code=pl.Series(codes, dtype=pl.String))
    is_known = pl.col("code").is_in(list(known))
    unknown = rows.filter(~is_known)
    if unknown.height == rows.height:
        what = _ERRORS.words(f"codes_of.{found.kind.codes}", system=system)
        said = {"place": found.place, "codes": rows.height, "such": shortened(codes[0], 40)}
        raise DrgpayError(*_ERRORS("list_unknown", what=what, **said))
    for row, code in unknown.select("row", "code").iter_rows():
        what = WORDS.words(f"part.codes_of.{found.kind.codes}", system=system)
        notes.add(found.sheet, row, "list_unknown", code=code, what=what)
    kept = rows.filter(is_known).unique(["set", "code"], keep="first", maintain_order=True)
    facts = {"list": found.kind.sheet, "file": found.path.name, "codes": kept.height}
    notes.add(found.sheet, None, "list_read", **facts)
    return kept


def _made_whole(code: str, known: Collection[str]) -> str:
    whole, _, decimals = code.partition(".")
    if not whole.isdigit():
        return code
    for left in ("", "0"):
        for right in range(5):
            text = f"{left}{whole}.{decimals}{'0' * right}"
            if text in known:
                return text
    return code


def _kind(name: str, rows: list[list[Any]], file: str) -> ListKind | None:
    """What list it is: by the name of the sheet, then its first rows, then the name of the file."""
    heads = [plain_header(cell) for row in rows[: _header_row(rows)] for cell in row]
    for texts in ([plain_header(name)], heads, [file]):
        kinds = [kind for kind in list_kinds() if kind.called_in(texts)]
        if len(kinds) == 1:
            return kinds[0]
    return None


def _header_row(rows: list[list[Any]]) -> int:
    """The row (from 1) that looks like the header of a list, 0 where none does."""
    headings = {plain_header(text) for kind in list_kinds() for text in kind.headings}
    for number, row in enumerate(rows[:LAST_HEADER_ROW], start=1):
        if any(plain_header(cell) in headings for cell in row):
            return number
    return 0


def _code_list(path: Path, kind: ListKind, sheet: str, rows: list[list[Any]]) -> CodeList:
    said = {"path": path, "sheet": sheet, "headings": _ERRORS.words("or").between(kind.headings)}
    header, place = _column(rows, kind.headings)
    if place is None:
        raise DrgpayError(*_ERRORS("list_without_column", most=LAST_HEADER_ROW, **said))
    _, set_place = _column(rows[header - 1 : header], kind.set_headings)
    body = [
        (number, row) for number, row in enumerate(rows[header:], header + 1) if len(row) > place
    ]
    frame = pl.DataFrame(
        {
            "row": [number for number, _ in body],
            "set": [
                kind.set if set_place is None else text_of(row[set_place]) or kind.set
                for _, row in body
            ],
            "code": [text_of(row[place]) for _, row in body],
        },
        schema={"row": pl.Int64, "set": pl.String, "code": pl.String},
    )
    frame = frame.with_columns(cleaned(pl.col("set", "code"), "code")).filter(pl.col("code") != "")
    if frame.is_empty():
        raise DrgpayError(*_ERRORS("list_empty", **said))
    numeric = frozenset(number for number, row in body if isinstance(row[place], int | float))
    return CodeList(kind, path, sheet, frame, numeric)


def _column(rows: Sequence[list[Any]], headings: Sequence[str]) -> tuple[int, int | None]:
    """The row of the header (from 1) and the place of the first of these headings in it."""
    for number, row in enumerate(rows[:LAST_HEADER_ROW], start=1):
        texts = [plain_header(cell) for cell in row]
        for heading in headings:
            if plain_header(heading) in texts:
                return number, texts.index(plain_header(heading))
    return 0, None


def _sheets(path: Path) -> list[tuple[str, list[list[Any]]]]:
    """The sheets that may be lists: all but those of the configuration itself."""
    book = open_book(path)
    own = {plain_header(name) for name in (SCHEME_SHEET, *(sheet.name for sheet in SHEETS))}
    return [
        (name, sheet_rows(book, name)) for name in book.sheet_names if plain_header(name) not in own
    ]


def _csv_rows(path: Path) -> list[list[Any]]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DrgpayError(*_ERRORS("no_file", path=path)) from None
    except OSError as error:
        raise DrgpayError(*_ERRORS("unreadable_list", path=path, said=reason_of(error))) from None
    for encoding in _CSV_ENCODINGS:
        try:
            return list(csv.reader(io.StringIO(content.decode(encoding), newline="")))
        except (UnicodeDecodeError, csv.Error):
            continue
    said = _ERRORS.words("neither_encoding")
    raise DrgpayError(*_ERRORS("unreadable_list", path=path, said=said))
