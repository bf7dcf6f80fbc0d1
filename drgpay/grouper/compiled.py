"""Compile a scheme into tables of integers, so that whole columns can be evaluated.

A scheme sees little of a stay: of the principal diagnosis only which sets hold it, of an age only
on which side of the compared numbers it lies. `compile_scheme` finds out what the rules ask and
builds the tables that turn codes into these facts.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from drgpay.base.shown import Shown
from drgpay.grouper.code_patterns import PatternIndex
from drgpay.grouper.group_names import (
    UNGROUPED_ADRG,
    UNGROUPED_DRG,
    UNGROUPED_MDC,
    Status,
    status_of,
)
from drgpay.grouper.leaf_memo import LeafMemo
from drgpay.grouper.rules.fields import (
    COLUMN_OF_FIELD,
    SEVERITY_SETS,
    CodeField,
    NumberField,
    kind_of,
)
from drgpay.grouper.rules.nodes import Compare, Count, Member, Rule, atoms, field_names
from drgpay.records.arrays import strings_array
from drgpay.records.codes import CodeIndex

if TYPE_CHECKING:  # its libraries take as long to import as all the rest of grouping
    from drgpay.grouper.scheme import Mdc, Scheme

LEVEL_NUMBER = {"CC": 1, "MCC": 2}
LIST_FIELDS = (CodeField.OTHER_DIAGNOSES, CodeField.OTHER_PROCEDURES)


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
class PackedScheme:
    """A scheme that is unpacked when somebody asks for it: the tables do without."""

    unpack: "Callable[[], Scheme]"

    @cached_property
    def scheme(self) -> "Scheme":
        """The scheme itself."""
        return self.unpack()


@dataclass(frozen=True)
class AdrgRules:
    """The rule of an ADRG and those of its DRGs, in the order they are tried."""

    rule: Rule
    drgs: tuple[Rule, ...]


@dataclass(frozen=True)
class MdcRules:
    """The rule of an MDC and those below it, in the order they are tried."""

    rule: Rule
    adrgs: tuple[AdrgRules, ...]


@dataclass(frozen=True, repr=False)
class CompiledScheme(Shown):
    """A scheme with the tables for evaluating columns. Leaf 0 is "no group fits"."""

    packed: PackedScheme
    id: str
    content_hash: str  # of the scheme's files
    code_system: str
    retry_other_procedures: bool
    columns: tuple[str, ...]  # the record columns that grouping reads
    with_severity: bool  # it is part of the result, or some rule asks for MCC or CC
    rules: tuple[MdcRules, ...]
    indexes: dict[str, CodeIndex]  # by the kinds of `kind_of`
    profiles: dict[CodeField, ProfileTable]  # of the fields with one code that rules ask for
    bits: dict[CodeField, BitTable]  # of those with several
    severity: SeverityTable
    counts: tuple[Count, ...]
    counted_sets: dict[str, frozenset[str]]
    thresholds: dict[NumberField, tuple[float, ...]]
    leaves: tuple[Leaf, ...]
    exempt: frozenset[str] = frozenset()  # DRGs whose patients come back by plan

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What is printed of it."""
        yield "id", self.id
        yield "code_system", self.code_system
        yield "mdcs", self.rules
        yield "adrgs", sum(len(mdc.adrgs) for mdc in self.rules)
        yield "drgs", sum(len(adrg.drgs) for mdc in self.rules for adrg in mdc.adrgs)
        yield "sha256", self.content_hash[:12]

    @property
    def scheme(self) -> "Scheme":
        """What was compiled."""
        return self.packed.scheme

    @property
    def diagnoses(self) -> CodeIndex:
        """The numbering of diagnoses."""
        return self.indexes["diagnosis"]

    @property
    def procedures(self) -> CodeIndex:
        """The numbering of procedures."""
        return self.indexes["procedure"]

    @property
    def departments(self) -> CodeIndex:
        """The numbering of departments."""
        return self.indexes["department"]

    def index_of(self, field: CodeField) -> CodeIndex:
        """The numbering of the codes that a field holds."""
        return self.indexes[kind_of(field)]

    @cached_property
    def leaf_memo(self) -> LeafMemo:
        """The leaves found so far: most stays of a batch have facts that were met before."""
        return LeafMemo()

    @cached_property
    def leaf_names(self) -> dict[str, tuple[NDArray[np.int16], pa.Array]]:
        """For status, mdc, adrg, drg: the number of each leaf's name, and the names in order.

        The number after the last leaf is that of "invalid".
        """
        named = {}
        for level in ("status", "mdc", "adrg", "drg"):
            names = [str(getattr(leaf, level)) for leaf in self.leaves] + ["invalid"]
            different = sorted(set(names))
            number_of = {name: number for number, name in enumerate(different)}
            named[level] = (
                np.array([number_of[name] for name in names], np.int16),
                strings_array(different),
            )
        return named


def compile_scheme(scheme: "Scheme") -> CompiledScheme:
    """Build the tables of a scheme. Takes a fraction of a second for a national scheme."""
    return compile_mdcs(PackedScheme(lambda: scheme), scheme.mdcs)


def compile_mdcs(packed: PackedScheme, mdcs: "Sequence[Mdc]") -> CompiledScheme:
    """Build the tables of some MDCs of a scheme: they see no more than these ask for."""
    scheme = packed.scheme
    rules = _rules(mdcs)
    members: dict[CodeField, set[str]] = {field: set() for field in CodeField}
    thresholds: dict[NumberField, set[float]] = {}
    counts: dict[Count, None] = {}
    for rule in _each_rule(rules):
        for atom in atoms(rule):
            match atom:
                case Member(fields, sets):
                    for field in fields:
                        members[field].update(sets)
                case Compare(number_field, _, number):
                    thresholds.setdefault(number_field, set()).add(float(number))
                case Count():
                    counts[atom] = None
    asked = {field: sorted(names) for field, names in members.items()}
    # The severity of a stay is part of its result; a visit or a line has one if a rule asks.
    named = {name for names in asked.values() for name in names}
    with_severity = scheme.info.kind == "drg" or not named.isdisjoint(SEVERITY_SETS)

    of_kind: dict[str, set[CodeField]] = {}
    for field in CodeField:
        of_kind.setdefault(kind_of(field), set()).add(field)
    codes = {kind: _codes(scheme, asked, counts, fields) for kind, fields in of_kind.items()}
    severe = scheme.complications.keys() | scheme.excluding_tables.keys()
    indexes = {
        kind: _index(scheme, found, severe if kind == "diagnosis" else set())
        for kind, found in codes.items()
    }
    severity = _severity_table(scheme, indexes["diagnosis"])
    return CompiledScheme(
        packed=packed,
        id=scheme.info.id,
        content_hash=scheme.content_hash,
        code_system=scheme.info.code_system,
        retry_other_procedures=scheme.info.options.retry_other_procedures,
        columns=_columns(scheme, rules, with_severity),
        with_severity=with_severity,
        rules=rules,
        indexes=indexes,
        profiles={
            field: _profile_table(scheme, indexes[kind_of(field)], names, severity)
            for field, names in asked.items()
            if names and field not in LIST_FIELDS
        },
        bits={
            field: _bit_table(scheme, indexes[kind_of(field)], names)
            for field, names in asked.items()
            if names and field in LIST_FIELDS
        },
        severity=severity,
        counts=tuple(counts),
        counted_sets={count.set: scheme.sets[count.set] for count in counts},
        thresholds={field: tuple(sorted(numbers)) for field, numbers in thresholds.items()},
        leaves=tuple(_leaves(mdcs)),
        exempt=scheme.exempt,
    )


def _index(scheme: "Scheme", listed: set[str], severe: AbstractSet[str]) -> CodeIndex:
    """Number the codes of sets and those of cc.csv and exclusions.csv, which have no patterns."""
    if scheme.info.kind == "apg":
        return PatternIndex(listed, severe)
    return CodeIndex(listed | severe)


def _columns(scheme: "Scheme", rules: Sequence[MdcRules], with_severity: bool) -> tuple[str, ...]:
    asked = {field for rule in _each_rule(rules) for field in field_names(rule)}
    always = ["principal_diagnosis", "other_diagnoses"] if with_severity else []
    always += ["sex", "age"] if scheme.info.kind == "drg" else []
    return tuple(dict.fromkeys([*always, *(COLUMN_OF_FIELD[field] for field in sorted(asked))]))


def _each_rule(rules: Sequence[MdcRules]) -> Iterator[Rule]:
    for mdc in rules:
        yield mdc.rule
        for adrg in mdc.adrgs:
            yield adrg.rule
            yield from adrg.drgs


def _rules(mdcs: "Sequence[Mdc]") -> tuple[MdcRules, ...]:
    return tuple(
        MdcRules(
            mdc.rule,
            tuple(AdrgRules(adrg.rule, tuple(drg.rule for drg in adrg.drgs)) for adrg in mdc.adrgs),
        )
        for mdc in mdcs
    )


def _codes(
    scheme: "Scheme",
    asked: dict[CodeField, list[str]],
    counts: Iterable[Count],
    fields: Iterable[CodeField],
) -> set[str]:
    names = {name for field in fields for name in asked[field]}
    names |= {count.set for count in counts if set(count.fields) & set(fields)}
    return {code for name in names - set(SEVERITY_SETS) for code in scheme.sets[name]}


def set_mask(codes: AbstractSet[str], index: CodeIndex) -> NDArray[np.bool_]:
    """Which numbered codes are in a set."""
    if isinstance(index, PatternIndex):
        return index.members(codes)
    mask = np.zeros(index.size, dtype=np.bool_)
    numbers = [index.number_of[code] for code in codes if code in index.number_of]
    mask[numbers] = True
    return mask


def _profile_table(
    scheme: "Scheme", index: CodeIndex, asked: Sequence[str], severity: SeverityTable
) -> ProfileTable:
    membership = np.zeros((index.size, len(asked)), dtype=np.bool_)
    for column, name in enumerate(asked):
        if name in SEVERITY_SETS:
            own = severity.excluded[severity.exclusion_profile, severity.exclusion_table]
            membership[:, column] = (severity.level == LEVEL_NUMBER[name]) & ~own
        else:
            membership[:, column] = set_mask(scheme.sets[name], index)
    profiles, profile_of_code = np.unique(
        np.packbits(membership, axis=1), axis=0, return_inverse=True
    )
    return ProfileTable(
        profile_of_code=profile_of_code.reshape(-1).astype(np.int32),
        membership=np.unpackbits(profiles, axis=1, count=len(asked)).astype(np.bool_),
        column_of_set={name: column for column, name in enumerate(asked)},
    )


def _bit_table(scheme: "Scheme", index: CodeIndex, asked: Sequence[str]) -> BitTable:
    names = [name for name in asked if name not in SEVERITY_SETS]
    words = np.zeros((index.size, (len(names) + 63) // 64), dtype=np.uint64)
    for bit, name in enumerate(names):
        words[set_mask(scheme.sets[name], index), bit // 64] |= np.uint64(1) << np.uint64(bit % 64)
    return BitTable(
        words_of_code=words,
        touched=np.asarray(words.any(axis=1)),
        bit_of_set={name: bit for bit, name in enumerate(names)},
    )


def _severity_table(scheme: "Scheme", diagnoses: CodeIndex) -> SeverityTable:
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


def _leaves(mdcs: "Sequence[Mdc]") -> Iterable[Leaf]:
    yield NO_GROUP
    for mdc in mdcs:
        for adrg in mdc.adrgs:
            for drg in adrg.drgs:
                sorts = (mdc.sort, adrg.sort, drg.sort)
                yield Leaf(status_of(adrg.code, drg.code), mdc.code, adrg.code, drg.code, sorts)
