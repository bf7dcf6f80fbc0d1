"""The rule language: what parses to what, and how errors read."""

from decimal import Decimal
from pathlib import Path

import pytest

from drgpay.grouper.rules.fields import CodeField, NumberField
from drgpay.grouper.rules.nodes import Always, And, Compare, Count, Member, Not, Or
from drgpay.grouper.rules.parser import RuleError, parse_rule

ROOT = Path(__file__).resolve().parents[2]
ZYZD, QTZD = CodeField.PRINCIPAL_DIAGNOSIS, CodeField.OTHER_DIAGNOSES
ZYSS, QTSS = CodeField.PRINCIPAL_PROCEDURE, CodeField.OTHER_PROCEDURES


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", Always(True)),
        (" \n", Always(True)),
        ("1", Always(True)),
        ("0", Always(False)),
        ("ZYZD in A", Member((ZYZD,), ("A",))),
        ("{ZYZD,QTZD} in {A, B}", Member((ZYZD, QTZD), ("A", "B"))),
        ("zyzd IN A", Member((ZYZD,), ("A",))),
        ("{ZYSS,QTSS} not in A", Not(Member((ZYSS, QTSS), ("A",)))),
        ("XSRTZ >= 1500", Compare(NumberField.WEIGHT_G, ">=", Decimal(1500))),
        ("length(A ∩ {ZYSS,QTSS}) >= 2", Count("A", (ZYSS, QTSS), ">=", 2)),
        (
            "ZYZD in A or ZYZD in B and NL = 0",
            Or(
                (
                    Member((ZYZD,), ("A",)),
                    And((Member((ZYZD,), ("B",)), Compare(NumberField.AGE, "=", Decimal(0)))),
                )
            ),
        ),
        (
            "not (1 or 0) AND XB != 2",
            And(
                (Not(Or((Always(True), Always(False)))), Compare(NumberField.SEX, "!=", Decimal(2)))
            ),
        ),
        # a set may be named like a keyword's beginning
        ("ZYZD in ORDER", Member((ZYZD,), ("ORDER",))),
    ],
)
def test_parses(text: str, rule: object) -> None:
    assert parse_rule(text) == rule


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("ZYZD in", 1, 8, "the rule ends where"),
        ("ZYZD im A", 1, 6, "found 'im'"),
        ("FOO in A", 1, 1, "'FOO' is not a field that holds codes"),
        ("NL = 0\nand ZYZD < 3", 2, 5, "'ZYZD' is not a field that holds a number"),
        ("2", 1, 1, "1 or 0, not 2"),
        ("ZYSS in MCC", 1, 1, "MCC and CC are sets of diagnoses"),
        ("length(A n QTSS) > 1", 1, 10, "expected '∩', found 'n'"),
        ("NL ? 3", 1, 4, "the character '?'"),
        ("(NL < 3", 1, 8, "the rule ends where ')'"),
        ("length(A ∩ ZYSS) < 2", 1, 18, "not <"),
        ("length(A ∩ ZYSS) > 1.5", 1, 20, "whole number"),
        ("length(MCC ∩ QTZD) > 1", 1, 8, "cannot be counted"),
    ],
)
def test_errors_have_a_position(text: str, line: int, column: int, words: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_rule(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert words in caught.value.message.en


def documented_messages() -> list[tuple[str, str]]:
    """The rules and messages of the table in docs/rule-language.md."""
    text = (ROOT / "docs" / "rule-language.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if "| line 1, " in line]
    return [(rule.strip("`"), message) for rule, message in rows]


@pytest.mark.parametrize(("rule", "message"), documented_messages())
def test_documented_messages_are_real(rule: str, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_rule(rule)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ZYZD in", "第 1 行第 8 列：规则在此结束，缺少：'{' 或 名称"),
        ("NL => 5", "第 1 行第 5 列：此处应为：数字，却是 '>'"),
        ("ZYSS in MCC", "第 1 行第 1 列：MCC 和 CC 是诊断的集合，只能对 ZYZD 或 QTZD 使用"),
    ],
)
def test_messages_are_in_chinese_too(text: str, words: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_rule(text)
    assert caught.value.words.zh == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not " * 4000 + "1", "more than 40 parts lie in one another"),
        ("not (" * 3000 + "1" + ")" * 3000, "more than 40 parts lie in one another"),
        ("1 and (0 or (" * 1000 + "1" + "))" * 1000, "more than 40 parts lie in one another"),
        ("1 or " * 10_000 + "1", "a rule has at most 20000 characters"),
        ("NL > " + "9" * 5000, "a number has at most 12 digits"),
        ("length(A ∩ QTSS) > " + "9" * 5000, "a number has at most 12 digits"),
    ],
)
def test_a_rule_without_end_is_refused(text: str, words: str) -> None:
    with pytest.raises(RuleError, match=words):
        parse_rule(text)


@pytest.mark.parametrize("text", ["(" * 9000 + "1" + ")" * 9000, " or ".join(["NL > 1"] * 2000)])
def test_brackets_and_long_lists_alone_nest_nothing(text: str) -> None:
    rule = parse_rule(text)
    assert rule == Always(True) or (isinstance(rule, Or) and len(rule.parts) == 2000)
