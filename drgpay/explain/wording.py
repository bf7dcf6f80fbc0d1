"""A trace in words, Chinese first, English by switch."""

from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.explain.trace import (
    Answer,
    Attempt,
    CodeFact,
    Complicating,
    NamedCode,
    Number,
    Question,
    SeenStay,
    SeenVisit,
    Trace,
    VisitTrace,
)

_CODES_SHOWN = 4
word = Wording("explain").said


def sentence(trace: Trace, language: Language) -> str:
    """The answer in one sentence."""
    case, scheme = trace.stay.case_id, trace.scheme
    who = f"{word('stay', language)} {case}" if case else word("typed", language)
    rules = scheme.id if language == "en" else (scheme.name or scheme.id)
    said = answer(trace.answer, language)
    if trace.missing:
        columns = word("list", language).join(word(column, language) for column in trace.missing)
        joint = "colon" if trace.answer.status == "invalid" else "semicolon"
        said += f"{word(joint, language)}{word('missing_columns', language, columns=columns)}"
    if len(trace.attempts) > 1 and (retried := trace.attempts[-1].retried) and _reached(trace):
        said += f"{word('semicolon', language)}{retry(retried, language)}"
    opening = f"{who}（{rules}）：" if language == "zh" else f"{who} ({rules}): "
    text = f"{opening}{said}{word('full_stop', language)}"
    return text[0].upper() + text[1:]


def answer(given: Answer, language: Language) -> str:
    """A result in words: status, MDC, ADRG, DRG, severity."""
    status = word(given.status, language)
    if not (given.mdc and given.adrg and given.drg and given.severity):
        return status
    groups = " › ".join(named(group) for group in (given.mdc, given.adrg, given.drg))
    if given.mdc.name is None:  # no group at all: one code says it
        groups = given.drg.code
    severity = f"{word('severity', language)}{word('colon', language)}"
    severity += severity_level(given.severity, language)
    return f"{status} {groups}{word('comma', language)}{severity[0].lower()}{severity[1:]}"


def visit_sentence(trace: VisitTrace, language: Language) -> str:
    """Where the lines and the diagnosis of a visit go, in one sentence."""
    visit, scheme = trace.visit.visit_id, trace.scheme
    who = f"{word('visit', language)} {visit}" if visit else word("typed_visit", language)
    rules = scheme.id if language == "en" else (scheme.name or scheme.id)
    codes = [line.placed.apg.code for line in trace.lines]
    comma, colon = word("comma", language), word("colon", language)
    counts = [f"{code} x {codes.count(code)}" for code in sorted(set(codes))]
    said = f"{word('medical', language)} {named(trace.medical.apg)}"
    listed = word("list", language).join(counts) or word("no_lines", language)
    opening = f"{who}（{rules}）：" if language == "zh" else f"{who} ({rules}): "
    text = f"{opening}{said}{comma}{word('XM', language)}{colon}{listed}"
    return f"{text[0].upper()}{text[1:]}{word('full_stop', language)}"


def short_answer(given: Answer, language: Language) -> str:
    """A result in few words: the DRG with its name, or the status."""
    if not given.drg or not given.severity:
        return word(given.status, language)
    status = "" if given.status == "grouped" else f"{word(given.status, language)} "
    severity = severity_level(given.severity, language)
    return f"{status}{named(given.drg)}{word('comma', language)}{severity}"


def named(code: NamedCode | CodeFact | Complicating) -> str:
    """A code and its name."""
    return f"{code.code} {code.name}" if code.name else code.code


def stay_lines(stay: SeenStay | SeenVisit, language: Language) -> list[tuple[str, str]]:
    """The fields of a stay or a visit that have a value, each with its label."""
    plain = ("age", "age_days", "weight_g", "length_of_stay", "discharge_type", "visit_type")
    values: list[tuple[str, str | Number | None]] = [("sex", _sex(stay.sex, language))]
    values += [(name, getattr(stay, name)) for name in plain if hasattr(stay, name)]
    values.append(("department", stay.department))
    if stay.principal_diagnosis:
        values.append(("principal_diagnosis", named(stay.principal_diagnosis)))
    values += [("other_diagnoses", named(code)) for code in stay.other_diagnoses]
    if isinstance(stay, SeenStay):
        values += [("procedures", named(code)) for code in stay.procedures]
    lines: list[tuple[str, str]] = []
    last = ""
    for name, value in values:
        if value is not None:
            lines.append(("" if name == last else word(name, language), str(value)))
            last = name
    return lines


def rule_text(rule: str, language: Language) -> str:
    """A rule as it is written, or what the empty rule means."""
    return rule or word("always", language)


def fact(question: Question, language: Language) -> str:
    """What the stay answers to a question."""
    if question.field:
        label = word(question.field, language)
        if question.number is None:
            return word("no_number", language, field=label)
        shown = _sex(question.number, language) if question.field == "XB" else question.number
        return word("has_number", language, field=label, number=shown)
    if not question.codes and not question.missing:
        return word("always_true" if question.holds else "always_false", language)
    parts = [_inside(code, language) for code in question.codes if code.in_sets]
    if not parts:
        parts = [*_removed(question, language), *_outside(question, language)]
    if question.number is not None:
        parts.insert(0, word("count", language, number=question.number))
    return word("semicolon", language).join(parts)


def _inside(code: CodeFact, language: Language) -> str:
    field, sets = word(code.field, language), word("list", language).join(code.in_sets)
    return word("in_set", language, field=field, code=named(code), sets=sets)


def _removed(question: Question, language: Language) -> list[str]:
    return [
        word("excluded_fact", language, code=named(code), table=code.excluded_by)
        for code in question.codes
        if code.excluded_by
    ]


def _outside(question: Question, language: Language) -> list[str]:
    parts = []
    for field in dict.fromkeys([*(code.field for code in question.codes), *question.missing]):
        label = word(field, language)
        codes = [code for code in question.codes if code.field == field and not code.excluded_by]
        if codes:
            listed = word("list", language).join(named(code) for code in codes[:_CODES_SHOWN])
            if len(codes) > _CODES_SHOWN:
                listed += f" {word('more', language, number=len(codes))}"
            parts.append(word("in_no_set", language, field=label, codes=listed))
        elif field in question.missing:
            parts.append(word("no_value", language, field=label))
    return parts


def retry(code: NamedCode, language: Language) -> str:
    """A retry with one other procedure."""
    return word("retry", language, code=named(code))


def attempt_title(attempt: Attempt, language: Language) -> str:
    """Which walk through the scheme this is."""
    return retry(attempt.retried, language) if attempt.retried else word("first_walk", language)


def counted(entry: Complicating, language: Language) -> str:
    """An MCC or CC that counted."""
    return word(
        "counted_by", language, code=named(entry), level=entry.level, table=entry.exclusion_table
    )


def removed(entry: Complicating, principal: NamedCode | None, language: Language) -> str:
    """An MCC or CC that the principal diagnosis removed."""
    return word(
        "removed_by",
        language,
        code=named(entry),
        level=entry.level,
        table=entry.exclusion_table,
        principal=named(principal) if principal else "",
    )


def severity_level(level: str, language: Language) -> str:
    """A severity in words."""
    return word(f"severity_{level}", language)


def retried_in_vain(trace: Trace, language: Language) -> str | None:
    """The procedures that were retried without reaching a group, if any were."""
    codes = [named(attempt.retried) for attempt in trace.attempts if attempt.retried]
    if not codes or _reached(trace):
        return None
    listed = word("list", language).join(codes)
    return word("retried_in_vain", language, codes=listed)


def _reached(trace: Trace) -> bool:
    return bool(trace.attempts[-1].path())


def _sex(value: Number | None, language: Language) -> str | Number | None:
    return word(f"sex_{int(value)}", language) if value in (1, 2) else value
