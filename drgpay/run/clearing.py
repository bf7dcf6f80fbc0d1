"""The annual clearing: the months' runs, final filings and the assessment -> what is still due."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from drgpay.errors import DrgpayError
from drgpay.exact import FEN_PLACES, as_decimal
from drgpay.language import Language
from drgpay.points.cases import points_of_stays
from drgpay.points.catalogue import catalogue_hash
from drgpay.records.assessment import read_scores, scores_of_hospitals
from drgpay.records.filings import Filings, check_payments, read_filings
from drgpay.records.persons import persons_of_cases
from drgpay.report.clearing import ClearingTables, clearing_tables
from drgpay.run.manifest import basis_of_clearing, run_id_of, write_manifest
from drgpay.run.month_end import Clock, checked_id
from drgpay.run.results import write_clearing
from drgpay.run.rules import PaymentRules, load_payment_rules
from drgpay.run.stages import run_folder
from drgpay.run.year_job import MonthRuns, YearJob
from drgpay.run.year_months import PaidMonths, paid_months, refuse_other_rules
from drgpay.settle.budget import annual_reserve_fen
from drgpay.settle.clearing import YearBudget, clear_year
from drgpay.settle.ledger import ledger_of_clearing
from drgpay.settle.lines import LINE
from drgpay.settle.pools import pools_of


@dataclass(frozen=True)
class FinishedClearing:
    """Where a clearing lies, what it says, and whether it lay there before."""

    folder: Path
    tables: ClearingTables
    repeated: bool


def run_clearing(
    job: YearJob,
    language: Language = "zh",
    run_id: str | None = None,
    accept_policy_change: bool = False,
    output: Path | None = None,
) -> FinishedClearing:
    """Clear a year and leave its folder `<output>/<run id>` (docs/files.md describes the files).

    `output` is by default that of the year file, where the months lie. Nothing of the months is written again. Raises DrgpayError for every mistake in the inputs.
    """
    clock = Clock()
    rules = load_payment_rules(
        job.scheme, job.policy, job.catalogue, job.hospitals, job.year, "the year file"
    )
    months = paid_months(job)
    refuse_other_rules(months, rules, catalogue_hash(job.catalogue), accept_policy_change)
    filings = _filings_of_year(job, months)
    check_payments(filings, rules.hospitals["hospital_id"], rules.policy.records.accounts)
    scores = _scores(job, rules)
    persons = job.persons.open(rules.scheme.info.code_system) if job.persons else None
    basis = basis_of_clearing(
        job,
        [MonthRuns(month.last.period, tuple(run.folder for run in month.runs)) for month in months],
        persons,
        rules.scheme,
        rules.loaded,
        language,
        accept_policy_change,
    )
    identity = checked_id(run_id) if run_id else run_id_of(basis)
    clock.lap("load")
    with run_folder(output or job.output, identity, basis) as run:
        statements = pl.concat(
            [
                month.last.statements().with_columns(period=pl.lit(month.last.period))
                for month in months
            ]
        )
        stays = _stays_of_year(months)
        known = persons_of_cases(persons) if persons else _persons_of_readmissions(months)
        # Joined by itself: a join of the whole frame would hold the year twice.
        persons_in_order = stays.select("case_id").join(
            known, on="case_id", how="left", maintain_order="left"
        )
        stays = stays.hstack([persons_in_order["person_id"]])
        del known, persons_in_order
        clock.lap("read")
        earned = points_of_stays(stays, rules.catalogue, rules.policy.points, filings)
        del stays
        clock.lap("points")
        cleared = clear_year(
            earned.cases,
            earned.adjustments,
            statements.drop("period"),
            _budgets(months, rules),
            scores,
            rules.policy,
            job.year,
            filings.payments,
        )
        # A year of cases is gigabytes: what is done with is let go.
        counts = {"months": len(months), "cases": earned.cases.height}
        del earned
        booked = pl.concat([run.ledger() for month in months for run in month.runs])
        ledger = ledger_of_clearing(job.year, booked, cleared)
        clock.lap("clear")
        tables = clearing_tables(cleared, ledger, identity, job.year, rules.policy, rules.hospitals)
        del cleared
        write_clearing(tables, rules, _prepayments(statements), run.outputs, language)
        clock.lap("write")
        write_manifest(run.outputs, identity, basis, counts, clock.seconds)
    return FinishedClearing(run.folder, tables, run.repeated)


_STAY_COLUMNS = [
    *["case_id", "hospital_id", "level", "account", "out_of_area"],
    *["payment_unit", "bed_day_class", "complete"],
    *["admission_date", "discharge_date", "settlement_date", "length_of_stay"],
    *["status", "mdc", "adrg", "drg", "severity"],
    *["total_fen", "fund_fen", "patient_fen", "other_fen"],
]


def _stays_of_year(months: list[PaidMonths]) -> pl.DataFrame:
    """The cases of all months as points_of_stays takes them, without persons."""
    stays = pl.concat([month.last.cases(_STAY_COLUMNS) for month in months])
    twice = stays.filter(pl.col("case_id").is_duplicated())
    if twice.height:
        raise DrgpayError(
            f"the case {twice['case_id'].sort()[0]} was paid in two months",
            "withdraw it from one of them with a correction of that month",
        )
    return stays


def _persons_of_readmissions(months: list[PaidMonths]) -> pl.DataFrame:
    """Cases that a month found to be of one person, under the id of the chain's last case.

    Results hold no persons. Where the records are not read again, the readmissions that the months
    saw still stand: each names the case that followed.
    """
    pairs = pl.concat([month.last.adjustments() for month in months]).filter(
        pl.col("kind") == "readmission"
    )
    following: dict[str, str] = dict(pairs.select("case_id", "evidence").iter_rows())
    persons = {}
    for case in {*following, *following.values()}:
        last = case
        while last in following:
            last = following[last]
        persons[case] = last
    return pl.DataFrame(
        {"case_id": list(persons), "person_id": list(persons.values())},
        schema={"case_id": pl.String, "person_id": pl.String},
    ).sort("case_id")


def _prepayments(statements: pl.DataFrame) -> pl.DataFrame:
    """What each month prepaid by line, for the statements of the year."""
    return statements.select(*LINE, "period", prepayment=as_decimal("prepayment_fen", FEN_PLACES))


def _filings_of_year(job: YearJob, months: list[PaidMonths]) -> Filings:
    """The final lists of the year file; where it names none, the lists of the months hold.

    Money that a month held back from a prepayment is in its statements, not filed again.
    """
    final = read_filings(job.filings.reviews, job.filings.deductions, job.filings.technologies)
    kept = {
        kind: pl.concat([getattr(month.last, kind)() for month in months]).sort(pl.all())
        for kind in ("reviews", "deductions", "technologies")
        if getattr(job.filings, kind) is None
    }
    return Filings(**{**final.__dict__, **kept})


def _scores(job: YearJob, rules: PaymentRules) -> pl.DataFrame | None:
    clearing = rules.policy.clearing
    if clearing is None or clearing.assessment is None:
        return read_scores(job.assessment) if job.assessment else None
    return (
        read_scores(job.assessment)
        if job.assessment
        else scores_of_hospitals(rules.hospitals, job.hospitals)
    )


def _budgets(months: list[PaidMonths], rules: PaymentRules) -> Mapping[str, YearBudget]:
    """What the months shared out, by pool, and what the annual budget holds back."""
    values = pl.concat([month.last.values().select("pool", "budget_fen") for month in months])
    shared = dict(values.group_by("pool").agg(pl.col("budget_fen").sum()).iter_rows())
    budget = rules.policy.budget
    budgets = {}
    for pool in pools_of(rules.policy):
        reserve = (
            sum(
                annual_reserve_fen(budget, account)
                for account in pool.accounts
                if account in budget.annual_yuan
            )
            if budget
            else 0
        )
        if pool.name in shared:
            budgets[pool.name] = YearBudget(shared.pop(pool.name), reserve)
    if shared:
        raise DrgpayError(
            f"the months settled the pool {sorted(shared)[0]}, which the policy does not have now",
            "restore settlement.merged_accounts as the months were paid",
        )
    return budgets
