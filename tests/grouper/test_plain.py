"""Batches of any engine: the groups of `drgpay group`, whoever cut them and however they are typed."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.plain import group_plain, plain_schema
from drgpay.grouper.sent import SentGrouping, SentScheme
from drgpay.grouper.stream import group_dataset
from drgpay.records.dataset import open_dataset

ROOT = Path(__file__).resolve().parents[2]
SCHEMES = ("chs-drg-2.0", "chs-drg-1.1", "zj-drg-2022")
ORACLE = {name: ROOT / "tests" / "data" / f"oracle-{name}.parquet" for name in SCHEMES}
Compiled = Callable[[str], CompiledScheme]


def grouped_by_command(path: Path, compiled: CompiledScheme, out: Path) -> pl.DataFrame:
    """What `drgpay group --reasons` writes, as texts and numbers."""
    group_dataset(open_dataset(path), compiled, out, reasons=True)
    return pl.read_parquet(out).cast({pl.Categorical: pl.String})


@pytest.mark.parametrize("name", SCHEMES)
def test_the_groups_are_those_of_the_command(name: str, compiled: Compiled, tmp_path: Path) -> None:
    table = pq.read_table(ORACLE[name]).combine_chunks()
    found = group_plain(compiled(name), table.to_batches()[0], reasons=True)
    assert found.schema == plain_schema(compiled(name), table.schema, reasons=True)
    expected = grouped_by_command(ORACLE[name], compiled(name), tmp_path / "groups.parquet")
    assert pl.DataFrame(pa.table(found)).equals(expected)


@pytest.mark.parametrize("rows", [1, 7, 100_000])
def test_batches_are_cut_as_you_like(rows: int, compiled: Compiled) -> None:
    table = pq.read_table(ORACLE["chs-drg-2.0"])
    grouping = SentGrouping.of(compiled("chs-drg-2.0"), ("case_id", "expected_drg"), reasons=False)
    nothing = table.schema.empty_table().to_batches(max_chunksize=1) or [
        pa.RecordBatch.from_pylist([], schema=table.schema)
    ]
    batches = [*nothing, *table.to_batches(max_chunksize=rows), *nothing]
    # As an executor has it: out of what was sent.
    found = pa.Table.from_batches(pickle.loads(pickle.dumps(grouping))(batches))
    assert found["case_id"].to_pylist() == table["case_id"].to_pylist()
    assert found["drg"].to_pylist() == found["expected_drg"].to_pylist()


def test_of_nothing_comes_nothing(compiled: Compiled) -> None:
    schema = pq.read_schema(ORACLE["chs-drg-2.0"])
    grouping = SentGrouping.of(compiled("chs-drg-2.0"), ("case_id",), reasons=True)
    assert [*grouping([])] == []
    empty = pa.RecordBatch.from_pylist([], schema=schema)
    assert [*grouping([empty, empty])] == []
    assert group_plain(compiled("chs-drg-2.0"), empty).num_rows == 0


_STRANGE: dict[str, list[Any]] = {
    "case_id": ["A", " B　", "C", "D", "E", "F"],
    "principal_diagnosis": ["ｋ22.301", " K22.301", "K22.301\xa0", "K22.301|I10", None, "K22.301"],
    "sex": ["２", " 2", "x", "2", "2", "2"],
    "age": [Decimal("88.00"), Decimal("88.00"), None, Decimal("88.50"), Decimal(1), Decimal(0)],
    "age_days": [None, float("nan"), None, None, None, 12.0],
    "weight_g": [None, None, None, None, None, 3000],
    "other_diagnoses": [
        ["K11.901", None, "", "E11.900", "I10.X05"],
        ["K11.901", " E11.900", "I10.x05"],
        None,
        [],
        [],
        ["I10.x05"],
    ],
    "procedures": [[None, "96.0800X005"], ["96.0800x005"], [], [""], None, ["96.0800x005"]],
    "total_cost": [1.0, 1.1, 1.2, None, 1.4, 1.005],
    "note": ["a ", None, "c", "d", "e", "f"],
}


@pytest.mark.parametrize("written", ["lists", "texts"])
def test_values_mean_what_they_mean_in_files(
    written: str, compiled: Compiled, tmp_path: Path
) -> None:
    values = dict(_STRANGE)
    if written == "texts":
        for name in ("other_diagnoses", "procedures"):
            values[name] = [
                None if codes is None else "、".join(code or "" for code in codes)
                for codes in _STRANGE[name]
            ]
    batch = pa.RecordBatch.from_pydict(values)
    path = tmp_path / "stays.parquet"
    pq.write_table(pa.table(batch), path)
    keep = ("case_id", "total_cost", "note", "other_diagnoses")
    found = pl.DataFrame(pa.table(group_plain(compiled("chs-drg-1.1"), batch, keep, reasons=True)))
    out = tmp_path / "groups.parquet"
    group_dataset(open_dataset(path), compiled("chs-drg-1.1"), out, with_input=True, reasons=True)
    expected = pl.read_parquet(out).cast({pl.Categorical: pl.String}).select(found.columns)
    assert found.equals(expected)
    assert found["drg"][:2].to_list() == ["GZ13", "GZ13"]
    assert found["status"].to_list()[2:] == ["invalid", "ungrouped", "invalid", "grouped"]
    assert found["case_id"][1] == "B"
    assert found["note"][0] == "a "  # of no meaning, so as it is


@pytest.mark.parametrize("engine", ["polars", "duckdb", "daft"])
def test_engines_hand_over_what_they_have(engine: str, compiled: Compiled) -> None:
    path, scheme = ORACLE["chs-drg-2.0"], compiled("chs-drg-2.0")
    keep = ("case_id", "expected_drg")
    found = {"polars": _by_polars, "duckdb": _by_duckdb, "daft": _by_daft}[engine](
        path, scheme, keep
    )
    assert found.height == pl.read_parquet(path).height
    assert found["drg"].to_list() == found["expected_drg"].to_list()


def _by_polars(path: Path, scheme: CompiledScheme, keep: tuple[str, ...]) -> pl.DataFrame:
    def group(frame: pl.DataFrame) -> pl.DataFrame:
        batch = frame.to_arrow().combine_chunks().to_batches()[0]
        return pl.DataFrame(pa.table(group_plain(scheme, batch, keep)))

    stays = pl.scan_parquet(path)
    given = stays.collect_schema().to_frame(eager=True).to_arrow().schema
    made = pl.DataFrame(plain_schema(scheme, given, keep).empty_table()).schema
    return stays.map_batches(group, schema=made).collect()


def _by_duckdb(path: Path, scheme: CompiledScheme, keep: tuple[str, ...]) -> pl.DataFrame:
    with duckdb.connect() as reading, duckdb.connect() as asking:
        stays = reading.sql(f"SELECT * FROM read_parquet('{path}')").to_arrow_reader(500)
        groups = pa.RecordBatchReader.from_batches(
            plain_schema(scheme, stays.schema, keep),
            (group_plain(scheme, batch, keep) for batch in stays),
        )
        asking.register("groups", groups)
        return asking.sql("SELECT * FROM groups").pl()


def _by_daft(path: Path, scheme: CompiledScheme, keep: tuple[str, ...]) -> pl.DataFrame:
    daft = pytest.importorskip("daft", reason="daft is not installed")
    batches = daft.read_parquet(str(path)).to_arrow_iter()
    groups = [group_plain(scheme, batch, keep) for batch in batches]
    return pl.DataFrame(daft.from_arrow(pa.Table.from_batches(groups)).to_arrow())


def test_who_groups_elsewhere_loads_no_frames_policies_and_rules(
    compiled: Compiled, tmp_path: Path
) -> None:
    sent = tmp_path / "sent"
    sent.write_bytes(pickle.dumps(SentGrouping.of(compiled("chs-drg-2.0"), ("case_id",), True)))
    code = (
        "import pickle, sys, pathlib, pyarrow.parquet as pq\n"
        "import drgpay, drgpay.grouper.plain\n"
        "drgpay.group_plain, drgpay.plain_schema\n"
        "heavy = {'polars', 'pydantic', 'lark', 'scipy', 'duckdb'}\n"
        "print(sorted(heavy & {*sys.modules}))\n"
        f"grouping = pickle.loads(pathlib.Path({str(sent)!r}).read_bytes())\n"
        f"batches = pq.read_table({str(ORACLE['chs-drg-2.0'])!r}).to_batches()\n"
        "print(sum(batch.num_rows for batch in grouping(batches)))\n"
        "print(sorted(heavy & {*sys.modules}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rows = pq.read_metadata(ORACLE["chs-drg-2.0"]).num_rows
    assert done.stdout == f"[]\n{rows}\n[]\n"


def _refusal(compiled: CompiledScheme, given: pa.Schema, keep: tuple[str, ...]) -> DrgpayError:
    with pytest.raises(DrgpayError) as refused:
        plain_schema(compiled, given, keep)
    return refused.value


def test_columns_are_checked_before_anything_is_grouped(compiled: Compiled) -> None:
    scheme, given = compiled("chs-drg-2.0"), pq.read_schema(ORACLE["chs-drg-2.0"])
    without = given.remove(given.get_field_index("sex"))
    assert _refusal(scheme, without, ()).problem == "the table of stays lacks the column sex"
    said = _refusal(scheme, given, ("case_id", "city")).problem
    assert said == "the table of stays lacks the column city"
    place = given.get_field_index("age")
    wrong = given.set(place, pa.field("age", pa.date32()))
    said = _refusal(scheme, wrong, ()).problem
    assert said == "the table of stays: the column age is date32[day], not number"
    said = _refusal(scheme, given.append(given.field("sex")), ()).problem
    assert said == "the table of stays has the column sex twice"
    said = _refusal(scheme, given.append(pa.field("drg", pa.string())), ("case_id", "drg")).problem
    assert said.startswith("the result has a column drg of its own")


def test_what_was_sent_is_read_by_the_same_program_alone(compiled: Compiled) -> None:
    grouping = SentGrouping.of(compiled("chs-drg-2.0"), ("case_id",), reasons=False)
    other = replace(grouping, scheme=replace(grouping.scheme, version="0.0.1"))
    with pytest.raises(DrgpayError, match=r"0\.0\.1 where the job was started"):
        next(other([]))
    import zlib

    content = bytearray(zlib.decompress(grouping.scheme.content))
    content[100] ^= 1
    damaged = SentScheme(zlib.compress(bytes(content)))
    with pytest.raises(DrgpayError, match="is damaged"):
        next(replace(grouping, scheme=damaged)([]))
