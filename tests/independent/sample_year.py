"""A tiny sample year as files: records, filings, policy, catalogue, jobs; run and cleared for real."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from drgpay.base.period import Period
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.records.dataset import RecordsInput
from drgpay.run.calibration import make_catalogue
from drgpay.run.clearing import run_clearing
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.run.year_job import load_year_job
from drgpay.sample.plan import SamplePlan
from drgpay.sample.region import write_region
from tests.accepting import EVERYTHING
from tests.run.no_books import without_books

from .files import GroupedRecords, write_csv, write_filings
from .random_region import YEAR, final_filings, random_filings
from .random_runs import BASE
from .recomputation.records import Filed, Stay

PLAN = SamplePlan(
    stays_per_month=60,
    months=12,
    history_months=12,
    last_period=f"{YEAR}-12",
    seed=11,
    history_stays_per_month=120,
)
MONTHS = range(1, 13)
CORRECTED = 3
"""The month that is paid without its last stays and then corrected."""
RETURN_AFTER, RETURNS = 6, 5
"""So many days after the discharge so many come back in the next month."""
LATE = 9
"""So many stays come late."""

_JOB = """\
period = "{period}"
scheme = "{scheme}"
catalogue = "catalogue"
policy = "policy.toml"
output = "runs"
{corrects}
[inputs]
stays = "{stays}"
hospitals = "hospitals.csv"
reviews = "{filings}/reviews.csv"
deductions = "{filings}/deductions.csv"
technologies = "{filings}/technologies.csv"
"""
_YEAR_FILE = """\
year = {year}
scheme = "{scheme}"
catalogue = "catalogue"
policy = "policy.toml"
output = "runs"
readmissions_across_months = {across}

[inputs]
stays = "stays"
hospitals = "hospitals.csv"
reviews = "filings/final/reviews.csv"
deductions = "filings/final/deductions.csv"
technologies = "filings/final/technologies.csv"
assessment = "scores.csv"
"""


@dataclass(frozen=True)
class SampleYear:
    """The folder of a year that was settled month by month, corrected once and cleared."""

    policy: Policy
    levels: Mapping[str, str]
    history: list[Stay]
    months: Mapping[int, list[Stay]]
    filed: Mapping[int, Filed]
    on_time: list[Stay]
    filed_on_time: Filed
    final: Filed
    scores: Mapping[str, Decimal]
    catalogue: Path
    runs: Mapping[int, Path]
    correction: Path
    cleared: Path
    cleared_by_month: Path


def sample_year(folder: Path) -> SampleYear:
    """Write everything, run twelve months and a correction, and clear the year."""
    write_region(PLAN, folder)
    _add_returns(folder / "stays")
    reader = GroupedRecords(folder, PLAN.scheme, load_policy(BASE).policy)
    history = reader.stays("history")
    groups = [drg for drg, _ in Counter(stay.drg for stay in history).most_common(6)]
    months = {month: reader.stays(f"stays/{YEAR}-{month:02d}.parquet", month) for month in MONTHS}
    policy_path = folder / "policy.toml"
    text = _policy_text(groups, [stay for stays in months.values() for stay in stays])
    policy_path.write_text(text, encoding="utf-8")
    make_catalogue(
        RecordsInput(folder / "history"),
        PLAN.scheme,
        str(policy_path),
        folder / "hospitals.csv",
        folder / "catalogue",
    )
    rng = random.Random(1)
    filed = {month: random_filings(rng, stays, month, groups) for month, stays in months.items()}
    late = {stay.case_id for stay in months[CORRECTED][-LATE:]}
    on_time = [stay for stay in months[CORRECTED] if stay.case_id not in late]
    filed_on_time = _without(filed[CORRECTED], late)
    everyone = [stay for stays in months.values() for stay in stays]
    seen = {stay.hospital_id for stay in everyone}
    unseen = next((name for name in reader.levels if name not in seen), max(reader.levels))
    final = final_filings(rng, filed, everyone, unseen)
    scores = {name: Decimal(rng.randrange(550, 1001)).scaleb(-1) for name in reader.levels}
    _write_scores(folder / "scores.csv", scores)

    runs = {}
    for month in MONTHS:
        if month == CORRECTED:
            _write_on_time(folder, late)
            runs[month] = _run(folder, month, filed_on_time, "on_time")
        else:
            runs[month] = _run(folder, month, filed[month])
    correction = _run(folder, CORRECTED, filed[CORRECTED], corrects=runs[CORRECTED].name)
    write_filings(folder / "filings" / "final", final)
    return SampleYear(
        policy=load_policy(policy_path).policy,
        levels=reader.levels,
        history=history,
        months=months,
        filed=filed,
        on_time=on_time,
        filed_on_time=filed_on_time,
        final=final,
        scores=scores,
        catalogue=folder / "catalogue",
        runs=runs,
        correction=correction,
        cleared=_clear(folder, across_months=True),
        cleared_by_month=_clear(folder, across_months=False),
    )


def _add_returns(folder: Path) -> None:
    """Some stays of the end of a month come back in the next one, with the same codes."""
    for month in MONTHS[:-1]:
        first, last = Period(YEAR, month + 1).days
        this, following = (folder / f"{YEAR}-{month + more:02d}.parquet" for more in (0, 1))
        table = pq.read_table(following)
        back = []
        for row in pq.read_table(this).to_pylist():
            admitted = row["discharge_date"] + timedelta(days=RETURN_AFTER)
            discharged = admitted + timedelta(days=int(row["length_of_stay"]))
            if row["payment_unit"] == "drg" and admitted >= first and discharged <= last:
                dates = {"admission_date": admitted, "discharge_date": discharged}
                changes = {"case_id": f"{row['case_id']}R", "settlement_date": discharged}
                back.append(row | dates | changes)
        more = pa.Table.from_pylist(back[:RETURNS], schema=table.schema)
        pq.write_table(pa.concat_tables([table, more]), following)


def _policy_text(groups: list[str], stays: list[Stay]) -> str:
    """The illustrative policy with groups and a budget of this region."""
    text = BASE.read_text(encoding="utf-8")
    annual = {
        account: sum((stay.fund_cost for stay in stays if stay.account == account), Decimal(0))
        for account in ("employee", "resident")
    }
    budget = ", ".join(f"{account} = {cost:.2f}" for account, cost in annual.items())
    listed = "[" + ", ".join(f'"{drg}"' for drg in groups[:3]) + "]"
    for old, new in (
        (
            "annual_yuan = { employee = 300000000.00, resident = 200000000.00 }",
            f"annual_yuan = {{ {budget} }}",
        ),
        ("{ employee = 21000000.00, resident = 14500000.00 }", "{ employee = 123456.78 }"),
        ('groups = ["DT19"], cases_a_month = 30', f"groups = {listed}, cases_a_month = 1"),
        (
            'technology = "robot-assisted", groups = ["XJ13"]',
            f'technology = "robot", groups = {listed}',
        ),
        ('groups = ["FV23"]', f"groups = {listed}"),
        ('groups = ["IU29"]', f"groups = {listed}"),
        ("may_exceed_budget = false", "may_exceed_budget = true"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    return text


def _without(filed: Filed, cases: set[str]) -> Filed:
    """Filings about other cases."""
    return Filed(
        tuple(row for row in filed.reviews if row.case_id not in cases),
        tuple(row for row in filed.violations if row.case_id not in cases),
        tuple(row for row in filed.technologies if row.case_id not in cases),
        filed.held_back,
    )


def _run(
    folder: Path, month: int, filed: Filed, stays: str = "stays", corrects: str | None = None
) -> Path:
    """Write the job of a month with its filings, and run it."""
    period = str(Period(YEAR, month))
    name = f"{period}{'-again' if corrects else ''}"
    write_filings(folder / "filings" / name, filed)
    text = _JOB.format(
        period=period,
        scheme=PLAN.scheme,
        corrects=f'corrects = "runs/{corrects}"\n' if corrects else "",
        stays=f"{stays}/{period}.parquet",
        filings=f"filings/{name}",
    )
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    with without_books():
        return run_month(load_job(path), accept=EVERYTHING).folder


def _clear(folder: Path, *, across_months: bool) -> Path:
    """Clear the year, with returns across months or only those that a month saw."""
    across = str(across_months).lower()
    path = folder / f"{YEAR}-{across}.toml"
    text = _YEAR_FILE.format(year=YEAR, scheme=PLAN.scheme, across=across)
    path.write_text(text, encoding="utf-8")
    with without_books():
        return run_clearing(load_year_job(path), accept=EVERYTHING).folder


def _write_on_time(folder: Path, late: set[str]) -> None:
    name = f"{YEAR}-{CORRECTED:02d}.parquet"
    table = pq.read_table(folder / "stays" / name)
    kept = [case not in late for case in table.column("case_id").to_pylist()]
    (folder / "on_time").mkdir()
    pq.write_table(table.filter(kept), folder / "on_time" / name)


def _write_scores(path: Path, scores: Mapping[str, Decimal]) -> None:
    rows = [{"hospital_id": name, "score": score} for name, score in scores.items()]
    write_csv(path, rows, ["hospital_id", "score"])
