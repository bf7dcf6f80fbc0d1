"""What a rule asks of one stay, and the answers, question by question.

The truth of every question is that of the compiled scheme, as in the batch; the codes beside it are
looked up in the tables of the scheme.
"""

from dataclasses import dataclass, replace

from drgpay.explain.code_names import CodeNames
from drgpay.explain.stays import batch_of
from drgpay.explain.trace import CodeFact, Number, Question
from drgpay.grouper.apg_reference import Visit
from drgpay.grouper.batch import encode_records
from drgpay.grouper.columns import holds
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.facts import Facts, observe
from drgpay.grouper.reference import Grouped, Stay, excluded, in_set
from drgpay.grouper.rules.fields import CodeField
from drgpay.grouper.rules.nodes import (
    Always,
    And,
    Atom,
    Compare,
    Count,
    Member,
    Not,
    Or,
    Rule,
    atom_text,
)
from drgpay.grouper.scheme import Scheme


@dataclass(frozen=True)
class Observed:
    """One stay, visit or line with the one row of facts that the compiled scheme sees of it."""

    compiled: CompiledScheme
    names: CodeNames
    stay: Grouped
    facts: Facts

    @staticmethod
    def of(compiled: CompiledScheme, names: CodeNames, stay: Stay | Visit) -> "Observed":
        """Look at a stay with the eyes of the batch."""
        facts = observe(compiled, encode_records(compiled, batch_of([stay])))
        return Observed(compiled, names, stay, facts)

    def holds(self, rule: Rule) -> bool:
        """Whether the compiled scheme finds the rule true of this stay."""
        return bool(holds(self.compiled, rule, self.facts)[0])

    def severity(self) -> str:
        """The highest level that counts: MCC, CC or none."""
        counting = int(self.facts.severity[0])
        return "MCC" if counting & 2 else "CC" if counting & 1 else "none"


def answered(observed: Observed, rule: Rule) -> tuple[Question, ...]:
    """The questions of a rule from left to right, answered."""
    return _answered(observed, rule, negated=False)[1]


def _answered(observed: Observed, rule: Rule, negated: bool) -> tuple[bool, tuple[Question, ...]]:
    """Negations are carried down to the questions: `not (a and b)` is `not a or not b`."""
    match rule:
        case Not(part):
            return _answered(observed, part, not negated)
        case And(parts) | Or(parts):
            answers = [_answered(observed, part, negated) for part in parts]
            return _joined(answers, isinstance(rule, And) != negated)
        case _:
            question = _question(observed, rule, negated)
            return question.holds, (question,)


def _joined(
    answers: list[tuple[bool, tuple[Question, ...]]], conjunction: bool
) -> tuple[bool, tuple[Question, ...]]:
    """A conjunction rests on all its parts if it holds, on the parts that fail if it does not.

    A disjunction rests on the first part that holds; it fails by the part that lacks least.
    """
    truth = (all if conjunction else any)(held for held, _ in answers)
    places = [place for place, (held, _) in enumerate(answers) if held == truth]
    if not conjunction:
        places = [places[0] if truth else min(places, key=lambda place: _lack(answers[place][1]))]
    kept = (
        questions if place in places else _undecided(questions)
        for place, (_, questions) in enumerate(answers)
    )
    return truth, tuple(question for questions in kept for question in questions)


def _lack(questions: tuple[Question, ...]) -> tuple[int, int]:
    """A part that no stay can fulfil (the rule 0) is the farthest of all."""
    lacking = [question for question in questions if question.decides]
    hopeless = sum(
        not (question.codes or question.field or question.missing) for question in lacking
    )
    return hopeless, len(lacking)


def _undecided(questions: tuple[Question, ...]) -> tuple[Question, ...]:
    return tuple(replace(question, decides=False) for question in questions)


def _question(observed: Observed, atom: Atom, negated: bool) -> Question:
    stay, truth = observed.stay, observed.holds(atom)
    question = Question(
        text=atom_text(atom, negated),
        holds=truth != negated,
        decides=True,
        codes=(),
        field=None,
        number=None,
        missing=(),
    )
    match atom:
        case Always():
            return question
        case Compare(number_field):
            number = plain_number(stay.number(number_field))
            missing = (number_field.value,) if number is None else ()
            return replace(question, field=number_field.value, number=number, missing=missing)
        case Member(fields, sets):
            return replace(
                question, codes=_codes(observed, fields, sets), missing=_missing(stay, fields)
            )
        case Count(name, fields):
            codes = _codes(observed, fields, (name,))
            counted = len({fact.code for fact in codes if fact.in_sets})
            return replace(question, codes=codes, number=counted, missing=_missing(stay, fields))


def _codes(
    observed: Observed, fields: tuple[CodeField, ...], sets: tuple[str, ...]
) -> tuple[CodeFact, ...]:
    scheme, stay = observed.compiled.scheme, observed.stay
    return tuple(
        CodeFact(
            field=field.value,
            code=code,
            name=observed.names.name(field, code),
            in_sets=tuple(name for name in sets if in_set(scheme, name, code, stay)),
            excluded_by=_excluded_by(scheme, stay, code, sets),
        )
        for field in fields
        for code in dict.fromkeys(stay.codes(field))
        if code
    )


def _excluded_by(scheme: Scheme, stay: Grouped, code: str, sets: tuple[str, ...]) -> str | None:
    entry = scheme.complications.get(code)
    if entry is None or entry.level not in sets or not excluded(scheme, stay, code):
        return None
    return entry.exclusion_table


def _missing(stay: Grouped, fields: tuple[CodeField, ...]) -> tuple[str, ...]:
    return tuple(field.value for field in fields if not any(stay.codes(field)))


def plain_number(value: float | None) -> Number | None:
    """A whole number without its decimal point."""
    return int(value) if value is not None and value == int(value) else value
