"""What a simulation prints."""

from dataclasses import replace
from typing import TYPE_CHECKING

from drgpay.base.language import Language
from drgpay.show.tables import Block, Sentence
from drgpay.show.tables_console import console_tables
from drgpay.simulate.notes import remarks_of, warnings_of
from drgpay.simulate.outcome import Simulation
from drgpay.simulate.tables import narrow, shown_tables, target_table
from drgpay.simulate.target import Found
from drgpay.simulate.wording import target_sentence, word

if TYPE_CHECKING:
    from drgpay.show.terminal import Showable

_KEYS = (
    *("t_stops", "t_values", "t_sweep", "t_hospitals", "t_bins", "t_effects", "t_waterfall"),
    *("t_quality", "t_migration", "t_visit_values", "t_visit_hospitals", "t_visit_contractors"),
)

_MAY_GO = {
    "t_values": ("remainder_after", "clearing_after", "payable_before", "payable_after"),
    "t_hospitals": (
        *("level", "bin", "case_mix", "fund_amount_before", "final_amount_before"),
        *("fund_amount_after", "final_amount_after"),
    ),
    "t_waterfall": ("winners", "losers", "smallest_rate", "largest_rate", "gained", "lost"),
    "t_sweep": ("winners", "losers", "stops"),
    "t_visit_hospitals": (
        *("level", "county", "points_before", "points_after", "visits_before", "visits_after"),
        *("fund_amount_before", "fund_amount_after"),
    ),
}
"""The columns that go first where a terminal is narrow, by table."""


def console_report(found: Simulation, language: Language) -> "Showable":
    """Point values, hospitals, bins, effects; sweep, waterfall and migration where there are any."""
    tables = [
        replace(narrow(table), may_go=_MAY_GO.get(table.key, ()))
        for table in shown_tables(found, language)
        if table.key in _KEYS
    ]
    tables = [table for table in tables if table.frame.height or table.key != "t_migration"]
    lines = [Sentence(said, "bold yellow") for said in warnings_of(found, language)]
    lines += [Sentence(said, "bold") for said in remarks_of(found, language)]
    return _shown([*lines, *tables], language)


def console_missed(found: Found, language: Language) -> "Showable":
    """A target that no value reaches: what comes nearest, and what was tried. Nothing else is shown."""
    return _shown(
        [Sentence(target_sentence(found, language), "bold"), target_table(found)], language
    )


def _shown(blocks: list[Block], language: Language) -> "Showable":
    return console_tables(blocks, lambda key: word(key, language), most_rows=30)
