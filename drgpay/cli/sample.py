"""`drgpay sample`."""

from pathlib import Path
from typing import Annotated

import typer

from drgpay.cli import console

EXAMPLES = """
[bold]Examples[/bold]

drgpay sample --out region --stays 20000

drgpay sample --out year --stays 250000 --months 12 --seed 7
"""


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(epilog=EXAMPLES)(sample)


def sample(
    out: Annotated[Path, typer.Option(help="The folder to make.")],
    stays: Annotated[int, typer.Option(min=1, help="Stays in each month.")] = 20_000,
    months: Annotated[int, typer.Option(min=1, help="Months to settle.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same region.")] = 1,
    last: Annotated[str, typer.Option(help="The last month to settle.")] = "2026-10",
    history_months: Annotated[
        int, typer.Option(min=0, help="Months of history before them; 0 makes no catalogue.")
    ] = 24,
    history_stays: Annotated[
        int | None, typer.Option(min=1, help="Stays in each month of history; by default --stays.")
    ] = None,
    scheme: Annotated[str, typer.Option(help="A scheme's id or its folder.")] = "chs-drg-2.0",
    output: Annotated[str, typer.Option(help="The output folder that the jobs name.")] = "runs",
) -> None:
    """Make a realistic region: hospitals, history, months to settle, policy, catalogue and jobs."""
    from drgpay.errors import DrgpayError
    from drgpay.sample.job_files import write_job_files
    from drgpay.sample.plan import SamplePlan
    from drgpay.sample.region import write_region

    if out.exists() and any(out.iterdir()):
        raise DrgpayError(f"{out} is not empty", "name a new folder")
    plan = SamplePlan(
        stays_per_month=stays,
        months=months,
        history_months=history_months,
        last_period=last,
        seed=seed,
        scheme=scheme,
        history_stays_per_month=history_stays,
    )
    total = months * stays + history_months * (history_stays or stays)
    with console.progress_bar("writing stays", total) as advance:
        written = 0

        def report(_file: str, done: int, _all: int) -> None:
            nonlocal written
            advance(done - written)
            written = done

        summary = write_region(plan, out, report)
    jobs = write_job_files(plan, out, output, console.progress_bar)
    typer.echo(
        f"{summary.hospitals} hospitals, {summary.stays:,} stays to settle, "
        f"{summary.history_stays:,} of history, {summary.covered} of {summary.groups} groups"
    )
    for job in jobs:
        typer.echo(f"drgpay run {job}")
