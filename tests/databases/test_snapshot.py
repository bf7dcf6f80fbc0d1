"""Snapshots: the same rows give the same bytes, and no value is changed on the way."""

import signal
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.errors import DrgpayError
from drgpay.base.language import alike
from drgpay.databases import snapshot
from drgpay.databases.reading import DECIMAL_AS_TEXT, Rows
from drgpay.databases.snapshot import Layout, Snapshot, write_snapshot

LAYOUT = Layout(("case_id",), ("case_id", "total_cost", "codes"), frozenset({"codes"}))
WHERE = alike("inputs.stays")


def _numeric(name: str) -> pa.Field:
    return pa.field(name, pa.string(), metadata={DECIMAL_AS_TEXT: b""})


def _rows(table: pa.Table, size: int = 3) -> Rows:
    return Rows(table.schema, iter(table.to_batches(max_chunksize=size)))


def _written(folder: Path, table: pa.Table, size: int = 3, name: str = "a") -> Snapshot:
    return write_snapshot(_rows(table, size), LAYOUT, folder / f"{name}.parquet", folder, WHERE)


def _of_numbers(values: Sequence[str | None]) -> pa.Table:
    ids = [str(number) for number in range(len(values))]
    fields = [pa.field("case_id", pa.string()), _numeric("total_cost")]
    return pa.table([ids, list(values)], schema=pa.schema(fields))


@given(data=st.data())
def test_neither_order_nor_batches_change_a_byte(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    row = st.tuples(
        st.one_of(st.none(), st.sampled_from(["A", "a", "é", "病", "B"])),
        st.one_of(st.none(), st.decimals(-99, 99, places=3).map(str)),
        st.one_of(st.none(), st.lists(st.one_of(st.none(), st.sampled_from("XY")), max_size=2)),
    )
    rows = data.draw(st.lists(row, min_size=1, max_size=12))
    schema = pa.schema(
        [("case_id", pa.string()), _numeric("total_cost"), ("codes", pa.list_(pa.string()))]
    )
    folder = tmp_path_factory.mktemp("snapshots")
    hashes = set()
    for number in range(2):
        mixed = data.draw(st.permutations(rows))
        columns = list(range(3)) if number else [2, 0, 1]
        given_schema = pa.schema([schema.field(place) for place in columns])
        table = pa.table([[one[place] for one in mixed] for place in columns], schema=given_schema)
        written = _written(folder, table, size=2 + number, name=str(number))
        assert (written.rows, written.columns) == (len(rows), ("case_id", "total_cost", "codes"))
        hashes.add(written.sha256)
    assert len(hashes) == 1
    kept = pl.read_parquet(folder / "0.parquet")
    amounts = [None if one[1] is None else Decimal(one[1]) for one in rows]
    read = [None if one is None else Decimal(one) for one in kept["total_cost"].to_list()]
    assert sorted(map(str, map(_plain, read))) == sorted(map(str, map(_plain, amounts)))
    assert sorted(map(repr, kept["codes"].to_list())) == sorted(repr(one[2]) for one in rows)


def _plain(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(Decimal("0.001"))


@pytest.mark.parametrize(
    ("values", "type_", "kept"),
    [
        (["12.30", "5.00", None], pl.Decimal(38, 1), [Decimal("12.3"), Decimal("5.0"), None]),
        (["12.345", "1.10"], pl.Decimal(38, 3), [Decimal("12.345"), Decimal("1.100")]),
        (["12", "5.000"], pl.Int64(), [12, 5]),
        (["9223372036854775807.0", "-1"], pl.Int64(), [2**63 - 1, -1]),
        (["110101199003070000123", "1"], pl.String(), ["110101199003070000123", "1"]),
        (["nan", "1.50"], pl.String(), ["nan", "1.50"]),
        (["1.12345678901", "1.5"], pl.String(), ["1.12345678901", "1.5"]),
        (["1" * 40, "1.5"], pl.String(), ["1" * 40, "1.5"]),
        ([None, None], pl.Int64(), [None, None]),
    ],
)
def test_decimals_keep_every_digit(
    tmp_path: Path, values: list[str | None], type_: pl.DataType, kept: list[object]
) -> None:
    written = _written(tmp_path, _of_numbers(values), size=1)
    found = pl.read_parquet(written.path)["total_cost"]
    assert (found.dtype, found.to_list()) == (type_, kept)


def test_names_in_capitals_are_the_known_ones(tmp_path: Path) -> None:
    table = pa.table({"OTHER": [1], "CASE_ID": ["A"], "Total_Cost": [1.5]})
    assert _written(tmp_path, table).columns == ("case_id", "total_cost", "OTHER")


def test_a_signal_while_rows_are_sorted_ends_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB tells of a signal by an error of its own; here one comes before the first row."""
    in_groups = snapshot._in_groups

    class Signalled(BaseException):
        pass

    def handler(*_: object) -> None:
        raise Signalled

    def slowly(_reader: object, schema: pa.Schema) -> Iterator[pa.Table]:
        numbers = "SELECT md5(i::VARCHAR) AS a FROM range(30_000_000) numbers(i) ORDER BY a"
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with duckdb.connect(config={"threads": 1}) as sorting:
            yield from in_groups(sorting.sql(numbers).to_arrow_reader(1), schema)

    monkeypatch.setattr(snapshot, "_in_groups", slowly)
    before = signal.signal(signal.SIGALRM, handler)
    try:
        with pytest.raises((KeyboardInterrupt, Signalled)):
            _written(tmp_path, _of_numbers(["1"]))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_no_rows_are_a_snapshot_too(tmp_path: Path) -> None:
    written = _written(tmp_path, _of_numbers([]))
    assert written.rows == 0
    assert pl.read_parquet(written.path).schema == {
        "case_id": pl.String(),
        "total_cost": pl.Int64(),
    }


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (pa.table({"case_id": ["A"], "CASE_ID": ["B"]}), "more than one column"),
        (pa.table({"case_id": [b"A"]}), "case_id is of type binary"),
        (pa.table({"codes": ["{A,B}"]}), "codes gives arrays as text"),
        (pa.table([pa.array([b"\xff"]).view(pa.string())], ["case_id"]), "not UTF-8"),
    ],
)
def test_what_is_not_read_is_named(tmp_path: Path, table: pa.Table, said: str) -> None:
    with pytest.raises(DrgpayError, match=f"inputs.stays.*{said}"):
        _written(tmp_path, table)
