"""The outpatient tables at the end of a run."""

from rich.console import Group, RenderableType

from drgpay.base.language import Language
from drgpay.report.console import refused_rows
from drgpay.report.fact_lines import records_line
from drgpay.report.visit_tables import console_of_visits
from drgpay.report.visit_wording import visit_word
from drgpay.results.results import Results
from drgpay.show.tables_console import console_tables
from drgpay.show.terminal import Text

_ROWS_SHOWN = 40


def visit_tables(tables: Results, language: Language) -> RenderableType:
    """Values, providers, APG classes, packaging, accounts of contractors, tie-out, records."""
    shown = console_of_visits(tables, language)
    return Group(
        console_tables(shown, lambda key: visit_word(key, language), _ROWS_SHOWN),
        *refused_rows(tables.get("refused"), language, visit_word),
        Text(records_line(tables, language)),
    )
