"""Rules written as alternatives of requirements."""

import pytest

from drgpay.grouper.rules.parser import parse_rule
from drgpay.schemes.alternatives import alternatives


def _spelled(rule: str) -> list[list[str]]:
    return [
        [f"{'' if item.holds else 'not '}{item.atom.fields[0]} {item.atom.sets}" for item in found]  # type: ignore[union-attr]
        for found in alternatives(parse_rule(rule))
    ]


@pytest.mark.parametrize(
    ("rule", "count"),
    [
        ("", 1),
        ("0", 0),
        ("ZYZD in A", 1),
        ("{ZYZD,QTZD} in A", 2),
        ("{ZYSS,QTSS} in A and {ZYSS,QTSS} in B", 4),
        ("(ZYZD in A or ZYZD in B) and (ZYSS in C or NL < 17)", 4),
        ("not (ZYZD in A and ZYSS in B)", 2),
        ("not (ZYZD in A or ZYSS in B)", 1),
        ("{ZYSS,QTSS} not in A", 1),
        ("ZYZD in A and 0", 0),
    ],
)
def test_number_of_alternatives(rule: str, count: int) -> None:
    assert len(alternatives(parse_rule(rule))) == count


def test_negation_reaches_each_field() -> None:
    assert _spelled("{ZYSS,QTSS} not in A") == [["not ZYSS ('A',)", "not QTSS ('A',)"]]


def test_a_rule_that_explodes_is_cut_off() -> None:
    rule = " and ".join(f"(ZYZD in A{n} or ZYZD in B{n})" for n in range(40))
    assert 0 < len(alternatives(parse_rule(rule))) <= 512
