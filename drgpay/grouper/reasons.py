"""Why a stay is where it is, in a few small columns: the short form of an explanation."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from drgpay.grouper.coded import CodedRecords
from drgpay.grouper.columns import furthest_level, leaves_of
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.facts import Facts, bucket, counting_complications
from drgpay.grouper.rules.fields import COLUMN_OF_FIELD, NumberField
from drgpay.records.arrays import numbers_array, strings_array
from drgpay.records.codes import Ints

REASON_COLUMNS = (
    "mdc_sort",
    "adrg_sort",
    "drg_sort",
    "severity_code",
    "retried_procedure",
    "ungrouped_reason",
)
UNGROUPED_REASONS = (
    "no_mdc",  # no MDC takes the stay
    "no_adrg",  # some MDC does, none of its ADRGs
    "no_drg",  # some ADRG does, none of its DRGs
    "fallback",  # a group that stands for "none" in the scheme
    "missing_principal_diagnosis",
    "missing_sex",
    "missing_age",
    "missing_age_days",  # of a newborn: with some age in days the stay would go elsewhere
)
_FALLBACK, _NO_PRINCIPAL, _NO_SEX, _NO_AGE, _NO_AGE_DAYS = 3, 4, 5, 6, 7
_LAST_DAY = 365  # of somebody of age 0


def reason_arrays(
    compiled: CompiledScheme,
    stays: CodedRecords,
    valid: NDArray[np.bool_],
    facts: Facts,
    leaf: Ints,
    retried: NDArray[np.int16],
) -> list[pa.Array]:
    """The columns REASON_COLUMNS.

    mdc_sort, adrg_sort, drg_sort: the sort numbers of the rules that decided (int16, null without
    a group). severity_code: the first other diagnosis that gave the severity. retried_procedure:
    the place of the procedure that grouped alone (from 1; null where the first did).
    ungrouped_reason: one of UNGROUPED_REASONS, null for grouped stays.
    """
    placed = valid & (leaf > 0)
    sorts = np.array([entry.sorts or (0, 0, 0) for entry in compiled.leaves], dtype=np.int16)
    columns = [numbers_array(sorts[leaf, level], ~placed) for level in range(3)]
    columns.append(_severity_codes(compiled, stays, valid))
    columns.append(numbers_array(retried, (retried == 0) | ~valid))
    columns.append(_ungrouped_reasons(compiled, stays, facts, leaf))
    return columns


def _severity_codes(
    compiled: CompiledScheme, stays: CodedRecords, valid: NDArray[np.bool_]
) -> pa.Array:
    rows, positions, levels = counting_complications(compiled.severity, stays)
    highest = np.zeros(len(stays), dtype=np.uint8)
    np.maximum.at(highest, rows, levels)
    deciding = np.flatnonzero((levels == highest[rows]) & valid[rows])
    stay, first = np.unique(rows[deciding], return_index=True)
    numbers = stays.other_diagnoses.flat[positions[deciding[first]]]
    different, place = np.unique(numbers, return_inverse=True)
    # By code: the numbers of a cache have an order of their own, the bytes of a result have not.
    codes = [compiled.diagnoses.codes[number] for number in different]
    order = sorted(range(len(codes)), key=codes.__getitem__)
    rank = np.empty(len(codes), dtype=np.int32)
    rank[order] = np.arange(len(codes), dtype=np.int32)
    index = np.zeros(len(stays), dtype=np.int32)
    index[stay] = rank[place]
    without = np.ones(len(stays), dtype=np.bool_)
    without[stay] = False
    names = strings_array([codes[number] for number in order])
    return pa.DictionaryArray.from_arrays(numbers_array(index, without), names)


def _ungrouped_reasons(
    compiled: CompiledScheme, stays: CodedRecords, facts: Facts, leaf: Ints
) -> pa.Array:
    reason = np.full(len(stays), -1, dtype=np.int32)
    fallback = np.array([entry.status == "ungrouped" for entry in compiled.leaves])
    reason[fallback[leaf]] = _FALLBACK
    nowhere = np.flatnonzero(leaf == 0)
    reason[nowhere] = furthest_level(compiled, facts.take(nowhere))
    reason[_decided_by_days(compiled, stays, facts, leaf, reason >= 0)] = _NO_AGE_DAYS
    reason[np.isnan(stays.numbers["age"])] = _NO_AGE
    reason[np.isnan(stays.numbers["sex"])] = _NO_SEX
    reason[stays.principal_diagnosis == compiled.diagnoses.missing] = _NO_PRINCIPAL
    indices = numbers_array(np.maximum(reason, 0), reason < 0)
    return pa.DictionaryArray.from_arrays(indices, strings_array(list(UNGROUPED_REASONS)))


def _decided_by_days(
    compiled: CompiledScheme,
    stays: CodedRecords,
    facts: Facts,
    leaf: Ints,
    ungrouped: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """The rows of ungrouped newborns without age in days whom some age in days puts elsewhere."""
    thresholds = compiled.thresholds.get(NumberField.AGE_DAYS)
    if thresholds is None:
        return np.empty(0, dtype=np.int64)
    age, days = (stays.numbers[COLUMN_OF_FIELD[field]] for field in _AGES)
    rows = np.flatnonzero(ungrouped & (age == 0) & np.isnan(days))
    here = facts.take(rows)
    elsewhere = np.zeros(len(rows), dtype=np.bool_)
    for place in {int(bucket(np.array([day]), thresholds)[0]) for day in _days(thresholds)}:
        known = np.full(len(rows), place, dtype=np.uint8)
        as_if = replace(here, buckets={**here.buckets, NumberField.AGE_DAYS: known})
        elsewhere |= leaves_of(compiled, as_if) != leaf[rows]
    return rows[elsewhere]


_AGES = (NumberField.AGE, NumberField.AGE_DAYS)


def _days(thresholds: tuple[float, ...]) -> list[float]:
    """Ages in days of the first year, one at least of each that the rules tell apart."""
    near = [day + step for day in thresholds for step in (-1, -0.5, 0, 0.5, 1)]
    return [0.0, _LAST_DAY, *(day for day in near if 0 <= day <= _LAST_DAY)]
