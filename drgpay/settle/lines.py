"""Statement lines: what of a hospital is settled together (docs/settlement.md, "Lines")."""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from drgpay.exact import refuse_large_sums
from drgpay.points.adjustments import no_adjustments
from drgpay.policy.model import Policy
from drgpay.policy.settlement import Settlement
from drgpay.settle.pools import pools_of

LINE = ["hospital_id", "account", "out_of_area", "payment"]
"""A statement line: `payment` is `points`, or `item_by_item` for stays outside the points."""

AMOUNTS = ["total_fen", "fund_fen", "patient_fen", "other_fen"]

LINE_SCHEMA = {
    "hospital_id": pl.String(),
    "account": pl.String(),
    "out_of_area": pl.Boolean(),
    "payment": pl.String(),
    "pool": pl.String(),
    "in_pool": pl.Boolean(),
    "paid_here": pl.Boolean(),
    "cases": pl.Int64(),
    "points": pl.Int64(),
    "minus_points": pl.Int64(),
    **dict.fromkeys(AMOUNTS, pl.Int64()),
    "standard_fen": pl.Int64(),
    "distributed_fen": pl.Int64(),
    "fund_amount_fen": pl.Int64(),
}

NO_ADJUSTMENTS = no_adjustments()

PAYMENT_SCHEMA: dict[str, pl.DataType] = {
    "hospital_id": pl.String(),
    "account": pl.String(),
    "amount_fen": pl.Int64(),
}
NO_PAYMENTS = pl.DataFrame(schema=PAYMENT_SCHEMA)

Row = dict[str, Any]


def with_payment(cases: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Add how each case is paid: by `points` or `item_by_item`.

    Outside cases need the price of the local ones: in a pool without local cases paid by points
    they are paid item by item.
    """
    rules = policy.settlement
    by_item = pl.col("case_class") == "fee"
    if rules.out_of_area == "excluded":
        by_item |= pl.col("out_of_area")
    elif rules.out_of_area == "same_price":
        priced = cases.select("account", local=~by_item & ~pl.col("out_of_area"))
        local = priced.filter("local")["account"].unique().to_list()
        unpriced = [
            account
            for pool in pools_of(policy)
            if not set(pool.accounts) & set(local)
            for account in pool.accounts
        ]
        if unpriced:
            by_item |= pl.col("account").is_in(unpriced)
    payment = pl.when(by_item).then(pl.lit("item_by_item")).otherwise(pl.lit("points"))
    return cases.with_columns(payment=payment.cast(cases.schema["account"]))


def with_bearing_line(adjustments: pl.DataFrame, cases: pl.DataFrame) -> pl.DataFrame:
    """Add `payment`, and set `out_of_area` to that of the line that bears the row.

    A minus row lands on the points of the hospital. Where its case is outside and paid item by
    item, that is the hospital's local line.
    """
    to_hospital = pl.col("applies_to") == "hospital"
    concerned = adjustments.filter(to_hospital & pl.col("out_of_area")).select("case_id")
    by_item = pl.Series("case_id", [], dtype=pl.String)
    if concerned.height:
        paid_by_item = cases.filter(pl.col("out_of_area") & (pl.col("payment") == "item_by_item"))
        by_item = paid_by_item.join(concerned, on="case_id", how="semi")["case_id"]
    local = to_hospital & pl.col("case_id").is_in(by_item.implode())
    return adjustments.with_columns(
        out_of_area=pl.col("out_of_area") & ~local,
        payment=pl.when(to_hospital).then(pl.lit("points")),
    )


def line_rows(
    cases: pl.DataFrame,
    adjustments: pl.DataFrame,
    others: Iterable[Mapping[str, Any]],
    policy: Policy,
) -> list[Row]:
    """The lines of cases, minus rows and others, sorted: what they earned and cost.

    cases, adjustments: with payment. others: keys of LINE that are lines even without cases.
    A row has LINE, pool, in_pool, paid_here, cases, points (with the minus), minus_points and AMOUNTS.
    Raises DrgpayError for sums beyond what can be settled.
    """
    refuse_large_sums(cases, ("points", *AMOUNTS), "cases")
    refuse_large_sums(adjustments, ("points",), "adjustments")
    pool_of = {account: pool.name for pool in pools_of(policy) for account in pool.accounts}
    sums = (
        cases.group_by(LINE)
        .agg(pl.len().cast(pl.Int64).alias("cases"), pl.col("points", *AMOUNTS).sum())
        .rows(named=True)
    )
    nothing = {"cases": 0, "points": 0, **dict.fromkeys(AMOUNTS, 0)}
    lines = {line_key(row): {**row, "minus_points": 0} for row in sums}
    minus = (
        adjustments.filter((pl.col("applies_to") == "hospital") & (pl.col("points") != 0))
        .group_by(LINE)
        .agg(pl.col("points").sum())
        .rows(named=True)
    )
    for row in minus:
        line = lines.setdefault(
            line_key(row), _line_of(line_key(row)) | nothing | {"minus_points": 0}
        )
        line["points"] += row["points"]
        line["minus_points"] += row["points"]
    for other in others:
        lines.setdefault(line_key(other), _line_of(line_key(other)) | nothing | {"minus_points": 0})
    return [line | _place(line, pool_of, policy.settlement) for _, line in sorted(lines.items())]


def _place(line: Row, pool_of: Mapping[str, str], rules: Settlement) -> Row:
    """Which pool a line belongs to, and who pays it: home funds pay for outside patients."""
    paid_here = not line["out_of_area"] or rules.out_of_area == "pooled"
    in_pool = line["payment"] == "points" and paid_here
    return {"pool": pool_of[line["account"]], "in_pool": in_pool, "paid_here": paid_here}


def line_key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """The line that a row belongs to."""
    return tuple(row[column] for column in LINE)


def _line_of(key: tuple[Any, ...]) -> Row:
    return dict(zip(LINE, key, strict=True))
