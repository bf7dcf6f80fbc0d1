"""`drgpay run`."""

from pathlib import Path
from typing import Annotated

import typer

from drgpay.cli import console
from drgpay.cli.memory import keep_freed_memory
from drgpay.cli.options import (
    Accept,
    AcceptedBy,
    AcceptedNote,
    GroupingThreads,
    Lang,
    enter_in_database,
    examples,
    say_what_was_converted,
)

EXAMPLES = examples(
    "drgpay run sample_data/2026-10.toml",
    "drgpay run october.toml --lang en --output /data/runs",
)


def run(
    job: Annotated[Path, typer.Argument(help="The job file (TOML).")],
    lang: Annotated[Lang, typer.Option(help="Language of the tables and the workbook.")] = Lang.zh,
    output: Annotated[
        Path | None, typer.Option(help="Put the run's folder here instead of the job's output.")
    ] = None,
    run_id: Annotated[
        str | None, typer.Option(help="Name of the run's folder; by default from its inputs.")
    ] = None,
    threads: GroupingThreads = None,
    accept: Accept = None,
    by: AcceptedBy = "",
    note: AcceptedNote = "",
) -> None:
    """Settle a month: group, price and pay every stay and visit, and leave a folder of results."""
    keep_freed_memory()
    from dataclasses import replace

    from drgpay.report.console import month_tables
    from drgpay.report.visit_console import visit_tables
    from drgpay.report.wording import word
    from drgpay.run.job import Job, load_any_job
    from drgpay.run.month_end import run_month
    from drgpay.run.stops import parse_accepted

    loaded = load_any_job(job)
    if output:
        loaded = replace(loaded, output=output)
    if isinstance(loaded, Job):
        stays = console.shown(loaded.stays.path)
        console.say(f"{loaded.period} · {loaded.scheme} · {stays}", err=True)
    if loaded.outpatient:
        visits = console.shown(loaded.outpatient.records.visits)
        console.say(f"{loaded.period} · {loaded.outpatient.scheme} · {visits}", err=True)
    accepted = [parse_accepted(text, by, note) for text in accept or ()]
    finished = run_month(loaded, lang.value, console.progress_bar, run_id, threads, accept=accepted)
    # What is printed may be lost, or end in the middle: by then nothing of the run is left to do.
    enter_in_database(finished.folder)
    for dataset in finished.datasets:
        say_what_was_converted(dataset, lang.value)
    if finished.stays:
        console.show(month_tables(finished.stays, lang.value))
    if finished.visits:
        console.show(visit_tables(finished.visits, lang.value))
    same = f" ({word('repeated', lang.value)})" if finished.repeated else ""
    console.say(f"{console.shown(finished.folder)}{same}")
