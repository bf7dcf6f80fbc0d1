"""From an older edition to a workbook with every construct of 3.0, both imported; its notes are open."""

import csv
import json
from pathlib import Path

import polars as pl
import pytest

from drgpay.grouper.scheme import load_scheme
from drgpay.transition.outcome import transition
from tests.cli.in_process import ends_well, status_of
from tests.schemes.test_workbook import Book, written
from tests.schemes.test_workbook_3_0 import BOOK, CASES, SETS
from tests.transition.history import transition_file

STAYS = 40
SPLIT_BY_AGE_OR_ROBOT = ("BB10", "BB1C", "BB1E", "BB1F", "BB1G", "BR1H", "BT1D")


def older() -> Book:
    """The edition before: without age or robot groups, and of MDCM nothing is grouped."""
    book = {name: [*rows] for name, rows in BOOK.items()}
    book["DRG"] = [row for row in book["DRG"] if row[0] not in (*SPLIT_BY_AGE_OR_ROBOT, "MR19")]
    book["ADRG"] = [row for row in book["ADRG"] if row[0] != "MR1"]
    book["MDC"] = [row for row in book["MDC"] if row[0] != "MDCM"]
    book["集合"] = [*book["集合"], ["OP_ARB", "17.4100", "", 1]]
    return book


def newer() -> Book:
    """3.0 with a set that holds a code twice, and a row without its key: a note to check."""
    book = {name: [*rows] for name, rows in BOOK.items()}
    arb = ["OP_ARB", "17.4100", "", 1]
    book["集合"] = [*book["集合"], arb, ["DI_PV1", "", "", 1]]
    return book


@pytest.fixture(scope="module")
def folder(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both editions imported, and made-up stays of their groups."""
    made = tmp_path_factory.mktemp("three") / "region"
    (made / "history").mkdir(parents=True)
    for name in ("policy.toml", "hospitals.csv"):
        (made / name).write_bytes((sample_data / name).read_bytes())
    for name, book in (("two", older()), ("three", newer())):
        path = written(book, made / f"{name}.xlsx")
        options = ("--id", name, "--out", made / name, "--set", "code_system=none")
        ends_well("scheme", "import", path, *options, "--allow-empty-sets")
    like = pl.read_parquet(sample_data / "history" / "2025-01.parquet").head(len(CASES) * STAYS)
    assert like.height == len(CASES) * STAYS or like.height >= len(CASES) * 20
    drawn = [CASES[place % len(CASES)][0] for place in range(like.height)]
    types = like.schema
    stays = like.with_columns(
        pl.Series("principal_diagnosis", [stay.principal_diagnosis for stay in drawn]),
        pl.Series("other_diagnoses", [[*stay.other_diagnoses] for stay in drawn]).cast(
            types["other_diagnoses"]
        ),
        pl.Series("procedures", [[*stay.procedures] for stay in drawn]).cast(types["procedures"]),
        pl.Series("sex", [stay.sex for stay in drawn]).cast(types["sex"]),
        pl.Series("age", [stay.age for stay in drawn]).cast(types["age"]),
        pl.Series("age_days", [stay.age_days for stay in drawn]).cast(types["age_days"]),
        pl.Series("weight_g", [stay.weight_g for stay in drawn]).cast(types["weight_g"]),
    )
    stays.write_parquet(made / "history" / "2025-01.parquet")
    return made


def changed(folder: Path, name: str, **keys: str) -> Path:
    schemes = {
        'scheme = "chs-drg-1.1"': 'scheme = "two"',
        'scheme = "chs-drg-2.0"': 'scheme = "three"',
    }
    return transition_file(folder, name, schemes, **keys)


def test_the_groups_of_3_0_are_reached_and_compared(folder: Path) -> None:
    found = transition(changed(folder, "plain.toml"))
    moves = found.comparison.migration
    pairs = {*moves.select("from_drg", "to_drg").iter_rows()}
    assert {("BB19", "BB10"), ("BB19", "BB1C"), ("BB11", "BB1E"), ("BR19", "BR1H")} <= pairs
    assert ("0000", "MR19") in pairs
    new = found.comparison.quality.filter(pl.col("side") == "new").row(-1, named=True)
    old = found.comparison.quality.filter(pl.col("side") == "old").row(-1, named=True)
    assert new["grouped"] > old["grouped"]
    assert found.comparison.one_side["new"] > 0
    every = {drg.code for *_, drg in load_scheme(str(folder / "three")).paths()}
    counted = {*found.comparison.groups.filter(pl.col("side") == "new")["drg"]}
    assert counted == {one for one in every if one not in ("PQY", "BQY", "P000", "B000")}


def test_a_note_of_the_import_stays_open_until_it_is_explained(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (folder / "three" / "import-report.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "left_out"]
    (row,) = rows
    note = f"{row['sheet']}!{row['row']}"
    path = changed(folder, "notes.toml")
    status_of("transition", path, "--out", folder / "open", "--json")
    told = json.loads(capsys.readouterr().out)
    assert [one["note"] for one in told["gate_notes"]] == [note]
    assert not told["gate"][2]["passed"]
    text = f"kind,id,reason,by\nnote,{note},空行，已核对,王芳\n".replace("，", "、")
    (folder / "notes.csv").write_text(text, encoding="utf-8")
    from tests.transition.history import GATE

    path = changed(folder, "notes.toml", gate=GATE + 'explanations = "notes.csv"\n')
    status_of("transition", path, "--out", folder / "explained", "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["gate"][2]["passed"]
    assert "王芳" in (folder / "explained" / "report.html").read_text("utf-8")


def test_groups_without_cases_are_named_and_counted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A window without the stays of two groups: one sentence a scheme."""
    window = folder / "window"
    window.mkdir()
    stays = pl.read_parquet(folder / "history" / "2025-01.parquet")
    stays.filter(~pl.col("principal_diagnosis").is_in(["Z1", "M1"])).write_parquet(
        window / "2025-01.parquet"
    )
    path = transition_file(
        folder,
        "window.toml",
        {
            'scheme = "chs-drg-1.1"': 'scheme = "two"',
            'scheme = "chs-drg-2.0"': 'scheme = "three"',
            'stays = "history"': 'stays = "window"',
        },
    )
    status_of("transition", path, "--out", folder / "few")
    said = " ".join(capsys.readouterr().out.split())
    assert "Groups of the old scheme without a case in the history: 1 (ZZ19)." in said
    assert "for which a catalogue calibrated from it has no points: 2 (" in said
    assert "ZZ19, MR19" in said or "MR19, ZZ19" in said


def test_sets_are_those_of_the_workbook() -> None:
    """The editions differ in groups alone."""
    assert {row[0] for row in older()["集合"][1:]} == {*SETS, "OP_ARB"}
