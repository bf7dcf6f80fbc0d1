"""Put the lists beside a workbook into the scheme: tables of their own, or sets that rules ask."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from drgpay.grouper.scheme_files import OPTIONAL_TABLES
from drgpay.records.known_codes import codes_in
from drgpay.schemes.workbook.lists import CodeList, known_codes, lists_inside, read_lists
from drgpay.schemes.workbook.notes import Notes
from drgpay.schemes.workbook.tables import ADDED, Tables


def with_lists(
    workbook: Path, paths: Sequence[Path], tables: Tables, system: str, notes: Notes
) -> tuple[Tables, dict[str, pl.DataFrame]]:
    """The tables with the sets that lists fill, and the tables of OPTIONAL_TABLES that lists make.

    The lists are those of `paths` and the sheets of the workbook itself that are called like one.
    Raises DrgpayError as `read_lists` and `known_codes`.
    """
    lists = [*lists_inside(workbook), *(one for path in paths for one in read_lists(path))]
    codes: dict[str, list[str]] = {}
    for found in lists:
        rows = found.rows
        if (known := _known(found, tables, system)) is not None:
            rows = known_codes(found, known, system, notes)
        if found.kind.set:
            tables = _with_sets(tables, found, rows, notes)
        else:
            codes.setdefault(found.kind.name, []).extend(rows["code"])
    return tables, {
        table: pl.DataFrame({column: sorted(set(codes[table]))}, schema={column: pl.String})
        for table, (column,) in OPTIONAL_TABLES.items()
        if table in codes
    }


def _known(found: CodeList, tables: Tables, system: str) -> Collection[str] | None:
    """The codes that may stand in a list: of the code system and of the workbook; None for any."""
    if found.kind.codes == "groups":
        return {group.code for table in ("adrg", "drg") for group in tables.groups[table]}
    of_system = codes_in(system, found.kind.codes)
    if of_system is None:
        return None
    further: Iterable[str] = (
        *tables.sets["code"].unique(),
        *(tables.cc["code"] if found.kind.codes == "diagnoses" else ()),
        *(tables.exclusions["code"].unique() if found.kind.codes == "diagnoses" else ()),
    )
    return of_system.union(further)


def _with_sets(tables: Tables, found: CodeList, rows: pl.DataFrame, notes: Notes) -> Tables:
    """The sets with the codes of a list; where the workbook has the set otherwise, it is noted."""
    for (name,), part in rows.group_by("set", maintain_order=True):
        there = tables.sets.filter(pl.col("set") == name)
        lacking = part.filter(~pl.col("code").is_in(there["code"].to_list()))
        further = there.filter(~pl.col("code").is_in(part["code"].to_list()))
        said = {"set": name, "list": found.kind.sheet}
        for row, code in lacking.select("row", "code").iter_rows():
            if there.height:
                notes.add(found.sheet, row, "list_adds", code=code, **said)
        for code in further["code"]:
            notes.add(found.sheet, None, "list_lacks", code=code, **said)
        added = lacking.select(pl.lit(ADDED, pl.Int64).alias("row"), "set", "code")
        tables = replace(tables, sets=pl.concat([tables.sets, added.cast(tables.sets.schema)]))
    return tables
