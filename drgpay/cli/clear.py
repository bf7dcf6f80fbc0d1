"""`drgpay clear`."""

from pathlib import Path
from typing import Annotated

import typer

from drgpay.base.language import chosen
from drgpay.cli import console
from drgpay.cli.options import (
    Accept,
    AcceptedBy,
    AcceptedNote,
    AsJson,
    RunsOut,
    enter_in_database,
)
from drgpay.cli.publish import publish_as_job_says

EXAMPLES = (
    "drgpay clear 2026.toml",
    "drgpay clear 2026.toml --accept-policy-change --lang en",
    "drgpay clear 2026.toml --json > 2026.json",
)


def clear(
    year: Annotated[Path, typer.Argument()],
    out: RunsOut = None,
    run_id: Annotated[str | None, typer.Option()] = None,
    accept_policy_change: Annotated[bool, typer.Option("--accept-policy-change")] = False,
    accept: Accept = None,
    by: AcceptedBy = "",
    note: AcceptedNote = "",
    as_json: AsJson = False,
) -> None:
    """Clear a year: final reviews, shared surplus or overrun, assessment, and what is still due.

    Of stays, of visits ([outpatient] of the year file) or of both.
    """
    from drgpay.cli.fetch import say_fetched
    from drgpay.cli.run import say_folder
    from drgpay.report.month_console import year_view
    from drgpay.run.clearing import run_clearing
    from drgpay.run.first_fetch import fetch_if_missing
    from drgpay.run.publication import destination_of
    from drgpay.run.stops import parse_accepted
    from drgpay.run.year_job import load_any_year_job

    language = chosen()
    to = destination_of(year)
    fetch_if_missing(year, say_fetched)
    finished = run_clearing(
        load_any_year_job(year),
        language,
        run_id,
        accept_policy_change,
        output=out,
        accept=[parse_accepted(text, by, note) for text in accept or ()],
    )
    # What is printed may be lost, or end in the middle: by then nothing of the run is left to do.
    enter_in_database(finished.folder)
    outcome = publish_as_job_says(finished.folder, to)
    for remark in finished.remarks:
        console.warn(f"drgpay: {remark.said_in(language)}")
    if as_json:
        from drgpay.cli.run_summary import summary_json

        console.give_json(summary_json(finished, outcome))
    else:
        console.show(year_view(finished, language, console.is_verbose()))
        say_folder(finished, language)
    if outcome:
        outcome.end(as_json)
