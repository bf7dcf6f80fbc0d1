"""What a run keeps of the record of a visit beside what it is paid by: codes, items, kinds of cost."""

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa

from drgpay.records.arrays import numbers_array
from drgpay.records.case_records import joined

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PROCEDURE = "procedure"
_KINDS = {
    "drug_fen": ("drug",),
    "material_fen": ("material",),
    "exam_fen": ("lab", "imaging", "other_test"),
}

_OF_VISIT = ("visit_id", "hospital_id", "visit_date", "department", "principal_diagnosis")
_TEXTS = ("department", "principal_diagnosis", "other_diagnoses", "procedures", "items")
KEPT_SCHEMA: dict[str, pl.DataType] = {
    "visit_id": pl.String(),
    "hospital_id": pl.String(),
    "visit_date": pl.Date(),
    **dict.fromkeys(_TEXTS, pl.String()),
    **dict.fromkeys(_KINDS, pl.Int64()),
}
"""What `kept_of_visits` makes."""

KEPT_CODED = ["hospital_id", *_TEXTS]
"""Its columns whose texts repeat."""


def kept_of_visits(visits: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """What is kept of valid visits and of the lines that refunds leave of them.

    visits, items: of VisitBucket. Returns KEPT_SCHEMA: lists of codes as one text (null without one),
    those of items each code once; amounts null of a visit without a line.
    """
    ends = _ends(visits["visit_id"], items["visit_id"])
    kinds = items["item_kind"].cast(pl.String)
    codes = items["item_code"].cast(pl.String)
    is_procedure = (kinds == _PROCEDURE).to_numpy()
    given = visits["other_diagnoses"].cast(pl.List(pl.String)).to_arrow()
    no_line = pl.Series(np.diff(ends) == 0)
    return visits.select(
        other_diagnoses=_or_null(joined(given)),
        procedures=_codes_of(codes, is_procedure, ends),
        items=_codes_of(codes, ~is_procedure, ends),
        **{name: pl.col(name).cast(KEPT_SCHEMA[name]) for name in _OF_VISIT},
        **{
            name: _sums(items["amount_fen"], kinds.is_in(of), ends).set(no_line, None)
            for name, of in _KINDS.items()
        },
    ).select(*KEPT_SCHEMA)


def _ends(visit_ids: pl.Series, of_lines: pl.Series) -> "NDArray[np.int64]":
    """Where the lines of each visit end among all, 0 in front: both are sorted by visit_id."""
    counts = of_lines.rle().struct.unnest()
    found = visit_ids.to_frame().join(
        counts.rename({"value": "visit_id"}), on="visit_id", how="left", maintain_order="left"
    )
    lengths = found["len"].fill_null(0).cast(pl.Int64).to_numpy()
    return _added(lengths)


def _codes_of(
    codes: pl.Series, wanted: "NDArray[np.bool_]", ends: "NDArray[np.int64]"
) -> pl.Series:
    """The wanted codes of each visit, each once: the lines of a visit are sorted by their codes."""
    before = _added(wanted)[ends]
    chosen = codes.filter(pl.Series(wanted))
    first = (chosen != chosen.shift()).fill_null(True).to_numpy().copy()
    starts = before[:-1]
    first[starts[starts < len(first)]] = True
    kept = _added(first)[before]
    lists = pa.LargeListArray.from_arrays(
        numbers_array(kept), chosen.filter(pl.Series(first)).to_arrow()
    )
    return _or_null(joined(lists))


def _or_null(texts: pa.Array) -> pl.Series:
    return pl.Series(texts, dtype=pl.String).replace("", None)


def _sums(amounts: pl.Series, wanted: pl.Series, ends: "NDArray[np.int64]") -> pl.Series:
    chosen = np.where(wanted.to_numpy(), amounts.to_numpy(), 0)
    return pl.Series(np.diff(_added(chosen)[ends]))


def _added(numbers: "NDArray[Any]") -> "NDArray[np.int64]":
    """Running sums, 0 in front."""
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(numbers, dtype=np.int64)))
