"""Outpatient sheets of summary.xlsx and of statements/<hospital_id>.xlsx."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from drgpay.language import Language
from drgpay.report.calculation import Calculation
from drgpay.report.explanation import Row, Rules
from drgpay.report.fact_lines import rule_lines, run_lines
from drgpay.report.sheets import BookPart, Sheet
from drgpay.report.statement import (
    HospitalStatement,
    class_totals,
    group_sums,
    hospital_statements,
    valued_adjustments,
    values_by_account,
)
from drgpay.report.statement_xlsx import (
    StatementKind,
    explained_lines,
    hospital_parts,
    month_line_tables,
    pool_of_example,
    shown_lines,
)
from drgpay.report.summary_xlsx import (
    finding_tables,
    hospital_table,
    kind_table,
    ledger_tables,
    line_total_table,
    value_table,
)
from drgpay.report.tables import ReportTable
from drgpay.report.visit_explanation import entries_with_amounts, worked_visit
from drgpay.report.visit_tables import (
    account_table,
    apart_table,
    class_of_groups,
    entry_list,
    reason_table,
    tie_out_table,
    top_group_table,
)
from drgpay.report.visit_wording import records_line, visit_word
from drgpay.report.visits import VisitTables, as_statement_cases
from drgpay.settle.lines import NO_ADJUSTMENTS
from drgpay.visits.columns import PROCEDURE

_FINDING_COLUMNS = ["visit_id", "hospital_id", "visit_date", "code", "column", "message"]


@dataclass(frozen=True)
class _Month:
    """What all statements of visits take from: the tables, by provider where they need it."""

    tables: VisitTables
    rules: Rules
    pools: Mapping[str, Row]
    groups: Mapping[str, pl.DataFrame]
    language: Language


def outpatient_summary(
    tables: VisitTables, group_names: Mapping[str, str], language: Language
) -> BookPart:
    """Values, providers, kinds of visits, entries, accounts, ledger and findings of visits."""
    cases = as_statement_cases(tables.visits)
    valued = valued_adjustments(_no_adjustments(), values_by_account(tables.values))
    kinds = kind_table(class_totals(group_sums(cases), valued, []))
    entries = [
        class_of_groups(tables.groups),
        reason_table(tables.groups),
        top_group_table(tables.groups, group_names),
    ]
    values = [value_table(tables.values, language), line_total_table(tables.statements)]
    sheets = [
        Sheet("values", values, signed=True),
        Sheet("hospitals", [hospital_table(tables.statements)], signed=True),
        Sheet("classes", [kinds], signed=True),
        Sheet("visit_groups", entries, signed=True),
        *_capitation(tables, language),
        Sheet("ledger", ledger_tables(tables.ledger, language), signed=True),
        *(
            Sheet(key, finding_tables(key, findings, _FINDING_COLUMNS), signed=True)
            for key, findings in (("quarantine", tables.quarantine), ("warnings", tables.warnings))
        ),
        Sheet("line_findings", [_line_findings(tables.findings)], signed=True),
    ]
    facts = [
        *run_lines(tables.facts, language),
        records_line(tables, language),
        *rule_lines(tables.facts.method, tables.facts.value_places, language),
    ]
    return BookPart(
        visit_word("title", language), facts, sheets, lambda key: visit_word(key, language)
    )


def outpatient_statements(
    tables: VisitTables, rules: Rules, language: Language
) -> dict[str, BookPart]:
    """The sheets of each provider by its id: lines, kinds of visits, entries, groups, explanation.

    rules: the settlement and the names of the APGs of the visits.
    """
    values = values_by_account(tables.values)
    statements = hospital_statements(
        shown_lines(tables.statements, values, rules),
        as_statement_cases(tables.visits),
        _no_adjustments(),
        values,
        rules.group_names,
        usual=PROCEDURE,
    )
    parts = tables.groups.with_columns(pl.col("hospital_id").cast(pl.String)).partition_by(
        "hospital_id", as_dict=True
    )
    month = _Month(
        tables,
        rules,
        {row["pool"]: row for row in tables.values.iter_rows(named=True)},
        {str(hospital): part for (hospital,), part in parts.items()},
        language,
    )
    kind = StatementKind(
        title=visit_word("statement_title", language),
        facts=run_lines(tables.facts, language),
        rules=rule_lines(tables.facts.method, tables.facts.value_places, language),
        tables=month_line_tables,
        explained=lambda statement: _explained(statement, month),
        further=lambda statement: _entries(statement, month),
        adjusted=False,
        words=visit_word,
    )
    return hospital_parts(statements, kind, language)


def _capitation(tables: VisitTables, language: Language) -> list[Sheet]:
    if not tables.capitation:
        return []
    blocks = [
        account_table(tables.capitation.accounts),
        apart_table(tables.capitation.apart),
        tie_out_table(tables.capitation, language),
    ]
    return [Sheet("capitation", blocks, signed=True)]


def _line_findings(findings: pl.DataFrame) -> ReportTable:
    return ReportTable(
        "line_findings",
        findings.filter(pl.col("table") == "lines")
        .rename({"kind": "finding_kind"})
        .select("finding_kind", "code", "rows"),
        worded=frozenset({"code"}),
        prefixes={"finding_kind": "finding"},
        sums=frozenset({"rows"}),
    )


def _entries(statement: HospitalStatement, month: _Month) -> list[Sheet]:
    groups = month.groups.get(statement.hospital_id)
    if groups is None:
        groups = month.tables.groups.clear()
    blocks = [
        class_of_groups(groups),
        reason_table(groups),
        top_group_table(groups, month.rules.group_names),
    ]
    sheets = [Sheet("visit_groups", blocks)]
    found = _example(statement, month)
    if found is not None and statement.example:
        shown = entries_with_amounts(found, statement.example.case)
        sheets.append(Sheet("visit_entries", [entry_list(shown, month.rules.group_names)]))
    return sheets


def _example(statement: HospitalStatement, month: _Month) -> pl.DataFrame | None:
    """The entries of the visit that the statement works out, if it has one."""
    if statement.example is None:
        return None
    examples = month.tables.examples
    entries = examples.filter(pl.col("visit_id") == statement.example.case["case_id"])
    return entries if entries.height else None


def _explained(statement: HospitalStatement, month: _Month) -> list[Calculation]:
    """Point values, then line by line to the prepayment, then one visit with its entries."""
    rules, language = month.rules, month.language
    blocks = explained_lines(statement, month.pools, rules, language)
    entries = _example(statement, month)
    if entries is not None and statement.example:
        case, pool = statement.example.case, pool_of_example(statement, month.pools)
        blocks.append(worked_visit(case, entries, rules.group_names, pool, rules, language))
    return blocks


def _no_adjustments() -> pl.DataFrame:
    """Adjustments as results have them: points of visits are never adjusted."""
    frame = NO_ADJUSTMENTS.with_columns(payment=pl.lit(None, pl.String))
    return frame.with_columns(
        pl.col("points").cast(pl.Decimal(18, 4)),
        standard_amount=pl.lit(None, pl.Decimal(18, 2)),
    )
