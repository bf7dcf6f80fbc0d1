"""What `drgpay share` prints."""

from typing import TYPE_CHECKING

from drgpay.base.language import Language
from drgpay.responsibility.responsibility import Responsibility
from drgpay.responsibility.sentences import headlines, standing
from drgpay.responsibility.tables import WORDS, machine_tables, shown_tables
from drgpay.show.tables import Block, ReportTable, Sentence
from drgpay.show.tables_console import console_tables

if TYPE_CHECKING:
    from drgpay.show.terminal import Showable

_SHARES = (
    *("account", "county_name", "score", "collection_borne", "own_borne", "management_borne"),
    *("excess", "county_borne", "pool_borne"),
)


def console_report(found: Responsibility, language: Language) -> "Showable":
    """The sentences, each county's share, and who pays the pool's part."""
    shares = machine_tables(found)["county_share"].select(_SHARES)
    cascade = next(one for one in shown_tables(found, language) if one.key == "t_cascade")
    blocks: list[Block] = [Sentence(text, "bold") for text in headlines(found, language)]
    blocks += [
        ReportTable(
            "t_shares",
            shares,
            worded=frozenset({"account"}),
            sums=frozenset({"county_borne", "pool_borne"}),
            may_go=("excess", "score", "own_borne"),
        ),
        cascade,
        Sentence(standing(found, language), "yellow"),
    ]
    return console_tables(blocks, lambda key: WORDS.word(key, language), most_rows=60)
