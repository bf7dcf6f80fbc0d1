"""A month with everything that a run can hold, and its correction: small, to be forged table by table."""

import shutil
from pathlib import Path

import polars as pl

from drgpay.api.grouping import group_stays, load_scheme
from tests.accepting import IN_JOB

HOSPITALS = ["H3390001", "H3390004", "H3390101"]

_JOB = """
period = "2026-10"
scheme = "chs-drg-2.0"
catalogue = "catalogue"
policy = "policy.toml"
output = "runs"
{corrects}
[inputs]
stays = "{records}/stays.parquet"
hospitals = "hospitals.csv"
reviews = "reviews.csv"
deductions = "deductions.csv"
[outpatient]
visits = "{records}/visits.parquet"
items = "{records}/items.parquet"
scheme = "open-apg-1"
catalogue = "visit_catalogue"
enrolment = "enrolment.csv"
"""


def forged_region(sample_data: Path, folder: Path) -> Path:
    """October of three hospitals: stays of filings, stays of returns and some others, some visits.

    `paid` are its records; in `corrected` a stay and a visit are withdrawn. There are few workbooks.
    """
    shutil.copytree(sample_data, folder, ignore=shutil.ignore_patterns("*history"))
    few = pl.col("hospital_id").is_in(HOSPITALS)
    stays = pl.read_parquet(folder / "stays" / "2026-10.parquet").filter(few)
    filed = {}
    for name in ("reviews", "deductions"):
        table = pl.read_csv(folder / "filings" / "2026-10" / f"{name}.csv", infer_schema=False)
        known = pl.col("case_id").is_in(stays["case_id"].implode())
        paid_here = few if "hospital_id" in table.columns else pl.lit(value=False)
        filed[name] = table.filter(known | paid_here)
        if (
            name == "reviews"
        ):  # more than the quota of a hospital, so that it matters who filed first
            ours = stays.filter(~pl.col("case_id").is_in(table["case_id"].implode()))
            more = _high(folder, ours.filter(hospital_id=HOSPITALS[0])).head(3)
            filed[name] = pl.concat(
                [filed[name], *(filed[name][:1].with_columns(case_id=pl.lit(one)) for one in more)]
            ).sort("case_id")
        filed[name].write_csv(folder / f"{name}.csv")
    ids = pl.concat([table["case_id"].drop_nulls() for table in filed.values()])
    again = pl.col("person_id").is_duplicated()
    some = pl.int_range(pl.len()) % 5 == 0
    kept = stays.filter(some | again | pl.col("case_id").is_in(ids.implode()))
    enrolled = pl.read_csv(folder / "enrolment.csv", infer_schema=False)
    enrolled.filter(pl.col("contractor_id").is_in(HOSPITALS)).write_csv(folder / "enrolment.csv")
    visits = pl.read_parquet(folder / "visits" / "2026-10.parquet").sort("visit_id")
    visits = visits.filter(few).gather_every(3)
    items = pl.read_parquet(folder / "visit_items" / "2026-10.parquet")
    withdrawn = kept.filter(~pl.col("case_id").is_in(ids.implode()))["case_id"][0]
    for name, stay, visit in (("paid", "", ""), ("corrected", withdrawn, visits["visit_id"][0])):
        (folder / name).mkdir()
        kept.filter(pl.col("case_id") != stay).write_parquet(folder / name / "stays.parquet")
        mine = visits.filter(pl.col("visit_id") != visit)
        mine.write_parquet(folder / name / "visits.parquet")
        items.join(mine, on="visit_id", how="semi").write_parquet(folder / name / "items.parquet")
    return folder


def _high(folder: Path, stays: pl.DataFrame) -> pl.Series:
    """The ids of stays paid by DRG that cost more than three times what their group does."""
    stays = stays.filter(pl.col("complete"), payment_unit="drg")
    groups = group_stays(stays, load_scheme("chs-drg-2.0"))
    means = pl.read_csv(folder / "catalogue" / "groups.csv").select("drg", "mean_yuan")
    priced = stays.join(groups.select("case_id", "drg"), on="case_id").join(means, on="drg")
    return priced.filter(pl.col("total_cost") > 3 * pl.col("mean_yuan"))["case_id"].sort()


def forged_job(region: Path, records: str, corrects: Path | None = None) -> Path:
    """The file of a job; records: `paid` or `corrected`."""
    text = _JOB.format(records=records, corrects=f'corrects = "{corrects}"' if corrects else "")
    path = region / f"{records}.toml"
    path.write_text(text + IN_JOB, encoding="utf-8")
    return path
