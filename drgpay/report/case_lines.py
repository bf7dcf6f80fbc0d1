"""The lines in which one case is shown: each amount with its formula, its inputs and its source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from drgpay.base.language import Language
from drgpay.report.case_formula import Formula, plain_text
from drgpay.report.case_wording import label_of, word
from drgpay.show.calculation import Calculation

Value = Decimal | int | Fraction | str | bool | date
Row = Mapping[str, Any]


@dataclass(frozen=True)
class CaseLine:
    """One amount or fact.

    stored: what the run or its catalogue holds, None where it holds none. due: what follows from
    the inputs, None for what is given (it comes from the records or the policy). formula: how,
    over `inputs`; empty where the code found `due` otherwise (a sum, a condition), as `how` says.
    """

    name: str
    label: str
    stored: Value | None
    due: Value | None = None
    formula: str = ""
    inputs: Mapping[str, Value] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    how: str = ""

    @property
    def value(self) -> Value | None:
        """What the run holds, else what follows."""
        return self.due if self.stored is None else self.stored

    @property
    def agrees(self) -> bool:
        """Whether what the run holds is what follows from the inputs."""
        if self.stored is None or self.due is None:
            return True
        numbers = as_number(self.stored), as_number(self.due)
        return numbers[0] == numbers[1] if None not in numbers else self.stored == self.due


@dataclass(frozen=True)
class CasePart:
    """Some lines under a title; `key` names the part for machines and for other parts."""

    key: str
    title: str
    lines: tuple[CaseLine, ...]

    def value(self, name: str) -> Value | None:
        """The amount of a line."""
        return next(line.value for line in self.lines if line.name == name)


class Lines:
    """Collects the lines of one part; formulas use the amounts of lines before and of `known`."""

    def __init__(self, language: Language, known: Mapping[str, Value] | None = None) -> None:
        self.language = language
        self.taken: list[CaseLine] = []
        self.values: dict[str, Value] = dict(known or {})
        self.labels = {name: label_of(name, language) for name in self.values}

    def given(self, name: str, value: Any, how: str = "", label: str = "") -> None:
        """A fact of the records, the policy or the catalogue."""
        self._take(CaseLine(name, label, value, how=how))

    def claimed(self, name: str, stored: Any, due: Any, how: str = "", label: str = "") -> None:
        """What the run holds, beside what the code found it should be."""
        self._take(CaseLine(name, label, stored, due, how=how))

    def reckoned(
        self, name: str, formula: str, stored: Any = None, how: str = "", label: str = ""
    ) -> None:
        """What a formula gives, beside what the run holds of it."""
        parsed = Formula.of(formula)
        inputs = {used: self.values[used] for used in parsed.names}
        numbers = {used: as_number(value) for used, value in inputs.items()}
        found = parsed.result({used: n for used, n in numbers.items() if n is not None})
        due: Value = found
        if isinstance(found, Fraction) and parsed.rounding:
            due = decimal_at(found, parsed.rounding[1])
        labels = {used: self.labels[used] for used in inputs}
        self._take(CaseLine(name, label, stored, due, plain_text(formula), inputs, labels, how))

    def of_calculation(
        self,
        calculation: Calculation,
        row: Row,
        parts: Mapping[str, CasePart],
        dues: Mapping[str, Value],
    ) -> None:
        """The steps of a calculation that workbooks show too.

        row: what the run holds, by the name of a step. parts: of the calculations that it uses.
        dues: what the given steps add up to.
        """
        for name, (key, step) in calculation.uses.items():
            found = parts[key].value(step)
            if found is not None:
                self.values[name] = found
                self.labels[name] = label_of(name, self.language)
        for each in calculation.steps:
            stored = row.get(each.name, each.value)
            if each.formula:
                self.reckoned(each.name, each.formula, stored, label=each.label)
            else:
                self.claimed(each.name, stored, dues.get(each.name), each.how, each.label)

    def part(self, key: str, title: str) -> CasePart:
        """The part of all lines."""
        return CasePart(key, title, tuple(self.taken))

    def say(self, key: str, **facts: object) -> str:
        """A wording in the language of the lines."""
        return word(key, self.language).format(**facts)

    def _take(self, line: CaseLine) -> None:
        label = line.label or label_of(line.name, self.language)
        self.taken.append(CaseLine(**{**line.__dict__, "label": label}))
        self.labels[line.name] = without_unit(label)
        if line.value is not None:
            self.values[line.name] = line.value


def without_unit(label: str) -> str:
    """A label as it stands in a formula: what a table's heading has in brackets is left out."""
    return label.split("（")[0].split(" (")[0]


def as_number(value: Value | None) -> Fraction | None:
    """The exact number of a value; None for texts, dates and truths."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int | Fraction):
        return None
    return Fraction(value)


def decimal_at(value: Fraction, places: int) -> Decimal:
    """A number that has no more than these places, as a decimal with exactly these."""
    return Decimal(int(value * 10**places)).scaleb(-places)
