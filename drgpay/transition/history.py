"""The stays of past years under both schemes: read once, checked once, as narrow as pricing allows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language
from drgpay.base.progress import ProgressBar, no_progress
from drgpay.base.words import Sentences
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.grouper.grouped_stays import FORMER_COLUMNS, check_grouped, read_grouped_stays
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.records.hospitals import read_hospitals
from drgpay.records.meaning.rules import Reading
from drgpay.run.basis import records_basis
from drgpay.run.input_files import InputFiles
from drgpay.run.rules import fitted, refuse_wrong_policy_rules
from drgpay.run.stops import remark_on_unknown
from drgpay.transition.file import TransitionJob

_ERRORS = Sentences("errors/transition")

Side = Literal["old", "new"]
SIDES: tuple[Side, ...] = ("old", "new")

_OF_GROUPS = ("status", "drg")
_SMALL = ("hospital_id", "level", "account", "payment_unit", "bed_day_class")
"""Columns with few values, of which millions of rows need but the number."""
_KEPT = (
    *("case_id", "hospital_id", "level", "account", "discharge_date", "length_of_stay"),
    *("payment_unit", "bed_day_class", "complete", "total_fen", "age", "age_days"),
)
"""What of a stay classes, prices and tables need."""


@dataclass(frozen=True)
class History:
    """Valid stays with their groups under both schemes.

    stays: _KEPT, year (of the discharge), status_old, drg_old, status_new, drg_new. read: rows of the
    files. refused: those that the checks refused. source: where they lie. files: what was read, by
    content, for the manifest.
    """

    stays: pl.DataFrame
    read: int
    refused: int
    source: Path
    files: Mapping[str, Any] = field(default_factory=dict)

    def grouped_by(self, side: Side) -> pl.DataFrame:
        """The stays as one scheme groups them: with status and drg."""
        other = SIDES[side == "old"]
        return self.stays.drop(f"{name}_{other}" for name in _OF_GROUPS).rename(
            {f"{name}_{side}": name for name in _OF_GROUPS}
        )

    def slices(self, rows: int) -> Iterator["History"]:
        """The same in parts, for work that would not fit in memory at once."""
        for part in self.stays.iter_slices(rows):
            yield replace(self, stays=part)


@dataclass(frozen=True)
class Rules:
    """What both sides are priced by."""

    old: CompiledScheme
    new: CompiledScheme
    policy: Policy
    policy_path: Path
    hospitals: pl.DataFrame

    def scheme_of(self, side: Side) -> CompiledScheme:
        """The scheme of a side."""
        return self.old if side == "old" else self.new


def load_rules(job: TransitionJob) -> Rules:
    """Schemes, policy and hospitals; raises DrgpayError for mistakes in them, and for one scheme twice.

    The policy is that of the new scheme, on both sides: so is what a phase-in pays of former points.
    """
    old, new = load_compiled(job.old.scheme), load_compiled(job.new.scheme)
    if old.scheme.content_hash == new.scheme.content_hash:
        raise DrgpayError(*_ERRORS("same_scheme", path=job.path, scheme=new.scheme.info.id))
    loaded = load_policy(job.policy)
    refuse_wrong_policy_rules(loaded)
    policy = fitted(loaded, new.scheme).policy
    return Rules(old, new, policy, loaded.path, read_hospitals(job.hospitals))


def read_history(
    job: TransitionJob,
    rules: Rules,
    progress: ProgressBar = no_progress,
    threads: int | None = None,
    language: Language = "zh",
) -> History:
    """Read the stays once and group them under both schemes.

    They are checked with what the new scheme knows, as the months to come will be. Raises DrgpayError
    for every mistake in the records, and where no stay is valid.
    """
    policy, records = rules.policy, job.history
    dataset = records.open(rules.new.scheme.info.code_system, Reading.of(policy.records))
    inputs = InputFiles()
    files = records_basis(dataset, records, inputs)
    with progress("grouping", dataset.rows) as advance:
        grouped = read_grouped_stays(dataset, rules.new, advance, threads, former=rules.old)
    grouped = grouped.with_columns(pl.col(*FORMER_COLUMNS).cast(pl.Categorical))
    checked = check_grouped(
        grouped,
        rules.new,
        policy,
        rules.hospitals,
        None,
        str(records.path),
        language,
        origin=dataset.origin,
    )
    del grouped
    remark_on_unknown(policy.records, dataset.rows, checked.unknown)
    if not checked.valid.height:
        raise DrgpayError(*_ERRORS("no_valid_stay", path=records.path, stays=dataset.rows))
    stays = checked.valid.select(
        *(pl.col(name).cast(pl.Categorical) if name in _SMALL else name for name in _KEPT),
        pl.col("discharge_date").dt.year().alias("year"),
        pl.col("former_status").alias("status_old"),
        pl.col("former_drg").alias("drg_old"),
        pl.col("status").cast(pl.Categorical).alias("status_new"),
        pl.col("drg").cast(pl.Categorical).alias("drg_new"),
    )
    inputs.refuse_changed()
    return History(stays, dataset.rows, dataset.rows - stays.height, records.path, files)
