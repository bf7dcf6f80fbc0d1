"""statements/<hospital_id>.xlsx: what each hospital is sent after a month, or after a year."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import polars as pl

from drgpay.base.file_names import file_names
from drgpay.base.language import Language
from drgpay.report.differences_xlsx import difference_sheets_of_hospital
from drgpay.report.entry_sheets import ProviderEntries, entry_sheets, provider_entries
from drgpay.report.explained_lines import explained, explained_pools
from drgpay.report.explanation import Rules
from drgpay.report.fact_lines import joined, rule_lines, run_lines
from drgpay.report.group_tables import hospital_group_sheets
from drgpay.report.hospital_cases import HospitalTables, case_sheets, say_of_cases
from drgpay.report.reasons import reasons_said
from drgpay.report.settled_tables import shown
from drgpay.report.statement import (
    AMOUNTS,
    HospitalStatement,
    hospital_statements,
    values_by_hospital,
)
from drgpay.report.visit_wording import words_of
from drgpay.report.wording import level_name
from drgpay.report.year_tables import year_line_tables
from drgpay.results.month import line_kind
from drgpay.results.part import STAYS, VISITS
from drgpay.results.results import Results
from drgpay.show.sheets import BookPart, Sheet, write_book
from drgpay.show.tables import ReportTable
from drgpay.visits.columns import PROCEDURE

_USUAL = {STAYS: "normal", VISITS: PROCEDURE}
"""The class of a part that a worked case is taken from if it can be."""


def statement_parts(
    results: Results,
    rules: Rules,
    language: Language,
    details: Mapping[str, HospitalTables] | None = None,
) -> dict[str, BookPart]:
    """The sheets of each hospital by its id: lines, differences of a correction, entries of visits,
    classes, groups, adjustments of stays, and how it all is calculated.

    details: of each hospital whose cases are named too; others get no sheets then.
    """
    words, part = words_of(results.part), results.part
    pools = explained_pools(results)
    entries = provider_entries(results, rules) if part == VISITS else None
    lines_of = year_line_tables(results["prepayments"]) if results.is_year else _month_lines
    title = words("clearing_title" if results.is_year else "statement_title", language)
    facts = [*run_lines(results.facts, language), *rule_lines(results, language)]
    lines = _shown_lines(results, rules)
    if details is not None:
        lines = lines.filter(pl.col("hospital_id").is_in([*details]))
    statements = hospital_statements(
        lines,
        results.statement_cases,
        results.adjustments,
        values_by_hospital(results.statements),
        rules.group_names,
        usual=_USUAL[part],
    )
    return {
        statement.hospital_id: BookPart(
            f"{statement.name} {title}",
            [_hospital_line(statement, language), *facts],
            [
                Sheet("statement", lines_of(statement), signed=True),
                *difference_sheets_of_hospital(results.differences, statement.hospital_id),
                *_made_of(statement, entries, language),
                *hospital_group_sheets(results.get("case_groups"), statement.hospital_id, language),
                Sheet(
                    "explanation",
                    explained(statement, pools, rules, entries, results.is_year, language),
                    notes=["explanation_note"],
                ),
                *(case_sheets(details[statement.hospital_id]) if details else []),
            ],
            say_of_cases(lambda key: words(key, language), language),
        )
        for statement in statements
    }


def write_hospital_books(
    parts: Sequence[Mapping[str, BookPart]],
    created: datetime,
    folder: Path,
    language: Language,
    names: Mapping[str, str] | None = None,
) -> None:
    """Write <folder>/<hospital_id>.xlsx for each hospital, with its sheets of each of `parts`.

    names: of the workbooks by hospital, where others are written apart.
    """
    folder.mkdir(parents=True, exist_ok=True)
    due = {hospital: "" for part in parts for hospital in part}
    named = workbook_names(due) if names is None else {one: names[one] for one in due}
    for hospital, name in named.items():
        mine = [part[hospital] for part in parts if hospital in part]
        write_book(folder / name, mine, language, created)


def workbook_names(ids: Iterable[str]) -> dict[str, str]:
    """The workbook of each hospital or contractor, by its id, sorted."""
    return file_names(ids, ".xlsx")


def _hospital_line(statement: HospitalStatement, language: Language) -> str:
    return joined(
        language,
        hospital=statement.name,
        hospital_id=statement.hospital_id,
        level=level_name(statement.level, language),
    )


def _made_of(
    statement: HospitalStatement, entries: ProviderEntries | None, language: Language
) -> list[Sheet]:
    """What the lines are made of: entries of visits, classes, groups, adjustments of stays."""
    sums = frozenset({"cases", *AMOUNTS})
    classes = ReportTable(
        "classes", statement.classes, sums=sums, prefixes=_CLASS, note="difference_note"
    )
    groups = [
        ReportTable("gains", statement.gains, sums=sums),
        ReportTable("losses", statement.losses, sums=sums),
    ]
    adjusted = [Sheet("adjustments", [_adjustments(statement.adjustments, language)])]
    return [
        *(entry_sheets(statement, entries) if entries else []),
        Sheet("classes", [classes]),
        Sheet("groups", groups, notes=["difference_note"]),
        *([] if entries else adjusted),
    ]


_CLASS = {"case_class": "class"}


def _adjustments(adjustments: pl.DataFrame, language: Language) -> ReportTable:
    said = adjustments.with_columns(reasons_said(adjustments, language))
    return shown("statement_adjustments", said)


def _month_lines(statement: HospitalStatement) -> list[ReportTable]:
    """What the lines of a month earned, and what of it is prepaid."""
    return [shown("earned", statement.lines), shown("prepaid_lines", statement.lines)]


def _shown_lines(results: Results, rules: Rules) -> pl.DataFrame:
    """Lines with what a statement shows beside their amounts: line, of a month prepay_ratio."""
    lines = results.statements.with_columns(line=line_kind())
    if results.is_year:
        return lines
    ratio = pl.lit(rules.settlement.prepay_ratio).cast(pl.Decimal(18, 4))
    paid_here = pl.lit(rules.settlement.out_of_area == "pooled") | ~pl.col("out_of_area")
    return lines.with_columns(prepay_ratio=pl.when(paid_here).then(ratio))
