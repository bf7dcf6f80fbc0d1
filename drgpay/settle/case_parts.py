"""The parts of a line's standard: what falls to each case and to each minus row, to the fen."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from drgpay.base.exact import FEN_PLACES, POINT_PLACES
from drgpay.policy.settlement import Settlement
from drgpay.settle.apportion import parts_of_line
from drgpay.settle.lines import LINE, Row
from drgpay.settle.narrow import NarrowCases
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


def shared_parts(
    cases: NarrowCases, adjustments: pl.DataFrame, statements: pl.DataFrame, rules: Settlement
) -> tuple[np.ndarray, pl.DataFrame]:
    """Share each line's standard among its cases and minus rows; they sum to it to the fen.

    cases: their kinds with payment. adjustments: of with_waiting, sorted by case_id and step.
    statements: the lines. Returns the part of each case (int64 fen, 0 where nothing is shared) in
    their order, and the adjustments with standard_fen (null for rows that are in the points of
    their case).
    """
    minus = _minus_rows(cases, adjustments, statements)
    parts = np.zeros(len(cases.points), np.int64)
    of_minus = np.zeros(minus.height, np.int64)
    line_of_row = minus["line"].to_numpy()
    for number, (line, places) in enumerate(_with_places(cases, statements)):
        rows = np.flatnonzero(line_of_row == number)
        if not (len(places) or len(rows)):
            continue
        times, denominator = _terms(line, rules)
        if not times:
            continue
        points = cases.points[places]
        order = None
        if len(rows):
            mine = minus[rows]
            points = np.concatenate([points, mine["points"].to_numpy()])
            order = _order(places, mine)
            points = points[order]
        shares = parts_of_line(points, times, denominator, line["standard_fen"])
        if order is not None:
            placed = np.empty_like(shares)
            placed[order] = shares
            shares = placed
        parts[places] = shares[: len(places)]
        of_minus[rows] = shares[len(places) :]
    return parts, _with_standard(adjustments, minus, of_minus)


def with_parts(cases: pl.DataFrame, parts: pl.Series, rules: Settlement) -> pl.DataFrame:
    """Cases with payment, and their parts in the same order -> standard_fen and case_fund_fen."""
    by_item = pl.col("payment") == "item_by_item"
    paid_by_others = pl.col("patient_fen") + pl.col("other_fen")
    residual = pl.col("part") if rules.method == "fund_only" else pl.col("part") - paid_by_others
    return (
        cases.with_columns(part=parts)
        .with_columns(
            standard_fen=pl.when(by_item).then("total_fen").otherwise("part"),
            case_fund_fen=pl.when(by_item).then("fund_fen").otherwise(residual),
        )
        .drop("part")
    )


def _with_places(cases: NarrowCases, statements: pl.DataFrame) -> list[tuple[Row, np.ndarray]]:
    """Each line with the places of its cases, rising."""
    line_of_kind = cases.rows_of(statements, LINE)
    # What numbers of two bytes are sorted by is their digits: ten times as fast.
    narrow = np.int16 if statements.height < np.iinfo(np.int16).max else np.int32
    lines = line_of_kind.astype(narrow)[cases.kind] if len(line_of_kind) else np.empty(0, narrow)
    order = np.argsort(lines, kind="stable")
    ends = np.searchsorted(lines[order], np.arange(statements.height + 1, dtype=narrow))
    return [
        (line, order[ends[number] : ends[number + 1]])
        for number, line in enumerate(statements.iter_rows(named=True))
    ]


def _minus_rows(
    cases: NarrowCases, adjustments: pl.DataFrame, statements: pl.DataFrame
) -> pl.DataFrame:
    """The rows that take points of a line: row, line, points, place and absent of CaseOrder."""
    taken = (pl.col("applies_to") == "hospital") & (pl.col("points") != 0) & ~pl.col("waiting")
    numbered = statements.select(
        *(pl.col(name).cast(adjustments.schema[name]) for name in LINE),
        line=pl.int_range(pl.len(), dtype=pl.Int32),
    )
    rows = (
        adjustments.with_row_index("row")
        .filter(taken)
        .join(numbered, on=LINE, how="left", maintain_order="left")
    )
    return rows.select("row", "line", "points").hstack(cases.order.places(rows["case_id"]))


def _order(places: np.ndarray, minus: pl.DataFrame) -> np.ndarray:
    """Cases and minus rows of a line in the order of case_id, a case before its rows.

    The ties of the largest remainder go in this order. Rows on stays of an earlier month have no
    case here: they stand before the first case after it.
    """
    beside = minus.select(pl.when("absent").then(0).otherwise(2)).to_series().to_numpy()
    keys = np.concatenate([places * 3 + 1, minus["place"].to_numpy() * 3 + beside])
    return np.argsort(keys, kind="stable")


def _terms(line: Row, rules: Settlement) -> tuple[int, int]:
    """A row's exact part is its points x the first / the second: points x value; with a distributed
    remainder in the standard, the same share of the whole standard. 0 where nothing is shared.
    """
    if line["payment"] != "points" or line["point_value"] is None:
        return 0, 1
    if line["distributed_fen"] > 0 and line["points"] > 0:
        return line["standard_fen"], line["points"]
    return line["point_value"], 10 ** (POINT_PLACES + rules.value_places - FEN_PLACES)


def _with_standard(
    adjustments: pl.DataFrame, minus: pl.DataFrame, parts: np.ndarray
) -> pl.DataFrame:
    standard = np.zeros(adjustments.height, np.int64)
    standard[minus["row"].to_numpy()] = parts
    to_hospital = pl.col("applies_to") == "hospital"
    return adjustments.with_columns(standard_fen=pl.Series(standard)).with_columns(
        standard_fen=pl.when(to_hospital).then("standard_fen")
    )
