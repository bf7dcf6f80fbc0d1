"""`drgpay report`."""

from pathlib import Path
from typing import Annotated

import typer

from drgpay.cli import console
from drgpay.cli.options import Lang, examples

EXAMPLES = examples(
    "drgpay report runs/2026-10-9726ef57c5",
    "drgpay report runs/2026-10-9726ef57c5 --with runs/2026-09-1f2e3d4c5b --with runs/2026-08-0a1b2c3d4e",
    "drgpay report runs/2026-10-9726ef57c5 --out october.html --lang en",
)


def report(
    run: Annotated[Path, typer.Argument(help="The folder of a run.")],
    further: Annotated[
        list[Path] | None,
        typer.Option(
            "--with",
            help="A run of another month of the year, for the point values; repeatable. "
            "By default the latest run of each month beside the run.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The HTML file; by default beside the run's folder.")
    ] = None,
    lang: Annotated[Lang, typer.Option(help="Language of the report.")] = Lang.zh,
) -> None:
    """Write the report of a run: one HTML file with charts, to read, print and send."""
    from drgpay.report.html.write import write_report

    written = write_report(run, further or [], out, lang.value)
    console.say(" · ".join(month.run_id for month in written.months), err=True)
    console.say(console.shown(written.path))
