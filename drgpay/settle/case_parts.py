"""The parts of a line's standard: what falls to each case and to each minus row, to the fen."""

from collections.abc import Mapping

import polars as pl

from drgpay.base.exact import FEN_PLACES, POINT_PLACES, wide
from drgpay.policy.settlement import Settlement
from drgpay.settle.apportion import largest_remainder
from drgpay.settle.lines import LINE
from drgpay.settle.pricing import Waiting


def with_waiting(
    adjustments: pl.DataFrame, statements: pl.DataFrame, waiting: Mapping[str, Waiting]
) -> pl.DataFrame:
    """The adjustments of with_bearing_line with `waiting`: rows that wait for the clearing.

    waiting: what waits in each pool (PricedPool). Columns that only settling needs are dropped.
    """
    to_hospital = (pl.col("applies_to") == "hospital") & (pl.col("points") != 0)
    lines = statements.select(*LINE, "in_pool", pool_waits=_waits(waiting)).with_columns(
        pl.col(name).cast(adjustments.schema[name]) for name in LINE
    )
    waits, inside = pl.col("pool_waits"), pl.col("in_pool")
    of_row = (waits == "unpriced") | (
        inside & ((waits == "minus") | ((waits == "earlier") & pl.col("earlier")))
    )
    return (
        adjustments.join(lines, on=LINE, how="left", maintain_order="left")
        .with_columns(waiting=(to_hospital & of_row).fill_null(value=False))
        .drop("in_pool", "pool_waits", "deducts", "earlier")
    )


def _waits(waiting: Mapping[str, Waiting]) -> pl.Expr:
    return pl.col("pool").replace_strict(
        list(waiting), list(waiting.values()), default="none", return_dtype=pl.String
    )


def with_parts(
    cases: pl.DataFrame,
    adjustments: pl.DataFrame,
    statements: pl.DataFrame,
    rules: Settlement,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Share each line's standard among its cases and minus rows; they sum to it to the fen.

    cases: sorted by case_id, with LINE, points, AMOUNTS. adjustments: of with_waiting, sorted by
    case_id and step. Returns the cases with standard_fen and case_fund_fen, and
    the adjustments with standard_fen (null for rows that are in the points of their case).
    """
    minus = (pl.col("applies_to") == "hospital") & (pl.col("points") != 0) & ~pl.col("waiting")
    numbered = adjustments.with_row_index("row")
    rows = cases.select(*LINE, "points")
    minus_rows = numbered.filter(minus)
    if minus_rows.height:
        rows = _in_order(cases, minus_rows)
    share = _shares(rows, statements, rules)
    if minus_rows.height:
        own = rows["row"].is_null()
        of_minus = rows.filter(~own).select("row").hstack([share.filter(~own).alias("share")])
        share = share.filter(own)
    else:
        of_minus = pl.DataFrame(schema={"row": pl.UInt32, "share": pl.Int64})
    by_item = pl.col("payment") == "item_by_item"
    paid_by_others = pl.col("patient_fen") + pl.col("other_fen")
    residual = pl.col("share") if rules.method == "fund_only" else pl.col("share") - paid_by_others
    settled = (
        cases.with_columns(share=share)
        .with_columns(
            standard_fen=pl.when(by_item).then("total_fen").otherwise("share"),
            case_fund_fen=pl.when(by_item).then("fund_fen").otherwise(residual),
        )
        .drop("share")
    )
    borne = (
        numbered.join(of_minus, on="row", how="left", maintain_order="left")
        .with_columns(
            standard_fen=pl.when(pl.col("applies_to") == "hospital").then(
                pl.col("share").fill_null(0)
            )
        )
        .drop("row", "share")
    )
    return settled, borne


def _in_order(cases: pl.DataFrame, minus_rows: pl.DataFrame) -> pl.DataFrame:
    """Cases and minus rows one below the other in the order of case_id, a case before its rows.

    The ties of the largest remainder go in this order. Rows on stays of an earlier month have no
    case here.
    """
    ids = cases["case_id"]
    # The place of a row is that of its case, or of the first case after it.
    places = pl.Series("place", ids.search_sorted(minus_rows["case_id"], side="left"), pl.UInt32)
    absent = ~minus_rows["case_id"].is_in(ids.implode())
    columns = [*LINE, "points", "place", "after", "row"]
    own = cases.select(
        *LINE, "points", place=pl.int_range(pl.len(), dtype=pl.UInt32), after=pl.lit(1, pl.Int8)
    ).with_columns(row=pl.lit(None, pl.UInt32))
    beside = pl.when(absent).then(0).otherwise(2).cast(pl.Int8)
    placed = minus_rows.with_columns(places, after=beside)
    return pl.concat([own.select(columns), placed.select(columns)]).sort("place", "after", "row")


def _shares(rows: pl.DataFrame, statements: pl.DataFrame, rules: Settlement) -> pl.Series:
    """The part of each row in the standard of its line, in the order of the rows."""
    of_line = statements.select(
        *LINE,
        line=pl.int_range(pl.len(), dtype=pl.Int32),
        standard_fen="standard_fen",
        distributed_fen="distributed_fen",
        line_points="points",
        point_value="point_value",
    )
    keys = of_line.with_columns(pl.col(name).cast(rows.schema[name]) for name in LINE)
    priced = rows.join(keys, on=LINE, how="left", maintain_order="left")
    # A row's exact part is points x value; with a distributed remainder in the standard, the
    # same share of the whole standard.
    scale = 10 ** (POINT_PLACES + rules.value_places - FEN_PLACES)
    by_points = (pl.col("payment") == "points") & pl.col("point_value").is_not_null()
    spread = by_points & (pl.col("distributed_fen") > 0) & (pl.col("line_points") > 0)
    return largest_remainder(
        priced.with_columns(standard_fen=pl.when(by_points).then("standard_fen").otherwise(0)),
        "standard_fen",
        quota=pl.when(spread)
        .then(wide("standard_fen") * wide("points"))
        .when(by_points)
        .then(wide("points") * wide("point_value"))
        .otherwise(wide(0)),
        denominator=pl.when(spread).then(wide("line_points")).otherwise(wide(scale)),
    )
