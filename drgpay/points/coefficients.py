"""Coefficients: how a hospital's and its level's costs of a group compare with the region's.

docs/points.md, calibration step 7: coefficient = hospital part x weight + level part x weight, each
part the mean of the hospital or level divided by the mean of the group, clamped, rounded to 4
places.
"""

from fractions import Fraction

import polars as pl

from drgpay.exact import POINT_SCALE, half_up
from drgpay.points.catalogue import COEFFICIENT_SCHEMA
from drgpay.policy.model import Coefficients


def mix_parts(
    hospital_part: Fraction | None, level_part: Fraction | None, rule: Coefficients
) -> int:
    """One coefficient in 1/10,000; a missing part counts as 1 (Jinhua 2017: a new group is 1)."""
    mixed = (1 if hospital_part is None else hospital_part) * Fraction(rule.hospital_weight) + (
        1 if level_part is None else level_part
    ) * Fraction(rule.level_weight)
    clamped = min(max(mixed, Fraction(rule.minimum)), Fraction(rule.maximum))
    return half_up(clamped * POINT_SCALE)


def coefficient_table(
    cases: pl.DataFrame, mean_fen_of_group: dict[str, int], rule: Coefficients
) -> pl.DataFrame:
    """The coefficients of all groups, from the kept cases (drg, hospital_id, level, total_fen).

    Returns COEFFICIENT_SCHEMA, sorted: a row per group and hospital that has a part of its own,
    and a row without hospital_id per group and level that has one.
    """
    per_level = _means(cases, ["drg", "level"], rule.min_cases)
    per_hospital = _means(cases, ["drg", "level", "hospital_id"], rule.min_cases)
    level_parts = {(drg, level): (n, total) for drg, level, n, total in per_level.iter_rows()}

    rows: list[
        tuple[str, str, str | None, int | None, int | None, int | None, int | None, int]
    ] = []
    for (drg, level), (n, total) in level_parts.items():
        part = Fraction(total, n * mean_fen_of_group[drg])
        rows.append((drg, level, None, None, None, n, total, mix_parts(None, part, rule)))
    for drg, level, hospital, n, total in per_hospital.iter_rows():
        part = Fraction(total, n * mean_fen_of_group[drg])
        level_n, level_total = level_parts.get((drg, level), (None, None))
        level_part = (
            Fraction(level_total, level_n * mean_fen_of_group[drg])
            if level_n and level_total
            else None
        )
        mixed = mix_parts(part, level_part, rule)
        rows.append((drg, level, hospital, n, total, level_n, level_total, mixed))
    table = pl.DataFrame(rows, schema=COEFFICIENT_SCHEMA, orient="row")
    # Groups without coefficient (Zhejiang: same disease, same price) have 1 everywhere.
    without = pl.col("drg").is_in(rule.groups_without)
    return table.with_columns(
        coefficient=pl.when(without).then(POINT_SCALE).otherwise("coefficient")
    ).sort("drg", "level", "hospital_id", nulls_last=False)


def _means(cases: pl.DataFrame, by: list[str], min_cases: int) -> pl.DataFrame:
    means = cases.group_by(by).agg(n=pl.len().cast(pl.Int64), total=pl.col("total_fen").sum())
    return means.filter(pl.col("n") >= min_cases).sort(by)
