"""`drgpay transition`: exit status, what it prints, and one sentence for each mistake."""

import json
from pathlib import Path

import pytest

from tests.cli.in_process import status_of
from tests.transition.conftest import Made
from tests.transition.history import GATE, transition_file

Printed = pytest.CaptureFixture[str]


def explained(made: Made, path: Path) -> Path:
    """A table that explains every hospital beyond the limit."""
    rows = "".join(
        f"hospital,{one},服务能力提升,李娜\n" for one in made.found.gate.hospitals["hospital_id"]
    )
    path.write_text(f"kind,id,reason,by\n{rows}", encoding="gb18030")
    return path


def test_a_gate_that_is_not_passed(
    made: Made, folder: Path, tmp_path: Path, capsys: Printed
) -> None:
    out = tmp_path / "out"
    path = transition_file(folder)
    assert status_of("transition", path, "--out", out, "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["folder"]) == ("not_passed", str(out))
    assert told["schemes"] == {"old": "chs-drg-1.1", "new": "chs-drg-2.0"}
    assert [row["line"] for row in told["gate"]] == ["coverage", "hospitals", "notes"]
    assert (out / "report.html").is_file()


def test_a_gate_that_is_passed(made: Made, folder: Path, tmp_path: Path, capsys: Printed) -> None:
    explained(made, folder / "explained.csv")
    gate = GATE + 'explanations = "explained.csv"\n'
    path = transition_file(folder, "explained.toml", gate=gate)
    assert status_of("transition", path, "--out", tmp_path / "out", "--lang", "zh") == 0
    said = capsys.readouterr().out
    assert "验收通过：" in said
    assert "[points.phase_in]" in said
    assert "# share_by_month" in said
    assert "服务能力提升" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_a_folder_that_exists_is_refused_before_the_work(
    folder: Path, tmp_path: Path, capsys: Printed
) -> None:
    assert status_of("transition", transition_file(folder), "--out", tmp_path) == 2
    assert "exists already" in capsys.readouterr().err


MISTAKES = {
    "the same scheme": (
        {'scheme = "chs-drg-1.1"': 'scheme = "chs-drg-2.0"'},
        "[old] and [new] are the same scheme, chs-drg-2.0",
    ),
    "a catalogue of the other scheme": (
        {'scheme = "chs-drg-2.0"': 'scheme = "chs-drg-2.0"\ncatalogue = "made/catalogue-old"'},
        "chs-drg-1.1",
    ),
    "no history": ({'stays = "history"': 'stays = "nothing"'}, "nothing"),
    "an unknown key": ({"[history]": "[histroy]"}, "histroy"),
    "a limit of 200 per cent": (
        {"value = 3,": "value = 200,"},
        "gate.hospital_change_percent",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_the_file_is_one_sentence(
    made: Made, folder: Path, capsys: Printed, name: str
) -> None:
    changed, told = MISTAKES[name]
    path = transition_file(folder, "mistaken.toml", changed)
    assert status_of("transition", path, "--out", folder / "never") == 2
    said = " ".join(capsys.readouterr().err.split())
    assert told in said
    assert len(said.split(". ")) <= 3
    assert not (folder / "never").exists()


ROWS = {
    "hospital,H404,x,y": "row 2: the table of hospitals has no H404",
    "group,QQ99,x,y": "row 2: neither scheme has the group QQ99",
    "note,DRG!7,x,y": "row 2: the import report of the new scheme has no note DRG!7 to check",
    "city,H3390001,x,y": "row 2: city is no kind of explanation (hospital, group, note)",
    "group,AA19,x,": "by",
    "group,AA19,x,y\ngroup,AA19,z,y": "rows 2 and 3",
}


@pytest.mark.parametrize("rows", ROWS)
def test_a_mistake_in_an_explanation_is_one_sentence(
    folder: Path, capsys: Printed, rows: str
) -> None:
    (folder / "wrong.csv").write_text(f"kind,id,reason,by\n{rows}\n", encoding="utf-8")
    gate = GATE + 'explanations = "wrong.csv"\n'
    path = transition_file(folder, "wrong.toml", gate=gate)
    assert status_of("transition", path, "--out", folder / "never") == 2
    assert ROWS[rows] in " ".join(capsys.readouterr().err.split())


def test_an_interrupted_one_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    """What cannot be written as a whole is not there at all."""
    blocked = tmp_path / "file"
    blocked.write_text("x")
    assert status_of("transition", transition_file(folder), "--out", blocked / "out") == 2
    assert blocked.read_text() == "x"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
