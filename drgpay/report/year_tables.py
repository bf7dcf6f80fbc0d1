"""Tables of a cleared year: its pools, and the lines of the hospitals with what is still due."""

from collections.abc import Callable

import polars as pl

from drgpay.base.language import Language
from drgpay.report.settled_tables import EARNED, line_table, with_pool_names
from drgpay.report.statement import HospitalStatement
from drgpay.results.month import line_kind, pool_rows
from drgpay.show.tables import ReportTable

_CLEARED = [
    *("fund_amount", "fund_cost", "difference", "assessment_factor", "assessment", "redistributed"),
    *("deduction", "payable", "prepaid", "clearing"),
]
_HOME = ["home_fund_bill", "home_fund_billed", "home_fund_clearing"]


def pool_tables(pools: pl.DataFrame, language: Language) -> list[ReportTable]:
    """How the final budget and the value come about, and what became of the budget."""
    final = [
        *(
            "budget_given",
            "item_by_item",
            "item_share",
            "budget",
            "fund_cost",
            "surplus",
            "overrun",
            "retained",
            "shared",
            "reserve",
        ),
        "budget_final",
    ]
    shared = [
        *("from_home_funds", "cases", "patient_cost", "other_cost", "points", "deducted_points"),
        "point_value",
    ]
    result = [
        *(
            "fund_amount",
            "kept",
            "remainder",
            "assessment",
            "redistributed",
            "deduction",
            "withheld",
        ),
        *("payable", "prepaid", "clearing"),
    ]
    named = with_pool_names(pool_rows(pools), language)
    rates = with_pool_names(pools.filter(pl.col("level").is_not_null()), language)
    return [
        *([_rate_table(rates)] if rates.height else []),
        *_pool_parts(named, final, shared, result),
    ]


def _rate_table(rates: pl.DataFrame) -> ReportTable:
    """What each account and level earns by its rate."""
    sums = ["cases", "points", "deducted_points", "total_cost", "patient_cost", "other_cost"]
    sums += ["fund_amount", "kept"]
    return ReportTable(
        "rates",
        rates.select("pool", "account", "level", "point_value", *sums),
        worded=frozenset({"account"}),
        prefixes={"level": "level"},
        sums=frozenset(sums),
    )


def _pool_parts(
    named: pl.DataFrame, final: list[str], shared: list[str], result: list[str]
) -> list[ReportTable]:
    return [
        ReportTable(
            key,
            named.select("pool", *columns),
            sums=frozenset(columns) - {"point_value", "item_share"},
            note=note,
        )
        for key, columns, note in (
            ("pools", final, ""),
            ("values", shared, ""),
            ("pool_results", result, "clearing_note"),
        )
    ]


def year_hospitals(statements: pl.DataFrame) -> ReportTable:
    """statements.parquet of a year, a row a line."""
    amounts = [
        *("cases", "points", "minus_points", "waiting_points", "deducted_points"),
        *("standard_amount", "kept", *_CLEARED, *_HOME),
    ]
    frame = statements.with_columns(line=line_kind(), assessment_factor="factor").select(
        "hospital_id", "name", "level", "account", "line", *amounts
    )
    return ReportTable(
        "hospitals",
        frame,
        worded=frozenset({"account", "line"}),
        prefixes={"level": "level"},
        sums=frozenset(amounts) - {"assessment_factor"},
        note="clearing_note",
    )


def year_line_tables(
    prepayments: pl.DataFrame,
) -> Callable[[HospitalStatement], list[ReportTable]]:
    """What the lines of a year earned and what is still due, with the prepayments of the months."""
    by_month = prepayments.with_columns(line=line_kind()).sort(
        "hospital_id", "period", "account", "line"
    )
    months = {
        str(hospital): part
        for (hospital,), part in by_month.partition_by("hospital_id", as_dict=True).items()
    }
    return lambda statement: _line_tables(statement, months.get(statement.hospital_id))


def _line_tables(
    statement: HospitalStatement, prepayments: pl.DataFrame | None
) -> list[ReportTable]:
    lines = statement.lines.with_columns(assessment_factor="factor")
    tables = [
        line_table("earned", lines, EARNED),
        line_table("cleared", lines, _CLEARED, "clearing_note"),
    ]
    outside = lines.filter("out_of_area")
    if outside.height:
        tables.append(line_table("home_fund_lines", outside, _HOME))
    if prepayments is not None:
        tables.append(
            ReportTable(
                "prepaid_by_month",
                prepayments.select("period", "account", "line", "prepayment"),
                worded=frozenset({"account", "line"}),
                sums=frozenset({"prepayment"}),
            )
        )
    return tables
