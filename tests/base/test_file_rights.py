"""Modes and groups of files, on file systems that keep them and on others."""

import os
import stat
from pathlib import Path

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import (
    BY_UMASK,
    OWNER,
    Rights,
    give,
    give_all,
    make_folder,
    rights_like,
    rights_of_group,
    rights_shown,
)
from tests.modes import modes, open_to_others

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to any group")
GROUP = 60_123


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with a file in a folder, all open to everybody."""
    folder = tmp_path / "tree"
    (folder / "in").mkdir(parents=True)
    (folder / "in" / "file").write_text("x")
    (folder / "link").symlink_to("/etc/passwd")
    for path, mode in ((folder, 0o777), (folder / "in", 0o2775), (folder / "in" / "file", 0o666)):
        path.chmod(mode)
    return folder


def test_the_owner_alone(tree: Path) -> None:
    before = Path("/etc/passwd").stat().st_mode
    assert give_all(tree, OWNER)
    found = modes(tree)
    assert found == {".": 0o700, "in": 0o700, "in/file": 0o600, "link": found["link"]}
    assert Path("/etc/passwd").stat().st_mode == before


def test_what_is_handed_on_stays_as_it_is(tree: Path) -> None:
    before = modes(tree)
    assert give_all(tree, BY_UMASK)
    assert modes(tree) == before


@root_only
def test_a_group_reads_and_others_do_not(tree: Path) -> None:
    rights = rights_of_group(GROUP)
    assert give_all(tree, rights)
    found = modes(tree)
    assert found == {".": 0o2750, "in": 0o2750, "in/file": 0o640, "link": found["link"]}
    assert {path.stat().st_gid for path in (tree, tree / "in" / "file")} == {GROUP}
    assert rights_like(tree) == rights
    assert rights_shown(rights, True) == {
        "files": "0640",
        "folders": "2750",
        "kept": True,
        "group": f"group {GROUP}",
    }


def test_a_group_that_cannot_be_given_gives_nothing_to_another(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "chown", lambda *_arguments, **_options: None)
    assert not give_all(tree, rights_of_group(GROUP))
    assert set(open_to_others(tree)) == {"link"}


@pytest.mark.parametrize("raises", [False, True])
def test_a_file_system_without_modes_is_told(
    tree: Path, monkeypatch: pytest.MonkeyPatch, raises: bool
) -> None:
    def chmod(*_arguments: object, **_options: object) -> None:
        if raises:
            raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chmod", chmod)
    (tree / "in" / "file").write_text("y")
    assert not give(tree / "in" / "file", OWNER)
    assert not give_all(tree, OWNER)


@pytest.mark.parametrize(("rights", "mode"), [(OWNER, 0o700), (BY_UMASK, 0o750)])
def test_new_folders_and_those_above_them(tmp_path: Path, rights: Rights, mode: int) -> None:
    tmp_path.chmod(0o755)
    before = os.umask(0o027)
    try:
        make_folder(tmp_path / "a" / "b", rights)
    finally:
        os.umask(before)
    assert modes(tmp_path) == {".": 0o755, "a": mode, "a/b": mode}
    make_folder(tmp_path, rights)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755, "it was there before"


@pytest.mark.parametrize("below", [(), ("runs",), ("a", "b")])
def test_a_file_in_the_way_is_named(tmp_path: Path, below: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DrgpayError, match=r"/file is a file, where a folder for results is needed"):
        make_folder(tmp_path.joinpath("file", *below), OWNER)
    assert (tmp_path / "file").read_text() == "mine"


@root_only
def test_a_group_gets_into_a_folder_that_was_there(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    make_folder(tmp_path, rights_of_group(GROUP))
    make_folder(tmp_path / "new", rights_of_group(GROUP))
    assert modes(tmp_path) == {".": 0o2770, "new": 0o2770}
    assert tmp_path.stat().st_gid == (tmp_path / "new").stat().st_gid == GROUP


def test_a_refused_group_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)
    with pytest.raises(DrgpayError, match=r"runs cannot be given to the group of output.group"):
        make_folder(tmp_path / "runs", rights_of_group(GROUP))
