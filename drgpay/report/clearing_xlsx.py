"""The workbooks of a clearing: summary.xlsx of the pools, statements/<hospital_id>.xlsx."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import polars as pl

from drgpay.language import Language
from drgpay.policy.settlement import Clearing
from drgpay.report.calculation import Calculation
from drgpay.report.clearing import ClearingTables
from drgpay.report.explanation import (
    Row,
    Rules,
    final_budget,
    line_of_year,
    total_over_lines,
    value_of_pool,
    worked_case,
)
from drgpay.report.fact_lines import joined, rule_lines
from drgpay.report.month import line_kind
from drgpay.report.sheets import BookPart, Sheet, write_book
from drgpay.report.statement import (
    HospitalStatement,
    hospital_statements,
    valued_adjustments,
    values_by_account,
)
from drgpay.report.statement_xlsx import (
    StatementKind,
    hospital_parts,
    line_table,
    write_hospital_books,
)
from drgpay.report.summary_xlsx import (
    adjustment_totals,
    class_table,
    ledger_tables,
    with_pool_names,
)
from drgpay.report.tables import ReportTable
from drgpay.report.wording import word

_EARNED = [
    *("cases", "points", "minus_points", "point_value", "total_cost"),
    *("standard_amount", "patient_cost", "other_cost", "fund_amount"),
]
_CLEARED = [
    *("fund_amount", "fund_cost", "difference", "factor", "assessment", "redistributed"),
    *("deduction", "payable", "prepaid", "clearing"),
]
_HOME = ["home_fund_bill", "home_fund_billed", "home_fund_clearing"]


def write_clearing_statements(
    tables: ClearingTables,
    rules: Rules,
    prepayments: pl.DataFrame,
    folder: Path,
    language: Language,
) -> None:
    """Write a workbook for each hospital of the year into a folder, which is made.

    prepayments: hospital_id, period, account, out_of_area, payment, prepayment (yuan): what each
    month prepaid, one row a month and line. The same tables give the same bytes.
    """
    values = values_by_account(tables.pools)
    pools = _pools(tables)
    lines = tables.statements.join(values, on="account", how="left", maintain_order="left")
    statements = hospital_statements(
        lines.with_columns(
            line=line_kind(), point_value=pl.when(pl.col("payment") == "points").then("point_value")
        ),
        tables.cases,
        tables.adjustments,
        values,
        rules.group_names,
    )
    by_month = prepayments.with_columns(line=line_kind()).sort(
        "hospital_id", "period", "account", "line"
    )
    months = {
        str(hospital): part
        for (hospital,), part in by_month.partition_by("hospital_id", as_dict=True).items()
    }
    kind = StatementKind(
        title=word("clearing_title", language),
        facts=_facts(tables, language),
        rules=rule_lines(rules.settlement.method, rules.settlement.value_places, language),
        tables=lambda statement: _line_tables(statement, months.get(statement.hospital_id)),
        explained=lambda statement: _explained(
            statement, pools, rules, tables.policy.clearing, language
        ),
    )
    parts = hospital_parts(statements, kind, language)
    write_hospital_books([parts], datetime(tables.year, 12, 31), folder, language)


def write_clearing_summary(tables: ClearingTables, path: Path, language: Language) -> None:
    """Write the workbook of the pools; the same tables give the same bytes."""
    settlement = tables.policy.settlement
    valued = valued_adjustments(tables.adjustments, values_by_account(tables.pools))
    sheets = [
        Sheet("pools", _pool_tables(tables.pools, language), signed=True),
        Sheet("hospitals", [_hospitals(tables.statements)], signed=True),
        Sheet("classes", [class_table(tables.cases, valued)], signed=True),
        Sheet("adjustments", [adjustment_totals(valued)], signed=True),
        Sheet("ledger", ledger_tables(tables.ledger, language), signed=True),
    ]
    facts = [
        *_facts(tables, language),
        *rule_lines(settlement.method, settlement.value_places, language),
    ]
    title = word("clearing_summary_title", language)
    part = BookPart(title, facts, sheets, lambda key: word(key, language))
    write_book(path, [part], language, datetime(tables.year, 12, 31))


def _facts(tables: ClearingTables, language: Language) -> list[str]:
    policy = tables.policy.policy
    name = f"{policy.name}（{policy.id}）"
    return [
        joined(language, region=policy.region, year=str(tables.year), run=tables.run_id),
        joined(language, policy=name),
    ]


def _pool_tables(pools: pl.DataFrame, language: Language) -> list[ReportTable]:
    """How the final budget and the value come about, and what became of the budget."""
    final = [
        *("budget", "fund_cost", "surplus", "overrun", "retained", "shared", "reserve"),
        "budget_final",
    ]
    shared = ["from_home_funds", "patient_cost", "other_cost", "points", "point_value"]
    result = [
        *("fund_amount", "remainder", "assessment", "redistributed", "deduction", "withheld"),
        *("payable", "prepaid", "clearing"),
    ]
    named = with_pool_names(pools, language)
    return [
        ReportTable(
            key,
            named.select("pool", *columns),
            sums=frozenset(columns) - {"point_value"},
            note=note,
        )
        for key, columns, note in (
            ("pools", final, ""),
            ("values", shared, ""),
            ("pool_results", result, "clearing_note"),
        )
    ]


def _hospitals(statements: pl.DataFrame) -> ReportTable:
    amounts = ["cases", "points", "minus_points", "standard_amount", *_CLEARED, *_HOME]
    frame = statements.with_columns(line=line_kind()).select(
        "hospital_id", "name", "level", "account", "line", *amounts
    )
    return ReportTable(
        "hospitals",
        frame,
        worded=frozenset({"account", "line"}),
        prefixes={"level": "level"},
        sums=frozenset(amounts) - {"factor"},
        note="clearing_note",
    )


def _line_tables(
    statement: HospitalStatement, prepayments: pl.DataFrame | None
) -> list[ReportTable]:
    tables = [
        line_table("earned", statement.lines, _EARNED),
        line_table("cleared", statement.lines, _CLEARED, "clearing_note"),
    ]
    outside = statement.lines.filter("out_of_area")
    if outside.height:
        tables.append(line_table("home_funds", outside, _HOME))
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


def _pools(tables: ClearingTables) -> dict[str, Row]:
    """The row of each pool, with the total cost of its cases paid by points."""
    costs = dict(
        tables.statements.filter("in_pool")
        .group_by("pool")
        .agg(pl.col("total_cost").sum())
        .iter_rows()
    )
    return {
        row["pool"]: {**row, "total_cost": costs.get(row["pool"])}
        for row in tables.pools.iter_rows(named=True)
    }


def _explained(
    statement: HospitalStatement,
    pools: Mapping[str, Row],
    rules: Rules,
    clearing: Clearing | None,
    language: Language,
) -> Sequence[Calculation]:
    """Final budgets and values, then line by line to what is still due, then one case."""
    lines = statement.lines.rows(named=True)
    blocks = []
    for pool in dict.fromkeys(line["pool"] for line in lines if line["payment"] == "points"):
        if clearing:
            blocks.append(final_budget(pools[pool], clearing, language))
        blocks.append(value_of_pool(pools[pool], "budget_final", rules, language))
    blocks += [line_of_year(line, pools[line["pool"]], rules, language) for line in lines]
    paid = [line for line in lines if rules.paid_here(line)]
    if len(paid) > 1:
        blocks.append(total_over_lines(paid, "clearing", language, "total_clearing"))
    if statement.example:
        case = statement.example.case
        of_account = {line["account"]: pools[line["pool"]] for line in lines}
        blocks.append(worked_case(statement.example, of_account[case["account"]], rules, language))
    return blocks
