"""Several stays of one person: split stays and overlaps, and the honest courses that look like them."""

import numpy as np
import polars as pl

from drgpay.sample.fraud.month import PlantedMonth, dated, with_costs

_ADULT = pl.col("age").is_between(18, 100)
_LONG = 8
_MOST_GAP, _CYCLE, _WORSE = 8, 14, 2.2
_ORDINARY, _TRANSFERRED = 1, 2


def split(month: PlantedMonth, rate: float) -> None:
    """One treatment written as two to four stays, in one hospital, of a quarter of them the last in another."""
    exempt = pl.col("drg").is_in(sorted(month.compiled.exempt))
    rows = month.take(
        month.count(rate),
        _ADULT
        & ~exempt
        & (pl.col("length_of_stay") >= _LONG)
        & (pl.col("discharge_type") == _ORDINARY),
    )
    if rows.is_empty():
        return
    links = month.rng.integers(2, 5, rows.height)
    moves = month.rng.random(rows.height) < 0.25
    hospitals = np.array(month.stays["hospital_id"].unique().sort().to_list())
    elsewhere = month.rng.choice(hospitals, rows.height)
    ends = rows["discharge_date"]
    parts: list[list[str]] = [[case] for case in rows["case_id"].to_list()]
    for link in range(4):  # from the last one back
        now = np.flatnonzero(link < links)
        if not len(now):
            break
        piece = rows[now.tolist()]
        days = np.maximum(piece["length_of_stay"].to_numpy() // links[now], 2)
        begin = ends[now.tolist()] - pl.Series(days * 86_400_000).cast(pl.Duration("ms"))
        times = month.rng.uniform(0.9, 1.15, len(now)) / links[now]
        changed = dated(
            with_costs(piece, times),
            pl.lit(begin.cast(pl.Date)),
            pl.lit(pl.Series(days)),
            month.period,
        )
        if link == 0:
            away = (
                pl.when(pl.Series(moves[now]))
                .then(pl.Series(elsewhere[now]))
                .otherwise("hospital_id")
            )
            month.change(changed.with_columns(hospital_id=away))
        else:
            added = month.add(changed)
            for place, case in zip(now, added["case_id"].to_list(), strict=True):
                parts[place].insert(0, case)
        gaps = month.rng.integers(0, _MOST_GAP + 1, len(now))
        moved = begin - pl.Series(gaps * 86_400_000).cast(pl.Duration("ms"))
        ends = (
            ends.to_frame("d")
            .with_row_index()
            .with_columns(
                d=pl.when(pl.col("index").is_in(now.tolist()))
                .then(pl.Series(_spread(moved.cast(pl.Date), now, rows.height)))
                .otherwise("d")
            )["d"]
        )
    month.label(parts, "split")
    month.route([case for part in parts for case in part], "outpatient")


def _spread(values: pl.Series, places: np.ndarray, height: int) -> pl.Series:
    whole = pl.Series([None] * height, dtype=values.dtype)
    return whole.scatter(places.tolist(), values)


def overlap(month: PlantedMonth, rate: float) -> None:
    """A second hospital charges a stay of a person who lies in the first."""
    there = month.take(month.count(rate), _ADULT & (pl.col("length_of_stay") >= 4))
    others = month.take(there.height, _ADULT)
    there = there.head(others.height)
    if there.is_empty():
        return
    person = there.select("person_id", "sex", "age")
    moved = others.with_columns(person[name] for name in person.columns)
    begin = (
        there["admission_date"] + pl.Series([86_400_000] * there.height).cast(pl.Duration("ms"))
    ).cast(pl.Date)
    days = pl.Series(np.minimum(there["length_of_stay"].to_numpy() - 1, 3))
    added = month.add(dated(moved, pl.lit(begin), pl.lit(days), month.period))
    month.label([*zip(there["case_id"], added["case_id"], strict=True)], "overlap")


def transfer(month: PlantedMonth, rate: float) -> None:
    """Honest: a patient is sent on, on the day of the discharge, with the same disease."""
    after = month.take(month.count(rate), _ADULT & (pl.col("length_of_stay") >= 2))
    if after.is_empty():
        return
    hospitals = np.array(month.stays["hospital_id"].unique().sort().to_list())
    other = month.rng.choice(hospitals, after.height)
    same = pl.Series(other == after["hospital_id"].to_numpy())
    after, other_ids = after.filter(~same), pl.Series(other).filter(~same)
    before = after.with_columns(
        hospital_id=other_ids,
        discharge_type=pl.lit(_TRANSFERRED, pl.Int8),
        complete=pl.lit(value=False),
    )
    begin = pl.col("admission_date") - pl.duration(days=3)
    cheaper = with_costs(before, np.full(before.height, 0.5))
    added = month.add(dated(cheaper, begin.cast(pl.Date), pl.lit(3), month.period))
    month.label([*zip(added["case_id"], after["case_id"], strict=True)], "split", hard=True)


def chemotherapy(month: PlantedMonth, rate: float) -> None:
    """Honest: a course by plan, its cycles two weeks apart."""
    exempt = sorted(month.compiled.exempt)
    rows = month.take(
        month.count(rate), pl.col("drg").is_in(exempt) & (pl.col("length_of_stay") <= 10)
    )
    if rows.is_empty():
        return
    parts = [[case] for case in rows["case_id"].to_list()]
    for cycle in (1, 2):
        begin = pl.col("admission_date") - pl.duration(days=cycle * _CYCLE)
        times = month.rng.uniform(0.95, 1.05, rows.height)
        days = pl.col("length_of_stay")
        added = month.add(dated(with_costs(rows, times), begin.cast(pl.Date), days, month.period))
        for part, case in zip(parts, added["case_id"].to_list(), strict=True):
            part.insert(0, case)
    month.label(parts, "split", hard=True)


def deterioration(month: PlantedMonth, rate: float) -> None:
    """Honest: the disease grew much worse, and the patient came back as an emergency."""
    means = (
        month.stays.filter(pl.col("status") == "grouped")
        .group_by("adrg", "drg")
        .agg(mean=pl.col("total_cost").median(), cases=pl.len())
        .filter(pl.col("cases") >= 10)
    )
    low = (
        means.sort("mean").unique("adrg", keep="first", maintain_order=True).rename({"mean": "low"})
    )
    dear = means.join(low.select("adrg", "low"), on="adrg").filter(
        pl.col("mean") >= _WORSE * pl.col("low")
    )
    worse = month.take(
        month.count(rate), _ADULT & pl.col("drg").is_in(sorted(dear["drg"].to_list()))
    )
    pairs = []
    donors = month.stays.filter(pl.col("drg").is_in(low["drg"].implode()) & _ADULT).sort("case_id")
    for row in worse.iter_rows(named=True):  # some hundreds
        fit = donors.filter((pl.col("adrg") == row["adrg"]) & (pl.col("sex") == row["sex"]))
        if fit.is_empty():
            continue
        donor = fit[int(month.rng.integers(0, fit.height))]
        gap = int(month.rng.integers(2, 11))
        names = ("person_id", "hospital_id", "age", "department", "account", "out_of_area")
        same = donor.with_columns(
            pl.lit(row[name], donor.schema[name]).alias(name) for name in names
        )
        length = int(donor["length_of_stay"][0])
        end = pl.lit(row["admission_date"]) - pl.duration(days=gap + length)
        discharged = same.with_columns(discharge_type=pl.lit(_ORDINARY, pl.Int8))
        added = month.add(dated(discharged, end.cast(pl.Date), pl.lit(length), month.period))
        pairs.append((added["case_id"][0], row["case_id"]))
    month.label(pairs, "split", hard=True)
    month.route([second for _, second in pairs], "emergency")
