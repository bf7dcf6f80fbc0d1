"""The workbooks of a run: one summary, one statement a provider, one account a contractor."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from drgpay.base.language import Language
from drgpay.report.contractors_xlsx import write_contractors
from drgpay.report.explanation import Rules
from drgpay.report.hospital_cases import CodeNames, hospital_tables
from drgpay.report.payment_list import payment_part
from drgpay.report.statement_xlsx import statement_parts, write_hospital_books
from drgpay.report.summary_xlsx import book_date, summary_part
from drgpay.results.results import Results
from drgpay.show.sheets import write_book


@dataclass(frozen=True)
class ReportedPart:
    """A part of a month or a year, by what it was paid, and what its codes are called."""

    results: Results
    rules: Rules
    names: CodeNames = field(default_factory=lambda: CodeNames({}))


def write_books(
    parts: Sequence[ReportedPart],
    folder: Path,
    language: Language,
    case_sheets: bool = False,
    payments: bool = True,
) -> None:
    """Write summary.xlsx, statements/<hospital_id>.xlsx and contractors/<contractor_id>.xlsx.

    At least one part; the sheets stand in the order of the parts, the payment list last. case_sheets:
    whether statements of a month name the cases; payments: whether there is a payment list. The same
    tables give the same bytes.
    """
    summary = [summary_part(one.results, one.rules.group_names, language) for one in parts]
    if payments:
        summary.append(payment_part([one.results for one in parts], language))
    statements = [
        statement_parts(
            one.results,
            one.rules,
            language,
            hospital_tables(one.results, one.names) if case_sheets else None,
        )
        for one in parts
    ]
    created = book_date(parts[0].results.facts)
    write_book(folder / "summary.xlsx", summary, language, created)
    write_hospital_books(statements, created, folder / "statements", language)
    for one in parts:
        if one.results.capitation and one.rules.capitation:
            write_contractors(one.results, one.rules.capitation, folder / "contractors", language)
