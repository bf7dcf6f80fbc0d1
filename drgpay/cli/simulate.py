"""`drgpay simulate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import chosen
from drgpay.base.words import Wording
from drgpay.cli import console
from drgpay.cli.options import AsJson, GroupingThreads
from drgpay.cli.tables import json_text

if TYPE_CHECKING:
    from drgpay.simulate.outcome import Simulation

_said = Wording("cli").said
EXAMPLES = (
    "drgpay simulate low-ratio.toml --base runs/2026-10-1f2e3d4c5b --job sample_data/2026-10.toml",
    "drgpay simulate low-ratio.toml --base runs/2026-3c4b5a6978 --job 2026.toml",
    "drgpay simulate split.toml budget.toml --out /data/review --lang en",
)


def simulate(
    scenarios: Annotated[list[Path], typer.Argument()],
    base: Annotated[Path | None, typer.Option()] = None,
    job: Annotated[Path | None, typer.Option()] = None,
    out: Annotated[Path | None, typer.Option()] = None,
    with_cases: Annotated[bool, typer.Option("--with-cases")] = False,
    threads: GroupingThreads = None,
    as_json: AsJson = False,
) -> None:
    """Settle a month or clear a year again under other rules, and compare to the fen.

    Exit status 1 if no value reaches the target: then nothing is written.
    """
    from drgpay.cli.quality_output import refuse_existing
    from drgpay.simulate.console import console_missed, console_report
    from drgpay.simulate.outcome import simulate as compute
    from drgpay.simulate.output import write_simulation
    from drgpay.simulate.tables import tried
    from drgpay.simulate.target import TargetMissedError

    language = chosen()
    refuse_existing(out)
    try:
        found = compute(scenarios, base, job, console.progress_bar, threads=threads)
    except TargetMissedError as missed:
        if as_json:
            found_nothing = tried(missed.found).to_dicts()
            console.give_json(json_text({"status": "missed", "target": found_nothing}))
        else:
            console.show(console_missed(missed.found, language))
        raise typer.Exit(1) from None
    folder = write_simulation(found, out, language, with_cases)
    if as_json:
        console.give_json(json_text(_summary(found, folder)))
        return
    console.show(console_report(found, language))
    seconds = " ".join(f"{step} {spent:.2f}s" for step, spent in found.seconds.items())
    reused = ", ".join(found.reused) or "-"
    console.say(_said("steps", language, seconds=seconds, reused=reused), err=True)
    console.say(console.shown(folder))


def _summary(found: "Simulation", folder: Path) -> dict[str, object]:
    """What a program reads of a simulation: values, hospitals and effects, in yuan and points."""
    from drgpay.simulate.tables import machine_tables

    tables = machine_tables(found)
    shown = ("values", "hospitals", "effects", "stops", "target", "visit_values", "visit_hospitals")
    return {
        "status": "simulated",
        "folder": str(console.shown(folder)),
        "period": str(found.base.period),
        "scenarios": [one.name for one in found.scenarios],
        **{name: tables[name].to_dicts() for name in shown if name in tables},
    }
