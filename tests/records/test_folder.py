"""A folder is read whole, or the reading stops with what it will not read."""

import os
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.records.dataset import RecordsInput, open_dataset
from drgpay.records.folder import files_of
from tests.records.meaning.ways import cells, good

FRAME = pl.DataFrame({"age": [1]})


def write(folder: Path, *names: str) -> None:
    for number, name in enumerate(names):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        frame = pl.DataFrame({"age": [number]})
        if place.suffix.lower() in (".parquet", ".parq", ".pq"):
            frame.write_parquet(place)
        else:
            frame.write_csv(place, separator="\t" if place.suffix.lower() == ".tsv" else ",")


def test_suffixes_without_regard_to_capitals(tmp_path: Path) -> None:
    names = ["B.PARQUET", "C.Parquet", "PART2.CSV", "d.parq", "e.pq", "f.tsv", "g.TXT", "h/i.csv"]
    write(tmp_path, *names)
    found = files_of(tmp_path)
    assert [file.relative_to(tmp_path).as_posix() for file in found.files] == names
    assert found.passed_over == ()
    assert cells(open_dataset(tmp_path), "age") == good(*map(float, range(len(names))))


PASSED_OVER = [
    "_SUCCESS", ".stays.parquet.crc", "~$stays.csv", "Thumbs.db", "THUMBS.DB", "desktop.ini",
    ".git/config", "_delta_log/0.json", "empty.parquet", "empty.csv", "empty.xyz", "_old.parquet",
]  # fmt: skip


def test_what_is_passed_over_is_counted(tmp_path: Path) -> None:
    write(tmp_path, "stays.parquet")
    for name in PASSED_OVER:
        place = tmp_path / name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(b"" if name.startswith("empty") else b"something")
    found = files_of(tmp_path)
    assert [file.name for file in found.files] == ["stays.parquet"]
    assert sorted(found.passed_over) == sorted(PASSED_OVER)
    dataset = open_dataset(tmp_path)
    assert cells(dataset, "age") == good(0.0)
    (line,) = dataset.conversions.lines("en")
    assert line.startswith(f"{len(PASSED_OVER)} files were passed over: ")
    (line,) = dataset.conversions.lines("zh")
    assert line.startswith(f"未读取 {len(PASSED_OVER)} 个文件")


@pytest.mark.parametrize(
    "name", ["notes.docx", "readme", "stays.parquet.bak", "sub/stays.json", "a.gz"]
)
def test_a_stray_file_stops_the_reading_with_its_name(tmp_path: Path, name: str) -> None:
    write(tmp_path, "stays.parquet")
    stray = tmp_path / name
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"x")
    with pytest.raises(DrgpayError, match=rf"holds {name}, which is no Parquet, CSV or Excel file"):
        open_dataset(tmp_path)
    pattern = "sub/*" if name.startswith("sub") else f"*{Path(name).suffix or 'adme'}"
    found = files_of(tmp_path, (pattern,))
    assert found.passed_over == (name,)
    dataset = RecordsInput(tmp_path, ignore=(pattern,)).open("insurance-2.0")
    assert cells(dataset, "age") == good(0.0)


def test_records_may_be_ignored_too(tmp_path: Path) -> None:
    write(tmp_path, "2026-09.parquet", "2026-10.parquet")
    found = files_of(tmp_path, ("2026-09*",))
    assert [file.name for file in found.files] == ["2026-10.parquet"]
    assert found.passed_over == ("2026-09.parquet",)


def test_no_file_is_left(tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match="holds no Parquet, CSV or Excel file"):
        files_of(tmp_path)
    (tmp_path / "empty.parquet").touch()
    with pytest.raises(DrgpayError, match="holds no Parquet, CSV or Excel file"):
        files_of(tmp_path)
    with pytest.raises(DrgpayError, match="there is no file or folder"):
        files_of(tmp_path / "nowhere")


def test_a_file_is_itself_whatever_its_name(tmp_path: Path) -> None:
    place = tmp_path / "_stays.parquet"
    FRAME.write_parquet(place)
    assert files_of(place).files == (place,)


def test_csv_beside_parquet(tmp_path: Path) -> None:
    write(tmp_path, "a.parquet", "b.csv")
    dataset = open_dataset(tmp_path)
    dataset.require(["age"])
    assert cells(dataset, "age") == good(0.0, 1.0)
    assert dataset.rows == 2


def test_folders_that_are_links_are_read(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", "b.parquet", "c/d.csv")
    write(tmp_path / "stays", "a.parquet")
    (tmp_path / "stays" / "month=10").symlink_to(tmp_path / "elsewhere")
    found = files_of(tmp_path / "stays")
    below = [file.relative_to(tmp_path / "stays").as_posix() for file in found.files]
    assert below == ["a.parquet", "month=10/b.parquet", "month=10/c/d.csv"]
    (tmp_path / "link").symlink_to(tmp_path / "stays")
    assert len(files_of(tmp_path / "link").files) == 3


@pytest.mark.parametrize("target", ["stays", "stays/a", "."])
def test_links_that_lead_to_a_folder_twice_stop_the_reading(tmp_path: Path, target: str) -> None:
    write(tmp_path / "stays", "a/b.parquet")
    (tmp_path / "stays" / "z").symlink_to(tmp_path / target)
    with pytest.raises(DrgpayError, match="lead to the same folder twice") as refused:
        files_of(tmp_path / "stays")
    assert "/z" in refused.value.problem
    (tmp_path / "stays" / "z").rename(tmp_path / "stays" / "_z")
    assert [file.name for file in files_of(tmp_path / "stays").files] == ["b.parquet"]


def test_a_folder_that_nobody_may_open_stops_the_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "a.parquet", "closed/b.parquet", ".closed/c.parquet")
    opened = os.scandir

    def scandir(path: str) -> Iterator[os.DirEntry[str]]:
        if "closed" in Path(path).name:
            raise PermissionError(13, "Permission denied", path)
        return opened(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(DrgpayError, match="closed cannot be opened"):
        files_of(tmp_path)


def test_a_pipe_is_no_file_of_records(tmp_path: Path) -> None:
    write(tmp_path, "a.parquet")
    os.mkfifo(tmp_path / "b.csv")
    with pytest.raises(DrgpayError, match=r"holds b\.csv, which is no Parquet"):
        files_of(tmp_path)
