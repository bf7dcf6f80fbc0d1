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

RETURNS = {
    "case_id": pl.String,
    "readmission_case_id": pl.String,
    "run": pl.Int32,
    "rule": pl.Int32,
}
"""A stay that is followed, its first return, the number of its run, and that of the run by whose rule
of readmission it is judged."""


def known_returns(runs: Sequence[KnownStays], regroup: Regroup) -> pl.DataFrame:
    """The stays of all runs, the oldest first, that are followed (RETURNS).

    A return is judged by the rule of the later of the two runs, the first that can see it, and by the
    groups and exempt groups of the earlier stay's scheme.
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
    pairs = previous_stays(stays, "run").with_columns(rule=pl.max_horizontal("run", "run_again"))
    pairs = _in_one_scheme(pairs, runs, regroup)
    split = pl.concat([split_stays(one.filings.deductions) for one in runs]).to_list()
    by_rule = [
        pairs.filter((pl.col("rule") == number) & is_return(run.points.readmission, split=split))
        for number, run in enumerate(runs)
    ]
    found = pl.concat(by_rule).join(_exempt(runs), on=["run", "drg"], how="anti")
    return first_returns(found.sort("place_again"), "run", "rule").cast(RETURNS)  # type: ignore[arg-type]


def _exempt(runs: Sequence[KnownStays]) -> pl.DataFrame:
    rows = [(number, drg) for number, run in enumerate(runs) for drg in sorted(run.exempt)]
    return pl.DataFrame(rows, schema={"run": pl.Int32, "drg": pl.String}, orient="row")


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
