"""The cache of decoded columns gives what the file gives, and notices a changed file."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from drgpay.errors import DrgpayError
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.stream import group_dataset
from drgpay.records.column_cache import with_column_cache
from drgpay.records.dataset import open_dataset

STAYS = Path(__file__).resolve().parents[1] / "data" / "oracle-chs-drg-2.0.parquet"


@pytest.fixture
def stays(tmp_path: Path) -> Path:
    """Stays in several row groups."""
    path = tmp_path / "stays.parquet"
    pl.read_parquet(STAYS).write_parquet(path, row_group_size=100)
    return path


def grouped(path: Path, scheme: CompiledScheme, cache: Path | None) -> bytes:
    """The bytes of the narrow result, read through a cache or not."""
    dataset = open_dataset(path)
    out = path.with_suffix(".out")
    group_dataset(with_column_cache(dataset, cache) if cache else dataset, scheme, out)
    return out.read_bytes()


def test_the_same_bytes_with_and_without(
    stays: Path, tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    scheme, cache = compiled("chs-drg-2.0"), tmp_path / "cache"
    plain = grouped(stays, scheme, None)
    assert grouped(stays, scheme, cache) == plain
    kept = sorted(cache.iterdir())
    assert len(kept) == 6
    times = [path.stat().st_mtime_ns for path in kept]
    assert grouped(stays, scheme, cache) == plain
    assert [path.stat().st_mtime_ns for path in sorted(cache.iterdir())] == times


def test_a_changed_file_is_read_again(
    stays: Path, tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    scheme, cache = compiled("chs-drg-2.0"), tmp_path / "cache"
    before = grouped(stays, scheme, cache)
    pl.read_parquet(stays).reverse().write_parquet(stays, row_group_size=100)
    assert grouped(stays, scheme, cache) == grouped(stays, scheme, None) != before


def test_a_damaged_piece_is_read_again(
    stays: Path, tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    scheme, cache = compiled("chs-drg-2.0"), tmp_path / "cache"
    before = grouped(stays, scheme, cache)
    for path in cache.iterdir():
        path.write_bytes(path.read_bytes()[:100])
    assert grouped(stays, scheme, cache) == before


def test_a_cache_that_cannot_be_written(stays: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DrgpayError, match="cannot be used as a cache"):
        with_column_cache(open_dataset(stays), tmp_path / "file")
