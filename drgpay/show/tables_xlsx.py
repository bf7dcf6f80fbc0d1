"""A workbook of tables: a sheet a table, with title, facts, headings, rows and totals."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from drgpay.base.language import Language
from drgpay.show.sheets import BookPart, LongTable, Sheet, write_book
from drgpay.show.tables import ReportTable, Say


def write_tables(
    path: Path,
    title: str,
    facts: Mapping[str, str],
    tables: Sequence[ReportTable | LongTable],
    language: Language,
    say: Say,
) -> None:
    """Write a workbook with one sheet a table; the same tables give the same bytes.

    `title` and the keys of `facts` are keys of `say`; `facts` stand below the title of each sheet.
    A sheet lists at most 10,000 rows and says so, of a LongTable all.
    """
    colon = "：" if language == "zh" else ": "
    lines = [f"{say(key)}{colon}{value}" for key, value in facts.items()]
    sheets = [
        Sheet(one.table.key if isinstance(one, LongTable) else one.key, [one]) for one in tables
    ]
    write_book(path, [BookPart(say(title), lines, sheets, say)], language)
