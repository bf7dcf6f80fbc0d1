"""What a stay needs to fit an alternative: for each place on its list the codes to choose from."""

from collections.abc import Sequence
from dataclasses import dataclass

from drgpay.grouper.rules.fields import CodeField
from drgpay.grouper.rules.nodes import Compare, Count
from drgpay.sample.codebook import Codebook
from drgpay.sample.patients import PatientKind
from drgpay.schemes.alternatives import Alternative, Requirement, sets_asked

Pool = tuple[str, ...]
_SINGLE = (CodeField.PRINCIPAL_DIAGNOSIS, CodeField.PRINCIPAL_PROCEDURE, CodeField.DEPARTMENT)


@dataclass(frozen=True)
class Blueprint:
    """One pool for each code that the stay must have; None where nothing is asked."""

    principal_diagnosis: Pool | None
    principal_procedure: Pool | None
    department: Pool | None
    other_diagnoses: tuple[Pool, ...]
    other_procedures: tuple[Pool, ...]
    patient: int  # the most frequent kind of patient who fits


def blueprint(
    codebook: Codebook, kinds: Sequence[PatientKind], alternative: Alternative
) -> Blueprint | None:
    """The blueprint of an alternative, or None where it contradicts itself."""
    compares = [item for item in alternative if isinstance(item.atom, Compare)]
    patients = [number for number, kind in enumerate(kinds) if _suits(kind, compares)]
    if not patients:
        return None
    single: dict[CodeField, Pool | None] = {}
    for field in _SINGLE:
        single[field] = _single_pool(codebook, alternative, field)
        if single[field] == ():
            return None
    diagnoses = _list_pools(codebook, alternative, CodeField.OTHER_DIAGNOSES)
    procedures = _list_pools(codebook, alternative, CodeField.OTHER_PROCEDURES)
    if () in diagnoses or () in procedures:
        return None
    return Blueprint(
        principal_diagnosis=single[CodeField.PRINCIPAL_DIAGNOSIS],
        principal_procedure=single[CodeField.PRINCIPAL_PROCEDURE],
        department=single[CodeField.DEPARTMENT],
        other_diagnoses=diagnoses,
        other_procedures=procedures,
        patient=max(patients, key=lambda number: kinds[number].mass),
    )


def _suits(kind: PatientKind, compares: Sequence[Requirement]) -> bool:
    return all(
        kind.meets(item.atom) == item.holds for item in compares if isinstance(item.atom, Compare)
    )


def _single_pool(codebook: Codebook, alternative: Alternative, field: CodeField) -> Pool | None:
    wanted = _members(codebook, alternative, field, holds=True)
    if not wanted:
        return None
    refused = _members(codebook, alternative, field, holds=False)
    common = frozenset.intersection(*wanted) if len(wanted) > 1 else wanted[0]
    return codebook.pool(common.difference(*refused) if refused else common)


def _list_pools(codebook: Codebook, alternative: Alternative, field: CodeField) -> tuple[Pool, ...]:
    wanted = _members(codebook, alternative, field, holds=True)
    for item in alternative:
        if isinstance(item.atom, Count) and item.holds and item.atom.fields[-1] == field:
            times = item.atom.number + (item.atom.op == ">")
            wanted += [codebook.members((item.atom.set,))] * times
    refused = _members(codebook, alternative, field, holds=False)
    return tuple(
        codebook.pool(codes.difference(*refused) if refused else codes) for codes in wanted
    )


def _members(
    codebook: Codebook, alternative: Alternative, field: CodeField, *, holds: bool
) -> list[frozenset[str]]:
    return [codebook.members(sets) for sets in sets_asked(alternative, field, holds=holds)]
