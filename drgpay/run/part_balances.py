"""Whether each case has its part of its line: standard and fund amount, to the fen, row by row.

Written beside settlement and not taken from it (drgpay.settle.case_parts): whole parts first, then
one fen each to the largest remainders, ties in the order of case_id (docs/settlement.md, C18).
"""

import polars as pl

from drgpay.base.exact import FEN_PLACES, MONEY, POINT_PLACES
from drgpay.base.language import Words
from drgpay.results.run_tables import RunTables
from drgpay.run.comparison import WORDS, Compared, column_at, not_due, place_of
from drgpay.settle.lines import LINE


def case_parts(tables: RunTables) -> Compared:
    """The standard and the fund amount of every case and minus row, and whether it is negative."""
    cases = tables.cases.with_columns(
        negative_fund=tables.frame("cases", ["negative_fund"])["negative_fund"]
    )
    minus = tables.minus.filter(pl.col("points") != 0)
    due = _due_parts(tables, cases, minus)
    others = pl.col("patient_cost") + pl.col("other_cost")
    if tables.about.settlement["method"] == "fund_only":
        others = pl.lit(0).cast(MONEY)
    by_item = pl.col("payment") == "item_by_item"
    reckoned = cases.with_columns(part=due[: cases.height]).with_columns(
        due_standard=pl.when(by_item).then("total_cost").otherwise("part"),
        due_fund=pl.when(by_item).then("fund_cost").otherwise(pl.col("part") - others),
        due_negative=pl.col("fund_amount") < 0,
    )
    found = None
    for said, right in (
        ("standard_amount", "due_standard"),
        ("fund_amount", "due_fund"),
        ("negative_fund", "due_negative"),
    ):
        found = found or _first_other(reckoned, said, right)
    borne = minus.with_columns(due_standard=due[cases.height :])
    return cases.height + minus.height, found or _first_other(
        borne, "standard_amount", "due_standard"
    )


def _due_parts(tables: RunTables, cases: pl.DataFrame, minus: pl.DataFrame) -> pl.Series:
    """The part of each case, then of each minus row, in their line's standard; 0 where
    nothing is priced.
    """
    columns = ["case_id", *LINE, "points"]
    lines = tables.statements.filter(pl.col("point_value").is_not_null()).select(
        *(pl.col(name).cast(pl.String) if name != "out_of_area" else name for name in LINE),
        line=pl.int_range(pl.len(), dtype=pl.Int32),
        whole=_wide("standard_amount"),
        value=_wide("point_value"),
        spread=(pl.col("distributed") > 0) & (pl.col("points") > 0),
        line_points=_wide("points"),
    )
    scale = 10 ** (POINT_PLACES + tables.about.value_places - FEN_PLACES)
    exact = (
        pl.when("spread")
        .then(pl.col("whole") * pl.col("own"))
        .otherwise(pl.col("own") * pl.col("value"))
    )
    base = pl.when("spread").then("line_points").otherwise(pl.lit(scale, pl.Int128))
    rows = (
        pl.concat([cases.select(columns), minus.select(columns)], how="vertical_relaxed")
        .with_columns(pl.col(name).cast(pl.String) for name in LINE if name != "out_of_area")
        .with_row_index("row")
        .join(lines, on=LINE, how="left", maintain_order="left")
        .with_columns(own=_wide("points"))
        .select("row", "case_id", "line", "whole", part=exact // base, left_over=exact % base)
    )
    # A minus row has a later place than every case; of one case they go in the order of the file.
    ranked = rows.sort(
        "line", "left_over", "case_id", "row", descending=[False, True, False, False]
    )
    more = pl.col("whole").first() - pl.col("part").sum()
    ranked = ranked.with_columns(
        part=pl.col("part")
        + (pl.int_range(pl.len()).over("line") < more.over("line")).cast(pl.Int128)
    )
    return (
        ranked.sort("row")["part"]
        .fill_null(0)
        .cast(pl.Int64)
        .cast(pl.Int128)
        .reinterpret(dtype=MONEY)
    )


def _wide(column: str) -> pl.Expr:
    return pl.col(column).to_physical().cast(pl.Int128)


def _first_other(frame: pl.DataFrame, said: str, due: str) -> Words | None:
    wrong = frame.filter(pl.col(said).ne_missing(pl.col(due)))
    if not wrong.height:
        return None
    row = wrong.row(0, named=True)
    place = WORDS.words("finding.case_of_line", case_id=row["case_id"], line=place_of(row))
    return not_due(column_at(place, said), row[said], row[due], wrong.height - 1)
