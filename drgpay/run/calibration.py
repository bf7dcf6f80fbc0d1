"""Make a catalogue, from the stays of past years or from published weights, and leave its folder."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import BY_UMASK
from drgpay.base.language import Language
from drgpay.base.progress import ProgressBar, no_progress
from drgpay.base.words import Sentences
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.grouper.grouped_stays import check_grouped, read_grouped_stays
from drgpay.grouper.scheme import load_scheme
from drgpay.points.calibrate import calibrate
from drgpay.points.calibration_report import calibration_report
from drgpay.points.catalogue import Catalogue, save_catalogue
from drgpay.points.published_weights import published_catalogue
from drgpay.points.weight_rows import WeightOptions
from drgpay.policy.load import load_policy
from drgpay.records.dataset import RecordsInput
from drgpay.records.folder import refuse_overwriting
from drgpay.records.hospitals import read_hospitals
from drgpay.records.meaning.rules import Reading
from drgpay.report.calibration import (
    ReportedTables,
    calibration_tables,
    published_tables,
    write_report,
)
from drgpay.report.point_notes import stay_rules_table
from drgpay.results.columns import columns_of, written
from drgpay.run.rules import fitted, refuse_wrong_policy_rules
from drgpay.run.staging import staged_folder
from drgpay.run.stops import remark_on_unknown

_ERRORS = Sentences("errors/run")

REPORT_FOLDER = "report"


@dataclass(frozen=True)
class MadeCatalogue:
    """A catalogue that lies in its folder now, its report, and what rules changed of its stays.

    group_findings: what was found of official groups, where they were given.
    """

    catalogue: Catalogue
    report: ReportedTables
    stay_rules: pl.DataFrame | None = None
    group_findings: pl.DataFrame | None = None


def make_catalogue(
    stays: RecordsInput,
    scheme_name: str,
    policy_name: str,
    hospitals_path: Path,
    out: Path,
    progress: ProgressBar = no_progress,
    language: Language = "zh",
) -> MadeCatalogue:
    """Group, check and calibrate; `out` must not exist yet.

    Leaves the catalogue in `out` and its report in `out/report`, in a language. Raises DrgpayError
    for every mistake in the inputs.
    """
    refuse_existing(out)
    given = [stays.groups.path] if stays.groups else []
    refuse_overwriting(out, [stays.path, hospitals_path, *given])
    compiled = load_compiled(scheme_name)
    scheme = compiled.scheme
    loaded = load_policy(policy_name)
    refuse_wrong_policy_rules(loaded)
    loaded = fitted(loaded, scheme, ("calibration",))
    policy = loaded.policy
    hospitals = read_hospitals(hospitals_path)
    dataset = stays.open(scheme.info.code_system, Reading.of(policy.records))
    with progress("grouping", dataset.rows) as advance:
        grouped = read_grouped_stays(dataset, compiled, advance)
    official = stays.groups.open() if stays.groups else None
    checked = check_grouped(
        grouped,
        compiled,
        policy,
        hospitals,
        None,
        str(stays.path),
        official=official,
        origin=dataset.origin,
    )
    del grouped
    remark_on_unknown(policy.records, dataset.rows, checked.unknown)
    catalogue = calibrate(checked.valid, dataset.rows, scheme, policy, out.name, dataset.path.name)
    rules = policy.calibration
    report = calibration_report(checked.valid, catalogue, scheme, rules)
    tables = calibration_tables(report, catalogue, scheme, rules)
    found = written(checked.official, columns_of("group_findings")) if official else None
    made = MadeCatalogue(catalogue, tables, stay_rules_table(checked.ruled), found)
    _leave(made, out, language)
    return made


def import_catalogue(
    weights: Path,
    scheme_name: str,
    all_mean_yuan: Decimal,
    out: Path,
    options: WeightOptions,
    language: Language = "zh",
) -> MadeCatalogue:
    """Turn published weights into a catalogue; `out` must not exist yet.

    Raises DrgpayError for every mistake in the table.
    """
    refuse_existing(out)
    scheme = load_scheme(scheme_name)
    published = published_catalogue(weights, scheme, all_mean_yuan, out.name, options)
    made = MadeCatalogue(published.catalogue, published_tables(published, scheme))
    _leave(made, out, language)
    return made


def refuse_existing(out: Path) -> None:
    """Raise DrgpayError if there is a catalogue of that name."""
    if out.exists():
        raise DrgpayError(*_ERRORS("catalogue_exists", folder=out))


def _leave(made: MadeCatalogue, out: Path, language: Language) -> None:
    with staged_folder(out, rights=BY_UMASK) as staged:
        leave_catalogue(made.catalogue, made.report, staged, language)


def leave_catalogue(
    catalogue: Catalogue, report: ReportedTables, folder: Path, language: Language
) -> None:
    """Write a catalogue into its folder, and its report into the folder `report` there."""
    save_catalogue(catalogue, folder)
    (folder / REPORT_FOLDER).mkdir()
    write_report(report, folder / REPORT_FOLDER, language)
