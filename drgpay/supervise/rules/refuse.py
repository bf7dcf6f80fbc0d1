"""refuse 推诿: a hospital with few severe patients, or that sends dear patients on within days (07).

There may be good reason: a hospital that cannot treat a patient has to send them on.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from drgpay.policy.fields import Count, PositiveCount, PositiveRatio, Section
from drgpay.supervise.found import (
    Found,
    facts_of,
    hits_of,
    numbers_of,
    points_said,
    stakes_of,
)
from drgpay.supervise.funnel import places_of, with_funnel
from drgpay.supervise.material import Material
from drgpay.supervise.measures import transferred
from drgpay.supervise.peers import hospitals_of, peers_of
from drgpay.supervise.rule import Rule


class Limits(Section):
    """min_peers, min_n, funnel_z: of the funnel over the share of MCC. transferred: types of discharge.
    short_days: length of a stay that ends by such. next_days: from there to the next admission
    elsewhere. times: its points by those of the stay.
    """

    min_peers: PositiveCount
    min_n: PositiveCount
    funnel_z: PositiveRatio
    transferred: tuple[PositiveCount, ...]
    short_days: Count
    next_days: Count
    times: PositiveRatio


_COLUMNS = (
    *("case_id", "person", "current", "hospital_id", "level", "kind", "payment_unit", "status"),
    *("severity", "admission_date", "discharge_date", "length_of_stay", "discharge_type"),
    "points_before_return",
)


def find(material: Material, limits: Limits) -> Found:
    """Hospitals below the funnel of their peers, and transfers soon after admission. It ranks only."""
    stays = material.stays(*_COLUMNS).filter(pl.col("payment_unit") == "drg")
    judged = severe_shares(stays.filter(pl.col("current")), limits)
    low = judged.filter(pl.col("z") <= -float(limits.funnel_z))
    pairs = transfers(stays, limits)
    dearer = pairs.filter(_is_dearer(limits))
    hits = hits_of(pl.concat([_of_hospitals(low, stays), _of_transfers(dearer)]))
    hospital = (
        hits.filter(pl.col("part") == "severe")
        .select("hit", "hospital_id")
        .join(low, on="hospital_id", how="left", maintain_order="left")
    )
    sent = hits.filter(pl.col("part") == "transfer").with_columns(
        case_id=pl.col("case_ids").list.first()
    )
    sent = sent.select("hit", "case_id").join(dearer, on="case_id", maintain_order="left")
    few = judged.filter(pl.col("n") < limits.min_n).height
    no_spread = judged["z"].null_count() - few
    counted = {"few_stays": few, "no_spread": no_spread}
    return Found(
        hits,
        stakes_of(sent.select("hit", "case_id", points=pl.lit(0, pl.Int64))),
        pl.concat([*_facts_of_hospitals(hospital, limits), *_facts_of_transfers(sent, limits)]),
        checked=judged["z"].count() + pairs.height,
        not_judged={name: count for name, count in counted.items() if count},
    )


def severe_shares(stays: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """hospital_id, n, hits, theta, z, phi: the share of MCC of each hospital beside its peers."""
    severe = (pl.col("severity") == "MCC").fill_null(value=False)
    rows = (
        stays.filter(pl.col("status") == "grouped")
        .group_by("hospital_id")
        .agg(n=pl.len(), hits=severe.sum())
        .sort("hospital_id")
    )
    peers = peers_of(hospitals_of(stays), limits.min_peers)
    units = rows["hospital_id"].to_list()
    return with_funnel(rows, places_of(units, [peers[one] for one in units]), limits.min_n)


def transfers(stays: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """Short stays that ended by a transfer, with the next stay of the person, elsewhere and soon (`_b`)."""
    ordered = stays.filter(pl.col("person").is_not_null()).sort(
        "person", "admission_date", "discharge_date", "case_id"
    )
    named = ("case_id", "person", "hospital_id", "admission_date", "points_before_return")
    following = ordered.select(pl.col(name).shift(-1).alias(f"{name}_b") for name in named)
    gap = (pl.col("admission_date_b") - pl.col("discharge_date")).dt.total_days()
    return (
        ordered.hstack(following)
        .with_columns(gap=gap)
        .filter(
            transferred(limits.transferred)
            & (pl.col("person") == pl.col("person_b"))
            & (pl.col("hospital_id") != pl.col("hospital_id_b"))
            & (pl.col("length_of_stay") <= limits.short_days)
            & pl.col("gap").is_between(0, limits.next_days)
            & (pl.col("points_before_return") > 0)
        )
    )


def _is_dearer(limits: Limits) -> pl.Expr:
    times = int(limits.times * 10_000)
    own, following = pl.col("points_before_return"), pl.col("points_before_return_b")
    return following * 10_000 >= own * times


_HIT = ("part", "case_ids", "keys", "hospital_id", "first", "last", "reason_code", "numbers")


def _of_hospitals(low: pl.DataFrame, stays: pl.DataFrame) -> pl.DataFrame:
    """One clue a hospital, of the days that are looked at, without stays."""
    days = stays.filter(pl.col("current"))["discharge_date"]
    first, last = _day(days.min()), _day(days.max())
    none: Sequence[str] = []
    return low.select(
        part=pl.lit("severe"),
        case_ids=pl.lit(none, pl.List(pl.String)),
        keys=pl.concat_list("hospital_id", pl.lit(str(first)), pl.lit(str(last))),
        hospital_id="hospital_id",
        first=pl.lit(first, pl.Date),
        last=pl.lit(last, pl.Date),
        reason_code=pl.lit("refuse_severe"),
        numbers=numbers_of(
            percent=(pl.col("hits") / pl.col("n") * 100).round(1),
            peers=(pl.col("theta") * 100).round(1),
            z=pl.col("z").round(2),
        ),
    ).with_columns(file=pl.lit("none"))


def _day(day: object) -> date | None:
    return day if isinstance(day, date) else None


def _of_transfers(pairs: pl.DataFrame) -> pl.DataFrame:
    return (
        pairs.sort("case_id")
        .select(
            part=pl.lit("transfer"),
            case_ids=pl.concat_list("case_id", "case_id_b"),
            keys=pl.concat_list("case_id", "case_id_b"),
            hospital_id="hospital_id",
            first="admission_date",
            last="admission_date_b",
            reason_code=pl.lit("refuse_transfer"),
            numbers=numbers_of(
                days=pl.col("length_of_stay"),
                times=(pl.col("points_before_return_b") / pl.col("points_before_return")).round(2),
            ),
        )
        .with_columns(file=pl.lit("none"))
    )


def _facts_of_hospitals(named: pl.DataFrame, limits: Limits) -> list[pl.DataFrame]:
    key = pl.col("hospital_id")
    told = {
        "n": pl.col("n"),
        "mcc": pl.col("hits"),
        "theta": pl.col("theta").round(4),
        "phi": pl.col("phi").round(4),
        "z": pl.col("z").round(4),
    }
    return [
        facts_of(
            named,
            f"funnel_{name}",
            "hospital_scores",
            key,
            name,
            value,
            -limits.funnel_z if name == "z" else None,
        )
        for name, value in told.items()
    ]


def _facts_of_transfers(sent: pl.DataFrame, limits: Limits) -> list[pl.DataFrame]:
    own, following = pl.col("case_id"), pl.col("case_id_b")
    before, after = "points_before_return", "points_before_return_b"
    length = pl.col("length_of_stay")
    return [
        facts_of(sent, "length", "cases", own, "length_of_stay", length, limits.short_days),
        facts_of(sent, "gap", "cases", following, "gap", pl.col("gap"), limits.next_days),
        facts_of(sent, "points", "cases", own, before, points_said(before)),
        facts_of(sent, "points", "cases", following, before, points_said(after), limits.times),
    ]


RULE = Rule(Limits, find)
