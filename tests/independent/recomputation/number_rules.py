"""Rules over numbers of a stay, such as `LYFS = 4 or (NL < 6 and not ZYTS >= 3)`, read by hand."""

import re
from decimal import Decimal

from .records import Stay

_TOKEN = re.compile(r"\s*(>=|<=|!=|[=><()]|[0-9]+(?:\.[0-9]+)?|[A-Za-z_]+)")


def holds(rule: str, stay: Stay) -> bool:
    """Whether a rule is true of a stay; a comparison with a missing number is false."""
    tokens = _TOKEN.findall(rule)
    value, rest = _or([token.upper() for token in tokens], stay)
    assert not rest, rule
    return value


def _or(tokens: list[str], stay: Stay) -> tuple[bool, list[str]]:
    value, tokens = _and(tokens, stay)
    while tokens[:1] == ["OR"]:
        other, tokens = _and(tokens[1:], stay)
        value = value or other
    return value, tokens


def _and(tokens: list[str], stay: Stay) -> tuple[bool, list[str]]:
    value, tokens = _not(tokens, stay)
    while tokens[:1] == ["AND"]:
        other, tokens = _not(tokens[1:], stay)
        value = value and other
    return value, tokens


def _not(tokens: list[str], stay: Stay) -> tuple[bool, list[str]]:
    if tokens[0] == "NOT":
        value, rest = _not(tokens[1:], stay)
        return not value, rest
    if tokens[0] == "(":
        value, rest = _or(tokens[1:], stay)
        assert rest[0] == ")"
        return value, rest[1:]
    if tokens[0] in ("0", "1"):
        return tokens[0] == "1", tokens[1:]
    field, sign, number = tokens[0], tokens[1], Decimal(tokens[2])
    found = {
        "NL": stay.age,
        "XSRTL": stay.age_days,
        "ZYTS": stay.length_of_stay,
        "LYFS": stay.discharge_type,
    }[field]
    if found is None:
        return False, tokens[3:]
    compared = {
        "=": found == number,
        "!=": found != number,
        ">": found > number,
        ">=": found >= number,
        "<": found < number,
        "<=": found <= number,
    }[sign]
    return compared, tokens[3:]
