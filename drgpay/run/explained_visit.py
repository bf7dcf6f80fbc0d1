"""`drgpay explain-visit`: the groups of one visit and its lines, and what it is paid for."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import polars as pl

from drgpay.explain.code_names import CodeNames
from drgpay.explain.trace import VisitTrace
from drgpay.explain.visits import explain_visit
from drgpay.grouper.apg import load_apg
from drgpay.grouper.apg_reference import Line, Visit
from drgpay.points.catalogue import load_catalogue
from drgpay.policy.load import load_policy
from drgpay.policy.outpatient import Outpatient
from drgpay.records.findings import REFUSED_SCHEMA
from drgpay.records.hospitals import read_hospitals
from drgpay.records.meaning.rules import Reading
from drgpay.records.visits.checks import LINE, PHARMACY, VISIT, VisitBucket, VisitCounts
from drgpay.records.visits.finding import FoundVisit, find_visit
from drgpay.records.visits.tables import VisitInput, open_visits
from drgpay.results.visits import entries_table
from drgpay.run.rules import group_names, outpatient_of
from drgpay.run.visit_entries import VisitGrouping
from drgpay.visits.stream import VisitPricing, priced_bucket


@dataclass(frozen=True)
class ExplainedVisit:
    """The trace of a visit, its entries and its points.

    entries: ENTRY_COLUMNS of docs/files.md; coefficient is null where the level of the hospital is
    not known. points in 1/10,000, None without a catalogue or a level. names: of APGs. all_mean_fen:
    the mean of the catalogue.
    """

    trace: VisitTrace
    entries: pl.DataFrame
    points: int | None
    names: dict[str, str]
    rules: Outpatient
    all_mean_fen: Fraction | None


def explained_visit(given: VisitInput, visit_id: str, grouping: VisitGrouping) -> ExplainedVisit:
    """Explain the visit with this id; its records are not checked, refunds are netted out.

    Raises DrgpayError for every mistake in the inputs and a visit that is not there.
    """
    compiled = load_apg(grouping.scheme)
    policy = load_policy(grouping.policy).policy
    rules = outpatient_of(policy)
    catalogue = load_catalogue(grouping.catalogue, compiled.scheme) if grouping.catalogue else None
    found = find_visit(open_visits(given, Reading.of(policy.records)), visit_id)
    hospital = _hospital(found, grouping)
    level = str(hospital["level"]) if hospital else None
    known = catalogue.coefficients if catalogue and level else None
    pricing = VisitPricing(compiled, rules, catalogue, known)
    pharmacy = hospital is not None and hospital.get("kind") == PHARMACY
    priced = priced_bucket(_bucket(found, level, pharmacy), pricing)
    visit, info = _visit(found), compiled.scheme.info
    lines = [Line.of(visit, *row) for row in found.items.select("item_code", "item_kind").rows()]
    trace = explain_visit(
        compiled, visit, lines, CodeNames.of(info.code_system, info.item_system or ""), visit_id
    )
    return ExplainedVisit(
        trace,
        entries_table(priced.entries),
        priced.visits["points"][0],
        group_names(compiled.scheme),
        rules,
        pricing.all_mean_fen,
    )


def _hospital(found: FoundVisit, grouping: VisitGrouping) -> dict[str, Any] | None:
    """The row of the visit's hospital; None where it is not known."""
    if grouping.hospitals is None:
        return None
    hospitals = read_hospitals(grouping.hospitals)
    mine = hospitals.filter(pl.col("hospital_id") == found.visit["hospital_id"][0])
    return mine.row(0, named=True) if mine.height else None


def _bucket(found: FoundVisit, level: str | None, pharmacy: bool) -> VisitBucket:
    none, no_lines = (
        pl.DataFrame(schema=dict.fromkeys(subject.finding_columns, pl.String))
        for subject in (VISIT, LINE)
    )
    visit = found.visit.with_columns(level=pl.lit(level, pl.String), pharmacy=pl.lit(pharmacy))
    nothing = pl.DataFrame(schema=REFUSED_SCHEMA)
    return VisitBucket(
        visit, found.items, none, none, no_lines, no_lines, VisitCounts(), nothing, nothing
    )


def _visit(found: FoundVisit) -> Visit:
    row = found.visit.row(0, named=True)
    return Visit(
        principal_diagnosis=row["principal_diagnosis"],
        other_diagnoses=tuple(row["other_diagnoses"]),
        visit_type=row["visit_type"],
        department=row["department"],
        age=row["age"],
        sex=row["sex"],
    )
