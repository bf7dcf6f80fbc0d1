"""The workbooks of a run once more, from its tables, compared with those that lie in its folder."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import polars as pl
from python_calamine import CalamineError, CalamineWorkbook
from xlsxwriter.utility import xl_rowcol_to_cell

from drgpay.base.language import Language, Words
from drgpay.base.working_folder import working_folder
from drgpay.records.visits.checks import VisitCounts
from drgpay.report.books import ReportedPart, write_books
from drgpay.results.case_records import CASE_RECORDS
from drgpay.results.manifest import CASE_SHEETS, PACKAGE
from drgpay.results.part import PARTS, STAYS, VISITS, Part
from drgpay.results.payees import PAYEES
from drgpay.results.results import Results
from drgpay.results.run_folder import RunFolder
from drgpay.results.run_tables import CannotCheckError, RunTables
from drgpay.results.tables import CASE_GROUPS, OFFICIAL_GROUPS
from drgpay.results.visit_files import ENROLMENT, entries_of_visits
from drgpay.results.visits import example_visits
from drgpay.run.comparison import WORDS, Compared, first_of, not_due
from drgpay.run.kept_rules import rules_kept, visit_rules_kept
from drgpay.run.paid_year import prepayments_of, statements_of_year
from drgpay.run.repeated import hospitals_of, months_again
from drgpay.run.results import facts_of, reported
from drgpay.run.rules import AnyRules
from drgpay.run.visit_month import counts_shown
from drgpay.run.visit_year import examples_of_year


@dataclass(frozen=True)
class Schemes:
    """Where the job of a run says that its schemes lie; without one shipped schemes are looked for."""

    stays: str | None = None
    visits: str | None = None


def workbooks_as_due(run: RunFolder, parts: Sequence[RunTables], schemes: Schemes) -> Compared:
    """Every workbook against the one that its tables make: the same bytes from the same program."""
    with working_folder() as work:
        _write(run, {tables.part: tables for tables in parts}, schemes, work)
        due = workbooks_in(work)
        lying = {name: run.folder / name for name in due} | workbooks_in(run.folder)
        found = first_of(
            finding
            for name, path in lying.items()
            for finding in [_unlike_book(name, path, due.get(name))]
            if finding
        )
    return len(run.manifest.outputs) and len(due), found


def workbooks_in(folder: Path) -> dict[str, Path]:
    """The workbooks of a run by their names from its folder."""
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.xlsx"))}


def report_of(folder: Path) -> Path:
    """Where the HTML report of a run lies, if somebody had one written beside it."""
    return folder.resolve().with_name(f"{folder.resolve().name}.html")


def report_as_due(folder: Path) -> Compared:
    """The report beside a run against the one that the run makes.

    It also shows the point values of other months, those that lay beside the run when it was written.
    Where none of the likely ones gives the same page, that is all that can be said
    (CannotCheckError).
    """
    # Charts take as long to import as all the rest.
    from drgpay.report.html.page import report_html
    from drgpay.report.html.year_runs import runs_beside

    text = report_of(folder).read_text(encoding="utf-8")
    language: Language = "en" if '<html lang="en' in text[:_HEAD] else "zh"
    run = RunFolder.at(folder)
    beside = runs_beside(run)
    likely = (
        beside,
        [one for one in beside if one.period <= run.period],
        [one for one in beside if one.run_id == run.run_id or one.run_id in text],
        [one for one in beside if one.run_id == run.run_id],
    )
    tried: list[list[str]] = []
    for months in likely:
        ids = [one.run_id for one in months]
        if ids in tried:
            continue
        tried.append(ids)
        if report_html(run, months, language) == text:
            return 1, None
    name = report_of(folder).name
    raise CannotCheckError(WORDS.words("finding.other_report", name=name))


_HEAD = 1_000


def _unlike_book(name: str, path: Path, due: Path | None) -> Words | None:
    if due is None:
        return WORDS.words("finding.extra", name=name)
    if not path.is_file():
        return WORDS.words("finding.missing", name=name)
    if path.read_bytes() == due.read_bytes():
        return None
    return unlike_book(name, path, due)


def unlike_book(name: str, path: Path, due: Path) -> Words:
    """What tells two workbooks apart: a sheet, a cell, or else a formula or a format."""
    try:
        said, right = CalamineWorkbook.from_path(path), CalamineWorkbook.from_path(due)
        if said.sheet_names != right.sheet_names:
            return not_due(name, " ".join(said.sheet_names), " ".join(right.sheet_names))
        for sheet in right.sheet_names:
            found = _unlike_sheet(
                f"{name} {sheet}",
                said.get_sheet_by_name(sheet).to_python(skip_empty_area=False),
                right.get_sheet_by_name(sheet).to_python(skip_empty_area=False),
            )
            if found:
                return found
        with ZipFile(path) as one, ZipFile(due) as other:
            names = [part for part in other.namelist() if _part(one, part) != other.read(part)]
    except (CalamineError, BadZipFile, OSError, OverflowError) as error:
        return WORDS.words("finding.cannot_be_read", name=name, reason=error)
    shown = names[0] if names else "zip"
    return WORDS.words("finding.other_parts", name=name, part=shown)


def _unlike_sheet(place: str, said: list[list[Any]], due: list[list[Any]]) -> Words | None:
    for row in range(max(len(said), len(due))):
        one, other = (rows[row] if row < len(rows) else [] for rows in (said, due))
        for column in range(max(len(one), len(other))):
            value, right = (cells[column] if column < len(cells) else "" for cells in (one, other))
            if value != right:
                return not_due(f"{place} {xl_rowcol_to_cell(row, column)}", value, right)
    return None


def _part(book: ZipFile, name: str) -> bytes | None:
    return book.read(name) if name in book.namelist() else None


def _write(run: RunFolder, parts: Mapping[Part, RunTables], schemes: Schemes, folder: Path) -> None:
    books = [_as_reported(parts[part], schemes) for part in PARTS if part in parts]
    case_sheets = bool(run.manifest.content.get(CASE_SHEETS))
    # Programs that wrote no data package wrote no payment list.
    payments = (run.folder / PACKAGE).exists()
    write_books(books, folder, run.manifest.language, case_sheets, payments)


def _rules_kept(tables: RunTables, schemes: Schemes) -> AnyRules:
    if tables.part == STAYS:
        return rules_kept(tables, hospitals_of(tables), schemes.stays)
    return visit_rules_kept(tables, hospitals_of(tables), schemes.visits)


def _as_reported(tables: RunTables, schemes: Schemes) -> ReportedPart:
    """A part as its workbooks were made of it, from its own tables."""
    rules = _rules_kept(tables, schemes)
    frames = {name: tables.frame(name) for name in _shown(tables)}
    facts = facts_of(tables.run_id, tables.period, rules, _counts(tables))
    results = Results(tables.part, facts, frames)
    return reported(replace(results, beside=_beside(tables, results)), rules)


def reported_lightly(tables: RunTables, schemes: Schemes) -> tuple[ReportedPart, str]:
    """A part of a month without the rows of its cases, and the code system of its scheme.

    Tables with a row a case have none; the examples of visits are there.
    """
    rules = _rules_kept(tables, schemes)
    rows = ("cases", "adjustments", "quarantine", "warnings", "ledger", CASE_GROUPS, CASE_RECORDS)
    frames = {
        name: tables.scan(name).head(0).collect() if name in rows else tables.frame(name)
        for name in _shown(tables)
    }
    facts = facts_of(tables.run_id, tables.period, rules, _counts(tables))
    beside = {}
    if tables.part == VISITS:
        choosing = tables.frame("cases", _CHOOSING)
        beside["examples"] = entries_of_visits(example_visits(choosing), tables.folder)
    made = reported(Results(tables.part, facts, frames, beside), rules)
    return made, rules.scheme.info.code_system


_CHOOSING = [
    *("visit_id", "hospital_id", "payment", "out_of_area", "points", "class", "apg", "case_class"),
]
"""What the visit is chosen by that a statement works out."""


def _shown(tables: RunTables) -> Iterator[str]:
    """The tables that workbooks are made of."""
    yield from ("cases", "statements", "ledger")
    yield from ("pools", "assessment") if tables.manifest.is_clearing else _OF_MONTH
    if tables.part == STAYS:
        yield "adjustments"
        if tables.has(CASE_GROUPS):
            yield from OFFICIAL_GROUPS
    else:
        yield "groups"
    if tables.corrects:
        yield from ("differences", "difference_statements")
    if f"{PAYEES}.parquet" in tables.manifest.outputs:
        yield PAYEES
    if CASE_SHEETS in tables.manifest.content and tables.has(CASE_RECORDS):
        yield CASE_RECORDS
    if tables.part == VISITS and tables.enrolment() is not None:
        yield from ("capitation", "capitation_apart", "capitation_tie_out", ENROLMENT)


_OF_MONTH = ("values", "quarantine", "warnings")


def _counts(tables: RunTables) -> Mapping[str, int]:
    counts = tables.manifest.counts
    if tables.manifest.is_clearing:
        return {}
    if tables.part == VISITS:
        counted = {name: counts[name] for name in VisitCounts.__dataclass_fields__}
        return counts_shown(counted, counts["visit_warnings"])
    return {name: int(counts[name]) for name in ("read", "valid", "quarantined", "warnings")}


def _beside(tables: RunTables, results: Results) -> Mapping[str, pl.DataFrame]:
    """What is shown and lies in no file as it is."""
    if not tables.manifest.is_clearing:
        if tables.part == STAYS:
            return {}
        examples = entries_of_visits(example_visits(results.cases), tables.folder)
        return {"examples": examples, "findings": _findings(tables)}
    months = months_again(tables)
    prepaid = {"prepayments": prepayments_of(statements_of_year(months))}
    if tables.part == STAYS:
        return prepaid
    last = [month.last for month in months]
    for month in last:
        month.scan("entries", ["visit_id"])  # says of entries that were forgotten that they were
    return {**prepaid, "examples": examples_of_year(results.cases, last)}


def _findings(tables: RunTables) -> pl.DataFrame:
    """How many findings there are by table, kind and code."""
    files = {
        ("visits", "quarantine"): "quarantine",
        ("visits", "warning"): "warnings",
        ("lines", "quarantine"): "line_quarantine",
        ("lines", "warning"): "line_warnings",
    }
    return pl.concat(
        tables.frame(file, ["code"])
        .group_by(pl.col("code").cast(pl.String))
        .agg(rows=pl.len().cast(pl.Int64))
        .select(pl.lit(table).alias("table"), pl.lit(kind).alias("kind"), "code", "rows")
        for (table, kind), file in files.items()
    ).sort("table", "kind", "code")
