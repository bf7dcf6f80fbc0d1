"""Tables of a cleared year: its pools, and the lines of the hospitals with what is still due."""

from collections.abc import Callable

import polars as pl

from drgpay.base.language import Language
from drgpay.report.settled_tables import shown, with_pool_names
from drgpay.report.statement import HospitalStatement
from drgpay.results.month import line_kind, pool_rows
from drgpay.show.tables import ReportTable


def pool_tables(pools: pl.DataFrame, language: Language) -> list[ReportTable]:
    """How the final budget and the value come about, and what became of the budget."""
    named = with_pool_names(pool_rows(pools), language)
    rates = with_pool_names(pools.filter(pl.col("level").is_not_null()), language)
    return [
        *([shown("rates", rates)] if rates.height else []),
        *(shown(key, named) for key in ("pools", "year_values", "pool_results")),
    ]


def year_hospitals(statements: pl.DataFrame) -> ReportTable:
    """statements.parquet of a year, a row a line."""
    frame = statements.with_columns(line=line_kind(), assessment_factor="factor")
    return shown("year_hospitals", frame)


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
    tables = [shown("earned", lines), shown("cleared", lines)]
    outside = lines.filter("out_of_area")
    if outside.height:
        tables.append(shown("home_fund_lines", outside))
    if prepayments is not None:
        tables.append(shown("prepaid_by_month", prepayments))
    return tables
