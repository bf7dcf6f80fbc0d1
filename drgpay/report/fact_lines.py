"""The lines below the title of every sheet of a run: whose, when, by what rules."""

import polars as pl

from drgpay.base.language import Language
from drgpay.report.wording import labelled, word
from drgpay.results.month import RunFacts


def run_lines(facts: RunFacts, language: Language) -> list[str]:
    """Region, period and run; scheme, policy and catalogue."""
    return [
        joined(language, region=facts.region, period=facts.period, run=facts.run_id),
        joined(language, scheme=facts.scheme, policy=facts.policy, catalogue=facts.catalogue),
    ]


def rule_lines(method: str, value_places: int, language: Language, kept: bool = False) -> list[str]:
    """How a point value and a fund amount are found, and the unit of amounts.

    kept: the fund keeps what deducted points are worth, so that the value counts them.
    """
    key = "formula_note" if method == "residual" else f"formula_note_{method}"
    note = word(key, language).format(places=value_places)
    if kept and method != "rate":
        note += word("formula_note_kept", language)
    return [note, word("yuan_note", language)]


def has_kept(deducted_points: str, pools: pl.DataFrame) -> bool:
    """Whether the fund keeps points of the pools: settlement.deducted_points is fund, and some are."""
    return deducted_points == "fund" and bool(pools["deducted_points"].sum())


def joined(language: Language, **facts: str) -> str:
    """Labelled facts on one line."""
    return "    ".join(labelled(key, value, language) for key, value in facts.items())
