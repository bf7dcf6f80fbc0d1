"""Calibration: grouped stays of past years become a catalogue (docs/points.md, steps 1-7)."""

from fractions import Fraction
from typing import Any

import polars as pl

from drgpay.errors import DrgpayError
from drgpay.exact import (
    FEN_PLACES,
    POINT_PLACES,
    POINT_SCALE,
    half_up,
    root_half_up,
    scaled,
    unscaled,
    wide,
)
from drgpay.grouper.scheme import Scheme
from drgpay.points.catalogue import GROUP_SCHEMA, Catalogue, CatalogueInfo
from drgpay.points.coefficients import coefficient_table
from drgpay.points.trimming import kept
from drgpay.policy.model import Calibration, Policy


def calibrate(
    stays: pl.DataFrame,
    stays_read: int,
    scheme: Scheme,
    policy: Policy,
    catalogue_id: str,
    source: str,
) -> Catalogue:
    """Make a catalogue from grouped stays.

    stays: the valid ones of `stays_read`, with hospital_id, level, status, drg, payment_unit,
    complete, length_of_stay, total_fen.
    Raises DrgpayError when no stay is eligible.
    """
    rules = policy.calibration
    counted = stays.filter(eligible(rules))
    if not counted.height:
        raise DrgpayError(
            f"{source}: none of {stays_read} stays can be calibrated with",
            "give grouped, complete stays of past years; see calibration in the policy",
        )
    trimmed = counted.filter(kept(rules.trim))
    groups = _group_rows(counted, trimmed, rules)
    base = [row for row in groups if row["stable"] or rules.mean_over == "all"]
    all_total = sum(row["total_fen"] for row in base)
    all_cases = sum(row["kept"] for row in base)
    if not all_total:
        raise DrgpayError(
            f"{source}: no group is stable, so there is no mean over all cases",
            'lower calibration.stable_min_cases or set calibration.mean_over = "all"',
        )
    all_mean = Fraction(all_total, all_cases)
    for row in groups:
        row["base_points"] = base_points(row["mean_fen"], all_mean)
    means = {row["drg"]: row["mean_fen"] for row in groups}
    info = CatalogueInfo(
        id=catalogue_id,
        scheme=scheme.info.id,
        scheme_hash=scheme.content_hash,
        policy=policy.policy.id,
        source=source,
        stays_read=stays_read,
        stays_eligible=counted.height,
        stays_trimmed=counted.height - trimmed.height,
        all_total_fen=all_total,
        all_cases=all_cases,
        all_mean_yuan=str(unscaled(half_up(all_mean), FEN_PLACES)),
    )
    table = pl.DataFrame(
        [{column: row[column] for column in GROUP_SCHEMA} for row in groups], schema=GROUP_SCHEMA
    )
    return Catalogue(info, table, coefficient_table(trimmed, means, rules.coefficients))


def eligible(rules: Calibration) -> pl.Expr:
    """Step 1: which stays count at all."""
    return (
        (pl.col("status") == "grouped")
        & (pl.col("payment_unit") == "drg")
        & pl.col("complete")
        & (pl.col("length_of_stay") <= rules.max_los_days)
        & (pl.col("total_fen") >= scaled(rules.min_cost_yuan, FEN_PLACES))
    )


def base_points(mean_fen: int, all_mean_fen: Fraction) -> int:
    """Step 6: mean cost of the group / mean over all x 100, in 1/10,000 points (C1)."""
    return half_up(Fraction(mean_fen) / all_mean_fen * 100 * POINT_SCALE)


def _group_rows(
    counted: pl.DataFrame, trimmed: pl.DataFrame, rules: Calibration
) -> list[dict[str, Any]]:
    """Steps 3 and 4: per group cases, mean, sd, cv and whether it is stable; sorted by group.

    `total_fen` is beside the columns of the catalogue.
    """
    all_cases = counted.group_by("drg").agg(cases=pl.len())
    sums = trimmed.group_by("drg").agg(
        kept=pl.len(),
        total=pl.col("total_fen").sum(),
        squares=(wide("total_fen") * wide("total_fen")).sum(),
    )
    max_cv = scaled(rules.stable_max_cv, POINT_PLACES)
    rows = []
    for drg, cases, n, total, squares in (
        sums.join(all_cases, on="drg")
        .select("drg", "cases", "kept", "total", "squares")
        .sort("drg")
        .iter_rows()
    ):
        spread = n * squares - total * total  # n^2 times the population variance
        variance = Fraction(spread, n * (n - 1)) if n > 1 else Fraction(0)
        mean = Fraction(total, n)
        stable = n >= rules.stable_min_cases and variance * POINT_SCALE**2 <= (max_cv * mean) ** 2
        rows.append(
            {
                "drg": drg,
                "cases": cases,
                "kept": n,
                "total_fen": total,
                "mean_fen": half_up(mean),
                "sd_fen": root_half_up(variance),
                "cv": root_half_up(variance / mean**2 * POINT_SCALE**2),
                "stable": stable,
            }
        )
    return rows
