"""The cache of compiled schemes: quicker, never different, never in the way."""

import hashlib
import os
import pickle
import shutil
from pathlib import Path

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper import compiled_cache
from drgpay.grouper.compiled import compile_scheme
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.grouper.scheme import load_scheme, scheme_folder
from tests.conftest import ROOT

NAME = str(ROOT / "tests" / "data" / "small_scheme")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("DRGPAY_CACHE", str(folder))
    return folder


def forbid_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_scheme: object) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr(compiled_cache, "compile_scheme", never)


def test_the_second_load_does_not_compile(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_compiled(NAME)
    assert len(list(cache.iterdir())) == 1
    forbid_compiling(monkeypatch)
    second = load_compiled(NAME)
    assert second.scheme == first.scheme == load_scheme(NAME)
    assert second.leaves == compile_scheme(first.scheme).leaves


@pytest.mark.parametrize("content", [b"", b"rubbish", b"x" * 100_000])
def test_a_damaged_file_is_compiled_anew(cache: Path, content: bytes) -> None:
    load_compiled(NAME)
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    file.write_bytes(content)
    assert load_compiled(NAME).scheme == load_scheme(NAME)
    assert file.read_bytes()[:1] != b"r"
    file.write_bytes(whole[:-1] + b"?")  # as long as before, and not what was written
    assert load_compiled(NAME).scheme == load_scheme(NAME)


def test_a_pickle_of_an_old_version_is_not_opened(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the name of today, with the digest that the old one had in front of its pickle."""
    load_compiled(NAME)
    (file,) = cache.iterdir()

    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (cache / "sprung",))

    payload = pickle.dumps(Trap())
    file.write_bytes(hashlib.sha256(payload).digest() + payload)
    assert load_compiled(NAME).scheme == load_scheme(NAME)
    assert [path.name for path in cache.iterdir()] == [file.name]
    forbid_compiling(monkeypatch)
    load_compiled(NAME)  # it was made again


def test_it_is_for_its_owner_alone(cache: Path) -> None:
    umask = os.umask(0)
    try:
        load_compiled(NAME)
    finally:
        os.umask(umask)
    (file,) = cache.iterdir()
    assert (file.stat().st_mode & 0o777, cache.stat().st_mode & 0o777) == (0o600, 0o700)


def test_what_others_could_have_written_is_not_used(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    load_compiled(NAME)
    cache.chmod(0o770)
    assert capsys.readouterr().err == ""
    with monkeypatch.context() as context:
        forbid_compiling(context)
        with pytest.raises(AssertionError, match="compiled again"):
            load_compiled(NAME)
    assert load_compiled(NAME).leaves  # the work goes on
    (line,) = capsys.readouterr().err.splitlines()
    assert "others can write to the cache folder" in line
    cache.chmod(0o700)
    forbid_compiling(monkeypatch)
    assert load_compiled(NAME).leaves


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_the_folder_of_another_is_not_used(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cache.mkdir(mode=0o700)
    os.chown(cache, 54_321, -1)
    assert load_compiled(NAME).leaves
    assert list(cache.iterdir()) == []
    assert "belongs to the user 54321" in capsys.readouterr().err


def test_what_a_killed_writer_left_is_removed(cache: Path) -> None:
    load_compiled(NAME)
    (file,) = cache.iterdir()
    (cache / f".{file.name}.{2**22 + 1}").write_bytes(b"half")  # beyond the last process
    load_compiled(NAME)
    assert [path.name for path in cache.iterdir()] == [file.name]


def test_use_is_seen(cache: Path) -> None:
    load_compiled(NAME)
    (file,) = cache.iterdir()
    os.utime(file, (0, 0))
    load_compiled(NAME)
    assert file.stat().st_mtime > 0


def test_other_content_is_another_scheme(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_compiled(NAME)
    own = Path(shutil.copytree(scheme_folder(NAME), tmp_path / "own"))
    with monkeypatch.context() as context:
        forbid_compiling(context)
        load_compiled(str(own))  # the same content under another name
    cc = own / "cc.csv"
    cc.write_text(cc.read_text(encoding="utf-8").replace(",MCC,", ",CC,", 1), encoding="utf-8")
    assert load_compiled(str(own)).scheme == load_scheme(str(own))
    assert len(list(cache.iterdir())) == 2


def test_a_cache_that_cannot_be_written_is_no_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("DRGPAY_CACHE", str(tmp_path / "file" / "cache"))
    assert load_compiled(NAME).scheme.info.id == "small"
    assert "cannot be used as a cache" in capsys.readouterr().err


def test_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRGPAY_CACHE", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    load_compiled(NAME)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_table_is_named(cache: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(scheme_folder(NAME), tmp_path / "own"))
    (own / "drg.csv").unlink()
    with pytest.raises(DrgpayError, match=r"drg\.csv is missing"):
        load_compiled(str(own))
