"""What a run of the sample needs beside its records: policy, catalogue and a job file a month."""

from importlib.resources import files
from pathlib import Path
from string import Template

import tomli_w

from drgpay.base.progress import ProgressBar, no_progress
from drgpay.grouper.scheme_files import shipped_schemes
from drgpay.records.dataset import RecordsInput
from drgpay.records.visits.tables import VisitInput
from drgpay.run.calibration import make_catalogue
from drgpay.run.job import load_job
from drgpay.run.visit_calibration import make_visit_catalogue
from drgpay.sample.filings import write_filings
from drgpay.sample.money import annual_budgets, visit_money
from drgpay.sample.plan import SamplePlan
from drgpay.sample.visit_plan import VisitPlan
from drgpay.schemas.files import Kind, schema_file, schema_text

_MONTHS = 12

_JOB = """\
#:schema ./job.schema.json

# One month of the sample region: drgpay run {period}.toml
# Paths start at the folder of this file.

period = "{period}"
{scheme}
catalogue = "catalogue"
policy = "{policy}"
{output}

[inputs]
stays = "stays/{period}.parquet"
hospitals = "hospitals.csv"
"""
_FILED = """\
reviews = "filings/{period}/reviews.csv"
deductions = "filings/{period}/deductions.csv"
"""

_OUTPATIENT = """
[outpatient]
visits = "visits/{period}.parquet"
items = "visit_items/{period}.parquet"
scheme = "{visit_scheme}"
catalogue = "visit_catalogue"
enrolment = "enrolment.csv"
"""
_VISIT_SCHEME = "open-apg-1"

_YEAR = """\
#:schema ./year.schema.json

# The annual clearing of the sample region: drgpay clear {year}.toml
# Paths start at the folder of this file. The months are looked for in the output folder: one run each.
# With this line it takes those that are approved (drgpay approve), whatever else lies there:
# months = "approved"

year = {year}
{scheme}
catalogue = "catalogue"
policy = "{policy}"
{output}
readmissions_across_months = true

[inputs]
stays = "stays"
hospitals = "hospitals.csv"
"""

_YEAR_OUTPATIENT = """
[outpatient]
scheme = "{visit_scheme}"
catalogue = "visit_catalogue"
"""


def write_job_files(
    plan: SamplePlan,
    folder: Path,
    output: str = "runs",
    progress: ProgressBar = no_progress,
    visits: VisitPlan | None = None,
) -> list[Path]:
    """Write policy.toml, catalogue/ (from history/, if there is any) and YYYY-MM.toml beside the
    records that `write_region` left in the folder, filings/YYYY-MM/ for each month to settle, and
    YYYY.toml for each whole year, with the schemas that they name. Returns the job and year files. policy.toml is that of the last
    year; a year before it has policy-YYYY.toml.

    visits: the plan of the visits that `write_visits` left there; the policy and the jobs then have
    an outpatient part, and visit_catalogue/ is made from their history.
    """
    for year in plan.years:
        _write_policy(plan, folder, year, visits)
    _write_schema(folder, "policy")
    _write_schema(folder, "job")
    policy = folder / _policy_name(plan, plan.last_year)
    if plan.history:
        make_catalogue(
            RecordsInput(folder / "history"),
            plan.scheme,
            str(policy),
            folder / "hospitals.csv",
            folder / "catalogue",
            progress,
        )
    if visits and visits.history:
        make_visit_catalogue(
            VisitInput(folder / "visit_history", folder / "visit_item_history"),
            _VISIT_SCHEME,
            str(policy),
            folder / "hospitals.csv",
            folder / "visit_catalogue",
            progress=progress,
        )
    jobs = []
    for period in plan.settled:
        jobs.append(folder / f"{period}.toml")
        text = _JOB.format(
            period=period,
            scheme=_line("scheme", _scheme_of(plan)),
            policy=_policy_name(plan, period.year),
            output=_line("output", output),
        )
        end = _OUTPATIENT.format(period=period, visit_scheme=_VISIT_SCHEME) if visits else ""
        jobs[-1].write_text(text + end, encoding="utf-8")
        if plan.history:  # without a catalogue nobody knows which stays are dear
            write_filings(load_job(jobs[-1]), folder / "filings" / str(period))
            jobs[-1].write_text(text + _FILED.format(period=period) + end, encoding="utf-8")
    jobs += _year_files(plan, folder, output, with_visits=visits is not None)
    return jobs


def _write_policy(plan: SamplePlan, folder: Path, year: int, visits: VisitPlan | None) -> None:
    budget = annual_budgets(plan, folder, year)
    text = _filled("policy.toml.template", budget=budget, year=str(year))
    if visits:
        text += _filled("outpatient.toml.template", **visit_money(visits, folder, year))
    (folder / _policy_name(plan, year)).write_text(text, encoding="utf-8")


def _write_schema(folder: Path, kind: Kind) -> None:
    """Put a schema where the first line of the files looks for it."""
    path = folder / schema_file(kind)
    path.write_text(schema_text(kind), encoding="utf-8", newline="\n")


def _policy_name(plan: SamplePlan, year: int) -> str:
    return "policy.toml" if year == plan.last_year else f"policy-{year}.toml"


def _scheme_of(plan: SamplePlan) -> str:
    """A shipped scheme by its id; a folder from anywhere, since a job looks from its own."""
    return plan.scheme if plan.scheme in shipped_schemes() else str(Path(plan.scheme).resolve())


def _line(key: str, text: str) -> str:
    """A line of TOML; the text may hold what has to be escaped."""
    return tomli_w.dumps({key: text}).rstrip("\n")


def _filled(template: str, **values: str) -> str:
    text = files("drgpay.sample").joinpath(template).read_text(encoding="utf-8")
    return Template(text).substitute(values)


def _year_files(plan: SamplePlan, folder: Path, output: str, with_visits: bool) -> list[Path]:
    """A year file for each year of which every month is settled."""
    years = [month.year for month in plan.settled]
    files = []
    for year in sorted({year for year in years if years.count(year) == _MONTHS}):
        files.append(folder / f"{year}.toml")
        text = _YEAR.format(
            year=year,
            scheme=_line("scheme", _scheme_of(plan)),
            policy=_policy_name(plan, year),
            output=_line("output", output),
        )
        if with_visits:
            text += _YEAR_OUTPATIENT.format(visit_scheme=_VISIT_SCHEME)
        files[-1].write_text(text, encoding="utf-8")
    if files:
        _write_schema(folder, "year")
    return files
