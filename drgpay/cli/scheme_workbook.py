"""`drgpay scheme import` and `drgpay scheme export`: the configuration workbook."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language, chosen, listed
from drgpay.base.words import Sentences, Wording
from drgpay.cli import console
from drgpay.cli.commands import add_command
from drgpay.cli.options import pairs
from drgpay.cli.tables import AsFormat, Format, give_tables, refuse_terminal

if TYPE_CHECKING:
    from drgpay.schemes.workbook.notes import Notes

IMPORT_EXAMPLES = (
    "drgpay scheme import CHS-DRG-3.0.xlsx --id chs-drg-3.0 --out schemes/chs-drg-3.0",
    "drgpay scheme import city.xlsx --id city-2026 --out city-2026 --amendments amendments.csv\n"
    "--set version=2026 --set effective_from=2026-01-01",
)

EXPORT_EXAMPLES = ("drgpay scheme export chs-drg-2.0 --out chs-drg-2.0.xlsx",)


_said = Wording("scheme_import").said
_ERRORS = Sentences("errors/cli")
_SHOWN = 120  # characters of a note; all of it stands in the report


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
    keys: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE")] = None,
    retry_other_procedures: Annotated[
        bool | None, typer.Option("--retry-other-procedures/--no-retry-other-procedures")
    ] = None,
    keep_order: Annotated[bool | None, typer.Option("--keep-order/--repair-order")] = None,
    allow_empty_sets: Annotated[bool, typer.Option("--allow-empty-sets")] = False,
    as_format: AsFormat = Format.table,
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

    refuse_terminal(as_format)
    choices = ImportChoices(
        {"id": scheme_id, **_keys(keys or [])},
        retry_other_procedures,
        keep_order,
        allow_empty_sets,
        amendments,
        tuple(lists or ()),
    )
    imported = import_workbook(workbook, choices)
    with staged_folder(out, rights=BY_UMASK) as staged:
        write_scheme(imported, staged, chosen())
    if as_format is not Format.table:
        give_tables({"notes": imported.notes.frame(chosen())}, as_format)
        return
    _show_counts(imported.notes, chosen())
    rows = ", ".join(f"{table} {frame.height:,}" for table, frame in imported.frames.items())
    console.say(f"{console.shown(out)}: {rows}")
    console.say(console.shown(out / REPORT_FILE))


_KEYS = (
    *("name", "name_en", "authority", "version", "effective_from", "effective_to", "kind"),
    *("code_system", "source"),
)
"""Keys of scheme.toml that a workbook does not tell."""


def _keys(given: list[str]) -> dict[str, str]:
    """The keys of scheme.toml that --set gives; raises DrgpayError for another one."""
    found = pairs("--set", given, "KEY=VALUE", "effective_from=2026-01-01")
    for key in found:
        if key not in _KEYS:
            raise DrgpayError(*_ERRORS("no_scheme_key", key=key, known=listed(_KEYS)))
    return found


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
