"""Datasets of any layout give the same results in the order of the input."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.stream import group_dataset
from drgpay.records.dataset import open_dataset

STAYS = Path(__file__).resolve().parents[1] / "data" / "oracle-chs-drg-2.0.parquet"
SCHEME = "chs-drg-2.0"


def group(path: Path, compiled: CompiledScheme, **options: object) -> bytes:
    """The bytes of the result."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "groups.parquet"
        group_dataset(open_dataset(path), compiled, out, **options)  # type: ignore[arg-type]
        return out.read_bytes()


def test_layout_and_threads_change_no_byte(
    tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    scheme = compiled(SCHEME)
    frame = pl.read_parquet(STAYS)
    one = tmp_path / "one.parquet"
    frame.write_parquet(one, row_group_size=57)
    split = tmp_path / "split"
    for number, start in enumerate(range(0, frame.height, 250)):
        part = split / f"part={number}"
        part.mkdir(parents=True)
        frame[start : start + 250].write_parquet(part / "stays.parquet", row_group_size=40)
    plain = tmp_path / "plain.parquet"  # other Arrow types, no dictionaries, no row groups
    strings = pa.list_(pa.string())
    table = pq.read_table(STAYS)
    for name in ("other_diagnoses", "procedures"):
        column = table.schema.get_field_index(name)
        table = table.set_column(column, name, table.column(name).cast(strings))
    pq.write_table(table, plain, use_dictionary=False)

    results = {
        group(one, scheme),
        group(one, scheme, threads=1),
        group(split, scheme, threads=3),
        group(plain, scheme),
    }
    assert len(results) == 1


def test_with_input_keeps_every_column(
    tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    stays = tmp_path / "stays.parquet"
    frame = pl.read_parquet(STAYS).with_columns(remark=pl.lit("自费"))
    frame.write_parquet(stays)
    out = tmp_path / "out.parquet"
    group_dataset(open_dataset(stays), compiled(SCHEME), out, with_input=True)
    found = pl.read_parquet(out)
    assert found.columns == [*frame.columns, "status", "mdc", "adrg", "drg", "severity"]
    assert found.select(frame.columns).equals(frame)
    assert found["drg"].to_list() == frame["expected_drg"].to_list()


def test_only_grouping_columns_are_needed(
    tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    scheme = compiled(SCHEME)
    stays = tmp_path / "stays.parquet"
    pl.read_parquet(STAYS).select("case_id", *scheme.columns).write_parquet(stays)
    assert group(stays, scheme) == group(STAYS, scheme)
    assert "department" not in scheme.columns


def test_invalid_stays_have_no_groups(
    tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    stays = tmp_path / "stays.parquet"
    frame = pl.read_parquet(STAYS).head(4).with_row_index("n")
    frame = frame.with_columns(
        principal_diagnosis=pl.when(pl.col("n") == 0)
        .then(None)
        .when(pl.col("n") == 1)
        .then(pl.lit(""))
        .otherwise("principal_diagnosis"),
        sex=pl.when(pl.col("n") != 2).then("sex"),
    )
    frame.write_parquet(stays)
    out = tmp_path / "out.parquet"
    group_dataset(open_dataset(stays), compiled(SCHEME), out)
    found = pl.read_parquet(out)
    assert found["status"].to_list()[:3] == ["invalid"] * 3
    assert found.head(3).select("mdc", "adrg", "drg", "severity").null_count().row(0) == (3,) * 4
    assert found["status"][3] != "invalid"


def test_an_empty_file_gives_an_empty_result(
    tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    stays = tmp_path / "stays.parquet"
    pl.read_parquet(STAYS).clear().write_parquet(stays)
    out = tmp_path / "out.parquet"
    assert group_dataset(open_dataset(stays), compiled(SCHEME), out) == 0
    assert pl.read_parquet(out).columns[:2] == ["case_id", "status"]


def test_nothing_is_left_when_grouping_fails(
    tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    stays, out = tmp_path / "stays", tmp_path / "out"
    stays.mkdir()
    good, bad = stays / "a.parquet", stays / "b.parquet"
    pl.read_parquet(STAYS).write_parquet(good, row_group_size=100)
    content = bytearray(good.read_bytes())
    content[200:4000] = bytes(3800)  # damaged pages behind an intact footer
    bad.write_bytes(content)
    with pytest.raises(DrgpayError, match=r"b\.parquet is not a readable Parquet file"):
        group_dataset(open_dataset(stays), compiled(SCHEME), out)
    assert [path.name for path in tmp_path.iterdir()] == ["stays"]
    assert sorted(path.name for path in stays.iterdir()) == ["a.parquet", "b.parquet"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda frame: frame.drop("weight_g", "age"), "lacks the column age, weight_g"),
        (
            lambda frame: frame.with_columns(sex=pl.col("sex") == 1),
            "the column sex is bool, not number",
        ),
        (
            lambda frame: frame.with_columns(procedures=pl.lit([1])),
            "the column procedures is large_list<element: int64>, not list of text",
        ),
        (
            lambda frame: frame.with_columns(procedures=pl.lit(3)),
            "the column procedures is int32, not list of text",
        ),
    ],
)
def test_wrong_columns_are_named(
    tmp_path: Path,
    compiled: Callable[[str], CompiledScheme],
    change: Callable[[pl.DataFrame], pl.DataFrame],
    words: str,
) -> None:
    stays = tmp_path / "stays.parquet"
    change(pl.read_parquet(STAYS)).write_parquet(stays)
    with pytest.raises(DrgpayError, match=r"stays\.parquet") as caught:
        group(stays, compiled(SCHEME))
    assert words in str(caught.value)


def test_columns_written_as_text_group_alike(
    tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    stays = tmp_path / "stays.parquet"
    frame = pl.read_parquet(STAYS)
    numbers = [name for name in frame.columns if frame[name].dtype.is_numeric()]
    lists = ("other_diagnoses", "procedures")
    frame.with_columns(
        pl.col(numbers).cast(pl.String),
        *[pl.col(name).list.join("、") for name in lists],
    ).write_parquet(stays)
    plain = tmp_path / "plain.parquet"
    frame.write_parquet(plain)
    assert group(stays, compiled(SCHEME)) == group(plain, compiled(SCHEME))


def test_result_columns_in_the_input_are_refused(
    tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    stays = tmp_path / "stays.parquet"
    pl.read_parquet(STAYS).with_columns(drg=pl.lit("AA19")).write_parquet(stays)
    with pytest.raises(DrgpayError, match="already has the column drg"):
        group(stays, compiled(SCHEME), with_input=True)


def test_files_of_several_programs_in_a_folder(
    tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    """Parquet of polars and of pyarrow, CSV and Excel have other types for the same texts."""
    frame = pl.read_parquet(STAYS)[:40]
    whole = tmp_path / "whole.parquet"
    frame.write_parquet(whole)
    folder = tmp_path / "folder"
    folder.mkdir()
    frame[:10].write_parquet(folder / "a.parquet")
    small = [
        pa.field(field.name, pa.string() if pa.types.is_large_string(field.type) else field.type)
        for field in frame.to_arrow().schema
    ]
    pq.write_table(frame[10:20].to_arrow().cast(pa.schema(small)), folder / "b.parquet")
    joined = frame.with_columns(pl.col(pl.List(pl.String)).list.join(";"))
    joined[20:30].write_csv(folder / "c.csv")
    joined[30:].write_excel(folder / "d.xlsx")
    assert group(folder, compiled(SCHEME)) == group(whole, compiled(SCHEME))
    out = tmp_path / "out.parquet"
    group_dataset(open_dataset(folder), compiled(SCHEME), out, with_input=True)
    grouped = pl.read_parquet(out)
    assert grouped["case_id"].to_list() == frame["case_id"].to_list()
    assert grouped["age"].to_list() == frame["age"].to_list()
