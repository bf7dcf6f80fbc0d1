"""`drgpay fetch`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from drgpay.base.language import chosen
from drgpay.base.words import Wording
from drgpay.cli import console
from drgpay.cli.options import AsJson
from drgpay.cli.tables import json_text

if TYPE_CHECKING:
    from drgpay.run.fetched import Wanted

EXAMPLES = (
    "drgpay fetch 2026-10.toml",
    "drgpay fetch 2026-10.toml --json",
    "drgpay fetch 2026-10.toml --forget --by 王主任 --note 已拨付",
)

_WORDS = Wording("fetch")


def fetch(
    job: Annotated[Path, typer.Argument()],
    forget: Annotated[bool, typer.Option("--forget")] = False,
    by: Annotated[str, typer.Option()] = "",
    note: Annotated[str, typer.Option()] = "",
    as_json: AsJson = False,
) -> None:
    """Read what a job or year file names in databases, all of one moment, into snapshots beside it.

    With --forget the snapshots are removed, and the record says by whose decision.
    """
    from drgpay.run.fetching import fetch_job, forget_snapshots

    if forget:
        gone = forget_snapshots(job, by, note)
        if as_json:
            console.give_json(json_text({"forgotten": [str(path) for path in gone]}))
            return
        for path in gone:
            console.say(_WORDS.said("gone", chosen(), path=console.shown(path)))
        return
    found = fetch_job(job, say_fetched)
    if as_json:
        about: dict[str, Any] = {"folder": str(found.folder), "inputs": found.inputs}
        console.give_json(json_text(about))
        return
    console.say(console.shown(found.folder))


def say_fetched(wanted: "Wanted", rows: int) -> None:
    """Say that an input was read."""
    said = {"where": wanted.where().said_in(chosen()), "rows": f"{rows:,}"}
    console.say(_WORDS.said("fetched", chosen(), **said), err=True)
