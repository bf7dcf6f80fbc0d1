"""Compile a scheme into tables of integers, so that whole columns can be evaluated.

A scheme sees little of a stay: of the principal diagnosis only which sets hold it, of an age only
on which side of the compared numbers it lies. `compile_scheme` finds out what the rules ask and
builds the tables that turn codes into these facts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from drgpay.grouper.rules.fields import (
    COLUMN_OF_FIELD,
    DIAGNOSIS_FIELDS,
    PROCEDURE_FIELDS,
    SEVERITY_SETS,
    CodeField,
    NumberField,
)
from drgpay.grouper.rules.nodes import Compare, Count, Member, atoms, field_names
from drgpay.grouper.scheme import (
    UNGROUPED_ADRG,
    UNGROUPED_DRG,
    UNGROUPED_MDC,
    Scheme,
    Status,
    status_of,
)
from drgpay.records.codes import CodeIndex

LEVEL_NUMBER = {"CC": 1, "MCC": 2}
_SINGLE_FIELDS = (
    CodeField.PRINCIPAL_DIAGNOSIS,
    CodeField.PRINCIPAL_PROCEDURE,
    CodeField.DEPARTMENT,
)
_LIST_FIELDS = (CodeField.OTHER_DIAGNOSES, CodeField.OTHER_PROCEDURES)


@dataclass(frozen=True)
class ProfileTable:
    """For a field with one code: codes in exactly the same asked sets share a profile."""

    profile_of_code: NDArray[np.int32]  # (codes,)
    membership: NDArray[np.bool_]  # (profiles, asked sets)
    column_of_set: dict[str, int]


@dataclass(frozen=True)
class BitTable:
    """For a field with several codes: one bit per asked set, 64 bits a word."""

    words_of_code: NDArray[np.uint64]  # (codes, words)
    touched: NDArray[np.bool_]  # (codes,) whether any bit is set
    bit_of_set: dict[str, int]


@dataclass(frozen=True)
class SeverityTable:
    """Level of each diagnosis and what removes it."""

    level: NDArray[np.uint8]  # (codes,) 0 none, 1 CC, 2 MCC
    exclusion_table: NDArray[np.int32]  # (codes,)
    exclusion_profile: NDArray[np.int32]  # (codes,) as principal diagnosis
    excluded: NDArray[np.bool_]  # (exclusion profiles, exclusion tables)


@dataclass(frozen=True)
class Leaf:
    """A place where a stay can end; `sorts` are those of its MDC, ADRG and DRG rules."""

    status: Status
    mdc: str
    adrg: str
    drg: str
    sorts: tuple[int, int, int] | None


NO_GROUP = Leaf("ungrouped", UNGROUPED_MDC, UNGROUPED_ADRG, UNGROUPED_DRG, None)


@dataclass(frozen=True)
class CompiledScheme:
    """A scheme with the tables for evaluating columns. Leaf 0 is "no group fits"."""

    scheme: Scheme
    diagnoses: CodeIndex
    procedures: CodeIndex
    departments: CodeIndex
    profiles: dict[CodeField, ProfileTable]
    bits: dict[CodeField, BitTable]
    severity: SeverityTable
    counts: tuple[Count, ...]
    thresholds: dict[NumberField, tuple[float, ...]]
    leaves: tuple[Leaf, ...]

    def index_of(self, field: CodeField) -> CodeIndex:
        """The numbering of the codes that a field holds."""
        if field in DIAGNOSIS_FIELDS:
            return self.diagnoses
        if field in PROCEDURE_FIELDS:
            return self.procedures
        return self.departments

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The record columns that grouping with this scheme reads."""
        asked = {field for rule in self.scheme.rules() for field in field_names(rule)}
        always = ["principal_diagnosis", "other_diagnoses", "sex", "age"]
        return tuple(dict.fromkeys([*always, *(COLUMN_OF_FIELD[field] for field in sorted(asked))]))

    @cached_property
    def leaf_names(self) -> dict[str, tuple[NDArray[np.int16], list[str]]]:
        """For status, mdc, adrg, drg: the number of each leaf's name, and the names in order.

        The number after the last leaf is that of "invalid".
        """
        named = {}
        for level in ("status", "mdc", "adrg", "drg"):
            names = [str(getattr(leaf, level)) for leaf in self.leaves] + ["invalid"]
            different = sorted(set(names))
            number_of = {name: number for number, name in enumerate(different)}
            named[level] = np.array([number_of[name] for name in names], np.int16), different
        return named


def compile_scheme(scheme: Scheme) -> CompiledScheme:
    """Build the tables of a scheme. Takes a fraction of a second for a national scheme."""
    asked_sets: dict[CodeField, list[str]] = {field: [] for field in CodeField}
    thresholds: dict[NumberField, set[float]] = {}
    counts: dict[Count, None] = {}
    for rule in scheme.rules():
        for atom in atoms(rule):
            match atom:
                case Member(fields, sets):
                    for field in fields:
                        asked_sets[field].extend(sets)
                case Compare(number_field, _, number):
                    thresholds.setdefault(number_field, set()).add(float(number))
                case Count():
                    counts[atom] = None
    asked = {field: sorted(set(names)) for field, names in asked_sets.items()}

    diagnoses = CodeIndex(
        {*_codes(scheme, asked, counts, DIAGNOSIS_FIELDS)}
        | scheme.complications.keys()
        | scheme.excluding_tables.keys()
    )
    procedures = CodeIndex(_codes(scheme, asked, counts, PROCEDURE_FIELDS))
    departments = CodeIndex(_codes(scheme, asked, counts, {CodeField.DEPARTMENT}))
    index = dict.fromkeys(DIAGNOSIS_FIELDS, diagnoses)
    index |= dict.fromkeys(PROCEDURE_FIELDS, procedures)
    index[CodeField.DEPARTMENT] = departments
    severity = _severity_table(scheme, diagnoses)
    return CompiledScheme(
        scheme=scheme,
        diagnoses=diagnoses,
        procedures=procedures,
        departments=departments,
        profiles={
            field: _profile_table(scheme, index[field], asked[field], severity)
            for field in _SINGLE_FIELDS
        },
        bits={field: _bit_table(scheme, index[field], asked[field]) for field in _LIST_FIELDS},
        severity=severity,
        counts=tuple(counts),
        thresholds={field: tuple(sorted(numbers)) for field, numbers in thresholds.items()},
        leaves=tuple(_leaves(scheme)),
    )


def _codes(
    scheme: Scheme,
    asked: dict[CodeField, list[str]],
    counts: Iterable[Count],
    fields: Iterable[CodeField],
) -> set[str]:
    names = {name for field in fields for name in asked[field]}
    names |= {count.set for count in counts if set(count.fields) & set(fields)}
    return {code for name in names - set(SEVERITY_SETS) for code in scheme.sets[name]}


def set_mask(scheme: Scheme, index: CodeIndex, name: str) -> NDArray[np.bool_]:
    """Which numbered codes are in a set."""
    mask = np.zeros(index.size, dtype=np.bool_)
    numbers = [index.number_of[code] for code in scheme.sets[name] if code in index.number_of]
    mask[numbers] = True
    return mask


def _profile_table(
    scheme: Scheme, index: CodeIndex, asked: Sequence[str], severity: SeverityTable
) -> ProfileTable:
    membership = np.zeros((index.size, len(asked)), dtype=np.bool_)
    for column, name in enumerate(asked):
        if name in SEVERITY_SETS:
            own = severity.excluded[severity.exclusion_profile, severity.exclusion_table]
            membership[:, column] = (severity.level == LEVEL_NUMBER[name]) & ~own
        else:
            membership[:, column] = set_mask(scheme, index, name)
    profiles, profile_of_code = np.unique(
        np.packbits(membership, axis=1), axis=0, return_inverse=True
    )
    return ProfileTable(
        profile_of_code=profile_of_code.reshape(-1).astype(np.int32),
        membership=np.unpackbits(profiles, axis=1, count=len(asked)).astype(np.bool_),
        column_of_set={name: column for column, name in enumerate(asked)},
    )


def _bit_table(scheme: Scheme, index: CodeIndex, asked: Sequence[str]) -> BitTable:
    names = [name for name in asked if name not in SEVERITY_SETS]
    words = np.zeros((index.size, (len(names) + 63) // 64), dtype=np.uint64)
    for bit, name in enumerate(names):
        words[set_mask(scheme, index, name), bit // 64] |= np.uint64(1) << np.uint64(bit % 64)
    return BitTable(
        words_of_code=words,
        touched=np.asarray(words.any(axis=1)),
        bit_of_set={name: bit for bit, name in enumerate(names)},
    )


def _severity_table(scheme: Scheme, diagnoses: CodeIndex) -> SeverityTable:
    level = np.zeros(diagnoses.size, dtype=np.uint8)
    table = np.zeros(diagnoses.size, dtype=np.int32)
    names = {entry.exclusion_table for entry in scheme.complications.values()}
    number_of_table = {name: number for number, name in enumerate(sorted(names), start=1)}
    for code, entry in scheme.complications.items():
        level[diagnoses.number_of[code]] = LEVEL_NUMBER[entry.level]
        table[diagnoses.number_of[code]] = number_of_table[entry.exclusion_table]

    # Principal diagnoses that remove the same tables share a profile; profile 0 removes none.
    kinds: dict[frozenset[str], int] = {frozenset(): 0}
    profile = np.zeros(diagnoses.size, dtype=np.int32)
    for code, tables in scheme.excluding_tables.items():
        profile[diagnoses.number_of[code]] = kinds.setdefault(tables, len(kinds))
    excluded = np.zeros((len(kinds), len(names) + 1), dtype=np.bool_)
    for tables, kind in kinds.items():
        excluded[kind, [number_of_table[name] for name in tables & names]] = True
    return SeverityTable(level, table, profile, excluded)


def _leaves(scheme: Scheme) -> Iterable[Leaf]:
    yield NO_GROUP
    for mdc in scheme.mdcs:
        for adrg in mdc.adrgs:
            for drg in adrg.drgs:
                sorts = (mdc.sort, adrg.sort, drg.sort)
                yield Leaf(status_of(adrg.code, drg.code), mdc.code, adrg.code, drg.code, sorts)
