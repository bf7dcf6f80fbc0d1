"""`drgpay init`: what people and programs read of it, and questions at a terminal."""

import json
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import pytest

from drgpay.base.language import Words
from drgpay.cli.init import Terminal
from tests.cli.in_process import Run
from tests.start.exports import hospital_list, payable, settlement_export, write_csv


@pytest.fixture(scope="module")
def centre(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("centre")
    stays = payable(sample_data / "stays" / "2026-10.parquet").head(300)
    write_csv(settlement_export(stays), folder / "stays.csv")
    write_csv(hospital_list(sample_data / "hospitals.csv"), folder / "hospitals.csv")
    return folder


def arguments(centre: Path, folder: Path) -> Sequence[object]:
    given = ("--stays", centre / "stays.csv", "--hospitals", centre / "hospitals.csv")
    return ("init", folder, *given, "--no-input")


def test_programs_read_one_object(drgpay: Run, centre: Path, tmp_path: Path) -> None:
    status, out, _ = drgpay(*arguments(centre, tmp_path / "p"), "--json")
    summary = json.loads(out)
    assert status == 0
    assert summary["months"] == {"2026-10": 300}
    assert summary["recognised"]["stays"]["case_id"]["headings"] == ["结算ID"]
    assert summary["recognised"]["stays"]["person_id"]["examples"] == []
    assert summary["unknown"]["stays"] == {"窗口备注": ["无"]}
    assert summary["check"]["refused"] == 0
    assert {gap["file"] for gap in summary["gaps"]} == {"policy.toml", "2026-10.toml"}


def test_people_read_what_is_missing_and_what_comes_next(
    drgpay: Run, centre: Path, tmp_path: Path
) -> None:
    status, out, err = drgpay(*arguments(centre, tmp_path / "p"), "--lang", "zh")
    assert status == 0, err
    assert "窗口备注" in out
    assert "职工全年基金预算" in out
    assert "drgpay calibrate" in out
    assert "结算ID" not in out
    status, out, _ = drgpay("-v", *arguments(centre, tmp_path / "p"), "--lang", "zh")
    assert "结算ID" in out


def test_a_file_that_is_not_there_is_one_sentence(drgpay: Run, tmp_path: Path) -> None:
    status, _, err = drgpay("init", tmp_path / "p", "--stays", tmp_path / "none.csv")
    assert status == 2
    assert "there is no file" in err
    assert not (tmp_path / "p" / "policy.toml").exists()


@pytest.mark.parametrize(
    ("answers", "chosen"), [(["2"], "no"), ([""], "yes"), (["9", "x", "1"], "yes")]
)
def test_a_choice_is_asked_until_it_is_one(answers: list[str], chosen: str) -> None:
    said = iter(answers)
    choices = [("yes", Words("是", "yes")), ("no", Words("否", "no"))]
    with patch("typer.prompt", lambda *_, **__: next(said)):
        assert Terminal().choose(Words("吗？", "Is it?"), choices, "yes") == chosen


def test_an_empty_answer_leaves_it() -> None:
    with patch("typer.prompt", lambda *_, **__: ""):
        assert Terminal().write(Words("几？", "How many?")) is None
