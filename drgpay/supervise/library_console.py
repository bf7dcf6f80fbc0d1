"""What `drgpay supervise-library` shows: rules by kind and batch, and rows that were refused."""

from typing import TYPE_CHECKING

import polars as pl

from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.show.tables import Block, ReportTable, Sentence
from drgpay.show.tables_console import console_tables
from drgpay.supervise.library import Library

if TYPE_CHECKING:
    from drgpay.show.terminal import Showable

_WORDS = Wording("supervision")
_KINDS = {"rule_kind": "item_kind"}
_WHY = {"why": "library"}


def library_report(library: Library, language: Language) -> "Showable":
    """The sentence that says how many, the rules by kind and batch, the rows that were refused."""
    said = {
        "read": f"{library.read:,}",
        "rules": f"{library.rules.height:,}",
        "refused": f"{library.refused.height:,}",
    }
    counts = (
        library.rules.group_by(rule_kind="kind", batch="batch")
        .agg(item_rules=pl.len().cast(pl.Int64))
        .sort("rule_kind", "batch")
    )
    sums = frozenset({"item_rules"})
    blocks: list[Block] = [
        Sentence(_WORDS.said("library_headline", language, **said), "bold"),
        ReportTable("t_library", counts, sums=sums, prefixes=_KINDS),
    ]
    if library.refused.height:
        blocks.append(ReportTable("t_refused", library.refused, prefixes=_WHY, most_rows=20))
    return console_tables(blocks, lambda key: _WORDS.word(key, language))
