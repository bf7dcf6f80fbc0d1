"""summary.xlsx: the summary of the pools as an official would send it, of a month or a year."""

from collections.abc import Mapping
from datetime import datetime

from drgpay.base.language import Language
from drgpay.report.differences_xlsx import difference_sheet
from drgpay.report.fact_lines import records_line, rule_lines, run_lines
from drgpay.report.group_tables import agreement_sheet
from drgpay.report.settled_tables import (
    adjustment_totals,
    class_table,
    finding_tables,
    hospital_table,
    ledger_tables,
    line_total_table,
    value_table,
)
from drgpay.report.statement import valued_adjustments, values_by_hospital
from drgpay.report.visit_tables import (
    account_table,
    apart_table,
    entry_tables,
    line_findings,
    tie_out_table,
)
from drgpay.report.visit_wording import words_of
from drgpay.report.year_tables import pool_tables, year_hospitals
from drgpay.results.part import STAYS, VISITS
from drgpay.results.results import CapitationTables, Results, RunFacts
from drgpay.show.sheets import LISTED_ROWS, BookPart, LongTable, Sheet

_FINDING_COLUMNS = {
    STAYS: ["case_id", "hospital_id", "settlement_date", "code", "column", "message"],
    VISITS: ["visit_id", "hospital_id", "visit_date", "code", "column", "message"],
}


def book_date(facts: RunFacts) -> datetime:
    """When the workbooks say they were made: the first day of a month, the last of a year."""
    if facts.is_year:
        return datetime(int(facts.period), 12, 31)
    year, month = (int(part) for part in facts.period.split("-"))
    return datetime(year, month, 1)


def summary_part(results: Results, group_names: Mapping[str, str], language: Language) -> BookPart:
    """The sheets of stays or visits: pools, hospitals, classes, adjustments of stays or entries and
    accounts of visits, ledger; of a month its findings, of a correction the differences.
    """
    valued = valued_adjustments(results.adjustments, values_by_hospital(results.statements))
    differences, words = results.differences, words_of(results.part)
    sheets = [
        *(_year_sheets(results, language) if results.is_year else _month_sheets(results, language)),
        *([difference_sheet(differences, ("hospital_id",))] if differences else []),
        Sheet("classes", [class_table(results.statement_cases, valued)], signed=True),
        *(
            [
                Sheet("visit_groups", entry_tables(results["groups"], group_names), signed=True),
                *_capitation_sheets(results.capitation, language),
            ]
            if results.part == VISITS
            else [Sheet("adjustments", [adjustment_totals(valued)], signed=True)]
        ),
        *_group_sheets(results, language),
        Sheet("ledger", ledger_tables(results.ledger, language), signed=True),
        *([] if results.is_year else _finding_sheets(results)),
    ]
    facts = [
        *run_lines(results.facts, language),
        *([] if results.is_year else [records_line(results, language)]),
        *rule_lines(results, language),
    ]
    title = words("clearing_summary_title" if results.is_year else "title", language)
    return BookPart(title, facts, sheets, lambda key: words(key, language))


def _month_sheets(results: Results, language: Language) -> list[Sheet]:
    """Values; what each hospital earned and is prepaid."""
    values = [value_table(results.pools, language), line_total_table(results.statements)]
    return [
        Sheet("values", values, signed=True),
        Sheet("hospitals", [hospital_table(results.statements)], signed=True),
    ]


def _year_sheets(results: Results, language: Language) -> list[Sheet]:
    """Budgets, values and results of the pools; what is still due to each hospital."""
    return [
        Sheet("pools", pool_tables(results.pools, language), signed=True),
        Sheet("hospitals", [year_hospitals(results.statements)], signed=True),
    ]


def _finding_sheets(results: Results) -> list[Sheet]:
    sheets = []
    for key in ("quarantine", "warnings"):
        counts, rows = finding_tables(key, results[key], _FINDING_COLUMNS[results.part])
        if rows.frame.height <= LISTED_ROWS:
            sheets.append(Sheet(key, [counts, rows], signed=True))
        else:
            sheets.append(Sheet(key, [counts], signed=True))
            sheets.append(Sheet(f"{key}_list", [LongTable(rows)]))
    findings = results.get("findings")
    if findings is not None:
        sheets.append(Sheet("line_findings", [line_findings(findings)], signed=True))
    return sheets


def _group_sheets(results: Results, language: Language) -> list[Sheet]:
    """Official groups beside the own ones, where the job names them."""
    agreement, findings = results.get("group_agreement"), results.get("group_findings")
    if agreement is None or findings is None:
        return []
    return [agreement_sheet(agreement, findings, language)]


def _capitation_sheets(capitation: CapitationTables | None, language: Language) -> list[Sheet]:
    """The accounts of contractors, what is outside them, and the tie-out; none without accounts."""
    if not capitation:
        return []
    blocks = [
        account_table(capitation.accounts),
        apart_table(capitation.apart),
        tie_out_table(capitation, language),
    ]
    return [Sheet("capitation", blocks, signed=True)]
