"""Groups of too few cases that have the price of others x a factor: [[calibration.stand_ins]].

A new scheme splits groups by age or by instrument, and past years may hardly know the parts. The
policy says which groups such a group is like (docs/points.md, "Stand-ins").
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from drgpay.base.exact import half_up
from drgpay.points.catalogue import GROUP_SCHEMA, StandInGroup
from drgpay.policy.calibration import ANY, StandIn, StayCalibration


def stand_ins(
    rows: Iterable[Mapping[str, Any]], drgs: Collection[str], rules: StayCalibration
) -> tuple[StandInGroup, ...]:
    """The groups of the scheme (drgs) whose price others give, sorted.

    rows: drg, kept and total_fen of each group with kept cases.
    A group that the policy names, of fewer kept cases than stable_min_cases, takes the first row
    whose `like` have so many together.
    """
    kept = {row["drg"]: (row["kept"], row["total_fen"]) for row in rows}
    found: dict[str, StandInGroup] = {}
    for rule in rules.stand_ins:
        for drg, like in _named(rule, drgs):
            there = sorted({other for other in like if other in kept and other != drg})
            cases = sum(kept[other][0] for other in there)
            enough = cases >= rules.stable_min_cases
            few = kept.get(drg, (0, 0))[0] < rules.stable_min_cases
            if few and enough and drg not in found:
                found[drg] = StandInGroup(
                    drg=drg,
                    like=tuple(there),
                    like_cases=cases,
                    like_total_fen=sum(kept[other][1] for other in there),
                    times=f"{rule.times.normalize():f}",
                )
    return tuple(found[drg] for drg in sorted(found))


def _named(rule: StandIn, drgs: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    """Each group of a row, and the groups that it is like."""
    for named in rule.groups:
        ending = named.removeprefix(ANY)
        if ending == named:
            yield named, list(rule.like)
            continue
        for drg in sorted(drgs):
            if drg.endswith(ending):
                stem = drg.removesuffix(ending)
                yield drg, [other.replace(ANY, stem, 1) for other in rule.like]


def with_stand_ins(
    table: pl.DataFrame, found: Collection[StandInGroup], base_points: Callable[[int], int]
) -> pl.DataFrame:
    """The groups of a catalogue (GROUP_SCHEMA) with rows of stand-ins in the place of their own.

    base_points: those of a mean cost in fen.
    """
    if not found:
        return table
    own: Mapping[str, tuple[int, int]] = {
        drg: (cases, kept) for drg, cases, kept in table.select("drg", "cases", "kept").iter_rows()
    }
    rows: list[dict[str, Any]] = []
    for one in found:
        cases, kept = own.get(one.drg, (0, 0))
        mean = half_up(one.mean_fen)
        rows.append(
            dict.fromkeys(GROUP_SCHEMA)
            | {"drg": one.drg, "cases": cases, "kept": kept, "mean_fen": mean, "stable": False}
            | {"base_points": base_points(mean), "stability": "stand_in"}
        )
    others = table.filter(~pl.col("drg").is_in([one.drg for one in found]))
    return pl.concat([others, pl.DataFrame(rows, schema=GROUP_SCHEMA)]).sort("drg")
