"""Locks: one holder, who may be killed; a lock file that is removed is no lock any more."""

import os
import subprocess
import sys
from pathlib import Path

import portalocker
import pytest

from drgpay.base.file_lock import remove_lock, remove_locked, take_lock

HOLDS = """
import sys, time
from pathlib import Path
from drgpay.base.file_lock import take_lock
print(take_lock(Path(sys.argv[1])), flush=True)
time.sleep(60)
"""


def test_one_holds_it_until_it_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    handle = take_lock(path)
    assert handle is not None
    assert take_lock(path) is None
    os.close(handle)
    again = take_lock(path)
    assert again is not None
    remove_lock(path, again)
    assert not path.exists()


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, path], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        assert process.stdout.readline().strip() != "None"
        assert take_lock(path) is None
    finally:
        process.kill()
        process.communicate()
    handle = take_lock(path)
    assert handle is not None
    os.close(handle)


def test_who_gets_a_file_that_lost_its_name_asks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, locked = tmp_path / "lock", portalocker.lock
    lost: list[int] = []

    def removed_meanwhile(handle: int, flags: portalocker.LockFlags) -> None:
        if not lost:
            lost.append(handle)
            path.unlink()
        locked(handle, flags)

    monkeypatch.setattr(portalocker, "lock", removed_meanwhile)
    handle = take_lock(path)
    assert handle is not None
    assert os.path.samestat(os.fstat(handle), path.stat())
    os.close(handle)


def test_a_file_system_without_locks_is_an_error_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(handle: int, flags: portalocker.LockFlags) -> None:
        raise portalocker.LockException("no locks") from OSError(95, "no locks")

    monkeypatch.setattr(portalocker, "lock", refused)
    with pytest.raises(OSError, match="no locks"):
        take_lock(tmp_path / "lock")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        take_lock(tmp_path / "lock")
    assert not (tmp_path / "elsewhere").exists()


def test_a_locked_folder_goes_with_its_lock(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    handle = take_lock(folder / "in-use")
    assert handle is not None
    remove_locked(folder, handle)
    assert not folder.exists()
    with pytest.raises(OSError):
        os.fstat(handle)
