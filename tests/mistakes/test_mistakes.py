"""What people do wrong, and the one sentence that each of them gets (mistakes.toml)."""

import hashlib
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.cli.in_process import status_of
from tests.mistakes import makers
from tests.run.small_region import small_region

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ASKED = ROOT.parent / "shared" / "mistakes.md"

CASES: list[dict[str, Any]] = tomllib.loads((HERE / "mistakes.toml").read_text(encoding="utf-8"))[
    "mistake"
]
TRIED = [case for case in CASES if "command" in case]
TESTED_ELSEWHERE = [case for case in CASES if "tested" in case]

# A budget of the four hospitals that are kept: nothing of the unspoilt month stops it.
BUDGET = (
    "employee = 86100000.00, resident = 93600000.00",
    "employee = 42000000.00, resident = 69000000.00",
)


def called(case: dict[str, Any]) -> str:
    return str(case.get("name", case["row"]))


@pytest.fixture(scope="module")
def unspoilt(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    """A region whose month runs without a stop, and has run once."""
    whole = tmp_path_factory.mktemp("whole") / "region"
    small_region(sample_data, whole)
    region = tmp_path_factory.mktemp("mistakes") / "region"
    region.mkdir()
    for name in ("policy.toml", "hospitals.csv", "small.parquet"):
        shutil.copy(whole / name, region)
    shutil.copytree(whole / "catalogue", region / "catalogue")
    job = (whole / "small.toml").read_text(encoding="utf-8").partition("[[accepted]]")[0]
    (region / "job.toml").write_text(job.rstrip() + "\n", encoding="utf-8")
    _replace(region / "policy.toml", *BUDGET)
    assert status_of("run", region / "job.toml", "--quiet") == 0
    return region


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} has no {old}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def _make(case: dict[str, Any], region: Path) -> None:
    for edit in case.get("edit", ()):
        _replace(region / edit["file"], edit["old"], edit["new"])
    for name, text in case.get("file", {}).items():
        (region / name).write_text(text, encoding="utf-8")
    if "made" in case:
        getattr(makers, case["made"])(region)


@pytest.fixture
def region(
    unspoilt: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A copy of its own for each mistake; commands are typed in it."""
    region = tmp_path / request.param
    shutil.copytree(unspoilt, region)
    monkeypatch.chdir(region)
    return region


def _hashes(folder: Path) -> dict[str, str]:
    """Of every file; what simulations keep to be quicker the next time is no result."""
    return {
        path.relative_to(folder).as_posix(): _hash(path)
        for path in folder.rglob("*")
        if ".cache" not in path.parts and path != folder / "runs"
    }


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "a folder"


@pytest.mark.parametrize(
    ("case", "region"),
    [pytest.param(case, case.get("folder", "region"), id=called(case)) for case in TRIED],
    indirect=["region"],
)
def test_a_mistake_gets_its_answer(
    case: dict[str, Any], region: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = _run_in(region)
    if not case.get("after_a_run", False):
        shutil.rmtree(region / "runs")
    _make(case, region)
    before = _hashes(region)
    status = status_of(*(word.replace("{run}", str(run)) for word in case["command"].split()))
    said = capsys.readouterr()
    everything = " ".join((said.out + said.err).split())
    assert status == case.get("status", 2), everything
    for words in case["says"]:
        assert words in everything, everything
    for words in ("Traceback", *case.get("never", ())):
        assert words not in everything, everything
    sentences = [line for line in said.err.splitlines() if line.startswith("drgpay: ")]
    if status == 2:
        assert len(sentences) == 1 and sentences[0].endswith("."), said.err
        assert _hashes(region) == before, "nothing half-written"
    elif status == 0 and case.get("writes", True):
        assert pl.read_parquet(_run_in(region) / "cases.parquet").height > 800
    else:
        assert _hashes(region) == before


def _run_in(region: Path) -> Path:
    (run,) = (path for path in (region / "runs").iterdir() if path.is_dir())
    return run


@pytest.mark.parametrize("case", TESTED_ELSEWHERE, ids=called)
def test_a_test_that_is_named_is_there(case: dict[str, Any]) -> None:
    for named in case["tested"]:
        path, _, test = named.partition("::")
        text = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"^ *def {test}\(", text, re.MULTILINE), named


@pytest.mark.parametrize("case", CASES, ids=called)
def test_every_answer_has_its_grade(case: dict[str, Any]) -> None:
    assert case["grade"] in range(6)
    assert ("wrong" in case) == (case["grade"] < 5), "what is missing for a 5"
    assert "command" in case or "tested" in case


@pytest.mark.skipif(
    not ASKED.exists(), reason="the list that was asked for is not beside the project"
)
def test_every_row_that_was_asked_for_has_its_case() -> None:
    lines = ASKED.read_text(encoding="utf-8").splitlines()
    rows = [line.split("|")[1].strip() for line in lines if line.startswith("| ")][1:]
    rows = [row for row in rows if row != "mistake"]
    assert set(rows) == {case["row"] for case in CASES}
