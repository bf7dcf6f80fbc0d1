"""Whole months of a tiny region whose records are spoiled."""

import json
import shutil
from contextlib import nullcontext
from pathlib import Path
from random import Random

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.run.job import load_any_job
from drgpay.run.month_end import run_month
from tests.accepting import EVERYTHING
from tests.fuzz.nasty import spoiled, write_csv, write_excel, write_parquet
from tests.fuzz.readers import Counts, one_sentence
from tests.run.no_books import without_books

_RECORDS = {"stays": 24, "visits": 30, "items": 0}
_PATHS = {"stays": "stays", "visits": "visits", "items": "visit_items"}
JOB = """
period = "2026-10"
scheme = "chs-drg-2.0"
catalogue = "catalogue"
policy = "policy.toml"
output = "runs"
[inputs]
stays = "{stays}"
hospitals = "hospitals.csv"
[outpatient]
visits = "{visits}"
items = "{items}"
scheme = "open-apg-1"
catalogue = "visit_catalogue"
enrolment = "enrolment.csv"
"""


def tiny_region(sample_data: Path, folder: Path) -> Path:
    """The sample region with a few stays and visits of its October."""
    shutil.copytree(sample_data, folder, ignore=shutil.ignore_patterns("*history*", "filings"))
    frames: dict[str, pl.DataFrame] = {}
    for name, rows in _RECORDS.items():
        frame = pl.read_parquet(folder / _PATHS[name] / "2026-10.parquet")
        if name == "items":
            frame = frame.join(frames["visits"].select("visit_id"), on="visit_id", how="semi")
        frames[name] = frame[:rows] if rows else frame
        frames[name].write_parquet(folder / f"good-{name}.parquet")
    policy = folder / "policy.toml"
    rules = policy.read_text(encoding="utf-8").replace('= "stop"', '= "reject"')
    policy.write_text(rules, encoding="utf-8")
    return folder


def month(number: int, region: Path, counts: Counts) -> None:
    """A run of the region with spoiled records: finished with counts that add up, or a sentence.

    Every third writes its workbooks too, which take longer than all the rest.
    """
    random = Random(number)
    paths, what = {}, f"seed {number}:"
    spoil = random.sample(sorted(_RECORDS), random.randint(1, 2))
    for name in _RECORDS:
        good = region / f"good-{name}.parquet"
        if name not in spoil:
            paths[name] = good.name
            continue
        table = spoiled(pl.read_parquet(good).to_dicts(), random, most_columns=2)
        counts.spoiled(name, table.columns)
        place = region / f"{name}-{number}.parquet"
        way = random.random()
        if way < 0.25:
            place = place.with_suffix(".csv")
            write_csv(table, place, random)
        elif way < 0.35:
            place = place.with_suffix(".xlsx")
            write_excel(table, place, random)
        else:
            table = write_parquet(table, place, random)
        paths[name] = place.name
        what += f" {name}: {table.what}"
    job = region / f"{number}.toml"
    job.write_text(JOB.format(**paths), encoding="utf-8")
    books = nullcontext() if number % 3 == 0 else without_books()
    try:
        with books:
            finished = run_month(load_any_job(job), "en", threads=1, accept=EVERYTHING)
    except DrgpayError as error:
        one_sentence(error)
        counts.refused += 1
        assert not list((region / "runs").glob("[!.]*")), what
    else:
        said = json.loads((finished.folder / "manifest.json").read_text(encoding="utf-8"))["counts"]
        for kind in ("", "visits_", "lines_"):
            read, refused = said[f"{kind}read"], said[f"{kind}quarantined"]
            assert read == said[f"{kind}valid"] + refused, what
            counts.rows += read
            counts.quarantined += refused
        counts.read += 1
    finally:
        shutil.rmtree(region / "runs", ignore_errors=True)
        for name in spoil:
            (region / paths[name]).unlink()
        job.unlink()
