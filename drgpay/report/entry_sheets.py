"""The entries of visits in statements: of each provider in sums, of one visit row by row."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from drgpay.report.explanation import Rules
from drgpay.report.statement import HospitalStatement
from drgpay.report.visit_explanation import entries_with_amounts
from drgpay.report.visit_tables import entry_list, entry_tables
from drgpay.results.results import Results
from drgpay.show.sheets import Sheet


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


def provider_entries(results: Results, rules: Rules) -> ProviderEntries:
    """The entries of each provider of visits. rules: with the names of the APGs."""
    groups = results["groups"]
    parts = groups.with_columns(pl.col("hospital_id").cast(pl.String)).partition_by(
        "hospital_id", as_dict=True
    )
    by_provider = {str(hospital): part for (hospital,), part in parts.items()}
    return ProviderEntries(
        by_provider, groups.clear(), results["examples"], rules.group_names, rules.all_mean_fen
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
