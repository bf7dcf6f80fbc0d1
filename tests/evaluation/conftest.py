"""A cleared year of a small region, without an assessment of its own, with the file of its evaluation."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from drgpay.run.clearing import run_clearing
from drgpay.run.year_job import load_year_job
from tests.run.no_books import without_books

INDICATORS = """
[[indicators]]
id = "cmi"
weight = 20
method = "percentile"

[[indicators]]
id = "cost_index"
weight = 25
method = "linear"
lo = 0.8
hi = 1.2
source = "a draft"
verified = true

[[indicators]]
id = "readmit15"
weight = 15
method = "percentile"
shrink = 50

[[indicators]]
id = "grouped_rate"
weight = 15
method = "step"
steps = [{ least = 0.95, score = 100 }, { least = 0.9, score = 80 }, { least = 0, score = 50 }]

[[indicators]]
id = "burden"
weight = 15
method = "band"
a = 0.2
b = 0.35
d = 0.2

[[indicators]]
id = "satisfaction"
weight = 10
method = "given"
"""
MONEY = """
[money]
use = "factor"
form = "linear"
bands = [
    { score_from = 90, per_point = 0 },
    { score_from = 80, per_point = 0.002 },
    { score_from = 60, per_point = 0.0015 },
    { score_from = 0, per_point = 0 },
]
withheld = "redistribute"
redistribute_from = 75
"""


@dataclass(frozen=True)
class Year:
    """A region with twelve paid months, and its clearing without [clearing.assessment]."""

    folder: Path
    run: Path


def cleared(settled: Path, folder: Path) -> Year:
    """Copy a region with settled months and clear the year without an assessment."""
    shutil.copytree(settled, folder)
    policy = folder / "policy.toml"
    whole = policy.read_text("utf-8")
    policy.write_text(
        re.sub(
            r"\[clearing\.assessment\].*?(?=\n\[(?!\[?clearing\.assessment))", "", whole, flags=re.S
        ),
        encoding="utf-8",
    )
    with without_books():
        run = run_clearing(load_year_job(folder / "2026.toml")).folder
    ids = pl.read_csv(folder / "hospitals.csv")["hospital_id"]
    rows = [f"{one},satisfaction,2026,{60 + place}.5,survey" for place, one in enumerate(ids)]
    (folder / "indicator_values.csv").write_text(
        "hospital_id,indicator,year,value,source\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )
    return Year(folder, run)


def text(year: Year, money: str = MONEY, indicators: str = INDICATORS) -> str:
    """The file of an evaluation of the year."""
    months = "".join(
        f'[[months]]\nrun = "runs/{run.name}"\nstays = "stays/{run.name[:7]}.parquet"\n'
        for run in sorted((year.folder / "runs").glob("2026-??-*"))
    )
    return (
        'name = "2026"\nyear = "2026"\nhospitals = "hospitals.csv"\n'
        f'clearing = "runs/{year.run.name}"\n'
        f'{months}\n[tables]\nindicator_values = "indicator_values.csv"\n{indicators}\n{money}\n'
        "[ranks]\ndraws = 50\nseed = 3\n"
    )


@pytest.fixture(scope="session")
def year(settled_year: Path, tmp_path_factory: pytest.TempPathFactory) -> Year:
    """The region; its folder is shared, so tests write no table that is there."""
    return cleared(settled_year, tmp_path_factory.mktemp("evaluated") / "region")
