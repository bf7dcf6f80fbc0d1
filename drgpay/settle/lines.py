"""Statement lines: what of a hospital is settled together (docs/settlement.md, "Lines")."""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import refuse_large_sums, refuse_large_totals, scaled
from drgpay.base.words import Sentences
from drgpay.policy.adjustment_rows import EARLIER_STAYS, no_adjustments, takes_deducted_points
from drgpay.policy.model import Policy
from drgpay.policy.settlement import Settlement
from drgpay.settle.narrow import AMOUNTS, NarrowCases
from drgpay.settle.pools import pools_of

_ERRORS = Sentences("errors/settle")

LINE = ["hospital_id", "account", "out_of_area", "payment"]
"""A statement line: `payment` is `points`, or `item_by_item` for stays outside the points."""

NO_ADJUSTMENTS = no_adjustments()

PAYMENT_SCHEMA: dict[str, pl.DataType] = {
    "hospital_id": pl.String(),
    "account": pl.String(),
    "amount_fen": pl.Int64(),
}
NO_PAYMENTS = pl.DataFrame(schema=PAYMENT_SCHEMA)

Row = dict[str, Any]


def with_payment(cases: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Add how each case is paid, or each kind of cases: by `points` or `item_by_item`.

    Outside cases need the price of the local ones: in a pool without local cases paid by points
    they are paid item by item. A rate that is given is a price without them.
    """
    by_item = (pl.col("case_class") == "fee") | (
        pl.col("out_of_area") & pl.col("account").is_in(unpriced_accounts(cases, policy))
    )
    payment = pl.when(by_item).then(pl.lit("item_by_item")).otherwise(pl.lit("points"))
    return cases.with_columns(payment=payment.cast(cases.schema["account"]))


def unpriced_accounts(cases: pl.DataFrame, policy: Policy) -> list[str]:
    """The accounts whose outside cases have no price. cases: all of a period, or their kinds."""
    rules, pools = policy.settlement, pools_of(policy)
    if rules.out_of_area == "excluded":
        return list(policy.records.accounts)
    if rules.out_of_area == "pooled" or rules.method == "rate":
        return []
    local = ~pl.col("out_of_area") & (pl.col("case_class") != "fee")
    priced = set(cases.filter(local)["account"].unique().to_list())
    return [
        account for pool in pools if not priced & set(pool.accounts) for account in pool.accounts
    ]


def outside_by_item(adjustments: pl.DataFrame, cases: NarrowCases) -> pl.Series:
    """The outside cases that are paid item by item, of those whose hospital loses points.

    cases: their kinds with payment.
    """
    to_hospital = pl.col("applies_to") == "hospital"
    ids = adjustments.filter(to_hospital & pl.col("out_of_area"))["case_id"].unique()
    if not len(ids):
        return ids
    found = cases.order.places(ids).with_columns(ids).filter(~pl.col("absent"))
    of_case = cases.kinds.select("out_of_area", "payment")[cases.kind[found["place"].to_numpy()]]
    outside = of_case["out_of_area"] & (of_case["payment"] == "item_by_item")
    return found["case_id"].filter(outside)


def with_bearing_line(
    adjustments: pl.DataFrame, by_item: pl.Series, unpriced: Iterable[str], policy: Policy
) -> pl.DataFrame:
    """Add `payment`, `deducts` and `earlier`, and set `out_of_area` to that of the line that bears
    the row.

    A minus row lands on the points of the hospital. Where its case is outside and paid item by
    item, that is the hospital's local line. by_item: such cases (outside_by_item). unpriced: of
    unpriced_accounts. deducts: whether the row is points that a deduction
    takes from what is paid by points. earlier: whether it is on a stay that an earlier run paid.
    """
    to_hospital = pl.col("applies_to") == "hospital"
    deducts = takes_deducted_points(policy.points)
    local = to_hospital & pl.col("case_id").is_in(by_item.implode())
    unpaid = pl.col("out_of_area") & pl.col("account").is_in(list(unpriced))
    return adjustments.with_columns(
        out_of_area=pl.col("out_of_area") & ~local,
        payment=pl.when(to_hospital).then(pl.lit("points")),
        # What a stay of the class fee loses is 0 points.
        deducts=deducts & (to_hospital | ~unpaid) & (pl.col("points") != 0),
        earlier=to_hospital & pl.col("kind").is_in(EARLIER_STAYS),
    )


def line_rows(
    cases: NarrowCases,
    adjustments: pl.DataFrame,
    others: Iterable[Mapping[str, Any]],
    policy: Policy,
) -> list[Row]:
    """The lines of cases, minus rows and others, sorted: what they earned and cost.

    cases: their kinds with payment; adjustments: of with_bearing_line. others: keys of LINE that are lines even
    without cases. A row has LINE, pool, in_pool, paid_here, cases, points (with the minus),
    minus_points, deducted_points (what deductions take, above zero), AMOUNTS, and of the points
    those of rows of hospitals (minus_deducted), and on earlier stays (earlier_points,
    earlier_deducted).
    Raises DrgpayError for sums beyond what can be settled.
    """
    refuse_large_totals(cases.totals, _ERRORS.words("all_cases"))
    refuse_large_sums(adjustments, ("points",), _ERRORS.words("all_adjustments"))
    pool_of = {account: pool.name for pool in pools_of(policy) for account in pool.accounts}
    sums = (
        cases.kinds.group_by(LINE).agg(pl.col("cases", "points", *AMOUNTS).sum()).rows(named=True)
    )
    nothing = {"cases": 0, "points": 0, **dict.fromkeys(AMOUNTS, 0)}
    lines = {line_key(row): {**row, **dict.fromkeys(_ROW_POINTS, 0)} for row in sums}
    for row in _row_sums(adjustments):
        line = lines.setdefault(line_key(row), _line_of(line_key(row)) | nothing | row)
        line["points"] += row["minus_points"]
        line |= {name: row[name] for name in _ROW_POINTS}
    for other in others:
        bare = _line_of(line_key(other)) | nothing | dict.fromkeys(_ROW_POINTS, 0)
        lines.setdefault(line_key(other), bare)
    return [line | _place(line, pool_of, policy.settlement) for _, line in sorted(lines.items())]


_ROW_POINTS = (
    *("minus_points", "deducted_points", "minus_deducted"),
    *("earlier_points", "earlier_deducted"),
)


def _row_sums(adjustments: pl.DataFrame) -> list[Row]:
    """What adjustments take from each line, beside what is in the points of its cases."""
    to_hospital, points = pl.col("applies_to") == "hospital", pl.col("points")
    earlier, deducts = pl.col("earlier"), pl.col("deducts")
    return (
        adjustments.filter((points != 0) & (to_hospital | deducts))
        .with_columns(payment=pl.lit("points"))
        .group_by(LINE)
        .agg(
            minus_points=points.filter(to_hospital).sum(),
            deducted_points=-points.filter(deducts).sum(),
            minus_deducted=-points.filter(deducts & to_hospital).sum(),
            earlier_points=points.filter(earlier).sum(),
            earlier_deducted=-points.filter(earlier & deducts).sum(),
        )
        .rows(named=True)
    )


def levels_of(hospitals: pl.DataFrame) -> dict[str, str]:
    """hospital_id -> level."""
    return dict(hospitals.select("hospital_id", "level").iter_rows())


def rate_of(line: Row, rules: Settlement, levels: Mapping[str, str] | None) -> tuple[str, int]:
    """The level of a line's hospital, and the value of a point there, in units of 10^-places.

    The value is the rate of account and level / 100, as given (C22). Raises DrgpayError for a
    hospital without a level, or an account and level without a rate.
    """
    level = (levels or {}).get(line["hospital_id"])
    if level is None:
        raise DrgpayError(*_ERRORS("no_level", hospital=line["hospital_id"]))
    for rate in rules.rates:
        if (rate.account, rate.level) == (line["account"], level):
            return level, scaled(rate.yuan, rules.value_places - 2)
    said = {"account": line["account"], "level": level, "hospital": line["hospital_id"]}
    raise DrgpayError(*_ERRORS("no_rate", key=rules.key, **said))


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
