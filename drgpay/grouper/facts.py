"""What a scheme can see of each stay, and which stays it cannot tell apart."""

from dataclasses import dataclass
from functools import reduce
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drgpay.grouper.coded import CodedRecords
from drgpay.grouper.compiled import (
    LIST_FIELDS,
    BitTable,
    CompiledScheme,
    SeverityTable,
    set_mask,
)
from drgpay.grouper.leaf_memo import LARGEST_KEY, LeafMemo, kinds
from drgpay.grouper.rules.fields import COLUMN_OF_FIELD, CodeField, NumberField, kind_of
from drgpay.grouper.rules.nodes import Count
from drgpay.records.codes import CodeLists

Rows = NDArray[np.int64]
_COUNTED = 256  # so many codes of a set no stay has; the keys of a LeafMemo need some bound


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


def observe(compiled: CompiledScheme, records: CodedRecords) -> Facts:
    """The facts of each record."""
    return Facts(
        profiles={
            field: np.take(
                table.profile_of_code, records.codes(field, compiled.index_of(field).missing)
            )
            for field, table in compiled.profiles.items()
        },
        buckets={
            field: bucket(records.numbers[COLUMN_OF_FIELD[field]], thresholds)
            for field, thresholds in compiled.thresholds.items()
        },
        bits={
            field: _collect(table, records.lists[COLUMN_OF_FIELD[field]], _first(field))
            for field, table in compiled.bits.items()
        },
        counts=_counts(compiled, records),
        severity=_severity(compiled, records),
    )


def bucket(values: NDArray[np.float64], thresholds: tuple[float, ...]) -> NDArray[np.uint8]:
    """Where each number lies among the sorted thresholds t0 < t1 < ...

    0 is below t0, 1 equals t0, 2 lies between t0 and t1, 3 equals t1, and so on; a missing number
    (NaN) gets the bucket after the last.
    """
    there = ~np.isnan(values)
    if not there.all():  # few stays have a weight or an age in days
        places = np.full(len(values), missing_bucket(thresholds), dtype=np.uint8)
        places[there] = bucket(values[there], thresholds)
        return places
    places = np.zeros(len(values), dtype=np.uint8)
    for threshold in thresholds:
        places += values >= threshold
        places += values > threshold
    return places


def missing_bucket(thresholds: tuple[float, ...]) -> int:
    """The bucket of a missing number."""
    return 2 * len(thresholds) + 1


def distinct(compiled: CompiledScheme, facts: Facts) -> tuple[Rows, Rows]:
    """Stays with the same facts fall into one group: (one row of each kind, the kind of each row)."""
    parts = _small_parts(compiled, facts)
    parts += [(counted, int(counted.max(initial=0)) + 1) for counted in facts.counts.T]
    for words in facts.bits.values():
        for word in range(words.shape[1]):
            examples, number = kinds(words[:, word].view(np.int64))
            parts.append((number, len(examples)))

    # One whole number a row, digit by digit in the mixed base of the parts.
    key, size = np.zeros(len(facts), dtype=np.int64), 1
    for values, radix in parts:
        if size * radix >= 1 << 62:  # rare: renumber what is combined so far
            examples, key = kinds(key)
            size = len(examples)
        key, size = _append_digit(key, values, radix), size * radix
    return kinds(key)


def lasting_keys(compiled: CompiledScheme, facts: Facts) -> Rows | None:
    """One number a row for LeafMemo: the same facts have the same at any time, others another.

    None if the scheme tells more stays apart than such numbers can.
    """
    key, size = np.zeros(len(facts), dtype=np.uint8), 1
    if int(facts.counts.max(initial=0)) >= _COUNTED:
        return None
    parts = [*_small_parts(compiled, facts), *((counted, _COUNTED) for counted in facts.counts.T)]
    for values, radix in sorted(parts, key=itemgetter(1)):
        size *= radix
        if size > LARGEST_KEY:
            return None
        if radix > 1:  # as narrow as the numbers allow: half the time
            key = key.astype(np.min_scalar_type(size), copy=False)
            key *= radix
            np.add(key, values, out=key, casting="unsafe")
    numbers = _lasting_numbers(compiled.leaf_memo, facts.bits, len(facts))
    if (int(numbers.max(initial=0)) + 1) * size > LARGEST_KEY:
        return None
    numbers *= size
    numbers += key.astype(np.int64)
    return numbers


def _small_parts(compiled: CompiledScheme, facts: Facts) -> list[tuple[NDArray[Any], int]]:
    """Everything but counts and words: values from 0 on, and how many there can be."""
    parts: list[tuple[NDArray[Any], int]] = []
    if compiled.with_severity:
        parts.append((facts.severity, 4))
    for field, profiles in facts.profiles.items():
        parts.append((profiles, len(compiled.profiles[field].membership)))
    for number_field, buckets in facts.buckets.items():
        parts.append((buckets, missing_bucket(compiled.thresholds[number_field]) + 1))
    return parts


def _append_digit(key: Rows, digit: NDArray[Any], radix: int) -> Rows:
    if radix > 1:
        key *= radix
        key += digit
    return key


def _lasting_numbers(memo: LeafMemo, bits: dict[CodeField, NDArray[np.uint64]], rows: int) -> Rows:
    """A number for the words of each row; most words are zero, and then it is 0."""
    words = [column for table in bits.values() for column in table.T]
    numbers = np.zeros(rows, dtype=np.int64)
    if not words:
        return numbers
    some = np.flatnonzero(reduce(np.bitwise_or, words))
    key, size = np.zeros(len(some), dtype=np.int64), 1
    for column in words:
        examples, number = kinds(column[some].view(np.int64))
        if size * len(examples) >= 1 << 62:
            merged, key = kinds(key)
            size = len(merged)
        key, size = _append_digit(key, number, len(examples)), size * len(examples)
    examples, number = kinds(key)
    different = np.stack([column[some[examples]] for column in words], axis=1)
    numbers[some] = memo.number_words(different)[number]
    return numbers


def _collect(table: BitTable, lists: CodeLists, first: int) -> NDArray[np.uint64]:
    """The words of all codes from position `first` of each list on, combined by OR."""
    width = table.words_of_code.shape[1]
    words = np.zeros((len(lists.offsets) - 1, width), dtype=np.uint64)
    positions = np.flatnonzero(np.take(table.touched, lists.flat))
    stays = lists.stays_of(positions)
    if first:
        later = positions >= np.take(lists.offsets, stays) + first
        positions, stays = positions[later], stays[later]
    codes = np.take(lists.flat, positions)
    for word in range(width):
        np.bitwise_or.at(words[:, word], stays, np.take(table.words_of_code[:, word], codes))
    return words


def _first(field: CodeField) -> int:
    """From which place of its column on a list of codes belongs to a field."""
    return 1 if field == CodeField.OTHER_PROCEDURES else 0


def counting_complications(
    table: SeverityTable, stays: CodedRecords
) -> tuple[NDArray[np.int32], Rows, NDArray[np.uint8]]:
    """The other diagnoses that count as CC (1) or MCC (2): (stay, flat position, level) of each.

    One counts unless the principal diagnosis stands in its exclusion table
    (docs/rule-language.md). In the order of stays and, within a stay, of its diagnoses.
    """
    lists = stays.other_diagnoses
    positions = np.flatnonzero(np.take(table.level, lists.flat) != 0)
    rows = lists.stays_of(positions)
    codes = np.take(lists.flat, positions)
    principal = np.take(table.exclusion_profile, np.take(stays.principal_diagnosis, rows))
    counts = ~table.excluded[principal, np.take(table.exclusion_table, codes)]
    return rows[counts], positions[counts], np.take(table.level, codes[counts])


def _severity(compiled: CompiledScheme, stays: CodedRecords) -> NDArray[np.uint8]:
    severity = np.zeros(len(stays), dtype=np.uint8)
    if not compiled.with_severity:
        return severity
    rows, _, levels = counting_complications(compiled.severity, stays)
    severity[rows[levels == 1]] = 1
    severity[rows[levels == 2]] |= 2
    return severity


def _counts(compiled: CompiledScheme, stays: CodedRecords) -> NDArray[np.int32]:
    columns = [_count(compiled, count, stays) for count in compiled.counts]
    return np.stack(columns, axis=1) if columns else np.empty((len(stays), 0), dtype=np.int32)


def _count(compiled: CompiledScheme, count: Count, stays: CodedRecords) -> NDArray[np.int32]:
    """How many different codes of the fields the set holds, per record."""
    total = np.zeros(len(stays), dtype=np.int32)
    of_kind: dict[str, list[CodeField]] = {}
    for field in count.fields:
        of_kind.setdefault(kind_of(field), []).append(field)
    for fields in of_kind.values():
        index = compiled.index_of(fields[0])
        mask = set_mask(compiled.counted_sets[count.set], index)
        pairs = [_codes_in(mask, field, stays, index.missing) for field in fields]
        rows = np.concatenate([pair[0] for pair in pairs]).astype(np.int64)
        codes = np.concatenate([pair[1] for pair in pairs])
        different = np.unique(rows * index.size + codes) // index.size
        total += np.bincount(different, minlength=len(stays)).astype(np.int32)
    return total


def _codes_in(
    mask: NDArray[np.bool_], field: CodeField, stays: CodedRecords, missing: int
) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """The (record, code) pairs of a field whose code is in the mask."""
    if field not in LIST_FIELDS:
        single = stays.codes(field, missing)
        hit = np.flatnonzero(mask[single])
        return hit, single[hit]
    lists = stays.lists[COLUMN_OF_FIELD[field]]
    positions = np.flatnonzero(mask[lists.flat])
    rows = lists.stays_of(positions)
    later = positions >= lists.offsets[rows] + _first(field)
    return rows[later], lists.flat[positions[later]]
