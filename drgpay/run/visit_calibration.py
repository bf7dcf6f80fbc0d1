"""Make a catalogue of APGs from the visits of past months, and leave its folder."""

from dataclasses import dataclass
from pathlib import Path

from drgpay.grouper.apg import load_apg
from drgpay.language import Language
from drgpay.points.catalogue import Catalogue, load_catalogue, save_catalogue
from drgpay.policy.load import load_policy
from drgpay.records.hospitals import read_hospitals
from drgpay.records.visits.checks import VisitBucket, VisitCounts, VisitRules
from drgpay.records.visits.tables import VisitInput, VisitRecords, open_visits
from drgpay.run.calibration import refuse_existing
from drgpay.run.month_end import ProgressBar, no_progress
from drgpay.run.staging import staged_folder
from drgpay.run.visit_rules import outpatient_of
from drgpay.visits.calibrate import calibrate_visits
from drgpay.visits.costs import VisitCosts, visit_costs
from drgpay.visits.stream import VisitPricing, each_bucket, priced_bucket


@dataclass(frozen=True)
class MadeVisitCatalogue:
    """A catalogue that lies in its folder now, and the records that it was made from."""

    catalogue: Catalogue
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

    previous: a catalogue whose base points order procedures and weigh what is packaged; without
    one their own cost does. Raises DrgpayError for every mistake in the inputs.
    """
    refuse_existing(out)
    compiled = load_apg(scheme_name)
    policy = load_policy(policy_name).policy
    outpatient = outpatient_of(policy)
    before = load_catalogue(previous, compiled.scheme) if previous else None
    pricing = VisitPricing(compiled, outpatient, before)
    rules = VisitRules(policy.for_outpatient(), read_hospitals(hospitals_path), None)
    records = open_visits(given)
    mean = before.all_mean_fen if before else None

    def costs(bucket: VisitBucket) -> tuple[VisitCosts, VisitCounts]:
        priced = priced_bucket(bucket, pricing)
        return visit_costs(priced.entries, priced.visits, outpatient, mean), bucket.counts

    parts, counts = [], VisitCounts()
    with staged_folder(out) as staged, progress("grouping visits", records.rows) as advance:
        for cost, counted in each_bucket(
            costs, records, rules, compiled, out.parent, threads, advance, language
        ):
            parts.append(cost)
            counts += counted
        catalogue = calibrate_visits(
            VisitCosts.together(parts), compiled.scheme, policy, out.name, records.visits.path.name
        )
        save_catalogue(catalogue, staged)
    return MadeVisitCatalogue(catalogue, records, counts)
