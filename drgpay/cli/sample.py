"""`drgpay sample`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import chosen
from drgpay.base.words import Sentences, Wording
from drgpay.cli import console

if TYPE_CHECKING:
    from drgpay.sample.visit_plan import VisitPlan
    from drgpay.sample.visit_region import VisitSummary

_said = Wording("cli").said
_ERRORS = Sentences("errors/cli")
EXAMPLES = (
    "drgpay sample --out region --stays 20000",
    "drgpay sample --out year --stays 250000 --months 12 --seed 7",
    "drgpay sample --out region --stays 20000 --visits 200000",
    "drgpay sample --out suspects --stays 20000 --fraud usual",
)


def sample(
    out: Annotated[Path, typer.Option()],
    stays: Annotated[int, typer.Option(min=1)] = 20_000,
    months: Annotated[int, typer.Option(min=1)] = 1,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    last: Annotated[str, typer.Option()] = "2026-10",
    history_months: Annotated[int, typer.Option(min=0)] = 24,
    history_stays: Annotated[int | None, typer.Option(min=1)] = None,
    visits: Annotated[int | None, typer.Option(min=1)] = None,
    history_visits: Annotated[int | None, typer.Option(min=1)] = None,
    scheme: Annotated[str, typer.Option()] = "chs-drg-2.0",
    fraud: Annotated[str | None, typer.Option()] = None,
    runs: Annotated[str, typer.Option("--runs", "--output")] = "runs",
) -> None:
    """Make a realistic region: hospitals, history, months to settle, policy, catalogue and jobs."""
    from drgpay.base.errors import DrgpayError
    from drgpay.sample.fraud.planting import plant, write_labels
    from drgpay.sample.fraud.rates import fraud_rates
    from drgpay.sample.job_files import write_job_files
    from drgpay.sample.plan import SamplePlan
    from drgpay.sample.region import write_region
    from drgpay.sample.visit_plan import VisitPlan

    if out.exists() and not out.is_dir():
        raise DrgpayError(*_ERRORS("is_file", path=out))
    if out.exists() and any(out.iterdir()):
        raise DrgpayError(*_ERRORS("not_empty", path=out))
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
    rates = fraud_rates(fraud) if fraud else None
    total = months * stays + history_months * (history_stays or stays)
    with console.progress_bar("writing stays", total) as advance:
        summary = write_region(plan, out, _advancing(advance))
    labels = plant(plan, rates, out) if rates else None
    outpatient = _write_visits(visit_plan, out) if visit_plan else None
    jobs = write_job_files(plan, out, runs, console.progress_bar, visit_plan)
    if labels is not None:
        # Without a catalogue nobody knows what a stay gains.
        priced = [job for job in jobs if "-" in job.stem] if history_months else []
        labels = write_labels(out, labels, priced)
    language = chosen()
    facts = {"hospitals": summary.hospitals, "covered": summary.covered, "groups": summary.groups}
    numbers = {"stays": f"{summary.stays:,}", "history": f"{summary.history_stays:,}"}
    console.say(_said("sampled", language, **facts, **numbers))
    if labels is not None:
        hard = int(labels["hard"].sum())
        planted = {"fraud": f"{labels.height - hard:,}", "hard": f"{hard:,}"}
        console.say(_said("sampled_fraud", language, **planted))
    if outpatient:
        numbers = {"visits": f"{outpatient.visits:,}", "lines": f"{outpatient.lines:,}"}
        console.say(_said("sampled_visits", language, **numbers))
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
