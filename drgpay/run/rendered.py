"""The workbooks of a run once more, from its tables, compared with those that lie in its folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import polars as pl
from python_calamine import CalamineError, CalamineWorkbook
from xlsxwriter.utility import xl_rowcol_to_cell

from drgpay.base.language import Language, Words
from drgpay.base.working_folder import working_folder
from drgpay.records.visits.checks import VisitCounts
from drgpay.report.clearing_books import YearOfStays, YearOfVisits, write_clearing_books
from drgpay.report.explanation import Rules
from drgpay.report.run_books import SettledStays, SettledVisits, write_run_books
from drgpay.results.clearing import ClearingTables, VisitClearingTables
from drgpay.results.month import DifferenceTables, MonthTables
from drgpay.results.part import STAYS, VISITS, Part
from drgpay.results.run_folder import RunFolder, month_at
from drgpay.results.run_tables import CannotCheckError, RunTables
from drgpay.results.visit_files import entries_of_visits
from drgpay.results.visits import CapitationTables, VisitTables, example_visits
from drgpay.run.clearing import prepayments_of, statements_of_year
from drgpay.run.comparison import Compared, first_of, not_due
from drgpay.run.facts import run_facts
from drgpay.run.kept_rules import rules_kept, visit_rules_kept
from drgpay.run.repeated import hospitals_of, months_again
from drgpay.run.rules import PaymentRules
from drgpay.run.visit_rules import VisitPaymentRules


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
    run = month_at(folder)
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
    raise CannotCheckError(
        Words(
            f"{name} 与现在生成的报告不同：当时旁边有其他月份的运行，或报告被改动；请重新生成",
            f"{name} is not the report that is made now: other months lay beside the run then, or it "
            "was changed; write it again",
        )
    )


_HEAD = 1_000


def _unlike_book(name: str, path: Path, due: Path | None) -> Words | None:
    if due is None:
        return Words(f"多出 {name}", f"{name} is extra")
    if not path.is_file():
        return Words(f"缺少 {name}", f"{name} is missing")
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
    except (CalamineError, BadZipFile, OSError) as error:
        return Words(f"{name} 无法读取：{error}", f"{name} cannot be read: {error}")
    shown = names[0] if names else "zip"
    return Words(
        f"{name}：数值相同，但公式、格式或文件内容不同（{shown}）",
        f"{name}: the same values, but other formulas, formats or parts ({shown})",
    )


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
    language, stays, visits = run.manifest.language, parts.get(STAYS), parts.get(VISITS)
    if run.manifest.is_clearing:
        write_clearing_books(
            _year_of_stays(stays, schemes) if stays else None,
            _year_of_visits(visits, schemes) if visits else None,
            folder,
            language,
        )
    else:
        write_run_books(
            _settled_stays(stays, schemes) if stays else None,
            _settled_visits(visits, schemes) if visits else None,
            folder,
            language,
        )


def _explained_by(rules: PaymentRules | VisitPaymentRules) -> Rules:
    return Rules(rules.policy.settlement, rules.group_names, rules.catalogue.all_mean_fen)


def _settled_stays(tables: RunTables, schemes: Schemes) -> SettledStays:
    rules = rules_kept(tables, hospitals_of(tables), schemes.stays)
    names = ("read", "valid", "quarantined", "warnings")
    counts = {name: int(tables.manifest.counts[name]) for name in names}
    facts = run_facts(tables.run_id, tables.period, rules, **counts)
    month = MonthTables(
        facts,
        cases=tables.frame("cases"),
        adjustments=tables.frame("adjustments"),
        statements=tables.frame("statements"),
        values=tables.frame("values"),
        ledger=tables.frame("ledger"),
        quarantine=tables.frame("quarantine"),
        warnings=tables.frame("warnings"),
        differences=_differences(tables),
    )
    return SettledStays(month, _explained_by(rules))


def _differences(tables: RunTables) -> DifferenceTables | None:
    if not tables.corrects:
        return None
    return DifferenceTables(tables.frame("differences"), tables.frame("difference_statements"))


def _capitation(tables: RunTables) -> CapitationTables | None:
    if tables.enrolment() is None:
        return None
    names = ("capitation", "capitation_apart", "capitation_tie_out")
    return CapitationTables(*(tables.frame(name) for name in names))


def _settled_visits(tables: RunTables, schemes: Schemes) -> SettledVisits:
    rules, counts = (
        visit_rules_kept(tables, hospitals_of(tables), schemes.visits),
        tables.manifest.counts,
    )
    counted = VisitCounts(**{name: counts[name] for name in VisitCounts.__dataclass_fields__})
    facts = run_facts(
        tables.run_id,
        tables.period,
        rules,
        read=counted.visits_read,
        valid=counted.visits_valid,
        quarantined=counted.visits_quarantined,
        warnings=counts["visit_warnings"],
    )
    visits = tables.frame("cases")
    shown = VisitTables(
        facts=facts,
        counts=counted,
        visits=visits,
        groups=tables.frame("groups"),
        examples=entries_of_visits(example_visits(visits), tables.folder),
        statements=tables.frame("statements"),
        values=tables.frame("values"),
        ledger=tables.frame("ledger"),
        capitation=_capitation(tables),
        quarantine=tables.frame("visit_quarantine"),
        warnings=tables.frame("visit_warnings"),
        findings=_findings(tables),
        differences=_differences(tables),
    )
    return SettledVisits(shown, _explained_by(rules), rules.outpatient.capitation, rules.enrolment)


def _findings(tables: RunTables) -> pl.DataFrame:
    """How many findings there are by table, kind and code."""
    files = {
        ("visits", "quarantine"): "visit_quarantine",
        ("visits", "warning"): "visit_warnings",
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


def _year_of_stays(tables: RunTables, schemes: Schemes) -> YearOfStays:
    rules = rules_kept(tables, hospitals_of(tables), schemes.stays)
    shown = ClearingTables(
        tables.run_id,
        int(tables.period),
        rules.policy,
        pools=tables.frame("pools"),
        statements=tables.frame("statements"),
        cases=tables.frame("cases"),
        adjustments=tables.frame("adjustments"),
        assessment=tables.frame("assessment"),
        ledger=tables.frame("ledger"),
    )
    prepaid = prepayments_of(statements_of_year(months_again(tables)))
    return YearOfStays(shown, _explained_by(rules), prepaid)


def _year_of_visits(tables: RunTables, schemes: Schemes) -> YearOfVisits:
    rules, months = (
        visit_rules_kept(tables, hospitals_of(tables), schemes.visits),
        months_again(tables),
    )
    visits = tables.frame("cases")
    named = visits.filter(pl.col("visit_id").is_in(example_visits(visits).implode()))
    dates = named.select("visit_id", period=pl.col("visit_date").dt.strftime("%Y-%m"))
    examples = pl.concat(
        entries_of_visits(dates.filter(period=month.last.period)["visit_id"], month.last.folder)
        for month in months
    )
    shown = VisitClearingTables(
        tables.run_id,
        int(tables.period),
        rules.policy,
        visits=visits,
        examples=examples,
        capitation=_capitation(tables),
        **{
            name: tables.frame(name)
            for name in ("pools", "statements", "assessment", "ledger", "groups")
        },
    )
    prepaid = prepayments_of(statements_of_year(months))
    return YearOfVisits(shown, _explained_by(rules), prepaid, rules.enrolment)
