"""The six tables of a scheme as they come out of a workbook, with the row that each line had."""

from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from drgpay.base.errors import DrgpayError, shortened
from drgpay.base.language import Words
from drgpay.base.words import Sentences
from drgpay.grouper.scheme import UNGROUPED_ADRG, UNGROUPED_DRG, UNGROUPED_MDC
from drgpay.grouper.sorts import sort_of
from drgpay.schemes.workbook.cleaning import cleaned
from drgpay.schemes.workbook.layout import SHEET_OF_TABLE
from drgpay.schemes.workbook.notes import Notes
from drgpay.schemes.workbook.reading import SheetText, WorkbookText

_ERRORS = Sentences("errors/schemes")

GroupTable = Literal["mdc", "adrg", "drg"]
GROUP_TABLES: tuple[GroupTable, ...] = ("mdc", "adrg", "drg")
PARENT_TABLE: dict[GroupTable, GroupTable | None] = {"mdc": None, "adrg": "mdc", "drg": "adrg"}
CODE_KEYS = {"sets": ("set", "code"), "exclusions": ("exclusion_table", "code")}

ADDED = 0
"""The row of what an amendment added."""

_UNGROUPED = {"mdc": UNGROUPED_MDC, "adrg": UNGROUPED_ADRG, "drg": UNGROUPED_DRG}


@dataclass(frozen=True)
class Group:
    """One MDC, ADRG or DRG; `parent` is the empty text for an MDC."""

    row: int
    code: str
    parent: str
    name: str
    rule: str
    sort: int | None


@dataclass(frozen=True)
class Tables:
    """All tables. Groups in the order of the sheet; sets (row, set, code), cc (row, code, level,
    exclusion_table) and exclusions (row, exclusion_table, code) likewise.
    """

    groups: dict[GroupTable, list[Group]]
    sets: pl.DataFrame
    cc: pl.DataFrame
    exclusions: pl.DataFrame

    def with_groups(self, table: GroupTable, groups: list[Group]) -> "Tables":
        """The same tables with other groups at one level."""
        return replace(self, groups={**self.groups, table: groups})


def sheet_name(table: str) -> str:
    """The name of the sheet that holds a table."""
    return SHEET_OF_TABLE[table].name


def clean_tables(text: WorkbookText, notes: Notes) -> Tables:
    """The tables of a workbook; cells cleaned, rows without a key left out, each with a note."""
    frames = {table: _clean(sheet, notes) for table, sheet in text.sheets.items()}
    groups: dict[GroupTable, list[Group]] = {
        table: _groups(text, table, frames[table]) for table in GROUP_TABLES
    }
    _note_other_parents(groups, frames["drg"], notes)
    cc = frames["cc"].with_columns(pl.col("level").str.to_uppercase())
    wrong = cc.filter(~pl.col("level").is_in(["MCC", "CC"]))
    if wrong.height:
        place = _place(text, "cc", wrong["row"][0])
        raise DrgpayError(*_ERRORS("no_level", place=place, level=wrong["level"][0]))
    return Tables(
        groups,
        frames["sets"].select("row", "set", "code"),
        cc.select("row", "code", "level", "exclusion_table"),
        frames["exclusions"].select("row", "exclusion_table", "code"),
    )


def _clean(text: SheetText, notes: Notes) -> pl.DataFrame:
    frame, sheet = text.rows, text.sheet
    kinds = {column.key: column for column in sheet.columns if column.key in frame.columns}
    clean = frame.with_columns(cleaned(pl.col(key), column.kind) for key, column in kinds.items())
    for key, column in kinds.items():
        changed = pl.DataFrame({"row": frame["row"], "was": frame[key], "is": clean[key]}).filter(
            pl.col("was") != pl.col("is")
        )
        for row, was, now in changed.iter_rows():
            notes.add(
                sheet.name,
                row,
                "characters",
                column=column.headers[0],
                was=was,
                now=now,
            )
    clean = _codes_from_numbers(text, clean, notes)
    needed = _needed_keys(text)
    lacking = clean.filter(pl.any_horizontal(pl.col(key) == "" for key in needed))
    for row in lacking["row"]:
        headers = "、".join(kinds[key].headers[0] for key in needed)
        notes.add(
            sheet.name,
            row,
            "left_out",
            headers=headers,
        )
    return clean.filter(pl.all_horizontal(pl.col(key) != "" for key in needed))


def _needed_keys(text: SheetText) -> list[str]:
    match text.sheet.table:
        case "sets" | "exclusions" as table:
            return list(CODE_KEYS[table])
        case "cc":
            return ["code"]
        case table:
            return [table]


def _codes_from_numbers(text: SheetText, frame: pl.DataFrame, notes: Notes) -> pl.DataFrame:
    """Codes that Excel holds as numbers; the one that stands for no group is made whole again."""
    for key, rows in text.numeric.items():
        if key in ("type", "exclusion_table"):
            continue
        for row, value in frame.filter(pl.col("row").is_in(rows)).select("row", key).iter_rows():
            whole = _UNGROUPED.get(key, "0") if value == "0" else value
            notes.add(
                text.sheet.name,
                row,
                "number_as_code",
                value=value,
                whole=whole,
            )
        if key in _UNGROUPED:
            number = pl.col("row").is_in(rows) & (pl.col(key) == "0")
            frame = frame.with_columns(
                pl.when(number).then(pl.lit(_UNGROUPED[key])).otherwise(key).alias(key)
            )
    return frame


def _groups(text: WorkbookText, table: GroupTable, frame: pl.DataFrame) -> list[Group]:
    parent = PARENT_TABLE[table]
    groups = []
    for row in frame.iter_rows(named=True):
        sort = sort_of(row["sort"].removesuffix(".0"))
        if sort is None and row["sort"]:
            given, place = shortened(row["sort"], 40), _place(text, table, row["row"])
            raise DrgpayError(*_ERRORS("no_sort", place=place, code=row[table], sort=given))
        groups.append(
            Group(
                row["row"],
                row[table],
                row[parent] if parent else "",
                row["name"],
                row["rule"],
                sort,
            )
        )
    return groups


def _note_other_parents(
    groups: dict[GroupTable, list[Group]], drgs: pl.DataFrame, notes: Notes
) -> None:
    if "mdc" not in drgs.columns:
        return
    mdc_of_adrg = {adrg.code: adrg.parent for adrg in groups["adrg"]}
    for row, drg, adrg, mdc in drgs.select("row", "drg", "adrg", "mdc").iter_rows():
        expected = mdc_of_adrg.get(adrg, mdc)
        if mdc not in ("", expected):
            notes.add(
                sheet_name("drg"),
                row,
                "parent_differs",
                drg=drg,
                mdc=mdc,
                adrg=adrg,
                expected=expected,
            )


def _place(text: WorkbookText, table: str, row: int) -> Words:
    return _ERRORS.words("place.row", path=text.path, sheet=sheet_name(table), row=row)
