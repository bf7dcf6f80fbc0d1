"""`drgpay calibrate`."""

from pathlib import Path
from typing import Annotated

import typer

from drgpay.cli import console
from drgpay.cli.options import ClinicalCodes, Encoding, Lang, Mapping

EXAMPLES = """
[bold]Example[/bold]

drgpay calibrate history/ --scheme chs-drg-2.0 --policy policy.toml --hospitals hospitals.csv
--out catalogue-2026
"""


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(epilog=EXAMPLES)(calibrate)


def calibrate(
    stays: Annotated[Path, typer.Argument(help="Stays of past years: Parquet file or folder.")],
    scheme: Annotated[str, typer.Option(help="A scheme's id or its folder.")],
    policy: Annotated[str, typer.Option(help="A policy's id or its TOML file.")],
    hospitals: Annotated[Path, typer.Option(help="Table of hospitals, CSV or Parquet.")],
    out: Annotated[Path, typer.Option(help="The catalogue's folder to make.")],
    mapping: Mapping = None,
    encoding: Encoding = None,
    clinical_codes: ClinicalCodes = False,
    lang: Annotated[Lang, typer.Option(help="Language of the report.")] = Lang.zh,
) -> None:
    """Make a catalogue: the points of every group and the coefficients of every hospital."""
    from drgpay.records.dataset import RecordsInput
    from drgpay.report.calibration import console_report
    from drgpay.run.calibration import make_catalogue

    records = RecordsInput(stays, mapping, encoding, clinical_codes)
    progress = console.progress_bar
    made = make_catalogue(records, scheme, policy, hospitals, out, progress, lang.value)
    console.out().print(console_report(made.report, lang.value))
    typer.echo(f"{out}")
