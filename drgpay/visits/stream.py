"""Visits bucket by bucket: from checked lines to priced entries (docs/outpatient.md)."""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import polars as pl
import pyarrow as pa

from drgpay.base.language import Language
from drgpay.grouper.apg import CompiledApg, group_lines, group_visits
from drgpay.grouper.group_names import UNGROUPED_ADRG, UNGROUPED_DRG, UNGROUPED_MDC
from drgpay.points.catalogue import Catalogue
from drgpay.policy.outpatient import Outpatient
from drgpay.records.in_order import one_each
from drgpay.records.known_codes import codes_in
from drgpay.records.visits.buckets import BUCKET_IDS
from drgpay.records.visits.checks import VisitBucket, VisitRules
from drgpay.records.visits.reading import visit_buckets
from drgpay.records.visits.tables import VisitRecords
from drgpay.records.writing import as_batch
from drgpay.visits.calibrate import base_points_of
from drgpay.visits.columns import REASONS
from drgpay.visits.entries import entries_with_places, visit_numbers
from drgpay.visits.points import VisitPoints, visit_points

_Result = TypeVar("_Result")

Progress = Callable[[int], None]


@dataclass(frozen=True)
class VisitPricing:
    """What visits are grouped and priced by.

    Without a catalogue their own cost orders the entries. coefficients: those of the catalogue, or
    None to leave points out, where the levels of hospitals are not known.
    """

    compiled: CompiledApg
    rules: Outpatient
    catalogue: Catalogue | None = None
    coefficients: pl.DataFrame | None = None

    @cached_property
    def base_points(self) -> pl.DataFrame | None:
        """The base points of the catalogue: apg, base_points."""
        return base_points_of(self.catalogue) if self.catalogue else None

    @property
    def all_mean_fen(self) -> Fraction | None:
        """The mean over all visits of the catalogue."""
        return self.catalogue.all_mean_fen if self.catalogue else None

    @cached_property
    def code_types(self) -> dict[str, pl.Enum]:
        """The types of class, family, apg and reason in results: the same for every bucket."""
        leaves = (*self.compiled.lines.leaves, *self.compiled.visits.leaves)
        codes = {
            "class": {UNGROUPED_MDC, *(mdc.code for mdc in self.compiled.scheme.mdcs)},
            "family": {UNGROUPED_ADRG, *(leaf.adrg for leaf in leaves)},
            "apg": {UNGROUPED_DRG, *(leaf.drg for leaf in leaves)},
            "reason": set(REASONS),
        }
        return {name: pl.Enum(sorted(values)) for name, values in codes.items()}


@dataclass(frozen=True)
class PricedBucket:
    """A bucket of valid visits with their entries.

    checked: as it was read. visits, entries: of `VisitPoints`, with the codes as
    `VisitPricing.code_types`; without coefficients these and points, case_class and formula are null.
    """

    checked: VisitBucket
    visits: pl.DataFrame
    entries: pl.DataFrame


def priced_bucket(bucket: VisitBucket, pricing: VisitPricing) -> PricedBucket:
    """Group the lines and visits of a bucket, and price them."""
    priced = _priced(bucket.visits, bucket.items, pricing)
    return PricedBucket(bucket, priced.visits, priced.entries)


def each_bucket(
    work: Callable[[VisitBucket], _Result],
    records: VisitRecords,
    rules: VisitRules,
    compiled: CompiledApg,
    spill: Path | None = None,
    threads: int | None = None,
    progress: Progress = lambda rows: None,
    language: Language = "zh",
    bucket_ids: int = BUCKET_IDS,
) -> Iterator[_Result]:
    """What `work` makes of each bucket of `visit_buckets`, by threads, in the order of visit_id.

    Buckets and their order depend on the rows alone. spill: where input that is not in order is
    put down meanwhile.
    """
    known = known_diagnoses(compiled)
    buckets = visit_buckets(records, rules, known, spill, threads, progress, language, bucket_ids)
    yield from one_each(work, buckets, threads)


def known_diagnoses(compiled: CompiledApg) -> Set[str] | None:
    """The diagnoses of the scheme's code system and of its tables; None without such a system."""
    known = codes_in(compiled.scheme.info.code_system, "diagnoses")
    return None if known is None else known.union(compiled.visits.diagnoses.codes)


def _priced(visits: pl.DataFrame, items: pl.DataFrame, pricing: VisitPricing) -> VisitPoints:
    compiled = pricing.compiled
    lines = items.select("visit_id", "amount_fen").hstack(
        _frame(group_lines(compiled, _line_batch(visits, items, compiled.line_columns)))
    )
    grouped = _frame(group_visits(compiled, _batch(visits, compiled.visit_columns)))
    medical = visits.select("visit_id").hstack(grouped)
    entries, places = entries_with_places(
        visits,
        lines,
        medical,
        compiled.packaged,
        pricing.base_points,
        pricing.rules,
        pricing.code_types,
    )
    if pricing.coefficients is None:
        unknown = pl.lit(None, pl.String)
        return VisitPoints(
            visits.with_columns(points=pl.lit(None, pl.Int64), case_class=unknown, formula=unknown),
            entries.with_columns(coefficient=pl.lit(None, pl.Int64)),
        )
    return visit_points(
        entries, visits, pricing.coefficients, pricing.rules, pricing.all_mean_fen, places
    )


def _line_batch(
    visits: pl.DataFrame, items: pl.DataFrame, columns: tuple[str, ...]
) -> pa.RecordBatch:
    """What the rules ask of lines; what they ask of their visit is repeated line by line."""
    of_visit = [name for name in columns if name not in items.columns]
    if not of_visit:
        return _batch(items, columns)
    of_lines = [name for name in columns if name in items.columns]
    place = visit_numbers(visits["visit_id"], items["visit_id"])
    return _batch(items.select(of_lines).hstack(visits.select(of_visit)[place]), columns)


def _batch(frame: pl.DataFrame, columns: tuple[str, ...]) -> pa.RecordBatch:
    """Columns as one Arrow batch, texts coded: the rules look at each different text once."""
    if not columns:
        return pa.RecordBatch.from_pydict({"rows": pa.nulls(frame.height)})
    return as_batch(frame.select(columns).with_columns(pl.col(pl.String).cast(pl.Categorical)))


def _frame(batch: pa.RecordBatch) -> pl.DataFrame:
    return pl.DataFrame(pa.table(batch))
