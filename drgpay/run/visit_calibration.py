"""Make a catalogue of APGs from the visits of past months, and leave its folder."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from drgpay.base.file_rights import BY_UMASK
from drgpay.base.language import Language
from drgpay.base.progress import ProgressBar, no_progress
from drgpay.grouper.apg import CompiledApg, load_apg
from drgpay.points.catalogue import Catalogue, load_catalogue
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.records.folder import refuse_overwriting
from drgpay.records.hospitals import read_hospitals
from drgpay.records.meaning.rules import Reading
from drgpay.records.visits.checks import VisitBucket, VisitCounts, VisitRules
from drgpay.records.visits.tables import VisitInput, VisitRecords, open_visits
from drgpay.report.calibration import ReportedTables, calibration_tables
from drgpay.run.calibration import leave_catalogue, refuse_existing
from drgpay.run.rules import outpatient_of
from drgpay.run.staging import staged_folder
from drgpay.visits.calibrate import calibrate_visits
from drgpay.visits.calibration_report import visit_calibration_report
from drgpay.visits.costs import VisitCosts, visit_costs
from drgpay.visits.stream import Progress, VisitPricing, each_bucket, priced_bucket


@dataclass(frozen=True)
class MadeVisitCatalogue:
    """A catalogue that lies in its folder now, its report, and the records that it was made from."""

    catalogue: Catalogue
    report: ReportedTables
    records: VisitRecords
    counts: VisitCounts


def make_visit_catalogue(
    given: VisitInput,
    scheme_name: str,
    policy_name: str,
    hospitals_path: Path,
    out: Path,
    previous: Path | None = None,
    progress: ProgressBar = no_progress,
    language: Language = "zh",
    threads: int | None = None,
) -> MadeVisitCatalogue:
    """Check, group and calibrate; `out` must not exist yet.

    Leaves the catalogue in `out` and its report in `out/report`, in a language.
    previous: a catalogue whose base points order procedures and weigh what is packaged; without
    one their own cost does. Raises DrgpayError for every mistake in the inputs.
    """
    refuse_existing(out)
    refuse_overwriting(out, [given.visits, given.items, hospitals_path])
    compiled = load_apg(scheme_name)
    policy = load_policy(policy_name).policy
    before = load_catalogue(previous, compiled.scheme) if previous else None
    records = open_visits(given, Reading.of(policy.records))
    hospitals = read_hospitals(hospitals_path)
    with (
        staged_folder(out, rights=BY_UMASK) as staged,
        progress("grouping visits", records.rows) as advance,
    ):
        made = calibrated_visits(
            records, compiled, policy, hospitals, before, out.name, out.parent, threads, advance
        )
        outpatient = outpatient_of(policy)
        found = visit_calibration_report(made.costs, made.catalogue, compiled, outpatient)
        report = calibration_tables(found, made.catalogue, compiled.scheme, outpatient.calibration)
        leave_catalogue(made.catalogue, report, staged, language)
    return MadeVisitCatalogue(made.catalogue, report, records, made.counts)


@dataclass(frozen=True)
class CalibratedVisits:
    """A catalogue, the costs that it was made of, and the counts of the records."""

    catalogue: Catalogue
    costs: VisitCosts
    counts: VisitCounts


def calibrated_visits(
    records: VisitRecords,
    compiled: CompiledApg,
    policy: Policy,
    hospitals: pl.DataFrame,
    previous: Catalogue | None,
    catalogue_id: str,
    spill: Path,
    threads: int | None = None,
    progress: Progress = lambda rows: None,
) -> CalibratedVisits:
    """Check, group and calibrate; nothing is written but, for a while, in `spill`.

    previous: as in `make_visit_catalogue`. Raises DrgpayError for mistakes in the records.
    """
    outpatient = outpatient_of(policy)
    pricing = VisitPricing(compiled, outpatient, previous)
    rules = VisitRules(policy.for_outpatient(), hospitals, None)
    mean = previous.all_mean_fen if previous else None

    def costs(bucket: VisitBucket) -> tuple[VisitCosts, VisitCounts]:
        priced = priced_bucket(bucket, pricing)
        return visit_costs(priced.entries, priced.visits, outpatient, mean), bucket.counts

    parts, counts = [], VisitCounts()
    for cost, counted in each_bucket(costs, records, rules, compiled, spill, threads, progress):
        parts.append(cost)
        counts += counted
    together = VisitCosts.together(parts)
    source = records.visits.path.name
    catalogue = calibrate_visits(
        together, counts.visits_read, compiled.scheme, policy, catalogue_id, source
    )
    return CalibratedVisits(catalogue, together, counts)
