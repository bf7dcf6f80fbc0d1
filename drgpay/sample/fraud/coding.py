"""Severe diagnoses: thinned out as a region of honest hospitals has them, and added where some code up."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from drgpay.grouper.compiled import CompiledScheme
from drgpay.sample.fraud.month import PlantedMonth, grouped, with_costs


def split_by_severity(compiled: CompiledScheme) -> list[str]:
    """The ADRGs that have several groups."""
    codes: dict[str, set[str]] = {}
    for _, adrg, drg in compiled.scheme.paths():
        codes.setdefault(adrg.code, set()).add(drg.code)
    return sorted(code for code, drgs in codes.items() if len(drgs) > 1)


def severe_codes(compiled: CompiledScheme) -> list[str]:
    """The diagnoses that are complications."""
    return sorted(compiled.scheme.complications)


def thinned(
    compiled: CompiledScheme,
    stays: pl.DataFrame,
    coded: float,
    means: Mapping[str, float],
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Stays of which as many as wanted, of those that severity may move, have a severe diagnosis.

    Those that lose theirs are grouped without, and cost what their new group costs beside the old one.
    """
    eligible = pl.col("adrg").is_in(split_by_severity(compiled))
    moved = stays.select(
        e=eligible, c=eligible & (pl.col("severity_code").fill_null("") != "")
    ).fill_null(value=False)
    can = int(np.count_nonzero(moved["e"].to_numpy()))
    share = int(np.count_nonzero(moved["c"].to_numpy())) / max(can, 1)
    if share <= coded:
        return stays
    loses = moved["c"].to_numpy() & (rng.random(stays.height) < 1 - coded / share)
    rows = np.flatnonzero(loses).tolist()
    severe = pl.Series(severe_codes(compiled), dtype=pl.String)
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


def up_coding(month: PlantedMonth, rate: float, hospitals: Sequence[str]) -> None:
    """Stays of some hospitals get a severe diagnosis that nothing of their costs shows."""
    eligible = pl.col("adrg").is_in(split_by_severity(month.compiled))
    bare = (
        eligible
        & pl.col("hospital_id").is_in(list(hospitals))
        & (pl.col("severity_code").fill_null("") == "")
    )
    there = month.stays.select(b=bare.fill_null(value=False))["b"].to_numpy() & month.free
    rows = month.take(round(int(there.sum()) * rate), bare)
    if rows.is_empty():
        return
    used = month.stays["severity_code"].drop_nulls()
    codes = used.filter(used != "").sort().to_list()
    drawn = pl.Series([codes[one] for one in month.rng.integers(0, len(codes), rows.height)])
    coded = rows.with_columns(other_diagnoses=pl.col("other_diagnoses").list.concat(drawn))
    again = grouped(month.compiled, coded)
    month.change(again)
    gains = (again["drg"] != rows["drg"]) & (again["adrg"] == rows["adrg"])
    cases = rows["case_id"]
    month.label([[case] for case in cases.filter(gains).to_list()], "up_coding")
    month.label([[case] for case in cases.filter(~gains).to_list()], "up_coding_no_gain")
