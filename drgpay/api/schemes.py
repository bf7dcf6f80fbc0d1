"""Schemes as tables and workbooks: checked, imported, exported."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl

from drgpay.api.arguments import checked
from drgpay.base.file_rights import BY_UMASK
from drgpay.base.language import Language, chosen
from drgpay.run.staging import staged_folder
from drgpay.schemes import check
from drgpay.schemes.findings import findings_frame
from drgpay.schemes.workbook.export import export_workbook
from drgpay.schemes.workbook.importing import (
    ImportChoices,
    ImportedScheme,
    import_workbook,
    write_scheme,
)


@checked
def check_scheme(scheme: str | Path, *, language: Language | None = None) -> pl.DataFrame:
    """Every mistake in the tables of a scheme (id or folder), errors first.

    Returns severity (`error`, `warning`), code, table, row (of the file), subject, message, remedy;
    empty where there is none. Takes some seconds for a national scheme. Raises DrgpayError only
    where there is no such scheme. Source: the tables; docs/commands.md, "drgpay scheme check".
    """
    return findings_frame(check.check_scheme(str(scheme)), language or chosen())


@checked
def import_scheme(
    workbook: str | Path,
    scheme_id: str,
    out: str | Path,
    *,
    about: Mapping[str, str | date] | None = None,
    amendments: str | Path | None = None,
    retry_other_procedures: bool | None = None,
    keep_order: bool | None = None,
    allow_empty_sets: bool = False,
    language: Language | None = None,
) -> ImportedScheme:
    """Make a scheme folder of a configuration workbook, as `drgpay scheme import` does.

    about: keys of scheme.toml - name, authority, version, effective_from, effective_to (dates),
    kind, code_system. The other options are those of the command. Returns `info`, `frames` (the
    tables as text, by name) and `notes` (what was repaired). Raises DrgpayError for missing sheets
    and columns, contradictory rows, rules that do not parse, and if `out` exists.
    Source: the workbook; docs/commands.md, "drgpay scheme import".
    """
    choices = ImportChoices(
        {"id": scheme_id, **(about or {})},
        retry_other_procedures,
        keep_order,
        allow_empty_sets,
        Path(amendments) if amendments else None,
    )
    imported = import_workbook(Path(workbook), choices)
    with staged_folder(Path(out), rights=BY_UMASK) as staged:
        write_scheme(imported, staged, language or chosen())
    return imported


@checked
def export_scheme(scheme: str | Path, workbook: str | Path) -> dict[str, int]:
    """Write a scheme of kind drg as a configuration workbook (.xlsx) that import reads again.

    Returns how many rows each sheet has. Raises DrgpayError for an unknown scheme, one of kind apg
    and a file that cannot be written. Source: the tables of the scheme.
    """
    return export_workbook(str(scheme), Path(workbook))
