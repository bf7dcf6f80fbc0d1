"""Which codes a search puts on a stay: one for each kind that a scheme tells apart, plain ones first."""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import count

from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.rules.fields import (
    DIAGNOSIS_FIELDS,
    PROCEDURE_FIELDS,
    SEVERITY_SETS,
    CodeField,
)
from drgpay.grouper.rules.nodes import sets_of_fields
from drgpay.grouper.scheme import Scheme
from drgpay.records.known_codes import codes_in

Sets = tuple[str, ...]


class CodeChoice:
    """The codes of a scheme and its code system, ordered for a search.

    A code is plain when few sets that the rules ask of its field hold it, and when a code table
    knows it: earlier groups are then least likely to take the stay away.
    """

    def __init__(self, compiled: CompiledScheme) -> None:
        self.scheme = compiled.scheme
        system = self.scheme.info.code_system
        of_diagnoses = codes_in(system, "diagnoses") or frozenset()
        of_procedures = codes_in(system, "procedures") or frozenset()
        self._known = of_diagnoses | of_procedures
        diagnoses = sorted({*compiled.diagnoses.codes, *of_diagnoses})
        procedures = sorted({*compiled.procedures.codes, *of_procedures})
        self._all: dict[CodeField, list[str]] = {
            **dict.fromkeys(DIAGNOSIS_FIELDS, diagnoses),
            **dict.fromkeys(PROCEDURE_FIELDS, procedures),
            CodeField.DEPARTMENT: compiled.departments.codes,
        }
        self._mask = _masks(self.scheme)
        self._members: dict[tuple[CodeField, Sets], frozenset[str]] = {}
        self._options: dict[tuple[CodeField, tuple[Sets, ...], tuple[Sets, ...]], list[str]] = {}
        self._of_level = {level: self._by_plainness(level) for level in SEVERITY_SETS}

    def members(self, field: CodeField, sets: Sets) -> frozenset[str]:
        """The codes of some sets; MCC and CC give every diagnosis of the level that may count."""
        key = field, sets
        if key not in self._members:
            found = (
                self._level(field, name) if name in SEVERITY_SETS else self.scheme.sets[name]
                for name in sets
            )
            self._members[key] = frozenset().union(*found)
        return self._members[key]

    def options(
        self, field: CodeField, wanted: Iterable[Sets], refused: Iterable[Sets]
    ) -> list[str]:
        """Codes in all wanted and no refused sets, one of each kind; any code if none is wanted."""
        key = field, tuple(wanted), tuple(refused)
        if key not in self._options:
            pools = [self.members(field, sets) for sets in key[1]] or [frozenset(self._all[field])]
            codes = frozenset.intersection(*pools)
            for sets in key[2]:
                # Whether an MCC or CC counts depends on the whole stay: not decided here.
                if not (field == CodeField.OTHER_DIAGNOSES and set(sets) & set(SEVERITY_SETS)):
                    codes = codes - self.members(field, sets)
            self._options[key] = self._one_of_each_kind(field, codes)
        return self._options[key]

    def counting(self, level: str, principal: str, number: int) -> list[str]:
        """The first few diagnoses of a level that count beside a principal diagnosis."""
        return self._take(level, principal, number, excluded=False)

    def excluded(self, level: str, principal: str, number: int = 1) -> list[str]:
        """The first few diagnoses of a level that the principal diagnosis excludes."""
        return self._take(level, principal, number, excluded=True)

    def neighbour(self, field: CodeField, code: str, sets: Sets) -> str | None:
        """The code nearest to a code, in the order of codes, that none of the sets holds."""
        codes, inside = self._all[field], self.members(field, sets)
        place = bisect_left(codes, code)
        for distance in count(1):
            around = [n for n in (place + distance, place - distance) if 0 <= n < len(codes)]
            if not around:
                return None
            for n in around:
                if codes[n] not in inside and (codes[n] in self._known or not self._known):
                    return codes[n]
        return None

    def _level(self, field: CodeField, level: str) -> frozenset[str]:
        excluding = self.scheme.excluding_tables
        own = field == CodeField.PRINCIPAL_DIAGNOSIS
        return frozenset(
            code
            for code, entry in self.scheme.complications.items()
            if entry.level == level
            and not (own and entry.exclusion_table in excluding.get(code, frozenset()))
        )

    def _by_plainness(self, level: str) -> list[str]:
        codes = self._level(CodeField.OTHER_DIAGNOSES, level)
        return sorted(codes, key=lambda code: self._plainness(CodeField.OTHER_DIAGNOSES, code))

    def _take(self, level: str, principal: str, number: int, *, excluded: bool) -> list[str]:
        excluding = self.scheme.excluding_tables.get(principal, frozenset())
        found: list[str] = []
        for code in self._of_level[level]:
            if len(found) == number:
                break
            table = self.scheme.complications[code].exclusion_table
            if code != principal and (table in excluding) == excluded:
                found.append(code)
        return found

    def _plainness(self, field: CodeField, code: str) -> tuple[bool, int, str]:
        return code not in self._known, self._mask[field].get(code, 0).bit_count(), code

    def _one_of_each_kind(self, field: CodeField, codes: Iterable[str]) -> list[str]:
        """Of codes with the same sets and the same severity the plainest; each set pattern once
        before any comes a second time.
        """
        seen: set[object] = set()
        turns: dict[int, int] = {}
        ranked: list[tuple[int, str]] = []
        for code in sorted(codes, key=lambda code: self._plainness(field, code)):
            mask = self._mask[field].get(code, 0)
            kind = mask, self._severity_kind(field, code)
            if kind not in seen:
                seen.add(kind)
                turns[mask] = turns.get(mask, 0) + 1
                ranked.append((turns[mask], code))
        return [code for _, code in sorted(ranked, key=lambda pair: pair[0])]

    def _severity_kind(self, field: CodeField, code: str) -> object:
        if field == CodeField.PRINCIPAL_DIAGNOSIS:
            return self.scheme.excluding_tables.get(code)
        return self.scheme.complications.get(code) if field == CodeField.OTHER_DIAGNOSES else None


def _masks(scheme: Scheme) -> dict[CodeField, dict[str, int]]:
    """Per field and code one bit for each set that the rules ask of the field."""
    asked: dict[CodeField, set[str]] = {field: set() for field in CodeField}
    for rule in scheme.rules():
        for field, name in sets_of_fields(rule):
            asked[field].add(name)
    masks: dict[CodeField, dict[str, int]] = {field: {} for field in CodeField}
    for field, found in asked.items():
        for bit, name in enumerate(sorted(found - set(SEVERITY_SETS))):
            for code in scheme.sets[name]:
                masks[field][code] = masks[field].get(code, 0) | 1 << bit
    return masks
