"""`drgpay catalogue`: catalogues that are not calibrated."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from drgpay.base.errors import DrgpayError
from drgpay.cli import console
from drgpay.cli.options import Encoding, Lang, examples

EXAMPLES = examples(
    "drgpay catalogue import weights.csv --scheme chs-drg-2.0 --all-mean 9800 --out catalogue-2026",
    "drgpay catalogue import prices.csv --scheme city-2026 --all-mean 9800 --out catalogue-2026\n"
    "--column drg=DRG编码 --column price_3A=三级支付标准 --column price_2A=二级支付标准 --base 3A",
    "drgpay catalogue import city.xlsx --scheme city-2026 --all-mean 9986.9352 --out catalogue-2026\n"
    "--column 'coefficient_*=等级系数（*）' --drop '支付标准*' --mark 单议病组=stand_in",
)
_MOST_PLACES = 8


def register(app: typer.Typer) -> None:
    """Add the command group to the program."""
    commands = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")
    app.add_typer(commands, name="catalogue", help="Catalogues from published weights.")
    commands.command("import", epilog=EXAMPLES)(import_weights)
    # A group of one command stays a group.
    commands.callback()(lambda: None)


def import_weights(
    weights: Annotated[
        Path, typer.Argument(help="The published table: CSV, TSV, Excel or Parquet.")
    ],
    scheme: Annotated[str, typer.Option(help="A scheme's id or its folder.")],
    all_mean: Annotated[
        str,
        typer.Option(help="Mean cost over all cases in yuan: what weight 1 costs.", metavar="YUAN"),
    ],
    out: Annotated[Path, typer.Option(help="The catalogue's folder to make.")],
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="Which column is what: drg, weight, price, stable, rate, name, note, "
            "weight_LEVEL, price_LEVEL, coefficient_LEVEL, price@ACCOUNT. A * in both stands for a "
            "level or an account. Repeat it; usual headings are found without.",
            metavar="NAME=HEADING",
        ),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(
            help="A column that is not read although it may carry money, a factor or a flag; a * "
            "stands for any part. Repeat it.",
            metavar="HEADING",
        ),
    ] = None,
    mark: Annotated[
        list[str] | None,
        typer.Option(
            help="What a mark of groups means: stable, stand_in (unstable or not covered), "
            "one_coefficient (the same at all levels), listed (nothing for the catalogue). The mark "
            "is the word of the cells, or the heading where they say 是. Repeat it.",
            metavar="MARK=MEANING",
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
    from drgpay.points.weight_rows import WeightOptions
    from drgpay.report.calibration import console_report
    from drgpay.run.calibration import import_catalogue

    options = WeightOptions(
        columns=_pairs("--column", column or [], "NAME=HEADING", "weight=RW"),
        base=base,
        drop=tuple(drop or ()),
        marks=_pairs("--mark", mark or [], "MARK=MEANING", "单议病组=stand_in", last=True),
        no_weight=tuple(no_weight or ()),
        skip_unknown=skip_unknown,
        encoding=encoding,
    )
    made = import_catalogue(weights, scheme, _yuan(all_mean), out, options, lang.value)
    console.show(console_report(made.report, lang.value))
    console.say(out)


def _pairs(
    option: str, given: list[str], form: str, example: str, last: bool = False
) -> dict[str, str]:
    """The pairs of an option, cut at the first = or at the last."""
    pairs: dict[str, str] = {}
    for text in given:
        name, equals, value = text.rpartition("=") if last else text.partition("=")
        if not (name and equals and value):
            raise DrgpayError(f"{option} {text} is not {form}", f"for example {example}")
        if name in pairs:
            raise DrgpayError(f"{option} {name} is given twice", "keep one of them")
        pairs[name] = value
    return pairs


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
            f"--all-mean {text} is not an amount in yuan",
            f"write a number from 0.01 with at most {_MOST_PLACES} decimal places",
        )
    return amount
