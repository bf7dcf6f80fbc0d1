"""Outpatient sheets of summary.xlsx and of statements/<hospital_id>.xlsx."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from drgpay.base.language import Language
from drgpay.report.calculation import Calculation
from drgpay.report.differences_xlsx import difference_sheet, difference_sheets_of_hospital
from drgpay.report.explanation import Row, Rules
from drgpay.report.fact_lines import rule_lines, run_lines
from drgpay.report.sheets import BookPart, Sheet
from drgpay.report.statement import (
    HospitalStatement,
    class_totals,
    group_sums,
    hospital_statements,
    valued_adjustments,
    values_by_hospital,
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
from drgpay.results.month import no_adjustments, pool_rows
from drgpay.results.visits import CapitationTables, VisitTables, as_statement_cases
from drgpay.visits.columns import PROCEDURE

_FINDING_COLUMNS = ["visit_id", "hospital_id", "visit_date", "code", "column", "message"]


@dataclass(frozen=True)
class ProviderEntries:
    """What statements of visits, of a month or a year, say of the entries of each provider.

    groups: `groups_table` by provider. none: that of a provider without entries. examples:
    `entries_table` of the visits that statements work out. names: of the APGs. all_mean_fen: the
    mean of their catalogue.
    """

    groups: Mapping[str, pl.DataFrame]
    none: pl.DataFrame
    examples: pl.DataFrame
    names: Mapping[str, str]
    all_mean_fen: Fraction | None

    def example_of(self, statement: HospitalStatement) -> pl.DataFrame | None:
        """The entries of the visit that the statement works out, if it has one."""
        if statement.example is None:
            return None
        visit = pl.col("visit_id") == statement.example.case["case_id"]
        entries = self.examples.filter(visit)
        return entries if entries.height else None


def provider_entries(groups: pl.DataFrame, examples: pl.DataFrame, rules: Rules) -> ProviderEntries:
    """The entries of each provider, from `groups_table` and `entries_table`.

    rules: with the names of the APGs, and the mean of their catalogue.
    """
    parts = groups.with_columns(pl.col("hospital_id").cast(pl.String)).partition_by(
        "hospital_id", as_dict=True
    )
    by_provider = {str(hospital): part for (hospital,), part in parts.items()}
    return ProviderEntries(
        by_provider, groups.clear(), examples, rules.group_names, rules.all_mean_fen
    )


def outpatient_summary(
    tables: VisitTables, group_names: Mapping[str, str], language: Language
) -> BookPart:
    """Values, providers, kinds of visits, entries, accounts, ledger and findings of visits."""
    cases = as_statement_cases(tables.visits)
    valued = valued_adjustments(no_adjustments(), values_by_hospital(tables.statements))
    kinds = kind_table(class_totals(group_sums(cases), valued, []))
    values = [value_table(tables.values, language), line_total_table(tables.statements)]
    sheets = [
        Sheet("values", values, signed=True),
        Sheet("hospitals", [hospital_table(tables.statements)], signed=True),
        *([difference_sheet(tables.differences, ("hospital_id",))] if tables.differences else []),
        Sheet("classes", [kinds], signed=True),
        Sheet("visit_groups", entry_tables(tables.groups, group_names), signed=True),
        *capitation_sheets(tables.capitation, language),
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
    values = values_by_hospital(tables.statements)
    statements = hospital_statements(
        shown_lines(tables.statements, rules),
        as_statement_cases(tables.visits),
        no_adjustments(),
        values,
        rules.group_names,
        usual=PROCEDURE,
    )
    entries = provider_entries(tables.groups, tables.examples, rules)
    pools = {row["pool"]: row for row in pool_rows(tables.values).iter_rows(named=True)}
    kind = StatementKind(
        title=visit_word("statement_title", language),
        facts=run_lines(tables.facts, language),
        rules=rule_lines(tables.facts.method, tables.facts.value_places, language),
        tables=month_line_tables,
        explained=lambda statement: _explained(statement, entries, pools, rules, language),
        further=lambda statement: [
            *difference_sheets_of_hospital(tables.differences, statement.hospital_id),
            *entry_sheets(statement, entries),
        ],
        adjusted=False,
        words=visit_word,
    )
    return hospital_parts(statements, kind, language)


def capitation_sheets(capitation: CapitationTables | None, language: Language) -> list[Sheet]:
    """The accounts of contractors, what is outside them, and the tie-out; none without accounts."""
    if not capitation:
        return []
    blocks = [
        account_table(capitation.accounts),
        apart_table(capitation.apart),
        tie_out_table(capitation, language),
    ]
    return [Sheet("capitation", blocks, signed=True)]


def entry_tables(groups: pl.DataFrame, names: Mapping[str, str]) -> list[ReportTable]:
    """Entries by class, by reason, and the APGs with the most points. groups: `groups_table`."""
    return [class_of_groups(groups), reason_table(groups), top_group_table(groups, names)]


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


def entry_sheets(statement: HospitalStatement, entries: ProviderEntries) -> list[Sheet]:
    """The entries of a provider in sums, and those of the visit that its statement works out."""
    groups = entries.groups.get(statement.hospital_id, entries.none)
    sheets = [Sheet("visit_groups", entry_tables(groups, entries.names))]
    found = entries.example_of(statement)
    if found is not None and statement.example:
        shown = entries_with_amounts(found, statement.example.case, entries.all_mean_fen)
        sheets.append(Sheet("visit_entries", [entry_list(shown, entries.names)]))
    return sheets


def worked_example(
    statement: HospitalStatement,
    entries: ProviderEntries,
    pools: Mapping[str, Row],
    rules: Rules,
    language: Language,
) -> list[Calculation]:
    """The visit that a statement works out with its entries, if it has one."""
    found = entries.example_of(statement)
    if found is None or not statement.example:
        return []
    case, pool = statement.example.case, pool_of_example(statement, pools)
    return [worked_visit(case, found, rules.group_names, pool, rules, language)]


def _explained(
    statement: HospitalStatement,
    entries: ProviderEntries,
    pools: Mapping[str, Row],
    rules: Rules,
    language: Language,
) -> list[Calculation]:
    """Point values, then line by line to the prepayment, then one visit with its entries."""
    return [
        *explained_lines(statement, pools, rules, language),
        *worked_example(statement, entries, pools, rules, language),
    ]
