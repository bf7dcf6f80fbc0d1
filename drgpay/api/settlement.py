"""A month and a catalogue in memory, by the code of the commands; nothing is written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.api.arguments import checked
from drgpay.api.frames import Stays, open_stays, reading_of, source_name
from drgpay.api.grouping import SchemeLike, compiled_scheme
from drgpay.api.official_groups import GroupsLike, official_groups
from drgpay.api.rules import HospitalsLike, PolicyLike, load_hospitals, loaded_policy, named_policy
from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import BY_UMASK
from drgpay.base.language import Language, chosen
from drgpay.base.period import Period
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences
from drgpay.grouper.apg import CompiledApg
from drgpay.grouper.checked_month import CheckedMonth
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.grouped_stays import check_grouped, read_grouped_stays
from drgpay.points.calibrate import calibrate as _calibrate
from drgpay.points.cases import EarnedPoints
from drgpay.points.catalogue import Catalogue
from drgpay.points.catalogue import catalogue_tables as _catalogue_tables
from drgpay.points.catalogue import load_catalogue as _load_catalogue
from drgpay.points.catalogue import save_catalogue as _save_catalogue
from drgpay.records.dataset import RecordsInput
from drgpay.records.filings import NO_FILINGS, Filings, check_payments
from drgpay.results.part import STAYS
from drgpay.run import rules as payment_rules
from drgpay.run.job import previous_runs
from drgpay.run.official_month import NO_GROUPS, month_groups
from drgpay.run.previous import open_months_before
from drgpay.run.results import results_of
from drgpay.run.rules import PartRules
from drgpay.run.staging import staged_folder
from drgpay.run.stay_month import month_stops, settle_stays
from drgpay.run.stops import Stop, kinds_by_hospital
from drgpay.settle.booking import Booked
from drgpay.settle.ledger import ledger_of_month
from drgpay.settle.settled import Settled

_ERRORS = Sentences("errors/api")

CatalogueLike = str | Path | Catalogue
"""A catalogue's folder, or what `load_catalogue` or `calibrate` gave."""


@checked
def load_catalogue(folder: str | Path, scheme: SchemeLike | CompiledApg) -> Catalogue:
    """A catalogue in scaled integers: money in fen, points, cv and coefficients in 1/10,000.

    scheme: that of the stays, or what `load_visit_scheme` gave for a catalogue of APGs. Frames
    `groups`, `coefficients`, `bed_days`, and `info`; `catalogue_tables` has decimals. Raises
    DrgpayError for a damaged catalogue and one of another scheme. Source: docs/files.md, "The
    catalogue".
    """
    compiled = scheme if isinstance(scheme, CompiledApg) else compiled_scheme(scheme)
    return _load_catalogue(Path(folder), compiled.scheme)


@checked
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
    groups: GroupsLike | None = None,
    groups_rule: str | None = None,
    threads: int | None = None,
) -> Catalogue:
    """Group and check the stays of past years and make a catalogue of them; nothing is written.

    stays: the columns of docs/files.md, costs in yuan; those that the checks refuse do not count.
    groups, groups_rule: official groups (case_id, group), and which group counts, as in
    `settle_month`. Returns what `load_catalogue` returns. Raises DrgpayError for every mistake in the inputs and
    if no stay can be calibrated with. Source: docs/points.md, "Calibration".
    """
    compiled, rules = compiled_scheme(scheme), loaded_policy(policy)
    payment_rules.refuse_wrong_policy_rules(named_policy(policy, rules))
    rules = payment_rules.fitted(named_policy(policy, rules), compiled.scheme).policy
    dataset = open_stays(stays, compiled.code_system, mapping, encoding, clinical_codes, rules)
    contracted = load_hospitals(hospitals)
    grouped = read_grouped_stays(dataset, compiled, threads=threads)
    official = official_groups(groups, groups_rule)
    checked = check_grouped(
        grouped,
        compiled,
        rules,
        contracted,
        None,
        str(dataset.path),
        official=official,
        origin=dataset.origin,
    )
    source = source_name(stays, "stays")
    return _calibrate(checked.valid, dataset.rows, compiled.scheme, rules, catalogue_id, source)


@checked
def catalogue_tables(catalogue: Catalogue) -> dict[str, pl.DataFrame]:
    """A catalogue for readers: the frames `groups`, `coefficients`, `bed_days` as decimals.

    Columns as in the CSV files of docs/files.md: *_yuan in yuan with 2 places; base_points, cv,
    coefficient, level_factor with 4, day_points with 8. No error. Source: the catalogue.
    """
    return _catalogue_tables(catalogue)


@checked
def save_catalogue(catalogue: Catalogue, folder: str | Path) -> Path:
    """Leave a catalogue in a new folder, whole or not at all, and return the folder.

    Raises DrgpayError if the folder exists. Source: docs/files.md, "The catalogue".
    """
    with staged_folder(Path(folder), rights=BY_UMASK) as staged:
        _save_catalogue(catalogue, staged)
    return Path(folder)


@dataclass(frozen=True, repr=False)
class SettledMonth(Shown):
    """A settled month; money in yuan, points and ratios with 4 places, all exact decimals.

    cases, adjustments, statements, values, ledger, quarantine, warnings: the columns of the files
    of a run (docs/files.md). stops: what a run stops at until somebody accepts it. earned and
    settled: the same in scaled integers. groups: case_groups, group_agreement and group_findings,
    where official groups were given.
    """

    period: str
    cases: pl.DataFrame
    adjustments: pl.DataFrame
    statements: pl.DataFrame
    values: pl.DataFrame
    ledger: pl.DataFrame
    quarantine: pl.DataFrame
    warnings: pl.DataFrame
    stops: tuple[Stop, ...]
    earned: EarnedPoints
    settled: Settled
    groups: Mapping[str, pl.DataFrame] = field(default_factory=dict)

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What is printed of it."""
        yield "period", self.period
        yield "cases", self.cases.height
        yield "quarantine", self.quarantine.height
        yield "warnings", self.warnings.height
        for pool, value in self.values.select("pool", "point_value").iter_rows():
            yield f"point_value_{pool}", value
        yield "stops", self.stops or None


@checked
def settle_month(
    stays: Stays,
    scheme: SchemeLike,
    policy: PolicyLike,
    catalogue: CatalogueLike,
    hospitals: HospitalsLike,
    period: str,
    *,
    filings: Filings = NO_FILINGS,
    previous: Sequence[Mapping[str, Any]] = (),
    groups: GroupsLike | None = None,
    groups_rule: str | None = None,
    mapping: str | None = None,
    encoding: str | None = None,
    clinical_codes: bool = False,
    language: Language | None = None,
    threads: int | None = None,
) -> SettledMonth:
    """Group, check, price and pay the stays of a month, as `drgpay run` does; nothing is written.

    stays: the columns of docs/files.md, costs in yuan; they are grouped here. period: the month of
    settlement, as "2026-10". previous: the runs that paid before, each with the keys of
    [[inputs.previous]] (run, stays, ...); returns and deductions are then seen on their stays too.
    groups: the groups of an official grouper, a file or a frame with case_id, group and, if wanted,
    scheme. groups_rule: `official` (the default: a stay without a usable one is refused), `own` or
    `official_else_own`. language: of the findings. What stops a run stops nothing here, it is in `stops` (but for point
    values compared with the month before). Raises DrgpayError for every mistake in the
    inputs, a policy of another year, a catalogue of another scheme, filings of unknown cases, and
    if no stay is valid. Source: docs/points.md and docs/settlement.md.
    """
    compiled, month, said_in = compiled_scheme(scheme), Period.parse(period), language or chosen()
    loaded, contracted = named_policy(policy, loaded_policy(policy)), load_hospitals(hospitals)
    loaded = payment_rules.fitted_to(
        loaded, compiled.scheme, month.year, _ERRORS.words("the_month")
    )
    rules = PartRules(STAYS, compiled, loaded, catalogue_of(catalogue, compiled), contracted)
    check_payments(filings, contracted["hospital_id"], rules.policy.records.accounts)
    dataset = open_stays(
        stays, compiled.code_system, mapping, encoding, clinical_codes, rules.policy
    )
    records = RecordsInput(dataset.path, mapping, encoding, clinical_codes)
    name = compiled.id if isinstance(scheme, CompiledScheme) else str(scheme)
    runs = previous_runs(previous, name, records)
    opened = open_months_before(
        Path("settle_month"), runs, month, reading_of(rules.policy), compiled
    )
    grouped = read_grouped_stays(dataset, compiled, threads=threads)
    official = official_groups(groups, groups_rule)
    found = check_grouped(
        grouped,
        compiled,
        rules.policy,
        contracted,
        month.days,
        str(dataset.path),
        said_in,
        official,
        origin=dataset.origin,
    )
    checked = CheckedMonth.of(found)
    paid = settle_stays(checked, filings, rules, opened, month, dataset, Path("runs"), said_in)
    earned, settled = paid.in_frames()
    valid = kinds_by_hospital(paid.earned.narrow.kinds)
    stops = month_stops(rules, valid, found.refused, found.unknown, settled, month, None)
    compared = NO_GROUPS
    if official:
        compared = month_groups(
            official, found.valid, found.official, earned.cases, rules, dataset, said_in
        )
    booked = Booked(ledger_of_month(month, settled))
    made = results_of("", str(month), rules, settled, booked)
    return SettledMonth(
        period=str(month),
        **made.frames,
        quarantine=found.quarantine,
        warnings=paid.warnings,
        stops=(*stops, *compared.stops),
        groups=compared.frames,
        earned=earned,
        settled=settled,
    )


def catalogue_of(catalogue: CatalogueLike, compiled: CompiledScheme | CompiledApg) -> Catalogue:
    """What was loaded already, or loaded now; raises DrgpayError for one of another scheme."""
    if not isinstance(catalogue, Catalogue):
        return load_catalogue(catalogue, compiled)
    if catalogue.info.scheme_hash != compiled.scheme.content_hash:
        made = catalogue.info
        facts = {"catalogue": made.id, "scheme": compiled.id, "made_for": made.scheme}
        raise DrgpayError(*_ERRORS("catalogue_of_other_scheme", **facts))
    return catalogue
