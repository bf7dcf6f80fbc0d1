"""The columns of a settled month, and what readers add up of them."""

from decimal import Decimal
from typing import Any

import polars as pl

from drgpay.base.exact import FEN_PLACES, as_decimal
from drgpay.results.columns import columns_of, written
from drgpay.settle.lines import NO_ADJUSTMENTS


def with_rates(pools: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """Rows of pools, each followed by those of its rates; columns of one alone are null."""
    nobody = pl.lit(None, pl.String)
    own = pools.with_columns(account=nobody, level=nobody)
    if not rates.height:
        return own
    places = {pool: place for place, pool in enumerate(pools["pool"])}
    return pl.concat([own, rates], how="diagonal").sort(
        pl.col("pool").replace_strict(places, return_dtype=pl.Int64),
        pl.col("level").is_not_null(),
        maintain_order=True,
    )


def pool_rows(values: pl.DataFrame) -> pl.DataFrame:
    """The rows of values.parquet that are of pools, without account and level."""
    return values.filter(pl.col("level").is_null()).drop("account", "level")


def named_lines(lines: pl.DataFrame, hospitals: pl.DataFrame) -> pl.DataFrame:
    """Statement lines with the hospital's name and level, and the difference to item by item."""
    named = lines.join(
        hospitals.select("hospital_id", "name", "level"),
        on="hospital_id",
        how="left",
        maintain_order="left",
    ).with_columns(
        difference=pl.col("fund_amount") - pl.col("fund_cost"),
        negative_fund=pl.col("fund_amount") < 0,
    )
    first = ["hospital_id", "name", "level"]
    rest = [name for name in lines.columns if name not in first]
    after = rest.index("fund_cost") + 1
    return named.select(*first, *rest[:after], "difference", *rest[after:], "negative_fund")


def adjustments_table(adjustments: pl.DataFrame) -> pl.DataFrame:
    """adjustments.parquet: one row an adjustment of a case's or a hospital's points."""
    return written(adjustments, columns_of("adjustments"))


def no_adjustments() -> pl.DataFrame:
    """adjustments.parquet without rows: points of visits are never adjusted."""
    return adjustments_table(
        NO_ADJUSTMENTS.with_columns(
            payment=pl.lit(None, pl.String),
            standard_fen=pl.lit(None, pl.Int64),
            waiting=pl.lit(False),
        )
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


def minus_totals(adjustments: pl.DataFrame) -> list[dict[str, Any]]:
    """What hospitals lose beside the points of their cases, as one row of `class_totals`: with it
    the classes add up to the hospitals. No row where nothing was taken.
    """
    taken = adjustments.filter(
        (pl.col("applies_to") == "hospital") & (pl.col("points") != 0) & ~pl.col("waiting")
    )
    if not taken.height:
        return []
    points, amount = taken["points"].sum(), taken["standard_amount"].sum()
    nothing = Decimal("0.00")
    row = {"case_class": "minus", "cases": 0, "points": points, "total_cost": nothing}
    return [{**row, "fund_amount": amount, "fund_cost": nothing}]


def class_totals(cases: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """One row a case class: cases, points, total cost, fund amount, item by item."""
    return (
        cases.lazy()
        .group_by("case_class")
        .agg(
            pl.len().alias("cases"),
            pl.col("points", "total_cost", "fund_amount", "fund_cost").sum(),
        )
        .sort("cases", "case_class", descending=[True, False])
        .collect(engine="streaming")
    )


def refused_table(refused: pl.DataFrame, hospitals: pl.DataFrame) -> pl.DataFrame:
    """What was refused: code, hospital_id, name (null if unknown), rows, total_cost; most money first.

    refused: REFUSED_SCHEMA of records/findings.py. hospitals: hospital_id and name.
    """
    keys = ["code", "hospital_id"]
    return (
        refused.group_by(keys)
        .agg(pl.col("rows", "total_fen").sum())
        .join(hospitals.select("hospital_id", "name"), on="hospital_id", how="left")
        .sort("total_fen", *keys, descending=[True, False, False])
        .select(*keys, "name", "rows", as_decimal("total_fen", FEN_PLACES).alias("total_cost"))
    )


def example_cases(
    cases: pl.DataFrame | pl.LazyFrame, adjustments: pl.DataFrame, usual: str = "normal"
) -> pl.DataFrame:
    """A case of each hospital with points: if there is one, a local one of the class `usual`.

    Of these one whose points were adjusted comes first. Rows of `cases`, in their order.
    """
    of_class = pl.col("case_class") == usual
    adjusted = pl.col("case_id").is_in(adjustments["case_id"].implode())
    rank = (
        pl.when(pl.col("out_of_area"))
        .then(3)
        .when(of_class & adjusted)
        .then(0)
        .when(of_class)
        .then(1)
        .otherwise(2)
    )
    scan = cases.lazy()
    best = (
        scan.select("hospital_id", "payment", "points", rank=rank)
        .with_row_index("row")
        .filter((pl.col("payment") == "points") & (pl.col("points") > 0))
        .group_by("hospital_id")
        .agg((pl.col("rank").cast(pl.Int64) * _ROWS + pl.col("row")).min().alias("row"))
        .collect(engine="streaming")["row"]
    )
    places = (best % _ROWS).sort()
    ids = scan.select("case_id").with_row_index("row").filter(pl.col("row").is_in(places.implode()))
    chosen = ids.collect(engine="streaming")["case_id"]
    return scan.filter(pl.col("case_id").is_in(chosen.implode())).collect()


_ROWS = 2**40
"""More than a table has."""
