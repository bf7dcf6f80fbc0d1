"""Which up-coded stays gained points: their month priced with and without the diagnosis that was added."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pyarrow.parquet as pq

from drgpay.run.job import load_job
from drgpay.sample.fraud.coding import UP_CODING
from drgpay.sample.priced_month import priced_month

NO_GAIN = "up_coding_no_gain"


def tell_gains(folder: Path, labels: pl.DataFrame, jobs: Sequence[Path]) -> pl.DataFrame:
    """The labels, with the kind up_coding_no_gain for stays whose points before adjustments did not rise.

    folder: of the region, with its catalogue; jobs: its months. An added diagnosis is the last one.
    """
    planted = labels.filter(pl.col("kind") == UP_CODING)["case_id"]
    gained = [pl.Series("case_id", [], dtype=pl.String)]
    for path in jobs:
        job = load_job(path)
        stays = pq.read_table(job.stays.path)
        chosen = pl.DataFrame(stays.select(["case_id"]))["case_id"].is_in(planted.implode())
        coded = stays.filter(chosen.to_arrow())
        if not coded.num_rows:
            continue
        frame = pl.DataFrame(coded).with_columns(
            pl.col("other_diagnoses").list.head(pl.col("other_diagnoses").list.len() - 1)
        )
        with TemporaryDirectory(dir=folder) as kept:
            bare, own = Path(kept) / "bare.parquet", Path(kept) / "own.parquet"
            pq.write_table(frame.to_arrow().cast(coded.schema), bare)
            pq.write_table(coded, own)
            before = priced_month(job, bare).select("case_id", bare="points_before")
            both = (
                priced_month(job, own).select("case_id", "points_before").join(before, on="case_id")
            )
        gained.append(both.filter(pl.col("points_before") > pl.col("bare"))["case_id"])
    if not jobs:
        return labels
    rose = pl.concat(gained)
    kept_kind = (pl.col("kind") != UP_CODING) | pl.col("case_id").is_in(rose.implode())
    return labels.with_columns(
        kind=pl.when(kept_kind).then("kind").otherwise(pl.lit(NO_GAIN))
    ).sort("kind", "hard", "case_id")
