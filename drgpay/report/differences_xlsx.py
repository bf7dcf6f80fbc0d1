"""The sheet of a correction: what was paid for a month and what is due now, of stays or visits."""

import polars as pl

from drgpay.report.settled_tables import shown
from drgpay.results.month import line_kind
from drgpay.results.results import DifferenceTables
from drgpay.show.sheets import Sheet
from drgpay.show.tables import ReportTable

_STATES = ("paid", "now", "difference")


def difference_sheet(differences: DifferenceTables, keys: tuple[str, ...] = ()) -> Sheet:
    """Lines, then the cases that came late, changed or were withdrawn.

    `keys` are columns before account and line, such as hospital_id where there are several. Cases
    of stays have a case_id, visits a visit_id.
    """
    case = "case_id" if "case_id" in differences.cases.columns else "visit_id"
    of_cases = [f"{amount}_{state}" for amount in ("points", "fund_amount") for state in _STATES]
    worded = frozenset({"account", "line"})
    moved = differences.cases.filter(pl.col("change") != "repriced")
    return Sheet(
        "differences",
        [
            shown("differences", _with_line(differences.statements), keys),
            ReportTable(
                "difference_cases",
                _with_line(moved).select(*keys, case, "account", "line", "change", *of_cases),
                worded=worded,
                sums=frozenset(of_cases),
                prefixes={"change": "change"},
            ),
        ],
        signed=True,
    )


def difference_totals(differences: DifferenceTables) -> ReportTable:
    """What a correction pays or takes back, a row a hospital."""
    amounts = [f"prepayment_{state}" for state in _STATES]
    totals = differences.statements.group_by("hospital_id").agg(pl.col(amounts).sum())
    return ReportTable("differences", totals.sort("hospital_id"), sums=frozenset(amounts))


def difference_sheets_of_hospital(
    differences: DifferenceTables | None, hospital_id: str
) -> list[Sheet]:
    """The sheet of one hospital, if the run corrects anything."""
    if not differences:
        return []
    return [difference_sheet(differences_of_hospital(differences, hospital_id))]


def differences_of_hospital(differences: DifferenceTables, hospital_id: str) -> DifferenceTables:
    """The rows of one hospital."""
    mine = pl.col("hospital_id") == hospital_id
    return DifferenceTables(differences.cases.filter(mine), differences.statements.filter(mine))


def _with_line(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(line=line_kind())
