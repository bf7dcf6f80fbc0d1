"""Small cells: a row of a few cases says too much of them, so such rows are shown as one."""

import polars as pl

SMALLEST_CELL = 5
"""Cases that a row must have to be shown by itself."""


def gathered(frame: pl.DataFrame, shown: pl.Expr | None = None) -> pl.DataFrame:
    """The rows with at least SMALLEST_CELL cases, and the others added up in one last row.

    frame: names (strings, the first is the row's), `cases`, and columns that can be added up.
    `shown` restricts further what is shown by itself. If the others are fewer than SMALLEST_CELL
    cases together, the smallest shown rows join them, so that no difference gives them away.
    Added: `members`, the names behind the last row; null in the others.
    """
    enough = pl.col("cases") >= SMALLEST_CELL
    keep = (enough if shown is None else enough & shown).fill_null(value=False)
    marked = frame.with_columns(_keep=keep, _place=pl.int_range(pl.len()))
    rest = marked.filter(~pl.col("_keep"))
    kept = marked.filter("_keep").sort("cases", "_place", descending=[False, True])
    joining = 0
    if rest.height:
        cases = int(rest["cases"].sum())
        while cases < SMALLEST_CELL and joining < kept.height:
            cases += int(kept["cases"][joining])
            joining += 1
    rest = pl.concat([rest, kept.head(joining)]).sort("_place").drop("_keep", "_place")
    alone = kept.slice(joining).sort("_place").drop("_keep", "_place")
    alone = alone.with_columns(members=pl.lit(None, pl.List(pl.String)))
    if not rest.height:
        return alone
    names = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    summed = rest.select(
        *(
            pl.lit(None, pl.String).alias(name) if name in names else pl.col(name).sum()
            for name in frame.columns
        ),
        members=pl.col(names[0]).implode(),
    )
    return pl.concat([alone, summed], how="vertical_relaxed")
