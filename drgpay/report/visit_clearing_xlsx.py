"""Outpatient sheets of the workbooks of a clearing: summary.xlsx, statements/<hospital_id>.xlsx."""

from collections.abc import Mapping

import polars as pl

from drgpay.base.language import Language
from drgpay.report.clearing_xlsx import (
    clearing_facts,
    clearing_rules,
    explained_year,
    pools_with_costs,
    year_line_tables,
    year_sheets,
    year_statements,
)
from drgpay.report.explanation import Rules
from drgpay.report.sheets import BookPart, Sheet
from drgpay.report.statement import valued_adjustments, values_by_hospital
from drgpay.report.statement_xlsx import StatementKind, hospital_parts
from drgpay.report.summary_xlsx import class_table, ledger_tables
from drgpay.report.visit_wording import visit_word
from drgpay.report.visits_xlsx import (
    capitation_sheets,
    entry_sheets,
    entry_tables,
    provider_entries,
    worked_example,
)
from drgpay.results.clearing import VisitClearingTables
from drgpay.visits.columns import PROCEDURE


def visit_clearing_summary(
    tables: VisitClearingTables, group_names: Mapping[str, str], language: Language
) -> BookPart:
    """Pools, providers, kinds of visits, entries, accounts of contractors and ledger of a year."""
    cases = tables.as_cases()
    valued = valued_adjustments(cases.adjustments, values_by_hospital(tables.statements))
    sheets = [
        *year_sheets(cases, language),
        Sheet("classes", [class_table(cases.cases, valued)], signed=True),
        Sheet("visit_groups", entry_tables(tables.groups, group_names), signed=True),
        *capitation_sheets(tables.capitation, language),
        Sheet("ledger", ledger_tables(tables.ledger, language), signed=True),
    ]
    facts = [*clearing_facts(cases, language), *clearing_rules(cases, language)]
    title = visit_word("clearing_summary_title", language)
    return BookPart(title, facts, sheets, lambda key: visit_word(key, language))


def visit_clearing_statements(
    tables: VisitClearingTables, rules: Rules, prepayments: pl.DataFrame, language: Language
) -> dict[str, BookPart]:
    """The outpatient sheets of each provider by its id.

    rules: the settlement and the names of the APGs of the visits. prepayments: as
    `clearing_statement_parts` takes them, of visits.
    """
    cases = tables.as_cases()
    pools = pools_with_costs(cases)
    entries = provider_entries(tables.groups, tables.examples, rules)
    kind = StatementKind(
        title=visit_word("clearing_title", language),
        facts=clearing_facts(cases, language),
        rules=clearing_rules(cases, language),
        tables=year_line_tables(prepayments),
        explained=lambda statement: [
            *explained_year(statement, pools, rules, tables.policy.clearing, language),
            *worked_example(statement, entries, pools, rules, language),
        ],
        further=lambda statement: entry_sheets(statement, entries),
        adjusted=False,
        words=visit_word,
    )
    return hospital_parts(year_statements(cases, rules, PROCEDURE), kind, language)
