"""`drgpay sample`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.cli import console
from drgpay.cli.options import examples

if TYPE_CHECKING:
    from drgpay.sample.visit_plan import VisitPlan
    from drgpay.sample.visit_region import VisitSummary

EXAMPLES = examples(
    "drgpay sample --out region --stays 20000",
    "drgpay sample --out year --stays 250000 --months 12 --seed 7",
    "drgpay sample --out region --stays 20000 --visits 200000",
)


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
    visits: Annotated[
        int | None, typer.Option(min=1, help="Outpatient visits in each month; none by default.")
    ] = None,
    history_visits: Annotated[
        int | None,
        typer.Option(min=1, help="Visits in each month of their history; by default --visits."),
    ] = None,
    scheme: Annotated[str, typer.Option(help="A scheme's id or its folder.")] = "chs-drg-2.0",
    output: Annotated[str, typer.Option(help="The output folder that the jobs name.")] = "runs",
) -> None:
    """Make a realistic region: hospitals, history, months to settle, policy, catalogue and jobs."""
    from drgpay.base.errors import DrgpayError
    from drgpay.sample.job_files import write_job_files
    from drgpay.sample.plan import SamplePlan
    from drgpay.sample.region import write_region
    from drgpay.sample.visit_plan import VisitPlan

    if out.exists() and not out.is_dir():
        raise DrgpayError(f"{out} is a file", "name a new folder")
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
    # Before anything is written: it refuses what cannot be made.
    visit_plan = VisitPlan(plan, visits, history_visits) if visits else None
    total = months * stays + history_months * (history_stays or stays)
    with console.progress_bar("writing stays", total) as advance:
        summary = write_region(plan, out, _advancing(advance))
    outpatient = _write_visits(visit_plan, out) if visit_plan else None
    jobs = write_job_files(plan, out, output, console.progress_bar, visit_plan)
    console.say(
        f"{summary.hospitals} hospitals, {summary.stays:,} stays to settle, "
        f"{summary.history_stays:,} of history, {summary.covered} of {summary.groups} groups"
    )
    if outpatient:
        console.say(f"{outpatient.visits:,} visits with {outpatient.lines:,} lines")
    for job in jobs:
        command = "run" if "-" in job.stem else "clear"
        console.say(f"drgpay {command} {job}")


def _write_visits(plan: "VisitPlan", out: Path) -> "VisitSummary":
    from drgpay.sample.visit_region import write_visits

    with console.progress_bar("writing visits", sum(visits for _, _, visits in plan.parts)) as bar:
        return write_visits(plan, out, _advancing(bar))


def _advancing(bar: Callable[[int], None]) -> Callable[[str, int, int], None]:
    """Moves a bar on by what is done since it was told last."""
    done_before = 0

    def report(_file: str, done: int, _all: int) -> None:
        nonlocal done_before
        bar(done - done_before)
        done_before = done

    return report
