"""The measures by which hospitals are compared (07a): shares of their stays, and values that are no share.

Each counts the stays of the runs that are looked at. A hospital without a column that a measure asks for
has n 0, and no value.
"""

from collections.abc import Sequence

import polars as pl

from drgpay.points.readmission import counted_stays, is_return, previous_of
from drgpay.policy.fields import Name, PositiveCount, PositiveRatio, Section
from drgpay.supervise.material import POINT, Material


class Scores(Section):
    """[scores]: what the measures count.

    readmission_days: to the admission of a return to the same hospital, in the same group. short_days: length
    of a short stay. transferred: types of discharge. principals, chapters_counted: how many of the most
    frequent ones make a concentration. chapters: of diagnoses, each the first and the last category.
    robust_z: of the values that are no share, from which one is flagged.
    """

    readmission_days: PositiveCount
    short_days: PositiveCount
    transferred: tuple[PositiveCount, ...]
    principals: PositiveCount
    chapters_counted: PositiveCount
    chapters: tuple[tuple[Name, Name], ...]
    robust_z: PositiveRatio


SHARES = (
    *("cc_share", "mcc_share", "readmission", "short_stays", "transfers_out", "high_class"),
    *("low_class", "ungrouped"),
)
"""Measures that are shares of stays, judged by a funnel: n, hits."""
VALUES = ("cmi", "exam_share", "self_pay_share", "chapter_concentration", "code_concentration")
"""Measures that are not, judged by robust z: n, x."""

_COLUMNS = (
    *("case_id", "hospital_id", "payment_unit", "status", "severity", "case_class"),
    *("length_of_stay", "discharge_type", "base_points", "total_fen", "exam_fen", "self_pay_fen"),
    "principal_diagnosis",
)
BASE_OF_MEAN = 100
"""Base points of a stay that costs what all cost on average."""


def measured(material: Material, scores: Scores) -> pl.DataFrame:
    """hospital_id, measure, n, hits (null of VALUES), x: of every hospital with stays, sorted."""
    stays = material.stays(*_COLUMNS, current=True).filter(pl.col("payment_unit") == "drg")
    returned = returning(material, scores.readmission_days)
    stays = stays.with_columns(returned=pl.col("case_id").is_in(returned.implode()))
    counted = [
        *_shares(stays, scores),
        case_mix(stays, ["hospital_id"]).with_columns(measure=pl.lit("cmi")),
        _amounts(stays, "exam_fen", "exam_share"),
        _amounts(stays, "self_pay_fen", "self_pay_share"),
        _concentration(
            stays.with_columns(code=chapter_of(pl.col("principal_diagnosis"), scores.chapters)),
            scores.chapters_counted,
            "chapter_concentration",
        ),
        _concentration(
            stays.with_columns(code="principal_diagnosis"), scores.principals, "code_concentration"
        ),
    ]
    rows = pl.concat([_as_measured(one) for one in counted])
    every = stays.select("hospital_id").unique()
    asked = every.join(pl.DataFrame({"measure": [*SHARES, *VALUES]}), how="cross")
    return (
        asked.join(rows, on=["hospital_id", "measure"], how="left")
        .with_columns(pl.col("n").fill_null(0))
        .sort("hospital_id", "measure")
    )


def _as_measured(frame: pl.DataFrame) -> pl.DataFrame:
    if "hits" in frame.columns:
        share = pl.when(pl.col("n") > 0).then(pl.col("hits") / pl.col("n"))
        frame = frame.with_columns(x=share)
    else:
        frame = frame.with_columns(hits=pl.lit(None, pl.Int64))
    return frame.select(
        "hospital_id",
        "measure",
        pl.col("n").cast(pl.Int64),
        pl.col("hits").cast(pl.Int64),
        pl.col("x").cast(pl.Float64),
    )


def _shares(stays: pl.DataFrame, scores: Scores) -> list[pl.DataFrame]:
    """Each share: of which stays, and which of them count."""
    every = pl.lit(value=True)
    grouped = pl.col("status") == "grouped"
    asked: dict[str, tuple[pl.Expr, pl.Expr]] = {
        "cc_share": (grouped, pl.col("severity") == "CC"),
        "mcc_share": (grouped, pl.col("severity") == "MCC"),
        "readmission": (grouped, pl.col("returned")),
        "short_stays": (every, pl.col("length_of_stay") <= scores.short_days),
        "transfers_out": (
            pl.col("discharge_type").is_not_null(),
            transferred(scores.transferred),
        ),
        "high_class": (grouped, pl.col("case_class") == "high"),
        "low_class": (grouped, pl.col("case_class") == "low"),
        "ungrouped": (every, ~grouped),
    }
    return [
        stays.filter(of)
        .group_by("hospital_id")
        .agg(n=pl.len(), hits=counts.fill_null(value=False).sum())
        .with_columns(measure=pl.lit(name))
        for name, (of, counts) in asked.items()
    ]


def transferred(types: Sequence[int]) -> pl.Expr:
    """Whether a stay ended by a transfer."""
    return pl.col("discharge_type").is_in([float(one) for one in types])


def case_mix(stays: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """by, n, x: the case mix index, the mean of base points / 100 of the stays that have any."""
    return (
        stays.filter(pl.col("base_points").is_not_null() & (pl.col("status") == "grouped"))
        .group_by(by)
        .agg(n=pl.len(), sum=pl.col("base_points").sum())
        .with_columns(x=pl.col("sum") / (pl.col("n") * POINT * BASE_OF_MEAN))
        .drop("sum")
    )


def _amounts(stays: pl.DataFrame, part: str, name: str) -> pl.DataFrame:
    known = stays.filter(pl.col(part).is_not_null() & (pl.col("total_fen") > 0))
    return (
        known.group_by("hospital_id")
        .agg(n=pl.len(), x=pl.col(part).sum() / pl.col("total_fen").sum())
        .with_columns(measure=pl.lit(name))
    )


def _concentration(stays: pl.DataFrame, most: int, name: str) -> pl.DataFrame:
    """The share of the most frequent codes of a hospital; ties give the same share."""
    known = stays.filter(pl.col("code").is_not_null())
    counts = known.group_by("hospital_id", "code").agg(count=pl.len())
    first = pl.col("count").sort(descending=True).head(most).sum()
    return (
        counts.group_by("hospital_id")
        .agg(n=pl.col("count").sum(), first=first)
        .with_columns(x=pl.col("first") / pl.col("n"), measure=pl.lit(name))
    )


def chapter_of(code: pl.Expr, chapters: Sequence[tuple[str, str]]) -> pl.Expr:
    """The first category of the chapter of a diagnosis; null of a code that is in none."""
    found = pl.lit(None, pl.String)
    for first, last in chapters:
        category = code.str.slice(0, len(first))
        found = (
            pl.when(category.is_between(pl.lit(first), pl.lit(last)))
            .then(pl.lit(first))
            .otherwise(found)
        )
    return found


def returning(material: Material, days: int) -> pl.Series:
    """The case_ids of the stays that are a return to the same hospital, as the points find one (03)."""
    now = material.stays("person", current=True).drop_nulls().unique()
    stays = (
        material.stays(
            *("case_id", "person", "hospital_id", "drg", "status", "payment_unit"),
            *("admission_date", "discharge_date"),
        )
        .join(now, on="person", how="semi")
        .rename({"person": "person_id"})
    )
    exempt = {drg for run in material.runs for drg in run.compiled.exempt}
    rule = material.newest.policy.points.readmission.model_copy(
        update={"days": days, "scope": "hospital"}
    )
    pairs = previous_of(counted_stays(stays))
    return pairs.filter(is_return(rule, sorted(exempt)))["case_id_again"].unique().sort()
