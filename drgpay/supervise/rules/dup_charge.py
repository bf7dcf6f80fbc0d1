"""dup_charge 重复收费: items that exclude each other, and further operations of a day at full price (07)."""

import polars as pl

from drgpay.policy.fields import Section
from drgpay.supervise.broken_items import broken_found, broken_lines
from drgpay.supervise.charges import CASE_COLUMNS, charges_of, met_items, rules_of
from drgpay.supervise.found import Found
from drgpay.supervise.material import VISITS, Material
from drgpay.supervise.rule import Rule


class Limits(Section):
    """It has none: item_rules has pairs, prices and shares."""


_SHARE = 10_000
_DAY = ("case_id", "part", "day")


def find(material: Material, _limits: Limits) -> Found:
    """Days of stays, and visits, with both items of a pair or a further operation above its share.

    At stake: of a pair the smaller amount, of an operation what is above share x price.
    """
    rules = rules_of(material, "pair", "discount")
    codes = pl.concat([rules["code"], rules["code2"].drop_nulls()])
    charges = _of_days(charges_of(material, codes))
    broken = pl.concat([_pairs(charges, rules), _operations(charges, rules)])
    return broken_found(broken, "dup_charge", charges.select(_DAY).n_unique(), ())


def _of_days(charges: pl.DataFrame) -> pl.DataFrame:
    """What each item costs on a day of a case, less refunds; items whose charges were taken back are out."""
    about = [name for name in CASE_COLUMNS if name not in _DAY]
    return (
        charges.group_by(*_DAY, "item_code")
        .agg(
            *(pl.col(name).first() for name in about),
            pl.col("quantity").sum(),
            pl.col("amount_fen").sum(),
        )
        .filter(pl.col("amount_fen") > 0)
        .select(*CASE_COLUMNS, "day", "item_code", "quantity", "amount_fen")
    )


def _pairs(charges: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    first = met_items(charges, rules.filter(pl.col("kind") == "pair"))
    other = charges.select(*_DAY, code2="item_code", other_fen="amount_fen")
    both = first.join(other, on=[*_DAY, "code2"]).with_columns(
        stake_fen=pl.min_horizontal("amount_fen", "other_fen"),
        item_code=pl.col("item_code") + " + " + pl.col("code2"),
    )
    return broken_lines(both)


def _operations(charges: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Of the operations of a day all but the dearest (ties: the first code), above share x price."""
    met = met_items(charges, rules.filter(pl.col("kind") == "discount"))
    dearest = pl.struct(-pl.col("amount_fen"), "item_code").rank("ordinal").over(_DAY) == 1
    due = (pl.col("price") * pl.col("share") * pl.col("quantity") / _SHARE).round(
        0, mode="half_away_from_zero"
    )
    above = met.filter(~dearest).with_columns(stake_fen=pl.col("amount_fen") - due.cast(pl.Int64))
    return broken_lines(above.filter(pl.col("stake_fen") > 0))


RULE = Rule(
    Limits,
    find,
    needs=("item_rules",),
    parts=(("stay_items", "stay_items"), ("visits", VISITS)),
)
