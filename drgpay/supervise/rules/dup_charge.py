"""dup_charge 重复收费: items that exclude each other, and further operations of a day at full price (07)."""

import polars as pl

from drgpay.base.exact import POINT_SCALE, divide_half_up, wide
from drgpay.policy.fields import Section
from drgpay.supervise.broken_items import broken_found, broken_lines
from drgpay.supervise.charges import charges_of, met_items, rules_of
from drgpay.supervise.found import Found
from drgpay.supervise.material import VISITS, Material
from drgpay.supervise.rule import Rule


class Limits(Section):
    """It has none: item_rules has pairs, prices and shares."""


_DAY = ("case_id", "part", "day")


def find(material: Material, _limits: Limits) -> Found:
    """Days of stays, and visits, with both items of a pair or a further operation above its share.

    At stake: of a pair the smaller amount, of an operation what is above share x price.
    """
    rules = rules_of(material, "pair", "discount")
    codes = pl.concat([rules["code"], rules["code2"].drop_nulls()])
    charges = charges_of(material, codes)
    broken = pl.concat([_pairs(charges, rules), _operations(charges, rules)])
    return broken_found(broken, "dup_charge", charges.select(_DAY).n_unique(), ())


def _pairs(charges: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Both items of a pair, whichever of them the rule names first."""
    first = met_items(charges, rules.filter(pl.col("kind") == "pair"))
    other = charges.select(*_DAY, code2="item_code", other_fen="amount_fen")
    both = first.join(other, on=[*_DAY, "code2"]).with_columns(
        stake_fen=pl.min_horizontal("amount_fen", "other_fen"),
        item_code=pl.concat_list("item_code", "code2").list.sort().list.join(" + "),
    )
    return broken_lines(both)


def _operations(charges: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Of the operations of a day all but the dearest (ties: the first code), above share x price.

    An item that was charged several times that day is so many operations, each at its mean.
    """
    discounted = rules.filter(pl.col("kind") == "discount")
    operations = charges.filter(
        pl.col("item_code").is_in(discounted["code"].implode())
    ).with_columns(each=pl.col("amount_fen") // pl.col("charges"))
    dearest = pl.struct(-pl.col("each"), "item_code").rank("ordinal").over(_DAY) == 1
    further = operations.with_columns(
        amount_fen=pl.col("amount_fen") - pl.when(dearest).then("each").otherwise(0),
        charges=pl.col("charges") - dearest.cast(pl.Int64),
    ).filter(pl.col("charges") > 0)
    due = divide_half_up(wide("price") * wide("share") * wide("charges"), wide(POINT_SCALE))
    above = met_items(further, discounted).with_columns(
        stake_fen=pl.col("amount_fen") - due.cast(pl.Int64)
    )
    return broken_lines(above.filter(pl.col("stake_fen") > 0))


RULE = Rule(
    Limits,
    find,
    needs=("item_rules",),
    parts=(("stay_items", "stay_items"), ("visits", VISITS)),
)
