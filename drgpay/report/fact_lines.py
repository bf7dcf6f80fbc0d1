"""The lines below the title of every sheet of a run: whose, when, by what rules."""

from drgpay.language import Language
from drgpay.report.month import RunFacts
from drgpay.report.wording import labelled, word


def run_lines(facts: RunFacts, language: Language) -> list[str]:
    """Region, period and run; scheme, policy and catalogue."""
    return [
        joined(language, region=facts.region, period=facts.period, run=facts.run_id),
        joined(language, scheme=facts.scheme, policy=facts.policy, catalogue=facts.catalogue),
    ]


def rule_lines(method: str, value_places: int, language: Language) -> list[str]:
    """How a point value and a fund amount are found, and the unit of amounts."""
    key = "formula_note" if method == "residual" else f"formula_note_{method}"
    return [word(key, language).format(places=value_places), word("yuan_note", language)]


def joined(language: Language, **facts: str) -> str:
    """Labelled facts on one line."""
    return "    ".join(labelled(key, value, language) for key, value in facts.items())
