"""The cells of a published table of weights: exact numbers, and yes or no."""

import re
from fractions import Fraction

from drgpay.points.weight_table import plain
from drgpay.records.meaning.texts import folded_word

YES = frozenset(("1", "true", "t", "yes", "y", "是", "√", "✓", "✔", "有"))
NO = frozenset(("0", "false", "f", "no", "n", "否", "×", "✗", "无", "-", "—", "--", "——", "/"))
# Texts of a cell that say that a group has no number: nothing, or paid item by item.
_NOTHING = re.compile(r"[-—–/\\]*|无|.*按项目.*|n/?a")
_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?", re.ASCII)
_MOST_DIGITS = 30


def number_of(text: str, percent: bool = False) -> Fraction | None:
    """The number that a text is, exactly, or None: plain digits, a point, thousands set off.

    Full-width digits are plain ones. percent: 105% is a number too, 1.05.
    """
    said = folded_word(text).strip()
    parts = 1
    if percent and said.endswith("%"):
        said, parts = said[:-1].rstrip(), 100
    digits = sum(sign.isdigit() for sign in said)
    if not _NUMBER.fullmatch(said) or not 0 < digits <= _MOST_DIGITS:
        return None
    return Fraction(said.replace(",", "")) / parts


def says_nothing(text: str) -> bool:
    """Whether a text in a column of numbers says that there is none."""
    return bool(_NOTHING.fullmatch(plain(text)))
