"""Made-up regions to try things on."""

from dataclasses import dataclass
from pathlib import Path

from drgpay.api.arguments import checked
from drgpay.base.errors import DrgpayError
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences
from drgpay.sample.job_files import write_job_files
from drgpay.sample.plan import SamplePlan
from drgpay.sample.region import RegionSummary, write_region
from drgpay.sample.visit_plan import VisitPlan
from drgpay.sample.visit_region import VisitSummary, write_visits

_ERRORS = Sentences("errors/api")


@dataclass(frozen=True, repr=False)
class SampleRegion(Shown):
    """A region in its folder: job and year files, and how much was made."""

    folder: Path
    jobs: list[Path]
    stays: RegionSummary
    visits: VisitSummary | None


@checked
def make_sample(
    out: str | Path,
    *,
    stays: int = 20_000,
    months: int = 1,
    last: str = "2026-10",
    seed: int = 1,
    history_months: int = 24,
    history_stays: int | None = None,
    visits: int | None = None,
    history_visits: int | None = None,
    scheme: str = "chs-drg-2.0",
    runs: str = "runs",
) -> SampleRegion:
    """Make a realistic region as `drgpay sample` does; the same arguments give the same bytes.

    stays, visits: in each month to settle, history_stays and history_visits in each of the months
    before (by default as many); without visits none are made. last: the last month to settle.
    runs: the output that the jobs name. Leaves records, hospitals.csv, policy.toml, filings,
    catalogues and a job file a month in `out`. Raises DrgpayError if it is not empty and for an
    unknown scheme. Source: synthetic; no person and no hospital in it exists.
    """
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise DrgpayError(*_ERRORS("sample_is_file", folder=folder))
    if folder.exists() and any(folder.iterdir()):
        raise DrgpayError(*_ERRORS("sample_not_empty", folder=folder))
    plan = SamplePlan(
        stays_per_month=stays,
        months=months,
        history_months=history_months,
        last_period=last,
        seed=seed,
        scheme=scheme,
        history_stays_per_month=history_stays,
    )
    visit_plan = VisitPlan(plan, visits, history_visits) if visits else None
    made = write_region(plan, folder)
    made_visits = write_visits(visit_plan, folder) if visit_plan else None
    jobs = write_job_files(plan, folder, runs, visits=visit_plan)
    return SampleRegion(folder, jobs, made, made_visits)
