"""The sheets of a clearing: of the pools for summary.xlsx, of each hospital for its statement."""

from collections.abc import Callable, Mapping
from datetime import datetime

import polars as pl

from drgpay.base.language import Language
from drgpay.policy.settlement import Clearing
from drgpay.report.calculation import Calculation
from drgpay.report.explanation import (
    Row,
    Rules,
    final_budget,
    line_of_year,
    total_over_lines,
    value_of_pool,
    worked_case,
)
from drgpay.report.fact_lines import has_kept, joined, rule_lines
from drgpay.report.sheets import BookPart, Sheet
from drgpay.report.statement import (
    HospitalStatement,
    hospital_statements,
    valued_adjustments,
    values_by_hospital,
)
from drgpay.report.statement_xlsx import (
    StatementKind,
    hospital_parts,
    line_table,
    pool_of_example,
)
from drgpay.report.summary_xlsx import (
    adjustment_totals,
    class_table,
    ledger_tables,
    with_pool_names,
)
from drgpay.report.tables import ReportTable
from drgpay.report.wording import word
from drgpay.results.clearing import ClearingTables, VisitClearingTables
from drgpay.results.month import line_kind, pool_rows

_EARNED = [
    *("cases", "points", "minus_points", "deducted_points", "point_value", "total_cost"),
    *("standard_amount", "kept", "patient_cost", "other_cost", "fund_amount"),
]
_CLEARED = [
    *("fund_amount", "fund_cost", "difference", "assessment_factor", "assessment", "redistributed"),
    *("deduction", "payable", "prepaid", "clearing"),
]
_HOME = ["home_fund_bill", "home_fund_billed", "home_fund_clearing"]


def last_day(year: int) -> datetime:
    """The last day of a year: when the workbooks of its clearing say they were made."""
    return datetime(year, 12, 31)


def clearing_statement_parts(
    tables: ClearingTables, rules: Rules, prepayments: pl.DataFrame, language: Language
) -> dict[str, BookPart]:
    """The sheets of each hospital of the year by its id, of its stays.

    prepayments: hospital_id, period, account, out_of_area, payment, prepayment (yuan): what each
    month prepaid, one row a month and line.
    """
    pools = pools_with_costs(tables)
    kind = StatementKind(
        title=word("clearing_title", language),
        facts=clearing_facts(tables, language),
        rules=clearing_rules(tables, language),
        tables=year_line_tables(prepayments),
        explained=lambda statement: [
            *explained_year(statement, pools, rules, tables.policy.clearing, language),
            *_worked_case(statement, pools, rules, language),
        ],
    )
    return hospital_parts(year_statements(tables, rules), kind, language)


def year_statements(
    tables: ClearingTables, rules: Rules, usual: str = "normal"
) -> list[HospitalStatement]:
    """The statements of the year; `usual` is the class that a worked case is taken from."""
    values = values_by_hospital(tables.statements)
    return hospital_statements(
        tables.statements.with_columns(line=line_kind()),
        tables.cases,
        tables.adjustments,
        values,
        rules.group_names,
        usual=usual,
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


def clearing_summary_part(tables: ClearingTables, language: Language) -> BookPart:
    """The sheets of the stays: pools, hospitals, classes, adjustments, ledger."""
    valued = valued_adjustments(tables.adjustments, values_by_hospital(tables.statements))
    sheets = [
        *year_sheets(tables, language),
        Sheet("classes", [class_table(tables.cases, valued)], signed=True),
        Sheet("adjustments", [adjustment_totals(valued)], signed=True),
        Sheet("ledger", ledger_tables(tables.ledger, language), signed=True),
    ]
    facts = [*clearing_facts(tables, language), *clearing_rules(tables, language)]
    title = word("clearing_summary_title", language)
    return BookPart(title, facts, sheets, lambda key: word(key, language))


def year_sheets(tables: ClearingTables, language: Language) -> list[Sheet]:
    """Budgets, values and results of the pools; what is still due to each hospital."""
    return [
        Sheet("pools", _pool_tables(tables.pools, language), signed=True),
        Sheet("hospitals", [_hospitals(tables.statements)], signed=True),
    ]


def clearing_rules(tables: ClearingTables, language: Language) -> list[str]:
    """How point values and fund amounts of the year are found."""
    settlement = tables.policy.settlement
    kept = has_kept(settlement.deducted_points, tables.pools)
    return rule_lines(settlement.method, settlement.value_places, language, kept)


def clearing_facts(tables: ClearingTables | VisitClearingTables, language: Language) -> list[str]:
    """Region, year and run; the policy."""
    policy = tables.policy.policy
    name = f"{policy.name}（{policy.id}）"
    return [
        joined(language, region=policy.region, year=str(tables.year), run=tables.run_id),
        joined(language, policy=name),
    ]


def _pool_tables(pools: pl.DataFrame, language: Language) -> list[ReportTable]:
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


def _hospitals(statements: pl.DataFrame) -> ReportTable:
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


def _line_tables(
    statement: HospitalStatement, prepayments: pl.DataFrame | None
) -> list[ReportTable]:
    lines = statement.lines.with_columns(assessment_factor="factor")
    tables = [
        line_table("earned", lines, _EARNED),
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


def pools_with_costs(tables: ClearingTables) -> dict[str, Row]:
    """The row of each pool, with the total cost of its cases paid by points."""
    costs = dict(
        tables.statements.filter("in_pool")
        .group_by("pool")
        .agg(pl.col("total_cost").sum())
        .iter_rows()
    )
    return {
        row["pool"]: {**row, "total_cost": costs.get(row["pool"])}
        for row in pool_rows(tables.pools).iter_rows(named=True)
    }


def explained_year(
    statement: HospitalStatement,
    pools: Mapping[str, Row],
    rules: Rules,
    clearing: Clearing | None,
    language: Language,
) -> list[Calculation]:
    """Final budgets and values, then line by line to what is still due."""
    lines = statement.lines.rows(named=True)
    blocks = []
    for pool in dict.fromkeys(line["pool"] for line in lines if line["payment"] == "points"):
        if clearing:
            blocks.append(final_budget(pools[pool], clearing, language))
        if rules.settlement.method != "rate":
            blocks.append(value_of_pool(pools[pool], "budget_final", rules, language))
    blocks += [line_of_year(line, pools[line["pool"]], rules, language) for line in lines]
    paid = [line for line in lines if rules.paid_here(line)]
    if len(paid) > 1:
        blocks.append(total_over_lines(paid, "clearing", language, "total_clearing"))
    return blocks


def _worked_case(
    statement: HospitalStatement, pools: Mapping[str, Row], rules: Rules, language: Language
) -> list[Calculation]:
    if not statement.example:
        return []
    return [worked_case(statement.example, pool_of_example(statement, pools), rules, language)]
