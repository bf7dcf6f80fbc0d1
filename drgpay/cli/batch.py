"""`drgpay batch`."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import chosen
from drgpay.base.words import Wording
from drgpay.cli import console
from drgpay.cli.options import AsJson, RunsOut
from drgpay.cli.tables import json_text

if TYPE_CHECKING:
    from drgpay.run.batch import Outcome

EXAMPLES = (
    "drgpay batch employee-10.toml resident-10.toml county-10.toml --log october.jsonl",
    "drgpay batch jobs/2026-*.toml jobs/2026.toml --jobs 2 --log 2026.jsonl --lang en",
    "drgpay batch --log october.jsonl --retry",
)

_WORDS = Wording("batch")
_STYLES = {"ok": "", "unchanged": "", "stopped": "yellow", "failed": "bold red"}


def batch(
    jobs: Annotated[list[Path] | None, typer.Argument(metavar="JOB...")] = None,
    at_once: Annotated[int, typer.Option("--jobs", min=1)] = 1,
    log: Annotated[Path | None, typer.Option()] = None,
    retry: Annotated[bool, typer.Option("--retry")] = False,
    out: RunsOut = None,
    as_json: AsJson = False,
) -> None:
    """Run many jobs and year files, each in a process of its own.

    Exit status: that of the worst.
    """
    from drgpay.run.batch import run_jobs, worst

    done, count = 0, 0

    def say_begin(jobs: int) -> None:
        nonlocal count
        count = jobs

    def say_end(outcome: "Outcome") -> None:
        nonlocal done
        done += 1
        state = _WORDS.said(f"state.{outcome.state}", chosen())
        run = f" · {outcome.run}" if outcome.run else ""
        console.say(f"[{done}/{count}] {outcome.job}: {state}{run}", err=True)

    outcomes = run_jobs(jobs or [], chosen(), at_once, log, retry, out, say_begin, say_end)
    status = worst(outcomes)
    if as_json:
        rows = [asdict(outcome) for outcome in outcomes]
        console.give_json(json_text({"jobs": rows, "status": status}))
    else:
        _show(outcomes)
    if status:
        raise typer.Exit(status)


def _show(outcomes: Sequence["Outcome"]) -> None:
    import polars as pl

    from drgpay.show.tables import ReportTable

    language = chosen()
    states = {state: _WORDS.said(f"state.{state}", language) for state in _STYLES}
    rows = [
        (one.job, states[one.state], one.run, one.code, f"{one.seconds:.1f}") for one in outcomes
    ]
    schema = dict.fromkeys(("job", "state", "run", "code", "seconds"), pl.String)
    frame = pl.DataFrame(rows, schema, orient="row")
    styles = {states[state]: style for state, style in _STYLES.items()}
    counted = [(state, sum(one.state == state for one in outcomes)) for state in _STYLES]
    title = " · ".join(f"{states[state]} {count}" for state, count in counted if count)
    table = ReportTable(
        "", frame, title=title, styles=("state", styles), numbers=frozenset({"seconds"})
    )
    console.show_blocks(table, say=lambda key: _WORDS.said(f"head.{key}", language))
    for one in outcomes:
        if one.said:
            console.warn(f"{one.job}: {one.said}")
