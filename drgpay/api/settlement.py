"""A month and a catalogue in memory, by the code of the commands; nothing is written."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from drgpay.api.frames import Stays, open_stays
from drgpay.api.grouping import SchemeLike, compiled_scheme
from drgpay.api.rules import HospitalsLike, PolicyLike, load_hospitals, loaded_policy
from drgpay.base.errors import DrgpayError
from drgpay.base.exact import FEN_PLACES, POINT_PLACES, as_decimal
from drgpay.base.file_rights import BY_UMASK
from drgpay.base.language import Language
from drgpay.base.period import Period
from drgpay.grouper.apg import CompiledApg
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.grouped_stays import check_grouped, read_grouped_stays
from drgpay.points.calibrate import calibrate as _calibrate
from drgpay.points.cases import EarnedPoints, points_of_stays
from drgpay.points.catalogue import Catalogue, with_day_points
from drgpay.points.catalogue import load_catalogue as _load_catalogue
from drgpay.points.catalogue import save_catalogue as _save_catalogue
from drgpay.policy.load import LoadedPolicy
from drgpay.policy.model import Policy
from drgpay.records.checks import CheckedStays
from drgpay.records.dataset import Dataset
from drgpay.records.filings import NO_FILINGS, Filings, check_payments, payable_filings
from drgpay.results.month import (
    adjustments_table,
    cases_table,
    ledger_table,
    statements_table,
    values_table,
)
from drgpay.run import rules as payment_rules
from drgpay.run.staging import staged_folder
from drgpay.settle.ledger import ledger_of_month
from drgpay.settle.lines import levels_of
from drgpay.settle.month import settle_month as _settle_month
from drgpay.settle.settled import Settled

CatalogueLike = str | Path | Catalogue
"""A catalogue's folder, or what `load_catalogue` or `calibrate` gave."""


def load_catalogue(folder: str | Path, scheme: SchemeLike | CompiledApg) -> Catalogue:
    """A catalogue in scaled integers: money in fen, points, cv and coefficients in 1/10,000.

    scheme: that of the stays, or what `load_visit_scheme` gave for a catalogue of APGs. Frames
    `groups`, `coefficients`, `bed_days`, and `info`; `catalogue_tables` has decimals. Raises
    DrgpayError for a damaged catalogue and one of another scheme. Source: docs/files.md, "The
    catalogue".
    """
    compiled = scheme if isinstance(scheme, CompiledApg) else compiled_scheme(scheme)
    return _load_catalogue(Path(folder), compiled.scheme)


def calibrate(
    stays: Stays,
    scheme: SchemeLike,
    policy: PolicyLike,
    hospitals: HospitalsLike,
    *,
    catalogue_id: str = "catalogue",
    mapping: str | None = None,
    encoding: str | None = None,
    clinical_codes: bool = False,
    threads: int | None = None,
) -> Catalogue:
    """Group and check the stays of past years and make a catalogue of them; nothing is written.

    stays: the columns of docs/files.md, costs in yuan; those that the checks refuse do not count.
    Returns what `load_catalogue` returns. Raises DrgpayError for every mistake in the inputs and
    if no stay can be calibrated with. Source: docs/points.md, "Calibration".
    """
    compiled, rules = compiled_scheme(scheme), loaded_policy(policy)
    dataset = open_stays(stays, compiled.code_system, mapping, encoding, clinical_codes)
    contracted = load_hospitals(hospitals)
    checked = _checked(dataset, compiled, rules, contracted, None, "zh", threads)
    return _calibrate(
        checked.valid, dataset.rows, compiled.scheme, rules, catalogue_id, dataset.path.name
    )


_POINTS = ("base_points", "cv", "coefficient", "level_factor")
_DAY_POINT_PLACES = 8


def catalogue_tables(catalogue: Catalogue) -> dict[str, pl.DataFrame]:
    """A catalogue for readers: the frames `groups`, `coefficients`, `bed_days` as decimals.

    Columns as in the CSV files of docs/files.md: *_yuan in yuan with 2 places; base_points, cv,
    coefficient, level_factor with 4, day_points with 8. No error. Source: the catalogue.
    """
    frames = {
        "groups": catalogue.groups,
        "coefficients": catalogue.coefficients,
        "bed_days": with_day_points(catalogue),
    }
    return {name: _in_decimals(frame) for name, frame in frames.items()}


def _in_decimals(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(
        as_decimal(name, FEN_PLACES).name.replace("_fen$", "_yuan")
        if name.endswith("_fen")
        else as_decimal(name, POINT_PLACES)
        if name in _POINTS
        else as_decimal(name, _DAY_POINT_PLACES)
        if name == "day_points"
        else pl.col(name)
        for name in frame.columns
    )


def save_catalogue(catalogue: Catalogue, folder: str | Path) -> Path:
    """Leave a catalogue in a new folder, whole or not at all, and return the folder.

    Raises DrgpayError if the folder exists. Source: docs/files.md, "The catalogue".
    """
    with staged_folder(Path(folder), rights=BY_UMASK) as staged:
        _save_catalogue(catalogue, staged)
    return Path(folder)


@dataclass(frozen=True)
class SettledMonth:
    """A settled month; money in yuan, points and ratios with 4 places, all exact decimals.

    cases, adjustments, statements, values, ledger, quarantine, warnings: the columns of the files
    of a run (docs/files.md). earned and settled: the same in scaled integers.
    """

    cases: pl.DataFrame
    adjustments: pl.DataFrame
    statements: pl.DataFrame
    values: pl.DataFrame
    ledger: pl.DataFrame
    quarantine: pl.DataFrame
    warnings: pl.DataFrame
    earned: EarnedPoints
    settled: Settled


def settle_month(
    stays: Stays,
    scheme: SchemeLike,
    policy: PolicyLike,
    catalogue: CatalogueLike,
    hospitals: HospitalsLike,
    period: str,
    *,
    filings: Filings = NO_FILINGS,
    mapping: str | None = None,
    encoding: str | None = None,
    clinical_codes: bool = False,
    language: Language = "zh",
    threads: int | None = None,
) -> SettledMonth:
    """Group, check, price and pay the stays of a month, as `drgpay run` does; nothing is written.

    stays: the columns of docs/files.md, costs in yuan; they are grouped here. period: the month of
    settlement, as "2026-10". language: of the findings. Raises DrgpayError for every mistake in the
    inputs, a policy of another year, a catalogue of another scheme, filings of unknown cases, and
    if no stay is valid. Source: docs/points.md and docs/settlement.md.
    """
    compiled, month = compiled_scheme(scheme), Period.parse(period)
    rules, contracted = loaded_policy(policy), load_hospitals(hospitals)
    _refuse_unfit(policy, rules, compiled, month)
    priced_by = catalogue_of(catalogue, compiled)
    check_payments(filings, contracted["hospital_id"], rules.records.accounts)
    dataset = open_stays(stays, compiled.code_system, mapping, encoding, clinical_codes)
    checked = _checked(dataset, compiled, rules, contracted, month, language, threads)
    if not checked.valid.height:
        raise DrgpayError(
            f"{dataset.path}: none of {dataset.rows} stays is valid for {month}",
            "correct the records or the period",
        )
    kept, warnings = payable_filings(filings, checked, language)
    earned = points_of_stays(checked.valid, priced_by, rules.points, kept, exempt=compiled.exempt)
    settled = _settle_month(
        earned.cases, earned.adjustments, rules, month, kept.payments, levels_of(contracted)
    )
    return SettledMonth(
        cases=cases_table(settled.cases),
        adjustments=adjustments_table(settled.adjustments),
        statements=statements_table(settled, contracted, rules.settlement.value_places),
        values=values_table(settled, rules.settlement.value_places),
        ledger=ledger_table(ledger_of_month(month, settled)),
        quarantine=checked.quarantine,
        warnings=warnings,
        earned=earned,
        settled=settled,
    )


def _refuse_unfit(
    given: PolicyLike, policy: Policy, compiled: CompiledScheme, month: Period
) -> None:
    """A policy of another year, or one that names groups which the scheme does not have."""
    name = policy.policy.id if isinstance(given, Policy) else given
    loaded = LoadedPolicy(policy, {}, Path(name))
    payment_rules.refuse_other_year(loaded, month.year, "the month")
    payment_rules.refuse_unknown_groups(loaded, compiled.scheme)


def catalogue_of(catalogue: CatalogueLike, compiled: CompiledScheme | CompiledApg) -> Catalogue:
    """What was loaded already, or loaded now; raises DrgpayError for one of another scheme."""
    if not isinstance(catalogue, Catalogue):
        return load_catalogue(catalogue, compiled)
    if catalogue.info.scheme_hash != compiled.scheme.content_hash:
        raise DrgpayError(
            f"the catalogue {catalogue.info.id} was made for other tables than those of "
            f"{compiled.id} ({catalogue.info.scheme})",
            "calibrate a catalogue with this scheme, or name its own scheme",
        )
    return catalogue


def _checked(
    dataset: Dataset,
    compiled: CompiledScheme,
    policy: Policy,
    hospitals: pl.DataFrame,
    month: Period | None,
    language: Language,
    threads: int | None,
) -> CheckedStays:
    grouped = read_grouped_stays(dataset, compiled, threads=threads)
    days = month.days if month else None
    return check_grouped(grouped, compiled, policy, hospitals, days, str(dataset.path), language)
