"""The visits of a year: the months' visits -> what is still due -> the accounts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.points.catalogue import catalogue_hash
from drgpay.results.results import Results
from drgpay.results.run_folder import PaidPart
from drgpay.results.visit_files import entries_of_visits
from drgpay.results.visits import example_visits
from drgpay.results.year import groups_of_year
from drgpay.run.paid_year import (
    budgets_of_year,
    ledger_of_year,
    prepayments_of,
    scores_of_year,
    statements_of_year,
)
from drgpay.run.pipeline import Running, SettledPart
from drgpay.run.results import results_of
from drgpay.run.rules import VisitPaymentRules, load_visit_rules, year_file
from drgpay.run.stops import settled_stops
from drgpay.run.visit_month import accounts_of_visits
from drgpay.run.visits_in_buckets import narrow_visits, write_paid_visits
from drgpay.run.year_cases import cases_in_order
from drgpay.run.year_job import AnyYearJob, OutpatientYear
from drgpay.run.year_months import PaidMonths, refuse_other_rules
from drgpay.settle.booking import Booked
from drgpay.settle.clearing import pay_year
from drgpay.settle.lines import NO_ADJUSTMENTS, levels_of

_ERRORS = Sentences("errors/run")

VISIT_COLUMNS = [
    *["case_id", "hospital_id", "account", "out_of_area", "visit_date", "visit_type"],
    *["contractor_id", "class", "family", "apg", "case_class", "points"],
    *["total_fen", "fund_fen", "patient_fen", "other_fen"],
]
"""What a clearing reads of the visits of the months."""


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


def open_visits_of_year(
    job: AnyYearJob,
    outpatient: OutpatientYear,
    months: list[PaidMonths],
    accept_policy_change: bool,
) -> OpenedVisitYear:
    """Read what the visits of a year are cleared by; raises DrgpayError for every mistake in it."""
    rules = load_visit_rules(outpatient, job.policy, job.hospitals, job.year, year_file())
    refuse_other_rules(months, rules, catalogue_hash(outpatient.catalogue), accept_policy_change)
    enrolment = enrolment_of_year(job, rules, [month.last for month in months])
    scores = scores_of_year(job, rules.policy, rules.hospitals)
    return OpenedVisitYear(job, rules, months, scores, enrolment)


def settle_visits_of_year(year: OpenedVisitYear, running: Running) -> SettledPart:
    """Clear the visits of a year by the points of the months: nobody files reviews of them."""
    rules, months, clock = year.rules, year.months, running.clock
    statements = statements_of_year(months)

    def buckets() -> Iterator[pl.DataFrame]:
        return cases_in_order(months, VISIT_COLUMNS, "visit")

    visits = narrow_visits(buckets)
    clock.lap("read visits")
    cleared = pay_year(
        visits,
        NO_ADJUSTMENTS,
        statements.drop("period"),
        budgets_of_year(months, rules.policy),
        year.scores,
        rules.policy,
        year.job.year,
        levels=levels_of(rules.hospitals),
    )
    settled = cleared.settled
    booked = Booked(ledger_of_year(year.job.year, months, settled))
    clock.lap("clear visits")

    def results(run_id: str) -> Results:
        outputs, period = running.folder.outputs, str(year.job.year)
        made = write_paid_visits(buckets, cleared, True, outputs)
        clock.lap("write visits")
        frames = {
            "groups": groups_of_year(month.scaled("groups") for month in year.last_runs),
            **accounts_of_visits(rules, made.contracts, settled, year.enrolment, None),
        }
        shown = results_of(
            run_id, period, rules, settled, booked, frames=frames, files={"cases": made.path}
        )
        beside = {
            "examples": examples_of_year(shown.scan("cases"), year.last_runs),
            "prepayments": prepayments_of(statements),
        }
        return replace(shown, beside=beside)

    stops = settled_stops(settled.lines, None, rules.policy.settlement, None)
    return SettledPart(rules, stops, {"visits": len(visits.points)}, results)


def examples_of_year(visits: pl.LazyFrame, months: Sequence[PaidPart]) -> pl.DataFrame:
    """The entries (`entries_table`) of the visits that statements of a year work out.

    visits: visits.parquet of the year. Entries are not kept for the year: they are read from the
    months, whose visits are cleared.
    """
    chosen = pl.col("visit_id").is_in(example_visits(visits).implode())
    dates = visits.filter(chosen).select("visit_id", "visit_date").collect()
    by_month = dates.select("visit_id", period=pl.col("visit_date").dt.strftime("%Y-%m"))
    return pl.concat(
        entries_of_visits(by_month.filter(period=month.period)["visit_id"], month.folder)
        for month in months
    )


def enrolment_of_year(
    job: AnyYearJob, rules: VisitPaymentRules, months: Sequence[PaidPart]
) -> pl.DataFrame | None:
    """The persons under contract in the year (ENROLMENT_SCHEMA); None without accounts.

    rules.enrolment is that of the year file. Where it names none, that of the months holds. Raises
    DrgpayError where the months had different ones: whose heads count, only a final list can say.
    """
    if rules.enrolment is not None:
        return rules.enrolment
    kept = [month.enrolment() for month in months]
    for month, enrolment in zip(months, kept, strict=True):
        if not _same(enrolment, kept[0]):
            both = {"folder": month.folder, "first": months[0].folder}
            raise DrgpayError(*_ERRORS("other_enrolment", path=job.path, **both))
    return kept[0]


def _same(one: pl.DataFrame | None, other: pl.DataFrame | None) -> bool:
    return one is other if one is None or other is None else one.equals(other)
