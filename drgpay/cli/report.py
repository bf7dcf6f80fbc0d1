"""`drgpay report`."""

from pathlib import Path
from typing import Annotated

import typer

from drgpay.base.language import chosen
from drgpay.cli import console

EXAMPLES = (
    "drgpay report runs/2026-10-9726ef57c5",
    "drgpay report runs/2026-10-9726ef57c5 --with runs/2026-09-1f2e3d4c5b --with runs/2026-08-0a1b2c3d4e",
    "drgpay report runs/2026-10-9726ef57c5 --out october.html --lang en",
    "drgpay report runs/2026-7c1a9e0b44",
)


def report(
    run: Annotated[Path, typer.Argument()],
    further: Annotated[list[Path] | None, typer.Option("--with")] = None,
    out: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """Write the report of a run or a clearing: one HTML file with charts, to read, print and send."""
    from drgpay.report.html.write import write_report

    written = write_report(run, further or [], out, chosen())
    console.say(" · ".join(month.run_id for month in written.months), err=True)
    console.say(console.shown(written.path))
