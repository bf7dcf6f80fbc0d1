"""Which stays of several runs are followed by a return: across the ends of months and years."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import polars as pl

from drgpay.points.readmission import first_returns, is_return, previous_stays, split_stays
from drgpay.policy.points import Points
from drgpay.records.filings import Filings

RETURN_COLUMNS = [
    *["case_id", "hospital_id", "status", "payment_unit", "drg"],
    *["admission_date", "discharge_date", "settlement_date"],
]
"""What of a stay tells whether it is a return, or followed by one, beside person_id."""


@dataclass(frozen=True)
class KnownStays:
    """The stays of one run, and by what it pays.

    period: of the run, as 2026-10 or 2026. stays: RETURN_COLUMNS and person_id. filings: those that
    the run books, deductions of earlier stays among them. exempt: the DRGs of its scheme whose
    patients come back by plan. scheme: what tells its scheme from others.
    """

    period: str
    stays: pl.DataFrame
    filings: Filings
    points: Points
    exempt: Collection[str]
    scheme: str


Regroup = Callable[[int, int], pl.DataFrame]
"""The stays of one run (its number) grouped by the scheme of another: case_id, drg."""

RETURNS: dict[str, pl.DataType] = {
    "case_id": pl.String(),
    "readmission_case_id": pl.String(),
    "run": pl.Int32(),
    "again": pl.Int32(),
}
"""A stay that is followed, its first return, and the numbers of the runs that have them."""


def known_returns(runs: Sequence[KnownStays], regroup: Regroup) -> pl.DataFrame:
    """The stays of all runs, the oldest first, that are followed (RETURNS).

    A return is judged by what the run with the earlier stay pays by: its rule of readmission, its
    scheme, the exempt groups.
    """
    stays = pl.concat(
        one.stays.select(
            pl.col("person_id", *RETURN_COLUMNS[:5]).cast(pl.String),
            "admission_date",
            "discharge_date",
            run=pl.lit(number, pl.Int32),
        )
        for number, one in enumerate(runs)
    )
    pairs = _in_one_scheme(previous_stays(stays, "run"), runs, regroup)
    split = pl.concat([split_stays(one.filings.deductions) for one in runs]).to_list()
    found = pl.concat(
        pairs.filter(
            (pl.col("run") == number) & is_return(run.points.readmission, run.exempt, split)
        )
        for number, run in enumerate(runs)
    )
    first = first_returns(found.sort("place_again"), "run", "run_again").rename(
        {"run_again": "again"}
    )
    return first.select(pl.col(name).cast(dtype) for name, dtype in RETURNS.items())


def _in_one_scheme(
    pairs: pl.DataFrame, runs: Sequence[KnownStays], regroup: Regroup
) -> pl.DataFrame:
    """The pairs with drg_again by the scheme of the earlier stay."""
    for here, there in sorted(pairs.select("run", "run_again").unique().iter_rows()):
        if runs[here].scheme == runs[there].scheme:
            continue
        groups = regroup(there, here).select(case_id_again="case_id", regrouped="drg")
        across = (pl.col("run") == here) & (pl.col("run_again") == there)
        pairs = (
            pairs.join(groups, on="case_id_again", how="left", maintain_order="left")
            .with_columns(drg_again=pl.when(across).then("regrouped").otherwise("drg_again"))
            .drop("regrouped")
        )
    return pairs
