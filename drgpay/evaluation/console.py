"""What `drgpay evaluate` prints."""

from typing import TYPE_CHECKING

from drgpay.base.language import Language
from drgpay.evaluation.evaluation import Evaluation
from drgpay.evaluation.sentences import headline, proposals, standing
from drgpay.evaluation.tables import WORDS, shown_tables
from drgpay.show.tables import Block, Sentence
from drgpay.show.tables_console import console_tables

if TYPE_CHECKING:
    from drgpay.show.terminal import Showable


def console_report(found: Evaluation, language: Language) -> "Showable":
    """The sentences, totals with ranks, and the money."""
    tables = [one for one in shown_tables(found, language) if one.key in ("t_totals", "t_money")]
    blocks: list[Block] = [Sentence(headline(found, language), "bold"), *tables]
    blocks += [Sentence(text, "yellow") for text in proposals(found, language)]
    blocks.append(Sentence(standing(found, language), "yellow"))
    return console_tables(blocks, lambda key: WORDS.word(key, language), most_rows=40)
