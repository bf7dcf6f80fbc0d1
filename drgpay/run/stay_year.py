"""The stays of a year: the months' stays, final filings and the assessment -> what is still due."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language
from drgpay.base.words import Sentences
from drgpay.points.catalogue import catalogue_hash
from drgpay.policy.adjustment_rows import EARLIER_READMISSION, EARLIER_STAYS
from drgpay.records.dataset import Dataset
from drgpay.records.filings import Filings, check_payments, read_filings
from drgpay.records.meaning.rules import Reading
from drgpay.records.shelves import Shelves
from drgpay.report.point_notes import phase_in_notes, point_notes, taken_back_note
from drgpay.results.filing_files import filing_frames
from drgpay.results.results import Results
from drgpay.run.basis import basis_of_clearing
from drgpay.run.earned_period import earned_in_buckets
from drgpay.run.former_scheme import former_frames, former_of, with_groups_of_months
from drgpay.run.input_files import InputFiles, noted
from drgpay.run.paid_year import (
    adjustments_of_year,
    budgets_of_year,
    ledger_of_year,
    persons_of_readmissions,
    prepayments_of,
    scores_of_year,
    statements_of_year,
)
from drgpay.run.pipeline import Running, SettledPart
from drgpay.run.previous import (
    Before,
    PreviousPaid,
    open_year_before,
    refuse_k_in_phase_in,
)
from drgpay.run.results import results_of, write_cases
from drgpay.run.rules import StayRules, load_stay_rules, year_file
from drgpay.run.stops import settled_stops
from drgpay.run.year_cases import cases_in_order, with_persons
from drgpay.run.year_job import YearJob
from drgpay.run.year_months import PaidMonths, YearMonths, months_of_year, refuse_other_rules
from drgpay.settle.booking import Booked
from drgpay.settle.clearing import pay_year
from drgpay.settle.lines import levels_of

_ERRORS = Sentences("errors/run")


@dataclass(frozen=True)
class OpenedYear:
    """A year file with what it names, read and compared with one another.

    persons: the records that tell whose cases are whose, None where the months' readmissions do.
    before: the clearing of the year before, if the year file names it. basis: what the clearing depends on, by content.
    """

    job: YearJob
    rules: StayRules
    months: list[PaidMonths]
    filings: Filings
    scores: pl.DataFrame | None
    persons: Dataset | None
    before: tuple[PreviousPaid, ...]
    basis: dict[str, Any]


def open_year(job: YearJob, language: Language, accept_policy_change: bool) -> OpenedYear:
    """Everything that the clearing of the stays of a year is made from.

    Its basis is that of the whole clearing but for `outpatient`. Raises DrgpayError for every
    mistake in it.
    """
    return open_stays_of_year(job, months_of_year(job), language, accept_policy_change, noted(job))


def open_stays_of_year(
    job: YearJob,
    of_year: YearMonths,
    language: Language,
    accept_policy_change: bool,
    read: InputFiles,
) -> OpenedYear:
    """The same, of months that were found already. read: the files as they were hashed before."""
    months = of_year.stays
    assert months is not None  # a YearJob clears stays
    rules = load_stay_rules(job, job.policy, job.hospitals, job.year, year_file())
    refuse_other_rules(months, rules, catalogue_hash(job.catalogue), accept_policy_change)
    reading = Reading.of(rules.policy.records)
    filings = _filings_of_year(job, months, reading)
    check_payments(filings, rules.hospitals["hospital_id"], rules.policy.records.accounts)
    scores = scores_of_year(job, rules.policy, rules.hospitals)
    persons = job.persons.open(rules.scheme.info.code_system, reading) if job.persons else None
    before = open_year_before(job.path, job.previous, job.year, reading, rules.compiled, read)
    _refuse_rows_left_out(job, months, persons, before)
    former_of(rules, (month.last.period for month in months))
    refuse_k_in_phase_in(rules, before)
    basis = basis_of_clearing(
        job,
        of_year.runs,
        persons,
        rules.scheme,
        rules.loaded,
        language,
        accept_policy_change,
        read,
    )
    return OpenedYear(job, rules, months, filings, scores, persons, before, basis)


def settle_stays_of_year(year: OpenedYear, running: Running) -> SettledPart:
    """Clear the stays of a year: points once more with final filings, then what is still due."""
    rules, months, filings = year.rules, year.months, year.filings
    clock, period = running.clock, str(year.job.year)
    statements, work = statements_of_year(months), running.folder.work
    earned = earned_in_buckets(
        buckets_of_year(year, work),
        filings,
        rules,
        Before.of(year.before),
        period,
        year.persons,
        year.job.output,
        work,
    )
    clock.lap("points")
    cleared = pay_year(
        earned.narrow,
        earned.adjustments,
        statements.drop("period"),
        budgets_of_year(months, rules.policy),
        year.scores,
        rules.policy,
        year.job.year,
        filings.payments,
        levels_of(rules.hospitals),
    )
    settled = cleared.settled
    paid, former = adjustments_of_year(months), former_frames(earned.former, rules)
    notes = (
        *phase_in_notes(earned.adjustments, earned.alone, rules.policy.points, running.language),
        *point_notes(rules.loaded, rules.catalogue.info, filings.deductions, running.language),
        *taken_back_note(paid, earned.adjustments, running.language),
    )
    booked = Booked(ledger_of_year(year.job.year, months, settled))
    clock.lap("clear")
    beside = {"prepayments": prepayments_of(statements)}

    def results(run_id: str) -> Results:
        frames = {**filing_frames(filings), **former}
        cases = write_cases(rules.part, True, earned.paid(cleared), running.folder.outputs)
        clock.lap("write cases")
        return results_of(
            run_id, period, rules, settled, booked, None, frames, beside, notes, {"cases": cases}
        )

    stops = settled_stops(settled.lines, None, rules.policy.settlement, None)
    return SettledPart(rules, stops, {"cases": earned.rows}, results)


STAY_COLUMNS = [
    *["case_id", "hospital_id", "level", "account", "out_of_area"],
    *["payment_unit", "bed_day_class", "complete", "age", "age_days"],
    *["admission_date", "discharge_date", "settlement_date", "length_of_stay"],
    *["status", "mdc", "adrg", "drg", "severity"],
    *["total_fen", "fund_fen", "patient_fen", "other_fen"],
]


def stays_of_year(year: OpenedYear) -> pl.DataFrame:
    """The cases of all months in one frame, as `buckets_of_year` gives them."""
    return pl.concat(buckets_of_year(year))


def buckets_of_year(year: OpenedYear, work: Path | None = None) -> Iterator[pl.DataFrame]:
    """The cases of all months as points_of_stays takes them, in ranges of case_id.

    work: a private folder for what does not fit in memory; None: all stays there. Raises DrgpayError
    for a case that two months have paid.
    """
    last = [month.last for month in year.months]
    buckets = (
        with_groups_of_months(last, cases)
        for cases in cases_in_order(year.months, STAY_COLUMNS, "stay")
    )
    if year.persons:
        return with_persons(buckets, year.months, year.persons, Shelves(work, "persons of cases"))
    known = persons_of_readmissions(adjustments_of_year(year.months))
    return (cases.join(known, on="case_id", how="left", maintain_order="left") for cases in buckets)


def _filings_of_year(job: YearJob, months: list[PaidMonths], reading: Reading) -> Filings:
    """The final lists of the year file; where it names none, the lists of the months hold.

    Money that a month held back from a prepayment is in its statements, not filed again.
    """
    final = read_filings(*job.filings, reading=reading)
    kept = {
        kind: _last_of_each(pl.concat([month.last.scaled(kind) for month in months]), key)
        for kind, key in _FILED_ONCE.items()
        if getattr(job.filings, kind) is None
    }
    return Filings(**{**final.__dict__, **kept})


_FILED_ONCE = {
    "reviews": ["case_id"],
    "deductions": ["case_id", "kind"],
    "technologies": ["case_id", "technology"],
}


def _last_of_each(filed: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Of lists that go on from month to month each filing as the last of them has it."""
    return filed.unique(key, keep="last", maintain_order=True).sort(pl.all())


def _refuse_rows_left_out(
    job: YearJob,
    months: Sequence[PaidMonths],
    persons: Dataset | None,
    before: Sequence[PreviousPaid],
) -> None:
    """The rows of months on earlier stays are found anew; what would find them must be there."""
    for month in months:
        rows = month.last.scaled("adjustments").filter(pl.col("kind").is_in(EARLIER_STAYS))
        if not rows.height:
            continue
        if persons is None and EARLIER_READMISSION in rows["kind"]:
            lost = {"folder": month.last.folder, "year": job.year}
            raise DrgpayError(*_ERRORS("returns_lost", **lost))
        if before:
            continue
        foreign = rows.filter(pl.col("paid_in").str.slice(0, 4) != str(job.year))
        if foreign.height:
            lost = {"folder": month.last.folder, "year": job.year}
            case_id = foreign["case_id"][0]
            raise DrgpayError(*_ERRORS("stays_before_lost", case_id=case_id, **lost))
