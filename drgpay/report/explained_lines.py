"""How a statement comes about, line by line, then one case of it: of a month or a year."""

from collections.abc import Mapping

import polars as pl

from drgpay.base.language import Language
from drgpay.report.entry_sheets import ProviderEntries
from drgpay.report.explanation import (
    Row,
    Rules,
    final_budget,
    line_of_month,
    line_of_year,
    total_over_lines,
    value_of_pool,
    worked_case,
)
from drgpay.report.statement import HospitalStatement
from drgpay.report.visit_explanation import worked_visit
from drgpay.results.month import pool_rows
from drgpay.results.results import Results
from drgpay.show.calculation import Calculation


def explained_pools(results: Results) -> dict[str, Row]:
    """The row of each pool by its name; of a year with the total cost of its cases by points."""
    rows = pool_rows(results.pools).iter_rows(named=True)
    pools: dict[str, Row] = {row["pool"]: row for row in rows}
    if not results.is_year:
        return pools
    in_pool = results.statements.filter("in_pool")
    costs = dict(in_pool.group_by("pool").agg(pl.col("total_cost").sum()).iter_rows())
    return {name: {**row, "total_cost": costs.get(name)} for name, row in pools.items()}


def explained(
    statement: HospitalStatement,
    pools: Mapping[str, Row],
    rules: Rules,
    entries: ProviderEntries | None,
    year: bool,
    language: Language,
) -> list[Calculation]:
    """Final budgets of a year, point values, then line by line to what is paid, then one case.

    pools: of `explained_pools`. entries: of visits, whose worked case is shown with them.
    """
    lines = statement.lines.rows(named=True)
    budget, line_of = ("budget_final", line_of_year) if year else ("budget", line_of_month)
    paid, total = ("clearing", "total_clearing") if year else ("prepayment", "total_prepayment")
    blocks = []
    for pool in dict.fromkeys(line["pool"] for line in lines if line["payment"] == "points"):
        if year and rules.clearing:
            blocks.append(final_budget(pools[pool], rules.clearing, language))
        # By rates each line has its own value, which its calculation begins with.
        if rules.settlement.method != "rate":
            blocks.append(value_of_pool(pools[pool], budget, rules, language))
    blocks += [line_of(line, pools[line["pool"]], rules, language) for line in lines]
    paid_here = [line for line in lines if rules.paid_here(line)]
    if len(paid_here) > 1:
        blocks.append(total_over_lines(paid_here, paid, language, total))
    return [*blocks, *_worked(statement, pools, rules, entries, language)]


def _worked(
    statement: HospitalStatement,
    pools: Mapping[str, Row],
    rules: Rules,
    entries: ProviderEntries | None,
    language: Language,
) -> list[Calculation]:
    """The case that a statement works out, if it has one; a visit with its entries."""
    if not statement.example:
        return []
    pool = _pool_of_example(statement, pools)
    if entries is None:
        return [worked_case(statement.example, pool, rules, language)]
    found = entries.example_of(statement)
    if found is None:
        return []
    return [worked_visit(statement.example.case, found, rules.group_names, pool, rules, language)]


def _pool_of_example(statement: HospitalStatement, pools: Mapping[str, Row]) -> Row:
    """The pool that pays the example of a statement, which has one, with the value of its line."""
    assert statement.example
    account = statement.example.case["account"]
    lines = statement.lines.iter_rows(named=True)
    return next(
        {**pools[line["pool"]], "point_value": line["point_value"]}
        for line in lines
        if line["account"] == account and line["payment"] == "points"
    )
