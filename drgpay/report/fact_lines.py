"""The lines below the title of every sheet of a run: whose, when, by what rules."""

from drgpay.base.language import Language
from drgpay.report.visit_wording import words_of
from drgpay.report.wording import labelled, word
from drgpay.results.results import Results, RunFacts


def run_lines(facts: RunFacts, language: Language) -> list[str]:
    """Region, period and run; scheme, policy and catalogue, of a year the policy."""
    if facts.is_year:
        return [
            joined(language, region=facts.region, year=facts.period, run=facts.run_id),
            joined(language, policy=facts.policy),
        ]
    return [
        joined(language, region=facts.region, period=facts.period, run=facts.run_id),
        joined(language, scheme=facts.scheme, policy=facts.policy, catalogue=facts.catalogue),
    ]


def records_line(results: Results, language: Language) -> str:
    """How many records a month read, and what became of them."""
    text = words_of(results.part)("records_text", language).format(**results.facts.counts)
    return labelled("records", text, language)


def rule_lines(results: Results, language: Language) -> list[str]:
    """How a point value and a fund amount are found, and the unit of amounts.

    Where the fund keeps what deducted points are worth, the value counts them.
    """
    facts = results.facts
    method = facts.method
    key = "formula_note" if method == "residual" else f"formula_note_{method}"
    note = word(key, language).format(places=facts.value_places)
    kept = facts.deducted_points == "fund" and bool(results.pools["deducted_points"].sum())
    if kept and method != "rate":
        note += word("formula_note_kept", language)
    return [note, word("yuan_note", language)]


def joined(language: Language, **facts: str) -> str:
    """Labelled facts on one line."""
    return "    ".join(labelled(key, value, language) for key, value in facts.items())
