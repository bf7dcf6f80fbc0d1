"""Hits of cases that break rules of item_rules: one a case, with the rules it breaks and what they cost."""

import polars as pl

from drgpay.supervise.charges import CASE_COLUMNS
from drgpay.supervise.found import Found, facts_of, hits_of, numbers_of, stakes_of, yuan_said

BROKEN = ("rule_id", "table", "column", "value", "line", "stake_fen")
"""Of a broken rule beside CASE_COLUMNS: where the value stands, which line it is, what was charged wrongly."""


def broken_found(broken: pl.DataFrame, rule: str, checked: int, lacking: tuple[str, ...]) -> Found:
    """CASE_COLUMNS and BROKEN as hits: reason_`rule`, filled with the number of rules and the amount.

    A line that breaks several rules is at stake once, by the largest.
    """
    by_line = broken.group_by("case_id", "part", "line").agg(pl.col("stake_fen").max())
    at_stake = by_line.group_by("case_id", "part").agg(pl.col("stake_fen").sum())
    rows = (
        broken.group_by("case_id", "part")
        .agg(
            pl.col("hospital_id").first(),
            first=pl.col("date").min(),
            last=pl.col("last").max(),
            rules=pl.col("rule_id").n_unique(),
            names=pl.col("rule_id").unique().sort().str.join(" "),
        )
        .join(at_stake, on=["case_id", "part"])
        .sort("part", "case_id")
        .with_columns(
            case_ids=pl.concat_list("case_id"),
            keys=pl.concat_list("case_id"),
            reason_code=pl.lit(rule),
            numbers=numbers_of(
                rules=pl.col("rules"), names=pl.col("names"), yuan=yuan_said("stake_fen")
            ),
        )
    )
    hits = hits_of(rows)
    named = rows.with_columns(hit=hits["hit"])
    each = broken.join(named.select("case_id", "part", "hit"), on=["case_id", "part"])
    facts = [
        _facts(
            each.filter((pl.col("table") == table) & (pl.col("column") == column)), table, column
        )
        for table, column in each.select("table", "column").unique().sort("table", "column").rows()
    ]
    none = facts_of(named.clear(), "broken", "", pl.lit(""), "", pl.lit(""))
    return Found(
        hits,
        stakes_of(named.select("hit", "case_id", fen="stake_fen")),
        pl.concat([none, *facts]),
        checked=checked,
        lacking=lacking,
    )


def _facts(rows: pl.DataFrame, table: str, column: str) -> pl.DataFrame:
    value = pl.col("value") + " (" + pl.col("rule_id") + ")"
    return facts_of(rows, "broken", table, pl.col("case_id"), column, value)


def broken_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines that break a rule (with rule_id, stake_fen) as CASE_COLUMNS and BROKEN."""
    table = (
        pl.when(pl.col("part") == "visit")
        .then(pl.lit("visit_items"))
        .otherwise(pl.lit("stay_items"))
    )
    return lines.select(
        *CASE_COLUMNS,
        "rule_id",
        table.alias("table"),
        pl.lit("item_code").alias("column"),
        pl.col("item_code").alias("value"),
        pl.format("{} {}", "day", "item_code").alias("line"),
        "stake_fen",
    )


def broken_diagnoses(cases: pl.DataFrame) -> pl.DataFrame:
    """Cases of which a diagnosis breaks a rule, as CASE_COLUMNS and BROKEN; nothing is at stake by itself."""
    table = pl.when(pl.col("part") == "visit").then(pl.lit("visits")).otherwise(pl.lit("stays"))
    return cases.select(
        *CASE_COLUMNS,
        "rule_id",
        table.alias("table"),
        pl.lit("diagnosis").alias("column"),
        pl.col("met").alias("value"),
        pl.col("met").alias("line"),
        pl.lit(0, pl.Int64).alias("stake_fen"),
    )
