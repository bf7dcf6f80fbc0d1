"""Plant fraud into the months of a region that was written, and leave labels and further tables."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.records.stays import fen_of
from drgpay.sample.fraud import alike, coding, same_person
from drgpay.sample.fraud.beds import write_beds
from drgpay.sample.fraud.gains import tell_gains
from drgpay.sample.fraud.items import write_items
from drgpay.sample.fraud.month import AMOUNTS, LABEL_SCHEMA, ROUTES, PlantedMonth, grouped
from drgpay.sample.fraud.rates import FraudRates
from drgpay.sample.plan import SamplePlan
from drgpay.sample.table import STAY_SCHEMA

LABELS = "fraud_labels.parquet"
STREAM = 21  # apart from those of stays and visits
_LEAST_STAYS = 1500
_ROWS_PER_GROUP = 262_144


def plant(plan: SamplePlan, rates: FraudRates, folder: Path) -> pl.DataFrame:
    """Change the months of `folder` (stays/, history/) and write stays_ext.csv, stay_items.csv,
    lists.csv and beds.csv beside them;
    returns the labels (LABEL_SCHEMA) for `write_labels`. The same plan and rates give the same bytes.
    """
    compiled = load_compiled(plan.scheme)
    months = {
        month: _without_overlaps(_read(compiled, folder / "stays" / f"{month}.parquet"))
        for month in plan.settled
    }
    means = _means([*months.values()])
    for month in plan.history:
        path = folder / "history" / f"{month}.parquet"
        rng = _stream(plan, month.number, 0)
        _write(coding.thinned(compiled, _read(compiled, path), rates.coded, means, rng), path)
    months = {
        month: coding.thinned(compiled, stays, rates.coded, means, _stream(plan, month.number, 0))
        for month, stays in months.items()
    }
    bad = _hospitals([*months.values()], rates.hospitals, _stream(plan, 0, 1))
    labels, routes = [pl.DataFrame(schema=LABEL_SCHEMA)], [pl.DataFrame(schema=ROUTES)]
    planted = []
    for month, stays in months.items():
        one = PlantedMonth(month, compiled, stays, _stream(plan, month.number, 2))
        _plant_month(one, rates, bad)
        _write(one.stays.sort("settlement_date", "case_id"), folder / "stays" / f"{month}.parquet")
        labels += one.labels
        routes += one.routes
        planted.append(one.stays)
    shifted = pl.concat(labels).filter(pl.col("kind") == "cost_shift")["case_id"]
    ext = folder / "stays_ext.csv"
    _write_ext(pl.concat(planted), pl.concat(routes), shifted, ext, _stream(plan, 0, 3))
    write_items(
        pl.concat(planted),
        coding.all_severe(compiled),
        pl.concat(labels),
        folder,
        _stream(plan, 0, 5),
    )
    labels += write_beds(
        pl.concat(planted),
        rates.fraud.get("ghost_bed", 0.0),
        folder / "beds.csv",
        _stream(plan, 0, 4),
    )
    return pl.concat(labels).sort("kind", "hard", "case_id")


def write_labels(folder: Path, labels: pl.DataFrame, jobs: Sequence[Path]) -> pl.DataFrame:
    """Write fraud_labels.parquet of a region whose job files are there; returns what it holds."""
    told = tell_gains(folder, labels, jobs)
    told.write_parquet(folder / LABELS)
    return told


def _plant_month(month: PlantedMonth, rates: FraudRates, bad: Sequence[str]) -> None:
    fraud, hard = rates.fraud, rates.hard
    if "up_coding" in fraud:
        coding.up_coding(month, fraud["up_coding"], bad)
    for name in ("split", "overlap"):
        if name in fraud:
            getattr(same_person, name)(month, fraud[name])
    for name in ("clone", "low_admission"):
        if name in fraud:
            getattr(alike, name)(month, fraud[name])
    if "cost_shift" in fraud:
        rows = month.take(month.count(fraud["cost_shift"]))
        month.label([[case] for case in rows["case_id"].to_list()], "cost_shift")
    for name in ("transfer", "chemotherapy", "deterioration"):
        if name in hard:
            getattr(same_person, name)(month, hard[name])
    if "twins" in hard:
        alike.twins(month, hard["twins"])
    if "influenza" in hard:
        alike.influenza(month, hard["influenza"], rates.seasonal)


def _read(compiled: CompiledScheme, path: Path) -> pl.DataFrame:
    stays = pl.read_parquet(path)
    return grouped(
        compiled, stays.with_columns(fen_of(stays[name]).alias(name) for name in AMOUNTS)
    )


def _without_overlaps(stays: pl.DataFrame) -> pl.DataFrame:
    """The clean part has none: a stay that begins in another one of its person gets another person."""
    ordered = stays.sort("person_id", "admission_date", "discharge_date", "case_id")
    reach = pl.col("discharge_date").cum_max().shift(1).over("person_id")
    inside = (pl.col("admission_date") < reach).fill_null(value=False)
    other = pl.when(inside).then("PA" + pl.col("case_id")).otherwise("person_id")
    return ordered.with_columns(person_id=other).sort("settlement_date", "case_id")


def _write(stays: pl.DataFrame, path: Path) -> None:
    amounts = [
        pl.col(name).cast(pl.Int128).reinterpret(dtype=pl.Decimal(18, 2)).alias(name)
        for name in AMOUNTS
    ]
    table = stays.with_columns(amounts).select(STAY_SCHEMA.names).to_arrow().cast(STAY_SCHEMA)
    pq.write_table(table, path, compression="zstd", row_group_size=_ROWS_PER_GROUP)


def _means(months: Sequence[pl.DataFrame]) -> dict[str, float]:
    whole = pl.concat(one.select("drg", "total_cost") for one in months)
    means = whole.group_by("drg").agg(pl.col("total_cost").mean()).drop_nulls().sort("drg")
    return dict(means.iter_rows())


def _hospitals(months: Sequence[pl.DataFrame], count: int, rng: np.random.Generator) -> list[str]:
    """Those that code up: drawn from the ones with stays enough to be judged."""
    stays = pl.concat(one.select("hospital_id") for one in months)
    by_hospital = (
        stays.group_by("hospital_id").len().sort("len", "hospital_id", descending=[True, False])
    )
    large = by_hospital.filter(pl.col("len") >= _LEAST_STAYS)["hospital_id"].to_list()
    enough = large if len(large) >= count else by_hospital["hospital_id"].to_list()[: 2 * count]
    return sorted(rng.permutation(sorted(enough))[:count].tolist())


_SHIFTED = 0.95


def _write_ext(
    stays: pl.DataFrame,
    routes: pl.DataFrame,
    shifted: pl.Series,
    path: Path,
    rng: np.random.Generator,
) -> None:
    """Routes, doctors, money outside the catalogues: of every stay. shifted: those who pay nearly all of
    their part themselves.
    """
    usual = rng.choice(["outpatient", "emergency", "other"], stays.height, p=[0.8, 0.15, 0.05])
    doctors = rng.integers(1, 13, stays.height)
    usual_shares = pl.Series(rng.beta(2, 18, stays.height))
    share = (
        pl.when(pl.col("case_id").is_in(shifted.implode())).then(_SHIFTED).otherwise(usual_shares)
    )
    ext = stays.select(
        "case_id",
        usual=pl.Series(usual),
        doctor_id=pl.col("hospital_id") + "-" + pl.Series(doctors).cast(pl.String),
        self_pay_cost=(pl.col("patient_cost").clip(0) * share).floor().cast(pl.Int64),
        icu_days=pl.lit(0),
    )
    said = routes.unique("case_id", keep="last", maintain_order=True)
    whole = ext.join(said, on="case_id", how="left", maintain_order="left").with_columns(
        admission_route=pl.coalesce("admission_route", "usual"),
        self_pay_cost=(pl.col("self_pay_cost") // 100).cast(pl.String)
        + "."
        + (pl.col("self_pay_cost") % 100).cast(pl.String).str.zfill(2),
    )
    columns = ("case_id", "admission_route", "doctor_id", "self_pay_cost", "icu_days")
    whole.select(columns).sort("case_id").write_csv(path)


def _stream(plan: SamplePlan, number: int, stream: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence([plan.seed, number, STREAM, stream]))
