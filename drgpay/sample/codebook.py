"""The codes that stays are written with: those of the code tables and of a scheme's sets."""

from dataclasses import dataclass, field
from functools import cached_property

from drgpay.grouper.rules.fields import (
    DIAGNOSIS_FIELDS,
    PROCEDURE_FIELDS,
    SEVERITY_SETS,
    CodeField,
    NumberField,
)
from drgpay.grouper.rules.nodes import Compare, Member, atoms, sets_of_fields
from drgpay.grouper.scheme import Scheme
from drgpay.records.known_codes import codes_in
from drgpay.schemes.alternatives import alternatives


@dataclass(frozen=True)
class Codebook:
    """A scheme beside the code tables, with the questions that a generator asks of both."""

    scheme: Scheme
    diagnoses: frozenset[str]  # of the code table
    procedures: frozenset[str]
    # Thousands of alternatives ask for the same few hundred sets.
    _members: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict, repr=False)
    _pools: dict[frozenset[str], tuple[str, ...]] = field(default_factory=dict, repr=False)

    @cached_property
    def asked_of(self) -> dict[CodeField, frozenset[str]]:
        """The codes of every set that the rules ask of a field, severity sets left out."""
        names: dict[CodeField, set[str]] = {place: set() for place in CodeField}
        for rule in self.scheme.rules():
            for place, name in sets_of_fields(rule):
                names[place].add(name)
        return {
            place: frozenset().union(
                *(self.scheme.sets[name] for name in found - set(SEVERITY_SETS))
            )
            for place, found in names.items()
        }

    @cached_property
    def sex_of_diagnosis(self) -> dict[str, int]:
        """Principal diagnoses whose MDC asks for one sex, with that sex."""
        sexes: dict[str, set[int]] = {}
        for mdc in self.scheme.mdcs:
            for alternative in alternatives(mdc.rule):
                asked = [item.atom for item in alternative if item.holds]
                sex = [
                    int(atom.number)
                    for atom in asked
                    if isinstance(atom, Compare) and atom.field == NumberField.SEX
                ]
                principal = [
                    atom
                    for atom in asked
                    if isinstance(atom, Member) and CodeField.PRINCIPAL_DIAGNOSIS in atom.fields
                ]
                for atom in principal if sex else ():
                    for code in self.members(atom.sets):
                        sexes.setdefault(code, set()).update(sex)
        return {code: min(found) for code, found in sexes.items() if len(found) == 1}

    @cached_property
    def age_bound_diagnoses(self) -> frozenset[str]:
        """Principal diagnoses whose MDC asks for an age."""
        found: set[str] = set()
        for mdc in self.scheme.mdcs:
            asked = [atom for atom in atoms(mdc.rule) if isinstance(atom, Compare)]
            if any(atom.field == NumberField.AGE for atom in asked):
                for atom in atoms(mdc.rule):
                    if isinstance(atom, Member) and set(atom.fields) <= DIAGNOSIS_FIELDS:
                        found |= self.members(atom.sets)
        return frozenset(found)

    def members(self, sets: tuple[str, ...]) -> frozenset[str]:
        """The codes of some sets together; MCC and CC give all diagnoses of the level."""
        if sets not in self._members:
            self._members[sets] = frozenset().union(
                *(
                    self.of_level(name) if name in SEVERITY_SETS else self.scheme.sets[name]
                    for name in sets
                )
            )
        return self._members[sets]

    def pool(self, codes: frozenset[str]) -> tuple[str, ...]:
        """Codes in a fixed order, without those that no code table knows if others are left.

        A record check would warn of such codes, and a set may hold some.
        """
        if codes not in self._pools:
            self._pools[codes] = tuple(sorted(codes & self._known or codes))
        return self._pools[codes]

    @cached_property
    def _known(self) -> frozenset[str]:
        return self.diagnoses | self.procedures

    def of_level(self, level: str) -> frozenset[str]:
        """Diagnoses of a level that suit any patient and that no set asks of a field."""
        return self._of_level[level]

    @cached_property
    def _of_level(self) -> dict[str, frozenset[str]]:
        special = self.asked_of[CodeField.OTHER_DIAGNOSES] | self.sex_of_diagnosis.keys()
        special |= self.age_bound_diagnoses
        return {
            level: frozenset(
                code
                for code, entry in self.scheme.complications.items()
                if entry.level == level and code in self.diagnoses and code not in special
            )
            for level in SEVERITY_SETS
        }

    @cached_property
    def plain_diagnoses(self) -> list[str]:
        """Diagnoses that change no group when they stand beside the principal one."""
        changing = self.asked_of[CodeField.OTHER_DIAGNOSES] | self.scheme.complications.keys()
        changing |= self.sex_of_diagnosis.keys() | self.age_bound_diagnoses
        return sorted((self.asked_of[CodeField.PRINCIPAL_DIAGNOSIS] & self.diagnoses) - changing)

    @cached_property
    def plain_procedures(self) -> list[str]:
        """Procedures that no rule asks for."""
        asked = [self.asked_of[place] for place in PROCEDURE_FIELDS]
        return sorted(self.procedures.difference(*asked))

    @cached_property
    def homeless_diagnoses(self) -> list[str]:
        """Diagnoses that no rule takes as the principal one."""
        return sorted(self.diagnoses - self.asked_of[CodeField.PRINCIPAL_DIAGNOSIS])


def load_codebook(scheme: Scheme) -> Codebook:
    """Put a scheme beside the shipped code tables."""
    system = scheme.info.code_system
    diagnoses, procedures = codes_in(system, "diagnoses"), codes_in(system, "procedures")
    return Codebook(scheme, diagnoses or frozenset(), procedures or frozenset())
