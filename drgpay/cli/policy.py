"""`drgpay policy`: what a policy does."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.cli import console
from drgpay.cli.options import Lang, examples

if TYPE_CHECKING:
    from drgpay.grouper.scheme import Scheme
    from drgpay.points.catalogue import Catalogue

EXAMPLES = examples(
    "drgpay policy explain zhejiang-2019-core",
    "drgpay policy explain city.toml --catalogue catalogue-2026 --out city.html",
    "drgpay policy explain illustrative --lang en --format markdown",
)


class Format(StrEnum):
    """How an explanation is written."""

    text = "text"
    markdown = "markdown"
    html = "html"


def register(app: typer.Typer) -> None:
    """Add the command group to the program."""
    commands = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")
    app.add_typer(commands, name="policy", help="Policies: what one does, in sentences.")
    commands.command("explain", epilog=EXAMPLES)(explain)
    # A group of one command stays a group.
    commands.callback()(lambda: None)


def explain(
    policy: Annotated[str, typer.Argument(help="A policy's id or its file.")],
    catalogue: Annotated[
        Path | None,
        typer.Option(help="A catalogue: the names of groups, and whether it goes with the policy."),
    ] = None,
    scheme: Annotated[
        str | None,
        typer.Option(help="The catalogue's scheme, where it is none of the shipped: its folder."),
    ] = None,
    year: Annotated[
        int | None, typer.Option(help="The year to speak of; by default the policy's.", min=2000)
    ] = None,
    form: Annotated[
        Format | None,
        typer.Option("--format", help="By default text, or what the name of --out ends in."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "--output", help="A file to write: .md, .html or .txt."),
    ] = None,
    lang: Annotated[Lang, typer.Option(help="Language of the sentences.")] = Lang.zh,
) -> None:
    """Say in sentences what a policy does, each with its source and whether it is verified."""
    from drgpay.policy.load import load_policy
    from drgpay.report.policy.explanation import explained
    from drgpay.report.policy.write import form_of, write_explanation, written

    chosen = form_of(out, form.value if form else None)
    loaded = load_policy(policy)
    made, its_scheme = _catalogue(catalogue, scheme)
    explanation = explained(loaded, lang.value, year, made, its_scheme)
    if out:
        write_explanation(explanation, chosen, out)
        console.say(console.shown(out))
    elif chosen == "text":
        from drgpay.report.policy.console import on_screen

        console.show(*on_screen(explanation))
    else:
        console.give(written(explanation, chosen))


def _catalogue(folder: Path | None, scheme: str | None) -> "tuple[Catalogue | None, Scheme | None]":
    """The catalogue and its scheme: the one that it names, if no other place is given."""
    if folder is None:
        return None, None
    from drgpay.grouper.scheme import load_scheme
    from drgpay.points.catalogue import load_catalogue, scheme_of

    found = load_scheme(scheme or scheme_of(folder))
    return load_catalogue(folder, found), found
