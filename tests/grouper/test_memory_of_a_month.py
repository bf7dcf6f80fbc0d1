"""The memory of checking a month does not grow with its stays beyond some bytes each."""

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

# In a process of its own: the peak of this one is that of all tests before.
_CHECK = """
import resource, sys
from pathlib import Path
from drgpay.grouper import checked_month, stays_in_ranges
from tests.grouper.test_checked_month import month_of

folder, data = Path(sys.argv[1]), Path(sys.argv[2])
found = folder / "found"
found.mkdir()
checked_month.check_in_buckets(month_of(data, folder / "stays.parquet"), found, threads=1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""

_SMALL_ROWS = 600_000
"""Enough that all threads and buckets are at work: below, what the allocator keeps is most of the growth."""
_MOST_BYTES = 150
"""A stay more: 18 bytes are kept of each while they are read, and the rest is give and take."""


def peak(sample_data: Path, folder: Path, rows: int) -> int:
    """Bytes of the process that checks a month of so many stays."""
    folder.mkdir()
    month = pl.scan_parquet(sample_data / "stays" / "2026-10.parquet")
    copies = -(-rows // month.select(pl.len()).collect().item())
    ids = ("case_id", "person_id")
    pl.concat(
        month.with_columns(pl.col(name) + f"x{number}" for name in ids) for number in range(copies)
    ).head(rows).sink_parquet(folder / "stays.parquet", row_group_size=50_000)
    command = [sys.executable, "-c", _CHECK, str(folder), str(sample_data)]
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(said.stdout) * 1_024


@pytest.mark.slow
def test_more_stays_take_little_more_memory(sample_data: Path, tmp_path: Path) -> None:
    few = peak(sample_data, tmp_path / "few", _SMALL_ROWS)
    many = peak(sample_data, tmp_path / "many", 3 * _SMALL_ROWS)
    assert (many - few) / (2 * _SMALL_ROWS) < _MOST_BYTES
