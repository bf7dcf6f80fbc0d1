"""`drgpay transition`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import chosen
from drgpay.cli import console
from drgpay.cli.options import AsJson, GroupingThreads
from drgpay.cli.tables import json_text

if TYPE_CHECKING:
    from drgpay.transition.outcome import Transition

EXAMPLES = (
    "drgpay transition transition.toml",
    "drgpay transition transition.toml --out meeting-2026-12 --lang en",
)


def transition(
    file: Annotated[Path, typer.Argument()],
    out: Annotated[Path | None, typer.Option()] = None,
    threads: GroupingThreads = None,
    as_json: AsJson = False,
) -> None:
    """Compare two grouping schemes over past years: catalogue, neutral factors, gate, report.

    Exit status 1 if the gate is not passed; the folder is written either way.
    """
    from drgpay.cli.quality_output import refuse_existing
    from drgpay.transition.console import console_report
    from drgpay.transition.outcome import transition as compute
    from drgpay.transition.output import write_transition

    language = chosen()
    refuse_existing(out)
    found = compute(file, console.progress_bar, threads, language)
    folder = write_transition(found, out, language)
    if as_json:
        console.give_json(json_text(_summary(found, folder)))
    else:
        console.show(console_report(found, language))
        seconds = " ".join(f"{step} {spent:.2f}s" for step, spent in found.seconds.items())
        console.say(seconds, err=True)
        console.say(console.shown(folder))
    if not found.passed:
        raise typer.Exit(1)


def _summary(found: "Transition", folder: Path) -> dict[str, object]:
    """What a program reads of a transition: the gate, factors, quality and hospitals."""
    from drgpay.transition.history import SIDES
    from drgpay.transition.tables import machine_tables

    tables = machine_tables(found)
    shown = ("gate", "gate_hospitals", "gate_notes", "factors", "quality", "hospitals")
    return {
        "status": "passed" if found.passed else "not_passed",
        "folder": str(console.shown(folder)),
        "name": found.job.file.name,
        "period": found.period,
        "schemes": {side: found.rules.scheme_of(side).scheme.info.id for side in SIDES},
        "stays": {name: getattr(found.history, name) for name in ("read", "refused", "valid")},
        **{name: tables[name].to_dicts() for name in shown},
    }
