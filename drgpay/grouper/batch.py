"""Group one Arrow batch: a pure function from batch to batch, the same on any engine."""

import math

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.grouper.coded import CodedRecords
from drgpay.grouper.columns import leaves_of
from drgpay.grouper.compiled import LIST_FIELDS, CompiledScheme
from drgpay.grouper.facts import Facts, distinct, lasting_keys, observe
from drgpay.grouper.leaf_memo import LARGEST_LEAF, kinds
from drgpay.grouper.reasons import REASON_COLUMNS, reason_arrays
from drgpay.grouper.rules.fields import COLUMN_OF_FIELD, CodeField, NumberField
from drgpay.grouper.unknown_texts import UnknownTexts
from drgpay.records.arrays import numbers_array, numbers_of, strings_array
from drgpay.records.codes import CodeLists, Ints, Unnumbered

_ERRORS = Sentences("errors/grouper")

_PART = 1 << 18  # rows
RESULT_COLUMNS = ("status", "mdc", "adrg", "drg", "severity")
# By the two bits of Facts.severity; an MCC outranks a CC.
_SEVERITY_NAMES = strings_array(["none", "CC", "MCC"])
_SEVERITY_NAME_OF_BITS = np.array([0, 1, 2, 2], dtype=np.int16)
# The principal procedure stands in the column of all procedures.
_SINGLE_COLUMNS = tuple(
    field for field in CodeField if field not in {*LIST_FIELDS, CodeField.PRINCIPAL_PROCEDURE}
)


def group_batch(
    compiled: CompiledScheme,
    batch: pa.RecordBatch,
    reasons: bool = False,
    unknown: UnknownTexts | None = None,
) -> pa.RecordBatch:
    """Group stays.

    Reads the columns `compiled.columns` (docs/rule-language.md, "Fields"; code columns as strings
    or dictionary-coded strings, lists of them for other_diagnoses and procedures; numbers of any
    numeric type).
    Returns, row by row: status, mdc, adrg, drg, severity (dictionary-coded strings; null groups and
    severity where the status is invalid); with `reasons` also REASON_COLUMNS (see reasons.py).
    unknown: collects the codes that the scheme does not name.
    """
    stays = encode_records(compiled, batch, unknown)
    valid = _valid(compiled, stays)
    facts = observe(compiled, stays)
    leaf = leaf_of_each(compiled, facts)
    retried = np.zeros(len(stays), dtype=np.int16)
    if compiled.retry_other_procedures:
        _retry_other_procedures(compiled, stays, valid, leaf, retried)
    severity = _SEVERITY_NAME_OF_BITS[facts.severity]
    invalid = None if valid.all() else ~valid
    columns = [names_of_leaves(compiled, "status", np.where(valid, leaf, -1))]
    columns += [names_of_leaves(compiled, level, leaf, invalid) for level in ("mdc", "adrg", "drg")]
    columns.append(
        pa.DictionaryArray.from_arrays(numbers_array(severity, invalid), _SEVERITY_NAMES)
    )
    names = list(RESULT_COLUMNS)
    if reasons:
        columns += reason_arrays(compiled, stays, valid, facts, leaf, retried)
        names += REASON_COLUMNS
    return pa.RecordBatch.from_arrays(columns, names=names)


def encode_records(
    compiled: CompiledScheme, batch: pa.RecordBatch, unknown: UnknownTexts | None = None
) -> CodedRecords:
    """Translate the columns that grouping reads into integers of the compiled scheme.

    unknown: collects the codes that the scheme does not name.
    """
    lacking = [column for column in compiled.columns if column not in batch.schema.names]
    if lacking:
        said = _ERRORS("no_column_to_group", columns=listed(lacking), scheme=compiled.id)
        raise DrgpayError(*said)
    single = {
        field: compiled.index_of(field).encode(
            batch.column(COLUMN_OF_FIELD[field]), _collector(unknown, COLUMN_OF_FIELD[field])
        )
        for field in _SINGLE_COLUMNS
        if COLUMN_OF_FIELD[field] in compiled.columns
    }
    lists = {
        COLUMN_OF_FIELD[field]: CodeLists.encode(
            compiled.index_of(field),
            batch.column(COLUMN_OF_FIELD[field]),
            _collector(unknown, COLUMN_OF_FIELD[field]),
        )
        for field in LIST_FIELDS
        if COLUMN_OF_FIELD[field] in compiled.columns
    }
    numbers = {
        COLUMN_OF_FIELD[field]: _numbers(batch.column(COLUMN_OF_FIELD[field]))
        for field in NumberField
        if COLUMN_OF_FIELD[field] in compiled.columns
    }
    return CodedRecords(batch.num_rows, single, lists, numbers)


def _collector(unknown: UnknownTexts | None, column: str) -> Unnumbered | None:
    return None if unknown is None else unknown.of(column)


def _valid(compiled: CompiledScheme, stays: CodedRecords) -> NDArray[np.bool_]:
    """Stays with a principal diagnosis, a sex and an age."""
    valid: NDArray[np.bool_] = stays.principal_diagnosis != compiled.diagnoses.missing
    valid &= ~np.isnan(stays.numbers["sex"]) & ~np.isnan(stays.numbers["age"])
    return valid


def leaf_of_each(compiled: CompiledScheme, facts: Facts) -> Ints:
    """The leaf in which each row ends (a place in compiled.leaves), each kind of row found once."""
    keys = lasting_keys(compiled, facts) if len(compiled.leaves) <= LARGEST_LEAF else None
    if keys is None:
        example, kind = distinct(compiled, facts)
        return leaves_of(compiled, facts.take(example))[kind]
    # Part by part: what the first rows taught, the others need not find out again.
    leaf = np.empty(len(keys), dtype=np.int32)
    for start in range(0, len(keys), _PART):
        part = leaf[start : start + _PART]
        part[:] = compiled.leaf_memo.find(keys[start : start + _PART])
        unknown = np.flatnonzero(part < 0)
        if len(unknown):
            example, kind = kinds(keys[start + unknown])
            met = start + unknown[example]
            found = leaves_of(compiled, facts.take(met))
            compiled.leaf_memo.keep(keys[met], found)
            part[unknown] = found[kind]
    return leaf


def _retry_other_procedures(
    compiled: CompiledScheme,
    stays: CodedRecords,
    valid: NDArray[np.bool_],
    leaf: Ints,
    retried: NDArray[np.int16],
) -> None:
    """Option of Zhejiang 2022 (docs/rule-language.md): each other procedure alone, in order."""
    if "procedures" not in stays.lists:
        return
    lengths = stays.procedures.lengths
    for n in range(1, int(lengths.max(initial=0))):
        again = np.flatnonzero((leaf == 0) & (lengths > n) & valid)
        if len(again):
            alone = stays.with_single_procedure(again, n)
            leaf[again] = leaf_of_each(compiled, observe(compiled, alone))
            retried[again[leaf[again] > 0]] = n + 1


def _numbers(values: pa.Array) -> NDArray[np.float64]:
    if pa.types.is_floating(values.type) and not values.null_count:
        return numbers_of(values).astype(np.float64, copy=False)
    import pyarrow.compute as pc  # not needed to load a compiled scheme

    return numbers_of(pc.cast(values, pa.float64(), safe=False), null=math.nan)


def names_of_leaves(
    compiled: CompiledScheme, level: str, leaf: Ints, mask: NDArray[np.bool_] | None = None
) -> pa.DictionaryArray:
    """The names that leaves have on a level (status, mdc, adrg or drg), null where `mask` is true."""
    numbers, names = compiled.leaf_names[level]
    return pa.DictionaryArray.from_arrays(numbers_array(numbers[leaf], mask), names)
