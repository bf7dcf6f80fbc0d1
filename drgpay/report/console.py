"""The tables at the end of a month of stays."""

from drgpay.base.language import Language
from drgpay.report.settled_console import settled_view
from drgpay.results.results import Results
from drgpay.show.terminal import Showable, together


def month_tables(tables: Results, language: Language) -> Showable:
    """Point value by account, hospitals with their amounts, classes of cases, what was refused."""
    return together(settled_view(tables, language))
