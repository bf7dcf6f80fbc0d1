"""What a hospital's statement shows, for all hospitals at once: pure functions over tables.

A month and a clearing have the same cases, adjustments and lines; only the columns of their lines
differ. So everything here takes frames with the columns of cases.parquet, adjustments.parquet and
statements.parquet (docs/files.md) and nothing that only a month has.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from drgpay.base.exact import FEN_PLACES, POINT_PLACES, as_decimal, divide_half_up, wide
from drgpay.results.month import example_cases

TOP_GROUPS = 20
MINUS = "minus"
"""The class in which points that a hospital loses are shown: they belong to no class of cases."""

AMOUNTS = ["points", "total_cost", "standard_amount", "fund_amount", "fund_cost", "difference"]


@dataclass(frozen=True)
class WorkedCase:
    """One case to be recomputed by hand: its row of cases, and its rows of adjustments."""

    case: Mapping[str, Any]
    adjustments: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class HospitalStatement:
    """One hospital: its lines, and what they are made of.

    lines: its rows of statements. classes: case_class, cases and AMOUNTS, with MINUS, adding up to
    the lines. gains, losses: drg, group_name, cases and AMOUNTS of the groups with the largest
    difference. adjustments: its rows with `amount` (points x value to the fen for a case's; what
    was apportioned for a hospital's). example is None where no case earned points.
    """

    hospital_id: str
    name: str
    level: str
    lines: pl.DataFrame
    classes: pl.DataFrame
    gains: pl.DataFrame
    losses: pl.DataFrame
    adjustments: pl.DataFrame
    example: WorkedCase | None


def hospital_statements(
    lines: pl.DataFrame,
    cases: pl.DataFrame | pl.LazyFrame,
    adjustments: pl.DataFrame,
    point_values: pl.DataFrame,
    group_names: Mapping[str, str],
    usual: str = "normal",
) -> list[HospitalStatement]:
    """The statements of all hospitals of `lines`, in the order of their ids.

    lines: hospital_id, name, level and whatever its statement shows, sorted. cases: one row a case
    sorted by case_id. adjustments: sorted by case_id and step. point_values: of
    `values_by_hospital`. group_names: by group. usual: the case_class that the worked case is taken
    from if it can be.
    """
    by_group = group_sums(cases)
    valued = valued_adjustments(adjustments, point_values)
    classes = class_totals(by_group, valued, ["hospital_id"])
    gains, losses = _top_groups(by_group, group_names)
    examples = _worked_cases(cases, adjustments, usual)
    parts = {
        name: (_parts(frame), frame.clear().drop("hospital_id"))
        for name, frame in {
            "classes": classes,
            "gains": gains,
            "losses": losses,
            "adjustments": valued,
        }.items()
    }
    return [
        HospitalStatement(
            hospital_id=hospital,
            name=of_hospital["name"][0] or hospital,
            level=of_hospital["level"][0] or "",
            lines=of_hospital,
            example=examples.get(hospital),
            **{name: found.get(hospital, nothing) for name, (found, nothing) in parts.items()},
        )
        for hospital, of_hospital in sorted(_parts(lines).items())
    ]


def group_sums(cases: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """Cases and AMOUNTS by hospital_id, case_class, drg and payment: all that reports add up."""
    return (
        cases.lazy()
        .group_by("hospital_id", "case_class", "drg", "payment")
        .agg(
            pl.len().cast(pl.Int64).alias("cases"),
            pl.col("points", "total_cost", "standard_amount", "fund_amount", "fund_cost").sum(),
        )
        .with_columns(difference=pl.col("fund_amount") - pl.col("fund_cost"))
        .collect(engine="streaming")
    )


def class_totals(by_group: pl.DataFrame, valued: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Cases and AMOUNTS by `keys` and class, the largest class first and MINUS last.

    by_group: `keys`, case_class, cases and AMOUNTS, of any finer grain. valued: adjustments with
    `amount`; those of hospitals make MINUS.
    """
    classes = by_group.group_by(*keys, "case_class").agg(pl.col("cases", *AMOUNTS).sum())
    minus = (
        valued.filter((pl.col("applies_to") == "hospital") & ~pl.col("waiting"))
        .group_by(keys or [pl.lit(0).alias("all")])
        .agg(pl.col("points", "amount").sum())
        .select(
            *keys,
            case_class=pl.lit(MINUS),
            cases=pl.lit(0, pl.Int64),
            points="points",
            total_cost=pl.lit(0),
            standard_amount="amount",
            fund_amount="amount",
            fund_cost=pl.lit(0),
            difference="amount",
        )
        .cast(classes.schema)
    )
    order = [*keys, "last", "cases", "case_class"]
    return (
        pl.concat([classes, minus])
        .with_columns(last=pl.col("case_class") == MINUS)
        .sort(order, descending=[name == "cases" for name in order])
        .drop("last")
    )


def valued_adjustments(adjustments: pl.DataFrame, point_values: pl.DataFrame) -> pl.DataFrame:
    """Adjustments with `amount`, in yuan; null where a point has no value.

    point_values: of `values_by_hospital`. A hospital's minus points have the amount that was
    apportioned to them; those of a case have points x value, rounded half-up, for the reader: the
    case itself is apportioned as a whole.
    """
    dtype = point_values.schema["point_value"]
    value_places = dtype.scale if isinstance(dtype, pl.Decimal) else 0
    fen = divide_half_up(
        _integers("points") * _integers("point_value"),
        wide(10 ** (POINT_PLACES + value_places - FEN_PLACES)),
    )
    return (
        adjustments.join(
            point_values, on=["hospital_id", "account"], how="left", maintain_order="left"
        )
        .with_columns(amount_fen=fen)
        .with_columns(as_decimal("amount_fen", FEN_PLACES).alias("amount"))
        .with_columns(
            amount=pl.when(pl.col("applies_to") == "hospital")
            .then("standard_amount")
            .otherwise("amount")
        )
        .drop("point_value", "amount_fen")
    )


def values_by_hospital(statements: pl.DataFrame) -> pl.DataFrame:
    """What a point is worth: hospital_id, account, point_value, sorted, from lines by points."""
    priced = statements.filter(pl.col("payment") == "points")
    return (
        priced.group_by("hospital_id", "account")
        .agg(pl.col("point_value").drop_nulls().first())
        .sort("hospital_id", "account")
    )


def _integers(column: str) -> pl.Expr:
    return pl.col(column).reinterpret(dtype=pl.Int128)


def _top_groups(
    by_group: pl.DataFrame, group_names: Mapping[str, str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The groups of each hospital that gain and that lose most against item-by-item payment."""
    groups = (
        by_group.filter(pl.col("payment") == "points")
        .group_by("hospital_id", "drg")
        .agg(pl.col("cases", *AMOUNTS).sum())
        .with_columns(
            group_name=pl.col("drg").replace_strict(
                list(group_names), list(group_names.values()), default="", return_dtype=pl.String
            )
        )
        .select("hospital_id", "drg", "group_name", "cases", *AMOUNTS)
    )
    gains = groups.filter(pl.col("difference") > 0).sort(
        "hospital_id", "difference", "drg", descending=[False, True, False]
    )
    losses = groups.filter(pl.col("difference") < 0).sort("hospital_id", "difference", "drg")
    return tuple(
        side.group_by("hospital_id", maintain_order=True).head(TOP_GROUPS)
        for side in (gains, losses)
    )  # type: ignore[return-value]


def _worked_cases(
    cases: pl.DataFrame | pl.LazyFrame, adjustments: pl.DataFrame, usual: str
) -> dict[str, WorkedCase]:
    """The example of each hospital with its adjustments."""
    of_cases = adjustments.filter(pl.col("applies_to") == "case")
    rows = example_cases(cases, of_cases, usual)
    mine = of_cases.filter(pl.col("case_id").is_in(rows["case_id"].implode()))
    return {
        case["hospital_id"]: WorkedCase(
            case, tuple(mine.filter(pl.col("case_id") == case["case_id"]).iter_rows(named=True))
        )
        for case in rows.iter_rows(named=True)
    }


def _parts(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The rows of each hospital, in their order, without its id."""
    parts = frame.partition_by("hospital_id", maintain_order=True, include_key=False, as_dict=True)
    return {str(hospital): part for (hospital,), part in parts.items()}
