"""`drgpay catalogue`: catalogues that are not calibrated."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from drgpay.base.errors import DrgpayError
from drgpay.base.language import chosen
from drgpay.base.words import Sentences
from drgpay.cli.calibrate import give_report
from drgpay.cli.commands import add_command, add_group
from drgpay.cli.options import Encoding, pairs
from drgpay.cli.tables import AsFormat, Format, Only, refuse_terminal

EXAMPLES = (
    "drgpay catalogue import weights.csv --scheme chs-drg-2.0 --all-mean 9800 --out catalogue-2026",
    "drgpay catalogue import prices.csv --scheme city-2026 --all-mean 9800 --out catalogue-2026\n"
    "--column drg=DRG编码 --column price_3A=三级支付标准 --column price_2A=二级支付标准 --base 3A",
    "drgpay catalogue import city.xlsx --scheme city-2026 --all-mean 9986.9352 --out catalogue-2026\n"
    "--column 'coefficient_*=等级系数（*）' --drop '支付标准*' --mark 单议病组=stand_in",
)
_ERRORS = Sentences("errors/cli")
_MOST_PLACES = 8


def register(app: typer.Typer) -> None:
    """Add the command group to the program."""
    add_command(add_group(app, "catalogue"), import_weights, EXAMPLES, "import")


def import_weights(
    weights: Annotated[Path, typer.Argument()],
    scheme: Annotated[str, typer.Option()],
    all_mean: Annotated[str, typer.Option(metavar="YUAN")],
    out: Annotated[Path, typer.Option()],
    column: Annotated[list[str] | None, typer.Option(metavar="NAME=HEADING")] = None,
    drop: Annotated[list[str] | None, typer.Option(metavar="HEADING")] = None,
    mark: Annotated[list[str] | None, typer.Option(metavar="MARK=MEANING")] = None,
    base: Annotated[str | None, typer.Option(metavar="mean|LEVEL")] = None,
    no_weight: Annotated[list[str] | None, typer.Option()] = None,
    skip_unknown: Annotated[bool, typer.Option("--skip-unknown")] = False,
    encoding: Encoding = None,
    as_format: AsFormat = Format.table,
    only: Only = None,
) -> None:
    """Make a catalogue from published weights or prices: base points = weight x 100."""
    from drgpay.points.weight_rows import WeightOptions
    from drgpay.run.calibration import import_catalogue

    refuse_terminal(as_format)
    options = WeightOptions(
        columns=pairs("--column", column or [], "NAME=HEADING", "weight=RW"),
        base=base,
        drop=tuple(drop or ()),
        marks=pairs("--mark", mark or [], "MARK=MEANING", "单议病组=stand_in", last=True),
        no_weight=tuple(no_weight or ()),
        skip_unknown=skip_unknown,
        encoding=encoding,
    )
    made = import_catalogue(weights, scheme, _yuan(all_mean), out, options, chosen())
    give_report(made.report, out, as_format, only)


def _yuan(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if (
        not amount.is_finite()
        or not 0 < amount < 10**9
        or amount != round(amount, _MOST_PLACES)
        or round(amount, 2) == 0
    ):
        raise DrgpayError(
            *_ERRORS("no_amount", option="--all-mean", text=text, places=_MOST_PLACES)
        )
    return amount
