"""Every table of a part of a run by its name, with its columns: what is written and read back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from drgpay.records.visits.enrolment import ENROLMENT_SCHEMA
from drgpay.results.columns import Column, plain
from drgpay.results.filing_files import FILING_COLUMNS
from drgpay.results.month import (
    ADJUSTMENT_COLUMNS,
    CASE_COLUMNS,
    CASE_DIFFERENCE_COLUMNS,
    LEDGER_COLUMNS,
    STATEMENT_DIFFERENCE_COLUMNS,
    statement_columns,
    value_columns,
)
from drgpay.results.part import STAYS, Part
from drgpay.results.visit_files import ENROLMENT
from drgpay.results.visits import (
    ACCOUNT_COLUMNS,
    APART_COLUMNS,
    ENTRY_COLUMNS,
    GROUP_COLUMNS,
    TIE_OUT_COLUMNS,
    VISIT_COLUMNS,
)
from drgpay.results.year import (
    ASSESSMENT_COLUMNS,
    YEAR_VISIT_COLUMNS,
    cleared_line_columns,
    pool_columns,
)

Columns = Mapping[str, Sequence[Column]]


def columns_of(part: Part, is_year: bool, value_places: int) -> Columns:
    """The columns of the tables of a month or a year; `value_places` are those of point values."""
    shared = _of_year(value_places) if is_year else _of_month(part, value_places)
    shared |= {"adjustments": ADJUSTMENT_COLUMNS, "ledger": LEDGER_COLUMNS}
    if part == STAYS:
        return shared | {"cases": CASE_COLUMNS} | FILING_COLUMNS
    return shared | {
        "cases": YEAR_VISIT_COLUMNS if is_year else VISIT_COLUMNS,
        "groups": GROUP_COLUMNS,
        "entries": ENTRY_COLUMNS,
        "capitation": ACCOUNT_COLUMNS,
        "capitation_apart": APART_COLUMNS,
        "capitation_tie_out": TIE_OUT_COLUMNS,
        ENROLMENT: plain(*ENROLMENT_SCHEMA),
    }


def _of_month(part: Part, value_places: int) -> dict[str, Sequence[Column]]:
    return {
        "statements": statement_columns(value_places),
        "values": value_columns(value_places),
        "differences": [
            replace(column, name=part.id_column) if column.name == "case_id" else column
            for column in CASE_DIFFERENCE_COLUMNS
        ],
        "difference_statements": STATEMENT_DIFFERENCE_COLUMNS,
    }


def _of_year(value_places: int) -> dict[str, Sequence[Column]]:
    return {
        "statements": cleared_line_columns(value_places),
        "pools": pool_columns(value_places),
        "assessment": ASSESSMENT_COLUMNS,
    }


ADDED: Mapping[str, Sequence[str]] = {
    "cases": ("negative_fund",),
    "statements": ("name", "level", "difference", "negative_fund"),
    "capitation": ("name",),
}
"""The columns that a file has for its readers, beside those that are read back."""
