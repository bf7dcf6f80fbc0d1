"""Trace one outpatient visit through a compiled scheme of kind apg."""

from collections.abc import Sequence

from drgpay.explain.code_names import CodeNames
from drgpay.explain.near_misses import near_misses
from drgpay.explain.questions import Observed, plain_number
from drgpay.explain.trace import (
    Attempt,
    ExplainedLine,
    NamedCode,
    NearMiss,
    Placed,
    SeenVisit,
    VisitTrace,
)
from drgpay.explain.tracing import named_codes, scheme_name, walk
from drgpay.explain.what_if import GroupNames
from drgpay.grouper.apg import CompiledApg
from drgpay.grouper.apg_reference import Line, Visit
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.kinds import MEDICAL
from drgpay.grouper.scheme import UNGROUPED_ADRG, UNGROUPED_DRG, UNGROUPED_MDC, status_of


def explain_visit(
    compiled: CompiledApg,
    visit: Visit,
    lines: Sequence[Line],
    names: CodeNames,
    visit_id: str | None = None,
) -> VisitTrace:
    """Everything that grouping does with one visit and its service lines (`Line.of`).

    The results equal those of `group_visits` and `group_lines`. Equal lines are traced once.
    """
    groups = GroupNames.of(compiled.scheme)
    medical = _placed(compiled.visits, groups, names, visit)
    of_line = {line: _placed(compiled.lines, groups, names, line) for line in dict.fromkeys(lines)}
    return VisitTrace(
        scheme=scheme_name(compiled.scheme),
        visit=_seen(visit, names, visit_id),
        medical=medical,
        near_misses=_near_misses(medical.attempt),
        lines=tuple(
            ExplainedLine(
                item=names.item(line.item_code) if line.item_code else None,
                item_kind=line.item_kind,
                placed=of_line[line],
            )
            for line in lines
        ),
    )


def _near_misses(attempt: Attempt) -> tuple[NearMiss, ...]:
    """Other APGs of the same family; the many other families only where none held."""
    missed = near_misses((attempt,))
    return tuple(miss for miss in missed if miss.level == "apg" or not attempt.path())


def _placed(
    compiled: CompiledScheme, groups: GroupNames, names: CodeNames, record: Visit
) -> Placed:
    of_lines = isinstance(record, Line)
    classes = [mdc for mdc in compiled.scheme.mdcs if (mdc.code != MEDICAL) == of_lines]
    attempt = Attempt(None, walk(Observed.of(compiled, names, record), classes))
    path = [step.code for step in attempt.path()]
    apg_class, family, apg = path or (UNGROUPED_MDC, UNGROUPED_ADRG, UNGROUPED_DRG)
    return Placed(
        status=status_of(family, apg),
        apg_class=NamedCode(apg_class, groups.mdc.get(apg_class)),
        family=NamedCode(family, groups.adrg.get(family)),
        apg=NamedCode(apg, groups.drg.get(apg)),
        attempt=attempt,
    )


def _seen(visit: Visit, names: CodeNames, visit_id: str | None) -> SeenVisit:
    principal = visit.principal_diagnosis
    return SeenVisit(
        visit_id=visit_id,
        visit_type=visit.visit_type,
        department=visit.department,
        sex=plain_number(visit.sex),
        age=plain_number(visit.age),
        principal_diagnosis=names.diagnosis(principal) if principal else None,
        other_diagnoses=named_codes(visit.other_diagnoses, names.diagnosis),
    )
