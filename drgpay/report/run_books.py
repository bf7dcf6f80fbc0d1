"""The workbooks of a run: one summary, one statement a provider, one account a contractor."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from drgpay.base.language import Language
from drgpay.policy.outpatient import Capitation
from drgpay.report.contractors_xlsx import Contracts, write_contractors
from drgpay.report.explanation import Rules
from drgpay.report.fact_lines import run_lines
from drgpay.report.sheets import BookPart, write_book
from drgpay.report.statement_xlsx import statement_parts, write_hospital_books
from drgpay.report.summary_xlsx import first_day, summary_part
from drgpay.report.visits_xlsx import outpatient_statements, outpatient_summary
from drgpay.results.month import MonthTables
from drgpay.results.visits import VisitTables


@dataclass(frozen=True)
class SettledStays:
    """The inpatient part of a run; rules: its settlement and the names of its DRGs."""

    tables: MonthTables
    rules: Rules


@dataclass(frozen=True)
class SettledVisits:
    """The outpatient part of a run; rules: its settlement and the names of its APGs.

    capitation and enrolment (ENROLMENT_SCHEMA): with the accounts of `tables.capitation`.
    """

    tables: VisitTables
    rules: Rules
    capitation: Capitation | None = None
    enrolment: pl.DataFrame | None = None


def write_run_books(
    stays: SettledStays | None, visits: SettledVisits | None, folder: Path, language: Language
) -> None:
    """Write summary.xlsx, statements/<hospital_id>.xlsx and contractors/<contractor_id>.xlsx.

    At least one part; the sheets of stays stand before those of visits. The same tables give the
    same bytes.
    """
    summary: list[BookPart] = []
    statements: list[Mapping[str, BookPart]] = []
    if stays:
        summary.append(summary_part(stays.tables, language))
        statements.append(statement_parts(stays.tables, stays.rules, language))
    if visits:
        summary.append(outpatient_summary(visits.tables, visits.rules.group_names, language))
        statements.append(outpatient_statements(visits.tables, visits.rules, language))
    facts = [part.tables.facts for part in (stays, visits) if part]
    created = first_day(facts[0].period)
    write_book(folder / "summary.xlsx", summary, language, created)
    write_hospital_books(statements, created, folder / "statements", language)
    if visits and visits.tables.capitation and visits.capitation and visits.enrolment is not None:
        about = run_lines(visits.tables.facts, language)
        contracts = Contracts(about, created, visits.capitation, visits.enrolment)
        write_contractors(visits.tables, contracts, folder / "contractors", language)
