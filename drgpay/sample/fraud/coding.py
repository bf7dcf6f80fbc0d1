"""Severe diagnoses: thinned out as a region of honest hospitals has them, and added where some code up."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from drgpay.grouper.compiled import CompiledScheme
from drgpay.sample.fraud.month import PlantedMonth, grouped, with_costs
from drgpay.supervise.severity_groups import severe_codes, with_coded

UP_CODING = "up_coding"
_DRAWS = 12  # of codes for a stay: until one moves it


def thinned(
    compiled: CompiledScheme,
    stays: pl.DataFrame,
    coded: float,
    means: Mapping[str, float],
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Stays of which as many as wanted, of those that severity may move, are in a severe group.

    Those that lose theirs are grouped without, and cost what their new group costs beside the old one.
    """
    moved = with_coded(compiled, stays)
    can = int(moved["eligible"].sum())
    share = int(moved["coded"].sum()) / max(can, 1)
    if share <= coded:
        return stays
    loses = moved["coded"].to_numpy() & (rng.random(stays.height) < 1 - coded / share)
    rows = np.flatnonzero(loses).tolist()
    severe = all_severe(compiled)
    taken = stays[rows]
    bare = grouped(
        compiled,
        taken.with_columns(
            pl.col("other_diagnoses").list.filter(~pl.element().is_in(severe.implode()))
        ),
    )
    mean = pl.DataFrame({"drg": list(means), "mean": list(means.values())})
    ratio = (
        bare.select("drg").join(mean, on="drg", how="left", maintain_order="left")["mean"]
        / taken.select("drg").join(mean, on="drg", how="left", maintain_order="left")["mean"]
    )
    cheaper = with_costs(bare, ratio.fill_null(1.0).to_numpy())
    numbered = stays.drop("row", strict=False).with_row_index("row")
    changed = cheaper.with_columns(row=pl.Series(rows, dtype=pl.UInt32))
    names = [name for name in numbered.columns if name != "row"]
    return numbered.update(changed.select("row", *names), on="row", include_nulls=True).drop("row")


def all_severe(compiled: CompiledScheme) -> pl.Series:
    """The severe diagnoses of a scheme, of any level."""
    return pl.concat([*severe_codes(compiled).values()])


def up_coding(month: PlantedMonth, rate: float, hospitals: Sequence[str]) -> None:
    """Stays of some hospitals get, last, a severe diagnosis that moves them into a severe group of their
    ADRG and that nothing of their costs shows. Which of them gain by it the catalogue tells (`gains`).
    """
    moved = with_coded(month.compiled, month.stays)
    bare = (moved["eligible"] & ~moved["coded"]).to_numpy() & month.free
    of_these = month.stays["hospital_id"].is_in(list(hospitals)).to_numpy()
    wanted = round(int((bare & of_these).sum()) * rate)
    left = month.take(wanted, pl.lit(pl.Series(bare & of_these)))
    codes = codes_used(month.stays, all_severe(month.compiled))
    if left.is_empty() or codes.is_empty():
        return
    turned = []
    for _ in range(_DRAWS):
        drawn = codes.gather(month.rng.integers(0, len(codes), left.height))
        coded = left.with_columns(other_diagnoses=pl.col("other_diagnoses").list.concat(drawn))
        again = with_coded(month.compiled, grouped(month.compiled, coded))
        moves = again["coded"] & (again["adrg"] == left["adrg"]).fill_null(value=False)
        turned.append(again.filter(moves).drop("eligible", "coded"))
        left = left.filter(~moves)
        if left.is_empty():
            break
    rows = pl.concat(turned)
    month.change(rows)
    month.label([[case] for case in rows["case_id"].to_list()], UP_CODING)


def codes_used(stays: pl.DataFrame, severe: pl.Series) -> pl.Series:
    """The severe diagnoses of stays, each as often as it is there."""
    used = stays["other_diagnoses"].explode(empty_as_null=False).drop_nulls()
    return used.filter(used.is_in(severe.implode())).sort()
