"""`drgpay cache`: every cache is shown, and clearing touches nothing but the program's own files."""

import os
import shutil
from pathlib import Path

import pytest

from drgpay.base.cache_folder import CACHES
from drgpay.base.words import Wording
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.simulate.cache import StageCache, cache_folder
from tests.cli.in_process import Run
from tests.conftest import ROOT
from tests.simulate.test_cache import stage

SMALL = str(ROOT / "tests" / "data" / "small_scheme")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with something in every cache."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DRGPAY_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    load_compiled(SMALL)
    (tmp_path / "runs").mkdir()
    stage(StageCache(cache_folder(Path("runs"))))
    return tmp_path


def folders(here: Path) -> list[Path]:
    """The folders of all caches."""
    return [here / "xdg" / "drgpay", here / "runs" / ".cache"]


def bytes_in(folder: Path) -> int:
    """What the files of a folder take."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def rows(out: str) -> list[list[str]]:
    """The cells of a printed table."""
    lines = [line for line in out.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


def test_every_kind_of_cache_is_covered() -> None:
    assert all(kind.name in Wording("cache") for kind in CACHES)


@pytest.mark.parametrize(
    ("lang", "kinds"),
    [
        ("zh", ["已编译的分组方案", "情景测算的阶段结果"]),
        ("en", ["compiled schemes", "stages of scenarios"]),
    ],
)
def test_show(here: Path, drgpay: Run, lang: str, kinds: list[str]) -> None:
    for folder in folders(here):
        (path,) = folder.iterdir()
        os.utime(path, (1_790_000_000, 1_790_000_000))
    status, out, err = drgpay("cache", "show", "--lang", lang)
    assert (status, err) == (0, "")
    found = rows(out)
    assert [row[0] for row in found] == kinds
    assert [row[1] for row in found] == ["xdg/drgpay", "runs/.cache"]
    assert [row[2] for row in found] == ["1", "1"]
    assert [row[3] for row in found] == [f"{bytes_in(folder):,}" for folder in folders(here)]
    assert {row[4][:7] for row in found} == {"2026-09"}


def test_show_without_options(here: Path, drgpay: Run) -> None:
    assert [row[1] for row in rows(drgpay("cache", "show")[1])] == ["xdg/drgpay", "runs/.cache"]
    shutil.rmtree(here / "runs")
    assert [row[1] for row in rows(drgpay("cache", "show")[1])] == ["xdg/drgpay"]


def test_nothing_there_is_nothing(here: Path, drgpay: Run) -> None:
    for folder in folders(here):
        shutil.rmtree(folder)
    found = rows(drgpay("cache", "show")[1])
    assert [row[2:] for row in found] == [["0", "0", ""], ["0", "0", ""]]
    assert drgpay("cache", "clear")[0] == 0
    assert not any(folder.exists() for folder in folders(here))


def test_both_caches_of_the_variable(
    here: Path, drgpay: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRGPAY_CACHE", str(here / "one"))
    load_compiled(SMALL)
    stage(StageCache(cache_folder(Path("runs"))))
    found = rows(drgpay("cache", "show")[1])
    assert [row[1:3] for row in found] == [["one", "1"], ["one/stages", "1"]]
    found = rows(drgpay("cache", "clear")[1])
    assert [(row[2], row[4]) for row in found] == [("1", "0"), ("1", "0")]
    assert bytes_in(here / "one") == 0
    monkeypatch.setenv("DRGPAY_CACHE", "")
    found = rows(drgpay("cache", "show", "--lang", "en")[1])
    assert {row[1] for row in found} == {"switched off (DRGPAY_CACHE is empty)"}
    assert drgpay("cache", "clear")[0] == 0


def test_clear_removes_what_is_ours_alone(here: Path, drgpay: Run) -> None:
    theirs = []
    for folder in folders(here):
        (path,) = folder.iterdir()
        left = folder / f".{path.name}.{2**22 + 1}"  # of a killed writer
        left.write_text("half")
        theirs += [
            folder / "notes.txt",
            folder / f"{path.name}.bak",
            folder / "mine" / "a.compiled",
        ]
    for path in theirs:
        path.parent.mkdir(exist_ok=True)
        path.write_text("of the user")
    sizes = [bytes_in(folder) - 3 * len("of the user") for folder in folders(here)]
    status, out, err = drgpay("cache", "clear", "--lang", "en")
    assert (status, err) == (0, "")
    found = rows(out)
    assert [row[2:] for row in found] == [["2", f"{size:,}", "3"] for size in sizes]
    remaining = {path for folder in folders(here) for path in folder.rglob("*") if path.is_file()}
    assert remaining == set(theirs)


def test_what_is_being_written_stays(here: Path, drgpay: Run) -> None:
    written = here / "runs" / ".cache" / f".checked-{'0' * 32}.{os.getpid()}"
    written.mkdir()
    assert drgpay("cache", "clear")[0] == 0
    assert list((here / "runs" / ".cache").iterdir()) == [written]


def test_a_folder_that_is_no_cache_loses_nothing(
    here: Path, drgpay: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "documents").mkdir()
    (here / "documents" / "budget.xlsx").write_text("of the user")
    (here / "documents" / "older").mkdir()
    monkeypatch.setenv("DRGPAY_CACHE", "documents")
    found = rows(drgpay("cache", "clear")[1])
    assert found[0][2:] == ["0", "0", "2"]
    assert (here / "documents" / "budget.xlsx").exists()


def test_a_foreign_folder_is_told_and_not_cleared(here: Path, drgpay: Run) -> None:
    (here / "runs" / ".cache").chmod(0o770)
    status, out, err = drgpay("cache", "show")
    assert (status, len(rows(out))) == (0, 2)
    assert "drgpay: warning: others can write to the cache folder runs/.cache" in err
    before = [bytes_in(folder) for folder in folders(here)]
    status, _, err = drgpay("cache", "clear")
    assert status == 2
    assert err.startswith("drgpay: others can write to the cache folder runs/.cache")
    assert [bytes_in(folder) for folder in folders(here)] == before  # of none


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_the_folder_of_another_is_cleared_by_members_of_the_group(
    here: Path, drgpay: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import grp

    kept = here / "runs" / ".cache"
    os.chown(kept, 54_321, 54_322)
    kept.chmod(0o2770)
    assert drgpay("cache", "clear")[0] == 2
    status, _, err = drgpay("cache", "clear", "--group", "no-such-group")
    assert (status, err) == (2, "drgpay: there is no group no-such-group; correct --group.\n")
    assert bytes_in(kept)
    centre = grp.struct_group(("centre", "x", 54_322, []))
    monkeypatch.setattr(grp, "getgrnam", {"centre": centre}.__getitem__)
    assert drgpay("cache", "clear", "--group", "centre")[0] == 0
    assert list(kept.iterdir()) == []


@pytest.mark.parametrize("command", ["show", "clear"])
def test_a_folder_that_is_not_there(here: Path, drgpay: Run, command: str) -> None:
    status, _, err = drgpay("cache", command, "--runs", "missing")
    assert (status, err) == (2, "drgpay: there is no folder missing; correct --runs.\n")


def test_what_cannot_be_removed_is_said(
    here: Path, drgpay: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drgpay.cli.cache.remove_entry", lambda path: None)
    status, out, err = drgpay("cache", "clear")
    assert status == 2
    assert [row[2] for row in rows(out)] == ["0", "0"]
    assert "2 entries could not be removed" in err
