"""`drgpay publish`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.errors import DrgpayError
from drgpay.base.language import chosen
from drgpay.base.words import Sentences, Wording
from drgpay.cli import console
from drgpay.cli.options import AsJson
from drgpay.cli.tables import json_text

if TYPE_CHECKING:
    from drgpay.publish.publishing import Published
    from drgpay.publish.settings import Destination

EXAMPLES = (
    "drgpay publish runs/2026-10-1f2e3d4c5b --database bi",
    "drgpay publish runs/2026-* --database bi --with cases --lang en",
    "drgpay publish --ddl --with cases > drgpay.sql",
)

_WORDS = Wording("publish")
_ERRORS = Sentences("errors/publish")


def publish(
    runs: Annotated[list[Path] | None, typer.Argument(metavar="RUN...")] = None,
    database: Annotated[str | None, typer.Option()] = None,
    schema: Annotated[str | None, typer.Option()] = None,
    with_: Annotated[list[str] | None, typer.Option("--with")] = None,
    job: Annotated[Path | None, typer.Option()] = None,
    ddl: Annotated[bool, typer.Option("--ddl")] = False,
    as_json: AsJson = False,
) -> None:
    """Write finished runs into a PostgreSQL of the centre, in the place of what was there of them."""
    from drgpay.publish.layout import USUAL_SCHEMA, checked_groups, schema_named

    groups = checked_groups(with_ or ())
    if ddl:
        from drgpay.publish.ddl import script

        console.give(script(schema_named(schema or USUAL_SCHEMA), groups))
        return
    folders = [run for run in runs or () if not run.is_file()]
    if not folders:
        raise DrgpayError(*_ERRORS("no_run_named"))
    from drgpay.databases.settings import shared_file
    from drgpay.publish.publishing import publish_runs
    from drgpay.run.publication import destination_asked

    to = destination_asked(database, schema, groups, job)
    if to is None:
        raise DrgpayError(*_ERRORS("no_database_named", shared=shared_file()))
    called, where = to.database.called, to.schema.name

    def say(published: "Published") -> None:
        if not as_json:
            console.say(said_of(published, called, where))

    done = publish_runs(folders, to.database, to.schema, to.chosen, say)
    if as_json:
        runs_told = [{"run": one.run, "rows": one.rows} for one in done]
        console.give_json(json_text({"database": called, "schema": where, "runs": runs_told}))


@dataclass(frozen=True)
class Outcome:
    """What became of a finished run that its job has published: one of the two."""

    to: "Destination"
    published: "Published | None" = None
    error: DrgpayError | None = None

    def where(self) -> dict[str, str]:
        """The database and the schema by their names."""
        return {"database": self.to.database.called, "schema": self.to.schema.name}

    def end(self, as_json: bool) -> None:
        """Say it behind all that is said of the run; what failed is the end of the command."""
        if self.error and not as_json:
            raise self.error
        if self.error:  # the object that was printed has it
            console.warn(f"drgpay: {self.error}")
            raise typer.Exit(2)
        if self.published and not as_json:
            console.say(said_of(self.published, self.to.database.called, self.to.schema.name))


def publish_as_job_says(folder: Path, to: "Destination | None") -> Outcome | None:
    """Publish a finished run; the run is whole whatever becomes of that, and is told of first."""
    if to is None:
        return None
    from drgpay.publish.publishing import publish_finished

    try:
        return Outcome(to, published=publish_finished(folder, to))
    except DrgpayError as error:
        return Outcome(to, error=error)


def said_of(published: "Published", called: str, schema: str) -> str:
    """What is printed of a run that was published."""
    counts = {"tables": len(published.rows), "rows": f"{published.total:,}"}
    where = {"called": called, "schema": schema}
    return _WORDS.said("published", chosen(), run=published.run, **counts, **where)
