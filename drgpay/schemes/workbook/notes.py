"""What an import read, repaired and left out: one note for each line."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import polars as pl

from drgpay.base.language import Language, Words
from drgpay.base.words import Wording
from drgpay.records.writing import guarded
from drgpay.schemes.workbook.layout import SHEETS

Kind = Literal[
    "read",  # which columns were found where, and how many rows
    "characters",  # invisible or full-width characters, line breaks
    "letter_case",  # keywords, fields and set names in another case
    "number_as_code",  # Excel holds the code as a number: zeros may be lost
    "left_out",  # a row without its key
    "duplicate",  # a row that says the same as an earlier one
    "always_true",  # the bare number 1
    "sort_missing",
    "sort_repeated",
    "fallback_moved",
    "ambiguous_moved",
    "surgical_after_medical",
    "order_kept",  # what would have been moved, had the order not been kept
    "parent_differs",  # the DRG sheet and the ADRG sheet name different MDCs
    "exclusion_table_missing",
    "empty_set",
    "amended",
    "amendment_idle",
    "list_read",  # which list was found, and how many of its codes are known
    "list_unknown",  # a code of a list that nothing knows: left out
    "list_adds",  # a code that a list adds to a set of the workbook
    "list_lacks",  # a code of a set of the workbook that the list of the set lacks
]
KINDS: tuple[Kind, ...] = get_args(Kind)
TO_CHECK: frozenset[Kind] = frozenset(
    {
        "number_as_code",
        "left_out",
        "surgical_after_medical",
        "order_kept",
        "parent_differs",
        "exclusion_table_missing",
        "empty_set",
        "amendment_idle",
        "list_unknown",
        "list_adds",
        "list_lacks",
    }
)
"""What somebody should look at: the workbook may say something else than is meant."""
WORDS = Wording("scheme_import")


@dataclass(frozen=True)
class Note:
    """One line of the report; `row` is the row in Excel, None for a whole sheet."""

    sheet: str
    row: int | None
    kind: Kind
    text: Words


@dataclass
class Notes:
    """The notes of one import, in the order in which they were made."""

    lines: list[Note] = field(default_factory=list)

    def add(self, sheet: str, row: int | None, kind: Kind, /, **facts: object) -> None:
        """Add one line; the facts fill the words of its kind."""
        self.lines.append(Note(sheet, row, kind, WORDS.words(f"note.{kind}", **facts)))

    def count(self, kind: Kind) -> int:
        """How many lines are of a kind."""
        return sum(line.kind == kind for line in self.lines)

    def frame(self, language: Language) -> pl.DataFrame:
        """The columns sheet, row, kind, text; one row a note, by sheet and row."""
        lines = sorted(self.lines, key=_place)
        return pl.DataFrame(
            [(line.sheet, line.row, line.kind, line.text.said_in(language)) for line in lines],
            schema={"sheet": pl.String, "row": pl.Int64, "kind": pl.String, "text": pl.String},
            orient="row",
        )

    def write(self, path: Path, language: Language) -> None:
        """Write the report as CSV; the byte order mark lets Excel read its Chinese."""
        guarded(self.frame(language)).write_csv(path, include_bom=True)


_SHEET_NAMES = [sheet.name for sheet in SHEETS]


def _place(note: Note) -> tuple[int, str, int]:
    """Sheets in the order of the layout, then the list of amendments; rows in theirs."""
    known = note.sheet in _SHEET_NAMES
    number = _SHEET_NAMES.index(note.sheet) if known else len(_SHEET_NAMES)
    return number, note.sheet, note.row or 0
