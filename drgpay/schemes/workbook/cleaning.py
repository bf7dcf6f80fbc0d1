"""Take out of cells what Excel and copying put in: vectorised, by kind of text."""

import re

import polars as pl

from drgpay.grouper.rules.fields import SEVERITY_SETS, CodeField, NumberField
from drgpay.schemes.workbook.layout import TextKind

# Line breaks and tabs as Excel escapes them inside XML, when they were saved twice.
_ESCAPED_BREAK = r"(?i)_x00(?:0[9A-D]|1[0-9A-F]|0[0-8EF])_"
_BREAK = r"[\r\n\x0b\x0c\u0085\u2028\u2029]+"
_ZERO_WIDTH = r"[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
_OTHER_SPACE = r"[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]"
_WIDE = {chr(ord("！") + n): chr(ord("!") + n) for n in range(94)}
_RULE_SIGNS = {"≥": ">=", "≤": "<=", "≠": "!=", "⋂": "∩", "、": ",", "﹛": "{", "﹜": "}"}


def cleaned(text: pl.Expr, kind: TextKind) -> pl.Expr:
    """A column of text without what does not belong to it.

    Codes and sort numbers lose every space and full-width letters; rules lose full-width characters
    and line breaks; names keep their full-width punctuation, which is theirs.
    """
    seen = (
        text.str.replace_all(_ESCAPED_BREAK, "\n")
        .str.replace_all(_ZERO_WIDTH, "")
        .str.replace_all(_OTHER_SPACE, " ")
        .str.replace_all(_BREAK, "\n")
    )
    if kind == "name":
        # A break inside a Chinese name stands for nothing, between Latin words for a space.
        return (
            seen.str.strip_chars()
            .str.replace_all(r"([0-9A-Za-z]) *\n *([0-9A-Za-z])", "$1 $2")
            .str.replace_all(r" *\n *", "")
        )
    narrow = seen.str.replace_many(_WIDE)
    if kind == "rule":
        return narrow.str.replace_many(_RULE_SIGNS).str.replace_all(r"\s+", " ").str.strip_chars()
    return narrow.str.replace_all(r"\s+", "")


_WORD = re.compile(r"[^\W\d]\w*")
_KEYWORDS = {"AND": "and", "OR": "or", "NOT": "not", "IN": "in", "LENGTH": "length"}
_CAPITALS = frozenset({*CodeField, *NumberField, *SEVERITY_SETS})


def in_usual_case(rule: str, sets: frozenset[str], set_of_capitals: dict[str, str]) -> str:
    """A rule with keywords in small letters, fields in capitals and sets as their table has them.

    `set_of_capitals` leads from a set's name in capitals to its name, where only one set has it.
    """

    def usual(found: re.Match[str]) -> str:
        word = found.group()
        capitals = word.upper()
        if word in sets:
            return word
        if capitals in _KEYWORDS:
            return _KEYWORDS[capitals]
        return capitals if capitals in _CAPITALS else set_of_capitals.get(capitals, word)

    return _WORD.sub(usual, rule)


_ONE = re.compile(r"1(\.0+)?")


def is_bare_one(rule: str) -> bool:
    """Whether a rule is the number 1 alone; Excel may show it as 1.0."""
    return bool(_ONE.fullmatch(rule))
