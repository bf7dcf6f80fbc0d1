"""sex_age: a diagnosis or an item that the patient's sex or age does not allow (07)."""

import polars as pl

from drgpay.policy.fields import Section
from drgpay.supervise.broken_items import broken_diagnoses, broken_found, broken_lines
from drgpay.supervise.charges import cases_of, charges_of, met_diagnoses, met_items, rules_of
from drgpay.supervise.found import Found
from drgpay.supervise.material import VISITS, Material
from drgpay.supervise.rule import Rule


class Limits(Section):
    """It has none: item_rules says who is allowed."""


def find(material: Material, _limits: Limits) -> Found:
    """Stays and visits against the kinds `sex` and `age`; at stake are the amounts of the lines.

    Whose sex or age is not known breaks no rule.
    """
    rules = rules_of(material, "sex", "age")
    cases = cases_of(material)
    lines = met_items(charges_of(material, rules["code"]), rules).filter(_not_allowed())
    coded = met_diagnoses(cases, rules).filter(_not_allowed())
    broken = pl.concat(
        [broken_lines(lines.with_columns(stake_fen="amount_fen")), broken_diagnoses(coded)]
    )
    return broken_found(broken, "sex_age", cases.height, ())


def _not_allowed() -> pl.Expr:
    sex = (pl.col("kind") == "sex") & (
        pl.col("sex") != pl.col("sex_allowed").cast(pl.Float64, strict=False)
    )
    young = pl.col("age") < pl.col("age_min")
    old = pl.col("age") > pl.col("age_max")
    age = (pl.col("kind") == "age") & (young.fill_null(value=False) | old.fill_null(value=False))
    return sex.fill_null(value=False) | age


RULE = Rule(
    Limits,
    find,
    needs=("item_rules",),
    parts=(("stay_items", "stay_items"), ("visits", VISITS)),
)
