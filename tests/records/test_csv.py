"""CSV in UTF-8 and GB18030, in blocks, gives the same rows as Parquet."""

import csv
import io
import tempfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.errors import DrgpayError
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.grouped_stays import read_grouped_stays
from drgpay.grouper.stream import group_dataset
from drgpay.records import csv_source
from drgpay.records.dataset import Dataset, open_dataset
from drgpay.records.reading_report import ReadingReport
from tests.spread import spread

STAYS = Path(__file__).resolve().parents[1] / "data" / "oracle-chs-drg-2.0.parquet"
TEXT = (
    "case_id,hospital_id,sex,total_cost,admission_date,other_diagnoses,remark\r\n"
    '甲1,"第一,医院",1,12.30,2026-10-01,I10.x00|E11.900,"两\r\n行 ""引"""\r\n'
    "\r\n"
    "乙2,𠮷野医院,2,,2026/10/2,,倈\r\n"  # 倈 ends in the byte of | in GB18030
)


def conversions_of(dataset: Dataset) -> ReadingReport:
    """The report of a dataset that has one."""
    assert dataset.conversions is not None
    return dataset.conversions


def read(dataset: Dataset, columns: list[str] | None = None) -> pl.DataFrame:
    frames = [
        pl.DataFrame(pa.table(batch))
        for piece in dataset.pieces()
        for batch in piece.batches(columns or dataset.column_names)
    ]
    return pl.concat(frames)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_are_found(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "stays.csv"
    path.write_bytes(TEXT.encode(encoding))
    dataset = open_dataset(path)
    found = read(dataset)
    assert dataset.rows == found.height == 2
    assert found["hospital_id"].to_list() == ["第一,医院", "𠮷野医院"]
    assert found["total_cost"].to_list() == [Decimal("12.30"), None]
    assert found["admission_date"].to_list() == [date(2026, 10, 1), date(2026, 10, 2)]
    assert found["other_diagnoses"].to_list() == [["I10.x00", "E11.900"], []]
    assert found["remark"].to_list() == ['两\r\n行 "引"', "倈"]
    assert found["sex"].to_list() == [1, 2]
    assert read(open_dataset(path, encoding=encoding)).equals(found)


@pytest.mark.parametrize("encoding", spread(["utf-8", "gb18030", "utf-16"], 1))
def test_blocks_of_any_size_give_the_same_rows(
    tmp_path: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, body = TEXT.split("\r\n", 1)
    path = tmp_path / "stays.csv"
    path.write_bytes((head + "\r\n" + body * 5).rstrip("\r\n").encode(encoding))
    whole = read(open_dataset(path))
    assert whole.height == 10
    for size in (1, 2, 7, 50, 51, 130):
        monkeypatch.setattr(csv_source, "BLOCK_BYTES", size)
        dataset = open_dataset(path)
        assert len(dataset.pieces()) > 1
        assert dataset.rows == sum(piece.rows for piece in dataset.pieces()) == 10
        assert read(dataset).equals(whole)


CELLS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6
) | st.sampled_from(['"', "\r\n", "\n\n", ",", ""])


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8), st.sampled_from([3, 20, 1000]))
def test_any_cells_survive(rows: list[tuple[str, str]], size: int) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([("first", "second"), *rows])
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_source, "BLOCK_BYTES", size)
        path = Path(folder) / "stays.csv"
        path.write_bytes(text.getvalue().encode("gb18030"))
        dataset = open_dataset(path, encoding="gb18030")
        found = read(dataset)
    assert dataset.rows == len(rows)
    assert found.rows() == [(first or None, second or None) for first, second in rows]


def test_a_month_in_csv_is_read_like_the_parquet_one(
    tmp_path: Path, compiled: Callable[[str], CompiledScheme], sample_data: Path
) -> None:
    month = sorted((sample_data / "stays").glob("*.parquet"))[0]
    frame = pl.read_parquet(month).head(2000)
    stays, cells = tmp_path / "stays.parquet", tmp_path / "stays.csv"
    frame.write_parquet(stays)
    frame.with_columns(pl.col(pl.List).list.join("|")).write_csv(cells)
    scheme = compiled("chs-drg-2.0")
    expected = read_grouped_stays(open_dataset(stays), scheme)
    dataset = open_dataset(cells)
    found = read_grouped_stays(dataset, scheme)
    assert found.equals(expected, null_equal=True)
    assert conversions_of(dataset).frame().is_empty()


def test_csv_groups_like_parquet(
    tmp_path: Path, compiled: Callable[[str], CompiledScheme], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_source, "BLOCK_BYTES", 4096)
    path = tmp_path / "stays.csv"
    frame = pl.read_parquet(STAYS)
    cells = frame.with_columns(pl.col(pl.List).list.join("|"))
    path.write_bytes(cells.write_csv().encode("gb18030"))
    plain, threads = tmp_path / "plain.out", tmp_path / "threads.out"
    scheme = compiled("chs-drg-2.0")
    assert len(open_dataset(path).pieces()) > 5
    group_dataset(open_dataset(STAYS), scheme, plain)
    group_dataset(open_dataset(path), scheme, threads, threads=3)
    assert plain.read_bytes() == threads.read_bytes()


def test_a_folder_and_its_partition(tmp_path: Path) -> None:
    for month, encoding in (("2026-09", "gb18030"), ("2026-10", "utf-8-sig")):
        folder = tmp_path / f"account={month}"
        folder.mkdir()
        (folder / "stays.csv").write_bytes(TEXT.encode(encoding))
    dataset = open_dataset(tmp_path)
    assert dataset.column_names[-1] == "remark"
    assert read(dataset, ["account"])["account"].to_list() == ["2026-09"] * 2 + ["2026-10"] * 2


def test_other_delimiters(tmp_path: Path) -> None:
    mapping = tmp_path / "mine.toml"
    mapping.write_text('[csv]\ndelimiter = ";"\nlist_delimiter = ","\n', encoding="utf-8")
    path = tmp_path / "stays.csv"
    path.write_text("case_id;procedures\n1;45.1600, 51.2300,\n2;\n", encoding="utf-8")
    found = read(open_dataset(path, mapping))
    assert found["procedures"].to_list() == [["45.1600", "51.2300"], []]
    tabs = tmp_path / "stays.tsv"
    tabs.write_text("case_id\tprocedures\n1\tA|B\n", encoding="utf-8")
    assert read(open_dataset(tabs))["procedures"].to_list() == [["A", "B"]]


def test_only_a_header_holds_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "stays.csv"
    path.write_text("case_id,sex", encoding="utf-8")
    dataset = open_dataset(path)
    assert dataset.rows == 0
    assert dataset.pieces() == []
    assert dataset.column_names == ["case_id", "sex"]


@pytest.mark.parametrize(
    ("content", "encoding", "words"),
    [
        (
            TEXT.encode("gb18030"),
            "utf-8",
            "stays.csv is not UTF-8: byte 75 in line 2 cannot be read as UTF-8; name its encoding",
        ),
        (
            b"case_id\n1\n" + b"\xff\xff\n",
            None,
            "stays.csv is neither UTF-8 nor GB18030: byte 11 in line 3 cannot be read as GB18030",
        ),
        (TEXT.encode("utf-8-sig"), "gbk", "starts with the mark of UTF-8, not in gbk"),
        (TEXT.encode("utf-16"), "gbk", "starts with the mark of UTF-16, not in gbk"),
        (b"case_id\n1\n", "utf-16", "cannot be read in the encoding utf-16"),
        (b"case_id\n1\n", "klingon", "cannot be read in the encoding klingon"),
        (b"case_id,sex,case_id\n1,1,1\n", None, "has the column case_id twice"),
        (b"", None, "has no header line"),
        (b"case_id,sex\r1,1\r2,1\r", None, "end in carriage returns alone"),
    ],
)
def test_wrong_files_are_refused(
    tmp_path: Path, content: bytes, encoding: str | None, words: str
) -> None:
    path = tmp_path / "stays.csv"
    path.write_bytes(content)
    with pytest.raises(DrgpayError, match=r"stays\.csv|encoding") as caught:
        open_dataset(path, encoding=encoding)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("case_id,sex\n1,1\n2\n", "row 3 has 1 cells, the header 2"),
        ("case_id,sex\n1,1\n2,3,4\n", "row 3 has 3 cells, the header 2"),
        (
            'case_id,sex\n1,5" tube\n2,1\n3,5" tube\n4,1\n',
            "from row 2 on the records cannot be told apart",
        ),
    ],
)
def test_broken_records_are_named(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "stays.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DrgpayError, match=r"stays\.csv") as caught:
        read(open_dataset(path))
    assert words in str(caught.value)


def test_parquet_has_no_encoding() -> None:
    with pytest.raises(DrgpayError, match="is no CSV file, so it has no encoding"):
        open_dataset(STAYS, encoding="gb18030")
