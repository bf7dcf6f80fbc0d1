"""`drgpay simulate`."""

from pathlib import Path
from typing import Annotated

import typer

from drgpay.cli import console
from drgpay.cli.options import GroupingThreads, Lang, examples

EXAMPLES = examples(
    "drgpay simulate low-ratio.toml --base runs/2026-10-1f2e3d4c5b --job sample_data/2026-10.toml",
    "drgpay simulate low-ratio.toml --base runs/2026-3c4b5a6978 --job 2026.toml",
    "drgpay simulate split.toml budget.toml --out /data/review --lang en",
)


def simulate(
    scenarios: Annotated[
        list[Path], typer.Argument(help="Scenario files (TOML), applied in this order.")
    ],
    base: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the base: a month's run or a year's clearing; its inputs are unchanged."
        ),
    ] = None,
    job: Annotated[
        Path | None,
        typer.Option(help="Job or year file of the base; by default \\[base] of a scenario."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="New folder for the results, by default in the output of the job."),
    ] = None,
    with_cases: Annotated[
        bool, typer.Option("--with-cases", help="Also write the cases and adjustments.")
    ] = False,
    lang: Annotated[Lang, typer.Option(help="Language of tables, workbook and page.")] = Lang.zh,
    threads: GroupingThreads = None,
) -> None:
    """Settle a month or clear a year again under other rules, and compare to the fen.

    Exit status 1 if no value reaches the target: then nothing is written.
    """
    from drgpay.cli.quality_output import refuse_existing
    from drgpay.simulate.console import console_missed, console_report
    from drgpay.simulate.outcome import simulate as compute
    from drgpay.simulate.output import write_simulation
    from drgpay.simulate.target import TargetMissedError

    refuse_existing(out)
    try:
        found = compute(scenarios, base, job, console.progress_bar, threads=threads)
    except TargetMissedError as missed:
        console.show(console_missed(missed.found, lang.value))
        raise typer.Exit(1) from None
    folder = write_simulation(found, out, lang.value, with_cases)
    console.show(console_report(found, lang.value))
    seconds = " ".join(f"{step} {spent:.2f}s" for step, spent in found.seconds.items())
    reused = ", ".join(found.reused) or "-"
    console.say(f"{seconds}; cache: {reused}", err=True)
    console.say(console.shown(folder))
