"""doctor: a doctor whose stays are clues far more often than those of the hospital's other doctors (07).

No table names a doctor: a clue has a salted number in its id, and the stays that count. Whose they are is
found in the records by those who may see them.
"""

import polars as pl

from drgpay.policy.fields import PositiveCount, PositiveRatio, Section
from drgpay.supervise.clue_ids import hash_of
from drgpay.supervise.found import HIT_SCHEMA, Found, facts_of, hits_of, numbers_of, stakes_of
from drgpay.supervise.funnel import each_other, with_funnel
from drgpay.supervise.material import Material
from drgpay.supervise.rule import Rule


class Limits(Section):
    """min_n: stays of a doctor who is judged. funnel_z: high side."""

    min_n: PositiveCount
    funnel_z: PositiveRatio


COUNTED = ("low_admission", "up_coding", "clone")
"""The rules of which clues count."""


def find(material: Material, limits: Limits) -> Found:
    """Doctors beyond the funnel of the other doctors of their hospital. It ranks only."""
    stays = material.stays(
        "case_id", "hospital_id", "doctor", "discharge_date", current=True
    ).filter(pl.col("doctor").is_not_null())
    missing = [name for name in COUNTED if name not in material.earlier]
    if stays.is_empty():
        return Found(_NONE, not_run="table:stays_ext")
    if len(missing) == len(COUNTED):
        return Found(_NONE, not_run=";".join(f"rule:{name}" for name in missing))
    clues = counted_stays(material)
    judged = shares_of_doctors(stays, clues, limits.min_n)
    high = judged.filter(pl.col("z") >= float(limits.funnel_z)).sort("hospital_id", "doctor")
    mine = stays.filter(pl.col("case_id").is_in(clues["case_id"].implode()))
    rows = high.join(
        mine.sort("case_id")
        .group_by("hospital_id", "doctor")
        .agg(
            case_ids=pl.col("case_id"),
            first=pl.col("discharge_date").min(),
            last=pl.col("discharge_date").max(),
        ),
        on=["hospital_id", "doctor"],
    ).sort("hospital_id", "doctor")
    salt = sorted(run.run_id for run in material.runs)
    numbers = [hash_of((*salt, str(one))) for one in rows["doctor"].to_list()]
    hits = hits_of(
        rows.with_columns(
            keys=pl.concat_list("hospital_id", pl.Series(numbers, dtype=pl.String)),
            reason_code=pl.lit("doctor"),
            numbers=numbers_of(
                count=pl.col("hits"),
                n=pl.col("n"),
                percent=(pl.col("hits") / pl.col("n") * 100).round(1),
                others=(pl.col("theta") * 100).round(1),
            ),
            file=pl.lit("none"),
        )
    )
    named = rows.with_columns(hit=hits["hit"])
    each = named.select("hit", case_id="case_ids").explode("case_id")
    few = judged.filter(pl.col("n") < limits.min_n).height
    counted = {"few_stays": few, "no_spread": judged["z"].null_count() - few}
    return Found(
        hits,
        stakes_of(each.with_columns(points=pl.lit(0, pl.Int64))),
        _facts(named, each, clues, limits),
        checked=judged["z"].count(),
        not_judged={name: count for name, count in counted.items() if count},
        lacking=tuple(f"rule:{name}" for name in missing),
    )


_NONE = hits_of(pl.DataFrame(schema=HIT_SCHEMA).drop("hit"))


def counted_stays(material: Material) -> pl.DataFrame:
    """rule, case_id: the stays of the clues that count, once a rule."""
    found = [
        hits.select(rule=pl.lit(name), case_id="case_ids").explode("case_id")
        for name, hits in sorted(material.earlier.items())
    ]
    return pl.concat(found).drop_nulls("case_id").unique().sort("rule", "case_id")


def shares_of_doctors(stays: pl.DataFrame, clues: pl.DataFrame, min_n: int) -> pl.DataFrame:
    """hospital_id, doctor, n, hits, theta, z, phi: each doctor beside the others of the hospital."""
    counts = pl.col("case_id").is_in(clues["case_id"].implode())
    rows = (
        stays.with_columns(counts=counts)  # before it is grouped: in a group each would ask anew
        .group_by("hospital_id", "doctor")
        .agg(n=pl.len(), hits=pl.col("counts").sum())
        .sort("hospital_id", "doctor")
    )
    return with_funnel(rows, each_other(rows["hospital_id"].to_list()), min_n)


def _facts(
    named: pl.DataFrame, each: pl.DataFrame, clues: pl.DataFrame, limits: Limits
) -> pl.DataFrame:
    """The funnel, and how many stays each rule speaks of."""
    key = pl.col("hospital_id")
    told = {
        "n": pl.col("n"),
        "hits": pl.col("hits"),
        "theta": pl.col("theta").round(4),
        "phi": pl.col("phi").round(4),
        "z": pl.col("z").round(4),
    }
    by_rule = (
        each.join(clues, on="case_id")
        .group_by("hit", "rule")
        .agg(count=pl.len())
        .join(named.select("hit", "hospital_id"), on="hit")
    )
    facts = [
        facts_of(
            named,
            f"funnel_{name}",
            "stays_ext",
            key,
            name,
            value,
            {"n": limits.min_n, "z": limits.funnel_z}.get(name),
        )
        for name, value in told.items()
    ]
    facts.append(facts_of(by_rule, "clues_of", "clues", pl.col("rule"), "count", pl.col("count")))
    return pl.concat(facts)


RULE = Rule(Limits, find, after=COUNTED)
