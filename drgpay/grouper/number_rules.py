"""Rules of a policy over numbers of a stay: read, and evaluated on columns.

They are written in the rule language of the schemes (docs/rule-language.md) and ask for number
fields only: age (NL, XSRTL) for factors by age, length of stay (ZYTS) and discharge type (LYFS) for
`incomplete_if` and `outside_drg_if`.
"""

from collections.abc import Collection
from functools import reduce
from operator import and_, or_

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words, listed
from drgpay.base.words import Sentences
from drgpay.grouper.rules.fields import COLUMN_OF_FIELD, NumberField
from drgpay.grouper.rules.nodes import COMPARE, Always, And, Compare, Not, Or, Rule, field_names
from drgpay.grouper.rules.parser import RuleError, parse_rule

_ERRORS = Sentences("errors/grouper")

AGE_FIELDS = (NumberField.AGE, NumberField.AGE_DAYS)
STAY_FIELDS = (NumberField.LENGTH_OF_STAY, NumberField.DISCHARGE_TYPE)


def number_rule(text: str, fields: Collection[NumberField], key: Words | str) -> Rule:
    """The rule of a policy's key; raises DrgpayError if it does not parse or asks for another field."""
    try:
        rule = parse_rule(text)
    except RuleError as error:
        raise DrgpayError(*_ERRORS("no_rule", key=key, said=error.words)) from None
    other = sorted(str(field) for field in field_names(rule) if field not in fields)
    if other:
        known = _ERRORS.words("and").between(field.value for field in fields)
        raise DrgpayError(*_ERRORS("other_fields", key=key, fields=listed(other), known=known))
    return rule


def holds(rule: Rule) -> pl.Expr:
    """Whether a rule over numbers holds, never null: a comparison with a missing number is false."""
    match rule:
        case Always(value):
            return pl.lit(value)
        case Not(part):
            return ~holds(part)
        case And(parts):
            return reduce(and_, map(holds, parts))
        case Or(parts):
            return reduce(or_, map(holds, parts))
        case Compare():
            return _compared(rule).fill_null(False)
    raise TypeError(f"{rule} is no rule over numbers")


def _compared(rule: Compare) -> pl.Expr:
    column = pl.col(COLUMN_OF_FIELD[rule.field]).cast(pl.Float64)
    compared: pl.Expr = COMPARE[rule.op](column, float(rule.number))
    return compared
