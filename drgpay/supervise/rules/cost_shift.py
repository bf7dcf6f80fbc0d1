"""cost_shift 转嫁: what belongs to a stay is charged to visits around it, or to the patient (07)."""

from datetime import timedelta

import polars as pl

from drgpay.policy.fields import Count, PositiveCount, PositiveRatio, Section, Share
from drgpay.supervise.found import (
    GUARD_SCHEMA,
    HIT_SCHEMA,
    Found,
    facts_of,
    hits_of,
    numbers_of,
    stakes_of,
    stay_rows,
    yuan_said,
)
from drgpay.supervise.material import VISITS, Material
from drgpay.supervise.robust import with_robust_z
from drgpay.supervise.rule import Rule


class Limits(Section):
    """days_before: of a visit before the admission. kinds: of lines that count. same_department_days: visits
    of the department that admits, so many days before, are shown and not counted. min_group, robust_z: of
    the share that patients pay themselves; added: to it before the logarithm.
    """

    days_before: Count
    kinds: tuple[str, ...]
    same_department_days: Count
    min_group: PositiveCount
    robust_z: PositiveRatio
    added: Share


_COLUMNS = (
    *("case_id", "person", "hospital_id", "admission_date", "discharge_date", "department"),
    *("drg", "status", "total_fen", "self_pay_fen"),
)


def find(material: Material, limits: Limits) -> Found:
    """Stays with such visits (part `visits`), and stays whose patients pay unusually much (`self_pay`).

    At stake: the sum of the lines; what is above the median share of the group.
    """
    stays = material.stays(*_COLUMNS, current=True)
    told = stays["self_pay_fen"].is_not_null().any()
    if not material.has(VISITS) and not told:
        return Found(
            hits_of(pl.DataFrame(schema=HIT_SCHEMA).drop("hit")), not_run=f"table:{VISITS}"
        )
    around = _around(material, stays, limits)
    counted = around.filter(~pl.col("admitting"))
    visited = (
        counted.group_by("case_id")
        .agg(visits=pl.len(), stake_fen=pl.col("amount_fen").sum())
        .join(stays, on="case_id")
        .with_columns(
            part=pl.lit("visits"),
            reason_code=pl.lit("cost_shift_visits"),
            numbers=numbers_of(visits=pl.col("visits"), yuan=yuan_said("stake_fen")),
        )
    )
    paid, not_judged = _self_paid(stays, limits)
    columns = [*_COLUMNS, "part", "stake_fen", "reason_code", "numbers"]
    # By case and part: stay_rows keeps the order of the parts.
    rows = stay_rows(
        pl.concat([visited.select(columns), paid.select(columns)]).sort("case_id", "part")
    )
    hits = hits_of(rows)
    named = rows.with_columns(hit=hits["hit"])
    of_visits = counted.join(
        named.filter(pl.col("part") == "visits").select("hit", "case_id"), on="case_id"
    )
    own = named.filter(pl.col("part") == "self_pay")
    visit, case = pl.col("visit_id"), pl.col("case_id")
    guards = around.filter("admitting").select(
        case_ids=pl.concat_list("case_id"), guard=pl.lit("admitting_visit"), fact="visit_id"
    )
    return Found(
        hits,
        stakes_of(named.select("hit", "case_id", fen="stake_fen")),
        pl.concat(
            [
                facts_of(
                    of_visits, "visit_date", "visits", visit, "visit_date", pl.col("visit_date")
                ),
                facts_of(
                    of_visits, "lines", "visit_items", visit, "amount", yuan_said("amount_fen")
                ),
                facts_of(
                    own, "self_pay", "stays_ext", case, "self_pay_cost", yuan_said("self_pay_fen")
                ),
                facts_of(own, "cost", "cases", case, "total_cost", yuan_said("total_fen")),
            ]
        ),
        guards=guards.select(pl.col(name).cast(of) for name, of in GUARD_SCHEMA.items()),
        checked=stays.height,
        not_judged={"small_group": not_judged} if not_judged else {},
        lacking=() if told else ("self_pay",),
    )


def _around(material: Material, stays: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """case_id, visit_id, visit_date, amount_fen, admitting: visits at the hospital around a stay, each for the
    stay whose admission is nearest (ties: the earlier), with the sum of the lines that count.
    """
    before = timedelta(days=limits.days_before)
    visits = material.visits(
        "visit_id", "visit", "person", "hospital_id", "visit_date", "department"
    ).filter(pl.col("person").is_not_null())
    apart = (pl.col("visit_date") - pl.col("admission_date")).dt.total_days()
    near = (
        visits.rename({"department": "of_department"})
        .join(stays.drop_nulls("person"), on=["person", "hospital_id"])
        .filter(
            (pl.col("visit_date") >= pl.col("admission_date") - before)
            & (
                (pl.col("visit_date") < pl.col("discharge_date"))
                | (pl.col("visit_date") == pl.col("admission_date"))
            )
        )
        .with_columns(apart=apart)
        .sort(pl.col("visit"), pl.col("apart").abs(), "admission_date", "case_id")
        .unique("visit", keep="first", maintain_order=True)
    )
    wanted = pl.Series(sorted(limits.kinds), dtype=pl.String)
    sums = (
        material.lines("visit", "item_kind", "amount_fen")
        .filter(pl.col("item_kind").is_in(wanted.implode()))
        .join(near.select("visit"), on="visit", how="semi")
        .group_by("visit")
        .agg(pl.col("amount_fen").sum())
        .filter(pl.col("amount_fen") > 0)
    )
    same = (pl.col("of_department") == pl.col("department")).fill_null(value=False)
    days = pl.col("apart").is_between(-limits.same_department_days, 0)
    return (
        near.join(sums, on="visit")
        .with_columns(admitting=same & days)
        .select("case_id", "visit_id", "visit_date", "amount_fen", "admitting")
        .sort("case_id", "visit_date", "visit_id")
    )


def _self_paid(stays: pl.DataFrame, limits: Limits) -> tuple[pl.DataFrame, int]:
    """Stays whose share of self-pay lies beyond the limit; and how many are in groups that are too small."""
    known = stays.filter(
        (pl.col("status") == "grouped")
        & pl.col("self_pay_fen").is_not_null()
        & (pl.col("total_fen") > 0)
    )
    share = pl.col("self_pay_fen") / pl.col("total_fen")
    logs = known.with_columns(log=(share + float(limits.added)).log())
    judged = with_robust_z(logs, "log", ["drg"])
    enough = pl.col("members") >= limits.min_group
    median = (pl.col("median").exp() - float(limits.added)).clip(0)
    above = pl.col("self_pay_fen") - (median * pl.col("total_fen")).round().cast(pl.Int64)
    found = judged.filter(enough & (pl.col("z") > float(limits.robust_z))).with_columns(
        part=pl.lit("self_pay"),
        stake_fen=above,
        reason_code=pl.lit("cost_shift_self_pay"),
        numbers=numbers_of(
            percent=(share * 100).round(1), median=(median * 100).round(1), drg=pl.col("drg")
        ),
    )
    return found, judged.filter(~enough).height


RULE = Rule(Limits, find, parts=(("visits", VISITS),))
