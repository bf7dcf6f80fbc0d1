"""Every table of a part of a run by its name, with its columns: what is written and read back."""

from collections.abc import Mapping, Sequence

from drgpay.results.case_records import CASE_RECORDS, VISIT_RECORDS
from drgpay.results.columns import Column, columns_of
from drgpay.results.filing_files import FILINGS
from drgpay.results.part import STAYS, Part
from drgpay.results.payees import PAYEES
from drgpay.results.visit_files import ENROLMENT
from drgpay.tables.declared import result_table

Columns = Mapping[str, Sequence[Column]]

_OF_BOTH = ("adjustments", "ledger", PAYEES)
_OF_VISITS = ("entries", "capitation", "capitation_apart", "capitation_tie_out", ENROLMENT)


def declared_name(part: Part, is_year: bool, table: str) -> str:
    """What a table is called where it is declared: those of visits and of years may be others."""
    if part != STAYS:
        if table == "cases":
            return "cleared_visits" if is_year else "visits"
        if table == CASE_RECORDS:
            return VISIT_RECORDS
        if table in ("differences", "groups"):
            return f"visit_{table}"
    return "cleared_statements" if is_year and table == "statements" else table


def columns_by_table(part: Part, is_year: bool, value_places: int) -> Columns:
    """The columns of the tables of a month or a year; `value_places` are those of point values."""
    of_period = ("pools", "assessment") if is_year else ("values", *_OF_CORRECTIONS)
    of_part = (*FILINGS, FORMER_GROUPS) if part == STAYS else ("groups", *_OF_VISITS)
    of_month = (*(OFFICIAL_GROUPS if part == STAYS else ()), CASE_RECORDS)
    return {
        table: columns_of(declared_name(part, is_year, table), value_places)
        for table in (
            "cases",
            "statements",
            *of_period,
            *_OF_BOTH,
            *of_part,
            *(() if is_year else of_month),
        )
    }


FORMER_GROUPS = "former_groups"
"""The table of a run that pays a share of the points of the scheme before."""
CASE_GROUPS = "case_groups"
OFFICIAL_GROUPS = (CASE_GROUPS, "group_agreement", "group_findings")
"""The tables of a month whose job names official groups."""
_OF_CORRECTIONS = ("differences", "difference_statements")


def added_columns(part: Part, is_year: bool, table: str) -> list[str]:
    """The columns that a file has for its readers, beside those that are read back."""
    declared = result_table(declared_name(part, is_year, table))
    return [field.name for field in declared.fields if field.added]
