"""Coefficients: how a hospital's and its level's costs of a group compare with the region's.

docs/points.md, calibration step 7: coefficient = hospital part x weight + level part x weight, each
part the mean of the hospital or level divided by the mean of the group, clamped, rounded to 4
places. With per = "level" a level has one part over all groups.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import polars as pl

from drgpay.base.exact import POINT_PLACES, POINT_SCALE, half_up, scaled
from drgpay.points.catalogue import COEFFICIENT_SCHEMA
from drgpay.policy.calibration import Coefficients, Neighbour

OWN = POINT_SCALE  # the factor of a level's own part
Row = dict[str, Any]


@dataclass(frozen=True)
class LevelPart:
    """The level part of a coefficient: the mean of `of_level` / mean of the group x factor."""

    value: Fraction
    of_level: str
    factor: int = OWN


def clamped_mix(
    hospital_part: Fraction | None, level_part: Fraction | None, rule: Coefficients
) -> tuple[int, bool]:
    """One coefficient in 1/10,000 from its parts (C8), clamped, and whether it was out of bounds.

    A missing level part counts as 1 (Jinhua 2017: a new group is 1). A missing hospital part does
    too with missing_part = "one"; with "neighbour" it is the level part.
    """
    of_level = Fraction(1) if level_part is None else level_part
    if hospital_part is None:
        hospital_part = of_level if rule.missing_part == "neighbour" else Fraction(1)
    mixed = hospital_part * Fraction(rule.hospital_weight) + of_level * Fraction(rule.level_weight)
    held = min(max(mixed, Fraction(rule.minimum)), Fraction(rule.maximum))
    return half_up(held * POINT_SCALE), held != mixed


def level_parts(own: Mapping[str, Fraction], rule: Coefficients) -> dict[str, LevelPart]:
    """The part of each level, sorted: its own, or by policy that of a neighbour.

    Zigong 2023 (C9): a level without a part of its own takes that of the nearest higher level that
    has one x from_higher, else of the nearest lower one x from_lower. A level that level_order does
    not name has no neighbour.
    """
    parts = {level: LevelPart(part, level) for level, part in own.items()}
    if rule.neighbour:
        for level in rule.neighbour.level_order:
            if level not in own and (part := _neighbour_part(level, own, rule.neighbour)):
                parts[level] = part
    return dict(sorted(parts.items()))


def _neighbour_part(level: str, own: Mapping[str, Fraction], rule: Neighbour) -> LevelPart | None:
    place = rule.level_order.index(level)
    higher = rule.level_order[place + 1 :]
    lower = rule.level_order[:place][::-1]
    for levels, factor in ((higher, rule.from_higher), (lower, rule.from_lower)):
        nearest = next((other for other in levels if other in own), None)
        if nearest:
            value = own[nearest] * Fraction(factor)
            return LevelPart(value, nearest, scaled(factor, POINT_PLACES))
    return None


def coefficient_table(
    cases: pl.DataFrame,
    mean_fen_of_group: dict[str, int],
    rule: Coefficients,
    of_hospitals_too: bool = True,
) -> pl.DataFrame:
    """The coefficients of all groups, from the kept cases (drg, hospital_id, level, total_fen).

    Returns COEFFICIENT_SCHEMA, sorted: see `Catalogue` for which row holds for which stay. Without
    `of_hospitals_too` it has rows of levels only.
    """
    levels = _sums(cases, ["drg", "level"])
    hospitals = _sums(cases if of_hospitals_too else cases.clear(), ["drg", "level", "hospital_id"])
    by_group: dict[str, dict[str, Row]] = {drg: {} for drg in mean_fen_of_group}
    for drg, level, n, total in levels.iter_rows():
        expected = n * mean_fen_of_group[drg]
        by_group[drg][level] = {
            "level_cases": n,
            "level_total_fen": total,
            "level_expected_fen": expected,
        }
    of_hospitals: dict[str, list[tuple[str, Row]]] = {drg: [] for drg in mean_fen_of_group}
    enough = pl.col("n") >= rule.min_cases
    for drg, level, hospital, n, total in hospitals.filter(enough).iter_rows():
        own = {"hospital_id": hospital, "hospital_cases": n, "hospital_total_fen": total}
        of_hospitals[drg].append((level, own))

    if rule.per == "level":
        rows = _one_a_level(by_group, of_hospitals, rule)
    else:
        rows = [
            row
            for drg, mean in mean_fen_of_group.items()
            for row in _of_group(drg, mean, by_group[drg], of_hospitals[drg], rule)
        ]
    table = pl.DataFrame(
        [{column: row.get(column) for column in COEFFICIENT_SCHEMA} for row in rows],
        schema=COEFFICIENT_SCHEMA,
    )
    return table.sort("drg", "level", "hospital_id", nulls_last=False)


def _sums(cases: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    sums = cases.group_by(by).agg(n=pl.len().cast(pl.Int64), total=pl.col("total_fen").sum())
    return sums.sort(by)


def _enough(levels: Mapping[str, Row], rule: Coefficients) -> dict[str, Row]:
    """The levels with cases enough for a part; entries of visits may be expected to cost nothing."""
    return {
        level: row
        for level, row in levels.items()
        if row["level_cases"] >= rule.min_cases and row["level_expected_fen"]
    }


def _of_group(
    drg: str,
    mean_fen: int,
    levels: Mapping[str, Row],
    hospitals: Iterable[tuple[str, Row]],
    rule: Coefficients,
) -> list[Row]:
    """The rows of one group: of each level that has a part, of each hospital that has one."""
    enough = _enough(levels, rule)
    if drg in rule.groups_without:
        return _sums_alone(drg, enough, hospitals, POINT_SCALE)
    own = {level: _part(row) for level, row in enough.items()}
    parts = level_parts(own, rule)
    missing = "level" if rule.missing_part == "neighbour" else "one"
    rows = [
        _row(drg, level, enough.get(level, {}), missing, None, part, rule)
        for level, part in parts.items()
    ]
    for level, hospital in hospitals:
        part = Fraction(hospital["hospital_total_fen"], hospital["hospital_cases"] * mean_fen)
        sums = enough.get(level, {}) | hospital
        rows.append(_row(drg, level, sums, "hospital", part, parts.get(level), rule))
    return rows


def _one_a_level(
    by_group: Mapping[str, Mapping[str, Row]],
    of_hospitals: Mapping[str, list[tuple[str, Row]]],
    rule: Coefficients,
) -> list[Row]:
    """The rows of per = "level": one a level over all groups that have coefficients.

    The part of a level is what its cases cost / what they would cost at the mean of their groups,
    so that a level of severe cases is not paid for their severity twice.
    """
    over_all: dict[str, Row] = {}
    for drg, levels in by_group.items():
        if drg not in rule.groups_without:
            for level, sums in levels.items():
                so_far = over_all.get(level, {})
                over_all[level] = {key: so_far.get(key, 0) + sums[key] for key in sums}
    enough = _enough(over_all, rule)
    parts = level_parts({level: _part(row) for level, row in enough.items()}, rule)
    rows = [
        _row(None, level, enough.get(level, {}), None, None, part, rule)
        for level, part in parts.items()
    ]
    for drg, levels in by_group.items():
        own = _enough(levels, rule)
        if drg in rule.groups_without:
            everywhere = {level: own.get(level, {}) for level in sorted({*own, *parts})}
            rows += _sums_alone(drg, everywhere, of_hospitals[drg], POINT_SCALE)
        else:
            rows += _sums_alone(drg, own, of_hospitals[drg], None)
    return rows


def _part(sums: Row) -> Fraction:
    return Fraction(sums["level_total_fen"], sums["level_expected_fen"])


def _row(
    drg: str | None,
    level: str,
    sums: Row,
    hospital_part_from: str | None,
    hospital_part: Fraction | None,
    level_part: LevelPart | None,
    rule: Coefficients,
) -> Row:
    value = level_part.value if level_part else None
    coefficient, clamped = clamped_mix(hospital_part, value, rule)
    return {
        "drg": drg,
        "level": level,
        **sums,
        "hospital_part_from": hospital_part_from,
        "level_part_from": level_part.of_level if level_part else "one",
        "level_factor": level_part.factor if level_part else None,
        "clamped": clamped,
        "coefficient": coefficient,
    }


def _sums_alone(
    drg: str,
    levels: Mapping[str, Row],
    hospitals: Iterable[tuple[str, Row]],
    coefficient: int | None,
) -> list[Row]:
    """Rows that are there for the means of levels and hospitals; their coefficient is not mixed."""
    rows = [
        {"drg": drg, "level": level, **sums, "coefficient": coefficient}
        for level, sums in levels.items()
    ]
    rows += [
        {"drg": drg, "level": level, **levels.get(level, {}), **own, "coefficient": coefficient}
        for level, own in hospitals
    ]
    return rows
