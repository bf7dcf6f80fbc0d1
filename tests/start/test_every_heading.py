"""Every heading of the catalogue means its column, however it is written, and is found in a file.

`tests/data/headings.csv` has one heading of each kind for every column of the whole collection, which
lies beside the project where it was made.
"""

from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from drgpay.start.found import Sureness
from drgpay.start.given import open_given
from drgpay.start.recognise import recognise
from tests.start.every_heading import Row, catalogue, is_ours, meant, renamed, spellings
from tests.start.exports import payable, payable_visits

ROOT = Path(__file__).resolve().parents[2]
FACTS = ROOT / "tests" / "data" / "headings.csv"
ALL = ROOT.parent / "shared" / "headings" / "headings.csv"
SEVERAL = {
    ("stays", "病案号"),
    ("stays", "人员类别"),
    ("visits", "定点医药机构编号"),
    ("visits", "dise_no"),
    ("weights", "标准分值"),
}
"""Headings that mean two columns: content decides, or a person."""
ROWS = 40

whole = pytest.mark.skipif(not ALL.is_file(), reason="the whole collection is not there")


@pytest.mark.parametrize("path", [FACTS, pytest.param(ALL, marks=whole)], ids=["some", "all"])
def test_no_heading_is_unknown(path: Path) -> None:
    rows = catalogue(path)
    counted: Counter[str] = Counter()
    unknown, several = set(), set()
    for row in rows:
        for heading in spellings(row.heading):
            said = meant(row, heading)
            counted[said] += 1
            if said == "unknown":
                unknown.add((row.table, heading))
            elif said == "ambiguous":
                several.add((row.table, row.heading))
    assert not unknown
    assert several <= SEVERAL
    assert counted["recognised"] > 0.98 * counted.total() > 1000


@pytest.fixture(scope="module")
def frames(sample_data: Path) -> dict[str, pl.DataFrame]:
    visits, items = payable_visits(
        sample_data / "visits" / "2026-10.parquet", sample_data / "visit_items" / "2026-10.parquet"
    )
    stays = payable(sample_data / "stays" / "2026-10.parquet", bed_days=True)
    return {
        "stays": stays.head(ROWS),
        "visits": visits.head(ROWS),
        "visit_items": items.head(ROWS),
        "hospitals": pl.read_csv(sample_data / "hospitals.csv", infer_schema=False),
    }


def found_under(rows: list[Row], frames: dict[str, pl.DataFrame], folder: Path) -> Counter[str]:
    """How many headings of our columns are recognised, ambiguous (said or asked), or unknown."""
    ours = [row for row in rows if is_ours(row)]
    counted: Counter[str] = Counter()
    for table, frame in renamed(ours, frames):
        path = folder / f"{table}.parquet"
        frame.write_parquet(path)
        recognised = recognise(table, open_given(path, table))
        for column, heading in zip(frames[table].columns, frame.columns, strict=True):
            if column == heading:
                continue
            found = recognised.found.get(column)
            if found is None or heading not in found.headings:
                counted["unknown"] += 1
            elif found.sureness is Sureness.CERTAIN:
                counted["recognised"] += 1
            else:
                counted["ambiguous"] += 1
    return counted


def test_columns_are_found_under_some_headings(
    frames: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    counted = found_under(catalogue(FACTS), frames, tmp_path)
    assert not counted["unknown"]
    assert counted["recognised"] > counted["ambiguous"]


@whole
@pytest.mark.slow
def test_columns_are_found_under_every_heading(
    frames: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    counted = found_under(catalogue(ALL), frames, tmp_path)
    assert not counted["unknown"]
    assert counted["recognised"] > counted["ambiguous"]
