"""What outpatient reports say with the words of visits.toml."""

from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.report.wording import labelled
from drgpay.results.visits import VisitTables

visit_word = Wording("visits").word


def records_line(tables: VisitTables, language: Language) -> str:
    """How many visits and lines were read, and what became of them."""
    facts, counts = tables.facts, tables.counts
    text = visit_word(
        "records_text",
        language,
        read=facts.read,
        valid=facts.valid,
        quarantined=facts.quarantined,
        warnings=facts.warnings,
        lines_read=counts.lines_read,
        lines_valid=counts.lines_valid,
        lines_quarantined=counts.lines_quarantined,
        lines_netted=counts.lines_netted,
    )
    return labelled("records", text, language)
