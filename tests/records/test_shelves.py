"""Frames that wait to be read again."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from drgpay.records.shelves import Shelves

FRAME = pl.DataFrame(
    {
        "case_id": ["C1", "C2", "C3"],
        "drg": ["AA11", None, "AA11"],
        "points": [1, 2, None],
        "stable": [True, False, None],
    }
)


@pytest.mark.parametrize("most", [0, 10**9])
def test_what_is_put_away_comes_back_as_it_was(tmp_path: Path, most: int) -> None:
    shelves = Shelves(tmp_path, "stays", most)
    shelves.put(7, FRAME)
    shelves.put(7, FRAME.reverse())
    shelves.put(2, FRAME.clear())
    assert shelves.shelves == [2, 7]
    assert_frame_equal(shelves.take(7), pl.concat([FRAME, FRAME.reverse()]))
    assert_frame_equal(shelves.take(7, ["points"]), pl.concat([FRAME, FRAME.reverse()])[["points"]])
    left = shelves.take(7, without=("drg", "none_of_them"))
    assert_frame_equal(left, pl.concat([FRAME, FRAME.reverse()]).drop("drg"))
    assert_frame_equal(shelves.take(2), FRAME.clear())
    assert bool(list(tmp_path.iterdir())) == (most == 0)


def test_files_go_with_their_shelf(tmp_path: Path) -> None:
    shelves = Shelves(tmp_path, "stays", 0)
    shelves.put(0, FRAME)
    shelves.clear(0)
    shelves.clear(1)
    assert not list(tmp_path.iterdir())
    assert not shelves.shelves


def test_memory_that_was_cleared_is_used_again(tmp_path: Path) -> None:
    shelves = Shelves(tmp_path, "stays", int(FRAME.estimated_size()) * 2)
    for number in range(20):
        shelves.put(number, FRAME)
        shelves.clear(number)
    assert not list(tmp_path.iterdir())
