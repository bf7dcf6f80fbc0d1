"""The result of a stay that differs in one point, grouped by the batch itself."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from drgpay.explain.code_names import CodeNames
from drgpay.explain.stays import batch_of
from drgpay.explain.trace import Answer, NamedCode, WhatIf
from drgpay.grouper.batch import group_batch
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.reference import Stay
from drgpay.grouper.scheme import Scheme, Status


@dataclass(frozen=True)
class GroupNames:
    """The names of the groups of a scheme, level by level."""

    mdc: dict[str, str]
    adrg: dict[str, str]
    drg: dict[str, str]

    @staticmethod
    def of(scheme: Scheme) -> "GroupNames":
        """The names in a scheme's tables."""
        adrgs = [adrg for mdc in scheme.mdcs for adrg in mdc.adrgs]
        return GroupNames(
            {mdc.code: mdc.name for mdc in scheme.mdcs},
            {adrg.code: adrg.name for adrg in adrgs},
            {drg.code: drg.name for adrg in adrgs for drg in adrg.drgs},
        )

    def answer(self, status: Status, mdc: str, adrg: str, drg: str, severity: str | None) -> Answer:
        """A result with the names of its groups; an invalid stay has none."""
        if status == "invalid":
            return Answer(status, None, None, None, None)
        return Answer(
            status,
            NamedCode(mdc, self.mdc.get(mdc)),
            NamedCode(adrg, self.adrg.get(adrg)),
            NamedCode(drg, self.drg.get(drg)),
            severity,
        )


def what_if(
    compiled: CompiledScheme, groups: GroupNames, names: CodeNames, stay: Stay
) -> tuple[WhatIf, ...]:
    """The result if each other diagnosis were principal, then without each procedure."""
    changed = list(_changes(stay, names))
    if not changed:
        return ()
    results = group_batch(compiled, batch_of([other for *_, other in changed])).to_pylist()
    return tuple(
        WhatIf(change, code, groups.answer(**row))
        for (change, code, _), row in zip(changed, results, strict=True)
    )


_Change = Literal["principal", "without"]


def _changes(stay: Stay, names: CodeNames) -> Iterator[tuple[_Change, NamedCode, Stay]]:
    former = (stay.principal_diagnosis,) if stay.principal_diagnosis else ()
    for code in dict.fromkeys(stay.other_diagnoses):
        if code and code != stay.principal_diagnosis:
            others = former + tuple(other for other in stay.other_diagnoses if other != code)
            changed = replace(stay, principal_diagnosis=code, other_diagnoses=others)
            yield "principal", names.diagnosis(code), changed
    for code in dict.fromkeys(stay.procedures):
        if code:
            kept = tuple(procedure for procedure in stay.procedures if procedure != code)
            yield "without", names.procedure(code), replace(stay, procedures=kept)
