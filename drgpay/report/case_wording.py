"""What the calculation of one case is said in: its own words, those of reports and of traces."""

from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.show.tables import heading

_CASE = Wording("case")
_TRACES = Wording("explain")
word = _CASE.word


def label_of(name: str, language: Language) -> str:
    """What an amount is called, without its unit in a table's heading."""
    if _CASE.has_own(name):
        return word(name, language)
    return heading(name, lambda key: word(key, language))[0]


def severity_said(severity: str | None, language: Language) -> str | None:
    """MCC, CC or none in words; an invalid stay has none."""
    return None if severity is None else _TRACES.said(f"severity_{severity}", language)


def status_said(status: str, language: Language) -> str:
    """Grouped, ambiguous or ungrouped in words."""
    return _TRACES.said(status, language)
