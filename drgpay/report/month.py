"""A settled month as tables for readers: decimals instead of scaled integers, sorted, named."""

from dataclasses import dataclass

import polars as pl

from drgpay.exact import FEN_PLACES, POINT_PLACES, as_decimal
from drgpay.settle.month import Settled


@dataclass(frozen=True)
class RunFacts:
    """What a report says of the run as a whole."""

    run_id: str
    period: str
    region: str
    policy: str
    scheme: str
    catalogue: str
    method: str
    value_places: int
    read: int
    valid: int
    quarantined: int
    warnings: int


@dataclass(frozen=True)
class MonthTables:
    """The tables of a run as they are written and shown (docs/files.md lists the columns)."""

    facts: RunFacts
    cases: pl.DataFrame
    statements: pl.DataFrame
    values: pl.DataFrame
    quarantine: pl.DataFrame
    warnings: pl.DataFrame


def values_table(settled: Settled, value_places: int) -> pl.DataFrame:
    """values.parquet: one row an account."""
    return settled.values.select(
        "account",
        _money("budget"),
        _money("from_home_funds"),
        _money("patient_cost", "patient_fen"),
        _money("other_cost", "other_fen"),
        as_decimal("points", POINT_PLACES),
        as_decimal("point_value", value_places),
        _money("fund_amount"),
        _money("remainder"),
    )


def statements_table(settled: Settled, hospitals: pl.DataFrame) -> pl.DataFrame:
    """statements.parquet: one row a hospital, account, out_of_area and payment."""
    named = settled.statements.join(
        hospitals.select("hospital_id", "name", "level"),
        on="hospital_id",
        how="left",
        maintain_order="left",
    ).with_columns(difference_fen=pl.col("fund_amount_fen") - pl.col("fund_fen"))
    return named.select(
        "hospital_id",
        "name",
        "level",
        "account",
        "out_of_area",
        "payment",
        "cases",
        as_decimal("points", POINT_PLACES),
        _money("total_cost", "total_fen"),
        _money("standard_amount", "standard_fen"),
        _money("patient_cost", "patient_fen"),
        _money("other_cost", "other_fen"),
        _money("fund_amount"),
        _money("fund_cost", "fund_fen"),
        _money("difference"),
        _money("prepayment"),
        _money("home_fund_bill"),
        _money("carried"),
        negative_fund=pl.col("fund_amount_fen") < 0,
    )


def cases_table(settled: Settled) -> pl.DataFrame:
    """cases.parquet: one row a paid stay, sorted by case_id; no person ids."""
    return settled.cases.select(
        "case_id",
        "hospital_id",
        "level",
        "account",
        "out_of_area",
        "payment",
        "status",
        "mdc",
        "adrg",
        "drg",
        "severity",
        "case_class",
        as_decimal("base_points", POINT_PLACES),
        as_decimal("coefficient", POINT_PLACES),
        _money("mean_cost", "mean_fen"),
        _money("reference_mean"),
        as_decimal("cost_ratio", POINT_PLACES),
        as_decimal("high_ratio", POINT_PLACES),
        "length_of_stay",
        "formula",
        as_decimal("points_before", POINT_PLACES),
        "adjustment",
        as_decimal("adjustment_factor", POINT_PLACES),
        "readmission_case_id",
        as_decimal("points", POINT_PLACES),
        _money("total_cost", "total_fen"),
        _money("standard_amount", "standard_fen"),
        _money("patient_cost", "patient_fen"),
        _money("other_cost", "other_fen"),
        _money("fund_amount", "case_fund_fen"),
        _money("fund_cost", "fund_fen"),
        negative_fund=pl.col("case_fund_fen") < 0,
    )


def hospital_totals(statements: pl.DataFrame) -> pl.DataFrame:
    """One row a hospital over all its lines: cases, points, fund amount, item by item, difference."""
    return (
        statements.group_by("hospital_id", "name", "level")
        .agg(
            pl.col("cases", "points", "fund_amount", "fund_cost", "difference", "prepayment").sum()
        )
        .sort("hospital_id")
    )


def line_totals(statements: pl.DataFrame) -> pl.DataFrame:
    """One row a kind of line: local or outside, by points or by item; only what is there.

    Only local lines by points are paid from the budget.
    """
    return (
        statements.with_columns(line=line_kind())
        .group_by("line")
        .agg(
            pl.col(
                "cases",
                "points",
                "fund_amount",
                "fund_cost",
                "difference",
                "prepayment",
                "home_fund_bill",
            ).sum()
        )
        .sort(pl.col("line").replace_strict({kind: n for n, kind in enumerate(LINE_KINDS)}))
    )


LINE_KINDS = ("local_points", "local_item", "outside_points", "outside_item")


def line_kind() -> pl.Expr:
    """The kind of a statement line, one of LINE_KINDS."""
    place = pl.when("out_of_area").then(pl.lit("outside")).otherwise(pl.lit("local"))
    kind = pl.when(pl.col("payment") == "points").then(pl.lit("points")).otherwise(pl.lit("item"))
    return pl.concat_str(place, kind, separator="_")


def class_totals(cases: pl.DataFrame) -> pl.DataFrame:
    """One row a case class: cases, points, total cost, fund amount, item by item."""
    return (
        cases.group_by("case_class")
        .agg(
            pl.len().alias("cases"),
            pl.col("points", "total_cost", "fund_amount", "fund_cost").sum(),
        )
        .sort("cases", "case_class", descending=[True, False])
    )


def _money(name: str, fen: str | None = None) -> pl.Expr:
    return as_decimal(fen or f"{name}_fen", FEN_PLACES).alias(name)
