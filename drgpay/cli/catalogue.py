"""`drgpay catalogue`: catalogues that are not calibrated."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from drgpay.cli import console
from drgpay.cli.options import Encoding, Lang
from drgpay.errors import DrgpayError

EXAMPLES = """
[bold]Examples[/bold]

drgpay catalogue import weights.csv --scheme chs-drg-2.0 --all-mean 9800 --out catalogue-2026

drgpay catalogue import prices.csv --scheme city-2026 --all-mean 9800 --out catalogue-2026
--column drg=DRG编码 --column price_3A=三级支付标准 --column price_2A=二级支付标准 --base 3A
"""


def register(app: typer.Typer) -> None:
    """Add the command group to the program."""
    commands = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")
    app.add_typer(commands, name="catalogue", help="Catalogues from published weights.")
    commands.command("import", epilog=EXAMPLES)(import_weights)
    # A group of one command stays a group.
    commands.callback()(lambda: None)


def import_weights(
    weights: Annotated[Path, typer.Argument(help="The published table, CSV.")],
    scheme: Annotated[str, typer.Option(help="A scheme's id or its folder.")],
    all_mean: Annotated[
        str,
        typer.Option(help="Mean cost over all cases in yuan: what weight 1 costs.", metavar="YUAN"),
    ],
    out: Annotated[Path, typer.Option(help="The catalogue's folder to make.")],
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="Which column is what: drg, weight, price, stable, price_LEVEL, "
            "coefficient_LEVEL. Repeat it; usual headings are found without.",
            metavar="NAME=HEADING",
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            help="Base points from the prices by level: their mean, or the price of one level. "
            "By default the weight, else the mean.",
            metavar="mean|LEVEL",
        ),
    ] = None,
    no_weight: Annotated[
        list[str] | None,
        typer.Option(help="Text of a cell that says that a group has no weight. Repeat it."),
    ] = None,
    skip_unknown: Annotated[
        bool,
        typer.Option("--skip-unknown", help="Leave out groups that the scheme does not have."),
    ] = False,
    encoding: Encoding = None,
    lang: Annotated[Lang, typer.Option(help="Language of the report.")] = Lang.zh,
) -> None:
    """Make a catalogue from published weights or prices: base points = weight x 100."""
    from drgpay.points.published_weights import WeightOptions
    from drgpay.report.calibration import console_report
    from drgpay.run.calibration import import_catalogue

    options = WeightOptions(
        columns=_columns(column or []),
        base=base,
        no_weight=tuple(no_weight or ()),
        skip_unknown=skip_unknown,
        encoding=encoding,
    )
    made = import_catalogue(weights, scheme, _yuan(all_mean), out, options, lang.value)
    console.show(console_report(made.report, lang.value))
    console.say(out)


def _columns(given: list[str]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for text in given:
        name, equals, heading = text.partition("=")
        if not (name and equals and heading):
            raise DrgpayError(f"--column {text} is not NAME=HEADING", "for example weight=RW")
        if name in columns:
            raise DrgpayError(f"--column {name} is given twice", "keep one of them")
        columns[name] = heading
    return columns


def _yuan(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 < amount < 10**9 or amount != round(amount, 2):
        raise DrgpayError(
            f"--all-mean {text} is not an amount in yuan",
            "write a number above 0 with at most 2 decimal places",
        )
    return amount
