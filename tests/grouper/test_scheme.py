"""Schemes: the shipped ones are complete, and mistakes in one are named."""

import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper.scheme import (
    load_scheme,
    scheme_folder,
    scheme_in_force,
    shipped_schemes,
    status_of,
)


@pytest.mark.parametrize(
    ("name", "mdc", "adrg", "drg", "ambiguous"),
    [
        ("chs-drg-2.0", 26, 409, 634, 20),
        ("chs-drg-1.1", 26, 376, 628, 20),
        ("zj-drg-2022", 26, 376, 1006, 0),
    ],
)
def test_counts(name: str, mdc: int, adrg: int, drg: int, ambiguous: int) -> None:
    counts = load_scheme(name).counts()
    found = (counts["mdc"], counts["adrg"], counts["drg"], counts["ambiguous"])
    assert found == (mdc, adrg, drg, ambiguous)


def test_shipped() -> None:
    assert shipped_schemes() == ["chs-drg-1.1", "chs-drg-2.0", "open-apg-1", "zj-drg-2022"]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A copy of a shipped scheme to spoil."""
    return Path(shutil.copytree(scheme_folder("zj-drg-2022"), tmp_path / "own"))


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_folder_is_a_scheme(own: Path) -> None:
    assert load_scheme(str(own)).content_hash == load_scheme("zj-drg-2022").content_hash


def test_other_tables_are_another_scheme(own: Path) -> None:
    spoil(own / "cc.csv", ",MCC,", ",CC,")
    assert load_scheme(str(own)).content_hash != load_scheme("zj-drg-2022").content_hash


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("adrg.csv", "ZYSS in OP_AB1", "ZYSS im OP_AB1", "row 3: the rule of AB1 does not parse"),
        ("adrg.csv", "ZYSS in OP_AB1", "ZYSS in OP_XXX", "AB1 names the set OP_XXX"),
        ("adrg.csv", "2,MDCA,AB1", "two,MDCA,AB1", "the sort of AB1 is 'two'"),
        ("adrg.csv", "2,MDCA,AB1", "2,MDCA,AA1", "row 3: AA1 is listed twice"),
        ("drg.csv", "1,AB1,AB19", "1,AB9,AB19", "under AB9, which no row defines"),
        ("drg.csv", "sort,adrg,drg", "sort,adrg,group", "lacks the column drg"),
        ("cc.csv", ",MCC,", ",MMC,", "has the level 'MMC'"),
        ("cc.csv", "A02.100,MCC,1\n", "A02.100,MCC,1\nA02.100,CC,1\n", "lists A02.100 twice"),
        ("scheme.toml", 'kind = "drg"', 'kind = "dgr"', "the key kind is wrong"),
        ("scheme.toml", 'kind = "drg"', 'kind = "drg', "is not valid TOML"),
        ("scheme.toml", 'empty_sets = ["OP_DA1"]', "", "DA1 names the set OP_DA1"),
    ],
)
def test_mistakes_are_named(own: Path, file: str, old: str, new: str, words: str) -> None:
    spoil(own / file, old, new)
    with pytest.raises(DrgpayError, match="own") as caught:
        load_scheme(str(own))
    assert words in str(caught.value)


def test_a_missing_table_is_named(own: Path) -> None:
    (own / "sets.csv").unlink()
    with pytest.raises(DrgpayError, match=r"sets\.csv is missing"):
        load_scheme(str(own))


def test_unknown_scheme(tmp_path: Path) -> None:
    with pytest.raises(
        DrgpayError,
        match=r"no scheme 'chs-drg-9'; is chs-drg-2.0 meant\? name a folder or one of chs",
    ):
        load_scheme("chs-drg-9")
    with pytest.raises(DrgpayError, match=r"holds no scheme\.toml"):
        load_scheme(str(tmp_path))


def test_status_by_name() -> None:
    assert status_of("BB1", "BB11") == "grouped"
    assert status_of("BQY", "BQY") == "ambiguous"
    for adrg, drg in [("00", "0000"), ("O00", "O000"), ("000", "0000")]:
        assert status_of(adrg, drg) == "ungrouped"


def test_tables_are_sorted_for_diffs() -> None:
    for name in shipped_schemes():
        sets = pl.read_csv(scheme_folder(name) / "sets.csv", infer_schema=False)
        assert sets.n_unique() == sets.height, name


def test_the_scheme_in_force_comes_from_its_dates() -> None:
    assert scheme_in_force(date(2026, 12, 31)) == "chs-drg-2.0"
    with pytest.raises(DrgpayError, match="no shipped scheme is in force on 2027-01-01"):
        scheme_in_force(date(2027, 1, 1))
