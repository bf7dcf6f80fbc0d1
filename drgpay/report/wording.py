"""How reports say what is in words/report.toml: levels, pools, formulas, labels."""

import re
from collections.abc import Callable, Collection

from drgpay.base.language import Language
from drgpay.base.words import Wording

_REPORT = Wording("report")
word, named = _REPORT.word, _REPORT.named


def level_name(level: str, language: Language) -> str:
    """A hospital level in words; a region's own levels stand for themselves."""
    return named("level", level, language)


def pool_name(pool: str, language: Language) -> str:
    """A pool by its accounts in words."""
    return " + ".join(word(account, language) for account in pool.split("+"))


def formula_said(words: str, language: Language, numbered: Collection[str] = ()) -> str:
    """The formula of a case or of an adjustment with its columns in words.

    A column in `numbered` is followed by its name in braces, which stands for a line of a
    calculation.
    """

    def said(found: re.Match[str]) -> str:
        name = found[0]
        title = word(name, language).split("（")[0].split(" (")[0] if name in _FORMULA else name
        return f"{title}{{{name}}}" if name in numbered else title

    text = re.sub(r"[a-z]+(?:_[a-z]+)*", said, words.replace("{", "(").replace("}", ")"))
    for sign, printed in ((" * ", " × "), (" / ", " ÷ "), (" - ", " − ")):
        text = text.replace(sign, printed)
    return text


_FORMULA = frozenset(
    {
        *(
            "points",
            "base_points",
            "coefficient",
            "mean_cost",
            "total_cost",
            "all_mean",
            "length_of_stay",
        ),
        *(
            "high_ratio",
            "cost_ratio",
            "reference_mean",
            "ratio_mean",
            "unreasonable_cost",
            "points_before",
        ),
    }
)


def labelled(
    key: str, text: str, language: Language, words: Callable[[str, Language], str] = word
) -> str:
    """`label: text` with the colon of the language."""
    return f"{words(key, language)}{'：' if language == 'zh' else ': '}{text}"
