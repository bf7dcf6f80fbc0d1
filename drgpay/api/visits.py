"""Outpatient visits in memory, by the code of the commands; nothing is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from drgpay.api.arguments import checked
from drgpay.api.frames import Stays, Table, open_visits, source_name
from drgpay.api.rules import (
    HospitalsLike,
    PolicyLike,
    load_enrolment,
    load_hospitals,
    loaded_policy,
    named_policy,
)
from drgpay.api.settlement import CatalogueLike, catalogue_of
from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language, chosen
from drgpay.base.period import Period
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences
from drgpay.base.working_folder import working_folder
from drgpay.grouper.apg import CompiledApg, load_apg
from drgpay.points.catalogue import Catalogue
from drgpay.records.visits.checks import VisitRules
from drgpay.records.visits.tables import VisitRecords
from drgpay.results.columns import written
from drgpay.results.part import VISITS
from drgpay.results.results import CapitationTables
from drgpay.results.visits import groups_table
from drgpay.run.results import results_of
from drgpay.run.rules import (
    PartRules,
    refuse_enrolment,
    refuse_other_year,
    refuse_unknown_apgs,
)
from drgpay.run.visit_calibration import calibrated_visits
from drgpay.run.visit_entries import VISIT_COLUMNS, entry_rules
from drgpay.run.visit_grouping import GroupedVisits, VisitFiles, group_all_visits
from drgpay.run.visit_month import VisitMonth, accounts_of_visits, visit_checks, visit_pricing
from drgpay.run.visit_month import settle_visits as _settle_visits
from drgpay.settle.booking import Booked
from drgpay.settle.capitation import contract_sums
from drgpay.settle.ledger import ledger_of_month
from drgpay.settle.settled import Settled
from drgpay.visits.stream import VisitPricing

_ERRORS = Sentences("errors/api")

VisitSchemeLike = str | Path | CompiledApg
"""A scheme of kind apg: its id, its folder, or what `load_visit_scheme` gave."""


@checked
def load_visit_scheme(name: str | Path) -> CompiledApg:
    """A scheme of kind apg, ready to group visits.

    name: the id of a shipped scheme (`open-apg-1`) or a folder. The tree of classes, families and
    APGs is `.scheme`. Raises DrgpayError for an unknown scheme, one of kind drg, and mistakes in its
    tables. Source: docs/open-apg.md; each scheme.toml names its own.
    """
    return load_apg(str(name))


@dataclass(frozen=True, repr=False)
class VisitEntries(Shown):
    """Grouped visits; money in yuan, points and factors with 4 places, exact decimals.

    entries: entries.parquet of docs/files.md, sorted by visit_id. visits: a row a valid visit, with
    the group that leads it and, with a catalogue and hospitals, its points. quarantine, warnings:
    findings of visits; line_quarantine, line_warnings: of their lines.
    """

    entries: pl.DataFrame
    visits: pl.DataFrame
    quarantine: pl.DataFrame
    warnings: pl.DataFrame
    line_quarantine: pl.DataFrame
    line_warnings: pl.DataFrame


@checked
def group_visits(
    visits: Stays,
    items: Stays,
    scheme: VisitSchemeLike,
    policy: PolicyLike = "illustrative",
    *,
    catalogue: CatalogueLike | None = None,
    hospitals: HospitalsLike | None = None,
    visits_mapping: str | None = None,
    items_mapping: str | None = None,
    encoding: str | None = None,
    language: Language | None = None,
    threads: int | None = None,
) -> VisitEntries:
    """Check and group visits as `drgpay group-visits` does: entries, each with why it is there.

    visits, items: paths, frames or lazy frames with the columns of docs/files.md, costs in yuan.
    policy: its consolidation, discounts and packaging. Without a catalogue the entries' own cost
    orders them; without hospitals there are no coefficients and points. Raises DrgpayError for
    every mistake in the inputs. Source: docs/outpatient.md and the rules of the scheme.
    """
    compiled, rules = _compiled(scheme), loaded_policy(policy)
    priced_by = catalogue_of(catalogue, compiled) if catalogue is not None else None
    contracted = load_hospitals(hospitals) if hospitals is not None else None
    records = open_visits(visits, items, visits_mapping, items_mapping, encoding, policy=rules)
    pricing, checks = entry_rules(compiled, rules, priced_by, contracted)
    with _grouped(records, checks, pricing, language, threads) as (grouped, files):
        return VisitEntries(
            _read(files.entries),
            written(grouped.visits, VISIT_COLUMNS),
            grouped.quarantine,
            grouped.warnings,
            _read(files.line_quarantine),
            _read(files.line_warnings),
        )


@checked
def calibrate_visits(
    visits: Stays,
    items: Stays,
    scheme: VisitSchemeLike,
    policy: PolicyLike,
    hospitals: HospitalsLike,
    *,
    previous: CatalogueLike | None = None,
    catalogue_id: str = "visit_catalogue",
    visits_mapping: str | None = None,
    items_mapping: str | None = None,
    encoding: str | None = None,
    threads: int | None = None,
) -> Catalogue:
    """Group and check the visits of past months and make a catalogue of APGs; nothing is written.

    visits, items: as in `group_visits`. previous: a catalogue whose base points order procedures
    and weigh what is packaged; without one their own cost does. Returns what `load_catalogue`
    returns. Raises DrgpayError for every mistake in the inputs and if no visit can be calibrated
    with. Source: docs/outpatient.md, "Calibration".
    """
    compiled = _compiled(scheme)
    before = catalogue_of(previous, compiled) if previous is not None else None
    contracted, rules = load_hospitals(hospitals), loaded_policy(policy)
    records = open_visits(visits, items, visits_mapping, items_mapping, encoding, policy=rules)
    with working_folder() as place:
        made = calibrated_visits(
            records, compiled, rules, contracted, before, catalogue_id, place, threads
        )
    info = made.catalogue.info.model_copy(update={"source": source_name(visits, "visits")})
    return replace(made.catalogue, info=info)


@dataclass(frozen=True, repr=False)
class SettledVisits(Shown):
    """Settled visits of a month; money in yuan, points with 4 places, exact decimals.

    visits, entries, groups, statements, values, ledger: the columns of the files of a run
    (docs/files.md: visits, entries, visit_groups ...). capitation: `accounts`, `apart`, `tie_out`,
    or None without an enrolment. quarantine ... line_warnings: as in VisitEntries. settled: the
    settlement in scaled integers.
    """

    period: str
    visits: pl.DataFrame
    entries: pl.DataFrame
    groups: pl.DataFrame
    statements: pl.DataFrame
    values: pl.DataFrame
    ledger: pl.DataFrame
    capitation: CapitationTables | None
    quarantine: pl.DataFrame
    warnings: pl.DataFrame
    line_quarantine: pl.DataFrame
    line_warnings: pl.DataFrame
    settled: Settled

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What is printed of it."""
        yield "period", self.period
        yield "visits", self.visits.height
        yield "quarantine", self.quarantine.height
        yield "warnings", self.warnings.height
        for pool, value in self.values.select("pool", "point_value").iter_rows():
            yield f"point_value_{pool}", value


@checked
def settle_visits(
    visits: Stays,
    items: Stays,
    scheme: VisitSchemeLike,
    policy: PolicyLike,
    catalogue: CatalogueLike,
    hospitals: HospitalsLike,
    period: str,
    *,
    enrolment: Table | None = None,
    visits_mapping: str | None = None,
    items_mapping: str | None = None,
    encoding: str | None = None,
    language: Language | None = None,
    threads: int | None = None,
) -> SettledVisits:
    """Check, group, price and pay the visits of a month as `drgpay run` does; nothing is written.

    visits, items: as in `group_visits`. period: the month of the visits, as "2026-10". enrolment:
    contractor_id, account, heads and, if there, age_band: with it the capitation accounts are kept.
    Raises DrgpayError for every mistake in the inputs, a policy of another year or without
    [outpatient], a catalogue of another scheme, and if no visit is valid.
    Source: docs/outpatient.md and docs/settlement.md.
    """
    compiled, parameters, month = _compiled(scheme), loaded_policy(policy), Period.parse(period)
    loaded = named_policy(policy, parameters)
    refuse_other_year(loaded, month.year, _ERRORS.words("the_month"))
    enrolled = load_enrolment(enrolment, parameters) if enrolment is not None else None
    refuse_unknown_apgs(loaded, compiled.scheme)
    if enrolled is not None:
        refuse_enrolment(loaded, _ERRORS.words("an_enrolment"))
    rules = PartRules(
        VISITS,
        compiled,
        loaded,
        catalogue_of(catalogue, compiled),
        load_hospitals(hospitals),
        enrolled,
    )
    records = open_visits(visits, items, visits_mapping, items_mapping, encoding, policy=parameters)
    given = VisitMonth(records, rules, month)
    with _grouped(records, visit_checks(given), visit_pricing(given), language, threads) as found:
        grouped, files = found
        if not grouped.visits.height:
            facts = {"path": records.visits.path, "visits": records.visits.rows, "period": month}
            raise DrgpayError(*_ERRORS("no_valid_visit", **facts))
        settled = _settle_visits(given, grouped)
        frames = {
            "groups": groups_table(grouped.sums),
            **accounts_of_visits(rules, contract_sums(settled.cases), settled, enrolled, month),
        }
        booked = Booked(ledger_of_month(month, settled))
        made = results_of("", str(month), rules, settled, booked, frames=frames)
        return SettledVisits(
            period=str(month),
            visits=made.cases,
            entries=_read(files.entries),
            **{name: made[name] for name in ("groups", "statements", "values", "ledger")},
            capitation=made.capitation,
            quarantine=grouped.quarantine,
            warnings=grouped.warnings,
            line_quarantine=_read(files.line_quarantine),
            line_warnings=_read(files.line_warnings),
            settled=settled,
        )


def _compiled(scheme: VisitSchemeLike) -> CompiledApg:
    return scheme if isinstance(scheme, CompiledApg) else load_visit_scheme(scheme)


@contextmanager
def _grouped(
    records: VisitRecords,
    checks: VisitRules,
    pricing: VisitPricing,
    language: Language | None,
    threads: int | None,
) -> Iterator[tuple[GroupedVisits, VisitFiles]]:
    """Grouped visits, and the files of what is as long as the lines, while the block lasts."""
    with working_folder() as folder:
        files = VisitFiles(
            folder / "entries.parquet",
            folder / "line_quarantine.parquet",
            folder / "line_warnings.parquet",
        )
        grouped = group_all_visits(
            records, checks, pricing, files, folder, threads, language=language or chosen()
        )
        yield grouped, files


def _read(path: Path | None) -> pl.DataFrame:
    assert path is not None
    # Not mapped: the file goes when the block ends.
    return pl.read_parquet(path, memory_map=False, glob=False)
