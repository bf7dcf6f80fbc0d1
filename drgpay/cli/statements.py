"""`drgpay statements`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from drgpay.base.language import chosen
from drgpay.cli import console
from drgpay.cli.options import AsJson

EXAMPLES = (
    "drgpay statements runs/2026-10-9726ef57c5",
    "drgpay statements runs/2026-10-9726ef57c5 --hospital H3390001 --out to-send",
    "drgpay statements runs/2026-10-9726ef57c5 --with runs/2026-09-1f2e3d4c5b --with runs/2025-10-0a1b2c3d4e",
)


def statements(
    run: Annotated[Path, typer.Argument()],
    hospital: Annotated[list[str] | None, typer.Option()] = None,
    further: Annotated[list[Path] | None, typer.Option("--with")] = None,
    out: Annotated[Path | None, typer.Option()] = None,
    processes: Annotated[int | None, typer.Option(min=1)] = None,
    as_json: AsJson = False,
) -> None:
    """Write the workbook of each hospital of a month, with all of its cases."""
    from drgpay.run.statements import write_statements

    written = write_statements(
        run, chosen(), hospital or (), out, further or (), processes, console.progress_bar
    )
    if as_json:
        summary = {
            "folder": str(written.folder),
            "hospitals": list(written.hospitals),
            "compared": dict(written.earlier),
        }
        console.give_json(json.dumps(summary, ensure_ascii=False, indent=2))
        return
    for run_id in written.earlier.values():
        console.say(run_id, err=True)
    console.say(console.shown(written.folder))
