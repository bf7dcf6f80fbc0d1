"""A small history over New Year, and the file of a transition over it."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

MONTHS = ("2024-12", "2025-01")
ROWS = 450
GATE = """
[gate]
coverage_drop_points = { value = 0.5, source = "a letter", verified = true }
hospital_change_percent = { value = 3, source = "a letter", verified = false }
open_notes = 0
"""
FILE = """
name = "1.1 to 2.0"
policy = "policy.toml"
hospitals = "hospitals.csv"

[old]
scheme = "chs-drg-1.1"

[new]
scheme = "chs-drg-2.0"

[history]
stays = "history"
"""


def small_history(sample_data: Path, folder: Path) -> Path:
    """Copy policy and hospitals of the sample, and the first stays of two months; the folder."""
    (folder / "history").mkdir(parents=True)
    for month in MONTHS:
        stays = pl.read_parquet(sample_data / "history" / f"{month}.parquet").head(ROWS)
        stays.write_parquet(folder / "history" / f"{month}.parquet")
    for name in ("policy.toml", "hospitals.csv"):
        (folder / name).write_bytes((sample_data / name).read_bytes())
    return folder


def transition_file(
    folder: Path,
    name: str = "transition.toml",
    changed: Mapping[str, str] | None = None,
    gate: str = GATE,
    more: str = "",
) -> Path:
    """The file of a transition; changed: texts in the place of others."""
    text = FILE + gate + more
    for old, new in (changed or {}).items():
        assert old in text
        text = text.replace(old, new)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
