"""A first procedure that takes no part in grouping, before one that does."""

import pyarrow as pa
import pytest

from drgpay.records.leading_procedures import leading_without_part

LISTS = [
    ["89.0", "11.2"],
    ["11.2", "89.0"],
    ["89.0", "93.1"],
    ["89.0"],
    [],
    None,
    ["93.1", "89.0", "22.3"],
    [None, "11.2"],
]


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.string()), pa.large_list(pa.dictionary(pa.int32(), pa.string()))]
)
def test_only_before_a_procedure_that_takes_part(kind: pa.DataType) -> None:
    lists = pa.array(LISTS, pa.list_(pa.string())).cast(kind)
    batch = pa.RecordBatch.from_pydict({"procedures": lists})
    found = leading_without_part(batch, {"89.0", "93.1"})
    assert found.to_list() == ["89.0", None, None, None, None, None, "93.1", None]
    later = leading_without_part(batch.slice(6), {"89.0", "93.1"})
    assert later.to_list() == ["93.1", None]
    assert leading_without_part(batch, ()).to_list() == [None] * len(LISTS)


def test_no_stays() -> None:
    empty = pa.RecordBatch.from_pydict({"procedures": pa.array([], pa.list_(pa.string()))})
    assert leading_without_part(empty, {"89.0"}).to_list() == []
