"""Calibration: grouped stays of past years become a catalogue (docs/points.md)."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import (
    FEN_PLACES,
    POINT_PLACES,
    POINT_SCALE,
    half_up,
    refuse_large_sums,
    root_half_up,
    scaled,
    unscaled,
    wide,
)
from drgpay.base.words import Sentences
from drgpay.grouper.scheme import Scheme, status_of
from drgpay.points.bed_day_table import bed_day_table
from drgpay.points.catalogue import GROUP_SCHEMA, Catalogue, CatalogueInfo
from drgpay.points.coefficients import coefficient_table
from drgpay.points.ranks import CostRanks
from drgpay.points.stand_ins import stand_ins, with_stand_ins
from drgpay.points.trimming import kept_cases
from drgpay.policy.calibration import Calibration
from drgpay.policy.model import Policy

_ERRORS = Sentences("errors/points")


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
    complete, bed_day_class, length_of_stay, total_fen.
    Raises DrgpayError when no stay is eligible.
    """
    rules = policy.calibration
    counted = stays.filter(eligible(rules))
    if not counted.height:
        raise DrgpayError(*_ERRORS("none_eligible", source=source, stays=stays_read))
    refuse_large_sums(counted, ("total_fen",), _ERRORS.words("past_stays"))
    groups = group_means(counted, rules)
    base = [row for row in groups.rows if row["stable"] or rules.mean_over == "all"]
    all_total = sum(row["total_fen"] for row in base)
    all_cases = sum(row["kept"] for row in base)
    if not all_total:
        raise DrgpayError(*_ERRORS("none_stable", source=source))
    all_mean = Fraction(all_total, all_cases)
    named = {
        drg.code for _, adrg, drg in scheme.paths() if status_of(adrg.code, drg.code) == "grouped"
    }
    others = stand_ins(groups.rows, named, rules)
    info = CatalogueInfo(
        id=catalogue_id,
        scheme=scheme.info.id,
        scheme_hash=scheme.content_hash,
        policy=policy.policy.id,
        source=source,
        stays_read=stays_read,
        stays_eligible=counted.height,
        stays_trimmed=counted.height - groups.kept.height,
        levels=tuple(counted["level"].drop_nulls().cast(pl.String).unique().sort()),
        all_total_fen=all_total,
        all_cases=all_cases,
        all_mean_yuan=mean_for_the_reader(all_total, all_cases),
        incomplete_if=policy.points.incomplete_if,
        outside_drg_if=policy.points.outside_drg_if,
        stays_official=_officially_grouped(counted),
        stand_ins=others,
    )
    table = group_table(groups, all_mean, rules)
    coefficients = coefficient_table(groups.kept, groups.means, rules.coefficients)
    own = pl.col("drg").is_in([one.drg for one in others]).not_()
    return Catalogue(
        info,
        with_stand_ins(table, others, lambda mean_fen: base_points(mean_fen, all_mean)),
        coefficients.filter(pl.col("drg").is_null() | own),  # few cases are paid without
        bed_day_table(stays, rules),
    )


def _officially_grouped(stays: pl.DataFrame) -> int | None:
    """How many stays have the group of an official grouper; None where none was given."""
    if "group_source" not in stays.columns:
        return None
    return int((stays["group_source"] == "official").sum())


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


def _cost_behind_base_points(row: dict[str, Any], rules: Calibration) -> int | None:
    """The mean cost in fen; of an unstable group by policy its median, or nothing."""
    if row["stable"] or rules.unstable_base_points == "mean":
        mean: int = row["mean_fen"]
        return mean
    median: int = row["median_fen"]
    return median if rules.unstable_base_points == "median" else None


@dataclass(frozen=True)
class GroupMeans:
    """Steps 2 to 4. kept: the cases that trimming leaves. rows: of each group with kept cases its
    GROUP_SCHEMA without base_points, and total_fen; sorted by drg.
    """

    kept: pl.DataFrame
    rows: list[dict[str, Any]]

    @property
    def means(self) -> dict[str, int]:
        """The mean cost of each group in fen."""
        return {row["drg"]: row["mean_fen"] for row in self.rows}


def group_means(counted: pl.DataFrame, rules: Calibration) -> GroupMeans:
    """Trim the cases that count (drg, total_fen; other columns pass through) and average each group.

    A case is whatever a group stands for: a stay, or an entry of a visit.
    """
    trimmed = counted.filter(kept_cases(counted, rules.trim))
    return GroupMeans(trimmed, _group_rows(counted, trimmed, rules))


def group_table(groups: GroupMeans, all_mean_fen: Fraction, rules: Calibration) -> pl.DataFrame:
    """Step 6: the groups of a catalogue (GROUP_SCHEMA) with their base points."""
    rows = []
    for row in groups.rows:
        cost = _cost_behind_base_points(row, rules)
        points = None if cost is None else base_points(cost, all_mean_fen)
        rows.append({column: (row | {"base_points": points})[column] for column in GROUP_SCHEMA})
    return pl.DataFrame(rows, schema=GROUP_SCHEMA)


def mean_for_the_reader(total_fen: int, cases: int) -> str:
    """all_mean_yuan of a catalogue: rounded to fen."""
    return str(unscaled(half_up(Fraction(total_fen, cases)), FEN_PLACES))


def _group_rows(
    counted: pl.DataFrame, trimmed: pl.DataFrame, rules: Calibration
) -> list[dict[str, Any]]:
    """Steps 3 and 4: per group cases, mean, median, sd, cv and whether it is stable; sorted by group.

    `total_fen` is beside the columns of the catalogue.
    """
    all_cases = counted.group_by("drg").agg(cases=pl.len())
    sums = trimmed.group_by("drg").agg(
        kept=pl.len(),
        total=pl.col("total_fen").sum(),
        squares=(wide("total_fen") * wide("total_fen")).sum(),
    )
    ranks = CostRanks.of(trimmed)
    medians = dict(zip(ranks.groups, ranks.quantiles(Fraction(1, 2)), strict=True))
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
        varies = variance * POINT_SCALE**2 > (max_cv * mean) ** 2
        few = n < rules.stable_min_cases
        stability = "unstable_cases" if few else "unstable_cv" if varies else "stable"
        rows.append(
            {
                "drg": drg,
                "cases": cases,
                "kept": n,
                "total_fen": total,
                "mean_fen": half_up(mean),
                "median_fen": half_up(medians[drg]),
                "sd_fen": root_half_up(variance),
                # Entries of visits may cost nothing, stays never do.
                "cv": root_half_up(variance / mean**2 * POINT_SCALE**2) if mean else 0,
                "stable": stability == "stable",
                "stability": stability,
                "account": None,
            }
        )
    return rows
