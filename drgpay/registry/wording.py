"""The words of `drgpay runs`; what a run's reports say too is said as they do."""

from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.report.wording import level_name
from drgpay.show.tables import Say

_RUNS = Wording("registry")
word = _RUNS.word

_CHANGES = ("_change_rate", "_change")


def speaker(language: Language) -> Say:
    """The words of titles, columns and values."""

    def say(key: str) -> str:
        for suffix in (*_CHANGES, "_a", "_b"):
            if key.endswith(suffix):
                return _with_suffix(key.removesuffix(suffix), suffix, language)
        if key in _RUNS:
            return _RUNS.said(key, language)
        return _RUNS.named("class", key, language, otherwise=level_name(key, language))

    return say


def plain_speaker(language: Language) -> Say:
    """The words around an answer to a query, whose columns are called as the query calls them."""
    around = ("answer", "shown_note", "total")
    return lambda key: word(key, language) if key in around else key


def _with_suffix(base: str, suffix: str, language: Language) -> str:
    """`应付基金 A（元）`, `变化（元）`, `变化率`: a change stands beside what has changed."""
    name, added = word(base, language), word(suffix, language)
    bracket = "（" if language == "zh" else " ("
    name, _, unit = name.partition(bracket)
    head = added if suffix in _CHANGES else f"{name}{added}"
    return head if suffix == "_change_rate" or not unit else f"{head}{bracket}{unit}"
