"""A year of a few stays and visits of the sample region: October's records spread over the months."""

import shutil
from pathlib import Path

import polars as pl

from drgpay.run.job import load_any_job
from drgpay.run.month_end import run_month
from tests.run.no_books import without_books

MONTHS = [f"2026-{month:02d}" for month in range(1, 13)]
CORRECTED, APART = "2026-03", "2026-07"
"""The month whose visits are corrected; the month whose stays and visits were paid apart."""
OCTOBER = 10

_STAYS = 'scheme = "chs-drg-2.0"\ncatalogue = "catalogue"'
_VISITS = '[outpatient]\nscheme = "open-apg-1"\ncatalogue = "visit_catalogue"'
_JOB = """
period = "{period}"
policy = "policy.toml"
output = "runs"
{corrects}
{stays}
[inputs]
hospitals = "hospitals.csv"
{stay_records}
{visits}
"""
_YEAR = """
year = 2026
policy = "policy.toml"
output = "runs"
{stays}
[inputs]
hospitals = "hospitals.csv"
{visits}
"""
YEARS = {
    "stays": _YEAR.format(stays=f"{_STAYS}\nreadmissions_across_months = false", visits=""),
    "visits": _YEAR.format(stays="", visits=_VISITS),
    "both": _YEAR.format(stays=f"{_STAYS}\nreadmissions_across_months = false", visits=_VISITS),
}


def visit_year_region(sample_data: Path, folder: Path) -> Path:
    """The region with twelve settled months in runs/ and the files of YEARS.

    CORRECTED is paid without its last two visits, which a correction of the visits brings; in APART
    stays and visits are runs of their own.
    """
    shutil.copytree(sample_data, folder, ignore=shutil.ignore_patterns("*history"))
    policy = (folder / "policy.toml").read_text(encoding="utf-8")
    allowed = policy.replace("may_exceed_budget = false", "may_exceed_budget = true")
    (folder / "policy.toml").write_text(allowed, encoding="utf-8")
    stays = pl.read_parquet(folder / "stays" / "2026-10.parquet")
    visits = pl.read_parquet(folder / "visits" / "2026-10.parquet").sort("visit_id")
    items = pl.read_parquet(folder / "visit_items" / "2026-10.parquet")
    for part, period in enumerate(MONTHS):
        records = folder / period
        records.mkdir()
        mine = visits.filter(
            pl.col("hospital_id").is_in(["H3390001", "H3390005", "H3390101"])
        ).gather_every(12, part)
        _moved(stays.filter(pl.col("hospital_id") == "H3390001").gather_every(12, part), part).head(
            25
        ).write_parquet(records / "stays.parquet")
        _moved(mine, part).write_parquet(records / "visits.parquet")
        _moved(mine[:-2], part).write_parquet(records / "on_time.parquet")
        items.join(mine, on="visit_id", how="semi").write_parquet(records / "items.parquet")
    for name, text in YEARS.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    with without_books():
        for period in MONTHS:
            settle_year_month(folder, period)
    return folder


def settle_year_month(folder: Path, period: str) -> None:
    """Settle a month of the region."""
    if period == CORRECTED:
        paid = _run(folder, period, visits="on_time")
        _run(folder, period, stays=False, corrects=paid)
    elif period == APART:
        _run(folder, period, stays=False)
        _run(folder, period, visits="")
    else:
        _run(folder, period)


def _run(
    folder: Path,
    period: str,
    stays: bool = True,
    visits: str = "visits",
    corrects: Path | None = None,
) -> Path:
    records = f'visits = "{period}/{visits}.parquet"\nitems = "{period}/items.parquet"\n'
    text = _JOB.format(
        period=period,
        corrects=f'corrects = "{corrects}"' if corrects else "",
        stays=_STAYS if stays else "",
        stay_records=f'stays = "{period}/stays.parquet"' if stays else "",
        visits=f'{_VISITS}\n{records}enrolment = "enrolment.csv"' if visits else "",
    )
    job = folder / "month.toml"
    job.write_text(text, encoding="utf-8")
    return run_month(load_any_job(job)).folder


def _moved(frame: pl.DataFrame, part: int) -> pl.DataFrame:
    """Records of October with the dates of another month."""
    dates = [name for name, dtype in frame.schema.items() if dtype == pl.Date]
    return frame.with_columns(pl.col(dates).dt.offset_by(f"{part + 1 - OCTOBER}mo"))
