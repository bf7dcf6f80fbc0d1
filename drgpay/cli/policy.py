"""`drgpay policy`: what a policy does."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import chosen
from drgpay.cli import console
from drgpay.cli.commands import add_command, add_group

if TYPE_CHECKING:
    from drgpay.grouper.scheme import Scheme
    from drgpay.points.catalogue import Catalogue

EXAMPLES = (
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
    add_command(add_group(app, "policy"), explain, EXAMPLES)


def explain(
    policy: Annotated[str, typer.Argument()],
    catalogue: Annotated[Path | None, typer.Option()] = None,
    scheme: Annotated[str | None, typer.Option()] = None,
    year: Annotated[int | None, typer.Option(min=2000)] = None,
    form: Annotated[Format | None, typer.Option("--format")] = None,
    out: Annotated[Path | None, typer.Option("--out", "--output")] = None,
) -> None:
    """Say in sentences what a policy does, each with its source and whether it is verified."""
    from drgpay.policy.load import load_policy
    from drgpay.report.policy.explanation import explained
    from drgpay.report.policy.write import form_of, write_explanation, written

    wanted = form_of(out, form.value if form else None)
    loaded = load_policy(policy)
    made, its_scheme = _catalogue(catalogue, scheme)
    explanation = explained(loaded, chosen(), year, made, its_scheme)
    if out:
        write_explanation(explanation, wanted, out)
        console.say(console.shown(out))
    elif wanted == "text":
        from drgpay.report.policy.console import on_screen

        console.show(*on_screen(explanation))
    else:
        console.give(written(explanation, wanted))


def _catalogue(folder: Path | None, scheme: str | None) -> "tuple[Catalogue | None, Scheme | None]":
    """The catalogue and its scheme: the one that it names, if no other place is given."""
    if folder is None:
        return None, None
    from drgpay.grouper.scheme import load_scheme
    from drgpay.points.catalogue import load_catalogue, scheme_of

    found = load_scheme(scheme or scheme_of(folder))
    return load_catalogue(folder, found), found
