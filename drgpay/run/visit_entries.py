"""`drgpay group-visits`: the entries of visits in a file, without settling them."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from drgpay.base.language import Language
from drgpay.base.progress import ProgressBar, no_progress
from drgpay.grouper.apg import CompiledApg, load_apg
from drgpay.points.catalogue import Catalogue, load_catalogue
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.records.folder import refuse_overwriting
from drgpay.records.hospitals import read_hospitals
from drgpay.records.meaning.rules import Reading
from drgpay.records.visits.checks import VisitRules
from drgpay.records.visits.tables import VisitInput, VisitRecords, open_visits
from drgpay.records.writing import staged_file, write_frame
from drgpay.results.columns import money, plain, points, written
from drgpay.run.rules import outpatient_of
from drgpay.run.staging import staged_folder
from drgpay.run.visit_grouping import GroupedVisits, VisitFiles, group_all_visits
from drgpay.visits.stream import VisitPricing

VISIT_COLUMNS = [
    *plain("visit_id", "hospital_id", "level", "account", "out_of_area"),
    *plain("visit_date", "visit_type", "department", "contractor_id"),
    *plain("class", "family", "apg", "entries", "case_class"),
    *points("points"),
    *money("total_cost", "total_fen"),
    *money("fund_cost", "fund_fen"),
    *money("patient_cost", "patient_fen"),
    *money("other_cost", "other_fen"),
]
"""The columns of --visits-out."""


@dataclass(frozen=True)
class VisitGrouping:
    """By what visits are grouped: ids or paths, as the user names them."""

    scheme: str
    policy: str
    catalogue: Path | None = None
    hospitals: Path | None = None


@dataclass(frozen=True)
class WrittenEntries:
    """What was read, and what was made of it."""

    records: VisitRecords
    grouped: GroupedVisits


def write_entries(
    given: VisitInput,
    grouping: VisitGrouping,
    out: Path,
    visits_out: Path | None = None,
    findings: Path | None = None,
    progress: ProgressBar = no_progress,
    language: Language = "zh",
    threads: int | None = None,
) -> WrittenEntries:
    """Write entries.parquet (docs/files.md) of all valid visits, sorted by visit_id.

    visits_out: a file of visits with their points. findings: a folder that must not exist yet, for
    visit_quarantine, line_quarantine, visit_warnings and line_warnings. Without hospitals no visit
    is refused for an unknown one, and coefficients and points are null; points also without a
    catalogue. Raises DrgpayError for every mistake in the inputs.
    """
    for path in (out, visits_out, findings):
        refuse_overwriting(
            path, [given.visits, given.items, grouping.hospitals, grouping.catalogue]
        )
    pricing, rules = _rules(grouping)
    records = open_visits(given, Reading.of(rules.policy.records))
    with ExitStack() as stack:
        entries = stack.enter_context(staged_file(out))
        visits = stack.enter_context(staged_file(visits_out)) if visits_out else None
        folder = stack.enter_context(staged_folder(findings)) if findings else None
        files = VisitFiles(
            entries,
            folder / "line_quarantine.parquet" if folder else None,
            folder / "line_warnings.parquet" if folder else None,
        )
        advance = stack.enter_context(progress("grouping", records.rows))
        grouped = group_all_visits(
            records, rules, pricing, files, out.parent, threads, advance, language
        )
        if folder:
            write_frame(grouped.quarantine, folder / "visit_quarantine.parquet")
            write_frame(grouped.warnings, folder / "visit_warnings.parquet")
        if visits:
            write_frame(written(grouped.visits, VISIT_COLUMNS), visits)
    return WrittenEntries(records, grouped)


def _rules(grouping: VisitGrouping) -> tuple[VisitPricing, VisitRules]:
    compiled = load_apg(grouping.scheme)
    policy = load_policy(grouping.policy).policy
    catalogue = load_catalogue(grouping.catalogue, compiled.scheme) if grouping.catalogue else None
    hospitals = read_hospitals(grouping.hospitals) if grouping.hospitals else None
    return entry_rules(compiled, policy, catalogue, hospitals)


def entry_rules(
    compiled: CompiledApg,
    policy: Policy,
    catalogue: Catalogue | None,
    hospitals: pl.DataFrame | None,
) -> tuple[VisitPricing, VisitRules]:
    """By what visits are grouped and checked that are not settled; see `write_entries`."""
    outpatient = outpatient_of(policy)
    if hospitals is not None:
        coefficients = catalogue.coefficients if catalogue else None
        pricing = VisitPricing(compiled, outpatient, catalogue, coefficients)
        return pricing, VisitRules(policy, hospitals, None)
    nobody = pl.DataFrame(schema={"hospital_id": pl.String, "level": pl.String})
    pricing = VisitPricing(compiled, outpatient, catalogue)
    records = policy.records.with_severities({"unknown_hospital": "ignore"})
    return pricing, VisitRules(policy.model_copy(update={"records": records}), nobody, None)
