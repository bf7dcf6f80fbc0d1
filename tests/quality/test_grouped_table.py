"""Tables of groups as input."""

from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.language import alike
from drgpay.quality.grouped_table import scan_table


def test_a_folder_without_what_a_command_is_writing_there(tmp_path: Path) -> None:
    rows = pl.DataFrame({"case_id": ["1"]})
    (tmp_path / "2026").mkdir()
    rows.write_parquet(tmp_path / "2026" / "10.parquet")
    left = tmp_path / ".drgpay-abc.partial" / "content" / "check"
    left.mkdir(parents=True)
    rows.write_parquet(left / "quarantine.parquet")
    assert scan_table(tmp_path, ["case_id"], alike("export it")).collect().height == 1


def test_a_folder_without_tables(tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match="is not a readable Parquet or CSV file"):
        scan_table(tmp_path, ["case_id"], alike("export it"))
