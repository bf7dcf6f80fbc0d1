"""What `drgpay supervise-decide` shows: money of confirmed clues, steps that are due, rows that do not count."""

from typing import TYPE_CHECKING

import polars as pl

from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.show.tables import Block, ReportTable, Sentence
from drgpay.show.tables_console import console_tables
from drgpay.supervise.deciding import Booked
from drgpay.supervise.tables import as_declared

if TYPE_CHECKING:
    from drgpay.show.terminal import Showable

_WORDS = Wording("supervision")


def decisions_report(decided: Booked, language: Language) -> "Showable":
    """The sentence that says how many, the money by hospital and kind, what is due next."""
    tables = {name: as_declared(name, frame) for name, frame in decided.tables.items()}
    given = decided.decisions
    said = {
        "steps": f"{given.steps.height:,}",
        "decided": f"{given.final.height:,}",
        "deductions": f"{decided.deductions.height:,}",
        "refused": f"{given.refused.height:,}",
    }
    blocks: list[Block] = [Sentence(_WORDS.said("decisions_headline", language, **said), "bold")]
    sums = frozenset({"confirmed", "points", "yuan"})
    money = ReportTable("t_money", tables["supervision_money"], sums=sums, prefixes=_KINDS)
    waiting = tables["decision_steps"].filter(pl.col("next_step").is_not_null())
    late = pl.when("overdue").then(pl.lit("yes")).when(~pl.col("overdue")).then(pl.lit("no"))
    due = waiting.sort("due_on", "clue_id").with_columns(overdue=late)
    if money.frame.height:
        blocks.append(money)
    if due.height:
        blocks.append(ReportTable("t_due", due, prefixes=_STEPS, most_rows=20))
    if given.refused.height:
        blocks.append(ReportTable("t_refused", tables["decisions_refused"], prefixes=_REFUSED))
    return console_tables(blocks, lambda key: _WORDS.word(key, language))


_KINDS = {"deduction_kind": "deduction"}
_STEPS = {"step": "step", "next_step": "step", "overdue": "review"}
_REFUSED = {"step": "step", "result": "result", "deduction_kind": "deduction", "code": "refused"}
