"""Readmission: an early return halves what the earlier stay earned (浙医保联发〔2019〕21号)."""

from collections.abc import Collection
from fractions import Fraction

import polars as pl

from drgpay.base.exact import POINT_PLACES, scaled
from drgpay.points.adjustments import CaseChange, change_columns
from drgpay.points.reasons import reason
from drgpay.policy.points import Readmission

KIND = "readmission"


SPLIT_STAY = "split_stay"
"""The kind of a deduction for a stay that was split from the one before: it is no return."""


def split_stays(deductions: pl.DataFrame) -> pl.Series:
    """The cases that are deducted as split stays (DEDUCTION_SCHEMA)."""
    return deductions.filter(pl.col("kind") == SPLIT_STAY)["case_id"]


def readmission_changes(returns: pl.DataFrame, rule: Readmission) -> list[CaseChange]:
    """The step that multiplies the points of stays that a readmission follows (C6).

    returns: case_id and readmission_case_id, as of `followed`.
    """
    evidence = pl.col("readmission_case_id")
    rows = returns.select(
        change_columns(readmission_reason(rule), evidence, times=Fraction(rule.factor))
    )
    return [CaseChange(KIND, rows)]


def readmission_reason(rule: Readmission) -> list[pl.Expr]:
    """What the step does (REASON_SCHEMA)."""
    return reason("readmission", factor=scaled(rule.factor, POINT_PLACES), days=rule.days)


def followed(
    pairs: pl.DataFrame,
    rule: Readmission,
    exempt: Collection[str] = (),
    split: Collection[str] = (),
) -> pl.DataFrame:
    """The stays of `previous_stays` that a readmission follows, and the stay that followed.

    A stay is followed by a readmission if the next one after it is a return (`is_return`), so in a
    chain of three the first two are followed. Returns case_id and readmission_case_id (the first
    return).
    """
    return first_returns(pairs.filter(is_return(rule, exempt, split)))


def previous_stays(stays: pl.DataFrame, *further: str) -> pl.DataFrame:
    """Each stay that has a previous one of the same person, with that one before it.

    stays: as for `counted_stays`. The previous stay is, of the person's stays with
    status grouped and payment unit drg that ended by the day of the admission, the one discharged
    last (equal: the later by admission, then case_id). Returns the columns of the previous stay, and
    those of the stay with the suffix _again, in the order of the admissions.
    """
    return previous_of(counted_stays(stays, *further))


_ORDER = ["admission_date", "discharge_date", "case_id"]


def counted_stays(stays: pl.DataFrame, *further: str) -> pl.DataFrame:
    """The stays that a return can follow or be, with what tells it.

    stays: case_id, person_id (null: not known), hospital_id, drg, status, payment_unit,
    admission_date, discharge_date, `further`. Returns person_id, hospital_id, drg, admission_date,
    discharge_date, case_id, `further`.
    """
    return stays.filter(
        (pl.col("status") == "grouped")
        & (pl.col("payment_unit") == "drg")
        & pl.col("person_id").is_not_null()
    ).select("person_id", "hospital_id", "drg", *_ORDER, *further)


def previous_of(counted: pl.DataFrame) -> pl.DataFrame:
    """`previous_stays` of counted_stays: all that there are of their persons."""
    # Most stays are the only ones of their person. Equal keys have equal hashes; others that happen
    # to share one are told apart by the join.
    again = counted.select("person_id").hash_rows().is_duplicated()
    candidates = counted.filter(again).sort(_ORDER).with_row_index("place")
    pairs = candidates.join(candidates, on="person_id", suffix="_again").filter(
        # Of two stays within one day one comes first.
        (pl.col("place") < pl.col("place_again"))
        & (pl.col("discharge_date") <= pl.col("admission_date_again"))
    )
    return (
        pairs.sort("discharge_date", "place")
        .group_by("place_again", maintain_order=True)
        .last()
        .sort("place_again")
        .drop("person_id")
    )


def is_return(
    rule: Readmission, exempt: Collection[str] = (), split: Collection[str] = ()
) -> pl.Expr:
    """Whether a stay is a readmission after the previous one (columns of `previous_stays`).

    It has the same DRG, not an exempt one of the scheme (`exempt`) or the policy, at most `days`
    after the discharge, within the scope. A stay of `split` is no return.
    """
    days = (pl.col("admission_date_again") - pl.col("discharge_date")).dt.total_days()
    returns = (
        (pl.col("drg") == pl.col("drg_again"))
        & ~pl.col("drg").is_in([*rule.exempt_groups, *exempt])
        & ~pl.col("case_id_again").is_in(list(split))
        & (days <= rule.days)
    )
    if rule.scope == "hospital":
        returns &= pl.col("hospital_id") == pl.col("hospital_id_again")
    return returns


def first_returns(returns: pl.DataFrame, *further: str) -> pl.DataFrame:
    """Of each stay that is followed the first return: case_id, readmission_case_id, `further`.

    returns: rows of `previous_stays`.
    """
    first = {"readmission_case_id": pl.col("case_id_again").first()}
    first |= {name: pl.col(name).first() for name in further}
    return returns.group_by("case_id", maintain_order=True).agg(**first)
