"""Examples of settlement: stays with points and costs become money, for a month and for a year."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import FEN_PLACES
from drgpay.base.period import Period
from drgpay.policy.adjustment_rows import ADJUSTMENT_SCHEMA
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.results.columns import Column, columns_of, money, plain, points
from drgpay.settle.clearing import YearBudget, clear_year
from drgpay.settle.lines import LINE, NO_PAYMENTS, PAYMENT_SCHEMA
from drgpay.settle.month import settle_month
from drgpay.settle.settled import Settled
from tests.examples.cells import compare, copied, policy_of, rows_of
from tests.examples.page import Example, Table

OCTOBER = Period(2026, 10)
CORE = load_policy("zhejiang-2019-core").policy
GIVEN = (
    *("policy", "hospitals", "standard stay", "stays", "final stays", "adjustments"),
    *("payments", "reserves", "scores"),
)
EXPECTED = (
    *("values", "statements", "cases", "adjustments", "rates", "refusal"),
    *("year pools", "year statements", "year cases", "assessment"),
)
STAY_COLUMNS = [
    *plain("case_id", "hospital_id", "account", "out_of_area", "case_class"),
    *points("points"),
    *money("total_cost", "total_fen"),
    *money("fund_cost", "fund_fen"),
    *money("patient_cost", "patient_fen"),
    *money("other_cost", "other_fen"),
]
STAY_SCHEMA: dict[str, pl.DataType] = {
    column.scaled: pl.String() if column.places is None else pl.Int64() for column in STAY_COLUMNS
} | {"out_of_area": pl.Boolean()}
GIVEN_ADJUSTMENTS = [
    column
    for column in columns_of("adjustments")
    if column.scaled in ("case_id", "hospital_id", "applies_to", "kind", "points")
]
RATE_ROWS = [
    *plain("account", "level", "cases"),
    *points("points", "point_value"),
    *money("fund_amount"),
]
YEAR = ("year pools", "year statements", "year cases", "assessment")


def differences(example: Example) -> list[str]:
    """What of an example is not so, a sentence each."""
    example.refuse_unknown(GIVEN, EXPECTED)
    try:
        return _differences(example)
    except DrgpayError as error:
        said = example.expected.get("refusal")
        if said is None:
            return [f"{example.where}: settlement refuses it: {error}"]
        if said.rows[0]["said"] in str(error):
            return []
        return [f"{example.where}, expected refusal: it says '{error}'"]


def _differences(example: Example) -> list[str]:
    policy = policy_of(example, CORE)
    places = policy.settlement.value_places
    stays, payments = _stays(example, "stays"), _payments(example)
    levels = {row["hospital_id"]: row["level"] for row in example.rows("hospitals")}
    adjustments = _adjustments(example, stays)
    month = settle_month(stays, adjustments, policy, OCTOBER, payments, levels)
    wrong = [
        *compare(example, "values", month.pools, columns_of("values", places), ["pool"]),
        *compare(example, "statements", month.lines, columns_of("statements", places), LINE),
        *compare(example, "cases", month.cases, columns_of("cases"), ["case_id"]),
        *compare(
            example,
            "adjustments",
            month.adjustments,
            columns_of("adjustments"),
            ["case_id", "kind", "applies_to"],
            whole=True,
        ),
        *compare(example, "rates", month.rates, _valued(RATE_ROWS, places), ["account", "level"]),
    ]
    if any(name in example.expected for name in (*YEAR, "refusal")) and policy.clearing:
        final = _stays(example, "final stays") if example.rows("final stays") else stays
        year = _cleared(example, policy, month, final, _adjustments(example, final))
        wrong += [
            *compare(example, "year pools", year.pools, columns_of("pools", places), ["pool"]),
            *compare(
                example,
                "year statements",
                year.lines,
                columns_of("cleared_statements", places),
                LINE,
            ),
            *compare(example, "year cases", year.cases, columns_of("cases"), ["case_id"]),
            *compare(
                example, "assessment", year.assessment, columns_of("assessment"), ["hospital_id"]
            ),
        ]
    if "refusal" in example.expected:
        wrong.append(f"{example.where}, expected refusal: it is settled")
    return wrong


def _valued(columns: Sequence[Column], places: int) -> list[Column]:
    return [
        replace(column, places=places) if column.name == "point_value" else column
        for column in columns
    ]


def _stays(example: Example, name: str) -> pl.DataFrame:
    """Stays of a table, each the standard stay of the page but for what the table says."""
    usual = example.rows("standard stay")[0]
    full = [usual | row for row in copied(example.rows(name))]
    rows = _as_given(example, name, full)
    return pl.DataFrame(rows, schema=STAY_SCHEMA).sort("case_id")


def _as_given(example: Example, name: str, rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    table = Table(list(rows[0]), rows)
    whole = replace(example, given={**example.given, name: table})
    return rows_of(whole, name, STAY_COLUMNS, STAY_SCHEMA)


def _adjustments(example: Example, stays: pl.DataFrame) -> pl.DataFrame:
    """The adjustments of a table, numbered by their case; what it does not say is of their case."""
    of_case = {row["case_id"]: row for row in stays.to_dicts()}
    rows: list[dict[str, Any]] = []
    for row in rows_of(example, "adjustments", GIVEN_ADJUSTMENTS, ADJUSTMENT_SCHEMA):
        case = of_case.get(row["case_id"], {"account": "employee", "out_of_area": False})
        kept = {name: case.get(name) for name in ("hospital_id", "account", "out_of_area")}
        step = 1 + sum(one["case_id"] == row["case_id"] for one in rows)
        rows.append(kept | {"step": step} | row)
    rows.sort(key=lambda row: (row["case_id"], row["step"]))
    full = [{name: row.get(name) for name in ADJUSTMENT_SCHEMA} for row in rows]
    return pl.DataFrame(full, schema=ADJUSTMENT_SCHEMA)


def _payments(example: Example) -> pl.DataFrame:
    columns = [*plain("hospital_id", "account"), *money("amount")]
    rows = rows_of(example, "payments", columns, PAYMENT_SCHEMA)
    return pl.DataFrame(rows, schema=PAYMENT_SCHEMA) if rows else NO_PAYMENTS


def _cleared(
    example: Example, policy: Policy, month: Settled, stays: pl.DataFrame, adjustments: pl.DataFrame
) -> Settled:
    reserves = {
        row["pool"]: row["reserve_fen"]
        for row in rows_of(
            example,
            "reserves",
            [*plain("pool"), Column("reserve", "reserve_fen", FEN_PLACES)],
            {"pool": pl.String(), "reserve_fen": pl.Int64()},
        )
    }
    budgets = {
        pool: YearBudget(given, reserves.get(pool, 0))
        for pool, given in month.pools.select("pool", "budget_given_fen").iter_rows()
    }
    score_schema = {"hospital_id": pl.String(), "score": pl.Int64()}
    scores = rows_of(example, "scores", [*plain("hospital_id"), *points("score")], score_schema)
    table = pl.DataFrame(scores, schema=score_schema) if scores else None
    levels = {row["hospital_id"]: row["level"] for row in example.rows("hospitals")}
    return clear_year(
        stays, adjustments, month.lines, budgets, table, policy, OCTOBER.year, levels=levels
    )
