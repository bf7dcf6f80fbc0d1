"""How check, stats and reconcile show and leave their results."""

import calendar
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from drgpay.cli import console
from drgpay.errors import DrgpayError
from drgpay.language import Language

if TYPE_CHECKING:
    from drgpay.report.quality_tables import QualityReport


def refuse_existing(out: Path | None) -> None:
    """Refuse a folder that exists before the work is done rather than after."""
    if out and out.exists():
        raise DrgpayError(f"{out} exists already", "name another folder")


def month_of(period: str) -> str:
    """A month written 2026-10; raises DrgpayError for anything else."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", period):
        raise DrgpayError(f"{period!r} is no month", "write a month as 2026-10")
    return period


def days_of_month(period: str) -> tuple[date, date]:
    """The first and last day of a month written 2026-10."""
    year, month = (int(part) for part in month_of(period).split("-"))
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def publish(report: "QualityReport", out: Path | None, language: Language) -> None:
    """Print the report; with `out`, leave a folder with its workbook and Parquet files."""
    from drgpay.records.writing import ROW_GROUP_ROWS
    from drgpay.report.quality_tables import speaker
    from drgpay.report.tables_console import console_tables
    from drgpay.report.tables_xlsx import write_tables
    from drgpay.run.staging import staged_folder

    say = speaker(language)
    if out:
        with staged_folder(out) as staged:
            for name, frame in report.files.items():
                # One chunk, so that the layout of the file depends on its rows alone.
                path = staged / f"{name}.parquet"
                frame.rechunk().write_parquet(path, row_group_size=ROW_GROUP_ROWS)
            workbook = staged / report.workbook
            write_tables(workbook, report.title, report.facts, report.sheets, language, say)
    console.out().print(console_tables(report.shown, say))
    if out:
        typer.echo(f"{console.shown(out)}")
