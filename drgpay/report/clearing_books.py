"""The workbooks of a clearing: one summary, one statement a provider, one account a contractor."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from drgpay.base.language import Language
from drgpay.report.clearing_xlsx import (
    clearing_facts,
    clearing_statement_parts,
    clearing_summary_part,
    last_day,
)
from drgpay.report.contractors_xlsx import Contracts, write_contractors
from drgpay.report.explanation import Rules
from drgpay.report.sheets import BookPart, write_book
from drgpay.report.statement_xlsx import write_hospital_books
from drgpay.report.visit_clearing_xlsx import visit_clearing_statements, visit_clearing_summary
from drgpay.results.clearing import ClearingTables, VisitClearingTables


@dataclass(frozen=True)
class YearOfStays:
    """The inpatient part of a clearing.

    rules: its settlement and the names of its DRGs. prepayments: as clearing_statement_parts takes
    them.
    """

    tables: ClearingTables
    rules: Rules
    prepayments: pl.DataFrame


@dataclass(frozen=True)
class YearOfVisits:
    """The outpatient part of a clearing; as YearOfStays, with the names of APGs.

    enrolment (ENROLMENT_SCHEMA): with the accounts of `tables.capitation`.
    """

    tables: VisitClearingTables
    rules: Rules
    prepayments: pl.DataFrame
    enrolment: pl.DataFrame | None = None


def write_clearing_books(
    stays: YearOfStays | None, visits: YearOfVisits | None, folder: Path, language: Language
) -> None:
    """Write summary.xlsx, statements/<hospital_id>.xlsx and contractors/<contractor_id>.xlsx.

    At least one part; the sheets of stays stand before those of visits. The same tables give the
    same bytes.
    """
    summary: list[BookPart] = []
    statements: list[Mapping[str, BookPart]] = []
    if stays:
        summary.append(clearing_summary_part(stays.tables, language))
        statements.append(
            clearing_statement_parts(stays.tables, stays.rules, stays.prepayments, language)
        )
    if visits:
        summary.append(visit_clearing_summary(visits.tables, visits.rules.group_names, language))
        statements.append(
            visit_clearing_statements(visits.tables, visits.rules, visits.prepayments, language)
        )
    created = last_day(next(part.tables.year for part in (stays, visits) if part))
    write_book(folder / "summary.xlsx", summary, language, created)
    write_hospital_books(statements, created, folder / "statements", language)
    outpatient = visits.tables.policy.outpatient if visits else None
    if visits and visits.enrolment is not None and outpatient and outpatient.capitation:
        contracts = Contracts(
            clearing_facts(visits.tables, language),
            created,
            outpatient.capitation,
            visits.enrolment,
            whole_year=True,
        )
        write_contractors(visits.tables, contracts, folder / "contractors", language)
