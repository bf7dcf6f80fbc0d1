"""What `drgpay transition` prints."""

from dataclasses import replace
from typing import TYPE_CHECKING

from drgpay.base.language import Language
from drgpay.show.tables import Block, Sentence
from drgpay.show.tables_console import console_tables
from drgpay.transition.outcome import Transition
from drgpay.transition.sentences import sentences
from drgpay.transition.snippet import phase_in_section
from drgpay.transition.tables import shown_tables, word

if TYPE_CHECKING:
    from drgpay.show.terminal import Showable

_KEYS = ("t_gate", "t_factors", "t_quality", "t_hospitals", "t_beyond", "t_shadow")
_MAY_GO = {
    "t_gate": ("verified", "cleared", "beyond"),
    "t_factors": ("points_old", "points_new"),
    "t_quality": (*("groups", "ungrouped", "ambiguous", "grouped", "explained"),),
    "t_hospitals": (
        "level",
        "points_old",
        "case_mix_old",
        "points_neutral",
        "case_mix_new",
        "cases",
    ),
    "t_beyond": ("by", "reason", "rest_rate"),
}
"""The columns that go first where a terminal is narrow, by table."""


def console_report(found: Transition, language: Language) -> "Showable":
    """The verdict, the gate, factors, quality, hospitals with their reasons, and the phase-in."""
    tables = [
        replace(table, may_go=_MAY_GO.get(table.key, ()))
        for table in shown_tables(found, language)
        if table.key in _KEYS
    ]
    first, *others = sentences(found, language)
    blocks: list[Block] = [Sentence(first, "bold" if found.passed else "bold yellow"), *tables]
    blocks += [Sentence(text) for text in others]
    blocks += [Sentence(line) for line in phase_in_section(found, language).splitlines()]
    return console_tables(blocks, lambda key: word(key, language), most_rows=30)
