"""Schemes, the groups of stays, and why a stay is in its group."""

from datetime import date
from pathlib import Path

import polars as pl
import polars.selectors as cs
import pyarrow as pa

from drgpay.api.arguments import checked, refuse_wrong_fields
from drgpay.api.frames import Stays, open_stays
from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.explain.code_names import CodeNames
from drgpay.explain.stays import find_case
from drgpay.explain.trace import Trace
from drgpay.explain.tracing import explain_stay as _explain_stay
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.grouper.dataset_pieces import grouped_batches
from drgpay.grouper.reference import Stay
from drgpay.grouper.scheme import scheme_in_force
from drgpay.records.columns import CODE_COLUMNS
from drgpay.records.dataset import PlacedPiece
from drgpay.records.in_order import in_order
from drgpay.schemes.diff import diff_schemes, migration

_ERRORS = Sentences("errors/api")

SchemeLike = str | Path | CompiledScheme
"""A scheme's id, its folder, or what `load_scheme` gave."""


@checked
def load_scheme(name: str | Path | None = None) -> CompiledScheme:
    """A grouping scheme of kind drg, ready to group.

    name: the id of a shipped scheme or a folder; None for the shipped one in force today. The tree
    of MDCs, ADRGs and DRGs is `.scheme`; `.id`, `.code_system` and `.columns` (what grouping reads)
    say the rest. Raises DrgpayError for an unknown scheme and for mistakes in its tables.
    Source: grouping_schemes/README.md; each scheme.toml names the publication.
    """
    return load_compiled(str(name) if name is not None else scheme_in_force(date.today()))


def compiled_scheme(scheme: SchemeLike) -> CompiledScheme:
    """What was loaded already, or loaded now; raises DrgpayError as `load_scheme`."""
    return scheme if isinstance(scheme, CompiledScheme) else load_scheme(scheme)


@checked
def group_stays(
    stays: Stays,
    scheme: SchemeLike,
    *,
    reasons: bool = False,
    mapping: str | None = None,
    encoding: str | None = None,
    clinical_codes: bool = False,
    threads: int | None = None,
) -> pl.DataFrame:
    """Group stays: one row a stay, in the order of the input.

    stays: case_id and the columns of `scheme.columns` (codes as text, other_diagnoses and procedures
    as lists of text; ages in years and days, weight in grams, stays in days). Returns case_id,
    status (`grouped`, `ambiguous`, `ungrouped`, `invalid`), mdc, adrg, drg, severity (`MCC`, `CC`,
    `none`), all text; with reasons also mdc_sort, adrg_sort, drg_sort, severity_code,
    retried_procedure, ungrouped_reason (docs/files.md). Raises DrgpayError for missing columns,
    wrong types and damaged files. Source: the rules of the scheme, docs/rule-language.md.
    """
    compiled = compiled_scheme(scheme)
    dataset = open_stays(stays, compiled.code_system, mapping, encoding, clinical_codes)
    needed = list(dict.fromkeys(["case_id", *compiled.columns]))
    dataset.require(needed)
    if not dataset.rows:
        raise DrgpayError(*_ERRORS("no_stay", path=dataset.path))
    coded = [column for column in CODE_COLUMNS if column in needed]

    def grouped(piece: PlacedPiece) -> list[pl.DataFrame]:
        batches = grouped_batches(compiled, dataset, piece, needed, coded, reasons)
        return [_with_groups(batch, groups) for batch, groups in batches]

    return pl.concat(list(in_order(grouped, dataset.placed_pieces(), threads)), rechunk=True)


def _with_groups(batch: pa.RecordBatch, groups: pa.RecordBatch) -> pl.DataFrame:
    named = pl.DataFrame(pa.table(groups)).with_columns(cs.categorical().cast(pl.String))
    cases = pl.DataFrame(pa.table(batch.select(["case_id"]))).select(
        pl.col("case_id").cast(pl.String)
    )
    return cases.hstack(named)


@checked
def find_stay(
    stays: Stays,
    case_id: str,
    scheme: SchemeLike,
    *,
    mapping: str | None = None,
    encoding: str | None = None,
    clinical_codes: bool = False,
) -> Stay:
    """One stay out of many, as `explain_stay` takes it; stays as in `group_stays`.

    Raises DrgpayError if no row or more than one has the case_id. Source: the records.
    """
    compiled = compiled_scheme(scheme)
    dataset = open_stays(stays, compiled.code_system, mapping, encoding, clinical_codes)
    return find_case(dataset, compiled, case_id)


@checked
def explain_stay(
    stay: Stay, scheme: SchemeLike, *, case_id: str | None = None, what_if: bool = False
) -> Trace:
    """Every rule that was tried for a stay and the facts that decided it.

    stay: from `find_stay`, or `Stay(principal_diagnosis, sex, age, ...)` with sex 1 or 2, age in
    years, age_days, weight_g in grams, length_of_stay in days. what_if adds the result with each
    other diagnosis as principal and without each procedure. The answer is `.answer` (status, mdc,
    adrg, drg, severity); `text_of` words the whole. Raises DrgpayError for an unknown scheme.
    Source: the rules of the scheme; the answer is that of `group_stays`.
    """
    refuse_wrong_fields(stay)
    compiled = compiled_scheme(scheme)
    return _explain_stay(compiled, stay, CodeNames.of(compiled.code_system), case_id, what_if)


@checked
def compare_schemes(before: SchemeLike, after: SchemeLike) -> pl.DataFrame:
    """What differs between two schemes, one row a change: level, kind, key, before, after (text).

    Raises DrgpayError for an unknown scheme. Source: the tables of both; docs/commands.md,
    "drgpay scheme diff".
    """
    return diff_schemes(compiled_scheme(before).scheme, compiled_scheme(after).scheme)


@checked
def migration_of_stays(stays: Stays, before: SchemeLike, after: SchemeLike) -> pl.DataFrame:
    """Where the same stays go under two schemes: from_group, to_group, cases, total_cost (yuan).

    One row a pair of DRGs that occurs (`invalid` where no scheme can group), sorted, those that
    keep their group included; total_cost only if the stays have it. Raises DrgpayError as
    `group_stays`. Source: both schemes over the stays.
    """
    old, new = compiled_scheme(before), compiled_scheme(after)
    return migration(open_stays(stays, old.code_system), old, new)
