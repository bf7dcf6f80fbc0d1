"""How check, stats and reconcile show and leave their results."""

from pathlib import Path
from typing import TYPE_CHECKING

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language
from drgpay.base.words import Sentences
from drgpay.cli import console
from drgpay.cli.tables import Format, give_tables
from drgpay.records.folder import refuse_overwriting

if TYPE_CHECKING:
    from drgpay.report.quality_tables import QualityReport

_ERRORS = Sentences("errors/cli")


def refuse_existing(out: Path | None, *inputs: Path | None) -> None:
    """Refuse a folder that exists before the work is done rather than after."""
    if out and out.exists():
        raise DrgpayError(*_ERRORS("exists", path=out))
    refuse_overwriting(out, inputs)


def publish(
    report: "QualityReport",
    out: Path | None,
    language: Language,
    as_format: Format = Format.table,
    only: str | None = None,
) -> None:
    """Leave the report's folder, if one is wanted, and print its tables."""
    leave(report, out, language)
    show(report, out, language, as_format, only)


def leave(report: "QualityReport", out: Path | None, language: Language) -> None:
    """With `out`, make a folder with the report's workbook and Parquet files."""
    from drgpay.records.writing import write_frame
    from drgpay.report.quality_tables import speaker
    from drgpay.run.staging import staged_folder
    from drgpay.show.tables_xlsx import write_tables

    if not out:
        return
    with staged_folder(out) as staged:
        for name, frame in report.files.items():
            write_frame(frame, staged / f"{name}.parquet")
        workbook, say = staged / report.workbook, speaker(language)
        write_tables(workbook, report.title, report.facts, report.sheets, language, say)


def show(
    report: "QualityReport",
    out: Path | None,
    language: Language,
    as_format: Format = Format.table,
    only: str | None = None,
) -> None:
    """Print the report's tables, and where its folder lies; or its files in a format for programs."""
    from drgpay.report.quality_tables import speaker
    from drgpay.show.tables_console import console_tables

    if as_format is not Format.table:
        give_tables(report.files, as_format, only)
        return
    console.show(console_tables(report.shown, speaker(language)))
    if out:
        console.say(console.shown(out))
