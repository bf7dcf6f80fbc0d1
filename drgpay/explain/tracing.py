"""Trace one stay through a compiled scheme."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from drgpay.explain.code_names import CodeNames
from drgpay.explain.near_misses import near_misses
from drgpay.explain.questions import Observed, answered, plain_number
from drgpay.explain.stays import batch_of
from drgpay.explain.trace import (
    Answer,
    Attempt,
    Complicating,
    Level,
    NamedCode,
    SchemeName,
    SeenStay,
    Severity,
    Trace,
    Tried,
)
from drgpay.explain.what_if import GroupNames, what_if
from drgpay.grouper.batch import group_batch
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.kinds import Kind
from drgpay.grouper.reference import Stay, excluded
from drgpay.grouper.scheme import (
    UNGROUPED_ADRG,
    UNGROUPED_DRG,
    UNGROUPED_MDC,
    Adrg,
    Drg,
    Mdc,
    Scheme,
    status_of,
)


def explain_stay(
    compiled: CompiledScheme,
    stay: Stay,
    names: CodeNames,
    case_id: str | None = None,
    changes: bool = False,
) -> Trace:
    """Everything that grouping does with one stay; `changes` adds the what-if results.

    The result equals that of `group_batch` for the same stay.
    """
    missing = _missing(stay)
    observed = Observed.of(compiled, names, stay)
    attempts = () if missing else _attempts(observed, stay)
    groups = GroupNames.of(compiled.scheme)
    answer = _answer(groups, attempts, observed.severity())
    return Trace(
        scheme=scheme_name(compiled.scheme),
        stay=_seen(stay, names, case_id),
        answer=answer,
        missing=missing or _decisive_days(compiled, stay, answer),
        attempts=attempts,
        severity=_severity(compiled.scheme, stay, names),
        near_misses=near_misses(attempts),
        what_if=what_if(compiled, groups, names, stay) if changes else (),
    )


def _missing(stay: Stay) -> tuple[str, ...]:
    needed = {
        "principal_diagnosis": stay.principal_diagnosis or None,
        "sex": stay.sex,
        "age": stay.age,
    }
    return tuple(column for column, value in needed.items() if value is None)


def _decisive_days(compiled: CompiledScheme, stay: Stay, answer: Answer) -> tuple[str, ...]:
    """The age in days that an ungrouped newborn lacks, where it would change the group."""
    if answer.status != "ungrouped":
        return ()
    reason = group_batch(compiled, batch_of([stay]), reasons=True).column("ungrouped_reason")
    return ("age_days",) if reason[0].as_py() == "missing_age_days" else ()


def _attempts(observed: Observed, stay: Stay) -> tuple[Attempt, ...]:
    compiled, names = observed.compiled, observed.names
    mdcs = compiled.scheme.mdcs
    attempts = [Attempt(None, walk(observed, mdcs))]
    if compiled.scheme.info.options.retry_other_procedures:
        for procedure in stay.procedures[1:]:
            if attempts[-1].path():
                break
            alone = replace(stay, procedures=(procedure,))
            tried = walk(Observed.of(compiled, names, alone), mdcs)
            attempts.append(Attempt(names.procedure(procedure), tried))
    return tuple(attempts)


def walk(observed: Observed, mdcs: Sequence[Mdc]) -> tuple[Tried, ...]:
    """The MDCs or classes tried, in order, up to the one that holds."""
    return _try_each(observed, mdcs)[0]


def _try_each(
    observed: Observed, groups: Sequence[Mdc | Adrg | Drg]
) -> tuple[tuple[Tried, ...], bool]:
    """The groups tried among these, in order, and whether a DRG was reached."""
    levels = _LEVELS[observed.compiled.scheme.info.kind]
    tried: list[Tried] = []
    for group in groups:
        truth = observed.holds(group.rule)
        inside: tuple[Tried, ...] = ()
        reached = truth and isinstance(group, Drg)
        if truth and not isinstance(group, Drg):
            inside, reached = _try_each(
                observed, group.adrgs if isinstance(group, Mdc) else group.drgs
            )
        tried.append(
            Tried(
                level=levels[type(group)],
                code=group.code,
                name=group.name,
                rule=group.rule_text,
                holds=truth,
                questions=answered(observed, group.rule),
                inside=inside,
            )
        )
        if reached:
            return tuple(tried), True
    return tuple(tried), False


_LEVELS: dict[Kind, dict[type, Level]] = {
    "drg": {Mdc: "mdc", Adrg: "adrg", Drg: "drg"},
    "apg": {Mdc: "class", Adrg: "family", Drg: "apg"},
}


def _severity(scheme: Scheme, stay: Stay, names: CodeNames) -> Severity:
    found = [code for code in dict.fromkeys(stay.other_diagnoses) if code in scheme.complications]

    def told(codes: list[str]) -> tuple[Complicating, ...]:
        entries = [(names.diagnosis(code), scheme.complications[code]) for code in codes]
        return tuple(
            Complicating(named.code, named.name, entry.level, entry.exclusion_table)
            for named, entry in entries
        )

    return Severity(
        counted=told([code for code in found if not excluded(scheme, stay, code)]),
        removed=told([code for code in found if excluded(scheme, stay, code)]),
    )


def _answer(groups: GroupNames, attempts: tuple[Attempt, ...], severity: str) -> Answer:
    if not attempts:
        return Answer("invalid", None, None, None, None)
    path = [step.code for step in attempts[-1].path()]
    mdc, adrg, drg = path or (UNGROUPED_MDC, UNGROUPED_ADRG, UNGROUPED_DRG)
    return groups.answer(status_of(adrg, drg), mdc, adrg, drg, severity)


def scheme_name(scheme: Scheme) -> SchemeName:
    """Which rules are applied."""
    info = scheme.info
    return SchemeName(info.id, info.name, info.name_en, info.version, scheme.content_hash)


def _seen(stay: Stay, names: CodeNames, case_id: str | None) -> SeenStay:
    principal = stay.principal_diagnosis
    return SeenStay(
        case_id=case_id,
        sex=plain_number(stay.sex),
        age=plain_number(stay.age),
        age_days=plain_number(stay.age_days),
        weight_g=plain_number(stay.weight_g),
        department=stay.department,
        length_of_stay=plain_number(stay.length_of_stay),
        discharge_type=plain_number(stay.discharge_type),
        principal_diagnosis=names.diagnosis(principal) if principal else None,
        other_diagnoses=named_codes(stay.other_diagnoses, names.diagnosis),
        procedures=named_codes(stay.procedures, names.procedure),
    )


def named_codes(codes: tuple[str, ...], name: Callable[[str], NamedCode]) -> tuple[NamedCode, ...]:
    """Codes with their names."""
    return tuple(name(code) for code in codes)
