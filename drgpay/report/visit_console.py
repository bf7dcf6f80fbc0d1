"""The tables at the end of a month of visits."""

from drgpay.base.language import Language
from drgpay.report.settled_console import settled_view
from drgpay.results.results import Results
from drgpay.show.terminal import Showable, together


def visit_tables(tables: Results, language: Language) -> Showable:
    """Values, providers, APG classes, packaging, accounts of contractors, tie-out, records."""
    return together(settled_view(tables, language))
