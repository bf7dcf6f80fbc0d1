"""The workbooks of a run once more, from its tables, compared with those that lie in its folder."""

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
from drgpay.results.run_tables import CannotCheckError, RunTables
from drgpay.results.stored import StoredMonth, StoredVisits
from drgpay.results.visit_files import ENROLMENT, entries_of_visits
from drgpay.results.visits import CapitationTables, VisitTables, example_visits
from drgpay.run.clearing import prepayments_of, statements_of_year
from drgpay.run.comparison import WORDS, Compared, first_of, not_due
from drgpay.run.facts import run_facts
from drgpay.run.kept_rules import rules_kept, visit_rules_kept
from drgpay.run.repeated import hospitals_of, months_again
from drgpay.run.rules import PaymentRules
from drgpay.run.visit_balances import VisitRunTables
from drgpay.run.visit_rules import VisitPaymentRules


@dataclass(frozen=True)
class Schemes:
    """Where the job of a run says that its schemes lie; without one shipped schemes are looked for."""

    stays: str | None = None
    visits: str | None = None


def workbooks_as_due(stays: RunTables, visits: VisitRunTables, schemes: Schemes) -> Compared:
    """Every workbook against the one that its tables make: the same bytes from the same program."""
    manifest = stays.manifest
    with working_folder() as work:
        _write(stays, visits, schemes, work)
        due = workbooks_in(work)
        lying = {name: stays.folder / name for name in due} | workbooks_in(stays.folder)
        found = first_of(
            finding
            for name, path in lying.items()
            for finding in [_unlike_book(name, path, due.get(name))]
            if finding
        )
    return len(manifest["outputs"]) and len(due), found


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
    from drgpay.report.html.run_folder import open_run, runs_beside

    text = report_of(folder).read_text(encoding="utf-8")
    language: Language = "en" if '<html lang="en' in text[:_HEAD] else "zh"
    run = open_run(folder)
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
    except (CalamineError, BadZipFile, OSError) as error:
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


def _write(stays: RunTables, visits: VisitRunTables, schemes: Schemes, folder: Path) -> None:
    language = stays.manifest["language"]
    if stays.kind == "clearing":
        write_clearing_books(
            _year_of_stays(stays, schemes) if stays.is_settled else None,
            _year_of_visits(visits, schemes) if visits.is_settled else None,
            folder,
            language,
        )
    else:
        write_run_books(
            _settled_stays(stays, schemes) if stays.is_settled else None,
            _settled_visits(visits, schemes) if visits.is_settled else None,
            folder,
            language,
        )


def _explained_by(rules: PaymentRules | VisitPaymentRules) -> Rules:
    return Rules(rules.policy.settlement, rules.group_names, rules.catalogue.all_mean_fen)


def _settled_stays(tables: RunTables, schemes: Schemes) -> SettledStays:
    manifest = tables.manifest
    rules = rules_kept(tables.folder, manifest, hospitals_of(tables), schemes.stays)
    names = ("read", "valid", "quarantined", "warnings")
    counts = {name: int(manifest["counts"][name]) for name in names}
    facts = run_facts(manifest["run"], manifest["period"], rules, **counts)
    month = MonthTables(
        facts,
        cases=tables.read("cases"),
        adjustments=tables.read("adjustments"),
        statements=tables.read("statements"),
        values=tables.read("values"),
        ledger=tables.read("ledger"),
        quarantine=tables.read("quarantine"),
        warnings=tables.read("warnings"),
        differences=_differences(tables),
    )
    return SettledStays(month, _explained_by(rules))


def _differences(tables: RunTables) -> DifferenceTables | None:
    if not tables.manifest["corrects"]:
        return None
    return DifferenceTables(tables.read("differences"), tables.read("difference_statements"))


def _enrolment(tables: VisitRunTables) -> pl.DataFrame | None:
    kept = f"{ENROLMENT}.parquet" in tables.manifest["outputs"]
    return tables.read(ENROLMENT) if kept else None


def _capitation(tables: VisitRunTables) -> CapitationTables | None:
    if _enrolment(tables) is None:
        return None
    names = ("capitation", "capitation_apart", "capitation_tie_out")
    return CapitationTables(*(tables.read(name) for name in names))


def _visit_rules(tables: VisitRunTables, schemes: Schemes) -> VisitPaymentRules:
    return visit_rules_kept(
        tables.folder, tables.manifest, hospitals_of(tables), _enrolment(tables), schemes.visits
    )


def _settled_visits(tables: VisitRunTables, schemes: Schemes) -> SettledVisits:
    manifest, rules = tables.manifest, _visit_rules(tables, schemes)
    counts = manifest["counts"]
    counted = VisitCounts(**{name: counts[name] for name in VisitCounts.__dataclass_fields__})
    facts = run_facts(
        manifest["run"],
        manifest["period"],
        rules,
        read=counted.visits_read,
        valid=counted.visits_valid,
        quarantined=counted.visits_quarantined,
        warnings=counts["visit_warnings"],
    )
    visits = tables.read("cases")
    shown = VisitTables(
        facts=facts,
        counts=counted,
        visits=visits,
        groups=tables.read("groups"),
        examples=entries_of_visits(example_visits(visits), tables.folder),
        statements=tables.read("statements"),
        values=tables.read("values"),
        ledger=tables.read("ledger"),
        capitation=_capitation(tables),
        quarantine=tables.read("visit_quarantine"),
        warnings=tables.read("visit_warnings"),
        findings=_findings(tables),
        differences=_differences(tables),
    )
    return SettledVisits(shown, _explained_by(rules), rules.outpatient.capitation, rules.enrolment)


def _findings(tables: VisitRunTables) -> pl.DataFrame:
    """How many findings there are by table, kind and code."""
    files = {
        ("visits", "quarantine"): "visit_quarantine",
        ("visits", "warning"): "visit_warnings",
        ("lines", "quarantine"): "line_quarantine",
        ("lines", "warning"): "line_warnings",
    }
    return pl.concat(
        tables.read(file, ["code"])
        .group_by(pl.col("code").cast(pl.String))
        .agg(rows=pl.len().cast(pl.Int64))
        .select(pl.lit(table).alias("table"), pl.lit(kind).alias("kind"), "code", "rows")
        for (table, kind), file in files.items()
    ).sort("table", "kind", "code")


def _year_of_stays(tables: RunTables, schemes: Schemes) -> YearOfStays:
    manifest = tables.manifest
    rules = rules_kept(tables.folder, manifest, hospitals_of(tables), schemes.stays)
    shown = ClearingTables(
        manifest["run"],
        int(manifest["period"]),
        rules.policy,
        pools=tables.read("pools"),
        statements=tables.read("statements"),
        cases=tables.read("cases"),
        adjustments=tables.read("adjustments"),
        assessment=tables.read("assessment"),
        ledger=tables.read("ledger"),
    )
    prepaid = prepayments_of(statements_of_year(months_again(tables, StoredMonth)))
    return YearOfStays(shown, _explained_by(rules), prepaid)


def _year_of_visits(tables: VisitRunTables, schemes: Schemes) -> YearOfVisits:
    manifest, rules = tables.manifest, _visit_rules(tables, schemes)
    months = months_again(tables, StoredVisits)
    visits = tables.read("cases")
    named = visits.filter(pl.col("visit_id").is_in(example_visits(visits).implode()))
    dates = named.select("visit_id", period=pl.col("visit_date").dt.strftime("%Y-%m"))
    examples = pl.concat(
        entries_of_visits(dates.filter(period=month.last.period)["visit_id"], month.last.folder)
        for month in months
    )
    shown = VisitClearingTables(
        manifest["run"],
        int(manifest["period"]),
        rules.policy,
        visits=visits,
        examples=examples,
        capitation=_capitation(tables),
        **{
            name: tables.read(name)
            for name in ("pools", "statements", "assessment", "ledger", "groups")
        },
    )
    prepaid = prepayments_of(statements_of_year(months))
    return YearOfVisits(shown, _explained_by(rules), prepaid, rules.enrolment)
