"""The outpatient part of a clearing: the months' visits -> what is still due -> the accounts."""

from collections.abc import Sequence

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.results.clearing import (
    VisitClearingTables,
    groups_of_year,
    visit_clearing_tables,
    year_visits_table,
)
from drgpay.results.run_folder import PaidPart
from drgpay.results.visit_files import entries_of_visits
from drgpay.results.visits import CapitationTables, capitation_tables, example_visits
from drgpay.run.visit_rules import VisitPaymentRules
from drgpay.run.visit_run import capitation_frames
from drgpay.run.year_job import AnyYearJob
from drgpay.settle.capitation import capitation_accounts
from drgpay.settle.settled import Settled

VISIT_COLUMNS = [
    *["case_id", "hospital_id", "account", "out_of_area", "visit_date", "visit_type"],
    *["contractor_id", "class", "family", "apg", "case_class", "points"],
    *["total_fen", "fund_fen", "patient_fen", "other_fen"],
]
"""What a clearing reads of the visits of the months."""


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
            raise DrgpayError(
                f"{month.folder} was settled with another enrolment than {months[0].folder}",
                f"name the final enrolment of the year as outpatient.enrolment in {job.path}",
            )
    return kept[0]


def _same(one: pl.DataFrame | None, other: pl.DataFrame | None) -> bool:
    return one is other if one is None or other is None else one.equals(other)


def capitation_of_year(
    cleared: Settled, rules: VisitPaymentRules, enrolment: pl.DataFrame | None
) -> CapitationTables | None:
    """The accounts of the contractors over the whole year, by what the visits finally earned."""
    if enrolment is None:
        return None
    accounts = capitation_accounts(
        cleared.cases, cleared.lines, cleared.pools, enrolment, rules.policy, None
    )
    return capitation_tables(accounts, rules.hospitals)


def visit_tables_of_year(
    cleared: Settled,
    ledger: pl.DataFrame,
    run_id: str,
    year: int,
    rules: VisitPaymentRules,
    enrolment: pl.DataFrame | None,
    months: Sequence[PaidPart],
) -> VisitClearingTables:
    """The outpatient tables of a clearing; the accounts tie to the final budget to the fen.

    months: the runs whose visits are cleared. Entries are not kept for the year: those that
    statements work out are read from the months.
    """
    visits = year_visits_table(cleared.cases)
    examples = example_visits(visits)
    dates = visits.filter(pl.col("visit_id").is_in(examples.implode()))
    by_month = dates.select("visit_id", period=pl.col("visit_date").dt.strftime("%Y-%m"))
    return visit_clearing_tables(
        cleared,
        ledger,
        run_id,
        year,
        rules.policy,
        rules.hospitals,
        visits,
        groups_of_year(month.scaled("groups") for month in months),
        pl.concat(
            entries_of_visits(by_month.filter(period=month.period)["visit_id"], month.folder)
            for month in months
        ),
        capitation_of_year(cleared, rules, enrolment),
    )


def year_visit_frames(
    tables: VisitClearingTables, enrolment: pl.DataFrame | None
) -> dict[str, pl.DataFrame]:
    """The Parquet files of the outpatient part of a clearing."""
    frames = {
        "visits": tables.visits,
        "visit_groups": tables.groups,
        "visit_pools": tables.pools,
        "visit_statements": tables.statements,
        "visit_assessment": tables.assessment,
        "visit_ledger": tables.ledger,
    }
    if tables.capitation and enrolment is not None:
        frames |= capitation_frames(tables.capitation, enrolment)
    return frames
