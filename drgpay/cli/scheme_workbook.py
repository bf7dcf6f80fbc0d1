"""`drgpay scheme import` and `drgpay scheme export`: the configuration workbook."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import Language, chosen
from drgpay.base.words import Wording
from drgpay.cli import console
from drgpay.cli.commands import add_command

if TYPE_CHECKING:
    from drgpay.schemes.workbook.notes import Notes

IMPORT_EXAMPLES = (
    "drgpay scheme import CHS-DRG-3.0.xlsx --id chs-drg-3.0 --out schemes/chs-drg-3.0",
    "drgpay scheme import city.xlsx --id city-2026 --out city-2026 --amendments amendments.csv",
)

EXPORT_EXAMPLES = ("drgpay scheme export chs-drg-2.0 --out chs-drg-2.0.xlsx",)


_said = Wording("scheme_import").said
_SHOWN = 120  # characters of a note; all of it stands in the report


class SchemeKind(StrEnum):
    """What a scheme groups: stays or outpatient visits."""

    drg = "drg"
    apg = "apg"


def register(commands: typer.Typer) -> None:
    """Add the commands to `drgpay scheme`."""
    add_command(commands, import_scheme, IMPORT_EXAMPLES, "import")
    add_command(commands, export_scheme, EXPORT_EXAMPLES, "export")


def import_scheme(
    workbook: Annotated[Path, typer.Argument()],
    scheme_id: Annotated[str, typer.Option("--id")],
    out: Annotated[Path, typer.Option()],
    amendments: Annotated[Path | None, typer.Option()] = None,
    lists: Annotated[list[Path] | None, typer.Option()] = None,
    name: Annotated[str | None, typer.Option()] = None,
    authority: Annotated[str | None, typer.Option()] = None,
    version_label: Annotated[str | None, typer.Option()] = None,
    effective_from: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])] = None,
    effective_to: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])] = None,
    kind: Annotated[SchemeKind | None, typer.Option()] = None,
    code_system: Annotated[str | None, typer.Option()] = None,
    retry_other_procedures: Annotated[
        bool | None, typer.Option("--retry-other-procedures/--no-retry-other-procedures")
    ] = None,
    keep_order: Annotated[bool | None, typer.Option("--keep-order/--repair-order")] = None,
    allow_empty_sets: Annotated[bool, typer.Option("--allow-empty-sets")] = False,
) -> None:
    """Make a scheme of a configuration workbook, and report line by line what was repaired."""
    from drgpay.base.file_rights import BY_UMASK
    from drgpay.run.staging import staged_folder
    from drgpay.schemes.workbook.importing import (
        REPORT_FILE,
        ImportChoices,
        import_workbook,
        write_scheme,
    )

    fields = {
        "id": scheme_id,
        "name": name,
        "authority": authority,
        "version": version_label,
        "effective_from": effective_from.date() if effective_from else None,
        "effective_to": effective_to.date() if effective_to else None,
        "kind": kind.value if kind else None,
        "code_system": code_system,
    }
    choices = ImportChoices(
        fields,
        retry_other_procedures,
        keep_order,
        allow_empty_sets,
        amendments,
        tuple(lists or ()),
    )
    imported = import_workbook(workbook, choices)
    with staged_folder(out, rights=BY_UMASK) as staged:
        write_scheme(imported, staged, chosen())
    _show_counts(imported.notes, chosen())
    rows = ", ".join(f"{table} {frame.height:,}" for table, frame in imported.frames.items())
    console.say(f"{console.shown(out)}: {rows}")
    console.say(console.shown(out / REPORT_FILE))


def export_scheme(
    scheme: Annotated[str, typer.Argument()],
    out: Annotated[Path, typer.Option("--out", "--xlsx")],
) -> None:
    """Write a scheme as a configuration workbook, which `drgpay scheme import` reads again."""
    from drgpay.schemes.workbook.export import export_workbook

    sheets = export_workbook(scheme, out)
    rows = ", ".join(f"{sheet} {count:,}" for sheet, count in sheets.items())
    console.say(f"{console.shown(out)}: {rows}")


def _show_counts(notes: "Notes", language: Language) -> None:
    """Print how many notes there are of each kind, and the first of each that is to be checked."""
    import polars as pl

    from drgpay.base.errors import shortened
    from drgpay.schemes.workbook.notes import KINDS, TO_CHECK
    from drgpay.show.tables import ReportTable

    firsts = {note.kind: note for note in reversed(notes.lines)}
    rows = []
    for kind in KINDS:
        if note := firsts.get(kind):
            row = f" {note.row}" if note.row else ""
            told = ""
            if kind in TO_CHECK:
                told = shortened(f"{note.sheet}{row}: {note.text.said_in(language)}", _SHOWN)
            rows.append((_said(f"kind.{kind}", language), notes.count(note.kind), told))
    schema = {"what": pl.String, "lines": pl.Int64, "check": pl.String}
    table = ReportTable("title", pl.DataFrame(rows, schema, orient="row"))
    console.show_blocks(table, say=lambda key: _said(key, language))
