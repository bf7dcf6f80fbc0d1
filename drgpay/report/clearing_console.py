"""The tables at the end of a clearing."""

from drgpay.base.language import Language
from drgpay.report.settled_console import settled_view
from drgpay.results.results import Results
from drgpay.show.terminal import Showable, together


def clearing_summary(tables: Results, language: Language) -> Showable:
    """Budgets and values by pool, each hospital with what is still due, accounts of contractors."""
    return together(settled_view(tables, language))
