"""The parts of a line's standard: what falls to each case and to each minus row, to the fen."""

import polars as pl

from drgpay.exact import FEN_PLACES, POINT_PLACES, wide
from drgpay.policy.settlement import Settlement
from drgpay.settle.apportion import largest_remainder
from drgpay.settle.lines import LINE


def with_parts(
    cases: pl.DataFrame,
    adjustments: pl.DataFrame,
    statements: pl.DataFrame,
    values: pl.DataFrame,
    rules: Settlement,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Share each line's standard among its cases and minus rows; they sum to it to the fen.

    cases: sorted by case_id, with LINE, points, AMOUNTS. adjustments: with LINE, sorted by case_id
    and step. values: pool, point_value. Returns the cases with standard_fen and case_fund_fen, and
    the adjustments with standard_fen (null for rows that are in the points of their case).
    """
    minus = (pl.col("applies_to") == "hospital") & (pl.col("points") != 0)
    numbered = adjustments.with_row_index("row")
    rows = cases.select(*LINE, "points")
    minus_rows = numbered.filter(minus)
    if minus_rows.height:
        rows = _in_order(cases, minus_rows)
    share = _shares(rows, statements, values, rules)
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
    """Cases and minus rows one below the other, each minus row after its case.

    The ties of the largest remainder go in this order.
    """
    concerned = minus_rows.select("case_id").unique()
    places = (
        cases.select("case_id").with_row_index("place").join(concerned, on="case_id", how="semi")
    )
    placed = minus_rows.join(places, on="case_id", how="left", maintain_order="left")
    columns = [*LINE, "points", "place", "row"]
    own = (
        cases.select(*LINE, "points")
        .with_row_index("place")
        .with_columns(row=pl.lit(None, pl.UInt32))
    )
    return pl.concat([own.select(columns), placed.select(columns)]).sort(
        "place", "row", nulls_last=False
    )


def _shares(
    rows: pl.DataFrame, statements: pl.DataFrame, values: pl.DataFrame, rules: Settlement
) -> pl.Series:
    """The part of each row in the standard of its line, in the order of the rows."""
    of_line = (
        statements.select(
            *LINE,
            "pool",
            line=pl.int_range(pl.len(), dtype=pl.Int32),
            standard_fen="standard_fen",
            distributed_fen="distributed_fen",
            line_points="points",
        )
        .join(values.select("pool", "point_value"), on="pool", how="left")
        .drop("pool")
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
