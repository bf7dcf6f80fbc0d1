"""Tables of groups as input."""

from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.language import alike
from drgpay.quality.grouped_table import scan_table, text_table


def test_a_folder_without_what_a_command_is_writing_there(tmp_path: Path) -> None:
    rows = pl.DataFrame({"case_id": ["1"]})
    (tmp_path / "2026").mkdir()
    rows.write_parquet(tmp_path / "2026" / "10.parquet")
    left = tmp_path / ".drgpay-abc.partial" / "content" / "check"
    left.mkdir(parents=True)
    rows.write_parquet(left / "quarantine.parquet")
    assert scan_table(tmp_path, ["case_id"], alike("export it")).collect().height == 1


def test_a_folder_without_tables(tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match="holds no Parquet, CSV or Excel file"):
        scan_table(tmp_path, ["case_id"], alike("export it"))


def test_a_folder_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    rows = pl.DataFrame({"case_id": ["1"]})
    rows.write_parquet(tmp_path / "a.parquet")
    rows.write_parquet(tmp_path / "B.PARQUET")
    rows.write_parquet(tmp_path / "c.parq")
    assert scan_table(tmp_path, ["case_id"], alike("export it")).collect().height == 3
    rows.write_csv(tmp_path / "d.csv")
    rows.write_excel(tmp_path / "e.xlsx")
    assert text_table(tmp_path, ("case_id",), alike("export it")).height == 5
    with pytest.raises(DrgpayError, match=r"d\.csv is no Parquet file"):
        scan_table(tmp_path, ["case_id"], alike("export it"))
    (tmp_path / "f.json").write_text("[]", encoding="utf-8")
    with pytest.raises(DrgpayError, match=r"holds f\.json"):
        text_table(tmp_path, ("case_id",), alike("export it"))


def write(frame: pl.DataFrame, path: Path) -> None:
    if path.suffix == ".xlsx":
        frame.write_excel(path)
    elif path.suffix == ".parquet":
        frame.write_parquet(path)
    else:
        text = frame.write_csv(separator="\t" if path.suffix == ".tsv" else ",")
        path.write_bytes(text.encode("gb18030" if "gbk" in path.name else "utf-8"))


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "gbk.csv", "a.tsv", "a.xlsx"])
def test_a_text_is_the_same_whatever_it_came_in(tmp_path: Path, name: str) -> None:
    cells = [" 甲", "1\u3000", "__HIVE_DEFAULT_PARTITION__", "", "\ufeffx", "合并症"]
    write(pl.DataFrame({"case_id": list("abcdef"), "drg": cells}), tmp_path / name)
    read = text_table(tmp_path / name, ("case_id", "drg"), alike("export it"), ("adrg",))
    assert read.columns == ["case_id", "drg"]
    assert read["drg"].to_list() == ["甲", "1", None, None, "x", "合并症"]
