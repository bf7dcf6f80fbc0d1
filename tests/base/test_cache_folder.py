"""Folders of caches: whose they may be, how they are made, and what is cleaned out of them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from drgpay.base import cache_folder
from drgpay.base.cache_folder import (
    CACHES,
    COMPILED_SCHEMES,
    SCENARIO_STAGES,
    CacheKind,
    entries,
    implicit_folder,
    keep_file,
    open_private_folder,
    put_in_place,
    refuse_foreign,
    staged_path,
)
from drgpay.base.errors import DrgpayError

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
SOMEBODY, GROUP = 54_321, 54_322  # no user and no group of any machine
HEX = "0123456789abcdef" * 2
NAMES = {
    COMPILED_SCHEMES: f"{HEX}.compiled",
    SCENARIO_STAGES: f"checked_history-{HEX}",
}


@pytest.fixture(params=[0o022, 0o002, 0o077, 0])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Every usual umask."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    """The rights of a file or folder."""
    return path.stat().st_mode & 0o7777


def folder_of(path: Path, rights: int = 0o700, uid: int = -1, gid: int = -1) -> Path:
    """A folder with these rights."""
    path.mkdir(parents=True)
    os.chown(path, uid, gid)
    path.chmod(rights)
    return path


def dead_pid() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_new_folder_is_for_its_owner_alone(tmp_path: Path, umask: int) -> None:
    folder = tmp_path / "a" / "b" / "cache"
    open_private_folder(folder, COMPILED_SCHEMES)
    assert mode(folder) == 0o700
    for parent in (folder.parent, folder.parent.parent):
        assert not mode(parent) & 0o022  # or it could not be a cache folder itself
    open_private_folder(folder.parent, COMPILED_SCHEMES)


def test_what_is_kept_is_for_its_owner_alone(tmp_path: Path, umask: int) -> None:
    file = tmp_path / NAMES[COMPILED_SCHEMES]
    keep_file(file, b"content")
    assert (mode(file), file.read_bytes()) == (0o600, b"content")
    place = tmp_path / NAMES[SCENARIO_STAGES]
    staged = staged_path(place)
    (staged / "inner").mkdir(parents=True)
    (staged / "inner" / "file").write_text("x")
    put_in_place(staged, place)
    found = [place, place / "inner", place / "inner" / "file"]
    assert [mode(path) for path in found] == [0o700, 0o700, 0o600]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("rights", [0o700, 0o750, 0o755, 0o711])
def test_a_folder_that_others_cannot_write_to_is_used(tmp_path: Path, rights: int) -> None:
    folder = folder_of(tmp_path / "cache", rights)
    open_private_folder(folder, COMPILED_SCHEMES)
    assert implicit_folder(folder, COMPILED_SCHEMES) == folder
    assert mode(folder) == rights  # the user's own choice


@pytest.mark.parametrize("rights", [0o777, 0o775, 0o720, 0o702, 0o1777, 0o2770])
def test_a_folder_that_others_can_write_to_is_refused(
    tmp_path: Path, rights: int, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of(tmp_path / "my cache", rights)
    with pytest.raises(DrgpayError, match=r"others can write .* chmod 700 '.*my cache'"):
        open_private_folder(folder, COMPILED_SCHEMES)
    with pytest.raises(DrgpayError, match="others can write"):
        refuse_foreign(folder)
    for _ in range(3):
        assert implicit_folder(folder, COMPILED_SCHEMES) is None
    (line,) = capsys.readouterr().err.splitlines()  # said once
    assert line.startswith("drgpay: warning: others can write")
    assert "without the cache" in line


@as_root
def test_a_folder_of_another_owner_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of(tmp_path / "cache", 0o700, SOMEBODY)
    with pytest.raises(DrgpayError, match=f"belongs to the user {SOMEBODY}.*have this one removed"):
        open_private_folder(folder, COMPILED_SCHEMES)
    assert implicit_folder(folder, COMPILED_SCHEMES) is None
    assert f"the user {SOMEBODY}" in capsys.readouterr().err


@as_root
def test_a_link_to_a_folder_of_another_owner_is_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "theirs", 0o700, SOMEBODY)
    link = tmp_path / "cache"
    link.symlink_to(folder)
    with pytest.raises(DrgpayError, match="belongs to"):
        open_private_folder(link, COMPILED_SCHEMES)


@as_root
@pytest.mark.parametrize("rights", [0o2770, 0o2750, 0o770])
def test_members_of_a_group_share_a_folder(tmp_path: Path, rights: int) -> None:
    folder = folder_of(tmp_path / "cache", rights, SOMEBODY, GROUP)
    open_private_folder(folder, COMPILED_SCHEMES, GROUP)
    assert implicit_folder(folder, COMPILED_SCHEMES, GROUP) == folder
    with pytest.raises(DrgpayError, match="belongs to"):
        open_private_folder(folder, COMPILED_SCHEMES)  # without the group it is a stranger's


@as_root
@pytest.mark.parametrize(
    ("rights", "gid"), [(0o2775, GROUP), (0o2771, GROUP), (0o2774, GROUP), (0o2770, GROUP + 1)]
)
def test_a_shared_folder_is_for_the_group_alone(tmp_path: Path, rights: int, gid: int) -> None:
    folder = folder_of(tmp_path / "cache", rights, SOMEBODY, gid)
    with pytest.raises(DrgpayError, match="belongs to"):
        open_private_folder(folder, COMPILED_SCHEMES, GROUP)


@as_root
def test_a_new_shared_folder_is_for_owner_and_group(tmp_path: Path, umask: int) -> None:
    folder = tmp_path / "cache"
    open_private_folder(folder, SCENARIO_STAGES, GROUP)
    assert (mode(folder), folder.stat().st_gid) == (0o2770, GROUP)
    file, place = folder / NAMES[COMPILED_SCHEMES], folder / NAMES[SCENARIO_STAGES]
    keep_file(file, b"x", GROUP)
    staged = staged_path(place)
    staged.mkdir(mode=0o700)
    (staged / "frame.arrow").write_text("x")
    put_in_place(staged, place, GROUP)
    found = [file, place, place / "frame.arrow"]
    assert [mode(path) for path in found] == [0o660, 0o2770, 0o660]
    assert {path.stat().st_gid for path in found} == {GROUP}


@as_root
def test_ones_own_folder_becomes_that_of_the_group(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "cache", 0o700)
    open_private_folder(folder, SCENARIO_STAGES, GROUP)
    assert (mode(folder), folder.stat().st_gid) == (0o2770, GROUP)


def test_what_is_no_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path / "file", tmp_path / "file" / "cache"):
        with pytest.raises(DrgpayError, match="cannot be used as a cache"):
            open_private_folder(path, COMPILED_SCHEMES)
        assert implicit_folder(path, COMPILED_SCHEMES) is None
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_keeping_is_no_duty(tmp_path: Path) -> None:
    taken = tmp_path / NAMES[COMPILED_SCHEMES]
    taken.mkdir()
    keep_file(taken, b"x")
    keep_file(tmp_path / "gone" / "file", b"x")
    assert [path.name for path in tmp_path.iterdir()] == [taken.name]


@pytest.mark.parametrize("kind", CACHES, ids=lambda kind: kind.name)
def test_leftovers_of_killed_writers_are_removed(tmp_path: Path, kind: CacheKind) -> None:
    folder = folder_of(tmp_path / "cache")
    name, dead, host = NAMES[kind], dead_pid(), os.uname().nodename
    gone = [f".{name}.{dead}", f".{name}.{dead}@{host}", f".{name}.{dead}.partial"]
    stay = [
        f".{name}.{os.getpid()}",  # it is being written
        staged_path(folder / name).name,
        f".{name}.1@{host}",
        f".{name}.{dead}@another.machine",  # whether that process lives nobody here can tell
        name,
        f".{name}",
        f".bashrc.{dead}",
        f"{name}.{dead}",
        "notes.txt",
    ]
    for number, one in enumerate([*gone, *stay]):
        if number % 2:
            (folder / one).mkdir()
            (folder / one / "file").write_text("x")
        else:
            (folder / one).write_text("x")
    open_private_folder(folder, kind)
    assert sorted(path.name for path in folder.iterdir()) == sorted(stay)


def test_old_leftovers_are_removed_whoever_wrote_them(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "cache")
    left = folder / f".{HEX}.compiled.{os.getpid()}@another.machine"
    left.write_text("x")
    os.utime(left, (0, 0))
    open_private_folder(folder, COMPILED_SCHEMES)
    assert not left.exists()


def test_a_link_left_behind_is_removed_not_followed(tmp_path: Path) -> None:
    folder, target = folder_of(tmp_path / "cache"), folder_of(tmp_path / "target")
    (target / "file").write_text("x")
    (folder / f".{NAMES[SCENARIO_STAGES]}.{dead_pid()}").symlink_to(target)
    open_private_folder(folder, SCENARIO_STAGES)
    assert list(folder.iterdir()) == []
    assert (target / "file").exists()


@pytest.mark.parametrize("kind", CACHES, ids=lambda kind: kind.name)
def test_entries_are_known_by_their_names(tmp_path: Path, kind: CacheKind) -> None:
    for name in (*NAMES.values(), "notes.txt", f"x{HEX}.compiled", HEX.upper()):
        (tmp_path / name).write_text("four")
        os.utime(tmp_path / name, (5, 5))
    (found,) = entries(tmp_path, kind)
    assert (found.path.name, found.bytes, found.used) == (NAMES[kind], 4, 5)
    assert entries(tmp_path / "gone", kind) == []


def test_keys_of_kinds_and_parts_differ() -> None:
    keys = [kind.key("a", ["b"]) for kind in CACHES]
    keys += [CACHES[0].key(*parts) for parts in (("a,b",), ("a", "b"), (["a", "b"],), ("b", "a"))]
    assert len(set(keys)) == len(keys)
    assert all(len(key) == 32 for key in keys)
    assert CACHES[0].key({"a": 1, "b": 2}) == CACHES[0].key({"b": 2, "a": 1})


def test_the_program_is_in_every_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [kind.key("a") for kind in CACHES]
    monkeypatch.setattr(cache_folder, "program_hash", lambda: "another")
    assert not set(before) & {kind.key("a") for kind in CACHES}
