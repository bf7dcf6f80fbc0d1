"""Stays as proposals look at them: columns of numbers in the order of case_id, codes as integers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.grouper.batch import encode_records, group_batch
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.facts import counting_complications
from drgpay.grouper.stream import Progress
from drgpay.quality.grouped_table import text_table
from drgpay.records.codes import CodeIndex, CodeLists
from drgpay.records.columns import CODE_COLUMNS
from drgpay.records.dataset import Dataset, Piece
from drgpay.records.in_order import in_order
from drgpay.records.stays import fen_of

_ERRORS = Sentences("errors/adjust")

Rows = NDArray[np.int64]
Numbers = NDArray[np.float64]
NUMBERS = ("age", "sex", "length_of_stay", "discharge_type")
_NEEDED = (
    "case_id",
    "hospital_id",
    "settlement_date",
    "total_cost",
    "principal_diagnosis",
    "other_diagnoses",
    "procedures",
    "sex",
    "age",
)
_OPTIONAL = ("length_of_stay", "discharge_type", "payment_unit")
_DRG_UNIT = "drg"  # of payment_unit; other stays are not paid by their group


@dataclass(frozen=True)
class CodedLists:
    """A list of codes per stay: `lists` numbers them as places in `codes`, which is sorted."""

    codes: list[str]
    lists: CodeLists

    def pairs(self, stays: Rows) -> tuple[Rows, Rows]:
        """(place in `stays`, number) of every code, in order."""
        taken = self.lists.take(stays)
        return np.repeat(np.arange(len(stays)), taken.lengths), taken.flat.astype(np.int64)


@dataclass(frozen=True)
class GroupedStays:
    """The stays that proposals rest on, sorted by case_id: grouped, paid by DRG, with a cost.

    group: a place in `groups` (DRG codes, sorted); fen: total cost; numbers: NUMBERS, NaN where
    missing; severity: bit 0 a CC counts, bit 1 an MCC; hospital, year: small numbers. `procedures`
    are those that grouping saw: of a stay that was grouped by another procedure alone, that one.
    left_out: how many other stays there were, by reason.
    """

    groups: list[str]
    group: NDArray[np.int32]
    fen: NDArray[np.int64]
    numbers: dict[str, Numbers]
    severity: NDArray[np.uint8]
    hospital: NDArray[np.int32]
    year: NDArray[np.int32]
    diagnoses: CodedLists
    procedures: CodedLists
    left_out: dict[str, int]

    def __len__(self) -> int:
        return len(self.fen)

    def rows_of_groups(self) -> dict[str, Rows]:
        """The stays of each group, in order."""
        order = np.argsort(self.group, kind="stable")
        ends = np.cumsum(np.bincount(self.group, minlength=len(self.groups)))
        return {
            code: order[end - size : end]
            for code, end, size in zip(self.groups, ends, np.diff(ends, prepend=0), strict=True)
        }


def read_stays(
    dataset: Dataset,
    compiled: CompiledScheme,
    grouped: Path | None = None,
    progress: Progress = lambda rows: None,
    threads: int | None = None,
) -> GroupedStays:
    """Read and group the stays of a dataset, or take their groups from a file (case_id, status, drg).

    Raises DrgpayError for a missing column, a wrong type, a damaged file, a group that the scheme
    does not have, and if no stay is left.
    """
    needed = list(dict.fromkeys([*_NEEDED, *compiled.columns]))
    dataset.require(needed, optional=_OPTIONAL)
    read = [*needed, *(column for column in _OPTIONAL if column not in needed)]
    coded = [column for column in CODE_COLUMNS if column in needed]
    given = _given_groups(grouped, compiled) if grouped else None

    def looked_at(piece: Piece) -> list[_Part]:
        parts = []
        for batch in piece.batches(read, coded):
            parts.append(_part(compiled, batch, given))
            progress(batch.num_rows)
        return parts

    stays = _together(list(in_order(looked_at, dataset.pieces(), threads)))
    if not len(stays):
        told = [
            _ERRORS.words(_LEFT_OUT[reason], stays=number)
            for reason, number in stays.left_out.items()
            if number
        ]
        told = told or [_ERRORS.words("no_stay_at_all")]
        raise DrgpayError(*_ERRORS("no_costed_stay", path=dataset.path, told=listed(told)))
    return stays


@dataclass(frozen=True)
class _Part:
    frame: pl.DataFrame
    diagnoses: CodedLists
    procedures: CodedLists
    left_out: dict[str, int]


def _part(compiled: CompiledScheme, batch: pa.RecordBatch, given: pl.DataFrame | None) -> _Part:
    records = encode_records(compiled, batch)
    severity = np.zeros(batch.num_rows, dtype=np.uint8)
    rows, _, levels = counting_complications(compiled.severity, records)
    severity[rows[levels == 1]] = 1
    severity[rows[levels == 2]] |= 2
    names = batch.schema.names
    lacking = [column for column in NUMBERS if column not in names]
    plain = ["case_id", "hospital_id", "settlement_date", *(c for c in NUMBERS if c in names)]
    unit = ["payment_unit"] if "payment_unit" in names else []
    frame = pl.DataFrame(pa.table(batch.select([*plain, *unit]))).with_columns(
        pl.lit(None, pl.Float64).alias(column) for column in lacking
    )
    cost = pl.DataFrame(pa.table(batch.select(["total_cost"]))).to_series()
    retried = np.zeros(batch.num_rows, dtype=np.int64)
    if given is None:
        result = group_batch(compiled, batch, reasons=compiled.retry_other_procedures)
        status, drg = (
            pl.Series(result.column(name).cast(pa.string())) for name in ("status", "drg")
        )
        if compiled.retry_other_procedures:
            found = pl.Series(result.column("retried_procedure")).fill_null(0)
            retried = found.cast(pl.Int64).to_numpy()
    else:
        cases = frame.select(pl.col("case_id").cast(pl.String))
        joined = cases.join(given, on="case_id", how="left", maintain_order="left")
        status, drg = joined["status"], joined["drg"]
    frame = frame.select(
        pl.col("case_id", "hospital_id").cast(pl.String).fill_null(""),
        pl.col("settlement_date").cast(pl.Date).dt.year().fill_null(0).cast(pl.Int32).alias("year"),
        *(pl.col(column).cast(pl.Float64).fill_null(float("nan")) for column in NUMBERS),
        unit=(pl.col("payment_unit").cast(pl.String) if unit else pl.lit(None, pl.String))
        .replace("", None)
        .fill_null(_DRG_UNIT),
        fen=fen_of(cost),
        severity=pl.Series(severity),
        status=status,
        drg=drg,
    )
    reason = frame.select(
        pl.when(pl.col("status").fill_null("") != "grouped")
        .then(pl.lit("not grouped"))
        .when(pl.col("unit") != _DRG_UNIT)
        .then(pl.lit("not paid by DRG"))
        .when(~(pl.col("fen") > 0).fill_null(False))
        .then(pl.lit("without a cost"))
    ).to_series()
    kept = np.flatnonzero(reason.is_null().to_numpy())
    return _Part(
        frame=frame[kept].drop("unit", "status"),
        diagnoses=_coded(batch.column("other_diagnoses"), kept),
        procedures=_coded(batch.column("procedures"), kept, retried),
        left_out={one: int((reason == one).sum()) for one in _LEFT_OUT},
    )


_LEFT_OUT = {
    "not grouped": "not_grouped",
    "not paid by DRG": "not_paid",
    "without a cost": "no_cost",
}
"""Why stays are left out, with the key of its words."""


def _coded(values: pa.Array, kept: Rows, only: NDArray[np.int64] | None = None) -> CodedLists:
    """The lists of some stays; where `only` is n > 0, the n-th code of a stay alone."""
    flat = values.flatten()
    if not pa.types.is_dictionary(flat.type):
        flat = flat.dictionary_encode()
    index = CodeIndex({code for code in flat.dictionary.to_pylist() if code})
    lists = CodeLists.encode(index, values)
    stay = np.repeat(np.arange(len(lists.lengths)), lists.lengths)
    there = lists.flat < index.unknown
    if only is not None and only.any():
        place = np.arange(len(lists.flat)) - lists.offsets[:-1][stay]
        there &= (only[stay] == 0) | (place == only[stay] - 1)
    # Each code of a stay once, whatever how often it is given.
    pairs = np.unique(stay[there].astype(np.int64) * index.size + lists.flat[there])
    lengths = np.bincount(pairs // index.size, minlength=len(lists.lengths))
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    return CodedLists(index.codes, CodeLists(offsets, pairs % index.size).take(kept))


def _together(parts: list[_Part]) -> GroupedStays:
    if not parts:
        raise DrgpayError(*_ERRORS("no_stay"))
    frame = pl.concat([part.frame for part in parts])
    # case_id alone, unless a file has one twice: then whatever else tells the stays apart.
    order = frame.select(pl.arg_sort_by("case_id", "fen", "hospital_id", "age")).to_series()
    frame, places = frame[order], order.cast(pl.Int64).to_numpy()
    groups, group = _numbered(frame["drg"])
    return GroupedStays(
        groups=groups,
        group=group,
        fen=frame["fen"].to_numpy(),
        numbers={column: frame[column].to_numpy() for column in NUMBERS},
        severity=frame["severity"].to_numpy(),
        hospital=_numbered(frame["hospital_id"])[1],
        year=_numbered(frame["year"])[1],
        diagnoses=_joined([part.diagnoses for part in parts], places),
        procedures=_joined([part.procedures for part in parts], places),
        left_out={one: sum(part.left_out[one] for part in parts) for one in _LEFT_OUT},
    )


def _numbered(values: pl.Series) -> tuple[list[Any], NDArray[np.int32]]:
    different = values.unique().sort()
    number = pl.DataFrame({"value": different, "number": np.arange(len(different), dtype=np.int32)})
    found = values.to_frame("value").join(number, on="value", how="left", maintain_order="left")
    return different.to_list(), found["number"].to_numpy()


def _joined(parts: list[CodedLists], order: Rows) -> CodedLists:
    codes = sorted({code for part in parts for code in part.codes})
    number_of = {code: number for number, code in enumerate(codes)}
    flat = [
        np.array([number_of[code] for code in part.codes], dtype=np.int32)[part.lists.flat]
        for part in parts
    ]
    lengths = np.concatenate([part.lists.lengths for part in parts])
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    return CodedLists(codes, CodeLists(offsets, np.concatenate(flat)).take(order))


def _given_groups(path: Path, compiled: CompiledScheme) -> pl.DataFrame:
    groups = text_table(path, ("case_id", "status", "drg"), _ERRORS.words("name_groups"))
    repeated = groups.filter(pl.col("case_id").is_duplicated())
    if repeated.height:
        raise DrgpayError(*_ERRORS("case_twice", path=path, case=repeated["case_id"][0]))
    named = groups.filter(pl.col("status") == "grouped")["drg"].unique().sort()
    unknown = sorted(set(named) - _codes_of(compiled))
    if unknown:
        raise DrgpayError(
            *_ERRORS("group_of_other_scheme", path=path, code=unknown[0], scheme=compiled.id)
        )
    return groups


def _codes_of(compiled: CompiledScheme) -> set[str]:
    return {leaf.drg for leaf in compiled.leaves}
