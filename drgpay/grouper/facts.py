"""What a scheme can see of each stay, and which stays it cannot tell apart."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from drgpay.grouper.coded import CodedStays
from drgpay.grouper.compiled import BitTable, CompiledScheme, SeverityTable, set_mask
from drgpay.grouper.rules.fields import (
    COLUMN_OF_FIELD,
    DIAGNOSIS_FIELDS,
    PROCEDURE_FIELDS,
    CodeField,
    NumberField,
)
from drgpay.grouper.rules.nodes import Count
from drgpay.records.codes import CodeLists

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Facts:
    """One row a stay: the answers to everything that the rules of the scheme ask.

    `profiles` index ProfileTable.membership; `buckets` place a number among the compared numbers
    (see `bucket`); `bits` are the words of BitTable; `counts` hold one column per Count.
    """

    profiles: dict[CodeField, NDArray[np.int32]]
    buckets: dict[NumberField, NDArray[np.uint8]]
    bits: dict[CodeField, NDArray[np.uint64]]
    counts: NDArray[np.int32]
    severity: NDArray[np.uint8]  # bit 0: some CC counts, bit 1: some MCC counts

    def __len__(self) -> int:
        return len(self.severity)

    def take(self, rows: Rows) -> "Facts":
        """The facts of some stays."""
        return Facts(
            profiles={field: values[rows] for field, values in self.profiles.items()},
            buckets={field: values[rows] for field, values in self.buckets.items()},
            bits={field: words[rows] for field, words in self.bits.items()},
            counts=self.counts[rows],
            severity=self.severity[rows],
        )


def observe(compiled: CompiledScheme, stays: CodedStays) -> Facts:
    """The facts of each stay."""
    procedures = stays.procedures
    codes = {
        CodeField.PRINCIPAL_DIAGNOSIS: stays.principal_diagnosis,
        CodeField.PRINCIPAL_PROCEDURE: procedures.nth(0, compiled.procedures.missing),
        CodeField.DEPARTMENT: stays.department,
    }
    return Facts(
        profiles={
            field: table.profile_of_code[codes[field]] for field, table in compiled.profiles.items()
        },
        buckets={
            field: bucket(stays.numbers[COLUMN_OF_FIELD[field]], thresholds)
            for field, thresholds in compiled.thresholds.items()
        },
        bits={
            CodeField.OTHER_DIAGNOSES: _collect(
                compiled.bits[CodeField.OTHER_DIAGNOSES], stays.other_diagnoses, first=0
            ),
            CodeField.OTHER_PROCEDURES: _collect(
                compiled.bits[CodeField.OTHER_PROCEDURES], procedures, first=1
            ),
        },
        counts=_counts(compiled, stays),
        severity=_severity(compiled.severity, stays),
    )


def bucket(values: NDArray[np.float64], thresholds: tuple[float, ...]) -> NDArray[np.uint8]:
    """Where each number lies among the sorted thresholds t0 < t1 < ...

    0 is below t0, 1 equals t0, 2 lies between t0 and t1, 3 equals t1, and so on; a missing number
    (NaN) gets the bucket after the last.
    """
    places = np.zeros(len(values), dtype=np.uint8)
    for threshold in thresholds:
        places += values >= threshold
        places += values > threshold
    places[np.isnan(values)] = missing_bucket(thresholds)
    return places


def missing_bucket(thresholds: tuple[float, ...]) -> int:
    """The bucket of a missing number."""
    return 2 * len(thresholds) + 1


def distinct(compiled: CompiledScheme, facts: Facts) -> tuple[Rows, NDArray[np.int32]]:
    """Stays with the same facts fall into one group: (one row of each kind, the kind of each row)."""
    parts: list[tuple[NDArray[Any], int]] = [(facts.severity, 4)]
    for field, profiles in facts.profiles.items():
        parts.append((profiles, len(compiled.profiles[field].membership)))
    for number_field, buckets in facts.buckets.items():
        parts.append((buckets, missing_bucket(compiled.thresholds[number_field]) + 1))
    for words in facts.bits.values():
        parts.extend(_number_words(words[:, word]) for word in range(words.shape[1]))
    for column in range(facts.counts.shape[1]):
        values = facts.counts[:, column]
        parts.append((values, int(values.max(initial=0)) + 1))

    # One whole number a row, digit by digit in the mixed base of the parts.
    key, size = np.zeros(len(facts), dtype=np.int64), 1
    for values, radix in parts:
        if radix == 1:
            continue
        if size * radix >= 1 << 62:  # rare: renumber what is combined so far
            key, size = _number_words(key.view(np.uint64))
        key *= radix
        key += values
        size *= radix
    encoded = pa.array(key).dictionary_encode()
    kind = encoded.indices.to_numpy()
    example = np.empty(len(encoded.dictionary), dtype=np.int64)
    example[kind[::-1]] = np.arange(len(kind) - 1, -1, -1)  # the first row of each kind
    return example, kind


def _number_words(words: NDArray[np.uint64]) -> tuple[NDArray[np.int64], int]:
    """Small numbers in place of 64-bit words; most words are zero and keep the number 0."""
    numbers = np.zeros(len(words), dtype=np.int64)
    rows = np.flatnonzero(words)
    found, inverse = np.unique(words[rows], return_inverse=True)
    numbers[rows] = inverse + 1
    return numbers, len(found) + 1


def _collect(table: BitTable, lists: CodeLists, first: int) -> NDArray[np.uint64]:
    """The words of all codes from position `first` of each list on, combined by OR."""
    width = table.words_of_code.shape[1]
    words = np.zeros((len(lists.offsets) - 1, width), dtype=np.uint64)
    positions = np.flatnonzero(table.touched[lists.flat])
    stays = lists.stays_of(positions)
    if first:
        later = positions >= lists.offsets[stays] + first
        positions, stays = positions[later], stays[later]
    for word in range(width):
        np.bitwise_or.at(words[:, word], stays, table.words_of_code[:, word][lists.flat[positions]])
    return words


def counting_complications(
    table: SeverityTable, stays: CodedStays
) -> tuple[NDArray[np.int32], Rows, NDArray[np.uint8]]:
    """The other diagnoses that count as CC (1) or MCC (2): (stay, flat position, level) of each.

    One counts unless the principal diagnosis stands in its exclusion table
    (docs/rule-language.md). In the order of stays and, within a stay, of its diagnoses.
    """
    lists = stays.other_diagnoses
    levels = table.level[lists.flat]
    positions = np.flatnonzero(levels)
    rows = lists.stays_of(positions)
    principal = table.exclusion_profile[stays.principal_diagnosis[rows]]
    counts = ~table.excluded[principal, table.exclusion_table[lists.flat[positions]]]
    return rows[counts], positions[counts], levels[positions[counts]]


def _severity(table: SeverityTable, stays: CodedStays) -> NDArray[np.uint8]:
    rows, _, levels = counting_complications(table, stays)
    severity = np.zeros(len(stays), dtype=np.uint8)
    severity[rows[levels == 1]] = 1
    severity[rows[levels == 2]] |= 2
    return severity


def _counts(compiled: CompiledScheme, stays: CodedStays) -> NDArray[np.int32]:
    columns = [_count(compiled, count, stays) for count in compiled.counts]
    return np.stack(columns, axis=1) if columns else np.empty((len(stays), 0), dtype=np.int32)


def _count(compiled: CompiledScheme, count: Count, stays: CodedStays) -> NDArray[np.int32]:
    """How many different codes of the fields the set holds, per stay."""
    total = np.zeros(len(stays), dtype=np.int32)
    for kind in (DIAGNOSIS_FIELDS, PROCEDURE_FIELDS, frozenset({CodeField.DEPARTMENT})):
        fields = kind & set(count.fields)
        if not fields:
            continue
        index = compiled.index_of(next(iter(fields)))
        mask = set_mask(compiled.scheme, index, count.set)
        pairs = [_codes_in(mask, field, stays, index.missing) for field in fields]
        rows = np.concatenate([pair[0] for pair in pairs]).astype(np.int64)
        codes = np.concatenate([pair[1] for pair in pairs])
        different = np.unique(rows * index.size + codes) // index.size
        total += np.bincount(different, minlength=len(stays)).astype(np.int32)
    return total


def _codes_in(
    mask: NDArray[np.bool_], field: CodeField, stays: CodedStays, missing: int
) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """The (stay, code) pairs of a field whose code is in the mask."""
    match field:
        case CodeField.OTHER_DIAGNOSES:
            lists, first = stays.other_diagnoses, 0
        case CodeField.OTHER_PROCEDURES:
            lists, first = stays.procedures, 1
        case _:
            single = {
                CodeField.PRINCIPAL_DIAGNOSIS: stays.principal_diagnosis,
                CodeField.PRINCIPAL_PROCEDURE: stays.procedures.nth(0, missing),
                CodeField.DEPARTMENT: stays.department,
            }[field]
            hit = np.flatnonzero(mask[single])
            return hit, single[hit]
    positions = np.flatnonzero(mask[lists.flat])
    rows = lists.stays_of(positions)
    later = positions >= lists.offsets[rows] + first
    return rows[later], lists.flat[positions[later]]
