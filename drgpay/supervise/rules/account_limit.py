"""account_limit: an item or a diagnosis that the patient's insurance does not pay (07)."""

import polars as pl

from drgpay.policy.fields import Section
from drgpay.supervise.broken_items import broken_diagnoses, broken_found, broken_lines
from drgpay.supervise.charges import cases_of, charges_of, met_diagnoses, met_items, rules_of
from drgpay.supervise.found import Found
from drgpay.supervise.material import VISITS, Material
from drgpay.supervise.rule import Rule


class Limits(Section):
    """It has none: item_rules says which accounts pay."""


def find(material: Material, _limits: Limits) -> Found:
    """Stays and visits against the kind `account`; at stake are the amounts of the lines."""
    rules = rules_of(material, "account")
    cases = cases_of(material)
    lines = met_items(charges_of(material, rules["code"]), rules).filter(_not_paid())
    coded = met_diagnoses(cases, rules).filter(_not_paid())
    broken = pl.concat(
        [broken_lines(lines.with_columns(stake_fen="amount_fen")), broken_diagnoses(coded)]
    )
    return broken_found(broken, "account_limit", cases.height, ())


def _not_paid() -> pl.Expr:
    paying = pl.col("accounts").fill_null("").str.split(";")
    return ~paying.list.contains(pl.col("account"))


RULE = Rule(
    Limits,
    find,
    needs=("item_rules",),
    parts=(("stay_items", "stay_items"), ("visits", VISITS)),
)
