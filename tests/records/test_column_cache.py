"""The cache of coded columns gives what the file gives, and notices a changed file."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.stream import group_dataset
from drgpay.records.dataset import open_dataset

DATA = Path(__file__).resolve().parents[1] / "data"
SCHEMES = ("chs-drg-1.1", "chs-drg-2.0", "zj-drg-2022")


@pytest.fixture
def stays(tmp_path: Path) -> Path:
    """Stays in several row groups."""
    path = tmp_path / "stays.parquet"
    pl.read_parquet(DATA / "oracle-chs-drg-2.0.parquet").write_parquet(path, row_group_size=100)
    return path


def grouped(
    path: Path,
    scheme: CompiledScheme,
    cache: Path | None,
    *,
    reasons: bool = False,
    with_input: bool = False,
    threads: int | None = None,
) -> bytes:
    """The bytes of the result, read through a cache or not."""
    out = path.with_suffix(".out")
    group_dataset(
        open_dataset(path),
        scheme,
        out,
        with_input=with_input,
        reasons=reasons,
        threads=threads,
        cache=cache,
    )
    assert not [file for file in out.parent.iterdir() if file.name.startswith(".")]
    return out.read_bytes()


def files(cache: Path) -> dict[str, int]:
    """The files of a cache and when they were written."""
    found = (path for path in cache.rglob("*") if path.is_file())
    return {str(path): path.stat().st_mtime_ns for path in sorted(found)}


@pytest.mark.parametrize("reasons", [False, True])
@pytest.mark.parametrize("threads", [1, 3])
def test_the_same_bytes_with_and_without(
    stays: Path,
    tmp_path: Path,
    compiled: Callable[[str], CompiledScheme],
    reasons: bool,
    threads: int,
) -> None:
    scheme, cache = compiled("chs-drg-2.0"), tmp_path / "cache"
    plain = grouped(stays, scheme, None, reasons=reasons)
    assert grouped(stays, scheme, cache, reasons=reasons, threads=threads) == plain
    written = files(cache)
    assert len(written) == 9  # six row groups, the codes, the keys and the groups
    assert grouped(stays, scheme, cache, reasons=reasons, threads=threads) == plain
    assert files(cache) == written


def test_a_cache_serves_another_scheme(
    tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    stays, cache = tmp_path / "stays.parquet", tmp_path / "cache"
    frames = [pl.read_parquet(DATA / f"oracle-{name}.parquet") for name in SCHEMES]
    pl.concat(frames, how="diagonal_relaxed").write_parquet(stays, row_group_size=333)
    results = set()
    for name in SCHEMES:
        plain = grouped(stays, compiled(name), None, reasons=True)
        for _ in range(2):
            assert grouped(stays, compiled(name), cache, reasons=True) == plain
        results.add(plain)
    assert len(results) == len(SCHEMES)
    asked = {compiled(name).columns for name in SCHEMES}
    assert len(list(cache.iterdir())) == len(asked)  # one for the columns, not for the scheme


def test_missing_codes_and_numbers(
    stays: Path, tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    frame = pl.read_parquet(stays).with_row_index()
    third = pl.col("index") % 3 == 0
    holes = [
        pl.when(third).then(None).otherwise(pl.col(name)).alias(name)
        for name in ("principal_diagnosis", "age", "procedures", "other_diagnoses")
    ]
    frame.with_columns(holes).drop("index").write_parquet(stays, row_group_size=100)
    scheme, cache = compiled("chs-drg-2.0"), tmp_path / "cache"
    plain = grouped(stays, scheme, None, reasons=True)
    assert grouped(stays, scheme, cache, reasons=True) == plain
    assert grouped(stays, scheme, cache, reasons=True) == plain


def test_with_the_input_it_is_not_needed(
    stays: Path, tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    scheme, cache = compiled("chs-drg-2.0"), tmp_path / "cache"
    plain = grouped(stays, scheme, None, with_input=True)
    assert grouped(stays, scheme, cache, with_input=True) == plain


def test_a_changed_file_is_read_again(
    stays: Path, tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    scheme, cache = compiled("chs-drg-2.0"), tmp_path / "cache"
    before = grouped(stays, scheme, cache)
    pl.read_parquet(stays).reverse().write_parquet(stays, row_group_size=100)
    assert grouped(stays, scheme, cache) == grouped(stays, scheme, None) != before


def test_it_is_for_its_owner_alone(
    stays: Path, tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    cache = tmp_path / "cache"
    umask = os.umask(0)
    try:
        grouped(stays, compiled("chs-drg-2.0"), cache)
    finally:
        os.umask(umask)
    for path in [cache, *cache.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_a_folder_that_others_can_write_to_is_refused(
    stays: Path, tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    """The user named it, so it is no warning; and nothing is written."""
    scheme, cache = compiled("chs-drg-2.0"), tmp_path / "cache"
    grouped(stays, scheme, cache)
    cache.chmod(0o770)
    stays.with_suffix(".out").unlink()
    with pytest.raises(DrgpayError, match="others can write to the cache folder"):
        grouped(stays, scheme, cache)
    assert not stays.with_suffix(".out").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_is_refused(
    stays: Path, tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    scheme, cache = compiled("chs-drg-2.0"), tmp_path / "cache"
    grouped(stays, scheme, cache)
    os.chown(cache, 54_321, -1)
    with pytest.raises(DrgpayError, match="belongs to the user 54321"):
        grouped(stays, scheme, cache)


def test_what_killed_writers_left_is_removed(
    stays: Path, tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    scheme, cache = compiled("chs-drg-2.0"), tmp_path / "cache"
    plain = grouped(stays, scheme, cache)
    (place,) = cache.iterdir()
    (kept,) = cache.rglob("*.groups")
    dead = 2**22 + 1  # beyond the last process
    (cache / f".{place.name}.{dead}.partial").mkdir()
    (place / f".{kept.name}.{dead}").write_bytes(b"half")
    before = files(cache)
    assert grouped(stays, scheme, cache) == plain
    assert list(cache.iterdir()) == [place]
    assert files(cache).items() < before.items()


def test_another_program_reads_and_groups_again(
    stays: Path,
    tmp_path: Path,
    compiled: Callable[[str], CompiledScheme],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scheme, cache = compiled("chs-drg-2.0"), tmp_path / "cache"
    plain = grouped(stays, scheme, cache)
    monkeypatch.setattr("drgpay.base.cache_folder.program_hash", lambda: "another")
    assert grouped(stays, scheme, cache) == plain
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("name", ["codes.json", "keys.parquet", "000003.arrows"])
def test_a_damaged_file_is_written_again(
    stays: Path, tmp_path: Path, compiled: Callable[[str], CompiledScheme], name: str
) -> None:
    scheme, cache = compiled("chs-drg-2.0"), tmp_path / "cache"
    before = grouped(stays, scheme, cache)
    (path,) = cache.rglob(name)
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    assert grouped(stays, scheme, cache) == before
    assert len(path.read_bytes()) == len(whole)
    path.unlink()
    assert grouped(stays, scheme, cache) == before
    assert path.is_file()


def test_kept_groups_are_those_of_the_scheme_and_whole(
    stays: Path, tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    scheme, cache = compiled("chs-drg-2.0"), tmp_path / "cache"
    plain = grouped(stays, scheme, cache)
    (kept,) = cache.rglob("*.groups")
    # What was kept is what is given: the pieces are not read, and nothing is grouped.
    pieces = {path: path.read_bytes() for path in cache.rglob("*.arrows")}
    for path, content in pieces.items():
        path.write_bytes(b"\xff" * len(content))
    assert grouped(stays, scheme, cache) == plain
    with pytest.raises(DrgpayError, match="is damaged"):
        grouped(stays, replace(scheme, content_hash="changed"), cache)
    for path, content in pieces.items():
        path.write_bytes(content)
    content = kept.read_bytes()
    kept.write_bytes(content[:-20] + bytes(8) + content[-12:])
    assert grouped(stays, scheme, cache) == plain
    assert kept.read_bytes() == content


def test_a_cache_that_cannot_grow_serves(
    stays: Path, tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    scheme, cache = compiled("chs-drg-2.0"), tmp_path / "cache"
    plain = grouped(stays, scheme, cache)
    (kept,) = cache.rglob("*.groups")
    kept.unlink()
    kept.mkdir()  # nothing can take this name
    assert grouped(stays, scheme, cache) == plain


@pytest.mark.parametrize("name", ["keys.parquet", "000003.arrows"])
def test_damage_that_keeps_the_size_is_said(
    stays: Path, tmp_path: Path, compiled: Callable[[str], CompiledScheme], name: str
) -> None:
    scheme, cache = compiled("chs-drg-2.0"), tmp_path / "cache"
    grouped(stays, scheme, cache)
    (path,) = cache.rglob(name)
    path.write_bytes(b"\xff" * path.stat().st_size)
    stays.with_suffix(".out").unlink()
    with pytest.raises(DrgpayError, match="is damaged"):
        grouped(stays, scheme, cache, reasons=True)
    assert not stays.with_suffix(".out").exists()


def test_a_grouping_that_fails_leaves_no_cache(
    stays: Path, tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    def stop(_rows: int) -> None:
        raise KeyboardInterrupt

    cache = tmp_path / "cache"
    with pytest.raises(KeyboardInterrupt):
        group_dataset(
            open_dataset(stays),
            compiled("chs-drg-2.0"),
            tmp_path / "out.parquet",
            progress=stop,
            cache=cache,
        )
    assert list(cache.iterdir()) == []


def test_a_cache_that_cannot_be_written(
    stays: Path, tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DrgpayError, match="cannot be used as a cache"):
        grouped(stays, compiled("chs-drg-2.0"), tmp_path / "file")
