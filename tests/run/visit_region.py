"""Jobs of October of the sample region with visits, and corrected records of it."""

import shutil
from pathlib import Path

import polars as pl

from tests.accepting import IN_JOB

_JOB = """
period = "2026-10"
policy = "policy.toml"
output = "runs"
{corrects}
{stays}
[inputs]
hospitals = "hospitals.csv"
{stay_records}
{outpatient}
"""
_STAYS = 'scheme = "chs-drg-2.0"\ncatalogue = "catalogue"'
_OUTPATIENT = """
[outpatient]
visits = "{records}/visits.parquet"
items = "{records}/items.parquet"
scheme = "open-apg-1"
catalogue = "visit_catalogue"
enrolment = "enrolment.csv"
"""
LATE = "V-LATE"


def visit_region(sample_data: Path, folder: Path) -> Path:
    """The sample region with 300 stays and 600 visits of October, and `corrected` ones of them.

    Corrected: of the stays the first is withdrawn; of the visits the first three are withdrawn,
    another one cost 50 yuan more, and one (LATE) came late.
    """
    shutil.copytree(sample_data, folder, ignore=shutil.ignore_patterns("*history"))
    stays = pl.read_parquet(folder / "stays" / "2026-10.parquet")[:300]
    visits = pl.read_parquet(folder / "visits" / "2026-10.parquet").sort("visit_id")[:600]
    items = _of(pl.read_parquet(folder / "visit_items" / "2026-10.parquet"), visits)
    _write(folder / "paid", stays, visits, items)
    dearer = pl.lit(50).cast(pl.Decimal(18, 2))
    again = pl.col("visit_id") == visits["visit_id"][20]
    kept = visits[3:].with_columns(
        (pl.col(name) + pl.when(again).then(dearer).otherwise(0)).cast(visits.schema[name])
        for name in ("total_cost", "fund_cost")
    )
    late = visits[30:31]
    late_items = _of(items, late).with_columns(visit_id=pl.lit(LATE))
    _write(
        folder / "corrected",
        stays[1:],
        pl.concat([kept, late.with_columns(visit_id=pl.lit(LATE))]),
        pl.concat([_of(items, kept), late_items]),
    )
    return folder


def visit_job(
    region: Path,
    records: str,
    *,
    stays: bool = False,
    visits: bool = True,
    corrects: Path | None = None,
) -> Path:
    """The file of a job; records: `paid` or `corrected`."""
    name = f"{records}-{stays}-{visits}-{corrects.name if corrects else 'first'}.toml"
    text = _JOB.format(
        corrects=f'corrects = "{corrects}"' if corrects else "",
        stays=_STAYS if stays else "",
        stay_records=f'stays = "{records}/stays.parquet"' if stays else "",
        outpatient=_OUTPATIENT.format(records=records) if visits else "",
    )
    (region / name).write_text(text + IN_JOB, encoding="utf-8")
    return region / name


def _of(items: pl.DataFrame, visits: pl.DataFrame) -> pl.DataFrame:
    return items.join(visits.select("visit_id"), on="visit_id", how="semi")


def _write(folder: Path, stays: pl.DataFrame, visits: pl.DataFrame, items: pl.DataFrame) -> None:
    folder.mkdir()
    stays.write_parquet(folder / "stays.parquet")
    visits.write_parquet(folder / "visits.parquet")
    items.write_parquet(folder / "items.parquet")
