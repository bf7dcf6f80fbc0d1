"""The standing of staff as people read it: on a terminal, or as one CSV file for its owner alone.

It names persons, so it is never part of a supervision, a run, the registry or a pack.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.records.writing import guarded, staged_file
from drgpay.show.tables import ReportTable
from drgpay.show.tables_console import console_tables
from drgpay.supervise.staff import Staff
from drgpay.supervise.tables import as_declared

if TYPE_CHECKING:
    from drgpay.show.terminal import Showable

_WORDS = Wording("supervision")


def staff_table(found: Staff) -> pl.DataFrame:
    """The table staff_status (docs/files.md)."""
    return as_declared("staff_status", found.status)


def write_staff(found: Staff, out: Path) -> None:
    """Write staff_status as CSV, for its owner alone; raises DrgpayError inside the folder of a result."""
    with staged_file(out) as staged:
        guarded(staff_table(found)).write_csv(staged, include_bom=True)


def staff_report(found: Staff, language: Language) -> "Showable":
    """The standing of everybody who has an entry."""
    table = ReportTable(
        "t_staff",
        staff_table(found),
        prefixes={"standing": "standing"},
        may_go=("entries", "fund_first"),
    )
    return console_tables([table], lambda key: _WORDS.word(key, language))
