"""Rows of few cases are shown together, and no difference gives them away."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from drgpay.show.small_cells import SMALLEST_CELL, gathered

ROWS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(-1_000, 1_000)), min_size=0, max_size=12
).map(
    lambda rows: pl.DataFrame(
        [(f"G{place}", cases, points) for place, (cases, points) in enumerate(rows)],
        schema={"name": pl.String, "cases": pl.Int64, "points": pl.Int64},
        orient="row",
    )
)


@given(ROWS, st.integers(0, 12))
def test_gathering_hides_small_rows_and_loses_nothing(frame: pl.DataFrame, shown: int) -> None:
    found = gathered(frame, pl.int_range(pl.len()) < shown)
    assert found["cases"].sum() == frame["cases"].sum()
    assert found["points"].sum() == frame["points"].sum()
    alone, rest = found.filter(pl.col("members").is_null()), found.drop_nulls("members")
    assert alone.filter(pl.col("cases") < SMALLEST_CELL).is_empty()
    assert alone.drop("members").equals(frame.filter(pl.col("name").is_in(alone["name"].to_list())))
    assert rest.height <= 1
    members = rest["members"].explode().to_list() if rest.height else []
    assert sorted([*alone["name"], *members]) == sorted(frame["name"])
    if rest.height and alone.height:
        assert rest["cases"][0] >= SMALLEST_CELL
        assert found["members"][-1] is not None


def test_a_large_row_joins_when_the_small_ones_are_too_few() -> None:
    frame = pl.DataFrame({"name": ["a", "b", "c"], "cases": [90, 2, 7], "points": [1, 2, 3]})
    found = gathered(frame)
    assert found["name"].to_list() == ["a", None]
    assert found["cases"].to_list() == [90, 9]
    assert found["members"].to_list() == [None, ["b", "c"]]
