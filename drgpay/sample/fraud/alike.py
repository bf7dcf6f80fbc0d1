"""Stays of several persons that are alike: clones, and the honest ones that look like them."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from drgpay.sample.fraud.month import PlantedMonth, dated, with_costs


def clone(month: PlantedMonth, rate: float) -> None:
    """Three to five persons with the same stay to the fen, within ten days."""
    _copies(month, month.take(month.count(rate), pl.col("age") >= 18), (2, 5), 10, None, "clone")


def twins(month: PlantedMonth, rate: float) -> None:
    """Honest: two newborns of one mother, the same stay."""
    newborns = pl.col("age_days").is_between(0, 28)
    _copies(month, month.take(month.count(rate), newborns), (1, 2), 1, None, "clone", hard=True)


def influenza(month: PlantedMonth, rate: float, seasonal: Sequence[str]) -> None:
    """Honest: many patients of a season with the same disease, each with costs of their own."""
    flu = pl.any_horizontal(pl.col("principal_diagnosis").str.starts_with(one) for one in seasonal)
    rows = month.take(month.count(rate), flu & (pl.col("procedures").list.len() == 0))
    _copies(month, rows, (3, 7), 5, (0.85, 1.15), "clone", hard=True)


def low_admission(month: PlantedMonth, rate: float) -> None:
    """Patients who needed no bed: two days, little done."""
    fits = (
        (pl.col("procedures").list.len() == 0)
        & (pl.col("age") >= 18)
        & (pl.col("discharge_type") == 1)
    )
    rows = month.take(month.count(rate), fits)
    if rows.is_empty():
        return
    persons = month.persons(rows.height)
    cheap = with_costs(
        rows.with_columns(person_id=persons), month.rng.uniform(0.2, 0.4, rows.height)
    )
    begin = pl.col("discharge_date") - pl.duration(days=2)
    added = month.add(dated(cheap, begin.cast(pl.Date), pl.lit(2), month.period))
    month.label([[case] for case in added["case_id"].to_list()], "low_admission")


def _copies(
    month: PlantedMonth,
    rows: pl.DataFrame,
    between: tuple[int, int],
    days: int,
    costs: tuple[float, float] | None,
    kind: str,
    *,
    hard: bool = False,
) -> None:
    """Copies of each stay for other persons, up to some days earlier; costs: factors, None for the same."""
    if rows.is_empty():
        return
    copies = month.rng.integers(between[0], between[1], rows.height)
    groups = [[case] for case in rows["case_id"].to_list()]
    for copy in range(between[1] - 1):
        now = np.flatnonzero(copy < copies)
        if not len(now):
            break
        piece = rows[now.tolist()].with_columns(person_id=month.persons(len(now)))
        if costs:
            piece = with_costs(piece, month.rng.uniform(*costs, len(now)))
        back = pl.lit(pl.Series(month.rng.integers(0, days, len(now))))
        begin = pl.col("admission_date") - pl.duration(days=back)
        added = month.add(dated(piece, begin.cast(pl.Date), pl.col("length_of_stay"), month.period))
        for place, case in zip(now, added["case_id"].to_list(), strict=True):
            groups[place].append(case)
    month.label(groups, kind, hard=hard)
