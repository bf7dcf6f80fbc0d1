"""What is a part of one is declared as one, since workbooks and terminals show it in percent by that."""

import polars as pl
import pytest

from drgpay.show.tables import kind_of
from drgpay.tables.declared import TABLES_FOLDER, read_declarations, shown_in_percent

FILES = sorted(path.stem for path in TABLES_FOLDER.glob("*.toml") if path.stem != "inputs")


@pytest.mark.parametrize("file", FILES)
def test_what_is_called_a_share_or_a_rate_is_one(file: str) -> None:
    declared = read_declarations(file).get("columns", {})
    called = {name for name in declared if name.endswith(("_share", "_rate"))}
    assert called == {name for name in called if declared[name]["kind"] == "share"}


@pytest.mark.parametrize("file", FILES)
def test_a_name_is_a_share_in_all_files_or_in_none(file: str) -> None:
    for name, declared in read_declarations(file).get("columns", {}).items():
        assert (declared["kind"] == "share") == (name in shown_in_percent()), name


def test_a_name_alone_makes_no_percentage() -> None:
    shares = pl.Decimal(18, 4)
    assert kind_of("stays_share", shares) == "percent"
    assert kind_of("stays_share", pl.Int64()) == "count"
    assert kind_of("anything_share", shares) == "ratio"
