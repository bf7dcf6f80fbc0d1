"""split_stay 分解住院: stays of a person that follow each other as one treatment would (07; S1, S2).

A natural return cannot be told from a split by these facts alone: the clue says so.
"""

from decimal import Decimal

import polars as pl

from drgpay.policy.fields import Count, PositiveCount, PositiveRatio, Section, Share
from drgpay.supervise.found import HIT_SCHEMA, Found, facts_of, hits_of, numbers_of, points_said
from drgpay.supervise.material import Material
from drgpay.supervise.planned import is_planned, planned_known
from drgpay.supervise.rule import Rule
from drgpay.supervise.score import apportioned


class Limits(Section):
    """max_gap_days: from a discharge to the next admission. same_diagnosis: first characters of the
    principal diagnosis that are compared; same_procedure: of procedures. c_all, c_some: confidence where
    all three features hold in one hospital, and where fewer do or two hospitals are concerned.
    transfer_days: gap of a transfer. worse: times the points of the stay before.
    """

    max_gap_days: Count
    same_diagnosis: PositiveCount
    same_procedure: PositiveCount
    c_all: Share
    c_some: Share
    transfer_days: Count
    worse: PositiveRatio


_COLUMNS = (
    *("case_id", "person", "hospital_id", "admission_date", "discharge_date", "department"),
    *(
        "principal_diagnosis",
        "other_diagnoses",
        "procedures",
        "adrg",
        "drg",
        "status",
        "discharge_type",
    ),
    *("admission_route", "points", "points_before_return", "total_fen", "run"),
)
_TRANSFERRED = (2.0, 3.0)
_LEFT = 4.0


def find(material: Material, limits: Limits) -> Found:
    """Chains of split stays, over months and hospitals.

    Each stake is the points paid for a chain less the largest of its stays before readmission, shared
    among the other stays in proportion to their points.
    """
    if not planned_known(material):
        return Found(hits_of(pl.DataFrame(schema=HIT_SCHEMA).drop("hit")), not_run="list:planned")
    stays = material.stays(*_COLUMNS).sort("person", "admission_date", "discharge_date", "case_id")
    pairs = _pairs(stays, material, limits)
    judged = _judged(pairs, limits)
    chains = _chains(judged.filter(pl.col("guard").is_null() & (pl.col("c") > 0)))
    members = _members(chains, stays)
    hits = _hits(members, chains)
    lacking = [] if material.listed("near_dept") is not None else ["near_dept"]
    if stays["admission_route"].is_null().all():
        lacking.append("admission_route")
    return Found(
        hits=hits,
        stakes=_stakes(members, hits),
        facts=_facts(hits, members, judged, limits),
        guards=_guards(judged),
        checked=pairs.height,
        lacking=tuple(lacking),
    )


def _pairs(stays: pl.DataFrame, material: Material, limits: Limits) -> pl.DataFrame:
    """Neighbouring stays of a person, at most max_gap_days apart, with what is compared."""
    marked = stays.with_columns(
        planned=is_planned(material),
        categories=pl.col("procedures").list.eval(pl.element().str.slice(0, limits.same_procedure)),
    )
    following = marked.select(
        *(pl.col(name).shift(-1).alias(f"{name}_b") for name in marked.columns if name != "run")
    )
    gap = (pl.col("admission_date_b") - pl.col("discharge_date")).dt.total_days()
    pairs = (
        marked.hstack(following)
        .filter(pl.col("person") == pl.col("person_b"))
        .with_columns(gap=gap)
        .filter(pl.col("gap").is_between(0, limits.max_gap_days))
    )
    near = material.listed("near_dept")
    return _with_near(pairs, near)


def _with_near(pairs: pl.DataFrame, near: pl.DataFrame | None) -> pl.DataFrame:
    if near is None:
        return pairs.with_columns(near=pl.lit(value=False))
    both = pl.concat([near, near.select(code="code2", code2="code")]).unique()
    marks = both.select(department="code", department_b="code2", near=pl.lit(value=True))
    joined = pairs.join(marks, on=["department", "department_b"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("near").fill_null(value=False))


def _judged(pairs: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """Pairs with dx, dept, treat, c, and the guard that speaks for them."""
    same = limits.same_diagnosis
    grouped = (pl.col("status") == "grouped") & (pl.col("status_b") == "grouped")
    dx = (
        pl.col("principal_diagnosis").str.slice(0, same)
        == pl.col("principal_diagnosis_b").str.slice(0, same)
    ) | (grouped & (pl.col("adrg") == pl.col("adrg_b")))
    dept = (pl.col("department") == pl.col("department_b")) | pl.col("near")
    none = (pl.col("procedures").list.len() == 0) & (pl.col("procedures_b").list.len() == 0)
    treat = none | (pl.col("categories").list.set_intersection("categories_b").list.len() > 0)
    one_hospital = pl.col("hospital_id") == pl.col("hospital_id_b")
    judged = pairs.with_columns(
        dx=dx.fill_null(value=False),
        dept=dept.fill_null(value=False),
        treat=treat.fill_null(value=False),
        one_hospital=one_hospital,
    )
    others = pl.col("dept") | pl.col("treat")
    every = pl.col("dx") & pl.col("dept") & pl.col("treat")
    c = (
        pl.when(every & pl.col("one_hospital"))
        .then(float(limits.c_all))
        .when(every | (pl.col("dx") & others & pl.col("one_hospital")))
        .then(float(limits.c_some))
        .otherwise(0.0)
    )
    judged = judged.with_columns(c=c)
    return judged.with_columns(guard=_guard(limits))


def _guard(limits: Limits) -> pl.Expr:
    link = pl.col("c") > 0
    # Before readmission: what a return halved is no sign that the next stay was worse.
    points = pl.col("points_before_return")
    worse = pl.col("points_before_return_b") * 10_000 >= points * _scaled(limits.worse)
    moved = pl.col("discharge_type").is_in(_TRANSFERRED) | (
        pl.col("admission_route_b").fill_null("") == "transfer"
    )
    away = ~pl.col("one_hospital") & (pl.col("gap") <= limits.transfer_days)
    emergency = pl.col("admission_route_b").fill_null("") == "emergency"
    return (
        pl.when(pl.col("planned") | pl.col("planned_b"))
        .then(pl.lit("planned"))
        .when(link & moved.fill_null(value=False) & away)
        .then(pl.lit("transfer"))
        .when(link & (pl.col("discharge_type").fill_null(0) == _LEFT))
        .then(pl.lit("left_against_advice"))
        .when(link & emergency & worse)
        .then(pl.lit("worse"))
    )


def _scaled(ratio: Decimal) -> int:
    return int(ratio * 10_000)


def _chains(links: pl.DataFrame) -> pl.DataFrame:
    """The links, each with the number of its chain: a link goes on where the one before it ended."""
    ordered = links.sort("person", "admission_date", "discharge_date", "case_id")
    goes_on = (pl.col("case_id") == pl.col("case_id_b").shift(1)).fill_null(value=False)
    return ordered.with_columns(chain=(~goes_on).cast(pl.Int64).cum_sum())


def _members(chains: pl.DataFrame, stays: pl.DataFrame) -> pl.DataFrame:
    """A row a stay of a chain, in its order."""
    firsts = chains.group_by("chain", maintain_order=True).agg(
        pl.col("case_id").first(), place=pl.lit(0)
    )
    others = chains.select(
        "chain",
        case_id="case_id_b",
        place=pl.int_range(1, pl.len() + 1).over("chain").cast(pl.Int32),
    )
    named = pl.concat([firsts, others.select(firsts.columns)], how="vertical_relaxed")
    return named.join(stays, on="case_id", how="left").sort("chain", "place")


def _hits(members: pl.DataFrame, chains: pl.DataFrame) -> pl.DataFrame:
    sure = chains.group_by("chain").agg(
        c=pl.col("c").min(), longest=pl.col("gap").max(), shortest=pl.col("gap").min()
    )
    rows = (
        members.group_by("chain", maintain_order=True)
        .agg(
            case_ids=pl.col("case_id"),
            keys=pl.col("case_id").slice(1, 1),
            hospital_id=pl.col("hospital_id").first(),
            hospitals=pl.col("hospital_id").n_unique(),
            first=pl.col("admission_date").min(),
            last=pl.col("discharge_date").max(),
        )
        .join(sure, on="chain", maintain_order="left")
        .with_columns(
            reason_code=pl.when(pl.col("hospitals") == 1)
            .then(pl.lit("split_stay"))
            .otherwise(pl.lit("split_stay_hospitals")),
            numbers=numbers_of(
                stays=pl.col("case_ids").list.len(),
                hospitals=pl.col("hospitals"),
                shortest=pl.col("shortest"),
                longest=pl.col("longest"),
            ),
            file=pl.lit("chain"),
        )
    )
    return hits_of(rows)


def _with_hit(members: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
    numbers = hits.select("hit", case_id=pl.col("case_ids")).explode("case_id")
    return members.join(numbers, on="case_id", how="left").sort("hit", "place")


def _stakes(members: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
    """What the stays but the one with most points before readmission (ties: first case_id) would lose."""
    rows = _with_hit(members, hits)
    most = pl.col("points_before_return").max().over("hit")
    total = pl.max_horizontal(pl.col("points").sum().over("hit") - most, pl.lit(0))
    keeps = (
        pl.struct(-pl.col("points_before_return"), pl.col("case_id")).rank("ordinal").over("hit")
        == 1
    )
    weight = pl.when(keeps).then(0).otherwise(pl.col("points"))
    return apportioned(rows.with_columns(total=total, weight=weight), "total", "weight")


def _facts(
    hits: pl.DataFrame, members: pl.DataFrame, judged: pl.DataFrame, limits: Limits
) -> pl.DataFrame:
    stays = _with_hit(members, hits)
    key = pl.col("case_id")
    links = judged.select("case_id", "gap", "dx", "dept", "treat").join(
        stays.select("hit", "case_id", "chain"), on="case_id"
    )
    following = pl.col("chain").is_in(members["chain"].implode())
    links = links.filter(following & (pl.col("gap") <= limits.max_gap_days))
    last = stays.group_by("hit").agg(case_id=pl.col("case_id").last())
    links = links.join(last, on=["hit", "case_id"], how="anti")
    return pl.concat(
        [
            facts_of(stays, "stay", "cases", key, "admission_date", pl.col("admission_date")),
            facts_of(stays, "stay", "cases", key, "discharge_date", pl.col("discharge_date")),
            facts_of(stays, "points", "cases", key, "points", points_said("points")),
            facts_of(
                stays, "route", "stays_ext", key, "admission_route", pl.col("admission_route")
            ),
            facts_of(links, "gap", "cases", key, "gap", pl.col("gap"), limits.max_gap_days),
            *(
                facts_of(links, name, "stays", key, name, pl.col(name))
                for name in ("dx", "dept", "treat")
            ),
        ]
    )


def _guards(judged: pl.DataFrame) -> pl.DataFrame:
    return judged.drop_nulls("guard").select(
        case_ids=pl.concat_list("case_id", "case_id_b"),
        guard="guard",
        fact=pl.format("gap={}", "gap"),
    )


RULE = Rule(Limits, find, books="all_but_most")
