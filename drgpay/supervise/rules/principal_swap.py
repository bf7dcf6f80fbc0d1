"""principal_swap 低码高编: another diagnosis of the stay as the principal one gives a cheaper group (07).

Most swaps are innocent: the rule is off where a file of rules does not turn it on.
"""

import polars as pl

from drgpay.policy.fields import PositiveCount, Section, Share
from drgpay.supervise.found import (
    HIT_SCHEMA,
    Found,
    facts_of,
    hits_of,
    numbers_of,
    points_said,
    stakes_of,
    yuan_said,
)
from drgpay.supervise.material import Material, Rated
from drgpay.supervise.rule import Rule
from drgpay.supervise.rules.up_coding import COLUMNS, cheaper, posterior, with_likelihood_ratio
from drgpay.supervise.severity_groups import grouped_again


class Limits(Section):
    """prior: that a swap was made. c_from: a hit. min_level_cases: of the mean of a level."""

    prior: Share
    c_from: Share
    min_level_cases: PositiveCount


def find(material: Material, limits: Limits) -> Found:
    """Stays whose cost fits a cheaper, stable group better, which another of their diagnoses leads to.

    A stay is one clue, of the diagnosis with the largest c (ties: the first code); at stake is what it
    would have earned less, before adjustments.
    """
    stays = material.stays(*COLUMNS, current=True).filter(
        (pl.col("payment_unit") == "drg")
        & (pl.col("status") == "grouped")
        & (pl.col("other_diagnoses").list.len() > 0)
    )
    parts = [
        _tried(mine, run, limits)
        for number, run in enumerate(material.runs)
        if (mine := stays.filter(pl.col("run") == number)).height
    ]
    if not parts:
        return Found(hits_of(pl.DataFrame(schema=HIT_SCHEMA).drop("hit")))
    best = (
        pl.concat(parts)
        .filter(pl.col("c") >= float(limits.c_from))
        .sort(["stay", "c", "principal_diagnosis"], descending=[False, True, False])
        .unique("stay", keep="first", maintain_order=True)
        .with_columns(stake=pl.col("points_own") - pl.col("points_low"))
    )
    return _found(best, limits, stays.height)


def _tried(stays: pl.DataFrame, run: Rated, limits: Limits) -> pl.DataFrame:
    """A row for each swap of the stays of a run that would earn less, with `stay` and c."""
    swaps = swapped(stays)
    again = grouped_again(run.compiled, swaps)
    less = cheaper(swaps.join(again, on="case_id"), run)
    judged = with_likelihood_ratio(less, run, limits.min_level_cases)
    return judged.with_columns(c=posterior(pl.lit(float(limits.prior)), pl.col("lr")))


def swapped(stays: pl.DataFrame) -> pl.DataFrame:
    """Each stay with each of its other diagnoses as the principal one, which takes the other's place.

    `stay`, `principal_was`: its case_id and principal diagnosis; case_id is one of the swap.
    """
    each = (
        stays.with_columns(
            stay="case_id", principal_was="principal_diagnosis", others="other_diagnoses"
        )
        .explode("others")
        .filter(pl.col("others") != pl.col("principal_was"))
        .unique(["stay", "others"])
    )
    # No list function takes a column of values to replace by: the rows of the codes are made again.
    codes = (
        each.select("stay", "others", "principal_was", code="other_diagnoses")
        .with_columns(place=pl.int_ranges(pl.col("code").list.len()))
        .explode("code", "place")
        .with_columns(
            code=pl.when(pl.col("code") == pl.col("others")).then("principal_was").otherwise("code")
        )
        .sort("stay", "others", "place")
        .group_by("stay", "others", maintain_order=True)
        .agg(other_diagnoses=pl.col("code"))
    )
    return (
        each.drop("other_diagnoses")
        .join(codes, on=["stay", "others"])
        .with_columns(case_id=pl.format("{}\x1f{}", "stay", "others"), principal_diagnosis="others")
        .drop("others")
        .sort("case_id")
    )


def _found(best: pl.DataFrame, limits: Limits, checked: int) -> Found:
    rows = best.with_columns(
        case_ids=pl.concat_list("stay"),
        keys=pl.concat_list("stay"),
        first="admission_date",
        last="discharge_date",
        reason_code=pl.lit("principal_swap"),
        numbers=numbers_of(
            drg=pl.col("drg"), low=pl.col("low_drg"), code=pl.col("principal_diagnosis")
        ),
    )
    hits = hits_of(rows)
    named = best.with_columns(hit=hits["hit"])
    key = pl.col("stay")
    return Found(
        hits,
        stakes_of(named.select("hit", case_id="stay", points="stake")),
        pl.concat(
            [
                facts_of(named, "group", "cases", key, "drg", pl.col("drg")),
                facts_of(named, "swap_group", "cases", key, "low_drg", pl.col("low_drg")),
                facts_of(
                    named,
                    "swap",
                    "stays",
                    key,
                    "principal_diagnosis",
                    pl.col("principal_diagnosis"),
                ),
                facts_of(named, "cost", "cases", key, "total_cost", yuan_said("total_fen")),
                facts_of(named, "points", "cases", key, "points_before", points_said("points_own")),
                facts_of(
                    named, "swap_points", "cases", key, "points_low", points_said("points_low")
                ),
                facts_of(named, "ratio", "cases", key, "lr", pl.col("lr").round(4), limits.c_from),
            ]
        ),
        checked=checked,
    )


RULE = Rule(Limits, find)
