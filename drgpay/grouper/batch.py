"""Group one Arrow batch: a pure function from batch to batch, the same on any engine."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from drgpay.grouper.coded import CodedStays
from drgpay.grouper.columns import leaves_of
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.facts import Facts, distinct, observe
from drgpay.grouper.reasons import REASON_COLUMNS, reason_arrays
from drgpay.grouper.rules.fields import COLUMN_OF_FIELD, NumberField
from drgpay.records.codes import CodeLists, Ints

RESULT_COLUMNS = ("status", "mdc", "adrg", "drg", "severity")
# By the two bits of Facts.severity; an MCC outranks a CC.
_SEVERITY_NAMES = pa.array(["none", "CC", "MCC"])
_SEVERITY_NAME_OF_BITS = np.array([0, 1, 2, 2], dtype=np.int8)


def group_batch(
    compiled: CompiledScheme, batch: pa.RecordBatch, reasons: bool = False
) -> pa.RecordBatch:
    """Group stays.

    Reads the columns `compiled.columns` (docs/rule-language.md, "Fields"; code columns as strings
    or dictionary-coded strings, lists of them for other_diagnoses and procedures; numbers of any
    numeric type).
    Returns, row by row: status, mdc, adrg, drg, severity (dictionary-coded strings; null groups and
    severity where the status is invalid); with `reasons` also REASON_COLUMNS (see reasons.py).
    """
    stays = encode_stays(compiled, batch)
    facts = observe(compiled, stays)
    leaf = _leaf_of_each(compiled, facts)
    retried = np.zeros(len(stays), dtype=np.int16)
    if compiled.scheme.info.options.retry_other_procedures:
        _retry_other_procedures(compiled, stays, leaf, retried)
    severity = _SEVERITY_NAME_OF_BITS[facts.severity]
    invalid = None if stays.valid.all() else ~stays.valid
    columns = [_column(compiled, "status", np.where(stays.valid, leaf, -1), None)]
    columns += [_column(compiled, level, leaf, invalid) for level in ("mdc", "adrg", "drg")]
    columns.append(
        pa.DictionaryArray.from_arrays(pa.array(severity, mask=invalid), _SEVERITY_NAMES)
    )
    names = list(RESULT_COLUMNS)
    if reasons:
        columns += reason_arrays(compiled, stays, facts, leaf, retried)
        names += REASON_COLUMNS
    return pa.RecordBatch.from_arrays(columns, names=names)


def encode_stays(compiled: CompiledScheme, batch: pa.RecordBatch) -> CodedStays:
    """Translate the columns that grouping reads into integers of the compiled scheme."""
    rows = batch.num_rows
    columns = compiled.columns

    def lists(column: str) -> CodeLists:
        if column not in columns:
            return CodeLists.empty(rows)
        index = compiled.procedures if column == "procedures" else compiled.diagnoses
        return CodeLists.encode(index, batch.column(column))

    def department() -> Ints:
        if "department" not in columns:
            return np.full(rows, compiled.departments.missing, dtype=np.int32)
        return compiled.departments.encode(batch.column("department"))

    principal = compiled.diagnoses.encode(batch.column("principal_diagnosis"))
    numbers = {
        COLUMN_OF_FIELD[field]: _numbers(batch.column(COLUMN_OF_FIELD[field]))
        for field in NumberField
        if COLUMN_OF_FIELD[field] in columns
    }
    valid = principal != compiled.diagnoses.missing
    valid &= ~np.isnan(numbers["sex"]) & ~np.isnan(numbers["age"])
    return CodedStays(
        principal_diagnosis=principal,
        other_diagnoses=lists("other_diagnoses"),
        procedures=lists("procedures"),
        department=department(),
        numbers=numbers,
        valid=valid,
    )


def _leaf_of_each(compiled: CompiledScheme, facts: Facts) -> Ints:
    example, kind = distinct(compiled, facts)
    return leaves_of(compiled, facts.take(example))[kind]


def _retry_other_procedures(
    compiled: CompiledScheme, stays: CodedStays, leaf: Ints, retried: NDArray[np.int16]
) -> None:
    """Option of Zhejiang 2022 (docs/rule-language.md): each other procedure alone, in order."""
    lengths = stays.procedures.lengths
    for n in range(1, int(lengths.max(initial=0))):
        again = np.flatnonzero((leaf == 0) & (lengths > n) & stays.valid)
        if len(again):
            alone = stays.with_single_procedure(again, n)
            leaf[again] = _leaf_of_each(compiled, observe(compiled, alone))
            retried[again[leaf[again] > 0]] = n + 1


def _numbers(values: pa.Array) -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = pc.cast(values, pa.float64()).to_numpy(zero_copy_only=False)
    return numbers


def _column(
    compiled: CompiledScheme, level: str, leaf: Ints, mask: NDArray[np.bool_] | None
) -> pa.DictionaryArray:
    numbers, names = compiled.leaf_names[level]
    return pa.DictionaryArray.from_arrays(pa.array(numbers[leaf], mask=mask), pa.array(names))
