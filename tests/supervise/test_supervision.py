"""A supervision of a run, from its file to its folder and the case file of a clue."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.supervise.case_file import open_case_file, write_case_file
from drgpay.supervise.file import load_supervise
from drgpay.supervise.output import write_supervision
from drgpay.supervise.score import apportioned, risk_of_stays
from drgpay.supervise.supervision import supervise


def table(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(folder / f"{name}.parquet")


def test_planted_splits_are_found_and_nothing_names_a_person(folder: Path, file: Path) -> None:
    labels = pl.read_parquet(file.parent / "fraud_labels.parquet")
    split = labels.filter((pl.col("kind") == "split") & ~pl.col("hard"))["case_id"]
    clues = table(folder, "clues").filter(pl.col("rule") == "split_stay")
    assert split.is_in(clues["case_ids"].explode().implode()).mean() >= 0.95  # type: ignore[operator]
    persons = pl.read_parquet(file.parent / "stays" / "2026-10.parquet")["person_id"].unique()
    doctors = pl.read_csv(file.parent / "stays_ext.csv")["doctor_id"].cast(pl.String)
    persons = pl.concat([persons, doctors.drop_nulls().unique()])
    whole = b"".join(path.read_bytes() for path in sorted(folder.glob("*.html")))
    assert not any(person.encode() in whole for person in persons)
    for path in folder.glob("*.parquet"):
        texts = pl.read_parquet(path).select(pl.col(pl.String))
        for name in texts.columns:
            assert not texts[name].is_in(persons.implode()).any(), (path.name, name)


def test_the_folder_is_its_owners_alone_and_says_what_was_looked_at(folder: Path) -> None:
    assert {path.stat().st_mode & 0o077 for path in folder.iterdir()} == {0}
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["kind"] == "supervision"
    assert manifest["counts"]["clues"] == table(folder, "clues").height
    assert manifest["counts"]["refused"] > 0
    report = {row["rule"]: row for row in table(folder, "rule_report").iter_rows(named=True)}
    assert report["split_stay"]["state"] == "partial"  # nothing is looked back on


def test_again_gives_the_same_bytes(file: Path, folder: Path, tmp_path: Path) -> None:
    again = write_supervision(supervise(load_supervise(file)), tmp_path / "again")
    names = sorted(path.name for path in folder.iterdir())
    assert sorted(path.name for path in again.iterdir()) == names
    for name in names:
        if name not in ("manifest.json", "datapackage.json"):  # which name their folder
            assert (again / name).read_bytes() == (folder / name).read_bytes(), name


def test_money_of_clues_hospitals_and_stays_is_the_same(folder: Path) -> None:
    risks, hospitals = table(folder, "stay_risks"), table(folder, "by_hospital")
    assert hospitals["expected"].sum() == risks["expected"].sum()
    assert hospitals["hits"].sum() == table(folder, "clues").height


def test_a_case_file_has_the_stays_the_groups_and_the_rule(folder: Path, tmp_path: Path) -> None:
    clues = table(folder, "clues")
    clue = clues.filter(pl.col("rule") == "split_stay").row(0, named=True)
    page, workbook = write_case_file(
        open_case_file(folder, clue["clue_id"]), tmp_path / "c.html", "zh"
    )
    text = page.read_text(encoding="utf-8")
    for case in clue["case_ids"]:
        assert case in text
    assert "疑点，不是认定" in text
    assert "max_gap_days" in text
    assert page.stat().st_mode & 0o077 == 0
    assert workbook.stat().st_size > 1000
    with pytest.raises(DrgpayError, match="no-clue"):
        open_case_file(folder, "no-clue")


def test_a_run_that_is_named_twice_is_refused(file: Path) -> None:
    path = file.with_name("twice.toml")
    text = file.read_text(encoding="utf-8")
    path.write_text(
        text + text[text.index("[[months]]") : text.index("[tables]")], encoding="utf-8"
    )
    with pytest.raises(DrgpayError, match="2026-10"):
        supervise(load_supervise(path))


def test_s9_two_rules_of_a_stay_and_what_they_would_recover() -> None:
    rows: list[dict[str, Any]] = [
        {"rule": "a", "w": 0.9, "c": 0.6, "stake_fen": 950_000},
        {"rule": "b", "w": 0.4, "c": 0.5, "stake_fen": 0},
    ]
    stakes = pl.DataFrame(rows).with_columns(
        case_id=pl.lit("x"), hospital_id=pl.lit("H1"), account=pl.lit("employee")
    )
    (row,) = risk_of_stays(stakes).to_dicts()
    assert round(row["risk"], 6) == 0.632
    assert row["expected_fen"] == 600_400


def test_a_stake_is_shared_to_the_last_unit() -> None:
    stakes = pl.DataFrame(
        {
            "hit": [0, 0, 0, 1],
            "case_id": ["a", "b", "c", "d"],
            "total": [10, 10, 10, 7],
            "weight": [1, 1, 1, 0],
        }
    )
    shared = apportioned(stakes, "total", "weight")
    assert shared["points"].to_list() == [4, 3, 3, 7]
