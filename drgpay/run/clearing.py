"""The annual clearing: the months' runs, final filings and the assessment -> what is still due."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import FEN_PLACES, as_decimal
from drgpay.base.language import Language
from drgpay.base.shown import Shown
from drgpay.points.catalogue import catalogue_hash
from drgpay.policy.adjustment_rows import EARLIER_READMISSION, EARLIER_STAYS
from drgpay.policy.model import Policy
from drgpay.records.assessment import read_scores, scores_of_hospitals
from drgpay.records.dataset import Dataset
from drgpay.records.filings import Filings, check_payments, read_filings
from drgpay.records.folder import refuse_overwriting
from drgpay.records.meaning.rules import Reading
from drgpay.records.persons import persons_of_cases
from drgpay.report.point_notes import point_notes, taken_back_note
from drgpay.results.clearing import ClearingTables, VisitClearingTables, clearing_tables
from drgpay.results.manifest import identity_of, write_manifest
from drgpay.results.part import VISITS
from drgpay.results.run_folder import PaidPart
from drgpay.run.acceptance import take_on
from drgpay.run.basis import basis_of_clearing, outpatient_basis_of_year
from drgpay.run.input_files import InputFiles, noted, records_of
from drgpay.run.month_end import Clock
from drgpay.run.output_group import rights_of_output
from drgpay.run.previous import Before, PreviousPaid, earned_with_earlier, open_year_before
from drgpay.run.results import ClearedStays, ClearedVisits, write_clearing
from drgpay.run.rules import PaymentRules, load_payment_rules
from drgpay.run.stages import job_named, run_folder
from drgpay.run.stops import (
    Accepted,
    Stop,
    accepted_before,
    accepted_by,
    settled_stops,
)
from drgpay.run.visit_clearing import VISIT_COLUMNS, enrolment_of_year, visit_tables_of_year
from drgpay.run.visit_rules import VisitPaymentRules, load_visit_rules
from drgpay.run.year_job import AnyYearJob, OutpatientYear, YearJob
from drgpay.run.year_months import (
    MONTHS,
    PaidMonths,
    YearMonths,
    keeps_accounts,
    months_of_year,
    refuse_other_rules,
)
from drgpay.settle.budget import annual_reserve_fen
from drgpay.settle.clearing import YearBudget, clear_year
from drgpay.settle.ledger import ledger_of_clearing
from drgpay.settle.lines import LINE, NO_ADJUSTMENTS, levels_of
from drgpay.settle.pools import pools_of
from drgpay.settle.settled import Settled


@dataclass(frozen=True, repr=False)
class FinishedClearing(Shown):
    """Where a clearing lies, what it says, and whether it lay there before.

    tables: those of stays, visits: those of visits; None for a year without them.
    uncleared_visits: the runs of the months settled visits that the year file does not clear.
    """

    folder: Path
    tables: ClearingTables | None
    repeated: bool
    visits: VisitClearingTables | None = None
    uncleared_visits: bool = False


@dataclass(frozen=True)
class OpenedYear:
    """A year file with what it names, read and compared with one another.

    persons: the records that tell whose cases are whose, None where the months' readmissions do.
    before: the clearing of the year before, if the year file names it. basis: what the clearing depends on, by content.
    """

    job: YearJob
    rules: PaymentRules
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
    return _opened_stays(job, months_of_year(job), language, accept_policy_change, noted(job))


def _opened_stays(
    job: YearJob,
    of_year: YearMonths,
    language: Language,
    accept_policy_change: bool,
    read: InputFiles,
) -> OpenedYear:
    months = of_year.stays
    assert months is not None  # a YearJob clears stays
    rules = load_payment_rules(
        job.scheme, job.policy, job.catalogue, job.hospitals, job.year, "the year file"
    )
    refuse_other_rules(months, rules, catalogue_hash(job.catalogue), accept_policy_change)
    reading = Reading.of(rules.policy.records)
    filings = _filings_of_year(job, months, reading)
    check_payments(filings, rules.hospitals["hospital_id"], rules.policy.records.accounts)
    scores = _scores(job, rules.policy, rules.hospitals)
    persons = job.persons.open(rules.scheme.info.code_system, reading) if job.persons else None
    before = open_year_before(job.path, job.previous, job.year, reading, rules.compiled, read)
    _refuse_rows_left_out(job, months, persons, before)
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


@dataclass(frozen=True)
class OpenedVisitYear:
    """The outpatient part of a year file with what it names; enrolment: that of the year, if any."""

    job: AnyYearJob
    rules: VisitPaymentRules
    months: list[PaidMonths]
    scores: pl.DataFrame | None
    enrolment: pl.DataFrame | None

    @property
    def last_runs(self) -> list[PaidPart]:
        """The runs that say what the visits of the months are now."""
        return [month.last for month in self.months]


def _opened_visits(
    job: AnyYearJob,
    outpatient: OutpatientYear,
    months: list[PaidMonths],
    accept_policy_change: bool,
) -> OpenedVisitYear:
    rules = load_visit_rules(outpatient, job.policy, job.hospitals, job.year, "the year file")
    refuse_other_rules(months, rules, catalogue_hash(outpatient.catalogue), accept_policy_change)
    enrolment = enrolment_of_year(job, rules, [month.last for month in months])
    scores = _scores(job, rules.policy, rules.hospitals)
    return OpenedVisitYear(job, rules, months, scores, enrolment)


def _opened(
    job: AnyYearJob, language: Language, accept_policy_change: bool, read: InputFiles
) -> tuple[OpenedYear | None, OpenedVisitYear | None, dict[str, Any]]:
    """What a year file clears, stays and visits, and the basis of the whole."""
    months = months_of_year(job)
    stays = visits = None
    basis: dict[str, Any] = {}
    if isinstance(job, YearJob):
        stays = _opened_stays(job, months, language, accept_policy_change, read)
        basis = dict(stays.basis)
    if job.outpatient and months.visits:
        visits = _opened_visits(job, job.outpatient, months.visits, accept_policy_change)
        loaded, scheme = visits.rules.loaded, visits.rules.scheme
        basis = basis or basis_of_clearing(
            job, months.runs, None, None, loaded, language, accept_policy_change, read
        )
        basis["outpatient"] = outpatient_basis_of_year(
            job.outpatient, scheme, keeps_accounts(job.outpatient, months.visits), read
        )
    return stays, visits, basis


def run_clearing(
    job: AnyYearJob,
    language: Language = "zh",
    run_id: str | None = None,
    accept_policy_change: bool = False,
    output: Path | None = None,
    accept: Sequence[Accepted] = (),
) -> FinishedClearing:
    """Clear a year and leave its folder `<output>/<run id>` (docs/files.md describes the files).

    `output` is by default that of the year file, where the months lie. Nothing of the months is
    written again. accept: what stops the clearing and is taken on, beside what the months' runs took
    on. Raises RunStoppedError for findings that nobody accepts, DrgpayError for every mistake in the
    inputs.
    """
    clock = Clock()
    rights = rights_of_output(job)
    read = noted(job)
    refuse_overwriting(output or job.output, records_of(job))
    stays, visits, basis = _opened(job, language, accept_policy_change, read)
    clock.lap("load")
    place, named = output or job.output, job_named(job.path, language)
    with run_folder(place, identity_of(basis, run_id), basis, rights, named) as run:
        counts = {"months": MONTHS}
        cleared_stays = cleared_visits = None
        of_stays = _clear_stays(stays, clock, language) if stays else None
        of_visits = _clear_visits(visits, clock) if visits else None
        accepted = [*accept, *_accepted_in(stays, visits)]
        stops = [*(of_stays.stops if of_stays else ()), *(of_visits.stops if of_visits else ())]
        needed = take_on(stops, accepted, run, basis, run_id)
        identity = run.folder.name
        if of_stays:
            cleared_stays = of_stays.known_as(identity)
            counts["cases"] = cleared_stays.tables.cases.height
        if of_visits:
            cleared_visits = of_visits.known_as(identity)
            counts["visits"] = cleared_visits.tables.visits.height
        read.refuse_changed()
        write_clearing(cleared_stays, cleared_visits, run.outputs, language)
        clock.lap("write")
        names = accepted_by(accepted, needed)
        write_manifest(run.outputs, identity, basis, counts, clock.seconds, rights, names)
    return FinishedClearing(
        run.folder,
        cleared_stays.tables if cleared_stays else None,
        run.repeated,
        cleared_visits.tables if cleared_visits else None,
        bool(stays and not visits and _settled_visits(stays.months)),
    )


def _settled_visits(months: list[PaidMonths]) -> bool:
    return any(VISITS in run.parts for month in months for run in month.runs)


def _accepted_in(stays: OpenedYear | None, visits: OpenedVisitYear | None) -> Iterator[Accepted]:
    """What the runs of the months took on."""
    for year in (stays, visits):
        for month in year.months if year else ():
            for run in month.runs:
                yield from accepted_before(run.manifest)


_Part = TypeVar("_Part")


@dataclass(frozen=True)
class _ClearedPart(Generic[_Part]):
    """A part of a year, cleared: what stops it, and its tables under the id of the clearing."""

    stops: list[Stop]
    known_as: Callable[[str], _Part]


def _clear_stays(year: OpenedYear, clock: Clock, language: Language) -> _ClearedPart[ClearedStays]:
    rules, months, filings = year.rules, year.months, year.filings
    statements = statements_of_year(months)
    stays = stays_of_year(year)
    clock.lap("read")
    earned = earned_with_earlier(
        stays,
        filings,
        rules,
        Before.of(year.before),
        str(year.job.year),
        year.persons,
        year.job.output,
    )
    del stays
    clock.lap("points")
    cleared = clear_year(
        earned.cases,
        earned.adjustments,
        statements.drop("period"),
        budgets_of_year(months, rules.policy),
        year.scores,
        rules.policy,
        year.job.year,
        filings.payments,
        levels_of(rules.hospitals),
    )
    paid = adjustments_of_year(months)
    notes = (
        *point_notes(rules.loaded, rules.catalogue.info, filings.deductions, language),
        *taken_back_note(paid, earned.adjustments, language),
    )
    # A year of cases is gigabytes: what is done with is let go.
    del earned, paid
    ledger = ledger_of_year(year.job.year, months, cleared)
    clock.lap("clear")

    def known_as(identity: str) -> ClearedStays:
        tables = clearing_tables(
            cleared, ledger, identity, year.job.year, rules.policy, rules.hospitals
        )
        prepayments = prepayments_of(statements)
        return ClearedStays(replace(tables, notes=notes), rules, prepayments, filings)

    stops = settled_stops(cleared.lines, None, rules.policy.settlement, None)
    return _ClearedPart(stops, known_as)


def _clear_visits(year: OpenedVisitYear, clock: Clock) -> _ClearedPart[ClearedVisits]:
    """Points of visits are those of the months: nobody files reviews of them."""
    rules, months = year.rules, year.months
    statements = statements_of_year(months)
    visits = cases_of_months(months, VISIT_COLUMNS, "visit")
    if not visits["case_id"].is_sorted():
        visits = visits.sort("case_id")
    clock.lap("read visits")
    cleared = clear_year(
        visits,
        NO_ADJUSTMENTS,
        statements.drop("period"),
        budgets_of_year(months, rules.policy),
        year.scores,
        rules.policy,
        year.job.year,
        levels=levels_of(rules.hospitals),
    )
    del visits
    ledger = ledger_of_year(year.job.year, months, cleared)
    clock.lap("clear visits")

    def known_as(identity: str) -> ClearedVisits:
        tables = visit_tables_of_year(
            cleared, ledger, identity, year.job.year, rules, year.enrolment, year.last_runs
        )
        return ClearedVisits(tables, rules, prepayments_of(statements), year.enrolment)

    stops = settled_stops(cleared.lines, None, rules.policy.settlement, None)
    return _ClearedPart(stops, known_as)


def ledger_of_year(year: int, months: list[PaidMonths], cleared: Settled) -> pl.DataFrame:
    """What the clearing books beside what its months did."""
    booked = pl.concat([run.scaled("ledger") for month in months for run in month.runs])
    return ledger_of_clearing(year, booked, cleared)


STAY_COLUMNS = [
    *["case_id", "hospital_id", "level", "account", "out_of_area"],
    *["payment_unit", "bed_day_class", "complete", "age", "age_days"],
    *["admission_date", "discharge_date", "settlement_date", "length_of_stay"],
    *["status", "mdc", "adrg", "drg", "severity"],
    *["total_fen", "fund_fen", "patient_fen", "other_fen"],
]


def statements_of_year(months: list[PaidMonths]) -> pl.DataFrame:
    """The statements of all months (Settled.lines), with their period."""
    return pl.concat(
        [
            month.last.scaled("statements").with_columns(period=pl.lit(month.last.period))
            for month in months
        ]
    )


def stays_of_year(year: OpenedYear) -> pl.DataFrame:
    """The cases of all months as points_of_stays takes them.

    Raises DrgpayError for a case that two months have paid.
    """
    stays = cases_of_months(year.months, STAY_COLUMNS, "case")
    known = (
        persons_of_cases(year.persons)
        if year.persons
        else persons_of_readmissions(adjustments_of_year(year.months))
    )
    # Joined by itself: a join of the whole frame would hold the year twice.
    persons_in_order = stays.select("case_id").join(
        known, on="case_id", how="left", maintain_order="left"
    )
    return stays.hstack([persons_in_order["person_id"]])


def cases_of_months(months: list[PaidMonths], columns: Sequence[str], what: str) -> pl.DataFrame:
    """Columns of the cases of all months; raises DrgpayError for a case that two have paid."""
    cases = pl.concat([month.last.scaled("cases", columns) for month in months])
    twice = cases.filter(pl.col("case_id").is_duplicated())
    if twice.height:
        raise DrgpayError(
            f"the {what} {twice['case_id'].sort()[0]} was paid in two months",
            "withdraw it from one of them with a correction of that month",
        )
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


def prepayments_of(statements: pl.DataFrame) -> pl.DataFrame:
    """What each month prepaid by line, for the statements of the year."""
    return statements.select(*LINE, "period", prepayment=as_decimal("prepayment_fen", FEN_PLACES))


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
            raise DrgpayError(
                f"{month.last.folder} has taken points for returns after months before, but the "
                f"clearing of {job.year} would find none of them",
                "set readmissions_across_months = true and name inputs.stays, the records of the year",
            )
        if before:
            continue
        foreign = rows.filter(pl.col("paid_in").str.slice(0, 4) != str(job.year))
        if foreign.height:
            raise DrgpayError(
                f"{month.last.folder} has rows on stays of the year before, such as the case "
                f"{foreign['case_id'][0]}, which the clearing of {job.year} would lose",
                "name the clearing of the year before and its stays as [previous] of the year file",
            )


def _scores(job: AnyYearJob, policy: Policy, hospitals: pl.DataFrame) -> pl.DataFrame | None:
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
        raise DrgpayError(
            f"the months settled the pool {sorted(shared)[0]}, which the policy does not have now",
            f"restore {policy.settlement.key}.merged_accounts as the months were paid",
        )
    return budgets
