"""group_travel 结伴住院: the same persons go to the same hospital together, again and again (07).

Pairs of persons grow with the square of a day's admissions. So only persons who come again are paired,
hospital by hospital, and a hospital with more pairs than the limit is not judged, and counted.
"""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from drgpay.policy.fields import PositiveCount, Section
from drgpay.supervise.found import Found, facts_of, hits_of, numbers_of, stakes_of
from drgpay.supervise.material import Material
from drgpay.supervise.planned import is_planned, planned_known
from drgpay.supervise.rule import Rule


class Limits(Section):
    """occasions: how often, few_occasions where a hospital admits at most few_admissions a day.
    near_days: between the admissions of an occasion. span_days: of all occasions. most_pairs: of a
    hospital, beyond which it is not judged. Persons come by three, or more.
    """

    occasions: PositiveCount
    few_occasions: PositiveCount
    few_admissions: PositiveCount
    near_days: PositiveCount
    span_days: PositiveCount
    most_pairs: PositiveCount


_COLUMNS = (
    *("case_id", "person", "hospital_id", "admission_date", "discharge_date"),
    *("principal_diagnosis", "payment_unit", "drg"),
)
_THREE = ("a", "b", "c")


def find(material: Material, limits: Limits) -> Found:
    """Groups of persons who were admitted together on several occasions that do not overlap; ranks only."""
    first = max(material.last_day - timedelta(days=limits.span_days), material.known_from)
    stays = material.stays(*_COLUMNS).filter(
        (pl.col("payment_unit") == "drg")
        & pl.col("person").is_not_null()
        & ~is_planned(material)
        & (pl.col("admission_date") >= first)
    )
    span = max((material.last_day - first).days, 1)
    again = pl.struct("person", "hospital_id").is_duplicated()
    returning = stays.with_columns(
        day=pl.col("admission_date").cast(pl.Int32), admissions=pl.len().over("hospital_id")
    ).filter(again)
    parts, not_judged = [_members_of([], returning)], 0
    for mine in returning.partition_by("hospital_id", maintain_order=False):
        few = mine["admissions"][0] <= limits.few_admissions * span
        gangs = _gangs(mine, limits.few_occasions if few else limits.occasions, limits)
        if gangs is None:
            not_judged += 1
        else:
            parts.append(_members_of(gangs, mine, limits.near_days))
    lacking = () if planned_known(material) else ("list:planned",)
    judged = stays["hospital_id"].n_unique() - not_judged
    return _found(
        pl.concat(parts), limits, judged, {"pairs": not_judged} if not_judged else {}, lacking
    )


def _gangs(
    stays: pl.DataFrame, least: int, limits: Limits
) -> list[tuple[list[int], list[int]]] | None:
    """Persons and days of the occasions of each group of a hospital; None where there are too many pairs."""
    come = stays.select("person", "day").unique()
    come = come.filter(pl.len().over("person") >= least)
    a_day = come.group_by("day").len()
    if int((a_day["len"].cast(pl.Int64) ** 2).sum()) * (limits.near_days + 1) > limits.most_pairs:
        return None
    pairs = _pairs(come, limits.near_days)
    often = pairs.group_by("a", "b").agg(pl.col("day").n_unique()).filter(pl.col("day") >= least)
    degrees = often.group_by("a").len()["len"].cast(pl.Int64)
    if int((degrees**2).sum() or 0) > limits.most_pairs:
        return None
    links = often.select("a", "b")
    triples = (
        links.join(links.select("a", c="b"), on="a")
        .filter(pl.col("b") < pl.col("c"))
        .join(links.select(b="a", c="b"), on=["b", "c"], how="semi")
    )
    occasions = _occasions(triples, come, limits.near_days)
    kept = [
        (people, days)
        for *people, found in occasions.iter_rows()
        if len(days := _apart(found, limits.near_days)) >= least
    ]
    return _merged(kept, limits.near_days)


def _pairs(come: pl.DataFrame, near_days: int) -> pl.DataFrame:
    """a < b, day: two persons who came within near_days; the day of the first of the two."""
    parts = []
    for later in range(near_days + 1):
        other = come.select(other="person", day=pl.col("day") - later)
        parts.append(come.join(other, on="day").filter(pl.col("person") != pl.col("other")))
    return (
        pl.concat(parts)
        .select(
            a=pl.min_horizontal("person", "other"),
            b=pl.max_horizontal("person", "other"),
            day="day",
        )
        .unique()
    )


def _occasions(triples: pl.DataFrame, come: pl.DataFrame, near_days: int) -> pl.DataFrame:
    """a, b, c and the sorted days on which all three came within near_days."""
    joined = triples
    for name in _THREE:
        joined = joined.join(come.rename({"person": name, "day": f"day_{name}"}), on=name)
        days = [f"day_{one}" for one in _THREE if f"day_{one}" in joined.columns]
        spread = pl.max_horizontal(*days) - pl.min_horizontal(*days)
        joined = joined.filter(spread <= near_days)
    first = pl.min_horizontal(*(f"day_{one}" for one in _THREE))
    return (
        joined.with_columns(day=first)
        .group_by(*_THREE)
        .agg(pl.col("day").unique().sort())
        .sort(*_THREE)
    )


def _apart(days: Sequence[int], near_days: int) -> list[int]:
    """The days of occasions that do not overlap, the earliest first."""
    apart: list[int] = []
    for day in days:
        if not apart or day > apart[-1] + near_days:
            apart.append(day)
    return apart


def _merged(
    triples: list[tuple[list[int], list[int]]], near_days: int
) -> list[tuple[list[int], list[int]]]:
    """Triples that share two persons are one group, with the occasions of all."""
    leader = {tuple(people): tuple(people) for people, _ in triples}

    def of(one: tuple[int, ...]) -> tuple[int, ...]:
        while leader[one] != one:
            one = leader[one]
        return one

    by_pair: dict[tuple[int, int], tuple[int, ...]] = {}
    for people, _ in triples:
        a, b, c = people
        for pair in ((a, b), (a, c), (b, c)):
            other = by_pair.setdefault(pair, (a, b, c))
            first, second = sorted((of(other), of((a, b, c))))
            leader[second] = first
    groups: dict[tuple[int, ...], tuple[set[int], set[int]]] = {}
    for people, days in triples:
        persons, all_days = groups.setdefault(of(tuple(people)), (set(), set()))
        persons.update(people)
        all_days.update(days)
    return [
        (sorted(persons), _apart(sorted(days), near_days))
        for _, (persons, days) in sorted(groups.items())
    ]


def _members_of(
    gangs: Sequence[tuple[list[int], list[int]]], stays: pl.DataFrame, near_days: int = 0
) -> pl.DataFrame:
    """The stays of each group on its occasions, with `gang`, `occasions`."""
    schema: dict[str, pl.DataType] = {
        "gang": pl.Int64(),
        "person": pl.List(pl.Int32()),
        "occasion": pl.List(pl.Int32()),
        "occasions": pl.Int64(),
    }
    rows = [(number, *gang, len(gang[1])) for number, gang in enumerate(gangs)]
    listed = pl.DataFrame(rows, schema=schema, orient="row")
    on_days = listed.explode("person", empty_as_null=False).explode("occasion", empty_as_null=False)
    return (
        stays.join(on_days, on="person")
        .filter((pl.col("day") - pl.col("occasion")).is_between(0, near_days))
        .unique(["gang", "case_id"])
        .drop("occasion", "admissions")
    )


def _found(
    members: pl.DataFrame,
    limits: Limits,
    judged: int,
    not_judged: dict[str, int],
    lacking: tuple[str, ...],
) -> Found:
    ordered = members.sort("hospital_id", "gang", "admission_date", "case_id")
    groups = ordered.group_by("hospital_id", "gang", maintain_order=True).agg(
        case_ids=pl.col("case_id"),
        keys=pl.col("case_id").tail(2),
        first=pl.col("admission_date").min(),
        last=pl.col("discharge_date").max(),
        persons=pl.col("person").n_unique(),
        occasions=pl.col("occasions").first(),
    )
    hits = hits_of(
        groups.with_columns(
            reason_code=pl.lit("group_travel"),
            file=pl.lit("none"),
            numbers=numbers_of(persons=pl.col("persons"), occasions=pl.col("occasions")),
        )
    )
    named = ordered.join(
        groups.select("hospital_id", "gang", hit=hits["hit"]), on=["hospital_id", "gang"]
    )
    key = pl.col("case_id")
    return Found(
        hits,
        stakes_of(named.select("hit", "case_id", points=pl.lit(0, pl.Int64))),
        facts_of(named, "stay", "cases", key, "admission_date", pl.col("admission_date")),
        checked=judged,
        not_judged=not_judged,
        lacking=lacking,
    )


RULE = Rule(Limits, find)
