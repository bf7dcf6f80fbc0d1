"""Folders to work in: whom they are open to, and what becomes of those of killed processes."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drgpay.base.working_folder import remove_leftovers, working_folder
from tests.modes import open_to_others

WORKS = """
import sys, time
from pathlib import Path
from drgpay.base.working_folder import working_folder
with working_folder(Path(sys.argv[1])) as work:
    (work / "persons").write_text("secret")
    print(work, flush=True)
    time.sleep(60)
"""


@contextmanager
def working_process(place: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process at work in a place, and its folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKS, place], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    try:
        yield process, Path(process.stdout.readline().strip())
    finally:
        process.kill()
        process.communicate()


def test_nobody_else_gets_in_and_nothing_stays(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    before = os.umask(0)
    try:
        with working_folder(tmp_path) as work:
            (work / "file").write_text("x")
            assert work.parent.stat().st_mode & 0o077 == 0
            assert work.parent.parent == tmp_path
    finally:
        os.umask(before)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyError), working_folder(tmp_path) as work:
        raise KeyError
    assert list(tmp_path.iterdir()) == []
    assert open_to_others(tmp_path) == {}


def test_the_folder_of_a_killed_process_goes_and_that_of_a_living_one_stays(
    tmp_path: Path,
) -> None:
    with working_process(tmp_path) as (killed, left), working_process(tmp_path) as (_, busy):
        killed.kill()
        killed.wait()
        assert (left / "persons").exists()
        with working_folder(tmp_path) as mine:
            assert not left.parent.exists()
            assert (busy / "persons").exists()
            remove_leftovers(tmp_path)  # the own one is no leftover either
            assert mine.exists()
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("age", [60.0, 3600.0])
def test_a_folder_that_is_not_locked_yet_is_left_alone(tmp_path: Path, age: float) -> None:
    folder = tmp_path / ".drgpay-abc.partial"
    folder.mkdir()
    os.utime(folder, (time.time() - age, time.time() - age))
    remove_leftovers(tmp_path)
    assert folder.exists() == (age < 600)


@pytest.mark.parametrize(
    "name", ["drgpay-abc", ".drgpay-abc.partial.d", ".2026-10-x.partial", ".a"]
)
def test_other_names_are_not_touched(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "in-use").write_text("")
    remove_leftovers(tmp_path)
    assert (tmp_path / name).exists()


@pytest.mark.parametrize("foreign", ["owner", "link", "file"])
def test_what_is_not_ours_is_not_touched(tmp_path: Path, foreign: str) -> None:
    target, folder = tmp_path / "target", tmp_path / ".drgpay-abc.partial"
    target.mkdir()
    (target / "in-use").write_text("")
    if foreign == "owner":
        if os.geteuid():
            pytest.skip("only root gives files away")
        target.rename(folder)
        os.chown(folder, 60_123, -1)
    elif foreign == "link":
        folder.symlink_to(target)
    else:
        folder.write_text("")
    remove_leftovers(tmp_path)
    assert folder.exists()
    assert foreign == "owner" or (target / "in-use").exists()


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(_handle: int, _how: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", no_locks)
    with working_folder(tmp_path) as work:
        os.utime(work.parent, (0, 0))
        remove_leftovers(tmp_path)
        assert work.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object, **_options: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("drgpay.base.working_folder.take_lock", full)
    with pytest.raises(OSError, match="No space left"), working_folder(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []
