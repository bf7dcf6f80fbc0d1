"""`drgpay run`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import Language, chosen
from drgpay.cli import console
from drgpay.cli.memory import keep_freed_memory
from drgpay.cli.options import (
    Accept,
    AcceptedBy,
    AcceptedNote,
    AsJson,
    GroupingThreads,
    RunsOut,
    enter_in_database,
    say_what_was_converted,
)
from drgpay.cli.publish import publish_as_job_says

if TYPE_CHECKING:
    from drgpay.run.pipeline import Finished

EXAMPLES = (
    "drgpay run sample_data/2026-10.toml",
    "drgpay run october.toml --out /data/runs --lang en",
    "drgpay run october.toml --json > october.json",
)


def run(
    job: Annotated[Path, typer.Argument()],
    out: RunsOut = None,
    run_id: Annotated[str | None, typer.Option()] = None,
    threads: GroupingThreads = None,
    accept: Accept = None,
    by: AcceptedBy = "",
    note: AcceptedNote = "",
    as_json: AsJson = False,
) -> None:
    """Settle a month: group, price and pay every stay and visit, and leave a folder of results."""
    keep_freed_memory()
    from dataclasses import replace

    from drgpay.cli.fetch import say_fetched
    from drgpay.report.month_console import month_view
    from drgpay.run.first_fetch import fetch_if_missing
    from drgpay.run.job import Job, load_any_job
    from drgpay.run.month_end import run_month
    from drgpay.run.publication import destination_of
    from drgpay.run.stops import parse_accepted

    language = chosen()
    to = destination_of(job)
    fetch_if_missing(job, say_fetched)
    loaded = load_any_job(job)
    if out:
        loaded = replace(loaded, output=out)
    if isinstance(loaded, Job):
        stays = console.shown(loaded.stays.path)
        console.say(f"{loaded.period} · {loaded.scheme} · {stays}", err=True)
    if loaded.outpatient:
        visits = console.shown(loaded.outpatient.records.visits)
        console.say(f"{loaded.period} · {loaded.outpatient.scheme} · {visits}", err=True)
    accepted = [parse_accepted(text, by, note) for text in accept or ()]
    finished = run_month(loaded, language, console.progress_bar, run_id, threads, accept=accepted)
    # What is printed may be lost, or end in the middle: by then nothing of the run is left to do.
    enter_in_database(finished.folder)
    outcome = publish_as_job_says(finished.folder, to)
    for dataset in finished.datasets:
        say_what_was_converted(dataset)
    if as_json:
        from drgpay.cli.run_summary import summary_json

        console.give_json(summary_json(finished, outcome))
    else:
        console.show(month_view(finished, language, console.is_verbose()))
        say_folder(finished, language)
    if outcome:
        outcome.end(as_json)


def say_folder(finished: "Finished", language: Language) -> None:
    """Print where a run lies, and whether it lay there before."""
    from drgpay.report.wording import word

    same = f" ({word('repeated', language)})" if finished.repeated else ""
    console.say(f"{console.shown(finished.folder)}{same}")
