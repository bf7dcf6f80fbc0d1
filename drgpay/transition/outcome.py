"""A transition: history under both schemes, the new catalogue, neutral factors, and the gate."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.language import Language
from drgpay.base.progress import Clock, ProgressBar, no_progress
from drgpay.base.shown import Shown
from drgpay.points.calibrate import calibrate
from drgpay.points.calibration_report import calibration_report
from drgpay.points.catalogue import Catalogue, load_catalogue
from drgpay.report.calibration import ReportedTables, calibration_tables
from drgpay.transition.both_sides import both_sides, priced_by
from drgpay.transition.comparison import Comparison, compare
from drgpay.transition.explanations import no_explanations, read_explanations
from drgpay.transition.file import TransitionJob, load_transition
from drgpay.transition.gate import Gate, gate_of
from drgpay.transition.history import SIDES, History, Rules, Side, load_rules, read_history
from drgpay.transition.import_notes import open_notes
from drgpay.transition.shadow_folders import read_shadow_months

_NEEDED = (
    *("hospital_id", "level", "status", "drg", "payment_unit", "complete", "bed_day_class"),
    *("length_of_stay", "total_fen"),
)
"""What calibration needs of a stay."""


@dataclass(frozen=True)
class SideCatalogue:
    """The catalogue of a side; `report` where it was calibrated here, `folder` where it was given."""

    catalogue: Catalogue
    report: ReportedTables | None
    folder: Path | None


@dataclass(frozen=True, repr=False)
class Transition(Shown):
    """What the change of a scheme comes to. shadow: SHADOW_SCHEMA of the folders that the file names."""

    job: TransitionJob
    rules: Rules
    history: "HistoryFacts"
    catalogues: dict[Side, SideCatalogue]
    comparison: Comparison
    explanations: pl.DataFrame
    gate: Gate
    shadow: pl.DataFrame
    seconds: dict[str, float]

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What is printed of it."""
        yield "name", self.job.file.name
        for side in SIDES:
            yield side, self.rules.scheme_of(side).scheme.info.id
        yield "stays", self.history.valid
        yield "passed", self.gate.passed

    @property
    def passed(self) -> bool:
        """Whether every line of the gate is passed."""
        return self.gate.passed

    @property
    def period(self) -> str:
        """The years of the history, as 2024-2026."""
        return f"{self.history.first_year}-{self.history.last_year}"


@dataclass(frozen=True)
class HistoryFacts:
    """How many stays there were, and of which years."""

    read: int
    refused: int
    valid: int
    first_year: int
    last_year: int
    files: Mapping[str, Any] = field(repr=False)


def transition(
    path: Path,
    progress: ProgressBar = no_progress,
    threads: int | None = None,
    language: Language = "zh",
) -> Transition:
    """Compare two schemes over the history that a file names; nothing is written.

    Raises DrgpayError for every mistake in the file and in what it names.
    """
    clock = Clock()
    job = load_transition(path)
    rules = load_rules(job)
    given = {side: _given(job, rules, side) for side in SIDES}
    notes = open_notes(job.new.scheme)
    explanations = _explanations(job, rules, notes)
    shadow = read_shadow_months(job.shadow, rules.new.scheme.info.id, job.path)
    clock.lap("load")
    history = read_history(job, rules, progress, threads, language)
    clock.lap("group")
    catalogues = {side: given[side] or _calibrated(history, job, rules, side) for side in SIDES}
    clock.lap("calibrate")
    old, new = (priced_by(catalogues[side].catalogue, rules.policy) for side in SIDES)
    sums = both_sides(history, old, new, rules.policy)
    clock.lap("points")
    found = compare(
        sums,
        rules.hospitals,
        [rules.scheme_of(side).scheme for side in SIDES],
        [catalogues[side].catalogue for side in SIDES],
    )
    gate = gate_of(job, found, notes, explanations)
    clock.lap("compare")
    years = history.stays["year"]
    facts = HistoryFacts(
        history.read,
        history.refused,
        history.stays.height,
        int(years.to_numpy().min()),
        int(years.to_numpy().max()),
        history.files,
    )
    return Transition(
        job, rules, facts, catalogues, found, explanations, gate, shadow, clock.seconds
    )


def _given(job: TransitionJob, rules: Rules, side: Side) -> SideCatalogue | None:
    folder = (job.old if side == "old" else job.new).catalogue
    if folder is None:
        return None
    return SideCatalogue(load_catalogue(folder, rules.scheme_of(side).scheme), None, folder)


def _calibrated(history: History, job: TransitionJob, rules: Rules, side: Side) -> SideCatalogue:
    """A catalogue of the same stays, as `drgpay calibrate` makes it."""
    scheme, policy = rules.scheme_of(side).scheme, rules.policy
    stays = history.grouped_by(side).select(
        pl.col(name).cast(pl.String) if name in _TEXTS else name for name in _NEEDED
    )
    name = f"{job.file.name} ({scheme.info.id})"
    made = calibrate(stays, history.read, scheme, policy, name, history.source.name)
    found = calibration_report(stays, made, scheme, policy.calibration)
    tables = calibration_tables(found, made, scheme, policy.calibration)
    return SideCatalogue(made, tables, None)


_TEXTS = ("hospital_id", "level", "status", "drg", "payment_unit", "bed_day_class")


def _explanations(job: TransitionJob, rules: Rules, notes: pl.DataFrame) -> pl.DataFrame:
    if job.explanations is None:
        return no_explanations()
    groups = {drg.code for side in SIDES for _, _, drg in rules.scheme_of(side).scheme.paths()}
    known = {
        "hospital": {*rules.hospitals["hospital_id"]},
        "group": groups,
        "note": {*notes["note"], *notes["kind"]},
    }
    return read_explanations(job.explanations, known)
