"""Rows of a partition are cut where another visit begins."""

from itertools import pairwise

import pyarrow as pa
import pytest

from drgpay.spark.visit_task import KEY, whole_visits


@pytest.mark.parametrize("rows", [1, 2, 3, 100])
@pytest.mark.parametrize("given", [1, 4, 100])
def test_a_visit_stays_together(rows: int, given: int) -> None:
    keys = ["", "", "a", "b", "b", "b", "b", "c", "d", "d"]
    table = pa.table({KEY: keys})
    found = [
        batch.column(KEY).to_pylist()
        for batch in whole_visits(table.to_batches(max_chunksize=given), rows)
    ]
    assert [key for part in found for key in part] == keys
    assert all(part for part in found)
    ends = [part[-1] for part in found]
    assert len({*ends}) == len(ends)
    assert all(one[-1] < other[0] for one, other in pairwise(found))


def test_of_nothing_comes_nothing() -> None:
    assert [*whole_visits([], 5)] == []
    assert [*whole_visits([pa.RecordBatch.from_pydict({KEY: pa.array([], pa.string())})], 5)] == []
