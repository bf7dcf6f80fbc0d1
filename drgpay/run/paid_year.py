"""What the months of a year paid: cases, lines, bookings and budgets that a clearing starts from."""

from collections.abc import Mapping, Sequence
from typing import Literal

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import FEN_PLACES, as_decimal
from drgpay.base.words import Sentences
from drgpay.policy.model import Policy
from drgpay.records.assessment import read_scores, scores_of_hospitals
from drgpay.run.year_job import AnyYearJob
from drgpay.run.year_months import PaidMonths
from drgpay.settle.budget import annual_reserve_fen
from drgpay.settle.clearing import YearBudget
from drgpay.settle.ledger import ledger_of_clearing
from drgpay.settle.lines import LINE
from drgpay.settle.pools import pools_of
from drgpay.settle.settled import Settled

_ERRORS = Sentences("errors/run")


def statements_of_year(months: list[PaidMonths]) -> pl.DataFrame:
    """The statements of all months (Settled.lines), with their period."""
    return pl.concat(
        [
            month.last.scaled("statements").with_columns(period=pl.lit(month.last.period))
            for month in months
        ]
    )


def cases_of_months(
    months: list[PaidMonths], columns: Sequence[str], what: Literal["stay", "visit"]
) -> pl.DataFrame:
    """Columns of the cases of all months; raises DrgpayError for a case that two have paid."""
    cases = pl.concat([month.last.scaled("cases", columns) for month in months])
    twice = cases.filter(pl.col("case_id").is_duplicated())
    if twice.height:
        raise DrgpayError(*_ERRORS(f"{what}_paid_twice", case_id=twice["case_id"].sort()[0]))
    return cases


def adjustments_of_year(months: list[PaidMonths]) -> pl.DataFrame:
    """The adjustments of all months (Settled.adjustments)."""
    return pl.concat([month.last.scaled("adjustments") for month in months])


def persons_of_readmissions(adjustments: pl.DataFrame) -> pl.DataFrame:
    """Cases that adjustments say are of one person, under the id of the chain's last case.

    Results hold no persons. Where the records are not read again, the readmissions that runs saw
    still stand: each names the case that followed. Returns case_id, person_id.
    """
    pairs = adjustments.filter(pl.col("kind") == "readmission")
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


def ledger_of_year(year: int, months: list[PaidMonths], cleared: Settled) -> pl.DataFrame:
    """What the clearing books beside what its months did."""
    booked = pl.concat([run.scaled("ledger") for month in months for run in month.runs])
    return ledger_of_clearing(year, booked, cleared)


def prepayments_of(statements: pl.DataFrame) -> pl.DataFrame:
    """What each month prepaid by line, for the statements of the year."""
    return statements.select(*LINE, "period", prepayment=as_decimal("prepayment_fen", FEN_PLACES))


def scores_of_year(job: AnyYearJob, policy: Policy, hospitals: pl.DataFrame) -> pl.DataFrame | None:
    """The scores that a year file names, or else those of its hospitals; None without any."""
    clearing = policy.clearing
    if clearing is None or clearing.assessment is None:
        return read_scores(job.assessment) if job.assessment else None
    return (
        read_scores(job.assessment)
        if job.assessment
        else scores_of_hospitals(hospitals, job.hospitals)
    )


def budgets_of_year(months: list[PaidMonths], policy: Policy) -> Mapping[str, YearBudget]:
    """What the months shared out, by pool, and what the annual budget holds back."""
    # Of the year's own item-by-item payment it is decided anew what comes off the budget.
    given = pl.concat(
        [month.last.scaled_pools().select("pool", "budget_given_fen") for month in months]
    )
    shared = dict(given.group_by("pool").agg(pl.col("budget_given_fen").sum()).iter_rows())
    budget = policy.budget
    budgets = {}
    for pool in pools_of(policy):
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
        pool, key = sorted(shared)[0], policy.settlement.key
        raise DrgpayError(*_ERRORS("unknown_pool", pool=pool, key=key))
    return budgets
